// SPDX-License-Identifier: GPL-2.0
/* Signals that come while a call sleeps on a full socket. */
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define SMALL_BUFFER	(32 * KIB)

static const enum pair_kind kinds[PAIR_KINDS] = {
	PAIR_TCP4, PAIR_TCP6, PAIR_UNIX, PAIR_KTLS, PAIR_KTLS13,
};

/* What the handler of a signal has seen. */
static _Atomic unsigned int handled;

static void on_signal(int sig)
{
	(void)sig;
	handled++;
}

static void handle(int sig, int flags)
{
	struct sigaction action = {
		.sa_handler = on_signal,
		.sa_flags = flags,
	};

	assert_int_equal(sigaction(sig, &action, NULL), 0);
}

/**
 * struct scene - a link that sleeps, in a thread of its own
 * @program: far more than the sockets take
 * @file: of @program
 * @pair: with small buffers
 * @sender: of the link
 * @receiver: held at first
 * @filled: bytes in the socket before the link
 * @skip: of these, not received yet
 * @cursor: in @program
 */
struct scene {
	struct program *program;
	struct vfile file;
	struct pair pair;
	struct sender sender;
	struct receiver receiver;
	uint64_t filled;
	struct cursor cursor;
};

static void scene_open(struct scene *scene, enum pair_kind kind)
{
	memset(scene, 0, sizeof(*scene));
	handled = 0;
	pair_open(&scene->pair, kind, SMALL_BUFFER, SMALL_BUFFER);
	scene->sender.context = zcx_open();
	scene->program = program_new();
	file_make(&scene->file, DIR_EXT4, guest_pick(2 * MIB, MIB) + 4321);
	program_memory(scene->program, "header", 6);
	program_file(scene->program, &scene->file, 0, ZCX_TO_EOF);
	program_memory(scene->program, "trailer", 7);
}

/*
 * Leave no room at all, by links too: some sockets append to what is queued
 * already where write(2) would not.
 */
static void scene_fill(struct scene *scene)
{
	static uint8_t filler[4 * KIB];
	struct program *program = program_new();
	struct zcx_link link;
	unsigned int quiet;

	memset(filler, 'x', sizeof(filler));
	program_memory(program, filler, sizeof(filler));
	scene->filled = pair_fill(scene->pair.tx, 'x');
	pair_set_nonblock(scene->pair.tx, true);
	for (quiet = 0; quiet < 4; quiet++) {
		link_prepare(&link, scene->pair.tx, program);
		link_send(scene->sender.context, &link);
		scene->filled += link.bytes_sent;
		if (link.bytes_sent)
			quiet = 0;
		else
			pair_settle(scene->pair.tx);
	}
	pair_set_nonblock(scene->pair.tx, false);
}

/* The filler first, then the program. */
static size_t check_scene(void *arg, uint64_t offset, const uint8_t *buf,
			  size_t length)
{
	struct scene *scene = arg;
	size_t skip = 0;

	while (skip < length && offset + skip < scene->filled)
		if (buf[skip++] != 'x')
			return skip - 1;
	return skip + program_compare(scene->program, &scene->cursor,
				      buf + skip, length - skip);
}

static void scene_receive(struct scene *scene)
{
	scene->receiver = (struct receiver) {
		.fd = scene->pair.rx,
		.check = check_scene,
		.check_arg = scene,
		.held = true,
	};
	assert_int_equal(receiver_start(&scene->receiver), 0);
}

/* Have the link sleep in its call. */
static void scene_block(struct scene *scene)
{
	struct sender *sender = &scene->sender;

	scene_receive(scene);
	link_prepare(&sender->link, scene->pair.tx, scene->program);
	assert_int_equal(sender_start(sender), 0);
	assert_true(sender_wait_asleep(sender));
}

/* Send @sig to the sleeping thread, and wait until the handler was there. */
static void scene_signal(struct scene *scene, int sig)
{
	unsigned int before = handled, i;

	assert_int_equal(pthread_kill(scene->sender.thread, sig), 0);
	for (i = 0; i < GUEST_PATIENCE_MS / 2 && handled == before; i++)
		guest_sleep_ms(2);
	assert_int_equal(handled, before + 1);
}

