// SPDX-License-Identifier: GPL-2.0
/*
 * To wait for a folio without a thread: woken once, by the right folio and the
 * right bit, and never left behind.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "folio_wait.h"

/**
 * struct waiter - somebody who waits for a folio
 * @wait: what is tested
 * @holds: calls of its hold
 * @wakes: calls of its woken
 */
struct waiter {
	struct zcx_folio_wait wait;
	unsigned int holds;
	unsigned int wakes;
};

static void waiter_hold(struct zcx_folio_wait *wait)
{
	container_of(wait, struct waiter, wait)->holds++;
}

static void waiter_woken(struct zcx_folio_wait *wait)
{
	container_of(wait, struct waiter, wait)->wakes++;
}

static void waiter_init(struct waiter *waiter)
{
	memset(waiter, 0, sizeof(*waiter));
	zcx_folio_wait_init(&waiter->wait, waiter_hold, waiter_woken);
}

static void expect_waiter(struct kunit *test, const struct waiter *waiter,
			  unsigned int holds, unsigned int wakes)
{
	KUNIT_EXPECT_EQ(test, waiter->holds, holds);
	KUNIT_EXPECT_EQ(test, waiter->wakes, wakes);
	KUNIT_EXPECT_EQ(test, !waiter->wait.folio, holds == wakes);
}

static struct folio *make_folio(struct kunit *test)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, 0);

	KUNIT_ASSERT_NOT_NULL(test, folio);
	return folio;
}

static void folio_wait_is_woken_once(struct kunit *test)
{
	struct folio *folio = make_folio(test);
	struct waiter waiter;

	waiter_init(&waiter);
	expect_waiter(test, &waiter, 0, 0);
	folio_lock(folio);
	KUNIT_EXPECT_TRUE(test, zcx_folio_wait_start(&waiter.wait, folio));
	expect_waiter(test, &waiter, 1, 0);
	/* It needs none of its own: who has locked it has one. */
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 1);
	folio_unlock(folio);
	expect_waiter(test, &waiter, 1, 1);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 1);
	/* It has left the queue. */
	folio_lock(folio);
	folio_unlock(folio);
	expect_waiter(test, &waiter, 1, 1);
	folio_put(folio);
}

static void folio_wait_for_one_that_is_unlocked(struct kunit *test)
{
	struct folio *folio = make_folio(test);
	struct waiter waiter;

	waiter_init(&waiter);
	KUNIT_EXPECT_TRUE(test, zcx_folio_wait_start(&waiter.wait, folio));
	expect_waiter(test, &waiter, 1, 1);
	KUNIT_EXPECT_FALSE(test, folio_test_locked(folio));
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 1);
	folio_put(folio);
}

/* One at a time; to wait for the same one again is to wait once. */
static void folio_wait_busy_with_another(struct kunit *test)
{
	struct folio *folio = make_folio(test), *other = make_folio(test);
	struct waiter waiter;

	waiter_init(&waiter);
	folio_lock(folio);
	folio_lock(other);
	KUNIT_EXPECT_TRUE(test, zcx_folio_wait_start(&waiter.wait, folio));
	KUNIT_EXPECT_FALSE(test, zcx_folio_wait_start(&waiter.wait, other));
	KUNIT_EXPECT_TRUE(test, zcx_folio_wait_start(&waiter.wait, folio));
	folio_unlock(other);
	expect_waiter(test, &waiter, 1, 0);
	folio_unlock(folio);
	expect_waiter(test, &waiter, 1, 1);
	folio_put(folio);
	folio_put(other);
}

/* What woke it may be used for the next one. */
static void folio_wait_one_after_the_other(struct kunit *test)
{
	struct waiter waiter;
	unsigned int i;

	waiter_init(&waiter);
	for (i = 1; i < 10; i++) {
		struct folio *folio = make_folio(test);

		folio_lock(folio);
		KUNIT_EXPECT_TRUE(test,
				  zcx_folio_wait_start(&waiter.wait, folio));
		expect_waiter(test, &waiter, i, i - 1);
		folio_unlock(folio);
		expect_waiter(test, &waiter, i, i);
		KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 1);
		folio_put(folio);
	}
}

/* Several for one folio: all are woken by one unlock. */
static void folio_wait_several_for_one(struct kunit *test)
{
	struct folio *folio = make_folio(test);
	struct waiter waiters[5];
	unsigned int i;

	folio_lock(folio);
	for (i = 0; i < 5; i++) {
		waiter_init(&waiters[i]);
		KUNIT_EXPECT_TRUE(test, zcx_folio_wait_start(&waiters[i].wait,
							     folio));
	}
	folio_unlock(folio);
	for (i = 0; i < 5; i++)
		expect_waiter(test, &waiters[i], 1, 1);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 1);
	folio_put(folio);
}

/* Another bit of the same folio is not what it waits for. */
static void folio_wait_not_for_another_bit(struct kunit *test)
{
	struct folio *folio = make_folio(test);
	struct waiter waiter;

	waiter_init(&waiter);
	folio_lock(folio);
	KUNIT_EXPECT_TRUE(test, zcx_folio_wait_start(&waiter.wait, folio));
	folio_get(folio);
	folio_set_private_2(folio);
	folio_end_private_2(folio);
	expect_waiter(test, &waiter, 1, 0);
	folio_unlock(folio);
	expect_waiter(test, &waiter, 1, 1);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 1);
	folio_put(folio);
}

#define MANY	600	/* more than there are queues: some share one */

static void folio_wait_in_a_queue_of_many(struct kunit *test)
{
	struct waiter *waiters;
	struct folio **folios;
	unsigned int i, j, woken = 0;

	waiters = kunit_kcalloc(test, MANY, sizeof(*waiters), GFP_KERNEL);
	folios = kunit_kcalloc(test, MANY, sizeof(*folios), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, waiters);
	KUNIT_ASSERT_NOT_NULL(test, folios);
	for (i = 0; i < MANY; i++) {
		folios[i] = make_folio(test);
		folio_lock(folios[i]);
		waiter_init(&waiters[i]);
		KUNIT_EXPECT_TRUE(test, zcx_folio_wait_start(&waiters[i].wait,
							     folios[i]));
	}
	/* In no order that the queues have. */
	for (i = 0; i < MANY; i++) {
		unsigned int n = i * 7 % MANY;

		folio_unlock(folios[n]);
		expect_waiter(test, &waiters[n], 1, 1);
		for (j = 0, woken = 0; j < MANY; j++)
			woken += waiters[j].wakes;
		KUNIT_ASSERT_EQ(test, woken, i + 1);
	}
	for (i = 0; i < MANY; i++) {
		KUNIT_EXPECT_EQ(test, folio_ref_count(folios[i]), 1);
		folio_put(folios[i]);
	}
}

static struct kunit_case folio_wait_cases[] = {
	KUNIT_CASE(folio_wait_is_woken_once),
	KUNIT_CASE(folio_wait_for_one_that_is_unlocked),
	KUNIT_CASE(folio_wait_busy_with_another),
	KUNIT_CASE(folio_wait_one_after_the_other),
	KUNIT_CASE(folio_wait_several_for_one),
	KUNIT_CASE(folio_wait_not_for_another_bit),
	KUNIT_CASE(folio_wait_in_a_queue_of_many),
	{}
};

static struct kunit_suite folio_wait_suite = {
	.name		= "zcx-folio-wait",
	.test_cases	= folio_wait_cases,
};
kunit_test_suite(folio_wait_suite);
