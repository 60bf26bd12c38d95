// SPDX-License-Identifier: GPL-2.0
/*
 * The state machine of links that run by themselves, one step after the other,
 * with a lane and a sink that do as they are told and a clock that is an
 * argument.
 */
#include <kunit/test.h>
#include <linux/backing-dev.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/time64.h>

#include "async.h"
#include "completion.h"
#include "context.h"
#include "fake.h"
#include "link.h"
#include "pace.h"
#include "program.h"
#include "query.h"
#include "step.h"

#define NOW	(1000 * NSEC_PER_SEC)

/* A range that crosses from one folio into the next. */
#define FROM	(PAGE_SIZE - 21)
#define LENGTH	40

#define TOTAL	(FAKE_HEAD + LENGTH + FAKE_TAIL)

#define GRAIN	64	/* bytes that leave at a time at a rate of 1 B/s */

/* Nobody reads events here: a link is gone when its last reference is. */
static struct zcx_context *make_context(struct kunit *test)
{
	struct zcx_context *ctx = zcx_context_create();

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	zcx_completion_close(ctx);
	return ctx;
}

static void nobody_called(struct zcx_turn *turn)
{
}

/* In line for @key, ready for its first step. */
static struct zcx_live_link *link_in_line(struct kunit *test, struct fake *fake,
					  const struct fake_order *order,
					  const void *key)
{
	struct zcx_live_link *link = fake_link(test, fake, order);

	link->async->started = NOW;
	link->async->progress = NOW;
	zcx_turn_enter(&link->turn, key, nobody_called);
	return link;
}

static struct zcx_live_link *make_link(struct kunit *test,
				       const struct fake_order *order)
{
	return link_in_line(test, test->priv, order, NULL);
}

/* LENGTH bytes, no limits. */
static struct zcx_live_link *plain_link(struct kunit *test,
					struct zcx_context *ctx)
{
	const struct fake_order order = {
		.ctx = ctx, .from = FROM, .length = LENGTH,
	};

	return make_link(test, &order);
}

/* A link that waits holds nothing of the file. */
static void expect_nothing_held(struct kunit *test, struct zcx_live_link *link)
{
	KUNIT_EXPECT_EQ(test, link->sgl.bytes, 0);
	fake_expect_refs(test, test->priv);
}

/* What was pushed does not wait for what follows. */
static void expect_no_tail(struct kunit *test, struct fake *fake)
{
	KUNIT_EXPECT_FALSE(test, fake->held);
	KUNIT_EXPECT_EQ(test, fake->needless, 0);
}

static void expect_wait(struct kunit *test, struct zcx_live_link *link, u64 now,
			enum zcx_wait what)
{
	KUNIT_ASSERT_EQ(test, zcx_link_step(link, now), ZCX_STEP_WAIT);
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_WAITING);
	KUNIT_EXPECT_EQ(test, link->async->wait, what);
	expect_nothing_held(test, link);
	/* Before its turn it has sent nothing; the socket sends what it may. */
	if (what != ZCX_WAIT_SOCKET && what != ZCX_WAIT_TURN)
		expect_no_tail(test, test->priv);
}

static void expect_fetch(struct kunit *test, struct zcx_live_link *link,
			 u64 now, loff_t pos)
{
	KUNIT_ASSERT_EQ(test, zcx_link_step(link, now), ZCX_STEP_FETCH);
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_WAITING);
	KUNIT_EXPECT_EQ(test, link->async->wait, ZCX_WAIT_DISK);
	KUNIT_EXPECT_EQ(test, link->async->fetch_range, 1);
	KUNIT_EXPECT_EQ(test, link->async->fetch_pos, pos);
	expect_nothing_held(test, link);
	expect_no_tail(test, test->priv);
}

static void expect_end(struct kunit *test, struct zcx_live_link *link, u64 now,
		       int outcome)
{
	KUNIT_ASSERT_EQ(test, zcx_link_step(link, now), ZCX_STEP_END);
	KUNIT_EXPECT_EQ(test, link->async->outcome, outcome);
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_RUNNING);
}

/* What becomes of a link that has ended, as async.c does it. Then it is gone. */
static void finish_of(struct kunit *test, struct fake *fake,
		      struct zcx_live_link *link, u32 state, u32 error,
		      size_t bytes)
{
	zcx_link_finish(link, link->async->outcome);
	KUNIT_EXPECT_EQ(test, link->state, state);
	KUNIT_EXPECT_EQ(test, link->error, error);
	KUNIT_EXPECT_EQ(test, zcx_link_bytes_sent(link), bytes);
	expect_no_tail(test, fake);
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

static void finish(struct kunit *test, struct zcx_live_link *link, u32 state,
		   u32 error, size_t bytes)
{
	finish_of(test, test->priv, link, state, error, bytes);
}

static void expect_got(struct kunit *test, size_t bytes)
{
	fake_expect_got(test, test->priv, FROM, LENGTH, bytes);
}

static void step_sends_all_in_order(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = plain_link(test, ctx);
	struct fake *fake = test->priv;

	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_QUEUED);
	expect_end(test, link, NOW, 0);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, U64_MAX);
	KUNIT_EXPECT_EQ(test, link->async->wait, ZCX_WAIT_NONE);
	expect_got(test, TOTAL);
	/* Head, file and tail leave together, and the socket knows the end. */
	KUNIT_EXPECT_EQ(test, fake->push_calls, 1);
	KUNIT_EXPECT_FALSE(test, fake->more);
	KUNIT_EXPECT_EQ(test, fake->watch_calls, 0);
	KUNIT_EXPECT_EQ(test, link->sent[ZCX_TAG_MEMORY],
			FAKE_HEAD + FAKE_TAIL);
	KUNIT_EXPECT_EQ(test, link->sent[ZCX_TAG_CACHE], LENGTH);
	finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 0);
	zcx_context_put(ctx);
}

