// SPDX-License-Identifier: GPL-2.0
/* The table of methods. */
#include "bench.h"
#include "cli.h"

const struct bench_method *const bench_methods[] = {
	&bench_read_write,
	&bench_mmap_write,
	&bench_sendfile,
	&bench_splice,
	&bench_msg_zerocopy,
	&bench_io_uring_splice,
	&bench_odirect_write,
	&bench_zcx,
	&bench_zcx_async,
	&bench_zcx_submit,
	&bench_zcx_direct,
	&bench_tcp_alone,
};

const size_t bench_method_count = ARRAY_SIZE(bench_methods);

_Static_assert(ARRAY_SIZE(bench_methods) <= BENCH_MAX_METHODS,
	       "more methods than bench_options has room for");
