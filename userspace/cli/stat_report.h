/* SPDX-License-Identifier: GPL-2.0 */
/* How `zcx stat' shows what there is. */
#ifndef STAT_REPORT_H
#define STAT_REPORT_H

#include "stat_read.h"

/*
 * Print a table of at most @rows lines (0: any), with rates since @before, which
 * may be NULL.
 */
void stat_report_text(const struct stat_snapshot *now,
		      const struct stat_snapshot *before, size_t rows);
void stat_report_json(const struct stat_snapshot *now);

#endif /* STAT_REPORT_H */
