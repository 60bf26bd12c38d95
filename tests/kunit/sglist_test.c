// SPDX-License-Identifier: GPL-2.0
/*
 * The scatter list: what merges, what does not, and who holds which reference.
 */
#include <kunit/test.h>
#include <linux/mm.h>

#include "fake.h"
#include "sglist.h"

static int add(struct zcx_sglist *sgl, struct page *page, unsigned int offset,
	       unsigned int length, enum zcx_tag tag)
{
	int err;

	get_page(page);
	err = zcx_sglist_append(sgl, page, offset, length, tag);
	if (err)
		put_page(page);
	return err;
}

static void sglist_adjacent_folios_merge(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct zcx_sglist sgl;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, zcx_sglist_init(&sgl, 8, GFP_KERNEL), 0);
	for (i = 0; i < FAKE_PAGES; i++)
		KUNIT_EXPECT_EQ(test, 0, add(&sgl, fake->page + i, 0, PAGE_SIZE,
					     ZCX_TAG_CACHE));
	KUNIT_EXPECT_EQ(test, zcx_sglist_entries(&sgl), 1);
	KUNIT_EXPECT_EQ(test, sgl.bytes, FAKE_PAGES * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, sgl.first->bv_len, FAKE_PAGES * PAGE_SIZE);
	/* One reference each: they are folios of their own. */
	for (i = 0; i < FAKE_PAGES; i++)
		KUNIT_EXPECT_EQ(test, page_count(fake->page + i),
				fake->refs[i] + 1);
	zcx_sglist_destroy(&sgl);
	fake_expect_refs(test, fake);
}

static void sglist_one_folio_holds_one_reference(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct zcx_sglist sgl;

	KUNIT_ASSERT_EQ(test, zcx_sglist_init(&sgl, 8, GFP_KERNEL), 0);
	add(&sgl, fake->page, 0, 100, ZCX_TAG_CACHE);
	add(&sgl, fake->page, 100, 50, ZCX_TAG_CACHE);
	add(&sgl, fake->page, 150, 1, ZCX_TAG_CACHE);
	KUNIT_EXPECT_EQ(test, zcx_sglist_entries(&sgl), 1);
	KUNIT_EXPECT_EQ(test, sgl.bytes, 151);
	KUNIT_EXPECT_EQ(test, page_count(fake->page), fake->refs[0] + 1);
	zcx_sglist_destroy(&sgl);
	fake_expect_refs(test, fake);
}

/* Packets have taken over the first; the list drops the others' references. */
static void sglist_given_is_not_dropped(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct zcx_sglist sgl;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, zcx_sglist_init(&sgl, 8, GFP_KERNEL), 0);
	for (i = 0; i < 4; i++)
		add(&sgl, fake->page + i, 0, PAGE_SIZE, ZCX_TAG_CACHE);
	zcx_sglist_give(&sgl, PAGE_SIZE + 10);
	zcx_sglist_advance(&sgl, 2 * PAGE_SIZE + 20, NULL);
	KUNIT_EXPECT_EQ(test, sgl.given, 0);
	KUNIT_EXPECT_EQ(test, sgl.bytes, 2 * PAGE_SIZE - 20);
	KUNIT_EXPECT_EQ(test, sgl.first->bv_offset, 20);
	KUNIT_EXPECT_PTR_EQ(test, sgl.first->bv_page, fake->page + 2);
	KUNIT_EXPECT_EQ(test, page_count(fake->page), fake->refs[0] + 1);
	KUNIT_EXPECT_EQ(test, page_count(fake->page + 1), fake->refs[1]);
	KUNIT_EXPECT_EQ(test, page_count(fake->page + 2), fake->refs[2] + 1);
	put_page(fake->page);
	zcx_sglist_destroy(&sgl);
	fake_expect_refs(test, fake);
}

static void sglist_what_does_not_merge(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct zcx_sglist sgl;

	KUNIT_ASSERT_EQ(test, zcx_sglist_init(&sgl, 8, GFP_KERNEL), 0);
	/* a gap, going backwards, another tag, the same bytes once more */
	add(&sgl, fake->page, 0, 100, ZCX_TAG_CACHE);
	add(&sgl, fake->page, 101, 10, ZCX_TAG_CACHE);
	add(&sgl, fake->page, 0, 10, ZCX_TAG_CACHE);
	add(&sgl, fake->page, 10, 10, ZCX_TAG_MEMORY);
	add(&sgl, fake->page, 10, 10, ZCX_TAG_MEMORY);
	KUNIT_EXPECT_EQ(test, zcx_sglist_entries(&sgl), 5);
	KUNIT_EXPECT_EQ(test, page_count(fake->page), fake->refs[0] + 5);
	zcx_sglist_destroy(&sgl);
	fake_expect_refs(test, fake);
}

