// SPDX-License-Identifier: GPL-2.0
/* The module as such: loading, unloading, parameters, its device. */
#include <fcntl.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define PARAMETERS	"/sys/module/zcx/parameters/"

static const unsigned int ten = 10, hundred = 100;

static long long refcnt(void)
{
	char text[32];

	if (guest_read("/sys/module/zcx/refcnt", text, sizeof(text)) <= 0)
		return -1;
	return atoll(text);
}

/* Out of the way, and back again when the test is over. */
static void unload(void)
{
	test_at_end(guest_restore_zcx, NULL);
	guest_wait_unused();
	assert_int_equal(guest_rmmod(), 0);
}

static void load(const char *parameters)
{
	assert_int_equal(guest_insmod(getenv("ZCX_KO"), parameters), 0);
}

static void assert_gone(void)
{
	assert_false(guest_has_zcx());
	assert_int_equal(access(ZCX_DEVICE, F_OK), -1);
	assert_int_equal(access("/sys/class/misc/zcx", F_OK), -1);
	assert_int_equal(access("/sys/kernel/debug/zcx", F_OK), -1);
	assert_int_equal(access("/sys/kernel/tracing/events/zcx", F_OK), -1);
	assert_int_equal(zcx_try_open(), -ENOENT);
}

static void assert_works(void)
{
	struct program *program = program_new();
	struct vfile file;

	file_make(&file, DIR_MEMFD, 30001);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_simply(program, PAIR_TCP4);
	file_drop(&file);
}

static void refused_while_open(void **state)
{
	struct program *program = program_new();
	struct exchange x = { .program = program };
	int copy;

	(void)state;
	test_at_end(guest_restore_zcx, NULL);
	program_memory(program, "still here", 10);
	guest_wait_unused();
	x.context = zcx_open();
	assert_int_equal(refcnt(), 1);
	assert_int_equal(guest_rmmod(), -EWOULDBLOCK);
	copy = dup(x.context);
	assert_true(copy >= 0);
	close(x.context);
	assert_int_equal(guest_rmmod(), -EWOULDBLOCK);
	x.context = copy;
	exchange_run(&x);
	close(copy);
	assert_int_equal(refcnt(), 0);
	assert_int_equal(guest_rmmod(), 0);
	assert_gone();
}

/* The only descriptor is closed; what runs holds the module all the same. */
static void refused_while_sending(void **state)
{
	struct program *program = program_new();
	struct receiver receiver = { .expect = program, .held = true };
	struct sender sender = { 0 };
	struct vfile file;
	struct pair pair;

	(void)state;
	test_at_end(guest_restore_zcx, NULL);
	guest_wait_unused();
	pair_open(&pair, PAIR_TCP4, 32768, 32768);
	sender.context = zcx_open();
	file_make(&file, DIR_MEMFD, MIB);
	program_file(program, &file, 0, ZCX_TO_EOF);
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	link_prepare(&sender.link, pair.tx, program);
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	close(sender.context);
	assert_int_equal(guest_rmmod(), -EWOULDBLOCK);
	assert_true(guest_has_zcx());
	receiver_go(&receiver);
	sender_join(&sender);
	assert_int_equal(sender.err, 0);
	assert_int_equal(sender.link.state, ZCX_STATE_SENT);
	assert_int_equal(refcnt(), 0);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, program->bytes);
	pair_close(&pair);
	file_drop(&file);
	assert_int_equal(guest_rmmod(), 0);
	assert_gone();
}

/* Unloaded while the socket has all of it and the peer none of it yet. */
static void unload_behind_bytes(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct program *program = program_new();
	struct receiver receiver = { .expect = program };
	struct zcx_link link;
	struct vfile file;
	struct pair pair;
	int context;

	pair_open(&pair, kind, MIB, MIB);
	context = zcx_open();
	file_make(&file, DIR_TMPFS, 60001);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	link_prepare(&link, pair.tx, program);
	assert_int_equal(link_send(context, &link), 0);
	assert_int_equal(link.bytes_sent, program->bytes);
	close(context);
	unload();
	assert_gone();
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, program->bytes);
	pair_close(&pair);
	file_assert_unchanged(&file);
	file_drop(&file);
}

static void rounds(void **state)
{
	unsigned int count = *(const unsigned int *)*state, i;

	unload();
	for (i = 0; i < count; i++) {
		assert_gone();
		load("");
		assert_int_equal(refcnt(), 0);
		close(zcx_open());
		assert_int_equal(refcnt(), 0);
		if (i % 10 == 5)
			assert_works();
		assert_int_equal(guest_rmmod(), 0);
	}
	assert_gone();
	load("");
	assert_works();
}

