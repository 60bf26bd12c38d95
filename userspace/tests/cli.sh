# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The command line tool without the module: usage, advice, and transfers by
# sendfile and through the device that tests/preload.c plays. Sourced by run.sh.

. tests/send.sh
. tests/several.sh
. tests/recv.sh
. tests/probe.sh
. tests/stat.sh
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
	timeout 60 $DEVICE "$@" > "$W/out" 2> "$W/err" < "$INPUT"
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

# Start `zcx recv'; its address is in $ADDRESS when it listens. $1: where.
recv_start() {
	where=$1
	shift
	: > "$W/listening"
	timeout 60 "$ZCX" recv "$@" "$where" > "$W/received" 2> "$W/listening" &
	RECV=$!
	for _ in $(seq 200); do
		ADDRESS=$(sed -n 's/^listening on //p' "$W/listening")
		[ -n "$ADDRESS" ] && return 0
		sleep 0.1
	done
	cat "$W/listening"
	return 1
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

# All connect before the first one reads.
example_fanout() {
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')
	# shellcheck disable=SC2086 # several words
	timeout 60 $DEVICE "$OUT/examples/fanout" -n 200 -t 10 "$port" "$W/file" > "$W/served" 2>&1 &
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
	check "cli: info --help" helps info --help
	check "cli: --version" says_version
	check "cli: no command" refuses 2 Usage
	check "cli: unknown command" refuses 2 "no command is called 'fly'" fly
	check "cli: help about nothing" refuses 2 "no command is called 'fly'" help fly
	check "cli: advice without the module" advises
	check "cli: info" informs
	send_tests
	several_tests
	recv_tests
	probe_tests
	stat_tests
	bench_tests
	check "example: fanout" by_device '' example_fanout
	check "example: fanout without the module" by_device FAKE_OPEN=2 \
		exits 1 "$OUT/examples/fanout" 1 "$W/file"
	check "example: fanout, usage" exits 2 "$OUT/examples/fanout" -n 0 1 "$W/file"
	check "example: fanout, nobody comes" by_device '' \
		exits 1 "$OUT/examples/fanout" -t 1 29999 "$W/file"
	check "cli: completion" completes
	check "cli: manual and completion know every option" documents_every_option
}
