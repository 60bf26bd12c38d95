// SPDX-License-Identifier: GPL-2.0
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "fake.h"

static struct fake *fake_of(const struct zcx_range *range)
{
	return container_of(range->lane, struct fake, lane);
}

/* Differs from its neighbours, and at the same place of the next page. */
u8 fake_byte(size_t n)
{
	return n * 7 + (n >> PAGE_SHIFT) * 13 + 1;
}

/* Where byte @pos of the file is in memory. */
static size_t fake_place(const struct fake *fake, loff_t pos)
{
	size_t page = pos >> PAGE_SHIFT;

	if (fake->scattered)
		page = page * 5 % FAKE_PAGES;
	return (page << PAGE_SHIFT) + offset_in_page(pos);
}

static ssize_t fake_fill(struct zcx_range *range, struct zcx_sglist *sgl,
			 size_t max, enum zcx_effort effort)
{
	struct fake *fake = fake_of(range);
	loff_t end = FAKE_PAGES * PAGE_SIZE;
	loff_t start = range->pos;

	if (effort < ZCX_EFFORT_WAIT) {
		end = min(end, READ_ONCE(fake->at_hand));
		if (fake->fill_shy || start >= end)
			return -EAGAIN;
	}
	if (++fake->fill_calls == fake->fill_fail_at || start == fake->fail_pos)
		return fake->fill_result;
	if (fake->fill_most)
		max = min(max, fake->fill_most);
	end = min(end, fake->fail_pos);
	max = min_t(loff_t, max, end - start);

	while (max) {
		size_t place = fake_place(fake, range->pos);
		struct page *page = fake->page + (place >> PAGE_SHIFT);
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

static int fake_fetch(struct zcx_range *range, loff_t pos, size_t max,
		      struct zcx_folio_wait *wait)
{
	struct fake *fake = fake_of(range);

	WRITE_ONCE(fake->fetch_calls, fake->fetch_calls + 1);
	fake->fetch_pos = pos;
	if (fake->fetch_gate)
		wait_for_completion(fake->fetch_gate);
	if (fake->fetch_result > 0) {
		struct page *page = fake->page + (pos >> PAGE_SHIFT);

		return zcx_folio_wait_start(wait, page_folio(page));
	}
	if (fake->fetch_result)
		return fake->fetch_result;
	if (fake->fetch_most)
		max = min(max, fake->fetch_most);
	WRITE_ONCE(fake->at_hand, pos + max);
	return 0;
}

static void fake_begin(struct zcx_range *range)
{
	fake_of(range)->begins++;
}

static void fake_end(struct zcx_range *range, u64 bytes)
{
	fake_of(range)->ends++;
}

static const struct zcx_lane_ops fake_lane = {
	.name	= "fake",
	.begin	= fake_begin,
	.fill	= fake_fill,
	.fetch	= fake_fetch,
	.end	= fake_end,
};

static void fake_take(struct fake *fake, struct zcx_sglist *sgl, size_t bytes)
{
	struct bio_vec *bv;

	for_each_zcx_sg(sgl, bv) {
		size_t n = min_t(size_t, bytes, bv->bv_len);

		/* The pages are lowmem and adjacent: one copy does for a run. */
		memcpy(fake->got + fake->nr_got, bvec_virt(bv), n);
		fake->nr_got += n;
		bytes -= n;
	}
}

static atomic_t fake_stamps;

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
	if (fake->metered)
		n = min_t(size_t, n, atomic_read(&fake->budget));
	if (!n || READ_ONCE(fake->full))
		return -EAGAIN;
	if (fake->metered)
		atomic_sub(n, &fake->budget);
	fake->more = more || n < sgl->bytes;
	fake->held = fake->more;
	fake->stamp = atomic_inc_return(&fake_stamps);
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
	struct fake *fake = container_of(sink, struct fake, sink);

	fake->flushes++;
	fake->needless += !fake->held;
	fake->held = false;
}

static bool fake_settled(struct zcx_sink *sink)
{
	struct fake *fake = container_of(sink, struct fake, sink);

	return ++fake->settled_calls > fake->unsettled;
}

static size_t fake_room(struct zcx_sink *sink)
{
	return container_of(sink, struct fake, sink)->room;
}

static size_t fake_grain(struct zcx_sink *sink)
{
	return container_of(sink, struct fake, sink)->grain;
}

static bool fake_watch(struct zcx_sink *sink, bool ack)
{
	struct fake *fake = container_of(sink, struct fake, sink);

	fake->watch_calls++;
	if (fake->metered && !ack)
		return !atomic_read(&fake->budget);
	return fake->watch_calls > fake->watch_now;
}

static int fake_acked(struct zcx_sink *sink, u64 *left)
{
	struct fake *fake = container_of(sink, struct fake, sink);

	*left = READ_ONCE(fake->left);
	return READ_ONCE(fake->acked);
}

static void fake_destroy(struct zcx_sink *sink)
{
	container_of(sink, struct fake, sink)->destroys++;
}

static const struct zcx_sink_ops fake_sink_ops = {
	.push		= fake_push,
	.wait		= fake_wait,
	.flush		= fake_flush,
	.settled	= fake_settled,
	.room		= fake_room,
	.grain		= fake_grain,
	.watch		= fake_watch,
	.acked		= fake_acked,
	.destroy	= fake_destroy,
};

/* Forget what happened, and all orders; memory and its contents stay. */
void fake_reset(struct fake *fake)
{
	struct fake fresh = {
		.page = fake->page,
		.got = fake->got,
		.sink.ops = &fake_sink_ops,
		.lane = fake_lane,
		.fail_pos = LLONG_MAX,
		.at_hand = LLONG_MAX,
		.room = SIZE_MAX,
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

/* What the sink has is the first @bytes bytes of the program, no more. */
void fake_expect_got(struct kunit *test, struct fake *fake, loff_t from,
		     loff_t length, size_t bytes)
{
	size_t n;

	KUNIT_ASSERT_EQ(test, fake->nr_got, bytes);
	for (n = 0; n < bytes; n++) {
		bool file = n >= FAKE_HEAD && n < FAKE_HEAD + length;
		size_t place = fake_place(fake, from + n - FAKE_HEAD);
		u8 want = file ? fake_byte(place) : 'm';

		if (fake->got[n] != want)
			KUNIT_FAIL_AND_ABORT(test, "byte %zu is %u and not %u",
					     n, fake->got[n], want);
	}
}

static struct zcx_range fake_memory(struct kunit *test, loff_t from,
				    loff_t bytes)
{
	struct zcx_range range = {
		.lane = &zcx_lane_memory, .start = from, .pos = from,
		.end = from + bytes, .nr_pages = 1,
		.page = alloc_page(GFP_KERNEL),
	};

	KUNIT_ASSERT_NOT_NULL(test, range.page);
	memset(page_address(range.page), 'm', PAGE_SIZE);
	return range;
}

/* A head of memory, bytes @from.. of the fake file, a tail of memory. */
void fake_program(struct kunit *test, struct fake *fake,
		  struct zcx_program *prog, loff_t from, loff_t length)
{
	prog->count = 3;
	prog->memory_bytes = FAKE_HEAD + FAKE_TAIL;
	prog->ranges = prog->few;
	prog->ranges[0] = fake_memory(test, 0, FAKE_HEAD);
	prog->ranges[1] = (struct zcx_range){
		.lane = &fake->lane, .start = from, .pos = from,
		.end = from + length };
	prog->ranges[2] = fake_memory(test, 700, FAKE_TAIL);
}

/* A link that runs by itself, with all it has, in one piece of memory. */
struct fake_request {
	struct zcx_live_link link;
	struct zcx_async async;
	struct zcx_program program;
};

static void fake_request_free(struct zcx_live_link *link)
{
	kfree(container_of(link, struct fake_request, link));
}

/*
 * A link of @fake's lane and sink that has not been started. One reference is
 * the caller's, one the context's. Or -errno, and nothing is held.
 */
int fake_try_link(struct kunit *test, struct fake *fake,
		  const struct fake_order *order, struct zcx_live_link **link)
{
	struct fake_request *made = kzalloc(sizeof(*made), GFP_KERNEL);
	struct zcx_limits limits = order->limits;
	struct zcx_link_parts parts = {
		.ctx = order->ctx, .sink = &fake->sink, .user_data = 42,
		.batch_bytes = order->batch ?: SZ_64K,
		.free = fake_request_free,
	};
	int err;

	KUNIT_ASSERT_NOT_NULL(test, made);
	fake_program(test, fake, &made->program, order->from, order->length);
	if (order->disk)
		made->program.ranges[1].disk = zcx_disk_hold(order->disk);
	fake->sink.key = order->key;
	if (!limits.deadline)
		limits.deadline = U64_MAX;
	zcx_async_attach(&made->async, &made->link, &limits, order->acked);
	parts.program = &made->program;
	parts.async = &made->async;
	parts.entries = zcx_program_entries(&made->program, parts.batch_bytes);
	err = zcx_link_init(&made->link, &parts, order->max_links ?: 100);
	if (err) {
		/* Refused: program and sink are still the caller's. */
		KUNIT_EXPECT_EQ(test, fake->destroys, 0);
		zcx_async_let_go(&made->async);
		zcx_program_destroy(&made->program);
		kfree(made);
		return err;
	}
	*link = &made->link;
	return 0;
}

/* A link that is only reserved, in memory of no known contents. Or -errno. */
int fake_reserve(struct kunit *test, struct fake *fake,
		 const struct fake_order *order, struct zcx_live_link **link)
{
	struct fake_request *made = kmalloc(sizeof(*made), GFP_KERNEL);
	struct zcx_link_parts parts = {
		.ctx = order->ctx, .sink = &fake->sink, .user_data = 42,
		.batch_bytes = order->batch ?: SZ_64K,
		.free = fake_request_free,
	};
	int err;

	KUNIT_ASSERT_NOT_NULL(test, made);
	memset(made, 0xa5, sizeof(*made));
	parts.program = &made->program;
	parts.async = &made->async;
	err = zcx_link_reserve(&made->link, &parts, FAKE_FILES,
			       order->max_links ?: 100);
	if (err)
		kfree(made);
	else
		*link = &made->link;
	return err;
}

/* What zcx_submit_reserved() does: the rest of what makes it a link. */
void fake_complete(struct kunit *test, struct fake *fake,
		   const struct fake_order *order, struct zcx_live_link *link)
{
	struct zcx_limits limits = order->limits;

	fake_program(test, fake, link->program, order->from, order->length);
	fake->sink.key = order->key;
	if (!limits.deadline)
		limits.deadline = U64_MAX;
	zcx_async_attach(link->async, link, &limits, order->acked);
	link->entries = zcx_program_entries(link->program, link->batch_bytes);
	KUNIT_ASSERT_EQ(test, 0, zcx_sglist_init(&link->sgl, link->entries,
						 GFP_KERNEL));
}

/* As if so many of the first bytes had been sent before there was a link. */
void fake_begin_without(struct fake *fake, struct zcx_program *prog,
			unsigned int bytes, u64 sent[ZCX_NR_TAGS])
{
	const struct zcx_range *file = &prog->ranges[1];
	loff_t length = file->end - file->start;
	unsigned int i;

	for (i = 0; i < bytes; i++)
		fake->got[i] = i >= FAKE_HEAD && i < FAKE_HEAD + length ?
			       fake_byte(file->start + i - FAKE_HEAD) : 'm';
	fake->nr_got = bytes;
	/* Who has taken a part waits for the rest. */
	fake->held = true;
	for (i = 0; i < prog->count; i++) {
		struct zcx_range *range = &prog->ranges[i];
		unsigned int n = min_t(u64, bytes, range->end - range->start);

		range->pos += n;
		sent[range->page ? ZCX_TAG_MEMORY : ZCX_TAG_CACHE] += n;
		bytes -= n;
	}
}

struct zcx_live_link *fake_link(struct kunit *test, struct fake *fake,
				const struct fake_order *order)
{
	struct zcx_live_link *link;

	KUNIT_ASSERT_EQ(test, 0, fake_try_link(test, fake, order, &link));
	return link;
}

/* A file of a filesystem on a device, as far as zcx_disk_get() looks at it. */
struct file *fake_file(struct kunit *test, struct backing_dev_info *bdi)
{
	struct {
		struct file file;
		struct inode inode;
		struct super_block sb;
	} *place = kunit_kzalloc(test, sizeof(*place), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, place);
	place->sb.s_bdi = bdi;
	place->inode.i_sb = &place->sb;
	place->file.f_inode = &place->inode;
	return &place->file;
}

static struct fake *fake_create(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->got = kunit_kzalloc(test, FAKE_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake->got);
	return fake;
}

/* Another world, with the same file in it. */
struct fake *fake_twin(struct kunit *test, struct fake *fake)
{
	struct fake *twin = fake_create(test);

	twin->page = fake->page;
	memcpy(twin->refs, fake->refs, sizeof(twin->refs));
	fake_reset(twin);
	return twin;
}

int fake_init(struct kunit *test)
{
	unsigned int order = ilog2(FAKE_PAGES);
	struct fake *fake = fake_create(test);
	size_t n;

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
