#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The main job of zcx, shown in a guest: a file leaves through /dev/zcx, and
# again through sendfile(2). Exit code 16: all was well.

FILE=/mnt/modules.tar

fail() {
	echo "demo: $*"
	exit 1
}

counter() {
	sed -n "s/^$1 //p" /sys/kernel/debug/zcx/stats
}

# $1: method, $2: port. Leaves the receiver's sum in $SUM.
transfer() {
	echo 3 > /proc/sys/vm/drop_caches
	zcx recv --quiet "127.0.0.1:$2" > /tmp/received 2> /tmp/listening &
	receiver=$!
	until grep -q listening /tmp/listening; do sleep 0.1; done
	echo "\$ zcx send --method $1 $FILE 127.0.0.1:$2"
	zcx send --method "$1" "$FILE" "127.0.0.1:$2" || fail "zcx send failed"
	wait $receiver || fail "zcx recv failed"
	cat /tmp/received
	SUM=$(grep -o '[0-9a-f]\{64\}' /tmp/received)
	echo
}

echo
echo "zcx on Linux $(uname -r)"
echo
echo "\$ zcx info"
zcx info || fail "no module"
echo
echo "The file: $(wc -c < $FILE) bytes, cold on ext4. Its SHA-256:"
WANT=$(sha256sum $FILE | cut -d' ' -f1)
echo "$WANT"
echo

echo "--- by zcx"
transfer zcx 7001
BY_ZCX=$SUM
[ "$SUM" = "$WANT" ] || fail "zcx delivered something else: $SUM"
echo "What the module counted (/sys/kernel/debug/zcx/stats):"
cat /sys/kernel/debug/zcx/stats
echo
[ "$(counter bytes_sent)" = "$(wc -c < $FILE)" ] || fail "the counters are wrong"

echo "--- by sendfile(2), beside it"
transfer sendfile 7002
[ "$SUM" = "$WANT" ] || fail "sendfile delivered something else: $SUM"

echo "Both delivered the file; SHA-256 sums are equal:"
echo "  file      $WANT"
echo "  zcx       $BY_ZCX"
echo "  sendfile  $SUM"
echo "(Speeds of an emulated guest say nothing about real machines.)"
exit 16
