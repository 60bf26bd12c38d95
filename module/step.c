// SPDX-License-Identifier: GPL-2.0
/*
 * The state machine of links that run by themselves: as far as a link can go
 * without waiting for anything, and then what it waits for.
 *
 * Time is an argument. Who calls this, when, and that nobody else does at the
 * same time, is the business of async.c.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/stat.h>
#include <linux/time64.h>

#include "async.h"
#include "context.h"
#include "gather.h"
#include "lane.h"
#include "link.h"
#include "program.h"
#include "sink.h"
#include "stats.h"
#include "step.h"
#include "trace.h"

/* Least bytes to gather, however full the sink says it is. */
#define ZCX_GATHER_MIN		SZ_64K

/* Batches that a link sends before others get their turn. */
#define ZCX_BATCHES_A_RUN	4

/*
 * How long it may take until a wake-up by an ACK that was missed is made good;
 * and how often TLS is asked, which wakes nobody.
 */
#define ZCX_LOOK_AGAIN_NS	(NSEC_PER_SEC / 4)
#define ZCX_SETTLE_NS		(10 * NSEC_PER_MSEC)

/* How often a file that is followed is looked at: for who writes by mmap(2). */
#define ZCX_GROWTH_NS		NSEC_PER_SEC

/* First and longest pause when the sink has room but the system no memory. */
#define ZCX_PAUSE_MIN_NS	(2 * NSEC_PER_MSEC)
#define ZCX_PAUSE_SHIFT_MAX	7

static void zcx_wake_by(struct zcx_async *async, u64 when)
{
	async->wake_at = min(async->wake_at, when);
}

static enum zcx_step zcx_step_wait(struct zcx_live_link *link,
				   enum zcx_wait what)
{
	/* Held back by us: what was sent is not to wait with us. */
	if (what == ZCX_WAIT_PACE || what == ZCX_WAIT_PAUSED)
		zcx_link_uncork(link);
	zcx_link_rest(link);
	WRITE_ONCE(link->async->wait, what);
	zcx_link_set_state(link, ZCX_STATE_WAITING);
	if (what == ZCX_WAIT_SOCKET)
		zcx_stats_add(&link->ctx->stats, ZCX_STAT_WAITS_SOCKET, 1);
	trace_zcx_wait(link);
	return ZCX_STEP_WAIT;
}

static enum zcx_step zcx_step_end(struct zcx_live_link *link, int err)
{
	link->async->outcome = err;
	return ZCX_STEP_END;
}

static enum zcx_step zcx_step_fetch(struct zcx_live_link *link)
{
	zcx_link_uncork(link);
	zcx_link_rest(link);
	WRITE_ONCE(link->async->wait, ZCX_WAIT_DISK);
	zcx_link_set_state(link, ZCX_STATE_WAITING);
	zcx_stats_add(&link->ctx->stats, ZCX_STAT_WAITS_DISK, 1);
	trace_zcx_wait(link);
	return ZCX_STEP_FETCH;
}

/* Is the sink expected to take bytes, so that it is to blame if it does not? */
static bool zcx_link_is_offering(const struct zcx_live_link *link)
{
	const struct zcx_async *async = link->async;

	if (!zcx_turn_is_first(&link->turn))
		return false;
	return async->limits.idle_always ||
	       !(READ_ONCE(async->paused) || link->at_end);
}

/*
 * Has its time run out, or has somebody ended it? Sets the time by which this
 * must be asked again.
 */
static int zcx_link_overdue(struct zcx_live_link *link, u64 now)
{
	struct zcx_async *async = link->async;
	const struct zcx_limits *limits = &async->limits;
	bool offering;

	if (atomic_read(&async->ending) != ZCX_ENDING_NOT)
		return -ECANCELED;
	if (now >= limits->deadline)
		return -ETIMEDOUT;
	zcx_wake_by(async, limits->deadline);
	if (!limits->idle)
		return 0;
	offering = zcx_link_is_offering(link);
	if (!offering || !async->offering)
		async->progress = now;
	async->offering = offering;
	if (!offering)
		return 0;
	if (now - async->progress >= limits->idle)
		return -ETIMEDOUT;
	zcx_wake_by(async, async->progress + limits->idle);
	return 0;
}

/*
 * The sink takes no more for now.
 *
 * Return: true if that has changed already, and it is to be tried again.
 */
static bool zcx_link_await_sink(struct zcx_live_link *link, u64 now)
{
	struct zcx_async *async = link->async;
	unsigned int shift;

	if (link->sink->ops->watch(link->sink, false))
		return false;
	/* Once may be chance. Twice: it has room, the system has no memory. */
	if (!async->pauses++)
		return true;
	shift = min_t(unsigned int, async->pauses - 2, ZCX_PAUSE_SHIFT_MAX);
	zcx_wake_by(async, now + ((u64)ZCX_PAUSE_MIN_NS << shift));
	return false;
}

