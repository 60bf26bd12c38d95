// SPDX-License-Identifier: GPL-2.0
/*
 * Memory segments: bytes that were copied into pages of the kernel's when the
 * link was submitted, and travel by reference from there.
 */
#include <linux/mm.h>

#include "lane.h"

static ssize_t zcx_lane_memory_fill(struct zcx_range *range,
				    struct zcx_sglist *sgl, size_t max,
				    enum zcx_effort effort)
{
	loff_t start = range->pos;

	while (max) {
		struct page *page = zcx_range_page(range, range->pos >> PAGE_SHIFT);
		unsigned int offset = offset_in_page(range->pos);
		unsigned int length = min_t(size_t, max, PAGE_SIZE - offset);

		get_page(page);
		if (zcx_sglist_append(sgl, page, offset, length,
				      ZCX_TAG_MEMORY)) {
			put_page(page);
			break;
		}
		range->pos += length;
		max -= length;
	}
	return range->pos - start;
}

const struct zcx_lane_ops zcx_lane_memory = {
	.name	= "memory",
	.fill	= zcx_lane_memory_fill,
};
