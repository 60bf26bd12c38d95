// SPDX-License-Identifier: GPL-2.0
/*
 * Links that run by themselves, steered from outside: CANCEL, PAUSE, RESUME,
 * QUERY, limits of time and of rate.
 */
#include <sys/socket.h>
#include <time.h>

#include "async.h"
#include "guest.h"
#include "vmtest.h"

#define MS	1000000ULL		/* in nanoseconds */

static const enum pair_kind tcp4 = PAIR_TCP4, unix_stream = PAIR_UNIX,
			    ktls = PAIR_KTLS;

static const unsigned long controls[] = {
	ZCX_IOC_CANCEL, ZCX_IOC_PAUSE, ZCX_IOC_RESUME,
};

static void assert_control(int context, uint64_t id, int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(controls); i++)
		assert_int_equal(async_control(context, controls[i], id), err);
}

/* One more link of @text behind that of @stall, and part of its program. */
static uint64_t submit_behind(struct stall *stall, const char *text)
{
	unsigned int first = stall->program->segment_count;
	struct zcx_link link;

	program_memory(stall->program, text, strlen(text));
	async_prepare_part(&link, stall->pair.tx, stall->program, first, 1);
	return async_submit(stall->context, &link);
}

/* CANCEL */

static void cancel_stalled(void **state)
{
	struct zcx_query query;
	struct stall stall;
	uint64_t bytes;

	stall_open(&stall, *(const enum pair_kind *)*state);
	stall_submit(&stall, 0);
	assert_int_equal(async_control(stall.context, ZCX_IOC_CANCEL,
				       stall.id), 0);
	/* Of those who come later none has ended it. */
	assert_int_equal(async_control(stall.context, ZCX_IOC_CANCEL,
				       stall.id), -EALREADY);
	bytes = async_ends(stall.context, stall.id, ZCX_STATE_CANCELLED,
			   ECANCELED);
	assert_in_range(bytes, 1, stall.program->bytes - 1);
	assert_control(stall.context, stall.id, -ENOENT);
	assert_int_equal(async_query(stall.context, stall.id, &query),
			 -ENOENT);
	/* What was counted as sent arrives, and no more. */
	stall_arrives(&stall, bytes);
	stall_close(&stall);
}

static void cancel_ended(void **state)
{
	struct program *program = program_new();
	int context = zcx_open(), other = zcx_open();
	struct zcx_query query;
	struct pair pair;
	unsigned int i;
	uint64_t id;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 0, 0);
	program_memory(program, "bytes", 5);
	id = async_send(context, pair.tx, program);
	for (i = 0; i < GUEST_PATIENCE_MS / 2; i++) {
		assert_int_equal(async_query(context, id, &query), 0);
		if (query.state == ZCX_STATE_SENT)
			break;
		guest_sleep_ms(2);
	}
	assert_int_equal(query.state, ZCX_STATE_SENT);
	assert_int_equal(query.error, 0);
	assert_int_equal(query.wait, ZCX_WAIT_NONE);
	assert_control(context, id, -EALREADY);
	/* The number is this context's own. */
	assert_control(other, id, -ENOENT);
	assert_control(context, 0, -ENOENT);
	assert_control(context, id + 1, -ENOENT);
	assert_control(context, id + 256, -ENOENT);
	assert_control(context, ~0ULL, -ENOENT);
	async_sent(context, id, program, ZCX_STATE_SENT, 0);
	assert_control(context, id, -ENOENT);
	pair_close(&pair);
	close(context);
	close(other);
}

