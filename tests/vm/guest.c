// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "guest.h"
#include "vmtest.h"

bool guest_is_debug(void)
{
	const char *debug = getenv("ZCX_DEBUG");

	return debug && !strcmp(debug, "1");
}

size_t guest_pick(size_t stock, size_t debug)
{
	return guest_is_debug() ? debug : stock;
}

bool guest_kernel_at_least(int major, int minor)
{
	struct utsname name;
	int a = 0, b = 0;

	uname(&name);
	sscanf(name.release, "%d.%d", &a, &b);
	return a > major || (a == major && b >= minor);
}

void guest_need_mount(const char *dir)
{
	struct stat here, root;

	if (stat(dir, &here) || stat("/", &root) || here.st_dev == root.st_dev)
		test_skip("nothing is mounted at %s", dir);
}

void guest_modprobe(const char *name)
{
	guest_run("modprobe %s >/dev/null 2>&1", name);
}

int guest_run(const char *format, ...)
{
	char command[512];
	va_list args;
	int status;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

ssize_t guest_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (done < size - 1) {
		n = read(fd, buf + done, size - 1 - done);
		if (n <= 0)
			break;
		done += n;
	}
	buf[done] = '\0';
	close(fd);
	return done;
}

int guest_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

struct knob {
	char path[96];
	char was[64];
};

static void undo_knob(void *arg)
{
	struct knob *knob = arg;

	guest_write(knob->path, knob->was);
	free(knob);
}

int guest_set(const char *path, const char *text)
{
	struct knob *knob = calloc(1, sizeof(*knob));
	ssize_t n;

	assert_non_null(knob);
	snprintf(knob->path, sizeof(knob->path), "%s", path);
	n = guest_read(path, knob->was, sizeof(knob->was));
	if (n <= 0) {
		free(knob);
		return n ? n : -EIO;
	}
	test_at_end(undo_knob, knob);
	return guest_write(path, text);
}

long long guest_value(const char *text, const char *key)
{
	size_t length = strlen(key);
	const char *line = text;

	while (line && *line) {
		if (!strncmp(line, key, length) &&
		    strchr(": \t", line[length]) && line[length])
			return atoll(line + length + strspn(line + length,
							    ": \t"));
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return -1;
}

void guest_drop_caches(void)
{
	sync();
	guest_write("/proc/sys/vm/drop_caches", "1");
}

void guest_free_packets(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cpu_set_t before, one;
	int cpu;

	assert_true(fd >= 0);
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &before))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		/* Whether anybody listens or not: it goes through softirq. */
		sendto(fd, "", 1, MSG_DONTWAIT, (void *)&to, sizeof(to));
	}
	sched_setaffinity(0, sizeof(before), &before);
	close(fd);
}

unsigned int guest_count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	if (!dir)
		return 0;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static char task_state(pid_t pid, pid_t tid)
{
	char path[64], text[512];
	const char *end;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	if (guest_read(path, text, sizeof(text)) < 0)
		return '?';
	end = strrchr(text, ')');
	return end && end[1] ? end[2] : '?';
}

static bool stays(pid_t pid, pid_t tid, char state)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		if (task_state(pid, tid) != state)
			return false;
		guest_sleep_ms(10);
	}
	return true;
}

bool guest_is_asleep(pid_t pid, pid_t tid)
{
	return stays(pid, tid, 'S');
}

bool guest_wait_state(pid_t pid, pid_t tid, char state)
{
	unsigned int i;

	for (i = 0; i < GUEST_PATIENCE_MS / 10; i++) {
		if (stays(pid, tid, state))
			return true;
		guest_sleep_ms(10);
	}
	return false;
}

bool guest_wait_asleep(pid_t pid, pid_t tid)
{
	return guest_wait_state(pid, tid, 'S');
}

void guest_sleep_ms(unsigned int ms)
{
	struct timespec ts = {
		.tv_sec = ms / 1000,
		.tv_nsec = (ms % 1000) * 1000000L,
	};

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

int guest_insmod(const char *ko, const char *parameters)
{
	int fd = open(ko, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, parameters, 0))
		err = -errno;
	close(fd);
	return err;
}

void guest_wait_unused(void)
{
	char text[32] = "";
	unsigned int i;

	for (i = 0; i < GUEST_PATIENCE_MS / 20; i++) {
		assert_true(guest_read("/sys/module/zcx/refcnt", text,
				       sizeof(text)) > 0);
		if (!atoi(text))
			return;
		guest_sleep_ms(20);
	}
	fail_msg("zcx is used by somebody");
}

int guest_rmmod(void)
{
	return syscall(SYS_delete_module, "zcx", O_NONBLOCK) ? -errno : 0;
}

void guest_parameter(const char *name, unsigned long long value)
{
	char path[96], text[32];
	int err;

	snprintf(path, sizeof(path), "/sys/module/zcx/parameters/%s", name);
	snprintf(text, sizeof(text), "%llu", value);
	err = guest_set(path, text);
	if (err)
		fail_msg("%s: %s", path, strerror(-err));
}

bool guest_has_zcx(void)
{
	return !access("/sys/module/zcx", F_OK);
}

void guest_restore_zcx(void *unused)
{
	(void)unused;
	if (!guest_has_zcx())
		guest_insmod(getenv("ZCX_KO"), "");
	/* What init does after it has loaded the module. */
	guest_run("chgrp zcx /dev/zcx && chmod 660 /dev/zcx");
}

void guest_assert_unloads(void)
{
	unsigned int i;
	int err = 0;

	test_at_end(guest_restore_zcx, NULL);
	for (i = 0; i < GUEST_PATIENCE_MS / 20; i++) {
		err = guest_rmmod();
		if (err != -EWOULDBLOCK)
			break;
		guest_sleep_ms(20);
	}
	if (err)
		fail_msg("the module does not go: %s", strerror(-err));
	guest_restore_zcx(NULL);
	assert_true(guest_has_zcx());
}
