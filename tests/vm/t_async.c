// SPDX-License-Identifier: GPL-2.0
/*
 * Links that run by themselves: what arrives, their events, and their order on
 * a socket.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "async.h"
#include "guest.h"
#include "vmtest.h"

static const enum pair_kind kinds[PAIR_KINDS] = {
	PAIR_TCP4, PAIR_TCP6, PAIR_UNIX, PAIR_KTLS, PAIR_KTLS13,
};

/* Contents */

/* Header, file and trailer; the event says what the receiver saw. */
static void whole(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct stall stall;

	stall_open(&stall, kind);
	stall_submit(&stall, 0);
	stall_go(&stall);
	async_sent(stall.context, stall.id, stall.program, ZCX_STATE_SENT,
		   pair_is_ktls(kind) ? ZCX_RESULT_KTLS : 0);
	stall_arrives(&stall, stall.program->bytes);
	file_assert_unchanged(&stall.file);
	stall_close(&stall);
}

/* Receive all of @program at @fd, then the end of the stream. */
static void assert_arrives(int fd, const struct program *program)
{
	struct receiver receiver = { .fd = fd, .expect = program };

	assert_int_equal(receiver_start(&receiver), 0);
	receiver_join(&receiver);
	assert_int_equal(receiver.error, 0);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, program->bytes);
}

/* One file of @dir, in all kinds of caches, to an AF_UNIX and a TCP socket. */
static void file_of(void **state)
{
	const char *dir = *state;
	struct program *program = program_new();
	int context = zcx_open();
	struct vfile file;
	unsigned int i;

	guest_need_mount(dir);
	file_make(&file, dir, guest_pick(3 * MIB, MIB) + 123);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_file(program, &file, 4095, 12289);
	program_memory(program, "trailer", 7);
	for (i = 0; i < 4; i++) {
		struct pair pair;
		uint64_t id;

		pair_open(&pair, i % 2 ? PAIR_UNIX : PAIR_TCP4, 0, 0);
		if (i < 2)
			file_make_cold(&file);
		id = async_send(context, pair.tx, program);
		close(pair.tx);
		pair.tx = -1;
		assert_arrives(pair.rx, program);
		async_sent(context, id, program, ZCX_STATE_SENT, 0);
		pair_close(&pair);
	}
	async_quiet(context);
	close(context);
	file_assert_unchanged(&file);
	file_drop(&file);
}

#define SMALL_LINKS	4

/*
 * Links so small that they are sent without becoming any, to a socket with less room
 * than one needs: what is left of the first goes on by itself, others wait for it.
 */
static void small_in_part(void **state)
{
	struct program *program = program_new();
	struct zcx_link links[SMALL_LINKS];
	uint64_t id[SMALL_LINKS];
	int context = zcx_open();
	struct zcx_event event;
	struct vfile file;
	unsigned int i, n;

	(void)state;
	file_make(&file, DIR_EXT4, MIB);
	for (n = 0; n < guest_pick(24, 6); n++) {
		struct receiver receiver = { .expect = program, .held = true };
		struct pair pair;

		program_clear(program);
		for (i = 0; i < SMALL_LINKS; i++) {
			program_memory(program, "a header", 1 + n % 8);
			program_file(program, &file, n * 4099 + i, 60 * KIB);
			program_memory(program, "trailer", 7);
		}
		pair_open(&pair, n % 2 ? PAIR_TCP6 : PAIR_TCP4, 16 * KIB,
			  n % 3 ? 16 * KIB : 0);
		receiver.fd = pair.rx;
		assert_int_equal(receiver_start(&receiver), 0);
		for (i = 0; i < SMALL_LINKS; i++) {
			async_prepare_part(&links[i], pair.tx, program, 3 * i,
					   3);
			id[i] = async_submit(context, &links[i]);
		}
		receiver_go(&receiver);
		for (i = 0; i < SMALL_LINKS; i++) {
			async_event(context, &event);
			async_assert(&event, id[i], ZCX_STATE_SENT, 0);
			assert_int_equal(event.bytes_memory, 1 + n % 8 + 7);
			assert_int_equal(event.bytes_cache, 60 * KIB);
		}
		close(pair.tx);
		pair.tx = -1;
		receiver_join(&receiver);
		assert_int_equal(receiver.error, 0);
		assert_int_equal(receiver.wrong_at, -1);
		assert_int_equal(receiver.bytes, program->bytes);
		pair_close(&pair);
		async_quiet(context);
	}
	close(context);
	file_assert_unchanged(&file);
	file_drop(&file);
}

