// SPDX-License-Identifier: GPL-2.0
/*
 * Links: the one place that knows both a lane and a sink.
 *
 * A link gathers a batch from its lanes into its scatter list and drains the
 * list into its sink, until the program is over or something ends it early.
 * Bytes are gathered in order and leave in order; an error met while gathering
 * takes effect only once all that was gathered before it has gone.
 */
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "async.h"
#include "context.h"
#include "drop.h"
#include "gather.h"
#include "lane.h"
#include "link.h"
#include "program.h"
#include "sink.h"
#include "stats.h"
#include "trace.h"

/**
 * zcx_state_is_final() - has a link in this state ended?
 * @state: enum zcx_state
 *
 * Context: any.
 * Return: true if nothing follows.
 */
bool zcx_state_is_final(u32 state)
{
	return state >= ZCX_STATE_SENT;
}

/**
 * zcx_state_may_follow() - the edges of the picture in <linux/zcx.h>
 * @from: enum zcx_state
 * @to: enum zcx_state
 *
 * Context: any.
 * Return: true if a link may go from one to the other.
 */
bool zcx_state_may_follow(u32 from, u32 to)
{
	switch (from) {
	case ZCX_STATE_QUEUED:
		return to == ZCX_STATE_RUNNING;
	case ZCX_STATE_RUNNING:
		return to == ZCX_STATE_WAITING || zcx_state_is_final(to);
	case ZCX_STATE_WAITING:
		return to == ZCX_STATE_RUNNING;
	default:
		return false;
	}
}

/**
 * zcx_link_set_state() - go on to another state
 * @link: the link
 * @state: enum zcx_state
 *
 * Context: whoever runs the link.
 */
void zcx_link_set_state(struct zcx_live_link *link, u32 state)
{
	WARN_ON_ONCE(!zcx_state_may_follow(link->state, state));
	WRITE_ONCE(link->state, state);
}

/**
 * zcx_link_enlist() - give a link its id, by which it is found from now on
 * @link: a link that its context counts already
 * @list: of its context; where it stands from now on
 *
 * Context: any, with the lock of the link's context held.
 */
void zcx_link_enlist(struct zcx_live_link *link, struct list_head *list)
{
	struct zcx_context *ctx = link->ctx;

	link->id = zcx_context_next_id(ctx);
	list_add_tail(&link->node, list);
	if (link->async)
		hlist_add_head(&link->async->by_id,
			       zcx_context_ids(ctx, link->id));
}

static int zcx_link_publish(struct zcx_live_link *link, unsigned int max_links)
{
	struct zcx_context *ctx = link->ctx;
	int err = 0;

	spin_lock(&ctx->lock);
	if (ctx->nr_links < max_links) {
		ctx->nr_links++;
		zcx_link_enlist(link, &ctx->links);
		/* The context's own, until the event is read. */
		if (link->async)
			zcx_link_get(link);
	} else {
		err = -EBUSY;
	}
	spin_unlock(&ctx->lock);
	return err;
}

static void zcx_link_unpublish(struct zcx_live_link *link)
{
	struct zcx_context *ctx = link->ctx;

	spin_lock(&ctx->lock);
	list_del(&link->node);
	ctx->nr_links--;
	spin_unlock(&ctx->lock);
}

static void zcx_link_fill_in(struct zcx_live_link *link,
			     const struct zcx_link_parts *parts)
{
	kref_init(&link->ref);
	link->state = ZCX_STATE_QUEUED;
	link->ctx = parts->ctx;
	link->program = parts->program;
	link->sink = parts->sink;
	link->async = parts->async;
	link->entries = parts->entries;
	link->user_data = parts->user_data;
	link->batch_bytes = parts->batch_bytes;
	link->limit = parts->batch_bytes;
	link->free = parts->free;
}

/**
 * zcx_link_init() - a link, ready to run
 * @link: the link, of no known contents
 * @parts: what it is made of; program and sink are the link's on success
 * @max_links: limit of links in the context
 *
 * Context: process context; may sleep.
 * Return: 0, and @link is in state QUEUED, and must be run; one reference is the
 * caller's, one more the context's if it runs by itself. Or -ENOMEM, -EBUSY,
 * -EDQUOT.
 */