/* One in the middle: those behind it go with it, the one before it stays. */
static void cancel_queued(void **state)
{
	struct stall stall;
	uint64_t id[3], whole;

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	stall_submit(&stall, 0);
	id[0] = submit_behind(&stall, "first");
	whole = stall.program->bytes;
	id[1] = submit_behind(&stall, "second");
	id[2] = submit_behind(&stall, "third");
	assert_int_equal(async_control(stall.context, ZCX_IOC_CANCEL, id[1]),
			 0);
	assert_int_equal(async_ends(stall.context, id[1], ZCX_STATE_CANCELLED,
				    ECANCELED), 0);
	assert_int_equal(async_ends(stall.context, id[2], ZCX_STATE_CANCELLED,
				    ECANCELED), 0);
	async_waits(stall.context, id[0], ZCX_WAIT_TURN);
	stall_go(&stall);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	assert_int_equal(async_ends(stall.context, id[0], ZCX_STATE_SENT, 0),
			 5);
	stall_arrives(&stall, whole);
	stall_close(&stall);
}

static void cancel_head(void **state)
{
	enum { BEHIND = 20 };
	uint64_t id[BEHIND], bytes;
	struct stall stall;
	unsigned int i;

	(void)state;
	stall_open(&stall, PAIR_UNIX);
	stall_submit(&stall, 0);
	for (i = 0; i < BEHIND; i++)
		id[i] = submit_behind(&stall, "behind");
	assert_int_equal(async_control(stall.context, ZCX_IOC_CANCEL,
				       stall.id), 0);
	bytes = async_ends(stall.context, stall.id, ZCX_STATE_CANCELLED,
			   ECANCELED);
	for (i = 0; i < BEHIND; i++)
		assert_int_equal(async_ends(stall.context, id[i],
					    ZCX_STATE_CANCELLED, ECANCELED),
				 0);
	stall_arrives(&stall, bytes);
	stall_close(&stall);
}

/* PAUSE and RESUME */

/* All that is in the socket leaves, and then nothing more. */
static void pause_stalled(void **state)
{
	struct zcx_query query;
	struct stall stall;
	unsigned int i;
	uint64_t sent;

	stall_open(&stall, *(const enum pair_kind *)*state);
	stall_submit(&stall, 0);
	assert_int_equal(async_control(stall.context, ZCX_IOC_PAUSE, stall.id),
			 0);
	async_waits(stall.context, stall.id, ZCX_WAIT_PAUSED);
	assert_int_equal(async_query(stall.context, stall.id, &query), 0);
	sent = query.bytes_sent;
	assert_in_range(sent, 1, stall.program->bytes - 1);
	stall_go(&stall);
	if (!receiver_wait_bytes(&stall.receiver, sent))
		fail_msg("what was sent before the pause does not arrive");
	/* A peer that has got them has acknowledged them, sooner or later. */
	for (i = 0; i < GUEST_PATIENCE_MS / 5 && query.bytes_acked < sent; i++) {
		guest_sleep_ms(5);
		assert_int_equal(async_query(stall.context, stall.id, &query),
				 0);
	}
	assert_int_equal(query.bytes_acked, sent);
	assert_int_equal(query.bytes_sent, sent);
	assert_int_equal(query.state, ZCX_STATE_WAITING);
	assert_int_equal(query.wait, ZCX_WAIT_PAUSED);
	assert_int_equal(stall.receiver.bytes, sent);
	assert_int_equal(async_control(stall.context, ZCX_IOC_RESUME,
				       stall.id), 0);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
}

/* Its turn comes while it is paused; it keeps its place. */
static void pause_queued(void **state)
{
	struct stall stall;
	uint64_t id[2];

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	stall_submit(&stall, 0);
	id[0] = submit_behind(&stall, "paused");
	id[1] = submit_behind(&stall, "behind it");
	assert_int_equal(async_control(stall.context, ZCX_IOC_PAUSE, id[0]),
			 0);
	async_waits(stall.context, id[0], ZCX_WAIT_TURN);
	stall_go(&stall);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	async_waits(stall.context, id[0], ZCX_WAIT_PAUSED);
	async_waits(stall.context, id[1], ZCX_WAIT_TURN);
	/* Twice is once. */
	assert_int_equal(async_control(stall.context, ZCX_IOC_PAUSE, id[0]),
			 0);
	assert_int_equal(async_control(stall.context, ZCX_IOC_RESUME, id[0]),
			 0);
	async_ends(stall.context, id[0], ZCX_STATE_SENT, 0);
	async_ends(stall.context, id[1], ZCX_STATE_SENT, 0);
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
}

