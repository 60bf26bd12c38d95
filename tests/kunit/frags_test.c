// SPDX-License-Identifier: GPL-2.0
/*
 * Fragments: what packets look like that runs of memory were appended to, and
 * who holds which reference.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

#include "fake.h"
#include "frags.h"
#include "sglist.h"

#define MAX_RUNS	40

/* A socket, and what sendmsg() has while it fills packets. */
struct setup {
	struct socket *sock;
	struct zcx_frags frags;
	struct msghdr msg;
	struct bio_vec bv[MAX_RUNS];
	unsigned int nr;
	size_t bytes;
};

static struct setup *begin(struct kunit *test)
{
	struct setup *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_EQ(test, 0, sock_create_kern(&init_net, AF_INET,
						  SOCK_STREAM, 0, &s->sock));
	return s;
}

static void add(struct kunit *test, struct setup *s, unsigned int page,
		unsigned int offset, unsigned int length)
{
	struct fake *fake = test->priv;

	bvec_set_page(&s->bv[s->nr++], fake->page + page, length, offset);
	s->bytes += length;
}

static void board(struct setup *s)
{
	zcx_frags_init(&s->frags, s->sock->sk);
	s->msg.msg_ubuf = &s->frags.ubuf;
	iov_iter_bvec(&s->msg.msg_iter, ITER_SOURCE, s->bv, s->nr, s->bytes);
}

/* As tcp_sendmsg() does it. */
static void append(struct kunit *test, struct setup *s, struct sk_buff *skb,
		   size_t length, int err)
{
	unsigned int before = skb->truesize, had = skb->len;

	if (!skb->len)
		skb_shinfo(skb)->flags |= SKBFL_PURE_ZEROCOPY;
	KUNIT_EXPECT_EQ(test, err, zcx_frags_append(skb, &s->msg.msg_iter,
						    length));
	KUNIT_EXPECT_EQ(test, skb->truesize - before, skb->len - had);
	KUNIT_EXPECT_EQ(test, skb->len, skb->data_len);
	skb_zcopy_set(skb, &s->frags.ubuf, NULL);
}

static struct sk_buff *packet(struct kunit *test)
{
	struct sk_buff *skb = alloc_skb(128, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	return skb;
}

static void end(struct kunit *test, struct setup *s)
{
	sock_release(s->sock);
	fake_expect_refs(test, test->priv);
}

static void expect_frag(struct kunit *test, struct sk_buff *skb, int i,
			unsigned int page, unsigned int offset,
			unsigned int size)
{
	struct fake *fake = test->priv;
	skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

	KUNIT_EXPECT_PTR_EQ(test, skb_frag_page(frag), fake->page + page);
	KUNIT_EXPECT_EQ(test, skb_frag_off(frag), offset);
	KUNIT_EXPECT_EQ(test, skb_frag_size(frag), size);
}

/* To everybody a packet as sendfile(2) makes them. */
static void frags_make_ordinary_packets(struct kunit *test)
{
	struct sk_buff *skb = packet(test);
	struct setup *s = begin(test);

	add(test, s, 0, 0, 100);
	board(s);
	append(test, s, skb, SIZE_MAX, 0);
	KUNIT_EXPECT_NULL(test, skb_zcopy(skb));
	KUNIT_EXPECT_FALSE(test, skb_zcopy_pure(skb));
	KUNIT_EXPECT_FALSE(test, skb_zcopy_managed(skb));
	KUNIT_EXPECT_TRUE(test, skb_has_shared_frag(skb));
	KUNIT_EXPECT_TRUE(test, tcp_skb_can_collapse_to(skb));
	kfree_skb(skb);
	end(test, s);
}

static void frags_stay_within_folios(struct kunit *test)
{
	struct sk_buff *skb = packet(test);
	struct setup *s = begin(test);
	struct fake *fake = test->priv;
	unsigned int i;

	add(test, s, 0, 100, 3 * PAGE_SIZE);
	board(s);
	append(test, s, skb, SIZE_MAX, 0);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->nr_frags, 4);
	expect_frag(test, skb, 0, 0, 100, PAGE_SIZE - 100);
	expect_frag(test, skb, 1, 1, 0, PAGE_SIZE);
	expect_frag(test, skb, 3, 3, 0, 100);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, page_count(fake->page + i),
				fake->refs[i] + 1);
	kfree_skb(skb);
	end(test, s);
}

