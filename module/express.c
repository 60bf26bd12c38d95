// SPDX-License-Identifier: GPL-2.0
/*
 * The express: small requests that need not wait for anything but, if they are
 * synchronous, for their last bytes to be read.
 *
 * Of a header and a small file the calls around TCP cost more than TCP. When all
 * of it is at hand (the file's bytes in the page cache, room in a plain TCP
 * socket, nobody in the line), no link has to be made of it that could wait, be
 * looked at, or be found: what is to be sent stands in a short list on the stack,
 * and leaves by one push.
 *
 * Whatever else is not at hand, or not as usual, is not dealt with here: the request
 * then becomes a link as if nobody had tried. That is possible until something has
 * been sent. If TCP takes a part only, the rest becomes a link in the same place of
 * the line.
 *
 * A request that was to run by itself leaves an event, which needs memory and counts
 * against limits for as long as it is unread. So what will hold it is had first: a link
 * that only has its end, or that what is left is put into.
 *
 * What the caller, counters and security modules get to see is as of a link; who is
 * not to be asked twice, should it become one, is asked when hardly anything is in the
 * way any more. Links that are traced are never sent this way.
 */
#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "accessed.h"
#include "async.h"
#include "cache.h"
#include "compat/fd.h"
#include "context.h"
#include "express.h"
#include "frags.h"
#include "lane.h"
#include "link.h"
#include "memory.h"
#include "program.h"
#include "query.h"
#include "sink_socket.h"
#include "stats.h"
#include "submit.h"
#include "trace.h"
#include "turn.h"
#include "zcx.h"

/* ZCX_EXPRESS_BYTES from anywhere in a page, page by page, a header and a trailer. */
#define ZCX_EXPRESS_ENTRIES	(ZCX_EXPRESS_BYTES / PAGE_SIZE + 3)

/**
 * struct zcx_express_part - a segment
 * @seg: as user space wrote it
 * @file: of a file segment; NULL: of memory
 * @fd: how @file is held
 * @bytes: how many it has
 */
struct zcx_express_part {
	struct zcx_segment seg;
	struct file *file;
	struct fd fd;
	unsigned int bytes;
};

/**
 * struct zcx_express - a request under way
 * @parts: its segments, and what is had of them
 * @count: how many @parts are had
 * @missing: the last of them, if it was not found as it should be in the page cache
 * @entries: how many of @bv are in use
 * @bytes: in all of them
 * @memory: of these, of memory segments
 * @sock: where to
 * @result_flags: enum zcx_result_flag
 * @sent_memory: bytes that TCP has taken of memory segments
 * @sent_cache: and of files
 * @frags: of both, those that became fragments
 * @turn: its place in the line
 * @link: what holds its event, from zcx_submit_reserve(); NULL: it has none, since it
 *	is synchronous
 * @bv: the bytes; each entry lies within one folio, and has a reference on it
 */
struct zcx_express {
	struct zcx_express_part parts[ZCX_PROGRAM_FEW];
	unsigned int count;
	struct zcx_express_part *missing;
	unsigned int entries;
	unsigned int bytes;
	unsigned int memory;
	struct socket *sock;
	u32 result_flags;
	unsigned int sent_memory;
	unsigned int sent_cache;
	size_t frags;
	struct zcx_turn turn;
	struct zcx_live_link *link;
	struct bio_vec bv[ZCX_EXPRESS_ENTRIES];
};

/* Links that are traced show all that becomes of them. */
static bool zcx_express_is_traced(void)
{
	return trace_zcx_link_start_enabled() || trace_zcx_batch_enabled() ||
	       trace_zcx_link_end_enabled();
}

/**
 * zcx_express_suits() - may a request be small, and ask for nothing special?
 * @cmd: the request, as user space wrote it
 *
 * Context: any.
 * Return: true if so, as far as can be told before its segments are read.
 */
bool zcx_express_suits(const struct zcx_link *cmd)
{
	u64 threshold;

	/* What limits the time of a link that runs by itself is no matter here. */
	if (cmd->flags & ~(ZCX_LINK_SYNC | ZCX_LINK_NOSIGNAL |
			   ZCX_LINK_NOWAIT) || cmd->rate)
		return false;
	/* Zero segments are somebody else's business, too. */
	if (cmd->segment_count - 1 >= ZCX_PROGRAM_FEW ||
	    cmd->segment_size != sizeof(struct zcx_segment))
		return false;
	if (cmd->lane != ZCX_LANE_AUTO)
		return cmd->lane == ZCX_LANE_CACHE;
	threshold = cmd->direct_threshold ?: zcx_direct_threshold();
	return threshold > ZCX_EXPRESS_BYTES;
}

