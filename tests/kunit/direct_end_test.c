// SPDX-License-Identifier: GPL-2.0
/*
 * Direct reads that somebody waits for, that are not wanted any more, or that there
 * is no memory for.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "buffers_fixture.h"
#include "direct.h"
#include "direct_fixture.h"
#include "param_fixture.h"
#include "zcx.h"

/* Reads of the last run end in the middle of this one, and do not disturb it. */
static void direct_ends_with_reads_under_way(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	unsigned int i;

	direct_run(world, 0, 2 * BATCH);
	zcx_direct_end(world->direct);
	KUNIT_EXPECT_FALSE(test, zcx_direct_covers(world->direct, 0));
	/* The same bytes once more: there are two slots left. */
	direct_run(world, 0, 8 * BATCH);
	KUNIT_ASSERT_EQ(test, platter->count, 4);
	KUNIT_EXPECT_EQ(test, platter->reads[2].pos, 0);
	platter_end_with(platter, 0, 100);
	platter_end_with(platter, 1, -EIO);
	KUNIT_EXPECT_EQ(test, look(test, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, look(test, BATCH), -EAGAIN);
	zcx_direct_read(world->direct);
	KUNIT_ASSERT_EQ(test, platter->count, 6);
	for (i = 2; i < 6; i++) {
		KUNIT_EXPECT_EQ(test, platter->reads[i].pos, (i - 2) * BATCH);
		platter_end(platter, i);
		KUNIT_EXPECT_EQ(test, look(test, (i - 2) * BATCH), BATCH);
	}
	/* Memory of the old ones has been used again. */
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), 4 * BATCH);
}

/* All slots are with the disk: the new run waits for any of them. */
static void direct_ends_with_all_under_way(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	struct waiter waiter;

	waiter_init(&waiter);
	direct_run(world, 0, 4 * BATCH);
	zcx_direct_end(world->direct);
	direct_run(world, SZ_1M, 2 * SZ_1M);
	KUNIT_EXPECT_EQ(test, platter->count, 4);
	KUNIT_EXPECT_TRUE(test, zcx_direct_covers(world->direct, SZ_1M));
	KUNIT_EXPECT_EQ(test, look(test, SZ_1M), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, zcx_direct_wait(world->direct, SZ_1M,
						&waiter.wait));
	platter_end_in_interrupt(platter, 0);
	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&waiter.woken,
							    PATIENCE));
	expect_waiter(test, &waiter, 1, 1);
	zcx_direct_read(world->direct);
	KUNIT_ASSERT_EQ(test, platter->count, 5);
	KUNIT_EXPECT_EQ(test, platter->reads[4].pos, SZ_1M);
	platter_end(platter, 4);
	KUNIT_EXPECT_EQ(test, look(test, SZ_1M), BATCH);
}

/* Which of those that are under way was asked for first. */
static unsigned int oldest(const struct platter *platter)
{
	unsigned int i = 0;

	while (!platter->reads[i].iocb)
		i++;
	return i;
}

/* Run after run, faster than the disk is. */
static void direct_ends_again_and_again(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	unsigned int i;

	for (i = 0; i < 60; i++) {
		direct_run(world, (loff_t)i * SZ_1M, (loff_t)i * SZ_1M + BATCH);
		if (i % 3)
			zcx_direct_end(world->direct);
		if (platter_under_way(platter) == ZCX_DIRECT_SLOTS)
			platter_end_in_interrupt(platter, oldest(platter));
		zcx_direct_end(world->direct);
	}
	platter_end_all(platter);
	KUNIT_EXPECT_LE(test, bytes_of(test, SOMEBODY), 4 * BATCH);
	direct_run(world, 0, 4 * BATCH);
	KUNIT_EXPECT_EQ(test, platter_under_way(platter), 4);
}

