// SPDX-License-Identifier: GPL-2.0
/* One cell: one method, run again and again. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "cache.h"
#include "channel.h"
#include "cli.h"
#include "clock.h"

#define SETTLE_NS	20000000L

/* What the steps of a cell share. */
struct bench {
	const struct bench_options *options;
	struct bench_job *job;
	struct bench_receiver *receiver;
	const struct bench_soaker *soaker;
	struct bench_cell *cell;
	struct bench_channel channel;
};

static void __attribute__((format(printf, 3, 4)))
end_cell(struct bench_cell *cell, enum bench_outcome outcome,
	 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(cell->why, sizeof(cell->why), format, args);
	va_end(args);
	cell->outcome = outcome;
}

static void fail_at(struct bench *bench, const char *what, int error)
{
	const char *hint = bench->cell->method->device ?
			   zcx_hint(error, ZCX_HINT_SEND) : NULL;

	end_cell(bench->cell, BENCH_FAILED, "%s: %s", what,
		 hint ? hint : strerror(-error));
}

static int send_requests(struct bench *bench)
{
	const struct bench_method *method = bench->cell->method;
	struct bench_job *job = bench->job;
	unsigned long i;
	int ret = 0;

	if (method->send_run)
		ret = method->send_run(job);
	else
		for (i = 0; !ret && i < job->requests; i++)
			ret = method->send(job);
	if (!ret && method->flush)
		ret = method->flush(job);
	return ret;
}

static bool set_cache(struct bench *bench)
{
	struct bench_job *job = bench->job;
	int ret;

	if (!bench->options->cold)
		return true;
	ret = bench_cache_cold(job->file, job->size);
	if (ret == -EBUSY)
		end_cell(bench->cell, BENCH_FAILED,
			 "%s cannot be made cold: pages of it remain in memory",
			 job->path);
	else if (ret)
		fail_at(bench, "cannot make the file cold", ret);
	return !ret;
}

static int begin(struct bench *bench)
{
	const struct bench_method *method = bench->cell->method;
	struct bench_job *job = bench->job;
	int ret;

	memset(&job->zcx, 0, sizeof(job->zcx));
	job->completions = 0;
	job->completions_copied = 0;
	ret = bench_channel_open(&bench->channel, bench->receiver,
				 bench->options->to);
	if (ret)
		return ret;
	job->sock = bench->channel.sock;
	bench_channel_expect(&bench->channel, bench_run_bytes(job));
	if (method->connected)
		ret = method->connected(job);
	if (ret)
		bench_channel_close(&bench->channel, true);
	return ret;
}

/*
 * What the last run has left behind, such as the end of its receiver and memory
 * that is freed later, must not fall into the next one.
 */
static void settle(void)
{
	const struct timespec pause = { .tv_nsec = SETTLE_NS };

	nanosleep(&pause, NULL);
}

/* Close; has everything arrived, and nothing else? */
static bool end(struct bench *bench, int ret, const char *failed)
{
	uint64_t expected = bench->channel.expected;
	uint64_t arrived = bench_channel_close(&bench->channel, ret);
	/* EAGAIN: SO_SNDTIMEO is over. */
	bool stuck = ret == -ETIMEDOUT || ret == -EAGAIN;

	if (stuck || (!ret && arrived != expected))
		end_cell(bench->cell, BENCH_FAILED,
			 "%" PRIu64 " of %" PRIu64 " bytes arrived%s", arrived,
			 expected, stuck ? ", then nothing moved any more" : "");
	else if (ret)
		fail_at(bench, failed, ret);
	return bench->cell->outcome == BENCH_DONE;
}

/*
 * Over a connection of its own, which is there when the clock starts. Measured
 * in @run; with @count it is counted as well.
 */
static bool one_run(struct bench *bench, struct bench_run *run,
		    struct bench_count *count)
{
	const char *failed = "sending";
	struct bench_clock clock;
	int ret;

	if (!set_cache(bench))
		return false;
	ret = begin(bench);
	if (ret) {
		fail_at(bench, "cannot connect", ret);
		return false;
	}
	settle();
	bench_clock_start(&clock, bench->soaker);
	if (count)
		bench_count_begin(count);
	ret = send_requests(bench);
	if (count)
		bench_count_sent(count);
	if (!ret) {
		failed = "waiting for the receiver";
		ret = bench_channel_wait(&bench->channel);
	}
	if (count)
		bench_count_end(count, bench_channel_receiver(&bench->channel));
	if (!bench_clock_stop(&clock, run))
		bench->cell->busy = false;
	return end(bench, ret, failed);
}

static void keep_sums(struct bench *bench)
{
	bench->cell->zcx = bench->job->zcx;
	bench->cell->completions = bench->job->completions;
	bench->cell->completions_copied = bench->job->completions_copied;
}

/* A signal must not leave the kernel tracing, so it comes when this is over. */
static void counting_pass(struct bench *bench)
{
	struct bench_count count;
	struct bench_run unused;
	sigset_t block, before;

	sigfillset(&block);
	sigprocmask(SIG_BLOCK, &block, &before);
	bench_count_open(&count, &bench->cell->counts, bench->job);
	one_run(bench, &unused, &count);
	bench_count_close(&count);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void run_all(struct bench *bench)
{
	struct bench_cell *cell = bench->cell;
	unsigned long i;

	/* One that is not measured: buffers grow, code is touched. */
	if (!one_run(bench, &cell->runs[0], NULL))
		return;
	cell->busy = true;
	for (i = 0; i < bench->options->runs; i++)
		if (!one_run(bench, &cell->runs[i], NULL))
			return;
	keep_sums(bench);
	if (bench->options->counts)
		counting_pass(bench);
	else
		bench_count_nothing(&cell->counts, "--no-counts");
}

static void prepare_and_run(struct bench *bench)
{
	const struct bench_method *method = bench->cell->method;
	struct bench_job *job = bench->job;
	int ret;

	job->state = NULL;
	ret = method->prepare ? method->prepare(job) : 0;
	if (ret == BENCH_CANNOT)
		end_cell(bench->cell, BENCH_SKIPPED, "%s", job->why);
	else if (ret)
		fail_at(bench, "cannot prepare", ret);
	else
		run_all(bench);
	if (method->release)
		method->release(job);
}

/* Does anything keep this cell from being measured at all? */
static bool can_run(struct bench *bench)
{
	struct bench_cell *cell = bench->cell;
	struct bench_job *job = bench->job;
	int ret;

	if (cell->method->device && job->device < 0) {
		end_cell(cell, BENCH_SKIPPED, "cannot open %s: %s", ZCX_DEVICE,
			 strerror(-job->device));
		return false;
	}
	if (bench->options->cold && bench_fs_in_memory(job->file)) {
		end_cell(cell, BENCH_SKIPPED, "%s is never cold",
			 bench_fs_name(job->file));
		return false;
	}
	ret = bench->options->cold ? 0 :
	      bench_cache_warm(job->file, job->size);
	if (ret)
		fail_at(bench, "cannot read the file", ret);
	return !ret;
}

void bench_cell_run(const struct bench_options *options, struct bench_job *job,
		    struct bench_receiver *receiver,
		    const struct bench_soaker *soaker, struct bench_cell *cell)
{
	struct bench bench = { options, job, receiver, soaker, cell, { 0 } };

	if (can_run(&bench))
		prepare_and_run(&bench);
}
