// SPDX-License-Identifier: GPL-2.0
/* What the module says of itself adds up: fdinfo, debugfs, tracepoints, INFO. */
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define TRACING		"/sys/kernel/tracing/"
#define STATS		"/sys/kernel/debug/zcx/stats"
#define PARAMETERS	"/sys/module/zcx/parameters/"

enum {
	STARTED, SENT, SHORT, CANCELLED, FAILED, COPIED, MEMORY, CACHE, SPLICE,
	BYTES, KEYS,
};

static const char *const key_names[KEYS] = {
	"links_started", "links_sent", "links_short", "links_cancelled",
	"links_failed", "bytes_copied", "bytes_memory", "bytes_cache",
	"bytes_splice", "bytes_sent",
};

struct sums {
	long long value[KEYS];
};

/* What one link adds to the totals. */
static void sums_add(struct sums *sums, const struct zcx_link *link)
{
	assert_null(link_problem(link));
	sums->value[STARTED]++;
	sums->value[SENT + (link->state - ZCX_STATE_SENT)]++;
	sums->value[COPIED] += link->bytes_copied;
	sums->value[MEMORY] += link->bytes_memory;
	sums->value[CACHE] += link->bytes_cache;
	sums->value[SPLICE] += link->bytes_splice;
	sums->value[BYTES] += link->bytes_sent;
}

static void sums_of_text(struct sums *sums, const char *text)
{
	unsigned int i;

	for (i = 0; i < KEYS; i++) {
		sums->value[i] = guest_value(text, key_names[i]);
		if (sums->value[i] < 0)
			fail_msg("there is no %s", key_names[i]);
	}
}

static void sums_of_context(struct sums *sums, int context)
{
	char path[64], text[2048];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", context);
	assert_true(guest_read(path, text, sizeof(text)) > 0);
	sums_of_text(sums, text);
}

static void sums_of_module(struct sums *sums)
{
	char text[2048];

	if (guest_read(STATS, text, sizeof(text)) < 0)
		test_skip("no debugfs");
	sums_of_text(sums, text);
}

/* @after - @before is @want. */
static void assert_sums(const struct sums *before, const struct sums *after,
			const struct sums *want, const char *where)
{
	unsigned int i;

	for (i = 0; i < KEYS; i++)
		if (after->value[i] - before->value[i] != want->value[i])
			fail_msg("%s: %s grew by %lld, not %lld", where,
				 key_names[i],
				 after->value[i] - before->value[i],
				 want->value[i]);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* A link that a signal ends after a part. */
static void cancelled(const struct program *program, int context,
		      struct zcx_link *link)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sender sender = { .context = context };
	struct pair pair;

	sigaction(SIGUSR1, &action, NULL);
	pair_open(&pair, PAIR_TCP4, 32 * KIB, 32 * KIB);
	link_prepare(&sender.link, pair.tx, program);
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	pthread_kill(sender.thread, SIGUSR1);
	sender_join(&sender);
	assert_int_equal(sender.err, 0);
	assert_int_equal(sender.link.state, ZCX_STATE_CANCELLED);
	*link = sender.link;
	pair_close(&pair);
}

/* A link that a full socket ends after a part. */
static void failed(const struct program *program, int context,
		   struct zcx_link *link)
{
	struct pair pair;

	pair_open(&pair, PAIR_UNIX, 32 * KIB, 0);
	pair_set_nonblock(pair.tx, true);
	link_prepare(link, pair.tx, program);
	assert_int_equal(link_send(context, link), 0);
	assert_int_equal(link->state, ZCX_STATE_FAILED);
	assert_true(link->bytes_sent > 0);
	pair_close(&pair);
}

static void sent(const struct program *program, int context,
		 enum pair_kind kind, struct zcx_link *link)
{
	struct exchange x = {
		.program = program,
		.kind = kind,
		.context = context,
	};

	exchange_run(&x);
	*link = x.link;
}

