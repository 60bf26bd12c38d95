// SPDX-License-Identifier: GPL-2.0
/*
 * Programs: the segments of a link, copied in, checked, and resolved to files.
 *
 * A program is complete before anything of it is sent: whatever can be known
 * to be wrong with it is reported here, with nothing sent and nothing held.
 */
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "program.h"
#include "zcx.h"

/**
 * zcx_segment_check() - is a segment well formed, for itself?
 * @seg: the segment, as user space wrote it
 *
 * Looks at numbers only: neither descriptors nor addresses are touched.
 *
 * Context: any.
 * Return: 0; -EINVAL, -EOPNOTSUPP, -E2BIG or -EOVERFLOW, as the table in
 * <linux/zcx.h> says.
 */
int zcx_segment_check(const struct zcx_segment *seg)
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
 * zcx_program_check_memory() - may a memory segment still be added?
 * @total: bytes of memory in the program so far
 * @length: bytes of the segment
 *
 * Context: any.
 * Return: 0, or -E2BIG.
 */
int zcx_program_check_memory(u64 total, u64 length)
{
	return total + length > ZCX_MAX_MEMORY_LINK ? -E2BIG : 0;
}

/* Which lane a file's bytes take, or NULL if zcx cannot read the file. */
static const struct zcx_lane_ops *zcx_lane_of(struct file *file)
{
	if (zcx_lane_cache_supports(file))
		return &zcx_lane_cache;
	if (zcx_lane_splice_supports(file))
		return &zcx_lane_splice;
	return NULL;
}

static int zcx_file_check(struct file *file, loff_t pos, u64 length)
{
	struct inode *inode = file_inode(file);

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode->i_mode) || !(file->f_mode & FMODE_PREAD) ||
	    !(file->f_mode & FMODE_LSEEK))
		return -EOPNOTSUPP;
	if (length == ZCX_TO_EOF)
		length = LLONG_MAX - pos;
	return rw_verify_area(READ, file, &pos,
			      min_t(u64, length, MAX_RW_COUNT));
}

static int zcx_add_file(struct zcx_range *range, const struct zcx_segment *seg)
{
	struct file *file;
	int err;

	/* O_PATH descriptors are not found by fget(). */
	file = fget(seg->fd);
	if (!file)
		return -EBADF;

	err = zcx_file_check(file, seg->offset, seg->length);
	if (err)
		goto put;
	err = -EOPNOTSUPP;
	range->lane = zcx_lane_of(file);
	if (!range->lane)
		goto put;

	range->file = file;
	range->start = seg->offset;
	range->pos = seg->offset;
	range->to_eof = seg->length == ZCX_TO_EOF;
	range->end = range->to_eof ? LLONG_MAX : seg->offset + seg->length;
	return 0;
put:
	fput(file);
	return err;
}

/* Have room for one more page; most programs need no more than the first few. */
static int zcx_grow_memory_table(struct zcx_program *prog)
{
	unsigned int max = prog->max_memory_pages ? 2 * prog->max_memory_pages : 4;
	struct page **memory;

	if (prog->nr_memory_pages < prog->max_memory_pages)
		return 0;
	memory = krealloc_array(prog->memory, max, sizeof(*memory),
				GFP_KERNEL_ACCOUNT);
	if (!memory)
		return -ENOMEM;
	prog->memory = memory;
	prog->max_memory_pages = max;
	return 0;
}

/* Have pages for @bytes bytes of memory in all. */
static int zcx_grow_memory(struct zcx_program *prog, unsigned int bytes)
{
	while ((size_t)prog->nr_memory_pages * PAGE_SIZE < bytes) {
		struct page *page;
		int err = zcx_grow_memory_table(prog);

		if (err)
			return err;
		page = alloc_page(GFP_KERNEL_ACCOUNT);
		if (!page)
			return -ENOMEM;
		prog->memory[prog->nr_memory_pages++] = page;
	}
	return 0;
}

static int zcx_copy_memory(struct zcx_program *prog, unsigned int pos,
			   const void __user *from, unsigned int length)
{
	while (length) {
		struct page *page = prog->memory[pos >> PAGE_SHIFT];
		unsigned int offset = offset_in_page(pos);
		unsigned int step = min_t(unsigned int, length,
					  PAGE_SIZE - offset);
		void *to = kmap_local_page(page);
		unsigned long left = copy_from_user(to + offset, from, step);

		kunmap_local(to);
		if (left)
			return -EFAULT;
		pos += step;
		from += step;
		length -= step;
	}
	return 0;
}

