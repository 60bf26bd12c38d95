// SPDX-License-Identifier: GPL-2.0
/*
 * To wait for a folio without a thread.
 *
 * A folio's wait queue can be joined (folio_add_wait_queue()) but there is no
 * exported way to leave it, so whoever waits stays until the folio is
 * unlocked, and may have lost interest by then. Each holds the module, too: a
 * disk may take longer than a program's patience.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>

#include "folio_wait.h"

/* Under the queue's lock, often in the interrupt that ends the read. */
static int zcx_folio_wake(struct wait_queue_entry *entry, unsigned int mode,
			  int sync, void *arg)
{
	struct zcx_folio_wait *wait =
		container_of(entry, struct zcx_folio_wait, entry);
	struct wait_page_key *key = arg;
	struct folio *folio = wait->folio;

	/* One queue serves many folios, and many bits of each. */
	if (key->folio != folio)
		return 0;
	key->page_match = 1;
	if (key->bit_nr != PG_locked)
		return 0;

	list_del_init(&entry->entry);
	/* Pairs with zcx_folio_wait_start(): the entry may be used again. */
	smp_store_release(&wait->folio, NULL);
	wait->woken(wait);
	module_put(THIS_MODULE);
	return 0;
}

/**
 * zcx_folio_wait_init() - set up, not waiting
 * @wait: what to set up
 * @hold: see struct zcx_folio_wait
 * @woken: see there
 *
 * Context: any.
 */
void zcx_folio_wait_init(struct zcx_folio_wait *wait,
			 void (*hold)(struct zcx_folio_wait *wait),
			 void (*woken)(struct zcx_folio_wait *wait))
{
	init_waitqueue_func_entry(&wait->entry, zcx_folio_wake);
	wait->folio = NULL;
	wait->hold = hold;
	wait->woken = woken;
}

/**
 * zcx_folio_wait_start() - have @wait->woken called when a folio is unlocked
 * @wait: set up; belongs to the task that runs its link
 * @folio: the folio, on which the caller has a reference
 *
 * @wait->woken may have been called before this returns, and is if the folio
 * was not locked.
 *
 * Context: process context.
 * Return: true if it will be called, or was; false if @wait waits for another
 * folio already, or the module is being unloaded.
 */
bool zcx_folio_wait_start(struct zcx_folio_wait *wait, struct folio *folio)
{
	/* Pairs with zcx_folio_wake(): it has left the queue when NULL is seen. */
	struct folio *old = smp_load_acquire(&wait->folio);

	if (old)
		return old == folio;
	/* It may be on its way out, waiting for us. */
	if (!try_module_get(THIS_MODULE))
		return false;
	wait->hold(wait);
	/* No reference: it is not freed while it is locked, then we are woken. */
	wait->folio = folio;
	folio_add_wait_queue(folio, &wait->entry);
	/* Unlocked since we looked? Then unlocking it once more wakes us. */
	if (folio_trylock(folio))
		folio_unlock(folio);
	return true;
}
