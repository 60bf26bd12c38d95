// SPDX-License-Identifier: GPL-2.0
/*
 * The ABI: numbers and layout as published, and the rules of size-first
 * structs, through the dispatcher itself.
 */
#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/uaccess.h>
#include <linux/zcx.h>

#include "context.h"
#include "ioctl.h"

static void abi_numbers_never_change(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ZCX_IOC_INFO, 0xe200);
	KUNIT_EXPECT_EQ(test, ZCX_IOC_LINK, 0xe201);
	KUNIT_EXPECT_EQ(test, ZCX_TO_EOF, U64_MAX);
	KUNIT_EXPECT_EQ(test, ZCX_STATE_QUEUED, 1);
	KUNIT_EXPECT_EQ(test, ZCX_STATE_SENT, 4);
	KUNIT_EXPECT_EQ(test, ZCX_STATE_FAILED, 7);
	KUNIT_EXPECT_EQ(test, ZCX_LINK_SYNC, 1);
	KUNIT_EXPECT_EQ(test, ZCX_LINK_NOSIGNAL, 2);
}

static void abi_layout_never_changes(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_info, features), 16);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_info, max_segments), 24);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_info, batch_bytes), 40);

	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_segment, fd), 4);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_segment, offset), 8);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_segment, length), 16);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_segment, addr), 24);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_segment, flags), 32);

	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_link, flags), 4);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_link, socket_fd), 8);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_link, lane), 12);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_link, segments), 16);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_link, segment_count), 24);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_link, segment_size), 28);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_link, user_data), 32);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_link, bytes_sent), 48);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_link, bytes_copied), 80);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_link, state), 88);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_link, error), 92);
	KUNIT_EXPECT_EQ(test, offsetof(struct zcx_link, result_flags), 96);
}

/**
 * struct abi - an open /dev/zcx and a page of user memory
 * @file: stands for the open file; the dispatcher wants its private_data
 * @user: the page
 */
struct abi {
	struct file *file;
	unsigned long user;
};

static long call(struct abi *abi, unsigned int cmd, const void *arg,
		 size_t size)
{
	if (copy_to_user((void __user *)abi->user, arg, size))
		return -EFAULT;
	return zcx_ioctl(abi->file, cmd, abi->user);
}

static long call_info(struct abi *abi, u32 size)
{
	struct zcx_info info = { .size = size };

	return call(abi, ZCX_IOC_INFO, &info, sizeof(info));
}

static void abi_unknown_operation(struct kunit *test)
{
	struct abi *abi = test->priv;

	KUNIT_EXPECT_EQ(test, zcx_ioctl(abi->file, 0xe208, abi->user), -ENOTTY);
	KUNIT_EXPECT_EQ(test, zcx_ioctl(abi->file, 0xe2ff, abi->user), -ENOTTY);
	/* right number, wrong type, direction or size */
	KUNIT_EXPECT_EQ(test, zcx_ioctl(abi->file, 0xe100, abi->user), -ENOTTY);
	KUNIT_EXPECT_EQ(test, zcx_ioctl(abi->file, _IOR(0xe2, 0, int),
					abi->user), -ENOTTY);
	KUNIT_EXPECT_EQ(test, zcx_ioctl(abi->file, 0, abi->user), -ENOTTY);
}

