// SPDX-License-Identifier: GPL-2.0
/* How a call behaves towards its caller when it cannot do all of it at once. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

/* Small enough to be full soon, and large enough for a TLS record. */
#define SMALL_BUFFER	(32 * KIB)
#define AT_ONCE		4

static const enum pair_kind kinds[PAIR_KINDS] = {
	PAIR_TCP4, PAIR_TCP6, PAIR_UNIX, PAIR_KTLS, PAIR_KTLS13,
};

/**
 * struct scene - what nearly every test here needs
 * @program: header, file, trailer: far more than the sockets take
 * @file: of @program
 * @pair: with small buffers
 * @context: of the links
 * @receiver: of @pair, held; started by scene_receive()
 */
struct scene {
	struct program *program;
	struct vfile file;
	struct pair pair;
	int context;
	struct receiver receiver;
};

static void scene_open(struct scene *scene, enum pair_kind kind)
{
	memset(scene, 0, sizeof(*scene));
	pair_open(&scene->pair, kind, SMALL_BUFFER, SMALL_BUFFER);
	scene->context = zcx_open();
	scene->program = program_new();
	file_make(&scene->file, DIR_EXT4, guest_pick(3 * MIB, MIB) + 4321);
	program_memory(scene->program, "header", 6);
	program_file(scene->program, &scene->file, 0, ZCX_TO_EOF);
	program_memory(scene->program, "trailer", 7);
	link_took_sigpipe();
}

/* From now on what arrives is compared; nothing is read before receiver_go(). */
static void scene_receive(struct scene *scene)
{
	scene->receiver = (struct receiver) {
		.fd = scene->pair.rx,
		.expect = scene->program,
		.held = true,
	};
	assert_int_equal(receiver_start(&scene->receiver), 0);
}

/* All that was sent arrives, as it should be, and then the stream ends. */
static void scene_arrives(struct scene *scene, uint64_t bytes)
{
	/* Kernel TLS drops at a close what TCP has no room for yet. */
	receiver_go(&scene->receiver);
	receiver_wait_bytes(&scene->receiver, bytes);
	close(scene->pair.tx);
	scene->pair.tx = -1;
	receiver_join(&scene->receiver);
	assert_int_equal(scene->receiver.error, 0);
	assert_int_equal(scene->receiver.wrong_at, -1);
	assert_int_equal(scene->receiver.bytes, bytes);
}

static void scene_close(struct scene *scene)
{
	pair_close(&scene->pair);
	close(scene->context);
	file_assert_unchanged(&scene->file);
	file_drop(&scene->file);
}

static void block_sigpipe(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* The scene's link, as far as it goes. */
static int send_scene(struct scene *scene, struct zcx_link *link)
{
	int err;

	link_prepare(link, scene->pair.tx, scene->program);
	err = link_send(scene->context, link);
	if (link_problem(link))
		fail_msg("%s (%s)", link_problem(link), strerror(-err));
	return err;
}

static void assert_nothing_sent(const struct zcx_link *link, int error,
				unsigned int state)
{
	assert_int_equal(link->bytes_sent, 0);
	assert_int_equal(link->bytes_copied, 0);
	assert_int_equal(link->error, error);
	assert_int_equal(link->state, state);
}

static void assert_part_sent(const struct scene *scene,
			     const struct zcx_link *link, int error,
			     unsigned int state)
{
	assert_in_range(link->bytes_sent, 1, scene->program->bytes - 1);
	assert_int_equal(link->error, error);
	assert_int_equal(link->state, state);
}

/*
 * Leave no room at all, by links too: some sockets append to what is queued
 * already where write(2) would not. Returns how many bytes went in.
 */
static uint64_t fill(struct scene *scene)
{
	uint64_t bytes = pair_fill(scene->pair.tx, 'x');
	struct zcx_link link;

	pair_set_nonblock(scene->pair.tx, true);
	while (!send_scene(scene, &link))
		bytes += link.bytes_sent;
	assert_nothing_sent(&link, EAGAIN, ZCX_STATE_FAILED);
	pair_set_nonblock(scene->pair.tx, false);
	return bytes;
}

/* The filler arrives, and then the stream ends. See scene_arrives(). */
static void filler_arrives(struct scene *scene, uint64_t bytes)
{
	struct receiver receiver = { .fd = scene->pair.rx };

	assert_int_equal(receiver_start(&receiver), 0);
	receiver_wait_bytes(&receiver, bytes);
	close(scene->pair.tx);
	scene->pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.bytes, bytes);
}

