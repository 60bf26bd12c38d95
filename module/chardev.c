// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/zcx: open, release, ioctl, fdinfo.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "context.h"
#include "ioctl.h"
#include "zcx.h"

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
	zcx_context_put(file->private_data);
	return 0;
}

static void zcx_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct zcx_context *ctx = file->private_data;
	unsigned int links;

	spin_lock(&ctx->lock);
	links = ctx->nr_links;
	spin_unlock(&ctx->lock);

	seq_printf(m, "links:\t%u\n", links);
	zcx_stats_show_context(m, &ctx->stats);
}

static const struct file_operations zcx_fops = {
	.owner		= THIS_MODULE,
	.open		= zcx_open,
	.release	= zcx_release,
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
