// SPDX-License-Identifier: GPL-2.0
/*
 * Who runs a link that runs by itself, and when.
 *
 * A link is run by one runner at a time: the task that submits or cancels it,
 * a worker of zcx_run_wq, or one in the pool of a disk. @run of its struct
 * zcx_async says whether there is one: to kick a link that has none is to find
 * it one; to kick a link that has one makes that look once more before it goes.
 * A runner may pass the link on, to a queue or a pool, without ever letting go
 * of it. A link that has ended keeps its last runner for ever: nobody can kick
 * it into life again.
 *
 * Nothing here waits for a socket, a disk or a clock: those kick.
 */
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "async.h"
#include "completion.h"
#include "context.h"
#include "lane.h"
#include "growth.h"
#include "link.h"
#include "program.h"
#include "sink.h"
#include "step.h"
#include "trace.h"

/* struct zcx_async.run */
#define ZCX_RUN_IDLE	0	/* no runner; kick it and it gets one */
#define ZCX_RUN_BUSY	1	/* has a runner, or stands in a queue */
#define ZCX_RUN_KICKED	2	/* likewise; and the runner is to look again */

static struct workqueue_struct *zcx_run_wq;

/**
 * zcx_async_init() - have threads for links
 *
 * Bound to CPUs: the worker is where the packet was that made room in the
 * socket. Of those on one CPU only one runs unless it blocks.
 *
 * Context: module init.
 * Return: 0 or -ENOMEM, or what fsnotify says.
 */
int zcx_async_init(void)
{
	int err;

	zcx_run_wq = alloc_workqueue("zcx", 0, 0);
	if (!zcx_run_wq)
		return -ENOMEM;
	err = zcx_disk_init();
	if (err)
		goto destroy_run;
	err = zcx_growth_init();
	if (!err)
		return 0;
	zcx_disk_exit();
destroy_run:
	destroy_workqueue(zcx_run_wq);
	return err;
}

/**
 * zcx_async_exit() - undo zcx_async_init()
 *
 * Waits for links whose context was closed while they were in a worker's hands.
 *
 * Context: module exit; there are no contexts.
 */
void zcx_async_exit(void)
{
	/* What comes out of a pool has its end before it, and is run once more. */
	zcx_disk_flush();
	destroy_workqueue(zcx_run_wq);
	zcx_disk_exit();
	zcx_growth_exit();
	/* Wakers of folios may still be on their last instructions. */
	synchronize_rcu();
}

/* Is it in exit(), or in execve()? Others of its process may be. */
static bool zcx_task_is_leaving(const struct task_struct *task)
{
	return task->in_execve || !atomic_read(&task->signal->live) ||
	       READ_ONCE(task->signal->flags) & SIGNAL_GROUP_EXIT;
}

static void zcx_async_queue(struct zcx_async *async)
{
	queue_work(zcx_run_wq, &async->work);
}

/* Become the runner of a link that has none; else make the one it has look. */
static bool zcx_async_claim(struct zcx_async *async)
{
	int old, new;

	/* What we kick for is seen by a runner that has not looked yet. */
	smp_mb();
	old = atomic_read(&async->run);
	do {
		if (old == ZCX_RUN_KICKED)
			return false;
		new = old == ZCX_RUN_IDLE ? ZCX_RUN_BUSY : ZCX_RUN_KICKED;
	} while (!atomic_try_cmpxchg(&async->run, &old, new));
	return old == ZCX_RUN_IDLE;
}

/**
 * zcx_async_kick() - something that a link may have waited for has happened
 * @link: the link; must not be freed meanwhile
 *
 * Context: any.
 */
void zcx_async_kick(struct zcx_live_link *link)
{
	if (zcx_async_claim(link->async))
		zcx_async_queue(link->async);
}

static void zcx_sink_woke(struct zcx_sink *sink)
{
	zcx_async_kick(sink->owner);
}

static void zcx_turn_called(struct zcx_turn *turn)
{
	zcx_async_kick(container_of(turn, struct zcx_live_link, turn));
}

/* A deadline does not stand in line for a disk. */
static enum hrtimer_restart zcx_async_timer(struct hrtimer *timer)
{
	struct zcx_async *async = container_of(timer, struct zcx_async, timer);

	if (zcx_async_claim(async) || zcx_disk_hurry(&async->job))
		zcx_async_queue(async);
	return HRTIMER_NORESTART;
}

static void zcx_folio_hold(struct zcx_folio_wait *wait)
{
	zcx_link_get(container_of(wait, struct zcx_async, folio)->link);
}

