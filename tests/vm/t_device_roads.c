// SPDX-License-Identifier: GPL-2.0
/* Whole runs of memory over all kinds of devices, and over bad roads. */
#include <linux/tls.h>

#include "device.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

/* The network that tests of routes other than eth0 itself use. */
#define NEAR	"198.51.100.1/24"
#define FAR	"198.51.100.2"

/**
 * struct road - what lies between the socket and the cable
 * @module: that it needs, or NULL
 * @near: command that makes it, or NULL
 * @far: the same in namespace far
 * @address: of the receiver
 * @flags: result flags to be expected
 */
struct road {
	const char *module;
	const char *near;
	const char *far;
	const char *address;
	uint32_t flags;
};

static void along(void **state)
{
	const struct road *road = *state;
	struct trip trip;

	device_open();
	if (road->module)
		guest_modprobe(road->module);
	if (road->near)
		device_run("%s", road->near);
	if (road->far)
		device_run_far("%s", road->far);
	trip_open(&trip, DEVICE_BYTES);
	trip_connect_to(&trip, road->address, 0, 0);
	trip_receive(&trip, false);
	trip_send(&trip, road->flags);
	trip_arrives(&trip);
	trip_close(&trip);
}

/* The receiver gets the very pages. */
static void loopback(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	trip_open(&trip, DEVICE_BYTES);
	pair_open(&trip.pair, PAIR_TCP4, 0, 0);
	trip_receive(&trip, false);
	trip_send(&trip, 0);
	trip_arrives(&trip);
	trip_close(&trip);
}

static void ktls(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	pair_need_ktls();
	trip_open(&trip, DEVICE_BYTES);
	trip_connect(&trip);
	assert_int_equal(pair_attach_tls(trip.pair.tx, true, true,
					 TLS_1_2_VERSION), 0);
	assert_int_equal(pair_attach_tls(trip.pair.rx, true, true,
					 TLS_1_2_VERSION), 0);
	trip_receive(&trip, false);
	trip_send(&trip, ZCX_RESULT_KTLS);
	trip_arrives(&trip);
	trip_close(&trip);
}

/* Each link looks at the device anew. */
static void follows(void **state)
{
	struct program *one, *all = program_new();
	struct trip trip;
	unsigned int i;

	(void)state;
	device_open();
	trip_open(&trip, 100001);
	for (i = 0; i < 4; i++) {
		program_memory(all, "header", 6);
		program_file(all, &trip.file, 0, ZCX_TO_EOF);
		program_memory(all, "trailer", 7);
	}
	one = trip.program;
	trip_connect(&trip);
	trip.program = all;
	trip_receive(&trip, false);
	trip.program = one;
	for (i = 0; i < 4; i++) {
		device_run(ETHTOOL " -K " DEVICE " sg %s",
			   i % 2 ? "off" : "on");
		trip_send(&trip, i % 2 ? ZCX_RESULT_ROUTE_COPIES : 0);
	}
	trip.program = all;
	trip_arrives(&trip);
	trip_close(&trip);
}

/*
 * The administrator's limit, which is to be kept by whoever puts fragments into
 * packets: none has more than that many pages. Newer kernels join packets that
 * wait in TCP's queue (tcp_grow_skb()), and do not ask for it there.
 */
static void few_frags(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	guest_modprobe("nf_tables");
	device_sysctl("core/max_skb_frags", "2");
	device_run(NFT " add table inet zcx && "
		   NFT " add chain inet zcx large \"{ type filter hook output priority 0; }\" && "
		   NFT " add rule inet zcx large oif " DEVICE
		   " meta length gt 8500 counter");
	trip_open(&trip, DEVICE_BYTES);
	trip_run(&trip, 0);
	if (!guest_kernel_at_least(6, 10))
		device_run(NFT " list chain inet zcx large | "
			   "grep -q \"packets 0 \"");
	trip_close(&trip);
}

/**
 * struct weather - what befalls packets, and how TCP tells that it did
 * @qdisc: of eth0, or NULL
 * @features: for ethtool -K, or NULL
 * @sysctl: of net, to be set to @value, or NULL
 * @counter: of /proc/net, that is to grow
 */
struct weather {
	const char *qdisc;
	const char *features;
	const char *sysctl;
	const char *value;
	const char *counter;
};

