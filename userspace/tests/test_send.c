// SPDX-License-Identifier: GPL-2.0
/* zcx_send() and zcx_send_all() against a device that stops everywhere. */
#include <sys/mman.h>

#include "fake_device.h"
#include "program.h"

#define FIRST_BYTES	37
#define SECOND_BYTES	23

struct fixture {
	struct zcx_program *program;
	int first;
	int second;
	unsigned char expected[FAKE_ROOM];
	size_t bytes;
};

static int make_file(size_t bytes, unsigned char first)
{
	int fd = memfd_create("test", 0);
	size_t i;

	assert_true(fd >= 0);
	for (i = 0; i < bytes; i++) {
		unsigned char c = first + i;

		assert_int_equal(write(fd, &c, 1), 1);
	}
	return fd;
}

static void expect_file(struct fixture *f, int fd, off_t offset, size_t bytes)
{
	assert_int_equal(pread(fd, f->expected + f->bytes, bytes, offset),
			 bytes);
	f->bytes += bytes;
}

static void expect_text(struct fixture *f, const char *text)
{
	memcpy(f->expected + f->bytes, text, strlen(text));
	f->bytes += strlen(text);
}

/* A header, a range, a whole file, nothing, a trailer. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	memset(&fake, 0, sizeof(fake));
	fake.budget = UINT64_MAX;
	f->program = zcx_program_new();
	f->first = make_file(FIRST_BYTES, 1);
	f->second = make_file(SECOND_BYTES, 100);

	assert_int_equal(zcx_program_add_memory(f->program, "head", 4), 0);
	assert_int_equal(zcx_program_add_file(f->program, f->first, 3, 11), 0);
	assert_int_equal(zcx_program_add_file(f->program, f->second, 0,
					      ZCX_TO_EOF), 0);
	assert_int_equal(zcx_program_add_file(f->program, f->first, 5, 0), 0);
	assert_int_equal(zcx_program_add_file(f->program, f->first, 30,
					      ZCX_TO_EOF), 0);
	assert_int_equal(zcx_program_add_memory(f->program, "tail", 4), 0);
	expect_text(f, "head");
	expect_file(f, f->first, 3, 11);
	expect_file(f, f->second, 0, SECOND_BYTES);
	expect_file(f, f->first, 30, FIRST_BYTES - 30);
	expect_text(f, "tail");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	zcx_program_free(f->program);
	close(f->first);
	close(f->second);
	free(f);
	return 0;
}

static void assert_all_arrived(const struct fixture *f,
			       const struct zcx_result *result)
{
	assert_int_equal(fake.bytes, f->bytes);
	assert_memory_equal(fake.sent, f->expected, f->bytes);
	assert_int_equal(result->bytes_sent, f->bytes);
	assert_int_equal(result->bytes_memory, 8);
	assert_int_equal(result->bytes_cache, f->bytes - 8);
	assert_int_equal(result->state, ZCX_STATE_SENT);
	assert_int_equal(result->error, 0);
	assert_int_equal(result->calls, fake.calls);
}

static void send_is_one_call(void **state)
{
	struct fixture *f = *state;
	struct zcx_result result;

	zcx_program_set_lane(f->program, ZCX_LANE_CACHE);
	zcx_program_set_user_data(f->program, 77);
	assert_int_equal(zcx_send(FAKE_FD, FAKE_SOCK, f->program,
				  ZCX_LINK_NOSIGNAL, &result), 0);
	assert_all_arrived(f, &result);
	assert_int_equal(fake.calls, 1);
	assert_int_equal(fake.last.socket_fd, FAKE_SOCK);
	assert_int_equal(fake.last.lane, ZCX_LANE_CACHE);
	assert_int_equal(fake.last.user_data, 77);
	assert_int_equal(fake.last.flags, ZCX_LINK_SYNC | ZCX_LINK_NOSIGNAL);
}

static void threshold_reaches_the_device(void **state)
{
	struct fixture *f = *state;

	zcx_program_set_direct_threshold(f->program, 12345);
	assert_int_equal(zcx_send(FAKE_FD, FAKE_SOCK, f->program, 0, NULL), 0);
	assert_int_equal(fake.last.lane, ZCX_LANE_AUTO);
	assert_int_equal(fake.last.direct_threshold, 12345);
	zcx_program_reset(f->program);
	zcx_program_add_memory(f->program, "x", 1);
	assert_int_equal(zcx_send(FAKE_FD, FAKE_SOCK, f->program, 0, NULL), 0);
	assert_int_equal(fake.last.direct_threshold, 0);
}

/* All ioctls of a program that needs several count. */
static void direct_bytes_are_summed(void **state)
{
	struct fixture *f = *state;
	struct zcx_send_options options = { .chunk = 9 };
	struct zcx_result result;

	zcx_program_set_lane(f->program, ZCX_LANE_DIRECT);
	assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0,
				      &options, &result), 0);
	assert_true(result.calls > 1);
	assert_int_equal(fake.last.lane, ZCX_LANE_DIRECT);
	assert_int_equal(result.bytes_direct, f->bytes - 8);
	assert_int_equal(result.bytes_cache, 0);
	assert_int_equal(result.bytes_memory, 8);
}

