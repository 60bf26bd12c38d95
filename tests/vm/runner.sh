# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Runs the tests of /tests/list in a guest; sourced by init. One test a line:
#
#   NAME SECONDS
#
# What the host reads, on standard output:
#
#   begin NAME          then the test's own output, each line after "| "
#   end NAME CODE TIME  0 passed, 1 failed, 77 skipped; seconds, by the guest's clock
#   done                the last line of a guest that came to its end
#
# A kernel splat fails the test during which it came, whatever the test says.

SPLAT=$(grep -v -e '^#' -e '^$' /tests/splats | tr '\n' '|' | sed 's/|$//')

# A test by its name: a script, or one of vmtest's.
run_test() {
	if [ -e "/tests/$1.sh" ]; then
		timeout -s KILL "$2" sh "/tests/$1.sh"
	elif type "guest_$1" > /dev/null 2>&1; then
		"guest_$1"
	else
		timeout -s KILL "$2" /tests/vmtest "$1"
	fi
}

# The kernel's own: when fault injection keeps a slab cache from appearing in
# sysfs, sysfs_slab_add() forgets the name that kobject_init_and_add() made.
without_slab_names() {
	awk '/^unreferenced object/ { if (!known) printf "%s", text; text = ""; known = 0 }
	     { text = text $0 "\n" }
	     /sysfs_slab_add\+/ { known = 1 }
	     END { if (!known) printf "%s", text }'
}

# Everything that was closed has been let go of: ask kmemleak.
guest_leaks() {
	leaks=/sys/kernel/debug/kmemleak
	[ -e $leaks ] || { echo "SKIP: this kernel has no kmemleak"; return 77; }
	# It tells only of objects that are older than 5 s; and a stale
	# pointer may hide a leak from one scan, or make one up in one scan.
	sleep 6
	echo scan > $leaks || return 1
	sleep 1
	echo scan > $leaks || { echo "kmemleak has switched itself off"; return 1; }
	found=$(without_slab_names < $leaks)
	[ -z "$found" ] && return 0
	echo "$found"
	return 1
}

# Nothing holds the module once all is closed, and it leaves without a word.
guest_unload() {
	# What the last test has closed may be at its end in a worker.
	for _ in $(seq 600); do
		[ "$(cat /sys/module/zcx/refcnt)" = 0 ] && break
		sleep 0.1
	done
	rmmod zcx || return 1
	[ ! -e /dev/zcx ] || { echo "/dev/zcx is still there"; return 1; }
	[ ! -e /sys/kernel/debug/zcx ] || { echo "debugfs entries are still there"; return 1; }
	insmod "$ZCX_KO" && rmmod zcx
}

# The instruments were working to the end.
guest_instruments() {
	[ "$ZCX_DEBUG" = 1 ] || { echo "SKIP: a stock kernel has no sanitizers"; return 77; }
	grep -q 'debug_locks: *1' /proc/lockdep_stats || {
		echo "lockdep has switched itself off"; return 1; }
	[ -e /sys/kernel/debug/kmemleak ] && [ -d /sys/kernel/debug/failslab ]
}

# Since boot.
uptime_seconds() {
	cut -d . -f 1 /proc/uptime
}

run_one() {
	name=$1 seconds=$2 begun=$(uptime_seconds)
	# As vmtest.c has it.
	if [ "$ZCX_DEBUG" = 1 ]; then
		seconds=$((seconds * 12))
	else
		seconds=$((seconds * 4))
	fi
	echo "begin $name"
	echo "zcx-test: $name" > /dev/kmsg
	# The limit of vmtest's own comes first: it says what hung.
	run_test "$name" $((seconds + 30)) > /tmp/output 2>&1 < /dev/null
	code=$?
	head -c 60000 /tmp/output | sed 's/^/| /'
	dmesg -c > /tmp/dmesg
	if grep -Eq "$SPLAT" /tmp/dmesg; then
		echo "| the kernel complained:"
		head -c 60000 /tmp/dmesg | sed 's/^/| /'
		code=1
	fi
	if [ ! -e /dev/zcx ] && [ "$name" != unload ]; then
		echo "| the test left no module behind"
		code=1
		insmod "$ZCX_KO"
	fi
	echo "end $name $code $(($(uptime_seconds) - begun))"
}

run_all() {
	dmesg -c > /tmp/dmesg
	if grep -Eq "$SPLAT" /tmp/dmesg; then
		echo "begin boot"
		sed 's/^/| /' /tmp/dmesg
		echo "end boot 1"
	fi
	while read -r name seconds; do
		run_one "$name" "$seconds"
	done < /tests/list
	echo "done"
}
