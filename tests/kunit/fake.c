// SPDX-License-Identifier: GPL-2.0
#include <kunit/test-bug.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "fake.h"

static struct fake *fake_current(void)
{
	return kunit_get_current_test()->priv;
}

/* Differs from its neighbours, and at the same place of the next page. */
u8 fake_byte(size_t n)
{
	return n * 7 + (n >> PAGE_SHIFT) * 13 + 1;
}

static ssize_t fake_fill(struct zcx_range *range, struct zcx_sglist *sgl,
			 size_t max, enum zcx_effort effort)
{
	struct fake *fake = fake_current();
	loff_t start = range->pos;

	if (fake->fill_shy && effort < ZCX_EFFORT_WAIT)
		return -EAGAIN;
	if (++fake->fill_calls == fake->fill_fail_at)
		return fake->fill_result;
	if (fake->fill_most)
		max = min(max, fake->fill_most);

	while (max && range->pos < FAKE_PAGES * PAGE_SIZE) {
		struct page *page = fake->page + (range->pos >> PAGE_SHIFT);
		unsigned int offset = offset_in_page(range->pos);
		unsigned int length = min_t(size_t, max, PAGE_SIZE - offset);

		get_page(page);
		if (zcx_sglist_append(sgl, page, offset, length,
				      ZCX_TAG_CACHE)) {
			put_page(page);
			break;
		}
		range->pos += length;
		max -= length;
	}
	return range->pos - start;
}

static void fake_begin(struct zcx_range *range)
{
	fake_current()->begins++;
}

static void fake_end(struct zcx_range *range, u64 bytes)
{
	fake_current()->ends++;
}

const struct zcx_lane_ops fake_lane = {
	.name	= "fake",
	.tag	= ZCX_TAG_CACHE,
	.begin	= fake_begin,
	.fill	= fake_fill,
	.end	= fake_end,
};

static void fake_take(struct fake *fake, struct zcx_sglist *sgl, size_t bytes)
{
	struct scatterlist *sg;

	for_each_zcx_sg(sgl, sg) {
		size_t n = min_t(size_t, bytes, sg->length);

		/* The pages are lowmem and adjacent: one copy does for a run. */
		memcpy(fake->got + fake->nr_got, sg_virt(sg), n);
		fake->nr_got += n;
		bytes -= n;
	}
}

static ssize_t fake_push(struct zcx_sink *sink, struct zcx_sglist *sgl,
			 bool more)
{
	struct fake *fake = container_of(sink, struct fake, sink);
	size_t n = sgl->bytes;

	if (++fake->push_calls == fake->push_fail_at)
		return fake->push_result;
	if (fake->push_calls <= fake->nr_take)
		n = min(n, fake->take[fake->push_calls - 1]);
	if (fake->take_most)
		n = min(n, fake->take_most);
	if (!n)
		return -EAGAIN;
	fake->more = more || n < sgl->bytes;
	fake_take(fake, sgl, n);
	sink->copied = fake->copies ? n : 0;
	return n;
}

static int fake_wait(struct zcx_sink *sink)
{
	struct fake *fake = container_of(sink, struct fake, sink);

	if (++fake->wait_calls == fake->wait_fail_at)
		return fake->wait_result;
	return 0;
}

static void fake_flush(struct zcx_sink *sink)
{
	container_of(sink, struct fake, sink)->flushes++;
}

static void fake_destroy(struct zcx_sink *sink)
{
	container_of(sink, struct fake, sink)->destroys++;
}

static const struct zcx_sink_ops fake_sink_ops = {
	.push		= fake_push,
	.wait		= fake_wait,
	.flush		= fake_flush,
	.destroy	= fake_destroy,
};

/* Forget what happened, and all orders; memory and its contents stay. */
void fake_reset(struct fake *fake)
{
	struct fake fresh = {
		.page = fake->page,
		.got = fake->got,
		.sink.ops = &fake_sink_ops,
	};

	memcpy(fresh.refs, fake->refs, sizeof(fresh.refs));
	*fake = fresh;
}

/* Every reference that was taken on the lane's pages has been dropped. */
void fake_expect_refs(struct kunit *test, struct fake *fake)
{
	unsigned int i;

	for (i = 0; i < FAKE_PAGES; i++)
		KUNIT_EXPECT_EQ(test, page_count(fake->page + i),
				fake->refs[i]);
}

int fake_init(struct kunit *test)
{
	unsigned int order = ilog2(FAKE_PAGES);
	struct fake *fake;
	size_t n;

	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->got = kunit_kzalloc(test, FAKE_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake->got);
	fake->page = alloc_pages(GFP_KERNEL, order);
	KUNIT_ASSERT_NOT_NULL(test, fake->page);
	split_page(fake->page, order);

	for (n = 0; n < FAKE_PAGES * PAGE_SIZE; n++)
		((u8 *)page_address(fake->page))[n] = fake_byte(n);
	for (n = 0; n < FAKE_PAGES; n++)
		fake->refs[n] = page_count(fake->page + n);
	fake_reset(fake);
	test->priv = fake;
	return 0;
}

void fake_exit(struct kunit *test)
{
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = 0; i < FAKE_PAGES; i++)
		put_page(fake->page + i);
}
