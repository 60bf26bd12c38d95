// SPDX-License-Identifier: GPL-2.0
/* splice(2) from the file into a pipe, and from the pipe into the socket. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "io.h"

struct state {
	int pipe[2];
	int pipe_bytes;
};

static int prepare(struct bench_job *job)
{
	struct state *state = malloc(sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->pipe[0] = -1;
	state->pipe[1] = -1;
	job->state = state;
	state->pipe_bytes = bench_pipe(state->pipe);
	return state->pipe_bytes < 0 ? state->pipe_bytes : 0;
}

/* Empty the pipe of @length bytes. */
static int drain(struct bench_job *job, uint64_t length, bool more)
{
	struct state *state = job->state;
	ssize_t n;

	while (length) {
		n = splice(state->pipe[0], NULL, job->sock, NULL, length,
			   more ? SPLICE_F_MORE : 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EPIPE;
		length -= n;
	}
	return 0;
}

static int send_request(struct bench_job *job)
{
	struct state *state = job->state;
	int ret = bench_send_header(job);
	off_t at = 0;
	ssize_t n;

	while (!ret && (uint64_t)at < job->size) {
		n = splice(job->file, &at, state->pipe[1], NULL,
			   bench_min(state->pipe_bytes, job->size - at), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		ret = drain(job, n, (uint64_t)at < job->size);
	}
	return ret;
}

static void release(struct bench_job *job)
{
	struct state *state = job->state;

	if (state && state->pipe[0] >= 0) {
		close(state->pipe[0]);
		close(state->pipe[1]);
	}
	free(state);
}

const struct bench_method bench_splice = {
	.name = "splice",
	.prepare = prepare,
	.send = send_request,
	.release = release,
};
