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

#include "disk.h"
#include "drop.h"
#include "memory.h"
#include "program.h"
#include "zcx.h"

/* Ranges back that one of the same file is looked for. */
#define ZCX_DROP_LOOK	16

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

/* From how many bytes on is what is cold to be read directly? */
static u64 zcx_threshold(const struct zcx_program_order *order)
{
	switch (order->lane) {
	case ZCX_LANE_CACHE:
		return ZCX_DIRECT_NEVER;
	case ZCX_LANE_DIRECT:
		return 1;
	default:
		return order->direct_threshold ?: zcx_direct_threshold();
	}
}

/* Bytes that the range has now, as far as i_size says. */
static u64 zcx_range_bytes(const struct zcx_range *range)
{
	loff_t end = min(range->end, i_size_read(file_inode(range->file)));

	return end > range->pos ? end - range->pos : 0;
}

/*
 * Which lane the bytes of a range take. A file that nobody may read directly goes
 * through the page cache, and leaves it; but all of tmpfs is in there anyway.
 */
static int zcx_choose_lane(struct zcx_range *range,
			   const struct zcx_program_order *order)
{
	u64 threshold = zcx_threshold(order);
	struct file *file = range->file;

	if (!zcx_lane_cache_supports(file)) {
		range->lane = &zcx_lane_splice;
		return zcx_lane_splice_supports(file) ? 0 : -EOPNOTSUPP;
	}
	range->lane = &zcx_lane_cache;
	if (threshold == ZCX_DIRECT_NEVER || zcx_range_bytes(range) < threshold)
		return 0;
	if (zcx_lane_direct_supports(file)) {
		range->lane = &zcx_lane_direct;
		range->pool = order->pool;
		/* Who asks for this lane wants nothing in the page cache. */
		range->drop_behind |= order->lane == ZCX_LANE_DIRECT;
		return 0;
	}
	range->no_direct = true;
	range->missed_direct = order->lane == ZCX_LANE_DIRECT;
	range->drop_behind = true;
	return 0;
}

/**
 * zcx_range_of_file() - make a range of a file segment
 * @range: to be filled in, zeros
 * @file: the file; the range takes no reference
 * @seg: the segment, as zcx_segment_check() has found it well formed
 * @order: what else is asked for
 *
 * Context: process context; may sleep.
 * Return: 0; -EBADF, -EISDIR, -EOPNOTSUPP, or what a security module says.
 */
int zcx_range_of_file(struct zcx_range *range, struct file *file,
		      const struct zcx_segment *seg,
		      const struct zcx_program_order *order)
{
	int err;

	err = zcx_file_kind(file);
	if (!err)
		err = zcx_file_permit(file, seg->offset, seg->length);
	if (err)
		return err;
	range->file = file;
	range->start = seg->offset;
	range->pos = seg->offset;
	range->to_eof = seg->length == ZCX_TO_EOF;
	range->end = range->to_eof ? LLONG_MAX : seg->offset + seg->length;
	range->nowait = order->nowait;
	range->drop_behind = order->drop_behind;
	return zcx_choose_lane(range, order);
}

/*
 * Ranges of one file have one memory of what they brought into the page cache. It
 * is looked for a few ranges back, no farther.
 */
static void zcx_share_drop(struct zcx_program *prog, struct zcx_range *range)
{
	struct zcx_range *other = range;
	unsigned int n;

	for (n = 0; n < ZCX_DROP_LOOK && other-- > prog->ranges && !range->drop;
	     n++)
		range->drop = zcx_drop_get(other->drop, range->file);
	/* Without memory for it there is still the one it makes itself later. */
	if (!range->drop)
		range->drop = zcx_drop_create(range->file);
}

static int zcx_add_file(struct zcx_program *prog, struct zcx_range *range,
			const struct zcx_segment *seg,
			const struct zcx_program_order *order)
{
	struct file *file;
	int err;

	/* O_PATH descriptors are not found by fget(). */
	file = fget(seg->fd);
	if (!file)
		return -EBADF;
	err = zcx_range_of_file(range, file, seg, order);
	if (err) {
		fput(file);
		range->file = NULL;
		range->lane = NULL;
	} else if (range->drop_behind && range->lane != &zcx_lane_splice) {
		zcx_share_drop(prog, range);
	}
	return err;
}

