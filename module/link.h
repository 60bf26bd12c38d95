/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_LINK_H
#define _ZCX_LINK_H

#include <linux/errno.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/sizes.h>
#include <linux/zcx.h>

#include "sglist.h"
#include "turn.h"

/*
 * Bytes in a batch that are worth sending before a disk is waited for. With
 * fewer, a header or a few small files, it is better to send what follows in
 * the same packets.
 */
#define ZCX_WORTH_SENDING	SZ_64K

struct task_struct;
struct zcx_async;
struct zcx_context;
struct zcx_program;
struct zcx_sink;

/**
 * struct zcx_live_link - a link from its submission to its end
 * @ref: see zcx.h, "Ownership"
 * @ctx: whose link it is; holds a reference
 * @node: in @ctx->links, while the link has not ended, then in @ctx->events
 *	until its event is read; @ctx->lock
 * @id: number within the context
 * @user_data: the submitter's own
 * @state: enum zcx_state; written by whoever runs the link, read by anybody
 * @error: positive errno that ended the link early, or 0; the runner's, as is
 *	all below
 * @program: the segments; owned
 * @sink: where they go; owned
 * @async: NULL: runs in the task that submitted it
 * @free: see struct zcx_link_parts
 * @batch_bytes: most bytes in a batch
 * @limit: most bytes in this batch
 * @entries: scatter-list entries that a batch may need
 * @files: files and sockets that its user is charged for, if it runs by itself
 * @whole: it ended with all of its bytes sent
 * @turn: its place among the links to the same socket
 * @waiter: the task that waits for its turn
 * @next: index of the range that is being gathered
 * @reached: highest index that @next has had
 * @head: index of the range that the first byte not sent is in
 * @head_sent: bytes sent of that range
 * @stop: -errno that gathering met: ends the link once what was gathered
 *	before it has gone
 * @is_short: gathering met an end of file it should not have
 * @missing: gathering came to bytes that are not at hand
 * @at_end: gathering came to the end of a file that it follows
 * @corked: the socket may hold back a tail, waiting for more
 * @parts_gone: what it holds has been given back
 * @sent: bytes the sink has taken, by enum zcx_tag
 * @copied: of these, moved by the CPU
 * @sgl: the batch on its way
 */
struct zcx_live_link {
	struct kref		ref;
	struct zcx_context	*ctx;
	struct list_head	node;
	u64			id;
	u64			user_data;
	u32			state;
	u32			error;

	struct zcx_program	*program;
	struct zcx_sink		*sink;
	struct zcx_async	*async;
	void (*free)(struct zcx_live_link *link);
	size_t			batch_bytes;
	size_t			limit;
	unsigned int		entries;
	unsigned int		files;
	bool			whole;
	struct zcx_turn		turn;
	struct task_struct	*waiter;
	unsigned int		next;
	unsigned int		reached;
	unsigned int		head;
	u64			head_sent;
	int			stop;
	bool			is_short;
	bool			missing;
	bool			at_end;
	bool			corked;
	bool			parts_gone;
	u64			sent[ZCX_NR_TAGS];
	u64			copied;
	struct zcx_sglist	sgl;
};

/**
 * struct zcx_link_parts - what a link is made of
 * @ctx: whose it is
 * @program: the segments
 * @sink: where they go
 * @async: NULL: it is run by the task that submits it
 * @user_data: the submitter's own
 * @batch_bytes: bytes to gather at a time
 * @entries: scatter-list entries that a batch may need
 * @free: called when all that the link holds has been given back, to free the
 *	memory of the link, its program and its sink
 */
struct zcx_link_parts {
	struct zcx_context	*ctx;
	struct zcx_program	*program;
	struct zcx_sink		*sink;
	struct zcx_async	*async;
	u64			user_data;
	size_t			batch_bytes;
	unsigned int		entries;
	void (*free)(struct zcx_live_link *link);
};

/* Would whoever was called have the call begin anew, or be left? */
static inline bool zcx_is_interrupted(ssize_t err)
{
	return err == -EINTR || err == -ERESTARTSYS || err == -ERESTARTNOINTR ||
	       err == -ERESTARTNOHAND;
}

int zcx_link_init(struct zcx_live_link *link,
		  const struct zcx_link_parts *parts, unsigned int max_links);
int zcx_link_reserve(struct zcx_live_link *link,
		     const struct zcx_link_parts *parts, unsigned int files,
		     unsigned int max_links);
void zcx_link_unreserve(struct zcx_live_link *link);
int zcx_link_run(struct zcx_live_link *link);
int zcx_link_go_on(struct zcx_live_link *link, struct zcx_turn *turn,
		   const u64 sent[ZCX_NR_TAGS], size_t frags);
u64 zcx_link_bytes_sent(const struct zcx_live_link *link);
void zcx_link_get(struct zcx_live_link *link);
void zcx_link_uncharge(struct zcx_live_link *link);
void zcx_link_put(struct zcx_live_link *link);

bool zcx_state_is_final(u32 state);
bool zcx_state_may_follow(u32 from, u32 to);

/* For step.c and async.c, which run links that run by themselves. */
void zcx_link_set_state(struct zcx_live_link *link, u32 state);
ssize_t zcx_link_push(struct zcx_live_link *link);
void zcx_link_rewind(struct zcx_live_link *link);
size_t zcx_link_whole_packets(const struct zcx_live_link *link, size_t bytes);
void zcx_link_uncork(struct zcx_live_link *link);
void zcx_link_finish(struct zcx_live_link *link, int err);
void zcx_link_leave_line(struct zcx_live_link *link);
void zcx_link_let_go(struct zcx_live_link *link);

/* And for completion.c, of links that end before they run. */
void zcx_link_enlist(struct zcx_live_link *link, struct list_head *list);
void zcx_link_end_at_once(struct zcx_live_link *link,
			  const struct zcx_link *result);
void zcx_link_publish_reserved(struct zcx_live_link *link);
void zcx_link_take_over(struct zcx_live_link *link, struct zcx_turn *turn,
			void (*called)(struct zcx_turn *turn),
			const u64 sent[ZCX_NR_TAGS], size_t frags);


#endif /* _ZCX_LINK_H */
