// SPDX-License-Identifier: GPL-2.0
/*
 * Whole runs of memory in packets, and what ends or interrupts their way: all
 * is closed, the device goes, the peer goes, a signal comes, others write.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "content.h"
#include "device.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

/**
 * struct queue - of eth0: bytes wait in it until it is told to let them go
 * @closed: a bucketful passes at once, and hardly anything after that
 * @open: the same queue, and it is fast
 */
struct queue {
	const char *closed;
	const char *open;
};

static const struct queue whole = {
	.closed = "tbf rate 8kbit burst 100kb limit 1mb",
	.open = "tbf rate 100mbit burst 100kb limit 1mb",
}, segmented = {
	.closed = "tbf rate 8kbit burst 16kb limit 1mb",
	.open = "tbf rate 100mbit burst 16kb limit 1mb",
};

/* What waits goes when the next packet comes, or its time by the old rate. */
static void queue_open(const struct queue *queue)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = inet_addr(PAIR_FAR_IP4),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	device_run(TC " qdisc change dev " DEVICE " root %s", queue->open);
	assert_int_equal(sendto(fd, "", 1, 0, (void *)&to, sizeof(to)), 1);
	close(fd);
}

/* Packets hold pages and nothing else: all is closed, and the module gone. */
static void closed_behind(void **state)
{
	const struct queue *queue = *state;
	struct trip trip;

	device_open();
	test_at_end(guest_restore_zcx, NULL);
	guest_wait_unused();
	trip_open(&trip, 300001);
	trip_connect_to(&trip, PAIR_FAR_IP4, MIB, 0);
	trip_receive(&trip, false);
	device_shape(queue->closed);
	trip_send(&trip, 0);
	trip_assert_held(&trip);
	close(trip.pair.tx);
	close(trip.sender.context);
	close(trip.file.fd);
	assert_int_equal(unlink(trip.file.path), 0);
	assert_int_equal(guest_rmmod(), 0);
	assert_false(guest_has_zcx());
	assert_true(trip.receiver.bytes < trip.program->bytes);

	queue_open(queue);
	receiver_join(&trip.receiver);
	assert_int_equal(trip.receiver.wrong_at, -1);
	assert_int_equal(trip.receiver.error, 0);
	assert_int_equal(trip.receiver.bytes, trip.program->bytes);
	close(trip.pair.rx);
}

/* A name in /sys, of which eth0's driver and its bus know the device. */
static void device_name(char name[64])
{
	char target[256];
	ssize_t n = readlink("/sys/class/net/" DEVICE "/device", target,
			     sizeof(target) - 1);

	assert_true(n > 0);
	target[n] = '\0';
	snprintf(name, 64, "%s", strrchr(target, '/') + 1);
}

/* Have close(2) throw away what has not been acknowledged. */
static void close_hard(int *fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(*fd);
	*fd = -1;
}

static char removed_name[64];

static void undo_removal(void *unused)
{
	(void)unused;
	guest_write("/sys/bus/virtio/drivers/virtio_net/bind", removed_name);
}

static void remove_device(void)
{
	device_name(removed_name);
	assert_int_equal(guest_write("/sys/bus/virtio/drivers/virtio_net/unbind",
				     removed_name), 0);
	test_at_end(undo_removal, NULL);
}

/*
 * Returns with packets on their way. Their receiver stops at @hold_at: where the test is
 * slow to go on, the link waits for it.
 */
static void trip_flow(struct trip *trip, uint64_t hold_at)
{
	trip_connect_to(trip, PAIR_FAR_IP4, 256 * KIB, 256 * KIB);
	trip->receiver = (struct receiver) {
		.fd = trip->pair.rx,
		.expect = trip->program,
		.hold_at = hold_at,
	};
	assert_int_equal(receiver_start(&trip->receiver), 0);
	trip_start(trip);
	assert_true(receiver_wait_bytes(&trip->receiver, 200 * KIB));
}

static void on_signal(int sig)
{
	(void)sig;
}

static const struct sigaction action = { .sa_handler = on_signal };

