// SPDX-License-Identifier: GPL-2.0
/*
 * Direct reads: what is asked for, in which pieces, how much at a time, and what
 * is seen of it.
 */
#include <kunit/test.h>
#include <linux/align.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sizes.h>

#include "buffers_fixture.h"
#include "direct.h"
#include "direct_fixture.h"
#include "disk.h"
#include "param_fixture.h"
#include "zcx.h"

struct run_case {
	loff_t pos;
	loff_t stop;
	unsigned int align;
	unsigned int batch;
};

static const struct run_case run_cases[] = {
	{ 0, 1, SZ_4K, SZ_64K },
	{ 0, SZ_4K, SZ_4K, SZ_64K },
	{ SZ_4K - 1, SZ_4K, SZ_4K, SZ_64K },
	{ SZ_4K - 1, SZ_4K + 1, SZ_4K, SZ_64K },
	{ SZ_4K, SZ_8K, SZ_4K, SZ_64K },
	{ 5, SZ_64K, SZ_4K, SZ_64K },
	{ 5, SZ_64K + 1, SZ_4K, SZ_64K },
	{ 0, SZ_1M, SZ_4K, SZ_64K },
	{ SZ_4K, SZ_1M + SZ_4K, SZ_4K, SZ_64K },
	{ 12345, 3 * SZ_1M + 54321, SZ_4K, SZ_128K },
	/* A batch that is no power of two, nor a multiple of the alignment. */
	{ 0, SZ_1M, SZ_4K, 3 * SZ_32K },
	{ 77, SZ_1M + 77, SZ_64K, SZ_64K + SZ_4K },
	{ 0, 1, SZ_64K, SZ_64K },
	{ SZ_64K - 1, SZ_64K + 1, SZ_64K, SZ_64K },
	{ SZ_64K, SZ_128K, SZ_64K, SZ_1M },
	{ 100000, SZ_1M + 1, SZ_64K, SZ_256K },
	/* An offset of more than 32 bits. */
	{ 5LL * SZ_1G - 1, 5LL * SZ_1G + SZ_1M + 1, SZ_4K, SZ_256K },
	{ 0x7ffffffffff00001, 0x7ffffffffff40001, SZ_64K, SZ_64K },
	/* Not what is behind the last block that offsets can name. */
	{ LLONG_MAX - SZ_1M, LLONG_MAX, SZ_4K, SZ_64K },
	{ LLONG_MAX - SZ_1M, LLONG_MAX - SZ_4K + 1, SZ_4K, SZ_64K },
};

static void run_desc(const struct run_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lld to %lld by %u, %u",
		 c->pos, c->stop, c->align, c->batch);
}
KUNIT_ARRAY_PARAM(run, run_cases, run_desc);

static loff_t end_of_run(const struct run_case *c)
{
	loff_t last = LLONG_MAX & ~((loff_t)c->align - 1);

	return c->stop > last ? last : ALIGN(c->stop, (loff_t)c->align);
}

/* One more read: it follows the last one. Returns where the next one is to be. */
static loff_t expect_read(struct kunit *test, const struct run_case *c,
			  const struct platter_read *read, loff_t next)
{
	unsigned int most = max(ALIGN_DOWN(c->batch, c->align), c->align);

	KUNIT_EXPECT_EQ(test, read->pos, next);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(read->pos, c->align));
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(read->length, c->align));
	KUNIT_EXPECT_GT(test, read->length, 0);
	KUNIT_EXPECT_LE(test, read->length, most);
	KUNIT_EXPECT_EQ(test, read->pieces, 1);
	KUNIT_EXPECT_TRUE(test, read->flags & IOCB_DIRECT);
	return next + read->length;
}

static void expect_covers(struct kunit *test, struct zcx_direct *direct,
			  loff_t from, loff_t stop)
{
	KUNIT_EXPECT_TRUE(test, zcx_direct_covers(direct, from));
	KUNIT_EXPECT_TRUE(test, zcx_direct_covers(direct, stop - 1));
	KUNIT_EXPECT_FALSE(test, zcx_direct_covers(direct, from - 1));
	KUNIT_EXPECT_FALSE(test, zcx_direct_covers(direct, stop));
}

