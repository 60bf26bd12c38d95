// SPDX-License-Identifier: GPL-2.0
/*
 * Many links by the direct lane at once, and little memory for them: less is
 * read ahead, or links wait, but all come to their end.
 */
#include <signal.h>
#include <sys/wait.h>

#include "async.h"
#include "content.h"
#include "direct.h"
#include "guest.h"
#include "vmtest.h"

#define MANY	200

/**
 * struct crowd - links of ranges of one cold file, each on a socket of its own
 * @file: the file
 * @link: of each
 * @count: how many
 * @context: of all
 */
struct crowd {
	struct vfile file;
	struct {
		struct program program;
		struct pair pair;
		struct receiver receiver;
		uint64_t id;
	} *link;
	unsigned int count;
	int context;
};

static void crowd_open(struct crowd *crowd, unsigned int count,
		       uint64_t bytes, int buffer)
{
	unsigned int i;

	memset(crowd, 0, sizeof(*crowd));
	crowd->count = count;
	crowd->context = zcx_open();
	crowd->link = calloc(count, sizeof(crowd->link[0]));
	assert_non_null(crowd->link);
	file_make(&crowd->file, DIR_EXT4, guest_pick(32 * MIB, 8 * MIB) + 999);
	file_chill(&crowd->file);
	for (i = 0; i < count; i++) {
		uint64_t room = crowd->file.size - bytes;

		program_memory(&crowd->link[i].program, "header", 6);
		program_file(&crowd->link[i].program, &crowd->file,
			     i * 1000003ULL % room, bytes);
		pair_open(&crowd->link[i].pair,
			  i % 3 ? PAIR_TCP4 : PAIR_UNIX, buffer, buffer);
	}
}

/* @held: nobody reads before crowd_arrives(). */
static void crowd_submit(struct crowd *crowd, unsigned int i, bool held)
{
	struct receiver *receiver = &crowd->link[i].receiver;
	struct zcx_link link;

	*receiver = (struct receiver) {
		.fd = crowd->link[i].pair.rx,
		.expect = &crowd->link[i].program,
		.chunk = 32 * KIB,
		.held = held,
	};
	assert_int_equal(receiver_start(receiver), 0);
	async_prepare(&link, crowd->link[i].pair.tx, &crowd->link[i].program);
	link.lane = ZCX_LANE_DIRECT;
	crowd->link[i].id = async_submit(crowd->context, &link);
}

/*
 * All of the link arrives. Whether each byte went direct is not asked: where
 * there is no memory for that, another way may do.
 */
static void crowd_arrives(struct crowd *crowd, unsigned int i)
{
	struct receiver *receiver = &crowd->link[i].receiver;
	struct pair *pair = &crowd->link[i].pair;

	receiver_go(receiver);
	async_sent(crowd->context, crowd->link[i].id, &crowd->link[i].program,
		   ZCX_STATE_SENT, 0);
	close(pair->tx);
	pair->tx = -1;
	receiver_join(receiver);
	assert_int_equal(receiver->error, 0);
	assert_int_equal(receiver->wrong_at, -1);
	assert_int_equal(receiver->bytes, crowd->link[i].program.bytes);
	pair_close(pair);
}

static void crowd_close(struct crowd *crowd)
{
	async_quiet(crowd->context);
	close(crowd->context);
	assert_int_equal(file_evict(&crowd->file), 0);
	file_drop(&crowd->file);
	/* Where a test fails, threads still use it. */
	free(crowd->link);
}

static void many(void **state)
{
	struct crowd crowd;
	unsigned int i;

	(void)state;
	guest_parameter("direct_bytes_max", 8 * MIB);
	crowd_open(&crowd, guest_pick(MANY, 80), MIB + 17, 0);
	for (i = 0; i < crowd.count; i++)
		crowd_submit(&crowd, i, false);
	for (i = 0; i < crowd.count; i++)
		crowd_arrives(&crowd, i);
	crowd_close(&crowd);
	assert_int_equal(direct_info().direct_bytes_max, 8 * MIB);
}

/* Less than a single batch. */
static void hardly_any(void **state)
{
	struct crowd crowd;
	unsigned int i;

	(void)state;
	guest_parameter("direct_bytes_max", 64 * KIB);
	crowd_open(&crowd, 20, MIB + 17, 0);
	for (i = 0; i < crowd.count; i++)
		crowd_submit(&crowd, i, false);
	for (i = 0; i < crowd.count; i++)
		crowd_arrives(&crowd, i);
	crowd_close(&crowd);
}

