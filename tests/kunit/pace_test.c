// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing, on a simulated clock: the mean rate, how much leaves at a time, and
 * rates and times at the ends of what 64 bits can hold.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/sizes.h>
#include <linux/time64.h>

#include "pace.h"

#define BEGIN		(1234 * NSEC_PER_SEC + 567)
#define DURATION	(10 * NSEC_PER_SEC)

/* Grains that must leave before one more or less is no longer worth a percent. */
#define GRAINS		200

/**
 * struct sim - a link that sends whenever it may
 * @pace: its bucket
 * @now: the time
 * @sent: bytes so far
 * @late: a wake-up comes at most so much too late, ns
 * @random: state of a generator
 * @low: least surplus so far of what was sent over what the rate allows
 * @burst: most that left in any time, beyond what the rate allows in it
 * @stuck: it was told to wait until a time that had come already
 */
struct sim {
	struct zcx_pace pace;
	u64 now;
	u64 sent;
	u64 late;
	u32 random;
	s64 low;
	s64 burst;
	bool stuck;
};

static void sim_init(struct sim *sim, u64 rate, u64 late)
{
	*sim = (struct sim){ .now = BEGIN, .late = late, .random = 1 };
	zcx_pace_init(&sim->pace, rate, sim->now);
}

static u64 sim_lateness(struct sim *sim)
{
	if (!sim->late)
		return 0;
	sim->random = sim->random * 1664525 + 1013904223;
	return (u64)(sim->random >> 8) * sim->late >> 24;
}

/* Bytes that a rate allows in a time. */
static u64 fair(u64 rate, u64 time)
{
	return mul_u64_u64_div_u64(rate, time, NSEC_PER_SEC);
}

static s64 sim_surplus(const struct sim *sim)
{
	return sim->sent - fair(sim->pace.rate, sim->now - BEGIN);
}

/* Awake: send all that may leave now. */
static void sim_send(struct sim *sim)
{
	u64 bytes;

	sim->low = min(sim->low, sim_surplus(sim));
	while ((bytes = zcx_pace_allowance(&sim->pace, sim->now))) {
		zcx_pace_spend(&sim->pace, bytes);
		sim->sent += bytes;
	}
	sim->burst = max(sim->burst, sim_surplus(sim) - sim->low);
}

static void sim_run(struct sim *sim, u64 until)
{
	while (sim->now < until && !sim->stuck) {
		u64 next;

		sim_send(sim);
		next = zcx_pace_next(&sim->pace);
		sim->stuck = next <= sim->now;
		sim->now = next + sim_lateness(sim);
	}
	sim->now = until;
	sim_send(sim);
}

/* Ten seconds, or as long as it takes for some grains to leave. */
static u64 duration(const struct zcx_pace *pace)
{
	return max(DURATION, mul_u64_u64_div_u64(GRAINS * pace->grain,
						 NSEC_PER_SEC, pace->rate));
}

struct rate_case {
	const char *what;
	u64 rate;
};

static const struct rate_case rate_cases[] = {
	{ "1 B/s", 1 },
	{ "7 B/s", 7 },
	{ "1 kB/s", 1000 },
	{ "3201 B/s", 3201 },
	{ "100 kB/s", 100000 },
	{ "1234567 B/s", 1234567 },
	{ "10 MB/s", 10000000 },
	{ "1 GB/s", 1000000000 },
	{ "10 GB/s", 10000000000 },
};

