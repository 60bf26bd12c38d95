// SPDX-License-Identifier: GPL-2.0
/* The ABI as published: layout, sizes that differ, INFO, 32-bit programs. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define PROGRAM32	"/tests/vmtest32"
#define PAGE		4096

struct member {
	const char *name;
	size_t offset;
	size_t width;
};

#define MEMBER(type, name) \
	{ #type "." #name, offsetof(struct type, name), \
	  sizeof(((struct type *)0)->name) }

/* In order, without holes, from 0 to @size. */
static void assert_layout(const struct member *member, size_t count,
			  size_t size)
{
	size_t at = 0, i;

	for (i = 0; i < count; i++) {
		if (member[i].offset != at)
			fail_msg("%s is at %zu, not %zu", member[i].name,
				 member[i].offset, at);
		if (at % member[i].width)
			fail_msg("%s is not aligned", member[i].name);
		at += member[i].width;
	}
	assert_int_equal(at, size);
}

/* Numbers that programs out there were compiled with. */
static void layout(void **state)
{
	static const struct member info[] = {
		MEMBER(zcx_info, size), MEMBER(zcx_info, flags),
		MEMBER(zcx_info, abi_version), MEMBER(zcx_info, push),
		MEMBER(zcx_info, features), MEMBER(zcx_info, max_segments),
		MEMBER(zcx_info, max_memory_segment),
		MEMBER(zcx_info, max_memory_link),
		MEMBER(zcx_info, max_links), MEMBER(zcx_info, batch_bytes),
		MEMBER(zcx_info, __reserved),
		MEMBER(zcx_info, direct_threshold),
		MEMBER(zcx_info, direct_bytes_max),
	}, segment[] = {
		MEMBER(zcx_segment, type), MEMBER(zcx_segment, fd),
		MEMBER(zcx_segment, offset), MEMBER(zcx_segment, length),
		MEMBER(zcx_segment, addr), MEMBER(zcx_segment, flags),
		MEMBER(zcx_segment, __reserved),
	}, link[] = {
		MEMBER(zcx_link, size), MEMBER(zcx_link, flags),
		MEMBER(zcx_link, socket_fd), MEMBER(zcx_link, lane),
		MEMBER(zcx_link, segments), MEMBER(zcx_link, segment_count),
		MEMBER(zcx_link, segment_size), MEMBER(zcx_link, user_data),
		MEMBER(zcx_link, id), MEMBER(zcx_link, bytes_sent),
		MEMBER(zcx_link, bytes_memory), MEMBER(zcx_link, bytes_cache),
		MEMBER(zcx_link, bytes_splice), MEMBER(zcx_link, bytes_copied),
		MEMBER(zcx_link, state), MEMBER(zcx_link, error),
		MEMBER(zcx_link, result_flags), MEMBER(zcx_link, __reserved),
		MEMBER(zcx_link, deadline_ns), MEMBER(zcx_link, idle_ns),
		MEMBER(zcx_link, rate), MEMBER(zcx_link, direct_threshold),
		MEMBER(zcx_link, bytes_direct),
	};

	(void)state;
	assert_layout(info, ARRAY_SIZE(info), 64);
	assert_layout(segment, ARRAY_SIZE(segment), 40);
	assert_layout(link, ARRAY_SIZE(link), 144);
	assert_int_equal(sizeof(struct zcx_info), 64);
	assert_int_equal(sizeof(struct zcx_segment), 40);
	assert_int_equal(sizeof(struct zcx_link), 144);
	assert_int_equal(ZCX_IOC_INFO, 0xe200);
	assert_int_equal(ZCX_IOC_LINK, 0xe201);
	assert_int_equal(ZCX_MAX_SEGMENTS, 1024);
	assert_int_equal(ZCX_MAX_MEMORY_SEGMENT, 65536);
	assert_int_equal(ZCX_MAX_MEMORY_LINK, 1048576);
}

