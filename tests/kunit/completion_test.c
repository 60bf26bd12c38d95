// SPDX-License-Identifier: GPL-2.0
/*
 * Events: in the order in which links ended, each once, and none is lost because
 * it could not be copied out.
 */
#include <kunit/test.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/uaccess.h>
#include <linux/zcx.h>

#include "async.h"
#include "completion.h"
#include "context.h"
#include "fake.h"
#include "link.h"
#include "query.h"
#include "turn.h"

#define FROM	100
#define LENGTH	40
#define TOTAL	(FAKE_HEAD + LENGTH + FAKE_TAIL)

#define EVENT	sizeof(struct zcx_event)

static struct zcx_context *make_context(struct kunit *test)
{
	struct zcx_context *ctx = zcx_context_create();

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	return ctx;
}

/* User memory, of two pages; the second can be taken away. */
static char __user *user_memory(struct kunit *test)
{
	unsigned long addr = kunit_vm_mmap(test, NULL, 0, 2 * PAGE_SIZE,
					   PROT_READ | PROT_WRITE,
					   MAP_ANONYMOUS | MAP_PRIVATE, 0);

	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_ASSERT_LT(test, addr, (unsigned long)TASK_SIZE);
	return (char __user *)addr;
}

static struct fake_order order_in(struct zcx_context *ctx)
{
	return (struct fake_order){
		.ctx = ctx, .from = FROM, .length = LENGTH,
	};
}

/* @count links that have ended; the context's references are the only ones. */
static void end_links(struct kunit *test, struct zcx_context *ctx,
		      unsigned int count)
{
	struct fake_order order = order_in(ctx);
	struct fake *fake = test->priv;

	while (count--) {
		struct zcx_live_link *link;

		fake_reset(fake);
		link = fake_link(test, fake, &order);
		link->user_data = link->id * 1000;
		zcx_async_start(link);
		zcx_link_put(link);
	}
}

/* Event number @n of a buffer is that of the link @id. */
static void expect_event(struct kunit *test, char __user *buf, unsigned int n,
			 u64 id)
{
	struct zcx_event event;

	KUNIT_ASSERT_EQ(test, 0, copy_from_user(&event, buf + n * EVENT, EVENT));
	KUNIT_EXPECT_EQ(test, event.id, id);
	KUNIT_EXPECT_EQ(test, event.user_data, id * 1000);
	KUNIT_EXPECT_EQ(test, event.bytes_sent, TOTAL);
	KUNIT_EXPECT_EQ(test, event.bytes_memory, FAKE_HEAD + FAKE_TAIL);
	KUNIT_EXPECT_EQ(test, event.bytes_cache, LENGTH);
	KUNIT_EXPECT_EQ(test, event.bytes_splice, 0);
	KUNIT_EXPECT_EQ(test, event.bytes_copied, 0);
	KUNIT_EXPECT_EQ(test, event.state, ZCX_STATE_SENT);
	KUNIT_EXPECT_EQ(test, event.error, 0);
	KUNIT_EXPECT_EQ(test, event.result_flags, 0);
	KUNIT_EXPECT_EQ(test, event.__reserved, 0);
	KUNIT_EXPECT_EQ(test, event.bytes_direct, 0);
}

/* A read that does not wait. */
static ssize_t read_some(struct zcx_context *ctx, char __user *buf, size_t count)
{
	return zcx_completion_read(ctx, buf, count, true);
}

static void completion_events_come_in_order(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	char __user *buf = user_memory(test);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, PAGE_SIZE), -EAGAIN);
	KUNIT_EXPECT_FALSE(test, zcx_completion_pending(ctx));
	end_links(test, ctx, 5);
	KUNIT_EXPECT_TRUE(test, zcx_completion_pending(ctx));
	/* Whole ones, as many as fit. */
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, EVENT), EVENT);
	expect_event(test, buf, 0, 1);
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, 3 * EVENT - 1), 2 * EVENT);
	expect_event(test, buf, 0, 2);
	expect_event(test, buf, 1, 3);
	end_links(test, ctx, 1);
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, PAGE_SIZE), 3 * EVENT);
	for (i = 0; i < 3; i++)
		expect_event(test, buf, i, 4 + i);
	KUNIT_EXPECT_FALSE(test, zcx_completion_pending(ctx));
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, PAGE_SIZE), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 0);
	zcx_context_put(ctx);
}

static void completion_no_room_for_one(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	char __user *buf = user_memory(test);

	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, EVENT - 1), -EINVAL);
	end_links(test, ctx, 1);
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, EVENT - 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, EVENT), EVENT);
	expect_event(test, buf, 0, 1);
	zcx_context_put(ctx);
}