static void step_of_no_bytes(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = plain_link(test, ctx);
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = 0; i < 3; i++)
		link->program->ranges[i].end = link->program->ranges[i].pos;
	expect_end(test, link, NOW, 0);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 0);
	KUNIT_EXPECT_EQ(test, fake->fill_calls, 0);
	finish(test, link, ZCX_STATE_SENT, 0, 0);
	zcx_context_put(ctx);
}

/* What the sink did not take is given back, and gathered again. */
static void step_socket_full_at_every_byte(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	size_t first, again;

	for (first = 0; first < TOTAL; first++) {
		for (again = 0; again < 2; again++) {
			struct zcx_live_link *link = plain_link(test, ctx);

			fake->take[0] = first;
			fake->take[1] = again;
			fake->nr_take = 2;
			expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
			expect_got(test, first);
			KUNIT_EXPECT_EQ(test, fake->watch_calls, 1);
			KUNIT_EXPECT_EQ(test, link->async->wake_at, U64_MAX);
			if (first + again < TOTAL) {
				expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
				expect_got(test, first + again);
			}
			expect_end(test, link, NOW, 0);
			expect_got(test, TOTAL);
			finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
			fake_reset(fake);
		}
	}
	zcx_context_put(ctx);
}

static void step_byte_by_byte(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = plain_link(test, ctx);
	struct fake *fake = test->priv;
	size_t n;

	fake->take_most = 1;
	for (n = 1; n < TOTAL; n++) {
		expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
		expect_got(test, n);
		KUNIT_EXPECT_TRUE(test, fake->more);
	}
	expect_end(test, link, NOW, 0);
	expect_got(test, TOTAL);
	KUNIT_EXPECT_FALSE(test, fake->more);
	finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
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
			expect_nothing_held(test, link);
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

	return make_link(test, &order);
}

static void step_socket_full_at_every_batch(struct kunit *test)
{
	const size_t total = FAKE_HEAD + MANY + FAKE_TAIL;
	struct zcx_context *ctx = make_context(test);
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
		finish(test, link, ZCX_STATE_SENT, 0, total);
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
	struct zcx_context *ctx = make_context(test);
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
			finish(test, link, ZCX_STATE_SENT, 0, total);
			fake_reset(fake);
		}
	}
	zcx_context_put(ctx);
}