static void layout_async(void **state)
{
	static const struct member event[] = {
		MEMBER(zcx_event, id), MEMBER(zcx_event, user_data),
		MEMBER(zcx_event, bytes_sent), MEMBER(zcx_event, bytes_memory),
		MEMBER(zcx_event, bytes_cache),
		MEMBER(zcx_event, bytes_splice),
		MEMBER(zcx_event, bytes_copied), MEMBER(zcx_event, state),
		MEMBER(zcx_event, error), MEMBER(zcx_event, result_flags),
		MEMBER(zcx_event, __reserved), MEMBER(zcx_event, bytes_direct),
	}, control[] = {
		MEMBER(zcx_control, size), MEMBER(zcx_control, flags),
		MEMBER(zcx_control, id),
	}, query[] = {
		MEMBER(zcx_query, size), MEMBER(zcx_query, flags),
		MEMBER(zcx_query, id), MEMBER(zcx_query, user_data),
		MEMBER(zcx_query, bytes_sent), MEMBER(zcx_query, bytes_acked),
		MEMBER(zcx_query, state), MEMBER(zcx_query, wait),
		MEMBER(zcx_query, error), MEMBER(zcx_query, result_flags),
	}, submit[] = {
		MEMBER(zcx_submit, size), MEMBER(zcx_submit, flags),
		MEMBER(zcx_submit, links), MEMBER(zcx_submit, link_count),
		MEMBER(zcx_submit, link_size), MEMBER(zcx_submit, submitted),
		MEMBER(zcx_submit, error),
	}, probe[] = {
		MEMBER(zcx_probe, size), MEMBER(zcx_probe, flags),
		MEMBER(zcx_probe, file_fd), MEMBER(zcx_probe, socket_fd),
		MEMBER(zcx_probe, offset), MEMBER(zcx_probe, length),
		MEMBER(zcx_probe, direct_threshold),
		MEMBER(zcx_probe, lane_asked), MEMBER(zcx_probe, lane),
		MEMBER(zcx_probe, reason), MEMBER(zcx_probe, socket_flags),
		MEMBER(zcx_probe, file_size), MEMBER(zcx_probe, bytes),
		MEMBER(zcx_probe, bytes_resident), MEMBER(zcx_probe, folios),
		MEMBER(zcx_probe, folio_min), MEMBER(zcx_probe, folio_max),
		MEMBER(zcx_probe, dio_mem_align),
		MEMBER(zcx_probe, dio_offset_align),
		MEMBER(zcx_probe, ifindex), MEMBER(zcx_probe, __reserved),
		MEMBER(zcx_probe, device),
	}, uring[] = {
		MEMBER(zcx_uring_cmd, link), MEMBER(zcx_uring_cmd, __reserved),
	};

	(void)state;
	assert_layout(event, ARRAY_SIZE(event), 80);
	assert_layout(control, ARRAY_SIZE(control), 16);
	assert_layout(query, ARRAY_SIZE(query), 56);
	assert_layout(submit, ARRAY_SIZE(submit), 32);
	assert_layout(probe, ARRAY_SIZE(probe), 128);
	assert_layout(uring, ARRAY_SIZE(uring), 16);
	assert_int_equal(ZCX_IOC_CANCEL, 0xe202);
	assert_int_equal(ZCX_IOC_PAUSE, 0xe203);
	assert_int_equal(ZCX_IOC_RESUME, 0xe204);
	assert_int_equal(ZCX_IOC_QUERY, 0xe205);
	assert_int_equal(ZCX_IOC_SUBMIT, 0xe206);
	assert_int_equal(ZCX_IOC_PROBE, 0xe207);
	assert_int_equal(ZCX_MAX_SUBMIT, 1024);
}

