// SPDX-License-Identifier: GPL-2.0
/*
 * Every line of the errno table that refuses a call. A refused call writes
 * nothing, sends nothing, uses up no number, and holds neither the file nor
 * the socket afterwards; and the same call without its flaw succeeds.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <linux/tcp.h>
#include <linux/vm_sockets.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "content.h"
#include "guest.h"
#include "link.h"
#include "pairs.h"
#include "receiver.h"
#include "vmtest.h"

#define PAGE		4096
#define FILE_BYTES	5000
#define LIMIT_PARAM	"/sys/module/zcx/parameters/max_links"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif
#ifndef AF_SMC
#define AF_SMC		43
#endif

/**
 * struct scene - a link with nothing wrong, to be spoilt
 * @program: a header and a file
 * @file: of @program; locked
 * @pair: where it goes
 * @context: fresh
 * @link: prepared; zeros behind it
 */
struct scene {
	struct program *program;
	struct vfile file;
	struct pair pair;
	int context;
	union {
		struct zcx_link link;
		uint8_t room[PAGE];
	};
};

static void scene_reset(struct scene *scene)
{
	memset(scene->room, 0, sizeof(scene->room));
	program_clear(scene->program);
	program_memory(scene->program, "header", 6);
	program_file(scene->program, &scene->file, 0, FILE_BYTES);
	link_prepare(&scene->link, scene->pair.tx, scene->program);
}

static void scene_open(struct scene *scene, enum pair_kind kind)
{
	memset(scene, 0, sizeof(*scene));
	pair_open(&scene->pair, kind, 0, 0);
	scene->context = zcx_open();
	scene->program = program_new();
	file_make(&scene->file, DIR_EXT4, FILE_BYTES);
	file_lock(&scene->file);
	scene_reset(scene);
}

static struct zcx_segment *segment(struct scene *scene, unsigned int i)
{
	return &scene->program->segments[i];
}

/* The call fails with @err, and that is all that happens. */
static void scene_refused(struct scene *scene, int err, const char *what)
{
	unsigned int fds = guest_count_fds();
	static uint8_t before[PAGE];
	int got;

	memcpy(before, scene->room, PAGE);
	got = link_send(scene->context, &scene->link);
	if (got != err)
		fail_msg("%s: %s (%d), not %s", what, strerror(-got), got,
			 strerror(-err));
	if (memcmp(before, scene->room, PAGE))
		fail_msg("%s: the struct was written to", what);
	if (pair_readable(scene->pair.rx))
		fail_msg("%s: something was sent", what);
	assert_int_equal(scene->link.id, 0);
	assert_int_equal(guest_count_fds(), fds);
	assert_int_equal(link_fdinfo(scene->context, "links"), 0);
	assert_int_equal(link_fdinfo(scene->context, "links_started"), 0);
}

static void assert_stream_ends(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char byte;

	assert_int_equal(poll(&pfd, 1, 10000), 1);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
}

/* The link as it was before it was spoilt goes, and nothing is held. */
static void scene_close(struct scene *scene)
{
	static uint8_t buf[FILE_BYTES + 6];
	struct cursor cursor = { 0 };

	scene_reset(scene);
	assert_int_equal(link_send(scene->context, &scene->link), 0);
	assert_int_equal(scene->link.id, 1);
	assert_int_equal(scene->link.bytes_sent, sizeof(buf));
	assert_int_equal(recv(scene->pair.rx, buf, sizeof(buf), MSG_WAITALL),
			 sizeof(buf));
	assert_int_equal(program_compare(scene->program, &cursor, buf,
					 sizeof(buf)), sizeof(buf));
	close(scene->pair.tx);
	scene->pair.tx = -1;
	assert_stream_ends(scene->pair.rx);
	pair_close(&scene->pair);
	assert_true(file_unlock(&scene->file));
	close(scene->context);
	file_drop(&scene->file);
}

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
	{ "size less one", -EINVAL, IN_LINK(size), sizeof(struct zcx_link) - 1 },
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
	{ "not SYNC", -EOPNOTSUPP, IN_LINK(flags), 0 },
	{ "only NOSIGNAL", -EOPNOTSUPP, IN_LINK(flags), ZCX_LINK_NOSIGNAL },
	{ "lane 2", -EOPNOTSUPP, IN_LINK(lane), 2 },
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

static void spoil(struct scene *scene, const struct flaw *flaw)
{
	uint8_t *at;

	scene_reset(scene);
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
	struct scene scene;

	scene_open(&scene, PAIR_TCP4);
	for (flaw = *state; flaw->what; flaw++) {
		spoil(&scene, flaw);
		scene_refused(&scene, flaw->err, flaw->what);
	}
	scene_close(&scene);
}

/* Each bit that means nothing yet, in each member of flags. */
static void unknown_flags(void **state)
{
	struct scene scene;
	unsigned int i, bit;

	(void)state;
	scene_open(&scene, PAIR_UNIX);
	for (bit = 2; bit < 32; bit++) {
		scene_reset(&scene);
		scene.link.flags |= 1U << bit;
		scene_refused(&scene, -EOPNOTSUPP, "link flag");
	}
	for (i = 0; i < 2; i++)
		for (bit = 0; bit < 32; bit++) {
			scene_reset(&scene);
			segment(&scene, i)->flags = 1U << bit;
			scene_refused(&scene, -EOPNOTSUPP, "segment flag");
		}
	scene_close(&scene);
}

