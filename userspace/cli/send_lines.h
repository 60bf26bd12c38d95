/* SPDX-License-Identifier: GPL-2.0 */
/* A line for each destination on a terminal. */
#ifndef SEND_LINES_H
#define SEND_LINES_H

#include "send_fanout.h"

/**
 * struct send_lines - lines that are drawn again and again
 * @shown: whether there are any
 * @drawn: how many there are, the cursor being below them
 */
struct send_lines {
	bool shown;
	size_t drawn;
};

/* @wanted: show them, if standard error is a terminal. */
void send_lines_begin(struct send_lines *lines, bool wanted);
void send_lines_draw(struct send_lines *lines,
		     const struct send_target *targets, size_t count);

#endif /* SEND_LINES_H */
