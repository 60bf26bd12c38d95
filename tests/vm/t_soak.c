// SPDX-License-Identifier: GPL-2.0
/* Minutes of links that nobody chose. */
#include <pthread.h>
#include <time.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define SOAK_SECONDS	120
#define FILES		12
#define WORKERS		6

struct soak {
	struct vfile files[FILES];
	uint64_t seed;
	time_t end;
	pthread_mutex_t lock;
	unsigned int links;
	char problem[300];
};

static uint64_t pick(uint64_t *random, uint64_t below)
{
	return content_random(random) % below;
}

/* A program and a socket, both made of @random alone. */
static void make_up(const struct soak *soak, uint64_t *random,
		    struct program *program, struct exchange *x)
{
	static const uint8_t memory[3000];
	unsigned int segments = 1 + pick(random, 12);

	program_clear(program);
	while (segments--) {
		const struct vfile *file = &soak->files[pick(random, FILES)];
		uint64_t offset = pick(random, file->size + 1);

		if (pick(random, 3) == 0)
			program_memory(program, memory,
				       pick(random, sizeof(memory)));
		else if (pick(random, 4) == 0)
			program_file(program, file, offset, ZCX_TO_EOF);
		else
			program_file(program, file, offset,
				     pick(random, file->size - offset + 1));
	}
	memset(x, 0, sizeof(*x));
	x->program = program;
	x->kind = pick(random, PAIR_KINDS);
	x->sndbuf = pick(random, 2) ? 0 : 4096 << pick(random, 6);
	x->rcvbuf = pick(random, 2) ? 0 : 4096 << pick(random, 6);
	x->chunk = pick(random, 2) ? 0 : 1 + pick(random, 9000);
}

static void *worker(void *arg)
{
	struct soak *soak = arg;
	struct program *program = malloc(sizeof(*program));
	struct exchange x;
	uint64_t random;

	pthread_mutex_lock(&soak->lock);
	random = soak->seed++;
	pthread_mutex_unlock(&soak->lock);
	while (program && time(NULL) < soak->end && !soak->problem[0]) {
		uint64_t start = random;
		bool good;

		make_up(soak, &random, program, &x);
		good = exchange_try(&x);
		pthread_mutex_lock(&soak->lock);
		soak->links++;
		if (!good)
			snprintf(soak->problem, sizeof(soak->problem),
				 "state %llu: %s", (unsigned long long)start,
				 x.problem);
		pthread_mutex_unlock(&soak->lock);
		if (pick(&random, 50) == 0)
			guest_drop_caches();
	}
	free(program);
	return NULL;
}

static void soak(void **state)
{
	static const char *const dirs[] = {
		DIR_EXT4, DIR_XFS, DIR_BTRFS, DIR_TMPFS, DIR_OVERLAY, DIR_FUSE,
	};
	static struct soak soak = { .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t threads[WORKERS];
	unsigned int i;

	(void)state;
	pair_need_ktls();
	soak.seed = time(NULL);
	printf("seed %llu\n", (unsigned long long)soak.seed);
	for (i = 0; i < FILES; i++)
		file_make(&soak.files[i], dirs[i % ARRAY_SIZE(dirs)],
			  i < 6 ? 1000 + 7777 * i : 200000 + 31337 * i);
	soak.end = time(NULL) + SOAK_SECONDS;
	for (i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker,
						&soak), 0);
	for (i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	printf("%u links\n", soak.links);
	if (soak.problem[0])
		fail_msg("%s", soak.problem);
	assert_true(soak.links > WORKERS);
	for (i = 0; i < FILES; i++)
		file_assert_unchanged(&soak.files[i]);
}

const struct vm_test soak_tests[] = {
	{ "soak_links", soak, NULL, "all", "all", "std", 200,
	  "two minutes of random programs to random sockets" },
	{ 0 },
};
