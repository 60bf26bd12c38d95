// SPDX-License-Identifier: GPL-2.0
/*
 * A device in user space for the command line tool, by LD_PRELOAD: /dev/zcx
 * opens, and links are checked and sent as the module would, by copying. From
 * the environment:
 *
 *   FAKE_OPEN   errno that opening /dev/zcx fails with
 *   FAKE_MOST   bytes after which a signal ends each link
 *   FAKE_ERROR  errno that every link is refused with
 *   FAKE_OLD    1: be a module of version 2 of the interface
 *   FAKE_NO_DIRECT  1: what is to go by direct I/O goes through the page cache
 *   FAKE_LANE, FAKE_REASON, FAKE_SOCKET, FAKE_RESIDENT  what ZCX_IOC_PROBE says
 *   FAKE_HOLD   1: links that run by themselves do nothing until cancelled
 *   FAKE_CPUS   how many CPUs are online
 *   FAKE_LOG    file that gets a line for each of them: pid, flags, rate, time limits,
 *               lane, threshold
 *
 * Links that run by themselves have ended before the call returns. The device is
 * an eventfd that counts their events, so that poll() tells the truth.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/zcx.h>

#define STEP	4096
#define MOST	4096	/* links that run by themselves */

static int device = -1;

/* In order: of ids from 1 on, and of events, of which so many have been read. */
static struct zcx_link links[MOST];
static uint64_t link_count;
static uint64_t ended[MOST];
static uint64_t ended_count;
static uint64_t read_count;

static long setting(const char *name)
{
	const char *text = getenv(name);

	return text ? atol(text) : 0;
}

static int fail(int error)
{
	errno = error;
	return -1;
}

int open64(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
	mode_t mode;
	va_list args;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (strcmp(path, ZCX_DEVICE))
		return real(path, flags, mode);
	if (setting("FAKE_OPEN"))
		return fail(setting("FAKE_OPEN"));
	device = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
	return device;
}

long sysconf(int name)
{
	long (*real)(int) = dlsym(RTLD_NEXT, "sysconf");

	if (name == _SC_NPROCESSORS_ONLN && setting("FAKE_CPUS"))
		return setting("FAKE_CPUS");
	return real(name);
}

static void fill_info(struct zcx_info *info)
{
	info->abi_version = setting("FAKE_OLD") ? 2 : ZCX_ABI_VERSION;
	info->push = ZCX_PUSH_SPLICE_PAGES;
	info->features = ZCX_FEATURE_SYNC | ZCX_FEATURE_LANE_CACHE |
			 ZCX_FEATURE_ASYNC | ZCX_FEATURE_ACKED;
	info->max_segments = ZCX_MAX_SEGMENTS;
	info->max_memory_segment = ZCX_MAX_MEMORY_SEGMENT;
	info->max_memory_link = ZCX_MAX_MEMORY_LINK;
	info->max_links = 16384;
	info->batch_bytes = 1 << 20;
	if (setting("FAKE_OLD"))
		return;
	info->features |= ZCX_FEATURE_LANE_DIRECT | ZCX_FEATURE_PROBE;
	info->direct_threshold = 16 << 20;
	info->direct_bytes_max = 64 << 20;
}

/* What version 3 has brought. */
static int check_news(const struct zcx_link *link)
{
	uint32_t flags = ZCX_LINK_NOWAIT | ZCX_LINK_DROP_BEHIND;

	if (!setting("FAKE_OLD"))
		return link->lane > ZCX_LANE_DIRECT ? EOPNOTSUPP : 0;
	if (link->direct_threshold)
		return E2BIG;
	return link->lane > ZCX_LANE_CACHE || link->flags & flags ?
	       EOPNOTSUPP : 0;
}

