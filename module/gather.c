// SPDX-License-Identifier: GPL-2.0
/*
 * From lanes to a link's scatter list: what of a program can be had now, and what
 * became of the rest. Where it goes from there is link.c's business.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/minmax.h>

#include "async.h"
#include "gather.h"
#include "lane.h"
#include "link.h"
#include "program.h"

/**
 * zcx_link_gathered_all() - is there nothing more to gather?
 * @link: the link
 *
 * Context: whoever runs the link.
 * Return: true if what is in its list is the last there is.
 */
bool zcx_link_gathered_all(const struct zcx_live_link *link)
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
	if (range->follow)
		return false;
	if (range->to_eof)
		return range->lane->sized &&
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

/* How far may a lane go, for the bytes that come next? */
static enum zcx_effort zcx_link_effort(const struct zcx_live_link *link,
				       const struct zcx_range *range)
{
	const struct zcx_lane_ops *lane = range->lane;

	if (range->nowait)
		return ZCX_EFFORT_NONE;
	if (link->async && !(link->async->pool && !lane->fetch))
		return ZCX_EFFORT_NONE;
	return link->sgl.bytes < ZCX_WORTH_SENDING ? ZCX_EFFORT_WAIT :
						     ZCX_EFFORT_START;
}

/*
 * What comes next is not at hand. Returns the errno with which it could not be
 * fetched, or 0: gathering ends here for now.
 */
static int zcx_link_miss(struct zcx_live_link *link, loff_t pos)
{
	struct zcx_async *async = link->async;

	if (!async)
		return 0;
	if (async->fetch_range != link->next || async->fetch_pos != pos) {
		async->fetch_range = link->next;
		async->fetch_pos = pos;
		async->fetch_error = 0;
	}
	link->missing = !async->fetch_error;
	return async->fetch_error;
}

/* A lane had nothing: a miss, the end of the file, or an error. */
static bool zcx_link_fill_failed(struct zcx_live_link *link,
				 struct zcx_range *range,
				 enum zcx_effort effort, ssize_t err)
{
	/* When it was to wait, it is the file's own errno. */
	if (err == -EAGAIN && effort < ZCX_EFFORT_WAIT && !range->nowait) {
		err = zcx_link_miss(link, range->pos);
		if (!err)
			return false;
	}
	if (!err && range->follow) {
		link->at_end = true;
		return false;
	}
	if (err)
		link->stop = zcx_plain_error(err);
	else if (!range->to_eof)
		link->is_short = true;
	link->next++;
	return true;
}

/*
 * One step of one lane. Sets @link->stop or @link->is_short at an early end.
 *
 * Return: true if there may be more to gather without waiting for it.
 */
static bool zcx_link_fill(struct zcx_live_link *link)
{
	struct zcx_range *range = &link->program->ranges[link->next];
	size_t max = link->limit - link->sgl.bytes;
	enum zcx_effort effort = zcx_link_effort(link, range);
	ssize_t n;

	if (range->pos >= range->end) {
		link->next++;
		return true;
	}
	link->reached = max(link->reached, link->next);
	if (!range->begun && range->lane->begin)
		range->lane->begin(range);
	range->begun = true;

	n = range->lane->fill(range, &link->sgl,
			      min_t(u64, max, range->end - range->pos), effort);
	if (n <= 0)
		return zcx_link_fill_failed(link, range, effort, n);
	if (!zcx_range_is_over(range))
		return false;
	/* At once, so that the last batch is known to be the last. */
	link->next++;
	/* The next one may need what it holds. */
	if (range->lane->rest)
		range->lane->rest(range);
	return true;
}

/**
 * zcx_link_gather() - gather a batch: what can be had now
 * @link: the link; up to @link->limit bytes are appended to its list
 *
 * A link that is run by its submitter waits for the first bytes of a batch; one
 * that runs by itself never does, and finds @link->missing set.
 *
 * Context: whoever runs the link; may sleep.
 */
void zcx_link_gather(struct zcx_live_link *link)
{
	link->missing = false;
	link->at_end = false;
	while (!zcx_link_gathered_all(link) && link->sgl.bytes < link->limit &&
	       zcx_sglist_room(&link->sgl))
		if (!zcx_link_fill(link))
			break;
}

/**
 * zcx_link_end_following() - nothing more is to be appended to the last file
 * @link: the link; has come to its end
 * @is_short: it was cut off to less than was sent
 *
 * Context: whoever runs the link.
 */
void zcx_link_end_following(struct zcx_live_link *link, bool is_short)
{
	link->is_short = is_short;
	link->next++;
}

/**
 * zcx_link_rest() - it may be a while until the link goes on
 * @link: the link; what its lanes have at hand may be taken away
 *
 * Context: whoever runs the link.
 */
void zcx_link_rest(struct zcx_live_link *link)
{
	struct zcx_range *range;
	unsigned int i;

	/* Those that were given back too: they may have read ahead. */
	for (i = link->head; i <= link->reached && i < link->program->count;
	     i++) {
		range = &link->program->ranges[i];
		if (range->lane->rest)
			range->lane->rest(range);
	}
}
