/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_COMPLETION_H
#define _ZCX_COMPLETION_H

#include <linux/types.h>

struct zcx_context;
struct zcx_live_link;

void zcx_completion_post(struct zcx_live_link *link);
bool zcx_completion_pending(struct zcx_context *ctx);
ssize_t zcx_completion_read(struct zcx_context *ctx, char __user *buf,
			    size_t count, bool nonblock);
void zcx_completion_close(struct zcx_context *ctx);

#endif /* _ZCX_COMPLETION_H */