/* Sockets that nobody reads keep what they hold; another link comes through. */
static void stalled(void **state)
{
	unsigned int last = guest_pick(100, 50), i;
	struct crowd crowd;

	(void)state;
	guest_parameter("direct_bytes_max", 8 * MIB);
	crowd_open(&crowd, last + 1, 2 * MIB, 64 * KIB);
	for (i = 0; i < last; i++)
		crowd_submit(&crowd, i, true);
	for (i = 0; i < last; i += 10) {
		struct zcx_query query;

		assert_int_equal(async_query(crowd.context, crowd.link[i].id,
					     &query), 0);
		assert_in_range(query.state, ZCX_STATE_QUEUED,
				ZCX_STATE_WAITING);
	}
	crowd_submit(&crowd, last, false);
	crowd_arrives(&crowd, last);
	/* The memory has come back from each when all are done. */
	for (i = 0; i < last; i++)
		receiver_go(&crowd.link[i].receiver);
	for (i = 0; i < last; i++)
		crowd_arrives(&crowd, i);
	crowd_close(&crowd);
}

/* And a synchronous one, of another context. */
static void stalled_sync(void **state)
{
	struct program *program = program_new();
	unsigned int count = guest_pick(100, 50), i;
	struct crowd crowd;

	(void)state;
	guest_parameter("direct_bytes_max", 8 * MIB);
	crowd_open(&crowd, count, 2 * MIB, 64 * KIB);
	for (i = 0; i < count; i++)
		crowd_submit(&crowd, i, true);
	program_file(program, &crowd.file, 4097, 4 * MIB);
	direct_send(program, &direct_ext4);
	for (i = 0; i < count; i++)
		receiver_go(&crowd.link[i].receiver);
	for (i = 0; i < count; i++)
		crowd_arrives(&crowd, i);
	crowd_close(&crowd);
}

/* Closed with all of them under way: reads, and pages in sockets. */
static void closed(void **state)
{
	unsigned int rounds = guest_pick(6, 3), round, i;
	struct crowd crowd;

	(void)state;
	for (round = 0; round < rounds; round++) {
		crowd_open(&crowd, 50, 2 * MIB, 64 * KIB);
		for (i = 0; i < crowd.count; i++)
			crowd_submit(&crowd, i, i % 2);
		guest_sleep_ms(20 * round);
		close(crowd.context);
		for (i = 0; i < crowd.count; i++) {
			close(crowd.link[i].pair.tx);
			crowd.link[i].pair.tx = -1;
			receiver_join(&crowd.link[i].receiver);
			assert_int_equal(crowd.link[i].receiver.wrong_at, -1);
			pair_close(&crowd.link[i].pair);
		}
		file_drop(&crowd.file);
		free(crowd.link);
		guest_assert_unloads();
	}
}

/* In a child: links without end, by themselves and not, until it is killed. */
static void submit_for_ever(const struct vfile *file, unsigned int seed)
{
	struct zcx_segment segment = {
		.type = ZCX_SEGMENT_FILE,
		.fd = file->fd,
	};
	struct zcx_event event;
	struct zcx_link link;
	struct pair pair[16];
	uint64_t random = seed;
	unsigned int i;
	int context = zcx_try_open(), err;

	for (i = 0; i < ARRAY_SIZE(pair); i++)
		if (pair_try(&pair[i], i % 2 ? PAIR_UNIX : PAIR_TCP4, 0, 0))
			_exit(2);
	for (i = 0;; i++) {
		const struct pair *to = &pair[i % ARRAY_SIZE(pair)];

		segment.offset = content_random(&random) % (file->size / 2);
		segment.length = 1 + content_random(&random) % MIB;
		link_prepare_segment(&link, to->tx, &segment);
		link.lane = ZCX_LANE_DIRECT;
		if (i % 4) {
			link.flags = 0;
		} else {
			pair_set_nonblock(to->rx, true);
			pair_drain(to->rx);
			pair_set_nonblock(to->tx, true);
		}
		err = link_send(context, &link);
		if (err && err != -EBUSY && err != -EAGAIN)
			_exit(3);
		while (!async_try_event(context, &event, 0))
			if (async_problem(&event))
				_exit(4);
	}
}

