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
		link->bytes_cache += n;
	}
	fake.bytes += n;
	link->bytes_sent += n;
	return n;
}

static int end(struct zcx_link *link, uint32_t state, int error)
{
	link->state = state;
	link->error = error;
	if (!error || link->bytes_sent)
		return 0;
	errno = error;
	return -1;
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

static int take_link(struct zcx_link *link)
{
	fake.calls++;
	fake.last = *link;
	assert_int_equal(link->size, sizeof(*link));
	assert_int_equal(link->segment_size, sizeof(struct zcx_segment));
	assert_true(link->flags & ZCX_LINK_SYNC);
	assert_int_equal(link->__reserved, 0);
	if (fake.on_call)
		fake.on_call(fake.calls);
	if (fake.calls == fake.fail_call) {
		errno = fake.fail_error;
		return -1;
	}
	if (!link->segment_count || link->segment_count > ZCX_MAX_SEGMENTS) {
		errno = link->segment_count ? E2BIG : EINVAL;
		return -1;
	}
	return fake.silent ? 0 : run_link(link);
}

int __wrap_open64(const char *path, int flags, ...)
{
	assert_string_equal(path, ZCX_DEVICE);
	fake.open_flags = flags;
	if (!fake.open_error)
		return FAKE_FD;
	errno = fake.open_error;
	return -1;
}

int __wrap_open(const char *path, int flags, ...)
{
	return __wrap_open64(path, flags);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct zcx_info *info;
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);

	assert_int_equal(fd, FAKE_FD);
	if (request == ZCX_IOC_LINK)
		return take_link(arg);
	assert_int_equal(request, ZCX_IOC_INFO);
	if (fake.fail_error) {
		errno = fake.fail_error;
		return -1;
	}
	info = arg;
	assert_int_equal(info->size, sizeof(*info));
	info->abi_version = ZCX_ABI_VERSION;
	return 0;
}
