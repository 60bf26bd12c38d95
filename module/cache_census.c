// SPDX-License-Identifier: GPL-2.0
/*
 * What of a file is in its page cache, and what is not: asked before it is decided
 * how to read, and before pages are brought in that are to leave again.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/xarray.h>

#include "cache.h"
#include "drop.h"
#include "lane.h"

/*
 * The next folio of the page cache up to page @last, with a reference; NULL: there
 * is none. Under rcu_read_lock().
 */
static struct folio *zcx_cache_next(struct xa_state *xas, pgoff_t last)
{
	struct folio *folio;

	xas_for_each(xas, folio, last) {
		if (xas_retry(xas, folio) || xa_is_value(folio))
			continue;
		if (folio_try_get(folio)) {
			if (likely(folio == xas_reload(xas)))
				return folio;
			folio_put(folio);
		}
		xas_reset(xas);
	}
	return NULL;
}

/**
 * zcx_cache_gap() - the first pages of a stretch that are absent
 * @range: of the file
 * @index: the stretch: its first page
 * @behind: the first page behind it
 * @gap: out: the pages
 *
 * Context: any.
 * Return: true if there are any.
 */
bool zcx_cache_gap(const struct zcx_range *range, pgoff_t index,
		   pgoff_t behind, struct zcx_gap *gap)
{
	XA_STATE(xas, &range->file->f_mapping->i_pages, index);
	struct folio *folio;

	rcu_read_lock();
	while (index < behind && (folio = zcx_cache_next(&xas, behind - 1))) {
		pgoff_t first = folio->index;
		pgoff_t next = folio_next_index(folio);

		folio_put(folio);
		if (first > index) {
			behind = first;
			break;
		}
		index = next;
	}
	rcu_read_unlock();
	gap->from = index;
	gap->to = behind;
	return index < behind;
}

/**
 * zcx_cache_absent_until() - how much of a file is not in its page cache?
 * @range: of the file
 * @pos: from which byte on
 * @limit: as far as is asked, at least @pos; most often a page is found before
 *
 * Context: any.
 * Return: offset of the first byte from @pos on, in whole pages, that is in the
 * page cache, up to date or not; @limit if none before that is.
 */
loff_t zcx_cache_absent_until(const struct zcx_range *range, loff_t pos,
			      loff_t limit)
{
	XA_STATE(xas, &range->file->f_mapping->i_pages, pos >> PAGE_SHIFT);
	struct folio *folio;

	if (pos >= limit)
		return limit;
	rcu_read_lock();
	folio = zcx_cache_next(&xas, (limit - 1) >> PAGE_SHIFT);
	if (folio) {
		limit = clamp_t(loff_t, folio_pos(folio), pos, limit);
		folio_put(folio);
	}
	rcu_read_unlock();
	return limit;
}

/* Count one folio that is resident, of which the bytes from @from to @to matter. */
static void zcx_census_count(struct zcx_census *census,
			     struct folio *folio, loff_t from, loff_t to)
{
	size_t size = folio_size(folio);
	loff_t start = (loff_t)folio->index << PAGE_SHIFT;

	census->bytes += min_t(u64, to, (u64)start + size) - max(from, start);
	census->folios++;
	census->folio_max = max_t(size_t, census->folio_max, size);
	census->folio_min = min_t(size_t, census->folio_min ?: size, size);
}

/**
 * zcx_cache_census() - count what of a range is in the page cache
 * @range: of a file that the cache lane supports
 * @bytes: how many from @range->pos on, at least 1
 * @census: out
 *
 * Context: process context; may sleep.
 */
void zcx_cache_census(const struct zcx_range *range, u64 bytes,
		      struct zcx_census *census)
{
	XA_STATE(xas, &range->file->f_mapping->i_pages,
		 range->pos >> PAGE_SHIFT);
	loff_t end = range->pos + bytes;
	struct folio *folio;

	memset(census, 0, sizeof(*census));
	rcu_read_lock();
	while ((folio = zcx_cache_next(&xas, (end - 1) >> PAGE_SHIFT))) {
		if (folio_test_uptodate(folio))
			zcx_census_count(census, folio, range->pos, end);
		folio_put(folio);
		if (need_resched()) {
			xas_pause(&xas);
			rcu_read_unlock();
			cond_resched();
			rcu_read_lock();
		}
	}
	rcu_read_unlock();
}
