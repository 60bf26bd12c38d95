// SPDX-License-Identifier: GPL-2.0
#include "content.h"
#include "direct.h"
#include "guest.h"
#include "vmtest.h"

const struct direct_way direct_ext4 = { DIR_EXT4, PAIR_TCP4, false },
	direct_ext4_async = { DIR_EXT4, PAIR_TCP4, true },
	direct_xfs = { DIR_XFS, PAIR_TCP4, false },
	direct_xfs_async = { DIR_XFS, PAIR_TCP4, true };

struct zcx_link direct_send_by(uint32_t lane, const struct program *program,
			       const struct direct_way *way)
{
	struct exchange x = {
		.program = program,
		.kind = way->kind,
		.lane = lane,
		.async = way->async,
	};

	exchange_run(&x);
	return x.link;
}

struct zcx_link direct_send(const struct program *program,
			    const struct direct_way *way)
{
	return direct_send_by(ZCX_LANE_DIRECT, program, way);
}

void direct_assert(const struct zcx_link *link, uint64_t direct,
		   uint64_t cache)
{
	if (link->bytes_direct == direct && link->bytes_cache == cache &&
	    !(link->result_flags & ZCX_RESULT_NO_DIRECT))
		return;
	fail_msg("%llu bytes direct and %llu from the cache, not %llu and %llu (flags %#x)",
		 (unsigned long long)link->bytes_direct,
		 (unsigned long long)link->bytes_cache,
		 (unsigned long long)direct, (unsigned long long)cache,
		 link->result_flags);
}

void direct_leaves(const struct vfile *file, size_t pages)
{
	if (!file_becomes_resident(file, pages))
		fail_msg("%zu pages are in the cache, not %zu",
			 file_resident(file), pages);
}

static bool has_short_ranges(const struct program *program)
{
	unsigned int i;

	for (i = 0; i < program->piece_count; i++)
		if (program->pieces[i].file &&
		    program->pieces[i].length < DIRECT_LEAST)
			return true;
	return false;
}

void direct_assert_all(const struct zcx_link *link,
		       const struct program *program,
		       const struct vfile *file)
{
	if (has_short_ranges(program)) {
		assert_false(link->result_flags & ZCX_RESULT_NO_DIRECT);
		direct_leaves(file, 0);
		return;
	}
	direct_assert(link, program->cache, 0);
	assert_int_equal(file_resident(file), 0);
}

struct zcx_info direct_info(void)
{
	struct zcx_info info = { .size = sizeof(info) };
	int context = zcx_open();

	assert_int_equal(zcx_call(context, ZCX_IOC_INFO, &info), 0);
	close(context);
	return info;
}

uint64_t direct_warm_parts(const struct vfile *file, uint64_t step)
{
	uint64_t at, pages = (file->size + 4095) / 4096, bytes;

	for (at = 0; at < file->size; at += 2 * step)
		file_warm(file, at, MIN(at + step, file->size));
	bytes = file_resident(file) * 4096;
	assert_in_range(bytes, 4096, pages * 4096 - 4096);
	return bytes;
}

void direct_send_range(struct program *program, const struct vfile *file,
		       uint64_t offset, uint64_t length,
		       const struct direct_way *way)
{
	struct zcx_link link;

	program_clear(program);
	program_memory(program, "header", 6);
	program_file(program, file, offset, length);
	program_memory(program, "trailer", 7);
	link = direct_send(program, way);
	direct_assert_all(&link, program, file);
}

void direct_random_ranges(const struct direct_way *way, unsigned int count)
{
	struct program *program = program_new();
	uint64_t random = 33;
	struct vfile file;
	unsigned int i;

	file_make(&file, way->dir, 5 * MIB + 777);
	file_chill(&file);
	for (i = 0; i < count; i++) {
		uint64_t offset = content_random(&random) % file.size;
		uint64_t most = 1 + (file.size - offset) / (1 + i % 5);

		direct_send_range(program, &file, offset,
				  1 + content_random(&random) % most, way);
	}
	file_drop(&file);
}
