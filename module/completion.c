// SPDX-License-Identifier: GPL-2.0
/*
 * Events: one for each link that ran by itself.
 *
 * The link itself waits in its context's queue until its event is read: to post
 * one needs no memory, and who reads none is bounded by the limit of links.
 */
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "async.h"
#include "completion.h"
#include "context.h"
#include "link.h"
#include "sink.h"
#include "turn.h"

/* What has become of @link, to user space. Returns false on a fault. */
static bool zcx_event_write(struct zcx_event __user *to,
			    const struct zcx_live_link *link)
{
	/* No calls while user memory is open. */
	u64 bytes_sent = zcx_link_bytes_sent(link);

	if (!user_write_access_begin(to, sizeof(*to)))
		return false;
	unsafe_put_user(link->id, &to->id, fault);
	unsafe_put_user(link->user_data, &to->user_data, fault);
	unsafe_put_user(bytes_sent, &to->bytes_sent, fault);
	unsafe_put_user(link->sent[ZCX_TAG_MEMORY], &to->bytes_memory, fault);
	unsafe_put_user(link->sent[ZCX_TAG_CACHE], &to->bytes_cache, fault);
	unsafe_put_user(link->sent[ZCX_TAG_SPLICE], &to->bytes_splice, fault);
	unsafe_put_user(link->copied, &to->bytes_copied, fault);
	unsafe_put_user(link->state, &to->state, fault);
	unsafe_put_user(link->error, &to->error, fault);
	unsafe_put_user(link->sink->result_flags, &to->result_flags, fault);
	unsafe_put_user(0, &to->__reserved, fault);
	unsafe_put_user(link->sent[ZCX_TAG_DIRECT], &to->bytes_direct, fault);
	user_write_access_end();
	return true;
fault:
	user_write_access_end();
	return false;
}

/*
 * Out of the context: nobody finds it any more. Nor does it count, in whatever limit:
 * who is told of its end may submit the next one. The lock is held.
 */
static void zcx_completion_unlink(struct zcx_live_link *link)
{
	list_del(&link->node);
	hlist_del(&link->async->by_id);
	link->ctx->nr_links--;
	zcx_link_uncharge(link);
}

/* One more event, of the last in @ctx->events. The lock is held. */
static void zcx_completion_tell(struct zcx_context *ctx)
{
	ctx->nr_events++;
	/* Under the lock: once the event is read, @ctx may be gone. */
	if (wq_has_sleeper(&ctx->wait))
		wake_up_poll(&ctx->wait, EPOLLIN | EPOLLRDNORM);
}

/**
 * zcx_completion_post() - a link that ran by itself has ended
 * @link: the link, in a final state, holding nothing but its place in the line to
 *	its socket; may be gone afterwards
 *
 * Whoever reads the event finds that the link has left the line; and the next one
 * in it cannot be faster with its own event.
 *
 * Context: process context.
 */
void zcx_completion_post(struct zcx_live_link *link)
{
	struct zcx_context *ctx = link->ctx;
	bool read;

	spin_lock(&ctx->lock);
	read = ctx->closed || link->async->complete;
	if (read) {
		zcx_completion_unlink(link);
	} else {
		list_move_tail(&link->node, &ctx->events);
		zcx_completion_tell(ctx);
	}
	/* Here, for the same reason: and no descriptor tells of it any more. */
	if (link->async->complete)
		link->async->complete(link);
	zcx_link_leave_line(link);
	spin_unlock(&ctx->lock);
	if (read)
		zcx_link_put(link);
}

/**
 * zcx_completion_post_at_once() - what was to be a link has ended, and gets an id
 * @link: from zcx_link_end_at_once(); the caller's reference becomes its context's; may
 *	be gone afterwards
 * @turn: the place in the line to its socket; is left, as in zcx_completion_post()
 * @whole: all of its bytes have gone
 *
 * Context: process context of the submitter: @link's context is not closed meanwhile.
 * Return: its id.
 */
