// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes that the CPU copies, seen at the kernel functions that copy them: by
 * probes, and by breakpoints where the function is in lib/, which is built
 * without the hooks that probes insist on.
 *
 * The functions of the table do not call each other, so that no byte is counted
 * twice (read in 6.1 and 6.12): copy_page_to_iter() and the functions around it
 * end in _copy_to_iter() and _copy_from_iter(), which is why they are not here;
 * __pskb_pull_tail(), skb_copy() and their like end in skb_copy_bits(). The csum
 * variants do the copying themselves; TCP leaves checksums to later and does not
 * call them. skb_copy_bits() calls itself only for lists of packets in packets,
 * which TCP does not send.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "btf.h"
#include "cli.h"
#include "count.h"
#include "count_copies.h"

#define SPEC	"keys=common_pid:vals=bytes"

/**
 * struct probed - a function of net/
 * @function: its name, which is the probe's as well
 * @argument: the number of bytes; NULL: all that is not in the packet's head
 * @needed: without it the sum would be wrong; others are for odd devices only
 *
 * Packets are worked on wherever softirqs run, so whose context it is does not
 * tell whose copy it is: all are taken for the sending host's.
 */
static const struct probed {
	const char *function;
	const char *argument;
	bool needed;
} probed[] = {
	{ "skb_copy_bits", "bytes=$arg4:u32", true },
	{ "skb_copy_ubufs", NULL, true },
	{ "skb_copy_and_csum_bits", "bytes=$arg4:u32", false },
	{ "csum_and_copy_from_iter_full", "bytes=$arg2:u64", false },
};

/*
 * Functions of lib/: copies to and from user space, which run in the context of
 * whoever sends or receives. They have the number of bytes second. The last one
 * has it third; it copies anything, so only what it takes out of the request's
 * header counts, which is how the module takes memory segments.
 */
static const char *const broken[] = {
	"_copy_to_iter", "_copy_from_iter", "_copy_from_iter_nocache",
	"_copy_from_user",
};

#define TAKES_HEADER	(ARRAY_SIZE(broken) - 1)

_Static_assert(ARRAY_SIZE(probed) <= TRACE_MAX_PROBES, "too many probes");
_Static_assert(ARRAY_SIZE(broken) <= BREAKPOINTS_MAX, "too many breakpoints");

static unsigned int breakpoints_wanted(const struct bench_count *count)
{
	return count->header_bytes ? ARRAY_SIZE(broken) : TAKES_HEADER;
}

static void give_up(struct bench_count *count, const char *what, int error)
{
	snprintf(count->counts->how, sizeof(count->counts->how),
		 "not counted: %s: %s", what, strerror(-error));
	count->copies = false;
}

static void append(char *text, size_t size, const char *before,
		   const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used ? before : "", more);
}

static int probe(struct bench_count *count, const struct probed *copier)
{
	char args[64];
	int offset;

	if (copier->argument)
		return trace_probe(&count->trace, copier->function,
				   copier->function, copier->argument);
	offset = btf_member_offset("sk_buff", "data_len");
	if (offset < 0)
		return offset;
	snprintf(args, sizeof(args), "bytes=+%d($arg1):u32", offset);
	return trace_probe(&count->trace, copier->function, copier->function,
			   args);
}

static void open_probes(struct bench_count *count)
{
	struct bench_counts *counts = count->counts;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(probed); i++) {
		int ret = probe(count, &probed[i]);

		if (ret && probed[i].needed) {
			give_up(count, probed[i].function, ret);
			return;
		}
		append(counts->how, sizeof(counts->how), ", ",
		       probed[i].function);
		if (ret)
			append(counts->how, sizeof(counts->how), " ",
			       "(not here)");
		else
			count->probes |= 1U << i;
	}
}

