// SPDX-License-Identifier: GPL-2.0
/* Every line of the errno table that refuses a call for what is in it. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "guest.h"
#include "refusal.h"
#include "vmtest.h"

#define LIMIT_PARAM	"/sys/module/zcx/parameters/max_links"

/* Which struct of a scene a flaw is in. */
enum where { LINK, MEMORY, FILE_SEGMENT };

/**
 * struct flaw - one member that is wrong
 * @what: for people
 * @err: what it is refused with
 * @where: the struct
 * @offset: of the member
 * @width: of the member
 * @value: wrong
 */
struct flaw {
	const char *what;
	int err;
	enum where where;
	size_t offset;
	size_t width;
	uint64_t value;
};

#define IN_LINK(member) \
	LINK, offsetof(struct zcx_link, member), \
	sizeof(((struct zcx_link *)0)->member)
#define IN_MEMORY(member) \
	MEMORY, offsetof(struct zcx_segment, member), \
	sizeof(((struct zcx_segment *)0)->member)
#define IN_FILE(member) \
	FILE_SEGMENT, offsetof(struct zcx_segment, member), \
	sizeof(((struct zcx_segment *)0)->member)

static const struct flaw einval[] = {
	{ "size 0", -EINVAL, IN_LINK(size), 0 },
	{ "size 4", -EINVAL, IN_LINK(size), 4 },
	{ "size less one", -EINVAL, IN_LINK(size), 103 },
	{ "segment_size 0", -EINVAL, IN_LINK(segment_size), 0 },
	{ "segment_size less one", -EINVAL, IN_LINK(segment_size),
	  sizeof(struct zcx_segment) - 1 },
	{ "no segments", -EINVAL, IN_LINK(segment_count), 0 },
	{ "link reserved", -EINVAL, IN_LINK(__reserved), 1 },
	{ "link reserved, high", -EINVAL, IN_LINK(__reserved), 1U << 31 },
	{ "type 0", -EINVAL, IN_FILE(type), 0 },
	{ "type 3", -EINVAL, IN_FILE(type), 3 },
	{ "type -1", -EINVAL, IN_MEMORY(type), UINT32_MAX },
	{ "memory reserved", -EINVAL, IN_MEMORY(__reserved), 1 },
	{ "file reserved", -EINVAL, IN_FILE(__reserved), 1U << 31 },
	{ "SYNC and ACKED", -EINVAL, IN_LINK(flags),
	  ZCX_LINK_SYNC | ZCX_LINK_ACKED },
	{ "SYNC and deadline", -EINVAL, IN_LINK(deadline_ns), 1 },
	{ "SYNC and idle limit", -EINVAL, IN_LINK(idle_ns), 1 },
	{ "SYNC and rate", -EINVAL, IN_LINK(rate), 1 },
	{ "negative offset", -EINVAL, IN_FILE(offset), UINT64_MAX },
	{ "smallest offset", -EINVAL, IN_FILE(offset), 1ULL << 63 },
	{ "file with addr", -EINVAL, IN_FILE(addr), 1 },
	{ "memory with fd", -EINVAL, IN_MEMORY(fd), 1 },
	{ "memory with fd -1", -EINVAL, IN_MEMORY(fd), UINT32_MAX },
	{ "memory with offset", -EINVAL, IN_MEMORY(offset), 1 },
	{ 0 }
};

static const struct flaw e2big[] = {
	{ "segments", -E2BIG, IN_LINK(segment_count), ZCX_MAX_SEGMENTS + 1 },
	{ "all segments", -E2BIG, IN_LINK(segment_count), UINT32_MAX },
	{ "memory segment", -E2BIG, IN_MEMORY(length),
	  ZCX_MAX_MEMORY_SEGMENT + 1 },
	{ "memory to the end", -E2BIG, IN_MEMORY(length), ZCX_TO_EOF },
	{ 0 }
};

static const struct flaw eopnotsupp[] = {
	{ "lane 3", -EOPNOTSUPP, IN_LINK(lane), ZCX_LANE_SPLICE },
	{ "lane 4", -EOPNOTSUPP, IN_LINK(lane), 4 },
	{ "lane -1", -EOPNOTSUPP, IN_LINK(lane), UINT32_MAX },
	{ 0 }
};

