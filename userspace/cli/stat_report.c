// SPDX-License-Identifier: GPL-2.0
/* What `zcx stat' has found, for people and for programs. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "json.h"
#include "stat_report.h"
#include "zcx.h"

/*
 * A table under way. @left: rows that there is room for; @hidden: links that there
 * was none for.
 */
struct table {
	const struct stat_snapshot *before;
	double seconds;
	size_t left;
	size_t hidden;
};

static const struct stat_context *find_context(const struct stat_snapshot *in,
					       const struct stat_context *like)
{
	size_t i;

	for (i = 0; in && i < in->context_count; i++)
		if (in->contexts[i].number == like->number &&
		    (like->number || (in->contexts[i].pid == like->pid &&
				      in->contexts[i].fd == like->fd)))
			return &in->contexts[i];
	return NULL;
}

static const struct stat_link *find_link(const struct stat_context *in,
					 uint64_t id)
{
	size_t i;

	for (i = 0; in && i < in->link_count; i++)
		if (in->links[i].id == id)
			return &in->links[i];
	return NULL;
}

/*
 * Bytes per second since the reading before; "-" without one. A number that has
 * become less is another context's, in a descriptor of the same number.
 */
static const char *rate(const struct table *table, bool known, uint64_t before,
			uint64_t now, char *buf, size_t size)
{
	char bytes[32];

	if (!known || now < before || table->seconds <= 0)
		return "-";
	snprintf(buf, size, "%s/s",
		 cli_format_bytes((now - before) / table->seconds, bytes,
				  sizeof(bytes)));
	return buf;
}

/* A state in a word; in brackets what is waited for. */
static void state_word(const struct stat_link *link, char *buf, size_t size)
{
	bool waits = !strcmp(link->state, "waiting");

	snprintf(buf, size, waits ? "[%s]" : "%s",
		 waits ? link->wait : link->state);
}

static void print_link(const struct table *table, const struct stat_link *link,
		       const struct stat_context *before)
{
	const struct stat_link *old = find_link(before, link->id);
	char sent[32], acked[32], speed[40], state[24];

	state_word(link, state, sizeof(state));
	printf("%10" PRIu64 "  %-10s %10s %10s %12s %9.1f s  %#" PRIx64 "\n",
	       link->id, state,
	       cli_format_bytes(link->sent, sent, sizeof(sent)),
	       cli_format_bytes(link->acked, acked, sizeof(acked)),
	       rate(table, old, old ? old->sent : 0, link->sent, speed,
		    sizeof(speed)),
	       link->age_ms / 1000.0, link->user_data);
}

static void print_links(struct table *table, const struct stat_context *context,
			const struct stat_context *before)
{
	size_t i;

	if (!context->link_count || table->left < 2) {
		table->hidden += context->link_count;
		return;
	}
	printf("%10s  %-10s %10s %10s %12s %11s  %s\n", "link", "state", "sent",
	       "acked", "rate", "age", "user data");
	table->left--;
	for (i = 0; i < context->link_count && table->left; i++, table->left--)
		print_link(table, &context->links[i], before);
	table->hidden += context->link_count - i;
}

static void print_context(struct table *table,
			  const struct stat_context *context)
{
	const struct stat_context *old = find_context(table->before, context);
	uint64_t sent = stat_counter(context, "bytes_sent");
	char total[32], speed[40], more[48] = "";

	if (!table->left) {
		table->hidden += context->link_count;
		return;
	}
	table->left--;
	if (context->descriptors > 1)
		snprintf(more, sizeof(more), " and %zu more",
			 context->descriptors - 1);
	printf("%s[%d] fd %d%s: %" PRIu64 " %s, %s sent, %s\n",
	       context->command, context->pid, context->fd, more, context->live,
	       context->live == 1 ? "link" : "links",
	       cli_format_bytes(sent, total, sizeof(total)),
	       rate(table, old, old ? stat_counter(old, "bytes_sent") : 0, sent,
		    speed, sizeof(speed)));
	print_links(table, context, old);
}

static void print_unreadable(const struct stat_snapshot *now)
{
	if (now->unreadable)
		printf("no permission to look into %zu other processes; root sees them all\n",
		       now->unreadable);
}

void stat_report_text(const struct stat_snapshot *now,
		      const struct stat_snapshot *before, size_t rows)
{
	struct table table = {
		.before = before,
		.seconds = before ? now->when - before->when : 0,
		/* Two lines are kept for what is said below. */
		.left = !rows ? SIZE_MAX : rows > 3 ? rows - 3 : 1,
	};
	size_t i;

	for (i = 0; i < now->context_count; i++)
		print_context(&table, &now->contexts[i]);
	if (table.hidden)
		printf("and %zu more links\n", table.hidden);
	if (!now->context_count)
		printf("no process has %s open%s\n", ZCX_DEVICE,
		       access(ZCX_DEVICE, F_OK) ? ": there is no such device" :
						  "");
	print_unreadable(now);
}

static struct json_object *link_object(const struct stat_link *link)
{
	struct json_object *object = json_object_new_object();

	json_add_u64(object, "id", link->id);
	json_add_text(object, "state", link->state);
	json_add_text(object, "wait", link->wait);
	json_add_u64(object, "bytes_sent", link->sent);
	json_add_u64(object, "bytes_acked", link->acked);
	json_add_u64(object, "user_data", link->user_data);
	json_add_u64(object, "age_ms", link->age_ms);
	return object;
}

static struct json_object *context_object(const struct stat_context *context)
{
	struct json_object *object = json_object_new_object();
	struct json_object *counters = json_object_new_object();
	struct json_object *links = json_object_new_array();
	size_t i;

	for (i = 0; i < context->counter_count; i++)
		json_add_u64(counters, context->counters[i].name,
			context->counters[i].value);
	for (i = 0; i < context->link_count; i++)
		json_object_array_add(links, link_object(&context->links[i]));
	json_add_u64(object, "pid", context->pid);
	json_add_text(object, "command", context->command);
	json_add_u64(object, "fd", context->fd);
	json_object_object_add(object, "context", context->number ?
			       json_object_new_uint64(context->number) : NULL);
	json_add_u64(object, "descriptors", context->descriptors);
	json_add_u64(object, "live", context->live);
	json_object_object_add(object, "counters", counters);
	json_object_object_add(object, "links", links);
	return object;
}

void stat_report_json(const struct stat_snapshot *now)
{
	struct json_object *top = json_object_new_object();
	struct json_object *contexts = json_object_new_array();
	size_t i;

	for (i = 0; i < now->context_count; i++)
		json_object_array_add(contexts,
				      context_object(&now->contexts[i]));
	json_object_object_add(top, "contexts", contexts);
	json_add_u64(top, "unreadable_processes", now->unreadable);
	json_print(top);
}
