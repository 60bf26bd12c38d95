// SPDX-License-Identifier: GPL-2.0
/*
 * The splice lane: pages that the filesystem hands out itself.
 *
 * Where a filesystem must be asked before its page cache may be trusted
 * (network and stacked filesystems, FUSE, DAX), or does not keep file data in
 * one at all (procfs), the file's own splice_read() does what sendfile(2)
 * would have it do. The pages come through a pipe that the kernel keeps for
 * each task, as they do for nfsd (fs/nfsd/vfs.c, nfsd_splice_actor()).
 */
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/pipe_fs_i.h>
#include <linux/splice.h>

#include "accessed.h"
#include "lane.h"

struct zcx_splice {
	struct zcx_sglist *sgl;
	enum zcx_tag tag;
};

/*
 * Take as much of one pipe buffer as fits. Runs of a buffer never leave its
 * (possibly compound) page, so one reference is enough for it.
 */
static int zcx_splice_take(struct pipe_inode_info *pipe,
			   struct pipe_buffer *buf, struct splice_desc *sd)
{
	struct zcx_splice *sp = sd->u.data;
	struct page *page = nth_page(buf->page, buf->offset >> PAGE_SHIFT);
	unsigned int offset = offset_in_page(buf->offset);

	/* Neither slab memory nor unreferenced pages may enter a socket. */
	if (!sendpage_ok(page))
		return -EIO;

	/* Not pipe_buf_get(): for tmpfs holes it takes no reference. */
	get_page(page);
	if (zcx_sglist_append(sp->sgl, page, offset, sd->len, sp->tag)) {
		put_page(page);
		/* Full: what is left in the pipe is read again next time. */
		return 0;
	}
	return sd->len;
}

static int zcx_splice_actor(struct pipe_inode_info *pipe,
			    struct splice_desc *sd)
{
	return __splice_from_pipe(pipe, sd, zcx_splice_take);
}

/**
 * zcx_splice_fill() - append what a file's own splice_read() hands out
 * @file: the file, open for reading
 * @pos: where to read, bytes; moved behind what was appended
 * @sgl: where to append; must have room for an entry
 * @max: most bytes to append
 * @tag: what to tag them with
 *
 * Context: may sleep; uses the current task's splice pipe.
 * Return: bytes appended, 0 at the end of the file, or -errno if nothing was
 * appended: -EIO, -ENOMEM, or what the filesystem says.
 */
ssize_t zcx_splice_fill(struct file *file, loff_t *pos, struct zcx_sglist *sgl,
			size_t max, enum zcx_tag tag)
{
	struct zcx_splice sp = { .sgl = sgl, .tag = tag };
	/*
	 * Ask for no more than there is room for: what the list cannot take
	 * would be dropped and read once more.
	 */
	size_t room = (size_t)zcx_sglist_room(sgl) * PAGE_SIZE;
	struct splice_desc sd = {
		.total_len	= min(max, room - offset_in_page(*pos)),
		.pos		= *pos,
		.u.data		= &sp,
	};
	ssize_t ret;

	ret = splice_direct_to_actor(file, &sd, zcx_splice_actor);
	if (ret > 0)
		*pos += ret;
	return ret;
}

static ssize_t zcx_lane_splice_fill(struct zcx_range *range,
				    struct zcx_sglist *sgl, size_t max,
				    enum zcx_effort effort)
{
	if (effort == ZCX_EFFORT_NONE)
		return -EAGAIN;
	return zcx_splice_fill(range->file, &range->pos, sgl, max,
			       ZCX_TAG_SPLICE);
}

/**
 * zcx_lane_splice_supports() - can the file be read through this lane?
 * @file: a regular file
 *
 * Return: false for files that hand out no pages, such as memfd_secret(2)'s.
 */
bool zcx_lane_splice_supports(struct file *file)
{
	return file->f_op->splice_read;
}

static void zcx_lane_splice_end(struct zcx_range *range, u64 bytes)
{
	zcx_file_accessed(range->file, range->disk, bytes, false);
}

const struct zcx_lane_ops zcx_lane_splice = {
	.name	= "splice",
	.fill	= zcx_lane_splice_fill,
	.end	= zcx_lane_splice_end,
};
