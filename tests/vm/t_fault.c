// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations, copies and disk reads that fail, each of them once: the call
 * either fails with nothing sent, or tells truly how far it came. What arrives
 * is right in any case, and nothing is left behind.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "content.h"
#include "device.h"
#include "exchange.h"
#include "guest.h"
#include "mapped.h"
#include "vmtest.h"

#define DEBUGFS		"/sys/kernel/debug/"
#define FAIL_NTH	"/proc/thread-self/fail-nth"

/* More places to fail at than any of the calls here has. */
#define FAULTS_MAX	5000

/* Fewer than so many: the faults do not reach the code they are meant for. */
#define FAULTS_MIN	3

static const enum pair_kind tcp4 = PAIR_TCP4, unix_stream = PAIR_UNIX,
			    ktls = PAIR_KTLS, device = PAIR_DEVICE;

static void need(const char *path, const char *value)
{
	if (guest_set(path, value))
		test_skip("the kernel has no %s", path);
}

/* From now on fail-nth counts every allocation and every copy. */
static int faults_on(void)
{
	int fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		test_skip("the kernel has no %s", FAIL_NTH);
	need(DEBUGFS "failslab/ignore-gfp-wait", "0");
	need(DEBUGFS "failslab/verbose", "0");
	need(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "0");
	need(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "0");
	need(DEBUGFS "fail_page_alloc/min-order", "0");
	need(DEBUGFS "fail_page_alloc/verbose", "0");
	need(DEBUGFS "fail_usercopy/verbose", "0");
	return fd;
}

/* Count only what is asked for by a module, at whatever remove. */
static void faults_in_modules(void)
{
	static const char *const name[] = {
		"failslab", "fail_page_alloc", "fail_usercopy",
	};
	char path[96];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(name); i++) {
		snprintf(path, sizeof(path), DEBUGFS "%s/stacktrace-depth",
			 name[i]);
		need(path, "32");
		snprintf(path, sizeof(path), DEBUGFS "%s/require-start",
			 name[i]);
		need(path, "0xffffffffa0000000");
		snprintf(path, sizeof(path), DEBUGFS "%s/require-end",
			 name[i]);
		need(path, "0xffffffffff000000");
	}
}

/* The @nth fault point that this thread comes to, fails. */
static void fault_arm(int fd, unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	assert_int_equal(pwrite(fd, text, n, 0), n);
}

/* Has it come to that? Nothing fails from now on. */
static bool fault_hit(int fd)
{
	char text[16] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	unsigned int i;

	/* While faults are due, reading and writing here meets them too. */
	for (i = 0; i < 4 && pwrite(fd, "0", 1, 0) != 1; i++)
		;
	assert_true(i < 4);
	return n > 0 && !atoi(text);
}

static bool among(int err, const int *allowed, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (allowed[i] == err)
			return true;
	return false;
}

/**
 * struct series - the same call again and again, each time with another fault
 * @nth: of the present round
 * @hits: rounds in which the fault came
 * @misses: rounds at the end in which it did not
 */
struct series {
	unsigned int nth;
	unsigned int hits;
	unsigned int misses;
};

/* On to the next; false if the call has come through without a fault, twice. */
static bool series_next(struct series *series, bool hit)
{
	series->hits += hit;
	series->misses = hit ? 0 : series->misses + 1;
	series->nth++;
	assert_true(series->nth < FAULTS_MAX);
	return series->misses < 2;
}

static void series_end(const struct series *series)
{
	print_message("%u faults\n", series->hits);
	assert_true(series->hits >= FAULTS_MIN);
}

/* Links */

/**
 * struct link_case - which link is to meet faults
 * @dir: where its file is
 * @kind: of its socket
 * @cold: the file is not in the page cache
 * @lane: enum zcx_lane
 */
struct link_case {
	const char *dir;
	const enum pair_kind *kind;
	bool cold;
	uint32_t lane;
};

static const struct link_case warm_tcp = { .dir = DIR_EXT4, .kind = &tcp4 },
	warm_unix = { .dir = DIR_EXT4, .kind = &unix_stream };

/**
 * struct round - one link, and what came of it
 * @err: of the call
 * @hit: the fault came
 */
struct round {
	struct zcx_link link;
	struct receiver receiver;
	int err;
	bool hit;
};

