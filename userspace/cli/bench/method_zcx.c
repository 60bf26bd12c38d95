// SPDX-License-Identifier: GPL-2.0
/* One synchronous link per request: header and file. */
#include "zcx_request.h"
#include "zcx_sum.h"

/* Without a header, as a server that has called sendfile(2) up to now. */
static int send_file(struct bench_job *job)
{
	struct zcx_result result;
	int64_t at = 0;
	ssize_t n = 1;

	while ((uint64_t)at < job->size && (n > 0 || n == -EINTR)) {
		n = zcx_sendfile(job->device, job->sock, job->file, &at,
				 job->size - at, ZCX_LINK_NOSIGNAL, &result);
		bench_zcx_add_result(job, &result);
	}
	if (n < 0)
		return n;
	return (uint64_t)at < job->size ? -ENODATA : 0;
}

static int send_request(struct bench_job *job)
{
	int ret;

	if (!job->header_bytes)
		return send_file(job);
	ret = bench_zcx_request(job, job->state);
	return ret ? ret : bench_zcx_send(job, job->state);
}

const struct bench_method bench_zcx = {
	.name = "zcx",
	.device = true,
	.prepare = bench_zcx_prepare,
	.send = send_request,
	.release = bench_zcx_release,
};
