// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Programs: lists of segments, kept within the limits of the interface. */
#include <errno.h>
#include <stdlib.h>

#include "program.h"

#define FIRST_CAPACITY 8

/**
 * zcx_program_new() - make an empty program
 *
 * Return: the program, to be freed by zcx_program_free(), or NULL: out of
 * memory.
 */
struct zcx_program *zcx_program_new(void)
{
	return calloc(1, sizeof(struct zcx_program));
}

/**
 * zcx_program_free() - free a program
 * @program: may be NULL
 *
 * Files and memory that were added remain the caller's.
 */
void zcx_program_free(struct zcx_program *program)
{
	if (!program)
		return;
	free(program->segments);
	free(program);
}

/**
 * zcx_program_reset() - make a program empty again
 * @program: the program
 *
 * Lane, user data and threshold go back to 0; the memory is kept for the next use.
 */
void zcx_program_reset(struct zcx_program *program)
{
	program->count = 0;
	program->memory_bytes = 0;
	program->lane = ZCX_LANE_AUTO;
	program->user_data = 0;
	program->direct_threshold = 0;
}

static int program_grow(struct zcx_program *program, size_t more)
{
	struct zcx_segment *segments;
	uint32_t capacity;

	if (more > ZCX_MAX_SEGMENTS - program->count)
		return -E2BIG;

	capacity = program->capacity ? program->capacity : FIRST_CAPACITY;
	while (capacity < program->count + more)
		capacity *= 2;
	segments = reallocarray(program->segments, capacity, sizeof(*segments));
	if (!segments)
		return -ENOMEM;

	program->segments = segments;
	program->capacity = capacity;
	return 0;
}

/*
 * Room for @more segments, so that what follows cannot fail half-way. There is never
 * room for more than ZCX_MAX_SEGMENTS.
 */
static inline int program_reserve(struct zcx_program *program, size_t more)
{
	return more <= program->capacity - program->count ?
	       0 : program_grow(program, more);
}

static void program_append(struct zcx_program *program, uint32_t type, int fd,
			   uint64_t offset, uint64_t length, uint64_t addr)
{
	program->segments[program->count++] = (struct zcx_segment) {
		.type = type,
		.fd = fd,
		.offset = offset,
		.length = length,
		.addr = addr,
	};
}

/* Apart from what mostly happens, so that that needs no stack. */
static __attribute__((noinline)) int
add_file_growing(struct zcx_program *program, int fd, uint64_t offset,
		 uint64_t length)
{
	int ret = program_grow(program, 1);

	if (!ret)
		program_append(program, ZCX_SEGMENT_FILE, fd, offset, length,
			       0);
	return ret;
}

/**
 * zcx_program_add_file() - add a range of a file
 * @program: the program
 * @fd: open for reading; must stay open until the program has been sent
 * @offset: first byte of the range
 * @length: bytes, or ZCX_TO_EOF for all up to the end of the file
 *
 * The file's own offset is neither used nor changed. Whether @fd is a file
 * that can be sent is checked when the program is sent.
 *
 * Return: 0, or
 * * -EBADF - @fd is negative
 * * -EINVAL - @offset does not fit a file offset
 * * -EOVERFLOW - @offset + @length does not fit a file offset
 * * -E2BIG - the program has ZCX_MAX_SEGMENTS segments
 * * -ENOMEM - out of memory
 */
int zcx_program_add_file(struct zcx_program *program, int fd, uint64_t offset,
			 uint64_t length)
{
	if (fd < 0)
		return -EBADF;
	if (offset > INT64_MAX)
		return -EINVAL;
	if (length != ZCX_TO_EOF && length > INT64_MAX - offset)
		return -EOVERFLOW;
	if (program->count == program->capacity)
		return add_file_growing(program, fd, offset, length);
	program_append(program, ZCX_SEGMENT_FILE, fd, offset, length, 0);
	return 0;
}

/**
 * zcx_program_add_memory() - add bytes from memory
 * @program: the program
 * @buf: the bytes; they are not copied here and must stay as they are until
 *	the program has been sent
 * @len: how many; may be 0
 *
 * More than ZCX_MAX_MEMORY_SEGMENT bytes take several segments.
 *
 * Return: 0, or
 * * -E2BIG - the program would have more than ZCX_MAX_MEMORY_LINK bytes of
 *   memory or more than ZCX_MAX_SEGMENTS segments; it is unchanged
 * * -ENOMEM - out of memory; the program is unchanged
 */
int zcx_program_add_memory(struct zcx_program *program, const void *buf,
			   size_t len)
{
	const size_t most = ZCX_MAX_MEMORY_SEGMENT;
	const char *from = buf;
	int ret;

	if (len > ZCX_MAX_MEMORY_LINK - program->memory_bytes)
		return -E2BIG;
	ret = program_reserve(program, len ? (len + most - 1) / most : 1);
	if (ret)
		return ret;

	program->memory_bytes += len;
	do {
		size_t part = len < most ? len : most;

		program_append(program, ZCX_SEGMENT_MEMORY, 0, 0, part,
			       (uintptr_t)from);
		from += part;
		len -= part;
	} while (len);
	return 0;
}

/**
 * zcx_program_set_lane() - choose how file bytes are obtained
 * @program: the program
 * @lane: enum zcx_lane; a lane the module does not know is refused when the
 *	program is sent, so that an older library can name a newer lane
 *
 * Return: 0.
 */
int zcx_program_set_lane(struct zcx_program *program, uint32_t lane)
{
	program->lane = lane;
	return 0;
}

/**
 * zcx_program_set_direct_threshold() - choose which ranges go by direct I/O
 * @program: the program
 * @bytes: ZCX_LANE_AUTO sends the cold parts of a file range by direct I/O if the
 *	range has so many bytes or more; ZCX_DIRECT_NEVER: of no range; 0: of those
 *	that zcx_info.direct_threshold says
 *
 * A module without ZCX_FEATURE_LANE_DIRECT refuses a program with a threshold by
 * -E2BIG when it is sent.
 *
 * Return: 0.
 */
int zcx_program_set_direct_threshold(struct zcx_program *program,
				     uint64_t bytes)
{
	program->direct_threshold = bytes;
	return 0;
}

/**
 * zcx_program_set_user_data() - mark a program's links
 * @program: the program
 * @user_data: the caller's own; comes back in events, shows in the module's
 *	tracepoints
 *
 * Return: 0.
 */
int zcx_program_set_user_data(struct zcx_program *program, uint64_t user_data)
{
	program->user_data = user_data;
	return 0;
}
