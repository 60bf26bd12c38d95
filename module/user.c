// SPDX-License-Identifier: GPL-2.0
/*
 * What one user may have at a time, however many contexts he opens: links that
 * run by themselves outlive the calls that made them, and the files they hold
 * are in no table of descriptors whose limit would count them.
 *
 * It is the user who opened a context, as with the quota of keys
 * (security/keys/key.c): a server's children share what it was given.
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/hashtable.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "user.h"
#include "zcx.h"

#define ZCX_USER_BITS	6

static DEFINE_HASHTABLE(zcx_users, ZCX_USER_BITS);
static DEFINE_SPINLOCK(zcx_users_lock);		/* leaf; see zcx.h */

static struct zcx_user *zcx_user_find(kuid_t uid)
{
	struct zcx_user *user;

	hash_for_each_possible(zcx_users, user, node, __kuid_val(uid))
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

/**
 * zcx_user_get() - the account of a user
 * @uid: who
 *
 * Context: process context; may sleep.
 * Return: the account, with a reference, or NULL if out of memory.
 */
struct zcx_user *zcx_user_get(kuid_t uid)
{
	struct zcx_user *fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	struct zcx_user *user;

	if (!fresh)
		return NULL;
	spin_lock_irq(&zcx_users_lock);
	user = zcx_user_find(uid);
	if (user) {
		refcount_inc(&user->ref);
	} else {
		user = fresh;
		fresh = NULL;
		refcount_set(&user->ref, 1);
		user->uid = uid;
		hash_add(zcx_users, &user->node, __kuid_val(uid));
	}
	spin_unlock_irq(&zcx_users_lock);
	kfree(fresh);
	return user;
}

/**
 * zcx_user_hold() - take one more reference
 * @user: from zcx_user_get()
 *
 * Context: any.
 */
void zcx_user_hold(struct zcx_user *user)
{
	refcount_inc(&user->ref);
}

/**
 * zcx_user_put() - drop a reference
 * @user: from zcx_user_get()
 *
 * Context: any.
 */
void zcx_user_put(struct zcx_user *user)
{
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&zcx_users_lock, flags);
	last = refcount_dec_and_test(&user->ref);
	if (last)
		hash_del(&user->node);
	spin_unlock_irqrestore(&zcx_users_lock, flags);
	if (last)
		kfree(user);
}

static int zcx_user_take(atomic_t *count, unsigned int n, unsigned int most)
{
	int old = atomic_read(count);

	do {
		if (n > most || old > most - n)
			return -EDQUOT;
	} while (!atomic_try_cmpxchg(count, &old, old + n));
	return 0;
}

/**
 * zcx_user_charge() - one more link that runs by itself
 * @user: who opened its context
 * @files: files and sockets that it was given
 *
 * Context: any.
 * Return: 0, to be undone by zcx_user_uncharge(); or -EDQUOT.
 */
int zcx_user_charge(struct zcx_user *user, unsigned int files)
{
	int err;

	err = zcx_user_take(&user->links, 1, zcx_max_user_links());
	if (err)
		return err;
	err = zcx_user_take(&user->files, files, zcx_max_user_files());
	if (err)
		atomic_dec(&user->links);
	return err;
}

/**
 * zcx_user_uncharge() - undo zcx_user_charge()
 * @user: who
 * @files: as it was charged
 *
 * Context: any.
 */
void zcx_user_uncharge(struct zcx_user *user, unsigned int files)
{
	atomic_dec(&user->links);
	atomic_sub(files, &user->files);
}
