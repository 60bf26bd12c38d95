// SPDX-License-Identifier: GPL-2.0
/* ZCX_IOC_PROBE: what a link would find, and nothing of it is done. */
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "content.h"
#include "direct.h"
#include "guest.h"
#include "vmtest.h"

static struct zcx_probe ask_for(const struct vfile *file, int sock)
{
	struct zcx_probe probe;

	/* Whatever is an out member is written, wherever it was before. */
	memset(&probe, 0x5a, sizeof(probe));
	probe.size = sizeof(probe);
	probe.flags = 0;
	probe.file_fd = file->fd;
	probe.socket_fd = sock;
	probe.offset = 0;
	probe.length = ZCX_TO_EOF;
	probe.direct_threshold = 0;
	probe.lane_asked = ZCX_LANE_AUTO;
	return probe;
}

/* Ask; what is in the page cache is the same afterwards. */
static void ask(int context, const struct vfile *file, struct zcx_probe *probe)
{
	size_t before = file_resident(file);
	int err = zcx_call(context, ZCX_IOC_PROBE, probe);

	if (err)
		fail_msg("PROBE: %s", strerror(-err));
	assert_int_equal(file_resident(file), before);
	assert_int_equal(probe->size, sizeof(*probe));
	assert_int_equal(probe->__reserved, 0);
	assert_int_equal(probe->file_size, file->size);
}

static void assert_says(const struct zcx_probe *probe, uint32_t lane,
			uint32_t reason)
{
	if (probe->lane != lane || probe->reason != reason)
		fail_msg("lane %u for reason %u, not %u for %u", probe->lane,
			 probe->reason, lane, reason);
}

/* Ask about lane @asked, with a link's threshold, and compare. */
static void assert_lane(int context, const struct vfile *file, uint32_t asked,
			uint64_t threshold, uint32_t lane, uint32_t reason)
{
	struct zcx_probe probe = ask_for(file, -1);

	probe.lane_asked = asked;
	probe.direct_threshold = threshold;
	ask(context, file, &probe);
	assert_says(&probe, lane, reason);
}

static void reasons(void **state)
{
	int context = zcx_open();
	struct vfile file;

	guest_parameter("direct_threshold", MIB);
	file_make(&file, *state, 2 * MIB + 17);
	assert_lane(context, &file, ZCX_LANE_AUTO, 0, ZCX_LANE_CACHE,
		    ZCX_PROBE_RESIDENT);
	file_chill(&file);
	assert_lane(context, &file, ZCX_LANE_AUTO, 0, ZCX_LANE_DIRECT,
		    ZCX_PROBE_LARGE);
	assert_lane(context, &file, ZCX_LANE_AUTO, file.size, ZCX_LANE_DIRECT,
		    ZCX_PROBE_LARGE);
	assert_lane(context, &file, ZCX_LANE_AUTO, file.size + 1,
		    ZCX_LANE_CACHE, ZCX_PROBE_SMALL);
	assert_lane(context, &file, ZCX_LANE_AUTO, ZCX_DIRECT_NEVER,
		    ZCX_LANE_CACHE, ZCX_PROBE_SMALL);
	assert_lane(context, &file, ZCX_LANE_CACHE, 0, ZCX_LANE_CACHE,
		    ZCX_PROBE_ASKED);
	assert_lane(context, &file, ZCX_LANE_DIRECT, 0, ZCX_LANE_DIRECT,
		    ZCX_PROBE_ASKED);
	file_warm(&file, 4096, 8192);
	assert_lane(context, &file, ZCX_LANE_AUTO, 0, ZCX_LANE_DIRECT,
		    ZCX_PROBE_LARGE);
	guest_parameter("direct_threshold", 0);
	assert_lane(context, &file, ZCX_LANE_AUTO, 0, ZCX_LANE_CACHE,
		    ZCX_PROBE_SMALL);
	close(context);
	file_drop(&file);
}