static void abi_size_rules(struct kunit *test)
{
	struct abi *abi = test->priv;
	const u32 first = offsetofend(struct zcx_info, __reserved);
	const u32 size = sizeof(struct zcx_info);

	KUNIT_EXPECT_EQ(test, call_info(abi, size), 0);
	/* as programs had it that know nothing of the direct lane */
	KUNIT_EXPECT_EQ(test, call_info(abi, first), 0);
	KUNIT_EXPECT_EQ(test, call_info(abi, first - 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, call_info(abi, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, zcx_ioctl(abi->file, ZCX_IOC_INFO, 0), -EFAULT);
	/* the page's rest is zero: a newer caller that asks for nothing new */
	KUNIT_EXPECT_EQ(test, call_info(abi, size + 64), 0);
	/* one that asks for something */
	KUNIT_ASSERT_EQ(test, 0,
			put_user(1, (u8 __user *)abi->user + size + 63));
	KUNIT_EXPECT_EQ(test, call_info(abi, size + 64), -E2BIG);
	KUNIT_EXPECT_EQ(test, call_info(abi, size + 63), 0);
	KUNIT_EXPECT_EQ(test, call_info(abi, U32_MAX), -E2BIG);
}

static void abi_info_answers(struct kunit *test)
{
	struct zcx_info info = { .size = sizeof(info) };
	struct abi *abi = test->priv;

	KUNIT_ASSERT_EQ(test, call(abi, ZCX_IOC_INFO, &info, sizeof(info)), 0);
	KUNIT_ASSERT_EQ(test, 0, copy_from_user(&info, (void __user *)abi->user,
						sizeof(info)));
	KUNIT_EXPECT_EQ(test, info.size, sizeof(info));
	KUNIT_EXPECT_EQ(test, info.abi_version, ZCX_ABI_VERSION);
	KUNIT_EXPECT_TRUE(test, info.features & ZCX_FEATURE_SYNC);
	KUNIT_EXPECT_EQ(test, info.max_segments, ZCX_MAX_SEGMENTS);
	KUNIT_EXPECT_EQ(test, info.__reserved, 0);

	info.flags = 1;
	KUNIT_EXPECT_EQ(test, call(abi, ZCX_IOC_INFO, &info, sizeof(info)),
			-EOPNOTSUPP);
}

static long call_link(struct abi *abi, const struct zcx_link *link)
{
	return call(abi, ZCX_IOC_LINK, link, sizeof(*link));
}

static void abi_link_refusals(struct kunit *test)
{
	struct abi *abi = test->priv;
	struct zcx_link good = {
		.size = sizeof(good),
		.flags = ZCX_LINK_SYNC,
		.socket_fd = -1,
		.segments = abi->user + sizeof(good),
		.segment_count = 1,
		.segment_size = sizeof(struct zcx_segment),
	};
	struct zcx_segment seg = { .type = ZCX_SEGMENT_MEMORY };
	struct zcx_link bad;

	KUNIT_ASSERT_EQ(test, 0,
			copy_to_user((void __user *)abi->user + sizeof(good),
				     &seg, sizeof(seg)));
	/* Right but for its socket: everything else has been looked at. */
	KUNIT_EXPECT_EQ(test, call_link(abi, &good), -EBADF);

	bad = good;
	bad.flags = 0;
	KUNIT_EXPECT_EQ(test, call_link(abi, &bad), -EBADF);
	bad.flags = ZCX_LINK_SYNC | ZCX_LINK_ACKED;
	KUNIT_EXPECT_EQ(test, call_link(abi, &bad), -EINVAL);
	bad.flags = ZCX_LINK_SYNC | 1U << 31;
	KUNIT_EXPECT_EQ(test, call_link(abi, &bad), -EOPNOTSUPP);
	bad = good;
	bad.__reserved = 1;
	KUNIT_EXPECT_EQ(test, call_link(abi, &bad), -EINVAL);
	bad = good;
	bad.lane = 77;
	KUNIT_EXPECT_EQ(test, call_link(abi, &bad), -EOPNOTSUPP);
	bad = good;
	bad.segment_count = 0;
	KUNIT_EXPECT_EQ(test, call_link(abi, &bad), -EINVAL);
	bad = good;
	bad.segments = 0;
	KUNIT_EXPECT_EQ(test, call_link(abi, &bad), -EFAULT);
}

static int abi_init(struct kunit *test)
{
	struct abi *abi = kunit_kzalloc(test, sizeof(*abi), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, abi);
	abi->file = kunit_kzalloc(test, sizeof(*abi->file), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, abi->file);
	abi->user = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE,
				  PROT_READ | PROT_WRITE,
				  MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, abi->user, 0);
	abi->file->private_data = zcx_context_create();
	KUNIT_ASSERT_NOT_NULL(test, abi->file->private_data);
	test->priv = abi;
	return 0;
}

static void abi_exit(struct kunit *test)
{
	struct abi *abi = test->priv;

	if (abi && abi->file->private_data)
		zcx_context_put(abi->file->private_data);
}

static struct kunit_case abi_cases[] = {
	KUNIT_CASE(abi_numbers_never_change),
	KUNIT_CASE(abi_layout_never_changes),
	KUNIT_CASE(abi_unknown_operation),
	KUNIT_CASE(abi_size_rules),
	KUNIT_CASE(abi_info_answers),
	KUNIT_CASE(abi_link_refusals),
	{}
};

static struct kunit_suite abi_suite = {
	.name		= "zcx-abi",
	.init		= abi_init,
	.exit		= abi_exit,
	.test_cases	= abi_cases,
};
kunit_test_suite(abi_suite);
