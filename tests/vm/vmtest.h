/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test is, and what every test may use of its surroundings.
 *
 * Assertions belong to the thread that cmocka started. Helper threads and
 * children report problems as text or as an exit code, which that thread
 * asserts on.
 */
#ifndef VMTEST_H
#define VMTEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define MAX(a, b)	((a) > (b) ? (a) : (b))

#define KIB	(1ULL << 10)
#define MIB	(1ULL << 20)
#define GIB	(1ULL << 30)

/**
 * struct vm_test - one test, and what the runner has to know about it
 * @name: unique; the file's noun, then what is tested
 * @run: asserts; finds @arg in *state
 * @arg: for tests that differ only in their data
 * @tier: on stock kernels: "test" (every change) or "all" (slow)
 * @debug: on the sanitizer kernel: "test", "all" or "never"
 * @guest: "std", "small" (512 MiB), "lowmem" (256 MiB), "alone", "device" (see
 *	device.h) or "clock" (see t_clock.c)
 * @timeout: seconds on a stock kernel, if nothing else keeps the machine busy
 * @proves: a line for people
 */
struct vm_test {
	const char *name;
	void (*run)(void **state);
	const void *arg;
	const char *tier;
	const char *debug;
	const char *guest;
	unsigned int timeout;
	const char *proves;
};

/* One table a file, ended by an entry without a name; vmtest.c lists them. */
extern const struct vm_test abi_tests[];
extern const struct vm_test abuse_tests[];
extern const struct vm_test acked_tests[];
extern const struct vm_test async_tests[];
extern const struct vm_test async_control_tests[];
extern const struct vm_test async_disk_tests[];
extern const struct vm_test async_random_tests[];
extern const struct vm_test async_submit_tests[];
extern const struct vm_test auto_tests[];
extern const struct vm_test clock_tests[];
extern const struct vm_test concurrent_tests[];
extern const struct vm_test contents_tests[];
extern const struct vm_test descriptor_tests[];
extern const struct vm_test device_tests[];
extern const struct vm_test device_between_tests[];
extern const struct vm_test device_ends_tests[];
extern const struct vm_test device_roads_tests[];
extern const struct vm_test direct_tests[];
extern const struct vm_test direct_device_tests[];
extern const struct vm_test direct_disk_tests[];
extern const struct vm_test direct_many_tests[];
extern const struct vm_test direct_racing_tests[];
extern const struct vm_test drop_behind_tests[];
extern const struct vm_test express_tests[];
extern const struct vm_test express_disk_tests[];
extern const struct vm_test fault_tests[];
extern const struct vm_test files_tests[];
extern const struct vm_test follow_tests[];
extern const struct vm_test hotset_tests[];
extern const struct vm_test limits_tests[];
extern const struct vm_test manners_tests[];
extern const struct vm_test memory_tests[];
extern const struct vm_test module_tests[];
extern const struct vm_test net_tests[];
extern const struct vm_test nowait_tests[];
extern const struct vm_test overlap_tests[];
extern const struct vm_test packets_tests[];
extern const struct vm_test probe_tests[];
extern const struct vm_test racing_tests[];
extern const struct vm_test reference_tests[];
extern const struct vm_test refusals_tests[];
extern const struct vm_test refused_files_tests[];
extern const struct vm_test refused_sockets_tests[];
extern const struct vm_test sendfile_tests[];
extern const struct vm_test signals_tests[];
extern const struct vm_test soak_tests[];
extern const struct vm_test sockets_tests[];
extern const struct vm_test truth_tests[];
extern const struct vm_test uring_tests[];

/* End the test as skipped; does not return. */
void test_skip(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* Have @undo(@arg) called when the test is over, however it ends. */
void test_at_end(void (*undo)(void *arg), void *arg);

#endif /* VMTEST_H */
