#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs a guest whose network device is measured: netns.sh ZCX COMMAND...
#
# Started in a network namespace of its own (unshare -n), which has nothing but
# what is made here: a tap device for QEMU, and a receiver that discards what
# the guest sends. It all goes when the last process in it has ended.
set -eu
zcx=$1
shift

ip link set lo up
ip tuntap add dev tap0 mode tap vnet_hdr
ip link set tap0 address 02:00:5e:00:53:01
echo 1 > /proc/sys/net/ipv6/conf/tap0/disable_ipv6 || true
ip address add 192.0.2.1/24 dev tap0
ip link set tap0 up

# Left alone, the receiver acknowledges when it comes to run, so that a loaded
# machine sends few ACKs and an idle one many: that shows in the guest's figures.
# So every packet is acknowledged as it comes, and there is room for all of a run.
ip route replace 192.0.2.0/24 dev tap0 src 192.0.2.1 quickack 1
echo 4096 134217728 134217728 > /proc/sys/net/ipv4/tcp_rmem

"$zcx" bench --serve 192.0.2.1:7000 &
receiver=$!
trap 'kill $receiver 2> /dev/null || true' EXIT
sleep 1
kill -0 $receiver 2> /dev/null || {
	echo "netns.sh: the receiver (zcx bench --serve) has ended" >&2
	exit 1
}
"$@"
