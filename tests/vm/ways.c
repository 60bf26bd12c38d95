// SPDX-License-Identifier: GPL-2.0
#include <sys/sendfile.h>

#include "exchange.h"
#include "vmtest.h"
#include "ways.h"

const struct way way_zcx = { .name = "zcx", .zcx = true },
	way_zcx_async = { .name = "zcx_async", .zcx = true, .async = true },
	way_sendfile = { .name = "sendfile" },
	way_read_write = { .name = "read_write" };

static bool by_zcx(bool async, int fd, uint64_t bytes, int sock,
		   struct zcx_link *link)
{
	struct zcx_segment segment = {
		.type = ZCX_SEGMENT_FILE,
		.fd = fd,
		.length = bytes,
	};
	int context = zcx_open();
	int err;

	link_prepare_segment(link, sock, &segment);
	if (async)
		link->flags &= ~ZCX_LINK_SYNC;
	err = link_send(context, link);
	if (!err && async)
		err = exchange_event(context, link);
	close(context);
	return !err && link->bytes_sent == bytes;
}

static bool by_sendfile(int fd, uint64_t bytes, int sock)
{
	off_t at = 0;

	while ((uint64_t)at < bytes)
		if (sendfile(sock, fd, &at, bytes - at) <= 0)
			return false;
	return true;
}

static bool by_read_and_write(int fd, uint64_t bytes, int sock)
{
	static uint8_t buf[256 * KIB];
	uint64_t at;

	for (at = 0; at < bytes; at += sizeof(buf))
		if (pread(fd, buf, sizeof(buf), at) != sizeof(buf) ||
		    write(sock, buf, sizeof(buf)) != sizeof(buf))
			return false;
	return true;
}

bool way_send(const struct way *way, int fd, uint64_t bytes, int sock,
	      struct zcx_link *link)
{
	if (way->zcx)
		return by_zcx(way->async, fd, bytes, sock, link);
	return way == &way_sendfile ? by_sendfile(fd, bytes, sock) :
				      by_read_and_write(fd, bytes, sock);
}

void way_record(const char *proof, const char *method, uint64_t bytes,
		const char *format, ...)
{
	char members[256];
	va_list args;

	va_start(args, format);
	vsnprintf(members, sizeof(members), format, args);
	va_end(args);
	print_message("record {\"proof\": \"%s\", \"method\": \"%s\", "
		      "\"fs\": \"ext4\", \"cache\": \"cold\", "
		      "\"net\": \"loopback\", \"header_bytes\": 0, "
		      "\"size_bytes\": %llu, %s}\n", proof, method,
		      (unsigned long long)bytes, members);
}
