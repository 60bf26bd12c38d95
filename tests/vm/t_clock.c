// SPDX-License-Identifier: GPL-2.0
/*
 * Rates and limits of time, to the millisecond: for guests whose clock counts
 * instructions and skips what is idle ("clock"), so that ten seconds of it are
 * the same ten seconds on every machine, however busy. Nothing here may wait for
 * a disk: to such a guest any disk takes for ever.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

#include "async.h"
#include "content.h"
#include "guest.h"
#include "vmtest.h"

#define SECOND	1000000000ULL		/* in nanoseconds */
#define MS	1000000ULL

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static void sleep_ns(uint64_t ns)
{
	const struct timespec ts = {
		.tv_sec = ns / SECOND,
		.tv_nsec = ns % SECOND,
	};

	nanosleep(&ts, NULL);
}

/* Rate */

#define RUN	(10 * SECOND)		/* how long rates are watched */
#define TICK	(10 * MS)		/* how closely */
#define WINDOW	10			/* ticks in which none may get too much */
#define SLACK	(128 * KIB)		/* beyond its rate */
#define STREAMS	20

/**
 * struct stream - a link with a rate, and what arrives of it
 * @kind: of the sockets
 * @rate: bytes per second
 * @pair: the sockets
 * @cursor: how far it has been compared
 * @id: of the link
 * @got: bytes that have arrived
 * @ticks: of these, in each tick since the beginning
 */
struct stream {
	enum pair_kind kind;
	uint64_t rate;
	struct pair pair;
	struct cursor cursor;
	uint64_t id;
	uint64_t got;
	uint64_t ticks[RUN / TICK];
};

static void stream_read(struct stream *stream, const struct program *program,
			uint64_t begin)
{
	static uint8_t buf[256 * KIB];
	ssize_t n = recv(stream->pair.rx, buf, sizeof(buf), MSG_DONTWAIT);
	uint64_t tick = (now_ns() - begin) / TICK;
	size_t good;

	assert_true(n > 0);
	good = program_compare(program, &stream->cursor, buf, n);
	if (good < (size_t)n)
		fail_msg("wrong bytes at %llu of a link of %llu B/s",
			 (unsigned long long)(stream->got + good),
			 (unsigned long long)stream->rate);
	if (tick >= ARRAY_SIZE(stream->ticks))
		return;
	stream->got += n;
	stream->ticks[tick] += n;
}

static void streams_watch(struct stream *stream, unsigned int count,
			  const struct program *program, uint64_t begin)
{
	struct pollfd pfd[STREAMS];
	unsigned int i;

	for (i = 0; i < count; i++)
		pfd[i] = (struct pollfd) {
			.fd = stream[i].pair.rx,
			.events = POLLIN,
		};
	for (;;) {
		uint64_t now = now_ns();
		const struct timespec left = {
			.tv_sec = (begin + RUN - now) / SECOND,
			.tv_nsec = (begin + RUN - now) % SECOND,
		};

		if (now >= begin + RUN)
			return;
		assert_true(ppoll(pfd, count, &left, NULL) >= 0);
		for (i = 0; i < count; i++)
			if (pfd[i].revents)
				stream_read(&stream[i], program, begin);
	}
}

/* All that is there is within 2 % of the rate, and none came in a lump. */
static void stream_judge(const struct stream *stream)
{
	uint64_t want = stream->rate * (RUN / SECOND), window = 0, most = 0;
	uint64_t may = stream->rate * WINDOW * TICK / SECOND + SLACK;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stream->ticks); i++) {
		window += stream->ticks[i];
		if (i >= WINDOW)
			window -= stream->ticks[i - WINDOW];
		most = MAX(most, window);
	}
	print_message("%s, %llu B/s: %llu bytes in 10 s, at most %llu in 100 ms\n",
		      pair_names[stream->kind],
		      (unsigned long long)stream->rate,
		      (unsigned long long)stream->got,
		      (unsigned long long)most);
	assert_in_range(stream->got, want - want / 50, want + want / 50);
	assert_in_range(most, 0, may);
}