/* The file stays until the disk has done the last read, in an interrupt. */
static void direct_destroyed_with_reads_under_way(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = make_platter(test);
	struct zcx_pool *pool = make_pool(test, ANOTHER);
	struct zcx_direct *direct = zcx_direct_create(platter->file, pool,
						      PAGE_SIZE);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, direct);
	zcx_direct_begin(direct, 0, 4 * BATCH);
	zcx_direct_read(direct);
	platter_end(platter, 2);
	zcx_direct_destroy(direct);
	zcx_pool_put(pool);
	fput(platter->file);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_FALSE(test, platter_is_released(platter));
		KUNIT_EXPECT_EQ(test, bytes_of(test, ANOTHER), 4 * BATCH);
		if (i != 2)
			platter_end_in_interrupt(platter, i);
	}
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&platter->released,
							    PATIENCE));
	KUNIT_EXPECT_EQ(test, bytes_of(test, ANOTHER), 0);
	KUNIT_EXPECT_EQ(test, world->platter->count, 0);
}

/* As who needs memory does with one that rests. */
static void rob(struct zcx_direct *direct)
{
	zcx_direct_rest(direct, true);
	direct->borrower.rob(&direct->borrower);
}

/* He chose it while it rested, and comes when it does not any more. */
static void direct_robbed_too_late(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;

	direct_run(world, 0, 4 * BATCH);
	platter_end(platter, 0);
	zcx_direct_rest(world->direct, true);
	zcx_direct_rest(world->direct, false);
	world->direct->borrower.rob(&world->direct->borrower);
	KUNIT_EXPECT_EQ(test, look(test, 0), BATCH);
	KUNIT_EXPECT_TRUE(test, zcx_direct_covers(world->direct, 0));
	platter_end(platter, 1);
	KUNIT_EXPECT_EQ(test, look(test, BATCH), BATCH);
}

/* What is read is gone at once, what is under way when it is done. */
static void direct_robbed(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	struct debtor *other = make_debtor(test, world->pool);

	direct_run(world, 0, 4 * BATCH);
	platter_end(platter, 0);
	platter_end(platter, 2);
	rob(world->direct);
	KUNIT_EXPECT_FALSE(test, zcx_direct_covers(world->direct, 0));
	KUNIT_EXPECT_FALSE(test, zcx_direct_covers(world->direct, 4 * BATCH - 1));
	KUNIT_EXPECT_EQ(test, look(test, 0), -EAGAIN);
	must_borrow(test, other, BATCH);
	must_borrow(test, other, BATCH);
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), 4 * BATCH);
	platter_end(platter, 1);
	platter_end(platter, 3);
	must_borrow(test, other, BATCH);
	must_borrow(test, other, BATCH);
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), 4 * BATCH);
	/* It may begin anew where it was. */
	direct_run(world, 0, BATCH);
	platter_end(platter, 4);
	KUNIT_EXPECT_EQ(test, look(test, 0), BATCH);
	quit(test, other);
}

/* By another who needs memory, if it rests; and it has to ask again. */
static void direct_robbed_by_another(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	struct zcx_direct *other = zcx_direct_create(platter->file, world->pool,
						     PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, other);
	test_param(test, "direct_context_max", 4 * BATCH);
	platter->at_once = true;
	direct_run(world, 0, 4 * BATCH);
	zcx_direct_begin(other, SZ_1M, 2 * SZ_1M);
	zcx_direct_read(other);
	KUNIT_EXPECT_EQ(test, platter->count, 4);
	KUNIT_EXPECT_EQ(test, look(test, 0), BATCH);
	zcx_direct_rest(world->direct, true);
	zcx_direct_read(other);
	KUNIT_EXPECT_EQ(test, platter->count, 8);
	KUNIT_EXPECT_FALSE(test, zcx_direct_covers(world->direct, 0));
	KUNIT_EXPECT_EQ(test, look_of(test, other, SZ_1M), BATCH);
	zcx_direct_rest(world->direct, false);
	direct_run(world, 0, 4 * BATCH);
	KUNIT_EXPECT_EQ(test, platter->count, 8);
	zcx_direct_destroy(other);
	zcx_direct_read(world->direct);
	KUNIT_EXPECT_EQ(test, platter->count, 12);
	KUNIT_EXPECT_EQ(test, look(test, 0), BATCH);
}

