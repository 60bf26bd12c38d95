// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers: how large they are, when they are used again, who waits for them, and
 * that none is left.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "buffers.h"
#include "buffers_fixture.h"
#include "param_fixture.h"
#include "user.h"

struct size_case {
	size_t asked;
	size_t got;
};

static const struct size_case size_cases[] = {
	{ 1, SZ_64K }, { SZ_4K, SZ_64K }, { SZ_64K - 1, SZ_64K },
	{ SZ_64K, SZ_64K }, { SZ_64K + 1, SZ_128K }, { 300000, SZ_512K },
	{ SZ_1M - 1, SZ_1M }, { SZ_1M, SZ_1M },
};

static void size_desc(const struct size_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%zu", c->asked);
}
KUNIT_ARRAY_PARAM(size, size_cases, size_desc);

/* The next power of two, never very little, in one piece, of one reference. */
static void buffers_of_a_size(struct kunit *test)
{
	const struct size_case *c = test->param_value;
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct debtor *debtor = make_debtor(test, pool);
	struct zcx_buffer *buffer;

	limit_buffers(test, NULL, 0);
	buffer = must_borrow(test, debtor, c->asked);
	KUNIT_EXPECT_EQ(test, buffer->bytes, c->got);
	KUNIT_EXPECT_EQ(test, page_size(buffer->page), c->got);
	KUNIT_EXPECT_EQ(test, page_ref_count(buffer->page), 1);
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), c->got);
	/* What is returned is still had. */
	give_back(debtor, buffer);
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), c->got);
	quit(test, debtor);
	zcx_pool_put(pool);
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), 0);
}

/* As long as the network has a page, nobody else gets it. */
static void buffers_are_used_again(struct kunit *test)
{
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct debtor *debtor = make_debtor(test, pool);
	struct zcx_buffer *buffer, *other;
	struct page *page;

	limit_buffers(test, NULL, 0);
	buffer = must_borrow(test, debtor, SZ_64K);
	page = buffer->page;
	get_page(page);
	give_back(debtor, buffer);
	other = must_borrow(test, debtor, SZ_64K);
	KUNIT_EXPECT_PTR_NE(test, other->page, page);
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), 2 * SZ_64K);
	put_page(page);
	buffer = must_borrow(test, debtor, SZ_64K);
	KUNIT_EXPECT_PTR_EQ(test, buffer->page, page);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), 2 * SZ_64K);
	quit(test, debtor);
	zcx_pool_put(pool);
}

/* A tail page of a buffer counts like its first. */
static void buffers_whose_tail_is_being_sent(struct kunit *test)
{
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct debtor *debtor = make_debtor(test, pool);
	struct zcx_buffer *buffer;
	struct page *tail;

	limit_buffers(test, NULL, 0);
	buffer = must_borrow(test, debtor, SZ_64K);
	tail = nth_page(buffer->page, SZ_64K / PAGE_SIZE - 1);
	get_page(tail);
	give_back(debtor, buffer);
	KUNIT_EXPECT_PTR_NE(test, must_borrow(test, debtor, SZ_64K), buffer);
	put_page(tail);
	KUNIT_EXPECT_PTR_EQ(test, must_borrow(test, debtor, SZ_64K), buffer);
	quit(test, debtor);
	zcx_pool_put(pool);
}

/* The one that has been back longest has had most time to be sent. */
static void buffers_used_again_in_order(struct kunit *test)
{
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct debtor *debtor = make_debtor(test, pool);
	struct zcx_buffer *buffers[4];
	unsigned int i;

	limit_buffers(test, NULL, 0);
	for (i = 0; i < 4; i++)
		buffers[i] = must_borrow(test, debtor, SZ_64K);
	for (i = 0; i < 4; i++)
		give_back(debtor, buffers[i]);
	/* It still is, and those behind it are not. */
	get_page(buffers[0]->page);
	for (i = 1; i < 4; i++)
		KUNIT_EXPECT_PTR_EQ(test, must_borrow(test, debtor, SZ_64K),
				    buffers[i]);
	put_page(buffers[0]->page);
	KUNIT_EXPECT_PTR_EQ(test, must_borrow(test, debtor, SZ_64K),
			    buffers[0]);
	quit(test, debtor);
	zcx_pool_put(pool);
}

