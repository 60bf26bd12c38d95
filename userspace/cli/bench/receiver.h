/* SPDX-License-Identifier: GPL-2.0 */
/* Who takes the bytes and throws them away, uncopied: recv(MSG_TRUNC). */
#ifndef BENCH_RECEIVER_H
#define BENCH_RECEIVER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct bench_policy - when a receiver that is woken up gets to run
 * @name: for --receiver
 * @policy: of sched_setscheduler(2)
 * @priority: likewise
 */
struct bench_policy {
	const char *name;
	int policy;
	int priority;
};

extern const struct bench_policy bench_policies[];
extern const size_t bench_policy_count;

/**
 * struct bench_tally - shared with the children that receive
 * @pid: of the one that has the connection
 * @open: 1: a connection has been accepted and not yet ended; -errno: it cannot be
 * @received: bytes that came over it
 * @target: wake the parent when so many have come
 * @news: grows when the parent is to look again; a futex, since it copies nothing
 */
struct bench_tally {
	atomic_int pid;
	atomic_int open;
	_Atomic uint64_t received;
	_Atomic uint64_t target;
	_Atomic uint32_t news;
};

/**
 * struct bench_receiver - a child that takes one connection after another
 * @pid: the child; it has each connection served by a new child of its own, so
 *	that to the scheduler no receiver has a history
 * @address: where it listens on loopback
 * @tally: in shared memory
 * @policy: of those who serve
 */
struct bench_receiver {
	pid_t pid;
	char address[64];
	struct bench_tally *tally;
	const struct bench_policy *policy;
};

/* Returns 0, or -1 having said what is wrong. */
int bench_receiver_start(struct bench_receiver *receiver,
			 const struct bench_policy *policy);
void bench_receiver_stop(struct bench_receiver *receiver);

/*
 * Wait until @news is no longer @seen, which it may be already. Returns 0,
 * -ETIMEDOUT: nothing new, and nothing has arrived either, or -errno.
 */
int bench_receiver_wait(struct bench_receiver *receiver, uint32_t seen);

/* Be a receiver for others until killed. Returns an exit code. */
int bench_serve(const char *address);

#endif /* BENCH_RECEIVER_H */
