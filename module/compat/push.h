/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_PUSH_H
#define _ZCX_PUSH_H

#include <linux/types.h>

struct socket;
struct zcx_sglist;

/* enum zcx_push_method of the ABI: how pages reach sockets on this kernel. */
u32 zcx_push_method(void);

/*
 * Both push_*.c implement these. zcx_push_pages() offers the whole list to the
 * socket without waiting; returns the bytes taken, at least 1, or -errno
 * (-EAGAIN: full). The socket takes references of its own. @more says that
 * more bytes will follow. May sleep for locks and memory. zcx_push_flush()
 * closes what the protocol above TCP left open for more when nothing followed.
 */
ssize_t zcx_push_pages(struct socket *sock, struct zcx_sglist *sgl, bool more);
void zcx_push_flush(struct socket *sock);

#endif /* _ZCX_PUSH_H */
