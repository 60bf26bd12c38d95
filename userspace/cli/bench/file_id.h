/* SPDX-License-Identifier: GPL-2.0 */
/* How the kernel's trace events name a file. */
#ifndef BENCH_FILE_ID_H
#define BENCH_FILE_ID_H

#include <stdint.h>

/**
 * struct file_id - an inode
 * @dev: s_dev of its superblock, in the kernel's encoding
 * @ino: i_ino
 */
struct file_id {
	uint32_t dev;
	uint64_t ino;
};

/* Returns 0 or -errno. */
int file_id_get(int fd, struct file_id *id);

#endif /* BENCH_FILE_ID_H */
