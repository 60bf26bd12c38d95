// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for direct I/O: who has how much, and how it comes back.
 *
 * A buffer that was sent is used again once nobody but its pool refers to its
 * pages: the network lets go of a page by dropping a reference, as of any other,
 * and tells nobody. (sk_page_frag_refill() in net/core/sock.c finds out likewise.)
 * That spares the zeroing of new pages, which costs more than sending them.
 *
 * What is held is limited for each pool (a context), each user, and in all, and that
 * includes what the network still has. Who has read ahead and cannot send is robbed
 * under a limit, and will read again. Who is refused in spite of that waits in line.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "buffers.h"
#include "compat/shrinker.h"
#include "user.h"
#include "zcx.h"

/* Buffers looked at for one that the network has let go of; oldest first. */
#define ZCX_RECYCLE_LOOK	8

/*
 * Smaller ones are not tried. The page allocator makes an effort for pages of this
 * size, see PAGE_ALLOC_COSTLY_ORDER, so that it is seldom in vain.
 */
#define ZCX_BUFFER_LEAST	SZ_32K

/* Bytes of idle buffers that a pool keeps when nobody borrows from it. */
#define ZCX_IDLE_KEEP		SZ_4M

/* Of those in line, how many are woken when memory has come back. */
#define ZCX_WAKE_FEW		8

/* Nobody waits longer for a wake-up that went to one who had died. */
#define ZCX_LOOK_AGAIN		(HZ / 20)

/**
 * struct zcx_pool - the buffers of one context
 * @ref: the context's, and each borrower's
 * @node: in zcx_pools
 * @user: whose, with a reference
 * @returned: buffers nobody has borrowed; the network may have their pages still
 * @idle: bytes in @returned, the network's too
 * @bytes: bytes of all its buffers
 * @borrowers: how many there are
 *
 * All but @ref and @user under zcx_buffers_lock.
 */
struct zcx_pool {
	struct kref		ref;
	struct list_head	node;
	struct zcx_user		*user;
	struct list_head	returned;
	size_t			idle;
	size_t			bytes;
	unsigned int		borrowers;
};

static LIST_HEAD(zcx_pools);
static LIST_HEAD(zcx_resting);
static LIST_HEAD(zcx_waiting);
static size_t zcx_pools_bytes;
/* All pools, their lists and counts, in any context: held for some instructions. */
static DEFINE_SPINLOCK(zcx_buffers_lock);

static struct shrinker *zcx_shrinker;

static void zcx_look_again(struct work_struct *work);
static DECLARE_DELAYED_WORK(zcx_look_work, zcx_look_again);

/**
 * zcx_pool_create() - a pool without buffers
 * @user: who answers for it
 *
 * Context: process context; may sleep.
 * Return: the pool, with a reference, or NULL if out of memory.
 */
struct zcx_pool *zcx_pool_create(struct zcx_user *user)
{
	struct zcx_pool *pool = kzalloc(sizeof(*pool), GFP_KERNEL_ACCOUNT);

	if (!pool)
		return NULL;
	kref_init(&pool->ref);
	INIT_LIST_HEAD(&pool->returned);
	zcx_user_hold(user);
	pool->user = user;
	spin_lock_irq(&zcx_buffers_lock);
	list_add_tail(&pool->node, &zcx_pools);
	spin_unlock_irq(&zcx_buffers_lock);
	return pool;
}

/**
 * zcx_pool_get() - take one more reference
 * @pool: the pool
 *
 * Context: any.
 */
void zcx_pool_get(struct zcx_pool *pool)
{
	kref_get(&pool->ref);
}

/* Whose limit has been reached: who must give back something before one may borrow. */
enum zcx_scope {
	ZCX_SCOPE_NONE,
	ZCX_SCOPE_POOL,
	ZCX_SCOPE_USER,
	ZCX_SCOPE_ALL,
};

static bool zcx_in_scope(const struct zcx_pool *pool,
			 const struct zcx_pool *other, enum zcx_scope scope)
{
	switch (scope) {
	case ZCX_SCOPE_POOL:
		return other == pool;
	case ZCX_SCOPE_USER:
		return other->user == pool->user;
	default:
		return true;
	}
}

