/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_SUBMIT_H
#define _ZCX_SUBMIT_H

struct zcx_context;
struct file;
struct zcx_link;
struct zcx_live_link;
struct zcx_range;

struct zcx_live_link *zcx_submit(struct zcx_context *ctx,
				 const struct zcx_link *cmd);

int zcx_submit_init(void);
void zcx_submit_exit(void);

struct zcx_live_link *zcx_submit_rest(struct zcx_context *ctx,
				      const struct zcx_link *cmd,
				      struct file *socket,
				      const struct zcx_range *ranges,
				      unsigned int count);

struct zcx_live_link *zcx_submit_reserve(struct zcx_context *ctx,
					 const struct zcx_link *cmd,
					 unsigned int files);
void zcx_submit_unreserve(struct zcx_live_link *link);
int zcx_submit_reserved(struct zcx_live_link *link, const struct zcx_link *cmd,
			struct file *socket, const struct zcx_range *ranges,
			unsigned int count);

#endif /* _ZCX_SUBMIT_H */
