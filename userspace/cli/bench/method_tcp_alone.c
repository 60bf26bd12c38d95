// SPDX-License-Identifier: GPL-2.0
/*
 * What TCP costs by itself: links that send the beginning of a file in one large
 * folio again and again, so that hardly anything is spent on the file. As many
 * bytes as the other methods send, in as few links as possible.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"
#include "zcx_sum.h"

#define FLOOR_BYTES	(2U << 20)

/* In memory; in a huge page if the kernel gives one. */
static int make_floor(void)
{
	int fd = memfd_create("zcx-bench-floor", MFD_CLOEXEC);
	char *map;
	int ret;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, FLOOR_BYTES))
		goto fail;
	map = mmap(NULL, FLOOR_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		goto fail;
	madvise(map, FLOOR_BYTES, MADV_HUGEPAGE);
	memset(map, 0x5a, FLOOR_BYTES);
	munmap(map, FLOOR_BYTES);
	return fd;
fail:
	ret = -errno;
	close(fd);
	return ret;
}

/* Into the page cache, since the floor is never cold. */
static int touch(int fd, uint64_t bytes)
{
	char page[4096];
	uint64_t at;

	for (at = 0; at < bytes; at += sizeof(page))
		if (pread(fd, page, sizeof(page), at) < 0)
			return -errno;
	return 0;
}

int bench_floor_open(struct bench_job *job, const char *path)
{
	struct stat st;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) :
			make_floor();

	if (fd < 0)
		return path ? -errno : fd;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size) {
		close(fd);
		return -EINVAL;
	}
	job->floor = fd;
	job->floor_bytes = bench_min(bench_min(FLOOR_BYTES, st.st_size),
				     job->size);
	return 0;
}

static int prepare(struct bench_job *job)
{
	job->state = zcx_program_new();
	return job->state ? touch(job->floor, job->floor_bytes) : -ENOMEM;
}

/* As much of @left as one link takes. */
static int fill_program(struct bench_job *job, uint64_t *left)
{
	struct zcx_program *program = job->state;
	uint64_t part;
	int ret = 0, i;

	zcx_program_reset(program);
	for (i = 0; !ret && *left && i < ZCX_MAX_SEGMENTS; i++) {
		part = bench_min(*left, job->floor_bytes);
		ret = zcx_program_add_file(program, job->floor, 0, part);
		*left -= part;
	}
	return ret;
}

static int send_bytes(struct bench_job *job, uint64_t left)
{
	int ret = 0;

	while (!ret && left) {
		ret = fill_program(job, &left);
		if (!ret)
			ret = bench_zcx_send(job, job->state);
	}
	return ret;
}

static int send_request(struct bench_job *job)
{
	return send_bytes(job, job->size + job->header_bytes);
}

static int send_run(struct bench_job *job)
{
	return send_bytes(job, bench_lap_bytes(job));
}

static void release(struct bench_job *job)
{
	zcx_program_free(job->state);
}

const struct bench_method bench_tcp_alone = {
	.name = "tcp_alone",
	.device = true,
	.prepare = prepare,
	.send = send_request,
	.send_run = send_run,
	.release = release,
};
