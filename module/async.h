/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_ASYNC_H
#define _ZCX_ASYNC_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "disk.h"
#include "folio_wait.h"
#include "guise.h"
#include "pace.h"
#include "sglist.h"

struct zcx_context;
struct zcx_growth;
struct zcx_link;
struct zcx_live_link;
struct zcx_turn;

/**
 * enum zcx_ending - who ends a link; the first to say so
 * @ZCX_ENDING_NOT: nobody yet
 * @ZCX_ENDING_ITSELF: it came to its end
 * @ZCX_ENDING_CANCEL: somebody who had enough of it
 */
enum zcx_ending {
	ZCX_ENDING_NOT,
	ZCX_ENDING_ITSELF,
	ZCX_ENDING_CANCEL,
};

/**
 * enum zcx_phase - what a link that runs by itself is about
 * @ZCX_PHASE_SEND: bytes into the sink
 * @ZCX_PHASE_SETTLE: all are in; could closing the sink still lose some?
 * @ZCX_PHASE_ACK: others may send; has the peer acknowledged all of it?
 */
enum zcx_phase {
	ZCX_PHASE_SEND,
	ZCX_PHASE_SETTLE,
	ZCX_PHASE_ACK,
};

/**
 * struct zcx_limits - what a link is not to exceed
 * @deadline: time at which it must have ended, ns; U64_MAX: none
 * @idle: longest time without progress, ns; 0: any
 * @idle_always: being paused is no excuse
 * @pace: how fast it may send
 */
struct zcx_limits {
	u64 deadline;
	u64 idle;
	bool idle_always;
	struct zcx_pace pace;
};

/**
 * struct zcx_async - what a link that runs by itself has beside
 * @link: the link
 * @run: see async.c
 * @ending: enum zcx_ending
 * @paused: keep from sending
 * @acked: it ends when the peer has acknowledged all
 * @phase: enum zcx_phase; the runner's, as is all that follows unless it says
 *	otherwise
 * @wait: enum zcx_wait; read by anybody
 * @offering: the sink was expected to take bytes when it was last looked
 * @pool: this run is in the pool of a disk, and may block there
 * @outcome: what it ended with: 0 or -errno
 * @started: time of submission, ns
 * @progress: time of the last progress, ns
 * @wake_at: when the next run makes sense even if nothing happens, ns; U64_MAX:
 *	never
 * @unacked: bytes that were not acknowledged when it was last looked
 * @pauses: times in a row that the sink had room and took nothing
 * @fetch_range: index of the range that @fetch_pos is in
 * @fetch_pos: next byte that is not at hand
 * @fetch_error: -errno that fetching it has met, or 0
 * @limits: what it is not to exceed
 * @timer: for @wake_at
 * @work: a run by a worker of ours
 * @job: a run, or a fetch, in the pool of a disk
 * @folio: waits for a folio that is being read
 * @guise: the submitter's, with references
 * @by_id: in @ctx->by_id until the event is read; @ctx->lock
 * @gone: what the link was made of is no longer to be looked at; @ctx->lock
 * @complete: tells the submitter of the end; NULL: an event does
 * @cookie: @complete's own
 * @owner: the table of descriptors of its submitter, to compare; or NULL
 * @task: its submitter, with a reference, if it must end before he can; or NULL
 * @growth: tells when a file that it follows changes, or NULL
 */
struct zcx_async {
	struct zcx_live_link	*link;
	atomic_t		run;
	atomic_t		ending;
	bool			paused;
	bool			acked;
	u8			phase;
	u8			wait;
	bool			offering;
	bool			pool;
	bool			gone;
	int			outcome;
	u64			started;
	u64			progress;
	u64			wake_at;
	u64			unacked;
	unsigned int		pauses;
	unsigned int		fetch_range;
	loff_t			fetch_pos;
	int			fetch_error;
	struct zcx_limits	limits;
	struct hrtimer		timer;
	struct work_struct	work;
	struct zcx_disk_job	job;
	struct zcx_folio_wait	folio;
	struct zcx_guise	guise;
	struct hlist_node	by_id;
	void (*complete)(struct zcx_live_link *link);
	void			*cookie;
	const void		*owner;
	struct task_struct	*task;
	struct zcx_growth	*growth;
};

int zcx_async_init(void);
void zcx_async_exit(void);

void zcx_async_attach(struct zcx_async *async, struct zcx_live_link *link,
		      const struct zcx_limits *limits, bool acked);
void zcx_async_start(struct zcx_live_link *link);
void zcx_async_go_on(struct zcx_live_link *link, struct zcx_turn *turn,
		     const u64 sent[ZCX_NR_TAGS], size_t frags);
void zcx_async_kick(struct zcx_live_link *link);
void zcx_async_let_go(struct zcx_async *async);

u64 zcx_async_end_at_once(struct zcx_live_link *link,
			  const struct zcx_link *result, struct zcx_turn *turn);

int zcx_async_cancel(struct zcx_live_link *link);
int zcx_async_pause(struct zcx_live_link *link, bool paused);
struct zcx_live_link *zcx_async_find(struct zcx_context *ctx, u64 id);
void zcx_async_cancel_all(struct zcx_context *ctx, const void *owner);

#endif /* _ZCX_ASYNC_H */
