/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_PROGRAM_H
#define _ZCX_PROGRAM_H

#include <linux/fs.h>

#include "lane.h"

struct zcx_memory;
struct zcx_pool;
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

/**
 * struct zcx_program_order - what a program is made of
 * @memory: where to take small pieces of memory from
 * @pool: where the direct lane takes its buffers from
 * @segments: address of the segments in user space
 * @count: how many, from user space
 * @segment_size: bytes between them, from user space
 * @lane: enum zcx_lane, from user space
 * @direct_threshold: bytes, from user space
 * @nowait: no disk is to be asked
 * @drop_behind: what is brought into the page cache is to leave it again
 */
struct zcx_program_order {
	struct zcx_memory	*memory;
	struct zcx_pool		*pool;
	u64			segments;
	u32			count;
	u32			segment_size;
	u32			lane;
	u64			direct_threshold;
	bool			nowait;
	bool			drop_behind;
};

int zcx_program_init(struct zcx_program *prog,
		     const struct zcx_program_order *order);
int zcx_program_find_disks(struct zcx_program *prog);
void zcx_program_destroy(struct zcx_program *prog);
unsigned int zcx_program_entries(const struct zcx_program *prog,
				 size_t batch_bytes);

/* Pure checks, apart from descriptors and memory: for KUnit too. */
int zcx_segment_check(const struct zcx_segment *seg);
int zcx_program_check_memory(u64 total, u64 length);

int zcx_range_of_file(struct zcx_range *range, struct file *file,
		      const struct zcx_segment *seg,
		      const struct zcx_program_order *order);

#endif /* _ZCX_PROGRAM_H */
