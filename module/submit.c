// SPDX-License-Identifier: GPL-2.0
/*
 * From an order of user space to a link. All that a link needs for a few
 * segments and a short scatter list comes in one piece of memory: for a small
 * file, allocations cost more than the bytes.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "async.h"
#include "context.h"
#include "growth.h"
#include "link.h"
#include "program.h"
#include "sink_socket.h"
#include "submit.h"
#include "zcx.h"

/**
 * struct zcx_request - a link to a socket, its program and its sink
 * @link: the link
 * @program: what it sends
 * @sink: where to
 * @async: what it has beside if it runs by itself; else not touched
 */
struct zcx_request {
	struct zcx_live_link link;
	struct zcx_program program;
	struct zcx_socket_sink sink;
	struct zcx_async async;
};

static struct kmem_cache *zcx_requests;

/*
 * A cache with a constructor is not zeroed again for each allocation, which
 * would take longer than to set up what a request uses.
 */
static void zcx_request_construct(void *request)
{
	memset(request, 0, sizeof(struct zcx_request));
}

/**
 * zcx_submit_init() - have a place that links come from
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int zcx_submit_init(void)
{
	zcx_requests = kmem_cache_create("zcx_request",
					 sizeof(struct zcx_request), 0,
					 SLAB_ACCOUNT | SLAB_HWCACHE_ALIGN,
					 zcx_request_construct);
	return zcx_requests ? 0 : -ENOMEM;
}

/**
 * zcx_submit_exit() - undo zcx_submit_init()
 *
 * Context: module exit; there are no links any more.
 */
void zcx_submit_exit(void)
{
	kmem_cache_destroy(zcx_requests);
}

static void zcx_request_free(struct zcx_live_link *link)
{
	kmem_cache_free(zcx_requests,
			container_of(link, struct zcx_request, link));
}

static void zcx_request_limits(const struct zcx_request *request,
			       const struct zcx_link *cmd,
			       struct zcx_limits *limits)
{
	u64 now = ktime_get_ns();

	limits->deadline = U64_MAX;
	if (cmd->deadline_ns && cmd->deadline_ns < U64_MAX - now)
		limits->deadline = now + cmd->deadline_ns;
	/* Added to times: some centuries are as good as no limit. */
	limits->idle = min_t(u64, cmd->idle_ns, S64_MAX / 2);
	/*
	 * A descriptor of ours, unreceived in the socket that its link holds,
	 * is garbage that the AF_UNIX collector does not see: it ends in time.
	 */
	limits->idle_always = zcx_socket_sink_is_unix(&request->sink);
	if (limits->idle_always)
		limits->idle = min(cmd->idle_ns ?: ZCX_UNIX_IDLE_NS,
				   ZCX_UNIX_IDLE_NS);
	zcx_pace_init(&limits->pace, cmd->rate, now);
}

static struct zcx_growth *zcx_request_follow(struct zcx_request *request)
{
	struct zcx_program *prog = &request->program;
	struct zcx_range *last = &prog->ranges[prog->count - 1];

	if (!last->file || !last->to_eof)
		return ERR_PTR(-EINVAL);
	last->follow = true;
	return zcx_growth_watch(last->file);
}

static int zcx_request_attach(struct zcx_request *request,
			      const struct zcx_link *cmd)
{
	struct zcx_growth *growth = NULL;
	struct zcx_limits limits;
	int err;

	err = zcx_program_find_disks(&request->program);
	if (err)
		return err;
	if (cmd->flags & ZCX_LINK_FOLLOW)
		growth = zcx_request_follow(request);
	if (IS_ERR(growth))
		return PTR_ERR(growth);
	zcx_request_limits(request, cmd, &limits);
	zcx_async_attach(&request->async, &request->link, &limits,
			 cmd->flags & ZCX_LINK_ACKED);
	request->async.growth = growth;
	return 0;
}

static void zcx_request_parts(struct zcx_request *request,
			      struct zcx_context *ctx,
			      const struct zcx_link *cmd,
			      struct zcx_link_parts *parts)
{
	*parts = (struct zcx_link_parts){
		.ctx = ctx,
		.program = &request->program,
		.sink = &request->sink.sink,
		.user_data = cmd->user_data,
		.batch_bytes = zcx_batch_bytes(),
		.free = zcx_request_free,
	};
}

static int zcx_request_init(struct zcx_request *request,
			    struct zcx_context *ctx,
			    const struct zcx_link *cmd)
{
	struct zcx_link_parts parts;
	struct zcx_program_order order = {
		.memory = &ctx->memory,
		.pool = ctx->pool,
		.segments = cmd->segments,
		.count = cmd->segment_count,
		.segment_size = cmd->segment_size,
		.lane = cmd->lane,
		.direct_threshold = cmd->direct_threshold,
		.nowait = cmd->flags & ZCX_LINK_NOWAIT,
		.drop_behind = cmd->flags & ZCX_LINK_DROP_BEHIND,
	};
	int err;

	zcx_request_parts(request, ctx, cmd, &parts);
	err = zcx_program_init(&request->program, &order);
	if (err)
		return err;
	err = zcx_socket_sink_init(&request->sink, cmd->socket_fd);
	if (err)
		goto destroy_program;
	parts.entries = zcx_program_entries(&request->program,
					    parts.batch_bytes);
	if (!(cmd->flags & ZCX_LINK_SYNC)) {
		err = zcx_request_attach(request, cmd);
		if (err)
			goto destroy_sink;
		parts.async = &request->async;
	}
	err = zcx_link_init(&request->link, &parts, zcx_max_links());
	if (!err)
		return 0;
	if (parts.async)
		zcx_async_let_go(parts.async);
destroy_sink:
	parts.sink->ops->destroy(parts.sink);
destroy_program:
	zcx_program_destroy(&request->program);
	return err;
}

