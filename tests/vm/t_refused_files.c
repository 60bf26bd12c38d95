// SPDX-License-Identifier: GPL-2.0
/* Files that are not what they should be. */
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "guest.h"
#include "refusal.h"
#include "vmtest.h"

/**
 * struct file_case - a descriptor to name in a file segment
 * @err: what it is refused with
 * @open: returns it, or -1 with errno if there is none here
 */
struct file_case {
	int err;
	int (*open)(const struct refusal *scene);
};

static void file_refused(void **state)
{
	const struct file_case *file = *state;
	struct refusal scene;
	int fd;

	refusal_open(&scene, PAIR_TCP4);
	fd = file->open(&scene);
	if (fd < 0)
		test_skip("there is none here: %s", strerror(errno));
	segment(&scene, 1)->fd = fd;
	refusal_refused(&scene, file->err, "sole file");
	scene.link.lane = ZCX_LANE_CACHE;
	refusal_refused(&scene, file->err, "by the cache lane");
	scene.link.lane = ZCX_LANE_AUTO;
	segment(&scene, 1)->length = 0;
	refusal_refused(&scene, file->err, "no bytes of it");
	segment(&scene, 1)->length = ZCX_TO_EOF;
	refusal_refused(&scene, file->err, "to its end");
	refusal_reset(&scene);
	program_file(scene.program, &scene.file, 0, FILE_BYTES);
	segment(&scene, 2)->fd = fd;
	scene.link.segment_count = 3;
	refusal_refused(&scene, file->err, "behind a good file");
	close(fd);
	refusal_close(&scene);
}

