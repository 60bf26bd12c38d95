/* SPDX-License-Identifier: GPL-2.0 */
/* How `zcx probe' shows what it was told. */
#ifndef PROBE_REPORT_H
#define PROBE_REPORT_H

#include <linux/zcx.h>

/**
 * struct probe_answer - what there is to show
 * @file: as typed
 * @destination: as typed, or NULL
 * @probe: what the module says
 * @threshold: that it went by, of direct I/O
 */
struct probe_answer {
	const char *file;
	const char *destination;
	struct zcx_probe probe;
	__u64 threshold;
};

/* Facts, then a drawing of the three ways beside each other. */
void probe_report_text(const struct probe_answer *answer);
void probe_report_json(const struct probe_answer *answer);

#endif /* PROBE_REPORT_H */
