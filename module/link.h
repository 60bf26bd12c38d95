/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_LINK_H
#define _ZCX_LINK_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/zcx.h>

#include "sglist.h"

struct zcx_context;
struct zcx_program;
struct zcx_sink;

/**
 * struct zcx_live_link - a link from its submission to its end
 * @ref: see zcx.h, "Ownership"
 * @ctx: whose link it is; holds a reference
 * @node: in @ctx->links, while the link has not ended; @ctx->lock
 * @id: number within the context
 * @user_data: the submitter's own
 * @state: enum zcx_state; written by the task that runs the link, read by
 *	anybody
 * @error: positive errno that ended the link early, or 0; the running task's,
 *	as is all below
 * @program: the segments; owned
 * @sink: where they go; owned
 * @free: see struct zcx_link_parts
 * @batch_bytes: most bytes in a batch
 * @next: index of the range that is being gathered
 * @begun: its lane's begin() has been called
 * @gathered: bytes appended of that range
 * @stop: -errno that gathering met: ends the link once what was gathered
 *	before it has gone
 * @is_short: gathering met an end of file it should not have
 * @corked: the socket may hold back a tail, waiting for more
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
	void (*free)(struct zcx_live_link *link);
	size_t			batch_bytes;
	unsigned int		next;
	bool			begun;
	u64			gathered;
	int			stop;
	bool			is_short;
	bool			corked;
	u64			sent[ZCX_NR_TAGS];
	u64			copied;
	struct zcx_sglist	sgl;
};

/**
 * struct zcx_link_parts - what a link is made of
 * @ctx: whose it is
 * @program: the segments
 * @sink: where they go
 * @user_data: the submitter's own
 * @batch_bytes: bytes to gather at a time
 * @free: called when all that the link holds has been given back, to free the
 *	memory of the link, its program and its sink
 */
struct zcx_link_parts {
	struct zcx_context	*ctx;
	struct zcx_program	*program;
	struct zcx_sink		*sink;
	u64			user_data;
	size_t			batch_bytes;
	void (*free)(struct zcx_live_link *link);
};

int zcx_link_init(struct zcx_live_link *link,
		  const struct zcx_link_parts *parts, unsigned int max_links);
int zcx_link_run(struct zcx_live_link *link);
u64 zcx_link_bytes_sent(const struct zcx_live_link *link);
void zcx_link_put(struct zcx_live_link *link);

bool zcx_state_is_final(u32 state);
bool zcx_state_may_follow(u32 from, u32 to);

#endif /* _ZCX_LINK_H */
