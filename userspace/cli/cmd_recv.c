// SPDX-License-Identifier: GPL-2.0
/* zcx recv: take what comes, count it, hash it. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "endpoint.h"
#include "progress.h"

#define BUFFER_BYTES	(256U << 10)
#define SHA256_BYTES	32

struct request {
	const char *address;
	const char *output;	/* NULL: nowhere */
	unsigned long count;
	double timeout;
	bool json;
	bool quiet;
};

/* What arrived over one connection. */
struct arrival {
	char peer[128];
	uint64_t bytes;
	double seconds;
	unsigned char sha[SHA256_BYTES];
};

enum { OPT_TIMEOUT = 256 };

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0,
	  "Write what arrives to FILE, - for standard output (default: nowhere)", 0 },
	{ "count", 'n', "NUMBER", 0,
	  "Take so many connections, one after another (default: 1)", 0 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0,
	  "Give up when nothing comes for so long", 0 },
	{ "json", 'j', NULL, 0,
	  "Print a JSON object on a line of its own for each connection", 0 },
	{ "quiet", 'q', NULL, 0, "No progress bar", 0 },
	{ 0 },
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = sig;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;
	char *end;

	switch (key) {
	case 'o':
		request->output = arg;
		break;
	case 'n':
		request->count = strtoul(arg, &end, 10);
		if (*end || !request->count || *arg == '-')
			argp_error(state, "'%s' is not a number of connections",
				   arg);
		break;
	case OPT_TIMEOUT:
		if (!cli_parse_seconds(arg, &request->timeout))
			argp_error(state, "'%s' is not a number of seconds",
				   arg);
		break;
	case 'j':
		request->json = true;
		break;
	case 'q':
		request->quiet = true;
		break;
	case ARGP_KEY_ARG:
		if (request->address)
			argp_error(state, "one address is enough");
		request->address = arg;
		break;
	case ARGP_KEY_END:
		if (!request->address)
			argp_error(state, "where to listen?");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static int write_all(int fd, const char *buf, size_t length)
{
	ssize_t n;

	while (length) {
		n = write(fd, buf, length);
		if (n < 0 && errno == EINTR && !stopped)
			continue;
		if (n < 0)
			return -errno;
		buf += n;
		length -= n;
	}
	return 0;
}

/* Read to the end of the stream. Returns 0 or -errno, having said why. */
static int drain(int sock, int output, char *buf, EVP_MD_CTX *hash,
		 struct progress *progress, uint64_t *bytes)
{
	ssize_t n;
	int ret;

	for (;;) {
		n = read(sock, buf, BUFFER_BYTES);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR && !stopped)
			continue;
		if (n < 0) {
			ret = -errno;
			cli_error("after %" PRIu64 " bytes: %s", *bytes,
				  ret == -EAGAIN ? "nothing came for too long" :
						   strerror(-ret));
			return ret;
		}
		*bytes += n;
		progress_update(progress, *bytes);
		EVP_DigestUpdate(hash, buf, n);
		ret = output >= 0 ? write_all(output, buf, n) : 0;
		if (ret) {
			cli_error("cannot write: %s", strerror(-ret));
			return ret;
		}
	}
}

static int receive(const struct request *request, int sock, int output,
		   struct arrival *arrival)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	char *buf = malloc(BUFFER_BYTES);
	struct progress progress;
	int ret = -ENOMEM;

	memset(arrival, 0, sizeof(*arrival));
	endpoint_peer(sock, arrival->peer, sizeof(arrival->peer));
	progress_begin(&progress, !request->quiet && !request->json, 0);
	if (buf && hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL))
		ret = drain(sock, output, buf, hash, &progress,
			    &arrival->bytes);
	progress_end(&progress, arrival->bytes);
	arrival->seconds = cli_now() - progress.begun;
	if (!ret && !EVP_DigestFinal_ex(hash, arrival->sha, NULL))
		ret = -EIO;
	EVP_MD_CTX_free(hash);
	free(buf);
	return ret;
}

static void report(const struct request *request, const struct arrival *arrival)
{
	/* Standard output may be where the bytes themselves go. */
	bool taken = request->output && !strcmp(request->output, "-");
	FILE *out = taken ? stderr : stdout;
	char sha[2 * SHA256_BYTES + 1];
	struct json_object *top;
	size_t i;

	for (i = 0; i < SHA256_BYTES; i++)
		sprintf(sha + 2 * i, "%02x", arrival->sha[i]);
	if (!request->json) {
		fprintf(out, "%" PRIu64 " bytes from %s in %.3f s, SHA-256 %s\n",
			arrival->bytes, arrival->peer, arrival->seconds, sha);
		fflush(out);
		return;
	}
	top = json_object_new_object();
	json_object_object_add(top, "from",
			       json_object_new_string(arrival->peer));
	json_object_object_add(top, "bytes",
			       json_object_new_uint64(arrival->bytes));
	json_object_object_add(top, "seconds",
			       json_object_new_double(arrival->seconds));
	json_object_object_add(top, "sha256", json_object_new_string(sha));
	fprintf(out, "%s\n", json_object_to_json_string_ext(
				     top, JSON_C_TO_STRING_PLAIN));
	fflush(out);
	json_object_put(top);
}

static int accept_one(const struct request *request, int listener)
{
	int sock;

	do {
		sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	} while (sock < 0 && (errno == EINTR || errno == ECONNABORTED) &&
		 !stopped);
	if (sock < 0 && !stopped)
		cli_error("%s: %s", request->address, errno == EAGAIN ?
			  "nobody came in time" : strerror(errno));
	if (sock >= 0 && request->timeout)
		cli_set_timeout(sock, SO_RCVTIMEO, request->timeout);
	return sock;
}

static int serve(const struct request *request, int listener, int output)
{
	struct arrival arrival;
	unsigned long i;
	int sock, ret;

	for (i = 0; i < request->count; i++) {
		sock = accept_one(request, listener);
		if (sock < 0)
			return CLI_FAILED;
		ret = receive(request, sock, output, &arrival);
		close(sock);
		if (ret)
			return CLI_FAILED;
		report(request, &arrival);
	}
	return CLI_OK;
}

static int open_output(const char *path)
{
	int fd;

	if (!strcmp(path, "-"))
		return STDOUT_FILENO;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		cli_error("%s: %s", path, strerror(errno));
	return fd;
}

/* Without SA_RESTART, so that we come back and tidy up. */
static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

int cmd_recv(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[HOST:]PORT|unix:PATH",
		.doc = "Listen, take a connection, and print how many bytes came and their SHA-256. Port 0 lets the kernel choose; the address is printed on standard error.",
	};
	struct request request = { .count = 1 };
	int listener, output = -1, code;
	char name[160] = "";

	argp_parse(&argp, argc, argv, 0, NULL, &request);
	if (!endpoint_ok(request.address, true))
		return CLI_USAGE;
	if (request.output) {
		output = open_output(request.output);
		if (output < 0)
			return CLI_FAILED;
	}
	listener = endpoint_listen(request.address, name, sizeof(name));
	if (listener < 0)
		return CLI_FAILED;
	if (request.timeout)
		cli_set_timeout(listener, SO_RCVTIMEO, request.timeout);
	catch_signals();
	fprintf(stderr, "listening on %s\n", name);

	code = serve(&request, listener, output);
	close(listener);
	endpoint_unlink(request.address);
	if (output > STDERR_FILENO && close(output)) {
		cli_error("%s: %s", request.output, strerror(errno));
		code = CLI_FAILED;
	}
	return code;
}
