// SPDX-License-Identifier: GPL-2.0
/* Links that end when the peer has acknowledged every byte. */
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "async.h"
#include "device.h"
#include "guest.h"
#include "vmtest.h"

static const enum pair_kind tcp4 = PAIR_TCP4, tcp6 = PAIR_TCP6,
			    unix_stream = PAIR_UNIX, ktls = PAIR_KTLS,
			    ktls13 = PAIR_KTLS13;

/* Bytes in the send queue of a socket that are not acknowledged. */
static int unacked(int fd)
{
	int bytes = -1;

	ioctl(fd, SIOCOUTQ, &bytes);
	return bytes;
}

/* The receiver reads late; nothing is said before all has come to it. */
static void late_reader(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct stall stall;

	stall_open(&stall, kind);
	stall_submit(&stall, ZCX_LINK_ACKED);
	stall_go(&stall);
	async_sent(stall.context, stall.id, stall.program, ZCX_STATE_ACKED,
		   pair_is_ktls(kind) ? ZCX_RESULT_KTLS : 0);
	/* Over AF_UNIX: what the receiver has not read. */
	assert_int_equal(unacked(stall.pair.tx), 0);
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
}

/**
 * struct wait - a link that is all in the socket, and the peer takes little
 * @pair: a large send buffer, a small receive buffer
 */
struct wait {
	struct program *program;
	struct vfile file;
	struct pair pair;
	int context;
	uint64_t id;
};

static void wait_open_limited(struct wait *wait, enum pair_kind kind,
			      uint64_t deadline_ns, uint64_t idle_ns)
{
	struct zcx_link link;

	memset(wait, 0, sizeof(*wait));
	pair_open(&wait->pair, kind, 4 * MIB, 8 * KIB);
	wait->context = zcx_open();
	wait->program = program_new();
	/* Less than the default limit of SO_SNDBUF, 208 KiB. */
	file_make(&wait->file, DIR_EXT4, 90001);
	file_lock(&wait->file);
	program_memory(wait->program, "header", 6);
	program_file(wait->program, &wait->file, 0, ZCX_TO_EOF);
	async_prepare(&link, wait->pair.tx, wait->program);
	link.flags = ZCX_LINK_ACKED;
	link.deadline_ns = deadline_ns;
	link.idle_ns = idle_ns;
	wait->id = async_submit(wait->context, &link);
}

/* Returns when all is sent, and not all acknowledged. */
static void wait_open(struct wait *wait, enum pair_kind kind)
{
	struct zcx_query query;

	wait_open_limited(wait, kind, 0, 0);
	async_waits(wait->context, wait->id, ZCX_WAIT_ACK);
	assert_int_equal(async_query(wait->context, wait->id, &query), 0);
	assert_int_equal(query.bytes_sent, wait->program->bytes);
	assert_true(query.bytes_acked < query.bytes_sent);
}

static void wait_receive(struct wait *wait, uint64_t more)
{
	struct receiver receiver = { .fd = wait->pair.rx };

	if (!more)
		receiver.expect = wait->program;
	assert_int_equal(receiver_start(&receiver), 0);
	if (!receiver_wait_bytes(&receiver, wait->program->bytes + more))
		fail_msg("not all arrived");
	close(wait->pair.tx);
	wait->pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, wait->program->bytes + more);
}

static void wait_close(struct wait *wait)
{
	pair_close(&wait->pair);
	async_quiet(wait->context);
	close(wait->context);
	assert_true(file_unlock(&wait->file));
	file_drop(&wait->file);
}

/* Two links behind it that ask for no ACK: they end before it. */
static void next_goes_on(void **state)
{
	struct program *program = program_new();
	struct wait wait;
	uint64_t id;

	wait_open(&wait, *(const enum pair_kind *)*state);
	program_memory(program, "next", 4);
	id = async_send(wait.context, wait.pair.tx, program);
	async_sent(wait.context, id, program, ZCX_STATE_SENT, 0);
	id = async_send(wait.context, wait.pair.tx, program);
	async_sent(wait.context, id, program, ZCX_STATE_SENT, 0);
	async_waits(wait.context, wait.id, ZCX_WAIT_ACK);
	wait_receive(&wait, 8);
	async_sent(wait.context, wait.id, wait.program, ZCX_STATE_ACKED, 0);
	wait_close(&wait);
}

