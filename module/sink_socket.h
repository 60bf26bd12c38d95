/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_SINK_SOCKET_H
#define _ZCX_SINK_SOCKET_H

#include <linux/wait.h>

#include "sink.h"

struct file;
struct socket;

/**
 * struct zcx_socket_sink - a sink that is a TCP or AF_UNIX stream socket
 * @sink: what a link sees of it
 * @file: the socket's file, with a reference
 * @sock: the socket
 * @encrypts: software TLS: encrypts into new pages
 * @watched: @sink.wake is to be called when the socket has something to say
 * @pauses: pauses since the socket last took anything; only its link's task
 * @end_seq: TCP: sequence number behind the last byte that was pushed
 * @head: the socket's wait queue, once @entry is in it
 * @entry: there, until the sink is destroyed
 */
struct zcx_probe;

struct zcx_socket_sink {
	struct zcx_sink		sink;
	struct file		*file;
	struct socket		*sock;
	bool			encrypts;
	bool			watched;
	unsigned int		pauses;
	u32			end_seq;
	struct wait_queue_head	*head;
	struct wait_queue_entry	entry;
};

int zcx_socket_sink_init(struct zcx_socket_sink *ss, int fd);
void zcx_socket_sink_of(struct zcx_socket_sink *ss, struct file *file);
struct socket *zcx_socket_plain(struct file *file);
bool zcx_socket_is_bare(const struct socket *sock);
bool zcx_socket_is_ready(struct socket *sock, bool may_wait, u32 *result_flags);
void zcx_socket_sink_describe(const struct zcx_socket_sink *ss,
			      struct zcx_probe *probe);
bool zcx_socket_sink_is_unix(const struct zcx_socket_sink *ss);

#endif /* _ZCX_SINK_SOCKET_H */
