// SPDX-License-Identifier: GPL-2.0
/*
 * The direct lane and disks of all sorts: with large sectors and small blocks,
 * with a block that is bad, slow ones, and ones that answer nothing; and
 * filesystems that have no direct I/O to rely on.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "async.h"
#include "content.h"
#include "direct.h"
#include "guest.h"
#include "mapped.h"
#include "vmtest.h"

#define DIR_MAPPED	"/tmp/zcx-mapped"
#define PAGE		4096

/**
 * struct format - a filesystem on a disk of one's own
 * @type: of the filesystem
 * @mkfs: how it is made
 * @sector: bytes of the disk's
 * @bytes: of the disk
 */
struct format {
	const char *type;
	const char *mkfs;
	unsigned int sector;
	uint64_t bytes;
};

#define MKFS_EXT4	"/bin/mkfs.ext4 -q -F -m 0"
#define MKFS_XFS	"/bin/mkfs.xfs -q -f"

static const struct format ext4_4096 = { "ext4", MKFS_EXT4 " -b 4096", 4096,
					 64 * MIB },
	ext4_512 = { "ext4", MKFS_EXT4 " -b 4096", 512, 64 * MIB },
	ext4_small = { "ext4", MKFS_EXT4 " -b 1024", 512, 64 * MIB },
	xfs_4096 = { "xfs", MKFS_XFS " -s size=4096", 4096, 400 * MIB },
	xfs_512 = { "xfs", MKFS_XFS, 512, 400 * MIB },
	xfs_small = { "xfs", MKFS_XFS " -b size=1024", 512, 400 * MIB };

/* @linear is what mapped_table() takes for a disk that is well. */
static void disk_open(const struct format *format, char linear[32])
{
	mapped_make(DIR_XFS, format->bytes, format->sector, linear);
	mapped_format(format->mkfs);
	mapped_mount(DIR_MAPPED, format->type);
}

static void sectors(void **state)
{
	struct direct_way way = { .dir = DIR_MAPPED, .kind = PAIR_TCP4 };
	char linear[32];

	disk_open(*state, linear);
	direct_random_ranges(&way, guest_pick(60, 20));
	way.async = true;
	way.kind = PAIR_UNIX;
	direct_random_ranges(&way, guest_pick(60, 20));
	mapped_umount(DIR_MAPPED);
}

/* Where page @page of @file is on its disk, in sectors of 512 bytes. */
static uint64_t place_of(const struct vfile *file, unsigned int page)
{
	int block = page, size;

	assert_int_equal(ioctl(file->fd, FIGETBSZ, &size), 0);
	assert_int_equal(size, PAGE);
	if (ioctl(file->fd, FIBMAP, &block))
		fail_msg("FIBMAP: %s", strerror(errno));
	assert_true(block > 0);
	return (uint64_t)block * (PAGE / 512);
}

/* The disk is well but for the page of the file at sector @bad. */
static void spoil(const char *linear, uint64_t bad)
{
	struct mapped_target target[3] = {
		{ .sectors = bad, .type = "linear" },
		{ .sectors = PAGE / 512, .type = "error" },
		{ .type = "linear" },
	};
	unsigned int minor = 0;

	sscanf(linear, "7:%u", &minor);
	target[2].sectors = mapped_sectors() - bad - PAGE / 512;
	snprintf(target[0].parameters, sizeof(target[0].parameters), "7:%u 0",
		 minor);
	snprintf(target[2].parameters, sizeof(target[2].parameters), "7:%u %llu",
		 minor, (unsigned long long)(bad + PAGE / 512));
	mapped_targets(target, 3);
}

static void fails(const struct program *program, uint64_t good,
		  enum pair_kind kind, bool async)
{
	struct exchange x = {
		.program = program,
		.lane = ZCX_LANE_DIRECT,
		.kind = kind,
		.async = async,
		.error = EIO,
		.good = good,
	};

	exchange_run(&x);
}

