// SPDX-License-Identifier: GPL-2.0
/* Programs within the limits of the interface, names and hints, the device. */
#include <fcntl.h>

#include "fake_device.h"

static struct zcx_program *program;

static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.budget = UINT64_MAX;
	program = zcx_program_new();
	return !program;
}

static int teardown(void **state)
{
	(void)state;
	zcx_program_free(program);
	return 0;
}

static unsigned int segments(void)
{
	fake.fail_call = fake.calls + 1;	/* look, do not run */
	fake.fail_error = EIO;
	assert_int_equal(zcx_send(FAKE_FD, FAKE_SOCK, program, 0, NULL), -EIO);
	return fake.last.segment_count;
}

static void file_ranges_are_checked(void **state)
{
	(void)state;
	assert_int_equal(zcx_program_add_file(program, -1, 0, 1), -EBADF);
	assert_int_equal(zcx_program_add_file(program, 0, 1ULL << 63, 0),
			 -EINVAL);
	assert_int_equal(zcx_program_add_file(program, 0, 1, INT64_MAX),
			 -EOVERFLOW);
	assert_int_equal(segments(), 0);
	assert_int_equal(zcx_program_add_file(program, 0, 0, INT64_MAX), 0);
	assert_int_equal(zcx_program_add_file(program, 0, INT64_MAX,
					      ZCX_TO_EOF), 0);
	assert_int_equal(segments(), 2);
}

static void segments_have_a_limit(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ZCX_MAX_SEGMENTS; i++)
		assert_int_equal(zcx_program_add_file(program, 0, i, 1), 0);
	assert_int_equal(zcx_program_add_file(program, 0, 0, 1), -E2BIG);
	assert_int_equal(zcx_program_add_memory(program, "x", 1), -E2BIG);
	assert_int_equal(segments(), ZCX_MAX_SEGMENTS);
	zcx_program_reset(program);
	assert_int_equal(zcx_program_add_file(program, 0, 0, 1), 0);
	assert_int_equal(segments(), 1);
}

static void memory_is_cut_into_segments(void **state)
{
	char *memory = calloc(1, ZCX_MAX_MEMORY_LINK + 1);
	const struct zcx_segment *list;

	(void)state;
	assert_int_equal(zcx_program_add_memory(program, memory,
						ZCX_MAX_MEMORY_SEGMENT + 1), 0);
	assert_int_equal(segments(), 2);
	list = (const void *)(uintptr_t)fake.last.segments;
	assert_int_equal(list[0].length, ZCX_MAX_MEMORY_SEGMENT);
	assert_int_equal(list[1].length, 1);
	assert_int_equal(list[1].addr,
			 (uintptr_t)memory + ZCX_MAX_MEMORY_SEGMENT);

	zcx_program_reset(program);
	assert_int_equal(zcx_program_add_memory(program, memory,
						ZCX_MAX_MEMORY_LINK + 1),
			 -E2BIG);
	assert_int_equal(zcx_program_add_memory(program, memory,
						ZCX_MAX_MEMORY_LINK), 0);
	assert_int_equal(zcx_program_add_memory(program, memory, 1), -E2BIG);
	assert_int_equal(segments(), 16);
	free(memory);
}

static void info_is_asked_for(void **state)
{
	struct zcx_info info;

	(void)state;
	assert_int_equal(zcx_get_info(FAKE_FD, &info), 0);
	assert_int_equal(info.abi_version, ZCX_ABI_VERSION);
	assert_int_equal(info.max_links, 0);
	fake.fail_error = E2BIG;
	assert_int_equal(zcx_get_info(FAKE_FD, &info), -E2BIG);
	assert_non_null(zcx_hint(-E2BIG, ZCX_HINT_INFO));
}

static void probe_asks_and_tells(void **state)
{
	struct zcx_probe probe;

	(void)state;
	memset(&probe, 0xff, sizeof(probe));
	probe.file_fd = 7;
	probe.socket_fd = -1;
	probe.offset = 4096;
	probe.length = ZCX_TO_EOF;
	probe.direct_threshold = ZCX_DIRECT_NEVER;
	probe.lane_asked = ZCX_LANE_DIRECT;
	assert_int_equal(zcx_probe(FAKE_FD, &probe), 0);
	assert_int_equal(probe.file_fd, 7);
	assert_int_equal(probe.socket_fd, -1);
	assert_int_equal(probe.offset, 4096);
	assert_true(probe.length == ZCX_TO_EOF);
	assert_true(probe.direct_threshold == ZCX_DIRECT_NEVER);
	assert_int_equal(probe.lane_asked, ZCX_LANE_DIRECT);
	assert_int_equal(probe.lane, ZCX_LANE_DIRECT);
	assert_int_equal(probe.reason, ZCX_PROBE_LARGE);
	assert_int_equal(probe.bytes, 0);
	fake.fail_error = ENOTTY;
	assert_int_equal(zcx_probe(FAKE_FD, &probe), -ENOTTY);
}

