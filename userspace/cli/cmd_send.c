// SPDX-License-Identifier: GPL-2.0
/* zcx send: files, or ranges of one, to a socket. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "endpoint.h"
#include "send.h"
#include "send_report.h"

static const struct send_method methods[] = {
	{ "zcx", true, send_by_zcx },
	{ "sendfile", false, send_by_sendfile },
};

/* What was typed. */
struct request {
	char **words;			/* files, then the destination */
	size_t word_count;
	struct send_range *ranges;	/* of --range */
	size_t range_count;
	const char *header;
	const char *trailer;
	uint32_t lane;
	const struct send_method *method;
	double timeout;
	bool json;
	bool quiet;
};

enum { OPT_LANE = 256, OPT_METHOD, OPT_TIMEOUT };

static const struct argp_option options[] = {
	{ "range", 'r', "RANGE", 0,
	  "Send this range of the one FILE: OFFSET+LENGTH, OFFSET+ or OFFSET (to its end); may be given again, ranges go in the order given", 0 },
	{ "header", 'H', "TEXT", 0,
	  "Send TEXT, or the contents of a file named by @FILE, first", 0 },
	{ "trailer", 'T', "TEXT", 0, "The same, last", 0 },
	{ "lane", OPT_LANE, "LANE", 0,
	  "How bytes are read: auto (default) or cache", 0 },
	{ "method", OPT_METHOD, "METHOD", 0,
	  "zcx (default), or sendfile to compare with", 0 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0,
	  "Give up when the receiver takes nothing for so long", 0 },
	{ "json", 'j', NULL, 0, "Print the result as one JSON object", 0 },
	{ "quiet", 'q', NULL, 0, "Print nothing but errors", 0 },
	{ 0 },
};

/* OFFSET+LENGTH, OFFSET+ or OFFSET. */
static bool parse_range(const char *text, struct send_range *range)
{
	const char *end;

	range->length = ZCX_TO_EOF;
	if (!cli_parse_bytes(text, &range->offset, &end))
		return false;
	if (*end == '+' && *++end &&
	    !cli_parse_bytes(end, &range->length, &end))
		return false;
	return !*end && range->offset <= INT64_MAX &&
	       (range->length == ZCX_TO_EOF ||
		range->length <= INT64_MAX - range->offset);
}

static void add_range(struct request *request, const char *text,
		      struct argp_state *state)
{
	struct send_range range = { 0 };
	struct send_range *ranges;

	if (!parse_range(text, &range))
		argp_error(state, "'%s' is not a range; write OFFSET+LENGTH, such as 4K+1M",
			   text);
	ranges = reallocarray(request->ranges, request->range_count + 1,
			      sizeof(*ranges));
	if (!ranges)
		argp_failure(state, CLI_FAILED, ENOMEM, "ranges");
	ranges[request->range_count++] = range;
	request->ranges = ranges;
}

static void set_lane(struct request *request, const char *name,
		     struct argp_state *state)
{
	if (!strcmp(name, "auto"))
		request->lane = ZCX_LANE_AUTO;
	else if (!strcmp(name, "cache"))
		request->lane = ZCX_LANE_CACHE;
	else
		argp_error(state, "no lane is called '%s'; there are auto and cache",
			   name);
}

static void set_method(struct request *request, const char *name,
		       struct argp_state *state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(methods); i++) {
		if (strcmp(name, methods[i].name))
			continue;
		request->method = &methods[i];
		return;
	}
	argp_error(state, "no method is called '%s'; there are zcx and sendfile",
		   name);
}

