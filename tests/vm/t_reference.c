// SPDX-License-Identifier: GPL-2.0
/* Nothing is kept: no file, no page, no socket, no module reference. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define OWN		"/tmp/zcx-own"

static char own[] = OWN;

static void undo_umount(void *arg)
{
	umount2(arg, MNT_DETACH);
	rmdir(arg);
}

static void mount_own(const char *source, const char *type, const char *data)
{
	mkdir(own, 0700);
	if (mount(source, own, type, MS_NOATIME, data))
		test_skip("no %s of one's own: %s", type, strerror(errno));
	test_at_end(undo_umount, own);
}

static char image[96];

static void undo_image(void *unused)
{
	(void)unused;
	guest_run("losetup -d $(losetup -a | grep '%s' | cut -d: -f1) 2>/dev/null",
		  image);
	unlink(image);
}

/* A small filesystem on a loop device, made on the spot. */
static void mount_ext4(void)
{
	char device[64];
	int fd;

	guest_modprobe("loop");
	snprintf(image, sizeof(image), "/mnt/tmpfs/image-%d", getpid());
	fd = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 64 * MIB), 0);
	close(fd);
	test_at_end(undo_image, NULL);
	if (guest_run("mke2fs -F %s >/dev/null 2>&1", image))
		test_skip("no mke2fs");
	if (guest_run("losetup -f > /tmp/zcx-loop && losetup $(cat /tmp/zcx-loop) %s",
		      image))
		test_skip("no loop device");
	assert_true(guest_read("/tmp/zcx-loop", device, sizeof(device)) > 0);
	device[strcspn(device, "\n")] = '\0';
	mount_own(device, "ext4", NULL);
}

/* Every kind of socket, every way for a link to end. */
static void send_all_ways(const struct vfile *file)
{
	struct program *program = program_new();
	int context = zcx_open();
	struct zcx_link link;
	struct pair pair;
	unsigned int kind;

	for (kind = PAIR_TCP4; kind <= PAIR_UNIX; kind++) {
		struct exchange x = {
			.program = program,
			.kind = kind,
			.context = context,
			.sndbuf = 32 * KIB,
		};

		program_clear(program);
		program_memory(program, "header", 6);
		program_file(program, file, 0, ZCX_TO_EOF);
		exchange_run(&x);

		/* Stopped after a part, with a batch gathered and not sent. */
		pair_open(&pair, kind, 32 * KIB, 32 * KIB);
		pair_set_nonblock(pair.tx, true);
		link_prepare(&link, pair.tx, program);
		assert_int_equal(link_send(context, &link), 0);
		assert_int_equal(link.error, EAGAIN);
		assert_true(link.bytes_sent < program->bytes);
		pair_close(&pair);

		/* Refused at the very end. */
		link_prepare(&link, -1, program);
		assert_int_equal(link_send(context, &link), -EBADF);

		/* SHORT. */
		program_file(program, file, 1, file->size);
		assert_true(program->is_short);
		exchange_run(&x);
	}
	close(context);
}

/* A file that anybody held would keep its filesystem busy. */
static void umount_after(void **state)
{
	struct vfile file;

	guest_need_mount(DIR_TMPFS);
	if (!strcmp(*state, "tmpfs"))
		mount_own("none", "tmpfs", "size=64m");
	else
		mount_ext4();
	file_make(&file, own, 2 * MIB + 5);
	send_all_ways(&file);
	file_make_cold(&file);
	send_all_ways(&file);
	file_drop(&file);
	if (umount(own))
		fail_msg("umount: %s", strerror(errno));
}

/* Bytes on their way hold pages, not the file: they arrive all the same. */
static void umount_behind(void **state)
{
	struct program *program = program_new();
	struct receiver receiver = { .expect = program };
	int context = zcx_open();
	struct zcx_link link;
	struct vfile file;
	struct pair pair;

	mount_own("none", "tmpfs", "size=64m");
	file_make(&file, own, 60001);
	program_file(program, &file, 0, ZCX_TO_EOF);
	pair_open(&pair, *(const enum pair_kind *)*state, MIB, MIB);
	link_prepare(&link, pair.tx, program);
	assert_int_equal(link_send(context, &link), 0);
	assert_int_equal(link.bytes_sent, 60001);
	close(file.fd);
	file.fd = -1;
	if (umount(own))
		fail_msg("umount: %s", strerror(errno));
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, 60001);
	pair_close(&pair);
	close(context);
}

static void pages(void **state)
{
	const char *dir = *state;
	struct vfile file;
	int pipes[2];
	loff_t at = 0;

	guest_need_mount(dir);
	file_make(&file, dir, 2 * MIB + 5);
	assert_int_equal(file_evict(&file), 0);

	/* To see that the check can fail: a pipe holds a page. */
	assert_int_equal(pipe(pipes), 0);
	assert_true(splice(file.fd, &at, pipes[1], NULL, 4096, 0) > 0);
	file_make_cold(&file);
	assert_true(file_resident(&file) > 0);
	close(pipes[0]);
	close(pipes[1]);

	send_all_ways(&file);
	assert_true(file_resident(&file) > 0);
	assert_int_equal(file_evict(&file), 0);
	file_drop(&file);
}

static void pages_ktls(void **state)
{
	struct program *program = program_new();
	struct vfile file;

	(void)state;
	pair_need_ktls();
	guest_need_mount(DIR_XFS);
	file_make(&file, DIR_XFS, MIB + 5);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_simply(program, PAIR_KTLS);
	exchange_simply(program, PAIR_KTLS13);
	assert_int_equal(file_evict(&file), 0);
	file_drop(&file);
}

