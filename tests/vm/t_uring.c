// SPDX-License-Identifier: GPL-2.0
/* Links that io_uring submits and completes. */
#include <liburing.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "async.h"
#include "guest.h"
#include "vmtest.h"

#define ENTRIES		256

static const enum pair_kind tcp4 = PAIR_TCP4, unix_stream = PAIR_UNIX;

static const unsigned int small = 0, big = IORING_SETUP_CQE32;

/* 0 or -errno; for children. */
static int ring_try(struct io_uring *ring, unsigned int flags)
{
	return io_uring_queue_init(ENTRIES, ring, flags);
}

static void ring_open(struct io_uring *ring, unsigned int flags)
{
	struct zcx_info info = { .size = sizeof(info) };
	int context = zcx_open(), err;

	assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info), 0);
	close(context);
	if (!(info.features & ZCX_FEATURE_URING))
		test_skip("the kernel has no io_uring");
	err = ring_try(ring, flags);
	if (err)
		test_skip("io_uring_setup: %s", strerror(-err));
}

/* Put a link into the ring; it is submitted later. */
static struct io_uring_sqe *ring_add(struct io_uring *ring, int context,
				     struct zcx_link *link, uint64_t user_data)
{
	struct zcx_uring_cmd cmd = { .link = (uintptr_t)link };
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		return NULL;
	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, context, NULL, 0, 0);
	sqe->cmd_op = ZCX_IOC_LINK;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
	sqe->user_data = user_data;
	return sqe;
}

static void ring_submit(struct io_uring *ring, int count)
{
	assert_int_equal(io_uring_submit(ring), count);
}

/* The next completion; fails the test if none comes. */
static int ring_wait(struct io_uring *ring, uint64_t *user_data,
		     uint64_t *bytes)
{
	struct __kernel_timespec patience = {
		.tv_sec = GUEST_PATIENCE_MS / 1000,
	};
	struct io_uring_cqe *cqe;
	int err, res;

	err = io_uring_wait_cqe_timeout(ring, &cqe, &patience);
	if (err)
		fail_msg("no completion came: %s", strerror(-err));
	res = cqe->res;
	*user_data = cqe->user_data;
	if (bytes)
		*bytes = cqe->big_cqe[0];
	io_uring_cqe_seen(ring, cqe);
	return res;
}

static void ring_quiet(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	assert_int_equal(io_uring_peek_cqe(ring, &cqe), -EAGAIN);
}

static void whole(void **state)
{
	const unsigned int flags = *(const unsigned int *)*state;
	uint64_t user_data, bytes = 0;
	struct io_uring ring;
	struct zcx_link link;
	struct stall stall;

	ring_open(&ring, flags);
	stall_open(&stall, PAIR_TCP4);
	async_prepare(&link, stall.pair.tx, stall.program);
	assert_non_null(ring_add(&ring, stall.context, &link, 0x1234567));
	ring_submit(&ring, 1);
	assert_int_equal(link.id, 1);
	async_stalls(stall.context, 1);
	ring_quiet(&ring);
	stall_go(&stall);
	assert_int_equal(ring_wait(&ring, &user_data, flags ? &bytes : NULL),
			 0);
	assert_true(user_data == 0x1234567);
	if (flags)
		assert_true(bytes == stall.program->bytes);
	/* There is no event beside it. */
	async_quiet(stall.context);
	ring_quiet(&ring);
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
	io_uring_queue_exit(&ring);
}

static void many(void **state)
{
	enum { LINKS = 100 };
	static struct zcx_link link[LINKS];
	static char text[LINKS][8];
	struct program *program = program_new();
	struct receiver receiver = { .expect = program };
	int context = zcx_open();
	bool seen[LINKS] = { false };
	struct io_uring ring;
	struct vfile file;
	struct pair pair;
	unsigned int i;

	ring_open(&ring, IORING_SETUP_CQE32);
	pair_open(&pair, *(const enum pair_kind *)*state, 32 * KIB, 32 * KIB);
	file_make(&file, DIR_EXT4, 50000);
	for (i = 0; i < LINKS; i++) {
		snprintf(text[i], sizeof(text[i]), "<%u>", i);
		program_memory(program, text[i], strlen(text[i]));
		program_file(program, &file, i, 1000 + i);
	}
	for (i = 0; i < LINKS; i++) {
		async_prepare_part(&link[i], pair.tx, program, 2 * i, 2);
		link[i].flags = i % 2 ? ZCX_LINK_ACKED : 0;
		assert_non_null(ring_add(&ring, context, &link[i], i));
	}
	ring_submit(&ring, LINKS);
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	for (i = 0; i < LINKS; i++) {
		uint64_t n, bytes;

		assert_int_equal(ring_wait(&ring, &n, &bytes), 0);
		assert_true(n < LINKS);
		assert_false(seen[n]);
		seen[n] = true;
		assert_true(bytes == strlen(text[n]) + 1000 + n);
	}
	ring_quiet(&ring);
	async_quiet(context);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, program->bytes);
	pair_close(&pair);
	close(context);
	file_drop(&file);
	io_uring_queue_exit(&ring);
}