static int zcx_add_memory(struct zcx_program *prog, struct zcx_range *range,
			  const struct zcx_segment *seg)
{
	unsigned int start = prog->memory_bytes;
	int err;

	err = zcx_program_check_memory(start, seg->length);
	if (err)
		return err;
	err = zcx_grow_memory(prog, start + seg->length);
	if (err)
		return err;
	err = zcx_copy_memory(prog, start, u64_to_user_ptr(seg->addr),
			      seg->length);
	if (err)
		return err;

	range->lane = &zcx_lane_memory;
	range->program = prog;
	range->start = start;
	range->pos = start;
	range->end = start + seg->length;
	prog->memory_bytes += seg->length;
	return 0;
}

static int zcx_add_segment(struct zcx_program *prog, struct zcx_range *range,
			   const void __user *from, u32 segment_size)
{
	struct zcx_segment seg;
	int err;

	err = copy_struct_from_user(&seg, sizeof(seg), from, segment_size);
	if (err)
		return err;
	err = zcx_segment_check(&seg);
	if (err)
		return err;
	if (seg.type == ZCX_SEGMENT_FILE)
		return zcx_add_file(range, &seg);
	return zcx_add_memory(prog, range, &seg);
}

/**
 * zcx_program_create() - copy a program in, check it, take hold of its files
 * @user_segments: address of the segments in user space
 * @count: how many, from user space
 * @segment_size: bytes between them, from user space
 * @lane: enum zcx_lane, from user space
 *
 * Context: process context of the submitter; may sleep.
 * Return: the program, to be freed with zcx_program_destroy(), or an ERR_PTR:
 * -EINVAL, -E2BIG, -EOVERFLOW, -EOPNOTSUPP, -EFAULT, -ENOMEM, -EBADF, -EISDIR,
 * or what a security module says.
 */
struct zcx_program *zcx_program_create(u64 user_segments, u32 count,
				       u32 segment_size, u32 lane)
{
	const u8 __user *from = u64_to_user_ptr(user_segments);
	struct zcx_program *prog;
	u32 i;
	int err;

	if (!count || segment_size < sizeof(struct zcx_segment))
		return ERR_PTR(-EINVAL);
	if (count > ZCX_MAX_SEGMENTS || segment_size > PAGE_SIZE)
		return ERR_PTR(-E2BIG);
	if (lane > ZCX_LANE_CACHE)
		return ERR_PTR(-EOPNOTSUPP);

	prog = kvzalloc(struct_size(prog, ranges, count), GFP_KERNEL_ACCOUNT);
	if (!prog)
		return ERR_PTR(-ENOMEM);

	prog->count = count;
	for (i = 0; i < count; i++) {
		err = zcx_add_segment(prog, &prog->ranges[i],
				      from + (size_t)i * segment_size,
				      segment_size);
		if (err) {
			zcx_program_destroy(prog);
			return ERR_PTR(err);
		}
	}
	return prog;
}

/**
 * zcx_program_destroy() - let go of all that a program holds
 * @prog: a program, also one only built in part
 *
 * Pages that a socket still references live on until it drops them.
 *
 * Context: process context; may sleep.
 */
void zcx_program_destroy(struct zcx_program *prog)
{
	unsigned int i;

	for (i = 0; i < prog->count; i++)
		if (prog->ranges[i].file)
			fput(prog->ranges[i].file);
	for (i = 0; i < prog->nr_memory_pages; i++)
		put_page(prog->memory[i]);
	kfree(prog->memory);
	kvfree(prog);
}

/* Bytes that a range has, as far as can be told before it is read. */
static u64 zcx_range_estimate(const struct zcx_range *range)
{
	loff_t end = range->end;

	if (range->file) {
		loff_t size = i_size_read(file_inode(range->file));

		/* Size 0 tells nothing, see procfs: take it for a page. */
		end = min(end, size ?: range->pos + (loff_t)PAGE_SIZE);
	}
	return end > range->pos ? end - range->pos : 0;
}

/**
 * zcx_program_entries() - scatter-list entries that suit a program
 * @prog: the program
 * @batch_bytes: bytes gathered at a time
 *
 * Enough for one batch in the worst case, one entry a page; no more than the
 * program's size gives reason for. A file may since have grown: then there
 * are more batches.
 *
 * Context: any.
 * Return: number of entries, at least 1.
 */
unsigned int zcx_program_entries(const struct zcx_program *prog,
				 size_t batch_bytes)
{
	u64 most = DIV_ROUND_UP(batch_bytes, PAGE_SIZE) + 1;
	u64 entries = 0;
	unsigned int i;

	for (i = 0; i < prog->count && entries < most; i++)
		entries += DIV_ROUND_UP_ULL(zcx_range_estimate(&prog->ranges[i]),
					    PAGE_SIZE) + 1;
	return clamp_t(u64, entries, 1, most);
}
