// SPDX-License-Identifier: GPL-2.0
/* zcx send: files, or ranges of one, to a socket. */
#include <argp.h>
#include <errno.h>
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
#include "send_fanout.h"
#include "send_report.h"

static const struct send_method methods[] = {
	{ "zcx", true, send_by_zcx },
	{ "sendfile", false, send_by_sendfile },
};

/* What was typed. */
struct request {
	char **words;			/* files; the destination without --to */
	size_t word_count;
	size_t file_count;
	const char **destinations;
	size_t destination_count;
	struct send_range *ranges;	/* of --range */
	size_t range_count;
	const char *header;
	const char *trailer;
	uint32_t lane;
	uint64_t direct_threshold;
	const struct send_method *method;
	struct zcx_submit_options links;
	double timeout;
	bool json;
	bool quiet;
};

enum {
	OPT_LANE = 256,
	OPT_METHOD,
	OPT_TIMEOUT,
	OPT_TO,
	OPT_ACKED,
	OPT_FOLLOW,
	OPT_RATE,
	OPT_DEADLINE,
	OPT_IDLE,
	OPT_DIRECT_THRESHOLD,
	OPT_NOWAIT,
	OPT_DROP_BEHIND,
};

static const struct argp_option options[] = {
	{ "range", 'r', "RANGE", 0,
	  "Send this range of the one FILE: OFFSET+LENGTH, OFFSET+ or OFFSET (to its end); may be given again, ranges go in the order given", 0 },
	{ "header", 'H', "TEXT", 0,
	  "Send TEXT, or the contents of a file named by @FILE, first", 0 },
	{ "trailer", 'T', "TEXT", 0, "The same, last", 0 },
	{ "lane", OPT_LANE, "LANE", 0,
	  "How bytes are read: auto (default; large cold files by direct I/O, past the page cache), cache or direct", 0 },
	{ "direct-threshold", OPT_DIRECT_THRESHOLD, "BYTES", 0,
	  "With the lane auto: how large is large; or never (default: as the module says)", 0 },
	{ "nowait", OPT_NOWAIT, NULL, 0,
	  "Wait for no disk: send what is in the page cache, up to the first byte that is not", 0 },
	{ "drop-behind", OPT_DROP_BEHIND, NULL, 0,
	  "Leave nothing in the page cache that was not there before", 0 },
	{ "method", OPT_METHOD, "METHOD", 0,
	  "zcx (default), or sendfile to compare with", 0 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0,
	  "Give up when the receiver takes nothing for so long", 0 },
	{ "to", OPT_TO, "DESTINATION", 0,
	  "Send there; all words are FILEs then. May be given again: all destinations are sent to at the same time", 0 },
	{ "acked", OPT_ACKED, NULL, 0,
	  "End when the receiver's system has acknowledged every byte", 0 },
	{ "follow", OPT_FOLLOW, NULL, 0,
	  "Go on with what is appended to the last FILE", 0 },
	{ "rate", OPT_RATE, "BYTES/s", 0,
	  "Send at most so many bytes per second to each destination", 0 },
	{ "deadline", OPT_DEADLINE, "SECONDS", 0,
	  "Give up after so long, whatever has been sent", 0 },
	{ "idle", OPT_IDLE, "SECONDS", 0,
	  "Give up when the receiver takes (with --acked: acknowledges) nothing for so long", 0 },
	{ "json", 'j', NULL, 0,
	  "Print the result as one JSON object, or an array of them", 0 },
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

static void set_rate(struct request *request, const char *text,
		     struct argp_state *state)
{
	const char *end;

	if (!cli_parse_bytes(text, &request->links.rate, &end) ||
	    !request->links.rate || (*end && strcmp(end, "/s")))
		argp_error(state, "'%s' is not a rate; write a number of bytes per second, such as 10M",
			   text);
}

static double seconds(const char *text, struct argp_state *state)
{
	double value;

	if (!cli_parse_seconds(text, &value))
		argp_error(state, "'%s' is not a number of seconds", text);
	return value;
}

/* Links that run by themselves, or as sendfile(2) would go about it? */
static bool by_itself(const struct request *request)
{
	const struct zcx_submit_options *links = &request->links;

	return request->destination_count > 1 || links->flags || links->rate ||
	       links->deadline_ns || links->idle_ns;
}

static bool can_follow(const struct request *request)
{
	return !request->trailer &&
	       (!request->range_count ||
		request->ranges[request->range_count - 1].length == ZCX_TO_EOF);
}

/* Without --to, the last word is the destination, whatever it looks like. */
static void settle_words(struct request *request, struct argp_state *state)
{
	size_t least = request->destination_count ? 1 : 2;

	if (request->word_count < least)
		argp_error(state, "what to send, and where to?");
	request->file_count = request->word_count - (least - 1);
	if (least == 2)
		request->destinations[request->destination_count++] =
			request->words[request->file_count];
}

static void check_request(struct request *request, struct argp_state *state)
{
	if (request->range_count && request->file_count != 1)
		argp_error(state, "--range goes with one FILE");
	if (!request->method->device &&
	    (request->lane != ZCX_LANE_AUTO || request->direct_threshold))
		argp_error(state, "--lane and --direct-threshold go with the method zcx");
	if (request->direct_threshold && request->lane != ZCX_LANE_AUTO)
		argp_error(state, "--direct-threshold goes with the lane auto");
	if (!request->method->device && by_itself(request))
		argp_error(state, "several destinations, --acked, --follow, --nowait, --drop-behind, --rate, --deadline and --idle go with the method zcx");
	if (request->links.flags & ZCX_LINK_FOLLOW && !can_follow(request))
		argp_error(state, "--follow goes with a file to its end, and nothing behind it");
	/* To a link that runs by itself, that is the same. */
	if (by_itself(request) && !request->links.idle_ns)
		request->links.idle_ns = request->timeout * 1e9;
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
		cli_set_lane(&request->lane, arg, state);
		break;
	case OPT_DIRECT_THRESHOLD:
		cli_set_threshold(&request->direct_threshold, arg, state);
		break;
	case OPT_NOWAIT:
		request->links.flags |= ZCX_LINK_NOWAIT;
		break;
	case OPT_DROP_BEHIND:
		request->links.flags |= ZCX_LINK_DROP_BEHIND;
		break;
	case OPT_METHOD:
		set_method(request, arg, state);
		break;
	case OPT_TIMEOUT:
		request->timeout = seconds(arg, state);
		break;
	case OPT_TO:
		request->destinations[request->destination_count++] = arg;
		break;
	case OPT_ACKED:
		request->links.flags |= ZCX_LINK_ACKED;
		break;
	case OPT_FOLLOW:
		request->links.flags |= ZCX_LINK_FOLLOW;
		break;
	case OPT_RATE:
		set_rate(request, arg, state);
		break;
	case OPT_DEADLINE:
		request->links.deadline_ns = seconds(arg, state) * 1e9;
		break;
	case OPT_IDLE:
		request->links.idle_ns = seconds(arg, state) * 1e9;
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
		settle_words(request, state);
		check_request(request, state);
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
	size_t files = request->file_count, i;
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
			fd = cli_open_file(request->words[i]);
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
	if (request->links.flags & ZCX_LINK_FOLLOW)
		job->ranges[job->range_count - 1].length = ZCX_TO_EOF;
	return true;
}

static bool prepare(const struct request *request, struct send_job *job)
{
	if (!take_text(request->header, &job->header) ||
	    !take_text(request->trailer, &job->trailer) ||
	    !open_ranges(request, job))
		return false;
	job->lane = request->lane;
	job->direct_threshold = request->direct_threshold;
	job->expected += job->header.length + job->trailer.length;
	return true;
}

static void finish(struct send_job *job)
{
	if (job->device >= 0)
		zcx_close(job->device);
	free(job->ranges);
	free(job->header.bytes);
	free(job->trailer.bytes);
}

static void report(const struct request *request,
		   const struct send_outcome *outcomes, size_t count)
{
	size_t i;

	if (request->json)
		send_report_json(outcomes, count);
	for (i = 0; i < count; i++) {
		if (!request->json && !request->quiet &&
		    outcomes[i].job->total.calls)
			send_report_text(&outcomes[i]);
		send_report_error(&outcomes[i]);
	}
}

static int transfer(const struct request *request, struct send_job *job)
{
	struct send_outcome outcome = {
		.job = job,
		.destination = request->destinations[0],
		.method = request->method,
		.about = ZCX_HINT_SEND,
	};

	job->sock = endpoint_connect(outcome.destination);
	if (job->sock < 0)
		return CLI_FAILED;
	if (request->timeout)
		cli_set_timeout(job->sock, SO_SNDTIMEO, request->timeout);

	progress_begin(&job->progress, !request->quiet && !request->json,
		       job->expected);
	outcome.error = -request->method->send(job);
	outcome.seconds = cli_now() - job->progress.begun;
	progress_end(&job->progress, job->total.bytes_sent);
	report(request, &outcome, 1);
	endpoint_close(job->sock, outcome.destination);
	return outcome.error ? CLI_FAILED : CLI_OK;
}

static uint64_t needed_features(const struct request *request)
{
	uint32_t flags = request->links.flags;
	uint64_t needed = by_itself(request) ? ZCX_FEATURE_ASYNC : 0;

	if (flags & ZCX_LINK_ACKED)
		needed |= ZCX_FEATURE_ACKED;
	if (flags & ZCX_LINK_FOLLOW)
		needed |= ZCX_FEATURE_FOLLOW;
	if (flags & (ZCX_LINK_NOWAIT | ZCX_LINK_DROP_BEHIND) ||
	    request->lane == ZCX_LANE_DIRECT || request->direct_threshold)
		needed |= ZCX_FEATURE_LANE_DIRECT;
	return needed;
}

/* Say so here rather than by an errno of each link. */
static bool module_can(int device, uint64_t needed)
{
	struct zcx_info info;

	if (!needed ||
	    (!zcx_get_info(device, &info) && !(needed & ~info.features)))
		return true;
	cli_error("the loaded module cannot do that: it is too old; see `zcx info'");
	return false;
}

/* Who cannot be reached does not keep the others from being sent to. */
static void connect_target(struct send_target *target,
			   const struct send_job *job)
{
	target->job = *job;
	target->job.sock = endpoint_connect(target->outcome->destination);
	if (target->job.sock < 0) {
		target->outcome->error = ENOTCONN;
		target->outcome->said = true;
	}
	progress_begin(&target->job.progress, false, job->expected);
}

static int transfer_all(const struct request *request, struct send_job *job,
			struct send_target *targets,
			struct send_outcome *outcomes)
{
	size_t count = request->destination_count, i;
	int ret, code = CLI_OK;

	for (i = 0; i < count; i++) {
		targets[i].outcome = &outcomes[i];
		outcomes[i] = (struct send_outcome) {
			.job = &targets[i].job,
			.destination = request->destinations[i],
			.method = request->method,
			.about = ZCX_HINT_EVENT,
		};
		connect_target(&targets[i], job);
	}
	ret = send_fan_out(job, targets, count, &request->links,
			   !request->quiet && !request->json);
	if (ret) {
		cli_error("%s", strerror(-ret));
		return CLI_FAILED;
	}
	report(request, outcomes, count);
	for (i = 0; i < count; i++)
		if (outcomes[i].error)
			code = CLI_FAILED;
	return code;
}

static int transfer_by_itself(const struct request *request,
			      struct send_job *job)
{
	size_t count = request->destination_count, i;
	struct send_target *targets = calloc(count, sizeof(*targets));
	struct send_outcome *outcomes = calloc(count, sizeof(*outcomes));
	int code = CLI_FAILED;

	if (targets && outcomes)
		code = transfer_all(request, job, targets, outcomes);
	else
		cli_error("%s", strerror(ENOMEM));
	for (i = 0; targets && i < count; i++)
		free(targets[i].ids);
	free(targets);
	free(outcomes);
	return code;
}

static int run(const struct request *request, struct send_job *job)
{
	if (!prepare(request, job))
		return CLI_FAILED;
	/* Before any receiver is bothered. */
	if (request->method->device) {
		job->device = cli_open_device();
		if (job->device < 0 ||
		    !module_can(job->device, needed_features(request)))
			return CLI_FAILED;
	}
	return by_itself(request) ? transfer_by_itself(request, job) :
				    transfer(request, job);
}

int cmd_send(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE... DESTINATION\nFILE... --to=DESTINATION...",
		.doc = "Send files to DESTINATION: HOST:PORT, [IPV6]:PORT, unix:PATH, or fd:N for a connected socket that was inherited.\vNumbers of bytes may end in K, M, G or T (powers of 1024). FILE - is standard input, if that is a file.",
	};
	struct request request = { .method = &methods[0] };
	struct send_job job = { .device = -1, .sock = -1 };
	int code;
	size_t i;

	/* No more destinations than words. */
	request.destinations = calloc(argc, sizeof(*request.destinations));
	if (!request.destinations) {
		cli_error("%s", strerror(ENOMEM));
		return CLI_FAILED;
	}
	argp_parse(&argp, argc, argv, 0, NULL, &request);
	for (i = 0; i < request.destination_count; i++)
		if (!endpoint_ok(request.destinations[i], false))
			break;
	code = i < request.destination_count ? CLI_USAGE : run(&request, &job);
	finish(&job);
	free(request.destinations);
	free(request.ranges);
	return code;
}
