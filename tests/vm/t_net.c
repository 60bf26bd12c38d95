// SPDX-License-Identifier: GPL-2.0
/* Over devices other than loopback: lossy, slow, without offloads, or down. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>

#include "direct.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

/* The sending end, and the receiving one. */
#define DEV_A	"zcx-a"
#define DEV_B	"zcx-b"

/* With their paths: the guest's shell has small ones of its own. */
#define IP	"/bin/ip"
#define TC	"/bin/tc"
#define ETHTOOL	"/bin/ethtool"

/**
 * struct net - two network namespaces, and a cable between them
 * @home: the namespace that the test began in
 * @a: where DEV_A is, 10.99.0.1 and fd99::1
 * @b: where DEV_B is, 10.99.0.2 and fd99::2
 *
 * Sockets belong to where they were made, whatever their threads do later.
 * Namespaces are gone as soon as nothing refers to them.
 */
struct net {
	int home;
	int a;
	int b;
};

static struct net net;

static void undo_net(void *unused)
{
	(void)unused;
	setns(net.home, CLONE_NEWNET);
	close(net.home);
	close(net.a);
	close(net.b);
}

static int this_namespace(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static int new_namespace(void)
{
	if (unshare(CLONE_NEWNET))
		test_skip("no network namespaces: %s", strerror(errno));
	return this_namespace();
}

static void enter(int namespace)
{
	assert_int_equal(setns(namespace, CLONE_NEWNET), 0);
}

/* Run @command in @namespace, and stay there. */
static void run_in(int namespace, const char *command)
{
	enter(namespace);
	if (guest_run("%s", command))
		fail_msg("%s: failed", command);
}

static void set_up_end(int namespace, const char *dev, int number, int mtu)
{
	char command[256];

	snprintf(command, sizeof(command),
		 IP " link set lo up && " IP " link set %s mtu %d && "
		 IP " addr add 10.99.0.%d/24 dev %s",
		 dev, mtu, number, dev);
	run_in(namespace, command);
	if (mtu >= 1280) {
		snprintf(command, sizeof(command),
			 IP " -6 addr add fd99::%d/64 dev %s nodad", number,
			 dev);
		run_in(namespace, command);
	}
	snprintf(command, sizeof(command), IP " link set %s up", dev);
	run_in(namespace, command);
}

/* Build it; the test goes on in namespace a. */
static void net_open(int mtu)
{
	guest_modprobe("veth");
	net.home = this_namespace();
	net.a = new_namespace();
	net.b = new_namespace();
	test_at_end(undo_net, NULL);
	enter(net.a);
	/* A name with a slash is a path, for ip(8). */
	if (guest_run(IP " link add " DEV_A " type veth peer name " DEV_B
		      " netns /proc/%d/fd/%d", getpid(), net.b))
		test_skip("no veth devices");
	set_up_end(net.b, DEV_B, 2, mtu);
	set_up_end(net.a, DEV_A, 1, mtu);
}

/* Send what leaves by DEV_A through queueing discipline @qdisc. */
static void net_shape(const char *qdisc)
{
	char module[32];

	snprintf(module, sizeof(module), "sch_%.*s",
		 (int)strcspn(qdisc, " "), qdisc);
	guest_modprobe(module);
	enter(net.a);
	if (guest_run(TC " qdisc add dev " DEV_A " root %s", qdisc))
		test_skip("no %s", module);
}

static bool is_ipv6(enum pair_kind kind)
{
	return kind == PAIR_TCP6 || kind == PAIR_KTLS13;
}

static socklen_t receiver_address(enum pair_kind kind,
				  struct sockaddr_storage *addr)
{
	struct sockaddr_in6 *in6 = (void *)addr;
	struct sockaddr_in *in = (void *)addr;

	memset(addr, 0, sizeof(*addr));
	if (is_ipv6(kind)) {
		in6->sin6_family = AF_INET6;
		inet_pton(AF_INET6, "fd99::2", &in6->sin6_addr);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	inet_pton(AF_INET, "10.99.0.2", &in->sin_addr);
	return sizeof(*in);
}

static void attach_tls(const struct pair *pair)
{
	int version = pair->kind == PAIR_KTLS ? TLS_1_2_VERSION :
						TLS_1_3_VERSION;

	assert_int_equal(pair_attach_tls(pair->tx, true, true, version), 0);
	assert_int_equal(pair_attach_tls(pair->rx, true, true, version), 0);
}

static int stream_socket(int family, int sndbuf)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (sndbuf)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof(sndbuf));
	return fd;
}