/* Links of all outcomes and lanes, by two contexts; refused ones besides. */
static void totals(void **state)
{
	struct sums none = { 0 }, before, after, want[2] = { 0 }, all = { 0 };
	struct program *big = program_new(), *small = program_new(),
		       *cut = program_new();
	struct vfile file, stacked;
	struct zcx_link link;
	int context[2] = { zcx_open(), zcx_open() };
	unsigned int i, k;

	(void)state;
	sums_of_module(&before);
	guest_need_mount(DIR_OVERLAY);
	file_make(&file, DIR_EXT4, MIB + 123);
	file_make(&stacked, DIR_OVERLAY, 54321);
	program_memory(big, "header", 6);
	program_file(big, &stacked, 0, ZCX_TO_EOF);
	program_file(big, &file, 0, ZCX_TO_EOF);
	program_memory(small, "only memory", 11);
	program_file(cut, &file, MIB, 124);
	assert_true(cut->is_short);
	for (i = 0; i < 2; i++) {
		for (k = 0; k <= 3 * i; k++) {
			sent(big, context[i], PAIR_TCP4 + k % 3, &link);
			sums_add(&want[i], &link);
			sent(small, context[i], PAIR_TCP4, &link);
			sums_add(&want[i], &link);
		}
		sent(cut, context[i], PAIR_UNIX, &link);
		sums_add(&want[i], &link);
		cancelled(big, context[i], &link);
		sums_add(&want[i], &link);
		failed(big, context[i], &link);
		sums_add(&want[i], &link);

		/* What was refused is not counted anywhere. */
		link_prepare(&link, -1, small);
		assert_int_equal(link_send(context[i], &link), -EBADF);
	}
	for (i = 0; i < 2; i++) {
		sums_of_context(&after, context[i]);
		assert_sums(&none, &after, &want[i], "fdinfo");
		assert_int_equal(link_fdinfo(context[i], "links"), 0);
		for (k = 0; k < KEYS; k++)
			all.value[k] += want[i].value[k];
		close(context[i]);
	}
	/* The module's totals outlive the contexts. */
	sums_of_module(&after);
	assert_sums(&before, &after, &all, STATS);
	assert_int_equal(all.value[CANCELLED], 2);
	assert_int_equal(all.value[FAILED], 2);
	assert_int_equal(all.value[SHORT], 2);
	file_drop(&file);
	file_drop(&stacked);
}

/* Waits and batches are counted when there are some. */
static void waits(void **state)
{
	struct program *program = program_new();
	struct receiver receiver = {
		.expect = program,
		.chunk = 8 * KIB,
		.delay_us = 500,
		.held = true,
	};
	struct sender sender = { .context = zcx_open() };
	struct vfile file;
	struct pair pair;

	file_make(&file, DIR_EXT4, 500001);
	program_memory(program, "no need to wait", 15);
	sent(program, sender.context, PAIR_TCP4, &sender.link);
	assert_int_equal(link_fdinfo(sender.context, "waits_socket"), 0);
	assert_int_equal(link_fdinfo(sender.context, "batches"), 1);
	program_file(program, &file, 0, ZCX_TO_EOF);
	pair_open(&pair, *(const enum pair_kind *)*state, 16 * KIB, 16 * KIB);
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	link_prepare(&sender.link, pair.tx, program);
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	receiver_go(&receiver);
	sender_join(&sender);
	assert_int_equal(sender.err, 0);
	assert_null(link_problem(&sender.link));
	assert_int_equal(sender.link.bytes_sent, program->bytes);
	assert_true(link_fdinfo(sender.context, "waits_socket") > 0);
	assert_true(link_fdinfo(sender.context, "batches") >
		    link_fdinfo(sender.context, "waits_socket"));
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, program->bytes);
	pair_close(&pair);
	close(sender.context);
	file_drop(&file);
}

