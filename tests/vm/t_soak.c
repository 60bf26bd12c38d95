// SPDX-License-Identifier: GPL-2.0
/*
 * Minutes of chance: random programs over random kinds of sockets, with
 * signals, full sockets and peers that leave. The seed is printed; ZCX_SEED in
 * the environment sets it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define WORKERS		6
#define FILES		10
#define MEMORY		(40 * KIB)
#define SEGMENTS	24

struct pool {
	struct vfile file[FILES];
	uint8_t memory[MEMORY];
	unsigned int kinds;
	time_t end;
};

/**
 * struct worker - a thread that sends, and what happened to it
 * @pool: files, and until when
 * @random: its own sequence
 * @program: of the present round
 * @pester: signals are to be sent to it
 * @rounds: so far
 * @links: of these rounds
 * @problem: what was wrong, if anything
 */
struct worker {
	const struct pool *pool;
	uint64_t random;
	struct program *program;
	struct pair pair;
	struct receiver receiver;
	_Atomic bool pester;
	_Atomic bool over;
	unsigned int rounds;
	unsigned int links;
	char problem[256];
	pthread_t thread;
};

static uint64_t pick(struct worker *w, uint64_t below)
{
	return content_random(&w->random) % below;
}

/* Small numbers are as likely as large ones. */
static uint64_t pick_size(struct worker *w, unsigned int bits)
{
	return pick(w, 1ULL << (1 + pick(w, bits)));
}

static void pick_file(struct worker *w)
{
	const struct vfile *file = &w->pool->file[pick(w, FILES)];
	uint64_t offset = pick(w, file->size + 1);
	uint64_t length = pick_size(w, 20);

	if (!pick(w, 4))
		offset &= ~4095ULL;
	if (!pick(w, 6))
		length = ZCX_TO_EOF;
	else if (pick(w, 30))
		length = MIN(length, file->size - offset);
	program_file(w->program, file, offset, length);
	if (!pick(w, 8))
		posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED);
}

static void pick_program(struct worker *w)
{
	unsigned int count = 1 + pick(w, SEGMENTS), i;

	program_clear(w->program);
	for (i = 0; i < count; i++) {
		uint64_t at = pick(w, MEMORY);

		if (pick(w, 3))
			pick_file(w);
		else
			program_memory(w->program, w->pool->memory + at,
				       pick(w, MEMORY - at));
	}
}

static bool wrong(struct worker *w, const char *what, int err)
{
	const struct receiver *receiver = &w->receiver;

	snprintf(w->problem, sizeof(w->problem),
		 "round %u, %s: %s (%s; %llu of %llu arrived, wrong at %lld, receiver: %s)",
		 w->rounds, pair_names[w->pair.kind], what, strerror(-err),
		 (unsigned long long)receiver->bytes,
		 (unsigned long long)w->program->bytes,
		 (long long)receiver->wrong_at, strerror(receiver->error));
	return false;
}

/* Reads some, and then goes away. */
static void *leave(void *arg)
{
	struct worker *w = arg;

	receiver_join(&w->receiver);
	close(w->pair.rx);
	w->pair.rx = -1;
	return NULL;
}

static bool send_and_leave(struct worker *w, int context)
{
	pthread_t thread;
	int n;

	if (pthread_create(&thread, NULL, leave, w))
		return wrong(w, "no thread", 0);
	n = link_send_all(context, w->pair.tx, w->program);
	close(w->pair.tx);
	w->pair.tx = -1;
	pthread_join(thread, NULL);
	if (w->receiver.wrong_at >= 0)
		return wrong(w, "wrong bytes arrived", n);
	if (n < 0 && n != -EPIPE && n != -ECONNRESET)
		return wrong(w, "the link failed", n);
	w->links += MAX(n, 1);
	return true;
}

static bool send_all(struct worker *w, int context)
{
	int n;

	w->pester = !pick(w, 3);
	n = link_send_all(context, w->pair.tx, w->program);
	w->pester = false;
	/* Kernel TLS drops at a close what TCP has no room for yet. */
	if (n >= 0)
		receiver_wait_bytes(&w->receiver, w->program->bytes);
	close(w->pair.tx);
	w->pair.tx = -1;
	receiver_join(&w->receiver);
	if (n < 0)
		return wrong(w, "the link failed", n);
	if (w->receiver.wrong_at >= 0)
		return wrong(w, "wrong bytes arrived", n);
	if (w->receiver.error)
		return wrong(w, "the receiver failed", n);
	if (w->receiver.bytes != w->program->bytes)
		return wrong(w, "not all of it arrived", n);
	w->links += n;
	return true;
}

