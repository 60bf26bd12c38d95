/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_DIRECT_H
#define _ZCX_DIRECT_H

#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/wait.h>

#include "buffers.h"
#include "errand.h"

struct zcx_direct;
struct zcx_folio_wait;
struct zcx_sglist;

/* Reads under way, and buffers that have been read, of one range. */
#define ZCX_DIRECT_SLOTS	4

/**
 * struct zcx_direct_slot - one direct read
 * @iocb: of the read
 * @bvec: its memory
 * @direct: whose
 * @buffer: where it reads to
 * @start: offset in the file, bytes
 * @asked: bytes
 * @result: bytes that were read, or -errno
 * @state: see direct.c
 * @unwanted: it is to be forgotten as soon as it is done
 */
struct zcx_direct_slot {
	struct kiocb		iocb;
	struct bio_vec		bvec;
	struct zcx_direct	*direct;
	struct zcx_buffer	*buffer;
	loff_t			start;
	size_t			asked;
	ssize_t			result;
	u8			state;
	bool			unwanted;
};

/**
 * struct zcx_direct - direct reads of one range, ahead of what is being sent
 * @borrower: of buffers; its reference count is the whole object's
 * @file: the file, with a reference
 * @align: what offsets and lengths are multiples of, bytes
 * @most: bytes to read at a time; 0: a batch. Whoever runs the link sets it
 * @refused: since when nothing is under way and there is no memory, jiffies; 0:
 *	something was, or there was; the one reader's
 * @lock: of all that follows; taken in any context
 * @resting: what has been read may be taken away
 * @wakes: how often somebody was woken
 * @begun: first byte of the run that was wanted
 * @next: next byte to be read
 * @stop: where this run of reads ends, a multiple of @align; nothing is read
 *	beyond
 * @head: number of the oldest read of the run, modulo ZCX_DIRECT_SLOTS
 * @tail: number of the next one
 * @reading: somebody submits reads
 * @fallen_back: the filesystem has read through the page cache instead
 * @slots: the reads
 * @sleepers: the task that runs the link, if it waits here
 * @wait: or else what is to be woken, once it has got a hold; or NULL
 * @wait_pos: when the read of this byte is done
 * @errand: to submit more while the link goes on
 * @errand_sent: it is under way, and holds a reference
 */
struct zcx_direct {
	struct zcx_borrower	borrower;
	struct file		*file;
	unsigned int		align;
	unsigned int		most;
	unsigned long		refused;
	spinlock_t		lock;	/* see zcx.h, "Lock order" */
	bool			resting;
	unsigned int		wakes;
	loff_t			begun;
	loff_t			next;
	loff_t			stop;
	unsigned int		head;
	unsigned int		tail;
	bool			reading;
	bool			fallen_back;
	struct zcx_direct_slot	slots[ZCX_DIRECT_SLOTS];
	wait_queue_head_t	sleepers;
	struct zcx_folio_wait	*wait;
	loff_t			wait_pos;
	struct zcx_errand	errand;
	bool			errand_sent;
};

struct zcx_direct *zcx_direct_create(struct file *file, struct zcx_pool *pool,
				     unsigned int align);
void zcx_direct_destroy(struct zcx_direct *direct);

void zcx_direct_begin(struct zcx_direct *direct, loff_t pos, loff_t stop);
void zcx_direct_end(struct zcx_direct *direct);
bool zcx_direct_starves(struct zcx_direct *direct);
void zcx_direct_starve_not(struct zcx_direct *direct);
bool zcx_direct_refine(struct zcx_direct *direct);
loff_t zcx_direct_stops_at(struct zcx_direct *direct);
void zcx_direct_extend(struct zcx_direct *direct, loff_t from, loff_t stop);
bool zcx_direct_covers(struct zcx_direct *direct, loff_t pos);
void zcx_direct_read(struct zcx_direct *direct);
void zcx_direct_read_later(struct zcx_direct *direct, struct zcx_disk *disk);
void zcx_direct_done_with(struct zcx_direct *direct, loff_t pos);
ssize_t zcx_direct_look(struct zcx_direct *direct, loff_t pos,
			struct page **page, size_t *offset);
int zcx_direct_sleep(struct zcx_direct *direct, loff_t pos);
bool zcx_direct_wait(struct zcx_direct *direct, loff_t pos,
		     struct zcx_folio_wait *wait);
void zcx_direct_rest(struct zcx_direct *direct, bool resting);

#endif /* _ZCX_DIRECT_H */
