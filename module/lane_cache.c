// SPDX-License-Identifier: GPL-2.0
/*
 * The cache lane: a file range becomes references on page-cache folios.
 *
 * This is the path of filemap_read() without its copy: look folios up, read
 * ahead, wait for what is on its way, and check i_size once a folio is
 * up to date. Only filesystems that keep their page cache true by themselves
 * are read this way; see zcx_cache_is_true().
 */
#include <linux/backing-dev.h>
#include <linux/cacheflush.h>
#include <linux/dax.h>
#include <linux/file.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include "accessed.h"
#include "cache.h"
#include "drop.h"
#include "errand.h"
#include "folio_wait.h"
#include "lane.h"
#include "zcx.h"

/*
 * Filesystems whose read_iter() is, for cached data, filemap_read() under no
 * protocol of their own. A new one belongs here only after its read_iter() and
 * splice_read() have been read on every supported kernel.
 */
static bool zcx_cache_is_true(unsigned long magic)
{
	switch (magic) {
	case EXT4_SUPER_MAGIC:	/* ext2 and ext3 too */
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case EROFS_SUPER_MAGIC_V1:
	case SQUASHFS_MAGIC:
	case ISOFS_SUPER_MAGIC:
	case TMPFS_MAGIC:	/* memfd too */
		return true;
	default:
		return false;
	}
}

/**
 * zcx_lane_cache_supports() - may the file's page cache be read directly?
 * @file: a regular file
 *
 * Return: true if so; otherwise the filesystem must be asked.
 */
bool zcx_lane_cache_supports(struct file *file)
{
	struct inode *inode = file_inode(file);

	return !IS_DAX(inode) && file->f_mapping && file->f_op->splice_read &&
	       zcx_cache_is_true(inode->i_sb->s_magic);
}

/* What the kernel's own readers ask for first: the slots of a pipe. */
#define ZCX_FIRST_PAGES	16

static bool zcx_is_shmem(struct address_space *mapping)
{
	return mapping->host->i_sb->s_magic == TMPFS_MAGIC;
}

/*
 * The window must hold the batch being sent and the next one, so that the
 * next is there when this one has gone; but a range in the middle of a file
 * gives no reason to read what lies behind it.
 */
static void zcx_cache_begin(struct zcx_range *range)
{
	struct file *file = range->file;
	u64 window, left;

	file_ra_state_init(&range->ra, file->f_mapping);
	/* Sequential from its first byte on, wherever in the file that is. */
	range->ra.prev_pos = range->pos;

	if (!range->ra.ra_pages)
		return;
	window = 2 * (zcx_batch_bytes() >> PAGE_SHIFT);
	left = DIV_ROUND_UP_ULL(range->end - range->pos, PAGE_SIZE);
	range->ra.ra_pages = max_t(u64, range->ra.ra_pages, min(window, left));
}

/*
 * Have the folio at @pos read, and wait for it.
 *
 * The check of i_size under the invalidate lock keeps read_cache_folio() from
 * growing the page cache of a file that is being truncated, beyond its end.
 */
static int zcx_cache_read_one(struct zcx_range *range, loff_t pos)
{
	struct address_space *mapping = range->file->f_mapping;
	struct folio *folio = NULL;

	filemap_invalidate_lock_shared(mapping);
	if (pos < i_size_read(mapping->host))
		folio = read_cache_folio(mapping, pos >> PAGE_SHIFT, NULL,
					 range->file);
	filemap_invalidate_unlock_shared(mapping);
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	if (folio)
		folio_put(folio);
	return 0;
}

/* Wait until a folio that others are reading is there, or find out it is not. */
static int zcx_cache_wait(struct zcx_range *range, loff_t pos,
			  struct folio *folio)
{
	if (folio_wait_locked_killable(folio))
		return -EINTR;
	if (folio_test_uptodate(folio))
		return 0;
	/* Read in part, not at all, or in vain: now it is our turn to try. */
	return zcx_cache_read_one(range, pos);
}

static ssize_t zcx_append_hole(struct zcx_range *range, struct zcx_sglist *sgl,
			       size_t max)
{
	unsigned int offset = offset_in_page(range->pos);
	unsigned int length = min_t(size_t, max, PAGE_SIZE - offset);
	struct page *page = ZERO_PAGE(0);

	get_page(page);
	if (zcx_sglist_append(sgl, page, offset, length, ZCX_TAG_CACHE)) {
		put_page(page);
		return 0;
	}
	range->pos += length;
	return length;
}