static void squashfs(void **state)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct vfile file;
	struct pair pair;
	uint64_t id;

	(void)state;
	guest_need_mount(DIR_SQUASHFS);
	file_take(&file, DIR_SQUASHFS "/big.bin", false);
	program_file(program, &file, 0, ZCX_TO_EOF);
	file_make_cold(&file);
	guest_drop_caches();
	pair_open(&pair, PAIR_TCP4, 0, 0);
	id = async_send(context, pair.tx, program);
	close(pair.tx);
	pair.tx = -1;
	assert_arrives(pair.rx, program);
	async_sent(context, id, program, ZCX_STATE_SENT, 0);
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

/* Nothing but memory; no bytes at all; a file that is too short. */
static void odd_programs(void **state)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct vfile file, empty;
	struct pair pair;
	uint64_t id;

	(void)state;
	file_make(&file, DIR_EXT4, 5001);
	file_make(&empty, DIR_EXT4, 0);
	pair_open(&pair, PAIR_TCP4, 0, 0);
	program_memory(program, "memory", 6);
	id = async_send(context, pair.tx, program);
	async_sent(context, id, program, ZCX_STATE_SENT, 0);

	program_clear(program);
	program_file(program, &empty, 0, ZCX_TO_EOF);
	program_memory(program, "", 0);
	id = async_send(context, pair.tx, program);
	async_sent(context, id, program, ZCX_STATE_SENT, 0);

	program_clear(program);
	program_file(program, &file, 1, 5001);
	program_memory(program, "never", 5);
	id = async_send(context, pair.tx, program);
	async_sent(context, id, program, ZCX_STATE_SHORT, 0);
	close(pair.tx);
	pair.tx = -1;

	program_clear(program);
	program_memory(program, "memory", 6);
	program_file(program, &file, 1, ZCX_TO_EOF);
	assert_arrives(pair.rx, program);
	pair_close(&pair);
	async_quiet(context);
	close(context);
	file_drop(&empty);
	file_drop(&file);
}

/* The descriptors of socket and file are closed behind the submission. */
static void closed_behind(void **state)
{
	struct stall stall;

	stall_open(&stall, *(const enum pair_kind *)*state);
	stall_submit(&stall, 0);
	close(stall.pair.tx);
	stall.pair.tx = -1;
	close(stall.file.fd);
	stall.file.fd = -1;
	/* The content comes from the seed, not from the descriptor. */
	stall_arrives(&stall, stall.program->bytes);
	async_sent(stall.context, stall.id, stall.program, ZCX_STATE_SENT, 0);
	stall_close(&stall);
}

/* Events */

#define MANY	300

