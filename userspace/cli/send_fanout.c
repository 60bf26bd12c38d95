// SPDX-License-Identifier: GPL-2.0
/*
 * The same job to several destinations at once: links for each of them, which
 * the module drives; this waits for their events and looks how they are doing.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#include "cli.h"
#include "endpoint.h"
#include "send_fanout.h"
#include "send_lines.h"

/* How often the lines are drawn. */
#define STEP_NS		200000000

#define EVENTS_AT_ONCE	64

/* Links of all targets. @orders: of one of them, the same for each. */
struct fanout {
	int device;
	struct send_target *targets;
	size_t target_count;
	struct zcx_order *orders;
	struct zcx_program **programs;
	size_t order_count;
	size_t running;
	struct send_lines lines;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = sig;
}

/* Room for one more program, and the order that sends it. */
static struct zcx_program *add_program(struct fanout *fanout)
{
	size_t n = fanout->order_count + 1;
	struct zcx_program **programs;
	struct zcx_order *orders;

	programs = reallocarray(fanout->programs, n, sizeof(*programs));
	if (!programs)
		return NULL;
	fanout->programs = programs;
	orders = reallocarray(fanout->orders, n, sizeof(*orders));
	if (!orders)
		return NULL;
	fanout->orders = orders;
	programs[n - 1] = zcx_program_new();
	if (programs[n - 1])
		fanout->order_count = n;
	return programs[n - 1];
}

static int make_orders(struct fanout *fanout, const struct send_job *job,
		       const struct zcx_submit_options *options)
{
	struct zcx_program *program;
	size_t next = 0;
	int more;

	do {
		program = add_program(fanout);
		if (!program)
			return -ENOMEM;
		more = send_next_program(program, job, &next);
		if (more < 0)
			return more;
		fanout->orders[fanout->order_count - 1] = (struct zcx_order) {
			.program = program,
			.options = *options,
		};
		/* Only the last file of all is followed. */
		if (more)
			fanout->orders[fanout->order_count - 1].options.flags &=
				~ZCX_LINK_FOLLOW;
	} while (more);
	return 0;
}

static void target_end(struct send_target *target)
{
	target->outcome->seconds = cli_now() - target->job.progress.begun;
	/* Its receiver need not wait for the slowest one. */
	endpoint_close(target->job.sock, target->outcome->destination);
	target->job.sock = -1;
}

static int submit(struct fanout *fanout, size_t index)
{
	struct send_target *target = &fanout->targets[index];
	int ret, error;
	size_t i;

	target->ids = calloc(fanout->order_count, sizeof(*target->ids));
	if (!target->ids)
		return -ENOMEM;
	for (i = 0; i < fanout->order_count; i++) {
		fanout->orders[i].sockfd = target->job.sock;
		fanout->orders[i].options.user_data = index;
	}
	ret = zcx_submit_many(fanout->device, fanout->orders,
			      fanout->order_count, target->ids, &error);
	target->job.total.calls = 1;
	target->outcome->error = error;
	target->failed_id = UINT64_MAX;
	target->now.state = ZCX_STATE_QUEUED;
	target->accepted = ret < 0 ? 0 : ret;
	fanout->running += target->accepted;
	if (!target->accepted)
		target_end(target);
	return 0;
}

static int submit_all(struct fanout *fanout)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < fanout->target_count && !ret; i++)
		if (fanout->targets[i].job.sock >= 0)
			ret = submit(fanout, i);
	return ret;
}

static void count_bytes(struct zcx_result *total, const struct zcx_event *event)
{
	total->bytes_sent += event->bytes_sent;
	total->bytes_memory += event->bytes_memory;
	total->bytes_cache += event->bytes_cache;
	total->bytes_splice += event->bytes_splice;
	total->bytes_direct += event->bytes_direct;
	total->bytes_copied += event->bytes_copied;
	total->result_flags |= event->result_flags;
}

