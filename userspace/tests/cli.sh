# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The command line tool without the module: usage, advice, and transfers by
# sendfile and through the device that tests/preload.c plays. Sourced by run.sh.

. tests/bench.sh

ZCX=$OUT/zcx
W=$OUT/tests/work
METHOD=sendfile
DEVICE=
INPUT=/dev/null

# Run a check with a device. $1: settings of tests/preload.c; then the check.
by_device() {
	DEVICE="env LD_PRELOAD=$OUT/tests/preload.so $1"
	METHOD=zcx
	shift
	"$@"
	result=$?
	DEVICE='' METHOD=sendfile
	return $result
}

# $1: exit code wanted; then the command. Output is kept in $W/out and $W/err.
# shellcheck disable=SC2086 # $DEVICE is several words, or none
exits() {
	want=$1
	shift
	timeout 20 $DEVICE "$@" > "$W/out" 2> "$W/err" < "$INPUT"
	code=$?
	[ $code = "$want" ] || {
		echo "exit code $code, not $want: $*"
		cat "$W/out" "$W/err"
		return 1
	}
}

# $1: exit code, $2: what standard error must say; then the arguments of zcx.
refuses() {
	want=$1 text=$2
	shift 2
	exits "$want" "$ZCX" "$@" || return 1
	grep -q -- "$text" "$W/err" || { echo "no '$text' in:"; cat "$W/err"; return 1; }
	[ ! -s "$W/out" ] || { echo "on standard output:"; cat "$W/out"; return 1; }
}

helps() {
	exits 0 "$ZCX" "$@" && grep -q Usage "$W/out" && [ ! -s "$W/err" ]
}

says_version() {
	exits 0 "$ZCX" --version && grep -Eq '^zcx [0-9]+\.[0-9]+\.[0-9]+$' "$W/out"
}

# Without /dev/zcx: what to do, not just what is wrong; and the receiver is not
# bothered with a connection that brings nothing.
advises() {
	by_device FAKE_OPEN=2 refuses 1 'modprobe zcx' info &&
	by_device FAKE_OPEN=13 refuses 1 "usermod -aG zcx $(id -un)" info &&
	recv_start 127.0.0.1:0 &&
	by_device FAKE_OPEN=2 refuses 1 'modprobe zcx' send "$W/file" "$ADDRESS" &&
	exits 0 "$ZCX" send --method sendfile "$W/file" "$ADDRESS" &&
	wait "$RECV" &&
	grep -q '^100000 bytes' "$W/received"
}

informs() {
	by_device '' exits 0 "$ZCX" info || return 1
	grep -q 'ABI version *3$' "$W/out" && grep -q 'cache lane' "$W/out" &&
		grep -q MSG_SPLICE_PAGES "$W/out" &&
		grep -q 'cold ranges of 16.0 MiB or more; at most 64.0 MiB' "$W/out" || return 1
	by_device '' exits 0 "$ZCX" info --json || return 1
	python3 - "$W/out" <<-'EOF'
		import json, sys
		info = json.load(open(sys.argv[1]))
		assert info == {
			'abi_version': 3, 'push': 'splice-pages', 'max_segments': 1024,
			'features': ['sync', 'lane_cache', 'async', 'acked', 'lane_direct', 'probe'],
			'max_memory_segment': 65536,
			'max_memory_link': 1048576, 'max_links': 16384,
			'batch_bytes': 1048576, 'direct_threshold': 16777216,
			'direct_bytes_max': 67108864}, info
	EOF
	by_device FAKE_OLD=1 exits 0 "$ZCX" info || return 1
	! grep -q direct "$W/out" && by_device FAKE_OLD=1 exits 0 "$ZCX" info --json &&
		! grep -q direct "$W/out"
}

# What the device says, and what follows from it.
probe_file() {
	by_device "FAKE_LANE=2 FAKE_REASON=3 FAKE_RESIDENT=4096" exits 0 "$ZCX" probe "$W/file" ||
		return 1
	cat "$W/out"
	grep -q '^lane  *direct: parts are cold.*large enough for direct I/O (16.0 MiB)$' "$W/out" &&
		grep -q '^page cache  *4.1 % resident: 4.0 KiB in 1 folio of 4.0 KiB to 64.0 KiB$' \
			"$W/out" &&
		grep -q '^direct I/O  *memory aligned to 512 bytes, ranges to 4096$' "$W/out" &&
		grep -q 'page cache  *page cache  *cache, private buffer$' "$W/out" &&
		grep -Eq '^ +[|] CPU 97.7 KiB +[|] by reference +[|] by reference$' "$W/out" &&
		grep -Eq '^CPU copies +2 \(195.3 KiB\) +0 +0$' "$W/out" &&
		grep -Eq '^mode switches +8 +2 +2$' "$W/out" && ! grep -q ' $' "$W/out"
}

