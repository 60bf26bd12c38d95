/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A lane and a sink that do as they are told, for tests of links.
 */
#ifndef _ZCX_TEST_FAKE_H
#define _ZCX_TEST_FAKE_H

#include <kunit/test.h>

#include "lane.h"
#include "sink.h"

#define FAKE_PAGES	32	/* physically adjacent, one folio each */
#define FAKE_BYTES	((FAKE_PAGES + 1) * PAGE_SIZE)

/**
 * struct fake - the world of one test
 * @page: memory that the fake lane hands out; byte n of it is fake_byte(n)
 * @refs: references on each page when the test began
 * @fill_calls: calls of the lane's fill so far, from 1 within a call
 * @fill_fail_at: call that returns @fill_result instead; 0: none
 * @fill_result: what it then returns: 0 or -errno
 * @fill_most: bytes a fill appends at the most; 0: as many as are asked for
 * @fill_shy: fill returns -EAGAIN whenever it is told not to wait
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
 * @wait_calls: calls of the sink's wait
 * @wait_fail_at: call that returns @wait_result instead; 0: none
 * @wait_result: -errno it then returns
 * @flushes: calls of the sink's flush
 * @destroys: calls of the sink's destroy
 * @more: the last push that took anything was told that more follows, or
 *	left something behind
 * @copies: the sink says that it moved every byte by the CPU
 * @got: bytes that the sink has taken, in order
 * @nr_got: how many
 */
struct fake {
	struct page *page;
	int refs[FAKE_PAGES];

	unsigned int fill_calls;
	unsigned int fill_fail_at;
	ssize_t fill_result;
	size_t fill_most;
	bool fill_shy;
	unsigned int begins;
	unsigned int ends;

	struct zcx_sink sink;
	unsigned int push_calls;
	unsigned int push_fail_at;
	ssize_t push_result;
	size_t take[4];
	unsigned int nr_take;
	size_t take_most;
	unsigned int wait_calls;
	unsigned int wait_fail_at;
	int wait_result;
	unsigned int flushes;
	unsigned int destroys;
	bool more;
	bool copies;
	u8 *got;
	size_t nr_got;
};

int fake_init(struct kunit *test);
void fake_exit(struct kunit *test);
void fake_reset(struct fake *fake);
u8 fake_byte(size_t n);
void fake_expect_refs(struct kunit *test, struct fake *fake);

extern const struct zcx_lane_ops fake_lane;

#endif /* _ZCX_TEST_FAKE_H */
