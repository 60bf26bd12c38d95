// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a link, against a fake lane and a fake sink: partial sends at
 * every byte, errors at every call, and the edges of the state machine.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "context.h"
#include "fake.h"
#include "link.h"
#include "program.h"

#define HEAD	FAKE_HEAD
#define TAIL	FAKE_TAIL

/* A range that crosses from one folio into the next. */
#define FROM	(PAGE_SIZE - 21)
#define LENGTH	40

#define TOTAL	(HEAD + LENGTH + TAIL)

/* A link and its program in one piece of memory, as requests have them. */
struct test_link {
	struct zcx_live_link link;
	struct zcx_program program;
};

static void test_link_free(struct zcx_live_link *link)
{
	kfree(container_of(link, struct test_link, link));
}

/* @entries: of its list; 0: what suits the program. */
static int try_link(struct kunit *test, struct zcx_context *ctx, loff_t from,
		    loff_t length, size_t batch, unsigned int entries,
		    unsigned int max_links, struct zcx_live_link **link)
{
	struct test_link *made = kzalloc(sizeof(*made), GFP_KERNEL);
	struct fake *fake = test->priv;
	struct zcx_link_parts parts = {
		.ctx = ctx, .sink = &fake->sink, .user_data = 42,
		.batch_bytes = batch, .free = test_link_free,
	};
	int err;

	KUNIT_ASSERT_NOT_NULL(test, made);
	fake_program(test, fake, &made->program, from, length);
	parts.program = &made->program;
	parts.entries = entries ?: zcx_program_entries(&made->program, batch);
	err = zcx_link_init(&made->link, &parts, max_links);
	if (err) {
		/* Refused: program and sink are still the caller's. */
		KUNIT_EXPECT_EQ(test, fake->destroys, 0);
		zcx_program_destroy(&made->program);
		kfree(made);
		return err;
	}
	*link = &made->link;
	return 0;
}

static struct zcx_live_link *make_link(struct kunit *test,
				       struct zcx_context *ctx, loff_t from,
				       loff_t length, size_t batch)
{
	struct zcx_live_link *link;

	KUNIT_ASSERT_EQ(test, 0, try_link(test, ctx, from, length, batch, 0, 10,
					  &link));
	return link;
}

static void expect_got(struct kunit *test, loff_t from, loff_t length,
		       size_t bytes)
{
	fake_expect_got(test, test->priv, from, length, bytes);
}

/* An ended link agrees with what the sink saw. Then drop it. */
static void expect_end(struct kunit *test, struct zcx_live_link *link,
		       u32 state, u32 error, size_t bytes)
{
	struct fake *fake = test->priv;
	struct zcx_context *ctx = link->ctx;

	KUNIT_EXPECT_EQ(test, link->state, state);
	KUNIT_EXPECT_EQ(test, link->error, error);
	KUNIT_EXPECT_EQ(test, zcx_link_bytes_sent(link), bytes);
	KUNIT_EXPECT_EQ(test, fake->begins, fake->ends);
	KUNIT_EXPECT_EQ(test, fake->flushes, fake->more && fake->nr_got);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->links));
	zcx_link_put(link);
	KUNIT_EXPECT_EQ(test, fake->destroys, 1);
	fake_expect_refs(test, fake);
}

static struct zcx_context *make_context(struct kunit *test)
{
	struct zcx_context *ctx = zcx_context_create();

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	return ctx;
}

static void link_sends_all_in_order(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link =
		make_link(test, ctx, FROM, LENGTH, SZ_64K);

	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_QUEUED);
	KUNIT_EXPECT_EQ(test, link->id, 1);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 1);
	KUNIT_EXPECT_EQ(test, zcx_link_run(link), 0);
	expect_got(test, FROM, LENGTH, TOTAL);
	/* Head, file and tail leave together, and the socket knows the end. */
	KUNIT_EXPECT_EQ(test, fake->push_calls, 1);
	KUNIT_EXPECT_FALSE(test, fake->more);
	KUNIT_EXPECT_EQ(test, link->sent[ZCX_TAG_MEMORY], HEAD + TAIL);
	KUNIT_EXPECT_EQ(test, link->sent[ZCX_TAG_CACHE], LENGTH);
	KUNIT_EXPECT_EQ(test, link->copied, 0);
	expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