# To a device that can do nothing, of a range.
probe_socket() {
	recv_start 127.0.0.1:0 || return 1
	by_device "FAKE_LANE=1 FAKE_REASON=2 FAKE_SOCKET=5" exits 0 "$ZCX" probe --json \
		--offset 1K --length 65537 --direct-threshold never "$W/file" "$ADDRESS" || return 1
	wait "$RECV" && grep -q '^0 bytes' "$W/received" || return 1
	python3 - "$W/out" "$ADDRESS" <<-'EOF' || return 1
		import json, sys
		told = json.load(open(sys.argv[1]))
		assert (told['file_size'], told['offset'], told['bytes'], told['bytes_resident']) == (
			100000, 1024, 65537, 0), told
		assert (told['lane'], told['reason'], told['lane_asked'], told['direct_threshold']) == (
			'cache', 'small', 'auto', None), told
		assert told['socket'] == {
			'destination': sys.argv[2], 'kind': 'tcp', 'device': 'fake0', 'ifindex': 1,
			'loopback': False, 'scatter_gather': False, 'checksums': False,
			'segmentation': False, 'fragments': False, 'ktls': 'software'}, told
		assert [(way['method'], way['cpu_copies'], way['dma_copies'], way['mode_switches'])
			for way in told['methods']] == [
			('read_write', 4, 2, 8), ('sendfile', 2, 2, 2), ('zcx', 2, 2, 2)], told
		assert [step['by'] for step in told['methods'][2]['steps']] == [
			'dma', 'reference', 'cpu', 'cpu', 'dma'], told
	EOF
	recv_start "unix:$W/probed" || return 1
	by_device "FAKE_LANE=3 FAKE_REASON=6 FAKE_SOCKET=2" exits 0 "$ZCX" probe "$W/file" \
		"$ADDRESS" && wait "$RECV" || return 1
	cat "$W/out"
	grep -q '^socket  *AF_UNIX to unix:.*kernel TLS: none$' "$W/out" &&
		grep -q 'receiver, here$' "$W/out" && grep -q 'only its filesystem can tell' "$W/out" &&
		! grep -q '^device' "$W/out"
}

probe_of_nothing() {
	by_device "FAKE_LANE=1 FAKE_REASON=1" exits 0 "$ZCX" probe "$W/empty" &&
		grep -q 'there is nothing to send' "$W/out" &&
		by_device "FAKE_LANE=1 FAKE_REASON=1" exits 0 "$ZCX" probe -j "$W/empty" &&
		grep -q '"mode_switches": *0' "$W/out"
}

# Start `zcx recv'; its address is in $ADDRESS when it listens. $1: where.
recv_start() {
	where=$1
	shift
	: > "$W/listening"
	timeout 20 "$ZCX" recv "$@" "$where" > "$W/received" 2> "$W/listening" &
	RECV=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		ADDRESS=$(sed -n 's/^listening on //p' "$W/listening")
		[ -n "$ADDRESS" ] && return 0
		sleep 0.1
	done
	cat "$W/listening"
	return 1
}

# $1: address; $2: file with what is to arrive; the rest: of zcx send.
transfers() {
	address=$1 expected=$2
	shift 2
	recv_start "$address" -o "$W/arrived" --json || return 1
	exits 0 "$ZCX" send --method $METHOD --json "$@" "$ADDRESS" || return 1
	wait "$RECV" || { echo "recv failed"; cat "$W/listening"; return 1; }
	cmp "$expected" "$W/arrived" || return 1
	sum=$(sha256sum "$expected" | cut -d' ' -f1)
	python3 - "$W/received" "$W/out" "$sum" "$(wc -c < "$expected")" <<-'EOF'
		import json, sys
		received, sent = (json.load(open(path)) for path in sys.argv[1:3])
		assert received['sha256'] == sys.argv[3], received
		assert received['bytes'] == int(sys.argv[4]), received
		assert sent['bytes_sent'] == sent['bytes_expected'] == int(sys.argv[4]), sent
		assert sent['state'] == 'sent' and sent['error'] is None, sent
		assert (sent['method'] == 'sendfile' or sent['bytes_copied'] == 0 and
			sent['bytes_cache'] + sent['bytes_direct'] + sent['bytes_memory'] ==
			sent['bytes_sent']), sent
	EOF
}

# Every byte by the lane that was asked for, and what kept it from that.
direct_lane() {
	recv_start 127.0.0.1:0 && exits 0 "$ZCX" send --lane direct "$W/file" "$ADDRESS" &&
		wait "$RECV" || return 1
	grep -q ', 97.7 KiB by direct I/O; copied' "$W/out" && ! grep -q 'page cache' "$W/out"
}

no_direct() {
	recv_start 127.0.0.1:0 && exits 0 "$ZCX" send --lane direct "$W/file" "$ADDRESS" &&
		wait "$RECV" || return 1
	grep -q '97.7 KiB from the page cache' "$W/out" &&
		grep -q 'were to go by direct I/O' "$W/out" || return 1
	recv_start 127.0.0.1:0 &&
		exits 0 "$ZCX" send --json --lane direct "$W/file" --acked "$ADDRESS" &&
		wait "$RECV" && grep -q '"no_direct": *true' "$W/out"
}

header_and_trailer() {
	{ printf 'HTTP/1.1 200 OK\r\n\r\n'; cat "$W/file" "$W/small"; printf 'bye'; } > "$W/want"
	printf 'HTTP/1.1 200 OK\r\n\r\n' > "$W/header"
	transfers 127.0.0.1:0 "$W/want" --header "@$W/header" --trailer bye \
		"$W/file" "$W/small"
}

ranges() {
	{
		tail -c +101 "$W/file" | head -c 1024
		head -c 5 "$W/file"
		tail -c +90001 "$W/file"
	} > "$W/want"
	transfers 127.0.0.1:0 "$W/want" -r 100+1K -r 0+5 -r 90000+ "$W/file"
}

many_files() {
	printf first > "$W/want"
	set --
	i=0
	while [ $i -lt 1500 ]; do
		set -- "$@" "$W/small"
		cat "$W/small" >> "$W/want"
		i=$((i + 1))
	done
	printf last >> "$W/want"
	# in a shell of its own: less than it takes, but it may have more
	(
		# shellcheck disable=SC3045 # dash and bash have it
		ulimit -Sn 256 && [ "$(ulimit -Hn)" -gt 1600 ] || exit 1
		transfers 127.0.0.1:0 "$W/want" --header first --trailer last "$@"
	)
}

