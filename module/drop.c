// SPDX-License-Identifier: GPL-2.0
/*
 * Drop-behind: pages that a link brought into the page cache leave it again.
 *
 * A link notes which gaps of the file were absent before it had them read.
 * What is in them later came by it, or by somebody who reads the same just now: he
 * leaves marks (a page that is referenced, active, mapped, or dirty), the link leaves
 * none, and so it is known whose page it is. A page that a packet still refers to
 * cannot leave; what is left when the link has ended is tried again for a while.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pagevec.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "drop.h"

/* Gaps in the page cache that are remembered. */
#define ZCX_DROP_GAPS	64

/*
 * How far behind the last byte gathered pages are dropped: the network has most
 * often let go of what lies farther back.
 */
#define ZCX_DROP_LAG		SZ_8M
#define ZCX_DROP_STEP		SZ_1M

/* After the end: first and longest time until it is tried again, and how often. */
#define ZCX_DROP_DELAY_MIN	(HZ / 50)
#define ZCX_DROP_DELAY_MAX	HZ
#define ZCX_DROP_TRIES		12

/**
 * struct zcx_drop - what is to be dropped of one file
 * @ref: held by each range of a link that reads the file
 * @node: among those that wait to be tried again; zcx_drops_lock
 * @file: the file, with a reference
 * @work: to try again
 * @tries: how often that has been done
 * @count: number of @gaps
 * @gaps: what was absent; the link's, then the worker's
 * @behind: all before this page has been tried
 */
struct zcx_drop {
	struct kref ref;
	struct list_head node;
	struct file *file;
	struct delayed_work work;
	unsigned int tries;
	unsigned int count;
	struct zcx_gap gaps[ZCX_DROP_GAPS];
	pgoff_t behind;
};

static struct workqueue_struct *zcx_drop_wq;
static LIST_HEAD(zcx_drops);
static DEFINE_SPINLOCK(zcx_drops_lock);
static bool zcx_drop_hurry;

/**
 * zcx_drop_init() - have a worker
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int zcx_drop_init(void)
{
	zcx_drop_wq = alloc_workqueue("zcx_drop", WQ_UNBOUND, 1);
	return zcx_drop_wq ? 0 : -ENOMEM;
}

/* Does nobody but us want it, or refer to it? */
static bool zcx_may_drop(struct folio *folio)
{
	return !folio_test_referenced(folio) && !folio_test_active(folio) &&
	       !folio_test_dirty(folio) && !folio_test_writeback(folio) &&
	       !folio_test_unevictable(folio) && !folio_mapped(folio);
}

/*
 * Which of the folios in @batch may go, as gaps in @runs; gives the batch back,
 * since a reference of ours would keep them too.
 */
static unsigned int zcx_drop_choose(struct folio_batch *batch,
				    struct zcx_gap *runs)
{
	unsigned int i, n = 0;

	for (i = 0; i < folio_batch_count(batch); i++) {
		struct folio *folio = batch->folios[i];
		pgoff_t from = folio->index;
		pgoff_t to = from + folio_nr_pages(folio);

		if (!zcx_may_drop(folio))
			continue;
		if (n && runs[n - 1].to == from)
			runs[n - 1].to = to;
		else
			runs[n++] = (struct zcx_gap){ from, to };
	}
	folio_batch_release(batch);
	return n;
}

/*
 * Drop pages @from to before @to. Returns how many could not go only because a
 * packet, or whoever else, refers to them.
 */
static unsigned long zcx_drop_pages(struct address_space *mapping,
				    pgoff_t from, pgoff_t to)
{
	struct zcx_gap runs[PAGEVEC_SIZE];
	struct folio_batch batch;
	unsigned long left = 0;
	unsigned int i, n;

	folio_batch_init(&batch);
	while (from < to &&
	       filemap_get_folios(mapping, &from, to - 1, &batch)) {
		n = zcx_drop_choose(&batch, runs);
		for (i = 0; i < n; i++) {
			unsigned long pages = runs[i].to - runs[i].from;

			left += pages -
				min(pages, invalidate_mapping_pages(mapping,
								    runs[i].from,
								    runs[i].to - 1));
		}
		cond_resched();
	}
	return left;
}

static unsigned long zcx_drop_all(struct zcx_drop *drop)
{
	struct address_space *mapping = drop->file->f_mapping;
	unsigned long left = 0;
	unsigned int i;

	for (i = 0; i < drop->count; i++)
		left += zcx_drop_pages(mapping, drop->gaps[i].from,
				       drop->gaps[i].to);
	return left;
}

static void zcx_drop_free(struct zcx_drop *drop)
{
	fput(drop->file);
	kfree(drop);
}

/* Later once more; or no more, and it is to be freed. In no list as it comes. */
static bool zcx_drop_again(struct zcx_drop *drop)
{
	unsigned long delay = min_t(unsigned long, ZCX_DROP_DELAY_MAX,
				    ZCX_DROP_DELAY_MIN << drop->tries);
	bool again;

	spin_lock(&zcx_drops_lock);
	again = drop->tries++ < ZCX_DROP_TRIES && !zcx_drop_hurry;
	if (again) {
		list_add(&drop->node, &zcx_drops);
		queue_delayed_work(zcx_drop_wq, &drop->work, delay);
	}
	spin_unlock(&zcx_drops_lock);
	return again;
}

static void zcx_drop_try(struct zcx_drop *drop)
{
	if (!zcx_drop_all(drop) || !zcx_drop_again(drop))
		zcx_drop_free(drop);
}

