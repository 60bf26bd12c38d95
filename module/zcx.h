/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all of the module shares, and who owns and locks what.
 *
 * Ownership
 * =========
 *
 *   struct file of /dev/zcx  owns one reference on its struct zcx_context
 *   zcx_context              owns a reference on the account of its user and on
 *                            its pool of buffers for direct I/O, a page
 *                            that memory segments are cut from, and one
 *                            reference on each link that runs by itself,
 *                            until its event is read; others it borrows
 *   zcx_live_link            owns a reference on its context; until it has ended
 *                            also its program, its sink, its scatter list, and
 *                            the submitter's credentials and memory cgroup
 *   zcx_program              owns a reference on every file it names, on the pool
 *                            of each file's device, and on the pages that its
 *                            memory segments were copied into
 *   zcx_sink                 owns a reference on the socket's file
 *   zcx_pool                 owns a reference on its user's account, and on the
 *                            pages of its buffers, borrowed or not
 *   zcx_direct               the reads of a range: owned by the range, each read
 *                            under way, and an errand; owns a reference on the
 *                            file and on the pool, and the buffers it has borrowed
 *   zcx_drop                 owns a reference on the file; the range's, then its own
 *                            worker's until it is done
 *   zcx_sglist               owns one reference on each folio in it, for as
 *                            long as it is in it; packets take it over, see
 *                            frags.c, or the socket takes its own
 *   zcx_express              on the stack of one call: owns references on folios and on
 *                            pages of memory; files and socket it borrows (fdget()).
 *                            A link that is only reserved is its own, until its
 *                            event is posted, or it is published, or it is undone
 *
 * A link that is only reserved (zcx_link_reserve()) counts, and is in no list: it owns
 * nothing, and borrows its context from the call.
 *
 * A link, its program and its sink are parts of one struct zcx_request, which is
 * freed when the link has let go of all three.
 *
 * A link is reference counted. Whoever submits it holds one reference, and so
 * does whoever finds it by its id, and a folio's wait queue that it is in. Readers
 * of fdinfo take none, they look under zcx_context.lock, which a link leaves
 * before its last reference goes.
 *
 * A link that runs by itself is run by one runner at a time, see async.c; what it
 * is made of belongs to that runner, who also takes it apart in the end.
 *
 * Lock order
 * ==========
 *
 *   zcx_context.reading (mutex): who takes events; held over copy_to_user()
 *     zcx_context.lock (spinlock): lists of links, events and ids
 *       zcx_turn_bucket.lock (spinlock): lines to sockets; a link is kicked under it
 *   zcx_memory.lock (spinlock, leaf): the page and how much of it is used
 *   zcx_users_lock (spinlock, leaf): accounts of users
 *   zcx_disk_lock (spinlock, any context): all pools, their queues and workers
 *   zcx_direct.lock (spinlock, any context): the reads of one range
 *   zcx_buffers_lock (spinlock, any context, leaf): all buffers and who wants them
 *   zcx_drops_lock (spinlock, leaf): what is dropped when its link has ended
 *   the wait queue of a socket, or of folios: a link is kicked under it
 *   the wait queue of a context: readers are woken under zcx_context.lock
 *   the locks of io_uring's task work: a ring is told under zcx_context.lock
 *
 * Who is woken under zcx_context.lock takes none of these: nothing that runs under a
 * wait queue's lock may take it.
 *
 * To kick a link takes no lock of the module's but zcx_disk_lock, and that only
 * from its timer.
 *
 * No lock of the module is held while a lane reads or a sink pushes.
 */
#ifndef _ZCX_H
#define _ZCX_H

#include <linux/sizes.h>
#include <linux/zcx.h>

#define ZCX_NAME	"zcx"
#define ZCX_VERSION	"0.1.0"

/* Bytes gathered at a time: bounds of the parameter, and its default. */
#define ZCX_BATCH_MIN		SZ_64K
#define ZCX_BATCH_MAX		SZ_4M
#define ZCX_BATCH_DEFAULT	SZ_1M

#define ZCX_LINKS_DEFAULT	16384U
#define ZCX_USER_LINKS_DEFAULT	65536U
#define ZCX_USER_FILES_DEFAULT	262144U

/*
 * From this size on a cold range is read directly, see docs/performance.md.
 */
#define ZCX_DIRECT_DEFAULT	SZ_4M

/* main.c: module parameters, within their bounds */
unsigned int zcx_batch_bytes(void);
unsigned int zcx_max_user_links(void);
unsigned int zcx_max_user_files(void);
size_t zcx_direct_bytes_max(void);
size_t zcx_direct_user_max(void);
size_t zcx_direct_context_max(void);

/* Those that small requests ask for: no calls for them. */
extern unsigned int zcx_param_max_links;
extern unsigned long zcx_param_direct_threshold;
extern bool zcx_param_frags;

/**
 * zcx_max_links() - links that one context may have at a time
 *
 * Context: any.
 * Return: the parameter.
 */
static inline unsigned int zcx_max_links(void)
{
	return READ_ONCE(zcx_param_max_links);
}

/**
 * zcx_direct_threshold() - from which size on cold ranges are read directly
 *
 * Context: any.
 * Return: bytes, or ZCX_DIRECT_NEVER.
 */
static inline u64 zcx_direct_threshold(void)
{
	return READ_ONCE(zcx_param_direct_threshold) ?: ZCX_DIRECT_NEVER;
}

/**
 * zcx_frags_enabled() - may runs of memory become fragments as they are?
 *
 * Context: any.
 * Return: the parameter.
 */
static inline bool zcx_frags_enabled(void)
{
	return READ_ONCE(zcx_param_frags);
}

/* chardev.c */
int zcx_chardev_register(void);
void zcx_chardev_unregister(void);

#endif /* _ZCX_H */