/* The lock is held, here and below where it says so. */
static enum zcx_scope zcx_pool_charge(struct zcx_pool *pool, size_t bytes)
{
	if (pool->bytes + bytes > zcx_direct_context_max())
		return ZCX_SCOPE_POOL;
	if (pool->user->direct_bytes + bytes > zcx_direct_user_max())
		return ZCX_SCOPE_USER;
	if (zcx_pools_bytes + bytes > zcx_direct_bytes_max())
		return ZCX_SCOPE_ALL;
	pool->bytes += bytes;
	pool->user->direct_bytes += bytes;
	zcx_pools_bytes += bytes;
	return ZCX_SCOPE_NONE;
}

/* The lock is held. */
static void zcx_pool_uncharge(struct zcx_pool *pool, size_t bytes)
{
	pool->bytes -= bytes;
	pool->user->direct_bytes -= bytes;
	zcx_pools_bytes -= bytes;
}

/* Has the network let go of it? What it did with the pages is done then. */
static bool zcx_is_idle(const struct zcx_buffer *buffer)
{
	if (page_ref_count(buffer->page) != 1)
		return false;
	/* Pairs with put_page(). */
	smp_acquire__after_ctrl_dep();
	return true;
}

/* The lock is held; the buffer is to be freed by zcx_free_list() without it. */
static void zcx_forget(struct zcx_pool *pool, struct zcx_buffer *buffer,
		       struct list_head *doomed)
{
	list_move(&buffer->node, doomed);
	pool->idle -= buffer->bytes;
	zcx_pool_uncharge(pool, buffer->bytes);
}

static void zcx_free_list(struct list_head *doomed)
{
	struct zcx_buffer *buffer, *next;

	list_for_each_entry_safe(buffer, next, doomed, node) {
		put_page(buffer->page);
		kfree(buffer);
	}
}

/*
 * Forget buffers that the network has let go of, until no more than @keep bytes are
 * returned. The lock is held.
 */
static void zcx_pool_trim(struct zcx_pool *pool, size_t keep,
			  struct list_head *doomed)
{
	struct zcx_buffer *buffer, *next;

	list_for_each_entry_safe(buffer, next, &pool->returned, node) {
		if (pool->idle <= keep)
			break;
		if (zcx_is_idle(buffer))
			zcx_forget(pool, buffer, doomed);
	}
}

static void zcx_pool_release(struct kref *ref)
{
	struct zcx_pool *pool = container_of(ref, struct zcx_pool, ref);
	LIST_HEAD(doomed);
	unsigned long flags;

	spin_lock_irqsave(&zcx_buffers_lock, flags);
	/* What the network has is the sockets' alone from now on. */
	while (!list_empty(&pool->returned))
		zcx_forget(pool, list_first_entry(&pool->returned,
						  struct zcx_buffer, node),
			   &doomed);
	list_del(&pool->node);
	spin_unlock_irqrestore(&zcx_buffers_lock, flags);
	zcx_free_list(&doomed);
	WARN_ON_ONCE(pool->bytes);
	zcx_user_put(pool->user);
	kfree(pool);
}

/**
 * zcx_pool_put() - drop a reference; the last one frees the pool
 * @pool: the pool
 *
 * Context: any.
 */
void zcx_pool_put(struct zcx_pool *pool)
{
	kref_put(&pool->ref, zcx_pool_release);
}

/* Who is first among those who wait: no longer in the line, with a reference. */
static struct zcx_borrower *zcx_next_waiting(void)
{
	struct zcx_borrower *borrower;
	unsigned long flags;

	spin_lock_irqsave(&zcx_buffers_lock, flags);
	borrower = list_first_entry_or_null(&zcx_waiting, struct zcx_borrower,
					    waiting);
	if (borrower) {
		list_del_init(&borrower->waiting);
		kref_get(&borrower->ref);
	}
	spin_unlock_irqrestore(&zcx_buffers_lock, flags);
	return borrower;
}

/* Memory has come back. */
static void zcx_wake_few(void)
{
	struct zcx_borrower *borrower;
	unsigned int n;

	if (list_empty_careful(&zcx_waiting))
		return;
	for (n = 0; n < ZCX_WAKE_FEW; n++) {
		borrower = zcx_next_waiting();
		if (!borrower)
			return;
		borrower->wake(borrower);
		zcx_borrower_put(borrower);
	}
}

/* Nobody borrows from it, and it has more than it needs for the next. Locked. */
static bool zcx_pool_is_fat(const struct zcx_pool *pool)
{
	return !pool->borrowers && pool->idle > ZCX_IDLE_KEEP;
}

