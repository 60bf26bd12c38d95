// SPDX-License-Identifier: GPL-2.0
/*
 * Small synchronous requests, which go without a link if all of them is at hand:
 * that they do, when they must not, and what becomes of them if TCP takes a part.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/fanotify.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define SMALL	(64 * KIB)

/* Most bytes of memory in a random request. */
#define TEXT	2000

static long long by_express(int context)
{
	return link_fdinfo(context, "links_express");
}

static long long rest_of_express(int context)
{
	return link_fdinfo(context, "links_express_rest");
}

/* Header and file. */
static struct program *short_program(struct vfile *file, uint64_t size)
{
	struct program *program = program_new();

	file_make(file, DIR_EXT4, size);
	program_memory(program, "header", 6);
	program_file(program, file, 0, ZCX_TO_EOF);
	return program;
}

/* Header, file, trailer, the file warm. */
static struct program *small_program(struct vfile *file, uint64_t size)
{
	struct program *program = short_program(file, size);

	file_warm(file, 0, size);
	program_memory(program, "trailer", 7);
	return program;
}

/* Who goes by express, and who does not. */
static void taken(void **state)
{
	int context = zcx_open();
	struct program *program;
	struct vfile file;
	unsigned int kind;

	(void)state;
	program = small_program(&file, 16 * KIB);
	for (kind = 0; kind < PAIR_KINDS; kind++) {
		struct exchange x = {
			.program = program,
			.kind = kind,
			.context = context,
			.sha = true,
		};
		bool express = kind == PAIR_TCP4 || kind == PAIR_TCP6;
		long long before = by_express(context);

		if (kind == PAIR_KTLS)
			pair_need_ktls();
		exchange_run(&x);
		assert_int_equal(by_express(context) - before, express);
	}
	assert_int_equal(rest_of_express(context), 0);
	assert_int_equal(link_fdinfo(context, "links_started"), PAIR_KINDS);
	assert_int_equal(link_fdinfo(context, "links_sent"), PAIR_KINDS);
	assert_int_equal(link_fdinfo(context, "bytes_sent"),
			 PAIR_KINDS * program->bytes);
	close(context);
	file_drop(&file);
}

/*
 * The end of a request may be cold: its caller waits for the disk, and no link is
 * made for that. Of a file of some megabytes, so that readahead has something to do.
 */
static void cold(void **state)
{
	static const struct {
		uint64_t offset, length;
	} ranges[] = {
		{ 0, 1 }, { 0, 4 * KIB }, { 0, SMALL - 6 }, { 5, SMALL - 11 },
		{ 4095, 2 }, { 1234567, 40000 }, { MIB - 1, SMALL - 6 },
		{ 4 * MIB - 100, ZCX_TO_EOF }, { 4 * MIB - SMALL + 6, ZCX_TO_EOF },
	};
	struct program *program = program_new();
	int context = zcx_open();
	struct exchange x = {
		.program = program,
		.kind = PAIR_TCP4,
		.context = context,
	};
	struct vfile file;
	unsigned int i;

	file_make(&file, *state, 4 * MIB);
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		file_chill(&file);
		program_clear(program);
		program_memory(program, "header", 6);
		program_file(program, &file, ranges[i].offset,
			     ranges[i].length);
		exchange_run(&x);
		assert_int_equal(by_express(context), i + 1);
	}
	/* Who waits for nothing is not made to. */
	file_chill(&file);
	x.flags = ZCX_LINK_NOWAIT;
	x.error = EAGAIN;
	x.good = 6;
	exchange_run(&x);
	assert_int_equal(by_express(context), i);
	close(context);
	file_chill(&file);
	file_drop(&file);
}

/* What is not at hand, or not small, becomes a link; and arrives all the same. */
static void not_taken(void **state)
{
	int context = zcx_open();
	struct exchange x = { .kind = PAIR_TCP4, .context = context };
	struct program *program;
	struct vfile file;

	(void)state;
	program = small_program(&file, 16 * KIB);
	x.program = program;
	file_chill(&file);
	exchange_run(&x);
	assert_int_equal(by_express(context), 0);
	exchange_run(&x);
	assert_int_equal(by_express(context), 1);
	file_drop(&file);

	program = small_program(&file, SMALL + 1);
	x.program = program;
	exchange_run(&x);
	assert_int_equal(by_express(context), 1);
	file_drop(&file);

	/* Frags off: TCP gets pages by its own door. */
	program = small_program(&file, 16 * KIB);
	x.program = program;
	guest_parameter("frags", 0);
	exchange_run(&x);
	assert_int_equal(by_express(context), 1);
	close(context);
	file_drop(&file);
}

