// SPDX-License-Identifier: GPL-2.0
#include <openssl/evp.h>

#include "content.h"
#include "program.h"
#include "vmtest.h"

#define STEP	(64 * KIB)

struct program *program_new(void)
{
	struct program *program = calloc(1, sizeof(*program));

	assert_non_null(program);
	test_at_end(free, program);
	return program;
}

void program_clear(struct program *program)
{
	memset(program, 0, sizeof(*program));
}

static struct zcx_segment *next_segment(struct program *program)
{
	assert_true(program->segment_count < ARRAY_SIZE(program->segments));
	return &program->segments[program->segment_count++];
}

static void expect(struct program *program, struct piece piece)
{
	if (program->is_short || !piece.length)
		return;
	program->pieces[program->piece_count++] = piece;
	program->bytes += piece.length;
	if (piece.memory)
		program->memory += piece.length;
	else if (piece.file->splice)
		program->splice += piece.length;
	else
		program->cache += piece.length;
}

void program_memory(struct program *program, const void *memory,
		    uint64_t length)
{
	*next_segment(program) = (struct zcx_segment) {
		.type = ZCX_SEGMENT_MEMORY,
		.addr = (uintptr_t)memory,
		.length = length,
	};
	expect(program, (struct piece) { .memory = memory, .length = length });
}

void program_file(struct program *program, const struct vfile *file,
		  uint64_t offset, uint64_t length)
{
	uint64_t there = file->size > offset ? file->size - offset : 0;
	struct piece piece = {
		.file = file,
		.offset = offset,
		.length = MIN(length, there),
	};

	*next_segment(program) = (struct zcx_segment) {
		.type = ZCX_SEGMENT_FILE,
		.fd = file->fd,
		.offset = offset,
		.length = length,
	};
	expect(program, piece);
	if (length != ZCX_TO_EOF && length > there)
		program->is_short = true;
}

void program_rest(struct program *rest, const struct program *program,
		  uint64_t sent)
{
	unsigned int i;

	program_clear(rest);
	for (i = 0; i < program->piece_count; i++) {
		const struct piece *piece = &program->pieces[i];
		uint64_t skip = MIN(sent, piece->length);

		sent -= skip;
		if (skip == piece->length)
			continue;
		if (piece->memory)
			program_memory(rest, piece->memory + skip,
				       piece->length - skip);
		else
			program_file(rest, piece->file, piece->offset + skip,
				     piece->length - skip);
	}
}

static void piece_bytes(const struct piece *piece, uint64_t at, uint8_t *buf,
			size_t length)
{
	if (piece->memory)
		memcpy(buf, piece->memory + at, length);
	else
		file_expected(piece->file, piece->offset + at, buf, length);
}

size_t program_compare(const struct program *program, struct cursor *cursor,
		       const uint8_t *buf, size_t length)
{
	uint8_t want[STEP];
	size_t done = 0;

	while (done < length && cursor->piece < program->piece_count) {
		const struct piece *piece = &program->pieces[cursor->piece];
		size_t n = MIN(length - done, STEP);
		size_t good;

		n = MIN(n, piece->length - cursor->at);
		piece_bytes(piece, cursor->at, want, n);
		good = content_diff(buf + done, want, n);
		done += good;
		if (good < n)
			break;
		cursor->at += n;
		if (cursor->at == piece->length) {
			cursor->piece++;
			cursor->at = 0;
		}
	}
	return done;
}

void program_sha256(const struct program *program, unsigned char sha[32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t buf[STEP];
	unsigned int i;
	uint64_t at;
	size_t n;

	EVP_DigestInit_ex(md, EVP_sha256(), NULL);
	for (i = 0; i < program->piece_count; i++) {
		const struct piece *piece = &program->pieces[i];

		for (at = 0; at < piece->length; at += n) {
			n = MIN(STEP, piece->length - at);
			piece_bytes(piece, at, buf, n);
			EVP_DigestUpdate(md, buf, n);
		}
	}
	EVP_DigestFinal_ex(md, sha, NULL);
	EVP_MD_CTX_free(md);
}