u64 zcx_completion_post_at_once(struct zcx_live_link *link,
				struct zcx_turn *turn, bool whole)
{
	struct zcx_context *ctx = link->ctx;
	u64 id;

	spin_lock(&ctx->lock);
	zcx_link_enlist(link, &ctx->events);
	id = link->id;
	zcx_completion_tell(ctx);
	zcx_turn_leave(turn, whole);
	spin_unlock(&ctx->lock);
	return id;
}

/**
 * zcx_completion_pending() - is there an event to read?
 * @ctx: the context
 *
 * Context: any.
 * Return: true if so; another reader may be faster.
 */
bool zcx_completion_pending(struct zcx_context *ctx)
{
	return !list_empty_careful(&ctx->events);
}

/* The oldest event's link; stays where it is. */
static struct zcx_live_link *zcx_completion_first(struct zcx_context *ctx)
{
	struct zcx_live_link *link;

	spin_lock(&ctx->lock);
	link = list_first_entry_or_null(&ctx->events, struct zcx_live_link,
					node);
	spin_unlock(&ctx->lock);
	return link;
}

/* The oldest event leaves the queue. Returns the next one's link, or NULL. */
static struct zcx_live_link *zcx_completion_drop(struct zcx_live_link *link)
{
	struct zcx_context *ctx = link->ctx;
	struct zcx_live_link *next;

	spin_lock(&ctx->lock);
	zcx_completion_unlink(link);
	ctx->nr_events--;
	next = list_first_entry_or_null(&ctx->events, struct zcx_live_link,
					node);
	spin_unlock(&ctx->lock);
	zcx_link_put(link);
	return next;
}

/*
 * Copy out as many events as there are and fit. One leaves the queue only when
 * it has arrived; @ctx->reading keeps readers from getting the same one.
 */
static ssize_t zcx_completion_take(struct zcx_context *ctx, char __user *buf,
				   size_t count)
{
	struct zcx_event __user *to = (struct zcx_event __user *)buf;
	struct zcx_live_link *link;
	ssize_t done = 0;

	if (mutex_lock_interruptible(&ctx->reading))
		return -ERESTARTSYS;
	link = zcx_completion_first(ctx);
	while (link && count - done >= sizeof(*to)) {
		if (!zcx_event_write(to++, link)) {
			done = done ?: -EFAULT;
			break;
		}
		link = zcx_completion_drop(link);
		done += sizeof(*to);
	}
	mutex_unlock(&ctx->reading);
	return done;
}

/**
 * zcx_completion_read() - read(2) of events
 * @ctx: the context
 * @buf: where to
 * @count: bytes that fit there
 * @nonblock: do not wait for one
 *
 * Context: process context; may sleep.
 * Return: bytes, a multiple of the size of struct zcx_event; -EINVAL: not even
 * one fits; -EAGAIN; -EFAULT; -ERESTARTSYS.
 */
ssize_t zcx_completion_read(struct zcx_context *ctx, char __user *buf,
			    size_t count, bool nonblock)
{
	ssize_t ret;

	if (count < sizeof(struct zcx_event))
		return -EINVAL;
	count = min_t(size_t, count, INT_MAX);
	for (;;) {
		ret = zcx_completion_take(ctx, buf, count);
		if (ret)
			return ret;
		if (nonblock)
			return -EAGAIN;
		ret = wait_event_interruptible(ctx->wait,
					       zcx_completion_pending(ctx));
		if (ret)
			return ret;
	}
}

/**
 * zcx_completion_close() - nobody will read events any more
 * @ctx: the context; links that end from now on leave none
 *
 * Context: process context.
 */
void zcx_completion_close(struct zcx_context *ctx)
{
	struct zcx_live_link *link;

	spin_lock(&ctx->lock);
	ctx->closed = true;
	spin_unlock(&ctx->lock);
	link = zcx_completion_first(ctx);
	while (link)
		link = zcx_completion_drop(link);
}
