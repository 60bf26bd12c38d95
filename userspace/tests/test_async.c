// SPDX-License-Identifier: GPL-2.0
/* Links that run by themselves, against a device that ends them at once. */
#include "fake_device.h"
#include "zcx_uring.h"

#define ORDERS	300

static struct zcx_program *program;
static struct zcx_order orders[ORDERS];
static uint64_t ids[ORDERS];

static int setup(void **state)
{
	size_t i;

	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(orders, 0, sizeof(orders));
	memset(ids, 0, sizeof(ids));
	fake.budget = UINT64_MAX;
	program = zcx_program_new();
	for (i = 0; program && i < ORDERS; i++)
		orders[i] = (struct zcx_order) {
			.sockfd = FAKE_SOCK + i,
			.program = program,
			.options.user_data = 1000 + i,
		};
	return !program || zcx_program_add_memory(program, "text", 4);
}

static int teardown(void **state)
{
	(void)state;
	zcx_program_free(program);
	return 0;
}

static void submitting_gives_an_id_and_an_event(void **state)
{
	struct zcx_event event;
	uint64_t id = 0;

	(void)state;
	assert_int_equal(zcx_submit(FAKE_FD, FAKE_SOCK, program, NULL, &id), 0);
	assert_int_equal(id, 1);
	assert_int_equal(fake.last.socket_fd, FAKE_SOCK);
	assert_int_equal(fake.last.flags, 0);
	assert_int_equal(zcx_next_event(FAKE_FD, &event), 0);
	assert_int_equal(event.id, id);
	assert_int_equal(event.state, ZCX_STATE_SENT);
	assert_int_equal(event.bytes_sent, 4);
	assert_int_equal(event.bytes_memory, 4);
	assert_memory_equal(fake.sent, "text", 4);
	assert_int_equal(zcx_submit(FAKE_FD, FAKE_SOCK, program, NULL, NULL), 0);
}

#define EVERY_FLAG	(ZCX_LINK_ACKED | ZCX_LINK_FOLLOW | ZCX_LINK_NOWAIT | \
			 ZCX_LINK_DROP_BEHIND)

static const struct zcx_submit_options every_option = {
	.deadline_ns = 1,
	.idle_ns = 2,
	.rate = 3,
	.user_data = 4,
	.flags = EVERY_FLAG,
};

static void options_reach_the_device(void **state)
{
	struct zcx_link link;

	(void)state;
	zcx_program_set_lane(program, ZCX_LANE_CACHE);
	zcx_program_set_direct_threshold(program, 1 << 20);
	assert_int_equal(zcx_submit(FAKE_FD, FAKE_SOCK, program, &every_option,
				    NULL), 0);
	assert_int_equal(fake.last.deadline_ns, 1);
	assert_int_equal(fake.last.idle_ns, 2);
	assert_int_equal(fake.last.rate, 3);
	assert_int_equal(fake.last.user_data, 4);
	assert_int_equal(fake.last.flags, EVERY_FLAG);
	assert_int_equal(fake.last.direct_threshold, 1 << 20);
	assert_int_equal(fake.last.lane, ZCX_LANE_CACHE);

	/* Nobody else's link is another one. */
	memset(&link, 0xff, sizeof(link));
	zcx_link_init(&link, FAKE_SOCK, program, &every_option);
	assert_memory_equal(&link, &fake.last, sizeof(link));
}

static void user_data_may_be_the_programs(void **state)
{
	static const struct zcx_submit_options none;

	(void)state;
	zcx_program_set_user_data(program, 77);
	zcx_submit(FAKE_FD, FAKE_SOCK, program, &none, NULL);
	assert_int_equal(fake.last.user_data, 77);
	zcx_submit(FAKE_FD, FAKE_SOCK, program, NULL, NULL);
	assert_int_equal(fake.last.user_data, 77);
	zcx_submit(FAKE_FD, FAKE_SOCK, program, &every_option, NULL);
	assert_int_equal(fake.last.user_data, 4);
}

static const struct zcx_submit_options bad_options[] = {
	{ .flags = ZCX_LINK_SYNC },
	{ .reserved32 = 1 },
	{ .reserved = { [3] = 1 } },
};

static void bad_options_do_not_reach_the_device(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_options) / sizeof(bad_options[0]); i++)
		assert_int_equal(zcx_submit(FAKE_FD, FAKE_SOCK, program,
					    &bad_options[i], NULL), -EINVAL);
	assert_int_equal(fake.calls, 0);
}

static void refusal_is_an_errno(void **state)
{
	uint64_t id = 99;

	(void)state;
	fake.fail_call = 1;
	fake.fail_error = EBUSY;
	assert_int_equal(zcx_submit(FAKE_FD, FAKE_SOCK, program, NULL, &id),
			 -EBUSY);
	assert_int_equal(id, 99);
	assert_int_equal(fake.event_count, 0);
}