static void open_is_close_on_exec(void **state)
{
	(void)state;
	assert_int_equal(zcx_open(), FAKE_FD);
	assert_int_equal(fake.open_flags, O_RDWR | O_CLOEXEC);
}

static void no_device_is_an_errno(void **state)
{
	static const int errors[] = { ENOENT, ENXIO, ENODEV, EACCES, EPERM };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fake.open_error = errors[i];
		assert_int_equal(zcx_open(), -errors[i]);
		assert_non_null(zcx_hint(errors[i], ZCX_HINT_OPEN));
	}
}

static void closing_twice_is_an_errno(void **state)
{
	(void)state;
	assert_int_equal(zcx_close(FAKE_FD), -EBADF);
}

static void assert_names_differ(const char *(*name)(uint32_t), uint32_t last)
{
	uint32_t i, j;

	for (i = 0; i <= last; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(name(i), name(j));
	assert_string_equal(name(last + 1), "unknown");
	assert_string_equal(name(UINT32_MAX), "unknown");
}

static void every_number_has_a_name(void **state)
{
	(void)state;
	assert_names_differ(zcx_state_name, ZCX_STATE_ACKED);
	assert_names_differ(zcx_wait_name, ZCX_WAIT_GROWTH);
	assert_names_differ(zcx_lane_name, ZCX_LANE_SPLICE);
	assert_names_differ(zcx_reason_name, ZCX_PROBE_ASK_FILESYSTEM);
	assert_string_equal(zcx_push_name(0), "unknown");
	assert_string_equal(zcx_push_name(ZCX_PUSH_SENDPAGE), "sendpage");
}

static void hints_know_both_signs(void **state)
{
	(void)state;
	assert_non_null(zcx_hint(EPIPE, ZCX_HINT_SEND));
	assert_ptr_equal(zcx_hint(EPIPE, ZCX_HINT_SEND),
			 zcx_hint(-EPIPE, ZCX_HINT_SEND));
	assert_null(zcx_hint(EPIPE, ZCX_HINT_OPEN));
	assert_null(zcx_hint(0, ZCX_HINT_SEND));
	assert_non_null(zcx_hint(-EALREADY, ZCX_HINT_CONTROL));
	assert_non_null(zcx_hint(-ENOENT, ZCX_HINT_CONTROL));
}

/* An event has hints of its own, and else those of sending. */
static void hints_about_events(void **state)
{
	(void)state;
	assert_ptr_equal(zcx_hint(EPIPE, ZCX_HINT_EVENT),
			 zcx_hint(EPIPE, ZCX_HINT_SEND));
	assert_non_null(zcx_hint(ECANCELED, ZCX_HINT_EVENT));
	assert_ptr_not_equal(zcx_hint(ECANCELED, ZCX_HINT_EVENT),
			     zcx_hint(ECANCELED, ZCX_HINT_SEND));
	assert_non_null(zcx_hint(ETIMEDOUT, ZCX_HINT_EVENT));
	assert_null(zcx_hint(EALREADY, ZCX_HINT_EVENT));
	/* Links that run by themselves do not end at a full socket. */
	assert_ptr_not_equal(zcx_hint(EAGAIN, ZCX_HINT_EVENT),
			     zcx_hint(EAGAIN, ZCX_HINT_SEND));
}

/* A module that is too old is called so; the rest is as with a link. */
static void hints_about_probes(void **state)
{
	(void)state;
	assert_non_null(strstr(zcx_hint(ENOTTY, ZCX_HINT_PROBE), "too old"));
	assert_non_null(strstr(zcx_hint(E2BIG, ZCX_HINT_SEND), "too old"));
	assert_ptr_equal(zcx_hint(EISDIR, ZCX_HINT_PROBE),
			 zcx_hint(EISDIR, ZCX_HINT_SEND));
	assert_ptr_not_equal(zcx_hint(E2BIG, ZCX_HINT_PROBE),
			     zcx_hint(E2BIG, ZCX_HINT_SEND));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(file_ranges_are_checked),
		T(segments_have_a_limit),
		T(memory_is_cut_into_segments),
		T(info_is_asked_for),
		T(probe_asks_and_tells),
		T(open_is_close_on_exec),
		T(no_device_is_an_errno),
		T(closing_twice_is_an_errno),
		T(every_number_has_a_name),
		T(hints_know_both_signs),
		T(hints_about_events),
		T(hints_about_probes),
	};

	return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