static void eoverflow(void **state)
{
	static const uint64_t range[][2] = {
		{ INT64_MAX, 1 }, { 1, INT64_MAX }, { INT64_MAX, INT64_MAX },
		{ 1ULL << 62, 1ULL << 62 }, { 0, 1ULL << 63 },
		{ 0, ZCX_TO_EOF - 1 }, { 1, ZCX_TO_EOF - 1 },
	};
	struct scene scene;
	unsigned int i;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	for (i = 0; i < ARRAY_SIZE(range); i++) {
		scene_reset(&scene);
		segment(&scene, 1)->offset = range[i][0];
		segment(&scene, 1)->length = range[i][1];
		scene_refused(&scene, -EOVERFLOW, "range");
	}
	scene_close(&scene);
}

/* As long as can be said without an overflow: nothing is there, and SHORT. */
static void longest_range(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
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
	struct scene scene;
	size_t there;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
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
	scene_close(&scene);
}

static void efault_segments(void **state)
{
	uint8_t *page = fenced(1), *end = page + PAGE;
	const size_t size = 2 * sizeof(struct zcx_segment);
	struct scene scene;
	size_t there;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	scene.link.segments = 0;
	scene_refused(&scene, -EFAULT, "no array");
	scene.link.segments = (uintptr_t)end;
	scene_refused(&scene, -EFAULT, "array out of bounds");
	scene.link.segments = ~7ULL;
	scene_refused(&scene, -EFAULT, "array of the kernel's");
	scene.link.segments = 0xffff888000000000;
	scene_refused(&scene, -EFAULT, "array in the direct map");
	for (there = 8; there < size; there += 8) {
		memcpy(end - there, scene.program->segments, there);
		scene.link.segments = (uintptr_t)(end - there);
		scene_refused(&scene, -EFAULT, "array cut off");
	}
	scene_close(&scene);
}

static void efault_memory(void **state)
{
	uint8_t *page = fenced(4), *end = page + 4 * PAGE;
	struct scene scene;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	segment(&scene, 0)->addr = 0;
	scene_refused(&scene, -EFAULT, "memory nowhere");
	segment(&scene, 0)->addr = (uintptr_t)end - 5;
	scene_refused(&scene, -EFAULT, "last byte of memory");
	segment(&scene, 0)->addr = (uintptr_t)end - 3 * PAGE;
	segment(&scene, 0)->length = 3 * PAGE + 1;
	scene_refused(&scene, -EFAULT, "fourth page of memory");
	segment(&scene, 0)->addr = 0xffff888000000000;
	scene_refused(&scene, -EFAULT, "memory of the kernel's");
	scene_close(&scene);
}

/* A struct that cannot be written to: refused before anything is sent. */
static void efault_read_only(void **state)
{
	uint8_t *page = fenced(1);
	struct zcx_info *info = (void *)page;
	struct scene scene;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	info->size = sizeof(*info);
	assert_int_equal(mprotect(page, PAGE, PROT_READ), 0);
	assert_int_equal(zcx_call(scene.context, ZCX_IOC_INFO, page), -EFAULT);

	assert_int_equal(mprotect(page, PAGE, PROT_READ | PROT_WRITE), 0);
	memcpy(page, &scene.link, sizeof(scene.link));
	assert_int_equal(mprotect(page, PAGE, PROT_READ), 0);
	assert_int_equal(zcx_call(scene.context, ZCX_IOC_LINK, page), -EFAULT);
	assert_int_equal(pair_readable(scene.pair.rx), 0);
	scene_close(&scene);
}

static void e2big_tails(void **state)
{
	static struct {
		struct zcx_segment segment;
		uint8_t tail[24];
	} wide[2];
	struct scene scene;
	unsigned int i, at;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	for (at = sizeof(struct zcx_link); at < PAGE; at += 333) {
		scene_reset(&scene);
		scene.link.size = PAGE;
		scene.room[at] = 1;
		scene_refused(&scene, -E2BIG, "tail of the link");
	}
	for (i = 0; i < 2; i++)
		for (at = 0; at < sizeof(wide[0].tail); at++) {
			scene_reset(&scene);
			memset(wide, 0, sizeof(wide));
			wide[0].segment = *segment(&scene, 0);
			wide[1].segment = *segment(&scene, 1);
			wide[i].tail[at] = 0x80;
			scene.link.segments = (uintptr_t)wide;
			scene.link.segment_size = sizeof(wide[0]);
			scene_refused(&scene, -E2BIG, "tail of a segment");
		}
	scene_close(&scene);
}