/* By reference: none copied. Encrypted: all of them. */
static void copied(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_link link;
	struct vfile file;

	file_make(&file, DIR_EXT4, 300001);
	program_memory(program, "header", 6);
	program_file(program, &file, 1, ZCX_TO_EOF);
	sent(program, context, kind, &link);
	assert_int_equal(link.bytes_sent, 6 + 300000);
	assert_int_equal(link.bytes_memory, 6);
	assert_int_equal(link.bytes_cache, 300000);
	assert_int_equal(link.bytes_splice, 0);
	assert_int_equal(link.bytes_copied,
			 pair_is_ktls(kind) ? 6 + 300000 : 0);
	assert_int_equal(!!(link.result_flags & ZCX_RESULT_KTLS),
			 pair_is_ktls(kind));
	assert_int_equal(link_fdinfo(context, "bytes_copied"),
			 link.bytes_copied);
	close(context);
	file_drop(&file);
}

/*
 * Does "by reference" hold? What is written afterwards, before the peer reads
 * it, arrives.
 */
static void by_reference(void **state)
{
	static uint8_t got[8192], changed[8192];
	struct program *program = program_new();
	int context = zcx_open(), fd;
	struct zcx_link link;
	struct vfile file;
	struct pair pair;

	file_make(&file, DIR_TMPFS, sizeof(got));
	program_file(program, &file, 0, ZCX_TO_EOF);
	pair_open(&pair, *(const enum pair_kind *)*state, 0, 0);
	link_prepare(&link, pair.tx, program);
	assert_int_equal(link_send(context, &link), 0);
	assert_int_equal(link.bytes_copied, 0);
	memset(changed, 'c', sizeof(changed));
	fd = file_open_writable(&file);
	assert_int_equal(pwrite(fd, changed, sizeof(changed), 0),
			 sizeof(changed));
	close(fd);
	assert_int_equal(recv(pair.rx, got, sizeof(got), MSG_WAITALL),
			 sizeof(got));
	assert_memory_equal(got, changed, sizeof(got));
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

/* What the process is said to have read and written, as for sendfile(2). */
static void task_io(void **state)
{
	struct program *program = program_new();
	char before[1024], after[1024];
	int context = zcx_open();
	struct zcx_link link;
	struct vfile file;
	struct pair pair;
	long long bytes;

	(void)state;
	if (guest_read("/proc/self/io", before, sizeof(before)) < 0 ||
	    guest_value(before, "wchar") < 0)
		test_skip("no accounting of I/O");
	file_make(&file, DIR_EXT4, 50001);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	pair_open(&pair, PAIR_UNIX, 0, 0);
	link_prepare(&link, pair.tx, program);
	guest_read("/proc/self/io", before, sizeof(before));
	assert_int_equal(link_send(context, &link), 0);
	guest_read("/proc/self/io", after, sizeof(after));
	assert_int_equal(guest_value(after, "wchar") -
			 guest_value(before, "wchar"), 50007);
	bytes = guest_value(after, "rchar") - guest_value(before, "rchar");
	/* Reading the figures is counted too. */
	assert_in_range(bytes, 50001, 50001 + sizeof(before));
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

static long long parameter(const char *name)
{
	char path[96], text[32];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	assert_true(guest_read(path, text, sizeof(text)) > 0);
	return atoll(text);
}

static char batch_was[32];

static void undo_batch(void *unused)
{
	(void)unused;
	guest_write(PARAMETERS "batch_bytes", batch_was);
}

static void info(void **state)
{
	struct zcx_info info = { .size = sizeof(info) };
	int context = zcx_open();

	(void)state;
	assert_true(guest_read(PARAMETERS "batch_bytes", batch_was,
			       sizeof(batch_was)) > 0);
	test_at_end(undo_batch, NULL);
	assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info), 0);
	assert_int_equal(info.batch_bytes, parameter("batch_bytes"));
	assert_int_equal(info.max_links, parameter("max_links"));
	assert_int_equal(guest_write(PARAMETERS "batch_bytes", "262144"), 0);
	assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info), 0);
	assert_int_equal(info.batch_bytes, 262144);
	close(context);
}

