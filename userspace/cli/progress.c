// SPDX-License-Identifier: GPL-2.0
/* A bar on a terminal: how much, how fast, how long to go. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "progress.h"

#define REDRAW_SECONDS	0.1
#define BAR_WIDTH	24

void progress_begin(struct progress *progress, bool wanted, uint64_t expected)
{
	progress->shown = wanted && isatty(STDERR_FILENO);
	progress->expected = expected;
	progress->begun = cli_now();
	progress->drawn = 0;
}

static void add_bar(FILE *out, double part)
{
	char bar[BAR_WIDTH + 1];
	int full = part >= 1 ? BAR_WIDTH : (int)(part * BAR_WIDTH);

	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', full);
	bar[BAR_WIDTH] = '\0';
	fprintf(out, "%3.0f %% [%s] ", part >= 1 ? 100 : part * 100, bar);
}

void progress_print(const struct progress *progress, uint64_t bytes, double now,
		    FILE *out)
{
	double seconds = now - progress->begun, rate;
	char done[32], speed[32];

	rate = seconds > 0 ? bytes / seconds : 0;
	if (progress->expected)
		add_bar(out, (double)bytes / progress->expected);
	fprintf(out, "%s  %s/s", cli_format_bytes(bytes, done, sizeof(done)),
		cli_format_bytes(rate, speed, sizeof(speed)));
	if (bytes < progress->expected && rate > 0)
		fprintf(out, "  %.0f s to go",
			(progress->expected - bytes) / rate);
}

static void draw(struct progress *progress, uint64_t bytes, double now)
{
	fputc('\r', stderr);
	progress_print(progress, bytes, now, stderr);
	/* What is left of a longer line. */
	fputs("\033[K", stderr);
	fflush(stderr);
	progress->drawn = now;
}

void progress_update(struct progress *progress, uint64_t bytes)
{
	double now;

	if (!progress->shown)
		return;
	now = cli_now();
	if (now - progress->drawn >= REDRAW_SECONDS)
		draw(progress, bytes, now);
}

void progress_end(struct progress *progress, uint64_t bytes)
{
	if (!progress->shown)
		return;
	draw(progress, bytes, cli_now());
	fputc('\n', stderr);
}
