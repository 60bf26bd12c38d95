// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Links that run by themselves: submit, events, control. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "program.h"

static const struct zcx_submit_options no_options;

static int options_check(const struct zcx_submit_options *options)
{
	if (options->reserved32 ||
	    memcmp(options->reserved, no_options.reserved,
		   sizeof(no_options.reserved)))
		return -EINVAL;
	return 0;
}

/**
 * zcx_link_init() - fill in the kernel's struct for a link
 * @link: what to fill in; for ioctl(2) or io_uring
 * @sockfd: a connected stream socket
 * @program: what to send; must stay as it is until @link has been submitted
 * @options: how; NULL: no limits, no flags
 *
 * Return: 0, or
 * * -EINVAL - a reserved member of @options is not 0
 */
int zcx_link_init(struct zcx_link *link, int sockfd,
		  const struct zcx_program *program,
		  const struct zcx_submit_options *options)
{
	int ret;

	if (!options)
		options = &no_options;
	ret = options_check(options);
	if (ret)
		return ret;
	*link = (struct zcx_link) {
		.size = sizeof(*link),
		.flags = options->flags,
		.socket_fd = sockfd,
		.lane = program->lane,
		.segments = (uintptr_t)program->segments,
		.segment_count = program->count,
		.segment_size = sizeof(*program->segments),
		.user_data = options->user_data ? options->user_data :
						  program->user_data,
		.deadline_ns = options->deadline_ns,
		.idle_ns = options->idle_ns,
		.rate = options->rate,
	};
	return 0;
}

/**
 * zcx_submit() - have a program sent while the caller does something else
 * @fd: from zcx_open()
 * @sockfd: a connected stream socket; may be closed at once
 * @program: what to send; may be changed or freed at once, and its files closed
 * @options: how; NULL: no limits, no flags
 * @id: out: the link's number, for zcx_cancel() and to know its event by; may be
 *	NULL
 *
 * What can be sent without waiting has been sent when this returns. One event
 * follows, whatever becomes of the link: see zcx_read_events().
 *
 * Return: 0: accepted, or
 * * -EINVAL - a reserved member or an unfit flag in @options
 * * -EBUSY - too many links that have not ended, or whose events were not read
 * * -EBADF, -ENOTCONN, -EOPNOTSUPP and others - see the errno table in
 *   <linux/zcx.h>; nothing was sent and no event follows
 */
int zcx_submit(int fd, int sockfd, const struct zcx_program *program,
	       const struct zcx_submit_options *options, uint64_t *id)
{
	struct zcx_link link;
	int ret = zcx_link_init(&link, sockfd, program, options);

	if (ret)
		return ret;
	if (ioctl(fd, ZCX_IOC_LINK, &link) < 0)
		return -errno;
	if (id)
		*id = link.id;
	return 0;
}

/**
 * zcx_submit_many() - submit several links by one system call
 * @fd: from zcx_open()
 * @orders: the links, in order
 * @count: how many; more than ZCX_MAX_SUBMIT take several calls
 * @ids: out: the numbers of those accepted; may be NULL
 * @error: out: -errno that the first one after those was refused with, 0 if none
 *	was; may be NULL
 *
 * Stops at the first one that is refused. For small files, the system calls cost
 * more than the bytes.
 *
 * Return: how many were accepted, or, if none was,
 * * -ENOMEM - out of memory
 * * the errno of the first one, see zcx_submit()
 */
int zcx_submit_many(int fd, const struct zcx_order *orders, size_t count,
		    uint64_t *ids, int *error)
{
	size_t room = count < ZCX_MAX_SUBMIT ? count : ZCX_MAX_SUBMIT;
	struct zcx_link *links = calloc(room ? room : 1, sizeof(*links));
	size_t done = 0, i;
	int ret = 0;

	if (!links)
		return -ENOMEM;
	while (!ret && done < count) {
		struct zcx_submit submit = {
			.size = sizeof(submit),
			.links = (uintptr_t)links,
			.link_size = sizeof(*links),
		};

		for (i = 0; i < room && done + i < count; i++) {
			const struct zcx_order *order = &orders[done + i];

			ret = zcx_link_init(&links[i], order->sockfd,
					    order->program, &order->options);
			if (ret)
				break;
		}
		submit.link_count = i;
		if (i && ioctl(fd, ZCX_IOC_SUBMIT, &submit) < 0)
			ret = -errno;
		else if (submit.error)
			ret = -(int)submit.error;
		for (i = 0; ids && i < submit.submitted; i++)
			ids[done + i] = links[i].id;
		done += submit.submitted;
	}
	free(links);
	if (error)
		*error = ret;
	return done ? (int)done : ret;
}

/**
 * zcx_read_events() - take events of links that have ended
 * @fd: from zcx_open()
 * @events: out
 * @count: most that fit there, at least 1
 *
 * Waits for the first one, unless @fd is O_NONBLOCK; poll(2) says POLLIN when
 * there is one.
 *
 * Return: how many, at least 1, or
 * * -EAGAIN - there is none, and @fd is non-blocking
 * * -EINTR - a signal came
 * * -EINVAL - @count is 0
 * * -EFAULT - @events points nowhere; nothing is lost
 */
int zcx_read_events(int fd, struct zcx_event *events, size_t count)
{
	ssize_t n = read(fd, events, count * sizeof(*events));

	return n < 0 ? -errno : (int)(n / (ssize_t)sizeof(*events));
}

/**
 * zcx_next_event() - take one event
 * @fd: from zcx_open()
 * @event: out
 *
 * Return: 0, or as zcx_read_events()
 */
int zcx_next_event(int fd, struct zcx_event *event)
{
	int n = zcx_read_events(fd, event, 1);

	return n < 0 ? n : 0;
}

static int control(int fd, unsigned long op, uint64_t id)
{
	struct zcx_control cmd = { .size = sizeof(cmd), .id = id };

	return ioctl(fd, op, &cmd) < 0 ? -errno : 0;
}

/**
 * zcx_cancel() - end a link where it is
 * @fd: from zcx_open()
 * @id: from zcx_submit()
 *
 * Return: 0: it ends because of this, and its event says ECANCELED, or
 * * -EALREADY - it has ended by itself; its event waits
 * * -ENOENT - no such link, or its event has been read
 */
int zcx_cancel(int fd, uint64_t id)
{
	return control(fd, ZCX_IOC_CANCEL, id);
}

/**
 * zcx_pause() - keep a link from sending
 * @fd: from zcx_open()
 * @id: from zcx_submit()
 *
 * Return: 0, or as zcx_cancel()
 */
int zcx_pause(int fd, uint64_t id)
{
	return control(fd, ZCX_IOC_PAUSE, id);
}

/**
 * zcx_resume() - let a paused link go on
 * @fd: from zcx_open()
 * @id: from zcx_submit()
 *
 * Return: 0, or as zcx_cancel()
 */
int zcx_resume(int fd, uint64_t id)
{
	return control(fd, ZCX_IOC_RESUME, id);
}

/**
 * zcx_query() - how a link is doing
 * @fd: from zcx_open()
 * @id: from zcx_submit()
 * @query: out
 *
 * Return: 0, or
 * * -ENOENT - no such link, or its event has been read
 */
int zcx_query(int fd, uint64_t id, struct zcx_query *query)
{
	*query = (struct zcx_query) { .size = sizeof(*query), .id = id };
	return ioctl(fd, ZCX_IOC_QUERY, query) < 0 ? -errno : 0;
}
