/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libzcx - links by io_uring. Needs neither liburing nor the library itself: any
 * way to get hold of an sqe will do.
 *
 *	zcx_link_init(&link, sock, program, &options);
 *	sqe = io_uring_get_sqe(&ring);
 *	zcx_uring_fill(sqe, zcx, &link);
 *	io_uring_sqe_set_data(sqe, client);
 */
#ifndef _ZCX_URING_H
#define _ZCX_URING_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/io_uring.h>
#include <linux/zcx.h>

/**
 * zcx_uring_fill() - make an sqe submit a link
 * @sqe: all of it is overwritten; its user_data and flags are set afterwards
 * @fd: from zcx_open()
 * @link: from zcx_link_init(), without ZCX_LINK_SYNC; the kernel writes its out
 *	members. It, the program and the descriptors that it names must stay until
 *	the kernel has taken it: in every mode of a ring, until the completion
 *
 * There is no event but the completion: cqe->res is 0 when the link ended SENT,
 * ACKED or SHORT, else a negative errno. In a ring with IORING_SETUP_CQE32,
 * cqe->big_cqe[0] is the count of bytes sent.
 */
static inline void zcx_uring_fill(struct io_uring_sqe *sqe, int fd,
				  struct zcx_link *link)
{
	struct zcx_uring_cmd cmd;

	memset(&cmd, 0, sizeof(cmd));
	cmd.link = (uintptr_t)link;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = ZCX_IOC_LINK;
	/* An array without a length of its own, which checkers do not like. */
	memcpy((char *)sqe + offsetof(struct io_uring_sqe, cmd), &cmd,
	       sizeof(cmd));
}

#endif /* _ZCX_URING_H */
