/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/zcx by its ioctls, and nothing between. */
#ifndef LINK_H
#define LINK_H

#include <linux/zcx.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "program.h"

/* A new context; fails the test if there is none. */
int zcx_open(void);

/* A new context, or -errno. For threads and children. */
int zcx_try_open(void);

/* The ioctl itself: 0 or -errno. */
int zcx_call(int context, unsigned long request, void *arg);

/* Fill @link in to send @program to @sock, synchronously. */
void link_prepare(struct zcx_link *link, int sock,
		  const struct program *program);

/* The same for one segment. */
void link_prepare_segment(struct zcx_link *link, int sock,
			  const struct zcx_segment *segment);

/* Send: 0 or -errno. */
int link_send(int context, struct zcx_link *link);

/*
 * Send all of @program, link after link, each with what the one before it left
 * over. Goes on after EAGAIN and EINTR. Returns the number of links, or -errno;
 * -EPROTO if a link's out members are wrong.
 */
int link_send_all(int context, int sock, const struct program *program);

/**
 * struct sender - a link that a thread of its own sends; SIGCHLD is blocked
 * @context: where
 * @link: prepared
 * @err: out: what the call returned
 * @sigpipe: out: the call raised SIGPIPE, which the thread blocks
 * @tid: out: the thread
 */
struct sender {
	int context;
	struct zcx_link link;
	int err;
	bool sigpipe;
	_Atomic pid_t tid;
	pthread_t thread;
};

/* Returns 0 once the thread is on its way into the call, or -errno. */
int sender_start(struct sender *sender);
void sender_join(struct sender *sender);

/* Wait until the call sleeps; false if it never does. */
bool sender_wait_asleep(struct sender *sender);

/* Was SIGPIPE raised while the calling thread blocked it? Takes it away. */
bool link_took_sigpipe(void);

/*
 * Result flags that nobody is asked to expect: how much of a file is cold, and so
 * whether any of it was to go by direct I/O, tests of something else do not know.
 */
#define LINK_MAY_SAY	((uint32_t)ZCX_RESULT_NO_DIRECT)

/* What is wrong with the out members of a link that came to an end, or NULL. */
const char *link_problem(const struct zcx_link *link);

/* What is wrong with them if all of @program was to be sent, or NULL. */
const char *link_problem_complete(const struct zcx_link *link,
				  const struct program *program,
				  unsigned int result_flags);

/* The number that the fdinfo of @context shows for @key, or -1. */
long long link_fdinfo(int context, const char *key);

#endif /* LINK_H */