# As much memory as one link may have, twice.
large_header_and_trailer() {
	head -c 1M /dev/urandom > "$W/header"
	head -c 1M /dev/urandom > "$W/trailer"
	cat "$W/header" "$W/small" "$W/trailer" > "$W/want"
	transfers 127.0.0.1:0 "$W/want" -H "@$W/header" -T "@$W/trailer" "$W/small"
	result=$?
	printf x >> "$W/header"
	refuses 1 'more than 1 MiB' send -H "@$W/header" "$W/small" 127.0.0.1:1 && return $result
}

procfs() {
	recv_start 127.0.0.1:0 -o "$W/arrived" || return 1
	exits 0 "$ZCX" send --method $METHOD /proc/version "$W/small" "$ADDRESS" || return 1
	wait "$RECV" || return 1
	cat /proc/version "$W/small" | cmp - "$W/arrived"
}

standard_input() {
	INPUT=$W/file
	transfers 127.0.0.1:0 "$W/file" -
	result=$?
	INPUT=/dev/null
	refuses 1 'standard input: is not a regular file' send - 127.0.0.1:1 && return $result
}

inherited_descriptor() {
	recv_start 127.0.0.1:0 -o "$W/arrived" || return 1
	# Twice, since the first must leave the connection as it is.
	# shellcheck disable=SC2016 # bash expands it
	exits 0 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1"
		"$2" send --method sendfile "$3" fd:3 && "$2" send "$3" --method sendfile fd:3' \
		bash "${ADDRESS##*:}" "$ZCX" "$W/file" || return 1
	wait "$RECV" || return 1
	cat "$W/file" "$W/file" | cmp - "$W/arrived" || return 1
	refuses 1 'Bad file descriptor' send --method sendfile "$W/file" fd:77
}

# Send much, by --json, to a receiver that is sent signal $1 on the way. $2: what
# is to be said; then options.
disturbed() {
	signal=$1 text=$2
	shift 2
	truncate -s 4G "$W/sparse"
	recv_start 127.0.0.1:0 || return 1
	(
		# the child of timeout(1), once it has had some
		read -r child < "/proc/$RECV/task/$RECV/children"
		until [ "$(sed -n 's/^rchar: //p' "/proc/$child/io")" -gt 1000000 ]; do
			sleep 0.1
		done
		kill "-$signal" "$child"
	) &
	exits 1 "$ZCX" send --method $METHOD --json "$@" "$W/sparse" "$ADDRESS"
	result=$?
	kill -CONT "$RECV"
	kill "$RECV"
	wait
	rm "$W/sparse"
	[ $result = 0 ] || return 1
	cat "$W/err"
	grep -q "$text" "$W/err" && grep -q "$W/sparse" "$W/err" || return 1
	python3 - "$W/out" <<-'EOF'
		import json, sys
		sent = json.load(open(sys.argv[1]))
		assert 0 < sent['bytes_sent'] < sent['bytes_expected'] == 4 << 30, sent
		assert sent['state'] == 'failed' and sent['error'], sent
	EOF
}

# $1: errno that the device refuses with; $2: what is to be said about it.
explains() {
	recv_start 127.0.0.1:0 || return 1
	by_device "FAKE_ERROR=$1" refuses 1 "$2" send -q "$W/file" "$ADDRESS"
	result=$?
	grep -q "$W/file to $ADDRESS.* 0 of 100000 bytes" "$W/err" || result=1
	wait "$RECV" && return $result
}

# Run a command whose standard error is a terminal; what that shows: $W/shown.
on_terminal() {
	# shellcheck disable=SC2086 # several words, or none
	python3 - $DEVICE "$@" > "$W/shown" <<-'EOF'
		import os, pty, subprocess, sys
		ours, theirs = pty.openpty()
		tool = subprocess.Popen(sys.argv[1:], stderr=theirs, stdout=subprocess.DEVNULL)
		os.close(theirs)
		try:
		    while True:
		        sys.stdout.buffer.write(os.read(ours, 10000))
		except OSError: # nobody has it open any more
		    sys.exit(tool.wait())
	EOF
}

progress_bar() {
	recv_start 127.0.0.1:0 || return 1
	on_terminal "$ZCX" send --method $METHOD "$W/file" "$ADDRESS" || return 1
	cat "$W/shown"
	grep -qF '100 % [########################] 97.7 KiB' "$W/shown" && wait "$RECV"
}

to_standard_output() {
	recv_start 127.0.0.1:0 -o - || return 1
	exits 0 "$ZCX" send --method sendfile -q "$W/file" "$ADDRESS" || return 1
	[ ! -s "$W/out" ] || { echo "not quiet"; return 1; }
	wait "$RECV" || return 1
	cmp "$W/file" "$W/received" && grep -q "SHA-256 $(sha256sum < "$W/file" | cut -d' ' -f1)" \
		"$W/listening"
}

several_connections() {
	recv_start 127.0.0.1:0 --count 2 || return 1
	exits 0 "$ZCX" send --method sendfile "$W/file" "$ADDRESS" || return 1
	grep -q '^100000 bytes' "$W/out" || return 1
	exits 0 "$ZCX" send --method sendfile "$W/small" "$ADDRESS" || return 1
	wait "$RECV" || return 1
	[ "$(grep -c SHA-256 "$W/received")" = 2 ] && ! cmp -s "$W/file" "$W/small"
}

