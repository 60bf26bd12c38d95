// SPDX-License-Identifier: GPL-2.0
/*
 * Links that run by themselves, step by step: whatever they wait for, they may be
 * cancelled, have limits of time, and keep their pace.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "async.h"
#include "context.h"
#include "fake.h"
#include "link.h"
#include "pace.h"
#include "program.h"
#include "query.h"
#include "step.h"
#include "step_fixture.h"
#include "turn.h"

static void step_paused(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = step_plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->take[0] = 9;
	fake->nr_take = 1;
	link->async->paused = true;
	step_waits(test, link, NOW, ZCX_WAIT_PAUSED);
	step_waits(test, link, NOW, ZCX_WAIT_PAUSED);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 0);
	KUNIT_EXPECT_EQ(test, fake->fill_calls, 0);
	link->async->paused = false;
	step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
	link->async->paused = true;
	step_waits(test, link, NOW, ZCX_WAIT_PAUSED);
	step_got(test, 9);
	link->async->paused = false;
	step_ends(test, link, NOW, 0);
	step_got(test, TOTAL);
	step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

#define GRAIN	64	/* bytes that leave at a time at a rate of 1 B/s */

struct wait_case {
	const char *name;
	enum zcx_wait what;
	size_t sent;		/* when it waits */
	bool idle;		/* is the socket, or the peer, to blame? */
	bool idle_always;	/* if being paused is no excuse? */
};

static const struct wait_case wait_cases[] = {
	{ "turn", ZCX_WAIT_TURN, 0, false, false },
	{ "socket", ZCX_WAIT_SOCKET, 0, true, true },
	{ "paused", ZCX_WAIT_PAUSED, 0, false, true },
	{ "ack", ZCX_WAIT_ACK, TOTAL, true, true },
	{ "disk", ZCX_WAIT_DISK, 0, true, true },
	{ "pace", ZCX_WAIT_PACE, GRAIN, false, false },
};

