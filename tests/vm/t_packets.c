// SPDX-License-Identifier: GPL-2.0
/* What goes into a packet, and when it leaves. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

static const enum pair_kind kinds[PAIR_KINDS] = {
	PAIR_TCP4, PAIR_TCP6, PAIR_UNIX, PAIR_KTLS, PAIR_KTLS13,
};

/* With its path: the guest's shell has a small one of its own. */
#define IP	"/bin/ip"

/*
 * A network of its own for the test, whose loopback device has patient timers: what is
 * held back leaves after 100 s, as nothing else comes, and not after 200 ms, in which a
 * guest may well stand still. Nor is anything sent twice as its ACK is late.
 */
static void slow_timers(void)
{
	if (unshare(CLONE_NEWNET))
		test_skip("no network namespaces: %s", strerror(errno));
	if (guest_run(IP " link set lo up && "
		      IP " route replace table local local 127.0.0.1 dev lo"
		      " src 127.0.0.1 rto_min 100s && "
		      IP " -6 route del table local local ::1 && "
		      IP " -6 route add table local local ::1 dev lo metric 1"
		      " rto_min 100s"))
		fail_msg("loopback has no such routes");
}

static void set_tcp(int fd, int option, int value)
{
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, option, &value,
				    sizeof(value)), 0);
}

static void send_all(int context, int sock, const struct program *program)
{
	struct zcx_link link;

	link_prepare(&link, sock, program);
	assert_int_equal(link_send(context, &link), 0);
	assert_null(link_problem(&link));
	assert_int_equal(link.error, 0);
	assert_int_equal(link.bytes_sent, program->bytes);
}

/* The next bytes at @fd are those of @program; the stream need not end. */
static void assert_arrives(const struct program *program, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	static uint8_t buf[64 * KIB];
	struct cursor cursor = { 0 };
	uint64_t done = 0;

	while (done < program->bytes) {
		size_t want = MIN(sizeof(buf), program->bytes - done);
		ssize_t n;

		assert_int_equal(poll(&pfd, 1, GUEST_PATIENCE_MS), 1);
		n = recv(fd, buf, want, 0);
		assert_true(n > 0);
		assert_int_equal(program_compare(program, &cursor, buf, n), n);
		done += n;
	}
}

/* Has all left for the peer, soon? A tail that waits for a timer has not, see above. */
static bool leaves_soon(int fd)
{
	unsigned int i;

	for (i = 0; i < 10000 && pair_unsent(fd) > 0; i++)
		guest_sleep_ms(2);
	return pair_unsent(fd) == 0;
}

/* Ways in which a link ends although it looked as if more would follow. */
enum ending {
	END_EMPTY_FILE,
	END_AT_EOF,
	END_EMPTY_RANGE,
	END_EMPTY_MEMORY,
	END_MANY_EMPTY,
	END_SHORT,
	END_SHORT_EMPTY,
	END_SHORT_BEHIND,
	END_PROC,
	END_OVERLAY,
	ENDINGS,
};

static const char *const ending_names[ENDINGS] = {
	"an empty file", "a range at the end", "a range of no bytes",
	"memory of no bytes", "many empty segments", "a short range",
	"a range of none of its bytes", "a range behind the end",
	"a procfs file", "an overlayfs file",
};

/**
 * struct files - what endings are made of
 * @file: 20001 bytes
 * @empty: none
 * @proc: a file of unknown size
 * @overlay: for the splice lane
 */
struct files {
	struct vfile file;
	struct vfile empty;
	struct vfile proc;
	struct vfile overlay;
};

static void files_make(struct files *files)
{
	file_make(&files->file, DIR_EXT4, 20001);
	file_make(&files->empty, DIR_EXT4, 0);
	file_make(&files->overlay, DIR_OVERLAY, 5000);
	file_take(&files->proc, "/proc/filesystems", true);
}

static void files_drop(struct files *files)
{
	file_drop(&files->file);
	file_drop(&files->empty);
	file_drop(&files->overlay);
	file_drop(&files->proc);
}

static void end_program(struct program *program, const struct files *files,
			enum ending ending)
{
	const struct vfile *file = &files->file;
	int i;

