/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_SINK_H
#define _ZCX_SINK_H

#include <linux/types.h>

struct zcx_sglist;
struct zcx_sink;

/**
 * struct zcx_sink_ops - where a scatter list goes
 * @push: offer the list, without waiting
 * @wait: sleep until it makes sense to push again
 * @flush: let go of a tail that was pushed with @more although nothing follows
 * @settle: all has been pushed: wait until none of it could be lost by closing
 *	the sink's descriptor; may be NULL
 * @destroy: let go of what the sink holds; its own memory is its maker's
 *
 * @push takes up to all bytes of the list, from its front; @more says that
 * more bytes will follow. It returns the number of bytes taken (at least 1;
 * the caller advances the list), -EAGAIN if none can be taken now, or the
 * -errno that ended the connection. It never sleeps for room, but may sleep
 * for locks and memory.
 *
 * @wait returns 0, also on errors of the connection (the next @push reports
 * them); -EAGAIN if the sink may not wait, or waited as long as it may; or, on
 * a signal, -EINTR or -ERESTARTSYS. @settle waits by the same rules and says
 * nothing: the bytes count as sent already.
 */
struct zcx_sink_ops {
	ssize_t (*push)(struct zcx_sink *sink, struct zcx_sglist *sgl, bool more);
	int (*wait)(struct zcx_sink *sink);
	void (*flush)(struct zcx_sink *sink);
	void (*settle)(struct zcx_sink *sink);
	void (*destroy)(struct zcx_sink *sink);
};

/**
 * struct zcx_sink - the receiving end of a link
 * @ops: what it can do
 * @entries: most scatter-list entries that may be pushed at a time
 * @copied: bytes of the last @push that the CPU moved on their way into packets
 * @frags: bytes of the last @push that went into packets as whole runs of memory
 * @result_flags: enum zcx_result_flag, what is to be said about the route
 */
struct zcx_sink {
	const struct zcx_sink_ops *ops;
	unsigned int entries;
	size_t copied;
	size_t frags;
	u32 result_flags;
};

#endif /* _ZCX_SINK_H */