static void wait_desc(const struct wait_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(wait, wait_cases, wait_desc);

/**
 * struct waiting - a link that waits for what the case says
 * @ctx: its context
 * @link: the link
 * @before: somebody before it in the line, if that is what it waits for
 */
struct waiting {
	struct zcx_context *ctx;
	struct zcx_live_link *link;
	struct zcx_turn before;
};

/* Once more: it waits for the same as before. */
static void expect_case(struct kunit *test, struct waiting *w, u64 now)
{
	const struct wait_case *c = test->param_value;

	if (c->what == ZCX_WAIT_DISK)
		step_fetches(test, w->link, now, FROM);
	else
		step_waits(test, w->link, now, c->what);
	KUNIT_EXPECT_EQ(test, zcx_link_bytes_sent(w->link), c->sent);
}

static void wait_for_case(struct kunit *test, struct waiting *w,
			  struct zcx_limits limits)
{
	const struct wait_case *c = test->param_value;
	bool pace = c->what == ZCX_WAIT_PACE;
	struct fake *fake = test->priv;
	struct fake_order order = {
		.ctx = step_context(test),
		.from = FROM,
		.length = pace ? 1000 : LENGTH,
		.limits = limits,
		.acked = c->what == ZCX_WAIT_ACK,
	};

	if (pace)
		zcx_pace_init(&order.limits.pace, 1, NOW);
	w->ctx = order.ctx;
	zcx_turn_enter(&w->before, c->what == ZCX_WAIT_TURN ? test : NULL,
		       step_nobody);
	w->link = step_link_in_line(test, fake, &order, w->before.key);
	w->link->async->paused = c->what == ZCX_WAIT_PAUSED;
	fake->full = c->what == ZCX_WAIT_SOCKET;
	fake->left = TOTAL;
	if (c->what == ZCX_WAIT_DISK)
		fake->at_hand = FROM;
	expect_case(test, w, NOW);
}

static void wait_ends(struct kunit *test, struct waiting *w, u64 now, int err,
		      u32 state)
{
	const struct wait_case *c = test->param_value;

	step_ends(test, w->link, now, err);
	step_finish(test, w->link, state, -err, c->sent);
	zcx_turn_leave(&w->before, true);
	zcx_context_put(w->ctx);
}

static void step_wait_may_be_cancelled(struct kunit *test)
{
	struct waiting w = { };

	wait_for_case(test, &w, (struct zcx_limits){ });
	atomic_set(&w.link->async->ending, ZCX_ENDING_CANCEL);
	wait_ends(test, &w, NOW, -ECANCELED, ZCX_STATE_CANCELLED);
}

static void step_wait_has_a_deadline(struct kunit *test)
{
	const u64 deadline = NOW + NSEC_PER_SEC;
	struct waiting w = { };

	wait_for_case(test, &w, (struct zcx_limits){ .deadline = deadline });
	KUNIT_EXPECT_LE(test, w.link->async->wake_at, deadline);
	expect_case(test, &w, deadline - 1);
	KUNIT_EXPECT_LE(test, w.link->async->wake_at, deadline);
	wait_ends(test, &w, deadline, -ETIMEDOUT, ZCX_STATE_FAILED);
}

/* The deadline and a cancel at the same time: a cancel is a cancel. */
static void step_wait_cancelled_at_its_deadline(struct kunit *test)
{
	struct waiting w = { };

	wait_for_case(test, &w, (struct zcx_limits){ .deadline = NOW + 1 });
	atomic_set(&w.link->async->ending, ZCX_ENDING_CANCEL);
	wait_ends(test, &w, NOW + 1, -ECANCELED, ZCX_STATE_CANCELLED);
}

static void expect_idle(struct kunit *test, bool counts, bool always)
{
	const struct zcx_limits limits = {
		.idle = NSEC_PER_SEC, .idle_always = always,
	};
	struct waiting w = { };

	wait_for_case(test, &w, limits);
	if (counts) {
		KUNIT_EXPECT_LE(test, w.link->async->wake_at,
				NOW + NSEC_PER_SEC);
		expect_case(test, &w, NOW + NSEC_PER_SEC - 1);
		KUNIT_EXPECT_LE(test, w.link->async->wake_at,
				NOW + NSEC_PER_SEC);
		wait_ends(test, &w, NOW + NSEC_PER_SEC, -ETIMEDOUT,
			  ZCX_STATE_FAILED);
		return;
	}
	expect_case(test, &w, NOW + NSEC_PER_SEC);
	expect_case(test, &w, NOW + 5 * NSEC_PER_SEC);
	atomic_set(&w.link->async->ending, ZCX_ENDING_CANCEL);
	wait_ends(test, &w, NOW + 6 * NSEC_PER_SEC, -ECANCELED,
		  ZCX_STATE_CANCELLED);
}

static void step_idle_limit(struct kunit *test)
{
	const struct wait_case *c = test->param_value;

	expect_idle(test, c->idle, false);
}

static void step_idle_limit_that_pausing_does_not_stop(struct kunit *test)
{
	const struct wait_case *c = test->param_value;

	expect_idle(test, c->idle_always, true);
}

static void step_tells_what_it_waits_for(struct kunit *test)
{
	const struct wait_case *c = test->param_value;
	struct fake *fake = test->priv;
	struct zcx_query query = { };
	struct waiting w = { };

	wait_for_case(test, &w, (struct zcx_limits){ });
	fake->left = 7;
	spin_lock(&w.ctx->lock);
	zcx_link_query(w.link, &query);
	spin_unlock(&w.ctx->lock);
	KUNIT_EXPECT_EQ(test, query.id, w.link->id);
	KUNIT_EXPECT_EQ(test, query.user_data, 42);
	KUNIT_EXPECT_EQ(test, query.state, ZCX_STATE_WAITING);
	KUNIT_EXPECT_EQ(test, query.wait, c->what);
	KUNIT_EXPECT_EQ(test, query.bytes_sent, c->sent);
	KUNIT_EXPECT_EQ(test, query.bytes_acked, c->sent ? c->sent - 7 : 0);
	KUNIT_EXPECT_EQ(test, query.error, 0);
	KUNIT_EXPECT_STREQ(test, zcx_wait_name(query.wait), c->name);
	KUNIT_EXPECT_STREQ(test, zcx_state_name(query.state), "waiting");
	atomic_set(&w.link->async->ending, ZCX_ENDING_CANCEL);
	wait_ends(test, &w, NOW, -ECANCELED, ZCX_STATE_CANCELLED);
}

static struct zcx_live_link *idle_link(struct kunit *test,
				       struct zcx_context *ctx)
{
	const struct fake_order order = {
		.ctx = ctx, .from = FROM, .length = LENGTH,
		.limits = { .idle = NSEC_PER_SEC },
	};

	return step_link(test, &order);
}

/* Every byte taken begins the limit anew. */
static void step_idle_limit_begins_anew(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = idle_link(test, ctx);
	struct fake *fake = test->priv;
	u64 now = NOW;
	size_t n;

	fake->take_most = 1;
	for (n = 1; n < 20; n++) {
		step_waits(test, link, now, ZCX_WAIT_SOCKET);
		now += NSEC_PER_SEC - 1;
	}
	fake->full = true;
	step_waits(test, link, now, ZCX_WAIT_SOCKET);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, now + 1);
	step_ends(test, link, now + 1, -ETIMEDOUT);
	step_got(test, 19);
	step_finish(test, link, ZCX_STATE_FAILED, ETIMEDOUT, 19);
	zcx_context_put(ctx);
}