/* Refused: the completion says why, and nothing was sent. */
static void refused(void **state)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct io_uring_sqe *sqe;
	struct zcx_link link;
	struct io_uring ring;
	struct pair pair;
	unsigned int i;
	uint64_t n;

	(void)state;
	ring_open(&ring, 0);
	pair_open(&pair, PAIR_TCP4, 0, 0);
	program_memory(program, "never", 5);
	for (i = 0; i < 7; i++) {
		static const int err[] = {
			-EINVAL, -EBADF, -EOPNOTSUPP, -ENOTTY, -EINVAL,
			-EFAULT, -EINVAL,
		};

		async_prepare(&link, pair.tx, program);
		sqe = ring_add(&ring, context, &link, i);
		assert_non_null(sqe);
		switch (i) {
		case 0:
			link.flags = ZCX_LINK_SYNC;
			break;
		case 1:
			link.socket_fd = -1;
			break;
		case 2:
			link.flags = 1U << 30;
			break;
		case 3:
			sqe->cmd_op = ZCX_IOC_CANCEL;
			break;
		case 4:
			/* The reserved member. */
			sqe->cmd[8] = 1;
			break;
		case 5:
			memset(sqe->cmd, 0, 8);
			break;
		default:
			link.size = 8;
		}
		ring_submit(&ring, 1);
		assert_int_equal(ring_wait(&ring, &n, NULL), err[i]);
		assert_int_equal(n, i);
		assert_int_equal(link.id, 0);
	}
	assert_int_equal(pair_readable(pair.rx), 0);
	async_quiet(context);
	assert_int_equal(link_fdinfo(context, "links_started"), 0);
	pair_close(&pair);
	close(context);
	io_uring_queue_exit(&ring);
}

