# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# zcx send to one destination, by sendfile and through the device. Sourced by cli.sh, whose functions it uses.

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

progress_bar() {
	recv_start 127.0.0.1:0 || return 1
	on_terminal "$ZCX" send --method $METHOD "$W/file" "$ADDRESS" || return 1
	cat "$W/shown"
	grep -qF '100 % [########################] 97.7 KiB' "$W/shown" && wait "$RECV"
}

short_file() {
	recv_start 127.0.0.1:0 || return 1
	exits 1 "$ZCX" send --method $METHOD -r 0+200000 "$W/file" "$ADDRESS" || return 1
	grep -q "$W/file: the file ends before.* 100000 of 200000 bytes" "$W/err"
	ok=$?
	wait "$RECV"
	return $ok
}

send_tests() {
	check "cli: help send" helps help send
	check "cli: send --help" helps send --help
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
	check "cli: acked without zcx" refuses 2 'go with the method zcx' \
		send --method sendfile --acked "$W/file" 127.0.0.1:1
	check "cli: nothing to send to" refuses 2 'what to send' send --to 127.0.0.1:1
	check "cli: bad rate" refuses 2 'is not a rate' send --rate 0 "$W/file" 127.0.0.1:1
	check "cli: bad deadline" refuses 2 'number of seconds' \
		send --deadline x "$W/file" 127.0.0.1:1
	check "cli: follow with a trailer" refuses 2 'nothing behind it' \
		send --follow -T x "$W/file" 127.0.0.1:1
	check "cli: follow a range with an end" refuses 2 'nothing behind it' \
		send --follow -r 1+2 "$W/file" 127.0.0.1:1
	check "cli: device: that cannot follow" by_device '' refuses 1 'cannot do that' \
		send --follow "$W/file" 127.0.0.1:1
	check "cli: device: by direct I/O" by_device '' direct_lane
	check "cli: device: by direct I/O, interrupted" by_device FAKE_MOST=777 \
		transfers 127.0.0.1:0 "$W/file" --lane direct "$W/file"
	check "cli: device: not by direct I/O" by_device FAKE_NO_DIRECT=1 no_direct
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
	check "cli: a file shorter than the range" short_file
}