/*
 * A hole of tmpfs, sent from the zero page so that reading does not fill the
 * file. @max ends where the file ended before we looked for the folio: what
 * was appended since is no hole. The end as it is now counts too: what we did
 * not find may have been cut off, and nothing from beyond the end is sent.
 */
static ssize_t zcx_shmem_hole(struct zcx_range *range, struct zcx_sglist *sgl,
			      size_t max)
{
	loff_t size = i_size_read(range->file->f_mapping->host);

	if (range->pos >= size)
		return 0;
	return zcx_append_hole(range, sgl, min_t(loff_t, max,
						 size - range->pos));
}

/*
 * tmpfs has no folio at @range->pos: a hole, or a page that was swapped out,
 * which tmpfs itself brings back, and which may wait. It may also have come
 * back since we looked.
 */
static ssize_t zcx_shmem_absent(struct zcx_range *range,
				struct zcx_sglist *sgl, size_t max,
				enum zcx_effort effort)
{
	struct address_space *mapping = range->file->f_mapping;
	unsigned int offset = offset_in_page(range->pos);
	void *entry = xa_load(&mapping->i_pages, range->pos >> PAGE_SHIFT);

	max = min_t(size_t, max, PAGE_SIZE - offset);
	if (xa_is_value(entry) && effort == ZCX_EFFORT_NONE)
		return -EAGAIN;
	if (xa_is_value(entry))
		return zcx_splice_fill(range->file, &range->pos, sgl, max,
				       ZCX_TAG_CACHE);
	return entry ? 0 : zcx_shmem_hole(range, sgl, max);
}

/*
 * tmpfs has a folio that is not up to date: allocated and never written, which
 * is a hole; or about to be, while it is migrated or collapsed. Only under its
 * lock can that be told, as shmem_get_folio() does.
 */
static ssize_t zcx_shmem_pending(struct zcx_range *range,
				 struct zcx_sglist *sgl, size_t max,
				 struct folio *folio, enum zcx_effort effort)
{
	ssize_t n = 0;

	if (!folio_trylock(folio)) {
		if (effort < ZCX_EFFORT_WAIT)
			return -EAGAIN;
		if (folio_lock_killable(folio))
			return -EINTR;
	}
	if (folio->mapping == range->file->f_mapping &&
	    !folio_test_uptodate(folio))
		n = zcx_shmem_hole(range, sgl, max);
	folio_unlock(folio);
	return n;
}

/**
 * struct zcx_walk - a walk over the folios that are resident
 * @range: whose
 * @sgl: where they go
 * @max: bytes that may still be appended
 * @pending: the walk has come to a folio that is not up to date; a reference
 * @marker: to one that asks for more to be read ahead; a reference
 * @err: to one that cannot be read: -EIO
 */
struct zcx_walk {
	struct zcx_range *range;
	struct zcx_sglist *sgl;
	size_t max;
	struct folio *pending;
	struct folio *marker;
	int err;
};

/*
 * One access of a folio, also if two batches share it; as filemap_read() has it.
 * What is to be dropped bears no mark of ours: see drop.c.
 */
static __always_inline void zcx_walk_mark(const struct zcx_range *range,
					  struct folio *folio, size_t offset)
{
	if (offset && range->pos != range->start)
		return;
	if (likely(!range->drop) || !zcx_drop_has(range->drop, range->pos))
		zcx_folio_mark_accessed(folio);
}

/*
 * Append a folio that is up to date. The list takes the reference; on false, it
 * is still the caller's.
 */
static __always_inline bool zcx_walk_append(struct zcx_walk *walk,
					    struct folio *folio, bool large)
{
	struct zcx_range *range = walk->range;
	size_t size = large ? folio_size(folio) : PAGE_SIZE;
	size_t offset = range->pos & (size - 1);
	size_t length = min(walk->max, size - offset);
	struct page *page = folio_page(folio, offset >> PAGE_SHIFT);