static void streams_run(struct stream *stream, unsigned int count)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_link link;
	struct vfile file;
	uint64_t begin;
	unsigned int i;

	guest_need_mount(DIR_TMPFS);
	file_make(&file, DIR_TMPFS, MIB);
	/* More than can be sent in this time at any of the rates. */
	for (i = 0; i < 120; i++)
		program_file(program, &file, 0, MIB);
	for (i = 0; i < count; i++)
		pair_open(&stream[i].pair, stream[i].kind, 0, 0);
	begin = now_ns();
	for (i = 0; i < count; i++) {
		async_prepare(&link, stream[i].pair.tx, program);
		link.rate = stream[i].rate;
		stream[i].id = async_submit(context, &link);
	}
	streams_watch(stream, count, program, begin);
	for (i = 0; i < count; i++) {
		assert_int_equal(async_control(context, ZCX_IOC_CANCEL,
					       stream[i].id), 0);
		async_ends(context, stream[i].id, ZCX_STATE_CANCELLED,
			   ECANCELED);
		pair_close(&stream[i].pair);
	}
	for (i = 0; i < count; i++)
		stream_judge(&stream[i]);
	async_quiet(context);
	close(context);
	file_drop(&file);
}

/**
 * struct rate_case - one link with a rate
 * @kind: of its sockets
 * @rate: bytes per second
 */
struct rate_case {
	enum pair_kind kind;
	uint64_t rate;
};

static void rate(void **state)
{
	const struct rate_case *rc = *state;
	static struct stream stream;

	stream.kind = rc->kind;
	stream.rate = rc->rate;
	streams_run(&stream, 1);
}

static void rate_many(void **state)
{
	static struct stream stream[STREAMS];
	unsigned int i;

	(void)state;
	for (i = 0; i < STREAMS; i++) {
		stream[i].kind = i % 2 ? PAIR_UNIX : PAIR_TCP4;
		stream[i].rate = 12345 + 2700 * i * i;
	}
	streams_run(stream, STREAMS);
}

/* FOLLOW */

#define PIECES		100
#define FOLLOW_NS	(50 * MS)	/* from a write until it has arrived */

/**
 * struct writer - a thread that appends at random moments
 * @file: to what; empty at first
 * @fd: of it, for writing
 * @begun: out: when it began to write each piece
 * @end: out: where in the file each ends
 * @err: out: a write failed so
 * @thread: it
 */
struct writer {
	struct vfile file;
	int fd;
	uint64_t begun[PIECES];
	_Atomic uint64_t end[PIECES];
	int err;
	pthread_t thread;
};

static void *append_pieces(void *arg)
{
	static uint8_t buf[32 * KIB];
	struct writer *writer = arg;
	uint64_t random = 11, end = 0;
	unsigned int i;

	for (i = 0; i < PIECES; i++) {
		size_t length = 1 + content_random(&random) % sizeof(buf);

		content_fill(writer->file.seed, end, buf, length);
		sleep_ns(content_random(&random) % (150 * MS));
		/* Told before it is written: the reader may see it at once. */
		end += length;
		writer->begun[i] = now_ns();
		writer->end[i] = end;
		if (pwrite(writer->fd, buf, length, end - length) !=
		    (ssize_t)length) {
			writer->err = errno ? errno : EIO;
			break;
		}
	}
	return NULL;
}

/* Read all that is appended; @when[i] is when the last byte of piece i came. */
static void read_pieces(const struct writer *writer, int sock, uint64_t *when)
{
	static uint8_t buf[64 * KIB], want[64 * KIB];
	struct pollfd pfd = { .fd = sock, .events = POLLIN };
	unsigned int i = 0;
	uint64_t got = 0;

	while (i < PIECES) {
		ssize_t n;

		if (poll(&pfd, 1, 5000) != 1)
			fail_msg("piece %u does not arrive: %llu bytes came",
				 i, (unsigned long long)got);
		n = recv(sock, buf, sizeof(buf), 0);
		assert_true(n > 0);
		content_fill(writer->file.seed, got, want, n);
		assert_memory_equal(buf, want, n);
		got += n;
		while (i < PIECES && writer->end[i] && got >= writer->end[i])
			when[i++] = now_ns();
	}
}

