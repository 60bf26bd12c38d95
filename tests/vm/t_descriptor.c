// SPDX-License-Identifier: GPL-2.0
/* Descriptors: shared, copied, passed on, inherited, closed at a bad time. */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

/* Send @program by @context to a new pair; everything is compared. */
static void send_by(int context, const struct program *program,
		    enum pair_kind kind)
{
	struct exchange x = {
		.program = program,
		.kind = kind,
		.context = context,
	};

	exchange_run(&x);
}

/* A link in the middle, asleep, and its receiver, held. */
struct scene {
	struct program *program;
	struct vfile file;
	struct pair pair;
	struct sender sender;
	struct receiver receiver;
};

static void scene_open(struct scene *scene, enum pair_kind kind)
{
	memset(scene, 0, sizeof(*scene));
	pair_open(&scene->pair, kind, 32 * KIB, 32 * KIB);
	scene->sender.context = zcx_open();
	scene->program = program_new();
	file_make(&scene->file, DIR_EXT4, guest_pick(2 * MIB, MIB) + 17);
	program_memory(scene->program, "header", 6);
	program_file(scene->program, &scene->file, 0, ZCX_TO_EOF);
	scene->receiver = (struct receiver) {
		.fd = scene->pair.rx,
		.expect = scene->program,
		.held = true,
	};
	assert_int_equal(receiver_start(&scene->receiver), 0);
	link_prepare(&scene->sender.link, scene->pair.tx, scene->program);
	assert_int_equal(sender_start(&scene->sender), 0);
	assert_true(sender_wait_asleep(&scene->sender));
}

static void scene_finish(struct scene *scene)
{
	receiver_go(&scene->receiver);
	sender_join(&scene->sender);
	assert_int_equal(scene->sender.err, 0);
	assert_null(link_problem_complete(&scene->sender.link, scene->program,
					  0));
	if (scene->pair.tx >= 0)
		close(scene->pair.tx);
	scene->pair.tx = -1;
	receiver_join(&scene->receiver);
	assert_int_equal(scene->receiver.wrong_at, -1);
	assert_int_equal(scene->receiver.error, 0);
	assert_int_equal(scene->receiver.bytes, scene->program->bytes);
	pair_close(&scene->pair);
	if (scene->sender.context >= 0)
		close(scene->sender.context);
	if (scene->file.fd >= 0)
		file_drop(&scene->file);
}

/* One descriptor in all segments of a link: overlapping, and backwards. */
static void file_many_times(void **state)
{
	struct program *program = program_new();
	struct vfile file;
	unsigned int i;

	(void)state;
	file_make(&file, DIR_EXT4, 50000);
	file_lock(&file);
	for (i = 0; i < 500; i++)
		program_file(program, &file, 49900 - i * 97, 100);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_simply(program, PAIR_TCP4);
	exchange_simply(program, PAIR_UNIX);
	assert_true(file_unlock(&file));
	file_drop(&file);
}

/* The link has references of its own on it, as many as it needs, and no more. */
static void file_released(void **state)
{
	const char *dir = *state;
	struct program *program = program_new();
	struct vfile file;

	guest_need_mount(dir);
	file_make(&file, dir, 70001);
	file_lock(&file);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_file(program, &file, 5, 70001);
	assert_true(program->is_short);
	exchange_simply(program, PAIR_TCP4);
	exchange_simply(program, PAIR_UNIX);
	assert_true(file_unlock(&file));
	file_drop(&file);
}

