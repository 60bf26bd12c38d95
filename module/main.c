// SPDX-License-Identifier: GPL-2.0
/*
 * zcx: page-cache files to sockets, by reference. Parameters, init and exit.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "async.h"
#include "stats.h"
#include "submit.h"
#include "zcx.h"

static unsigned int batch_bytes = ZCX_BATCH_DEFAULT;
module_param(batch_bytes, uint, 0644);
MODULE_PARM_DESC(batch_bytes,
		 "Bytes gathered from files before they go to the socket, 65536 to 4194304 (default 1048576). More saves work per byte, less holds fewer pages per link.");

static unsigned int max_links = ZCX_LINKS_DEFAULT;
module_param(max_links, uint, 0644);
MODULE_PARM_DESC(max_links,
		 "Links that one open /dev/zcx may have at a time (default 16384). One more fails with EBUSY.");

static unsigned int max_user_links = ZCX_USER_LINKS_DEFAULT;
module_param(max_user_links, uint, 0644);
MODULE_PARM_DESC(max_user_links,
		 "Links that run by themselves, over all that one user has opened /dev/zcx for (default 65536). One more fails with EDQUOT.");

static unsigned int max_user_files = ZCX_USER_FILES_DEFAULT;
module_param(max_user_files, uint, 0644);
MODULE_PARM_DESC(max_user_files,
		 "Files and sockets that those may hold (default 262144). One more fails with EDQUOT.");

static bool frags = true;
module_param(frags, bool, 0644);
MODULE_PARM_DESC(frags,
		 "Put whole runs of memory into TCP packets (default Y). N: use the kernel's own entry for pages, which goes one by one, as sendfile does.");

/**
 * zcx_batch_bytes() - bytes to gather at a time
 *
 * Context: any.
 * Return: the parameter, within its bounds and in whole pages.
 */
unsigned int zcx_batch_bytes(void)
{
	return PAGE_ALIGN(clamp_t(unsigned int, READ_ONCE(batch_bytes),
				  ZCX_BATCH_MIN, ZCX_BATCH_MAX));
}

/**
 * zcx_max_links() - links that one context may have at a time
 *
 * Context: any.
 * Return: the parameter.
 */
unsigned int zcx_max_links(void)
{
	return READ_ONCE(max_links);
}

/**
 * zcx_max_user_links() - links that run by themselves that one user may have
 *
 * Context: any.
 * Return: the parameter.
 */
unsigned int zcx_max_user_links(void)
{
	return min_t(unsigned int, READ_ONCE(max_user_links), INT_MAX);
}

/**
 * zcx_max_user_files() - files and sockets that they may hold
 *
 * Context: any.
 * Return: the parameter.
 */
unsigned int zcx_max_user_files(void)
{
	return min_t(unsigned int, READ_ONCE(max_user_files), INT_MAX);
}

/**
 * zcx_frags_enabled() - may runs of memory become fragments as they are?
 *
 * Context: any.
 * Return: the parameter.
 */
bool zcx_frags_enabled(void)
{
	return READ_ONCE(frags);
}

static int __init zcx_init(void)
{
	int err;

	err = zcx_submit_init();
	if (err)
		return err;
	err = zcx_async_init();
	if (err)
		goto exit_submit;
	zcx_stats_init();
	err = zcx_chardev_register();
	if (!err)
		return 0;
	zcx_stats_exit();
	zcx_async_exit();
exit_submit:
	zcx_submit_exit();
	return err;
}

static void __exit zcx_exit(void)
{
	zcx_chardev_unregister();
	zcx_async_exit();
	zcx_stats_exit();
	zcx_submit_exit();
}

module_init(zcx_init);
module_exit(zcx_exit);

MODULE_AUTHOR("the zcx authors");
MODULE_DESCRIPTION("Links page-cache files to sockets by reference");
MODULE_VERSION(ZCX_VERSION);
MODULE_LICENSE("GPL");
