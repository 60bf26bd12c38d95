// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Numbers of the interface as words, errnos as advice. */
#include <errno.h>
#include <stddef.h>

#include "zcx.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct hint {
	enum zcx_hint_about about;
	int err;
	const char *text;
};

static const struct hint hints[] = {
	{ ZCX_HINT_OPEN, ENOENT,
	  "the zcx module is not loaded: run `modprobe zcx` as root" },
	{ ZCX_HINT_OPEN, ENXIO,
	  "/dev/zcx is there, but the module is not: run `modprobe zcx` as root" },
	{ ZCX_HINT_OPEN, ENODEV,
	  "/dev/zcx is there, but the module is not: run `modprobe zcx` as root" },
	{ ZCX_HINT_OPEN, EACCES,
	  "no permission for /dev/zcx: join the group zcx and log in again" },
	{ ZCX_HINT_OPEN, EPERM,
	  "a security policy or a container forbids /dev/zcx" },

	{ ZCX_HINT_INFO, ENOTTY, "this descriptor is not a zcx context" },
	{ ZCX_HINT_INFO, EINVAL,
	  "the module is newer than this library and no longer understands it: update the library" },
	{ ZCX_HINT_INFO, E2BIG,
	  "the module is older than this library: update the module" },

	{ ZCX_HINT_SEND, EOPNOTSUPP,
	  "zcx sends regular files to TCP and AF_UNIX stream sockets; this kind of socket, file, flag or lane is not supported, or not by this module: see `zcx info`" },
	{ ZCX_HINT_SEND, EBADF,
	  "a file must be open for reading (and not with O_PATH), the socket must be open" },
	{ ZCX_HINT_SEND, EISDIR, "directories cannot be sent; name the files" },
	{ ZCX_HINT_SEND, ENOTSOCK, "the destination is not a socket" },
	{ ZCX_HINT_SEND, ENOTCONN,
	  "the socket is not connected: connect(2) it first" },
	{ ZCX_HINT_SEND, EPIPE,
	  "the receiver no longer reads: it has closed the connection" },
	{ ZCX_HINT_SEND, ECONNRESET, "the receiver has reset the connection" },
	{ ZCX_HINT_SEND, EAGAIN,
	  "the socket stayed full until the time limit (SO_SNDTIMEO), or it is non-blocking and full" },
	{ ZCX_HINT_SEND, EINTR, "a signal came" },
	{ ZCX_HINT_SEND, ECANCELED, "stopped as asked; what was sent stays sent" },
	{ ZCX_HINT_SEND, ENODATA,
	  "a file is shorter than the range that was asked for" },
	{ ZCX_HINT_SEND, E2BIG,
	  "too much for one link: at most 1024 segments, 64 KiB in a memory segment, 1 MiB of memory in all; or the module is too old for what was asked, such as a threshold of direct I/O" },
	{ ZCX_HINT_SEND, EOVERFLOW,
	  "a range ends beyond the largest possible file offset" },
	{ ZCX_HINT_SEND, EBUSY,
	  "this context has as many links as it may: wait, or open another" },
	{ ZCX_HINT_SEND, EDQUOT,
	  "this user has as many links, or files in them, as he may: read events, or have the module's max_user_links or max_user_files raised" },
	{ ZCX_HINT_SEND, EIO,
	  "a file could not be read: look at the kernel log for its disk" },
	{ ZCX_HINT_SEND, EINVAL,
	  "the module takes the request for malformed: no segments, or a module that is older than this library" },
	{ ZCX_HINT_SEND, ENOTTY,
	  "this descriptor is not a zcx context, or the module is older than this library" },
	{ ZCX_HINT_SEND, ETIMEDOUT, "the receiver no longer answers" },

	{ ZCX_HINT_EVENT, ECANCELED,
	  "cancelled, or a link before it on the same socket did not reach its end; what was sent stays sent" },
	{ ZCX_HINT_EVENT, ETIMEDOUT,
	  "its deadline or idle limit has passed, or the receiver no longer answers" },
	{ ZCX_HINT_EVENT, ECONNRESET,
	  "the connection ended before the receiver had taken everything" },

	{ ZCX_HINT_EVENT, EAGAIN,
	  "the next bytes are not in the page cache, and the link was not to wait for a disk" },

	{ ZCX_HINT_PROBE, ENOTTY,
	  "this descriptor is not a zcx context, or the module is too old to be asked how files travel: update the module" },
	{ ZCX_HINT_PROBE, E2BIG,
	  "the module is older than this library: update the module" },
	{ ZCX_HINT_PROBE, EINVAL,
	  "the module takes the request for malformed: it understands this library no longer, or not yet" },

	{ ZCX_HINT_CONTROL, ENOENT,
	  "this context has no such link: it never had, or its event has been read" },
	{ ZCX_HINT_CONTROL, EALREADY,
	  "the link has ended by itself; its event waits to be read" },
	{ ZCX_HINT_CONTROL, ENOTTY,
	  "this descriptor is not a zcx context, or the module is older than this library" },
};