static bool one_round(struct worker *w, int context)
{
	static const int buffer[] = { 0, 0, 0, 4096, 16384, 65536, 300000 };
	enum pair_kind kind = pick(w, w->pool->kinds);
	bool leaves = !pick(w, 8), good;
	int err;

	pick_program(w);
	err = pair_try(&w->pair, kind, buffer[pick(w, ARRAY_SIZE(buffer))],
		       buffer[pick(w, ARRAY_SIZE(buffer))]);
	if (err)
		return wrong(w, "no pair of sockets", err);
	if (!pick(w, 3))
		pair_set_nonblock(w->pair.tx, true);
	w->receiver = (struct receiver) {
		.fd = w->pair.rx,
		.expect = w->program,
		.chunk = pick(w, 3) ? 0 : 100 + pick_size(w, 16),
		.delay_us = pick(w, 6) ? 0 : pick(w, 500),
		.stop_after = leaves ? 1 + pick_size(w, 18) : 0,
	};
	if (receiver_start(&w->receiver)) {
		pair_close(&w->pair);
		return wrong(w, "no receiver", 0);
	}
	good = leaves ? send_and_leave(w, context) : send_all(w, context);
	pair_close(&w->pair);
	return good;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	int context = zcx_try_open();
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	while ((!w->rounds || time(NULL) < w->pool->end) && context >= 0) {
		if (!one_round(w, context))
			break;
		w->rounds++;
		if (pick(w, 10))
			continue;
		close(context);
		context = zcx_try_open();
	}
	if (context < 0)
		snprintf(w->problem, sizeof(w->problem), "no context: %s",
			 strerror(-context));
	else if (link_fdinfo(context, "links"))
		snprintf(w->problem, sizeof(w->problem), "a link is left");
	close(context);
	w->over = true;
	return NULL;
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Send signals to those who want some, until all are done. */
static void pester(struct worker *worker)
{
	bool over = false;
	unsigned int i;

	while (!over) {
		over = true;
		for (i = 0; i < WORKERS; i++) {
			if (worker[i].pester)
				pthread_kill(worker[i].thread, SIGUSR1);
			over &= worker[i].over;
		}
		usleep(2000);
	}
}

static void make_pool(struct pool *pool)
{
	static const char *const dir[] = {
		DIR_EXT4, DIR_XFS, DIR_BTRFS, DIR_TMPFS, DIR_OVERLAY,
		DIR_MEMFD,
	};
	struct pair pair;
	unsigned int i;

	content_fill(11, 0, pool->memory, sizeof(pool->memory));
	for (i = 0; i < FILES; i++)
		if (i % 3 == 2) {
			file_make_sparse(&pool->file[i],
					 dir[i % ARRAY_SIZE(dir)], MIB + i);
			file_put(&pool->file[i], 50000, 150000);
			file_put(&pool->file[i], MIB - 5, MIB + i);
		} else {
			file_make(&pool->file[i], dir[i % ARRAY_SIZE(dir)],
				  i * i * 30011 + 1);
		}
	guest_modprobe("tls");
	pool->kinds = PAIR_UNIX + 1;
	if (!pair_try(&pair, PAIR_KTLS, 0, 0)) {
		pair_close(&pair);
		pool->kinds = PAIR_KINDS;
	}
}

static uint64_t choose_seed(void)
{
	const char *text = getenv("ZCX_SEED");
	uint64_t seed = 1;

	if (text)
		seed = strtoull(text, NULL, 0);
	else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = time(NULL);
	print_message("ZCX_SEED=%#llx\n", (unsigned long long)seed);
	return seed;
}

static void soak(void **state)
{
	struct sigaction action = { .sa_handler = on_signal };
	static struct worker worker[WORKERS];
	static struct pool pool;
	uint64_t seed = choose_seed();
	const char *problem = NULL;
	unsigned int i, rounds = 0, links = 0, fds;

	sigaction(SIGUSR1, &action, NULL);
	make_pool(&pool);
	fds = guest_count_fds();
	pool.end = time(NULL) + *(const unsigned int *)*state;
	for (i = 0; i < WORKERS; i++) {
		worker[i].pool = &pool;
		worker[i].random = content_random(&seed);
		worker[i].program = program_new();
		assert_int_equal(pthread_create(&worker[i].thread, NULL, work,
						&worker[i]), 0);
	}
	pester(worker);
	for (i = 0; i < WORKERS; i++) {
		pthread_join(worker[i].thread, NULL);
		if (worker[i].problem[0])
			problem = worker[i].problem;
		rounds += worker[i].rounds;
		links += worker[i].links;
	}
	print_message("%u rounds, %u links\n", rounds, links);
	if (problem)
		fail_msg("%s", problem);
	assert_true(rounds >= WORKERS);
	assert_true(links >= rounds / 2);
	assert_int_equal(guest_count_fds(), fds);
	for (i = 0; i < FILES; i++) {
		file_assert_unchanged(&pool.file[i]);
		file_drop(&pool.file[i]);
	}
}

static const unsigned int seconds = 3, minutes = 180;

const struct vm_test soak_tests[] = {
	{ "soak_short", soak, &seconds, "test", "test", "std", 60,
	  "3 seconds of random programs, sockets, signals and closures" },
	{ "soak_long", soak, &minutes, "all", "all", "std", 300,
	  "3 minutes of random programs, sockets, signals and closures" },
	{ 0 }
};
