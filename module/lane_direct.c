// SPDX-License-Identifier: GPL-2.0
/*
 * The direct lane: cold stretches of large files, read past the page cache.
 *
 * What is resident goes from the page cache, by the cache lane. Where nothing is
 * resident a run of direct reads begins, up to the next page that is. A stretch too
 * short for that, and a file of which direct reads cannot be had after all, goes
 * through the page cache, and leaves it again.
 */
#include <linux/dax.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>
#include <linux/stat.h>

#include "accessed.h"
#include "direct.h"
#include "disk.h"
#include "folio_wait.h"
#include "lane.h"
#include "zcx.h"

/*
 * Filesystems whose direct reads are what they say, as long as they leave
 * IOCB_DIRECT set: iomap's, coherent with the page cache. btrfs, for one, reads
 * compressed and inline extents through the page cache and does not say so.
 */
static const unsigned long zcx_direct_magic[] = {
	EXT4_SUPER_MAGIC,
	XFS_SUPER_MAGIC,
};

/**
 * zcx_lane_direct_supports() - may direct reads of a file be relied on?
 * @file: a regular file, that the cache lane supports too
 *
 * Context: any.
 * Return: true if so, as far as can be told without trying.
 */
bool zcx_lane_direct_supports(struct file *file)
{
	struct inode *inode = file_inode(file);
	unsigned int i;

	if (!(file->f_mode & FMODE_CAN_ODIRECT) || IS_DAX(inode))
		return false;
	for (i = 0; i < ARRAY_SIZE(zcx_direct_magic); i++)
		if (inode->i_sb->s_magic == zcx_direct_magic[i])
			return true;
	return false;
}

/* What direct reads of the file must be aligned to, in bytes; 0: it has none. */
static unsigned int zcx_direct_align(struct file *file)
{
	struct kstat stat;

	if (!zcx_lane_direct_supports(file) ||
	    vfs_getattr(&file->f_path, &stat, STATX_DIOALIGN,
			AT_STATX_SYNC_AS_STAT))
		return 0;
	if (!(stat.result_mask & STATX_DIOALIGN) ||
	    !is_power_of_2(stat.dio_offset_align) ||
	    stat.dio_offset_align > SZ_16K ||
	    stat.dio_mem_align > PAGE_SIZE)
		return 0;
	return max_t(unsigned int, stat.dio_offset_align, PAGE_SIZE);
}

/* From here on the page cache is asked; what it brings leaves it again. */
static void zcx_direct_give_up(struct zcx_range *range)
{
	if (range->direct)
		zcx_direct_end(range->direct);
	range->no_direct = true;
	range->missed_direct = true;
	range->drop_behind = true;
}

/* Be able to read; false: we are not. */
static bool zcx_direct_ready(struct zcx_range *range)
{
	unsigned int align;

	if (range->direct)
		return true;
	align = zcx_direct_align(range->file);
	if (align)
		range->direct = zcx_direct_create(range->file, range->pool,
						  align);
	if (!range->direct)
		zcx_direct_give_up(range);
	return range->direct;
}

/* Where the range, or the file, ends. */
static loff_t zcx_direct_limit(const struct zcx_range *range)
{
	return min(range->end, i_size_read(range->file->f_mapping->host));
}

/*
 * From @pos on nothing is resident up to the byte returned. It is not looked farther
 * than is read ahead, so that what becomes resident meanwhile is found.
 */
static loff_t zcx_direct_absent(const struct zcx_range *range, loff_t pos)
{
	loff_t limit = zcx_direct_limit(range);
	loff_t span = (loff_t)ZCX_DIRECT_SLOTS * zcx_batch_bytes();

	if (limit - range->pos > span)
		limit = max(range->pos + span, pos);
	return zcx_cache_absent_until(range, pos, limit);
}

/*
 * There is no memory: the next batch goes through the page cache, and leaves it. If
 * the network has it, that also brings it to let go: packets that were received on
 * this machine are freed when others come, see skb_attempt_defer_free().
 */