int zcx_link_init(struct zcx_live_link *link,
		  const struct zcx_link_parts *parts, unsigned int max_links)
{
	int err;

	memset(link, 0, offsetof(struct zcx_live_link, sgl));
	err = zcx_sglist_init(&link->sgl, parts->entries, GFP_KERNEL_ACCOUNT);
	if (err)
		return err;
	if (parts->async) {
		link->files = parts->program->files + 1;
		err = zcx_user_charge(parts->ctx->user, link->files);
		if (err)
			goto destroy_list;
	}

	zcx_link_fill_in(link, parts);
	err = zcx_link_publish(link, max_links);
	if (err)
		goto uncharge;
	zcx_context_get(parts->ctx);
	zcx_stats_add(&parts->ctx->stats, ZCX_STAT_LINKS_STARTED, 1);
	return 0;

uncharge:
	if (parts->async)
		zcx_user_uncharge(parts->ctx->user, link->files);
destroy_list:
	zcx_sglist_destroy(&link->sgl);
	return err;
}

/**
 * zcx_link_reserve() - all that could refuse a link that runs by itself, before it is
 *	one
 * @link: the link, of no known contents
 * @parts: what it is to be made of; program, sink and the rest of it may still be of
 *	no known contents
 * @files: files and sockets that it will have been given
 * @max_links: limit of links in the context
 *
 * It counts from now on, but has no id, and nobody finds it. What becomes of it is
 * for zcx_link_unreserve(), zcx_async_end_at_once() or zcx_async_go_on() to say.
 *
 * Context: process context of the submitter; for as long as it is reserved, the
 * caller keeps its context.
 * Return: 0, and the one reference is the caller's; or -EBUSY, -EDQUOT.
 */
int zcx_link_reserve(struct zcx_live_link *link,
		     const struct zcx_link_parts *parts, unsigned int files,
		     unsigned int max_links)
{
	struct zcx_context *ctx = parts->ctx;
	int err;

	err = zcx_user_charge(ctx->user, files);
	if (err)
		return err;
	memset(link, 0, offsetof(struct zcx_live_link, sgl));
	zcx_link_fill_in(link, parts);
	link->files = files;
	spin_lock(&ctx->lock);
	if (ctx->nr_links < max_links)
		ctx->nr_links++;
	else
		err = -EBUSY;
	spin_unlock(&ctx->lock);
	if (err)
		zcx_user_uncharge(ctx->user, files);
	return err;
}

/**
 * zcx_link_unreserve() - undo zcx_link_reserve()
 * @link: the link; its memory is the caller's again
 *
 * Context: process context.
 */
void zcx_link_unreserve(struct zcx_live_link *link)
{
	struct zcx_context *ctx = link->ctx;

	spin_lock(&ctx->lock);
	ctx->nr_links--;
	spin_unlock(&ctx->lock);
	zcx_user_uncharge(ctx->user, link->files);
}

/**
 * zcx_link_end_at_once() - what was to be a link has had its end already
 * @link: from zcx_link_reserve(); holds nothing but a reference on its context
 *	afterwards, in a final state, and is for zcx_completion_post_at_once()
 * @result: what became of it; all out members but the id. Counted already
 *
 * Context: process context of the submitter.
 */
void zcx_link_end_at_once(struct zcx_live_link *link,
			  const struct zcx_link *result)
{
	zcx_context_get(link->ctx);
	link->sent[ZCX_TAG_MEMORY] = result->bytes_memory;
	link->sent[ZCX_TAG_CACHE] = result->bytes_cache;
	link->copied = result->bytes_copied;
	link->sink->result_flags = result->result_flags;
	link->error = result->error;
	link->state = result->state;
	link->parts_gone = true;
}

/**
 * zcx_link_publish_reserved() - a reserved link is one from now on
 * @link: from zcx_link_reserve(), now complete
 *
 * Context: process context of the submitter; one reference is his, one more the
 * context's.
 */
void zcx_link_publish_reserved(struct zcx_live_link *link)
{
	struct zcx_context *ctx = link->ctx;

	zcx_context_get(ctx);
	zcx_link_get(link);
	spin_lock(&ctx->lock);
	zcx_link_enlist(link, &ctx->links);
	spin_unlock(&ctx->lock);
	zcx_stats_add(&ctx->stats, ZCX_STAT_LINKS_STARTED, 1);
}