/**
 * zcx_submit() - make a link of an order
 * @ctx: whose it will be
 * @cmd: the order, as user space wrote it; its flags have been looked at
 *
 * Context: process context of the submitter; may sleep.
 * Return: the link, with a reference that is the caller's, which must be run, or
 * started if it runs by itself; or an ERR_PTR: what zcx_program_init(),
 * zcx_socket_sink_init() and zcx_link_init() say, -ENOMEM.
 */
struct zcx_live_link *zcx_submit(struct zcx_context *ctx,
				 const struct zcx_link *cmd)
{
	struct zcx_request *request;
	int err;

	request = kmem_cache_alloc(zcx_requests, GFP_KERNEL);
	if (!request)
		return ERR_PTR(-ENOMEM);
	err = zcx_request_init(request, ctx, cmd);
	if (err) {
		kmem_cache_free(zcx_requests, request);
		return ERR_PTR(err);
	}
	return &request->link;
}

/**
 * zcx_submit_rest() - make a synchronous link of what is left of a request
 * @ctx: whose it will be
 * @cmd: the request
 * @socket: the socket's file, that may be written to
 * @ranges: its segments, and how much of each has been sent; what they hold is the
 *	link's, or, if there is none, has been given back
 * @count: how many, at most ZCX_PROGRAM_FEW
 *
 * Context: process context of the submitter; may sleep.
 * Return: the link, with a reference that is the caller's, which must be run by
 * zcx_link_go_on(); or an ERR_PTR: -ENOMEM, -EBUSY.
 */
struct zcx_live_link *zcx_submit_rest(struct zcx_context *ctx,
				      const struct zcx_link *cmd,
				      struct file *socket,
				      const struct zcx_range *ranges,
				      unsigned int count)
{
	struct zcx_link_parts parts;
	struct zcx_request *request;
	struct zcx_program spare;
	int err = -ENOMEM;

	request = kmem_cache_alloc(zcx_requests, GFP_KERNEL);
	zcx_program_of_ranges(request ? &request->program : &spare, ranges,
			      count);
	if (!request)
		goto destroy_program;
	zcx_socket_sink_of(&request->sink, get_file(socket));
	zcx_request_parts(request, ctx, cmd, &parts);
	parts.entries = zcx_program_entries(&request->program,
					    parts.batch_bytes);
	err = zcx_link_init(&request->link, &parts, zcx_max_links());
	if (!err)
		return &request->link;
	parts.sink->ops->destroy(parts.sink);
destroy_program:
	zcx_program_destroy(request ? &request->program : &spare);
	if (request)
		kmem_cache_free(zcx_requests, request);
	return ERR_PTR(err);
}

/**
 * zcx_submit_reserve() - all that could refuse a link that runs by itself, before it is
 *	one
 * @ctx: whose it will be
 * @cmd: the request
 * @files: files and sockets that it names
 *
 * Context: process context of the submitter. Does not sleep: he stands first in a
 * line, and has looked at what he is about to send. Memory that is not at hand is like
 * a page that is not.
 * Return: what is to become a link, see zcx_link_reserve(); NULL: memory or a limit
 * refuses it.
 */
struct zcx_live_link *zcx_submit_reserve(struct zcx_context *ctx,
					 const struct zcx_link *cmd,
					 unsigned int files)
{
	struct zcx_link_parts parts;
	struct zcx_request *request;

	request = kmem_cache_alloc(zcx_requests, GFP_NOWAIT | __GFP_NOWARN);
	if (!request)
		return NULL;
	zcx_request_parts(request, ctx, cmd, &parts);
	parts.async = &request->async;
	if (!zcx_link_reserve(&request->link, &parts, files, zcx_max_links()))
		return &request->link;
	kmem_cache_free(zcx_requests, request);
	return NULL;
}

/**
 * zcx_submit_unreserve() - undo zcx_submit_reserve()
 * @link: from there
 *
 * Context: process context.
 */
void zcx_submit_unreserve(struct zcx_live_link *link)
{
	zcx_link_unreserve(link);
	zcx_request_free(link);
}

/**
 * zcx_submit_reserved() - make a reserved link one, of what is left of a request
 * @link: from zcx_submit_reserve()
 * @cmd: the request
 * @socket: the socket's file, that may be written to
 * @ranges: its segments, and how much of each has been sent; what they hold is the
 *	link's, or has been given back
 * @count: how many, at most ZCX_PROGRAM_FEW
 *
 * Context: process context of the submitter; may sleep.
 * Return: 0, and @link is for zcx_async_go_on(); or -ENOMEM, and it is as it was.
 */
int zcx_submit_reserved(struct zcx_live_link *link, const struct zcx_link *cmd,
			struct file *socket, const struct zcx_range *ranges,
			unsigned int count)
{
	struct zcx_request *request =
		container_of(link, struct zcx_request, link);
	int err;

	zcx_program_of_ranges(&request->program, ranges, count);
	zcx_socket_sink_of(&request->sink, get_file(socket));
	err = zcx_request_attach(request, cmd);
	if (err)
		goto destroy;
	link->entries = zcx_program_entries(&request->program,
					    link->batch_bytes);
	/* It grows when it runs, or does with these: nothing here is to fail. */
	zcx_sglist_init(&link->sgl, ZCX_SGLIST_FEW, 0);
	return 0;
destroy:
	link->sink->ops->destroy(link->sink);
	zcx_program_destroy(&request->program);
	return err;
}
