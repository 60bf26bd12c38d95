// SPDX-License-Identifier: GPL-2.0
/*
 * How the kernel's trace events name a file. st_dev would not do: btrfs makes
 * one up for each subvolume. /proc/self/mountinfo tells the superblock's.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "file_id.h"

#define KERNEL_MINOR_BITS	20

/* The mount that a descriptor was opened through, or -1. */
static int mount_of(int fd)
{
	char path[64], line[128];
	int mount = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "mnt_id: %d", &mount) == 1)
			break;
	if (file)
		fclose(file);
	return mount;
}

static int device_of(int mount, uint32_t *dev)
{
	FILE *file = fopen("/proc/self/mountinfo", "r");
	unsigned int major, minor;
	int id, ret = -ENOENT;
	char line[4096];

	while (file && ret && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%d %*d %u:%u ", &id, &major, &minor) != 3 ||
		    id != mount)
			continue;
		*dev = major << KERNEL_MINOR_BITS | minor;
		ret = 0;
	}
	if (file)
		fclose(file);
	return ret;
}

int file_id_get(int fd, struct file_id *id)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	id->ino = st.st_ino;
	return device_of(mount_of(fd), &id->dev);
}
