/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a file is in the page cache: seeing to it that it is, or is not. */
#ifndef BENCH_CACHE_H
#define BENCH_CACHE_H

#include <stdbool.h>
#include <stdint.h>

/* Read the first bytes of a file. Returns 0 or -errno. */
int bench_cache_warm(int fd, uint64_t bytes);

/*
 * See to it that none of the first bytes is in memory. Returns 0, -EBUSY: some
 * remain, or -errno.
 */
int bench_cache_cold(int fd, uint64_t bytes);

/* "ext4" and so on; of those without a name, the number. Never NULL. */
const char *bench_fs_name(int fd);

/* Does this filesystem live in memory? */
bool bench_fs_in_memory(int fd);

#endif /* BENCH_CACHE_H */