/* While the link is under way it does hold the file. */
static void file_held(void **state)
{
	struct scene scene;
	int locked;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	file_lock(&scene.file);
	locked = scene.file.fd;
	scene.file.fd = open(scene.file.path, O_RDONLY | O_CLOEXEC);
	close(locked);
	assert_int_equal(flock(scene.file.fd, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	receiver_go(&scene.receiver);
	sender_join(&scene.sender);
	assert_int_equal(flock(scene.file.fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(scene.sender.err, 0);
	assert_int_equal(scene.sender.link.bytes_sent, scene.program->bytes);
	close(scene.pair.tx);
	scene.pair.tx = -1;
	receiver_join(&scene.receiver);
	assert_int_equal(scene.receiver.wrong_at, -1);
	pair_close(&scene.pair);
	close(scene.sender.context);
	file_drop(&scene.file);
}

/* Ways to open a file that all can be read from. */
static void file_modes(void **state)
{
	static const int flags[] = {
		O_RDONLY, O_RDWR, O_RDWR | O_APPEND, O_RDWR | O_SYNC,
		O_RDONLY | O_NONBLOCK, O_RDONLY | O_DIRECT,
		O_RDONLY | O_NOATIME,
	};
	struct program *program = program_new();
	struct vfile file;
	unsigned int i;

	(void)state;
	file_make(&file, DIR_EXT4, 30001);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct vfile again = file;

		again.fd = open(file.path, flags[i] | O_CLOEXEC);
		assert_true(again.fd >= 0);
		program_clear(program);
		program_file(program, &again, 0, ZCX_TO_EOF);
		program_file(program, &file, 1, 3);
		exchange_simply(program, PAIR_TCP4);
		close(again.fd);
	}
	file_drop(&file);
}

/* No name anywhere: O_TMPFILE. */
static void file_without_name(void **state)
{
	struct program *program = program_new();
	struct vfile file = { .size = 50001, .seed = content_seed() };

	(void)state;
	file.fd = open(DIR_EXT4, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	assert_true(file.fd >= 0);
	file_put(&file, 0, file.size);
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_simply(program, PAIR_TCP4);
	file_drop(&file);
}

static void assert_exit_0(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void give(int sock, int fd)
{
	if (pair_pass(sock, fd))
		_exit(90);
}

/* File, context and socket: all three opened by a process that is gone. */
static void all_passed(void **state)
{
	struct program *program = program_new();
	struct vfile file, mine;
	struct exchange x = { .program = program, .connected = true };
	int way[2];
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    way), 0);
	file_make(&file, DIR_EXT4, 90001);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct pair pair;

		if (pair_try(&pair, PAIR_TCP4, 0, 0))
			_exit(91);
		give(way[1], open(file.path, O_RDONLY));
		give(way[1], zcx_try_open());
		give(way[1], pair.tx);
		give(way[1], pair.rx);
		_exit(0);
	}
	mine = file;
	mine.fd = pair_take(way[0]);
	x.context = pair_take(way[0]);
	x.pair.tx = pair_take(way[0]);
	x.pair.rx = pair_take(way[0]);
	assert_exit_0(pid);
	program_file(program, &mine, 0, ZCX_TO_EOF);
	exchange_run(&x);
	assert_int_equal(x.link.id, 1);
	close(x.context);
	close(mine.fd);
	close(way[0]);
	close(way[1]);
	file_drop(&file);
}

/* A copy of the socket sends; the first one is closed. */
static void socket_copied(void **state)
{
	struct program *program = program_new();
	struct exchange x = { .program = program, .connected = true };
	struct vfile file;
	int copy;

	file_make(&file, DIR_EXT4, 90001);
	program_file(program, &file, 0, ZCX_TO_EOF);
	pair_open(&x.pair, *(const enum pair_kind *)*state, 0, 0);
	copy = fcntl(x.pair.tx, F_DUPFD_CLOEXEC, 200);
	assert_true(copy >= 200);
	close(x.pair.tx);
	x.pair.tx = copy;
	exchange_run(&x);
	file_drop(&file);
}

/* Segment and socket under one number each, far up. */
static void large_numbers(void **state)
{
	struct program *program = program_new();
	struct exchange x = { .program = program, .connected = true };
	struct vfile file, far;
	int near = zcx_open();

	(void)state;
	file_make(&file, DIR_EXT4, 20001);
	far = file;
	far.fd = fcntl(file.fd, F_DUPFD_CLOEXEC, 4000);
	assert_true(far.fd >= 4000);
	program_file(program, &far, 0, ZCX_TO_EOF);
	pair_open(&x.pair, PAIR_TCP4, 0, 0);
	x.context = fcntl(near, F_DUPFD_CLOEXEC, 4010);
	assert_true(x.context >= 4010);
	close(near);
	exchange_run(&x);
	close(x.context);
	close(far.fd);
	file_drop(&file);
}

/* Descriptor 0 is as good as any: "none" is spelt otherwise. */
static void number_zero(void **state)
{
	struct program *program = program_new();
	struct vfile file, zero;
	int standard = dup(0);

	(void)state;
	file_make(&file, DIR_EXT4, 20001);
	zero = file;
	assert_int_equal(dup2(file.fd, 0), 0);
	zero.fd = 0;
	program_file(program, &zero, 0, ZCX_TO_EOF);
	exchange_simply(program, PAIR_TCP4);
	dup2(standard, 0);
	close(standard);
	file_drop(&file);
}

static void copies_are_one(void **state)
{
	struct program *program = program_new();
	int context = zcx_open(), copy = dup(context), other = zcx_open();

	(void)state;
	program_memory(program, "bytes", 5);
	send_by(context, program, PAIR_TCP4);
	send_by(copy, program, PAIR_UNIX);
	assert_int_equal(link_fdinfo(context, "links_started"), 2);
	assert_int_equal(link_fdinfo(copy, "links_started"), 2);
	assert_int_equal(link_fdinfo(other, "links_started"), 0);
	close(context);
	send_by(copy, program, PAIR_TCP4);
	assert_int_equal(link_fdinfo(copy, "bytes_sent"), 15);
	close(copy);
	close(other);
}

/* A child uses what it was left; the parent goes on afterwards. */
static void inherited(void **state)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct vfile file;
	unsigned int i;

	(void)state;
	file_make(&file, DIR_EXT4, 60001);
	program_file(program, &file, 0, ZCX_TO_EOF);
	send_by(context, program, PAIR_TCP4);
	for (i = 0; i < 3; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			struct exchange x = {
				.program = program,
				.context = context,
				.kind = i % 2 ? PAIR_UNIX : PAIR_TCP4,
			};

			_exit(exchange_try(&x) && x.link.id == i + 2 ? 0 : 1);
		}
		assert_exit_0(pid);
	}
	send_by(context, program, PAIR_TCP4);
	assert_int_equal(link_fdinfo(context, "links_started"), 5);
	close(context);
	file_drop(&file);
}

