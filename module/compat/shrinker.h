/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a shrinker is made: allocated by the kernel since 6.7, before that its
 * memory was its owner's.
 */
#ifndef _ZCX_SHRINKER_H
#define _ZCX_SHRINKER_H

#include <linux/shrinker.h>
#include <linux/slab.h>

typedef unsigned long (*zcx_shrink_fn)(struct shrinker *shrinker,
				       struct shrink_control *sc);

#ifdef ZCX_HAVE_SHRINKER_ALLOC
static inline struct shrinker *zcx_shrinker_register(const char *name,
						     zcx_shrink_fn count,
						     zcx_shrink_fn scan)
{
	struct shrinker *shrinker = shrinker_alloc(0, "%s", name);

	if (!shrinker)
		return NULL;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker_register(shrinker);
	return shrinker;
}

static inline void zcx_shrinker_unregister(struct shrinker *shrinker)
{
	shrinker_free(shrinker);
}
#else
static inline struct shrinker *zcx_shrinker_register(const char *name,
						     zcx_shrink_fn count,
						     zcx_shrink_fn scan)
{
	struct shrinker *shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);

	if (!shrinker)
		return NULL;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = DEFAULT_SEEKS;
	if (!register_shrinker(shrinker, "%s", name))
		return shrinker;
	kfree(shrinker);
	return NULL;
}

static inline void zcx_shrinker_unregister(struct shrinker *shrinker)
{
	unregister_shrinker(shrinker);
	kfree(shrinker);
}
#endif

#endif /* _ZCX_SHRINKER_H */
