// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous direct reads, some batches ahead of what is being sent.
 *
 * A run is a stretch of a file that is read this way. Its reads stand in a ring;
 * one is submitted at a time, by whoever runs the link or by the pool of the
 * file's device; they are done in any order, in interrupts; and what they have read
 * is taken from the oldest on. A run that is not wanted any more leaves the ring at
 * once; reads that are still under way then keep their slots until they are done.
 */
#include <linux/align.h>
#include <linux/bvec.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "direct.h"
#include "folio_wait.h"
#include "zcx.h"

/* Who has had no memory for so long does without direct I/O. */
#define ZCX_STARVE		(HZ / 10)

/* struct zcx_direct_slot.state */
#define ZCX_SLOT_FREE		0
#define ZCX_SLOT_READING	1	/* the filesystem's */
#define ZCX_SLOT_DONE		2

static struct zcx_direct *to_direct(struct zcx_borrower *borrower)
{
	return container_of(borrower, struct zcx_direct, borrower);
}

static struct zcx_direct_slot *zcx_slot(struct zcx_direct *direct,
					unsigned int number)
{
	return &direct->slots[number % ZCX_DIRECT_SLOTS];
}

/* Of a slot that is done, or never was read: take out its buffer. Locked. */
static struct zcx_buffer *zcx_slot_empty(struct zcx_direct_slot *slot)
{
	struct zcx_buffer *buffer = slot->buffer;

	slot->buffer = NULL;
	slot->state = ZCX_SLOT_FREE;
	return buffer;
}

static void zcx_direct_give_back(struct zcx_direct *direct,
				 struct zcx_buffer *buffer)
{
	if (buffer)
		zcx_buffer_return(direct->borrower.pool, buffer);
}

/*
 * Whoever waits is woken. Called without the lock: to wake may drop the last
 * reference on the link, though not on what we are part of.
 */
static void zcx_direct_wake(struct zcx_direct *direct)
{
	struct zcx_folio_wait *wait;
	unsigned long flags;

	spin_lock_irqsave(&direct->lock, flags);
	wait = direct->wait;
	direct->wait = NULL;
	direct->wakes++;
	spin_unlock_irqrestore(&direct->lock, flags);
	wake_up_all(&direct->sleepers);
	if (wait)
		wait->woken(wait);
}

static void zcx_direct_memory(struct zcx_borrower *borrower)
{
	zcx_direct_wake(to_direct(borrower));
}

/* The oldest read leaves the ring; its buffer, if it is done, is the caller's. Locked. */
static struct zcx_buffer *zcx_direct_drop_head(struct zcx_direct *direct)
{
	struct zcx_direct_slot *slot = zcx_slot(direct, direct->head++);

	if (slot->state == ZCX_SLOT_DONE)
		return zcx_slot_empty(slot);
	slot->unwanted = true;
	return NULL;
}

/* No more of this run; or only if the link rests. */
static void zcx_direct_stop_if(struct zcx_direct *direct, bool resting)
{
	struct zcx_buffer *buffers[ZCX_DIRECT_SLOTS];
	unsigned int n = 0;
	unsigned long flags;

	spin_lock_irqsave(&direct->lock, flags);
	if (!resting || direct->resting) {
		while (direct->head != direct->tail)
			buffers[n++] = zcx_direct_drop_head(direct);
		direct->stop = direct->next;
	}
	spin_unlock_irqrestore(&direct->lock, flags);
	while (n--)
		zcx_direct_give_back(direct, buffers[n]);
}

/*
 * Memory is short, and the link rests. What it has not sent is read again. It may
 * have gone on since it was chosen: then it is left alone.
 */
static void zcx_direct_rob(struct zcx_borrower *borrower)
{
	zcx_direct_stop_if(to_direct(borrower), true);
}

static void zcx_direct_release(struct kref *ref)
{
	struct zcx_direct *direct =
		container_of(ref, struct zcx_direct, borrower.ref);

	zcx_pool_put(direct->borrower.pool);
	fput(direct->file);
	kfree(direct);
}