/* One fragment and one reference, wherever in the folio it begins. */
static void frags_of_a_large_folio(struct kunit *test)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, 4);
	struct sk_buff *skb = packet(test);
	struct setup *s = begin(test);

	KUNIT_ASSERT_NOT_NULL(test, folio);
	bvec_set_page(&s->bv[0], folio_page(folio, 0), 9 * PAGE_SIZE,
		      5 * PAGE_SIZE + 7);
	s->nr = 1;
	s->bytes = 9 * PAGE_SIZE;
	board(s);
	append(test, s, skb, SIZE_MAX, 0);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->nr_frags, 1);
	KUNIT_EXPECT_EQ(test, skb_frag_size(&skb_shinfo(skb)->frags[0]),
			9 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, skb_frag_off(&skb_shinfo(skb)->frags[0]), 7);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 2);
	kfree_skb(skb);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 1);
	folio_put(folio);
	end(test, s);
}

/* The next packet begins where the last one ended, in mid-folio. */
static void frags_go_on_in_the_next_packet(struct kunit *test)
{
	struct sk_buff *first = packet(test), *second = packet(test);
	struct setup *s = begin(test);

	add(test, s, 0, 100, 2 * PAGE_SIZE);
	add(test, s, 8, 0, 50);
	board(s);
	append(test, s, first, PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, first->len, PAGE_SIZE);
	append(test, s, second, SIZE_MAX, 0);
	KUNIT_EXPECT_EQ(test, second->len, PAGE_SIZE + 50);
	expect_frag(test, second, 0, 1, 100, PAGE_SIZE - 100);
	expect_frag(test, second, 1, 2, 0, 100);
	expect_frag(test, second, 2, 8, 0, 50);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&s->msg.msg_iter), 0);
	KUNIT_EXPECT_EQ(test, s->frags.appended, s->bytes);
	kfree_skb(first);
	kfree_skb(second);
	end(test, s);
}

static void frags_join_what_is_there(struct kunit *test)
{
	struct sk_buff *skb = packet(test);
	struct setup *s = begin(test);

	add(test, s, 0, 0, 10);
	board(s);
	append(test, s, skb, SIZE_MAX, 0);
	append(test, s, skb, 0, 0);
	s->nr = 0;
	s->bytes = 0;
	add(test, s, 3, 20, 30);
	board(s);
	append(test, s, skb, SIZE_MAX, 0);
	KUNIT_EXPECT_EQ(test, skb->len, 40);
	expect_frag(test, skb, 1, 3, 20, 30);
	kfree_skb(skb);
	end(test, s);
}

static void frags_of_a_packet_are_limited(struct kunit *test)
{
	struct sk_buff *skb = packet(test);
	struct setup *s = begin(test);
	unsigned int i;

	for (i = 0; i < MAX_RUNS; i++)
		add(test, s, 0, 8 * i, 5);
	board(s);
	append(test, s, skb, SIZE_MAX, -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, skb->len, 5 * MAX_SKB_FRAGS);
	append(test, s, skb, SIZE_MAX, -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, skb->len, 5 * MAX_SKB_FRAGS);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&s->msg.msg_iter),
			s->bytes - 5 * MAX_SKB_FRAGS);
	kfree_skb(skb);
	end(test, s);
}

static void other_zerocopy(struct sk_buff *skb, struct ubuf_info *ubuf,
			   bool success)
{
}

ZCX_UBUF_TYPE(other_type, other_zerocopy);

