// SPDX-License-Identifier: GPL-2.0
/*
 * A small bounded pool of workers for each backing device.
 *
 * To submit a read can block: for metadata, for a request tag. Links that need
 * one stand in the queue of their device, of which two are at work at a time.
 * A device that answers nothing holds up its own queue and no other.
 */
#include <linux/backing-dev.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "disk.h"

/* Reads themselves are asynchronous; only their submission is done here. */
#define ZCX_DISK_WORKERS	2

struct zcx_disk;

struct zcx_disk_worker {
	struct work_struct work;
	struct zcx_disk *disk;
	bool busy;
};

/**
 * struct zcx_disk - a backing device that links read from
 * @node: in zcx_disks
 * @key: which device; not dereferenced
 * @users: links' ranges and busy workers
 * @jobs: struct zcx_disk_job
 * @workers: the pool
 */
struct zcx_disk {
	struct list_head	node;
	const void		*key;
	unsigned int		users;
	struct list_head	jobs;
	struct zcx_disk_worker	workers[ZCX_DISK_WORKERS];
};

static LIST_HEAD(zcx_disks);
/* All disks, their users, queues and workers: held for some instructions. */
static DEFINE_SPINLOCK(zcx_disk_lock);
static struct workqueue_struct *zcx_disk_wq;

/**
 * zcx_disk_init() - have threads for the pools
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int zcx_disk_init(void)
{
	zcx_disk_wq = alloc_workqueue("zcx_disk", WQ_UNBOUND, WQ_MAX_ACTIVE);
	return zcx_disk_wq ? 0 : -ENOMEM;
}

/**
 * zcx_disk_flush() - wait until all that was queued has been done
 *
 * Context: may sleep, as long as a device takes.
 */
void zcx_disk_flush(void)
{
	flush_workqueue(zcx_disk_wq);
}

/**
 * zcx_disk_exit() - undo zcx_disk_init()
 *
 * Context: module exit; there are no links any more.
 */
void zcx_disk_exit(void)
{
	destroy_workqueue(zcx_disk_wq);
}

/*
 * What a file's reads may get stuck in. Filesystems without a device of their
 * own (overlayfs, tmpfs) share one that stands for none: told apart by
 * themselves.
 */
static const void *zcx_disk_key(struct file *file)
{
	struct super_block *sb = file_inode(file)->i_sb;

	return sb->s_bdi == &noop_backing_dev_info ? (const void *)sb :
						      sb->s_bdi;
}

static struct zcx_disk *zcx_disk_find(const void *key)
{
	struct zcx_disk *disk;

	list_for_each_entry(disk, &zcx_disks, node) {
		if (disk->key == key) {
			disk->users++;
			return disk;
		}
	}
	return NULL;
}

static void zcx_disk_work(struct work_struct *work);

static struct zcx_disk *zcx_disk_create(const void *key)
{
	struct zcx_disk *disk = kzalloc(sizeof(*disk), GFP_KERNEL_ACCOUNT);
	unsigned int i;

	if (!disk)
		return NULL;
	disk->key = key;
	disk->users = 1;
	INIT_LIST_HEAD(&disk->jobs);
	for (i = 0; i < ZCX_DISK_WORKERS; i++) {
		INIT_WORK(&disk->workers[i].work, zcx_disk_work);
		disk->workers[i].disk = disk;
	}
	return disk;
}

/**
 * zcx_disk_get() - the pool of the device that a file is on
 * @file: the file
 *
 * Context: process context; may sleep.
 * Return: the pool, to be given to zcx_disk_put(); NULL if out of memory.
 */
struct zcx_disk *zcx_disk_get(struct file *file)
{
	const void *key = zcx_disk_key(file);
	struct zcx_disk *disk, *fresh;

	spin_lock_irq(&zcx_disk_lock);
	disk = zcx_disk_find(key);
	spin_unlock_irq(&zcx_disk_lock);
	if (disk)
		return disk;

	fresh = zcx_disk_create(key);
	if (!fresh)
		return NULL;
	spin_lock_irq(&zcx_disk_lock);
	disk = zcx_disk_find(key);
	if (!disk) {
		list_add(&fresh->node, &zcx_disks);
		swap(disk, fresh);
	}
	spin_unlock_irq(&zcx_disk_lock);
	kfree(fresh);
	return disk;
}

