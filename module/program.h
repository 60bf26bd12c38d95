/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_PROGRAM_H
#define _ZCX_PROGRAM_H

#include <linux/fs.h>
#include <linux/zcx.h>

#include "lane.h"

struct zcx_memory;
struct zcx_pool;

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
void zcx_program_of_ranges(struct zcx_program *prog,
			   const struct zcx_range *ranges, unsigned int count);
int zcx_program_find_disks(struct zcx_program *prog);
void zcx_program_destroy(struct zcx_program *prog);
unsigned int zcx_program_entries(const struct zcx_program *prog,
				 size_t batch_bytes);

/* Pure checks, apart from descriptors and memory: for KUnit too. */
/**
 * zcx_segment_check() - is a segment well formed, for itself?
 * @seg: the segment, as user space wrote it
 *
 * Looks at numbers only: neither descriptors nor addresses are touched. Inline,
 * since a small request notices.
 *
 * Context: any.
 * Return: 0; -EINVAL, -EOPNOTSUPP, -E2BIG or -EOVERFLOW, as the table in
 * <linux/zcx.h> says.
 */
static inline int zcx_segment_check(const struct zcx_segment *seg)
{
	if (seg->__reserved)
		return -EINVAL;
	if (seg->flags)
		return -EOPNOTSUPP;

	switch (seg->type) {
	case ZCX_SEGMENT_FILE:
		if (seg->addr || seg->offset > LLONG_MAX)
			return -EINVAL;
		if (seg->length != ZCX_TO_EOF &&
		    seg->length > LLONG_MAX - seg->offset)
			return -EOVERFLOW;
		return 0;
	case ZCX_SEGMENT_MEMORY:
		if (seg->fd || seg->offset)
			return -EINVAL;
		if (seg->length > ZCX_MAX_MEMORY_SEGMENT)
			return -E2BIG;
		return 0;
	default:
		return -EINVAL;
	}
}

/**
 * zcx_file_kind() - is it a file that can be sent?
 * @file: the file
 *
 * Context: any.
 * Return: 0; -EBADF, -EISDIR, -EOPNOTSUPP.
 */
static inline int zcx_file_kind(const struct file *file)
{
	const struct inode *inode = file_inode(file);

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode->i_mode) || !(file->f_mode & FMODE_PREAD) ||
	    !(file->f_mode & FMODE_LSEEK))
		return -EOPNOTSUPP;
	return 0;
}

/**
 * zcx_file_permit() - may a range of a file be read?
 * @file: the file
 * @pos: first byte
 * @length: bytes, or ZCX_TO_EOF
 *
 * Context: process context of the submitter; may sleep.
 * Return: 0, or what a security module says, or whoever else is asked.
 */
static inline int zcx_file_permit(struct file *file, loff_t pos,
				  u64 length)
{
	if (length == ZCX_TO_EOF)
		length = LLONG_MAX - pos;
	return rw_verify_area(READ, file, &pos,
			      min_t(u64, length, MAX_RW_COUNT));
}

int zcx_program_check_memory(u64 total, u64 length);

int zcx_range_of_file(struct zcx_range *range, struct file *file,
		      const struct zcx_segment *seg,
		      const struct zcx_program_order *order);

#endif /* _ZCX_PROGRAM_H */
