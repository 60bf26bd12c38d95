# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# zcx send to several destinations at once. Sourced by cli.sh, whose functions it uses.

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

several_tests() {
	check "cli: several destinations without zcx" refuses 2 'go with the method zcx' \
		send --method sendfile "$W/file" --to 127.0.0.1:1 --to 127.0.0.1:2
	check "cli: one of the destinations is none" refuses 2 'is not an address' \
		send "$W/file" --to 127.0.0.1:1 --to nowhere
	check "cli: device: that is too old" too_old
	check "cli: device: several destinations" by_device '' several_destinations
	check "cli: device: many files to several" by_device '' many_files_to_several
	check "cli: device: options of links" link_options_arrive
	check "cli: device: one of several fails" by_device '' one_of_several_fails
	check "cli: device: refused for several" by_device FAKE_ERROR=95 refused_by_the_module
	check "cli: device: short for several" by_device '' short_for_both
	check "cli: device: SIGINT cancels" cancels_at INT
	check "cli: device: SIGTERM cancels" cancels_at TERM
	check "cli: device: progress lines" by_device '' progress_lines
}
