// SPDX-License-Identifier: GPL-2.0
/*
 * Links that run by themselves, step by step: their line before a socket, and
 * what follows the last byte.
 */
#include <kunit/test.h>
#include <linux/time64.h>

#include "async.h"
#include "context.h"
#include "fake.h"
#include "link.h"
#include "program.h"
#include "step_fixture.h"
#include "turn.h"

static const struct fake_order *order_in(struct zcx_context *ctx,
					 struct fake_order *order, bool acked)
{
	*order = (struct fake_order){
		.ctx = ctx, .from = FROM, .length = LENGTH, .acked = acked,
	};
	return order;
}

static void step_waits_for_its_turn(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv, *twin = fake_twin(test, fake);
	struct zcx_live_link *first, *second;
	struct fake_order order;

	order_in(ctx, &order, false);
	first = step_link_in_line(test, fake, &order, test);
	second = step_link_in_line(test, twin, &order, test);
	step_waits(test, second, NOW, ZCX_WAIT_TURN);
	fake->take[0] = 9;
	fake->nr_take = 1;
	step_waits(test, first, NOW, ZCX_WAIT_SOCKET);
	step_waits(test, second, NOW, ZCX_WAIT_TURN);
	KUNIT_EXPECT_EQ(test, twin->fill_calls, 0);
	step_ends(test, first, NOW, 0);
	step_finish_of(test, fake, first, ZCX_STATE_SENT, 0, TOTAL);
	step_ends(test, second, NOW, 0);
	fake_expect_got(test, twin, FROM, LENGTH, TOTAL);
	step_finish_of(test, twin, second, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

/* All is in the socket: the next one does not wait for the ACK. */
static void step_hands_its_turn_over_before_the_ack(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv, *twin = fake_twin(test, fake);
	struct zcx_live_link *first, *second;
	struct fake_order order;

	order_in(ctx, &order, true);
	first = step_link_in_line(test, fake, &order, test);
	second = step_link_in_line(test, twin, &order, test);
	/* Not before TLS has it all. */
	fake->unsettled = 2;
	fake->left = TOTAL;
	step_waits(test, first, NOW, ZCX_WAIT_SOCKET);
	step_waits(test, second, NOW, ZCX_WAIT_TURN);
	step_waits(test, first, NOW, ZCX_WAIT_SOCKET);
	step_waits(test, first, NOW, ZCX_WAIT_ACK);
	twin->acked = 1;
	step_ends(test, second, NOW, 0);
	step_finish_of(test, twin, second, ZCX_STATE_ACKED, 0, TOTAL);
	/* What becomes of the first concerns it no more. */
	fake->acked = -ECONNRESET;
	step_ends(test, first, NOW, -ECONNRESET);
	step_finish_of(test, fake, first, ZCX_STATE_FAILED, ECONNRESET, TOTAL);
	zcx_context_put(ctx);
}

/* The one before it did not do all it was to; itself, it sends nothing. */
static void step_line_is_broken(struct kunit *test)
{
	static const struct {
		ssize_t fill_result;
		int outcome;
		u32 state;
		u32 error;
	} ends[] = {
		{ 0, 0, ZCX_STATE_SHORT, 0 },
		{ -EIO, -EIO, ZCX_STATE_FAILED, EIO },
	};
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv;
	struct fake_order order;
	unsigned int i, acked;

	for (i = 0; i < 4; i++) {
		struct fake *twin = fake_twin(test, fake);
		struct zcx_live_link *first, *second;

		acked = i / 2;
		first = step_link_in_line(test, fake,
					  order_in(ctx, &order, acked), test);
		second = step_link_in_line(test, twin, &order, test);
		fake->fail_pos = FROM + 1;
		fake->fill_result = ends[i % 2].fill_result;
		fake->acked = 1;
		step_waits(test, second, NOW, ZCX_WAIT_TURN);
		step_ends(test, first, NOW, ends[i % 2].outcome);
		step_finish_of(test, fake, first, ends[i % 2].state,
			       ends[i % 2].error, FAKE_HEAD + 1);
		step_ends(test, second, NOW, -ECANCELED);
		KUNIT_EXPECT_EQ(test, twin->push_calls, 0);
		step_finish_of(test, twin, second, ZCX_STATE_CANCELLED,
			       ECANCELED, 0);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

static struct zcx_live_link *acked_link(struct kunit *test,
					struct zcx_context *ctx)
{
	struct fake_order order;

	return step_link(test, order_in(ctx, &order, true));
}

static void step_waits_for_the_ack(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = acked_link(test, ctx);
	struct fake *fake = test->priv;
	u64 now = NOW;

	for (fake->left = TOTAL; fake->left; fake->left -= 12) {
		step_waits(test, link, now, ZCX_WAIT_ACK);
		KUNIT_EXPECT_EQ(test, link->async->wake_at,
				now + NSEC_PER_SEC / 4);
		KUNIT_EXPECT_EQ(test, link->async->progress, now);
		/* Nothing new is no progress. */
		step_waits(test, link, now + 1, ZCX_WAIT_ACK);
		KUNIT_EXPECT_EQ(test, link->async->progress, now);
		now += NSEC_PER_SEC;
	}
	KUNIT_EXPECT_EQ(test, fake->push_calls, 1);
	/* It came between the question and the watch. */
	fake->watch_now = UINT_MAX;
	step_waits(test, link, now, ZCX_WAIT_ACK);
	fake->acked = 1;
	step_ends(test, link, now, 0);
	step_finish(test, link, ZCX_STATE_ACKED, 0, TOTAL);
	zcx_context_put(ctx);
}

static void step_connection_ends_before_the_ack(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = acked_link(test, ctx);
	struct fake *fake = test->priv;

	fake->left = TOTAL;
	step_waits(test, link, NOW, ZCX_WAIT_ACK);
	fake->acked = -ETIMEDOUT;
	step_ends(test, link, NOW, -ETIMEDOUT);
	step_got(test, TOTAL);
	step_finish(test, link, ZCX_STATE_FAILED, ETIMEDOUT, TOTAL);
	zcx_context_put(ctx);
}

/* What was sent of a file that is too short is waited for all the same. */
static void step_short_and_acked(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = acked_link(test, ctx);
	struct fake *fake = test->priv;

	fake->fail_pos = FROM + 1;
	fake->left = 1;
	step_waits(test, link, NOW, ZCX_WAIT_ACK);
	fake->acked = 1;
	step_ends(test, link, NOW, 0);
	step_finish(test, link, ZCX_STATE_SHORT, 0, FAKE_HEAD + 1);
	zcx_context_put(ctx);
}

/* With an errno it ends at once. */
static void step_error_and_acked(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = acked_link(test, ctx);
	struct fake *fake = test->priv;

	fake->fail_pos = FROM + 1;
	fake->fill_result = -EIO;
	step_ends(test, link, NOW, -EIO);
	step_got(test, FAKE_HEAD + 1);
	step_finish(test, link, ZCX_STATE_FAILED, EIO, FAKE_HEAD + 1);
	zcx_context_put(ctx);
}

static void step_of_no_bytes_and_acked(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = acked_link(test, ctx);
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = 0; i < 3; i++)
		link->program->ranges[i].end = link->program->ranges[i].pos;
	fake->acked = 1;
	step_ends(test, link, NOW, 0);
	step_finish(test, link, ZCX_STATE_ACKED, 0, 0);
	zcx_context_put(ctx);
}

static struct kunit_case step_turn_cases[] = {
	KUNIT_CASE(step_waits_for_its_turn),
	KUNIT_CASE(step_hands_its_turn_over_before_the_ack),
	KUNIT_CASE(step_line_is_broken),
	KUNIT_CASE(step_waits_for_the_ack),
	KUNIT_CASE(step_connection_ends_before_the_ack),
	KUNIT_CASE(step_short_and_acked),
	KUNIT_CASE(step_error_and_acked),
	KUNIT_CASE(step_of_no_bytes_and_acked),
	{}
};

static struct kunit_suite step_turn_suite = {
	.name		= "zcx-step-turn",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= step_turn_cases,
};
kunit_test_suite(step_turn_suite);
