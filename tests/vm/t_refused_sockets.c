// SPDX-License-Identifier: GPL-2.0
/* Sockets that are not what they should be. */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <linux/tcp.h>
#include <linux/vm_sockets.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "guest.h"
#include "receiver.h"
#include "refusal.h"
#include "vmtest.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif
#ifndef AF_SMC
#define AF_SMC		43
#endif

/**
 * struct socket_case - a descriptor to name as the socket
 * @err: what it is refused with
 * @open: returns 0 with @fd and, if there is one, @peer filled in; or -1 with
 *	errno if there is none here
 */
struct socket_case {
	int err;
	int (*open)(int *fd, int *peer);
};

static void socket_refused(void **state)
{
	const struct socket_case *sock = *state;
	int fd = -1, peer = -1;
	struct refusal scene;
	char buf[64];

	refusal_open(&scene, PAIR_TCP4);
	if (sock->open(&fd, &peer))
		test_skip("there is none here: %s", strerror(errno));
	scene.link.socket_fd = fd;
	refusal_refused(&scene, sock->err, "socket");
	scene.link.flags |= ZCX_LINK_NOSIGNAL;
	scene.link.segment_count = 1;
	refusal_refused(&scene, sock->err, "only memory");
	segment(&scene, 0)->length = 0;
	refusal_refused(&scene, sock->err, "nothing at all");
	if (peer >= 0) {
		guest_sleep_ms(20);
		assert_int_equal(recv(peer, buf, sizeof(buf), MSG_DONTWAIT),
				 -1);
		assert_int_equal(errno, EAGAIN);
		close(peer);
	}
	close(fd);
	refusal_close(&scene);
}

/* A listener at @addr, which gets the port it was given. */
static int listener(int family, int protocol, void *addr, socklen_t length)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -1;
	if (bind(fd, addr, length) || listen(fd, 4) ||
	    getsockname(fd, addr, &length)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int connected(int family, int protocol, void *addr, socklen_t length,
		     int *fd, int *peer)
{
	int from = listener(family, protocol, addr, length);

	if (from < 0)
		return -1;
	*fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	if (*fd < 0 || connect(*fd, addr, length)) {
		int err = errno;

		close(from);
		close(*fd);
		errno = err;
		return -1;
	}
	*peer = accept4(from, NULL, NULL, SOCK_CLOEXEC);
	close(from);
	return *peer < 0 ? -1 : 0;
}

static struct sockaddr_in loopback(void)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* Two datagram sockets, the one connected to the other. */
static int datagram(int family, void *addr, socklen_t length, int protocol,
		    int *fd, int *peer)
{
	*peer = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, protocol);
	if (*peer < 0)
		return -1;
	if (bind(*peer, addr, length) || getsockname(*peer, addr, &length))
		return -1;
	*fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, protocol);
	return connect(*fd, addr, length);
}

static int open_udp4(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	return datagram(AF_INET, &addr, sizeof(addr), 0, fd, peer);
}

static int open_udp6(int *fd, int *peer)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	return datagram(AF_INET6, &addr, sizeof(addr), 0, fd, peer);
}

static int open_udplite(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	return datagram(AF_INET, &addr, sizeof(addr), IPPROTO_UDPLITE, fd,
			peer);
}

static int open_raw(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	(void)peer;
	*fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 253);
	return *fd < 0 ? -1 : connect(*fd, (void *)&addr, sizeof(addr));
}

static int open_packet(int *fd, int *peer)
{
	(void)peer;
	guest_modprobe("af_packet");
	*fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	return *fd < 0 ? -1 : 0;
}

static int open_netlink(int *fd, int *peer)
{
	(void)peer;
	*fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	return *fd < 0 ? -1 : 0;
}

static int open_unix_pair(int type, int *fd, int *peer)
{
	int both[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, both))
		return -1;
	*fd = both[0];
	*peer = both[1];
	return 0;
}

static int open_unix_dgram(int *fd, int *peer)
{
	return open_unix_pair(SOCK_DGRAM, fd, peer);
}

static int open_unix_seqpacket(int *fd, int *peer)
{
	return open_unix_pair(SOCK_SEQPACKET, fd, peer);
}

static int open_mptcp(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	return connected(AF_INET, IPPROTO_MPTCP, &addr, sizeof(addr), fd,
			 peer);
}

static int open_sctp(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	guest_modprobe("sctp");
	return connected(AF_INET, IPPROTO_SCTP, &addr, sizeof(addr), fd, peer);
}

static int open_smc(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	guest_modprobe("smc");
	return connected(AF_SMC, 0, &addr, sizeof(addr), fd, peer);
}

