/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files that change while they are being sent: nothing may arrive that was not
 * in the file at some time.
 */
#ifndef RACING_H
#define RACING_H

#include "exchange.h"

/* Most versions of a file that may arrive, mixed byte by byte. */
#define RACING_VERSIONS	3

/**
 * struct racing - a link that is asleep in the middle of a file
 * @file: the file
 * @writable: a descriptor of it
 * @size: bytes at first
 * @seed: of the versions its bytes may have; 0: zeros
 * @versions: entries of @seed
 * @new_from: from here on only the second version will do; 0: nowhere
 * @lane: enum zcx_lane
 * @async: the link runs by itself
 * @program: what the link was given; the header is 6 bytes
 * @pair: small buffers
 * @sender: asleep
 * @receiver: held
 */
struct racing {
	struct vfile file;
	int writable;
	uint64_t size;
	uint64_t seed[RACING_VERSIONS];
	unsigned int versions;
	uint64_t new_from;
	uint32_t lane;
	bool async;
	struct program *program;
	struct pair pair;
	struct sender sender;
	struct receiver receiver;
};

/* A file of @size bytes in @dir; racing_start(): the link, over @kind of socket. */
void racing_make(struct racing *racing, const char *dir, uint64_t size);
void racing_start(struct racing *racing, enum pair_kind kind);

/*
 * The first @length bytes of a file of some MiB over TCP, which is more than the
 * sockets and a batch or two take; the link is asleep.
 */
void racing_open(struct racing *racing, const char *dir, uint64_t length);

/* Let it go on to its end, whatever that is. */
void racing_finish(struct racing *racing);
void racing_close(struct racing *racing);

/* It ended without an error, with @low to @high bytes of the file. */
void racing_assert_outcome(const struct racing *racing, unsigned int state,
			   uint64_t low, uint64_t high);

/* Zeros may arrive from now on: a tail page that truncation wiped. */
void racing_allow_zeros(struct racing *racing);

/* Append @more bytes; racing_rewrite(): write the whole file with @seed. */
void racing_extend(struct racing *racing, uint64_t more);
void racing_rewrite(int fd, uint64_t seed, uint64_t size);

/**
 * struct change - a thread that does not leave a file alone
 * @fd: the file, writable
 * @size: its largest
 * @seed: of the versions
 * @run: what to do, again and again
 */
struct change {
	int fd;
	uint64_t size;
	uint64_t seed[2];
	void (*run)(const struct change *change, uint64_t *random);
	_Atomic bool stop;
	_Atomic unsigned int count;
	pthread_t thread;
};

/* What a change may be: size, content, holes, what is cached; all by turns. */
void racing_size(const struct change *change, uint64_t *random);
void racing_content(const struct change *change, uint64_t *random);
void racing_holes(const struct change *change, uint64_t *random);
void racing_cache(const struct change *change, uint64_t *random);
void racing_all(const struct change *change, uint64_t *random);

/**
 * struct race - a changing file, and one link after another from it
 * @dir: of the file
 * @size: its largest
 * @seconds: how long
 * @run: the changes
 * @lane: enum zcx_lane; by ZCX_LANE_DIRECT, the file is evicted before each link
 * @async: links run by themselves
 */
struct race {
	const char *dir;
	uint64_t size;
	unsigned int seconds;
	void (*run)(const struct change *change, uint64_t *random);
	uint32_t lane;
	bool async;
};

/* Returns how many bytes went by direct I/O. */
uint64_t racing_run(const struct race *race);

#endif /* RACING_H */
