// SPDX-License-Identifier: GPL-2.0
/* One link per request that runs by itself, and its event read before the next. */
#include "zcx_request.h"
#include "zcx_sum.h"

static int send_request(struct bench_job *job)
{
	struct zcx_program *program = job->state;
	struct zcx_event event;
	int ret;

	ret = bench_zcx_request(job, program);
	if (!ret)
		ret = zcx_submit(job->device, job->sock, program, NULL, NULL);
	if (!ret)
		ret = zcx_next_event(job->device, &event);
	if (ret)
		return ret;
	job->zcx.calls += 2;
	return bench_zcx_add_event(job, &event);
}

const struct bench_method bench_zcx_async = {
	.name = "zcx_async",
	.device = true,
	.prepare = bench_zcx_prepare_async,
	.send = send_request,
	.release = bench_zcx_release,
};
