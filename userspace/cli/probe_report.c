// SPDX-License-Identifier: GPL-2.0
/* What `zcx probe' was told, and what follows from it, drawn. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "probe_plan.h"
#include "probe_report.h"
#include "zcx.h"

#define TITLE	"%-17s"
#define COLUMN	"%-22s"

/*
 * Places that take each other's part in the drawing share a @row; @key is for JSON.
 */
static const struct place {
	unsigned int row;
	const char *name;
	const char *key;
} places[] = {
	[PROBE_DISK] = { 0, "disk", "disk" },
	[PROBE_CACHE] = { 1, "page cache", "page_cache" },
	[PROBE_PRIVATE] = { 1, "private buffer", "private_buffer" },
	[PROBE_CACHE_AND_PRIVATE] = {
		1, "cache, private buffer", "page_cache_and_private_buffer" },
	[PROBE_FILESYSTEM] = { 1, "filesystem", "filesystem" },
	[PROBE_USER] = { 2, "user buffer", "user_buffer" },
	[PROBE_RECORDS] = { 3, "kernel TLS", "tls_records" },
	[PROBE_PACKETS] = { 4, "socket's packets", "packets" },
	[PROBE_FLAT] = { 5, "flat packets", "flat_packets" },
	[PROBE_DEVICE] = { 6, "device", "device" },
	[PROBE_RECEIVER] = { 6, "receiver, here", "receiver" },
};

#define ROWS	7

static const struct {
	const char *title;
	const char *key;
} ways[PROBE_WAYS] = {
	[PROBE_READ_WRITE] = { "read+write", "read_write" },
	[PROBE_SENDFILE] = { "sendfile", "sendfile" },
	[PROBE_ZCX] = { "zcx", "zcx" },
};

static const char *const how_names[] = {
	[PROBE_BY_REFERENCE] = "reference",
	[PROBE_BY_CPU] = "cpu",
	[PROBE_BY_DMA] = "dma",
};

static bool is_asked(const struct zcx_probe *probe)
{
	return probe->lane == ZCX_LANE_SPLICE;
}

static void print_reason(const struct probe_answer *answer)
{
	char size[32] = "none is so large";

	if (answer->threshold != ZCX_DIRECT_NEVER)
		cli_format_bytes(answer->threshold, size, sizeof(size));
	switch (answer->probe.reason) {
	case ZCX_PROBE_RESIDENT:
		puts("all of it is in the page cache");
		break;
	case ZCX_PROBE_SMALL:
		printf("parts are cold, but it is too small for direct I/O (%s)\n",
		       size);
		break;
	case ZCX_PROBE_LARGE:
		printf("parts are cold, and it is large enough for direct I/O (%s)\n",
		       size);
		break;
	case ZCX_PROBE_ASKED:
		puts("as was asked for");
		break;
	case ZCX_PROBE_NO_DIRECT:
		puts("its filesystem has no direct I/O for it that can be relied on");
		break;
	case ZCX_PROBE_ASK_FILESYSTEM:
		puts("its filesystem must be asked for the bytes");
		break;
	default:
		puts("for a reason that this tool does not know");
	}
}

static void print_residency(const struct zcx_probe *probe)
{
	char bytes[32], least[32], most[32];

	if (is_asked(probe)) {
		printf(TITLE "not known: only its filesystem can tell\n",
		       "page cache");
		return;
	}
	printf(TITLE "%.1f %% resident", "page cache", probe->bytes ?
	       100.0 * probe->bytes_resident / probe->bytes : 0.0);
	if (probe->folios)
		printf(": %s in %" PRIu64 " %s of %s to %s",
		       cli_format_bytes(probe->bytes_resident, bytes,
					sizeof(bytes)),
		       (uint64_t)probe->folios,
		       probe->folios == 1 ? "folio" : "folios",
		       cli_format_bytes(probe->folio_min, least, sizeof(least)),
		       cli_format_bytes(probe->folio_max, most, sizeof(most)));
	putchar('\n');
}

