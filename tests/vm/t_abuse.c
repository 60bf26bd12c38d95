// SPDX-License-Identifier: GPL-2.0
/*
 * Links that run by themselves in the hands of programs that close, die, pass
 * on, and never read; and allocations that fail under them. Afterwards nothing
 * is held: the file, its filesystem and the module can go.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "async.h"
#include "content.h"
#include "guest.h"
#include "vmtest.h"

#define DEBUGFS		"/sys/kernel/debug/"
#define FAIL_NTH	"/proc/thread-self/fail-nth"

#define DIR_OWN		"/tmp/zcx-own"

static const enum pair_kind tcp4 = PAIR_TCP4, unix_stream = PAIR_UNIX,
			    ktls = PAIR_KTLS;

static void undo_own(void *unused)
{
	(void)unused;
	umount2(DIR_OWN, MNT_DETACH);
	rmdir(DIR_OWN);
}

/* A filesystem of one's own, to see whether anybody holds it. */
static void own_mount(void)
{
	mkdir(DIR_OWN, 0700);
	assert_int_equal(mount("zcx-own", DIR_OWN, "tmpfs", 0, NULL), 0);
	test_at_end(undo_own, NULL);
}

static void own_umount(void)
{
	unsigned int i;

	for (i = 0; i < GUEST_PATIENCE_MS / 20 && umount(DIR_OWN); i++)
		guest_sleep_ms(20);
	if (i == GUEST_PATIENCE_MS / 20)
		fail_msg("umount: %s", strerror(errno));
}

#define SOCKETS	100

/* Links in line on each of 100 sockets, and one that is stalled before them. */
static void submit_very_many(int context, const struct pair *pair,
			     const struct vfile *file, unsigned int count)
{
	struct program *program = program_new();
	unsigned int i;

	program_memory(program, "header", 6);
	program_file(program, file, 0, ZCX_TO_EOF);
	for (i = 0; i < count; i++)
		async_send(context, pair[i % SOCKETS].tx, program);
}

static void closed_running(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	unsigned int count = guest_pick(3000, 600), i;
	static struct pair pair[SOCKETS];
	int context = zcx_open();
	struct vfile file;

	own_mount();
	file_make(&file, DIR_OWN, MIB);
	for (i = 0; i < SOCKETS; i++)
		pair_open(&pair[i], kind, 16 * KIB, 16 * KIB);
	submit_very_many(context, pair, &file, count);
	assert_int_equal(link_fdinfo(context, "links"), count);
	close(context);
	file_drop(&file);
	for (i = 0; i < SOCKETS; i++)
		pair_close(&pair[i]);
	own_umount();
	guest_assert_unloads();
}

/* Unloaded at once behind the last close, again and again. */
static void unload_behind(void **state)
{
	unsigned int rounds = guest_pick(8, 3), i, round;
	static struct pair pair[SOCKETS];
	struct vfile file;

	(void)state;
	file_make(&file, DIR_EXT4, MIB);
	for (round = 0; round < rounds; round++) {
		int context = zcx_open();

		if (round % 2)
			file_make_cold(&file);
		for (i = 0; i < SOCKETS; i++)
			pair_open(&pair[i], i % 2 ? PAIR_UNIX : PAIR_TCP4,
				  16 * KIB, 16 * KIB);
		submit_very_many(context, pair, &file, 3 * SOCKETS / 2);
		/* The descriptors of the sockets first, or last. */
		if (round % 3)
			close(context);
		for (i = 0; i < SOCKETS; i++)
			pair_close(&pair[i]);
		if (!(round % 3))
			close(context);
		guest_assert_unloads();
	}
	file_drop(&file);
}

/* Submits without end, to sockets that nobody reads, until it is killed. */
static void submit_for_ever(const struct vfile *file)
{
	struct zcx_segment segment = {
		.type = ZCX_SEGMENT_FILE,
		.fd = file->fd,
		.length = ZCX_TO_EOF,
	};
	struct zcx_event event;
	struct pair pair[8];
	unsigned int i;
	int context = zcx_try_open();

	if (context < 0)
		_exit(1);
	for (i = 0; i < ARRAY_SIZE(pair); i++)
		if (pair_try(&pair[i], i % 2 ? PAIR_UNIX : PAIR_TCP4,
			     16 * KIB, 16 * KIB))
			_exit(2);
	for (i = 0;; i++) {
		struct zcx_link link;
		int err;

		link_prepare_segment(&link, pair[i % 8].tx, &segment);
		link.flags = i % 3 ? 0 : ZCX_LINK_ACKED;
		err = link_send(context, &link);
		if (err && err != -EBUSY)
			_exit(3);
		if (i % 5 == 4)
			async_control(context, ZCX_IOC_CANCEL, i - 2);
		while (!async_try_event(context, &event, 0))
			if (async_problem(&event))
				_exit(4);
	}
}

