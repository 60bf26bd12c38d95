// SPDX-License-Identifier: GPL-2.0
/*
 * Links that run by themselves from disks that fail, or answer nothing; and
 * what very many of them cost.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "async.h"
#include "exchange.h"
#include "guest.h"
#include "mapped.h"
#include "vmtest.h"

#define DIR_MAPPED	"/tmp/zcx-mapped"

/* Disks that fail */

/**
 * struct disk - squashfs on a disk of one's own
 * @whole: its file on the disk that stays well: tells the content
 * @file: the same on the disk of one's own, open, and cold
 * @linear: what it is mapped to
 */
struct disk {
	struct vfile whole;
	struct vfile file;
	char linear[32];
};

static void disk_open(struct disk *disk)
{
	guest_need_mount(DIR_SQUASHFS);
	file_take(&disk->whole, DIR_SQUASHFS "/big.bin", false);
	mapped_open("/dev/vdd", disk->linear);
	mapped_mount(DIR_MAPPED, "squashfs");
	disk->file = disk->whole;
	disk->file.fd = open(DIR_MAPPED "/big.bin", O_RDONLY | O_CLOEXEC);
	assert_true(disk->file.fd >= 0);
}

static void disk_close(struct disk *disk)
{
	close(disk->file.fd);
	file_drop(&disk->whole);
	mapped_umount(DIR_MAPPED);
}

/* The first @good bytes go, then the link ends with EIO. */
static void assert_eio(const struct program *program, uint64_t good,
		       enum pair_kind kind)
{
	struct exchange x = {
		.program = program,
		.kind = kind,
		.async = true,
		.error = EIO,
		.good = good,
	};

	exchange_run(&x);
}

static void good_bytes_first(void **state)
{
	struct program *program = program_new();
	struct disk disk;
	uint64_t good;

	(void)state;
	disk_open(&disk);
	file_warm(&disk.file, 0, 256 * KIB);
	good = file_resident(&disk.file) * 4096;
	assert_in_range(good, 256 * KIB, disk.file.size - MIB);
	program_memory(program, "header", 6);
	program_file(program, &disk.file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	mapped_table("error", "");
	assert_eio(program, 6 + good, PAIR_TCP4);
	assert_eio(program, 6 + good, PAIR_UNIX);
	disk_close(&disk);
}

/* Nothing but a header before the block that is bad. */
static void header_first(void **state)
{
	struct program *program = program_new();
	struct disk disk;

	(void)state;
	disk_open(&disk);
	program_memory(program, "header", 6);
	program_file(program, &disk.file, MIB, ZCX_TO_EOF);
	mapped_table("error", "");
	assert_eio(program, 6, PAIR_TCP4);
	program_clear(program);
	program_file(program, &disk.file, 2 * MIB, ZCX_TO_EOF);
	assert_eio(program, 0, PAIR_UNIX);
	disk_close(&disk);
}

/* Disks that answer nothing */

static void stuck(void **state)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct receiver receiver = { .expect = program };
	struct zcx_link link;
	struct pair pair[2];
	struct disk disk;
	uint64_t id, late;

	(void)state;
	disk_open(&disk);
	pair_open(&pair[0], PAIR_TCP4, 0, 0);
	pair_open(&pair[1], PAIR_UNIX, 0, 0);
	program_memory(program, "header", 6);
	program_file(program, &disk.file, 0, ZCX_TO_EOF);
	mapped_suspend(true);
	/* The call itself waits for no disk. */
	id = async_send(context, pair[0].tx, program);
	async_waits(context, id, ZCX_WAIT_DISK);
	async_prepare(&link, pair[1].tx, program);
	link.deadline_ns = 3600000000000ULL;
	late = async_submit(context, &link);
	async_waits(context, late, ZCX_WAIT_DISK);
	async_others_go(context);
	async_waits(context, id, ZCX_WAIT_DISK);
	mapped_suspend(false);
	receiver.fd = pair[0].rx;
	assert_int_equal(receiver_start(&receiver), 0);
	async_sent(context, id, program, ZCX_STATE_SENT, 0);
	close(pair[0].tx);
	pair[0].tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, program->bytes);
	receiver.fd = pair[1].rx;
	assert_int_equal(receiver_start(&receiver), 0);
	async_sent(context, late, program, ZCX_STATE_SENT, 0);
	close(pair[1].tx);
	pair[1].tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, program->bytes);
	pair_close(&pair[0]);
	pair_close(&pair[1]);
	async_quiet(context);
	close(context);
	disk_close(&disk);
}