static const struct flaw ebadf[] = {
	{ "socket -1", -EBADF, IN_LINK(socket_fd), UINT32_MAX },
	{ "socket not open", -EBADF, IN_LINK(socket_fd), 4001 },
	{ "socket INT_MIN", -EBADF, IN_LINK(socket_fd), 1U << 31 },
	{ "file -1", -EBADF, IN_FILE(fd), UINT32_MAX },
	{ "file not open", -EBADF, IN_FILE(fd), 4001 },
	{ "file INT_MAX", -EBADF, IN_FILE(fd), INT32_MAX },
	{ 0 }
};

static void spoil(struct refusal *scene, const struct flaw *flaw)
{
	uint8_t *at;

	refusal_reset(scene);
	switch (flaw->where) {
	case LINK:
		at = scene->room;
		break;
	case MEMORY:
		at = (uint8_t *)segment(scene, 0);
		break;
	default:
		at = (uint8_t *)segment(scene, 1);
		break;
	}
	memcpy(at + flaw->offset, &flaw->value, flaw->width);
}

static void flaws(void **state)
{
	const struct flaw *flaw;
	struct refusal scene;

	refusal_open(&scene, PAIR_TCP4);
	for (flaw = *state; flaw->what; flaw++) {
		spoil(&scene, flaw);
		refusal_refused(&scene, flaw->err, flaw->what);
	}
	refusal_close(&scene);
}

/* Each bit that means nothing yet, in each member of flags. */
static void unknown_flags(void **state)
{
	struct refusal scene;
	unsigned int i, bit;

	(void)state;
	refusal_open(&scene, PAIR_UNIX);
	for (bit = 6; bit < 32; bit++) {
		refusal_reset(&scene);
		scene.link.flags |= 1U << bit;
		refusal_refused(&scene, -EOPNOTSUPP, "link flag");
	}
	for (i = 0; i < 2; i++)
		for (bit = 0; bit < 32; bit++) {
			refusal_reset(&scene);
			segment(&scene, i)->flags = 1U << bit;
			refusal_refused(&scene, -EOPNOTSUPP, "segment flag");
		}
	refusal_close(&scene);
}

static void eoverflow(void **state)
{
	static const uint64_t range[][2] = {
		{ INT64_MAX, 1 }, { 1, INT64_MAX }, { INT64_MAX, INT64_MAX },
		{ 1ULL << 62, 1ULL << 62 }, { 0, 1ULL << 63 },
		{ 0, ZCX_TO_EOF - 1 }, { 1, ZCX_TO_EOF - 1 },
	};
	struct refusal scene;
	unsigned int i;

	(void)state;
	refusal_open(&scene, PAIR_TCP4);
	for (i = 0; i < ARRAY_SIZE(range); i++) {
		refusal_reset(&scene);
		segment(&scene, 1)->offset = range[i][0];
		segment(&scene, 1)->length = range[i][1];
		refusal_refused(&scene, -EOVERFLOW, "range");
	}
	refusal_close(&scene);
}

/* As long as can be said without an overflow: nothing is there, and SHORT. */
static void longest_range(void **state)
{
	struct refusal scene;

	(void)state;
	refusal_open(&scene, PAIR_TCP4);
	segment(&scene, 1)->offset = 1;
	segment(&scene, 1)->length = INT64_MAX - 1;
	assert_int_equal(link_send(scene.context, &scene.link), 0);
	assert_int_equal(scene.link.state, ZCX_STATE_SHORT);
	assert_int_equal(scene.link.bytes_sent, 6 + FILE_BYTES - 1);
	assert_int_equal(pair_readable(scene.pair.rx), 6 + FILE_BYTES - 1);
	pair_close(&scene.pair);
	assert_true(file_unlock(&scene.file));
	close(scene.context);
	file_drop(&scene.file);
}