static void e2big_memory(void **state)
{
	static uint8_t memory[ZCX_MAX_MEMORY_SEGMENT];
	struct scene scene;
	unsigned int i;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	for (i = 0; i < ZCX_MAX_MEMORY_LINK / sizeof(memory); i++)
		program_memory(scene.program, memory, sizeof(memory));
	link_prepare(&scene.link, scene.pair.tx, scene.program);
	scene_refused(&scene, -E2BIG, "header and 1 MiB of memory");

	scene_reset(&scene);
	program_clear(scene.program);
	for (i = 0; i < ZCX_MAX_MEMORY_LINK / sizeof(memory); i++)
		program_memory(scene.program, memory, sizeof(memory));
	program_memory(scene.program, memory, 1);
	link_prepare(&scene.link, scene.pair.tx, scene.program);
	scene_refused(&scene, -E2BIG, "1 MiB of memory and one byte");
	scene_close(&scene);
}

/* Whatever was taken hold of before the flaw was met is let go of. */
static void last_of_many(void **state)
{
	static uint8_t memory[1000];
	struct zcx_segment *last;
	struct scene scene;
	unsigned int i;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	for (i = scene.program->segment_count; i < ZCX_MAX_SEGMENTS; i++)
		if (i % 2)
			program_file(scene.program, &scene.file, i, 1);
		else
			program_memory(scene.program, memory, sizeof(memory));
	link_prepare(&scene.link, scene.pair.tx, scene.program);
	last = segment(&scene, ZCX_MAX_SEGMENTS - 1);
	assert_int_equal(last->type, ZCX_SEGMENT_FILE);

	last->type = 99;
	scene_refused(&scene, -EINVAL, "last type");
	last->type = ZCX_SEGMENT_FILE;
	last->fd = scene.pair.tx;
	scene_refused(&scene, -EOPNOTSUPP, "last file");
	last->fd = -1;
	scene_refused(&scene, -EBADF, "last descriptor");
	last->fd = scene.file.fd;
	scene.link.socket_fd = -1;
	scene_refused(&scene, -EBADF, "socket after all files");
	scene.link.socket_fd = scene.file.fd;
	scene_refused(&scene, -ENOTSOCK, "no socket after all files");
	scene_close(&scene);
}

static void enotty(void **state)
{
	static const unsigned long number[] = {
		_IO(ZCX_IOC_TYPE, 2), _IO(ZCX_IOC_TYPE, 3),
		_IO(ZCX_IOC_TYPE, 0xff), _IO(ZCX_IOC_TYPE + 1, 1),
		_IO(0, 0), _IO(0, 1),
		_IOW(ZCX_IOC_TYPE, 1, struct zcx_link),
		_IOWR(ZCX_IOC_TYPE, 1, struct zcx_link),
		_IOR(ZCX_IOC_TYPE, 0, struct zcx_info), 0, UINT32_MAX,
		TCGETS, FIONREAD,
	};
	struct scene scene;
	unsigned int i;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	for (i = 0; i < ARRAY_SIZE(number); i++) {
		assert_int_equal(zcx_call(scene.context, number[i],
					  &scene.link), -ENOTTY);
		assert_int_equal(zcx_call(scene.context, number[i], NULL),
				 -ENOTTY);
	}
	assert_int_equal(pair_readable(scene.pair.rx), 0);
	scene_close(&scene);
}

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
	for (info.size = 0; info.size < sizeof(info); info.size++)
		assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info),
				 -EINVAL);
	assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info), 0);
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
	struct scene scene;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(mode); i++) {
		scene_open(&scene, PAIR_UNIX);
		close(scene.context);
		scene.context = open(ZCX_DEVICE, mode[i] | O_CLOEXEC);
		assert_true(scene.context >= 0);
		scene.link.lane = 9;
		scene_refused(&scene, -EOPNOTSUPP, "lane");
		scene_close(&scene);
	}
}

static char max_links[32];

static void undo_max_links(void *arg)
{
	guest_write(LIMIT_PARAM, arg);
}

static void ebusy_none(void **state)
{
	struct scene scene;

	(void)state;
	assert_true(guest_read(LIMIT_PARAM, max_links, sizeof(max_links)) > 0);
	test_at_end(undo_max_links, max_links);
	scene_open(&scene, PAIR_TCP4);
	assert_int_equal(guest_write(LIMIT_PARAM, "0"), 0);
	scene_refused(&scene, -EBUSY, "limit 0");
	assert_int_equal(guest_write(LIMIT_PARAM, "1"), 0);
	scene_close(&scene);
}

/* Files that are not what they should be */

/**
 * struct file_case - a descriptor to name in a file segment
 * @err: what it is refused with
 * @open: returns it, or -1 with errno if there is none here
 */
struct file_case {
	int err;
	int (*open)(const struct scene *scene);
};

static void file_refused(void **state)
{
	const struct file_case *file = *state;
	struct scene scene;
	int fd;

	scene_open(&scene, PAIR_TCP4);
	fd = file->open(&scene);
	if (fd < 0)
		test_skip("there is none here: %s", strerror(errno));
	segment(&scene, 1)->fd = fd;
	scene_refused(&scene, file->err, "sole file");
	scene.link.lane = ZCX_LANE_CACHE;
	scene_refused(&scene, file->err, "by the cache lane");
	scene.link.lane = ZCX_LANE_AUTO;
	segment(&scene, 1)->length = 0;
	scene_refused(&scene, file->err, "no bytes of it");
	segment(&scene, 1)->length = ZCX_TO_EOF;
	scene_refused(&scene, file->err, "to its end");
	scene_reset(&scene);
	program_file(scene.program, &scene.file, 0, FILE_BYTES);
	segment(&scene, 2)->fd = fd;
	scene.link.segment_count = 3;
	scene_refused(&scene, file->err, "behind a good file");
	close(fd);
	scene_close(&scene);
}

