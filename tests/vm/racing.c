// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "async.h"
#include "content.h"
#include "guest.h"
#include "racing.h"
#include "vmtest.h"

#define SMALL_BUFFER	(32 * KIB)

static void version_bytes(const struct racing *racing, unsigned int version,
			  uint64_t at, uint8_t *buf, size_t length)
{
	if (racing->seed[version])
		content_fill(racing->seed[version], at, buf, length);
	else
		memset(buf, 0, length);
}

/* A byte is good if some version of the file has it at that place. */
static size_t check_versions(void *arg, uint64_t offset, const uint8_t *buf,
			     size_t length)
{
	const struct racing *racing = arg;
	uint8_t want[RACING_VERSIONS][4096];
	size_t done = 0;

	while (done < length && offset + done < 6) {
		if (buf[done] != "header"[offset + done])
			return done;
		done++;
	}
	while (done < length) {
		uint64_t at = offset + done - 6;
		size_t n = MIN(length - done, sizeof(want[0])), i;
		unsigned int v;

		for (v = 0; v < racing->versions; v++)
			version_bytes(racing, v, at, want[v], n);
		for (i = 0; i < n; i++) {
			bool is_new = racing->new_from &&
				      at + i >= racing->new_from;

			for (v = is_new; v < racing->versions; v++)
				if (buf[done + i] == want[v][i])
					break;
			if (v == racing->versions)
				return done + i;
		}
		done += n;
	}
	return done;
}

void racing_make(struct racing *racing, const char *dir, uint64_t size)
{
	if (strcmp(dir, DIR_MEMFD))
		guest_need_mount(dir);
	memset(racing, 0, sizeof(*racing));
	file_make(&racing->file, dir, size);
	racing->writable = file_open_writable(&racing->file);
	racing->size = size;
	racing->seed[racing->versions++] = racing->file.seed;
	racing->program = program_new();
	racing->sender.context = zcx_open();
	program_memory(racing->program, "header", 6);
}

static void submit(struct racing *racing)
{
	struct zcx_link *link = &racing->sender.link;

	link_prepare(link, racing->pair.tx, racing->program);
	link->lane = racing->lane;
	if (racing->async) {
		link->flags = 0;
		racing->sender.err = 0;
		async_submit(racing->sender.context, link);
	} else {
		assert_int_equal(sender_start(&racing->sender), 0);
	}
}

void racing_start(struct racing *racing, enum pair_kind kind)
{
	pair_open(&racing->pair, kind, SMALL_BUFFER, SMALL_BUFFER);
	racing->receiver = (struct receiver) {
		.fd = racing->pair.rx,
		.check = check_versions,
		.check_arg = racing,
		.held = true,
	};
	assert_int_equal(receiver_start(&racing->receiver), 0);
	submit(racing);
	if (!racing->async)
		assert_true(sender_wait_asleep(&racing->sender));
	else
		async_stalls(racing->sender.context, racing->sender.link.id);
}

/* The whole file, more of it than the sockets and a batch or two take. */
void racing_open(struct racing *racing, const char *dir, uint64_t length)
{
	racing_make(racing, dir, guest_pick(4 * MIB, 3 * MIB));
	program_file(racing->program, &racing->file, 0, length);
	racing_start(racing, PAIR_TCP4);
}

/* Let it go on to its end, whatever that is. */
void racing_finish(struct racing *racing)
{
	const struct zcx_link *link = &racing->sender.link;

	receiver_go(&racing->receiver);
	if (racing->async)
		assert_int_equal(exchange_event(racing->sender.context,
						&racing->sender.link), 0);
	else
		sender_join(&racing->sender);
	close(racing->pair.tx);
	racing->pair.tx = -1;
	receiver_join(&racing->receiver);
	assert_int_equal(racing->sender.err, 0);
	assert_null(link_problem(link));
	assert_int_equal(racing->receiver.wrong_at, -1);
	assert_int_equal(racing->receiver.error, 0);
	assert_int_equal(racing->receiver.bytes, link->bytes_sent);
}

void racing_close(struct racing *racing)
{
	pair_close(&racing->pair);
	close(racing->sender.context);
	if (racing->writable >= 0)
		close(racing->writable);
	file_drop(&racing->file);
}

void racing_assert_outcome(const struct racing *racing, unsigned int state,
			   uint64_t low, uint64_t high)
{
	const struct zcx_link *link = &racing->sender.link;

	assert_int_equal(link->error, 0);
	assert_int_equal(link->state, state);
	assert_in_range(link->bytes_sent, 6 + low, 6 + high);
}

/* Zeros may arrive from now on: a tail page that truncation wiped. */
void racing_allow_zeros(struct racing *racing)
{
	racing->seed[racing->versions++] = 0;
}