static void rob_inside(struct platter *platter)
{
	rob(platter->direct);
}

/* In the middle of a submission: the run is over, and nothing is lost. */
static void direct_robbed_while_it_submits(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;

	platter->inside = rob_inside;
	direct_run(world, 0, 4 * BATCH);
	KUNIT_EXPECT_EQ(test, platter->count, 1);
	platter->at_once = true;
	direct_run(world, 0, 4 * BATCH);
	KUNIT_EXPECT_EQ(test, platter->count, 2);
	KUNIT_EXPECT_EQ(test, look(test, 0), -EAGAIN);
	platter->inside = NULL;
	direct_run(world, 0, BATCH);
	KUNIT_EXPECT_EQ(test, look(test, 0), BATCH);
	platter_end(platter, 0);
	KUNIT_EXPECT_EQ(test, look(test, 0), BATCH);
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), 2 * BATCH);
}

/* Woken once, by the read that has the byte. */
static void direct_wakes_for_its_byte(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	struct waiter waiter;

	waiter_init(&waiter);
	direct_run(world, 0, 4 * BATCH);
	KUNIT_EXPECT_TRUE(test, zcx_direct_wait(world->direct, 2 * BATCH - 1,
						&waiter.wait));
	expect_waiter(test, &waiter, 1, 0);
	platter_end_in_interrupt(platter, 0);
	platter_end_in_interrupt(platter, 2);
	expect_waiter(test, &waiter, 1, 0);
	platter_end_in_interrupt(platter, 1);
	expect_waiter(test, &waiter, 1, 1);
	platter_end_in_interrupt(platter, 3);
	expect_waiter(test, &waiter, 1, 1);
	/* What is there need not be waited for. */
	KUNIT_EXPECT_FALSE(test, zcx_direct_wait(world->direct, 0,
						 &waiter.wait));
	expect_waiter(test, &waiter, 1, 1);
}

/* Who waits again before he is woken waits once, for what he said last. */
static void direct_waited_for_twice(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	struct waiter waiter;

	waiter_init(&waiter);
	direct_run(world, 0, 4 * BATCH);
	KUNIT_EXPECT_TRUE(test, zcx_direct_wait(world->direct, 0,
						&waiter.wait));
	KUNIT_EXPECT_TRUE(test, zcx_direct_wait(world->direct, BATCH,
						&waiter.wait));
	expect_waiter(test, &waiter, 1, 0);
	platter_end(platter, 0);
	expect_waiter(test, &waiter, 1, 0);
	platter_end(platter, 1);
	expect_waiter(test, &waiter, 1, 1);
	KUNIT_EXPECT_TRUE(test, zcx_direct_wait(world->direct, 2 * BATCH,
						&waiter.wait));
	platter_end_with(platter, 2, -EIO);
	expect_waiter(test, &waiter, 2, 2);
}

/* How the run may end under somebody who waits for it. */
static void end_by_robbing(struct direct_world *world)
{
	rob(world->direct);
	platter_end_all(world->platter);
}

static void end_by_destroying(struct direct_world *world)
{
	direct_destroy(world);
}

static void end_by_error(struct direct_world *world)
{
	platter_end_with(world->platter, 0, -EIO);
}

struct wait_case {
	const char *what;
	void (*ends)(struct direct_world *world);
};

static const struct wait_case wait_cases[] = {
	{ "it is robbed", end_by_robbing },
	{ "it is destroyed", end_by_destroying },
	{ "the disk is broken", end_by_error },
};