static int open_vsock(int *fd, int *peer)
{
	struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_LOCAL,
		.svm_port = VMADDR_PORT_ANY,
	};

	guest_modprobe("vsock");
	guest_modprobe("vsock_loopback");
	return connected(AF_VSOCK, 0, &addr, sizeof(addr), fd, peer);
}

static int open_tipc(int *fd, int *peer)
{
	int both[2];

	guest_modprobe("tipc");
	if (socketpair(AF_TIPC, SOCK_STREAM | SOCK_CLOEXEC, 0, both))
		return -1;
	*fd = both[0];
	*peer = both[1];
	return 0;
}

static int open_kcm(int *fd, int *peer)
{
	(void)peer;
	guest_modprobe("kcm");
	*fd = socket(AF_KCM, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	return *fd < 0 ? -1 : 0;
}

static int open_alg_type(const char *type, const char *name, int *fd)
{
	struct sockaddr_alg addr = { .salg_family = AF_ALG };
	int tfm = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (tfm < 0)
		return -1;
	strcpy((char *)addr.salg_type, type);
	strcpy((char *)addr.salg_name, name);
	if (bind(tfm, (void *)&addr, sizeof(addr)))
		return -1;
	*fd = accept4(tfm, NULL, NULL, SOCK_CLOEXEC);
	close(tfm);
	return *fd < 0 ? -1 : 0;
}

static int open_alg(int *fd, int *peer)
{
	(void)peer;
	guest_modprobe("af_alg");
	guest_modprobe("algif_hash");
	if (!open_alg_type("hash", "sha256", fd))
		return 0;
	return open_alg_type("hash", "sha1", fd);
}

static int open_tcp_new(int *fd, int *peer)
{
	(void)peer;
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return 0;
}

static int open_tcp_bound(int *fd, int *peer)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };

	(void)peer;
	*fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(*fd, (void *)&addr, sizeof(addr));
}

static int open_tcp_listening(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	(void)peer;
	*fd = listener(AF_INET, 0, &addr, sizeof(addr));
	return *fd < 0 ? -1 : 0;
}

static int open_unix_new(int *fd, int *peer)
{
	(void)peer;
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return *fd < 0 ? -1 : 0;
}

static int open_unix_listening(int *fd, int *peer)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	(void)peer;
	snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "zcx-%d",
		 getpid());
	*fd = listener(AF_UNIX, 0, &addr, sizeof(addr));
	return *fd < 0 ? -1 : 0;
}

static int open_repair(int *fd, int *peer)
{
	struct pair pair;
	int on = 1;

	pair_open(&pair, PAIR_TCP4, 0, 0);
	*fd = pair.tx;
	*peer = pair.rx;
	return setsockopt(*fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on));
}

static int open_not_socket_pipe(int *fd, int *peer)
{
	int both[2];

	(void)peer;
	if (pipe2(both, O_CLOEXEC))
		return -1;
	*fd = both[1];
	return 0;
}

static int open_not_socket_file(int *fd, int *peer)
{
	(void)peer;
	*fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return *fd < 0 ? -1 : 0;
}

static int open_not_socket_device(int *fd, int *peer)
{
	(void)peer;
	*fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return *fd < 0 ? -1 : 0;
}

static int open_not_socket_context(int *fd, int *peer)
{
	(void)peer;
	*fd = zcx_open();
	return 0;
}

static int open_not_socket_event(int *fd, int *peer)
{
	(void)peer;
	*fd = eventfd(0, EFD_CLOEXEC);
	return 0;
}

/* A socket's name in the file system, which is no way to the socket. */
static int open_socket_o_path(int *fd, int *peer)
{
	static struct sockaddr_un addr = {
		.sun_family = AF_UNIX,
		.sun_path = "/tmp/zcx-socket",
	};
	int named = listener(AF_UNIX, 0, &addr, sizeof(addr));

	(void)peer;
	if (named < 0)
		return -1;
	test_at_end(undo_unlink, addr.sun_path);
	*fd = open(addr.sun_path, O_PATH | O_CLOEXEC);
	close(named);
	return *fd < 0 ? -1 : 0;
}

