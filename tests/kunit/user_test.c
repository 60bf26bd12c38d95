// SPDX-License-Identifier: GPL-2.0
/*
 * Accounts: one for each user, whoever asks for it, and nothing in it that was
 * not put there and is not still had.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/uidgid.h>

#include "param_fixture.h"
#include "user.h"

#define PATIENCE	(60 * HZ)

/* Nobody has these uids while the suites run. */
#define SOMEBODY	3000000001U
#define ANOTHER		(SOMEBODY + 64)	/* in the same bucket, for all we know */

static struct zcx_user *account(struct kunit *test, u32 uid)
{
	struct zcx_user *user = zcx_user_get(KUIDT_INIT(uid));

	KUNIT_ASSERT_NOT_NULL(test, user);
	return user;
}

static void expect_account(struct kunit *test, struct zcx_user *user,
			   int links, int files)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&user->links), links);
	KUNIT_EXPECT_EQ(test, atomic_read(&user->files), files);
}

static void user_has_one_account(struct kunit *test)
{
	struct zcx_user *user = account(test, SOMEBODY);
	struct zcx_user *again = account(test, SOMEBODY);

	KUNIT_EXPECT_PTR_EQ(test, user, again);
	KUNIT_EXPECT_TRUE(test, uid_eq(user->uid, KUIDT_INIT(SOMEBODY)));
	KUNIT_EXPECT_EQ(test, refcount_read(&user->ref), 2);
	zcx_user_hold(user);
	KUNIT_EXPECT_EQ(test, refcount_read(&user->ref), 3);
	zcx_user_put(user);
	zcx_user_put(user);
	KUNIT_EXPECT_EQ(test, refcount_read(&user->ref), 1);
	/* As long as anybody has it, it is this one. */
	again = account(test, SOMEBODY);
	KUNIT_EXPECT_PTR_EQ(test, user, again);
	zcx_user_put(again);
	zcx_user_put(user);
}

#define CROWD	200	/* more than there are buckets */

static void user_among_many(struct kunit *test)
{
	struct zcx_user **users = kunit_kcalloc(test, CROWD, sizeof(*users),
						GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, users);
	for (i = 0; i < CROWD; i++) {
		users[i] = account(test, SOMEBODY + i);
		KUNIT_ASSERT_EQ(test, 0, zcx_user_charge(users[i], i));
	}
	for (i = 0; i < CROWD; i++) {
		struct zcx_user *again = account(test, SOMEBODY + i);

		KUNIT_ASSERT_PTR_EQ(test, again, users[i]);
		expect_account(test, again, 1, i);
		zcx_user_put(again);
	}
	/* From the middle of a bucket too. */
	for (i = 0; i < CROWD; i++) {
		struct zcx_user *user = users[i * 7 % CROWD];

		zcx_user_uncharge(user, i * 7 % CROWD);
		zcx_user_put(user);
	}
}

/* The next one who comes by that uid begins with nothing. */
static void user_comes_back_with_nothing(struct kunit *test)
{
	struct zcx_user *user = account(test, SOMEBODY);

	KUNIT_EXPECT_EQ(test, 0, zcx_user_charge(user, 5));
	zcx_user_uncharge(user, 5);
	zcx_user_put(user);
	user = account(test, SOMEBODY);
	KUNIT_EXPECT_EQ(test, refcount_read(&user->ref), 1);
	expect_account(test, user, 0, 0);
	KUNIT_EXPECT_EQ(test, user->direct_bytes, 0);
	zcx_user_put(user);
}

struct limit_case {
	const char *what;
	unsigned long max_links;
	unsigned long max_files;
	int links;		/* that he has, one file each */
	unsigned int files;	/* of one more */
	int want;
};

static const struct limit_case limit_cases[] = {
	{ "room for all", 5, 10, 3, 2, 0 },
	{ "the last link", 4, 10, 3, 1, 0 },
	{ "one link too many", 3, 10, 3, 1, -EDQUOT },
	{ "one link too many, without files", 3, 10, 3, 0, -EDQUOT },
	{ "the last file", 10, 8, 3, 5, 0 },
	{ "one file too many", 10, 8, 3, 6, -EDQUOT },
	{ "more files than there may ever be", 10, 8, 0, 9, -EDQUOT },
	{ "so many that they wrap around", 10, 8, 3, UINT_MAX, -EDQUOT },
	{ "no files, when there is no room for one", 10, 3, 3, 0, 0 },
	{ "a limit of no links", 0, 10, 0, 0, -EDQUOT },
	{ "a limit of no files", 10, 0, 0, 1, -EDQUOT },
	{ "a limit that has been lowered since", 1, 10, 3, 0, -EDQUOT },
	{ "a limit of files that has been lowered", 10, 1, 3, 0, -EDQUOT },
	{ "limits beyond what is counted", UINT_MAX, UINT_MAX, 3, 1000, 0 },
};