static bool zcx_express_read(struct zcx_express *ex,
			     const struct zcx_link *cmd)
{
	const struct zcx_segment __user *from = u64_to_user_ptr(cmd->segments);
	struct zcx_express_part *part = ex->parts;
	struct zcx_express_part *end = part + cmd->segment_count;

	if (!user_read_access_begin(from, cmd->segment_count * sizeof(*from)))
		return false;
	for (; part < end; from++, part++) {
		struct zcx_segment *to = &part->seg;

		unsafe_get_user(to->type, &from->type, fault);
		unsafe_get_user(to->fd, &from->fd, fault);
		unsafe_get_user(to->offset, &from->offset, fault);
		unsafe_get_user(to->length, &from->length, fault);
		unsafe_get_user(to->addr, &from->addr, fault);
		unsafe_get_user(to->flags, &from->flags, fault);
		unsafe_get_user(to->__reserved, &from->__reserved, fault);
	}
	user_read_access_end();
	return true;
fault:
	user_read_access_end();
	return false;
}

static bool zcx_express_add_memory(struct zcx_express *ex,
				   struct zcx_memory *memory,
				   const struct zcx_segment *seg)
{
	unsigned int bytes = seg->length, offset;
	struct page *page;

	if (seg->length > PAGE_SIZE)
		return false;
	page = zcx_memory_take(memory, bytes, &offset);
	if (!page)
		return false;
	bvec_set_page(&ex->bv[ex->entries++], page, bytes, offset);
	ex->memory += bytes;
	return !copy_from_user(page_address(page) + offset,
			       u64_to_user_ptr(seg->addr), bytes);
}

/* Bytes that a file segment has now; 0: none, or too many. */
static unsigned int zcx_express_length(const struct file *file,
				       const struct zcx_segment *seg)
{
	u64 length = seg->length;

	if (length == ZCX_TO_EOF)
		length = i_size_read(file->f_mapping->host) - seg->offset;
	return length > ZCX_EXPRESS_BYTES ? 0 : length;
}

/* The part's bytes, if they are in the page cache. */
static bool zcx_express_collect(struct zcx_express *ex,
				struct zcx_express_part *part)
{
	const struct zcx_segment *seg = &part->seg;
	unsigned int n;

	n = zcx_cache_collect(part->file, seg->offset, part->bytes,
			      seg->length == ZCX_TO_EOF, ex->bv + ex->entries,
			      ZCX_EXPRESS_ENTRIES - ex->entries);
	ex->entries += n;
	return n;
}

static bool zcx_express_add_file(struct zcx_express *ex,
				 struct zcx_express_part *part)
{
	const struct zcx_segment *seg = &part->seg;
	struct file *file;

	part->fd = fdget(seg->fd);
	file = fd_file(part->fd);
	part->file = file;
	if (!file || zcx_file_kind(file) || !zcx_lane_cache_supports(file))
		return false;
	part->bytes = zcx_express_length(file, seg);
	if (!part->bytes)
		return false;
	if (zcx_express_collect(ex, part))
		return true;
	ex->missing = part;
	return false;
}

static bool zcx_express_add(struct zcx_express *ex, struct zcx_memory *memory,
			    struct zcx_express_part *part)
{
	const struct zcx_segment *seg = &part->seg;

	part->file = NULL;
	part->bytes = seg->length;
	ex->count++;
	/* Nothing of nothing is a rare wish, and has rules of its own. */
	if (!seg->length || zcx_segment_check(seg) ||
	    ex->entries == ZCX_EXPRESS_ENTRIES)
		return false;
	if (seg->type == ZCX_SEGMENT_FILE ?
	    !zcx_express_add_file(ex, part) :
	    !zcx_express_add_memory(ex, memory, seg))
		return false;
	ex->bytes += part->bytes;
	return true;
}

static bool zcx_express_gather(struct zcx_express *ex,
			       struct zcx_memory *memory, unsigned int count)
{
	struct zcx_express_part *part = ex->parts, *end = part + count;

