// SPDX-License-Identifier: GPL-2.0
/*
 * Links that run by themselves, with the real workers, timers and pools around a
 * fake lane and a fake sink: whatever wakes, pauses and cancels them, and all at
 * once, each ends once, with exactly the bytes that it says.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "async.h"
#include "completion.h"
#include "context.h"
#include "disk.h"
#include "fake.h"
#include "link.h"
#include "pace.h"
#include "program.h"

#define PATIENCE	(30 * HZ)	/* for what must happen */
#define A_WHILE		30		/* ms, for what must not */

/* A range that crosses from one folio into the next. */
#define FROM	(PAGE_SIZE - 21)
#define LENGTH	40

#define TOTAL	(FAKE_HEAD + LENGTH + FAKE_TAIL)

static struct zcx_context *make_context(struct kunit *test)
{
	struct zcx_context *ctx = zcx_context_create();

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	return ctx;
}

/* As when the descriptor is closed. */
static void close_context(struct zcx_context *ctx)
{
	zcx_completion_close(ctx);
	zcx_async_cancel_all(ctx, NULL);
	zcx_context_put(ctx);
}

static struct zcx_disk *make_disk(struct kunit *test)
{
	struct zcx_disk *disk =
		zcx_disk_get(fake_file(test, &noop_backing_dev_info));

	KUNIT_ASSERT_NOT_NULL(test, disk);
	return disk;
}

static struct fake_order plain_order(struct zcx_context *ctx)
{
	return (struct fake_order){
		.ctx = ctx, .from = FROM, .length = LENGTH,
	};
}

/* The caller has a reference on it, whatever becomes of it. */
static struct zcx_live_link *start(struct kunit *test, struct fake *fake,
				   const struct fake_order *order)
{
	struct zcx_live_link *link = fake_link(test, fake, order);

	zcx_async_start(link);
	return link;
}

static struct zcx_live_link *start_plain(struct kunit *test,
					 struct zcx_context *ctx)
{
	struct fake_order order = plain_order(ctx);

	return start(test, test->priv, &order);
}

/* Until @condition holds; the test fails if it never does. */
#define soon(test, condition)						\
	do {								\
		unsigned long end = jiffies + PATIENCE;			\
									\
		while (!(condition) && time_before(jiffies, end))	\
			usleep_range(200, 500);				\
		KUNIT_ASSERT_TRUE_MSG(test, condition,			\
				      "not in this time: %s", #condition); \
	} while (0)

static bool waits_for(const struct zcx_live_link *link, enum zcx_wait what)
{
	/* When nobody runs it any more. */
	return !atomic_read(&link->async->run) &&
	       READ_ONCE(link->state) == ZCX_STATE_WAITING &&
	       READ_ONCE(link->async->wait) == what;
}

/* Its event can be read: whoever ran it touches it no more. */
static bool has_event(const struct zcx_live_link *link)
{
	struct zcx_context *ctx = link->ctx;
	struct zcx_live_link *each;
	bool found = false;

	spin_lock(&ctx->lock);
	list_for_each_entry(each, &ctx->events, node)
		found = found || each == link;
	spin_unlock(&ctx->lock);
	return found;
}

static void wake(struct fake *fake)
{
	fake->sink.wake(&fake->sink);
}

/* It has ended, or does so soon, by itself. Then drop our reference. */
static void expect_end_of(struct kunit *test, struct fake *fake,
			  struct zcx_live_link *link, u32 state, u32 error,
			  size_t bytes)
{
	soon(test, has_event(link));
	KUNIT_EXPECT_EQ(test, link->state, state);
	KUNIT_EXPECT_EQ(test, link->error, error);
	KUNIT_EXPECT_EQ(test, zcx_link_bytes_sent(link), bytes);
	fake_expect_got(test, fake, FROM, LENGTH, bytes);
	KUNIT_EXPECT_FALSE(test, fake->held);
	KUNIT_EXPECT_EQ(test, fake->needless, 0);
	KUNIT_EXPECT_EQ(test, fake->destroys, 1);
	fake_expect_refs(test, fake);
	/* Ours, and its event's. */
	KUNIT_EXPECT_EQ(test, kref_read(&link->ref), 2);
	zcx_link_put(link);
}

static void expect_end(struct kunit *test, struct zcx_live_link *link,
		       u32 state, u32 error, size_t bytes)
{
	expect_end_of(test, test->priv, link, state, error, bytes);
}

static void async_ends_before_the_call_does(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = start_plain(test, ctx);

	KUNIT_EXPECT_TRUE(test, has_event(link));
	KUNIT_EXPECT_TRUE(test, zcx_completion_pending(ctx));
	expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 1);
	close_context(ctx);
}

