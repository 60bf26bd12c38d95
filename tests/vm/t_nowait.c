// SPDX-License-Identifier: GPL-2.0
/* ZCX_LINK_NOWAIT: what is resident goes, and no disk is waited for. */
#include <fcntl.h>

#include "async.h"
#include "content.h"
#include "direct.h"
#include "guest.h"
#include "mapped.h"
#include "vmtest.h"

static const uint32_t lanes[] = {
	ZCX_LANE_AUTO, ZCX_LANE_CACHE, ZCX_LANE_DIRECT,
};

/* Send @program by every lane; it stops with EAGAIN after @good bytes, or not. */
static void assert_stops(const struct program *program,
			 const struct direct_way *way, bool stops,
			 uint64_t good)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lanes); i++) {
		struct exchange x = {
			.program = program,
			.kind = way->kind,
			.async = way->async,
			.lane = lanes[i],
			.flags = ZCX_LINK_NOWAIT,
			.error = stops ? EAGAIN : 0,
			.good = good,
		};

		exchange_run(&x);
		assert_int_equal(x.link.bytes_direct, 0);
	}
}

static void cold(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct vfile file;

	file_make(&file, way->dir, MIB + 17);
	file_chill(&file);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	assert_stops(program, way, true, 0);
	program_clear(program);
	program_memory(program, "header", 6);
	program_file(program, &file, 4097, 5000);
	assert_stops(program, way, true, 6);
	/* Not even asked for: nothing comes later. */
	guest_sleep_ms(300);
	assert_int_equal(file_resident(&file), 0);
	file_drop(&file);
}

static void resident(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct vfile file;

	file_make(&file, way->dir, 2 * MIB + 17);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	program_file(program, &file, 1, 100001);
	assert_stops(program, way, false, 0);
	file_chill(&file);
	file_warm(&file, 0, file.size);
	assert_stops(program, way, false, 0);
	file_drop(&file);
}

/* The first half is there, or all but one page. */
static void partly(void **state)
{
	static const uint64_t until[] = { 4096, 64 * KIB, MIB, 2 * MIB };
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct vfile file;
	unsigned int i;

	file_make(&file, way->dir, 3 * MIB + 17);
	for (i = 0; i < ARRAY_SIZE(until); i++) {
		size_t pages;

		file_chill(&file);
		file_warm(&file, 0, until[i]);
		file_warm(&file, until[i] + 8192, file.size);
		pages = file_resident(&file);
		program_clear(program);
		program_memory(program, "header", 6);
		program_file(program, &file, 0, ZCX_TO_EOF);
		program_memory(program, "trailer", 7);
		assert_stops(program, way, true, 6 + until[i]);

		program_clear(program);
		program_file(program, &file, until[i] - 3, 10000);
		assert_stops(program, way, true, 3);

		program_clear(program);
		program_file(program, &file, until[i] + 8193, ZCX_TO_EOF);
		assert_stops(program, way, false, 0);
		assert_int_equal(file_resident(&file), pages);
	}
	file_drop(&file);
}

/* Those behind it on its socket go with it, as behind any that fails. */
static void those_behind(void **state)
{
	struct program *program = program_new();
	struct stall stall;
	struct zcx_link link;
	struct vfile file;
	uint64_t id[2];

	(void)state;
	file_make(&file, DIR_EXT4, MIB);
	file_chill(&file);
	stall_open(&stall, PAIR_UNIX);
	stall_submit(&stall, 0);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "behind", 6);
	async_prepare_part(&link, stall.pair.tx, program, 0, 1);
	link.flags = ZCX_LINK_NOWAIT;
	id[0] = async_submit(stall.context, &link);
	async_prepare_part(&link, stall.pair.tx, program, 1, 1);
	id[1] = async_submit(stall.context, &link);
	stall_go(&stall);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	assert_int_equal(async_ends(stall.context, id[0], ZCX_STATE_FAILED,
				    EAGAIN), 0);
	assert_int_equal(async_ends(stall.context, id[1], ZCX_STATE_CANCELLED,
				    ECANCELED), 0);
	assert_int_equal(file_resident(&file), 0);
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
	file_drop(&file);
}

/* Files whose filesystem must be asked: it is not. */
static void by_splice(void **state)
{
	struct direct_way way = { .kind = PAIR_TCP4 };
	struct program *program = program_new();
	struct vfile file;

	guest_need_mount(*state);
	file_make(&file, *state, 100001);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	assert_stops(program, &way, true, 6);
	way.async = true;
	assert_stops(program, &way, true, 6);
	file_drop(&file);
}

/* A hole in memory is read without a disk. */
static void tmpfs(void **state)
{
	struct direct_way way = { .kind = PAIR_TCP4 };
	struct program *program = program_new();
	struct vfile file;

	(void)state;
	file_make(&file, DIR_MEMFD, 2 * MIB + 17);
	program_file(program, &file, 0, ZCX_TO_EOF);
	assert_stops(program, &way, false, 0);
	way.async = true;
	assert_stops(program, &way, false, 0);
	file_drop(&file);
}

/* A disk that answers nothing is none of its business. */
static void stuck(void **state)
{
	struct direct_way way = { .kind = PAIR_TCP4 };
	struct program *program = program_new();
	struct vfile whole, file;
	char linear[32];

	(void)state;
	guest_need_mount(DIR_SQUASHFS);
	file_take(&whole, DIR_SQUASHFS "/big.bin", false);
	mapped_open("/dev/vdd", linear);
	mapped_mount("/tmp/zcx-mapped", "squashfs");
	file = whole;
	file.fd = open("/tmp/zcx-mapped/big.bin", O_RDONLY | O_CLOEXEC);
	assert_true(file.fd >= 0);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	mapped_suspend(true);
	assert_stops(program, &way, true, 6);
	way.async = true;
	assert_stops(program, &way, true, 6);
	mapped_suspend(false);
	close(file.fd);
	file_drop(&whole);
	mapped_umount("/tmp/zcx-mapped");
}

#define EACH(name, run, stock, debug, what) \
	{ "nowait_" name "_ext4", run, &direct_ext4, stock, debug, "std", 60, \
	  what ", on ext4" }, \
	{ "nowait_" name "_ext4_async", run, &direct_ext4_async, "all", \
	  "all", "std", 60, what ", on ext4, by itself" }, \
	{ "nowait_" name "_xfs", run, &direct_xfs, "all", "all", "std", 60, \
	  what ", on XFS" }, \
	{ "nowait_" name "_xfs_async", run, &direct_xfs_async, "all", "all", \
	  "std", 60, what ", on XFS, by itself" }

const struct vm_test nowait_tests[] = {
	EACH("cold", cold, "all", "all", "a cold file: EAGAIN, and no reading"),
	EACH("resident", resident, "all", "all", "a resident file arrives"),
	EACH("partly", partly, "test", "all",
	     "what is resident, then EAGAIN"),
	{ "nowait_behind", those_behind, NULL, "all", "all", "std", 60,
	  "links behind one that ends so are cancelled" },
	{ "nowait_overlay", by_splice, DIR_OVERLAY, "all", "all", "std", 60,
	  "overlayfs would have to be asked: EAGAIN" },
	{ "nowait_fuse", by_splice, DIR_FUSE, "all", "all", "std", 60,
	  "FUSE would have to be asked: EAGAIN" },
	{ "nowait_memfd", tmpfs, NULL, "all", "all", "std", 60,
	  "a file in memory arrives" },
	{ "nowait_stuck", stuck, NULL, "all", "all", "std", 60,
	  "a disk that answers nothing is not waited for" },
	{ 0 }
};
