/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_FOLIO_WAIT_H
#define _ZCX_FOLIO_WAIT_H

#include <linux/wait.h>

struct folio;

/**
 * struct zcx_folio_wait - to be called when a folio is unlocked
 * @entry: in the folio's wait queue, which nobody can leave before he is woken
 * @folio: the folio; NULL: not waiting
 * @hold: called before it waits: its memory must stay until @woken
 * @woken: called, in any context, once for each @hold
 */
struct zcx_folio_wait {
	struct wait_queue_entry	entry;
	struct folio		*folio;
	void (*hold)(struct zcx_folio_wait *wait);
	void (*woken)(struct zcx_folio_wait *wait);
};

void zcx_folio_wait_init(struct zcx_folio_wait *wait,
			 void (*hold)(struct zcx_folio_wait *wait),
			 void (*woken)(struct zcx_folio_wait *wait));
bool zcx_folio_wait_start(struct zcx_folio_wait *wait, struct folio *folio);

#endif /* _ZCX_FOLIO_WAIT_H */
