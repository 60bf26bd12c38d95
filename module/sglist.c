// SPDX-License-Identifier: GPL-2.0
/*
 * The scatter list of one batch: append, merge, advance.
 *
 * Knows pages and folios, but neither files nor sockets: who owns the bytes
 * and where they go is not its business.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "sglist.h"

static void zcx_sglist_reset(struct zcx_sglist *sgl)
{
	sgl->table.nents = 0;
	sgl->first = sgl->table.sgl;
	sgl->last = NULL;
	sgl->first_idx = 0;
	sgl->bytes = 0;
}

/**
 * zcx_sglist_init() - allocate an empty list
 * @sgl: the list
 * @entries: most entries it will ever hold, at least 1
 * @gfp: for the allocation
 *
 * Context: as @gfp says.
 * Return: 0 or -ENOMEM.
 */
int zcx_sglist_init(struct zcx_sglist *sgl, unsigned int entries, gfp_t gfp)
{
	int err;

	err = sg_alloc_table(&sgl->table, entries, gfp);
	if (err)
		return err;

	sgl->tags = kmalloc(entries, gfp);
	if (!sgl->tags) {
		sg_free_table(&sgl->table);
		return -ENOMEM;
	}
	zcx_sglist_reset(sgl);
	return 0;
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
	kfree(sgl->tags);
	sg_free_table(&sgl->table);
}

/* Does @page + @offset begin at the very byte where the run @sg ends? */
static bool zcx_sg_continues(struct scatterlist *sg, struct page *page,
			     unsigned int offset, unsigned int length)
{
	if (sg->length > UINT_MAX - sg->offset - length)
		return false;
	return page_to_phys(sg_page(sg)) + sg->offset + sg->length ==
	       page_to_phys(page) + offset;
}

/* The folio that the last byte of the run @sg lies in. */
static struct folio *zcx_sg_tail_folio(struct scatterlist *sg)
{
	unsigned int last = sg->offset + sg->length - 1;

	return page_folio(nth_page(sg_page(sg), last >> PAGE_SHIFT));
}

/**
 * zcx_sglist_append() - add memory behind what is there
 * @sgl: the list
 * @page: first page of a run within one folio; the caller's reference on that
 *	folio passes to the list on success
 * @offset: first byte, within @page
 * @length: bytes, at least 1; may go beyond @page as far as its folio goes
 * @tag: where the bytes came from
 *
 * Memory that continues the last entry is merged into it, if the tags agree.
 *
 * Context: may sleep (may drop a folio reference).
 * Return: 0, or -ENOSPC if all entries are in use (the caller keeps its
 * reference).
 */
int zcx_sglist_append(struct zcx_sglist *sgl, struct page *page,
		      unsigned int offset, unsigned int length, enum zcx_tag tag)
{
	unsigned int next = sgl->first_idx + sgl->table.nents;
	struct scatterlist *last = sgl->last;

	if (last && sgl->tags[next - 1] == tag &&
	    zcx_sg_continues(last, page, offset, length)) {
		/* One reference a folio: the run has this one already. */
		if (zcx_sg_tail_folio(last) == page_folio(page))
			folio_put(page_folio(page));
		last->length += length;
		sgl->bytes += length;
		return 0;
	}

	if (next == sgl->table.orig_nents)
		return -ENOSPC;

	last = last ? sg_next(last) : sgl->first;
	sg_set_page(last, page, length, offset);
	sgl->tags[next] = tag;
	sgl->last = last;
	sgl->table.nents++;
	sgl->bytes += length;
	return 0;
}

/*
 * Take @bytes off the front of the run @sg, dropping the reference of every
 * folio that the run then no longer touches.
 */
static void zcx_sg_consume(struct scatterlist *sg, unsigned int bytes)
{
	struct page *page = sg_page(sg);
	unsigned int offset = sg->offset;
	unsigned int left = sg->length;

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
		sg_set_page(sg, page, left, offset);
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
	while (bytes) {
		struct scatterlist *sg = sgl->first;
		unsigned int step = min_t(size_t, bytes, sg->length);
		bool whole = step == sg->length;

		zcx_sg_consume(sg, step);
		if (by_tag)
			by_tag[sgl->tags[sgl->first_idx]] += step;
		bytes -= step;
		sgl->bytes -= step;
		if (!whole)
			break;
		sgl->table.nents--;
		sgl->first_idx++;
		if (sgl->table.nents)
			sgl->first = sg_next(sg);
	}
	if (!sgl->bytes)
		zcx_sglist_reset(sgl);
}
