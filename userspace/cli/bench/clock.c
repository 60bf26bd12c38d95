// SPDX-License-Identifier: GPL-2.0
/*
 * What a run costs. The machine's busy time is the time of all its CPUs less
 * what they slept. /proc/timer_list has that in nanoseconds, for root; waiting
 * for a disk is counted apart there, but is as idle as the rest. Its reading is
 * outside of the interval on both sides. That account is too high where interrupts
 * come while softirqs of others still run; where it can be helped, a soaker keeps
 * a better one, see soaker.c.
 */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench.h"
#include "clock.h"

#define NS_PER_SECOND	1000000000L
#define SETTLE_NS	20000000L

/* Of one tick or several, and how long after the last one a lap begins. */
#define TICK_NS		4000000L
#define AFTER_TICK_NS	100000L

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/*
 * The kernel adds up a sleep when it ends, so wake every other CPU by visiting
 * it. With one CPU there is nothing to do: it is awake.
 */
static void settle_idle(void)
{
	cpu_set_t before, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(before), &before) ||
	    CPU_COUNT(&before) < 2)
		return;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &before))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
	}
	sched_setaffinity(0, sizeof(before), &before);
}

/* "  .idle_sleeptime : 123 nsecs", once for each CPU. */
static void read_idle(struct bench_clock *clock)
{
	FILE *file = fopen("/proc/timer_list", "r");
	char line[256], name[32];
	uint64_t ns;

	clock->cpus = 0;
	clock->idle = 0;
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, " .%31[a-z_] : %" SCNu64 " nsecs", name,
			   &ns) != 2)
			continue;
		if (!strcmp(name, "idle_sleeptime"))
			clock->cpus++;
		else if (strcmp(name, "iowait_sleeptime"))
			continue;
		clock->idle += ns;
	}
	if (file)
		fclose(file);
	clock->busy = clock->cpus > 0;
}

static uint64_t read_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* A tick is due whenever CLOCK_MONOTONIC is at a multiple of its period. */
static long until_after_tick(long ns)
{
	return TICK_NS - ns % TICK_NS + AFTER_TICK_NS;
}

void bench_clock_settle(const struct bench_soaker *soaker)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += SETTLE_NS;
	/* While a CPU sleeps it has no ticks. */
	if (soaker)
		until.tv_nsec += until_after_tick(until.tv_nsec);
	if (until.tv_nsec >= NS_PER_SECOND) {
		until.tv_nsec -= NS_PER_SECOND;
		until.tv_sec++;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

void bench_clock_start(struct bench_clock *clock,
		       const struct bench_soaker *soaker)
{
	clock->soaker = soaker;
	if (!soaker) {
		settle_idle();
		read_idle(clock);
	}
	clock->switches = read_switches();
	clock->sender = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	bench_soaker_read(soaker, &clock->now);
}

/* Take idle time off @run's total. */
static bool less_soaked(const struct bench_clock *start,
			const struct bench_clock *end, struct bench_run *run)
{
	uint64_t idle = bench_soaker_idle(start->soaker, &start->now, &end->now);

	if (!bench_soaker_runs(start->soaker) || idle > run->total_ns)
		return false;
	run->total_ns -= idle;
	return true;
}

/* Likewise, by what the kernel says. */
static bool less_slept(const struct bench_clock *start, struct bench_run *run)
{
	struct bench_clock end;
	uint64_t idle;

	settle_idle();
	read_idle(&end);
	idle = end.idle - start->idle;
	if (!start->busy || end.cpus != start->cpus ||
	    idle > run->total_ns * end.cpus)
		return false;
	run->total_ns = run->total_ns * end.cpus - idle;
	return true;
}

bool bench_clock_stop(const struct bench_clock *start, struct bench_run *run)
{
	struct bench_clock end;

	bench_soaker_read(start->soaker, &end.now);
	end.sender = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	end.switches = read_switches();

	run->sender_ns = end.sender - start->sender;
	run->switches = end.switches - start->switches;
	run->total_ns = end.now.now - start->now.now;
	return start->soaker ? less_soaked(start, &end, run) :
			       less_slept(start, run);
}
