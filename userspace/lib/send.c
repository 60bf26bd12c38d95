// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Sending a program: once as the device does it, or until all has gone. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "program.h"
#include "result.h"

/*
 * What one ioctl is to send: a window on a program. @cut: the last segment goes
 * on behind the window.
 */
struct window {
	struct zcx_segment segments[ZCX_MAX_SEGMENTS];
	uint32_t count;
	bool cut;
};

/* How far a program has been sent: so many bytes of its segment @index. */
struct position {
	uint32_t index;
	uint64_t done;
};

static inline int send_segments(int fd, int sockfd,
				const struct zcx_program *program,
				const struct zcx_segment *segments,
				uint32_t count, uint32_t flags,
				struct zcx_result *result)
{
	struct zcx_link link = {
		.size = sizeof(link),
		.flags = flags | ZCX_LINK_SYNC,
		.socket_fd = sockfd,
		.lane = program->lane,
		.segments = (uintptr_t)segments,
		.segment_count = count,
		.segment_size = sizeof(*segments),
		.user_data = program->user_data,
		.direct_threshold = program->direct_threshold,
	};
	int ret;

	ret = ioctl(fd, ZCX_IOC_LINK, &link) < 0 ? -errno : 0;
	result_from_link(result, &link);
	return ret;
}

/**
 * zcx_send() - send a program by one ioctl
 * @fd: from zcx_open()
 * @sockfd: a connected stream socket
 * @program: what to send; one without segments is refused
 * @flags: of ZCX_LINK_NOSIGNAL, ZCX_LINK_NOWAIT and ZCX_LINK_DROP_BEHIND those that
 *	are wanted
 * @result: out: what became of it; may be NULL
 *
 * Behaves as sendfile(2): sleeps while the socket is full, unless it is
 * non-blocking or has a time limit, and once a byte has been sent a partial
 * count is a success. Compare @result->bytes_sent or @result->state, or use
 * zcx_send_all().
 *
 * Return: 0: the link began and sent something, or all of nothing; or
 * * -EAGAIN, -EINTR, -EPIPE, -EIO and others - see the errno table in
 *   <linux/zcx.h>; nothing was sent
 */
int zcx_send(int fd, int sockfd, const struct zcx_program *program,
	     uint32_t flags, struct zcx_result *result)
{
	struct zcx_result unused;

	return send_segments(fd, sockfd, program, program->segments,
			     program->count, flags, result ? result : &unused);
}

/*
 * Bytes from @offset to the end of the file, as far as anybody can tell. Size 0
 * tells nothing, see procfs: only reading finds the end, hence ZCX_TO_EOF.
 */
static int bytes_to_end(int fd, uint64_t offset, __u64 *left)
{
	uint64_t size;
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	size = st.st_size;
	*left = size > offset ? size - offset : 0;
	if (!size)
		*left = ZCX_TO_EOF;
	return 0;
}

/*
 * What is left of a segment of which @done bytes have gone. Only a window's
 * last segment may be left to run to the end of its file: how much of a partial
 * count belongs to one in the middle could not be told if the file grew
 * meanwhile.
 */
static int segment_rest(const struct zcx_segment *segment, uint64_t done,
			struct zcx_segment *rest)
{
	*rest = *segment;
	if (segment->type == ZCX_SEGMENT_FILE)
		rest->offset += done;
	else
		rest->addr += done;

	if (segment->length == ZCX_TO_EOF)
		return bytes_to_end(segment->fd, rest->offset, &rest->length);
	rest->length -= done;
	return 0;
}

/* Would a window on all of it, with endless room, be the program itself? */
static bool program_is_window(const struct zcx_program *program)
{
	uint32_t i;

	/* What is followed by something needs a size; see segment_rest(). */
	for (i = 0; i + 1 < program->count; i++)
		if (program->segments[i].length == ZCX_TO_EOF)
			return false;
	return true;
}

/* As much of what is left from @at on as @room and one link hold. */
static int window_fill(struct window *window, const struct zcx_program *program,
		       const struct position *at, uint64_t room)
{
	uint64_t done = at->done;
	uint32_t i;
	int ret;

	window->count = 0;
	window->cut = false;
	for (i = at->index; i < program->count && room; i++, done = 0) {
		const struct zcx_segment *whole = &program->segments[i];
		struct zcx_segment *rest = &window->segments[window->count];

		ret = segment_rest(whole, done, rest);
		if (ret)
			return ret;
		window->count++;
		if (rest->length == ZCX_TO_EOF)
			break;
		window->cut = rest->length > room;
		if (window->cut)
			rest->length = room;
		room -= rest->length;
		/* Followed by nothing, it may take what the file has grown by. */
		if (whole->length == ZCX_TO_EOF && !window->cut &&
		    i == program->count - 1)
			rest->length = ZCX_TO_EOF;
	}
	return 0;
}

/*
 * Move on by what a window's link has sent. Ends at the first segment that is
 * not all sent, which is where the link ended if it ended early.
 */
static void position_advance(struct position *at, const struct window *window,
			     uint64_t sent, bool all)
{
	uint32_t i;

	for (i = 0; i < window->count; i++) {
		uint64_t length = window->segments[i].length;

		if (length == ZCX_TO_EOF && all)
			length = sent;
		if (sent < length) {
			at->done += sent;
			return;
		}
		if (window->cut && i == window->count - 1) {
			at->done += length;
			return;
		}
		sent -= length;
		at->index++;
		at->done = 0;
	}
}