/* What it said is what a link does. */
static void comes_true(void **state)
{
	struct program *program = program_new();
	struct exchange x = { .program = program, .context = zcx_open() };
	uint64_t offset, length, random = 3;
	unsigned int i;
	struct vfile file;

	guest_parameter("direct_threshold", MIB);
	file_make(&file, *state, 4 * MIB);
	for (i = 0; i < 20; i++) {
		struct zcx_probe probe = ask_for(&file, -1);

		file_chill(&file);
		if (i % 3)
			file_warm(&file, 0, file.size / 2);
		offset = content_random(&random) % (2 * MIB);
		length = 1 + content_random(&random) % (2 * MIB);
		probe.offset = offset;
		probe.length = length;
		ask(x.context, &file, &probe);
		assert_int_equal(probe.bytes, length);
		program_clear(program);
		program_file(program, &file, offset, length);
		exchange_run(&x);
		if (probe.lane == ZCX_LANE_CACHE)
			assert_int_equal(x.link.bytes_direct, 0);
		else if (length - probe.bytes_resident >= 2 * DIRECT_LEAST)
			assert_int_equal(x.link.bytes_cache,
					 probe.bytes_resident);
	}
	close(x.context);
	file_drop(&file);
}

static void elsewhere(void **state)
{
	static const struct {
		const char *dir;
		uint32_t lane;
		uint32_t reason;
	} wanted[] = {
		{ DIR_BTRFS, ZCX_LANE_CACHE, ZCX_PROBE_NO_DIRECT },
		{ DIR_OVERLAY, ZCX_LANE_SPLICE, ZCX_PROBE_ASK_FILESYSTEM },
		{ DIR_FUSE, ZCX_LANE_SPLICE, ZCX_PROBE_ASK_FILESYSTEM },
	};
	int context = zcx_open();
	struct zcx_probe probe;
	struct vfile file;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		guest_need_mount(wanted[i].dir);
		file_make(&file, wanted[i].dir, MIB + 17);
		file_make_cold(&file);
		assert_lane(context, &file, ZCX_LANE_DIRECT, 0,
			    wanted[i].lane, wanted[i].reason);
		assert_lane(context, &file, ZCX_LANE_AUTO, 4096,
			    wanted[i].lane, wanted[i].reason);
		probe = ask_for(&file, -1);
		ask(context, &file, &probe);
		assert_int_equal(probe.bytes, file.size);
		if (wanted[i].lane == ZCX_LANE_SPLICE)
			assert_int_equal(probe.bytes_resident, 0);
		file_drop(&file);
	}
	/* In memory, but for a hole. */
	file_make_sparse(&file, DIR_MEMFD, MIB);
	file_put(&file, 0, 70000);
	assert_lane(context, &file, ZCX_LANE_DIRECT, 0, ZCX_LANE_CACHE,
		    ZCX_PROBE_NO_DIRECT);
	assert_lane(context, &file, ZCX_LANE_CACHE, 0, ZCX_LANE_CACHE,
		    ZCX_PROBE_ASKED);
	close(context);
	file_drop(&file);
}

