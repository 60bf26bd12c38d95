// SPDX-License-Identifier: GPL-2.0
/* Whether a file is in the page cache: seeing to it that it is, or is not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "cache.h"
#include "cli.h"

#define STEP	(1U << 20)

/* Pages in per-CPU lists and under writeback go at the second try, mostly. */
#define TRIES	5

/* These are in no header that programs may use. */
#define MAGIC_ISO9660	0x9660
#define MAGIC_NFS	0x6969
#define MAGIC_FUSE	0x65735546

static const struct {
	unsigned long magic;
	const char *name;
	bool in_memory;
} filesystems[] = {
	{ EXT4_SUPER_MAGIC, "ext4", false },	/* ext2 and ext3 as well */
	{ XFS_SUPER_MAGIC, "xfs", false },
	{ BTRFS_SUPER_MAGIC, "btrfs", false },
	{ TMPFS_MAGIC, "tmpfs", true },
	{ RAMFS_MAGIC, "ramfs", true },
	{ F2FS_SUPER_MAGIC, "f2fs", false },
	{ EROFS_SUPER_MAGIC_V1, "erofs", false },
	{ SQUASHFS_MAGIC, "squashfs", false },
	{ OVERLAYFS_SUPER_MAGIC, "overlayfs", false },
	{ MAGIC_ISO9660, "iso9660", false },
	{ MAGIC_NFS, "nfs", false },
	{ MAGIC_FUSE, "fuse", false },
};

static unsigned long magic_of(int fd)
{
	struct statfs st;

	return fstatfs(fd, &st) ? 0 : (unsigned long)st.f_type;
}

const char *bench_fs_name(int fd)
{
	static char number[24];
	unsigned long magic = magic_of(fd);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(filesystems); i++)
		if (filesystems[i].magic == magic)
			return filesystems[i].name;
	snprintf(number, sizeof(number), "%#lx", magic);
	return number;
}

bool bench_fs_in_memory(int fd)
{
	unsigned long magic = magic_of(fd);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(filesystems); i++)
		if (filesystems[i].magic == magic)
			return filesystems[i].in_memory;
	return false;
}

int bench_cache_warm(int fd, uint64_t bytes)
{
	char *buffer = malloc(STEP);
	uint64_t at = 0;
	ssize_t n = 1;

	if (!buffer)
		return -ENOMEM;
	while (at < bytes && n > 0) {
		n = pread(fd, buffer, bytes - at < STEP ? bytes - at : STEP, at);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			at += n;
	}
	free(buffer);
	if (n < 0)
		return -errno;
	return at < bytes ? -ENODATA : 0;
}

/* Returns 1 if some are in memory, 0 if none, -errno if nobody knows. */
static int resident(int fd, uint64_t bytes)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	size_t pages = (bytes + page - 1) / page, i;
	unsigned char *in = malloc(pages);
	void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	int ret = 0;

	if (!in || map == MAP_FAILED || mincore(map, bytes, in))
		ret = -errno;
	for (i = 0; !ret && i < pages; i++)
		ret = in[i] & 1;
	if (map != MAP_FAILED)
		munmap(map, bytes);
	free(in);
	return ret;
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;		/* for root only; fadvise() must do */
	if (write(fd, "1", 1) != 1)
		cli_error("cannot drop caches: %s", strerror(errno));
	close(fd);
}

int bench_cache_cold(int fd, uint64_t bytes)
{
	int ret = -EBUSY, left, i;

	for (i = 0; ret == -EBUSY && i < TRIES; i++) {
		/* EROFS, EINVAL: there is nothing to write back. */
		if (fsync(fd) && errno != EROFS && errno != EINVAL)
			return -errno;
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		drop_caches();
		left = resident(fd, bytes);
		ret = left > 0 ? -EBUSY : left;
	}
	return ret;
}