/*
 * Of random pieces into sockets that take a little at a time: whatever TCP took,
 * wherever in the request that ends, the rest follows, and is counted once.
 */
static void rest(void **state)
{
	const char *dir = *state;
	unsigned int i, count = guest_pick(300, 80);
	struct program *program = program_new();
	static char text[TEXT];
	uint64_t random = 5, bytes = 0;
	int context = zcx_open();
	struct vfile file;

	file_make(&file, dir, SMALL);
	file_warm(&file, 0, SMALL);
	for (i = 0; i < count; i++) {
		struct exchange x = {
			.program = program,
			.kind = i % 2 ? PAIR_TCP4 : PAIR_TCP6,
			.sndbuf = 1 + content_random(&random) % 16000,
			.rcvbuf = 1 + content_random(&random) % 16000,
			.chunk = 1 + content_random(&random) % 4000,
			.context = context,
		};
		uint64_t at = content_random(&random) % (SMALL / 2);

		program_clear(program);
		memset(text, 'a' + i % 26, sizeof(text));
		program_memory(program, text,
			       1 + content_random(&random) % TEXT);
		program_file(program, &file, at,
			     1 + content_random(&random) % (SMALL / 2 - 4096));
		program_memory(program, text,
			       1 + content_random(&random) % TEXT);
		exchange_run(&x);
		bytes += program->bytes;
	}
	print_message("%lld by express, of %lld the rest became a link\n",
		      by_express(context), rest_of_express(context));
	assert_int_equal(link_fdinfo(context, "bytes_sent"), bytes);
	assert_int_equal(link_fdinfo(context, "links_started"), count);
	assert_int_equal(link_fdinfo(context, "links_sent"), count);
	assert_true(rest_of_express(context) >= (long long)count / 10);
	close(context);
	/* Nobody holds a page of it; tmpfs has no other place for them. */
	if (strcmp(dir, DIR_TMPFS))
		file_chill(&file);
	file_drop(&file);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* The rest of it waits as any link does: in order, interruptible, and counted. */
static void rest_interrupted(void **state)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct sender sender = { .context = zcx_open() };
	struct program *program;
	struct vfile file;
	struct pair pair;
	uint64_t sent;

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	program = small_program(&file, SMALL - 13);
	pair_open(&pair, PAIR_TCP4, 4096, 4096);
	link_prepare(&sender.link, pair.tx, program);
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	assert_int_equal(rest_of_express(sender.context), 1);
	assert_int_equal(link_fdinfo(sender.context, "links"), 1);
	pthread_kill(sender.thread, SIGUSR1);
	sender_join(&sender);
	assert_int_equal(sender.err, 0);
	sent = sender.link.bytes_sent;
	assert_in_range(sent, 1, program->bytes - 1);
	assert_int_equal(sender.link.state, ZCX_STATE_CANCELLED);
	assert_int_equal(sender.link.error, EINTR);
	assert_null(link_problem(&sender.link));
	shutdown(pair.tx, SHUT_WR);
	assert_int_equal(pair_drain(pair.rx), sent);
	assert_int_equal(link_fdinfo(sender.context, "bytes_sent"), sent);
	assert_int_equal(link_fdinfo(sender.context, "links"), 0);
	pair_close(&pair);
	close(sender.context);
	file_chill(&file);
	file_drop(&file);
}

/* A peer that is gone: the same errno, signal and counters as of a link. */
static void refused(void **state)
{
	int context = zcx_open();
	struct program *program;
	struct zcx_link link;
	struct vfile file;
	struct pair pair;

	(void)state;
	program = small_program(&file, 4096);
	pair_open(&pair, PAIR_TCP4, 0, 0);
	shutdown(pair.tx, SHUT_WR);
	link_prepare(&link, pair.tx, program);
	link.flags = ZCX_LINK_SYNC | ZCX_LINK_NOSIGNAL;
	assert_int_equal(link_send(context, &link), -EPIPE);
	assert_int_equal(link.state, ZCX_STATE_FAILED);
	assert_int_equal(link.error, EPIPE);
	assert_int_equal(link.bytes_sent, 0);
	assert_int_equal(link_fdinfo(context, "links_failed"), 1);
	assert_int_equal(link_fdinfo(context, "bytes_sent"), 0);
	pair_close(&pair);
	close(context);
	file_chill(&file);
	file_drop(&file);
}

/* Listeners */

/**
 * struct change - what somebody does to a file of 10,000 bytes who is asked for leave
 * @size: how large it is then
 * @rewrite: its pages are others than before
 * @cold: it is not in the page cache; and no trailer follows it, so that the express
 *	reads it itself
 * @then_cold: it is, but another file follows that is not
 * @express: no link is made, although the file was changed
 */