static void send_reports_a_partial_count(void **state)
{
	struct fixture *f = *state;
	struct zcx_result result;

	fake.budget = 10;
	fake.stop_error = EAGAIN;
	assert_int_equal(zcx_send(FAKE_FD, FAKE_SOCK, f->program, 0, &result),
			 0);
	assert_int_equal(result.bytes_sent, 10);
	assert_int_equal(result.error, EAGAIN);
	assert_int_equal(result.state, ZCX_STATE_FAILED);
}

static void send_reports_a_refusal(void **state)
{
	struct fixture *f = *state;
	struct zcx_result result;

	fake.fail_call = 1;
	fake.fail_error = EOPNOTSUPP;
	assert_int_equal(zcx_send(FAKE_FD, FAKE_SOCK, f->program, 0, &result),
			 -EOPNOTSUPP);
	assert_int_equal(result.id, 0);
	assert_int_equal(result.bytes_sent, 0);
}

static void empty_program_is_refused(void **state)
{
	struct fixture *f = *state;

	zcx_program_reset(f->program);
	assert_int_equal(zcx_send(FAKE_FD, FAKE_SOCK, f->program, 0, NULL),
			 -EINVAL);
	assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0, NULL,
				      NULL), -EINVAL);
}

/* Interrupted after every possible number of bytes. */
static void all_goes_on_at_every_byte(void **state)
{
	struct fixture *f = *state;
	struct zcx_result result;
	uint64_t budget;

	for (budget = 1; budget <= f->bytes + 1; budget++) {
		fake.budget = budget;
		fake.stop_error = EINTR;
		fake.calls = 0;
		fake.bytes = 0;
		assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0,
					      NULL, &result), 0);
		assert_all_arrived(f, &result);
		assert_int_equal(fake.calls,
				 budget > f->bytes ? 1 :
				 f->bytes / budget + (f->bytes % budget != 0));
	}
}

static void all_in_chunks_of_every_size(void **state)
{
	struct fixture *f = *state;
	struct zcx_send_options options = { 0 };
	struct zcx_result result;

	for (options.chunk = 1; options.chunk <= f->bytes + 1; options.chunk++) {
		fake.calls = 0;
		fake.bytes = 0;
		assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0,
					      &options, &result), 0);
		assert_all_arrived(f, &result);
		assert_true(fake.calls >= f->bytes / options.chunk);
	}
}

/* Chunks and interruptions out of step with each other. */
static void all_in_chunks_with_interruptions(void **state)
{
	struct fixture *f = *state;
	struct zcx_send_options options = { 0 };
	struct zcx_result result;

	fake.stop_error = EINTR;
	for (options.chunk = 1; options.chunk <= f->bytes; options.chunk++) {
		for (fake.budget = 1; fake.budget < 12; fake.budget++) {
			fake.calls = 0;
			fake.bytes = 0;
			assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK,
						      f->program, 0, &options,
						      &result), 0);
			assert_all_arrived(f, &result);
		}
	}
}