/* Connect a pair from a to b. */
static void net_connect(struct pair *pair, enum pair_kind kind, int sndbuf)
{
	struct sockaddr_storage addr;
	socklen_t length = receiver_address(kind, &addr);
	int fd;

	pair->kind = kind;
	enter(net.b);
	fd = stream_socket(addr.ss_family, 0);
	assert_int_equal(bind(fd, (void *)&addr, length), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (void *)&addr, &length), 0);
	enter(net.a);
	pair->tx = stream_socket(addr.ss_family, sndbuf);
	if (connect(pair->tx, (void *)&addr, length))
		fail_msg("connect: %s", strerror(errno));
	pair->rx = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(pair->rx >= 0);
	close(fd);
	if (pair_is_ktls(kind))
		attach_tls(pair);
}

static bool has_scatter_gather(const char *dev)
{
	return !guest_run(ETHTOOL " -k %s | grep -q '^scatter-gather: on'", dev);
}

/**
 * struct road - one way from a to b
 * @kind: of the sockets
 * @mtu: of the devices
 * @features: for ethtool -K of the sending device, or NULL
 * @qdisc: of the sending device, or NULL
 * @size: of the file; 0: 1 MiB, less on the sanitizer kernel
 * @no_sg: the device has no scatter-gather
 * @direct: the file is cold, and goes by the direct lane
 */
struct road {
	enum pair_kind kind;
	int mtu;
	const char *features;
	const char *qdisc;
	uint64_t size;
	bool no_sg;
	bool direct;
};

/* Header, file and trailer from a to b, every byte compared. */
static void net_send(const struct road *road, uint64_t size, uint32_t flags)
{
	struct program *program = program_new();
	struct exchange x = {
		.program = program,
		.connected = true,
		.result_flags = flags,
		.lane = road->direct ? ZCX_LANE_DIRECT : ZCX_LANE_AUTO,
	};
	struct vfile file;

	file_make(&file, DIR_EXT4, size);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	program_file(program, &file, 4095, size / 8);
	net_connect(&x.pair, road->kind, 0);
	if (road->direct)
		file_chill(&file);
	exchange_run(&x);
	if (road->direct) {
		assert_true(x.link.bytes_direct >= size);
		direct_assert_all(&x.link, program, &file);
	}
	file_assert_unchanged(&file);
	file_drop(&file);
}

static void along(void **state)
{
	const struct road *road = *state;
	uint64_t size = road->size;

	if (pair_is_ktls(road->kind))
		pair_need_ktls();
	net_open(road->mtu);
	if (road->features &&
	    guest_run(ETHTOOL " -K " DEV_A " %s >/dev/null", road->features))
		fail_msg(ETHTOOL " -K %s: failed", road->features);
	assert_int_equal(has_scatter_gather(DEV_A), !road->no_sg);
	if (road->qdisc)
		net_shape(road->qdisc);
	if (!size)
		size = guest_pick(MIB, 300 * KIB) + 4321;
	net_send(road, size, road->no_sg ? ZCX_RESULT_ROUTE_COPIES : 0);
}

