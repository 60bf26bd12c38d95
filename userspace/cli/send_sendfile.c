// SPDX-License-Identifier: GPL-2.0
/* Send by sendfile(2), to compare with: as a good server without zcx does it. */
#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "send.h"

/* What the kernel takes at a time, rounded down to pages. */
#define SENDFILE_MAX	0x7ffff000

/* Calls are shorter where a bar wants to move. */
#define SENDFILE_STEP	(4U << 20)

static void count(struct send_job *job, uint64_t bytes)
{
	job->total.calls++;
	job->total.bytes_sent += bytes;
	progress_update(&job->progress, job->total.bytes_sent);
}

static int send_text(struct send_job *job, const struct send_text *text,
		     bool more)
{
	size_t done = 0;
	ssize_t n;

	while (done < text->length) {
		n = send(job->sock, text->bytes + done, text->length - done,
			 MSG_NOSIGNAL | (more ? MSG_MORE : 0));
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		done += n;
		job->total.bytes_memory += n;
		count(job, n);
	}
	return 0;
}

static int send_range(struct send_job *job, const struct send_range *range)
{
	const uint64_t step = job->progress.shown ? SENDFILE_STEP : SENDFILE_MAX;
	off_t offset = range->offset;
	uint64_t left = range->length;
	ssize_t n;

	while (left) {
		n = sendfile(job->sock, range->fd, &offset,
			     left < step ? left : step);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (n == 0)
			return range->length == ZCX_TO_EOF ? 0 : -ENODATA;
		/* ZCX_TO_EOF does not become less. */
		if (left != ZCX_TO_EOF)
			left -= n;
		count(job, n);
	}
	return 0;
}

int send_by_sendfile(struct send_job *job)
{
	bool files = job->range_count, trailer = job->trailer.length;
	size_t i;
	int ret;

	ret = send_text(job, &job->header, files || trailer);
	for (i = 0; !ret && i < job->range_count; i++)
		ret = send_range(job, &job->ranges[i]);
	if (!ret)
		ret = send_text(job, &job->trailer, false);
	job->total.state = ret ? ZCX_STATE_FAILED : ZCX_STATE_SENT;
	return ret;
}