/* Whatever the call it comes at, what had gone before is counted. */
static void all_stops_at_an_error_of_every_call(void **state)
{
	struct fixture *f = *state;
	struct zcx_result result;
	unsigned int call;

	fake.budget = 5;
	fake.stop_error = EINTR;
	fake.fail_error = EPIPE;
	for (call = 1; call <= f->bytes / 5; call++) {
		fake.fail_call = call;
		fake.calls = 0;
		fake.bytes = 0;
		assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0,
					      NULL, &result), -EPIPE);
		assert_int_equal(fake.calls, call);
		assert_int_equal(result.bytes_sent, 5 * (call - 1));
		assert_memory_equal(fake.sent, f->expected, fake.bytes);
	}
}

static void all_stops_where_a_link_says_why(void **state)
{
	struct fixture *f = *state;
	struct zcx_result result;

	fake.budget = 6;
	fake.stop_error = EAGAIN;
	assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0, NULL,
				      &result), -EAGAIN);
	assert_int_equal(result.bytes_sent, 6);
	assert_int_equal(fake.calls, 1);
}

static void short_range_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct zcx_result result;

	zcx_program_reset(f->program);
	zcx_program_add_file(f->program, f->first, 0, FIRST_BYTES + 1);
	zcx_program_add_memory(f->program, "never", 5);
	assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0, NULL,
				      &result), -ENODATA);
	assert_int_equal(result.state, ZCX_STATE_SHORT);
	assert_int_equal(result.bytes_sent, FIRST_BYTES);
}

static int shrinking;

/* Between fstat() and the call the file loses its second half. */
static void shrink(unsigned int call)
{
	if (call == 2)
		assert_int_equal(ftruncate(shrinking, SECOND_BYTES / 2), 0);
}

/* "To the end" is wherever the end is. */
static void range_to_the_end_cannot_be_short(void **state)
{
	struct fixture *f = *state;
	struct zcx_send_options options = { .chunk = SECOND_BYTES / 3 };
	struct zcx_result result;

	shrinking = f->second;
	fake.on_call = shrink;
	zcx_program_reset(f->program);
	zcx_program_add_file(f->program, f->second, 0, ZCX_TO_EOF);
	zcx_program_add_memory(f->program, "tail", 4);
	f->bytes = 0;
	expect_file(f, f->second, 0, SECOND_BYTES / 2);
	expect_text(f, "tail");
	assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0,
				      &options, &result), 0);
	assert_int_equal(fake.bytes, f->bytes);
	assert_memory_equal(fake.sent, f->expected, f->bytes);
	assert_int_equal(result.state, ZCX_STATE_SENT);
}

/* A signal that comes before anything is sent, at every call. */
static void all_goes_on_after_a_signal_at_nothing(void **state)
{
	struct fixture *f = *state;
	struct zcx_send_options options = { .chunk = 9 };
	struct zcx_result result;

	fake.fail_error = EINTR;
	for (fake.fail_call = 1; fake.fail_call <= f->bytes / 9;
	     fake.fail_call++) {
		fake.calls = 0;
		fake.bytes = 0;
		assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0,
					      &options, &result), 0);
		assert_all_arrived(f, &result);
	}
}

static int growing;

static void grow(unsigned int call)
{
	(void)call;
	assert_int_equal(pwrite(growing, "more", 4, SECOND_BYTES), 4);
}

/* What is sent behind a file must not depend on whether the file grows. */
static void file_that_grows_shifts_nothing(void **state)
{
	struct fixture *f = *state;
	struct zcx_result result;

	growing = f->second;
	fake.on_call = grow;
	fake.stop_error = EINTR;
	/* The first ioctl has measured the file before it grows. */
	assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0, NULL,
				      &result), 0);
	assert_all_arrived(f, &result);
}

