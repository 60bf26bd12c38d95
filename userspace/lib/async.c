// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Links that run by themselves: submitted, asked about, ended, read of. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "program.h"

/* Links in one ioctl: 16 KiB of stack, and a call's own cost is long spread. */
#define BATCH_LINKS	128

static const struct zcx_submit_options no_options;

/* Whether they ask for nothing that is not there, and for nothing that waits. */
static bool options_ok(const struct zcx_submit_options *options)
{
	return !(options->flags & ZCX_LINK_SYNC) && !options->reserved32 &&
	       !memcmp(options->reserved, no_options.reserved,
		       sizeof(no_options.reserved));
}

/**
 * zcx_link_init() - fill in what ZCX_IOC_LINK takes
 * @link: out: all of it; the members the device writes are 0
 * @sockfd: a connected stream socket
 * @program: what to send; must stay as it is until @link has been submitted,
 *	since @link points to its segments
 * @options: how; NULL: as fast as it goes, without limits of time. Its reserved
 *	members are not looked at
 *
 * For those who call the device themselves, by ioctl(2) or by io_uring, see
 * <zcx_uring.h>; zcx_submit() does both steps.
 */
void zcx_link_init(struct zcx_link *link, int sockfd,
		   const struct zcx_program *program,
		   const struct zcx_submit_options *options)
{
	if (!options)
		options = &no_options;
	memset(link, 0, sizeof(*link));
	link->size = sizeof(*link);
	link->flags = options->flags;
	link->socket_fd = sockfd;
	link->lane = program->lane;
	link->segments = (uintptr_t)program->segments;
	link->segment_count = program->count;
	link->segment_size = sizeof(*program->segments);
	link->user_data = options->user_data ? options->user_data :
					       program->user_data;
	link->deadline_ns = options->deadline_ns;
	link->idle_ns = options->idle_ns;
	link->rate = options->rate;
	link->direct_threshold = program->direct_threshold;
}

/**
 * zcx_submit() - send a program by a link that runs by itself
 * @fd: from zcx_open()
 * @sockfd: a connected stream socket; its descriptor may be closed at once, and
 *	so may those of the files
 * @program: what to send; may be changed, sent again or freed at once
 * @options: how; NULL: as fast as it goes, without limits of time
 * @id: out: the link's number within its context, from 1, for zcx_cancel() and
 *	the like; may be NULL
 *
 * Never waits for the socket; what it takes at once it has when this returns.
 * Exactly one event follows, see zcx_next_event(), also where the link has ended
 * before this returns.
 *
 * Return: 0: an event will come; or nothing was sent and none will come:
 * * -EINVAL - a reserved member of @options is not 0, its flags have
 *   ZCX_LINK_SYNC, or the program has no segments
 * * -EBUSY - the context has as many links as it may, those whose events have
 *   not been read included
 * * -EDQUOT - its user has, over all his contexts, as many links as he may, or
 *   files in them
 * * -EOPNOTSUPP, -ENOTCONN and others - see the errno table in <linux/zcx.h>
 */
int zcx_submit(int fd, int sockfd, const struct zcx_program *program,
	       const struct zcx_submit_options *options, uint64_t *id)
{
	struct zcx_link link;

	if (options && !options_ok(options))
		return -EINVAL;
	zcx_link_init(&link, sockfd, program, options);
	if (ioctl(fd, ZCX_IOC_LINK, &link) < 0)
		return -errno;
	if (id)
		*id = link.id;
	return 0;
}

/* Returns how many of @count can go to the device: those before a bad one. */
static uint32_t links_fill(struct zcx_link *links,
			   const struct zcx_order *orders, size_t count)
{
	uint32_t n;

	for (n = 0; n < count && options_ok(&orders[n].options); n++)
		zcx_link_init(&links[n], orders[n].sockfd, orders[n].program,
			      &orders[n].options);
	return n;
}

/* One ioctl. Returns how many were accepted; *@error says why not all of them. */
static uint32_t submit_batch(int fd, const struct zcx_order *orders,
			     size_t count, uint64_t *ids, int *error)
{
	struct zcx_link links[BATCH_LINKS];
	struct zcx_submit submit = {
		.size = sizeof(submit),
		.links = (uintptr_t)links,
		.link_count = links_fill(links, orders, count),
		.link_size = sizeof(links[0]),
	};
	uint32_t i;

	*error = submit.link_count < count ? EINVAL : 0;
	if (!submit.link_count)
		return 0;
	if (ioctl(fd, ZCX_IOC_SUBMIT, &submit) < 0) {
		*error = errno;
		return 0;
	}
	if (submit.submitted < submit.link_count)
		*error = submit.error ? submit.error : EPROTO;
	for (i = 0; ids && i < submit.submitted; i++)
		ids[i] = links[i].id;
	return submit.submitted;
}

