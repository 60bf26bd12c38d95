/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file of which reads end when a test says so, and direct reads of it. test->priv
 * is a struct direct_world.
 */
#ifndef _ZCX_TEST_DIRECT_FIXTURE_H
#define _ZCX_TEST_DIRECT_FIXTURE_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

#include "direct.h"
#include "folio_wait.h"

#define PLATTER_READS	256	/* that it remembers */
#define BATCH		SZ_64K	/* that direct_init() has read at a time */

/**
 * struct platter_read - a read that a platter was asked for
 * @iocb: whose it is, until it is done
 * @page: the first page of its memory
 * @pos: offset in the file
 * @length: bytes
 * @flags: of @iocb, as it came
 * @pieces: of its memory
 */
struct platter_read {
	struct kiocb *iocb;
	struct page *page;
	loff_t pos;
	size_t length;
	int flags;
	unsigned long pieces;
};

/**
 * struct platter - a file, and what it was asked for
 * @file: the file, with a reference until platter_close()
 * @lock: of @reads and @count
 * @reads: what was asked for, in order
 * @count: how often it was
 * @size: of the file; there is nothing to read behind it
 * @at_once: reads are done when they are submitted
 * @error: -errno that they return then instead; 0: none
 * @falls_back: it reads through the page cache, and says so
 * @inside: called in the middle of the submission; may be NULL
 * @direct: for @inside
 * @released: when the last reference has been dropped
 */
struct platter {
	struct file *file;
	spinlock_t lock;	/* of the next two */
	struct platter_read reads[PLATTER_READS];
	unsigned int count;
	loff_t size;
	bool at_once;
	int error;
	bool falls_back;
	void (*inside)(struct platter *platter);
	struct zcx_direct *direct;
	struct completion released;
};

/**
 * struct direct_world - what most tests need
 * @platter: a file, of no end
 * @pool: SOMEBODY's, without limits to speak of
 * @direct: of that file, pages aligned; NULL once it has been destroyed
 */
struct direct_world {
	struct platter *platter;
	struct zcx_pool *pool;
	struct zcx_direct *direct;
};

struct platter *make_platter(struct kunit *test);
void platter_end_with(struct platter *platter, unsigned int read, long result);
void platter_end(struct platter *platter, unsigned int read);
void platter_end_in_interrupt(struct platter *platter, unsigned int read);
void platter_end_all(struct platter *platter);
unsigned int platter_under_way(struct platter *platter);
bool platter_is_released(struct platter *platter);
void platter_close(struct kunit *test, struct platter *platter);

int direct_init(struct kunit *test);
void direct_exit(struct kunit *test);
void direct_destroy(struct direct_world *world);
void direct_run(struct direct_world *world, loff_t pos, loff_t stop);
ssize_t look_of(struct kunit *test, struct zcx_direct *direct, loff_t pos);
ssize_t look(struct kunit *test, loff_t pos);

/**
 * struct waiter - somebody who waits for a read
 * @wait: as what
 * @holds: calls of its hold
 * @wakes: calls of its woken
 * @woken: once for each of these
 */
struct waiter {
	struct zcx_folio_wait wait;
	unsigned int holds;
	unsigned int wakes;
	struct completion woken;
};

void waiter_init(struct waiter *waiter);
void expect_waiter(struct kunit *test, const struct waiter *waiter,
		   unsigned int holds, unsigned int wakes);

#endif /* _ZCX_TEST_DIRECT_FIXTURE_H */