static const struct socket_case udp4 = { -EOPNOTSUPP, open_udp4 },
	udp6 = { -EOPNOTSUPP, open_udp6 },
	udplite = { -EOPNOTSUPP, open_udplite },
	raw = { -EOPNOTSUPP, open_raw },
	packet = { -EOPNOTSUPP, open_packet },
	netlink = { -EOPNOTSUPP, open_netlink },
	unix_dgram = { -EOPNOTSUPP, open_unix_dgram },
	unix_seqpacket = { -EOPNOTSUPP, open_unix_seqpacket },
	mptcp = { -EOPNOTSUPP, open_mptcp },
	sctp = { -EOPNOTSUPP, open_sctp },
	smc = { -EOPNOTSUPP, open_smc },
	vsock = { -EOPNOTSUPP, open_vsock },
	tipc = { -EOPNOTSUPP, open_tipc },
	kcm = { -EOPNOTSUPP, open_kcm },
	alg = { -EOPNOTSUPP, open_alg },
	tcp_new = { -ENOTCONN, open_tcp_new },
	tcp_bound = { -ENOTCONN, open_tcp_bound },
	tcp_listening = { -ENOTCONN, open_tcp_listening },
	unix_new = { -ENOTCONN, open_unix_new },
	unix_listening = { -ENOTCONN, open_unix_listening },
	repair = { -EOPNOTSUPP, open_repair },
	not_socket_pipe = { -ENOTSOCK, open_not_socket_pipe },
	not_socket_file = { -ENOTSOCK, open_not_socket_file },
	not_socket_device = { -ENOTSOCK, open_not_socket_device },
	not_socket_context = { -ENOTSOCK, open_not_socket_context },
	not_socket_event = { -ENOTSOCK, open_not_socket_event },
	socket_o_path = { -EBADF, open_socket_o_path };

/* A socket of a good kind, put into a sockmap and taken out again. */

static int bpf_call(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int sockmap_new(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_SOCKMAP,
		.key_size = sizeof(int),
		.value_size = sizeof(int),
		.max_entries = 1,
	};
	int map = bpf_call(BPF_MAP_CREATE, &attr);

	if (map < 0)
		test_skip("no sockmap: %s", strerror(errno));
	return map;
}

static int sockmap_put(int map, int fd)
{
	int key = 0;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&fd,
	};

	return bpf_call(BPF_MAP_UPDATE_ELEM, &attr);
}

static int sockmap_take(int map)
{
	int key = 0;
	union bpf_attr attr = { .map_fd = map, .key = (uintptr_t)&key };

	return bpf_call(BPF_MAP_DELETE_ELEM, &attr);
}

static void sockmap(void **state)
{
	struct refusal scene;
	int map = sockmap_new();

	refusal_open(&scene, *(const enum pair_kind *)*state);
	if (sockmap_put(map, scene.pair.tx))
		test_skip("no such socket in a sockmap: %s", strerror(errno));
	refusal_refused(&scene, -EOPNOTSUPP, "in a sockmap");
	scene.link.segment_count = 1;
	refusal_refused(&scene, -EOPNOTSUPP, "memory, in a sockmap");
	assert_int_equal(sockmap_take(map), 0);
	close(map);
	refusal_close(&scene);
}

/* A link is on its way, asleep, when its socket becomes one of those. */
static void sockmap_midway(void **state)
{
	struct program *program = program_new();
	struct receiver receiver = { .expect = program, .held = true };
	struct sender sender = { 0 };
	int map = sockmap_new();
	struct vfile file;
	struct pair pair;

	pair_open(&pair, *(const enum pair_kind *)*state, 32768, 32768);
	sender.context = zcx_open();
	file_make(&file, DIR_EXT4, 2 * MIB);
	program_file(program, &file, 0, ZCX_TO_EOF);
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	link_prepare(&sender.link, pair.tx, program);
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	if (sockmap_put(map, pair.tx)) {
		int err = errno;

		receiver_go(&receiver);
		sender_join(&sender);
		test_skip("no such socket in a sockmap: %s", strerror(err));
	}
	receiver_go(&receiver);
	sender_join(&sender);
	assert_int_equal(sender.err, 0);
	assert_null(link_problem(&sender.link));
	assert_int_equal(sender.link.error, EOPNOTSUPP);
	assert_int_equal(sender.link.state, ZCX_STATE_FAILED);
	assert_in_range(sender.link.bytes_sent, 1, program->bytes - 1);
	assert_int_equal(sockmap_take(map), 0);
	close(map);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, sender.link.bytes_sent);
	pair_close(&pair);
	close(sender.context);
	file_drop(&file);
}

/* A socket in repair takes nothing, and afterwards is as good as before. */
static void repair_and_back(void **state)
{
	struct refusal scene;
	int value = 1;

	(void)state;
	refusal_open(&scene, PAIR_TCP6);
	if (setsockopt(scene.pair.tx, IPPROTO_TCP, TCP_REPAIR, &value,
		       sizeof(value)))
		test_skip("TCP_REPAIR: %s", strerror(errno));
	refusal_refused(&scene, -EOPNOTSUPP, "in repair");
	value = -1;	/* off, without a window probe */
	assert_int_equal(setsockopt(scene.pair.tx, IPPROTO_TCP, TCP_REPAIR,
				    &value, sizeof(value)), 0);
	refusal_close(&scene);
}

