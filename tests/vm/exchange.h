/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One link from end to end: sent by zcx, received by a thread, every byte and
 * every counter compared with what the program says.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "link.h"
#include "pairs.h"
#include "receiver.h"

/**
 * struct exchange - a link to run, and how
 * @program: what to send
 * @kind: over which kind of socket
 * @sndbuf: SO_SNDBUF, 0 for the system's
 * @rcvbuf: SO_RCVBUF, 0 for the system's
 * @chunk: bytes the receiver takes a read, 0 for many
 * @delay_us: the receiver's pause after each
 * @context: to use; 0: one of its own
 * @lane: enum zcx_lane
 * @flags: of the link, besides ZCX_LINK_SYNC
 * @direct_threshold: of the link
 * @async: the link runs by itself; its event is what @link says
 * @result_flags: to be expected, apart from ZCX_RESULT_KTLS
 * @error: the link is to end FAILED, with this errno, having sent
 * @good: so many bytes
 * @pair: connected already, if @connected
 * @connected: use @pair; it is closed all the same
 * @sha: compare SHA-256 sums too
 * @link: out: what the module said
 * @problem: out: what went wrong
 */
struct exchange {
	const struct program *program;
	enum pair_kind kind;
	int sndbuf;
	int rcvbuf;
	size_t chunk;
	unsigned int delay_us;
	int context;
	uint32_t lane;
	uint32_t flags;
	uint64_t direct_threshold;
	bool async;
	uint32_t result_flags;
	int error;
	uint64_t good;
	struct pair pair;
	bool connected;
	bool sha;
	struct zcx_link link;
	char problem[256];
};

/*
 * Wait for the event of the link that was submitted as @link, the only one of its
 * context, and enter in @link what it says. 0 or -errno. For any thread.
 */
int exchange_event(int context, struct zcx_link *link);

/* For any thread: true if all was well, else see @problem. */
bool exchange_try(struct exchange *x);

/* For the test's own thread: fails the test. */
void exchange_run(struct exchange *x);

/* Send @program over @kind with everything else as the system has it. */
void exchange_simply(const struct program *program, enum pair_kind kind);

#endif /* EXCHANGE_H */