static void async_woken_at_every_byte(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;
	size_t n;

	fake->take_most = 1;
	link = start_plain(test, ctx);
	for (n = 1; n < TOTAL; n++) {
		soon(test, waits_for(link, ZCX_WAIT_SOCKET));
		fake_expect_got(test, fake, FROM, LENGTH, n);
		fake_expect_refs(test, fake);
		KUNIT_EXPECT_FALSE(test, zcx_completion_pending(ctx));
		wake(fake);
		soon(test, READ_ONCE(fake->nr_got) > n);
	}
	expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
	close_context(ctx);
}

/* A link that waits has hardly any memory. */
static void async_waits_without_a_list(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	const struct fake_order order = {
		.ctx = ctx, .length = FAKE_PAGES * PAGE_SIZE, .batch = SZ_1M,
	};
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	fake->scattered = true;
	fake->take_most = 50000;
	link = start(test, fake, &order);
	KUNIT_EXPECT_GT(test, link->entries, ZCX_SGLIST_FEW);
	KUNIT_EXPECT_TRUE(test, waits_for(link, ZCX_WAIT_SOCKET));
	KUNIT_EXPECT_EQ(test, link->sgl.table.orig_nents, ZCX_SGLIST_FEW);
	KUNIT_EXPECT_TRUE(test, link->sgl.table.sgl == link->sgl.few);
	wake(fake);
	soon(test, waits_for(link, ZCX_WAIT_SOCKET) && fake->nr_got == 100000);
	wake(fake);
	soon(test, has_event(link));
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_SENT);
	fake_expect_got(test, fake, 0, order.length,
			FAKE_HEAD + order.length + FAKE_TAIL);
	zcx_link_put(link);
	close_context(ctx);
}

/* A wake-up that comes for nothing, or when it has ended already. */
static void async_woken_for_nothing(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;
	unsigned int i;

	fake->full = true;
	link = start_plain(test, ctx);
	for (i = 0; i < 20; i++)
		wake(fake);
	soon(test, waits_for(link, ZCX_WAIT_SOCKET));
	KUNIT_EXPECT_EQ(test, fake->nr_got, 0);
	WRITE_ONCE(fake->full, false);
	wake(fake);
	soon(test, has_event(link));
	for (i = 0; i < 20; i++)
		wake(fake);
	msleep(A_WHILE);
	expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 1);
	close_context(ctx);
}

/**
 * struct ticker - wakes a sink from interrupts, again and again
 * @timer: goes off every 300 us
 * @fake: whose sink
 * @left: how often
 */
struct ticker {
	struct hrtimer timer;
	struct fake *fake;
	unsigned int left;
};

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	struct ticker *ticker = container_of(timer, struct ticker, timer);

	wake(ticker->fake);
	if (!--ticker->left)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(300 * NSEC_PER_USEC));
	return HRTIMER_RESTART;
}

static void async_woken_from_interrupts(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct ticker ticker = { .fake = fake, .left = 100000 };
	struct zcx_live_link *link;

	fake->take_most = 1;
	link = start_plain(test, ctx);
	hrtimer_init_on_stack(&ticker.timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_HARD);
	ticker.timer.function = tick;
	hrtimer_start(&ticker.timer, ns_to_ktime(NSEC_PER_USEC),
		      HRTIMER_MODE_REL_HARD);
	soon(test, has_event(link));
	hrtimer_cancel(&ticker.timer);
	destroy_hrtimer_on_stack(&ticker.timer);
	expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
	close_context(ctx);
}

static void async_fetches_in_the_pool(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.disk = make_disk(test);
	fake->at_hand = FROM;
	fake->fetch_most = 1;
	link = start(test, fake, &order);
	expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
	KUNIT_EXPECT_EQ(test, fake->fetch_calls, LENGTH);
	zcx_disk_put(order.disk);
	close_context(ctx);
}

