/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_ACCESSED_H
#define _ZCX_ACCESSED_H

#include <linux/types.h>

struct file;
struct zcx_disk;

void zcx_file_touch(struct file *file);
void zcx_file_accessed(struct file *file, struct zcx_disk *disk, u64 bytes,
		       bool touch);

#endif /* _ZCX_ACCESSED_H */
