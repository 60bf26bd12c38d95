/* SPDX-License-Identifier: GPL-2.0 */
/* A thread that reads what arrives and compares it with what should. */
#ifndef RECEIVER_H
#define RECEIVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "program.h"

/**
 * struct receiver - how to read, and what was found
 * @fd: where to read from, until the end of the stream
 * @expect: what should arrive; NULL: anything
 * @check: instead of @expect: called for what arrives, says how much is good
 * @check_arg: for @check
 * @chunk: bytes a read; 0: 256 KiB
 * @delay_us: pause after each read
 * @stop_after: read no more after so many bytes, but leave @fd open; 0: never
 * @held: read nothing until receiver_go()
 * @hold_at: read so many bytes, and no more until receiver_go(): then a link that the
 *	sockets have no room for is under way, however slow the machine; 0: all
 * @hash: compute @sha
 * @bytes: out: how many arrived
 * @wrong_at: out: the first byte that is not as it should be, or -1
 * @error: out: errno that ended it; 0 for the end of the stream
 * @sha: out: SHA-256 of all that arrived
 */
struct receiver {
	int fd;
	const struct program *expect;
	size_t (*check)(void *arg, uint64_t offset, const uint8_t *buf,
			size_t length);
	void *check_arg;
	size_t chunk;
	unsigned int delay_us;
	uint64_t stop_after;
	_Atomic bool held;
	_Atomic uint64_t hold_at;
	bool hash;

	_Atomic uint64_t bytes;
	int64_t wrong_at;
	int error;
	unsigned char sha[32];

	pthread_t thread;
	struct cursor cursor;
};

int receiver_start(struct receiver *receiver);
void receiver_go(struct receiver *receiver);
void receiver_join(struct receiver *receiver);

/* Wait until @bytes have arrived, at most some seconds; false if they don't. */
bool receiver_wait_bytes(struct receiver *receiver, uint64_t bytes);

#endif /* RECEIVER_H */