static void fail_round(const struct series *series, const struct round *round,
		       const char *what)
{
	fail_msg("fault %u: %s (%s, id %llu, state %u, error %u, %llu sent, %llu arrived, receiver: %s)",
		 series->nth, what, strerror(-round->err),
		 (unsigned long long)round->link.id, round->link.state,
		 round->link.error, (unsigned long long)round->link.bytes_sent,
		 (unsigned long long)round->receiver.bytes,
		 strerror(round->receiver.error));
}

/* The call failed. */
static const char *check_failed(const struct round *round,
				const struct program *program)
{
	static const int allowed[] = {
		-ENOMEM, -EFAULT, -EIO, -ENOBUFS, -EBADMSG,
	};

	if (!among(round->err, allowed, ARRAY_SIZE(allowed)))
		return "an errno that is not in the table";
	if (round->link.id) {
		if (round->link.bytes_sent || round->receiver.bytes)
			return "it failed, yet something was sent";
		if (round->link.error != (uint32_t)-round->err)
			return "the errno is not that of the link";
		return link_problem(&round->link);
	}
	if (!round->receiver.bytes)
		return NULL;
	/* Only the result could not be written, once all was done. */
	if (round->err == -EFAULT && round->receiver.bytes == program->bytes)
		return NULL;
	return "it was refused, yet something was sent";
}

static const char *check_sent(const struct round *round,
			      const struct program *program, bool is_ktls)
{
	uint32_t flags = is_ktls ? ZCX_RESULT_KTLS : 0;

	if (!round->link.error) {
		if (link_problem_complete(&round->link, program, flags))
			return link_problem_complete(&round->link, program,
						     flags);
	} else if (link_problem(&round->link)) {
		return link_problem(&round->link);
	}
	/* A TLS record that could not be made takes its bytes with it. */
	if (is_ktls && round->hit)
		return round->receiver.bytes > round->link.bytes_sent ?
		       "more arrived than was sent" : NULL;
	if (round->receiver.bytes != round->link.bytes_sent)
		return "what arrived is not what was sent";
	return NULL;
}

static const char *check_round(const struct round *round,
			       const struct program *program, bool is_ktls)
{
	if (round->receiver.wrong_at >= 0)
		return "wrong bytes arrived";
	if (round->receiver.error && !(is_ktls && round->hit))
		return "the receiver met an error";
	if (!round->hit && (round->err || round->link.error))
		return "it failed without a fault";
	if (round->err)
		return check_failed(round, program);
	return check_sent(round, program, is_ktls);
}

static void run_round(struct round *round, const struct series *series,
		      const struct program *program, int faults, int context,
		      const struct link_case *lc)
{
	struct pair pair;

	memset(round, 0, sizeof(*round));
	assert_int_equal(pair_try(&pair, *lc->kind, 0, 0), 0);
	round->receiver.fd = pair.rx;
	round->receiver.expect = program;
	assert_int_equal(receiver_start(&round->receiver), 0);
	link_prepare(&round->link, pair.tx, program);
	round->link.lane = lc->lane;
	fault_arm(faults, series->nth);
	round->err = link_send(context, &round->link);
	round->hit = fault_hit(faults);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&round->receiver);
	pair_close(&pair);
}

static void links(void **state)
{
	const struct link_case *lc = *state;
	bool is_ktls = pair_is_ktls(*lc->kind);
	struct program *program = program_new();
	struct series series = { .nth = 1 };
	int faults = faults_on(), context;
	struct round round;
	struct vfile file;
	unsigned int fds;

	guest_need_mount(lc->dir);
	if (is_ktls)
		pair_need_ktls();
	if (*lc->kind == PAIR_DEVICE)
		device_open();
	context = zcx_open();
	file_make(&file, lc->dir, 40001);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	program_file(program, &file, 4095, 8193);
	fds = guest_count_fds();
	do {
		const char *problem;

		if (lc->cold)
			file_make_cold(&file);
		run_round(&round, &series, program, faults, context, lc);
		problem = check_round(&round, program, is_ktls);
		if (problem)
			fail_round(&series, &round, problem);
		assert_int_equal(guest_count_fds(), fds);
		assert_int_equal(link_fdinfo(context, "links"), 0);
	} while (series_next(&series, round.hit));
	series_end(&series);
	file_assert_unchanged(&file);
	file_lock(&file);
	assert_true(file_unlock(&file));
	close(context);
	close(faults);
	file_drop(&file);
}