	switch (ending) {
	case END_EMPTY_FILE:
		program_file(program, &files->empty, 0, ZCX_TO_EOF);
		break;
	case END_AT_EOF:
		program_file(program, file, file->size, ZCX_TO_EOF);
		break;
	case END_EMPTY_RANGE:
		program_file(program, file, 7, 0);
		break;
	case END_EMPTY_MEMORY:
		program_memory(program, NULL, 0);
		break;
	case END_MANY_EMPTY:
		for (i = 0; i < 300; i++) {
			program_file(program, &files->empty, 0, ZCX_TO_EOF);
			program_memory(program, NULL, 0);
		}
		break;
	case END_SHORT:
		program_file(program, file, 1, file->size);
		break;
	case END_SHORT_EMPTY:
		program_file(program, &files->empty, 0, 1);
		program_memory(program, "never", 5);
		break;
	case END_SHORT_BEHIND:
		program_file(program, file, file->size + 4096, 1);
		break;
	case END_PROC:
		program_file(program, &files->proc, 0, ZCX_TO_EOF);
		break;
	case END_OVERLAY:
		program_file(program, &files->overlay, 0, ZCX_TO_EOF);
		break;
	case ENDINGS:
		break;
	}
}

static void tail_leaves_with(enum pair_kind kind, const struct files *files,
			     enum ending ending, bool with_file)
{
	struct program *program = program_new();
	struct pair pair;
	int context;

	pair_open(&pair, kind, 0, 0);
	context = zcx_open();
	program_memory(program, "header", 6);
	if (with_file)
		program_file(program, &files->file, 3, ZCX_TO_EOF);
	end_program(program, files, ending);
	send_all(context, pair.tx, program);
	if (kind != PAIR_UNIX && !leaves_soon(pair.tx))
		fail_msg("%s at the end: %d bytes do not leave",
			 ending_names[ending], pair_unsent(pair.tx));
	assert_arrives(program, pair.rx);
	pair_close(&pair);
	close(context);
}

static void tail_leaves(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct files files;
	enum ending ending;

	slow_timers();
	files_make(&files);
	for (ending = 0; ending < ENDINGS; ending++) {
		tail_leaves_with(kind, &files, ending, false);
		tail_leaves_with(kind, &files, ending, true);
	}
	files_drop(&files);
}

/* The tail of one link leaves although the next one never comes. */
static void links_in_a_row(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct program *program = program_new();
	struct files files;
	struct pair pair;
	int context, i;

	slow_timers();
	files_make(&files);
	program_memory(program, "header", 6);
	program_file(program, &files.file, 0, ZCX_TO_EOF);
	program_file(program, &files.empty, 0, ZCX_TO_EOF);
	pair_open(&pair, kind, 0, 0);
	context = zcx_open();
	for (i = 0; i < 30; i++) {
		send_all(context, pair.tx, program);
		assert_arrives(program, pair.rx);
	}
	pair_close(&pair);
	close(context);
	files_drop(&files);
}

/* Header, file and trailer of one small response are one packet. */
static void one_packet(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct program *program = program_new();
	uint8_t header[100], trailer[50];
	struct vfile file;
	struct pair pair;
	int context, i;

	slow_timers();
	content_fill(6, 0, header, sizeof(header));
	content_fill(7, 0, trailer, sizeof(trailer));
	file_make(&file, DIR_EXT4, 1000);
	program_memory(program, header, sizeof(header));
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, trailer, sizeof(trailer));
	pair_open(&pair, kind, 0, 0);
	context = zcx_open();
	for (i = 1; i <= 5; i++) {
		send_all(context, pair.tx, program);
		assert_arrives(program, pair.rx);
		assert_int_equal(pair_data_segments(pair.tx), i);
	}
	pair_close(&pair);
	close(context);
	file_assert_unchanged(&file);
	file_drop(&file);
}

