/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_EXPRESS_H
#define _ZCX_EXPRESS_H

#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/zcx.h>

struct zcx_context;

/* Most bytes of a request that is sent this way: a packet holds as many. */
#define ZCX_EXPRESS_BYTES	SZ_64K

bool zcx_express(struct zcx_context *ctx, struct zcx_link *cmd, int *err);

/* For KUnit too. */
bool zcx_express_suits(const struct zcx_link *cmd);

#endif /* _ZCX_EXPRESS_H */
