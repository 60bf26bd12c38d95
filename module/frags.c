// SPDX-License-Identifier: GPL-2.0
/*
 * Runs of memory into TCP packets, by the door that tcp_sendmsg() has for
 * them: MSG_ZEROCOPY with a ubuf_info and a function that fills the packet.
 * io_uring uses it for registered buffers (io_sg_from_iter() in io_uring/net.c).
 * One call fills one packet; nothing is looked up or walked for each page, as
 * the kernel's own entries for pages (sendpage, MSG_SPLICE_PAGES) do.
 *
 * The packets are those that sendfile(2) makes: each fragment holds a reference
 * on its folio, and that is all. The ubuf_info lacks SKBFL_ZEROCOPY_ENABLE, so
 * nobody takes them for packets of MSG_ZEROCOPY, which a receiver on the same
 * machine, a packet capture or a bridge would have to copy, which nobody may
 * append to with pages of his own, and whose owner would have to wait for them.
 * Their destructor_arg still points to it, and nobody looks there without that
 * flag.
 *
 * A fragment never leaves its folio, although a run may: whoever splits or
 * clones a packet (skb_split(), skb_segment(), tcp_clone_payload()) takes one
 * reference a fragment, on the folio that it begins in.
 *
 * That reference is the scatter list's own, where the fragment is the last that the
 * list has of the folio: to take one for the packet and give the list's back
 * would be two atomic operations a page. There is no way back, and none is
 * needed: what was appended is sent, and sendmsg() returns how much that was.
 */
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/tcp.h>

#include "frags.h"
#include "sglist.h"

/* Called for the socket's own reference, in 6.1; packets have none. */
static void zcx_frags_complete(struct sk_buff *skb, struct ubuf_info *ubuf,
			       bool zerocopy_success)
{
}

ZCX_UBUF_TYPE(zcx_frags_type, zcx_frags_complete);

/**
 * zcx_frags_init() - what sendmsg() needs to make packets
 * @frags: to set up
 * @sk: the socket
 *
 * Context: any.
 */
void zcx_frags_init(struct zcx_frags *frags, struct sock *sk)
{
	zcx_ubuf_init(&frags->ubuf, &zcx_frags_type);
	/* Nobody is to write to what packets refer to. */
	frags->ubuf.flags = SKBFL_SHARED_FRAG;
	frags->sk = sk;
	frags->sgl = NULL;
	frags->appended = 0;
}

/* Bytes from byte @offset of @page on that are in the same folio. */
static size_t zcx_folio_room(struct folio *folio, struct page *page,
			     size_t offset)
{
	size_t room = PAGE_SIZE - offset;

	if (folio_test_large(folio))
		room += (folio_nr_pages(folio) - 1 -
			 folio_page_idx(folio, page)) * PAGE_SIZE;
	return room;
}

/*
 * Fragment @frag of a packet: what stands in @bv from @skip on, within one
 * folio, at most @left bytes. If that is the last of the folio in @bv and @give
 * is set, the reference is that of @bv. Returns how many bytes.
 */
static __always_inline size_t
zcx_frags_add(struct skb_shared_info *shinfo, unsigned int frag,
	      const struct bio_vec *bv, size_t skip, size_t left, bool give)
{
	size_t at = bv->bv_offset + skip, rest = bv->bv_len - skip;
	struct page *page = bv->bv_page;

	/* Else it is in one page, and what folio that is of need not be known. */
	if (at + rest > PAGE_SIZE) {
		page = nth_page(page, at >> PAGE_SHIFT);
		at = offset_in_page(at);
		rest = min(rest, zcx_folio_room(page_folio(page), page, at));
	}
	if (left < rest || !give)
		folio_get(page_folio(page));
	left = min(left, rest);
	__skb_fill_page_desc_noacc(shinfo, frag, page, at, left);
	return left;
}

/* What iov_iter_advance() does, which goes through the runs once more. */
static inline void zcx_frags_move_on(struct iov_iter *from,
				     const struct bio_vec *bv, size_t skip,
				     size_t bytes)
{
	from->nr_segs -= bv - from->bvec;
	from->bvec = bv;
	from->iov_offset = skip;
	from->count -= bytes;
}

/*
 * May we append to @skb, which may hold others' bytes, and may the socket have
 * memory for @bytes more of it?
 */
static int zcx_frags_admit(struct sock *sk, struct sk_buff *skb, size_t bytes)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);

	if (shinfo->nr_frags >= zcx_max_skb_frags() || skb_zcopy(skb))
		return -EMSGSIZE;
	/* An ordinary packet: its memory is charged to the socket. */
	shinfo->flags &= ~SKBFL_PURE_ZEROCOPY;
	return sk_wmem_schedule(sk, bytes) ? 0 : -EFAULT;
}

/*
 * May the list's references go to the packet? Not if TCP has copied some of it, as
 * it does into a SYN: then what is appended is not what comes next in the list.
 */
static bool zcx_frags_may_give(const struct zcx_frags *frags,
			       const struct iov_iter *from)
{
	const struct zcx_sglist *sgl = frags->sgl;

	return sgl && sgl->bytes - sgl->given == iov_iter_count(from);
}

/* Up to @length bytes of @from into @shinfo; moves @from on. Returns how many. */
static noinline size_t zcx_frags_fill(const struct zcx_frags *frags,
				      struct skb_shared_info *shinfo,
				      struct iov_iter *from, size_t length)
{
	unsigned int frag = shinfo->nr_frags, max = zcx_max_skb_frags();
	bool give = zcx_frags_may_give(frags, from);
	const struct bio_vec *bv = from->bvec;
	size_t skip = from->iov_offset;
	size_t left = length;