/* @bytes of the program arrive, and then the stream ends. */
static void scene_arrives(struct scene *scene, uint64_t bytes)
{
	/* Kernel TLS drops at a close what TCP has no room for yet. */
	receiver_go(&scene->receiver);
	receiver_wait_bytes(&scene->receiver, scene->filled + bytes);
	close(scene->pair.tx);
	scene->pair.tx = -1;
	receiver_join(&scene->receiver);
	assert_int_equal(scene->receiver.error, 0);
	assert_int_equal(scene->receiver.wrong_at, -1);
	assert_int_equal(scene->receiver.bytes, scene->filled + bytes);
}

static void scene_close(struct scene *scene)
{
	pair_close(&scene->pair);
	close(scene->sender.context);
	file_drop(&scene->file);
}

/* The link of the scene has come to its end, all of it sent. */
static void assert_sent(struct scene *scene)
{
	const struct zcx_link *link = &scene->sender.link;

	sender_join(&scene->sender);
	assert_int_equal(scene->sender.err, 0);
	assert_null(link_problem(link));
	assert_int_equal(link->state, ZCX_STATE_SENT);
	assert_int_equal(link->bytes_sent, scene->program->bytes);
}

static void assert_interrupted(struct scene *scene)
{
	sender_join(&scene->sender);
	assert_null(link_problem(&scene->sender.link));
	assert_int_equal(scene->sender.link.state, ZCX_STATE_CANCELLED);
	assert_int_equal(scene->sender.link.error, EINTR);
}

static void nothing_sent(void **state)
{
	struct scene scene;

	handle(SIGUSR1, 0);
	scene_open(&scene, *(const enum pair_kind *)*state);
	scene_fill(&scene);
	scene_block(&scene);
	scene_signal(&scene, SIGUSR1);
	assert_interrupted(&scene);
	assert_int_equal(scene.sender.err, -EINTR);
	assert_int_equal(scene.sender.link.bytes_sent, 0);
	scene_arrives(&scene, 0);
	scene_close(&scene);
}

/* SA_RESTART has the call begin anew, as it has sendfile(2). */
static void restarted(void **state)
{
	struct scene scene;
	long long first;
	int i;

	handle(SIGUSR1, SA_RESTART);
	scene_open(&scene, *(const enum pair_kind *)*state);
	scene_fill(&scene);
	scene_block(&scene);
	first = link_fdinfo(scene.sender.context, "links_started");
	for (i = 0; i < 3; i++) {
		scene_signal(&scene, SIGUSR1);
		assert_true(sender_wait_asleep(&scene.sender));
	}
	receiver_go(&scene.receiver);
	assert_sent(&scene);
	/* Each attempt was a link of its own. */
	assert_int_equal(scene.sender.link.id, first + 3);
	scene_arrives(&scene, scene.program->bytes);
	scene_close(&scene);
}

/* With a limit of time the call is not begun anew: it would wait too long. */
static void limited(void **state)
{
	struct scene scene;

	handle(SIGUSR1, SA_RESTART);
	scene_open(&scene, *(const enum pair_kind *)*state);
	scene_fill(&scene);
	pair_set_sndtimeo(scene.pair.tx, 1000000);
	scene_block(&scene);
	scene_signal(&scene, SIGUSR1);
	assert_interrupted(&scene);
	assert_int_equal(scene.sender.err, -EINTR);
	assert_int_equal(scene.sender.link.bytes_sent, 0);
	scene_arrives(&scene, 0);
	scene_close(&scene);
}

static void part_sent_with(enum pair_kind kind, int flags)
{
	struct program *rest = program_new();
	struct scene scene;
	uint64_t sent;

	handle(SIGUSR1, flags);
	scene_open(&scene, kind);
	scene_block(&scene);
	scene_signal(&scene, SIGUSR1);
	assert_interrupted(&scene);
	assert_int_equal(scene.sender.err, 0);
	sent = scene.sender.link.bytes_sent;
	assert_in_range(sent, 1, scene.program->bytes - 1);
	receiver_go(&scene.receiver);
	program_rest(rest, scene.program, sent);
	assert_int_equal(link_send_all(scene.sender.context, scene.pair.tx,
				       rest), 1);
	scene_arrives(&scene, scene.program->bytes);
	scene_close(&scene);
}

static void part_sent(void **state)
{
	part_sent_with(*(const enum pair_kind *)*state, 0);
}

static void part_sent_restart(void **state)
{
	part_sent_with(*(const enum pair_kind *)*state, SA_RESTART);
}