/* Packets of MSG_ZEROCOPY are somebody else's. */
static void frags_shun_zerocopy_packets(struct kunit *test)
{
	struct sk_buff *skb = packet(test);
	struct setup *s = begin(test);
	struct ubuf_info other = { .flags = SKBFL_ZEROCOPY_FRAG };
	unsigned int before = skb->truesize;

	zcx_ubuf_init(&other, &other_type);
	add(test, s, 0, 0, 10);
	board(s);
	skb_zcopy_set(skb, &other, NULL);
	KUNIT_EXPECT_EQ(test, -EMSGSIZE,
			zcx_frags_append(skb, &s->msg.msg_iter, 10));
	KUNIT_EXPECT_EQ(test, skb->truesize, before);
	KUNIT_EXPECT_EQ(test, skb->len, 0);
	kfree_skb(skb);
	end(test, s);
}

/* What is split off or cloned holds its pages by itself. */
static void frags_split_and_cloned(struct kunit *test)
{
	struct sk_buff *skb = packet(test), *rest = packet(test), *copy;
	struct setup *s = begin(test);
	struct fake *fake = test->priv;

	add(test, s, 0, 0, 4 * PAGE_SIZE);
	board(s);
	append(test, s, skb, SIZE_MAX, 0);
	skb_split(skb, rest, PAGE_SIZE + 100);
	copy = pskb_copy(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	kfree_skb(skb);
	KUNIT_EXPECT_EQ(test, page_count(fake->page), fake->refs[0] + 1);
	KUNIT_EXPECT_EQ(test, page_count(fake->page + 1), fake->refs[1] + 2);
	KUNIT_EXPECT_EQ(test, page_count(fake->page + 3), fake->refs[3] + 1);
	kfree_skb(rest);
	kfree_skb(copy);
	end(test, s);
}

/* A list over whole pages of the lane, from @first on; each holds a reference. */
static void list(struct kunit *test, struct zcx_sglist *sgl, unsigned int first,
		 unsigned int count, unsigned int stride)
{
	struct fake *fake = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, zcx_sglist_init(sgl, count, GFP_KERNEL));
	for (i = 0; i < count; i++) {
		struct page *page = fake->page + first + i * stride;

		get_page(page);
		KUNIT_ASSERT_EQ(test, 0, zcx_sglist_append(sgl, page, 0,
							   PAGE_SIZE,
							   ZCX_TAG_CACHE));
	}
}

static void board_list(struct setup *s, struct zcx_sglist *sgl)
{
	zcx_frags_init(&s->frags, s->sock->sk);
	s->frags.sgl = sgl;
	s->msg.msg_ubuf = &s->frags.ubuf;
	zcx_sglist_to_iter(sgl, &s->msg.msg_iter);
}

/* One reference a page, first the list's, then the packet's. */
static void frags_take_over_references(struct kunit *test)
{
	struct sk_buff *skb = packet(test);
	struct setup *s = begin(test);
	struct fake *fake = test->priv;
	struct zcx_sglist sgl;
	unsigned int i;

	list(test, &sgl, 0, 4, 2);
	board_list(s, &sgl);
	append(test, s, skb, SIZE_MAX, 0);
	KUNIT_EXPECT_EQ(test, sgl.given, 4 * PAGE_SIZE);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, page_count(fake->page + 2 * i),
				fake->refs[2 * i] + 1);
	zcx_sglist_advance(&sgl, 4 * PAGE_SIZE, NULL);
	KUNIT_EXPECT_EQ(test, sgl.given, 0);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, page_count(fake->page + 2 * i),
				fake->refs[2 * i] + 1);
	kfree_skb(skb);
	zcx_sglist_destroy(&sgl);
	end(test, s);
}

