/* SPDX-License-Identifier: GPL-2.0 */
/* Sending all of something, whatever the kernel takes at a time. */
#ifndef BENCH_IO_H
#define BENCH_IO_H

#include <stddef.h>
#include <stdint.h>

struct bench_job;

#define BENCH_PIECE	(1U << 20)	/* bytes of one send(2) or write(2) */

static inline uint64_t bench_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* send(2) all of it. Returns 0 or -errno. */
int bench_send(int sock, const char *data, size_t length, int flags);

/* The request's header, with more to follow. Returns 0 or -errno. */
int bench_send_header(const struct bench_job *job);

/*
 * write(2) all of it; for the first piece of a request (@at is 0) header and
 * piece by one writev(2). Returns 0 or -errno.
 */
int bench_write_piece(const struct bench_job *job, uint64_t at,
		      const char *data, size_t length);

/* A pipe of 1 MiB, or as much as may be. Returns its size or -errno. */
int bench_pipe(int fds[2]);

#endif /* BENCH_IO_H */
