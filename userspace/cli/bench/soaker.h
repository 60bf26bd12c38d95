/* SPDX-License-Identifier: GPL-2.0 */
/* Who takes all time that nobody else wants, and counts it. */
#ifndef BENCH_SOAKER_H
#define BENCH_SOAKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct bench_soaker - a child that goes round a loop whenever the CPU is free
 * @pid: the child
 * @turns: of its loop, in shared memory
 * @ns_per_turn: how long one takes
 */
struct bench_soaker {
	pid_t pid;
	_Atomic uint64_t *turns;
	double ns_per_turn;
};

/**
 * struct bench_soaked - a moment
 * @now: ns of CLOCK_MONOTONIC
 * @turns: of the soaker until then
 */
struct bench_soaked {
	uint64_t now;
	uint64_t turns;
};

/*
 * Needs a machine with one CPU whose clock counts instructions, and some 0.3 s of
 * it. Returns 0, or -1 having said what is wrong.
 */
int bench_soaker_start(struct bench_soaker *soaker);
void bench_soaker_stop(struct bench_soaker *soaker);

/* The moment; without a soaker (NULL) there are no turns. */
void bench_soaker_read(const struct bench_soaker *soaker,
		       struct bench_soaked *moment);

/* The ns between two moments in which the CPU was the soaker's. */
uint64_t bench_soaker_idle(const struct bench_soaker *soaker,
			   const struct bench_soaked *from,
			   const struct bench_soaked *to);

/* If not, no moment since then means anything. */
bool bench_soaker_runs(const struct bench_soaker *soaker);

#endif /* BENCH_SOAKER_H */