/**
 * zcx_submit_many() - submit links, as zcx_submit() does, in fewer system calls
 * @fd: from zcx_open()
 * @orders: what zcx_submit() would be given, in order
 * @count: how many; any number
 * @ids: out: ids of those that were accepted, an array of @count; may be NULL
 * @error: out: errno (positive) that the order behind those accepted was refused
 *	with, 0 if all were accepted; may be NULL
 *
 * Ends at the first order that is refused: those before it run, those behind it
 * have not been looked at.
 *
 * Return: how many were accepted, from the first on, or, if none was,
 * * -EINVAL, -EBUSY and others - as from zcx_submit(), of the first order
 * * -E2BIG - @count is more than an int holds
 * * -ENOTTY - @fd is not a zcx context, or the module is older than this call
 */
int zcx_submit_many(int fd, const struct zcx_order *orders, size_t count,
		    uint64_t *ids, int *error)
{
	int refused = count > INT_MAX ? E2BIG : 0;
	size_t done = 0;

	while (done < count && !refused) {
		size_t most = count - done;

		done += submit_batch(fd, orders + done,
				     most < BATCH_LINKS ? most : BATCH_LINKS,
				     ids ? ids + done : NULL, &refused);
	}
	if (error)
		*error = refused;
	return refused && !done ? -refused : (int)done;
}

/**
 * zcx_read_events() - take the events of links that have ended
 * @fd: from zcx_open()
 * @events: out: an array of @count
 * @count: how many fit
 *
 * Waits for the first one, unless @fd is non-blocking (fcntl(2) with O_NONBLOCK);
 * takes what is there then. poll(2) says POLLIN when there is one. Several
 * threads may read; each event goes to one of them.
 *
 * Return: how many came, at least 1; or
 * * -EAGAIN - there is none, and @fd is non-blocking
 * * -EINTR - a signal came while there was none
 * * -EINVAL - @count is 0, or the module knows no events
 * * -EFAULT - @events points nowhere
 * * -EPROTO - the module does not hand out whole events
 */
int zcx_read_events(int fd, struct zcx_event *events, size_t count)
{
	const size_t most = INT_MAX / sizeof(*events);
	ssize_t n = read(fd, events,
			 (count < most ? count : most) * sizeof(*events));

	if (n < 0)
		return -errno;
	return n && n % sizeof(*events) == 0 ? (int)(n / sizeof(*events)) :
					       -EPROTO;
}

/**
 * zcx_next_event() - take one event
 * @fd: from zcx_open()
 * @event: out: how a link has ended
 *
 * Return: 0, or an errno of zcx_read_events().
 */
int zcx_next_event(int fd, struct zcx_event *event)
{
	int n = zcx_read_events(fd, event, 1);

	return n < 0 ? n : 0;
}

static int control(int fd, unsigned long request, uint64_t id)
{
	struct zcx_control control = { .size = sizeof(control), .id = id };

	return ioctl(fd, request, &control) < 0 ? -errno : 0;
}

/**
 * zcx_cancel() - end a link where it is
 * @fd: from zcx_open()
 * @id: from zcx_submit()
 *
 * Bytes that are in the socket already are not taken back. The link's event
 * comes all the same.
 *
 * Return: 0: it was this call that ended it, the event says ECANCELED; or
 * * -EALREADY - the link has ended by itself; its event says how
 * * -ENOENT - no such link in this context; or its event has been read
 */
int zcx_cancel(int fd, uint64_t id)
{
	return control(fd, ZCX_IOC_CANCEL, id);
}

/**
 * zcx_pause() - keep a link from sending until zcx_resume()
 * @fd: from zcx_open()
 * @id: from zcx_submit()
 *
 * What is in the socket already leaves. Links behind it on the same socket wait
 * too; its deadline goes on, its idle limit does not, except over AF_UNIX.
 *
 * Return: 0, also if it was paused already, or an errno of zcx_cancel().
 */
int zcx_pause(int fd, uint64_t id)
{
	return control(fd, ZCX_IOC_PAUSE, id);
}

/**
 * zcx_resume() - let a link go on after zcx_pause()
 * @fd: from zcx_open()
 * @id: from zcx_submit()
 *
 * Return: 0, also if it was not paused, or an errno of zcx_cancel().
 */
int zcx_resume(int fd, uint64_t id)
{
	return control(fd, ZCX_IOC_RESUME, id);
}

/**
 * zcx_query() - ask how a link is doing
 * @fd: from zcx_open()
 * @id: from zcx_submit()
 * @query: out: bytes sent and acknowledged, its state, and what it waits for
 *
 * Return: 0, also if the link has ended and its event has not been read; or
 * * -ENOENT - no such link in this context; or its event has been read
 */
int zcx_query(int fd, uint64_t id, struct zcx_query *query)
{
	memset(query, 0, sizeof(*query));
	query->size = sizeof(*query);
	query->id = id;
	return ioctl(fd, ZCX_IOC_QUERY, query) < 0 ? -errno : 0;
}