/* What was left of it does not matter once it has been paused. */
static void step_idle_limit_after_a_pause(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = idle_link(test, ctx);
	struct fake *fake = test->priv;
	u64 now = NOW;

	fake->full = true;
	step_waits(test, link, now, ZCX_WAIT_SOCKET);
	link->async->paused = true;
	now += NSEC_PER_SEC / 2;
	step_waits(test, link, now, ZCX_WAIT_PAUSED);
	/* Nothing woke it meanwhile. */
	link->async->paused = false;
	now += 100 * NSEC_PER_SEC;
	step_waits(test, link, now, ZCX_WAIT_SOCKET);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, now + NSEC_PER_SEC);
	step_waits(test, link, now + NSEC_PER_SEC - 1, ZCX_WAIT_SOCKET);
	step_ends(test, link, now + NSEC_PER_SEC, -ETIMEDOUT);
	step_finish(test, link, ZCX_STATE_FAILED, ETIMEDOUT, 0);
	zcx_context_put(ctx);
}

/* It counts from when its turn came. */
static void step_idle_limit_after_its_turn_came(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	const struct fake_order order = {
		.ctx = ctx, .from = FROM, .length = LENGTH,
		.limits = { .idle = NSEC_PER_SEC },
	};
	struct fake *fake = test->priv;
	struct zcx_turn before = { };
	struct zcx_live_link *link;
	u64 now = NOW + 50 * NSEC_PER_SEC;

	zcx_turn_enter(&before, test, step_nobody);
	link = step_link_in_line(test, fake, &order, test);
	fake->full = true;
	step_waits(test, link, NOW, ZCX_WAIT_TURN);
	zcx_turn_leave(&before, true);
	step_waits(test, link, now, ZCX_WAIT_SOCKET);
	step_waits(test, link, now + NSEC_PER_SEC - 1, ZCX_WAIT_SOCKET);
	step_ends(test, link, now + NSEC_PER_SEC, -ETIMEDOUT);
	step_finish(test, link, ZCX_STATE_FAILED, ETIMEDOUT, 0);
	zcx_context_put(ctx);
}

/* Also where the clock says more than a limit can be added to. */
static void step_limits_of_centuries(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	const struct fake_order order = {
		.ctx = ctx, .from = FROM, .length = LENGTH,
		.limits = { .idle = S64_MAX / 2, .deadline = U64_MAX - 1 },
	};
	struct zcx_live_link *link = step_link(test, &order);
	struct fake *fake = test->priv;

	fake->full = true;
	step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, NOW + S64_MAX / 2);
	fake->full = false;
	step_ends(test, link, S64_MAX / 2, 0);
	step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

#define RATE	100000
#define WORTH	(RATE / 50)	/* bytes of a grain */
#define PACED	10000		/* bytes of the file */

static struct zcx_live_link *paced_link(struct kunit *test,
					struct zcx_context *ctx)
{
	struct fake_order order = {
		.ctx = ctx, .from = FROM, .length = PACED,
	};

	zcx_pace_init(&order.limits.pace, RATE, NOW);
	return step_link(test, &order);
}

