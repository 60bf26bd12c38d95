// SPDX-License-Identifier: GPL-2.0
/* The result of `zcx send', for people and for programs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "send_report.h"

static void print_part(const char *name, uint64_t bytes)
{
	char text[32];

	if (bytes)
		printf(", %s %s", cli_format_bytes(bytes, text, sizeof(text)),
		       name);
}

static void print_truth(const struct zcx_result *total)
{
	char text[32];

	print_part("from the page cache", total->bytes_cache);
	print_part("by direct I/O", total->bytes_direct);
	print_part("by the filesystem (splice)", total->bytes_splice);
	print_part("from memory", total->bytes_memory);
	printf("; copied by the CPU: %s (%.1f %%)\n",
	       cli_format_bytes(total->bytes_copied, text, sizeof(text)),
	       total->bytes_sent ? 100.0 * total->bytes_copied /
				   total->bytes_sent : 0.0);
	if (total->result_flags & ZCX_RESULT_KTLS)
		puts("the socket encrypts (kernel TLS)");
	if (total->result_flags & ZCX_RESULT_ROUTE_COPIES)
		puts("the route's device has no scatter-gather: it copies every byte once more");
	if (total->result_flags & ZCX_RESULT_NO_DIRECT)
		puts("bytes that were to go by direct I/O went through the page cache, and have left it again");
}

void send_report_text(const struct send_outcome *outcome)
{
	const struct zcx_result *total = &outcome->job->total;
	char size[32], rate[32];

	cli_format_bytes(outcome->seconds > 0 ?
			 total->bytes_sent / outcome->seconds : 0,
			 rate, sizeof(rate));
	printf("%" PRIu64 " bytes (%s) to %s in %.3f s (%s/s), %u %s", total->bytes_sent,
	       cli_format_bytes(total->bytes_sent, size, sizeof(size)),
	       outcome->destination, outcome->seconds, rate, total->calls,
	       total->calls == 1 ? "call" : "calls");
	if (outcome->method->device)
		print_truth(total);
	else
		putchar('\n');
}

static void add_truth(struct json_object *to, const struct zcx_result *total)
{
	json_add_u64(to, "bytes_memory", total->bytes_memory);
	json_add_u64(to, "bytes_cache", total->bytes_cache);
	json_add_u64(to, "bytes_splice", total->bytes_splice);
	json_add_u64(to, "bytes_direct", total->bytes_direct);
	json_add_u64(to, "bytes_copied", total->bytes_copied);
	json_object_object_add(to, "route_copies", json_object_new_boolean(
		total->result_flags & ZCX_RESULT_ROUTE_COPIES));
	json_object_object_add(to, "ktls", json_object_new_boolean(
		total->result_flags & ZCX_RESULT_KTLS));
	json_object_object_add(to, "no_direct", json_object_new_boolean(
		total->result_flags & ZCX_RESULT_NO_DIRECT));
}

static struct json_object *make_object(const struct send_outcome *outcome)
{
	const struct zcx_result *total = &outcome->job->total;
	struct json_object *top = json_object_new_object();

	json_add_text(top, "destination", outcome->destination);
	json_add_text(top, "method", outcome->method->name);
	json_add_text(top, "state", zcx_state_name(total->state));
	json_add_u64(top, "bytes_expected", outcome->job->expected);
	json_add_u64(top, "bytes_sent", total->bytes_sent);
	json_add_u64(top, "calls", total->calls);
	json_object_object_add(top, "seconds",
			       json_object_new_double(outcome->seconds));
	if (outcome->method->device)
		add_truth(top, total);
	json_object_object_add(top, "error", outcome->error ?
			       json_object_new_string(strerror(outcome->error)) :
			       NULL);
	return top;
}

void send_report_json(const struct send_outcome *outcomes, size_t count)
{
	struct json_object *top;
	size_t i;

	top = count == 1 ? make_object(outcomes) : json_object_new_array();
	for (i = 0; count > 1 && i < count; i++)
		json_object_array_add(top, make_object(&outcomes[i]));
	json_print(top);
}

/* The file that the sending ended in, or NULL: in the header or the trailer. */
static const char *file_at_end(const struct send_job *job)
{
	uint64_t done = job->total.bytes_sent;
	size_t i;

	if (done < job->header.length)
		return NULL;
	done -= job->header.length;
	for (i = 0; i < job->range_count; i++) {
		if (done < job->ranges[i].length)
			return job->ranges[i].name;
		done -= job->ranges[i].length;
	}
	return NULL;
}

void send_report_error(const struct send_outcome *outcome)
{
	const struct send_job *job = outcome->job;
	const char *hint = zcx_hint(outcome->error, outcome->about);
	const char *file = file_at_end(job);

	if (!outcome->error || outcome->said)
		return;
	if (outcome->error == ENODATA && file)
		cli_error("%s: the file ends before what was to be sent of it; %" PRIu64 " of %" PRIu64 " bytes went to %s",
			  file, job->total.bytes_sent, job->expected,
			  outcome->destination);
	else
		cli_error("%s%s%s: %s; %" PRIu64 " of %" PRIu64 " bytes were sent",
			  file ? file : "", file ? " to " : "",
			  outcome->destination, strerror(outcome->error),
			  job->total.bytes_sent, job->expected);
	if (hint && outcome->error != ENODATA)
		cli_error("%s", hint);
}
