// SPDX-License-Identifier: GPL-2.0
/*
 * Files that change while they are being sent. A link ends, SHORT or not; it
 * never hangs, and nothing arrives that was not in the file at some time.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "content.h"
#include "guest.h"
#include "racing.h"
#include "vmtest.h"

/*
 * The end moves to the front of what has been gathered: one or two batches
 * more may be on their way, but no more than that, and nothing hangs.
 */
static void truncated(void **state)
{
	const uint64_t batches = 2 * MIB;
	struct racing racing;

	racing_open(&racing, *state, guest_pick(4 * MIB, 3 * MIB));
	racing_allow_zeros(&racing);
	assert_int_equal(ftruncate(racing.writable, 5000), 0);
	racing_finish(&racing);
	racing_assert_outcome(&racing, ZCX_STATE_SHORT, 1, batches);
	racing_close(&racing);
}

/* To the end of the file, wherever that is by then: SENT. */
static void truncated_to_eof(void **state)
{
	const uint64_t batches = 2 * MIB;
	struct racing racing;

	racing_open(&racing, *state, ZCX_TO_EOF);
	racing_allow_zeros(&racing);
	assert_int_equal(ftruncate(racing.writable, 5000), 0);
	racing_finish(&racing);
	racing_assert_outcome(&racing, ZCX_STATE_SENT, 1, batches);
	racing_close(&racing);
}

/* The end moves, but stays ahead of the link: it is met exactly. */
static void truncated_ahead(void **state)
{
	uint64_t end = guest_pick(4 * MIB, 3 * MIB) - 12345;
	struct racing racing;

	racing_open(&racing, *state, guest_pick(4 * MIB, 3 * MIB));
	assert_int_equal(ftruncate(racing.writable, end), 0);
	racing_finish(&racing);
	racing_assert_outcome(&racing, ZCX_STATE_SHORT, end, end);
	racing_close(&racing);
}

static void extended(void **state)
{
	struct racing racing;

	racing_open(&racing, *state, ZCX_TO_EOF);
	racing_extend(&racing, 100001);
	racing_finish(&racing);
	racing_assert_outcome(&racing, ZCX_STATE_SENT, racing.size + 100001,
		       racing.size + 100001);
	racing_close(&racing);
}

/* A range that was too long for the file is long enough by now. */
static void extended_range(void **state)
{
	struct racing racing;

	racing_open(&racing, *state, guest_pick(4 * MIB, 3 * MIB) + 50000);
	racing_extend(&racing, 100001);
	racing_finish(&racing);
	racing_assert_outcome(&racing, ZCX_STATE_SENT, racing.size + 50000,
		       racing.size + 50000);
	racing_close(&racing);
}

/* Moved out and in again: zeros where bytes were. */
static void truncated_and_extended(void **state)
{
	struct racing racing;

	racing_open(&racing, *state, guest_pick(4 * MIB, 3 * MIB));
	racing_allow_zeros(&racing);
	assert_int_equal(ftruncate(racing.writable, 5000), 0);
	assert_int_equal(ftruncate(racing.writable, racing.size), 0);
	racing_finish(&racing);
	racing_assert_outcome(&racing, ZCX_STATE_SENT, racing.size, racing.size);
	racing_close(&racing);
}

static void punched(void **state)
{
	struct racing racing;

	racing_open(&racing, *state, guest_pick(4 * MIB, 3 * MIB));
	racing_allow_zeros(&racing);
	if (fallocate(racing.writable,
		      FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3000,
		      racing.size - 6000))
		test_skip("no holes can be punched: %s", strerror(errno));
	racing_finish(&racing);
	racing_assert_outcome(&racing, ZCX_STATE_SENT, racing.size, racing.size);
	racing_close(&racing);
}

/*
 * Every byte is an old or a new one; and a new one where the link has not been
 * yet.
 */
static void rewritten(void **state)
{
	struct racing racing;

	racing_open(&racing, *state, guest_pick(4 * MIB, 3 * MIB));
	racing.seed[racing.versions++] = content_seed();
	racing.new_from = 2 * MIB;
	racing_rewrite(racing.writable, racing.seed[1], racing.size);
	racing_finish(&racing);
	racing_assert_outcome(&racing, ZCX_STATE_SENT, racing.size, racing.size);
	racing_close(&racing);
}

/* Nobody but the link has the file any more. */
static void unlinked(void **state)
{
	struct racing racing;

	racing_open(&racing, *state, ZCX_TO_EOF);
	assert_int_equal(unlink(racing.file.path), 0);
	close(racing.file.fd);
	racing.file.fd = -1;
	close(racing.writable);
	racing.writable = -1;
	guest_drop_caches();
	racing_finish(&racing);
	racing_assert_outcome(&racing, ZCX_STATE_SENT, racing.size, racing.size);
	racing_close(&racing);
}

/* Another file takes its name. */
static void renamed(void **state)
{
	struct racing racing;
	struct vfile other;

	racing_open(&racing, *state, ZCX_TO_EOF);
	file_make(&other, *state, 70001);
	assert_int_equal(rename(other.path, racing.file.path), 0);
	racing_finish(&racing);
	racing_assert_outcome(&racing, ZCX_STATE_SENT, racing.size, racing.size);
	racing_close(&racing);
	file_drop(&other);
}

/* Pages that are evicted under the link are read once more. */
static void evicted(void **state)
{
	struct racing racing;

	racing_open(&racing, *state, ZCX_TO_EOF);
	file_make_cold(&racing.file);
	guest_drop_caches();
	racing_finish(&racing);
	racing_assert_outcome(&racing, ZCX_STATE_SENT, racing.size, racing.size);
	file_assert_unchanged(&racing.file);
	racing_close(&racing);
}

/* Written through a mapping, by somebody who never says so. */
static void mapped_writer(void **state)
{
	struct racing racing;
	uint8_t *map;

	racing_open(&racing, *state, ZCX_TO_EOF);
	map = mmap(NULL, racing.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   racing.writable, 0);
	assert_true(map != MAP_FAILED);
	racing.seed[racing.versions++] = content_seed();
	content_fill(racing.seed[1], 0, map, racing.size);
	racing_finish(&racing);
	munmap(map, racing.size);
	racing_assert_outcome(&racing, ZCX_STATE_SENT, racing.size, racing.size);
	racing_close(&racing);
}

/* Change upon change, link upon link */

static void race(const char *dir, uint64_t size, unsigned int seconds,
		 void (*run)(const struct change *, uint64_t *))
{
	struct race race = {
		.dir = dir,
		.size = size,
		.seconds = seconds,
		.run = run,
	};

	racing_run(&race);
}

static void race_size(void **state)
{
	race(*state, 300001, 2, racing_size);
}

static void race_content(void **state)
{
	race(*state, 300001, 2, racing_content);
}

static void race_holes(void **state)
{
	race(*state, 300001, 2, racing_holes);
}

static void race_cache(void **state)
{
	race(*state, 300001, 2, racing_cache);
}

static void race_all_long(void **state)
{
	race(*state, 3 * MIB + 5, 20, racing_all);
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
