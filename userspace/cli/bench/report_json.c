// SPDX-License-Identifier: GPL-2.0
/* One record for each cell. */
#include <stdio.h>
#include <sys/utsname.h>

#include "bench.h"
#include "cache.h"
#include "figures.h"
#include "json.h"
#include "receiver.h"
#include "report.h"

/* Without the digits that mean nothing; whole numbers as such. */
static void add_number(struct json_object *to, const char *key, double value)
{
	char text[64];

	snprintf(text, sizeof(text), value == (uint64_t)value ? "%.0f" : "%.4f",
		 value);
	json_object_object_add(to, key, json_object_new_double_s(value, text));
}

/* A sum over the requests of a lap; null if it is not known. */
static void add_share(struct json_object *to, const char *key,
		      const struct bench_number *sum, unsigned long requests)
{
	if (sum->known)
		add_number(to, key, (double)sum->value / requests);
	else
		json_object_object_add(to, key, NULL);
}

static void add_cell_name(struct json_object *to,
			  const struct bench_options *options,
			  const struct bench_job *job,
			  const struct bench_cell *cell)
{
	struct utsname name;

	uname(&name);
	json_add_text(to, "kernel", name.release);
	json_add_text(to, "fs", bench_fs_name(job->file));
	json_add_u64(to, "size_bytes", job->size);
	json_add_text(to, "cache", options->cold ? "cold" : "warm");
	json_add_text(to, "net", options->to ? "device" : "loopback");
	json_add_text(to, "receiver", options->to ? "remote" : options->policy->name);
	json_add_u64(to, "header_bytes", job->header_bytes);
	json_add_text(to, "method", cell->method->name);
}

static const char *clock_name(const struct bench_options *options,
			      const struct bench_cell *cell)
{
	if (!cell->busy)
		return "elapsed";
	return options->soak ? "soaked" : "busy";
}

static void add_cost(struct json_object *to, const struct bench_options *options,
		     const struct bench_job *job, const struct bench_cell *cell)
{
	double requests = job->laps * job->requests;
	double kib = job->laps * bench_lap_bytes(job) / 1024.0;
	struct bench_figures figures;

	bench_figures(cell->runs, options->runs, &figures);
	json_add_u64(to, "runs", options->runs);
	json_add_u64(to, "requests", job->laps * job->requests);
	json_add_text(to, "clock", clock_name(options, cell));
	add_number(to, options->insn ? "total_insn_per_kib" : "total_ns_per_kib",
		   figures.total / kib);
	add_number(to, options->insn ? "sender_insn_per_kib" :
		   "sender_ns_per_kib", figures.sender / kib);
	add_number(to, options->insn ? "insn_per_request" : "ns_per_request",
		   figures.total / requests);
	add_number(to, "spread", figures.spread);
	add_number(to, "context_switches", figures.switches);
}

static void add_counts(struct json_object *to, const struct bench_job *job,
		       const struct bench_counts *counts)
{
	add_share(to, "syscalls", &counts->syscalls, job->requests);
	add_share(to, "pages_in", &counts->pages_in, 1);
	add_share(to, "pages_out", &counts->pages_out, 1);
	add_share(to, "copied_bytes", &counts->copied, job->requests);
	json_add_text(to, "copied_how", counts->how);
	add_share(to, "receiver_copied_bytes", &counts->receiver_copied,
		  job->requests);
	if (counts->missing[0])
		json_add_text(to, "not_counted", counts->missing);
}

static struct json_object *zcx_record(const struct bench_job *job,
				      const struct bench_cell *cell)
{
	const struct zcx_result *sum = &cell->zcx;
	struct json_object *to;

	if (!cell->method->device)
		return NULL;
	to = json_object_new_object();
	add_number(to, "bytes_memory", (double)sum->bytes_memory / job->requests);
	add_number(to, "bytes_cache", (double)sum->bytes_cache / job->requests);
	add_number(to, "bytes_splice", (double)sum->bytes_splice / job->requests);
	add_number(to, "bytes_direct", (double)sum->bytes_direct / job->requests);
	add_number(to, "bytes_copied", (double)sum->bytes_copied / job->requests);
	json_add_u64(to, "result_flags", sum->result_flags);
	add_number(to, "calls", (double)sum->calls / job->requests);
	return to;
}

static void add_completions(struct json_object *to,
			    const struct bench_cell *cell)
{
	struct json_object *record;

	if (!cell->completions)
		return;
	record = json_object_new_object();
	json_add_u64(record, "completions", cell->completions);
	json_add_u64(record, "copied", cell->completions_copied);
	json_object_object_add(to, "zerocopy", record);
}

static struct json_object *cell_record(const struct bench_options *options,
				       const struct bench_job *job,
				       const struct bench_cell *cell)
{
	struct json_object *record = json_object_new_object();

	add_cell_name(record, options, job, cell);
	if (cell->outcome != BENCH_DONE) {
		json_add_text(record, cell->outcome == BENCH_SKIPPED ? "skipped" :
			      "error", cell->why);
		return record;
	}
	add_cost(record, options, job, cell);
	add_counts(record, job, &cell->counts);
	json_object_object_add(record, "zcx", zcx_record(job, cell));
	add_completions(record, cell);
	return record;
}

void bench_report_json(const struct bench_options *options,
		       const struct bench_job *job,
		       const struct bench_cell *cells, size_t count)
{
	struct json_object *top = json_object_new_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_object_array_add(top, cell_record(options, job, &cells[i]));
	json_print(top);
}