/* Loopback with offloads switched off; scatter-gather it always has. */
static void loopback(void **state)
{
	const char *features = *state;
	struct program *program = program_new();
	struct vfile file;

	net_open(1500);
	assert_int_equal(guest_run(ETHTOOL " -K lo %s >/dev/null", features),
			 0);
	assert_int_equal(guest_run(IP " link set lo mtu 1500"), 0);
	assert_true(has_scatter_gather("lo"));
	file_make(&file, DIR_EXT4, guest_pick(MIB, 300 * KIB) + 4321);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_simply(program, PAIR_TCP4);
	exchange_simply(program, PAIR_TCP6);
	file_assert_unchanged(&file);
	file_drop(&file);
}

/* The route may change while a connection lives, and its flag with it. */
static void flag_follows(void **state)
{
	struct program *program = program_new();
	struct receiver receiver = { 0 };
	struct zcx_link link;
	struct vfile file;
	struct pair pair;
	int context, i;

	(void)state;
	net_open(1500);
	net_connect(&pair, PAIR_TCP4, 0);
	context = zcx_open();
	file_make(&file, DIR_EXT4, 100001);
	program_file(program, &file, 0, ZCX_TO_EOF);
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(guest_run(ETHTOOL " -K " DEV_A
					   " sg %s >/dev/null",
					   i % 2 ? "off" : "on"), 0);
		link_prepare(&link, pair.tx, program);
		assert_int_equal(link_send(context, &link), 0);
		assert_null(link_problem_complete(&link, program, i % 2 ?
						  ZCX_RESULT_ROUTE_COPIES :
						  0));
	}
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.bytes, 4 * program->bytes);
	pair_close(&pair);
	close(context);
	file_assert_unchanged(&file);
	file_drop(&file);
}

/**
 * struct cut - a link whose cable is cut in mid-send
 * @program: of the link
 * @file: of @program
 * @pair: from a to b
 * @receiver: slow, and stops halfway until the cable is cut
 * @sender: of the link
 */
struct cut {
	struct program *program;
	struct vfile file;
	struct pair pair;
	struct receiver receiver;
	struct sender sender;
};

static void cut_open(struct cut *cut)
{
	memset(cut, 0, sizeof(*cut));
	net_open(1500);
	cut->program = program_new();
	file_make(&cut->file, DIR_EXT4, 4 * MIB);
	program_memory(cut->program, "header", 6);
	program_file(cut->program, &cut->file, 0, ZCX_TO_EOF);
	net_connect(&cut->pair, PAIR_TCP4, 64 * KIB);
	cut->sender.context = zcx_open();
}

/* Send, and run @command in @namespace before all has arrived. */
static void cut_now(struct cut *cut, int namespace, const char *command)
{
	cut->receiver = (struct receiver) {
		.fd = cut->pair.rx,
		.expect = cut->program,
		.chunk = 4 * KIB,
		.delay_us = 2000,
		.hold_at = 2 * MIB,
	};
	assert_int_equal(receiver_start(&cut->receiver), 0);
	link_prepare(&cut->sender.link, cut->pair.tx, cut->program);
	assert_int_equal(sender_start(&cut->sender), 0);
	assert_true(receiver_wait_bytes(&cut->receiver, 64 * KIB));
	run_in(namespace, command);
	assert_true(cut->receiver.bytes < cut->program->bytes);
}

/* The link has ended in part. */
static void assert_cut(struct cut *cut)
{
	const struct zcx_link *link = &cut->sender.link;

	sender_join(&cut->sender);
	assert_int_equal(cut->sender.err, 0);
	assert_null(link_problem(link));
	assert_in_range(link->bytes_sent, 64 * KIB, cut->program->bytes - 1);
	assert_int_equal(link->state, ZCX_STATE_FAILED);
	assert_false(cut->sender.sigpipe);
}

static void cut_close(struct cut *cut)
{
	pair_close(&cut->pair);
	close(cut->sender.context);
	file_assert_unchanged(&cut->file);
	file_drop(&cut->file);
}

