// SPDX-License-Identifier: GPL-2.0
/* The connection of one run, and how to know that its bytes have arrived. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/sockios.h>
/* <netinet/tcp.h> has an older struct tcp_info. */
#include <linux/tcp.h>

#include "bench.h"
#include "channel.h"
#include "cli.h"
#include "endpoint.h"
#include "io.h"
#include "receiver.h"

/* How long to sleep between two looks at the socket's queue. */
#define LOOK_FIRST_NS	100000L
#define LOOK_LAST_NS	1600000L

/*
 * How much another machine is sent before a run: as over a connection that has
 * been in use. A fresh one sends small packets, as long as its window is small, and
 * how many depends on when ACKs come: on the load of this machine.
 */
#define WARM_UP_BYTES	(8UL << 20)

/* Until the child has accepted (@wanted is 1) or ended (0) the connection. */
static int await_open(struct bench_receiver *receiver, int wanted)
{
	struct bench_tally *tally = receiver->tally;
	int ret = 0;

	while (!ret) {
		uint32_t seen = atomic_load(&tally->news);
		int open = atomic_load(&tally->open);

		if (open == wanted || open < 0)
			return open < 0 ? open : 0;
		ret = bench_receiver_wait(receiver, seen);
	}
	return ret;
}

static uint64_t acked(int sock)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	if (getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &length))
		return 0;
	return info.tcpi_bytes_acked;
}

void bench_channel_expect(struct bench_channel *channel, uint64_t bytes)
{
	channel->expected = bytes;
	if (channel->receiver)
		atomic_store(&channel->receiver->tally->target,
			     channel->expected);
}

/* Until nothing is in the socket that is not acknowledged. */
static int await_acks(int sock)
{
	struct timespec pause = { .tv_nsec = LOOK_FIRST_NS };
	int queued, last = -1;
	double since = 0;

	for (;;) {
		if (ioctl(sock, SIOCOUTQ, &queued))
			return -errno;
		if (!queued)
			return 0;
		if (queued != last)
			since = cli_now();
		else if (cli_now() - since > BENCH_PATIENCE_SECONDS)
			return -ETIMEDOUT;
		last = queued;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < LOOK_LAST_NS)
			pause.tv_nsec *= 2;
	}
}

/* Open the connection's window. Returns 0 or -errno. */
static int warm_up(int sock)
{
	static const char zeros[64 << 10];
	size_t left = WARM_UP_BYTES;
	ssize_t n;

	while (left) {
		n = send(sock, zeros, bench_min(sizeof(zeros), left),
			 MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EPIPE;
		left -= n;
	}
	return await_acks(sock);
}

int bench_channel_open(struct bench_channel *channel,
		       struct bench_receiver *receiver, const char *to)
{
	int one = 1, ret = 0;

	memset(channel, 0, sizeof(*channel));
	channel->receiver = receiver;
	channel->sock = endpoint_connect(receiver ? receiver->address : to);
	if (channel->sock < 0)
		return -ENOTCONN;
	/* As servers do: the end of a response does not wait for the client. */
	setsockopt(channel->sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	cli_set_timeout(channel->sock, SO_SNDTIMEO, BENCH_PATIENCE_SECONDS);
	ret = receiver ? await_open(receiver, 1) : warm_up(channel->sock);
	channel->acked_before = acked(channel->sock);
	if (ret)
		close(channel->sock);
	return ret;
}

int bench_channel_wait(struct bench_channel *channel)
{
	struct bench_receiver *receiver = channel->receiver;
	int ret = 0;

	if (!receiver)
		return await_acks(channel->sock);
	while (!ret) {
		uint32_t seen = atomic_load(&receiver->tally->news);

		if (bench_channel_arrived(channel) >= channel->expected)
			break;
		if (!atomic_load(&receiver->tally->open))
			return -ECONNRESET;
		ret = bench_receiver_wait(receiver, seen);
	}
	return ret;
}

uint64_t bench_channel_arrived(const struct bench_channel *channel)
{
	if (channel->receiver)
		return atomic_load(&channel->receiver->tally->received);
	return acked(channel->sock) - channel->acked_before;
}

pid_t bench_channel_receiver(const struct bench_channel *channel)
{
	return channel->receiver ?
	       atomic_load(&channel->receiver->tally->pid) : 0;
}

uint64_t bench_channel_close(struct bench_channel *channel, bool abort)
{
	struct linger reset = { .l_onoff = 1 };
	/* Before the end of the stream, whose acknowledgement counts as a byte. */
	uint64_t arrived = bench_channel_arrived(channel);

	if (abort)
		setsockopt(channel->sock, SOL_SOCKET, SO_LINGER, &reset,
			   sizeof(reset));
	else
		shutdown(channel->sock, SHUT_WR);
	close(channel->sock);
	if (channel->receiver) {
		await_open(channel->receiver, 0);
		arrived = bench_channel_arrived(channel);
	}
	return arrived;
}
