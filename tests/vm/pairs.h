/* SPDX-License-Identifier: GPL-2.0 */
/* Connected stream sockets of every kind that zcx sends to. */
#ifndef PAIRS_H
#define PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pair_kind {
	PAIR_TCP4,
	PAIR_TCP6,
	PAIR_UNIX,
	PAIR_KTLS,		/* TLS 1.2, AES-128-GCM, over TCP/IPv4 */
	PAIR_KTLS13,		/* TLS 1.3, the same over TCP/IPv6 */
	PAIR_KINDS,		/* what tests of all kinds go over */

	/* In a guest with devices, see device.h; TCP from eth0 to eth1. */
	PAIR_DEVICE = PAIR_KINDS,
	PAIR_DEVICE6,		/* the same over IPv6 */
};

/* The network namespace of the other end, and its addresses. */
#define PAIR_FAR	"/run/netns/far"
#define PAIR_FAR_IP4	"192.0.2.2"
#define PAIR_FAR_IP6	"2001:db8::2"

/**
 * struct pair - two ends of a stream
 * @kind: what it is
 * @tx: the end that zcx sends to
 * @rx: the other end
 */
struct pair {
	enum pair_kind kind;
	int tx;
	int rx;
};

/* Names of the kinds, for messages. */
extern const char *const pair_names[];

/*
 * Connect a pair through the loopback device, or as its kind says. @sndbuf and
 * @rcvbuf are bytes, 0 for the system's. Safe to call from any thread. Returns
 * 0 or -errno.
 */
int pair_try(struct pair *pair, enum pair_kind kind, int sndbuf, int rcvbuf);

/* The same to @address of namespace PAIR_FAR, IPv4 or IPv6. */
int pair_try_far(struct pair *pair, const char *address, int sndbuf,
		 int rcvbuf);

/* The same, or fail the test; or skip it, where there is no kernel TLS. */
void pair_open(struct pair *pair, enum pair_kind kind, int sndbuf, int rcvbuf);
void pair_close(struct pair *pair);

/* Skip the test unless the kernel has TLS. */
void pair_need_ktls(void);

bool pair_is_ktls(enum pair_kind kind);

/* Keys of both directions of a TLS pair, of our own choice. */
#define PAIR_TLS_KEY	"0123456789abcdef"
#define PAIR_TLS_SALT	"salt"
#define PAIR_TLS_IV	"explicit"

/* Attach TLS to one end. @transmit and @receive say in which directions. */
int pair_attach_tls(int fd, bool transmit, bool receive, int version);

/* Have writes fail instead of sleeping, or have them sleep again. */
void pair_set_nonblock(int fd, bool nonblock);

/* SO_SNDTIMEO of @fd, or fail the test. */
void pair_set_sndtimeo(int fd, unsigned int ms);

/*
 * Wait until nothing of what @fd has queued moves any more, as nobody reads it. A window
 * that has room for less than TCP likes to send is filled by a probe, after a while.
 */
void pair_settle(int fd);

/* Write @byte into @fd until no more goes in; returns how many did. */
size_t pair_fill(int fd, uint8_t byte);

/* Read and drop what comes until the end of the stream; returns how much. */
uint64_t pair_drain(int fd);

/* Bytes waiting to be read at @fd. */
int pair_readable(int fd);

/* Bytes in the send queue of TCP socket @fd that were not sent yet. */
int pair_unsent(int fd);

/*
 * Data segments that TCP socket @fd has sent; none of them twice, as it does where an
 * acknowledgement is late.
 */
unsigned int pair_data_segments(int fd);

/* Pass @fd through AF_UNIX socket @sock, with a byte 'f': 0 or -errno. */
int pair_pass(int sock, int fd);

/* The descriptor that comes next through @sock; fails the test if none does. */
int pair_take(int sock);

#endif /* PAIRS_H */