/* The network lets go of pages and tells nobody. */
static void zcx_look_again(struct work_struct *work)
{
	struct zcx_pool *pool;
	LIST_HEAD(doomed);
	bool fat = false;

	spin_lock_irq(&zcx_buffers_lock);
	list_for_each_entry(pool, &zcx_pools, node) {
		if (!zcx_pool_is_fat(pool))
			continue;
		zcx_pool_trim(pool, ZCX_IDLE_KEEP, &doomed);
		fat |= zcx_pool_is_fat(pool);
	}
	spin_unlock_irq(&zcx_buffers_lock);
	zcx_free_list(&doomed);
	zcx_wake_few();
	if (fat || !list_empty_careful(&zcx_waiting))
		schedule_delayed_work(&zcx_look_work, ZCX_LOOK_AGAIN);
}

/**
 * zcx_borrower_init() - set up, with one reference, the caller's
 * @borrower: to set up; @wake, @rob and @release are the caller's business
 * @pool: where he will borrow
 *
 * Context: any.
 */
void zcx_borrower_init(struct zcx_borrower *borrower, struct zcx_pool *pool)
{
	kref_init(&borrower->ref);
	INIT_LIST_HEAD(&borrower->resting);
	INIT_LIST_HEAD(&borrower->waiting);
	zcx_pool_get(pool);
	borrower->pool = pool;
	spin_lock_irq(&zcx_buffers_lock);
	pool->borrowers++;
	spin_unlock_irq(&zcx_buffers_lock);
}

/**
 * zcx_borrower_put() - drop a reference
 * @borrower: the borrower
 *
 * Context: any.
 */
void zcx_borrower_put(struct zcx_borrower *borrower)
{
	kref_put(&borrower->ref, borrower->release);
}

/**
 * zcx_borrower_quit() - he will not borrow any more; drops a reference
 * @borrower: the borrower
 *
 * Context: process context.
 */
void zcx_borrower_quit(struct zcx_borrower *borrower)
{
	struct zcx_pool *pool = borrower->pool;
	bool fat;

	spin_lock_irq(&zcx_buffers_lock);
	list_del_init(&borrower->resting);
	list_del_init(&borrower->waiting);
	pool->borrowers--;
	fat = zcx_pool_is_fat(pool);
	spin_unlock_irq(&zcx_buffers_lock);
	/* The next link of the context may be about to begin. */
	if (fat)
		schedule_delayed_work(&zcx_look_work, ZCX_LOOK_AGAIN);
	zcx_borrower_put(borrower);
}

/**
 * zcx_borrower_rest() - say whether he may be robbed
 * @borrower: the borrower
 * @resting: he cannot make use of what he has for the time being
 *
 * Context: process context.
 */
void zcx_borrower_rest(struct zcx_borrower *borrower, bool resting)
{
	/* The owner's own doing, and only he puts himself there. */
	if (!resting && list_empty_careful(&borrower->resting))
		return;
	spin_lock_irq(&zcx_buffers_lock);
	if (resting)
		list_move_tail(&borrower->resting, &zcx_resting);
	else
		list_del_init(&borrower->resting);
	spin_unlock_irq(&zcx_buffers_lock);
	if (resting)
		zcx_wake_few();
}

/**
 * zcx_borrower_wait() - he has been refused: have him woken when it may help
 * @borrower: the borrower
 *
 * Context: process context.
 */
void zcx_borrower_wait(struct zcx_borrower *borrower)
{
	spin_lock_irq(&zcx_buffers_lock);
	if (list_empty(&borrower->waiting))
		list_add_tail(&borrower->waiting, &zcx_waiting);
	spin_unlock_irq(&zcx_buffers_lock);
	schedule_delayed_work(&zcx_look_work, ZCX_LOOK_AGAIN);
}

/* A returned buffer whose pages are free, of at least @least bytes, or NULL. */
static struct zcx_buffer *zcx_recycle(struct zcx_pool *pool, size_t least)
{
	struct zcx_buffer *buffer, *found = NULL;
	unsigned int n = 0;

	spin_lock_irq(&zcx_buffers_lock);
	list_for_each_entry(buffer, &pool->returned, node) {
		if (buffer->bytes >= least && zcx_is_idle(buffer)) {
			found = buffer;
			break;
		}
		if (++n == ZCX_RECYCLE_LOOK)
			break;
	}
	if (found) {
		list_del(&found->node);
		pool->idle -= found->bytes;
	}
	spin_unlock_irq(&zcx_buffers_lock);
	return found;
}

static struct zcx_buffer *zcx_buffer_alloc(size_t bytes)
{
	struct zcx_buffer *buffer = kmalloc(sizeof(*buffer),
					    GFP_KERNEL_ACCOUNT);
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_COMP | __GFP_NOWARN |
		    __GFP_NOMEMALLOC;

