/* SPDX-License-Identifier: GPL-2.0 */
/* The command line of `zcx bench'. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>

struct bench_options;

/*
 * Does not return if there is nothing to be done or the words make no sense;
 * returns false if an address makes none, having said so.
 */
bool bench_options_parse(struct bench_options *options, int argc, char **argv);

#endif /* BENCH_OPTIONS_H */
