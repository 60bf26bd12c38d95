// SPDX-License-Identifier: GPL-2.0
/*
 * Links that run by themselves, at random: many on a socket, of random programs
 * with random limits, cancelled, paused and resumed at random. Whatever becomes
 * of each, what arrives is what their events say, in the order in which they
 * were submitted. The seed is printed; ZCX_SEED in the environment sets it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/random.h>
#include <time.h>

#include "async.h"
#include "content.h"
#include "guest.h"
#include "vmtest.h"

#define WORKERS		3
#define LINKS		24
#define FILES		6
#define SEGMENTS	5
#define MEMORY		(24 * KIB)

static struct vfile files[FILES];
static uint8_t memory[MEMORY];
static unsigned int kinds;
static time_t end;

/* All that arrived, to be looked at when it is known what should have. */
struct stream {
	uint8_t *bytes;
	size_t length;
	size_t room;
};

/**
 * struct worker - a thread with a context, and a socket for each round
 * @random: its own sequence
 * @program: of each link of this round
 * @id: of each link
 * @sent: by each link, as its event says
 * @ended: its event has come
 * @count: links submitted in this round
 */
struct worker {
	uint64_t random;
	int context;
	struct program *program[LINKS];
	uint64_t id[LINKS];
	uint64_t sent[LINKS];
	bool ended[LINKS];
	unsigned int count;
	struct pair pair;
	struct receiver receiver;
	struct stream stream;
	unsigned int rounds;
	unsigned int whole;
	char problem[256];
	pthread_t thread;
};

static uint64_t pick(struct worker *w, uint64_t below)
{
	return content_random(&w->random) % below;
}

static bool wrong(struct worker *w, const char *what, long long n)
{
	snprintf(w->problem, sizeof(w->problem),
		 "round %u, %s, %u links: %s (%lld); %llu arrived", w->rounds,
		 pair_names[w->pair.kind], w->count, what, n,
		 (unsigned long long)w->receiver.bytes);
	return false;
}

static size_t keep(void *arg, uint64_t offset, const uint8_t *buf,
		   size_t length)
{
	struct stream *stream = arg;

	if (offset + length > stream->room) {
		stream->room = 2 * (offset + length);
		stream->bytes = realloc(stream->bytes, stream->room);
		if (!stream->bytes)
			abort();
	}
	memcpy(stream->bytes + offset, buf, length);
	stream->length = offset + length;
	return length;
}

static void pick_program(struct worker *w, struct program *program)
{
	unsigned int n = 1 + pick(w, SEGMENTS);

	program_clear(program);
	while (n--) {
		const struct vfile *file = &files[pick(w, FILES)];
		uint64_t at = pick(w, file->size);
		uint64_t length = pick(w, 1ULL << (1 + pick(w, 17)));

		if (!pick(w, 3)) {
			at = pick(w, MEMORY);
			program_memory(program, memory + at,
				       pick(w, MEMORY - at));
			continue;
		}
		if (!pick(w, 6))
			posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED);
		program_file(program, file, at, MIN(length, file->size - at));
	}
}

static bool submit_one(struct worker *w)
{
	struct program *program = w->program[w->count];
	struct zcx_link link;
	int err;

	pick_program(w, program);
	async_prepare(&link, w->pair.tx, program);
	link.user_data = w->count;
	if (!pick(w, 3))
		link.flags = ZCX_LINK_ACKED;
	if (!pick(w, 30))
		link.deadline_ns = 1 + pick(w, 60000000);
	if (!pick(w, 12))
		link.rate = 1000000 + pick(w, 50000000);
	err = link_send(w->context, &link);
	if (err)
		return wrong(w, "a link was refused", err);
	w->id[w->count++] = link.id;
	return true;
}

static void steer_one(struct worker *w)
{
	uint64_t id = w->id[pick(w, w->count)];

	switch (pick(w, 16)) {
	case 0:
		async_control(w->context, ZCX_IOC_CANCEL, id);
		break;
	case 1:
	case 2:
		async_control(w->context, ZCX_IOC_PAUSE, id);
		break;
	case 3:
	case 4:
	case 5:
		async_control(w->context, ZCX_IOC_RESUME, id);
		break;
	case 6:
		guest_sleep_ms(pick(w, 8));
	}
}

/* Take one event; false if it is wrong, or does not come. */
static bool take_event(struct worker *w, unsigned int ms, bool *none)
{
	int err;
	struct zcx_event event;
	const char *problem;
	uint64_t n;

	err = async_try_event(w->context, &event, ms);
	*none = err == -ETIMEDOUT;
	if (*none)
		return true;
	if (err)
		return wrong(w, "read of an event", err);
	problem = async_problem(&event);
	if (problem)
		return wrong(w, problem, event.id);
	n = event.user_data;
	if (n >= w->count || event.id != w->id[n] || w->ended[n])
		return wrong(w, "an event of no link, or a second one",
			     event.id);
	w->ended[n] = true;
	w->sent[n] = event.bytes_sent;
	if (event.state == ZCX_STATE_SHORT)
		return wrong(w, "SHORT, of a file that was not cut off",
			     event.id);
	if (event.state == ZCX_STATE_FAILED && event.error != ETIMEDOUT)
		return wrong(w, "failed", event.error);
	if (!event.error && event.bytes_sent != w->program[n]->bytes)
		return wrong(w, "not all was sent", event.id);
	w->whole += !event.error;
	return true;
}

