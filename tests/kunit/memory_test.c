// SPDX-License-Identifier: GPL-2.0
/*
 * Small pieces of memory: they do not overlap while anybody holds one, and the
 * page is used again when nobody does.
 */
#include <kunit/test.h>
#include <linux/mm.h>

#include "memory.h"

#define PIECES	64

static void memory_pieces_do_not_overlap(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 300, 2047, 2048, 4095, 4096 };
	struct page *page[PIECES];
	unsigned int offset[PIECES], n, i;
	struct zcx_memory memory;

	zcx_memory_init(&memory);
	for (n = 0; n < PIECES; n++) {
		unsigned int size = sizes[n * 5 % ARRAY_SIZE(sizes)];

		page[n] = zcx_memory_take(&memory, size, &offset[n]);
		KUNIT_ASSERT_NOT_NULL(test, page[n]);
		KUNIT_ASSERT_LE(test, offset[n] + size, PAGE_SIZE);
		memset(page_address(page[n]) + offset[n], n, size);
	}
	for (n = 0; n < PIECES; n++) {
		const u8 *bytes = page_address(page[n]) + offset[n];

		for (i = 0; i < sizes[n * 5 % ARRAY_SIZE(sizes)]; i++)
			KUNIT_ASSERT_EQ(test, bytes[i], n);
	}
	for (n = 0; n < PIECES; n++)
		put_page(page[n]);
	zcx_memory_destroy(&memory);
}

static void memory_page_is_used_again(struct kunit *test)
{
	struct page *first, *page, *held;
	struct zcx_memory memory;
	unsigned int offset, n;

	zcx_memory_init(&memory);
	first = zcx_memory_take(&memory, 1000, &offset);
	KUNIT_ASSERT_NOT_NULL(test, first);
	put_page(first);
	for (n = 0; n < 20; n++) {
		page = zcx_memory_take(&memory, 1000, &offset);
		KUNIT_ASSERT_PTR_EQ(test, page, first);
		KUNIT_ASSERT_EQ(test, offset, 0);
		put_page(page);
	}
	/* Not while a piece of it is held. */
	held = zcx_memory_take(&memory, 3000, &offset);
	page = zcx_memory_take(&memory, 1000, &offset);
	KUNIT_EXPECT_PTR_EQ(test, page, first);
	KUNIT_EXPECT_EQ(test, offset, 3000);
	put_page(page);
	page = zcx_memory_take(&memory, 1000, &offset);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_PTR_NE(test, page, first);
	put_page(page);
	put_page(held);
	zcx_memory_destroy(&memory);
}

/* A piece outlives the store that it was taken from. */
static void memory_outlives_its_store(struct kunit *test)
{
	struct zcx_memory memory;
	unsigned int offset;
	struct page *page;

	zcx_memory_init(&memory);
	page = zcx_memory_take(&memory, 100, &offset);
	KUNIT_ASSERT_NOT_NULL(test, page);
	zcx_memory_destroy(&memory);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	put_page(page);

	/* A whole page is nobody else's. */
	zcx_memory_init(&memory);
	page = zcx_memory_take(&memory, PAGE_SIZE, &offset);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_PTR_EQ(test, memory.page, NULL);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	put_page(page);
	zcx_memory_destroy(&memory);
}

static struct kunit_case memory_cases[] = {
	KUNIT_CASE(memory_pieces_do_not_overlap),
	KUNIT_CASE(memory_page_is_used_again),
	KUNIT_CASE(memory_outlives_its_store),
	{}
};

static struct kunit_suite memory_suite = {
	.name		= "zcx-memory",
	.test_cases	= memory_cases,
};
kunit_test_suite(memory_suite);
