// SPDX-License-Identifier: GPL-2.0
/*
 * Workers act in the name of whoever submitted the link: security modules are
 * asked about him, and memory is charged to him.
 */
#include <linux/cred.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>

#include "guise.h"

/**
 * zcx_guise_get() - remember in whose name we act now
 * @guise: out; to be given to zcx_guise_put()
 *
 * Context: process context.
 */
void zcx_guise_get(struct zcx_guise *guise)
{
	guise->cred = get_current_cred();
	/* Of the current task, or whoever's it acts for. */
	guise->memcg = get_mem_cgroup_from_mm(NULL);
}

/**
 * zcx_guise_put() - undo zcx_guise_get() or zcx_guise_copy()
 * @guise: what it filled in
 *
 * Context: process context.
 */
void zcx_guise_put(struct zcx_guise *guise)
{
	put_cred(guise->cred);
	mem_cgroup_put(guise->memcg);
}

/**
 * zcx_guise_copy() - references of one's own
 * @to: out; to be given to zcx_guise_put()
 * @from: a submitter's
 *
 * Context: process context.
 */
void zcx_guise_copy(struct zcx_guise *to, const struct zcx_guise *from)
{
	to->cred = get_cred(from->cred);
	to->memcg = from->memcg;
#ifdef CONFIG_MEMCG
	if (to->memcg)
		css_get(&to->memcg->css);
#endif
}

/**
 * zcx_guise_wear() - act in another's name
 * @guise: the submitter's; must stay until zcx_guise_shed()
 * @own: out: for that
 *
 * Context: a worker.
 */
void zcx_guise_wear(const struct zcx_guise *guise, struct zcx_guise *own)
{
	own->memcg = set_active_memcg(guise->memcg);
	own->cred = override_creds(guise->cred);
}

/**
 * zcx_guise_shed() - act in one's own name again
 * @own: from zcx_guise_wear()
 *
 * Context: the same worker.
 */
void zcx_guise_shed(const struct zcx_guise *own)
{
	revert_creds(own->cred);
	set_active_memcg(own->memcg);
}