/* An error on the way is the event's. */
static void failure_is_an_event(void **state)
{
	struct zcx_event event;

	(void)state;
	fake.budget = 2;
	fake.stop_error = EPIPE;
	assert_int_equal(zcx_submit(FAKE_FD, FAKE_SOCK, program, NULL, NULL), 0);
	fake.budget = 0;
	assert_int_equal(zcx_submit(FAKE_FD, FAKE_SOCK, program, NULL, NULL), 0);
	assert_int_equal(zcx_next_event(FAKE_FD, &event), 0);
	assert_int_equal(event.state, ZCX_STATE_FAILED);
	assert_int_equal(event.error, EPIPE);
	assert_int_equal(event.bytes_sent, 2);
	assert_int_equal(zcx_next_event(FAKE_FD, &event), 0);
	assert_int_equal(event.bytes_sent, 0);
}

static void assert_orders_ran(unsigned int count)
{
	unsigned int i;

	assert_int_equal(fake.event_count, count);
	for (i = 0; i < count; i++) {
		assert_int_equal(fake.events[i].user_data, 1000 + i);
		assert_int_equal(fake.events[i].id, ids[i]);
	}
}

/* More than go into one ioctl. */
static void many_are_all_accepted(void **state)
{
	int error = 99;

	(void)state;
	assert_int_equal(zcx_submit_many(FAKE_FD, orders, ORDERS, ids, &error),
			 ORDERS);
	assert_int_equal(error, 0);
	assert_orders_ran(ORDERS);
	assert_int_equal(fake.last.socket_fd, FAKE_SOCK + ORDERS - 1);
	assert_true(fake.submits < ORDERS / 50);
	assert_int_equal(zcx_submit_many(FAKE_FD, orders, 5, NULL, NULL), 5);
}

static void none_is_no_call(void **state)
{
	int error = 99;

	(void)state;
	assert_int_equal(zcx_submit_many(FAKE_FD, orders, 0, ids, &error), 0);
	assert_int_equal(error, 0);
	assert_int_equal(fake.submits, 0);
}

/* Whichever it is, those before it run and nobody asks for those behind it. */
static void refused_order_ends_many(void **state)
{
	unsigned int at;
	int error;

	(void)state;
	fake.fail_error = EOPNOTSUPP;
	for (at = 1; at < ORDERS; at++) {
		fake.calls = 0;
		fake.event_count = 0;
		fake.bytes = 0;
		fake.fail_call = at + 1;
		memset(ids, 0, sizeof(ids));
		assert_int_equal(zcx_submit_many(FAKE_FD, orders, ORDERS, ids,
						 &error), at);
		assert_int_equal(error, EOPNOTSUPP);
		assert_int_equal(fake.calls, at + 1);
		assert_orders_ran(at);
		assert_int_equal(ids[at], 0);
	}
}

static void refused_first_order_is_an_errno(void **state)
{
	int error = 0;

	(void)state;
	fake.fail_call = 1;
	fake.fail_error = ENOTCONN;
	assert_int_equal(zcx_submit_many(FAKE_FD, orders, 3, ids, &error),
			 -ENOTCONN);
	assert_int_equal(error, ENOTCONN);
	assert_int_equal(fake.event_count, 0);
}

static void bad_options_end_many(void **state)
{
	int at, error;

	(void)state;
	for (at = 0; at < ORDERS; at += 32) {
		fake.calls = 0;
		fake.event_count = 0;
		fake.bytes = 0;
		orders[at].options.reserved32 = 1;
		assert_int_equal(zcx_submit_many(FAKE_FD, orders, ORDERS, ids,
						 &error), at ? at : -EINVAL);
		assert_int_equal(error, EINVAL);
		assert_orders_ran(at);
		orders[at].options.reserved32 = 0;
	}
}

/* The room for events may be smaller or larger than what there is. */
static void events_come_in_any_portions(void **state)
{
	struct zcx_event events[ORDERS];
	unsigned int room, got, n;

	(void)state;
	zcx_submit_many(FAKE_FD, orders, ORDERS, ids, NULL);
	for (room = 1; room < ORDERS; room += 7) {
		fake.events_read = 0;
		for (got = 0; got < ORDERS; got += n) {
			unsigned int left = ORDERS - got;

			n = zcx_read_events(FAKE_FD, events, room);
			assert_int_equal(n, left < room ? left : room);
			assert_int_equal(events[0].id, ids[got]);
			assert_int_equal(events[n - 1].id, ids[got + n - 1]);
		}
		assert_int_equal(zcx_read_events(FAKE_FD, events, room),
				 -EAGAIN);
	}
}

