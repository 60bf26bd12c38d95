// SPDX-License-Identifier: GPL-2.0
/* A job as programs: one, unless there are more segments than one may have. */
#include <errno.h>

#include "send.h"

/* Put as many ranges from *@next on into @program as it takes. */
static int fill_program(struct zcx_program *program, const struct send_job *job,
			size_t *next)
{
	int ret = 0;

	zcx_program_reset(program);
	zcx_program_set_lane(program, job->lane);
	zcx_program_set_direct_threshold(program, job->direct_threshold);
	if (*next == 0 && job->header.length)
		ret = zcx_program_add_memory(program, job->header.bytes,
					     job->header.length);
	while (!ret && *next < job->range_count) {
		const struct send_range *range = &job->ranges[*next];

		ret = zcx_program_add_file(program, range->fd, range->offset,
					   range->length);
		if (!ret)
			(*next)++;
	}
	if (!ret && job->trailer.length) {
		ret = zcx_program_add_memory(program, job->trailer.bytes,
					     job->trailer.length);
		if (!ret)
			(*next)++;	/* stands for the trailer */
	}
	return ret;
}

int send_next_program(struct zcx_program *program, const struct send_job *job,
		      size_t *next)
{
	size_t all = job->range_count + (job->trailer.length != 0);
	size_t before = *next;
	int ret = fill_program(program, job, next);

	/* A full program goes; one that takes nothing never will. */
	if (ret && (ret != -E2BIG || *next == before))
		return ret;
	return *next < all;
}
