// SPDX-License-Identifier: GPL-2.0
/*
 * The real lanes, on tmpfs files: the right bytes, no bytes beyond the end,
 * and holes that stay holes.
 */
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>

#include "cache.h"
#include "fake.h"
#include "lane.h"

static struct file *make_file(struct kunit *test, loff_t size)
{
	struct file *file = shmem_file_setup("zcx-kunit", size, VM_NORESERVE);

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	return file;
}

/* fake_byte() at @pos and on; the file is as long as that afterwards. */
static void write_file(struct kunit *test, struct file *file, loff_t pos,
		       size_t length)
{
	u8 *bytes = kunit_kzalloc(test, length, GFP_KERNEL);
	size_t n;

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	for (n = 0; n < length; n++)
		bytes[n] = fake_byte(pos + n);
	KUNIT_ASSERT_EQ(test, (ssize_t)length,
			kernel_write(file, bytes, length, &pos));
}

static struct zcx_range range_of(const struct zcx_lane_ops *lane,
				 struct file *file, loff_t pos)
{
	struct zcx_range range = {
		.lane = lane, .file = file, .pos = pos, .start = pos,
		.end = LLONG_MAX, .to_eof = true,
	};

	if (lane->begin)
		lane->begin(&range);
	return range;
}

/* Fill until the end of the file, compare, and return how many bytes. */
static size_t read_all(struct kunit *test, struct zcx_range *range,
		       struct zcx_sglist *sgl, size_t max, loff_t data_from)
{
	size_t total = 0;

	for (;;) {
		loff_t pos = range->pos;
		ssize_t n = range->lane->fill(range, sgl, max, ZCX_EFFORT_WAIT);

		KUNIT_ASSERT_GE(test, n, 0);
		KUNIT_ASSERT_LE(test, n, max);
		KUNIT_ASSERT_EQ(test, sgl->bytes, n);
		KUNIT_ASSERT_EQ(test, range->pos, pos + n);
		if (!n)
			return total;
		total += n;
		for (; sgl->bytes; pos++) {
			u8 want = pos < data_from ? 0 : fake_byte(pos);

			KUNIT_ASSERT_EQ(test, *(u8 *)bvec_virt(sgl->first), want);
			zcx_sglist_advance(sgl, 1, NULL);
		}
	}
}

static const struct zcx_lane_ops * const both_lanes[] = {
	&zcx_lane_cache, &zcx_lane_splice,
};

static void lane_reads_what_was_written(struct kunit *test)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 50000 };
	unsigned int i, lane;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct file *file = make_file(test, 0);
		struct zcx_sglist sgl;

		KUNIT_ASSERT_EQ(test, 0, zcx_sglist_init(&sgl, 16, GFP_KERNEL));
		write_file(test, file, 0, sizes[i]);
		for (lane = 0; lane < ARRAY_SIZE(both_lanes); lane++) {
			struct zcx_range range =
				range_of(both_lanes[lane], file, 0);

			KUNIT_EXPECT_EQ(test, sizes[i],
					read_all(test, &range, &sgl, SZ_64K, 0));
		}
		zcx_sglist_destroy(&sgl);
		fput(file);
	}
}

/* PG_reclaim has the bit of PG_readahead. */
static void lane_marks_of_reclaim(struct kunit *test)
{
	struct file *file = make_file(test, 0);
	struct zcx_range range;
	struct zcx_sglist sgl;
	pgoff_t index;

	write_file(test, file, 0, 8 * PAGE_SIZE);
	for (index = 0; index < 8; index++) {
		struct folio *folio = filemap_get_folio(file->f_mapping, index);

		KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(folio));
		folio_set_reclaim(folio);
		folio_put(folio);
	}
	KUNIT_ASSERT_EQ(test, 0, zcx_sglist_init(&sgl, 8, GFP_KERNEL));
	range = range_of(&zcx_lane_cache, file, 0);
	KUNIT_EXPECT_EQ(test, (ssize_t)(8 * PAGE_SIZE),
			zcx_lane_cache.fill(&range, &sgl, SZ_64K,
					    ZCX_EFFORT_NONE));
	zcx_sglist_destroy(&sgl);
	fput(file);
}