static void wait_desc(const struct wait_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(wait, wait_cases, wait_desc);

/* Nobody is forgotten: as many are woken as were held. */
static void direct_wait_ends_too(struct kunit *test)
{
	const struct wait_case *c = test->param_value;
	struct direct_world *world = test->priv;
	struct waiter waiter;

	waiter_init(&waiter);
	direct_run(world, 0, 4 * BATCH);
	KUNIT_EXPECT_TRUE(test, zcx_direct_wait(world->direct, 100,
						&waiter.wait));
	c->ends(world);
	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&waiter.woken,
							    PATIENCE));
	direct_destroy(world);
	platter_end_all(world->platter);
	expect_waiter(test, &waiter, 1, 1);
}

/* Not even memory for a read: woken when some comes back. */
static void direct_waits_for_memory(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct debtor *other = make_debtor(test, world->pool);
	struct platter *platter = world->platter;
	struct waiter waiter;

	waiter_init(&waiter);
	test_param(test, "direct_context_max", BATCH);
	must_borrow(test, other, BATCH);
	direct_run(world, 0, 4 * BATCH);
	KUNIT_EXPECT_EQ(test, platter->count, 0);
	KUNIT_EXPECT_TRUE(test, zcx_direct_covers(world->direct, 0));
	KUNIT_EXPECT_TRUE(test, zcx_direct_wait(world->direct, 0,
						&waiter.wait));
	give_all_back(other);
	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&waiter.woken,
							    PATIENCE));
	expect_waiter(test, &waiter, 1, 1);
	zcx_direct_read(world->direct);
	KUNIT_EXPECT_EQ(test, platter->count, 1);
	quit(test, other);
}

/* With memory for one read it goes on all the same, in the same memory. */
static void direct_with_hardly_any_memory(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	unsigned int i;

	test_param(test, "direct_context_max", BATCH);
	zcx_direct_begin(world->direct, 0, 20 * BATCH);
	for (i = 0; i < 20; i++) {
		zcx_direct_read(world->direct);
		KUNIT_ASSERT_EQ(test, platter->count, i + 1);
		KUNIT_EXPECT_PTR_EQ(test, platter->reads[i].page,
				    platter->reads[0].page);
		platter_end(platter, i);
		KUNIT_EXPECT_EQ(test, look(test, i * BATCH), BATCH);
		zcx_direct_done_with(world->direct, (i + 1) * BATCH);
	}
}

static void expect_aligned(struct kunit *test, const struct platter_read *read,
			   unsigned int align)
{
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(read->pos, align));
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(read->length, align));
}

/* However small the pieces are that memory comes in. */
static void direct_aligned_in_little_memory(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	struct zcx_direct *direct = zcx_direct_create(platter->file, world->pool,
						      SZ_16K);
	unsigned int i = 0;

	KUNIT_ASSERT_NOT_NULL(test, direct);
	test_param(test, "batch_bytes", SZ_1M);
	test_param(test, "direct_context_max", 3 * SZ_32K);
	platter->at_once = true;
	zcx_direct_begin(direct, 5 * SZ_16K, SZ_1M);
	while (zcx_direct_covers(direct, SZ_1M - 1)) {
		zcx_direct_read(direct);
		KUNIT_ASSERT_LT(test, i, platter->count);
		for (; i < platter->count; i++)
			expect_aligned(test, &platter->reads[i], SZ_16K);
		zcx_direct_done_with(direct, platter->reads[i - 1].pos +
					     platter->reads[i - 1].length);
	}
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), 3 * SZ_32K);
	zcx_direct_destroy(direct);
}

/* Who has had nothing for a while, and has nothing, does without. */
static void direct_starves(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct debtor *other = make_debtor(test, world->pool);
	struct platter *platter = world->platter;
	unsigned int i;

	test_param(test, "direct_context_max", BATCH);
	must_borrow(test, other, BATCH);
	zcx_direct_begin(world->direct, 0, 4 * BATCH);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_FALSE(test, zcx_direct_starves(world->direct));
		zcx_direct_read(world->direct);
		ssleep(1);
		KUNIT_EXPECT_TRUE(test, zcx_direct_starves(world->direct));
		/* From then on it is waited anew. */
		zcx_direct_starve_not(world->direct);
	}
	zcx_direct_read(world->direct);
	give_all_back(other);
	zcx_direct_read(world->direct);
	KUNIT_EXPECT_EQ(test, platter->count, 1);
	/* One read is enough to go on with, under way or done. */
	for (i = 0; i < 2; i++) {
		ssleep(1);
		zcx_direct_read(world->direct);
		KUNIT_EXPECT_FALSE(test, zcx_direct_starves(world->direct));
		platter_end_all(platter);
	}
	zcx_direct_done_with(world->direct, BATCH);
	zcx_direct_read(world->direct);
	KUNIT_EXPECT_EQ(test, platter->count, 2);
	quit(test, other);
}