/**
 * zcx_link_let_go() - give back all that a link holds, but for its context
 * @link: a link that has ended, or was never run
 *
 * Context: process context; may sleep.
 */
void zcx_link_let_go(struct zcx_live_link *link)
{
	zcx_sglist_destroy(&link->sgl);
	link->sink->ops->destroy(link->sink);
	zcx_program_destroy(link->program);
	link->parts_gone = true;
}

/**
 * zcx_link_uncharge() - its user is no longer charged for a link
 * @link: the link; may not be charged for at all
 *
 * Context: any; not twice at a time.
 */
void zcx_link_uncharge(struct zcx_live_link *link)
{
	if (link->files)
		zcx_user_uncharge(link->ctx->user, link->files);
	link->files = 0;
}

static void zcx_link_release(struct kref *ref)
{
	struct zcx_live_link *link =
		container_of(ref, struct zcx_live_link, ref);

	if (!link->parts_gone)
		zcx_link_let_go(link);
	/* If it has never been in its context. */
	zcx_link_uncharge(link);
	zcx_context_put(link->ctx);
	link->free(link);
}

/**
 * zcx_link_get() - take one more reference
 * @link: a link that the caller has a reference on, or found under its lock
 *
 * Context: any.
 */
void zcx_link_get(struct zcx_live_link *link)
{
	kref_get(&link->ref);
}

/**
 * zcx_link_put() - drop a reference; the last one frees the link
 * @link: a link that has ended, or was never run
 *
 * Context: any, for a link that has let go of what it holds; else process
 * context; may sleep.
 */
void zcx_link_put(struct zcx_live_link *link)
{
	kref_put(&link->ref, zcx_link_release);
}

static void zcx_range_end(struct zcx_live_link *link, struct zcx_range *range,
			  u64 bytes)
{
	if (range->begun && range->lane->end)
		range->lane->end(range, bytes);
	if (range->missed_direct ||
	    (range->no_direct && range->drop && zcx_drop_is_used(range->drop)))
		link->sink->result_flags |= ZCX_RESULT_NO_DIRECT;
	range->begun = false;
}

/* So many more bytes have been sent: which range are we in now? */
static void zcx_link_move_head(struct zcx_live_link *link, u64 bytes)
{
	while (link->head < link->next) {
		struct zcx_range *range = &link->program->ranges[link->head];
		u64 left = range->pos - range->start - link->head_sent;

		if (bytes < left)
			break;
		bytes -= left;
		zcx_range_end(link, range, link->head_sent + left);
		link->head++;
		link->head_sent = 0;
	}
	link->head_sent += bytes;
}

/**
 * zcx_link_rewind() - give back what was gathered and not sent
 * @link: the link; gathering goes on behind the last byte that was sent
 *
 * Context: whoever runs the link; may sleep.
 */
void zcx_link_rewind(struct zcx_live_link *link)
{
	struct zcx_program *prog = link->program;
	unsigned int i;

	if (!link->sgl.bytes)
		return;
	zcx_sglist_advance(&link->sgl, link->sgl.bytes, NULL);
	for (i = link->head + 1; i <= link->next && i < prog->count; i++) {
		prog->ranges[i].pos = prog->ranges[i].start;
		prog->ranges[i].begun = false;
	}
	prog->ranges[link->head].pos = prog->ranges[link->head].start +
				       link->head_sent;
	link->next = link->head;
	/* Whatever was met behind that will be met again. */
	link->stop = 0;
	link->is_short = false;
}

/* Bytes that a range is still to have, as far as that is known. */
static u64 zcx_range_left(const struct zcx_range *range)
{
	loff_t end = range->end;

	if (range->lane->sized)
		end = min(end, i_size_read(file_inode(range->file)));
	return max(end - range->pos, 0LL);
}

/*
 * May a batch be less than @bytes? Not where this is the last one; and a lane whose
 * pieces have a size of their own would have to cut each. (Of a file that nobody
 * knows yet to be read directly, the first is cut.)
 */