/* Ignored by choice, ignored by default, and blocked by the thread. */
static void ignored(void **state)
{
	static const int sig[] = { SIGUSR2, SIGURG, SIGWINCH, SIGPIPE };
	struct scene scene;
	unsigned int i;

	signal(SIGUSR2, SIG_IGN);
	scene_open(&scene, *(const enum pair_kind *)*state);
	scene_block(&scene);
	for (i = 0; i < ARRAY_SIZE(sig); i++) {
		assert_int_equal(pthread_kill(scene.sender.thread, sig[i]), 0);
		assert_true(sender_wait_asleep(&scene.sender));
	}
	receiver_go(&scene.receiver);
	assert_sent(&scene);
	assert_int_equal(scene.sender.link.id, 1);
	scene_arrives(&scene, scene.program->bytes);
	scene_close(&scene);
}

/* Signals that other threads take are none of this one's. */
static void other_thread(void **state)
{
	struct scene scene;
	int i;

	(void)state;
	handle(SIGUSR1, 0);
	scene_open(&scene, PAIR_TCP4);
	scene_block(&scene);
	for (i = 0; i < 3; i++)
		assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(handled, 3);
	assert_true(sender_wait_asleep(&scene.sender));
	receiver_go(&scene.receiver);
	assert_sent(&scene);
	scene_arrives(&scene, scene.program->bytes);
	scene_close(&scene);
}

/* A child that sends the scene's program, by as many links as it takes. */
static pid_t start_child(struct scene *scene)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		close(scene->pair.rx);
		_exit(link_send_all(scene->sender.context, scene->pair.tx,
				    scene->program) > 0 ? 0 : 1);
	}
	assert_true(guest_wait_asleep(pid, pid));
	return pid;
}

static void killed(void **state)
{
	struct scene scene;
	int status;
	pid_t pid;

	scene_open(&scene, *(const enum pair_kind *)*state);
	pid = start_child(&scene);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);

	/* What the child had sent arrives, and its end closes the stream. */
	close(scene.pair.tx);
	scene.pair.tx = -1;
	scene_receive(&scene);
	receiver_join(&scene.receiver);
	assert_int_equal(scene.receiver.error, 0);
	assert_int_equal(scene.receiver.wrong_at, -1);
	assert_in_range(scene.receiver.bytes, 1, scene.program->bytes - 1);
	exchange_simply(scene.program, scene.pair.kind);
	scene_close(&scene);
}

/* One thread of a process that has more of them: all end. */
static void killed_group(void **state)
{
	struct scene scene;
	int status;
	pid_t pid;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(scene.pair.rx);
		link_prepare(&scene.sender.link, scene.pair.tx, scene.program);
		if (sender_start(&scene.sender) ||
		    !sender_wait_asleep(&scene.sender))
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	scene_receive(&scene);
	close(scene.pair.tx);
	scene.pair.tx = -1;
	receiver_join(&scene.receiver);
	assert_int_equal(scene.receiver.wrong_at, -1);
	assert_in_range(scene.receiver.bytes, 1, scene.program->bytes - 1);
	scene_close(&scene);
}

static void stop_and_go(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(waitpid(pid, &status, WCONTINUED), pid);
	assert_true(WIFCONTINUED(status));
}

/* Stopped and continued while asleep, and on the run; nothing gets lost. */
static void stopped(void **state)
{
	struct scene scene;
	int status, i;
	pid_t pid;

	scene_open(&scene, *(const enum pair_kind *)*state);
	pid = start_child(&scene);
	for (i = 0; i < 3; i++) {
		stop_and_go(pid);
		assert_true(guest_wait_asleep(pid, pid));
	}
	scene_receive(&scene);
	scene.receiver.delay_us = 2000;
	/* The child cannot end before it has been stopped as often. */
	scene.receiver.hold_at = scene.program->bytes * 5 / 8;
	scene.receiver.held = false;
	for (i = 1; i < 4; i++) {
		receiver_wait_bytes(&scene.receiver,
				    i * scene.program->bytes / 8);
		stop_and_go(pid);
	}
	receiver_go(&scene.receiver);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	scene_arrives(&scene, scene.program->bytes);
	scene_close(&scene);
}

