// SPDX-License-Identifier: GPL-2.0
/* Read past the page cache, write(2) to the socket. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "io.h"

/* Suits every disk and filesystem that is in use. */
#define ALIGNMENT	4096

struct state {
	int file;
	char *buffer;
};

static int prepare(struct bench_job *job)
{
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	job->state = state;
	state->buffer = aligned_alloc(ALIGNMENT, BENCH_PIECE);
	state->file = open(job->path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (state->file < 0) {
		snprintf(job->why, sizeof(job->why), "no O_DIRECT here: %s",
			 strerror(errno));
		return BENCH_CANNOT;
	}
	if (!state->buffer)
		return -ENOMEM;
	memset(state->buffer, 1, BENCH_PIECE);
	return 0;
}

static int send_request(struct bench_job *job)
{
	struct state *state = job->state;
	uint64_t at = 0, want;
	ssize_t n;
	int ret;

	while (at < job->size) {
		want = bench_min(BENCH_PIECE, job->size - at);
		/* Lengths are aligned too; the end of the file cuts it. */
		n = pread(state->file, state->buffer,
			  (want + ALIGNMENT - 1) & ~(ALIGNMENT - 1ULL), at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		want = bench_min(want, n);
		ret = bench_write_piece(job, at, state->buffer, want);
		if (ret)
			return ret;
		at += want;
	}
	return 0;
}

static void release(struct bench_job *job)
{
	struct state *state = job->state;

	if (!state)
		return;
	if (state->file >= 0)
		close(state->file);
	free(state->buffer);
	free(state);
}

const struct bench_method bench_odirect_write = {
	.name = "odirect_write",
	.prepare = prepare,
	.send = send_request,
	.release = release,
};