static void pause_cancelled(void **state)
{
	struct stall stall;
	uint64_t bytes;

	(void)state;
	stall_open(&stall, PAIR_UNIX);
	stall_submit(&stall, 0);
	assert_int_equal(async_control(stall.context, ZCX_IOC_PAUSE, stall.id),
			 0);
	assert_int_equal(async_control(stall.context, ZCX_IOC_CANCEL,
				       stall.id), 0);
	bytes = async_ends(stall.context, stall.id, ZCX_STATE_CANCELLED,
			   ECANCELED);
	stall_arrives(&stall, bytes);
	stall_close(&stall);
}

/* On and off, again and again, while it runs. */
static void pause_often(void **state)
{
	struct stall stall;
	unsigned int i;
	int err = 0;

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	stall.receiver.delay_us = 1000;
	stall_submit(&stall, 0);
	stall_go(&stall);
	for (i = 0; i < 20000 && !err; i++)
		err = async_control(stall.context, i % 2 ? ZCX_IOC_RESUME :
				    ZCX_IOC_PAUSE, stall.id);
	assert_true(!err || err == -EALREADY);
	if (!err)
		async_control(stall.context, ZCX_IOC_RESUME, stall.id);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
}

/* QUERY */

static void query_states(void **state)
{
	struct zcx_link link;
	struct zcx_query query;
	struct stall stall;
	uint64_t behind;

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	async_prepare(&link, stall.pair.tx, stall.program);
	link.user_data = 0x1122334455667788;
	stall.id = async_submit(stall.context, &link);
	async_stalls(stall.context, stall.id);
	behind = submit_behind(&stall, "behind");
	async_waits(stall.context, behind, ZCX_WAIT_TURN);

	assert_int_equal(async_query(stall.context, stall.id, &query), 0);
	assert_int_equal(query.id, stall.id);
	assert_true(query.user_data == 0x1122334455667788);
	assert_in_range(query.bytes_sent, 1, stall.program->bytes - 1);
	assert_int_equal(query.error, 0);
	assert_int_equal(query.result_flags, 0);
	/* The receiver has read nothing, yet its TCP has some of it. */
	assert_true(query.bytes_acked <= query.bytes_sent);
	assert_true((int)query.bytes_acked <= pair_readable(stall.pair.rx));

	assert_int_equal(async_query(stall.context, behind, &query), 0);
	assert_int_equal(query.bytes_sent, 0);
	assert_int_equal(query.bytes_acked, 0);
	query = (struct zcx_query) { .size = sizeof(query), .id = behind,
				     .flags = 1 };
	assert_int_equal(zcx_call(stall.context, ZCX_IOC_QUERY, &query),
			 -EOPNOTSUPP);
	assert_int_equal(async_query(stall.context, 77, &query), -ENOENT);

	assert_int_equal(async_control(stall.context, ZCX_IOC_CANCEL,
				       stall.id), 0);
	async_ends(stall.context, stall.id, ZCX_STATE_CANCELLED, ECANCELED);
	/* Ended, and its event not read. */
	async_pending(stall.context, 1);
	assert_int_equal(async_query(stall.context, behind, &query), 0);
	assert_int_equal(query.state, ZCX_STATE_CANCELLED);
	assert_int_equal(query.error, ECANCELED);
	async_ends(stall.context, behind, ZCX_STATE_CANCELLED, ECANCELED);
	receiver_go(&stall.receiver);
	close(stall.pair.tx);
	stall.pair.tx = -1;
	receiver_join(&stall.receiver);
	stall_close(&stall);
}