static void zcx_drop_work(struct work_struct *work)
{
	struct zcx_drop *drop = container_of(to_delayed_work(work),
					     struct zcx_drop, work);

	spin_lock(&zcx_drops_lock);
	list_del(&drop->node);
	spin_unlock(&zcx_drops_lock);
	zcx_drop_try(drop);
}

/**
 * zcx_drop_exit() - undo zcx_drop_init()
 *
 * What could not be dropped by now stays.
 *
 * Context: module exit; there are no links any more.
 */
void zcx_drop_exit(void)
{
	struct zcx_drop *drop, *next;
	LIST_HEAD(doomed);

	spin_lock(&zcx_drops_lock);
	zcx_drop_hurry = true;
	/* One that is being worked on ends by itself. */
	list_for_each_entry_safe(drop, next, &zcx_drops, node)
		if (cancel_delayed_work(&drop->work))
			list_move(&drop->node, &doomed);
	spin_unlock(&zcx_drops_lock);
	destroy_workqueue(zcx_drop_wq);
	list_for_each_entry_safe(drop, next, &doomed, node)
		zcx_drop_free(drop);
}

/**
 * zcx_drop_create() - drop behind what is read of a file
 * @file: the file
 *
 * Context: process context; may sleep.
 * Return: to be given to zcx_drop_put(), or NULL if out of memory.
 */
struct zcx_drop *zcx_drop_create(struct file *file)
{
	struct zcx_drop *drop = kzalloc(sizeof(*drop), GFP_KERNEL_ACCOUNT);

	if (!drop)
		return NULL;
	kref_init(&drop->ref);
	drop->file = get_file(file);
	INIT_DELAYED_WORK(&drop->work, zcx_drop_work);
	return drop;
}

/**
 * zcx_drop_get() - take one more reference
 * @drop: another range's of the same link, or NULL
 * @file: the range's file
 *
 * What one range has brought is not to look like somebody else's to the next one.
 *
 * Context: any.
 * Return: @drop, if it is of the same file; else NULL.
 */
struct zcx_drop *zcx_drop_get(struct zcx_drop *drop, const struct file *file)
{
	if (!drop || drop->file != file)
		return NULL;
	kref_get(&drop->ref);
	return drop;
}

static void zcx_drop_release(struct kref *ref)
{
	zcx_drop_try(container_of(ref, struct zcx_drop, ref));
}

/**
 * zcx_drop_is_used() - did the link find anything absent?
 * @drop: whose
 *
 * Context: whoever runs the link.
 * Return: true if so.
 */
bool zcx_drop_is_used(const struct zcx_drop *drop)
{
	return drop->count;
}

/**
 * zcx_drop_put() - a range has ended; with the last one, drop what they have left
 * @drop: from zcx_drop_create() or zcx_drop_get()
 *
 * What the network still has is dropped later, by a worker, which keeps the file
 * open until then, some seconds at most.
 *
 * Context: process context; may sleep.
 */
void zcx_drop_put(struct zcx_drop *drop)
{
	kref_put(&drop->ref, zcx_drop_release);
}

/* There are too many to remember: the first one must do with one try, now. */
static void zcx_drop_retire(struct zcx_drop *drop)
{
	zcx_drop_pages(drop->file->f_mapping, drop->gaps[0].from,
		       drop->gaps[0].to);
	drop->count--;
	memmove(drop->gaps, drop->gaps + 1,
		drop->count * sizeof(drop->gaps[0]));
}

/**
 * zcx_drop_note() - pages that are absent, and about to be read
 * @drop: whose
 * @gap: which
 *
 * Context: whoever runs the link; may sleep.
 */
void zcx_drop_note(struct zcx_drop *drop, const struct zcx_gap *gap)
{
	unsigned int i;

	/* Most often it is the last one that goes on. */
	for (i = drop->count; i; i--) {
		struct zcx_gap *old = &drop->gaps[i - 1];

		if (gap->from <= old->to && gap->to >= old->from) {
			old->from = min(old->from, gap->from);
			old->to = max(old->to, gap->to);
			return;
		}
	}
	if (drop->count == ZCX_DROP_GAPS)
		zcx_drop_retire(drop);
	drop->gaps[drop->count++] = *gap;
}

/**
 * zcx_drop_has() - did the link bring this byte?
 * @drop: whose
 * @pos: its offset
 *
 * Context: whoever runs the link.
 * Return: true if it was absent when the link came to it.
 */
bool zcx_drop_has(const struct zcx_drop *drop, loff_t pos)
{
	pgoff_t page = pos >> PAGE_SHIFT;
	unsigned int i;

	for (i = drop->count; i; i--)
		if (page >= drop->gaps[i - 1].from &&
		    page < drop->gaps[i - 1].to)
			return true;
	return false;
}

/**
 * zcx_drop_behind() - the link has come so far
 * @drop: whose
 * @pos: next byte that it will gather; what lies far enough behind is dropped
 *
 * Context: whoever runs the link; may sleep.
 */
void zcx_drop_behind(struct zcx_drop *drop, loff_t pos)
{
	struct address_space *mapping = drop->file->f_mapping;
	pgoff_t limit = max_t(loff_t, pos - ZCX_DROP_LAG, 0) >> PAGE_SHIFT;
	unsigned int i;

	if (limit < drop->behind + (ZCX_DROP_STEP >> PAGE_SHIFT))
		return;
	for (i = 0; i < drop->count; i++) {
		pgoff_t from = max(drop->gaps[i].from, drop->behind);
		pgoff_t to = min(drop->gaps[i].to, limit);

		if (from < to)
			zcx_drop_pages(mapping, from, to);
	}
	drop->behind = limit;
}
