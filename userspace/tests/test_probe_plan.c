// SPDX-License-Identifier: GPL-2.0
/* The copies and mode switches that `zcx probe' draws. */
#include "../cli/probe_plan.h"
#include "fake_device.h"

#define MIB	(1ULL << 20)

static struct zcx_probe probe;
static struct probe_plan plan;

/* 64 MiB, cold, through the page cache, without a socket. */
static int setup(void **state)
{
	(void)state;
	memset(&probe, 0, sizeof(probe));
	probe.socket_fd = -1;
	probe.bytes = 64 * MIB;
	probe.lane = ZCX_LANE_CACHE;
	return 0;
}

static void with_socket(uint32_t flags)
{
	probe.socket_fd = 3;
	probe.ifindex = 2;
	probe.socket_flags = flags;
}

/* Each step begins where the one before has ended, whatever the transfer. */
static void assert_path(enum probe_way way, unsigned int cpu, unsigned int dma,
			uint64_t switches)
{
	const struct probe_path *path = &plan.paths[way];
	size_t i;

	assert_true(path->step_count > 0);
	for (i = 1; i < path->step_count; i++)
		assert_int_equal(path->steps[i].from, path->steps[i - 1].to);
	assert_int_equal(path->cpu_copies, cpu);
	assert_int_equal(path->dma_copies, dma);
	assert_int_equal(path->switches, switches);
}

static enum probe_place begins(enum probe_way way)
{
	return plan.paths[way].steps[0].from;
}

static enum probe_place ends(enum probe_way way)
{
	const struct probe_path *path = &plan.paths[way];

	return path->steps[path->step_count - 1].to;
}

static bool passes(enum probe_way way, enum probe_place place)
{
	const struct probe_path *path = &plan.paths[way];
	size_t i;

	for (i = 0; i < path->step_count; i++)
		if (path->steps[i].to == place || path->steps[i].from == place)
			return true;
	return false;
}

static void cold_through_the_cache(void **state)
{
	enum probe_way way;

	(void)state;
	probe_plan_make(&probe, &plan);
	assert_path(PROBE_READ_WRITE, 2, 2, 4 * 1024);
	assert_path(PROBE_SENDFILE, 0, 2, 2);
	assert_path(PROBE_ZCX, 0, 2, 2);
	for (way = PROBE_READ_WRITE; way < PROBE_WAYS; way++) {
		assert_int_equal(begins(way), PROBE_DISK);
		assert_true(passes(way, PROBE_CACHE));
		assert_int_equal(ends(way), PROBE_DEVICE);
		assert_int_equal(plan.paths[way].dma_bytes, 2 * probe.bytes);
	}
	assert_int_equal(plan.paths[PROBE_READ_WRITE].cpu_bytes,
			 2 * probe.bytes);
}

static void resident_needs_no_disk(void **state)
{
	(void)state;
	probe.bytes_resident = probe.bytes;
	/* Also where cold bytes would go direct. */
	probe.lane = ZCX_LANE_DIRECT;
	probe_plan_make(&probe, &plan);
	assert_path(PROBE_READ_WRITE, 2, 1, 4 * 1024);
	assert_path(PROBE_SENDFILE, 0, 1, 2);
	assert_path(PROBE_ZCX, 0, 1, 2);
	assert_int_equal(begins(PROBE_ZCX), PROBE_CACHE);
	assert_int_equal(begins(PROBE_SENDFILE), PROBE_CACHE);
}

/* Only zcx goes past the page cache. */
static void direct_lane(void **state)
{
	(void)state;
	probe.lane = ZCX_LANE_DIRECT;
	probe_plan_make(&probe, &plan);
	assert_path(PROBE_ZCX, 0, 2, 2);
	assert_true(passes(PROBE_ZCX, PROBE_PRIVATE));
	assert_false(passes(PROBE_ZCX, PROBE_CACHE));
	assert_true(passes(PROBE_SENDFILE, PROBE_CACHE));
	assert_true(passes(PROBE_READ_WRITE, PROBE_CACHE));
}

static void partly_resident(void **state)
{
	(void)state;
	probe.lane = ZCX_LANE_DIRECT;
	probe.bytes_resident = 16 * MIB;
	probe_plan_make(&probe, &plan);
	assert_path(PROBE_ZCX, 0, 2, 2);
	assert_true(passes(PROBE_ZCX, PROBE_CACHE_AND_PRIVATE));
	assert_int_equal(plan.paths[PROBE_ZCX].steps[0].bytes, 48 * MIB);
	assert_int_equal(plan.paths[PROBE_ZCX].dma_bytes, 112 * MIB);
	assert_int_equal(plan.paths[PROBE_SENDFILE].dma_bytes, 112 * MIB);
	probe.lane = ZCX_LANE_CACHE;
	probe_plan_make(&probe, &plan);
	assert_true(passes(PROBE_ZCX, PROBE_CACHE));
	assert_int_equal(plan.paths[PROBE_ZCX].dma_bytes, 112 * MIB);
}