/* A larger one does as well, a smaller one does not. */
static void buffers_used_again_if_large_enough(struct kunit *test)
{
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct debtor *debtor = make_debtor(test, pool);
	struct zcx_buffer *small, *large;

	limit_buffers(test, NULL, 0);
	small = must_borrow(test, debtor, SZ_64K);
	large = must_borrow(test, debtor, SZ_256K);
	give_all_back(debtor);
	KUNIT_EXPECT_PTR_EQ(test, must_borrow(test, debtor, SZ_128K), large);
	KUNIT_EXPECT_EQ(test, SZ_128K,
			must_borrow(test, debtor, SZ_128K)->bytes);
	KUNIT_EXPECT_PTR_EQ(test, must_borrow(test, debtor, 1), small);
	quit(test, debtor);
	zcx_pool_put(pool);
}

/* What another user's file was read into is not used for this one's. */
static void buffers_stay_in_their_pool(struct kunit *test)
{
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct zcx_pool *other = make_pool(test, ANOTHER);
	struct debtor *debtor = make_debtor(test, pool);
	struct debtor *stranger = make_debtor(test, other);
	struct zcx_buffer *buffer;

	limit_buffers(test, NULL, 0);
	buffer = must_borrow(test, debtor, SZ_64K);
	give_back(debtor, buffer);
	KUNIT_EXPECT_PTR_NE(test, must_borrow(test, stranger, SZ_64K), buffer);
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), SZ_64K);
	KUNIT_EXPECT_EQ(test, bytes_of(test, ANOTHER), SZ_64K);
	KUNIT_EXPECT_PTR_EQ(test, must_borrow(test, debtor, SZ_64K), buffer);
	quit(test, debtor);
	quit(test, stranger);
	zcx_pool_put(pool);
	zcx_pool_put(other);
}

/* Nothing is kept from the network when a pool ends. */
static void buffers_that_the_network_keeps(struct kunit *test)
{
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct debtor *debtor = make_debtor(test, pool);
	struct page *page;

	limit_buffers(test, NULL, 0);
	page = must_borrow(test, debtor, SZ_64K)->page;
	get_page(page);
	quit(test, debtor);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 2);
	zcx_pool_put(pool);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), 0);
	put_page(page);
}

static void buffers_outlive_their_context(struct kunit *test)
{
	struct zcx_user *user = zcx_user_get(KUIDT_INIT(SOMEBODY));
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct debtor *debtor = make_debtor(test, pool);
	struct debtor *last = make_debtor(test, pool);
	struct zcx_buffer *buffer;

	KUNIT_ASSERT_NOT_NULL(test, user);
	limit_buffers(test, NULL, 0);
	buffer = must_borrow(test, debtor, SZ_64K);
	zcx_pool_put(pool);
	give_back(debtor, buffer);
	quit(test, debtor);
	KUNIT_EXPECT_EQ(test, user->direct_bytes, SZ_64K);
	KUNIT_EXPECT_PTR_EQ(test, must_borrow(test, last, SZ_64K), buffer);
	must_borrow(test, last, SZ_64K);
	KUNIT_EXPECT_EQ(test, refcount_read(&user->ref), 2);
	quit(test, last);
	KUNIT_EXPECT_EQ(test, user->direct_bytes, 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&user->ref), 1);
	zcx_user_put(user);
}

#define KEEP	SZ_4M	/* that a pool keeps for the next one who borrows */
#define MANY	24

