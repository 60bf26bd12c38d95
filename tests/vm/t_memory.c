// SPDX-License-Identifier: GPL-2.0
/* Little memory: files larger than it, and many links at once. */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define SLEEPERS	64

static long long value_in(const char *path, const char *key)
{
	static char text[32768];

	assert_true(guest_read(path, text, sizeof(text)) > 0);
	return guest_value(text, key);
}

static long long oom_kills(void)
{
	return value_in("/proc/vmstat", "oom_kill");
}

/* A file that memory cannot hold. */
static uint64_t too_much(void)
{
	long long total = value_in("/proc/meminfo", "MemTotal");

	if (total > 1500 * 1024)
		test_skip("this guest has %lld MiB of memory", total / 1024);
	return total * KIB + 150 * MIB;
}

static void send_large(const struct vfile *file, enum pair_kind kind)
{
	struct program *program = program_new();
	long long kills = oom_kills();

	program_file(program, file, 0, ZCX_TO_EOF);
	exchange_simply(program, kind);
	assert_int_equal(oom_kills(), kills);
}

static void large_real(void **state)
{
	struct vfile file;

	guest_need_mount(*state);
	file_make(&file, *state, too_much());
	send_large(&file, PAIR_TCP4);
	file_drop(&file);
}

static void large_sparse(void **state)
{
	uint64_t size = 2 * too_much();
	struct vfile file;

	guest_need_mount(*state);
	file_make_sparse(&file, *state, size);
	file_put(&file, size / 2, size / 2 + 12345);
	file_put(&file, size - 777, size);
	send_large(&file, PAIR_TCP4);
	send_large(&file, PAIR_UNIX);
	file_drop(&file);
}

/* Four of them against each other. */
static void *run_exchange(void *arg)
{
	return exchange_try(arg) ? NULL : arg;
}

static void large_at_once(void **state)
{
	static struct exchange x[4];
	struct program *program = program_new();
	long long kills = oom_kills();
	pthread_t thread[4];
	struct vfile file;
	const char *problem = NULL;
	unsigned int i;

	(void)state;
	file_make(&file, DIR_EXT4, too_much());
	program_file(program, &file, 0, ZCX_TO_EOF);
	for (i = 0; i < 4; i++) {
		x[i] = (struct exchange) {
			.program = program,
			.kind = i % 2 ? PAIR_UNIX : PAIR_TCP4,
		};
		assert_int_equal(pthread_create(&thread[i], NULL, run_exchange,
						&x[i]), 0);
	}
	for (i = 0; i < 4; i++) {
		void *failed;

		pthread_join(thread[i], &failed);
		if (failed)
			problem = x[i].problem;
	}
	if (problem)
		fail_msg("%s", problem);
	assert_int_equal(oom_kills(), kills);
	file_drop(&file);
}

/*
 * 64 links that sleep, each with a batch of its own file in its hands; the
 * machine still has memory to do something else.
 */
static void sleepers(void **state)
{
	static struct {
		struct program *program;
		struct vfile file;
		struct pair pair;
		struct sender sender;
		struct receiver receiver;
	} s[SLEEPERS];
	long long kills = oom_kills();
	struct vfile other;
	unsigned int i;

	(void)state;
	too_much();
	for (i = 0; i < SLEEPERS; i++) {
		pair_open(&s[i].pair, i % 2 ? PAIR_TCP4 : PAIR_UNIX, 32 * KIB,
			  32 * KIB);
		file_make(&s[i].file, DIR_EXT4, 2 * MIB + i);
		s[i].program = program_new();
		program_file(s[i].program, &s[i].file, 0, ZCX_TO_EOF);
		s[i].receiver = (struct receiver) {
			.fd = s[i].pair.rx,
			.expect = s[i].program,
			.chunk = 32 * KIB,
			.held = true,
		};
		assert_int_equal(receiver_start(&s[i].receiver), 0);
		s[i].sender.context = zcx_open();
		link_prepare(&s[i].sender.link, s[i].pair.tx, s[i].program);
		assert_int_equal(sender_start(&s[i].sender), 0);
		assert_true(sender_wait_asleep(&s[i].sender));
	}
	file_make(&other, DIR_EXT4, 100 * MIB);
	send_large(&other, PAIR_TCP4);
	file_drop(&other);
	for (i = 0; i < SLEEPERS; i++)
		receiver_go(&s[i].receiver);
	for (i = 0; i < SLEEPERS; i++) {
		sender_join(&s[i].sender);
		assert_int_equal(s[i].sender.err, 0);
		assert_null(link_problem_complete(&s[i].sender.link,
						  s[i].program, 0));
		close(s[i].pair.tx);
		s[i].pair.tx = -1;
		receiver_join(&s[i].receiver);
		assert_int_equal(s[i].receiver.wrong_at, -1);
		assert_int_equal(s[i].receiver.bytes, s[i].program->bytes);
		pair_close(&s[i].pair);
		close(s[i].sender.context);
		file_drop(&s[i].file);
	}
	assert_int_equal(oom_kills(), kills);
}