static unsigned int count_threads(void)
{
	DIR *dir = opendir("/proc");
	unsigned int count = 0;
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
	closedir(dir);
	return count;
}

#define STUCK	1000
#define EACH	3000

/* Of 1000 links of a dead disk some are cancelled, the others go on. */
static void stuck_many(void **state)
{
	static struct pair pair[STUCK];
	static bool ended[STUCK];
	static uint8_t buf[EACH], want[EACH];
	struct program *program = program_new();
	int context = zcx_open(), other = zcx_open();
	unsigned int i, threads;
	struct zcx_event event;
	struct disk disk;

	(void)state;
	disk_open(&disk);
	for (i = 0; i < STUCK; i++)
		assert_int_equal(pair_try(&pair[i], PAIR_UNIX, 0, 0), 0);
	mapped_suspend(true);
	threads = count_threads();
	for (i = 0; i < STUCK; i++) {
		program_clear(program);
		program_file(program, &disk.file, (uint64_t)i * EACH, EACH);
		assert_int_equal(async_send(context, pair[i].tx, program),
				 i + 1);
	}
	for (i = 0; i < STUCK; i += 100)
		async_waits(context, i + 1, ZCX_WAIT_DISK);
	async_others_go(other);
	assert_in_range(count_threads(), 1, threads + 24);

	/* Those that a worker has in its hands stay there. */
	for (i = STUCK / 2; i < STUCK; i++)
		assert_int_equal(async_control(context, ZCX_IOC_CANCEL, i + 1),
				 0);
	for (i = STUCK / 2; i < STUCK; i++) {
		async_event(context, &event);
		assert_in_range(event.id, STUCK / 2 + 1, STUCK);
		async_assert(&event, event.id, ZCX_STATE_CANCELLED, ECANCELED);
		assert_int_equal(event.bytes_sent, 0);
		assert_false(ended[event.id - 1]);
		ended[event.id - 1] = true;
	}
	mapped_suspend(false);
	for (i = 0; i < STUCK / 2; i++) {
		async_event(context, &event);
		assert_in_range(event.id, 1, STUCK / 2);
		async_assert(&event, event.id, ZCX_STATE_SENT, 0);
		assert_int_equal(event.bytes_cache, EACH);
		assert_false(ended[event.id - 1]);
		ended[event.id - 1] = true;
		assert_int_equal(recv(pair[event.id - 1].rx, buf, EACH,
				      MSG_WAITALL), EACH);
		file_expected(&disk.whole, (event.id - 1) * EACH, want, EACH);
		assert_memory_equal(buf, want, EACH);
	}
	async_quiet(context);
	for (i = 0; i < STUCK; i++)
		pair_close(&pair[i]);
	close(context);
	close(other);
	disk_close(&disk);
}

/* The context is closed while the disk is dead. */
static void stuck_closed(void **state)
{
	struct program *program = program_new();
	int context = zcx_open(), other = zcx_open();
	struct pair pair[20];
	struct disk disk;
	unsigned int i;

	(void)state;
	disk_open(&disk);
	for (i = 0; i < ARRAY_SIZE(pair); i++)
		pair_open(&pair[i], PAIR_UNIX, 0, 0);
	mapped_suspend(true);
	for (i = 0; i < ARRAY_SIZE(pair); i++) {
		program_clear(program);
		program_file(program, &disk.file, i * 100000, EACH);
		async_send(context, pair[i].tx, program);
	}
	close(context);
	async_others_go(other);
	mapped_suspend(false);
	async_others_go(other);
	for (i = 0; i < ARRAY_SIZE(pair); i++) {
		close(pair[i].tx);
		pair[i].tx = -1;
		/* Nothing of a link that nobody has any more. */
		assert_int_equal(pair_drain(pair[i].rx), 0);
		pair_close(&pair[i]);
	}
	close(other);
	disk_close(&disk);
}

