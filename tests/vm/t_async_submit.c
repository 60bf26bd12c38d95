// SPDX-License-Identifier: GPL-2.0
/*
 * Submission of links that run by themselves: what is refused, how many at a
 * time, structs of other sizes, and on whose behalf.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include "async.h"
#include "guest.h"
#include "refusal.h"
#include "vmtest.h"

/* Size of the first version of struct zcx_link. */
#define FIRST_SIZE	104

/* The first version of the struct, and nothing is written behind it. */
static void first_version(void **state)
{
	struct program *program = program_new();
	int context = zcx_open();
	union {
		struct zcx_link link;
		uint8_t bytes[sizeof(struct zcx_link)];
	} old;
	struct pair pair;
	unsigned int i, round;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 0, 0);
	program_memory(program, "old", 3);
	for (round = 0; round < 2; round++) {
		memset(&old, 0x5a, sizeof(old));
		link_prepare(&old.link, pair.tx, program);
		memset(old.bytes + FIRST_SIZE, 0x5a, sizeof(old) - FIRST_SIZE);
		old.link.size = FIRST_SIZE;
		old.link.flags = round ? ZCX_LINK_SYNC : 0;
		old.link.user_data = 3;
		assert_int_equal(link_send(context, &old.link), 0);
		assert_int_equal(old.link.id, round + 1);
		for (i = FIRST_SIZE; i < sizeof(old); i++)
			assert_int_equal(old.bytes[i], 0x5a);
		/* A link without limits; they would be there, if read. */
		if (!round)
			async_sent(context, 1, program, ZCX_STATE_SENT, 0);
		else
			assert_int_equal(old.link.bytes_sent, 3);
	}
	async_quiet(context);
	pair_close(&pair);
	close(context);
}

static void refused_limits(void **state)
{
	struct refusal scene;
	uint64_t *limits[3];
	unsigned int i;

	(void)state;
	refusal_open(&scene, PAIR_TCP4);
	for (i = 0; i < 3; i++) {
		refusal_reset(&scene);
		limits[0] = (uint64_t *)&scene.link.deadline_ns;
		limits[1] = (uint64_t *)&scene.link.idle_ns;
		limits[2] = (uint64_t *)&scene.link.rate;
		*limits[i] = 1000000000ULL;
		refusal_refused(&scene, -EINVAL, "SYNC with a limit");
	}
	refusal_reset(&scene);
	scene.link.flags |= ZCX_LINK_ACKED;
	refusal_refused(&scene, -EINVAL, "SYNC with ACKED");
	refusal_reset(&scene);
	scene.link.flags |= ZCX_LINK_FOLLOW;
	refusal_refused(&scene, -EINVAL, "SYNC with FOLLOW");
	for (i = 6; i < 32; i++) {
		refusal_reset(&scene);
		scene.link.flags = 1U << i;
		refusal_refused(&scene, -EOPNOTSUPP, "an unknown flag");
	}
	refusal_reset(&scene);
	scene.link.flags = 0;
	scene.link.__reserved = 1;
	refusal_refused(&scene, -EINVAL, "a reserved member");
	refusal_reset(&scene);
	scene.link.flags = 0;
	scene.link.size = sizeof(scene.link) + 8;
	scene.room[sizeof(scene.link) + 3] = 1;
	refusal_refused(&scene, -E2BIG, "a tail that is not zero");
	refusal_reset(&scene);
	scene.link.flags = 0;
	scene.link.size = FIRST_SIZE - 1;
	refusal_refused(&scene, -EINVAL, "a struct that is too small");
	refusal_reset(&scene);
	scene.link.flags = 0;
	scene.link.socket_fd = scene.file.fd;
	refusal_refused(&scene, -ENOTSOCK, "a file for a socket");
	refusal_reset(&scene);
	scene.link.flags = 0;
	segment(&scene, 1)->fd = -1;
	refusal_refused(&scene, -EBADF, "no file");
	refusal_close(&scene);
}

static void refused_controls(void **state)
{
	static const unsigned long controls[] = {
		ZCX_IOC_CANCEL, ZCX_IOC_PAUSE, ZCX_IOC_RESUME,
	};
	int context = zcx_open();
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(controls); i++) {
		struct {
			struct zcx_control control;
			uint64_t more;
		} call = { .control = { .size = sizeof(call.control) } };

		call.control.flags = 1;
		assert_int_equal(zcx_call(context, controls[i], &call),
				 -EOPNOTSUPP);
		call.control.flags = 0;
		call.control.size--;
		assert_int_equal(zcx_call(context, controls[i], &call),
				 -EINVAL);
		call.control.size = sizeof(call);
		assert_int_equal(zcx_call(context, controls[i], &call),
				 -ENOENT);
		call.more = 1;
		assert_int_equal(zcx_call(context, controls[i], &call),
				 -E2BIG);
		call.control.size = 4097;
		assert_int_equal(zcx_call(context, controls[i], &call),
				 -E2BIG);
		assert_int_equal(zcx_call(context, controls[i], NULL),
				 -EFAULT);
	}
	close(context);
}

