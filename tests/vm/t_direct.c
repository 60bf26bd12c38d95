// SPDX-License-Identifier: GPL-2.0
/*
 * The direct lane: cold files arrive byte for byte, whatever the range and
 * whatever state their blocks are in, and leave the page cache as it was.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "content.h"
#include "direct.h"
#include "guest.h"
#include "vmtest.h"

static uint64_t large(void)
{
	return guest_pick(12 * MIB, 4 * MIB);
}

static void whole(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;

	file_make(&file, way->dir, large());
	program_file(program, &file, 0, ZCX_TO_EOF);
	file_chill(&file);
	link = direct_send(program, way);
	direct_assert_all(&link, program, &file);

	/* Once more, now that blocks are known, between pieces of memory. */
	program_clear(program);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, file.size);
	program_memory(program, "trailer", 7);
	link = direct_send(program, way);
	direct_assert_all(&link, program, &file);
	file_assert_unchanged(&file);
	file_drop(&file);
}

/* The end of the file is in the middle of a block, or a sector. */
static void sizes(void **state)
{
	static const uint64_t size[] = {
		1, 511, 512, 513, 4095, 4096, 4097, 65537, MIB - 1, MIB + 1,
		3 * MIB + 17,
	};
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(size); i++) {
		file_make(&file, way->dir, size[i]);
		program_clear(program);
		program_file(program, &file, 0, ZCX_TO_EOF);
		file_chill(&file);
		link = direct_send(program, way);
		direct_assert_all(&link, program, &file);
		program_memory(program, "trailer", 7);
		link = direct_send(program, way);
		direct_assert_all(&link, program, &file);
		file_drop(&file);
	}
}

static void unaligned(void **state)
{
	static const uint64_t length[] = {
		1, 511, 512, 513, 4095, 4096, 4097, 65536, 65537, MIB + 3,
	}, offset[] = {
		0, 1, 511, 512, 4095, 4096, 4097, 123457, MIB - 1, 2 * MIB,
	};
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct vfile file;
	unsigned int i, k;

	file_make(&file, way->dir, 3 * MIB + 1234);
	file_chill(&file);
	for (i = 0; i < ARRAY_SIZE(offset); i++)
		for (k = i % 2; k < ARRAY_SIZE(length); k += 2)
			direct_send_range(program, &file, offset[i],
					  length[k], way);
	for (i = 0; i < ARRAY_SIZE(length); i++)
		direct_send_range(program, &file, file.size - length[i],
				  ZCX_TO_EOF, way);
	file_drop(&file);
}

static void unaligned_random(void **state)
{
	direct_random_ranges(*state, guest_pick(150, 40));
}

/* A range that is too long: all there is arrives, and nothing behind it. */
static void too_long(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;

	file_make(&file, way->dir, MIB + 333);
	file_chill(&file);
	program_memory(program, "header", 6);
	program_file(program, &file, 4097, 5 * MIB);
	program_memory(program, "must not arrive", 15);
	assert_true(program->is_short);
	link = direct_send(program, way);
	direct_assert_all(&link, program, &file);

	program_clear(program);
	program_file(program, &file, file.size, 1);
	link = direct_send(program, way);
	assert_int_equal(link.bytes_sent, 0);
	program_clear(program);
	program_file(program, &file, 7 * MIB, ZCX_TO_EOF);
	link = direct_send(program, way);
	assert_int_equal(link.bytes_sent, 0);
	file_drop(&file);
}

/* Many pieces of two cold files, and of memory, in one link. */
static void segments(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct vfile one, two;
	struct zcx_link link;
	unsigned int i;

	file_make(&one, way->dir, 3 * MIB + 99);
	file_make(&two, way->dir, MIB);
	for (i = 0; i < 16; i++) {
		program_file(program, &one, i * 150021,
			     DIRECT_LEAST + i * 6001);
		program_memory(program, "memory", i % 6 + 1);
		program_file(program, &two, i * 24001, DIRECT_LEAST + i);
	}
	program_file(program, &one, 0, ZCX_TO_EOF);
	file_chill(&one);
	file_chill(&two);
	link = direct_send(program, way);
	direct_assert_all(&link, program, &one);
	assert_int_equal(file_resident(&two), 0);
	file_drop(&one);
	file_drop(&two);
}

