/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_PACE_H
#define _ZCX_PACE_H

#include <linux/types.h>

/**
 * struct zcx_pace - a token bucket: how fast a link may send
 * @rate: bytes per second; 0: as fast as it can, and the rest means nothing
 * @grain: bytes that are worth waking up for
 * @depth: most bytes that may be saved up
 * @tokens: bytes that may be sent at @at
 * @at: time of @tokens, ns
 */
struct zcx_pace {
	u64 rate;
	u64 grain;
	u64 depth;
	u64 tokens;
	u64 at;
};

void zcx_pace_init(struct zcx_pace *pace, u64 rate, u64 now);
u64 zcx_pace_allowance(struct zcx_pace *pace, u64 now);
void zcx_pace_spend(struct zcx_pace *pace, u64 bytes);
u64 zcx_pace_next(const struct zcx_pace *pace);

#endif /* _ZCX_PACE_H */
