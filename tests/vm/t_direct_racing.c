// SPDX-License-Identifier: GPL-2.0
/*
 * Files that change while they go by the direct lane. How far it reads ahead is
 * not asked: what was in the file when it was read may arrive, and nothing else.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "content.h"
#include "direct.h"
#include "guest.h"
#include "racing.h"
#include "vmtest.h"

/* More than the sockets take and the lane reads ahead, together. */
#define AHEAD	(8 * MIB)
#define SIZE	(24 * MIB)

/* A link of a cold file, stalled in it before AHEAD. */
static void open_cold(struct racing *racing, const struct direct_way *way,
		      uint64_t length)
{
	racing_make(racing, way->dir, SIZE);
	file_chill(&racing->file);
	racing->lane = ZCX_LANE_DIRECT;
	racing->async = way->async;
	program_file(racing->program, &racing->file, 0, length);
	racing_start(racing, way->kind);
}

static void finish_direct(struct racing *racing, unsigned int state,
			  uint64_t low, uint64_t high)
{
	racing_finish(racing);
	racing_assert_outcome(racing, state, low, high);
	assert_true(racing->sender.link.bytes_direct > 0);
	racing_close(racing);
}

/* Below where the link is: what has been read may leave, nothing behind it. */
static void truncated(void **state)
{
	struct racing racing;

	open_cold(&racing, *state, SIZE);
	racing_allow_zeros(&racing);
	assert_int_equal(ftruncate(racing.writable, 5000), 0);
	finish_direct(&racing, ZCX_STATE_SHORT, 1, AHEAD);
}

static void truncated_to_eof(void **state)
{
	struct racing racing;

	open_cold(&racing, *state, ZCX_TO_EOF);
	racing_allow_zeros(&racing);
	assert_int_equal(ftruncate(racing.writable, 5000), 0);
	finish_direct(&racing, ZCX_STATE_SENT, 1, AHEAD);
}

/* Ahead of it: the very byte at which the file ends by then. */
static void truncated_ahead(void **state)
{
	const uint64_t end = SIZE - 7 * MIB - 12345;
	struct racing racing;

	open_cold(&racing, *state, SIZE);
	assert_int_equal(ftruncate(racing.writable, end), 0);
	finish_direct(&racing, ZCX_STATE_SHORT, end, end);
}

static void extended(void **state)
{
	struct racing racing;

	open_cold(&racing, *state, ZCX_TO_EOF);
	racing_extend(&racing, MIB + 1);
	file_make_cold(&racing.file);
	finish_direct(&racing, ZCX_STATE_SENT, SIZE + MIB + 1,
		      SIZE + MIB + 1);
}

static void punched(void **state)
{
	struct racing racing;

	open_cold(&racing, *state, SIZE);
	racing_allow_zeros(&racing);
	assert_int_equal(fallocate(racing.writable,
				   FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				   3000, SIZE - 6000), 0);
	finish_direct(&racing, ZCX_STATE_SENT, SIZE, SIZE);
}

/* Old bytes or new ones; only new ones where nothing can have been read yet. */
static void rewritten(void **state)
{
	struct racing racing;

	open_cold(&racing, *state, SIZE);
	racing.seed[racing.versions++] = content_seed();
	racing.new_from = AHEAD;
	racing_rewrite(racing.writable, racing.seed[1], racing.size);
	finish_direct(&racing, ZCX_STATE_SENT, SIZE, SIZE);
}

