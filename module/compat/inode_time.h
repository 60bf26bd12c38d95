/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where an inode keeps its times: behind functions since 6.7, in plain members
 * before. The names are those of the newer kernels.
 */
#ifndef _ZCX_INODE_TIME_H
#define _ZCX_INODE_TIME_H

#include <linux/fs.h>

#ifndef ZCX_HAVE_INODE_TIME
static inline struct timespec64 inode_get_atime(const struct inode *inode)
{
	return inode->i_atime;
}

static inline struct timespec64 inode_get_mtime(const struct inode *inode)
{
	return inode->i_mtime;
}
#endif
#ifndef ZCX_HAVE_INODE_CTIME
static inline struct timespec64 inode_get_ctime(const struct inode *inode)
{
	return inode->i_ctime;
}
#endif

#endif /* _ZCX_INODE_TIME_H */