static void loads_once(void **state)
{
	(void)state;
	assert_int_equal(guest_insmod(getenv("ZCX_KO"), ""), -EEXIST);
	assert_works();
}

/* Open, send, close, without end, whether the module is there or not. */

struct load {
	const struct program *program;
	_Atomic bool stop;
	_Atomic unsigned int good;
	char problem[256];
	pthread_t thread;
};

static unsigned int now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void *send_always(void *arg)
{
	struct load *load = arg;
	unsigned int begin;

	while (!load->stop && !load->problem[0]) {
		struct exchange x = { .program = load->program };

		x.context = zcx_try_open();
		if (x.context < 0) {
			if (x.context != -ENOENT && x.context != -ENODEV &&
			    x.context != -ENXIO)
				snprintf(load->problem, sizeof(load->problem),
					 "open: %s", strerror(-x.context));
			continue;
		}
		begin = now_ms();
		if (exchange_try(&x))
			load->good++;
		else
			memcpy(load->problem, x.problem,
			       sizeof(load->problem));
		close(x.context);
		/* Let rmmod have a chance, however long that took. */
		guest_sleep_ms(now_ms() - begin + load->good % 8);
	}
	return NULL;
}

static void rounds_under_load(void **state)
{
	unsigned int count = *(const unsigned int *)*state, i;
	struct program *program = program_new();
	struct load by[2];
	unsigned int unloaded = 0;
	struct vfile file;

	memset(by, 0, sizeof(by));
	test_at_end(guest_restore_zcx, NULL);
	file_make(&file, DIR_MEMFD, 20001);
	program_file(program, &file, 0, ZCX_TO_EOF);
	for (i = 0; i < ARRAY_SIZE(by); i++) {
		by[i].program = program;
		assert_int_equal(pthread_create(&by[i].thread, NULL,
						send_always, &by[i]), 0);
	}
	while (unloaded < count) {
		int err = guest_rmmod();

		if (err == -EWOULDBLOCK) {
			guest_sleep_ms(1);
			continue;
		}
		assert_int_equal(err, 0);
		assert_false(guest_has_zcx());
		load("");
		unloaded++;
		guest_sleep_ms(unloaded % 8);
	}
	for (i = 0; i < ARRAY_SIZE(by); i++) {
		while (!by[i].good && !by[i].problem[0])
			guest_sleep_ms(5);
		by[i].stop = true;
		pthread_join(by[i].thread, NULL);
		if (by[i].problem[0])
			fail_msg("%s", by[i].problem);
		assert_true(by[i].good > 0);
	}
	file_drop(&file);
}

static struct zcx_info info_of(int context)
{
	struct zcx_info info = { .size = sizeof(info) };

	assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info), 0);
	return info;
}

static void parameters_given(void **state)
{
	struct zcx_info info;
	int context;

	(void)state;
	unload();
	load("batch_bytes=131072 max_links=7");
	context = zcx_open();
	info = info_of(context);
	assert_int_equal(info.batch_bytes, 131072);
	assert_int_equal(info.max_links, 7);
	close(context);
	assert_works();
	assert_int_equal(guest_rmmod(), 0);
	load("");
	context = zcx_open();
	info = info_of(context);
	assert_int_equal(info.batch_bytes, MIB);
	assert_int_equal(info.max_links, 16384);
	close(context);
}

static void parameters_wrong(void **state)
{
	static const struct {
		const char *text;
		int err;
	} wrong[] = {
		{ "batch_bytes=", -EINVAL },
		{ "batch_bytes=many", -EINVAL },
		{ "batch_bytes=-1", -EINVAL },
		{ "batch_bytes=1.5", -EINVAL },
		{ "batch_bytes=65536x", -EINVAL },
		{ "batch_bytes=4294967296", -ERANGE },
		{ "max_links=", -EINVAL },
		{ "max_links=-5", -EINVAL },
		{ "max_links=0x", -EINVAL },
		{ "max_links=99999999999999999999", -ERANGE },
		{ "batch_bytes=65536 max_links=no", -EINVAL },
	};
	unsigned int i;

	(void)state;
	unload();
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		int err = guest_insmod(getenv("ZCX_KO"), wrong[i].text);

		if (err != wrong[i].err)
			fail_msg("%s: %s", wrong[i].text, strerror(-err));
		assert_gone();
	}
}