/* What the call left over follows when the cable is mended. */
static void cut_mended(struct cut *cut, int namespace, const char *command)
{
	struct program *rest = program_new();

	run_in(namespace, command);
	cut->receiver.delay_us = 0;
	receiver_go(&cut->receiver);
	program_rest(rest, cut->program, cut->sender.link.bytes_sent);
	assert_true(link_send_all(cut->sender.context, cut->pair.tx, rest) > 0);
	close(cut->pair.tx);
	cut->pair.tx = -1;
	receiver_join(&cut->receiver);
	assert_int_equal(cut->receiver.error, 0);
	assert_int_equal(cut->receiver.wrong_at, -1);
	assert_int_equal(cut->receiver.bytes, cut->program->bytes);
}

/* The sender's own device goes down. */
static void down_sndtimeo(void **state)
{
	struct cut cut;

	(void)state;
	cut_open(&cut);
	pair_set_sndtimeo(cut.pair.tx, 1500);
	cut_now(&cut, net.a, IP " link set " DEV_A " down");
	assert_cut(&cut);
	assert_int_equal(cut.sender.link.error, EAGAIN);
	cut_mended(&cut, net.a, IP " link set " DEV_A " up");
	cut_close(&cut);
}

/* The receiver's device goes down: packets just vanish. */
static void lost_sndtimeo(void **state)
{
	struct cut cut;

	(void)state;
	cut_open(&cut);
	pair_set_sndtimeo(cut.pair.tx, 1500);
	cut_now(&cut, net.b, IP " link set " DEV_B " down");
	assert_cut(&cut);
	assert_int_equal(cut.sender.link.error, EAGAIN);
	cut_mended(&cut, net.b, IP " link set " DEV_B " up");
	cut_close(&cut);
}

/* It goes down and comes back while the link waits: nobody is told. */
static void down_and_up(void **state)
{
	struct cut cut;

	(void)state;
	cut_open(&cut);
	cut_now(&cut, net.b, IP " link set " DEV_B
		" down && sleep 1 && " IP " link set " DEV_B " up");
	cut.receiver.delay_us = 0;
	receiver_go(&cut.receiver);
	sender_join(&cut.sender);
	assert_int_equal(cut.sender.err, 0);
	assert_null(link_problem_complete(&cut.sender.link, cut.program, 0));
	close(cut.pair.tx);
	cut.pair.tx = -1;
	receiver_join(&cut.receiver);
	assert_int_equal(cut.receiver.wrong_at, -1);
	assert_int_equal(cut.receiver.bytes, cut.program->bytes);
	cut_close(&cut);
}

/* TCP gives the connection up, and the link ends with its words. */
static void cut_timed_out(struct cut *cut, int namespace, const char *command)
{
	const unsigned int ms = 1500;
	uint32_t error;

	assert_int_equal(setsockopt(cut->pair.tx, IPPROTO_TCP,
				    TCP_USER_TIMEOUT, &ms, sizeof(ms)), 0);
	cut_now(cut, namespace, command);
	assert_cut(cut);
	error = cut->sender.link.error;
	if (error != EHOSTUNREACH && error != ENETUNREACH)
		assert_int_equal(error, ETIMEDOUT);

	/* It is over, and says so. */
	link_prepare(&cut->sender.link, cut->pair.tx, cut->program);
	cut->sender.link.flags |= ZCX_LINK_NOSIGNAL;
	assert_int_equal(link_send(cut->sender.context, &cut->sender.link),
			 -EPIPE);

	/* The receiver hears nothing of that. */
	shutdown(cut->pair.rx, SHUT_RD);
	receiver_join(&cut->receiver);
	assert_int_equal(cut->receiver.wrong_at, -1);
	assert_true(cut->receiver.bytes < cut->program->bytes);
}

static void down_user_timeout(void **state)
{
	struct cut cut;

	(void)state;
	cut_open(&cut);
	cut_timed_out(&cut, net.a, IP " link set " DEV_A " down");
	cut_close(&cut);
}

