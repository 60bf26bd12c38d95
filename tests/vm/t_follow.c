// SPDX-License-Identifier: GPL-2.0
/* Links that follow a file: what is appended to it is sent too. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "async.h"
#include "content.h"
#include "guest.h"
#include "vmtest.h"

static const enum pair_kind tcp4 = PAIR_TCP4, unix_stream = PAIR_UNIX,
			    ktls = PAIR_KTLS;

#define FIRST	5001

/**
 * struct pursuit - a file that grows, and a link that follows it
 * @file: as long as it is now
 * @writable: open for writing
 * @pair: where the link goes to
 * @receiver: reads all along; looks only at the seed of @file
 * @context: its own
 * @id: of the link
 */
struct pursuit {
	struct vfile file;
	int writable;
	struct pair pair;
	struct receiver receiver;
	int context;
	uint64_t id;
};

/* The file's bytes follow from its seed, however long it will be. */
static size_t check(void *arg, uint64_t offset, const uint8_t *buf,
		    size_t length)
{
	static const char header[] = "header";
	struct pursuit *p = arg;
	uint8_t want[4096];
	size_t done = 0;

	for (; done < length && offset + done < 6; done++)
		if (buf[done] != header[offset + done])
			return done;
	while (done < length) {
		size_t n = MIN(length - done, sizeof(want)), same;

		content_fill(p->file.seed, offset + done - 6, want, n);
		same = content_diff(buf + done, want, n);
		done += same;
		if (same < n)
			break;
	}
	return done;
}

static void pursuit_open(struct pursuit *p, const char *dir,
			 enum pair_kind kind, uint64_t deadline_ns)
{
	struct zcx_info info = { .size = sizeof(info) };
	struct program *program = program_new();
	struct zcx_link link;

	memset(p, 0, sizeof(*p));
	guest_need_mount(dir);
	p->context = zcx_open();
	assert_int_equal(zcx_call(p->context, ZCX_IOC_INFO, &info), 0);
	if (!(info.features & ZCX_FEATURE_FOLLOW))
		test_skip("the kernel has no fsnotify");
	pair_open(&p->pair, kind, 0, 0);
	file_make(&p->file, dir, FIRST);
	p->writable = file_open_writable(&p->file);
	p->receiver = (struct receiver) {
		.fd = p->pair.rx,
		.check = check,
		.check_arg = p,
	};
	assert_int_equal(receiver_start(&p->receiver), 0);
	program_memory(program, "header", 6);
	program_file(program, &p->file, 0, ZCX_TO_EOF);
	async_prepare(&link, p->pair.tx, program);
	link.flags = ZCX_LINK_FOLLOW;
	link.deadline_ns = deadline_ns;
	p->id = async_submit(p->context, &link);
}

/* All there is now arrives, and the link waits for more. */
static void pursuit_caught_up(struct pursuit *p)
{
	if (!receiver_wait_bytes(&p->receiver, 6 + p->file.size))
		fail_msg("%llu bytes of %llu arrived",
			 (unsigned long long)p->receiver.bytes,
			 (unsigned long long)p->file.size + 6);
	async_waits(p->context, p->id, ZCX_WAIT_GROWTH);
	assert_int_equal(p->receiver.bytes, 6 + p->file.size);
}

static void pursuit_append(struct pursuit *p, uint64_t length)
{
	/* One extent of the one content, longer than before. */
	p->file.extents = 0;
	file_put(&p->file, p->file.size, p->file.size + length);
	p->file.size += length;
	p->file.extents = 1;
	p->file.data[0].from = 0;
	p->file.data[0].to = p->file.size;
}

static void pursuit_ends(struct pursuit *p, uint32_t state, uint32_t error,
			 uint64_t bytes)
{
	uint64_t sent = async_ends(p->context, p->id, state, error);

	assert_int_equal(sent, bytes);
	close(p->pair.tx);
	p->pair.tx = -1;
	receiver_join(&p->receiver);
	assert_int_equal(p->receiver.error, 0);
	assert_int_equal(p->receiver.wrong_at, -1);
	assert_int_equal(p->receiver.bytes, bytes);
	pair_close(&p->pair);
	async_quiet(p->context);
	close(p->context);
	if (p->writable >= 0)
		close(p->writable);
	file_drop(&p->file);
}

