// SPDX-License-Identifier: GPL-2.0
/*
 * The pools of disks: in order, two at a time, and a disk that answers nothing
 * holds up nobody else's.
 */
#include <kunit/test.h>
#include <linux/backing-dev.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/jiffies.h>

#include "disk.h"
#include "fake.h"

#define WORKERS	2
#define PATIENCE	(20 * HZ)	/* for what must happen */
#define A_WHILE		50		/* ms, for what must not */

/* A file of a filesystem on no device that others have. */
static struct file *make_file(struct kunit *test)
{
	return fake_file(test, &noop_backing_dev_info);
}

static struct zcx_disk *get_disk(struct kunit *test, struct file *file)
{
	struct zcx_disk *disk = zcx_disk_get(file);

	KUNIT_ASSERT_NOT_NULL(test, disk);
	return disk;
}

/**
 * struct jobs - what the jobs of one test have in common
 * @running: how many are at work
 * @most: most that were at a time
 * @done: how many have been done
 */
struct jobs {
	atomic_t running;
	atomic_t most;
	atomic_t done;
};

/**
 * struct work - a job that takes until it is let go
 * @job: the job
 * @jobs: what it has in common with others
 * @begun: it has begun
 * @go: it may end
 * @ended: it has ended
 * @order: how many had been done before it
 */
struct work {
	struct zcx_disk_job job;
	struct jobs *jobs;
	struct completion begun;
	struct completion go;
	struct completion ended;
	int order;
};

static void work_run(struct zcx_disk_job *job)
{
	struct work *work = container_of(job, struct work, job);
	struct jobs *jobs = work->jobs;
	int running = atomic_inc_return(&jobs->running);
	int most = atomic_read(&jobs->most);

	while (running > most && !atomic_try_cmpxchg(&jobs->most, &most, running))
		;
	complete(&work->begun);
	wait_for_completion_timeout(&work->go, PATIENCE);
	work->order = atomic_fetch_inc(&jobs->done);
	atomic_dec(&jobs->running);
	complete(&work->ended);
}

static struct work *make_works(struct kunit *test, struct jobs *jobs,
			       unsigned int count)
{
	struct work *works = kunit_kcalloc(test, count, sizeof(*works),
					   GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, works);
	for (i = 0; i < count; i++) {
		zcx_disk_job_init(&works[i].job, work_run);
		works[i].jobs = jobs;
		init_completion(&works[i].begun);
		init_completion(&works[i].go);
		init_completion(&works[i].ended);
	}
	return works;
}

static bool soon(struct completion *completion)
{
	return wait_for_completion_timeout(completion, PATIENCE);
}

static void disk_is_told_by_its_device(struct kunit *test)
{
	struct backing_dev_info *bdi = kunit_kzalloc(test, sizeof(*bdi),
						     GFP_KERNEL);
	struct file *a = fake_file(test, bdi), *b = fake_file(test, bdi);
	struct file *c = make_file(test), *d = make_file(test);
	struct zcx_disk *disks[4], *again;
	unsigned int i;

	disks[0] = get_disk(test, a);
	disks[1] = get_disk(test, b);
	disks[2] = get_disk(test, c);
	disks[3] = get_disk(test, d);
	/* Two filesystems on one device share its pool. */
	KUNIT_EXPECT_PTR_EQ(test, disks[0], disks[1]);
	/* Without a device each is by itself. */
	KUNIT_EXPECT_PTR_NE(test, disks[2], disks[3]);
	KUNIT_EXPECT_PTR_NE(test, disks[0], disks[2]);
	again = get_disk(test, d);
	KUNIT_EXPECT_PTR_EQ(test, again, disks[3]);
	zcx_disk_put(again);
	for (i = 0; i < 4; i++)
		zcx_disk_put(disks[i]);
	zcx_disk_put(NULL);
}

static void disk_has_as_many_users_as_gets(struct kunit *test)
{
	struct file *file = make_file(test);
	struct zcx_disk *disk = get_disk(test, file);
	unsigned int i;

	KUNIT_EXPECT_PTR_EQ(test, disk, zcx_disk_hold(disk));
	KUNIT_EXPECT_PTR_EQ(test, disk, get_disk(test, file));
	/* As long as there is one, it is this one. */
	for (i = 0; i < 2; i++) {
		zcx_disk_put(disk);
		KUNIT_EXPECT_PTR_EQ(test, disk, get_disk(test, file));
		zcx_disk_put(disk);
	}
	zcx_disk_put(disk);
}