removes_its_socket() {
	recv_start "unix:$W/gone" || return 1
	[ -S "$W/gone" ] || return 1
	# timeout(1) hands it on
	kill "$RECV"
	wait "$RECV"
	[ ! -e "$W/gone" ]
}

times_out() {
	refuses 1 'nobody came in time' recv --timeout 0.2 127.0.0.1:0
}

short_file() {
	recv_start 127.0.0.1:0 || return 1
	exits 1 "$ZCX" send --method $METHOD -r 0+200000 "$W/file" "$ADDRESS" || return 1
	grep -q "$W/file: the file ends before.* 100000 of 200000 bytes" "$W/err"
	ok=$?
	wait "$RECV"
	return $ok
}

completes() {
	# shellcheck disable=SC2016 # bash expands it
	bash -c '. completions/zcx.bash
		COMP_WORDS=(zcx s) COMP_CWORD=1; _zcx; [ "${COMPREPLY[*]}" = "send stat" ] || exit 1
		COMP_WORDS=(zcx send --la) COMP_CWORD=2; _zcx; [ "${COMPREPLY[*]}" = --lane ] || exit 1
		COMP_WORDS=(zcx send --lane c) COMP_CWORD=3; _zcx; [ "${COMPREPLY[*]}" = cache ] || exit 1
		COMP_WORDS=(zcx probe --lane d) COMP_CWORD=3; _zcx; [ "${COMPREPLY[*]}" = direct ] || exit 1
		COMP_WORDS=(zcx send --direct-threshold n) COMP_CWORD=3; _zcx
		[ "${COMPREPLY[*]}" = never ] || exit 1
		COMP_WORDS=(zcx probe completions/zcx.b) COMP_CWORD=2; _zcx
		[ "${COMPREPLY[*]}" = completions/zcx.bash ] || exit 1
		COMP_WORDS=(zcx send --method = s) COMP_CWORD=4; _zcx; [ "${COMPREPLY[*]}" = sendfile ] || exit 1
		COMP_WORDS=(zcx bench --cache = c) COMP_CWORD=4; _zcx; [ "${COMPREPLY[*]}" = cold ] || exit 1
		COMP_WORDS=(zcx bench -m sendfile,sp) COMP_CWORD=3; _zcx
		[ "${COMPREPLY[*]}" = sendfile,splice ] || exit 1
		COMP_WORDS=(zcx send --method =) COMP_CWORD=3; _zcx; [ "${COMPREPLY[*]}" = "zcx sendfile" ]'
}

# Two receivers, in $FIRST and $ADDRESS; what they get in $W/a and $W/b.
two_receivers() {
	recv_start 127.0.0.1:0 -o "$W/a" || return 1
	FIRST=$ADDRESS FIRST_RECV=$RECV
	recv_start "unix:$W/second" -o "$W/b"
}

wait_for_both() {
	wait "$FIRST_RECV" && wait "$RECV"
}

several_destinations() {
	cat "$W/file" "$W/small" > "$W/want"
	two_receivers || return 1
	exits 0 "$ZCX" send --json "$W/file" "$W/small" --to "$FIRST" --to "$ADDRESS" "$@" ||
		return 1
	wait_for_both && cmp "$W/want" "$W/a" && cmp "$W/want" "$W/b" || return 1
	python3 - "$W/out" "$FIRST" "$ADDRESS" <<-'EOF'
		import json, sys
		sent = json.load(open(sys.argv[1]))
		assert [one['destination'] for one in sent] == sys.argv[2:], sent
		assert all(one['bytes_sent'] == one['bytes_expected'] == 100100 and
			one['state'] in ('sent', 'acked') and one['error'] is None for one in sent), sent
	EOF
}

# The files of each are many links, and they arrive in order.
many_files_to_several() {
	set -- "$W/file"
	cp "$W/file" "$W/want"
	for _ in $(seq 1100); do
		set -- "$@" "$W/small"
		cat "$W/small" >> "$W/want"
	done
	two_receivers || return 1
	exits 0 "$ZCX" send "$@" --to "$FIRST" --to "$ADDRESS" || return 1
	wait_for_both && cmp "$W/want" "$W/a" && cmp "$W/want" "$W/b" &&
		[ "$(grep -c '^210000 bytes' "$W/out")" = 2 ]
}

link_options_arrive() {
	: > "$W/log"
	by_device "FAKE_LOG=$W/log" several_destinations --acked --rate 10M/s --deadline 60 \
		--timeout 0.5 || return 1
	[ "$(sed 's/^[^ ]* //' "$W/log" | uniq)" = 'flags=4 rate=10485760 deadline=60000000000 idle=500000000 lane=0 threshold=0' ] ||
		{ cat "$W/log"; return 1; }
	recv_start 127.0.0.1:0 && : > "$W/log" || return 1
	by_device "FAKE_LOG=$W/log" exits 0 "$ZCX" send --idle 2 --timeout 1 "$W/file" "$ADDRESS" ||
		return 1
	wait "$RECV" && grep -q 'flags=0 rate=0 deadline=0 idle=2000000000' "$W/log" &&
		grep -q '^100000 bytes' "$W/out" || return 1
	: > "$W/log"
	by_device "FAKE_LOG=$W/log" several_destinations --direct-threshold 2M --nowait \
		--drop-behind || return 1
	grep -q 'flags=48 .* lane=0 threshold=2097152$' "$W/log" && : > "$W/log" &&
		by_device "FAKE_LOG=$W/log" several_destinations --direct-threshold never &&
		grep -q ' threshold=18446744073709551615$' "$W/log" && : > "$W/log" &&
		by_device "FAKE_LOG=$W/log" several_destinations --lane direct &&
		grep -q 'flags=0 .* lane=2 threshold=0$' "$W/log"
}