/* fdinfo says the same about each. */
static void shown(void **state)
{
	char path[64], text[4096], want[64];
	struct stall stall;
	uint64_t behind;

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	stall_submit(&stall, 0);
	behind = submit_behind(&stall, "behind");
	async_waits(stall.context, behind, ZCX_WAIT_TURN);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", stall.context);
	assert_true(guest_read(path, text, sizeof(text)) > 0);
	assert_int_equal(guest_value(text, "links"), 2);
	snprintf(want, sizeof(want), "id=%llu state=waiting wait=socket",
		 (unsigned long long)stall.id);
	assert_non_null(strstr(text, want));
	snprintf(want, sizeof(want), "id=%llu state=waiting wait=turn sent=0",
		 (unsigned long long)behind);
	assert_non_null(strstr(text, want));
	stall_go(&stall);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	async_ends(stall.context, behind, ZCX_STATE_SENT, 0);
	assert_int_equal(link_fdinfo(stall.context, "links"), 0);
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
}

/* Time */

/* Submit the program of @stall with limits. */
static void submit_limited(struct stall *stall, uint64_t deadline_ns,
			   uint64_t idle_ns)
{
	struct zcx_link link;

	async_prepare_part(&link, stall->pair.tx, stall->program, 0, 3);
	link.deadline_ns = deadline_ns;
	link.idle_ns = idle_ns;
	stall->id = async_submit(stall->context, &link);
}

static void deadline(void **state)
{
	struct stall stall;
	uint64_t bytes;

	stall_open(&stall, *(const enum pair_kind *)*state);
	submit_limited(&stall, 150 * MS, 0);
	bytes = async_ends(stall.context, stall.id, ZCX_STATE_FAILED,
			   ETIMEDOUT);
	assert_true(bytes < stall.program->bytes);
	stall_arrives(&stall, bytes);
	stall_close(&stall);
}

static void idle(void **state)
{
	struct stall stall;
	uint64_t bytes;

	stall_open(&stall, *(const enum pair_kind *)*state);
	submit_limited(&stall, 0, 150 * MS);
	bytes = async_ends(stall.context, stall.id, ZCX_STATE_FAILED,
			   ETIMEDOUT);
	assert_true(bytes < stall.program->bytes);
	stall_arrives(&stall, bytes);
	stall_close(&stall);
}

/* A deadline goes on while a link is queued, and while it is paused. */
static void deadline_waiting(void **state)
{
	struct zcx_link link;
	struct stall stall;
	uint64_t id[2];
	int err;

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	stall_submit(&stall, 0);
	id[0] = submit_behind(&stall, "no deadline");
	async_prepare_part(&link, stall.pair.tx, stall.program, 0, 1);
	link.deadline_ns = 100 * MS;
	id[1] = async_submit(stall.context, &link);
	assert_int_equal(async_ends(stall.context, id[1], ZCX_STATE_FAILED,
				    ETIMEDOUT), 0);
	link.deadline_ns = 300 * MS;
	id[1] = async_submit(stall.context, &link);
	/* Or it is over by now, on a machine that is busy. */
	err = async_control(stall.context, ZCX_IOC_PAUSE, id[1]);
	assert_true(!err || err == -EALREADY);
	assert_int_equal(async_ends(stall.context, id[1], ZCX_STATE_FAILED,
				    ETIMEDOUT), 0);
	stall_go(&stall);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	async_ends(stall.context, id[0], ZCX_STATE_SENT, 0);
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
}

/* Neither while others go before, nor while it is paused. */
static void idle_not_counted(void **state)
{
	struct zcx_link link;
	struct zcx_query query;
	struct stall stall;
	uint64_t id;

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	stall_submit(&stall, 0);
	program_memory(stall.program, "patient", 7);
	async_prepare_part(&link, stall.pair.tx, stall.program, 3, 1);
	link.idle_ns = 3000 * MS;
	id = async_submit(stall.context, &link);
	guest_sleep_ms(3500);
	async_waits(stall.context, id, ZCX_WAIT_TURN);
	assert_int_equal(async_control(stall.context, ZCX_IOC_PAUSE, id), 0);
	stall_go(&stall);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	guest_sleep_ms(3500);
	assert_int_equal(async_query(stall.context, id, &query), 0);
	assert_int_equal(query.state, ZCX_STATE_WAITING);
	assert_int_equal(query.wait, ZCX_WAIT_PAUSED);
	assert_int_equal(async_control(stall.context, ZCX_IOC_RESUME, id), 0);
	async_ends(stall.context, id, ZCX_STATE_SENT, 0);
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
}