/* What is left of the scene's program, now that @sent bytes of it have gone. */
static void send_rest(struct scene *scene, uint64_t sent)
{
	struct program *rest = program_new();

	program_rest(rest, scene->program, sent);
	assert_true(link_send_all(scene->context, scene->pair.tx, rest) > 0);
}

static void nonblock_full(void **state)
{
	struct scene scene;
	struct zcx_link link;
	uint64_t filled;

	scene_open(&scene, *(const enum pair_kind *)*state);
	filled = fill(&scene);
	pair_set_nonblock(scene.pair.tx, true);
	assert_int_equal(send_scene(&scene, &link), -EAGAIN);
	assert_nothing_sent(&link, EAGAIN, ZCX_STATE_FAILED);
	assert_int_equal(send_scene(&scene, &link), -EAGAIN);
	filler_arrives(&scene, filled);
	scene_close(&scene);
}

static void nonblock_part(void **state)
{
	struct scene scene;
	struct zcx_link link;

	scene_open(&scene, *(const enum pair_kind *)*state);
	scene_receive(&scene);
	pair_set_nonblock(scene.pair.tx, true);
	assert_int_equal(send_scene(&scene, &link), 0);
	assert_part_sent(&scene, &link, EAGAIN, ZCX_STATE_FAILED);
	receiver_go(&scene.receiver);
	send_rest(&scene, link.bytes_sent);
	scene_arrives(&scene, scene.program->bytes);
	scene_close(&scene);
}

static void sndtimeo_full(void **state)
{
	struct scene scene;
	struct zcx_link link;
	uint64_t filled;

	scene_open(&scene, *(const enum pair_kind *)*state);
	filled = fill(&scene);
	pair_set_sndtimeo(scene.pair.tx, 200);
	assert_int_equal(send_scene(&scene, &link), -EAGAIN);
	assert_nothing_sent(&link, EAGAIN, ZCX_STATE_FAILED);
	filler_arrives(&scene, filled);
	scene_close(&scene);
}

static void sndtimeo_part(void **state)
{
	struct scene scene;
	struct zcx_link link;

	scene_open(&scene, *(const enum pair_kind *)*state);
	scene_receive(&scene);
	pair_set_sndtimeo(scene.pair.tx, 200);
	assert_int_equal(send_scene(&scene, &link), 0);
	assert_part_sent(&scene, &link, EAGAIN, ZCX_STATE_FAILED);
	receiver_go(&scene.receiver);
	send_rest(&scene, link.bytes_sent);
	scene_arrives(&scene, scene.program->bytes);
	scene_close(&scene);
}

/* Each wait is far shorter than the limit, all of them together are longer. */
static void sndtimeo_each_wait(void **state)
{
	struct scene scene;
	struct zcx_link link;

	scene_open(&scene, *(const enum pair_kind *)*state);
	program_clear(scene.program);
	program_file(scene.program, &scene.file, 0, 800 * KIB);
	scene_receive(&scene);
	scene.receiver.chunk = 8 * KIB;
	scene.receiver.delay_us = 80000;
	pair_set_sndtimeo(scene.pair.tx, 4000);
	receiver_go(&scene.receiver);
	assert_int_equal(send_scene(&scene, &link), 0);
	assert_null(link_problem_complete(&link, scene.program, 0));
	scene_arrives(&scene, scene.program->bytes);
	scene_close(&scene);
}