/* What to do about an error of zcx_link_push_some(). */
static enum zcx_step zcx_step_pushed(struct zcx_live_link *link, int err)
{
	if (err == -EAGAIN)
		return zcx_step_wait(link, ZCX_WAIT_SOCKET);
	return err == -EINTR ? ZCX_STEP_YIELD : zcx_step_end(link, err);
}

/*
 * Push what was gathered. What the sink does not take is given back: while a
 * link waits it holds no pages of a file.
 *
 * Return: 0: go on; -EAGAIN: wait for the sink; -EINTR: go on in a worker; or
 * the connection's -errno.
 */
static int zcx_link_push_some(struct zcx_live_link *link, u64 now)
{
	struct zcx_async *async = link->async;
	ssize_t n = zcx_link_push(link);

	if (n > 0) {
		async->progress = now;
		async->pauses = 0;
		zcx_pace_spend(&async->limits.pace, n);
		if (!link->sgl.bytes)
			return 0;
	} else if (zcx_is_interrupted(n)) {
		/* A signal for the submitter is none for the link. */
		zcx_link_rewind(link);
		return -EINTR;
	} else if (n != -EAGAIN) {
		return n;
	}
	zcx_link_rewind(link);
	return zcx_link_await_sink(link, now) ? 0 : -EAGAIN;
}

/* How much may be gathered now; 0: nothing, for the sake of its rate. */
static size_t zcx_link_allowance(struct zcx_live_link *link, u64 now)
{
	const struct zcx_sink_ops *ops = link->sink->ops;
	u64 allowance = zcx_pace_allowance(&link->async->limits.pace, now);
	size_t room = ops->room ? ops->room(link->sink) : SIZE_MAX;

	room = max_t(size_t, room, ZCX_GATHER_MIN);
	room = min_t(size_t, room, link->batch_bytes);
	return min_t(u64, allowance, zcx_link_whole_packets(link, room));
}

static bool zcx_link_sent_all(const struct zcx_live_link *link)
{
	return !link->sgl.bytes && zcx_link_gathered_all(link);
}