	if (unlikely(zcx_sglist_append(walk->sgl, page, offset_in_page(offset),
				       length, ZCX_TAG_CACHE)))
		return false;
	zcx_walk_mark(range, folio, offset);
	/* Known when compiled: most caches have no such need. */
	if (ARCH_IMPLEMENTS_FLUSH_DCACHE_PAGE &&
	    mapping_writably_mapped(range->file->f_mapping))
		flush_dcache_folio(folio);
	range->pos += length;
	walk->max -= length;
	return true;
}

/*
 * The walk has come to @folio, whose reference it takes over. Where nothing is read
 * ahead, as in tmpfs, PG_readahead says that it was to be reclaimed once, and stays
 * set.
 *
 * Return: true if it goes on to the next.
 */
static bool zcx_walk_visit(struct zcx_walk *walk, struct folio *folio)
{
	bool large = folio_test_large(folio);

	if (folio_test_readahead(folio) && walk->range->ra.ra_pages) {
		folio_get(folio);
		walk->marker = folio;
	}
	if (!folio_test_uptodate(folio)) {
		walk->pending = folio;
		return false;
	}
	if (unlikely(zcx_folio_poisoned(folio, large)))
		walk->err = -EIO;
	else if (zcx_walk_append(walk, folio, large))
		/* Reading ahead may sleep, the walk may not. */
		return walk->max && !walk->marker;
	folio_put(folio);
	return false;
}

/*
 * Append what is resident from @walk->range->pos on without a gap. How folios
 * are got is filemap_get_read_batch()'s way, which modules cannot call; 6.1's
 * filemap_get_folios_contig() does not expect that a large folio replaces small
 * ones under it, and takes a sibling entry for a folio. They are appended on
 * the spot, not gathered first: for small files that counts.
 */
static void zcx_walk_resident(struct zcx_walk *walk)
{
	struct zcx_range *range = walk->range;
	XA_STATE(xas, &range->file->f_mapping->i_pages,
		 range->pos >> PAGE_SHIFT);
	struct folio *folio;

	rcu_read_lock();
	for (folio = xas_load(&xas); folio; folio = xas_next(&xas)) {
		if (unlikely(!zcx_entry_is_folio(folio))) {
			if (xas_retry(&xas, folio))
				continue;
			break;
		}
		if (!zcx_folio_try_get(folio)) {
			xas_reset(&xas);
			continue;
		}
		if (unlikely(folio != xas_reload(&xas))) {
			folio_put(folio);
			xas_reset(&xas);
			continue;
		}
		/* While we hold it, it is neither split nor moved. */
		if (zcx_folio_is_plain(folio) &&
		    zcx_walk_append(walk, folio, false)) {
			if (!walk->max)
				break;
			continue;
		}
		if (!zcx_walk_visit(walk, folio))
			break;
		xas_advance(&xas, folio_next_index(folio) - 1);
	}
	rcu_read_unlock();
}

/*
 * Readahead is about to begin at @index: it may read whatever is absent in the next
 * pages, and that is to leave again. It keeps to its window, or three.
 */
static void zcx_cache_note(struct zcx_range *range, pgoff_t index, size_t max)
{
	struct address_space *mapping = range->file->f_mapping;
	pgoff_t behind = index + DIV_ROUND_UP(max, PAGE_SIZE) +
			 3UL * range->ra.ra_pages;
	struct zcx_gap gap = { .to = index };

	if (!range->drop_behind)
		return;
	behind = min_t(pgoff_t, behind,
		       DIV_ROUND_UP_ULL(i_size_read(mapping->host), PAGE_SIZE));
	if (!range->drop)
		range->drop = zcx_drop_create(range->file);
	while (range->drop && zcx_cache_gap(range, gap.to, behind, &gap))
		zcx_drop_note(range->drop, &gap);
}

static void zcx_read_ahead(struct file *file, struct file_ra_state *ra,
			   struct folio *marker, size_t max)
{
	DEFINE_READAHEAD(ractl, file, ra, file->f_mapping, marker->index);

	page_cache_async_ra(&ractl, marker, DIV_ROUND_UP(max, PAGE_SIZE));
}

/* The folio with the mark of the window that was read last; a reference, or NULL. */
static struct folio *zcx_read_mark(struct zcx_range *range)
{
	const struct file_ra_state *ra = &range->ra;
	struct folio *folio;