/* What a link holds is charged to the control group that submitted it. */

#define CGROUP		"/tmp/zcx-cgroup"
#define GROUP		CGROUP "/test"
#define CHARGED		8

static void undo_cgroup(void *unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < 100 && rmdir(GROUP) && errno == EBUSY; i++)
		guest_sleep_ms(20);
	umount2(CGROUP, MNT_DETACH);
	rmdir(CGROUP);
}

static long long charged(void)
{
	char text[64];

	if (guest_read(GROUP "/memory.current", text, sizeof(text)) <= 0)
		return -1;
	return atoll(text);
}

/*
 * In the group: links asleep, with 1 MiB of memory each. Exit code 0 if they
 * are charged for.
 */
static int charge(const struct program *program)
{
	static struct sender sender[CHARGED];
	struct pair pair[CHARGED];
	long long before, after;
	char text[16];
	unsigned int i;

	snprintf(text, sizeof(text), "%d", getpid());
	if (guest_write(GROUP "/cgroup.procs", text))
		return 10;
	for (i = 0; i < CHARGED; i++) {
		if (pair_try(&pair[i], PAIR_UNIX, 32 * KIB, 0))
			return 11;
		sender[i].context = zcx_try_open();
		link_prepare(&sender[i].link, pair[i].tx, program);
	}
	before = charged();
	for (i = 0; i < CHARGED; i++)
		if (sender_start(&sender[i]) || !sender_wait_asleep(&sender[i]))
			return 12;
	after = charged();
	if (before < 0 || after < before + (CHARGED * 3 / 4) * (long long)MIB)
		return 13;
	for (i = 0; i < CHARGED; i++) {
		close(pair[i].rx);
		sender_join(&sender[i]);
	}
	return 0;
}

static void accounted(void **state)
{
	static uint8_t memory[ZCX_MAX_MEMORY_SEGMENT];
	struct program *program = program_new();
	unsigned int i;
	int status;
	pid_t pid;

	(void)state;
	mkdir(CGROUP, 0700);
	if (mount("none", CGROUP, "cgroup2", 0, NULL))
		test_skip("no control groups: %s", strerror(errno));
	test_at_end(undo_cgroup, NULL);
	if (guest_write(CGROUP "/cgroup.subtree_control", "+memory") ||
	    mkdir(GROUP, 0700))
		test_skip("no memory control groups");
	memset(memory, 'm', sizeof(memory));
	for (i = 0; i < ZCX_MAX_MEMORY_LINK / sizeof(memory); i++)
		program_memory(program, memory, sizeof(memory));
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(charge(program));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

const struct vm_test memory_tests[] = {
	{ "memory_large_ext4", large_real, DIR_EXT4, "all", "never", "lowmem",
	  300, "an ext4 file larger than memory arrives" },
	{ "memory_large_xfs", large_real, DIR_XFS, "all", "never", "lowmem",
	  300, "an XFS file larger than memory arrives" },
	{ "memory_large_overlay", large_real, DIR_OVERLAY, "all", "never",
	  "lowmem", 300, "a file larger than memory arrives by splice" },
	{ "memory_sparse_ext4", large_sparse, DIR_EXT4, "all", "never",
	  "lowmem", 300, "an ext4 hole larger than memory arrives" },
	{ "memory_sparse_tmpfs", large_sparse, DIR_TMPFS, "all", "never",
	  "lowmem", 300, "a tmpfs hole larger than memory takes none" },
	{ "memory_at_once", large_at_once, NULL, "all", "never", "lowmem", 600,
	  "four links of a file larger than memory" },
	{ "memory_sleepers", sleepers, NULL, "all", "all", "lowmem", 200,
	  "64 links asleep, each with a batch, leave memory to work with" },
	{ "memory_accounted", accounted, NULL, "test", "test", "std", 30,
	  "memory of links is charged to the caller's control group" },
	{ 0 }
};
