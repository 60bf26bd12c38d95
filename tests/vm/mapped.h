/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A disk of one's own: a mapped device over a loop device over a disk of the
 * guest, which can be exchanged for one that fails every request, or be made to
 * answer none. One at a time; it goes when the test is over.
 */
#ifndef MAPPED_H
#define MAPPED_H

#include <stdbool.h>

/*
 * Map @disk; skips the test where that is not possible. @linear is what
 * mapped_table() takes for it.
 */
void mapped_open(const char *disk, char linear[32]);

/* Exchange what the device consists of: all its sectors are @type. */
void mapped_table(const char *type, const char *parameters);

/* Have it answer no request until it is resumed. */
void mapped_suspend(bool suspend);

/* Its name in /dev. */
const char *mapped_path(void);

/* Mount it at @dir, read-only, until the test is over. */
void mapped_mount(const char *dir, const char *type);

#endif /* MAPPED_H */