/* Room for a batch, while it runs; without memory, batches are small. */
static void zcx_link_make_room(struct zcx_live_link *link)
{
	if (zcx_sglist_size(&link->sgl) < link->entries)
		zcx_sglist_grow(&link->sgl, link->entries,
				GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
}

/*
 * How large is a file that is followed? Where the filesystem must be asked, i_size
 * may say anything; then we are in the pool of its device, and may ask it.
 */
static loff_t zcx_followed_size(const struct zcx_range *range)
{
	struct kstat stat;

	if (range->lane->sized)
		return i_size_read(file_inode(range->file));
	if (range->lane != &zcx_lane_splice ||
	    vfs_getattr(&range->file->f_path, &stat, STATX_SIZE,
			AT_STATX_SYNC_AS_STAT))
		return range->pos;
	return stat.size;
}

/*
 * All there is of a file that is followed has been sent. More comes if somebody
 * can write to it, or open it to do so.
 *
 * Return: true if the link is to wait for it.
 */
static bool zcx_link_await_growth(struct zcx_live_link *link, u64 now)
{
	const struct zcx_range *range = &link->program->ranges[link->next];
	struct inode *inode = file_inode(range->file);

	if (zcx_followed_size(range) < range->pos) {
		zcx_link_end_following(link, true);
		return false;
	}
	if (!READ_ONCE(inode->i_nlink) && !inode_is_open_for_write(inode)) {
		/* What the last writer wrote before he closed it is sent. */
		if (!range->lane->sized ||
		    i_size_read(inode) == range->pos)
			zcx_link_end_following(link, false);
		return false;
	}
	zcx_link_uncork(link);
	zcx_wake_by(link->async, now + ZCX_GROWTH_NS);
	return true;
}

/*
 * Gather and push, until all has been sent or something is to be waited for.
 *
 * Return: true if all has been sent; else what to do is in @step.
 */
static bool zcx_link_send(struct zcx_live_link *link, u64 now,
			  enum zcx_step *step)
{
	struct zcx_async *async = link->async;
	unsigned int batches = 0;
	int err;

	zcx_link_make_room(link);
	while (!zcx_link_sent_all(link)) {
		if (atomic_read(&async->ending) != ZCX_ENDING_NOT) {
			*step = zcx_step_end(link, -ECANCELED);
			return false;
		}
		link->limit = zcx_link_allowance(link, now);
		if (!link->limit) {
			zcx_wake_by(async, zcx_pace_next(&async->limits.pace));
			/* Its own rate is no reason to call a link idle. */
			async->offering = false;
			*step = zcx_step_wait(link, ZCX_WAIT_PACE);
			return false;
		}
		zcx_link_gather(link);
		if (link->missing && link->sgl.bytes < ZCX_WORTH_SENDING) {
			zcx_link_rewind(link);
			*step = zcx_step_fetch(link);
			return false;
		}
		if (!link->sgl.bytes) {
			if (link->at_end && zcx_link_await_growth(link, now)) {
				*step = zcx_step_wait(link, ZCX_WAIT_GROWTH);
				return false;
			}
			continue;
		}
		err = zcx_link_push_some(link, now);
		if (err) {
			*step = zcx_step_pushed(link, err);
			return false;
		}
		if (++batches == ZCX_BATCHES_A_RUN) {
			*step = ZCX_STEP_YIELD;
			return false;
		}
	}
	return true;
}

/* What was pushed, could it still be lost by closing the socket? */
static bool zcx_link_settled(struct zcx_live_link *link)
{
	const struct zcx_sink_ops *ops = link->sink->ops;

	return !ops->settled || ops->settled(link->sink) ||
	       (!ops->watch(link->sink, false) && ops->settled(link->sink));
}

/*
 * All is in the sink. The next link to it may go on; but if this one is about to
 * end, not before that has been told: events come in the order of the line.
 */
static void zcx_link_hand_over(struct zcx_live_link *link)
{
	if (link->async->acked && !link->stop)
		zcx_turn_leave(&link->turn, !link->is_short);
	link->async->phase = ZCX_PHASE_ACK;
}

static enum zcx_step zcx_link_await_ack(struct zcx_live_link *link, u64 now)
{
	struct zcx_async *async = link->async;
	struct zcx_sink *sink = link->sink;
	u64 left;
	int ret;

	ret = sink->ops->acked(sink, &left);
	if (!ret && !sink->ops->watch(sink, true))
		ret = sink->ops->acked(sink, &left);
	if (ret)
		return zcx_step_end(link, ret < 0 ? ret : 0);
	if (left != async->unacked)
		async->progress = now;
	async->unacked = left;
	zcx_wake_by(async, now + ZCX_LOOK_AGAIN_NS);
	return zcx_step_wait(link, ZCX_WAIT_ACK);
}

/* TLS wakes nobody when it is done: ask at growing intervals. */
static void zcx_settle_later(struct zcx_async *async, u64 now)
{
	unsigned int shift = min_t(unsigned int, async->pauses++,
				   ZCX_PAUSE_SHIFT_MAX);

	zcx_wake_by(async, now + ((u64)ZCX_SETTLE_NS << shift));
}

static enum zcx_step zcx_link_advance(struct zcx_live_link *link, u64 now)
{
	struct zcx_async *async = link->async;
	enum zcx_step step;
	bool first;

	if (async->phase == ZCX_PHASE_SEND) {
		first = zcx_turn_is_first(&link->turn);
		if (zcx_turn_is_broken(&link->turn))
			return zcx_step_end(link, -ECANCELED);
		if (!first)
			return zcx_step_wait(link, ZCX_WAIT_TURN);
		if (READ_ONCE(async->paused))
			return zcx_step_wait(link, ZCX_WAIT_PAUSED);
		if (!zcx_link_send(link, now, &step))
			return step;
		/* Before it is asked whether all has gone: this may be the rest. */
		zcx_link_uncork(link);
		async->phase = ZCX_PHASE_SETTLE;
	}
	if (async->phase == ZCX_PHASE_SETTLE) {
		if (!zcx_link_settled(link)) {
			zcx_settle_later(async, now);
			return zcx_step_wait(link, ZCX_WAIT_SOCKET);
		}
		zcx_link_hand_over(link);
	}
	if (link->stop || !async->acked)
		return zcx_step_end(link, link->stop);
	return zcx_link_await_ack(link, now);
}

/**
 * zcx_link_step() - run a link as far as it can go without waiting
 * @link: a link that runs by itself and has not ended
 * @now: the time, ns, of the clock that its limits are in
 *
 * Afterwards @link->async->wake_at is the time by which it must be run again,
 * whether it is woken or not.
 *
 * Context: process context of whoever runs the link; may sleep for locks and
 * memory, and where @link->async->pool is set also for a filesystem.
 * Return: what to do with it next.
 */
enum zcx_step zcx_link_step(struct zcx_live_link *link, u64 now)
{
	struct zcx_async *async = link->async;
	int err;

	async->wake_at = U64_MAX;
	if (link->state != ZCX_STATE_RUNNING)
		zcx_link_set_state(link, ZCX_STATE_RUNNING);
	WRITE_ONCE(async->wait, ZCX_WAIT_NONE);
	err = zcx_link_overdue(link, now);
	if (err)
		return zcx_step_end(link, err);
	return zcx_link_advance(link, now);
}
