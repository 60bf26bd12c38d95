// SPDX-License-Identifier: GPL-2.0
/*
 * The socket sink: scatter lists into TCP and AF_UNIX stream sockets.
 *
 * Which sockets are allowed is a matter of safety, not of taste: page-cache
 * pages must never reach code that changes data in place. Each kind in
 * zcx_socket_kind() is there because a test shows that a file's pages are
 * unchanged after it.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/tcp.h>
#include <linux/wait.h>
#include <net/af_unix.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "compat/push.h"
#include "frags.h"
#include "sink_socket.h"
#include "zcx.h"

/* Longest pause, in ms, when the socket has room but the system no memory. */
#define ZCX_PAUSE_MAX	200

static struct zcx_socket_sink *to_socket_sink(struct zcx_sink *sink)
{
	return container_of(sink, struct zcx_socket_sink, sink);
}

/* In a sockmap: BPF programs may change and redirect the data. */
static bool zcx_has_psock(struct sock *sk)
{
	bool has;

	/* Mostly nothing is there, and is not looked at. */
	if (!READ_ONCE(sk->sk_user_data))
		return false;
	rcu_read_lock();
	has = __rcu_dereference_sk_user_data_with_flags(sk, SK_USER_DATA_PSOCK);
	rcu_read_unlock();
	return has;
}

static bool zcx_is_tcp(const struct sock *sk)
{
	return (sk->sk_family == AF_INET || sk->sk_family == AF_INET6) &&
	       sk->sk_type == SOCK_STREAM && sk->sk_protocol == IPPROTO_TCP;
}

static bool zcx_is_unix_stream(const struct sock *sk)
{
	return sk->sk_family == AF_UNIX && sk->sk_type == SOCK_STREAM;
}

/*
 * Is this a kind of socket that zcx sends to? Asked again before each push: a
 * socket may be given an upper-layer protocol or a sockmap at any time.
 */
static bool zcx_socket_kind_ok(struct sock *sk)
{
	const struct tcp_ulp_ops *ulp;

	if (zcx_has_psock(sk))
		return false;
	if (zcx_is_unix_stream(sk))
		return true;
	if (!zcx_is_tcp(sk) || tcp_sk(sk)->repair)
		return false;
	ulp = READ_ONCE(inet_csk(sk)->icsk_ulp_ops);
	return !ulp || !strcmp(ulp->name, "tls");
}

/*
 * Was it ever connected? One that was, and no longer is, reports how it ended
 * (EPIPE, ECONNRESET) when it is pushed to.
 */
static bool zcx_socket_connected(struct sock *sk)
{
	int state = READ_ONCE(sk->sk_state);

	if (state == TCP_LISTEN)
		return false;
	if (state == TCP_CLOSE)
		return zcx_is_tcp(sk) && (sk->sk_shutdown || sk->sk_err);
	return true;
}

/* Kernel TLS in software encrypts into new pages: every byte is moved. */
static void zcx_look_at_tls(struct zcx_socket_sink *ss)
{
	struct sock *sk = ss->sock->sk;
	struct tls_context *tls;

	if (!zcx_is_tcp(sk) || !READ_ONCE(inet_csk(sk)->icsk_ulp_ops))
		return;
	tls = tls_get_ctx(sk);
	if (!tls || tls->tx_conf == TLS_BASE)
		return;
	ss->sink.result_flags |= ZCX_RESULT_KTLS;
	ss->encrypts = tls->tx_conf == TLS_SW;
}

/*
 * What the device of a TCP socket can do stands in its features; sk_route_caps
 * has scatter-gather forced on since packets are segmented late.
 */
static u32 zcx_route_flags(struct sock *sk)
{
	struct dst_entry *dst;
	u32 flags = 0;

	/* A route does not keep its device, once that is taken out. */
	rcu_read_lock();
	dst = __sk_dst_get(sk);
	if (dst && !(READ_ONCE(dst->dev)->features & NETIF_F_SG))
		flags = ZCX_RESULT_ROUTE_COPIES;
	rcu_read_unlock();
	return flags;
}

/*
 * Whole runs of memory into packets.
 *
 * Return: as zcx_push_pages(); 0 if that should be tried instead. No errno says
 * so, since any may be the connection's own.
 */
static ssize_t zcx_push_frags(struct zcx_socket_sink *ss,
			      struct zcx_sglist *sgl, bool more)
{
	struct sock *sk = ss->sock->sk;
	ssize_t ret;