/* As many events as links, each once, with what its link was given. */
static void many_small(void **state)
{
	static bool seen[MANY + 1];
	struct program *program = program_new();
	int context = zcx_open();
	struct pair pair[3];
	struct vfile file;
	unsigned int i;

	(void)state;
	file_make(&file, DIR_EXT4, 30001);
	for (i = 0; i < ARRAY_SIZE(pair); i++)
		pair_open(&pair[i], kinds[i], 0, 0);
	for (i = 0; i < MANY; i++) {
		struct zcx_link link;

		program_clear(program);
		program_file(program, &file, i, 1 + i % 7);
		async_prepare(&link, pair[i % 3].tx, program);
		link.user_data = ~(uint64_t)i;
		assert_int_equal(async_submit(context, &link), i + 1);
	}
	for (i = 0; i < MANY; i++) {
		struct zcx_event event;
		uint64_t n;

		async_event(context, &event);
		n = event.id - 1;
		assert_true(n < MANY);
		assert_false(seen[n]);
		seen[n] = true;
		async_assert(&event, n + 1, ZCX_STATE_SENT, 0);
		assert_true(event.user_data == ~n);
		assert_int_equal(event.bytes_sent, 1 + n % 7);
		assert_int_equal(event.bytes_cache, 1 + n % 7);
	}
	async_quiet(context);
	for (i = 0; i < ARRAY_SIZE(pair); i++) {
		struct receiver receiver = { .fd = pair[i].rx };
		uint64_t want = 0;
		unsigned int n;

		for (n = i; n < MANY; n += 3)
			want += 1 + n % 7;
		close(pair[i].tx);
		pair[i].tx = -1;
		assert_int_equal(receiver_start(&receiver), 0);
		receiver_join(&receiver);
		assert_int_equal(receiver.bytes, want);
		pair_close(&pair[i]);
	}
	close(context);
	file_drop(&file);
}

/* Have @count small links end, and their events wait. */
static void make_events(int context, int sock, unsigned int count)
{
	struct program *program = program_new();
	struct zcx_query query;
	unsigned int i;

	program_memory(program, "some bytes", 10);
	for (i = 1; i <= count; i++) {
		uint64_t id = async_send(context, sock, program);

		async_pending(context, i);
		assert_int_equal(async_query(context, id, &query), 0);
		assert_int_equal(query.state, ZCX_STATE_SENT);
		assert_int_equal(query.bytes_sent, 10);
	}
}