/* Tracepoints */

static char trace_text[1 << 20];

static void undo_trace(void *unused)
{
	(void)unused;
	guest_write(TRACING "events/zcx/enable", "0");
	guest_write(TRACING "trace", "");
}

static void trace_on(void)
{
	if (guest_write(TRACING "events/zcx/enable", "1"))
		test_skip("no tracepoints");
	test_at_end(undo_trace, NULL);
	guest_write(TRACING "tracing_on", "1");
	/* Opening it for writing with truncation empties it. */
	assert_int_equal(guest_run("echo > " TRACING "trace"), 0);
}

static void trace_read(void)
{
	assert_int_equal(guest_write(TRACING "events/zcx/enable", "0"), 0);
	assert_true(guest_read(TRACING "trace", trace_text,
			       sizeof(trace_text)) > 0);
}

/* The number behind " @name=" in a line, or -1. */
static long long field(const char *line, const char *name)
{
	char text[32];
	const char *at;

	snprintf(text, sizeof(text), " %s=", name);
	at = strstr(line, text);
	return at ? strtoll(at + strlen(text), NULL, 0) : -1;
}

/**
 * struct told - what the trace tells of one link
 * @starts: events of its start
 * @batches: offers to the socket
 * @taken: bytes that it took of them
 * @waits: waits for the socket
 * @ends: events of its end
 * @last: line of its end
 */
struct told {
	unsigned int starts;
	unsigned int batches;
	long long taken;
	unsigned int waits;
	unsigned int ends;
	const char *last;
};

/* Lines of link @id, which must come in their order. */
static struct told told_of(uint64_t id, uint64_t user_data)
{
	struct told told = { 0 };
	static char copy[sizeof(trace_text)];
	char *line, *rest = copy;

	memcpy(copy, trace_text, sizeof(copy));
	while ((line = strsep(&rest, "\n"))) {
		if (!strstr(line, "zcx_") || field(line, "id") != (long long)id)
			continue;
		if (strstr(line, "zcx_link_start:")) {
			assert_int_equal(field(line, "user_data"), user_data);
			assert_int_equal(told.batches + told.ends, 0);
			told.starts++;
		} else if (strstr(line, "zcx_batch:")) {
			assert_int_equal(told.starts, 1);
			assert_int_equal(told.ends, 0);
			assert_true(field(line, "entries") > 0);
			assert_true(field(line, "bytes") >=
				    field(line, "result"));
			told.batches++;
			told.taken += MAX(field(line, "result"), 0);
		} else if (strstr(line, "zcx_wait:")) {
			assert_int_equal(field(line, "sent"), told.taken);
			assert_non_null(strstr(line, "state=waiting"));
			told.waits++;
		} else if (strstr(line, "zcx_link_end:")) {
			told.ends++;
			told.last = line;
		}
	}
	return told;
}

static void trace_link(void **state)
{
	struct program *program = program_new();
	struct receiver receiver = { .expect = program, .held = true };
	struct sender sender = { 0 };
	struct vfile file;
	struct pair pair;
	struct told told;

	(void)state;
	trace_on();
	pair_open(&pair, PAIR_TCP4, 32 * KIB, 32 * KIB);
	sender.context = zcx_open();
	file_make(&file, DIR_EXT4, MIB);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	link_prepare(&sender.link, pair.tx, program);
	sender.link.user_data = 0x5eed0123;
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	receiver_go(&receiver);
	sender_join(&sender);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(sender.err, 0);
	trace_read();

	told = told_of(sender.link.id, 0x5eed0123);
	assert_int_equal(told.starts, 1);
	assert_int_equal(told.ends, 1);
	assert_int_equal(told.taken, program->bytes);
	assert_int_equal(told.batches,
			 link_fdinfo(sender.context, "batches"));
	assert_int_equal(told.waits,
			 link_fdinfo(sender.context, "waits_socket"));
	assert_true(told.waits > 0);
	assert_int_equal(field(told.last, "sent"), program->bytes);
	assert_int_equal(field(told.last, "copied"), 0);
	assert_int_equal(field(told.last, "error"), 0);
	assert_non_null(strstr(told.last, "state=sent"));
	pair_close(&pair);
	close(sender.context);
	file_drop(&file);
}