/* The disk is asked once for bytes that it cannot read. */
static void async_fetch_error_ends_it(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv;
	loff_t at;

	order.disk = make_disk(test);
	for (at = 0; at < LENGTH; at += 13) {
		struct zcx_live_link *link;

		/* So that it does end, should it ask again and again. */
		order.limits.deadline = ktime_get_ns() + NSEC_PER_SEC;
		fake->at_hand = FROM + at;
		fake->fetch_result = -EIO;
		link = start(test, fake, &order);
		soon(test, has_event(link));
		KUNIT_EXPECT_EQ(test, fake->fetch_calls, 1);
		expect_end(test, link, ZCX_STATE_FAILED, EIO, FAKE_HEAD + at);
		fake_reset(fake);
	}
	zcx_disk_put(order.disk);
	close_context(ctx);
}

/* A lane that only knows how to wait: all of it in the pool. */
static void async_blocks_in_the_pool(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;
	size_t n;

	order.disk = make_disk(test);
	fake->lane.fetch = NULL;
	fake->at_hand = 0;
	fake->take_most = 7;
	link = start(test, fake, &order);
	for (n = 7; n < TOTAL; n += 7) {
		soon(test, waits_for(link, ZCX_WAIT_SOCKET) &&
			   READ_ONCE(fake->nr_got) == n);
		fake_expect_refs(test, fake);
		wake(fake);
	}
	expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_disk_put(order.disk);
	close_context(ctx);
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
	link = start(test, fake, order);
	soon(test, waits_for(link, ZCX_WAIT_DISK));
	KUNIT_EXPECT_EQ(test, fake->fetch_calls, 1);
	fake_expect_refs(test, fake);
	return link;
}

static void async_waits_for_a_folio(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.disk = make_disk(test);
	link = wait_for_folio(test, &order);
	/* Woken by something else: it asks again, and waits for the same. */
	zcx_async_kick(link);
	soon(test, READ_ONCE(fake->fetch_calls) == 2 &&
		   waits_for(link, ZCX_WAIT_DISK));
	fake->at_hand = LLONG_MAX;
	unlock_page(fake->page + 1);
	expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_disk_put(order.disk);
	close_context(ctx);
}

/* Its end does not wait for the folio; what is left of it does. */
static void async_folio_may_come_too_late(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.disk = make_disk(test);
	link = wait_for_folio(test, &order);
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), 0);
	soon(test, has_event(link));
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_CANCELLED);
	KUNIT_EXPECT_EQ(test, fake->destroys, 1);
	zcx_link_put(link);
	close_context(ctx);
	/* Nobody knows of it any more but the folio. */
	unlock_page(fake->page + 1);
	fake_expect_refs(test, fake);
	zcx_disk_put(order.disk);
}

/* A worker ends it: a task like ours is not to wait for its socket. */
static void async_cancel(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	fake->take[0] = 11;
	fake->nr_take = 1;
	link = start_plain(test, ctx);
	KUNIT_ASSERT_TRUE(test, waits_for(link, ZCX_WAIT_SOCKET));
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), 0);
	soon(test, has_event(link));
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), -EALREADY);
	KUNIT_EXPECT_EQ(test, zcx_async_pause(link, true), -EALREADY);
	expect_end(test, link, ZCX_STATE_CANCELLED, ECANCELED, 11);
	close_context(ctx);
}

static void async_cancel_comes_too_late(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = start_plain(test, ctx);

	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), -EALREADY);
	KUNIT_EXPECT_EQ(test, zcx_async_pause(link, true), -EALREADY);
	KUNIT_EXPECT_EQ(test, zcx_async_pause(link, false), -EALREADY);
	expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
	close_context(ctx);
}

/* Whoever guesses its id may cancel it before it has begun. */
static void async_cancel_before_it_starts(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link = fake_link(test, fake, &order);

	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), 0);
	KUNIT_EXPECT_FALSE(test, zcx_completion_pending(ctx));
	zcx_async_start(link);
	KUNIT_EXPECT_TRUE(test, has_event(link));
	expect_end(test, link, ZCX_STATE_CANCELLED, ECANCELED, 0);
	close_context(ctx);
}

