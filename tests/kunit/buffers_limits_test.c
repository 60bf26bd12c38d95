// SPDX-License-Identifier: GPL-2.0
/*
 * Limits of buffers: what happens when one is reached, for whose sake, and at
 * whose cost.
 */
#include <kunit/test.h>
#include <linux/mm.h>

#include "buffers.h"
#include "buffers_fixture.h"
#include "param_fixture.h"
#include "zcx.h"

struct limit_case {
	const char *limit;
	bool same_user;		/* another pool of his counts too */
	bool other_user;	/* and so does another's */
};

static const struct limit_case limit_cases[] = {
	{ "direct_context_max", false, false },
	{ "direct_user_max", true, false },
	{ "direct_bytes_max", true, true },
};

static void limit_desc(const struct limit_case *c, char *desc)
{
	strscpy(desc, c->limit, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(limit, limit_cases, limit_desc);

/**
 * struct world - two users, one of whom has two pools, with a debtor in each
 * @pools: the pools: of a user, of the same, of the other
 * @debtors: who borrows there
 */
struct world {
	struct zcx_pool *pools[3];
	struct debtor *debtors[3];
};

static void make_world(struct kunit *test, struct world *world)
{
	static const u32 uids[] = { SOMEBODY, SOMEBODY, ANOTHER };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		world->pools[i] = make_pool(test, uids[i]);
		world->debtors[i] = make_debtor(test, world->pools[i]);
	}
}

static void end_world(struct kunit *test, struct world *world)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		quit(test, world->debtors[i]);
		zcx_pool_put(world->pools[i]);
	}
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), 0);
	KUNIT_EXPECT_EQ(test, bytes_of(test, ANOTHER), 0);
}

static bool counts(const struct limit_case *c, unsigned int pool)
{
	return pool == 2 ? c->other_user : !pool || c->same_user;
}

/* As much as there may be, no more, in any of the pools that it is for. */
static void buffers_no_more_than_the_limit(struct kunit *test)
{
	const struct limit_case *c = test->param_value;
	struct world world;
	unsigned int i;

	make_world(test, &world);
	limit_buffers(test, c->limit, SZ_256K);
	for (i = 0; i < 4; i++)
		must_borrow(test, world.debtors[0], SZ_64K);
	KUNIT_EXPECT_NULL(test, borrow(world.debtors[0], SZ_64K));
	KUNIT_EXPECT_NULL(test, borrow(world.debtors[0], 1));
	for (i = 1; i < 3; i++) {
		struct zcx_buffer *buffer = borrow(world.debtors[i], SZ_64K);

		KUNIT_EXPECT_EQ(test, !buffer, counts(c, i));
	}
	/* What has come back is there for the same one. */
	give_back(world.debtors[0], world.debtors[0]->has[2]);
	must_borrow(test, world.debtors[0], SZ_64K);
	end_world(test, &world);
}

struct fill_case {
	size_t had;		/* of 1 MiB */
	size_t asked;
	size_t got;		/* 0: nothing */
};

static const struct fill_case fill_cases[] = {
	{ 0, SZ_1M, SZ_1M },
	/* As large as still fits. */
	{ 0, SZ_2M, SZ_1M },
	{ SZ_64K, SZ_1M, SZ_512K },
	{ SZ_512K, SZ_1M, SZ_512K },
	/* The fuller, the smaller. */
	{ SZ_512K + SZ_64K, SZ_1M, SZ_256K },
	{ SZ_512K + SZ_64K, SZ_128K, SZ_128K },
	{ SZ_512K + SZ_256K, SZ_1M, SZ_256K },
	{ SZ_512K + SZ_256K + SZ_64K, SZ_1M, SZ_64K },
	{ SZ_1M - SZ_64K, SZ_1M, SZ_64K },
	{ SZ_1M - SZ_64K, 1, SZ_64K },
	/* Half of one is worth it still. */
	{ SZ_1M - SZ_32K, SZ_1M, SZ_32K },
	{ SZ_1M - SZ_32K, 1, SZ_32K },
	{ SZ_1M, SZ_1M, 0 },
	{ SZ_1M, 1, 0 },
};

static void fill_desc(const struct fill_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%zu of %zu", c->asked,
		 SZ_1M - c->had);
}
KUNIT_ARRAY_PARAM(fill, fill_cases, fill_desc);

/* Small buffers of exactly so many bytes in all: it is the limit. */
static void borrow_sum(struct kunit *test, struct debtor *debtor, size_t bytes)
{
	size_t sum = 0;

	limit_buffers(test, "direct_context_max", bytes);
	while (sum < bytes)
		sum += must_borrow(test, debtor, SZ_64K)->bytes;
	KUNIT_ASSERT_EQ(test, sum, bytes);
}

/* Rather a smaller one than none. */
static void buffers_as_large_as_may_be(struct kunit *test)
{
	const struct fill_case *c = test->param_value;
	struct world world;
	struct zcx_buffer *buffer;

	make_world(test, &world);
	borrow_sum(test, world.debtors[0], c->had);
	test_param(test, "direct_context_max", SZ_1M);
	buffer = borrow(world.debtors[0], c->asked);
	KUNIT_EXPECT_EQ(test, c->got, buffer ? buffer->bytes : 0);
	/* Who was refused is charged for nothing. */
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), c->had + c->got);
	end_world(test, &world);
}

