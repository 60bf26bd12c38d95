// SPDX-License-Identifier: GPL-2.0
/*
 * A file has been read: who wants to know.
 *
 * To note the time of the last access can wait for a filesystem's journal, so a
 * link that runs by itself has the pool of the file's device do it, unless it is
 * certain that there is nothing to note, which is so for most.
 */
#include <linux/fs.h>
#include <linux/fsnotify.h>
#include <linux/mount.h>
#include <linux/sched/xacct.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "accessed.h"
#include "disk.h"
#include "compat/inode_time.h"
#include "errand.h"

/* How old a time of access may be where relatime keeps writing it, in s. */
#define ZCX_ATIME_MAX_AGE	(24 * 60 * 60)

/*
 * Would file_accessed() do nothing? Says no when in doubt. The rules are those of
 * relatime_need_update(), which is not exported.
 */
static inline bool zcx_atime_is_fresh(const struct file *file)
{
	const struct inode *inode = file_inode(file);
	int flags = file->f_path.mnt->mnt_flags;
	struct timespec64 atime, mtime, ctime;

	if (file->f_flags & O_NOATIME || IS_NOATIME(inode) ||
	    flags & (MNT_NOATIME | MNT_READONLY))
		return true;
	if (!(flags & MNT_RELATIME))
		return false;
	atime = inode_get_atime(inode);
	mtime = inode_get_mtime(inode);
	ctime = inode_get_ctime(inode);
	return timespec64_compare(&mtime, &atime) < 0 &&
	       timespec64_compare(&ctime, &atime) < 0 &&
	       ktime_get_real_seconds() - atime.tv_sec < ZCX_ATIME_MAX_AGE;
}

static void zcx_touch_run(struct zcx_errand *errand)
{
	file_accessed(errand->file);
}

static void zcx_touch_free(struct zcx_errand *errand)
{
	kfree(errand);
}

/* There may be something to note. */
static void zcx_touch(struct file *file, struct zcx_disk *disk)
{
	struct zcx_errand *errand;

	if (!disk) {
		file_accessed(file);
		return;
	}
	/* Without memory it is not noted; nobody relies on that. */
	errand = kmalloc(sizeof(*errand), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (errand)
		zcx_errand_send(errand, disk, file, zcx_touch_run,
				zcx_touch_free);
}

/**
 * zcx_file_touch() - note the time of access to a file, without waiting for that
 * @file: the file
 *
 * As zcx_file_accessed() does with the pool of the file's device, which is looked for
 * only if there is something to note.
 *
 * Context: process context; may sleep for memory.
 */
void zcx_file_touch(struct file *file)
{
	struct zcx_disk *disk;

	if (zcx_atime_is_fresh(file))
		return;
	/* Without memory it is not noted. */
	disk = zcx_disk_get(file);
	if (!disk)
		return;
	zcx_touch(file, disk);
	zcx_disk_put(disk);
}

/**
 * zcx_file_accessed() - tell whom it may concern that a file was read
 * @file: the file
 * @disk: its device's pool, if the caller must not wait for a filesystem; or NULL
 * @bytes: bytes that were read of it
 * @touch: note the time; otherwise the filesystem has done that
 *
 * What do_sendfile() and filemap_read() do for what they have read: fsnotify
 * events, I/O accounting, the time of access.
 *
 * Context: process context; may sleep.
 */
void zcx_file_accessed(struct file *file, struct zcx_disk *disk, u64 bytes,
		       bool touch)
{
	if (!bytes)
		return;
	if (touch && !zcx_atime_is_fresh(file))
		zcx_touch(file, disk);
	fsnotify_access(file);
	add_rchar(current, bytes);
}