struct change {
	uint64_t size;
	bool rewrite;
	bool cold;
	bool then_cold;
	bool express;
};

#define LISTENED	10000

static const struct change grown = { .size = 15000 },
	cut = { .size = 3000 },
	filled = { .size = LISTENED, .rewrite = true },
	grown_cold = { .size = 15000, .cold = true },
	cut_cold = { .size = 3000, .cold = true },
	filled_cold = { .size = LISTENED, .rewrite = true, .cold = true,
			.express = true },
	filled_then_cold = { .size = LISTENED, .rewrite = true,
			     .then_cold = true };

/* Before it grants leave for the first time, the file is changed. */
static void change_file(int notify, const struct vfile *file,
			const struct change *change)
{
	struct fanotify_event_metadata event;
	char byte = 'n';
	bool done = false;

	while (read(notify, &event, sizeof(event)) == sizeof(event)) {
		struct fanotify_response response = {
			.fd = event.fd,
			.response = FAN_ALLOW,
		};
		int fd = open(file->path, O_WRONLY | O_CLOEXEC);
		uint64_t at = change->rewrite ? 0 : LISTENED;

		if (!done && (fd < 0 || ftruncate(fd, change->rewrite ? 0 :
						  change->size)))
			_exit(1);
		for (; !done && at < change->size; at++)
			if (pwrite(fd, &byte, 1, at) != 1)
				_exit(2);
		done = true;
		close(fd);
		if (write(notify, &response, sizeof(response)) < 0)
			_exit(3);
		close(event.fd);
	}
	_exit(0);
}

/* What goes out after the file that is changed. */
static struct program *listened_program(const struct change *change,
					struct vfile *file, struct vfile *next)
{
	struct program *program;

	if (!change->cold && !change->then_cold)
		return small_program(file, LISTENED);
	program = short_program(file, LISTENED);
	if (change->then_cold) {
		file_warm(file, 0, LISTENED);
		file_make(next, DIR_EXT4, 7);
		program_file(program, next, 0, ZCX_TO_EOF);
	}
	return program;
}

/* What is sent is what the file has once leave was given, not what it had before. */
static void listened(void **state)
{
	const struct change *change = *state;
	struct vfile next = { .fd = -1 };
	int context = zcx_open(), notify;
	struct program *program;
	static uint8_t buf[2 * LISTENED];
	struct zcx_link link;
	struct vfile file;
	uint64_t want, i;
	struct pair pair;
	pid_t pid;

	notify = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY);
	if (notify < 0)
		test_skip("no fanotify: %s", strerror(errno));
	program = listened_program(change, &file, &next);
	if (fanotify_mark(notify, FAN_MARK_ADD, FAN_ACCESS_PERM, AT_FDCWD,
			  file.path))
		test_skip("no permission events: %s", strerror(errno));
	file_reopen(&file);
	if (change->cold)
		file_chill(&file);
	if (change->then_cold)
		file_chill(&next);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		change_file(notify, &file, change);
	pair_open(&pair, PAIR_TCP4, 0, 0);
	link_prepare(&link, pair.tx, program);
	assert_int_equal(link_send(context, &link), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(notify);
	want = 6 + change->size + (change->cold ? 0 : 7);
	assert_int_equal(link.state, ZCX_STATE_SENT);
	assert_int_equal(link.bytes_sent, want);
	if (change->cold || change->then_cold)
		assert_int_equal(by_express(context), change->express);
	assert_int_equal(recv(pair.rx, buf, want, MSG_WAITALL), want);
	for (i = change->rewrite ? 0 : LISTENED; i < change->size; i++)
		assert_int_equal(buf[6 + i], 'n');
	if (!change->cold && !change->then_cold)
		assert_memory_equal(buf + 6 + change->size, "trailer", 7);
	pair_close(&pair);
	close(context);
	file_drop(&next);
	file_drop(&file);
}

/* Requests of several threads */

#define THREADS		4
#define REQUESTS	200
#define HEAD		4000
#define REQUEST		(HEAD + 3000)

/**
 * struct teller - a thread that sends requests of nothing but its letter
 * @sock: to where all of them send
 * @letter: its own
 * @err: out: what went wrong
 * @express: out: how many needed no link
 */
struct teller {
	int sock;
	char letter;
	int err;
	long long express;
	pthread_t thread;
};