/* The pool has become so large, or small, within a while. */
static bool shrinks_to(struct kunit *test, size_t bytes)
{
	unsigned long end = jiffies + PATIENCE;

	while (bytes_of(test, SOMEBODY) != bytes && time_before(jiffies, end))
		msleep(20);
	return bytes_of(test, SOMEBODY) == bytes;
}

static void buffers_kept_for_the_next_one(struct kunit *test)
{
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct debtor *debtor = make_debtor(test, pool);
	struct debtor *last = make_debtor(test, pool);
	struct page *pages[MANY];
	unsigned int i;

	limit_buffers(test, NULL, 0);
	for (i = 0; i < MANY; i++) {
		pages[i] = must_borrow(test, debtor, SZ_256K)->page;
		get_page(pages[i]);
	}
	/* Not as long as anybody may borrow; nor what the network has. */
	quit(test, debtor);
	for (i = 0; i < MANY / 2; i++)
		put_page(pages[i]);
	msleep(A_WHILE);
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), MANY * SZ_256K);
	for (i = 0; i < MANY / 2; i++)
		get_page(pages[i]);
	quit(test, last);
	msleep(A_WHILE);
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), MANY * SZ_256K);
	/* It tells nobody when it lets go. */
	put_page(pages[0]);
	KUNIT_EXPECT_TRUE(test, shrinks_to(test, (MANY - 1) * SZ_256K));
	for (i = 1; i < MANY; i++)
		put_page(pages[i]);
	KUNIT_EXPECT_TRUE(test, shrinks_to(test, KEEP));
	zcx_pool_put(pool);
	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), 0);
}

static bool soon(struct completion *completion)
{
	return wait_for_completion_timeout(completion, PATIENCE);
}

/* What may happen while @waiter is in line. */
static void something_comes_back(struct debtor *other)
{
	give_all_back(other);
}

static void somebody_rests(struct debtor *other)
{
	zcx_borrower_rest(&other->borrower, true);
}

struct wake_case {
	const char *what;
	void (*happens)(struct debtor *other);
};

static const struct wake_case wake_cases[] = {
	{ "a buffer comes back", something_comes_back },
	{ "somebody may be robbed", somebody_rests },
};

