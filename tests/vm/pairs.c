// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "guest.h"
#include "pairs.h"
#include "vmtest.h"

#ifndef SOL_TLS
#define SOL_TLS		282
#endif

const char *const pair_names[PAIR_KINDS] = {
	"tcp4", "tcp6", "unix", "ktls1.2", "ktls1.3",
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

/* Loopback address of @family, any port. */
static socklen_t loopback(int family, struct sockaddr_storage *addr)
{
	struct sockaddr_in6 *in6 = (void *)addr;
	struct sockaddr_in *in = (void *)addr;

	memset(addr, 0, sizeof(*addr));
	addr->ss_family = family;
	if (family == AF_INET6) {
		in6->sin6_addr = in6addr_loopback;
		return sizeof(*in6);
	}
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(*in);
}

static int listen_on(int family, int rcvbuf, struct sockaddr_storage *addr,
		     socklen_t *length)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	set_buffer(fd, SO_RCVBUF, rcvbuf);
	*length = loopback(family, addr);
	if (bind(fd, (void *)addr, *length) || listen(fd, 1) ||
	    getsockname(fd, (void *)addr, length))
		return fail_closing(fd);
	return fd;
}

static int connect_tcp(struct pair *pair, int family, int sndbuf, int rcvbuf)
{
	struct sockaddr_storage addr;
	socklen_t length;
	int fd;

	fd = listen_on(family, rcvbuf, &addr, &length);
	if (fd < 0)
		return fd;
	pair->tx = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (pair->tx < 0)
		return fail_closing(fd);
	set_buffer(pair->tx, SO_SNDBUF, sndbuf);
	if (connect(pair->tx, (void *)&addr, length)) {
		close(fd);
		return fail_closing(pair->tx);
	}
	pair->rx = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (pair->rx < 0) {
		close(pair->tx);
		return fail_closing(fd);
	}
	close(fd);
	return 0;
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
		err = connect_tcp(pair, AF_INET, sndbuf, rcvbuf);
		break;
	case PAIR_TCP6:
	case PAIR_KTLS13:
		err = connect_tcp(pair, AF_INET6, sndbuf, rcvbuf);
		break;
	case PAIR_UNIX:
		return connect_unix(pair, sndbuf);
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
		guest_sleep_ms(80);
	}
	return done;
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
	return info.tcpi_data_segs_out;
}
