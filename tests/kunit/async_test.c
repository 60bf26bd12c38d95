// SPDX-License-Identifier: GPL-2.0
/*
 * Links that run by themselves, with the real workers and timers around a fake
 * lane and a fake sink: whatever wakes, pauses and cancels them, each ends once,
 * with exactly the bytes that it says.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "async.h"
#include "async_fixture.h"
#include "completion.h"
#include "context.h"
#include "fake.h"
#include "link.h"
#include "pace.h"

static void async_ends_before_the_call_does(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct zcx_live_link *link = async_begin_plain(test, ctx);

	KUNIT_EXPECT_TRUE(test, async_has_event(link));
	KUNIT_EXPECT_TRUE(test, zcx_completion_pending(ctx));
	async_ends(test, link, ZCX_STATE_SENT, 0, TOTAL);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 1);
	async_close_context(ctx);
}

static void async_woken_at_every_byte(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;
	size_t n;

	fake->take_most = 1;
	link = async_begin_plain(test, ctx);
	for (n = 1; n < TOTAL; n++) {
		soon(test, async_waits_for(link, ZCX_WAIT_SOCKET));
		fake_expect_got(test, fake, FROM, LENGTH, n);
		fake_expect_refs(test, fake);
		KUNIT_EXPECT_FALSE(test, zcx_completion_pending(ctx));
		async_wake(fake);
		soon(test, READ_ONCE(fake->nr_got) > n);
	}
	async_ends(test, link, ZCX_STATE_SENT, 0, TOTAL);
	async_close_context(ctx);
}

/* A link that waits has hardly any memory. */
static void async_waits_without_a_list(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	const struct fake_order order = {
		.ctx = ctx, .length = FAKE_PAGES * PAGE_SIZE, .batch = SZ_1M,
	};
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	fake->scattered = true;
	fake->take_most = 50000;
	link = async_begin(test, fake, &order);
	KUNIT_EXPECT_GT(test, link->entries, ZCX_SGLIST_FEW);
	KUNIT_EXPECT_TRUE(test, async_waits_for(link, ZCX_WAIT_SOCKET));
	KUNIT_EXPECT_EQ(test, zcx_sglist_size(&link->sgl), ZCX_SGLIST_FEW);
	KUNIT_EXPECT_TRUE(test, link->sgl.bv == link->sgl.few);
	async_wake(fake);
	soon(test,
	     async_waits_for(link, ZCX_WAIT_SOCKET) && fake->nr_got == 100000);
	async_wake(fake);
	soon(test, async_has_event(link));
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_SENT);
	fake_expect_got(test, fake, 0, order.length,
			FAKE_HEAD + order.length + FAKE_TAIL);
	zcx_link_put(link);
	async_close_context(ctx);
}

/* A wake-up that comes for nothing, or when it has ended already. */
static void async_woken_for_nothing(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;
	unsigned int i;

	fake->full = true;
	link = async_begin_plain(test, ctx);
	for (i = 0; i < 20; i++)
		async_wake(fake);
	soon(test, async_waits_for(link, ZCX_WAIT_SOCKET));
	KUNIT_EXPECT_EQ(test, fake->nr_got, 0);
	WRITE_ONCE(fake->full, false);
	async_wake(fake);
	soon(test, async_has_event(link));
	for (i = 0; i < 20; i++)
		async_wake(fake);
	msleep(A_WHILE);
	async_ends(test, link, ZCX_STATE_SENT, 0, TOTAL);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 1);
	async_close_context(ctx);
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

	async_wake(ticker->fake);
	if (!--ticker->left)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(300 * NSEC_PER_USEC));
	return HRTIMER_RESTART;
}

static void async_woken_from_interrupts(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake *fake = test->priv;
	struct ticker ticker = { .fake = fake, .left = 100000 };
	struct zcx_live_link *link;

	fake->take_most = 1;
	link = async_begin_plain(test, ctx);
	hrtimer_init_on_stack(&ticker.timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_HARD);
	ticker.timer.function = tick;
	hrtimer_start(&ticker.timer, ns_to_ktime(NSEC_PER_USEC),
		      HRTIMER_MODE_REL_HARD);
	soon(test, async_has_event(link));
	hrtimer_cancel(&ticker.timer);
	destroy_hrtimer_on_stack(&ticker.timer);
	async_ends(test, link, ZCX_STATE_SENT, 0, TOTAL);
	async_close_context(ctx);
}

