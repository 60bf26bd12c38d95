// SPDX-License-Identifier: GPL-2.0
/*
 * A 32-bit program on a 64-bit kernel: asks for INFO, and sends itself (a
 * piece of memory, then the first bytes of its own file) through a socket
 * pair, in its own context, and twice by links that run by themselves. Exit code
 * 0 if all came as it should, else the number of the step that did not.
 *
 * It has no C library, so that gcc -m32 without any 32-bit packages builds it.
 */
#include <linux/zcx.h>

#define NR_EXIT		1
#define NR_READ		3
#define NR_OPEN		5
#define NR_IOCTL	54
#define NR_SOCKETPAIR	360

#define ENOENT		2
#define EFAULT		14
#define ENOTTY		25
#define O_RDWR		2
#define AF_UNIX		1
#define SOCK_STREAM	1

/* This compiler's idea of the ABI is the same as a 64-bit one's. */
_Static_assert(sizeof(void *) == 4, "this is to be a 32-bit program");
_Static_assert(sizeof(struct zcx_info) == 64, "zcx_info");
_Static_assert(sizeof(struct zcx_segment) == 40, "zcx_segment");
_Static_assert(sizeof(struct zcx_link) == 144, "zcx_link");
_Static_assert(sizeof(struct zcx_event) == 80, "zcx_event");
_Static_assert(sizeof(struct zcx_control) == 16, "zcx_control");
_Static_assert(sizeof(struct zcx_query) == 56, "zcx_query");
_Static_assert(sizeof(struct zcx_submit) == 32, "zcx_submit");
_Static_assert(sizeof(struct zcx_probe) == 128, "zcx_probe");
_Static_assert(__builtin_offsetof(struct zcx_link, id) == 40, "zcx_link.id");

static long call4(long nr, long a, long b, long c, long d)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d)
			 : "memory");
	return ret;
}

static void __attribute__((noreturn)) leave(int code)
{
	for (;;)
		call4(NR_EXIT, code, 0, 0, 0);
}

static void check(int good, int step)
{
	if (!good)
		leave(step);
}

static void clear(void *p, unsigned int n)
{
	char *c = p;

	while (n--)
		((volatile char *)c)[n] = 0;
}

static void ask_info(int context)
{
	struct zcx_info info;

	clear(&info, sizeof(info));
	info.size = sizeof(info);
	check(call4(NR_IOCTL, context, ZCX_IOC_INFO, (long)&info, 0) == 0, 10);
	check(info.abi_version == ZCX_ABI_VERSION, 11);
	check(info.max_segments == ZCX_MAX_SEGMENTS, 12);
	check(info.features & ZCX_FEATURE_SYNC, 13);
}

static void send_link(int context, int file, int sock)
{
	static const char text[] = "thirty-two";
	struct zcx_segment segments[2];
	struct zcx_link link;

	clear(segments, sizeof(segments));
	segments[0].type = ZCX_SEGMENT_MEMORY;
	segments[0].addr = (unsigned long)text;
	segments[0].length = 10;
	segments[1].type = ZCX_SEGMENT_FILE;
	segments[1].fd = file;
	segments[1].offset = 1;
	segments[1].length = 3;

	clear(&link, sizeof(link));
	link.size = sizeof(link);
	link.flags = ZCX_LINK_SYNC;
	link.socket_fd = sock;
	link.segments = (unsigned long)segments;
	link.segment_count = 2;
	link.segment_size = sizeof(segments[0]);
	check(call4(NR_IOCTL, context, ZCX_IOC_LINK, (long)&link, 0) == 0, 20);
	check(link.state == ZCX_STATE_SENT && !link.error, 21);
	check(link.bytes_sent == 13 && link.bytes_memory == 10, 22);
	check(link.bytes_cache + link.bytes_splice + link.bytes_direct == 3,
	      23);
	check(link.id == 1, 24);

	/* Refused calls are refused here too. */
	link.segments = 0;
	check(call4(NR_IOCTL, context, ZCX_IOC_LINK, (long)&link, 0) ==
	      -EFAULT, 25);
	check(call4(NR_IOCTL, context, ZCX_IOC_PROBE + 1, (long)&link, 0) ==
	      -ENOTTY, 26);
}

