/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_CACHE_H
#define _ZCX_CACHE_H

#include <linux/atomic.h>
#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
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

/* Does the file have all before @end, or end just there? */
static inline bool zcx_file_ends(const struct address_space *mapping, loff_t end,
				 bool at_end)
{
	loff_t size = i_size_read(mapping->host);

	return at_end ? size == end : size >= end;
}

/**
 * zcx_cache_recheck() - is what was collected still what the file has?
 * @file: the file
 * @pos: offset of the first byte of it
 * @bytes: how many, at least 1
 * @to_eof: as zcx_cache_collect() was told
 * @bv: what was collected
 *
 * To be asked by who may have slept since: the file may have been truncated, or its
 * pages exchanged by a direct write. Inline: each small request asks.
 *
 * Context: any.
 * Return: the entry behind what was collected, if so; else NULL.
 */
static inline const struct bio_vec *
zcx_cache_recheck(const struct file *file, loff_t pos, unsigned int bytes,
		  bool to_eof, const struct bio_vec *bv)
{
	const struct address_space *mapping = file->f_mapping;
	unsigned int left = bytes;

	do {
		if (page_folio(bv->bv_page)->mapping != mapping)
			return NULL;
		left -= bv->bv_len;
		bv++;
	} while (left);
	return zcx_file_ends(mapping, pos + bytes, to_eof) ? bv : NULL;
}

bool zcx_cache_gap(const struct zcx_range *range, pgoff_t index,
		   pgoff_t behind, struct zcx_gap *gap);

#endif /* _ZCX_CACHE_H */
