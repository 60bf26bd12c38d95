/* SPDX-License-Identifier: GPL-2.0 */
/* What `zcx send' sends, and the ways it knows to do it. */
#ifndef SEND_H
#define SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "progress.h"
#include "zcx.h"

/**
 * struct send_range - a range of an open file
 * @fd: the file
 * @name: as the user calls it
 * @offset: first byte
 * @length: bytes, or ZCX_TO_EOF where the file does not say how many it has
 */
struct send_range {
	int fd;
	const char *name;
	uint64_t offset;
	uint64_t length;
};

/**
 * struct send_text - a header or a trailer
 * @bytes: what it is
 * @length: how many
 */
struct send_text {
	char *bytes;
	size_t length;
};

/**
 * struct send_job - one run of `zcx send'
 * @device: a zcx context, or -1 for methods that need none
 * @sock: where to
 * @header: goes first
 * @ranges: then these
 * @range_count: how many
 * @trailer: goes last
 * @lane: enum zcx_lane
 * @direct_threshold: as in struct zcx_link
 * @expected: bytes that all of it has, as the files were when opened
 * @progress: told of every step
 * @total: out: what was sent
 */
struct send_job {
	int device;
	int sock;
	struct send_text header;
	struct send_range *ranges;
	size_t range_count;
	struct send_text trailer;
	uint32_t lane;
	uint64_t direct_threshold;
	uint64_t expected;
	struct progress progress;
	struct zcx_result total;
};

/**
 * struct send_method - a way to send
 * @name: for --method
 * @device: whether it needs /dev/zcx, and so tells what went by reference
 * @send: returns 0 or -errno, having counted in job->total
 */
struct send_method {
	const char *name;
	bool device;
	int (*send)(struct send_job *job);
};

/*
 * Fill @program with what comes next of a job; *@next is 0 at first. Returns 1 if
 * there is more, 0 if that was all, or -errno.
 */
int send_next_program(struct zcx_program *program, const struct send_job *job,
		      size_t *next);

int send_by_zcx(struct send_job *job);
int send_by_sendfile(struct send_job *job);

#endif /* SEND_H */
