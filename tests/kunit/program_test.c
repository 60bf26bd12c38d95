// SPDX-License-Identifier: GPL-2.0
/*
 * Checks of programs: every rule of the errno table that needs no descriptor.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/mman.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/zcx.h>

#include "fake.h"
#include "memory.h"
#include "program.h"

struct segment_case {
	const char *what;
	struct zcx_segment seg;
	int want;
};

static const struct segment_case segment_cases[] = {
	{ "file", { .type = ZCX_SEGMENT_FILE, .fd = 3, .length = 1 }, 0 },
	{ "file of no bytes", { .type = ZCX_SEGMENT_FILE }, 0 },
	{ "file to its end",
	  { .type = ZCX_SEGMENT_FILE, .length = ZCX_TO_EOF }, 0 },
	{ "file to its end, from the last offset",
	  { .type = ZCX_SEGMENT_FILE, .offset = LLONG_MAX,
	    .length = ZCX_TO_EOF }, 0 },
	{ "file, last possible byte",
	  { .type = ZCX_SEGMENT_FILE, .offset = LLONG_MAX - 1, .length = 1 },
	  0 },
	{ "file, one byte too far",
	  { .type = ZCX_SEGMENT_FILE, .offset = LLONG_MAX, .length = 1 },
	  -EOVERFLOW },
	{ "file, length that is nearly to the end",
	  { .type = ZCX_SEGMENT_FILE, .length = ZCX_TO_EOF - 1 }, -EOVERFLOW },
	{ "file, negative offset",
	  { .type = ZCX_SEGMENT_FILE, .offset = 1ULL << 63 }, -EINVAL },
	{ "file with an address",
	  { .type = ZCX_SEGMENT_FILE, .addr = 1 }, -EINVAL },
	{ "memory", { .type = ZCX_SEGMENT_MEMORY, .addr = 1, .length = 1 }, 0 },
	{ "memory of no bytes", { .type = ZCX_SEGMENT_MEMORY }, 0 },
	{ "memory, longest",
	  { .type = ZCX_SEGMENT_MEMORY, .length = ZCX_MAX_MEMORY_SEGMENT }, 0 },
	{ "memory, too long",
	  { .type = ZCX_SEGMENT_MEMORY, .length = ZCX_MAX_MEMORY_SEGMENT + 1 },
	  -E2BIG },
	{ "memory to the end",
	  { .type = ZCX_SEGMENT_MEMORY, .length = ZCX_TO_EOF }, -E2BIG },
	{ "memory with a descriptor",
	  { .type = ZCX_SEGMENT_MEMORY, .fd = 1 }, -EINVAL },
	{ "memory with an offset",
	  { .type = ZCX_SEGMENT_MEMORY, .offset = 1 }, -EINVAL },
	{ "no type", { .type = 0 }, -EINVAL },
	{ "unknown type", { .type = 3 }, -EINVAL },
	{ "unknown flag",
	  { .type = ZCX_SEGMENT_FILE, .flags = 1 }, -EOPNOTSUPP },
	{ "last flag",
	  { .type = ZCX_SEGMENT_MEMORY, .flags = 1U << 31 }, -EOPNOTSUPP },
	{ "reserved",
	  { .type = ZCX_SEGMENT_FILE, .__reserved = 1 }, -EINVAL },
};

static void segment_desc(const struct segment_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(segment, segment_cases, segment_desc);

static void program_segment_rules(struct kunit *test)
{
	const struct segment_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, zcx_segment_check(&c->seg), c->want);
}

static void program_memory_limit(struct kunit *test)
{
	const u64 most = ZCX_MAX_MEMORY_LINK;

	KUNIT_EXPECT_EQ(test, zcx_program_check_memory(0, 0), 0);
	KUNIT_EXPECT_EQ(test, zcx_program_check_memory(0, most), 0);
	KUNIT_EXPECT_EQ(test, zcx_program_check_memory(most, 0), 0);
	KUNIT_EXPECT_EQ(test, zcx_program_check_memory(most - 1, 1), 0);
	KUNIT_EXPECT_EQ(test, zcx_program_check_memory(most, 1), -E2BIG);
	KUNIT_EXPECT_EQ(test, zcx_program_check_memory(1, most), -E2BIG);
}

/* User memory of the test, with @size bytes of @from in it. */
static unsigned long user_copy(struct kunit *test, const void *from,
			       size_t size)
{
	unsigned long addr = kunit_vm_mmap(test, NULL, 0, PAGE_ALIGN(size),
					   PROT_READ | PROT_WRITE,
					   MAP_ANONYMOUS | MAP_PRIVATE, 0);

	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_ASSERT_LT(test, addr, (unsigned long)TASK_SIZE);
	KUNIT_ASSERT_EQ(test, 0,
			copy_to_user((void __user *)addr, from, size));
	return addr;
}

