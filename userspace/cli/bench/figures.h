/* SPDX-License-Identifier: GPL-2.0 */
/* From runs to figures. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stddef.h>
#include <stdint.h>

struct bench_run;

/**
 * struct bench_figures - what several runs amount to
 * @total: median, ns of the whole machine in one run
 * @sender: median, ns of the sending process in one run
 * @switches: median, context switches in one run
 * @spread: (most - least) / median of the total
 */
struct bench_figures {
	double total;
	double sender;
	double switches;
	double spread;
};

void bench_figures(const struct bench_run *runs, size_t count,
		   struct bench_figures *figures);

#endif /* BENCH_FIGURES_H */
