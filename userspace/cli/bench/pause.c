// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for ACKs, by pauses that cost what is known. Who sleeps has a timer set
 * up, an interrupt of it, and two switches: as much as a small request costs. So
 * for a clock that counts instructions a pause is a loop of so many turns, and a
 * look at the socket's queue: always the same number of instructions. Whatever else
 * is done meanwhile, such as handling the ACK, comes on top of it and can be told.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <time.h>

#include <linux/sockios.h>

#include "bench.h"
#include "pause.h"

#define TURNS		10000

/* Some 40 ms, see soaker.c: their ticks are a pause's own. */
#define SAMPLE_PAUSES	2000
#define SAMPLES		5

#define NS_PER_SECOND	1000000000ULL

/* Returns the bytes that are not acknowledged, or -errno. */
static int pause_once(int sock)
{
	int queued, i;

	for (i = 0; i < TURNS; i++)
		__asm__ volatile("");
	return ioctl(sock, SIOCOUTQ, &queued) ? -errno : queued;
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_SECOND + ts.tv_nsec;
}

static double sample(int sock)
{
	uint64_t start = now();
	int i;

	for (i = 0; i < SAMPLE_PAUSES; i++)
		pause_once(sock);
	return (double)(now() - start) / SAMPLE_PAUSES;
}

/* The best is the one that nothing else fell into. */
static double best(int sock)
{
	double least = sample(sock);
	int i;

	for (i = 1; i < SAMPLES; i++) {
		double ns = sample(sock);

		if (ns < least)
			least = ns;
	}
	return least;
}

int bench_pauses_begin(struct bench_pauses *pauses, int sock)
{
	/* It never changes. */
	static double ns;
	int queued = pause_once(sock);

	if (queued)
		return queued < 0 ? queued : -EBUSY;
	if (!ns)
		ns = best(sock);
	pauses->ns = ns;
	pauses->count = 0;
	return 0;
}

int bench_pauses_until_acked(struct bench_pauses *pauses, int sock)
{
	uint64_t patience = BENCH_PATIENCE_SECONDS * NS_PER_SECOND /
			    pauses->ns;
	uint64_t left = patience;
	int queued, last = -1;

	do {
		queued = pause_once(sock);
		pauses->count++;
		if (queued != last)
			left = patience;
		last = queued;
	} while (queued > 0 && left--);
	return queued > 0 ? -ETIMEDOUT : queued;
}

uint64_t bench_pauses_ns(const struct bench_pauses *pauses)
{
	return pauses->count * pauses->ns;
}
