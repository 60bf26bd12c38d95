/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_STATS_H
#define _ZCX_STATS_H

#include <linux/atomic.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include "sglist.h"

struct seq_file;

/**
 * enum zcx_stat - what is counted for each context and for the module
 * @ZCX_STAT_LINKS_STARTED: links that were accepted
 * @ZCX_STAT_LINKS_SENT: links that ended in that state; the next three likewise
 * @ZCX_STAT_LINKS_SHORT: see there
 * @ZCX_STAT_LINKS_CANCELLED: see there
 * @ZCX_STAT_LINKS_FAILED: see there
 * @ZCX_STAT_EXPRESS: links that were sent without being made, see express.c; shown,
 *	but not counted, also as started, sent, and a batch
 * @ZCX_STAT_EXPRESS_REST: links of what TCP would not take of such a one
 * @ZCX_STAT_BATCHES: scatter lists pushed, in whole or in part
 * @ZCX_STAT_WAITS_SOCKET: times a link waited for its socket
 * @ZCX_STAT_WAITS_DISK: times a link that runs by itself asked for bytes that
 *	were not at hand
 * @ZCX_STAT_BYTES_COPIED: bytes moved by the CPU on their way into packets
 * @ZCX_STAT_BYTES_FRAGS: bytes that went into packets as whole runs of memory
 * @ZCX_STAT_BYTES: bytes sent from memory segments; the entries from here on
 *	follow enum zcx_tag
 * @ZCX_NR_STATS: how many there are
 */
enum zcx_stat {
	ZCX_STAT_LINKS_STARTED,
	ZCX_STAT_LINKS_SENT,
	ZCX_STAT_LINKS_SHORT,
	ZCX_STAT_LINKS_CANCELLED,
	ZCX_STAT_LINKS_FAILED,
	ZCX_STAT_EXPRESS,
	ZCX_STAT_EXPRESS_REST,
	ZCX_STAT_BATCHES,
	ZCX_STAT_WAITS_SOCKET,
	ZCX_STAT_WAITS_DISK,
	ZCX_STAT_BYTES_COPIED,
	ZCX_STAT_BYTES_FRAGS,
	ZCX_STAT_BYTES,
	ZCX_NR_STATS = ZCX_STAT_BYTES + ZCX_NR_TAGS,
};

/**
 * struct zcx_stats - totals of one context
 * @value: by enum zcx_stat; each is exact for itself, together they are a
 *	snapshot only when nothing runs
 */
struct zcx_stats {
	atomic64_t value[ZCX_NR_STATS];
};

/*
 * The module's totals. Each CPU adds to its own and readers sum them up, so
 * that links on different CPUs share no cache line.
 */
DECLARE_PER_CPU(u64 [ZCX_NR_STATS], zcx_totals);

/**
 * zcx_stats_add() - count something, for a context and for the module
 * @stats: the context's totals
 * @which: what
 * @n: how many
 *
 * Inline: a small request counts half a dozen things.
 *
 * Context: any but NMI.
 */
static inline void zcx_stats_add(struct zcx_stats *stats, enum zcx_stat which,
				 u64 n)
{
	if (!n)
		return;
	atomic64_add(n, &stats->value[which]);
	this_cpu_add(zcx_totals[which], n);
}

void zcx_stats_show_context(struct seq_file *m, struct zcx_stats *stats);

void zcx_stats_init(void);
void zcx_stats_exit(void);

#endif /* _ZCX_STATS_H */
