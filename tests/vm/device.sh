#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The network of a guest of kind "device", as each test is to find it, whatever
# the one before has left: eth0 with all it can do, and at the other end of its
# cable eth1, which is in the network namespace "far".
#
# What tests add is called zcx-SOMETHING.
PATH=/bin
# With their paths: the shell has small ones of its own.
ip=/bin/ip tc=/bin/tc
# A path costs nothing in the way a lossy one was: no test is to remember.
no_memory=net/ipv4/tcp_no_metrics_save

make_far() {
	[ -e /var/run ] || ln -s /run /var/run
	mkdir -p /run/netns
	$ip netns add far || return 1
	$ip link set eth1 netns far || return 1
	$ip netns exec far sh -c "echo 1 > /proc/sys/$no_memory"
	echo 1 > /proc/sys/$no_memory
	$ip -n far link set lo up
}

# $1: words for ip(8) that choose the namespace
links_of_tests() {
	# shellcheck disable=SC2086
	$ip $1 -o link show | sed -n 's/^[0-9]*: \(zcx-[a-z0-9]*\)[:@].*/\1/p'
}

remove_leftovers() {
	for dev in $(links_of_tests ""); do
		$ip link del "$dev"
	done
	for dev in $(links_of_tests "-n far"); do
		$ip -n far link del "$dev"
	done
	$ip -n far address flush dev eth1
	$tc qdisc del dev eth0 root
	$tc qdisc del dev eth0 clsact
	nft flush ruleset
	return 0
} 2> /dev/null

# $1: words for ip(8) that choose the namespace, $2: device, $3: its number
set_up_end() {
	# shellcheck disable=SC2086
	$ip -force $1 -batch - <<- EOF
		link set $2 nomaster
		link set $2 mtu 1500 up
		address replace 192.0.2.$3/24 dev $2
		address replace 2001:db8::$3/64 dev $2 nodad
	EOF
}

[ -e /sys/class/net/eth0 ] || modprobe -q virtio_net
[ -e /sys/class/net/eth0 ] || { echo "device.sh: no eth0"; exit 1; }
[ -e /run/netns/far ] || make_far || { echo "device.sh: no cable"; exit 1; }
remove_leftovers
set_up_end "" eth0 1 && set_up_end "-n far" eth1 2 || exit 1
ethtool -K eth0 sg on tx on tso on gso on > /dev/null
