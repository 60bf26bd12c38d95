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

static void zcx_event_fill(struct zcx_event *event,
			   const struct zcx_live_link *link)
{
	*event = (struct zcx_event) {
		.id		= link->id,
		.user_data	= link->user_data,
		.bytes_sent	= zcx_link_bytes_sent(link),
		.bytes_memory	= link->sent[ZCX_TAG_MEMORY],
		.bytes_cache	= link->sent[ZCX_TAG_CACHE],
		.bytes_splice	= link->sent[ZCX_TAG_SPLICE],
		.bytes_direct	= link->sent[ZCX_TAG_DIRECT],
		.bytes_copied	= link->copied,
		.state		= link->state,
		.error		= link->error,
		.result_flags	= link->sink->result_flags,
	};
}

/* Out of the context: nobody finds it any more. The lock is held. */
static void zcx_completion_unlink(struct zcx_live_link *link)
{
	list_del(&link->node);
	hlist_del(&link->async->by_id);
	link->ctx->nr_links--;
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

	if (link->async->complete)
		link->async->complete(link);
	spin_lock(&ctx->lock);
	read = ctx->closed || link->async->complete;
	if (read) {
		zcx_completion_unlink(link);
	} else {
		list_move_tail(&link->node, &ctx->events);
		ctx->nr_events++;
		/* Under the lock: once the event is read, @ctx may be gone. */
		if (wq_has_sleeper(&ctx->wait))
			wake_up_poll(&ctx->wait, EPOLLIN | EPOLLRDNORM);
	}
	zcx_link_leave_line(link);
	spin_unlock(&ctx->lock);
	if (read)
		zcx_link_put(link);
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

static void zcx_completion_drop(struct zcx_live_link *link)
{
	struct zcx_context *ctx = link->ctx;

	spin_lock(&ctx->lock);
	zcx_completion_unlink(link);
	ctx->nr_events--;
	spin_unlock(&ctx->lock);
	zcx_link_put(link);
}

/*
 * Copy out as many events as there are and fit. One leaves the queue only when
 * it has arrived; @ctx->reading keeps readers from getting the same one.
 */
static ssize_t zcx_completion_take(struct zcx_context *ctx, char __user *buf,
				   size_t count)
{
	struct zcx_live_link *link;
	struct zcx_event event;
	ssize_t done = 0;

	if (mutex_lock_interruptible(&ctx->reading))
		return -ERESTARTSYS;
	while (count - done >= sizeof(event)) {
		link = zcx_completion_first(ctx);
		if (!link)
			break;
		zcx_event_fill(&event, link);
		if (copy_to_user(buf + done, &event, sizeof(event))) {
			done = done ?: -EFAULT;
			break;
		}
		zcx_completion_drop(link);
		done += sizeof(event);
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
	while ((link = zcx_completion_first(ctx)))
		zcx_completion_drop(link);
}
