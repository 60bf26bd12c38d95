// SPDX-License-Identifier: GPL-2.0
#include "fake_device.h"

struct fake_device fake;

/* Send up to @room bytes of a segment; returns how many there were. */
static uint64_t take(const struct zcx_segment *segment, uint64_t room,
		     struct zcx_link *link)
{
	uint64_t want = segment->length < room ? segment->length : room;
	ssize_t n = want;

	if (segment->type == ZCX_SEGMENT_MEMORY) {
		assert_true(want <= FAKE_ROOM - fake.bytes);
		memcpy(fake.sent + fake.bytes,
		       (const void *)(uintptr_t)segment->addr, want);
		link->bytes_memory += want;
	} else {
		if (want > FAKE_ROOM - fake.bytes)
			want = FAKE_ROOM - fake.bytes;
		n = pread(segment->fd, fake.sent + fake.bytes, want,
			  segment->offset);
		assert_true(n >= 0);
		*(link->lane == ZCX_LANE_DIRECT ? &link->bytes_direct :
						  &link->bytes_cache) += n;
	}
	fake.bytes += n;
	link->bytes_sent += n;
	return n;
}

static int refuse(int error)
{
	errno = error;
	return -1;
}

static int end(struct zcx_link *link, uint32_t state, int error)
{
	link->state = state;
	link->error = error;
	return !error || link->bytes_sent ? 0 : refuse(error);
}

static int stop(struct zcx_link *link)
{
	return end(link, fake.stop_error == EINTR ? ZCX_STATE_CANCELLED :
						    ZCX_STATE_FAILED,
		   fake.stop_error);
}

static int run_link(struct zcx_link *link)
{
	const struct zcx_segment *segments =
		(const void *)(uintptr_t)link->segments;
	uint64_t room = fake.budget, n;
	uint32_t i;

	link->id = fake.calls;
	for (i = 0; i < link->segment_count; i++) {
		const struct zcx_segment *segment = &segments[i];

		n = take(segment, room, link);
		room -= n;
		if (n == segment->length)
			continue;
		if (!room)
			return stop(link);
		if (segment->length != ZCX_TO_EOF)
			return end(link, ZCX_STATE_SHORT, 0);
	}
	return end(link, ZCX_STATE_SENT, 0);
}

/* What ends a link that runs by itself is its event's, not the call's. */
static int run_by_itself(struct zcx_link *link)
{
	struct zcx_event *event = &fake.events[fake.event_count++];

	assert_true(fake.event_count <= FAKE_EVENTS);
	run_link(link);
	*event = (struct zcx_event) {
		.id = link->id,
		.user_data = link->user_data,
		.bytes_sent = link->bytes_sent,
		.bytes_memory = link->bytes_memory,
		.bytes_cache = link->bytes_cache,
		.bytes_direct = link->bytes_direct,
		.state = link->state,
		.error = link->error,
	};
	return 0;
}

static int take_link(struct zcx_link *link)
{
	fake.calls++;
	fake.last = *link;
	assert_int_equal(link->size, sizeof(*link));
	assert_int_equal(link->segment_size, sizeof(struct zcx_segment));
	assert_int_equal(link->__reserved, 0);
	if (fake.on_call)
		fake.on_call(fake.calls);
	if (fake.calls == fake.fail_call)
		return refuse(fake.fail_error);
	if (!link->segment_count || link->segment_count > ZCX_MAX_SEGMENTS)
		return refuse(link->segment_count ? E2BIG : EINVAL);
	if (fake.silent)
		return 0;
	return link->flags & ZCX_LINK_SYNC ? run_link(link) :
					     run_by_itself(link);
}

static int take_submit(struct zcx_submit *submit)
{
	struct zcx_link *links = (void *)(uintptr_t)submit->links;

	fake.submits++;
	assert_int_equal(submit->size, sizeof(*submit));
	assert_int_equal(submit->flags, 0);
	assert_int_equal(submit->link_size, sizeof(*links));
	assert_in_range(submit->link_count, 1, ZCX_MAX_SUBMIT);
	while (submit->submitted < submit->link_count) {
		if (take_link(&links[submit->submitted])) {
			submit->error = errno;
			return submit->submitted ? 0 : -1;
		}
		submit->submitted++;
	}
	return 0;
}

static int take_control(unsigned long request, uint64_t id)
{
	fake.control_request = request;
	fake.control_id = id;
	return fake.control_error ? refuse(fake.control_error) : 0;
}

static int take_query(struct zcx_query *query)
{
	assert_int_equal(query->size, sizeof(*query));
	assert_int_equal(query->flags, 0);
	query->bytes_sent = 1000;
	query->bytes_acked = 10;
	query->state = ZCX_STATE_WAITING;
	query->wait = ZCX_WAIT_ACK;
	return take_control(ZCX_IOC_QUERY, query->id);
}

static int take_info(struct zcx_info *info)
{
	assert_int_equal(info->size, sizeof(*info));
	if (fake.fail_error)
		return refuse(fake.fail_error);
	info->abi_version = ZCX_ABI_VERSION;
	return 0;
}

/* What is asked for must be as the caller gave it, what is told unwritten. */
static int take_probe(struct zcx_probe *probe)
{
	struct zcx_probe asked = {
		.size = sizeof(*probe),
		.file_fd = probe->file_fd,
		.socket_fd = probe->socket_fd,
		.offset = probe->offset,
		.length = probe->length,
		.direct_threshold = probe->direct_threshold,
		.lane_asked = probe->lane_asked,
	};

	assert_memory_equal(probe, &asked, sizeof(asked));
	if (fake.fail_error)
		return refuse(fake.fail_error);
	probe->lane = ZCX_LANE_DIRECT;
	probe->reason = ZCX_PROBE_LARGE;
	return 0;
}

ssize_t __real_read(int fd, void *buf, size_t count);

ssize_t __wrap_read(int fd, void *buf, size_t count)
{
	size_t left = (fake.event_count - fake.events_read) *
		      sizeof(struct zcx_event);
	int error = fake.read_error;

	if (fd != FAKE_FD)
		return __real_read(fd, buf, count);
	fake.read_error = 0;
	if (error)
		return refuse(error);
	if (count < sizeof(struct zcx_event))
		return refuse(EINVAL);
	if (!left)
		return refuse(EAGAIN);
	if (fake.read_most && count > fake.read_most)
		count = fake.read_most;
	if (count > left)
		count = left;
	memcpy(buf, &fake.events[fake.events_read], count);
	fake.events_read += count / sizeof(struct zcx_event);
	return count;
}

int __wrap_open64(const char *path, int flags, ...)
{
	assert_string_equal(path, ZCX_DEVICE);
	fake.open_flags = flags;
	return fake.open_error ? refuse(fake.open_error) : FAKE_FD;
}

int __wrap_open(const char *path, int flags, ...)
{
	return __wrap_open64(path, flags);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	const struct zcx_control *control;
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);

	assert_int_equal(fd, FAKE_FD);
	switch (request) {
	case ZCX_IOC_LINK:
		return take_link(arg);
	case ZCX_IOC_SUBMIT:
		return take_submit(arg);
	case ZCX_IOC_QUERY:
		return take_query(arg);
	case ZCX_IOC_INFO:
		return take_info(arg);
	case ZCX_IOC_PROBE:
		return take_probe(arg);
	default:
		control = arg;
		assert_in_range(request, ZCX_IOC_CANCEL, ZCX_IOC_RESUME);
		assert_int_equal(control->size, sizeof(*control));
		assert_int_equal(control->flags, 0);
		return take_control(request, control->id);
	}
}
