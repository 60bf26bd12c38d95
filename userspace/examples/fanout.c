// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * One file to a thousand clients at once, from one thread.
 *
 *	fanout [-n CLIENTS] [-t SECONDS] PORT FILE
 *
 * The listening socket and the zcx context are in one epoll set. A client that
 * comes gets a link: a header from memory, then the file. Nothing is kept about it
 * but its descriptor, which is the link's user data: an event brings it back once
 * the client's TCP has acknowledged every byte, or if that failed. Ends after so
 * many clients.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <zcx.h>

#define EVENTS		64
#define IDLE_NS		30000000000ULL	/* a client that takes nothing is dropped */
#define OWN_FILES	16		/* descriptors beside those of clients */

struct server {
	int zcx;
	int epoll;
	int listener;
	struct zcx_program *program;
	unsigned long wanted;		/* clients to serve */
	unsigned long accepted;
	unsigned long served;
	unsigned long failed;
	unsigned long long bytes;
	unsigned long long copied;
};

/* Returns -1, having said what went wrong; @error is an errno of either sign. */
static int fail(const char *what, int error)
{
	fprintf(stderr, "fanout: %s: %s\n", what, strerror(abs(error)));
	return -1;
}

/* Closing with bytes unread would reset the connection under the client. */
static void close_client(int client)
{
	char request[4096];
	int i;

	for (i = 0; i < 16; i++)
		if (recv(client, request, sizeof(request), MSG_DONTWAIT) <= 0)
			break;
	close(client);
}

/* From here on the client's link runs by itself. */
static void start(struct server *server, int client)
{
	const struct zcx_submit_options options = {
		.flags = ZCX_LINK_ACKED,
		.idle_ns = IDLE_NS,
		.user_data = client,
	};
	int ret = zcx_submit(server->zcx, client, server->program, &options,
			     NULL);

	if (!ret)
		return;
	fail("a client is turned away", ret);
	server->failed++;
	close_client(client);
}

static int accept_clients(struct server *server)
{
	while (server->accepted < server->wanted) {
		int client = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);

		if (client < 0 && (errno == EAGAIN || errno == EINTR ||
				   errno == ECONNABORTED))
			return 0;
		if (client < 0)
			return fail("accept", errno);
		server->accepted++;
		start(server, client);
	}
	/* Those who come now are refused rather than left to wait. */
	close(server->listener);
	server->listener = -1;
	return 0;
}

static void finish(struct server *server, const struct zcx_event *event)
{
	server->bytes += event->bytes_sent;
	server->copied += event->bytes_copied;
	if (event->state == ZCX_STATE_ACKED)
		server->served++;
	else
		server->failed++;
	if (event->error)
		fail("a client was lost", event->error);
	else if (event->state == ZCX_STATE_SHORT)
		fail("the file has become shorter", ENODATA);
	close_client(event->user_data);
}

static int read_events(struct server *server)
{
	struct zcx_event events[EVENTS];
	int n = zcx_read_events(server->zcx, events, EVENTS);
	int i;

	for (i = 0; i < n; i++)
		finish(server, &events[i]);
	return n < 0 && n != -EINTR ? fail("events", n) : 0;
}

static int serve(struct server *server, int timeout_ms)
{
	struct epoll_event ready[2];
	int n, i, ret = 0;

	while (!ret && server->served + server->failed < server->wanted) {
		n = epoll_wait(server->epoll, ready, 2, timeout_ms);
		if (n < 0 && errno != EINTR)
			return fail("epoll_wait", errno);
		if (n == 0)
			return fail("nothing happened", ETIMEDOUT);
		for (i = 0; i < n && !ret; i++)
			ret = ready[i].data.fd == server->zcx ?
			      read_events(server) : accept_clients(server);
	}
	return ret;
}

static int watch(struct server *server, int fd)
{
	struct epoll_event interest = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &interest))
		return fail("epoll_ctl", errno);
	return 0;
}