static void lost_user_timeout(void **state)
{
	struct cut cut;

	(void)state;
	cut_open(&cut);
	cut_timed_out(&cut, net.b, IP " link set " DEV_B " down");
	cut_close(&cut);
}

/* The device is taken away altogether, with the link's bytes in its queue. */
static void removed(void **state)
{
	struct cut cut;

	(void)state;
	cut_open(&cut);
	net_shape("netem delay 20ms");
	cut_timed_out(&cut, net.a, IP " link del " DEV_A);
	cut_close(&cut);
}

#define ROAD(name, ...) \
	static const struct road name = { __VA_ARGS__ }

ROAD(plain_tcp4, .kind = PAIR_TCP4, .mtu = 1500);
ROAD(plain_tcp6, .kind = PAIR_TCP6, .mtu = 1500);
ROAD(plain_ktls, .kind = PAIR_KTLS, .mtu = 1500);
ROAD(plain_ktls13, .kind = PAIR_KTLS13, .mtu = 1500);
ROAD(direct_tcp4, .kind = PAIR_TCP4, .mtu = 1500, .direct = true);
ROAD(direct_no_sg, .kind = PAIR_TCP6, .mtu = 1500, .features = "sg off",
     .no_sg = true, .direct = true);
ROAD(direct_lossy, .kind = PAIR_TCP4, .mtu = 1500, .direct = true,
     .qdisc = "netem loss 5% delay 5ms");
ROAD(mtu_576, .kind = PAIR_TCP4, .mtu = 576);
ROAD(mtu_1280, .kind = PAIR_TCP6, .mtu = 1280);
ROAD(mtu_65535_tcp4, .kind = PAIR_TCP4, .mtu = 65535);
ROAD(mtu_65535_tcp6, .kind = PAIR_TCP6, .mtu = 65535);
ROAD(no_sg_tcp4, .kind = PAIR_TCP4, .mtu = 1500, .features = "sg off",
     .no_sg = true);
ROAD(no_sg_tcp6, .kind = PAIR_TCP6, .mtu = 1500, .features = "sg off",
     .no_sg = true);
ROAD(no_sg_ktls, .kind = PAIR_KTLS, .mtu = 1500, .features = "sg off",
     .no_sg = true);
ROAD(no_sg_large, .kind = PAIR_TCP4, .mtu = 65535, .features = "sg off",
     .no_sg = true);
ROAD(no_gso, .kind = PAIR_TCP4, .mtu = 1500,
     .features = "tso off gso off");
ROAD(no_tso, .kind = PAIR_TCP6, .mtu = 1500, .features = "tso off");
ROAD(no_checksum, .kind = PAIR_TCP4, .mtu = 1500, .features = "tx off");
ROAD(no_offload, .kind = PAIR_TCP4, .mtu = 1500,
     .features = "tx off sg off tso off gso off gro off", .no_sg = true);
ROAD(loss_tcp4, .kind = PAIR_TCP4, .mtu = 1500, .qdisc = "netem loss 5%");
ROAD(loss_tcp6, .kind = PAIR_TCP6, .mtu = 1500, .qdisc = "netem loss 5%");
ROAD(loss_ktls, .kind = PAIR_KTLS, .mtu = 1500, .qdisc = "netem loss 5%");
ROAD(loss_no_gso, .kind = PAIR_TCP4, .mtu = 1500,
     .features = "tso off gso off", .qdisc = "netem loss 5%");
ROAD(reorder_tcp4, .kind = PAIR_TCP4, .mtu = 1500,
     .qdisc = "netem delay 3ms 1ms reorder 30%");
ROAD(reorder_no_gso, .kind = PAIR_TCP4, .mtu = 1500,
     .features = "tso off gso off",
     .qdisc = "netem delay 3ms 2ms reorder 30%");
ROAD(reorder_ktls, .kind = PAIR_KTLS, .mtu = 1500,
     .qdisc = "netem delay 3ms 1ms reorder 30%");