/* What ends one link ends those behind it: the first one says why. */
static void note_end(struct send_target *target, const struct zcx_event *event)
{
	bool good = event->state == ZCX_STATE_SENT ||
		    event->state == ZCX_STATE_ACKED;

	if (good && target->outcome->error)
		return;
	if (!good && event->id > target->failed_id)
		return;
	target->job.total.state = event->state;
	target->job.total.id = event->id;
	if (good)
		return;
	target->failed_id = event->id;
	target->outcome->error = event->error ? (int)event->error : ENODATA;
}

static void take_event(struct fanout *fanout, const struct zcx_event *event)
{
	struct send_target *target = &fanout->targets[event->user_data];

	count_bytes(&target->job.total, event);
	note_end(target, event);
	target->now = (struct zcx_query) { .state = ZCX_STATE_QUEUED };
	fanout->running--;
	if (++target->ended == target->accepted)
		target_end(target);
}

static int take_events(struct fanout *fanout)
{
	struct zcx_event events[EVENTS_AT_ONCE];
	int n = zcx_read_events(fanout->device, events, EVENTS_AT_ONCE);
	int i;

	for (i = 0; i < n; i++)
		take_event(fanout, &events[i]);
	return n < 0 && n != -EINTR ? n : 0;
}

/* Those that have ended meanwhile say EALREADY: their events come anyway. */
static void cancel_all(struct fanout *fanout)
{
	size_t i, j;

	for (i = 0; i < fanout->target_count; i++)
		for (j = 0; j < fanout->targets[i].accepted; j++)
			zcx_cancel(fanout->device, fanout->targets[i].ids[j]);
}

static void look(struct fanout *fanout)
{
	size_t i;

	for (i = 0; i < fanout->target_count; i++) {
		struct send_target *target = &fanout->targets[i];
		struct zcx_query now;

		if (target->ended < target->accepted &&
		    !zcx_query(fanout->device, target->ids[target->ended], &now))
			target->now = now;
	}
	send_lines_draw(&fanout->lines, fanout->targets, fanout->target_count);
}

/* Returns 1 if there are events, 0 if the time has come to look. */
static int wait_for_events(struct fanout *fanout, const sigset_t *mask)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	struct pollfd device = { .fd = fanout->device, .events = POLLIN };
	int ret = ppoll(&device, 1, fanout->lines.shown ? &step : NULL, mask);

	return ret < 0 && errno != EINTR ? -errno : ret > 0;
}

/* Signals come while it waits, and at no other time. */
static int run(struct fanout *fanout, const sigset_t *mask)
{
	bool cancelled = false;
	double looked = 0;
	int ret;

	while (fanout->running) {
		if (fanout->lines.shown && cli_now() - looked >= STEP_NS / 1e9) {
			look(fanout);
			looked = cli_now();
		}
		ret = wait_for_events(fanout, mask);
		if (ret > 0)
			ret = take_events(fanout);
		if (ret)
			return ret;
		if (stopped && !cancelled) {
			cancel_all(fanout);
			cancelled = true;
		}
	}
	look(fanout);
	return 0;
}

/* The second signal is not caught: who waits for a dead link can still leave. */
static void catch_signals(sigset_t *before)
{
	static const int signals[] = { SIGINT, SIGTERM };
	struct sigaction action = {
		.sa_handler = on_signal,
		.sa_flags = SA_RESETHAND,
	};
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaddset(&blocked, signals[i]);
		sigaction(signals[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, before);
}

int send_fan_out(const struct send_job *job, struct send_target *targets,
		 size_t count, const struct zcx_submit_options *options,
		 bool shown)
{
	struct fanout fanout = {
		.device = job->device,
		.targets = targets,
		.target_count = count,
	};
	sigset_t mask;
	int ret;

	send_lines_begin(&fanout.lines, shown);
	catch_signals(&mask);
	ret = make_orders(&fanout, job, options);
	if (!ret)
		ret = submit_all(&fanout);
	if (!ret)
		ret = run(&fanout, &mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	while (fanout.order_count)
		zcx_program_free(fanout.programs[--fanout.order_count]);
	free(fanout.programs);
	free(fanout.orders);
	return ret;
}