/**
 * zcx_direct_create() - be ready to read a file
 * @file: the file
 * @pool: where buffers come from
 * @align: what offsets and lengths must be multiples of, bytes, a power of two
 *
 * Context: process context; may sleep.
 * Return: to be given to zcx_direct_destroy(), or NULL if out of memory.
 */
struct zcx_direct *zcx_direct_create(struct file *file, struct zcx_pool *pool,
				     unsigned int align)
{
	struct zcx_direct *direct = kzalloc(sizeof(*direct),
					    GFP_KERNEL_ACCOUNT);
	unsigned int i;

	if (!direct)
		return NULL;
	direct->borrower.wake = zcx_direct_memory;
	direct->borrower.rob = zcx_direct_rob;
	direct->borrower.release = zcx_direct_release;
	zcx_borrower_init(&direct->borrower, pool);
	direct->file = get_file(file);
	direct->align = align;
	spin_lock_init(&direct->lock);
	init_waitqueue_head(&direct->sleepers);
	for (i = 0; i < ZCX_DIRECT_SLOTS; i++)
		direct->slots[i].direct = direct;
	return direct;
}

/**
 * zcx_direct_destroy() - nothing more is to be read
 * @direct: from zcx_direct_create()
 *
 * Reads that are under way are not waited for: they hold what they need.
 *
 * Context: process context.
 */
void zcx_direct_destroy(struct zcx_direct *direct)
{
	zcx_direct_stop_if(direct, false);
	/* Nobody is woken any more but with a link that has ended. */
	zcx_direct_wake(direct);
	zcx_borrower_quit(&direct->borrower);
}

/* The end of what is read for the sake of a byte before @stop. */
static loff_t zcx_direct_align_stop(const struct zcx_direct *direct,
				    loff_t stop)
{
	loff_t last = round_down(LLONG_MAX, (loff_t)direct->align);

	return stop > last ? last : ALIGN(stop, (loff_t)direct->align);
}

/**
 * zcx_direct_begin() - begin a run; nothing is read yet
 * @direct: whose last run has ended
 * @pos: first byte that is wanted
 * @stop: first that is not
 *
 * Context: whoever runs the link.
 */
void zcx_direct_begin(struct zcx_direct *direct, loff_t pos, loff_t stop)
{
	spin_lock_irq(&direct->lock);
	direct->begun = pos;
	direct->next = ALIGN_DOWN(pos, (loff_t)direct->align);
	direct->stop = zcx_direct_align_stop(direct, stop);
	direct->fallen_back = false;
	spin_unlock_irq(&direct->lock);
}

/**
 * zcx_direct_end() - end a run, wherever it is
 * @direct: the reads
 *
 * Context: whoever runs the link.
 */
void zcx_direct_end(struct zcx_direct *direct)
{
	zcx_direct_stop_if(direct, false);
}

/* Bytes to read at a time. */
static unsigned int zcx_direct_batch(const struct zcx_direct *direct)
{
	unsigned int batch = READ_ONCE(direct->most) ?: zcx_batch_bytes();

	return max(ALIGN_DOWN(batch, direct->align), direct->align);
}

/**
 * zcx_direct_refine() - a read has failed: read less at a time, to find out where
 * @direct: the reads, whose run has ended
 *
 * Context: whoever runs the link.
 * Return: true: read again from where it failed; false: it cannot be told more
 * exactly.
 */
bool zcx_direct_refine(struct zcx_direct *direct)
{
	unsigned int batch = zcx_direct_batch(direct);

	if (batch <= direct->align)
		return false;
	WRITE_ONCE(direct->most, max(batch / 16, direct->align));
	return true;
}

/* The read that a byte is in, or NULL. Locked. */
static struct zcx_direct_slot *zcx_direct_find(struct zcx_direct *direct,
					       loff_t pos)
{
	unsigned int i;

	for (i = direct->head; i != direct->tail; i++) {
		struct zcx_direct_slot *slot = zcx_slot(direct, i);

		if (pos >= slot->start && pos < slot->start + slot->asked)
			return slot;
	}
	return NULL;
}