static int open_directory(const struct scene *scene)
{
	(void)scene;
	return open(DIR_EXT4, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_o_path(const struct scene *scene)
{
	return open(scene->file.path, O_PATH | O_CLOEXEC);
}

static int open_directory_o_path(const struct scene *scene)
{
	(void)scene;
	return open(DIR_EXT4, O_PATH | O_CLOEXEC);
}

static int open_write_only(const struct scene *scene)
{
	return open(scene->file.path, O_WRONLY | O_CLOEXEC);
}

/* Access mode 3: for neither, as some drivers have it. */
static int open_for_nothing(const struct scene *scene)
{
	return open(scene->file.path, O_ACCMODE | O_CLOEXEC);
}

static int open_char_device(const struct scene *scene)
{
	(void)scene;
	return open("/dev/zero", O_RDONLY | O_CLOEXEC);
}

static int open_block_device(const struct scene *scene)
{
	(void)scene;
	return open("/dev/vda", O_RDONLY | O_CLOEXEC);
}

static int open_pipe(const struct scene *scene)
{
	int fd[2];

	(void)scene;
	if (pipe2(fd, O_CLOEXEC))
		return -1;
	assert_int_equal(write(fd[1], "header header", 13), 13);
	close(fd[1]);
	return fd[0];
}

static void undo_unlink(void *arg)
{
	unlink(arg);
}

static int open_fifo(const struct scene *scene)
{
	static char path[] = "/tmp/zcx-fifo";

	(void)scene;
	if (mkfifo(path, 0600))
		return -1;
	test_at_end(undo_unlink, path);
	return open(path, O_RDWR | O_CLOEXEC);
}

static int open_socket(const struct scene *scene)
{
	return dup(scene->pair.rx);
}

static int open_eventfd(const struct scene *scene)
{
	(void)scene;
	return eventfd(1, EFD_CLOEXEC);
}

static int open_epoll(const struct scene *scene)
{
	(void)scene;
	return epoll_create1(EPOLL_CLOEXEC);
}

static int open_timerfd(const struct scene *scene)
{
	(void)scene;
	return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
}

static int open_context(const struct scene *scene)
{
	return dup(scene->context);
}

/* A process's memory: a regular file without pages to hand out. */
static int open_proc_mem(const struct scene *scene)
{
	(void)scene;
	return open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
}

static int open_pagemap(const struct scene *scene)
{
	(void)scene;
	return open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
}

/* A regular file that knows no offsets. */
static int open_trace_pipe(const struct scene *scene)
{
	(void)scene;
	return open("/sys/kernel/tracing/trace_pipe", O_RDONLY | O_CLOEXEC);
}

static int open_secret(const struct scene *scene)
{
	int fd = -1;

	(void)scene;
#ifdef SYS_memfd_secret
	fd = syscall(SYS_memfd_secret, FD_CLOEXEC);
#else
	errno = ENOSYS;
#endif
	if (fd >= 0)
		assert_int_equal(ftruncate(fd, 8192), 0);
	return fd;
}

static const struct file_case directory = { -EISDIR, open_directory },
	o_path = { -EBADF, open_o_path },
	directory_o_path = { -EBADF, open_directory_o_path },
	write_only = { -EBADF, open_write_only },
	for_nothing = { -EBADF, open_for_nothing },
	char_device = { -EOPNOTSUPP, open_char_device },
	block_device = { -EOPNOTSUPP, open_block_device },
	pipe_end = { -EOPNOTSUPP, open_pipe },
	fifo = { -EOPNOTSUPP, open_fifo },
	socket_file = { -EOPNOTSUPP, open_socket },
	event_file = { -EOPNOTSUPP, open_eventfd },
	epoll_file = { -EOPNOTSUPP, open_epoll },
	timer_file = { -EOPNOTSUPP, open_timerfd },
	context_file = { -EOPNOTSUPP, open_context },
	proc_mem = { -EOPNOTSUPP, open_proc_mem },
	proc_pagemap = { -EOPNOTSUPP, open_pagemap },
	trace_pipe = { -EOPNOTSUPP, open_trace_pipe },
	secret = { -EOPNOTSUPP, open_secret };

/* Somebody who may refuse a file refuses it. */
static void deny_all(int notify)
{
	struct fanotify_event_metadata event;

	while (read(notify, &event, sizeof(event)) == sizeof(event)) {
		struct fanotify_response response = {
			.fd = event.fd,
			.response = FAN_DENY,
		};

		if (write(notify, &response, sizeof(response)) < 0)
			_exit(1);
		close(event.fd);
	}
	_exit(0);
}

static void permission_event(void **state)
{
	struct scene scene;
	int notify, err;
	char byte;
	pid_t pid;

	(void)state;
	notify = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY);
	if (notify < 0)
		test_skip("no fanotify: %s", strerror(errno));
	scene_open(&scene, PAIR_TCP4);
	if (fanotify_mark(notify, FAN_MARK_ADD, FAN_ACCESS_PERM, AT_FDCWD,
			  scene.file.path))
		test_skip("no permission events: %s", strerror(errno));
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		deny_all(notify);
	/* Where read(2) is not refused, no security hooks are built in. */
	err = pread(scene.file.fd, &byte, 1, 0) < 0 ? errno : 0;
	if (err)
		scene_refused(&scene, -err, "permission event");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(notify);
	if (!err)
		test_skip("this kernel asks nobody");
	scene_close(&scene);
}

/* Sockets that are not what they should be */

/**
 * struct socket_case - a descriptor to name as the socket
 * @err: what it is refused with
 * @open: returns 0 with @fd and, if there is one, @peer filled in; or -1 with
 *	errno if there is none here
 */
struct socket_case {
	int err;
	int (*open)(int *fd, int *peer);
};

static void socket_refused(void **state)
{
	const struct socket_case *sock = *state;
	int fd = -1, peer = -1;
	struct scene scene;
	char buf[64];

	scene_open(&scene, PAIR_TCP4);
	if (sock->open(&fd, &peer))
		test_skip("there is none here: %s", strerror(errno));
	scene.link.socket_fd = fd;
	scene_refused(&scene, sock->err, "socket");
	scene.link.flags |= ZCX_LINK_NOSIGNAL;
	scene.link.segment_count = 1;
	scene_refused(&scene, sock->err, "only memory");
	segment(&scene, 0)->length = 0;
	scene_refused(&scene, sock->err, "nothing at all");
	if (peer >= 0) {
		guest_sleep_ms(20);
		assert_int_equal(recv(peer, buf, sizeof(buf), MSG_DONTWAIT),
				 -1);
		assert_int_equal(errno, EAGAIN);
		close(peer);
	}
	close(fd);
	scene_close(&scene);
}

/* A listener at @addr, which gets the port it was given. */
static int listener(int family, int protocol, void *addr, socklen_t length)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -1;
	if (bind(fd, addr, length) || listen(fd, 4) ||
	    getsockname(fd, addr, &length)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int connected(int family, int protocol, void *addr, socklen_t length,
		     int *fd, int *peer)
{
	int from = listener(family, protocol, addr, length);

	if (from < 0)
		return -1;
	*fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	if (*fd < 0 || connect(*fd, addr, length)) {
		int err = errno;

		close(from);
		close(*fd);
		errno = err;
		return -1;
	}
	*peer = accept4(from, NULL, NULL, SOCK_CLOEXEC);
	close(from);
	return *peer < 0 ? -1 : 0;
}

static struct sockaddr_in loopback(void)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* Two datagram sockets, the one connected to the other. */
static int datagram(int family, void *addr, socklen_t length, int protocol,
		    int *fd, int *peer)
{
	*peer = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, protocol);
	if (*peer < 0)
		return -1;
	if (bind(*peer, addr, length) || getsockname(*peer, addr, &length))
		return -1;
	*fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, protocol);
	return connect(*fd, addr, length);
}

