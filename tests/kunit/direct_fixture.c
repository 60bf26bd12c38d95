// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/uio.h>

#include "buffers.h"
#include "buffers_fixture.h"
#include "direct.h"
#include "direct_fixture.h"
#include "param_fixture.h"

/* What the file has at the beginning of a page, and memory has not by chance. */
static u64 mark_at(loff_t pos)
{
	return (u64)pos ^ 0x5a43580000000000ULL;
}

static ssize_t platter_bytes(const struct platter *platter,
			     const struct platter_read *read)
{
	return clamp_t(loff_t, platter->size - read->pos, 0, read->length);
}

static void platter_fill(const struct platter_read *read, ssize_t bytes)
{
	ssize_t n;

	for (n = 0; n < bytes; n += PAGE_SIZE)
		*(u64 *)(page_address(read->page) + n) =
			mark_at(read->pos + n);
}

static struct platter_read *platter_note(struct platter *platter,
					 struct kiocb *iocb,
					 const struct iov_iter *iter)
{
	struct platter_read *read;
	unsigned long flags;

	spin_lock_irqsave(&platter->lock, flags);
	read = &platter->reads[platter->count++ % PLATTER_READS];
	*read = (struct platter_read){
		.iocb = iocb,
		.page = iter->bvec->bv_page,
		.pos = iocb->ki_pos,
		.length = iov_iter_count(iter),
		.flags = iocb->ki_flags,
		.pieces = iter->nr_segs,
	};
	spin_unlock_irqrestore(&platter->lock, flags);
	return read;
}

static ssize_t platter_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	struct platter *platter = iocb->ki_filp->private_data;
	struct platter_read *read = platter_note(platter, iocb, iter);
	ssize_t bytes = platter_bytes(platter, read);

	if (platter->inside)
		platter->inside(platter);
	if (platter->falls_back)
		iocb->ki_flags &= ~IOCB_DIRECT;
	if (!platter->at_once)
		return -EIOCBQUEUED;
	read->iocb = NULL;
	if (platter->error)
		return platter->error;
	platter_fill(read, bytes);
	return bytes;
}

static int platter_release(struct inode *inode, struct file *file)
{
	struct platter *platter = file->private_data;

	complete(&platter->released);
	return 0;
}

static const struct file_operations platter_fops = {
	.read_iter	= platter_read_iter,
	.release	= platter_release,
};

struct platter *make_platter(struct kunit *test)
{
	struct platter *platter = kunit_kzalloc(test, sizeof(*platter),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, platter);
	spin_lock_init(&platter->lock);
	init_completion(&platter->released);
	platter->size = LLONG_MAX;
	platter->file = anon_inode_getfile("[zcx-kunit]", &platter_fops,
					   platter, O_RDONLY);
	KUNIT_ASSERT_FALSE(test, IS_ERR(platter->file));
	return platter;
}

/* A read that was under way is done; the test says with what result. */
void platter_end_with(struct platter *platter, unsigned int read, long result)
{
	struct platter_read *which = &platter->reads[read];
	struct kiocb *iocb = which->iocb;

	platter_fill(which, result);
	which->iocb = NULL;
	iocb->ki_complete(iocb, result);
}

/* The file says with what result. */
void platter_end(struct platter *platter, unsigned int read)
{
	platter_end_with(platter, read,
			 platter_bytes(platter, &platter->reads[read]));
}

struct interrupt {
	struct irq_work work;
	struct platter *platter;
	unsigned int read;
};

static void interrupt_run(struct irq_work *work)
{
	struct interrupt *interrupt =
		container_of(work, struct interrupt, work);

	platter_end(interrupt->platter, interrupt->read);
}

/* As a disk does it. */
void platter_end_in_interrupt(struct platter *platter, unsigned int read)
{
	struct interrupt interrupt = {
		.work = IRQ_WORK_INIT_HARD(interrupt_run),
		.platter = platter, .read = read,
	};

	irq_work_queue(&interrupt.work);
	irq_work_sync(&interrupt.work);
}

/* The first in @reads; those of a test that asks for more are not told apart. */
static unsigned int platter_known(const struct platter *platter)
{
	return min_t(unsigned int, platter->count, PLATTER_READS);
}

