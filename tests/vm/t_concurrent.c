// SPDX-License-Identifier: GPL-2.0
/* Many links at once: by one context or many, from one file, to one socket. */
#include <sys/socket.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define SENDERS		64
#define LIMIT_PARAM	"/sys/module/zcx/parameters/max_links"

static void *run_exchange(void *arg)
{
	struct exchange *x = arg;

	return exchange_try(x) ? NULL : x;
}

/* All of @x at the same time. */
static void run_all(struct exchange *x, unsigned int count)
{
	static pthread_t thread[SENDERS];
	const char *problem = NULL;
	unsigned int i;
	void *failed;

	for (i = 0; i < count; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, run_exchange,
						&x[i]), 0);
	for (i = 0; i < count; i++) {
		pthread_join(thread[i], &failed);
		if (failed && !problem)
			problem = x[i].problem;
	}
	if (problem)
		fail_msg("%s", problem);
}

static bool has_ktls(void)
{
	struct pair pair;
	int err;

	guest_modprobe("tls");
	err = pair_try(&pair, PAIR_KTLS, 0, 0);
	if (!err)
		pair_close(&pair);
	return !err;
}

/* Every kind of socket by turns, and every size of buffer. */
static void mix(struct exchange *x, unsigned int count,
		const struct program *program, int context)
{
	unsigned int kinds = has_ktls() ? PAIR_KINDS : PAIR_UNIX + 1, i;

	for (i = 0; i < count; i++)
		x[i] = (struct exchange) {
			.program = program,
			.kind = i % kinds,
			.sndbuf = i % 3 ? 0 : 16 * KIB,
			.chunk = i % 4 ? 0 : 3000,
			.context = context,
		};
}

static void assert_ids(const struct exchange *x, unsigned int count)
{
	uint64_t seen = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		assert_in_range(x[i].link.id, 1, count);
		assert_false(seen & 1ULL << (x[i].link.id - 1));
		seen |= 1ULL << (x[i].link.id - 1);
	}
}

/* 64 links from one file by one context. */
static void one_file(void **state)
{
	static struct exchange x[SENDERS];
	struct program *program = program_new();
	int context = zcx_open();
	struct vfile file;

	guest_need_mount(*state);
	file_make(&file, *state, guest_pick(500009, 100003));
	file_lock(&file);
	file_make_cold(&file);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_file(program, &file, 4095, 20000);
	mix(x, SENDERS, program, context);
	run_all(x, SENDERS);
	assert_ids(x, SENDERS);
	assert_int_equal(link_fdinfo(context, "links"), 0);
	assert_int_equal(link_fdinfo(context, "links_sent"), SENDERS);
	assert_int_equal(link_fdinfo(context, "bytes_sent"),
			 SENDERS * program->bytes);
	close(context);
	file_assert_unchanged(&file);
	assert_true(file_unlock(&file));
	file_drop(&file);
}

/* Each thread has a context, a program and a file of its own. */
static void many_files(void **state)
{
	static const char *const dir[] = {
		DIR_EXT4, DIR_XFS, DIR_BTRFS, DIR_TMPFS, DIR_OVERLAY,
		DIR_MEMFD,
	};
	static struct exchange x[SENDERS];
	static struct vfile file[SENDERS];
	unsigned int i;

	(void)state;
	mix(x, SENDERS, NULL, 0);
	for (i = 0; i < SENDERS; i++) {
		struct program *program = program_new();

		file_make(&file[i], dir[i % ARRAY_SIZE(dir)],
			  20000 + i * guest_pick(7919, 997));
		program_memory(program, "header", i % 7);
		program_file(program, &file[i], i, ZCX_TO_EOF);
		x[i].program = program;
	}
	guest_drop_caches();
	run_all(x, SENDERS);
	for (i = 0; i < SENDERS; i++) {
		assert_int_equal(x[i].link.id, 1);
		file_drop(&file[i]);
	}
}

/* Cold: everybody waits for the same few folios. */
static void same_cold_pages(void **state)
{
	static struct exchange x[16];
	struct program *program = program_new();
	struct vfile file;
	unsigned int round;

	guest_need_mount(*state);
	file_make(&file, *state, 300001);
	program_file(program, &file, 0, ZCX_TO_EOF);
	for (round = 0; round < guest_pick(10, 4); round++) {
		file_make_cold(&file);
		guest_drop_caches();
		mix(x, ARRAY_SIZE(x), program, 0);
		run_all(x, ARRAY_SIZE(x));
	}
	file_drop(&file);
}

/* Two links to one socket: pieces of both, each in its own order. */

struct mixed {
	struct vfile file[2];
	uint64_t at[2];
};

/*
 * Each byte belongs to one of two files, whose bytes differ in their highest
 * bit; of each file they come in order.
 */
static size_t check_mixed(void *arg, uint64_t offset, const uint8_t *buf,
			  size_t length)
{
	struct mixed *mixed = arg;
	size_t i;

	(void)offset;
	for (i = 0; i < length; i++) {
		unsigned int which = buf[i] >> 7;

		if (mixed->at[which] == mixed->file[which].size ||
		    buf[i] != mixed->file[which].bytes[mixed->at[which]])
			return i;
		mixed->at[which]++;
	}
	return length;
}