/* Huge sizes are no more than what is there. */
static void completion_any_size(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	char __user *buf = user_memory(test);

	end_links(test, ctx, 3);
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, SSIZE_MAX), 3 * EVENT);
	end_links(test, ctx, 1);
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, SIZE_MAX), EVENT);
	expect_event(test, buf, 0, 4);
	zcx_context_put(ctx);
}

static void completion_fault_loses_nothing(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	char __user *buf = user_memory(test);
	char __user *end = buf + PAGE_SIZE;

	KUNIT_ASSERT_EQ(test, 0, vm_munmap((unsigned long)end, PAGE_SIZE));
	end_links(test, ctx, 4);
	KUNIT_EXPECT_EQ(test, read_some(ctx, NULL, PAGE_SIZE), -EFAULT);
	KUNIT_EXPECT_EQ(test, read_some(ctx, end, EVENT), -EFAULT);
	/* Half of one is none. */
	KUNIT_EXPECT_EQ(test, read_some(ctx, end - EVENT + 1, EVENT), -EFAULT);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 4);
	/* Those before it have arrived. */
	KUNIT_EXPECT_EQ(test, read_some(ctx, end - 3 * EVENT + 1, PAGE_SIZE),
			2 * EVENT);
	expect_event(test, end - 3 * EVENT + 1, 0, 1);
	expect_event(test, end - 3 * EVENT + 1, 1, 2);
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, 2 * EVENT), 2 * EVENT);
	expect_event(test, buf, 0, 3);
	expect_event(test, buf, 1, 4);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 0);
	zcx_context_put(ctx);
}

/* Links whose events nobody reads count, until somebody does. */
static void completion_limit_counts_unread_events(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = order_in(ctx);
	char __user *buf = user_memory(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link;

	order.max_links = 2;
	end_links(test, ctx, 2);
	fake_reset(fake);
	KUNIT_EXPECT_EQ(test, -EBUSY, fake_try_link(test, fake, &order, &link));
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, EVENT), EVENT);
	KUNIT_ASSERT_EQ(test, 0, fake_try_link(test, fake, &order, &link));
	KUNIT_EXPECT_EQ(test, link->id, 3);
	link->user_data = 3000;
	/* One that has not ended counts as well. */
	fake->full = true;
	zcx_async_start(link);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 2);
	fake->full = false;
	zcx_async_kick(link);
	zcx_link_put(link);
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, EVENT), EVENT);
	expect_event(test, buf, 0, 2);
	KUNIT_EXPECT_EQ(test, zcx_completion_read(ctx, buf, EVENT, false),
			EVENT);
	expect_event(test, buf, 0, 3);
	zcx_context_put(ctx);
}

/* A link is found by its id until its event has been read. */
static void completion_is_found_until_it_is_read(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	char __user *buf = user_memory(test);
	/* So many that ids share a list. */
	const unsigned int count = ZCX_CONTEXT_IDS / 4;
	struct zcx_live_link *link;
	u64 id;

	atomic64_set(&ctx->next_id, U64_MAX - ZCX_CONTEXT_IDS);
	end_links(test, ctx, 1);
	atomic64_set(&ctx->next_id, U64_MAX - 2 * ZCX_CONTEXT_IDS);
	end_links(test, ctx, count);
	for (id = U64_MAX - 3 * ZCX_CONTEXT_IDS; id < U64_MAX; id++) {
		bool there = id == U64_MAX - ZCX_CONTEXT_IDS ||
			     id - (U64_MAX - 2 * ZCX_CONTEXT_IDS) < count;

		link = zcx_async_find(ctx, id);
		KUNIT_ASSERT_EQ(test, !!link, there);
		if (!link)
			continue;
		KUNIT_EXPECT_EQ(test, link->id, id);
		KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), -EALREADY);
		zcx_link_put(link);
	}
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, EVENT), EVENT);
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    zcx_async_find(ctx, U64_MAX - ZCX_CONTEXT_IDS));
	link = zcx_async_find(ctx, U64_MAX - 2 * ZCX_CONTEXT_IDS);
	KUNIT_EXPECT_NOT_NULL(test, link);
	zcx_link_put(link);
	zcx_completion_close(ctx);
	KUNIT_EXPECT_PTR_EQ(test, NULL, zcx_async_find(ctx, U64_MAX -
						       2 * ZCX_CONTEXT_IDS));
	zcx_context_put(ctx);
}

