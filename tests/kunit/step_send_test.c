// SPDX-License-Identifier: GPL-2.0
/*
 * Links that run by themselves, step by step: what the socket takes and does not
 * take, and how much is gathered for it.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/time64.h>

#include "async.h"
#include "context.h"
#include "fake.h"
#include "link.h"
#include "program.h"
#include "step.h"
#include "step_fixture.h"

static void step_sends_all_in_order(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = step_plain_link(test, ctx);
	struct fake *fake = test->priv;

	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_QUEUED);
	step_ends(test, link, NOW, 0);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, U64_MAX);
	KUNIT_EXPECT_EQ(test, link->async->wait, ZCX_WAIT_NONE);
	step_got(test, TOTAL);
	/* Head, file and tail leave together, and the socket knows the end. */
	KUNIT_EXPECT_EQ(test, fake->push_calls, 1);
	KUNIT_EXPECT_FALSE(test, fake->more);
	KUNIT_EXPECT_EQ(test, fake->watch_calls, 0);
	KUNIT_EXPECT_EQ(test, link->sent[ZCX_TAG_MEMORY],
			FAKE_HEAD + FAKE_TAIL);
	KUNIT_EXPECT_EQ(test, link->sent[ZCX_TAG_CACHE], LENGTH);
	step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 0);
	zcx_context_put(ctx);
}

static void step_of_no_bytes(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = step_plain_link(test, ctx);
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = 0; i < 3; i++)
		link->program->ranges[i].end = link->program->ranges[i].pos;
	step_ends(test, link, NOW, 0);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 0);
	KUNIT_EXPECT_EQ(test, fake->fill_calls, 0);
	step_finish(test, link, ZCX_STATE_SENT, 0, 0);
	zcx_context_put(ctx);
}

/* What the sink did not take is given back, and gathered again. */
static void step_socket_full_at_every_byte(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv;
	size_t first, again;

	for (first = 0; first < TOTAL; first++) {
		for (again = 0; again < 2; again++) {
			struct zcx_live_link *link = step_plain_link(test, ctx);

			fake->take[0] = first;
			fake->take[1] = again;
			fake->nr_take = 2;
			step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
			step_got(test, first);
			KUNIT_EXPECT_EQ(test, fake->watch_calls, 1);
			KUNIT_EXPECT_EQ(test, link->async->wake_at, U64_MAX);
			if (first + again < TOTAL) {
				step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
				step_got(test, first + again);
			}
			step_ends(test, link, NOW, 0);
			step_got(test, TOTAL);
			step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
			fake_reset(fake);
		}
	}
	zcx_context_put(ctx);
}

static void step_byte_by_byte(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = step_plain_link(test, ctx);
	struct fake *fake = test->priv;
	size_t n;

	fake->take_most = 1;
	for (n = 1; n < TOTAL; n++) {
		step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
		step_got(test, n);
		KUNIT_EXPECT_TRUE(test, fake->more);
	}
	step_ends(test, link, NOW, 0);
	step_got(test, TOTAL);
	KUNIT_EXPECT_FALSE(test, fake->more);
	step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	KUNIT_EXPECT_EQ(test, TOTAL - 1,
			atomic64_read(&ctx->stats.value[ZCX_STAT_WAITS_SOCKET]));
	zcx_context_put(ctx);
}

#define MANY	(6 * PAGE_SIZE + 17)	/* bytes of a file of several batches */

/* Steps until it ends. Returns how often it had to wait for the socket. */
static unsigned int drive(struct kunit *test, struct zcx_live_link *link)
{
	unsigned int waits = 0, i;

	for (i = 0; i < 1000; i++) {
		switch (zcx_link_step(link, NOW)) {
		case ZCX_STEP_END:
			return waits;
		case ZCX_STEP_YIELD:
			KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_RUNNING);
			break;
		case ZCX_STEP_WAIT:
			waits++;
			KUNIT_EXPECT_EQ(test, link->async->wait,
					ZCX_WAIT_SOCKET);
			step_holds_nothing(test, link);
			break;
		default:
			KUNIT_FAIL_AND_ABORT(test, "an unexpected step");
		}
	}
	KUNIT_FAIL_AND_ABORT(test, "it does not end");
	return 0;
}

