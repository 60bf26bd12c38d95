/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_STEP_H
#define _ZCX_STEP_H

#include <linux/types.h>

struct zcx_live_link;

/**
 * enum zcx_step - what is to become of a link that has gone as far as it can
 * @ZCX_STEP_END: it has ended, with @outcome of its struct zcx_async
 * @ZCX_STEP_WAIT: run it again when it is woken, or at @wake_at
 * @ZCX_STEP_FETCH: bytes at @fetch_pos of the range @fetch_range are not at hand
 * @ZCX_STEP_YIELD: it could go on; let others go first
 */
enum zcx_step {
	ZCX_STEP_END,
	ZCX_STEP_WAIT,
	ZCX_STEP_FETCH,
	ZCX_STEP_YIELD,
};

enum zcx_step zcx_link_step(struct zcx_live_link *link, u64 now);

#endif /* _ZCX_STEP_H */
