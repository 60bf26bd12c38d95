/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_SGLIST_H
#define _ZCX_SGLIST_H

#include <linux/bvec.h>
#include <linux/scatterlist.h>
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
 * @table: entries, in one array; @table.orig_nents of them allocated,
 *	@table.nents in use. Each is set up when it comes into use, so that a
 *	long list costs no more than what is in it; none is marked as the last
 * @bv: room for zcx_sglist_to_iter(), one for each allocated entry
 * @tags: tag of each allocated entry
 * @first: oldest entry in use, if there is one
 * @next: the entry behind the newest, if there is room for one
 * @end: physical address behind the newest entry in use, if there is one
 * @bytes: bytes in all entries in use
 * @given: of these, bytes off the front whose references others have taken over,
 *	see zcx_sglist_give()
 * @few: the entries of a short list, so that it needs no allocation
 * @few_bv: their @bv
 * @few_tags: and their tags
 *
 * An entry is one run of physically adjacent memory. It holds exactly one
 * reference on each folio that the run touches, no matter how many pages of
 * the folio those are, and drops it as soon as the run no longer touches it.
 *
 * Entries are taken off the front and added at the back, without wrapping:
 * room behind the front comes back once the list is empty. A batch is filled,
 * pushed until it is empty, and filled again.
 *
 * Not locked: a list belongs to the one task that runs its link.
 */
struct zcx_sglist {
	struct sg_table		table;
	struct bio_vec		*bv;
	u8			*tags;
	struct scatterlist	*first;
	struct scatterlist	*next;
	phys_addr_t		end;
	size_t			bytes;
	size_t			given;
	struct scatterlist	few[ZCX_SGLIST_FEW];
	struct bio_vec		few_bv[ZCX_SGLIST_FEW];
	u8			few_tags[ZCX_SGLIST_FEW];
};

int zcx_sglist_init(struct zcx_sglist *sgl, unsigned int entries, gfp_t gfp);
void zcx_sglist_destroy(struct zcx_sglist *sgl);
void zcx_sglist_grow(struct zcx_sglist *sgl, unsigned int entries, gfp_t gfp);
void zcx_sglist_shrink(struct zcx_sglist *sgl);
int zcx_sglist_append(struct zcx_sglist *sgl, struct page *page,
		      unsigned int offset, unsigned int length, enum zcx_tag tag);
void zcx_sglist_advance(struct zcx_sglist *sgl, size_t bytes,
			u64 by_tag[ZCX_NR_TAGS]);
void zcx_sglist_trim(struct zcx_sglist *sgl, size_t bytes);
void zcx_sglist_to_iter(const struct zcx_sglist *sgl, struct iov_iter *iter);

/**
 * zcx_sglist_room() - entries that can still be appended for certain
 * @sgl: the list
 *
 * Return: number of entries; an append that merges needs none.
 */
static inline unsigned int zcx_sglist_room(const struct zcx_sglist *sgl)
{
	return sgl->table.sgl + sgl->table.orig_nents - sgl->next;
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
#define for_each_zcx_sg(sgl, sg) \
	for ((sg) = (sgl)->first; (sg) != (sgl)->next; (sg)++)

#endif /* _ZCX_SGLIST_H */