static void step_keeps_its_pace(struct kunit *test)
{
	const size_t total = FAKE_HEAD + PACED + FAKE_TAIL;
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = paced_link(test, ctx);
	struct fake *fake = test->priv;
	u64 now = NOW;
	size_t sent;

	for (sent = WORTH; sent < total; sent += WORTH) {
		step_waits(test, link, now, ZCX_WAIT_PACE);
		fake_expect_got(test, fake, FROM, PACED, sent);
		KUNIT_EXPECT_TRUE(test, fake->more);
		/* Woken by something else meanwhile: not yet. */
		now = link->async->wake_at;
		step_waits(test, link, now - 2, ZCX_WAIT_PACE);
		KUNIT_EXPECT_EQ(test, link->async->wake_at, now);
	}
	step_ends(test, link, now, 0);
	fake_expect_got(test, fake, FROM, PACED, total);
	KUNIT_EXPECT_GE(test, now, NOW + 99 * NSEC_PER_MSEC);
	KUNIT_EXPECT_LE(test, now, NOW + 102 * NSEC_PER_MSEC);
	step_finish(test, link, ZCX_STATE_SENT, 0, total);
	zcx_context_put(ctx);
}

/* What the sink did not take has not been spent. */
static void step_pace_counts_what_was_taken(struct kunit *test)
{
	const size_t total = FAKE_HEAD + PACED + FAKE_TAIL;
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = paced_link(test, ctx);
	struct fake *fake = test->priv;
	u64 now = NOW;

	fake->take_most = 500;
	for (;;) {
		enum zcx_step step = zcx_link_step(link, now);

		KUNIT_ASSERT_LE(test, fake->nr_got, 2 * WORTH +
				div_u64((now - NOW) * RATE, NSEC_PER_SEC));
		if (step == ZCX_STEP_END)
			break;
		KUNIT_ASSERT_EQ(test, step, ZCX_STEP_WAIT);
		step_holds_nothing(test, link);
		if (link->async->wait == ZCX_WAIT_PACE)
			now = link->async->wake_at;
		else
			KUNIT_ASSERT_EQ(test, link->async->wait,
					ZCX_WAIT_SOCKET);
	}
	fake_expect_got(test, fake, FROM, PACED, total);
	KUNIT_EXPECT_LE(test, now, NOW + 102 * NSEC_PER_MSEC);
	step_finish(test, link, ZCX_STATE_SENT, 0, total);
	zcx_context_put(ctx);
}

/* The first of several times to wake up at is the one that counts. */
static void step_wakes_up_for_the_first_reason(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct fake_order order = {
		.ctx = ctx, .from = FROM, .length = PACED,
		.limits = { .deadline = NOW + NSEC_PER_MSEC,
			    .idle = NSEC_PER_SEC },
	};
	struct zcx_live_link *link;

	zcx_pace_init(&order.limits.pace, RATE, NOW);
	link = step_link(test, &order);
	step_waits(test, link, NOW, ZCX_WAIT_PACE);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, NOW + NSEC_PER_MSEC);
	link->async->limits.deadline = U64_MAX;
	step_waits(test, link, NOW + 1, ZCX_WAIT_PACE);
	KUNIT_EXPECT_EQ(test, link->async->wake_at,
			zcx_pace_next(&link->async->limits.pace));
	atomic_set(&link->async->ending, ZCX_ENDING_CANCEL);
	step_ends(test, link, NOW, -ECANCELED);
	step_finish(test, link, ZCX_STATE_CANCELLED, ECANCELED, WORTH);
	zcx_context_put(ctx);
}

static struct kunit_case step_limits_cases[] = {
	KUNIT_CASE(step_paused),
	KUNIT_CASE_PARAM(step_wait_may_be_cancelled, wait_gen_params),
	KUNIT_CASE_PARAM(step_wait_has_a_deadline, wait_gen_params),
	KUNIT_CASE_PARAM(step_wait_cancelled_at_its_deadline, wait_gen_params),
	KUNIT_CASE_PARAM(step_idle_limit, wait_gen_params),
	KUNIT_CASE_PARAM(step_idle_limit_that_pausing_does_not_stop,
			 wait_gen_params),
	KUNIT_CASE_PARAM(step_tells_what_it_waits_for, wait_gen_params),
	KUNIT_CASE(step_idle_limit_begins_anew),
	KUNIT_CASE(step_idle_limit_after_a_pause),
	KUNIT_CASE(step_idle_limit_after_its_turn_came),
	KUNIT_CASE(step_limits_of_centuries),
	KUNIT_CASE(step_keeps_its_pace),
	KUNIT_CASE(step_pace_counts_what_was_taken),
	KUNIT_CASE(step_wakes_up_for_the_first_reason),
	{}
};

static struct kunit_suite step_limits_suite = {
	.name		= "zcx-step-limits",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= step_limits_cases,
};
kunit_test_suite(step_limits_suite);
