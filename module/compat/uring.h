/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels in IORING_OP_URING_CMD: where the command stands,
 * and whether io_uring can ask for one to be cancelled (6.7 and later).
 */
#ifndef _ZCX_URING_H
#define _ZCX_URING_H

#include <linux/errno.h>
#include <linux/io_uring.h>
#include <linux/sched/task.h>
#ifdef ZCX_HAVE_URING_CMD_H
#include <linux/io_uring/cmd.h>
#endif

#ifdef ZCX_HAVE_URING_SQE
static inline const void *zcx_uring_payload(const struct io_uring_cmd *cmd)
{
	return io_uring_sqe_cmd(cmd->sqe);
}
#else
static inline const void *zcx_uring_payload(const struct io_uring_cmd *cmd)
{
	return cmd->cmd;
}
#endif

#ifdef ZCX_HAVE_URING_CANCEL
static inline bool zcx_uring_is_cancel(unsigned int issue_flags)
{
	return issue_flags & IO_URING_F_CANCEL;
}

/* The task that must be looked at, with a reference; NULL: none. */
static inline struct task_struct *zcx_uring_task(void)
{
	return NULL;
}

static inline void zcx_uring_mark_cancelable(struct io_uring_cmd *cmd,
					     unsigned int issue_flags)
{
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
}
#else
/* Then only zcx_uring_flush(), or looking at its task, ends it with its process. */
static inline bool zcx_uring_is_cancel(unsigned int issue_flags)
{
	return false;
}

static inline struct task_struct *zcx_uring_task(void)
{
	return get_task_struct(current);
}

static inline void zcx_uring_mark_cancelable(struct io_uring_cmd *cmd,
					     unsigned int issue_flags)
{
}
#endif

#endif /* _ZCX_URING_H */
