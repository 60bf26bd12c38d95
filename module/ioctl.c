// SPDX-License-Identifier: GPL-2.0
/*
 * The table of operations, the size rules, and handlers that only translate
 * between the ABI and the rest of the module.
 *
 * The form of table and size rules is iommufd's (drivers/iommu/iommufd/main.c).
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/sched/xacct.h>
#include <linux/uaccess.h>

#include "async.h"
#include "compat/push.h"
#include "context.h"
#include "express.h"
#include "ioctl.h"
#include "link.h"
#include "probe.h"
#include "query.h"
#include "sink.h"
#include "submit.h"
#include "zcx.h"

/*
 * The ABI asserts itself: sizes as published, and no hole anywhere, so that
 * 32-bit and 64-bit callers agree and nothing of the kernel's leaks out.
 */
static_assert(sizeof(struct zcx_info) == 64);
static_assert(offsetofend(struct zcx_info, __reserved) == 48);
static_assert(offsetofend(struct zcx_info, direct_bytes_max) ==
	      sizeof(struct zcx_info));
static_assert(sizeof(struct zcx_segment) == 40);
static_assert(offsetofend(struct zcx_segment, __reserved) ==
	      sizeof(struct zcx_segment));
static_assert(sizeof(struct zcx_link) == 144);
static_assert(offsetof(struct zcx_link, id) == 40);
static_assert(offsetofend(struct zcx_link, __reserved) == 104);
static_assert(offsetofend(struct zcx_link, rate) == 128);
static_assert(offsetofend(struct zcx_link, bytes_direct) ==
	      sizeof(struct zcx_link));
static_assert(sizeof(struct zcx_event) == 80);
static_assert(offsetofend(struct zcx_event, bytes_direct) ==
	      sizeof(struct zcx_event));
static_assert(sizeof(struct zcx_control) == 16);
static_assert(offsetofend(struct zcx_control, id) ==
	      sizeof(struct zcx_control));
static_assert(sizeof(struct zcx_query) == 56);
static_assert(offsetofend(struct zcx_query, result_flags) ==
	      sizeof(struct zcx_query));
static_assert(sizeof(struct zcx_probe) == 128);
static_assert(offsetofend(struct zcx_probe, device) ==
	      sizeof(struct zcx_probe));
static_assert(sizeof(struct zcx_submit) == 32);
static_assert(offsetofend(struct zcx_submit, error) ==
	      sizeof(struct zcx_submit));

/**
 * struct zcx_call - one ioctl under way
 * @ctx: whose
 * @uptr: the caller's struct
 * @usize: its size as the caller knows it
 * @cmd: its contents; zeros beyond @usize
 */
struct zcx_call {
	struct zcx_context *ctx;
	void __user *uptr;
	u32 usize;
	void *cmd;
};

/* Write back what the caller has room for: mostly all, and then @ksize is known. */
static __always_inline int zcx_respond(const struct zcx_call *call,
				       size_t ksize)
{
	unsigned long left;

	if (call->usize >= ksize)
		left = copy_to_user(call->uptr, call->cmd, ksize);
	else
		left = copy_to_user(call->uptr, call->cmd, call->usize);
	return left ? -EFAULT : 0;
}

/*
 * The members of a link that are the kernel's to write. They are few, and written
 * often: no copy of the whole struct.
 */