/* How a link ended stands in the trace as it stands in the struct. */
static void trace_ends(void **state)
{
	struct program *big = program_new(), *cut = program_new();
	int context = zcx_open();
	struct zcx_link link[3];
	struct vfile file;
	struct told told;
	unsigned int i;
	static const char *const name[] = {
		"state=short", "state=cancelled", "state=failed",
	};

	(void)state;
	trace_on();
	file_make(&file, DIR_EXT4, MIB);
	program_file(big, &file, 0, ZCX_TO_EOF);
	program_file(cut, &file, 1000, MIB);
	sent(cut, context, PAIR_TCP4, &link[0]);
	cancelled(big, context, &link[1]);
	failed(big, context, &link[2]);
	trace_read();
	for (i = 0; i < 3; i++) {
		told = told_of(link[i].id, 0);
		assert_int_equal(told.starts, 1);
		assert_int_equal(told.ends, 1);
		assert_non_null(strstr(told.last, name[i]));
		assert_int_equal(field(told.last, "error"), link[i].error);
		assert_int_equal(field(told.last, "sent"),
				 link[i].bytes_sent);
		assert_int_equal(told.taken, link[i].bytes_sent);
	}
	close(context);
	file_drop(&file);
}

static const enum pair_kind tcp4 = PAIR_TCP4, tcp6 = PAIR_TCP6,
			    unix_stream = PAIR_UNIX, ktls = PAIR_KTLS,
			    ktls13 = PAIR_KTLS13;

const struct vm_test truth_tests[] = {
	{ "truth_totals", totals, NULL, "test", "test", "std", 60,
	  "fdinfo and debugfs are the sums of what links reported" },
	{ "truth_waits_tcp4", waits, &tcp4, "test", "test", "std", 30,
	  "batches and waits are counted, TCP" },
	{ "truth_waits_unix", waits, &unix_stream, "test", "all", "std", 30,
	  "batches and waits are counted, AF_UNIX" },
	{ "truth_copied_tcp4", copied, &tcp4, "test", "test", "std", 30,
	  "TCP over IPv4 copies nothing" },
	{ "truth_copied_tcp6", copied, &tcp6, "test", "all", "std", 30,
	  "TCP over IPv6 copies nothing" },
	{ "truth_copied_unix", copied, &unix_stream, "test", "test", "std", 30,
	  "AF_UNIX copies nothing" },
	{ "truth_copied_ktls", copied, &ktls, "test", "test", "std", 30,
	  "kernel TLS 1.2 counts every byte as copied" },
	{ "truth_copied_ktls13", copied, &ktls13, "test", "all", "std", 30,
	  "kernel TLS 1.3 counts every byte as copied" },
	{ "truth_reference_tcp4", by_reference, &tcp4, "test", "test", "std",
	  30, "0 copied is true: a later change to the file shows, TCP" },
	{ "truth_reference_unix", by_reference, &unix_stream, "test", "test",
	  "std", 30, "0 copied is true: a later change shows, AF_UNIX" },
	{ "truth_task_io", task_io, NULL, "test", "test", "std", 30,
	  "/proc/PID/io counts what was read and written" },
	{ "truth_info", info, NULL, "test", "test", "std", 30,
	  "INFO says what the parameters say" },
	{ "truth_trace", trace_link, NULL, "test", "test", "std", 30,
	  "the trace of a link adds up to its bytes" },
	{ "truth_trace_ends", trace_ends, NULL, "test", "test", "std", 30,
	  "the trace says how links ended" },
	{ 0 }
};
