// SPDX-License-Identifier: GPL-2.0
/*
 * Files that change while they are being sent. A link ends, SHORT or not; it
 * never hangs, and nothing arrives that was not in the file at some time.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define SMALL_BUFFER	(32 * KIB)

/* Most versions of a file that may arrive, mixed byte by byte. */
#define VERSIONS	3

/**
 * struct scene - a link that is asleep in the middle of a file
 * @file: the file
 * @writable: a descriptor of it
 * @size: bytes at first
 * @seed: of the versions its bytes may have; 0: zeros
 * @versions: entries of @seed
 * @new_from: from here on only the second version will do; 0: nowhere
 * @program: what the link was given; the header is 6 bytes
 * @pair: small buffers
 * @sender: asleep
 * @receiver: held
 */
struct scene {
	struct vfile file;
	int writable;
	uint64_t size;
	uint64_t seed[VERSIONS];
	unsigned int versions;
	uint64_t new_from;
	struct program *program;
	struct pair pair;
	struct sender sender;
	struct receiver receiver;
};

static void version_bytes(const struct scene *scene, unsigned int version,
			  uint64_t at, uint8_t *buf, size_t length)
{
	if (scene->seed[version])
		content_fill(scene->seed[version], at, buf, length);
	else
		memset(buf, 0, length);
}

/* A byte is good if some version of the file has it at that place. */
static size_t check_versions(void *arg, uint64_t offset, const uint8_t *buf,
			     size_t length)
{
	const struct scene *scene = arg;
	uint8_t want[VERSIONS][4096];
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

		for (v = 0; v < scene->versions; v++)
			version_bytes(scene, v, at, want[v], n);
		for (i = 0; i < n; i++) {
			bool is_new = scene->new_from &&
				      at + i >= scene->new_from;

			for (v = is_new; v < scene->versions; v++)
				if (buf[done + i] == want[v][i])
					break;
			if (v == scene->versions)
				return done + i;
		}
		done += n;
	}
	return done;
}

static void scene_make(struct scene *scene, const char *dir, uint64_t size)
{
	if (strcmp(dir, DIR_MEMFD))
		guest_need_mount(dir);
	memset(scene, 0, sizeof(*scene));
	file_make(&scene->file, dir, size);
	scene->writable = file_open_writable(&scene->file);
	scene->size = size;
	scene->seed[scene->versions++] = scene->file.seed;
	scene->program = program_new();
	scene->sender.context = zcx_open();
	program_memory(scene->program, "header", 6);
}

static void scene_start(struct scene *scene, enum pair_kind kind)
{
	pair_open(&scene->pair, kind, SMALL_BUFFER, SMALL_BUFFER);
	scene->receiver = (struct receiver) {
		.fd = scene->pair.rx,
		.check = check_versions,
		.check_arg = scene,
		.held = true,
	};
	assert_int_equal(receiver_start(&scene->receiver), 0);
	link_prepare(&scene->sender.link, scene->pair.tx, scene->program);
	assert_int_equal(sender_start(&scene->sender), 0);
	assert_true(sender_wait_asleep(&scene->sender));
}

/* The whole file, more of it than the sockets and a batch or two take. */
static void scene_open(struct scene *scene, const char *dir, uint64_t length)
{
	scene_make(scene, dir, guest_pick(4 * MIB, 3 * MIB));
	program_file(scene->program, &scene->file, 0, length);
	scene_start(scene, PAIR_TCP4);
}

/* Let it go on to its end, whatever that is. */
static void scene_finish(struct scene *scene)
{
	const struct zcx_link *link = &scene->sender.link;

	receiver_go(&scene->receiver);
	sender_join(&scene->sender);
	close(scene->pair.tx);
	scene->pair.tx = -1;
	receiver_join(&scene->receiver);
	assert_int_equal(scene->sender.err, 0);
	assert_null(link_problem(link));
	assert_int_equal(scene->receiver.wrong_at, -1);
	assert_int_equal(scene->receiver.error, 0);
	assert_int_equal(scene->receiver.bytes, link->bytes_sent);
}

static void scene_close(struct scene *scene)
{
	pair_close(&scene->pair);
	close(scene->sender.context);
	if (scene->writable >= 0)
		close(scene->writable);
	file_drop(&scene->file);
}

static void assert_outcome(const struct scene *scene, unsigned int state,
			   uint64_t low, uint64_t high)
{
	const struct zcx_link *link = &scene->sender.link;

	assert_int_equal(link->error, 0);
	assert_int_equal(link->state, state);
	assert_in_range(link->bytes_sent, 6 + low, 6 + high);
}

/* Zeros may arrive from now on: a tail page that truncation wiped. */
static void allow_zeros(struct scene *scene)
{
	scene->seed[scene->versions++] = 0;
}