/*
 * One bad page, at the beginning, in the middle, or at the end: all before it
 * arrives, and what comes behind it in the same read does not.
 */
static void bad_page(void **state)
{
	static const unsigned int pages[] = { 0, 1, 643, 1023 };
	struct direct_way way = { .dir = DIR_MAPPED, .kind = PAIR_TCP4 };
	struct program *program = program_new();
	struct vfile file;
	char linear[32];
	unsigned int i;

	disk_open(*state, linear);
	file_make(&file, DIR_MAPPED, 1024 * PAGE);
	file_chill(&file);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		uint64_t good = (uint64_t)pages[i] * PAGE;

		program_clear(program);
		program_memory(program, "header", 6);
		program_file(program, &file, 0, ZCX_TO_EOF);
		program_memory(program, "trailer", 7);
		spoil(linear, place_of(&file, pages[i]));
		fails(program, 6 + good, PAIR_TCP4, false);
		file_chill(&file);
		fails(program, 6 + good, PAIR_UNIX, true);
		file_chill(&file);

		/* From within the bad page on: none. */
		program_clear(program);
		program_file(program, &file, good + 5, 5000);
		fails(program, 0, PAIR_UNIX, false);
		fails(program, 0, PAIR_TCP4, true);

		/* Nothing remembers it once the disk is well. */
		mapped_table("linear", linear);
		file_chill(&file);
		program_clear(program);
		program_file(program, &file, 1, ZCX_TO_EOF);
		way.async = i % 2;
		direct_send(program, &way);
	}
	file_assert_unchanged(&file);
	file_drop(&file);
	mapped_umount(DIR_MAPPED);
}

/* Disks that answer nothing, or late */

/**
 * struct late - links of one file on a disk of one's own
 * @linear: what the disk is mapped to
 * @file: cold
 * @program: all of it
 * @pair: of each link
 * @receiver: of each
 * @id: of each
 * @count: how many
 * @context: of all
 */
struct late {
	char linear[32];
	struct vfile file;
	struct program *program;
	struct pair pair[20];
	struct receiver receiver[20];
	uint64_t id[20];
	unsigned int count;
	int context;
};

static void late_open(struct late *late, unsigned int count)
{
	unsigned int i;

	memset(late, 0, sizeof(*late));
	late->count = count;
	late->context = zcx_open();
	late->program = program_new();
	disk_open(&ext4_512, late->linear);
	file_make(&late->file, DIR_MAPPED, guest_pick(8 * MIB, 2 * MIB) + 77);
	file_chill(&late->file);
	program_file(late->program, &late->file, 0, ZCX_TO_EOF);
	for (i = 0; i < count; i++)
		pair_open(&late->pair[i], i % 2 ? PAIR_UNIX : PAIR_TCP4, 0, 0);
}

static void late_submit(struct late *late, unsigned int i)
{
	struct zcx_link link;

	late->receiver[i] = (struct receiver) {
		.fd = late->pair[i].rx,
		.expect = late->program,
	};
	assert_int_equal(receiver_start(&late->receiver[i]), 0);
	async_prepare(&link, late->pair[i].tx, late->program);
	link.lane = ZCX_LANE_DIRECT;
	late->id[i] = async_submit(late->context, &link);
}

/* @bytes of it have arrived when the socket is closed. */
static void late_arrives(struct late *late, unsigned int i, uint64_t bytes)
{
	receiver_wait_bytes(&late->receiver[i], bytes);
	close(late->pair[i].tx);
	late->pair[i].tx = -1;
	receiver_join(&late->receiver[i]);
	assert_int_equal(late->receiver[i].error, 0);
	assert_int_equal(late->receiver[i].wrong_at, -1);
	assert_int_equal(late->receiver[i].bytes, bytes);
	pair_close(&late->pair[i]);
}

static void late_close(struct late *late)
{
	if (late->context >= 0) {
		async_quiet(late->context);
		close(late->context);
	}
	file_drop(&late->file);
	/* No read is on its way any more: nobody holds the disk. */
	mapped_umount(DIR_MAPPED);
}