	if (!zcx_is_tcp(sk) || inet_csk_has_ulp(sk) || !zcx_frags_enabled())
		return 0;
	ret = zcx_frags_push(ss->sock, sgl, more, &ss->sink.frags);
	if (ret > 0)
		ss->sink.copied = ret - ss->sink.frags;
	/* TLS, attached since we looked, does not know MSG_ZEROCOPY. */
	if (ret == -EOPNOTSUPP && inet_csk_has_ulp(sk))
		return 0;
	return ret;
}

/*
 * Has some task locked the socket, and may sleep with it, for a page that a
 * user-space handler brings say? A worker does not wait for such a lock.
 */
static bool zcx_socket_is_held(const struct zcx_socket_sink *ss)
{
	struct sock *sk = ss->sock->sk;

	return ss->sink.wake && zcx_is_tcp(sk) && sock_owned_by_user_nocheck(sk);
}

/*
 * What must be acknowledged. Others may have written since: then it is their
 * bytes too, which is more than was asked for, and never less.
 */
static void zcx_note_end(struct zcx_socket_sink *ss)
{
	if (zcx_is_tcp(ss->sock->sk))
		ss->end_seq = READ_ONCE(tcp_sk(ss->sock->sk)->write_seq);
}

static ssize_t zcx_socket_push(struct zcx_sink *sink, struct zcx_sglist *sgl,
			       bool more)
{
	struct zcx_socket_sink *ss = to_socket_sink(sink);
	ssize_t ret;

	if (!zcx_socket_kind_ok(ss->sock->sk))
		return -EOPNOTSUPP;
	if (zcx_socket_is_held(ss))
		return -EAGAIN;
	sink->copied = 0;
	sink->frags = 0;
	ret = zcx_push_frags(ss, sgl, more);
	if (!ret) {
		zcx_look_at_tls(ss);
		ret = zcx_push_pages(ss->sock, sgl, more);
		if (ret > 0 && ss->encrypts)
			sink->copied = ret;
	}
	if (ret > 0) {
		ss->pauses = 0;
		zcx_note_end(ss);
	}
	return ret ?: -EAGAIN;
}

struct zcx_socket_wait {
	poll_table pt;
	struct wait_queue_entry entry;
	struct wait_queue_head *head;
};