/* The last one is open: it is sent up to where it ends at that time. */
static void last_file_may_grow(void **state)
{
	struct fixture *f = *state;
	struct zcx_result result;

	growing = f->second;
	fake.on_call = grow;
	zcx_program_reset(f->program);
	zcx_program_add_file(f->program, f->second, 0, ZCX_TO_EOF);
	assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0, NULL,
				      &result), 0);
	assert_int_equal(result.bytes_sent, SECOND_BYTES + 4);
	assert_int_equal(fake.calls, 1);
}

/* A file that says it has 0 bytes and has more, as all in /proc. */
static void file_of_unknown_size_is_read(void **state)
{
	struct fixture *f = *state;
	struct zcx_result result;

	f->program->segments[2].fd = make_file(0, 0);
	f->bytes = 0;
	growing = f->program->segments[2].fd;
	fake.on_call = grow;
	assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0, NULL,
				      &result), 0);
	/* 23 zeros, and "more", between the first range and the rest */
	assert_int_equal(fake.bytes, 4 + 11 + SECOND_BYTES + 4 +
				     FIRST_BYTES - 30 + 4);
	assert_memory_equal(fake.sent + 4 + 11 + SECOND_BYTES, "more", 4);
	assert_memory_equal(fake.sent + fake.bytes - 4, "tail", 4);
	assert_int_equal(result.calls, 2);
	close(growing);
}

/* Not for ever, whatever the module does. */
static void silent_module_is_an_error(void **state)
{
	struct fixture *f = *state;

	fake.silent = true;
	assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0, NULL,
				      NULL), -EPROTO);
	assert_int_equal(fake.calls, 1);
}

static unsigned int progress_calls;

static int on_progress(const struct zcx_result *so_far, void *arg)
{
	progress_calls++;
	assert_int_equal(so_far->bytes_sent, fake.bytes);
	return arg && progress_calls == *(unsigned int *)arg;
}

static void progress_hears_of_every_call(void **state)
{
	struct fixture *f = *state;
	struct zcx_send_options options = {
		.chunk = 7,
		.progress = on_progress,
	};

	progress_calls = 0;
	assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0,
				      &options, NULL), 0);
	assert_int_equal(progress_calls, fake.calls);
	assert_true(fake.calls > 3);
}

static void progress_may_stop(void **state)
{
	struct fixture *f = *state;
	unsigned int at = 2;
	struct zcx_send_options options = {
		.chunk = 7,
		.progress = on_progress,
		.progress_arg = &at,
	};
	struct zcx_result result;

	progress_calls = 0;
	assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0,
				      &options, &result), -ECANCELED);
	assert_int_equal(fake.calls, 2);
	assert_int_equal(result.bytes_sent, 14);
}

static void reserved_options_are_refused(void **state)
{
	struct fixture *f = *state;
	struct zcx_send_options options = { .reserved = { [3] = 1 } };

	assert_int_equal(zcx_send_all(FAKE_FD, FAKE_SOCK, f->program, 0,
				      &options, NULL), -EINVAL);
	assert_int_equal(fake.calls, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(send_is_one_call),
		T(threshold_reaches_the_device),
		T(direct_bytes_are_summed),
		T(send_reports_a_partial_count),
		T(send_reports_a_refusal),
		T(empty_program_is_refused),
		T(all_goes_on_at_every_byte),
		T(all_in_chunks_of_every_size),
		T(all_in_chunks_with_interruptions),
		T(all_stops_at_an_error_of_every_call),
		T(all_stops_where_a_link_says_why),
		T(short_range_is_an_error),
		T(range_to_the_end_cannot_be_short),
		T(all_goes_on_after_a_signal_at_nothing),
		T(file_that_grows_shifts_nothing),
		T(last_file_may_grow),
		T(file_of_unknown_size_is_read),
		T(silent_module_is_an_error),
		T(progress_hears_of_every_call),
		T(progress_may_stop),
		T(reserved_options_are_refused),
	};

	return cmocka_run_group_tests_name("send", tests, NULL, NULL);
}