static void open_breakpoints(struct bench_count *count)
{
	struct bench_counts *counts = count->counts;
	const char *bad;
	size_t i;
	int ret;

	for (i = 0; i < breakpoints_wanted(count); i++)
		append(counts->how, sizeof(counts->how), ", ", broken[i]);
	ret = breakpoints_open(&count->breakpoints, broken,
			       breakpoints_wanted(count), &bad);
	if (ret)
		give_up(count, bad, ret);
}

void count_copies_open(struct bench_count *count)
{
	count->copies = true;
	open_breakpoints(count);
	if (count->copies)
		open_probes(count);
}

typedef int (*hist_fn)(const struct trace *trace, const char *event,
		       const char *spec, const char *filter);

/* Start or pause the probes' histograms. */
static void for_probes(struct bench_count *count, hist_fn fn)
{
	char event[96];
	size_t i;

	for (i = 0; count->copies && i < ARRAY_SIZE(probed); i++) {
		int ret;

		if (!(count->probes & 1U << i))
			continue;
		trace_probe_event(&count->trace, probed[i].function, event,
				  sizeof(event));
		ret = fn(&count->trace, event, SPEC, NULL);
		if (ret)
			give_up(count, event, ret);
	}
}

void count_copies_begin(struct bench_count *count)
{
	int ret;

	for_probes(count, trace_hist);
	if (!count->copies)
		return;
	ret = breakpoints_start(&count->breakpoints);
	if (ret)
		give_up(count, "breakpoints", ret);
}

/*
 * Is this a thread of another program? Kernel threads, which may work for us,
 * and those that are gone already have no program. Our own threads have one.
 */
static bool is_stranger(pid_t tid)
{
	char path[64], program[8];

	snprintf(path, sizeof(path), "/proc/self/task/%d", tid);
	if (!access(path, F_OK))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/exe", tid);
	return readlink(path, program, sizeof(program)) > 0;
}

static void add_call(const struct breakpoint_call *call, void *arg)
{
	const struct bench_count *count = arg;
	struct bench_counts *counts = count->counts;
	uint64_t bytes = call->args[0];

	if (call->index == TAKES_HEADER) {
		if (call->args[0] - count->header >= count->header_bytes)
			return;
		bytes = call->args[1];
	}
	if (count->receiver && call->tid == count->receiver)
		counts->receiver_copied.value += bytes;
	else if (call->tid == getpid() || !is_stranger(call->tid))
		counts->copied.value += bytes;
}

static void add_row(const struct trace_row *row, void *arg)
{
	struct bench_count *count = arg;

	count->counts->copied.value += row->value;
}

/* A sum that may be too small is none. */
static bool missed_some(struct bench_count *count)
{
	int64_t missed = trace_missed(&count->trace);

	if (!missed)
		return false;
	if (missed < 0)
		give_up(count, "kprobe_profile", missed);
	else
		snprintf(count->counts->how, sizeof(count->counts->how),
			 "not counted: probes have missed %" PRId64 " calls",
			 missed);
	count->copies = false;
	return true;
}

static void read_probes(struct bench_count *count)
{
	char event[96];
	size_t i;

	if (!count->copies || missed_some(count))
		return;
	for (i = 0; count->copies && i < ARRAY_SIZE(probed); i++) {
		int ret;

		if (!(count->probes & 1U << i))
			continue;
		trace_probe_event(&count->trace, probed[i].function, event,
				  sizeof(event));
		ret = trace_hist_read(&count->trace, event, add_row, count);
		if (ret)
			give_up(count, event, ret);
	}
}

void count_copies_end(struct bench_count *count)
{
	int ret = breakpoints_stop(&count->breakpoints);

	for_probes(count, trace_hist_pause);
	read_probes(count);
	if (!ret && count->copies)
		ret = breakpoints_read(&count->breakpoints, add_call, count);
	if (ret && count->copies)
		give_up(count, "breakpoints", ret);
	count->counts->copied.known = count->copies;
	count->counts->receiver_copied.known = count->copies && count->receiver;
}

void count_copies_close(struct bench_count *count)
{
	breakpoints_close(&count->breakpoints);
}
