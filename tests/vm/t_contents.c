// SPDX-License-Identifier: GPL-2.0
/* What arrives is what was asked for: sizes, offsets, ranges, segments. */
#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

static const enum pair_kind tcp4 = PAIR_TCP4, tcp6 = PAIR_TCP6,
			    unix_stream = PAIR_UNIX, ktls = PAIR_KTLS,
			    ktls13 = PAIR_KTLS13;

static void send_checked(const struct program *program, enum pair_kind kind)
{
	struct exchange x = { .program = program, .kind = kind, .sha = true };

	exchange_run(&x);
}

static void smoke(void **state)
{
	struct program *program = program_new();
	struct vfile file;

	(void)state;
	file_make(&file, DIR_MEMFD, MIB);
	program_file(program, &file, 0, ZCX_TO_EOF);
	send_checked(program, PAIR_TCP4);
	file_drop(&file);
}

static void sizes(void **state)
{
	static const uint64_t size[] = {
		0, 1, 4095, 4096, 4097, MIB - 1, MIB, MIB + 1,
	};
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct program *program = program_new();
	struct vfile file;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(size); i++) {
		file_make(&file, DIR_EXT4, size[i]);
		program_clear(program);
		program_file(program, &file, 0, ZCX_TO_EOF);
		send_checked(program, kind);
		program_clear(program);
		program_file(program, &file, 0, size[i]);
		send_checked(program, kind);
		file_drop(&file);
	}
}

static void offsets(void **state)
{
	static const uint64_t range[][2] = {
		{ 1, 1 }, { 4095, 1 }, { 4095, 2 }, { 4096, 4096 },
		{ 1, 4095 }, { 1, 4096 }, { 8191, 12289 }, { 65535, 65537 },
		{ 123457, 1048573 }, { 2097151, 1048577 },
		{ 3145727, ZCX_TO_EOF }, { 1, ZCX_TO_EOF },
	};
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct program *program = program_new();
	struct vfile file;
	unsigned int i;

	file_make(&file, DIR_EXT4, 3 * MIB + 17);
	for (i = 0; i < ARRAY_SIZE(range); i++) {
		program_clear(program);
		program_file(program, &file, range[i][0], range[i][1]);
		send_checked(program, kind);
	}
	file_drop(&file);
}

static void short_ranges(void **state)
{
	static const char trailer[] = "must not arrive";
	struct program *program = program_new();
	struct vfile file;
	unsigned int kind;

	(void)state;
	file_make(&file, DIR_EXT4, 10000);
	for (kind = PAIR_TCP4; kind <= PAIR_UNIX; kind++) {
		program_clear(program);
		program_file(program, &file, 0, 10001);
		program_memory(program, trailer, sizeof(trailer));
		program_file(program, &file, 0, ZCX_TO_EOF);
		assert_true(program->is_short);
		send_checked(program, kind);

		program_clear(program);
		program_memory(program, "header", 6);
		program_file(program, &file, 10000, 1);
		program_memory(program, trailer, sizeof(trailer));
		send_checked(program, kind);

		program_clear(program);
		program_file(program, &file, 5ULL << 32, 1ULL << 40);
		send_checked(program, kind);
	}
	file_drop(&file);
}

/* Ends of ranges where a file has none of the bytes, and yet is not short. */
static void empty_ranges(void **state)
{
	struct program *program = program_new();
	struct vfile file, empty;

	(void)state;
	file_make(&file, DIR_EXT4, 5000);
	file_make(&empty, DIR_EXT4, 0);
	program_memory(program, NULL, 0);
	send_checked(program, PAIR_TCP4);

	program_clear(program);
	program_file(program, &file, 5000, ZCX_TO_EOF);
	program_file(program, &file, 6000, ZCX_TO_EOF);
	program_file(program, &file, INT64_MAX, ZCX_TO_EOF);
	program_file(program, &file, 6000, 0);
	program_file(program, &empty, 0, ZCX_TO_EOF);
	program_file(program, &empty, 0, 0);
	assert_false(program->is_short);
	send_checked(program, PAIR_TCP4);

	program_memory(program, "tail", 4);
	send_checked(program, PAIR_UNIX);
	file_drop(&file);
	file_drop(&empty);
}

static void header_trailer(void **state)
{
	struct program *program = program_new();
	uint8_t header[337], trailer[4099];
	struct vfile one, two;
	unsigned int kind;

	(void)state;
	content_fill(1, 0, header, sizeof(header));
	content_fill(2, 0, trailer, sizeof(trailer));
	file_make(&one, DIR_EXT4, 70001);
	file_make(&two, DIR_XFS, 300007);
	program_memory(program, header, sizeof(header));
	program_file(program, &one, 0, ZCX_TO_EOF);
	program_memory(program, trailer, 1);
	program_file(program, &two, 3, 290000);
	program_file(program, &one, 69999, 2);
	program_memory(program, trailer, sizeof(trailer));
	for (kind = PAIR_TCP4; kind <= PAIR_UNIX; kind++)
		send_checked(program, kind);
	file_drop(&one);
	file_drop(&two);
}