ROAD(duplicate_tcp4, .kind = PAIR_TCP4, .mtu = 1500,
     .qdisc = "netem duplicate 20%");
ROAD(duplicate_tcp6, .kind = PAIR_TCP6, .mtu = 1500,
     .qdisc = "netem duplicate 20%");
ROAD(corrupt_tcp4, .kind = PAIR_TCP4, .mtu = 1500,
     .qdisc = "netem corrupt 5%");
ROAD(corrupt_tcp6, .kind = PAIR_TCP6, .mtu = 1500,
     .qdisc = "netem corrupt 5%");
ROAD(corrupt_no_sg, .kind = PAIR_TCP4, .mtu = 1500, .features = "sg off",
     .qdisc = "netem corrupt 5%", .no_sg = true);
ROAD(everything, .kind = PAIR_TCP4, .mtu = 1500,
     .qdisc = "netem delay 2ms 1ms reorder 20% loss 3% duplicate 5% corrupt 3%");
ROAD(slow_tcp4, .kind = PAIR_TCP4, .mtu = 1500,
     .qdisc = "tbf rate 8mbit burst 16kb latency 50ms", .size = 400001);
ROAD(slow_ktls, .kind = PAIR_KTLS, .mtu = 1500,
     .qdisc = "tbf rate 8mbit burst 16kb latency 50ms", .size = 400001);