static void wake_desc(const struct wake_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(wake, wake_cases, wake_desc);

/* By whoever did it, at once; but the tick may always be faster. */
static void buffers_wake_who_waits(struct kunit *test)
{
	const struct wake_case *c = test->param_value;
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct debtor *waiter = make_debtor(test, pool);
	struct debtor *other = make_debtor(test, pool);
	unsigned int i, mine = 0;

	limit_buffers(test, NULL, 0);
	for (i = 0; i < 10 && !mine; i++) {
		must_borrow(test, other, SZ_64K);
		zcx_borrower_wait(&waiter->borrower);
		c->happens(other);
		KUNIT_ASSERT_TRUE(test, soon(&waiter->woken));
		mine += waiter->waker == current;
		zcx_borrower_rest(&other->borrower, false);
		give_all_back(other);
	}
	KUNIT_EXPECT_EQ(test, mine, 1);
	KUNIT_EXPECT_EQ(test, waiter->wakes, i);
	quit(test, waiter);
	quit(test, other);
	zcx_pool_put(pool);
}

/* Nothing need happen: what he waits for may have happened before. */
static void buffers_wake_by_the_tick(struct kunit *test)
{
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct debtor *waiter = make_debtor(test, pool);
	unsigned int i;

	for (i = 1; i < 4; i++) {
		/* Twice in line is once. */
		zcx_borrower_wait(&waiter->borrower);
		KUNIT_ASSERT_TRUE(test, soon(&waiter->woken));
		KUNIT_EXPECT_TRUE(test, waiter->waker != current);
		msleep(A_WHILE);
		KUNIT_EXPECT_EQ(test, READ_ONCE(waiter->wakes), i);
	}
	quit(test, waiter);
	zcx_pool_put(pool);
}

#define LINE	20	/* more than are woken at a time */

/* All of them, whoever is woken with others, first come, first served. */
static void buffers_wake_in_order(struct kunit *test)
{
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct debtor *waiters[LINE];
	unsigned int i;

	for (i = 0; i < LINE; i++)
		waiters[i] = make_debtor(test, pool);
	/* Only the tick wakes them, one after the other. */
	for (i = 0; i < LINE; i++)
		zcx_borrower_wait(&waiters[i * 7 % LINE]->borrower);
	for (i = 0; i < LINE; i++)
		KUNIT_ASSERT_TRUE(test, soon(&waiters[i]->woken));
	for (i = 1; i < LINE; i++)
		KUNIT_EXPECT_GT(test, waiters[i * 7 % LINE]->stamp,
				waiters[(i - 1) * 7 % LINE]->stamp);
	for (i = 0; i < LINE; i++) {
		KUNIT_EXPECT_EQ(test, waiters[i]->wakes, 1);
		quit(test, waiters[i]);
	}
	zcx_pool_put(pool);
}

/* Who has quit is in no line any more: neither woken nor robbed. */
static void buffers_do_not_look_for_who_has_quit(struct kunit *test)
{
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct debtor *debtor = make_debtor(test, pool);
	struct debtor *deserter = make_debtor(test, pool);
	unsigned int wakes;

	limit_buffers(test, "direct_context_max", SZ_64K);
	zcx_borrower_rest(&deserter->borrower, true);
	zcx_borrower_wait(&deserter->borrower);
	quit(test, deserter);
	wakes = READ_ONCE(deserter->wakes);
	must_borrow(test, debtor, SZ_64K);
	KUNIT_EXPECT_NULL(test, borrow(debtor, SZ_64K));
	KUNIT_EXPECT_EQ(test, deserter->robs, 0);
	give_all_back(debtor);
	msleep(A_WHILE);
	KUNIT_EXPECT_EQ(test, READ_ONCE(deserter->wakes), wakes);
	quit(test, debtor);
	zcx_pool_put(pool);
}

#define TASKS	4
#define ROUNDS	300
#define SENT	3	/* pages that the network has of each */

/**
 * struct trader - one of many who borrow at once
 * @debtor: as that
 * @number: which
 * @errors: how often memory was not as he had left it
 * @got: how many buffers he had in all
 * @sent: pages that were sent, which nobody may write to
 * @marks: what is in them
 * @done: he has ended
 */
struct trader {
	struct debtor *debtor;
	unsigned int number;
	unsigned int errors;
	unsigned int got;
	struct page *sent[SENT];
	u64 marks[SENT];
	struct completion done;
};

static u64 *mark_of(struct page *page)
{
	return page_address(page);
}

/* The network lets go of an older page, and has got this one with its reference. */
static void trader_send(struct trader *trader, struct page *page, u64 mark)
{
	unsigned int slot = mark % SENT;

	if (trader->sent[slot]) {
		trader->errors += *mark_of(trader->sent[slot]) !=
				  trader->marks[slot];
		put_page(trader->sent[slot]);
	}
	trader->sent[slot] = page;
	trader->marks[slot] = mark;
}

/* The others are to get on too, and the network does. */
static void trader_refused(struct trader *trader, unsigned int round)
{
	struct debtor *debtor = trader->debtor;

	trader_send(trader, NULL, round);
	give_all_back(debtor);
	zcx_borrower_wait(&debtor->borrower);
	wait_for_completion_timeout(&debtor->woken, PATIENCE);
}

/* Some of what he has may be taken from him meanwhile. */
static void trader_rest(struct trader *trader)
{
	struct debtor *debtor = trader->debtor;

	zcx_borrower_rest(&debtor->borrower, true);
	cond_resched();
	zcx_borrower_rest(&debtor->borrower, false);
	give_all_back(debtor);
}

static void trader_round(struct trader *trader, unsigned int round)
{
	struct debtor *debtor = trader->debtor;
	u64 mark = (u64)trader->number << 32 | round;
	struct zcx_buffer *buffer = zcx_buffer_borrow(&debtor->borrower,
						      SZ_64K << round % 3);
	struct page *page;

	if (!buffer) {
		trader_refused(trader, round);
		return;
	}
	trader->got++;
	page = buffer->page;
	get_page(page);
	/* From now on it may be gone: a robber who has set out is still coming. */
	keep(debtor, buffer);
	WRITE_ONCE(*mark_of(page), mark);
	cond_resched();
	trader->errors += READ_ONCE(*mark_of(page)) != mark;
	if (round % 3)
		trader_send(trader, page, mark);
	else
		put_page(page);
	if (round % 5 == 4)
		trader_rest(trader);
}

static int trader_task(void *data)
{
	struct trader *trader = data;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		trader_round(trader, i);
	for (i = 0; i < SENT; i++)
		trader_send(trader, NULL, i);
	give_all_back(trader->debtor);
	complete(&trader->done);
	return 0;
}

static struct trader *make_trader(struct kunit *test, struct zcx_pool *pool,
				  unsigned int number)
{
	struct trader *trader = kunit_kzalloc(test, sizeof(*trader),
					      GFP_KERNEL);
	struct task_struct *task;

	KUNIT_ASSERT_NOT_NULL(test, trader);
	trader->debtor = make_debtor(test, pool);
	trader->number = number + 1;
	init_completion(&trader->done);
	task = kthread_run(trader_task, trader, "zcx-kunit-%u", number);
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	return trader;
}

/*
 * Two users, two pools each, one borrower in each pool, and hardly memory for
 * half of them: whose a buffer is only he writes to it, and nobody while it is
 * being sent.
 */
static void buffers_among_many(struct kunit *test)
{
	struct zcx_pool *pools[TASKS];
	struct trader *traders[TASKS];
	unsigned int i;

	limit_buffers(test, "direct_bytes_max", SZ_512K);
	test_param(test, "direct_user_max", 3 * SZ_128K);
	test_param(test, "direct_context_max", SZ_256K);
	for (i = 0; i < TASKS; i++)
		pools[i] = make_pool(test, i % 2 ? SOMEBODY : ANOTHER);
	for (i = 0; i < TASKS; i++)
		traders[i] = make_trader(test, pools[i], i);
	for (i = 0; i < TASKS; i++) {
		KUNIT_ASSERT_TRUE(test, soon(&traders[i]->done));
		KUNIT_EXPECT_EQ(test, traders[i]->errors, 0);
		KUNIT_EXPECT_GT(test, traders[i]->got, 0);
	}
	for (i = 0; i < TASKS; i++) {
		quit(test, traders[i]->debtor);
		zcx_pool_put(pools[i]);
	}
}

static struct kunit_case buffers_cases[] = {
	KUNIT_CASE_PARAM(buffers_of_a_size, size_gen_params),
	KUNIT_CASE(buffers_are_used_again),
	KUNIT_CASE(buffers_whose_tail_is_being_sent),
	KUNIT_CASE(buffers_used_again_in_order),
	KUNIT_CASE(buffers_used_again_if_large_enough),
	KUNIT_CASE(buffers_stay_in_their_pool),
	KUNIT_CASE(buffers_that_the_network_keeps),
	KUNIT_CASE(buffers_outlive_their_context),
	KUNIT_CASE(buffers_kept_for_the_next_one),
	KUNIT_CASE_PARAM(buffers_wake_who_waits, wake_gen_params),
	KUNIT_CASE(buffers_wake_by_the_tick),
	KUNIT_CASE(buffers_wake_in_order),
	KUNIT_CASE(buffers_do_not_look_for_who_has_quit),
	KUNIT_CASE(buffers_among_many),
	{}
};

static struct kunit_suite buffers_suite = {
	.name		= "zcx-buffers",
	.exit		= expect_no_buffers_left,
	.test_cases	= buffers_cases,
};
kunit_test_suite(buffers_suite);