/* The same, some too short for direct I/O, some resident by then. */
static void segments_mixed(void **state)
{
	static uint8_t memory[5000];
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct vfile one, two;
	struct zcx_link link;
	unsigned int i;

	content_fill(5, 0, memory, sizeof(memory));
	file_make(&one, way->dir, 2 * MIB + 99);
	file_make(&two, way->dir, MIB);
	for (i = 0; i < 40; i++) {
		program_file(program, &one, i * 50021, 4096 + i * 3001);
		program_memory(program, memory + i, 1 + i * 100);
		program_file(program, &two, i * 24000, 100000);
		program_file(program, &two, i * 24000 + 1, 1);
	}
	program_file(program, &one, 0, ZCX_TO_EOF);
	file_chill(&one);
	file_chill(&two);
	link = direct_send(program, way);
	assert_false(link.result_flags & ZCX_RESULT_NO_DIRECT);
	file_drop(&one);
	file_drop(&two);
}

/* Holes read as zeros, whether anything asks the disk for them or not. */
static void holes(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;

	file_make_sparse(&file, way->dir, 6 * MIB + 333);
	file_put(&file, 100000, 200001);
	file_put(&file, MIB + 5, MIB + 6);
	file_put(&file, 2 * MIB, 3 * MIB + 4096);
	file_put(&file, 4 * MIB - 1, 4 * MIB + 70000);
	file_chill(&file);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_file(program, &file, 4 * MIB, 2 * MIB + 300);
	program_file(program, &file, MIB + 6, 5000);
	link = direct_send(program, way);
	assert_int_equal(link.bytes_cache + link.bytes_direct, program->cache);
	/* At least what there is on the disk, of which there is no other copy. */
	assert_true(link.bytes_direct >= MIB + 4096);
	direct_leaves(&file, 0);
	file_assert_unchanged(&file);
	file_drop(&file);
}

static void all_hole(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct vfile file;
	struct stat st;

	file_make_sparse(&file, way->dir, 4 * MIB + 1);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_file(program, &file, 513, 3 * MIB);
	direct_send(program, way);
	assert_int_equal(file_resident(&file), 0);
	assert_int_equal(fstat(file.fd, &st), 0);
	assert_int_equal(st.st_blocks, 0);
	file_drop(&file);
}

/* Space that was allocated and never written: zeros, not what is on the disk. */
static void unwritten(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct vfile file;
	int fd;

	file_make_sparse(&file, way->dir, 4 * MIB);
	fd = file_open_writable(&file);
	if (fallocate(fd, 0, 0, 5 * MIB))
		fail_msg("fallocate: %s", strerror(errno));
	assert_int_equal(ftruncate(fd, 4 * MIB + 100), 0);
	close(fd);
	file.size = 4 * MIB + 100;
	program_file(program, &file, 0, ZCX_TO_EOF);
	direct_send(program, way);
	file_put(&file, MIB - 3, MIB + 70000);
	file_put(&file, 3 * MIB, 3 * MIB + 512);
	direct_send(program, way);
	file_chill(&file);
	direct_send(program, way);
	assert_int_equal(file_resident(&file), 0);
	file_drop(&file);
}

/*
 * Resident and not, by turns: each part by its lane, and stays what it was. Gaps
 * too short for direct I/O go through the cache; with very many of them not all
 * leave it again.
 */
