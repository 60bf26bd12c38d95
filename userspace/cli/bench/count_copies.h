/* SPDX-License-Identifier: GPL-2.0 */
/* The part of the counting pass that counts copied bytes. */
#ifndef BENCH_COUNT_COPIES_H
#define BENCH_COUNT_COPIES_H

struct bench_count;

void count_copies_open(struct bench_count *count);
void count_copies_begin(struct bench_count *count);
void count_copies_end(struct bench_count *count);
void count_copies_close(struct bench_count *count);

#endif /* BENCH_COUNT_COPIES_H */