	ex->count = 0;
	ex->missing = NULL;
	ex->entries = 0;
	ex->bytes = 0;
	ex->memory = 0;
	for (; part < end; part++)
		if (!zcx_express_add(ex, memory, part))
			return false;
	return ex->bytes <= ZCX_EXPRESS_BYTES;
}

static __always_inline void zcx_express_release(struct zcx_express *ex)
{
	const struct zcx_express_part *part = ex->parts;
	const struct zcx_express_part *end = part + ex->count;
	const struct bio_vec *bv = ex->bv, *bv_end = bv + ex->entries;

	for (; bv < bv_end; bv++)
		put_page(bv->bv_page);
	for (; part < end; part++)
		if (part->file)
			fdput(part->fd);
	ex->entries = 0;
	ex->count = 0;
}

/*
 * Whether each file may be read: what may be logged, or be asked of user space, and so
 * is asked when nothing else is in the way. About the socket sock_sendmsg() asks, as
 * for send(2); a link may get by it where the kernel has sendpage, and so asks first.
 */
static bool zcx_express_is_allowed(const struct zcx_express *ex)
{
	const struct zcx_express_part *part = ex->parts;
	const struct zcx_express_part *end = part + ex->count;

	for (; part < end; part++)
		if (part->file && zcx_file_permit(part->file, part->seg.offset,
						  part->seg.length))
			return false;
	return true;
}

/* The entry of the list behind those of @part, which begin with @bv. */
static const struct bio_vec *
zcx_express_skip(const struct zcx_express_part *part, const struct bio_vec *bv)
{
	unsigned int left = part->bytes;

	while (left) {
		left -= bv->bv_len;
		bv++;
	}
	return bv;
}

/*
 * Whoever was asked for leave may have slept, or done something to the file, as one
 * does that fills it on demand; and so may who brought a page of the caller's memory.
 * Is what was gathered before still what a link would find? (Whether the caller has
 * slept is not to be had: a sleep that ends at once is counted nowhere.)
 */
static __always_inline bool
zcx_express_is_current(const struct zcx_express *ex)
{
	const struct zcx_express_part *part = ex->parts;
	const struct zcx_express_part *end = part + ex->count;
	const struct bio_vec *bv = ex->bv;

	for (; bv && part < end; part++) {
		const struct zcx_segment *seg = &part->seg;

		/* Memory has one entry, and is ours. */
		bv = part->file ?
		     zcx_cache_recheck(part->file, seg->offset, part->bytes,
				       seg->length == ZCX_TO_EOF, bv) : bv + 1;
	}
	return bv;
}

/*
 * Is it nothing but the last segment's bytes that have to be read, and has the caller
 * nothing else to do than to wait for them? That it is the last spares beginning anew.
 */
static bool zcx_express_is_cold(const struct zcx_express *ex,
				const struct zcx_link *cmd)
{
	const struct zcx_express_part *part = ex->missing;

	return part && ex->count == cmd->segment_count &&
	       (cmd->flags & (ZCX_LINK_SYNC | ZCX_LINK_NOWAIT)) ==
	       ZCX_LINK_SYNC &&
	       ex->bytes + part->bytes <= ZCX_EXPRESS_BYTES &&
	       zcx_cache_lacks(part->file, part->seg.offset, part->bytes);
}

/* Read what is missing. */
static bool zcx_express_bring(struct zcx_express *ex)
{
	struct zcx_express_part *part = ex->missing;

	if (!zcx_cache_bring(part->file, part->seg.offset, part->bytes) ||
	    !zcx_express_collect(ex, part))
		return false;
	ex->bytes += part->bytes;
	return zcx_express_is_current(ex);
}

/* So many of the first bytes have gone: where do they come from? */
static void zcx_express_count(struct zcx_express *ex, unsigned int bytes)
{
	unsigned int i, n;

	ex->sent_memory = ex->memory;
	ex->sent_cache = bytes - ex->memory;
	if (likely(bytes == ex->bytes))
		return;
	ex->sent_memory = 0;
	for (i = 0, n = bytes; i < ex->count; i++) {
		unsigned int step = min(n, ex->parts[i].bytes);

		if (!ex->parts[i].file)
			ex->sent_memory += step;
		n -= step;
	}
	ex->sent_cache = bytes - ex->sent_memory;
}