static void partly(void **state)
{
	static const uint64_t steps[] = { DIRECT_LEAST, 4096, 12288, MIB };
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;
	unsigned int i;

	file_make(&file, way->dir, guest_pick(8 * MIB, 3 * MIB));
	program_file(program, &file, 0, ZCX_TO_EOF);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		uint64_t resident;

		file_chill(&file);
		resident = direct_warm_parts(&file, steps[i]);
		link = direct_send(program, way);
		if (steps[i] < DIRECT_LEAST) {
			print_message("%zu pages are in the cache, %llu were\n",
				      file_resident(&file),
				      (unsigned long long)resident / 4096);
			continue;
		}
		direct_assert(&link, file.size - resident, resident);
		assert_int_equal(file_resident(&file), resident / 4096);
	}
	file_drop(&file);
}

/* Parts of @file get new bytes, which @file knows of. */
static void scribble(struct vfile *file, int fd, uint64_t *random,
		     unsigned int count)
{
	static uint8_t buf[30000];

	while (count--) {
		uint64_t n = 1 + content_random(random) % sizeof(buf);
		uint64_t at = content_random(random) % (file->size - n);

		content_fill(*random, at, buf, n);
		memcpy(file->bytes + at, buf, n);
		assert_int_equal(pwrite(fd, buf, n, at), n);
	}
}

/* What the disk does not have yet; what it is just being given; or half of each. */
static void write_back(const struct vfile *file, int fd, unsigned int round)
{
	unsigned int how = round % 4;

	if (how == 1)
		sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (how == 2)
		sync_file_range(fd, 0, file->size / 2,
				SYNC_FILE_RANGE_WRITE |
				SYNC_FILE_RANGE_WAIT_AFTER);
	if (how >= 2)
		posix_fadvise(fd, 0, file->size / 2, POSIX_FADV_DONTNEED);
}

static void dirty(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	unsigned int rounds = guest_pick(16, 8), i;
	uint64_t random = 78;
	struct vfile file;
	int fd;

	file_make(&file, way->dir, 3 * MIB + 4000);
	/* All of it is dirty; on ext4 and XFS it has no place on the disk. */
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_file(program, &file, 4097, MIB);
	direct_send(program, way);
	file_chill(&file);
	file.bytes = malloc(file.size);
	assert_non_null(file.bytes);
	content_fill(file.seed, 0, file.bytes, file.size);
	fd = file_open_writable(&file);
	for (i = 0; i < rounds; i++) {
		scribble(&file, fd, &random, 20);
		write_back(&file, fd, i);
		direct_send(program, way);
	}
	close(fd);
	file_drop(&file);
}

/* Islands that were just written, in a sea that has nothing on the disk. */
static void dirty_islands(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct vfile file;
	unsigned int i;

	file_make_sparse(&file, way->dir, 4 * MIB + 5);
	program_file(program, &file, 0, ZCX_TO_EOF);
	for (i = 0; i < FILE_EXTENTS; i++) {
		uint64_t at = i * 500000 + i * i;

		file_put(&file, at, at + 1 + i * 9999);
		direct_send(program, way);
		if (i % 3 == 2)
			file_chill(&file);
	}
	direct_send(program, way);
	file_drop(&file);
}

/* Every kind of socket takes memory that is no file's. */
static void sockets(void **state)
{
	struct direct_way way = { .dir = DIR_EXT4,
				  .kind = *(const enum pair_kind *)*state };
	struct program *program = program_new();
	unsigned int i;
	struct zcx_link link;
	struct vfile file;

	if (pair_is_ktls(way.kind))
		pair_need_ktls();
	file_make(&file, way.dir, guest_pick(8 * MIB, 2 * MIB) + 4321);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	program_file(program, &file, 4095, 100001);
	file_chill(&file);
	for (i = 0; i < 4; i++) {
		way.async = i % 2;
		link = direct_send(program, &way);
		direct_assert_all(&link, program, &file);
	}
	file_assert_unchanged(&file);
	file_drop(&file);
}

