// SPDX-License-Identifier: GPL-2.0
/* Contexts and links out of /proc: who has /dev/zcx open, and what fdinfo says. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "stat_read.h"
#include "zcx.h"

static int add_link(struct stat_context *context, const char *line)
{
	struct stat_link link, *links;

	/* What a newer module says behind that does not matter here. */
	if (sscanf(line, "link: id=%" SCNu64 " state=%15s wait=%15s sent=%" SCNu64
		   " acked=%" SCNu64 " user_data=%" SCNx64 " age_ms=%" SCNu64,
		   &link.id, link.state, link.wait, &link.sent, &link.acked,
		   &link.user_data, &link.age_ms) != 7)
		return 0;
	links = reallocarray(context->links, context->link_count + 1,
			     sizeof(*links));
	if (!links)
		return -ENOMEM;
	links[context->link_count++] = link;
	context->links = links;
	return 0;
}

/* What every file's fdinfo has is not ours. */
static bool of_any_file(const char *name)
{
	static const char *const names[] = { "pos", "flags", "mnt_id", "ino" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static void add_counter(struct stat_context *context, const char *line)
{
	struct stat_counter counter;

	if (sscanf(line, "%31[a-z0-9_]: %" SCNu64, counter.name,
		   &counter.value) != 2 || of_any_file(counter.name))
		return;
	if (!strcmp(counter.name, "links"))
		context->live = counter.value;
	else if (!strcmp(counter.name, "context"))
		context->number = counter.value;
	else if (context->counter_count < STAT_COUNTERS)
		context->counters[context->counter_count++] = counter;
}

static int read_fdinfo(int process, const char *fd, struct stat_context *context)
{
	char path[NAME_MAX + sizeof("fdinfo/")], *line = NULL;
	size_t size = 0;
	int info, ret = 0;
	FILE *file;

	snprintf(path, sizeof(path), "fdinfo/%s", fd);
	info = openat(process, path, O_RDONLY | O_CLOEXEC);
	file = info < 0 ? NULL : fdopen(info, "r");
	if (!file) {
		ret = -errno;
		if (info >= 0)
			close(info);
		return ret;
	}
	while (!ret && getline(&line, &size, file) > 0) {
		if (!strncmp(line, "link:", strlen("link:")))
			ret = add_link(context, line);
		else
			add_counter(context, line);
	}
	free(line);
	fclose(file);
	return ret;
}

/* Names may hold anything, but not a newline in the middle of a table. */
static void read_command(int process, char *name, size_t size)
{
	int fd = openat(process, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, name, size - 1);
	ssize_t i;

	if (fd >= 0)
		close(fd);
	if (n > 0 && name[n - 1] == '\n')
		n--;
	name[n > 0 ? n : 0] = '\0';
	for (i = 0; i < n; i++)
		if (iscntrl((unsigned char)name[i]))
			name[i] = '?';
}

static bool is_context(int fds, const char *name)
{
	char target[sizeof(ZCX_DEVICE)];
	ssize_t n = readlinkat(fds, name, target, sizeof(target));

	return n == (ssize_t)strlen(ZCX_DEVICE) &&
	       !memcmp(target, ZCX_DEVICE, n);
}

/* Processes and descriptors come and go while we look: that is no error. */
static bool has_gone(int ret)
{
	return ret == -ENOENT || ret == -ESRCH;
}

static bool is_forbidden(int ret)
{
	return ret == -EACCES || ret == -EPERM;
}

static bool is_first(const struct stat_context *one,
		     const struct stat_context *other)
{
	return one->pid != other->pid ? one->pid < other->pid :
					one->fd < other->fd;
}

/* Is @context there already, by another descriptor? Then it is counted there. */
static bool is_known(struct stat_snapshot *snapshot,
		     const struct stat_context *context)
{
	struct stat_context *known;
	size_t i;

	for (i = 0; context->number && i < snapshot->context_count; i++) {
		known = &snapshot->contexts[i];
		if (known->number != context->number)
			continue;
		known->descriptors++;
		if (is_first(context, known)) {
			known->pid = context->pid;
			known->fd = context->fd;
			strcpy(known->command, context->command);
		}
		return true;
	}
	return false;
}

static int add_context(struct stat_snapshot *snapshot, int process,
		       const char *pid, const char *fd)
{
	struct stat_context *contexts, *context;
	int ret;

	contexts = reallocarray(snapshot->contexts, snapshot->context_count + 1,
				sizeof(*contexts));
	if (!contexts)
		return -ENOMEM;
	snapshot->contexts = contexts;
	context = &contexts[snapshot->context_count];
	*context = (struct stat_context) {
		.pid = atoi(pid),
		.fd = atoi(fd),
		.descriptors = 1,
	};
	read_command(process, context->command, sizeof(context->command));
	ret = read_fdinfo(process, fd, context);
	if (!ret && !is_known(snapshot, context))
		snapshot->context_count++;
	else
		free(context->links);
	snapshot->unreadable += is_forbidden(ret);
	return has_gone(ret) || is_forbidden(ret) ? 0 : ret;
}

static int read_descriptors(struct stat_snapshot *snapshot, int process,
			    const char *pid, DIR *fds)
{
	struct dirent *entry;
	int ret = 0;

	while (!ret && (entry = readdir(fds)))
		if (is_context(dirfd(fds), entry->d_name))
			ret = add_context(snapshot, process, pid,
					  entry->d_name);
	return ret;
}

static DIR *open_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (!folder && fd >= 0)
		close(fd);
	return folder;
}

static int read_process(struct stat_snapshot *snapshot, int proc,
			const char *pid)
{
	int process = openat(proc, pid, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int ret = 0;
	DIR *fds;

	if (process < 0)
		return 0;
	fds = open_folder(process, "fd");
	if (fds) {
		ret = read_descriptors(snapshot, process, pid, fds);
		closedir(fds);
	} else {
		snapshot->unreadable += is_forbidden(-errno);
	}
	close(process);
	return ret;
}

int stat_read(const char *proc, struct stat_snapshot *snapshot)
{
	struct dirent *entry;
	DIR *folder;
	int ret = 0;

	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->when = cli_now();
	folder = open_folder(AT_FDCWD, proc);
	if (!folder)
		return -errno;
	while (!ret && (entry = readdir(folder)))
		if (isdigit((unsigned char)entry->d_name[0]))
			ret = read_process(snapshot, dirfd(folder),
					   entry->d_name);
	closedir(folder);
	return ret;
}

void stat_free(struct stat_snapshot *snapshot)
{
	while (snapshot->context_count)
		free(snapshot->contexts[--snapshot->context_count].links);
	free(snapshot->contexts);
	snapshot->contexts = NULL;
}

uint64_t stat_counter(const struct stat_context *context, const char *name)
{
	size_t i;

	for (i = 0; i < context->counter_count; i++)
		if (!strcmp(context->counters[i].name, name))
			return context->counters[i].value;
	return 0;
}
