/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels in descriptors that are borrowed (fdget()): how
 * the file is had from one.
 */
#ifndef _ZCX_FD_H
#define _ZCX_FD_H

#include <linux/file.h>

#ifndef ZCX_HAVE_FD_FILE
#define fd_file(fd)	((fd).file)
#endif

#endif /* _ZCX_FD_H */