/* A worker ends it: a task like ours is not to wait for its socket. */
static void async_cancel(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	fake->take[0] = 11;
	fake->nr_take = 1;
	link = async_begin_plain(test, ctx);
	KUNIT_ASSERT_TRUE(test, async_waits_for(link, ZCX_WAIT_SOCKET));
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), 0);
	soon(test, async_has_event(link));
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), -EALREADY);
	KUNIT_EXPECT_EQ(test, zcx_async_pause(link, true), -EALREADY);
	async_ends(test, link, ZCX_STATE_CANCELLED, ECANCELED, 11);
	async_close_context(ctx);
}

static void async_cancel_comes_too_late(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct zcx_live_link *link = async_begin_plain(test, ctx);

	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), -EALREADY);
	KUNIT_EXPECT_EQ(test, zcx_async_pause(link, true), -EALREADY);
	KUNIT_EXPECT_EQ(test, zcx_async_pause(link, false), -EALREADY);
	async_ends(test, link, ZCX_STATE_SENT, 0, TOTAL);
	async_close_context(ctx);
}

/* Whoever guesses its id may cancel it before it has begun. */
static void async_cancel_before_it_starts(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = async_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link = fake_link(test, fake, &order);

	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), 0);
	KUNIT_EXPECT_FALSE(test, zcx_completion_pending(ctx));
	zcx_async_start(link);
	KUNIT_EXPECT_TRUE(test, async_has_event(link));
	async_ends(test, link, ZCX_STATE_CANCELLED, ECANCELED, 0);
	async_close_context(ctx);
}

static void async_pause_and_resume(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	fake->take[0] = 11;
	fake->nr_take = 1;
	link = async_begin_plain(test, ctx);
	KUNIT_EXPECT_EQ(test, zcx_async_pause(link, true), 0);
	soon(test, async_waits_for(link, ZCX_WAIT_PAUSED));
	async_wake(fake);
	msleep(A_WHILE);
	KUNIT_EXPECT_TRUE(test, async_waits_for(link, ZCX_WAIT_PAUSED));
	fake_expect_got(test, fake, FROM, LENGTH, 11);
	KUNIT_EXPECT_EQ(test, zcx_async_pause(link, false), 0);
	async_ends(test, link, ZCX_STATE_SENT, 0, TOTAL);
	async_close_context(ctx);
}

/* A sink that takes a little, and then no more: a limit of time ends it. */
static void expect_timed_out(struct kunit *test, struct zcx_limits limits)
{
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = async_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.limits = limits;
	fake->take[0] = 11;
	fake->nr_take = 4;
	link = async_begin(test, fake, &order);
	async_ends(test, link, ZCX_STATE_FAILED, ETIMEDOUT, 11);
	async_close_context(ctx);
}

static void async_deadline(struct kunit *test)
{
	const struct zcx_limits limits = {
		.deadline = ktime_get_ns() + 20 * NSEC_PER_MSEC,
	};

	expect_timed_out(test, limits);
}

static void async_idle_limit(struct kunit *test)
{
	const struct zcx_limits limits = { .idle = 20 * NSEC_PER_MSEC };

	expect_timed_out(test, limits);
}

/* By its timer alone: nobody wakes it. */
static void async_keeps_its_pace(struct kunit *test)
{
	const loff_t length = 20000;
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = { .ctx = ctx, .length = length };
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	zcx_pace_init(&order.limits.pace, 200000, ktime_get_ns());
	link = async_begin(test, fake, &order);
	soon(test, async_has_event(link));
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_SENT);
	/* In grains of 20 ms' worth. */
	KUNIT_EXPECT_EQ(test, fake->push_calls, 6);
	fake_expect_got(test, fake, 0, length, FAKE_HEAD + length + FAKE_TAIL);
	zcx_link_put(link);
	async_close_context(ctx);
}

