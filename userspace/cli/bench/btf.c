// SPDX-License-Identifier: GPL-2.0
/*
 * Where the running kernel keeps what in its structs, by its own type
 * information. A probe of 6.1 cannot name a member, only an offset.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/btf.h>

#include "btf.h"

struct blob {
	char *bytes;
	size_t size;
	const char *types;
	const char *types_end;
	const char *strings;
	size_t string_bytes;
};

/* sysfs does not tell the size of it beforehand. */
static int read_blob(struct blob *blob)
{
	FILE *file = fopen("/sys/kernel/btf/vmlinux", "r");
	size_t room = 0, n = 1;
	char *more;

	if (!file)
		return -errno;
	while (n) {
		if (blob->size == room) {
			room = room ? 2 * room : 4 << 20;
			more = realloc(blob->bytes, room);
			if (!more)
				break;
			blob->bytes = more;
		}
		n = fread(blob->bytes + blob->size, 1, room - blob->size, file);
		blob->size += n;
	}
	fclose(file);
	return n ? -ENOMEM : 0;
}

static int find_sections(struct blob *blob)
{
	struct btf_header head;
	const char *sections;
	size_t size;

	if (blob->size < sizeof(head))
		return -EINVAL;
	memcpy(&head, blob->bytes, sizeof(head));
	if (head.magic != BTF_MAGIC || head.hdr_len > blob->size)
		return -EINVAL;
	sections = blob->bytes + head.hdr_len;
	size = blob->size - head.hdr_len;
	if (head.type_off > size || head.type_len > size - head.type_off ||
	    head.str_off > size || head.str_len > size - head.str_off ||
	    !head.str_len || sections[head.str_off + head.str_len - 1])
		return -EINVAL;
	blob->types = sections + head.type_off;
	blob->types_end = blob->types + head.type_len;
	blob->strings = sections + head.str_off;
	blob->string_bytes = head.str_len;
	return 0;
}

static bool named(const struct blob *blob, uint32_t offset, const char *name)
{
	return offset < blob->string_bytes &&
	       !strcmp(blob->strings + offset, name);
}

/* Bytes behind a type's fixed part; see the kernel's btf.rst. */
static size_t tail_of(const struct btf_type *type)
{
	size_t count = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(uint32_t);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return count * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return count * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
	case BTF_KIND_DATASEC:
		return count * sizeof(struct btf_var_secinfo);
	case BTF_KIND_FUNC_PROTO:
		return count * sizeof(struct btf_param);
	default:
		return 0;
	}
}

static int find_member(const struct blob *blob, const struct btf_type *type,
		       const struct btf_member *members, const char *name)
{
	size_t i;

	for (i = 0; i < BTF_INFO_VLEN(type->info); i++) {
		uint32_t bits = members[i].offset;

		if (!named(blob, members[i].name_off, name))
			continue;
		if (BTF_INFO_KFLAG(type->info))
			bits = BTF_MEMBER_BIT_OFFSET(bits);
		return bits / 8;
	}
	return -ENOENT;
}

static int find_in_types(const struct blob *blob, const char *name,
			 const char *member)
{
	const char *at = blob->types;
	const struct btf_type *type;
	size_t tail;

	while (blob->types_end - at >= (ptrdiff_t)sizeof(*type)) {
		type = (const void *)at;
		at += sizeof(*type);
		tail = tail_of(type);
		if (tail > (size_t)(blob->types_end - at))
			return -EINVAL;
		if (BTF_INFO_KIND(type->info) == BTF_KIND_STRUCT &&
		    named(blob, type->name_off, name))
			return find_member(blob, type, (const void *)at, member);
		at += tail;
	}
	return -ENOENT;
}

int btf_member_offset(const char *name, const char *member)
{
	struct blob blob = { 0 };
	int ret = read_blob(&blob);

	if (!ret)
		ret = find_sections(&blob);
	if (!ret)
		ret = find_in_types(&blob, name, member);
	free(blob.bytes);
	return ret;
}
