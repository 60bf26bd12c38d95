// SPDX-License-Identifier: GPL-2.0
/*
 * Pages into sockets on kernels with MSG_SPLICE_PAGES (6.5 and later): one
 * sendmsg() a batch, and so one socket lock, with a bvec iterator over it.
 */
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <linux/zcx.h>

#include "../sglist.h"
#include "push.h"

u32 zcx_push_method(void)
{
	return ZCX_PUSH_SPLICE_PAGES;
}

ssize_t zcx_push_pages(struct socket *sock, struct zcx_sglist *sgl, bool more)
{
	struct msghdr msg = {
		.msg_flags = MSG_SPLICE_PAGES | MSG_DONTWAIT | MSG_NOSIGNAL,
	};

	if (more)
		msg.msg_flags |= MSG_MORE;
	zcx_sglist_to_iter(sgl, &msg.msg_iter);
	return sock_sendmsg(sock, &msg);
}

void zcx_push_flush(struct socket *sock)
{
	const struct proto_ops *ops = READ_ONCE(sock->ops);

	if (ops->splice_eof)
		ops->splice_eof(sock);
}