static long long meminfo(const char *key)
{
	static char text[8192];

	assert_true(guest_read("/proc/meminfo", text, sizeof(text)) > 0);
	return guest_value(text, key);
}

/* tmpfs pages go with their file. */
static void shmem(void **state)
{
	long long before = meminfo("Shmem"), after;
	struct vfile file;
	unsigned int i;

	(void)state;
	guest_need_mount(DIR_TMPFS);
	for (i = 0; i < 4; i++) {
		file_make(&file, DIR_TMPFS, 3 * MIB);
		send_all_ways(&file);
		file_drop(&file);
	}
	for (i = 0; i < GUEST_PATIENCE_MS / 20; i++) {
		after = meminfo("Shmem");
		if (after < before + 2048)
			return;
		guest_sleep_ms(20);
	}
	fail_msg("Shmem was %lld KiB and is %lld KiB", before, after);
}

/* Pages that memory segments were copied into: link after link of 1 MiB. */
static void memory_pages(void **state)
{
	static uint8_t memory[ZCX_MAX_MEMORY_SEGMENT];
	const unsigned int links = 150;
	struct program *program = program_new();
	struct exchange x = { .program = program, .kind = PAIR_UNIX };
	long long before, after;
	unsigned int i;

	(void)state;
	content_fill(9, 0, memory, sizeof(memory));
	for (i = 0; i < ZCX_MAX_MEMORY_LINK / sizeof(memory); i++)
		program_memory(program, memory, sizeof(memory));
	exchange_run(&x);
	guest_drop_caches();
	before = meminfo("MemFree");
	for (i = 0; i < links; i++) {
		struct zcx_link link;
		int context = zcx_open();

		exchange_run(&x);
		/* Refused once all of it was copied. */
		link_prepare(&link, -1, program);
		assert_int_equal(link_send(context, &link), -EBADF);
		close(context);
	}
	guest_drop_caches();
	after = meminfo("MemFree");
	print_message("free: %lld KiB, then %lld KiB\n", before, after);
	assert_true(after > before - (long long)links * 1024 / 2);
}

/* Contexts and links without number, and then: as if nothing had been. */
static void module_free(void **state)
{
	struct program *program = program_new();
	unsigned int fds = guest_count_fds(), i;
	struct vfile file;
	char text[32];

	(void)state;
	file_make(&file, DIR_EXT4, MIB);
	program_file(program, &file, 0, 30001);
	for (i = 0; i < 30; i++)
		exchange_simply(program, PAIR_TCP4 + i % 3);
	send_all_ways(&file);
	file_drop(&file);
	assert_int_equal(guest_count_fds(), fds);
	assert_true(guest_read("/sys/module/zcx/refcnt", text,
			       sizeof(text)) > 0);
	assert_int_equal(atoi(text), 0);
}

/* The number behind "TCP: inuse N" or "UNIX: inuse N". */
static int sockets_in_use(const char *family)
{
	char text[4096], key[32];
	const char *at;

	assert_true(guest_read("/proc/net/sockstat", text, sizeof(text)) > 0);
	snprintf(key, sizeof(key), "%s: inuse ", family);
	at = strstr(text, key);
	assert_non_null(at);
	return atoi(at + strlen(key));
}

/* Sockets are gone, not only unknown by number. */
static void sockets_free(void **state)
{
	struct program *program = program_new();
	int before = sockets_in_use("TCP"), after = 0;
	unsigned int i;

	(void)state;
	program_memory(program, "bytes", 5);
	for (i = 0; i < 50; i++)
		exchange_simply(program, PAIR_TCP4);
	for (i = 0; i < GUEST_PATIENCE_MS / 20; i++) {
		after = sockets_in_use("TCP");
		if (after <= before + 2)
			return;
		guest_sleep_ms(20);
	}
	fail_msg("%d TCP sockets before, %d after", before, after);
}

static const enum pair_kind tcp4 = PAIR_TCP4, unix_stream = PAIR_UNIX;

const struct vm_test reference_tests[] = {
	{ "reference_umount_tmpfs", umount_after, "tmpfs", "test", "test",
	  "std", 60, "a tmpfs that was sent from can be unmounted" },
	{ "reference_umount_ext4", umount_after, "ext4", "test", "all", "std",
	  60, "an ext4 that was sent from can be unmounted" },
	{ "reference_umount_behind_tcp4", umount_behind, &tcp4, "test", "test",
	  "std", 30, "unmounted while the bytes are on their way, TCP" },
	{ "reference_umount_behind_unix", umount_behind, &unix_stream, "test",
	  "all", "std", 30,
	  "unmounted while the bytes are on their way, AF_UNIX" },
	{ "reference_pages_ext4", pages, DIR_EXT4, "test", "test", "std", 40,
	  "every page of an ext4 file can be evicted afterwards" },
	{ "reference_pages_xfs", pages, DIR_XFS, "test", "test", "std", 40,
	  "every page of an XFS file can be evicted afterwards" },
	{ "reference_pages_btrfs", pages, DIR_BTRFS, "test", "all", "std", 40,
	  "every page of a btrfs file can be evicted afterwards" },
	{ "reference_pages_ktls", pages_ktls, NULL, "test", "test", "std", 40,
	  "every page can be evicted after kernel TLS" },
	{ "reference_shmem", shmem, NULL, "test", "all", "std", 60,
	  "tmpfs memory is given back with the file" },
	{ "reference_memory", memory_pages, NULL, "test", "all", "std", 60,
	  "pages of memory segments are given back" },
	{ "reference_module", module_free, NULL, "test", "test", "std", 30,
	  "the module's reference count comes back to 0" },
	{ "reference_sockets", sockets_free, NULL, "test", "all", "std", 30,
	  "sockets are given back" },
	{ 0 }
};
