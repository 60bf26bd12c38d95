// SPDX-License-Identifier: GPL-2.0
/*
 * Parameters are set as sysfs sets them: the variables are nobody else's to touch.
 */
#include <kunit/resource.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "param_fixture.h"

/* What it was before the test. */
struct was {
	const struct kernel_param *param;
	char *value;
};

#ifdef MODULE
#define FIRST_PARAM	(THIS_MODULE->kp)
#define LAST_PARAM	(THIS_MODULE->kp + THIS_MODULE->num_kp)
#else
#define FIRST_PARAM	__start___param
#define LAST_PARAM	__stop___param
#endif

static const struct kernel_param *find_param(const char *name)
{
	const struct kernel_param *param;

	/* Those that are built in go by the module's name too. */
	for (param = FIRST_PARAM; param < LAST_PARAM; param++)
		if (!strcmp(param->name, name) ||
		    (strstarts(param->name, "zcx.") &&
		     !strcmp(param->name + strlen("zcx."), name)))
			return param;
	return NULL;
}

static void put_back(void *context)
{
	const struct was *was = context;

	was->param->ops->set(was->value, was->param);
}

/* Set it to @value until the test ends. The last value that was set goes first. */
void test_param(struct kunit *test, const char *name, unsigned long value)
{
	struct was *was = kunit_kzalloc(test, sizeof(*was), GFP_KERNEL);
	char text[24];

	KUNIT_ASSERT_NOT_NULL(test, was);
	was->param = find_param(name);
	KUNIT_ASSERT_NOT_NULL(test, was->param);
	was->value = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, was->value);
	KUNIT_ASSERT_GT(test, was->param->ops->get(was->value, was->param), 0);
	snprintf(text, sizeof(text), "%lu", value);
	KUNIT_ASSERT_EQ(test, 0, was->param->ops->set(text, was->param));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, put_back, was));
}
