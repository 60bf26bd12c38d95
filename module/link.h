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
 * @sgl: the batch on its way
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
	struct zcx_sglist	sgl;
	size_t			batch_bytes;
	unsigned int		next;
	bool			begun;
	u64			gathered;
	int			stop;
	bool			is_short;
	bool			corked;
	u64			sent[ZCX_NR_TAGS];
	u64			copied;
};

struct zcx_live_link *zcx_link_create(struct zcx_context *ctx,
				      struct zcx_program *program,
				      struct zcx_sink *sink, u64 user_data,
				      size_t batch_bytes,
				      unsigned int max_links);
int zcx_link_run(struct zcx_live_link *link);
u64 zcx_link_bytes_sent(const struct zcx_live_link *link);
void zcx_link_put(struct zcx_live_link *link);

bool zcx_state_is_final(u32 state);
bool zcx_state_may_follow(u32 from, u32 to);

#endif /* _ZCX_LINK_H */
