# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Measures the cells of /bench/list in a guest; sourced by init. A cell a line:
#
#   NAME FS BYTES CACHE HEADER SG OPTIONS...
#
# SG is on or off where there is a device (zcx.net=device), else "-".
#
# What the host reads from the second serial port is as runner.sh has it: begin
# NAME, lines after "| ", end NAME CODE, done. Of those lines the ones that
# begin with "#" are messages, the others the JSON of `zcx bench`. Beside the
# cells there are two more, "setup" at the beginning and "kernel" at the end.

SPLAT=$(grep -v -e '^#' -e '^$' /bench/splats | tr '\n' '|' | sed 's/|$//')
SELF=192.0.2.2 PEER=192.0.2.1 PORT=7000 PEER_MAC=02:00:5e:00:53:01

# Seconds of the guest's time until a cell is given up. Idle time is skipped, so
# a hang is over at once. With a device the guest skips time whenever the host
# is slow: there the host's own limit is what counts.
LIMIT=3600

# The port is opened for each piece anew: closing it waits until all is out, so
# that none of its interrupts falls into a measurement.
tell() {
	cat > /dev/ttyS1
}

# What would wake up in the midst of a run, and measures nothing of ours.
quiet() {
	echo 0 > /proc/sys/vm/dirty_writeback_centisecs
	# While a disk is slow the guest skips minutes: nothing hangs.
	echo 0 > /proc/sys/kernel/hung_task_timeout_secs
	echo 3600 > /proc/sys/vm/stat_interval
	echo 3600000 > /sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
	# Nothing learnt from one connection is to change the next.
	echo 1 > /proc/sys/net/ipv4/tcp_no_metrics_save
}

# The filesystems are fresh; ext4 shall neither finish its mkfs behind our back nor
# read its bitmaps.
mount_bench() {
	mount_at ext4 /mnt/ext4 /dev/vda noatime,noinit_itable,no_prefetch_block_bitmaps
	mount_at xfs /mnt/xfs /dev/vdb noatime
	mount_at tmpfs /mnt/tmpfs tmpfs size=1g,huge=never
	mount_at tmpfs /mnt/huge tmpfs size=16m,huge=always
	for fs in ext4 xfs tmpfs huge; do
		grep -q " /mnt/$fs " /proc/mounts || { echo "nothing at /mnt/$fs"; return 1; }
	done
	cp /bench/seed /mnt/huge/floor
	grep -q 'ShmemHugePages: *2048 kB' /proc/meminfo && return 0
	echo "the floor file got no huge page"
	return 1
}

# $1: feature of eth0, $2: on or off.
feature() {
	ethtool -k eth0 | grep -q "^$1: $2" && return 0
	echo "eth0: $1 is not $2"
	return 1
}

offloads_on() {
	feature scatter-gather on && feature tx-checksumming on &&
		feature tcp-segmentation-offload on
}

# No ARP in the midst of a run, no IPv6 looking for routers. And since minutes
# of the guest's time may pass before the host has answered, TCP never gives up.
start_device() {
	LIMIT=10000000
	echo 127 > /proc/sys/net/ipv4/tcp_syn_retries
	echo 255 > /proc/sys/net/ipv4/tcp_retries2
	# Whether an ACK that comes late ends slow start early is chance, and a small
	# window makes small packets.
	echo 0 > /sys/module/tcp_cubic/parameters/hystart
	# A host that is slow is neither a loss nor a reason to start slowly again.
	echo 0 > /proc/sys/net/ipv4/tcp_early_retrans
	echo 0 > /proc/sys/net/ipv4/tcp_slow_start_after_idle
	modprobe virtio_net
	echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6
	# By its path: busybox has an ip of its own, which knows too little.
	/bin/ip address add $SELF/24 dev eth0 && /bin/ip link set eth0 up &&
		/bin/ip route change 192.0.2.0/24 dev eth0 src $SELF rto_min 60s &&
		/bin/ip neighbour replace $PEER lladdr $PEER_MAC nud permanent dev eth0 &&
		offloads_on
}

setup() {
	quiet
	mount_bench || return 1
	[ "$(option net)" != device ] || start_device
}

# $1: filesystem, $2: bytes; its name in $FILE. Made of the seed, over and over.
# What was written leaves the page cache: runs begin with what readahead brings.
make_file() {
	FILE=/mnt/$1/bench-$2
	[ ! -e "$FILE" ] || return 0
	while cat /bench/seed; do :; done 2> /dev/null | head -c "$2" > "$FILE"
	sync
	echo 3 > /proc/sys/vm/drop_caches
	[ "$(wc -c < "$FILE")" = "$2" ] || { echo "cannot make $FILE"; return 1; }
}

# $1: on or off; what the device does without scatter-gather it does with one more copy.
set_sg() {
	[ "$1" != - ] || return 0
	feature scatter-gather "$1" > /dev/null && return 0
	ethtool -K eth0 sg "$1" > /dev/null
	feature scatter-gather "$1" && { [ "$1" = off ] || offloads_on; }
}

# NAME FS BYTES CACHE HEADER SG OPTIONS..., as the list has it.
measure() {
	fs=$2 bytes=$3 cache=$4 header=$5 sg=$6
	shift 6
	make_file "$fs" "$bytes" >&2 && set_sg "$sg" >&2 || return 1
	[ "$header" = 0 ] || set -- "$@" --header "$header"
	if [ "$sg" != - ]; then
		# Interrupts that come while others are handled make the kernel's
		# account of idle time wrong. Over loopback there are few of them, and
		# a soaker would change when the receiver preempts the sender.
		set -- "$@" --soak --to $PEER:$PORT
	elif [ "$bytes" -lt 1048576 ]; then
		# Whether a receiver that is woken up preempts the sender is
		# decided once for a whole run of small requests, by chance: twice
		# the instructions, or not. As on two CPUs, it does not.
		set -- "$@" --receiver batch
	fi
	timeout -s KILL "$LIMIT" zcx bench --json --insn -s "$bytes" -c "$cache" \
		--floor /mnt/huge/floor "$@" "$FILE"
}

kernel_is_quiet() {
	dmesg > /tmp/dmesg
	! grep -E "$SPLAT" /tmp/dmesg
}

# $1: name; the rest is done, and told of with its output.
step() {
	name=$1
	shift
	echo "begin $name" | tell
	"$@" > /tmp/output 2> /tmp/messages < /dev/null
	code=$?
	{
		sed 's/^/| # /' /tmp/messages
		sed 's/^/| /' /tmp/output
		echo "end $name $code"
	} | tell
	return $code
}

run_bench() {
	step setup setup || return
	while read -r line; do
		# shellcheck disable=SC2086 # words of it are arguments
		step ${line%% *} measure $line
	done < /bench/list
	step kernel kernel_is_quiet
	echo "done" | tell
}
