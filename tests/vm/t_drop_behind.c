// SPDX-License-Identifier: GPL-2.0
/*
 * ZCX_LINK_DROP_BEHIND: what a link brought into the page cache leaves it again;
 * what was there before, or what others use by then, does not.
 */
#include <sys/mman.h>

#include "async.h"
#include "content.h"
#include "direct.h"
#include "guest.h"
#include "vmtest.h"

static void send_dropping(const struct program *program,
			  const struct direct_way *way)
{
	struct exchange x = {
		.program = program,
		.kind = way->kind,
		.async = way->async,
		.lane = ZCX_LANE_CACHE,
		.flags = ZCX_LINK_DROP_BEHIND,
	};

	exchange_run(&x);
	assert_int_equal(x.link.bytes_cache, program->cache);
}

static void cold(void **state)
{
	static const enum pair_kind kinds[] = { PAIR_TCP4, PAIR_UNIX };
	struct direct_way way = *(const struct direct_way *)*state;
	struct program *program = program_new();
	struct vfile file;
	unsigned int i;

	file_make(&file, way.dir, guest_pick(6 * MIB, 2 * MIB) + 17);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		file_chill(&file);
		way.kind = kinds[i];
		send_dropping(program, &way);
		direct_leaves(&file, 0);
	}
	file_assert_unchanged(&file);
	file_drop(&file);
}

/* Ranges in the middle; what was read ahead beyond them leaves, too. */
static void ranges(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	struct vfile file;

	file_make(&file, way->dir, 6 * MIB);
	file_chill(&file);
	program_file(program, &file, MIB + 4097, MIB + 1);
	program_file(program, &file, MIB, 70000);
	program_file(program, &file, 3 * MIB + 1, 5000);
	send_dropping(program, way);
	direct_leaves(&file, 0);
	file_drop(&file);
}

/* The very pages that were there before are there afterwards. */
static void others_stay(void **state)
{
	const struct direct_way *way = *state;
	struct program *program = program_new();
	unsigned char *before, *after;
	struct vfile file;
	size_t pages;

	file_make(&file, way->dir, 4 * MIB);
	file_chill(&file);
	direct_warm_parts(&file, 256 * KIB);
	before = test_malloc(file.size / 4096);
	after = test_malloc(file.size / 4096);
	pages = file_residency(&file, before);
	program_file(program, &file, 0, ZCX_TO_EOF);
	send_dropping(program, way);
	direct_leaves(&file, pages);
	file_residency(&file, after);
	assert_memory_equal(before, after, file.size / 4096);
	test_free(before);
	test_free(after);
	file_drop(&file);
}

/**
 * struct held - a link whose pages are all in a socket that nobody reads yet
 * @file: the file
 * @program: all of it
 * @pair: with room for it
 * @receiver: held
 * @context: of the link
 */
struct held {
	struct vfile file;
	struct program *program;
	struct pair pair;
	struct receiver receiver;
	int context;
};

#define HELD_BYTES	(128 * 4096)

static void held_open(struct held *held, const char *dir)
{
	struct zcx_link link;
	uint64_t id;

	memset(held, 0, sizeof(*held));
	assert_int_equal(guest_set("/proc/sys/net/core/wmem_max", "8388608"),
			 0);
	held->program = program_new();
	held->context = zcx_open();
	file_make(&held->file, dir, HELD_BYTES);
	file_chill(&held->file);
	pair_open(&held->pair, PAIR_UNIX, 4 * MIB, 0);
	program_file(held->program, &held->file, 0, ZCX_TO_EOF);
	held->receiver = (struct receiver) {
		.fd = held->pair.rx,
		.expect = held->program,
		.held = true,
	};
	assert_int_equal(receiver_start(&held->receiver), 0);
	async_prepare(&link, held->pair.tx, held->program);
	link.lane = ZCX_LANE_CACHE;
	link.flags = ZCX_LINK_DROP_BEHIND;
	id = async_submit(held->context, &link);
	async_sent(held->context, id, held->program, ZCX_STATE_SENT, 0);
	/* While the socket has them, they cannot go. */
	assert_int_equal(file_resident(&held->file), HELD_BYTES / 4096);
}

/* All is read; @pages stay. */
static void held_close(struct held *held, size_t pages)
{
	receiver_go(&held->receiver);
	receiver_wait_bytes(&held->receiver, HELD_BYTES);
	pair_close(&held->pair);
	receiver_join(&held->receiver);
	assert_int_equal(held->receiver.wrong_at, -1);
	direct_leaves(&held->file, pages);
	/* And so it stays for a while. */
	guest_sleep_ms(1500);
	assert_int_equal(file_resident(&held->file), pages);
	close(held->context);
	file_drop(&held->file);
}

/* Nobody else: all go, though they were sent long before they were read. */
static void nobody(void **state)
{
	struct held held;

	held_open(&held, *state);
	guest_sleep_ms(1500);
	held_close(&held, 0);
}

/* Another descriptor reads a part, twice, which makes it somebody's. */
static void read_meanwhile(void **state)
{
	static uint8_t buf[16 * 4096];
	struct held held;
	unsigned int i;
	int fd;

	held_open(&held, *state);
	fd = file_open_writable(&held.file);
	for (i = 0; i < 2; i++)
		assert_int_equal(pread(fd, buf, sizeof(buf), 32 * 4096),
				 sizeof(buf));
	close(fd);
	held_close(&held, sizeof(buf) / 4096);
}