/* By direct I/O too: what is in the cache is not what is on the disk. */
static void rewritten_direct(void **state)
{
	struct racing racing;
	uint64_t at;
	void *buf = NULL;
	int fd;

	open_cold(&racing, *state, SIZE);
	fd = open(racing.file.path, O_WRONLY | O_DIRECT | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(posix_memalign(&buf, 4096, MIB), 0);
	racing.seed[racing.versions++] = content_seed();
	racing.new_from = AHEAD;
	for (at = 0; at < SIZE; at += MIB) {
		content_fill(racing.seed[1], at, buf, MIB);
		assert_int_equal(pwrite(fd, buf, MIB, at), MIB);
	}
	free(buf);
	close(fd);
	finish_direct(&racing, ZCX_STATE_SENT, SIZE, SIZE);
}

/* Somebody reads all of it meanwhile: from here or from there, it is the same. */
static void warmed(void **state)
{
	struct racing racing;

	open_cold(&racing, *state, SIZE);
	file_assert_unchanged(&racing.file);
	finish_direct(&racing, ZCX_STATE_SENT, SIZE, SIZE);
}

/* Nobody but the link has the file any more. */
static void unlinked(void **state)
{
	struct racing racing;

	open_cold(&racing, *state, ZCX_TO_EOF);
	assert_int_equal(unlink(racing.file.path), 0);
	close(racing.file.fd);
	racing.file.fd = -1;
	close(racing.writable);
	racing.writable = -1;
	guest_drop_caches();
	finish_direct(&racing, ZCX_STATE_SENT, SIZE, SIZE);
}

/* Written to, and written to the disk, and evicted. */
static void change_disk(const struct change *change, uint64_t *random)
{
	racing_content(change, random);
	racing_content(change, random);
	racing_cache(change, random);
}

static void race(const struct direct_way *way, unsigned int seconds,
		 uint64_t size,
		 void (*run)(const struct change *, uint64_t *))
{
	struct race race = {
		.dir = way->dir,
		.size = size,
		.seconds = seconds,
		.run = run,
		.lane = ZCX_LANE_DIRECT,
		.async = way->async,
	};

	assert_true(racing_run(&race) > 0);
}

static void race_size(void **state)
{
	race(*state, 3, MIB + 1, racing_size);
}

static void race_disk(void **state)
{
	race(*state, 3, MIB + 1, change_disk);
}

static void race_holes(void **state)
{
	race(*state, 3, MIB + 1, racing_holes);
}

static void race_cache(void **state)
{
	race(*state, 3, MIB + 1, racing_cache);
}

static void race_all(void **state)
{
	race(*state, 20, 3 * MIB + 5, racing_all);
}

#define EACH(name, run, stock, what) \
	{ "direct_racing_" name "_ext4", run, &direct_ext4, stock, "all", \
	  "std", 90, what ", on ext4" }, \
	{ "direct_racing_" name "_ext4_async", run, &direct_ext4_async, \
	  "all", "all", "std", 90, what ", on ext4, by itself" }, \
	{ "direct_racing_" name "_xfs", run, &direct_xfs, "all", "all", \
	  "std", 90, what ", on XFS" }, \
	{ "direct_racing_" name "_xfs_async", run, &direct_xfs_async, "all", \
	  "all", "std", 90, what ", on XFS, by itself" }

const struct vm_test direct_racing_tests[] = {
	EACH("truncated", truncated, "all", "truncated below a link: SHORT"),
	EACH("truncated_eof", truncated_to_eof, "all",
	     "truncated below a link that goes to the end: SENT"),
	EACH("truncated_ahead", truncated_ahead, "all",
	     "truncated ahead of a link: SHORT at the very end"),
	EACH("extended", extended, "all", "to the end means the new end"),
	EACH("punched", punched, "all", "a hole punched under a link: zeros"),
	EACH("rewritten", rewritten, "all", "old bytes or new ones"),
	EACH("rewritten_direct", rewritten_direct, "all",
	     "written by direct I/O: old bytes or new ones"),
	EACH("warmed", warmed, "all", "read by somebody else meanwhile"),
	EACH("unlinked", unlinked, "all", "unlinked and closed: sent anyway"),
	EACH("size", race_size, "all", "a file that keeps shrinking"),
	EACH("disk", race_disk, "all",
	     "a file that keeps being written and evicted"),
	EACH("holes", race_holes, "all", "a file that keeps being punched"),
	EACH("cache", race_cache, "all", "a file that keeps being evicted"),
	EACH("all", race_all, "all", "20 s of all kinds of changes"),
	{ 0 }
};
