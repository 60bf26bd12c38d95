/* SPDX-License-Identifier: GPL-2.0 */
/* Which contexts and links there are on this machine, as /proc tells. */
#ifndef STAT_READ_H
#define STAT_READ_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct stat_link - a link that has not ended
 * @id: of its context
 * @state: in a word
 * @wait: what it waits for, "none" if for nothing
 * @sent: bytes queued in the socket
 * @acked: of these, acknowledged by the peer
 * @user_data: its submitter's
 * @age_ms: since it was submitted
 */
struct stat_link {
	uint64_t id;
	char state[16];
	char wait[16];
	uint64_t sent;
	uint64_t acked;
	uint64_t user_data;
	uint64_t age_ms;
};

/** struct stat_counter - one of a context's counters, by its name in fdinfo */
struct stat_counter {
	char name[32];
	uint64_t value;
};

#define STAT_COUNTERS	48

/**
 * struct stat_context - an open file of /dev/zcx
 * @number: its own; 0: a module that does not tell
 * @pid: a process that has it; of several, and of several descriptors, the first
 * @fd: its descriptor there
 * @command: name of the process
 * @descriptors: how many there are of it that we may see
 * @live: links that it has, and whose events have not been read
 * @counters: all others
 * @counter_count: how many
 * @links: those that fdinfo shows
 * @link_count: how many
 */
struct stat_context {
	uint64_t number;
	int pid;
	int fd;
	char command[32];
	size_t descriptors;
	uint64_t live;
	struct stat_counter counters[STAT_COUNTERS];
	size_t counter_count;
	struct stat_link *links;
	size_t link_count;
};

/**
 * struct stat_snapshot - all of them at one time
 * @when: in seconds
 * @contexts: in the order of /proc
 * @context_count: how many
 * @unreadable: processes that we may not look into
 */
struct stat_snapshot {
	double when;
	struct stat_context *contexts;
	size_t context_count;
	size_t unreadable;
};

/*
 * Look through all processes of @proc. Returns 0 or -errno; what was read is to be
 * freed by stat_free() in any case.
 */
int stat_read(const char *proc, struct stat_snapshot *snapshot);
void stat_free(struct stat_snapshot *snapshot);

/* A context's counter; 0 if the module has none of that name. */
uint64_t stat_counter(const struct stat_context *context, const char *name);

#endif /* STAT_READ_H */