/* Wherever a packet, and then what is sent, ends in a run of small folios. */
static void frags_take_over_parts(struct kunit *test)
{
	static const size_t cuts[] = {
		1, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 2 * PAGE_SIZE,
		3 * PAGE_SIZE - 1, 3 * PAGE_SIZE,
	};
	struct setup *s = begin(test);
	struct zcx_sglist sgl;
	unsigned int i, stride;

	for (i = 0; i < 2 * ARRAY_SIZE(cuts); i++) {
		struct sk_buff *first = packet(test), *second = packet(test);
		size_t cut = cuts[i / 2];

		stride = 1 + i % 2;
		list(test, &sgl, 0, 3, stride);
		board_list(s, &sgl);
		append(test, s, first, cut, 0);
		zcx_sglist_advance(&sgl, cut, NULL);
		KUNIT_EXPECT_EQ(test, sgl.given, 0);
		KUNIT_EXPECT_EQ(test, sgl.bytes, 3 * PAGE_SIZE - cut);
		/* Once for what is left, by the next call of sendmsg(). */
		if (sgl.bytes) {
			board_list(s, &sgl);
			append(test, s, second, SIZE_MAX, 0);
		}
		/* What was given is not dropped, also if it is dropped late. */
		zcx_sglist_destroy(&sgl);
		kfree_skb(first);
		kfree_skb(second);
		fake_expect_refs(test, test->priv);
	}
	end(test, s);
}

/* TCP has copied the first bytes, as into a SYN: packets take their own. */
static void frags_behind_a_copy(struct kunit *test)
{
	struct sk_buff *skb = packet(test);
	struct setup *s = begin(test);
	struct fake *fake = test->priv;
	struct zcx_sglist sgl;

	list(test, &sgl, 0, 2, 1);
	board_list(s, &sgl);
	iov_iter_advance(&s->msg.msg_iter, 100);
	append(test, s, skb, SIZE_MAX, 0);
	KUNIT_EXPECT_EQ(test, sgl.given, 0);
	KUNIT_EXPECT_EQ(test, page_count(fake->page), fake->refs[0] + 2);
	zcx_sglist_advance(&sgl, 2 * PAGE_SIZE, NULL);
	KUNIT_EXPECT_EQ(test, page_count(fake->page), fake->refs[0] + 1);
	kfree_skb(skb);
	zcx_sglist_destroy(&sgl);
	end(test, s);
}

/* A folio that reaches into the next packet, with one reference of the list. */
static void frags_share_a_large_folio(struct kunit *test)
{
	struct sk_buff *first = packet(test), *second = packet(test);
	struct folio *folio = folio_alloc(GFP_KERNEL, 2);
	struct setup *s = begin(test);
	struct zcx_sglist sgl;

	KUNIT_ASSERT_NOT_NULL(test, folio);
	KUNIT_ASSERT_EQ(test, 0, zcx_sglist_init(&sgl, 1, GFP_KERNEL));
	folio_get(folio);
	KUNIT_ASSERT_EQ(test, 0, zcx_sglist_append(&sgl, folio_page(folio, 1), 0,
						   2 * PAGE_SIZE,
						   ZCX_TAG_CACHE));
	board_list(s, &sgl);
	append(test, s, first, PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 3);
	append(test, s, second, PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 3);
	zcx_sglist_advance(&sgl, 2 * PAGE_SIZE, NULL);
	kfree_skb(first);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 2);
	kfree_skb(second);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 1);
	zcx_sglist_destroy(&sgl);
	folio_put(folio);
	end(test, s);
}

static struct kunit_case frags_cases[] = {
	KUNIT_CASE(frags_make_ordinary_packets),
	KUNIT_CASE(frags_stay_within_folios),
	KUNIT_CASE(frags_of_a_large_folio),
	KUNIT_CASE(frags_go_on_in_the_next_packet),
	KUNIT_CASE(frags_join_what_is_there),
	KUNIT_CASE(frags_of_a_packet_are_limited),
	KUNIT_CASE(frags_shun_zerocopy_packets),
	KUNIT_CASE(frags_split_and_cloned),
	KUNIT_CASE(frags_take_over_references),
	KUNIT_CASE(frags_take_over_parts),
	KUNIT_CASE(frags_behind_a_copy),
	KUNIT_CASE(frags_share_a_large_folio),
	{ }
};

static struct kunit_suite frags_suite = {
	.name = "zcx-frags",
	.init = fake_init,
	.exit = fake_exit,
	.test_cases = frags_cases,
};

kunit_test_suite(frags_suite);
