// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "capture.h"
#include "vmtest.h"

/* Before they are segmented, packets have up to 64 KiB. */
#define PACKET_MAX	(128 * KIB)

int capture_open(const char *dev, int rcvbuf)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(dev),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail_msg("no packet socket: %s", strerror(errno));
	assert_int_not_equal(addr.sll_ifindex, 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf,
				    sizeof(rcvbuf)), 0);
	assert_int_equal(bind(fd, (void *)&addr, sizeof(addr)), 0);
	return fd;
}

/**
 * struct view - the stream, and where to find it
 * @stream: its bytes
 * @seen: which of them have been seen
 * @size: of both
 * @begun: the connection's first packet has been seen
 * @ports: of the connection, as they stand in a packet
 * @first: sequence number of @stream[0]
 * @count: bytes of @seen that are set
 */
struct view {
	uint8_t *stream;
	uint8_t *seen;
	size_t size;
	bool begun;
	uint32_t ports;
	uint32_t first;
	size_t count;
};

static void view_byte(struct view *view, uint32_t at, uint8_t byte)
{
	if (at >= view->size)
		fail_msg("captured byte %u of a stream of %zu", at,
			 view->size);
	if (view->seen[at] && view->stream[at] != byte)
		fail_msg("byte %u was captured twice, and differs", at);
	view->count += !view->seen[at];
	view->seen[at] = 1;
	view->stream[at] = byte;
}

static void view_packet(struct view *view, const uint8_t *packet, size_t length)
{
	const struct ether_header *eth = (const void *)packet;
	const struct iphdr *ip = (const void *)(eth + 1);
	const struct tcphdr *tcp = (const void *)((uint8_t *)ip + ip->ihl * 4);
	const uint8_t *data = (const uint8_t *)tcp + tcp->doff * 4;
	const uint8_t *end = (const uint8_t *)ip + ntohs(ip->tot_len);
	uint32_t ports, at;

	if (eth->ether_type != htons(ETHERTYPE_IP) || ip->protocol != IPPROTO_TCP)
		return;
	assert_true(end <= packet + length);
	memcpy(&ports, tcp, sizeof(ports));
	if (tcp->syn && !tcp->ack && !view->begun) {
		view->begun = true;
		view->ports = ports;
		view->first = ntohl(tcp->seq) + 1;
	}
	if (!view->begun || ports != view->ports)
		return;
	for (at = ntohl(tcp->seq) - view->first; data < end; at++)
		view_byte(view, at, *data++);
}

size_t capture_read(int fd, uint8_t *stream, size_t size)
{
	uint8_t *packet = test_malloc(PACKET_MAX);
	struct view view = {
		.stream = stream,
		.seen = test_calloc(1, size),
		.size = size,
	};
	ssize_t n;

	while ((n = recv(fd, packet, PACKET_MAX, MSG_DONTWAIT)) > 0)
		view_packet(&view, packet, n);
	test_free(view.seen);
	test_free(packet);
	return view.count;
}
