// SPDX-License-Identifier: GPL-2.0
/* From runs to figures. */
#include <stdlib.h>

#include "bench.h"
#include "figures.h"

static int compare(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

static double median(uint64_t *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return count % 2 ? values[count / 2] :
	       (values[count / 2 - 1] + values[count / 2]) / 2.0;
}

void bench_figures(const struct bench_run *runs, size_t count,
		   struct bench_figures *figures)
{
	uint64_t values[count];
	size_t i;

	for (i = 0; i < count; i++)
		values[i] = runs[i].sender_ns;
	figures->sender = median(values, count);
	for (i = 0; i < count; i++)
		values[i] = runs[i].switches;
	figures->switches = median(values, count);
	for (i = 0; i < count; i++)
		values[i] = runs[i].total_ns;
	figures->total = median(values, count);
	figures->spread = figures->total > 0 ?
		(values[count - 1] - values[0]) / figures->total : 0;
}