/* A receiver that is slow, but not that slow, is not timed out. */
static void idle_progress(void **state)
{
	struct stall stall;

	stall_open(&stall, *(const enum pair_kind *)*state);
	/* More time in all than the limit, and far less at a time. */
	stall.receiver.delay_us = 20000;
	stall.receiver.stop_after = 0;
	stall.receiver.chunk = 4 * KIB;
	submit_limited(&stall, 0, 4000 * MS);
	stall_go(&stall);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	stall.receiver.delay_us = 0;
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
}

/* Limits that never come. */
static void limits_far_away(void **state)
{
	static const uint64_t ns[] = {
		~0ULL, ~0ULL >> 1, 1ULL << 63, 3600000 * MS,
	};
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_link link;
	struct pair pair;
	unsigned int i;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 0, 0);
	program_memory(program, "bytes", 5);
	for (i = 0; i < 4 * ARRAY_SIZE(ns); i++) {
		async_prepare(&link, pair.tx, program);
		link.deadline_ns = ns[i % 4];
		link.idle_ns = ns[i / 4];
		link.rate = ns[i % 4];
		async_sent(context, async_submit(context, &link), program,
			   ZCX_STATE_SENT, 0);
	}
	pair_close(&pair);
	async_quiet(context);
	close(context);
}

/* Rate */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/*
 * Never more than the rate allows: the count is taken before the time, so that
 * a late look is no failure. And it does come to its end.
 */
static void rate(void **state)
{
	enum { RATE = 1024 * 1024 };
	struct program *program = program_new();
	struct receiver receiver = { .expect = program };
	int context = zcx_open(), looks = 0, paced = 0;
	struct zcx_query query;
	struct zcx_link link;
	struct vfile file;
	struct pair pair;
	uint64_t begin, id;

	pair_open(&pair, *(const enum pair_kind *)*state, 0, 0);
	file_make(&file, DIR_EXT4, MIB + 77);
	program_file(program, &file, 0, ZCX_TO_EOF);
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	async_prepare(&link, pair.tx, program);
	link.rate = RATE;
	begin = now_ns();
	id = async_submit(context, &link);
	do {
		uint64_t got, allowed;

		guest_sleep_ms(5);
		assert_int_equal(async_query(context, id, &query), 0);
		got = query.bytes_sent;
		allowed = (now_ns() - begin) * RATE / 1000000000ULL;
		allowed += 64 * KIB + RATE / 20;
		if (got > allowed)
			fail_msg("%llu bytes had left when it could be %llu",
				 (unsigned long long)got,
				 (unsigned long long)allowed);
		paced += query.state == ZCX_STATE_WAITING &&
			 query.wait == ZCX_WAIT_PACE;
		assert_true(looks++ < 20000);
	} while (query.state < ZCX_STATE_SENT);
	assert_true(paced > 0);
	async_sent(context, id, program, ZCX_STATE_SENT, 0);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, program->bytes);
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

/* Byte by byte; cancelled before it comes to its end. */
static void rate_slow(void **state)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_link link;
	struct vfile file;
	struct pair pair;
	uint64_t bytes;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 0, 0);
	file_make(&file, DIR_EXT4, 100000);
	program_file(program, &file, 0, ZCX_TO_EOF);
	async_prepare(&link, pair.tx, program);
	link.rate = 1;
	async_submit(context, &link);
	async_waits(context, link.id, ZCX_WAIT_PACE);
	assert_int_equal(async_control(context, ZCX_IOC_CANCEL, link.id), 0);
	bytes = async_ends(context, link.id, ZCX_STATE_CANCELLED, ECANCELED);
	assert_in_range(bytes, 1, 64 * KIB);
	close(pair.tx);
	pair.tx = -1;
	assert_int_equal(pair_drain(pair.rx), bytes);
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