static void lane_odd_offsets_and_little_room(struct kunit *test)
{
	struct file *file = make_file(test, 0);
	struct zcx_sglist sgl;
	unsigned int lane;
	loff_t pos;

	write_file(test, file, 0, 20000);
	/* One entry: every fill ends where adjacency does. */
	KUNIT_ASSERT_EQ(test, 0, zcx_sglist_init(&sgl, 1, GFP_KERNEL));
	for (lane = 0; lane < ARRAY_SIZE(both_lanes); lane++) {
		for (pos = 0; pos < 20000; pos += 1363) {
			struct zcx_range range =
				range_of(both_lanes[lane], file, pos);

			KUNIT_EXPECT_EQ(test, 20000 - pos,
					read_all(test, &range, &sgl, 5000, 0));
		}
	}
	zcx_sglist_destroy(&sgl);
	fput(file);
}

static void lane_offset_beyond_the_end(struct kunit *test)
{
	struct file *file = make_file(test, 5000);
	struct zcx_sglist sgl;
	unsigned int lane;

	KUNIT_ASSERT_EQ(test, 0, zcx_sglist_init(&sgl, 4, GFP_KERNEL));
	for (lane = 0; lane < ARRAY_SIZE(both_lanes); lane++) {
		struct zcx_range at = range_of(both_lanes[lane], file, 5000);
		struct zcx_range far = range_of(both_lanes[lane], file,
						1LL << 40);

		KUNIT_EXPECT_EQ(test, 0, at.lane->fill(&at, &sgl, 1, ZCX_EFFORT_WAIT));
		KUNIT_EXPECT_EQ(test, 0, far.lane->fill(&far, &sgl, 1, ZCX_EFFORT_WAIT));
	}
	zcx_sglist_destroy(&sgl);
	fput(file);
}