/* Events as read(2) gives them out. */
static void read_rules(void **state)
{
	struct zcx_event event[6];
	int context = zcx_open();
	struct pair pair;
	ssize_t n;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 0, 0);
	pair_set_nonblock(context, true);
	assert_int_equal(read(context, event, sizeof(event)), -1);
	assert_int_equal(errno, EAGAIN);
	/* Too small is too small, whether there is an event or not. */
	assert_int_equal(read(context, event, sizeof(event[0]) - 1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(read(context, event, 0), -1);
	assert_int_equal(errno, EINVAL);

	make_events(context, pair.tx, 5);
	assert_int_equal(read(context, event, sizeof(event[0]) - 1), -1);
	assert_int_equal(errno, EINVAL);
	/* Whole records, as many as fit. */
	memset(event, 0x55, sizeof(event));
	n = read(context, event, 2 * sizeof(event[0]) + 17);
	assert_int_equal(n, 2 * sizeof(event[0]));
	async_assert(&event[0], 1, ZCX_STATE_SENT, 0);
	async_assert(&event[1], 2, ZCX_STATE_SENT, 0);
	assert_true(event[2].id == 0x5555555555555555);
	assert_int_equal(link_fdinfo(context, "events"), 3);
	/* Those that are there, without waiting for what would fit. */
	pair_set_nonblock(context, false);
	n = read(context, event, sizeof(event));
	assert_int_equal(n, 3 * sizeof(event[0]));
	async_assert(&event[2], 5, ZCX_STATE_SENT, 0);
	async_quiet(context);
	pair_close(&pair);
	close(context);
}

/* An event that could not be copied out is still there. */
static void read_faults(void **state)
{
	struct zcx_event event, *edge;
	int context = zcx_open();
	struct pair pair;
	uint8_t *map;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 0, 0);
	pair_set_nonblock(context, true);
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(map != MAP_FAILED);
	assert_int_equal(munmap(map + 4096, 4096), 0);
	make_events(context, pair.tx, 3);

	assert_int_equal(read(context, map + 4096, sizeof(event)), -1);
	assert_int_equal(errno, EFAULT);
	/* The first half of a record only. */
	edge = (void *)(map + 4096 - sizeof(event) / 2);
	assert_int_equal(read(context, edge, sizeof(event)), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(link_fdinfo(context, "events"), 3);
	/* The first record arrives, the second does not fit there. */
	edge = (void *)(map + 4096 - sizeof(event) - 8);
	assert_int_equal(read(context, edge, 3 * sizeof(event)),
			 sizeof(event));
	async_assert(edge, 1, ZCX_STATE_SENT, 0);
	async_ends(context, 2, ZCX_STATE_SENT, 0);
	async_ends(context, 3, ZCX_STATE_SENT, 0);
	async_quiet(context);
	munmap(map, 4096);
	pair_close(&pair);
	close(context);
}

struct reader {
	int context;
	struct zcx_event event;
	ssize_t n;
	int err;
	_Atomic pid_t tid;
	pthread_t thread;
};

static void *read_in_thread(void *arg)
{
	struct reader *reader = arg;

	reader->tid = gettid();
	reader->n = read(reader->context, &reader->event,
			 sizeof(reader->event));
	reader->err = errno;
	return NULL;
}

/* Returns once the thread sleeps in read(2). */
static void reader_start(struct reader *reader, int context)
{
	memset(reader, 0, sizeof(*reader));
	reader->context = context;
	assert_int_equal(pthread_create(&reader->thread, NULL, read_in_thread,
					reader), 0);
	while (!reader->tid)
		guest_sleep_ms(1);
	if (!guest_wait_asleep(getpid(), reader->tid))
		fail_msg("read(2) of events does not sleep");
}

static void on_signal(int sig)
{
	(void)sig;
}

static void read_blocks(void **state)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct reader reader;
	struct stall stall;

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	reader_start(&reader, stall.context);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(pthread_kill(reader.thread, SIGUSR1), 0);
	pthread_join(reader.thread, NULL);
	assert_int_equal(reader.n, -1);
	assert_int_equal(reader.err, EINTR);

	stall_submit(&stall, 0);
	reader_start(&reader, stall.context);
	stall_go(&stall);
	pthread_join(reader.thread, NULL);
	assert_int_equal(reader.n, sizeof(reader.event));
	async_assert(&reader.event, stall.id, ZCX_STATE_SENT, 0);
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
}

static void polled(void **state)
{
	struct epoll_event ready, wanted = { .events = EPOLLIN | EPOLLET };
	struct pollfd pfd;
	struct stall stall;
	int epoll;

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	assert_true(epoll >= 0);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, stall.context,
				   &wanted), 0);
	stall_submit(&stall, 0);
	pfd = (struct pollfd) { .fd = stall.context, .events = POLLIN };
	assert_int_equal(poll(&pfd, 1, 0), 0);
	assert_int_equal(epoll_wait(epoll, &ready, 1, 0), 0);
	stall_go(&stall);
	if (epoll_wait(epoll, &ready, 1, GUEST_PATIENCE_MS) != 1)
		fail_msg("epoll never said that an event is there");
	assert_int_equal(ready.events, EPOLLIN);
	/* Edge triggered: said once; poll(2) says it until it is read. */
	assert_int_equal(epoll_wait(epoll, &ready, 1, 0), 0);
	assert_int_equal(poll(&pfd, 1, 0), 1);
	assert_int_equal(pfd.revents, POLLIN);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	assert_int_equal(poll(&pfd, 1, 0), 0);
	close(epoll);
	stall_arrives(&stall, stall.program->bytes);
	stall_close(&stall);
}