/* Who reads ahead while he rests does not throw away what he has for that. */
static void direct_does_not_rob_itself(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;

	test_param(test, "direct_context_max", 2 * BATCH);
	platter->at_once = true;
	direct_run(world, 0, 8 * BATCH);
	KUNIT_EXPECT_EQ(test, platter->count, 2);
	zcx_direct_rest(world->direct, true);
	/* As its errand does, which the link does not wait for. */
	zcx_direct_read(world->direct);
	KUNIT_EXPECT_TRUE(test, zcx_direct_covers(world->direct, 0));
	KUNIT_EXPECT_EQ(test, look(test, 0), BATCH);
}

/**
 * struct sleeper - a task that waits for a byte
 * @direct: of which reads
 * @pos: its offset
 * @killed: it has a signal already when it begins
 * @ret: what it was told
 * @awake: it has been told
 * @task: the task
 */
struct sleeper {
	struct zcx_direct *direct;
	loff_t pos;
	bool killed;
	int ret;
	struct completion awake;
	struct task_struct *task;
};

static int sleeper_task(void *data)
{
	struct sleeper *sleeper = data;

	allow_signal(SIGKILL);
	if (sleeper->killed)
		send_sig(SIGKILL, current, 1);
	sleeper->ret = zcx_direct_sleep(sleeper->direct, sleeper->pos);
	complete(&sleeper->awake);
	return 0;
}

/* Returns when it sleeps. */
static struct sleeper *make_sleeper(struct kunit *test,
				    struct direct_world *world, loff_t pos,
				    bool killed)
{
	struct sleeper *sleeper = kunit_kzalloc(test, sizeof(*sleeper),
						GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, sleeper);
	sleeper->direct = world->direct;
	sleeper->pos = pos;
	sleeper->killed = killed;
	init_completion(&sleeper->awake);
	sleeper->task = kthread_create(sleeper_task, sleeper, "zcx-kunit");
	KUNIT_ASSERT_FALSE(test, IS_ERR(sleeper->task));
	get_task_struct(sleeper->task);
	wake_up_process(sleeper->task);
	for (i = 0; i < 5000; i++) {
		/* Needs no barrier: it is looked again, and may be too early. */
		if (waitqueue_active(&world->direct->sleepers) ||
		    completion_done(&sleeper->awake))
			break;
		usleep_range(1000, 2000);
	}
	return sleeper;
}

/* Whatever it was told, it does not sleep any more. */
static bool sleeper_wakes(struct kunit *test, struct sleeper *sleeper)
{
	bool woken = wait_for_completion_timeout(&sleeper->awake, PATIENCE);

	if (!woken) {
		send_sig(SIGKILL, sleeper->task, 1);
		KUNIT_ASSERT_TRUE(test,
				  wait_for_completion_timeout(&sleeper->awake,
							      PATIENCE));
	}
	put_task_struct(sleeper->task);
	return woken;
}

static void direct_sleeps_until_it_is_read(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	struct sleeper *sleeper;

	direct_run(world, 0, 4 * BATCH);
	sleeper = make_sleeper(test, world, BATCH, false);
	platter_end_in_interrupt(platter, 0);
	msleep(A_WHILE);
	KUNIT_EXPECT_FALSE(test, completion_done(&sleeper->awake));
	platter_end_in_interrupt(platter, 1);
	KUNIT_EXPECT_TRUE(test, sleeper_wakes(test, sleeper));
	KUNIT_EXPECT_EQ(test, sleeper->ret, 0);
	KUNIT_EXPECT_EQ(test, look(test, BATCH), BATCH);
	/* It is there: nobody sleeps. */
	KUNIT_EXPECT_EQ(test, 0, zcx_direct_sleep(world->direct, BATCH));
}

