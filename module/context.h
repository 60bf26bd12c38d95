/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_CONTEXT_H
#define _ZCX_CONTEXT_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/spinlock.h>

#include "memory.h"
#include "stats.h"

/**
 * struct zcx_context - one open file of /dev/zcx
 * @ref: held by the open file and by each link
 * @lock: protects @links, @nr_links and @next_id
 * @links: links that have not ended
 * @nr_links: length of @links
 * @next_id: id of the next link, from 1
 * @memory: for memory segments
 * @stats: totals of all links of this context, ended or not
 */
struct zcx_context {
	struct kref		ref;
	spinlock_t		lock;	/* leaf; see zcx.h, "Lock order" */
	struct list_head	links;
	unsigned int		nr_links;
	u64			next_id;
	struct zcx_memory	memory;
	struct zcx_stats	stats;
};

struct zcx_context *zcx_context_create(void);
void zcx_context_get(struct zcx_context *ctx);
void zcx_context_put(struct zcx_context *ctx);

#endif /* _ZCX_CONTEXT_H */
