// SPDX-License-Identifier: GPL-2.0
/* Files of every filesystem, in every state that their pages can have. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>

#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

static void send_file(const struct vfile *file, enum pair_kind kind)
{
	struct program *program = program_new();

	program_file(program, file, 0, ZCX_TO_EOF);
	program_file(program, file, MIN(file->size, 4097), ZCX_TO_EOF);
	program_file(program, file, 1, MIN(file->size - 1, 100001));
	exchange_simply(program, kind);
}

/* Warm, cold, and cold in the middle. */
static void filesystem(void **state)
{
	const char *dir = *state;
	struct vfile file;

	if (strcmp(dir, DIR_MEMFD))
		guest_need_mount(dir);
	file_make(&file, dir, 3 * MIB + 17);
	send_file(&file, PAIR_TCP4);
	file_make_cold(&file);
	send_file(&file, PAIR_TCP6);
	guest_drop_caches();
	send_file(&file, PAIR_UNIX);
	posix_fadvise(file.fd, MIB, MIB, POSIX_FADV_DONTNEED);
	send_file(&file, PAIR_TCP4);
	file_assert_unchanged(&file);
	file_drop(&file);
}

static void squashfs(void **state)
{
	struct vfile small, big;

	(void)state;
	guest_need_mount(DIR_SQUASHFS);
	file_take(&small, DIR_SQUASHFS "/small.bin", false);
	file_take(&big, DIR_SQUASHFS "/big.bin", false);
	assert_int_equal(small.size, 5000);
	assert_int_equal(big.size, 3 * MIB + 17);
	send_file(&small, PAIR_TCP4);
	send_file(&big, PAIR_TCP4);
	guest_drop_caches();
	send_file(&small, PAIR_UNIX);
	send_file(&big, PAIR_UNIX);
	file_drop(&small);
	file_drop(&big);
}

static blkcnt_t blocks_of(const struct vfile *file)
{
	struct stat st;

	assert_int_equal(fstat(file->fd, &st), 0);
	return st.st_blocks;
}

/* Holes at the beginning, between data, and at the end. */
static void holes(void **state)
{
	const char *dir = *state;
	struct vfile file;
	blkcnt_t blocks;

	guest_need_mount(dir);
	file_make_sparse(&file, dir, 2 * MIB + 333);
	file_put(&file, 100000, 200001);
	file_put(&file, MIB + 5, MIB + 6);
	blocks = blocks_of(&file);
	send_file(&file, PAIR_TCP4);
	file_make_cold(&file);
	send_file(&file, PAIR_UNIX);
	if (!strcmp(dir, DIR_TMPFS))
		assert_int_equal(blocks_of(&file), blocks);
	file_assert_unchanged(&file);
	file_drop(&file);
}

/* Space that was allocated and never written reads as zeros. */
static void unwritten(void **state)
{
	const char *dir = *state;
	struct vfile file;
	int fd;

	guest_need_mount(dir);
	file_make_sparse(&file, dir, 2 * MIB);
	fd = file_open_writable(&file);
	if (fallocate(fd, 0, 0, 2 * MIB))
		fail_msg("fallocate: %s", strerror(errno));
	close(fd);
	send_file(&file, PAIR_TCP4);
	file_put(&file, MIB - 3, MIB + 5000);
	send_file(&file, PAIR_UNIX);
	file_make_cold(&file);
	send_file(&file, PAIR_TCP4);
	file_drop(&file);
}

static void undo_umount(void *arg)
{
	umount2(arg, MNT_DETACH);
	rmdir(arg);
}

/* tmpfs with huge pages: one folio is 512 pages. */
static void tmpfs_huge(void **state)
{
	static char dir[] = "/tmp/zcx-huge";
	struct program *program = program_new();
	struct vfile file;

	(void)state;
	mkdir(dir, 0700);
	if (mount("none", dir, "tmpfs", 0, "huge=always,size=64m"))
		test_skip("no tmpfs with huge pages: %s", strerror(errno));
	test_at_end(undo_umount, dir);
	file_make(&file, dir, 6 * MIB + 12345);
	send_file(&file, PAIR_TCP4);
	send_file(&file, PAIR_UNIX);
	program_file(program, &file, 2 * MIB - 4097, 4098);
	program_file(program, &file, 2 * MIB + 8193, 2 * MIB);
	exchange_simply(program, PAIR_TCP4);
	file_assert_unchanged(&file);
	file_drop(&file);
}

