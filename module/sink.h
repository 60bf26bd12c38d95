/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_SINK_H
#define _ZCX_SINK_H

#include <linux/types.h>

struct zcx_live_link;
struct zcx_sglist;
struct zcx_sink;

/**
 * struct zcx_sink_ops - where a scatter list goes
 * @push: offer the list, without waiting
 * @wait: sleep until it makes sense to push again
 * @flush: let go of a tail that was pushed with @more although nothing follows
 * @settle: all has been pushed: wait until none of it could be lost by closing
 *	the sink's descriptor; may be NULL
 * @settled: could none be lost any more? may be NULL: none ever could
 * @patience: how long a task may wait for others before it, in jiffies; may be
 *	NULL: for ever
 * @room: bytes that may be taken now, about; may be NULL: any number
 * @grain: bytes that fill a packet, as far as that is known, or 0; may be NULL: there
 *	is no such thing
 * @watch: see below; never called where links do not run by themselves
 * @acked: has the other end acknowledged all that was pushed? likewise
 * @hold_key: the sink's key stays its own when it is destroyed, until @put_key. Both may
 *	be NULL: its key is never another's
 * @put_key: see @hold_key
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
 *
 * @watch has @wake called, in any context, when it may make sense to push again,
 * once; or, if @ack is set, to ask @acked again. It returns false if that makes
 * sense already: then @wake is not called. @wake may also come for nothing.
 *
 * @acked returns 1 if all has been acknowledged, 0 if not, with @left the bytes
 * that have not, or the -errno of a connection that has ended before. It does
 * not sleep.
 */
struct zcx_sink_ops {
	ssize_t (*push)(struct zcx_sink *sink, struct zcx_sglist *sgl, bool more);
	int (*wait)(struct zcx_sink *sink);
	void (*flush)(struct zcx_sink *sink);
	void (*settle)(struct zcx_sink *sink);
	bool (*settled)(struct zcx_sink *sink);
	long (*patience)(struct zcx_sink *sink);
	size_t (*room)(struct zcx_sink *sink);
	size_t (*grain)(struct zcx_sink *sink);
	bool (*watch)(struct zcx_sink *sink, bool ack);
	int (*acked)(struct zcx_sink *sink, u64 *left);
	void (*hold_key)(const void *key);
	void (*put_key)(const void *key);
	void (*destroy)(struct zcx_sink *sink);
};

/**
 * struct zcx_sink - the receiving end of a link
 * @ops: what it can do
 * @key: what it stands for: links with the same key send in turn; NULL: with none
 * @wake: see @watch of the operations; the link's
 * @owner: the link
 * @copied: bytes of the last @push that the CPU moved on their way into packets
 * @frags: bytes of the last @push that went into packets as whole runs of memory
 * @result_flags: enum zcx_result_flag, what is to be said about the route
 */
struct zcx_sink {
	const struct zcx_sink_ops *ops;
	const void *key;
	void (*wake)(struct zcx_sink *sink);
	struct zcx_live_link *owner;
	size_t copied;
	size_t frags;
	u32 result_flags;
};

#endif /* _ZCX_SINK_H */
