/* SPDX-License-Identifier: GPL-2.0 */
/* The same job to several destinations at once, by links that run by themselves. */
#ifndef SEND_FANOUT_H
#define SEND_FANOUT_H

#include <stddef.h>
#include <stdint.h>

#include "send.h"
#include "send_report.h"

/**
 * struct send_target - a destination, and how far it is
 * @job: what it is sent, with the sums of the links that have ended
 * @outcome: what became of it
 * @ids: of its links, in order
 * @accepted: how many there are
 * @ended: how many of them have ended: the first ones
 * @failed_id: the first one that did not end well, UINT64_MAX: none that ran
 * @now: how the first one that has not ended is doing
 */
struct send_target {
	struct send_job job;
	struct send_outcome *outcome;
	uint64_t *ids;
	size_t accepted;
	size_t ended;
	uint64_t failed_id;
	struct zcx_query now;
};

/*
 * Send @job's files to all targets that are connected, with lines on standard
 * error if @shown; ends when every link has. Cancels them all at SIGINT or
 * SIGTERM. Returns 0, with what became of each in its outcome, or -errno if that
 * is not known.
 */
int send_fan_out(const struct send_job *job, struct send_target *targets,
		 size_t count, const struct zcx_submit_options *options,
		 bool shown);

#endif /* SEND_FANOUT_H */