static void zcx_folio_woken(struct zcx_folio_wait *wait)
{
	struct zcx_live_link *link =
		container_of(wait, struct zcx_async, folio)->link;

	zcx_async_kick(link);
	/* Not one that holds anything: its context has a reference until it ends. */
	zcx_link_put(link);
}

/*
 * See to it that the link is run by @wake_at. A timer that goes off earlier
 * costs less than one that is set anew each time.
 */
static void zcx_async_set_timer(struct zcx_async *async)
{
	struct hrtimer *timer = &async->timer;
	ktime_t when;

	if (async->task)
		async->wake_at = min(async->wake_at,
				     ktime_get_ns() + NSEC_PER_SEC);
	when = ns_to_ktime(min_t(u64, async->wake_at, KTIME_MAX));

	if (async->wake_at == U64_MAX)
		return;
	if (!timer->function) {
		hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_SOFT);
		timer->function = zcx_async_timer;
	}
	if (hrtimer_is_queued(timer) && hrtimer_get_expires(timer) <= when)
		return;
	hrtimer_start(timer, when, HRTIMER_MODE_ABS_SOFT);
}

/*
 * All is given back before the event says that it is. Only the place in the line lasts
 * until then, and so must what the line goes by.
 */
static void zcx_async_post(struct zcx_live_link *link)
{
	const struct zcx_sink_ops *ops = link->sink->ops;
	const void *key = link->sink->key;

	if (ops->hold_key)
		ops->hold_key(key);
	zcx_link_let_go(link);
	zcx_async_let_go(link->async);
	zcx_completion_post(link);
	if (ops->put_key)
		ops->put_key(key);
}

/* The end: give everything back, then say so. The link may be gone afterwards. */
static void zcx_async_conclude(struct zcx_live_link *link)
{
	struct zcx_async *async = link->async;
	struct zcx_context *ctx = link->ctx;
	int err = async->outcome;

	/* Whoever said first that it ends was promised that it was he. */
	if (atomic_cmpxchg(&async->ending, ZCX_ENDING_NOT,
			   ZCX_ENDING_ITSELF) == ZCX_ENDING_CANCEL)
		err = -ECANCELED;
	/* Most links never set it. */
	if (async->timer.function)
		hrtimer_cancel(&async->timer);
	zcx_link_finish(link, err);

	spin_lock(&ctx->lock);
	async->gone = true;
	spin_unlock(&ctx->lock);
	zcx_async_post(link);
}

/*
 * Where io_uring does not say that a process goes, it has to be looked for:
 * until its links end, it does not.
 */
static void zcx_async_look_at_owner(struct zcx_async *async)
{
	if (async->task && zcx_task_is_leaving(async->task))
		atomic_cmpxchg(&async->ending, ZCX_ENDING_NOT,
			       ZCX_ENDING_CANCEL);
}

/*
 * Run a link until it ends, waits, or is passed on. The caller is its runner,
 * and no longer is when this returns; the link may be gone then.
 */
static void zcx_async_drive(struct zcx_live_link *link, bool pool)
{
	struct zcx_async *async = link->async;
	struct zcx_disk *disk;

	for (;; cond_resched()) {
		zcx_async_look_at_owner(async);
		/* A full barrier: what kicked us is seen by what we look at now. */
		atomic_xchg(&async->run, ZCX_RUN_BUSY);
		WRITE_ONCE(async->job.urgent, false);
		/* Whoever sets it again has said before why: see it now. */
		smp_mb();
		async->pool = pool;
		switch (zcx_link_step(link, ktime_get_ns())) {
		case ZCX_STEP_END:
			zcx_async_conclude(link);
			return;
		case ZCX_STEP_YIELD:
			zcx_async_queue(async);
			return;
		case ZCX_STEP_FETCH:
			zcx_sglist_shrink(&link->sgl);
			zcx_async_set_timer(async);
			disk = link->program->ranges[async->fetch_range].disk;
			if (zcx_disk_queue(disk, &async->job))
				return;
			continue;
		case ZCX_STEP_WAIT:
			zcx_sglist_shrink(&link->sgl);
			zcx_async_set_timer(async);
			if (atomic_cmpxchg(&async->run, ZCX_RUN_BUSY,
					   ZCX_RUN_IDLE) == ZCX_RUN_BUSY)
				return;
			continue;
		}
	}
}

static void zcx_async_work(struct work_struct *work)
{
	struct zcx_async *async = container_of(work, struct zcx_async, work);
	struct zcx_guise guise, own;

	/* The link may be gone before we are done. */
	zcx_guise_copy(&guise, &async->guise);
	zcx_guise_wear(&guise, &own);
	zcx_async_drive(async->link, false);
	zcx_guise_shed(&own);
	zcx_guise_put(&guise);
}