static void killed(void **state)
{
	unsigned int rounds = guest_pick(30, 8), i;
	uint64_t random = 7;
	struct vfile file;

	(void)state;
	own_mount();
	file_make(&file, DIR_OWN, 300001);
	file_lock(&file);
	for (i = 0; i < rounds; i++) {
		int status;
		pid_t pid;

		fflush(NULL);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			submit_for_ever(&file);
		guest_sleep_ms(content_random(&random) % 60);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSIGNALED(status))
			fail_msg("the child came to %d",
				 WEXITSTATUS(status));
	}
	assert_true(file_unlock(&file));
	file_drop(&file);
	own_umount();
	guest_assert_unloads();
}

/* A child's copy of the context keeps its links alive, and then does not. */
static void forked(void **state)
{
	struct stall stall;
	int status, go[2];
	char byte;
	pid_t pid;

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	stall_submit(&stall, 0);
	assert_int_equal(pipe(go), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct zcx_event event;

		close(go[1]);
		/* The parent has closed its own. */
		if (read(go[0], &byte, 1) != 1)
			_exit(1);
		if (async_try_event(stall.context, &event,
				    GUEST_PATIENCE_MS))
			_exit(2);
		_exit(async_problem(&event) ||
		      event.state != ZCX_STATE_SENT ? 3 : 0);
	}
	close(stall.context);
	stall.context = -1;
	assert_int_equal(write(go[1], "", 1), 1);
	close(go[0]);
	close(go[1]);
	stall_go(&stall);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
	guest_assert_unloads();
}

