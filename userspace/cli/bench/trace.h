/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's tracing: an instance of its own, probes, and histograms. */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#define TRACE_MAX_PROBES	16

/**
 * struct trace - what we have set up
 * @root: where tracefs is mounted
 * @instance: folder of our own below it; empty: none
 * @group: of our probes; has our pid in it, so that two of us do not meet
 * @probes: names of our probes
 * @probe_count: how many
 */
struct trace {
	const char *root;
	char instance[96];
	char group[32];
	const char *probes[TRACE_MAX_PROBES];
	unsigned int probe_count;
};

/**
 * struct trace_row - one row of a histogram
 * @key: what it was keyed by
 * @hits: events
 * @value: sum of the value, if there is one
 */
struct trace_row {
	int64_t key;
	uint64_t hits;
	uint64_t value;
};

typedef void (*trace_row_fn)(const struct trace_row *row, void *arg);

/* Returns 0 or -errno; nothing is left behind if it fails. */
int trace_open(struct trace *trace);

/* Remove instance, histograms and probes. */
void trace_close(struct trace *trace);

/*
 * Probe the beginning of a function. @name stays the caller's; @args as in
 * kprobe_events. Returns 0, or -errno: there is no such function, or it cannot
 * be probed.
 */
int trace_probe(struct trace *trace, const char *name, const char *function,
		const char *args);

/* "GROUP/NAME" of a probe, for the functions below. Returns @buf. */
char *trace_probe_event(const struct trace *trace, const char *name, char *buf,
			unsigned int size);

/*
 * Calls of our probes that the kernel noticed but could not look at, since it was
 * looking at another one just then; or -errno.
 */
int64_t trace_missed(const struct trace *trace);

/* The number of an event, for perf_event_open(2), or -errno. */
int trace_event_id(const struct trace *trace, const char *event);

/* Has the event this field? */
bool trace_has_field(const struct trace *trace, const char *event,
		     const char *field);

/*
 * Start a histogram of an event: @spec as "keys=common_pid:vals=bytes", @filter
 * as "a == 1", or NULL. One for each event. Returns 0 or -errno.
 */
int trace_hist(const struct trace *trace, const char *event, const char *spec,
	       const char *filter);

/* Hold it still, so that reading it does not count. Returns 0 or -errno. */
int trace_hist_pause(const struct trace *trace, const char *event,
		     const char *spec, const char *filter);

/*
 * Call @fn for every row. Returns 0, -errno, or -EOVERFLOW: the kernel has
 * dropped some.
 */
int trace_hist_read(const struct trace *trace, const char *event,
		    trace_row_fn fn, void *arg);

#endif /* BENCH_TRACE_H */