static void shut_down(void **state)
{
	struct scene scene;
	struct zcx_link link;

	block_sigpipe();
	scene_open(&scene, *(const enum pair_kind *)*state);
	assert_int_equal(shutdown(scene.pair.tx, SHUT_WR), 0);
	assert_int_equal(send_scene(&scene, &link), -EPIPE);
	assert_nothing_sent(&link, EPIPE, ZCX_STATE_FAILED);
	assert_true(link_took_sigpipe());

	link_prepare(&link, scene.pair.tx, scene.program);
	link.flags |= ZCX_LINK_NOSIGNAL;
	assert_int_equal(link_send(scene.context, &link), -EPIPE);
	assert_nothing_sent(&link, EPIPE, ZCX_STATE_FAILED);
	assert_false(link_took_sigpipe());

	assert_int_equal(pair_drain(scene.pair.rx), 0);
	scene_close(&scene);
}

/* The signal is the caller's alone, and has its usual effect. */
static void sigpipe_kills(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct scene scene;
	struct zcx_link link;
	int status;
	pid_t pid;

	scene_open(&scene, kind);
	assert_int_equal(shutdown(scene.pair.tx, SHUT_WR), 0);
	link_prepare(&link, scene.pair.tx, scene.program);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		signal(SIGPIPE, SIG_DFL);
		link_send(scene.context, &link);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGPIPE);

	link.flags |= ZCX_LINK_NOSIGNAL;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		signal(SIGPIPE, SIG_DFL);
		_exit(link_send(scene.context, &link) == -EPIPE ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	scene_close(&scene);
}

static void shut_down_part(enum pair_kind kind, bool by_peer)
{
	struct scene scene;
	struct sender sender = { 0 };

	scene_open(&scene, kind);
	sender.context = scene.context;
	link_prepare(&sender.link, scene.pair.tx, scene.program);
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	if (by_peer)
		assert_int_equal(shutdown(scene.pair.rx, SHUT_RD), 0);
	else
		assert_int_equal(shutdown(scene.pair.tx, SHUT_WR), 0);
	sender_join(&sender);
	assert_int_equal(sender.err, 0);
	assert_null(link_problem(&sender.link));
	assert_part_sent(&scene, &sender.link, EPIPE, ZCX_STATE_FAILED);
	assert_false(sender.sigpipe);
	scene_close(&scene);
}

static void shut_down_asleep(void **state)
{
	shut_down_part(*(const enum pair_kind *)*state, false);
}

/* The reader shuts down its side: AF_UNIX tells the writer at once. */
static void peer_shut_down(void **state)
{
	(void)state;
	shut_down_part(PAIR_UNIX, true);
}

static void reset(struct pair *pair)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(pair->rx, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(pair->rx);
	pair->rx = -1;
}

static void assert_reset(const struct zcx_link *link)
{
	assert_int_equal(link->state, ZCX_STATE_FAILED);
	if (link->error != EPIPE)
		assert_int_equal(link->error, ECONNRESET);
}

/* The peer is gone: again and again, and the next peer is none the worse. */
static void after_reset(struct scene *scene)
{
	struct zcx_link link;

	block_sigpipe();
	link_took_sigpipe();
	/* An error is reported once, as write(2) would. */
	send_scene(scene, &link);
	assert_reset(&link);
	link_took_sigpipe();
	assert_int_equal(send_scene(scene, &link), -EPIPE);
	assert_true(link_took_sigpipe());
	exchange_simply(scene->program, scene->pair.kind);
}

