/* SPDX-License-Identifier: GPL-2.0 */
/* Links by the direct lane, and what they say of it. */
#ifndef DIRECT_H
#define DIRECT_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange.h"

/**
 * struct direct_way - where from, where to, and how
 * @dir: of the file
 * @kind: of the socket
 * @async: the link runs by itself
 */
struct direct_way {
	const char *dir;
	enum pair_kind kind;
	bool async;
};

/* A cold stretch that is shorter may go through the cache, but leaves it again. */
#define DIRECT_LEAST	(64 * KIB)

/* The kinds of tests that are made of each: files on ext4 and XFS, over TCP. */
extern const struct direct_way direct_ext4, direct_ext4_async, direct_xfs,
	direct_xfs_async;

/*
 * Send @program by lane @lane, have all of it compared, and return what the
 * module said.
 */
struct zcx_link direct_send_by(uint32_t lane, const struct program *program,
			       const struct direct_way *way);

/* The same by ZCX_LANE_DIRECT. */
struct zcx_link direct_send(const struct program *program,
			    const struct direct_way *way);

/* So many bytes went by each of these lanes; none came down from direct I/O. */
void direct_assert(const struct zcx_link *link, uint64_t direct,
		   uint64_t cache);

/*
 * Everything of @program's files went direct, but for ranges below DIRECT_LEAST
 * and what those brought in; and of @file nothing is left in the cache.
 */
void direct_assert_all(const struct zcx_link *link,
		       const struct program *program,
		       const struct vfile *file);

/* Send a range of @file, which is cold, between memory; @program is scratch. */
void direct_send_range(struct program *program, const struct vfile *file,
		       uint64_t offset, uint64_t length,
		       const struct direct_way *way);

/* The same for @count random ranges of a file of its own. */
void direct_random_ranges(const struct direct_way *way, unsigned int count);

/* What INFO says. */
struct zcx_info direct_info(void);

/* Wait until @file has @pages in the cache; fails the test if it never has. */
void direct_leaves(const struct vfile *file, size_t pages);

/* Make every other piece of @step bytes resident; returns how many bytes are. */
uint64_t direct_warm_parts(const struct vfile *file, uint64_t step);

#endif /* DIRECT_H */
