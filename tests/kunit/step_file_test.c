// SPDX-License-Identifier: GPL-2.0
/*
 * Links that run by themselves, step by step: bytes that a disk has, files that
 * end, fail, or grow.
 */
#include <kunit/test.h>
#include <linux/backing-dev.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/time64.h>

#include "async.h"
#include "context.h"
#include "fake.h"
#include "link.h"
#include "program.h"
#include "step_fixture.h"

static void step_missing_at_every_byte(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv;
	size_t at;

	for (at = 0; at < LENGTH; at++) {
		struct zcx_live_link *link = step_plain_link(test, ctx);
		/* A head alone is not worth a packet. */
		size_t sent = at ? FAKE_HEAD + at : 0;

		fake->at_hand = FROM + at;
		step_fetches(test, link, NOW, FROM + at);
		step_got(test, sent);
		/* Woken for nothing: it is still missing. */
		step_fetches(test, link, NOW, FROM + at);
		step_got(test, sent);
		fake->at_hand = LLONG_MAX;
		step_ends(test, link, NOW, 0);
		step_got(test, TOTAL);
		step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
		fake_reset(fake);
	}
	KUNIT_EXPECT_EQ(test, 2 * LENGTH,
			atomic64_read(&ctx->stats.value[ZCX_STAT_WAITS_DISK]));
	zcx_context_put(ctx);
}

/* Of several pieces that come one by one, none is lost or sent twice. */
static void step_missing_again_and_again(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = step_plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->at_hand = FROM;
	step_fetches(test, link, NOW, FROM);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 0);
	while (fake->at_hand + 4 < FROM + LENGTH) {
		fake->at_hand += 4;
		step_fetches(test, link, NOW, fake->at_hand);
		step_got(test, FAKE_HEAD + fake->at_hand - FROM);
	}
	fake->at_hand += 4;
	step_ends(test, link, NOW, 0);
	step_got(test, TOTAL);
	step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

/* What is worth sending goes before a disk is asked. */
static void step_sends_before_it_fetches(struct kunit *test)
{
	const loff_t length = 20 * PAGE_SIZE, hot = SZ_64K + 77;
	struct zcx_context *ctx = step_context(test);
	const struct fake_order order = {
		.ctx = ctx, .length = length, .batch = SZ_1M,
	};
	struct zcx_live_link *link = step_link(test, &order);
	struct fake *fake = test->priv;

	fake->at_hand = hot;
	step_fetches(test, link, NOW, hot);
	fake_expect_got(test, fake, 0, length, FAKE_HEAD + hot);
	KUNIT_EXPECT_TRUE(test, fake->more);
	fake->at_hand = LLONG_MAX;
	step_ends(test, link, NOW, 0);
	fake_expect_got(test, fake, 0, length, FAKE_HEAD + length + FAKE_TAIL);
	step_finish(test, link, ZCX_STATE_SENT, 0,
		    FAKE_HEAD + length + FAKE_TAIL);
	zcx_context_put(ctx);
}

/* Good bytes first, then its end; also when the sink is full before. */
static void expect_end_at_every_byte(struct kunit *test, int err, u32 state)
{
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv;
	size_t at, first;

	for (at = 0; at < LENGTH; at++) {
		for (first = 0; first < FAKE_HEAD + at; first += 5) {
			struct zcx_live_link *link = step_plain_link(test, ctx);

			fake->fail_pos = FROM + at;
			fake->fill_result = err;
			fake->take[0] = first;
			fake->nr_take = 1;
			step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
			step_got(test, first);
			step_ends(test, link, NOW, err);
			/* And nothing of what would have followed. */
			step_got(test, FAKE_HEAD + at);
			step_finish(test, link, state, -err, FAKE_HEAD + at);
			fake_reset(fake);
		}
	}
	zcx_context_put(ctx);
}

static void step_lane_error_at_every_byte(struct kunit *test)
{
	expect_end_at_every_byte(test, -EIO, ZCX_STATE_FAILED);
}

static void step_short_at_every_byte(struct kunit *test)
{
	expect_end_at_every_byte(test, 0, ZCX_STATE_SHORT);
}

