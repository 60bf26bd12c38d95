// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/sched.h>
#include <linux/uidgid.h>

#include "buffers.h"
#include "buffers_fixture.h"
#include "param_fixture.h"
#include "user.h"

/* Only the parameter @limit is in the way, with @bytes. */
void limit_buffers(struct kunit *test, const char *limit, unsigned long bytes)
{
	/* More than any test needs, whatever memory the guest has. */
	test_param(test, "direct_bytes_max", SZ_64M);
	test_param(test, "direct_user_max", SZ_64M);
	test_param(test, "direct_context_max", SZ_64M);
	if (limit)
		test_param(test, limit, bytes);
}

/* The caller has the only reference, as a context has. */
struct zcx_pool *make_pool(struct kunit *test, u32 uid)
{
	struct zcx_user *user = zcx_user_get(KUIDT_INIT(uid));
	struct zcx_pool *pool;

	KUNIT_ASSERT_NOT_NULL(test, user);
	pool = zcx_pool_create(user);
	/* The pool has its own. */
	zcx_user_put(user);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	return pool;
}

/* What all pools of a user have, borrowed or not. */
size_t bytes_of(struct kunit *test, u32 uid)
{
	struct zcx_user *user = zcx_user_get(KUIDT_INIT(uid));
	size_t bytes;

	KUNIT_ASSERT_NOT_NULL(test, user);
	bytes = READ_ONCE(user->direct_bytes);
	zcx_user_put(user);
	return bytes;
}

static struct debtor *to_debtor(struct zcx_borrower *borrower)
{
	return container_of(borrower, struct debtor, borrower);
}

static atomic_t debtor_stamps;

static void debtor_wake(struct zcx_borrower *borrower)
{
	struct debtor *debtor = to_debtor(borrower);

	WRITE_ONCE(debtor->wakes, debtor->wakes + 1);
	debtor->stamp = atomic_inc_return(&debtor_stamps);
	debtor->waker = current;
	complete(&debtor->woken);
}

static void debtor_rob(struct zcx_borrower *borrower)
{
	struct debtor *debtor = to_debtor(borrower);

	WRITE_ONCE(debtor->robs, debtor->robs + 1);
	give_all_back(debtor);
}

static void debtor_release(struct kref *ref)
{
	struct debtor *debtor = container_of(ref, struct debtor, borrower.ref);

	zcx_pool_put(debtor->borrower.pool);
	complete(&debtor->gone);
}

struct debtor *make_debtor(struct kunit *test, struct zcx_pool *pool)
{
	struct debtor *debtor = kunit_kzalloc(test, sizeof(*debtor),
					      GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, debtor);
	spin_lock_init(&debtor->lock);
	init_completion(&debtor->woken);
	init_completion(&debtor->gone);
	debtor->borrower.wake = debtor_wake;
	debtor->borrower.rob = debtor_rob;
	debtor->borrower.release = debtor_release;
	zcx_borrower_init(&debtor->borrower, pool);
	return debtor;
}

/* He has it from now on, to be given back by him or who robs him. */
void keep(struct debtor *debtor, struct zcx_buffer *buffer)
{
	unsigned long flags;

	spin_lock_irqsave(&debtor->lock, flags);
	debtor->has[debtor->count++] = buffer;
	spin_unlock_irqrestore(&debtor->lock, flags);
}

struct zcx_buffer *borrow(struct debtor *debtor, size_t bytes)
{
	struct zcx_buffer *buffer = zcx_buffer_borrow(&debtor->borrower, bytes);

	if (buffer)
		keep(debtor, buffer);
	return buffer;
}

struct zcx_buffer *must_borrow(struct kunit *test, struct debtor *debtor,
			       size_t bytes)
{
	struct zcx_buffer *buffer = borrow(debtor, bytes);

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	return buffer;
}

void give_back(struct debtor *debtor, struct zcx_buffer *buffer)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&debtor->lock, flags);
	for (i = 0; i < debtor->count; i++)
		if (debtor->has[i] == buffer)
			break;
	debtor->has[i] = debtor->has[--debtor->count];
	spin_unlock_irqrestore(&debtor->lock, flags);
	zcx_buffer_return(debtor->borrower.pool, buffer);
}

/* In any context; whoever else gives back, each buffer goes once. */
void give_all_back(struct debtor *debtor)
{
	struct zcx_buffer *buffer;
	unsigned long flags;

	do {
		spin_lock_irqsave(&debtor->lock, flags);
		buffer = debtor->count ? debtor->has[--debtor->count] : NULL;
		spin_unlock_irqrestore(&debtor->lock, flags);
		if (buffer)
			zcx_buffer_return(debtor->borrower.pool, buffer);
	} while (buffer);
}

/* He gives back what he has, and is not heard of again. */
void quit(struct kunit *test, struct debtor *debtor)
{
	give_all_back(debtor);
	zcx_borrower_quit(&debtor->borrower);
	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&debtor->gone,
							    PATIENCE));
}

/*
 * Of the bytes that there may be in all none are had: nobody need be robbed, and
 * nothing forgotten, for the only buffer that fits.
 */
void expect_no_buffers_left(struct kunit *test)
{
	struct zcx_pool *pool = make_pool(test, SOMEBODY);
	struct debtor *debtor = make_debtor(test, pool);
	struct zcx_buffer *buffer;

	KUNIT_EXPECT_EQ(test, bytes_of(test, SOMEBODY), 0);
	KUNIT_EXPECT_EQ(test, bytes_of(test, ANOTHER), 0);
	limit_buffers(test, "direct_bytes_max", ZCX_BUFFER_MIN);
	buffer = borrow(debtor, ZCX_BUFFER_MIN);
	KUNIT_EXPECT_NOT_NULL(test, buffer);
	KUNIT_EXPECT_NULL(test, borrow(debtor, 1));
	quit(test, debtor);
	zcx_pool_put(pool);
}