	folio = filemap_get_folio(range->file->f_mapping,
				  ra->start + ra->size - ra->async_size);
	if (IS_ERR_OR_NULL(folio))
		return NULL;
	if (folio_test_readahead(folio) && !folio_test_writeback(folio))
		return folio;
	folio_put(folio);
	return NULL;
}

/*
 * Have the next windows read up to the page @end, as who walks over the marks of those
 * before, which are not there yet. Readahead may refuse, and may read less than a window.
 */
static void zcx_read_on(struct zcx_range *range, pgoff_t end, size_t max)
{
	const struct file_ra_state *ra = &range->ra;
	pgoff_t behind = ra->start, before;
	struct folio *mark;

	do {
		before = behind;
		mark = zcx_read_mark(range);
		if (!mark)
			return;
		behind = ra->start + ra->size;
		if (behind < end)
			zcx_read_ahead(range->file, &range->ra, mark, max);
		else if (behind >= DIV_ROUND_UP_ULL(range->end, PAGE_SIZE))
			/* Nothing that lies behind a range is wanted. */
			folio_clear_readahead(mark);
		folio_put(mark);
	} while (behind > before && behind < end);
}

/*
 * Have @max bytes from @pos on read, without waiting for them.
 *
 * A first window is made of small folios, however large it is, and only those that marks
 * ask for of larger and larger ones, if the filesystem has them; and what costs much to
 * read and to send is each folio. So there the first is kept short, and the next ones
 * are asked for at once.
 */
static void zcx_read_first(struct zcx_range *range, loff_t pos, size_t max)
{
	struct address_space *mapping = range->file->f_mapping;
	struct file_ra_state *ra = &range->ra;
	pgoff_t index = pos >> PAGE_SHIFT;
	pgoff_t end = DIV_ROUND_UP_ULL(pos + max, PAGE_SIZE);
	DEFINE_READAHEAD(ractl, range->file, ra, mapping, index);
	bool grows = mapping_large_folio_support(mapping) && ra->ra_pages &&
		     !(range->file->f_mode & FMODE_RANDOM);

	zcx_cache_note(range, index, max);
	/* What another lane has sent since was sequential too. */
	ra->prev_pos = pos;
	if (!grows || end - index <= ZCX_FIRST_PAGES) {
		page_cache_sync_ra(&ractl, end - index);
		return;
	}
	page_cache_sync_ra(&ractl, ZCX_FIRST_PAGES);
	if (ra->start == index)
		zcx_read_on(range, end, max);
}

/**
 * struct zcx_ahead - readahead for a link that goes on without waiting for it
 * @errand: in the pool of the file's device
 * @marker: the folio that asks for more behind it, with a reference
 * @ra: the link's readahead state as it was: both go on by themselves, and the
 *	kernel finds its way from a marker without it, too
 * @max: bytes that the link wanted
 */
struct zcx_ahead {
	struct zcx_errand errand;
	struct folio *marker;
	struct file_ra_state ra;
	size_t max;
};

static void zcx_ahead_run(struct zcx_errand *errand)
{
	struct zcx_ahead *ahead = container_of(errand, struct zcx_ahead, errand);

	zcx_read_ahead(errand->file, &ahead->ra, ahead->marker, ahead->max);
}

static void zcx_ahead_free(struct zcx_errand *errand)
{
	struct zcx_ahead *ahead = container_of(errand, struct zcx_ahead, errand);

	folio_put(ahead->marker);
	kfree(ahead);
}

/* Have the pool read ahead. Without memory nobody does: it is only a hint. */
static void zcx_read_ahead_later(struct zcx_range *range, struct folio *marker,
				 size_t max)
{
	struct zcx_ahead *ahead;

	/* The flag means something else then, see page_cache_async_ra(). */
	if (folio_test_writeback(marker) || !folio_test_clear_readahead(marker))
		return;
	ahead = kmalloc(sizeof(*ahead), GFP_KERNEL_ACCOUNT | __GFP_NORETRY |
			__GFP_NOWARN);
	if (!ahead)
		return;
	folio_get(marker);
	ahead->marker = marker;
	ahead->ra = range->ra;
	ahead->max = max;
	zcx_errand_send(&ahead->errand, range->disk, range->file, zcx_ahead_run,
			zcx_ahead_free);
}

