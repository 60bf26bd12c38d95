/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_IOCTL_H
#define _ZCX_IOCTL_H

struct file;

long zcx_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

struct zcx_context;
struct zcx_live_link;

struct zcx_live_link *zcx_ioctl_accept(struct zcx_context *ctx,
				       void __user *uptr);

#endif /* _ZCX_IOCTL_H */