static void async_pause_and_resume(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	fake->take[0] = 11;
	fake->nr_take = 1;
	link = start_plain(test, ctx);
	KUNIT_EXPECT_EQ(test, zcx_async_pause(link, true), 0);
	soon(test, waits_for(link, ZCX_WAIT_PAUSED));
	wake(fake);
	msleep(A_WHILE);
	KUNIT_EXPECT_TRUE(test, waits_for(link, ZCX_WAIT_PAUSED));
	fake_expect_got(test, fake, FROM, LENGTH, 11);
	KUNIT_EXPECT_EQ(test, zcx_async_pause(link, false), 0);
	expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
	close_context(ctx);
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

	dead->disk = make_disk(test);
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
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;
	struct dead_disk dead;

	kill_disk(test, &dead);
	order.disk = dead.disk;
	fake->at_hand = FROM;
	link = start(test, fake, &order);
	msleep(A_WHILE);
	KUNIT_EXPECT_FALSE(test, zcx_completion_pending(ctx));
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), 0);
	soon(test, has_event(link));
	KUNIT_EXPECT_EQ(test, fake->fetch_calls, 0);
	expect_end(test, link, ZCX_STATE_CANCELLED, ECANCELED, 0);
	revive_disk(&dead);
	close_context(ctx);
}

/* A deadline does not stand in line either. */
static void async_deadline_in_a_queue(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;
	struct dead_disk dead;

	kill_disk(test, &dead);
	order.disk = dead.disk;
	order.limits.deadline = ktime_get_ns() + 20 * NSEC_PER_MSEC;
	fake->at_hand = FROM;
	link = start(test, fake, &order);
	expect_end(test, link, ZCX_STATE_FAILED, ETIMEDOUT, 0);
	KUNIT_EXPECT_EQ(test, fake->fetch_calls, 0);
	revive_disk(&dead);
	close_context(ctx);
}

/* In the hands of a disk: it ends when that answers. */
static void async_cancel_while_a_disk_has_it(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	DECLARE_COMPLETION_ONSTACK(gate);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.disk = make_disk(test);
	fake->at_hand = FROM;
	fake->fetch_gate = &gate;
	link = start(test, fake, &order);
	soon(test, READ_ONCE(fake->fetch_calls) == 1);
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), 0);
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), -EALREADY);
	msleep(A_WHILE);
	KUNIT_EXPECT_FALSE(test, has_event(link));
	complete(&gate);
	expect_end(test, link, ZCX_STATE_CANCELLED, ECANCELED, 0);
	zcx_disk_flush();
	zcx_disk_put(order.disk);
	close_context(ctx);
}

static void async_dead_disk_holds_up_no_other(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv, *twin = fake_twin(test, fake);
	struct zcx_live_link *link, *other;
	struct dead_disk dead;

	kill_disk(test, &dead);
	order.disk = dead.disk;
	fake->at_hand = FROM;
	link = start(test, fake, &order);
	order.disk = make_disk(test);
	twin->at_hand = FROM;
	other = start(test, twin, &order);
	expect_end_of(test, twin, other, ZCX_STATE_SENT, 0, TOTAL);
	KUNIT_EXPECT_EQ(test, fake->fetch_calls, 0);
	revive_disk(&dead);
	expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_disk_put(order.disk);
	close_context(ctx);
}

static void async_deadline(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.limits.deadline = ktime_get_ns() + 20 * NSEC_PER_MSEC;
	fake->take[0] = 11;
	fake->nr_take = 4;
	link = start(test, fake, &order);
	expect_end(test, link, ZCX_STATE_FAILED, ETIMEDOUT, 11);
	close_context(ctx);
}

static void async_idle_limit(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.limits.idle = 20 * NSEC_PER_MSEC;
	fake->take[0] = 11;
	fake->nr_take = 4;
	link = start(test, fake, &order);
	expect_end(test, link, ZCX_STATE_FAILED, ETIMEDOUT, 11);
	close_context(ctx);
}

