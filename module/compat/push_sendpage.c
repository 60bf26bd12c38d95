// SPDX-License-Identifier: GPL-2.0
/*
 * Pages into sockets on kernels with sendpage (6.1): one call a folio, since
 * a packet fragment holds one reference and must not leave that folio. Plain
 * TCP takes the whole batch under one socket lock.
 */
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/zcx.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "../sglist.h"
#include "push.h"

u32 zcx_push_method(void)
{
	return ZCX_PUSH_SENDPAGE;
}

typedef int (*zcx_sendpage_fn)(struct socket *sock, struct page *page,
			       int offset, size_t size, int flags);

static int zcx_sendpage_locked(struct socket *sock, struct page *page,
			       int offset, size_t size, int flags)
{
	return kernel_sendpage_locked(sock->sk, page, offset, size, flags);
}

/*
 * Push one run, piece by piece.
 *
 * A piece is named by its folio's head page, so that consecutive pieces of a
 * folio coalesce into one fragment; unless @limit cuts pieces to single
 * pages: the TLS code has not been shown to keep references of compound pages
 * right, so it gets the very page, and AF_UNIX must not coalesce.
 *
 * Return: bytes taken, less than the run's length if the socket took no more;
 * -errno if it took nothing.
 */
static ssize_t zcx_push_run(struct socket *sock, const struct bio_vec *bv,
			    size_t limit, int flags, int last_flags,
			    zcx_sendpage_fn sendpage)
{
	size_t done = 0;

	while (done < bv->bv_len) {
		size_t at = bv->bv_offset + done;
		struct page *page = nth_page(bv->bv_page, at >> PAGE_SHIFT);
		struct folio *folio = page_folio(page);
		size_t offset = offset_in_page(at);
		size_t size;
		int ret;

		if (limit > PAGE_SIZE) {
			offset += folio_page_idx(folio, page) * PAGE_SIZE;
			page = &folio->page;
			size = folio_size(folio) - offset;
		} else {
			size = PAGE_SIZE - offset;
		}
		size = min3(size, limit, bv->bv_len - done);

		ret = sendpage(sock, page, offset, size,
			       done + size < bv->bv_len ? flags : last_flags);
		if (ret <= 0)
			return done ?: ret;
		done += ret;
		if (ret < size)
			break;
	}
	return done;
}

static ssize_t zcx_push_runs(struct socket *sock, struct zcx_sglist *sgl,
			     bool more, size_t limit, zcx_sendpage_fn sendpage)
{
	int end = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
	int mid = end | MSG_MORE | MSG_SENDPAGE_NOTLAST;
	struct bio_vec *bv;
	size_t done = 0;

	for_each_zcx_sg(sgl, bv) {
		bool last = bv + 1 == sgl->next;
		ssize_t ret = zcx_push_run(sock, bv, limit, mid,
					   last ? end : mid, sendpage);

		if (ret < 0)
			return done ?: ret;
		done += ret;
		if (ret < bv->bv_len)
			break;
	}
	return done;
}

static bool zcx_is_tcp(const struct sock *sk)
{
	return sk->sk_family == AF_INET || sk->sk_family == AF_INET6;
}

ssize_t zcx_push_pages(struct socket *sock, struct zcx_sglist *sgl, bool more)
{
	struct sock *sk = sock->sk;
	ssize_t ret;

	/*
	 * AF_UNIX looks at the send buffer's limit only for a new packet: pieces
	 * that coalesce in one fragment would defeat it.
	 */
	if (!zcx_is_tcp(sk))
		return zcx_push_runs(sock, sgl, more, PAGE_SIZE,
				     kernel_sendpage);

	lock_sock(sk);
	/* TLS is attached under this lock, and wants its own taken first. */
	if (!inet_csk_has_ulp(sk)) {
		ret = zcx_push_runs(sock, sgl, more, SIZE_MAX,
				    zcx_sendpage_locked);
		release_sock(sk);
		return ret;
	}
	release_sock(sk);
	/*
	 * A record that is left open for more cannot be closed by anything but
	 * more, and whether more comes is not known: the file may end early.
	 */
	return zcx_push_runs(sock, sgl, false, PAGE_SIZE, kernel_sendpage);
}

/* Closes a TLS record, where the kernel has brought that back from 6.5. */
void zcx_push_flush(struct socket *sock)
{
#ifdef ZCX_HAVE_SPLICE_EOF
	const struct proto_ops *ops = READ_ONCE(sock->ops);

	if (ops->splice_eof)
		ops->splice_eof(sock);
#endif
}