/* A hole is sent up to the end of the file, and allocates nothing in it. */
static void lane_hole_stays_a_hole(struct kunit *test)
{
	struct file *file = make_file(test, 3 * PAGE_SIZE + 77);
	struct inode *inode = file_inode(file);
	struct zcx_range range = range_of(&zcx_lane_cache, file, 10);
	struct zcx_sglist sgl;

	KUNIT_ASSERT_EQ(test, 0, zcx_sglist_init(&sgl, 8, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 3 * PAGE_SIZE + 67,
			read_all(test, &range, &sgl, SZ_64K, LLONG_MAX));
	KUNIT_EXPECT_EQ(test, inode->i_mapping->nrpages, 0);
	KUNIT_EXPECT_EQ(test, inode->i_blocks, 0);
	zcx_sglist_destroy(&sgl);
	fput(file);
}

static void lane_hole_before_data(struct kunit *test)
{
	const loff_t data = 2 * PAGE_SIZE + 100;
	struct file *file = make_file(test, 0);
	struct inode *inode = file_inode(file);
	unsigned long pages;
	struct zcx_range range;
	struct zcx_sglist sgl;

	KUNIT_ASSERT_EQ(test, 0, zcx_sglist_init(&sgl, 8, GFP_KERNEL));
	write_file(test, file, data, 5000);
	pages = inode->i_mapping->nrpages;
	range = range_of(&zcx_lane_cache, file, 0);
	KUNIT_EXPECT_EQ(test, data + 5000,
			read_all(test, &range, &sgl, SZ_64K, data));
	KUNIT_EXPECT_EQ(test, inode->i_mapping->nrpages, pages);
	zcx_sglist_destroy(&sgl);
	fput(file);
}

/* Whatever is asked for, a file's references are all given back. */
/* All of it or nothing, and every reference comes back. */
static void lane_collects_all_or_nothing(struct kunit *test)
{
	struct file *file = make_file(test, 0);
	struct bio_vec bv[6];
	unsigned int i, n;
	loff_t pos;

	/* Page 5 is a hole. */
	write_file(test, file, 0, 5 * PAGE_SIZE);
	write_file(test, file, 6 * PAGE_SIZE, 100);
	for (pos = 0; pos < 5 * PAGE_SIZE - 2000; pos += 777) {
		size_t left = 2000;

		n = zcx_cache_collect(file, pos, left, false, bv,
				      ARRAY_SIZE(bv));
		KUNIT_ASSERT_EQ(test, n, 1 + (pos % PAGE_SIZE + 2000 > PAGE_SIZE));
		for (i = 0; i < n; i++) {
			const u8 *from = page_address(bv[i].bv_page);

			KUNIT_EXPECT_EQ(test, from[bv[i].bv_offset],
					fake_byte(pos + 2000 - left));
			left -= bv[i].bv_len;
			put_page(bv[i].bv_page);
		}
		KUNIT_EXPECT_EQ(test, left, 0);
	}
	KUNIT_EXPECT_EQ(test, 5, zcx_cache_collect(file, 0, 5 * PAGE_SIZE,
						   false, bv, 5));
	for (i = 0; i < 5; i++)
		put_page(bv[i].bv_page);
	KUNIT_EXPECT_EQ(test, 0, zcx_cache_collect(file, 0, 5 * PAGE_SIZE,
						   false, bv, 4));
	KUNIT_EXPECT_EQ(test, 0, zcx_cache_collect(file, 4 * PAGE_SIZE,
						   PAGE_SIZE + 1, false, bv, 6));
	KUNIT_EXPECT_EQ(test, 0, zcx_cache_collect(file, 5 * PAGE_SIZE, 1,
						   false, bv, 6));
	fput(file);
}

/* A folio that is sent in several pieces is accessed once, by the first. */
static void lane_marks_a_folio_once(struct kunit *test)
{
	static const struct {
		loff_t start, pos;
		bool marks;
	} cases[] = {
		{ 0, 0, true }, { 100, 100, true }, { 0, 100, false },
		{ 50, 100, false }, { 0, PAGE_SIZE, true },
		{ 100, PAGE_SIZE, true }, { 0, PAGE_SIZE + 1, false },
	};
	struct file *file = make_file(test, 0);
	struct zcx_sglist sgl;
	unsigned int i;

	write_file(test, file, 0, 2 * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, zcx_sglist_init(&sgl, 8, GFP_KERNEL), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct zcx_range range =
			range_of(&zcx_lane_cache, file, cases[i].start);
		struct folio *folio = filemap_get_folio(file->f_mapping,
						cases[i].pos >> PAGE_SHIFT);

		KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(folio));
		folio_clear_referenced(folio);
		range.pos = cases[i].pos;
		KUNIT_EXPECT_EQ(test, 10, range.lane->fill(&range, &sgl, 10,
							   ZCX_EFFORT_NONE));
		KUNIT_EXPECT_EQ(test, folio_test_referenced(folio),
				cases[i].marks);
		zcx_sglist_advance(&sgl, sgl.bytes, NULL);
		folio_put(folio);
	}
	zcx_sglist_destroy(&sgl);
	fput(file);
}