	if (!buffer)
		return NULL;
	/* Smaller ones do as well: a large one is not worth compacting memory for. */
	gfp |= bytes > ZCX_BUFFER_LEAST ? __GFP_NORETRY : __GFP_RETRY_MAYFAIL;
	buffer->page = alloc_pages(gfp, get_order(bytes));
	if (!buffer->page) {
		kfree(buffer);
		return NULL;
	}
	buffer->bytes = bytes;
	return buffer;
}

/*
 * A buffer of @bytes bytes, a power of two, that is charged for; or NULL, with the
 * limit that was reached in @full, or none: there is no memory.
 */
static struct zcx_buffer *zcx_buffer_new(struct zcx_pool *pool, size_t bytes,
					 enum zcx_scope *full)
{
	struct zcx_buffer *buffer;

	spin_lock_irq(&zcx_buffers_lock);
	*full = zcx_pool_charge(pool, bytes);
	spin_unlock_irq(&zcx_buffers_lock);
	if (*full != ZCX_SCOPE_NONE)
		return NULL;
	buffer = zcx_buffer_alloc(bytes);
	if (buffer)
		return buffer;
	spin_lock_irq(&zcx_buffers_lock);
	zcx_pool_uncharge(pool, bytes);
	spin_unlock_irq(&zcx_buffers_lock);
	return NULL;
}

/*
 * Somebody to be robbed for the sake of @who, or of the system, with a reference;
 * NULL: there is nobody. Who has rested longest comes first.
 */
static struct zcx_borrower *zcx_next_resting(const struct zcx_borrower *who,
					     enum zcx_scope scope)
{
	struct zcx_borrower *borrower, *found = NULL;

	spin_lock_irq(&zcx_buffers_lock);
	list_for_each_entry(borrower, &zcx_resting, resting) {
		if (who && (borrower == who ||
			    !zcx_in_scope(who->pool, borrower->pool, scope)))
			continue;
		found = borrower;
		list_del_init(&found->resting);
		kref_get(&found->ref);
		break;
	}
	spin_unlock_irq(&zcx_buffers_lock);
	return found;
}

static bool zcx_rob_one(const struct zcx_borrower *who, enum zcx_scope scope)
{
	struct zcx_borrower *victim = zcx_next_resting(who, scope);

	if (!victim)
		return false;
	victim->rob(victim);
	zcx_borrower_put(victim);
	return true;
}

/* Have a pool forget one buffer whose pages are free, if it has one. Locked. */
static bool zcx_forget_one(struct zcx_pool *pool, struct list_head *doomed)
{
	struct zcx_buffer *buffer;
	unsigned int n = 0;

	list_for_each_entry(buffer, &pool->returned, node) {
		if (zcx_is_idle(buffer)) {
			zcx_forget(pool, buffer, doomed);
			return true;
		}
		if (++n == ZCX_RECYCLE_LOOK)
			break;
	}
	return false;
}

/* Have some pool forget a buffer for @pool's sake. The lock is held. */
static bool zcx_forget_some(struct zcx_pool *pool, enum zcx_scope scope,
			    struct list_head *doomed)
{
	struct zcx_pool *other;

	if (zcx_forget_one(pool, doomed))
		return true;
	if (scope == ZCX_SCOPE_POOL)
		return false;
	list_for_each_entry(other, &zcx_pools, node)
		if (zcx_in_scope(pool, other, scope) &&
		    zcx_forget_one(other, doomed))
			return true;
	return false;
}

/*
 * Make room under the limit that was reached. Returns false if there is none to
 * make.
 */
static bool zcx_make_room(const struct zcx_borrower *who, enum zcx_scope scope)
{
	struct zcx_pool *pool = who->pool;
	LIST_HEAD(doomed);
	bool found;

	spin_lock_irq(&zcx_buffers_lock);
	found = zcx_forget_some(pool, scope, &doomed);
	spin_unlock_irq(&zcx_buffers_lock);
	zcx_free_list(&doomed);
	return found || zcx_rob_one(who, scope);
}

/*
 * How large a buffer is right for @bytes bytes: a power of two. The fuller the pool,
 * the smaller: what little a slow receiver has not acknowledged keeps a whole one.
 */
