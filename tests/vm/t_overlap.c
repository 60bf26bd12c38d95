// SPDX-License-Identifier: GPL-2.0
/*
 * Disk and network at the same time: a cold file from a disk with latency takes
 * about as long as the slower of the two would take alone.
 *
 * For a guest whose clock counts instructions, and skips what is idle: there the
 * disk's 2 ms are the same on every machine. The disk is a file of tmpfs behind
 * a loop device and dm-delay.
 *
 * dm-delay is two things that a disk is not. It counts in ticks: a request that
 * comes right after one takes 4 ms, one that comes right before it none, and on 6.1 a
 * tick more. So all that is measured begins in the middle between two. And on 6.12
 * it waits in a loop, on the only CPU, where a sender and a receiver had to wait for
 * their turn: so it has it only when nobody else wants it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <liburing.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "files.h"
#include "guest.h"
#include "mapped.h"
#include "pairs.h"
#include "vmtest.h"
#include "ways.h"

#define DIR_SLOW	"/tmp/zcx-slow"
#define DELAY_MS	2

#define FILE_BYTES	(48 * MIB)

/* What the direct lane has on its way at a time: four batches of 1 MiB. */
#define DEPTH		4
#define PIECE		MIB

/* A network that is as fast as it can be, and one that is no faster than the disk. */
#define UNPACED		0

/* At least so many tenths of the speed of the slower of disk and network. */
#define TENTHS		9

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Halfway to the next tick, which is when CLOCK_MONOTONIC_COARSE moves. */
static void await_middle_of_tick(void)
{
	struct timespec tick, now, half;

	clock_getres(CLOCK_MONOTONIC_COARSE, &half);
	half.tv_nsec /= 2;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &tick);
	do
		clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	while (now.tv_nsec == tick.tv_nsec);
	assert_int_equal(clock_nanosleep(CLOCK_MONOTONIC, 0, &half, NULL), 0);
}

/* The disk */

static bool task_is_called(const char *pid, const char *name)
{
	char path[280], comm[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(comm, sizeof(comm), file))
		comm[0] = 0;
	fclose(file);
	return !strncmp(comm, name, strlen(name));
}

/* Older kernels have a timer instead, and no such thread. */
static void delay_at_nobodys_expense(void)
{
	const struct sched_param param = { .sched_priority = 0 };
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	assert_non_null(proc);
	while ((entry = readdir(proc)))
		if (task_is_called(entry->d_name, "dm-delay"))
			assert_int_equal(sched_setscheduler(atoi(entry->d_name),
							    SCHED_IDLE, &param),
					 0);
	closedir(proc);
}

static void slow_open(struct vfile *file, char linear[32])
{
	char delay[48];

	guest_need_mount(DIR_TMPFS);
	guest_modprobe("dm-delay");
	guest_modprobe("ext4");
	mapped_make(DIR_TMPFS, 2 * FILE_BYTES, 512, linear);
	mapped_format("/bin/mkfs.ext4 -q -F -m 0 -b 4096");
	mapped_mount(DIR_SLOW, "ext4");
	file_make(file, DIR_SLOW, FILE_BYTES);
	file_chill(file);
	snprintf(delay, sizeof(delay), "%s %u", linear, DELAY_MS);
	mapped_table("delay", delay);
	delay_at_nobodys_expense();
}

static void read_piece(struct io_uring *ring, int fd, unsigned int slot,
		       void *buf, uint64_t at)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_read(sqe, fd, buf, PIECE, at);
	io_uring_sqe_set_data64(sqe, slot);
	assert_int_equal(io_uring_submit(ring), 1);
}