/* So many segments that their table and the scatter list are large. */
static void many_segments(void **state)
{
	struct program *program = program_new();
	static uint8_t memory[3000];
	struct series series = { .nth = 1 };
	int faults = faults_on(), context = zcx_open();
	struct round round;
	struct vfile file;
	unsigned int i;

	(void)state;
	content_fill(7, 0, memory, sizeof(memory));
	file_make(&file, DIR_EXT4, 40001);
	for (i = 0; i < 20; i++) {
		program_memory(program, memory, sizeof(memory) - i);
		program_file(program, &file, i * 2000, 3);
	}
	do {
		const char *problem;

		run_round(&round, &series, program, faults, context,
			  &warm_tcp);
		problem = check_round(&round, program, false);
		if (problem)
			fail_round(&series, &round, problem);
	} while (series_next(&series, round.hit));
	series_end(&series);
	close(context);
	close(faults);
	file_drop(&file);
}

static void open_device(void **state)
{
	static const int allowed[] = { ENOMEM, EFAULT, ENFILE };
	struct series series = { .nth = 1 };
	int faults = faults_on();
	bool hit;

	(void)state;
	do {
		unsigned int fds = guest_count_fds();
		struct zcx_info info = { .size = sizeof(info) };
		int fd, err;

		fault_arm(faults, series.nth);
		fd = open(ZCX_DEVICE, O_RDWR | O_CLOEXEC);
		err = errno;
		hit = fault_hit(faults);
		if (fd < 0) {
			assert_true(hit);
			assert_true(among(err, allowed, ARRAY_SIZE(allowed)));
		} else {
			assert_int_equal(zcx_call(fd, ZCX_IOC_INFO, &info), 0);
			close(fd);
		}
		assert_int_equal(guest_count_fds(), fds);
	} while (series_next(&series, hit));
	series_end(&series);
	close(faults);
}

static void info(void **state)
{
	struct series series = { .nth = 1 };
	int faults = faults_on(), context = zcx_open();
	bool hit;

	(void)state;
	do {
		struct zcx_info info = { .size = sizeof(info) };
		int err;

		fault_arm(faults, series.nth);
		err = zcx_call(context, ZCX_IOC_INFO, &info);
		hit = fault_hit(faults);
		assert_int_equal(err, hit ? -EFAULT : 0);
		assert_int_equal(info.abi_version,
				 hit ? 0 : ZCX_ABI_VERSION);
	} while (series_next(&series, hit));
	/* The struct is copied in, and copied out. */
	assert_int_equal(series.hits, 2);
	close(context);
	close(faults);
}

/* What zcx itself asks for when it is loaded. */
static void load_module(void **state)
{
	struct series series = { .nth = 1 };
	int faults = faults_on();
	bool hit;

	(void)state;
	faults_in_modules();
	test_at_end(guest_restore_zcx, NULL);
	guest_wait_unused();
	assert_int_equal(guest_rmmod(), 0);
	do {
		int ko = open(getenv("ZCX_KO"), O_RDONLY | O_CLOEXEC);
		int err;

		assert_true(ko >= 0);
		fault_arm(faults, series.nth);
		err = syscall(SYS_finit_module, ko, "", 0) ? errno : 0;
		hit = fault_hit(faults);
		close(ko);
		if (err) {
			assert_true(hit);
			/* EBUSY: misc_register() has no number to give. */
			assert_true(err == ENOMEM || err == EBUSY);
			assert_false(guest_has_zcx());
			assert_int_not_equal(access(ZCX_DEVICE, F_OK), 0);
			assert_int_not_equal(access(DEBUGFS "zcx", F_OK), 0);
		} else {
			assert_int_equal(access(ZCX_DEVICE, F_OK), 0);
			close(zcx_open());
			assert_int_equal(guest_rmmod(), 0);
		}
	} while (series_next(&series, hit));
	series_end(&series);
	close(faults);
	assert_int_equal(guest_insmod(getenv("ZCX_KO"), ""), 0);
	close(zcx_open());
}

/*
 * Faults at random, in the thread that sends: sooner or later several of them
 * in one call.
 */
