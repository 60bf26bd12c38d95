// SPDX-License-Identifier: GPL-2.0
/*
 * Links that are submitted and completed by io_uring.
 *
 * The command is completed in a task of io_uring's choice, as ublk does
 * (drivers/block/ublk_drv.c): a link ends wherever it ends. Until then the
 * command holds the file of /dev/zcx, so that neither its context is closed nor
 * the module unloaded.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/zcx.h>

#include "async.h"
#include "compat/uring.h"
#include "ioctl.h"
#include "link.h"
#include "uring.h"

/* In the command's own memory: its link, with a reference. */
struct zcx_uring_pdu {
	struct zcx_live_link *link;
};

static struct zcx_uring_pdu *zcx_uring_pdu(struct io_uring_cmd *cmd)
{
	BUILD_BUG_ON(sizeof(struct zcx_uring_pdu) > sizeof(cmd->pdu));
	return (struct zcx_uring_pdu *)cmd->pdu;
}

/* The command, and with it what keeps us loaded, is gone when this returns. */
static void zcx_uring_done(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct zcx_live_link *link = zcx_uring_pdu(cmd)->link;
	int ret = -(int)link->error;

	io_uring_cmd_done(cmd, ret, zcx_link_bytes_sent(link), issue_flags);
	zcx_link_put(link);
}

static void zcx_uring_complete(struct zcx_live_link *link)
{
	io_uring_cmd_complete_in_task(link->async->cookie, zcx_uring_done);
}

/* The ring or the process goes away; called with the ring locked. */
static int zcx_uring_cancel(struct io_uring_cmd *cmd)
{
	zcx_async_cancel(zcx_uring_pdu(cmd)->link);
	return 0;
}

/**
 * zcx_uring_cmd() - submit a link for io_uring
 * @cmd: the command; its payload is a struct zcx_uring_cmd
 * @issue_flags: io_uring's own
 *
 * Context: a task of io_uring's; may sleep for locks and memory.
 * Return: -EIOCBQUEUED, and the command is completed when the link has ended; or
 * -errno as ZCX_IOC_LINK, -ENOTTY for any other operation.
 */
int zcx_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	const struct zcx_uring_cmd *payload;
	struct zcx_live_link *link;

	if (zcx_uring_is_cancel(issue_flags))
		return zcx_uring_cancel(cmd);
	if (cmd->cmd_op != ZCX_IOC_LINK)
		return -ENOTTY;
	/* In memory that user space may write to. */
	payload = zcx_uring_payload(cmd);
	if (READ_ONCE(payload->__reserved))
		return -EINVAL;
	link = zcx_ioctl_accept(cmd->file->private_data,
				u64_to_user_ptr(READ_ONCE(payload->link)));
	if (IS_ERR(link))
		return PTR_ERR(link);
	zcx_uring_pdu(cmd)->link = link;
	link->async->cookie = cmd;
	link->async->owner = current->files;
	link->async->task = zcx_uring_task();
	link->async->complete = zcx_uring_complete;
	zcx_uring_mark_cancelable(cmd, issue_flags);
	zcx_async_start(link);
	return -EIOCBQUEUED;
}

/**
 * zcx_uring_flush() - a descriptor is being closed
 * @ctx: its context
 * @files: the table that it was in
 *
 * A process that ends closes all it has; its links end with it. Where io_uring
 * does not ask for that itself, nobody else does.
 *
 * Context: process context; may sleep for locks and memory.
 */
void zcx_uring_flush(struct zcx_context *ctx, void *files)
{
	if (current->flags & PF_EXITING)
		zcx_async_cancel_all(ctx, files);
}