/* Whoever has found a link may keep it after its event has been read. */
static void completion_read_frees_the_last_but_ours(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = order_in(ctx);
	char __user *buf = user_memory(test);
	struct fake *fake = test->priv;
	struct zcx_live_link *link = fake_link(test, fake, &order);

	zcx_async_start(link);
	KUNIT_EXPECT_EQ(test, kref_read(&link->ref), 2);
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, PAGE_SIZE), EVENT);
	KUNIT_EXPECT_EQ(test, kref_read(&link->ref), 1);
	/* And with it its context, whose file may have been closed. */
	zcx_completion_close(ctx);
	zcx_context_put(ctx);
	KUNIT_EXPECT_EQ(test, kref_read(&ctx->ref), 1);
	KUNIT_EXPECT_EQ(test, link->state, ZCX_STATE_SENT);
	zcx_link_put(link);
}

static void completion_close_frees_unread_events(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	char __user *buf = user_memory(test);

	end_links(test, ctx, 10);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 10);
	zcx_completion_close(ctx);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 0);
	KUNIT_EXPECT_FALSE(test, zcx_completion_pending(ctx));
	/* Those that end from now on leave none. */
	end_links(test, ctx, 2);
	KUNIT_EXPECT_EQ(test, ctx->nr_links, 0);
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, PAGE_SIZE), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kref_read(&ctx->ref), 1);
	fake_expect_refs(test, test->priv);
	zcx_context_put(ctx);
}

/**
 * struct later - lets a link go on after a while, from an interrupt
 * @timer: when
 * @fake: its sink
 */
struct later {
	struct hrtimer timer;
	struct fake *fake;
};

static enum hrtimer_restart later_fires(struct hrtimer *timer)
{
	struct later *later = container_of(timer, struct later, timer);

	WRITE_ONCE(later->fake->full, false);
	later->fake->sink.wake(&later->fake->sink);
	return HRTIMER_NORESTART;
}

/* A read that waits for the first event, and gets it. */
static void completion_read_waits(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = order_in(ctx);
	char __user *buf = user_memory(test);
	struct fake *fake = test->priv;
	struct later later = { .fake = fake };
	struct zcx_live_link *link;

	fake->full = true;
	link = fake_link(test, fake, &order);
	link->user_data = 1000;
	zcx_async_start(link);
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, PAGE_SIZE), -EAGAIN);
	hrtimer_init_on_stack(&later.timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_HARD);
	later.timer.function = later_fires;
	hrtimer_start(&later.timer, ns_to_ktime(20 * NSEC_PER_MSEC),
		      HRTIMER_MODE_REL_HARD);
	KUNIT_EXPECT_EQ(test, zcx_completion_read(ctx, buf, PAGE_SIZE, false),
			EVENT);
	expect_event(test, buf, 0, 1);
	hrtimer_cancel(&later.timer);
	destroy_hrtimer_on_stack(&later.timer);
	zcx_link_put(link);
	zcx_context_put(ctx);
}

static void expect_charge(struct kunit *test, const struct zcx_context *ctx,
			  int links, int files)
{
	KUNIT_EXPECT_EQ(test, ctx->nr_links, links);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->user->links), links);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->user->files), files);
}

/* What is only reserved counts, and nobody sees it. */
static void completion_reserved_and_not_used(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	struct fake_order order = order_in(ctx);
	struct zcx_live_link *link, *second;
	struct fake *fake = test->priv;

	order.max_links = 1;
	KUNIT_ASSERT_EQ(test, 0, fake_reserve(test, fake, &order, &link));
	expect_charge(test, ctx, 1, FAKE_FILES);
	KUNIT_EXPECT_EQ(test, -EBUSY,
			fake_reserve(test, fake, &order, &second));
	expect_charge(test, ctx, 1, FAKE_FILES);
	KUNIT_EXPECT_PTR_EQ(test, NULL, zcx_async_find(ctx, 1));
	KUNIT_EXPECT_FALSE(test, zcx_completion_pending(ctx));
	zcx_link_unreserve(link);
	link->free(link);
	expect_charge(test, ctx, 0, 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&ctx->next_id), 1);
	KUNIT_EXPECT_EQ(test, kref_read(&ctx->ref), 1);
	zcx_context_put(ctx);
}

static void called(struct zcx_turn *turn)
{
}