/* Part of a mapped large folio on its way over TLS, page by page. */
static void large_folios_ktls(void **state)
{
	struct vfile file;

	(void)state;
	guest_need_mount(DIR_XFS);
	file_make(&file, DIR_XFS, 4 * MIB + 12345);
	send_file(&file, PAIR_KTLS);
	guest_drop_caches();
	send_file(&file, PAIR_KTLS13);
	file_assert_unchanged(&file);
	file_drop(&file);
}

static void memfd_sealed(void **state)
{
	struct vfile file;
	int fd;

	(void)state;
	fd = memfd_create("zcx-sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(fd >= 0);
	file = (struct vfile) { .fd = fd, .size = 100000 };
	assert_int_equal(ftruncate(fd, file.size), 0);
	file_put(&file, 0, file.size);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK |
			       F_SEAL_GROW | F_SEAL_SEAL), 0);
	send_file(&file, PAIR_TCP4);
	file_drop(&file);
}

/* An area of @pages pages that swapon(2) takes. */
static void write_swap_header(int fd, uint32_t pages)
{
	static uint8_t page[4096];
	uint32_t version = 1, last = pages - 1;

	memcpy(page + 1024, &version, sizeof(version));
	memcpy(page + 1028, &last, sizeof(last));
	memcpy(page + 4086, "SWAPSPACE2", 10);
	assert_int_equal(pwrite(fd, page, sizeof(page), 0), sizeof(page));
	assert_int_equal(fsync(fd), 0);
}

static void undo_swap(void *arg)
{
	swapoff(arg);
}

static long long swap_free(void)
{
	char text[8192];

	guest_read("/proc/meminfo", text, sizeof(text));
	return guest_value(text, "SwapFree");
}

/* Ask until some of the file has gone to swap. */
static void push_to_swap(const struct vfile *file)
{
	long long before = swap_free();
	unsigned int i;
	void *map;

	map = mmap(NULL, file->size, PROT_READ, MAP_SHARED, file->fd, 0);
	assert_true(map != MAP_FAILED);
	for (i = 0; i < 50 && swap_free() > before - 1024; i++) {
		volatile uint8_t sum = 0;
		uint64_t at;

		for (at = 0; at < file->size; at += 4096)
			sum += ((uint8_t *)map)[at];
		madvise(map, file->size, MADV_PAGEOUT);
		guest_sleep_ms(50);
	}
	munmap(map, file->size);
	if (swap_free() > before - 1024)
		test_skip("the kernel will not swap tmpfs pages out");
}

static void tmpfs_swapped(void **state)
{
	struct program *program = program_new();
	struct vfile swap, file;
	int fd;

	(void)state;
	file_make(&swap, DIR_EXT4, 32 * MIB);
	fd = file_open_writable(&swap);
	write_swap_header(fd, 32 * MIB / 4096);
	close(fd);
	if (swapon(swap.path, 0))
		test_skip("swapon: %s", strerror(errno));
	test_at_end(undo_swap, swap.path);
	file_make(&file, DIR_TMPFS, 4 * MIB + 99);
	push_to_swap(&file);
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_simply(program, PAIR_TCP4);
	push_to_swap(&file);
	exchange_simply(program, PAIR_UNIX);
	file_drop(&file);
	assert_int_equal(swapoff(swap.path), 0);
	file_drop(&swap);
}

/* Files that claim to be empty, and are read to their end all the same. */
static void proc_files(void **state)
{
	static const char *const path[] = {
		"/proc/version", "/proc/iomem", "/proc/filesystems",
		"/proc/devices",
	};
	struct program *program = program_new();
	struct vfile file[ARRAY_SIZE(path)];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(path); i++) {
		file_take(&file[i], path[i], true);
		assert_true(file[i].size > 0);
		program_file(program, &file[i], 0, ZCX_TO_EOF);
		program_memory(program, "\n", 1);
		program_file(program, &file[i], 3, file[i].size - 3);
	}
	exchange_simply(program, PAIR_TCP4);
	exchange_simply(program, PAIR_UNIX);
	program_file(program, &file[0], 0, file[0].size + 1);
	assert_true(program->is_short);
	exchange_simply(program, PAIR_TCP4);
	for (i = 0; i < ARRAY_SIZE(path); i++)
		file_drop(&file[i]);
}