static void print_file(const struct probe_answer *answer)
{
	const struct zcx_probe *probe = &answer->probe;
	char bytes[32], size[32];

	printf(TITLE "%s\n", "file", answer->file);
	printf(TITLE "%s from byte %" PRIu64 " on; the file has %s\n", "range",
	       cli_format_bytes(probe->bytes, bytes, sizeof(bytes)),
	       (uint64_t)probe->offset,
	       cli_format_bytes(probe->file_size, size, sizeof(size)));
	printf(TITLE "%s: ", "lane", zcx_lane_name(probe->lane));
	print_reason(answer);
	print_residency(probe);
	if (probe->dio_mem_align)
		printf(TITLE "memory aligned to %u bytes, ranges to %u\n",
		       "direct I/O", probe->dio_mem_align,
		       probe->dio_offset_align);
	else
		printf(TITLE "none for this file\n", "direct I/O");
}

static const char *ktls_name(uint32_t flags)
{
	if (flags & ZCX_PROBE_KTLS_DEVICE)
		return "device";
	return flags & ZCX_PROBE_KTLS_TX ? "software" : "none";
}

/* What the device does itself, and what it leaves to the CPU. */
static void print_device(const struct zcx_probe *probe)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} abilities[] = {
		{ ZCX_PROBE_SG, "scatter-gather" },
		{ ZCX_PROBE_CSUM, "checksums" },
		{ ZCX_PROBE_GSO, "segmentation" },
	};
	size_t i;

	if (!probe->ifindex) {
		printf(TITLE "not known\n", "device");
		return;
	}
	printf(TITLE "%.*s%s:", "device", (int)sizeof(probe->device),
	       probe->device, probe->socket_flags & ZCX_PROBE_LOOPBACK ?
	       " (loopback)" : "");
	for (i = 0; i < ARRAY_SIZE(abilities); i++)
		printf("%s %s%s", i ? "," : "",
		       probe->socket_flags & abilities[i].bit ? "" : "no ",
		       abilities[i].name);
	putchar('\n');
}

static void print_socket(const struct probe_answer *answer)
{
	uint32_t flags = answer->probe.socket_flags;

	printf(TITLE "%s to %s; kernel TLS: %s\n", "socket",
	       flags & ZCX_PROBE_UNIX ? "AF_UNIX" : "TCP", answer->destination,
	       ktls_name(flags));
	if (!(flags & ZCX_PROBE_UNIX))
		print_device(&answer->probe);
	printf(TITLE "%s\n", "packets", flags & ZCX_PROBE_FRAGS ?
	       "whole runs of memory become fragments" :
	       "pages go one by one");
}

/* One for each way; nothing is padded at the end of a line. */
static void print_cell(size_t way, const char *text)
{
	if (way == PROBE_WAYS - 1)
		puts(text);
	else
		printf(COLUMN, text);
}

static unsigned int row_of(enum probe_place place)
{
	return places[place].row;
}

/* A row that none of the ways has a place in is left out. */
static bool row_is_used(const struct probe_plan *plan, unsigned int row)
{
	size_t way, i;

	for (way = 0; way < PROBE_WAYS; way++) {
		const struct probe_path *path = &plan->paths[way];

		for (i = 0; i < path->step_count; i++)
			if (row_of(path->steps[i].from) == row ||
			    row_of(path->steps[i].to) == row)
				return true;
	}
	return false;
}

/* The step that leaves @row or passes it by; NULL: not begun, or over. */
static const struct probe_step *step_at(const struct probe_path *path,
					unsigned int row)
{
	size_t i;

	for (i = 0; i < path->step_count; i++)
		if (row_of(path->steps[i].from) <= row &&
		    row_of(path->steps[i].to) > row)
			return &path->steps[i];
	return NULL;
}

static const char *place_text(const struct probe_path *path, unsigned int row)
{
	const struct probe_step *step = step_at(path, row);
	const struct probe_step *last = &path->steps[path->step_count - 1];

	if (step)
		return row_of(step->from) == row ? places[step->from].name :
						   "  |";
	return row_of(last->to) == row ? places[last->to].name : "";
}