static void at_random(void **state)
{
	const struct link_case *given = *state;
	struct program *program = program_new();
	struct series series = { .nth = 1 };
	unsigned int i, hits = 0, rounds = 400;
	uint64_t seed = 20;
	int faults = faults_on(), context;
	struct round round;
	struct vfile file;

	context = zcx_open();
	file_make(&file, DIR_EXT4, 700001);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	for (i = 0; i < rounds; i++) {
		const struct link_case *lc;
		const char *problem;

		series.nth = 1 + content_random(&seed) % 600;
		if (i % 2 || given)
			file_make_cold(&file);
		if (given)
			lc = given;
		else
			lc = i % 3 ? &warm_tcp : &warm_unix;
		run_round(&round, &series, program, faults, context, lc);
		problem = check_round(&round, program, false);
		if (problem)
			fail_round(&series, &round, problem);
		hits += round.hit;
	}
	print_message("%u faults in %u rounds\n", hits, rounds);
	assert_true(hits > 0);
	close(context);
	close(faults);
	file_drop(&file);
}

/* Disks that fail */

/* Send what there is; @good bytes go, then the file cannot be read. */
static void assert_eio(const struct program *program, uint64_t good,
		       enum pair_kind kind)
{
	struct exchange x = {
		.program = program,
		.kind = kind,
		.error = EIO,
		.good = good,
	};

	exchange_run(&x);
}

/* The disk fails this task's requests, and no one else's. */
static void disk_fails(bool on)
{
	assert_int_equal(guest_write("/proc/self/make-it-fail",
				     on ? "1" : "0"), 0);
}

static void request_fails(void **state)
{
	const char *dir = *state;
	struct program *program = program_new();
	struct vfile file;
	enum pair_kind kind;

	guest_need_mount(dir);
	need("/sys/block/vda/make-it-fail", "1");
	need(DEBUGFS "fail_make_request/verbose", "0");
	need(DEBUGFS "fail_make_request/task-filter", "1");
	need(DEBUGFS "fail_make_request/times", "-1");
	need(DEBUGFS "fail_make_request/interval", "1");
	need(DEBUGFS "fail_make_request/probability", "100");
	file_make(&file, dir, MIB + 17);
	program_file(program, &file, 0, ZCX_TO_EOF);
	for (kind = PAIR_TCP4; kind <= PAIR_UNIX; kind++) {
		fsync(file.fd);
		guest_drop_caches();
		disk_fails(true);
		assert_eio(program, 0, kind);
		disk_fails(false);

		/* Nothing remembers the error: it is read, and sent. */
		exchange_simply(program, kind);

		guest_drop_caches();
		file_warm(&file, 0, 256 * KIB);
		disk_fails(true);
		assert_eio(program, 256 * KIB, kind);
		disk_fails(false);
		exchange_simply(program, kind);
	}
	file_assert_unchanged(&file);
	file_drop(&file);
}

static void disk_dies(void **state)
{
	static char dir[] = "/tmp/zcx-dying";
	struct program *program = program_new();
	struct vfile whole, file;
	char linear[32];
	uint64_t good;

	(void)state;
	guest_need_mount(DIR_SQUASHFS);
	file_take(&whole, DIR_SQUASHFS "/big.bin", false);
	mapped_open("/dev/vdd", linear);
	mapped_mount(dir, "squashfs");

	/* Open it and know its blocks while the disk is well. */
	file = whole;
	file.fd = open("/tmp/zcx-dying/big.bin", O_RDONLY | O_CLOEXEC);
	assert_true(file.fd >= 0);
	file_warm(&file, 0, 256 * KIB);
	good = file_resident(&file) * 4096;
	assert_in_range(good, 256 * KIB, file.size - MIB);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);

	mapped_table("error", "");
	assert_eio(program, 6 + good, PAIR_TCP4);
	assert_eio(program, 6 + good, PAIR_UNIX);
	program_clear(program);
	program_file(program, &file, good, ZCX_TO_EOF);
	assert_eio(program, 0, PAIR_TCP4);

	mapped_table("linear", linear);
	/* Nothing of ours holds the filesystem, which remembers its errors. */
	close(file.fd);
	assert_int_equal(umount(dir), 0);
	assert_int_equal(mount(mapped_path(), dir, "squashfs", MS_RDONLY, NULL),
			 0);
	file.fd = open("/tmp/zcx-dying/big.bin", O_RDONLY | O_CLOEXEC);
	assert_true(file.fd >= 0);
	exchange_simply(program, PAIR_TCP4);
	close(file.fd);
	file_drop(&whole);
	assert_int_equal(umount(dir), 0);
}

