/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Users, their pools, and those who borrow from them.
 */
#ifndef _ZCX_TEST_BUFFERS_FIXTURE_H
#define _ZCX_TEST_BUFFERS_FIXTURE_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

#include "buffers.h"

/* Nobody has these uids while the suites run. */
#define SOMEBODY	3000000001U
#define ANOTHER		3000000002U

#define PATIENCE	(60 * HZ)	/* for what must happen */
#define A_WHILE		200		/* ms, for what must not; some ticks */

#define DEBTOR_MOST	32	/* buffers that he may have */

/**
 * struct debtor - a borrower that remembers what was done to him
 * @borrower: that
 * @lock: of what he has
 * @has: buffers that he has and has not sent
 * @count: how many
 * @robs: how often he has been robbed
 * @wakes: how often he was woken
 * @stamp: number of the last time, among those of all debtors
 * @waker: who did it
 * @woken: once for each time
 * @gone: when nobody refers to him any more
 */
struct debtor {
	struct zcx_borrower borrower;
	spinlock_t lock;	/* of the next two */
	struct zcx_buffer *has[DEBTOR_MOST];
	unsigned int count;
	unsigned int robs;
	unsigned int wakes;
	int stamp;
	struct task_struct *waker;
	struct completion woken;
	struct completion gone;
};

void limit_buffers(struct kunit *test, const char *limit, unsigned long bytes);
struct zcx_pool *make_pool(struct kunit *test, u32 uid);
size_t bytes_of(struct kunit *test, u32 uid);
struct debtor *make_debtor(struct kunit *test, struct zcx_pool *pool);
void keep(struct debtor *debtor, struct zcx_buffer *buffer);
struct zcx_buffer *borrow(struct debtor *debtor, size_t bytes);
struct zcx_buffer *must_borrow(struct kunit *test, struct debtor *debtor,
			       size_t bytes);
void give_back(struct debtor *debtor, struct zcx_buffer *buffer);
void give_all_back(struct debtor *debtor);
void quit(struct kunit *test, struct debtor *debtor);
void expect_no_buffers_left(struct kunit *test);

#endif /* _ZCX_TEST_BUFFERS_FIXTURE_H */