/* By whom, where a step begins; after that it only goes on. */
static char *arrow_text(const struct probe_path *path, unsigned int row,
			char *buf, size_t size)
{
	const struct probe_step *step = step_at(path, row);
	char bytes[32];

	buf[0] = '\0';
	if (!step)
		return buf;
	if (row_of(step->from) != row)
		snprintf(buf, size, "  |");
	else if (step->how == PROBE_BY_REFERENCE)
		snprintf(buf, size, "  | by reference");
	else
		snprintf(buf, size, "  | %s %s",
			 step->how == PROBE_BY_CPU ? "CPU" : "DMA",
			 cli_format_bytes(step->bytes, bytes, sizeof(bytes)));
	return buf;
}

static void print_row(const struct probe_plan *plan, unsigned int row)
{
	char text[64];
	size_t way;

	printf(TITLE, "");
	for (way = 0; way < PROBE_WAYS; way++)
		print_cell(way, place_text(&plan->paths[way], row));
	if (row == ROWS - 1)
		return;
	printf(TITLE, "");
	for (way = 0; way < PROBE_WAYS; way++)
		print_cell(way, arrow_text(&plan->paths[way], row, text,
					   sizeof(text)));
}

static void print_copies(size_t way, unsigned int copies, uint64_t bytes)
{
	char size[32], text[64];

	snprintf(text, sizeof(text), copies ? "%u (%s)" : "%u", copies,
		 cli_format_bytes(bytes, size, sizeof(size)));
	print_cell(way, text);
}

static void print_counts(const struct probe_plan *plan)
{
	const struct probe_path *paths = plan->paths;
	char text[32];
	size_t way;

	printf(TITLE, "CPU copies");
	for (way = 0; way < PROBE_WAYS; way++)
		print_copies(way, paths[way].cpu_copies, paths[way].cpu_bytes);
	printf(TITLE, "DMA copies");
	for (way = 0; way < PROBE_WAYS; way++)
		print_copies(way, paths[way].dma_copies, paths[way].dma_bytes);
	printf(TITLE, "mode switches");
	for (way = 0; way < PROBE_WAYS; way++) {
		snprintf(text, sizeof(text), "%" PRIu64, paths[way].switches);
		print_cell(way, text);
	}
}

static void print_notes(const struct probe_answer *answer)
{
	uint32_t flags = answer->probe.socket_flags;

	puts("\nread+write is counted with a buffer of 64 KiB, zcx as a synchronous link.");
	if (!answer->destination)
		puts("The socket is taken to be TCP over a device with scatter-gather; name a DESTINATION to see yours.");
	if (is_asked(&answer->probe))
		puts("What the filesystem does before it hands out bytes is not counted.");
	if (flags & (ZCX_PROBE_UNIX | ZCX_PROBE_LOOPBACK))
		puts("The receiver is on this machine; its own copy is not counted.");
	else if (answer->probe.ifindex && !(flags & ZCX_PROBE_CSUM))
		puts("The device computes no checksums: the CPU reads every byte once more.");
}

static void print_drawing(const struct probe_answer *answer)
{
	struct probe_plan plan;
	unsigned int row;
	size_t way;

	if (!answer->probe.bytes) {
		puts("\nNothing of the range lies in the file: there is nothing to send.");
		return;
	}
	probe_plan_make(&answer->probe, &plan);
	printf("\n" TITLE, "");
	for (way = 0; way < PROBE_WAYS; way++)
		print_cell(way, ways[way].title);
	putchar('\n');
	for (row = 0; row < ROWS; row++)
		if (row_is_used(&plan, row))
			print_row(&plan, row);
	putchar('\n');
	print_counts(&plan);
	print_notes(answer);
}

void probe_report_text(const struct probe_answer *answer)
{
	print_file(answer);
	if (answer->destination)
		print_socket(answer);
	print_drawing(answer);
}

static void add_bool(struct json_object *to, const char *key, uint32_t value)
{
	json_object_object_add(to, key, json_object_new_boolean(value != 0));
}

