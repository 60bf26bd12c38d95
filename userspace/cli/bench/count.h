/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counting pass: one more run, not measured, with the kernel's tracing on.
 * It counts system calls, pages that enter and leave the page cache, and bytes
 * that the CPU copies. What cannot be counted is said to be so.
 */
#ifndef BENCH_COUNT_H
#define BENCH_COUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "breakpoints.h"
#include "trace.h"

struct bench_job;

/**
 * struct bench_number - something counted, or not
 * @known: @value is there
 * @value: of one run
 */
struct bench_number {
	bool known;
	uint64_t value;
};

/**
 * struct bench_counts - what one run did
 * @syscalls: of the sending process
 * @pages_in: pages of the file added to the page cache
 * @pages_out: and removed from it
 * @copied: bytes copied on the sending host
 * @receiver_copied: bytes copied by our own receiver
 * @how: how copies were counted, or why not
 * @missing: why other numbers are unknown; may be empty
 */
struct bench_counts {
	struct bench_number syscalls;
	struct bench_number pages_in;
	struct bench_number pages_out;
	struct bench_number copied;
	struct bench_number receiver_copied;
	char how[384];
	char missing[192];
};

/**
 * struct bench_count - a counting pass under way
 * @trace: the tracing that was set up
 * @counts: what comes of it
 * @receiver: pid of our own receiver, or 0; known at the end
 * @calls: counts system calls, or -1
 * @pages: the file's pages are counted
 * @copies: copies are counted
 * @probes: bits of the copying functions that are probed
 * @breakpoints: at the copying functions that cannot be probed
 * @header: address of the header, for copies out of it
 * @header_bytes: its length
 */
struct bench_count {
	struct trace trace;
	struct bench_counts *counts;
	pid_t receiver;
	int calls;
	bool pages;
	bool copies;
	uint32_t probes;
	struct breakpoints breakpoints;
	uintptr_t header;
	size_t header_bytes;
};

/* Set up what can be; never fails, but says in @counts what will be missing. */
void bench_count_open(struct bench_count *count, struct bench_counts *counts,
		      const struct bench_job *job);

/* From here on everything counts. */
void bench_count_begin(struct bench_count *count);

/* The sender is done: what it does from here on are no calls of the method. */
void bench_count_sent(struct bench_count *count);

/* The run is over: read the numbers. @receiver: our own, or 0. */
void bench_count_end(struct bench_count *count, pid_t receiver);

/* Put everything back as it was. */
void bench_count_close(struct bench_count *count);

/* Nothing is counted, and this is why. */
void bench_count_nothing(struct bench_counts *counts, const char *why);

#endif /* BENCH_COUNT_H */
