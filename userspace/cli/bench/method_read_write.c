// SPDX-License-Identifier: GPL-2.0
/* The plain way: read(2) into a buffer, write(2) it to the socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "io.h"

#define BUFFER_BYTES	(128U << 10)

static int prepare(struct bench_job *job)
{
	job->state = malloc(BUFFER_BYTES);
	if (!job->state)
		return -ENOMEM;
	memset(job->state, 1, BUFFER_BYTES);
	return 0;
}

static int send_request(struct bench_job *job)
{
	uint64_t at = 0;
	ssize_t n;
	int ret;

	while (at < job->size) {
		n = pread(job->file, job->state,
			  bench_min(BUFFER_BYTES, job->size - at), at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		ret = bench_write_piece(job, at, job->state, n);
		if (ret)
			return ret;
		at += n;
	}
	return 0;
}

static void release(struct bench_job *job)
{
	free(job->state);
}

const struct bench_method bench_read_write = {
	.name = "read_write",
	.prepare = prepare,
	.send = send_request,
	.release = release,
};
