/* SPDX-License-Identifier: GPL-2.0 */
/* The connection of one run, and how to know that its bytes have arrived. */
#ifndef BENCH_CHANNEL_H
#define BENCH_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct bench_receiver;

/**
 * struct bench_channel - one connection
 * @sock: our end
 * @receiver: the child at the other end, or NULL: another machine
 * @expected: bytes that are to have arrived when the run is over
 * @acked_before: what TCP counted as acknowledged before the first byte
 */
struct bench_channel {
	int sock;
	struct bench_receiver *receiver;
	uint64_t expected;
	uint64_t acked_before;
};

/*
 * Connect to @receiver, or if that is NULL to @to. Returns 0 or -errno; where
 * @to is concerned, having said what is wrong.
 */
int bench_channel_open(struct bench_channel *channel,
		       struct bench_receiver *receiver, const char *to);

/* So many bytes are going to be sent. */
void bench_channel_expect(struct bench_channel *channel, uint64_t bytes);

/*
 * Wait, without spinning, until they have been consumed; at another machine:
 * acknowledged. Returns 0 or -errno; -ETIMEDOUT: nothing moves any more.
 */
int bench_channel_wait(struct bench_channel *channel);

/* Bytes that arrived at the other end up to now. */
uint64_t bench_channel_arrived(const struct bench_channel *channel);

/* The process that receives, or 0: it is on another machine. */
pid_t bench_channel_receiver(const struct bench_channel *channel);

/*
 * Close, wait until the other end has noticed, and then likewise. With @abort
 * what is still under way is thrown away.
 */
uint64_t bench_channel_close(struct bench_channel *channel, bool abort);

#endif /* BENCH_CHANNEL_H */
