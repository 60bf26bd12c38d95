// SPDX-License-Identifier: GPL-2.0
/* Sending all of something, whatever the kernel takes at a time. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench.h"
#include "io.h"

#define PIPE_BYTES	(1 << 20)

int bench_send(int sock, const char *data, size_t length, int flags)
{
	ssize_t n;

	while (length) {
		n = send(sock, data, length, flags | MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			length -= n;
		}
	}
	return 0;
}

int bench_send_header(const struct bench_job *job)
{
	return bench_send(job->sock, job->header, job->header_bytes, MSG_MORE);
}

static int write_all(int sock, const char *data, size_t length)
{
	ssize_t n;

	while (length) {
		n = write(sock, data, length);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			length -= n;
		}
	}
	return 0;
}

int bench_write_piece(const struct bench_job *job, uint64_t at,
		      const char *data, size_t length)
{
	size_t header = at ? 0 : job->header_bytes, done;
	struct iovec parts[2] = {
		{ (char *)job->header, header },
		{ (char *)data, length },
	};
	ssize_t n;

	if (!header)
		return write_all(job->sock, data, length);
	do {
		n = writev(job->sock, parts, 2);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	done = n;
	if (done < header) {
		int ret = bench_send(job->sock, job->header + done,
				     header - done, MSG_MORE);

		if (ret)
			return ret;
		done = header;
	}
	return write_all(job->sock, data + (done - header),
			 length - (done - header));
}

int bench_pipe(int fds[2])
{
	int size;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	/* More than the limit for users is refused: then the default it is. */
	size = fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES);
	if (size < 0)
		size = fcntl(fds[1], F_GETPIPE_SZ);
	return size < 0 ? -errno : size;
}