/* The driver lets go of its device, whose rings are full of our pages. */
static void device_removed(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	trip_open(&trip, 8 * MIB);
	trip_flow(&trip, 4 * MIB);
	remove_device();
	assert_true(sender_wait_asleep(&trip.sender));
	assert_int_equal(pthread_kill(trip.sender.thread, SIGUSR1), 0);
	sender_join(&trip.sender);
	assert_int_equal(trip.sender.err, 0);
	assert_null(link_problem(&trip.sender.link));
	assert_int_equal(trip.sender.link.error, EINTR);
	assert_true(trip.sender.link.bytes_sent < trip.program->bytes);
	trip_assert_held(&trip);
	close_hard(&trip.pair.tx);
	/* The far end is told nothing. */
	shutdown(trip.pair.rx, SHUT_RD);
	receiver_join(&trip.receiver);
	assert_int_equal(trip.receiver.wrong_at, -1);
	trip_close(&trip);
}

/* It comes back, and the same connection goes on with what it had queued. */
static void device_back(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	trip_open(&trip, guest_pick(5 * MIB, 3 * MIB));
	trip_flow(&trip, guest_pick(3 * MIB, MIB));
	remove_device();
	assert_int_equal(trip_stat(&trip, "links"), 1);
	assert_true(trip.receiver.bytes < trip.program->bytes);
	undo_removal(NULL);
	device_open();
	receiver_go(&trip.receiver);
	sender_join(&trip.sender);
	assert_int_equal(trip.sender.err, 0);
	assert_null(link_problem_complete(&trip.sender.link, trip.program, 0));
	trip_arrives(&trip);
	trip_close(&trip);
}

/* The receiver does not read; the link sleeps, with pages in packets. */
static void trip_block(struct trip *trip, int sndbuf)
{
	trip_connect_to(trip, PAIR_FAR_IP4, sndbuf, 32 * KIB);
	trip_receive(trip, true);
	trip_start(trip);
	assert_true(sender_wait_asleep(&trip->sender));
}

static void peer_resets(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	trip_open(&trip, 4 * MIB);
	trip_connect_to(&trip, PAIR_FAR_IP4, 0, 32 * KIB);
	trip_start(&trip);
	assert_true(sender_wait_asleep(&trip.sender));
	close_hard(&trip.pair.rx);
	sender_join(&trip.sender);
	assert_int_equal(trip.sender.err, 0);
	assert_null(link_problem(&trip.sender.link));
	if (trip.sender.link.error != EPIPE)
		assert_int_equal(trip.sender.link.error, ECONNRESET);
	/* The socket is still open, but it holds nothing any more. */
	trip_assert_untouched(&trip);
	trip_close(&trip);
}

/* Until the socket has taken nothing for a while: the receiver is full too. */
static void fill_socket(struct trip *trip)
{
	int err;

	do {
		usleep(100000);
		link_prepare(&trip->sender.link, trip->pair.tx, trip->program);
		err = link_send(trip->sender.context, &trip->sender.link);
	} while (!err);
	assert_int_equal(err, -EAGAIN);
}

/* Thrown away with all that waits in the socket. */
static void closed_hard(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	trip_open(&trip, 4 * MIB);
	trip_connect_to(&trip, PAIR_FAR_IP4, 0, 32 * KIB);
	pair_set_nonblock(trip.pair.tx, true);
	fill_socket(&trip);
	trip_assert_held(&trip);
	close_hard(&trip.pair.tx);
	trip_close(&trip);
}

/* A part is told, and a second link sends what is left. */
static void interrupted(void **state)
{
	struct program *rest = program_new();
	struct trip trip;

	(void)state;
	device_open();
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	trip_open(&trip, DEVICE_BYTES);
	trip_block(&trip, 64 * KIB);
	assert_int_equal(pthread_kill(trip.sender.thread, SIGUSR1), 0);
	sender_join(&trip.sender);
	assert_int_equal(trip.sender.err, 0);
	assert_null(link_problem(&trip.sender.link));
	assert_int_equal(trip.sender.link.error, EINTR);
	assert_in_range(trip.sender.link.bytes_sent, 1,
			trip.program->bytes - 1);
	program_rest(rest, trip.program, trip.sender.link.bytes_sent);
	receiver_go(&trip.receiver);
	link_prepare(&trip.sender.link, trip.pair.tx, rest);
	assert_int_equal(link_send(trip.sender.context, &trip.sender.link), 0);
	assert_null(link_problem_complete(&trip.sender.link, rest, 0));
	trip_arrives(&trip);
	trip_close(&trip);
}

