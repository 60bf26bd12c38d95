// SPDX-License-Identifier: GPL-2.0
/*
 * ZCX_LANE_AUTO: what is resident goes from the cache, large cold ranges by
 * direct I/O, small ones through the cache; and what large means.
 */
#include "direct.h"
#include "guest.h"
#include "vmtest.h"

/* The lane of ZCX_LANE_AUTO, with a threshold of the link's own. */
static struct zcx_link send_auto(const struct program *program,
				 const struct direct_way *way,
				 uint64_t threshold)
{
	struct exchange x = {
		.program = program,
		.kind = way->kind,
		.async = way->async,
		.direct_threshold = threshold,
	};

	exchange_run(&x);
	return x.link;
}

/* The module's threshold is 1 MiB until the test is over. */
static void set_threshold(void)
{
	guest_parameter("direct_threshold", MIB);
	assert_int_equal(direct_info().direct_threshold, MIB);
}

static void by_size(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;

	set_threshold();
	file_make(&file, way->dir, 3 * MIB + 17);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	/* Warm, then cold and large. */
	link = send_auto(program, way, 0);
	direct_assert(&link, 0, file.size);
	file_chill(&file);
	link = send_auto(program, way, 0);
	direct_assert_all(&link, program, &file);
	/* It is the range that counts, not the file. */
	program_clear(program);
	program_file(program, &file, 4097, MIB - 1);
	link = send_auto(program, way, 0);
	direct_assert(&link, 0, MIB - 1);
	assert_true(file_resident(&file) >= MIB / 4096);
	file_chill(&file);
	program_clear(program);
	program_file(program, &file, 4097, MIB);
	link = send_auto(program, way, 0);
	direct_assert_all(&link, program, &file);
	/* To the end of the file: as much as there is. */
	program_clear(program);
	program_file(program, &file, file.size - MIB + 1, ZCX_TO_EOF);
	link = send_auto(program, way, 0);
	direct_assert(&link, 0, MIB - 1);
	file_chill(&file);
	program_clear(program);
	program_file(program, &file, file.size - MIB, ZCX_TO_EOF);
	link = send_auto(program, way, 0);
	direct_assert_all(&link, program, &file);
	file_drop(&file);
}

/* Each segment for itself. */
static void each_segment(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct vfile small, large;
	struct zcx_link link;

	set_threshold();
	file_make(&small, way->dir, 100001);
	file_make(&large, way->dir, 2 * MIB + 5);
	file_chill(&small);
	file_chill(&large);
	program_file(program, &small, 0, ZCX_TO_EOF);
	program_file(program, &large, 0, ZCX_TO_EOF);
	program_memory(program, "between", 7);
	program_file(program, &small, 0, ZCX_TO_EOF);
	program_file(program, &large, 1, MIB);
	link = send_auto(program, way, 0);
	direct_assert(&link, large.size + MIB, 2 * small.size);
	assert_int_equal(file_resident(&large), 0);
	assert_int_equal(file_resident(&small), (small.size + 4095) / 4096);
	file_drop(&small);
	file_drop(&large);
}

static void partly(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;
	uint64_t resident;

	set_threshold();
	file_make(&file, way->dir, 4 * MIB);
	program_file(program, &file, 0, ZCX_TO_EOF);
	file_chill(&file);
	file_warm(&file, 0, 2 * MIB);
	link = send_auto(program, way, 0);
	direct_assert(&link, 2 * MIB, 2 * MIB);
	assert_int_equal(file_resident(&file), 2 * MIB / 4096);
	file_chill(&file);
	resident = direct_warm_parts(&file, 64 * KIB);
	link = send_auto(program, way, 0);
	direct_assert(&link, file.size - resident, resident);
	file_drop(&file);
}

/* A link's own threshold. */
static void of_link(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;

	set_threshold();
	file_make(&file, way->dir, 2 * MIB + 17);
	program_file(program, &file, 0, ZCX_TO_EOF);
	file_chill(&file);
	link = send_auto(program, way, file.size + 1);
	direct_assert(&link, 0, file.size);
	file_chill(&file);
	link = send_auto(program, way, ZCX_DIRECT_NEVER);
	direct_assert(&link, 0, file.size);
	file_chill(&file);
	link = send_auto(program, way, file.size);
	direct_assert_all(&link, program, &file);
	program_clear(program);
	program_file(program, &file, 5000, DIRECT_LEAST);
	link = send_auto(program, way, 1);
	direct_assert_all(&link, program, &file);
	link = send_auto(program, way, DIRECT_LEAST + 1);
	direct_assert(&link, 0, DIRECT_LEAST);
	file_drop(&file);
}