static void residency(void **state)
{
	int context = zcx_open();
	struct zcx_probe probe;
	struct vfile file;

	file_make(&file, *state, 2 * MIB + 17);
	file_chill(&file);
	probe = ask_for(&file, -1);
	ask(context, &file, &probe);
	assert_int_equal(probe.bytes, file.size);
	assert_int_equal(probe.bytes_resident, 0);
	assert_int_equal(probe.folios, 0);
	assert_int_equal(probe.folio_min, 0);
	assert_int_equal(probe.folio_max, 0);

	/* Single pages, one of them the last, of which 17 bytes count. */
	file_warm(&file, 3 * 4096, 5 * 4096);
	file_warm(&file, 2 * MIB, file.size);
	probe = ask_for(&file, -1);
	ask(context, &file, &probe);
	assert_int_equal(probe.bytes_resident, 2 * 4096 + 17);
	assert_int_equal(probe.folios, 3);
	assert_int_equal(probe.folio_min, 4096);
	assert_int_equal(probe.folio_max, 4096);

	/* A range that begins and ends inside of them. */
	probe = ask_for(&file, -1);
	probe.offset = 2 * 4096 + 1;
	probe.length = 2 * 4096;
	ask(context, &file, &probe);
	assert_int_equal(probe.bytes, 2 * 4096);
	assert_int_equal(probe.bytes_resident, 4096 + 1);
	assert_int_equal(probe.folios, 2);

	/* Beyond the end there is nothing. */
	probe = ask_for(&file, -1);
	probe.offset = 2 * MIB + 10;
	probe.length = MIB;
	ask(context, &file, &probe);
	assert_int_equal(probe.bytes, 7);
	assert_int_equal(probe.bytes_resident, 7);
	probe = ask_for(&file, -1);
	probe.offset = 9 * MIB;
	ask(context, &file, &probe);
	assert_int_equal(probe.bytes, 0);
	assert_int_equal(probe.bytes_resident, 0);
	close(context);
	file_drop(&file);
}

/* ext4 has small folios on these kernels, XFS reads ahead into large ones. */
static void folios(void **state)
{
	bool large = !strcmp(*state, DIR_XFS);
	int context = zcx_open();
	struct zcx_probe probe;
	struct vfile file;

	file_make(&file, *state, 4 * MIB);
	file_chill(&file);
	file_assert_unchanged(&file);
	probe = ask_for(&file, -1);
	ask(context, &file, &probe);
	print_message("%llu folios, of %u to %u bytes\n",
		      (unsigned long long)probe.folios, probe.folio_min,
		      probe.folio_max);
	assert_int_equal(probe.bytes_resident, file.size);
	assert_true(probe.folio_min >= 4096);
	assert_true(probe.folio_max >= probe.folio_min);
	assert_true(probe.folios * probe.folio_max >= file.size);
	assert_true(probe.folios * probe.folio_min <= file.size);
	assert_int_equal(probe.folio_max > 4096, large);
	close(context);
	file_drop(&file);
}

/* As the filesystem says; none where it has no direct I/O. */
static void alignment(void **state)
{
	static const char *const dirs[] = { DIR_EXT4, DIR_XFS };
	int context = zcx_open();
	struct zcx_probe probe;
	struct vfile file;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		file_make(&file, dirs[i], 10000);
		probe = ask_for(&file, -1);
		ask(context, &file, &probe);
		print_message("%s: %u, %u\n", dirs[i], probe.dio_mem_align,
			      probe.dio_offset_align);
		assert_in_range(probe.dio_mem_align, 1, 4096);
		assert_in_range(probe.dio_offset_align, 512, 4096);
		file_drop(&file);
	}
	file_make(&file, DIR_MEMFD, 10000);
	probe = ask_for(&file, -1);
	ask(context, &file, &probe);
	assert_int_equal(probe.dio_mem_align, 0);
	assert_int_equal(probe.dio_offset_align, 0);
	close(context);
	file_drop(&file);
}

#define OFFLOADS	(ZCX_PROBE_SG | ZCX_PROBE_CSUM | ZCX_PROBE_GSO)

static void assert_socket(int context, const struct vfile *file,
			  enum pair_kind kind, uint32_t flags)
{
	struct zcx_probe probe;
	struct pair pair;

	pair_open(&pair, kind, 0, 0);
	probe = ask_for(file, pair.tx);
	ask(context, file, &probe);
	if (probe.socket_flags != flags)
		fail_msg("%s: flags %#x, not %#x", pair_names[kind],
			 probe.socket_flags, flags);
	if (kind == PAIR_UNIX) {
		assert_int_equal(probe.ifindex, 0);
		assert_string_equal(probe.device, "");
	} else {
		assert_int_equal(probe.ifindex, if_nametoindex("lo"));
		assert_string_equal(probe.device, "lo");
	}
	/* Nothing was sent. */
	assert_int_equal(pair_readable(pair.rx), 0);
	pair_close(&pair);
}

