// SPDX-License-Identifier: GPL-2.0
/*
 * Lines: who is first, who is told, and that each is told exactly when it should
 * be.
 */
#include <kunit/test.h>
#include <linux/kernel.h>

#include "turn.h"

struct place {
	struct zcx_turn turn;
	unsigned int calls;
};

static void place_called(struct zcx_turn *turn)
{
	container_of(turn, struct place, turn)->calls++;
}

static void enter(struct place *place, const void *key)
{
	zcx_turn_enter(&place->turn, key, place_called);
}

static void leave(struct place *place, bool whole)
{
	zcx_turn_leave(&place->turn, whole);
}

static void enter_all(struct place *places, unsigned int count, const void *key)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		enter(&places[i], key);
}

static void expect_place(struct kunit *test, const struct place *place,
			 bool first, bool broken, unsigned int calls)
{
	KUNIT_EXPECT_EQ(test, zcx_turn_is_first(&place->turn), first);
	KUNIT_EXPECT_EQ(test, zcx_turn_is_broken(&place->turn), broken);
	KUNIT_EXPECT_EQ(test, place->calls, calls);
}

static void turn_without_a_key_is_first(struct kunit *test)
{
	struct place places[2] = { };

	enter_all(places, 2, NULL);
	expect_place(test, &places[0], true, false, 0);
	expect_place(test, &places[1], true, false, 0);
	leave(&places[0], false);
	leave(&places[1], true);
	expect_place(test, &places[1], true, false, 0);
}

static void turn_comes_in_order(struct kunit *test)
{
	struct place places[6] = { };
	unsigned int left, i;

	enter_all(places, ARRAY_SIZE(places), test);
	for (left = 0; left < ARRAY_SIZE(places); left++) {
		for (i = left; i < ARRAY_SIZE(places); i++)
			expect_place(test, &places[i], i == left, false,
				     i == left && i);
		leave(&places[left], true);
	}
}

/* All of it, again, to show that nothing stays behind. */
static void turn_line_ends_and_begins_anew(struct kunit *test)
{
	struct place places[3];
	unsigned int round, i;

	for (round = 0; round < 3; round++) {
		memset(places, 0, sizeof(places));
		enter_all(places, 3, test);
		expect_place(test, &places[0], true, false, 0);
		for (i = 3; i--; )
			leave(&places[i], true);
		expect_place(test, &places[0], true, false, 0);
		expect_place(test, &places[1], false, false, 0);
		expect_place(test, &places[2], false, false, 0);
	}
}

static void turn_who_comes_late_stands_behind(struct kunit *test)
{
	struct place places[4] = { };

	enter_all(places, 3, test);
	leave(&places[0], true);
	enter(&places[3], test);
	expect_place(test, &places[1], true, false, 1);
	leave(&places[1], true);
	expect_place(test, &places[2], true, false, 1);
	expect_place(test, &places[3], false, false, 0);
	leave(&places[2], true);
	expect_place(test, &places[3], true, false, 1);
	leave(&places[3], true);
}

/* Each place of the line leaves first, all done or not: then the others. */
static void turn_any_may_leave(struct kunit *test)
{
	struct place places[4];
	unsigned int early, whole, i;

	for (early = 0; early < 4; early++) {
		for (whole = 0; whole < 2; whole++) {
			unsigned int next = early + 1;

			memset(places, 0, sizeof(places));
			enter_all(places, 4, test);
			leave(&places[early], whole);
			/* Only the next one is told, and only if it matters. */
			for (i = 0; i < 4; i++) {
				bool is_next = i == next;

				if (i == early)
					continue;
				expect_place(test, &places[i],
					     i == (early ? 0 : 1),
					     is_next && !whole,
					     is_next && (!early || !whole));
			}
			for (i = 0; i < 4; i++)
				leave(&places[i], true);
		}
	}
}

/* The one behind a place that broke leaves likewise, and so on to the end. */
static void turn_breaks_to_the_end(struct kunit *test)
{
	struct place places[10] = { };
	unsigned int i;

	enter_all(places, ARRAY_SIZE(places), test);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		expect_place(test, &places[i], true, i, !!i);
		leave(&places[i], false);
	}
	/* Whoever comes then has nothing to do with it. */
	memset(places, 0, sizeof(places));
	enter(&places[0], test);
	expect_place(test, &places[0], true, false, 0);
	leave(&places[0], true);
}

/* From the middle: those before it are not concerned. */
static void turn_breaks_from_the_middle(struct kunit *test)
{
	struct place places[6] = { };
	unsigned int i;

	enter_all(places, ARRAY_SIZE(places), test);
	leave(&places[2], false);
	for (i = 3; i < ARRAY_SIZE(places); i++) {
		expect_place(test, &places[i], false, true, 1);
		leave(&places[i], false);
	}
	expect_place(test, &places[0], true, false, 0);
	leave(&places[0], true);
	expect_place(test, &places[1], true, false, 1);
	leave(&places[1], true);
}