static void reset_part(void **state)
{
	struct scene scene;
	struct sender sender = { 0 };

	scene_open(&scene, *(const enum pair_kind *)*state);
	sender.context = scene.context;
	link_prepare(&sender.link, scene.pair.tx, scene.program);
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	reset(&scene.pair);
	sender_join(&sender);
	assert_int_equal(sender.err, 0);
	assert_null(link_problem(&sender.link));
	assert_in_range(sender.link.bytes_sent, 1, scene.program->bytes - 1);
	assert_reset(&sender.link);
	assert_false(sender.sigpipe);
	after_reset(&scene);
	scene_close(&scene);
}

static void reset_full(void **state)
{
	struct scene scene;
	struct sender sender = { 0 };

	scene_open(&scene, *(const enum pair_kind *)*state);
	fill(&scene);
	sender.context = scene.context;
	link_prepare(&sender.link, scene.pair.tx, scene.program);
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	reset(&scene.pair);
	sender_join(&sender);
	assert_null(link_problem(&sender.link));
	assert_int_equal(sender.link.bytes_sent, 0);
	assert_reset(&sender.link);
	assert_int_equal(sender.err, -(int)sender.link.error);
	assert_int_equal(sender.sigpipe, sender.err == -EPIPE);
	after_reset(&scene);
	scene_close(&scene);
}

