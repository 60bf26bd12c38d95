/* SPDX-License-Identifier: GPL-2.0 */
/* The machine the tests run on: what it has, and how to turn its knobs. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Until something that has to happen has not: longer than any machine takes, and less
 * than a test's own limit.
 */
#define GUEST_PATIENCE_MS	guest_pick(60000, 240000)

/* Is this the sanitizer kernel, several times slower than a stock one? */
bool guest_is_debug(void);

/* @stock, or @debug on the sanitizer kernel. */
size_t guest_pick(size_t stock, size_t debug);

/* Is the running kernel at least @major.@minor? */
bool guest_kernel_at_least(int major, int minor);

/* Skip the test unless @dir is a mount point of its own. */
void guest_need_mount(const char *dir);

/* Have module @name loaded, if there is such a module at all. */
void guest_modprobe(const char *name);

/* Run a command line; returns its exit code. */
int guest_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whole text of a small file, cut at @size - 1; bytes read or -errno. */
ssize_t guest_read(const char *path, char *buf, size_t size);

/* Write @text to @path; 0 or -errno. */
int guest_write(const char *path, const char *text);

/*
 * The same, and back to what it was at the end of the test; 0 or -errno. For
 * files of sysfs, debugfs and /proc/sys that hold less than 64 bytes.
 */
int guest_set(const char *path, const char *text);

/* The number after "@key:" or "@key " in @text, or -1. */
long long guest_value(const char *text, const char *key);

/* Drop clean page cache of everything. */
void guest_drop_caches(void);

/*
 * Have every CPU free the packets that others left to it. TCP gives a packet
 * that was read back to the CPU that made it, which frees it when it next
 * receives anything: on an idle machine, never. Until then its pages are held.
 */
void guest_free_packets(void);

/* Open descriptors of this process. */
unsigned int guest_count_fds(void);

/* Is thread @tid of this process asleep, and does it stay so for a while? */
bool guest_is_asleep(pid_t pid, pid_t tid);

/* Wait until it is, at most some seconds; false if it never was. */
bool guest_wait_asleep(pid_t pid, pid_t tid);

/* The same for any state that /proc tells: D, say, for who waits for a disk. */
bool guest_wait_state(pid_t pid, pid_t tid, char state);

void guest_sleep_ms(unsigned int ms);

/* Load the module in file @ko; 0 or -errno. */
int guest_insmod(const char *ko, const char *parameters);

/*
 * Wait until nobody uses zcx: what the test before this one has closed may be at its end
 * in a worker.
 */
void guest_wait_unused(void);

/* Unload zcx without waiting; 0 or -errno. */
int guest_rmmod(void);

/*
 * Set parameter @name of zcx, which can be changed at any time, until the test is
 * over; fails the test if there is none.
 */
void guest_parameter(const char *name, unsigned long long value);

/* Is zcx loaded? */
bool guest_has_zcx(void);

/* Load zcx again if it is not loaded; @unused is for test_at_end(). */
void guest_restore_zcx(void *unused);

/* The module can go, at the latest after a while; and comes back. */
void guest_assert_unloads(void);

#endif /* GUEST_H */
