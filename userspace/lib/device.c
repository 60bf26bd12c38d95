// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The device itself: open, close, what it is and can do. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "zcx.h"

/**
 * zcx_version() - version of this library
 *
 * Return: "MAJOR.MINOR.PATCH", static.
 */
const char *zcx_version(void)
{
	return ZCX_VERSION;
}

/**
 * zcx_open() - open a context
 *
 * A context is one open file of /dev/zcx; it is close-on-exec. A program needs
 * one, not one per socket.
 *
 * Return: a descriptor, or
 * * -ENOENT - no /dev/zcx: the module is not loaded
 * * -ENXIO, -ENODEV - /dev/zcx exists, but no module stands behind it
 * * -EACCES, -EPERM - no permission; see the group zcx
 * * -EMFILE, -ENFILE - too many open files
 * * -ENOMEM - out of memory
 */
int zcx_open(void)
{
	int fd = open(ZCX_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/**
 * zcx_close() - close a context
 * @fd: from zcx_open()
 *
 * Return: 0, or
 * * -EBADF - @fd is not open
 */
int zcx_close(int fd)
{
	return close(fd) ? -errno : 0;
}

/**
 * zcx_get_info() - ask the module what it is and can do
 * @fd: from zcx_open()
 * @info: filled in; members an older module does not know are 0
 *
 * Return: 0, or
 * * -EBADF - @fd is not open
 * * -ENOTTY - @fd is not a zcx context
 * * -EINVAL, -E2BIG - the module and this library do not understand each other
 * * -EFAULT - @info points nowhere
 */
int zcx_get_info(int fd, struct zcx_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);

	return ioctl(fd, ZCX_IOC_INFO, info) < 0 ? -errno : 0;
}
