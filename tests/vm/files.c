// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "content.h"
#include "files.h"
#include "guest.h"
#include "vmtest.h"

#define CHUNK	(256 * KIB)

static void undo_path(void *arg)
{
	unlink(arg);
	free(arg);
}

static int create(struct vfile *file, const char *dir)
{
	static unsigned int number;
	int fd;

	memset(file, 0, sizeof(*file));
	file->fd = -1;
	file->seed = content_seed();
	file->splice = !strcmp(dir, DIR_OVERLAY) || !strcmp(dir, DIR_FUSE);
	if (!strcmp(dir, DIR_MEMFD)) {
		fd = memfd_create("zcx-test", MFD_CLOEXEC);
		assert_true(fd >= 0);
		return fd;
	}
	snprintf(file->path, sizeof(file->path), "%s/t%d-%u", dir, getpid(),
		 number++);
	fd = open(file->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		fail_msg("%s: %s", file->path, strerror(errno));
	test_at_end(undo_path, strdup(file->path));
	return fd;
}

static void write_content(int fd, const struct vfile *file, uint64_t from,
			  uint64_t to)
{
	uint8_t *buf = test_malloc(CHUNK);

	while (from < to) {
		size_t n = MIN(CHUNK, to - from);

		content_fill(file->seed, from, buf, n);
		if (pwrite(fd, buf, n, from) != (ssize_t)n)
			fail_msg("write to %s: %s", file->path,
				 strerror(errno));
		from += n;
	}
	test_free(buf);
}

/* From now on only for reading, as zcx is to use it. */
static void reopen(struct vfile *file, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0)
		fail_msg("reopen %s: %s", file->path, strerror(errno));
	close(fd);
}

void file_make(struct vfile *file, const char *dir, uint64_t size)
{
	int fd = create(file, dir);

	file->size = size;
	file->data[0].to = size;
	file->extents = 1;
	write_content(fd, file, 0, size);
	reopen(file, fd);
}

void file_make_sparse(struct vfile *file, const char *dir, uint64_t size)
{
	int fd = create(file, dir);

	file->size = size;
	if (ftruncate(fd, size))
		fail_msg("ftruncate %s: %s", file->path, strerror(errno));
	reopen(file, fd);
}

void file_reopen(const struct vfile *file)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(dup3(fd, file->fd, O_CLOEXEC), file->fd);
	close(fd);
}

int file_open_writable(const struct vfile *file)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

void file_put(struct vfile *file, uint64_t from, uint64_t to)
{
	int fd = file_open_writable(file);

	assert_true(file->extents < FILE_EXTENTS);
	write_content(fd, file, from, to);
	file->data[file->extents].from = from;
	file->data[file->extents++].to = to;
	close(fd);
}

void file_take(struct vfile *file, const char *path, bool splice)
{
	size_t room = 64 * KIB;
	ssize_t n;

	memset(file, 0, sizeof(*file));
	file->splice = splice;
	snprintf(file->path, sizeof(file->path), "%s", path);
	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0)
		test_skip("%s: %s", path, strerror(errno));
	file->bytes = malloc(room);
	while ((n = pread(file->fd, file->bytes + file->size,
			  room - file->size, file->size)) > 0) {
		file->size += n;
		if (file->size == room) {
			room *= 2;
			file->bytes = realloc(file->bytes, room);
			assert_non_null(file->bytes);
		}
	}
	assert_int_equal(n, 0);
}

void file_drop(struct vfile *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	if (file->path[0] && !file->bytes)
		unlink(file->path);
	free(file->bytes);
	file->bytes = NULL;
}

void file_expected(const struct vfile *file, uint64_t offset, void *buf,
		   size_t length)
{
	unsigned int i;

	if (file->bytes) {
		memcpy(buf, file->bytes + offset, length);
		return;
	}
	if (file->extents != 1 || file->data[0].from > offset ||
	    file->data[0].to < offset + length)
		memset(buf, 0, length);
	for (i = 0; i < file->extents; i++) {
		uint64_t from = MAX(offset, file->data[i].from);
		uint64_t to = MIN(offset + length, file->data[i].to);

		if (from < to)
			content_fill(file->seed, from,
				     (uint8_t *)buf + (from - offset),
				     to - from);
	}
}

