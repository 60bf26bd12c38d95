// SPDX-License-Identifier: GPL-2.0
/* Links that run by themselves, many of them submitted by one system call. */
#include "io.h"
#include "zcx_request.h"
#include "zcx_sum.h"

#define AT_ONCE	64

static int take_events(struct bench_job *job, size_t count)
{
	struct zcx_event events[AT_ONCE];
	int n, i, ret = 0;

	while (!ret && count) {
		n = zcx_read_events(job->device, events, count);
		if (n < 0)
			return n;
		job->zcx.calls++;
		count -= n;
		for (i = 0; !ret && i < n; i++)
			ret = bench_zcx_add_event(job, &events[i]);
	}
	return ret;
}

static int send_run(struct bench_job *job)
{
	struct zcx_order orders[AT_ONCE] = { 0 };
	unsigned long left = job->requests;
	size_t count, i;
	int ret = 0, n;

	while (!ret && left) {
		ret = bench_zcx_request(job, job->state);
		if (ret)
			break;
		count = bench_min(left, AT_ONCE);
		for (i = 0; i < count; i++) {
			orders[i].sockfd = job->sock;
			orders[i].program = job->state;
		}
		n = zcx_submit_many(job->device, orders, count, NULL, &ret);
		if (n < 0)
			return n;
		job->zcx.calls++;
		left -= n;
		if (!ret)
			ret = take_events(job, n);
	}
	return ret;
}

const struct bench_method bench_zcx_submit = {
	.name = "zcx_submit",
	.device = true,
	.prepare = bench_zcx_prepare_async,
	.send_run = send_run,
	.release = bench_zcx_release,
};