/*
 * The end moves to the front of what has been gathered: one or two batches
 * more may be on their way, but no more than that, and nothing hangs.
 */
static void truncated(void **state)
{
	const uint64_t batches = 2 * MIB;
	struct scene scene;

	scene_open(&scene, *state, guest_pick(4 * MIB, 3 * MIB));
	allow_zeros(&scene);
	assert_int_equal(ftruncate(scene.writable, 5000), 0);
	scene_finish(&scene);
	assert_outcome(&scene, ZCX_STATE_SHORT, 1, batches);
	scene_close(&scene);
}

/* To the end of the file, wherever that is by then: SENT. */
static void truncated_to_eof(void **state)
{
	const uint64_t batches = 2 * MIB;
	struct scene scene;

	scene_open(&scene, *state, ZCX_TO_EOF);
	allow_zeros(&scene);
	assert_int_equal(ftruncate(scene.writable, 5000), 0);
	scene_finish(&scene);
	assert_outcome(&scene, ZCX_STATE_SENT, 1, batches);
	scene_close(&scene);
}

/* The end moves, but stays ahead of the link: it is met exactly. */
static void truncated_ahead(void **state)
{
	uint64_t end = guest_pick(4 * MIB, 3 * MIB) - 12345;
	struct scene scene;

	scene_open(&scene, *state, guest_pick(4 * MIB, 3 * MIB));
	assert_int_equal(ftruncate(scene.writable, end), 0);
	scene_finish(&scene);
	assert_outcome(&scene, ZCX_STATE_SHORT, end, end);
	scene_close(&scene);
}

static void extend(struct scene *scene, uint64_t more)
{
	static uint8_t buf[64 * KIB];
	uint64_t at = scene->size, n;

	for (; more; more -= n, at += n) {
		n = MIN(more, sizeof(buf));
		content_fill(scene->file.seed, at, buf, n);
		assert_int_equal(pwrite(scene->writable, buf, n, at), n);
	}
}

static void extended(void **state)
{
	struct scene scene;

	scene_open(&scene, *state, ZCX_TO_EOF);
	extend(&scene, 100001);
	scene_finish(&scene);
	assert_outcome(&scene, ZCX_STATE_SENT, scene.size + 100001,
		       scene.size + 100001);
	scene_close(&scene);
}

/* A range that was too long for the file is long enough by now. */
static void extended_range(void **state)
{
	struct scene scene;

	scene_open(&scene, *state, guest_pick(4 * MIB, 3 * MIB) + 50000);
	extend(&scene, 100001);
	scene_finish(&scene);
	assert_outcome(&scene, ZCX_STATE_SENT, scene.size + 50000,
		       scene.size + 50000);
	scene_close(&scene);
}

/* Moved out and in again: zeros where bytes were. */
static void truncated_and_extended(void **state)
{
	struct scene scene;

	scene_open(&scene, *state, guest_pick(4 * MIB, 3 * MIB));
	allow_zeros(&scene);
	assert_int_equal(ftruncate(scene.writable, 5000), 0);
	assert_int_equal(ftruncate(scene.writable, scene.size), 0);
	scene_finish(&scene);
	assert_outcome(&scene, ZCX_STATE_SENT, scene.size, scene.size);
	scene_close(&scene);
}

static void punched(void **state)
{
	struct scene scene;

	scene_open(&scene, *state, guest_pick(4 * MIB, 3 * MIB));
	allow_zeros(&scene);
	if (fallocate(scene.writable,
		      FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3000,
		      scene.size - 6000))
		test_skip("no holes can be punched: %s", strerror(errno));
	scene_finish(&scene);
	assert_outcome(&scene, ZCX_STATE_SENT, scene.size, scene.size);
	scene_close(&scene);
}

static void rewrite(int fd, uint64_t seed, uint64_t size)
{
	static uint8_t buf[64 * KIB];
	uint64_t at, n;

	for (at = 0; at < size; at += n) {
		n = MIN(sizeof(buf), size - at);
		content_fill(seed, at, buf, n);
		assert_int_equal(pwrite(fd, buf, n, at), n);
	}
}

/*
 * Every byte is an old or a new one; and a new one where the link has not been
 * yet.
 */
static void rewritten(void **state)
{
	struct scene scene;

	scene_open(&scene, *state, guest_pick(4 * MIB, 3 * MIB));
	scene.seed[scene.versions++] = content_seed();
	scene.new_from = 2 * MIB;
	rewrite(scene.writable, scene.seed[1], scene.size);
	scene_finish(&scene);
	assert_outcome(&scene, ZCX_STATE_SENT, scene.size, scene.size);
	scene_close(&scene);
}

