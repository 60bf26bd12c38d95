// SPDX-License-Identifier: GPL-2.0
/* A sendfile(2) that sends a byte more than it says, by LD_PRELOAD. */
#include <dlfcn.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

ssize_t sendfile64(int out, int in, off64_t *offset, size_t count)
{
	ssize_t (*real)(int, int, off64_t *, size_t) =
		dlsym(RTLD_NEXT, "sendfile64");
	ssize_t n = real(out, in, offset, count);

	if (n > 0)
		send(out, "x", 1, MSG_NOSIGNAL);
	return n;
}