/* Some links on one socket, all to be acknowledged: in order. */
static void in_order(void **state)
{
	struct program *program = program_new();
	uint64_t id[10];
	struct wait wait;
	unsigned int i;

	wait_open(&wait, *(const enum pair_kind *)*state);
	program_memory(program, "next", 4);
	for (i = 0; i < ARRAY_SIZE(id); i++) {
		struct zcx_link link;

		async_prepare(&link, wait.pair.tx, program);
		link.flags = ZCX_LINK_ACKED;
		id[i] = async_submit(wait.context, &link);
	}
	async_waits(wait.context, id[9], ZCX_WAIT_ACK);
	wait_receive(&wait, 4 * ARRAY_SIZE(id));
	for (i = 0; i <= ARRAY_SIZE(id); i++) {
		struct zcx_event event;

		/* Their order is that of wake-ups, and may be any. */
		async_event(wait.context, &event);
		async_assert(&event, event.id, ZCX_STATE_ACKED, 0);
		assert_in_range(event.id, 1, ARRAY_SIZE(id) + 1);
	}
	wait_close(&wait);
}

/* No more is written, and what was is acknowledged all the same. */
static void shut_down(void **state)
{
	struct wait wait;

	wait_open(&wait, *(const enum pair_kind *)*state);
	assert_int_equal(shutdown(wait.pair.tx, SHUT_WR), 0);
	async_waits(wait.context, wait.id, ZCX_WAIT_ACK);
	wait_receive(&wait, 0);
	async_sent(wait.context, wait.id, wait.program, ZCX_STATE_ACKED, 0);
	wait_close(&wait);
}

/* The socket's descriptor is closed while the link waits. */
static void closed_behind(void **state)
{
	struct wait wait;

	wait_open(&wait, *(const enum pair_kind *)*state);
	close(wait.pair.tx);
	wait.pair.tx = -1;
	close(wait.file.fd);
	wait.file.fd = -1;
	wait_receive(&wait, 0);
	async_sent(wait.context, wait.id, wait.program, ZCX_STATE_ACKED, 0);
	pair_close(&wait.pair);
	async_quiet(wait.context);
	close(wait.context);
	file_drop(&wait.file);
}

/* The peer goes away without having read all. */
static void peer_goes(void **state)
{
	struct zcx_event event;
	struct wait wait;

	wait_open(&wait, *(const enum pair_kind *)*state);
	close(wait.pair.rx);
	wait.pair.rx = -1;
	async_event(wait.context, &event);
	assert_null(async_problem(&event));
	assert_int_equal(event.id, wait.id);
	assert_int_equal(event.state, ZCX_STATE_FAILED);
	assert_true(event.error == ECONNRESET || event.error == EPIPE);
	assert_int_equal(event.bytes_sent, wait.program->bytes);
	wait_close(&wait);
}

/* The peer has read all and goes away: that is an acknowledgement. */
static void peer_goes_after(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_link link;
	struct pair pair;
	unsigned int i;
	char buf[5];

	program_memory(program, "bytes", 5);
	for (i = 0; i < 20; i++) {
		pair_open(&pair, kind, 0, 0);
		async_prepare(&link, pair.tx, program);
		link.flags = ZCX_LINK_ACKED;
		async_submit(context, &link);
		assert_int_equal(recv(pair.rx, buf, 5, MSG_WAITALL), 5);
		if (kind != PAIR_UNIX)
			while (unacked(pair.tx))
				guest_sleep_ms(1);
		pair_close(&pair);
		async_sent(context, link.id, program, ZCX_STATE_ACKED, 0);
	}
	async_quiet(context);
	close(context);
}

/* CANCEL while it waits: those behind it have gone already and stay. */
static void cancelled(void **state)
{
	struct program *program = program_new();
	struct wait wait;
	uint64_t id;

	wait_open(&wait, *(const enum pair_kind *)*state);
	program_memory(program, "next", 4);
	id = async_send(wait.context, wait.pair.tx, program);
	assert_int_equal(async_control(wait.context, ZCX_IOC_CANCEL, wait.id),
			 0);
	/* Two events, of which the order is not said. */
	for (int i = 0; i < 2; i++) {
		struct zcx_event event;

		async_event(wait.context, &event);
		if (event.id == id) {
			async_assert(&event, id, ZCX_STATE_SENT, 0);
			continue;
		}
		async_assert(&event, wait.id, ZCX_STATE_CANCELLED, ECANCELED);
		assert_int_equal(event.bytes_sent, wait.program->bytes);
	}
	wait_receive(&wait, 4);
	wait_close(&wait);
}