/* 1024 segments: memory and file by turns, of many lengths. */
static void many_segments(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct program *program = program_new();
	uint8_t *memory = test_malloc(4096);
	struct vfile file;
	unsigned int i;

	content_fill(3, 0, memory, 4096);
	file_make(&file, DIR_EXT4, MIB);
	for (i = 0; i < ZCX_MAX_SEGMENTS; i++) {
		uint64_t length = i * 7919 % 4097;

		if (i % 3 == 1)
			program_memory(program, memory + i,
				       i * 31 % 2048);
		else
			program_file(program, &file, i * 1021, length);
	}
	send_checked(program, kind);
	file_drop(&file);
	test_free(memory);
}

/* Every segment one byte, so that nothing can be gathered page by page. */
static void byte_segments(void **state)
{
	struct program *program = program_new();
	struct vfile file;
	unsigned int i;

	(void)state;
	file_make(&file, DIR_EXT4, 2 * MIB);
	for (i = 0; i < ZCX_MAX_SEGMENTS; i++)
		program_file(program, &file, (i * 2039) ^ 5, 1);
	send_checked(program, PAIR_TCP4);
	send_checked(program, PAIR_UNIX);
	file_drop(&file);
}

static void memory_limits(void **state)
{
	struct program *program = program_new();
	uint8_t *memory = test_malloc(ZCX_MAX_MEMORY_LINK);
	unsigned int kind, i;

	(void)state;
	content_fill(4, 0, memory, ZCX_MAX_MEMORY_LINK);
	for (i = 0; i < ZCX_MAX_MEMORY_LINK / ZCX_MAX_MEMORY_SEGMENT; i++)
		program_memory(program, memory + i * ZCX_MAX_MEMORY_SEGMENT,
			       ZCX_MAX_MEMORY_SEGMENT);
	for (kind = PAIR_TCP4; kind <= PAIR_UNIX; kind++)
		send_checked(program, kind);
	test_free(memory);
}

/* The caller's memory may be reused at once, although nothing was read yet. */
static void memory_reused(void **state)
{
	struct program *program = program_new();
	static uint8_t memory[8192], copy[8192];
	struct receiver receiver = { .expect = program, .held = true };
	struct zcx_link link;
	struct pair pair;
	int context = zcx_open();

	(void)state;
	content_fill(5, 0, memory, sizeof(memory));
	memcpy(copy, memory, sizeof(copy));
	program_memory(program, memory, sizeof(memory));
	pair_open(&pair, PAIR_TCP4, 0, 0);
	link_prepare(&link, pair.tx, program);
	assert_int_equal(link_send(context, &link), 0);
	memset(memory, 0xff, sizeof(memory));
	close(context);

	/* What must arrive is what was there before. */
	program_clear(program);
	program_memory(program, copy, sizeof(copy));
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, sizeof(memory));
	pair_close(&pair);
}

/* The descriptor's own offset plays no part. */
static void file_offset(void **state)
{
	struct program *program = program_new();
	struct vfile file;

	(void)state;
	file_make(&file, DIR_EXT4, 20000);
	assert_int_equal(lseek(file.fd, 777, SEEK_SET), 777);
	program_file(program, &file, 5, ZCX_TO_EOF);
	send_checked(program, PAIR_TCP4);
	assert_int_equal(lseek(file.fd, 0, SEEK_CUR), 777);
	file_drop(&file);
}

static void hundred_mib(void **state)
{
	struct program *program = program_new();
	struct vfile file;

	file_make(&file, *state, 100 * MIB);
	file_make_cold(&file);
	program_file(program, &file, 0, ZCX_TO_EOF);
	send_checked(program, PAIR_TCP4);
	file_drop(&file);
}

/* Islands of data around 2 GiB, 4 GiB and the end, and nothing between. */
static void beyond_4gib(void **state)
{
	const uint64_t end = 5 * GIB + 12345;
	struct program *program = program_new();
	struct vfile file;

	file_make_sparse(&file, *state, end);
	file_put(&file, 2 * GIB - 70001, 2 * GIB + 70001);
	file_put(&file, 4 * GIB - 70001, 4 * GIB + 70001);
	file_put(&file, end - 70001, end);
	program_file(program, &file, 2 * GIB - 100003, 200006);
	program_file(program, &file, 4 * GIB - 1, 2);
	program_file(program, &file, 4 * GIB - 100003, 200006);
	program_file(program, &file, end - 100003, ZCX_TO_EOF);
	send_checked(program, PAIR_TCP4);

	program_clear(program);
	program_file(program, &file, end - 100003, 100004);
	assert_true(program->is_short);
	send_checked(program, PAIR_UNIX);
	file_drop(&file);
}