/* Two read events, and no event is given to both or to neither. */
static void two_readers(void **state)
{
	bool seen[31] = { false };
	struct reader reader;
	struct program *program = program_new();
	int context = zcx_open();
	struct pair pair;
	unsigned int i;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 0, 0);
	program_memory(program, "x", 1);
	for (i = 0; i < 15; i++) {
		struct zcx_event event;

		reader_start(&reader, context);
		async_send(context, pair.tx, program);
		async_send(context, pair.tx, program);
		async_event(context, &event);
		pthread_join(reader.thread, NULL);
		assert_int_equal(reader.n, sizeof(event));
		assert_true(event.id < ARRAY_SIZE(seen));
		assert_true(reader.event.id < ARRAY_SIZE(seen));
		assert_false(seen[event.id]);
		seen[event.id] = true;
		assert_false(seen[reader.event.id]);
		seen[reader.event.id] = true;
	}
	async_quiet(context);
	pair_close(&pair);
	close(context);
}

/* Order */

#define LINE	100

/* Links of four contexts, behind one that is stalled, leave one by one. */
static void in_line(void **state)
{
	static char text[LINE][8];
	enum pair_kind kind = *(const enum pair_kind *)*state;
	uint64_t id[LINE], bytes[LINE];
	struct zcx_link link;
	struct stall stall;
	int context[4];
	unsigned int i;

	stall_open(&stall, kind);
	stall_submit(&stall, 0);
	context[0] = stall.context;
	for (i = 1; i < ARRAY_SIZE(context); i++)
		context[i] = zcx_open();
	for (i = 0; i < LINE; i++) {
		struct program *program = stall.program;
		unsigned int first = program->segment_count;

		bytes[i] = program->bytes;
		snprintf(text[i], sizeof(text[i]), "<%u>", i);
		program_memory(program, text[i], strlen(text[i]));
		program_file(program, &stall.file, i * 511, 1 + i * 97);
		bytes[i] = program->bytes - bytes[i];
		async_prepare_part(&link, stall.pair.tx, program, first, 2);
		link.user_data = i;
		id[i] = async_submit(context[i % 4], &link);
	}
	async_waits(context[3], id[LINE - 1], ZCX_WAIT_TURN);
	stall_go(&stall);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	for (i = 0; i < LINE; i++) {
		uint64_t sent = async_ends(context[i % 4], id[i],
					   ZCX_STATE_SENT, 0);

		assert_int_equal(sent, bytes[i]);
	}
	stall_arrives(&stall, stall.program->bytes);
	for (i = 1; i < ARRAY_SIZE(context); i++) {
		async_quiet(context[i]);
		close(context[i]);
	}
	stall_close(&stall);
}

/* Submit @count links of a few bytes behind that of @stall. */
static void queue_behind(struct stall *stall, uint64_t *id, unsigned int count)
{
	struct program *program = program_new();
	unsigned int i;

	program_memory(program, "behind", 6);
	for (i = 0; i < count; i++)
		id[i] = async_send(stall->context, stall->pair.tx, program);
	async_waits(stall->context, id[count - 1], ZCX_WAIT_TURN);
}

static void assert_broken(const struct stall *stall, const uint64_t *id,
			  unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		assert_int_equal(async_ends(stall->context, id[i],
					    ZCX_STATE_CANCELLED, ECANCELED),
				 0);
}

/* The line is empty again, and so a new link goes. */
static void send_after(struct stall *stall)
{
	unsigned int first = stall->program->segment_count;
	struct zcx_link link;
	uint64_t id;

	program_memory(stall->program, "after", 5);
	async_prepare_part(&link, stall->pair.tx, stall->program, first, 1);
	id = async_submit(stall->context, &link);
	assert_int_equal(async_ends(stall->context, id, ZCX_STATE_SENT, 0), 5);
}

