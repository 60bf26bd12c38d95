// SPDX-License-Identifier: GPL-2.0
/*
 * How a link is doing, for those who ask.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>

#include "async.h"
#include "link.h"
#include "query.h"
#include "sink.h"

static const char * const zcx_state_names[] = {
	[ZCX_STATE_QUEUED]	= "queued",
	[ZCX_STATE_RUNNING]	= "running",
	[ZCX_STATE_WAITING]	= "waiting",
	[ZCX_STATE_SENT]	= "sent",
	[ZCX_STATE_SHORT]	= "short",
	[ZCX_STATE_CANCELLED]	= "cancelled",
	[ZCX_STATE_FAILED]	= "failed",
	[ZCX_STATE_ACKED]	= "acked",
};

static const char * const zcx_wait_names[] = {
	[ZCX_WAIT_NONE]		= "none",
	[ZCX_WAIT_TURN]		= "turn",
	[ZCX_WAIT_SOCKET]	= "socket",
	[ZCX_WAIT_DISK]		= "disk",
	[ZCX_WAIT_PACE]		= "pace",
	[ZCX_WAIT_PAUSED]	= "paused",
	[ZCX_WAIT_ACK]		= "ack",
	[ZCX_WAIT_GROWTH]	= "growth",
};

static const char *zcx_name(const char * const *names, size_t count, u32 value)
{
	return value < count && names[value] ? names[value] : "unknown";
}

/**
 * zcx_state_name() - a state in a word
 * @state: enum zcx_state
 *
 * Context: any.
 * Return: the word, static.
 */
const char *zcx_state_name(u32 state)
{
	return zcx_name(zcx_state_names, ARRAY_SIZE(zcx_state_names), state);
}

/**
 * zcx_wait_name() - what a link waits for in a word
 * @wait: enum zcx_wait
 *
 * Context: any.
 * Return: the word, static.
 */
const char *zcx_wait_name(u32 wait)
{
	return zcx_name(zcx_wait_names, ARRAY_SIZE(zcx_wait_names), wait);
}

/* Bytes that the peer has for certain. What it has of a link in vain, too. */
static u64 zcx_link_bytes_acked(const struct zcx_live_link *link, u64 sent)
{
	struct zcx_sink *sink = link->sink;
	u64 left = 0;

	if (link->state == ZCX_STATE_ACKED)
		return sent;
	if (!link->async || link->async->gone || !sent)
		return 0;
	sink->ops->acked(sink, &left);
	return sent - min(sent, left);
}

/**
 * zcx_link_query() - fill in how a link is doing
 * @link: the link
 * @query: out: all but size and flags
 *
 * Context: any, with the lock of the link's context held: what the link is made
 * of is not taken apart meanwhile.
 */
void zcx_link_query(const struct zcx_live_link *link, struct zcx_query *query)
{
	u32 state = READ_ONCE(link->state);

	query->id = link->id;
	query->user_data = link->user_data;
	query->bytes_sent = zcx_link_bytes_sent(link);
	query->bytes_acked = zcx_link_bytes_acked(link, query->bytes_sent);
	query->state = state;
	query->wait = ZCX_WAIT_NONE;
	if (state == ZCX_STATE_WAITING)
		query->wait = link->async ? READ_ONCE(link->async->wait) :
					    ZCX_WAIT_SOCKET;
	query->error = READ_ONCE(link->error);
	query->result_flags = link->sink->result_flags;
}

/**
 * zcx_link_result() - fill in what has become of a link
 * @link: the link
 * @cmd: out: its out members
 *
 * Context: any; exact once the link has ended.
 */
void zcx_link_result(const struct zcx_live_link *link, struct zcx_link *cmd)
{
	cmd->id = link->id;
	cmd->bytes_sent = zcx_link_bytes_sent(link);
	cmd->bytes_memory = link->sent[ZCX_TAG_MEMORY];
	cmd->bytes_cache = link->sent[ZCX_TAG_CACHE];
	cmd->bytes_splice = link->sent[ZCX_TAG_SPLICE];
	cmd->bytes_direct = link->sent[ZCX_TAG_DIRECT];
	cmd->bytes_copied = link->copied;
	cmd->state = READ_ONCE(link->state);
	cmd->error = READ_ONCE(link->error);
	cmd->result_flags = link->sink->result_flags;
}
