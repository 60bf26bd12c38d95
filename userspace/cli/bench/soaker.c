// SPDX-License-Identifier: GPL-2.0
/*
 * Idle time, exactly. The kernel's own account of it is wrong where an interrupt
 * comes while the softirqs of the one that woke the CPU still run:
 * tick_nohz_irq_exit() of the inner one takes the CPU for idle again, and what the
 * outer one has yet to do, such as all ACKs that wait, counts as sleep. So here the
 * CPU never sleeps: a child of the lowest priority goes round a loop. How long a
 * turn takes is known, and never changes where clocks count instructions.
 *
 * A turn's time has its share of the ticks in it, which a CPU that sleeps does not
 * have: they would not be there without the soaker.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "cli.h"
#include "soaker.h"

/* Whole ticks, whatever HZ is; the best is the one that nothing else fell into. */
#define SAMPLE_NS	40000000L
#define SAMPLES		7

static void __attribute__((noreturn)) soak(_Atomic uint64_t *turns)
{
	volatile uint64_t *counter = (volatile uint64_t *)turns;

	/* Nobody else writes: no need for a locked instruction. */
	for (;;)
		++*counter;
}

static void __attribute__((noreturn))
become_soaker(const struct bench_soaker *soaker, pid_t parent)
{
	const struct sched_param param = { .sched_priority = 0 };

	bench_become_child(parent);
	if (sched_setscheduler(0, SCHED_IDLE, &param))
		_exit(CLI_FAILED);
	soak(soaker->turns);
}

/* The turns and the time are of one moment if no turn was made meanwhile. */
void bench_soaker_read(const struct bench_soaker *soaker,
		       struct bench_soaked *moment)
{
	struct timespec ts;

	do {
		moment->turns = soaker ? atomic_load(soaker->turns) : 0;
		clock_gettime(CLOCK_MONOTONIC, &ts);
	} while (soaker && atomic_load(soaker->turns) != moment->turns);
	moment->now = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

uint64_t bench_soaker_idle(const struct bench_soaker *soaker,
			   const struct bench_soaked *from,
			   const struct bench_soaked *to)
{
	return (to->turns - from->turns) * soaker->ns_per_turn;
}

bool bench_soaker_runs(const struct bench_soaker *soaker)
{
	siginfo_t info = { 0 };

	return !waitid(P_PID, soaker->pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
	       !info.si_pid;
}

/* Of one sleep; 0: it made no turn. */
static double sample(const struct bench_soaker *soaker)
{
	const struct timespec pause = { .tv_nsec = SAMPLE_NS };
	struct bench_soaked from, to;

	bench_soaker_read(soaker, &from);
	nanosleep(&pause, NULL);
	bench_soaker_read(soaker, &to);
	if (to.turns == from.turns)
		return 0;
	return (double)(to.now - from.now) / (to.turns - from.turns);
}

/* The first sample has the child's beginning in it. */
static bool calibrate(struct bench_soaker *soaker)
{
	double ns;
	int i;

	sample(soaker);
	soaker->ns_per_turn = 0;
	for (i = 0; i < SAMPLES; i++) {
		ns = sample(soaker);
		if (ns > 0 && (!soaker->ns_per_turn || ns < soaker->ns_per_turn))
			soaker->ns_per_turn = ns;
	}
	return soaker->ns_per_turn > 0 && bench_soaker_runs(soaker);
}

static int start(struct bench_soaker *soaker)
{
	pid_t parent = getpid();

	soaker->turns = mmap(NULL, sizeof(*soaker->turns),
			     PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (soaker->turns == MAP_FAILED)
		return -1;
	soaker->pid = fork();
	if (soaker->pid == 0)
		become_soaker(soaker, parent);
	if (soaker->pid < 0)
		munmap(soaker->turns, sizeof(*soaker->turns));
	return soaker->pid < 0 ? -1 : 0;
}

int bench_soaker_start(struct bench_soaker *soaker)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	/* Of several, one could sleep while another soaks. */
	if (cpus != 1) {
		cli_error("--soak: needs a machine with one CPU, here are %ld",
			  cpus);
		return -1;
	}
	if (start(soaker)) {
		cli_error("--soak: cannot start a child: %s", strerror(errno));
		return -1;
	}
	if (calibrate(soaker))
		return 0;
	cli_error("--soak: the child does not get to run");
	bench_soaker_stop(soaker);
	return -1;
}

void bench_soaker_stop(struct bench_soaker *soaker)
{
	kill(soaker->pid, SIGKILL);
	waitpid(soaker->pid, NULL, 0);
	munmap(soaker->turns, sizeof(*soaker->turns));
}
