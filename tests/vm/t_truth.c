// SPDX-License-Identifier: GPL-2.0
/* What the module says about itself: fdinfo, debugfs, tracepoints. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define TOTALS	"/sys/kernel/debug/zcx/stats"
#define EVENTS	"/sys/kernel/tracing/events/zcx"
#define TRACE	"/sys/kernel/tracing/trace"

static const char *const keys[] = {
	"links_started", "links_sent", "links_short", "links_cancelled",
	"links_failed", "batches", "waits_socket", "bytes_copied",
	"bytes_memory", "bytes_cache", "bytes_splice", "bytes_sent",
};

struct totals {
	long long value[ARRAY_SIZE(keys)];
};

static struct totals read_totals(void)
{
	struct totals totals;
	char text[2048];
	unsigned int i;

	if (guest_read(TOTALS, text, sizeof(text)) <= 0)
		fail_msg("no %s", TOTALS);
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		totals.value[i] = guest_value(text, keys[i]);
		if (totals.value[i] < 0)
			fail_msg("%s has no %s", TOTALS, keys[i]);
	}
	return totals;
}

static long long grown(const struct totals *before, const struct totals *after,
		       const char *key)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i], key))
			return after->value[i] - before->value[i];
	fail_msg("no key %s", key);
	return -1;
}

/* Links of all ends: their numbers are in both places, and add up. */
static void counters_add_up(void **state)
{
	struct program *good = program_new(), *brief = program_new();
	struct totals before = read_totals(), after;
	struct exchange x = { .kind = PAIR_TCP4 };
	int context = zcx_open();
	struct vfile file, fuse;
	unsigned int i;

	(void)state;
	file_make(&file, DIR_EXT4, 300007);
	file_make(&fuse, DIR_FUSE, 12345);
	program_memory(good, "header", 6);
	program_file(good, &file, 0, ZCX_TO_EOF);
	program_file(good, &fuse, 0, ZCX_TO_EOF);
	program_file(brief, &file, 300000, 100);
	x.context = context;
	for (i = 0; i < 3; i++) {
		x.program = i < 2 ? good : brief;
		exchange_run(&x);
	}
	after = read_totals();
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		assert_int_equal(link_fdinfo(context, keys[i]),
				 grown(&before, &after, keys[i]));
	assert_int_equal(grown(&before, &after, "links_started"), 3);
	assert_int_equal(grown(&before, &after, "links_sent"), 2);
	assert_int_equal(grown(&before, &after, "links_short"), 1);
	assert_int_equal(grown(&before, &after, "links_failed"), 0);
	assert_int_equal(grown(&before, &after, "bytes_memory"), 2 * 6);
	assert_int_equal(grown(&before, &after, "bytes_cache"),
			 2 * 300007 + 7);
	assert_int_equal(grown(&before, &after, "bytes_splice"), 2 * 12345);
	assert_int_equal(grown(&before, &after, "bytes_sent"),
			 2 * (6 + 300007 + 12345) + 7);
	assert_int_equal(grown(&before, &after, "bytes_copied"), 0);
	assert_true(grown(&before, &after, "batches") >= 3);
	close(context);
	/* The module's totals stay when the context has gone. */
	before = read_totals();
	assert_memory_equal(&before, &after, sizeof(before));
}

static void tls_counts_as_copied(void **state)
{
	struct program *program = program_new();
	struct totals before, after;
	struct vfile file;

	(void)state;
	pair_need_ktls();
	file_make(&file, DIR_EXT4, 70001);
	program_file(program, &file, 0, ZCX_TO_EOF);
	before = read_totals();
	exchange_simply(program, PAIR_KTLS);
	after = read_totals();
	assert_int_equal(grown(&before, &after, "bytes_copied"), 70001);
	assert_int_equal(grown(&before, &after, "bytes_sent"), 70001);
}

static void a_failed_link_counts(void **state)
{
	struct program *program = program_new();
	struct totals before, after;
	int context = zcx_open();
	struct zcx_link link;
	struct vfile file;
	struct pair pair;

	(void)state;
	file_make(&file, DIR_EXT4, 4 * MIB);
	program_file(program, &file, 0, ZCX_TO_EOF);
	pair_open(&pair, PAIR_TCP4, 16384, 16384);
	pair_set_nonblock(pair.tx, true);
	before = read_totals();
	link_prepare(&link, pair.tx, program);
	assert_int_equal(link_send(context, &link), 0);
	after = read_totals();
	assert_int_equal(link.error, EAGAIN);
	assert_true(link.bytes_sent > 0 && link.bytes_sent < 4 * MIB);
	assert_int_equal(grown(&before, &after, "links_failed"), 1);
	assert_int_equal(grown(&before, &after, "links_sent"), 0);
	assert_int_equal(grown(&before, &after, "bytes_sent"), link.bytes_sent);
	assert_int_equal(grown(&before, &after, "waits_socket"), 1);
	pair_close(&pair);
	close(context);
}

static void stop_tracing(void *arg)
{
	(void)arg;
	guest_write(EVENTS "/enable", "0");
	guest_write(TRACE, "");
}

/* Lines of the trace with all of these words. */
static unsigned int count_lines(const char *text, const char *first,
				const char *second)
{
	unsigned int n = 0;
	const char *line, *end;

	for (line = text; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			break;
		n += memmem(line, end - line, first, strlen(first)) &&
		     memmem(line, end - line, second, strlen(second));
	}
	return n;
}

static void tracepoints_tell(void **state)
{
	static char text[256 * 1024];
	struct program *program = program_new();
	struct exchange x = {
		.program = program,
		.kind = PAIR_TCP4,
		.sndbuf = 16384,
		.rcvbuf = 16384,
		.chunk = 4096,
		.delay_us = 200,
	};
	char sent[64];
	struct vfile file;

	(void)state;
	file_make(&file, DIR_EXT4, 400003);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	if (guest_write(EVENTS "/enable", "1"))
		fail_msg("no %s", EVENTS);
	test_at_end(stop_tracing, NULL);
	guest_write(TRACE, "");
	x.context = zcx_open();
	exchange_run(&x);
	guest_write(EVENTS "/enable", "0");

	assert_true(guest_read(TRACE, text, sizeof(text)) > 0);
	snprintf(sent, sizeof(sent), "sent=%llu copied=0 state=sent error=0",
		 (unsigned long long)program->bytes);
	assert_int_equal(count_lines(text, "zcx_link_start:", "segments=2"), 1);
	assert_int_equal(count_lines(text, "zcx_link_end:", sent), 1);
	assert_int_equal(count_lines(text, "zcx_batch:", "id=1 "),
			 link_fdinfo(x.context, "batches"));
	assert_int_equal(count_lines(text, "zcx_wait:", "id=1 "),
			 link_fdinfo(x.context, "waits_socket"));
	assert_true(link_fdinfo(x.context, "waits_socket") > 0);
	close(x.context);
}

#define TEST(NAME, RUN, PROVES) \
	{ "truth_" NAME, RUN, NULL, "test", "test", "std", 30, PROVES }

const struct vm_test truth_tests[] = {
	TEST("counters", counters_add_up, "fdinfo and debugfs count the same, and all of it"),
	TEST("ktls", tls_counts_as_copied, "bytes that kernel TLS encrypts count as copied"),
	TEST("failed_link", a_failed_link_counts, "a link that ends early is counted with its bytes"),
	TEST("tracepoints", tracepoints_tell, "start, batches, waits and end of a link"),
	{ 0 },
};
