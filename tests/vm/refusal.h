/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A call that is refused: it writes nothing, sends nothing, uses up no number,
 * and holds neither the file nor the socket afterwards; and the same call
 * without its flaw succeeds.
 */
#ifndef REFUSAL_H
#define REFUSAL_H

#include "files.h"
#include "link.h"
#include "pairs.h"
#include "program.h"

#define PAGE		4096
#define FILE_BYTES	5000

/**
 * struct refusal - a link with nothing wrong, to be spoilt
 * @program: a header and a file
 * @file: of @program; locked
 * @pair: where it goes
 * @context: fresh
 * @link: prepared; zeros behind it
 */
struct refusal {
	struct program *program;
	struct vfile file;
	struct pair pair;
	int context;
	union {
		struct zcx_link link;
		uint8_t room[PAGE];
	};
};

/* Make one, with nothing wrong yet. */
void refusal_open(struct refusal *scene, enum pair_kind kind);

/* Make its struct and segments anew, with nothing wrong. */
void refusal_reset(struct refusal *scene);

/* Segment @i: 0 is memory, 1 the file. */
struct zcx_segment *segment(struct refusal *scene, unsigned int i);

/* The call fails with @err, and that is all that happens. */
void refusal_refused(struct refusal *scene, int err, const char *what);

/* The link as it was before it was spoilt goes, and nothing is held. */
void refusal_close(struct refusal *scene);

/* For test_at_end(): remove the file of that name. */
void undo_unlink(void *arg);

#endif /* REFUSAL_H */
