/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_SUBMIT_H
#define _ZCX_SUBMIT_H

struct zcx_context;
struct zcx_link;
struct zcx_live_link;

struct zcx_live_link *zcx_submit(struct zcx_context *ctx,
				 const struct zcx_link *cmd);

int zcx_submit_init(void);
void zcx_submit_exit(void);

#endif /* _ZCX_SUBMIT_H */
