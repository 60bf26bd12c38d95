// SPDX-License-Identifier: GPL-2.0
/*
 * Links that run by themselves, with the real workers, timers and pools: those
 * whose bytes a disk has, and does not always give.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "async.h"
#include "async_fixture.h"
#include "completion.h"
#include "context.h"
#include "disk.h"
#include "fake.h"
#include "link.h"

static void async_fetches_in_the_pool(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = async_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.disk = async_disk(test);
	fake->at_hand = FROM;
	fake->fetch_most = 1;
	link = async_begin(test, fake, &order);
	async_ends(test, link, ZCX_STATE_SENT, 0, TOTAL);
	KUNIT_EXPECT_EQ(test, fake->fetch_calls, LENGTH);
	zcx_disk_put(order.disk);
	async_close_context(ctx);
}

/* The disk is asked once for bytes that it cannot read. */
static void async_fetch_error_ends_it(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = async_order(ctx);
	struct fake *fake = test->priv;
	loff_t at;

	order.disk = async_disk(test);
	for (at = 0; at < LENGTH; at += 13) {
		struct zcx_live_link *link;

		/* So that it does end, should it ask again and again. */
		order.limits.deadline = ktime_get_ns() + NSEC_PER_SEC;
		fake->at_hand = FROM + at;
		fake->fetch_result = -EIO;
		link = async_begin(test, fake, &order);
		soon(test, async_has_event(link));
		KUNIT_EXPECT_EQ(test, fake->fetch_calls, 1);
		async_ends(test, link, ZCX_STATE_FAILED, EIO, FAKE_HEAD + at);
		fake_reset(fake);
	}
	zcx_disk_put(order.disk);
	async_close_context(ctx);
}

/* A lane that only knows how to wait: all of it in the pool. */
static void async_blocks_in_the_pool(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = async_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;
	size_t n;

	order.disk = async_disk(test);
	fake->lane.fetch = NULL;
	fake->at_hand = 0;
	fake->take_most = 7;
	link = async_begin(test, fake, &order);
	for (n = 7; n < TOTAL; n += 7) {
		soon(test, async_waits_for(link, ZCX_WAIT_SOCKET) &&
				   READ_ONCE(fake->nr_got) == n);
		fake_expect_refs(test, fake);
		async_wake(fake);
	}
	async_ends(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_disk_put(order.disk);
	async_close_context(ctx);
}

/* A link whose bytes are there when page 1 is unlocked, and waits for that. */
static struct zcx_live_link *wait_for_folio(struct kunit *test,
					    const struct fake_order *order)
{
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	lock_page(fake->page + 1);
	fake->at_hand = PAGE_SIZE;
	fake->fetch_result = 1;
	link = async_begin(test, fake, order);
	soon(test, async_waits_for(link, ZCX_WAIT_DISK));
	KUNIT_EXPECT_EQ(test, fake->fetch_calls, 1);
	fake_expect_refs(test, fake);
	return link;
}

static void async_waits_for_a_folio(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = async_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.disk = async_disk(test);
	link = wait_for_folio(test, &order);
	/* Woken by something else: it asks again, and waits for the same. */
	zcx_async_kick(link);
	soon(test, READ_ONCE(fake->fetch_calls) == 2 &&
			   async_waits_for(link, ZCX_WAIT_DISK));
	fake->at_hand = LLONG_MAX;
	unlock_page(fake->page + 1);
	async_ends(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_disk_put(order.disk);
	async_close_context(ctx);
}

/* Its end does not wait for the folio; what is left of it does. */
static void async_folio_may_come_too_late(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = async_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.disk = async_disk(test);
	link = wait_for_folio(test, &order);
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), 0);
	soon(test, async_has_event(link));
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_CANCELLED);
	KUNIT_EXPECT_EQ(test, fake->destroys, 1);
	zcx_link_put(link);
	async_close_context(ctx);
	/* Nobody knows of it any more but the folio. */
	unlock_page(fake->page + 1);
	fake_expect_refs(test, fake);
	zcx_disk_put(order.disk);
}

/* A disk of which both workers are at work, and answer nothing. */
struct dead_disk {
	struct zcx_disk *disk;
	struct completion answers;
	struct zcx_disk_job jobs[2];
};

static struct completion *dead_answers;

static void dead_run(struct zcx_disk_job *job)
{
	wait_for_completion(dead_answers);
}

