// SPDX-License-Identifier: GPL-2.0
/*
 * The scatter list of one batch: append, merge, advance.
 *
 * Knows pages and folios, but neither files nor sockets: who owns the bytes
 * and where they go is not its business.
 */
#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "sglist.h"

static void zcx_sglist_reset(struct zcx_sglist *sgl)
{
	sgl->first = sgl->bv;
	sgl->next = sgl->bv;
	/* Nothing begins there: so that an empty list need not be asked for. */
	sgl->end = ~(phys_addr_t)0;
	sgl->bytes = 0;
	sgl->given = 0;
}

/**
 * zcx_sglist_init() - an empty list
 * @sgl: the list, of no known contents
 * @entries: most entries it will ever hold, at least 1
 * @gfp: for the allocation, where one is needed
 *
 * Context: as @gfp says.
 * Return: 0 or -ENOMEM.
 */
int zcx_sglist_init(struct zcx_sglist *sgl, unsigned int entries, gfp_t gfp)
{
	sgl->bv = sgl->few;
	sgl->tags = sgl->few_tags;
	if (entries > ZCX_SGLIST_FEW) {
		sgl->bv = kvmalloc_array(entries, sizeof(*sgl->bv) +
					 sizeof(*sgl->tags), gfp);
		if (!sgl->bv)
			return -ENOMEM;
		sgl->tags = (u8 *)(sgl->bv + entries);
	}
	sgl->behind = sgl->bv + entries;
	zcx_sglist_reset(sgl);
	return 0;
}

/**
 * zcx_sglist_grow() - more room for an empty list, if there is memory for it
 * @sgl: the list; empty
 * @entries: most entries it will hold
 * @gfp: for the allocation
 *
 * Context: as @gfp says.
 */
void zcx_sglist_grow(struct zcx_sglist *sgl, unsigned int entries, gfp_t gfp)
{
	struct bio_vec *old = sgl->bv;

	if (zcx_sglist_init(sgl, entries, gfp))
		zcx_sglist_init(sgl, ZCX_SGLIST_FEW, 0);
	if (old != sgl->few)
		kvfree(old);
}

/**
 * zcx_sglist_shrink() - drop what is in the list, and all memory but a few entries
 * @sgl: the list; empty afterwards
 *
 * Context: may sleep (freeing a folio can).
 */
void zcx_sglist_shrink(struct zcx_sglist *sgl)
{
	zcx_sglist_destroy(sgl);
	zcx_sglist_init(sgl, ZCX_SGLIST_FEW, 0);
}

/**
 * zcx_sglist_destroy() - drop what is still in the list, and its memory
 * @sgl: a list that zcx_sglist_init() set up
 *
 * Context: may sleep (freeing a folio can).
 */
void zcx_sglist_destroy(struct zcx_sglist *sgl)
{
	zcx_sglist_advance(sgl, sgl->bytes, NULL);
	if (sgl->bv != sgl->few)
		kvfree(sgl->bv);
}

/*
 * Take @bytes off the front of the run @bv, dropping the reference of every
 * folio that the run then no longer touches; those of the first @given bytes, which
 * are not all there are, have gone already.
 */
static void zcx_run_consume(struct bio_vec *bv, unsigned int bytes,
			    unsigned int given)
{
	unsigned int offset = bv->bv_offset + given;
	unsigned int left = bv->bv_len - given;
	struct page *page;

	bytes -= given;
	page = nth_page(bv->bv_page, offset >> PAGE_SHIFT);
	offset = offset_in_page(offset);
	/* All of a page: the usual case where folios are no larger. */
	if (bytes == left && offset + left <= PAGE_SIZE) {
		folio_put(page_folio(page));
		return;
	}
	while (bytes) {
		struct folio *folio = page_folio(page);
		size_t pos = folio_page_idx(folio, page) * PAGE_SIZE + offset;
		unsigned int here = min_t(size_t, folio_size(folio) - pos, left);
		unsigned int step = min(here, bytes);

		offset += step;
		page = nth_page(page, offset >> PAGE_SHIFT);
		offset = offset_in_page(offset);
		left -= step;
		bytes -= step;
		if (step == here)
			folio_put(folio);
	}
	/* An emptied entry is done with; @page may lie beyond its memory. */
	if (left)
		bvec_set_page(bv, page, left, offset);
}

/**
 * zcx_sglist_advance() - take bytes off the front
 * @sgl: the list
 * @bytes: how many, at most @sgl->bytes
 * @by_tag: if not NULL, the bytes are added here, by their tag
 *
 * Context: may sleep (drops folio references).
 */
void zcx_sglist_advance(struct zcx_sglist *sgl, size_t bytes,
			u64 by_tag[ZCX_NR_TAGS])
{
	const u8 *tag = sgl->tags + (sgl->first - sgl->bv);
	struct bio_vec *bv = sgl->first;
	size_t given = min(sgl->given, bytes);

	sgl->bytes -= bytes;
	sgl->given -= given;
	for (; bytes; bv++, tag++) {
		unsigned int length = bv->bv_len;
		unsigned int step = min_t(size_t, bytes, length);

		if (by_tag)
			by_tag[*tag] += step;
		bytes -= step;
		/* Where all of an entry is given, there is nothing to look at. */
		if (given >= length) {
			given -= length;
			continue;
		}
		zcx_run_consume(bv, step, given);
		given = 0;
		if (step < length)
			break;
	}
	sgl->first = bv;
	if (!sgl->bytes)
		zcx_sglist_reset(sgl);
}

static phys_addr_t zcx_run_start(const struct bio_vec *bv)
{
	return page_to_phys(bv->bv_page) + bv->bv_offset;
}

/* The folio that the last byte of the run @bv lies in. */
static struct folio *zcx_run_tail_folio(const struct bio_vec *bv)
{
	unsigned int last = bv->bv_offset + bv->bv_len - 1;

	return page_folio(nth_page(bv->bv_page, last >> PAGE_SHIFT));
}

/*
 * Take @bytes off the back of the run @bv, dropping the reference of every
 * folio that the run then no longer touches.
 */
static void zcx_run_trim(struct bio_vec *bv, unsigned int bytes)
{
	while (bytes) {
		struct folio *folio = zcx_run_tail_folio(bv);
		phys_addr_t start = max_t(phys_addr_t, zcx_run_start(bv),
					  PFN_PHYS(folio_pfn(folio)));
		unsigned int here = zcx_run_start(bv) + bv->bv_len - start;
		unsigned int step = min(here, bytes);

		bv->bv_len -= step;
		bytes -= step;
		if (step == here)
			folio_put(folio);
	}
}

/**
 * zcx_sglist_trim() - take bytes off the back
 * @sgl: the list
 * @bytes: how many, at most @sgl->bytes
 *
 * Context: may sleep (drops folio references).
 */
void zcx_sglist_trim(struct zcx_sglist *sgl, size_t bytes)
{
	sgl->bytes -= bytes;
	while (bytes) {
		struct bio_vec *bv = sgl->next - 1;
		unsigned int length = bv->bv_len;
		unsigned int step = min_t(size_t, bytes, length);

		zcx_run_trim(bv, step);
		bytes -= step;
		if (step < length)
			break;
		sgl->next--;
	}
	if (sgl->bytes)
		sgl->end = zcx_run_start(sgl->next - 1) + sgl->next[-1].bv_len;
	else
		zcx_sglist_reset(sgl);
}
