/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_GATHER_H
#define _ZCX_GATHER_H

#include <linux/types.h>

struct zcx_live_link;

bool zcx_link_gathered_all(const struct zcx_live_link *link);
void zcx_link_gather(struct zcx_live_link *link);
void zcx_link_end_following(struct zcx_live_link *link, bool is_short);
void zcx_link_rest(struct zcx_live_link *link);

#endif /* _ZCX_GATHER_H */