/* Parent and child by one context at the same time. */
static void inherited_at_once(void **state)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct vfile file;
	unsigned int i;
	pid_t pid;

	(void)state;
	file_make(&file, DIR_EXT4, 60001);
	program_file(program, &file, 0, ZCX_TO_EOF);
	pid = fork();
	assert_true(pid >= 0);
	for (i = 0; i < 20; i++) {
		struct exchange x = {
			.program = program,
			.context = context,
			.kind = i % 2 ? PAIR_UNIX : PAIR_TCP4,
		};

		if (pid)
			exchange_run(&x);
		else if (!exchange_try(&x))
			_exit(1);
	}
	if (!pid)
		_exit(0);
	assert_exit_0(pid);
	assert_int_equal(link_fdinfo(context, "links_sent"), 40);
	assert_int_equal(link_fdinfo(context, "links"), 0);
	close(context);
	file_drop(&file);
}

/* The process that opened all of it is killed in the middle of a link. */
static void killed(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct program *program = program_new();
	struct receiver receiver = { .expect = program, .held = true };
	struct vfile file;
	struct pair pair;
	int status;
	pid_t pid;

	pair_open(&pair, kind, 32 * KIB, 32 * KIB);
	file_make(&file, DIR_EXT4, MIB);
	file_lock(&file);
	program_file(program, &file, 0, ZCX_TO_EOF);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct zcx_link link;

		close(pair.rx);
		link_prepare(&link, pair.tx, program);
		link_send(zcx_try_open(), &link);
		_exit(0);
	}
	assert_true(guest_wait_asleep(pid, pid));
	close(pair.tx);
	pair.tx = -1;
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	/* The stream ends, since nobody has the socket any more. */
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.error, 0);
	assert_in_range(receiver.bytes, 1, MIB - 1);
	pair_close(&pair);
	assert_true(file_unlock(&file));
	file_drop(&file);
}