/* Chance may spare a connection, but not one after another. */
static void through(void **state)
{
	const struct weather *weather = *state;
	long long before;
	unsigned int i;
	struct trip trip;

	device_open();
	trip_open(&trip, guest_pick(2 * MIB, MIB) + 4321);
	if (weather->features)
		device_run(ETHTOOL " -K " DEVICE " %s", weather->features);
	if (weather->sysctl)
		device_sysctl(weather->sysctl, weather->value);
	if (weather->qdisc)
		device_shape(weather->qdisc);
	before = device_counter(weather->counter);
	for (i = 0; i < 20 && device_counter(weather->counter) == before; i++)
		trip_run(&trip, 0);
	print_message("%s: %lld in %u connections\n", weather->counter,
		      device_counter(weather->counter) - before, i);
	assert_true(device_counter(weather->counter) > before);
	trip_close(&trip);
}

#define ROAD(name, ...) \
	static const struct road name = { __VA_ARGS__ }

ROAD(eth0_ip4, .address = PAIR_FAR_IP4);
ROAD(eth0_ip6, .address = PAIR_FAR_IP6);
ROAD(no_tso, .near = ETHTOOL " -K eth0 tso off", .address = PAIR_FAR_IP4);
ROAD(no_gso, .near = ETHTOOL " -K eth0 tso off gso off",
     .address = PAIR_FAR_IP4);
ROAD(no_checksum, .near = ETHTOOL " -K eth0 tx off", .address = PAIR_FAR_IP4);
ROAD(no_sg, .near = ETHTOOL " -K eth0 sg off", .address = PAIR_FAR_IP4,
     .flags = ZCX_RESULT_ROUTE_COPIES);
ROAD(mtu_576, .near = IP " link set eth0 mtu 576", .address = PAIR_FAR_IP4);
ROAD(veth, .module = "veth",
     .near = IP " link add zcx-veth type veth peer name zcx-peer netns far && "
	     IP " address add " NEAR " dev zcx-veth && "
	     IP " link set zcx-veth up",
     .far = IP " address add " FAR "/24 dev zcx-peer && "
	    IP " link set zcx-peer up",
     .address = FAR);
ROAD(vlan, .module = "8021q",
     .near = IP " link add link eth0 name zcx-vlan type vlan id 5 && "
	     IP " address add " NEAR " dev zcx-vlan && "
	     IP " link set zcx-vlan up",
     .far = IP " link add link eth1 name zcx-vlan type vlan id 5 && "
	    IP " address add " FAR "/24 dev zcx-vlan && "
	    IP " link set zcx-vlan up",
     .address = FAR);
ROAD(bond, .module = "bonding",
     .near = IP " link add zcx-bond type bond mode active-backup && "
	     IP " link set eth0 down && "
	     IP " link set eth0 master zcx-bond && "
	     IP " address add " NEAR " dev zcx-bond && "
	     IP " link set zcx-bond up",
     .far = IP " address add " FAR "/24 dev eth1",
     .address = FAR);
ROAD(bridge, .module = "bridge",
     .near = IP " link add zcx-bridge type bridge && "
	     IP " link set eth0 master zcx-bridge && "
	     IP " address add " NEAR " dev zcx-bridge && "
	     IP " link set zcx-bridge up",
     .far = IP " address add " FAR "/24 dev eth1",
     .address = FAR);
/* One port leads out, the other to the receiver, on this machine. */
ROAD(bridge_veth, .module = "bridge",
     .near = "modprobe -q veth; "
	     IP " link add zcx-bridge type bridge && "
	     IP " link set eth0 master zcx-bridge && "
	     IP " link add zcx-veth type veth peer name zcx-peer netns far && "
	     IP " link set zcx-veth master zcx-bridge up && "
	     IP " address add " NEAR " dev zcx-bridge && "
	     IP " link set zcx-bridge up",
     .far = IP " address add " FAR "/24 dev zcx-peer && "
	    IP " link set zcx-peer up",
     .address = FAR);
ROAD(macvlan, .module = "macvlan",
     .near = IP " link add link eth0 name zcx-mv type macvlan mode bridge && "
	     IP " address add " NEAR " dev zcx-mv && "
	     IP " link set zcx-mv up",
     .far = IP " address add " FAR "/24 dev eth1",
     .address = FAR);

#define WEATHER(name, ...) \
	static const struct weather name = { __VA_ARGS__ }

