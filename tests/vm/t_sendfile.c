// SPDX-License-Identifier: GPL-2.0
/* The same scene twice, once with zcx and once with sendfile(2): same outcome. */
#include <poll.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define SMALL_BUFFER	(32 * KIB)

/* A descriptor that no test comes to open. */
#define NOT_OPEN	4000

static const enum pair_kind kinds[PAIR_KINDS] = {
	PAIR_TCP4, PAIR_TCP6, PAIR_UNIX, PAIR_KTLS, PAIR_KTLS13,
};

/* Who sends. */
enum way {
	BY_ZCX,
	BY_SENDFILE,
	WAYS,
};

static const char *const way_names[WAYS] = { "zcx", "sendfile" };

/**
 * struct attempt - one call, by either way
 * @way: which
 * @context: for zcx
 * @sock: where to
 * @fd: file to send from
 * @offset: in it
 * @length: of the range
 * @bytes: out: what was sent, or -errno
 * @sigpipe: out: SIGPIPE was raised
 * @tid: out: the thread, if it has one of its own
 */
struct attempt {
	enum way way;
	int context;
	int sock;
	int fd;
	uint64_t offset;
	uint64_t length;
	int64_t bytes;
	bool sigpipe;
	_Atomic pid_t tid;
	pthread_t thread;
};

static int64_t by_zcx(const struct attempt *attempt)
{
	const struct zcx_segment segment = {
		.type = ZCX_SEGMENT_FILE,
		.fd = attempt->fd,
		.offset = attempt->offset,
		.length = attempt->length,
	};
	struct zcx_link link;
	int err;

	link_prepare_segment(&link, attempt->sock, &segment);
	err = link_send(attempt->context, &link);
	return err ? err : (int64_t)link.bytes_sent;
}

static int64_t by_sendfile(const struct attempt *attempt)
{
	off_t offset = attempt->offset;
	ssize_t n;

	n = sendfile(attempt->sock, attempt->fd, &offset, attempt->length);
	return n < 0 ? -errno : n;
}

/* SIGPIPE must be blocked. */
static void attempt_run(struct attempt *attempt)
{
	attempt->bytes = attempt->way == BY_ZCX ? by_zcx(attempt) :
						  by_sendfile(attempt);
	attempt->sigpipe = link_took_sigpipe();
}

static void *attempt_thread(void *arg)
{
	struct attempt *attempt = arg;

	attempt->tid = gettid();
	attempt_run(attempt);
	return NULL;
}

/* In a thread of its own; returns once that sleeps in the call. */
static void attempt_start(struct attempt *attempt)
{
	assert_int_equal(pthread_create(&attempt->thread, NULL, attempt_thread,
					attempt), 0);
	while (!attempt->tid)
		guest_sleep_ms(1);
	assert_true(guest_wait_asleep(getpid(), attempt->tid));
}

/**
 * struct scene - where an attempt takes place
 * @file: what is sent
 * @program: the whole of @file
 * @pair: of small buffers
 * @attempt: the whole of @file into @pair
 */
struct scene {
	struct vfile file;
	struct program *program;
	struct pair pair;
	struct attempt attempt;
};

static void scene_open(struct scene *scene, enum pair_kind kind, enum way way)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	memset(scene, 0, sizeof(*scene));
	file_make(&scene->file, DIR_EXT4, MIB + 4321);
	scene->program = program_new();
	program_file(scene->program, &scene->file, 0, ZCX_TO_EOF);
	pair_open(&scene->pair, kind, SMALL_BUFFER, SMALL_BUFFER);
	scene->attempt = (struct attempt) {
		.way = way,
		.context = zcx_open(),
		.sock = scene->pair.tx,
		.fd = scene->file.fd,
		.length = scene->file.size,
	};
}

static void scene_close(struct scene *scene)
{
	pair_close(&scene->pair);
	close(scene->attempt.context);
	file_drop(&scene->file);
}

/* No room at all, for either way: some sockets append to what is queued. */
static void scene_fill(struct scene *scene)
{
	pair_fill(scene->pair.tx, 'x');
	pair_set_nonblock(scene->pair.tx, true);
	do {
		attempt_run(&scene->attempt);
	} while (scene->attempt.bytes > 0);
	assert_int_equal(scene->attempt.bytes, -EAGAIN);
	pair_set_nonblock(scene->pair.tx, false);
}

/**
 * struct outcome - what both ways must have in common
 * @bytes: that were sent, PART if it was some but not all, or -errno
 * @sigpipe: SIGPIPE was raised
 */
struct outcome {
	int64_t bytes;
	bool sigpipe;
};

#define PART	(INT64_MAX)

static struct outcome outcome_of(const struct attempt *attempt)
{
	struct outcome outcome = { attempt->bytes, attempt->sigpipe };

