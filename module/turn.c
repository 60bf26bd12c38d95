// SPDX-License-Identifier: GPL-2.0
/*
 * Lines: who sends to a socket, and who is next.
 *
 * All links to one socket stand in one line, whatever context they came from.
 * The first of each line is found by hashing the socket's address; the others
 * hang on it. Nothing is allocated, so nothing can fail.
 */
#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/init.h>
#include <linux/spinlock.h>

#include "turn.h"

#define ZCX_TURN_BITS	10

struct zcx_turn_bucket {
	spinlock_t lock;	/* of all lines in it; see zcx.h */
	struct hlist_head firsts;
};

static struct zcx_turn_bucket zcx_turns[1 << ZCX_TURN_BITS] = {
	[0 ... (1 << ZCX_TURN_BITS) - 1] = {
		.lock = __SPIN_LOCK_UNLOCKED(zcx_turns.lock),
	},
};

static struct zcx_turn_bucket *zcx_turn_bucket(const void *key)
{
	return &zcx_turns[hash_ptr(key, ZCX_TURN_BITS)];
}

static struct zcx_turn *zcx_turn_find(struct zcx_turn_bucket *bucket,
				      const void *key)
{
	struct zcx_turn *turn;

	hlist_for_each_entry(turn, &bucket->firsts, node)
		if (turn->key == key)
			return turn;
	return NULL;
}

/**
 * zcx_turn_enter() - stand in line
 * @turn: the place; @turn->first says whether it is the first at once
 * @key: what the line is for; NULL: in no line, always first
 * @called: see struct zcx_turn; not called before this returns unless others
 *	leave the line
 *
 * Context: process context.
 */
void zcx_turn_enter(struct zcx_turn *turn, const void *key,
		    void (*called)(struct zcx_turn *turn))
{
	struct zcx_turn_bucket *bucket;
	struct zcx_turn *first;

	turn->key = key;
	turn->called = called;
	turn->broken = false;
	turn->first = true;
	if (!key)
		return;
	INIT_LIST_HEAD(&turn->line);
	bucket = zcx_turn_bucket(key);
	spin_lock(&bucket->lock);
	first = zcx_turn_find(bucket, key);
	if (first) {
		turn->first = false;
		list_add_tail(&turn->line, &first->line);
	} else {
		hlist_add_head(&turn->node, &bucket->firsts);
	}
	spin_unlock(&bucket->lock);
}

/**
 * zcx_turn_try_enter() - begin a line, if there is none
 * @turn: the place; nobody calls it, since it is the first
 * @key: what the line is for; not NULL
 *
 * Context: process context.
 * Return: true if it is this one's turn; false: it stands in no line.
 */
bool zcx_turn_try_enter(struct zcx_turn *turn, const void *key)
{
	struct zcx_turn_bucket *bucket = zcx_turn_bucket(key);
	bool first;

	turn->key = key;
	turn->called = NULL;
	turn->broken = false;
	turn->first = true;
	INIT_LIST_HEAD(&turn->line);
	spin_lock(&bucket->lock);
	first = !zcx_turn_find(bucket, key);
	if (first)
		hlist_add_head(&turn->node, &bucket->firsts);
	spin_unlock(&bucket->lock);
	return first;
}

/**
 * zcx_turn_move() - let another stand in one's place
 * @from: the place: the first of its line; in no line afterwards
 * @to: out: the place from now on
 * @called: see struct zcx_turn; of @to
 *
 * Context: process context.
 */
void zcx_turn_move(struct zcx_turn *from, struct zcx_turn *to,
		   void (*called)(struct zcx_turn *turn))
{
	struct zcx_turn_bucket *bucket = zcx_turn_bucket(from->key);

	to->key = from->key;
	to->called = called;
	to->broken = false;
	to->first = true;
	spin_lock(&bucket->lock);
	hlist_add_behind(&to->node, &from->node);
	hlist_del(&from->node);
	list_replace(&from->line, &to->line);
	spin_unlock(&bucket->lock);
	from->key = NULL;
}

/* The next in the line of @turn; NULL if it is the last, or the only one. */
static struct zcx_turn *zcx_turn_next(struct zcx_turn *turn)
{
	struct zcx_turn *next = list_next_entry(turn, line);

	return next->first ? NULL : next;
}

static void zcx_turn_pass(struct zcx_turn_bucket *bucket,
			  struct zcx_turn *turn, bool whole)
{
	struct zcx_turn *next;

	if (turn->first)
		hlist_del(&turn->node);
	/* Mostly nobody else is there. */
	if (list_empty(&turn->line))
		return;
	next = zcx_turn_next(turn);
	list_del(&turn->line);
	if (!next)
		return;
	if (!whole)
		WRITE_ONCE(next->broken, true);
	if (turn->first) {
		hlist_add_head(&next->node, &bucket->firsts);
		/* Pairs with zcx_turn_is_first(). */
		smp_store_release(&next->first, true);
	}
	if (turn->first || !whole)
		next->called(next);
}

/**
 * zcx_turn_leave() - leave the line, and call the next
 * @turn: the place; may have been left before
 * @whole: all has been done; else the one behind is told that it is broken, and
 *	is expected to leave likewise
 *
 * Nobody calls @turn->called any more when this returns.
 *
 * Context: process context.
 */
void zcx_turn_leave(struct zcx_turn *turn, bool whole)
{
	struct zcx_turn_bucket *bucket;

	if (!turn->key)
		return;
	bucket = zcx_turn_bucket(turn->key);
	spin_lock(&bucket->lock);
	zcx_turn_pass(bucket, turn, whole);
	spin_unlock(&bucket->lock);
	turn->key = NULL;
}
