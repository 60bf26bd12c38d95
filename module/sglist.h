/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_SGLIST_H
#define _ZCX_SGLIST_H

#include <linux/scatterlist.h>

/**
 * enum zcx_tag - where the bytes of a scatter-list entry came from
 * @ZCX_TAG_MEMORY: a memory segment
 * @ZCX_TAG_CACHE: the cache lane
 * @ZCX_TAG_SPLICE: the splice lane
 * @ZCX_NR_TAGS: how many there are
 *
 * The list only keeps entries of different tags apart and counts bytes by tag;
 * what a tag means is its users' business.
 */
enum zcx_tag {
	ZCX_TAG_MEMORY,
	ZCX_TAG_CACHE,
	ZCX_TAG_SPLICE,
	ZCX_NR_TAGS,
};

/**
 * struct zcx_sglist - the scatter list of one batch
 * @table: entries; @table.orig_nents of them allocated, @table.nents in use
 * @tags: tag of each allocated entry
 * @first: oldest entry in use, if there is one
 * @last: newest entry in use, if there is one
 * @first_idx: index of @first, for @tags
 * @bytes: bytes in all entries in use
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
	u8			*tags;
	struct scatterlist	*first;
	struct scatterlist	*last;
	unsigned int		first_idx;
	size_t			bytes;
};

int zcx_sglist_init(struct zcx_sglist *sgl, unsigned int entries, gfp_t gfp);
void zcx_sglist_destroy(struct zcx_sglist *sgl);
int zcx_sglist_append(struct zcx_sglist *sgl, struct page *page,
		      unsigned int offset, unsigned int length, enum zcx_tag tag);
void zcx_sglist_advance(struct zcx_sglist *sgl, size_t bytes,
			u64 by_tag[ZCX_NR_TAGS]);

/**
 * zcx_sglist_room() - entries that can still be appended for certain
 * @sgl: the list
 *
 * Return: number of entries; an append that merges needs none.
 */
static inline unsigned int zcx_sglist_room(const struct zcx_sglist *sgl)
{
	return sgl->table.orig_nents - sgl->first_idx - sgl->table.nents;
}

/* for_each_zcx_sg - walk the entries in use, oldest first */
#define for_each_zcx_sg(sgl, sg, i) \
	for_each_sg((sgl)->first, sg, (sgl)->table.nents, i)

#endif /* _ZCX_SGLIST_H */
