/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What became of a synchronous link, as callers are told; not installed. */
#ifndef LIBZCX_RESULT_H
#define LIBZCX_RESULT_H

#include <string.h>

#include "zcx.h"

static inline void result_from_link(struct zcx_result *result,
				    const struct zcx_link *link)
{
	result->id = link->id;
	result->bytes_sent = link->bytes_sent;
	result->bytes_memory = link->bytes_memory;
	result->bytes_cache = link->bytes_cache;
	result->bytes_splice = link->bytes_splice;
	result->bytes_copied = link->bytes_copied;
	result->state = link->state;
	result->error = link->error;
	result->result_flags = link->result_flags;
	result->calls = 1;
	result->bytes_direct = link->bytes_direct;
	memset(result->reserved, 0, sizeof(result->reserved));
}

#endif
