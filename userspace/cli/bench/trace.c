// SPDX-License-Identifier: GPL-2.0
/* The kernel's tracing: an instance of its own, probes, and histograms. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "trace.h"

#define PATH_BYTES	256
#define LINE_BYTES	512

static int write_text(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int write_probe(const struct trace *trace, const char *text)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/kprobe_events", trace->root);
	return write_text(path, O_APPEND, text);
}

static void event_path(const struct trace *trace, const char *event,
		       const char *file, char *path)
{
	snprintf(path, PATH_BYTES, "%s/events/%s/%s", trace->instance, event,
		 file);
}

int trace_open(struct trace *trace)
{
	static const char *const roots[] = { "/sys/kernel/tracing",
					     "/sys/kernel/debug/tracing" };
	int ret = -ENOENT;
	size_t i;

	memset(trace, 0, sizeof(*trace));
	snprintf(trace->group, sizeof(trace->group), "zcx_bench_%d",
		 (int)getpid());
	for (i = 0; ret == -ENOENT && i < ARRAY_SIZE(roots); i++) {
		trace->root = roots[i];
		snprintf(trace->instance, sizeof(trace->instance),
			 "%s/instances/zcx-bench-%d", roots[i], (int)getpid());
		ret = mkdir(trace->instance, 0700) ? -errno : 0;
	}
	if (ret)
		trace->instance[0] = '\0';
	return ret;
}

void trace_close(struct trace *trace)
{
	char text[LINE_BYTES];
	unsigned int i;

	/* Takes its histograms along, which the probes are in use by. */
	if (trace->instance[0] && rmdir(trace->instance))
		cli_error("cannot remove %s: %s", trace->instance,
			  strerror(errno));
	for (i = 0; i < trace->probe_count; i++) {
		int ret;

		snprintf(text, sizeof(text), "-:%s/%s\n", trace->group,
			 trace->probes[i]);
		ret = write_probe(trace, text);
		if (ret)
			cli_error("cannot remove the probe %s/%s: %s",
				  trace->group, trace->probes[i],
				  strerror(-ret));
	}
	memset(trace, 0, sizeof(*trace));
}

int trace_probe(struct trace *trace, const char *name, const char *function,
		const char *args)
{
	char text[LINE_BYTES];
	int ret;

	if (trace->probe_count == TRACE_MAX_PROBES)
		return -ENOSPC;
	snprintf(text, sizeof(text), "p:%s/%s %s %s\n", trace->group, name,
		 function, args);
	ret = write_probe(trace, text);
	if (!ret)
		trace->probes[trace->probe_count++] = name;
	return ret;
}

char *trace_probe_event(const struct trace *trace, const char *name, char *buf,
			unsigned int size)
{
	snprintf(buf, size, "%s/%s", trace->group, name);
	return buf;
}

static bool is_ours(const struct trace *trace, const char *probe)
{
	unsigned int i;

	for (i = 0; i < trace->probe_count; i++)
		if (!strcmp(trace->probes[i], probe))
			return true;
	return false;
}

int64_t trace_missed(const struct trace *trace)
{
	char path[PATH_BYTES], line[LINE_BYTES], probe[128];
	int64_t sum = 0, missed;
	FILE *file;

	snprintf(path, sizeof(path), "%s/kprobe_profile", trace->root);
	file = fopen(path, "r");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%127s %*d %" SCNd64, probe, &missed) == 2 &&
		    is_ours(trace, probe))
			sum += missed;
	fclose(file);
	return sum;
}

int trace_event_id(const struct trace *trace, const char *event)
{
	char path[PATH_BYTES];
	int id = -EINVAL;
	FILE *file;

	event_path(trace, event, "id", path);
	file = fopen(path, "r");
	if (!file)
		return -errno;
	if (fscanf(file, "%d", &id) != 1)
		id = -EINVAL;
	fclose(file);
	return id;
}

bool trace_has_field(const struct trace *trace, const char *event,
		     const char *field)
{
	char path[PATH_BYTES], line[LINE_BYTES], wanted[64];
	bool found = false;
	FILE *file;

	event_path(trace, event, "format", path);
	file = fopen(path, "r");
	snprintf(wanted, sizeof(wanted), " %s;", field);
	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, "field:") && strstr(line, wanted);
	if (file)
		fclose(file);
	return found;
}

static int write_hist(const struct trace *trace, const char *event,
		      const char *spec, const char *command,
		      const char *filter)
{
	char path[PATH_BYTES], text[LINE_BYTES];

	event_path(trace, event, "trigger", path);
	snprintf(text, sizeof(text), "hist:%s%s%s%s\n", spec, command,
		 filter ? " if " : "", filter ? filter : "");
	return write_text(path, O_APPEND, text);
}

int trace_hist(const struct trace *trace, const char *event, const char *spec,
	       const char *filter)
{
	return write_hist(trace, event, spec, "", filter);
}

int trace_hist_pause(const struct trace *trace, const char *event,
		     const char *spec, const char *filter)
{
	return write_hist(trace, event, spec, ":pause", filter);
}

/* "{ common_pid:   12 } hitcount:   3  bytes:   456" */
static bool parse_row(const char *line, struct trace_row *row)
{
	const char *key = strchr(line, ':');
	const char *hits = strstr(line, "hitcount:"), *value;

	if (line[0] != '{' || !key || !hits)
		return false;
	row->key = strtoll(key + 1, NULL, 10);
	row->hits = strtoull(hits + strlen("hitcount:"), NULL, 10);
	value = strchr(hits + strlen("hitcount:"), ':');
	row->value = value ? strtoull(value + 1, NULL, 10) : 0;
	return true;
}

int trace_hist_read(const struct trace *trace, const char *event,
		    trace_row_fn fn, void *arg)
{
	char path[PATH_BYTES], line[LINE_BYTES];
	uint64_t dropped = 0;
	bool whole = false;
	struct trace_row row;
	FILE *file;

	event_path(trace, event, "hist", path);
	file = fopen(path, "r");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (parse_row(line, &row))
			fn(&row, arg);
		else if (sscanf(line, " Dropped: %" SCNu64, &dropped) == 1)
			whole = true;	/* that is the last line */
	}
	fclose(file);
	if (!whole)
		return -EIO;
	return dropped ? -EOVERFLOW : 0;
}
