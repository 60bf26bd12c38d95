// SPDX-License-Identifier: GPL-2.0
/* Which copies and mode switches a transfer needs. Counts, and asks nobody. */
#include <stdbool.h>
#include <string.h>

#include "probe_plan.h"

/* From where the path has come to. */
static void path_go(struct probe_path *path, enum probe_place *at,
		    enum probe_place to, enum probe_how how, uint64_t bytes)
{
	path->steps[path->step_count++] = (struct probe_step) {
		.from = *at,
		.to = to,
		.how = how,
		.bytes = bytes,
	};
	if (how == PROBE_BY_CPU) {
		path->cpu_copies++;
		path->cpu_bytes += bytes;
	}
	if (how == PROBE_BY_DMA) {
		path->dma_copies++;
		path->dma_bytes += bytes;
	}
	*at = to;
}

static uint64_t cold_bytes(const struct zcx_probe *probe)
{
	return probe->bytes > probe->bytes_resident ?
	       probe->bytes - probe->bytes_resident : 0;
}

/* Where a way finds the bytes once they are in memory. */
static enum probe_place source(const struct zcx_probe *probe, enum probe_way way)
{
	if (probe->lane == ZCX_LANE_SPLICE)
		return PROBE_FILESYSTEM;
	if (way != PROBE_ZCX || probe->lane != ZCX_LANE_DIRECT ||
	    !cold_bytes(probe))
		return PROBE_CACHE;
	return probe->bytes_resident ? PROBE_CACHE_AND_PRIVATE : PROBE_PRIVATE;
}

/* Whether a filesystem that is asked reads a disk for it, nobody can tell. */
static enum probe_place path_begin(struct probe_path *path,
				   const struct zcx_probe *probe,
				   enum probe_way way)
{
	enum probe_place memory = source(probe, way), at = PROBE_DISK;

	if (memory == PROBE_FILESYSTEM || !cold_bytes(probe))
		return memory;
	path_go(path, &at, memory, PROBE_BY_DMA, cold_bytes(probe));
	return at;
}

static bool has_socket(const struct zcx_probe *probe)
{
	return probe->socket_fd >= 0;
}

static bool is_local(const struct zcx_probe *probe)
{
	return probe->socket_flags & (ZCX_PROBE_UNIX | ZCX_PROBE_LOOPBACK);
}

/* Such a device wants its packets in one piece, whoever sends. */
static bool makes_flat(const struct zcx_probe *probe)
{
	return has_socket(probe) && !is_local(probe) && probe->ifindex &&
	       !(probe->socket_flags & ZCX_PROBE_SG);
}

/*
 * From the socket on all ways are the same. From memory that is not in the page
 * cache write(2) copies into packets; kernel TLS encrypts what came that far into
 * records, which then are the packets' memory. (Of whole records it may encrypt
 * straight out of user memory: that depends on the cipher.)
 */
static void path_end(struct probe_path *path, const struct zcx_probe *probe,
		     enum probe_place at, enum probe_how into_packets)
{
	uint64_t bytes = probe->bytes;

	if (probe->socket_flags & ZCX_PROBE_KTLS_TX) {
		path_go(path, &at, PROBE_RECORDS, into_packets, bytes);
		path_go(path, &at, PROBE_PACKETS, PROBE_BY_CPU, bytes);
	} else {
		path_go(path, &at, PROBE_PACKETS, into_packets, bytes);
	}
	if (is_local(probe)) {
		path_go(path, &at, PROBE_RECEIVER, PROBE_BY_REFERENCE, bytes);
		return;
	}
	if (makes_flat(probe))
		path_go(path, &at, PROBE_FLAT, PROBE_BY_CPU, bytes);
	path_go(path, &at, PROBE_DEVICE, PROBE_BY_DMA, bytes);
}

static uint64_t parts(uint64_t bytes, uint64_t at_a_time)
{
	return bytes / at_a_time + (bytes % at_a_time != 0);
}

static uint64_t switches(enum probe_way way, uint64_t bytes)
{
	switch (way) {
	case PROBE_READ_WRITE:
		return 4 * parts(bytes, PROBE_BUFFER_BYTES);
	case PROBE_SENDFILE:
		return 2 * parts(bytes, PROBE_SENDFILE_MAX);
	default:
		return 2;
	}
}

static void path_make(struct probe_path *path, const struct zcx_probe *probe,
		      enum probe_way way)
{
	enum probe_how how = PROBE_BY_REFERENCE;
	enum probe_place at = path_begin(path, probe, way);

	if (way == PROBE_READ_WRITE) {
		path_go(path, &at, PROBE_USER, PROBE_BY_CPU, probe->bytes);
		how = PROBE_BY_CPU;
	}
	path_end(path, probe, at, how);
	path->switches = switches(way, probe->bytes);
}

void probe_plan_make(const struct zcx_probe *probe, struct probe_plan *plan)
{
	enum probe_way way;

	memset(plan, 0, sizeof(*plan));
	if (!probe->bytes)
		return;
	for (way = PROBE_READ_WRITE; way < PROBE_WAYS; way++)
		path_make(&plan->paths[way], probe, way);
}