void platter_end_all(struct platter *platter)
{
	unsigned int i;

	for (i = 0; i < platter_known(platter); i++)
		if (platter->reads[i].iocb)
			platter_end(platter, i);
}

unsigned int platter_under_way(struct platter *platter)
{
	unsigned int i, n = 0;

	for (i = 0; i < platter_known(platter); i++)
		n += !!platter->reads[i].iocb;
	return n;
}

/* Nobody has the file any more. */
bool platter_is_released(struct platter *platter)
{
	/* A kernel thread's fput() is done by a worker. */
	flush_delayed_fput();
	return wait_for_completion_timeout(&platter->released, HZ / 5);
}

/* The test's own reference was the last one, once no read is under way. */
void platter_close(struct kunit *test, struct platter *platter)
{
	KUNIT_EXPECT_FALSE(test, completion_done(&platter->released));
	fput(platter->file);
	flush_delayed_fput();
	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&platter->released,
							    PATIENCE));
}

int direct_init(struct kunit *test)
{
	struct direct_world *world = kunit_kzalloc(test, sizeof(*world),
						   GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, world);
	limit_buffers(test, NULL, 0);
	test_param(test, "batch_bytes", BATCH);
	world->platter = make_platter(test);
	world->pool = make_pool(test, SOMEBODY);
	world->direct = zcx_direct_create(world->platter->file, world->pool,
					  PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, world->direct);
	world->platter->direct = world->direct;
	test->priv = world;
	return 0;
}

void direct_destroy(struct direct_world *world)
{
	if (world->direct)
		zcx_direct_destroy(world->direct);
	world->direct = NULL;
}

/* Whatever the test has done, nothing is left of it. */
void direct_exit(struct kunit *test)
{
	struct direct_world *world = test->priv;

	direct_destroy(world);
	platter_end_all(world->platter);
	zcx_pool_put(world->pool);
	platter_close(test, world->platter);
	expect_no_buffers_left(test);
}

/* Begin a run, and have it read as far as it goes. */
void direct_run(struct direct_world *world, loff_t pos, loff_t stop)
{
	zcx_direct_begin(world->direct, pos, stop);
	zcx_direct_read(world->direct);
}

/* What zcx_direct_look() says, and what it shows are the file's bytes. */
ssize_t look_of(struct kunit *test, struct zcx_direct *direct, loff_t pos)
{
	size_t offset = 0, last;
	struct page *page = NULL;
	ssize_t n = zcx_direct_look(direct, pos, &page, &offset);

	if (n <= 0)
		return n;
	KUNIT_EXPECT_EQ(test, offset, offset_in_page(pos));
	KUNIT_EXPECT_GE(test, page_ref_count(compound_head(page)), 2);
	last = (offset + n - 1) & PAGE_MASK;
	pos -= offset;
	KUNIT_EXPECT_EQ(test, *(u64 *)page_address(page), mark_at(pos));
	KUNIT_EXPECT_EQ(test, *(u64 *)(page_address(page) + last),
			mark_at(pos + last));
	put_page(page);
	return n;
}

ssize_t look(struct kunit *test, loff_t pos)
{
	struct direct_world *world = test->priv;

	return look_of(test, world->direct, pos);
}

static void waiter_hold(struct zcx_folio_wait *wait)
{
	container_of(wait, struct waiter, wait)->holds++;
}

static void waiter_woken(struct zcx_folio_wait *wait)
{
	struct waiter *waiter = container_of(wait, struct waiter, wait);

	waiter->wakes++;
	complete(&waiter->woken);
}

void waiter_init(struct waiter *waiter)
{
	memset(waiter, 0, sizeof(*waiter));
	init_completion(&waiter->woken);
	zcx_folio_wait_init(&waiter->wait, waiter_hold, waiter_woken);
}

void expect_waiter(struct kunit *test, const struct waiter *waiter,
		   unsigned int holds, unsigned int wakes)
{
	KUNIT_EXPECT_EQ(test, waiter->holds, holds);
	KUNIT_EXPECT_EQ(test, waiter->wakes, wakes);
}