/* Every upper-layer protocol there is, but for TLS. */
static void other_ulps(void **state)
{
	char text[512], *name, *rest = text;
	struct refusal scene;
	unsigned int tried = 0;

	(void)state;
	if (guest_read("/proc/sys/net/ipv4/tcp_available_ulp", text,
		       sizeof(text)) < 0)
		test_skip("no upper-layer protocols");
	while ((name = strsep(&rest, " \n"))) {
		if (!*name || !strcmp(name, "tls"))
			continue;
		refusal_open(&scene, PAIR_TCP4);
		if (!setsockopt(scene.pair.tx, IPPROTO_TCP, TCP_ULP, name,
				strlen(name) + 1)) {
			refusal_refused(&scene, -EOPNOTSUPP, name);
			tried++;
		}
		pair_close(&scene.pair);
		close(scene.context);
		file_drop(&scene.file);
	}
	if (!tried)
		test_skip("none but TLS can be attached: %s", text);
}

static const enum pair_kind tcp4 = PAIR_TCP4, tcp6 = PAIR_TCP6,
			    unix_stream = PAIR_UNIX;

#define SOCKETS(name, sock, what) \
	{ "refusals_socket_" name, socket_refused, &(sock), "test", "test", \
	  "std", 30, what }

const struct vm_test refused_sockets_tests[] = {
	SOCKETS("udp4", udp4, "UDP over IPv4 is refused"),
	SOCKETS("udp6", udp6, "UDP over IPv6 is refused"),
	SOCKETS("udplite", udplite, "UDP-Lite is refused"),
	SOCKETS("raw", raw, "a raw IP socket is refused"),
	SOCKETS("packet", packet, "a packet socket is refused"),
	SOCKETS("netlink", netlink, "netlink is refused"),
	SOCKETS("unix_dgram", unix_dgram, "AF_UNIX datagrams are refused"),
	SOCKETS("unix_seqpacket", unix_seqpacket,
		"AF_UNIX sequenced packets are refused"),
	SOCKETS("mptcp", mptcp, "Multipath TCP is refused"),
	SOCKETS("sctp", sctp, "SCTP is refused"),
	SOCKETS("smc", smc, "SMC is refused"),
	SOCKETS("vsock", vsock, "vsock is refused"),
	SOCKETS("tipc", tipc, "TIPC is refused"),
	SOCKETS("kcm", kcm, "KCM is refused"),
	SOCKETS("alg", alg, "AF_ALG is refused"),
	SOCKETS("tcp_new", tcp_new, "TCP, never connected, is ENOTCONN"),
	SOCKETS("tcp_bound", tcp_bound, "TCP, only bound, is ENOTCONN"),
	SOCKETS("tcp_listening", tcp_listening, "TCP, listening, is ENOTCONN"),
	SOCKETS("unix_new", unix_new, "AF_UNIX, never connected, is ENOTCONN"),
	SOCKETS("unix_listening", unix_listening,
		"AF_UNIX, listening, is ENOTCONN"),
	SOCKETS("repair", repair, "TCP in repair is refused"),
	SOCKETS("not_pipe", not_socket_pipe, "a pipe is ENOTSOCK"),
	SOCKETS("not_file", not_socket_file, "a regular file is ENOTSOCK"),
	SOCKETS("not_device", not_socket_device, "/dev/null is ENOTSOCK"),
	SOCKETS("not_context", not_socket_context, "/dev/zcx is ENOTSOCK"),
	SOCKETS("not_event", not_socket_event, "an eventfd is ENOTSOCK"),
	SOCKETS("o_path", socket_o_path, "a socket by O_PATH is EBADF"),
	{ "refusals_repair", repair_and_back, NULL, "test", "all", "std", 30,
	  "TCP in repair is refused, and sent to when it is over" },
	{ "refusals_ulps", other_ulps, NULL, "test", "test", "std", 30,
	  "TCP under another upper-layer protocol is refused" },
	{ "refusals_sockmap_tcp4", sockmap, &tcp4, "test", "test", "std", 30,
	  "TCP over IPv4 in a sockmap is refused" },
	{ "refusals_sockmap_tcp6", sockmap, &tcp6, "test", "all", "std", 30,
	  "TCP over IPv6 in a sockmap is refused" },
	{ "refusals_sockmap_unix", sockmap, &unix_stream, "test", "test",
	  "std", 30, "AF_UNIX in a sockmap is refused" },
	{ "refusals_sockmap_midway_tcp4", sockmap_midway, &tcp4, "test",
	  "test", "std", 30, "TCP that enters a sockmap ends the link there" },
	{ "refusals_sockmap_midway_unix", sockmap_midway, &unix_stream, "test",
	  "test", "std", 30,
	  "AF_UNIX that enters a sockmap ends the link there" },
	{ 0 }
};
