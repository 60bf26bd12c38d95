/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_LANE_H
#define _ZCX_LANE_H

#include <linux/fs.h>

#include "sglist.h"

struct zcx_direct;
struct zcx_disk;
struct zcx_drop;
struct zcx_folio_wait;
struct zcx_pool;
struct zcx_range;

/**
 * enum zcx_effort - how far a lane may go to obtain bytes
 * @ZCX_EFFORT_NONE: what is at hand: neither a disk nor a filesystem is asked
 * @ZCX_EFFORT_START: it may ask for what is missing, but does not wait for it;
 *	to ask may block
 * @ZCX_EFFORT_WAIT: it waits until there is something
 */
enum zcx_effort {
	ZCX_EFFORT_NONE,
	ZCX_EFFORT_START,
	ZCX_EFFORT_WAIT,
};

/**
 * struct zcx_lane_ops - one way to obtain the bytes of a range
 * @name: for tracepoints
 * @sized: i_size says how large a file is; otherwise the filesystem must be asked
 * @begin: called before the first @fill of a range, and again before one that
 *	begins anew because nothing that was appended has been sent; may be NULL
 * @fill: append bytes to a scatter list
 * @fetch: have bytes brought that @fill with ZCX_EFFORT_NONE did not find; NULL:
 *	only @fill with ZCX_EFFORT_WAIT gets them, and blocks
 * @rest: the link waits for its sink, or for a clock: nothing of the range is in
 *	its list, and it may be a while until @fill is called again; may be NULL
 * @end: called once for a range that was begun, when all of its bytes have been
 *	sent that ever will be, with their number; may be NULL
 * @destroy: let go of what the lane holds for a range; may be NULL
 *
 * @fill appends at most @max bytes (at least 1) that begin at @range->pos, in
 * order, and moves @range->pos behind them. The list has room for at least one
 * more entry. It may append less than there is, and does so rather than wait
 * when it has appended anything at all. It may sleep, holding no lock; how long
 * is what @effort says. A lane that cannot tell says -EAGAIN to ZCX_EFFORT_NONE
 * and may wait with any other.
 *
 * @fill returns the bytes appended; 0 at the end of the file; or -errno, if
 * nothing was appended: -EAGAIN (it would have to wait), -EIO (the range
 * cannot be read), -ENOMEM, -EINTR (a fatal signal while waiting for the
 * disk), or what the filesystem says.
 *
 * @fetch brings at most @max bytes from @pos on; @range->pos is not looked at. It
 * may block. Returns 0: fill again; 1: fill again when @wait has been woken; or
 * -errno: the byte at @pos cannot be had.
 */
struct zcx_lane_ops {
	const char *name;
	bool sized;
	void (*begin)(struct zcx_range *range);
	ssize_t (*fill)(struct zcx_range *range, struct zcx_sglist *sgl,
			size_t max, enum zcx_effort effort);
	int (*fetch)(struct zcx_range *range, loff_t pos, size_t max,
		     struct zcx_folio_wait *wait);
	void (*rest)(struct zcx_range *range);
	void (*end)(struct zcx_range *range, u64 bytes);
	void (*destroy)(struct zcx_range *range);
};

/**
 * struct zcx_range - one segment on its way, and how far it has come
 * @lane: how its bytes are obtained
 * @file: the file, with a reference; NULL for memory
 * @disk: where reads of it are submitted, with a reference; NULL: by the task
 *	that runs the link
 * @pos: next byte to append: offset in the file, or from the beginning of the
 *	first page of memory
 * @end: first byte behind the range; LLONG_MAX if it runs to the end of file
 * @start: where it began
 * @to_eof: ends where the file ends, and so is never short
 * @follow: does not end there, but waits for more to be appended
 * @begun: its lane's begin() has been called
 * @nowait: no disk is to be asked
 * @drop_behind: what it brings into the page cache is to leave it again
 * @no_direct: what is cold was to be read directly, and cannot be
 * @missed_direct: this is to be told whether or not anything is cold
 * @by_cache: the direct lane: what lies before this goes through the page cache
 * @pool: the direct lane: where its buffers come from; its context's
 * @direct: the direct lane's reads, or NULL
 * @drop: what is to be dropped, or NULL
 * @ra: readahead state of the cache lane. Not the file's own: many links may
 *	read one descriptor at different places at a time
 * @page: memory: the page that holds the bytes, with a reference, or
 * @pages: the pages, if they are several (@nr_pages)
 * @nr_pages: how many pages of memory
 */
struct zcx_range {
	const struct zcx_lane_ops *lane;
	struct file *file;
	struct zcx_disk *disk;
	loff_t pos;
	loff_t end;
	loff_t start;
	bool to_eof;
	bool follow;
	bool begun;
	bool nowait;
	bool drop_behind;
	bool no_direct;
	bool missed_direct;
	unsigned int nr_pages;
	loff_t by_cache;
	struct zcx_pool *pool;
	struct zcx_direct *direct;
	struct zcx_drop *drop;
	union {
		struct file_ra_state ra;
		struct page *page;
		struct page **pages;
	};
};

/* One of the pages of a range of memory. */
static inline struct page *zcx_range_page(const struct zcx_range *range,
					  unsigned int index)
{
	return range->nr_pages == 1 ? range->page : range->pages[index];
}

extern const struct zcx_lane_ops zcx_lane_memory;
extern const struct zcx_lane_ops zcx_lane_cache;
extern const struct zcx_lane_ops zcx_lane_splice;
extern const struct zcx_lane_ops zcx_lane_direct;

bool zcx_lane_cache_supports(struct file *file);
/**
 * struct zcx_census - what of a range is in the page cache
 * @bytes: of the range, up to date
 * @folios: folios that hold them
 * @folio_min: bytes of the smallest; 0 if there is none
 * @folio_max: bytes of the largest
 */
struct zcx_census {
	u64 bytes;
	u64 folios;
	u32 folio_min;
	u32 folio_max;
};

void zcx_cache_census(const struct zcx_range *range, u64 bytes,
		      struct zcx_census *census);
loff_t zcx_cache_absent_until(const struct zcx_range *range, loff_t pos,
			      loff_t limit);
bool zcx_cache_lacks(struct file *file, loff_t pos, size_t bytes);
bool zcx_cache_bring(struct file *file, loff_t pos, size_t bytes);
unsigned int zcx_cache_collect(struct file *file, loff_t pos, size_t bytes,
			       bool to_eof, struct bio_vec *bv,
			       unsigned int room);
void zcx_cache_accessed(const struct bio_vec *bv, size_t bytes);
bool zcx_lane_direct_supports(struct file *file);
bool zcx_lane_splice_supports(struct file *file);
ssize_t zcx_splice_fill(struct file *file, loff_t *pos, struct zcx_sglist *sgl,
			size_t max, enum zcx_tag tag);

#endif /* _ZCX_LANE_H */
