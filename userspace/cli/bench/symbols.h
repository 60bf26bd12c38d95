/* SPDX-License-Identifier: GPL-2.0 */
/* Where the running kernel has its functions. */
#ifndef BENCH_SYMBOLS_H
#define BENCH_SYMBOLS_H

#include <stdint.h>

/*
 * From /proc/kallsyms. Returns 0 or -errno: -ENOENT: there is none of that name;
 * -EPERM: addresses are kept from us.
 */
int symbol_address(const char *name, uint64_t *address);

#endif /* BENCH_SYMBOLS_H */
