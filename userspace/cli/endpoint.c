// SPDX-License-Identifier: GPL-2.0
/* Addresses as people write them, and sockets made of them. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"
#include "endpoint.h"

#define UNIX_PREFIX	"unix:"
#define FD_PREFIX	"fd:"

static const char *after_prefix(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) ? NULL : text + n;
}

/* Close @fd, keep errno. */
static int give_up(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

/* "HOST:PORT", "[V6]:PORT", "PORT" -> the two parts, in a copy of @text. */
static int split(char *text, char **host, char **port)
{
	char *colon = strrchr(text, ':');

	*host = NULL;
	*port = text;
	if (!colon)
		return 0;
	*colon = '\0';
	*port = colon + 1;
	*host = text;
	if (text[0] == '[') {
		if (colon == text || colon[-1] != ']')
			return -1;
		colon[-1] = '\0';
		*host = text + 1;
	} else if (strchr(text, ':')) {
		return -1;	/* an IPv6 address without brackets */
	}
	return **host && **port ? 0 : -1;
}

/* getaddrinfo() would take the low 16 bits of a larger number. */
static bool port_ok(const char *port)
{
	char *end;

	return strtoul(port, &end, 10) <= UINT16_MAX || *end;
}

static bool inet_ok(const char *text, bool listening)
{
	char *copy = strdup(text), *host, *port;
	bool ok = copy && !split(copy, &host, &port) && port_ok(port) &&
		  (listening || host);

	if (!ok)
		cli_error("'%s' is not an address; write HOST:PORT, [IPV6]:PORT, %s",
			  text, listening ? "PORT or unix:PATH" :
					    "unix:PATH or fd:N");
	free(copy);
	return ok;
}

static bool unix_ok(const char *path)
{
	const size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

	if (*path && strlen(path) <= most)
		return true;
	cli_error("unix:%s: the path of a unix socket has 1 to %zu bytes", path,
		  most);
	return false;
}

static bool descriptor_ok(const char *number)
{
	char *end;
	long fd = strtol(number, &end, 10);

	if (*number >= '0' && *number <= '9' && !*end && fd <= INT32_MAX)
		return true;
	cli_error("fd:%s names no descriptor; write fd:3, for one", number);
	return false;
}

bool endpoint_ok(const char *text, bool listening)
{
	const char *path = after_prefix(text, UNIX_PREFIX);
	const char *number = after_prefix(text, FD_PREFIX);

	if (path)
		return unix_ok(path);
	if (number && !listening)
		return descriptor_ok(number);
	if (number) {
		cli_error("fd:%s is not an address to listen at", number);
		return false;
	}
	return inet_ok(text, listening);
}

static struct addrinfo *resolve(const char *text, bool listening)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = listening ? AI_PASSIVE : 0,
	};
	struct addrinfo *found = NULL;
	char *copy = strdup(text), *host, *port;
	int ret = EAI_MEMORY;

	if (copy && !split(copy, &host, &port))
		ret = getaddrinfo(host, port, &hints, &found);
	if (ret)
		cli_error("cannot find %s: %s", text, gai_strerror(ret));
	free(copy);
	return ret ? NULL : found;
}

static int connect_inet(const char *text)
{
	struct addrinfo *list = resolve(text, false), *ai;
	int fd = -1;

	if (!list)
		return -1;
	for (ai = list; ai; ai = ai->ai_next) {
		fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC,
			    ai->ai_protocol);
		if (fd < 0)
			continue;
		if (!connect(fd, ai->ai_addr, ai->ai_addrlen))
			break;
		fd = give_up(fd);
	}
	if (fd < 0)
		cli_error("cannot connect to %s: %s", text, strerror(errno));
	freeaddrinfo(list);
	return fd;
}

static int unix_socket(const char *path, struct sockaddr_un *address)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	strncpy(address->sun_path, path, sizeof(address->sun_path) - 1);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int connect_unix(const char *path)
{
	struct sockaddr_un address;
	int fd = unix_socket(path, &address);

	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)))
		fd = give_up(fd);
	if (fd < 0)
		cli_error("cannot connect to unix:%s: %s", path,
			  strerror(errno));
	return fd;
}

int endpoint_connect(const char *text)
{
	const char *path = after_prefix(text, UNIX_PREFIX);
	const char *number = after_prefix(text, FD_PREFIX);

	if (path)
		return connect_unix(path);
	if (number)
		return atoi(number);
	return connect_inet(text);
}

void endpoint_close(int sock, const char *text)
{
	if (after_prefix(text, FD_PREFIX))
		return;
	shutdown(sock, SHUT_WR);
	close(sock);
}

/* An IPv6 socket takes IPv4 too, if the address does not say otherwise. */
static int listen_on(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC,
			ai->ai_protocol);
	int one = 1, zero = 0;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, 128))
		return give_up(fd);
	return fd;
}

static char *inet_name(const struct sockaddr *address, socklen_t length,
		       char *name, unsigned int size)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getnameinfo(address, length, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		snprintf(name, size, "?");
	else
		snprintf(name, size, strchr(host, ':') ? "[%s]:%s" : "%s:%s",
			 host, port);
	return name;
}

static int listen_inet(const char *text, char *name, unsigned int size)
{
	struct addrinfo *list = resolve(text, true), *ai;
	struct sockaddr_storage own;
	socklen_t length = sizeof(own);
	int fd = -1;

	if (!list)
		return -1;
	/* Without a host, one IPv6 socket serves both. */
	for (ai = list; ai && fd < 0; ai = ai->ai_next)
		if (strchr(text, ':') || ai->ai_family == AF_INET6)
			fd = listen_on(ai);
	for (ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = listen_on(ai);
	if (fd < 0)
		cli_error("cannot listen at %s: %s", text, strerror(errno));
	else if (!getsockname(fd, (struct sockaddr *)&own, &length))
		inet_name((struct sockaddr *)&own, length, name, size);
	freeaddrinfo(list);
	return fd;
}

static int listen_unix(const char *path, char *name, unsigned int size)
{
	struct sockaddr_un address;
	int fd = unix_socket(path, &address);

	if (fd >= 0 &&
	    (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	     listen(fd, 128)))
		fd = give_up(fd);
	if (fd < 0)
		cli_error("cannot listen at unix:%s: %s%s", path,
			  strerror(errno), errno == EADDRINUSE ?
			  "; if nobody uses that socket, remove the file" : "");
	snprintf(name, size, "unix:%s", path);
	return fd;
}

int endpoint_listen(const char *text, char *name, unsigned int size)
{
	const char *path = after_prefix(text, UNIX_PREFIX);

	if (path)
		return listen_unix(path, name, size);
	return listen_inet(text, name, size);
}

void endpoint_unlink(const char *text)
{
	const char *path = after_prefix(text, UNIX_PREFIX);

	if (path)
		unlink(path);
}

char *endpoint_peer(int sock, char *name, unsigned int size)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);

	if (getpeername(sock, (struct sockaddr *)&peer, &length))
		snprintf(name, size, "?");
	else if (peer.ss_family == AF_UNIX)
		snprintf(name, size, "unix");
	else
		inet_name((struct sockaddr *)&peer, length, name, size);
	return name;
}