static struct json_object *socket_object(const struct probe_answer *answer)
{
	const struct zcx_probe *probe = &answer->probe;
	struct json_object *to;

	if (!answer->destination)
		return NULL;
	to = json_object_new_object();
	json_add_text(to, "destination", answer->destination);
	json_add_text(to, "kind", probe->socket_flags & ZCX_PROBE_UNIX ?
		      "unix" : "tcp");
	json_object_object_add(to, "device", probe->ifindex ?
			       json_object_new_string(probe->device) : NULL);
	json_add_u64(to, "ifindex", probe->ifindex);
	add_bool(to, "loopback", probe->socket_flags & ZCX_PROBE_LOOPBACK);
	add_bool(to, "scatter_gather", probe->socket_flags & ZCX_PROBE_SG);
	add_bool(to, "checksums", probe->socket_flags & ZCX_PROBE_CSUM);
	add_bool(to, "segmentation", probe->socket_flags & ZCX_PROBE_GSO);
	add_bool(to, "fragments", probe->socket_flags & ZCX_PROBE_FRAGS);
	json_add_text(to, "ktls", ktls_name(probe->socket_flags));
	return to;
}

static struct json_object *step_object(const struct probe_step *step)
{
	struct json_object *to = json_object_new_object();

	json_add_text(to, "from", places[step->from].key);
	json_add_text(to, "to", places[step->to].key);
	json_add_text(to, "by", how_names[step->how]);
	json_add_u64(to, "bytes", step->bytes);
	return to;
}

static struct json_object *path_object(const struct probe_path *path,
				       const char *key)
{
	struct json_object *to = json_object_new_object();
	struct json_object *steps = json_object_new_array();
	size_t i;

	for (i = 0; i < path->step_count; i++)
		json_object_array_add(steps, step_object(&path->steps[i]));
	json_add_text(to, "method", key);
	json_add_u64(to, "cpu_copies", path->cpu_copies);
	json_add_u64(to, "cpu_bytes", path->cpu_bytes);
	json_add_u64(to, "dma_copies", path->dma_copies);
	json_add_u64(to, "dma_bytes", path->dma_bytes);
	json_add_u64(to, "mode_switches", path->switches);
	json_object_object_add(to, "steps", steps);
	return to;
}

static void add_file(struct json_object *to, const struct probe_answer *answer)
{
	const struct zcx_probe *probe = &answer->probe;

	json_add_text(to, "file", answer->file);
	json_add_u64(to, "file_size", probe->file_size);
	json_add_u64(to, "offset", probe->offset);
	json_add_u64(to, "bytes", probe->bytes);
	json_add_text(to, "lane", zcx_lane_name(probe->lane));
	json_add_text(to, "reason", zcx_reason_name(probe->reason));
	json_add_text(to, "lane_asked", zcx_lane_name(probe->lane_asked));
	json_add_threshold(to, "direct_threshold", answer->threshold);
	json_object_object_add(to, "bytes_resident", is_asked(probe) ? NULL :
			       json_object_new_uint64(probe->bytes_resident));
	json_add_u64(to, "folios", probe->folios);
	json_add_u64(to, "folio_min", probe->folio_min);
	json_add_u64(to, "folio_max", probe->folio_max);
	json_add_u64(to, "dio_mem_align", probe->dio_mem_align);
	json_add_u64(to, "dio_offset_align", probe->dio_offset_align);
}

void probe_report_json(const struct probe_answer *answer)
{
	struct json_object *top = json_object_new_object();
	struct json_object *methods = json_object_new_array();
	struct probe_plan plan;
	size_t way;

	add_file(top, answer);
	json_object_object_add(top, "socket", socket_object(answer));
	probe_plan_make(&answer->probe, &plan);
	for (way = 0; way < PROBE_WAYS; way++)
		json_object_array_add(methods, path_object(&plan.paths[way],
							   ways[way].key));
	json_object_object_add(top, "methods", methods);
	json_print(top);
}