/* Very many */

#define TEN_THOUSAND	10000

/* What one link that waits may cost, in bytes; and noise of the machine's. */
#define LINK_COST	(3 * KIB)
#define NOISE		(8 * MIB)

static long long available(void)
{
	char text[4096];

	assert_true(guest_read("/proc/meminfo", text, sizeof(text)) > 0);
	return guest_value(text, "MemAvailable") * 1024;
}

static void fill(int fd)
{
	static uint8_t buf[4096];

	while (send(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

/* Links that all wait for their sockets: memory, and no thread. */
static void ten_thousand(void **state)
{
	static struct pair pair[TEN_THOUSAND];
	struct rlimit limit = { .rlim_cur = 32768, .rlim_max = 32768 };
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_query query;
	unsigned int i, threads;
	struct vfile file;
	long long before, used;

	(void)state;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		test_skip("RLIMIT_NOFILE: %s", strerror(errno));
	file_make(&file, DIR_EXT4, MIB);
	program_file(program, &file, 0, ZCX_TO_EOF);
	for (i = 0; i < TEN_THOUSAND; i++) {
		if (pair_try(&pair[i], PAIR_UNIX, 4 * KIB, 0))
			fail_msg("%u pairs: %s", i, strerror(errno));
		fill(pair[i].tx);
	}
	threads = count_threads();
	before = available();
	for (i = 0; i < TEN_THOUSAND; i++)
		assert_int_equal(async_send(context, pair[i].tx, program),
				 i + 1);
	for (i = 0; i < TEN_THOUSAND; i += 500)
		async_waits(context, i + 1, ZCX_WAIT_SOCKET);
	used = before - available();
	print_message("%lld bytes for each link\n", used / TEN_THOUSAND);
	if (used > (long long)(TEN_THOUSAND * LINK_COST + NOISE))
		fail_msg("%u links that wait took %lld bytes", TEN_THOUSAND,
			 used);
	assert_in_range(count_threads(), 1, threads + 24);
	assert_int_equal(link_fdinfo(context, "links"), TEN_THOUSAND);

	/* Any of them goes on when it can. */
	pair_set_nonblock(pair[4321].rx, true);
	for (i = 0; i < 20000; i++) {
		pair_drain(pair[4321].rx);
		assert_int_equal(async_query(context, 4322, &query), 0);
		if (query.state >= ZCX_STATE_SENT)
			break;
		guest_sleep_ms(1);
	}
	async_sent(context, 4322, program, ZCX_STATE_SENT, 0);
	close(context);
	for (i = 0; i < TEN_THOUSAND; i++)
		pair_close(&pair[i]);
	file_drop(&file);
}

const struct vm_test async_disk_tests[] = {
	{ "async_disk_dies", good_bytes_first, NULL, "all", "all", "std", 60,
	  "a disk that dies: EIO after the good bytes" },
	{ "async_disk_dies_at_once", header_first, NULL, "all", "all", "std",
	  60, "a disk that dies: EIO after nothing but a header" },
	{ "async_disk_stuck", stuck, NULL, "test", "all", "std", 60,
	  "a disk that answers nothing delays its own links only" },
	{ "async_disk_stuck_many", stuck_many, NULL, "all", "all", "std", 90,
	  "1000 links of such a disk, on a bounded number of threads" },
	{ "async_disk_stuck_closed", stuck_closed, NULL, "all", "all", "std",
	  60, "such a disk, and the context is closed" },
	{ "async_ten_thousand", ten_thousand, NULL, "all", "never", "alone",
	  120, "10000 links that wait: memory for each, and no thread" },
	{ 0 }
};
