// SPDX-License-Identifier: GPL-2.0
#include <stdatomic.h>
#include <string.h>

#include "content.h"

static uint64_t content_mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	return x ^ (x >> 29);
}

static uint64_t content_word(uint64_t seed, uint64_t index)
{
	return content_mix((index + 1) * 0x9e3779b97f4a7c15ULL ^ seed);
}

static size_t content_part(uint64_t seed, uint64_t offset, uint8_t *buf,
			   size_t length)
{
	uint64_t word = content_word(seed, offset / sizeof(word));
	size_t skip = offset % sizeof(word);
	size_t n = sizeof(word) - skip;

	if (n > length)
		n = length;
	memcpy(buf, (uint8_t *)&word + skip, n);
	return n;
}

void content_fill(uint64_t seed, uint64_t offset, void *buf, size_t length)
{
	uint8_t *out = buf;
	size_t n;

	if (offset % sizeof(uint64_t) && length) {
		n = content_part(seed, offset, out, length);
		out += n;
		offset += n;
		length -= n;
	}
	for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t)) {
		uint64_t word = content_word(seed, offset / sizeof(word));

		memcpy(out, &word, sizeof(word));
		out += sizeof(word);
		offset += sizeof(word);
	}
	if (length)
		content_part(seed, offset, out, length);
}

uint64_t content_seed(void)
{
	static _Atomic uint64_t next = 1;

	return content_mix(atomic_fetch_add(&next, 1) * 0xbf58476d1ce4e5b9ULL);
}

uint64_t content_random(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15ULL;
	return content_mix(content_mix(*state) + 0x94d049bb133111ebULL);
}

size_t content_diff(const void *a, const void *b, size_t length)
{
	const uint8_t *x = a, *y = b;
	size_t i = 0;

	if (!memcmp(a, b, length))
		return length;
	while (i < length && x[i] == y[i])
		i++;
	return i;
}
