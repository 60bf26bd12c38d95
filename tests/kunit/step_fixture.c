// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/time64.h>

#include "async.h"
#include "completion.h"
#include "context.h"
#include "fake.h"
#include "link.h"
#include "step.h"
#include "step_fixture.h"
#include "turn.h"

/* Nobody reads events here: a link is gone when its last reference is. */
struct zcx_context *step_context(struct kunit *test)
{
	struct zcx_context *ctx = zcx_context_create();

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	zcx_completion_close(ctx);
	return ctx;
}

void step_nobody(struct zcx_turn *turn)
{
}

/* In line for @key, ready for its first step. */
struct zcx_live_link *step_link_in_line(struct kunit *test, struct fake *fake,
					const struct fake_order *order,
					const void *key)
{
	struct zcx_live_link *link = fake_link(test, fake, order);

	link->async->started = NOW;
	link->async->progress = NOW;
	zcx_turn_enter(&link->turn, key, step_nobody);
	return link;
}

struct zcx_live_link *step_link(struct kunit *test,
				const struct fake_order *order)
{
	return step_link_in_line(test, test->priv, order, NULL);
}

/* LENGTH bytes, no limits. */
struct zcx_live_link *step_plain_link(struct kunit *test,
				      struct zcx_context *ctx)
{
	const struct fake_order order = {
		.ctx = ctx, .from = FROM, .length = LENGTH,
	};

	return step_link(test, &order);
}

/* A link that waits holds nothing of the file. */
void step_holds_nothing(struct kunit *test, struct zcx_live_link *link)
{
	KUNIT_EXPECT_EQ(test, link->sgl.bytes, 0);
	fake_expect_refs(test, test->priv);
}

/* What was pushed does not wait for what follows. */
void step_no_tail(struct kunit *test, struct fake *fake)
{
	KUNIT_EXPECT_FALSE(test, fake->held);
	KUNIT_EXPECT_EQ(test, fake->needless, 0);
}

void step_waits(struct kunit *test, struct zcx_live_link *link, u64 now,
		enum zcx_wait what)
{
	KUNIT_ASSERT_EQ(test, zcx_link_step(link, now), ZCX_STEP_WAIT);
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_WAITING);
	KUNIT_EXPECT_EQ(test, link->async->wait, what);
	step_holds_nothing(test, link);
	/* Before its turn it has sent nothing; the socket sends what it may. */
	if (what != ZCX_WAIT_SOCKET && what != ZCX_WAIT_TURN)
		step_no_tail(test, test->priv);
}

void step_fetches(struct kunit *test, struct zcx_live_link *link, u64 now,
		  loff_t pos)
{
	KUNIT_ASSERT_EQ(test, zcx_link_step(link, now), ZCX_STEP_FETCH);
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_WAITING);
	KUNIT_EXPECT_EQ(test, link->async->wait, ZCX_WAIT_DISK);
	KUNIT_EXPECT_EQ(test, link->async->fetch_range, 1);
	KUNIT_EXPECT_EQ(test, link->async->fetch_pos, pos);
	step_holds_nothing(test, link);
	step_no_tail(test, test->priv);
}

void step_ends(struct kunit *test, struct zcx_live_link *link, u64 now,
	       int outcome)
{
	KUNIT_ASSERT_EQ(test, zcx_link_step(link, now), ZCX_STEP_END);
	KUNIT_EXPECT_EQ(test, link->async->outcome, outcome);
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_RUNNING);
}

/* What becomes of a link that has ended, as async.c does it. Then it is gone. */
void step_finish_of(struct kunit *test, struct fake *fake,
		    struct zcx_live_link *link, u32 state, u32 error,
		    size_t bytes)
{
	zcx_link_finish(link, link->async->outcome);
	KUNIT_EXPECT_EQ(test, link->state, state);
	KUNIT_EXPECT_EQ(test, link->error, error);
	KUNIT_EXPECT_EQ(test, zcx_link_bytes_sent(link), bytes);
	step_no_tail(test, fake);
	KUNIT_EXPECT_LE(test, fake->ends, 1);
	KUNIT_EXPECT_LE(test, fake->ends, fake->begins);
	if (bytes > FAKE_HEAD)
		KUNIT_EXPECT_EQ(test, fake->ends, 1);
	zcx_link_let_go(link);
	zcx_async_let_go(link->async);
	zcx_completion_post(link);
	KUNIT_EXPECT_EQ(test, fake->destroys, 1);
	fake_expect_refs(test, fake);
	zcx_link_put(link);
}

void step_finish(struct kunit *test, struct zcx_live_link *link, u32 state,
		 u32 error, size_t bytes)
{
	step_finish_of(test, test->priv, link, state, error, bytes);
}

void step_got(struct kunit *test, size_t bytes)
{
	fake_expect_got(test, test->priv, FROM, LENGTH, bytes);
}