static void kill_disk(struct kunit *test, struct dead_disk *dead)
{
	unsigned int i;

	dead->disk = async_disk(test);
	init_completion(&dead->answers);
	dead_answers = &dead->answers;
	for (i = 0; i < 2; i++) {
		zcx_disk_job_init(&dead->jobs[i], dead_run);
		zcx_disk_queue(dead->disk, &dead->jobs[i]);
	}
}

static void revive_disk(struct dead_disk *dead)
{
	complete_all(&dead->answers);
	zcx_disk_flush();
	zcx_disk_put(dead->disk);
}

/* In the queue of a dead disk: a cancel has it end all the same. */
static void async_cancel_in_a_queue(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = async_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;
	struct dead_disk dead;

	kill_disk(test, &dead);
	order.disk = dead.disk;
	fake->at_hand = FROM;
	link = async_begin(test, fake, &order);
	msleep(A_WHILE);
	KUNIT_EXPECT_FALSE(test, zcx_completion_pending(ctx));
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), 0);
	soon(test, async_has_event(link));
	KUNIT_EXPECT_EQ(test, fake->fetch_calls, 0);
	async_ends(test, link, ZCX_STATE_CANCELLED, ECANCELED, 0);
	revive_disk(&dead);
	async_close_context(ctx);
}

/* A deadline does not stand in line either. */
static void async_deadline_in_a_queue(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = async_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;
	struct dead_disk dead;

	kill_disk(test, &dead);
	order.disk = dead.disk;
	order.limits.deadline = ktime_get_ns() + 20 * NSEC_PER_MSEC;
	fake->at_hand = FROM;
	link = async_begin(test, fake, &order);
	async_ends(test, link, ZCX_STATE_FAILED, ETIMEDOUT, 0);
	KUNIT_EXPECT_EQ(test, fake->fetch_calls, 0);
	revive_disk(&dead);
	async_close_context(ctx);
}

/* In the hands of a disk: it ends when that answers. */
static void async_cancel_while_a_disk_has_it(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = async_order(ctx);
	DECLARE_COMPLETION_ONSTACK(gate);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.disk = async_disk(test);
	fake->at_hand = FROM;
	fake->fetch_gate = &gate;
	link = async_begin(test, fake, &order);
	soon(test, READ_ONCE(fake->fetch_calls) == 1);
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), 0);
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), -EALREADY);
	msleep(A_WHILE);
	KUNIT_EXPECT_FALSE(test, async_has_event(link));
	complete(&gate);
	async_ends(test, link, ZCX_STATE_CANCELLED, ECANCELED, 0);
	zcx_disk_flush();
	zcx_disk_put(order.disk);
	async_close_context(ctx);
}

static void async_dead_disk_holds_up_no_other(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = async_order(ctx);
	struct fake *fake = test->priv, *twin = fake_twin(test, fake);
	struct zcx_live_link *link, *other;
	struct dead_disk dead;

	kill_disk(test, &dead);
	order.disk = dead.disk;
	fake->at_hand = FROM;
	link = async_begin(test, fake, &order);
	order.disk = async_disk(test);
	twin->at_hand = FROM;
	other = async_begin(test, twin, &order);
	async_ends_of(test, twin, other, ZCX_STATE_SENT, 0, TOTAL);
	KUNIT_EXPECT_EQ(test, fake->fetch_calls, 0);
	revive_disk(&dead);
	async_ends(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_disk_put(order.disk);
	async_close_context(ctx);
}

static struct kunit_case async_disk_cases[] = {
	KUNIT_CASE(async_fetches_in_the_pool),
	KUNIT_CASE(async_fetch_error_ends_it),
	KUNIT_CASE(async_blocks_in_the_pool),
	KUNIT_CASE(async_waits_for_a_folio),
	KUNIT_CASE(async_folio_may_come_too_late),
	KUNIT_CASE(async_cancel_in_a_queue),
	KUNIT_CASE(async_deadline_in_a_queue),
	KUNIT_CASE(async_cancel_while_a_disk_has_it),
	KUNIT_CASE(async_dead_disk_holds_up_no_other),
	{}
};

static struct kunit_suite async_disk_suite = {
	.name		= "zcx-async-disk",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= async_disk_cases,
};
kunit_test_suite(async_disk_suite);