static void link_partial_sends_at_every_byte(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	size_t first, again;

	for (first = 0; first <= TOTAL; first++) {
		for (again = 0; again < 2; again++) {
			struct zcx_live_link *link =
				make_link(test, ctx, FROM, LENGTH, SZ_64K);

			fake->take[0] = first;
			fake->take[1] = again;
			fake->nr_take = 2;
			KUNIT_EXPECT_EQ(test, zcx_link_run(link), 0);
			expect_got(test, FROM, LENGTH, TOTAL);
			expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
			fake_reset(fake);
		}
	}
	zcx_context_put(ctx);
}

static void link_byte_by_byte(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link =
		make_link(test, ctx, FROM, LENGTH, SZ_64K);

	fake->take_most = 1;
	KUNIT_EXPECT_EQ(test, zcx_link_run(link), 0);
	KUNIT_EXPECT_EQ(test, fake->push_calls, TOTAL);
	expect_got(test, FROM, LENGTH, TOTAL);
	expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

/* Batches smaller than the program, lanes that give a little at a time. */
static void link_many_batches(struct kunit *test)
{
	const loff_t length = 3 * PAGE_SIZE + 17;
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	size_t most;

	for (most = 100; most < PAGE_SIZE; most += 777) {
		struct zcx_live_link *link =
			make_link(test, ctx, 11, length, PAGE_SIZE);

		fake->fill_most = most;
		KUNIT_EXPECT_EQ(test, zcx_link_run(link), 0);
		KUNIT_EXPECT_GT(test, fake->push_calls, 3);
		expect_got(test, 11, length, HEAD + length + TAIL);
		KUNIT_EXPECT_FALSE(test, fake->more);
		expect_end(test, link, ZCX_STATE_SENT, 0,
			   HEAD + length + TAIL);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* A batch ends where a packet of the sink's does, if it holds one at all. */
static void link_batches_of_whole_packets(struct kunit *test)
{
	static const struct {
		size_t grain;
		size_t batch;
	} cases[] = {
		{ 0, 40000 }, { 1, 40000 }, { 40000, 40000 },
		{ 40001, 40000 }, { SIZE_MAX, 40000 }, { 20000, 40000 },
		{ 20001, 20001 }, { 13334, 26668 },
	};
	const loff_t length = FAKE_PAGES * PAGE_SIZE;
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	unsigned int i, pushes;
	size_t left;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct zcx_live_link *link =
			make_link(test, ctx, 0, length, 40000);

		fake->grain = cases[i].grain;
		KUNIT_EXPECT_EQ(test, zcx_link_run(link), 0);
		/* The last one is what is left. */
		pushes = 1;
		for (left = HEAD + length + TAIL; left > 40000; pushes++)
			left -= cases[i].batch;
		KUNIT_EXPECT_EQ(test, fake->push_calls, pushes);
		expect_got(test, 0, length, HEAD + length + TAIL);
		expect_end(test, link, ZCX_STATE_SENT, 0,
			   HEAD + length + TAIL);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* The sink was made for a file that has grown since: its room is the limit. */
static void link_list_suits_the_sink(struct kunit *test)
{
	const loff_t length = 5 * PAGE_SIZE;
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	unsigned int entries;

	for (entries = 1; entries < 4; entries++) {
		struct zcx_live_link *link;

		KUNIT_ASSERT_EQ(test, 0, try_link(test, ctx, 11, length, SZ_1M,
						  entries, 10, &link));
		KUNIT_EXPECT_EQ(test, zcx_link_run(link), 0);
		expect_got(test, 11, length, HEAD + length + TAIL);
		expect_end(test, link, ZCX_STATE_SENT, 0,
			   HEAD + length + TAIL);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* What is worth sending goes before a disk is waited for. */
static void link_does_not_hold_back_for_a_disk(struct kunit *test)
{
	const size_t length = SZ_64K + PAGE_SIZE;
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link = make_link(test, ctx, 0, length, SZ_1M);
	struct zcx_range *last = &link->program->ranges[2];

	/* A second file, and neither is resident. */
	last->lane = &fake->lane;
	last->start = length;
	last->pos = length;
	last->end = length + TAIL;
	fake->fill_shy = true;
	KUNIT_EXPECT_EQ(test, zcx_link_run(link), 0);
	/* The head waits for the first file, the first not for the second. */
	KUNIT_EXPECT_EQ(test, fake->push_calls, 2);
	expect_got(test, 0, length + TAIL, HEAD + length + TAIL);
	expect_end(test, link, ZCX_STATE_SENT, 0, HEAD + length + TAIL);
	zcx_context_put(ctx);
}

static void link_push_error_at_every_call(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	unsigned int call;

	for (call = 1; call <= TOTAL; call++) {
		struct zcx_live_link *link =
			make_link(test, ctx, FROM, LENGTH, SZ_64K);
		int want = call == 1 ? -ECONNRESET : 0;

		fake->take_most = 1;
		fake->push_fail_at = call;
		fake->push_result = -ECONNRESET;
		KUNIT_EXPECT_EQ(test, zcx_link_run(link), want);
		expect_got(test, FROM, LENGTH, call - 1);
		expect_end(test, link, ZCX_STATE_FAILED, ECONNRESET, call - 1);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

struct wait_case {
	const char *what;
	int result;
	u32 state;
	u32 error;
};

static const struct wait_case wait_cases[] = {
	{ "EAGAIN", -EAGAIN, ZCX_STATE_FAILED, EAGAIN },
	{ "EINTR", -EINTR, ZCX_STATE_CANCELLED, EINTR },
	{ "ERESTARTSYS", -ERESTARTSYS, ZCX_STATE_CANCELLED, EINTR },
};

static void wait_desc(const struct wait_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(wait, wait_cases, wait_desc);

static void link_wait_ends_at_every_byte(struct kunit *test)
{
	const struct wait_case *c = test->param_value;
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	size_t first;

	for (first = 0; first < TOTAL; first++) {
		struct zcx_live_link *link =
			make_link(test, ctx, FROM, LENGTH, SZ_64K);

		fake->take[0] = first;
		fake->nr_take = 2;	/* the second takes nothing */
		fake->wait_fail_at = 1;
		fake->wait_result = c->result;
		KUNIT_EXPECT_EQ(test, zcx_link_run(link),
				first ? 0 : c->result);
		expect_got(test, FROM, LENGTH, first);
		expect_end(test, link, c->state, c->error, first);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* Good bytes first, then the error; and nothing of what would have followed. */
static void link_lane_error_at_every_call(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	unsigned int call;

	for (call = 1; call <= LENGTH / 4; call++) {
		size_t good = HEAD + (call - 1) * 4;
		struct zcx_live_link *link =
			make_link(test, ctx, FROM, LENGTH, SZ_64K);

		fake->fill_most = 4;
		fake->fill_fail_at = call;
		fake->fill_result = -EIO;
		KUNIT_EXPECT_EQ(test, zcx_link_run(link), 0);
		expect_got(test, FROM, LENGTH, good);
		expect_end(test, link, ZCX_STATE_FAILED, EIO, good);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/*
 * Errnos that a file may answer with and that mean something else to us: told
 * to wait it says EAGAIN, or asks to be called again.
 */
static void link_file_says_again(struct kunit *test)
{
	static const struct {
		int result;
		u32 state;
		u32 error;
	} cases[] = {
		{ -EAGAIN, ZCX_STATE_FAILED, EAGAIN },
		{ -ERESTARTNOINTR, ZCX_STATE_CANCELLED, EINTR },
		{ -ERESTARTNOHAND, ZCX_STATE_CANCELLED, EINTR },
	};
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct zcx_live_link *link =
			make_link(test, ctx, FROM, LENGTH, SZ_64K);

		fake->fill_fail_at = 1;
		fake->fill_result = cases[i].result;
		KUNIT_EXPECT_EQ(test, zcx_link_run(link), 0);
		expect_got(test, FROM, LENGTH, HEAD);
		expect_end(test, link, cases[i].state, cases[i].error, HEAD);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

static void link_short_at_every_call(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	unsigned int call;

	for (call = 1; call <= LENGTH / 4; call++) {
		size_t good = HEAD + (call - 1) * 4;
		struct zcx_live_link *link =
			make_link(test, ctx, FROM, LENGTH, SZ_64K);

		fake->fill_most = 4;
		fake->fill_fail_at = call;
		fake->fill_result = 0;
		KUNIT_EXPECT_EQ(test, zcx_link_run(link), 0);
		expect_got(test, FROM, LENGTH, good);
		expect_end(test, link, ZCX_STATE_SHORT, 0, good);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

/* With no byte before it, a lane's error is the call's own. */
static void link_first_lane_error_is_returned(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link =
		make_link(test, ctx, FROM, LENGTH, SZ_64K);

	link->program->ranges[0].end = link->program->ranges[0].pos;
	fake->fill_fail_at = 1;
	fake->fill_result = -EIO;
	KUNIT_EXPECT_EQ(test, zcx_link_run(link), -EIO);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 0);
	expect_end(test, link, ZCX_STATE_FAILED, EIO, 0);
	zcx_context_put(ctx);
}

static void link_of_no_bytes(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link =
		make_link(test, ctx, FROM, LENGTH, SZ_64K);
	unsigned int i;

	for (i = 0; i < 3; i++)
		link->program->ranges[i].end = link->program->ranges[i].pos;
	KUNIT_EXPECT_EQ(test, zcx_link_run(link), 0);
	KUNIT_EXPECT_EQ(test, fake->push_calls, 0);
	KUNIT_EXPECT_EQ(test, fake->fill_calls, 0);
	expect_end(test, link, ZCX_STATE_SENT, 0, 0);
	zcx_context_put(ctx);
}

static void link_counts_what_was_copied(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link =
		make_link(test, ctx, FROM, LENGTH, SZ_64K);
	atomic64_t *value = ctx->stats.value;

	fake->copies = true;
	fake->take[0] = 10;
	fake->nr_take = 2;
	KUNIT_EXPECT_EQ(test, zcx_link_run(link), 0);
	KUNIT_EXPECT_EQ(test, link->copied, TOTAL);
	expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);

	KUNIT_EXPECT_EQ(test, atomic64_read(&value[ZCX_STAT_LINKS_STARTED]), 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&value[ZCX_STAT_LINKS_SENT]), 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&value[ZCX_STAT_LINKS_FAILED]), 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&value[ZCX_STAT_BATCHES]), 3);
	KUNIT_EXPECT_EQ(test, atomic64_read(&value[ZCX_STAT_WAITS_SOCKET]), 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&value[ZCX_STAT_BYTES_COPIED]),
			TOTAL);
	KUNIT_EXPECT_EQ(test, atomic64_read(&value[ZCX_STAT_BYTES +
						   ZCX_TAG_CACHE]), LENGTH);
	zcx_context_put(ctx);
}

static void link_goes_on_from_every_byte(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake *fake = test->priv;
	unsigned int n;

	for (n = 1; n < TOTAL; n++) {
		u64 sent[ZCX_NR_TAGS] = { };
		struct zcx_turn turn, other;
		struct zcx_live_link *link;

		link = make_link(test, ctx, FROM, LENGTH, SZ_1M);
		fake_begin_without(fake, link->program, n, sent);
		KUNIT_ASSERT_TRUE(test, zcx_turn_try_enter(&turn, test));
		KUNIT_EXPECT_EQ(test, 0, zcx_link_go_on(link, &turn, sent, n));
		KUNIT_EXPECT_EQ(test, link->sent[ZCX_TAG_MEMORY], HEAD + TAIL);
		KUNIT_EXPECT_EQ(test, link->copied, 0);
		expect_got(test, FROM, LENGTH, TOTAL);
		expect_end(test, link, ZCX_STATE_SENT, 0, TOTAL);
		/* Nobody is left in the line. */
		KUNIT_ASSERT_TRUE(test, zcx_turn_try_enter(&other, test));
		zcx_turn_leave(&other, true);
		fake_reset(fake);
	}
	zcx_context_put(ctx);
}

static void link_limit_of_a_context(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct zcx_live_link *first =
		make_link(test, ctx, FROM, LENGTH, SZ_64K);
	struct fake *fake = test->priv;
	struct zcx_live_link *second;

	KUNIT_EXPECT_EQ(test, -EBUSY, try_link(test, ctx, FROM, LENGTH, SZ_64K,
					       0, 1, &second));
	KUNIT_EXPECT_EQ(test, zcx_link_run(first), 0);
	expect_end(test, first, ZCX_STATE_SENT, 0, TOTAL);
	fake_reset(fake);

	KUNIT_ASSERT_EQ(test, 0, try_link(test, ctx, FROM, LENGTH, SZ_64K, 0, 1,
					  &second));
	KUNIT_EXPECT_EQ(test, second->id, 2);
	KUNIT_EXPECT_EQ(test, zcx_link_run(second), 0);
	expect_end(test, second, ZCX_STATE_SENT, 0, TOTAL);
	zcx_context_put(ctx);
}

static void link_edges_of_the_state_machine(struct kunit *test)
{
	static const u8 may[9][9] = {
		[ZCX_STATE_QUEUED]  = { [ZCX_STATE_RUNNING] = 1 },
		[ZCX_STATE_RUNNING] = { [ZCX_STATE_WAITING] = 1,
					[ZCX_STATE_SENT] = 1,
					[ZCX_STATE_SHORT] = 1,
					[ZCX_STATE_CANCELLED] = 1,
					[ZCX_STATE_FAILED] = 1,
					[ZCX_STATE_ACKED] = 1 },
		[ZCX_STATE_WAITING] = { [ZCX_STATE_RUNNING] = 1 },
	};
	u32 from, to;

	for (from = 1; from < ARRAY_SIZE(may); from++) {
		for (to = 1; to < ARRAY_SIZE(may); to++)
			KUNIT_EXPECT_EQ_MSG(test, may[from][to],
					    zcx_state_may_follow(from, to),
					    "from %u to %u", from, to);
		KUNIT_EXPECT_EQ(test, zcx_state_is_final(from),
				from >= ZCX_STATE_SENT);
	}
}

static struct kunit_case link_cases[] = {
	KUNIT_CASE(link_sends_all_in_order),
	KUNIT_CASE(link_partial_sends_at_every_byte),
	KUNIT_CASE(link_byte_by_byte),
	KUNIT_CASE(link_many_batches),
	KUNIT_CASE(link_batches_of_whole_packets),
	KUNIT_CASE(link_list_suits_the_sink),
	KUNIT_CASE(link_does_not_hold_back_for_a_disk),
	KUNIT_CASE(link_push_error_at_every_call),
	KUNIT_CASE_PARAM(link_wait_ends_at_every_byte, wait_gen_params),
	KUNIT_CASE(link_lane_error_at_every_call),
	KUNIT_CASE(link_file_says_again),
	KUNIT_CASE(link_short_at_every_call),
	KUNIT_CASE(link_first_lane_error_is_returned),
	KUNIT_CASE(link_of_no_bytes),
	KUNIT_CASE(link_counts_what_was_copied),
	KUNIT_CASE(link_goes_on_from_every_byte),
	KUNIT_CASE(link_limit_of_a_context),
	KUNIT_CASE(link_edges_of_the_state_machine),
	{}
};

static struct kunit_suite link_suite = {
	.name		= "zcx-link",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= link_cases,
};
kunit_test_suite(link_suite);