/* What lies idle in another pool is forgotten; nobody is robbed for it. */
static void buffers_forgotten_first(struct kunit *test)
{
	const struct limit_case *c = test->param_value;
	struct debtor *resting;
	struct world world;
	unsigned int i;

	for (i = 1; i < 3; i++) {
		size_t kept = counts(c, i) ? 0 : SZ_64K;

		make_world(test, &world);
		limit_buffers(test, c->limit, 3 * SZ_64K);
		resting = make_debtor(test, world.pools[0]);
		must_borrow(test, resting, SZ_64K);
		zcx_borrower_rest(&resting->borrower, true);
		must_borrow(test, world.debtors[i], SZ_64K);
		give_all_back(world.debtors[i]);
		must_borrow(test, world.debtors[0], SZ_64K);
		must_borrow(test, world.debtors[0], SZ_64K);
		KUNIT_EXPECT_EQ(test, resting->robs, 0);
		KUNIT_EXPECT_EQ(test, kept, i == 2 ? bytes_of(test, ANOTHER) :
				bytes_of(test, SOMEBODY) - 3 * SZ_64K);
		quit(test, resting);
		end_world(test, &world);
	}
}

/* What the network has still counts: it is had back when it has been sent. */
static void buffers_the_network_has_count(struct kunit *test)
{
	const struct limit_case *c = test->param_value;
	struct world world;
	struct page *page;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		make_world(test, &world);
		limit_buffers(test, c->limit, SZ_64K);
		page = must_borrow(test, world.debtors[i], SZ_64K)->page;
		get_page(page);
		give_all_back(world.debtors[i]);
		KUNIT_EXPECT_EQ(test, !borrow(world.debtors[0], SZ_64K),
				counts(c, i));
		KUNIT_EXPECT_EQ(test, page_ref_count(page), 2);
		put_page(page);
		if (counts(c, i))
			must_borrow(test, world.debtors[0], SZ_64K);
		end_world(test, &world);
	}
}

/* Before anybody gets less than he wants, who rests is robbed, if it helps. */
static void buffers_robbed_from_who_rests(struct kunit *test)
{
	const struct limit_case *c = test->param_value;
	struct debtor *victim, *robber;
	struct world world;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		make_world(test, &world);
		limit_buffers(test, c->limit, SZ_128K);
		victim = world.debtors[i];
		robber = i ? world.debtors[0] : make_debtor(test, world.pools[0]);
		/* The robber is at his own limit, or they are together. */
		must_borrow(test, robber, SZ_64K);
		must_borrow(test, counts(c, i) ? victim : robber, SZ_64K);
		if (!counts(c, i))
			must_borrow(test, victim, SZ_64K);
		KUNIT_EXPECT_NULL(test, borrow(robber, SZ_64K));
		KUNIT_EXPECT_EQ(test, victim->robs, 0);
		zcx_borrower_rest(&victim->borrower, true);
		KUNIT_EXPECT_EQ(test, !borrow(robber, SZ_64K), !counts(c, i));
		KUNIT_EXPECT_EQ(test, victim->robs, counts(c, i));
		KUNIT_EXPECT_EQ(test, victim->count, !counts(c, i));
		if (!i)
			quit(test, robber);
		end_world(test, &world);
	}
}

/* One after the other, from who has rested longest on, and no more than needed. */
static void buffers_robbed_in_order(struct kunit *test)
{
	struct debtor *victims[4], *robber;
	struct world world;
	unsigned int i, j;

	make_world(test, &world);
	limit_buffers(test, "direct_context_max", 4 * SZ_64K);
	robber = world.debtors[0];
	for (i = 0; i < 4; i++) {
		victims[i] = make_debtor(test, world.pools[0]);
		must_borrow(test, victims[i], SZ_64K);
		zcx_borrower_rest(&victims[i]->borrower, true);
	}
	/* The first has been active since, and so rests least long. */
	zcx_borrower_rest(&victims[0]->borrower, false);
	zcx_borrower_rest(&victims[0]->borrower, true);
	/* And so does who says again that he rests. */
	zcx_borrower_rest(&victims[1]->borrower, true);
	for (i = 0; i < 4; i++) {
		must_borrow(test, robber, SZ_64K);
		for (j = 0; j < 4; j++)
			KUNIT_EXPECT_EQ(test, victims[j]->robs,
					(j + 2) % 4 <= i);
	}
	for (i = 0; i < 4; i++)
		quit(test, victims[i]);
	end_world(test, &world);
}

