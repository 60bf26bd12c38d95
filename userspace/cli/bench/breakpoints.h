/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The processor's breakpoints, through perf: they see calls of kernel functions
 * that probes cannot, with the arguments. There are four.
 */
#ifndef BENCH_BREAKPOINTS_H
#define BENCH_BREAKPOINTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BREAKPOINTS_MAX	4

struct breakpoint_ring;

/**
 * struct breakpoints - some of them, on every CPU
 * @address: of the functions
 * @count: how many
 * @rings: one for each CPU, where calls are recorded
 * @ring_count: how many
 */
struct breakpoints {
	uint64_t address[BREAKPOINTS_MAX];
	unsigned int count;
	struct breakpoint_ring *rings;
	unsigned int ring_count;
};

/**
 * struct breakpoint_call - a function was called
 * @index: which one
 * @tid: by this thread
 * @args: its second and third argument
 */
struct breakpoint_call {
	unsigned int index;
	pid_t tid;
	uint64_t args[2];
};

typedef void (*breakpoint_fn)(const struct breakpoint_call *call, void *arg);

/*
 * Set them, not yet active. Returns 0 or -errno: -ENOENT, there is no such
 * function, and *@bad says which; nothing is left behind then.
 */
int breakpoints_open(struct breakpoints *set, const char *const *functions,
		     unsigned int count, const char **bad);
int breakpoints_start(struct breakpoints *set);
int breakpoints_stop(struct breakpoints *set);

/*
 * Call @fn for every call. Returns 0, or -EOVERFLOW: there were more than could
 * be recorded.
 */
int breakpoints_read(struct breakpoints *set, breakpoint_fn fn, void *arg);

void breakpoints_close(struct breakpoints *set);

#endif /* BENCH_BREAKPOINTS_H */
