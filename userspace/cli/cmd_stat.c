// SPDX-License-Identifier: GPL-2.0
/* zcx stat: contexts and links on this machine. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "stat_report.h"

/* What was typed. @count: 0: not. */
struct request {
	double interval;
	unsigned long count;
	const char *proc;
	bool json;
};

enum { OPT_PROC = 256 };

static const struct argp_option options[] = {
	{ "interval", 'i', "SECONDS", 0,
	  "Time between two tables (default: 1)", 0 },
	{ "count", 'n', "COUNT", 0,
	  "So many tables (default: on a terminal without end, else 1)", 0 },
	{ "proc", OPT_PROC, "FOLDER", 0,
	  "Where the process filesystem is (default: /proc)", 0 },
	{ "json", 'j', NULL, 0, "Print one JSON object and end", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;
	char *end;

	switch (key) {
	case 'i':
		if (!cli_parse_seconds(arg, &request->interval))
			argp_error(state, "'%s' is not a number of seconds",
				   arg);
		break;
	case 'n':
		request->count = strtoul(arg, &end, 10);
		if (*end || !request->count || *arg == '-')
			argp_error(state, "'%s' is not a number of tables",
				   arg);
		break;
	case OPT_PROC:
		request->proc = arg;
		break;
	case 'j':
		request->json = true;
		break;
	case ARGP_KEY_ARG:
		argp_usage(state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static int take(const struct request *request, struct stat_snapshot *snapshot)
{
	int ret = stat_read(request->proc, snapshot);

	if (ret)
		cli_error("%s: %s", request->proc, strerror(-ret));
	return ret;
}

static void pause_for(double seconds)
{
	struct timespec left = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (seconds - (time_t)seconds) * 1e9,
	};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

/* On a terminal a table takes the place of the one before, as much as fits. */
static void show(const struct stat_snapshot *now,
		 const struct stat_snapshot *before, bool terminal)
{
	struct winsize size = { 0 };

	if (terminal) {
		fputs("\033[H\033[J", stdout);
		if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row)
			size.ws_row = 24;
	} else if (before) {
		putchar('\n');
	}
	stat_report_text(now, before, size.ws_row);
	fflush(stdout);
}

static int show_tables(const struct request *request)
{
	bool terminal = isatty(STDOUT_FILENO);
	unsigned long most = request->count ? request->count :
			     terminal ? 0 : 1;
	struct stat_snapshot before = { 0 }, now;
	unsigned long i;
	int ret = 0;

	for (i = 0; !ret && (!most || i < most); i++) {
		if (i)
			pause_for(request->interval);
		ret = take(request, &now);
		if (!ret)
			show(&now, i ? &before : NULL, terminal);
		stat_free(&before);
		before = now;
	}
	stat_free(&before);
	return ret ? CLI_FAILED : CLI_OK;
}

static int show_json(const struct request *request)
{
	struct stat_snapshot now;
	int ret = take(request, &now);

	if (!ret)
		stat_report_json(&now);
	stat_free(&now);
	return ret ? CLI_FAILED : CLI_OK;
}

int cmd_stat(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Show which processes have /dev/zcx open, and how their links are doing. Rates are of the time since the table before.",
	};
	struct request request = { .interval = 1, .proc = "/proc" };

	argp_parse(&argp, argc, argv, 0, NULL, &request);
	return request.json ? show_json(&request) : show_tables(&request);
}