/* Sockets wake writers and readers alike: data coming in is none of ours. */
static int zcx_socket_wake(struct wait_queue_entry *entry, unsigned int mode,
			   int sync, void *key)
{
	__poll_t events = key_to_poll(key);

	if (events && !(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		return 0;
	return woken_wake_function(entry, mode, sync, key);
}

static void zcx_socket_enqueue(struct file *file, struct wait_queue_head *head,
			       poll_table *pt)
{
	struct zcx_socket_wait *wait =
		container_of(pt, struct zcx_socket_wait, pt);

	/* The sockets we allow have one queue each. */
	if (WARN_ON_ONCE(wait->head))
		return;
	wait->head = head;
	add_wait_queue(head, &wait->entry);
}

/* The socket is writable, and yet took nothing: no memory. Give it time. */
static long zcx_socket_pause(struct zcx_socket_sink *ss, long timeo)
{
	long pause = msecs_to_jiffies(min(2U << min(ss->pauses, 7U),
					  (unsigned int)ZCX_PAUSE_MAX));

	ss->pauses++;
	pause = min(pause, timeo);
	return timeo - (pause - schedule_timeout_interruptible(pause));
}

/*
 * Does it make sense to push again? An AF_UNIX socket whose peer has shut down
 * reading is not writable, but pushing to it fails at once. And EPOLLERR may
 * mean no more than a time stamp in the error queue.
 */
static bool zcx_socket_ready(struct zcx_socket_sink *ss, poll_table *pt)
{
	const struct sock *sk = ss->sock->sk;

	return (vfs_poll(ss->file, pt) & (EPOLLOUT | EPOLLHUP)) ||
	       READ_ONCE(sk->sk_err) ||
	       (READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN);
}

/* Wait until it makes sense; @timeo and the return are jiffies. */
static long zcx_socket_sleep(struct zcx_socket_sink *ss, long timeo)
{
	struct zcx_socket_wait wait = { .head = NULL };
	poll_table *pt = &wait.pt;
	bool slept = false;

	init_waitqueue_func_entry(&wait.entry, zcx_socket_wake);
	wait.entry.private = current;
	init_poll_funcptr(&wait.pt, zcx_socket_enqueue);
	wait.pt._key = EPOLLOUT | EPOLLERR | EPOLLHUP;

	while (timeo && !signal_pending(current)) {
		if (zcx_socket_ready(ss, pt))
			break;
		pt = NULL;
		timeo = wait_woken(&wait.entry, TASK_INTERRUPTIBLE, timeo);
		slept = true;
	}
	if (wait.head)
		remove_wait_queue(wait.head, &wait.entry);
	if (!slept && timeo && !signal_pending(current))
		timeo = zcx_socket_pause(ss, timeo);
	return timeo;
}

/*
 * TCP keeps back what does not fill a packet while more is announced. When
 * nothing is in flight no ACK will ever free it, and a send buffer
 * that is full of it stays full until a timer comes, if one comes at all: TLS
 * refuses more before TCP is asked, and so nobody pushes. tcp_sendmsg() forces
 * out what there is before it waits, whatever cork the user has set; so do we.
 */
static void zcx_socket_force_out(struct sock *sk)
{
	bool corked;

	if (!zcx_is_tcp(sk) || READ_ONCE(tcp_sk(sk)->packets_out) ||
	    !tcp_send_head(sk))
		return;
	corked = tcp_sk(sk)->nonagle & TCP_NAGLE_CORK;
	tcp_sock_set_cork(sk, false);
	if (corked)
		tcp_sock_set_cork(sk, true);
}

static int zcx_socket_wait(struct zcx_sink *sink)
{
	struct zcx_socket_sink *ss = to_socket_sink(sink);
	bool nonblock = ss->file->f_flags & O_NONBLOCK;
	long timeo = sock_sndtimeo(ss->sock->sk, nonblock);
	bool forever = timeo == MAX_SCHEDULE_TIMEOUT;

	if (nonblock)
		return -EAGAIN;
	zcx_socket_force_out(ss->sock->sk);
	timeo = zcx_socket_sleep(ss, timeo);
	if (signal_pending(current))
		return sock_intr_errno(forever ? MAX_SCHEDULE_TIMEOUT : 0);
	return timeo ? 0 : -EAGAIN;
}

static int zcx_tcp_acked(struct zcx_socket_sink *ss, u64 *left)
{
	struct sock *sk = ss->sock->sk;
	/* In this order: what is acknowledged before the end is acknowledged. */
	int state = READ_ONCE(sk->sk_state);
	int err = READ_ONCE(sk->sk_err);
	s32 unacked;

	/* TCP moves snd_una on before it closes: pairs with nothing finer. */
	smp_rmb();
	unacked = ss->end_seq - READ_ONCE(tcp_sk(sk)->snd_una);
	*left = max(unacked, 0);
	if (unacked <= 0)
		return 1;
	if (err)
		return -err;
	return state == TCP_CLOSE ? -ECONNRESET : 0;
}

/*
 * A byte counts as acknowledged when the peer has read all that was in the
 * socket. Packets that a peer did not read before it closed are freed too; it
 * leaves ECONNRESET then, before it frees them. The last packet's memory is
 * uncharged but for one byte while it wakes us, see sock_wfree().
 */
static int zcx_unix_acked(struct zcx_socket_sink *ss, u64 *left)
{
	struct sock *sk = ss->sock->sk;
	long unread = unix_outq_len(sk);
	int err;

	/* Pairs with the locks that unix_release_sock() takes in between. */
	smp_rmb();
	err = READ_ONCE(sk->sk_err);
	*left = max(unread, 0L);
	if (err)
		return -err;
	return unread <= 1;
}

static int zcx_socket_acked(struct zcx_sink *sink, u64 *left)
{
	struct zcx_socket_sink *ss = to_socket_sink(sink);

	return zcx_is_tcp(ss->sock->sk) ? zcx_tcp_acked(ss, left) :
					  zcx_unix_acked(ss, left);
}

/* Has TLS taken records that TCP has not? Then they are lost if it is closed. */
static bool zcx_tls_pending(struct sock *sk)
{
	const struct tls_context *tls;
	bool pending = false;

	lock_sock(sk);
	tls = inet_csk_has_ulp(sk) ? tls_get_ctx(sk) : NULL;
	if (tls && tls->tx_conf != TLS_BASE && !sk->sk_err &&
	    !(sk->sk_shutdown & SEND_SHUTDOWN))
		pending = tls->partially_sent_record ||
			  (tls->tx_conf == TLS_SW &&
			   !list_empty(&tls_sw_ctx_tx(tls)->tx_list));
	release_sock(sk);
	return pending;
}

/*
 * TLS takes what TCP has no room for and sends it later; but when the socket
 * is closed before that, it drops it, which a write(2) that sleeps for room
 * never lets happen.
 */
static void zcx_socket_settle(struct zcx_sink *sink)
{
	struct zcx_socket_sink *ss = to_socket_sink(sink);
	struct sock *sk = ss->sock->sk;
	long timeo = sock_sndtimeo(sk, ss->file->f_flags & O_NONBLOCK);

	if (!(ss->sink.result_flags & ZCX_RESULT_KTLS) ||
	    !zcx_socket_kind_ok(sk))
		return;
	while (timeo && !signal_pending(current) && zcx_tls_pending(sk)) {
		zcx_socket_force_out(sk);
		timeo = zcx_socket_sleep(ss, timeo);
	}
}

/*
 * Only TCP, and TLS on it, keep a tail back. Clearing a cork that is not set
 * pushes what is pending by the socket's own rules; a cork of the user's is
 * left alone.
 */
static void zcx_socket_flush(struct zcx_sink *sink)
{
	struct zcx_socket_sink *ss = to_socket_sink(sink);
	struct sock *sk = ss->sock->sk;

	if (!zcx_is_tcp(sk) || !zcx_socket_kind_ok(sk))
		return;
	/* Whoever holds it sends something himself, most likely. */
	if (zcx_socket_is_held(ss))
		return;
	zcx_push_flush(ss->sock);
	if (!(tcp_sk(sk)->nonagle & TCP_NAGLE_CORK))
		tcp_sock_set_cork(sk, false);
}

static void zcx_socket_destroy(struct zcx_sink *sink)
{
	struct zcx_socket_sink *ss = to_socket_sink(sink);

	if (ss->head)
		remove_wait_queue(ss->head, &ss->entry);
	fput(ss->file);
}

/* How long a task may wait for others that send to the same socket. */
static long zcx_socket_patience(struct zcx_sink *sink)
{
	struct zcx_socket_sink *ss = to_socket_sink(sink);

	return sock_sndtimeo(ss->sock->sk, ss->file->f_flags & O_NONBLOCK);
}

static size_t zcx_socket_room(struct zcx_sink *sink)
{
	const struct sock *sk = to_socket_sink(sink)->sock->sk;

	return zcx_is_tcp(sk) ? max(sk_stream_wspace(sk), 0) :
				max_t(int, READ_ONCE(sk->sk_sndbuf) -
				      sk_wmem_alloc_get(sk), 0);
}

/*
 * TCP sends what it is given as whole packets, and the rest as a smaller one, even if
 * more has been announced: Nagle and cork keep back what is less than a segment.
 */
static size_t zcx_socket_grain(struct zcx_sink *sink)
{
	struct sock *sk = to_socket_sink(sink)->sock->sk;

	if (!zcx_is_tcp(sk) || inet_csk_has_ulp(sk))
		return 0;
	/* As tcp_xmit_size_goal() has it, which left it there the last time. */
	return READ_ONCE(tcp_sk(sk)->gso_segs) *
	       (size_t)READ_ONCE(tcp_sk(sk)->mss_cache);
}

/* Called with the wait queue locked, mostly in softirq. */
static int zcx_socket_woke(struct wait_queue_entry *entry, unsigned int mode,
			   int sync, void *key)
{
	struct zcx_socket_sink *ss =
		container_of(entry, struct zcx_socket_sink, entry);
	__poll_t events = key_to_poll(key);

	if (events && !(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		return 0;
	if (xchg(&ss->watched, false))
		ss->sink.wake(&ss->sink);
	return 1;
}

struct zcx_socket_join {
	poll_table pt;
	struct zcx_socket_sink *ss;
};

static void zcx_socket_join_queue(struct file *file,
				  struct wait_queue_head *head, poll_table *pt)
{
	struct zcx_socket_sink *ss =
		container_of(pt, struct zcx_socket_join, pt)->ss;

	/* The sockets we allow have one queue each. */
	if (WARN_ON_ONCE(ss->head))
		return;
	ss->head = head;
	add_wait_queue(head, &ss->entry);
}

/* Enter the socket's wait queue, to stay there: it costs nothing until woken. */
static void zcx_socket_join(struct zcx_socket_sink *ss)
{
	struct zcx_socket_join join = { .ss = ss };

	init_waitqueue_func_entry(&ss->entry, zcx_socket_woke);
	init_poll_funcptr(&join.pt, zcx_socket_join_queue);
	join.pt._key = EPOLLOUT | EPOLLERR | EPOLLHUP;
	vfs_poll(ss->file, &join.pt);
}

/*
 * TCP wakes writers when an ACK comes only if one has said that he found no room,
 * see tcp_check_space().
 */
static void zcx_socket_want_acks(struct sock *sk)
{
	if (zcx_is_tcp(sk) && sk->sk_socket) {
		set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		/* Pairs with smp_mb() in tcp_check_space(). */
		smp_mb__after_atomic();
	}
}

static bool zcx_socket_watch(struct zcx_sink *sink, bool ack)
{
	struct zcx_socket_sink *ss = to_socket_sink(sink);
	struct sock *sk = ss->sock->sk;
	u64 left;

	if (!ss->head)
		zcx_socket_join(ss);
	/* Pairs with the barrier of wake-ups: watched, then looked at. */
	smp_store_mb(ss->watched, true);
	if (ack)
		zcx_socket_want_acks(sk);
	else if (!zcx_socket_is_held(ss))
		zcx_socket_force_out(sk);
	if (ack ? zcx_socket_acked(sink, &left) : zcx_socket_ready(ss, NULL))
		/* Else the wake-up has come already, and wakes us. */
		return !xchg(&ss->watched, false);
	return true;
}

static bool zcx_socket_settled(struct zcx_sink *sink)
{
	struct zcx_socket_sink *ss = to_socket_sink(sink);

	if (!(sink->result_flags & ZCX_RESULT_KTLS) ||
	    !zcx_socket_kind_ok(ss->sock->sk))
		return true;
	if (zcx_socket_is_held(ss) || zcx_tls_pending(ss->sock->sk))
		return false;
	zcx_note_end(ss);
	return true;
}

/* The key is the sock, whose memory may be another's once its file has gone. */
static void zcx_socket_hold_key(const void *key)
{
	sock_hold((struct sock *)key);
}

static void zcx_socket_put_key(const void *key)
{
	sock_put((struct sock *)key);
}

static const struct zcx_sink_ops zcx_socket_sink_ops = {
	.push		= zcx_socket_push,
	.wait		= zcx_socket_wait,
	.flush		= zcx_socket_flush,
	.settle		= zcx_socket_settle,
	.settled	= zcx_socket_settled,
	.patience	= zcx_socket_patience,
	.room		= zcx_socket_room,
	.grain		= zcx_socket_grain,
	.watch		= zcx_socket_watch,
	.acked		= zcx_socket_acked,
	.hold_key	= zcx_socket_hold_key,
	.put_key	= zcx_socket_put_key,
	.destroy	= zcx_socket_destroy,
};

static int zcx_socket_admit(struct file *file, struct socket *sock)
{
	if (!zcx_socket_kind_ok(sock->sk))
		return -EOPNOTSUPP;
	if (!zcx_socket_connected(sock->sk))
		return -ENOTCONN;
	return rw_verify_area(WRITE, file, NULL, 0);
}

/**
 * zcx_socket_sink_is_unix() - is it an AF_UNIX socket?
 * @ss: the sink
 *
 * Context: any.
 * Return: true if so: descriptors may be on their way through it.
 */
bool zcx_socket_sink_is_unix(const struct zcx_socket_sink *ss)
{
	return zcx_is_unix_stream(ss->sock->sk);
}

/**
 * zcx_socket_sink_of() - make a sink of a socket that may be sent to
 * @ss: the sink, of no known contents
 * @file: the socket's file; the reference is the sink's from now on
 *
 * Context: process context of the submitter.
 */
void zcx_socket_sink_of(struct zcx_socket_sink *ss, struct file *file)
{
	memset(ss, 0, sizeof(*ss));
	ss->sock = sock_from_file(file);
	ss->sink.ops = &zcx_socket_sink_ops;
	ss->sink.key = ss->sock->sk;
	ss->file = file;
	zcx_look_at_tls(ss);
	if (zcx_is_tcp(ss->sock->sk))
		ss->sink.result_flags |= zcx_route_flags(ss->sock->sk);
	/* A link of no bytes has all of them acknowledged with those before. */
	zcx_note_end(ss);
}

/**
 * zcx_socket_plain() - is it a socket that may take a small request at once?
 * @file: of a socket, or not
 *
 * Context: any.
 * Return: the socket, if it is TCP, connected, with nothing above it and with
 * room; else NULL.
 */
struct socket *zcx_socket_plain(struct file *file)
{
	struct socket *sock = sock_from_file(file);
	struct sock *sk = sock ? sock->sk : NULL;

	if (!sk || !zcx_is_tcp(sk) || inet_csk_has_ulp(sk) ||
	    !sk_stream_memory_free(sk))
		return NULL;
	return (1 << READ_ONCE(sk->sk_state)) &
	       (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT) ? sock : NULL;
}

/**
 * zcx_socket_is_bare() - is there still nothing above TCP?
 * @sock: from zcx_socket_plain()
 *
 * Context: any.
 * Return: true if so.
 */
bool zcx_socket_is_bare(const struct socket *sock)
{
	return !inet_csk_has_ulp(sock->sk);
}

/**
 * zcx_socket_is_ready() - may it be pushed to, now?
 * @sock: from zcx_socket_plain(), some time ago
 * @may_wait: for a task that has locked it, and may sleep with it
 * @result_flags: out: enum zcx_result_flag, what is to be said about the route
 *
 * Context: any.
 * Return: true if so.
 */
bool zcx_socket_is_ready(struct socket *sock, bool may_wait, u32 *result_flags)
{
	struct sock *sk = sock->sk;

	*result_flags = zcx_route_flags(sk);
	return zcx_socket_is_bare(sock) && !zcx_has_psock(sk) &&
	       !tcp_sk(sk)->repair &&
	       (may_wait || !sock_owned_by_user_nocheck(sk));
}

/**
 * zcx_socket_sink_init() - make a sink of the socket behind a descriptor
 * @ss: the sink, of no known contents
 * @fd: from user space
 *
 * Context: process context of the submitter; may sleep.
 * Return: 0, and the sink's destroy operation is to be called; or -EBADF,
 * -ENOTSOCK, -EOPNOTSUPP (a kind of socket that zcx does not send to),
 * -ENOTCONN, or what a security module says, and nothing is held.
 */
int zcx_socket_sink_init(struct zcx_socket_sink *ss, int fd)
{
	struct socket *sock;
	struct file *file;
	int err;

	file = fget(fd);
	if (!file)
		return -EBADF;
	err = -ENOTSOCK;
	sock = sock_from_file(file);
	if (!sock)
		goto put;
	err = zcx_socket_admit(file, sock);
	if (err)
		goto put;

	zcx_socket_sink_of(ss, file);
	return 0;
put:
	fput(file);
	return err;
}

static u32 zcx_describe_device(const struct net_device *dev)
{
	u32 flags = 0;

	if (dev->flags & IFF_LOOPBACK)
		flags |= ZCX_PROBE_LOOPBACK;
	if (dev->features & NETIF_F_SG)
		flags |= ZCX_PROBE_SG;
	if (dev->features & NETIF_F_CSUM_MASK)
		flags |= ZCX_PROBE_CSUM;
	if (dev->features & NETIF_F_ALL_TSO)
		flags |= ZCX_PROBE_GSO;
	return flags;
}

static void zcx_describe_route(struct sock *sk, struct zcx_probe *probe)
{
	struct dst_entry *dst;
	struct net_device *dev;

	rcu_read_lock();
	dst = __sk_dst_get(sk);
	dev = dst ? READ_ONCE(dst->dev) : NULL;
	if (dev) {
		probe->socket_flags |= zcx_describe_device(dev);
		probe->ifindex = dev->ifindex;
		strscpy(probe->device, dev->name, sizeof(probe->device));
	}
	rcu_read_unlock();
}

/**
 * zcx_socket_sink_describe() - how bytes would leave
 * @ss: the sink
 * @probe: out: socket_flags, ifindex and device, which are zeros
 *
 * Context: process context.
 */
void zcx_socket_sink_describe(const struct zcx_socket_sink *ss,
			      struct zcx_probe *probe)
{
	struct sock *sk = ss->sock->sk;

	if (!zcx_is_tcp(sk)) {
		probe->socket_flags = ZCX_PROBE_UNIX;
		return;
	}
	probe->socket_flags = ZCX_PROBE_TCP;
	if (ss->sink.result_flags & ZCX_RESULT_KTLS)
		probe->socket_flags |= ss->encrypts ? ZCX_PROBE_KTLS_TX :
						      ZCX_PROBE_KTLS_DEVICE;
	else if (!inet_csk_has_ulp(sk) && zcx_frags_enabled())
		probe->socket_flags |= ZCX_PROBE_FRAGS;
	zcx_describe_route(sk, probe);
}