/* Wait until @bytes can be read, although the stream has not ended. */
static void assert_arrive(const struct program *program, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct cursor cursor = { 0 };
	uint64_t done = 0;
	uint8_t buf[4096];

	while (done < program->bytes) {
		ssize_t n;

		assert_int_equal(poll(&pfd, 1, GUEST_PATIENCE_MS), 1);
		n = recv(fd, buf, sizeof(buf), 0);
		assert_true(n > 0);
		assert_int_equal(program_compare(program, &cursor, buf, n), n);
		done += n;
	}
	guest_sleep_ms(20);
	assert_int_equal(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

/* All there is arrives, and nothing else, while the socket stays open. */
static void short_file(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct program *program = program_new();
	struct vfile file;
	struct pair pair;
	struct zcx_link link;
	int context;

	pair_open(&pair, kind, 0, 0);
	context = zcx_open();
	file_make(&file, DIR_EXT4, 20001);
	program_memory(program, "header", 6);
	program_file(program, &file, 1, 20001);
	program_memory(program, "trailer", 7);
	program_file(program, &file, 0, ZCX_TO_EOF);
	link_prepare(&link, pair.tx, program);
	assert_int_equal(link_send(context, &link), 0);
	assert_null(link_problem_complete(&link, program,
					  pair_is_ktls(kind) ?
					  ZCX_RESULT_KTLS : 0));
	assert_int_equal(link.state, ZCX_STATE_SHORT);
	assert_int_equal(link.error, 0);
	assert_int_equal(link.bytes_sent, 6 + 20000);
	assert_arrive(program, pair.rx);

	/* The stream is as good as before. */
	program_clear(program);
	program_file(program, &file, 0, ZCX_TO_EOF);
	link_prepare(&link, pair.tx, program);
	assert_int_equal(link_send(context, &link), 0);
	assert_arrive(program, pair.rx);
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

/* However the call ends, and by whichever lane: lseek's offset stays. */
static void offset_kept(void **state)
{
	const char *dir = *state;
	struct program *program = program_new();
	struct vfile file;
	struct pair pair;
	struct zcx_link link;
	int context = zcx_open();

	guest_need_mount(dir);
	file_make(&file, dir, 300001);
	assert_int_equal(lseek(file.fd, 4321, SEEK_SET), 4321);
	program_file(program, &file, 7, ZCX_TO_EOF);
	exchange_simply(program, PAIR_TCP4);
	assert_int_equal(lseek(file.fd, 0, SEEK_CUR), 4321);

	pair_open(&pair, PAIR_TCP4, 8192, 8192);
	pair_set_nonblock(pair.tx, true);
	link_prepare(&link, pair.tx, program);
	assert_int_equal(link_send(context, &link), 0);
	assert_int_equal(link.error, EAGAIN);
	assert_int_equal(lseek(file.fd, 0, SEEK_CUR), 4321);
	pair_close(&pair);

	program_file(program, &file, 300000, 2);
	exchange_simply(program, PAIR_UNIX);
	assert_int_equal(lseek(file.fd, 0, SEEK_CUR), 4321);
	close(context);
	file_drop(&file);
}

/* Nothing to send needs no room, and meets no error. */
static void no_bytes(void **state)
{
	struct program *program = program_new();
	struct scene scene;
	struct zcx_link link;
	unsigned int i;

	block_sigpipe();
	scene_open(&scene, *(const enum pair_kind *)*state);
	program_memory(program, NULL, 0);
	program_file(program, &scene.file, 5, 0);
	program_file(program, &scene.file, scene.file.size, ZCX_TO_EOF);
	program_memory(program, "x", 0);
	fill(&scene);
	for (i = 0; i < 2; i++) {
		pair_set_nonblock(scene.pair.tx, !i);
		link_prepare(&link, scene.pair.tx, program);
		assert_int_equal(link_send(scene.context, &link), 0);
		assert_null(link_problem_complete(&link, program, 0));
		assert_int_equal(shutdown(scene.pair.tx, SHUT_WR), 0);
	}
	assert_false(link_took_sigpipe());
	scene_close(&scene);
}

/* What went in comes back, next to what the module has to say. */
static void in_members(void **state)
{
	struct zcx_link link, before;
	struct scene scene;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	pair_set_nonblock(scene.pair.tx, true);
	link_prepare(&link, scene.pair.tx, scene.program);
	link.user_data = 0xfedcba9876543210;
	before = link;
	assert_int_equal(link_send(scene.context, &link), 0);
	assert_memory_equal(&link, &before, offsetof(struct zcx_link, id));
	assert_int_equal(link.__reserved, 0);
	scene_close(&scene);
}

/* Each context counts its own links, however they end. */
static void ids(void **state)
{
	struct scene scene;
	struct zcx_link link;
	int other = zcx_open();
	unsigned int i;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	pair_set_nonblock(scene.pair.tx, true);
	for (i = 1; i <= 20; i++) {
		int err = send_scene(&scene, &link);

		assert_true(!err || err == -EAGAIN);
		assert_int_equal(link.id, i);
	}
	link_prepare(&link, scene.pair.tx, scene.program);
	link_send(other, &link);
	assert_int_equal(link.id, 1);
	send_scene(&scene, &link);
	assert_int_equal(link.id, 21);
	close(other);
	scene_close(&scene);
}

/* Refused calls: nothing is written, nothing sent, no number used up. */
static void refused(void **state)
{
	static const struct {
		int err;
		size_t offset;		/* of the member that is wrong */
		uint32_t value;
	} wrong[] = {
		{ -EBADF, offsetof(struct zcx_link, socket_fd), 3999 },
		{ -EINVAL, offsetof(struct zcx_link, flags),
		  ZCX_LINK_SYNC | ZCX_LINK_ACKED },
		{ -EOPNOTSUPP, offsetof(struct zcx_link, flags), 0x80000001 },
		{ -EOPNOTSUPP, offsetof(struct zcx_link, lane), 77 },
		{ -EINVAL, offsetof(struct zcx_link, segment_count), 0 },
		{ -EINVAL, offsetof(struct zcx_link, segment_size), 8 },
		{ -EINVAL, offsetof(struct zcx_link, __reserved), 1 },
	};
	struct zcx_link link, before;
	struct scene scene;
	unsigned int i;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		link_prepare(&link, scene.pair.tx, scene.program);
		memset(&link.bytes_sent, 0xa5,
		       offsetof(struct zcx_link, __reserved) -
		       offsetof(struct zcx_link, bytes_sent));
		memcpy((uint8_t *)&link + wrong[i].offset, &wrong[i].value,
		       sizeof(wrong[i].value));
		before = link;
		assert_int_equal(link_send(scene.context, &link),
				 wrong[i].err);
		assert_memory_equal(&link, &before, sizeof(link));
	}
	link_prepare(&link, scene.file.fd, scene.program);
	assert_int_equal(link_send(scene.context, &link), -ENOTSOCK);
	assert_int_equal(link.id, 0);
	assert_int_equal(pair_readable(scene.pair.rx), 0);

	pair_set_nonblock(scene.pair.tx, true);
	assert_int_equal(send_scene(&scene, &link), 0);
	assert_int_equal(link.id, 1);
	scene_close(&scene);
}

/* The numbers mean something else now; the link holds what it was given. */
static void replace(int *fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_true(null >= 0);
	assert_int_equal(dup2(null, *fd), *fd);
	close(null);
}

static void descriptors_closed(void **state)
{
	struct scene scene;
	struct sender sender = { 0 };

	scene_open(&scene, *(const enum pair_kind *)*state);
	scene_receive(&scene);
	sender.context = scene.context;
	link_prepare(&sender.link, scene.pair.tx, scene.program);
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	replace(&scene.pair.tx);
	replace(&scene.file.fd);
	replace(&scene.context);
	receiver_go(&scene.receiver);
	sender_join(&sender);
	assert_int_equal(sender.err, 0);
	assert_int_equal(sender.link.state, ZCX_STATE_SENT);
	assert_int_equal(sender.link.bytes_sent, scene.program->bytes);
	/* The end of the stream comes although nobody closes a socket. */
	scene_arrives(&scene, scene.program->bytes);
	pair_close(&scene.pair);
	close(scene.context);
	file_drop(&scene.file);
}

static void *run_exchange(void *arg)
{
	return exchange_try(arg) ? NULL : arg;
}

/* Links of one context, each from a thread of its own to its own socket. */
static void at_once(void **state)
{
	static struct exchange x[AT_ONCE];
	struct program *program = program_new();
	pthread_t thread[AT_ONCE];
	struct vfile file;
	uint64_t seen = 0;
	int context = zcx_open();
	unsigned int i;

	/* Before there are threads: its child's end would interrupt one. */
	if (pair_is_ktls(*(const enum pair_kind *)*state))
		pair_need_ktls();
	file_make(&file, DIR_EXT4, guest_pick(MIB, 300 * KIB) + 77);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	for (i = 0; i < AT_ONCE; i++) {
		x[i] = (struct exchange) {
			.program = program,
			.kind = i % 2 ? PAIR_TCP4 :
					*(const enum pair_kind *)*state,
			.sndbuf = 16 * KIB,
			.chunk = 16 * KIB,
			.delay_us = 1000,
			.context = context,
		};
		assert_int_equal(pthread_create(&thread[i], NULL, run_exchange,
						&x[i]), 0);
	}
	for (i = 0; i < AT_ONCE; i++) {
		void *failed;

		pthread_join(thread[i], &failed);
		if (failed)
			fail_msg("%s", x[i].problem);
		assert_in_range(x[i].link.id, 1, AT_ONCE);
		seen |= 1ULL << x[i].link.id;
	}
	assert_int_equal(seen, (2ULL << AT_ONCE) - 2);
	close(context);
	file_drop(&file);
}

#define EACH_PLAIN(name, run, what) \
	{ name "_tcp4", run, &kinds[PAIR_TCP4], "test", "test", "std", 30, \
	  what ", IPv4" }, \
	{ name "_tcp6", run, &kinds[PAIR_TCP6], "test", "all", "std", 30, \
	  what ", IPv6" }, \
	{ name "_unix", run, &kinds[PAIR_UNIX], "test", "test", "std", 30, \
	  what ", AF_UNIX" }

#define EACH_KIND(name, run, what) \
	EACH_PLAIN(name, run, what), \
	{ name "_ktls", run, &kinds[PAIR_KTLS], "test", "test", "std", 30, \
	  what ", kernel TLS 1.2" }, \
	{ name "_ktls13", run, &kinds[PAIR_KTLS13], "test", "all", "std", 30, \
	  what ", kernel TLS 1.3" }

const struct vm_test manners_tests[] = {
	EACH_KIND("manners_nonblock_full", nonblock_full,
		  "a full non-blocking socket is EAGAIN, with nothing sent"),
	EACH_KIND("manners_nonblock_part", nonblock_part,
		  "a non-blocking socket takes a part; the rest follows"),
	EACH_KIND("manners_sndtimeo_full", sndtimeo_full,
		  "SO_SNDTIMEO over with nothing sent is EAGAIN"),
	EACH_KIND("manners_sndtimeo_part", sndtimeo_part,
		  "SO_SNDTIMEO over after a part; the rest follows"),
	{ "manners_sndtimeo_each", sndtimeo_each_wait, &kinds[PAIR_TCP4],
	  "all", "all", "std", 90,
	  "SO_SNDTIMEO limits each wait, not their sum" },
	EACH_PLAIN("manners_shut_down", shut_down,
		   "EPIPE after shutdown, with SIGPIPE unless NOSIGNAL"),
	{ "manners_sigpipe_kills", sigpipe_kills, &kinds[PAIR_TCP4], "test",
	  "test", "std", 30, "SIGPIPE ends the caller, unless NOSIGNAL" },
	EACH_PLAIN("manners_shut_asleep", shut_down_asleep,
		   "shutdown in mid-send by another thread: count and EPIPE"),
	{ "manners_peer_shut_down", peer_shut_down, NULL, "test", "test",
	  "std", 30, "an AF_UNIX peer that stops reading ends a link in part" },
	EACH_PLAIN("manners_reset_part", reset_part,
		   "the peer resets in mid-send: count and error"),
	EACH_PLAIN("manners_reset_full", reset_full,
		   "the peer resets while nothing was sent: the errno"),
	EACH_KIND("manners_short", short_file,
		  "the bytes of a SHORT link arrive without the stream's end"),
	{ "manners_offset_ext4", offset_kept, DIR_EXT4, "test", "test", "std",
	  30, "the cache lane leaves lseek's offset alone" },
	{ "manners_offset_overlay", offset_kept, DIR_OVERLAY, "test", "test",
	  "std", 30, "the splice lane leaves lseek's offset alone" },
	{ "manners_no_bytes_tcp4", no_bytes, &kinds[PAIR_TCP4], "test", "test",
	  "std", 30, "a link without bytes is SENT on a full or shut socket" },
	{ "manners_no_bytes_unix", no_bytes, &kinds[PAIR_UNIX], "test", "all",
	  "std", 30, "the same over AF_UNIX" },
	{ "manners_in_members", in_members, NULL, "test", "test", "std", 30,
	  "user_data and the other in members come back as they were" },
	{ "manners_ids", ids, NULL, "test", "test", "std", 30,
	  "ids count the links of a context from 1" },
	{ "manners_refused", refused, NULL, "test", "test", "std", 30,
	  "a refused call writes nothing, and sends nothing" },
	EACH_PLAIN("manners_descriptors_closed", descriptors_closed,
		   "descriptors may be closed and reused during the call"),
	{ "manners_at_once_tcp4", at_once, &kinds[PAIR_TCP4], "test", "test",
	  "std", 30, "four threads send at once by one context, TCP" },
	{ "manners_at_once_unix", at_once, &kinds[PAIR_UNIX], "test", "test",
	  "std", 30, "four threads send at once by one context, AF_UNIX" },
	{ "manners_at_once_ktls", at_once, &kinds[PAIR_KTLS], "test", "all",
	  "std", 30, "four threads send at once by one context, kernel TLS" },
	{ 0 }
};