/* tmpfs reads nothing ahead, and has holes: that is a link's business. */
static void lane_brings_nothing_of_tmpfs(struct kunit *test)
{
	struct file *file = make_file(test, 0);

	write_file(test, file, PAGE_SIZE, PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, zcx_cache_lacks(file, 0, 1));
	KUNIT_EXPECT_FALSE(test, zcx_cache_lacks(file, PAGE_SIZE, PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, zcx_cache_lacks(file, 2 * PAGE_SIZE, 1));
	fput(file);
}

static void lane_collects_to_the_end(struct kunit *test)
{
	loff_t end = 2 * PAGE_SIZE + 100;
	struct file *file = make_file(test, 0);
	struct bio_vec bv[4];
	struct folio *folio;
	int refs;

	write_file(test, file, 0, end);
	folio = filemap_get_folio(file->f_mapping, 2);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(folio));
	refs = folio_ref_count(folio);
	KUNIT_EXPECT_EQ(test, 1, zcx_cache_collect(file, end - 100, 100, true,
						   bv, 4));
	/* It was written to a moment ago. */
	folio_clear_referenced(folio);
	zcx_cache_accessed(bv, 0);
	KUNIT_EXPECT_FALSE(test, folio_test_referenced(folio));
	/* A part is enough: a link that sends the rest begins in its middle. */
	zcx_cache_accessed(bv, 1);
	KUNIT_EXPECT_TRUE(test, folio_test_referenced(folio));
	folio_clear_referenced(folio);
	zcx_cache_accessed(bv, 100);
	KUNIT_EXPECT_TRUE(test, folio_test_referenced(folio));
	KUNIT_EXPECT_PTR_EQ(test, page_folio(bv[0].bv_page), folio);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), refs + 1);
	KUNIT_EXPECT_PTR_EQ(test, (const struct bio_vec *)bv + 1,
			    zcx_cache_recheck(file, end - 100, 100, true, bv));
	KUNIT_EXPECT_PTR_EQ(test, (const struct bio_vec *)bv + 1,
			    zcx_cache_recheck(file, end - 101, 100, false, bv));
	KUNIT_EXPECT_NULL(test, zcx_cache_recheck(file, end - 101, 100, true,
						  bv));
	KUNIT_EXPECT_NULL(test, zcx_cache_recheck(file, end - 99, 100, false,
						  bv));
	put_page(bv[0].bv_page);
	/* More than there is; and less, where all was meant. */
	KUNIT_EXPECT_EQ(test, 0, zcx_cache_collect(file, end - 100, 101, false,
						   bv, 4));
	KUNIT_EXPECT_EQ(test, 0, zcx_cache_collect(file, end - 100, 99, true,
						   bv, 4));
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), refs);
	folio_put(folio);
	fput(file);
}

static void lane_gives_folios_back(struct kunit *test)
{
	struct file *file = make_file(test, 0);
	struct zcx_range range;
	struct zcx_sglist sgl;
	struct folio *folio;
	int refs;

	write_file(test, file, 0, 40000);
	folio = filemap_get_folio(file->f_mapping, 3);
	KUNIT_ASSERT_FALSE(test, IS_ERR(folio));
	refs = folio_ref_count(folio);

	KUNIT_ASSERT_EQ(test, 0, zcx_sglist_init(&sgl, 3, GFP_KERNEL));
	range = range_of(&zcx_lane_cache, file, 0);
	KUNIT_EXPECT_GT(test, range.lane->fill(&range, &sgl, SZ_64K, ZCX_EFFORT_WAIT), 0);
	zcx_sglist_destroy(&sgl);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), refs);
	folio_put(folio);
	fput(file);
}

static struct kunit_case lane_cases[] = {
	KUNIT_CASE(lane_reads_what_was_written),
	KUNIT_CASE(lane_marks_of_reclaim),
	KUNIT_CASE(lane_odd_offsets_and_little_room),
	KUNIT_CASE(lane_offset_beyond_the_end),
	KUNIT_CASE(lane_hole_stays_a_hole),
	KUNIT_CASE(lane_hole_before_data),
	KUNIT_CASE(lane_gives_folios_back),
	KUNIT_CASE(lane_collects_all_or_nothing),
	KUNIT_CASE(lane_marks_a_folio_once),
	KUNIT_CASE(lane_collects_to_the_end),
	KUNIT_CASE(lane_brings_nothing_of_tmpfs),
	{}
};

static struct kunit_suite lane_suite = {
	.name		= "zcx-lane",
	.test_cases	= lane_cases,
};
kunit_test_suite(lane_suite);
