/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_PROGRAM_H
#define _ZCX_PROGRAM_H

#include <linux/fs.h>

#include "lane.h"

struct zcx_memory;
struct zcx_segment;

/* A header, a file and a trailer. */
#define ZCX_PROGRAM_FEW	3

/**
 * struct zcx_program - the segments of a link, checked and resolved
 * @count: number of @ranges
 * @memory_bytes: bytes of memory segments among them
 * @files: files among them, once zcx_program_find_disks() has been called; one that
 *	several in a row name counts once
 * @ranges: the segments, in order
 * @few: the ranges of a short program, so that it needs no allocation
 *
 * Not changed once it is built, but for the cursors inside @ranges, which
 * belong to the task that runs the link.
 */
struct zcx_program {
	unsigned int		count;
	unsigned int		memory_bytes;
	unsigned int		files;
	struct zcx_range	*ranges;
	struct zcx_range	few[ZCX_PROGRAM_FEW];
};

int zcx_program_init(struct zcx_program *prog, struct zcx_memory *memory,
		     u64 user_segments, u32 count, u32 segment_size, u32 lane);
int zcx_program_find_disks(struct zcx_program *prog);
void zcx_program_destroy(struct zcx_program *prog);
unsigned int zcx_program_entries(const struct zcx_program *prog,
				 size_t batch_bytes);

/* Pure checks, apart from descriptors and memory: for KUnit too. */
int zcx_segment_check(const struct zcx_segment *seg);
int zcx_program_check_memory(u64 total, u64 length);

#endif /* _ZCX_PROGRAM_H */