/* Cold files of other disks go past the cache all the while. */
static void assert_others_go_direct(void)
{
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;

	file_make(&file, DIR_EXT4, 2 * MIB + 5);
	program_file(program, &file, 0, ZCX_TO_EOF);
	file_chill(&file);
	link = direct_send(program, &direct_ext4);
	direct_assert_all(&link, program, &file);
	link = direct_send(program, &direct_ext4_async);
	direct_assert_all(&link, program, &file);
	file_drop(&file);
}

static void stuck(void **state)
{
	static struct late late;
	unsigned int i;

	(void)state;
	late_open(&late, 20);
	mapped_suspend(true);
	for (i = 0; i < late.count; i++)
		late_submit(&late, i);
	for (i = 0; i < late.count; i++)
		async_waits(late.context, late.id[i], ZCX_WAIT_DISK);
	async_others_go(late.context);
	assert_others_go_direct();
	async_waits(late.context, late.id[0], ZCX_WAIT_DISK);
	mapped_suspend(false);
	for (i = 0; i < late.count; i++) {
		async_sent(late.context, late.id[i], late.program,
			   ZCX_STATE_SENT, 0);
		late_arrives(&late, i, late.program->bytes);
	}
	late_close(&late);
}

/* Reads that are on their way fill the module's memory: no link waits for them. */
static void cancelled(void **state)
{
	static struct late late;
	unsigned int i;

	(void)state;
	late_open(&late, 4);
	mapped_suspend(true);
	for (i = 0; i < late.count; i++) {
		late_submit(&late, i);
		async_waits(late.context, late.id[i], ZCX_WAIT_DISK);
	}
	for (i = 0; i < late.count; i++) {
		assert_int_equal(async_control(late.context, ZCX_IOC_CANCEL,
					       late.id[i]), 0);
		assert_int_equal(async_ends(late.context, late.id[i],
					    ZCX_STATE_CANCELLED, ECANCELED),
				 0);
		late_arrives(&late, i, 0);
	}
	async_quiet(late.context);
	assert_others_go_direct();
	mapped_suspend(false);
	late_close(&late);
}

/* The context goes; the module cannot, until the last read has come back. */
static void closed(void **state)
{
	static struct late late;
	unsigned int i;
	int err;

	(void)state;
	late_open(&late, 6);
	mapped_suspend(true);
	for (i = 0; i < late.count; i++) {
		late_submit(&late, i);
		async_waits(late.context, late.id[i], ZCX_WAIT_DISK);
	}
	close(late.context);
	late.context = -1;
	guest_sleep_ms(200);
	test_at_end(guest_restore_zcx, NULL);
	err = guest_rmmod();
	if (err && err != -EWOULDBLOCK)
		fail_msg("rmmod: %s", strerror(-err));
	guest_restore_zcx(NULL);
	mapped_suspend(false);
	/* Nothing of a link that nobody has any more. */
	for (i = 0; i < late.count; i++)
		late_arrives(&late, i, 0);
	late_close(&late);
	guest_assert_unloads();
}

/* Killed in the middle of a synchronous link, and with others on their way. */
static void killed(void **state)
{
	static struct late late;
	int status;
	pid_t pid;

	(void)state;
	late_open(&late, 2);
	mapped_suspend(true);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct zcx_link link;
		int context = zcx_try_open();

		async_prepare(&link, late.pair[0].tx, late.program);
		link.lane = ZCX_LANE_DIRECT;
		if (link_send(context, &link))
			_exit(1);
		link.flags = ZCX_LINK_SYNC;
		link.socket_fd = late.pair[1].tx;
		_exit(link_send(context, &link) ? 2 : 3);
	}
	guest_sleep_ms(500);
	assert_int_equal(kill(pid, SIGKILL), 0);
	guest_sleep_ms(100);
	mapped_suspend(false);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status))
		fail_msg("the child came to %d", WEXITSTATUS(status));
	pair_close(&late.pair[0]);
	pair_close(&late.pair[1]);
	late_close(&late);
	guest_assert_unloads();
}

