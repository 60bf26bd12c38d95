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
	sgl->table.nents = 0;
	sgl->first = sgl->table.sgl;
	sgl->next = sgl->table.sgl;
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
	struct scatterlist *sg = sgl->few;

	sgl->bv = sgl->few_bv;
	sgl->tags = sgl->few_tags;
	if (entries > ZCX_SGLIST_FEW) {
		sg = kvmalloc_array(entries, sizeof(*sg) + sizeof(*sgl->bv) +
				    sizeof(*sgl->tags), gfp);
		if (!sg)
			return -ENOMEM;
		sgl->bv = (struct bio_vec *)(sg + entries);
		sgl->tags = (u8 *)(sgl->bv + entries);
	}
	sgl->table.sgl = sg;
	sgl->table.orig_nents = entries;
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
	struct scatterlist *old = sgl->table.sgl;

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
	if (sgl->table.sgl != sgl->few)
		kvfree(sgl->table.sgl);
}

/*
 * Make the last run longer by what stands at @offset of @page. One reference a
 * folio: the run, which ends right before that, has one already unless the folio
 * begins there.
 */
static void zcx_sg_extend(struct scatterlist *last, struct page *page,
			  unsigned int offset, unsigned int length)
{
	struct folio *folio = page_folio(page);

	if (offset || page != folio_page(folio, 0))
		folio_put(folio);
	last->length += length;
}

/* Does memory that begins at @start continue the newest entry of the list? */
static bool zcx_sglist_continues(const struct zcx_sglist *sgl,
				 phys_addr_t start, unsigned int length,
				 enum zcx_tag tag)
{
	const struct scatterlist *last = sgl->next - 1;

	return sgl->table.nents && sgl->end == start &&
	       sgl->tags[last - sgl->table.sgl] == tag &&
	       last->length <= UINT_MAX - last->offset - length;
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
 * Context: any (the reference that merging drops is never the last).
 * Return: 0, or -ENOSPC if all entries are in use (the caller keeps its
 * reference).
 */
int zcx_sglist_append(struct zcx_sglist *sgl, struct page *page,
		      unsigned int offset, unsigned int length, enum zcx_tag tag)
{
	phys_addr_t start = page_to_phys(page) + offset;
	struct scatterlist *sg = sgl->next;

	if (zcx_sglist_continues(sgl, start, length, tag)) {
		zcx_sg_extend(sg - 1, page, offset, length);
	} else {
		if (!zcx_sglist_room(sgl))
			return -ENOSPC;
		/* Memory of no known contents, some of them flags. */
		sg->page_link = 0;
		sg_set_page(sg, page, length, offset);
		sgl->tags[sg - sgl->table.sgl] = tag;
		sgl->next = sg + 1;
		sgl->table.nents++;
	}
	sgl->end = start + length;
	sgl->bytes += length;
	return 0;
}

/*
 * Take @bytes off the front of the run @sg, dropping the reference of every
 * folio that the run then no longer touches; those of the first @given bytes, which
 * are not all there are, have gone already.
 */
static void zcx_sg_consume(struct scatterlist *sg, unsigned int bytes,
			   unsigned int given)
{
	unsigned int offset = sg->offset + given;
	unsigned int left = sg->length - given;
	struct page *page;

	bytes -= given;
	page = nth_page(sg_page(sg), offset >> PAGE_SHIFT);
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
	const u8 *tag = sgl->tags + (sgl->first - sgl->table.sgl);
	struct scatterlist *sg = sgl->first;
	size_t given = min(sgl->given, bytes);

	sgl->bytes -= bytes;
	sgl->given -= given;
	for (; bytes; sg++, tag++) {
		unsigned int length = sg->length;
		unsigned int step = min_t(size_t, bytes, length);

		if (by_tag)
			by_tag[*tag] += step;
		bytes -= step;
		/* Where all of an entry is given, there is nothing to look at. */
		if (given >= length) {
			given -= length;
			continue;
		}
		zcx_sg_consume(sg, step, given);
		given = 0;
		if (step < length)
			break;
	}
	sgl->table.nents -= sg - sgl->first;
	sgl->first = sg;
	if (!sgl->bytes)
		zcx_sglist_reset(sgl);
}

static phys_addr_t zcx_sg_start(struct scatterlist *sg)
{
	return page_to_phys(sg_page(sg)) + sg->offset;
}

/* The folio that the last byte of the run @sg lies in. */
static struct folio *zcx_sg_tail_folio(struct scatterlist *sg)
{
	unsigned int last = sg->offset + sg->length - 1;

	return page_folio(nth_page(sg_page(sg), last >> PAGE_SHIFT));
}

/*
 * Take @bytes off the back of the run @sg, dropping the reference of every
 * folio that the run then no longer touches.
 */
static void zcx_sg_trim(struct scatterlist *sg, unsigned int bytes)
{
	while (bytes) {
		struct folio *folio = zcx_sg_tail_folio(sg);
		phys_addr_t start = max_t(phys_addr_t, zcx_sg_start(sg),
					  PFN_PHYS(folio_pfn(folio)));
		unsigned int here = zcx_sg_start(sg) + sg->length - start;
		unsigned int step = min(here, bytes);

		sg->length -= step;
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
		struct scatterlist *sg = sgl->next - 1;
		unsigned int length = sg->length;
		unsigned int step = min_t(size_t, bytes, length);

		zcx_sg_trim(sg, step);
		bytes -= step;
		if (step < length)
			break;
		sgl->table.nents--;
		sgl->next--;
	}
	if (sgl->bytes)
		sgl->end = zcx_sg_start(sgl->next - 1) + sgl->next[-1].length;
	else
		zcx_sglist_reset(sgl);
}

/**
 * zcx_sglist_to_iter() - the list as a source for sendmsg()
 * @sgl: the list; its entries are unchanged
 * @iter: out: over all of the list, valid until that is changed
 *
 * Context: any.
 */
void zcx_sglist_to_iter(const struct zcx_sglist *sgl, struct iov_iter *iter)
{
	struct bio_vec *to = sgl->bv;
	struct scatterlist *sg;

	for_each_zcx_sg(sgl, sg)
		bvec_set_page(to++, sg_page(sg), sg->length, sg->offset);
	iov_iter_bvec(iter, ITER_SOURCE, sgl->bv, sgl->table.nents, sgl->bytes);
}
