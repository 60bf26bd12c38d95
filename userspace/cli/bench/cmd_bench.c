// SPDX-License-Identifier: GPL-2.0
/* zcx bench: what each way of sending a file costs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "cli.h"
#include "options.h"
#include "receiver.h"
#include "report.h"
#include "soaker.h"

/* A run should be long enough to be measured, and short enough to wait for. */
#define RUN_BYTES	(2U << 20)
#define RUN_REQUESTS	256

/* Where one goes after the other all are alike, and each takes its time. */
#define EXCHANGES	64

static unsigned long number(uint64_t bytes, uint64_t request_bytes,
			    uint64_t most)
{
	uint64_t requests = (bytes + request_bytes - 1) / request_bytes;

	return requests < most ? requests : most;
}

/*
 * Only the first request of a lap finds the cache cold; laps need clocks that are
 * exact enough for one request.
 */
static void set_requests(const struct bench_options *options,
			 struct bench_job *job)
{
	uint64_t bytes = job->size + job->header_bytes;
	bool exchange = bench_exchanges(options);

	job->laps = 1;
	job->requests = options->requests;
	if (job->requests)
		return;
	job->requests = options->cold ? 1 :
			number(RUN_BYTES, bytes,
			       exchange ? EXCHANGES : RUN_REQUESTS);
	if (options->cold && exchange)
		job->laps = number(RUN_BYTES, bytes, BENCH_MAX_LAPS);
}

static bool set_size(const struct bench_options *options,
		     struct bench_job *job)
{
	struct stat st;

	if (fstat(job->file, &st)) {
		cli_error("%s: %s", job->path, strerror(errno));
		return false;
	}
	job->size = options->size ? options->size : (uint64_t)st.st_size;
	if (!S_ISREG(st.st_mode))
		cli_error("%s: is not a regular file", job->path);
	else if (!st.st_size)
		cli_error("%s: is empty", job->path);
	else if (job->size > (uint64_t)st.st_size)
		cli_error("%s: has %llu bytes only", job->path,
			  (unsigned long long)st.st_size);
	else
		return true;
	return false;
}

static bool open_file(const struct bench_options *options,
		      struct bench_job *job)
{
	/* To open a FIFO for reading would wait for a writer. */
	job->path = options->file;
	job->file = open(job->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (job->file < 0) {
		cli_error("%s: %s", job->path, strerror(errno));
		return false;
	}
	return set_size(options, job);
}

static bool make_header(const struct bench_options *options,
			struct bench_job *job)
{
	char *header = malloc(options->header_bytes + 1);

	if (!header) {
		cli_error("%s", strerror(ENOMEM));
		return false;
	}
	memset(header, 'h', options->header_bytes);
	job->header = header;
	job->header_bytes = options->header_bytes;
	return true;
}

static bool open_floor(const struct bench_options *options,
		       struct bench_job *job)
{
	int ret = bench_floor_open(job, options->floor);

	if (ret)
		cli_error("the floor %s: %s",
			  options->floor ? options->floor : "in memory",
			  strerror(-ret));
	return !ret;
}

static bool prepare(const struct bench_options *options,
		    struct bench_job *job)
{
	if (!open_file(options, job) || !make_header(options, job) ||
	    !open_floor(options, job))
		return false;
	job->device = zcx_open();
	set_requests(options, job);
	return true;
}

static void finish(struct bench_job *job)
{
	if (job->device >= 0)
		zcx_close(job->device);
	if (job->floor >= 0)
		close(job->floor);
	if (job->file >= 0)
		close(job->file);
	free((char *)job->header);
}

static void report(const struct bench_options *options,
		   const struct bench_job *job, const struct bench_cell *cells)
{
	if (options->json)
		bench_report_json(options, job, cells, options->method_count);
	else
		bench_report_text(options, job, cells, options->method_count);
}

static int run_cells(const struct bench_options *options,
		     struct bench_job *job, struct bench_receiver *receiver,
		     const struct bench_soaker *soaker,
		     struct bench_cell *cells)
{
	bool shown = options->verbose || isatty(STDERR_FILENO);
	int code = CLI_OK;
	size_t i;

	for (i = 0; i < options->method_count; i++) {
		if (shown)
			fprintf(stderr, "zcx bench: %s (%zu of %zu)\n",
				cells[i].method->name, i + 1,
				options->method_count);
		bench_cell_run(options, job, receiver, soaker, &cells[i]);
		if (cells[i].outcome == BENCH_FAILED)
			code = CLI_FAILED;
	}
	report(options, job, cells);
	return code;
}

static int run_with_receiver(const struct bench_options *options,
			     struct bench_job *job,
			     const struct bench_soaker *soaker,
			     struct bench_cell *cells)
{
	struct bench_receiver own;
	int code;

	if (options->to)
		return run_cells(options, job, NULL, soaker, cells);
	if (bench_receiver_start(&own, options->policy))
		return CLI_FAILED;
	code = run_cells(options, job, &own, soaker, cells);
	bench_receiver_stop(&own);
	return code;
}

/* The soaker comes first: it is measured while nobody else is there. */
static int run_with_soaker(const struct bench_options *options,
			   struct bench_job *job, struct bench_cell *cells)
{
	struct bench_soaker soaker;
	int code;

	if (!options->soak)
		return run_with_receiver(options, job, NULL, cells);
	if (bench_soaker_start(&soaker))
		return CLI_FAILED;
	code = run_with_receiver(options, job, &soaker, cells);
	bench_soaker_stop(&soaker);
	return code;
}

static int measure(const struct bench_options *options, struct bench_job *job)
{
	struct bench_cell *cells = calloc(options->method_count,
					  sizeof(*cells));
	struct bench_run *runs = calloc(options->method_count * options->runs,
					sizeof(*runs));
	int code = CLI_FAILED;
	size_t i;

	for (i = 0; cells && runs && i < options->method_count; i++) {
		cells[i].method = options->methods[i];
		cells[i].runs = runs + i * options->runs;
	}
	if (cells && runs)
		code = run_with_soaker(options, job, cells);
	else
		cli_error("%s", strerror(ENOMEM));
	free(runs);
	free(cells);
	return code;
}

int cmd_bench(int argc, char **argv)
{
	struct bench_job job = { .file = -1, .device = -1, .floor = -1 };
	struct bench_options options;
	int code;

	if (!bench_options_parse(&options, argc, argv))
		return CLI_USAGE;
	if (options.serve)
		return bench_serve(options.serve);
	code = prepare(&options, &job) ? measure(&options, &job) : CLI_FAILED;
	finish(&job);
	return code;
}
