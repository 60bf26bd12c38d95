// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/spinlock.h>

#include "async.h"
#include "async_fixture.h"
#include "completion.h"
#include "context.h"
#include "disk.h"
#include "fake.h"
#include "link.h"

struct zcx_context *async_context(struct kunit *test)
{
	struct zcx_context *ctx = zcx_context_create();

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	return ctx;
}

/* As when the descriptor is closed. */
void async_close_context(struct zcx_context *ctx)
{
	zcx_completion_close(ctx);
	zcx_async_cancel_all(ctx, NULL);
	zcx_context_put(ctx);
}

struct zcx_disk *async_disk(struct kunit *test)
{
	struct zcx_disk *disk =
		zcx_disk_get(fake_file(test, &noop_backing_dev_info));

	KUNIT_ASSERT_NOT_NULL(test, disk);
	return disk;
}

struct fake_order async_order(struct zcx_context *ctx)
{
	return (struct fake_order){
		.ctx = ctx, .from = FROM, .length = LENGTH,
	};
}

/* The caller has a reference on it, whatever becomes of it. */
struct zcx_live_link *async_begin(struct kunit *test, struct fake *fake,
				  const struct fake_order *order)
{
	struct zcx_live_link *link = fake_link(test, fake, order);

	zcx_async_start(link);
	return link;
}

struct zcx_live_link *async_begin_plain(struct kunit *test,
					struct zcx_context *ctx)
{
	struct fake_order order = async_order(ctx);

	return async_begin(test, test->priv, &order);
}

bool async_waits_for(const struct zcx_live_link *link, enum zcx_wait what)
{
	/* When nobody runs it any more. */
	return !atomic_read(&link->async->run) &&
	       READ_ONCE(link->state) == ZCX_STATE_WAITING &&
	       READ_ONCE(link->async->wait) == what;
}

/* Its event can be read: whoever ran it touches it no more. */
bool async_has_event(const struct zcx_live_link *link)
{
	struct zcx_context *ctx = link->ctx;
	struct zcx_live_link *each;
	bool found = false;

	spin_lock(&ctx->lock);
	list_for_each_entry(each, &ctx->events, node)
		found = found || each == link;
	spin_unlock(&ctx->lock);
	return found;
}

void async_wake(struct fake *fake)
{
	fake->sink.wake(&fake->sink);
}

/* It has ended, or does so soon, by itself. Then drop our reference. */
void async_ends_of(struct kunit *test, struct fake *fake,
		   struct zcx_live_link *link, u32 state, u32 error,
		   size_t bytes)
{
	soon(test, async_has_event(link));
	KUNIT_EXPECT_EQ(test, link->state, state);
	KUNIT_EXPECT_EQ(test, link->error, error);
	KUNIT_EXPECT_EQ(test, zcx_link_bytes_sent(link), bytes);
	fake_expect_got(test, fake, FROM, LENGTH, bytes);
	KUNIT_EXPECT_FALSE(test, fake->held);
	KUNIT_EXPECT_EQ(test, fake->needless, 0);
	KUNIT_EXPECT_EQ(test, fake->destroys, 1);
	fake_expect_refs(test, fake);
	/* Ours, and its event's. */
	KUNIT_EXPECT_EQ(test, kref_read(&link->ref), 2);
	zcx_link_put(link);
}

void async_ends(struct kunit *test, struct zcx_live_link *link, u32 state,
		u32 error, size_t bytes)
{
	async_ends_of(test, test->priv, link, state, error, bytes);
}

void async_count_end(struct zcx_live_link *link)
{
	atomic_inc(link->async->cookie);
}
