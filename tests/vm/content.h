/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes that can be told apart: each is a function of a seed and its offset,
 * so that a receiver can check them without a copy of the file.
 */
#ifndef CONTENT_H
#define CONTENT_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of content @seed from @offset on. */
void content_fill(uint64_t seed, uint64_t offset, void *buf, size_t length);

/* A seed that no other call of this process returned. */
uint64_t content_seed(void);

/* The next number of a sequence that @state alone decides. */
uint64_t content_random(uint64_t *state);

/* First index at which @a and @b differ, or @length. */
size_t content_diff(const void *a, const void *b, size_t length);

#endif /* CONTENT_H */