static char was[2][32];
static const char *const parameter[2] = {
	PARAMETERS "batch_bytes", PARAMETERS "max_links",
};

static void undo_parameters(void *unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < 2; i++)
		guest_write(parameter[i], was[i]);
}

static void save_parameters(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		assert_true(guest_read(parameter[i], was[i],
				       sizeof(was[i])) > 0);
	test_at_end(undo_parameters, NULL);
}

/* Values out of bounds are brought within them, and what is shown is used. */
static void parameters_bounds(void **state)
{
	static const struct {
		const char *text;
		unsigned int used;
	} batch[] = {
		{ "0", 65536 }, { "1", 65536 }, { "65535", 65536 },
		{ "65536", 65536 }, { "65537", 65536 + 4096 },
		{ "100000", 102400 }, { "1048576", 1048576 },
		{ "4194303", 4194304 }, { "4194304", 4194304 },
		{ "4194305", 4194304 }, { "4294967295", 4194304 },
	};
	int context = zcx_open();
	unsigned int i;

	(void)state;
	save_parameters();
	for (i = 0; i < ARRAY_SIZE(batch); i++) {
		assert_int_equal(guest_write(parameter[0], batch[i].text), 0);
		assert_int_equal(info_of(context).batch_bytes, batch[i].used);
		assert_works();
	}
	assert_int_equal(guest_write(parameter[0], "nonsense"), -EINVAL);
	assert_int_equal(guest_write(parameter[1], "-1"), -EINVAL);
	assert_int_equal(info_of(context).batch_bytes, 4194304);
	assert_int_equal(guest_write(parameter[1], "4294967295"), 0);
	assert_int_equal(info_of(context).max_links, UINT32_MAX);
	assert_works();
	close(context);
}

/* A batch of any size carries the same bytes. */
static void batches(void **state)
{
	static const char *const size[] = { "65536", "69632", "4194304" };
	struct program *program = program_new();
	struct vfile file;
	unsigned int i;

	(void)state;
	save_parameters();
	file_make(&file, DIR_EXT4, guest_pick(9 * MIB, 2 * MIB) + 4567);
	program_memory(program, "header", 6);
	program_file(program, &file, 1, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	for (i = 0; i < ARRAY_SIZE(size); i++) {
		assert_int_equal(guest_write(parameter[0], size[i]), 0);
		exchange_simply(program, PAIR_TCP4);
		file_make_cold(&file);
		exchange_simply(program, PAIR_UNIX);
	}
	file_drop(&file);
}

/* The module's file, for what its head says. */
struct ko {
	char *text;
	size_t size;
};

static struct ko ko_open(void)
{
	int fd = open(getenv("ZCX_KO"), O_RDONLY | O_CLOEXEC);
	struct ko ko = { 0 };
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	ko.size = st.st_size;
	ko.text = mmap(NULL, ko.size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(ko.text != MAP_FAILED);
	close(fd);
	return ko;
}

/* What follows @key in .modinfo, or NULL. */
static const char *ko_info(const struct ko *ko, const char *key)
{
	size_t length = strlen(key);
	const char *at = ko->text, *end = ko->text + ko->size;

	while ((at = memmem(at, end - at, key, length))) {
		if (at > ko->text && !at[-1])
			return at + length;
		at++;
	}
	return NULL;
}

static void modinfo(void **state)
{
	static const char *const key[] = {
		"license=", "description=", "author=", "version=",
		"parm=batch_bytes:", "parmtype=batch_bytes:",
		"parm=max_links:", "parmtype=max_links:",
	};
	struct ko ko = ko_open();
	char text[128];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(key); i++)
		if (!ko_info(&ko, key[i]) || !*ko_info(&ko, key[i]))
			fail_msg("the module's file has no %s", key[i]);
	assert_string_equal(ko_info(&ko, "license="), "GPL");
	assert_true(strlen(ko_info(&ko, "parm=batch_bytes:")) > 20);
	assert_true(strlen(ko_info(&ko, "parm=max_links:")) > 20);
	assert_true(guest_read("/sys/module/zcx/version", text,
			       sizeof(text)) > 0);
	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, ko_info(&ko, "version="));
	munmap(ko.text, ko.size);
	/* Not the shell's own, which looks for an index of modules. */
	assert_int_equal(guest_run("/sbin/modinfo -p %s | grep -q '^max_links:.*EBUSY'",
				   getenv("ZCX_KO")), 0);
}