static void context_closed(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	close(scene.sender.context);
	scene.sender.context = -1;
	scene_finish(&scene);
}

static void all_closed(void **state)
{
	struct scene scene;

	scene_open(&scene, *(const enum pair_kind *)*state);
	close(scene.sender.context);
	scene.sender.context = -1;
	close(scene.pair.tx);
	scene.pair.tx = -1;
	close(scene.file.fd);
	scene.file.fd = -1;
	scene_finish(&scene);
}

/* Another link by the context of one that sleeps. */
static void context_in_use(void **state)
{
	struct program *program = program_new();
	struct scene scene;

	(void)state;
	scene_open(&scene, PAIR_TCP4);
	program_memory(program, "meanwhile", 9);
	assert_int_equal(link_fdinfo(scene.sender.context, "links"), 1);
	send_by(scene.sender.context, program, PAIR_UNIX);
	assert_int_equal(link_fdinfo(scene.sender.context, "links"), 1);
	assert_int_equal(link_fdinfo(scene.sender.context, "links_started"),
			 2);
	scene_finish(&scene);
}

/* Nothing is left open behind exec(2) that was to be closed. */
static void close_on_exec(void **state)
{
	int keep = open(ZCX_DEVICE, O_RDWR);
	int drop = open(ZCX_DEVICE, O_RDWR | O_CLOEXEC);

	(void)state;
	assert_true(keep >= 0 && drop >= 0);
	assert_int_equal(guest_run("[ -e /proc/self/fd/%d ]", keep), 0);
	assert_int_equal(guest_run("[ -e /proc/self/fd/%d ]", drop), 1);
	assert_int_equal(guest_run("grep -q '^links_started:' /proc/self/fdinfo/%d",
				   keep), 0);
	close(keep);
	close(drop);
}

/* The socket of a link, on its way through another socket. */
static void socket_in_flight(void **state)
{
	struct scene scene;
	int way[2], back;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    way), 0);
	scene_open(&scene, PAIR_UNIX);
	assert_int_equal(pair_pass(way[0], scene.pair.tx), 0);
	close(scene.pair.tx);
	back = pair_take(way[1]);
	scene.pair.tx = back;
	scene_finish(&scene);
	close(way[0]);
	close(way[1]);
}

/*
 * A context in flight on the very socket that its link goes to: when both ends
 * are closed, all of it goes.
 */
static void context_in_flight(void **state)
{
	struct scene scene;

	(void)state;
	memset(&scene, 0, sizeof(scene));
	pair_open(&scene.pair, PAIR_UNIX, 32 * KIB, 0);
	scene.sender.context = zcx_open();
	scene.program = program_new();
	file_make(&scene.file, DIR_EXT4, MIB);
	file_lock(&scene.file);
	program_file(scene.program, &scene.file, 0, ZCX_TO_EOF);
	assert_int_equal(pair_pass(scene.pair.tx, scene.sender.context), 0);
	link_prepare(&scene.sender.link, scene.pair.tx, scene.program);
	assert_int_equal(sender_start(&scene.sender), 0);
	assert_true(sender_wait_asleep(&scene.sender));
	close(scene.sender.context);
	close(scene.pair.tx);
	close(scene.pair.rx);
	sender_join(&scene.sender);
	assert_int_equal(scene.sender.link.error, EPIPE);
	assert_true(file_unlock(&scene.file));
	file_drop(&scene.file);
}

