/* SPDX-License-Identifier: GPL-2.0 */
/* Which copies and mode switches a transfer needs, by three ways of sending. */
#ifndef PROBE_PLAN_H
#define PROBE_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include <linux/zcx.h>

/* What read(2) and write(2) are given at a time. */
#define PROBE_BUFFER_BYTES	(64U << 10)

/* What the kernel takes by one sendfile(2): 2 GiB less a page. */
#define PROBE_SENDFILE_MAX	0x7ffff000U

/* Where bytes are on their way; each row of the drawing has one of them. */
enum probe_place {
	PROBE_DISK,
	PROBE_CACHE,
	PROBE_PRIVATE,		/* memory of the direct lane */
	PROBE_CACHE_AND_PRIVATE,
	PROBE_FILESYSTEM,	/* whatever it is that the filesystem hands out */
	PROBE_USER,
	PROBE_RECORDS,		/* of kernel TLS */
	PROBE_PACKETS,
	PROBE_FLAT,		/* a packet without fragments */
	PROBE_DEVICE,
	PROBE_RECEIVER,		/* on this machine */
};

/* How they leave it. */
enum probe_how {
	PROBE_BY_REFERENCE,
	PROBE_BY_CPU,
	PROBE_BY_DMA,
};

enum probe_way {
	PROBE_READ_WRITE,
	PROBE_SENDFILE,
	PROBE_ZCX,
	PROBE_WAYS,
};

/**
 * struct probe_step - bytes that move from one place to the next
 * @from: where they are
 * @to: where they go
 * @how: by whom
 * @bytes: how many of the transfer's need it
 */
struct probe_step {
	enum probe_place from;
	enum probe_place to;
	enum probe_how how;
	uint64_t bytes;
};

#define PROBE_STEPS	8

/**
 * struct probe_path - all of one way
 * @steps: in order, each from where the one before ends
 * @step_count: how many
 * @cpu_copies: steps that the CPU copies in
 * @cpu_bytes: that it copies in all
 * @dma_copies: steps that devices copy in
 * @dma_bytes: that they copy in all
 * @switches: between user and kernel mode, into a system call and back being two
 */
struct probe_path {
	struct probe_step steps[PROBE_STEPS];
	size_t step_count;
	unsigned int cpu_copies;
	uint64_t cpu_bytes;
	unsigned int dma_copies;
	uint64_t dma_bytes;
	uint64_t switches;
};

/** struct probe_plan - the ways beside each other */
struct probe_plan {
	struct probe_path paths[PROBE_WAYS];
};

/*
 * Work out what a transfer needs from what the module says about it. Without a
 * socket: to a TCP socket whose device does scatter-gather. A range without bytes
 * needs nothing.
 */
void probe_plan_make(const struct zcx_probe *probe, struct probe_plan *plan);

#endif /* PROBE_PLAN_H */