static bool run_links(struct worker *w)
{
	unsigned int taken = 0;
	bool none = false;

	while (w->count < LINKS) {
		if (!submit_one(w))
			return false;
		steer_one(w);
		steer_one(w);
		if (!pick(w, 4)) {
			if (!take_event(w, 0, &none))
				return false;
			taken += !none;
		}
	}
	for (unsigned int i = 0; i < LINKS; i++)
		async_control(w->context, ZCX_IOC_RESUME, w->id[i]);
	for (; taken < LINKS; taken++) {
		if (!take_event(w, GUEST_PATIENCE_MS, &none))
			return false;
		if (none)
			return wrong(w, "no event came; had", taken);
	}
	if (link_fdinfo(w->context, "links"))
		return wrong(w, "links are left", 0);
	return true;
}

/* What arrived is the first bytes of each link, as many as it said. */
static bool check_stream(struct worker *w)
{
	uint64_t at = 0;
	unsigned int i;

	for (i = 0; i < LINKS; i++) {
		struct cursor cursor = { 0 };

		if (at + w->sent[i] > w->stream.length)
			return wrong(w, "less arrived than was sent, link", i);
		if (program_compare(w->program[i], &cursor,
				    w->stream.bytes + at, w->sent[i]) !=
		    w->sent[i])
			return wrong(w, "wrong bytes of link", i);
		at += w->sent[i];
	}
	if (at != w->stream.length)
		return wrong(w, "more arrived than was sent, from", at);
	return true;
}

static bool round_once(struct worker *w)
{
	int sndbuf = pick(w, 2) ? 16 * KIB : 0, err;
	uint64_t want = 0;
	unsigned int i;
	bool good;

	w->count = 0;
	w->stream.length = 0;
	memset(w->ended, 0, sizeof(w->ended));
	memset(w->sent, 0, sizeof(w->sent));
	err = pair_try(&w->pair, pick(w, kinds), sndbuf, sndbuf);
	if (err)
		return wrong(w, "no pair", err);
	w->receiver = (struct receiver) {
		.fd = w->pair.rx,
		.check = keep,
		.check_arg = &w->stream,
		.chunk = pick(w, 2) ? 0 : 1 + pick(w, 60000),
		.delay_us = pick(w, 3) ? 0 : pick(w, 2000),
	};
	if (receiver_start(&w->receiver))
		return wrong(w, "no thread", 0);
	good = run_links(w);
	for (i = 0; i < LINKS; i++)
		want += w->sent[i];
	/* Kernel TLS drops at a close what TCP has no room for yet. */
	if (good && !receiver_wait_bytes(&w->receiver, want))
		good = wrong(w, "not all arrived of", want);
	close(w->pair.tx);
	w->pair.tx = -1;
	receiver_join(&w->receiver);
	pair_close(&w->pair);
	return good && check_stream(w);
}

static void *work(void *arg)
{
	struct worker *w = arg;

	while ((!w->whole || time(NULL) < end) && round_once(w))
		w->rounds++;
	return NULL;
}

static void make_files(void)
{
	static const char *const dir[] = {
		DIR_EXT4, DIR_XFS, DIR_TMPFS, DIR_OVERLAY,
	};
	unsigned int i;

	for (i = 0; i < FILES; i++)
		file_make(&files[i], dir[i % ARRAY_SIZE(dir)],
			  100000 + i * 77777);
	content_fill(99, 0, memory, sizeof(memory));
}

static uint64_t choose_seed(void)
{
	const char *text = getenv("ZCX_SEED");
	uint64_t seed;

	if (text)
		seed = strtoull(text, NULL, 0);
	else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = time(NULL);
	print_message("ZCX_SEED=%#llx\n", (unsigned long long)seed);
	return seed;
}

static void at_random(void **state)
{
	static struct worker by[WORKERS];
	uint64_t seed = choose_seed();
	struct pair pair;
	unsigned int i, n;

	guest_modprobe("tls");
	kinds = PAIR_KTLS;
	if (!pair_try(&pair, PAIR_KTLS, 0, 0)) {
		pair_close(&pair);
		kinds = PAIR_KTLS + 1;
	}
	make_files();
	end = time(NULL) + *(const unsigned int *)*state;
	for (i = 0; i < WORKERS; i++) {
		by[i].random = seed + i;
		by[i].context = zcx_open();
		for (n = 0; n < LINKS; n++)
			by[i].program[n] = program_new();
		assert_int_equal(pthread_create(&by[i].thread, NULL, work,
						&by[i]), 0);
	}
	for (i = 0; i < WORKERS; i++) {
		pthread_join(by[i].thread, NULL);
		print_message("%u rounds, %u links came to their end\n",
			      by[i].rounds, by[i].whole);
		close(by[i].context);
		free(by[i].stream.bytes);
	}
	for (i = 0; i < WORKERS; i++) {
		if (by[i].problem[0])
			fail_msg("%s", by[i].problem);
		assert_true(by[i].rounds > 0);
		assert_true(by[i].whole > 0);
	}
	for (i = 0; i < FILES; i++) {
		file_assert_unchanged(&files[i]);
		file_lock(&files[i]);
		assert_true(file_unlock(&files[i]));
		file_drop(&files[i]);
	}
}

static const unsigned int short_while = 20, long_while = 120;

const struct vm_test async_random_tests[] = {
	{ "async_random", at_random, &short_while, "all", "all", "std", 90,
	  "20 s of links at random, cancelled and paused at random" },
	{ "async_random_long", at_random, &long_while, "all", "never", "std",
	  240, "two minutes of the same" },
	{ 0 }
};