/* One segment of more than 4 GiB; nearly all of it is a hole. */
static void one_call_4gib(void **state)
{
	const uint64_t size = 4 * GIB + 54321;
	struct program *program = program_new();
	struct vfile file;

	(void)state;
	guest_need_mount(DIR_TMPFS);
	file_make_sparse(&file, DIR_TMPFS, size);
	file_put(&file, 2 * GIB - 5, 2 * GIB + 5);
	file_put(&file, size - 4321, size);
	program_file(program, &file, 0, size);
	exchange_simply(program, PAIR_TCP4);
	file_drop(&file);
}

const struct vm_test contents_tests[] = {
	{ "smoke", smoke, NULL, "test", "test", "std", 30,
	  "a 1 MiB file arrives over TCP" },
	{ "contents_sizes_tcp4", sizes, &tcp4, "test", "test", "std", 60,
	  "files of 0 bytes to 1 MiB + 1 arrive over IPv4" },
	{ "contents_sizes_tcp6", sizes, &tcp6, "test", "test", "std", 60,
	  "files of 0 bytes to 1 MiB + 1 arrive over IPv6" },
	{ "contents_sizes_unix", sizes, &unix_stream, "test", "test", "std", 60,
	  "files of 0 bytes to 1 MiB + 1 arrive over AF_UNIX" },
	{ "contents_sizes_ktls", sizes, &ktls, "test", "test", "std", 60,
	  "files of 0 bytes to 1 MiB + 1 arrive over kernel TLS 1.2" },
	{ "contents_sizes_ktls13", sizes, &ktls13, "test", "all", "std", 60,
	  "files of 0 bytes to 1 MiB + 1 arrive over kernel TLS 1.3" },
	{ "contents_offsets_tcp4", offsets, &tcp4, "test", "test", "std", 60,
	  "ranges with odd offsets and lengths arrive over IPv4" },
	{ "contents_offsets_unix", offsets, &unix_stream, "test", "all", "std",
	  60, "ranges with odd offsets and lengths arrive over AF_UNIX" },
	{ "contents_offsets_ktls", offsets, &ktls, "test", "all", "std", 60,
	  "ranges with odd offsets and lengths arrive over kernel TLS" },
	{ "contents_short", short_ranges, NULL, "test", "test", "std", 30,
	  "a file that ends before its range ends the link SHORT" },
	{ "contents_empty", empty_ranges, NULL, "test", "test", "std", 30,
	  "ranges without bytes are sent, and are not short" },
	{ "contents_header_trailer", header_trailer, NULL, "test", "test",
	  "std", 30, "memory and files mix in one link" },
	{ "contents_1024_segments_tcp4", many_segments, &tcp4, "test", "test",
	  "std", 60, "1024 mixed segments arrive in order over TCP" },
	{ "contents_1024_segments_unix", many_segments, &unix_stream, "test",
	  "all", "std", 60,
	  "1024 mixed segments arrive in order over AF_UNIX" },
	{ "contents_1024_segments_ktls", many_segments, &ktls, "test", "all",
	  "std", 60, "1024 mixed segments arrive in order over kernel TLS" },
	{ "contents_byte_segments", byte_segments, NULL, "test", "test", "std",
	  30, "1024 segments of one byte arrive in order" },
	{ "contents_memory_limits", memory_limits, NULL, "test", "test", "std",
	  30, "64 KiB memory segments, 1 MiB in all, arrive" },
	{ "contents_memory_reused", memory_reused, NULL, "test", "test", "std",
	  30, "memory segments may be overwritten right after the call" },
	{ "contents_file_offset", file_offset, NULL, "test", "test", "std", 30,
	  "the file's own offset is neither used nor changed" },
	{ "contents_100mib_ext4", hundred_mib, DIR_EXT4, "test", "all", "std",
	  90, "a cold 100 MiB file on ext4 arrives" },
	{ "contents_100mib_xfs", hundred_mib, DIR_XFS, "all", "all", "std",
	  90, "a cold 100 MiB file on XFS arrives" },
	{ "contents_beyond_4gib_ext4", beyond_4gib, DIR_EXT4, "test", "test",
	  "std", 30, "ranges beyond 2 and 4 GiB of a sparse ext4 file arrive" },
	{ "contents_beyond_4gib_xfs", beyond_4gib, DIR_XFS, "test", "all",
	  "std", 30, "ranges beyond 2 and 4 GiB of a sparse XFS file arrive" },
	{ "contents_beyond_4gib_tmpfs", beyond_4gib, DIR_TMPFS, "test", "all",
	  "std", 30, "ranges beyond 2 and 4 GiB of a tmpfs file arrive" },
	{ "contents_4gib_one_call", one_call_4gib, NULL, "all", "never", "std",
	  240, "one call sends more than 4 GiB" },
	{ 0 }
};