/* What a filesystem does before it hands bytes out is not counted. */
static void splice_lane(void **state)
{
	enum probe_way way;

	(void)state;
	probe.lane = ZCX_LANE_SPLICE;
	probe_plan_make(&probe, &plan);
	assert_path(PROBE_READ_WRITE, 2, 1, 4 * 1024);
	assert_path(PROBE_SENDFILE, 0, 1, 2);
	assert_path(PROBE_ZCX, 0, 1, 2);
	for (way = PROBE_READ_WRITE; way < PROBE_WAYS; way++)
		assert_int_equal(begins(way), PROBE_FILESYSTEM);
}

static void device_without_scatter_gather(void **state)
{
	(void)state;
	with_socket(ZCX_PROBE_TCP | ZCX_PROBE_SG);
	probe_plan_make(&probe, &plan);
	assert_path(PROBE_ZCX, 0, 2, 2);
	assert_false(passes(PROBE_ZCX, PROBE_FLAT));
	with_socket(ZCX_PROBE_TCP);
	probe_plan_make(&probe, &plan);
	assert_path(PROBE_READ_WRITE, 3, 2, 4 * 1024);
	assert_path(PROBE_SENDFILE, 1, 2, 2);
	assert_path(PROBE_ZCX, 1, 2, 2);
	assert_true(passes(PROBE_ZCX, PROBE_FLAT));
	/* Of a device that nobody knows nothing is said. */
	probe.ifindex = 0;
	probe_plan_make(&probe, &plan);
	assert_path(PROBE_ZCX, 0, 2, 2);
}

static void kernel_tls(void **state)
{
	(void)state;
	with_socket(ZCX_PROBE_TCP | ZCX_PROBE_SG | ZCX_PROBE_KTLS_TX);
	probe_plan_make(&probe, &plan);
	assert_path(PROBE_READ_WRITE, 3, 2, 4 * 1024);
	assert_path(PROBE_SENDFILE, 1, 2, 2);
	assert_path(PROBE_ZCX, 1, 2, 2);
	assert_int_equal(plan.paths[PROBE_ZCX].cpu_bytes, probe.bytes);
	/* All at once: the longest of all paths. */
	with_socket(ZCX_PROBE_TCP | ZCX_PROBE_KTLS_TX);
	probe_plan_make(&probe, &plan);
	assert_path(PROBE_READ_WRITE, 4, 2, 4 * 1024);
	assert_path(PROBE_ZCX, 2, 2, 2);
	/* A device that encrypts does so as the bytes leave. */
	with_socket(ZCX_PROBE_TCP | ZCX_PROBE_SG | ZCX_PROBE_KTLS_DEVICE);
	probe_plan_make(&probe, &plan);
	assert_path(PROBE_ZCX, 0, 2, 2);
}

/* No device moves anything there, whatever it says that it can do. */
static void receivers_on_this_machine(void **state)
{
	static const uint32_t flags[] = {
		ZCX_PROBE_UNIX, ZCX_PROBE_TCP | ZCX_PROBE_LOOPBACK,
	};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		with_socket(flags[i]);
		probe_plan_make(&probe, &plan);
		assert_path(PROBE_READ_WRITE, 2, 1, 4 * 1024);
		assert_path(PROBE_ZCX, 0, 1, 2);
		assert_int_equal(ends(PROBE_ZCX), PROBE_RECEIVER);
	}
}

/* A part of a buffer, or of what sendfile(2) takes, is a call too. */
static void switches_are_those_of_whole_calls(void **state)
{
	static const struct {
		uint64_t bytes, read_write, sendfile;
	} cases[] = {
		{ 1, 4, 2 },
		{ PROBE_BUFFER_BYTES, 4, 2 },
		{ PROBE_BUFFER_BYTES + 1, 8, 2 },
		{ PROBE_SENDFILE_MAX, 4 * 32768, 2 },
		{ PROBE_SENDFILE_MAX + 1ULL, 4 * 32768, 4 },
		{ 1ULL << 40, 4 << 24, 2 * 513 },
		{ UINT64_MAX, 4 * (UINT64_MAX / 65536 + 1),
		  2 * (UINT64_MAX / PROBE_SENDFILE_MAX + 1) },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		probe.bytes = cases[i].bytes;
		probe_plan_make(&probe, &plan);
		assert_int_equal(plan.paths[PROBE_READ_WRITE].switches,
				 cases[i].read_write);
		assert_int_equal(plan.paths[PROBE_SENDFILE].switches,
				 cases[i].sendfile);
		assert_int_equal(plan.paths[PROBE_ZCX].switches, 2);
	}
}

static void nothing_needs_nothing(void **state)
{
	static const struct probe_plan none;

	(void)state;
	probe.bytes = 0;
	probe_plan_make(&probe, &plan);
	assert_memory_equal(&plan, &none, sizeof(plan));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(cold_through_the_cache),
		T(resident_needs_no_disk),
		T(direct_lane),
		T(partly_resident),
		T(splice_lane),
		T(device_without_scatter_gather),
		T(kernel_tls),
		T(receivers_on_this_machine),
		T(switches_are_those_of_whole_calls),
		T(nothing_needs_nothing),
	};

	return cmocka_run_group_tests_name("probe_plan", tests, NULL, NULL);
}