/* Of each file that something has been sent of. */
static void zcx_express_tell_watchers(const struct zcx_express *ex, bool touch)
{
	const struct zcx_express_part *part = ex->parts;
	unsigned int step, n = ex->sent_memory + ex->sent_cache;
	/* Who submits what runs by itself waits for no filesystem. */
	bool now = touch && !ex->link, later = touch && ex->link;

	/* No more has been sent than the parts have. */
	for (; n; n -= step, part++) {
		step = min(n, part->bytes);
		if (!part->file)
			continue;
		if (later)
			zcx_file_touch(part->file);
		zcx_file_accessed(part->file, NULL, step, now);
	}
}

static void zcx_express_add_stats(const struct zcx_express *ex,
				  struct zcx_stats *stats)
{
	zcx_stats_add(stats, ZCX_STAT_BYTES + ZCX_TAG_MEMORY, ex->sent_memory);
	zcx_stats_add(stats, ZCX_STAT_BYTES + ZCX_TAG_CACHE, ex->sent_cache);
	zcx_stats_add(stats, ZCX_STAT_BYTES_FRAGS, ex->frags);
	zcx_stats_add(stats, ZCX_STAT_BYTES_COPIED,
		      ex->sent_memory + ex->sent_cache - ex->frags);
}

/*
 * It has an outcome: all of it has gone, or something has failed. If that is to be
 * an event, it may be read and gone when this returns.
 */
static void zcx_express_end(struct zcx_express *ex, struct zcx_context *ctx,
			    struct zcx_link *cmd, int error)
{
	cmd->bytes_memory = ex->sent_memory;
	cmd->bytes_cache = ex->sent_cache;
	cmd->bytes_sent = ex->sent_memory + ex->sent_cache;
	cmd->bytes_splice = 0;
	cmd->bytes_direct = 0;
	cmd->bytes_copied = cmd->bytes_sent - ex->frags;
	cmd->state = error ? ZCX_STATE_FAILED : ZCX_STATE_SENT;
	cmd->error = error;
	cmd->result_flags = ex->result_flags;
	if (likely(!error)) {
		zcx_stats_add(&ctx->stats, ZCX_STAT_EXPRESS, 1);
	} else {
		zcx_stats_add(&ctx->stats, ZCX_STAT_LINKS_STARTED, 1);
		zcx_stats_add(&ctx->stats, ZCX_STAT_LINKS_FAILED, 1);
	}
	if (!ex->link) {
		cmd->id = zcx_context_next_id(ctx);
		return;
	}
	cmd->id = zcx_async_end_at_once(ex->link, cmd, &ex->turn);
}

/* What a link would know of a segment of which @sent bytes have gone. */
static void zcx_express_make_range(const struct zcx_express_part *part,
				   const struct bio_vec *bv, unsigned int sent,
				   bool nowait, struct zcx_range *range)
{
	const struct zcx_segment *seg = &part->seg;
	struct file *file = part->file;

	memset(range, 0, sizeof(*range));
	if (file) {
		range->lane = &zcx_lane_cache;
		range->file = get_file(file);
		range->start = seg->offset;
		range->to_eof = seg->length == ZCX_TO_EOF;
		range->nowait = nowait;
	} else {
		range->lane = &zcx_lane_memory;
		range->page = bv->bv_page;
		range->nr_pages = 1;
		range->start = bv->bv_offset;
		get_page(range->page);
	}
	range->pos = range->start + sent;
	range->end = range->to_eof ? LLONG_MAX : range->start + seg->length;
}

/* What is left runs by itself. Returns 0, or -ENOMEM: there is no link. */
static int zcx_express_start_rest(struct zcx_express *ex, struct zcx_link *cmd,
				  struct file *socket,
				  const struct zcx_range *ranges,
				  const u64 sent[ZCX_NR_TAGS])
{
	struct zcx_live_link *link = ex->link;
	int err;

	err = zcx_submit_reserved(link, cmd, socket, ranges, ex->count);
	if (err)
		return err;
	zcx_stats_add(&link->ctx->stats, ZCX_STAT_EXPRESS_REST, 1);
	zcx_async_go_on(link, &ex->turn, sent, ex->frags);
	zcx_link_result(link, cmd);
	zcx_link_put(link);
	return 0;
}