static void make_marked(struct vfile *file, unsigned int which, uint64_t size)
{
	uint64_t i;
	int fd;

	file_make(file, DIR_EXT4, size);
	file->bytes = malloc(size);
	assert_non_null(file->bytes);
	content_fill(file->seed, 0, file->bytes, size);
	for (i = 0; i < size; i++)
		file->bytes[i] = (file->bytes[i] & 0x7f) | which << 7;
	fd = file_open_writable(file);
	assert_int_equal(pwrite(fd, file->bytes, size, 0), size);
	close(fd);
}

static void one_socket(void **state)
{
	struct program *program[2];
	struct mixed mixed = { 0 };
	struct receiver receiver = {
		.check = check_mixed,
		.check_arg = &mixed,
		.chunk = 10000,
	};
	struct sender sender[2];
	struct pair pair;
	unsigned int i;

	memset(sender, 0, sizeof(sender));
	pair_open(&pair, *(const enum pair_kind *)*state, 32 * KIB, 32 * KIB);
	for (i = 0; i < 2; i++) {
		make_marked(&mixed.file[i], i, guest_pick(700001, 300001));
		program[i] = program_new();
		program_file(program[i], &mixed.file[i], 0, ZCX_TO_EOF);
		sender[i].context = zcx_open();
		link_prepare(&sender[i].link, pair.tx, program[i]);
	}
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(sender_start(&sender[i]), 0);
	for (i = 0; i < 2; i++)
		sender_join(&sender[i]);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.error, 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(sender[i].err, 0);
		assert_int_equal(sender[i].link.state, ZCX_STATE_SENT);
		assert_int_equal(sender[i].link.bytes_sent,
				 mixed.file[i].size);
		assert_int_equal(mixed.at[i], mixed.file[i].size);
		close(sender[i].context);
		unlink(mixed.file[i].path);
		file_drop(&mixed.file[i]);
	}
	pair_close(&pair);
}

/* Links that sleep, as many as a context may have; and one more. */

static char limit_was[32];

static void undo_limit(void *unused)
{
	(void)unused;
	guest_write(LIMIT_PARAM, limit_was);
}

#define SLEEPERS	8

struct sleeper {
	struct pair pair;
	struct sender sender;
	struct receiver receiver;
};

static void sleeper_start(struct sleeper *s, const struct program *program,
			  int context)
{
	memset(s, 0, sizeof(*s));
	pair_open(&s->pair, PAIR_TCP4, 32 * KIB, 32 * KIB);
	s->receiver = (struct receiver) {
		.fd = s->pair.rx,
		.expect = program,
		.held = true,
	};
	assert_int_equal(receiver_start(&s->receiver), 0);
	s->sender.context = context;
	link_prepare(&s->sender.link, s->pair.tx, program);
	assert_int_equal(sender_start(&s->sender), 0);
	assert_true(sender_wait_asleep(&s->sender));
}

static void sleeper_finish(struct sleeper *s, const struct program *program)
{
	receiver_go(&s->receiver);
	sender_join(&s->sender);
	assert_int_equal(s->sender.err, 0);
	assert_null(link_problem_complete(&s->sender.link, program, 0));
	close(s->pair.tx);
	s->pair.tx = -1;
	receiver_join(&s->receiver);
	assert_int_equal(s->receiver.wrong_at, -1);
	assert_int_equal(s->receiver.bytes, program->bytes);
	pair_close(&s->pair);
}

static void limit(void **state)
{
	struct program *program = program_new(), *small = program_new();
	static struct sleeper sleeper[SLEEPERS];
	int context = zcx_open(), other = zcx_open();
	struct zcx_link link;
	struct vfile file;
	struct pair pair;
	unsigned int i;

	(void)state;
	assert_true(guest_read(LIMIT_PARAM, limit_was, sizeof(limit_was)) > 0);
	test_at_end(undo_limit, NULL);
	assert_int_equal(guest_write(LIMIT_PARAM, "8"), 0);
	file_make(&file, DIR_EXT4, MIB);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(small, "one more", 8);
	for (i = 0; i < SLEEPERS; i++)
		sleeper_start(&sleeper[i], program, context);
	assert_int_equal(link_fdinfo(context, "links"), SLEEPERS);

	pair_open(&pair, PAIR_UNIX, 0, 0);
	for (i = 0; i < 3; i++) {
		link_prepare(&link, pair.tx, small);
		assert_int_equal(link_send(context, &link), -EBUSY);
		assert_int_equal(link.id, 0);
		assert_int_equal(pair_readable(pair.rx), 0);
	}
	/* The limit is each context's own. */
	assert_int_equal(link_send(other, &link), 0);
	assert_int_equal(link.id, 1);

	sleeper_finish(&sleeper[0], program);
	link_prepare(&link, pair.tx, small);
	assert_int_equal(link_send(context, &link), 0);
	assert_int_equal(link.id, SLEEPERS + 1);
	for (i = 1; i < SLEEPERS; i++)
		sleeper_finish(&sleeper[i], program);
	assert_int_equal(link_fdinfo(context, "links"), 0);
	assert_int_equal(link_fdinfo(context, "links_started"), SLEEPERS + 1);
	pair_close(&pair);
	close(context);
	close(other);
	file_drop(&file);
}