/* A mapping of @pages pages between two that nobody may touch. */
static uint8_t *fenced(unsigned int pages)
{
	uint8_t *map = mmap(NULL, (pages + 2) * PAGE, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(map != MAP_FAILED);
	assert_int_equal(mprotect(map + PAGE, pages * PAGE,
				  PROT_READ | PROT_WRITE), 0);
	return map + PAGE;
}

/* The struct itself: nowhere, and cut off by the end of a mapping. */
static void efault_struct(void **state)
{
	uint8_t *page = fenced(1), *end = page + PAGE;
	struct refusal scene;
	size_t there;

	(void)state;
	refusal_open(&scene, PAIR_TCP4);
	assert_int_equal(zcx_call(scene.context, ZCX_IOC_LINK, NULL), -EFAULT);
	assert_int_equal(zcx_call(scene.context, ZCX_IOC_INFO, NULL), -EFAULT);
	assert_int_equal(zcx_call(scene.context, ZCX_IOC_LINK, end), -EFAULT);
	assert_int_equal(zcx_call(scene.context, ZCX_IOC_LINK, (void *)-1),
			 -EFAULT);
	for (there = 4; there < sizeof(struct zcx_link); there += 4) {
		memcpy(end - there, &scene.link, there);
		assert_int_equal(zcx_call(scene.context, ZCX_IOC_LINK,
					  end - there), -EFAULT);
	}
	assert_int_equal(pair_readable(scene.pair.rx), 0);
	refusal_close(&scene);
}

static void efault_segments(void **state)
{
	uint8_t *page = fenced(1), *end = page + PAGE;
	const size_t size = 2 * sizeof(struct zcx_segment);
	struct refusal scene;
	size_t there;

	(void)state;
	refusal_open(&scene, PAIR_TCP4);
	scene.link.segments = 0;
	refusal_refused(&scene, -EFAULT, "no array");
	scene.link.segments = (uintptr_t)end;
	refusal_refused(&scene, -EFAULT, "array out of bounds");
	scene.link.segments = ~7ULL;
	refusal_refused(&scene, -EFAULT, "array of the kernel's");
	scene.link.segments = 0xffff888000000000;
	refusal_refused(&scene, -EFAULT, "array in the direct map");
	for (there = 8; there < size; there += 8) {
		memcpy(end - there, scene.program->segments, there);
		scene.link.segments = (uintptr_t)(end - there);
		refusal_refused(&scene, -EFAULT, "array cut off");
	}
	refusal_close(&scene);
}

static void efault_memory(void **state)
{
	uint8_t *page = fenced(4), *end = page + 4 * PAGE;
	struct refusal scene;

	(void)state;
	refusal_open(&scene, PAIR_TCP4);
	segment(&scene, 0)->addr = 0;
	refusal_refused(&scene, -EFAULT, "memory nowhere");
	segment(&scene, 0)->addr = (uintptr_t)end - 5;
	refusal_refused(&scene, -EFAULT, "last byte of memory");
	segment(&scene, 0)->addr = (uintptr_t)end - 3 * PAGE;
	segment(&scene, 0)->length = 3 * PAGE + 1;
	refusal_refused(&scene, -EFAULT, "fourth page of memory");
	segment(&scene, 0)->addr = 0xffff888000000000;
	refusal_refused(&scene, -EFAULT, "memory of the kernel's");
	refusal_close(&scene);
}

/* A struct that cannot be written to: refused before anything is sent. */
static void efault_read_only(void **state)
{
	uint8_t *page = fenced(1);
	struct zcx_info *info = (void *)page;
	struct refusal scene;

	(void)state;
	refusal_open(&scene, PAIR_TCP4);
	info->size = sizeof(*info);
	assert_int_equal(mprotect(page, PAGE, PROT_READ), 0);
	assert_int_equal(zcx_call(scene.context, ZCX_IOC_INFO, page), -EFAULT);

	assert_int_equal(mprotect(page, PAGE, PROT_READ | PROT_WRITE), 0);
	memcpy(page, &scene.link, sizeof(scene.link));
	assert_int_equal(mprotect(page, PAGE, PROT_READ), 0);
	assert_int_equal(zcx_call(scene.context, ZCX_IOC_LINK, page), -EFAULT);
	assert_int_equal(pair_readable(scene.pair.rx), 0);
	refusal_close(&scene);
}

static void e2big_tails(void **state)
{
	static struct {
		struct zcx_segment segment;
		uint8_t tail[24];
	} wide[2];
	struct refusal scene;
	unsigned int i, at;

	(void)state;
	refusal_open(&scene, PAIR_TCP4);
	for (at = sizeof(struct zcx_link); at < PAGE; at += 333) {
		refusal_reset(&scene);
		scene.link.size = PAGE;
		scene.room[at] = 1;
		refusal_refused(&scene, -E2BIG, "tail of the link");
	}
	for (i = 0; i < 2; i++)
		for (at = 0; at < sizeof(wide[0].tail); at++) {
			refusal_reset(&scene);
			memset(wide, 0, sizeof(wide));
			wide[0].segment = *segment(&scene, 0);
			wide[1].segment = *segment(&scene, 1);
			wide[i].tail[at] = 0x80;
			scene.link.segments = (uintptr_t)wide;
			scene.link.segment_size = sizeof(wide[0]);
			refusal_refused(&scene, -E2BIG, "tail of a segment");
		}
	refusal_close(&scene);
}

static void e2big_memory(void **state)
{
	static uint8_t memory[ZCX_MAX_MEMORY_SEGMENT];
	struct refusal scene;
	unsigned int i;

	(void)state;
	refusal_open(&scene, PAIR_TCP4);
	for (i = 0; i < ZCX_MAX_MEMORY_LINK / sizeof(memory); i++)
		program_memory(scene.program, memory, sizeof(memory));
	link_prepare(&scene.link, scene.pair.tx, scene.program);
	refusal_refused(&scene, -E2BIG, "header and 1 MiB of memory");

	refusal_reset(&scene);
	program_clear(scene.program);
	for (i = 0; i < ZCX_MAX_MEMORY_LINK / sizeof(memory); i++)
		program_memory(scene.program, memory, sizeof(memory));
	program_memory(scene.program, memory, 1);
	link_prepare(&scene.link, scene.pair.tx, scene.program);
	refusal_refused(&scene, -E2BIG, "1 MiB of memory and one byte");
	refusal_close(&scene);
}

/* Whatever was taken hold of before the flaw was met is let go of. */
static void last_of_many(void **state)
{
	static uint8_t memory[1000];
	struct zcx_segment *last;
	struct refusal scene;
	unsigned int i;

	(void)state;
	refusal_open(&scene, PAIR_TCP4);
	for (i = scene.program->segment_count; i < ZCX_MAX_SEGMENTS; i++)
		if (i % 2)
			program_file(scene.program, &scene.file, i, 1);
		else
			program_memory(scene.program, memory, sizeof(memory));
	link_prepare(&scene.link, scene.pair.tx, scene.program);
	last = segment(&scene, ZCX_MAX_SEGMENTS - 1);
	assert_int_equal(last->type, ZCX_SEGMENT_FILE);

	last->type = 99;
	refusal_refused(&scene, -EINVAL, "last type");
	last->type = ZCX_SEGMENT_FILE;
	last->fd = scene.pair.tx;
	refusal_refused(&scene, -EOPNOTSUPP, "last file");
	last->fd = -1;
	refusal_refused(&scene, -EBADF, "last descriptor");
	last->fd = scene.file.fd;
	scene.link.socket_fd = -1;
	refusal_refused(&scene, -EBADF, "socket after all files");
	scene.link.socket_fd = scene.file.fd;
	refusal_refused(&scene, -ENOTSOCK, "no socket after all files");
	refusal_close(&scene);
}

static void enotty(void **state)
{
	static const unsigned long number[] = {
		ZCX_IOC_PROBE + 1, _IO(ZCX_IOC_TYPE, 0x80),
		_IO(ZCX_IOC_TYPE, 0xff), _IO(ZCX_IOC_TYPE + 1, 1),
		_IO(0, 0), _IO(0, 1),
		_IOW(ZCX_IOC_TYPE, 1, struct zcx_link),
		_IOWR(ZCX_IOC_TYPE, 1, struct zcx_link),
		_IOR(ZCX_IOC_TYPE, 0, struct zcx_info), 0, UINT32_MAX,
		TCGETS, FIONREAD,
	};
	struct refusal scene;
	unsigned int i;

	(void)state;
	refusal_open(&scene, PAIR_TCP4);
	for (i = 0; i < ARRAY_SIZE(number); i++) {
		assert_int_equal(zcx_call(scene.context, number[i],
					  &scene.link), -ENOTTY);
		assert_int_equal(zcx_call(scene.context, number[i], NULL),
				 -ENOTTY);
	}
	assert_int_equal(pair_readable(scene.pair.rx), 0);
	refusal_close(&scene);
}

/* Size of the first version of struct zcx_info. */
#define FIRST_INFO	48

static void info_flaws(void **state)
{
	struct zcx_info info, before;
	int context = zcx_open();
	unsigned int bit;

	(void)state;
	for (bit = 0; bit < 32; bit++) {
		memset(&info, 0x5a, sizeof(info));
		info.size = sizeof(info);
		info.flags = 1U << bit;
		before = info;
		assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info),
				 -EOPNOTSUPP);
		assert_memory_equal(&info, &before, sizeof(info));
	}
	info.flags = 0;
	for (info.size = 0; info.size < FIRST_INFO; info.size++)
		assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info),
				 -EINVAL);
	assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info), 0);
	assert_int_equal(info.size, FIRST_INFO);
	close(context);
}