/* Nobody but the link has the file any more. */
static void unlinked(void **state)
{
	struct scene scene;

	scene_open(&scene, *state, ZCX_TO_EOF);
	assert_int_equal(unlink(scene.file.path), 0);
	close(scene.file.fd);
	scene.file.fd = -1;
	close(scene.writable);
	scene.writable = -1;
	guest_drop_caches();
	scene_finish(&scene);
	assert_outcome(&scene, ZCX_STATE_SENT, scene.size, scene.size);
	scene_close(&scene);
}

/* Another file takes its name. */
static void renamed(void **state)
{
	struct scene scene;
	struct vfile other;

	scene_open(&scene, *state, ZCX_TO_EOF);
	file_make(&other, *state, 70001);
	assert_int_equal(rename(other.path, scene.file.path), 0);
	scene_finish(&scene);
	assert_outcome(&scene, ZCX_STATE_SENT, scene.size, scene.size);
	scene_close(&scene);
	file_drop(&other);
}

/* Pages that are evicted under the link are read once more. */
static void evicted(void **state)
{
	struct scene scene;

	scene_open(&scene, *state, ZCX_TO_EOF);
	file_make_cold(&scene.file);
	guest_drop_caches();
	scene_finish(&scene);
	assert_outcome(&scene, ZCX_STATE_SENT, scene.size, scene.size);
	file_assert_unchanged(&scene.file);
	scene_close(&scene);
}

/* Written through a mapping, by somebody who never says so. */
static void mapped_writer(void **state)
{
	struct scene scene;
	uint8_t *map;

	scene_open(&scene, *state, ZCX_TO_EOF);
	map = mmap(NULL, scene.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   scene.writable, 0);
	assert_true(map != MAP_FAILED);
	scene.seed[scene.versions++] = content_seed();
	content_fill(scene.seed[1], 0, map, scene.size);
	scene_finish(&scene);
	munmap(map, scene.size);
	assert_outcome(&scene, ZCX_STATE_SENT, scene.size, scene.size);
	scene_close(&scene);
}

/* Change upon change, link upon link */

/**
 * struct change - a thread that does not leave a file alone
 * @fd: the file, writable
 * @size: its largest
 * @seed: of the versions
 * @run: what to do, again and again
 */
struct change {
	int fd;
	uint64_t size;
	uint64_t seed[2];
	void (*run)(const struct change *change, uint64_t *random);
	_Atomic bool stop;
	_Atomic unsigned int count;
	pthread_t thread;
};

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

static void change_size(const struct change *change, uint64_t *random)
{
	uint64_t size = content_random(random) % change->size;

	if (ftruncate(change->fd, size) || ftruncate(change->fd, change->size))
		abort();
	write_version(change, random, 0);
}

static void change_content(const struct change *change, uint64_t *random)
{
	write_version(change, random, content_random(random) % 2);
}

static void change_holes(const struct change *change, uint64_t *random)
{
	uint64_t at = content_random(random) % change->size;

	fallocate(change->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
		  1 + content_random(random) % 100000);
	write_version(change, random, 0);
}

