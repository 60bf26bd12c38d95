// SPDX-License-Identifier: GPL-2.0
/*
 * The express: which requests may be sent that way.
 */
#include <kunit/test.h>

#include "express.h"
#include "program.h"

struct suit_case {
	const char *name;
	struct zcx_link cmd;
	bool suits;
};

#define CMD(_members...) {						\
	.flags = ZCX_LINK_SYNC, .segment_count = 1,			\
	.segment_size = sizeof(struct zcx_segment), _members }

static const struct suit_case suit_cases[] = {
	{ "plain", CMD(), true },
	{ "no signal", CMD(.flags = ZCX_LINK_SYNC | ZCX_LINK_NOSIGNAL), true },
	{ "no wait", CMD(.flags = ZCX_LINK_SYNC | ZCX_LINK_NOWAIT), true },
	{ "by itself", CMD(.flags = 0), true },
	{ "by itself, no signal", CMD(.flags = ZCX_LINK_NOSIGNAL), true },
	{ "by itself, in time", CMD(.flags = 0, .deadline_ns = 1, .idle_ns = 1),
	  true },
	{ "by itself, not too fast", CMD(.flags = 0, .rate = U64_MAX), false },
	{ "acknowledged", CMD(.flags = ZCX_LINK_ACKED), false },
	{ "followed", CMD(.flags = ZCX_LINK_FOLLOW), false },
	{ "by itself, dropped behind", CMD(.flags = ZCX_LINK_DROP_BEHIND),
	  false },
	{ "dropped behind",
	  CMD(.flags = ZCX_LINK_SYNC | ZCX_LINK_DROP_BEHIND), false },
	{ "three segments", CMD(.segment_count = 3), true },
	{ "four", CMD(.segment_count = 4), false },
	{ "none", CMD(.segment_count = 0), false },
	{ "larger segments", CMD(.segment_size = 48), false },
	{ "cache lane", CMD(.lane = ZCX_LANE_CACHE), true },
	{ "cache lane, whatever the threshold",
	  CMD(.lane = ZCX_LANE_CACHE, .direct_threshold = 1), true },
	{ "direct lane", CMD(.lane = ZCX_LANE_DIRECT), false },
	{ "low threshold", CMD(.direct_threshold = ZCX_EXPRESS_BYTES), false },
	{ "high threshold",
	  CMD(.direct_threshold = ZCX_EXPRESS_BYTES + 1), true },
	{ "no threshold", CMD(.direct_threshold = ZCX_DIRECT_NEVER), true },
};

static void suit_desc(const struct suit_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(suit, suit_cases, suit_desc);

static void express_suits(struct kunit *test)
{
	const struct suit_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, c->suits, zcx_express_suits(&c->cmd));
}

static struct kunit_case express_cases[] = {
	KUNIT_CASE_PARAM(express_suits, suit_gen_params),
	{}
};

static struct kunit_suite express_suite = {
	.name		= "zcx-express",
	.test_cases	= express_cases,
};
kunit_test_suite(express_suite);