WEATHER(loss, .qdisc = "netem loss 15%", .counter = "RetransSegs");
WEATHER(loss_no_tso, .qdisc = "netem loss 5%", .features = "tso off",
	.counter = "RetransSegs");
WEATHER(loss_no_gso, .qdisc = "netem loss 5%", .features = "tso off gso off",
	.counter = "RetransSegs");
WEATHER(reorder, .qdisc = "netem delay 3ms 1ms reorder 30%",
	.counter = "TCPSACKReorder");
WEATHER(duplicate, .qdisc = "netem duplicate 30%", .counter = "TCPDSACKRecv");
WEATHER(corrupt, .qdisc = "netem corrupt 5%", .counter = "RetransSegs");
WEATHER(everything,
	.qdisc = "netem delay 2ms 1ms reorder 20% loss 5% duplicate 5% corrupt 3%",
	.counter = "TCPDSACKRecv");
/*
 * Packets larger than the bucket are segmented by the queue. The first one of a connection
 * is, with 10 segments, and the queue has no room for all of them, however slow the guest.
 */
WEATHER(slow, .qdisc = "tbf rate 20mbit burst 8kb limit 10kb",
	.sysctl = "ipv4/tcp_min_tso_segs", .value = "10",
	.counter = "RetransSegs");
WEATHER(probes, .sysctl = "ipv4/tcp_mtu_probing", .value = "2",
	.counter = "TCPMTUPSuccess");

#define ALONG(name, road, debug, what) \
	{ "device_along_" name, along, &(road), "test", debug, "device", 60, \
	  what }
#define THROUGH(name, weather, debug, what) \
	{ "device_through_" name, through, &(weather), "test", debug, \
	  "device", 90, what }

const struct vm_test device_roads_tests[] = {
	ALONG("ip4", eth0_ip4, "test", "whole runs over a device, IPv4"),
	ALONG("ip6", eth0_ip6, "test", "whole runs over a device, IPv6"),
	ALONG("no_tso", no_tso, "test",
	      "whole runs are segmented in software"),
	ALONG("no_gso", no_gso, "all",
	      "whole runs into packets of one segment"),
	ALONG("no_checksum", no_checksum, "test",
	      "without checksums in hardware"),
	ALONG("no_sg", no_sg, "test",
	      "a device without scatter-gather: ROUTE_COPIES"),
	ALONG("mtu_576", mtu_576, "all", "whole runs with an MTU of 576"),
	ALONG("veth", veth, "test", "whole runs to a veth device"),
	ALONG("vlan", vlan, "test", "whole runs to a VLAN on a device"),
	ALONG("bond", bond, "all", "whole runs to a bond over a device"),
	ALONG("bridge", bridge, "all", "whole runs to a bridge over a device"),
	ALONG("bridge_veth", bridge_veth, "test",
	      "whole runs through a bridge to a veth device"),
	ALONG("macvlan", macvlan, "all",
	      "whole runs to a macvlan on a device"),
	{ "device_along_lo", loopback, NULL, "test", "all", "device", 60,
	  "whole runs to loopback" },
	{ "device_along_ktls", ktls, NULL, "test", "test", "device", 60,
	  "kernel TLS over a device: no whole runs" },
	{ "device_follows", follows, NULL, "test", "test", "device", 60,
	  "scatter-gather switched off and on between links" },
	{ "device_few_frags", few_frags, NULL, "test", "test", "device", 60,
	  "packets have no more fragments than max_skb_frags allows" },
	THROUGH("loss", loss, "test", "whole runs are retransmitted"),
	THROUGH("loss_no_tso", loss_no_tso, "test",
		"segmented in software, whole runs are retransmitted"),
	THROUGH("loss_no_gso", loss_no_gso, "all",
		"small packets of whole runs are retransmitted"),
	THROUGH("reorder", reorder, "test",
		"packets of whole runs overtake each other"),
	THROUGH("duplicate", duplicate, "test",
		"packets of whole runs come twice"),
	THROUGH("corrupt", corrupt, "test",
		"damage to packets of whole runs spares the file"),
	THROUGH("everything", everything, "all",
		"loss, order, duplicates and damage all at once"),
	THROUGH("slow", slow, "test",
		"a queue segments packets of whole runs, and drops some"),
	THROUGH("probes", probes, "test",
		"TCP probes the MTU with packets made of whole runs"),
	{ 0 }
};