/* The file grew again before all that it was short of had gone. */
static void step_short_no_more(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = step_plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->fail_pos = FROM;
	fake->take[0] = 3;
	fake->nr_take = 1;
	step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
	step_got(test, 3);
	fake->fail_pos = LLONG_MAX;
	step_ends(test, link, NOW, 0);
	step_got(test, TOTAL);
	step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

/* What was gathered before it goes, also in two pieces: then the errno. */
static void step_fetch_error_after_good_bytes(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv;
	size_t at, some;

	for (at = 0; at < LENGTH; at++) {
		for (some = 0; some < 2; some++) {
			struct zcx_live_link *link = step_plain_link(test, ctx);

			fake->at_hand = FROM + at;
			step_fetches(test, link, NOW, FROM + at);
			link->async->fetch_error = -EIO;
			if (some && !at) {
				fake->take[0] = 2;
				fake->nr_take = 1;
				step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
			}
			step_ends(test, link, NOW, -EIO);
			step_got(test, FAKE_HEAD + at);
			step_finish(test, link, ZCX_STATE_FAILED, EIO,
				    FAKE_HEAD + at);
			fake_reset(fake);
		}
	}
	zcx_context_put(ctx);
}

/* An errno that was met elsewhere says nothing about these bytes. */
static void step_fetch_error_of_another_place(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = step_plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->at_hand = FROM + 10;
	step_fetches(test, link, NOW, FROM + 10);
	link->async->fetch_error = -EIO;
	/* Somebody else has brought some of them meanwhile. */
	fake->at_hand = FROM + 11;
	step_fetches(test, link, NOW, FROM + 11);
	KUNIT_EXPECT_EQ(test, link->async->fetch_error, 0);
	fake->at_hand = LLONG_MAX;
	step_ends(test, link, NOW, 0);
	step_got(test, TOTAL);
	step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

/* A lane that only knows how to wait, does it in the pool of its disk. */
static void step_lane_that_blocks_runs_in_a_pool(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = step_plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->lane.fetch = NULL;
	fake->at_hand = FROM;
	step_fetches(test, link, NOW, FROM);
	link->async->pool = true;
	fake->take[0] = 20;
	fake->nr_take = 1;
	step_waits(test, link, NOW, ZCX_WAIT_SOCKET);
	step_got(test, 20);
	/* The socket woke it: not in the pool again, and nothing is kept. */
	link->async->pool = false;
	step_fetches(test, link, NOW, FROM + 20 - FAKE_HEAD);
	link->async->pool = true;
	step_ends(test, link, NOW, 0);
	step_got(test, TOTAL);
	step_finish(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

/* Told to wait, it says EAGAIN: that is the file's own errno. */
static void step_file_says_again(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct zcx_live_link *link = step_plain_link(test, ctx);
	struct fake *fake = test->priv;

	fake->lane.fetch = NULL;
	fake->fail_pos = FROM;
	fake->fill_result = -EAGAIN;
	link->async->pool = true;
	step_ends(test, link, NOW, -EAGAIN);
	step_got(test, FAKE_HEAD);
	step_finish(test, link, ZCX_STATE_FAILED, EAGAIN, FAKE_HEAD);
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
	follower->link = step_link(test, &order);
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
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv;
	struct follower follower;
	unsigned int i;

	make_follower(test, &follower, ctx, (struct zcx_limits){ });
	for (i = 0; i < 5; i++) {
		step_waits(test, follower.link, NOW, ZCX_WAIT_GROWTH);
		KUNIT_EXPECT_EQ(test, follower.link->async->wake_at,
				NOW + NSEC_PER_SEC);
		fake_expect_got(test, fake, FROM, LENGTH + 100,
				FAKE_HEAD + LENGTH + 10 * i);
		/* What there was does not wait for more. */
		KUNIT_EXPECT_EQ(test, fake->flushes, i + 1);
		/* Woken for nothing. */
		step_waits(test, follower.link, NOW, ZCX_WAIT_GROWTH);
		KUNIT_EXPECT_EQ(test, fake->push_calls, i + 1);
		grow(test, &follower, 10);
	}
	/* The sink is full in between, and gets the rest later. */
	fake->full = true;
	step_waits(test, follower.link, NOW, ZCX_WAIT_SOCKET);
	fake->full = false;
	step_waits(test, follower.link, NOW, ZCX_WAIT_GROWTH);
	atomic_set(&follower.link->async->ending, ZCX_ENDING_CANCEL);
	step_ends(test, follower.link, NOW, -ECANCELED);
	fake_expect_got(test, fake, FROM, LENGTH + 50, FAKE_HEAD + LENGTH + 50);
	KUNIT_EXPECT_EQ(test, fake->flushes, 6);
	step_finish(test, follower.link, ZCX_STATE_CANCELLED, ECANCELED,
		    FAKE_HEAD + LENGTH + 50);
	zcx_context_put(ctx);
}

/* Nobody can write to it any more: what there is, is all. */
static void step_followed_file_is_deleted(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv;
	struct follower follower;

	make_follower(test, &follower, ctx, (struct zcx_limits){ });
	step_waits(test, follower.link, NOW, ZCX_WAIT_GROWTH);
	follower.inode->__i_nlink = 0;
	atomic_set(&follower.inode->i_writecount, 1);
	step_waits(test, follower.link, NOW, ZCX_WAIT_GROWTH);
	/* The last writer wrote something before he closed it. */
	grow(test, &follower, 10);
	atomic_set(&follower.inode->i_writecount, 0);
	step_ends(test, follower.link, NOW, 0);
	fake_expect_got(test, fake, FROM, LENGTH + 10, FAKE_HEAD + LENGTH + 10);
	step_finish(test, follower.link, ZCX_STATE_SENT, 0,
		    FAKE_HEAD + LENGTH + 10);
	zcx_context_put(ctx);
}

/* It is not the sink that keeps it waiting. */
static void step_idle_limit_of_a_follower(struct kunit *test)
{
	struct zcx_context *ctx = step_context(test);
	struct fake *fake = test->priv;
	struct zcx_limits limits = { .idle = NSEC_PER_SEC };
	struct follower follower;

	make_follower(test, &follower, ctx, limits);
	step_waits(test, follower.link, NOW, ZCX_WAIT_GROWTH);
	step_waits(test, follower.link, NOW + 5 * NSEC_PER_SEC,
		   ZCX_WAIT_GROWTH);
	follower.link->async->limits.idle_always = true;
	step_waits(test, follower.link, NOW + 5 * NSEC_PER_SEC,
		   ZCX_WAIT_GROWTH);
	step_ends(test, follower.link, NOW + 6 * NSEC_PER_SEC, -ETIMEDOUT);
	fake_expect_got(test, fake, FROM, LENGTH, FAKE_HEAD + LENGTH);
	step_finish(test, follower.link, ZCX_STATE_FAILED, ETIMEDOUT,
		    FAKE_HEAD + LENGTH);
	zcx_context_put(ctx);
}

static struct kunit_case step_file_cases[] = {
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
	KUNIT_CASE(step_follows_a_file),
	KUNIT_CASE(step_followed_file_is_deleted),
	KUNIT_CASE(step_idle_limit_of_a_follower),
	{}
};

static struct kunit_suite step_file_suite = {
	.name		= "zcx-step-file",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= step_file_cases,
};
kunit_test_suite(step_file_suite);
