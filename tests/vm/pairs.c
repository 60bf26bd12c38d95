// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "guest.h"
#include "pairs.h"
#include "vmtest.h"

#ifndef SOL_TLS
#define SOL_TLS		282
#endif

const char *const pair_names[] = {
	"tcp4", "tcp6", "unix", "ktls1.2", "ktls1.3", "device", "device6",
};

bool pair_is_ktls(enum pair_kind kind)
{
	return kind == PAIR_KTLS || kind == PAIR_KTLS13;
}

static void set_buffer(int fd, int option, int bytes)
{
	if (bytes)
		setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes));
}

static int fail_closing(int fd)
{
	int err = -errno;

	close(fd);
	return err;
}

/* @text as an address with any port; IPv6 if it has a colon. */
static socklen_t parse_address(const char *text, struct sockaddr_storage *addr)
{
	struct sockaddr_in6 *in6 = (void *)addr;
	struct sockaddr_in *in = (void *)addr;

	memset(addr, 0, sizeof(*addr));
	if (strchr(text, ':')) {
		addr->ss_family = AF_INET6;
		inet_pton(AF_INET6, text, &in6->sin6_addr);
		return sizeof(*in6);
	}
	addr->ss_family = AF_INET;
	inet_pton(AF_INET, text, &in->sin_addr);
	return sizeof(*in);
}

static int listen_on(const char *address, int rcvbuf,
		     struct sockaddr_storage *addr, socklen_t *length)
{
	int fd;

	*length = parse_address(address, addr);
	fd = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	set_buffer(fd, SO_RCVBUF, rcvbuf);
	if (bind(fd, (void *)addr, *length) || listen(fd, 1) ||
	    getsockname(fd, (void *)addr, length))
		return fail_closing(fd);
	return fd;
}

/* Sockets belong to the namespace they were made in, wherever they are used. */
static int listen_far(const char *address, int rcvbuf,
		      struct sockaddr_storage *addr, socklen_t *length)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int far = open(PAIR_FAR, O_RDONLY | O_CLOEXEC), fd = -ENOENT;

	if (home >= 0 && far >= 0 && !setns(far, CLONE_NEWNET)) {
		fd = listen_on(address, rcvbuf, addr, length);
		/* The thread would be of no use any more. */
		if (setns(home, CLONE_NEWNET))
			abort();
	}
	close(home);
	close(far);
	return fd;
}

static int connect_to(struct pair *pair, int listener,
		      const struct sockaddr_storage *addr, socklen_t length,
		      int sndbuf)
{
	pair->tx = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (pair->tx < 0)
		return -errno;
	set_buffer(pair->tx, SO_SNDBUF, sndbuf);
	if (connect(pair->tx, (const void *)addr, length))
		return fail_closing(pair->tx);
	pair->rx = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (pair->rx < 0)
		return fail_closing(pair->tx);
	return 0;
}

static int connect_tcp(struct pair *pair, const char *address, int sndbuf,
		       int rcvbuf)
{
	struct sockaddr_storage addr;
	socklen_t length;
	int fd, err;

	fd = listen_on(address, rcvbuf, &addr, &length);
	if (fd < 0)
		return fd;
	err = connect_to(pair, fd, &addr, length, sndbuf);
	close(fd);
	return err;
}

int pair_try_far(struct pair *pair, const char *address, int sndbuf,
		 int rcvbuf)
{
	struct sockaddr_storage addr;
	socklen_t length;
	int fd, err;

	pair->kind = strchr(address, ':') ? PAIR_DEVICE6 : PAIR_DEVICE;
	fd = listen_far(address, rcvbuf, &addr, &length);
	if (fd < 0)
		return fd;
	err = connect_to(pair, fd, &addr, length, sndbuf);
	close(fd);
	return err;
}

static int connect_unix(struct pair *pair, int sndbuf)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return -errno;
	pair->tx = fd[0];
	pair->rx = fd[1];
	set_buffer(pair->tx, SO_SNDBUF, sndbuf);
	return 0;
}

int pair_attach_tls(int fd, bool transmit, bool receive, int version)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info.version = version,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
	};

	memcpy(info.key, PAIR_TLS_KEY, sizeof(info.key));
	memcpy(info.salt, PAIR_TLS_SALT, sizeof(info.salt));
	memcpy(info.iv, PAIR_TLS_IV, sizeof(info.iv));
	if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")))
		return -errno;
	if (transmit && setsockopt(fd, SOL_TLS, TLS_TX, &info, sizeof(info)))
		return -errno;
	if (receive && setsockopt(fd, SOL_TLS, TLS_RX, &info, sizeof(info)))
		return -errno;
	return 0;
}

static int attach_tls(struct pair *pair, int version)
{
	int err = pair_attach_tls(pair->tx, true, true, version);

	if (!err)
		err = pair_attach_tls(pair->rx, true, true, version);
	if (err)
		pair_close(pair);
	return err;
}

