/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_GROWTH_H
#define _ZCX_GROWTH_H

#include <linux/err.h>
#include <linux/types.h>

struct file;
struct zcx_growth;
struct zcx_live_link;

#ifdef CONFIG_FSNOTIFY
int zcx_growth_init(void);
void zcx_growth_exit(void);
struct zcx_growth *zcx_growth_watch(struct file *file);
void zcx_growth_attach(struct zcx_growth *growth, struct zcx_live_link *link);
void zcx_growth_unwatch(struct zcx_growth *growth);
#else
static inline int zcx_growth_init(void)
{
	return 0;
}

static inline void zcx_growth_exit(void)
{
}

static inline struct zcx_growth *zcx_growth_watch(struct file *file)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline void zcx_growth_attach(struct zcx_growth *growth,
				     struct zcx_live_link *link)
{
}

static inline void zcx_growth_unwatch(struct zcx_growth *growth)
{
}
#endif

#endif /* _ZCX_GROWTH_H */