static void assert_same(const struct vfile *file, uint64_t offset,
			const uint8_t *found, size_t length, const char *how)
{
	uint8_t *want = test_malloc(length);
	size_t at;

	file_expected(file, offset, want, length);
	at = content_diff(found, want, length);
	test_free(want);
	if (at < length)
		fail_msg("%s: the file was changed at %llu, says %s",
			 file->path, (unsigned long long)(offset + at), how);
}

void file_assert_unchanged(const struct vfile *file)
{
	uint8_t *buf = test_malloc(CHUNK);
	uint64_t offset;
	uint8_t *map;

	map = mmap(NULL, MAX(file->size, 1), PROT_READ, MAP_SHARED, file->fd,
		   0);
	for (offset = 0; offset < file->size; offset += CHUNK) {
		size_t n = MIN(CHUNK, file->size - offset);

		assert_int_equal(pread(file->fd, buf, n, offset), n);
		assert_same(file, offset, buf, n, "read");
		if (map != MAP_FAILED)
			assert_same(file, offset, map + offset, n, "mmap");
	}
	if (map != MAP_FAILED)
		munmap(map, MAX(file->size, 1));
	test_free(buf);
}

void file_make_cold(const struct vfile *file)
{
	fsync(file->fd);
	posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED);
}

void file_warm(const struct vfile *file, uint64_t from, uint64_t to)
{
	char path[64], byte;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	for (; from < to; from += 4096)
		assert_int_equal(pread(fd, &byte, 1, from), 1);
	close(fd);
}

size_t file_residency(const struct vfile *file, unsigned char *vec)
{
	size_t pages = (file->size + 4095) / 4096, count = 0, i;
	void *map = mmap(NULL, file->size, PROT_READ, MAP_SHARED, file->fd, 0);

	assert_true(map != MAP_FAILED);
	assert_int_equal(mincore(map, file->size, vec), 0);
	for (i = 0; i < pages; i++) {
		vec[i] &= 1;
		count += vec[i];
	}
	munmap(map, file->size);
	return count;
}

size_t file_resident(const struct vfile *file)
{
	unsigned char *vec = test_malloc((file->size + 4095) / 4096 + 1);
	size_t count = file_residency(file, vec);

	test_free(vec);
	return count;
}

bool file_becomes_resident(const struct vfile *file, size_t pages)
{
	unsigned int i;

	for (i = 0; i < GUEST_PATIENCE_MS / 200; i++) {
		if (file_resident(file) == pages)
			return true;
		guest_free_packets();
		guest_sleep_ms(100);
	}
	return false;
}

void file_chill(const struct vfile *file)
{
	size_t left = file_evict(file);

	if (left)
		fail_msg("%zu pages of %s do not leave the cache", left,
			 file->path);
}

size_t file_evict(const struct vfile *file)
{
	size_t left = 1;
	unsigned int i;

	/* The sockets let go of theirs a moment after they were closed. */
	for (i = 0; i < GUEST_PATIENCE_MS / 20 && left; i++) {
		guest_free_packets();
		file_make_cold(file);
		left = file_resident(file);
		if (left)
			guest_sleep_ms(20);
	}
	return left;
}

void file_lock(const struct vfile *file)
{
	if (flock(file->fd, LOCK_EX | LOCK_NB))
		fail_msg("flock %s: %s", file->path, strerror(errno));
}

bool file_unlock(struct vfile *file)
{
	char path[64];
	bool free = false;
	unsigned int i;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("reopen %s: %s", file->path, strerror(errno));
	close(file->fd);
	file->fd = fd;
	for (i = 0; i < GUEST_PATIENCE_MS / 10 && !free; i++) {
		free = !flock(fd, LOCK_EX | LOCK_NB);
		if (!free)
			guest_sleep_ms(10);
	}
	flock(fd, LOCK_UN);
	return free;
}
