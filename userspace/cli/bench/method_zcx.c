// SPDX-License-Identifier: GPL-2.0
/* One synchronous link per request: header and file. */
#include "zcx_request.h"
#include "zcx_sum.h"

static int send_request(struct bench_job *job)
{
	int ret = bench_zcx_request(job, job->state);

	return ret ? ret : bench_zcx_send(job, job->state);
}

const struct bench_method bench_zcx = {
	.name = "zcx",
	.device = true,
	.prepare = bench_zcx_prepare,
	.send = send_request,
	.release = bench_zcx_release,
};
