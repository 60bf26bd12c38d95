/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_COMPLETION_H
#define _ZCX_COMPLETION_H

#include <linux/types.h>

struct zcx_context;
struct zcx_live_link;
struct zcx_turn;

void zcx_completion_post(struct zcx_live_link *link);
u64 zcx_completion_post_at_once(struct zcx_live_link *link,
				struct zcx_turn *turn, bool whole);
bool zcx_completion_pending(struct zcx_context *ctx);
ssize_t zcx_completion_read(struct zcx_context *ctx, char __user *buf,
			    size_t count, bool nonblock);
void zcx_completion_close(struct zcx_context *ctx);

#endif /* _ZCX_COMPLETION_H */