static void zcx_direct_do_without(struct zcx_range *range, loff_t pos)
{
	loff_t span = zcx_batch_bytes();

	zcx_direct_end(range->direct);
	zcx_direct_starve_not(range->direct);
	range->by_cache = pos + min(span, zcx_direct_limit(range) - pos);
	range->missed_direct = true;
	range->drop_behind = true;
}

/*
 * Nothing is resident at @pos: begin a run there, unless one covers it already.
 *
 * Return: 0: it is covered; else the bytes that are for the page cache.
 */
static size_t zcx_direct_cover(struct zcx_range *range, loff_t pos)
{
	loff_t stop;

	if (range->no_direct)
		return SIZE_MAX;
	if (range->direct && zcx_direct_starves(range->direct))
		zcx_direct_do_without(range, pos);
	if (pos < range->by_cache)
		return range->by_cache - pos;
	if (range->direct && zcx_direct_covers(range->direct, pos))
		return 0;
	/* What is fetched may lie a little ahead of what was gathered. */
	stop = zcx_direct_absent(range, pos);
	if (stop - pos < ZCX_BUFFER_MIN)
		return max_t(size_t, stop - pos, 1);
	if (!zcx_direct_ready(range))
		return SIZE_MAX;
	zcx_direct_end(range->direct);
	zcx_direct_begin(range->direct, pos, stop);
	/* In the last block that offsets can name it is not. */
	return zcx_direct_covers(range->direct, pos) ? 0 : SIZE_MAX;
}

/* The run goes on behind its end, if nothing is resident there either. */
static void zcx_direct_go_on(struct zcx_range *range)
{
	loff_t stop = zcx_direct_stops_at(range->direct);

	if (stop >= zcx_direct_limit(range))
		return;
	zcx_direct_extend(range->direct, stop, zcx_direct_absent(range, stop));
}

/* Have more read while this is sent. */
static void zcx_direct_ahead(struct zcx_range *range, enum zcx_effort effort)
{
	zcx_direct_go_on(range);
	if (effort > ZCX_EFFORT_NONE)
		zcx_direct_read(range->direct);
	else
		zcx_direct_read_later(range->direct, range->disk);
}

/*
 * Append what has been read at @range->pos.
 *
 * Return: bytes; 0: the run is over; -EAGAIN: it is still being read; or the
 * -errno with which it could not be.
 */
static ssize_t zcx_direct_append(struct zcx_range *range,
				 struct zcx_sglist *sgl, size_t max)
{
	loff_t size;
	struct page *page;
	size_t offset;
	ssize_t n;

	n = zcx_direct_look(range->direct, range->pos, &page, &offset);
	if (n <= 0)
		return n;
	/* Cut off since: nothing from beyond the end is sent. */
	size = i_size_read(range->file->f_mapping->host);
	n = min3((loff_t)n, (loff_t)max, size - range->pos);
	if (n <= 0 || zcx_sglist_append(sgl, page, offset, n, ZCX_TAG_DIRECT)) {
		put_page(page);
		return 0;
	}
	range->pos += n;
	return n;
}

/* The run covers @range->pos; see zcx_direct_append(). */
static ssize_t zcx_direct_take(struct zcx_range *range, struct zcx_sglist *sgl,
			       size_t max, enum zcx_effort effort)
{
	ssize_t n;
	int err;

	n = zcx_direct_append(range, sgl, max);
	if (n != -EAGAIN || effort == ZCX_EFFORT_NONE)
		return n;
	zcx_direct_read(range->direct);
	n = zcx_direct_append(range, sgl, max);
	if (n != -EAGAIN || effort == ZCX_EFFORT_START)
		return n;
	err = zcx_direct_sleep(range->direct, range->pos);
	if (err)
		return err;
	return zcx_direct_append(range, sgl, max);
}

/*
 * A read that @range->pos is in could not be done. If the disk is to blame, what is
 * good before the bad place is sent first; at the place itself the page cache may
 * try, and has the last word.
 */