static void rate_desc(const struct rate_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(rate, rate_cases, rate_desc);

static void expect_mean(struct kunit *test, u64 rate, u64 late)
{
	struct sim sim;
	u64 time, want;

	sim_init(&sim, rate, late);
	time = duration(&sim.pace);
	want = fair(rate, time);
	sim_run(&sim, BEGIN + time);
	KUNIT_EXPECT_FALSE(test, sim.stuck);
	KUNIT_EXPECT_LE(test, sim.sent, want + want / 50);
	KUNIT_EXPECT_GE(test, sim.sent, want - want / 50);
	/* Never more than was saved up, in whatever time. */
	KUNIT_EXPECT_LE(test, sim.burst, sim.pace.depth + rate / SZ_1M + 1);
}

static void pace_mean_rate(struct kunit *test)
{
	const struct rate_case *c = test->param_value;

	expect_mean(test, c->rate, 0);
}

/* Wake-ups up to 25 ms too late: what they cost is made up for. */
static void pace_mean_rate_with_late_wakeups(struct kunit *test)
{
	const struct rate_case *c = test->param_value;

	expect_mean(test, c->rate, 25 * NSEC_PER_MSEC);
}

/* A peer that takes little at a time does not lower the rate either. */
static void pace_spends_in_small_pieces(struct kunit *test)
{
	const u64 rate = 1000000;
	struct sim sim;
	u64 bytes;

	sim_init(&sim, rate, 0);
	while (sim.now < BEGIN + DURATION) {
		bytes = zcx_pace_allowance(&sim.pace, sim.now);
		if (bytes) {
			bytes = min_t(u64, bytes, 777);
			zcx_pace_spend(&sim.pace, bytes);
			sim.sent += bytes;
			continue;
		}
		sim.now = zcx_pace_next(&sim.pace);
	}
	KUNIT_EXPECT_LE(test, sim.sent, 10200000);
	KUNIT_EXPECT_GE(test, sim.sent, 9800000);
}

static void pace_without_a_rate(struct kunit *test)
{
	struct zcx_pace pace;

	zcx_pace_init(&pace, 0, BEGIN);
	KUNIT_EXPECT_EQ(test, zcx_pace_allowance(&pace, BEGIN), U64_MAX);
	zcx_pace_spend(&pace, U64_MAX);
	KUNIT_EXPECT_EQ(test, zcx_pace_allowance(&pace, BEGIN), U64_MAX);
	KUNIT_EXPECT_EQ(test, zcx_pace_allowance(&pace, 0), U64_MAX);
}

/* A grain at once, and then one whenever it says so, not a moment earlier. */
static void pace_grains(struct kunit *test)
{
	const struct rate_case *c = test->param_value;
	struct zcx_pace pace;
	u64 now = BEGIN;
	unsigned int i;

	zcx_pace_init(&pace, c->rate, now);
	for (i = 0; i < 100; i++) {
		u64 bytes = zcx_pace_allowance(&pace, now);

		KUNIT_ASSERT_GE(test, bytes, 1);
		KUNIT_ASSERT_LE(test, bytes, SZ_64K);
		KUNIT_ASSERT_EQ(test, bytes, pace.grain);
		zcx_pace_spend(&pace, bytes);
		KUNIT_ASSERT_EQ(test, zcx_pace_allowance(&pace, now), 0);
		now = zcx_pace_next(&pace);
		/* At 10 GB/s a nanosecond is ten bytes: no finer than that. */
		if (c->rate <= NSEC_PER_SEC)
			KUNIT_ASSERT_EQ(test,
					zcx_pace_allowance(&pace, now - 2), 0);
	}
}

/* However long nothing could leave: 50 ms' worth, or two grains, at once. */
static void pace_after_a_long_stall(struct kunit *test)
{
	static const u64 stalls[] = {
		NSEC_PER_SEC * 300, NSEC_PER_SEC * 86400 * 366,
		S64_MAX - BEGIN,
	};
	const struct rate_case *c = test->param_value;
	struct sim sim;
	unsigned int i;
	u64 most, sent;

	for (i = 0; i < ARRAY_SIZE(stalls); i++) {
		sim_init(&sim, c->rate, 0);
		most = max(div_u64(c->rate, 20), 2 * sim.pace.grain);
		sim_run(&sim, BEGIN + NSEC_PER_SEC);
		sent = sim.sent;
		sim.now = BEGIN + NSEC_PER_SEC + stalls[i];
		if (sim.now > S64_MAX)
			sim.now = S64_MAX;
		while (zcx_pace_allowance(&sim.pace, sim.now)) {
			zcx_pace_spend(&sim.pace, sim.pace.grain);
			sim.sent += sim.pace.grain;
			KUNIT_ASSERT_LE(test, sim.sent - sent, most);
		}
		/* What is left of it is less than a grain. */
		KUNIT_EXPECT_GT(test, sim.sent - sent + sim.pace.grain, most);
		KUNIT_EXPECT_GT(test, zcx_pace_next(&sim.pace), sim.now);
	}
}

/* A clock that stands still, or goes back, makes no bytes. */
static void pace_clock_goes_back(struct kunit *test)
{
	struct zcx_pace pace;
	u64 next;

	zcx_pace_init(&pace, 1000000, BEGIN);
	zcx_pace_spend(&pace, zcx_pace_allowance(&pace, BEGIN));
	next = zcx_pace_next(&pace);
	KUNIT_EXPECT_EQ(test, zcx_pace_allowance(&pace, BEGIN), 0);
	KUNIT_EXPECT_EQ(test, zcx_pace_allowance(&pace, BEGIN - 1), 0);
	KUNIT_EXPECT_EQ(test, zcx_pace_allowance(&pace, 0), 0);
	KUNIT_EXPECT_EQ(test, zcx_pace_next(&pace), next);
	KUNIT_EXPECT_EQ(test, zcx_pace_allowance(&pace, next), pace.grain);
}

/* To look often does not lose the parts of bytes that came meanwhile. */
static void pace_asked_all_the_time(struct kunit *test)
{
	const u64 rate = 300;	/* one byte in 3.3 ms */
	struct zcx_pace pace;
	u64 now, sent = 0;

	zcx_pace_init(&pace, rate, BEGIN);
	for (now = BEGIN; now < BEGIN + 30 * NSEC_PER_SEC;
	     now += NSEC_PER_MSEC) {
		u64 bytes = zcx_pace_allowance(&pace, now);

		zcx_pace_spend(&pace, bytes);
		sent += bytes;
	}
	KUNIT_EXPECT_LE(test, sent, 30 * rate + 2 * 64);
	KUNIT_EXPECT_GE(test, sent, 30 * rate - 64);
}

/* The ends of the range: nothing wraps, traps, or goes backwards. */
static void pace_extremes(struct kunit *test)
{
	static const u64 rates[] = {
		1, 2, 63, NSEC_PER_SEC - 1, 1ULL << 40, 1ULL << 50, 1ULL << 62,
		S64_MAX - 1, S64_MAX, 1ULL << 63, U64_MAX - 1, U64_MAX,
	};
	static const u64 steps[] = {
		0, 1, 1000, NSEC_PER_SEC, 1ULL << 40, 1ULL << 50, 1ULL << 60,
	};
	unsigned int i, j, k;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		struct zcx_pace pace;
		u64 now = 0;

		zcx_pace_init(&pace, rates[i], now);
		KUNIT_ASSERT_GE(test, pace.grain, 1);
		KUNIT_ASSERT_LE(test, pace.grain, SZ_64K);
		KUNIT_ASSERT_GE(test, pace.depth, 2 * pace.grain);
		for (j = 0; j < ARRAY_SIZE(steps); j++) {
			now += steps[j];
			for (k = 0; k < 5; k++) {
				u64 bytes = zcx_pace_allowance(&pace, now);

				KUNIT_ASSERT_LE(test, pace.tokens, pace.depth);
				KUNIT_ASSERT_LE(test, pace.at, now);
				KUNIT_ASSERT_LE(test, bytes, pace.grain);
				if (!bytes)
					break;
				zcx_pace_spend(&pace, bytes);
			}
			if (k == 5)
				continue;
			KUNIT_ASSERT_GT(test, zcx_pace_next(&pace), now);
			KUNIT_ASSERT_LE(test, zcx_pace_next(&pace),
					now + 64 * NSEC_PER_SEC + 1);
		}
	}
}

