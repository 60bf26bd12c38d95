# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# zcx bench without the module: usage, the shape of its records, and that every
# byte arrives. Figures and counts mean something in guests only: tests/bench.
# Sourced by cli.sh, whose functions it uses.

# The records in $W/out. Python expressions, $1: what must hold of all `records',
# $2: of every one, r.
records_show() {
	python3 - "$W/out" "$1" "$2" <<-'EOP'
		import json, sys
		records = json.load(open(sys.argv[1]))
		assert isinstance(records, list) and records, records
		assert eval('(%s)' % sys.argv[2]), records
		for r in records:
		    assert eval('(%s)' % sys.argv[3]), r
	EOP
}

ALL_METHODS='read_write mmap_write sendfile splice msg_zerocopy io_uring_splice odirect_write zcx zcx_async zcx_submit zcx_direct tcp_alone'

# Every method that needs no module runs or says why it cannot; the others name
# what is missing. Nothing but the records is printed.
bench_records() {
	by_device FAKE_OPEN=2 exits 0 "$ZCX" bench --json -n 2 --requests 3 --header 100 \
		--no-counts "$W/file" || return 1
	[ ! -s "$W/err" ] || { cat "$W/err"; return 1; }
	records_show "[r['method'] for r in records] == '$ALL_METHODS'.split()" \
		"r['size_bytes'] == 100000 and r['header_bytes'] == 100 and
		r['cache'] == 'warm' and r['net'] == 'loopback' and r['fs'] and r['kernel'] and
		'error' not in r" || return 1
	records_show "sum('skipped' not in r for r in records) >= 5" \
		"'/dev/zcx' in r['skipped'] if r['method'] in ('zcx', 'zcx_async', 'zcx_submit', 'zcx_direct', 'tcp_alone') else
		r['method'] in ('io_uring_splice', 'odirect_write') and r.get('skipped') or
		r['runs'] == 2 and r['requests'] == 3 and r['clock'] in ('busy', 'elapsed') and
		r['total_ns_per_kib'] > 0 and r['sender_ns_per_kib'] > 0 and
		abs(r['ns_per_request'] / (r['total_ns_per_kib'] * 100100 / 1024) - 1) < 0.001 and
		r['spread'] >= 0 and r['context_switches'] >= 0 and r['zcx'] is None and
		r['syscalls'] is None and r['pages_in'] is None and r['copied_bytes'] is None and
		'--no-counts' in r['copied_how']"
}

# What is counted is a number, what is not has its reason.
bench_counts() {
	exits 0 "$ZCX" bench --json --insn -n 1 -m sendfile "$W/file" || return 1
	records_show "len(records) == 1" "r['total_insn_per_kib'] > 0 and
		'total_ns_per_kib' not in r and r['requests'] == 21 and
		(r['syscalls'] is None or r['syscalls'] == 1) and
		(r['copied_bytes'] is None) == r['copied_how'].startswith('not counted: ') and
		(r['copied_bytes'] or 0) == 0 and (None not in
		(r['syscalls'], r['pages_in'], r['pages_out']) or r['not_counted'])"
}

# By the device that tests/preload.c plays: the module's own figures.
bench_device() {
	by_device '' exits 0 "$ZCX" bench --json -n 1 --requests 4 --header 70 --no-counts \
		-m zcx,tcp_alone "$W/file" || return 1
	records_show "[r['method'] for r in records] == ['zcx', 'tcp_alone']" \
		"r['requests'] == 4 and r['zcx']['bytes_copied'] == 0" || return 1
	records_show "(records[0]['zcx']['bytes_memory'], records[0]['zcx']['bytes_cache'],
		records[0]['zcx']['calls']) == (70, 100000, 1)" True || return 1
	records_show "(records[1]['zcx']['bytes_memory'], records[1]['zcx']['bytes_cache'],
		records[1]['zcx']['calls']) == (0, 100070, 0.25)" True
}

# What the module says went past the page cache; one that cannot is no error.
bench_direct() {
	by_device '' exits 0 "$ZCX" bench --json -n 1 --requests 2 --header 70 --no-counts \
		-m zcx_direct,zcx "$W/file" || return 1
	records_show "[(r['zcx']['bytes_direct'], r['zcx']['bytes_cache'], r['zcx']['bytes_memory'])
		for r in records] == [(100000, 0, 70), (0, 100000, 70)]" True || return 1
	by_device FAKE_OLD=1 exits 0 "$ZCX" bench --json -n 1 --no-counts -m zcx_direct "$W/file" &&
		records_show "'too old: no direct I/O' in records[0]['skipped']" True
}