static void expect_acked(struct kunit *test, bool woken)
{
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = async_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.acked = true;
	fake->left = TOTAL;
	link = async_begin(test, fake, &order);
	KUNIT_EXPECT_TRUE(test, async_waits_for(link, ZCX_WAIT_ACK));
	WRITE_ONCE(fake->acked, 1);
	if (woken)
		async_wake(fake);
	async_ends(test, link, ZCX_STATE_ACKED, 0, TOTAL);
	async_close_context(ctx);
}

static void async_acked_by_a_wake(struct kunit *test)
{
	expect_acked(test, true);
}

/* The wake-up was missed: it looks again after a while. */
static void async_acked_without_a_wake(struct kunit *test)
{
	expect_acked(test, false);
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
	struct fake_order order = async_order(ctx);
	unsigned int i;

	order.key = queue;
	for (i = 0; i < QUEUE; i++) {
		queue->fakes[i] = fake_twin(test, test->priv);
		queue->fakes[i]->full = !i;
		queue->links[i] = async_begin(test, queue->fakes[i], &order);
		KUNIT_EXPECT_TRUE(test, async_waits_for(queue->links[i],
							i ? ZCX_WAIT_TURN
							  : ZCX_WAIT_SOCKET));
	}
}

static void expect_queue_ends(struct kunit *test, struct queue *queue,
			      unsigned int i, u32 state)
{
	bool sent = state == ZCX_STATE_SENT;

	async_ends_of(test, queue->fakes[i], queue->links[i], state,
		      sent ? 0 : ECANCELED, sent ? TOTAL : 0);
}

static void async_line_goes_in_order(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct queue queue;
	unsigned int i;

	make_queue(test, &queue, ctx);
	WRITE_ONCE(queue.fakes[0]->full, false);
	async_wake(queue.fakes[0]);
	/* They share pages, whose references are counted: none is to be at work. */
	soon(test, async_has_event(queue.links[QUEUE - 1]));
	for (i = 0; i < QUEUE; i++)
		expect_queue_ends(test, &queue, i, ZCX_STATE_SENT);
	for (i = 1; i < QUEUE; i++)
		KUNIT_EXPECT_GT(test, queue.fakes[i]->stamp,
				queue.fakes[i - 1]->stamp);
	async_close_context(ctx);
}

/* The first breaks: all behind it end, though nobody cancelled them. */
static void async_line_breaks(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct queue queue;
	unsigned int i;

	make_queue(test, &queue, ctx);
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(queue.links[0]), 0);
	for (i = 0; i < QUEUE; i++)
		expect_queue_ends(test, &queue, i, ZCX_STATE_CANCELLED);
	async_close_context(ctx);
}

/* In the middle: those before it send all of theirs. */
static void async_line_breaks_in_the_middle(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct queue queue;
	unsigned int i;

	make_queue(test, &queue, ctx);
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(queue.links[2]), 0);
	for (i = 2; i < QUEUE; i++)
		expect_queue_ends(test, &queue, i, ZCX_STATE_CANCELLED);
	KUNIT_EXPECT_TRUE(test,
			  async_waits_for(queue.links[0], ZCX_WAIT_SOCKET));
	KUNIT_EXPECT_TRUE(test, async_waits_for(queue.links[1], ZCX_WAIT_TURN));
	WRITE_ONCE(queue.fakes[0]->full, false);
	async_wake(queue.fakes[0]);
	for (i = 0; i < 2; i++)
		expect_queue_ends(test, &queue, i, ZCX_STATE_SENT);
	async_close_context(ctx);
}

/* Closed with links in all kinds of waits: all end, none leaves an event. */
static void async_close(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct queue queue;
	unsigned int i;

	make_queue(test, &queue, ctx);
	zcx_context_get(ctx);
	async_close_context(ctx);
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

/* Whoever asked to be called is called, once, and there is no event. */
static void async_calls_back(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake_order order = async_order(ctx);
	struct fake *fake = test->priv;
	struct zcx_live_link *link = fake_link(test, fake, &order);
	atomic_t ends = ATOMIC_INIT(0);

	link->async->complete = async_count_end;
	link->async->cookie = &ends;
	fake->full = true;
	zcx_async_start(link);
	KUNIT_EXPECT_EQ(test, atomic_read(&ends), 0);
	WRITE_ONCE(fake->full, false);
	async_wake(fake);
	soon(test, kref_read(&link->ref) == 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&ends), 1);
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_SENT);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 0);
	KUNIT_EXPECT_FALSE(test, zcx_completion_pending(ctx));
	fake_expect_got(test, fake, FROM, LENGTH, TOTAL);
	zcx_link_put(link);
	async_close_context(ctx);
}

