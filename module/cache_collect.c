// SPDX-License-Identifier: GPL-2.0
/*
 * Short stretches of a file for who wants all of them at once or nothing: the
 * express. Nothing here goes back a step; lane_cache.c does.
 */
#include <linux/backing-dev.h>
#include <linux/bvec.h>
#include <linux/cacheflush.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/swap.h>
#include <linux/xarray.h>

#include "cache.h"
#include "lane.h"

/*
 * Does a folio ask for more to be read ahead? Where nothing ever is, as in tmpfs,
 * that bit says something else.
 */
static bool zcx_folio_asks(const struct address_space *mapping,
			   struct folio *folio)
{
	return folio_test_readahead(folio) &&
	       inode_to_bdi(mapping->host)->ra_pages;
}

/* Is a folio that was just found as it should be, so that it can be sent as it is? */
static __always_inline bool
zcx_folio_at_hand(const struct address_space *mapping, struct folio *folio,
		  bool large)
{
	return folio_test_uptodate(folio) && !zcx_folio_asks(mapping, folio) &&
	       !zcx_folio_poisoned(folio, large);
}

/*
 * Take hold of the folio that @xas points to, and say whether it is @large; false
 * if there is anything about it that would have to be waited for, done, or looked
 * at once more.
 */
static __always_inline bool
zcx_cache_grab(const struct address_space *mapping, struct xa_state *xas,
	       struct folio *folio, bool *large)
{
	if (!folio || !zcx_entry_is_folio(folio) || !zcx_folio_try_get(folio))
		return false;
	if (likely(folio == xas_reload(xas))) {
		*large = false;
		if (likely(zcx_folio_is_plain(folio)))
			return true;
		*large = folio_test_large(folio);
		if (likely(zcx_folio_at_hand(mapping, folio, *large)))
			return true;
	}
	folio_put(folio);
	return false;
}

/* As far as they are at hand: returns the number of entries, *@left what is not. */
static unsigned int zcx_cache_grab_all(struct address_space *mapping,
				       loff_t pos, size_t *left,
				       struct bio_vec *bv, unsigned int room)
{
	XA_STATE(xas, &mapping->i_pages, pos >> PAGE_SHIFT);
	struct folio *folio;
	unsigned int n = 0;
	bool large;

	rcu_read_lock();
	folio = xas_load(&xas);
	while (zcx_cache_grab(mapping, &xas, folio, &large)) {
		size_t size = large ? folio_size(folio) : PAGE_SIZE;
		size_t offset = pos & (size - 1);
		size_t length = min(*left, size - offset);

		if (ARCH_IMPLEMENTS_FLUSH_DCACHE_PAGE)
			flush_dcache_folio(folio);
		bvec_set_page(&bv[n++], folio_page(folio, 0), length, offset);
		pos += length;
		*left -= length;
		if (!*left || n == room)
			break;
		if (large)
			xas_advance(&xas, folio_next_index(folio) - 1);
		folio = xas_next(&xas);
	}
	rcu_read_unlock();
	return n;
}

/**
 * zcx_cache_collect() - a short stretch of a file, if all of it is at hand
 * @file: a file that the cache lane supports
 * @pos: first byte
 * @bytes: how many, at least 1
 * @to_eof: they are to be the last of the file
 * @bv: out: where they are, an entry for each folio, with a reference on it
 * @room: entries of @bv, at least 1
 *
 * Nothing is read, nothing waited for, and no folio marked as accessed: see
 * zcx_cache_accessed().
 *
 * Context: any.
 * Return: entries in use; 0: it is not all there, and nothing is held.
 */
unsigned int zcx_cache_collect(struct file *file, loff_t pos, size_t bytes,
			       bool to_eof, struct bio_vec *bv,
			       unsigned int room)
{
	struct address_space *mapping = file->f_mapping;
	loff_t end = pos + bytes;
	unsigned int i, n;

	n = zcx_cache_grab_all(mapping, pos, &bytes, bv, room);
	/* Only now: what lies beyond an end that has moved since may be anything. */
	if (likely(!bytes && zcx_file_ends(mapping, end, to_eof)))
		return n;
	for (i = 0; i < n; i++)
		put_page(bv[i].bv_page);
	return 0;
}

