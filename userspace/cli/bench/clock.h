/* SPDX-License-Identifier: GPL-2.0 */
/* What a run costs: time of this process, and busy time of the machine. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "soaker.h"

struct bench_run;

/**
 * struct bench_clock - the state of all clocks at one moment
 * @soaker: tells idle time, in place of @busy, @cpus and @idle, or NULL
 * @busy: @idle could be read
 * @cpus: that @idle is the sum over
 * @idle: ns that CPUs have slept since boot
 * @now: of CLOCK_MONOTONIC, and the soaker's turns until then
 * @sender: ns of this process on CPUs
 * @switches: context switches of this process
 */
struct bench_clock {
	const struct bench_soaker *soaker;
	bool busy;
	unsigned int cpus;
	uint64_t idle;
	struct bench_soaked now;
	uint64_t sender;
	uint64_t switches;
};

/*
 * To be called before the clock starts: what has been left behind, such as the end
 * of the last run's receiver and memory that is freed at one of the next ticks, shall
 * not be measured, and with @soaker the next tick shall be as far away as can be.
 */
void bench_clock_settle(const struct bench_soaker *soaker);

/* @soaker may be NULL: then the kernel's account of idle time is taken. */
void bench_clock_start(struct bench_clock *clock,
		       const struct bench_soaker *soaker);

/* What has passed since. Returns whether idle time is not in the total. */
bool bench_clock_stop(const struct bench_clock *start, struct bench_run *run);

#endif /* BENCH_CLOCK_H */