/**
 * struct follow_case - which file, over which socket
 * @dir: where the file is
 * @kind: of the socket
 */
struct follow_case {
	const char *dir;
	const enum pair_kind *kind;
};

static void appended(void **state)
{
	static const uint64_t length[] = {
		1, 4095, 1, 8192, 70000, 1, 300001, 3,
	};
	const struct follow_case *fc = *state;
	struct pursuit p;
	unsigned int i;

	pursuit_open(&p, fc->dir, *fc->kind, 0);
	pursuit_caught_up(&p);
	for (i = 0; i < ARRAY_SIZE(length); i++) {
		pursuit_append(&p, length[i]);
		pursuit_caught_up(&p);
	}
	assert_int_equal(async_control(p.context, ZCX_IOC_CANCEL, p.id), 0);
	pursuit_ends(&p, ZCX_STATE_CANCELLED, ECANCELED, 6 + p.file.size);
}

/* Faster than it can be followed; in pieces of a line of a log. */
static void log_lines(void **state)
{
	const struct follow_case *fc = *state;
	struct pursuit p;
	unsigned int i;

	pursuit_open(&p, fc->dir, *fc->kind, 0);
	for (i = 0; i < guest_pick(2000, 300); i++)
		pursuit_append(&p, 1 + i % 200);
	pursuit_caught_up(&p);
	assert_int_equal(async_control(p.context, ZCX_IOC_CANCEL, p.id), 0);
	pursuit_ends(&p, ZCX_STATE_CANCELLED, ECANCELED, 6 + p.file.size);
}

static void deadline(void **state)
{
	struct pursuit p;

	(void)state;
	/* In which all there is is sent, on any machine. */
	pursuit_open(&p, DIR_EXT4, PAIR_TCP4, 5000000000ULL);
	pursuit_ends(&p, ZCX_STATE_FAILED, ETIMEDOUT, 6 + p.file.size);
}

/* Cut off to less than was sent. */
static void cut_off(void **state)
{
	const struct follow_case *fc = *state;
	struct pursuit p;

	pursuit_open(&p, fc->dir, *fc->kind, 0);
	pursuit_append(&p, 10000);
	pursuit_caught_up(&p);
	assert_int_equal(ftruncate(p.writable, 100), 0);
	pursuit_ends(&p, ZCX_STATE_SHORT, 0, 6 + p.file.size);
}

/* The name goes, and the last writer goes: there is nothing to come. */
static void unlinked(void **state)
{
	const struct follow_case *fc = *state;
	struct pursuit p;

	pursuit_open(&p, fc->dir, *fc->kind, 0);
	pursuit_caught_up(&p);
	assert_int_equal(unlink(p.file.path), 0);
	/* It is still being written to. */
	pursuit_append(&p, 4321);
	pursuit_caught_up(&p);
	close(p.writable);
	p.writable = -1;
	pursuit_ends(&p, ZCX_STATE_SENT, 0, 6 + p.file.size);
}

/* The other way round: no writer, and then no name. */
static void closed_unlinked(void **state)
{
	const struct follow_case *fc = *state;
	struct pursuit p;

	pursuit_open(&p, fc->dir, *fc->kind, 0);
	close(p.writable);
	p.writable = -1;
	pursuit_caught_up(&p);
	pursuit_append(&p, 777);
	pursuit_caught_up(&p);
	assert_int_equal(unlink(p.file.path), 0);
	pursuit_ends(&p, ZCX_STATE_SENT, 0, 6 + p.file.size);
}

