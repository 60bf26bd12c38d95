// SPDX-License-Identifier: GPL-2.0
/*
 * zcx: page-cache files to sockets, by reference. Parameters, init and exit.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "async.h"
#include "buffers.h"
#include "drop.h"
#include "stats.h"
#include "submit.h"
#include "zcx.h"

static unsigned int batch_bytes = ZCX_BATCH_DEFAULT;
module_param(batch_bytes, uint, 0644);
MODULE_PARM_DESC(batch_bytes,
		 "Bytes gathered from files before they go to the socket, 65536 to 4194304 (default 1048576). More saves work per byte, less holds fewer pages per link.");

unsigned int zcx_param_max_links = ZCX_LINKS_DEFAULT;
module_param_named(max_links, zcx_param_max_links, uint, 0644);
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

unsigned long zcx_param_direct_threshold = ZCX_DIRECT_DEFAULT;
module_param_named(direct_threshold, zcx_param_direct_threshold, ulong, 0644);
MODULE_PARM_DESC(direct_threshold,
		 "Bytes of a file range from which on its cold parts are read by direct I/O, past the page cache, unless the link says otherwise (default 4194304). 0: never.");

static unsigned long direct_bytes_max;
module_param(direct_bytes_max, ulong, 0644);
MODULE_PARM_DESC(direct_bytes_max,
		 "Bytes of memory that direct I/O may hold in all (default, and 0: a sixteenth of the memory).");

static unsigned long direct_user_max;
module_param(direct_user_max, ulong, 0644);
MODULE_PARM_DESC(direct_user_max,
		 "Likewise, over all that one user has opened /dev/zcx for (default, and 0: half of what there may be in all).");

static unsigned long direct_context_max;
module_param(direct_context_max, ulong, 0644);
MODULE_PARM_DESC(direct_context_max,
		 "Likewise, for one open /dev/zcx (default, and 0: what its user may have).");

bool zcx_param_frags = true;
module_param_named(frags, zcx_param_frags, bool, 0644);
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

/* Less than a buffer would be nothing at all. */
static size_t zcx_direct_limit(unsigned long limit, size_t otherwise)
{
	return max_t(size_t, limit ?: otherwise, ZCX_BUFFER_MIN);
}

/**
 * zcx_direct_bytes_max() - memory that direct I/O may hold in all
 *
 * Context: any.
 * Return: bytes, at least ZCX_BUFFER_MIN.
 */
size_t zcx_direct_bytes_max(void)
{
	return zcx_direct_limit(READ_ONCE(direct_bytes_max),
				min_t(u64, (u64)totalram_pages() * PAGE_SIZE / 16,
				      SIZE_MAX));
}

/**
 * zcx_direct_user_max() - memory that direct I/O may hold for one user
 *
 * Context: any.
 * Return: bytes, at least ZCX_BUFFER_MIN.
 */
size_t zcx_direct_user_max(void)
{
	return zcx_direct_limit(READ_ONCE(direct_user_max),
				zcx_direct_bytes_max() / 2);
}

/**
 * zcx_direct_context_max() - memory that direct I/O may hold for one context
 *
 * Context: any.
 * Return: bytes, at least ZCX_BUFFER_MIN.
 */
size_t zcx_direct_context_max(void)
{
	return zcx_direct_limit(READ_ONCE(direct_context_max),
				zcx_direct_user_max());
}

static int __init zcx_init(void)
{
	int err;

	err = zcx_submit_init();
	if (err)
		return err;
	err = zcx_buffers_init();
	if (err)
		goto exit_submit;
	err = zcx_drop_init();
	if (err)
		goto exit_buffers;
	err = zcx_async_init();
	if (err)
		goto exit_drop;
	zcx_stats_init();
	err = zcx_chardev_register();
	if (!err)
		return 0;
	zcx_stats_exit();
	zcx_async_exit();
exit_drop:
	zcx_drop_exit();
exit_buffers:
	zcx_buffers_exit();
exit_submit:
	zcx_submit_exit();
	return err;
}

static void __exit zcx_exit(void)
{
	zcx_chardev_unregister();
	zcx_async_exit();
	zcx_drop_exit();
	zcx_buffers_exit();
	zcx_stats_exit();
	zcx_submit_exit();
}

module_init(zcx_init);
module_exit(zcx_exit);

MODULE_AUTHOR("the zcx authors");
MODULE_DESCRIPTION("Links page-cache files to sockets by reference");
MODULE_VERSION(ZCX_VERSION);
MODULE_LICENSE("GPL");