/* An event of what never was a link, behind it in line another. Returns its id. */
static u64 end_at_once(struct kunit *test, struct zcx_context *ctx, u32 error)
{
	const struct zcx_link result = {
		.bytes_sent = error ? 0 : TOTAL,
		.bytes_memory = error ? 0 : FAKE_HEAD + FAKE_TAIL,
		.bytes_cache = error ? 0 : LENGTH,
		.state = error ? ZCX_STATE_FAILED : ZCX_STATE_SENT,
		.error = error,
	};
	struct fake_order order = order_in(ctx);
	struct zcx_turn turn, behind;
	struct zcx_live_link *link;
	u64 id;

	KUNIT_ASSERT_EQ(test, 0, fake_reserve(test, test->priv, &order, &link));
	KUNIT_ASSERT_TRUE(test, zcx_turn_try_enter(&turn, test));
	zcx_turn_enter(&behind, test, called);
	link->user_data = atomic64_read(&ctx->next_id) * 1000;
	id = zcx_async_end_at_once(link, &result, &turn);
	KUNIT_EXPECT_TRUE(test, zcx_turn_is_first(&behind));
	KUNIT_EXPECT_EQ(test, zcx_turn_is_broken(&behind), !!error);
	zcx_turn_leave(&behind, true);
	return id;
}

/* To whoever asks it is a link that has ended. */
static void expect_ended(struct kunit *test, struct zcx_context *ctx, u64 id,
			 u32 state, u64 bytes)
{
	struct zcx_live_link *link = zcx_async_find(ctx, id);
	struct zcx_query query = { };

	KUNIT_ASSERT_NOT_NULL(test, link);
	KUNIT_EXPECT_EQ(test, zcx_async_cancel(link), -EALREADY);
	KUNIT_EXPECT_EQ(test, zcx_async_pause(link, true), -EALREADY);
	spin_lock(&ctx->lock);
	zcx_link_query(link, &query);
	spin_unlock(&ctx->lock);
	KUNIT_EXPECT_EQ(test, query.id, id);
	KUNIT_EXPECT_EQ(test, query.user_data, id * 1000);
	KUNIT_EXPECT_EQ(test, query.state, state);
	KUNIT_EXPECT_EQ(test, query.wait, ZCX_WAIT_NONE);
	KUNIT_EXPECT_EQ(test, query.bytes_sent, bytes);
	KUNIT_EXPECT_EQ(test, query.bytes_acked, 0);
	zcx_link_put(link);
}

static void completion_of_what_ended_at_once(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);
	char __user *buf = user_memory(test);
	unsigned int i;

	end_links(test, ctx, 1);
	KUNIT_EXPECT_EQ(test, end_at_once(test, ctx, 0), 2);
	end_links(test, ctx, 1);
	KUNIT_EXPECT_EQ(test, ctx->nr_events, 3);
	expect_ended(test, ctx, 2, ZCX_STATE_SENT, TOTAL);
	KUNIT_EXPECT_EQ(test, read_some(ctx, buf, PAGE_SIZE), 3 * EVENT);
	for (i = 0; i < 3; i++)
		expect_event(test, buf, i, 1 + i);
	KUNIT_EXPECT_PTR_EQ(test, NULL, zcx_async_find(ctx, 2));
	expect_charge(test, ctx, 0, 0);
	KUNIT_EXPECT_EQ(test, kref_read(&ctx->ref), 1);
	zcx_context_put(ctx);
}

static void completion_of_what_failed_at_once(struct kunit *test)
{
	struct zcx_context *ctx = make_context(test);

	KUNIT_EXPECT_EQ(test, end_at_once(test, ctx, EPIPE), 1);
	expect_ended(test, ctx, 1, ZCX_STATE_FAILED, 0);
	expect_charge(test, ctx, 1, FAKE_FILES);
	/* Nobody has read it. */
	zcx_completion_close(ctx);
	expect_charge(test, ctx, 0, 0);
	KUNIT_EXPECT_EQ(test, kref_read(&ctx->ref), 1);
	zcx_context_put(ctx);
}

static struct kunit_case completion_cases[] = {
	KUNIT_CASE(completion_events_come_in_order),
	KUNIT_CASE(completion_no_room_for_one),
	KUNIT_CASE(completion_any_size),
	KUNIT_CASE(completion_fault_loses_nothing),
	KUNIT_CASE(completion_limit_counts_unread_events),
	KUNIT_CASE(completion_is_found_until_it_is_read),
	KUNIT_CASE(completion_read_frees_the_last_but_ours),
	KUNIT_CASE(completion_close_frees_unread_events),
	KUNIT_CASE(completion_read_waits),
	KUNIT_CASE(completion_reserved_and_not_used),
	KUNIT_CASE(completion_of_what_ended_at_once),
	KUNIT_CASE(completion_of_what_failed_at_once),
	{}
};

static struct kunit_suite completion_suite = {
	.name		= "zcx-completion",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= completion_cases,
};
kunit_test_suite(completion_suite);