/*
 * In the pool: have what is missing brought, and pass the link on to those who
 * send.
 */
static void zcx_async_fetch(struct zcx_async *async, struct zcx_range *range)
{
	struct zcx_live_link *link = async->link;
	int ret;

	ret = range->lane->fetch(range, async->fetch_pos,
				 min_t(u64, link->batch_bytes,
				       range->end - async->fetch_pos),
				 &async->folio);
	if (ret < 0)
		async->fetch_error = ret;
	/* On its way: whoever has it there will kick. */
	if (ret > 0 && atomic_cmpxchg(&async->run, ZCX_RUN_BUSY,
				      ZCX_RUN_IDLE) == ZCX_RUN_BUSY)
		return;
	zcx_async_queue(async);
}

static void zcx_async_job(struct zcx_disk_job *job)
{
	struct zcx_async *async = container_of(job, struct zcx_async, job);
	struct zcx_live_link *link = async->link;
	struct zcx_range *range = &link->program->ranges[async->fetch_range];
	struct zcx_guise guise, own;

	/* The link may be gone before we are done. */
	zcx_guise_copy(&guise, &async->guise);
	zcx_guise_wear(&guise, &own);
	if (range->lane->fetch && !atomic_read(&async->ending))
		zcx_async_fetch(async, range);
	else
		zcx_async_drive(link, true);
	zcx_guise_shed(&own);
	zcx_guise_put(&guise);
}

/**
 * zcx_async_attach() - make a link run by itself
 * @async: of no known contents
 * @link: the link that it is part of; may not have been set up yet
 * @limits: what it is not to exceed
 * @acked: it ends when the peer has acknowledged all
 *
 * Context: process context of the submitter; undo by zcx_async_let_go().
 */
void zcx_async_attach(struct zcx_async *async, struct zcx_live_link *link,
		      const struct zcx_limits *limits, bool acked)
{
	memset(async, 0, sizeof(*async));
	async->link = link;
	atomic_set(&async->run, ZCX_RUN_BUSY);
	async->limits = *limits;
	async->acked = acked;
	async->started = ktime_get_ns();
	async->progress = async->started;
	zcx_guise_get(&async->guise);
	INIT_WORK(&async->work, zcx_async_work);
	zcx_disk_job_init(&async->job, zcx_async_job);
	zcx_folio_wait_init(&async->folio, zcx_folio_hold, zcx_folio_woken);
}

/**
 * zcx_async_let_go() - give back what zcx_async_attach() took
 * @async: of a link that has ended, or was never run
 *
 * Context: process context.
 */
void zcx_async_let_go(struct zcx_async *async)
{
	zcx_growth_unwatch(async->growth);
	if (async->task)
		put_task_struct(async->task);
	zcx_guise_put(&async->guise);
}

/**
 * zcx_async_start() - let a link run
 * @link: in state QUEUED. Its context has a reference of its own on it by now;
 *	the caller's is still the caller's
 *
 * Goes as far as it can without waiting before it returns.
 *
 * Context: process context of the submitter; may sleep for locks and memory.
 */
void zcx_async_start(struct zcx_live_link *link)
{
	struct zcx_sink *sink = link->sink;

	trace_zcx_link_start(link);
	sink->owner = link;
	sink->wake = zcx_sink_woke;
	zcx_growth_attach(link->async->growth, link);
	zcx_turn_enter(&link->turn, sink->key, zcx_turn_called);
	zcx_async_drive(link, false);
}

/**
 * zcx_async_end_at_once() - what was to run by itself has ended before it ran
 * @link: reserved; holds nothing. May be gone when this returns
 * @result: what became of it; all out members but the id. Counted already
 * @turn: the place in the line to its socket; is left
 *
 * Of @link->async, which was never attached, it sets no more than what is looked at
 * of a link that waits for its event to be read.
 *
 * Context: process context of the submitter.
 * Return: its id.
 */
u64 zcx_async_end_at_once(struct zcx_live_link *link,
			  const struct zcx_link *result, struct zcx_turn *turn)
{
	struct zcx_async *async = link->async;

	async->link = link;
	atomic_set(&async->ending, ZCX_ENDING_ITSELF);
	async->gone = true;
	zcx_link_end_at_once(link, result);
	return zcx_completion_post_at_once(link, turn, !result->error);
}

