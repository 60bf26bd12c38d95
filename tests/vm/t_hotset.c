// SPDX-License-Identifier: GPL-2.0
/*
 * What sending one large cold file does to small files that others want: by zcx
 * nothing. What sendfile(2) and read(2) with write(2) do is recorded beside it.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"
#include "ways.h"

#define HOT_BYTES	(64 * KIB)
#define HOT_PAGES	(HOT_BYTES / 4096)

/*
 * All of them are read again every so many looks, of which there is one a second:
 * seldom enough that the kernel does not hold them for dear at once.
 */
#define HOT_AGAIN	8

/**
 * struct hot - small files that are read again and again
 * @count: how many, each HOT_BYTES
 * @fd: of each
 * @map: of each; never touched, only to see what is resident
 * @stop: to the thread
 * @looks: how often it was looked
 * @least: fewest pages of all that were resident at a look
 * @sum: of all looks
 */
struct hot {
	unsigned int count;
	int *fd;
	void **map;
	_Atomic bool stop;
	_Atomic unsigned int looks;
	_Atomic size_t least;
	uint64_t sum;
	pthread_t thread;
};

static void hot_open(struct hot *hot, unsigned int count)
{
	unsigned int i;

	memset(hot, 0, sizeof(*hot));
	hot->count = count;
	hot->fd = calloc(count, sizeof(hot->fd[0]));
	hot->map = calloc(count, sizeof(hot->map[0]));
	assert_true(hot->fd && hot->map);
	for (i = 0; i < count; i++) {
		static uint8_t buf[HOT_BYTES];
		char path[64];

		snprintf(path, sizeof(path), DIR_EXT4 "/hot-%u", i);
		hot->fd[i] = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
				  0600);
		assert_true(hot->fd[i] >= 0);
		/* It goes with its last descriptor. */
		unlink(path);
		content_fill(i + 1, 0, buf, HOT_BYTES);
		assert_int_equal(write(hot->fd[i], buf, HOT_BYTES), HOT_BYTES);
		hot->map[i] = mmap(NULL, HOT_BYTES, PROT_READ, MAP_SHARED,
				   hot->fd[i], 0);
		assert_true(hot->map[i] != MAP_FAILED);
	}
	sync();
}

static void hot_close(struct hot *hot)
{
	unsigned int i;

	for (i = 0; i < hot->count; i++) {
		munmap(hot->map[i], HOT_BYTES);
		close(hot->fd[i]);
	}
	free(hot->fd);
	free(hot->map);
}

static void hot_read(struct hot *hot)
{
	char buf[16 * KIB];
	unsigned int i;
	off_t at;

	for (i = 0; i < hot->count; i++)
		for (at = 0; at < (off_t)HOT_BYTES; at += sizeof(buf))
			if (pread(hot->fd[i], buf, sizeof(buf), at) < 0)
				abort();
}

static size_t hot_resident(const struct hot *hot)
{
	unsigned char vec[HOT_PAGES];
	size_t count = 0;
	unsigned int i, k;

	for (i = 0; i < hot->count; i++) {
		if (mincore(hot->map[i], HOT_BYTES, vec))
			abort();
		for (k = 0; k < HOT_PAGES; k++)
			count += vec[k] & 1;
	}
	return count;
}

/* Looks before it reads: what was evicted since is seen. */
static void *hot_thread(void *arg)
{
	struct hot *hot = arg;

	while (!hot->stop) {
		size_t now = hot_resident(hot);

		if (now < hot->least)
			hot->least = now;
		hot->sum += now;
		if (hot->looks++ % HOT_AGAIN == HOT_AGAIN - 1)
			hot_read(hot);
		guest_sleep_ms(1000);
	}
	return NULL;
}

static void hot_start(struct hot *hot)
{
	unsigned int i;

	/* As if nobody had read them before. */
	for (i = 0; i < hot->count; i++)
		posix_fadvise(hot->fd[i], 0, 0, POSIX_FADV_DONTNEED);
	hot_read(hot);
	hot->stop = false;
	hot->looks = 0;
	hot->sum = 0;
	hot->least = hot_resident(hot);
	assert_int_equal(hot->least, hot->count * HOT_PAGES);
	assert_int_equal(pthread_create(&hot->thread, NULL, hot_thread, hot),
			 0);
}

