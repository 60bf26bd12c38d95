/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device in user space: what ioctl() and read() do in these tests. It takes
 * links as the module would, and stops where the test wants it to. Links that run
 * by themselves have ended before the call returns.
 */
#ifndef FAKE_DEVICE_H
#define FAKE_DEVICE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "zcx.h"

#define FAKE_FD		1000
#define FAKE_SOCK	1001
#define FAKE_ROOM	65536
#define FAKE_EVENTS	1024

/**
 * struct fake_device - how ioctl() behaves, and what it saw
 * @budget: bytes a link may send before @stop_error; UINT64_MAX: all
 * @stop_error: errno that ends a link at @budget
 * @fail_call: the call, from 1, that is refused; 0: none
 * @fail_error: its errno
 * @calls: how many came
 * @sent: what was sent so far
 * @bytes: how much that is
 * @last: the last link as it came in
 * @on_call: called before each link
 * @silent: links report neither success nor an error
 * @submits: how many ZCX_IOC_SUBMIT came
 * @events: of links that have ended, those before @events_read have been read
 * @event_count: how many there have been
 * @events_read: see there
 * @read_most: bytes a read hands out at most; 0: all that fit
 * @read_error: errno that the next read meets
 * @control_request: the last ioctl of those that are given a link's id
 * @control_id: and that id
 * @control_error: errno that they meet; 0: none
 * @open_error: errno that zcx_open() meets; 0: none
 * @open_flags: what it asked for
 */
struct fake_device {
	uint64_t budget;
	int stop_error;
	unsigned int fail_call;
	int fail_error;
	unsigned int calls;
	unsigned char sent[FAKE_ROOM];
	uint64_t bytes;
	struct zcx_link last;
	void (*on_call)(unsigned int call);
	bool silent;
	unsigned int submits;
	struct zcx_event events[FAKE_EVENTS];
	unsigned int event_count;
	unsigned int events_read;
	size_t read_most;
	int read_error;
	unsigned long control_request;
	uint64_t control_id;
	int control_error;
	int open_error;
	int open_flags;
};

extern struct fake_device fake;

int __wrap_ioctl(int fd, unsigned long request, ...);
ssize_t __wrap_read(int fd, void *buf, size_t count);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

#endif /* FAKE_DEVICE_H */