/* Is it to be read by this run, some time? Locked. */
static bool zcx_direct_will_read(const struct zcx_direct *direct, loff_t pos)
{
	return pos >= direct->next && pos < direct->stop;
}

/**
 * zcx_direct_covers() - is a byte part of the run?
 * @direct: the reads
 * @pos: its offset in the file
 *
 * Context: whoever runs the link.
 * Return: true if it has been read, is being read, or is about to be.
 */
bool zcx_direct_covers(struct zcx_direct *direct, loff_t pos)
{
	bool covers;

	spin_lock_irq(&direct->lock);
	covers = zcx_direct_find(direct, pos) ||
		 zcx_direct_will_read(direct, pos);
	spin_unlock_irq(&direct->lock);
	return covers;
}

/**
 * zcx_direct_stops_at() - where the run ends
 * @direct: the reads
 *
 * Context: whoever runs the link.
 * Return: offset of the first byte behind it.
 */
loff_t zcx_direct_stops_at(struct zcx_direct *direct)
{
	loff_t stop;

	spin_lock_irq(&direct->lock);
	stop = direct->stop;
	spin_unlock_irq(&direct->lock);
	return stop;
}

/**
 * zcx_direct_extend() - let the run go on, if there still is one
 * @direct: the reads
 * @from: where it ends now, as zcx_direct_stops_at() said
 * @stop: first byte that is not wanted
 *
 * Context: whoever runs the link.
 */
void zcx_direct_extend(struct zcx_direct *direct, loff_t from, loff_t stop)
{
	spin_lock_irq(&direct->lock);
	if (direct->stop == from && direct->head != direct->tail)
		direct->stop = zcx_direct_align_stop(direct, stop);
	spin_unlock_irq(&direct->lock);
}

/* What means something else to us than to whoever has said it about a read. */
static ssize_t zcx_direct_result(ssize_t result)
{
	switch (result) {
	case -EAGAIN:
	case -EINTR:
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		return -EIO;
	default:
		return result;
	}
}

/* A read is done; nobody may want it any more. */
static void zcx_slot_done(struct zcx_direct_slot *slot, ssize_t result)
{
	struct zcx_direct *direct = slot->direct;
	struct zcx_buffer *buffer = NULL;
	unsigned long flags;
	bool wake;

	spin_lock_irqsave(&direct->lock, flags);
	slot->result = zcx_direct_result(result);
	slot->state = ZCX_SLOT_DONE;
	/* One that waits for a free slot waits for any. */
	wake = slot->unwanted || !direct->wait ||
	       (direct->wait_pos >= slot->start &&
		direct->wait_pos < slot->start + slot->asked);
	if (slot->unwanted)
		buffer = zcx_slot_empty(slot);
	spin_unlock_irqrestore(&direct->lock, flags);
	zcx_direct_give_back(direct, buffer);
	if (wake)
		zcx_direct_wake(direct);
}

/* Mostly in an interrupt. The module may be gone once the references are. */
static void zcx_direct_complete(struct kiocb *iocb, long result)
{
	struct zcx_direct_slot *slot =
		container_of(iocb, struct zcx_direct_slot, iocb);
	struct zcx_direct *direct = slot->direct;

	/* See zcx_async_exit(). */
	rcu_read_lock();
	zcx_slot_done(slot, result);
	zcx_borrower_put(&direct->borrower);
	module_put(THIS_MODULE);
	rcu_read_unlock();
}

/* Claim a slot for the next read, and give it a buffer. NULL: there is none. */
static struct zcx_direct_slot *zcx_direct_claim(struct zcx_direct *direct,
						struct zcx_buffer *buffer,
						size_t wants)
{
	struct zcx_direct_slot *slot, *claimed = NULL;

	spin_lock_irq(&direct->lock);
	slot = zcx_slot(direct, direct->tail);
	if (direct->next < direct->stop && slot->state == ZCX_SLOT_FREE) {
		slot->state = ZCX_SLOT_READING;
		slot->unwanted = false;
		slot->buffer = buffer;
		slot->start = direct->next;
		slot->asked = min3((loff_t)buffer->bytes, (loff_t)wants,
				   direct->stop - direct->next);
		direct->next += slot->asked;
		direct->tail++;
		claimed = slot;
	}
	spin_unlock_irq(&direct->lock);
	return claimed;
}

