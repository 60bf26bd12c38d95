/* SPDX-License-Identifier: GPL-2.0 */
/* What the methods share that send each request as a link of its own. */
#ifndef BENCH_ZCX_REQUEST_H
#define BENCH_ZCX_REQUEST_H

#include <errno.h>
#include <stdio.h>

#include "bench.h"

static inline int bench_zcx_prepare(struct bench_job *job)
{
	job->state = zcx_program_new();
	return job->state ? 0 : -ENOMEM;
}

/* Likewise, for methods that need a feature; @lack: what a module without has not. */
static inline int bench_zcx_prepare_for(struct bench_job *job, uint64_t feature,
					const char *lack)
{
	struct zcx_info info;
	int ret = zcx_get_info(job->device, &info);

	if (!ret && !(info.features & feature)) {
		snprintf(job->why, sizeof(job->why),
			 "the module is too old: %s", lack);
		return BENCH_CANNOT;
	}
	return ret ? ret : bench_zcx_prepare(job);
}

static inline int bench_zcx_prepare_async(struct bench_job *job)
{
	return bench_zcx_prepare_for(job, ZCX_FEATURE_ASYNC,
				     "no links that run by themselves");
}

static inline void bench_zcx_release(struct bench_job *job)
{
	zcx_program_free(job->state);
}

/* Header and file. The program is built for every request, as a server would. */
static inline int bench_zcx_request(struct bench_job *job,
				    struct zcx_program *program)
{
	int ret = 0;

	zcx_program_reset(program);
	if (job->header_bytes)
		ret = zcx_program_add_memory(program, job->header,
					     job->header_bytes);
	return ret ? ret :
	       zcx_program_add_file(program, job->file, 0, job->size);
}

#endif /* BENCH_ZCX_REQUEST_H */
