/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_EXPRESS_H
#define _ZCX_EXPRESS_H

#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/zcx.h>

struct zcx_context;

/* Most bytes of a request that is sent this way: a packet holds as many. */
#define ZCX_EXPRESS_BYTES	SZ_64K

/* What zcx_express() returns if it has done nothing; no errno. */
#define ZCX_NO_EXPRESS		1

int zcx_express(struct zcx_context *ctx, struct zcx_link *cmd);

/* For KUnit too. */
bool zcx_express_suits(const struct zcx_link *cmd);

#endif /* _ZCX_EXPRESS_H */