# Before any receiver is bothered.
too_old() {
	for option in --lane=direct --direct-threshold=1M --direct-threshold=never --nowait \
		--drop-behind; do
		by_device FAKE_OLD=1 refuses 1 'cannot do that: it is too old' \
			send "$option" "$W/file" 127.0.0.1:1 || return 1
	done
	recv_start 127.0.0.1:0 &&
		by_device FAKE_OLD=1 exits 0 "$ZCX" send "$W/file" "$ADDRESS" && wait "$RECV"
}

one_of_several_fails() {
	recv_start 127.0.0.1:0 -o "$W/a" || return 1
	exits 1 "$ZCX" send --json "$W/file" --to 127.0.0.1:1 --to "$ADDRESS" || return 1
	wait "$RECV" && cmp "$W/file" "$W/a" && grep -q 'Connection refused' "$W/err" &&
	python3 - "$W/out" <<-'EOF'
		import json, sys
		one, other = json.load(open(sys.argv[1]))
		assert one['bytes_sent'] == 0 and one['state'] == 'refused' and one['error'], one
		assert other['bytes_sent'] == 100000 and other['error'] is None, other
	EOF
}

refused_by_the_module() {
	two_receivers || return 1
	exits 1 "$ZCX" send "$W/file" --to "$FIRST" --to "$ADDRESS"
	result=$?
	[ "$(grep -c '0 of 100000 bytes' "$W/err")" = 2 ] || result=1
	wait_for_both && return $result
}

short_for_both() {
	two_receivers || return 1
	exits 1 "$ZCX" send -r 0+200000 "$W/file" --to "$FIRST" --to "$ADDRESS"
	result=$?
	[ "$(grep -c 'the file ends before.* 100000 of 200000 bytes' "$W/err")" = 2 ] || result=1
	wait_for_both && return $result
}

# $1: the signal
cancels_at() {
	two_receivers || return 1
	: > "$W/log"
	(
		until [ "$(wc -l < "$W/log")" = 2 ]; do sleep 0.1; done
		kill "-$1" "$(sed -n '1s/^pid=\([0-9]*\).*/\1/p' "$W/log")"
	) &
	by_device "FAKE_HOLD=1 FAKE_LOG=$W/log" exits 1 "$ZCX" send --json "$W/file" \
		--to "$FIRST" --to "$ADDRESS"
	result=$?
	wait_for_both || return 1
	[ $result = 0 ] && [ "$(grep -c '"state": *"cancelled"' "$W/out")" = 2 ] &&
		grep -q 'stays sent' "$W/err"
}

# Only on a terminal; the cursor goes up over both each time they are drawn again.
progress_lines() {
	two_receivers || return 1
	on_terminal "$ZCX" send "$W/file" --to "$FIRST" --to "$ADDRESS" || return 1
	wait_for_both || return 1
	cat "$W/shown"
	[ "$(grep -cF 'sent      100 % [########################] 97.7 KiB' "$W/shown")" = 2 ] &&
		[ "$(grep -c '2A' "$W/shown")" = $(($(wc -l < "$W/shown") / 2 - 1)) ] || return 1
	two_receivers || return 1
	exits 0 "$ZCX" send "$W/file" --to "$FIRST" --to "$ADDRESS" || return 1
	wait_for_both && [ ! -s "$W/err" ] && [ "$(grep -c '^100000 bytes' "$W/out")" = 2 ]
}

# A /proc with a context that has two links and three descriptors, one without, and a
# process that has none. $1: bytes sent.
fake_proc() {
	mkdir -p "$W/proc/12/fd" "$W/proc/12/fdinfo" "$W/proc/13/fd" "$W/proc/self" \
		"$W/proc/14/fd" "$W/proc/14/fdinfo" || return 1
	printf 'server\n' > "$W/proc/12/comm"
	printf 'child\n' > "$W/proc/14/comm"
	for fd in 5 7 9; do ln -sfn /dev/zcx "$W/proc/12/fd/$fd"; done
	for fd in 12/fdinfo/9 14/fdinfo/3; do ln -sfn "$W/proc/12/fdinfo/7" "$W/proc/$fd"; done
	ln -sfn /dev/zcx "$W/proc/14/fd/3"
	ln -sfn /dev/null "$W/proc/13/fd/0"
	printf '%s\t%s\n' pos: 0 flags: 02000002 mnt_id: 24 ino: 3 context: 4 links: 0 links_started: 0 \
		> "$W/proc/12/fdinfo/5"
	{
		printf '%s\t%s\n' pos: 0 flags: 02000002 context: 6 links: 3 links_started: 9 bytes_sent: "$1"
		printf 'link:\tid=%s state=%s wait=%s sent=%s acked=%s user_data=%s age_ms=%s\n' \
			4 waiting socket "$1" 1448 0x2a 1500 8 running none 0 0 0 20
	} > "$W/proc/12/fdinfo/7.new"
	mv "$W/proc/12/fdinfo/7.new" "$W/proc/12/fdinfo/7"
}

