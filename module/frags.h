/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_FRAGS_H
#define _ZCX_FRAGS_H

#include <linux/skbuff.h>

#include "compat/ubuf.h"

struct bio_vec;
struct socket;
struct zcx_sglist;

/**
 * struct zcx_frags - runs of memory on their way into packets
 * @ubuf: what sendmsg() knows them by; no packet does
 * @sk: the socket
 * @sgl: whose references packets take over; NULL: they take their own
 * @appended: bytes that have become fragments
 */
struct zcx_frags {
	struct ubuf_info ubuf;
	struct sock *sk;
	struct zcx_sglist *sgl;
	size_t appended;
};

void zcx_frags_init(struct zcx_frags *frags, struct sock *sk);
ssize_t zcx_frags_push(struct socket *sock, struct zcx_sglist *sgl, bool more,
		       size_t *appended);

ssize_t zcx_frags_push_bvec(struct socket *sock, const struct bio_vec *bv,
			    unsigned int entries, size_t bytes,
			    size_t *appended);

#endif /* _ZCX_FRAGS_H */
