// SPDX-License-Identifier: GPL-2.0
/*
 * vmtest --list   names every test: name, tiers, guest, seconds, what it proves
 * vmtest NAME     runs one: exit 0 passed, 1 failed, 77 skipped
 */
#include <signal.h>
#include <sys/resource.h>

#include "guest.h"
#include "vmtest.h"

#define EXIT_SKIP	77
#define MAX_UNDO	512

/*
 * Times what a test says it takes. This ends tests that hang, and is to end no other: a
 * busy machine may give an emulated guest little of its time. The sanitizer kernel takes
 * longer still.
 */
#define STOCK_FACTOR	4
#define DEBUG_FACTOR	12

static const struct vm_test *const tables[] = {
	contents_tests, files_tests, sockets_tests, packets_tests, net_tests,
	manners_tests, signals_tests, sendfile_tests, refusals_tests,
	refused_files_tests, refused_sockets_tests,
	descriptor_tests, abi_tests, racing_tests, concurrent_tests,
	express_tests, express_disk_tests, truth_tests, reference_tests,
	module_tests,
	memory_tests, fault_tests,
	async_tests, async_control_tests, async_submit_tests,
	async_disk_tests, async_random_tests, acked_tests, follow_tests,
	uring_tests, abuse_tests, limits_tests, clock_tests,
	device_tests, device_roads_tests, device_between_tests,
	device_ends_tests,
	direct_tests, direct_disk_tests, direct_many_tests,
	direct_racing_tests, direct_device_tests, auto_tests, nowait_tests,
	drop_behind_tests, probe_tests, hotset_tests, overlap_tests,
	soak_tests,
};

static struct {
	void (*undo)(void *arg);
	void *arg;
} undo_list[MAX_UNDO];
static unsigned int undo_count;
static char skip_reason[256];
static char timeout_text[160];

void test_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(skip_reason, sizeof(skip_reason), format, args);
	va_end(args);
	skip();
	abort();
}

void test_at_end(void (*undo)(void *arg), void *arg)
{
	assert_true(undo_count < MAX_UNDO);
	undo_list[undo_count].undo = undo;
	undo_list[undo_count++].arg = arg;
}

static int undo_all(void **state)
{
	(void)state;
	while (undo_count) {
		undo_count--;
		undo_list[undo_count].undo(undo_list[undo_count].arg);
	}
	return 0;
}

/* A test that hangs takes its threads and children with it. */
static void on_timeout(int sig)
{
	ssize_t n = write(STDOUT_FILENO, timeout_text, strlen(timeout_text));

	(void)sig;
	(void)n;
	kill(0, SIGKILL);
	_exit(1);
}

static void arm_timeout(const struct vm_test *test)
{
	unsigned int seconds = test->timeout *
			       guest_pick(STOCK_FACTOR, DEBUG_FACTOR);

	snprintf(timeout_text, sizeof(timeout_text),
		 "%s: not done after %u s\n", test->name, seconds);
	signal(SIGALRM, on_timeout);
	alarm(seconds);
}

static void allow_descriptors(void)
{
	struct rlimit limit = { .rlim_cur = 4096, .rlim_max = 4096 };

	setrlimit(RLIMIT_NOFILE, &limit);
}

static int run_one(const struct vm_test *test)
{
	const struct CMUnitTest one[] = {
		{
			.name = test->name,
			.test_func = test->run,
			.teardown_func = undo_all,
			.initial_state = (void *)test->arg,
		},
	};
	int failed;

	setvbuf(stdout, NULL, _IOLBF, 0);
	setpgid(0, 0);
	allow_descriptors();
	arm_timeout(test);
	failed = cmocka_run_group_tests_name(test->name, one, NULL, NULL);
	if (failed)
		return EXIT_FAILURE;
	if (!skip_reason[0])
		return EXIT_SUCCESS;
	printf("SKIP: %s\n", skip_reason);
	return EXIT_SKIP;
}

static int list_tests(void)
{
	const struct vm_test *test;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (test = tables[i]; test->name; test++)
			printf("%s\t%s\t%s\t%s\t%u\t%s\n", test->name,
			       test->tier, test->debug, test->guest,
			       test->timeout, test->proves);
	return EXIT_SUCCESS;
}

static const struct vm_test *find_test(const char *name)
{
	const struct vm_test *test;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (test = tables[i]; test->name; test++)
			if (!strcmp(test->name, name))
				return test;
	return NULL;
}

int main(int argc, char **argv)
{
	const struct vm_test *test;

	if (argc != 2) {
		fprintf(stderr, "usage: vmtest --list | vmtest NAME\n");
		return 2;
	}
	if (!strcmp(argv[1], "--list"))
		return list_tests();
	test = find_test(argv[1]);
	if (!test) {
		fprintf(stderr, "vmtest: no test called '%s'\n", argv[1]);
		return 2;
	}
	return run_one(test);
}