static struct zcx_live_link *long_link(struct kunit *test,
				       struct zcx_context *ctx)
{
	const struct fake_order order = {
		.ctx = ctx, .from = 11, .length = MANY, .batch = PAGE_SIZE,
	};

	return step_link(test, &order);
}

static void step_socket_full_at_every_batch(struct kunit *test)
{
	const size_t total = FAKE_HEAD + MANY + FAKE_TAIL;
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv;
	unsigned int call;

	for (call = 1; call <= DIV_ROUND_UP(total, PAGE_SIZE); call++) {
		struct zcx_live_link *link = long_link(test, ctx);

		fake->push_fail_at = call;
		fake->push_result = -EAGAIN;
		KUNIT_EXPECT_EQ(test, drive(test, link), 1);
		KUNIT_EXPECT_EQ(test, fake->push_calls,
				DIV_ROUND_UP(total, PAGE_SIZE) + 1);
		fake_expect_got(test, fake, 11, MANY, total);
		step_finish(test, link, ZCX_STATE_SENT, 0, total);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* Sinks that take less than a batch, lanes that give less. */
static void step_takes_and_gives_a_little(struct kunit *test)
{
	static const size_t takes[] = { 100, 1000, PAGE_SIZE - 1 };
	static const size_t gives[] = { 0, 99, PAGE_SIZE - 1 };
	const size_t total = FAKE_HEAD + MANY + FAKE_TAIL;
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(takes); i++) {
		for (j = 0; j < ARRAY_SIZE(gives); j++) {
			struct zcx_live_link *link = long_link(test, ctx);

			fake->take_most = takes[i];
			fake->fill_most = gives[j];
			drive(test, link);
			fake_expect_got(test, fake, 11, MANY, total);
			KUNIT_EXPECT_FALSE(test, fake->more);
			step_finish(test, link, ZCX_STATE_SENT, 0, total);
			fake_reset(fake);
		}
	}
	zcx_context_put(ctx);
}

static void step_push_error_at_every_call(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv;
	unsigned int call, i;

	for (call = 1; call <= TOTAL; call++) {
		struct zcx_live_link *link = step_plain_link(test, ctx);

		fake->take_most = 1;
		fake->push_fail_at = call;
		fake->push_result = -ECONNRESET;
		for (i = 1; i < call; i++)
			step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
		step_ends(test, link, NOW, -ECONNRESET);
		step_got(test, call - 1);
		step_finish(test, link, ZCX_STATE_FAILED, ECONNRESET, call - 1);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* A signal for whoever submitted it does not end a link: it goes on elsewhere. */
static void step_signals_are_the_submitters(struct kunit *test)
{
	static const int signals[] = { -EINTR, -ERESTARTSYS };
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		struct zcx_live_link *link = step_plain_link(test, ctx);

		fake->push_fail_at = 2;
		fake->push_result = signals[i];
		fake->take[0] = 9;
		fake->nr_take = 1;
		step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
		KUNIT_ASSERT_EQ(test, zcx_link_step(link, NOW),
				ZCX_STEP_YIELD);
		step_holds_nothing(test, link);
		step_got(test, 9);
		step_ends(test, link, NOW, 0);
		step_got(test, TOTAL);
		step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* Room that came while it looked: it tries once more, and does not wait. */
static void step_sink_has_room_again(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = step_plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->take[0] = 7;
	fake->take[1] = 0;
	fake->nr_take = 2;
	fake->watch_now = 1;
	step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 2);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, U64_MAX);
	step_got(test, 7);
	step_ends(test, link, NOW, 0);
	step_got(test, TOTAL);
	step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

/* It has room and takes nothing: pauses, twice as long each time. */
static void step_sink_has_room_but_no_memory(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = step_plain_link(test, ctx);
	struct fake *fake = test->priv;
	u64 pause = 2 * NSEC_PER_MSEC;
	u64 now = NOW;
	unsigned int i;

	fake->full = true;
	fake->watch_now = UINT_MAX;
	for (i = 0; i < 12; i++) {
		step_waits(test, link, now, ZCX_WAIT_SOCKET);
		/* The first time may be chance: it is tried once more. */
		KUNIT_EXPECT_EQ(test, fake->push_calls, i + 2);
		KUNIT_EXPECT_EQ(test, link->async->wake_at, now + pause);
		now = link->async->wake_at;
		pause = min(2 * pause, 256 * NSEC_PER_MSEC);
	}
	/* Progress, and it begins anew. */
	fake->full = false;
	fake->take_most = 1;
	fake->push_fail_at = fake->push_calls + 2;
	fake->push_result = -EAGAIN;
	step_waits(test, link, now, ZCX_WAIT_SOCKET);
	step_got(test, 1);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, now + 2 * NSEC_PER_MSEC);
	fake->take_most = 0;
	step_ends(test, link, now, 0);
	step_got(test, TOTAL);
	step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

static void step_settles(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = step_plain_link(test, ctx);
	struct fake *fake = test->priv;
	unsigned int i;

	fake->unsettled = 4;
	for (i = 0; i < 3; i++) {
		step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
		step_no_tail(test, fake);
		KUNIT_EXPECT_EQ(test, link->async->wake_at,
				NOW + (10 * NSEC_PER_MSEC << i));
		/* All has been sent: a pause comes too late. */
		link->async->paused = true;
	}
	/* It has settled between the question and the watch. */
	fake->watch_now = UINT_MAX;
	step_ends(test, link, NOW, 0);
	KUNIT_EXPECT_EQ(test, fake->settled_calls, 5);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 1);
	step_got(test, TOTAL);
	step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

static void step_cancelled_after_every_step(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv;
	unsigned int steps, i;

	for (steps = 0; steps < DIV_ROUND_UP(TOTAL, 7); steps++) {
		struct zcx_live_link *link = step_plain_link(test, ctx);

		fake->take_most = 7;
		for (i = 0; i < steps; i++)
			step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
		atomic_set(&link->async->ending, ZCX_ENDING_CANCEL);
		step_ends(test, link, NOW, -ECANCELED);
		step_got(test, 7 * steps);
		step_finish(test, link, ZCX_STATE_CANCELLED, ECANCELED,
			    7 * steps);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* When all has been sent, and waits to settle. */
static void step_cancelled_while_it_settles(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = step_plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->unsettled = 100;
	step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
	atomic_set(&link->async->ending, ZCX_ENDING_CANCEL);
	step_ends(test, link, NOW, -ECANCELED);
	step_got(test, TOTAL);
	step_finish(test, link, ZCX_STATE_CANCELLED, ECANCELED, TOTAL);
	zcx_context_put(ctx);
}

/* Others get their turn after four batches. */
static void step_yields(struct kunit *test)
{
	const loff_t length = 10 * PAGE_SIZE;
	struct zcx_context *ctx = step_context(test);
	const struct fake_order order = {
		.ctx = ctx, .length = length, .batch = PAGE_SIZE,
	};
	struct zcx_live_link *link = step_link(test, &order);
	struct fake *fake = test->priv;
	unsigned int run;

	for (run = 1; run < 3; run++) {
		KUNIT_ASSERT_EQ(test, zcx_link_step(link, NOW),
				ZCX_STEP_YIELD);
		KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_RUNNING);
		KUNIT_EXPECT_EQ(test, link->async->wait, ZCX_WAIT_NONE);
		KUNIT_EXPECT_EQ(test, fake->push_calls, 4 * run);
		fake_expect_got(test, fake, 0, length, 4 * run * PAGE_SIZE);
		step_holds_nothing(test, link);
	}
	step_ends(test, link, NOW, 0);
	fake_expect_got(test, fake, 0, length, FAKE_HEAD + length + FAKE_TAIL);
	step_finish(test, link, ZCX_STATE_SENT, 0,
		    FAKE_HEAD + length + FAKE_TAIL);
	zcx_context_put(ctx);
}

/* Not more is gathered than the sink may take, but never very little. */
static void step_gathers_what_there_is_room_for(struct kunit *test)
{
	static const struct {
		size_t room;
		size_t grain;
		size_t first;
	} cases[] = {
		{ 0, 0, SZ_64K }, { SZ_64K - 1, 0, SZ_64K },
		{ 100000, 0, 100000 }, { SIZE_MAX, 0, 120000 },
		/* Whole packets, as many as there is room for. */
		{ 100000, 30000, 90000 }, { SIZE_MAX, 50000, 100000 },
		{ 0, 100000, SZ_64K }, { 0, 60000, 60000 },
	};
	struct zcx_context *ctx = step_context(test);
	const struct fake_order order = {
		.ctx = ctx, .length = FAKE_PAGES * PAGE_SIZE, .batch = 120000,
	};
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct zcx_live_link *link = step_link(test, &order);

		fake->room = cases[i].room;
		fake->grain = cases[i].grain;
		fake->push_fail_at = 2;
		fake->push_result = -EAGAIN;
		step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
		fake_expect_got(test, fake, 0, order.length, cases[i].first);
		step_ends(test, link, NOW, 0);
		fake_expect_got(test, fake, 0, order.length,
				FAKE_HEAD + order.length + FAKE_TAIL);
		step_finish(test, link, ZCX_STATE_SENT, 0,
			    FAKE_HEAD + order.length + FAKE_TAIL);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* A list that no memory could be had for: small batches, all the bytes. */
static void step_without_memory_for_a_list(struct kunit *test)
{
	const loff_t length = 30 * PAGE_SIZE;	/* and 8 entries a batch */
	struct zcx_context *ctx = step_context(test);
	const struct fake_order order = {
		.ctx = ctx, .length = length, .batch = SZ_1M,
	};
	struct zcx_live_link *link = step_link(test, &order);
	struct fake *fake = test->priv;

	zcx_sglist_shrink(&link->sgl);
	/* More than can be allocated, ever. */
	link->entries = UINT_MAX;
	fake->scattered = true;
	KUNIT_ASSERT_EQ(test, zcx_link_step(link, NOW), ZCX_STEP_YIELD);
	KUNIT_EXPECT_EQ(test, zcx_sglist_size(&link->sgl), ZCX_SGLIST_FEW);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 4);
	/* One entry of the first batch was the head. */
	fake_expect_got(test, fake, 0, length, FAKE_HEAD + length + FAKE_TAIL);
	step_ends(test, link, NOW, 0);
	step_finish(test, link, ZCX_STATE_SENT, 0,
		    FAKE_HEAD + length + FAKE_TAIL);
	zcx_context_put(ctx);
}

/* A list of one size while it runs, and hardly any while it waits. */
static void step_makes_room_for_a_list(struct kunit *test)
{
	const loff_t length = 30 * PAGE_SIZE;
	struct zcx_context *ctx = step_context(test);
	const struct fake_order order = {
		.ctx = ctx, .length = length, .batch = SZ_1M,
	};
	struct zcx_live_link *link = step_link(test, &order);
	struct fake *fake = test->priv;

	fake->scattered = true;
	fake->take[0] = 50000;
	fake->take[1] = 0;
	fake->nr_take = 2;
	step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
	zcx_sglist_shrink(&link->sgl);
	step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
	KUNIT_EXPECT_EQ(test, zcx_sglist_size(&link->sgl), link->entries);
	zcx_sglist_shrink(&link->sgl);
	step_ends(test, link, NOW, 0);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 3);
	fake_expect_got(test, fake, 0, length, FAKE_HEAD + length + FAKE_TAIL);
	step_finish(test, link, ZCX_STATE_SENT, 0,
		    FAKE_HEAD + length + FAKE_TAIL);
	zcx_context_put(ctx);
}

static struct kunit_case step_send_cases[] = {
	KUNIT_CASE(step_sends_all_in_order),
	KUNIT_CASE(step_of_no_bytes),
	KUNIT_CASE(step_socket_full_at_every_byte),
	KUNIT_CASE(step_byte_by_byte),
	KUNIT_CASE(step_socket_full_at_every_batch),
	KUNIT_CASE(step_takes_and_gives_a_little),
	KUNIT_CASE(step_push_error_at_every_call),
	KUNIT_CASE(step_signals_are_the_submitters),
	KUNIT_CASE(step_sink_has_room_again),
	KUNIT_CASE(step_sink_has_room_but_no_memory),
	KUNIT_CASE(step_settles),
	KUNIT_CASE(step_cancelled_after_every_step),
	KUNIT_CASE(step_cancelled_while_it_settles),
	KUNIT_CASE(step_yields),
	KUNIT_CASE(step_gathers_what_there_is_room_for),
	KUNIT_CASE(step_without_memory_for_a_list),
	KUNIT_CASE(step_makes_room_for_a_list),
	{}
};

static struct kunit_suite step_send_suite = {
	.name		= "zcx-step-send",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= step_send_cases,
};
kunit_test_suite(step_send_suite);
