/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_USER_H
#define _ZCX_USER_H

#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/uidgid.h>

/**
 * struct zcx_user - what one user has, over all contexts that he opened
 * @node: in zcx_users
 * @ref: held by each of his contexts
 * @uid: who
 * @links: links that run by themselves and whose event has not been read
 * @files: files and sockets that they were given
 * @direct_bytes: bytes of buffers for direct I/O; buffers.c's, and its lock
 */
struct zcx_user {
	struct hlist_node	node;
	refcount_t		ref;
	kuid_t			uid;
	atomic_t		links;
	atomic_t		files;
	size_t			direct_bytes;
};

struct zcx_user *zcx_user_get(kuid_t uid);
void zcx_user_hold(struct zcx_user *user);
void zcx_user_put(struct zcx_user *user);

int zcx_user_charge(struct zcx_user *user, unsigned int files);
void zcx_user_uncharge(struct zcx_user *user, unsigned int files);

#endif /* _ZCX_USER_H */