# A link that is refused makes its cell an error, and no other.
bench_refused() {
	by_device FAKE_ERROR=95 exits 1 "$ZCX" bench --json -n 1 --no-counts -m zcx,sendfile \
		"$W/file" || return 1
	records_show "'AF_UNIX stream sockets' in records[0]['error'] and
		records[1]['total_ns_per_kib'] > 0" True
}

# Bytes that arrive but should not are noticed.
bench_extra_byte() {
	exits 1 env LD_PRELOAD="$OUT/tests/extra_byte.so" "$ZCX" bench --json -n 1 \
		-m sendfile,splice --no-counts --requests 1 "$W/file" || return 1
	records_show "'100001 of 100000 bytes arrived' in records[0]['error'] and
		records[1]['total_ns_per_kib'] > 0" True
}

# On one CPU that all of it shares, as if there were no other. The soaker ends with it,
# also if it is killed.
bench_soak() {
	by_device FAKE_CPUS=1 exits 0 taskset -c "$(one_cpu)" "$ZCX" bench --json -n 2 --insn --soak \
		-m sendfile,zcx --no-counts "$W/file" || return 1
	records_show "len(records) == 2" "r['clock'] == 'soaked' and r['total_insn_per_kib'] > 0 and
		r['context_switches'] >= 0" || return 1
	env LD_PRELOAD="$OUT/tests/preload.so" FAKE_CPUS=1 "$ZCX" bench --json -n 1000 --insn --soak \
		-m sendfile --no-counts "$W/file" > /dev/null &
	killed=$!
	soaker=$(child_of $killed) || return 1
	kill -s KILL $killed
	wait $killed
	is_gone "$soaker"
}

# The first that this shell may use.
one_cpu() {
	python3 -c 'import os; print(min(os.sched_getaffinity(0)))'
}

# $1: a process; waits until it has a child.
child_of() {
	for _ in $(seq 200); do
		# shellcheck disable=SC2046 # a word for each child, of which one is enough
		set -- "$1" $(cat "/proc/$1/task/$1/children")
		[ -z "$2" ] || { echo "$2"; return 0; }
		sleep 0.1
	done
	return 1
}

# $1: a process; waits until it has ended.
is_gone() {
	for _ in $(seq 200); do
		grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status" || return 0
		sleep 0.1
	done
	echo "process $1 is still there"
	return 1
}

bench_policy() {
	exits 0 "$ZCX" bench --json -n 1 -m sendfile --no-counts --receiver batch "$W/file" &&
		records_show True "r['receiver'] == 'batch' and r['total_ns_per_kib'] > 0"
}

bench_table() {
	exits 0 "$ZCX" bench -n 1 -s 1K -m read_write,zcx --no-counts "$W/file" || return 1
	grep -q '^1.0 KiB of .*warm cache' "$W/out" && grep -Eq '^read_write +[0-9.]+ ' "$W/out" &&
		grep -q '^zcx  *skipped: .*/dev/zcx' "$W/out" && [ ! -s "$W/err" ] || return 1
	exits 0 "$ZCX" bench -v -n 1 -s 1K -m read_write --no-counts "$W/file" &&
		grep -q 'read_write (1 of 1)' "$W/err"
}

# tmpfs is never cold; everything else is made so, or it is an error.
bench_cold() {
	exits 0 "$ZCX" bench --json -n 1 -c cold -m sendfile --no-counts /dev/shm/zcx-bench.$$
	result=$?
	records_show "'tmpfs is never cold' in records[0]['skipped']" "r['cache'] == 'cold'" &&
		return $result
}

bench_cold_tmpfs() {
	[ "$(stat -f -c %T /dev/shm)" = tmpfs ] || { echo "/dev/shm is no tmpfs"; return 1; }
	cp "$W/file" /dev/shm/zcx-bench.$$
	bench_cold
	result=$?
	rm /dev/shm/zcx-bench.$$
	return $result
}

# Start `zcx bench --serve'; its address is in $ADDRESS when it listens.
serve_start() {
	: > "$W/listening"
	timeout 60 "$ZCX" bench --serve 127.0.0.1:0 > "$W/served" 2> "$W/listening" &
	SERVE=$!
	for _ in $(seq 200); do
		ADDRESS=$(sed -n 's/^listening on //p' "$W/listening")
		[ -n "$ADDRESS" ] && return 0
		sleep 0.1
	done
	cat "$W/listening"
	return 1
}

# Not timeout(1) itself: it may not know its child yet, and would go alone.
serve_stop() {
	kill "$(child_of "$SERVE")"
	wait "$SERVE"
}