static __always_inline int zcx_respond_link(const struct zcx_call *call)
{
	const struct zcx_link *cmd = call->cmd;
	struct zcx_link __user *to = call->uptr;

	if (call->usize < sizeof(*cmd))
		return zcx_respond(call, sizeof(*cmd));
	if (!user_write_access_begin(to, sizeof(*to)))
		return -EFAULT;
	unsafe_put_user(cmd->id, &to->id, fault);
	unsafe_put_user(cmd->bytes_sent, &to->bytes_sent, fault);
	unsafe_put_user(cmd->bytes_memory, &to->bytes_memory, fault);
	unsafe_put_user(cmd->bytes_cache, &to->bytes_cache, fault);
	unsafe_put_user(cmd->bytes_splice, &to->bytes_splice, fault);
	unsafe_put_user(cmd->bytes_copied, &to->bytes_copied, fault);
	unsafe_put_user(cmd->state, &to->state, fault);
	unsafe_put_user(cmd->error, &to->error, fault);
	unsafe_put_user(cmd->result_flags, &to->result_flags, fault);
	unsafe_put_user(cmd->bytes_direct, &to->bytes_direct, fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

/*
 * Could that be written back? Writes the first and the last byte as they are;
 * no struct is larger than a page, so that no page lies between them.
 */
static __always_inline bool zcx_can_respond(const struct zcx_call *call,
					    size_t ksize)
{
	size_t last = min_t(size_t, call->usize, ksize) - 1;
	const u8 *from = call->cmd;
	u8 __user *to = call->uptr;

	if (!user_write_access_begin(to, last + 1))
		return false;
	unsafe_put_user(from[0], to, fault);
	unsafe_put_user(from[last], to + last, fault);
	user_write_access_end();
	return true;
fault:
	user_write_access_end();
	return false;
}

static int zcx_op_info(struct zcx_call *call)
{
	struct zcx_info *info = call->cmd;

	if (info->flags)
		return -EOPNOTSUPP;
	info->abi_version = ZCX_ABI_VERSION;
	info->push = zcx_push_method();
	info->features = ZCX_FEATURE_SYNC | ZCX_FEATURE_LANE_CACHE |
			 ZCX_FEATURE_LANE_SPLICE | ZCX_FEATURE_ASYNC |
			 ZCX_FEATURE_ACKED | ZCX_FEATURE_LANE_DIRECT |
			 ZCX_FEATURE_PROBE;
	if (IS_ENABLED(CONFIG_FSNOTIFY))
		info->features |= ZCX_FEATURE_FOLLOW;
	if (IS_ENABLED(CONFIG_IO_URING))
		info->features |= ZCX_FEATURE_URING;
	if (IS_ENABLED(CONFIG_TLS))
		info->features |= ZCX_FEATURE_KTLS;
	info->max_segments = ZCX_MAX_SEGMENTS;
	info->max_memory_segment = ZCX_MAX_MEMORY_SEGMENT;
	info->max_memory_link = ZCX_MAX_MEMORY_LINK;
	info->max_links = zcx_max_links();
	info->batch_bytes = zcx_batch_bytes();
	info->__reserved = 0;
	info->direct_threshold = zcx_direct_threshold();
	info->direct_bytes_max = zcx_direct_bytes_max();
	return zcx_respond(call, sizeof(*info));
}

static inline int zcx_check_link(const struct zcx_link *cmd)
{
	if (cmd->flags & ~(ZCX_LINK_SYNC | ZCX_LINK_NOSIGNAL | ZCX_LINK_ACKED |
			   ZCX_LINK_FOLLOW | ZCX_LINK_NOWAIT |
			   ZCX_LINK_DROP_BEHIND))
		return -EOPNOTSUPP;
	if (cmd->__reserved)
		return -EINVAL;
	if (!(cmd->flags & ZCX_LINK_SYNC))
		return 0;
	return cmd->flags & (ZCX_LINK_ACKED | ZCX_LINK_FOLLOW) ||
	       cmd->deadline_ns || cmd->idle_ns || cmd->rate ? -EINVAL : 0;
}

/* A link that runs by itself: from here on its errors are its event's. */
static int zcx_start_link(struct zcx_call *call, struct zcx_link *cmd,
			  struct zcx_live_link *link)
{
	zcx_async_start(link);
	zcx_link_result(link, cmd);
	zcx_link_put(link);
	return zcx_respond(call, sizeof(*cmd));
}

/* A synchronous link, to its end. */
static int zcx_run_link(struct zcx_link *cmd, struct zcx_live_link *link,
			bool *of_socket)
{
	int err = zcx_link_run(link);

	*of_socket = !link->stop;
	zcx_link_result(link, cmd);
	zcx_link_put(link);
	return err;
}

/* The outcome of a synchronous link, as of a write(2). */
static inline void zcx_note_outcome(const struct zcx_link *cmd, int err,
				    bool of_socket)
{
	/* Only of the socket's: a file may fail with EPIPE too. */
	if (err == -EPIPE && of_socket && !(cmd->flags & ZCX_LINK_NOSIGNAL))
		send_sig(SIGPIPE, current, 0);
	add_wchar(current, cmd->bytes_sent);
}

static int zcx_op_link(struct zcx_call *call)
{
	struct zcx_link *cmd = call->cmd;
	struct zcx_live_link *link;
	bool of_socket = true;
	int err, fault;

	err = zcx_check_link(cmd);
	if (err)
		return err;
	/* Find out now whether the result can be written, not when all is sent. */
	if (!zcx_can_respond(call, sizeof(*cmd)))
		return -EFAULT;

	err = zcx_express(call->ctx, cmd);
	if (unlikely(err == ZCX_NO_EXPRESS)) {
		link = zcx_submit(call->ctx, cmd);
		if (IS_ERR(link))
			return PTR_ERR(link);
		if (link->async)
			return zcx_start_link(call, cmd, link);
		err = zcx_run_link(cmd, link, &of_socket);
	}
	/* Of one that runs by itself, its event says the rest. */
	if (cmd->flags & ZCX_LINK_SYNC)
		zcx_note_outcome(cmd, err, of_socket);
	fault = zcx_respond_link(call);
	return err ?: fault;
}

/**
 * zcx_ioctl_accept() - ZCX_IOC_LINK, up to where the link would run
 * @ctx: whose it will be
 * @uptr: the caller's struct zcx_link; its out members are written
 *
 * Context: process context of the submitter; may sleep.
 * Return: the link, to be given to zcx_async_start(), with a reference that is
 * the caller's; or an ERR_PTR, as the table in <linux/zcx.h> says.
 */
struct zcx_live_link *zcx_ioctl_accept(struct zcx_context *ctx,
				       void __user *uptr)
{
	struct zcx_link cmd;
	struct zcx_call call = { .ctx = ctx, .uptr = uptr, .cmd = &cmd };
	struct zcx_live_link *link;
	int err;

	if (get_user(call.usize, (u32 __user *)uptr))
		return ERR_PTR(-EFAULT);
	if (call.usize < offsetofend(struct zcx_link, __reserved))
		return ERR_PTR(-EINVAL);
	if (call.usize > PAGE_SIZE)
		return ERR_PTR(-E2BIG);
	err = copy_struct_from_user(&cmd, sizeof(cmd), uptr, call.usize);
	if (!err)
		err = zcx_check_link(&cmd);
	if (!err && cmd.flags & ZCX_LINK_SYNC)
		err = -EINVAL;
	if (!err && !zcx_can_respond(&call, sizeof(cmd)))
		err = -EFAULT;
	if (err)
		return ERR_PTR(err);
	link = zcx_submit(ctx, &cmd);
	if (IS_ERR(link))
		return link;
	zcx_link_result(link, &cmd);
	/* It could be written a moment ago; the link goes on without. */
	zcx_respond(&call, sizeof(cmd));
	return link;
}

static int zcx_control(struct zcx_call *call,
		       int (*control)(struct zcx_live_link *link))
{
	const struct zcx_control *cmd = call->cmd;
	struct zcx_live_link *link;
	int err;

	if (cmd->flags)
		return -EOPNOTSUPP;
	link = zcx_async_find(call->ctx, cmd->id);
	if (!link)
		return -ENOENT;
	err = control(link);
	zcx_link_put(link);
	return err;
}

static int zcx_op_cancel(struct zcx_call *call)
{
	return zcx_control(call, zcx_async_cancel);
}

static int zcx_pause(struct zcx_live_link *link)
{
	return zcx_async_pause(link, true);
}

static int zcx_resume(struct zcx_live_link *link)
{
	return zcx_async_pause(link, false);
}

static int zcx_op_pause(struct zcx_call *call)
{
	return zcx_control(call, zcx_pause);
}

static int zcx_op_resume(struct zcx_call *call)
{
	return zcx_control(call, zcx_resume);
}

static int zcx_op_query(struct zcx_call *call)
{
	struct zcx_query *cmd = call->cmd;
	struct zcx_live_link *link;

	if (cmd->flags)
		return -EOPNOTSUPP;
	link = zcx_async_find(call->ctx, cmd->id);
	if (!link)
		return -ENOENT;
	spin_lock(&call->ctx->lock);
	zcx_link_query(link, cmd);
	spin_unlock(&call->ctx->lock);
	zcx_link_put(link);
	return zcx_respond(call, sizeof(*cmd));
}

static int zcx_op_probe(struct zcx_call *call)
{
	int err;

	err = zcx_probe(call->cmd);
	return err ?: zcx_respond(call, sizeof(struct zcx_probe));
}

/* One of the links of zcx_op_submit(), which is a call of its own. */
static int zcx_submit_one(struct zcx_call *outer, u64 addr, u32 size)
{
	struct zcx_link cmd;
	struct zcx_call call = {
		.ctx = outer->ctx,
		.uptr = u64_to_user_ptr(addr),
		.usize = size,
		.cmd = &cmd,
	};
	int err;

	err = copy_struct_from_user(&cmd, sizeof(cmd), call.uptr, size);
	if (err)
		return err;
	if (cmd.size != size || cmd.flags & ZCX_LINK_SYNC)
		return -EINVAL;
	return zcx_op_link(&call);
}

static int zcx_op_submit(struct zcx_call *call)
{
	struct zcx_submit *cmd = call->cmd;
	u32 i;
	int err = 0;

	if (cmd->flags)
		return -EOPNOTSUPP;
	if (!cmd->link_count ||
	    cmd->link_size < offsetofend(struct zcx_link, __reserved))
		return -EINVAL;
	if (cmd->link_count > ZCX_MAX_SUBMIT || cmd->link_size > PAGE_SIZE)
		return -E2BIG;
	if (!zcx_can_respond(call, sizeof(*cmd)))
		return -EFAULT;

	for (i = 0; i < cmd->link_count; i++) {
		/* Nobody is left to tell the ids to. */
		err = fatal_signal_pending(current) ? -EINTR : 0;
		if (!err)
			err = zcx_submit_one(call, cmd->links +
					     (u64)i * cmd->link_size,
					     cmd->link_size);
		if (err)
			break;
		cond_resched();
	}
	cmd->submitted = i;
	cmd->error = -err;
	err = zcx_respond(call, sizeof(*cmd)) ?: err;
	return i ? 0 : err;
}

/* Large enough for the largest struct, so that none needs an allocation. */
union zcx_cmd {
	struct zcx_info info;
	struct zcx_link link;
	struct zcx_control control;
	struct zcx_query query;
	struct zcx_submit submit;
	struct zcx_probe probe;
};

struct zcx_op {
	unsigned int cmd;
	u32 size;	/* of the struct as this module knows it */
	u32 min_size;	/* of its first version */
	int (*handler)(struct zcx_call *call);
};

#define ZCX_OP(_cmd, _handler, _struct, _last)				\
	[_IOC_NR(_cmd)] = {						\
		.cmd = _cmd,						\
		.size = sizeof(_struct) +				\
			BUILD_BUG_ON_ZERO(sizeof(union zcx_cmd) <	\
					  sizeof(_struct)),		\
		.min_size = offsetofend(_struct, _last),		\
		.handler = _handler,					\
	}

static const struct zcx_op zcx_ops[] = {
	ZCX_OP(ZCX_IOC_INFO, zcx_op_info, struct zcx_info, __reserved),
	ZCX_OP(ZCX_IOC_LINK, zcx_op_link, struct zcx_link, __reserved),
	ZCX_OP(ZCX_IOC_CANCEL, zcx_op_cancel, struct zcx_control, id),
	ZCX_OP(ZCX_IOC_PAUSE, zcx_op_pause, struct zcx_control, id),
	ZCX_OP(ZCX_IOC_RESUME, zcx_op_resume, struct zcx_control, id),
	ZCX_OP(ZCX_IOC_QUERY, zcx_op_query, struct zcx_query, result_flags),
	ZCX_OP(ZCX_IOC_SUBMIT, zcx_op_submit, struct zcx_submit, error),
	ZCX_OP(ZCX_IOC_PROBE, zcx_op_probe, struct zcx_probe, device),
};

/**
 * zcx_ioctl() - find an operation, copy its struct in, call its handler
 * @file: an open /dev/zcx
 * @cmd: ioctl number
 * @arg: address of the caller's struct
 *
 * Context: process context; may sleep.
 * Return: 0 or -errno, as the table in <linux/zcx.h> says.
 */
long zcx_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	/* Copied in first of all, as much of it as an operation looks at. */
	union zcx_cmd buf __uninitialized;
	struct zcx_call call = {
		.ctx = file->private_data,
		.uptr = (void __user *)arg,
		.cmd = &buf,
	};
	unsigned int nr = _IOC_NR(cmd);
	const struct zcx_op *op;
	int err;

	if (nr >= ARRAY_SIZE(zcx_ops) || zcx_ops[nr].cmd != cmd)
		return -ENOTTY;
	op = &zcx_ops[array_index_nospec(nr, ARRAY_SIZE(zcx_ops))];

	if (get_user(call.usize, (u32 __user *)call.uptr))
		return -EFAULT;
	if (call.usize < op->min_size)
		return -EINVAL;
	/* No struct comes near; more is not worth looking through for zeros. */
	if (call.usize > PAGE_SIZE)
		return -E2BIG;
	/* The one that is called most, of this version: all sizes are known. */
	if (op->handler == zcx_op_link && call.usize == sizeof(buf.link)) {
		if (copy_from_user(&buf.link, call.uptr, sizeof(buf.link)))
			return -EFAULT;
		return zcx_op_link(&call);
	}
	err = copy_struct_from_user(&buf, op->size, call.uptr, call.usize);
	return err ?: op->handler(&call);
}