static bool zcx_link_may_round(const struct zcx_live_link *link, size_t bytes)
{
	unsigned int i;
	u64 left = 0;

	for (i = link->next; i < link->program->count && left <= bytes; i++) {
		const struct zcx_range *range = &link->program->ranges[i];

		if (range->lane == &zcx_lane_splice ||
		    (range->direct && !range->no_direct))
			return false;
		left += zcx_range_left(range);
	}
	return left > bytes;
}

/**
 * zcx_link_whole_packets() - as much of a batch as fills its packets
 * @link: the link
 * @bytes: most bytes that the batch may have
 *
 * What is left over would make a small packet of its own at the end of each batch,
 * and a packet costs the same whatever is in it.
 *
 * Context: whoever runs the link.
 * Return: @bytes, or somewhat less.
 */
size_t zcx_link_whole_packets(const struct zcx_live_link *link, size_t bytes)
{
	const struct zcx_sink_ops *ops = link->sink->ops;
	size_t grain = ops->grain ? ops->grain(link->sink) : 0;

	if (!grain || grain >= bytes || !zcx_link_may_round(link, bytes))
		return bytes;
	return rounddown(bytes, grain);
}

static int zcx_link_wait(struct zcx_live_link *link)
{
	int err;

	zcx_link_rest(link);
	zcx_link_set_state(link, ZCX_STATE_WAITING);
	zcx_stats_add(&link->ctx->stats, ZCX_STAT_WAITS_SOCKET, 1);
	trace_zcx_wait(link);
	err = link->sink->ops->wait(link->sink);
	zcx_link_set_state(link, ZCX_STATE_RUNNING);
	return err;
}

static void zcx_link_account(struct zcx_live_link *link, size_t bytes)
{
	struct zcx_stats *stats = &link->ctx->stats;
	u64 by_tag[ZCX_NR_TAGS] = { };
	unsigned int i;

	zcx_sglist_advance(&link->sgl, bytes, by_tag);
	zcx_link_move_head(link, bytes);
	for (i = 0; i < ZCX_NR_TAGS; i++) {
		link->sent[i] += by_tag[i];
		zcx_stats_add(stats, ZCX_STAT_BYTES + i, by_tag[i]);
	}
	link->copied += link->sink->copied;
	zcx_stats_add(stats, ZCX_STAT_BYTES_COPIED, link->sink->copied);
	zcx_stats_add(stats, ZCX_STAT_BYTES_FRAGS, link->sink->frags);
}

/**
 * zcx_link_push() - offer the batch to the sink, once
 * @link: the link; what was taken has left its list
 *
 * Context: whoever runs the link; may sleep for locks and memory.
 * Return: bytes taken, at least 1; or -errno of the sink's push operation.
 */
ssize_t zcx_link_push(struct zcx_live_link *link)
{
	bool more = !zcx_link_gathered_all(link);
	size_t offered = link->sgl.bytes;
	ssize_t n = link->sink->ops->push(link->sink, &link->sgl, more);

	zcx_stats_add(&link->ctx->stats, ZCX_STAT_BATCHES, 1);
	trace_zcx_batch(link, n);
	if (n > 0) {
		/* All but a list's last piece goes with MSG_MORE. */
		link->corked = more || n < offered;
		zcx_link_account(link, n);
	}
	return n;
}

/* Push the batch until the sink has all of it; wait whenever it is full. */
static int zcx_link_drain(struct zcx_live_link *link)
{
	while (link->sgl.bytes) {
		ssize_t n = zcx_link_push(link);
		int err;

		if (n > 0)
			continue;
		if (n != -EAGAIN)
			return n;
		err = zcx_link_wait(link);
		if (err)
			return err;
	}
	return 0;
}

/* All that was gathered has been pushed. */
static int zcx_link_settle(struct zcx_live_link *link)
{
	if (link->sink->ops->settle)
		link->sink->ops->settle(link->sink);
	return link->stop;
}

/* Gather and drain until the program is over. */
static int zcx_link_pump(struct zcx_live_link *link)
{
	for (;;) {
		int err;

		link->limit = zcx_link_whole_packets(link, link->batch_bytes);
		zcx_link_gather(link);
		err = zcx_link_drain(link);
		if (err)
			return err;
		if (zcx_link_gathered_all(link))
			return zcx_link_settle(link);
		/* A socket that is never full must not make us deaf. */
		if (signal_pending(current))
			return -ERESTARTSYS;
		cond_resched();
	}
}

