// SPDX-License-Identifier: GPL-2.0
/* Who takes the bytes and throws them away. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/futex.h>

#include "bench.h"
#include "child.h"
#include "cli.h"
#include "endpoint.h"
#include "receiver.h"

/* All that waits in the socket, by one call. */
#define DISCARD_BYTES	(1U << 30)

/*
 * On a machine with one CPU the sender and the receiver on loopback take turns,
 * and how often they do is a large part of the cost. So let it be said.
 */
const struct bench_policy bench_policies[] = {
	{ "normal", SCHED_OTHER, 0 },	/* as the scheduler finds fair */
	{ "batch", SCHED_BATCH, 0 },	/* never interrupts the sender */
	{ "fifo", SCHED_FIFO, 1 },	/* at once, whenever something arrives */
};

const size_t bench_policy_count = ARRAY_SIZE(bench_policies);

/* Bytes that were there, 0 at the end, or -errno. */
static ssize_t discard(int sock)
{
	ssize_t n;

	do {
		n = recv(sock, NULL, DISCARD_BYTES, MSG_TRUNC);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static long futex(_Atomic uint32_t *word, int operation, uint32_t value,
		  const struct timespec *timeout)
{
	return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

static void wake(struct bench_tally *tally)
{
	atomic_fetch_add(&tally->news, 1);
	futex(&tally->news, FUTEX_WAKE, 1, NULL);
}

int bench_receiver_wait(struct bench_receiver *receiver, uint32_t seen)
{
	const struct timespec patience = { .tv_sec = BENCH_PATIENCE_SECONDS };
	struct bench_tally *tally = receiver->tally;
	uint64_t before;

	while (atomic_load(&tally->news) == seen) {
		before = atomic_load(&tally->received);
		if (!futex(&tally->news, FUTEX_WAIT, seen, &patience) ||
		    errno == EAGAIN || errno == EINTR)
			continue;
		if (errno != ETIMEDOUT)
			return -errno;
		if (atomic_load(&tally->received) == before)
			return -ETIMEDOUT;
	}
	return 0;
}

/* Discard all that comes over a connection, keeping the tally. */
static void keep_tally(const struct bench_receiver *receiver, int sock)
{
	struct bench_tally *tally = receiver->tally;
	uint64_t received = 0;
	ssize_t n;

	atomic_store(&tally->pid, getpid());
	atomic_store(&tally->received, 0);
	atomic_store(&tally->target, UINT64_MAX);
	atomic_store(&tally->open, 1);
	wake(tally);
	while ((n = discard(sock)) > 0) {
		uint64_t target = atomic_load(&tally->target);
		bool reached = received < target && received + n >= target;

		received += n;
		atomic_store(&tally->received, received);
		if (reached)
			wake(tally);
	}
	atomic_store(&tally->open, 0);
	wake(tally);
}

static void take_connection(const struct bench_receiver *receiver, int sock)
{
	const struct bench_policy *policy = receiver->policy;
	struct sched_param param = { .sched_priority = policy->priority };

	if (policy->policy != SCHED_OTHER &&
	    sched_setscheduler(0, policy->policy, &param)) {
		atomic_store(&receiver->tally->open, -errno);
		wake(receiver->tally);
		_exit(CLI_FAILED);
	}
	keep_tally(receiver, sock);
}

/* Have a new child do something with every connection. Does not return. */
static void take_connections(int listener, const struct bench_receiver *own)
{
	pid_t parent = getpid();
	int sock;

	signal(SIGCHLD, SIG_IGN);	/* nobody waits for the children */
	for (;;) {
		sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (sock < 0 && errno != EINTR && errno != ECONNABORTED)
			return;
		if (sock >= 0 && fork() == 0) {
			bench_become_child(parent);
			if (own)
				take_connection(own, sock);
			else
				while (discard(sock) > 0)
					;
			_exit(CLI_OK);
		}
		if (sock >= 0)
			close(sock);
	}
}

static int start(struct bench_receiver *receiver, int listener)
{
	pid_t parent = getpid();

	receiver->tally = mmap(NULL, sizeof(*receiver->tally),
			       PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (receiver->tally == MAP_FAILED)
		return -1;
	receiver->pid = fork();
	if (receiver->pid == 0) {
		bench_become_child(parent);
		take_connections(listener, receiver);
		_exit(CLI_FAILED);
	}
	return receiver->pid < 0 ? -1 : 0;
}

int bench_receiver_start(struct bench_receiver *receiver,
			 const struct bench_policy *policy)
{
	int listener = endpoint_listen("127.0.0.1:0", receiver->address,
				       sizeof(receiver->address));
	int ret;

	if (listener < 0)
		return -1;
	receiver->policy = policy;
	ret = start(receiver, listener);
	if (ret)
		cli_error("cannot start a receiver: %s", strerror(errno));
	close(listener);
	return ret;
}

void bench_receiver_stop(struct bench_receiver *receiver)
{
	kill(receiver->pid, SIGKILL);
	waitpid(receiver->pid, NULL, 0);
	munmap(receiver->tally, sizeof(*receiver->tally));
}

int bench_serve(const char *address)
{
	char name[128];
	int listener = endpoint_listen(address, name, sizeof(name));

	if (listener < 0)
		return CLI_FAILED;
	fprintf(stderr, "listening on %s\n", name);
	take_connections(listener, NULL);
	cli_error("cannot take a connection: %s", strerror(errno));
	return CLI_FAILED;
}