static void sockets(void **state)
{
	const uint32_t lo = ZCX_PROBE_TCP | ZCX_PROBE_LOOPBACK | OFFLOADS;
	int context = zcx_open();
	struct zcx_probe probe;
	struct vfile file;
	char name[16] = { 0 };

	(void)state;
	file_make(&file, DIR_EXT4, 10000);
	assert_socket(context, &file, PAIR_TCP4, lo | ZCX_PROBE_FRAGS);
	assert_socket(context, &file, PAIR_TCP6, lo | ZCX_PROBE_FRAGS);
	assert_socket(context, &file, PAIR_UNIX, ZCX_PROBE_UNIX);
	probe = ask_for(&file, -1);
	ask(context, &file, &probe);
	assert_int_equal(probe.socket_flags, 0);
	assert_int_equal(probe.ifindex, 0);
	assert_memory_equal(probe.device, name, sizeof(name));
	assert_int_equal(guest_set("/sys/module/zcx/parameters/frags", "N"),
			 0);
	assert_socket(context, &file, PAIR_TCP4, lo);
	close(context);
	file_drop(&file);
}

static void ktls(void **state)
{
	const uint32_t lo = ZCX_PROBE_TCP | ZCX_PROBE_LOOPBACK | OFFLOADS;
	int context = zcx_open();
	struct vfile file;

	(void)state;
	pair_need_ktls();
	file_make(&file, DIR_EXT4, 10000);
	assert_socket(context, &file, PAIR_KTLS, lo | ZCX_PROBE_KTLS_TX);
	assert_socket(context, &file, PAIR_KTLS13, lo | ZCX_PROBE_KTLS_TX);
	close(context);
	file_drop(&file);
}

static void assert_refused(int context, const struct zcx_probe *good, int err,
			   const char *what)
{
	struct {
		struct zcx_probe probe;
		uint64_t more;
	} call = { .probe = *good };
	int got = zcx_call(context, ZCX_IOC_PROBE, &call);

	if (got != err)
		fail_msg("%s: %s, not %s", what, strerror(-got),
			 strerror(-err));
}

static void refused_calls(void **state)
{
	int context = zcx_open();
	struct zcx_probe probe;
	struct vfile file;
	unsigned int bit;

	(void)state;
	file_make(&file, DIR_EXT4, 10000);
	probe = ask_for(&file, -1);
	assert_refused(context, &probe, 0, "nothing wrong");
	for (bit = 0; bit < 32; bit++) {
		probe = ask_for(&file, -1);
		probe.flags = 1U << bit;
		assert_refused(context, &probe, -EOPNOTSUPP, "a flag");
	}
	probe = ask_for(&file, -1);
	probe.lane_asked = ZCX_LANE_SPLICE;
	assert_refused(context, &probe, -EOPNOTSUPP, "lane SPLICE");
	probe.lane_asked = 77;
	assert_refused(context, &probe, -EOPNOTSUPP, "lane 77");
	probe = ask_for(&file, -1);
	probe.offset = 1ULL << 63;
	assert_refused(context, &probe, -EINVAL, "a negative offset");
	probe.offset = 1ULL << 62;
	probe.length = 1ULL << 62;
	assert_refused(context, &probe, -EOVERFLOW, "a range too long");
	probe = ask_for(&file, -1);
	probe.size = 8;
	assert_refused(context, &probe, -EINVAL, "a size too small");
	probe.size = sizeof(probe) + 8;
	assert_refused(context, &probe, 0, "zeros behind it");
	probe.size = 4097;
	assert_refused(context, &probe, -E2BIG, "a size too large");
	assert_int_equal(zcx_call(context, ZCX_IOC_PROBE, NULL), -EFAULT);
	close(context);
	file_drop(&file);
}

static void assert_file_refused(int context, int fd, int err,
				const char *what)
{
	struct vfile file = { .fd = fd };
	struct zcx_probe probe = ask_for(&file, -1);

	assert_refused(context, &probe, err, what);
	if (fd >= 0)
		close(fd);
}

