// SPDX-License-Identifier: GPL-2.0
/*
 * Contexts: what an open /dev/zcx stands for.
 */
#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/slab.h>

#include "context.h"

/**
 * zcx_context_create() - a context without links
 *
 * Context: process context; may sleep.
 * Return: the context with one reference, or NULL if out of memory.
 */
struct zcx_context *zcx_context_create(void)
{
	static atomic64_t numbers = ATOMIC64_INIT(0);
	struct zcx_context *ctx;

	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return NULL;
	ctx->user = zcx_user_get(current_uid());
	if (!ctx->user)
		goto free;
	ctx->pool = zcx_pool_create(ctx->user);
	if (!ctx->pool)
		goto put_user;
	kref_init(&ctx->ref);
	spin_lock_init(&ctx->lock);
	INIT_LIST_HEAD(&ctx->links);
	INIT_LIST_HEAD(&ctx->events);
	init_waitqueue_head(&ctx->wait);
	mutex_init(&ctx->reading);
	zcx_memory_init(&ctx->memory);
	atomic64_set(&ctx->next_id, 1);
	ctx->number = atomic64_inc_return(&numbers);
	return ctx;

put_user:
	zcx_user_put(ctx->user);
free:
	kfree(ctx);
	return NULL;
}

static void zcx_context_release(struct kref *ref)
{
	struct zcx_context *ctx = container_of(ref, struct zcx_context, ref);

	WARN_ON_ONCE(!list_empty(&ctx->links) || !list_empty(&ctx->events));
	zcx_memory_destroy(&ctx->memory);
	zcx_pool_put(ctx->pool);
	zcx_user_put(ctx->user);
	kfree(ctx);
}

/**
 * zcx_context_get() - take one more reference
 * @ctx: a context that the caller has a reference on
 *
 * Context: any.
 */
void zcx_context_get(struct zcx_context *ctx)
{
	kref_get(&ctx->ref);
}

/**
 * zcx_context_put() - drop a reference; the last one frees the context
 * @ctx: the context
 *
 * Context: any.
 */
void zcx_context_put(struct zcx_context *ctx)
{
	kref_put(&ctx->ref, zcx_context_release);
}