/* Synchronous links are no one's to find. */
static void sync_not_found(void **state)
{
	struct program *program = program_new();
	struct sender sender = { .context = zcx_open() };
	struct zcx_query query;
	struct vfile file;
	struct pair pair;
	uint64_t id;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 32 * KIB, 32 * KIB);
	file_make(&file, DIR_MEMFD, MIB);
	program_file(program, &file, 0, ZCX_TO_EOF);
	link_prepare(&sender.link, pair.tx, program);
	assert_int_equal(sender_start(&sender), 0);
	assert_true(sender_wait_asleep(&sender));
	for (id = 0; id < 3; id++) {
		assert_int_equal(async_query(sender.context, id, &query),
				 -ENOENT);
		assert_int_equal(async_control(sender.context, ZCX_IOC_CANCEL,
					       id), -ENOENT);
	}
	close(pair.rx);
	pair.rx = -1;
	sender_join(&sender);
	pair_close(&pair);
	close(sender.context);
	file_drop(&file);
}

/* ZCX_IOC_SUBMIT */

#define LINKS	64

/* Links with room around them, so that their size can be another. */
struct roomy {
	struct zcx_link link;
	uint64_t more[4];
};

static int submit(int context, struct zcx_submit *call, const void *links,
		  unsigned int count, unsigned int size)
{
	*call = (struct zcx_submit) {
		.size = sizeof(*call),
		.links = (uintptr_t)links,
		.link_count = count,
		.link_size = size,
		.submitted = 0x55,
		.error = 0x55,
	};
	return zcx_call(context, ZCX_IOC_SUBMIT, call);
}

/* One call, several sockets; all of it is said of each. */
static void submit_many(void **state)
{
	static struct zcx_link link[LINKS];
	static char text[LINKS][8];
	struct program *program[4];
	struct receiver receiver[4] = { 0 };
	int context = zcx_open();
	struct zcx_submit call;
	struct pair pair[4];
	struct vfile file;
	unsigned int i;

	(void)state;
	file_make(&file, DIR_EXT4, 60000);
	for (i = 0; i < ARRAY_SIZE(pair); i++) {
		program[i] = program_new();
		pair_open(&pair[i], i % 2 ? PAIR_UNIX : PAIR_TCP4, 0, 0);
	}
	for (i = 0; i < LINKS; i++) {
		snprintf(text[i], sizeof(text[i]), "<%u>", i);
		program_memory(program[i % 4], text[i], strlen(text[i]));
		program_file(program[i % 4], &file, i * 77, 100 + i);
		async_prepare_part(&link[i], pair[i % 4].tx, program[i % 4],
				   program[i % 4]->segment_count - 2, 2);
		link[i].user_data = i;
	}
	assert_int_equal(submit(context, &call, link, LINKS, sizeof(link[0])),
			 0);
	assert_int_equal(call.submitted, LINKS);
	assert_int_equal(call.error, 0);
	for (i = 0; i < LINKS; i++) {
		struct zcx_event event;

		assert_int_equal(link[i].id, i + 1);
		async_event(context, &event);
		async_assert(&event, event.user_data + 1, ZCX_STATE_SENT, 0);
		assert_int_equal(event.bytes_cache, 100 + event.user_data);
	}
	async_quiet(context);
	for (i = 0; i < ARRAY_SIZE(pair); i++) {
		receiver[i].fd = pair[i].rx;
		receiver[i].expect = program[i];
		assert_int_equal(receiver_start(&receiver[i]), 0);
		close(pair[i].tx);
		pair[i].tx = -1;
		receiver_join(&receiver[i]);
		assert_int_equal(receiver[i].wrong_at, -1);
		assert_int_equal(receiver[i].bytes, program[i]->bytes);
		pair_close(&pair[i]);
	}
	close(context);
	file_drop(&file);
}