static void fill_link(struct zcx_link *link, struct zcx_segment *segment,
		      int file, int sock)
{
	clear(segment, sizeof(*segment));
	segment->type = ZCX_SEGMENT_FILE;
	segment->fd = file;
	segment->offset = 1;
	segment->length = 3;
	clear(link, sizeof(*link));
	link->size = sizeof(*link);
	link->socket_fd = sock;
	link->segments = (unsigned long)segment;
	link->segment_count = 1;
	link->segment_size = sizeof(*segment);
	link->user_data = 0x1122334455667788ULL;
	link->deadline_ns = 3600000000000ULL;
}

static void read_event(int context, unsigned long long id)
{
	struct zcx_control control;
	struct zcx_query query;
	struct zcx_event event;

	clear(&query, sizeof(query));
	query.size = sizeof(query);
	query.id = id;
	check(call4(NR_IOCTL, context, ZCX_IOC_QUERY, (long)&query, 0) == 0,
	      40);
	check(query.user_data == 0x1122334455667788ULL, 41);
	check(call4(NR_READ, context, (long)&event, sizeof(event), 0) ==
	      sizeof(event), 42);
	check(event.id == id, 43);
	check(event.user_data == 0x1122334455667788ULL, 44);
	check(event.state == ZCX_STATE_SENT && !event.error, 45);
	check(event.bytes_sent == 3, 46);
	clear(&control, sizeof(control));
	control.size = sizeof(control);
	control.id = id;
	check(call4(NR_IOCTL, context, ZCX_IOC_CANCEL, (long)&control, 0) ==
	      -ENOENT, 47);
}

/* Links that run by themselves: one, and then two in one call. */
static void send_async(int context, int file, int sock)
{
	struct zcx_segment segment[2];
	struct zcx_submit submit;
	struct zcx_link link[2];

	fill_link(&link[0], &segment[0], file, sock);
	check(call4(NR_IOCTL, context, ZCX_IOC_LINK, (long)&link[0], 0) == 0,
	      50);
	check(link[0].id == 2, 51);
	read_event(context, 2);

	fill_link(&link[0], &segment[0], file, sock);
	fill_link(&link[1], &segment[1], file, sock);
	clear(&submit, sizeof(submit));
	submit.size = sizeof(submit);
	submit.links = (unsigned long)link;
	submit.link_count = 2;
	submit.link_size = sizeof(link[0]);
	check(call4(NR_IOCTL, context, ZCX_IOC_SUBMIT, (long)&submit, 0) == 0,
	      52);
	check(submit.submitted == 2 && !submit.error, 53);
	check(link[0].id == 3 && link[1].id == 4, 54);
	read_event(context, 3);
	read_event(context, 4);
}

static void receive(int sock)
{
	static const char want[] = "thirty-twoELFELFELFELF";
	char got[32];
	int i, n = 0, ret;

	while (n < 22) {
		ret = call4(NR_READ, sock, (long)(got + n), sizeof(got) - n, 0);
		check(ret > 0, 30);
		n += ret;
	}
	check(n == 22, 31);
	for (i = 0; i < n; i++)
		check(got[i] == want[i], 32);
}

void _start(void)
{
	int context, file, pair[2];

	context = call4(NR_OPEN, (long)ZCX_DEVICE, O_RDWR, 0, 0);
	check(context >= 0, 1);
	file = call4(NR_OPEN, (long)"/proc/self/exe", 0, 0, 0);
	check(file >= 0, 2);
	check(call4(NR_SOCKETPAIR, AF_UNIX, SOCK_STREAM, 0, (long)pair) == 0, 3);
	ask_info(context);
	send_link(context, file, pair[0]);
	send_async(context, file, pair[0]);
	receive(pair[1]);
	leave(0);
}
