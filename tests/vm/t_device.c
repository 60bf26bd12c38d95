// SPDX-License-Identifier: GPL-2.0
/* Whole runs of memory into the packets of a real device: what arrives. */
#include "content.h"
#include "device.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define PARAMETER	"/sys/module/zcx/parameters/frags"

/* Send it; all its bytes, and no others, are to go as whole runs. */
static void exchange_frags(const struct program *program, enum pair_kind kind,
			   int context)
{
	long long before = link_fdinfo(context, "bytes_frags");
	struct exchange x = {
		.program = program,
		.kind = kind,
		.context = context,
	};

	exchange_run(&x);
	assert_int_equal(link_fdinfo(context, "bytes_frags") - before,
			 program->bytes);
	assert_int_equal(link_fdinfo(context, "bytes_copied"), 0);
}

/* Pages of tmpfs and memfd stay where they are in any case. */
static bool is_on_disk(const char *dir)
{
	return strcmp(dir, DIR_TMPFS) && strcmp(dir, DIR_MEMFD);
}

static void assert_let_go(const struct vfile *file, const char *dir)
{
	file_assert_unchanged(file);
	if (!file->size || !is_on_disk(dir))
		return;
	assert_int_equal(file_evict(file), 0);
	file_assert_unchanged(file);
}

static void of_size(const char *dir, uint64_t size, int context)
{
	struct program *program = program_new();
	struct vfile file;

	file_make(&file, dir, size);
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_frags(program, PAIR_DEVICE, context);
	if (is_on_disk(dir))
		file_make_cold(&file);
	program_clear(program);
	program_memory(program, "header", 6);
	program_file(program, &file, size / 3, ZCX_TO_EOF);
	program_file(program, &file, 0, size / 2);
	program_memory(program, "trailer", 7);
	exchange_frags(program, PAIR_DEVICE, context);
	assert_let_go(&file, dir);
	file_drop(&file);
}

static void sizes(void **state)
{
	static const uint64_t all[] = {
		0, 1, 4095, 4096, 4097, MIB - 1, MIB, MIB + 1,
	};
	const char *dir = *state;
	unsigned int i;
	int context;

	device_open();
	if (strcmp(dir, DIR_MEMFD))
		guest_need_mount(dir);
	context = zcx_open();
	for (i = 0; i < ARRAY_SIZE(all); i++)
		of_size(dir, all[i], context);
	close(context);
}

static void large(void **state)
{
	struct program *program = program_new();
	const char *dir = *state;
	struct exchange x = {
		.program = program,
		.kind = PAIR_DEVICE,
		.sha = true,
	};
	struct vfile file;

	device_open();
	guest_need_mount(dir);
	file_make(&file, dir, guest_pick(20 * MIB, 5 * MIB));
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_run(&x);
	file_make_cold(&file);
	exchange_run(&x);
	assert_let_go(&file, dir);
	file_drop(&file);
}

static void ranges(void **state)
{
	static const uint64_t offset[] = { 1, 4095, 4097, 65535, 699999 };
	static const uint64_t length[] = { 1, 8191, 70001 };
	const char *dir = *state;
	struct program *program = program_new();
	int context = zcx_open();
	struct vfile file;
	unsigned int i, j;

	device_open();
	guest_need_mount(dir);
	file_make(&file, dir, MIB);
	for (i = 0; i < ARRAY_SIZE(offset); i++)
		for (j = 0; j < ARRAY_SIZE(length); j++)
			program_file(program, &file, offset[i], length[j]);
	exchange_frags(program, PAIR_DEVICE, context);
	exchange_frags(program, PAIR_DEVICE6, context);
	assert_let_go(&file, dir);
	file_drop(&file);
	close(context);
}

/* Neighbours in the program that are none in memory: a fragment each. */
static void segments(void **state)
{
	static uint8_t memory[ZCX_MAX_SEGMENTS * 10];
	struct program *program = program_new();
	int context = zcx_open();
	struct vfile file;
	unsigned int i;

	(void)state;
	device_open();
	content_fill(9, 0, memory, sizeof(memory));
	file_make(&file, DIR_EXT4, 64 * KIB);
	for (i = 0; i < ZCX_MAX_SEGMENTS; i++) {
		if (i % 2)
			program_memory(program, memory + i * 10, 10);
		else
			program_file(program, &file, i * 61 % (63 * KIB),
				     1 + i % 500);
	}
	exchange_frags(program, PAIR_DEVICE, context);
	assert_let_go(&file, DIR_EXT4);
	file_drop(&file);
	close(context);
}

static void memory_only(void **state)
{
	static uint8_t memory[ZCX_MAX_MEMORY_SEGMENT];
	struct program *program = program_new();
	int context = zcx_open();
	unsigned int i;

	(void)state;
	device_open();
	content_fill(10, 0, memory, sizeof(memory));
	for (i = 0; i < ZCX_MAX_MEMORY_LINK / sizeof(memory); i++)
		program_memory(program, memory, sizeof(memory) - i);
	exchange_frags(program, PAIR_DEVICE, context);
	close(context);
}