static int check_link(const struct zcx_link *link)
{
	const struct zcx_segment *segments =
		(const void *)(uintptr_t)link->segments;
	uint64_t memory = 0;
	uint32_t i;

	if (setting("FAKE_ERROR"))
		return setting("FAKE_ERROR");
	if (link->size != sizeof(*link) || !link->segment_count ||
	    link->segment_size != sizeof(*segments) || link->__reserved)
		return EINVAL;
	if (link->flags & ZCX_LINK_SYNC ?
	    link->flags != (ZCX_LINK_SYNC | ZCX_LINK_NOSIGNAL) :
	    link->flags & ~(ZCX_LINK_ACKED | ZCX_LINK_NOWAIT |
			    ZCX_LINK_DROP_BEHIND))
		return EOPNOTSUPP;
	if (check_news(link))
		return check_news(link);
	for (i = 0; i < link->segment_count; i++) {
		if (segments[i].type != ZCX_SEGMENT_MEMORY)
			continue;
		memory += segments[i].length;
		if (segments[i].length > ZCX_MAX_MEMORY_SEGMENT)
			return E2BIG;
	}
	return link->segment_count > ZCX_MAX_SEGMENTS ||
	       memory > ZCX_MAX_MEMORY_LINK ? E2BIG : 0;
}

/* Bytes of a segment from @done on, at most @most; 0 at the end of its file. */
static ssize_t read_some(const struct zcx_segment *segment, uint64_t done,
			 char *buf, size_t most)
{
	if (segment->length - done < most)
		most = segment->length - done;
	if (segment->type == ZCX_SEGMENT_FILE)
		return pread(segment->fd, buf, most, segment->offset + done);
	memcpy(buf, (const char *)(uintptr_t)segment->addr + done, most);
	return most;
}

static __u64 *counter(struct zcx_link *link, const struct zcx_segment *segment)
{
	if (segment->type == ZCX_SEGMENT_MEMORY)
		return &link->bytes_memory;
	if (link->lane != ZCX_LANE_DIRECT)
		return &link->bytes_cache;
	if (!setting("FAKE_NO_DIRECT"))
		return &link->bytes_direct;
	link->result_flags |= ZCX_RESULT_NO_DIRECT;
	return &link->bytes_cache;
}

/* Returns true if the segment is over and the next one may follow. */
static bool send_segment(struct zcx_link *link,
			 const struct zcx_segment *segment, uint64_t most)
{
	uint64_t done = 0;
	char buf[STEP];
	ssize_t n;

	while (done < segment->length) {
		uint64_t room = most - link->bytes_sent;

		link->error = room ? 0 : EINTR;
		link->state = room ? ZCX_STATE_SHORT : ZCX_STATE_CANCELLED;
		n = read_some(segment, done, buf, room < STEP ? room : STEP);
		if (n <= 0)
			return room && segment->length == ZCX_TO_EOF;
		n = send(link->socket_fd, buf, n, MSG_NOSIGNAL);
		if (n < 0) {
			link->error = errno;
			link->state = ZCX_STATE_FAILED;
			return false;
		}
		done += n;
		link->bytes_sent += n;
		*counter(link, segment) += n;
	}
	return true;
}

static int run_link(struct zcx_link *link)
{
	const struct zcx_segment *segments =
		(const void *)(uintptr_t)link->segments;
	uint64_t most = setting("FAKE_MOST");
	uint32_t i;

	for (i = 0; i < link->segment_count; i++)
		if (!send_segment(link, &segments[i], most ? most : UINT64_MAX))
			break;
	if (i < link->segment_count)
		return link->bytes_sent || !link->error ? 0 : fail(link->error);
	link->state = link->flags & ZCX_LINK_ACKED ? ZCX_STATE_ACKED :
						     ZCX_STATE_SENT;
	link->error = 0;
	return 0;
}

static void log_link(const struct zcx_link *link)
{
	const char *path = getenv("FAKE_LOG");
	FILE *log = path ? fopen(path, "a") : NULL;

	if (!log)
		return;
	fprintf(log, "pid=%d flags=%u rate=%" PRIu64 " deadline=%" PRIu64 " idle=%" PRIu64
		" lane=%u threshold=%" PRIu64 "\n",
		getpid(), link->flags, (uint64_t)link->rate,
		(uint64_t)link->deadline_ns, (uint64_t)link->idle_ns,
		link->lane, (uint64_t)link->direct_threshold);
	fclose(log);
}

static void post(uint64_t id)
{
	ended[ended_count++] = id;
	eventfd_write(device, 1);
}

