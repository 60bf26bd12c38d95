// SPDX-License-Identifier: GPL-2.0
/*
 * Map the file, send(MSG_ZEROCOPY) from the mapping. The pages are pinned until
 * the peer has them, so the mapping may go at once; but a server that reuses or
 * changes the file must wait for the kernel's completions, so that they are part
 * of the cost. What goes over loopback is copied after all, and reported so.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h>

#include "bench.h"
#include "io.h"

/* Sends, of which the kernel numbers each, and how many it has reported. */
struct state {
	uint32_t sent;
	uint32_t done;
};

static int prepare(struct bench_job *job)
{
	job->state = calloc(1, sizeof(struct state));
	return job->state ? 0 : -ENOMEM;
}

/* A new socket counts from 0. */
static int connected(struct bench_job *job)
{
	int one = 1;

	memset(job->state, 0, sizeof(struct state));
	if (setsockopt(job->sock, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		return -errno;
	return 0;
}

static int take_report(struct bench_job *job, struct msghdr *msg)
{
	struct state *state = job->state;
	struct cmsghdr *control;

	for (control = CMSG_FIRSTHDR(msg); control;
	     control = CMSG_NXTHDR(msg, control)) {
		struct sock_extended_err report;
		uint32_t count;

		memcpy(&report, CMSG_DATA(control), sizeof(report));
		if (report.ee_origin != SO_EE_ORIGIN_ZEROCOPY)
			return -EPROTO;
		if (report.ee_errno)
			return -(int)report.ee_errno;
		count = report.ee_data - report.ee_info + 1;
		state->done += count;
		job->completions += count;
		if (report.ee_code & SO_EE_CODE_ZEROCOPY_COPIED)
			job->completions_copied += count;
	}
	return 0;
}

/* Take what reports there are. */
static int reap(struct bench_job *job)
{
	char control[CMSG_SPACE(sizeof(struct sock_extended_err) +
				sizeof(struct sockaddr_in6))];
	int ret = 0;

	while (!ret) {
		struct msghdr msg = {
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};

		if (recvmsg(job->sock, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
			ret = take_report(job, &msg);
		else if (errno == EAGAIN)
			return 0;
		else if (errno != EINTR)
			ret = -errno;
	}
	return ret;
}

/* Wait for a report, and take it. */
static int reap_some(struct bench_job *job)
{
	struct pollfd wait = { .fd = job->sock };	/* POLLERR it is */
	int ret = poll(&wait, 1, BENCH_PATIENCE_SECONDS * 1000);

	if (ret < 0 && errno != EINTR)
		return -errno;
	return ret ? reap(job) : -ETIMEDOUT;
}

static int send_mapping(struct bench_job *job, const char *map)
{
	struct state *state = job->state;
	uint64_t at = 0;
	ssize_t n;

	while (at < job->size) {
		uint64_t piece = bench_min(BENCH_PIECE, job->size - at);
		int more = at + piece < job->size ? MSG_MORE : 0;
		int ret = 0;

		n = send(job->sock, map + at, piece,
			 MSG_ZEROCOPY | MSG_NOSIGNAL | more);
		if (n > 0) {
			state->sent++;
			at += n;
		} else if (errno == ENOBUFS && state->done != state->sent) {
			/* Reports that nobody has taken yet use up memory. */
			ret = reap_some(job);
		} else if (errno != EINTR) {
			ret = -errno;
		}
		if (ret)
			return ret;
	}
	return 0;
}

static int send_request(struct bench_job *job)
{
	int ret = bench_send_header(job);
	char *map;

	if (ret)
		return ret;
	map = mmap(NULL, job->size, PROT_READ, MAP_SHARED, job->file, 0);
	if (map == MAP_FAILED)
		return -errno;
	ret = send_mapping(job, map);
	munmap(map, job->size);
	return ret ? ret : reap(job);
}

static int flush(struct bench_job *job)
{
	struct state *state = job->state;
	int ret = 0;

	while (!ret && state->done != state->sent)
		ret = reap_some(job);
	return ret;
}

static void release(struct bench_job *job)
{
	free(job->state);
}

const struct bench_method bench_msg_zerocopy = {
	.name = "msg_zerocopy",
	.prepare = prepare,
	.connected = connected,
	.send = send_request,
	.flush = flush,
	.release = release,
};