static void step_push_error_at_every_call(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	unsigned int call, i;

	for (call = 1; call <= TOTAL; call++) {
		struct zcx_live_link *link = plain_link(test, ctx);

		fake->take_most = 1;
		fake->push_fail_at = call;
		fake->push_result = -ECONNRESET;
		for (i = 1; i < call; i++)
			expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
		expect_end(test, link, NOW, -ECONNRESET);
		expect_got(test, call - 1);
		finish(test, link, ZCX_STATE_FAILED, ECONNRESET, call - 1);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* A signal for whoever submitted it does not end a link: it goes on elsewhere. */
static void step_signals_are_the_submitters(struct kunit *test)
{
	static const int signals[] = { -EINTR, -ERESTARTSYS };
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		struct zcx_live_link *link = plain_link(test, ctx);

		fake->push_fail_at = 2;
		fake->push_result = signals[i];
		fake->take[0] = 9;
		fake->nr_take = 1;
		expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
		KUNIT_ASSERT_EQ(test, zcx_link_step(link, NOW),
				ZCX_STEP_YIELD);
		expect_nothing_held(test, link);
		expect_got(test, 9);
		expect_end(test, link, NOW, 0);
		expect_got(test, TOTAL);
		finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* Room that came while it looked: it tries once more, and does not wait. */
static void step_sink_has_room_again(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->take[0] = 7;
	fake->take[1] = 0;
	fake->nr_take = 2;
	fake->watch_now = 1;
	expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 2);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, U64_MAX);
	expect_got(test, 7);
	expect_end(test, link, NOW, 0);
	expect_got(test, TOTAL);
	finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

/* It has room and takes nothing: pauses, twice as long each time. */
static void step_sink_has_room_but_no_memory(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = plain_link(test, ctx);
	struct fake *fake = test->priv;
	u64 pause = 2 * NSEC_PER_MSEC;
	u64 now = NOW;
	unsigned int i;

	fake->full = true;
	fake->watch_now = UINT_MAX;
	for (i = 0; i < 12; i++) {
		expect_wait(test, link, now, ZCX_WAIT_SOCKET);
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
	expect_wait(test, link, now, ZCX_WAIT_SOCKET);
	expect_got(test, 1);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, now + 2 * NSEC_PER_MSEC);
	fake->take_most = 0;
	expect_end(test, link, now, 0);
	expect_got(test, TOTAL);
	finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

static void step_missing_at_every_byte(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	size_t at;

	for (at = 0; at < LENGTH; at++) {
		struct zcx_live_link *link = plain_link(test, ctx);
		/* A head alone is not worth a packet. */
		size_t sent = at ? FAKE_HEAD + at : 0;

		fake->at_hand = FROM + at;
		expect_fetch(test, link, NOW, FROM + at);
		expect_got(test, sent);
		/* Woken for nothing: it is still missing. */
		expect_fetch(test, link, NOW, FROM + at);
		expect_got(test, sent);
		fake->at_hand = LLONG_MAX;
		expect_end(test, link, NOW, 0);
		expect_got(test, TOTAL);
		finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
		fake_reset(fake);
	}
	KUNIT_EXPECT_EQ(test, 2 * LENGTH,
			atomic64_read(&ctx->stats.value[ZCX_STAT_WAITS_DISK]));
	zcx_context_put(ctx);
}

/* Of several pieces that come one by one, none is lost or sent twice. */
static void step_missing_again_and_again(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->at_hand = FROM;
	expect_fetch(test, link, NOW, FROM);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 0);
	while (fake->at_hand + 4 < FROM + LENGTH) {
		fake->at_hand += 4;
		expect_fetch(test, link, NOW, fake->at_hand);
		expect_got(test, FAKE_HEAD + fake->at_hand - FROM);
	}
	fake->at_hand += 4;
	expect_end(test, link, NOW, 0);
	expect_got(test, TOTAL);
	finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

/* What is worth sending goes before a disk is asked. */
static void step_sends_before_it_fetches(struct kunit *test)
{
	const loff_t length = 20 * PAGE_SIZE, hot = SZ_64K + 77;
	struct zcx_context *ctx = make_context(test);
	const struct fake_order order = {
		.ctx = ctx, .length = length, .batch = SZ_1M,
	};
	struct zcx_live_link *link = make_link(test, &order);
	struct fake *fake = test->priv;

	fake->at_hand = hot;
	expect_fetch(test, link, NOW, hot);
	fake_expect_got(test, fake, 0, length, FAKE_HEAD + hot);
	KUNIT_EXPECT_TRUE(test, fake->more);
	fake->at_hand = LLONG_MAX;
	expect_end(test, link, NOW, 0);
	fake_expect_got(test, fake, 0, length, FAKE_HEAD + length + FAKE_TAIL);
	finish(test, link, ZCX_STATE_SENT, 0, FAKE_HEAD + length + FAKE_TAIL);
	zcx_context_put(ctx);
}

/* Good bytes first, then the errno; also when the sink is full before. */
static void step_lane_error_at_every_byte(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	size_t at, first;

	for (at = 0; at < LENGTH; at++) {
		for (first = 0; first < FAKE_HEAD + at; first += 5) {
			struct zcx_live_link *link = plain_link(test, ctx);

			fake->fail_pos = FROM + at;
			fake->fill_result = -EIO;
			fake->take[0] = first;
			fake->nr_take = 1;
			expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
			expect_got(test, first);
			expect_end(test, link, NOW, -EIO);
			expect_got(test, FAKE_HEAD + at);
			finish(test, link, ZCX_STATE_FAILED, EIO,
			       FAKE_HEAD + at);
			fake_reset(fake);
		}
	}
	zcx_context_put(ctx);
}

static void step_short_at_every_byte(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	size_t at, first;

	for (at = 0; at < LENGTH; at++) {
		for (first = 0; first < FAKE_HEAD + at; first += 5) {
			struct zcx_live_link *link = plain_link(test, ctx);

			fake->fail_pos = FROM + at;
			fake->fill_result = 0;
			fake->take[0] = first;
			fake->nr_take = 1;
			expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
			expect_got(test, first);
			expect_end(test, link, NOW, 0);
			/* And nothing of what would have followed. */
			expect_got(test, FAKE_HEAD + at);
			finish(test, link, ZCX_STATE_SHORT, 0, FAKE_HEAD + at);
			fake_reset(fake);
		}
	}
	zcx_context_put(ctx);
}

/* The file grew again before all that it was short of had gone. */
static void step_short_no_more(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->fail_pos = FROM;
	fake->take[0] = 3;
	fake->nr_take = 1;
	expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
	expect_got(test, 3);
	fake->fail_pos = LLONG_MAX;
	expect_end(test, link, NOW, 0);
	expect_got(test, TOTAL);
	finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

/* What was gathered before it goes, also in two pieces: then the errno. */
static void step_fetch_error_after_good_bytes(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	size_t at, some;

	for (at = 0; at < LENGTH; at++) {
		for (some = 0; some < 2; some++) {
			struct zcx_live_link *link = plain_link(test, ctx);

			fake->at_hand = FROM + at;
			expect_fetch(test, link, NOW, FROM + at);
			link->async->fetch_error = -EIO;
			if (some && !at) {
				fake->take[0] = 2;
				fake->nr_take = 1;
				expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
			}
			expect_end(test, link, NOW, -EIO);
			expect_got(test, FAKE_HEAD + at);
			finish(test, link, ZCX_STATE_FAILED, EIO,
			       FAKE_HEAD + at);
			fake_reset(fake);
		}
	}
	zcx_context_put(ctx);
}

/* An errno that was met elsewhere says nothing about these bytes. */
static void step_fetch_error_of_another_place(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->at_hand = FROM + 10;
	expect_fetch(test, link, NOW, FROM + 10);
	link->async->fetch_error = -EIO;
	/* Somebody else has brought some of them meanwhile. */
	fake->at_hand = FROM + 11;
	expect_fetch(test, link, NOW, FROM + 11);
	KUNIT_EXPECT_EQ(test, link->async->fetch_error, 0);
	fake->at_hand = LLONG_MAX;
	expect_end(test, link, NOW, 0);
	expect_got(test, TOTAL);
	finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

/* A lane that only knows how to wait, does it in the pool of its disk. */
static void step_lane_that_blocks_runs_in_a_pool(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->lane.fetch = NULL;
	fake->at_hand = FROM;
	expect_fetch(test, link, NOW, FROM);
	link->async->pool = true;
	fake->take[0] = 20;
	fake->nr_take = 1;
	expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
	expect_got(test, 20);
	/* The socket woke it: not in the pool again, and nothing is kept. */
	link->async->pool = false;
	expect_fetch(test, link, NOW, FROM + 20 - FAKE_HEAD);
	link->async->pool = true;
	expect_end(test, link, NOW, 0);
	expect_got(test, TOTAL);
	finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

/* Told to wait, it says EAGAIN: that is the file's own errno. */
static void step_file_says_again(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->lane.fetch = NULL;
	fake->fail_pos = FROM;
	fake->fill_result = -EAGAIN;
	link->async->pool = true;
	expect_end(test, link, NOW, -EAGAIN);
	expect_got(test, FAKE_HEAD);
	finish(test, link, ZCX_STATE_FAILED, EAGAIN, FAKE_HEAD);
	zcx_context_put(ctx);
}

static void step_paused(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->take[0] = 9;
	fake->nr_take = 1;
	link->async->paused = true;
	expect_wait(test, link, NOW, ZCX_WAIT_PAUSED);
	expect_wait(test, link, NOW, ZCX_WAIT_PAUSED);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 0);
	KUNIT_EXPECT_EQ(test, fake->fill_calls, 0);
	link->async->paused = false;
	expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
	link->async->paused = true;
	expect_wait(test, link, NOW, ZCX_WAIT_PAUSED);
	expect_got(test, 9);
	link->async->paused = false;
	expect_end(test, link, NOW, 0);
	expect_got(test, TOTAL);
	finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

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
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv, *twin = fake_twin(test, fake);
	struct zcx_live_link *first, *second;
	struct fake_order order;

	order_in(ctx, &order, false);
	first = link_in_line(test, fake, &order, test);
	second = link_in_line(test, twin, &order, test);
	expect_wait(test, second, NOW, ZCX_WAIT_TURN);
	fake->take[0] = 9;
	fake->nr_take = 1;
	expect_wait(test, first, NOW, ZCX_WAIT_SOCKET);
	expect_wait(test, second, NOW, ZCX_WAIT_TURN);
	KUNIT_EXPECT_EQ(test, twin->fill_calls, 0);
	expect_end(test, first, NOW, 0);
	finish_of(test, fake, first, ZCX_STATE_SENT, 0, TOTAL);
	expect_end(test, second, NOW, 0);
	fake_expect_got(test, twin, FROM, LENGTH, TOTAL);
	finish_of(test, twin, second, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

/* All is in the socket: the next one does not wait for the ACK. */
static void step_hands_its_turn_over_before_the_ack(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv, *twin = fake_twin(test, fake);
	struct zcx_live_link *first, *second;
	struct fake_order order;

	order_in(ctx, &order, true);
	first = link_in_line(test, fake, &order, test);
	second = link_in_line(test, twin, &order, test);
	/* Not before TLS has it all. */
	fake->unsettled = 2;
	fake->left = TOTAL;
	expect_wait(test, first, NOW, ZCX_WAIT_SOCKET);
	expect_wait(test, second, NOW, ZCX_WAIT_TURN);
	expect_wait(test, first, NOW, ZCX_WAIT_SOCKET);
	expect_wait(test, first, NOW, ZCX_WAIT_ACK);
	twin->acked = 1;
	expect_end(test, second, NOW, 0);
	finish_of(test, twin, second, ZCX_STATE_ACKED, 0, TOTAL);
	/* What becomes of the first concerns it no more. */
	fake->acked = -ECONNRESET;
	expect_end(test, first, NOW, -ECONNRESET);
	finish_of(test, fake, first, ZCX_STATE_FAILED, ECONNRESET, TOTAL);
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
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct fake_order order;
	unsigned int i, acked;

	for (i = 0; i < 4; i++) {
		struct fake *twin = fake_twin(test, fake);
		struct zcx_live_link *first, *second;

		acked = i / 2;
		first = link_in_line(test, fake, order_in(ctx, &order, acked),
				     test);
		second = link_in_line(test, twin, &order, test);
		fake->fail_pos = FROM + 1;
		fake->fill_result = ends[i % 2].fill_result;
		fake->acked = 1;
		expect_wait(test, second, NOW, ZCX_WAIT_TURN);
		expect_end(test, first, NOW, ends[i % 2].outcome);
		finish_of(test, fake, first, ends[i % 2].state,
			  ends[i % 2].error, FAKE_HEAD + 1);
		expect_end(test, second, NOW, -ECANCELED);
		KUNIT_EXPECT_EQ(test, twin->push_calls, 0);
		finish_of(test, twin, second, ZCX_STATE_CANCELLED, ECANCELED, 0);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

static void step_settles(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = plain_link(test, ctx);
	struct fake *fake = test->priv;
	unsigned int i;

	fake->unsettled = 4;
	for (i = 0; i < 3; i++) {
		expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
		expect_no_tail(test, fake);
		KUNIT_EXPECT_EQ(test, link->async->wake_at,
				NOW + (10 * NSEC_PER_MSEC << i));
		/* All has been sent: a pause comes too late. */
		link->async->paused = true;
	}
	/* It has settled between the question and the watch. */
	fake->watch_now = UINT_MAX;
	expect_end(test, link, NOW, 0);
	KUNIT_EXPECT_EQ(test, fake->settled_calls, 5);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 1);
	expect_got(test, TOTAL);
	finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

static struct zcx_live_link *acked_link(struct kunit *test,
					struct zcx_context *ctx)
{
	struct fake_order order;

	return make_link(test, order_in(ctx, &order, true));
}

static void step_waits_for_the_ack(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = acked_link(test, ctx);
	struct fake *fake = test->priv;
	u64 now = NOW;

	for (fake->left = TOTAL; fake->left; fake->left -= 12) {
		expect_wait(test, link, now, ZCX_WAIT_ACK);
		KUNIT_EXPECT_EQ(test, link->async->wake_at,
				now + NSEC_PER_SEC / 4);
		KUNIT_EXPECT_EQ(test, link->async->progress, now);
		/* Nothing new is no progress. */
		expect_wait(test, link, now + 1, ZCX_WAIT_ACK);
		KUNIT_EXPECT_EQ(test, link->async->progress, now);
		now += NSEC_PER_SEC;
	}
	KUNIT_EXPECT_EQ(test, fake->push_calls, 1);
	/* It came between the question and the watch. */
	fake->watch_now = UINT_MAX;
	expect_wait(test, link, now, ZCX_WAIT_ACK);
	fake->acked = 1;
	expect_end(test, link, now, 0);
	finish(test, link, ZCX_STATE_ACKED, 0, TOTAL);
	zcx_context_put(ctx);
}

static void step_connection_ends_before_the_ack(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = acked_link(test, ctx);
	struct fake *fake = test->priv;

	fake->left = TOTAL;
	expect_wait(test, link, NOW, ZCX_WAIT_ACK);
	fake->acked = -ETIMEDOUT;
	expect_end(test, link, NOW, -ETIMEDOUT);
	expect_got(test, TOTAL);
	finish(test, link, ZCX_STATE_FAILED, ETIMEDOUT, TOTAL);
	zcx_context_put(ctx);
}

/* What was sent of a file that is too short is waited for all the same. */
static void step_short_and_acked(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = acked_link(test, ctx);
	struct fake *fake = test->priv;

	fake->fail_pos = FROM + 1;
	fake->left = 1;
	expect_wait(test, link, NOW, ZCX_WAIT_ACK);
	fake->acked = 1;
	expect_end(test, link, NOW, 0);
	finish(test, link, ZCX_STATE_SHORT, 0, FAKE_HEAD + 1);
	zcx_context_put(ctx);
}

/* With an errno it ends at once. */
static void step_error_and_acked(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = acked_link(test, ctx);
	struct fake *fake = test->priv;

	fake->fail_pos = FROM + 1;
	fake->fill_result = -EIO;
	expect_end(test, link, NOW, -EIO);
	expect_got(test, FAKE_HEAD + 1);
	finish(test, link, ZCX_STATE_FAILED, EIO, FAKE_HEAD + 1);
	zcx_context_put(ctx);
}

static void step_of_no_bytes_and_acked(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = acked_link(test, ctx);
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = 0; i < 3; i++)
		link->program->ranges[i].end = link->program->ranges[i].pos;
	fake->acked = 1;
	expect_end(test, link, NOW, 0);
	finish(test, link, ZCX_STATE_ACKED, 0, 0);
	zcx_context_put(ctx);
}

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
		expect_fetch(test, w->link, now, FROM);
	else
		expect_wait(test, w->link, now, c->what);
	KUNIT_EXPECT_EQ(test, zcx_link_bytes_sent(w->link), c->sent);
}

static void wait_for_case(struct kunit *test, struct waiting *w,
			  struct zcx_limits limits)
{
	const struct wait_case *c = test->param_value;
	bool pace = c->what == ZCX_WAIT_PACE;
	struct fake *fake = test->priv;
	struct fake_order order = {
		.ctx = make_context(test), .from = FROM,
		.length = pace ? 1000 : LENGTH, .limits = limits,
		.acked = c->what == ZCX_WAIT_ACK,
	};

	if (pace)
		zcx_pace_init(&order.limits.pace, 1, NOW);
	w->ctx = order.ctx;
	zcx_turn_enter(&w->before, c->what == ZCX_WAIT_TURN ? test : NULL,
		       nobody_called);
	w->link = link_in_line(test, fake, &order, w->before.key);
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

	expect_end(test, w->link, now, err);
	finish(test, w->link, state, -err, c->sent);
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

	return make_link(test, &order);
}

/* Every byte taken begins the limit anew. */
static void step_idle_limit_begins_anew(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = idle_link(test, ctx);
	struct fake *fake = test->priv;
	u64 now = NOW;
	size_t n;

	fake->take_most = 1;
	for (n = 1; n < 20; n++) {
		expect_wait(test, link, now, ZCX_WAIT_SOCKET);
		now += NSEC_PER_SEC - 1;
	}
	fake->full = true;
	expect_wait(test, link, now, ZCX_WAIT_SOCKET);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, now + 1);
	expect_end(test, link, now + 1, -ETIMEDOUT);
	expect_got(test, 19);
	finish(test, link, ZCX_STATE_FAILED, ETIMEDOUT, 19);
	zcx_context_put(ctx);
}

/* What was left of it does not matter once it has been paused. */
static void step_idle_limit_after_a_pause(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = idle_link(test, ctx);
	struct fake *fake = test->priv;
	u64 now = NOW;

	fake->full = true;
	expect_wait(test, link, now, ZCX_WAIT_SOCKET);
	link->async->paused = true;
	now += NSEC_PER_SEC / 2;
	expect_wait(test, link, now, ZCX_WAIT_PAUSED);
	/* Nothing woke it meanwhile. */
	link->async->paused = false;
	now += 100 * NSEC_PER_SEC;
	expect_wait(test, link, now, ZCX_WAIT_SOCKET);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, now + NSEC_PER_SEC);
	expect_wait(test, link, now + NSEC_PER_SEC - 1, ZCX_WAIT_SOCKET);
	expect_end(test, link, now + NSEC_PER_SEC, -ETIMEDOUT);
	finish(test, link, ZCX_STATE_FAILED, ETIMEDOUT, 0);
	zcx_context_put(ctx);
}

/* It counts from when its turn came. */
static void step_idle_limit_after_its_turn_came(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	const struct fake_order order = {
		.ctx = ctx, .from = FROM, .length = LENGTH,
		.limits = { .idle = NSEC_PER_SEC },
	};
	struct fake *fake = test->priv;
	struct zcx_turn before = { };
	struct zcx_live_link *link;
	u64 now = NOW + 50 * NSEC_PER_SEC;

	zcx_turn_enter(&before, test, nobody_called);
	link = link_in_line(test, fake, &order, test);
	fake->full = true;
	expect_wait(test, link, NOW, ZCX_WAIT_TURN);
	zcx_turn_leave(&before, true);
	expect_wait(test, link, now, ZCX_WAIT_SOCKET);
	expect_wait(test, link, now + NSEC_PER_SEC - 1, ZCX_WAIT_SOCKET);
	expect_end(test, link, now + NSEC_PER_SEC, -ETIMEDOUT);
	finish(test, link, ZCX_STATE_FAILED, ETIMEDOUT, 0);
	zcx_context_put(ctx);
}

/* Also where the clock says more than a limit can be added to. */
static void step_limits_of_centuries(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	const struct fake_order order = {
		.ctx = ctx, .from = FROM, .length = LENGTH,
		.limits = { .idle = S64_MAX / 2, .deadline = U64_MAX - 1 },
	};
	struct zcx_live_link *link = make_link(test, &order);
	struct fake *fake = test->priv;

	fake->full = true;
	expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, NOW + S64_MAX / 2);
	fake->full = false;
	expect_end(test, link, S64_MAX / 2, 0);
	finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

static void step_cancelled_after_every_step(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	unsigned int steps, i;

	for (steps = 0; steps < DIV_ROUND_UP(TOTAL, 7); steps++) {
		struct zcx_live_link *link = plain_link(test, ctx);

		fake->take_most = 7;
		for (i = 0; i < steps; i++)
			expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
		atomic_set(&link->async->ending, ZCX_ENDING_CANCEL);
		expect_end(test, link, NOW, -ECANCELED);
		expect_got(test, 7 * steps);
		finish(test, link, ZCX_STATE_CANCELLED, ECANCELED, 7 * steps);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* When all has been sent, and waits to settle. */
static void step_cancelled_while_it_settles(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->unsettled = 100;
	expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
	atomic_set(&link->async->ending, ZCX_ENDING_CANCEL);
	expect_end(test, link, NOW, -ECANCELED);
	expect_got(test, TOTAL);
	finish(test, link, ZCX_STATE_CANCELLED, ECANCELED, TOTAL);
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
	return make_link(test, &order);
}

static void step_keeps_its_pace(struct kunit *test)
{
	const size_t total = FAKE_HEAD + PACED + FAKE_TAIL;
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *link = paced_link(test, ctx);
	struct fake *fake = test->priv;
	u64 now = NOW;
	size_t sent;

	for (sent = WORTH; sent < total; sent += WORTH) {
		expect_wait(test, link, now, ZCX_WAIT_PACE);
		fake_expect_got(test, fake, FROM, PACED, sent);
		KUNIT_EXPECT_TRUE(test, fake->more);
		/* Woken by something else meanwhile: not yet. */
		now = link->async->wake_at;
		expect_wait(test, link, now - 2, ZCX_WAIT_PACE);
		KUNIT_EXPECT_EQ(test, link->async->wake_at, now);
	}
	expect_end(test, link, now, 0);
	fake_expect_got(test, fake, FROM, PACED, total);
	KUNIT_EXPECT_GE(test, now, NOW + 99 * NSEC_PER_MSEC);
	KUNIT_EXPECT_LE(test, now, NOW + 102 * NSEC_PER_MSEC);
	finish(test, link, ZCX_STATE_SENT, 0, total);
	zcx_context_put(ctx);
}

/* What the sink did not take has not been spent. */
static void step_pace_counts_what_was_taken(struct kunit *test)
{
	const size_t total = FAKE_HEAD + PACED + FAKE_TAIL;
	struct zcx_context *ctx = make_context(test);
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
		expect_nothing_held(test, link);
		if (link->async->wait == ZCX_WAIT_PACE)
			now = link->async->wake_at;
		else
			KUNIT_ASSERT_EQ(test, link->async->wait,
					ZCX_WAIT_SOCKET);
	}
	fake_expect_got(test, fake, FROM, PACED, total);
	KUNIT_EXPECT_LE(test, now, NOW + 102 * NSEC_PER_MSEC);
	finish(test, link, ZCX_STATE_SENT, 0, total);
	zcx_context_put(ctx);
}

/* The first of several times to wake up at is the one that counts. */
static void step_wakes_up_for_the_first_reason(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = {
		.ctx = ctx, .from = FROM, .length = PACED,
		.limits = { .deadline = NOW + NSEC_PER_MSEC,
			    .idle = NSEC_PER_SEC },
	};
	struct zcx_live_link *link;

	zcx_pace_init(&order.limits.pace, RATE, NOW);
	link = make_link(test, &order);
	expect_wait(test, link, NOW, ZCX_WAIT_PACE);
	KUNIT_EXPECT_EQ(test, link->async->wake_at, NOW + NSEC_PER_MSEC);
	link->async->limits.deadline = U64_MAX;
	expect_wait(test, link, NOW + 1, ZCX_WAIT_PACE);
	KUNIT_EXPECT_EQ(test, link->async->wake_at,
			zcx_pace_next(&link->async->limits.pace));
	atomic_set(&link->async->ending, ZCX_ENDING_CANCEL);
	expect_end(test, link, NOW, -ECANCELED);
	finish(test, link, ZCX_STATE_CANCELLED, ECANCELED, WORTH);
	zcx_context_put(ctx);
}

/**
 * struct follower - a link that follows a file
 * @file: the file
 * @inode: its inode
 * @link: the link
 */
struct follower {
	struct file *file;
	struct inode *inode;
	struct zcx_live_link *link;
};

/* A head, and a file that ends at FROM + LENGTH for now. */
static void make_follower(struct kunit *test, struct follower *follower,
			  struct zcx_context *ctx, struct zcx_limits limits)
{
	const struct fake_order order = {
		.ctx = ctx, .from = FROM, .length = LENGTH, .limits = limits,
	};
	struct fake *fake = test->priv;
	struct zcx_range *range;

	follower->file = fake_file(test, &noop_backing_dev_info);
	follower->inode = file_inode(follower->file);
	follower->link = make_link(test, &order);
	/* The tail would never be sent. */
	range = &follower->link->program->ranges[2];
	put_page(range->page);
	range->nr_pages = 0;
	follower->link->program->count = 2;
	range = &follower->link->program->ranges[1];
	range->end = LLONG_MAX;
	range->to_eof = true;
	range->follow = true;
	/* One for the link, and one that keeps it from being freed. */
	atomic_long_set(&follower->file->f_count, 2);
	range->file = follower->file;
	follower->inode->__i_nlink = 1;
	fake->fail_pos = FROM + LENGTH;
	i_size_write(follower->inode, fake->fail_pos);
}

static void grow(struct kunit *test, struct follower *follower, loff_t bytes)
{
	struct fake *fake = test->priv;

	fake->fail_pos += bytes;
	i_size_write(follower->inode, fake->fail_pos);
}

static void step_follows_a_file(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct follower follower;
	unsigned int i;

	make_follower(test, &follower, ctx, (struct zcx_limits){ });
	for (i = 0; i < 5; i++) {
		expect_wait(test, follower.link, NOW, ZCX_WAIT_GROWTH);
		KUNIT_EXPECT_EQ(test, follower.link->async->wake_at,
				NOW + NSEC_PER_SEC);
		fake_expect_got(test, fake, FROM, LENGTH + 100,
				FAKE_HEAD + LENGTH + 10 * i);
		/* What there was does not wait for more. */
		KUNIT_EXPECT_EQ(test, fake->flushes, i + 1);
		/* Woken for nothing. */
		expect_wait(test, follower.link, NOW, ZCX_WAIT_GROWTH);
		KUNIT_EXPECT_EQ(test, fake->push_calls, i + 1);
		grow(test, &follower, 10);
	}
	/* The sink is full in between, and gets the rest later. */
	fake->full = true;
	expect_wait(test, follower.link, NOW, ZCX_WAIT_SOCKET);
	fake->full = false;
	expect_wait(test, follower.link, NOW, ZCX_WAIT_GROWTH);
	atomic_set(&follower.link->async->ending, ZCX_ENDING_CANCEL);
	expect_end(test, follower.link, NOW, -ECANCELED);
	fake_expect_got(test, fake, FROM, LENGTH + 50, FAKE_HEAD + LENGTH + 50);
	KUNIT_EXPECT_EQ(test, fake->flushes, 6);
	finish(test, follower.link, ZCX_STATE_CANCELLED, ECANCELED,
	       FAKE_HEAD + LENGTH + 50);
	zcx_context_put(ctx);
}

/* Nobody can write to it any more: what there is, is all. */
static void step_followed_file_is_deleted(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct follower follower;

	make_follower(test, &follower, ctx, (struct zcx_limits){ });
	expect_wait(test, follower.link, NOW, ZCX_WAIT_GROWTH);
	follower.inode->__i_nlink = 0;
	atomic_set(&follower.inode->i_writecount, 1);
	expect_wait(test, follower.link, NOW, ZCX_WAIT_GROWTH);
	/* The last writer wrote something before he closed it. */
	grow(test, &follower, 10);
	atomic_set(&follower.inode->i_writecount, 0);
	expect_end(test, follower.link, NOW, 0);
	fake_expect_got(test, fake, FROM, LENGTH + 10, FAKE_HEAD + LENGTH + 10);
	finish(test, follower.link, ZCX_STATE_SENT, 0,
	       FAKE_HEAD + LENGTH + 10);
	zcx_context_put(ctx);
}

/* It is not the sink that keeps it waiting. */
static void step_idle_limit_of_a_follower(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct zcx_limits limits = { .idle = NSEC_PER_SEC };
	struct follower follower;

	make_follower(test, &follower, ctx, limits);
	expect_wait(test, follower.link, NOW, ZCX_WAIT_GROWTH);
	expect_wait(test, follower.link, NOW + 5 * NSEC_PER_SEC,
		    ZCX_WAIT_GROWTH);
	follower.link->async->limits.idle_always = true;
	expect_wait(test, follower.link, NOW + 5 * NSEC_PER_SEC,
		    ZCX_WAIT_GROWTH);
	expect_end(test, follower.link, NOW + 6 * NSEC_PER_SEC, -ETIMEDOUT);
	fake_expect_got(test, fake, FROM, LENGTH, FAKE_HEAD + LENGTH);
	finish(test, follower.link, ZCX_STATE_FAILED, ETIMEDOUT,
	       FAKE_HEAD + LENGTH);
	zcx_context_put(ctx);
}

/* Others get their turn after four batches. */
static void step_yields(struct kunit *test)
{
	const loff_t length = 10 * PAGE_SIZE;
	struct zcx_context *ctx = make_context(test);
	const struct fake_order order = {
		.ctx = ctx, .length = length, .batch = PAGE_SIZE,
	};
	struct zcx_live_link *link = make_link(test, &order);
	struct fake *fake = test->priv;
	unsigned int run;

	for (run = 1; run < 3; run++) {
		KUNIT_ASSERT_EQ(test, zcx_link_step(link, NOW),
				ZCX_STEP_YIELD);
		KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_RUNNING);
		KUNIT_EXPECT_EQ(test, link->async->wait, ZCX_WAIT_NONE);
		KUNIT_EXPECT_EQ(test, fake->push_calls, 4 * run);
		fake_expect_got(test, fake, 0, length, 4 * run * PAGE_SIZE);
		expect_nothing_held(test, link);
	}
	expect_end(test, link, NOW, 0);
	fake_expect_got(test, fake, 0, length, FAKE_HEAD + length + FAKE_TAIL);
	finish(test, link, ZCX_STATE_SENT, 0, FAKE_HEAD + length + FAKE_TAIL);
	zcx_context_put(ctx);
}

/* Not more is gathered than the sink may take, but never very little. */
static void step_gathers_what_there_is_room_for(struct kunit *test)
{
	static const struct {
		size_t room;
		size_t first;
	} cases[] = {
		{ 0, SZ_64K }, { SZ_64K - 1, SZ_64K }, { 100000, 100000 },
		{ SIZE_MAX, 120000 },
	};
	struct zcx_context *ctx = make_context(test);
	const struct fake_order order = {
		.ctx = ctx, .length = FAKE_PAGES * PAGE_SIZE, .batch = 120000,
	};
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct zcx_live_link *link = make_link(test, &order);

		fake->room = cases[i].room;
		fake->push_fail_at = 2;
		fake->push_result = -EAGAIN;
		expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
		fake_expect_got(test, fake, 0, order.length, cases[i].first);
		expect_end(test, link, NOW, 0);
		fake_expect_got(test, fake, 0, order.length,
				FAKE_HEAD + order.length + FAKE_TAIL);
		finish(test, link, ZCX_STATE_SENT, 0,
		       FAKE_HEAD + order.length + FAKE_TAIL);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* A list that no memory could be had for: small batches, all the bytes. */
static void step_without_memory_for_a_list(struct kunit *test)
{
	const loff_t length = 30 * PAGE_SIZE;	/* and 8 entries a batch */
	struct zcx_context *ctx = make_context(test);
	const struct fake_order order = {
		.ctx = ctx, .length = length, .batch = SZ_1M,
	};
	struct zcx_live_link *link = make_link(test, &order);
	struct fake *fake = test->priv;

	zcx_sglist_shrink(&link->sgl);
	/* More than can be allocated, ever. */
	link->entries = UINT_MAX;
	fake->scattered = true;
	KUNIT_ASSERT_EQ(test, zcx_link_step(link, NOW), ZCX_STEP_YIELD);
	KUNIT_EXPECT_EQ(test, link->sgl.table.orig_nents, ZCX_SGLIST_FEW);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 4);
	/* One entry of the first batch was the head. */
	fake_expect_got(test, fake, 0, length, FAKE_HEAD + length + FAKE_TAIL);
	expect_end(test, link, NOW, 0);
	finish(test, link, ZCX_STATE_SENT, 0, FAKE_HEAD + length + FAKE_TAIL);
	zcx_context_put(ctx);
}

/* A list of one size while it runs, and hardly any while it waits. */
static void step_makes_room_for_a_list(struct kunit *test)
{
	const loff_t length = 30 * PAGE_SIZE;
	struct zcx_context *ctx = make_context(test);
	const struct fake_order order = {
		.ctx = ctx, .length = length, .batch = SZ_1M,
	};
	struct zcx_live_link *link = make_link(test, &order);
	struct fake *fake = test->priv;

	fake->scattered = true;
	fake->take[0] = 50000;
	fake->take[1] = 0;
	fake->nr_take = 2;
	expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
	zcx_sglist_shrink(&link->sgl);
	expect_wait(test, link, NOW, ZCX_WAIT_SOCKET);
	KUNIT_EXPECT_EQ(test, link->sgl.table.orig_nents, link->entries);
	zcx_sglist_shrink(&link->sgl);
	expect_end(test, link, NOW, 0);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 3);
	fake_expect_got(test, fake, 0, length, FAKE_HEAD + length + FAKE_TAIL);
	finish(test, link, ZCX_STATE_SENT, 0, FAKE_HEAD + length + FAKE_TAIL);
	zcx_context_put(ctx);
}

static struct kunit_case step_cases[] = {
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
	KUNIT_CASE(step_missing_at_every_byte),
	KUNIT_CASE(step_missing_again_and_again),
	KUNIT_CASE(step_sends_before_it_fetches),
	KUNIT_CASE(step_lane_error_at_every_byte),
	KUNIT_CASE(step_short_at_every_byte),
	KUNIT_CASE(step_short_no_more),
	KUNIT_CASE(step_fetch_error_after_good_bytes),
	KUNIT_CASE(step_fetch_error_of_another_place),
	KUNIT_CASE(step_lane_that_blocks_runs_in_a_pool),
	KUNIT_CASE(step_file_says_again),
	KUNIT_CASE(step_paused),
	KUNIT_CASE(step_waits_for_its_turn),
	KUNIT_CASE(step_hands_its_turn_over_before_the_ack),
	KUNIT_CASE(step_line_is_broken),
	KUNIT_CASE(step_settles),
	KUNIT_CASE(step_waits_for_the_ack),
	KUNIT_CASE(step_connection_ends_before_the_ack),
	KUNIT_CASE(step_short_and_acked),
	KUNIT_CASE(step_error_and_acked),
	KUNIT_CASE(step_of_no_bytes_and_acked),
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
	KUNIT_CASE(step_cancelled_after_every_step),
	KUNIT_CASE(step_cancelled_while_it_settles),
	KUNIT_CASE(step_keeps_its_pace),
	KUNIT_CASE(step_pace_counts_what_was_taken),
	KUNIT_CASE(step_wakes_up_for_the_first_reason),
	KUNIT_CASE(step_follows_a_file),
	KUNIT_CASE(step_followed_file_is_deleted),
	KUNIT_CASE(step_idle_limit_of_a_follower),
	KUNIT_CASE(step_yields),
	KUNIT_CASE(step_gathers_what_there_is_room_for),
	KUNIT_CASE(step_without_memory_for_a_list),
	KUNIT_CASE(step_makes_room_for_a_list),
	{}
};

static struct kunit_suite step_suite = {
	.name		= "zcx-step",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= step_cases,
};
kunit_test_suite(step_suite);