	while (left && frag < max) {
		size_t n = zcx_frags_add(shinfo, frag++, bv, skip, left, give);

		left -= n;
		skip += n;
		if (skip == bv->bv_len) {
			skip = 0;
			bv++;
		}
	}
	shinfo->nr_frags = frag;
	zcx_frags_move_on(from, bv, skip, length - left);
	if (give)
		zcx_sglist_give(frags->sgl, length - left);
	return length - left;
}

/*
 * One fragment of what no list holds, into a packet that has room for it: of a small
 * file that is all.
 */
static inline size_t zcx_frags_fill_one(struct skb_shared_info *shinfo,
					struct iov_iter *from, size_t length)
{
	const struct bio_vec *bv = from->bvec;
	size_t skip = from->iov_offset;
	size_t n;

	n = zcx_frags_add(shinfo, shinfo->nr_frags++, bv, skip, length, false);
	skip += n;
	if (skip == bv->bv_len) {
		skip = 0;
		bv++;
	}
	zcx_frags_move_on(from, bv, skip, n);
	return n;
}

/**
 * zcx_frags_append() - fill a packet with runs of memory
 * @skb: the packet
 * @from: what is left to send, of zcx_frags_push(); moved on
 * @length: most bytes to append
 *
 * The packet's length and truesize grow by what is appended, and nothing is charged
 * to the socket for that.
 *
 * Context: called by sendmsg() of zcx_frags_push(), with the socket locked.
 * Return: 0 if all of @length is in; -EMSGSIZE if the packet has no room for
 * all or any of it, and TCP is to begin a new one; -EFAULT, the only other
 * errno that skb_zerocopy_iter_stream() passes on, if the socket may have no more
 * memory.
 */
int zcx_frags_append(struct sk_buff *skb, struct iov_iter *from, size_t length)
{
	struct msghdr *msg = container_of(from, struct msghdr, msg_iter);
	struct zcx_frags *frags =
		container_of(msg->msg_ubuf, struct zcx_frags, ubuf);
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	size_t left = min(length, iov_iter_count(from));
	size_t copied = 0;
	int err;

	err = zcx_frags_admit(frags->sk, skb, left);
	if (err)
		return err;
	if (!frags->sgl && left)
		copied = zcx_frags_fill_one(shinfo, from, left);
	if (copied < left)
		copied += zcx_frags_fill(frags, shinfo, from, left - copied);
	skb->data_len += copied;
	skb->len += copied;
	skb->truesize += copied;
	frags->appended += copied;
	return copied < left ? -EMSGSIZE : 0;
}

/* Send what @msg stands for, which is in @sgl if that is there. */
static ssize_t zcx_frags_send(struct socket *sock, struct msghdr *msg,
			      struct zcx_sglist *sgl, size_t *appended)
{
	struct zcx_frags frags __uninitialized;
	ssize_t taken;

	zcx_frags_init(&frags, sock->sk);
	frags.sgl = sgl;
	msg->msg_flags |= MSG_ZEROCOPY | MSG_DONTWAIT | MSG_NOSIGNAL;
	msg->msg_ubuf = &frags.ubuf;
	msg->sg_from_iter = zcx_sg_from_iter;
	taken = sock_sendmsg(sock, msg);
	*appended = frags.appended;
	/* Nobody's but zcx_frags_admit()'s: these are no user's pages. */
	return taken == -EFAULT ? 0 : taken;
}

/**
 * zcx_frags_push() - offer a list to a TCP socket, whole runs at a time
 * @sock: a TCP socket with no protocol above it
 * @sgl: the list
 * @more: more bytes will follow
 * @appended: out: bytes that have become fragments; TCP copies what it does not
 *	want to refer to
 *
 * Of what is taken, packets may have got the list's references: whoever calls
 * takes it off the list, before anything else is done with that.
 *
 * Context: process context; may sleep for the socket's lock and memory.
 * Return: bytes taken, at least 1; 0: TCP may have no memory this way, its own
 * may do; -EAGAIN: the socket is full; -EOPNOTSUPP: it may have a protocol above
 * it by now; or the -errno of the connection.
 */
ssize_t zcx_frags_push(struct socket *sock, struct zcx_sglist *sgl, bool more,
		       size_t *appended)
{
	struct msghdr msg = { .msg_flags = more ? MSG_MORE : 0 };

	zcx_sglist_to_iter(sgl, &msg.msg_iter);
	return zcx_frags_send(sock, &msg, sgl, appended);
}

/**
 * zcx_frags_push_bvec() - the same for a few runs, after which nothing follows
 * @sock: a TCP socket with no protocol above it
 * @bv: the runs; TCP takes references of its own
 * @entries: how many
 * @bytes: in all of them
 * @appended: out: as of zcx_frags_push()
 *
 * Context: process context; may sleep for the socket's lock and memory.
 * Return: as zcx_frags_push().
 */
ssize_t zcx_frags_push_bvec(struct socket *sock, const struct bio_vec *bv,
			    unsigned int entries, size_t bytes,
			    size_t *appended)
{
	struct msghdr msg = { };

	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, bv, entries, bytes);
	return zcx_frags_send(sock, &msg, NULL, appended);
}
