/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What `zcx bench' measures: cells. A cell is one way of sending one file, run
 * several times, each time over a new connection.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count.h"
#include "zcx.h"

#define BENCH_MAX_HEADER	(64U << 10)
#define BENCH_MAX_METHODS	16
#define BENCH_MAX_LAPS		3

/* A socket that takes nothing for so long makes the cell an error. */
#define BENCH_PATIENCE_SECONDS	20

struct bench_method;
struct bench_policy;
struct bench_receiver;
struct bench_soaker;

/**
 * struct bench_options - what was typed
 * @file: what is sent
 * @to: HOST:PORT of a receiver, or NULL for one of our own
 * @policy: how our own receiver is scheduled
 * @serve: [HOST:]PORT to be a receiver at, or NULL
 * @floor: file that the method tcp_alone sends, or NULL for one of our own
 * @methods: to be measured, in this order
 * @method_count: how many
 * @size: bytes of the file; 0: all
 * @header_bytes: of memory in front of every file
 * @runs: measured runs of each method
 * @requests: of each run; 0: as many as make sense
 * @cold: nothing of the file is in the page cache when a run begins
 * @insn: clocks count instructions
 * @soak: idle time is what a child of the lowest priority could run
 * @counts: make the counting pass
 * @json: print records instead of a table
 * @verbose: say what is going on
 */
struct bench_options {
	const char *file;
	const char *to;
	const struct bench_policy *policy;
	const char *serve;
	const char *floor;
	const struct bench_method *methods[BENCH_MAX_METHODS];
	size_t method_count;
	uint64_t size;
	uint64_t header_bytes;
	unsigned long runs;
	unsigned long requests;
	bool cold;
	bool insn;
	bool soak;
	bool counts;
	bool json;
	bool verbose;
};

/*
 * Whether one request goes after the other: the next is sent when the peer has all
 * of the last one.
 */
static inline bool bench_exchanges(const struct bench_options *options)
{
	return options->soak && options->to;
}

/**
 * struct bench_job - what the methods work on
 * @path: the file's name
 * @file: the file, open for reading
 * @size: bytes of it that one request sends
 * @header: goes in front
 * @header_bytes: how many; may be 0
 * @requests: of one lap
 * @laps: of one run; clocks stand still between them
 * @sock: a connected TCP socket, another one for each run
 * @device: a zcx context, or -errno
 * @floor: for tcp_alone: a file to send again and again, or -1
 * @floor_bytes: how much of it
 * @state: the method's own, from prepare() to release()
 * @zcx: out, methods of zcx: sums over one lap
 * @completions: out, msg_zerocopy: sends that the kernel has reported as done
 * @completions_copied: out: of these, whose bytes were copied after all
 * @why: out: why prepare() returned BENCH_CANNOT
 */
struct bench_job {
	const char *path;
	int file;
	uint64_t size;
	const char *header;
	size_t header_bytes;
	unsigned long requests;
	unsigned long laps;
	int sock;
	int device;
	int floor;
	uint64_t floor_bytes;
	void *state;
	struct zcx_result zcx;
	uint64_t completions;
	uint64_t completions_copied;
	char why[128];
};

/* Bytes of one lap, headers included. */
static inline uint64_t bench_lap_bytes(const struct bench_job *job)
{
	return job->requests * (job->size + job->header_bytes);
}

/* From prepare(): the method cannot run here, which is no error. */
#define BENCH_CANNOT	1

/**
 * struct bench_method - a way to send
 * @name: for --method and in the records
 * @device: needs /dev/zcx, and sums up in bench_job.zcx
 * @prepare: before the first run: allocate and touch what every run needs.
 *	Returns 0, BENCH_CANNOT or -errno; release() follows in any case. May be
 *	NULL
 * @connected: before every run, with a new socket. Returns 0 or -errno. May be
 *	NULL
 * @send: send one request: header and file. Returns 0 or -errno
 * @send_run: instead of @send: all bytes of a lap. Where there are both, it is
 *	left out if one request goes after the other
 * @flush: after the last request of a lap: wait for what must be over before
 *	the lap is. May be NULL
 * @release: after the last run. May be NULL
 */
struct bench_method {
	const char *name;
	bool device;
	int (*prepare)(struct bench_job *job);
	int (*connected)(struct bench_job *job);
	int (*send)(struct bench_job *job);
	int (*send_run)(struct bench_job *job);
	int (*flush)(struct bench_job *job);
	void (*release)(struct bench_job *job);
};

extern const struct bench_method bench_read_write, bench_mmap_write,
	bench_sendfile, bench_splice, bench_msg_zerocopy, bench_io_uring_splice,
	bench_odirect_write, bench_zcx, bench_zcx_async, bench_zcx_submit,
	bench_zcx_direct, bench_tcp_alone;

extern const struct bench_method *const bench_methods[];
extern const size_t bench_method_count;

enum bench_outcome { BENCH_DONE, BENCH_SKIPPED, BENCH_FAILED };

/**
 * struct bench_run - one measured run
 * @total_ns: of the whole machine
 * @sender_ns: of this process and its threads
 * @switches: of this process and its threads
 */
struct bench_run {
	uint64_t total_ns;
	uint64_t sender_ns;
	uint64_t switches;
};

/**
 * struct bench_cell - what became of one cell
 * @method: the way of sending
 * @outcome: whether the rest is there
 * @why: skipped or failed
 * @runs: as many as were asked for
 * @busy: idle time is not in their totals
 * @counts: of the counting pass
 * @zcx: sums over the last measured lap, for methods of zcx
 * @completions: of the last measured lap, for msg_zerocopy
 * @completions_copied: likewise
 */
struct bench_cell {
	const struct bench_method *method;
	enum bench_outcome outcome;
	char why[256];
	struct bench_run *runs;
	bool busy;
	struct bench_counts counts;
	struct zcx_result zcx;
	uint64_t completions;
	uint64_t completions_copied;
};

/*
 * Measure one cell: fills @cell, whose method is set and whose runs have room.
 * @receiver is NULL with --to, @soaker without --soak.
 */
void bench_cell_run(const struct bench_options *options, struct bench_job *job,
		    struct bench_receiver *receiver,
		    const struct bench_soaker *soaker, struct bench_cell *cell);

/* The floor that tcp_alone sends. Returns 0 or -errno. */
int bench_floor_open(struct bench_job *job, const char *path);

#endif /* BENCH_H */