/* The last copy of the context goes with a process. */
static void last_copy(void **state)
{
	struct stall stall;
	int status, ready[2];
	char byte;
	pid_t pid;

	stall_open(&stall, *(const enum pair_kind *)*state);
	assert_int_equal(pipe(ready), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct zcx_link link;

		async_prepare(&link, stall.pair.tx, stall.program);
		if (link_send(stall.context, &link) ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	close(stall.context);
	stall.context = -1;
	close(stall.pair.tx);
	stall.pair.tx = -1;
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* The link has let go of the socket: the stream ends. */
	stall_go(&stall);
	receiver_join(&stall.receiver);
	assert_int_equal(stall.receiver.error, 0);
	assert_int_equal(stall.receiver.wrong_at, -1);
	assert_true(stall.receiver.bytes < stall.program->bytes);
	stall_close(&stall);
	guest_assert_unloads();
}

/* A context passed on while its link runs; the event goes with it. */
static void passed_on(void **state)
{
	struct stall stall;
	int way[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    way), 0);
	stall_open(&stall, PAIR_TCP4);
	stall_submit(&stall, 0);
	assert_int_equal(pair_pass(way[0], stall.context), 0);
	close(stall.context);
	/* In flight, and nobody has it open: the link goes on. */
	stall_go(&stall);
	if (!receiver_wait_bytes(&stall.receiver, stall.program->bytes))
		fail_msg("a link whose context is in flight does not go on");
	stall.context = pair_take(way[1]);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
	close(way[0]);
	close(way[1]);
	guest_assert_unloads();
}

/*
 * A context in flight on the very socket that its link sends to, and nobody has
 * either end any more but the link: the idle limit ends that.
 */
static void cycle(void **state)
{
	bool paused = *state;
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_link link;
	struct vfile file;
	struct pair pair;

	pair_open(&pair, PAIR_UNIX, 16 * KIB, 0);
	file_make(&file, DIR_EXT4, MIB);
	file_lock(&file);
	program_file(program, &file, 0, ZCX_TO_EOF);
	/* Both wait in the sender's own queue: the link keeps all of it. */
	assert_int_equal(pair_pass(pair.rx, context), 0);
	assert_int_equal(pair_pass(pair.rx, pair.rx), 0);
	async_prepare(&link, pair.tx, program);
	link.idle_ns = 1000000000;
	async_submit(context, &link);
	if (paused)
		async_control(context, ZCX_IOC_PAUSE, link.id);
	close(context);
	pair_close(&pair);
	guest_assert_unloads();
	assert_true(file_unlock(&file));
	file_drop(&file);
}

/* Who never reads events comes to a limit; and closing frees them. */
static void never_read(void **state)
{
	struct program *program = program_new();
	int context = zcx_open(), err = 0;
	unsigned int i, accepted = 0;
	struct zcx_link link;
	struct vfile file;
	struct pair pair;
	char byte;

	(void)state;
	async_limit(500);
	own_mount();
	pair_open(&pair, PAIR_UNIX, 0, 0);
	file_make(&file, DIR_OWN, 100);
	file_lock(&file);
	program_file(program, &file, 0, 1);
	for (i = 0; i < 2000; i++) {
		async_prepare(&link, pair.tx, program);
		err = link_send(context, &link);
		accepted += !err;
		if (err && err != -EBUSY)
			break;
		recv(pair.rx, &byte, 1, MSG_DONTWAIT);
	}
	assert_int_equal(i, 2000);
	assert_int_equal(accepted, 500);
	async_pending(context, 500);
	assert_int_equal(link_fdinfo(context, "links"), 0);
	/* Links that have ended hold their files no more. */
	assert_true(file_unlock(&file));
	file_drop(&file);
	own_umount();
	close(context);
	pair_close(&pair);
	guest_assert_unloads();
}

/* Two contexts, one socket: the one that closes breaks the other's line. */
static void two_contexts(void **state)
{
	struct program *program = program_new();
	struct stall stall;
	int other = zcx_open();
	uint64_t id[2];

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	stall_submit(&stall, 0);
	program_memory(program, "other", 5);
	id[0] = async_send(other, stall.pair.tx, program);
	id[1] = async_send(other, stall.pair.tx, program);
	async_waits(other, id[1], ZCX_WAIT_TURN);
	close(stall.context);
	stall.context = -1;
	assert_int_equal(async_ends(other, id[0], ZCX_STATE_CANCELLED,
				    ECANCELED), 0);
	assert_int_equal(async_ends(other, id[1], ZCX_STATE_CANCELLED,
				    ECANCELED), 0);
	async_quiet(other);
	stall.receiver.expect = NULL;
	stall_go(&stall);
	id[0] = async_send(other, stall.pair.tx, program);
	async_sent(other, id[0], program, ZCX_STATE_SENT, 0);
	close(stall.pair.tx);
	stall.pair.tx = -1;
	receiver_join(&stall.receiver);
	close(other);
	stall_close(&stall);
}

/* Submitted, cancelled, paused and queried by four threads at once. */

struct meddler {
	int context;
	int sock;
	const struct program *program;
	unsigned int rounds;
	_Atomic unsigned int *accepted;
	uint64_t random;
	char problem[128];
	pthread_t thread;
};

static void *meddle(void *arg)
{
	static const unsigned long controls[] = {
		ZCX_IOC_CANCEL, ZCX_IOC_PAUSE, ZCX_IOC_RESUME, ZCX_IOC_RESUME,
	};
	struct meddler *m = arg;
	unsigned int i;

	for (i = 0; i < m->rounds && !m->problem[0]; i++) {
		uint64_t id = 1 + content_random(&m->random) % m->rounds;
		unsigned int what = content_random(&m->random) % 8;
		struct zcx_query query;
		struct zcx_link link;
		int err;

		if (what < 4) {
			async_prepare(&link, m->sock, m->program);
			err = link_send(m->context, &link);
			if (!err)
				atomic_fetch_add(m->accepted, 1);
		} else if (what == 4) {
			err = async_query(m->context, id, &query);
		} else {
			err = async_control(m->context, controls[id % 4], id);
		}
		if (err && err != -ENOENT && err != -EALREADY)
			snprintf(m->problem, sizeof(m->problem),
				 "round %u, %u: %s", i, what, strerror(-err));
	}
	return NULL;
}

static void meddlers(void **state)
{
	enum { MEDDLERS = 4 };
	unsigned int rounds = guest_pick(1000, 200), i;
	struct program *program = program_new();
	struct receiver receiver = { 0 };
	_Atomic unsigned int accepted = 0;
	struct meddler by[MEDDLERS] = { 0 };
	int context = zcx_open();
	uint64_t sent = 0;
	struct vfile file;
	struct pair pair;
	bool *seen;

	pair_open(&pair, *(const enum pair_kind *)*state, 0, 0);
	file_make(&file, DIR_EXT4, 20001);
	program_file(program, &file, 0, ZCX_TO_EOF);
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	for (i = 0; i < MEDDLERS; i++) {
		by[i] = (struct meddler) {
			.context = context,
			.sock = pair.tx,
			.program = program,
			.rounds = rounds,
			.accepted = &accepted,
			.random = i,
		};
		assert_int_equal(pthread_create(&by[i].thread, NULL, meddle,
						&by[i]), 0);
	}
	for (i = 0; i < MEDDLERS; i++) {
		pthread_join(by[i].thread, NULL);
		if (by[i].problem[0])
			fail_msg("%s", by[i].problem);
	}
	/* Paused ones go on. */
	for (i = 1; i <= accepted; i++)
		async_control(context, ZCX_IOC_RESUME, i);
	seen = test_calloc(accepted + 1, sizeof(*seen));
	for (i = 0; i < accepted; i++) {
		struct zcx_event event;

		async_event(context, &event);
		assert_null(async_problem(&event));
		assert_in_range(event.id, 1, accepted);
		assert_false(seen[event.id]);
		seen[event.id] = true;
		sent += event.bytes_sent;
	}
	test_free(seen);
	async_quiet(context);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.bytes, sent);
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

/* Faults */

static void need(const char *path, const char *value)
{
	if (guest_set(path, value))
		test_skip("the kernel has no %s", path);
}

static void faults_on(void)
{
	need(DEBUGFS "failslab/ignore-gfp-wait", "0");
	need(DEBUGFS "failslab/verbose", "0");
	need(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "0");
	need(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "0");
	need(DEBUGFS "fail_page_alloc/min-order", "0");
	need(DEBUGFS "fail_page_alloc/verbose", "0");
	need(DEBUGFS "fail_usercopy/verbose", "0");
}

/**
 * struct fault_case - which links are to meet faults
 * @dir: where their file is
 * @kind: of their socket
 * @flags: theirs
 * @cold: the file is not in the page cache
 * @lane: enum zcx_lane
 */
struct fault_case {
	const char *dir;
	const enum pair_kind *kind;
	uint32_t flags;
	bool cold;
	uint32_t lane;
};

/* Returns what is wrong with a link and what came of it, or NULL. */
static const char *judge(const struct zcx_link *link, int err, int context,
			 bool hit, const struct program *program,
			 const struct receiver *receiver, bool is_ktls)
{
	struct zcx_event event;
	const char *problem;

	/* The link is there; only its result could not be written. */
	if (err == -EFAULT && hit && link_fdinfo(context, "links") +
				     link_fdinfo(context, "events") > 0)
		err = 0;
	if (err && !link->id) {
		if (receiver->bytes)
			return "it was refused, yet something was sent";
		if (async_try_event(context, &event, 0) != -ETIMEDOUT)
			return "it was refused, yet there is an event";
		return hit ? NULL : "it was refused without a fault";
	}
	if (err)
		return "the call failed, yet wrote a result";
	if (async_try_event(context, &event, GUEST_PATIENCE_MS))
		return "no event came";
	problem = async_problem(&event);
	if (problem)
		return problem;
	if (!hit && event.bytes_sent != program->bytes)
		return "not all was sent, without a fault";
	if (event.bytes_sent != receiver->bytes && !(is_ktls && hit))
		return "what arrived is not what was sent";
	return NULL;
}

static bool fault_hit(int fd)
{
	char text[16] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	unsigned int i;

	for (i = 0; i < 4 && pwrite(fd, "0", 1, 0) != 1; i++)
		;
	assert_true(i < 4);
	return n > 0 && !atoi(text);
}

/* Each allocation and copy of a submission fails once. */
static void fault_submit(void **state)
{
	const struct fault_case *fc = *state;
	bool is_ktls = pair_is_ktls(*fc->kind), hit;
	int context, fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	struct program *program = program_new();
	unsigned int nth = 1, hits = 0, misses = 0;
	struct vfile file;

	if (fd < 0)
		test_skip("the kernel has no %s", FAIL_NTH);
	faults_on();
	guest_need_mount(fc->dir);
	context = zcx_open();
	file_make(&file, fc->dir, 40001);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	do {
		struct receiver receiver = { .expect = program };
		const char *problem;
		struct zcx_link link;
		struct pair pair;
		char text[16];
		int n, err;

		if (fc->cold)
			file_make_cold(&file);
		pair_open(&pair, *fc->kind, 0, 0);
		receiver.fd = pair.rx;
		assert_int_equal(receiver_start(&receiver), 0);
		async_prepare(&link, pair.tx, program);
		link.flags = fc->flags;
		link.lane = fc->lane;
		n = snprintf(text, sizeof(text), "%u", nth);
		assert_int_equal(pwrite(fd, text, n, 0), n);
		err = link_send(context, &link);
		hit = fault_hit(fd);
		close(pair.tx);
		pair.tx = -1;
		/* The stream ends when the link has let go of the socket. */
		receiver_join(&receiver);
		problem = judge(&link, err, context, hit, program, &receiver,
				is_ktls);
		if (!problem && receiver.wrong_at >= 0)
			problem = "wrong bytes arrived";
		if (problem)
			fail_msg("fault %u: %s (%s, id %llu, %llu arrived)",
				 nth, problem, strerror(-err),
				 (unsigned long long)link.id,
				 (unsigned long long)receiver.bytes);
		pair_close(&pair);
		async_quiet(context);
		hits += hit;
		misses = hit ? 0 : misses + 1;
	} while (nth++ < 5000 && misses < 2);
	print_message("%u faults\n", hits);
	assert_true(hits >= 3);
	assert_int_equal(misses, 2);
	close(fd);
	close(context);
	file_lock(&file);
	assert_true(file_unlock(&file));
	file_drop(&file);
}

/* Some of what the module asks for fails, whoever runs a link. */
static void faults_in_module(const char *percent)
{
	static const char *const name[] = { "failslab", "fail_page_alloc" };
	char path[96];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(name); i++) {
#define KNOB(knob, value) do { \
	snprintf(path, sizeof(path), DEBUGFS "%s/" knob, name[i]); \
	need(path, value); \
} while (0)
		KNOB("probability", "0");
		KNOB("stacktrace-depth", "32");
		KNOB("require-start", "0xffffffffa0000000");
		KNOB("require-end", "0xffffffffff000000");
		KNOB("task-filter", "N");
		KNOB("interval", "1");
		KNOB("times", "-1");
		KNOB("probability", percent);
	}
}