/* Every byte of the run once, in order, and no more than alignment takes. */
static void direct_asks_for_the_run(struct kunit *test)
{
	const struct run_case *c = test->param_value;
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	loff_t from = ALIGN_DOWN(c->pos, (loff_t)c->align), next = from;
	loff_t stop = end_of_run(c);
	struct zcx_direct *direct;
	unsigned int i = 0;

	test_param(test, "batch_bytes", c->batch);
	direct = zcx_direct_create(platter->file, world->pool, c->align);
	KUNIT_ASSERT_NOT_NULL(test, direct);
	platter->at_once = true;
	zcx_direct_begin(direct, c->pos, c->stop);
	KUNIT_EXPECT_EQ(test, platter->count, 0);
	KUNIT_EXPECT_EQ(test, zcx_direct_stops_at(direct), stop);
	expect_covers(test, direct, from, stop);
	do {
		zcx_direct_read(direct);
		expect_covers(test, direct, next, stop);
		KUNIT_ASSERT_GT(test, platter->count, i);
		while (i < platter->count)
			next = expect_read(test, c, &platter->reads[i++], next);
		zcx_direct_done_with(direct, next);
	} while (next < stop);
	KUNIT_EXPECT_EQ(test, next, stop);
	zcx_direct_read(direct);
	KUNIT_EXPECT_EQ(test, platter->count, i);
	KUNIT_EXPECT_FALSE(test, zcx_direct_covers(direct, c->pos));
	zcx_direct_destroy(direct);
}

static void direct_so_many_at_a_time(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	unsigned int i;

	direct_run(world, 0, 16 * BATCH);
	for (i = 1; i < 8; i++) {
		KUNIT_EXPECT_EQ(test, platter->count, 3 + i);
		KUNIT_EXPECT_EQ(test, platter_under_way(platter),
				ZCX_DIRECT_SLOTS);
		/* One that is done has its slot until it has been sent, too. */
		platter_end(platter, i - 1);
		zcx_direct_read(world->direct);
		KUNIT_EXPECT_EQ(test, platter->count, 3 + i);
		zcx_direct_done_with(world->direct, i * BATCH - 1);
		zcx_direct_read(world->direct);
		KUNIT_EXPECT_EQ(test, platter->count, 3 + i);
		zcx_direct_done_with(world->direct, i * BATCH);
		zcx_direct_read(world->direct);
	}
}

/* What is not sent after all: its slot is free when the disk has done it. */
static void direct_done_with_what_is_under_way(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;

	direct_run(world, 0, 16 * BATCH);
	zcx_direct_done_with(world->direct, 2 * BATCH);
	KUNIT_EXPECT_EQ(test, look(test, 0), -EAGAIN);
	zcx_direct_read(world->direct);
	KUNIT_EXPECT_EQ(test, platter->count, 4);
	/* The second slot is not the one whose turn it is. */
	platter_end(platter, 1);
	zcx_direct_read(world->direct);
	KUNIT_EXPECT_EQ(test, platter->count, 4);
	platter_end(platter, 0);
	zcx_direct_read(world->direct);
	KUNIT_EXPECT_EQ(test, platter->count, 6);
	KUNIT_EXPECT_EQ(test, platter->reads[5].pos, 5 * BATCH);
	KUNIT_EXPECT_FALSE(test, zcx_direct_covers(world->direct, 0));
}

/* Whichever the disk does first can be seen first. */
static void direct_done_in_any_order(struct kunit *test)
{
	static const unsigned int order[] = { 2, 0, 3, 1 };
	struct direct_world *world = test->priv;
	unsigned int i, j;

	direct_run(world, 100, 4 * BATCH);
	for (i = 0; i < 4; i++) {
		platter_end_in_interrupt(world->platter, order[i]);
		for (j = 0; j < 4; j++)
			KUNIT_EXPECT_EQ(test, look(test, order[j] * BATCH + 100),
					j <= i ? BATCH - 100 : -EAGAIN);
	}
}

