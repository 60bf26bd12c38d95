# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# zcx stat, on a made-up /proc. Sourced by cli.sh, whose functions it uses.

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

stat_tests() {
	check "cli: stat --help" helps stat --help
	check "cli: stat of a word" refuses 2 Usage stat word
	check "cli: stat of no tables" refuses 2 'number of tables' stat -n 0
	check "cli: stat without time" refuses 2 'number of seconds' stat --interval 0
	check "cli: stat of nothing" stat_of_nothing
	check "cli: stat, JSON" stat_json
	check "cli: stat, a table" stat_table
	check "cli: stat, rates" stat_rates
	check "cli: stat on a terminal" stat_on_a_terminal
	check "cli: stat without permission" stat_says_what_it_cannot_see
}
