// SPDX-License-Identifier: GPL-2.0
/* zcx: one table of verbs. */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "zcx.h"

static const struct cli_command commands[] = {
	{ "send", "send files to a socket", cmd_send },
	{ "recv", "receive, count and hash what arrives", cmd_recv },
	{ "info", "say what the loaded module can do", cmd_info },
	{ "stat", "show contexts and links on this machine", cmd_stat },
	{ "probe", "say how a file would travel, and what that takes", cmd_probe },
	{ "bench", "measure what each way of sending costs", cmd_bench },
};

static void print_help(FILE *out)
{
	size_t i;

	fputs("Usage: zcx COMMAND [OPTION...]\n"
	      "Send files through /dev/zcx, from the page cache to the socket by reference.\n\n",
	      out);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-8s %s\n", commands[i].name,
			commands[i].summary);
	fputs("\n`zcx COMMAND --help' tells more, zcx(1) all of it.\n", out);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	char name[32];

	snprintf(name, sizeof(name), "zcx %s", command->name);
	argv[0] = name;
	return command->run(argc, argv);
}

static const struct cli_command *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static int help(int argc, char **argv)
{
	char option[] = "--help";
	char *args[] = { NULL, option, NULL };
	const struct cli_command *command;

	if (argc < 2) {
		print_help(stdout);
		return CLI_OK;
	}
	command = find(argv[1]);
	if (!command) {
		cli_error("no command is called '%s'", argv[1]);
		return CLI_USAGE;
	}
	return run(command, 2, args);
}

int main(int argc, char **argv)
{
	const struct cli_command *command;

	argp_err_exit_status = CLI_USAGE;
	/* A receiver that leaves is an error to report, not a death. */
	signal(SIGPIPE, SIG_IGN);

	if (argc < 2) {
		print_help(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?") ||
	    !strcmp(argv[1], "help"))
		return help(argc - 1, argv + 1);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("zcx %s\n", zcx_version());
		return CLI_OK;
	}
	command = find(argv[1]);
	if (!command) {
		cli_error("no command is called '%s'; try `zcx --help'",
			  argv[1]);
		return CLI_USAGE;
	}
	return run(command, argc - 1, argv + 1);
}
