// SPDX-License-Identifier: GPL-2.0
/* Many links at a time. */
#include <pthread.h>
#include <sys/socket.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define SENDERS		64

struct crowd {
	pthread_t thread[SENDERS];
	struct exchange x[SENDERS];
	bool good[SENDERS];
	unsigned int size;
};

struct crowd_member {
	struct crowd *crowd;
	unsigned int i;
};

static void *run_member(void *arg)
{
	struct crowd_member *member = arg;

	member->crowd->good[member->i] =
		exchange_try(&member->crowd->x[member->i]);
	return NULL;
}

static void run_crowd(struct crowd *crowd)
{
	struct crowd_member member[SENDERS];
	unsigned int i;

	for (i = 0; i < crowd->size; i++) {
		member[i] = (struct crowd_member){ crowd, i };
		assert_int_equal(pthread_create(&crowd->thread[i], NULL,
						run_member, &member[i]), 0);
	}
	for (i = 0; i < crowd->size; i++)
		pthread_join(crowd->thread[i], NULL);
	for (i = 0; i < crowd->size; i++)
		if (!crowd->good[i])
			fail_msg("sender %u: %s", i, crowd->x[i].problem);
}

static struct crowd *crowd_new(unsigned int size)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	assert_non_null(crowd);
	test_at_end(free, crowd);
	crowd->size = size;
	return crowd;
}

/* One file, one program, 64 sockets of all kinds. */
static void one_file(void **state)
{
	static const enum pair_kind kinds[] = { PAIR_TCP4, PAIR_TCP6, PAIR_UNIX };
	struct crowd *crowd = crowd_new(SENDERS);
	struct program *program = program_new();
	int context = zcx_open();
	struct vfile file;
	unsigned int i;

	(void)state;
	file_make(&file, DIR_EXT4, guest_pick(MIB + 99, 200003));
	file_make_cold(&file);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	for (i = 0; i < SENDERS; i++) {
		crowd->x[i].program = program;
		crowd->x[i].kind = kinds[i % ARRAY_SIZE(kinds)];
		/* Half of them share a context. */
		crowd->x[i].context = i % 2 ? context : 0;
	}
	run_crowd(crowd);
	file_assert_unchanged(&file);
	close(context);
}

/* Each its own file on one of several filesystems, and small buffers. */
static void many_files(void **state)
{
	static const char *const dirs[] = {
		DIR_EXT4, DIR_XFS, DIR_BTRFS, DIR_TMPFS, DIR_OVERLAY, DIR_MEMFD,
	};
	unsigned int size = guest_pick(SENDERS, 24), i;
	struct crowd *crowd = crowd_new(size);
	struct vfile *files = calloc(size, sizeof(*files));

	(void)state;
	assert_non_null(files);
	test_at_end(free, files);
	for (i = 0; i < size; i++) {
		struct program *program = program_new();

		file_make(&files[i], dirs[i % ARRAY_SIZE(dirs)], 70001 + 13 * i);
		program_file(program, &files[i], i, ZCX_TO_EOF);
		crowd->x[i].program = program;
		crowd->x[i].kind = i % 3;
		crowd->x[i].sndbuf = 4096 << (i % 5);
	}
	run_crowd(crowd);
	for (i = 0; i < size; i++)
		file_drop(&files[i]);
}

/* What two links send to one socket is all there, each in its own order. */
struct mixed {
	const struct vfile *file[2];
	uint64_t at[2];
};

static size_t check_mixed(void *arg, uint64_t offset, const uint8_t *buf,
			  size_t length)
{
	struct mixed *mixed = arg;
	size_t i, j;
	uint8_t want;

	(void)offset;
	/* The files hold one value each: 0xaa and 0x55. */
	for (i = 0; i < length; i++) {
		for (j = 0; j < 2; j++) {
			want = mixed->file[j]->bytes[0];
			if (buf[i] == want)
				break;
		}
		if (j == 2)
			return i;
		mixed->at[j]++;
	}
	return length;
}

static void fill_with(struct vfile *file, uint8_t value, uint64_t size)
{
	int fd;
	uint64_t i;

	file_make(file, DIR_TMPFS, size);
	file->bytes = malloc(size);
	assert_non_null(file->bytes);
	test_at_end(free, file->bytes);
	memset(file->bytes, value, size);
	fd = file_open_writable(file);
	for (i = 0; i < size; i += 4096)
		assert_true(pwrite(fd, file->bytes,
				   MIN(4096, size - i), i) > 0);
	close(fd);
}

static void one_socket(void **state)
{
	const uint64_t size = guest_pick(MIB, 300000);
	struct program *program[2];
	struct sender sender[2];
	struct mixed mixed = { 0 };
	struct receiver receiver = {
		.check = check_mixed,
		.check_arg = &mixed,
	};
	struct vfile file[2];
	struct pair pair;
	int context = zcx_open(), i;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 16384, 16384);
	receiver.fd = pair.rx;
	for (i = 0; i < 2; i++) {
		fill_with(&file[i], i ? 0xaa : 0x55, size);
		mixed.file[i] = &file[i];
		program[i] = program_new();
		program_file(program[i], &file[i], 0, ZCX_TO_EOF);
		memset(&sender[i], 0, sizeof(sender[i]));
		sender[i].context = context;
		link_prepare(&sender[i].link, pair.tx, program[i]);
	}
	assert_int_equal(receiver_start(&receiver), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(sender_start(&sender[i]), 0);
	for (i = 0; i < 2; i++)
		sender_join(&sender[i]);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	for (i = 0; i < 2; i++) {
		assert_int_equal(sender[i].err, 0);
		assert_int_equal(sender[i].link.bytes_sent, size);
		assert_int_equal(mixed.at[i], size);
	}
	pair_close(&pair);
	close(context);
}

#define TEST(NAME, RUN, SECONDS, PROVES) \
	{ "concurrent_" NAME, RUN, NULL, "test", "test", "std", SECONDS, PROVES }

const struct vm_test concurrent_tests[] = {
	TEST("64_senders", one_file, 60, "64 senders at once, one file, three kinds of sockets"),
	TEST("64_files", many_files, 60, "64 files of six filesystems through small buffers"),
	TEST("one_socket", one_socket, 30, "two links to one socket: nothing is lost or doubled"),
	{ 0 },
};