/* What is cold is to stay so: it is not to be read at all, or directly. */
static bool zcx_leaves_cold(const struct zcx_range *range)
{
	return range->nowait || (range->pool && !range->no_direct);
}

/* A folio asks for more to be read behind it; its reference is taken over. */
static void zcx_cache_marked(struct zcx_range *range, struct folio *marker,
			     size_t max, enum zcx_effort effort)
{
	if (zcx_leaves_cold(range))
		goto put;
	zcx_cache_note(range, marker->index, max);
	/* By whoever runs it, if that is its submitter: he may wait. */
	if (effort > ZCX_EFFORT_NONE || !range->disk)
		zcx_read_ahead(range->file, &range->ra, marker, max);
	else
		zcx_read_ahead_later(range, marker, max);
put:
	folio_put(marker);
}

/*
 * What is resident at @range->pos, without waiting for anything: at most @max
 * bytes, which end where the file ended before.
 *
 * Return: bytes appended; 0 with a reference on a folio to wait for in
 * @pending, or with NULL there: no folio; -EIO.
 */
static ssize_t zcx_cache_resident(struct zcx_range *range,
				  struct zcx_sglist *sgl, size_t max,
				  enum zcx_effort effort,
				  struct folio **pending)
{
	struct zcx_walk walk = { .range = range, .sgl = sgl, .max = max };
	loff_t start = range->pos, size;

	zcx_walk_resident(&walk);
	*pending = walk.pending;
	/*
	 * i_size is read once more after the folios were found up to date: one
	 * that was read beyond an end of file since moved up may hold anything.
	 */
	size = max(i_size_read(range->file->f_mapping->host), start);
	if (unlikely(range->pos > size)) {
		zcx_sglist_trim(sgl, range->pos - size);
		range->pos = size;
	}
	if (walk.marker)
		zcx_cache_marked(range, walk.marker, max, effort);
	/* At the end of the file there is nothing that could not be read. */
	return range->pos > start || size == start ? range->pos - start :
						     walk.err;
}

/*
 * Nothing is up to date at @range->pos: fill in a hole, read ahead, wait.
 *
 * Return: bytes appended (tmpfs); 0: look again; -EAGAIN: it would have to
 * wait; -errno.
 */
static ssize_t zcx_cache_miss(struct zcx_range *range, struct zcx_sglist *sgl,
			      size_t max, struct folio *pending,
			      enum zcx_effort effort, bool *tried)
{
	if (zcx_is_shmem(range->file->f_mapping))
		return pending ? zcx_shmem_pending(range, sgl, max, pending,
						   effort)
			       : zcx_shmem_absent(range, sgl, max, effort);
	if (effort == ZCX_EFFORT_NONE)
		return -EAGAIN;
	if (!pending && !*tried) {
		/* Readahead is free to do nothing, hence @tried. */
		*tried = true;
		zcx_read_first(range, range->pos, max);
		return 0;
	}
	if (effort < ZCX_EFFORT_WAIT)
		return -EAGAIN;
	return pending ? zcx_cache_wait(range, range->pos, pending)
		       : zcx_cache_read_one(range, range->pos);
}

/*
 * One step from @range->pos: what is resident, or else what a miss gives.
 *
 * Return: as zcx_cache_miss(); also 0 at the end of the file.
 */
static ssize_t zcx_cache_step(struct zcx_range *range, struct zcx_sglist *sgl,
			      size_t max, enum zcx_effort effort, bool *tried)
{
	struct address_space *mapping = range->file->f_mapping;
	loff_t size = i_size_read(mapping->host);
	struct folio *pending;
	ssize_t n;

	if (range->pos >= size)
		return 0;
	max = min_t(loff_t, max, size - range->pos);
	n = zcx_cache_resident(range, sgl, max, effort, &pending);
	/* Cut off meanwhile: @pending may lie behind what is asked for. */
	if (!n && range->pos < i_size_read(mapping->host) &&
	    zcx_sglist_room(sgl))
		n = zcx_cache_miss(range, sgl, max, pending, effort, tried);
	if (pending)
		folio_put(pending);
	return n;
}

