/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In a guest of kind "device": eth0, which does scatter-gather, and links over
 * it. The other end of its cable is eth1, in namespace "far"; see device.sh.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "pairs.h"
#include "receiver.h"

#define DEVICE		"eth0"

/* With their paths: the guest's shell has small ones of its own. */
#define IP		"/bin/ip"
#define TC		"/bin/tc"
#define ETHTOOL		"/bin/ethtool"
#define NFT		"/bin/nft"

/* As many bytes as make it some batches. */
#define DEVICE_BYTES	(guest_pick(3 * MIB, 700 * KIB) + 4321)

/* Bring the network to where all tests begin. */
void device_open(void);

/* Run a command line that has to succeed, here or at the far end. */
void device_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
void device_run_far(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* Send what leaves by eth0 through queueing discipline @qdisc. */
void device_shape(const char *qdisc);

/* Have all that leaves by eth0 meet @action of tc(8). */
void device_act(const char *action);

/* Set /proc/sys/net/@name, until the test is over. */
void device_sysctl(const char *name, const char *value);

/* A counter of this namespace's protocols, as /proc/net has it. */
long long device_counter(const char *name);

/**
 * struct trip - links on one socket, and what arrives of them
 * @program: what is to arrive
 * @file: of @program
 * @pair: from eth0 to the far end
 * @receiver: of it
 * @sender: of the link; its context is that of all of them
 * @lane: enum zcx_lane of the links
 */
struct trip {
	struct program *program;
	struct vfile file;
	struct pair pair;
	struct receiver receiver;
	struct sender sender;
	uint32_t lane;
};

/* A file of ext4's, so many bytes long, between a header and a trailer. */
void trip_open(struct trip *trip, uint64_t bytes);

/* To PAIR_FAR_IP4; trip_connect_to(): @address, and sizes of the buffers. */
void trip_connect(struct trip *trip);
void trip_connect_to(struct trip *trip, const char *address, int sndbuf,
		     int rcvbuf);

/* Have the program received, at once or, if @held, not before receiver_go(). */
void trip_receive(struct trip *trip, bool held);

/*
 * Send all of it in one link. @flags are the result flags to be expected; all
 * bytes go as whole runs of memory, but for kernel TLS.
 */
void trip_send(struct trip *trip, uint32_t flags);

/* The same, while the receiver is not looked after. */
void trip_start(struct trip *trip);

/* All has arrived; then close the socket, and that is all that arrives. */
void trip_arrives(struct trip *trip);

/* Packets hold pages of the file: not all can be evicted. */
void trip_assert_held(const struct trip *trip);

/* No packet holds a page, and nobody has changed one. */
void trip_assert_untouched(const struct trip *trip);

/* Close what is open; includes trip_assert_untouched(). */
void trip_close(struct trip *trip);

/* The whole way: connected and closed too. */
void trip_run(struct trip *trip, uint32_t flags);

/* What fdinfo of the context says. */
long long trip_stat(const struct trip *trip, const char *key);

#endif /* DEVICE_H */