static void device_node(void **state)
{
	struct stat st;
	char text[64];

	(void)state;
	/* As the module makes it, before anybody has changed its group. */
	unload();
	load("");
	assert_int_equal(stat(ZCX_DEVICE, &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(major(st.st_rdev), 10);
	assert_true(guest_read("/sys/class/misc/zcx/dev", text,
			       sizeof(text)) > 0);
	assert_int_equal(atoi(strchr(text, ':') + 1), minor(st.st_rdev));
	assert_int_equal(guest_rmmod(), 0);
	assert_int_equal(stat(ZCX_DEVICE, &st), -1);
	assert_int_equal(errno, ENOENT);
}

/* The errno that a process of @uid and @gid gets from opening /dev/zcx. */
static int open_as(uid_t uid, gid_t gid)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
		    setresuid(uid, uid, uid))
			_exit(255);
		_exit(open(ZCX_DEVICE, O_RDWR) < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Who is neither root nor in the group may not open it. */
static void device_access(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(ZCX_DEVICE, &st), 0);
	if (!st.st_gid)
		test_skip("/dev/zcx has been given to no group");
	assert_int_equal(open_as(0, 0), 0);
	assert_int_equal(open_as(65534, 65534), EACCES);
	assert_int_equal(open_as(65534, st.st_gid), 0);
}

static void dkms_module(void **state)
{
	const char *ko = getenv("ZCX_DKMS_KO");
	int err;

	(void)state;
	if (!ko || access(ko, R_OK))
		test_skip("this guest was given no module of DKMS's");
	unload();
	err = guest_insmod(ko, "");
	if (err)
		fail_msg("%s: %s", ko, strerror(-err));
	assert_works();
	assert_int_equal(guest_rmmod(), 0);
	assert_gone();
}

static const enum pair_kind tcp4 = PAIR_TCP4, unix_stream = PAIR_UNIX;

const struct vm_test module_tests[] = {
	{ "module_refused_open", refused_while_open, NULL, "test", "test",
	  "std", 30, "rmmod is refused while /dev/zcx is open" },
	{ "module_refused_sending", refused_while_sending, NULL, "test",
	  "test", "std", 30, "rmmod is refused while a link runs" },
	{ "module_unload_behind_tcp", unload_behind_bytes, &tcp4, "test",
	  "test", "std", 30, "what TCP has queued outlives the module" },
	{ "module_unload_behind_unix", unload_behind_bytes, &unix_stream,
	  "test", "test", "std", 30,
	  "what AF_UNIX has queued outlives the module" },
	{ "module_rounds", rounds, &ten, "test", "test", "std", 60,
	  "10 rounds of insmod and rmmod leave nothing behind" },
	{ "module_rounds_100", rounds, &hundred, "all", "all", "std", 120,
	  "100 rounds of insmod and rmmod leave nothing behind" },
	{ "module_rounds_load", rounds_under_load, &ten, "test", "all", "std",
	  90, "insmod and rmmod while others open it and send" },
	{ "module_rounds_load_100", rounds_under_load, &hundred, "all", "all",
	  "std", 300, "100 rounds of that" },
	{ "module_loads_once", loads_once, NULL, "test", "all", "std", 30,
	  "a second insmod is EEXIST" },
	{ "module_parameters", parameters_given, NULL, "test", "test", "std",
	  30, "parameters given to insmod are what INFO says" },
	{ "module_parameters_wrong", parameters_wrong, NULL, "test", "test",
	  "std", 30, "nonsense for a parameter fails insmod" },
	{ "module_parameters_bounds", parameters_bounds, NULL, "test", "test",
	  "std", 60, "batch_bytes is kept within its bounds" },
	{ "module_batches", batches, NULL, "test", "test", "std", 60,
	  "batches of 64 KiB and of 4 MiB carry the same bytes" },
	{ "module_modinfo", modinfo, NULL, "test", "all", "std", 30,
	  "modinfo tells what the module and its parameters are" },
	{ "module_device", device_node, NULL, "test", "test", "std", 30,
	  "/dev/zcx comes with mode 0660, and goes" },
	{ "module_access", device_access, NULL, "test", "all", "std", 30,
	  "only root and the group zcx may open /dev/zcx" },
	{ "module_dkms", dkms_module, NULL, "test", "never", "std", 30,
	  "the module that DKMS built works" },
	{ 0 }
};
