// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>

#include "guest.h"
#include "link.h"
#include "vmtest.h"

int zcx_try_open(void)
{
	int fd = open(ZCX_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int zcx_open(void)
{
	int fd = zcx_try_open();

	if (fd < 0)
		fail_msg("%s: %s", ZCX_DEVICE, strerror(-fd));
	return fd;
}

int zcx_call(int context, unsigned long request, void *arg)
{
	return ioctl(context, request, arg) < 0 ? -errno : 0;
}

static void prepare(struct zcx_link *link, int sock,
		    const struct zcx_segment *segments, unsigned int count)
{
	*link = (struct zcx_link) {
		.size = sizeof(*link),
		.flags = ZCX_LINK_SYNC,
		.socket_fd = sock,
		.segments = (uintptr_t)segments,
		.segment_count = count,
		.segment_size = sizeof(*segments),
	};
}

void link_prepare(struct zcx_link *link, int sock,
		  const struct program *program)
{
	prepare(link, sock, program->segments, program->segment_count);
}

void link_prepare_segment(struct zcx_link *link, int sock,
			  const struct zcx_segment *segment)
{
	prepare(link, sock, segment, 1);
}

int link_send(int context, struct zcx_link *link)
{
	return zcx_call(context, ZCX_IOC_LINK, link);
}

/* One link of link_send_all(): bytes sent, or -errno. */
static int64_t send_some(int context, int sock, const struct program *program)
{
	struct pollfd pfd = { .fd = sock, .events = POLLOUT };
	struct zcx_link link;
	int err;

	link_prepare(&link, sock, program);
	err = link_send(context, &link);
	if (link_problem(&link))
		return link.id ? -EPROTO : err;
	if (err && err != -EAGAIN && err != -EINTR)
		return err;
	if (link.error && link.error != EAGAIN && link.error != EINTR)
		return -(int64_t)link.error;
	if (link.error == EAGAIN)
		poll(&pfd, 1, 100);
	return link.bytes_sent;
}

int link_send_all(int context, int sock, const struct program *program)
{
	struct program *rest = malloc(sizeof(*rest));
	uint64_t sent = 0;
	int64_t n = 0;
	int links;

	for (links = 0; rest && sent < program->bytes && n >= 0; links++) {
		program_rest(rest, program, sent);
		n = send_some(context, sock, rest);
		sent += n;
	}
	free(rest);
	return n < 0 ? n : links;
}

bool link_took_sigpipe(void)
{
	const struct timespec now = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	return sigtimedwait(&set, NULL, &now) == SIGPIPE;
}

static void *send_in_thread(void *arg)
{
	struct sender *sender = arg;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	/* system(3) blocks it elsewhere, and so would have it come here. */
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sender->tid = gettid();
	sender->err = link_send(sender->context, &sender->link);
	sender->sigpipe = link_took_sigpipe();
	return NULL;
}

int sender_start(struct sender *sender)
{
	int err;

	sender->tid = 0;
	err = pthread_create(&sender->thread, NULL, send_in_thread, sender);
	while (!err && !sender->tid)
		guest_sleep_ms(1);
	return -err;
}

void sender_join(struct sender *sender)
{
	pthread_join(sender->thread, NULL);
}

bool sender_wait_asleep(struct sender *sender)
{
	return guest_wait_asleep(getpid(), sender->tid);
}

const char *link_problem(const struct zcx_link *link)
{
	if (!link->id)
		return "the call wrote no result";
	if (link->bytes_memory + link->bytes_cache + link->bytes_splice +
	    link->bytes_direct != link->bytes_sent)
		return "the lanes' bytes do not add up to bytes_sent";
	if (link->bytes_copied > link->bytes_sent)
		return "more bytes copied than sent";
	if (link->state < ZCX_STATE_SENT || link->state > ZCX_STATE_FAILED)
		return "the state is not a final one";
	if ((link->state == ZCX_STATE_SENT || link->state == ZCX_STATE_SHORT) !=
	    !link->error)
		return "state and error do not fit";
	if (link->state == ZCX_STATE_CANCELLED && link->error != EINTR)
		return "cancelled, but not by a signal";
	if ((link->result_flags & ZCX_RESULT_KTLS) &&
	    link->bytes_copied != link->bytes_sent)
		return "encrypted bytes are not counted as copied";
	return NULL;
}

const char *link_problem_complete(const struct zcx_link *link,
				  const struct program *program,
				  unsigned int result_flags)
{
	const char *problem = link_problem(link);

	if (problem)
		return problem;
	if (link->error)
		return "the link ended by an error";
	if (link->state != (program->is_short ? ZCX_STATE_SHORT :
						ZCX_STATE_SENT))
		return "the state is neither SENT nor SHORT as it should be";
	if (link->bytes_sent != program->bytes)
		return "bytes_sent is not what the program has";
	if (link->bytes_memory != program->memory)
		return "bytes_memory is not what the program has";
	if (link->bytes_cache + link->bytes_direct != program->cache)
		return "bytes_cache and bytes_direct are not what the program has";
	if (link->bytes_splice != program->splice)
		return "bytes_splice is not what the program has";
	if ((link->result_flags & ~LINK_MAY_SAY) != result_flags)
		return "result_flags are wrong";
	if (!(result_flags & ZCX_RESULT_KTLS) && link->bytes_copied)
		return "bytes were copied that could go by reference";
	return NULL;
}

long long link_fdinfo(int context, const char *key)
{
	char path[64], text[2048];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", context);
	if (guest_read(path, text, sizeof(text)) < 0)
		return -1;
	return guest_value(text, key);
}