static u32 zcx_link_outcome(const struct zcx_live_link *link, int err)
{
	switch (err) {
	case 0:
		if (link->is_short)
			return ZCX_STATE_SHORT;
		return link->async && link->async->acked ? ZCX_STATE_ACKED :
							   ZCX_STATE_SENT;
	case -EINTR:
	case -ERESTARTSYS:
	case -ECANCELED:
		return ZCX_STATE_CANCELLED;
	default:
		return ZCX_STATE_FAILED;
	}
}

/* By which counter an end is counted: by what became of the bytes. */
static enum zcx_stat zcx_link_end_stat(u32 state)
{
	if (state == ZCX_STATE_ACKED)
		return ZCX_STAT_LINKS_SENT;
	return ZCX_STAT_LINKS_SENT + (state - ZCX_STATE_SENT);
}

/**
 * zcx_link_uncork() - the tail must not wait for a timer when nothing follows it
 * @link: the link
 *
 * Context: whoever runs the link; may sleep.
 */
void zcx_link_uncork(struct zcx_live_link *link)
{
	if (link->corked)
		link->sink->ops->flush(link->sink);
	link->corked = false;
}

/*
 * May those behind it in the line go on? It may have been cancelled, or run out of
 * time, when all of its bytes had gone already. A synchronous call that has sent
 * nothing has failed, and is as if it had never been made.
 */
static bool zcx_link_left_whole(const struct zcx_live_link *link)
{
	if (!link->stop && !link->is_short && !link->sgl.bytes &&
	    link->next == link->program->count)
		return true;
	return !link->async && !zcx_link_bytes_sent(link);
}

/**
 * zcx_link_leave_line() - let the next link to the same socket go on
 * @link: a link that has ended; may have left before
 *
 * Context: process context.
 */
void zcx_link_leave_line(struct zcx_live_link *link)
{
	zcx_turn_leave(&link->turn, link->whole);
}

/**
 * zcx_link_finish() - a link has come to its end
 * @link: the link, in state RUNNING; in a final state afterwards, but in the line
 *	to its socket still: see zcx_link_leave_line()
 * @err: 0 or -errno
 *
 * Context: whoever runs the link; may sleep.
 */
void zcx_link_finish(struct zcx_live_link *link, int err)
{
	u32 state = zcx_link_outcome(link, err);
	unsigned int i;

	zcx_link_uncork(link);
	for (i = link->head; i <= link->next && i < link->program->count; i++)
		zcx_range_end(link, &link->program->ranges[i],
			      i == link->head ? link->head_sent : 0);
	link->error = err == -ERESTARTSYS ? EINTR : -err;
	link->whole = zcx_link_left_whole(link);
	zcx_link_set_state(link, state);
	zcx_stats_add(&link->ctx->stats, zcx_link_end_stat(state), 1);
	trace_zcx_link_end(link);
}

/**
 * zcx_link_bytes_sent() - bytes the sink has taken
 * @link: the link
 *
 * Context: any; exact once the link has ended.
 * Return: bytes, of all kinds.
 */
u64 zcx_link_bytes_sent(const struct zcx_live_link *link)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < ZCX_NR_TAGS; i++)
		sum += link->sent[i];
	return sum;
}

static void zcx_link_called(struct zcx_turn *turn)
{
	wake_up_process(container_of(turn, struct zcx_live_link, turn)->waiter);
}

static int zcx_link_await_turn(struct zcx_live_link *link)
{
	const struct zcx_sink_ops *ops = link->sink->ops;
	long timeo = ops->patience ? ops->patience(link->sink) :
				     MAX_SCHEDULE_TIMEOUT;
	bool forever = timeo == MAX_SCHEDULE_TIMEOUT;
	int err = 0;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (zcx_turn_is_first(&link->turn) ||
		    zcx_turn_is_broken(&link->turn))
			break;
		err = timeo ? 0 : -EAGAIN;
		if (!err && signal_pending(current))
			err = forever ? -ERESTARTSYS : -EINTR;
		if (err)
			break;
		timeo = schedule_timeout(timeo);
	}
	__set_current_state(TASK_RUNNING);
	return err;
}

