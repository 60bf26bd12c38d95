// SPDX-License-Identifier: GPL-2.0
/* The cells as a table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench.h"
#include "cache.h"
#include "cli.h"
#include "figures.h"
#include "report.h"

static void print_title(const struct bench_options *options,
			const struct bench_job *job)
{
	char size[32], header[32];
	struct utsname name;

	uname(&name);
	printf("%s of %s (%s, %s cache), header %s, to %s, Linux %s\n",
	       cli_format_bytes(job->size, size, sizeof(size)), job->path,
	       bench_fs_name(job->file), options->cold ? "cold" : "warm",
	       cli_format_bytes(job->header_bytes, header, sizeof(header)),
	       options->to ? options->to : "loopback", name.release);
	printf("%lu runs of %lu requests; %s per KiB, medians\n\n",
	       options->runs, job->laps * job->requests,
	       options->insn ? "instructions" : "nanoseconds");
	printf("%-16s %10s %10s %7s %8s %9s %12s %9s %9s\n", "method", "machine",
	       "sender", "spread", "calls", "switches", "copied", "pages in",
	       "out");
}

/* What is known per request, or a dash. */
static void print_share(int width, const struct bench_number *sum,
			unsigned long requests)
{
	double share = (double)sum->value / requests;

	if (!sum->known)
		printf(" %*s", width, "-");
	else
		printf(" %*.*f", width, share == (uint64_t)share ? 0 : 1, share);
}

static void print_cell(const struct bench_options *options,
		       const struct bench_job *job,
		       const struct bench_cell *cell)
{
	const struct bench_counts *counts = &cell->counts;
	double kib = job->laps * bench_lap_bytes(job) / 1024.0;
	struct bench_figures figures;

	bench_figures(cell->runs, options->runs, &figures);
	printf("%-16s %10.1f %10.1f %5.1f %%", cell->method->name,
	       figures.total / kib, figures.sender / kib, 100 * figures.spread);
	print_share(8, &counts->syscalls, job->requests);
	printf(" %9.0f", figures.switches);
	print_share(12, &counts->copied, job->requests);
	print_share(9, &counts->pages_in, 1);
	print_share(9, &counts->pages_out, 1);
	if (cell->completions)
		printf("  %" PRIu64 " of %" PRIu64 " sends copied after all",
		       cell->completions_copied, cell->completions);
	putchar('\n');
}

/* Said once, since it is the same for all cells. */
static void print_remarks(const struct bench_cell *cell)
{
	puts("\ncalls and copied (bytes) are per request, switches and pages per run");
	if (!cell->busy)
		puts("machine: time elapsed; idle time could not be taken off");
	if (cell->counts.missing[0])
		printf("not counted: %s\n", cell->counts.missing);
	/* One reason for everything need not be said twice. */
	if (!cell->counts.copied.known &&
	    (!cell->counts.missing[0] ||
	     !strstr(cell->counts.how, cell->counts.missing)))
		printf("copied: %s\n", cell->counts.how);
}

void bench_report_text(const struct bench_options *options,
		       const struct bench_job *job,
		       const struct bench_cell *cells, size_t count)
{
	const struct bench_cell *done = NULL;
	size_t i;

	print_title(options, job);
	for (i = 0; i < count; i++) {
		if (cells[i].outcome == BENCH_DONE) {
			print_cell(options, job, &cells[i]);
			done = &cells[i];
			continue;
		}
		printf("%-16s %s: %s\n", cells[i].method->name,
		       cells[i].outcome == BENCH_SKIPPED ? "skipped" : "error",
		       cells[i].why);
	}
	if (done)
		print_remarks(done);
}
