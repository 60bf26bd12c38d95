/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <sys/types.h>

/* In a child of @parent: never to outlive it, nor to end before it. */
void bench_become_child(pid_t parent);

#endif /* BENCH_CHILD_H */
