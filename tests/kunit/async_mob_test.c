// SPDX-License-Identifier: GPL-2.0
/*
 * Links that run by themselves, with the real workers, timers and pools: woken,
 * paused and cancelled by several threads at once, each ends once, with exactly
 * the bytes that it says.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "async.h"
#include "async_fixture.h"
#include "context.h"
#include "disk.h"
#include "fake.h"
#include "link.h"

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
			async_wake(fake);
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
		mob->links[i]->async->complete = async_count_end;
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
	struct zcx_context *ctx = async_context(test);
	struct zcx_disk *disk = async_disk(test);
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
	async_close_context(ctx);
}

static struct kunit_case async_mob_cases[] = {
	KUNIT_CASE_SLOW(async_everybody_at_once),
	{}
};

static struct kunit_suite async_mob_suite = {
	.name		= "zcx-async-mob",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= async_mob_cases,
};
kunit_test_suite(async_mob_suite);
