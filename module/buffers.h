/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_BUFFERS_H
#define _ZCX_BUFFERS_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/types.h>

struct zcx_pool;
struct zcx_user;

/* Least bytes that direct I/O is worth doing with. */
#define ZCX_BUFFER_MIN	SZ_64K

/**
 * struct zcx_buffer - physically contiguous memory of a pool
 * @node: in its pool's list, while nobody has borrowed it
 * @page: its first page, of a compound page; one reference is the pool's
 * @bytes: how large it is
 */
struct zcx_buffer {
	struct list_head node;
	struct page *page;
	size_t bytes;
};

/**
 * struct zcx_borrower - somebody who borrows buffers
 * @ref: his
 * @pool: where from, with a reference
 * @resting: among those who have buffers and are in no hurry
 * @waiting: among those who were refused
 * @wake: there may be a buffer for him now; any context
 * @rob: he is to give back buffers that he rests upon; any context
 * @release: the last reference has been dropped; any context
 *
 * He is set up by zcx_borrower_init() and must be put last by
 * zcx_borrower_quit().
 */
struct zcx_borrower {
	struct kref ref;
	struct zcx_pool *pool;
	struct list_head resting;
	struct list_head waiting;
	void (*wake)(struct zcx_borrower *borrower);
	void (*rob)(struct zcx_borrower *borrower);
	void (*release)(struct kref *ref);
};

int zcx_buffers_init(void);
void zcx_buffers_exit(void);

struct zcx_pool *zcx_pool_create(struct zcx_user *user);
void zcx_pool_get(struct zcx_pool *pool);
void zcx_pool_put(struct zcx_pool *pool);

void zcx_borrower_init(struct zcx_borrower *borrower, struct zcx_pool *pool);
void zcx_borrower_quit(struct zcx_borrower *borrower);
void zcx_borrower_put(struct zcx_borrower *borrower);
void zcx_borrower_rest(struct zcx_borrower *borrower, bool resting);
void zcx_borrower_wait(struct zcx_borrower *borrower);

struct zcx_buffer *zcx_buffer_borrow(struct zcx_borrower *borrower,
				     size_t bytes);
void zcx_buffer_return(struct zcx_pool *pool, struct zcx_buffer *buffer);

#endif /* _ZCX_BUFFERS_H */
