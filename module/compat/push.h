/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_PUSH_H
#define _ZCX_PUSH_H

#include <linux/types.h>

struct bio_vec;
struct socket;
struct zcx_sglist;

/**
 * struct zcx_push - what pushing pages into one socket needs
 * @bvec: room for one bio_vec an entry of the scatter list, where the kernel
 *	takes them so; else NULL
 */
struct zcx_push {
	struct bio_vec *bvec;
};

/* enum zcx_push_method of the ABI: how pages reach sockets on this kernel. */
u32 zcx_push_method(void);

int zcx_push_init(struct zcx_push *push, unsigned int entries);
void zcx_push_destroy(struct zcx_push *push);

/*
 * Both push_*.c implement these. zcx_push_pages() offers the whole list to the
 * socket without waiting; returns the bytes taken, at least 1, or -errno
 * (-EAGAIN: full). The socket takes references of its own. @more says that
 * more bytes will follow. May sleep for locks and memory. zcx_push_flush() closes
 * what the protocol above TCP left open for more when nothing followed.
 */
ssize_t zcx_push_pages(struct zcx_push *push, struct socket *sock,
		       struct zcx_sglist *sgl, bool more);
void zcx_push_flush(struct socket *sock);

#endif /* _ZCX_PUSH_H */