/* Broken, and its turn comes before it has left: it hears of both. */
static void turn_broken_and_first(struct kunit *test)
{
	struct place places[4] = { };

	enter_all(places, 3, test);
	leave(&places[1], false);
	expect_place(test, &places[2], false, true, 1);
	enter(&places[3], test);
	leave(&places[0], true);
	expect_place(test, &places[2], true, true, 2);
	expect_place(test, &places[3], false, false, 0);
	leave(&places[2], false);
	expect_place(test, &places[3], true, true, 1);
	leave(&places[3], false);
}

static void turn_leaves_once(struct kunit *test)
{
	struct place places[3] = { };

	enter_all(places, 3, test);
	leave(&places[0], true);
	leave(&places[0], false);
	expect_place(test, &places[1], true, false, 1);
	expect_place(test, &places[2], false, false, 0);
	leave(&places[1], true);
	leave(&places[1], false);
	expect_place(test, &places[2], true, false, 1);
	leave(&places[2], true);
	leave(&places[2], true);
}

#define KEYS	3000	/* three times as many as there are buckets */
#define EACH	3

/* Lines that share a bucket have nothing to do with each other. */
static void turn_many_lines(struct kunit *test)
{
	struct place *places, *place;
	unsigned int key, i;

	places = kunit_kcalloc(test, KEYS * EACH, sizeof(*places), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, places);
	for (i = 0; i < EACH; i++)
		for (key = 0; key < KEYS; key++)
			enter(&places[key * EACH + i], &places[key * EACH]);
	/* A third of them breaks, a third goes on, a third stays. */
	for (key = 0; key < KEYS; key++)
		if (key % 3)
			leave(&places[key * EACH], key % 3 == 1);
	for (key = 0; key < KEYS; key++) {
		place = &places[key * EACH];
		if (!(key % 3))
			expect_place(test, place, true, false, 0);
		expect_place(test, place + 1, key % 3, key % 3 == 2,
			     !!(key % 3));
		expect_place(test, place + 2, false, false, 0);
	}
	for (i = 0; i < KEYS * EACH; i++)
		leave(&places[i], true);
}

/* Only where nobody stands; and then those who come stand behind. */
static void turn_tries_an_empty_line(struct kunit *test)
{
	struct place places[3] = { };

	KUNIT_EXPECT_TRUE(test, zcx_turn_try_enter(&places[0].turn, test));
	KUNIT_EXPECT_FALSE(test, zcx_turn_try_enter(&places[1].turn, test));
	KUNIT_EXPECT_TRUE(test, zcx_turn_try_enter(&places[1].turn, places));
	zcx_turn_leave(&places[1].turn, true);
	enter(&places[2], test);
	expect_place(test, &places[2], false, false, 0);
	zcx_turn_leave(&places[0].turn, true);
	expect_place(test, &places[2], true, false, 1);
	KUNIT_EXPECT_FALSE(test, zcx_turn_try_enter(&places[1].turn, test));
	leave(&places[2], true);
	KUNIT_EXPECT_TRUE(test, zcx_turn_try_enter(&places[1].turn, test));
	zcx_turn_leave(&places[1].turn, true);
}

/* Whoever stands behind notices nothing, until the new one leaves. */
static void turn_moves_to_another(struct kunit *test)
{
	struct place places[4], spare;
	unsigned int behind;

	for (behind = 0; behind < 3; behind++) {
		memset(places, 0, sizeof(places));
		KUNIT_EXPECT_TRUE(test,
				  zcx_turn_try_enter(&places[0].turn, test));
		enter_all(&places[2], behind, test);
		zcx_turn_move(&places[0].turn, &places[1].turn, place_called);
		expect_place(test, &places[1], true, false, 0);
		memset(&places[0], 0xff, sizeof(places[0]));
		KUNIT_EXPECT_FALSE(test,
				   zcx_turn_try_enter(&spare.turn, test));
		if (behind)
			expect_place(test, &places[2], false, false, 0);
		leave(&places[1], behind < 2);
		if (behind)
			expect_place(test, &places[2], true, behind == 2, 1);
		leave(&places[2], true);
		if (behind == 2)
			leave(&places[3], true);
	}
}

static struct kunit_case turn_cases[] = {
	KUNIT_CASE(turn_without_a_key_is_first),
	KUNIT_CASE(turn_comes_in_order),
	KUNIT_CASE(turn_line_ends_and_begins_anew),
	KUNIT_CASE(turn_who_comes_late_stands_behind),
	KUNIT_CASE(turn_any_may_leave),
	KUNIT_CASE(turn_breaks_to_the_end),
	KUNIT_CASE(turn_breaks_from_the_middle),
	KUNIT_CASE(turn_broken_and_first),
	KUNIT_CASE(turn_leaves_once),
	KUNIT_CASE(turn_many_lines),
	KUNIT_CASE(turn_tries_an_empty_line),
	KUNIT_CASE(turn_moves_to_another),
	{}
};

static struct kunit_suite turn_suite = {
	.name		= "zcx-turn",
	.test_cases	= turn_cases,
};
kunit_test_suite(turn_suite);
