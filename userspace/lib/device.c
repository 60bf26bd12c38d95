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

/**
 * zcx_probe() - ask how a range of a file would travel
 * @fd: from zcx_open()
 * @probe: in: its members file_fd, socket_fd (-1: without a socket), offset,
 *	length, direct_threshold and lane_asked; out: all others
 *
 * Nothing is sent, read, or brought into the page cache.
 *
 * Return: 0, or
 * * -ENOTTY - @fd is not a zcx context, or the module is older than this call
 * * -EBADF, -EISDIR, -ENOTSOCK, -ENOTCONN, -EOPNOTSUPP and others - what a link
 *   with this file and socket would be refused with, see <linux/zcx.h>
 */
int zcx_probe(int fd, struct zcx_probe *probe)
{
	struct zcx_probe request = {
		.size = sizeof(request),
		.file_fd = probe->file_fd,
		.socket_fd = probe->socket_fd,
		.offset = probe->offset,
		.length = probe->length,
		.direct_threshold = probe->direct_threshold,
		.lane_asked = probe->lane_asked,
	};

	*probe = request;
	return ioctl(fd, ZCX_IOC_PROBE, probe) < 0 ? -errno : 0;
}
