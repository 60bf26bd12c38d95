// SPDX-License-Identifier: GPL-2.0
/* The command line of `zcx bench'. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cli.h"
#include "endpoint.h"
#include "options.h"
#include "receiver.h"

#define MAX_RUNS	1000
#define MAX_REQUESTS	1000000

enum {
	OPT_HEADER = 256,
	OPT_REQUESTS,
	OPT_TO,
	OPT_RECEIVER,
	OPT_SERVE,
	OPT_FLOOR,
	OPT_INSN,
	OPT_SOAK,
	OPT_NO_COUNTS,
};

static const struct argp_option options[] = {
	{ "method", 'm', "LIST", 0,
	  "Measure these, separated by commas; default: every method", 0 },
	{ "size", 's', "BYTES", 0,
	  "Send the first BYTES of FILE; default: all of it", 0 },
	{ "cache", 'c', "warm|cold", 0,
	  "Whether FILE is in the page cache when a run begins; default: warm", 0 },
	{ "header", OPT_HEADER, "BYTES", 0,
	  "Begin every request with so many bytes of memory, at most 64K", 0 },
	{ "runs", 'n', "N", 0,
	  "Measured runs of each method, after one that is not; default: 5", 0 },
	{ "requests", OPT_REQUESTS, "N", 0,
	  "Requests (header and file) in a run; default: enough for 2 MiB (8 with --soak and --to), at most 256; 1 if cold (at most 5 with --soak and --to, each of them cold)", 0 },
	{ "to", OPT_TO, "HOST:PORT", 0,
	  "Send to the receiver there (see --serve); default: one of our own, over loopback", 0 },
	{ "receiver", OPT_RECEIVER, "POLICY", 0,
	  "When our own receiver runs: normal (default), batch (never interrupts the sender) or fifo (at once, when something arrives)", 0 },
	{ "serve", OPT_SERVE, "[HOST:]PORT", 0,
	  "Be a receiver for others, until killed", 0 },
	{ "floor", OPT_FLOOR, "FILE", 0,
	  "What tcp_alone sends: a file whose beginning lies in one large folio", 0 },
	{ "insn", OPT_INSN, NULL, 0,
	  "The clocks of this machine count instructions; name the figures so", 0 },
	{ "soak", OPT_SOAK, NULL, 0,
	  "Idle time is what a child of the lowest priority could run; with --to requests wait for the ACKs of the last one; for one CPU whose clock counts instructions", 0 },
	{ "no-counts", OPT_NO_COUNTS, NULL, 0,
	  "Do not count system calls, pages and copies in a run of its own", 0 },
	{ "json", 'j', NULL, 0, "Print an array of records", 0 },
	{ "verbose", 'v', NULL, 0, "Say what is being measured", 0 },
	{ 0 },
};

static const struct bench_method *find(const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < bench_method_count; i++)
		if (strlen(bench_methods[i]->name) == length &&
		    !strncmp(name, bench_methods[i]->name, length))
			return bench_methods[i];
	return NULL;
}

static void __attribute__((noreturn))
no_method(const char *name, size_t length, struct argp_state *state)
{
	char known[256] = "";
	size_t i, used = 0;

	for (i = 0; i < bench_method_count; i++)
		used += snprintf(known + used, sizeof(known) - used, " %s",
				 bench_methods[i]->name);
	argp_error(state, "no method is called '%.*s'; there are%s",
		   (int)length, name, known);
	exit(CLI_USAGE);	/* argp_error() does not return here */
}

static void add_method(struct bench_options *bench,
		       const struct bench_method *method,
		       struct argp_state *state)
{
	size_t i;

	for (i = 0; i < bench->method_count; i++)
		if (bench->methods[i] == method)
			argp_error(state, "the method %s is named twice",
				   method->name);
	bench->methods[bench->method_count++] = method;
}

static void set_methods(struct bench_options *bench, const char *list,
			struct argp_state *state)
{
	size_t length;

	bench->method_count = 0;
	for (;; list++) {
		const struct bench_method *method;

		length = strcspn(list, ",");
		method = find(list, length);
		if (!method)
			no_method(list, length, state);
		add_method(bench, method, state);
		list += length;
		if (!*list)
			return;
	}
}

