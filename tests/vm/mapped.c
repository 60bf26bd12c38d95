// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "guest.h"
#include "mapped.h"
#include "vmtest.h"

struct mapped {
	char loop[32];
	char path[32];
	char image[64];
	int control;
	bool writable;
	uint64_t sectors;
};

static struct mapped mapped;

static int mapped_call(unsigned long request, struct dm_ioctl *io)
{
	io->version[0] = DM_VERSION_MAJOR;
	io->data_start = sizeof(*io);
	snprintf(io->name, sizeof(io->name), "zcx-%d", getpid());
	return ioctl(mapped.control, request, io);
}

/* One target, as the kernel wants it. */
struct spec {
	struct dm_target_spec spec;
	char parameters[64];
};

void mapped_targets(const struct mapped_target *targets, unsigned int count)
{
	struct {
		struct dm_ioctl io;
		struct spec spec[MAPPED_TARGETS];
	} call = {
		.io = {
			.data_size = sizeof(call),
			.target_count = count,
			.flags = mapped.writable ? 0 : DM_READONLY_FLAG,
		},
	};
	struct dm_ioctl io = { .data_size = sizeof(io) };
	uint64_t at = 0;
	unsigned int i;

	assert_true(count <= MAPPED_TARGETS);
	for (i = 0; i < count; i++) {
		struct spec *spec = &call.spec[i];

		spec->spec.sector_start = at;
		spec->spec.length = targets[i].sectors;
		spec->spec.next = sizeof(*spec);
		snprintf(spec->spec.target_type, sizeof(spec->spec.target_type),
			 "%s", targets[i].type);
		memcpy(spec->parameters, targets[i].parameters,
		       sizeof(spec->parameters));
		at += targets[i].sectors;
	}
	assert_int_equal(at, mapped.sectors);
	if (mapped_call(DM_TABLE_LOAD, &call.io))
		test_skip("no device-mapper target %s: %s", targets[0].type,
			  strerror(errno));
	/* Without DM_SUSPEND_FLAG: resume, with the new table. */
	io.flags = DM_SKIP_LOCKFS_FLAG;
	assert_int_equal(mapped_call(DM_DEV_SUSPEND, &io), 0);
}

void mapped_table(const char *type, const char *parameters)
{
	struct mapped_target target = {
		.sectors = mapped.sectors,
		.type = type,
	};

	snprintf(target.parameters, sizeof(target.parameters), "%s",
		 parameters);
	mapped_targets(&target, 1);
}

uint64_t mapped_sectors(void)
{
	return mapped.sectors;
}

static void undo_mapped(void *unused)
{
	struct dm_ioctl io = { .data_size = sizeof(io) };
	unsigned int i;

	(void)unused;
	for (i = 0; i < GUEST_PATIENCE_MS / 20 && mapped_call(DM_DEV_REMOVE, &io); i++)
		guest_sleep_ms(20);
	close(mapped.control);
}

static void undo_loop(void *unused)
{
	int fd = open(mapped.loop, O_RDONLY | O_CLOEXEC);

	(void)unused;
	ioctl(fd, LOOP_CLR_FD);
	close(fd);
}

static void undo_umount(void *arg)
{
	umount2(arg, MNT_DETACH);
	rmdir(arg);
}

/* Returns the minor number of the loop device. */
static int loop_over(const char *disk, unsigned int sector)
{
	int flags = mapped.writable ? O_RDWR : O_RDONLY;
	struct loop_config config = {
		.block_size = sector,
		.info.lo_flags = mapped.writable ? 0 : LO_FLAGS_READ_ONLY,
	};
	int control, fd, number;

	guest_modprobe("loop");
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		test_skip("no loop devices");
	number = ioctl(control, LOOP_CTL_GET_FREE);
	close(control);
	assert_true(number >= 0);
	snprintf(mapped.loop, sizeof(mapped.loop), "/dev/loop%d", number);
	config.fd = open(disk, flags | O_CLOEXEC);
	if ((int)config.fd < 0)
		test_skip("no %s", disk);
	fd = open(mapped.loop, flags | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, LOOP_CONFIGURE, &config), 0);
	test_at_end(undo_loop, NULL);
	assert_int_equal(ioctl(fd, BLKGETSIZE64, &mapped.sectors), 0);
	mapped.sectors /= 512;
	close(fd);
	close(config.fd);
	return number;
}

static void map(const char *disk, unsigned int sector, char linear[32])
{
	struct dm_ioctl io = { .data_size = sizeof(io) };
	int number;

	guest_modprobe("dm_mod");
	mapped.control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (mapped.control < 0)
		test_skip("no device mapper");
	number = loop_over(disk, sector);
	assert_int_equal(mapped_call(DM_DEV_CREATE, &io), 0);
	test_at_end(undo_mapped, NULL);
	snprintf(mapped.path, sizeof(mapped.path), "/dev/dm-%u",
		 minor(io.dev));
	snprintf(linear, 32, "7:%d 0", number);
	mapped_table("linear", linear);
}

void mapped_open(const char *disk, char linear[32])
{
	mapped.writable = false;
	map(disk, 0, linear);
}

static void undo_image(void *unused)
{
	(void)unused;
	unlink(mapped.image);
}

void mapped_make(const char *dir, uint64_t bytes, unsigned int sector,
		 char linear[32])
{
	int fd;

	guest_need_mount(dir);
	snprintf(mapped.image, sizeof(mapped.image), "%s/image-%d", dir,
		 getpid());
	fd = open(mapped.image, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	test_at_end(undo_image, NULL);
	assert_int_equal(ftruncate(fd, bytes), 0);
	close(fd);
	mapped.writable = true;
	map(mapped.image, sector, linear);
}

void mapped_format(const char *mkfs)
{
	if (guest_run("%s %s >/tmp/mkfs 2>&1 || { cat /tmp/mkfs; false; }",
		      mkfs, mapped.path))
		fail_msg("%s: failed", mkfs);
}

static void undo_suspend(void *unused)
{
	(void)unused;
	mapped_suspend(false);
}

void mapped_suspend(bool suspend)
{
	struct dm_ioctl io = {
		.data_size = sizeof(io),
		.flags = DM_SKIP_LOCKFS_FLAG | DM_NOFLUSH_FLAG,
	};

	if (suspend) {
		test_at_end(undo_suspend, NULL);
		io.flags |= DM_SUSPEND_FLAG;
	}
	assert_int_equal(mapped_call(DM_DEV_SUSPEND, &io), 0);
}

const char *mapped_path(void)
{
	return mapped.path;
}

void mapped_mount(const char *dir, const char *type)
{
	mkdir(dir, 0700);
	if (mount(mapped.path, dir, type, mapped.writable ? MS_NOATIME :
		  MS_RDONLY, NULL))
		test_skip("mount %s: %s", mapped.path, strerror(errno));
	test_at_end(undo_umount, (void *)dir);
}

void mapped_umount(const char *dir)
{
	unsigned int i;

	for (i = 0; i < GUEST_PATIENCE_MS / 20 && umount(dir); i++)
		guest_sleep_ms(20);
	if (i == GUEST_PATIENCE_MS / 20)
		fail_msg("umount: %s", strerror(errno));
}