/* Faults at random, in workers too: each link has its end, and tells truly. */
static void fault_running(void **state)
{
	const struct fault_case *fc = *state;
	unsigned int rounds = 80, i, refused = 0, failed = 0;
	struct program *program = program_new();
	int context;
	struct vfile file;

	if (access(FAIL_NTH, F_OK))
		test_skip("the kernel has no %s", FAIL_NTH);
	faults_on();
	guest_need_mount(fc->dir);
	context = zcx_open();
	file_make(&file, fc->dir, 300001);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	faults_in_module("10");
	for (i = 0; i < rounds; i++) {
		struct receiver receiver = { .expect = program };
		const char *problem;
		struct zcx_link link;
		struct pair pair;
		int err;

		if (fc->cold)
			file_make_cold(&file);
		pair_open(&pair, *fc->kind, 32 * KIB, 32 * KIB);
		receiver.fd = pair.rx;
		assert_int_equal(receiver_start(&receiver), 0);
		async_prepare(&link, pair.tx, program);
		link.flags = fc->flags;
		link.lane = fc->lane;
		err = link_send(context, &link);
		refused += !!err;
		close(pair.tx);
		pair.tx = -1;
		receiver_join(&receiver);
		problem = judge(&link, err, context, true, program, &receiver,
				false);
		if (!problem && receiver.wrong_at >= 0)
			problem = "wrong bytes arrived";
		if (problem)
			fail_msg("round %u: %s (%s, id %llu, %llu arrived)", i,
				 problem, strerror(-err),
				 (unsigned long long)link.id,
				 (unsigned long long)receiver.bytes);
		failed += !err && receiver.bytes < program->bytes;
		pair_close(&pair);
		async_quiet(context);
	}
	print_message("%u refused, %u ended early\n", refused, failed);
	close(context);
	file_lock(&file);
	assert_true(file_unlock(&file));
	file_drop(&file);
}