int pair_try(struct pair *pair, enum pair_kind kind, int sndbuf, int rcvbuf)
{
	int err = -EINVAL;

	pair->kind = kind;
	switch (kind) {
	case PAIR_TCP4:
	case PAIR_KTLS:
		err = connect_tcp(pair, "127.0.0.1", sndbuf, rcvbuf);
		break;
	case PAIR_TCP6:
	case PAIR_KTLS13:
		err = connect_tcp(pair, "::1", sndbuf, rcvbuf);
		break;
	case PAIR_UNIX:
		return connect_unix(pair, sndbuf);
	case PAIR_DEVICE:
		return pair_try_far(pair, PAIR_FAR_IP4, sndbuf, rcvbuf);
	case PAIR_DEVICE6:
		return pair_try_far(pair, PAIR_FAR_IP6, sndbuf, rcvbuf);
	default:
		break;
	}
	if (!err && kind == PAIR_KTLS)
		err = attach_tls(pair, TLS_1_2_VERSION);
	if (!err && kind == PAIR_KTLS13)
		err = attach_tls(pair, TLS_1_3_VERSION);
	return err;
}

void pair_open(struct pair *pair, enum pair_kind kind, int sndbuf, int rcvbuf)
{
	int err;

	if (pair_is_ktls(kind))
		pair_need_ktls();
	err = pair_try(pair, kind, sndbuf, rcvbuf);
	if (err)
		fail_msg("%s pair: %s", pair_names[kind], strerror(-err));
}

void pair_need_ktls(void)
{
	struct pair pair;
	int err;

	guest_modprobe("tls");
	assert_int_equal(pair_try(&pair, PAIR_TCP4, 0, 0), 0);
	err = setsockopt(pair.tx, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls"));
	if (err)
		err = errno;
	pair_close(&pair);
	if (err == ENOENT)
		test_skip("the kernel has no TLS");
	assert_int_equal(err, 0);
}

void pair_close(struct pair *pair)
{
	if (pair->tx >= 0)
		close(pair->tx);
	if (pair->rx >= 0)
		close(pair->rx);
	pair->tx = -1;
	pair->rx = -1;
}

void pair_set_nonblock(int fd, bool nonblock)
{
	int flags = fcntl(fd, F_GETFL);

	flags = nonblock ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	fcntl(fd, F_SETFL, flags);
}

void pair_set_sndtimeo(int fd, unsigned int ms)
{
	struct timeval time = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time,
				    sizeof(time)), 0);
}

size_t pair_fill(int fd, uint8_t byte)
{
	uint8_t buf[4096];
	size_t done = 0;
	ssize_t n;

	memset(buf, byte, sizeof(buf));
	/* Again after a pause: what the peer's queue took makes room here. */
	for (int quiet = 0; quiet < 4; quiet++) {
		while ((n = send(fd, buf, sizeof(buf),
				 MSG_DONTWAIT | MSG_NOSIGNAL)) > 0) {
			done += n;
			quiet = 0;
		}
		pair_settle(fd);
	}
	return done;
}

static bool is_settled(const struct tcp_info *info)
{
	return !info->tcpi_unacked &&
	       (!info->tcpi_notsent_bytes || !info->tcpi_snd_wnd);
}

void pair_settle(int fd)
{
	struct tcp_info info;
	unsigned int i, calm = 0;

	for (i = 0; i < GUEST_PATIENCE_MS / 10 && calm < 8; i++) {
		socklen_t length = sizeof(info);

		guest_sleep_ms(10);
		memset(&info, 0, sizeof(info));
		/* Another socket than TCP's has nothing under way. */
		if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length))
			calm++;
		else
			calm = is_settled(&info) ? calm + 1 : 0;
	}
	if (calm < 8)
		print_message("TCP has %u bytes not sent, %u segments under way, a window of %u\n",
			      info.tcpi_notsent_bytes, info.tcpi_unacked,
			      info.tcpi_snd_wnd);
}

uint64_t pair_drain(int fd)
{
	static uint8_t buf[64 * KIB];
	uint64_t done = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		done += n;
	return done;
}

int pair_readable(int fd)
{
	int bytes = 0;

	ioctl(fd, FIONREAD, &bytes);
	return bytes;
}

int pair_unsent(int fd)
{
	int bytes = -1;

	ioctl(fd, SIOCOUTQNSD, &bytes);
	return bytes;
}

unsigned int pair_data_segments(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
	return info.tcpi_data_segs_out - info.tcpi_total_retrans;
}

int pair_pass(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { 0 }, byte = 'f';
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

int pair_take(int sock)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	assert_int_equal(recvmsg(sock, &msg, MSG_CMSG_CLOEXEC), 1);
	assert_non_null(CMSG_FIRSTHDR(&msg));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	assert_true(fd >= 0);
	return fd;
}
