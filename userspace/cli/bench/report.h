/* SPDX-License-Identifier: GPL-2.0 */
/* The cells of `zcx bench', for people and for programs. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stddef.h>

struct bench_cell;
struct bench_job;
struct bench_options;

void bench_report_json(const struct bench_options *options,
		       const struct bench_job *job,
		       const struct bench_cell *cells, size_t count);
void bench_report_text(const struct bench_options *options,
		       const struct bench_job *job,
		       const struct bench_cell *cells, size_t count);

#endif /* BENCH_REPORT_H */
