// SPDX-License-Identifier: GPL-2.0
/* The processor's breakpoints, through perf. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>

#include "breakpoints.h"
#include "symbols.h"

/* For calls on all CPUs together, and on one at least. A call takes 48 bytes. */
#define RING_BYTES_ALL	(32U << 20)
#define RING_BYTES_MIN	(256U << 10)

/* Second and third argument of a function are in these registers. */
#if defined(__x86_64__)
#include <asm/perf_regs.h>
#define ARGUMENTS	(1ULL << PERF_REG_X86_SI | 1ULL << PERF_REG_X86_DX)
#define SECOND(regs)	((regs)[1])	/* in the order of their numbers */
#define THIRD(regs)	((regs)[0])
#else
#define ARGUMENTS	0
#define SECOND(regs)	0
#define THIRD(regs)	0
#endif

struct breakpoint_ring {
	int fds[BREAKPOINTS_MAX];
	struct perf_event_mmap_page *page;	/* the data is behind it */
	size_t data_bytes;
};

/* What perf writes for attr.sample_type below. */
struct sample {
	struct perf_event_header header;
	uint64_t ip;
	uint32_t pid, tid;
	uint64_t abi;
	uint64_t regs[2];
};

static int open_one(uint64_t address, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attr),
		.bp_type = HW_BREAKPOINT_X,
		.bp_addr = address,
		.bp_len = sizeof(long),
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			       PERF_SAMPLE_REGS_INTR,
		.sample_regs_intr = ARGUMENTS,
		.disabled = 1,
		.exclude_user = 1,
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1,
			 PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int map_ring(struct breakpoint_ring *ring, size_t data_bytes)
{
	size_t bytes = sysconf(_SC_PAGESIZE) + data_bytes;

	ring->page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			  ring->fds[0], 0);
	if (ring->page == MAP_FAILED) {
		ring->page = NULL;
		return -errno;
	}
	ring->data_bytes = data_bytes;
	return 0;
}

static int open_ring(struct breakpoints *set, struct breakpoint_ring *ring,
		     int cpu, size_t data_bytes)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < set->count; i++)
		ring->fds[i] = -1;
	for (i = 0; !ret && i < set->count; i++) {
		ring->fds[i] = open_one(set->address[i], cpu);
		if (ring->fds[i] < 0)
			return ring->fds[i];
		if (i == 0)
			ret = map_ring(ring, data_bytes);
		else if (ioctl(ring->fds[i], PERF_EVENT_IOC_SET_OUTPUT,
			       ring->fds[0]))
			ret = -errno;
	}
	return ret;
}

static void close_ring(struct breakpoints *set, struct breakpoint_ring *ring)
{
	unsigned int i;

	if (ring->page)
		munmap(ring->page, sysconf(_SC_PAGESIZE) + ring->data_bytes);
	for (i = 0; i < set->count; i++)
		if (ring->fds[i] >= 0)
			close(ring->fds[i]);
}

/* A power of two, as perf wants it. */
static size_t ring_bytes(unsigned int cpus)
{
	size_t bytes = RING_BYTES_ALL;

	while (bytes > RING_BYTES_MIN && bytes * cpus > RING_BYTES_ALL)
		bytes /= 2;
	return bytes;
}

static int open_rings(struct breakpoints *set)
{
	unsigned int cpus = sysconf(_SC_NPROCESSORS_CONF), cpu;
	int ret;

	set->rings = calloc(cpus, sizeof(*set->rings));
	if (!set->rings)
		return -ENOMEM;
	for (cpu = 0; cpu < cpus; cpu++) {
		struct breakpoint_ring *ring = &set->rings[set->ring_count];

		ret = open_ring(set, ring, cpu, ring_bytes(cpus));
		if (ret == -ENODEV)
			continue;	/* that CPU is off */
		set->ring_count++;
		if (ret)
			return ret;
	}
	return 0;
}

int breakpoints_open(struct breakpoints *set, const char *const *functions,
		     unsigned int count, const char **bad)
{
	unsigned int i;
	int ret;

	memset(set, 0, sizeof(*set));
	*bad = functions[0];
	if (!ARGUMENTS || count > BREAKPOINTS_MAX)
		return -EOPNOTSUPP;
	for (i = 0; i < count; i++) {
		*bad = functions[i];
		ret = symbol_address(functions[i], &set->address[i]);
		if (ret)
			return ret;
	}
	set->count = count;
	ret = open_rings(set);
	if (ret)
		breakpoints_close(set);
	return ret;
}

static int for_all(struct breakpoints *set, unsigned long request)
{
	unsigned int i, j;

	for (i = 0; i < set->ring_count; i++)
		for (j = 0; j < set->count; j++)
			if (ioctl(set->rings[i].fds[j], request, 0))
				return -errno;
	return 0;
}

int breakpoints_start(struct breakpoints *set)
{
	return for_all(set, PERF_EVENT_IOC_ENABLE);
}

int breakpoints_stop(struct breakpoints *set)
{
	return for_all(set, PERF_EVENT_IOC_DISABLE);
}

/* A record may go round the end of the ring. */
static void copy_out(const struct breakpoint_ring *ring, uint64_t at, void *to,
		     size_t bytes)
{
	const char *data = (const char *)ring->page + ring->page->data_offset;
	size_t offset = at & (ring->data_bytes - 1), first = bytes;

	if (first > ring->data_bytes - offset)
		first = ring->data_bytes - offset;
	memcpy(to, data + offset, first);
	memcpy((char *)to + first, data, bytes - first);
}

static void take_sample(const struct breakpoints *set,
			const struct sample *sample, breakpoint_fn fn,
			void *arg)
{
	struct breakpoint_call call = {
		.tid = sample->tid,
		.args = { SECOND(sample->regs), THIRD(sample->regs) },
	};

	while (call.index < set->count &&
	       set->address[call.index] != sample->ip)
		call.index++;
	if (call.index < set->count)
		fn(&call, arg);
}

static int read_ring(const struct breakpoints *set,
		     const struct breakpoint_ring *ring, breakpoint_fn fn,
		     void *arg)
{
	uint64_t end = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t at = ring->page->data_tail;
	struct sample sample;

	for (; at < end; at += sample.header.size) {
		copy_out(ring, at, &sample.header, sizeof(sample.header));
		if (sample.header.type == PERF_RECORD_LOST)
			return -EOVERFLOW;
		if (sample.header.type != PERF_RECORD_SAMPLE)
			continue;
		if (sample.header.size != sizeof(sample))
			return -EPROTO;
		copy_out(ring, at, &sample, sizeof(sample));
		take_sample(set, &sample, fn, arg);
	}
	/* Were it full, what was lost might not have been said yet. */
	if (end - ring->page->data_tail > ring->data_bytes - 2 * sizeof(sample))
		return -EOVERFLOW;
	return 0;
}

int breakpoints_read(struct breakpoints *set, breakpoint_fn fn, void *arg)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < set->ring_count; i++)
		ret = read_ring(set, &set->rings[i], fn, arg);
	return ret;
}

void breakpoints_close(struct breakpoints *set)
{
	unsigned int i;

	for (i = 0; i < set->ring_count; i++)
		close_ring(set, &set->rings[i]);
	free(set->rings);
	memset(set, 0, sizeof(*set));
}
