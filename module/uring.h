/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_URING_CMD_H
#define _ZCX_URING_CMD_H

struct io_uring_cmd;
struct zcx_context;

int zcx_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);
void zcx_uring_flush(struct zcx_context *ctx, void *files);

#endif /* _ZCX_URING_CMD_H */