/* The module's, which may be changed at any time. */
static void of_module(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	uint64_t usual = direct_info().direct_threshold;
	struct zcx_link link;
	struct vfile file;

	assert_true(usual >= 4096);
	guest_parameter("direct_threshold", 0);
	assert_true(direct_info().direct_threshold == ZCX_DIRECT_NEVER);
	file_make(&file, way->dir, 2 * MIB + 17);
	program_file(program, &file, 0, ZCX_TO_EOF);
	file_chill(&file);
	link = send_auto(program, way, 0);
	direct_assert(&link, 0, file.size);
	/* A link that says how much is not asking the module. */
	file_chill(&file);
	link = send_auto(program, way, 4096);
	direct_assert_all(&link, program, &file);
	guest_parameter("direct_threshold", 1);
	link = send_auto(program, way, 0);
	direct_assert_all(&link, program, &file);
	guest_parameter("direct_threshold", file.size + 1);
	link = send_auto(program, way, 0);
	direct_assert(&link, 0, file.size);
	file_drop(&file);
}

/* As the module comes: what is as large as INFO says goes past the cache. */
static void usual(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	uint64_t usual = direct_info().direct_threshold;
	struct zcx_link link;
	struct vfile file;

	if (usual > 64 * MIB)
		test_skip("the threshold is %llu bytes",
			  (unsigned long long)usual);
	file_make(&file, way->dir, usual + 17);
	file_chill(&file);
	program_file(program, &file, 17, ZCX_TO_EOF);
	link = send_auto(program, way, 0);
	direct_assert_all(&link, program, &file);
	program_clear(program);
	program_file(program, &file, 18, ZCX_TO_EOF);
	link = send_auto(program, way, 0);
	direct_assert(&link, 0, usual - 1);
	file_drop(&file);
}

/* The cache, however large and cold: it was asked for. */
static void lane_cache(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;

	guest_parameter("direct_threshold", 1);
	file_make(&file, way->dir, 2 * MIB + 17);
	file_chill(&file);
	program_file(program, &file, 0, ZCX_TO_EOF);
	link = direct_send_by(ZCX_LANE_CACHE, program, way);
	direct_assert(&link, 0, file.size);
	assert_true(file_resident(&file) > 0);
	file_drop(&file);
}

/* Small and cold: through the cache, and no word of direct I/O anywhere. */
static void no_direct(void **state)
{
	static const char *const dirs[] = { DIR_BTRFS, DIR_OVERLAY, DIR_TMPFS };
	struct direct_way way = { .kind = PAIR_TCP4 };
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;
	unsigned int i;

	(void)state;
	set_threshold();
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		guest_need_mount(dirs[i]);
		file_make(&file, dirs[i], 300001);
		file_make_cold(&file);
		program_clear(program);
		program_file(program, &file, 0, ZCX_TO_EOF);
		way.async = i % 2;
		link = send_auto(program, &way, 0);
		assert_int_equal(link.bytes_direct, 0);
		assert_int_equal(link.result_flags, 0);
		file_drop(&file);
	}
}

#define EACH(name, run, stock, debug, what) \
	{ "auto_" name "_ext4", run, &direct_ext4, stock, debug, "std", 60, \
	  what ", ext4" }, \
	{ "auto_" name "_ext4_async", run, &direct_ext4_async, "all", "all", \
	  "std", 60, what ", ext4, by itself" }, \
	{ "auto_" name "_xfs", run, &direct_xfs, "all", "all", "std", 60, \
	  what ", XFS" }, \
	{ "auto_" name "_xfs_async", run, &direct_xfs_async, "all", "all", \
	  "std", 60, what ", XFS, by itself" }

const struct vm_test auto_tests[] = {
	EACH("size", by_size, "test", "all",
	     "warm, cold and small, cold and large: each by its lane"),
	EACH("segments", each_segment, "all", "all",
	     "each segment by its own size"),
	EACH("partly", partly, "all", "all",
	     "a file that is half resident goes by both lanes"),
	EACH("link", of_link, "all", "all", "a threshold of the link's own"),
	EACH("module", of_module, "all", "all", "the module's threshold"),
	EACH("usual", usual, "all", "all", "the threshold that INFO tells"),
	EACH("lane_cache", lane_cache, "all", "all",
	     "ZCX_LANE_CACHE has no threshold"),
	{ "auto_no_direct", no_direct, NULL, "all", "all", "std", 60,
	  "small cold files elsewhere: nothing is said of direct I/O" },
	{ 0 }
};
