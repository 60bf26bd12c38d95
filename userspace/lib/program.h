/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What program.c builds, send.c and async.c send; not installed. */
#ifndef LIBZCX_PROGRAM_H
#define LIBZCX_PROGRAM_H

#include "zcx.h"

struct zcx_program {
	struct zcx_segment *segments;
	uint32_t count;
	uint32_t capacity;
	uint32_t memory_bytes;
	uint32_t lane;
	uint64_t user_data;
	uint64_t direct_threshold;
};

#endif
