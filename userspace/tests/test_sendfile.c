// SPDX-License-Identifier: GPL-2.0
/* zcx_sendfile(), in the manners of sendfile(2), against the device of these tests. */
#include <sys/mman.h>

#include "fake_device.h"

#define FILE_BYTES	40

static int setup(void **state)
{
	unsigned char bytes[FILE_BYTES];
	int fd = memfd_create("test", 0);
	unsigned int i;

	for (i = 0; i < FILE_BYTES; i++)
		bytes[i] = i + 1;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, FILE_BYTES), FILE_BYTES);
	memset(&fake, 0, sizeof(fake));
	fake.budget = UINT64_MAX;
	*state = (void *)(intptr_t)fd;
	return 0;
}

static int teardown(void **state)
{
	return close((intptr_t)*state);
}

static void assert_sent(unsigned int first, unsigned int bytes)
{
	unsigned int i;

	assert_int_equal(fake.bytes, bytes);
	for (i = 0; i < bytes; i++)
		assert_int_equal(fake.sent[i], first + i + 1);
}

static void a_range_is_one_call(void **state)
{
	int fd = (intptr_t)*state;
	struct zcx_result result;
	int64_t at = 7;

	assert_int_equal(zcx_sendfile(FAKE_FD, FAKE_SOCK, fd, &at, 20,
				      ZCX_LINK_NOSIGNAL, &result), 20);
	assert_int_equal(at, 27);
	assert_sent(7, 20);
	assert_int_equal(fake.calls, 1);
	assert_int_equal(fake.last.socket_fd, FAKE_SOCK);
	assert_int_equal(fake.last.segment_count, 1);
	assert_int_equal(fake.last.lane, ZCX_LANE_AUTO);
	assert_int_equal(fake.last.flags, ZCX_LINK_SYNC | ZCX_LINK_NOSIGNAL);
	assert_int_equal(result.state, ZCX_STATE_SENT);
	assert_int_equal(result.bytes_sent, 20);
	assert_int_equal(result.bytes_cache, 20);
	assert_int_equal(result.calls, 1);
}

/* The end of the file makes it less, and then nothing; neither is an error. */
static void the_end_makes_it_short(void **state)
{
	int fd = (intptr_t)*state;
	struct zcx_result result;
	int64_t at = 30;

	assert_int_equal(zcx_sendfile(FAKE_FD, FAKE_SOCK, fd, &at, 1000, 0,
				      &result), FILE_BYTES - 30);
	assert_int_equal(result.state, ZCX_STATE_SHORT);
	assert_int_equal(at, FILE_BYTES);
	assert_int_equal(zcx_sendfile(FAKE_FD, FAKE_SOCK, fd, &at, 1000, 0,
				      NULL), 0);
	assert_int_equal(at, FILE_BYTES);
	assert_sent(30, FILE_BYTES - 30);
}

static void to_the_end(void **state)
{
	int fd = (intptr_t)*state;
	int64_t at = 5;

	assert_int_equal(zcx_sendfile(FAKE_FD, FAKE_SOCK, fd, &at, ZCX_TO_EOF,
				      0, NULL), FILE_BYTES - 5);
	assert_int_equal(at, FILE_BYTES);
	assert_sent(5, FILE_BYTES - 5);
}

/* Stopped after every number of bytes, a loop sends all of it. */
static void a_loop_goes_on(void **state)
{
	int fd = (intptr_t)*state;
	uint64_t budget;

	for (budget = 1; budget <= FILE_BYTES; budget++) {
		int64_t at = 0;
		ssize_t n;

		fake.budget = budget;
		fake.stop_error = EINTR;
		fake.bytes = 0;
		do {
			n = zcx_sendfile(FAKE_FD, FAKE_SOCK, fd, &at,
					 FILE_BYTES - at, 0, NULL);
			assert_true(n > 0);
		} while (at < FILE_BYTES);
		assert_sent(0, FILE_BYTES);
	}
}

static void an_error_moves_nothing(void **state)
{
	int fd = (intptr_t)*state;
	struct zcx_result result;
	int64_t at = 3;

	fake.fail_call = 1;
	fake.fail_error = EPIPE;
	assert_int_equal(zcx_sendfile(FAKE_FD, FAKE_SOCK, fd, &at, 20, 0,
				      &result), -EPIPE);
	assert_int_equal(at, 3);
	assert_int_equal(result.bytes_sent, 0);
}

static void the_files_own_offset_moves_on(void **state)
{
	int fd = (intptr_t)*state;

	assert_int_equal(lseek(fd, 11, SEEK_SET), 11);
	assert_int_equal(zcx_sendfile(FAKE_FD, FAKE_SOCK, fd, NULL, 20, 0,
				      NULL), 20);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 31);
	assert_sent(11, 20);
	fake.fail_call = 2;
	fake.fail_error = EAGAIN;
	assert_int_equal(zcx_sendfile(FAKE_FD, FAKE_SOCK, fd, NULL, 20, 0,
				      NULL), -EAGAIN);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 31);
}

/* A pipe has none. */
static void no_offset_at_all(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(zcx_sendfile(FAKE_FD, FAKE_SOCK, ends[0], NULL, 20, 0,
				      NULL), -ESPIPE);
	assert_int_equal(fake.calls, 0);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_range_is_one_call),
		T(the_end_makes_it_short),
		T(to_the_end),
		T(a_loop_goes_on),
		T(an_error_moves_nothing),
		T(the_files_own_offset_moves_on),
		T(no_offset_at_all),
	};

	return cmocka_run_group_tests_name("sendfile", tests, NULL, NULL);
}
