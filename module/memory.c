// SPDX-License-Identifier: GPL-2.0
/*
 * Small pieces of memory, cut from shared pages: a header of some hundred bytes
 * is not worth a page of its own. The idea is that of the page fragments which
 * tcp_sendmsg() copies into, see skb_page_frag_refill().
 */
#include <linux/mm.h>

#include "memory.h"

/**
 * zcx_memory_init() - a store that holds nothing yet
 * @memory: the store
 *
 * Context: any.
 */
void zcx_memory_init(struct zcx_memory *memory)
{
	spin_lock_init(&memory->lock);
	memory->page = NULL;
	memory->used = 0;
}

/**
 * zcx_memory_destroy() - let go of the page
 * @memory: the store
 *
 * Pieces that were taken live on until their references are dropped.
 *
 * Context: any; nobody uses the store any more.
 */
void zcx_memory_destroy(struct zcx_memory *memory)
{
	if (memory->page)
		put_page(memory->page);
}

/* A piece of the page at hand, or NULL if it has too little left. */
static struct page *zcx_memory_cut(struct zcx_memory *memory,
				   unsigned int bytes, unsigned int *offset)
{
	struct page *page;

	spin_lock(&memory->lock);
	page = memory->page;
	/* Nobody holds a piece of it any more, and nobody can but by us. */
	if (page && page_ref_count(page) == 1)
		memory->used = 0;
	if (page && bytes <= PAGE_SIZE - memory->used) {
		get_page(page);
		*offset = memory->used;
		memory->used += bytes;
	} else {
		page = NULL;
	}
	spin_unlock(&memory->lock);
	return page;
}

/* Of two pages, keep the one that has more left; drop the other. */
static void zcx_memory_offer(struct zcx_memory *memory, struct page *page,
			     unsigned int used)
{
	spin_lock(&memory->lock);
	if (!memory->page || used < memory->used) {
		swap(memory->page, page);
		memory->used = used;
	}
	spin_unlock(&memory->lock);
	if (page)
		put_page(page);
}

/**
 * zcx_memory_take() - a piece of memory
 * @memory: where to take it from
 * @bytes: how many, 1 to PAGE_SIZE
 * @offset: out: where it begins in the page
 *
 * Context: process context; may sleep.
 * Return: the page, with a reference of the caller's, or NULL if out of memory.
 */
struct page *zcx_memory_take(struct zcx_memory *memory, unsigned int bytes,
			     unsigned int *offset)
{
	struct page *page = zcx_memory_cut(memory, bytes, offset);

	if (page)
		return page;
	page = alloc_page(GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;
	*offset = 0;
	if (bytes < PAGE_SIZE) {
		get_page(page);
		zcx_memory_offer(memory, page, bytes);
	}
	return page;
}
