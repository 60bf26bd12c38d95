/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libzcx - a thin library over /dev/zcx.
 *
 * Functions return 0 or a positive value, or a negative errno; errno itself is
 * left undefined. Nothing is printed and nothing exits. Any function may be
 * called from any thread; one struct zcx_program must not be changed while
 * another thread uses it, but several threads may send the same one.
 *
 * The interface of the device itself is <linux/zcx.h>.
 */
#ifndef _ZCX_H
#define _ZCX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/zcx.h>

#ifdef __cplusplus
extern "C" {
#endif

/** struct zcx_program - an ordered list of segments: what one link sends */
struct zcx_program;

/**
 * struct zcx_result - what became of a link
 * @id: the link's number within its context, from 1; 0: refused, nothing began
 * @bytes_sent: bytes queued in the socket, all kinds
 * @bytes_memory: of these, from memory segments
 * @bytes_cache: of these, by the cache lane
 * @bytes_splice: of these, by the splice lane
 * @bytes_copied: of these, moved by the CPU on their way into packets
 * @state: enum zcx_state, one of the final states; 0: refused
 * @error: errno (positive) that ended the link early, else 0
 * @result_flags: bits of enum zcx_result_flag
 * @calls: ioctls it took
 * @bytes_direct: of @bytes_sent, by the direct lane
 * @reserved: 0
 *
 * Where zcx_send_all() needed several links, the byte counts are sums, the
 * flags are those of any of them, and the rest is the last one's.
 */
struct zcx_result {
	uint64_t id;
	uint64_t bytes_sent;
	uint64_t bytes_memory;
	uint64_t bytes_cache;
	uint64_t bytes_splice;
	uint64_t bytes_copied;
	uint32_t state;
	uint32_t error;
	uint32_t result_flags;
	uint32_t calls;
	uint64_t bytes_direct;
	uint64_t reserved[3];
};

/**
 * typedef zcx_progress_fn - called by zcx_send_all() after every ioctl
 * @so_far: sums up to now
 * @arg: zcx_send_options.progress_arg
 *
 * Also called when a signal ended an ioctl, so that a program that wants to
 * stop at a signal says so here.
 *
 * Return: 0 to go on, anything else to stop with -ECANCELED.
 */
typedef int (*zcx_progress_fn)(const struct zcx_result *so_far, void *arg);

/**
 * struct zcx_send_options - how zcx_send_all() goes about it
 * @chunk: bytes one ioctl may send at most; 0: no bound. @progress may change it
 * @progress: called after every ioctl; may be NULL
 * @progress_arg: handed to @progress
 * @reserved: must be 0
 */
struct zcx_send_options {
	uint64_t chunk;
	zcx_progress_fn progress;
	void *progress_arg;
	uint64_t reserved[4];
};

/**
 * struct zcx_submit_options - how a link that runs by itself goes about it
 * @deadline_ns: it ends so many nanoseconds after it was submitted; 0: never
 * @idle_ns: it ends when the socket takes nothing for so long; 0: any time
 * @rate: most bytes per second; 0: any
 * @user_data: the caller's own, comes back in the event; 0: the program's
 * @flags: of ZCX_LINK_ACKED, ZCX_LINK_FOLLOW, ZCX_LINK_NOWAIT and
 *	ZCX_LINK_DROP_BEHIND those that are wanted
 * @reserved32: must be 0
 * @reserved: must be 0
 */
struct zcx_submit_options {
	uint64_t deadline_ns;
	uint64_t idle_ns;
	uint64_t rate;
	uint64_t user_data;
	uint32_t flags;
	uint32_t reserved32;
	uint64_t reserved[4];
};

/**
 * struct zcx_order - one link of zcx_submit_many()
 * @sockfd: where to
 * @program: what; several orders may have the same one
 * @options: how
 */
struct zcx_order {
	int sockfd;
	const struct zcx_program *program;
	struct zcx_submit_options options;
};

/**
 * enum zcx_hint_about - what was being done when an errno came
 * @ZCX_HINT_OPEN: zcx_open()
 * @ZCX_HINT_INFO: zcx_get_info()
 * @ZCX_HINT_SEND: zcx_send(), zcx_send_all(), zcx_sendfile(), zcx_submit() or
 *	zcx_submit_many()
 * @ZCX_HINT_EVENT: a link ran by itself; the errno is zcx_event.error
 * @ZCX_HINT_CONTROL: zcx_cancel(), zcx_pause(), zcx_resume() or zcx_query()
 * @ZCX_HINT_PROBE: zcx_probe()
 */
enum zcx_hint_about {
	ZCX_HINT_OPEN = 1,
	ZCX_HINT_INFO = 2,
	ZCX_HINT_SEND = 3,
	ZCX_HINT_EVENT = 4,
	ZCX_HINT_CONTROL = 5,
	ZCX_HINT_PROBE = 6,
};

const char *zcx_version(void);

int zcx_open(void);
int zcx_close(int fd);
int zcx_get_info(int fd, struct zcx_info *info);
int zcx_probe(int fd, struct zcx_probe *probe);

struct zcx_program *zcx_program_new(void);
void zcx_program_free(struct zcx_program *program);
void zcx_program_reset(struct zcx_program *program);
int zcx_program_add_file(struct zcx_program *program, int fd, uint64_t offset,
			 uint64_t length);
int zcx_program_add_memory(struct zcx_program *program, const void *buf,
			   size_t len);
int zcx_program_set_lane(struct zcx_program *program, uint32_t lane);
int zcx_program_set_direct_threshold(struct zcx_program *program,
				     uint64_t bytes);
int zcx_program_set_user_data(struct zcx_program *program, uint64_t user_data);

int zcx_send(int fd, int sockfd, const struct zcx_program *program,
	     uint32_t flags, struct zcx_result *result);
int zcx_send_all(int fd, int sockfd, const struct zcx_program *program,
		 uint32_t flags, const struct zcx_send_options *options,
		 struct zcx_result *result);
ssize_t zcx_sendfile(int fd, int sockfd, int filefd, int64_t *offset,
		     uint64_t count, uint32_t flags, struct zcx_result *result);

void zcx_link_init(struct zcx_link *link, int sockfd,
		   const struct zcx_program *program,
		   const struct zcx_submit_options *options);
int zcx_submit(int fd, int sockfd, const struct zcx_program *program,
	       const struct zcx_submit_options *options, uint64_t *id);
int zcx_submit_many(int fd, const struct zcx_order *orders, size_t count,
		    uint64_t *ids, int *error);
int zcx_read_events(int fd, struct zcx_event *events, size_t count);
int zcx_next_event(int fd, struct zcx_event *event);
int zcx_cancel(int fd, uint64_t id);
int zcx_pause(int fd, uint64_t id);
int zcx_resume(int fd, uint64_t id);
int zcx_query(int fd, uint64_t id, struct zcx_query *query);

const char *zcx_hint(int err, enum zcx_hint_about about);
const char *zcx_state_name(uint32_t state);
const char *zcx_wait_name(uint32_t wait);
const char *zcx_push_name(uint32_t push);
const char *zcx_lane_name(uint32_t lane);
const char *zcx_reason_name(uint32_t reason);

#ifdef __cplusplus
}
#endif

#endif /* _ZCX_H */