/* Links that end badly say so, and those behind them. */
static void ends_badly(void **state)
{
	struct program *program = program_new();
	struct zcx_link link[3];
	struct io_uring ring;
	struct stall stall;
	unsigned int i;
	uint64_t n;

	(void)state;
	ring_open(&ring, 0);
	stall_open(&stall, PAIR_TCP4);
	program_memory(program, "behind", 6);
	async_prepare(&link[0], stall.pair.tx, stall.program);
	for (i = 1; i < 3; i++)
		async_prepare(&link[i], stall.pair.tx, program);
	for (i = 0; i < 3; i++)
		assert_non_null(ring_add(&ring, stall.context, &link[i], i));
	ring_submit(&ring, 3);
	async_stalls(stall.context, link[0].id);
	/* They can be found and steered by their ids, as others. */
	async_waits(stall.context, link[2].id, ZCX_WAIT_TURN);
	assert_int_equal(async_control(stall.context, ZCX_IOC_CANCEL,
				       link[0].id), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(ring_wait(&ring, &n, NULL), -ECANCELED);
	assert_int_equal(async_control(stall.context, ZCX_IOC_CANCEL,
				       link[0].id), -ENOENT);

	async_prepare(&link[0], stall.pair.tx, program);
	link[0].deadline_ns = 100000000;
	pair_fill(stall.pair.tx, 'x');
	assert_non_null(ring_add(&ring, stall.context, &link[0], 7));
	ring_submit(&ring, 1);
	assert_int_equal(ring_wait(&ring, &n, NULL), -ETIMEDOUT);
	assert_int_equal(n, 7);
	stall.receiver.expect = NULL;
	stall_go(&stall);
	close(stall.pair.tx);
	stall.pair.tx = -1;
	receiver_join(&stall.receiver);
	stall_close(&stall);
	io_uring_queue_exit(&ring);
}

/* The ring is closed while links stall: they end with it. */
static void ring_closed(void **state)
{
	struct zcx_link link;
	struct io_uring ring;
	struct stall stall;
	unsigned int i;

	(void)state;
	if (!guest_kernel_at_least(6, 7))
		test_skip("io_uring cannot cancel commands");
	ring_open(&ring, 0);
	stall_open(&stall, PAIR_UNIX);
	async_prepare(&link, stall.pair.tx, stall.program);
	assert_non_null(ring_add(&ring, stall.context, &link, 1));
	ring_submit(&ring, 1);
	async_stalls(stall.context, link.id);
	io_uring_queue_exit(&ring);
	for (i = 0; i < GUEST_PATIENCE_MS / 5; i++) {
		if (!link_fdinfo(stall.context, "links"))
			break;
		guest_sleep_ms(5);
	}
	if (i == GUEST_PATIENCE_MS / 5)
		fail_msg("the link outlived its ring");
	stall_go(&stall);
	close(stall.pair.tx);
	stall.pair.tx = -1;
	receiver_join(&stall.receiver);
	assert_int_equal(stall.receiver.wrong_at, -1);
	stall_close(&stall);
}

/* 100 links that stall, in a process that then waits. */
static void stall_many(int sock, const struct vfile *file, int ready)
{
	static struct zcx_link link[100];
	struct zcx_segment segment = {
		.type = ZCX_SEGMENT_FILE,
		.fd = file->fd,
		.length = ZCX_TO_EOF,
	};
	struct io_uring ring;
	int context = zcx_try_open();
	unsigned int i;

	if (context < 0 || ring_try(&ring, 0))
		_exit(1);
	for (i = 0; i < ARRAY_SIZE(link); i++) {
		link_prepare_segment(&link[i], sock, &segment);
		link[i].flags = 0;
		if (!ring_add(&ring, context, &link[i], i))
			_exit(2);
	}
	if (io_uring_submit(&ring) != ARRAY_SIZE(link))
		_exit(3);
	if (write(ready, "", 1) != 1)
		_exit(4);
	pause();
}

static void wait_gone(pid_t pid, int *status)
{
	unsigned int i;

	for (i = 0; i < GUEST_PATIENCE_MS / 10; i++) {
		pid_t got = waitpid(pid, status, WNOHANG);

		if (got == pid)
			return;
		guest_sleep_ms(10);
	}
	fail_msg("a killed process with links in its ring does not end");
}

static void killed(void **state)
{
	int sig = *(const int *)*state, status, ready[2];
	struct vfile file;
	struct io_uring ring;
	struct pair pair;
	char byte;
	pid_t pid;

	ring_open(&ring, 0);
	io_uring_queue_exit(&ring);
	pair_open(&pair, PAIR_TCP4, 32 * KIB, 32 * KIB);
	file_make(&file, DIR_EXT4, MIB);
	file_lock(&file);
	assert_int_equal(pipe(ready), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(pair.rx);
		stall_many(pair.tx, &file, ready[1]);
		_exit(0);
	}
	close(ready[1]);
	close(pair.tx);
	pair.tx = -1;
	if (read(ready[0], &byte, 1) != 1)
		fail_msg("the child did not come to submit");
	close(ready[0]);
	assert_int_equal(kill(pid, sig), 0);
	wait_gone(pid, &status);
	assert_true(WIFSIGNALED(status));
	/* Its links went with it, and let go of socket and file. */
	assert_true(pair_drain(pair.rx) < 100 * MIB);
	pair_close(&pair);
	assert_true(file_unlock(&file));
	file_drop(&file);
}

/* Nothing of io_uring's keeps the module. */
static void unloads(void **state)
{
	static const int sig = SIGKILL;
	const void *arg = &sig;
	unsigned int i;
	int err = 0;

	(void)state;
	killed((void **)&arg);
	test_at_end(guest_restore_zcx, NULL);
	for (i = 0; i < GUEST_PATIENCE_MS / 20; i++) {
		err = guest_rmmod();
		if (err != -EWOULDBLOCK)
			break;
		guest_sleep_ms(20);
	}
	if (err)
		fail_msg("the module does not go: %s", strerror(-err));
	guest_restore_zcx(NULL);
}

static const int sigkill = SIGKILL, sigterm = SIGTERM;

const struct vm_test uring_tests[] = {
	{ "uring_whole", whole, &small, "all", "all", "std", 60,
	  "a link by io_uring" },
	{ "uring_whole_cqe32", whole, &big, "test", "all", "std", 60,
	  "a link by io_uring, with the count of its bytes" },
	{ "uring_many_tcp4", many, &tcp4, "all", "all", "std", 60,
	  "100 links in one submission, TCP" },
	{ "uring_many_unix", many, &unix_stream, "all", "all", "std", 60,
	  "100 links in one submission, AF_UNIX" },
	{ "uring_refused", refused, NULL, "all", "all", "std", 60,
	  "commands that are refused" },
	{ "uring_ends_badly", ends_badly, NULL, "all", "all", "std", 60,
	  "CANCEL, a broken line, a deadline" },
	{ "uring_closed", ring_closed, NULL, "all", "all", "std", 60,
	  "the ring is closed while a link stalls" },
	{ "uring_killed", killed, &sigkill, "all", "all", "std", 90,
	  "a process is killed with 100 stalled links in its ring" },
	{ "uring_terminated", killed, &sigterm, "all", "all", "std", 90,
	  "the same by SIGTERM" },
	{ "uring_unloads", unloads, NULL, "all", "all", "std", 90,
	  "the same, and then the module goes" },
	{ 0 }
};