static void holes(void **state)
{
	const char *dir = *state;
	struct program *program = program_new();
	int context = zcx_open();
	struct vfile file;

	device_open();
	guest_need_mount(dir);
	file_make_sparse(&file, dir, MIB + 333);
	file_put(&file, 5000, 9000);
	file_put(&file, 300 * KIB, 301 * KIB);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_file(program, &file, 1, 100001);
	exchange_frags(program, PAIR_DEVICE, context);
	assert_let_go(&file, dir);
	file_drop(&file);
	close(context);
}

/* Header, file and trailer of a small response are one packet, cold or warm. */
static void one_packet(void **state)
{
	const char *dir = *state;
	struct trip trip;
	unsigned int i;

	device_open();
	guest_need_mount(dir);
	trip_open(&trip, 4096);
	file_drop(&trip.file);
	file_make(&trip.file, dir, 1000);
	program_clear(trip.program);
	program_memory(trip.program, "header", 6);
	program_file(trip.program, &trip.file, 0, ZCX_TO_EOF);
	program_memory(trip.program, "trailer", 7);
	for (i = 0; i < 3; i++) {
		if (i == 1)
			file_make_cold(&trip.file);
		trip_connect(&trip);
		trip_receive(&trip, false);
		trip_send(&trip, 0);
		assert_true(receiver_wait_bytes(&trip.receiver,
						trip.program->bytes));
		assert_int_equal(pair_data_segments(trip.pair.tx), 1);
		trip_arrives(&trip);
		pair_close(&trip.pair);
	}
	trip_close(&trip);
}

/* The parameter */

static char was[8];

static void undo_parameter(void *unused)
{
	(void)unused;
	guest_write(PARAMETER, was);
}

static void save_parameter(void)
{
	assert_true(guest_read(PARAMETER, was, sizeof(was)) > 0);
	test_at_end(undo_parameter, NULL);
}

/* Whole runs and page by page in turn, on one connection. */
static void switched(void **state)
{
	const unsigned int links = 6;
	struct program *all = program_new();
	struct zcx_link link;
	struct trip trip;
	unsigned int i;

	(void)state;
	device_open();
	save_parameter();
	trip_open(&trip, 100001);
	for (i = 0; i < links; i++) {
		program_memory(all, "header", 6);
		program_file(all, &trip.file, 0, ZCX_TO_EOF);
		program_memory(all, "trailer", 7);
	}
	trip_connect(&trip);
	trip.receiver.fd = trip.pair.rx;
	trip.receiver.expect = all;
	assert_int_equal(receiver_start(&trip.receiver), 0);
	for (i = 0; i < links; i++) {
		assert_int_equal(guest_write(PARAMETER, i % 2 ? "N" : "Y"), 0);
		link_prepare(&link, trip.pair.tx, trip.program);
		assert_int_equal(link_send(trip.sender.context, &link), 0);
		assert_null(link_problem_complete(&link, trip.program, 0));
		assert_int_equal(trip_stat(&trip, "bytes_frags"),
				 (i / 2 + 1) * trip.program->bytes);
	}
	trip.program = all;
	trip_arrives(&trip);
	trip_close(&trip);
}

#define SIZES(name, dir, debug) \
	{ "device_sizes_" name, sizes, dir, "test", debug, "device", 60, \
	  "files of all sizes over a device: " name }

const struct vm_test device_tests[] = {
	SIZES("ext4", DIR_EXT4, "all"),
	SIZES("xfs", DIR_XFS, "test"),
	SIZES("btrfs", DIR_BTRFS, "all"),
	SIZES("tmpfs", DIR_TMPFS, "all"),
	SIZES("memfd", DIR_MEMFD, "all"),
	SIZES("overlay", DIR_OVERLAY, "all"),
	{ "device_large_ext4", large, DIR_EXT4, "test", "all", "device", 60,
	  "a large ext4 file over a device, warm and cold" },
	{ "device_large_xfs", large, DIR_XFS, "test", "all", "device", 60,
	  "a large XFS file over a device, warm and cold" },
	{ "device_ranges_ext4", ranges, DIR_EXT4, "test", "test", "device", 60,
	  "odd ranges of ext4 over a device, IPv4 and IPv6" },
	{ "device_ranges_xfs", ranges, DIR_XFS, "test", "test", "device", 60,
	  "odd ranges of large folios over a device, IPv4 and IPv6" },
	{ "device_segments", segments, NULL, "test", "test", "device", 60,
	  "1024 small segments over a device" },
	{ "device_memory", memory_only, NULL, "test", "all", "device", 60,
	  "memory segments over a device" },
	{ "device_holes_tmpfs", holes, DIR_TMPFS, "test", "test", "device", 60,
	  "holes of tmpfs over a device" },
	{ "device_holes_xfs", holes, DIR_XFS, "test", "all", "device", 60,
	  "holes of XFS over a device" },
	{ "device_one_packet_ext4", one_packet, DIR_EXT4, "test", "test",
	  "device", 60, "header, file and trailer share a packet, ext4" },
	{ "device_one_packet_overlay", one_packet, DIR_OVERLAY, "test", "all",
	  "device", 60, "header, file and trailer share a packet, overlayfs" },
	{ "device_switched", switched, NULL, "test", "test", "device", 60,
	  "whole runs, and page by page with frags=N, on one connection" },
	{ 0 }
};