/* A bad one ends the call; what was before it is accepted, what is behind not. */
static void submit_some(void **state)
{
	struct program *program = program_new();
	static struct zcx_link link[8];
	int context = zcx_open();
	struct zcx_submit call;
	struct pair pair;
	unsigned int bad, i;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 0, 0);
	program_memory(program, "some", 4);
	for (bad = 0; bad < 8; bad++) {
		for (i = 0; i < 8; i++)
			async_prepare(&link[i], pair.tx, program);
		switch (bad % 3) {
		case 0:
			link[bad].socket_fd = -1;
			break;
		case 1:
			link[bad].flags = ZCX_LINK_SYNC;
			break;
		default:
			link[bad].size++;
		}
		assert_int_equal(submit(context, &call, link, 8,
					sizeof(link[0])),
				 bad ? 0 : -EBADF);
		assert_int_equal(call.submitted, bad);
		assert_int_equal(call.error, bad % 3 ? EINVAL : EBADF);
		for (i = 0; i < bad; i++)
			async_sent(context, link[i].id, program,
				   ZCX_STATE_SENT, 0);
		for (i = bad; i < 8; i++)
			assert_int_equal(link[i].id, 0);
		async_quiet(context);
	}
	pair_close(&pair);
	close(context);
}

static void submit_refused(void **state)
{
	struct program *program = program_new();
	static struct zcx_link link[ZCX_MAX_SUBMIT + 1];
	int context = zcx_open(), err;
	struct zcx_submit call;
	struct pair pair;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 0, 0);
	program_memory(program, "none", 4);
	async_prepare(&link[0], pair.tx, program);
	assert_int_equal(submit(context, &call, link, 0, sizeof(link[0])),
			 -EINVAL);
	err = submit(context, &call, link, ZCX_MAX_SUBMIT + 1,
		     sizeof(link[0]));
	assert_true(err == -E2BIG || err == -EINVAL);
	assert_int_equal(submit(context, &call, link, 1, FIRST_SIZE - 1),
			 -EINVAL);
	assert_int_equal(submit(context, &call, NULL, 1, sizeof(link[0])),
			 -EFAULT);
	call = (struct zcx_submit) {
		.size = sizeof(call),
		.flags = 1,
		.links = (uintptr_t)link,
		.link_count = 1,
		.link_size = sizeof(link[0]),
	};
	assert_int_equal(zcx_call(context, ZCX_IOC_SUBMIT, &call),
			 -EOPNOTSUPP);
	call.flags = 0;
	call.size--;
	assert_int_equal(zcx_call(context, ZCX_IOC_SUBMIT, &call), -EINVAL);
	assert_int_equal(link[0].id, 0);
	async_quiet(context);
	assert_int_equal(link_fdinfo(context, "links_started"), 0);
	assert_int_equal(pair_readable(pair.rx), 0);
	pair_close(&pair);
	close(context);
}

/* Links as older and as newer programs have them. */
static void submit_sizes(void **state)
{
	struct program *program = program_new();
	static uint8_t old[4][FIRST_SIZE];
	static struct roomy new[4];
	struct zcx_link link;
	int context = zcx_open();
	struct zcx_submit call;
	struct pair pair;
	unsigned int i;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 0, 0);
	program_memory(program, "sized", 5);
	for (i = 0; i < 4; i++) {
		async_prepare(&link, pair.tx, program);
		link.size = FIRST_SIZE;
		memcpy(old[i], &link, FIRST_SIZE);
		async_prepare(&new[i].link, pair.tx, program);
		new[i].link.size = sizeof(new[i]);
	}
	assert_int_equal(submit(context, &call, old, 4, FIRST_SIZE), 0);
	assert_int_equal(call.submitted, 4);
	for (i = 0; i < 4; i++) {
		memcpy(&link, old[i], FIRST_SIZE);
		assert_int_equal(link.id, i + 1);
		async_sent(context, i + 1, program, ZCX_STATE_SENT, 0);
	}
	new[2].more[1] = 1;
	assert_int_equal(submit(context, &call, new, 4, sizeof(new[0])), 0);
	assert_int_equal(call.submitted, 2);
	assert_int_equal(call.error, E2BIG);
	for (i = 0; i < 2; i++)
		async_sent(context, i + 5, program, ZCX_STATE_SENT, 0);
	async_quiet(context);
	pair_close(&pair);
	close(context);
}

/* Limits */