/* Small buffers and a slow reader: memory waits in the sockets for long. */
static void slow_reader(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct exchange x = {
		.program = program,
		.lane = ZCX_LANE_DIRECT,
		.async = way->async,
		.sndbuf = 32 * KIB,
		.rcvbuf = 32 * KIB,
		.chunk = 8 * KIB,
		.delay_us = 500,
	};
	struct vfile file;

	file_make(&file, way->dir, guest_pick(4 * MIB, MIB) + 77);
	program_memory(program, "header", 6);
	program_file(program, &file, 3, ZCX_TO_EOF);
	file_chill(&file);
	for (x.kind = PAIR_TCP4; x.kind <= PAIR_UNIX; x.kind++) {
		exchange_run(&x);
		direct_assert_all(&x.link, program, &file);
	}
	file_drop(&file);
}

static const enum pair_kind tcp6 = PAIR_TCP6, unix_stream = PAIR_UNIX,
			    ktls = PAIR_KTLS, ktls13 = PAIR_KTLS13;

#define EACH(name, run, ext4, ext4_debug, what) \
	{ "direct_" name "_ext4", run, &direct_ext4, ext4, ext4_debug, "std", \
	  60, what ", on ext4" }, \
	{ "direct_" name "_ext4_async", run, &direct_ext4_async, "all", \
	  "all", "std", 60, what ", on ext4, by itself" }, \
	{ "direct_" name "_xfs", run, &direct_xfs, "all", "all", "std", 60, \
	  what ", on XFS" }, \
	{ "direct_" name "_xfs_async", run, &direct_xfs_async, "all", "all", \
	  "std", 60, what ", on XFS, by itself" }

const struct vm_test direct_tests[] = {
	{ "direct_whole_ext4", whole, &direct_ext4, "test", "test", "std", 60,
	  "a cold ext4 file goes past the page cache" },
	{ "direct_whole_ext4_async", whole, &direct_ext4_async, "test", "all",
	  "std", 60, "a cold ext4 file goes past the cache by itself" },
	{ "direct_whole_xfs", whole, &direct_xfs, "all", "all", "std", 60,
	  "a cold XFS file goes past the page cache" },
	{ "direct_whole_xfs_async", whole, &direct_xfs_async, "test", "all",
	  "std", 60, "a cold XFS file goes past the cache by itself" },
	EACH("sizes", sizes, "all", "all", "files that end inside a block"),
	EACH("unaligned", unaligned, "test", "all",
	     "ranges that begin and end anywhere"),
	EACH("random", unaligned_random, "all", "all", "random ranges"),
	EACH("too_long", too_long, "all", "all",
	     "ranges beyond the end of the file: SHORT"),
	EACH("segments", segments, "all", "all",
	     "many segments of two files in one link"),
	EACH("segments_mixed", segments_mixed, "all", "all",
	     "many segments, some of them short, in one link"),
	EACH("holes", holes, "all", "all", "holes are zeros"),
	EACH("all_hole", all_hole, "all", "all",
	     "a file that is a hole stays one"),
	EACH("unwritten", unwritten, "all", "all",
	     "allocated and never written: zeros"),
	EACH("partly", partly, "test", "all",
	     "what is resident goes from the cache, the rest past it"),
	EACH("dirty", dirty, "all", "all",
	     "what is not on the disk yet arrives as it is"),
	EACH("dirty_islands", dirty_islands, "all", "all",
	     "new data amid holes arrives"),
	EACH("slow_reader", slow_reader, "all", "all",
	     "small buffers and a slow reader"),
	{ "direct_tcp6", sockets, &tcp6, "all", "all", "std", 60,
	  "past the cache over IPv6" },
	{ "direct_unix", sockets, &unix_stream, "all", "all", "std", 60,
	  "past the cache over AF_UNIX" },
	{ "direct_tls12", sockets, &ktls, "all", "all", "std", 60,
	  "past the cache over kernel TLS 1.2" },
	{ "direct_tls13", sockets, &ktls13, "all", "all", "std", 60,
	  "past the cache over kernel TLS 1.3" },
	{ 0 }
};
