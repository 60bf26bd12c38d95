// SPDX-License-Identifier: GPL-2.0
/*
 * What one user may have in links that run by themselves, over all that he has
 * opened /dev/zcx for: parameters max_user_links and max_user_files.
 */
#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "async.h"
#include "guest.h"
#include "vmtest.h"

#define PARAMETERS	"/sys/module/zcx/parameters/"

#define ALICE	1001
#define BOB	1002

static void set_limit(const char *name, unsigned int value)
{
	char path[96], text[16];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	snprintf(text, sizeof(text), "%u", value);
	assert_int_equal(guest_set(path, text), 0);
}

/* In a child: become @uid, open, and pass it on. 0 or an exit code. */
static int open_and_pass(uid_t uid, gid_t gid, int sock)
{
	int context;

	if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
	    setresuid(uid, uid, uid))
		return 1;
	context = zcx_try_open();
	if (context < 0)
		return 2;
	return pair_pass(sock, context) ? 3 : 0;
}

/* A context that @uid, who is nobody in particular, has opened. */
static int open_as(uid_t uid)
{
	int way[2], status, context;
	struct stat st;
	pid_t pid;

	assert_int_equal(stat(ZCX_DEVICE, &st), 0);
	if (!st.st_gid)
		test_skip("/dev/zcx has been given to no group");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    way), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(open_and_pass(uid, st.st_gid, way[0]));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	context = pair_take(way[1]);
	close(way[0]);
	close(way[1]);
	return context;
}

/**
 * struct account - a context of some user, and a socket that nobody reads from
 * @context: the context
 * @pair: the socket; links to it wait, the first for room and the others in line
 * @program: that they send
 * @links: accepted so far
 */
struct account {
	int context;
	struct pair pair;
	const struct program *program;
	unsigned int links;
};

static void account_open(struct account *account, uid_t uid,
			 const struct program *program)
{
	account->context = open_as(uid);
	pair_open(&account->pair, PAIR_UNIX, 16 * KIB, 0);
	account->program = program;
	account->links = 0;
}

static void account_close(struct account *account)
{
	if (account->context >= 0)
		close(account->context);
	account->context = -1;
	pair_close(&account->pair);
}

/* One more link: 0 or -errno. */
static int account_submit(struct account *account)
{
	struct zcx_link link;
	int err;

	async_prepare(&link, account->pair.tx, account->program);
	err = link_send(account->context, &link);
	if (!err)
		assert_int_equal(link.id, ++account->links);
	else
		assert_int_equal(link.id, 0);
	return err;
}

/* @links more are accepted, and then none. */
static void account_takes(struct account *account, unsigned int links)
{
	unsigned int i;

	for (i = 0; i < links; i++)
		assert_int_equal(account_submit(account), 0);
	assert_int_equal(account_submit(account), -EDQUOT);
}

/* The same, once others have given back what they had: soon. */
static void account_soon_takes(struct account *account, unsigned int links)
{
	unsigned int got = 0, i;
	int err = 0;

	for (i = 0; i < GUEST_PATIENCE_MS / 5 && got < links; i++) {
		err = account_submit(account);
		assert_true(!err || err == -EDQUOT);
		got += !err;
		if (err)
			guest_sleep_ms(5);
	}
	assert_int_equal(got, links);
	assert_int_equal(account_submit(account), -EDQUOT);
}

/* More than fits the socket. */
static struct program *large_program(struct vfile *file)
{
	struct program *program = program_new();

	file_make(file, DIR_EXT4, MIB);
	program_file(program, file, 0, ZCX_TO_EOF);
	return program;
}

