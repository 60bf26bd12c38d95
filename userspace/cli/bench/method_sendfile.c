// SPDX-License-Identifier: GPL-2.0
/* sendfile(2), as a good server uses it. */
#include <errno.h>
#include <sys/sendfile.h>

#include "bench.h"
#include "io.h"

/* What the kernel takes at a time, rounded down to pages. */
#define SENDFILE_MAX	0x7ffff000

static int send_request(struct bench_job *job)
{
	int ret = bench_send_header(job);
	off_t at = 0;
	ssize_t n;

	while (!ret && (uint64_t)at < job->size) {
		n = sendfile(job->sock, job->file, &at,
			     bench_min(SENDFILE_MAX, job->size - at));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			ret = n ? -errno : -ENODATA;
	}
	return ret;
}

const struct bench_method bench_sendfile = {
	.name = "sendfile",
	.send = send_request,
};