const struct vm_test net_tests[] = {
	{ "net_veth_tcp4", along, &plain_tcp4, "test", "test", "std", 60,
	  "a file arrives over veth, IPv4" },
	{ "net_veth_tcp6", along, &plain_tcp6, "test", "all", "std", 60,
	  "a file arrives over veth, IPv6" },
	{ "net_veth_ktls", along, &plain_ktls, "test", "test", "std", 60,
	  "a file arrives over veth, kernel TLS 1.2" },
	{ "net_veth_ktls13", along, &plain_ktls13, "test", "all", "std", 60,
	  "a file arrives over veth, kernel TLS 1.3" },
	{ "net_mtu_576", along, &mtu_576, "test", "all", "std", 60,
	  "a file arrives in packets of 576 bytes" },
	{ "direct_veth", along, &direct_tcp4, "all", "all", "std", 60,
	  "a cold file past the cache over veth" },
	{ "direct_veth_no_sg", along, &direct_no_sg, "all", "all", "std", 60,
	  "the same without scatter-gather" },
	{ "direct_veth_lossy", along, &direct_lossy, "all", "all", "std", 90,
	  "the same with packets that are lost" },
	{ "net_mtu_1280", along, &mtu_1280, "test", "all", "std", 60,
	  "a file arrives in IPv6 packets of 1280 bytes" },
	{ "net_mtu_65535_tcp4", along, &mtu_65535_tcp4, "test", "test", "std",
	  60, "a file arrives in packets of 65535 bytes, IPv4" },
	{ "net_mtu_65535_tcp6", along, &mtu_65535_tcp6, "test", "all", "std",
	  60, "a file arrives in packets of 65535 bytes, IPv6" },
	{ "net_no_sg_tcp4", along, &no_sg_tcp4, "test", "test", "std", 60,
	  "a device without scatter-gather: ROUTE_COPIES, IPv4" },
	{ "net_no_sg_tcp6", along, &no_sg_tcp6, "test", "all", "std", 60,
	  "a device without scatter-gather: ROUTE_COPIES, IPv6" },
	{ "net_no_sg_ktls", along, &no_sg_ktls, "test", "all", "std", 60,
	  "a device without scatter-gather: ROUTE_COPIES, kernel TLS" },
	{ "net_no_sg_large", along, &no_sg_large, "test", "all", "std", 60,
	  "packets of 65535 bytes without scatter-gather" },
	{ "net_no_gso", along, &no_gso, "test", "test", "std", 60,
	  "a device without segmentation offload copies nothing" },
	{ "net_no_tso", along, &no_tso, "test", "all", "std", 60,
	  "software segmentation copies nothing" },
	{ "net_no_checksum", along, &no_checksum, "test", "test", "std", 60,
	  "checksums in software" },
	{ "net_no_offload", along, &no_offload, "test", "test", "std", 60,
	  "a device that can do nothing by itself" },
	{ "net_lo_no_gso", loopback, "tso off gso off", "test", "test", "std",
	  60, "loopback without segmentation offload, MTU 1500" },
	{ "net_lo_no_gro", loopback, "gro off tso off", "test", "all", "std",
	  60, "loopback without TSO and GRO, MTU 1500" },
	{ "net_flag_follows", flag_follows, NULL, "test", "test", "std", 60,
	  "ROUTE_COPIES is told by each link anew" },
	{ "net_loss_tcp4", along, &loss_tcp4, "test", "test", "std", 90,
	  "a file arrives although packets get lost, IPv4" },
	{ "net_loss_tcp6", along, &loss_tcp6, "test", "all", "std", 90,
	  "a file arrives although packets get lost, IPv6" },
	{ "net_loss_ktls", along, &loss_ktls, "test", "all", "std", 90,
	  "a file arrives although packets get lost, kernel TLS" },
	{ "net_loss_no_gso", along, &loss_no_gso, "test", "all", "std", 90,
	  "small packets get lost" },
	{ "net_reorder_tcp4", along, &reorder_tcp4, "test", "test", "std", 90,
	  "a file arrives although packets overtake each other" },
	{ "net_reorder_no_gso", along, &reorder_no_gso, "test", "all", "std",
	  90, "small packets overtake each other" },
	{ "net_reorder_ktls", along, &reorder_ktls, "test", "all", "std", 90,
	  "packets of kernel TLS overtake each other" },
	{ "net_duplicate_tcp4", along, &duplicate_tcp4, "test", "test", "std",
	  60, "packets that come twice do no harm, IPv4" },
	{ "net_duplicate_tcp6", along, &duplicate_tcp6, "test", "all", "std",
	  60, "packets that come twice do no harm, IPv6" },
	{ "net_corrupt_tcp4", along, &corrupt_tcp4, "test", "test", "std", 90,
	  "damage on the way is made good, and spares the file, IPv4" },
	{ "net_corrupt_tcp6", along, &corrupt_tcp6, "test", "all", "std", 90,
	  "damage on the way is made good, and spares the file, IPv6" },
	{ "net_corrupt_no_sg", along, &corrupt_no_sg, "test", "all", "std",
	  90, "so it is without scatter-gather" },
	{ "net_everything", along, &everything, "all", "all", "std", 120,
	  "loss, order, duplicates and damage all at once" },
	{ "net_slow_tcp4", along, &slow_tcp4, "test", "test", "std", 60,
	  "a file arrives over a slow line" },
	{ "net_slow_ktls", along, &slow_ktls, "test", "all", "std", 60,
	  "a file arrives over a slow line, kernel TLS" },
	{ "net_down_sndtimeo", down_sndtimeo, NULL, "test", "test", "std", 60,
	  "the device goes down: EAGAIN in time; the rest follows" },
	{ "net_lost_sndtimeo", lost_sndtimeo, NULL, "test", "all", "std", 60,
	  "the peer's device goes down: EAGAIN in time; the rest follows" },
	{ "net_down_and_up", down_and_up, NULL, "all", "all", "std", 60,
	  "the line is interrupted, and the link goes on" },
	{ "net_down_user_timeout", down_user_timeout, NULL, "test", "test",
	  "std", 60, "the device goes down: TCP_USER_TIMEOUT ends the link" },
	{ "net_lost_user_timeout", lost_user_timeout, NULL, "test", "all",
	  "std", 60, "the peer goes down: TCP_USER_TIMEOUT ends the link" },
	{ "net_removed", removed, NULL, "test", "test", "std", 60,
	  "the device is removed in mid-send: the link ends" },
	{ 0 }
};
