/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_DROP_H
#define _ZCX_DROP_H

#include <linux/types.h>

struct file;
struct zcx_drop;

/**
 * struct zcx_gap - pages of a file that are not in its page cache
 * @from: the first
 * @to: the first behind
 */
struct zcx_gap {
	pgoff_t from;
	pgoff_t to;
};

int zcx_drop_init(void);
void zcx_drop_exit(void);

struct zcx_drop *zcx_drop_create(struct file *file);
struct zcx_drop *zcx_drop_get(struct zcx_drop *drop, const struct file *file);
void zcx_drop_put(struct zcx_drop *drop);
bool zcx_drop_is_used(const struct zcx_drop *drop);

void zcx_drop_note(struct zcx_drop *drop, const struct zcx_gap *gap);
bool zcx_drop_has(const struct zcx_drop *drop, loff_t pos);
void zcx_drop_behind(struct zcx_drop *drop, loff_t pos);

#endif /* _ZCX_DROP_H */