/*
 * A range "to the end" that was given a size here, and whose file has become
 * shorter since, has been sent to its end.
 */
static bool position_skip_end(struct position *at,
			      const struct zcx_program *program)
{
	if (at->index >= program->count ||
	    program->segments[at->index].length != ZCX_TO_EOF)
		return false;
	at->index++;
	at->done = 0;
	return true;
}

static void result_add(struct zcx_result *sum, const struct zcx_result *one)
{
	sum->id = one->id;
	sum->bytes_sent += one->bytes_sent;
	sum->bytes_memory += one->bytes_memory;
	sum->bytes_cache += one->bytes_cache;
	sum->bytes_splice += one->bytes_splice;
	sum->bytes_direct += one->bytes_direct;
	sum->bytes_copied += one->bytes_copied;
	sum->state = one->state;
	sum->error = one->error;
	sum->result_flags |= one->result_flags;
	sum->calls += one->calls;
}

/*
 * An ioctl has returned @ret and @one. Returns 0 to go on from @at, or -errno to
 * stop. A module that reports neither an end nor an error would have us go round
 * for ever.
 */
static int window_sent(const struct window *window,
		       const struct zcx_program *program, int ret,
		       const struct zcx_result *one, struct position *at,
		       struct zcx_result *sum)
{
	if (ret)
		return ret == -EINTR ? 0 : ret;

	position_advance(at, window, one->bytes_sent,
			 one->state == ZCX_STATE_SENT);
	if (one->state == ZCX_STATE_SENT || one->error == EINTR)
		return 0;
	if (one->state != ZCX_STATE_SHORT)
		return one->error ? -(int)one->error : -EPROTO;
	if (!position_skip_end(at, program))
		return -ENODATA;
	sum->state = ZCX_STATE_SENT;
	return 0;
}

/* Whom to send what to, and how; see zcx_send_all(). */
struct job {
	int fd;
	int sockfd;
	const struct zcx_program *program;
	uint32_t flags;
	const struct zcx_send_options *options;
	struct zcx_result *sum;
};

/* Go on with a program, also behind an ioctl for all of it that returned @ret. */
static int send_on(const struct job *job, int ret)
{
	const struct zcx_send_options *options = job->options;
	uint64_t chunk = options->chunk ? options->chunk : UINT64_MAX;
	struct zcx_result one = *job->sum;
	struct position at = { 0 };
	struct window window;
	int stop = 0;

	for (;;) {
		bool first = one.calls;
		int err = window_fill(&window, job->program, &at, chunk);

		/* What the call said that has been made comes first. */
		if (err)
			return first && ret && ret != -EINTR ? ret : err;
		if (!first) {
			ret = send_segments(job->fd, job->sockfd, job->program,
					    window.segments, window.count,
					    job->flags, &one);
			result_add(job->sum, &one);
		}
		ret = window_sent(&window, job->program, ret, &one, &at,
				  job->sum);
		one.calls = 0;
		if (options->progress)
			stop = options->progress(job->sum,
						 options->progress_arg);
		if (ret || at.index >= job->program->count)
			return ret;
		if (stop)
			return -ECANCELED;
	}
}

/**
 * zcx_send_all() - send a program until all of it has gone
 * @fd: from zcx_open()
 * @sockfd: a connected stream socket
 * @program: what to send
 * @flags: of ZCX_LINK_NOSIGNAL, ZCX_LINK_NOWAIT and ZCX_LINK_DROP_BEHIND those that
 *	are wanted
 * @options: how; NULL: no progress, no bound on what one ioctl sends
 * @result: out: sums over all ioctls, also when it fails; may be NULL
 *
 * Goes on where a partial count or a signal has ended an ioctl. A range "to
 * the end" ends where its file ended when the ioctl began that sends it; the
 * program's last segment also takes what its file grows by while it is sent.
 * When this fails, the first @result->bytes_sent bytes of the program have
 * gone, in order, and nothing else.
 *
 * Return: 0: all sent, or
 * * -ENODATA - a file ended before its range did
 * * -ECANCELED - zcx_send_options.progress said so
 * * -EINVAL - a reserved member of @options is not 0
 * * -EPROTO - the module reports neither success nor an error
 * * -EAGAIN, -EPIPE, -EIO and others - see the errno table in <linux/zcx.h>
 */
int zcx_send_all(int fd, int sockfd, const struct zcx_program *program,
		 uint32_t flags, const struct zcx_send_options *options,
		 struct zcx_result *result)
{
	static const struct zcx_send_options none;
	struct zcx_result unused;
	struct job job;
	int ret = 0;

	if (!result)
		result = &unused;
	/* Mostly one call is all there is to do, and for small files it counts. */
	if (!options && program_is_window(program)) {
		ret = send_segments(fd, sockfd, program, program->segments,
				    program->count, flags, result);
		if (!ret && result->state == ZCX_STATE_SENT)
			return 0;
	} else {
		memset(result, 0, sizeof(*result));
	}
	if (!options)
		options = &none;
	if (memcmp(options->reserved, none.reserved, sizeof(none.reserved)))
		return -EINVAL;
	job = (struct job) {
		.fd = fd,
		.sockfd = sockfd,
		.program = program,
		.flags = flags,
		.options = options,
		.sum = result,
	};
	return send_on(&job, ret);
}