const struct vm_test async_control_tests[] = {
	{ "async_cancel_tcp4", cancel_stalled, &tcp4, "test", "test", "std",
	  30, "CANCEL of a link that waits for the socket, TCP" },
	{ "async_cancel_unix", cancel_stalled, &unix_stream, "all", "all",
	  "std", 30, "the same over AF_UNIX" },
	{ "async_cancel_ktls", cancel_stalled, &ktls, "all", "all", "std", 30,
	  "the same over TLS" },
	{ "async_cancel_ended", cancel_ended, NULL, "all", "all", "std", 30,
	  "EALREADY and ENOENT" },
	{ "async_cancel_queued", cancel_queued, NULL, "all", "all", "std", 30,
	  "a link in line and those behind it, not those before it" },
	{ "async_cancel_head", cancel_head, NULL, "all", "all", "std", 30,
	  "the first of a line takes all others with it" },
	{ "async_pause_tcp4", pause_stalled, &tcp4, "test", "all", "std", 30,
	  "nothing leaves between PAUSE and RESUME, TCP" },
	{ "async_pause_unix", pause_stalled, &unix_stream, "all", "all",
	  "std", 30, "the same over AF_UNIX" },
	{ "async_pause_queued", pause_queued, NULL, "all", "all", "std", 30,
	  "a link paused before its turn keeps its place" },
	{ "async_pause_cancelled", pause_cancelled, NULL, "all", "all", "std",
	  30, "CANCEL of a paused link" },
	{ "async_pause_often", pause_often, NULL, "all", "all", "std", 30,
	  "PAUSE and RESUME at full speed while a link runs" },
	{ "async_query", query_states, NULL, "all", "all", "std", 30,
	  "QUERY: states, counts, ENOENT" },
	{ "async_fdinfo", shown, NULL, "all", "all", "std", 30,
	  "fdinfo tells of each link" },
	{ "async_deadline_tcp4", deadline, &tcp4, "test", "all", "std", 30,
	  "a deadline ends a link with ETIMEDOUT, TCP" },
	{ "async_deadline_unix", deadline, &unix_stream, "all", "all", "std",
	  30, "a deadline ends a link with ETIMEDOUT, AF_UNIX" },
	{ "async_deadline_waiting", deadline_waiting, NULL, "all", "all",
	  "std", 30, "a deadline of a link in line, and of a paused one" },
	{ "async_idle_tcp4", idle, &tcp4, "all", "all", "std", 30,
	  "an idle limit ends a link with ETIMEDOUT, TCP" },
	{ "async_idle_unix", idle, &unix_stream, "all", "all", "std", 30,
	  "an idle limit ends a link with ETIMEDOUT, AF_UNIX" },
	{ "async_idle_not_counted", idle_not_counted, NULL, "all", "all",
	  "std", 60, "no idle limit in line or while paused" },
	{ "async_idle_progress", idle_progress, &tcp4, "all", "all", "std",
	  90, "no idle limit while bytes go, however slowly" },
	{ "async_limits_far", limits_far_away, NULL, "all", "all", "std", 30,
	  "limits of centuries" },
	{ "async_rate_tcp4", rate, &tcp4, "all", "all", "std", 60,
	  "never faster than the rate, TCP" },
	{ "async_rate_unix", rate, &unix_stream, "all", "all", "std", 60,
	  "never faster than the rate, AF_UNIX" },
	{ "async_rate_slow", rate_slow, NULL, "all", "all", "std", 30,
	  "a byte per second" },
	{ 0 }
};
