// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <sys/socket.h>

#include "guest.h"
#include "refusal.h"
#include "vmtest.h"

void refusal_reset(struct refusal *scene)
{
	memset(scene->room, 0, sizeof(scene->room));
	program_clear(scene->program);
	program_memory(scene->program, "header", 6);
	program_file(scene->program, &scene->file, 0, FILE_BYTES);
	link_prepare(&scene->link, scene->pair.tx, scene->program);
}

void refusal_open(struct refusal *scene, enum pair_kind kind)
{
	memset(scene, 0, sizeof(*scene));
	pair_open(&scene->pair, kind, 0, 0);
	scene->context = zcx_open();
	scene->program = program_new();
	file_make(&scene->file, DIR_EXT4, FILE_BYTES);
	file_lock(&scene->file);
	refusal_reset(scene);
}

struct zcx_segment *segment(struct refusal *scene, unsigned int i)
{
	return &scene->program->segments[i];
}

/* The call fails with @err, and that is all that happens. */
void refusal_refused(struct refusal *scene, int err, const char *what)
{
	unsigned int fds = guest_count_fds();
	static uint8_t before[PAGE];
	int got;

	memcpy(before, scene->room, PAGE);
	got = link_send(scene->context, &scene->link);
	if (got != err)
		fail_msg("%s: %s (%d), not %s", what, strerror(-got), got,
			 strerror(-err));
	if (memcmp(before, scene->room, PAGE))
		fail_msg("%s: the struct was written to", what);
	if (pair_readable(scene->pair.rx))
		fail_msg("%s: something was sent", what);
	assert_int_equal(scene->link.id, 0);
	assert_int_equal(guest_count_fds(), fds);
	assert_int_equal(link_fdinfo(scene->context, "links"), 0);
	assert_int_equal(link_fdinfo(scene->context, "links_started"), 0);
}

static void assert_stream_ends(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char byte;

	assert_int_equal(poll(&pfd, 1, GUEST_PATIENCE_MS), 1);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
}

/* The link as it was before it was spoilt goes, and nothing is held. */
void refusal_close(struct refusal *scene)
{
	static uint8_t buf[FILE_BYTES + 6];
	struct cursor cursor = { 0 };

	refusal_reset(scene);
	assert_int_equal(link_send(scene->context, &scene->link), 0);
	assert_int_equal(scene->link.id, 1);
	assert_int_equal(scene->link.bytes_sent, sizeof(buf));
	assert_int_equal(recv(scene->pair.rx, buf, sizeof(buf), MSG_WAITALL),
			 sizeof(buf));
	assert_int_equal(program_compare(scene->program, &cursor, buf,
					 sizeof(buf)), sizeof(buf));
	close(scene->pair.tx);
	scene->pair.tx = -1;
	assert_stream_ends(scene->pair.rx);
	pair_close(&scene->pair);
	assert_true(file_unlock(&scene->file));
	close(scene->context);
	file_drop(&scene->file);
}

void undo_unlink(void *arg)
{
	unlink(arg);
}