static void sglist_full_list_refuses(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct zcx_sglist sgl;

	KUNIT_ASSERT_EQ(test, zcx_sglist_init(&sgl, 2, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, zcx_sglist_room(&sgl), 2);
	KUNIT_EXPECT_EQ(test, 0, add(&sgl, fake->page, 0, 10, ZCX_TAG_CACHE));
	KUNIT_EXPECT_EQ(test, 0, add(&sgl, fake->page, 20, 10, ZCX_TAG_CACHE));
	KUNIT_EXPECT_EQ(test, zcx_sglist_room(&sgl), 0);
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			add(&sgl, fake->page, 40, 10, ZCX_TAG_CACHE));
	/* Merging needs no entry. */
	KUNIT_EXPECT_EQ(test, 0, add(&sgl, fake->page, 30, 10, ZCX_TAG_CACHE));
	KUNIT_EXPECT_EQ(test, sgl.bytes, 30);

	/* Room comes back when the list is empty, not before. */
	zcx_sglist_advance(&sgl, 10, NULL);
	KUNIT_EXPECT_EQ(test, zcx_sglist_room(&sgl), 0);
	zcx_sglist_advance(&sgl, 20, NULL);
	KUNIT_EXPECT_EQ(test, zcx_sglist_room(&sgl), 2);
	KUNIT_EXPECT_EQ(test, 0, add(&sgl, fake->page, 40, 10, ZCX_TAG_CACHE));
	zcx_sglist_destroy(&sgl);
	fake_expect_refs(test, fake);
}

#define RUN	4	/* folios in a run that is taken apart */

/* References that a run over RUN folios still holds once @gone bytes are taken. */
static void expect_left(struct kunit *test, struct fake *fake, size_t start,
			size_t gone)
{
	unsigned int i;

	for (i = 0; i < RUN; i++) {
		bool over = start + gone >= (i + 1) * PAGE_SIZE;

		KUNIT_EXPECT_EQ(test, page_count(fake->page + i),
				fake->refs[i] + !over);
	}
}

static void sglist_advance_drops_what_is_passed(struct kunit *test)
{
	static const size_t steps[] = { 1, 2, 7, 511, 4095, 4096, 4097, 8192 };
	struct fake *fake = test->priv;
	const size_t start = 5, total = RUN * PAGE_SIZE - start;
	unsigned int s, i;

	for (s = 0; s < ARRAY_SIZE(steps); s++) {
		u64 by_tag[ZCX_NR_TAGS] = { };
		struct zcx_sglist sgl;
		size_t gone = 0;

		KUNIT_ASSERT_EQ(test, zcx_sglist_init(&sgl, 8, GFP_KERNEL), 0);
		add(&sgl, fake->page, start, PAGE_SIZE - start, ZCX_TAG_CACHE);
		for (i = 1; i < RUN; i++)
			add(&sgl, fake->page + i, 0, PAGE_SIZE, ZCX_TAG_CACHE);

		while (gone < total) {
			size_t step = min(steps[s], total - gone);

			zcx_sglist_advance(&sgl, step, by_tag);
			gone += step;
			KUNIT_ASSERT_EQ(test, sgl.bytes, total - gone);
			if (sgl.bytes)
				KUNIT_ASSERT_EQ(test, *(u8 *)bvec_virt(sgl.first),
						fake_byte(start + gone));
			expect_left(test, fake, start, gone);
		}
		KUNIT_EXPECT_EQ(test, by_tag[ZCX_TAG_CACHE], total);
		zcx_sglist_destroy(&sgl);
		fake_expect_refs(test, fake);
	}
}