/* How much should be read next, bytes; 0: nothing, or there is no slot for it. */
static size_t zcx_direct_wants(struct zcx_direct *direct)
{
	size_t wants = 0;

	spin_lock_irq(&direct->lock);
	if (direct->next < direct->stop &&
	    direct->tail - direct->head < ZCX_DIRECT_SLOTS &&
	    zcx_slot(direct, direct->tail)->state == ZCX_SLOT_FREE)
		wants = min_t(loff_t, zcx_direct_batch(direct),
			      direct->stop - direct->next);
	spin_unlock_irq(&direct->lock);
	return wants;
}

/* The filesystem has it now. What it does not do later it has done already. */
static void zcx_slot_submit(struct zcx_direct *direct,
			    struct zcx_direct_slot *slot)
{
	struct iov_iter iter;
	ssize_t ret;

	init_sync_kiocb(&slot->iocb, direct->file);
	slot->iocb.ki_pos = slot->start;
	slot->iocb.ki_flags |= IOCB_DIRECT;
	slot->iocb.ki_complete = zcx_direct_complete;
	bvec_set_page(&slot->bvec, slot->buffer->page, slot->asked, 0);
	iov_iter_bvec(&iter, ITER_DEST, &slot->bvec, 1, slot->asked);

	/* A disk may take longer than a program's patience. */
	if (!try_module_get(THIS_MODULE)) {
		zcx_slot_done(slot, -ENODEV);
		return;
	}
	kref_get(&direct->borrower.ref);
	ret = vfs_iocb_iter_read(direct->file, &slot->iocb, &iter);
	if (ret == -EIOCBQUEUED)
		return;
	/* Only one that went through the page cache clears it. */
	if (!(slot->iocb.ki_flags & IOCB_DIRECT))
		WRITE_ONCE(direct->fallen_back, true);
	zcx_direct_complete(&slot->iocb, ret);
}

/* Is nothing under way, nor anything there that was read? */
static bool zcx_direct_is_empty(struct zcx_direct *direct)
{
	bool empty;

	spin_lock_irq(&direct->lock);
	empty = direct->head == direct->tail;
	spin_unlock_irq(&direct->lock);
	return empty;
}

/* Note since when the link can do nothing but wait for memory. */
static void zcx_direct_refused(struct zcx_direct *direct, bool refused)
{
	if (!refused || !zcx_direct_is_empty(direct))
		WRITE_ONCE(direct->refused, 0);
	else if (!direct->refused)
		WRITE_ONCE(direct->refused, jiffies ?: 1);
}

/**
 * zcx_direct_starves() - is it time to do without?
 * @direct: the reads
 *
 * Who cannot have memory for a while, and has nothing under way whose end he could
 * wait for, must not wait for others: a disk that answers nothing may have it all.
 *
 * Context: whoever runs the link.
 * Return: true if so.
 */
bool zcx_direct_starves(struct zcx_direct *direct)
{
	unsigned long since = READ_ONCE(direct->refused);

	return since && time_after_eq(jiffies, since + ZCX_STARVE) &&
	       zcx_direct_is_empty(direct);
}

/**
 * zcx_direct_starve_not() - he does without; from now on it is waited anew
 * @direct: the reads
 *
 * Context: whoever runs the link.
 */
void zcx_direct_starve_not(struct zcx_direct *direct)
{
	WRITE_ONCE(direct->refused, 0);
}

/* One more read. Returns false if there is nothing to read, or nothing to read to. */
static bool zcx_direct_read_one(struct zcx_direct *direct)
{
	size_t wants = zcx_direct_wants(direct);
	struct zcx_direct_slot *slot;
	struct zcx_buffer *buffer;

	if (!wants)
		return false;
	buffer = zcx_buffer_borrow(&direct->borrower, wants);
	zcx_direct_refused(direct, !buffer);
	if (!buffer)
		return false;
	slot = zcx_direct_claim(direct, buffer, wants);
	if (!slot) {
		zcx_direct_give_back(direct, buffer);
		return false;
	}
	zcx_slot_submit(direct, slot);
	return true;
}

