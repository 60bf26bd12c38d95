# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# zcx recv. Sourced by cli.sh, whose functions it uses.

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

recv_tests() {
	check "cli: recv --help" helps recv --help
	check "cli: recv needs an address" refuses 2 'where to listen' recv
	check "cli: recv of no connections" refuses 2 'number of connections' recv -n 0 1
	check "cli: recv at a descriptor" refuses 2 'is not an address to listen at' recv fd:3
	check "cli: recv to standard output" to_standard_output
	check "cli: recv of several connections" several_connections
	check "cli: recv removes its socket" removes_its_socket
	check "cli: recv times out" times_out
}