/* Others may be sending to the same socket: then wait until they have done. */
static int zcx_link_take_turn(struct zcx_live_link *link)
{
	int err = 0;

	link->waiter = current;
	zcx_turn_enter(&link->turn, link->sink->key, zcx_link_called);
	if (!zcx_turn_is_first(&link->turn)) {
		zcx_link_set_state(link, ZCX_STATE_WAITING);
		err = zcx_link_await_turn(link);
		zcx_link_set_state(link, ZCX_STATE_RUNNING);
	}
	if (!err && zcx_turn_is_broken(&link->turn))
		err = -ECANCELED;
	return err;
}

/* Once it is its turn, or with what has kept it from that: to the end. */
static int zcx_link_complete(struct zcx_live_link *link, int err)
{
	if (!err)
		err = zcx_link_pump(link);
	zcx_link_finish(link, err);
	zcx_link_leave_line(link);
	zcx_link_unpublish(link);
	return zcx_link_bytes_sent(link) ? 0 : err;
}

/**
 * zcx_link_run() - run a link to its end, in the caller's context
 * @link: a link in state QUEUED; in a final state afterwards
 *
 * Behaves towards the caller as do_sendfile() does: once anything has been
 * sent the outcome is a count, and what stopped it stands in @link->error.
 *
 * Context: the submitter's process context; may sleep, interruptibly.
 * Return: 0 if all or a part was sent, or if there was nothing to send; else
 * the -errno that the first push, or the first gathering, ended with.
 * -ERESTARTSYS and -EINTR as sock_intr_errno() gives them; -EAGAIN and
 * -ECANCELED if others' links to the same socket go before it.
 */
int zcx_link_run(struct zcx_live_link *link)
{
	trace_zcx_link_start(link);
	zcx_link_set_state(link, ZCX_STATE_RUNNING);
	return zcx_link_complete(link, zcx_link_take_turn(link));
}

/* The ranges say by their positions how much of each has been sent. */
static void zcx_link_find_place(struct zcx_live_link *link)
{
	struct zcx_program *prog = link->program;
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < prog->count; i++) {
		struct zcx_range *range = &prog->ranges[i];

		if (range->pos == range->start)
			break;
		if (range->lane->begin)
			range->lane->begin(range);
		range->begun = true;
		bytes += range->pos - range->start;
		link->next = i;
	}
	link->reached = link->next;
	zcx_link_move_head(link, bytes);
}

/**
 * zcx_link_take_over() - make a link one of which a part has been sent
 * @link: a link in state QUEUED, whose ranges say how much of each
 * @turn: the first place of the line to its sink; becomes the link's
 * @called: see struct zcx_turn; of the link's
 * @sent: bytes sent so far, at least 1, by enum zcx_tag; counted already
 * @frags: of these, not moved by the CPU
 *
 * Context: the submitter's process context.
 */
void zcx_link_take_over(struct zcx_live_link *link, struct zcx_turn *turn,
			void (*called)(struct zcx_turn *turn),
			const u64 sent[ZCX_NR_TAGS], size_t frags)
{
	zcx_turn_move(turn, &link->turn, called);
	/* As of a push that did not take all. */
	link->corked = true;
	memcpy(link->sent, sent, sizeof(link->sent));
	link->copied = zcx_link_bytes_sent(link) - frags;
	zcx_link_find_place(link);
}

/**
 * zcx_link_go_on() - run a link to its end of which a part has been sent
 * @link: a link in state QUEUED that runs in its submitter's context, whose ranges
 *	say how much of each; in a final state afterwards
 * @turn: the first place of the line to its sink; becomes the link's
 * @sent: bytes sent so far, at least 1, by enum zcx_tag; counted already
 * @frags: of these, not moved by the CPU
 *
 * Context: the submitter's process context; may sleep, interruptibly.
 * Return: 0, since something was sent; what stopped it stands in @link->error.
 */
int zcx_link_go_on(struct zcx_live_link *link, struct zcx_turn *turn,
		   const u64 sent[ZCX_NR_TAGS], size_t frags)
{
	trace_zcx_link_start(link);
	zcx_link_set_state(link, ZCX_STATE_RUNNING);
	link->waiter = current;
	zcx_link_take_over(link, turn, zcx_link_called, sent, frags);
	return zcx_link_complete(link, 0);
}