static void killed(void **state)
{
	unsigned int rounds = guest_pick(25, 8), i;
	uint64_t random = 5;
	struct vfile file;

	(void)state;
	file_make(&file, DIR_EXT4, 8 * MIB);
	file_lock(&file);
	for (i = 0; i < rounds; i++) {
		int status;
		pid_t pid;

		file_make_cold(&file);
		fflush(NULL);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			submit_for_ever(&file, i);
		guest_sleep_ms(10 + content_random(&random) % 150);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSIGNALED(status))
			fail_msg("the child came to %d", WEXITSTATUS(status));
	}
	assert_true(file_unlock(&file));
	assert_int_equal(file_evict(&file), 0);
	file_drop(&file);
	guest_assert_unloads();
}

/* Threads that send to and fro, each another range, on one file. */

#define THREADS	8

static void *run_exchange(void *arg)
{
	return exchange_try(arg) ? NULL : arg;
}

static void at_once(void **state)
{
	static struct exchange x[THREADS];
	unsigned int rounds = guest_pick(6, 2), round, i;
	struct program *program[THREADS];
	pthread_t thread[THREADS];
	struct vfile file;

	(void)state;
	file_make(&file, DIR_XFS, guest_pick(8 * MIB, 2 * MIB) + 5);
	for (i = 0; i < THREADS; i++) {
		program[i] = program_new();
		program_file(program[i], &file, i * 77777, ZCX_TO_EOF);
	}
	for (round = 0; round < rounds; round++) {
		file_make_cold(&file);
		for (i = 0; i < THREADS; i++) {
			x[i] = (struct exchange) {
				.program = program[i],
				.kind = i % 2 ? PAIR_UNIX : PAIR_TCP4,
				.lane = i % 3 ? ZCX_LANE_DIRECT :
						ZCX_LANE_CACHE,
				.async = (i + round) % 2,
			};
			assert_int_equal(pthread_create(&thread[i], NULL,
							run_exchange, &x[i]),
					 0);
		}
		for (i = 0; i < THREADS; i++)
			pthread_join(thread[i], NULL);
		for (i = 0; i < THREADS; i++)
			if (x[i].problem[0])
				fail_msg("%s", x[i].problem);
	}
	file_drop(&file);
}

/* Little memory */

static long long value_in(const char *path, const char *key)
{
	static char text[32768];

	assert_true(guest_read(path, text, sizeof(text)) > 0);
	return guest_value(text, key);
}

/* In a child: hold all memory there is but @left bytes, and use it. */
static void hog(uint64_t left)
{
	uint64_t bytes = value_in("/proc/meminfo", "MemAvailable") * KIB, at;
	char *memory;

	/* Whoever is to die of it: this. */
	guest_write("/proc/self/oom_score_adj", "1000");
	bytes = bytes > left ? bytes - left : 0;
	memory = malloc(bytes);
	for (;;)
		for (at = 0; memory && at < bytes; at += 4096)
			memory[at]++;
}

static void pressure(void **state)
{
	struct direct_way way = { .dir = DIR_EXT4, .kind = PAIR_TCP4 };
	struct program *program = program_new();
	long long total = value_in("/proc/meminfo", "MemTotal") * KIB;
	unsigned int i;
	struct vfile file;
	pid_t pid;

	(void)state;
	file_make(&file, way.dir, guest_pick(64 * MIB, 16 * MIB) + 5);
	program_file(program, &file, 0, ZCX_TO_EOF);
	file_make_cold(&file);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		hog(total / 10);
	guest_sleep_ms(2000);
	for (i = 0; i < 8; i++) {
		way.kind = i % 4 < 2 ? PAIR_TCP4 : PAIR_UNIX;
		way.async = i % 2;
		direct_send(program, &way);
	}
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	file_drop(&file);
}

const struct vm_test direct_many_tests[] = {
	{ "direct_many", many, NULL, "all", "all", "std", 120,
	  "200 cold links at once with 8 MiB for direct I/O" },
	{ "direct_hardly_any", hardly_any, NULL, "all", "all", "std", 90,
	  "cold links at once with less than a batch for direct I/O" },
	{ "direct_stalled", stalled, NULL, "all", "all", "std", 90,
	  "100 links that nobody reads keep no other from its end" },
	{ "direct_stalled_sync", stalled_sync, NULL, "all", "all", "std", 90,
	  "nor a synchronous one" },
	{ "direct_closed", closed, NULL, "all", "all", "std", 90,
	  "the context is closed with 50 of them under way" },
	{ "direct_killed", killed, NULL, "all", "all", "std", 90,
	  "processes are killed while they send" },
	{ "direct_at_once", at_once, NULL, "all", "all", "std", 90,
	  "threads send one cold file, past the cache and through it" },
	{ "direct_pressure", pressure, NULL, "all", "all", "small", 180,
	  "links get through while somebody else uses up all memory" },
	{ 0 }
};