static int open_directory(const struct refusal *scene)
{
	(void)scene;
	return open(DIR_EXT4, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_o_path(const struct refusal *scene)
{
	return open(scene->file.path, O_PATH | O_CLOEXEC);
}

static int open_directory_o_path(const struct refusal *scene)
{
	(void)scene;
	return open(DIR_EXT4, O_PATH | O_CLOEXEC);
}

static int open_write_only(const struct refusal *scene)
{
	return open(scene->file.path, O_WRONLY | O_CLOEXEC);
}

/* Access mode 3: for neither, as some drivers have it. */
static int open_for_nothing(const struct refusal *scene)
{
	return open(scene->file.path, O_ACCMODE | O_CLOEXEC);
}

static int open_char_device(const struct refusal *scene)
{
	(void)scene;
	return open("/dev/zero", O_RDONLY | O_CLOEXEC);
}

static int open_block_device(const struct refusal *scene)
{
	(void)scene;
	return open("/dev/vda", O_RDONLY | O_CLOEXEC);
}

static int open_pipe(const struct refusal *scene)
{
	int fd[2];

	(void)scene;
	if (pipe2(fd, O_CLOEXEC))
		return -1;
	assert_int_equal(write(fd[1], "header header", 13), 13);
	close(fd[1]);
	return fd[0];
}

static int open_fifo(const struct refusal *scene)
{
	static char path[] = "/tmp/zcx-fifo";

	(void)scene;
	if (mkfifo(path, 0600))
		return -1;
	test_at_end(undo_unlink, path);
	return open(path, O_RDWR | O_CLOEXEC);
}

static int open_socket(const struct refusal *scene)
{
	return dup(scene->pair.rx);
}

static int open_eventfd(const struct refusal *scene)
{
	(void)scene;
	return eventfd(1, EFD_CLOEXEC);
}

static int open_epoll(const struct refusal *scene)
{
	(void)scene;
	return epoll_create1(EPOLL_CLOEXEC);
}

static int open_timerfd(const struct refusal *scene)
{
	(void)scene;
	return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
}

static int open_context(const struct refusal *scene)
{
	return dup(scene->context);
}

/* A process's memory: a regular file without pages to hand out. */
static int open_proc_mem(const struct refusal *scene)
{
	(void)scene;
	return open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
}

static int open_pagemap(const struct refusal *scene)
{
	(void)scene;
	return open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
}

/* A regular file that knows no offsets. */
static int open_trace_pipe(const struct refusal *scene)
{
	(void)scene;
	return open("/sys/kernel/tracing/trace_pipe", O_RDONLY | O_CLOEXEC);
}

static int open_secret(const struct refusal *scene)
{
	int fd = -1;

	(void)scene;
#ifdef SYS_memfd_secret
	fd = syscall(SYS_memfd_secret, FD_CLOEXEC);
#else
	errno = ENOSYS;
#endif
	if (fd >= 0)
		assert_int_equal(ftruncate(fd, 8192), 0);
	return fd;
}

static const struct file_case directory = { -EISDIR, open_directory },
	o_path = { -EBADF, open_o_path },
	directory_o_path = { -EBADF, open_directory_o_path },
	write_only = { -EBADF, open_write_only },
	for_nothing = { -EBADF, open_for_nothing },
	char_device = { -EOPNOTSUPP, open_char_device },
	block_device = { -EOPNOTSUPP, open_block_device },
	pipe_end = { -EOPNOTSUPP, open_pipe },
	fifo = { -EOPNOTSUPP, open_fifo },
	socket_file = { -EOPNOTSUPP, open_socket },
	event_file = { -EOPNOTSUPP, open_eventfd },
	epoll_file = { -EOPNOTSUPP, open_epoll },
	timer_file = { -EOPNOTSUPP, open_timerfd },
	context_file = { -EOPNOTSUPP, open_context },
	proc_mem = { -EOPNOTSUPP, open_proc_mem },
	proc_pagemap = { -EOPNOTSUPP, open_pagemap },
	trace_pipe = { -EOPNOTSUPP, open_trace_pipe },
	secret = { -EOPNOTSUPP, open_secret };

/* Somebody who may refuse a file refuses it. */
static void deny_all(int notify)
{
	struct fanotify_event_metadata event;

	while (read(notify, &event, sizeof(event)) == sizeof(event)) {
		struct fanotify_response response = {
			.fd = event.fd,
			.response = FAN_DENY,
		};

		if (write(notify, &response, sizeof(response)) < 0)
			_exit(1);
		close(event.fd);
	}
	_exit(0);
}

static void permission_event(void **state)
{
	struct refusal scene;
	int notify, err;
	char byte;
	pid_t pid;

	(void)state;
	notify = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY);
	if (notify < 0)
		test_skip("no fanotify: %s", strerror(errno));
	refusal_open(&scene, PAIR_TCP4);
	if (fanotify_mark(notify, FAN_MARK_ADD, FAN_ACCESS_PERM, AT_FDCWD,
			  scene.file.path))
		test_skip("no permission events: %s", strerror(errno));
	file_reopen(&scene.file);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		deny_all(notify);
	/* Where read(2) is not refused, no security hooks are built in. */
	err = pread(scene.file.fd, &byte, 1, 0) < 0 ? errno : 0;
	if (err)
		refusal_refused(&scene, -err, "permission event");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(notify);
	if (!err)
		test_skip("this kernel asks nobody");
	refusal_close(&scene);
}

#define FILES(name, file, what) \
	{ "refusals_file_" name, file_refused, &(file), "test", "test", "std", \
	  30, what }

const struct vm_test refused_files_tests[] = {
	FILES("directory", directory, "a directory is EISDIR"),
	FILES("o_path", o_path, "an O_PATH descriptor is EBADF"),
	FILES("directory_o_path", directory_o_path,
	      "an O_PATH descriptor of a directory is EBADF"),
	FILES("write_only", write_only, "a file open for writing is EBADF"),
	FILES("for_nothing", for_nothing, "access mode 3 is EBADF"),
	FILES("char_device", char_device, "a character device is refused"),
	FILES("block_device", block_device, "a block device is refused"),
	FILES("pipe", pipe_end, "a pipe is refused as a file"),
	FILES("fifo", fifo, "a FIFO is refused as a file"),
	FILES("socket", socket_file, "a socket is refused as a file"),
	FILES("eventfd", event_file, "an eventfd is refused"),
	FILES("epoll", epoll_file, "an epoll descriptor is refused"),
	FILES("timerfd", timer_file, "a timerfd is refused"),
	FILES("context", context_file, "/dev/zcx is refused as a file"),
	FILES("proc_mem", proc_mem, "/proc/PID/mem is refused"),
	FILES("proc_pagemap", proc_pagemap, "/proc/PID/pagemap is refused"),
	FILES("trace_pipe", trace_pipe, "a file without offsets is refused"),
	FILES("secretmem", secret, "memfd_secret(2) memory is refused"),
	{ "refusals_permission", permission_event, NULL, "test", "test", "std",
	  30, "a permission event that says no is EPERM" },
	{ 0 }
};
