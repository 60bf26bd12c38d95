// SPDX-License-Identifier: GPL-2.0
/* One synchronous link per request: header and file. */
#include <errno.h>

#include "zcx_sum.h"

static int prepare(struct bench_job *job)
{
	job->state = zcx_program_new();
	return job->state ? 0 : -ENOMEM;
}

/* The program is built for every request, as a server would. */
static int send_request(struct bench_job *job)
{
	struct zcx_program *program = job->state;
	int ret = 0;

	zcx_program_reset(program);
	if (job->header_bytes)
		ret = zcx_program_add_memory(program, job->header,
					     job->header_bytes);
	if (!ret)
		ret = zcx_program_add_file(program, job->file, 0, job->size);
	return ret ? ret : bench_zcx_send(job, program);
}

static void release(struct bench_job *job)
{
	zcx_program_free(job->state);
}

const struct bench_method bench_zcx = {
	.name = "zcx",
	.device = true,
	.prepare = prepare,
	.send = send_request,
	.release = release,
};