/* The file is cut off while its link waits for the socket. */
static void short_breaks(void **state)
{
	struct stall stall;
	uint64_t id[5], bytes;
	int fd;

	stall_open(&stall, *(const enum pair_kind *)*state);
	/* A range to the end, whatever that is, cannot be short. */
	stall.program->segments[1].length = stall.file.size;
	stall_submit(&stall, 0);
	queue_behind(&stall, id, 5);
	fd = file_open_writable(&stall.file);
	stall.file.size = stall.file.size / 2 & ~4095ULL;
	assert_int_equal(ftruncate(fd, stall.file.size), 0);
	close(fd);
	stall_go(&stall);
	bytes = async_ends(stall.context, stall.id, ZCX_STATE_SHORT, 0);
	assert_int_equal(bytes, 6 + stall.file.size);
	assert_broken(&stall, id, 5);

	/* What is to arrive is known only now. */
	program_clear(stall.program);
	program_memory(stall.program, "header", 6);
	program_file(stall.program, &stall.file, 0, ZCX_TO_EOF);
	assert_int_equal(stall.program->bytes, bytes);
	send_after(&stall);
	stall_arrives(&stall, bytes + 5);
	stall_close(&stall);
}

/* The peer goes away, with unread bytes. */
static void reset_breaks(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct zcx_event event;
	struct stall stall;
	uint64_t id[5];

	stall_open(&stall, kind);
	stall_submit(&stall, 0);
	queue_behind(&stall, id, 5);
	/* The receiver is told so before it reads anything. */
	stall.receiver.stop_after = 1;
	stall.receiver.chunk = 1;
	stall_go(&stall);
	receiver_join(&stall.receiver);
	close(stall.pair.rx);
	stall.pair.rx = -1;
	async_event_of(stall.context, stall.id, &event);
	assert_int_equal(event.state, ZCX_STATE_FAILED);
	assert_true(event.error == ECONNRESET || event.error == EPIPE);
	assert_null(async_problem(&event));
	assert_in_range(event.bytes_sent, 1, stall.program->bytes - 1);
	assert_broken(&stall, id, 5);
	stall_close(&stall);
}

/* Shut down for writing under a link; no signal for anybody. */
static void shut_down(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct stall stall;
	uint64_t id[2], bytes;

	stall_open(&stall, kind);
	stall_submit(&stall, 0);
	queue_behind(&stall, id, 2);
	assert_int_equal(shutdown(stall.pair.tx, SHUT_WR), 0);
	bytes = async_ends(stall.context, stall.id, ZCX_STATE_FAILED, EPIPE);
	assert_broken(&stall, id, 2);
	stall_arrives(&stall, bytes);
	stall_close(&stall);
}

/* A synchronous link takes its turn; one that may not wait for it is told. */
static void sync_in_line(void **state)
{
	struct sender sender = { 0 };
	struct program *program = program_new();
	struct zcx_link link;
	struct stall stall;
	uint64_t last;

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	stall_submit(&stall, 0);
	program_memory(program, "not now", 7);
	pair_set_nonblock(stall.pair.tx, true);
	link_prepare(&link, stall.pair.tx, program);
	assert_int_equal(link_send(stall.context, &link), -EAGAIN);
	assert_int_equal(link.bytes_sent, 0);
	assert_int_equal(link.error, EAGAIN);
	pair_set_nonblock(stall.pair.tx, false);

	program_memory(stall.program, "synchronous", 11);
	async_prepare_part(&sender.link, stall.pair.tx, stall.program, 3, 1);
	sender.link.flags = ZCX_LINK_SYNC;
	sender.context = zcx_open();
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	program_memory(stall.program, "last", 4);
	async_prepare_part(&link, stall.pair.tx, stall.program, 4, 1);
	last = async_submit(stall.context, &link);
	async_waits(stall.context, last, ZCX_WAIT_TURN);
	stall_go(&stall);
	sender_join(&sender);
	assert_int_equal(sender.err, 0);
	assert_int_equal(sender.link.bytes_sent, 11);
	assert_int_equal(sender.link.state, ZCX_STATE_SENT);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	async_ends(stall.context, last, ZCX_STATE_SENT, 0);
	stall_arrives(&stall, stall.program->bytes);
	close(sender.context);
	stall_close(&stall);
}