# To another process as to another machine; two at a time, and one that stays on.
bench_to_server() {
	serve_start || return 1
	# shellcheck disable=SC2016 # bash expands it
	timeout 60 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1"; sleep 60' bash "${ADDRESS##*:}" &
	idle=$!
	timeout 60 "$ZCX" bench --json -n 2 -m splice --no-counts --to "$ADDRESS" \
		"$W/file" > "$W/other" &
	other=$!
	exits 0 "$ZCX" bench --json -n 2 -m sendfile,read_write,msg_zerocopy --no-counts \
		--to "$ADDRESS" "$W/file" &&
		records_show "len(records) == 3" "r['net'] == 'device' and
			r['receiver'] == 'remote' and r['receiver_copied_bytes'] is None and
			r['total_ns_per_kib'] > 0"
	result=$?
	wait $other || result=1
	kill $idle
	serve_stop
	grep -q total_ns_per_kib "$W/other" && return $result
}

# A receiver that goes away makes errors, not hangs.
bench_lost_server() {
	serve_start || return 1
	serve_stop
	exits 1 "$ZCX" bench --json -n 1 -m sendfile --to "$ADDRESS" "$W/file" &&
		grep -q 'Connection refused' "$W/err" &&
		records_show "'cannot connect' in records[0]['error']" True
}

# A receiver that takes only part of what it was sent is noticed: by what TCP has
# had acknowledged.
bench_rude_server() {
	python3 - "$ZCX" "$W/file" <<-'EOP'
		import json, socket, struct, subprocess, sys
		listener = socket.create_server(('127.0.0.1', 0))
		tool = subprocess.Popen([sys.argv[1], 'bench', '--json', '-n', '1', '-m', 'sendfile',
		    '--no-counts', '--requests', '100', '--to',
		    '127.0.0.1:%d' % listener.getsockname()[1], sys.argv[2]], stdout=subprocess.PIPE)
		connection, _ = listener.accept()
		left = (8 << 20) + 50000    # what warms the connection up, and some more
		while left > 0:
		    left -= len(connection.recv(left))
		connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
		connection.close()
		record, = json.loads(tool.communicate(timeout=15)[0])
		assert tool.returncode == 1 and record['error'].startswith('sending: '), record
	EOP
}

bench_tests() {
	check "bench: --help" helps bench --help
	check "bench: no file" refuses 2 'which file' bench
	check "bench: two files" refuses 2 'one FILE' bench "$W/file" "$W/small"
	check "bench: unknown method" refuses 2 "no method is called 'fly'; there are read_write" \
		bench -m sendfile,fly "$W/file"
	check "bench: no method" refuses 2 "no method is called ''" bench -m sendfile, "$W/file"
	check "bench: a method twice" refuses 2 'named twice' bench -m zcx,zcx "$W/file"
	check "bench: lukewarm" refuses 2 'warm or cold' bench -c lukewarm "$W/file"
	check "bench: large header" refuses 2 'number of bytes' bench --header 65537 "$W/file"
	check "bench: size 0" refuses 2 'number of bytes' bench -s 0 "$W/file"
	check "bench: no runs" refuses 2 'number from 1' bench -n 0 "$W/file"
	check "bench: no requests" refuses 2 'number from 1' bench --requests 1x "$W/file"
	check "bench: unknown policy" refuses 2 'normal, batch or fifo' \
		bench --receiver fast "$W/file"
	check "bench: not an address" refuses 2 'is not an address' bench --to here "$W/file"
	check "bench: to a unix socket" refuses 2 'no address of TCP' bench --to unix:x "$W/file"
	check "bench: --serve of a file" refuses 2 'goes with nothing else' \
		bench --serve 1 "$W/file"
	check "bench: --serve nowhere" refuses 2 'is not an address' bench --serve x:y:z
	check "bench: no such file" refuses 1 'No such file' bench "$W/none"
	check "bench: a directory" refuses 1 'not a regular file' bench "$W"
	check "bench: an empty file" refuses 1 'is empty' bench "$W/empty"
	check "bench: more than the file has" refuses 1 'has 100000 bytes only' \
		bench -s 100001 "$W/file"
	check "bench: no such floor" refuses 1 "the floor $W/none" bench --floor "$W/none" "$W/file"
	check "bench: records" bench_records
	check "bench: counts, or why not" bench_counts
	check "bench: device: records" bench_device
	check "bench: device: direct I/O" bench_direct
	check "bench: device: a link is refused" bench_refused
	check "bench: a byte too many" bench_extra_byte
	check "bench: --receiver batch" bench_policy
	check "bench: --soak" bench_soak
	check "bench: --soak and a clock of time" refuses 2 'goes with --insn' bench --soak "$W/file"
	check "bench: --soak and two CPUs" by_device FAKE_CPUS=2 refuses 1 'one CPU, here are 2' \
		bench --insn --soak "$W/file"
	check "bench: table" bench_table
	check "bench: tmpfs is never cold" bench_cold_tmpfs
	check "bench: --to and --serve" bench_to_server
	check "bench: --to nobody" bench_lost_server
	check "bench: a receiver that goes away" bench_rude_server
}