/* The numbers themselves, as bytes: no header has a say in it. */
static void by_hand(void **state)
{
	uint32_t info[12] = { 48 };
	uint64_t segment[5] = { 2, 0, 7 };
	uint64_t link[13] = { 104ULL | 1ULL << 32 };
	struct pair pair;
	int context = zcx_open();
	char got[8];

	(void)state;
	assert_int_equal(zcx_call(context, 0xe200, info), 0);
	assert_int_equal(info[0], 48);
	assert_int_equal(info[2], ZCX_ABI_VERSION);
	assert_int_equal(info[6], 1024);
	assert_int_equal(info[7], 65536);
	assert_int_equal(info[8], 1048576);

	pair_open(&pair, PAIR_TCP4, 0, 0);
	segment[3] = (uintptr_t)"sevens!";
	link[1] = pair.tx;
	link[2] = (uintptr_t)segment;
	link[3] = 1ULL | 40ULL << 32;
	link[4] = 0x1122334455667788;
	assert_int_equal(zcx_call(context, 0xe201, link), 0);
	assert_int_equal(link[4], 0x1122334455667788);
	assert_int_equal(link[5], 1);		/* id */
	assert_int_equal(link[6], 7);		/* bytes_sent */
	assert_int_equal(link[7], 7);		/* bytes_memory */
	assert_int_equal(link[8], 0);		/* bytes_cache */
	assert_int_equal(link[9], 0);		/* bytes_splice */
	assert_int_equal(link[10], 0);		/* bytes_copied */
	assert_int_equal(link[11], ZCX_STATE_SENT);
	assert_int_equal(link[12], 0);
	assert_int_equal(recv(pair.rx, got, 7, MSG_WAITALL), 7);
	assert_memory_equal(got, "sevens!", 7);
	pair_close(&pair);
	close(context);
}

static void info(void **state)
{
	struct zcx_info info;
	int context = zcx_open();

	(void)state;
	memset(&info, 0xff, sizeof(info));
	info.size = sizeof(info);
	info.flags = 0;
	assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info), 0);
	assert_int_equal(info.size, sizeof(info));
	assert_int_equal(info.flags, 0);
	assert_int_equal(info.abi_version, ZCX_ABI_VERSION);
	assert_int_equal(info.max_segments, ZCX_MAX_SEGMENTS);
	assert_int_equal(info.max_memory_segment, ZCX_MAX_MEMORY_SEGMENT);
	assert_int_equal(info.max_memory_link, ZCX_MAX_MEMORY_LINK);
	assert_int_equal(info.__reserved, 0);
	assert_int_equal(info.features & ~(uint64_t)ZCX_FEATURE_KTLS,
			 ZCX_FEATURE_SYNC | ZCX_FEATURE_LANE_CACHE |
			 ZCX_FEATURE_LANE_SPLICE | ZCX_FEATURE_ASYNC |
			 ZCX_FEATURE_ACKED | ZCX_FEATURE_FOLLOW |
			 ZCX_FEATURE_URING | ZCX_FEATURE_LANE_DIRECT |
			 ZCX_FEATURE_PROBE);
	assert_int_equal(info.push, guest_kernel_at_least(6, 5) ?
			 ZCX_PUSH_SPLICE_PAGES : ZCX_PUSH_SENDPAGE);
	close(context);
}

/* KTLS is there exactly if sockets with it are sent to. */
static void info_ktls(void **state)
{
	struct zcx_info info = { .size = sizeof(info) };
	int context = zcx_open();
	struct program *program = program_new();

	(void)state;
	pair_need_ktls();
	assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info), 0);
	assert_true(info.features & ZCX_FEATURE_KTLS);
	program_memory(program, "secret", 6);
	exchange_simply(program, PAIR_KTLS);
	close(context);
}

/* No struct grows beyond a page: what claims to is not looked through. */
static void beyond_a_page(void **state)
{
	static uint8_t room[2 * PAGE];
	uint32_t *size = (void *)room;
	int context = zcx_open();

	(void)state;
	*size = PAGE + 1;
	assert_int_equal(zcx_call(context, ZCX_IOC_INFO, room), -E2BIG);
	assert_int_equal(zcx_call(context, ZCX_IOC_LINK, room), -E2BIG);
	*size = UINT32_MAX;
	assert_int_equal(zcx_call(context, ZCX_IOC_INFO, room), -E2BIG);
	close(context);
}

/* A caller of a later version: its tail is zero, and stays as it is. */
static void larger_info(void **state)
{
	static uint8_t room[2 * PAGE];
	struct zcx_info *info = (void *)room;
	static const size_t sizes[] = {
		sizeof(*info) + 1, sizeof(*info) + 8, 256, PAGE - 1, PAGE,
	};
	int context = zcx_open();
	unsigned int i;
	size_t at;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(room, 0, sizes[i]);
		memset(room + sizes[i], 0xee, sizeof(room) - sizes[i]);
		info->size = sizes[i];
		assert_int_equal(zcx_call(context, ZCX_IOC_INFO, room), 0);
		assert_int_equal(info->size, sizes[i]);
		assert_int_equal(info->abi_version, ZCX_ABI_VERSION);
		for (at = sizeof(*info); at < sizeof(room); at++)
			assert_int_equal(room[at], at < sizes[i] ? 0 : 0xee);

		memset(room, 0, sizes[i]);
		info->size = sizes[i];
		room[sizes[i] - 1] = 1;
		assert_int_equal(zcx_call(context, ZCX_IOC_INFO, room),
				 -E2BIG);
		assert_int_equal(info->abi_version, 0);
	}
	close(context);
}