stat_json() {
	fake_proc 1048576 || return 1
	exits 0 "$ZCX" stat --json --proc "$W/proc" || return 1
	python3 - "$W/out" <<-'EOF'
		import json, sys
		got = json.load(open(sys.argv[1]))
		assert got['unreadable_processes'] == 0, got
		idle, busy = sorted(got['contexts'], key=lambda one: one['fd'])
		assert (idle['pid'], idle['command'], idle['live'], idle['links']) == (12, 'server', 0, []), idle
		assert idle['counters'] == {'links_started': 0}, idle
		assert (idle['context'], idle['descriptors']) == (4, 1), idle
		assert (busy['context'], busy['descriptors'], busy['command'],
			busy['fd']) == (6, 3, 'server', 7), busy
		assert busy['live'] == 3 and busy['counters'] == {
			'links_started': 9, 'bytes_sent': 1048576}, busy
		assert busy['links'] == [
			{'id': 4, 'state': 'waiting', 'wait': 'socket', 'bytes_sent': 1048576,
			 'bytes_acked': 1448, 'user_data': 42, 'age_ms': 1500},
			{'id': 8, 'state': 'running', 'wait': 'none', 'bytes_sent': 0,
			 'bytes_acked': 0, 'user_data': 0, 'age_ms': 20}], busy
	EOF
}

stat_table() {
	fake_proc 1048576 || return 1
	exits 0 "$ZCX" stat --proc "$W/proc" || return 1
	cat "$W/out"
	grep -q '^server\[12\] fd 7 and 2 more: 3 links, 1.0 MiB sent, -$' "$W/out" &&
		grep -Eq '^ +4 +\[socket\] +1.0 MiB +1.4 KiB +- +1.5 s +0x2a$' "$W/out" &&
		grep -Eq '^ +8 +running +0 B' "$W/out" && [ "$(wc -l < "$W/out")" = 5 ]
}

# The second table has rates, of the context and of the link that has moved.
stat_rates() {
	fake_proc 0 || return 1
	(
		until grep -q user "$W/out"; do sleep 0.1; done
		fake_proc 1048576
	) &
	exits 0 "$ZCX" stat --proc "$W/proc" -n 2 -i 2 || return 1
	wait
	cat "$W/out"
	[ "$(grep -c '^server.*fd 7' "$W/out")" = 2 ] &&
		grep -Eq '^server.*fd 7.*, [0-9.]+ [KM]iB/s$' "$W/out" &&
		grep -Eq '^ +4 .* 1.0 MiB +1.4 KiB +[0-9.]+ [KM]iB/s ' "$W/out"
}

# As many lines as the terminal has, whatever the number of links.
stat_on_a_terminal() {
	fake_proc 0 || return 1
	for id in $(seq 100); do
		printf 'link:\tid=%s state=queued wait=none sent=0 acked=0 user_data=0 age_ms=1\n' "$id"
	done >> "$W/proc/12/fdinfo/7"
	on_terminal sh -c '"$@" >&2' sh "$ZCX" stat --proc "$W/proc" -n 1 || return 1
	cat "$W/shown"
	grep -q 'and 8[0-9] more links' "$W/shown" && [ "$(wc -l < "$W/shown")" -le 23 ]
}

stat_of_nothing() {
	mkdir -p "$W/no-proc"
	exits 0 "$ZCX" stat --json --proc "$W/no-proc" || return 1
	tr -d ' \n' < "$W/out" | grep -qx '{"contexts":\[\],"unreadable_processes":0}' || return 1
	exits 0 "$ZCX" stat --proc "$W/no-proc" || return 1
	grep -q '^no process has /dev/zcx open' "$W/out" || return 1
	refuses 1 'No such file' stat --proc "$W/nowhere"
}

# What others have open is not ours to see, and is not taken for nothing.
stat_says_what_it_cannot_see() {
	if [ "$(id -u)" = 0 ]; then
		# where nobody gets at it
		dir=$(mktemp -d) && chmod 755 "$dir" && cp "$ZCX" "$dir/zcx" || return 1
		exits 0 setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/zcx" stat
		result=$?
		rm -r "$dir"
		[ $result = 0 ] || return 1
	else
		exits 0 "$ZCX" stat || return 1
	fi
	grep -q 'no permission to look into [1-9][0-9]* other processes' "$W/out"
}

# All connect before the first one reads.
example_fanout() {
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')
	# shellcheck disable=SC2086 # several words
	timeout 20 $DEVICE "$OUT/examples/fanout" -n 200 -t 10 "$port" "$W/file" > "$W/served" 2>&1 &
	server=$!
	python3 - "$port" "$W/file" <<-'EOF' || { cat "$W/served"; return 1; }
		import socket, sys, time
		def connect():
		    for _ in range(50):
		        try:
		            return socket.create_connection(('127.0.0.1', sys.argv[1]), timeout=10)
		        except ConnectionRefusedError:
		            time.sleep(0.1)
		clients = [connect() for _ in range(200)]
		wanted = open(sys.argv[2], 'rb').read()
		for client in clients:
		    header, got = client.makefile('rb').read().split(b'\r\n\r\n', 1)
		    assert got == wanted and b'Content-Length: 100000' in header, header
	EOF
	wait $server || { cat "$W/served"; return 1; }
	cat "$W/served"
	grep -q '^200 of 200 clients served, 0 failed; 200[0-9]* bytes' "$W/served"
}

# Every option of --help is in the manual and in the completion.
documents_every_option() {
	for verb in send recv info stat probe bench; do
		"$ZCX" $verb --help | grep -o -- '--[a-z-]*' | sort -u > "$W/options"
		grep -qx -- --json "$W/options" || echo "$verb: no options?"
		while read -r option; do
			case $option in --usage|--help) continue;; esac
			grep -qF -- "$(echo "$option" | sed 's/-/\\-/g')" man/zcx.1 ||
				echo "$verb $option: not in zcx(1)"
			grep -q -- "$option" completions/zcx.bash || echo "$verb $option: no completion"
		done < "$W/options"
	done > "$W/missing"
	cat "$W/missing"
	[ ! -s "$W/missing" ]
}

