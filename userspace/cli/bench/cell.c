// SPDX-License-Identifier: GPL-2.0
/* One cell: one method, run again and again. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "cache.h"
#include "channel.h"
#include "cli.h"
#include "clock.h"
#include "figures.h"
#include "io.h"
#include "pause.h"

/* What the steps of a cell share. */
struct bench {
	const struct bench_options *options;
	struct bench_job *job;
	struct bench_receiver *receiver;
	const struct bench_soaker *soaker;
	struct bench_cell *cell;
	struct bench_channel channel;
	struct bench_pauses pauses;
	const char *doing;
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

static int wait_for_peer(struct bench *bench)
{
	return bench_exchanges(bench->options) ?
	       bench_pauses_until_acked(&bench->pauses, bench->job->sock) :
	       bench_channel_wait(&bench->channel);
}

/* So each has the same packets, ACKs and interrupts, whenever the peer answers. */
static int send_each(struct bench *bench, bool wait)
{
	unsigned long i;
	int ret = 0;

	for (i = 0; !ret && i < bench->job->requests; i++) {
		/* After the last one there is more to be done first. */
		if (i && wait)
			ret = wait_for_peer(bench);
		if (!ret)
			ret = bench->cell->method->send(bench->job);
	}
	return ret;
}

static int send_requests(struct bench *bench, bool wait)
{
	const struct bench_method *method = bench->cell->method;
	struct bench_job *job = bench->job;
	int ret;

	if (!method->send || (method->send_run && !wait))
		ret = method->send_run(job);
	else
		ret = send_each(bench, wait);
	if (!ret && method->flush)
		ret = method->flush(job);
	return ret;
}

static int set_cache(struct bench *bench)
{
	struct bench_job *job = bench->job;
	int ret;

	if (!bench->options->cold)
		return 0;
	ret = bench_cache_cold(job->file, job->size);
	if (ret == -EBUSY)
		end_cell(bench->cell, BENCH_FAILED,
			 "%s cannot be made cold: pages of it remain in memory",
			 job->path);
	else if (ret)
		fail_at(bench, "cannot make the file cold", ret);
	return ret;
}

static int begin(struct bench *bench, unsigned long laps)
{
	const struct bench_method *method = bench->cell->method;
	struct bench_job *job = bench->job;
	int ret;

	ret = bench_channel_open(&bench->channel, bench->receiver,
				 bench->options->to);
	if (ret)
		return ret;
	job->sock = bench->channel.sock;
	bench_channel_expect(&bench->channel, laps * bench_lap_bytes(job));
	if (method->connected)
		ret = method->connected(job);
	if (!ret && bench_exchanges(bench->options))
		ret = bench_pauses_begin(&bench->pauses, job->sock);
	if (ret)
		bench_channel_close(&bench->channel, true);
	return ret;
}

/* Close; has everything arrived, and nothing else? */
static bool end(struct bench *bench, int ret)
{
	uint64_t expected = bench->channel.expected;
	uint64_t arrived = bench_channel_close(&bench->channel, ret);
	/* EAGAIN: SO_SNDTIMEO is over. */
	bool stuck = ret == -ETIMEDOUT || ret == -EAGAIN;

	if (bench->cell->outcome != BENCH_DONE)
		return false;
	if (stuck || (!ret && arrived != expected))
		end_cell(bench->cell, BENCH_FAILED,
			 "%" PRIu64 " of %" PRIu64 " bytes arrived%s", arrived,
			 expected, stuck ? ", then nothing moved any more" : "");
	else if (ret)
		fail_at(bench, bench->doing, ret);
	return bench->cell->outcome == BENCH_DONE;
}

static void clear_sums(struct bench_job *job)
{
	memset(&job->zcx, 0, sizeof(job->zcx));
	job->completions = 0;
	job->completions_copied = 0;
}

/* What the clock shows, less what waiting took by itself. */
static void read_lap(struct bench *bench, const struct bench_clock *clock,
		     struct bench_run *lap)
{
	uint64_t waited = bench_pauses_ns(&bench->pauses);

	if (!bench_clock_stop(clock, lap) || lap->total_ns < waited) {
		bench->cell->busy = false;
		return;
	}
	lap->total_ns -= waited;
	/* Ticks may not be in there. */
	lap->sender_ns -= bench_min(waited, lap->sender_ns);
}

/* What the clocks see of a run. Returns 0 or -errno. */
static int one_lap(struct bench *bench, struct bench_run *lap,
		   struct bench_count *count)
{
	bool wait = bench_exchanges(bench->options) && !count;
	struct bench_clock clock;
	int ret;

	clear_sums(bench->job);
	bench_clock_settle(bench->soaker);
	bench->pauses.count = 0;
	bench_clock_start(&clock, bench->soaker);
	if (count)
		bench_count_begin(count);
	bench->doing = "sending";
	ret = send_requests(bench, wait);
	if (count)
		bench_count_sent(count);
	if (!ret) {
		bench->doing = "waiting for the receiver";
		ret = wait_for_peer(bench);
	}
	if (count)
		bench_count_end(count, bench_channel_receiver(&bench->channel));
	read_lap(bench, &clock, lap);
	return ret;
}

/*
 * The median lap, so many times: what comes with one request of many, such as a tick
 * or new buffers for the network card, would be chance.
 */
static void sum_up(const struct bench_run *laps, size_t count,
		   struct bench_run *run)
{
	struct bench_figures figures;

	bench_figures(laps, count, &figures);
	run->total_ns = figures.total * count;
	run->sender_ns = figures.sender * count;
	run->switches = figures.switches * count;
}

/*
 * Over a connection of its own, which is there when the clock starts. Measured
 * in @run; with @count one lap of it is counted.
 */
static bool one_run(struct bench *bench, struct bench_run *run,
		    struct bench_count *count)
{
	unsigned long laps = count ? 1 : bench->job->laps;
	struct bench_run lap[BENCH_MAX_LAPS] = { 0 };
	bool each = bench_exchanges(bench->options);
	unsigned long i;
	int ret;

	/* A CPU that sleeps puts off what is to be done then; connecting has it done. */
	if (!each && set_cache(bench))
		return false;
	ret = begin(bench, laps);
	if (ret) {
		fail_at(bench, "cannot connect", ret);
		return false;
	}
	for (i = 0; !ret && i < laps; i++) {
		if (each)
			ret = set_cache(bench);
		if (!ret)
			ret = one_lap(bench, &lap[i], count);
	}
	sum_up(lap, i, run);
	return end(bench, ret);
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
	struct bench bench = {
		.options = options,
		.job = job,
		.receiver = receiver,
		.soaker = soaker,
		.cell = cell,
	};

	if (can_run(&bench))
		prepare_and_run(&bench);
}