/* One that waited for nothing but its turn, in vain, breaks no line. */
static void sync_gives_up(void **state)
{
	struct sender sender = { 0 };
	struct program *program = program_new();
	struct zcx_link link;
	struct stall stall;
	uint64_t last;

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	stall_submit(&stall, 0);
	pair_set_sndtimeo(stall.pair.tx, guest_pick(1500, 6000));
	program_memory(program, "synchronous", 11);
	link_prepare(&sender.link, stall.pair.tx, program);
	sender.context = zcx_open();
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	program_memory(stall.program, "last", 4);
	async_prepare_part(&link, stall.pair.tx, stall.program, 3, 1);
	last = async_submit(stall.context, &link);
	sender_join(&sender);
	assert_int_equal(sender.err, -EAGAIN);
	assert_int_equal(sender.link.bytes_sent, 0);
	async_waits(stall.context, last, ZCX_WAIT_TURN);
	stall_go(&stall);
	async_ends(stall.context, stall.id, ZCX_STATE_SENT, 0);
	assert_int_equal(async_ends(stall.context, last, ZCX_STATE_SENT, 0),
			 4);
	stall_arrives(&stall, stall.program->bytes);
	close(sender.context);
	stall_close(&stall);
}

/* The link before a synchronous one is cancelled. */
static void sync_broken(void **state)
{
	struct sender sender = { 0 };
	struct program *program = program_new();
	struct stall stall;
	uint64_t bytes;

	(void)state;
	stall_open(&stall, PAIR_TCP4);
	stall_submit(&stall, 0);
	program_memory(program, "synchronous", 11);
	link_prepare(&sender.link, stall.pair.tx, program);
	sender.context = zcx_open();
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	assert_int_equal(async_control(stall.context, ZCX_IOC_CANCEL,
				       stall.id), 0);
	sender_join(&sender);
	assert_int_equal(sender.err, -ECANCELED);
	assert_int_equal(sender.link.error, ECANCELED);
	assert_int_equal(sender.link.state, ZCX_STATE_CANCELLED);
	assert_int_equal(sender.link.bytes_sent, 0);
	bytes = async_ends(stall.context, stall.id, ZCX_STATE_CANCELLED,
			   ECANCELED);
	/* Of the program, what was sent, and then "after": not compared. */
	stall.receiver.expect = NULL;
	stall_go(&stall);
	send_after(&stall);
	stall_arrives(&stall, bytes + 5);
	close(sender.context);
	stall_close(&stall);
}

