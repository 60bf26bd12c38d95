/* SPDX-License-Identifier: GPL-2.0 */
/* What a link is asked to send, and so what its receiver must see. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <linux/zcx.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files.h"

/**
 * struct piece - a run of bytes that is to arrive
 * @file: where they come from, or
 * @memory: where they come from
 * @offset: in @file
 * @length: how many
 */
struct piece {
	const struct vfile *file;
	const uint8_t *memory;
	uint64_t offset;
	uint64_t length;
};

/**
 * struct program - segments, and what must come of them
 * @segments: as the module gets them
 * @segment_count: how many
 * @pieces: what is to arrive, in order
 * @piece_count: how many
 * @bytes: in all pieces
 * @memory: of these, from memory
 * @cache: of these, by the cache lane, or what is cold by the direct lane
 * @splice: of these, by the splice lane
 * @is_short: a file ends before its range; nothing behind that is to arrive
 */
struct program {
	struct zcx_segment segments[ZCX_MAX_SEGMENTS + 1];
	unsigned int segment_count;
	struct piece pieces[ZCX_MAX_SEGMENTS + 1];
	unsigned int piece_count;
	uint64_t bytes;
	uint64_t memory;
	uint64_t cache;
	uint64_t splice;
	bool is_short;
};

/**
 * struct cursor - how far a stream has been compared with a program
 * @piece: the piece that the next byte is in
 * @at: its place in that piece
 */
struct cursor {
	unsigned int piece;
	uint64_t at;
};

/* An empty one; freed by itself when the test ends. */
struct program *program_new(void);
void program_clear(struct program *program);

/* Append a segment. @memory and @file must stay as long as the program. */
void program_memory(struct program *program, const void *memory,
		    uint64_t length);
void program_file(struct program *program, const struct vfile *file,
		  uint64_t offset, uint64_t length);

/* Make @rest what is left of @program once @sent of its bytes have gone. */
void program_rest(struct program *rest, const struct program *program,
		  uint64_t sent);

/*
 * Compare the next @length bytes of a stream. Returns how many are as they
 * should be; less than @length if one is not, or the program has no more.
 */
size_t program_compare(const struct program *program, struct cursor *cursor,
		       const uint8_t *buf, size_t length);

/* SHA-256 of all bytes that are to arrive. */
void program_sha256(const struct program *program, unsigned char sha[32]);

#endif /* PROGRAM_H */
