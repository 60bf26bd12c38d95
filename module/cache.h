/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_CACHE_H
#define _ZCX_CACHE_H

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/swap.h>

struct zcx_gap;
struct zcx_range;

static inline bool zcx_folio_poisoned(struct folio *folio, bool large)
{
	return folio_test_hwpoison(folio) ||
	       (large && folio_test_has_hwpoisoned(folio));
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

/* Is an entry of a page cache a folio, not a value or one of the tree's own? */
static inline bool zcx_entry_is_folio(const void *entry)
{
	return !((unsigned long)entry & 3);
}

/*
 * Is it a single page that can be sent as it is, and asks for nothing? One look at
 * its flags: most files are made of these.
 */
static inline bool zcx_folio_is_plain(struct folio *folio)
{
	const unsigned long flags = BIT(PG_uptodate) | BIT(PG_head) |
				    BIT(PG_readahead) | __PG_HWPOISON;
	bool plain = (READ_ONCE(folio->flags) & flags) == BIT(PG_uptodate);

	/* As folio_test_uptodate(): before the page itself is looked at. */
	smp_rmb();
	return plain;
}

/*
 * The flag that a folio is idle. On 32 bits it is kept elsewhere, and modules cannot
 * ask for it: then the kernel is called in any case.
 */
#if defined(CONFIG_PAGE_IDLE_FLAG) && defined(CONFIG_64BIT)
#define ZCX_FOLIO_IDLE	BIT(PG_idle)
#else
#define ZCX_FOLIO_IDLE	0UL
#endif

/*
 * folio_mark_accessed(), but for the call where it would find nothing to do, which of
 * what is sent often is nearly always: the folio is active, or is in a generation and
 * has been counted as often as can be counted.
 */
static inline void zcx_folio_mark_accessed(struct folio *folio)
{
	const unsigned long most = BIT(PG_referenced) | BIT(PG_workingset) |
				   LRU_REFS_MASK;
	const unsigned long active = BIT(PG_referenced) | BIT(PG_active);
	const bool ask = IS_ENABLED(CONFIG_PAGE_IDLE_FLAG) && !ZCX_FOLIO_IDLE;
	unsigned long flags = READ_ONCE(folio->flags);

	/* Out of all generations: they may have been switched off since. */
	if (!ask && LRU_REFS_MASK && (flags & most) == most &&
	    flags & LRU_GEN_MASK)
		return;
	if (ask || (flags & (active | ZCX_FOLIO_IDLE)) != active)
		folio_mark_accessed(folio);
}

bool zcx_cache_gap(const struct zcx_range *range, pgoff_t index,
		   pgoff_t behind, struct zcx_gap *gap);

#endif /* _ZCX_CACHE_H */