static int listen_at(unsigned long port)
{
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_ANY_INIT,
	};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd < 0)
		return fail("socket", errno);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, 1024)) {
		fail("listen", errno);
		close(fd);
		return -1;
	}
	return fd;
}

/* All of a file, behind a header that says how much that is. */
static struct zcx_program *make_program(int file, char *header, size_t size)
{
	struct zcx_program *program = zcx_program_new();
	struct stat st;
	int ret = 0;

	if (!program)
		return NULL;
	if (fstat(file, &st))
		ret = -errno;
	snprintf(header, size,
		 "HTTP/1.1 200 OK\r\nContent-Length: %lld\r\nConnection: close\r\n\r\n",
		 ret ? 0LL : (long long)st.st_size);
	if (!ret)
		ret = zcx_program_add_memory(program, header, strlen(header));
	if (!ret)
		ret = zcx_program_add_file(program, file, 0, st.st_size);
	if (!ret)
		return program;
	fail("program", ret);
	zcx_program_free(program);
	return NULL;
}

/* All clients are open at once. */
static int raise_file_limit(unsigned long clients)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return fail("getrlimit", errno);
	if (limit.rlim_cur >= clients + OWN_FILES)
		return 0;
	limit.rlim_cur = clients + OWN_FILES;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return fail("too many clients for the limit of descriptors",
			    errno);
	return 0;
}

static int set_up(struct server *server, unsigned long port)
{
	const char *hint;

	server->zcx = zcx_open();
	if (server->zcx < 0) {
		hint = zcx_hint(server->zcx, ZCX_HINT_OPEN);
		if (hint)
			fprintf(stderr, "fanout: %s\n", hint);
		return fail(ZCX_DEVICE, server->zcx);
	}
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll < 0)
		return fail("epoll_create1", errno);
	server->listener = listen_at(port);
	if (server->listener < 0 || raise_file_limit(server->wanted))
		return -1;
	return watch(server, server->zcx) || watch(server, server->listener) ?
	       -1 : 0;
}

/* To close the context is to cancel what still runs. */
static void tear_down(struct server *server)
{
	if (server->listener >= 0)
		close(server->listener);
	if (server->epoll >= 0)
		close(server->epoll);
	if (server->zcx >= 0)
		zcx_close(server->zcx);
	zcx_program_free(server->program);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int run(struct server *server, unsigned long port, int timeout_ms)
{
	double begun = now();
	int ret = set_up(server, port);

	if (!ret)
		ret = serve(server, timeout_ms);
	printf("%lu of %lu clients served, %lu failed; %llu bytes, %llu copied, %.2f s\n",
	       server->served, server->wanted, server->failed, server->bytes,
	       server->copied, now() - begun);
	return ret || server->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* A number from 1 to @most, or 0. */
static unsigned long number(const char *text, unsigned long most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	return *text == '-' || *end || value > most ? 0 : value;
}

int main(int argc, char **argv)
{
	struct server server = {
		.zcx = -1, .epoll = -1, .listener = -1, .wanted = 1000,
	};
	unsigned long port, seconds = 60;
	int option, file, code = EXIT_FAILURE;
	char header[128];

	while ((option = getopt(argc, argv, "n:t:")) != -1) {
		if (option == 'n')
			server.wanted = number(optarg, 1000000);
		else if (option == 't')
			seconds = number(optarg, 3600);
		else
			server.wanted = 0;
	}
	port = optind == argc - 2 ? number(argv[optind], 65535) : 0;
	if (!port || !server.wanted || !seconds) {
		fputs("usage: fanout [-n CLIENTS] [-t SECONDS] PORT FILE\n",
		      stderr);
		return 2;
	}
	file = open(argv[optind + 1], O_RDONLY | O_CLOEXEC);
	if (file < 0) {
		fail(argv[optind + 1], errno);
		return EXIT_FAILURE;
	}
	server.program = make_program(file, header, sizeof(header));
	if (server.program)
		code = run(&server, port, seconds * 1000);
	tear_down(&server);
	close(file);
	return code;
}
