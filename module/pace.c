// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing: a token bucket with the clock as an argument.
 *
 * Bytes leave in grains of 20 ms' worth, at most 64 KiB. What a late wake-up or
 * a slow peer kept from leaving is made up for, up to 50 ms' worth: without
 * that, every late timer would lower the mean rate.
 */
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/time64.h>

#include "pace.h"

#define ZCX_PACE_GRAINS_PER_SEC	50
#define ZCX_PACE_DEPTHS_PER_SEC	20
#define ZCX_PACE_GRAIN_MIN	64

/**
 * zcx_pace_init() - a bucket that holds one grain
 * @pace: to set up
 * @rate: bytes per second; 0: no limit
 * @now: the time, ns
 *
 * Context: any.
 */
void zcx_pace_init(struct zcx_pace *pace, u64 rate, u64 now)
{
	pace->rate = rate;
	if (!rate)
		return;
	/* So that neither bytes nor nanoseconds overflow; nothing is as fast. */
	rate = min_t(u64, rate, S64_MAX);
	pace->rate = rate;
	pace->grain = clamp_t(u64, div_u64(rate, ZCX_PACE_GRAINS_PER_SEC),
			      ZCX_PACE_GRAIN_MIN, SZ_64K);
	pace->depth = max(div_u64(rate, ZCX_PACE_DEPTHS_PER_SEC),
			  2 * pace->grain);
	pace->tokens = pace->grain;
	pace->at = now;
}

/* Time in which @bytes may leave, ns, rounded up. */
static u64 zcx_pace_time(const struct zcx_pace *pace, u64 bytes)
{
	return mul_u64_u64_div_u64(bytes, NSEC_PER_SEC, pace->rate) + 1;
}

static void zcx_pace_gain(struct zcx_pace *pace, u64 now)
{
	u64 room = pace->depth - min(pace->tokens, pace->depth);
	u64 gain;

	if (now <= pace->at)
		return;
	if (now - pace->at >= zcx_pace_time(pace, room)) {
		pace->tokens += room;
		pace->at = now;
		return;
	}
	gain = mul_u64_u64_div_u64(now - pace->at, pace->rate, NSEC_PER_SEC);
	if (!gain)
		return;
	pace->tokens += gain;
	/* What is left of a byte counts the next time. */
	pace->at += mul_u64_u64_div_u64(gain, NSEC_PER_SEC, pace->rate);
}

/**
 * zcx_pace_allowance() - bytes that may leave now
 * @pace: the bucket
 * @now: the time, ns
 *
 * Context: any; whoever runs the link.
 * Return: at most a grain; 0: wait until zcx_pace_next(); U64_MAX: no limit.
 */
u64 zcx_pace_allowance(struct zcx_pace *pace, u64 now)
{
	if (!pace->rate)
		return U64_MAX;
	zcx_pace_gain(pace, now);
	return pace->tokens < pace->grain ? 0 : pace->grain;
}

/**
 * zcx_pace_spend() - bytes have left
 * @pace: the bucket
 * @bytes: how many, at most what zcx_pace_allowance() said
 *
 * Context: any; whoever runs the link.
 */
void zcx_pace_spend(struct zcx_pace *pace, u64 bytes)
{
	if (pace->rate)
		pace->tokens -= min(bytes, pace->tokens);
}

/**
 * zcx_pace_next() - when may the next grain leave?
 * @pace: a bucket that allows nothing now
 *
 * Context: any; whoever runs the link.
 * Return: the time, ns.
 */
u64 zcx_pace_next(const struct zcx_pace *pace)
{
	return pace->at + zcx_pace_time(pace, pace->grain - pace->tokens);
}