/* No read of the byte is under way: it looks again by itself. */
static void direct_sleeps_without_a_read(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct sleeper *sleeper;

	zcx_direct_begin(world->direct, 0, BATCH);
	sleeper = make_sleeper(test, world, 0, false);
	KUNIT_EXPECT_TRUE(test, sleeper_wakes(test, sleeper));
	KUNIT_EXPECT_EQ(test, sleeper->ret, 0);
}

static void direct_sleeper_is_killed(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct sleeper *sleeper;

	direct_run(world, 0, BATCH);
	sleeper = make_sleeper(test, world, 0, false);
	send_sig(SIGKILL, sleeper->task, 1);
	KUNIT_EXPECT_TRUE(test, sleeper_wakes(test, sleeper));
	KUNIT_EXPECT_EQ(test, sleeper->ret, -EINTR);
}

/* Nor for memory, which others may keep for long. */
static void direct_sleeper_without_a_read_is_killed(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct sleeper *sleeper;

	zcx_direct_begin(world->direct, 0, BATCH);
	sleeper = make_sleeper(test, world, 0, true);
	KUNIT_EXPECT_TRUE(test, sleeper_wakes(test, sleeper));
	KUNIT_EXPECT_EQ(test, sleeper->ret, -EINTR);
}

/* What it sleeps for will never be read any more: it must be told. */
static void direct_sleeper_whose_run_is_over(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct sleeper *sleeper;

	direct_run(world, 0, 4 * BATCH);
	/* Behind the run, nothing is waited for. */
	KUNIT_EXPECT_EQ(test, 0, zcx_direct_sleep(world->direct, 4 * BATCH));
	sleeper = make_sleeper(test, world, 0, false);
	rob(world->direct);
	platter_end_all(world->platter);
	KUNIT_EXPECT_TRUE(test, sleeper_wakes(test, sleeper));
	KUNIT_EXPECT_EQ(test, sleeper->ret, 0);
}

static struct kunit_case direct_end_cases[] = {
	KUNIT_CASE(direct_ends_with_reads_under_way),
	KUNIT_CASE(direct_ends_with_all_under_way),
	KUNIT_CASE(direct_ends_again_and_again),
	KUNIT_CASE(direct_destroyed_with_reads_under_way),
	KUNIT_CASE(direct_robbed),
	KUNIT_CASE(direct_robbed_too_late),
	KUNIT_CASE(direct_robbed_by_another),
	KUNIT_CASE(direct_robbed_while_it_submits),
	KUNIT_CASE(direct_wakes_for_its_byte),
	KUNIT_CASE(direct_waited_for_twice),
	KUNIT_CASE_PARAM(direct_wait_ends_too, wait_gen_params),
	KUNIT_CASE(direct_waits_for_memory),
	KUNIT_CASE(direct_with_hardly_any_memory),
	KUNIT_CASE(direct_aligned_in_little_memory),
	KUNIT_CASE(direct_starves),
	KUNIT_CASE(direct_does_not_rob_itself),
	KUNIT_CASE(direct_sleeps_until_it_is_read),
	KUNIT_CASE(direct_sleeps_without_a_read),
	KUNIT_CASE(direct_sleeper_is_killed),
	KUNIT_CASE(direct_sleeper_without_a_read_is_killed),
	KUNIT_CASE(direct_sleeper_whose_run_is_over),
	{}
};

static struct kunit_suite direct_end_suite = {
	.name		= "zcx-direct-end",
	.init		= direct_init,
	.exit		= direct_exit,
	.test_cases	= direct_end_cases,
};
kunit_test_suite(direct_end_suite);