/* Pages of its own for a segment that no single page holds. */
static int zcx_own_pages(struct zcx_range *range, unsigned int bytes)
{
	unsigned int nr = DIV_ROUND_UP(bytes, PAGE_SIZE);
	struct page **pages;
	unsigned int i;

	pages = kcalloc(nr, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	if (!pages)
		return -ENOMEM;
	range->pages = pages;
	range->nr_pages = nr;
	/* As far as they come: what is there is freed with the range. */
	for (i = 0; i < nr; i++) {
		pages[i] = alloc_page(GFP_KERNEL_ACCOUNT);
		if (!pages[i])
			return -ENOMEM;
	}
	return 0;
}

/* Have pages for @bytes bytes, at least 1, that begin at @range->pos in them. */
static int zcx_have_memory(struct zcx_range *range, struct zcx_memory *memory,
			   unsigned int bytes)
{
	unsigned int offset;

	if (bytes > PAGE_SIZE)
		return zcx_own_pages(range, bytes);
	range->page = zcx_memory_take(memory, bytes, &offset);
	if (!range->page)
		return -ENOMEM;
	range->nr_pages = 1;
	range->start = offset;
	range->pos = offset;
	return 0;
}

static int zcx_copy_memory(const struct zcx_range *range,
			   const void __user *from, unsigned int length)
{
	unsigned int pos = range->start;

	while (length) {
		struct page *page = zcx_range_page(range, pos >> PAGE_SHIFT);
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
			  struct zcx_memory *memory,
			  const struct zcx_segment *seg)
{
	int err;

	err = zcx_program_check_memory(prog->memory_bytes, seg->length);
	if (err)
		return err;
	range->lane = &zcx_lane_memory;
	if (!seg->length)
		return 0;
	err = zcx_have_memory(range, memory, seg->length);
	if (err)
		return err;
	range->end = range->start + seg->length;
	prog->memory_bytes += seg->length;
	return zcx_copy_memory(range, u64_to_user_ptr(seg->addr), seg->length);
}

/* Callers of this version pass what we know: a copy of constant size. */
static int zcx_get_segment(struct zcx_segment *seg, const void __user *from,
			   u32 segment_size)
{
	if (segment_size == sizeof(*seg))
		return copy_from_user(seg, from, sizeof(*seg)) ? -EFAULT : 0;
	return copy_struct_from_user(seg, sizeof(*seg), from, segment_size);
}

static int zcx_add_segment(struct zcx_program *prog,
			   const struct zcx_program_order *order,
			   const void __user *from)
{
	struct zcx_range *range = &prog->ranges[prog->count];
	struct zcx_segment seg;
	int err;

	err = zcx_get_segment(&seg, from, order->segment_size);
	if (err)
		return err;
	err = zcx_segment_check(&seg);
	if (err)
		return err;
	memset(range, 0, sizeof(*range));
	prog->count++;
	if (seg.type == ZCX_SEGMENT_FILE)
		return zcx_add_file(prog, range, &seg, order);
	return zcx_add_memory(prog, range, order->memory, &seg);
}

static int zcx_program_reserve(struct zcx_program *prog, u32 count)
{
	prog->count = 0;
	prog->memory_bytes = 0;
	prog->files = 0;
	prog->ranges = prog->few;
	if (count <= ZCX_PROGRAM_FEW)
		return 0;
	prog->ranges = kvmalloc_array(count, sizeof(*prog->ranges),
				      GFP_KERNEL_ACCOUNT);
	return prog->ranges ? 0 : -ENOMEM;
}

/**
 * zcx_program_init() - copy a program in, check it, take hold of its files
 * @prog: the program, of no known contents
 * @order: what it is made of, as user space wrote it
 *
 * Context: process context of the submitter; may sleep.
 * Return: 0, and the program is to be given to zcx_program_destroy(); or
 * -EINVAL, -E2BIG, -EOVERFLOW, -EOPNOTSUPP, -EFAULT, -ENOMEM, -EBADF, -EISDIR,
 * or what a security module says, and nothing is held.
 */
int zcx_program_init(struct zcx_program *prog,
		     const struct zcx_program_order *order)
{
	const u8 __user *from = u64_to_user_ptr(order->segments);
	u32 segment_size = order->segment_size, count = order->count;
	u32 i;
	int err;

	if (!count || segment_size < sizeof(struct zcx_segment))
		return -EINVAL;
	if (count > ZCX_MAX_SEGMENTS || segment_size > PAGE_SIZE)
		return -E2BIG;
	if (order->lane > ZCX_LANE_DIRECT)
		return -EOPNOTSUPP;
	err = zcx_program_reserve(prog, count);
	if (err)
		return err;

	for (i = 0; i < count; i++) {
		err = zcx_add_segment(prog, order,
				      from + (size_t)i * segment_size);
		if (err) {
			zcx_program_destroy(prog);
			return err;
		}
	}
	return 0;
}

/**
 * zcx_program_of_ranges() - a short program, of what is held already
 * @prog: the program, of no known contents, to be given to zcx_program_destroy()
 * @ranges: its ranges; what they hold is the program's from now on
 * @count: how many, 1 to ZCX_PROGRAM_FEW
 *
 * Context: any.
 */
void zcx_program_of_ranges(struct zcx_program *prog,
			   const struct zcx_range *ranges, unsigned int count)
{
	zcx_program_reserve(prog, count);
	memcpy(prog->few, ranges, count * sizeof(*ranges));
	prog->count = count;
}

static void zcx_range_destroy(struct zcx_range *range)
{
	unsigned int i;

	if (range->lane && range->lane->destroy)
		range->lane->destroy(range);
	zcx_disk_put(range->disk);
	if (range->file)
		fput(range->file);
	for (i = 0; i < range->nr_pages; i++)
		if (zcx_range_page(range, i))
			put_page(zcx_range_page(range, i));
	if (range->nr_pages > 1)
		kfree(range->pages);
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
		zcx_range_destroy(&prog->ranges[i]);
	if (prog->ranges != prog->few)
		kvfree(prog->ranges);
}

/**
 * zcx_program_find_disks() - for a program that is not run by its submitter
 * @prog: the program
 *
 * Where its reads will be submitted is found now, so that they need no memory
 * then; and what it holds is counted, since its submitter may close it.
 *
 * Context: process context; may sleep.
 * Return: 0 or -ENOMEM; @prog is as it was, to be destroyed.
 */
int zcx_program_find_disks(struct zcx_program *prog)
{
	const struct file *last = NULL;
	unsigned int i;

	for (i = 0; i < prog->count; i++) {
		struct zcx_range *range = &prog->ranges[i];

		if (!range->file)
			continue;
		prog->files += range->file != last;
		last = range->file;
		range->disk = zcx_disk_get(range->file);
		if (!range->disk)
			return -ENOMEM;
	}
	return 0;
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

	for (i = 0; i < prog->count && entries < most; i++) {
		const struct zcx_range *range = &prog->ranges[i];

		entries += 1;
		/* A piece of a page is never cut in two. */
		if (range->nr_pages != 1)
			entries += DIV_ROUND_UP_ULL(zcx_range_estimate(range),
						    PAGE_SIZE);
	}
	return clamp_t(u64, entries, 1, most);
}