/**
 * zcx_cache_lacks() - can what is not at hand of a stretch be read?
 * @file: a file that the cache lane supports
 * @pos: first byte
 * @bytes: how many, at least 1
 *
 * Context: any.
 * Return: true if one of its folios has to be read, so that zcx_cache_bring() makes
 * sense; false if it ends behind the file, or what is amiss is something else. Of
 * tmpfs, which has holes, nothing is read.
 */
bool zcx_cache_lacks(struct file *file, loff_t pos, size_t bytes)
{
	struct address_space *mapping = file->f_mapping;
	pgoff_t index = pos >> PAGE_SHIFT, last = (pos + bytes - 1) >> PAGE_SHIFT;
	struct folio *folio;
	bool there = true;

	if (!inode_to_bdi(mapping->host)->ra_pages ||
	    i_size_read(mapping->host) < pos + bytes)
		return false;
	while (there && index <= last) {
		folio = filemap_get_folio(mapping, index);
		if (IS_ERR_OR_NULL(folio))
			return true;
		there = folio_test_uptodate(folio);
		index = folio_next_index(folio);
		folio_put(folio);
	}
	return !there;
}

/*
 * Wait for one folio of them, and move on *@index. If it asks for more to be read, see
 * to that too.
 */
static bool zcx_cache_await(struct readahead_control *ractl, pgoff_t *index,
			    unsigned long pages)
{
	struct folio *folio = filemap_get_folio(ractl->mapping, *index);
	int err = 0;

	if (IS_ERR_OR_NULL(folio))
		return false;
	if (folio_test_readahead(folio)) {
		ractl->_index = folio->index;
		page_cache_async_ra(ractl, folio, pages);
	}
	if (!folio_test_uptodate(folio))
		err = folio_wait_locked_killable(folio);
	*index = folio_next_index(folio);
	folio_put(folio);
	return !err;
}

/**
 * zcx_cache_bring() - have a short stretch of a file read, and wait for it
 * @file: a file of which zcx_cache_lacks() says so
 * @pos: first byte
 * @bytes: how many, at least 1
 *
 * Reads as filemap_read() would, by readahead. Whether that has brought all of it,
 * zcx_cache_collect() finds out.
 *
 * Context: process context; sleeps, killably.
 * Return: false: it was not to be had this way, or a fatal signal came.
 */
bool zcx_cache_bring(struct file *file, loff_t pos, size_t bytes)
{
	struct address_space *mapping = file->f_mapping;
	pgoff_t index = pos >> PAGE_SHIFT, last = (pos + bytes - 1) >> PAGE_SHIFT;
	struct file_ra_state ra = { .prev_pos = pos };
	DEFINE_READAHEAD(ractl, file, &ra, mapping, index);
	unsigned long pages = last - index + 1;

	ra.ra_pages = inode_to_bdi(mapping->host)->ra_pages;
	page_cache_sync_ra(&ractl, pages);
	while (index <= last)
		if (!zcx_cache_await(&ractl, &index, pages))
			return false;
	return true;
}

/**
 * zcx_cache_accessed() - of what was collected, some has been sent
 * @bv: of zcx_cache_collect(), or memory of ours
 * @bytes: how many of the first bytes; whoever sends the rest of a folio does not
 *	mark it once more
 *
 * Context: any.
 */
void zcx_cache_accessed(const struct bio_vec *bv, size_t bytes)
{
	for (; bytes; bv++) {
		struct folio *folio = page_folio(bv->bv_page);

		bytes -= min_t(size_t, bytes, bv->bv_len);
		/* Memory of ours has none. */
		if (folio->mapping)
			zcx_folio_mark_accessed(folio);
	}
}