/* What is left is sent before we return. Returns 0, or -errno: there is no link. */
static int zcx_express_run_rest(struct zcx_express *ex, struct zcx_context *ctx,
				struct zcx_link *cmd, struct file *socket,
				const struct zcx_range *ranges,
				const u64 sent[ZCX_NR_TAGS])
{
	struct zcx_live_link *link;

	link = zcx_submit_rest(ctx, cmd, socket, ranges, ex->count);
	if (IS_ERR(link))
		return PTR_ERR(link);
	zcx_stats_add(&ctx->stats, ZCX_STAT_EXPRESS_REST, 1);
	/* It has references of its own, and may wait for long. */
	zcx_express_release(ex);
	/* Something has been sent: that is a success. */
	zcx_link_go_on(link, &ex->turn, sent, ex->frags);
	zcx_link_result(link, cmd);
	zcx_link_put(link);
	return 0;
}

/*
 * TCP took a part, and no more for now. What is left is a link's, whose place in the
 * line is ours. Returns 0, or -errno: there is no link.
 */
static noinline_for_stack int
zcx_express_hand_over(struct zcx_express *ex, struct zcx_context *ctx,
		      struct zcx_link *cmd, struct file *socket)
{
	const u64 sent[ZCX_NR_TAGS] = {
		[ZCX_TAG_MEMORY] = ex->sent_memory,
		[ZCX_TAG_CACHE] = ex->sent_cache,
	};
	unsigned int i, n = ex->sent_memory + ex->sent_cache;
	bool nowait = cmd->flags & ZCX_LINK_NOWAIT;
	struct zcx_range ranges[ZCX_PROGRAM_FEW];
	const struct bio_vec *bv = ex->bv;

	for (i = 0; i < ex->count; i++) {
		const struct zcx_express_part *part = &ex->parts[i];
		unsigned int step = min(n, part->bytes);

		zcx_express_make_range(part, bv, step, nowait, &ranges[i]);
		bv = zcx_express_skip(part, bv);
		n -= step;
	}
	return ex->link ?
	       zcx_express_start_rest(ex, cmd, socket, ranges, sent) :
	       zcx_express_run_rest(ex, ctx, cmd, socket, ranges, sent);
}

/*
 * Has the socket neither taken anything nor said anything about the connection? No
 * room, no memory, a protocol above TCP by now, or somebody else who would have the
 * call begin anew.
 */
static bool zcx_express_came_to_nothing(const struct zcx_express *ex, ssize_t n)
{
	if (likely(n > 0))
		return false;
	if (n == -EOPNOTSUPP)
		return !zcx_socket_is_bare(ex->sock);
	/* A security module said no: to be told by a link, like any other refusal. */
	if (n == -EACCES || n == -EPERM)
		return true;
	return !n || n == -EAGAIN || zcx_is_interrupted(n);
}

/* Push the list. Returns as zcx_express(). */
static int zcx_express_push(struct zcx_express *ex, struct zcx_context *ctx,
			    struct zcx_link *cmd, struct file *socket)
{
	int error = 0;
	bool part;
	ssize_t n;

	n = zcx_frags_push_bvec(ex->sock, ex->bv, ex->entries, ex->bytes,
				&ex->frags);
	if (zcx_express_came_to_nothing(ex, n))
		return ZCX_NO_EXPRESS;
	if (likely(n > 0)) {
		zcx_express_count(ex, n);
		zcx_cache_accessed(ex->bv, n);
	} else {
		error = -n;
		ex->sent_memory = 0;
		ex->sent_cache = 0;
		ex->frags = 0;
	}
	zcx_express_add_stats(ex, &ctx->stats);
	if (n != ex->bytes)
		zcx_stats_add(&ctx->stats, ZCX_STAT_BATCHES, 1);
	part = n > 0 && n < ex->bytes;
	if (unlikely(part)) {
		error = -zcx_express_hand_over(ex, ctx, cmd, socket);
		if (!error)
			return 0;
	}
	if (!ex->link)
		zcx_turn_leave(&ex->turn, !part);
	if (likely(n > 0))
		zcx_express_tell_watchers(ex, !(cmd->flags & ZCX_LINK_NOWAIT));
	zcx_express_end(ex, ctx, cmd, error);
	/* That something has been sent is a success. */
	return n > 0 || ex->link ? 0 : n;
}

