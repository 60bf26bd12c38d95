/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_SGLIST_H
#define _ZCX_SGLIST_H

#include <linux/bvec.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/uio.h>

/**
 * enum zcx_tag - where the bytes of a scatter-list entry came from
 * @ZCX_TAG_MEMORY: a memory segment
 * @ZCX_TAG_CACHE: the cache lane
 * @ZCX_TAG_SPLICE: the splice lane
 * @ZCX_TAG_DIRECT: the direct lane
 * @ZCX_NR_TAGS: how many there are
 *
 * The list only keeps entries of different tags apart and counts bytes by tag;
 * what a tag means is its users' business.
 */
enum zcx_tag {
	ZCX_TAG_MEMORY,
	ZCX_TAG_CACHE,
	ZCX_TAG_SPLICE,
	ZCX_TAG_DIRECT,
	ZCX_NR_TAGS,
};

/* A header, 16 KiB page by page from anywhere in a page, and a trailer. */
#define ZCX_SGLIST_FEW	8

/**
 * struct zcx_sglist - the scatter list of one batch
 * @bv: entries, in one array. Each is set up when it comes into use, so that a
 *	long list costs no more than what is in it
 * @tags: tag of each
 * @behind: what follows the last one allocated
 * @first: oldest entry in use, if there is one
 * @next: the entry behind the newest, if there is room for one
 * @end: physical address behind the newest entry in use; none if there is none
 * @bytes: bytes in all entries in use
 * @given: of these, bytes off the front whose references others have taken over,
 *	see zcx_sglist_give()
 * @few: the entries of a short list, so that it needs no allocation
 * @few_tags: and their tags
 *
 * An entry is one run of physically adjacent memory. It holds exactly one
 * reference on each folio that the run touches, no matter how many pages of
 * the folio those are, and drops it as soon as the run no longer touches it.
 *
 * Entries are what sendmsg() takes, as they stand: a struct scatterlist would have
 * to be translated for each batch, and is twice as large for the sake of a DMA
 * address that nobody here has a use for.
 *
 * They are taken off the front and added at the back, without wrapping:
 * room behind the front comes back once the list is empty. A batch is filled,
 * pushed until it is empty, and filled again.
 *
 * Not locked: a list belongs to the one task that runs its link.
 */
struct zcx_sglist {
	struct bio_vec	*bv;
	u8		*tags;
	struct bio_vec	*behind;
	struct bio_vec	*first;
	struct bio_vec	*next;
	phys_addr_t	end;
	size_t		bytes;
	size_t		given;
	struct bio_vec	few[ZCX_SGLIST_FEW];
	u8		few_tags[ZCX_SGLIST_FEW];
};

int zcx_sglist_init(struct zcx_sglist *sgl, unsigned int entries, gfp_t gfp);
void zcx_sglist_destroy(struct zcx_sglist *sgl);
void zcx_sglist_grow(struct zcx_sglist *sgl, unsigned int entries, gfp_t gfp);
void zcx_sglist_shrink(struct zcx_sglist *sgl);
void zcx_sglist_advance(struct zcx_sglist *sgl, size_t bytes,
			u64 by_tag[ZCX_NR_TAGS]);
void zcx_sglist_trim(struct zcx_sglist *sgl, size_t bytes);

/**
 * zcx_sglist_room() - entries that can still be appended for certain
 * @sgl: the list
 *
 * Return: number of entries; an append that merges needs none.
 */
static inline unsigned int zcx_sglist_room(const struct zcx_sglist *sgl)
{
	return sgl->behind - sgl->next;
}

/* How many entries are allocated? */
static inline unsigned int zcx_sglist_size(const struct zcx_sglist *sgl)
{
	return sgl->behind - sgl->bv;
}

/* How many are in use? */
static inline unsigned int zcx_sglist_entries(const struct zcx_sglist *sgl)
{
	return sgl->next - sgl->first;
}

/* Does memory that begins at @start continue the newest entry of the list? */
static __always_inline bool
zcx_sglist_continues(const struct zcx_sglist *sgl, phys_addr_t start,
		     unsigned int length, enum zcx_tag tag)
{
	const struct bio_vec *last = sgl->next - 1;

	return unlikely(sgl->end == start) &&
	       sgl->tags[last - sgl->bv] == tag &&
	       last->bv_len <= UINT_MAX - last->bv_offset - length;
}

/*
 * Make the last run longer by what stands at @offset of @page. One reference a
 * folio: the run, which ends right before that, has one already unless the folio
 * begins there.
 */
static inline void zcx_sglist_extend(struct bio_vec *last, struct page *page,
				     unsigned int offset, unsigned int length)
{
	struct folio *folio = page_folio(page);

	if (offset || page != folio_page(folio, 0))
		folio_put(folio);
	last->bv_len += length;
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
 * Memory that continues the last entry is merged into it, if the tags agree. Here,
 * since it is done for each page that is sent.
 *
 * Context: any (the reference that merging drops is never the last).
 * Return: 0, or -ENOSPC if all entries are in use (the caller keeps its
 * reference).
 */
static __always_inline int
zcx_sglist_append(struct zcx_sglist *sgl, struct page *page,
		  unsigned int offset, unsigned int length, enum zcx_tag tag)
{
	phys_addr_t start = page_to_phys(page) + offset;
	struct bio_vec *bv = sgl->next;

	if (zcx_sglist_continues(sgl, start, length, tag)) {
		zcx_sglist_extend(bv - 1, page, offset, length);
	} else {
		if (unlikely(bv == sgl->behind))
			return -ENOSPC;
		bvec_set_page(bv, page, length, offset);
		sgl->tags[bv - sgl->bv] = tag;
		sgl->next = bv + 1;
	}
	sgl->end = start + length;
	sgl->bytes += length;
	return 0;
}

/**
 * zcx_sglist_to_iter() - the list as a source for sendmsg()
 * @sgl: the list; its entries are unchanged
 * @iter: out: over all of the list, valid until that is changed
 *
 * Context: any.
 */
static inline void zcx_sglist_to_iter(const struct zcx_sglist *sgl,
				      struct iov_iter *iter)
{
	iov_iter_bvec(iter, ITER_SOURCE, sgl->first, zcx_sglist_entries(sgl),
		      sgl->bytes);
}

/**
 * zcx_sglist_give() - somebody has taken over references of the list
 * @sgl: the list
 * @bytes: how many more of its bytes, from the first that was not given yet
 *
 * With the last byte that a run has of a folio, the list's reference on that
 * folio is given. What is given is still in the list, until it is taken off the
 * front, and must be before anybody is offered it again.
 *
 * Context: any.
 */
static inline void zcx_sglist_give(struct zcx_sglist *sgl, size_t bytes)
{
	sgl->given += bytes;
}

/* for_each_zcx_sg - walk the entries in use, oldest first */
#define for_each_zcx_sg(sgl, bv) \
	for ((bv) = (sgl)->first; (bv) != (sgl)->next; (bv)++)

#endif /* _ZCX_SGLIST_H */
