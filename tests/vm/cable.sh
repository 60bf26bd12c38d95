#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs a guest whose two network devices are the ends of one cable:
# cable.sh COMMAND...
#
# Started in a network namespace of its own (unshare -n), which has nothing but
# what is made here: tap0 and tap1, and a bridge between them. It all goes when
# the last process in it has ended.
set -eu

ip link set lo up
ip link add br0 type bridge mcast_snooping 0
for tap in tap0 tap1; do
	ip tuntap add dev "$tap" mode tap vnet_hdr
	ip link set "$tap" master br0
done
# Nobody here has anything to say to the guest.
for dev in br0 tap0 tap1; do
	echo 1 > "/proc/sys/net/ipv6/conf/$dev/disable_ipv6" || true
	ip link set "$dev" up
done
exec "$@"