/* What /dev/zcx does not do. */
static void other_calls(void **state)
{
	int context = zcx_open();
	char byte = 0;

	(void)state;
	assert_int_equal(read(context, &byte, 1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(write(context, &byte, 1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(lseek(context, 0, SEEK_SET), -1);
	assert_int_equal(errno, ESPIPE);
	assert_ptr_equal(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, context, 0),
			 MAP_FAILED);
	assert_int_equal(errno, ENODEV);
	close(context);
}

/* The descriptor of /dev/zcx need not be open for both directions. */
static void access_modes(void **state)
{
	static const int mode[] = { O_RDONLY, O_WRONLY, O_RDWR };
	struct refusal scene;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(mode); i++) {
		refusal_open(&scene, PAIR_UNIX);
		close(scene.context);
		scene.context = open(ZCX_DEVICE, mode[i] | O_CLOEXEC);
		assert_true(scene.context >= 0);
		scene.link.lane = 9;
		refusal_refused(&scene, -EOPNOTSUPP, "lane");
		refusal_close(&scene);
	}
}

static char max_links[32];

static void undo_max_links(void *arg)
{
	guest_write(LIMIT_PARAM, arg);
}

static void ebusy_none(void **state)
{
	struct refusal scene;

	(void)state;
	assert_true(guest_read(LIMIT_PARAM, max_links, sizeof(max_links)) > 0);
	test_at_end(undo_max_links, max_links);
	refusal_open(&scene, PAIR_TCP4);
	assert_int_equal(guest_write(LIMIT_PARAM, "0"), 0);
	refusal_refused(&scene, -EBUSY, "limit 0");
	assert_int_equal(guest_write(LIMIT_PARAM, "1"), 0);
	refusal_close(&scene);
}

#define FLAWS(name, table, what) \
	{ "refusals_" name, flaws, table, "test", "test", "std", 30, what }

const struct vm_test refusals_tests[] = {
	{ "refusals_enotty", enotty, NULL, "test", "test", "std", 30,
	  "unknown ioctl numbers are ENOTTY" },
	FLAWS("einval", einval, "members without meaning are EINVAL"),
	FLAWS("e2big", e2big, "counts and lengths above the limits are E2BIG"),
	FLAWS("eopnotsupp", eopnotsupp,
	      "flags and lanes of later versions are EOPNOTSUPP"),
	FLAWS("ebadf", ebadf, "descriptors that are not open are EBADF"),
	{ "refusals_flags", unknown_flags, NULL, "test", "test", "std", 30,
	  "every unknown flag is EOPNOTSUPP" },
	{ "refusals_eoverflow", eoverflow, NULL, "test", "test", "std", 30,
	  "offset + length beyond a file offset is EOVERFLOW" },
	{ "refusals_longest_range", longest_range, NULL, "test", "test", "std",
	  30, "the longest range there is gets accepted" },
	{ "refusals_efault_struct", efault_struct, NULL, "test", "test", "std",
	  30, "a struct that cannot be read is EFAULT" },
	{ "refusals_efault_segments", efault_segments, NULL, "test", "test",
	  "std", 30, "segments that cannot be read are EFAULT" },
	{ "refusals_efault_memory", efault_memory, NULL, "test", "test", "std",
	  30, "memory that cannot be read is EFAULT" },
	{ "refusals_efault_read_only", efault_read_only, NULL, "test", "test",
	  "std", 30, "a struct that cannot be written is EFAULT, unsent" },
	{ "refusals_e2big_tails", e2big_tails, NULL, "test", "test", "std", 30,
	  "tails that are not zero are E2BIG" },
	{ "refusals_e2big_memory", e2big_memory, NULL, "test", "test", "std",
	  30, "more than 1 MiB of memory is E2BIG" },
	{ "refusals_last_of_many", last_of_many, NULL, "test", "test", "std",
	  30, "1023 good segments before a bad one are let go of" },
	{ "refusals_info", info_flaws, NULL, "test", "test", "std", 30,
	  "INFO refuses flags and sizes it does not know" },
	{ "refusals_other_calls", other_calls, NULL, "test", "test", "std", 30,
	  "/dev/zcx has no read, write, seek or map" },
	{ "refusals_access_modes", access_modes, NULL, "test", "test", "std",
	  30, "/dev/zcx works however it was opened" },
	{ "refusals_ebusy", ebusy_none, NULL, "test", "test", "std", 30,
	  "beyond the limit of links is EBUSY" },
	{ 0 }
};