/* More than was allowed cannot be spent, but it must not wrap either. */
static void pace_spend_too_much(struct kunit *test)
{
	struct zcx_pace pace;

	zcx_pace_init(&pace, 1000, BEGIN);
	zcx_pace_spend(&pace, U64_MAX);
	KUNIT_EXPECT_EQ(test, pace.tokens, 0);
	KUNIT_EXPECT_EQ(test, zcx_pace_allowance(&pace, BEGIN), 0);
	KUNIT_EXPECT_LE(test, zcx_pace_next(&pace), BEGIN + NSEC_PER_SEC);
}

static struct kunit_case pace_cases[] = {
	KUNIT_CASE_PARAM(pace_mean_rate, rate_gen_params),
	KUNIT_CASE_PARAM(pace_mean_rate_with_late_wakeups, rate_gen_params),
	KUNIT_CASE(pace_spends_in_small_pieces),
	KUNIT_CASE(pace_without_a_rate),
	KUNIT_CASE_PARAM(pace_grains, rate_gen_params),
	KUNIT_CASE_PARAM(pace_after_a_long_stall, rate_gen_params),
	KUNIT_CASE(pace_clock_goes_back),
	KUNIT_CASE(pace_asked_all_the_time),
	KUNIT_CASE(pace_extremes),
	KUNIT_CASE(pace_spend_too_much),
	{}
};

static struct kunit_suite pace_suite = {
	.name		= "zcx-pace",
	.test_cases	= pace_cases,
};
kunit_test_suite(pace_suite);