/* By its timer alone: nobody wakes it. */
static void async_keeps_its_pace(struct kunit *test)
{
	const loff_t length = 20000;
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = { .ctx = ctx, .length = length };
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	zcx_pace_init(&order.limits.pace, 200000, ktime_get_ns());
	link = start(test, fake, &order);
	soon(test, has_event(link));
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_SENT);
	/* In grains of 20 ms' worth. */
	KUNIT_EXPECT_EQ(test, fake->push_calls, 6);
	fake_expect_got(test, fake, 0, length, FAKE_HEAD + length + FAKE_TAIL);
	zcx_link_put(link);
	close_context(ctx);
}

static void async_acked_by_a_wake(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.acked = true;
	fake->left = TOTAL;
	link = start(test, fake, &order);
	KUNIT_EXPECT_TRUE(test, waits_for(link, ZCX_WAIT_ACK));
	WRITE_ONCE(fake->acked, 1);
	wake(fake);
	expect_end(test, link, ZCX_STATE_ACKED, 0, TOTAL);
	close_context(ctx);
}

/* The wake-up was missed: it looks again after a while. */
static void async_acked_without_a_wake(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.acked = true;
	fake->left = TOTAL;
	link = start(test, fake, &order);
	KUNIT_EXPECT_TRUE(test, waits_for(link, ZCX_WAIT_ACK));
	WRITE_ONCE(fake->acked, 1);
	expect_end(test, link, ZCX_STATE_ACKED, 0, TOTAL);
	close_context(ctx);
}

#define QUEUE	5	/* links in a line */

/**
 * struct queue - links to one socket
 * @fakes: what each sends, and where to
 * @links: the links, in order
 */
struct queue {
	struct fake *fakes[QUEUE];
	struct zcx_live_link *links[QUEUE];
};

/* The first finds the sink full; so none has sent anything. */
static void make_queue(struct kunit *test, struct queue *queue,
		       struct zcx_context *ctx)
{
	struct fake_order order = plain_order(ctx);
	unsigned int i;

	order.key = queue;
	for (i = 0; i < QUEUE; i++) {
		queue->fakes[i] = fake_twin(test, test->priv);
		queue->fakes[i]->full = !i;
		queue->links[i] = start(test, queue->fakes[i], &order);
		KUNIT_EXPECT_TRUE(test, waits_for(queue->links[i],
						  i ? ZCX_WAIT_TURN :
						      ZCX_WAIT_SOCKET));
	}
}

static void expect_queue_ends(struct kunit *test, struct queue *queue,
			      unsigned int i, u32 state)
{
	bool sent = state == ZCX_STATE_SENT;

	expect_end_of(test, queue->fakes[i], queue->links[i], state,
		      sent ? 0 : ECANCELED, sent ? TOTAL : 0);
}

static void async_line_goes_in_order(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct queue queue;
	unsigned int i;

	make_queue(test, &queue, ctx);
	WRITE_ONCE(queue.fakes[0]->full, false);
	wake(queue.fakes[0]);
	for (i = 0; i < QUEUE; i++)
		expect_queue_ends(test, &queue, i, ZCX_STATE_SENT);
	for (i = 1; i < QUEUE; i++)
		KUNIT_EXPECT_GT(test, queue.fakes[i]->stamp,
				queue.fakes[i - 1]->stamp);
	close_context(ctx);
}

/* The first breaks: all behind it end, though nobody cancelled them. */
static void async_line_breaks(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct queue queue;
	unsigned int i;

	make_queue(test, &queue, ctx);
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(queue.links[0]), 0);
	for (i = 0; i < QUEUE; i++)
		expect_queue_ends(test, &queue, i, ZCX_STATE_CANCELLED);
	close_context(ctx);
}

/* In the middle: those before it send all of theirs. */
static void async_line_breaks_in_the_middle(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct queue queue;
	unsigned int i;

	make_queue(test, &queue, ctx);
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(queue.links[2]), 0);
	for (i = 2; i < QUEUE; i++)
		expect_queue_ends(test, &queue, i, ZCX_STATE_CANCELLED);
	KUNIT_EXPECT_TRUE(test, waits_for(queue.links[0], ZCX_WAIT_SOCKET));
	KUNIT_EXPECT_TRUE(test, waits_for(queue.links[1], ZCX_WAIT_TURN));
	WRITE_ONCE(queue.fakes[0]->full, false);
	wake(queue.fakes[0]);
	for (i = 0; i < 2; i++)
		expect_queue_ends(test, &queue, i, ZCX_STATE_SENT);
	close_context(ctx);
}

