/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting for ACKs, by pauses that cost what is known. */
#ifndef BENCH_PAUSE_H
#define BENCH_PAUSE_H

#include <stdint.h>

/**
 * struct bench_pauses - how much of a run was waiting
 * @ns: what a pause takes by itself
 * @count: how many were made
 */
struct bench_pauses {
	double ns;
	uint64_t count;
};

/*
 * On a connected @sock of which all has been acknowledged; the first time takes
 * some 0.2 s. Returns 0 or -errno.
 */
int bench_pauses_begin(struct bench_pauses *pauses, int sock);

/*
 * Wait until nothing is in @sock that is not acknowledged. Returns 0 or -errno;
 * -ETIMEDOUT: nothing moves any more.
 */
int bench_pauses_until_acked(struct bench_pauses *pauses, int sock);

/* What the waiting itself took. */
uint64_t bench_pauses_ns(const struct bench_pauses *pauses);

#endif /* BENCH_PAUSE_H */
