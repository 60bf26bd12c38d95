/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_SINK_SOCKET_H
#define _ZCX_SINK_SOCKET_H

#include <linux/bvec.h>

#include "sglist.h"
#include "sink.h"

struct file;
struct socket;

/**
 * struct zcx_socket_sink - a sink that is a TCP or AF_UNIX stream socket
 * @sink: what a link sees of it
 * @file: the socket's file, with a reference
 * @sock: the socket
 * @bv: room for an entry for each of a scatter list's
 * @encrypts: software TLS: encrypts into new pages
 * @pauses: pauses since the socket last took anything; only its link's task
 * @few: @bv for short lists, so that they need no allocation
 */
struct zcx_socket_sink {
	struct zcx_sink		sink;
	struct file		*file;
	struct socket		*sock;
	struct bio_vec		*bv;
	bool			encrypts;
	unsigned int		pauses;
	struct bio_vec		few[ZCX_SGLIST_FEW];
};

int zcx_socket_sink_init(struct zcx_socket_sink *ss, int fd,
			 unsigned int entries);

#endif /* _ZCX_SINK_SOCKET_H */