/* Closed with links in all kinds of waits: all end, none leaves an event. */
static void async_close(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct queue queue;
	unsigned int i;

	make_queue(test, &queue, ctx);
	zcx_context_get(ctx);
	close_context(ctx);
	for (i = 0; i < QUEUE; i++) {
		soon(test, kref_read(&queue.links[i]->ref) == 1);
		KUNIT_EXPECT_EQ(test, queue.links[i]->state,
				ZCX_STATE_CANCELLED);
		KUNIT_EXPECT_EQ(test, queue.fakes[i]->destroys, 1);
		zcx_link_put(queue.links[i]);
	}
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->links));
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->events));
	/* The last of them lets go of the context, a moment later. */
	soon(test, kref_read(&ctx->ref) == 1);
	zcx_context_put(ctx);
}

static void count_end(struct zcx_live_link *link)
{
	atomic_inc(link->async->cookie);
}

/* Whoever asked to be called is called, once, and there is no event. */
static void async_calls_back(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = plain_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link = fake_link(test, fake, &order);
	atomic_t ends = ATOMIC_INIT(0);

	link->async->complete = count_end;
	link->async->cookie = &ends;
	fake->full = true;
	zcx_async_start(link);
	KUNIT_EXPECT_EQ(test, atomic_read(&ends), 0);
	WRITE_ONCE(fake->full, false);
	wake(fake);
	soon(test, kref_read(&link->ref) == 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&ends), 1);
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_SENT);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 0);
	KUNIT_EXPECT_FALSE(test, zcx_completion_pending(ctx));
	fake_expect_got(test, fake, FROM, LENGTH, TOTAL);
	zcx_link_put(link);
	close_context(ctx);
}

#define LINES	6	/* sockets */
#define EACH	4	/* links to each */
#define MOB	(LINES * EACH)
#define BYTES	9000	/* of the file, for each link */
#define ALL	(FAKE_HEAD + BYTES + FAKE_TAIL)
#define ROUNDS	12

/**
 * struct mob - links, and those who all lay hands on them
 * @fakes: what each sends, and where to; links i, i + 1, ... to the same socket
 * @links: the links
 * @ends: how often each has ended
 * @cancelled: a cancel said that it ends because of it
 * @round: makes for other numbers each time
 * @waker: makes room in sinks, and wakes
 * @pauser: pauses and resumes
 * @cancellers: cancel
 */
struct mob {
	struct fake *fakes[MOB];
	struct zcx_live_link *links[MOB];
	atomic_t ends[MOB];
	atomic_t cancelled[MOB];
	u32 round;
	struct task_struct *waker;
	struct task_struct *pauser;
	struct task_struct *cancellers[2];
};

static u32 next_random(u32 *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static int wake_some(void *data)
{
	struct mob *mob = data;
	u32 random = mob->round;

	while (!kthread_should_stop()) {
		struct fake *fake = mob->fakes[next_random(&random) % MOB];

		atomic_add(next_random(&random) % 3000, &fake->budget);
		/* Before it has been started there is nobody to wake. */
		if (READ_ONCE(fake->sink.wake))
			wake(fake);
		if (!(next_random(&random) % 8))
			usleep_range(50, 100);
		cond_resched();
	}
	return 0;
}

static int pause_some(void *data)
{
	struct mob *mob = data;
	u32 random = mob->round + 1000;

	while (!kthread_should_stop()) {
		u32 i = next_random(&random) % MOB;

		zcx_async_pause(mob->links[i], next_random(&random) % 2);
		usleep_range(50, 200);
	}
	return 0;
}

/* Hardly more than half of them in a round, so that others may end as well. */
static int cancel_some(void *data)
{
	struct mob *mob = data;
	u32 random = mob->round + 2000;

	while (!kthread_should_stop()) {
		u32 i = next_random(&random) % (MOB * 8);

		if (i < MOB && !zcx_async_cancel(mob->links[i]))
			atomic_inc(&mob->cancelled[i]);
		usleep_range(500, 1000);
	}
	return 0;
}

static struct task_struct *hire(struct kunit *test, int (*work)(void *data),
				struct mob *mob)
{
	struct task_struct *task = kthread_run(work, mob, "zcx-kunit");

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	return task;
}

static void hire_cancellers(struct kunit *test, struct mob *mob)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mob->cancellers); i++)
		mob->cancellers[i] = hire(test, cancel_some, mob);
}