static const struct link_case warm_ktls = { .dir = DIR_EXT4, .kind = &ktls },
	cold_tcp = { .dir = DIR_EXT4, .kind = &tcp4, .cold = true,
		     .lane = ZCX_LANE_CACHE },
	cold_xfs = { .dir = DIR_XFS, .kind = &tcp4, .cold = true,
		     .lane = ZCX_LANE_CACHE },
	cold_btrfs = { .dir = DIR_BTRFS, .kind = &tcp4, .cold = true },
	to_device = { .dir = DIR_XFS, .kind = &device },
	tmpfs = { .dir = DIR_TMPFS, .kind = &unix_stream },
	splice_tcp = { .dir = DIR_OVERLAY, .kind = &tcp4 },
	splice_cold = { .dir = DIR_OVERLAY, .kind = &unix_stream,
			.cold = true },
	direct_tcp = { .dir = DIR_EXT4, .kind = &tcp4, .cold = true,
		       .lane = ZCX_LANE_DIRECT },
	direct_unix = { .dir = DIR_XFS, .kind = &unix_stream, .cold = true,
			.lane = ZCX_LANE_DIRECT },
	direct_btrfs = { .dir = DIR_BTRFS, .kind = &tcp4, .cold = true,
			 .lane = ZCX_LANE_DIRECT },
	direct_device = { .dir = DIR_XFS, .kind = &device, .cold = true,
			  .lane = ZCX_LANE_DIRECT };

#define LINKS(name, lc, debug, what) FAULTS("fault_link_" name, lc, debug, what)
#define FAULTS(name, lc, debug, what) \
	{ name, links, &(lc), "never", debug, "std", 60, \
	  "each fault of a link: " what }

const struct vm_test fault_tests[] = {
	LINKS("tcp", warm_tcp, "test", "warm ext4 file, TCP"),
	LINKS("unix", warm_unix, "test", "warm ext4 file, AF_UNIX"),
	LINKS("ktls", warm_ktls, "test", "warm ext4 file, kernel TLS"),
	LINKS("cold", cold_tcp, "test", "cold ext4 file, TCP"),
	LINKS("cold_xfs", cold_xfs, "all", "cold XFS file, TCP"),
	LINKS("cold_btrfs", cold_btrfs, "all", "cold btrfs file, TCP"),
	LINKS("tmpfs", tmpfs, "test", "tmpfs file, AF_UNIX"),
	LINKS("splice", splice_tcp, "test", "warm file by splice, TCP"),
	LINKS("splice_cold", splice_cold, "all",
	      "cold file by splice, AF_UNIX"),
	FAULTS("direct_fault_tcp", direct_tcp, "test",
	       "cold ext4 file, direct, TCP"),
	FAULTS("direct_fault_unix", direct_unix, "all",
	       "cold XFS file, direct, AF_UNIX"),
	FAULTS("direct_fault_btrfs", direct_btrfs, "all",
	       "cold btrfs file, direct, TCP"),
	{ "direct_fault_device", links, &direct_device, "never", "all",
	  "device", 60, "each fault of a link: direct, over a device" },
	{ "fault_link_device", links, &to_device, "never", "test", "device",
	  60, "each fault of a link: warm XFS file, TCP over a device" },
	{ "fault_many_segments", many_segments, NULL, "never", "test", "std",
	  60, "each fault of a link of 40 segments" },
	{ "fault_open", open_device, NULL, "never", "test", "std", 60,
	  "each fault of open(2)" },
	{ "fault_info", info, NULL, "never", "test", "std", 30,
	  "each fault of INFO" },
	{ "fault_module", load_module, NULL, "never", "test", "std", 90,
	  "each fault of zcx's own while it is loaded" },
	{ "fault_random", at_random, NULL, "never", "all", "std", 120,
	  "random faults of links of several batches" },
	{ "direct_fault_random", at_random, &direct_tcp, "never", "all", "std",
	  120, "random faults of links of several batches, direct" },
	{ "fault_request_ext4", request_fails, DIR_EXT4, "never", "test",
	  "std", 60, "failed disk requests: EIO after the good bytes" },
	{ "fault_request_overlay", request_fails, DIR_OVERLAY, "never", "all",
	  "std", 60, "the same by the splice lane" },
	{ "fault_disk_dies", disk_dies, NULL, "test", "test", "std", 60,
	  "a disk that dies: EIO after the good bytes" },
	{ 0 }
};
