// SPDX-License-Identifier: GPL-2.0
/*
 * Small requests whose end is cold, and links that read ahead, where the disk answers
 * late, with an error, or not before somebody has been killed.
 */
#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <sys/wait.h>

#include "async.h"
#include "exchange.h"
#include "guest.h"
#include "mapped.h"
#include "vmtest.h"

#define DIR_MAPPED	"/tmp/zcx-mapped"
#define SMALL		(16 * KIB)

/* It takes longer than any test; but who waits has it once the table is another. */
#define FOREVER		"600000"

/**
 * struct cold - a request whose end is cold
 * @linear: what makes the disk a good one
 * @context: which it is sent by
 * @file: on a disk of one's own
 * @program: header and file
 */
struct cold {
	char linear[32];
	int context;
	struct vfile file;
	struct program *program;
};

static void disk_open(bool xfs, char linear[32])
{
	mapped_make(DIR_XFS, xfs ? 400 * MIB : 64 * MIB, 512, linear);
	mapped_format(xfs ? "/bin/mkfs.xfs -q -f" : "/bin/mkfs.ext4 -q -F");
	mapped_mount(DIR_MAPPED, xfs ? "xfs" : "ext4");
}

static void cold_open(struct cold *cold)
{
	disk_open(false, cold->linear);
	cold->context = zcx_open();
	cold->program = program_new();
	file_make(&cold->file, DIR_MAPPED, SMALL);
	program_memory(cold->program, "header", 6);
	program_file(cold->program, &cold->file, 0, ZCX_TO_EOF);
	file_chill(&cold->file);
}

/*
 * Its disk does not answer. (One that is suspended does: whatever is read ahead, it says,
 * has failed.)
 */
static void cold_stall(const struct cold *cold)
{
	char parameters[48];

	guest_modprobe("dm-delay");
	snprintf(parameters, sizeof(parameters), "%s " FOREVER, cold->linear);
	mapped_table("delay", parameters);
}

static void cold_go(const struct cold *cold)
{
	mapped_table("linear", cold->linear);
}

static void cold_close(struct cold *cold)
{
	close(cold->context);
	file_drop(&cold->file);
	mapped_umount(DIR_MAPPED);
}

/* Who comes while it is read stays behind it. */
static void in_line(void **state)
{
	struct cold cold;
	struct program *later = program_new(), *both = program_new();
	struct receiver receiver = { .expect = both };
	struct sender sender = { 0 };
	int other = zcx_open();
	struct pair pair;
	uint64_t id;

	(void)state;
	cold_open(&cold);
	program_memory(later, "later", 5);
	program_memory(both, "header", 6);
	program_file(both, &cold.file, 0, ZCX_TO_EOF);
	program_memory(both, "later", 5);
	pair_open(&pair, PAIR_TCP4, 0, 0);
	cold_stall(&cold);
	sender.context = cold.context;
	link_prepare(&sender.link, pair.tx, cold.program);
	assert_int_equal(sender_start(&sender), 0);
	assert_true(guest_wait_state(getpid(), sender.tid, 'D'));
	id = async_send(other, pair.tx, later);
	async_waits(other, id, ZCX_WAIT_TURN);
	cold_go(&cold);
	sender_join(&sender);
	assert_int_equal(sender.err, 0);
	assert_null(link_problem_complete(&sender.link, cold.program, 0));
	assert_int_equal(link_fdinfo(cold.context, "links_express"), 1);
	async_sent(other, id, later, ZCX_STATE_SENT, 0);
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, both->bytes);
	pair_close(&pair);
	close(other);
	cold_close(&cold);
}

/* The header goes, as by a link, which it becomes; then EIO. */
static void in_error(void **state)
{
	struct cold cold;
	struct exchange x = { .kind = PAIR_TCP4, .error = EIO, .good = 6 };

	(void)state;
	cold_open(&cold);
	x.program = cold.program;
	x.context = cold.context;
	mapped_table("error", "");
	exchange_run(&x);
	assert_int_equal(link_fdinfo(cold.context, "links_express"), 0);
	assert_int_equal(link_fdinfo(cold.context, "links_failed"), 1);
	cold_close(&cold);
}

/* Whoever waits for a disk can be killed, whatever becomes of the disk. */
static void killed(void **state)
{
	struct cold cold;
	struct pair pair;
	int status;
	pid_t pid;

	(void)state;
	cold_open(&cold);
	pair_open(&pair, PAIR_TCP4, 0, 0);
	cold_stall(&cold);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct zcx_link link;

		link_prepare(&link, pair.tx, cold.program);
		_exit(link_send(cold.context, &link) ? 1 : 2);
	}
	assert_true(guest_wait_state(pid, pid, 'D'));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	cold_go(&cold);
	pair_close(&pair);
	cold_close(&cold);
	guest_assert_unloads();
}

/*
 * A file whose first pages are a hole, and the others on their way to a disk that
 * answers nothing. They have their places there already: no journal is asked.
 */
static void make_writeback(struct vfile *file)
{
	static uint8_t bytes[64 * KIB];
	int fd = file_open_writable(file);
	unsigned int i;

	assert_true(fd >= 0);
	assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE |
				   FALLOC_FL_KEEP_SIZE, 0, sizeof(bytes)), 0);
	assert_int_equal(fsync(fd), 0);
	for (i = 1; i < MIB / sizeof(bytes); i++)
		assert_int_equal(pwrite(fd, bytes, sizeof(bytes),
					i * sizeof(bytes)), sizeof(bytes));
	mapped_suspend(true);
	assert_int_equal(sync_file_range(fd, 0, MIB, SYNC_FILE_RANGE_WRITE), 0);
	/* Has each reclaimed when it has been written: PG_reclaim. */
	posix_fadvise(fd, 0, MIB, POSIX_FADV_DONTNEED);
	close(fd);
}

/*
 * Readahead leaves a mark alone whose folio is being written back, where it says
 * something else. Who asks for window after window must not ask for ever.
 */
static void writeback(void **state)
{
	struct program *program = program_new();
	struct sender sender = { .context = zcx_open() };
	struct receiver receiver = { 0 };
	struct vfile file;
	struct pair pair;
	char linear[32];

	(void)state;
	disk_open(true, linear);
	file_make(&file, DIR_MAPPED, MIB);
	make_writeback(&file);
	pair_open(&pair, PAIR_TCP4, 0, 0);
	program_file(program, &file, 0, ZCX_TO_EOF);
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	link_prepare(&sender.link, pair.tx, program);
	assert_int_equal(sender_start(&sender), 0);
	/* All is in memory: it is done while the disk still says nothing. */
	sender_join(&sender);
	mapped_suspend(false);
	assert_int_equal(sender.err, 0);
	assert_int_equal(sender.link.bytes_sent, MIB);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.bytes, MIB);
	pair_close(&pair);
	close(sender.context);
	file_drop(&file);
	mapped_umount(DIR_MAPPED);
}

const struct vm_test express_disk_tests[] = {
	{ "express_disk_in_line", in_line, NULL, "test", "test", "std", 60,
	  "who comes while the end of a request is read stays behind it" },
	{ "express_disk_error", in_error, NULL, "test", "test", "std", 60,
	  "a bad disk: the header, then EIO, counted as of a link" },
	{ "express_disk_killed", killed, NULL, "test", "test", "std", 60,
	  "SIGKILL ends who waits for a disk that answers nothing" },
	{ "express_disk_writeback", writeback, NULL, "test", "test", "std", 60,
	  "reading ahead does not go round at what is being written back" },
	{ 0 }
};