/* Stopped with nothing sent: the call goes on, and the caller sees nothing. */
static void stopped_full(void **state)
{
	struct scene scene;
	struct zcx_link link;
	int status;
	pid_t pid;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	scene_fill(&scene);
	link_prepare(&link, scene.pair.tx, scene.program);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(scene.pair.rx);
		_exit(link_send(scene.sender.context, &link) ||
		      link.bytes_sent != scene.program->bytes);
	}
	assert_true(guest_wait_asleep(pid, pid));
	stop_and_go(pid);
	assert_true(guest_wait_asleep(pid, pid));
	scene_receive(&scene);
	receiver_go(&scene.receiver);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	scene_arrives(&scene, scene.program->bytes);
	scene_close(&scene);
}

/**
 * struct shooter - a thread that sends signals at random moments
 * @target: to whom
 * @over: it is to end
 * @shots: how many it sent
 */
struct shooter {
	pthread_t target;
	pthread_t thread;
	_Atomic bool over;
	unsigned int shots;
};

static void *shoot(void *arg)
{
	struct shooter *shooter = arg;
	uint64_t random = 1;

	while (!shooter->over) {
		pthread_kill(shooter->target, SIGUSR1);
		shooter->shots++;
		usleep(content_random(&random) % 4000);
	}
	return NULL;
}

/*
 * Whatever the moment, the count is right: the rest makes the whole. Returns how
 * many links that took.
 */
static int storm_once(enum pair_kind kind)
{
	struct shooter shooter = { .target = pthread_self() };
	struct scene scene;
	int links;

	scene_open(&scene, kind);
	scene_receive(&scene);
	scene.receiver.delay_us = 500;
	receiver_go(&scene.receiver);
	assert_int_equal(pthread_create(&shooter.thread, NULL, shoot,
					&shooter), 0);
	links = link_send_all(scene.sender.context, scene.pair.tx,
			      scene.program);
	shooter.over = true;
	pthread_join(shooter.thread, NULL);
	if (links < 0)
		fail_msg("after %u signals: %s", shooter.shots,
			 strerror(-links));
	scene_arrives(&scene, scene.program->bytes);
	scene_close(&scene);
	return links;
}

/* Until a signal has come while a link waited: else nothing was tested. */
static void storm_with(enum pair_kind kind, int flags)
{
	int round;

	handle(SIGUSR1, flags);
	for (round = 0; round < 10; round++)
		if (storm_once(kind) > 1)
			return;
	fail_msg("no link was interrupted");
}

static void storm(void **state)
{
	storm_with(*(const enum pair_kind *)*state, 0);
}

static void storm_restart(void **state)
{
	storm_with(*(const enum pair_kind *)*state, SA_RESTART);
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

const struct vm_test signals_tests[] = {
	EACH_KIND("signals_nothing_sent", nothing_sent,
		  "a signal before the first byte is EINTR"),
	EACH_PLAIN("signals_restarted", restarted,
		   "SA_RESTART begins a call with nothing sent anew"),
	EACH_PLAIN("signals_limited", limited,
		   "SA_RESTART or not, it is EINTR under SO_SNDTIMEO"),
	EACH_KIND("signals_part", part_sent,
		  "a signal in mid-send leaves a count; the rest follows"),
	EACH_PLAIN("signals_part_restart", part_sent_restart,
		   "the same with SA_RESTART"),
	EACH_KIND("signals_ignored", ignored,
		  "ignored and blocked signals do not end a call"),
	{ "signals_other_thread", other_thread, NULL, "test", "test", "std",
	  30, "a signal to another thread does not end a call" },
	EACH_KIND("signals_killed", killed,
		  "SIGKILL ends the sleeping caller, and with it the stream"),
	{ "signals_killed_group", killed_group, NULL, "test", "test", "std",
	  30, "the end of the process ends a call that sleeps" },
	EACH_KIND("signals_stopped", stopped,
		  "SIGSTOP and SIGCONT in mid-send lose no byte"),
	{ "signals_stopped_full", stopped_full, NULL, "test", "test", "std",
	  30, "a call with nothing sent goes on after SIGSTOP and SIGCONT" },
	EACH_KIND("signals_storm", storm,
		  "random signals, links resumed: every byte arrives once"),
	EACH_PLAIN("signals_storm_restart", storm_restart,
		   "random signals with SA_RESTART: every byte arrives once"),
	{ 0 }
};