static ssize_t zcx_cache_fill(struct zcx_range *range, struct zcx_sglist *sgl,
			      size_t max, enum zcx_effort effort)
{
	struct address_space *mapping = range->file->f_mapping;
	loff_t start = range->pos;
	bool tried = false;
	ssize_t n = 0;

	while (max && zcx_sglist_room(sgl) &&
	       range->pos < i_size_read(mapping->host)) {
		/* Send what there is rather than wait for more. */
		if (range->pos != start)
			effort = min(effort, ZCX_EFFORT_START);
		n = zcx_cache_step(range, sgl, max, effort, &tried);
		if (n < 0)
			break;
		if (n) {
			tried = false;
			max -= n;
			range->ra.prev_pos = range->pos;
		}
	}
	if (range->drop)
		zcx_drop_behind(range->drop, range->pos);
	if (range->pos > start)
		return range->pos - start;
	return n < 0 ? n : 0;
}

/* The folio at @pos, with a reference; NULL: none, or one that is swapped out. */
static struct folio *zcx_cache_peek(struct zcx_range *range, loff_t pos)
{
	XA_STATE(xas, &range->file->f_mapping->i_pages, pos >> PAGE_SHIFT);
	struct folio *folio;

	rcu_read_lock();
	for (;;) {
		xas_reset(&xas);
		folio = xas_load(&xas);
		if (xas_retry(&xas, folio))
			continue;
		if (!folio || xa_is_value(folio)) {
			folio = NULL;
			break;
		}
		if (!folio_try_get(folio))
			continue;
		if (likely(folio == xas_reload(&xas)))
			break;
		folio_put(folio);
	}
	rcu_read_unlock();
	return folio;
}

/* tmpfs brings back what was swapped out when it is asked for it. */
static int zcx_shmem_fetch(struct zcx_range *range, loff_t pos)
{
	struct zcx_sglist sgl;
	ssize_t n;

	zcx_sglist_init(&sgl, ZCX_SGLIST_FEW, 0);
	n = zcx_splice_fill(range->file, &pos, &sgl, 1, ZCX_TAG_CACHE);
	zcx_sglist_destroy(&sgl);
	return n < 0 ? n : 0;
}

/* Nothing is there at @pos: read it, and what comes behind it, or find it there. */
static int zcx_cache_fetch_absent(struct zcx_range *range, loff_t pos,
				  size_t max)
{
	if (zcx_is_shmem(range->file->f_mapping))
		return zcx_shmem_fetch(range, pos);
	zcx_read_first(range, pos, max);
	return 0;
}

/* @folio is not up to date: wait for whoever reads it, or read it ourselves. */
static int zcx_cache_fetch_pending(struct zcx_range *range, loff_t pos,
				   struct folio *folio,
				   struct zcx_folio_wait *wait)
{
	if (folio_test_locked(folio) && zcx_folio_wait_start(wait, folio))
		return 1;
	/* Of tmpfs, not written yet: a hole, which is at hand. */
	if (zcx_is_shmem(range->file->f_mapping))
		return 0;
	return zcx_cache_wait(range, pos, folio);
}

static int zcx_cache_fetch(struct zcx_range *range, loff_t pos, size_t max,
			   struct zcx_folio_wait *wait)
{
	struct folio *folio = zcx_cache_peek(range, pos);
	int err = 0;

	if (!folio) {
		err = zcx_cache_fetch_absent(range, pos, max);
		if (err || zcx_is_shmem(range->file->f_mapping))
			return err;
		folio = zcx_cache_peek(range, pos);
	}
	/* Readahead is free to do nothing. */
	if (!folio)
		return zcx_cache_read_one(range, pos);
	if (!folio_test_uptodate(folio))
		err = zcx_cache_fetch_pending(range, pos, folio, wait);
	folio_put(folio);
	return err;
}

static void zcx_cache_end(struct zcx_range *range, u64 bytes)
{
	/* It may wait for a journal. */
	zcx_file_accessed(range->file, range->disk, bytes, !range->nowait);
}

static void zcx_cache_destroy(struct zcx_range *range)
{
	if (range->drop)
		zcx_drop_put(range->drop);
	range->drop = NULL;
}

const struct zcx_lane_ops zcx_lane_cache = {
	.name	= "cache",
	.sized	= true,
	.begin	= zcx_cache_begin,
	.fill	= zcx_cache_fill,
	.fetch	= zcx_cache_fetch,
	.end	= zcx_cache_end,
	.destroy = zcx_cache_destroy,
};