struct look_case {
	const char *what;
	loff_t pos;
	ssize_t want;
};

/* Reads of BATCH from 2 * BATCH on, for a run from 2 * BATCH + 100. */
static const struct look_case look_cases[] = {
	{ "the first that is wanted", 2 * BATCH + 100, BATCH - 100 },
	{ "one that came by alignment", 2 * BATCH, BATCH },
	{ "the last of a page", 2 * BATCH + SZ_4K - 1, BATCH - SZ_4K + 1 },
	{ "the first of a page", 2 * BATCH + SZ_4K, BATCH - SZ_4K },
	{ "in the middle", 2 * BATCH + SZ_32K + 5, SZ_32K - 5 },
	{ "the last of a read", 3 * BATCH - 1, 1 },
	{ "the first of the next", 3 * BATCH, BATCH },
	{ "the last of that", 4 * BATCH - 1, 1 },
	{ "one that is being read", 4 * BATCH, -EAGAIN },
	{ "the last that is being read", 6 * BATCH - 1, -EAGAIN },
	{ "one that will be read", 7 * BATCH, -EAGAIN },
	{ "one behind the run", 8 * BATCH, -EAGAIN },
	{ "one before the run", 2 * BATCH - 1, -EAGAIN },
};

static void look_desc(const struct look_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(look, look_cases, look_desc);

static void direct_look_at_a_byte(struct kunit *test)
{
	const struct look_case *c = test->param_value;
	struct direct_world *world = test->priv;

	direct_run(world, 2 * BATCH + 100, 8 * BATCH);
	platter_end(world->platter, 0);
	platter_end(world->platter, 1);
	KUNIT_EXPECT_EQ(test, look(test, c->pos), c->want);
	/* To look changes nothing. */
	KUNIT_EXPECT_EQ(test, look(test, c->pos), c->want);
}

/* Whatever becomes of the run, memory that was looked at stays as it is. */
static void direct_look_keeps_the_page(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	struct page *page;
	size_t offset;

	direct_run(world, 0, BATCH);
	platter_end(platter, 0);
	KUNIT_ASSERT_EQ(test, BATCH, zcx_direct_look(world->direct, 0, &page,
						     &offset));
	KUNIT_EXPECT_PTR_EQ(test, page, platter->reads[0].page);
	zcx_direct_end(world->direct);
	direct_run(world, 0, BATCH);
	KUNIT_EXPECT_PTR_NE(test, platter->reads[1].page, page);
	platter_end(platter, 1);
	put_page(page);
	zcx_direct_end(world->direct);
	/* It is in use again once it has been sent. */
	direct_run(world, 0, BATCH);
	KUNIT_EXPECT_PTR_EQ(test, platter->reads[2].page, page);
}

struct result_case {
	const char *what;
	loff_t pos;		/* where the run begins, and where it ends: BATCH */
	long result;		/* of its only read */
	loff_t at;
	ssize_t want;
};

static const struct result_case result_cases[] = {
	{ "last byte of a short read", 0, 5000, 4999, 1 },
	{ "end of the file", 0, 5000, 5000, 0 },
	{ "beyond the end of the file", 0, 5000, 6000, 0 },
	{ "far beyond it", 0, 5000, BATCH - 1, 0 },
	{ "all of a read of one byte", 0, 1, 0, 1 },
	{ "nothing at the first byte", 0, 0, 0, -EIO },
	{ "nothing behind the first byte", 0, 0, 1, 0 },
	{ "an end before the first byte", 100, 50, 100, -EIO },
	{ "an end just before the first byte", 100, 100, 100, -EIO },
	{ "an end behind the first byte", 100, 101, 100, 1 },
	{ "a bad sector", 0, -EIO, 0, -EIO },
	{ "a bad sector, seen from the middle", 0, -EIO, 7777, -EIO },
	{ "a bad checksum", 0, -EBADMSG, BATCH - 1, -EBADMSG },
	{ "a lost disk", 100, -ENODEV, 100, -ENODEV },
	/* What would mean something else to who looks. */
	{ "a disk that says again", 0, -EAGAIN, 0, -EIO },
	{ "one that was interrupted", 0, -EINTR, 0, -EIO },
	{ "one to be restarted", 0, -ERESTARTSYS, 0, -EIO },
};

static void result_desc(const struct result_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(result, result_cases, result_desc);

static void direct_result_of_a_read(struct kunit *test)
{
	const struct result_case *c = test->param_value;
	struct direct_world *world = test->priv;

	direct_run(world, c->pos, BATCH);
	KUNIT_EXPECT_EQ(test, look(test, c->at), -EAGAIN);
	platter_end_with(world->platter, 0, c->result);
	KUNIT_EXPECT_EQ(test, look(test, c->at), c->want);
	/* It is said for as long as the run lasts. */
	KUNIT_EXPECT_TRUE(test, zcx_direct_covers(world->direct, c->at));
	KUNIT_EXPECT_EQ(test, look(test, c->at), c->want);
}

/* Likewise if the filesystem knows it at once. */
static void direct_result_at_once(struct kunit *test)
{
	const struct result_case *c = test->param_value;
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;

	platter->at_once = true;
	platter->size = max(c->result, 0);
	platter->error = min(c->result, 0);
	direct_run(world, c->pos, BATCH);
	KUNIT_EXPECT_EQ(test, platter->count, 1);
	KUNIT_EXPECT_EQ(test, look(test, c->at), c->want);
}

/* Reads behind the end give nothing, and that is no error there. */
static void direct_end_of_the_file_in_a_run(struct kunit *test)
{
	struct direct_world *world = test->priv;

	world->platter->size = BATCH + 10;
	direct_run(world, 0, 4 * BATCH);
	platter_end_all(world->platter);
	KUNIT_EXPECT_EQ(test, look(test, 0), BATCH);
	KUNIT_EXPECT_EQ(test, look(test, BATCH), 10);
	KUNIT_EXPECT_EQ(test, look(test, BATCH + 10), 0);
	KUNIT_EXPECT_EQ(test, look(test, 2 * BATCH), 0);
	KUNIT_EXPECT_EQ(test, look(test, 3 * BATCH), 0);
}

/* An error is for its own read's bytes. */
static void direct_error_of_one_read(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;

	direct_run(world, 0, 4 * BATCH);
	platter_end_with(platter, 1, -EIO);
	platter_end_all(platter);
	KUNIT_EXPECT_EQ(test, look(test, BATCH - 1), 1);
	KUNIT_EXPECT_EQ(test, look(test, BATCH), -EIO);
	KUNIT_EXPECT_EQ(test, look(test, 2 * BATCH - 1), -EIO);
	KUNIT_EXPECT_EQ(test, look(test, 2 * BATCH), BATCH);
}

/* What was read through the page cache is not what was asked for. */
static void direct_falls_back(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;

	platter->falls_back = true;
	platter->at_once = true;
	direct_run(world, 0, 4 * BATCH);
	KUNIT_EXPECT_EQ(test, look(test, 0), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, look(test, BATCH), -EOPNOTSUPP);
	zcx_direct_end(world->direct);
	/* The next run is another matter. */
	platter->falls_back = false;
	direct_run(world, 0, 4 * BATCH);
	KUNIT_EXPECT_EQ(test, look(test, 0), BATCH);
}

/* An error that came the same way tells no more than that. */
static void direct_falls_back_with_an_error(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;

	platter->falls_back = true;
	platter->at_once = true;
	platter->error = -EIO;
	direct_run(world, 0, BATCH);
	KUNIT_EXPECT_EQ(test, look(test, 0), -EOPNOTSUPP);
}

static void direct_run_goes_on(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;

	direct_run(world, 0, 2 * BATCH);
	KUNIT_EXPECT_EQ(test, platter->count, 2);
	/* It does not end where it is said to. */
	zcx_direct_extend(world->direct, BATCH, 4 * BATCH);
	KUNIT_EXPECT_EQ(test, zcx_direct_stops_at(world->direct), 2 * BATCH);
	zcx_direct_extend(world->direct, 2 * BATCH, 3 * BATCH + 1);
	KUNIT_EXPECT_EQ(test, zcx_direct_stops_at(world->direct),
			3 * BATCH + PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, zcx_direct_covers(world->direct, 3 * BATCH));
	zcx_direct_read(world->direct);
	KUNIT_ASSERT_EQ(test, platter->count, 4);
	KUNIT_EXPECT_EQ(test, platter->reads[2].pos, 2 * BATCH);
	KUNIT_EXPECT_EQ(test, platter->reads[3].pos, 3 * BATCH);
	KUNIT_EXPECT_EQ(test, platter->reads[3].length, PAGE_SIZE);
}

/* One that has ended does not, whoever ended it. */
static void direct_run_that_has_ended_does_not_go_on(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct zcx_direct *direct = world->direct;
	loff_t stop;

	direct_run(world, 0, 2 * BATCH);
	zcx_direct_end(direct);
	stop = zcx_direct_stops_at(direct);
	zcx_direct_extend(direct, stop, stop + BATCH);
	KUNIT_EXPECT_FALSE(test, zcx_direct_covers(direct, stop));
	platter_end_all(world->platter);
	direct_run(world, 0, 2 * BATCH);
	zcx_direct_done_with(direct, 2 * BATCH);
	zcx_direct_extend(direct, 2 * BATCH, 4 * BATCH);
	KUNIT_EXPECT_FALSE(test, zcx_direct_covers(direct, 2 * BATCH));
}

struct refine_case {
	unsigned int batch;
	unsigned int align;
	unsigned int sizes[5];	/* of reads, one finer than the other, and 0 */
};

static const struct refine_case refine_cases[] = {
	{ SZ_1M, SZ_4K, { SZ_1M, SZ_64K, SZ_4K } },
	{ SZ_64K, SZ_4K, { SZ_64K, SZ_4K } },
	{ SZ_128K, SZ_4K, { SZ_128K, SZ_8K, SZ_4K } },
	{ 3 * SZ_32K, SZ_4K, { 3 * SZ_32K, SZ_4K } },
	{ SZ_1M, SZ_64K, { SZ_1M, SZ_64K } },
	{ SZ_512K, SZ_64K, { SZ_512K, SZ_64K } },
	{ SZ_64K, SZ_64K, { SZ_64K } },
};

static void refine_desc(const struct refine_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u by %u", c->batch, c->align);
}
KUNIT_ARRAY_PARAM(refine, refine_cases, refine_desc);

/* Down to the alignment, and no finer. */
static void direct_refines(struct kunit *test)
{
	const struct refine_case *c = test->param_value;
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	struct zcx_direct *direct;
	unsigned int i;

	test_param(test, "batch_bytes", c->batch);
	direct = zcx_direct_create(platter->file, world->pool, c->align);
	KUNIT_ASSERT_NOT_NULL(test, direct);
	platter->at_once = true;
	platter->error = -EIO;
	for (i = 0; c->sizes[i]; i++) {
		platter->count = 0;
		zcx_direct_begin(direct, 0, SZ_16M);
		zcx_direct_read(direct);
		KUNIT_EXPECT_EQ(test, platter->count, ZCX_DIRECT_SLOTS);
		KUNIT_EXPECT_EQ(test, platter->reads[0].length, c->sizes[i]);
		KUNIT_EXPECT_EQ(test, platter->reads[1].length, c->sizes[i]);
		zcx_direct_end(direct);
		KUNIT_EXPECT_EQ(test, zcx_direct_refine(direct),
				c->sizes[i + 1] > 0);
	}
	zcx_direct_destroy(direct);
}

static void read_inside(struct platter *platter)
{
	zcx_direct_read(platter->direct);
}

/* Who comes while another submits leaves it to him. */
static void direct_one_submits_at_a_time(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	unsigned int i;

	platter->inside = read_inside;
	direct_run(world, 0, 4 * BATCH);
	KUNIT_ASSERT_EQ(test, platter->count, 4);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, platter->reads[i].pos, i * BATCH);
}

/* By the pool of the device; one errand at a time, which has all it needs. */
static void direct_reads_later(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	struct zcx_disk *disk = zcx_disk_get(platter->file);

	KUNIT_ASSERT_NOT_NULL(test, disk);
	zcx_direct_begin(world->direct, 0, 8 * BATCH);
	zcx_direct_read_later(world->direct, disk);
	zcx_direct_read_later(world->direct, disk);
	zcx_disk_flush();
	KUNIT_EXPECT_EQ(test, platter->count, 4);
	/* Nothing to do: nobody is sent. */
	zcx_direct_read_later(world->direct, disk);
	KUNIT_EXPECT_FALSE(test, world->direct->errand_sent);
	platter_end(platter, 0);
	zcx_direct_done_with(world->direct, BATCH);
	zcx_direct_read_later(world->direct, disk);
	direct_destroy(world);
	zcx_disk_flush();
	zcx_disk_put(disk);
}

/* Random ends of reads, and each byte is seen once, in order. */
static void direct_reads_it_all(struct kunit *test)
{
	struct direct_world *world = test->priv;
	struct platter *platter = world->platter;
	const loff_t stop = 100 * BATCH + 1234;
	struct rnd_state random;
	loff_t pos = 1234;
	ssize_t n;

	prandom_seed_state(&random, 1);
	zcx_direct_begin(world->direct, pos, stop);
	while (pos < stop) {
		unsigned int i = prandom_u32_state(&random);

		zcx_direct_read(world->direct);
		KUNIT_ASSERT_LT(test, platter->count, PLATTER_READS);
		i %= platter->count;
		if (platter->reads[i].iocb)
			platter_end_in_interrupt(platter, i);
		n = look(test, pos);
		if (n == -EAGAIN)
			continue;
		KUNIT_ASSERT_GT(test, n, 0);
		/* Some at a time, as sockets take it. */
		pos += min_t(ssize_t, n, 1 + i * 1000);
		zcx_direct_done_with(world->direct, pos);
	}
	KUNIT_EXPECT_EQ(test, platter->count, 101);
}

static struct kunit_case direct_cases[] = {
	KUNIT_CASE_PARAM(direct_asks_for_the_run, run_gen_params),
	KUNIT_CASE(direct_so_many_at_a_time),
	KUNIT_CASE(direct_done_with_what_is_under_way),
	KUNIT_CASE(direct_done_in_any_order),
	KUNIT_CASE_PARAM(direct_look_at_a_byte, look_gen_params),
	KUNIT_CASE(direct_look_keeps_the_page),
	KUNIT_CASE_PARAM(direct_result_of_a_read, result_gen_params),
	KUNIT_CASE_PARAM(direct_result_at_once, result_gen_params),
	KUNIT_CASE(direct_end_of_the_file_in_a_run),
	KUNIT_CASE(direct_error_of_one_read),
	KUNIT_CASE(direct_falls_back),
	KUNIT_CASE(direct_falls_back_with_an_error),
	KUNIT_CASE(direct_run_goes_on),
	KUNIT_CASE(direct_run_that_has_ended_does_not_go_on),
	KUNIT_CASE_PARAM(direct_refines, refine_gen_params),
	KUNIT_CASE(direct_one_submits_at_a_time),
	KUNIT_CASE(direct_reads_later),
	KUNIT_CASE(direct_reads_it_all),
	{}
};

static struct kunit_suite direct_suite = {
	.name		= "zcx-direct",
	.init		= direct_init,
	.exit		= direct_exit,
	.test_cases	= direct_cases,
};
kunit_test_suite(direct_suite);