/**
 * zcx_direct_read() - submit as many reads of the run as there is room for
 * @direct: the reads
 *
 * Does nothing if somebody else is at it.
 *
 * Context: process context; may sleep for memory, locks and the filesystem.
 */
void zcx_direct_read(struct zcx_direct *direct)
{
	unsigned int n = 0;
	bool mine;

	spin_lock_irq(&direct->lock);
	mine = !direct->reading;
	direct->reading = true;
	spin_unlock_irq(&direct->lock);
	if (!mine)
		return;
	/* Those that are done meanwhile make room: others have their turn too. */
	while (n++ < ZCX_DIRECT_SLOTS && zcx_direct_read_one(direct))
		cond_resched();
	spin_lock_irq(&direct->lock);
	direct->reading = false;
	spin_unlock_irq(&direct->lock);
}

static void zcx_direct_errand_run(struct zcx_errand *errand)
{
	zcx_direct_read(container_of(errand, struct zcx_direct, errand));
}

static void zcx_direct_errand_free(struct zcx_errand *errand)
{
	struct zcx_direct *direct =
		container_of(errand, struct zcx_direct, errand);

	WRITE_ONCE(direct->errand_sent, false);
	/* It may have found nothing to do because somebody was at it. */
	zcx_direct_wake(direct);
	zcx_borrower_put(&direct->borrower);
}

/**
 * zcx_direct_read_later() - likewise, by the pool of the file's device
 * @direct: the reads
 * @disk: the pool
 *
 * Context: whoever runs the link.
 */
void zcx_direct_read_later(struct zcx_direct *direct, struct zcx_disk *disk)
{
	if (!zcx_direct_wants(direct) || READ_ONCE(direct->errand_sent))
		return;
	WRITE_ONCE(direct->errand_sent, true);
	kref_get(&direct->borrower.ref);
	zcx_errand_send(&direct->errand, disk, direct->file,
			zcx_direct_errand_run, zcx_direct_errand_free);
}

/**
 * zcx_direct_done_with() - what lies before a byte has been sent
 * @direct: the reads
 * @pos: the byte; reads that end before it are forgotten
 *
 * Context: whoever runs the link.
 */
void zcx_direct_done_with(struct zcx_direct *direct, loff_t pos)
{
	struct zcx_buffer *buffers[ZCX_DIRECT_SLOTS];
	struct zcx_direct_slot *slot;
	unsigned int n = 0;

	spin_lock_irq(&direct->lock);
	while (direct->head != direct->tail) {
		slot = zcx_slot(direct, direct->head);
		if (slot->start + slot->asked > pos)
			break;
		buffers[n++] = zcx_direct_drop_head(direct);
	}
	spin_unlock_irq(&direct->lock);
	while (n--)
		zcx_direct_give_back(direct, buffers[n]);
}

/* What a read that is done has at @pos; see zcx_direct_look(). Locked. */
static ssize_t zcx_slot_look(const struct zcx_direct *direct,
			     const struct zcx_direct_slot *slot, loff_t pos,
			     struct page **page, size_t *offset)
{
	size_t skip = pos - slot->start;

	if (READ_ONCE(direct->fallen_back))
		return -EOPNOTSUPP;
	if (slot->result < 0)
		return slot->result;
	if (skip >= slot->result)
		/* The file ended here; if this was the first, it must have grown. */
		return pos == direct->begun ? -EIO : 0;
	*page = nth_page(slot->buffer->page, skip >> PAGE_SHIFT);
	*offset = offset_in_page(skip);
	/* Whatever becomes of the run, the caller has it. */
	get_page(*page);
	return slot->result - skip;
}

