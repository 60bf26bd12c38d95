# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The command line tool without the module: usage, advice, and transfers by
# sendfile, which share all but the sending itself. Sourced by run.sh.

ZCX=$OUT/zcx
W=$OUT/tests/work

# $1: exit code wanted; then the command. Output is kept in $W/out and $W/err.
exits() {
	want=$1
	shift
	timeout 20 "$@" > "$W/out" 2> "$W/err" < /dev/null
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

# Without /dev/zcx: what to do, not just what is wrong.
advises() {
	[ ! -e /dev/zcx ] || { echo "the module is loaded here"; return 0; }
	refuses 1 'modprobe zcx' info &&
	recv_start 127.0.0.1:0 &&
	refuses 1 'modprobe zcx' send "$W/file" "$ADDRESS"
	kill "$RECV" 2> /dev/null
	wait "$RECV" 2> /dev/null
	[ ! -e /dev/zcx ]
}

# Start `zcx recv'; its address is in $ADDRESS when it listens. $1: where.
recv_start() {
	where=$1
	shift
	rm -f "$W/listening"
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
	exits 0 "$ZCX" send --method sendfile --json "$@" "$ADDRESS" || return 1
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
	EOF
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
	rm -f "$W/want"
	set --
	i=0
	while [ $i -lt 1500 ]; do
		set -- "$@" "$W/small"
		cat "$W/small" >> "$W/want"
		i=$((i + 1))
	done
	ulimit -n 4096
	transfers 127.0.0.1:0 "$W/want" "$@"
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
	exits 1 "$ZCX" send --method sendfile -r 0+200000 "$W/file" "$ADDRESS" || return 1
	grep -q "$W/file: the file ends before.* 100000 of 200000 bytes" "$W/err"
	ok=$?
	wait "$RECV"
	return $ok
}

completes() {
	# shellcheck disable=SC2016 # bash expands it
	bash -c '. completions/zcx.bash
		COMP_WORDS=(zcx s) COMP_CWORD=1; _zcx; [ "${COMPREPLY[*]}" = send ] || exit 1
		COMP_WORDS=(zcx send --la) COMP_CWORD=2; _zcx; [ "${COMPREPLY[*]}" = --lane ] || exit 1
		COMP_WORDS=(zcx send --lane c) COMP_CWORD=3; _zcx; [ "${COMPREPLY[*]}" = cache ]'
}

# Every option of --help is in the manual and in the completion.
documents_every_option() {
	for verb in send recv info; do
		"$ZCX" $verb --help | grep -o -- '--[a-z]*' | sort -u | while read -r option; do
			case $option in --usage|--help) continue;; esac
			grep -qF -- "$(echo "$option" | sed 's/-/\\-/g')" man/zcx.1 ||
				echo "$verb $option: not in zcx(1)"
			grep -q -- "$option" completions/zcx.bash || echo "$verb $option: no completion"
		done
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
	check "cli: advice without the module" advises
	check "cli: TCP over IPv4" transfers 127.0.0.1:0 "$W/file" "$W/file"
	check "cli: TCP over IPv6" transfers '[::1]:0' "$W/file" "$W/file"
	check "cli: a unix socket" transfers "unix:$W/sock" "$W/file" "$W/file"
	check "cli: an empty file" transfers 127.0.0.1:0 "$W/empty" "$W/empty"
	check "cli: header and trailer" header_and_trailer
	check "cli: ranges" ranges
	check "cli: more files than a link has segments" many_files
	check "cli: recv to standard output" to_standard_output
	check "cli: recv of several connections" several_connections
	check "cli: recv removes its socket" removes_its_socket
	check "cli: recv times out" times_out
	check "cli: a file shorter than the range" short_file
	check "cli: completion" completes
	check "cli: manual and completion know every option" documents_every_option
}
