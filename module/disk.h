/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_DISK_H
#define _ZCX_DISK_H

#include <linux/list.h>
#include <linux/types.h>

struct file;
struct zcx_disk;

/**
 * struct zcx_disk_job - something that may block in a filesystem
 * @node: in its disk's queue, while it waits for its turn
 * @urgent: it is not to wait for its turn any more
 * @run: does it; its own memory may be gone when it returns
 */
struct zcx_disk_job {
	struct list_head node;
	bool urgent;
	void (*run)(struct zcx_disk_job *job);
};

int zcx_disk_init(void);
void zcx_disk_flush(void);
void zcx_disk_exit(void);

struct zcx_disk *zcx_disk_get(struct file *file);
struct zcx_disk *zcx_disk_hold(struct zcx_disk *disk);
void zcx_disk_put(struct zcx_disk *disk);

void zcx_disk_job_init(struct zcx_disk_job *job,
		       void (*run)(struct zcx_disk_job *job));
bool zcx_disk_queue(struct zcx_disk *disk, struct zcx_disk_job *job);
bool zcx_disk_hurry(struct zcx_disk_job *job);

#endif /* _ZCX_DISK_H */
