// SPDX-License-Identifier: GPL-2.0
/* A line for each destination on a terminal: how far it is, what it waits for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"
#include "send_lines.h"

void send_lines_begin(struct send_lines *lines, bool wanted)
{
	lines->shown = wanted && isatty(STDERR_FILENO);
	lines->drawn = 0;
}

static void terminal_size(struct winsize *size)
{
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, size) || !size->ws_row)
		size->ws_row = 24;
	if (!size->ws_col)
		size->ws_col = 80;
}

static bool has_ended(const struct send_target *target)
{
	return target->ended == target->accepted;
}

/* A word on how it is doing; in brackets what it waits for. */
static void print_doing(const struct send_target *target, FILE *out)
{
	const struct zcx_query *now = &target->now;
	char word[16];

	if (has_ended(target))
		snprintf(word, sizeof(word), "%s",
			 zcx_state_name(target->job.total.state));
	else if (now->state == ZCX_STATE_WAITING)
		snprintf(word, sizeof(word), "[%s]", zcx_wait_name(now->wait));
	else
		snprintf(word, sizeof(word), "%s", zcx_state_name(now->state));
	fprintf(out, "%-9s ", word);
}

/* A longer line than fits would be two, and the cursor would go astray. */
static void print_line(const struct send_target *target, int width, int columns)
{
	const struct progress *progress = &target->job.progress;
	double now = has_ended(target) ?
		     progress->begun + target->outcome->seconds : cli_now();
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return;
	fprintf(out, "%-*.*s ", width, width, target->outcome->destination);
	print_doing(target, out);
	progress_print(progress,
		       target->job.total.bytes_sent + target->now.bytes_sent,
		       now, out);
	if (!fclose(out))
		fprintf(stderr, "%.*s", columns - 1, text);
	free(text);
	fputs("\033[K\n", stderr);
}

static int longest_name(const struct send_target *targets, size_t count,
			int most)
{
	int longest = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		int length = strlen(targets[i].outcome->destination);

		if (length > longest)
			longest = length;
	}
	return longest < most ? longest : most;
}

static size_t count_ended(const struct send_target *targets, size_t count)
{
	size_t ended = 0;

	while (count)
		ended += has_ended(&targets[--count]);
	return ended;
}

void send_lines_draw(struct send_lines *lines,
		     const struct send_target *targets, size_t count)
{
	struct winsize size = { 0 };
	size_t fit, i;
	int width;

	if (!lines->shown)
		return;
	terminal_size(&size);
	/* Room for the cursor, and for a line about those without one. */
	fit = size.ws_row > 3 ? size.ws_row - 2 : 1;
	if (fit > count)
		fit = count;
	width = longest_name(targets, fit, size.ws_col / 3);
	if (lines->drawn)
		fprintf(stderr, "\033[%zuA", lines->drawn);
	for (i = 0; i < fit; i++)
		print_line(&targets[i], width, size.ws_col);
	if (fit < count)
		fprintf(stderr, "and %zu more; %zu of %zu have ended\033[K\n",
			count - fit, count_ended(targets, count), count);
	fflush(stderr);
	lines->drawn = fit + (fit < count);
}