/* In order; and a worker that has done one goes on to the next. */
static void disk_works_in_order(struct kunit *test)
{
	struct file *file = make_file(test);
	struct zcx_disk *disk = get_disk(test, file);
	struct jobs jobs = { };
	struct work *works = make_works(test, &jobs, 12);
	unsigned int i;

	for (i = 0; i < 12; i++)
		KUNIT_EXPECT_TRUE(test, zcx_disk_queue(disk, &works[i].job));
	for (i = 0; i < 12; i++) {
		/* The next begins when one ends. */
		KUNIT_ASSERT_TRUE(test, soon(&works[i].begun));
		if (i < WORKERS - 1)
			continue;
		complete(&works[i - WORKERS + 1].go);
		KUNIT_ASSERT_TRUE(test, soon(&works[i - WORKERS + 1].ended));
	}
	complete(&works[11].go);
	KUNIT_ASSERT_TRUE(test, soon(&works[11].ended));
	for (i = 0; i < 12; i++)
		KUNIT_EXPECT_EQ(test, works[i].order, i);
	zcx_disk_flush();
	zcx_disk_put(disk);
}

static void disk_two_at_a_time(struct kunit *test)
{
	struct file *file = make_file(test);
	struct zcx_disk *disk = get_disk(test, file);
	struct jobs jobs = { };
	struct work *works = make_works(test, &jobs, 10);
	unsigned int i;

	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_TRUE(test, zcx_disk_queue(disk, &works[i].job));
	for (i = 0; i < WORKERS; i++)
		KUNIT_ASSERT_TRUE(test, soon(&works[i].begun));
	msleep(A_WHILE);
	KUNIT_EXPECT_EQ(test, atomic_read(&jobs.running), WORKERS);
	for (i = 0; i < 10; i++)
		complete(&works[i].go);
	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_TRUE(test, soon(&works[i].ended));
	KUNIT_EXPECT_EQ(test, atomic_read(&jobs.most), WORKERS);
	zcx_disk_flush();
	/* Its workers went to sleep, and wake up again. */
	reinit_completion(&works[0].begun);
	KUNIT_EXPECT_TRUE(test, zcx_disk_queue(disk, &works[0].job));
	KUNIT_EXPECT_TRUE(test, soon(&works[0].begun));
	complete(&works[0].go);
	KUNIT_EXPECT_TRUE(test, soon(&works[0].ended));
	zcx_disk_flush();
	zcx_disk_put(disk);
}

/* Taken out of the queue: the caller's, not run, and the others stay. */
static void disk_hurry_of_a_queued_job(struct kunit *test)
{
	struct file *file = make_file(test);
	struct zcx_disk *disk = get_disk(test, file);
	struct jobs jobs = { };
	struct work *works = make_works(test, &jobs, 5);
	unsigned int i;

	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_TRUE(test, zcx_disk_queue(disk, &works[i].job));
	for (i = 0; i < WORKERS; i++)
		KUNIT_ASSERT_TRUE(test, soon(&works[i].begun));
	KUNIT_EXPECT_TRUE(test, zcx_disk_hurry(&works[3].job));
	/* It is nowhere any more, and is not to wait again. */
	KUNIT_EXPECT_FALSE(test, zcx_disk_hurry(&works[3].job));
	KUNIT_EXPECT_FALSE(test, zcx_disk_queue(disk, &works[3].job));
	for (i = 0; i < 5; i++)
		complete(&works[i].go);
	KUNIT_ASSERT_TRUE(test, soon(&works[2].ended));
	KUNIT_ASSERT_TRUE(test, soon(&works[4].ended));
	zcx_disk_flush();
	KUNIT_EXPECT_EQ(test, atomic_read(&jobs.done), 4);
	/* Until its owner says so. */
	works[3].job.urgent = false;
	KUNIT_EXPECT_TRUE(test, zcx_disk_queue(disk, &works[3].job));
	KUNIT_EXPECT_TRUE(test, soon(&works[3].ended));
	zcx_disk_flush();
	zcx_disk_put(disk);
}

/* Too late for this time; but it will not wait the next time. */
static void disk_hurry_of_a_running_job(struct kunit *test)
{
	struct file *file = make_file(test);
	struct zcx_disk *disk = get_disk(test, file);
	struct jobs jobs = { };
	struct work *work = make_works(test, &jobs, 1);

	KUNIT_EXPECT_TRUE(test, zcx_disk_queue(disk, &work->job));
	KUNIT_ASSERT_TRUE(test, soon(&work->begun));
	KUNIT_EXPECT_FALSE(test, zcx_disk_hurry(&work->job));
	complete(&work->go);
	KUNIT_ASSERT_TRUE(test, soon(&work->ended));
	zcx_disk_flush();
	KUNIT_EXPECT_FALSE(test, zcx_disk_queue(disk, &work->job));
	KUNIT_EXPECT_EQ(test, atomic_read(&jobs.done), 1);
	zcx_disk_put(disk);
}

