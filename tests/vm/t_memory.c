// SPDX-License-Identifier: GPL-2.0
/* A machine with little memory. */
#include <pthread.h>
#include <sys/sysinfo.h>

#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define SENDERS	8

/* Two and a half times what the machine has, all of it real. */
static void file_larger_than_memory(void **state)
{
	struct program *program = program_new();
	struct vfile file;
	struct sysinfo info;
	uint64_t size;

	(void)state;
	assert_int_equal(sysinfo(&info), 0);
	size = (uint64_t)info.totalram * info.mem_unit * 5 / 2;
	file_make(&file, DIR_XFS, size);
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_simply(program, PAIR_TCP4);
	file_drop(&file);
}

static void *send_one(void *arg)
{
	struct exchange *x = arg;

	return exchange_try(x) ? x : NULL;
}

/* Slow receivers hold full batches of all senders at a time. */
static void many_slow_receivers(void **state)
{
	struct exchange x[SENDERS];
	struct vfile file[SENDERS];
	pthread_t thread[SENDERS];
	void *good;
	int i;

	(void)state;
	memset(x, 0, sizeof(x));
	for (i = 0; i < SENDERS; i++) {
		struct program *program = program_new();

		file_make(&file[i], i % 2 ? DIR_EXT4 : DIR_XFS, 24 * MIB);
		program_file(program, &file[i], 0, ZCX_TO_EOF);
		x[i].program = program;
		x[i].kind = i % 3;
		x[i].delay_us = 2000;
	}
	guest_drop_caches();
	for (i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, send_one,
						&x[i]), 0);
	for (i = 0; i < SENDERS; i++) {
		pthread_join(thread[i], &good);
		if (!good)
			fail_msg("sender %d: %s", i, x[i].problem);
	}
}

const struct vm_test memory_tests[] = {
	{ "memory_large_file", file_larger_than_memory, NULL, "all", "all",
	  "lowmem", 240, "a file 2.5 times the memory of a 256 MiB machine" },
	{ "memory_slow_receivers", many_slow_receivers, NULL, "all", "all",
	  "lowmem", 240, "eight cold files to slow receivers at a time on 256 MiB" },
	{ 0 },
};