/**
 * zcx_disk_hold() - one more user
 * @disk: a pool that the caller has
 *
 * Context: any.
 * Return: @disk.
 */
struct zcx_disk *zcx_disk_hold(struct zcx_disk *disk)
{
	unsigned long flags;

	spin_lock_irqsave(&zcx_disk_lock, flags);
	disk->users++;
	spin_unlock_irqrestore(&zcx_disk_lock, flags);
	return disk;
}

/**
 * zcx_disk_put() - one user less
 * @disk: the pool, or NULL
 *
 * Context: any.
 */
void zcx_disk_put(struct zcx_disk *disk)
{
	unsigned long flags;
	bool last;

	if (!disk)
		return;
	spin_lock_irqsave(&zcx_disk_lock, flags);
	last = !--disk->users;
	if (last)
		list_del(&disk->node);
	spin_unlock_irqrestore(&zcx_disk_lock, flags);
	if (last)
		kfree(disk);
}

static struct zcx_disk_job *zcx_disk_next(struct zcx_disk_worker *worker)
{
	struct zcx_disk_job *job;

	spin_lock_irq(&zcx_disk_lock);
	job = list_first_entry_or_null(&worker->disk->jobs,
				       struct zcx_disk_job, node);
	if (job)
		list_del_init(&job->node);
	else
		worker->busy = false;
	spin_unlock_irq(&zcx_disk_lock);
	return job;
}

static void zcx_disk_work(struct work_struct *work)
{
	struct zcx_disk_worker *worker =
		container_of(work, struct zcx_disk_worker, work);
	struct zcx_disk *disk = worker->disk;
	struct zcx_disk_job *job;

	while ((job = zcx_disk_next(worker))) {
		job->run(job);
		cond_resched();
	}
	zcx_disk_put(disk);
}

/* A worker that is idle, set to work and counted as a user. */
static struct zcx_disk_worker *zcx_disk_rouse(struct zcx_disk *disk)
{
	unsigned int i;

	for (i = 0; i < ZCX_DISK_WORKERS; i++) {
		struct zcx_disk_worker *worker = &disk->workers[i];

		if (!worker->busy) {
			worker->busy = true;
			disk->users++;
			return worker;
		}
	}
	return NULL;
}

/**
 * zcx_disk_job_init() - set a job up
 * @job: the job
 * @run: what it does, in process context; may sleep
 *
 * Context: any.
 */
void zcx_disk_job_init(struct zcx_disk_job *job,
		       void (*run)(struct zcx_disk_job *job))
{
	INIT_LIST_HEAD(&job->node);
	job->urgent = false;
	job->run = run;
}

/**
 * zcx_disk_queue() - have a job done by a device's pool
 * @disk: the device
 * @job: the job; not queued now. Belongs to the pool until it is run, or taken
 *	out again by zcx_disk_hurry()
 *
 * Context: any.
 * Return: false if the job is not to wait: it has not been queued.
 */
bool zcx_disk_queue(struct zcx_disk *disk, struct zcx_disk_job *job)
{
	struct zcx_disk_worker *worker;
	unsigned long flags;

	spin_lock_irqsave(&zcx_disk_lock, flags);
	if (job->urgent) {
		spin_unlock_irqrestore(&zcx_disk_lock, flags);
		return false;
	}
	list_add_tail(&job->node, &disk->jobs);
	worker = zcx_disk_rouse(disk);
	if (worker)
		queue_work(zcx_disk_wq, &worker->work);
	spin_unlock_irqrestore(&zcx_disk_lock, flags);
	return true;
}

/**
 * zcx_disk_hurry() - do not let a job wait for a disk any more
 * @job: the job; if it is not queued now, zcx_disk_queue() refuses it until its
 *	owner clears @job->urgent
 *
 * Context: any.
 * Return: true if it was waiting in a queue: it is the caller's now.
 */
bool zcx_disk_hurry(struct zcx_disk_job *job)
{
	unsigned long flags;
	bool queued;

	spin_lock_irqsave(&zcx_disk_lock, flags);
	job->urgent = true;
	queued = !list_empty(&job->node);
	list_del_init(&job->node);
	spin_unlock_irqrestore(&zcx_disk_lock, flags);
	return queued;
}