/* Nothing behind the struct is looked at, or written to. */
static void bytes_behind(void **state)
{
	struct {
		struct zcx_link link;
		uint8_t behind[64];
	} room;
	struct {
		struct zcx_info info;
		uint8_t behind[64];
	} info;
	uint8_t same[64];
	struct program *program = program_new();
	struct pair pair;
	int context = zcx_open();

	(void)state;
	memset(same, 0xa5, sizeof(same));
	memset(&room, 0xa5, sizeof(room));
	memset(&info, 0xa5, sizeof(info));
	pair_open(&pair, PAIR_UNIX, 0, 0);
	program_memory(program, "bytes", 5);
	link_prepare(&room.link, pair.tx, program);
	assert_int_equal(link_send(context, &room.link), 0);
	assert_int_equal(room.link.bytes_sent, 5);
	assert_memory_equal(room.behind, same, sizeof(same));
	memset(&info.info, 0, sizeof(info.info));
	info.info.size = sizeof(info.info);
	assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info), 0);
	assert_memory_equal(info.behind, same, sizeof(same));
	pair_close(&pair);
	close(context);
}

static void larger_link(void **state)
{
	static uint8_t room[2 * PAGE];
	struct zcx_link *link = (void *)room;
	static const size_t sizes[] = {
		sizeof(*link) + 1, sizeof(*link) + 8, 256, PAGE - 1, PAGE,
	};
	struct program *program = program_new();
	int context = zcx_open();
	struct pair pair;
	unsigned int i;
	size_t at;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 0, 0);
	program_memory(program, "bytes", 5);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(room, 0, sizeof(room));
		link_prepare(link, pair.tx, program);
		link->size = sizes[i];
		assert_int_equal(link_send(context, link), 0);
		assert_int_equal(link->size, sizes[i]);
		assert_int_equal(link->id, i + 1);
		assert_int_equal(link->bytes_sent, 5);
		for (at = sizeof(*link); at < sizeof(room); at++)
			assert_int_equal(room[at], 0);
	}
	pair_close(&pair);
	close(context);
}

/* The caller's segments are wider than ours; the steps between them are its. */
static void larger_segments(void **state)
{
	enum { COUNT = 20 };
	static const size_t sizes[] = { 41, 48, 64, 100, PAGE };
	struct program *program = program_new();
	uint8_t *room = test_malloc(COUNT * PAGE);
	int context = zcx_open();
	struct vfile file;
	unsigned int i, k;

	(void)state;
	file_make(&file, DIR_MEMFD, 20001);
	for (k = 0; k < COUNT; k++)
		if (k % 2)
			program_file(program, &file, k * 900, 901);
		else
			program_memory(program, &"abcdefghijklmnopqrstuvw"[k],
				       2);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct receiver receiver = { .expect = program };
		struct zcx_link link;
		struct pair pair;

		memset(room, 0, COUNT * PAGE);
		for (k = 0; k < COUNT; k++)
			memcpy(room + k * sizes[i], &program->segments[k],
			       sizeof(struct zcx_segment));
		pair_open(&pair, i % 2 ? PAIR_UNIX : PAIR_TCP4, 0, 0);
		link_prepare(&link, pair.tx, program);
		link.segments = (uintptr_t)room;
		link.segment_size = sizes[i];
		assert_int_equal(link_send(context, &link), 0);
		assert_null(link_problem_complete(&link, program, 0));

		receiver.fd = pair.rx;
		assert_int_equal(receiver_start(&receiver), 0);
		close(pair.tx);
		pair.tx = -1;
		receiver_join(&receiver);
		assert_int_equal(receiver.wrong_at, -1);
		assert_int_equal(receiver.bytes, program->bytes);
		pair_close(&pair);
	}
	test_free(room);
	close(context);
	file_drop(&file);
}