static void check_words(struct request *request, struct argp_state *state)
{
	if (request->word_count < 2)
		argp_error(state, "what to send, and where to?");
	if (request->range_count && request->word_count != 2)
		argp_error(state, "--range goes with one FILE");
	if (!request->method->device && request->lane != ZCX_LANE_AUTO)
		argp_error(state, "--lane goes with the method zcx");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case 'r':
		add_range(request, arg, state);
		break;
	case 'H':
		request->header = arg;
		break;
	case 'T':
		request->trailer = arg;
		break;
	case OPT_LANE:
		set_lane(request, arg, state);
		break;
	case OPT_METHOD:
		set_method(request, arg, state);
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
	case ARGP_KEY_ARGS:
		request->words = state->argv + state->next;
		request->word_count = state->argc - state->next;
		break;
	case ARGP_KEY_END:
		check_words(request, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* All of a small file, for @FILE. */
static int read_text(const char *path, struct send_text *text)
{
	FILE *file = fopen(path, "r");
	size_t n;

	if (!file)
		return -errno;
	/* One byte more than fits, to see that there is too much. */
	text->bytes = malloc(ZCX_MAX_MEMORY_LINK + 1);
	n = text->bytes ?
		fread(text->bytes, 1, ZCX_MAX_MEMORY_LINK + 1, file) : 0;
	if (!text->bytes || ferror(file)) {
		fclose(file);
		return text->bytes ? -EIO : -ENOMEM;
	}
	fclose(file);
	text->length = n;
	return n > ZCX_MAX_MEMORY_LINK ? -EFBIG : 0;
}

static bool take_text(const char *arg, struct send_text *text)
{
	int ret;

	if (!arg)
		return true;
	if (*arg == '@') {
		ret = read_text(arg + 1, text);
		if (ret)
			cli_error("%s: %s", arg + 1, ret == -EFBIG ?
				  "more than 1 MiB; send it as a file" :
				  strerror(-ret));
		return !ret;
	}
	text->bytes = strdup(arg);
	text->length = strlen(arg);
	if (!text->bytes)
		cli_error("%s", strerror(ENOMEM));
	return text->bytes;
}

static int open_file(const char *name)
{
	bool is_stdin = !strcmp(name, "-");
	struct stat st;
	int fd;

	if (is_stdin)
		name = "standard input";
	/* Looked at first, since to open a FIFO might take for ever. */
	if (is_stdin ? fstat(STDIN_FILENO, &st) : stat(name, &st)) {
		cli_error("%s: %s", name, strerror(errno));
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		cli_error("%s: %s", name, S_ISDIR(st.st_mode) ?
			  "is a directory; name its files" :
			  "is not a regular file; only those can be sent");
		return -1;
	}
	fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		cli_error("%s: %s", name, strerror(errno));
	return fd;
}

/*
 * "To the end" means the end as it is now, so that a file that shrinks while it
 * is sent is noticed. Size 0 tells nothing (procfs), but a byte that can be
 * read does; such a file's length stays open.
 */
static void settle_length(struct send_range *range)
{
	struct stat st;
	uint64_t size;
	char byte;

	if (range->length != ZCX_TO_EOF || fstat(range->fd, &st))
		return;
	if (!st.st_size && pread(range->fd, &byte, 1, range->offset) == 1)
		return;
	size = st.st_size;
	range->length = size > range->offset ? size - range->offset : 0;
}

/* All files are open at once: take as many descriptors as we may have. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* The files' descriptors stay open until the program ends. */
static bool open_ranges(const struct request *request, struct send_job *job)
{
	size_t files = request->word_count - 1, i;
	int fd = -1;

	raise_file_limit();
	job->range_count = request->range_count ? request->range_count : files;
	job->ranges = calloc(job->range_count, sizeof(*job->ranges));
	if (!job->ranges) {
		cli_error("%s", strerror(ENOMEM));
		return false;
	}
	for (i = 0; i < job->range_count; i++) {
		struct send_range *range = &job->ranges[i];

		if (i < files)
			fd = open_file(request->words[i]);
		if (fd < 0)
			return false;
		range->length = ZCX_TO_EOF;
		if (request->range_count)
			*range = request->ranges[i];
		range->fd = fd;
		range->name = request->words[i < files ? i : 0];
		settle_length(range);
		if (range->length != ZCX_TO_EOF)
			job->expected += range->length;
	}
	return true;
}

static bool prepare(const struct request *request, struct send_job *job)
{
	if (!take_text(request->header, &job->header) ||
	    !take_text(request->trailer, &job->trailer) ||
	    !open_ranges(request, job))
		return false;
	job->lane = request->lane;
	job->expected += job->header.length + job->trailer.length;
	return true;
}

static void finish(struct send_job *job, const char *destination)
{
	/* A descriptor that we were given is not ours to shut down. */
	if (job->sock >= 0 && strncmp(destination, "fd:", 3)) {
		shutdown(job->sock, SHUT_WR);
		close(job->sock);
	}
	if (job->device >= 0)
		zcx_close(job->device);
	free(job->ranges);
	free(job->header.bytes);
	free(job->trailer.bytes);
}

static int transfer(const struct request *request, struct send_job *job)
{
	const char *destination = request->words[request->word_count - 1];
	struct send_outcome outcome = {
		.job = job,
		.destination = destination,
		.method = request->method,
	};

	/* First, so that without it the receiver is not bothered. */
	if (request->method->device) {
		job->device = cli_open_device();
		if (job->device < 0)
			return CLI_FAILED;
	}
	job->sock = endpoint_connect(destination);
	if (job->sock < 0)
		return CLI_FAILED;
	if (request->timeout)
		cli_set_timeout(job->sock, SO_SNDTIMEO, request->timeout);

	progress_begin(&job->progress, !request->quiet && !request->json,
		       job->expected);
	outcome.error = -request->method->send(job);
	outcome.seconds = cli_now() - job->progress.begun;
	progress_end(&job->progress, job->total.bytes_sent);

	if (request->json)
		send_report_json(&outcome);
	else if (!request->quiet && job->total.calls)
		send_report_text(&outcome);
	if (outcome.error)
		send_report_error(&outcome);
	return outcome.error ? CLI_FAILED : CLI_OK;
}

int cmd_send(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE... DESTINATION",
		.doc = "Send files to DESTINATION: HOST:PORT, [IPV6]:PORT, unix:PATH, or fd:N for a connected socket that was inherited.\vNumbers of bytes may end in K, M, G or T (powers of 1024). FILE - is standard input, if that is a file.",
	};
	struct request request = { .method = &methods[0] };
	struct send_job job = { .device = -1, .sock = -1 };
	const char *destination;
	int code = CLI_FAILED;

	argp_parse(&argp, argc, argv, 0, NULL, &request);
	destination = request.words[request.word_count - 1];
	if (!endpoint_ok(destination, false))
		code = CLI_USAGE;
	else if (prepare(&request, &job))
		code = transfer(&request, &job);
	finish(&job, destination);
	free(request.ranges);
	return code;
}