void racing_extend(struct racing *racing, uint64_t more)
{
	static uint8_t buf[64 * KIB];
	uint64_t at = racing->size, n;

	for (; more; more -= n, at += n) {
		n = MIN(more, sizeof(buf));
		content_fill(racing->file.seed, at, buf, n);
		assert_int_equal(pwrite(racing->writable, buf, n, at), n);
	}
}

void racing_rewrite(int fd, uint64_t seed, uint64_t size)
{
	static uint8_t buf[64 * KIB];
	uint64_t at, n;

	for (at = 0; at < size; at += n) {
		n = MIN(sizeof(buf), size - at);
		content_fill(seed, at, buf, n);
		assert_int_equal(pwrite(fd, buf, n, at), n);
	}
}

static void *change_always(void *arg)
{
	struct change *change = arg;
	uint64_t random = 4711;

	while (!change->stop) {
		change->run(change, &random);
		change->count++;
	}
	return NULL;
}

static void write_version(const struct change *change, uint64_t *random,
			  unsigned int version)
{
	uint8_t buf[20000];
	uint64_t n = 1 + content_random(random) % sizeof(buf);
	uint64_t at = content_random(random) % (change->size - n);

	content_fill(change->seed[version], at, buf, n);
	if (pwrite(change->fd, buf, n, at) != (ssize_t)n)
		abort();
}

void racing_size(const struct change *change, uint64_t *random)
{
	uint64_t size = content_random(random) % change->size;

	if (ftruncate(change->fd, size) || ftruncate(change->fd, change->size))
		abort();
	write_version(change, random, 0);
}

void racing_content(const struct change *change, uint64_t *random)
{
	write_version(change, random, content_random(random) % 2);
}

void racing_holes(const struct change *change, uint64_t *random)
{
	uint64_t at = content_random(random) % change->size;

	fallocate(change->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
		  1 + content_random(random) % 100000);
	write_version(change, random, 0);
}

void racing_cache(const struct change *change, uint64_t *random)
{
	(void)random;
	fdatasync(change->fd);
	posix_fadvise(change->fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* All of these by turns. */
void racing_all(const struct change *change, uint64_t *random)
{
	static void (*const all[])(const struct change *, uint64_t *) = {
		racing_size, racing_content, racing_holes, racing_cache,
	};

	all[content_random(random) % ARRAY_SIZE(all)](change, random);
}

static void one_race(struct racing *racing, struct change *change,
		     enum pair_kind kind, uint64_t length)
{
	const struct zcx_link *link = &racing->sender.link;
	bool shrinks = change->run == racing_size ||
		       change->run == racing_all;

	program_clear(racing->program);
	program_memory(racing->program, "header", 6);
	program_file(racing->program, &racing->file, 0, length);
	pair_open(&racing->pair, kind, SMALL_BUFFER, SMALL_BUFFER);
	racing->receiver = (struct receiver) {
		.fd = racing->pair.rx,
		.check = check_versions,
		.check_arg = racing,
		.chunk = 16 * KIB,
	};
	assert_int_equal(receiver_start(&racing->receiver), 0);
	submit(racing);
	racing_finish(racing);
	pair_close(&racing->pair);
	assert_int_equal(link->error, 0);
	assert_true(link->bytes_sent <= 6 + racing->size);
	if (link->state == ZCX_STATE_SHORT) {
		assert_true(shrinks && length != ZCX_TO_EOF);
		assert_true(link->bytes_sent < 6 + racing->size);
	} else if (!shrinks) {
		assert_int_equal(link->bytes_sent, 6 + racing->size);
	}
}

uint64_t racing_run(const struct race *race)
{
	struct change change = { .run = race->run };
	unsigned int links = 0;
	uint64_t direct = 0;
	struct racing racing;
	time_t end;

	racing_make(&racing, race->dir, race->size);
	racing.lane = race->lane;
	racing.async = race->async;
	racing.seed[racing.versions++] = content_seed();
	racing_allow_zeros(&racing);
	change.fd = racing.writable;
	change.size = race->size;
	change.seed[0] = racing.seed[0];
	change.seed[1] = racing.seed[1];
	assert_int_equal(pthread_create(&change.thread, NULL, change_always,
					&change), 0);
	while (!change.count)
		guest_sleep_ms(1);
	for (end = time(NULL) + race->seconds; time(NULL) < end; links++) {
		if (race->lane == ZCX_LANE_DIRECT)
			file_make_cold(&racing.file);
		one_race(&racing, &change, links % 3 ? PAIR_TCP4 : PAIR_UNIX,
			 links % 2 ? ZCX_TO_EOF : race->size);
		direct += racing.sender.link.bytes_direct;
	}
	change.stop = true;
	pthread_join(change.thread, NULL);
	print_message("%u links, %u changes, %llu bytes direct\n", links,
		      change.count, (unsigned long long)direct);
	assert_true(links > 0 && change.count > 0);
	racing_close(&racing);
	return direct;
}
