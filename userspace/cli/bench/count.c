// SPDX-License-Identifier: GPL-2.0
/* The counting pass: system calls, pages of the file, and the order of things. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include "bench.h"
#include "cache.h"
#include "count.h"
#include "count_copies.h"
#include "file_id.h"

#define CALLS_EVENT	"raw_syscalls/sys_enter"
#define IN_EVENT	"filemap/mm_filemap_add_to_page_cache"
#define OUT_EVENT	"filemap/mm_filemap_delete_from_page_cache"

static void miss(struct bench_counts *counts, const char *what,
		 const char *why)
{
	size_t used = strlen(counts->missing);

	snprintf(counts->missing + used, sizeof(counts->missing) - used,
		 "%s%s: %s", used ? "; " : "", what, why);
}

void bench_count_nothing(struct bench_counts *counts, const char *why)
{
	memset(counts, 0, sizeof(*counts));
	snprintf(counts->how, sizeof(counts->how), "not counted: %s", why);
	snprintf(counts->missing, sizeof(counts->missing), "%s", why);
}

/*
 * By a counter of this process rather than a histogram: it starts and stops in
 * one call, so that what surrounds the run is not counted. The kernel's workers
 * make no calls.
 */
static void open_calls(struct bench_count *count)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.disabled = 1,
		.inherit = 1,
	};
	int id = trace_event_id(&count->trace, CALLS_EVENT);

	if (id < 0) {
		miss(count->counts, "system calls", strerror(-id));
		return;
	}
	attr.config = id;
	count->calls = syscall(SYS_perf_event_open, &attr, 0, -1, -1,
			       PERF_FLAG_FD_CLOEXEC);
	if (count->calls < 0)
		miss(count->counts, "system calls", strerror(errno));
}

/* A folio is one event; its order says how many pages it has. */
static const char *pages_spec(const struct bench_count *count)
{
	return trace_has_field(&count->trace, IN_EVENT, "order") ?
	       "keys=order" : "keys=common_pid";
}

static void open_pages(struct bench_count *count, const struct bench_job *job)
{
	char filter[96];
	struct file_id id;
	int ret;

	if (!strcmp(bench_fs_name(job->file), "overlayfs")) {
		miss(count->counts, "pages", "they are those of the file below");
		return;
	}
	ret = file_id_get(job->file, &id);
	snprintf(filter, sizeof(filter),
		 "i_ino == %" PRIu64 " && s_dev == %" PRIu32, id.ino, id.dev);
	if (!ret)
		ret = trace_hist(&count->trace, IN_EVENT, pages_spec(count),
				 filter);
	if (!ret)
		ret = trace_hist(&count->trace, OUT_EVENT, pages_spec(count),
				 filter);
	if (ret)
		miss(count->counts, "pages", strerror(-ret));
	count->pages = !ret;
}

void bench_count_open(struct bench_count *count, struct bench_counts *counts,
		      const struct bench_job *job)
{
	int ret;

	memset(count, 0, sizeof(*count));
	memset(counts, 0, sizeof(*counts));
	count->counts = counts;
	count->header = (uintptr_t)job->header;
	count->header_bytes = job->header_bytes;
	count->calls = -1;
	ret = trace_open(&count->trace);
	if (ret) {
		char why[128];

		snprintf(why, sizeof(why), "no tracing: %s: %s",
			 count->trace.root, strerror(-ret));
		bench_count_nothing(counts, why);
		return;
	}
	open_calls(count);
	open_pages(count, job);
	count_copies_open(count);
}

/* Last, since from here on calls count. */
void bench_count_begin(struct bench_count *count)
{
	count_copies_begin(count);
	if (count->calls >= 0 && ioctl(count->calls, PERF_EVENT_IOC_ENABLE, 0)) {
		miss(count->counts, "system calls", strerror(errno));
		close(count->calls);
		count->calls = -1;
	}
}

void bench_count_sent(struct bench_count *count)
{
	struct bench_number *calls = &count->counts->syscalls;

	if (count->calls < 0)
		return;
	if (ioctl(count->calls, PERF_EVENT_IOC_DISABLE, 0) ||
	    read(count->calls, &calls->value, sizeof(calls->value)) !=
		    sizeof(calls->value)) {
		miss(count->counts, "system calls", strerror(errno));
		return;
	}
	/* The one that stops the counter has still been counted. */
	calls->known = calls->value > 0;
	calls->value--;
}

static void add_order(const struct trace_row *row, void *arg)
{
	*(uint64_t *)arg += row->hits << row->key;
}

static void add_hits(const struct trace_row *row, void *arg)
{
	*(uint64_t *)arg += row->hits;
}

static void read_pages(struct bench_count *count, const char *event,
		       struct bench_number *number)
{
	bool orders = trace_has_field(&count->trace, event, "order");
	int ret = trace_hist_read(&count->trace, event,
				  orders ? add_order : add_hits,
				  &number->value);

	if (ret)
		miss(count->counts, "pages", strerror(-ret));
	number->known = !ret;
}

void bench_count_end(struct bench_count *count, pid_t receiver)
{
	count->receiver = receiver;
	count_copies_end(count);
	if (!count->pages)
		return;
	read_pages(count, IN_EVENT, &count->counts->pages_in);
	read_pages(count, OUT_EVENT, &count->counts->pages_out);
}

void bench_count_close(struct bench_count *count)
{
	if (count->calls >= 0)
		close(count->calls);
	count_copies_close(count);
	trace_close(&count->trace);
}