/* Made longer, and then written through a mapping, while it is paused. */
static void mapped_writer(void **state)
{
	uint64_t size, more = 3000;
	struct pursuit p;
	uint8_t *map;

	(void)state;
	pursuit_open(&p, DIR_EXT4, PAIR_TCP4, 0);
	pursuit_caught_up(&p);
	assert_int_equal(async_control(p.context, ZCX_IOC_PAUSE, p.id), 0);
	async_waits(p.context, p.id, ZCX_WAIT_PAUSED);
	size = p.file.size;
	assert_int_equal(ftruncate(p.writable, size + more), 0);
	map = mmap(NULL, size + more, PROT_READ | PROT_WRITE, MAP_SHARED,
		   p.writable, 0);
	assert_true(map != MAP_FAILED);
	content_fill(p.file.seed, size, map + size, more);
	munmap(map, size + more);
	p.file.size += more;
	p.file.data[0].to = p.file.size;
	assert_int_equal(async_control(p.context, ZCX_IOC_RESUME, p.id), 0);
	pursuit_caught_up(&p);
	assert_int_equal(async_control(p.context, ZCX_IOC_CANCEL, p.id), 0);
	pursuit_ends(&p, ZCX_STATE_CANCELLED, ECANCELED, 6 + p.file.size);
}

/* Paused while it waits for growth; and with a line behind it. */
static void in_line(void **state)
{
	struct program *program = program_new();
	struct pursuit p;
	uint64_t behind;

	(void)state;
	pursuit_open(&p, DIR_EXT4, PAIR_TCP4, 0);
	pursuit_caught_up(&p);
	program_memory(program, "behind", 6);
	behind = async_send(p.context, p.pair.tx, program);
	async_waits(p.context, behind, ZCX_WAIT_TURN);
	pursuit_append(&p, 100);
	pursuit_caught_up(&p);
	assert_int_equal(async_control(p.context, ZCX_IOC_PAUSE, p.id), 0);
	async_waits(p.context, p.id, ZCX_WAIT_PAUSED);
	pursuit_append(&p, 100);
	assert_int_equal(p.receiver.bytes, 6 + p.file.size - 100);
	assert_int_equal(async_control(p.context, ZCX_IOC_RESUME, p.id), 0);
	pursuit_caught_up(&p);
	async_waits(p.context, behind, ZCX_WAIT_TURN);
	/* CANCEL is no way to end whole: the line breaks. */
	assert_int_equal(async_control(p.context, ZCX_IOC_CANCEL, p.id), 0);
	assert_int_equal(async_ends(p.context, p.id, ZCX_STATE_CANCELLED,
				    ECANCELED), 6 + p.file.size);
	p.id = behind;
	assert_int_equal(async_ends(p.context, behind, ZCX_STATE_CANCELLED,
				    ECANCELED), 0);
	close(p.pair.tx);
	p.pair.tx = -1;
	receiver_join(&p.receiver);
	assert_int_equal(p.receiver.wrong_at, -1);
	assert_int_equal(p.receiver.bytes, 6 + p.file.size);
	pair_close(&p.pair);
	close(p.context);
	close(p.writable);
	file_drop(&p.file);
}

/* What can't be followed. */
static void refused(void **state)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_link link;
	struct vfile file;
	struct pair pair;
	int err;

	(void)state;
	pair_open(&pair, PAIR_TCP4, 0, 0);
	file_make(&file, DIR_EXT4, FIRST);
	program_memory(program, "memory", 6);
	async_prepare(&link, pair.tx, program);
	link.flags = ZCX_LINK_FOLLOW;
	err = link_send(context, &link);
	assert_int_equal(err, -EINVAL);
	program_file(program, &file, 0, FIRST);
	async_prepare(&link, pair.tx, program);
	link.flags = ZCX_LINK_FOLLOW;
	assert_int_equal(link_send(context, &link), -EINVAL);
	program_clear(program);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	async_prepare(&link, pair.tx, program);
	link.flags = ZCX_LINK_FOLLOW;
	assert_int_equal(link_send(context, &link), -EINVAL);
	async_quiet(context);
	assert_int_equal(pair_readable(pair.rx), 0);
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

