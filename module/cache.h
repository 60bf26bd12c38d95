/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_CACHE_H
#define _ZCX_CACHE_H

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/page-flags.h>

struct zcx_gap;
struct zcx_range;

static inline bool zcx_folio_poisoned(struct folio *folio)
{
	return folio_test_hwpoison(folio) ||
	       (folio_test_large(folio) && folio_test_has_hwpoisoned(folio));
}

/*
 * folio_try_get() for who is in an RCU section already, as every walk is: the
 * kernel's own enters one for each folio, to keep hugetlb from mapping the memory
 * of struct page read-only meanwhile.
 */
static inline bool zcx_folio_try_get(struct folio *folio)
{
	return !page_is_fake_head(&folio->page) &&
	       atomic_add_unless(&folio->_refcount, 1, 0);
}

bool zcx_cache_gap(const struct zcx_range *range, pgoff_t index,
		   pgoff_t behind, struct zcx_gap *gap);

#endif /* _ZCX_CACHE_H */