static int create_errno(u64 segments, u32 count, u32 size, u32 lane)
{
	struct zcx_memory memory;
	struct zcx_program prog;
	int err;

	zcx_memory_init(&memory);
	err = zcx_program_init(&prog, &memory, segments, count, size, lane);
	if (!err)
		zcx_program_destroy(&prog);
	zcx_memory_destroy(&memory);
	return err;
}

static void program_create_refusals(struct kunit *test)
{
	struct zcx_segment seg = { .type = ZCX_SEGMENT_MEMORY };
	const u32 size = sizeof(seg);
	unsigned long user = user_copy(test, &seg, size);
	unsigned long last = user + PAGE_SIZE - size;

	KUNIT_EXPECT_EQ(test, create_errno(user, 1, size, 0), 0);
	KUNIT_EXPECT_EQ(test, create_errno(user, 0, size, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, create_errno(user, 1, size - 1, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, create_errno(user, 1, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, create_errno(user, 1, PAGE_SIZE + 1, 0), -E2BIG);
	KUNIT_EXPECT_EQ(test, create_errno(user, ZCX_MAX_SEGMENTS + 1, size, 0),
			-E2BIG);
	KUNIT_EXPECT_EQ(test, create_errno(user, U32_MAX, size, 0), -E2BIG);
	KUNIT_EXPECT_EQ(test, create_errno(user, 1, size, ZCX_LANE_CACHE), 0);
	KUNIT_EXPECT_EQ(test, create_errno(user, 1, size, ZCX_LANE_CACHE + 1),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, create_errno(0, 1, size, 0), -EFAULT);
	/* The second segment is not the caller's memory any more. */
	KUNIT_ASSERT_EQ(test, 0, copy_to_user((void __user *)last, &seg, size));
	KUNIT_EXPECT_EQ(test, create_errno(last, 1, size, 0), 0);
	KUNIT_EXPECT_EQ(test, create_errno(last, 2, size, 0), -EFAULT);
	/* The second segment is all zero, which is no type. */
	KUNIT_EXPECT_EQ(test, create_errno(user, 2, size, 0), -EINVAL);
	/* A newer caller's longer segments: zeros behind ours are fine. */
	KUNIT_EXPECT_EQ(test, create_errno(user, 1, size + 8, 0), 0);
	KUNIT_ASSERT_EQ(test, 0, put_user(1, (u8 __user *)user + size + 7));
	KUNIT_EXPECT_EQ(test, create_errno(user, 1, size + 8, 0), -E2BIG);
}

static void program_memory_is_copied_and_packed(struct kunit *test)
{
	u8 *bytes = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);
	struct zcx_segment segs[3];
	struct zcx_memory memory;
	struct zcx_program prog;
	unsigned long addr, user;
	size_t n;

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	for (n = 0; n < 2 * PAGE_SIZE; n++)
		bytes[n] = fake_byte(n);
	addr = user_copy(test, bytes, 2 * PAGE_SIZE);
	segs[0] = (struct zcx_segment){ .type = ZCX_SEGMENT_MEMORY,
					.addr = addr, .length = 10 };
	segs[1] = (struct zcx_segment){ .type = ZCX_SEGMENT_MEMORY,
					.addr = addr + 10, .length = 20 };
	segs[2] = (struct zcx_segment){ .type = ZCX_SEGMENT_MEMORY,
					.addr = addr + 30,
					.length = 2 * PAGE_SIZE - 30 };
	user = user_copy(test, segs, sizeof(segs));

	zcx_memory_init(&memory);
	KUNIT_ASSERT_EQ(test, 0,
			zcx_program_init(&prog, &memory, user, 3,
					 sizeof(segs[0]), ZCX_LANE_AUTO));
	KUNIT_EXPECT_EQ(test, prog.memory_bytes, 2 * PAGE_SIZE);
	/* What is small shares a page, without a gap; what is not has its own. */
	KUNIT_EXPECT_PTR_EQ(test, prog.ranges[0].page, memory.page);
	KUNIT_EXPECT_PTR_EQ(test, prog.ranges[1].page, memory.page);
	KUNIT_EXPECT_EQ(test, prog.ranges[1].start, prog.ranges[0].end);
	KUNIT_EXPECT_MEMEQ(test, page_address(memory.page) +
			   prog.ranges[0].start, bytes, 30);
	KUNIT_ASSERT_EQ(test, prog.ranges[2].nr_pages, 2);
	KUNIT_EXPECT_MEMEQ(test, page_address(prog.ranges[2].pages[0]),
			   bytes + 30, PAGE_SIZE);
	KUNIT_EXPECT_MEMEQ(test, page_address(prog.ranges[2].pages[1]),
			   bytes + 30 + PAGE_SIZE, PAGE_SIZE - 30);
	zcx_program_destroy(&prog);
	KUNIT_EXPECT_EQ(test, page_count(memory.page), 1);
	zcx_memory_destroy(&memory);
}

static void program_memory_limit_of_a_link(struct kunit *test)
{
	const unsigned int fit = ZCX_MAX_MEMORY_LINK / ZCX_MAX_MEMORY_SEGMENT;
	struct zcx_segment *segs;
	unsigned long addr, user;
	void *bytes;
	unsigned int i;

	segs = kunit_kcalloc(test, fit + 1, sizeof(*segs), GFP_KERNEL);
	bytes = kunit_kzalloc(test, ZCX_MAX_MEMORY_SEGMENT, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, segs);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	addr = user_copy(test, bytes, ZCX_MAX_MEMORY_SEGMENT);
	for (i = 0; i <= fit; i++)
		segs[i] = (struct zcx_segment){
			.type = ZCX_SEGMENT_MEMORY, .addr = addr,
			.length = i < fit ? ZCX_MAX_MEMORY_SEGMENT : 1 };
	user = user_copy(test, segs, (fit + 1) * sizeof(*segs));

	KUNIT_EXPECT_EQ(test, create_errno(user, fit, sizeof(*segs), 0), 0);
	KUNIT_EXPECT_EQ(test, create_errno(user, fit + 1, sizeof(*segs), 0),
			-E2BIG);
}

static void program_entries_suit_the_program(struct kunit *test)
{
	struct zcx_program *prog;

	prog = kunit_kzalloc(test, sizeof(*prog), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, prog);
	prog->ranges = prog->few;
	prog->count = 2;
	KUNIT_EXPECT_EQ(test, zcx_program_entries(prog, SZ_1M), 2);
	prog->ranges[0].end = 100;
	KUNIT_EXPECT_EQ(test, zcx_program_entries(prog, SZ_1M), 3);
	/* never more than a batch can need, with both its ends cut */
	prog->ranges[1].end = LLONG_MAX;
	KUNIT_EXPECT_EQ(test, zcx_program_entries(prog, SZ_1M),
			SZ_1M / PAGE_SIZE + 1);
}

static struct kunit_case program_cases[] = {
	KUNIT_CASE_PARAM(program_segment_rules, segment_gen_params),
	KUNIT_CASE(program_memory_limit),
	KUNIT_CASE(program_create_refusals),
	KUNIT_CASE(program_memory_is_copied_and_packed),
	KUNIT_CASE(program_memory_limit_of_a_link),
	KUNIT_CASE(program_entries_suit_the_program),
	{}
};

static struct kunit_suite program_suite = {
	.name		= "zcx-program",
	.test_cases	= program_cases,
};
kunit_test_suite(program_suite);
