/* SPDX-License-Identifier: GPL-2.0 */
/* Ways to send a whole file, for tests that measure one beside the others. */
#ifndef WAYS_H
#define WAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"

/**
 * struct way - how to send the first bytes of a file to a socket
 * @name: as in the records of `make bench`
 * @zcx: it is zcx, as the module decides about lanes
 * @async: the link runs by itself
 */
struct way {
	const char *name;
	bool zcx;
	bool async;
};

extern const struct way way_zcx, way_zcx_async, way_sendfile, way_read_write;

/*
 * Send @bytes of @fd from its beginning to @sock. @link is what the module said,
 * if it was asked. Returns false if it failed, or less was sent.
 */
bool way_send(const struct way *way, int fd, uint64_t bytes, int sock,
	      struct zcx_link *link);

/*
 * Give `make bench` a record of what was measured: @format makes the members that
 * are the test's own. @proof is what is proved, @bytes the size of the file, on
 * ext4, cold, sent over loopback.
 */
void way_record(const char *proof, const char *method, uint64_t bytes,
		const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif /* WAYS_H */
