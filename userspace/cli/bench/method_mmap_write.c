// SPDX-License-Identifier: GPL-2.0
/* Map the file, write(2) from the mapping; mapped anew for every request. */
#include <errno.h>
#include <sys/mman.h>

#include "bench.h"
#include "io.h"

static int write_mapping(struct bench_job *job, const char *map)
{
	uint64_t at = 0, piece;
	int ret = 0;

	while (!ret && at < job->size) {
		piece = bench_min(BENCH_PIECE, job->size - at);
		ret = bench_write_piece(job, at, map + at, piece);
		at += piece;
	}
	return ret;
}

static int send_request(struct bench_job *job)
{
	char *map = mmap(NULL, job->size, PROT_READ, MAP_SHARED, job->file, 0);
	int ret;

	if (map == MAP_FAILED)
		return -errno;
	ret = write_mapping(job, map);
	munmap(map, job->size);
	return ret;
}

const struct bench_method bench_mmap_write = {
	.name = "mmap_write",
	.send = send_request,
};
