/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels in MSG_ZEROCOPY with a caller's own ubuf_info:
 * where the callback stands, who charges the socket for fragments, and where the
 * limit of a packet's fragments is kept.
 */
#ifndef _ZCX_UBUF_H
#define _ZCX_UBUF_H

#include <linux/skbuff.h>
#include <linux/socket.h>
#ifdef ZCX_HAVE_NET_HOTDATA
#include <net/hotdata.h>
#endif
#include <net/sock.h>

typedef void (*zcx_ubuf_fn)(struct sk_buff *skb, struct ubuf_info *ubuf,
			    bool zerocopy_success);

/* The core's own, see frags.c. */
int zcx_frags_append(struct sk_buff *skb, struct iov_iter *from, size_t length);

#ifdef ZCX_HAVE_NET_HOTDATA
/* Most fragments in a packet, as the administrator has it. */
static inline unsigned int zcx_max_skb_frags(void)
{
	return READ_ONCE(net_hotdata.sysctl_max_skb_frags);
}
#else
static inline unsigned int zcx_max_skb_frags(void)
{
	return READ_ONCE(sysctl_max_skb_frags);
}
#endif

#ifdef ZCX_HAVE_UBUF_OPS

struct zcx_ubuf_type {
	struct ubuf_info_ops ops;
};

#define ZCX_UBUF_TYPE(_name, _complete) \
	static const struct zcx_ubuf_type _name = { .ops.complete = (_complete) }

static inline void zcx_ubuf_init(struct ubuf_info *ubuf,
				 const struct zcx_ubuf_type *type)
{
	ubuf->ops = &type->ops;
	refcount_set(&ubuf->refcnt, 1);
}

/* __zerocopy_sg_from_iter() sees how @skb grew, and charges the socket. */
#define zcx_sg_from_iter	zcx_frags_append

#else

struct zcx_ubuf_type {
	zcx_ubuf_fn complete;
};

#define ZCX_UBUF_TYPE(_name, _complete) \
	static const struct zcx_ubuf_type _name = { .complete = (_complete) }

static inline void zcx_ubuf_init(struct ubuf_info *ubuf,
				 const struct zcx_ubuf_type *type)
{
	ubuf->callback = type->complete;
	refcount_set(&ubuf->refcnt, 1);
}

/* Before that, whoever appends does the charging, as io_sg_from_iter() did. */
static inline int zcx_sg_from_iter(struct sock *sk, struct sk_buff *skb,
				   struct iov_iter *from, size_t length)
{
	unsigned int before = skb->truesize, truesize;
	int err = zcx_frags_append(skb, from, length);

	truesize = skb->truesize - before;
	sk_wmem_queued_add(sk, truesize);
	if (!skb_zcopy_pure(skb))
		sk_mem_charge(sk, truesize);
	return err;
}

#endif

#endif /* _ZCX_UBUF_H */
