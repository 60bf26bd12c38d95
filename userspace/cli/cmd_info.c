// SPDX-License-Identifier: GPL-2.0
/* zcx info: what the loaded module is and can do. */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "zcx.h"

static const struct {
	uint64_t bit;
	const char *name;
	const char *text;
} features[] = {
	{ ZCX_FEATURE_SYNC, "sync", "synchronous links" },
	{ ZCX_FEATURE_LANE_CACHE, "lane_cache",
	  "cache lane (by reference from the page cache)" },
	{ ZCX_FEATURE_LANE_SPLICE, "lane_splice",
	  "splice lane (files whose filesystem must be asked)" },
	{ ZCX_FEATURE_KTLS, "ktls", "sockets with kernel TLS" },
	{ ZCX_FEATURE_ASYNC, "async", "links that run by themselves" },
	{ ZCX_FEATURE_ACKED, "acked",
	  "events once the peer has acknowledged every byte" },
	{ ZCX_FEATURE_FOLLOW, "follow", "links that follow a growing file" },
	{ ZCX_FEATURE_URING, "uring", "links by io_uring" },
	{ ZCX_FEATURE_LANE_DIRECT, "lane_direct",
	  "direct lane (large cold files past the page cache)" },
	{ ZCX_FEATURE_PROBE, "probe", "asking how a file would travel" },
};

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print one JSON object", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key == 'j') {
		*(bool *)state->input = true;
		return 0;
	}
	if (key == ARGP_KEY_ARG)
		argp_usage(state);
	return ARGP_ERR_UNKNOWN;
}

static const char *push_text(uint32_t push)
{
	switch (push) {
	case ZCX_PUSH_SENDPAGE:
		return "sendpage";
	case ZCX_PUSH_SPLICE_PAGES:
		return "MSG_SPLICE_PAGES";
	default:
		return "a way that this tool does not know";
	}
}

static void print_direct(const struct zcx_info *info)
{
	char least[32], most[32];

	if (!(info->features & ZCX_FEATURE_LANE_DIRECT))
		return;
	if (info->direct_threshold == ZCX_DIRECT_NEVER)
		printf("direct I/O       only for links that ask for it");
	else
		printf("direct I/O       for cold ranges of %s or more",
		       cli_format_bytes(info->direct_threshold, least,
					sizeof(least)));
	printf("; at most %s of memory in all\n",
	       cli_format_bytes(info->direct_bytes_max, most, sizeof(most)));
}

static void print_text(const struct zcx_info *info)
{
	char batch[32], memory[32], segment[32];
	const char *title = "features";
	size_t i;

	printf("ABI version      %u\n", info->abi_version);
	printf("pages to sockets %s\n", push_text(info->push));
	for (i = 0; i < ARRAY_SIZE(features); i++) {
		if (!(info->features & features[i].bit))
			continue;
		printf("%-16s %s\n", title, features[i].text);
		title = "";
	}
	printf("a link           at most %u segments, %s of memory (%s each)\n",
	       info->max_segments,
	       cli_format_bytes(info->max_memory_link, memory, sizeof(memory)),
	       cli_format_bytes(info->max_memory_segment, segment,
				sizeof(segment)));
	printf("a context        at most %u links at a time\n",
	       info->max_links);
	printf("a batch          %s of file\n",
	       cli_format_bytes(info->batch_bytes, batch, sizeof(batch)));
	print_direct(info);
}

static void print_json(const struct zcx_info *info)
{
	struct json_object *top = json_object_new_object();
	struct json_object *names = json_object_new_array();
	size_t i;

	json_add_u64(top, "abi_version", info->abi_version);
	json_add_text(top, "push", zcx_push_name(info->push));
	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (info->features & features[i].bit)
			json_object_array_add(names, json_object_new_string(
							     features[i].name));
	json_object_object_add(top, "features", names);
	json_add_u64(top, "max_segments", info->max_segments);
	json_add_u64(top, "max_memory_segment", info->max_memory_segment);
	json_add_u64(top, "max_memory_link", info->max_memory_link);
	json_add_u64(top, "max_links", info->max_links);
	json_add_u64(top, "batch_bytes", info->batch_bytes);
	if (info->features & ZCX_FEATURE_LANE_DIRECT) {
		json_add_threshold(top, "direct_threshold",
				   info->direct_threshold);
		json_add_u64(top, "direct_bytes_max", info->direct_bytes_max);
	}
	json_print(top);
}

int cmd_info(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Say what the loaded module is and can do.",
	};
	struct zcx_info info;
	bool json = false;
	int fd, ret;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	fd = cli_open_device();
	if (fd < 0)
		return CLI_FAILED;
	ret = zcx_get_info(fd, &info);
	zcx_close(fd);
	if (ret) {
		const char *hint = zcx_hint(ret, ZCX_HINT_INFO);

		cli_error("cannot ask the module: %s",
			  hint ? hint : strerror(-ret));
		return CLI_FAILED;
	}
	if (json)
		print_json(&info);
	else
		print_text(&info);
	return CLI_OK;
}
