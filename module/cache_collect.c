// SPDX-License-Identifier: GPL-2.0
/*
 * Short stretches of a file for who wants all of them at once or nothing: the
 * express. Nothing here reads, waits, or goes back a step; lane_cache.c does.
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

/* Does the file have all before @end, or end just there? */
static bool zcx_file_ends(const struct address_space *mapping, loff_t end,
			  bool at_end)
{
	loff_t size = i_size_read(mapping->host);

	return at_end ? size == end : size >= end;
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
 * zcx_cache_is_current() - is what was collected still what the file has?
 * @file: the file
 * @end: offset of the first byte behind what was collected
 * @to_eof: as zcx_cache_collect() was told
 * @bv: what was collected
 * @entries: how many
 *
 * To be asked by who has slept since: the file may have been truncated, or its
 * pages exchanged by a direct write.
 *
 * Context: any.
 * Return: true if so.
 */
bool zcx_cache_is_current(const struct file *file, loff_t end, bool to_eof,
			  const struct bio_vec *bv, unsigned int entries)
{
	const struct address_space *mapping = file->f_mapping;
	unsigned int i;

	for (i = 0; i < entries; i++)
		if (page_folio(bv[i].bv_page)->mapping != mapping)
			return false;
	return zcx_file_ends(mapping, end, to_eof);
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