/* Returns the fewest pages in a thousand that were resident at a time. */
static unsigned int hot_stop(struct hot *hot)
{
	size_t now;

	hot->stop = true;
	pthread_join(hot->thread, NULL);
	now = hot_resident(hot);
	if (now < hot->least)
		hot->least = now;
	return hot->least * 1000 / (hot->count * HOT_PAGES);
}

/* The large file */

#define PIECE	MIB

static void undo_cold(void *arg)
{
	unlink(arg);
}

/* Real blocks, none of them in the cache; what is in them does not matter. */
static int cold_make(uint64_t bytes)
{
	static char path[] = DIR_EXT4 "/hotset-cold";
	uint8_t *buf = test_malloc(PIECE);
	uint64_t at;
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	test_at_end(undo_cold, path);
	content_fill(77, 0, buf, PIECE);
	for (at = 0; at < bytes; at += PIECE) {
		memcpy(buf, &at, sizeof(at));
		assert_int_equal(pwrite(fd, buf, PIECE, at), PIECE);
		if (at % (64 * MIB))
			continue;
		fdatasync(fd);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	}
	fsync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	test_free(buf);
	return fd;
}

/* Each MiB begins with its offset. */
static size_t cold_check(void *arg, uint64_t offset, const uint8_t *buf,
			 size_t length)
{
	size_t at = offset % PIECE ? PIECE - offset % PIECE : 0;

	(void)arg;
	for (; at + sizeof(uint64_t) <= length; at += PIECE) {
		uint64_t found, want = offset + at;

		memcpy(&found, buf + at, sizeof(found));
		if (found != want)
			return at;
	}
	return length;
}

/* Returns how many of a thousand hot pages stayed, at the worst moment. */
static unsigned int measure(struct hot *hot, int fd, uint64_t bytes,
			    const struct way *way, struct zcx_link *link)
{
	struct receiver receiver = { .check = cold_check };
	unsigned int stayed;
	struct pair pair;
	bool sent;

	pair_open(&pair, PAIR_TCP4, 0, 0);
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	hot_start(hot);
	sent = way_send(way, fd, bytes, pair.tx, link);
	receiver_wait_bytes(&receiver, bytes);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	stayed = hot_stop(hot);
	way_record("hotset", way->name, bytes,
		   "\"hot_bytes\": %llu, \"hot_kept\": %u.%03u, "
		   "\"hot_kept_mean\": %.3f, \"looks\": %u",
		   hot->count * HOT_BYTES, stayed / 1000, stayed % 1000,
		   (double)hot->sum / hot->looks / (hot->count * HOT_PAGES),
		   hot->looks);
	assert_true(sent);
	assert_int_equal(receiver.bytes, bytes);
	assert_int_equal(receiver.wrong_at, -1);
	pair_close(&pair);
	return stayed;
}

static void kept(void **state)
{
	static const struct way *const others[] = {
		&way_sendfile, &way_read_write,
	};
	uint64_t bytes = guest_pick(4 * GIB, 768 * MIB);
	unsigned int stayed, i;
	struct zcx_link link;
	struct hot hot;
	int fd;

	(void)state;
	fd = cold_make(bytes);
	hot_open(&hot, guest_pick(64, 24) * MIB / HOT_BYTES);
	stayed = measure(&hot, fd, bytes, &way_zcx_async, &link);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		measure(&hot, fd, bytes, others[i], NULL);
	hot_close(&hot);
	close(fd);
	assert_true(stayed >= 990);
	/* Where memory is short a batch goes through the cache now and then. */
	assert_true(link.bytes_direct > bytes / 2);
}

const struct vm_test hotset_tests[] = {
	{ "hotset_kept", kept, NULL, "all", "all", "small", 1800,
	  "a cold file eight times as large as memory evicts no hot page" },
	{ 0 }
};