/* As little at a time as a socket can be made to take. */
static void small_buffer(void **state)
{
	struct program *program = program_new();
	struct exchange x = {
		.program = program,
		.kind = PAIR_DEVICE,
		.sndbuf = 4 * KIB,
	};
	struct vfile file;

	(void)state;
	device_open();
	file_make(&file, DIR_XFS, guest_pick(MIB, 200 * KIB) + 77);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_run(&x);
	file_assert_unchanged(&file);
	assert_int_equal(file_evict(&file), 0);
	file_drop(&file);
}

static void slow_receiver(void **state)
{
	struct program *program = program_new();
	struct exchange x = {
		.program = program,
		.kind = PAIR_DEVICE,
		.rcvbuf = 16 * KIB,
		.chunk = 4001,
		.delay_us = 1000,
	};
	struct vfile file;

	(void)state;
	device_open();
	file_make(&file, DIR_EXT4, guest_pick(2 * MIB, 300 * KIB) + 77);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_run(&x);
	file_assert_unchanged(&file);
	assert_int_equal(file_evict(&file), 0);
	file_drop(&file);
}

/* Many senders of one file at once, each on a socket of its own. */

#define SENDERS	32

static void *exchange_in_thread(void *arg)
{
	struct exchange *x = arg;

	return exchange_try(x) ? NULL : x->problem;
}

static void many(void **state)
{
	struct program *program = program_new();
	static struct exchange by[SENDERS];
	pthread_t thread[SENDERS];
	struct vfile file;
	unsigned int i;

	(void)state;
	device_open();
	file_make(&file, DIR_EXT4, guest_pick(500 * KIB, 100 * KIB) + 77);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	for (i = 0; i < SENDERS; i++) {
		by[i] = (struct exchange) {
			.program = program,
			.kind = PAIR_DEVICE,
			.sndbuf = i % 4 ? 0 : 32 * KIB,
		};
		assert_int_equal(pthread_create(&thread[i], NULL,
						exchange_in_thread, &by[i]),
				 0);
	}
	for (i = 0; i < SENDERS; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < SENDERS; i++)
		if (by[i].problem[0])
			fail_msg("sender %u: %s", i, by[i].problem);
	file_assert_unchanged(&file);
	assert_int_equal(file_evict(&file), 0);
	file_drop(&file);
}

/* Others write to the same socket */

enum writer {
	BY_ZCX,
	BY_SENDFILE,
	BY_WRITE,
	BY_ZCX_AGAIN,
	BY_ZEROCOPY,		/* send(2) with MSG_ZEROCOPY */
	WRITERS,
};

/**
 * struct medley - a socket with several writers
 * @trip: its program is all that is to arrive
 * @memory: for those that write from there
 * @size: bytes a piece
 */
struct medley {
	struct trip trip;
	uint8_t *memory;
	size_t size;
};

static uint64_t piece_at(const struct medley *medley, unsigned int round)
{
	return round * 4099ULL % (medley->trip.file.size - medley->size);
}

static void expect_piece(struct medley *medley, unsigned int round)
{
	enum writer writer = round % WRITERS;

	if (writer == BY_WRITE || writer == BY_ZEROCOPY)
		program_memory(medley->trip.program, medley->memory,
			       medley->size);
	else
		program_file(medley->trip.program, &medley->trip.file,
			     piece_at(medley, round), medley->size);
}

static void send_piece_by_zcx(struct medley *medley, unsigned int round)
{
	struct trip *trip = &medley->trip;
	struct zcx_segment segment = {
		.type = ZCX_SEGMENT_FILE,
		.fd = trip->file.fd,
		.offset = piece_at(medley, round),
		.length = medley->size,
	};

	link_prepare_segment(&trip->sender.link, trip->pair.tx, &segment);
	assert_int_equal(link_send(trip->sender.context, &trip->sender.link),
			 0);
	assert_int_equal(trip->sender.link.bytes_sent, medley->size);
	assert_int_equal(trip->sender.link.result_flags, 0);
}

