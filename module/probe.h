/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZCX_PROBE_H
#define _ZCX_PROBE_H

struct zcx_probe;

int zcx_probe(struct zcx_probe *probe);

#endif /* _ZCX_PROBE_H */
