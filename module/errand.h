/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_ERRAND_H
#define _ZCX_ERRAND_H

#include "disk.h"
#include "guise.h"

struct file;

/**
 * struct zcx_errand - something to be done with a file that may block, for a link
 *	that goes on without waiting for it
 * @job: in the pool of the file's device
 * @disk: that, with a reference
 * @file: the file, with a reference
 * @guise: whose link it is, with references
 * @run: does it
 * @free: gives back its memory and whatever else it holds
 */
struct zcx_errand {
	struct zcx_disk_job job;
	struct zcx_disk *disk;
	struct file *file;
	struct zcx_guise guise;
	void (*run)(struct zcx_errand *errand);
	void (*free)(struct zcx_errand *errand);
};

void zcx_errand_send(struct zcx_errand *errand, struct zcx_disk *disk,
		     struct file *file,
		     void (*run)(struct zcx_errand *errand),
		     void (*free)(struct zcx_errand *errand));

#endif /* _ZCX_ERRAND_H */
