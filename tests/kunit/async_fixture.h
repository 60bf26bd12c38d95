/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Links that run by themselves, with the real workers, timers and pools around a
 * fake lane and a fake sink (fake.h). test->priv is the fake of links that are not
 * given one.
 */
#ifndef _ZCX_TEST_ASYNC_FIXTURE_H
#define _ZCX_TEST_ASYNC_FIXTURE_H

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/mm.h>

#include "async.h"
#include "context.h"
#include "disk.h"
#include "fake.h"
#include "link.h"

#define PATIENCE	(30 * HZ)	/* for what must happen */
#define A_WHILE		30		/* ms, for what must not */

/* A range that crosses from one folio into the next. */
#define FROM	(PAGE_SIZE - 21)
#define LENGTH	40

#define TOTAL	(FAKE_HEAD + LENGTH + FAKE_TAIL)

/* Until @condition holds; the test fails if it never does. */
#define soon(test, condition)						\
	do {								\
		unsigned long end = jiffies + PATIENCE;			\
									\
		while (!(condition) && time_before(jiffies, end))	\
			usleep_range(200, 500);				\
		KUNIT_ASSERT_TRUE_MSG(test, condition,			\
				      "not in this time: %s", #condition); \
	} while (0)

struct zcx_context *async_context(struct kunit *test);
void async_close_context(struct zcx_context *ctx);
struct zcx_disk *async_disk(struct kunit *test);

struct fake_order async_order(struct zcx_context *ctx);
struct zcx_live_link *async_begin(struct kunit *test, struct fake *fake,
				  const struct fake_order *order);
struct zcx_live_link *async_begin_plain(struct kunit *test,
					struct zcx_context *ctx);

bool async_waits_for(const struct zcx_live_link *link, enum zcx_wait what);
bool async_has_event(const struct zcx_live_link *link);
void async_wake(struct fake *fake);
void async_count_end(struct zcx_live_link *link);

void async_ends_of(struct kunit *test, struct fake *fake,
		   struct zcx_live_link *link, u32 state, u32 error,
		   size_t bytes);
void async_ends(struct kunit *test, struct zcx_live_link *link, u32 state,
		u32 error, size_t bytes);

#endif /* _ZCX_TEST_ASYNC_FIXTURE_H */