/* Links whose event is not read count; read one, and one more goes. */
static void max_links(void **state)
{
	struct zcx_info info = { .size = sizeof(info) };
	struct program *program = program_new();
	static struct zcx_link link[4];
	int context = zcx_open(), other = zcx_open();
	struct zcx_submit call;
	struct pair pair;
	unsigned int i;

	(void)state;
	async_limit(4);
	assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info), 0);
	assert_int_equal(info.max_links, 4);
	pair_open(&pair, PAIR_TCP4, 0, 0);
	program_memory(program, "one", 3);
	for (i = 0; i < 4; i++)
		async_send(context, pair.tx, program);
	for (i = 0; i < 3; i++) {
		async_prepare(&link[0], pair.tx, program);
		assert_int_equal(link_send(context, &link[0]), -EBUSY);
		assert_int_equal(link[0].id, 0);
	}
	/* Each context has a limit of its own. */
	async_send(other, pair.tx, program);
	async_sent(other, 1, program, ZCX_STATE_SENT, 0);

	async_sent(context, 1, program, ZCX_STATE_SENT, 0);
	async_send(context, pair.tx, program);
	async_prepare(&link[0], pair.tx, program);
	assert_int_equal(link_send(context, &link[0]), -EBUSY);

	/* Two places are free, and three links come in one call. */
	async_sent(context, 2, program, ZCX_STATE_SENT, 0);
	async_sent(context, 3, program, ZCX_STATE_SENT, 0);
	for (i = 0; i < 3; i++)
		async_prepare(&link[i], pair.tx, program);
	assert_int_equal(submit(context, &call, link, 3, sizeof(link[0])), 0);
	assert_int_equal(call.submitted, 2);
	assert_int_equal(call.error, EBUSY);
	assert_int_equal(submit(context, &call, link, 3, sizeof(link[0])),
			 -EBUSY);
	assert_int_equal(call.submitted, 0);
	assert_int_equal(call.error, EBUSY);
	/* Refused links used no numbers. */
	for (i = 4; i < 8; i++)
		async_sent(context, i, program, ZCX_STATE_SENT, 0);
	async_quiet(context);
	pair_close(&pair);
	close(other);
	close(context);
}

/* Credentials */

/*
 * A link that root submitted goes on as root's, though the process has become
 * nobody meanwhile and has closed all else. Exit code 0 if its event came.
 */
static int become_nobody(int sock, const struct vfile *file, int ready)
{
	struct zcx_segment segment = {
		.type = ZCX_SEGMENT_FILE,
		.fd = file->fd,
		.length = ZCX_TO_EOF,
	};
	int context = zcx_try_open();
	struct zcx_event event;
	struct zcx_link link;

	link_prepare_segment(&link, sock, &segment);
	link.flags = 0;
	if (link_send(context, &link))
		return 1;
	close(sock);
	close(file->fd);
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 2;
	if (write(ready, "", 1) != 1)
		return 3;
	if (async_try_event(context, &event, GUEST_PATIENCE_MS))
		return 4;
	if (async_problem(&event) || event.state != ZCX_STATE_SENT)
		return 5;
	return event.bytes_sent == file->size ? 0 : 6;
}

static void dropped_privileges(void **state)
{
	const char *dir = *state;
	struct program *program = program_new();
	struct receiver receiver = { .expect = program };
	struct vfile file;
	struct pair pair;
	int ready[2], status;
	char byte;
	pid_t pid;

	guest_need_mount(dir);
	assert_int_equal(pipe(ready), 0);
	pair_open(&pair, PAIR_TCP4, 32 * KIB, 32 * KIB);
	file_make(&file, dir, 2 * MIB);
	file_make_cold(&file);
	program_file(program, &file, 0, ZCX_TO_EOF);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(become_nobody(pair.tx, &file, ready[1]));
	close(ready[1]);
	close(pair.tx);
	pair.tx = -1;
	if (read(ready[0], &byte, 1) != 1)
		fail_msg("the child did not come to submit");
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	receiver_join(&receiver);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, program->bytes);
	pair_close(&pair);
	close(ready[0]);
	file_drop(&file);
}

const struct vm_test async_submit_tests[] = {
	{ "async_first_version", first_version, NULL, "all", "all", "std", 30,
	  "struct zcx_link of 104 bytes" },
	{ "async_refused", refused_limits, NULL, "all", "all", "std", 30,
	  "flags, sizes and members that are refused" },
	{ "async_refused_controls", refused_controls, NULL, "all", "all",
	  "std", 30, "sizes and flags of CANCEL, PAUSE, RESUME" },
	{ "async_sync_not_found", sync_not_found, NULL, "all", "all", "std",
	  30, "synchronous links cannot be cancelled or queried" },
	{ "async_submit_many", submit_many, NULL, "test", "all", "std", 30,
	  "64 links to four sockets in one call" },
	{ "async_submit_some", submit_some, NULL, "all", "all", "std", 30,
	  "a bad link in the middle of SUBMIT" },
	{ "async_submit_refused", submit_refused, NULL, "all", "all", "std",
	  30, "calls of SUBMIT that do nothing" },
	{ "async_submit_sizes", submit_sizes, NULL, "all", "all", "std", 30,
	  "SUBMIT of structs of other sizes" },
	{ "async_max_links", max_links, NULL, "test", "all", "std", 30,
	  "EBUSY, until an event is read" },
	{ "async_nobody_ext4", dropped_privileges, DIR_EXT4, "all", "all",
	  "std", 30, "the submitter drops its privileges" },
	{ "async_nobody_overlay", dropped_privileges, DIR_OVERLAY, "all",
	  "all", "std", 30, "the same by the splice lane" },
	{ 0 }
};