/**
 * zcx_direct_look() - what has been read from a byte on
 * @direct: the reads, whose run covers the byte
 * @pos: its offset in the file
 * @page: out: the page that it is in, with a reference
 * @offset: out: where in that page
 *
 * Context: whoever runs the link.
 * Return: bytes, physically contiguous, that follow there; 0: the file ended here
 * when it was read; -EAGAIN: it has not been read yet; -EOPNOTSUPP: the filesystem
 * reads through the page cache; or the read's -errno, also if it gave nothing.
 */
ssize_t zcx_direct_look(struct zcx_direct *direct, loff_t pos,
			struct page **page, size_t *offset)
{
	struct zcx_direct_slot *slot;
	ssize_t ret = -EAGAIN;

	spin_lock_irq(&direct->lock);
	slot = zcx_direct_find(direct, pos);
	if (slot && slot->state == ZCX_SLOT_DONE)
		ret = zcx_slot_look(direct, slot, pos, page, offset);
	spin_unlock_irq(&direct->lock);
	return ret;
}

/* Is the read of a byte under way? */
static bool zcx_direct_is_reading(struct zcx_direct *direct, loff_t pos)
{
	const struct zcx_direct_slot *slot;
	bool reading;

	spin_lock_irq(&direct->lock);
	slot = zcx_direct_find(direct, pos);
	reading = slot && slot->state == ZCX_SLOT_READING;
	spin_unlock_irq(&direct->lock);
	return reading;
}

/* Nothing could be submitted: wait for memory, or for a slot. */
static int zcx_direct_sleep_for_room(struct zcx_direct *direct)
{
	unsigned int seen = READ_ONCE(direct->wakes);
	long timeo;

	zcx_borrower_wait(&direct->borrower);
	timeo = wait_event_interruptible_timeout(direct->sleepers,
						 READ_ONCE(direct->wakes) !=
						 seen, HZ / 20);
	return timeo < 0 ? -EINTR : 0;
}

/**
 * zcx_direct_sleep() - wait until a byte has been read, or can be
 * @direct: the reads
 * @pos: its offset in the file
 *
 * Context: the task that runs the link; sleeps.
 * Return: 0: look, or read, again; -EINTR: a fatal signal; or any, if nothing was
 * under way.
 */
int zcx_direct_sleep(struct zcx_direct *direct, loff_t pos)
{
	spin_lock_irq(&direct->lock);
	if (zcx_direct_will_read(direct, pos)) {
		spin_unlock_irq(&direct->lock);
		return zcx_direct_sleep_for_room(direct);
	}
	spin_unlock_irq(&direct->lock);
	if (wait_event_killable(direct->sleepers,
				!zcx_direct_is_reading(direct, pos)))
		return -EINTR;
	return 0;
}

/**
 * zcx_direct_wait() - have the link woken when a byte has been read, or can be
 * @direct: the reads
 * @pos: its offset in the file
 * @wait: who is to be woken; see folio_wait.h for @hold and @woken
 *
 * Context: whoever runs the link.
 * Return: true if it will be woken, or was; false: look again now.
 */
bool zcx_direct_wait(struct zcx_direct *direct, loff_t pos,
		     struct zcx_folio_wait *wait)
{
	struct zcx_direct_slot *slot;
	bool done, was;

	spin_lock_irq(&direct->lock);
	slot = zcx_direct_find(direct, pos);
	done = slot && slot->state == ZCX_SLOT_DONE;
	was = direct->wait;
	if (!done) {
		if (!was)
			wait->hold(wait);
		direct->wait = wait;
		direct->wait_pos = pos;
	}
	spin_unlock_irq(&direct->lock);
	if (!done && !slot)
		zcx_borrower_wait(&direct->borrower);
	return !done;
}

/**
 * zcx_direct_rest() - say whether what has been read is needed soon
 * @direct: the reads
 * @resting: it is not, and may be taken away
 *
 * Context: process context.
 */
void zcx_direct_rest(struct zcx_direct *direct, bool resting)
{
	/* Nobody else sets it. */
	if (resting == direct->resting && !resting)
		return;
	spin_lock_irq(&direct->lock);
	direct->resting = resting;
	spin_unlock_irq(&direct->lock);
	zcx_borrower_rest(&direct->borrower, resting);
}
