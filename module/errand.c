// SPDX-License-Identifier: GPL-2.0
/*
 * Errands: what may block in a filesystem and nobody waits for.
 */
#include <linux/file.h>
#include <linux/fs.h>

#include "errand.h"

static void zcx_errand_run(struct zcx_disk_job *job)
{
	struct zcx_errand *errand = container_of(job, struct zcx_errand, job);
	struct zcx_disk *disk = errand->disk;
	struct file *file = errand->file;
	struct zcx_guise guise = errand->guise;
	struct zcx_guise own;

	zcx_guise_wear(&guise, &own);
	errand->run(errand);
	errand->free(errand);
	zcx_guise_shed(&own);
	zcx_guise_put(&guise);
	fput(file);
	zcx_disk_put(disk);
}

/**
 * zcx_errand_send() - have something done by the pool of a file's device
 * @errand: memory of the errand's own, of no known contents
 * @disk: the file's
 * @file: the file
 * @run: what to do, in the name of whoever is asking for it now
 * @free: to give back @errand when that is done
 *
 * Context: process context.
 */
void zcx_errand_send(struct zcx_errand *errand, struct zcx_disk *disk,
		     struct file *file,
		     void (*run)(struct zcx_errand *errand),
		     void (*free)(struct zcx_errand *errand))
{
	zcx_disk_job_init(&errand->job, zcx_errand_run);
	errand->disk = zcx_disk_hold(disk);
	errand->file = get_file(file);
	zcx_guise_get(&errand->guise);
	errand->run = run;
	errand->free = free;
	/* Not urgent, so it is taken. */
	zcx_disk_queue(disk, &errand->job);
}