static void change_cache(const struct change *change, uint64_t *random)
{
	(void)random;
	fdatasync(change->fd);
	posix_fadvise(change->fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* All of these by turns. */
static void change_all(const struct change *change, uint64_t *random)
{
	static void (*const all[])(const struct change *, uint64_t *) = {
		change_size, change_content, change_holes, change_cache,
	};

	all[content_random(random) % ARRAY_SIZE(all)](change, random);
}

static void one_race(struct scene *scene, struct change *change,
		     enum pair_kind kind, uint64_t length)
{
	const struct zcx_link *link = &scene->sender.link;
	bool shrinks = change->run == change_size ||
		       change->run == change_all;

	program_clear(scene->program);
	program_memory(scene->program, "header", 6);
	program_file(scene->program, &scene->file, 0, length);
	pair_open(&scene->pair, kind, SMALL_BUFFER, SMALL_BUFFER);
	scene->receiver = (struct receiver) {
		.fd = scene->pair.rx,
		.check = check_versions,
		.check_arg = scene,
		.chunk = 16 * KIB,
	};
	assert_int_equal(receiver_start(&scene->receiver), 0);
	link_prepare(&scene->sender.link, scene->pair.tx, scene->program);
	assert_int_equal(sender_start(&scene->sender), 0);
	scene_finish(scene);
	pair_close(&scene->pair);
	assert_int_equal(link->error, 0);
	assert_true(link->bytes_sent <= 6 + scene->size);
	if (link->state == ZCX_STATE_SHORT) {
		assert_true(shrinks && length != ZCX_TO_EOF);
		assert_true(link->bytes_sent < 6 + scene->size);
	} else if (!shrinks) {
		assert_int_equal(link->bytes_sent, 6 + scene->size);
	}
}

/* For some seconds: a changing file, and one link after another from it. */
static void race(const char *dir, uint64_t size, unsigned int seconds,
		 void (*run)(const struct change *, uint64_t *))
{
	struct change change = { .run = run };
	unsigned int links = 0;
	struct scene scene;
	time_t end;

	scene_make(&scene, dir, size);
	scene.seed[scene.versions++] = content_seed();
	allow_zeros(&scene);
	change.fd = scene.writable;
	change.size = size;
	change.seed[0] = scene.seed[0];
	change.seed[1] = scene.seed[1];
	assert_int_equal(pthread_create(&change.thread, NULL, change_always,
					&change), 0);
	for (end = time(NULL) + seconds; time(NULL) < end; links++)
		one_race(&scene, &change, links % 3 ? PAIR_TCP4 : PAIR_UNIX,
			 links % 2 ? ZCX_TO_EOF : size);
	change.stop = true;
	pthread_join(change.thread, NULL);
	print_message("%u links, %u changes\n", links, change.count);
	assert_true(links > 0 && change.count > 0);
	scene_close(&scene);
}

static void race_size(void **state)
{
	race(*state, 300001, 2, change_size);
}

static void race_content(void **state)
{
	race(*state, 300001, 2, change_content);
}

static void race_holes(void **state)
{
	race(*state, 300001, 2, change_holes);
}

static void race_cache(void **state)
{
	race(*state, 300001, 2, change_cache);
}

static void race_all_long(void **state)
{
	race(*state, 3 * MIB + 5, 20, change_all);
}

#define ONCE(name, run, what) \
	{ "racing_" name "_ext4", run, DIR_EXT4, "test", "test", "std", 40, \
	  what ", on ext4" }, \
	{ "racing_" name "_xfs", run, DIR_XFS, "all", "all", "std", 40, \
	  what ", on XFS" }, \
	{ "racing_" name "_btrfs", run, DIR_BTRFS, "all", "all", "std", 40, \
	  what ", on btrfs" }, \
	{ "racing_" name "_tmpfs", run, DIR_TMPFS, "test", "all", "std", 40, \
	  what ", on tmpfs" }, \
	{ "racing_" name "_overlay", run, DIR_OVERLAY, "all", "all", "std", \
	  40, what ", on overlayfs" }

const struct vm_test racing_tests[] = {
	ONCE("truncated", truncated, "truncated below a link's place: SHORT"),
	ONCE("truncated_eof", truncated_to_eof,
	     "truncated below a link that goes to the end: SENT"),
	ONCE("truncated_ahead", truncated_ahead,
	     "truncated ahead of a link: SHORT at the very end"),
	ONCE("extended", extended, "extended: to the end means the new end"),
	ONCE("extended_range", extended_range,
	     "extended into a range that was too long: SENT"),
	ONCE("out_and_in", truncated_and_extended,
	     "truncated and extended again: zeros"),
	ONCE("punched", punched, "a hole punched ahead of a link: zeros"),
	ONCE("rewritten", rewritten, "rewritten: old bytes or new ones"),
	ONCE("unlinked", unlinked, "unlinked and closed: sent all the same"),
	ONCE("renamed", renamed, "its name taken by another: sent as it was"),
	ONCE("evicted", evicted, "evicted from the cache: read once more"),
	ONCE("mapped", mapped_writer, "written by mmap: old bytes or new ones"),
	ONCE("race_size", race_size, "links from a file that keeps shrinking"),
	ONCE("race_content", race_content,
	     "links from a file that keeps being rewritten"),
	ONCE("race_holes", race_holes,
	     "links from a file that keeps being punched"),
	ONCE("race_cache", race_cache,
	     "links from a file that keeps being evicted"),
	{ "racing_long_ext4", race_all_long, DIR_EXT4, "all", "all", "std", 60,
	  "20 s of all kinds of changes, on ext4" },
	{ "racing_long_xfs", race_all_long, DIR_XFS, "all", "all", "std", 60,
	  "20 s of all kinds of changes, on XFS" },
	{ "racing_long_btrfs", race_all_long, DIR_BTRFS, "all", "all", "std",
	  60, "20 s of all kinds of changes, on btrfs" },
	{ "racing_long_tmpfs", race_all_long, DIR_TMPFS, "all", "all", "std",
	  60, "20 s of all kinds of changes, on tmpfs" },
	{ "racing_long_overlay", race_all_long, DIR_OVERLAY, "all", "all",
	  "std", 60, "20 s of all kinds of changes, on overlayfs" },
	{ 0 }
};