/* Files and the socket, counted as zcx_program_find_disks() counts. */
static unsigned int zcx_express_files(const struct zcx_express *ex)
{
	const struct file *last = NULL;
	unsigned int i, files = 1;

	for (i = 0; i < ex->count; i++) {
		if (!ex->parts[i].file)
			continue;
		files += ex->parts[i].file != last;
		last = ex->parts[i].file;
	}
	return files;
}

/* It is our turn. Whatever keeps us from sending, we leave as we came. */
static int zcx_express_go(struct zcx_express *ex, struct zcx_context *ctx,
			  struct zcx_link *cmd, struct file *socket)
{
	bool sync = cmd->flags & ZCX_LINK_SYNC;
	int ret = ZCX_NO_EXPRESS;

	ex->link = NULL;
	if (!sync)
		ex->link = zcx_submit_reserve(ctx, cmd, zcx_express_files(ex));
	if (sync || ex->link)
		ret = zcx_express_push(ex, ctx, cmd, socket);
	if (likely(ret != ZCX_NO_EXPRESS))
		return ret;
	zcx_turn_leave(&ex->turn, true);
	if (ex->link)
		zcx_submit_unreserve(ex->link);
	return ret;
}

/*
 * Of a request whose end is cold. It stands in the line while it is read, as a link
 * would: who comes later does not go before it. But not while leave is asked for: who
 * is asked may want to send to the same socket.
 */
static noinline_for_stack int
zcx_express_go_cold(struct zcx_express *ex, struct zcx_context *ctx,
		    struct zcx_link *cmd, struct file *socket)
{
	if (!zcx_express_is_allowed(ex) ||
	    !zcx_turn_try_enter(&ex->turn, ex->sock->sk))
		return ZCX_NO_EXPRESS;
	if (zcx_express_bring(ex) &&
	    zcx_socket_is_ready(ex->sock, true, &ex->result_flags))
		return zcx_express_go(ex, ctx, cmd, socket);
	zcx_turn_leave(&ex->turn, true);
	return ZCX_NO_EXPRESS;
}

static int zcx_express_to(struct zcx_express *ex, struct zcx_context *ctx,
			  struct zcx_link *cmd, struct file *socket)
{
	bool sync = cmd->flags & ZCX_LINK_SYNC;
	int ret = ZCX_NO_EXPRESS;

	ex->sock = zcx_socket_plain(socket);
	if (!ex->sock)
		return ret;
	if (likely(zcx_express_gather(ex, &ctx->memory, cmd->segment_count))) {
		if (zcx_express_is_allowed(ex) && zcx_express_is_current(ex) &&
		    zcx_socket_is_ready(ex->sock, sync, &ex->result_flags) &&
		    zcx_turn_try_enter(&ex->turn, ex->sock->sk))
			ret = zcx_express_go(ex, ctx, cmd, socket);
	} else if (zcx_express_is_cold(ex, cmd)) {
		ret = zcx_express_go_cold(ex, ctx, cmd, socket);
	}
	zcx_express_release(ex);
	return ret;
}

/**
 * zcx_express() - send a small request at once, if that is possible
 * @ctx: whose
 * @cmd: the request, as user space wrote it; out: its result, if it was sent
 *
 * Context: process context of the submitter; may sleep for locks and memory, and if
 * the request is synchronous for the disk, killably, and where TCP takes a part only, as
 * a link that has met a full socket does.
 * Return: ZCX_NO_EXPRESS: nothing has been sent, nothing counted, nothing held, and
 * the request is to become a link. 0: it has ended, or, if it runs by itself, its
 * event says, or will say, how. Or, if it is synchronous and nothing of it was sent,
 * the -errno of the socket, as zcx_link_run() gives it.
 */
int zcx_express(struct zcx_context *ctx, struct zcx_link *cmd)
{
	/* Most of it is never used, and what is, is set first. */
	struct zcx_express ex __uninitialized;
	int ret = ZCX_NO_EXPRESS;
	struct fd socket;

	if (!zcx_express_suits(cmd) || zcx_express_is_traced() ||
	    !zcx_frags_enabled() || !zcx_context_has_room(ctx, zcx_max_links()) ||
	    !zcx_express_read(&ex, cmd))
		return ret;
	socket = fdget(cmd->socket_fd);
	if (fd_file(socket))
		ret = zcx_express_to(&ex, ctx, cmd, fd_file(socket));
	fdput(socket);
	return ret;
}