	if (attempt->bytes > 0 && (uint64_t)attempt->bytes < attempt->length)
		outcome.bytes = PART;
	return outcome;
}

/* Play the scene in both ways; @play's outcome must be the same, and @want. */
static void compare(struct outcome (*play)(enum pair_kind kind, enum way way),
		    const void *kind, int64_t want, bool sigpipe)
{
	enum way way;

	for (way = BY_ZCX; way < WAYS; way++) {
		struct outcome outcome = play(*(const enum pair_kind *)kind,
					      way);

		if (outcome.bytes == want && outcome.sigpipe == sigpipe)
			continue;
		fail_msg("%s: %lld%s, expected %lld%s", way_names[way],
			 (long long)outcome.bytes,
			 outcome.sigpipe ? " and SIGPIPE" : "",
			 (long long)want, sigpipe ? " and SIGPIPE" : "");
	}
}

static struct outcome play_nonblock_full(enum pair_kind kind, enum way way)
{
	struct outcome outcome;
	struct scene scene;

	scene_open(&scene, kind, way);
	scene_fill(&scene);
	pair_set_nonblock(scene.pair.tx, true);
	attempt_run(&scene.attempt);
	outcome = outcome_of(&scene.attempt);
	scene_close(&scene);
	return outcome;
}

static void nonblock_full(void **state)
{
	compare(play_nonblock_full, *state, -EAGAIN, false);
}

/*
 * sendfile(2) may leave a record of kernel TLS open: what it has put there is
 * counted, and goes when somebody writes more. splice_direct_to_actor() closes
 * it at the end of the file only, not when a signal or a full socket ends the
 * call. Returns the bytes that it took to close it.
 */
static unsigned int close_record(struct scene *scene)
{
	uint64_t at = scene->attempt.bytes;
	uint8_t byte;

	if (scene->attempt.way != BY_SENDFILE ||
	    !pair_is_ktls(scene->pair.kind) || at >= scene->file.size)
		return 0;
	file_expected(&scene->file, at, &byte, 1);
	pair_set_nonblock(scene->pair.tx, false);
	assert_int_equal(write(scene->pair.tx, &byte, 1), 1);
	return 1;
}

/* What arrives is as much as the call says, from the file's beginning. */
static void assert_counted(struct scene *scene)
{
	struct receiver receiver = {
		.fd = scene->pair.rx,
		.expect = scene->program,
	};
	uint64_t bytes = scene->attempt.bytes;

	assert_int_equal(receiver_start(&receiver), 0);
	bytes += close_record(scene);
	/*
	 * Not closed before it is there: what kernel TLS has taken from a call
	 * that may not wait, and has no room for, does not survive a close.
	 */
	if (!receiver_wait_bytes(&receiver, bytes))
		fail_msg("%s: not all of %llu bytes arrived",
			 way_names[scene->attempt.way],
			 (unsigned long long)bytes);
	close(scene->pair.tx);
	scene->pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.error, 0);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, bytes);
}

static struct outcome play_nonblock_part(enum pair_kind kind, enum way way)
{
	struct outcome outcome;
	struct scene scene;

	scene_open(&scene, kind, way);
	pair_set_nonblock(scene.pair.tx, true);
	attempt_run(&scene.attempt);
	outcome = outcome_of(&scene.attempt);
	assert_counted(&scene);
	scene_close(&scene);
	return outcome;
}

static void nonblock_part(void **state)
{
	compare(play_nonblock_part, *state, PART, false);
}

static struct outcome play_sndtimeo_full(enum pair_kind kind, enum way way)
{
	struct outcome outcome;
	struct scene scene;

	scene_open(&scene, kind, way);
	scene_fill(&scene);
	pair_set_sndtimeo(scene.pair.tx, 200);
	attempt_run(&scene.attempt);
	outcome = outcome_of(&scene.attempt);
	scene_close(&scene);
	return outcome;
}

static void sndtimeo_full(void **state)
{
	compare(play_sndtimeo_full, *state, -EAGAIN, false);
}

static struct outcome play_sndtimeo_part(enum pair_kind kind, enum way way)
{
	struct outcome outcome;
	struct scene scene;

	scene_open(&scene, kind, way);
	pair_set_sndtimeo(scene.pair.tx, 200);
	attempt_run(&scene.attempt);
	outcome = outcome_of(&scene.attempt);
	assert_counted(&scene);
	scene_close(&scene);
	return outcome;
}

static void sndtimeo_part(void **state)
{
	compare(play_sndtimeo_part, *state, PART, false);
}

static struct outcome play_shut_down(enum pair_kind kind, enum way way)
{
	struct outcome outcome;
	struct scene scene;