static const char *find_hint(int err, enum zcx_hint_about about)
{
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++) {
		if (hints[i].about == about && hints[i].err == err)
			return hints[i].text;
	}
	return NULL;
}

static const char *find_name(const char *const *names, size_t count,
			     uint32_t value)
{
	return value < count ? names[value] : "unknown";
}

/**
 * zcx_hint() - what to do about an error
 * @err: an errno, positive or negative
 * @about: what was being done
 *
 * Return: a static sentence without a full stop, or NULL where strerror(3)
 * says all there is to say.
 */
const char *zcx_hint(int err, enum zcx_hint_about about)
{
	const char *text;

	if (err < 0)
		err = -err;
	text = find_hint(err, about);
	/* Most of what ends a link, or would, is the same however it is asked for. */
	if (!text && (about == ZCX_HINT_EVENT || about == ZCX_HINT_PROBE))
		text = find_hint(err, ZCX_HINT_SEND);
	return text;
}

/**
 * zcx_state_name() - name of a link's state
 * @state: enum zcx_state; 0: the link was refused
 *
 * Return: a static lower-case word, "unknown" for states to come.
 */
const char *zcx_state_name(uint32_t state)
{
	static const char *const names[] = {
		[0] = "refused",
		[ZCX_STATE_QUEUED] = "queued",
		[ZCX_STATE_RUNNING] = "running",
		[ZCX_STATE_WAITING] = "waiting",
		[ZCX_STATE_SENT] = "sent",
		[ZCX_STATE_SHORT] = "short",
		[ZCX_STATE_CANCELLED] = "cancelled",
		[ZCX_STATE_FAILED] = "failed",
		[ZCX_STATE_ACKED] = "acked",
	};

	return find_name(names, ARRAY_SIZE(names), state);
}

/**
 * zcx_wait_name() - name of what a link waits for
 * @wait: enum zcx_wait
 *
 * Return: a static lower-case word, "unknown" for reasons to come.
 */
const char *zcx_wait_name(uint32_t wait)
{
	static const char *const names[] = {
		[ZCX_WAIT_NONE] = "none",
		[ZCX_WAIT_TURN] = "turn",
		[ZCX_WAIT_SOCKET] = "socket",
		[ZCX_WAIT_DISK] = "disk",
		[ZCX_WAIT_PACE] = "pace",
		[ZCX_WAIT_PAUSED] = "paused",
		[ZCX_WAIT_ACK] = "ack",
		[ZCX_WAIT_GROWTH] = "growth",
	};

	return find_name(names, ARRAY_SIZE(names), wait);
}

/**
 * zcx_push_name() - name of a way pages reach sockets
 * @push: zcx_info.push
 *
 * Return: a static lower-case word, "unknown" for ways to come.
 */
const char *zcx_push_name(uint32_t push)
{
	switch (push) {
	case ZCX_PUSH_SENDPAGE:
		return "sendpage";
	case ZCX_PUSH_SPLICE_PAGES:
		return "splice-pages";
	default:
		return "unknown";
	}
}

/**
 * zcx_lane_name() - name of a way a file's bytes are obtained
 * @lane: enum zcx_lane
 *
 * Return: a static lower-case word, "unknown" for lanes to come.
 */
const char *zcx_lane_name(uint32_t lane)
{
	static const char *const names[] = {
		[ZCX_LANE_AUTO] = "auto",
		[ZCX_LANE_CACHE] = "cache",
		[ZCX_LANE_DIRECT] = "direct",
		[ZCX_LANE_SPLICE] = "splice",
	};

	return find_name(names, ARRAY_SIZE(names), lane);
}

/**
 * zcx_reason_name() - name of why zcx_probe() answers with its lane
 * @reason: enum zcx_probe_reason; 0: it was not asked
 *
 * Return: a static lower-case word, "unknown" for reasons to come.
 */
const char *zcx_reason_name(uint32_t reason)
{
	static const char *const names[] = {
		[0] = "none",
		[ZCX_PROBE_RESIDENT] = "resident",
		[ZCX_PROBE_SMALL] = "small",
		[ZCX_PROBE_LARGE] = "large",
		[ZCX_PROBE_ASKED] = "asked",
		[ZCX_PROBE_NO_DIRECT] = "no-direct",
		[ZCX_PROBE_ASK_FILESYSTEM] = "ask-filesystem",
	};

	return find_name(names, ARRAY_SIZE(names), reason);
}