static void follow(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct program *program = program_new();
	static struct writer writer;
	uint64_t when[PIECES] = { 0 }, worst = 0;
	int context = zcx_open();
	struct zcx_link link;
	struct pair pair;
	unsigned int i;

	guest_need_mount(DIR_TMPFS);
	pair_open(&pair, kind, 0, 0);
	file_make(&writer.file, DIR_TMPFS, 0);
	writer.fd = file_open_writable(&writer.file);
	program_file(program, &writer.file, 0, ZCX_TO_EOF);
	async_prepare(&link, pair.tx, program);
	link.flags = ZCX_LINK_FOLLOW;
	async_submit(context, &link);
	async_waits(context, link.id, ZCX_WAIT_GROWTH);
	assert_int_equal(pthread_create(&writer.thread, NULL, append_pieces,
					&writer), 0);
	read_pieces(&writer, pair.rx, when);
	pthread_join(writer.thread, NULL);
	assert_int_equal(writer.err, 0);
	for (i = 0; i < PIECES; i++)
		worst = MAX(worst, when[i] - writer.begun[i]);
	print_message("%u pieces, each there within %llu us\n", PIECES,
		      (unsigned long long)worst / 1000);
	assert_in_range(worst, 0, FOLLOW_NS);
	assert_int_equal(async_control(context, ZCX_IOC_CANCEL, link.id), 0);
	assert_int_equal(async_ends(context, link.id, ZCX_STATE_CANCELLED,
				    ECANCELED), writer.end[PIECES - 1]);
	pair_close(&pair);
	close(writer.fd);
	close(context);
	file_drop(&writer.file);
}

/* Limits of time */

#define LIMIT_NS	(500 * MS)
#define LATE_NS		(20 * MS)	/* so much later at the most */
#define LOOK_NS		(6 * MS)	/* so far apart are looks at a link, at most */

/**
 * struct limit_case - a link that comes to a limit of time
 * @kind: of its sockets, which nobody reads from
 * @what: it waits for
 */
struct limit_case {
	enum pair_kind kind;
	uint32_t what;
};

/**
 * struct blocked - a link that has something to wait for
 * @context: its own
 * @file: in tmpfs
 * @pair: with small buffers
 * @program: more than fit them; or, if it is to be sent as a whole, hardly anything
 * @link: prepared
 */
struct blocked {
	int context;
	struct vfile file;
	struct pair pair;
	struct program *program;
	struct zcx_link link;
};

static void blocked_open(struct blocked *b, const struct limit_case *lc)
{
	bool whole = lc->what == ZCX_WAIT_ACK || lc->what == ZCX_WAIT_GROWTH;

	guest_need_mount(DIR_TMPFS);
	b->context = zcx_open();
	b->program = program_new();
	pair_open(&b->pair, lc->kind, 32 * KIB, 32 * KIB);
	file_make(&b->file, DIR_TMPFS, whole ? 100 : MIB);
	program_file(b->program, &b->file, 0, ZCX_TO_EOF);
	if (lc->what == ZCX_WAIT_TURN)
		async_send(b->context, b->pair.tx, b->program);
	async_prepare(&b->link, b->pair.tx, b->program);
	if (lc->what == ZCX_WAIT_ACK)
		b->link.flags = ZCX_LINK_ACKED;
	if (lc->what == ZCX_WAIT_GROWTH)
		b->link.flags = ZCX_LINK_FOLLOW;
	if (lc->what == ZCX_WAIT_PACE)
		b->link.rate = 1;
}

static void blocked_submit(struct blocked *b, const struct limit_case *lc)
{
	async_submit(b->context, &b->link);
	if (lc->what == ZCX_WAIT_PAUSED)
		async_control(b->context, ZCX_IOC_PAUSE, b->link.id);
	async_waits(b->context, b->link.id, lc->what);
}

static void blocked_close(struct blocked *b)
{
	close(b->context);
	pair_close(&b->pair);
	file_drop(&b->file);
}

static void assert_took(uint64_t ns, uint64_t early)
{
	print_message("it ended after %llu us\n",
		      (unsigned long long)ns / 1000);
	assert_in_range(ns, LIMIT_NS - early, LIMIT_NS + LATE_NS);
}

static void deadline(void **state)
{
	const struct limit_case *lc = *state;
	struct zcx_event event;
	struct blocked b;
	uint64_t begin;

	blocked_open(&b, lc);
	b.link.deadline_ns = LIMIT_NS;
	begin = now_ns();
	blocked_submit(&b, lc);
	async_event(b.context, &event);
	assert_took(now_ns() - begin, 0);
	async_assert(&event, b.link.id, ZCX_STATE_FAILED, ETIMEDOUT);
	blocked_close(&b);
}