static int take_link(struct zcx_link *link)
{
	int error = check_link(link);

	if (!error && link_count == MOST)
		error = EBUSY;
	if (error)
		return fail(error);
	link->id = ++link_count;
	if (link->flags & ZCX_LINK_SYNC)
		return run_link(link);
	log_link(link);
	link->state = ZCX_STATE_QUEUED;
	if (!setting("FAKE_HOLD")) {
		run_link(link);
		post(link->id);
	}
	links[link->id - 1] = *link;
	return 0;
}

static int take_submit(struct zcx_submit *submit)
{
	struct zcx_link *all = (void *)(uintptr_t)submit->links;

	while (submit->submitted < submit->link_count) {
		if (take_link(&all[submit->submitted])) {
			submit->error = errno;
			return submit->submitted ? 0 : -1;
		}
		submit->submitted++;
	}
	return 0;
}

static int take_cancel(const struct zcx_control *control)
{
	struct zcx_link *link = &links[control->id - 1];

	if (link->state != ZCX_STATE_QUEUED)
		return fail(EALREADY);
	link->state = ZCX_STATE_CANCELLED;
	link->error = ECANCELED;
	post(control->id);
	return 0;
}

static int take_query(struct zcx_query *query)
{
	query->state = ZCX_STATE_WAITING;
	query->wait = ZCX_WAIT_SOCKET;
	return 0;
}

static int take_probe(struct zcx_probe *probe)
{
	uint64_t left;
	struct stat st;

	if (setting("FAKE_OLD"))
		return fail(ENOTTY);
	if (setting("FAKE_ERROR"))
		return fail(setting("FAKE_ERROR"));
	if (fstat(probe->file_fd, &st))
		return -1;
	left = (uint64_t)st.st_size > probe->offset ?
	       st.st_size - probe->offset : 0;
	probe->file_size = st.st_size;
	probe->bytes = left < probe->length ? left : probe->length;
	probe->bytes_resident = setting("FAKE_RESIDENT");
	probe->folios = probe->bytes_resident / 4096;
	probe->folio_min = probe->folios ? 4096 : 0;
	probe->folio_max = probe->folios ? 65536 : 0;
	probe->lane = setting("FAKE_LANE");
	probe->reason = setting("FAKE_REASON");
	probe->dio_mem_align = 512;
	probe->dio_offset_align = 4096;
	if (probe->socket_fd < 0)
		return 0;
	probe->socket_flags = setting("FAKE_SOCKET");
	probe->ifindex = 1;
	strcpy(probe->device, "fake0");
	return 0;
}

static void fill_event(struct zcx_event *event, const struct zcx_link *link)
{
	*event = (struct zcx_event) {
		.id = link->id,
		.user_data = link->user_data,
		.bytes_sent = link->bytes_sent,
		.bytes_memory = link->bytes_memory,
		.bytes_cache = link->bytes_cache,
		.bytes_direct = link->bytes_direct,
		.result_flags = link->result_flags,
		.state = link->state,
		.error = link->error,
	};
}

ssize_t read(int fd, void *buf, size_t count)
{
	ssize_t (*real)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
	struct zcx_event *events = buf;
	size_t n = 0;

	if (device < 0 || fd != device)
		return real(fd, buf, count);
	while (n < count / sizeof(*events) && (!n || read_count < ended_count)) {
		uint64_t one;

		if (real(fd, &one, sizeof(one)) < 0)
			return -1;
		fill_event(&events[n++], &links[ended[read_count++] - 1]);
	}
	return n * sizeof(*events);
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (device < 0 || fd != device)
		return real(fd, request, arg);
	switch (request) {
	case ZCX_IOC_LINK:
		return take_link(arg);
	case ZCX_IOC_SUBMIT:
		return take_submit(arg);
	case ZCX_IOC_CANCEL:
		return take_cancel(arg);
	case ZCX_IOC_QUERY:
		return take_query(arg);
	case ZCX_IOC_PROBE:
		return take_probe(arg);
	case ZCX_IOC_INFO:
		fill_info(arg);
		return 0;
	default:
		return fail(ENOTTY);
	}
}