/* Several pipes full of one file that has no page cache at all. */
static void sysfs_file(void **state)
{
	struct program *program = program_new();
	struct vfile file;

	(void)state;
	file_take(&file, "/sys/kernel/btf/vmlinux", true);
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_simply(program, PAIR_TCP4);
	program_clear(program);
	program_file(program, &file, 123457, 1000003);
	exchange_simply(program, PAIR_UNIX);
	file_drop(&file);
}

/* ZCX_LANE_CACHE where AUTO takes that lane anyway. */
static void lane_cache(void **state)
{
	struct program *program = program_new();
	struct exchange x = { .program = program, .lane = ZCX_LANE_CACHE };
	struct vfile file;

	(void)state;
	file_make(&file, DIR_EXT4, MIB + 77);
	program_file(program, &file, 7, ZCX_TO_EOF);
	exchange_run(&x);
	file_drop(&file);
}

const struct vm_test files_tests[] = {
	{ "files_ext4", filesystem, DIR_EXT4, "test", "test", "std", 40,
	  "ext4 files arrive, warm and cold, by the cache lane" },
	{ "files_xfs", filesystem, DIR_XFS, "test", "test", "std", 40,
	  "XFS files arrive, warm and cold, by the cache lane" },
	{ "files_btrfs", filesystem, DIR_BTRFS, "test", "test", "std", 40,
	  "btrfs files arrive, warm and cold, by the cache lane" },
	{ "files_squashfs", squashfs, NULL, "test", "test", "std", 40,
	  "read-only squashfs files arrive by the cache lane" },
	{ "files_tmpfs", filesystem, DIR_TMPFS, "test", "test", "std", 40,
	  "tmpfs files arrive by the cache lane" },
	{ "files_memfd", filesystem, DIR_MEMFD, "test", "test", "std", 40,
	  "memfd files arrive by the cache lane" },
	{ "files_overlay", filesystem, DIR_OVERLAY, "test", "test", "std", 40,
	  "overlayfs files arrive by the splice lane" },
	{ "files_fuse", filesystem, DIR_FUSE, "test", "test", "std", 60,
	  "FUSE files arrive by the splice lane" },
	{ "files_holes_ext4", holes, DIR_EXT4, "test", "test", "std", 30,
	  "holes of ext4 files arrive as zeros" },
	{ "files_holes_xfs", holes, DIR_XFS, "test", "test", "std", 30,
	  "holes of XFS files arrive as zeros" },
	{ "files_holes_btrfs", holes, DIR_BTRFS, "test", "all", "std", 30,
	  "holes of btrfs files arrive as zeros" },
	{ "files_holes_tmpfs", holes, DIR_TMPFS, "test", "test", "std", 30,
	  "holes of tmpfs files arrive as zeros, and stay holes" },
	{ "files_holes_overlay", holes, DIR_OVERLAY, "test", "all", "std", 30,
	  "holes of overlayfs files arrive as zeros" },
	{ "files_unwritten_ext4", unwritten, DIR_EXT4, "test", "test", "std",
	  30, "unwritten extents of ext4 files arrive as zeros" },
	{ "files_unwritten_xfs", unwritten, DIR_XFS, "test", "all", "std", 30,
	  "unwritten extents of XFS files arrive as zeros" },
	{ "files_unwritten_tmpfs", unwritten, DIR_TMPFS, "test", "test", "std",
	  30, "fallocated tmpfs files arrive as zeros" },
	{ "files_tmpfs_huge", tmpfs_huge, NULL, "test", "test", "std", 40,
	  "tmpfs files of 2 MiB folios arrive" },
	{ "files_tmpfs_swapped", tmpfs_swapped, NULL, "test", "all", "std", 60,
	  "tmpfs pages come back from swap" },
	{ "files_large_folios_ktls", large_folios_ktls, NULL, "test", "all",
	  "std", 40, "large folios arrive over kernel TLS" },
	{ "files_memfd_sealed", memfd_sealed, NULL, "test", "all", "std", 30,
	  "a sealed memfd arrives" },
	{ "files_proc", proc_files, NULL, "test", "test", "std", 30,
	  "procfs files arrive to their end by the splice lane" },
	{ "files_sysfs", sysfs_file, NULL, "test", "all", "std", 60,
	  "a file of several MiB in sysfs arrives by the splice lane" },
	{ "files_lane_cache", lane_cache, NULL, "test", "all", "std", 30,
	  "ZCX_LANE_CACHE reads through the cache" },
	{ 0 }
};