static void set_bytes(uint64_t *bytes, const char *text, uint64_t least,
		      uint64_t most, struct argp_state *state)
{
	const char *end;

	if (!cli_parse_bytes(text, bytes, &end) || *end || *bytes < least ||
	    *bytes > most)
		argp_error(state, "'%s' is not a number of bytes that can be used here",
			   text);
}

static void set_number(unsigned long *number, const char *text,
		       unsigned long most, struct argp_state *state)
{
	char *end;

	*number = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || !*number || *number > most)
		argp_error(state, "'%s' is not a number from 1 to %lu", text,
			   most);
}

static void set_cache(struct bench_options *bench, const char *text,
		      struct argp_state *state)
{
	bench->cold = !strcmp(text, "cold");
	if (!bench->cold && strcmp(text, "warm"))
		argp_error(state, "the cache is warm or cold, not '%s'", text);
}

static void set_policy(struct bench_options *bench, const char *name,
		       struct argp_state *state)
{
	size_t i;

	for (i = 0; i < bench_policy_count; i++) {
		if (strcmp(name, bench_policies[i].name))
			continue;
		bench->policy = &bench_policies[i];
		return;
	}
	argp_error(state, "a receiver is normal, batch or fifo, not '%s'", name);
}

static void check(const struct bench_options *bench, struct argp_state *state)
{
	if (!bench->serve && !bench->file)
		argp_error(state, "which file?");
	if (bench->soak && !bench->insn)
		argp_error(state, "--soak is right only where the clocks count instructions, and goes with --insn");
	if (bench->serve && (bench->file || bench->to))
		argp_error(state, "--serve goes with nothing else");
}

static error_t parse_flag(int key, struct bench_options *bench)
{
	switch (key) {
	case OPT_INSN:
		bench->insn = true;
		return 0;
	case OPT_SOAK:
		bench->soak = true;
		return 0;
	case OPT_NO_COUNTS:
		bench->counts = false;
		return 0;
	case 'j':
		bench->json = true;
		return 0;
	case 'v':
		bench->verbose = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct bench_options *bench = state->input;

	switch (key) {
	case 'm':
		set_methods(bench, arg, state);
		break;
	case 's':
		set_bytes(&bench->size, arg, 1, INT64_MAX, state);
		break;
	case 'c':
		set_cache(bench, arg, state);
		break;
	case OPT_HEADER:
		set_bytes(&bench->header_bytes, arg, 0, BENCH_MAX_HEADER, state);
		break;
	case 'n':
		set_number(&bench->runs, arg, MAX_RUNS, state);
		break;
	case OPT_REQUESTS:
		set_number(&bench->requests, arg, MAX_REQUESTS, state);
		break;
	case OPT_TO:
		bench->to = arg;
		break;
	case OPT_RECEIVER:
		set_policy(bench, arg, state);
		break;
	case OPT_SERVE:
		bench->serve = arg;
		break;
	case OPT_FLOOR:
		bench->floor = arg;
		break;
	case ARGP_KEY_ARG:
		if (bench->file)
			argp_error(state, "one FILE is enough");
		bench->file = arg;
		break;
	case ARGP_KEY_END:
		check(bench, state);
		break;
	default:
		return parse_flag(key, bench);
	}
	return 0;
}

/* Only TCP can be measured: neither unix:PATH nor fd:N. */
static bool tcp_ok(const char *text, bool listening)
{
	if (!text)
		return true;
	if (strncmp(text, "unix:", 5) && strncmp(text, "fd:", 3))
		return endpoint_ok(text, listening);
	cli_error("'%s' is no address of TCP; write HOST:PORT", text);
	return false;
}

bool bench_options_parse(struct bench_options *bench, int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE\n--serve [HOST:]PORT",
		.doc = "Measure what each way of sending FILE over TCP costs: the whole machine's time and the sender's, system calls, pages of the page cache, copied bytes.\vNumbers of bytes may end in K, M, G or T (powers of 1024). Idle time and counts need root.",
	};

	*bench = (struct bench_options){
		.policy = &bench_policies[0],
		.runs = 5,
		.counts = true,
	};
	memcpy(bench->methods, bench_methods,
	       bench_method_count * sizeof(bench_methods[0]));
	bench->method_count = bench_method_count;
	argp_parse(&argp, argc, argv, 0, NULL, bench);
	return tcp_ok(bench->to, false) && tcp_ok(bench->serve, true);
}
