/* SPDX-License-Identifier: GPL-2.0 */
/* What the verbs of zcx share. */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct argp_state;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Exit codes. */
#define CLI_OK		0
#define CLI_FAILED	1
#define CLI_USAGE	2

/**
 * struct cli_command - one verb
 * @name: as typed
 * @summary: one line for --help
 * @run: argv[0] is "zcx NAME"; returns an exit code
 */
struct cli_command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

int cmd_send(int argc, char **argv);
int cmd_recv(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_probe(int argc, char **argv);
int cmd_bench(int argc, char **argv);

/* Print "zcx: ..." and a newline on standard error. */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Open /dev/zcx, or say why not and what to do. Returns a descriptor or
 * -errno.
 */
int cli_open_device(void);

/*
 * Open a regular file for reading; "-" is standard input. Returns a descriptor, or
 * -1, having said what is wrong.
 */
int cli_open_file(const char *name);

/* Seconds of CLOCK_MONOTONIC. */
double cli_now(void);

/*
 * A number of bytes with an optional suffix K, M, G or T (powers of 1024).
 * @end is where the number ended. Returns false if there is none.
 */
bool cli_parse_bytes(const char *text, uint64_t *bytes, const char **end);

/* The options --lane, of those that a link may ask for, and --direct-threshold. */
void cli_set_lane(uint32_t *lane, const char *name, struct argp_state *state);
void cli_set_threshold(uint64_t *bytes, const char *text,
		       struct argp_state *state);

/* A number of seconds above 0, for an option's time-out. */
bool cli_parse_seconds(const char *text, double *seconds);

/* 12345678 -> "11.8 MiB". Returns @buf. */
char *cli_format_bytes(double bytes, char *buf, size_t size);

/* SO_SNDTIMEO or SO_RCVTIMEO. Returns 0 or -errno. */
int cli_set_timeout(int sock, int option, double seconds);

#endif /* CLI_H */