static void make_mob(struct kunit *test, struct mob *mob,
		     struct zcx_context *ctx, struct zcx_disk *disk)
{
	struct fake_order order = {
		.ctx = ctx, .from = FROM, .length = BYTES, .batch = PAGE_SIZE,
		.disk = disk,
	};
	unsigned int i;

	for (i = 0; i < MOB; i++) {
		struct fake *fake = mob->fakes[i];

		fake_reset(fake);
		fake->metered = true;
		/* Half of the files come from a disk, some in their own way. */
		if (i % 2) {
			fake->at_hand = FROM + 100;
			fake->fetch_most = 2000;
		}
		if (i % 8 == 7)
			fake->lane.fetch = NULL;
		order.key = &mob->fakes[i / EACH];
		order.acked = i % 3 == 2;
		fake->acked = 1;
		atomic_set(&mob->ends[i], 0);
		atomic_set(&mob->cancelled[i], 0);
		mob->links[i] = fake_link(test, fake, &order);
		mob->links[i]->async->complete = count_end;
		mob->links[i]->async->cookie = &mob->ends[i];
	}
}

/* What has ended as a whole, in part or not at all agrees with what arrived. */
static void expect_bytes_of_mob(struct kunit *test, struct mob *mob,
				unsigned int i)
{
	u64 bytes = zcx_link_bytes_sent(mob->links[i]);
	struct fake *fake = mob->fakes[i];

	KUNIT_EXPECT_EQ(test, atomic_read(&mob->ends[i]), 1);
	KUNIT_EXPECT_LE(test, atomic_read(&mob->cancelled[i]), 1);
	fake_expect_got(test, fake, FROM, BYTES, bytes);
	KUNIT_EXPECT_EQ(test, fake->destroys, 1);
	KUNIT_EXPECT_FALSE(test, fake->held);
	KUNIT_EXPECT_EQ(test, fake->needless, 0);
}

/* Every other round they are cancelled from before they have started. */
static bool mob_is_early(const struct mob *mob)
{
	return mob->round % 2;
}

static bool mob_is_whole(const struct zcx_live_link *link)
{
	return link->state == ZCX_STATE_SENT || link->state == ZCX_STATE_ACKED;
}

/*
 * One line: whole links first, then perhaps one in part, then none at all. But
 * whoever enters a line that another has broken and left is not behind him.
 */
static void expect_line_of_mob(struct kunit *test, struct mob *mob,
			       unsigned int first)
{
	bool broken = false, perhaps = false;
	unsigned int i;

	for (i = first; i < first + EACH; i++) {
		struct zcx_live_link *link = mob->links[i];
		bool cancelled = atomic_read(&mob->cancelled[i]);
		u64 bytes = zcx_link_bytes_sent(link);

		if (mob_is_whole(link)) {
			KUNIT_EXPECT_FALSE(test, cancelled);
			KUNIT_EXPECT_FALSE(test, broken && !mob_is_early(mob));
			KUNIT_EXPECT_EQ(test, link->error, 0);
			KUNIT_EXPECT_EQ(test, bytes, ALL);
			broken = false;
			perhaps = false;
			continue;
		}
		KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_CANCELLED);
		KUNIT_EXPECT_EQ(test, link->error, ECANCELED);
		KUNIT_EXPECT_TRUE(test, broken || perhaps || cancelled);
		if (broken && !(cancelled && mob_is_early(mob)))
			KUNIT_EXPECT_EQ(test, bytes, 0);
		/* All sent, and cancelled before it said so: the line goes on. */
		broken = broken || bytes < ALL;
		perhaps = !broken;
	}
}