static void buffers_not_robbed_when_active_again(struct kunit *test)
{
	struct debtor *victim, *robber;
	struct world world;

	make_world(test, &world);
	limit_buffers(test, "direct_user_max", SZ_64K);
	robber = world.debtors[0];
	victim = world.debtors[1];
	must_borrow(test, victim, SZ_64K);
	zcx_borrower_rest(&victim->borrower, true);
	zcx_borrower_rest(&victim->borrower, false);
	KUNIT_EXPECT_NULL(test, borrow(robber, SZ_64K));
	KUNIT_EXPECT_EQ(test, victim->robs, 0);
	/* Once it rests again, once; then there is nothing more to be had of it. */
	zcx_borrower_rest(&victim->borrower, true);
	must_borrow(test, robber, SZ_64K);
	KUNIT_EXPECT_NULL(test, borrow(robber, SZ_64K));
	KUNIT_EXPECT_EQ(test, victim->robs, 1);
	end_world(test, &world);
}

/* Who rests upon nothing is robbed in vain, and the next one after him. */
static void buffers_robbed_in_vain(struct kunit *test)
{
	struct debtor *poor, *rich, *robber;
	struct world world;

	make_world(test, &world);
	limit_buffers(test, "direct_bytes_max", SZ_64K);
	robber = world.debtors[0];
	poor = world.debtors[1];
	rich = world.debtors[2];
	must_borrow(test, rich, SZ_64K);
	zcx_borrower_rest(&poor->borrower, true);
	zcx_borrower_rest(&rich->borrower, true);
	must_borrow(test, robber, SZ_64K);
	KUNIT_EXPECT_EQ(test, poor->robs, 1);
	KUNIT_EXPECT_EQ(test, rich->robs, 1);
	end_world(test, &world);
}

/* Small ones for a large one: as many are forgotten as it takes. */
static void buffers_forgotten_until_it_fits(struct kunit *test)
{
	struct world world;
	unsigned int i;

	make_world(test, &world);
	limit_buffers(test, "direct_user_max", SZ_512K);
	for (i = 0; i < 8; i++)
		must_borrow(test, world.debtors[i % 2], SZ_64K);
	give_all_back(world.debtors[0]);
	give_all_back(world.debtors[1]);
	KUNIT_EXPECT_EQ(test, SZ_256K,
			must_borrow(test, world.debtors[0], SZ_256K)->bytes);
	/* His own are the first. */
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), SZ_512K);
	for (i = 0; i < 4; i++)
		must_borrow(test, world.debtors[1], SZ_64K);
	KUNIT_EXPECT_NULL(test, borrow(world.debtors[0], SZ_64K));
	end_world(test, &world);
}

/* A limit is never less than one buffer, and each follows from the one above. */
static void buffers_limits_follow_from_each_other(struct kunit *test)
{
	test_param(test, "direct_bytes_max", 0);
	test_param(test, "direct_user_max", 0);
	test_param(test, "direct_context_max", 0);
	KUNIT_EXPECT_EQ(test, zcx_direct_bytes_max(),
			(size_t)totalram_pages() * PAGE_SIZE / 16);
	KUNIT_EXPECT_EQ(test, zcx_direct_user_max(),
			zcx_direct_bytes_max() / 2);
	KUNIT_EXPECT_EQ(test, zcx_direct_context_max(), zcx_direct_user_max());
	test_param(test, "direct_bytes_max", SZ_1M);
	KUNIT_EXPECT_EQ(test, zcx_direct_user_max(), SZ_512K);
	KUNIT_EXPECT_EQ(test, zcx_direct_context_max(), SZ_512K);
	test_param(test, "direct_user_max", SZ_1M);
	KUNIT_EXPECT_EQ(test, zcx_direct_context_max(), SZ_1M);
	test_param(test, "direct_bytes_max", 1);
	test_param(test, "direct_user_max", ZCX_BUFFER_MIN + 1);
	test_param(test, "direct_context_max", ZCX_BUFFER_MIN - 1);
	KUNIT_EXPECT_EQ(test, zcx_direct_bytes_max(), ZCX_BUFFER_MIN);
	KUNIT_EXPECT_EQ(test, zcx_direct_user_max(), ZCX_BUFFER_MIN + 1);
	KUNIT_EXPECT_EQ(test, zcx_direct_context_max(), ZCX_BUFFER_MIN);
}

static struct kunit_case buffers_limits_cases[] = {
	KUNIT_CASE_PARAM(buffers_no_more_than_the_limit, limit_gen_params),
	KUNIT_CASE_PARAM(buffers_as_large_as_may_be, fill_gen_params),
	KUNIT_CASE_PARAM(buffers_forgotten_first, limit_gen_params),
	KUNIT_CASE_PARAM(buffers_the_network_has_count, limit_gen_params),
	KUNIT_CASE_PARAM(buffers_robbed_from_who_rests, limit_gen_params),
	KUNIT_CASE(buffers_robbed_in_order),
	KUNIT_CASE(buffers_not_robbed_when_active_again),
	KUNIT_CASE(buffers_robbed_in_vain),
	KUNIT_CASE(buffers_forgotten_until_it_fits),
	KUNIT_CASE(buffers_limits_follow_from_each_other),
	{}
};

static struct kunit_suite buffers_limits_suite = {
	.name		= "zcx-buffers-limits",
	.exit		= expect_no_buffers_left,
	.test_cases	= buffers_limits_cases,
};
kunit_test_suite(buffers_limits_suite);