static const struct fault_case warm_tcp = { .dir = DIR_EXT4, .kind = &tcp4 },
	warm_unix = { .dir = DIR_EXT4, .kind = &unix_stream },
	warm_ktls = { .dir = DIR_EXT4, .kind = &ktls },
	acked_tcp = { .dir = DIR_EXT4, .kind = &tcp4,
		      .flags = ZCX_LINK_ACKED },
	cold_tcp = { .dir = DIR_EXT4, .kind = &tcp4, .cold = true,
		     .lane = ZCX_LANE_CACHE },
	splice_tcp = { .dir = DIR_OVERLAY, .kind = &tcp4, .cold = true },
	direct_tcp = { .dir = DIR_EXT4, .kind = &tcp4, .cold = true,
		       .lane = ZCX_LANE_DIRECT },
	direct_unix = { .dir = DIR_XFS, .kind = &unix_stream, .cold = true,
			.lane = ZCX_LANE_DIRECT };

#define FAULTS(name, fc, debug, what) \
	{ "abuse_fault_" name, fault_submit, &(fc), "never", debug, "std", \
	  60, "each fault of a submission: " what }, \
	{ "abuse_faults_" name, fault_running, &(fc), "never", "all", "std", \
	  60, "faults at random, in workers too: " what }

static const bool yes = true;

