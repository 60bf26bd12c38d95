/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_CONTEXT_H
#define _ZCX_CONTEXT_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "buffers.h"
#include "memory.h"
#include "stats.h"
#include "user.h"

/* Lists of links by their id: they are numbered, so that is a good hash. */
#define ZCX_CONTEXT_IDS	256

/**
 * struct zcx_context - one open file of /dev/zcx
 * @ref: held by the open file and by each link
 * @lock: protects what follows, up to @by_id
 * @closed: the file has been closed
 * @links: links that have not ended
 * @events: links whose event has not been read, oldest first
 * @nr_links: length of @links and @events, and what is reserved, see
 *	zcx_link_reserve()
 * @nr_events: length of @events
 * @by_id: links that run by themselves, in both, by their id
 * @next_id: id of the next link, from 1; those in a list are given theirs under @lock,
 *	so that the list is in their order
 * @user: who opened it, with a reference
 * @number: of the context, to tell descriptors of one from those of several
 * @wait: those who wait for an event
 * @reading: one of them at a time takes events
 * @memory: for memory segments
 * @pool: buffers for direct I/O, with a reference
 * @stats: totals of all links of this context, ended or not
 */
struct zcx_context {
	struct kref		ref;
	spinlock_t		lock;	/* see zcx.h, "Lock order" */
	bool			closed;
	struct list_head	links;
	struct list_head	events;
	unsigned int		nr_links;
	unsigned int		nr_events;
	struct hlist_head	by_id[ZCX_CONTEXT_IDS];
	atomic64_t		next_id;
	struct zcx_user		*user;
	u64			number;
	wait_queue_head_t	wait;
	struct mutex		reading;	/* outermost; see zcx.h */
	struct zcx_memory	memory;
	struct zcx_pool		*pool;
	struct zcx_stats	stats;
};

/* The list that the link of that id is in. */
static inline struct hlist_head *zcx_context_ids(struct zcx_context *ctx,
						 u64 id)
{
	return &ctx->by_id[id % ZCX_CONTEXT_IDS];
}

/* May one more link begin? Links that begin meanwhile are not seen. */
static inline bool zcx_context_has_room(const struct zcx_context *ctx,
					unsigned int max_links)
{
	return READ_ONCE(ctx->nr_links) < max_links;
}

/* An id for a link, or for what is no link of any list. */
static inline u64 zcx_context_next_id(struct zcx_context *ctx)
{
	return atomic64_fetch_inc(&ctx->next_id);
}

struct zcx_context *zcx_context_create(void);
void zcx_context_get(struct zcx_context *ctx);
void zcx_context_put(struct zcx_context *ctx);

#endif /* _ZCX_CONTEXT_H */
