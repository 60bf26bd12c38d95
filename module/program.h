/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_PROGRAM_H
#define _ZCX_PROGRAM_H

#include <linux/fs.h>

#include "lane.h"

struct zcx_segment;

/**
 * struct zcx_program - the segments of a link, checked and resolved
 * @memory: pages that the memory segments were copied into, packed
 * @nr_memory_pages: how many
 * @max_memory_pages: how many @memory has room for
 * @memory_bytes: bytes in them
 * @count: number of @ranges
 * @ranges: the segments, in order
 *
 * Not changed once it is built, but for the cursors inside @ranges, which
 * belong to the task that runs the link.
 */
struct zcx_program {
	struct page		**memory;
	unsigned int		nr_memory_pages;
	unsigned int		max_memory_pages;
	unsigned int		memory_bytes;
	unsigned int		count;
	struct zcx_range	ranges[] __counted_by(count);
};

struct zcx_program *zcx_program_create(u64 user_segments, u32 count,
				       u32 segment_size, u32 lane);
void zcx_program_destroy(struct zcx_program *prog);
unsigned int zcx_program_entries(const struct zcx_program *prog,
				 size_t batch_bytes);

/* Pure checks, apart from descriptors and memory: for KUnit too. */
int zcx_segment_check(const struct zcx_segment *seg);
int zcx_program_check_memory(u64 total, u64 length);

#endif /* _ZCX_PROGRAM_H */