static size_t zcx_buffer_size(const struct zcx_pool *pool, size_t bytes)
{
	size_t most = zcx_direct_context_max();

	if (READ_ONCE(pool->bytes) > most / 4 * 3)
		bytes = min_t(size_t, bytes, ZCX_BUFFER_MIN);
	else if (READ_ONCE(pool->bytes) > most / 2)
		bytes = min_t(size_t, bytes, 4 * ZCX_BUFFER_MIN);
	return max_t(size_t, PAGE_SIZE << get_order(bytes), ZCX_BUFFER_MIN);
}

/**
 * zcx_buffer_borrow() - memory to read into
 * @borrower: for whom
 * @bytes: how much is wanted, at least 1; may be less than what is got, or more
 *
 * What it holds is of no meaning; it may be another file's bytes.
 *
 * Context: process context; may sleep.
 * Return: a buffer, to be given back by zcx_buffer_return(), or NULL: a limit has
 * been reached, or there is no memory; zcx_borrower_wait() says when to try again.
 */
struct zcx_buffer *zcx_buffer_borrow(struct zcx_borrower *borrower,
				     size_t bytes)
{
	struct zcx_pool *pool = borrower->pool;
	struct zcx_buffer *buffer;
	enum zcx_scope full;

	bytes = zcx_buffer_size(pool, bytes);
	buffer = zcx_recycle(pool, bytes);
	while (!buffer && bytes >= ZCX_BUFFER_LEAST) {
		buffer = zcx_buffer_new(pool, bytes, &full);
		/* No memory is no limit: less may do. */
		if (!buffer && (full == ZCX_SCOPE_NONE ||
				!zcx_make_room(borrower, full)))
			bytes /= 2;
	}
	return buffer ?: zcx_recycle(pool, 0);
}

/**
 * zcx_buffer_return() - give a buffer back; the network may have its pages still
 * @pool: where it is from
 * @buffer: the buffer
 *
 * Context: any.
 */
void zcx_buffer_return(struct zcx_pool *pool, struct zcx_buffer *buffer)
{
	unsigned long flags;
	bool fat;

	spin_lock_irqsave(&zcx_buffers_lock, flags);
	list_add_tail(&buffer->node, &pool->returned);
	pool->idle += buffer->bytes;
	fat = zcx_pool_is_fat(pool);
	spin_unlock_irqrestore(&zcx_buffers_lock, flags);
	if (fat)
		schedule_delayed_work(&zcx_look_work, 0);
	zcx_wake_few();
}

/* What the system may have back: returned buffers, and what borrowers rest upon. */
static unsigned long zcx_shrink_count(struct shrinker *shrinker,
				      struct shrink_control *sc)
{
	struct zcx_pool *pool;
	size_t bytes = 0;

	spin_lock_irq(&zcx_buffers_lock);
	list_for_each_entry(pool, &zcx_pools, node)
		bytes += pool->idle;
	if (!list_empty(&zcx_resting))
		bytes += zcx_pools_bytes / 2;
	spin_unlock_irq(&zcx_buffers_lock);
	return bytes >> PAGE_SHIFT ?: SHRINK_EMPTY;
}

static unsigned long zcx_shrink_scan(struct shrinker *shrinker,
				     struct shrink_control *sc)
{
	struct zcx_buffer *buffer, *next;
	struct zcx_pool *pool;
	unsigned long freed = 0;
	LIST_HEAD(doomed);

	spin_lock_irq(&zcx_buffers_lock);
	list_for_each_entry(pool, &zcx_pools, node) {
		list_for_each_entry_safe(buffer, next, &pool->returned, node) {
			if (freed >= sc->nr_to_scan)
				break;
			if (!zcx_is_idle(buffer))
				continue;
			freed += buffer->bytes >> PAGE_SHIFT;
			zcx_forget(pool, buffer, &doomed);
		}
	}
	spin_unlock_irq(&zcx_buffers_lock);
	zcx_free_list(&doomed);
	/* What he gives back is found by the next scan. */
	if (!freed && !zcx_rob_one(NULL, ZCX_SCOPE_ALL))
		return SHRINK_STOP;
	return freed;
}

/**
 * zcx_buffers_init() - have the system ask for memory back
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int zcx_buffers_init(void)
{
	zcx_shrinker = zcx_shrinker_register("zcx-buffers", zcx_shrink_count,
					     zcx_shrink_scan);
	return zcx_shrinker ? 0 : -ENOMEM;
}

/**
 * zcx_buffers_exit() - undo zcx_buffers_init()
 *
 * Context: module exit; there are no pools any more.
 */
void zcx_buffers_exit(void)
{
	cancel_delayed_work_sync(&zcx_look_work);
	zcx_shrinker_unregister(zcx_shrinker);
}
