/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A lane and a sink that do as they are told, for tests of links.
 */
#ifndef _ZCX_TEST_FAKE_H
#define _ZCX_TEST_FAKE_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/backing-dev.h>
#include <linux/completion.h>

#include "async.h"
#include "lane.h"
#include "link.h"
#include "program.h"
#include "sink.h"

#define FAKE_PAGES	32	/* physically adjacent, one folio each */
#define FAKE_BYTES	((FAKE_PAGES + 1) * PAGE_SIZE)

#define FAKE_HEAD	5	/* bytes of memory before the range of a program */
#define FAKE_TAIL	3	/* and behind it */

#define FAKE_FILES	2	/* that a link that is only reserved is charged for */

/**
 * struct fake - the world of one test
 * @page: memory that the fake lane hands out; byte n of it is fake_byte(n), and
 *	byte n of the file
 * @scattered: pages that are neighbours in the file are none in memory
 * @refs: references on each page when the test began
 * @fill_calls: calls of the lane's fill so far, from 1 within a call
 * @fill_fail_at: call that returns @fill_result instead; 0: none
 * @fill_result: what it then returns: 0 or -errno
 * @fill_most: bytes a fill appends at the most; 0: as many as are asked for
 * @fill_shy: fill returns -EAGAIN whenever it is told not to wait
 * @fail_pos: fill comes as far as this, and then returns @fill_result
 * @at_hand: as far as fill comes if it is told not to wait
 * @lane: the lane; a copy, so that its operations find this struct
 * @fetch_calls: calls of the lane's fetch
 * @fetch_pos: where the last one was to begin
 * @fetch_most: bytes that a fetch brings at the most; 0: as many as are asked for
 * @fetch_result: what it returns: 0 or -errno; or 1: the bytes are there when
 *	the page that has the first of them is unlocked
 * @fetch_gate: what a fetch waits for before it does anything; may be NULL
 * @begins: calls of the lane's begin
 * @ends: calls of the lane's end
 * @sink: the fake sink
 * @push_calls: calls of the sink's push so far, from 1 within a call
 * @push_fail_at: call that returns @push_result instead; 0: none
 * @push_result: -errno it then returns
 * @take: bytes that the first pushes take: -EAGAIN is an entry of 0, what is
 *	beyond the array is taken whole
 * @nr_take: length of @take
 * @take_most: bytes that every push takes at the most; 0: no limit
 * @full: pushes take nothing
 * @metered: they take no more than @budget
 * @budget: what is left of it; others may add to it at any time, and then wake
 * @wait_calls: calls of the sink's wait
 * @wait_fail_at: call that returns @wait_result instead; 0: none
 * @wait_result: -errno it then returns
 * @watch_calls: calls of the sink's watch
 * @watch_now: so many of them, the first, say that it makes sense to push already
 * @unsettled: so many calls of the sink's settled, the first, say no
 * @settled_calls: all of them
 * @acked: what the sink's acked returns
 * @left: what it says is left
 * @room: what the sink's room returns
 * @grain: what its grain returns
 * @flushes: calls of the sink's flush
 * @needless: of these, those that came with no tail held back
 * @held: a tail is held back, since more was to follow
 * @destroys: calls of the sink's destroy
 * @more: the last push that took anything was told that more follows, or
 *	left something behind
 * @stamp: number, among those of all sinks, of the last push that took anything
 * @copies: the sink says that it moved every byte by the CPU
 * @got: bytes that the sink has taken, in order
 * @nr_got: how many
 */
struct fake {
	struct page *page;
	bool scattered;
	int refs[FAKE_PAGES];

	unsigned int fill_calls;
	unsigned int fill_fail_at;
	ssize_t fill_result;
	size_t fill_most;
	bool fill_shy;
	loff_t fail_pos;
	loff_t at_hand;
	struct zcx_lane_ops lane;
	unsigned int fetch_calls;
	loff_t fetch_pos;
	size_t fetch_most;
	int fetch_result;
	struct completion *fetch_gate;
	unsigned int begins;
	unsigned int ends;

	struct zcx_sink sink;
	unsigned int push_calls;
	unsigned int push_fail_at;
	ssize_t push_result;
	size_t take[4];
	unsigned int nr_take;
	size_t take_most;
	bool full;
	bool metered;
	atomic_t budget;
	unsigned int wait_calls;
	unsigned int wait_fail_at;
	int wait_result;
	unsigned int watch_calls;
	unsigned int watch_now;
	unsigned int unsettled;
	unsigned int settled_calls;
	int acked;
	u64 left;
	size_t room;
	size_t grain;
	unsigned int flushes;
	unsigned int needless;
	bool held;
	unsigned int destroys;
	bool more;
	int stamp;
	bool copies;
	u8 *got;
	size_t nr_got;
};

/**
 * struct fake_order - a link that runs by itself, to be made
 * @ctx: whose it is
 * @from: first byte of the fake file
 * @length: how many
 * @batch: bytes to gather at a time; 0: 64 KiB
 * @limits: what it is not to exceed; a deadline of 0 is none
 * @acked: it ends when all has been acknowledged
 * @max_links: limit of links in the context; 0: some
 * @disk: the disk that the fake file is on; may be NULL
 * @key: what the sink stands for; may be NULL
 */
struct fake_order {
	struct zcx_context *ctx;
	loff_t from;
	loff_t length;
	size_t batch;
	struct zcx_limits limits;
	bool acked;
	unsigned int max_links;
	struct zcx_disk *disk;
	const void *key;
};

int fake_init(struct kunit *test);
void fake_exit(struct kunit *test);
struct file *fake_file(struct kunit *test, struct backing_dev_info *bdi);
struct fake *fake_twin(struct kunit *test, struct fake *fake);
void fake_reset(struct fake *fake);
u8 fake_byte(size_t n);
void fake_program(struct kunit *test, struct fake *fake,
		  struct zcx_program *prog, loff_t from, loff_t length);
int fake_try_link(struct kunit *test, struct fake *fake,
		  const struct fake_order *order, struct zcx_live_link **link);
struct zcx_live_link *fake_link(struct kunit *test, struct fake *fake,
				const struct fake_order *order);
int fake_reserve(struct kunit *test, struct fake *fake,
		 const struct fake_order *order, struct zcx_live_link **link);
void fake_complete(struct kunit *test, struct fake *fake,
		   const struct fake_order *order, struct zcx_live_link *link);
void fake_begin_without(struct fake *fake, struct zcx_program *prog,
			unsigned int bytes, u64 sent[ZCX_NR_TAGS]);
void fake_expect_refs(struct kunit *test, struct fake *fake);
void fake_expect_got(struct kunit *test, struct fake *fake, loff_t from,
		     loff_t length, size_t bytes);

#endif /* _ZCX_TEST_FAKE_H */