const struct vm_test abuse_tests[] = {
	{ "abuse_closed_tcp4", closed_running, &tcp4, "all", "all", "std",
	  90, "a context of 3000 running links is closed, TCP" },
	{ "abuse_closed_unix", closed_running, &unix_stream, "test", "all",
	  "std", 90, "a context of 3000 running links is closed, AF_UNIX" },
	{ "abuse_unload", unload_behind, NULL, "all", "all", "std", 120,
	  "unloaded right behind the last close" },
	{ "abuse_killed", killed, NULL, "all", "all", "std", 90,
	  "processes killed while they submit" },
	{ "abuse_forked", forked, NULL, "all", "all", "std", 60,
	  "a child gets the event of its parent's link" },
	{ "abuse_last_copy_tcp4", last_copy, &tcp4, "all", "all", "std", 60,
	  "a context goes with the process that had it, TCP" },
	{ "abuse_last_copy_unix", last_copy, &unix_stream, "all", "all",
	  "std", 60, "a context goes with the process that had it, AF_UNIX" },
	{ "abuse_passed_on", passed_on, NULL, "all", "all", "std", 60,
	  "a context is passed on while its link runs" },
	{ "abuse_cycle", cycle, NULL, "test", "test", "std", 60,
	  "a context in flight on the socket of its own link ends" },
	{ "abuse_cycle_paused", cycle, &yes, "all", "all", "std", 60,
	  "the same, and the link is paused" },
	{ "abuse_never_read", never_read, NULL, "all", "all", "std", 60,
	  "events that nobody reads are bounded, and freed by a close" },
	{ "abuse_two_contexts", two_contexts, NULL, "all", "all", "std", 60,
	  "two contexts on a socket, of which one is closed" },
	{ "abuse_meddlers_tcp4", meddlers, &tcp4, "all", "all", "std", 90,
	  "four threads submit, cancel, pause and ask at once, TCP" },
	{ "abuse_meddlers_unix", meddlers, &unix_stream, "all", "all", "std",
	  90, "four threads submit, cancel, pause and ask at once, AF_UNIX" },
	FAULTS("tcp", warm_tcp, "test", "warm file, TCP"),
	FAULTS("unix", warm_unix, "all", "warm file, AF_UNIX"),
	FAULTS("acked", acked_tcp, "all", "warm file, TCP, ACKED"),
	FAULTS("cold", cold_tcp, "all", "cold file, TCP"),
	FAULTS("splice", splice_tcp, "all", "cold file by splice, TCP"),
	FAULTS("direct", direct_tcp, "all", "cold ext4 file, direct, TCP"),
	FAULTS("direct_xfs", direct_unix, "all",
	       "cold XFS file, direct, AF_UNIX"),
	{ "abuse_fault_ktls", fault_submit, &warm_ktls, "never", "all", "std",
	  60, "each fault of a submission: warm file, TLS" },
	{ 0 }
};