/* Each read takes its time; some are cancelled while theirs are on their way. */
static void delayed(void **state)
{
	uint64_t random = 12;
	char parameters[48];
	static struct late late;
	unsigned int i;

	(void)state;
	guest_modprobe("dm-delay");
	late_open(&late, 20);
	snprintf(parameters, sizeof(parameters), "%s 300", late.linear);
	mapped_table("delay", parameters);
	for (i = 0; i < late.count; i++)
		late_submit(&late, i);
	async_others_go(late.context);
	assert_others_go_direct();
	for (i = 0; i < late.count; i += 2) {
		struct zcx_event event;
		int err;

		guest_sleep_ms(content_random(&random) % 300);
		err = async_control(late.context, ZCX_IOC_CANCEL, late.id[i]);
		/* ENOENT: its event was read while another's was looked for. */
		assert_true(!err || err == -EALREADY || err == -ENOENT);
		async_event_of(late.context, late.id[i], &event);
		if (!err)
			async_assert(&event, late.id[i], ZCX_STATE_CANCELLED,
				     ECANCELED);
		else
			async_assert(&event, late.id[i], ZCX_STATE_SENT, 0);
		late_arrives(&late, i, event.bytes_sent);
	}
	for (i = 1; i < late.count; i += 2) {
		async_sent(late.context, late.id[i], late.program,
			   ZCX_STATE_SENT, 0);
		late_arrives(&late, i, late.program->bytes);
	}
	mapped_table("linear", late.linear);
	late_close(&late);
}

/* Filesystems without it */

/* All goes through the page cache, which is as it was some seconds later. */
static void falls_back(void **state)
{
	struct direct_way way = { .dir = *state, .kind = PAIR_TCP4 };
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;
	unsigned int i;

	guest_need_mount(way.dir);
	file_make(&file, way.dir, 4 * MIB + 333);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	for (i = 0; i < 4; i++) {
		file_chill(&file);
		way.async = i % 2;
		way.kind = i / 2 ? PAIR_UNIX : PAIR_TCP4;
		link = direct_send(program, &way);
		assert_int_equal(link.bytes_direct, 0);
		assert_true(link.result_flags & ZCX_RESULT_NO_DIRECT);
		if (!file_becomes_resident(&file, 0))
			fail_msg("%zu pages stay in the cache",
				 file_resident(&file));
	}
	file_drop(&file);
}

/* What was in the cache before stays there. */
static void falls_back_partly(void **state)
{
	struct direct_way way = { .dir = *state, .kind = PAIR_TCP4 };
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;
	uint64_t resident;

	guest_need_mount(way.dir);
	file_make(&file, way.dir, 3 * MIB);
	file_chill(&file);
	resident = direct_warm_parts(&file, 256 * KIB);
	program_file(program, &file, 0, ZCX_TO_EOF);
	link = direct_send(program, &way);
	assert_int_equal(link.bytes_direct, 0);
	assert_true(link.result_flags & ZCX_RESULT_NO_DIRECT);
	if (!file_becomes_resident(&file, resident / PAGE))
		fail_msg("%zu pages are resident, %llu were",
			 file_resident(&file),
			 (unsigned long long)resident / PAGE);
	file_drop(&file);
}

/* Its pages are the file: there is nothing else to read, or to drop. */
static void in_memory(void **state)
{
	struct direct_way way = { .dir = *state, .kind = PAIR_TCP4 };
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;
	size_t pages;
	unsigned int i;

	if (strcmp(way.dir, DIR_MEMFD))
		guest_need_mount(way.dir);
	file_make_sparse(&file, way.dir, 4 * MIB + 5);
	file_put(&file, 70000, 2 * MIB + 1);
	pages = file_resident(&file);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	for (i = 0; i < 4; i++) {
		way.async = i % 2;
		way.kind = i / 2 ? PAIR_UNIX : PAIR_TCP4;
		link = direct_send(program, &way);
		assert_int_equal(link.bytes_direct, 0);
		assert_true(link.result_flags & ZCX_RESULT_NO_DIRECT);
	}
	guest_sleep_ms(2000);
	assert_int_equal(file_resident(&file), pages);
	file_assert_unchanged(&file);
	file_drop(&file);
}

