/* SPDX-License-Identifier: GPL-2.0 */
/* A bar on a terminal. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct progress - the state of a bar
 * @shown: whether there is one at all
 * @expected: bytes at its end; 0: unknown
 * @begun: when, in seconds
 * @drawn: when last
 */
struct progress {
	bool shown;
	uint64_t expected;
	double begun;
	double drawn;
};

/* @wanted: show it, if standard error is a terminal. */
void progress_begin(struct progress *progress, bool wanted, uint64_t expected);
void progress_update(struct progress *progress, uint64_t bytes);
void progress_end(struct progress *progress, uint64_t bytes);

/* What a bar shows, @bytes being done: bar, bytes, rate, time to go. */
void progress_print(const struct progress *progress, uint64_t bytes, double now,
		    FILE *out);

#endif /* PROGRESS_H */