static void send_piece(struct medley *medley, unsigned int round)
{
	int tx = medley->trip.pair.tx;
	off_t at = piece_at(medley, round);
	ssize_t n = medley->size;

	switch ((enum writer)(round % WRITERS)) {
	case BY_ZCX:
	case BY_ZCX_AGAIN:
		send_piece_by_zcx(medley, round);
		break;
	case BY_SENDFILE:
		n = sendfile(tx, medley->trip.file.fd, &at, medley->size);
		break;
	case BY_WRITE:
		n = write(tx, medley->memory, medley->size);
		break;
	case BY_ZEROCOPY:
		n = send(tx, medley->memory, medley->size, MSG_ZEROCOPY);
		break;
	case WRITERS:
		break;
	}
	assert_int_equal(n, medley->size);
}

static void set_option(int fd, int level, int option, int value)
{
	assert_int_equal(setsockopt(fd, level, option, &value, sizeof(value)),
			 0);
}

static void medley_run(struct medley *medley, size_t size, bool corked)
{
	const unsigned int rounds = guest_pick(200, 60);
	struct trip *trip = &medley->trip;
	unsigned int i;

	medley->size = size;
	program_clear(trip->program);
	for (i = 0; i < rounds; i++)
		expect_piece(medley, i);
	trip_connect(trip);
	set_option(trip->pair.tx, SOL_SOCKET, SO_ZEROCOPY, 1);
	set_option(trip->pair.tx, IPPROTO_TCP, TCP_CORK, corked);
	trip_receive(trip, false);
	for (i = 0; i < rounds; i++)
		send_piece(medley, i);
	set_option(trip->pair.tx, IPPROTO_TCP, TCP_CORK, 0);
	trip_arrives(trip);
	pair_close(&trip->pair);
	trip_assert_untouched(trip);
}

static void writers(void **state)
{
	static const size_t sizes[] = { 1, 100, 5000, 4096, 20001 };
	bool corked = *(const bool *)*state;
	struct medley medley;
	unsigned int i;

	device_open();
	/* Nobody reads what MSG_ZEROCOPY reports. */
	device_sysctl("core/optmem_max", "1048576");
	trip_open(&medley.trip, 300 * KIB);
	medley.memory = test_malloc(20001);
	content_fill(11, 0, medley.memory, 20001);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		medley_run(&medley, sizes[i], corked);
	trip_close(&medley.trip);
	test_free(medley.memory);
}

static const bool yes = true, no = false;

const struct vm_test device_ends_tests[] = {
	{ "device_closed_whole", closed_behind, &whole, "test", "test",
	  "device", 60,
	  "bytes in a queue arrive, though all is closed and the module gone" },
	{ "device_closed_segmented", closed_behind, &segmented, "test", "all",
	  "device", 60, "the same behind a queue that segments them" },
	{ "device_removed", device_removed, NULL, "test", "test", "device", 60,
	  "a device is removed with our pages in its rings" },
	{ "device_back", device_back, NULL, "test", "test", "device", 90,
	  "a device is removed and comes back: the link goes on" },
	{ "device_reset", peer_resets, NULL, "test", "test", "device", 60,
	  "the peer resets the connection: packets let go of all pages" },
	{ "device_closed_hard", closed_hard, NULL, "test", "test", "device",
	  60, "SO_LINGER of 0: packets let go of all pages" },
	{ "device_interrupted", interrupted, NULL, "test", "test", "device",
	  60, "a signal in mid-send, and a second link for the rest" },
	{ "device_small_buffer", small_buffer, NULL, "test", "test", "device",
	  60, "a send buffer of 4 KiB" },
	{ "device_slow_receiver", slow_receiver, NULL, "test", "all",
	  "device", 60, "a slow receiver with a small window" },
	{ "device_senders", many, NULL, "test", "test", "device", 90,
	  "32 senders of one file at once" },
	{ "device_writers", writers, &no, "test", "test", "device", 90,
	  "zcx, sendfile, write and MSG_ZEROCOPY on one socket" },
	{ "device_writers_cork", writers, &yes, "test", "test", "device", 90,
	  "the same on a corked socket" },
	{ 0 }
};