/* The same, where the last range does not know that it is the last. */
static void one_packet_splice(void **state)
{
	struct program *program = program_new();
	struct vfile file;
	struct pair pair;
	int context;

	(void)state;
	slow_timers();
	file_make(&file, DIR_OVERLAY, 1000);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	pair_open(&pair, PAIR_TCP4, 0, 0);
	context = zcx_open();
	send_all(context, pair.tx, program);
	assert_arrives(program, pair.rx);
	assert_int_equal(pair_data_segments(pair.tx), 1);
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

/* Header and files that have to come from the disk first. */
static void one_packet_cold(void **state)
{
	struct program *program = program_new();
	struct vfile one, two;
	struct pair pair;
	int context;

	(void)state;
	slow_timers();
	file_make(&one, DIR_EXT4, 5000);
	file_make(&two, DIR_XFS, 9000);
	file_make_cold(&one);
	file_make_cold(&two);
	program_memory(program, "header", 6);
	program_file(program, &one, 0, ZCX_TO_EOF);
	program_memory(program, "between", 7);
	program_file(program, &two, 0, ZCX_TO_EOF);
	pair_open(&pair, PAIR_TCP4, 0, 0);
	context = zcx_open();
	send_all(context, pair.tx, program);
	assert_arrives(program, pair.rx);
	assert_int_equal(pair_data_segments(pair.tx), 1);
	pair_close(&pair);
	close(context);
	file_drop(&one);
	file_drop(&two);
}

/* Packets that a program of 10240 bytes takes on a new connection. */
static unsigned int count_packets(const struct program *program)
{
	struct pair pair;
	int context = zcx_open();
	unsigned int count;

	pair_open(&pair, PAIR_TCP4, 0, 0);
	send_all(context, pair.tx, program);
	assert_arrives(program, pair.rx);
	count = pair_data_segments(pair.tx);
	pair_close(&pair);
	close(context);
	return count;
}

static void tiny_memory(void **state)
{
	static uint8_t memory[ZCX_MAX_SEGMENTS * 10];
	struct program *program = program_new();
	unsigned int i;

	(void)state;
	slow_timers();
	content_fill(8, 0, memory, sizeof(memory));
	for (i = 0; i < ZCX_MAX_SEGMENTS; i++)
		program_memory(program, memory + i * 10, 10);
	assert_in_range(count_packets(program), 1, 2);
}

static void tiny_ranges(void **state)
{
	struct program *program = program_new();
	struct vfile file;
	unsigned int i;

	(void)state;
	slow_timers();
	file_make(&file, DIR_EXT4, ZCX_MAX_SEGMENTS * 10);
	for (i = 0; i < ZCX_MAX_SEGMENTS; i++)
		program_file(program, &file, i * 10, 10);
	assert_in_range(count_packets(program), 1, 2);
	file_drop(&file);
}

/* Nothing here touches its neighbour: a packet has 17 fragments. */
static void tiny_mixed(void **state)
{
	static uint8_t memory[ZCX_MAX_SEGMENTS * 10];
	struct program *program = program_new();
	struct vfile file;
	unsigned int i;

	(void)state;
	slow_timers();
	content_fill(9, 0, memory, sizeof(memory));
	file_make(&file, DIR_EXT4, ZCX_MAX_SEGMENTS * 10);
	for (i = 0; i < ZCX_MAX_SEGMENTS; i++) {
		if (i % 2)
			program_memory(program, memory + i * 10, 10);
		else
			program_file(program, &file, i * 10, 10);
	}
	assert_in_range(count_packets(program), 1, ZCX_MAX_SEGMENTS / 8);
	file_drop(&file);
}

/* Sent into a corked socket, it is held back until the cork is pulled. */
static void assert_corked(const struct program *program, const char *what)
{
	struct program *more = program_new();
	struct pair pair;
	int context = zcx_open();

	pair_open(&pair, PAIR_TCP4, 0, 0);
	set_tcp(pair.tx, TCP_CORK, 1);
	send_all(context, pair.tx, program);
	if (pair_unsent(pair.tx) != (int)program->bytes)
		fail_msg("%s: left a corked socket", what);
	assert_int_equal(pair_data_segments(pair.tx), 0);
	program_memory(more, "more", 4);
	send_all(context, pair.tx, more);
	assert_int_equal(write(pair.tx, "more", 4), 4);
	assert_int_equal(pair_data_segments(pair.tx), 0);
	set_tcp(pair.tx, TCP_CORK, 0);
	assert_arrives(program, pair.rx);
	assert_arrives(more, pair.rx);
	assert_arrives(more, pair.rx);
	assert_int_equal(pair_data_segments(pair.tx), 1);
	pair_close(&pair);
	close(context);
}

/* Who corks a socket says when to send, however the links on it end. */
static void cork_kept(void **state)
{
	struct program *program = program_new();
	struct files files;
	enum ending ending;

	(void)state;
	slow_timers();
	files_make(&files);
	for (ending = 0; ending < ENDINGS; ending++) {
		program_clear(program);
		program_memory(program, "header", 6);
		end_program(program, &files, ending);
		assert_corked(program, ending_names[ending]);
	}
	files_drop(&files);
}

/* Corked by the user, a large link goes out but for its tail. */
static void cork_large(void **state)
{
	struct program *program = program_new();
	struct exchange x = {
		.program = program,
		.connected = true,
	};
	struct vfile file;

	(void)state;
	file_make(&file, DIR_EXT4, guest_pick(2 * MIB, 500 * KIB) + 333);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	pair_open(&x.pair, PAIR_TCP4, 0, 0);
	set_tcp(x.pair.tx, TCP_CORK, 1);
	exchange_run(&x);
	file_drop(&file);
}

/* No link waits for the one before it to be acknowledged. */
static void nodelay(void **state)
{
	struct program *program = program_new();
	struct vfile file;
	struct pair pair;
	int context, i;

	(void)state;
	slow_timers();
	file_make(&file, DIR_EXT4, 1000);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	pair_open(&pair, PAIR_TCP4, 0, 0);
	set_tcp(pair.tx, TCP_NODELAY, 1);
	context = zcx_open();
	/* The first window of a connection is 10 packets. */
	for (i = 1; i <= 8; i++) {
		send_all(context, pair.tx, program);
		assert_true(leaves_soon(pair.tx));
		assert_int_equal(pair_data_segments(pair.tx), i);
	}
	for (i = 1; i <= 8; i++)
		assert_arrives(program, pair.rx);
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

/* A large link is cut into packets by TCP, not by the batches it goes in. */
static void large(void **state)
{
	struct program *program = program_new();
	struct receiver receiver = { .expect = program };
	struct vfile file;
	struct pair pair;
	int context;

	(void)state;
	file_make(&file, DIR_EXT4, 3 * MIB);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	/* Packets of what the window has room for would be cut by that. */
	pair_open(&pair, PAIR_TCP4, 8 * MIB, 8 * MIB);
	context = zcx_open();
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	send_all(context, pair.tx, program);
	assert_true(receiver_wait_bytes(&receiver, program->bytes));
	/* 65483 bytes a packet, with some to spare. */
	assert_in_range(pair_data_segments(pair.tx), 1,
			program->bytes / 65483 * 2 + 10);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, program->bytes);
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

const struct vm_test packets_tests[] = {
	{ "packets_tail_tcp4", tail_leaves, &kinds[PAIR_TCP4], "test", "test",
	  "std", 60, "no tail waits for a timer, however the link ends, IPv4" },
	{ "packets_tail_tcp6", tail_leaves, &kinds[PAIR_TCP6], "test", "all",
	  "std", 60, "no tail waits for a timer, however the link ends, IPv6" },
	{ "packets_tail_unix", tail_leaves, &kinds[PAIR_UNIX], "test", "all",
	  "std", 60, "no tail stays behind, however the link ends, AF_UNIX" },
	{ "packets_tail_ktls", tail_leaves, &kinds[PAIR_KTLS], "test", "test",
	  "std", 60, "no TLS record stays open, however the link ends" },
	{ "packets_tail_ktls13", tail_leaves, &kinds[PAIR_KTLS13], "test",
	  "all", "std", 60, "the same with TLS 1.3" },
	{ "packets_row_tcp4", links_in_a_row, &kinds[PAIR_TCP4], "test",
	  "test", "std", 60, "link after link arrives before the next, IPv4" },
	{ "packets_row_ktls", links_in_a_row, &kinds[PAIR_KTLS], "test", "all",
	  "std", 60, "link after link arrives before the next, kernel TLS" },
	{ "packets_one_tcp4", one_packet, &kinds[PAIR_TCP4], "test", "test",
	  "std", 30, "header, small file and trailer are one packet, IPv4" },
	{ "packets_one_tcp6", one_packet, &kinds[PAIR_TCP6], "test", "all",
	  "std", 30, "header, small file and trailer are one packet, IPv6" },
	{ "packets_one_ktls", one_packet, &kinds[PAIR_KTLS], "test", "all",
	  "std", 30, "header, small file and trailer are one TLS record" },
	{ "packets_one_splice", one_packet_splice, NULL, "test", "test", "std",
	  30, "so they are if the file comes by the splice lane" },
	{ "packets_one_cold", one_packet_cold, NULL, "test", "test", "std",
	  30, "so they are if the files are not in the cache" },
	{ "packets_tiny_memory", tiny_memory, NULL, "test", "test", "std", 30,
	  "1024 pieces of memory fill packets" },
	{ "packets_tiny_ranges", tiny_ranges, NULL, "test", "test", "std", 30,
	  "1024 ranges of a file fill packets" },
	{ "packets_tiny_mixed", tiny_mixed, NULL, "test", "test", "std", 30,
	  "1024 pieces of both share packets" },
	{ "packets_cork", cork_kept, NULL, "test", "test", "std", 60,
	  "TCP_CORK of the user's is respected, however the link ends" },
	{ "packets_cork_large", cork_large, NULL, "test", "test", "std", 30,
	  "a large link goes through a corked socket" },
	{ "packets_nodelay", nodelay, NULL, "test", "test", "std", 30,
	  "with TCP_NODELAY each link leaves at once, as one packet" },
	{ "packets_large", large, NULL, "test", "all", "std", 30,
	  "batches of a large link do not show in its packets" },
	{ 0 }
};