	scene_open(&scene, kind, way);
	assert_int_equal(shutdown(scene.pair.tx, SHUT_WR), 0);
	attempt_run(&scene.attempt);
	outcome = outcome_of(&scene.attempt);
	scene_close(&scene);
	return outcome;
}

static void shut_down(void **state)
{
	compare(play_shut_down, *state, -EPIPE, true);
}

/* The peer resets the connection, and this end has heard of it. */
static void reset(struct pair *pair)
{
	struct pollfd pfd = { .fd = pair->tx };
	struct linger linger = { .l_onoff = 1 };

	setsockopt(pair->rx, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(pair->rx);
	pair->rx = -1;
	assert_int_equal(poll(&pfd, 1, GUEST_PATIENCE_MS), 1);
}

static struct outcome play_reset(enum pair_kind kind, enum way way)
{
	struct outcome outcome;
	struct scene scene;

	scene_open(&scene, kind, way);
	reset(&scene.pair);
	attempt_run(&scene.attempt);
	outcome = outcome_of(&scene.attempt);
	scene_close(&scene);
	return outcome;
}

static void reset_first(void **state)
{
	compare(play_reset, *state, -ECONNRESET, false);
}

static struct outcome play_reset_again(enum pair_kind kind, enum way way)
{
	struct outcome outcome;
	struct scene scene;

	scene_open(&scene, kind, way);
	reset(&scene.pair);
	attempt_run(&scene.attempt);
	attempt_run(&scene.attempt);
	outcome = outcome_of(&scene.attempt);
	scene_close(&scene);
	return outcome;
}

/* The error is reported once; afterwards the stream is just not there. */
static void reset_again(void **state)
{
	compare(play_reset_again, *state, -EPIPE, true);
}

static struct outcome play_reset_part(enum pair_kind kind, enum way way)
{
	struct outcome outcome;
	struct scene scene;

	scene_open(&scene, kind, way);
	attempt_start(&scene.attempt);
	reset(&scene.pair);
	pthread_join(scene.attempt.thread, NULL);
	outcome = outcome_of(&scene.attempt);
	scene_close(&scene);
	return outcome;
}

/* After a part the call succeeds, and raises nothing. */
static void reset_part(void **state)
{
	compare(play_reset_part, *state, PART, false);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void handle_sigusr1(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
}

static struct outcome play_signal_full(enum pair_kind kind, enum way way)
{
	struct outcome outcome;
	struct scene scene;

	handle_sigusr1();
	scene_open(&scene, kind, way);
	scene_fill(&scene);
	attempt_start(&scene.attempt);
	pthread_kill(scene.attempt.thread, SIGUSR1);
	pthread_join(scene.attempt.thread, NULL);
	outcome = outcome_of(&scene.attempt);
	scene_close(&scene);
	return outcome;
}

static void signal_full(void **state)
{
	compare(play_signal_full, *state, -EINTR, false);
}

static struct outcome play_signal_part(enum pair_kind kind, enum way way)
{
	struct outcome outcome;
	struct scene scene;

	handle_sigusr1();
	scene_open(&scene, kind, way);
	attempt_start(&scene.attempt);
	pthread_kill(scene.attempt.thread, SIGUSR1);
	pthread_join(scene.attempt.thread, NULL);
	outcome = outcome_of(&scene.attempt);
	assert_counted(&scene);
	scene_close(&scene);
	return outcome;
}

static void signal_part(void **state)
{
	compare(play_signal_part, *state, PART, false);
}

/* Ranges that end before, at and behind the end of the file. */
static void file_end(void **state)
{
	static const struct {
		uint64_t offset;
		uint64_t length;
		int64_t bytes;
	} range[] = {
		{ 0, 5000, 5000 },
		{ 0, 5001, 5000 },
		{ 0, 1 << 20, 5000 },
		{ 4999, 2, 1 },
		{ 4096, 4096, 904 },
		{ 5000, 1, 0 },
		{ 5001, 1, 0 },
		{ 1ULL << 40, 100, 0 },
		{ 10, 0, 0 },
	};
	struct scene scene;
	struct vfile file;
	enum way way;
	unsigned int i;

	file_make(&file, DIR_EXT4, 5000);
	for (way = BY_ZCX; way < WAYS; way++) {
		scene_open(&scene, *(const enum pair_kind *)*state, way);
		scene.attempt.fd = file.fd;
		program_clear(scene.program);
		for (i = 0; i < ARRAY_SIZE(range); i++) {
			scene.attempt.offset = range[i].offset;
			scene.attempt.length = range[i].length;
			attempt_run(&scene.attempt);
			if (scene.attempt.bytes != range[i].bytes)
				fail_msg("%s, range %u: %lld", way_names[way],
					 i, (long long)scene.attempt.bytes);
			program_file(scene.program, &file, range[i].offset,
				     range[i].bytes);
		}
		scene.attempt.bytes = scene.program->bytes;
		assert_counted(&scene);
		scene_close(&scene);
	}
	file_drop(&file);
}

/* Wrong ranges and descriptors that both have the same words for. */
static void refusals(void **state)
{
	struct scene scene;
	struct vfile file;
	enum way way;
	int fd;

	(void)state;
	file_make(&file, DIR_EXT4, 5000);
	fd = NOT_OPEN;
	for (way = BY_ZCX; way < WAYS; way++) {
		scene_open(&scene, PAIR_TCP4, way);
		scene.attempt.fd = fd;
		attempt_run(&scene.attempt);
		assert_int_equal(scene.attempt.bytes, -EBADF);

		scene.attempt.fd = file.fd;
		scene.attempt.sock = fd;
		attempt_run(&scene.attempt);
		assert_int_equal(scene.attempt.bytes, -EBADF);

		scene.attempt.sock = scene.pair.tx;
		scene.attempt.offset = -1;
		attempt_run(&scene.attempt);
		assert_int_equal(scene.attempt.bytes, -EINVAL);
		assert_false(scene.attempt.sigpipe);
		assert_int_equal(pair_readable(scene.pair.rx), 0);
		scene_close(&scene);
	}
	file_drop(&file);
}

/* Neither uses the descriptor's own offset, nor changes it. */
static struct outcome play_whole(enum pair_kind kind, enum way way)
{
	struct outcome outcome;
	struct scene scene;
	struct receiver receiver = { 0 };

	scene_open(&scene, kind, way);
	receiver.fd = scene.pair.rx;
	receiver.expect = scene.program;
	assert_int_equal(lseek(scene.file.fd, 99, SEEK_SET), 99);
	assert_int_equal(receiver_start(&receiver), 0);
	attempt_run(&scene.attempt);
	close(scene.pair.tx);
	scene.pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, scene.file.size);
	assert_int_equal(lseek(scene.file.fd, 0, SEEK_CUR), 99);
	outcome = outcome_of(&scene.attempt);
	scene_close(&scene);
	return outcome;
}

static void whole(void **state)
{
	compare(play_whole, *state, MIB + 4321, false);
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
	{ name "_ktls", run, &kinds[PAIR_KTLS], "test", "all", "std", 30, \
	  what ", kernel TLS 1.2" }, \
	{ name "_ktls13", run, &kinds[PAIR_KTLS13], "test", "all", "std", 30, \
	  what ", kernel TLS 1.3" }

const struct vm_test sendfile_tests[] = {
	EACH_KIND("sendfile_whole", whole,
		  "zcx and sendfile deliver the same bytes"),
	EACH_KIND("sendfile_nonblock_full", nonblock_full,
		  "zcx and sendfile: EAGAIN from a full socket"),
	EACH_KIND("sendfile_nonblock_part", nonblock_part,
		  "zcx and sendfile: what fits into a non-blocking socket"),
	EACH_PLAIN("sendfile_sndtimeo_full", sndtimeo_full,
		   "zcx and sendfile: EAGAIN after SO_SNDTIMEO"),
	EACH_PLAIN("sendfile_sndtimeo_part", sndtimeo_part,
		   "zcx and sendfile: a part within SO_SNDTIMEO"),
	EACH_PLAIN("sendfile_shut_down", shut_down,
		   "zcx and sendfile: EPIPE and SIGPIPE after shutdown"),
	{ "sendfile_reset_tcp4", reset_first, &kinds[PAIR_TCP4], "test",
	  "test", "std", 30, "zcx and sendfile: ECONNRESET after a reset" },
	{ "sendfile_reset_tcp6", reset_first, &kinds[PAIR_TCP6], "test",
	  "all", "std", 30, "the same over IPv6" },
	EACH_PLAIN("sendfile_reset_again", reset_again,
		   "zcx and sendfile: EPIPE and SIGPIPE once it was told"),
	EACH_PLAIN("sendfile_reset_part", reset_part,
		   "zcx and sendfile: a count, no SIGPIPE, for a late reset"),
	EACH_PLAIN("sendfile_signal_full", signal_full,
		   "zcx and sendfile: EINTR before the first byte"),
	EACH_KIND("sendfile_signal_part", signal_part,
		  "zcx and sendfile: a count after a signal in mid-send"),
	EACH_PLAIN("sendfile_file_end", file_end,
		   "zcx and sendfile: as many bytes as the file has"),
	{ "sendfile_refusals", refusals, NULL, "test", "test", "std", 30,
	  "zcx and sendfile refuse the same with the same words" },
	{ 0 }
};
