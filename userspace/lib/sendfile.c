// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* A range of one file, by one ioctl: for programs that call sendfile(2) today. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <unistd.h>

#include "result.h"
#include "zcx.h"

/* What sendfile(2) sends by one call at most: whatever it returns fits 32 bits. */
#define SENDFILE_MAX	0x7ffff000

/*
 * No struct zcx_program is built for it: of 4 KiB that would be a twentieth of all
 * that sending them takes.
 */
static inline ssize_t send_range(int fd, int sockfd, int filefd,
				 uint64_t offset, uint64_t count,
				 uint32_t flags, struct zcx_result *result)
{
	struct zcx_segment segment = {
		.type = ZCX_SEGMENT_FILE,
		.fd = filefd,
		.offset = offset,
		.length = count,
	};
	struct zcx_link link = {
		.size = sizeof(link),
		.flags = flags | ZCX_LINK_SYNC,
		.socket_fd = sockfd,
		.segments = (uintptr_t)&segment,
		.segment_count = 1,
		.segment_size = sizeof(segment),
	};
	int ret = ioctl(fd, ZCX_IOC_LINK, &link) < 0 ? -errno : 0;

	if (result)
		result_from_link(result, &link);
	return ret ? ret : (ssize_t)link.bytes_sent;
}

/* From where the file's own offset is, which moves on. */
static ssize_t send_from_position(int fd, int sockfd, int filefd,
				  uint64_t count, uint32_t flags,
				  struct zcx_result *result)
{
	off_t at = lseek(filefd, 0, SEEK_CUR);
	ssize_t n;

	if (at < 0) {
		if (result)
			memset(result, 0, sizeof(*result));
		return -errno;
	}
	n = send_range(fd, sockfd, filefd, at, count, flags, result);
	/* What has been sent has been sent, whatever becomes of the offset. */
	if (n > 0)
		lseek(filefd, at + n, SEEK_SET);
	return n;
}

/**
 * zcx_sendfile() - send a range of a file, as sendfile(2) does
 * @fd: from zcx_open()
 * @sockfd: a connected stream socket
 * @filefd: a file that is open for reading
 * @offset: where to begin, in bytes; out: the first byte that was not sent. NULL: at the
 *	file's own offset, which then moves on (by lseek(2), after the fact: who else
 *	moves it meanwhile makes a mess of it, as with pread and lseek)
 * @count: bytes; ZCX_TO_EOF: as far as the file goes
 * @flags: of ZCX_LINK_NOSIGNAL, ZCX_LINK_NOWAIT and ZCX_LINK_DROP_BEHIND those that
 *	are wanted
 * @result: out: what became of it, byte by byte; may be NULL
 *
 * In place of sendfile(2) in a program that has a loop around it: sleeps while the
 * socket is full, unless it is non-blocking or has a time limit; sends less than it
 * was asked for where that, a signal, or the end of the file stops it; and sends 0 bytes
 * at the end of the file. On systems with 32 bits it sends 2 GiB at most, as
 * sendfile(2) does everywhere. A range that would end beyond what files can have is
 * EOVERFLOW (there EINVAL); and SIZE_MAX, with 64 bits, is ZCX_TO_EOF.
 *
 * Return: bytes sent, or
 * * -EINVAL - @offset is negative
 * * -EOVERFLOW - the range would end beyond what any file can have
 * * -ESPIPE - @offset is NULL, and the file has none of its own
 * * -EAGAIN, -EINTR, -EPIPE, -EIO and others - see the errno table in
 *   <linux/zcx.h>; nothing was sent
 */
ssize_t zcx_sendfile(int fd, int sockfd, int filefd, int64_t *offset,
		     uint64_t count, uint32_t flags, struct zcx_result *result)
{
	ssize_t n;

	if (sizeof(n) < sizeof(count) && count > SENDFILE_MAX)
		count = SENDFILE_MAX;
	if (!offset)
		return send_from_position(fd, sockfd, filefd, count, flags,
					  result);
	n = send_range(fd, sockfd, filefd, *offset, count, flags, result);
	if (n > 0)
		*offset += n;
	return n;
}