static int open_udp4(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	return datagram(AF_INET, &addr, sizeof(addr), 0, fd, peer);
}

static int open_udp6(int *fd, int *peer)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	return datagram(AF_INET6, &addr, sizeof(addr), 0, fd, peer);
}

static int open_udplite(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	return datagram(AF_INET, &addr, sizeof(addr), IPPROTO_UDPLITE, fd,
			peer);
}

static int open_raw(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	(void)peer;
	*fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 253);
	return *fd < 0 ? -1 : connect(*fd, (void *)&addr, sizeof(addr));
}

static int open_packet(int *fd, int *peer)
{
	(void)peer;
	guest_modprobe("af_packet");
	*fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	return *fd < 0 ? -1 : 0;
}

static int open_netlink(int *fd, int *peer)
{
	(void)peer;
	*fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	return *fd < 0 ? -1 : 0;
}

static int open_unix_pair(int type, int *fd, int *peer)
{
	int both[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, both))
		return -1;
	*fd = both[0];
	*peer = both[1];
	return 0;
}

static int open_unix_dgram(int *fd, int *peer)
{
	return open_unix_pair(SOCK_DGRAM, fd, peer);
}

static int open_unix_seqpacket(int *fd, int *peer)
{
	return open_unix_pair(SOCK_SEQPACKET, fd, peer);
}

static int open_mptcp(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	return connected(AF_INET, IPPROTO_MPTCP, &addr, sizeof(addr), fd,
			 peer);
}

static int open_sctp(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	guest_modprobe("sctp");
	return connected(AF_INET, IPPROTO_SCTP, &addr, sizeof(addr), fd, peer);
}

static int open_smc(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	guest_modprobe("smc");
	return connected(AF_SMC, 0, &addr, sizeof(addr), fd, peer);
}

static int open_vsock(int *fd, int *peer)
{
	struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_LOCAL,
		.svm_port = VMADDR_PORT_ANY,
	};

	guest_modprobe("vsock");
	guest_modprobe("vsock_loopback");
	return connected(AF_VSOCK, 0, &addr, sizeof(addr), fd, peer);
}

