// SPDX-License-Identifier: GPL-2.0
/* Send by synchronous links: one, unless there is more than one may have. */
#include <errno.h>

#include "cli.h"
#include "send.h"

#define CHUNK_FIRST	(1ULL << 20)
#define CHUNK_MAX	(256ULL << 20)

/* How long one ioctl should take, so that the bar moves. */
#define STEP_SECONDS	0.2

/* What the steps of one job share. */
struct steps {
	struct send_job *job;
	struct zcx_send_options options;
	struct zcx_result before;	/* sums of the links that have ended */
	double last;			/* when the last step ended */
};

static void add_up(struct zcx_result *total, const struct zcx_result *before,
		   const struct zcx_result *link)
{
	*total = *link;
	total->bytes_sent += before->bytes_sent;
	total->bytes_memory += before->bytes_memory;
	total->bytes_cache += before->bytes_cache;
	total->bytes_splice += before->bytes_splice;
	total->bytes_direct += before->bytes_direct;
	total->bytes_copied += before->bytes_copied;
	total->result_flags |= before->result_flags;
	total->calls += before->calls;
}

/* After every ioctl: the sums, the bar, and how much the next one is to send. */
static int on_step(const struct zcx_result *so_far, void *arg)
{
	struct steps *steps = arg;
	double now = cli_now(), took = now - steps->last;

	steps->last = now;
	add_up(&steps->job->total, &steps->before, so_far);
	progress_update(&steps->job->progress, steps->job->total.bytes_sent);
	if (!steps->options.chunk)
		return 0;
	if (took < STEP_SECONDS / 2 && steps->options.chunk < CHUNK_MAX)
		steps->options.chunk *= 2;
	else if (took > STEP_SECONDS && steps->options.chunk > CHUNK_FIRST / 16)
		steps->options.chunk /= 2;
	return 0;
}

static int send_program(struct steps *steps, const struct zcx_program *program)
{
	steps->before = steps->job->total;
	return zcx_send_all(steps->job->device, steps->job->sock, program,
			    ZCX_LINK_NOSIGNAL, &steps->options, NULL);
}

static int send_programs(struct steps *steps, struct zcx_program *program)
{
	size_t next = 0;
	int more, ret;

	do {
		more = send_next_program(program, steps->job, &next);
		if (more < 0)
			return more;
		ret = send_program(steps, program);
	} while (!ret && more);
	return ret;
}

int send_by_zcx(struct send_job *job)
{
	struct steps steps = {
		.job = job,
		.options = {
			.chunk = job->progress.shown ? CHUNK_FIRST : 0,
			.progress = on_step,
		},
		.last = cli_now(),
	};
	struct zcx_program *program = zcx_program_new();
	int ret;

	steps.options.progress_arg = &steps;
	ret = program ? send_programs(&steps, program) : -ENOMEM;
	zcx_program_free(program);
	return ret;
}