const struct vm_test async_tests[] = {
	{ "async_tcp4", whole, &kinds[PAIR_TCP4], "test", "test", "std", 30,
	  "a link that stalls goes on when the receiver reads, TCP" },
	{ "async_tcp6", whole, &kinds[PAIR_TCP6], "all", "all", "std", 30,
	  "the same over IPv6" },
	{ "async_unix", whole, &kinds[PAIR_UNIX], "test", "all", "std", 30,
	  "the same over AF_UNIX" },
	{ "async_ktls12", whole, &kinds[PAIR_KTLS], "all", "all", "std", 30,
	  "the same over TLS 1.2" },
	{ "async_ktls13", whole, &kinds[PAIR_KTLS13], "all", "all", "std", 30,
	  "the same over TLS 1.3" },
	{ "async_file_ext4", file_of, DIR_EXT4, "test", "all", "std", 30,
	  "cold and warm files of ext4" },
	{ "async_file_xfs", file_of, DIR_XFS, "all", "all", "std", 30,
	  "cold and warm files of XFS" },
	{ "async_file_btrfs", file_of, DIR_BTRFS, "all", "all", "std", 30,
	  "cold and warm files of btrfs" },
	{ "async_file_tmpfs", file_of, DIR_TMPFS, "all", "all", "std", 30,
	  "files of tmpfs" },
	{ "async_file_overlay", file_of, DIR_OVERLAY, "all", "all", "std",
	  30, "cold and warm files by the splice lane" },
	{ "async_file_fuse", file_of, DIR_FUSE, "all", "all", "std", 30,
	  "files of a FUSE server" },
	{ "async_file_squashfs", squashfs, NULL, "all", "all", "std", 30,
	  "a cold file of squashfs" },
	{ "async_odd", odd_programs, NULL, "all", "all", "std", 30,
	  "links of memory, of no bytes, of a file that is too short" },
	{ "async_small_in_part", small_in_part, NULL, "all", "all", "std", 60,
	  "links that are sent before they are any, but for what has no room" },
	{ "async_closed_behind_tcp4", closed_behind, &kinds[PAIR_TCP4],
	  "all", "all", "std", 30,
	  "file and socket are closed behind the submission, TCP" },
	{ "async_closed_behind_unix", closed_behind, &kinds[PAIR_UNIX],
	  "all", "all", "std", 30,
	  "file and socket are closed behind the submission, AF_UNIX" },
	{ "async_many_small", many_small, NULL, "all", "all", "std", 30,
	  "300 links, 300 events, each with its user_data" },
	{ "async_read_rules", read_rules, NULL, "test", "all", "std", 30,
	  "read(2): EAGAIN, EINVAL, several records at a time" },
	{ "async_read_faults", read_faults, NULL, "all", "all", "std", 30,
	  "EFAULT loses no event" },
	{ "async_read_blocks", read_blocks, NULL, "all", "all", "std", 30,
	  "read(2) sleeps until an event comes, or a signal" },
	{ "async_polled", polled, NULL, "all", "all", "std", 30,
	  "poll and epoll" },
	{ "async_two_readers", two_readers, NULL, "all", "all", "std", 60,
	  "two readers get each event once" },
	{ "async_in_line_tcp4", in_line, &kinds[PAIR_TCP4], "test", "test",
	  "std", 30, "100 links of four contexts in order, TCP" },
	{ "async_in_line_unix", in_line, &kinds[PAIR_UNIX], "all", "all",
	  "std", 30, "100 links of four contexts in order, AF_UNIX" },
	{ "async_in_line_ktls", in_line, &kinds[PAIR_KTLS], "all", "all",
	  "std", 30, "100 links of four contexts in order, TLS" },
	{ "async_short_tcp4", short_breaks, &kinds[PAIR_TCP4], "test", "all",
	  "std", 30, "a file cut off meanwhile: SHORT, and the line breaks" },
	{ "async_short_unix", short_breaks, &kinds[PAIR_UNIX], "all", "all",
	  "std", 30, "the same over AF_UNIX" },
	{ "async_reset_tcp4", reset_breaks, &kinds[PAIR_TCP4], "all", "all",
	  "std", 30, "the peer goes: FAILED, and the line breaks" },
	{ "async_reset_unix", reset_breaks, &kinds[PAIR_UNIX], "all", "all",
	  "std", 30, "the same over AF_UNIX" },
	{ "async_shutdown_tcp4", shut_down, &kinds[PAIR_TCP4], "all", "all",
	  "std", 30, "shut down meanwhile: EPIPE without a signal, TCP" },
	{ "async_shutdown_unix", shut_down, &kinds[PAIR_UNIX], "all", "all",
	  "std", 30, "the same over AF_UNIX" },
	{ "async_sync_in_line", sync_in_line, NULL, "test", "all", "std", 30,
	  "a synchronous link takes its turn, or gets EAGAIN" },
	{ "async_sync_gives_up", sync_gives_up, NULL, "all", "all", "std",
	  30, "a synchronous link that waited in vain breaks no line" },
	{ "async_sync_broken", sync_broken, NULL, "all", "all", "std", 30,
	  "a synchronous link in a line that breaks" },
	{ 0 }
};