static int open_tipc(int *fd, int *peer)
{
	int both[2];

	guest_modprobe("tipc");
	if (socketpair(AF_TIPC, SOCK_STREAM | SOCK_CLOEXEC, 0, both))
		return -1;
	*fd = both[0];
	*peer = both[1];
	return 0;
}

static int open_kcm(int *fd, int *peer)
{
	(void)peer;
	guest_modprobe("kcm");
	*fd = socket(AF_KCM, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	return *fd < 0 ? -1 : 0;
}

static int open_alg_type(const char *type, const char *name, int *fd)
{
	struct sockaddr_alg addr = { .salg_family = AF_ALG };
	int tfm = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (tfm < 0)
		return -1;
	strcpy((char *)addr.salg_type, type);
	strcpy((char *)addr.salg_name, name);
	if (bind(tfm, (void *)&addr, sizeof(addr)))
		return -1;
	*fd = accept4(tfm, NULL, NULL, SOCK_CLOEXEC);
	close(tfm);
	return *fd < 0 ? -1 : 0;
}

static int open_alg(int *fd, int *peer)
{
	(void)peer;
	guest_modprobe("af_alg");
	guest_modprobe("algif_hash");
	if (!open_alg_type("hash", "sha256", fd))
		return 0;
	return open_alg_type("hash", "sha1", fd);
}

static int open_tcp_new(int *fd, int *peer)
{
	(void)peer;
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return 0;
}

static int open_tcp_bound(int *fd, int *peer)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };

	(void)peer;
	*fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(*fd, (void *)&addr, sizeof(addr));
}

static int open_tcp_listening(int *fd, int *peer)
{
	struct sockaddr_in addr = loopback();

	(void)peer;
	*fd = listener(AF_INET, 0, &addr, sizeof(addr));
	return *fd < 0 ? -1 : 0;
}

static int open_unix_new(int *fd, int *peer)
{
	(void)peer;
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return *fd < 0 ? -1 : 0;
}

static int open_unix_listening(int *fd, int *peer)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	(void)peer;
	snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "zcx-%d",
		 getpid());
	*fd = listener(AF_UNIX, 0, &addr, sizeof(addr));
	return *fd < 0 ? -1 : 0;
}

static int open_repair(int *fd, int *peer)
{
	struct pair pair;
	int on = 1;

	pair_open(&pair, PAIR_TCP4, 0, 0);
	*fd = pair.tx;
	*peer = pair.rx;
	return setsockopt(*fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on));
}

static int open_not_socket_pipe(int *fd, int *peer)
{
	int both[2];

	(void)peer;
	if (pipe2(both, O_CLOEXEC))
		return -1;
	*fd = both[1];
	return 0;
}

static int open_not_socket_file(int *fd, int *peer)
{
	(void)peer;
	*fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return *fd < 0 ? -1 : 0;
}

static int open_not_socket_device(int *fd, int *peer)
{
	(void)peer;
	*fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return *fd < 0 ? -1 : 0;
}

static int open_not_socket_context(int *fd, int *peer)
{
	(void)peer;
	*fd = zcx_open();
	return 0;
}

static int open_not_socket_event(int *fd, int *peer)
{
	(void)peer;
	*fd = eventfd(0, EFD_CLOEXEC);
	return 0;
}

/* A socket's name in the file system, which is no way to the socket. */
static int open_socket_o_path(int *fd, int *peer)
{
	static struct sockaddr_un addr = {
		.sun_family = AF_UNIX,
		.sun_path = "/tmp/zcx-socket",
	};
	int named = listener(AF_UNIX, 0, &addr, sizeof(addr));

	(void)peer;
	if (named < 0)
		return -1;
	test_at_end(undo_unlink, addr.sun_path);
	*fd = open(addr.sun_path, O_PATH | O_CLOEXEC);
	close(named);
	return *fd < 0 ? -1 : 0;
}

static const struct socket_case udp4 = { -EOPNOTSUPP, open_udp4 },
	udp6 = { -EOPNOTSUPP, open_udp6 },
	udplite = { -EOPNOTSUPP, open_udplite },
	raw = { -EOPNOTSUPP, open_raw },
	packet = { -EOPNOTSUPP, open_packet },
	netlink = { -EOPNOTSUPP, open_netlink },
	unix_dgram = { -EOPNOTSUPP, open_unix_dgram },
	unix_seqpacket = { -EOPNOTSUPP, open_unix_seqpacket },
	mptcp = { -EOPNOTSUPP, open_mptcp },
	sctp = { -EOPNOTSUPP, open_sctp },
	smc = { -EOPNOTSUPP, open_smc },
	vsock = { -EOPNOTSUPP, open_vsock },
	tipc = { -EOPNOTSUPP, open_tipc },
	kcm = { -EOPNOTSUPP, open_kcm },
	alg = { -EOPNOTSUPP, open_alg },
	tcp_new = { -ENOTCONN, open_tcp_new },
	tcp_bound = { -ENOTCONN, open_tcp_bound },
	tcp_listening = { -ENOTCONN, open_tcp_listening },
	unix_new = { -ENOTCONN, open_unix_new },
	unix_listening = { -ENOTCONN, open_unix_listening },
	repair = { -EOPNOTSUPP, open_repair },
	not_socket_pipe = { -ENOTSOCK, open_not_socket_pipe },
	not_socket_file = { -ENOTSOCK, open_not_socket_file },
	not_socket_device = { -ENOTSOCK, open_not_socket_device },
	not_socket_context = { -ENOTSOCK, open_not_socket_context },
	not_socket_event = { -ENOTSOCK, open_not_socket_event },
	socket_o_path = { -EBADF, open_socket_o_path };

