/* SPDX-License-Identifier: GPL-2.0 */
/* What a program that captures packets gets to see of a TCP stream. */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stddef.h>
#include <stdint.h>

/*
 * A packet socket on @dev for all that passes there; @rcvbuf bytes may wait in
 * it, and what is more is dropped. Returns the descriptor, or fails the test.
 */
int capture_open(const char *dev, int rcvbuf);

/*
 * Read what waits, and put the payload of the first IPv4 connection that
 * begins in it into its place in @stream. Returns for how many of the @size
 * bytes there was a packet. Fails the test if one says something else than one
 * before it.
 */
size_t capture_read(int fd, uint8_t *stream, size_t size);

#endif /* CAPTURE_H */