/* In which all is sent, on any machine. */
#define TIMEOUT_NS	5000000000ULL

static void timed_out(void **state)
{
	struct wait wait;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		wait_open_limited(&wait, *(const enum pair_kind *)*state,
				  i ? 0 : TIMEOUT_NS, i ? TIMEOUT_NS : 0);
		assert_int_equal(async_ends(wait.context, wait.id,
					    ZCX_STATE_FAILED, ETIMEDOUT),
				 wait.program->bytes);
		wait_receive(&wait, 0);
		wait_close(&wait);
	}
}

/* Memory and files of no bytes: nothing is to be acknowledged. */
static void no_bytes(void **state)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_link link;
	struct pair pair;

	pair_open(&pair, *(const enum pair_kind *)*state, 0, 0);
	program_memory(program, "", 0);
	async_prepare(&link, pair.tx, program);
	link.flags = ZCX_LINK_ACKED;
	async_sent(context, async_submit(context, &link), program,
		   ZCX_STATE_ACKED, 0);
	pair_close(&pair);
	async_quiet(context);
	close(context);
}

/*
 * Bytes of others: with those of a write(2) unread before it, a link's are not
 * acknowledged by an AF_UNIX peer; with some read, not all.
 */
static void unix_reads(void **state)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_event event;
	struct zcx_link link;
	struct pair pair;
	char buf[16];

	(void)state;
	pair_open(&pair, PAIR_UNIX, 0, 0);
	assert_int_equal(write(pair.tx, "written", 7), 7);
	program_memory(program, "linked", 6);
	async_prepare(&link, pair.tx, program);
	link.flags = ZCX_LINK_ACKED;
	async_submit(context, &link);
	async_waits(context, link.id, ZCX_WAIT_ACK);
	assert_int_equal(recv(pair.rx, buf, 7, MSG_WAITALL), 7);
	assert_int_equal(recv(pair.rx, buf, 3, MSG_WAITALL), 3);
	assert_int_equal(async_try_event(context, &event, 300), -ETIMEDOUT);
	assert_int_equal(recv(pair.rx, buf, 3, MSG_WAITALL), 3);
	async_sent(context, link.id, program, ZCX_STATE_ACKED, 0);
	pair_close(&pair);
	close(context);
}

/*
 * From the event on, the file may be changed, whether the peer's program has
 * read what its TCP has acknowledged or not. Not so on one machine: a peer by
 * way of the loopback device gets the very pages.
 */