static void refused_files(void **state)
{
	int context = zcx_open(), fds[2];
	struct vfile file;

	(void)state;
	file_make(&file, DIR_EXT4, 10000);
	assert_file_refused(context, -1, -EBADF, "no file");
	assert_file_refused(context, -100, -EBADF, "AT_FDCWD");
	assert_file_refused(context, open(DIR_EXT4, O_RDONLY | O_DIRECTORY),
			    -EISDIR, "a directory");
	assert_file_refused(context, open(file.path, O_WRONLY), -EBADF,
			    "a file open for writing");
	assert_file_refused(context, open(file.path, O_PATH), -EBADF,
			    "a file open as a path");
	assert_file_refused(context, open("/dev/zero", O_RDONLY), -EOPNOTSUPP,
			    "a device");
	assert_int_equal(pipe(fds), 0);
	close(fds[1]);
	assert_file_refused(context, fds[0], -EOPNOTSUPP, "a pipe");
	close(context);
	file_drop(&file);
}

static void refused_sockets(void **state)
{
	int context = zcx_open(), fd;
	struct zcx_probe probe;
	struct vfile file;

	(void)state;
	file_make(&file, DIR_EXT4, 10000);
	probe = ask_for(&file, 4001);
	assert_refused(context, &probe, -EBADF, "no socket");
	probe = ask_for(&file, -2);
	assert_refused(context, &probe, -EBADF, "socket -2");
	probe = ask_for(&file, file.fd);
	assert_refused(context, &probe, -ENOTSOCK, "a file for a socket");
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	probe = ask_for(&file, fd);
	assert_refused(context, &probe, -ENOTCONN, "not connected");
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	probe = ask_for(&file, fd);
	assert_refused(context, &probe, -EOPNOTSUPP, "UDP");
	close(fd);
	close(context);
	file_drop(&file);
}

#define PROBE(name, run, arg, stock, debug, what) \
	{ "probe_" name, run, arg, stock, debug, "std", 60, what }

const struct vm_test probe_tests[] = {
	PROBE("reasons_ext4", reasons, DIR_EXT4, "test", "test",
	      "PROBE tells lane and reason, ext4"),
	PROBE("reasons_xfs", reasons, DIR_XFS, "all", "all",
	      "PROBE tells lane and reason, XFS"),
	PROBE("comes_true_ext4", comes_true, DIR_EXT4, "all", "all",
	      "a link does what PROBE has said, ext4"),
	PROBE("comes_true_xfs", comes_true, DIR_XFS, "all", "all",
	      "a link does what PROBE has said, XFS"),
	PROBE("elsewhere", elsewhere, NULL, "all", "all",
	      "PROBE of files that have no direct I/O"),
	PROBE("residency_ext4", residency, DIR_EXT4, "all", "all",
	      "PROBE counts what is resident, ext4"),
	PROBE("residency_xfs", residency, DIR_XFS, "all", "all",
	      "PROBE counts what is resident, XFS"),
	PROBE("folios_ext4", folios, DIR_EXT4, "all", "all",
	      "PROBE tells how large folios are, ext4"),
	PROBE("folios_xfs", folios, DIR_XFS, "all", "all",
	      "PROBE tells how large folios are, XFS"),
	PROBE("alignment", alignment, NULL, "all", "all",
	      "PROBE tells what direct I/O is aligned to"),
	PROBE("sockets", sockets, NULL, "all", "all",
	      "PROBE tells what kind of socket it is"),
	PROBE("ktls", ktls, NULL, "all", "all",
	      "PROBE tells that the socket encrypts"),
	PROBE("refused", refused_calls, NULL, "all", "all",
	      "PROBE refuses what it does not know"),
	PROBE("refused_files", refused_files, NULL, "all", "all",
	      "PROBE refuses the files that a link refuses"),
	PROBE("refused_sockets", refused_sockets, NULL, "all", "all",
	      "PROBE refuses the sockets that a link refuses"),
	{ 0 }
};
