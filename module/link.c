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

#include "context.h"
#include "lane.h"
#include "link.h"
#include "program.h"
#include "sink.h"
#include "stats.h"
#include "trace.h"

/*
 * Bytes in a batch that are worth sending before a disk is waited for. With
 * fewer, a header or a few small files, it is better to send what follows in
 * the same packets.
 */
#define ZCX_WORTH_SENDING	SZ_64K

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

static void zcx_link_set_state(struct zcx_live_link *link, u32 state)
{
	WARN_ON_ONCE(!zcx_state_may_follow(link->state, state));
	WRITE_ONCE(link->state, state);
}

static int zcx_link_publish(struct zcx_live_link *link, unsigned int max_links)
{
	struct zcx_context *ctx = link->ctx;
	int err = 0;

	spin_lock(&ctx->lock);
	if (ctx->nr_links < max_links) {
		link->id = ctx->next_id++;
		list_add_tail(&link->node, &ctx->links);
		ctx->nr_links++;
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

/**
 * zcx_link_init() - a link, ready to run
 * @link: the link, of no known contents
 * @parts: what it is made of; program and sink are the link's on success
 * @max_links: limit of links in the context
 *
 * Context: process context; may sleep.
 * Return: 0, and @link is in state QUEUED, with one reference, and must be run;
 * or -ENOMEM, -EBUSY.
 */
int zcx_link_init(struct zcx_live_link *link,
		  const struct zcx_link_parts *parts, unsigned int max_links)
{
	int err;

	memset(link, 0, offsetof(struct zcx_live_link, sgl));
	/* Not the program's estimate: a file may have grown since the sink's. */
	err = zcx_sglist_init(&link->sgl, parts->sink->entries,
			      GFP_KERNEL_ACCOUNT);
	if (err)
		return err;

	kref_init(&link->ref);
	link->state = ZCX_STATE_QUEUED;
	link->ctx = parts->ctx;
	link->program = parts->program;
	link->sink = parts->sink;
	link->user_data = parts->user_data;
	link->batch_bytes = parts->batch_bytes;
	link->free = parts->free;
	err = zcx_link_publish(link, max_links);
	if (err) {
		zcx_sglist_destroy(&link->sgl);
		return err;
	}
	zcx_context_get(parts->ctx);
	zcx_stats_add(&parts->ctx->stats, ZCX_STAT_LINKS_STARTED, 1);
	return 0;
}

static void zcx_link_release(struct kref *ref)
{
	struct zcx_live_link *link =
		container_of(ref, struct zcx_live_link, ref);

	zcx_sglist_destroy(&link->sgl);
	link->sink->ops->destroy(link->sink);
	zcx_program_destroy(link->program);
	zcx_context_put(link->ctx);
	link->free(link);
}

/**
 * zcx_link_put() - drop a reference; the last one frees the link
 * @link: a link that has ended, or was never run
 *
 * Context: process context; may sleep.
 */
void zcx_link_put(struct zcx_live_link *link)
{
	kref_put(&link->ref, zcx_link_release);
}

/* The range to gather from next has been left behind: ended, or short. */
static void zcx_link_end_range(struct zcx_live_link *link)
{
	struct zcx_range *range = &link->program->ranges[link->next];

	if (link->begun && range->lane->end)
		range->lane->end(range, link->gathered);
	link->begun = false;
	link->gathered = 0;
	link->next++;
}

static bool zcx_link_gathered_all(const struct zcx_live_link *link)
{
	return link->stop || link->is_short ||
	       link->next == link->program->count;
}

/*
 * Has all of the range been gathered? Where the filesystem must be asked for
 * the bytes, it must be asked for the end too: its i_size may be old (FUSE,
 * NFS) or nothing at all (procfs).
 */
static bool zcx_range_is_over(const struct zcx_range *range)
{
	if (range->to_eof)
		return range->lane == &zcx_lane_cache &&
		       range->pos == i_size_read(file_inode(range->file));
	return range->pos >= range->end;
}

/* A filesystem's own wish to be called again is an interrupted call to us. */
static int zcx_plain_error(ssize_t err)
{
	switch (err) {
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		return -EINTR;
	default:
		return err;
	}
}

/*
 * One step of one lane. Sets @link->stop or @link->is_short at an early end.
 *
 * Return: true if there may be more to gather without waiting for it.
 */
static bool zcx_link_fill(struct zcx_live_link *link)
{
	struct zcx_range *range = &link->program->ranges[link->next];
	size_t max = link->batch_bytes - link->sgl.bytes;
	bool wait = link->sgl.bytes < ZCX_WORTH_SENDING;
	ssize_t n;

	if (range->pos >= range->end) {
		zcx_link_end_range(link);
		return true;
	}
	if (!link->begun && range->lane->begin)
		range->lane->begin(range);
	link->begun = true;

	n = range->lane->fill(range, &link->sgl,
			      min_t(u64, max, range->end - range->pos), wait);
	if (n > 0) {
		link->gathered += n;
		if (!zcx_range_is_over(range))
			return false;
		/* At once, so that the last batch is known to be the last. */
		zcx_link_end_range(link);
		return true;
	}
	/* When it was to wait, it is the file's own errno. */
	if (n == -EAGAIN && !wait)
		return false;
	if (n < 0)
		link->stop = zcx_plain_error(n);
	else if (!range->to_eof)
		link->is_short = true;
	zcx_link_end_range(link);
	return true;
}

/* Gather a batch: what can be had now, or else what there is to wait for. */
static void zcx_link_gather(struct zcx_live_link *link)
{
	while (!zcx_link_gathered_all(link) &&
	       link->sgl.bytes < link->batch_bytes &&
	       zcx_sglist_room(&link->sgl))
		if (!zcx_link_fill(link))
			break;
}

static int zcx_link_wait(struct zcx_live_link *link)
{
	int err;

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
	for (i = 0; i < ZCX_NR_TAGS; i++) {
		link->sent[i] += by_tag[i];
		zcx_stats_add(stats, ZCX_STAT_BYTES + i, by_tag[i]);
	}
	link->copied += link->sink->copied;
	zcx_stats_add(stats, ZCX_STAT_BYTES_COPIED, link->sink->copied);
	zcx_stats_add(stats, ZCX_STAT_BYTES_FRAGS, link->sink->frags);
}

/* Push the batch until the sink has all of it; wait whenever it is full. */
static int zcx_link_drain(struct zcx_live_link *link)
{
	bool more = !zcx_link_gathered_all(link);

	while (link->sgl.bytes) {
		size_t offered = link->sgl.bytes;
		ssize_t n = link->sink->ops->push(link->sink, &link->sgl, more);
		int err;

		zcx_stats_add(&link->ctx->stats, ZCX_STAT_BATCHES, 1);
		trace_zcx_batch(link, n);
		if (n > 0) {
			/* All but a list's last piece goes with MSG_MORE. */
			link->corked = more || n < offered;
			zcx_link_account(link, n);
			continue;
		}
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
		return link->is_short ? ZCX_STATE_SHORT : ZCX_STATE_SENT;
	case -EINTR:
	case -ERESTARTSYS:
		return ZCX_STATE_CANCELLED;
	default:
		return ZCX_STATE_FAILED;
	}
}

static void zcx_link_finish(struct zcx_live_link *link, int err)
{
	u32 state = zcx_link_outcome(link, err);

	/* The tail must not wait for a timer when nothing follows it. */
	if (link->corked)
		link->sink->ops->flush(link->sink);
	if (link->begun)
		zcx_link_end_range(link);
	zcx_link_unpublish(link);

	link->error = err == -ERESTARTSYS ? EINTR : -err;
	zcx_link_set_state(link, state);
	zcx_stats_add(&link->ctx->stats,
		      ZCX_STAT_LINKS_SENT + (state - ZCX_STATE_SENT), 1);
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
 * -ERESTARTSYS and -EINTR as sock_intr_errno() gives them.
 */
int zcx_link_run(struct zcx_live_link *link)
{
	int err;

	trace_zcx_link_start(link);
	zcx_link_set_state(link, ZCX_STATE_RUNNING);
	err = zcx_link_pump(link);
	zcx_link_finish(link, err);
	return zcx_link_bytes_sent(link) ? 0 : err;
}