/* So much after the last byte that the socket took. */
static void idle(void **state)
{
	const struct limit_case *lc = *state;
	struct zcx_query query = { 0 };
	uint64_t sent = 0, last;
	struct blocked b;

	blocked_open(&b, lc);
	b.link.idle_ns = LIMIT_NS;
	last = now_ns();
	blocked_submit(&b, lc);
	do {
		sleep_ns(MS);
		assert_int_equal(async_query(b.context, b.link.id, &query), 0);
		if (query.bytes_sent != sent)
			last = now_ns();
		sent = query.bytes_sent;
		assert_true(now_ns() - last < 10 * LIMIT_NS);
	} while (query.state < ZCX_STATE_SENT);
	/* A byte may be seen later than it was taken. */
	assert_took(now_ns() - last, LOOK_NS);
	async_ends(b.context, b.link.id, ZCX_STATE_FAILED, ETIMEDOUT);
	blocked_close(&b);
}

static const enum pair_kind tcp4 = PAIR_TCP4, unix_stream = PAIR_UNIX;

static const struct rate_case slow_tcp = { PAIR_TCP4, 1000000 },
	fast_tcp = { PAIR_TCP4, 10000000 },
	slow_unix = { PAIR_UNIX, 1000000 },
	slow_ktls = { PAIR_KTLS, 1000000 };

static const struct limit_case socket_tcp = { PAIR_TCP4, ZCX_WAIT_SOCKET },
	socket_unix = { PAIR_UNIX, ZCX_WAIT_SOCKET },
	turn_tcp = { PAIR_TCP4, ZCX_WAIT_TURN },
	paused_tcp = { PAIR_TCP4, ZCX_WAIT_PAUSED },
	pace_tcp = { PAIR_TCP4, ZCX_WAIT_PACE },
	growth_tcp = { PAIR_TCP4, ZCX_WAIT_GROWTH },
	ack_unix = { PAIR_UNIX, ZCX_WAIT_ACK };

#define CLOCK(name, run, arg, tier, what) \
	{ "clock_" name, run, arg, tier, "never", "clock", 120, what }

const struct vm_test clock_tests[] = {
	CLOCK("rate", rate, &slow_tcp, "test",
	      "1 MB/s for 10 s: within 2 %, TCP"),
	CLOCK("rate_fast", rate, &fast_tcp, "all", "the same at 10 MB/s"),
	CLOCK("rate_unix", rate, &slow_unix, "test", "the same over AF_UNIX"),
	CLOCK("rate_ktls", rate, &slow_ktls, "all", "the same over TLS"),
	CLOCK("rate_many", rate_many, NULL, "all",
	      "20 links of 20 rates at once: each within 2 %"),
	CLOCK("follow", follow, &tcp4, "test",
	      "what is appended is there within 50 ms, TCP"),
	CLOCK("follow_unix", follow, &unix_stream, "test",
	      "the same over AF_UNIX"),
	CLOCK("deadline", deadline, &socket_tcp, "test",
	      "a deadline, within 20 ms: in wait for the socket, TCP"),
	CLOCK("deadline_unix", deadline, &socket_unix, "test",
	      "the same over AF_UNIX"),
	CLOCK("deadline_turn", deadline, &turn_tcp, "test",
	      "the same in line"),
	CLOCK("deadline_paused", deadline, &paused_tcp, "test",
	      "the same, paused"),
	CLOCK("deadline_pace", deadline, &pace_tcp, "test",
	      "the same in wait for its rate"),
	CLOCK("deadline_growth", deadline, &growth_tcp, "test",
	      "the same in wait for growth"),
	CLOCK("deadline_ack", deadline, &ack_unix, "test",
	      "the same in wait for the peer"),
	CLOCK("idle", idle, &socket_tcp, "test",
	      "an idle limit, within 20 ms of the last byte, TCP"),
	CLOCK("idle_unix", idle, &socket_unix, "test",
	      "the same over AF_UNIX"),
	CLOCK("idle_ack", idle, &ack_unix, "test",
	      "the same in wait for the peer"),
	{ 0 }
};
