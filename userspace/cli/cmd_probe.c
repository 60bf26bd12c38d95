// SPDX-License-Identifier: GPL-2.0
/* zcx probe: how a file would travel, and what that takes. */
#include <argp.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "endpoint.h"
#include "probe_report.h"
#include "zcx.h"

/* What was typed. */
struct request {
	const char *file;
	const char *destination;	/* NULL: none */
	uint64_t offset;
	uint64_t length;
	uint32_t lane;
	uint64_t direct_threshold;
	bool json;
};

enum {
	OPT_OFFSET = 256,
	OPT_LENGTH,
	OPT_LANE,
	OPT_DIRECT_THRESHOLD,
};

static const struct argp_option options[] = {
	{ "offset", OPT_OFFSET, "BYTES", 0,
	  "First byte of the range (default: 0)", 0 },
	{ "length", OPT_LENGTH, "BYTES", 0,
	  "Bytes of it (default: to the end of the file)", 0 },
	{ "lane", OPT_LANE, "LANE", 0,
	  "How bytes are to be read: auto (default), cache or direct", 0 },
	{ "direct-threshold", OPT_DIRECT_THRESHOLD, "BYTES", 0,
	  "With the lane auto: how large a range goes by direct I/O; or never (default: as the module says)", 0 },
	{ "json", 'j', NULL, 0, "Print one JSON object", 0 },
	{ 0 },
};

static uint64_t bytes(const char *text, struct argp_state *state)
{
	const char *end;
	uint64_t value = 0;

	if (!cli_parse_bytes(text, &value, &end) || *end || value > INT64_MAX)
		argp_error(state, "'%s' is not a number of bytes", text);
	return value;
}

static void take_word(struct request *request, const char *word,
		      struct argp_state *state)
{
	if (!request->file)
		request->file = word;
	else if (!request->destination)
		request->destination = word;
	else
		argp_error(state, "one FILE and one DESTINATION are enough");
}

static void check_request(const struct request *request,
			  struct argp_state *state)
{
	if (!request->file)
		argp_error(state, "which file?");
	if (request->length != ZCX_TO_EOF &&
	    request->length > INT64_MAX - request->offset)
		argp_error(state, "no file has so many bytes");
	if (request->direct_threshold && request->lane != ZCX_LANE_AUTO)
		argp_error(state, "--direct-threshold goes with the lane auto");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case OPT_OFFSET:
		request->offset = bytes(arg, state);
		break;
	case OPT_LENGTH:
		request->length = bytes(arg, state);
		break;
	case OPT_LANE:
		cli_set_lane(&request->lane, arg, state);
		break;
	case OPT_DIRECT_THRESHOLD:
		cli_set_threshold(&request->direct_threshold, arg, state);
		break;
	case 'j':
		request->json = true;
		break;
	case ARGP_KEY_ARG:
		take_word(request, arg, state);
		break;
	case ARGP_KEY_END:
		check_request(request, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static bool say_error(int ret, enum zcx_hint_about about)
{
	const char *hint = zcx_hint(ret, about);

	cli_error("cannot ask the module: %s", strerror(-ret));
	if (hint)
		cli_error("%s", hint);
	return false;
}

/* Also whose threshold it is that the module goes by. */
static bool ask(int device, int sock, const struct request *request, int file,
		struct probe_answer *answer)
{
	struct zcx_info info;
	int ret;

	answer->probe = (struct zcx_probe) {
		.file_fd = file,
		.socket_fd = sock,
		.offset = request->offset,
		.length = request->length,
		.direct_threshold = request->direct_threshold,
		.lane_asked = request->lane,
	};
	ret = zcx_probe(device, &answer->probe);
	if (ret)
		return say_error(ret, ZCX_HINT_PROBE);
	ret = zcx_get_info(device, &info);
	if (ret)
		return say_error(ret, ZCX_HINT_INFO);
	answer->threshold = request->direct_threshold ?
			    request->direct_threshold : info.direct_threshold;
	return true;
}

/* What a route's device can do is asked of a socket that is connected. */
static bool ask_of_socket(int device, const struct request *request, int file,
			  struct probe_answer *answer)
{
	int sock = endpoint_connect(request->destination);
	bool good;

	if (sock < 0) {
		cli_error("something must listen at %s: only a connected socket shows its device",
			  request->destination);
		return false;
	}
	good = ask(device, sock, request, file, answer);
	endpoint_close(sock, request->destination);
	return good;
}

static bool ask_module(const struct request *request, int file,
		       struct probe_answer *answer)
{
	int device = cli_open_device();
	bool good;

	if (device < 0)
		return false;
	good = request->destination ?
	       ask_of_socket(device, request, file, answer) :
	       ask(device, -1, request, file, answer);
	zcx_close(device);
	return good;
}

int cmd_probe(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE [DESTINATION]",
		.doc = "Say how FILE would travel: which lane and why, how much of it is in the page cache; with a DESTINATION (as that of `zcx send', which gets a connection and no bytes) what its device can do. Then the copies and mode switches that it takes, beside those of read and write, and of sendfile.\vNumbers of bytes may end in K, M, G or T (powers of 1024). Nothing is sent or read.",
	};
	struct request request = { .length = ZCX_TO_EOF };
	struct probe_answer answer = { 0 };
	bool good;
	int file;

	argp_parse(&argp, argc, argv, 0, NULL, &request);
	if (request.destination && !endpoint_ok(request.destination, false))
		return CLI_USAGE;
	file = cli_open_file(request.file);
	if (file < 0)
		return CLI_FAILED;
	answer.file = request.file;
	answer.destination = request.destination;
	good = ask_module(&request, file, &answer);
	close(file);
	if (!good)
		return CLI_FAILED;
	if (request.json)
		probe_report_json(&answer);
	else
		probe_report_text(&answer);
	return CLI_OK;
}