/* Many follow one file; the context is closed under them. */
static void closed(void **state)
{
	enum { FOLLOWERS = 50 };
	static struct pair pair[FOLLOWERS];
	struct program *program = program_new();
	int context = zcx_open(), i, err = 0;
	struct zcx_link link;
	struct vfile file;

	(void)state;
	file_make(&file, DIR_EXT4, FIRST);
	file_lock(&file);
	program_file(program, &file, 0, ZCX_TO_EOF);
	for (i = 0; i < FOLLOWERS; i++) {
		pair_open(&pair[i], PAIR_UNIX, 0, 0);
		async_prepare(&link, pair[i].tx, program);
		link.flags = ZCX_LINK_FOLLOW;
		async_submit(context, &link);
	}
	for (i = 0; i < FOLLOWERS; i++)
		async_waits(context, i + 1, ZCX_WAIT_GROWTH);
	close(context);
	for (i = 0; i < FOLLOWERS; i++) {
		close(pair[i].tx);
		pair[i].tx = -1;
		assert_int_equal(pair_drain(pair[i].rx), FIRST);
		pair_close(&pair[i]);
	}
	assert_true(file_unlock(&file));
	file_drop(&file);
	test_at_end(guest_restore_zcx, NULL);
	for (i = 0; i < (int)GUEST_PATIENCE_MS / 20; i++) {
		err = guest_rmmod();
		if (err != -EWOULDBLOCK)
			break;
		guest_sleep_ms(20);
	}
	assert_int_equal(err, 0);
	guest_restore_zcx(NULL);
}

static const struct follow_case ext4_tcp = { DIR_EXT4, &tcp4 },
	ext4_unix = { DIR_EXT4, &unix_stream },
	ext4_ktls = { DIR_EXT4, &ktls },
	xfs_tcp = { DIR_XFS, &tcp4 },
	btrfs_tcp = { DIR_BTRFS, &tcp4 },
	tmpfs_unix = { DIR_TMPFS, &unix_stream },
	overlay_tcp = { DIR_OVERLAY, &tcp4 };

const struct vm_test follow_tests[] = {
	{ "follow_append_ext4", appended, &ext4_tcp, "test", "all", "std",
	  60, "what is appended arrives: ext4, TCP" },
	{ "follow_append_unix", appended, &ext4_unix, "all", "all", "std", 60,
	  "the same over AF_UNIX" },
	{ "follow_append_ktls", appended, &ext4_ktls, "all", "all", "std", 60,
	  "the same over TLS" },
	{ "follow_append_xfs", appended, &xfs_tcp, "all", "all", "std", 60,
	  "the same on XFS" },
	{ "follow_append_btrfs", appended, &btrfs_tcp, "all", "all", "std",
	  60, "the same on btrfs" },
	{ "follow_append_tmpfs", appended, &tmpfs_unix, "all", "all", "std",
	  60, "the same on tmpfs" },
	{ "follow_append_overlay", appended, &overlay_tcp, "all", "all",
	  "std", 60, "the same by the splice lane" },
	{ "follow_log", log_lines, &ext4_tcp, "all", "all", "std", 60,
	  "2000 lines, as fast as they can be written" },
	{ "follow_deadline", deadline, NULL, "all", "all", "std", 30,
	  "a deadline ends it" },
	{ "follow_cut_off", cut_off, &ext4_tcp, "all", "all", "std", 30,
	  "cut off to less than was sent: SHORT" },
	{ "follow_cut_off_overlay", cut_off, &overlay_tcp, "all", "all",
	  "std", 30, "the same by the splice lane" },
	{ "follow_unlinked", unlinked, &ext4_tcp, "all", "all", "std", 30,
	  "no name, and then no writer: SENT" },
	{ "follow_unlinked_tmpfs", unlinked, &tmpfs_unix, "all", "all", "std",
	  30, "the same on tmpfs" },
	{ "follow_closed_unlinked", closed_unlinked, &ext4_tcp, "all", "all",
	  "std", 30, "no writer, and then no name: SENT" },
	{ "follow_in_line", in_line, NULL, "all", "all", "std", 30,
	  "a line behind it, and PAUSE" },
	{ "follow_refused", refused, NULL, "all", "all", "std", 30,
	  "links that have nothing to follow" },
	{ "follow_closed", closed, NULL, "all", "all", "std", 60,
	  "50 follow one file, and their context is closed" },
	{ "follow_mapped", mapped_writer, NULL, "all", "all", "std", 60,
	  "what is written through a mapping" },
	{ 0 }
};
