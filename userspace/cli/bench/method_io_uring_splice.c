// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring: splices from the file into a pipe and from the pipe into the
 * socket, each linked to the one before, several pairs at a time. A splice that
 * moves less than it was asked for breaks the chain there; what is left is
 * submitted anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "io.h"

#define PAIRS	8

enum direction { FILL = 1, DRAIN = 2 };

struct state {
	struct io_uring ring;
	bool ring_open;
	int pipe[2];
	int pipe_bytes;
	uint64_t filled;	/* bytes of the file that have entered the pipe */
	uint64_t drained;	/* and have left it */
};

static int prepare(struct bench_job *job)
{
	struct state *state = calloc(1, sizeof(*state));
	int ret;

	if (!state)
		return -ENOMEM;
	state->pipe[0] = -1;
	job->state = state;
	ret = io_uring_queue_init(2 * PAIRS + 1, &state->ring, 0);
	if (ret) {
		snprintf(job->why, sizeof(job->why),
			 "io_uring cannot be used: %s", strerror(-ret));
		return BENCH_CANNOT;
	}
	state->ring_open = true;
	state->pipe_bytes = bench_pipe(state->pipe);
	return state->pipe_bytes < 0 ? state->pipe_bytes : 0;
}

static struct io_uring_sqe *add_fill(struct bench_job *job, uint64_t at,
				     uint64_t length)
{
	struct state *state = job->state;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&state->ring);

	io_uring_prep_splice(sqe, job->file, at, state->pipe[1], -1, length, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	io_uring_sqe_set_data64(sqe, FILL);
	return sqe;
}

static struct io_uring_sqe *add_drain(struct bench_job *job, uint64_t length,
				      bool more)
{
	struct state *state = job->state;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&state->ring);

	io_uring_prep_splice(sqe, state->pipe[0], -1, job->sock, -1, length,
			     more ? SPLICE_F_MORE : 0);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	io_uring_sqe_set_data64(sqe, DRAIN);
	return sqe;
}

/* One chain, from where things stand. Returns how many splices it has. */
static unsigned int queue_chain(struct bench_job *job)
{
	struct state *state = job->state;
	struct io_uring_sqe *last = NULL;
	uint64_t at = state->filled, length;
	unsigned int count = 0, i;

	if (state->filled > state->drained) {
		last = add_drain(job, state->filled - state->drained,
				 state->filled < job->size);
		count++;
	}
	for (i = 0; i < PAIRS && at < job->size; i++) {
		length = bench_min(state->pipe_bytes, job->size - at);
		add_fill(job, at, length);
		at += length;
		last = add_drain(job, length, at < job->size);
		count += 2;
	}
	/* A link on the last one would lead into the next chain. */
	io_uring_sqe_set_flags(last, 0);
	return count;
}

static int take_result(struct state *state, uint64_t direction, int result)
{
	if (result == -ECANCELED || result == -EINTR)
		return 0;
	if (result < 0)
		return result;
	if (direction == FILL) {
		state->filled += result;
		return result ? 0 : -ENODATA;
	}
	state->drained += result;
	return result ? 0 : -EPIPE;
}

static int run_chain(struct bench_job *job)
{
	struct state *state = job->state;
	unsigned int count = queue_chain(job);
	int submitted, ret = 0;

	submitted = io_uring_submit_and_wait(&state->ring, count);
	if (submitted != (int)count)
		return submitted < 0 ? submitted : -EIO;
	while (count) {
		struct io_uring_cqe *cqe;
		int waited = io_uring_wait_cqe(&state->ring, &cqe), result;

		if (waited == -EINTR)
			continue;
		if (waited)
			return waited;
		result = take_result(state, io_uring_cqe_get_data64(cqe),
				     cqe->res);
		io_uring_cqe_seen(&state->ring, cqe);
		ret = ret ? ret : result;
		count--;
	}
	return ret;
}

static int send_request(struct bench_job *job)
{
	struct state *state = job->state;
	int ret = bench_send_header(job);

	state->filled = 0;
	state->drained = 0;
	while (!ret && state->drained < job->size)
		ret = run_chain(job);
	return ret;
}

static void release(struct bench_job *job)
{
	struct state *state = job->state;

	if (!state)
		return;
	if (state->ring_open)
		io_uring_queue_exit(&state->ring);
	if (state->pipe[0] >= 0) {
		close(state->pipe[0]);
		close(state->pipe[1]);
	}
	free(state);
}

const struct bench_method bench_io_uring_splice = {
	.name = "io_uring_splice",
	.prepare = prepare,
	.send = send_request,
	.release = release,
};
