/* SPDX-License-Identifier: GPL-2.0 */
/* Where the running kernel keeps what in its structs. */
#ifndef BENCH_BTF_H
#define BENCH_BTF_H

/*
 * Bytes from the beginning of struct @name to its own member @member, from
 * /sys/kernel/btf/vmlinux. Returns that or -errno; -ENOENT: no such thing.
 */
int btf_member_offset(const char *name, const char *member);

#endif /* BENCH_BTF_H */
