/* SPDX-License-Identifier: GPL-2.0 */
/* Files whose every byte is known. */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILE_EXTENTS	8

#define DIR_MEMFD	"memfd"		/* no directory: memfd_create(2) */
#define DIR_EXT4	"/mnt/ext4"
#define DIR_XFS		"/mnt/xfs"
#define DIR_BTRFS	"/mnt/btrfs"
#define DIR_SQUASHFS	"/mnt/squashfs"
#define DIR_TMPFS	"/mnt/tmpfs"
#define DIR_OVERLAY	"/mnt/overlay"
#define DIR_FUSE	"/mnt/fuse"

struct file_extent {
	uint64_t from;
	uint64_t to;
};

/**
 * struct vfile - a file and what is in it
 * @fd: open for reading
 * @path: its name; "" for memfd
 * @seed: of its content
 * @size: its length
 * @data: where the content is; everywhere else are zeros
 * @extents: entries of @data
 * @bytes: the content itself, if it does not come from @seed
 * @splice: the splice lane is to be expected, not the cache lane
 */
struct vfile {
	int fd;
	char path[96];
	uint64_t seed;
	uint64_t size;
	struct file_extent data[FILE_EXTENTS];
	unsigned int extents;
	uint8_t *bytes;
	bool splice;
};

/* A new file in @dir, @size bytes of content. */
void file_make(struct vfile *file, const char *dir, uint64_t size);

/* A new file, all hole. */
void file_make_sparse(struct vfile *file, const char *dir, uint64_t size);

/* Put content at [@from, @to) of a sparse file, in ascending order. */
void file_put(struct vfile *file, uint64_t from, uint64_t to);

/* A file that is there; its content is what read(2) says now. */
void file_take(struct vfile *file, const char *path, bool splice);

/* Close and remove. Also happens by itself when the test ends. */
void file_drop(struct vfile *file);

/*
 * Open the file once more, as the same descriptor: newer kernels decide when a file
 * is opened whether anybody is to be asked before it is read.
 */
void file_reopen(const struct vfile *file);

/* A second descriptor, open for writing. */
int file_open_writable(const struct vfile *file);

/* The bytes that [@offset, @offset + @length) must have. */
void file_expected(const struct vfile *file, uint64_t offset, void *buf,
		   size_t length);

/* Fail unless read(2) and mmap(2) both find the expected bytes. */
void file_assert_unchanged(const struct vfile *file);

/* Write back, and evict from the page cache. */
void file_make_cold(const struct vfile *file);

/* Bring [@from, @to) into the page cache, and no more than that. */
void file_warm(const struct vfile *file, uint64_t from, uint64_t to);

/* Pages of the file that are in the page cache. */
size_t file_resident(const struct vfile *file);

/* The same; and of each of them whether it is: one byte in @vec, 1 or 0. */
size_t file_residency(const struct vfile *file, unsigned char *vec);

/* Wait until @pages are, at most some seconds; false if they never are. */
bool file_becomes_resident(const struct vfile *file, size_t pages);

/* Evict all of it; fails the test if somebody keeps a page. */
void file_chill(const struct vfile *file);

/*
 * Evict what can be, again and again for a while. Returns the pages that are
 * left: somebody holds those.
 */
size_t file_evict(const struct vfile *file);

/*
 * Lock the open file behind @file->fd. The lock lasts until the last reference
 * on that open file has gone, whoever has it.
 */
void file_lock(const struct vfile *file);

/*
 * Exchange @file->fd for a new descriptor. Returns true if the lock has gone
 * with the old one: nobody kept a reference.
 */
bool file_unlock(struct vfile *file);

#endif /* FILES_H */