static void many_contexts(void **state)
{
	struct program *program = program_new();
	static int context[1000];
	unsigned int i;

	(void)state;
	program_memory(program, "bytes", 5);
	for (i = 0; i < ARRAY_SIZE(context); i++)
		context[i] = zcx_open();
	send_by(context[0], program, PAIR_TCP4);
	send_by(context[ARRAY_SIZE(context) - 1], program, PAIR_TCP4);
	for (i = 0; i < ARRAY_SIZE(context); i++)
		close(context[i]);
}

static const enum pair_kind tcp4 = PAIR_TCP4, unix_stream = PAIR_UNIX;

const struct vm_test descriptor_tests[] = {
	{ "descriptor_file_many_times", file_many_times, NULL, "test", "test",
	  "std", 30, "one file in 502 segments of a link" },
	{ "descriptor_released_ext4", file_released, DIR_EXT4, "test", "test",
	  "std", 30, "the file is let go of when the link has ended" },
	{ "descriptor_released_overlay", file_released, DIR_OVERLAY, "test",
	  "test", "std", 30, "the same by the splice lane" },
	{ "descriptor_held", file_held, NULL, "test", "test", "std", 30,
	  "a running link holds its file open, and no longer" },
	{ "descriptor_modes", file_modes, NULL, "test", "all", "std", 30,
	  "files open O_RDWR, O_DIRECT, O_APPEND, ... are read from" },
	{ "descriptor_tmpfile", file_without_name, NULL, "test", "all", "std",
	  30, "a file without a name is read from" },
	{ "descriptor_passed", all_passed, NULL, "test", "test", "std", 30,
	  "file, context and socket come from another process" },
	{ "descriptor_socket_dup_tcp4", socket_copied, &tcp4, "test", "all",
	  "std", 30, "a dup of a TCP socket is sent to" },
	{ "descriptor_socket_dup_unix", socket_copied, &unix_stream, "test",
	  "all", "std", 30, "a dup of an AF_UNIX socket is sent to" },
	{ "descriptor_large", large_numbers, NULL, "test", "all", "std", 30,
	  "descriptor numbers above 4000" },
	{ "descriptor_zero", number_zero, NULL, "test", "all", "std", 30,
	  "descriptor number 0" },
	{ "descriptor_context_dup", copies_are_one, NULL, "test", "all", "std",
	  30, "copies of a context are one context" },
	{ "descriptor_inherited", inherited, NULL, "test", "test", "std", 30,
	  "children use an inherited context" },
	{ "descriptor_inherited_at_once", inherited_at_once, NULL, "test",
	  "test", "std", 30, "parent and child use a context at once" },
	{ "descriptor_killed_tcp4", killed, &tcp4, "test", "test", "std", 30,
	  "a process killed in a link leaves nothing behind, TCP" },
	{ "descriptor_killed_unix", killed, &unix_stream, "test", "all", "std",
	  30, "a process killed in a link leaves nothing behind, AF_UNIX" },
	{ "descriptor_context_closed", context_closed, NULL, "test", "test",
	  "std", 30, "a context closed under a link" },
	{ "descriptor_all_closed_tcp4", all_closed, &tcp4, "test", "test",
	  "std", 30, "context, socket and file closed under a link, TCP" },
	{ "descriptor_all_closed_unix", all_closed, &unix_stream, "test",
	  "all", "std", 30,
	  "context, socket and file closed under a link, AF_UNIX" },
	{ "descriptor_context_in_use", context_in_use, NULL, "test", "test",
	  "std", 30, "a link by the context of another that sleeps" },
	{ "descriptor_cloexec", close_on_exec, NULL, "test", "all", "std", 30,
	  "O_CLOEXEC closes /dev/zcx, and without it stays open" },
	{ "descriptor_socket_in_flight", socket_in_flight, NULL, "test", "all",
	  "std", 30, "the socket of a link is passed on meanwhile" },
	{ "descriptor_cycle", context_in_flight, NULL, "test", "test", "std",
	  30, "a context in flight on the socket of its own link ends" },
	{ "descriptor_many_contexts", many_contexts, NULL, "test", "all",
	  "std", 60, "1000 open contexts" },
	{ 0 }
};