static void disk_hurry_before_the_queue(struct kunit *test)
{
	struct file *file = make_file(test);
	struct zcx_disk *disk = get_disk(test, file);
	struct jobs jobs = { };
	struct work *work = make_works(test, &jobs, 1);

	KUNIT_EXPECT_FALSE(test, zcx_disk_hurry(&work->job));
	KUNIT_EXPECT_FALSE(test, zcx_disk_queue(disk, &work->job));
	msleep(A_WHILE);
	KUNIT_EXPECT_FALSE(test, completion_done(&work->begun));
	zcx_disk_put(disk);
}

static void disk_that_is_stuck_holds_up_no_other(struct kunit *test)
{
	struct file *dead = make_file(test);
	struct file *good = make_file(test);
	struct zcx_disk *stuck = get_disk(test, dead);
	struct zcx_disk *disk = get_disk(test, good);
	struct jobs jobs = { };
	struct work *works = make_works(test, &jobs, 20);
	struct work *others = make_works(test, &jobs, 4);
	unsigned int i;

	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_TRUE(test, zcx_disk_queue(stuck, &works[i].job));
	for (i = 0; i < WORKERS; i++)
		KUNIT_ASSERT_TRUE(test, soon(&works[i].begun));
	for (i = 0; i < 4; i++) {
		complete(&others[i].go);
		KUNIT_EXPECT_TRUE(test, zcx_disk_queue(disk, &others[i].job));
	}
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_TRUE(test, soon(&others[i].ended));
	KUNIT_EXPECT_EQ(test, atomic_read(&jobs.done), 4);
	/* Those that wait for the dead one can still be had. */
	for (i = WORKERS; i < 20; i++)
		KUNIT_EXPECT_TRUE(test, zcx_disk_hurry(&works[i].job));
	for (i = 0; i < WORKERS; i++)
		complete(&works[i].go);
	for (i = 0; i < WORKERS; i++)
		KUNIT_EXPECT_TRUE(test, soon(&works[i].ended));
	zcx_disk_flush();
	KUNIT_EXPECT_EQ(test, atomic_read(&jobs.done), 4 + WORKERS);
	zcx_disk_put(stuck);
	zcx_disk_put(disk);
}

/* A pool stays while one of its workers is busy, whoever has let go of it. */
static void disk_lives_as_long_as_its_workers(struct kunit *test)
{
	struct file *file = make_file(test);
	struct zcx_disk *disk = get_disk(test, file);
	struct jobs jobs = { };
	struct work *works = make_works(test, &jobs, 6);
	unsigned int i;

	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_TRUE(test, zcx_disk_queue(disk, &works[i].job));
	KUNIT_ASSERT_TRUE(test, soon(&works[0].begun));
	zcx_disk_put(disk);
	/* It is still the one of that device. */
	KUNIT_EXPECT_PTR_EQ(test, disk, get_disk(test, file));
	zcx_disk_put(disk);
	for (i = 0; i < 6; i++)
		complete(&works[i].go);
	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_TRUE(test, soon(&works[i].ended));
	zcx_disk_flush();
	KUNIT_EXPECT_EQ(test, atomic_read(&jobs.done), 6);
}

/* A job that frees its own memory. */
struct mortal {
	struct zcx_disk_job job;
	struct completion *ended;
};

static void mortal_run(struct zcx_disk_job *job)
{
	struct mortal *mortal = container_of(job, struct mortal, job);
	struct completion *ended = mortal->ended;

	kfree(mortal);
	complete(ended);
}

static void disk_job_may_be_gone_when_it_returns(struct kunit *test)
{
	struct file *file = make_file(test);
	struct zcx_disk *disk = get_disk(test, file);
	DECLARE_COMPLETION_ONSTACK(ended);
	unsigned int i;

	for (i = 0; i < 20; i++) {
		struct mortal *mortal = kzalloc(sizeof(*mortal), GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, mortal);
		zcx_disk_job_init(&mortal->job, mortal_run);
		mortal->ended = &ended;
		KUNIT_EXPECT_TRUE(test, zcx_disk_queue(disk, &mortal->job));
	}
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_TRUE(test, soon(&ended));
	zcx_disk_flush();
	zcx_disk_put(disk);
}

static struct kunit_case disk_cases[] = {
	KUNIT_CASE(disk_is_told_by_its_device),
	KUNIT_CASE(disk_has_as_many_users_as_gets),
	KUNIT_CASE(disk_works_in_order),
	KUNIT_CASE(disk_two_at_a_time),
	KUNIT_CASE(disk_hurry_of_a_queued_job),
	KUNIT_CASE(disk_hurry_of_a_running_job),
	KUNIT_CASE(disk_hurry_before_the_queue),
	KUNIT_CASE(disk_that_is_stuck_holds_up_no_other),
	KUNIT_CASE(disk_lives_as_long_as_its_workers),
	KUNIT_CASE(disk_job_may_be_gone_when_it_returns),
	{}
};

static struct kunit_suite disk_suite = {
	.name		= "zcx-disk",
	.test_cases	= disk_cases,
};
kunit_test_suite(disk_suite);
