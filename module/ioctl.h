/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_IOCTL_H
#define _ZCX_IOCTL_H

struct file;

long zcx_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* _ZCX_IOCTL_H */