cli_tests() {
	rm -rf "$W"
	mkdir -p "$W"
	head -c 100000 /dev/urandom > "$W/file"
	head -c 100 /dev/urandom > "$W/small"
	: > "$W/empty"

	check "cli: --help" helps --help
	check "cli: help send" helps help send
	check "cli: send --help" helps send --help
	check "cli: recv --help" helps recv --help
	check "cli: info --help" helps info --help
	check "cli: stat --help" helps stat --help
	check "cli: --version" says_version
	check "cli: no command" refuses 2 Usage
	check "cli: unknown command" refuses 2 "no command is called 'fly'" fly
	check "cli: unknown option" refuses 2 'unrecognized option' send --fly a b
	check "cli: nothing to send" refuses 2 'what to send' send "$W/file"
	check "cli: bad range" refuses 2 'is not a range' send -r x "$W/file" 127.0.0.1:1
	check "cli: overflowing range" refuses 2 'is not a range' \
		send -r 9223372036854775807+1 "$W/file" 127.0.0.1:1
	check "cli: range of two files" refuses 2 'one FILE' send -r 1 a b 127.0.0.1:1
	check "cli: unknown lane" refuses 2 'no lane' send --lane x "$W/file" 127.0.0.1:1
	check "cli: unknown method" refuses 2 'no method' send --method x "$W/file" 127.0.0.1:1
	check "cli: bad time-out" refuses 2 'number of seconds' send --timeout 0 "$W/file" 127.0.0.1:1
	check "cli: not an address" refuses 2 'is not an address' send "$W/file" nowhere
	check "cli: IPv6 without brackets" refuses 2 'is not an address' send "$W/file" ::1:80
	check "cli: no such file" refuses 1 'No such file' send "$W/none" 127.0.0.1:1
	check "cli: a directory" refuses 1 'is a directory' send "$W" 127.0.0.1:1
	check "cli: a device" refuses 1 'not a regular file' send /dev/null 127.0.0.1:1
	check "cli: nobody listens" refuses 1 'Connection refused' \
		send --method sendfile "$W/file" 127.0.0.1:1
	check "cli: recv needs an address" refuses 2 'where to listen' recv
	check "cli: recv of no connections" refuses 2 'number of connections' recv -n 0 1
	check "cli: recv at a descriptor" refuses 2 'is not an address to listen at' recv fd:3
	check "cli: help about nothing" refuses 2 "no command is called 'fly'" help fly
	check "cli: range with a tail" refuses 2 'is not a range' send -r 1+2+ "$W/file" 127.0.0.1:1
	check "cli: no such port" refuses 2 'is not an address' send "$W/file" 127.0.0.1:99999
	check "cli: no such descriptor" refuses 2 'no descriptor' send "$W/file" fd:x
	check "cli: a long unix path" refuses 2 'has 1 to 107 bytes' \
		send "$W/file" "unix:$(printf %0108d 0)"
	check "cli: lane without zcx" refuses 2 'go with the method zcx' \
		send --method sendfile --lane cache "$W/file" 127.0.0.1:1
	check "cli: threshold without zcx" refuses 2 'go with the method zcx' \
		send --method sendfile --direct-threshold 1M "$W/file" 127.0.0.1:1
	check "cli: threshold of another lane" refuses 2 'goes with the lane auto' \
		send --lane cache --direct-threshold 1M "$W/file" 127.0.0.1:1
	check "cli: threshold of nothing" refuses 2 'is no threshold' \
		send --direct-threshold 0 "$W/file" 127.0.0.1:1
	check "cli: drop-behind without zcx" refuses 2 'go with the method zcx' \
		send --method sendfile --drop-behind "$W/file" 127.0.0.1:1
	check "cli: several destinations without zcx" refuses 2 'go with the method zcx' \
		send --method sendfile "$W/file" --to 127.0.0.1:1 --to 127.0.0.1:2
	check "cli: acked without zcx" refuses 2 'go with the method zcx' \
		send --method sendfile --acked "$W/file" 127.0.0.1:1
	check "cli: nothing to send to" refuses 2 'what to send' send --to 127.0.0.1:1
	check "cli: one of the destinations is none" refuses 2 'is not an address' \
		send "$W/file" --to 127.0.0.1:1 --to nowhere
	check "cli: bad rate" refuses 2 'is not a rate' send --rate 0 "$W/file" 127.0.0.1:1
	check "cli: bad deadline" refuses 2 'number of seconds' \
		send --deadline x "$W/file" 127.0.0.1:1
	check "cli: follow with a trailer" refuses 2 'nothing behind it' \
		send --follow -T x "$W/file" 127.0.0.1:1
	check "cli: follow a range with an end" refuses 2 'nothing behind it' \
		send --follow -r 1+2 "$W/file" 127.0.0.1:1
	check "cli: device: that cannot follow" by_device '' refuses 1 'cannot do that' \
		send --follow "$W/file" 127.0.0.1:1
	check "cli: device: that is too old" too_old
	check "cli: device: by direct I/O" by_device '' direct_lane
	check "cli: device: by direct I/O, interrupted" by_device FAKE_MOST=777 \
		transfers 127.0.0.1:0 "$W/file" --lane direct "$W/file"
	check "cli: device: not by direct I/O" by_device FAKE_NO_DIRECT=1 no_direct
	check "cli: device: several destinations" by_device '' several_destinations
	check "cli: device: many files to several" by_device '' many_files_to_several
	check "cli: device: options of links" link_options_arrive
	check "cli: device: one of several fails" by_device '' one_of_several_fails
	check "cli: device: refused for several" by_device FAKE_ERROR=95 refused_by_the_module
	check "cli: device: short for several" by_device '' short_for_both
	check "cli: device: SIGINT cancels" cancels_at INT
	check "cli: device: SIGTERM cancels" cancels_at TERM
	check "cli: device: progress lines" by_device '' progress_lines
	check "cli: advice without the module" advises
	check "cli: info" informs
	check "cli: probe --help" helps probe --help
	check "cli: probe of no file" refuses 2 'which file' probe
	check "cli: probe of three words" refuses 2 'are enough' probe a b:1 c
	check "cli: probe of no range" refuses 2 'number of bytes' probe --offset x "$W/file"
	check "cli: probe of too much" refuses 2 'no file has' \
		probe --offset 1 --length 9223372036854775807 "$W/file"
	check "cli: probe of no lane" refuses 2 'no lane' probe --lane splice "$W/file"
	check "cli: probe to nowhere" refuses 2 'is not an address' probe "$W/file" nowhere
	check "cli: probe of a directory" refuses 1 'is a directory' probe "$W"
	check "cli: probe: a file" probe_file
	check "cli: probe: a socket" probe_socket
	check "cli: probe: an empty file" probe_of_nothing
	check "cli: probe: nobody listens" by_device '' refuses 1 'something must listen' \
		probe "$W/file" 127.0.0.1:1
	check "cli: probe: refused" by_device FAKE_ERROR=95 refuses 1 'is not supported' \
		probe "$W/file"
	check "cli: probe: too old a module" by_device FAKE_OLD=1 refuses 1 'update the module' \
		probe "$W/file"
	check "cli: TCP over IPv4" transfers 127.0.0.1:0 "$W/file" "$W/file"
	check "cli: TCP over IPv6" transfers '[::1]:0' "$W/file" "$W/file"
	check "cli: a unix socket" transfers "unix:$W/sock" "$W/file" "$W/file"
	check "cli: an empty file" transfers 127.0.0.1:0 "$W/empty" "$W/empty"
	check "cli: header and trailer" header_and_trailer
	check "cli: ranges" ranges
	check "cli: more files than descriptors" many_files
	check "cli: large header and trailer" large_header_and_trailer
	check "cli: a file of unknown size" procfs
	check "cli: standard input" standard_input
	check "cli: an inherited descriptor" inherited_descriptor
	check "cli: a receiver that dies" disturbed KILL 'receiver'
	check "cli: a receiver that stops" disturbed STOP 'stayed full' --timeout 0.3
	check "cli: progress bar" progress_bar
	check "cli: device: TCP over IPv4" by_device '' transfers 127.0.0.1:0 "$W/file" "$W/file"
	check "cli: device: TCP over IPv6" by_device '' transfers '[::1]:0' "$W/file" "$W/file"
	check "cli: device: a unix socket" by_device '' transfers "unix:$W/sock" "$W/file" "$W/file"
	check "cli: device: an empty file" by_device '' transfers 127.0.0.1:0 "$W/empty" "$W/empty"
	check "cli: device: interrupted" by_device FAKE_MOST=777 \
		transfers 127.0.0.1:0 "$W/file" --lane cache "$W/file"
	check "cli: device: header and trailer" by_device '' header_and_trailer
	check "cli: device: header and trailer, interrupted" by_device FAKE_MOST=50 \
		header_and_trailer
	check "cli: device: ranges" by_device '' ranges
	check "cli: device: more files than a link has segments" by_device '' many_files
	check "cli: device: large header and trailer" by_device '' large_header_and_trailer
	check "cli: device: a file of unknown size" by_device '' procfs
	check "cli: device: a file shorter than the range" by_device '' short_file
	check "cli: device: a receiver that dies" by_device '' disturbed KILL 'receiver'
	check "cli: device: a receiver that stops" by_device '' \
		disturbed STOP 'stayed full' --timeout 0.3
	check "cli: device: progress bar" by_device '' progress_bar
	check "cli: device: EOPNOTSUPP is explained" explains 95 'TCP and AF_UNIX stream sockets'
	check "cli: device: EPIPE is explained" explains 32 'no longer reads'
	check "cli: recv to standard output" to_standard_output
	check "cli: recv of several connections" several_connections
	check "cli: recv removes its socket" removes_its_socket
	check "cli: recv times out" times_out
	check "cli: a file shorter than the range" short_file
	check "cli: stat of a word" refuses 2 Usage stat word
	check "cli: stat of no tables" refuses 2 'number of tables' stat -n 0
	check "cli: stat without time" refuses 2 'number of seconds' stat --interval 0
	check "cli: stat of nothing" stat_of_nothing
	check "cli: stat, JSON" stat_json
	check "cli: stat, a table" stat_table
	check "cli: stat, rates" stat_rates
	check "cli: stat on a terminal" stat_on_a_terminal
	check "cli: stat without permission" stat_says_what_it_cannot_see
	check "example: fanout" by_device '' example_fanout
	check "example: fanout without the module" by_device FAKE_OPEN=2 \
		exits 1 "$OUT/examples/fanout" 1 "$W/file"
	check "example: fanout, usage" exits 2 "$OUT/examples/fanout" -n 0 1 "$W/file"
	check "example: fanout, nobody comes" by_device '' \
		exits 1 "$OUT/examples/fanout" -t 1 29999 "$W/file"
	bench_tests
	check "cli: completion" completes
	check "cli: manual and completion know every option" documents_every_option
}