/* The filesystem is asked for its bytes, whatever the link asks for. */
static void by_splice(void **state)
{
	struct direct_way way = { .dir = *state, .kind = PAIR_TCP4 };
	struct program *program = program_new();
	struct zcx_link link;
	struct vfile file;
	unsigned int i;

	guest_need_mount(way.dir);
	file_make(&file, way.dir, 2 * MIB + 333);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	for (i = 0; i < 4; i++) {
		file_make_cold(&file);
		way.async = i % 2;
		way.kind = i / 2 ? PAIR_UNIX : PAIR_TCP4;
		link = direct_send(program, &way);
		assert_int_equal(link.bytes_direct, 0);
		assert_int_equal(link.bytes_splice, file.size);
	}
	file_drop(&file);
}

#define DISK(name, run, arg, stock, debug, what) \
	{ "direct_" name, run, arg, stock, debug, "std", 90, what }

const struct vm_test direct_disk_tests[] = {
	DISK("sector4096_ext4", sectors, &ext4_4096, "all", "all",
	     "a disk with sectors of 4096 bytes, ext4"),
	DISK("sector4096_xfs", sectors, &xfs_4096, "all", "all",
	     "a disk with sectors of 4096 bytes, XFS"),
	DISK("sector512_ext4", sectors, &ext4_512, "all", "all",
	     "a disk with sectors of 512 bytes, ext4"),
	DISK("sector512_xfs", sectors, &xfs_512, "all", "all",
	     "a disk with sectors of 512 bytes, XFS"),
	DISK("block1024_ext4", sectors, &ext4_small, "all", "all",
	     "blocks smaller than a page, ext4"),
	DISK("block1024_xfs", sectors, &xfs_small, "all", "all",
	     "blocks smaller than a page, XFS"),
	DISK("eio_ext4", bad_page, &ext4_512, "test", "test",
	     "a bad block: EIO after the good bytes, on ext4"),
	DISK("eio_xfs", bad_page, &xfs_512, "all", "all",
	     "a bad block: EIO after the good bytes, on XFS"),
	DISK("stuck", stuck, NULL, "all", "all",
	     "a disk that answers nothing delays its own links only"),
	DISK("stuck_cancelled", cancelled, NULL, "all", "all",
	     "links are cancelled while their reads are on their way"),
	DISK("stuck_closed", closed, NULL, "all", "all",
	     "the context is closed while reads are on their way"),
	DISK("stuck_killed", killed, NULL, "all", "all",
	     "a process is killed while reads are on their way"),
	DISK("delayed", delayed, NULL, "all", "all",
	     "a slow disk, and links cancelled at any time"),
	DISK("btrfs", falls_back, DIR_BTRFS, "all", "all",
	     "btrfs: through the cache, which is left as it was"),
	DISK("btrfs_partly", falls_back_partly, DIR_BTRFS, "all", "all",
	     "btrfs: what was in the cache stays there"),
	DISK("tmpfs", in_memory, DIR_TMPFS, "all", "all",
	     "tmpfs has no direct I/O, and loses no page"),
	DISK("memfd", in_memory, DIR_MEMFD, "all", "all",
	     "a memfd has no direct I/O, and loses no page"),
	DISK("overlay", by_splice, DIR_OVERLAY, "all", "all",
	     "overlayfs is asked all the same"),
	DISK("fuse", by_splice, DIR_FUSE, "all", "all",
	     "FUSE is asked all the same"),
	{ 0 }
};
