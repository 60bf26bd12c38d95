/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Links that run by themselves, one step after the other: with a lane and a sink
 * that do as they are told (fake.h) and a clock that is an argument. test->priv is
 * the fake of links that are not given one.
 */
#ifndef _ZCX_TEST_STEP_FIXTURE_H
#define _ZCX_TEST_STEP_FIXTURE_H

#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/time64.h>

#include "async.h"
#include "context.h"
#include "fake.h"
#include "link.h"
#include "step.h"
#include "turn.h"

#define NOW	(1000 * NSEC_PER_SEC)

/* A range that crosses from one folio into the next. */
#define FROM	(PAGE_SIZE - 21)
#define LENGTH	40

#define TOTAL	(FAKE_HEAD + LENGTH + FAKE_TAIL)

struct zcx_context *step_context(struct kunit *test);
void step_nobody(struct zcx_turn *turn);
struct zcx_live_link *step_link_in_line(struct kunit *test, struct fake *fake,
					const struct fake_order *order,
					const void *key);
struct zcx_live_link *step_link(struct kunit *test,
				const struct fake_order *order);
struct zcx_live_link *step_plain_link(struct kunit *test,
				      struct zcx_context *ctx);

/* The next step, at @now, is this one, and what it leaves is as it should be. */
void step_waits(struct kunit *test, struct zcx_live_link *link, u64 now,
		enum zcx_wait what);
void step_fetches(struct kunit *test, struct zcx_live_link *link, u64 now,
		  loff_t pos);
void step_ends(struct kunit *test, struct zcx_live_link *link, u64 now,
	       int outcome);

void step_holds_nothing(struct kunit *test, struct zcx_live_link *link);
void step_no_tail(struct kunit *test, struct fake *fake);
void step_got(struct kunit *test, size_t bytes);
void step_finish_of(struct kunit *test, struct fake *fake,
		    struct zcx_live_link *link, u32 state, u32 error,
		    size_t bytes);
void step_finish(struct kunit *test, struct zcx_live_link *link, u32 state,
		 u32 error, size_t bytes);

#endif /* _ZCX_TEST_STEP_FIXTURE_H */
