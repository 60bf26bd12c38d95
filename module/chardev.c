// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/zcx: open, release, read, poll, ioctl, fdinfo.
 */
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>

#include "async.h"
#include "completion.h"
#include "context.h"
#include "ioctl.h"
#include "link.h"
#include "query.h"
#include "uring.h"
#include "zcx.h"

/* Most links of a context that its fdinfo shows. */
#define ZCX_SHOW_LINKS	1024

static int zcx_open(struct inode *inode, struct file *file)
{
	struct zcx_context *ctx = zcx_context_create();

	if (!ctx)
		return -ENOMEM;
	file->private_data = ctx;
	return nonseekable_open(inode, file);
}

static int zcx_release(struct inode *inode, struct file *file)
{
	struct zcx_context *ctx = file->private_data;

	zcx_completion_close(ctx);
	zcx_async_cancel_all(ctx, NULL);
	zcx_context_put(ctx);
	return 0;
}

static int zcx_flush(struct file *file, fl_owner_t id)
{
	zcx_uring_flush(file->private_data, id);
	return 0;
}

static ssize_t zcx_read(struct file *file, char __user *buf, size_t count,
			loff_t *pos)
{
	return zcx_completion_read(file->private_data, buf, count,
				   file->f_flags & O_NONBLOCK);
}

static __poll_t zcx_poll(struct file *file, poll_table *pt)
{
	struct zcx_context *ctx = file->private_data;

	poll_wait(file, &ctx->wait, pt);
	/*
	 * Pairs with wq_has_sleeper() of who posts: he sees us, or we see his event.
	 * Newer kernels' poll_wait() has one, older 6.1 and 6.12 have not.
	 */
	smp_mb();
	return zcx_completion_pending(ctx) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void zcx_show_link(struct seq_file *m, struct zcx_live_link *link,
			  u64 now)
{
	struct zcx_query query = { };
	u64 age = link->async ? now - link->async->started : 0;

	zcx_link_query(link, &query);
	seq_printf(m, "link:\tid=%llu state=%s wait=%s sent=%llu acked=%llu user_data=0x%llx age_ms=%llu\n",
		   query.id, zcx_state_name(query.state),
		   zcx_wait_name(query.wait), query.bytes_sent,
		   query.bytes_acked, query.user_data,
		   div_u64(age, NSEC_PER_MSEC));
}

/* Links that have not ended, up to a number that fits anybody's patience. */
static void zcx_show_links(struct seq_file *m, struct zcx_context *ctx)
{
	struct zcx_live_link *link;
	u64 now = ktime_get_ns();
	unsigned int n = 0;

	spin_lock(&ctx->lock);
	list_for_each_entry(link, &ctx->links, node) {
		if (++n > ZCX_SHOW_LINKS)
			break;
		zcx_show_link(m, link, now);
	}
	spin_unlock(&ctx->lock);
}

static void zcx_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct zcx_context *ctx = file->private_data;
	unsigned int links, events;

	spin_lock(&ctx->lock);
	events = ctx->nr_events;
	links = ctx->nr_links - events;
	spin_unlock(&ctx->lock);

	seq_printf(m, "context:\t%llu\nlinks:\t%u\nevents:\t%u\n",
		   ctx->number, links, events);
	zcx_stats_show_context(m, &ctx->stats);
	zcx_show_links(m, ctx);
}

static const struct file_operations zcx_fops = {
	.owner		= THIS_MODULE,
	.open		= zcx_open,
	.release	= zcx_release,
	.flush		= zcx_flush,
	.uring_cmd	= zcx_uring_cmd,
	.read		= zcx_read,
	.poll		= zcx_poll,
	.unlocked_ioctl	= zcx_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.show_fdinfo	= zcx_show_fdinfo,
};

static struct miscdevice zcx_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= ZCX_NAME,
	.mode	= 0660,
	.fops	= &zcx_fops,
};

/**
 * zcx_chardev_register() - make /dev/zcx appear
 *
 * Context: module init, as its last step: it may be opened at once.
 * Return: 0 or -errno of misc_register().
 */
int zcx_chardev_register(void)
{
	return misc_register(&zcx_device);
}

/**
 * zcx_chardev_unregister() - make /dev/zcx go
 *
 * Context: module exit; nothing has it open, each open file holds the module.
 */
void zcx_chardev_unregister(void)
{
	misc_deregister(&zcx_device);
}
