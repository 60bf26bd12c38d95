// SPDX-License-Identifier: GPL-2.0
/* As method_zcx.c, with direct I/O for whatever is not in the page cache. */
#include "zcx_request.h"
#include "zcx_sum.h"

static int prepare(struct bench_job *job)
{
	return bench_zcx_prepare_for(job, ZCX_FEATURE_LANE_DIRECT,
				     "no direct I/O");
}

static int send_request(struct bench_job *job)
{
	int ret = bench_zcx_request(job, job->state);

	if (ret)
		return ret;
	zcx_program_set_lane(job->state, ZCX_LANE_DIRECT);
	return bench_zcx_send(job, job->state);
}

const struct bench_method bench_zcx_direct = {
	.name = "zcx_direct",
	.device = true,
	.prepare = prepare,
	.send = send_request,
	.release = bench_zcx_release,
};