/**
 * zcx_async_go_on() - let a link run of which a part has been sent
 * @link: reserved, complete and in state QUEUED; its ranges say how much of each
 * @turn: the first place of the line to its sink; becomes the link's
 * @sent: bytes sent so far, at least 1, by enum zcx_tag; counted already
 * @frags: of these, not moved by the CPU
 *
 * Goes as far as it can without waiting before it returns.
 *
 * Context: process context of the submitter; may sleep for locks and memory. The
 * caller's reference is still the caller's.
 */
void zcx_async_go_on(struct zcx_live_link *link, struct zcx_turn *turn,
		     const u64 sent[ZCX_NR_TAGS], size_t frags)
{
	struct zcx_sink *sink = link->sink;

	sink->owner = link;
	sink->wake = zcx_sink_woke;
	zcx_link_take_over(link, turn, zcx_turn_called, sent, frags);
	zcx_link_publish_reserved(link);
	trace_zcx_link_start(link);
	zcx_async_drive(link, false);
}

/**
 * zcx_async_cancel() - end a link where it is
 * @link: the link; a reference is the caller's
 *
 * If nobody runs it, it has ended when this returns; else it ends as soon as
 * whoever runs it looks.
 *
 * Context: process context; may sleep for locks and memory.
 * Return: 0: it ends because of this; -EALREADY: it has ended, or ends, anyway.
 */
int zcx_async_cancel(struct zcx_live_link *link)
{
	struct zcx_async *async = link->async;

	if (atomic_cmpxchg(&async->ending, ZCX_ENDING_NOT,
			   ZCX_ENDING_CANCEL) != ZCX_ENDING_NOT)
		return -EALREADY;
	if (!zcx_async_claim(async) && !zcx_disk_hurry(&async->job))
		return 0;
	/* What closes files for the whole system is not to wait for a socket. */
	if (current->flags & PF_KTHREAD)
		zcx_async_queue(async);
	else
		zcx_async_drive(link, false);
	return 0;
}

/**
 * zcx_async_pause() - keep a link from sending, or let it go on
 * @link: the link; a reference is the caller's
 * @paused: which
 *
 * Context: any.
 * Return: 0 or -EALREADY: it has ended.
 */
int zcx_async_pause(struct zcx_live_link *link, bool paused)
{
	struct zcx_async *async = link->async;

	if (atomic_read(&async->ending) != ZCX_ENDING_NOT)
		return -EALREADY;
	WRITE_ONCE(async->paused, paused);
	zcx_async_kick(link);
	return 0;
}

/**
 * zcx_async_find() - a link by its id
 * @ctx: its context
 * @id: its id
 *
 * Context: process context.
 * Return: the link, with a reference, or NULL: there is none whose event has not
 * been read.
 */
struct zcx_live_link *zcx_async_find(struct zcx_context *ctx, u64 id)
{
	struct zcx_live_link *link = NULL;
	struct zcx_async *async;

	spin_lock(&ctx->lock);
	hlist_for_each_entry(async, zcx_context_ids(ctx, id), by_id) {
		if (async->link->id == id) {
			link = async->link;
			zcx_link_get(link);
			break;
		}
	}
	spin_unlock(&ctx->lock);
	return link;
}

static bool zcx_async_is_of(const struct zcx_async *async, const void *owner)
{
	return async && (!owner || async->owner == owner);
}

/* Some link of @owner's that nobody has cancelled yet, with a reference. */
static struct zcx_live_link *zcx_async_next(struct zcx_context *ctx,
					    const void *owner)
{
	struct zcx_live_link *link;

	spin_lock(&ctx->lock);
	list_for_each_entry(link, &ctx->links, node) {
		if (zcx_async_is_of(link->async, owner) &&
		    !atomic_read(&link->async->ending)) {
			/* Behind all others, so that none is looked at twice. */
			list_move_tail(&link->node, &ctx->links);
			zcx_link_get(link);
			spin_unlock(&ctx->lock);
			return link;
		}
	}
	spin_unlock(&ctx->lock);
	return NULL;
}

/**
 * zcx_async_cancel_all() - end links of a context
 * @ctx: the context
 * @owner: whose; NULL: all, and nobody submits any more
 *
 * Those in the hands of a worker end when it looks; they are not waited for,
 * since a disk may have it that answers nothing.
 *
 * Context: process context; may sleep for locks and memory.
 */
void zcx_async_cancel_all(struct zcx_context *ctx, const void *owner)
{
	struct zcx_live_link *link;

	while ((link = zcx_async_next(ctx, owner))) {
		zcx_async_cancel(link);
		zcx_link_put(link);
	}
}
