/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A disk of one's own: a mapped device over a loop device over a disk of the
 * guest, which can be exchanged for one that fails every request, or be made to
 * answer none. One at a time; it goes when the test is over.
 */
#ifndef MAPPED_H
#define MAPPED_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct mapped_target - a run of the device's sectors
 * @sectors: how many, of 512 bytes
 * @type: of device mapper's
 * @parameters: for it
 */
struct mapped_target {
	uint64_t sectors;
	const char *type;
	char parameters[64];
};

/* Most of them in one table. */
#define MAPPED_TARGETS	4

/*
 * Map @disk; skips the test where that is not possible. @linear is what
 * mapped_table() takes for it.
 */
void mapped_open(const char *disk, char linear[32]);

/*
 * Map a new disk of @bytes zeros that can be written to, and whose sectors are
 * of @sector bytes; it is a file in @dir. mapped_format() and mapped_mount() make
 * it of use.
 */
void mapped_make(const char *dir, uint64_t bytes, unsigned int sector,
		 char linear[32]);

/* Make a filesystem: a command line of mkfs, without the device. */
void mapped_format(const char *mkfs);

/* Its sectors, of 512 bytes. */
uint64_t mapped_sectors(void);

/* Exchange what the device consists of. */
void mapped_targets(const struct mapped_target *targets, unsigned int count);

/* Exchange what the device consists of: all its sectors are @type. */
void mapped_table(const char *type, const char *parameters);

/* Have it answer no request until it is resumed. */
void mapped_suspend(bool suspend);

/* Its name in /dev. */
const char *mapped_path(void);

/* Mount it at @dir, read-only but for a new disk, until the test is over. */
void mapped_mount(const char *dir, const char *type);

/* Unmount it; nobody holds its filesystem, but for a moment. */
void mapped_umount(const char *dir);

#endif /* MAPPED_H */
