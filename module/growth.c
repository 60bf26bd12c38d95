// SPDX-License-Identifier: GPL-2.0
/*
 * To be told when a file changes: links that follow one wait for no clock.
 *
 * The marks are fsnotify's, as inotify uses them (fs/notify/inotify). Who writes
 * through a mapping tells nobody: that is found by looking, see step.c.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/slab.h>

#include "async.h"
#include "growth.h"
#include "link.h"

/* More bytes, a writer less, a name less. */
#define ZCX_GROWTH_EVENTS \
	(FS_MODIFY | FS_CLOSE_WRITE | FS_ATTRIB | FS_DELETE_SELF)

/**
 * struct zcx_growth - one link's interest in one file
 * @mark: fsnotify's; it decides when this may be freed
 * @link: the link, with a reference: events may come late; NULL: none yet
 */
struct zcx_growth {
	struct fsnotify_mark	mark;
	struct zcx_live_link	*link;
};

static struct fsnotify_group *zcx_growth_group;

static struct zcx_growth *to_growth(struct fsnotify_mark *mark)
{
	return container_of(mark, struct zcx_growth, mark);
}

static int zcx_growth_event(struct fsnotify_mark *mark, u32 mask,
			    struct inode *inode, struct inode *dir,
			    const struct qstr *name, u32 cookie)
{
	/* Pairs with zcx_growth_attach(). */
	struct zcx_live_link *link = smp_load_acquire(&to_growth(mark)->link);

	if (link)
		zcx_async_kick(link);
	return 0;
}

static void zcx_growth_free(struct fsnotify_mark *mark)
{
	struct zcx_growth *growth = to_growth(mark);

	if (growth->link)
		zcx_link_put(growth->link);
	kfree(growth);
}

/* The file is gone from memory, which takes that we do not hold it any more. */
static void zcx_growth_freeing(struct fsnotify_mark *mark,
			       struct fsnotify_group *group)
{
}

static const struct fsnotify_ops zcx_growth_ops = {
	.handle_inode_event	= zcx_growth_event,
	.freeing_mark		= zcx_growth_freeing,
	.free_mark		= zcx_growth_free,
};

/**
 * zcx_growth_init() - have a place for marks
 *
 * Context: module init.
 * Return: 0 or -errno of fsnotify_alloc_group().
 */
int zcx_growth_init(void)
{
	/* Many links may follow one file. */
	zcx_growth_group = fsnotify_alloc_group(&zcx_growth_ops,
						FSNOTIFY_GROUP_DUPS);
	return PTR_ERR_OR_ZERO(zcx_growth_group);
}

/**
 * zcx_growth_exit() - undo zcx_growth_init()
 *
 * Context: module exit; there are no links any more. May sleep.
 */
void zcx_growth_exit(void)
{
	fsnotify_put_group(zcx_growth_group);
	/* Marks are freed by a worker, by our own function. */
	fsnotify_wait_marks_destroyed();
}

/**
 * zcx_growth_watch() - look for changes of a file
 * @file: the file
 *
 * Nobody is told of any until there is a link to tell: zcx_growth_attach().
 *
 * Context: process context; may sleep.
 * Return: what to give to zcx_growth_unwatch(); or an ERR_PTR: -ENOMEM, or what
 * fsnotify says.
 */
struct zcx_growth *zcx_growth_watch(struct file *file)
{
	struct zcx_growth *growth = kzalloc(sizeof(*growth),
					    GFP_KERNEL_ACCOUNT);
	int err;

	if (!growth)
		return ERR_PTR(-ENOMEM);
	fsnotify_init_mark(&growth->mark, zcx_growth_group);
	growth->mark.mask = ZCX_GROWTH_EVENTS;
	err = fsnotify_add_inode_mark(&growth->mark, file_inode(file), 0);
	if (!err)
		return growth;
	fsnotify_put_mark(&growth->mark);
	return ERR_PTR(err);
}

/**
 * zcx_growth_attach() - have a link kicked when the file may have grown
 * @growth: from zcx_growth_watch(), or NULL
 * @link: the link; looks at the file itself once this has returned
 *
 * Context: any.
 */
void zcx_growth_attach(struct zcx_growth *growth, struct zcx_live_link *link)
{
	if (!growth)
		return;
	zcx_link_get(link);
	/* Pairs with zcx_growth_event(). */
	smp_store_release(&growth->link, link);
}

/**
 * zcx_growth_unwatch() - no longer
 * @growth: from zcx_growth_watch(), or NULL
 *
 * The link may still be kicked for a while; a mark holds a reference on it.
 *
 * Context: process context; may sleep.
 */
void zcx_growth_unwatch(struct zcx_growth *growth)
{
	if (!growth)
		return;
	fsnotify_destroy_mark(&growth->mark, zcx_growth_group);
	fsnotify_put_mark(&growth->mark);
}
