/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_QUERY_H
#define _ZCX_QUERY_H

#include <linux/zcx.h>

struct zcx_live_link;

void zcx_link_query(const struct zcx_live_link *link, struct zcx_query *query);
void zcx_link_result(const struct zcx_live_link *link, struct zcx_link *cmd);
const char *zcx_state_name(u32 state);
const char *zcx_wait_name(u32 wait);

#endif /* _ZCX_QUERY_H */
