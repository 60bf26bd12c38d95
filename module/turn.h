/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_TURN_H
#define _ZCX_TURN_H

#include <linux/list.h>
#include <asm/barrier.h>
#include <linux/types.h>

/**
 * struct zcx_turn - a place in the line for something that one uses at a time
 * @node: among the first of each line, while this is one
 * @line: the others of the same line
 * @key: what the line is for; NULL: in no line
 * @first: it is this one's turn
 * @broken: the one before did not do all it was to
 * @called: @first or @broken has been set; called with the line locked: it must
 *	not sleep, nor enter or leave
 */
struct zcx_turn {
	struct hlist_node	node;
	struct list_head	line;
	const void		*key;
	bool			first;
	bool			broken;
	void (*called)(struct zcx_turn *turn);
};

void zcx_turn_enter(struct zcx_turn *turn, const void *key,
		    void (*called)(struct zcx_turn *turn));
bool zcx_turn_try_enter(struct zcx_turn *turn, const void *key);
void zcx_turn_move(struct zcx_turn *from, struct zcx_turn *to,
		   void (*called)(struct zcx_turn *turn));
void zcx_turn_leave(struct zcx_turn *turn, bool whole);

/*
 * Both may change under us, from false to true. Who is first because the one
 * before has left finds out whether it is broken too, if he asks in this order.
 */
static inline bool zcx_turn_is_first(const struct zcx_turn *turn)
{
	/* Pairs with zcx_turn_pass(). */
	return smp_load_acquire(&turn->first);
}

static inline bool zcx_turn_is_broken(const struct zcx_turn *turn)
{
	return READ_ONCE(turn->broken);
}

#endif /* _ZCX_TURN_H */