static void limit_desc(const struct limit_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(limit, limit_cases, limit_desc);

static void user_limits(struct kunit *test)
{
	const struct limit_case *c = test->param_value;
	struct zcx_user *user = account(test, SOMEBODY);
	int i, err;

	for (i = 0; i < c->links; i++)
		KUNIT_ASSERT_EQ(test, 0, zcx_user_charge(user, 1));
	test_param(test, "max_user_links", c->max_links);
	test_param(test, "max_user_files", c->max_files);
	err = zcx_user_charge(user, c->files);
	KUNIT_EXPECT_EQ(test, err, c->want);
	if (!err) {
		expect_account(test, user, c->links + 1,
			       c->links + c->files);
		zcx_user_uncharge(user, c->files);
	}
	/* Who was refused has not been charged, not even in part. */
	expect_account(test, user, c->links, c->links);
	for (i = 0; i < c->links; i++)
		zcx_user_uncharge(user, 1);
	zcx_user_put(user);
}

static void user_does_not_count_for_another(struct kunit *test)
{
	struct zcx_user *user = account(test, SOMEBODY);
	struct zcx_user *other = account(test, ANOTHER);

	test_param(test, "max_user_links", 1);
	KUNIT_EXPECT_PTR_NE(test, user, other);
	KUNIT_EXPECT_EQ(test, 0, zcx_user_charge(user, 1));
	KUNIT_EXPECT_EQ(test, -EDQUOT, zcx_user_charge(user, 1));
	KUNIT_EXPECT_EQ(test, 0, zcx_user_charge(other, 1));
	KUNIT_EXPECT_EQ(test, -EDQUOT, zcx_user_charge(other, 1));
	zcx_user_uncharge(user, 1);
	KUNIT_EXPECT_EQ(test, 0, zcx_user_charge(user, 1));
	zcx_user_uncharge(user, 1);
	zcx_user_uncharge(other, 1);
	zcx_user_put(other);
	zcx_user_put(user);
}

#define TASKS	6
#define ROUNDS	3000
#define MOST	3	/* links at a time, of all tasks together */

/**
 * struct mob - tasks that all come at once
 * @charged: how often one of them got a link
 * @refused: how often one did not
 * @beyond: how often one saw more than there may be
 * @left: tasks that are still at it
 * @done: all of them have ended
 */
struct mob {
	atomic_t charged;
	atomic_t refused;
	atomic_t beyond;
	atomic_t left;
	struct completion done;
};

static void mob_round(struct mob *mob, unsigned int files)
{
	struct zcx_user *user = zcx_user_get(KUIDT_INIT(SOMEBODY));

	if (!user)
		return;
	if (zcx_user_charge(user, files)) {
		atomic_inc(&mob->refused);
	} else {
		atomic_inc(&mob->charged);
		if (atomic_read(&user->links) > MOST)
			atomic_inc(&mob->beyond);
		cond_resched();
		zcx_user_uncharge(user, files);
	}
	zcx_user_put(user);
}

static int mob_task(void *data)
{
	struct mob *mob = data;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		mob_round(mob, i % 4);
	if (atomic_dec_and_test(&mob->left))
		complete(&mob->done);
	return 0;
}

static void run_mob(struct kunit *test, struct mob *mob)
{
	unsigned int i;

	memset(mob, 0, sizeof(*mob));
	atomic_set(&mob->left, TASKS);
	init_completion(&mob->done);
	for (i = 0; i < TASKS; i++) {
		struct task_struct *task = kthread_run(mob_task, mob,
						       "zcx-kunit-%u", i);

		KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	}
	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&mob->done,
							    PATIENCE));
}

/* Whoever was charged has been uncharged: it is all the same afterwards. */
static void user_balance_after_a_mob(struct kunit *test)
{
	struct mob *mob = kunit_kzalloc(test, sizeof(*mob), GFP_KERNEL);
	struct zcx_user *user = account(test, SOMEBODY);

	KUNIT_ASSERT_NOT_NULL(test, mob);
	test_param(test, "max_user_links", MOST);
	KUNIT_ASSERT_EQ(test, 0, zcx_user_charge(user, 2));
	run_mob(test, mob);
	KUNIT_EXPECT_EQ(test, atomic_read(&mob->beyond), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&mob->charged), 0);
	KUNIT_EXPECT_EQ(test, TASKS * ROUNDS, atomic_read(&mob->charged) +
			atomic_read(&mob->refused));
	expect_account(test, user, 1, 2);
	KUNIT_EXPECT_EQ(test, refcount_read(&user->ref), 1);
	zcx_user_uncharge(user, 2);
	zcx_user_put(user);
}

/* The account comes and goes with them, in the middle of others' lookups. */
static void user_account_comes_and_goes(struct kunit *test)
{
	struct mob *mob = kunit_kzalloc(test, sizeof(*mob), GFP_KERNEL);
	struct zcx_user *user;

	KUNIT_ASSERT_NOT_NULL(test, mob);
	run_mob(test, mob);
	KUNIT_EXPECT_EQ(test, atomic_read(&mob->charged), TASKS * ROUNDS);
	user = account(test, SOMEBODY);
	KUNIT_EXPECT_EQ(test, refcount_read(&user->ref), 1);
	expect_account(test, user, 0, 0);
	zcx_user_put(user);
}

static struct kunit_case user_cases[] = {
	KUNIT_CASE(user_has_one_account),
	KUNIT_CASE(user_among_many),
	KUNIT_CASE(user_comes_back_with_nothing),
	KUNIT_CASE_PARAM(user_limits, limit_gen_params),
	KUNIT_CASE(user_does_not_count_for_another),
	KUNIT_CASE(user_balance_after_a_mob),
	KUNIT_CASE(user_account_comes_and_goes),
	{}
};

static struct kunit_suite user_suite = {
	.name		= "zcx-user",
	.test_cases	= user_cases,
};
kunit_test_suite(user_suite);
