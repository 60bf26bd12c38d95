/* SPDX-License-Identifier: GPL-2.0 */
/* HOST:PORT, [V6]:PORT, unix:PATH, fd:N. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include <stdbool.h>

/*
 * Is this an address as people write them? Says what is wrong with it if not;
 * the other functions here rely on it. fd:N cannot be listened at, a port alone
 * cannot be connected to.
 */
bool endpoint_ok(const char *text, bool listening);

/*
 * Connect to an address, or take the descriptor it names. Returns a socket or
 * -1, having said what is wrong.
 */
int endpoint_connect(const char *text);

/*
 * Shut down and close what endpoint_connect() returned, unless it was inherited:
 * that is not ours to shut down.
 */
void endpoint_close(int sock, const char *text);

/*
 * Listen at [HOST:]PORT (port 0: any) or unix:PATH. @name is filled with the
 * address that others connect to. Returns a socket or -1, as above.
 */
int endpoint_listen(const char *text, char *name, unsigned int size);

/* Remove what endpoint_listen() left in the filesystem. */
void endpoint_unlink(const char *text);

/* The address of a socket's other end, for people. Returns @name. */
char *endpoint_peer(int sock, char *name, unsigned int size);

#endif /* ENDPOINT_H */
