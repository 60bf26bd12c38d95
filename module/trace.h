/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM zcx

#if !defined(_ZCX_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _ZCX_TRACE_H

#include <linux/tracepoint.h>
#include <linux/zcx.h>

#include "async.h"
#include "link.h"
#include "program.h"

#define zcx_show_state(state)				\
	__print_symbolic(state,				\
		{ ZCX_STATE_QUEUED,	"queued" },	\
		{ ZCX_STATE_RUNNING,	"running" },	\
		{ ZCX_STATE_WAITING,	"waiting" },	\
		{ ZCX_STATE_SENT,	"sent" },	\
		{ ZCX_STATE_SHORT,	"short" },	\
		{ ZCX_STATE_CANCELLED,	"cancelled" },	\
		{ ZCX_STATE_FAILED,	"failed" },	\
		{ ZCX_STATE_ACKED,	"acked" })

#define zcx_show_wait(wait)				\
	__print_symbolic(wait,				\
		{ ZCX_WAIT_NONE,	"none" },	\
		{ ZCX_WAIT_TURN,	"turn" },	\
		{ ZCX_WAIT_SOCKET,	"socket" },	\
		{ ZCX_WAIT_DISK,	"disk" },	\
		{ ZCX_WAIT_PACE,	"pace" },	\
		{ ZCX_WAIT_PAUSED,	"paused" },	\
		{ ZCX_WAIT_ACK,		"ack" },	\
		{ ZCX_WAIT_GROWTH,	"growth" })

TRACE_EVENT(zcx_link_start,
	TP_PROTO(const struct zcx_live_link *link),
	TP_ARGS(link),
	TP_STRUCT__entry(
		__field(const void *, ctx)
		__field(u64, id)
		__field(u64, user_data)
		__field(u32, segments)
	),
	TP_fast_assign(
		__entry->ctx = link->ctx;
		__entry->id = link->id;
		__entry->user_data = link->user_data;
		__entry->segments = link->program->count;
	),
	TP_printk("ctx=%p id=%llu user_data=%#llx segments=%u",
		  __entry->ctx, __entry->id, __entry->user_data,
		  __entry->segments)
);

/* A scatter list was offered to the sink; result is bytes taken, or -errno. */
TRACE_EVENT(zcx_batch,
	TP_PROTO(const struct zcx_live_link *link, ssize_t result),
	TP_ARGS(link, result),
	TP_STRUCT__entry(
		__field(const void *, ctx)
		__field(u64, id)
		__field(size_t, bytes)
		__field(u32, entries)
		__field(ssize_t, result)
	),
	TP_fast_assign(
		__entry->ctx = link->ctx;
		__entry->id = link->id;
		__entry->bytes = link->sgl.bytes;
		__entry->entries = zcx_sglist_entries(&link->sgl);
		__entry->result = result;
	),
	TP_printk("ctx=%p id=%llu bytes=%zu entries=%u result=%zd",
		  __entry->ctx, __entry->id, __entry->bytes,
		  __entry->entries, __entry->result)
);

DECLARE_EVENT_CLASS(zcx_progress,
	TP_PROTO(const struct zcx_live_link *link),
	TP_ARGS(link),
	TP_STRUCT__entry(
		__field(const void *, ctx)
		__field(u64, id)
		__field(u64, sent)
		__field(u64, copied)
		__field(u32, state)
		__field(u32, wait)
		__field(u32, error)
	),
	TP_fast_assign(
		__entry->ctx = link->ctx;
		__entry->id = link->id;
		__entry->sent = zcx_link_bytes_sent(link);
		__entry->copied = link->copied;
		__entry->state = link->state;
		__entry->wait = link->async ? link->async->wait :
					      ZCX_WAIT_SOCKET;
		__entry->error = link->error;
	),
	TP_printk("ctx=%p id=%llu sent=%llu copied=%llu state=%s wait=%s error=%u",
		  __entry->ctx, __entry->id, __entry->sent, __entry->copied,
		  zcx_show_state(__entry->state),
		  __entry->state == ZCX_STATE_WAITING ?
			zcx_show_wait(__entry->wait) : "none",
		  __entry->error)
);

/* The link waits, for its socket or what it says. */
DEFINE_EVENT(zcx_progress, zcx_wait,
	TP_PROTO(const struct zcx_live_link *link),
	TP_ARGS(link)
);

DEFINE_EVENT(zcx_progress, zcx_link_end,
	TP_PROTO(const struct zcx_live_link *link),
	TP_ARGS(link)
);

#endif /* _ZCX_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