static void file_may_change(void **state)
{
	static uint8_t buf[40000], zeros[40000];
	struct program *program = program_new();
	struct cursor cursor = { 0 };
	int context = zcx_open(), fd;
	struct zcx_link link;
	struct vfile file;
	struct pair pair;

	(void)state;
	device_open();
	pair_open(&pair, PAIR_DEVICE, 0, 0);
	file_make(&file, DIR_EXT4, sizeof(buf));
	program_file(program, &file, 0, ZCX_TO_EOF);
	async_prepare(&link, pair.tx, program);
	link.flags = ZCX_LINK_ACKED;
	async_sent(context, async_submit(context, &link), program,
		   ZCX_STATE_ACKED, 0);
	fd = file_open_writable(&file);
	assert_int_equal(pwrite(fd, zeros, sizeof(zeros), 0), sizeof(zeros));
	close(fd);
	assert_int_equal(recv(pair.rx, buf, sizeof(buf), MSG_WAITALL),
			 sizeof(buf));
	assert_int_equal(program_compare(program, &cursor, buf, sizeof(buf)),
			 sizeof(buf));
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

/* Over a real device, and roads that lose, delay and reorder. */
static void over_device(void **state)
{
	const char *qdisc = *state;
	struct trip trip;
	struct zcx_link link;

	device_open();
	if (qdisc)
		device_shape(qdisc);
	trip_open(&trip, MIB + 17);
	trip_connect(&trip);
	trip_receive(&trip, true);
	async_prepare(&link, trip.pair.tx, trip.program);
	link.flags = ZCX_LINK_ACKED;
	async_submit(trip.sender.context, &link);
	receiver_go(&trip.receiver);
	async_sent(trip.sender.context, link.id, trip.program,
		   ZCX_STATE_ACKED, 0);
	assert_int_equal(unacked(trip.pair.tx), 0);
	/* All is with the receiver's TCP, or its program. */
	receiver_wait_bytes(&trip.receiver, trip.program->bytes);
	trip_arrives(&trip);
	trip_close(&trip);
}

/* The other end is gone without a word: only a limit ends that. */
static void device_silent(void **state)
{
	struct zcx_link link;
	struct trip trip;
	uint64_t bytes;

	(void)state;
	device_open();
	trip_open(&trip, MIB + 17);
	trip_connect(&trip);
	device_shape("netem loss 100%");
	async_prepare(&link, trip.pair.tx, trip.program);
	link.flags = ZCX_LINK_ACKED;
	link.idle_ns = 500000000;
	async_submit(trip.sender.context, &link);
	bytes = async_ends(trip.sender.context, link.id, ZCX_STATE_FAILED,
			   ETIMEDOUT);
	assert_true(bytes <= trip.program->bytes);
	async_quiet(trip.sender.context);
	device_open();
	trip_close(&trip);
}

#define FOR_TCP_AND_UNIX(name, run, what) \
	{ "acked_" name "_tcp4", run, &tcp4, "all", "all", "std", 30, \
	  what ", TCP" }, \
	{ "acked_" name "_unix", run, &unix_stream, "all", "all", "std", 30, \
	  what ", AF_UNIX" }

const struct vm_test acked_tests[] = {
	{ "acked_late_tcp4", late_reader, &tcp4, "test", "test", "std", 30,
	  "the event comes when the peer has got all, TCP" },
	{ "acked_late_tcp6", late_reader, &tcp6, "all", "all", "std", 30,
	  "the same over IPv6" },
	{ "acked_late_unix", late_reader, &unix_stream, "all", "all", "std",
	  30, "the same over AF_UNIX" },
	{ "acked_late_ktls12", late_reader, &ktls, "all", "all", "std", 30,
	  "the same over TLS 1.2" },
	{ "acked_late_ktls13", late_reader, &ktls13, "all", "all", "std", 30,
	  "the same over TLS 1.3" },
	FOR_TCP_AND_UNIX("next", next_goes_on,
			 "the next link does not wait for the ACK"),
	FOR_TCP_AND_UNIX("in_order", in_order,
			 "11 links that all wait for their ACK"),
	FOR_TCP_AND_UNIX("shutdown", shut_down,
			 "shut down for writing meanwhile"),
	FOR_TCP_AND_UNIX("closed_behind", closed_behind,
			 "file and socket are closed meanwhile"),
	FOR_TCP_AND_UNIX("peer_goes", peer_goes,
			 "the peer goes with unread bytes: FAILED"),
	FOR_TCP_AND_UNIX("peer_goes_after", peer_goes_after,
			 "the peer reads all and goes: ACKED"),
	FOR_TCP_AND_UNIX("cancel", cancelled,
			 "CANCEL of a link that waits for the ACK"),
	FOR_TCP_AND_UNIX("timed_out", timed_out,
			 "deadline and idle limit while it waits"),
	FOR_TCP_AND_UNIX("no_bytes", no_bytes, "links of no bytes"),
	{ "acked_device_file_may_change", file_may_change, NULL, "all",
	  "all", "device", 30,
	  "the file changes between event and receive" },
	{ "acked_unix_reads", unix_reads, NULL, "all", "all", "std", 30,
	  "AF_UNIX: acknowledged is what was read" },
	{ "acked_device", over_device, NULL, "all", "all", "device", 60,
	  "over a device" },
	{ "acked_device_loss", over_device, "netem loss 5%", "all", "all",
	  "device", 90, "over a road that loses packets" },
	{ "acked_device_delay", over_device, "netem delay 100ms", "all",
	  "all", "device", 90, "over a long road" },
	{ "acked_device_reorder", over_device,
	  "netem delay 3ms 1ms reorder 30%", "all", "all", "device", 90,
	  "over a road that reorders" },
	{ "acked_device_silent", device_silent, NULL, "all", "all", "device",
	  60, "the peer falls silent: the idle limit" },
	{ 0 }
};