static void expect_end_of_mob(struct kunit *test, struct mob *mob)
{
	unsigned int i;

	for (i = 0; i < MOB; i++)
		expect_bytes_of_mob(test, mob, i);
	for (i = 0; i < MOB; i += EACH)
		expect_line_of_mob(test, mob, i);
	for (i = 0; i < MOB; i++)
		zcx_link_put(mob->links[i]);
	fake_expect_refs(test, mob->fakes[0]);
}

static bool mob_has_ended(struct mob *mob)
{
	unsigned int i;

	for (i = 0; i < MOB; i++)
		if (kref_read(&mob->links[i]->ref) != 1)
			return false;
	return true;
}

static void run_mob(struct kunit *test, struct mob *mob,
		    struct zcx_context *ctx, struct zcx_disk *disk)
{
	unsigned int i;

	make_mob(test, mob, ctx, disk);
	mob->waker = hire(test, wake_some, mob);
	mob->pauser = hire(test, pause_some, mob);
	if (mob_is_early(mob))
		hire_cancellers(test, mob);
	for (i = 0; i < MOB; i++)
		zcx_async_start(mob->links[i]);
	if (!mob_is_early(mob))
		hire_cancellers(test, mob);
	msleep(20 + mob->round % 4 * 30);
	for (i = 0; i < 2; i++)
		kthread_stop(mob->cancellers[i]);
	kthread_stop(mob->pauser);
	kthread_stop(mob->waker);
	/* From here on each is told once that it can go on: that must do. */
	for (i = 0; i < MOB; i++) {
		atomic_add(ALL, &mob->fakes[i]->budget);
		zcx_async_pause(mob->links[i], false);
	}
	soon(test, mob_has_ended(mob));
	expect_end_of_mob(test, mob);
}

static void async_everybody_at_once(struct kunit *test)
{
	struct mob *mob = kunit_kzalloc(test, sizeof(*mob), GFP_KERNEL);
	struct zcx_context *ctx = make_context(test);
	struct zcx_disk *disk = make_disk(test);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, mob);
	for (i = 0; i < MOB; i++)
		mob->fakes[i] = fake_twin(test, test->priv);
	for (mob->round = 0; mob->round < ROUNDS; mob->round++) {
		run_mob(test, mob, ctx, disk);
		KUNIT_EXPECT_EQ(test, ctx->nr_links, 0);
	}
	zcx_disk_flush();
	zcx_disk_put(disk);
	close_context(ctx);
}

static struct kunit_case async_cases[] = {
	KUNIT_CASE(async_ends_before_the_call_does),
	KUNIT_CASE(async_woken_at_every_byte),
	KUNIT_CASE(async_waits_without_a_list),
	KUNIT_CASE(async_woken_for_nothing),
	KUNIT_CASE(async_woken_from_interrupts),
	KUNIT_CASE(async_fetches_in_the_pool),
	KUNIT_CASE(async_fetch_error_ends_it),
	KUNIT_CASE(async_blocks_in_the_pool),
	KUNIT_CASE(async_waits_for_a_folio),
	KUNIT_CASE(async_folio_may_come_too_late),
	KUNIT_CASE(async_cancel),
	KUNIT_CASE(async_cancel_comes_too_late),
	KUNIT_CASE(async_cancel_before_it_starts),
	KUNIT_CASE(async_pause_and_resume),
	KUNIT_CASE(async_cancel_in_a_queue),
	KUNIT_CASE(async_deadline_in_a_queue),
	KUNIT_CASE(async_cancel_while_a_disk_has_it),
	KUNIT_CASE(async_dead_disk_holds_up_no_other),
	KUNIT_CASE(async_deadline),
	KUNIT_CASE(async_idle_limit),
	KUNIT_CASE(async_keeps_its_pace),
	KUNIT_CASE(async_acked_by_a_wake),
	KUNIT_CASE(async_acked_without_a_wake),
	KUNIT_CASE(async_line_goes_in_order),
	KUNIT_CASE(async_line_breaks),
	KUNIT_CASE(async_line_breaks_in_the_middle),
	KUNIT_CASE(async_close),
	KUNIT_CASE(async_calls_back),
	KUNIT_CASE_SLOW(async_everybody_at_once),
	{}
};

static struct kunit_suite async_suite = {
	.name		= "zcx-async",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= async_cases,
};
kunit_test_suite(async_suite);