/* Contexts opened and closed while others send. */

static void *open_and_close(void *arg)
{
	_Atomic bool *stop = arg;
	uintptr_t count = 0;

	while (!*stop) {
		int context = zcx_try_open();

		if (context < 0)
			return NULL;
		link_fdinfo(context, "links");
		close(context);
		count++;
	}
	return (void *)count;
}

static void contexts_come_and_go(void **state)
{
	static struct exchange x[8];
	struct program *program = program_new();
	_Atomic bool stop = false;
	struct vfile file;
	pthread_t thread;
	unsigned int i;
	void *count;

	(void)state;
	file_make(&file, DIR_EXT4, 200001);
	program_file(program, &file, 0, ZCX_TO_EOF);
	assert_int_equal(pthread_create(&thread, NULL, open_and_close, &stop),
			 0);
	for (i = 0; i < guest_pick(10, 3); i++) {
		mix(x, ARRAY_SIZE(x), program, 0);
		run_all(x, ARRAY_SIZE(x));
	}
	stop = true;
	pthread_join(thread, &count);
	assert_non_null(count);
	file_drop(&file);
}

/* fdinfo is read without end while the links that it counts come and go. */
static void *read_fdinfo(void *arg)
{
	struct exchange *x = arg;
	long long before = 0;

	while (before < (long long)(x[0].program->bytes * 16)) {
		long long now = link_fdinfo(x[0].context, "bytes_sent");
		long long links = link_fdinfo(x[0].context, "links");

		if (now < before || links < 0 || links > 16)
			return (void *)"fdinfo went backwards";
		before = now;
	}
	return NULL;
}

static void fdinfo_meanwhile(void **state)
{
	static struct exchange x[16];
	struct program *program = program_new();
	int context = zcx_open();
	struct vfile file;
	pthread_t thread;
	void *problem;

	(void)state;
	file_make(&file, DIR_EXT4, 200001);
	program_file(program, &file, 0, ZCX_TO_EOF);
	mix(x, ARRAY_SIZE(x), program, context);
	assert_int_equal(pthread_create(&thread, NULL, read_fdinfo, x), 0);
	run_all(x, ARRAY_SIZE(x));
	pthread_join(thread, &problem);
	if (problem)
		fail_msg("%s", (const char *)problem);
	assert_int_equal(link_fdinfo(context, "links_sent"), ARRAY_SIZE(x));
	close(context);
	file_drop(&file);
}

static const enum pair_kind tcp4 = PAIR_TCP4, unix_stream = PAIR_UNIX,
			    ktls = PAIR_KTLS;

const struct vm_test concurrent_tests[] = {
	{ "concurrent_64_ext4", one_file, DIR_EXT4, "test", "test", "std", 60,
	  "64 links at once from one cold ext4 file, all kinds of sockets" },
	{ "concurrent_64_xfs", one_file, DIR_XFS, "all", "all", "std", 60,
	  "the same from XFS" },
	{ "concurrent_64_btrfs", one_file, DIR_BTRFS, "all", "all", "std", 60,
	  "the same from btrfs" },
	{ "concurrent_64_tmpfs", one_file, DIR_TMPFS, "all", "all", "std", 60,
	  "the same from tmpfs" },
	{ "concurrent_64_overlay", one_file, DIR_OVERLAY, "test", "all", "std",
	  60, "the same by the splice lane" },
	{ "concurrent_64_files", many_files, NULL, "test", "all", "std", 90,
	  "64 links at once from 64 files on all filesystems" },
	{ "concurrent_cold_ext4", same_cold_pages, DIR_EXT4, "test", "test",
	  "std", 60, "16 links that wait for the same pages, ext4" },
	{ "concurrent_cold_xfs", same_cold_pages, DIR_XFS, "all", "all", "std",
	  60, "16 links that wait for the same pages, XFS" },
	{ "concurrent_socket_tcp4", one_socket, &tcp4, "test", "test", "std",
	  60, "two links to one TCP socket: all bytes of both, in order" },
	{ "concurrent_socket_unix", one_socket, &unix_stream, "test", "test",
	  "std", 60, "two links to one AF_UNIX socket, likewise" },
	{ "concurrent_socket_ktls", one_socket, &ktls, "test", "all", "std",
	  60, "two links to one kernel TLS socket, likewise" },
	{ "concurrent_limit", limit, NULL, "test", "test", "std", 60,
	  "one link beyond max_links is EBUSY, until another ends" },
	{ "concurrent_contexts", contexts_come_and_go, NULL, "test", "all",
	  "std", 60, "contexts come and go while others send" },
	{ "concurrent_fdinfo", fdinfo_meanwhile, NULL, "test", "test", "std",
	  60, "fdinfo is read while links come and go" },
	{ 0 }
};
