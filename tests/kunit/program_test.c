// SPDX-License-Identifier: GPL-2.0
/*
 * Checks of programs: every rule of the errno table that needs no descriptor, and
 * which lane the bytes of a file take.
 */
#include <kunit/test.h>
#include <linux/backing-dev.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>
#include <linux/splice.h>
#include <linux/stat.h>
#include <linux/uaccess.h>
#include <linux/zcx.h>

#include "fake.h"
#include "memory.h"
#include "param_fixture.h"
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
	struct zcx_program_order order = {
		.memory = &memory,
		.segments = segments,
		.count = count,
		.segment_size = size,
		.lane = lane,
	};
	struct zcx_program prog;
	int err;

	zcx_memory_init(&memory);
	err = zcx_program_init(&prog, &order);
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
	KUNIT_EXPECT_EQ(test, create_errno(user, 1, size, ZCX_LANE_DIRECT), 0);
	KUNIT_EXPECT_EQ(test, create_errno(user, 1, size, ZCX_LANE_SPLICE),
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
	struct zcx_program_order order = {
		.memory = &memory,
		.count = ARRAY_SIZE(segs),
		.segment_size = sizeof(segs[0]),
	};
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
	order.segments = user;
	KUNIT_ASSERT_EQ(test, 0, zcx_program_init(&prog, &order));
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

/**
 * struct choice_case - a range, and the lane that its bytes take
 * @what: what is special
 * @magic: of the filesystem
 * @size: of the file
 * @offset: where the range begins
 * @length: bytes, or ZCX_TO_EOF
 * @order: what is asked for
 * @param: the module's own threshold; 0: 4 MiB
 * @no_odirect: the filesystem does not know of direct reads
 * @dax: the file is in memory that has no page cache
 * @lane: which lane it is
 * @drop_behind: as it then is
 * @no_direct: likewise
 * @missed_direct: likewise
 */
struct choice_case {
	const char *what;
	unsigned long magic;
	loff_t size;
	u64 offset;
	u64 length;
	struct zcx_program_order order;
	unsigned long param;
	bool no_odirect;
	bool dax;
	const struct zcx_lane_ops *lane;
	bool drop_behind;
	bool no_direct;
	bool missed_direct;
};

#define NO_PARAM	1	/* the module's parameter is 0: never */
#define EXT4		.magic = EXT4_SUPER_MAGIC
#define ALL		.length = ZCX_TO_EOF
#define AUTO(...)	.order = { .lane = ZCX_LANE_AUTO, __VA_ARGS__ }
#define CACHE(...)	.order = { .lane = ZCX_LANE_CACHE, __VA_ARGS__ }
#define DIRECT(...)	.order = { .lane = ZCX_LANE_DIRECT, __VA_ARGS__ }
#define FROM_CACHE	.lane = &zcx_lane_cache
#define READ_DIRECTLY	.lane = &zcx_lane_direct
#define SPLICED		.lane = &zcx_lane_splice
#define CANNOT		.no_direct = true, .drop_behind = true

static const struct choice_case choice_cases[] = {
	{ "a large file", EXT4, SZ_8M, 0, ALL, AUTO(), READ_DIRECTLY },
	{ "a large file of XFS", XFS_SUPER_MAGIC, SZ_8M, 0, ALL, AUTO(),
	  READ_DIRECTLY },
	{ "a file that is just large", EXT4, SZ_4M, 0, ALL, AUTO(),
	  READ_DIRECTLY },
	{ "a file that is not", EXT4, SZ_4M - 1, 0, ALL, AUTO(), FROM_CACHE },
	{ "an empty file", EXT4, 0, 0, ALL, AUTO(), FROM_CACHE },
	{ "the large rest of a file", EXT4, SZ_8M, SZ_4M, ALL, AUTO(),
	  READ_DIRECTLY },
	{ "the small rest of one", EXT4, SZ_8M, SZ_4M + 1, ALL, AUTO(),
	  FROM_CACHE },
	{ "a large part", EXT4, SZ_8M, 5, SZ_4M, AUTO(), READ_DIRECTLY },
	{ "a small part", EXT4, SZ_8M, 5, SZ_4M - 1, AUTO(), FROM_CACHE },
	{ "more than there is", EXT4, SZ_1M, 0, SZ_8M, AUTO(), FROM_CACHE },
	{ "behind the end", EXT4, SZ_1M, SZ_8M, ALL, AUTO(), FROM_CACHE },
	{ "the link's threshold", EXT4, SZ_1M, 0, ALL,
	  AUTO(.direct_threshold = SZ_1M), READ_DIRECTLY },
	{ "just below the link's threshold", EXT4, SZ_8M, 0, SZ_1M - 1,
	  AUTO(.direct_threshold = SZ_1M), FROM_CACHE },
	{ "a link that wants it never", EXT4, SZ_8M, 0, ALL,
	  AUTO(.direct_threshold = ZCX_DIRECT_NEVER), FROM_CACHE },
	{ "a module that wants it never", EXT4, SZ_8M, 0, ALL, AUTO(),
	  NO_PARAM, FROM_CACHE },
	{ "a link that knows better", EXT4, SZ_8M, 0, ALL,
	  AUTO(.direct_threshold = 1), NO_PARAM, READ_DIRECTLY },
	{ "dropped behind, large", EXT4, SZ_8M, 0, ALL,
	  AUTO(.drop_behind = true), READ_DIRECTLY, .drop_behind = true },
	{ "dropped behind, small", EXT4, SZ_1M, 0, ALL,
	  AUTO(.drop_behind = true), FROM_CACHE, .drop_behind = true },
	{ "through the cache, whatever", EXT4, SZ_8M, 0, ALL,
	  CACHE(.direct_threshold = 1), FROM_CACHE },
	{ "through the cache and out", EXT4, SZ_8M, 0, ALL,
	  CACHE(.drop_behind = true), FROM_CACHE, .drop_behind = true },
	{ "directly, a byte", EXT4, SZ_8M, 7, 1, DIRECT(), READ_DIRECTLY,
	  .drop_behind = true },
	{ "directly, whatever the module wants", EXT4, SZ_8M, 0, ALL,
	  DIRECT(), NO_PARAM, READ_DIRECTLY, .drop_behind = true },
	{ "directly, no bytes", EXT4, SZ_8M, 0, 0, DIRECT(), FROM_CACHE },
	{ "directly, an empty file", EXT4, 0, 0, ALL, DIRECT(), FROM_CACHE },
	{ "no direct reads, large", EXT4, SZ_8M, 0, ALL, AUTO(),
	  .no_odirect = true, FROM_CACHE, CANNOT },
	{ "no direct reads, small", EXT4, SZ_1M, 0, ALL, AUTO(),
	  .no_odirect = true, FROM_CACHE },
	{ "no direct reads, asked for", EXT4, 1, 0, ALL, DIRECT(),
	  .no_odirect = true, FROM_CACHE, CANNOT, .missed_direct = true },
	{ "no direct reads, not asked for", EXT4, SZ_8M, 0, ALL, CACHE(),
	  .no_odirect = true, FROM_CACHE },
	{ "direct reads not to be relied on", BTRFS_SUPER_MAGIC, SZ_8M, 0,
	  ALL, AUTO(), FROM_CACHE, CANNOT },
	{ "asked for all the same", BTRFS_SUPER_MAGIC, SZ_8M, 0, ALL,
	  DIRECT(), FROM_CACHE, CANNOT, .missed_direct = true },
	{ "tmpfs, large", TMPFS_MAGIC, SZ_8M, 0, ALL, AUTO(), FROM_CACHE,
	  CANNOT },
	{ "tmpfs, small", TMPFS_MAGIC, SZ_1M, 0, ALL, AUTO(), FROM_CACHE },
	{ "tmpfs, directly", TMPFS_MAGIC, SZ_1M, 0, ALL, DIRECT(), FROM_CACHE,
	  CANNOT, .missed_direct = true },
	{ "a filesystem nobody knows", PROC_SUPER_MAGIC, SZ_8M, 0, ALL,
	  AUTO(), SPLICED },
	{ "one nobody knows, directly", PROC_SUPER_MAGIC, SZ_8M, 0, ALL,
	  DIRECT(), SPLICED },
#if S_DAX
	{ "DAX", EXT4, SZ_8M, 0, ALL, AUTO(), .dax = true, SPLICED },
#endif
};

static void choice_desc(const struct choice_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(choice, choice_cases, choice_desc);

/* Only whether there is one is looked at. */
static const struct file_operations spliced_fops = {
	.splice_read	= copy_splice_read,
};

static const struct file_operations plain_fops = { };

/* A regular file that may be read, as far as the choice looks at it. */
static struct file *choice_file(struct kunit *test, unsigned long magic,
				loff_t size)
{
	struct file *file = fake_file(test, &noop_backing_dev_info);
	struct inode *inode = file_inode(file);

	inode->i_mode = S_IFREG | 0600;
	inode->i_sb->s_magic = magic;
	i_size_write(inode, size);
	file->f_mapping = &inode->i_data;
	file->f_op = &spliced_fops;
	file->f_mode = FMODE_READ | FMODE_PREAD | FMODE_LSEEK |
		       FMODE_CAN_ODIRECT | FMODE_NONOTIFY;
	return file;
}

static void expect_choice(struct kunit *test, const struct choice_case *c,
			  const struct zcx_range *range)
{
	bool direct = c->lane == &zcx_lane_direct;

	KUNIT_ASSERT_NOT_NULL(test, range->lane);
	KUNIT_EXPECT_STREQ(test, range->lane->name, c->lane->name);
	KUNIT_EXPECT_EQ(test, range->drop_behind, c->drop_behind);
	KUNIT_EXPECT_EQ(test, range->no_direct, c->no_direct);
	KUNIT_EXPECT_EQ(test, range->missed_direct, c->missed_direct);
	KUNIT_EXPECT_PTR_EQ(test, range->pool, direct ? c->order.pool : NULL);
	/* Nothing is begun yet. */
	KUNIT_EXPECT_NULL(test, range->direct);
	KUNIT_EXPECT_NULL(test, range->drop);
	KUNIT_EXPECT_FALSE(test, range->begun);
}

static void program_chooses_a_lane(struct kunit *test)
{
	struct choice_case c = *(const struct choice_case *)test->param_value;
	struct zcx_segment seg = {
		.type = ZCX_SEGMENT_FILE, .offset = c.offset,
		.length = c.length,
	};
	struct file *file = choice_file(test, c.magic, c.size);
	struct zcx_range range = { };

	test_param(test, "direct_threshold",
		   c.param == NO_PARAM ? 0 : c.param ?: SZ_4M);
	if (c.no_odirect)
		file->f_mode &= ~FMODE_CAN_ODIRECT;
	if (c.dax)
		file_inode(file)->i_flags |= S_DAX;
	/* Not looked at. */
	c.order.pool = (struct zcx_pool *)test;
	KUNIT_ASSERT_EQ(test, 0, zcx_range_of_file(&range, file, &seg,
						   &c.order));
	expect_choice(test, &c, &range);
	KUNIT_EXPECT_PTR_EQ(test, range.file, file);
	KUNIT_EXPECT_EQ(test, range.pos, c.offset);
	KUNIT_EXPECT_EQ(test, range.start, c.offset);
	KUNIT_EXPECT_EQ(test, range.to_eof, c.length == ZCX_TO_EOF);
	KUNIT_EXPECT_EQ(test, range.end, range.to_eof ? LLONG_MAX :
			c.offset + c.length);
}

/* A real file of tmpfs, of which the kernel has set up all there is. */
static void program_chooses_for_tmpfs(struct kunit *test)
{
	struct file *file = shmem_file_setup("zcx-kunit", SZ_8M, VM_NORESERVE);
	struct zcx_segment seg = {
		.type = ZCX_SEGMENT_FILE, .length = ZCX_TO_EOF,
	};
	u32 lane;

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	/* As open() and memfd_create() do. */
	file->f_mode |= FMODE_LSEEK | FMODE_PREAD;
	for (lane = ZCX_LANE_AUTO; lane <= ZCX_LANE_DIRECT; lane++) {
		struct choice_case c = {
			FROM_CACHE, .order = { .lane = lane },
			.drop_behind = lane != ZCX_LANE_CACHE,
			.no_direct = lane != ZCX_LANE_CACHE,
			.missed_direct = lane == ZCX_LANE_DIRECT,
		};
		struct zcx_range range = { };

		test_param(test, "direct_threshold", SZ_4M);
		KUNIT_ASSERT_EQ(test, 0, zcx_range_of_file(&range, file, &seg,
							   &c.order));
		expect_choice(test, &c, &range);
	}
	fput(file);
}

struct refusal_case {
	const char *what;
	umode_t mode;		/* other than a regular file's */
	fmode_t lacks;
	unsigned long magic;
	const struct file_operations *fops;
	int want;
};

static const struct refusal_case refusal_cases[] = {
	{ "not open for reading", 0, FMODE_READ, EXT4_SUPER_MAGIC, NULL,
	  -EBADF },
	{ "a folder", S_IFDIR | 0755, 0, EXT4_SUPER_MAGIC, NULL, -EISDIR },
	{ "a folder, not open for reading", S_IFDIR | 0755, FMODE_READ,
	  EXT4_SUPER_MAGIC, NULL, -EBADF },
	{ "a FIFO", S_IFIFO | 0600, 0, EXT4_SUPER_MAGIC, NULL, -EOPNOTSUPP },
	{ "a block device", S_IFBLK | 0600, 0, EXT4_SUPER_MAGIC, NULL,
	  -EOPNOTSUPP },
	{ "one without offsets", 0, FMODE_PREAD, EXT4_SUPER_MAGIC, NULL,
	  -EOPNOTSUPP },
	{ "one that cannot seek", 0, FMODE_LSEEK, EXT4_SUPER_MAGIC, NULL,
	  -EOPNOTSUPP },
	{ "one that hands out no pages", 0, 0, PROC_SUPER_MAGIC, &plain_fops,
	  -EOPNOTSUPP },
	/* It is not for us to say that its page cache may be had. */
	{ "ext4's, if it ever did not", 0, 0, EXT4_SUPER_MAGIC, &plain_fops,
	  -EOPNOTSUPP },
};

static void refusal_desc(const struct refusal_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(refusal, refusal_cases, refusal_desc);

/* Whichever lane is asked for. */
static void program_refuses_a_file(struct kunit *test)
{
	const struct refusal_case *c = test->param_value;
	struct zcx_segment seg = { .type = ZCX_SEGMENT_FILE, .length = 1 };
	u32 lane;

	for (lane = ZCX_LANE_AUTO; lane <= ZCX_LANE_DIRECT; lane++) {
		struct zcx_program_order order = { .lane = lane };
		struct file *file = choice_file(test, c->magic, SZ_8M);
		struct zcx_range range = { };

		file->f_mode &= ~c->lacks;
		if (c->mode)
			file_inode(file)->i_mode = c->mode;
		if (c->fops)
			file->f_op = c->fops;
		KUNIT_EXPECT_EQ(test, c->want,
				zcx_range_of_file(&range, file, &seg, &order));
	}
}

static struct kunit_case program_cases[] = {
	KUNIT_CASE_PARAM(program_segment_rules, segment_gen_params),
	KUNIT_CASE(program_memory_limit),
	KUNIT_CASE(program_create_refusals),
	KUNIT_CASE(program_memory_is_copied_and_packed),
	KUNIT_CASE(program_memory_limit_of_a_link),
	KUNIT_CASE(program_entries_suit_the_program),
	KUNIT_CASE_PARAM(program_chooses_a_lane, choice_gen_params),
	KUNIT_CASE(program_chooses_for_tmpfs),
	KUNIT_CASE_PARAM(program_refuses_a_file, refusal_gen_params),
	{}
};

static struct kunit_suite program_suite = {
	.name		= "zcx-program",
	.test_cases	= program_cases,
};
kunit_test_suite(program_suite);
