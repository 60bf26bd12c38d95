/* SPDX-License-Identifier: GPL-2.0 */
/* Links that run by themselves: submitted, watched, and their events. */
#ifndef ASYNC_H
#define ASYNC_H

#include <stdint.h>

#include "link.h"
#include "pairs.h"
#include "receiver.h"

/* Fill @link in to send @program to @sock by itself. */
void async_prepare(struct zcx_link *link, int sock,
		   const struct program *program);

/*
 * The same for @count segments of @program from @first on: several links whose
 * bytes are those of one program.
 */
void async_prepare_part(struct zcx_link *link, int sock,
			const struct program *program, unsigned int first,
			unsigned int count);

/* Submit; fails the test if the link is refused. Returns its id. */
uint64_t async_submit(int context, struct zcx_link *link);

/* async_prepare() and async_submit() in one. */
uint64_t async_send(int context, int sock, const struct program *program);

/*
 * Wait for the next event, at most @ms. 0, -ETIMEDOUT, -errno, or -EPROTO if it
 * is no whole record. For any thread.
 */
int async_try_event(int context, struct zcx_event *event, unsigned int ms);

/* The next event; fails the test if none comes. */
void async_event(int context, struct zcx_event *event);

/*
 * The event of link @id; those of others that come before it are kept for whoever
 * asks for them. Fails the test if it does not come.
 */
void async_event_of(int context, uint64_t id, struct zcx_event *event);

/* What is wrong with an event, whatever link it is of, or NULL. */
const char *async_problem(const struct zcx_event *event);

/* @event is of link @id, which ended so; its numbers fit each other. */
void async_assert(const struct zcx_event *event, uint64_t id, uint32_t state,
		  uint32_t error);

/* Link @id ends so. Returns the bytes sent. */
uint64_t async_ends(int context, uint64_t id, uint32_t state, uint32_t error);

/* Link @id ends, and all of @program has been sent. */
void async_sent(int context, uint64_t id, const struct program *program,
		uint32_t state, uint32_t result_flags);

/* No event is there, and no link. */
void async_quiet(int context);

/* Wait until @events are there, unread. */
void async_pending(int context, unsigned int events);

/* CANCEL, PAUSE, RESUME of a link: 0 or -errno. */
int async_control(int context, unsigned long request, uint64_t id);

/* QUERY: 0 or -errno. */
int async_query(int context, uint64_t id, struct zcx_query *query);

/* Wait until the link waits for @what; fails the test if it never does. */
void async_waits(int context, uint64_t id, uint32_t what);

/* The same for the socket, and no byte more has gone for a while. */
uint64_t async_stalls(int context, uint64_t id);

/*
 * Links of a warm file and of a cold one, of disks that are well, come through,
 * whatever others wait for.
 */
void async_others_go(int context);

/* Set zcx_info.max_links until the test is over. */
void async_limit(unsigned int links);

/**
 * struct stall - a link that is larger than the sockets on its way
 * @program: header, file, trailer
 * @file: of @program, in ext4
 * @pair: with small buffers
 * @receiver: of all that comes; held at first
 * @context: its own
 * @id: of the link, once stall_submit() was called
 */
struct stall {
	struct program *program;
	struct vfile file;
	struct pair pair;
	struct receiver receiver;
	int context;
	uint64_t id;
};

void stall_open(struct stall *stall, enum pair_kind kind);

/* Submit it, with @flags, and wait until the socket takes no more. */
void stall_submit(struct stall *stall, uint32_t flags);

/* Let the receiver read. */
void stall_go(struct stall *stall);

/* @bytes arrive, as @program has them; then the stream ends. */
void stall_arrives(struct stall *stall, uint64_t bytes);

/* Nobody holds the file; close what is open. */
void stall_close(struct stall *stall);

#endif /* ASYNC_H */