static void zcx_direct_failed(struct zcx_range *range, int err)
{
	zcx_direct_end(range->direct);
	if (err == -EOPNOTSUPP || !zcx_direct_refine(range->direct))
		zcx_direct_give_up(range);
}

/*
 * One step from @range->pos, which lies in the file.
 *
 * Return: bytes; 0: look again; or -errno.
 */
static ssize_t zcx_direct_step(struct zcx_range *range, struct zcx_sglist *sgl,
			       size_t max, enum zcx_effort effort)
{
	size_t for_cache;
	ssize_t n;

	if (!range->direct || range->no_direct ||
	    !zcx_direct_covers(range->direct, range->pos)) {
		n = zcx_lane_cache.fill(range, sgl, max, ZCX_EFFORT_NONE);
		if (n != -EAGAIN || effort == ZCX_EFFORT_NONE)
			return n;
		for_cache = zcx_direct_cover(range, range->pos);
		if (for_cache)
			return zcx_lane_cache.fill(range, sgl,
						   min(max, for_cache), effort);
	}
	n = zcx_direct_take(range, sgl, max, effort);
	if (n == -EINTR || (n == -EAGAIN && effort < ZCX_EFFORT_WAIT))
		return n;
	if (n > 0)
		zcx_direct_ahead(range, effort);
	else if (!n)
		zcx_direct_end(range->direct);
	else if (n != -EAGAIN)
		zcx_direct_failed(range, n);
	else if (zcx_direct_starves(range->direct))
		zcx_direct_do_without(range, range->pos);
	return max_t(ssize_t, n, 0);
}

static ssize_t zcx_direct_fill(struct zcx_range *range, struct zcx_sglist *sgl,
			       size_t max, enum zcx_effort effort)
{
	struct inode *inode = range->file->f_mapping->host;
	ssize_t n = 0;

	if (range->direct) {
		zcx_direct_rest(range->direct, false);
		zcx_direct_done_with(range->direct, range->pos);
	}
	while (!n && range->pos < i_size_read(inode) && zcx_sglist_room(sgl))
		n = zcx_direct_step(range, sgl, max, effort);
	return n;
}

static int zcx_direct_fetch(struct zcx_range *range, loff_t pos, size_t max,
			    struct zcx_folio_wait *wait)
{
	size_t for_cache;

	/* Somebody else may have brought it into the page cache meanwhile. */
	for_cache = zcx_direct_cover(range, pos);
	if (for_cache)
		return zcx_lane_cache.fetch(range, pos, min(max, for_cache),
					    wait);
	zcx_direct_rest(range->direct, false);
	zcx_direct_read(range->direct);
	return zcx_direct_wait(range->direct, pos, wait);
}

static void zcx_direct_resting(struct zcx_range *range)
{
	if (range->direct)
		zcx_direct_rest(range->direct, true);
}

/* Others need the buffers, until the link ends. */
static void zcx_direct_range_end(struct zcx_range *range, u64 bytes)
{
	if (range->direct)
		zcx_direct_end(range->direct);
	zcx_file_accessed(range->file, range->disk, bytes, !range->nowait);
}

static void zcx_direct_range_destroy(struct zcx_range *range)
{
	if (range->direct)
		zcx_direct_destroy(range->direct);
	range->direct = NULL;
	zcx_lane_cache.destroy(range);
}

/* Both lanes may be needed. */
static void zcx_direct_range_begin(struct zcx_range *range)
{
	zcx_lane_cache.begin(range);
}

const struct zcx_lane_ops zcx_lane_direct = {
	.name	= "direct",
	.sized	= true,
	.begin	= zcx_direct_range_begin,
	.fill	= zcx_direct_fill,
	.fetch	= zcx_direct_fetch,
	.rest	= zcx_direct_resting,
	.end	= zcx_direct_range_end,
	.destroy = zcx_direct_range_destroy,
};