/* A socket of a good kind, put into a sockmap and taken out again. */

static int bpf_call(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int sockmap_new(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_SOCKMAP,
		.key_size = sizeof(int),
		.value_size = sizeof(int),
		.max_entries = 1,
	};
	int map = bpf_call(BPF_MAP_CREATE, &attr);

	if (map < 0)
		test_skip("no sockmap: %s", strerror(errno));
	return map;
}

static int sockmap_put(int map, int fd)
{
	int key = 0;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&fd,
	};

	return bpf_call(BPF_MAP_UPDATE_ELEM, &attr);
}

static int sockmap_take(int map)
{
	int key = 0;
	union bpf_attr attr = { .map_fd = map, .key = (uintptr_t)&key };

	return bpf_call(BPF_MAP_DELETE_ELEM, &attr);
}

static void sockmap(void **state)
{
	struct scene scene;
	int map = sockmap_new();

	scene_open(&scene, *(const enum pair_kind *)*state);
	if (sockmap_put(map, scene.pair.tx))
		test_skip("no such socket in a sockmap: %s", strerror(errno));
	scene_refused(&scene, -EOPNOTSUPP, "in a sockmap");
	scene.link.segment_count = 1;
	scene_refused(&scene, -EOPNOTSUPP, "memory, in a sockmap");
	assert_int_equal(sockmap_take(map), 0);
	close(map);
	scene_close(&scene);
}

/* A link is on its way, asleep, when its socket becomes one of those. */
static void sockmap_midway(void **state)
{
	struct program *program = program_new();
	struct receiver receiver = { .expect = program, .held = true };
	struct sender sender = { 0 };
	int map = sockmap_new();
	struct vfile file;
	struct pair pair;

	pair_open(&pair, *(const enum pair_kind *)*state, 32768, 32768);
	sender.context = zcx_open();
	file_make(&file, DIR_EXT4, 2 * MIB);
	program_file(program, &file, 0, ZCX_TO_EOF);
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	link_prepare(&sender.link, pair.tx, program);
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	if (sockmap_put(map, pair.tx)) {
		int err = errno;

		receiver_go(&receiver);
		sender_join(&sender);
		test_skip("no such socket in a sockmap: %s", strerror(err));
	}
	receiver_go(&receiver);
	sender_join(&sender);
	assert_int_equal(sender.err, 0);
	assert_null(link_problem(&sender.link));
	assert_int_equal(sender.link.error, EOPNOTSUPP);
	assert_int_equal(sender.link.state, ZCX_STATE_FAILED);
	assert_in_range(sender.link.bytes_sent, 1, program->bytes - 1);
	assert_int_equal(sockmap_take(map), 0);
	close(map);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, sender.link.bytes_sent);
	pair_close(&pair);
	close(sender.context);
	file_drop(&file);
}

/* A socket in repair takes nothing, and afterwards is as good as before. */
static void repair_and_back(void **state)
{
	struct scene scene;
	int value = 1;

	(void)state;
	scene_open(&scene, PAIR_TCP6);
	if (setsockopt(scene.pair.tx, IPPROTO_TCP, TCP_REPAIR, &value,
		       sizeof(value)))
		test_skip("TCP_REPAIR: %s", strerror(errno));
	scene_refused(&scene, -EOPNOTSUPP, "in repair");
	value = -1;	/* off, without a window probe */
	assert_int_equal(setsockopt(scene.pair.tx, IPPROTO_TCP, TCP_REPAIR,
				    &value, sizeof(value)), 0);
	scene_close(&scene);
}

/* Every upper-layer protocol there is, but for TLS. */
static void other_ulps(void **state)
{
	char text[512], *name, *rest = text;
	struct scene scene;
	unsigned int tried = 0;

	(void)state;
	if (guest_read("/proc/sys/net/ipv4/tcp_available_ulp", text,
		       sizeof(text)) < 0)
		test_skip("no upper-layer protocols");
	while ((name = strsep(&rest, " \n"))) {
		if (!*name || !strcmp(name, "tls"))
			continue;
		scene_open(&scene, PAIR_TCP4);
		if (!setsockopt(scene.pair.tx, IPPROTO_TCP, TCP_ULP, name,
				strlen(name) + 1)) {
			scene_refused(&scene, -EOPNOTSUPP, name);
			tried++;
		}
		pair_close(&scene.pair);
		close(scene.context);
		file_drop(&scene.file);
	}
	if (!tried)
		test_skip("none but TLS can be attached: %s", text);
}

static const enum pair_kind tcp4 = PAIR_TCP4, tcp6 = PAIR_TCP6,
			    unix_stream = PAIR_UNIX;

#define FLAWS(name, table, what) \
	{ "refusals_" name, flaws, table, "test", "test", "std", 30, what }