static void sglist_advance_counts_by_tag(struct kunit *test)
{
	struct fake *fake = test->priv;
	u64 by_tag[ZCX_NR_TAGS] = { };
	struct zcx_sglist sgl;

	KUNIT_ASSERT_EQ(test, zcx_sglist_init(&sgl, 8, GFP_KERNEL), 0);
	add(&sgl, fake->page, 0, 10, ZCX_TAG_MEMORY);
	add(&sgl, fake->page, 10, 20, ZCX_TAG_CACHE);
	add(&sgl, fake->page, 30, 40, ZCX_TAG_SPLICE);
	zcx_sglist_advance(&sgl, 15, by_tag);
	KUNIT_EXPECT_EQ(test, by_tag[ZCX_TAG_MEMORY], 10);
	KUNIT_EXPECT_EQ(test, by_tag[ZCX_TAG_CACHE], 5);
	zcx_sglist_advance(&sgl, 55, by_tag);
	KUNIT_EXPECT_EQ(test, by_tag[ZCX_TAG_CACHE], 20);
	KUNIT_EXPECT_EQ(test, by_tag[ZCX_TAG_SPLICE], 40);
	zcx_sglist_destroy(&sgl);
	fake_expect_refs(test, fake);
}

static void sglist_large_folio_is_one_entry(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct zcx_sglist sgl;
	struct folio *folio;
	int refs;

	folio = folio_alloc(GFP_KERNEL | __GFP_COMP, 4);
	KUNIT_ASSERT_NOT_NULL(test, folio);
	refs = folio_ref_count(folio);
	KUNIT_ASSERT_EQ(test, zcx_sglist_init(&sgl, 4, GFP_KERNEL), 0);

	add(&sgl, folio_page(folio, 1), 3, 14 * PAGE_SIZE, ZCX_TAG_CACHE);
	add(&sgl, folio_page(folio, 15), 3, PAGE_SIZE - 3, ZCX_TAG_CACHE);
	KUNIT_EXPECT_EQ(test, zcx_sglist_entries(&sgl), 1);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), refs + 1);

	zcx_sglist_advance(&sgl, 14 * PAGE_SIZE, NULL);
	KUNIT_EXPECT_PTR_EQ(test, sgl.first->bv_page, folio_page(folio, 15));
	KUNIT_EXPECT_EQ(test, sgl.first->bv_offset, 3);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), refs + 1);
	zcx_sglist_advance(&sgl, PAGE_SIZE - 3, NULL);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), refs);

	/* From the back: to the run's first byte, which is not the folio's. */
	add(&sgl, folio_page(folio, 1), 3, 14 * PAGE_SIZE, ZCX_TAG_CACHE);
	zcx_sglist_trim(&sgl, 14 * PAGE_SIZE - 1);
	KUNIT_EXPECT_EQ(test, sgl.first->bv_len, 1);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), refs + 1);
	zcx_sglist_trim(&sgl, 1);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), refs);

	/* Stopping inside the folio, at the end of the run, drops it as well. */
	add(&sgl, folio_page(folio, 2), 0, 100, ZCX_TAG_CACHE);
	zcx_sglist_advance(&sgl, 100, NULL);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), refs);

	zcx_sglist_destroy(&sgl);
	folio_put(folio);
	fake_expect_refs(test, fake);
}

/* A list of @entries entries: walk, fill and empty one. */
static void fill_and_empty(struct kunit *test, unsigned int entries)
{
	struct fake *fake = test->priv;
	struct bio_vec *bv;
	struct zcx_sglist sgl;
	unsigned int i, round;

	KUNIT_ASSERT_EQ(test, zcx_sglist_init(&sgl, entries, GFP_KERNEL), 0);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < entries; i++)
			KUNIT_ASSERT_EQ(test, 0, add(&sgl, fake->page, 2 * i, 1,
						     i % ZCX_NR_TAGS));
		KUNIT_EXPECT_EQ(test, zcx_sglist_room(&sgl), 0);
		KUNIT_ASSERT_EQ(test, add(&sgl, fake->page, 0, 1, 0), -ENOSPC);
		i = 0;
		for_each_zcx_sg(&sgl, bv)
			KUNIT_ASSERT_EQ(test, bv->bv_offset, 2 * i++);
		KUNIT_ASSERT_EQ(test, i, entries);
		for (i = 0; i < entries; i++) {
			KUNIT_ASSERT_EQ(test, sgl.first->bv_offset, 2 * i);
			zcx_sglist_advance(&sgl, 1, NULL);
		}
		KUNIT_EXPECT_EQ(test, zcx_sglist_room(&sgl), entries);
	}
	zcx_sglist_destroy(&sgl);
	fake_expect_refs(test, fake);
}

/* Short lists have their entries inside, long ones are allocated. */
static void sglist_of_any_length(struct kunit *test)
{
	fill_and_empty(test, 1);
	fill_and_empty(test, ZCX_SGLIST_FEW);
	fill_and_empty(test, ZCX_SGLIST_FEW + 1);
	fill_and_empty(test, 3 * PAGE_SIZE / sizeof(struct bio_vec) + 1);
}