/* The device may hand out fewer than there are. */
static void fewer_events_than_there_are(void **state)
{
	struct zcx_event events[8];

	(void)state;
	zcx_submit_many(FAKE_FD, orders, 8, ids, NULL);
	fake.read_most = 3 * sizeof(events[0]);
	assert_int_equal(zcx_read_events(FAKE_FD, events, 8), 3);
	assert_int_equal(events[2].id, ids[2]);
	fake.read_most = 0;
	assert_int_equal(zcx_read_events(FAKE_FD, events, 8), 5);
	assert_int_equal(events[0].id, ids[3]);
}

static void part_of_an_event_is_an_error(void **state)
{
	struct zcx_event events[2];

	(void)state;
	zcx_submit_many(FAKE_FD, orders, 2, ids, NULL);
	fake.read_most = sizeof(events[0]) + 1;
	assert_int_equal(zcx_read_events(FAKE_FD, events, 2), -EPROTO);
}

static void reading_events_fails_with_an_errno(void **state)
{
	struct zcx_event event;

	(void)state;
	assert_int_equal(zcx_next_event(FAKE_FD, &event), -EAGAIN);
	assert_int_equal(zcx_read_events(FAKE_FD, &event, 0), -EINVAL);
	zcx_submit(FAKE_FD, FAKE_SOCK, program, NULL, NULL);
	fake.read_error = EINTR;
	assert_int_equal(zcx_next_event(FAKE_FD, &event), -EINTR);
	assert_int_equal(zcx_next_event(FAKE_FD, &event), 0);
}

/* A count whose bytes are more than a size_t holds must not become small. */
static void room_without_bounds(void **state)
{
	struct zcx_event event;

	(void)state;
	zcx_submit(FAKE_FD, FAKE_SOCK, program, NULL, NULL);
	assert_int_equal(zcx_read_events(FAKE_FD, &event, SIZE_MAX), 1);
}

static void links_are_controlled_by_id(void **state)
{
	static const struct {
		int (*control)(int fd, uint64_t id);
		unsigned long request;
	} calls[] = {
		{ zcx_cancel, ZCX_IOC_CANCEL },
		{ zcx_pause, ZCX_IOC_PAUSE },
		{ zcx_resume, ZCX_IOC_RESUME },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const uint64_t id = (1ULL << 40) + i;

		fake.control_error = 0;
		assert_int_equal(calls[i].control(FAKE_FD, id), 0);
		assert_int_equal(fake.control_request, calls[i].request);
		assert_int_equal(fake.control_id, id);
		fake.control_error = EALREADY;
		assert_int_equal(calls[i].control(FAKE_FD, id), -EALREADY);
	}
}

static void query_says_how_a_link_is(void **state)
{
	struct zcx_query query;

	(void)state;
	memset(&query, 0xff, sizeof(query));
	assert_int_equal(zcx_query(FAKE_FD, 7, &query), 0);
	assert_int_equal(fake.control_id, 7);
	assert_int_equal(query.bytes_sent, 1000);
	assert_int_equal(query.bytes_acked, 10);
	assert_int_equal(query.state, ZCX_STATE_WAITING);
	assert_int_equal(query.wait, ZCX_WAIT_ACK);
	assert_int_equal(query.user_data, 0);
	fake.control_error = ENOENT;
	assert_int_equal(zcx_query(FAKE_FD, 7, &query), -ENOENT);
}

static void sqe_carries_the_link(void **state)
{
	struct io_uring_sqe sqe;
	struct zcx_uring_cmd cmd;
	struct zcx_link link;

	(void)state;
	memset(&sqe, 0xff, sizeof(sqe));
	zcx_link_init(&link, FAKE_SOCK, program, NULL);
	zcx_uring_fill(&sqe, FAKE_FD, &link);
	assert_int_equal(sqe.opcode, IORING_OP_URING_CMD);
	assert_int_equal(sqe.fd, FAKE_FD);
	assert_int_equal(sqe.cmd_op, ZCX_IOC_LINK);
	assert_int_equal(sqe.user_data, 0);
	/* The first 16 bytes of the command area end a sqe of 64 bytes. */
	memcpy(&cmd, (char *)&sqe + 48, sizeof(cmd));
	assert_ptr_equal((void *)(uintptr_t)cmd.link, &link);
	assert_int_equal(cmd.__reserved, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(submitting_gives_an_id_and_an_event),
		T(options_reach_the_device),
		T(user_data_may_be_the_programs),
		T(bad_options_do_not_reach_the_device),
		T(refusal_is_an_errno),
		T(failure_is_an_event),
		T(many_are_all_accepted),
		T(none_is_no_call),
		T(refused_order_ends_many),
		T(refused_first_order_is_an_errno),
		T(bad_options_end_many),
		T(events_come_in_any_portions),
		T(fewer_events_than_there_are),
		T(part_of_an_event_is_an_error),
		T(reading_events_fails_with_an_errno),
		T(room_without_bounds),
		T(links_are_controlled_by_id),
		T(query_says_how_a_link_is),
		T(sqe_carries_the_link),
	};

	return cmocka_run_group_tests_name("async", tests, NULL, NULL);
}