/* Structs need not be aligned: user space may have packed them. */
static void unaligned(void **state)
{
	static uint8_t room[512], segments[512];
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_link link;
	struct pair pair;
	unsigned int shift;
	char got[8];

	(void)state;
	pair_open(&pair, PAIR_TCP4, 0, 0);
	program_memory(program, "bytes", 5);
	for (shift = 1; shift < 8; shift++) {
		link_prepare(&link, pair.tx, program);
		memcpy(segments + shift, program->segments,
		       sizeof(program->segments[0]));
		link.segments = (uintptr_t)(segments + shift);
		memcpy(room + shift, &link, sizeof(link));
		assert_int_equal(zcx_call(context, ZCX_IOC_LINK,
					  room + shift), 0);
		memcpy(&link, room + shift, sizeof(link));
		assert_int_equal(link.bytes_sent, 5);
		assert_int_equal(recv(pair.rx, got, 5, MSG_WAITALL), 5);
		assert_memory_equal(got, "bytes", 5);
	}
	pair_close(&pair);
	close(context);
}

/* What the caller left in the out members plays no part. */
static void out_members_ignored(void **state)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_link link;
	struct pair pair;

	(void)state;
	pair_open(&pair, PAIR_UNIX, 0, 0);
	program_memory(program, "bytes", 5);
	link_prepare(&link, pair.tx, program);
	memset(&link.id, 0xff, offsetof(struct zcx_link, __reserved) -
	       offsetof(struct zcx_link, id));
	assert_int_equal(link_send(context, &link), 0);
	assert_int_equal(link.id, 1);
	assert_null(link_problem_complete(&link, program, 0));
	pair_close(&pair);
	close(context);
}

/* Does the kernel run 32-bit programs at all? Asked of the file, by exec. */
static void program32(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (access(PROGRAM32, X_OK))
		fail_msg("%s is not there", PROGRAM32);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		execl(PROGRAM32, PROGRAM32, NULL);
		_exit(errno == ENOEXEC ? 126 : 125);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 126)
		test_skip("this kernel runs no 32-bit programs");
	if (!WIFEXITED(status))
		fail_msg("the 32-bit program got signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		fail_msg("the 32-bit program stopped at step %d",
			 WEXITSTATUS(status));
}

const struct vm_test abi_tests[] = {
	{ "abi_layout", layout, NULL, "test", "test", "std", 30,
	  "members are where they were published, without holes" },
	{ "abi_layout_async", layout_async, NULL, "all", "all", "std", 30,
	  "members of what links that run by themselves added" },
	{ "abi_by_hand", by_hand, NULL, "test", "test", "std", 30,
	  "INFO and LINK from plain numbers" },
	{ "abi_info", info, NULL, "test", "test", "std", 30,
	  "INFO tells version, limits, features and push method" },
	{ "abi_info_ktls", info_ktls, NULL, "test", "test", "std", 30,
	  "INFO has the KTLS bit where kernel TLS works" },
	{ "abi_beyond_a_page", beyond_a_page, NULL, "test", "test", "std", 30,
	  "a size beyond a page is refused" },
	{ "abi_larger_info", larger_info, NULL, "test", "test", "std", 30,
	  "a larger INFO struct: zero tail works, others are E2BIG" },
	{ "abi_larger_link", larger_link, NULL, "test", "test", "std", 30,
	  "a larger LINK struct with a zero tail works" },
	{ "abi_larger_segments", larger_segments, NULL, "test", "test", "std",
	  30, "larger segments with zero tails work" },
	{ "abi_bytes_behind", bytes_behind, NULL, "test", "test", "std", 30,
	  "nothing is read or written behind the struct's size" },
	{ "abi_unaligned", unaligned, NULL, "test", "test", "std", 30,
	  "structs at odd addresses work" },
	{ "abi_out_members", out_members_ignored, NULL, "test", "test", "std",
	  30, "out members may hold anything before the call" },
	{ "abi_32bit", program32, NULL, "test", "test", "std", 30,
	  "a 32-bit program on a 64-bit kernel sends and receives" },
	{ 0 }
};
