// SPDX-License-Identifier: GPL-2.0
/*
 * How a range of a file would travel: what a link would find out on its way, and
 * nothing of it done.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <linux/zcx.h>

#include "lane.h"
#include "probe.h"
#include "program.h"
#include "sink_socket.h"

static void zcx_probe_alignment(struct zcx_probe *probe, struct file *file)
{
	struct kstat stat;

	probe->dio_mem_align = 0;
	probe->dio_offset_align = 0;
	if (vfs_getattr(&file->f_path, &stat, STATX_DIOALIGN,
			AT_STATX_SYNC_AS_STAT) ||
	    !(stat.result_mask & STATX_DIOALIGN))
		return;
	probe->dio_mem_align = stat.dio_mem_align;
	probe->dio_offset_align = stat.dio_offset_align;
}

static void zcx_probe_residency(struct zcx_probe *probe,
				const struct zcx_range *range)
{
	loff_t size = i_size_read(file_inode(range->file));
	struct zcx_census census = { };

	probe->file_size = size;
	size = min(size, range->end);
	probe->bytes = size > range->pos ? size - range->pos : 0;
	if (range->lane != &zcx_lane_splice && probe->bytes)
		zcx_cache_census(range, probe->bytes, &census);
	probe->bytes_resident = census.bytes;
	probe->folios = census.folios;
	probe->folio_min = census.folio_min;
	probe->folio_max = census.folio_max;
}

/* Which lane its cold bytes take, and why. */
static void zcx_probe_lane(struct zcx_probe *probe,
			   const struct zcx_range *range)
{
	bool direct = range->lane == &zcx_lane_direct;

	probe->lane = direct ? ZCX_LANE_DIRECT : ZCX_LANE_CACHE;
	if (range->lane == &zcx_lane_splice) {
		probe->lane = ZCX_LANE_SPLICE;
		probe->reason = ZCX_PROBE_ASK_FILESYSTEM;
	} else if (probe->lane_asked != ZCX_LANE_AUTO) {
		probe->reason = probe->lane == probe->lane_asked ?
					ZCX_PROBE_ASKED : ZCX_PROBE_NO_DIRECT;
	} else if (probe->bytes_resident == probe->bytes) {
		probe->lane = ZCX_LANE_CACHE;
		probe->reason = ZCX_PROBE_RESIDENT;
	} else if (range->no_direct ||
		   (direct && !probe->dio_offset_align)) {
		probe->reason = ZCX_PROBE_NO_DIRECT;
	} else {
		probe->reason = direct ? ZCX_PROBE_LARGE : ZCX_PROBE_SMALL;
	}
	/* It would have been tried, and given up. */
	if (direct && !probe->dio_offset_align)
		probe->lane = ZCX_LANE_CACHE;
}

static int zcx_probe_file(struct zcx_probe *probe, struct file *file)
{
	struct zcx_segment seg = {
		.type = ZCX_SEGMENT_FILE,
		.offset = probe->offset,
		.length = probe->length,
	};
	struct zcx_program_order order = {
		.lane = probe->lane_asked,
		.direct_threshold = probe->direct_threshold,
	};
	struct zcx_range range = { };
	int err;

	err = zcx_segment_check(&seg);
	if (!err)
		err = zcx_range_of_file(&range, file, &seg, &order);
	if (err)
		return err;
	zcx_probe_alignment(probe, file);
	zcx_probe_residency(probe, &range);
	zcx_probe_lane(probe, &range);
	return 0;
}

static int zcx_probe_socket(struct zcx_probe *probe)
{
	struct zcx_socket_sink sink;
	int err;

	probe->socket_flags = 0;
	probe->ifindex = 0;
	memset(probe->device, 0, sizeof(probe->device));
	if (probe->socket_fd == -1)
		return 0;
	err = zcx_socket_sink_init(&sink, probe->socket_fd);
	if (err)
		return err;
	zcx_socket_sink_describe(&sink, probe);
	sink.sink.ops->destroy(&sink.sink);
	return 0;
}

/**
 * zcx_probe() - ZCX_IOC_PROBE
 * @probe: in and out; see <linux/zcx.h>
 *
 * Context: process context; may sleep.
 * Return: 0, or -errno as zcx_range_of_file() and zcx_socket_sink_init() have it.
 */
int zcx_probe(struct zcx_probe *probe)
{
	struct file *file;
	int err;

	if (probe->flags || probe->lane_asked > ZCX_LANE_DIRECT)
		return -EOPNOTSUPP;
	file = fget(probe->file_fd);
	if (!file)
		return -EBADF;
	err = zcx_probe_file(probe, file);
	fput(file);
	if (!err)
		err = zcx_probe_socket(probe);
	probe->__reserved = 0;
	return err;
}
