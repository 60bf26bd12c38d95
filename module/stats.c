// SPDX-License-Identifier: GPL-2.0
/*
 * Counters: for each context (fdinfo) and for the module (debugfs).
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "stats.h"
#include "zcx.h"

DEFINE_PER_CPU(u64 [ZCX_NR_STATS], zcx_totals);

static struct dentry *zcx_debugfs;

static const char * const zcx_stat_names[ZCX_NR_STATS] = {
	[ZCX_STAT_LINKS_STARTED]		= "links_started",
	[ZCX_STAT_LINKS_SENT]			= "links_sent",
	[ZCX_STAT_LINKS_SHORT]			= "links_short",
	[ZCX_STAT_LINKS_CANCELLED]		= "links_cancelled",
	[ZCX_STAT_LINKS_FAILED]			= "links_failed",
	[ZCX_STAT_EXPRESS]			= "links_express",
	[ZCX_STAT_EXPRESS_REST]			= "links_express_rest",
	[ZCX_STAT_BATCHES]			= "batches",
	[ZCX_STAT_WAITS_SOCKET]			= "waits_socket",
	[ZCX_STAT_WAITS_DISK]			= "waits_disk",
	[ZCX_STAT_BYTES_COPIED]			= "bytes_copied",
	[ZCX_STAT_BYTES_FRAGS]			= "bytes_frags",
	[ZCX_STAT_BYTES + ZCX_TAG_MEMORY]	= "bytes_memory",
	[ZCX_STAT_BYTES + ZCX_TAG_CACHE]	= "bytes_cache",
	[ZCX_STAT_BYTES + ZCX_TAG_SPLICE]	= "bytes_splice",
	[ZCX_STAT_BYTES + ZCX_TAG_DIRECT]	= "bytes_direct",
};

static u64 zcx_stats_total(unsigned int which)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(zcx_totals, cpu)[which]);
	return sum;
}

/*
 * What goes by express is one more in three other counters too, and counted once.
 */
static void zcx_stats_add_express(u64 value[ZCX_NR_STATS])
{
	value[ZCX_STAT_LINKS_STARTED] += value[ZCX_STAT_EXPRESS];
	value[ZCX_STAT_LINKS_SENT] += value[ZCX_STAT_EXPRESS];
	value[ZCX_STAT_BATCHES] += value[ZCX_STAT_EXPRESS];
}

/* Bytes sent are the sum over where they came from, and not counted apart. */
static u64 zcx_stats_bytes(const u64 value[ZCX_NR_STATS])
{
	u64 sent = 0;
	unsigned int i;

	for (i = ZCX_STAT_BYTES; i < ZCX_NR_STATS; i++)
		sent += value[i];
	return sent;
}

/**
 * zcx_stats_show_context() - a context's totals, one "key:	value" a line
 * @m: where to print, the fdinfo of its file
 * @stats: the totals
 *
 * Context: may sleep.
 */
void zcx_stats_show_context(struct seq_file *m, struct zcx_stats *stats)
{
	u64 value[ZCX_NR_STATS];
	unsigned int i;

	for (i = 0; i < ZCX_NR_STATS; i++)
		value[i] = atomic64_read(&stats->value[i]);
	zcx_stats_add_express(value);
	for (i = 0; i < ZCX_NR_STATS; i++)
		seq_printf(m, "%s:\t%llu\n", zcx_stat_names[i], value[i]);
	seq_printf(m, "bytes_sent:\t%llu\n", zcx_stats_bytes(value));
}

static int zcx_totals_show(struct seq_file *m, void *unused)
{
	u64 value[ZCX_NR_STATS];
	unsigned int i;

	for (i = 0; i < ZCX_NR_STATS; i++)
		value[i] = zcx_stats_total(i);
	zcx_stats_add_express(value);
	for (i = 0; i < ZCX_NR_STATS; i++)
		seq_printf(m, "%s %llu\n", zcx_stat_names[i], value[i]);
	seq_printf(m, "bytes_sent %llu\n", zcx_stats_bytes(value));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(zcx_totals);

/**
 * zcx_stats_init() - show the module's totals in debugfs
 *
 * Without debugfs they are counted but not shown; that is no failure.
 *
 * Context: module init.
 */
void zcx_stats_init(void)
{
	zcx_debugfs = debugfs_create_dir(ZCX_NAME, NULL);
	debugfs_create_file("stats", 0444, zcx_debugfs, NULL, &zcx_totals_fops);
}

/**
 * zcx_stats_exit() - undo zcx_stats_init()
 *
 * Context: module exit.
 */
void zcx_stats_exit(void)
{
	debugfs_remove_recursive(zcx_debugfs);
}