/* The rest of a request of which @n bytes went without a link; it waits. */
static struct zcx_live_link *async_rest(struct kunit *test,
					const struct fake_order *order,
					unsigned int n)
{
	struct fake *fake = test->priv;
	u64 sent[ZCX_NR_TAGS] = { };
	struct zcx_live_link *link;
	struct zcx_turn turn;

	KUNIT_ASSERT_EQ(test, 0, fake_reserve(test, fake, order, &link));
	fake_complete(test, fake, order, link);
	fake_begin_without(fake, link->program, n, sent);
	KUNIT_ASSERT_TRUE(test, zcx_turn_try_enter(&turn, order->key));
	fake->full = true;
	zcx_async_go_on(link, &turn, sent, n);
	KUNIT_EXPECT_TRUE(test, async_waits_for(link, ZCX_WAIT_SOCKET));
	KUNIT_EXPECT_EQ(test, zcx_link_bytes_sent(link), n);
	KUNIT_EXPECT_FALSE(test, zcx_completion_pending(order->ctx));
	return link;
}

static void async_goes_on_from_every_byte(struct kunit *test)
{
	struct fake *fake = test->priv;
	unsigned int n;

	for (n = 1; n < TOTAL; n++) {
		struct zcx_context *ctx = async_context(test);
		struct fake_order order = async_order(ctx);
		struct zcx_live_link *link;
		struct zcx_turn other;

		order.key = test;
		link = async_rest(test, &order, n);
		KUNIT_EXPECT_EQ(test, ctx->nr_links, 1);
		WRITE_ONCE(fake->full, false);
		async_wake(fake);
		async_ends(test, link, ZCX_STATE_SENT, 0, TOTAL);
		KUNIT_EXPECT_EQ(test, ctx->nr_links, 1);
		KUNIT_EXPECT_EQ(test, ctx->nr_events, 1);
		/* Nobody is left in the line. */
		KUNIT_ASSERT_TRUE(test, zcx_turn_try_enter(&other, test));
		zcx_turn_leave(&other, true);
		async_close_context(ctx);
		fake_reset(fake);
	}
}

/* It is a link like any other: found, cancelled, and those behind it are told. */
static void async_rest_is_cancelled(struct kunit *test)
{
	struct zcx_context *ctx = async_context(test);
	struct fake *behind = fake_twin(test, test->priv);
	struct fake_order order = async_order(ctx);
	struct zcx_live_link *link, *next, *found;

	order.key = test;
	link = async_rest(test, &order, FAKE_HEAD + 1);
	next = async_begin(test, behind, &order);
	KUNIT_EXPECT_TRUE(test, async_waits_for(next, ZCX_WAIT_TURN));
	found = zcx_async_find(ctx, link->id);
	KUNIT_ASSERT_PTR_EQ(test, found, link);
	KUNIT_EXPECT_EQ(test, 0, zcx_async_cancel(found));
	zcx_link_put(found);
	async_ends(test, link, ZCX_STATE_CANCELLED, ECANCELED, FAKE_HEAD + 1);
	async_ends_of(test, behind, next, ZCX_STATE_CANCELLED, ECANCELED, 0);
	async_close_context(ctx);
}

static struct kunit_case async_cases[] = {
	KUNIT_CASE(async_ends_before_the_call_does),
	KUNIT_CASE(async_woken_at_every_byte),
	KUNIT_CASE(async_waits_without_a_list),
	KUNIT_CASE(async_woken_for_nothing),
	KUNIT_CASE(async_woken_from_interrupts),
	KUNIT_CASE(async_cancel),
	KUNIT_CASE(async_cancel_comes_too_late),
	KUNIT_CASE(async_cancel_before_it_starts),
	KUNIT_CASE(async_pause_and_resume),
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
	KUNIT_CASE(async_goes_on_from_every_byte),
	KUNIT_CASE(async_rest_is_cancelled),
	{}
};

static struct kunit_suite async_suite = {
	.name		= "zcx-async",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= async_cases,
};
kunit_test_suite(async_suite);