static void *teller_thread(void *arg)
{
	struct teller *teller = arg;
	struct zcx_segment segments[2];
	int context = zcx_try_open();
	char text[HEAD];
	unsigned int i;

	memset(text, teller->letter, sizeof(text));
	memset(segments, 0, sizeof(segments));
	for (i = 0; i < ARRAY_SIZE(segments); i++) {
		segments[i].type = ZCX_SEGMENT_MEMORY;
		segments[i].addr = (uintptr_t)text;
		segments[i].length = i ? REQUEST - HEAD : HEAD;
	}
	for (i = 0; i < REQUESTS && !teller->err; i++) {
		struct zcx_link link;

		link_prepare_segment(&link, teller->sock, segments);
		link.segment_count = ARRAY_SIZE(segments);
		teller->err = link_send(context, &link);
		if (!teller->err && link.bytes_sent != REQUEST)
			teller->err = -EPROTO;
	}
	teller->express = by_express(context);
	close(context);
	return NULL;
}

/* Every REQUEST bytes are one letter's. */
static size_t told_whole(void *arg, uint64_t offset, const uint8_t *buf,
			 size_t length)
{
	char *letter = arg;
	size_t i;

	for (i = 0; i < length; i++) {
		if ((offset + i) % REQUEST == 0)
			*letter = buf[i];
		if (buf[i] != (uint8_t)*letter)
			return i;
	}
	return length;
}

/* Links and what goes without one take turns: no request is torn. */
static void whole(void **state)
{
	struct teller teller[THREADS] = { 0 };
	char letter = 0;
	struct receiver receiver = {
		.check = told_whole,
		.check_arg = &letter,
		.chunk = 5000,
	};
	long long express = 0;
	struct pair pair;
	unsigned int i;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 16384, 16384);
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	for (i = 0; i < THREADS; i++) {
		teller[i].sock = pair.tx;
		teller[i].letter = 'a' + i;
		assert_int_equal(pthread_create(&teller[i].thread, NULL,
						teller_thread, &teller[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(teller[i].thread, NULL);
		assert_int_equal(teller[i].err, 0);
		express += teller[i].express;
	}
	print_message("%lld of %u by express\n", express, THREADS * REQUESTS);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, THREADS * REQUESTS * REQUEST);
	assert_true(express > 0);
	pair_close(&pair);
}

const struct vm_test express_tests[] = {
	{ "express_taken", taken, NULL, "test", "test", "std", 30,
	  "small requests that are at hand go without a link, over TCP" },
	{ "express_cold", cold, DIR_EXT4, "test", "test", "std", 30,
	  "the cold end of a request is read without a link" },
	{ "express_cold_xfs", cold, DIR_XFS, "test", "test", "std", 30,
	  "the same with large folios" },
	{ "express_not_taken", not_taken, NULL, "test", "test", "std", 30,
	  "cold in the middle, large, or frags off: a link as ever" },
	{ "express_rest", rest, DIR_EXT4, "test", "test", "std", 90,
	  "where TCP takes a part, the rest becomes a link; every byte compared" },
	{ "express_rest_xfs", rest, DIR_XFS, "test", "all", "std", 90,
	  "the same with large folios" },
	{ "express_rest_tmpfs", rest, DIR_TMPFS, "all", "all", "std", 90,
	  "the same from tmpfs" },
	{ "express_whole", whole, NULL, "test", "test", "std", 90,
	  "four threads and one socket: each request leaves in one piece" },
	{ "express_rest_interrupted", rest_interrupted, NULL, "test", "test",
	  "std", 30, "a signal ends the rest, and the count is right" },
	{ "express_listened_grown", listened, &grown, "test", "test", "std", 30,
	  "who is asked for leave appends to the file: that is sent too" },
	{ "express_listened_cut", listened, &cut, "test", "test", "std", 30,
	  "he truncates it: nothing from beyond the end is sent" },
	{ "express_listened_filled", listened, &filled, "test", "test", "std",
	  30, "he fills it anew: nothing old is sent" },
	{ "express_listened_cold_grown", listened, &grown_cold, "test", "test",
	  "std", 30, "he appends to a cold file: that is sent too" },
	{ "express_listened_cold_cut", listened, &cut_cold, "test", "test",
	  "std", 30, "he truncates a cold file" },
	{ "express_listened_cold_filled", listened, &filled_cold, "test",
	  "test", "std", 30, "he fills a cold file anew" },
	{ "express_listened_then_cold", listened, &filled_then_cold, "test",
	  "test", "std", 30, "he fills one anew that was collected before" },
	{ "express_refused", refused, NULL, "test", "test", "std", 30,
	  "a socket that was shut down: errno and counters of a link" },
	{ 0 }
};