#define FILES(name, file, what) \
	{ "refusals_file_" name, file_refused, &(file), "test", "test", "std", \
	  30, what }
#define SOCKETS(name, sock, what) \
	{ "refusals_socket_" name, socket_refused, &(sock), "test", "test", \
	  "std", 30, what }

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
	{ "refusals_permission", permission_event, NULL, "test", "test", "std",
	  30, "a permission event that says no is EPERM" },

	FILES("directory", directory, "a directory is EISDIR"),
	FILES("o_path", o_path, "an O_PATH descriptor is EBADF"),
	FILES("directory_o_path", directory_o_path,
	      "an O_PATH descriptor of a directory is EBADF"),
	FILES("write_only", write_only, "a file open for writing is EBADF"),
	FILES("for_nothing", for_nothing, "access mode 3 is EBADF"),
	FILES("char_device", char_device, "a character device is refused"),
	FILES("block_device", block_device, "a block device is refused"),
	FILES("pipe", pipe_end, "a pipe is refused as a file"),
	FILES("fifo", fifo, "a FIFO is refused as a file"),
	FILES("socket", socket_file, "a socket is refused as a file"),
	FILES("eventfd", event_file, "an eventfd is refused"),
	FILES("epoll", epoll_file, "an epoll descriptor is refused"),
	FILES("timerfd", timer_file, "a timerfd is refused"),
	FILES("context", context_file, "/dev/zcx is refused as a file"),
	FILES("proc_mem", proc_mem, "/proc/PID/mem is refused"),
	FILES("proc_pagemap", proc_pagemap, "/proc/PID/pagemap is refused"),
	FILES("trace_pipe", trace_pipe, "a file without offsets is refused"),
	FILES("secretmem", secret, "memfd_secret(2) memory is refused"),

	SOCKETS("udp4", udp4, "UDP over IPv4 is refused"),
	SOCKETS("udp6", udp6, "UDP over IPv6 is refused"),
	SOCKETS("udplite", udplite, "UDP-Lite is refused"),
	SOCKETS("raw", raw, "a raw IP socket is refused"),
	SOCKETS("packet", packet, "a packet socket is refused"),
	SOCKETS("netlink", netlink, "netlink is refused"),
	SOCKETS("unix_dgram", unix_dgram, "AF_UNIX datagrams are refused"),
	SOCKETS("unix_seqpacket", unix_seqpacket,
		"AF_UNIX sequenced packets are refused"),
	SOCKETS("mptcp", mptcp, "Multipath TCP is refused"),
	SOCKETS("sctp", sctp, "SCTP is refused"),
	SOCKETS("smc", smc, "SMC is refused"),
	SOCKETS("vsock", vsock, "vsock is refused"),
	SOCKETS("tipc", tipc, "TIPC is refused"),
	SOCKETS("kcm", kcm, "KCM is refused"),
	SOCKETS("alg", alg, "AF_ALG is refused"),
	SOCKETS("tcp_new", tcp_new, "TCP, never connected, is ENOTCONN"),
	SOCKETS("tcp_bound", tcp_bound, "TCP, only bound, is ENOTCONN"),
	SOCKETS("tcp_listening", tcp_listening, "TCP, listening, is ENOTCONN"),
	SOCKETS("unix_new", unix_new, "AF_UNIX, never connected, is ENOTCONN"),
	SOCKETS("unix_listening", unix_listening,
		"AF_UNIX, listening, is ENOTCONN"),
	SOCKETS("repair", repair, "TCP in repair is refused"),
	SOCKETS("not_pipe", not_socket_pipe, "a pipe is ENOTSOCK"),
	SOCKETS("not_file", not_socket_file, "a regular file is ENOTSOCK"),
	SOCKETS("not_device", not_socket_device, "/dev/null is ENOTSOCK"),
	SOCKETS("not_context", not_socket_context, "/dev/zcx is ENOTSOCK"),
	SOCKETS("not_event", not_socket_event, "an eventfd is ENOTSOCK"),
	SOCKETS("o_path", socket_o_path, "a socket by O_PATH is EBADF"),
	{ "refusals_repair", repair_and_back, NULL, "test", "all", "std", 30,
	  "TCP in repair is refused, and sent to when it is over" },
	{ "refusals_ulps", other_ulps, NULL, "test", "test", "std", 30,
	  "TCP under another upper-layer protocol is refused" },
	{ "refusals_sockmap_tcp4", sockmap, &tcp4, "test", "test", "std", 30,
	  "TCP over IPv4 in a sockmap is refused" },
	{ "refusals_sockmap_tcp6", sockmap, &tcp6, "test", "all", "std", 30,
	  "TCP over IPv6 in a sockmap is refused" },
	{ "refusals_sockmap_unix", sockmap, &unix_stream, "test", "test",
	  "std", 30, "AF_UNIX in a sockmap is refused" },
	{ "refusals_sockmap_midway_tcp4", sockmap_midway, &tcp4, "test",
	  "test", "std", 30, "TCP that enters a sockmap ends the link there" },
	{ "refusals_sockmap_midway_unix", sockmap_midway, &unix_stream, "test",
	  "test", "std", 30,
	  "AF_UNIX that enters a sockmap ends the link there" },
	{ 0 }
};
