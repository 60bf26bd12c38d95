/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Module parameters, as a test wants them for as long as it runs.
 */
#ifndef _ZCX_TEST_PARAM_FIXTURE_H
#define _ZCX_TEST_PARAM_FIXTURE_H

#include <kunit/test.h>

void test_param(struct kunit *test, const char *name, unsigned long value);

#endif /* _ZCX_TEST_PARAM_FIXTURE_H */