static void links_are_counted(void **state)
{
	struct account alice[3], bob, again;
	struct program *program, *memory = program_new();
	struct zcx_event event;
	struct zcx_link link;
	struct vfile file;
	struct pair pair;
	unsigned int i;
	uint64_t id;

	(void)state;
	set_limit("max_user_links", 100);
	program = large_program(&file);
	for (i = 0; i < 3; i++)
		account_open(&alice[i], ALICE, program);
	account_open(&bob, BOB, program);
	for (i = 0; i < 100; i++)
		assert_int_equal(account_submit(&alice[i % 3]), 0);
	for (i = 0; i < 3; i++)
		account_takes(&alice[i], 0);

	/* It is no concern of anybody else's. */
	account_takes(&bob, 100);
	/* Nor are synchronous ones counted: their callers hold what they hold. */
	pair_open(&pair, PAIR_UNIX, 0, 0);
	program_memory(memory, "bytes", 5);
	link_prepare(&link, pair.tx, memory);
	assert_int_equal(link_send(alice[0].context, &link), 0);
	assert_int_equal(link.bytes_sent, 5);
	alice[0].links++;

	/* A link that has ended is counted until its event has been read. */
	id = 1;
	assert_int_equal(async_control(alice[0].context, ZCX_IOC_CANCEL, id),
			 0);
	async_pending(alice[0].context, 34);
	account_takes(&alice[0], 0);
	async_event_of(alice[0].context, id, &event);
	account_soon_takes(&alice[1], 1);

	/* What is closed is given back. */
	close(alice[1].context);
	alice[1].context = -1;
	account_soon_takes(&alice[2], 34);

	/* Less than they have: none more, until they have less. */
	set_limit("max_user_links", 50);
	account_takes(&alice[2], 0);
	close(alice[0].context);
	alice[0].context = -1;
	account_takes(&alice[2], 0);
	close(alice[2].context);
	alice[2].context = -1;
	account_open(&again, ALICE, program);
	account_soon_takes(&again, 50);

	account_close(&again);
	account_close(&bob);
	for (i = 0; i < 3; i++)
		account_close(&alice[i]);
	pair_close(&pair);
	file_drop(&file);
}

/**
 * struct files_case - a program, and what it counts as
 * @order: of its segments: "a" and "b" are files, "A" the first one by another
 *	descriptor of the same open file, "m" is memory
 * @files: files and sockets that it is counted as
 */
struct files_case {
	const char *order;
	unsigned int files;
};

/* @uid and the next one have nothing yet. */
static void files_case_run(const struct files_case *fc, uid_t uid,
			   const struct vfile *file, const struct vfile *copy)
{
	struct program *program = program_new();
	struct account alice[2], bob;
	const char *c;
	unsigned int i;

	for (c = fc->order; *c; c++) {
		if (*c == 'm')
			program_memory(program, "memory", 6);
		else
			program_file(program, *c == 'A' ? copy :
				     &file[*c - 'a'], 0, MIB);
	}
	/* So that it does not fit the socket, and is not sent at once. */
	program_file(program, &file[2], 0, MIB);
	for (i = 0; i < 2; i++)
		account_open(&alice[i], uid, program);
	account_open(&bob, uid + 1, program);
	/* Room for 20 of them, and all but one file of the next. */
	set_limit("max_user_files", 21 * fc->files - 1);
	print_message("%s and one more: %u\n", fc->order, fc->files);
	for (i = 0; i < 20; i++)
		assert_int_equal(account_submit(&alice[i % 2]), 0);
	/* A refused link takes nothing, however often. */
	for (i = 0; i < 200; i++)
		account_takes(&alice[i % 2], 0);
	account_takes(&bob, 20);
	close(alice[0].context);
	alice[0].context = -1;
	account_soon_takes(&alice[1], 10);
	/* Not a link too few is left. */
	set_limit("max_user_files", 100000);
	account_takes(&alice[1], 80);
	account_close(&bob);
	for (i = 0; i < 2; i++)
		account_close(&alice[i]);
}

/* Each with one more file at its end, and the socket. */
static void files_are_counted(void **state)
{
	static const struct files_case cases[] = {
		{ "", 2 }, { "m", 2 }, { "a", 3 }, { "aaaa", 3 }, { "ab", 4 },
		{ "aba", 5 }, { "abab", 6 }, { "aA", 3 }, { "mabbm", 4 },
	};
	struct vfile file[3], copy;
	unsigned int i;

	(void)state;
	set_limit("max_user_links", 100);
	for (i = 0; i < 3; i++)
		file_make(&file[i], DIR_EXT4, MIB);
	copy = file[0];
	copy.fd = fcntl(file[0].fd, F_DUPFD_CLOEXEC, 0);
	assert_true(copy.fd >= 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		files_case_run(&cases[i], ALICE + 2 * i, file, &copy);
	close(copy.fd);
	for (i = 0; i < 3; i++)
		file_drop(&file[i]);
}

const struct vm_test limits_tests[] = {
	{ "abuse_user_links", links_are_counted, NULL, "test", "test", "std",
	  60, "max_user_links: over all contexts of a user, and of no other" },
	{ "abuse_user_files", files_are_counted, NULL, "all", "all", "std",
	  90, "max_user_files: each run of one file once, and the socket" },
	{ 0 }
};
