#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# tier: test
# debug-tier: test
# guest: std
# timeout: 90
# proves: zcx send, recv and info with the module: contents, counters, advice
#
# Run in a guest, where /dev/zcx is.

W=/mnt/ext4/cli
rm -rf $W
mkdir -p $W
cd $W || exit 1

fail() {
	echo "FAIL: $*"
	cat $W/out $W/err $W/listening 2> /dev/null
	exit 1
}

# $1: where to listen; the rest: of zcx send. What arrived is in $W/arrived.
transfer() {
	where=$1
	shift
	rm -f listening
	timeout 600 zcx recv -q -o arrived "$where" > received 2> listening &
	receiver=$!
	until [ -s listening ]; do sleep 0.05; done
	address=$(sed -n 's/^listening on //p' listening)
	zcx send "$@" "$address" > out 2> err || fail "zcx send $* $address"
	wait $receiver || fail "zcx recv $where"
}

# $1: file with what should have arrived.
arrived() {
	cmp "$1" arrived || fail "something else arrived"
	grep -q "^$(wc -c < "$1") bytes from .* SHA-256 $(sha256sum "$1" | cut -d' ' -f1)\$" \
		received || fail "zcx recv says: $(cat received)"
}

# $1: key of the JSON object that zcx send has printed, $2: its value.
said() {
	grep -q "\"$1\": *$2,\{0,1\}\$" out || fail "$1 is not $2"
}

head -c 3000000 /dev/urandom > big
head -c 777 /dev/urandom > small
: > empty
printf 'HTTP/1.1 200 OK\r\n\r\n' > head

zcx info > out 2> err || fail "zcx info"
grep -q '^ABI version *3$' out || fail "no ABI version"
zcx info --json > out || fail "zcx info --json"
said abi_version 3
said max_segments 1024

for where in 127.0.0.1:0 '[::1]:0' unix:$W/sock; do
	transfer "$where" --json big
	arrived big
	said state '"sent"'
	said method '"zcx"'
	said bytes_sent 3000000
	said bytes_cache 3000000
	said bytes_copied 0
	said error null
done

transfer 127.0.0.1:0 empty
arrived empty
{ cat head big small; printf bye; } > want
transfer 127.0.0.1:0 --json --header @head --trailer bye big small
arrived want
said bytes_memory 22
{ tail -c +1001 big | head -c 4096; tail -c +2999001 big; } > want
transfer 127.0.0.1:0 --lane cache -r 1000+4K -r 2999000 big
arrived want
grep -q 'copied by the CPU: 0 B' out || fail "no word on copies"

# More files than a link has segments.
set --
: > want
for i in $(seq 1100); do set -- "$@" small; done
for i in $(seq 1100); do cat small; done > want
ulimit -n 2048
transfer 127.0.0.1:0 --json "$@"
arrived want
said calls 2

# By the filesystem, where it must be asked.
cp big /mnt/fuse/cli-big
transfer 127.0.0.1:0 --json /mnt/fuse/cli-big
arrived big
said bytes_splice 3000000
rm /mnt/fuse/cli-big

# Errors: the exit code, and what to do.
zcx send big 127.0.0.1:1 > out 2> err
[ $? = 1 ] && grep -q 'Connection refused' err || fail "nobody listens"
transfer 127.0.0.1:0 --quiet small
[ ! -s out ] && [ ! -s err ] || fail "--quiet is not"
/bin/setpriv --reuid 65534 --regid 65534 --clear-groups zcx info > out 2> err
[ $? = 1 ] && grep -q 'usermod -aG zcx' err || fail "no advice on the group"

# A receiver that reads no more: a time-out, and the count so far.
rm -f listening
zcx recv --timeout 20 127.0.0.1:7999 > received 2> listening &
receiver=$!
until [ -s listening ]; do sleep 0.05; done
kill -STOP $receiver
head -c 20000000 /dev/zero > zeros
zcx send --timeout 1 zeros 127.0.0.1:7999 > out 2> err
code=$?
kill -CONT $receiver
[ $code = 1 ] && grep -q 'of 20000000 bytes were sent' err || fail "no time-out"
wait $receiver

rmmod zcx || fail "rmmod"
zcx send small 127.0.0.1:1 > out 2> err
[ $? = 1 ] || fail "sent without a module"
zcx info > out 2> err
[ $? = 1 ] && grep -q 'modprobe zcx' err || fail "no advice without the module"
insmod "$ZCX_KO" || fail "insmod"
cd /
rm -rf $W
exit 0
