/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_MEMORY_H
#define _ZCX_MEMORY_H

#include <linux/spinlock.h>
#include <linux/types.h>

struct page;

/**
 * struct zcx_memory - a page that small pieces of memory are cut from
 * @lock: protects the rest; leaf, see zcx.h, "Lock order"
 * @page: the page, with a reference; NULL until it is needed
 * @used: bytes of it that have been given out
 *
 * A piece is written once, by whoever took it, before anybody else sees it.
 */
struct zcx_memory {
	spinlock_t lock;	/* leaf */
	struct page *page;
	unsigned int used;
};

void zcx_memory_init(struct zcx_memory *memory);
void zcx_memory_destroy(struct zcx_memory *memory);
struct page *zcx_memory_take(struct zcx_memory *memory, unsigned int bytes,
			     unsigned int *offset);

#endif /* _ZCX_MEMORY_H */