static void mapped_meanwhile(void **state)
{
	struct held held;
	volatile char *map;
	unsigned int i;

	held_open(&held, *state);
	/* Only these pages: a fault maps what else is there around it. */
	map = mmap(NULL, 16 * 4096, PROT_READ, MAP_SHARED, held.file.fd,
		   64 * 4096);
	assert_true(map != MAP_FAILED);
	for (i = 0; i < 16; i++)
		(void)map[i * 4096];
	held_close(&held, 16);
	munmap((void *)map, 16 * 4096);
}

static void written_meanwhile(void **state)
{
	static uint8_t buf[16 * 4096];
	struct held held;
	size_t left;
	int fd;

	held_open(&held, *state);
	file_expected(&held.file, 96 * 4096, buf, sizeof(buf));
	fd = file_open_writable(&held.file);
	assert_int_equal(pwrite(fd, buf, sizeof(buf), 96 * 4096), sizeof(buf));
	receiver_go(&held.receiver);
	receiver_wait_bytes(&held.receiver, HELD_BYTES);
	pair_close(&held.pair);
	receiver_join(&held.receiver);
	file_becomes_resident(&held.file, 16);
	left = file_resident(&held.file);
	/* Once they are on the disk, who keeps them is not asked. */
	if (left > 16)
		fail_msg("%zu pages stay", left);
	close(fd);
	close(held.context);
	file_assert_unchanged(&held.file);
	file_drop(&held.file);
}

/* The link ends early: what it brought in, and did not send, goes too. */
static void cancelled(void **state)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_link link;
	struct vfile file;
	struct pair pair;
	uint64_t id;

	file_make(&file, *state, 4 * MIB);
	file_chill(&file);
	pair_open(&pair, PAIR_TCP4, 32 * KIB, 32 * KIB);
	program_file(program, &file, 0, ZCX_TO_EOF);
	async_prepare(&link, pair.tx, program);
	link.lane = ZCX_LANE_CACHE;
	link.flags = ZCX_LINK_DROP_BEHIND;
	id = async_submit(context, &link);
	async_stalls(context, id);
	assert_true(file_resident(&file) > 0);
	assert_int_equal(async_control(context, ZCX_IOC_CANCEL, id), 0);
	async_ends(context, id, ZCX_STATE_CANCELLED, ECANCELED);
	pair_close(&pair);
	/* Readahead was under way beyond what the link had taken. */
	if (!file_becomes_resident(&file, 0))
		assert_true(file_resident(&file) <= 2 * MIB / 4096);
	async_quiet(context);
	close(context);
	file_drop(&file);
}

/* By the direct lane there is nothing to drop, from memory there must not be. */
static void elsewhere(void **state)
{
	static const char *const dirs[] = { DIR_MEMFD, DIR_TMPFS };
	struct program *program = program_new();
	struct exchange x = {
		.program = program,
		.lane = ZCX_LANE_DIRECT,
		.flags = ZCX_LINK_DROP_BEHIND,
	};
	struct vfile file;
	unsigned int i;

	(void)state;
	file_make(&file, DIR_EXT4, 2 * MIB);
	file_chill(&file);
	file_warm(&file, 0, 40 * 4096);
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_run(&x);
	direct_leaves(&file, 40);
	file_drop(&file);
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		file_make(&file, dirs[i], MIB);
		program_clear(program);
		program_file(program, &file, 0, ZCX_TO_EOF);
		x.lane = ZCX_LANE_CACHE;
		exchange_run(&x);
		guest_sleep_ms(1500);
		assert_int_equal(file_resident(&file), MIB / 4096);
		file_assert_unchanged(&file);
		file_drop(&file);
	}
}

#define DROP(name, run, arg, stock, what) \
	{ "drop_behind_" name, run, arg, stock, "all", "std", 60, what }
#define EACH(name, run, stock, what) \
	DROP(name "_ext4", run, &direct_ext4, stock, what ", on ext4"), \
	DROP(name "_ext4_async", run, &direct_ext4_async, "all", \
	     what ", on ext4, by itself"), \
	DROP(name "_xfs", run, &direct_xfs, "all", what ", on XFS"), \
	DROP(name "_xfs_async", run, &direct_xfs_async, "all", \
	     what ", on XFS, by itself")
#define BOTH(name, run, what) \
	DROP(name "_ext4", run, DIR_EXT4, "all", what ", on ext4"), \
	DROP(name "_xfs", run, DIR_XFS, "all", what ", on XFS"), \
	DROP(name "_btrfs", run, DIR_BTRFS, "all", what ", on btrfs")

const struct vm_test drop_behind_tests[] = {
	EACH("cold", cold, "test", "what the link brought in leaves"),
	EACH("ranges", ranges, "all", "what ranges brought in leaves"),
	EACH("others", others_stay, "all", "what was there before stays"),
	BOTH("nobody", nobody, "what waits in a socket leaves after that"),
	BOTH("read", read_meanwhile, "what another reads meanwhile stays"),
	BOTH("mapped", mapped_meanwhile, "what another maps meanwhile stays"),
	BOTH("written", written_meanwhile,
	     "what another writes meanwhile is not lost"),
	BOTH("cancelled", cancelled, "of a link that is cancelled"),
	DROP("elsewhere", elsewhere, NULL, "all",
	     "direct I/O and files in memory lose nothing"),
	{ 0 }
};