/* The file by direct I/O, read ahead as far as the direct lane does: ns. */
static uint64_t disk_alone(const struct vfile *file)
{
	int fd = open(file->path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	void *buf[DEPTH];
	uint64_t at = 0, done, begin;
	struct io_uring ring;
	unsigned int i;

	assert_true(fd >= 0);
	assert_int_equal(io_uring_queue_init(DEPTH, &ring, 0), 0);
	for (i = 0; i < DEPTH; i++)
		assert_int_equal(posix_memalign(&buf[i], PIECE, PIECE), 0);
	await_middle_of_tick();
	begin = now_ns();
	for (i = 0; i < DEPTH; i++, at += PIECE)
		read_piece(&ring, fd, i, buf[i], at);
	for (done = 0; done < FILE_BYTES; done += PIECE) {
		struct io_uring_cqe *cqe;

		assert_int_equal(io_uring_wait_cqe(&ring, &cqe), 0);
		assert_int_equal(cqe->res, PIECE);
		i = io_uring_cqe_get_data64(cqe);
		io_uring_cqe_seen(&ring, cqe);
		if (at < FILE_BYTES)
			read_piece(&ring, fd, i, buf[i], at);
		at += PIECE;
	}
	begin = now_ns() - begin;
	io_uring_queue_exit(&ring);
	for (i = 0; i < DEPTH; i++)
		free(buf[i]);
	close(fd);
	return begin;
}

/* The network */

/**
 * struct arrival - a thread that drops what arrives
 * @fd: where
 * @bytes: until so many are there
 * @at: out: when they were, ns; 0: they never were
 */
struct arrival {
	int fd;
	uint64_t bytes;
	uint64_t at;
	pthread_t thread;
};

static void *arrival_thread(void *arg)
{
	struct arrival *arrival = arg;
	uint64_t got = 0;
	ssize_t n;

	while (got < arrival->bytes) {
		n = recv(arrival->fd, NULL, MIB, MSG_TRUNC);
		if (n <= 0)
			return NULL;
		got += n;
	}
	arrival->at = now_ns();
	return NULL;
}

/* How long until all of the file has arrived, ns. @rate: bytes per second. */
static uint64_t send_file(const struct way *way, const struct vfile *file,
			  uint64_t rate, struct zcx_link *link)
{
	struct arrival arrival = { .bytes = FILE_BYTES };
	uint64_t begin;
	struct pair pair;

	pair_open(&pair, PAIR_TCP4, 0, 0);
	if (rate)
		assert_int_equal(setsockopt(pair.tx, SOL_SOCKET,
					    SO_MAX_PACING_RATE, &rate,
					    sizeof(rate)), 0);
	arrival.fd = pair.rx;
	assert_int_equal(pthread_create(&arrival.thread, NULL, arrival_thread,
					&arrival), 0);
	await_middle_of_tick();
	begin = now_ns();
	assert_true(way_send(way, file->fd, FILE_BYTES, pair.tx, link));
	pthread_join(arrival.thread, NULL);
	pair_close(&pair);
	assert_true(arrival.at);
	return arrival.at - begin;
}

static uint64_t network_alone(const struct vfile *file, uint64_t rate)
{
	struct zcx_link link;

	file_warm(file, 0, FILE_BYTES);
	return send_file(&way_zcx, file, rate, &link);
}

/* Both */

static void record(const char *method, const char *network, uint64_t ns,
		   uint64_t slower)
{
	way_record("overlap", method, FILE_BYTES,
		   "\"network\": \"%s\", \"disk_delay_ns\": %u, "
		   "\"elapsed_ns\": %llu, \"of_slower\": %.3f",
		   network, DELAY_MS * 1000000, (unsigned long long)ns,
		   (double)slower / ns);
}

static void overlap_with(const struct vfile *file, const char *network,
			 uint64_t rate, uint64_t disk)
{
	static const struct way *const ways[] = {
		&way_zcx, &way_zcx_async, &way_sendfile, &way_read_write,
	};
	uint64_t alone = network_alone(file, rate), slower = MAX(disk, alone);
	unsigned int i;

	record("disk_alone", network, disk, slower);
	record("network_alone", network, alone, slower);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		struct zcx_link link;
		uint64_t ns;

		file_chill(file);
		ns = send_file(ways[i], file, rate, &link);
		record(ways[i]->name, network, ns, slower);
		if (!ways[i]->zcx)
			continue;
		assert_int_equal(link.bytes_direct, FILE_BYTES);
		assert_true(slower * 10 >= ns * TENTHS);
	}
	file_chill(file);
}

static void overlap(void **state)
{
	struct vfile file;
	char linear[32];
	uint64_t disk;

	(void)state;
	slow_open(&file, linear);
	disk = disk_alone(&file);
	overlap_with(&file, "unpaced", UNPACED, disk);
	overlap_with(&file, "paced", FILE_BYTES * 1000000000 / disk, disk);
	mapped_table("linear", linear);
	file_drop(&file);
	mapped_umount(DIR_SLOW);
}

const struct vm_test overlap_tests[] = {
	/* Where dm-delay is busy while it waits, it is minutes by our clock. */
	{ "direct_overlap", overlap, NULL, "all", "never", "clock", 1500,
	  "a disk of 2 ms and a network, at once: 0.9 of the slower one's speed" },
	{ 0 }
};
