/* SPDX-License-Identifier: GPL-2.0 */
/* What the methods of zcx share. */
#ifndef BENCH_ZCX_SUM_H
#define BENCH_ZCX_SUM_H

#include "bench.h"

static inline void bench_zcx_add_result(struct bench_job *job,
					const struct zcx_result *result)
{
	job->zcx.bytes_sent += result->bytes_sent;
	job->zcx.bytes_memory += result->bytes_memory;
	job->zcx.bytes_cache += result->bytes_cache;
	job->zcx.bytes_splice += result->bytes_splice;
	job->zcx.bytes_direct += result->bytes_direct;
	job->zcx.bytes_copied += result->bytes_copied;
	job->zcx.result_flags |= result->result_flags;
	job->zcx.calls += result->calls;
}

/* Send a program and add its result to the run's. Returns 0 or -errno. */
static inline int bench_zcx_send(struct bench_job *job,
				 const struct zcx_program *program)
{
	struct zcx_result result;
	int ret = zcx_send_all(job->device, job->sock, program,
			       ZCX_LINK_NOSIGNAL, NULL, &result);

	bench_zcx_add_result(job, &result);
	return ret;
}

/* Add what an event says. Returns 0 or -errno: what the link ended with. */
static inline int bench_zcx_add_event(struct bench_job *job,
				      const struct zcx_event *event)
{
	job->zcx.bytes_sent += event->bytes_sent;
	job->zcx.bytes_memory += event->bytes_memory;
	job->zcx.bytes_cache += event->bytes_cache;
	job->zcx.bytes_splice += event->bytes_splice;
	job->zcx.bytes_direct += event->bytes_direct;
	job->zcx.bytes_copied += event->bytes_copied;
	job->zcx.result_flags |= event->result_flags;
	return -(int)event->error;
}

#endif /* BENCH_ZCX_SUM_H */
