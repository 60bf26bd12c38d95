/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_GUISE_H
#define _ZCX_GUISE_H

struct cred;
struct mem_cgroup;

/**
 * struct zcx_guise - in whose name something is done
 * @cred: credentials
 * @memcg: memory cgroup, or NULL
 *
 * Of a submitter: both with a reference. Of a worker, while it wears another's:
 * what it will be again.
 */
struct zcx_guise {
	const struct cred *cred;
	struct mem_cgroup *memcg;
};

void zcx_guise_get(struct zcx_guise *guise);
void zcx_guise_put(struct zcx_guise *guise);
void zcx_guise_copy(struct zcx_guise *to, const struct zcx_guise *from);
void zcx_guise_wear(const struct zcx_guise *guise, struct zcx_guise *own);
void zcx_guise_shed(const struct zcx_guise *own);

#endif /* _ZCX_GUISE_H */