/* From the back as from the front: what is not touched any more is let go of. */
static void sglist_trim_drops_what_is_passed(struct kunit *test)
{
	static const size_t steps[] = { 1, 7, 511, 4095, 4096, 4097, 8192 };
	struct fake *fake = test->priv;
	const size_t start = 5, total = RUN * PAGE_SIZE - start;
	unsigned int s, i;

	for (s = 0; s < ARRAY_SIZE(steps); s++) {
		struct zcx_sglist sgl;
		size_t left = total;

		KUNIT_ASSERT_EQ(test, zcx_sglist_init(&sgl, 8, GFP_KERNEL), 0);
		add(&sgl, fake->page, start, PAGE_SIZE - start, ZCX_TAG_CACHE);
		for (i = 1; i < RUN; i++)
			add(&sgl, fake->page + i, 0, PAGE_SIZE, ZCX_TAG_CACHE);

		while (left) {
			size_t step = min(steps[s], left);

			zcx_sglist_trim(&sgl, step);
			left -= step;
			KUNIT_ASSERT_EQ(test, sgl.bytes, left);
			for (i = 0; i < RUN; i++) {
				size_t begins = i ? i * PAGE_SIZE - start : 0;

				KUNIT_ASSERT_EQ(test,
						page_count(fake->page + i),
						fake->refs[i] + (left > begins));
			}
		}
		zcx_sglist_destroy(&sgl);
		fake_expect_refs(test, fake);
	}
}

/* Across entries; and what is appended then goes on from the new end. */
static void sglist_trim_then_append(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct zcx_sglist sgl;

	KUNIT_ASSERT_EQ(test, zcx_sglist_init(&sgl, 8, GFP_KERNEL), 0);
	add(&sgl, fake->page, 0, 100, ZCX_TAG_CACHE);
	add(&sgl, fake->page + 2, 0, 100, ZCX_TAG_CACHE);
	add(&sgl, fake->page + 4, 0, 100, ZCX_TAG_CACHE);
	zcx_sglist_trim(&sgl, 160);
	KUNIT_EXPECT_EQ(test, zcx_sglist_entries(&sgl), 2);
	KUNIT_EXPECT_EQ(test, zcx_sglist_room(&sgl), 6);
	KUNIT_EXPECT_EQ(test, page_count(fake->page + 4), fake->refs[4]);

	/* The old end is no end any more, the new one is. */
	add(&sgl, fake->page + 4, 100, 10, ZCX_TAG_CACHE);
	KUNIT_EXPECT_EQ(test, zcx_sglist_entries(&sgl), 3);
	zcx_sglist_trim(&sgl, 10);
	add(&sgl, fake->page + 2, 40, 10, ZCX_TAG_CACHE);
	KUNIT_EXPECT_EQ(test, zcx_sglist_entries(&sgl), 2);
	KUNIT_EXPECT_EQ(test, sgl.bytes, 150);

	/* What has been taken off the front stays off. */
	zcx_sglist_advance(&sgl, 110, NULL);
	zcx_sglist_trim(&sgl, 15);
	KUNIT_EXPECT_EQ(test, sgl.first->bv_offset, 10);
	KUNIT_EXPECT_EQ(test, sgl.first->bv_len, 25);
	zcx_sglist_trim(&sgl, 25);
	KUNIT_EXPECT_EQ(test, zcx_sglist_room(&sgl), 8);
	zcx_sglist_destroy(&sgl);
	fake_expect_refs(test, fake);
}

static struct kunit_case sglist_cases[] = {
	KUNIT_CASE(sglist_adjacent_folios_merge),
	KUNIT_CASE(sglist_one_folio_holds_one_reference),
	KUNIT_CASE(sglist_given_is_not_dropped),
	KUNIT_CASE(sglist_what_does_not_merge),
	KUNIT_CASE(sglist_full_list_refuses),
	KUNIT_CASE(sglist_advance_drops_what_is_passed),
	KUNIT_CASE(sglist_advance_counts_by_tag),
	KUNIT_CASE(sglist_large_folio_is_one_entry),
	KUNIT_CASE(sglist_of_any_length),
	KUNIT_CASE(sglist_trim_drops_what_is_passed),
	KUNIT_CASE(sglist_trim_then_append),
	{}
};

static struct kunit_suite sglist_suite = {
	.name		= "zcx-sglist",
	.init		= fake_init,
	.exit		= fake_exit,
	.test_cases	= sglist_cases,
};
kunit_test_suite(sglist_suite);
