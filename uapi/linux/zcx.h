/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * zcx - links page-cache files to sockets: the whole interface of /dev/zcx.
 *
 * General ioctl format
 * ====================
 *
 * Every operation takes a pointer to one struct whose first member is the
 * size of that struct in bytes as the caller was compiled. This lets either
 * side grow:
 *
 *  - a caller older than the module passes a smaller struct; members it does
 *    not know are taken as zero, and nothing is written past its size;
 *  - a caller newer than the module passes a larger struct; the tail must be
 *    zero, otherwise the call fails with E2BIG: the caller asked for something
 *    this module cannot do.
 *
 * Sizes are not part of the ioctl numbers, all members have fixed width and
 * natural alignment, and there are no holes, so that 32-bit and 64-bit
 * programs share one layout.
 *
 * Life of a link
 * ==============
 *
 *   ZCX_IOC_LINK -> QUEUED -> RUNNING <-> WAITING (disk, socket, pace, ...)
 *                                |
 *                                +-> SENT       every byte is queued in the socket
 *                                +-> ACKED      the peer has acknowledged them all
 *                                +-> SHORT      a file ended before its range did
 *                                +-> CANCELLED  by ZCX_IOC_CANCEL, a signal, or a
 *                                |              link before it on the same socket
 *                                +-> FAILED     anything else; see zcx_event.error
 *
 * A link is an ordered list of segments on its way to one socket. The call
 * checks all of it first: descriptors, ranges, flags, limits. A call that is
 * refused has sent nothing and holds nothing.
 *
 * A link runs by itself, unless ZCX_LINK_SYNC is set: the call sends what can
 * be sent without waiting, returns the link's id, and the rest follows as the
 * socket and the disk allow, whatever the caller does meanwhile, until the
 * descriptor of /dev/zcx is closed for the last time. Neither the socket's nor
 * the files' descriptors need to stay open. Exactly one event follows, however
 * the link ends, also when it has ended before the call returns. It needs no
 * memory when it comes, so it cannot be lost; until it is read the link counts
 * against zcx_info.max_links.
 *
 * Events are read(2) from the descriptor as whole records, struct zcx_event, as
 * many as there are and fit; poll(2) says POLLIN when there is one. read(2)
 * waits for the first one, or says EAGAIN with O_NONBLOCK. A buffer smaller
 * than one record gets EINVAL.
 *
 * Links to one socket, from whatever context, leave in the order in which they
 * were submitted, each whole: a server may submit ten answers and forget them.
 * When one ends without having sent all of its bytes, those behind it end
 * CANCELLED with ECANCELED and nothing sent. One that has sent all and waits for
 * acknowledgment holds up none, and however it ends from then on it cancels none.
 * A synchronous link takes its turn behind those before it; with O_NONBLOCK it gets
 * EAGAIN instead; if it ends with nothing sent it cancels none. What the program
 * itself write(2)s to the socket meanwhile is mixed in, as with two writers.
 *
 * With ZCX_LINK_ACKED the event comes when the peer's TCP has acknowledged every
 * byte: from then on the files may change without changing what the peer gets,
 * unless it is on this machine (loopback, veth): then what it has not read yet are
 * the same pages still, as with sendfile(2). The next link on the socket does not
 * wait for that. Over kernel TLS the same is true of the records that hold the
 * bytes. On an AF_UNIX socket a byte is acknowledged when the peer has read all
 * that was in the socket. If the connection ends before, the link ends FAILED with
 * the connection's error, or ECONNRESET.
 *
 * deadline_ns counts from the call, over all that the link does and waits for; what
 * goes out within the call has met it.
 * idle_ns is the longest time in which the socket takes no byte (or, once all
 * are sent and ZCX_LINK_ACKED is set, the peer acknowledges none), counted while
 * it is the link's turn, and neither paused nor held back by its rate. A link that
 * a disk or a filesystem has in its hands ends when they let go of it. Over
 * AF_UNIX, links always have an idle limit, ZCX_UNIX_IDLE_NS, which pausing does
 * not stop: it also ends a link whose own descriptor of /dev/zcx waits, unreceived,
 * in the socket that it sends to. Either ends the link with ETIMEDOUT.
 *
 * rate is the highest mean rate in bytes per second, in pieces of at most
 * 64 KiB; time lost to a slow peer is not made up for beyond 50 ms, or two pieces.
 *
 * ZCX_LINK_FOLLOW: the link does not end at the end of its last segment, which
 * must be a file to its end (ZCX_TO_EOF), but sends what is appended to it. It
 * ends SHORT when the file is cut off to less than was sent; SENT when its name
 * is gone (link count 0) and no descriptor for writing is left; otherwise by
 * ZCX_IOC_CANCEL or a deadline, with what was sent.
 *
 * ZCX_IOC_CANCEL ends a link where it is. It returns 0 if it was this call that
 * ended it (the event says CANCELLED with ECANCELED, however much was sent), or
 * EALREADY if the link had ended, or was ending, by itself. ZCX_IOC_PAUSE keeps a
 * link from sending until ZCX_IOC_RESUME; what is in the socket already leaves.
 * ZCX_IOC_QUERY says how a link is doing.
 *
 * With io_uring, IORING_OP_URING_CMD on the descriptor with cmd_op ZCX_IOC_LINK
 * submits a link. The sqe's command area holds struct zcx_uring_cmd. Such a link
 * has no event but the completion: cqe->res is 0 when it ended SENT, ACKED or
 * SHORT, else -errno; with IORING_SETUP_CQE32, big_cqe[0] is the count of bytes
 * sent. ZCX_LINK_SYNC is not for this. It ends with the process that submitted it.
 *
 * ZCX_LINK_SYNC runs the link in the caller's context and behaves towards it
 * as sendfile(2) does:
 *
 *  - it sleeps, interruptibly, while the socket is full; O_NONBLOCK on the
 *    socket makes it stop there instead, and SO_SNDTIMEO limits each wait;
 *  - bytes already queued are never taken back. Once at least one byte has
 *    been sent the call succeeds (returns 0), bytes_sent is the count, and
 *    `error` holds the errno that stopped it, 0 if nothing did. To go on,
 *    submit what is left;
 *  - with nothing sent, the errno is the call's own result. EPIPE is then
 *    accompanied by SIGPIPE, as from write(2), unless ZCX_LINK_NOSIGNAL is set;
 *  - a file that ends before its range does ends the link there, state SHORT:
 *    neither the rest of the range nor the segments behind it are sent, and
 *    bytes from beyond the end of the file never are. A range "to the end"
 *    (ZCX_TO_EOF) cannot be short.
 *
 * File bytes travel by reference. Until the peer has acknowledged them, a
 * change to the file may change what the peer receives, as with sendfile(2).
 * Memory segments are copied when the call is made and may be reused at once.
 *
 * Errno table
 * ===========
 *
 *  Refused, from checking the call itself:
 *   ENOTTY       unknown ioctl number
 *   EINVAL       `size` is smaller than the first version of the struct;
 *                segment_size likewise; no segments; a reserved member is not
 *                zero; an offset is negative; unknown segment type; a member
 *                that the segment's type does not use is not zero
 *   E2BIG        the struct's or a segment's tail, unknown here, is not zero;
 *                either claims to be larger than 4096 bytes;
 *                more than ZCX_MAX_SEGMENTS segments; a memory segment above
 *                ZCX_MAX_MEMORY_SEGMENT bytes or more than ZCX_MAX_MEMORY_LINK
 *                bytes of them in one link
 *   EOVERFLOW    offset + length does not fit a file offset
 *   EOPNOTSUPP   an unknown or not yet supported flag or lane; the socket is
 *                of a kind zcx does not send to (see below); the file is of a
 *                kind it does not read from
 *   EFAULT       a pointer does not point to readable (writable) memory
 *   ENOMEM       out of memory
 *   EBUSY        the context has its limit of links (zcx_info.max_links), those
 *                included whose event has not been read
 *   EDQUOT       the user who opened the context has, over all contexts, the limit
 *                of links that run by themselves, or of files held by them
 *                (parameters max_user_links and max_user_files of the module)
 *   ENOENT       no link of that id: it never was, or its event has been read
 *   EALREADY     the link has ended; its event waits to be read
 *
 *  Refused, from looking at the descriptors:
 *   EBADF        a file is not open for reading, was opened with O_PATH, or
 *                a descriptor is not open at all
 *   EISDIR       a file segment names a directory
 *   ENOTSOCK     socket_fd is not a socket
 *   ENOTCONN     the socket is not connected
 *   EACCES, EPERM  a security module or a permission event refused the file
 *                  or the socket
 *
 *  While sending (the call's result if nothing was sent, else in `error`):
 *   EAGAIN       synchronous: the socket is full, or others' links go before,
 *                and either O_NONBLOCK is set or the time of SO_SNDTIMEO is over;
 *                or, with ZCX_LINK_NOWAIT, the next byte is not resident
 *   EINTR        synchronous: a signal came
 *   ECANCELED    ZCX_IOC_CANCEL, or a link before it on the socket did not send
 *                all of its bytes
 *   ETIMEDOUT    the deadline, the idle limit; or the socket's own error
 *   EPIPE        the socket was shut down for writing, by either side
 *   ECONNRESET, EHOSTUNREACH, ...  the socket's own error
 *   EIO          the file could not be read; the good bytes before it were sent
 *   ENOMEM       out of memory
 *
 * Sockets: TCP over IPv4 or IPv6, also with kernel TLS transmit, and AF_UNIX
 * stream sockets. Every other kind, and a TCP socket that is in a sockmap, in
 * repair mode or under any other upper-layer protocol, is refused.
 *
 * Files: regular files, tmpfs and memfd included. Where the filesystem keeps
 * its page cache true by itself zcx reads it directly (the cache lane);
 * otherwise it asks the filesystem as sendfile(2) does (the splice lane). Large
 * cold ranges of files of which direct I/O can be relied on (ext4, XFS) are read
 * past the page cache, into memory of the module's own (the direct lane): sending
 * them evicts nobody's files. What is resident goes from the cache all the same, a
 * dirty page is written to the disk first, and the bytes are those that the file
 * has when they are read. Memory for that is limited, for each context, each user
 * and in all; where the limit is reached, less is read ahead, or the link waits.
 */
#ifndef _UAPI_LINUX_ZCX_H
#define _UAPI_LINUX_ZCX_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define ZCX_DEVICE		"/dev/zcx"

/** Version of this interface. It grows when something is added. */
#define ZCX_ABI_VERSION		3

#define ZCX_IOC_TYPE		0xE2
#define ZCX_IOC_INFO		_IO(ZCX_IOC_TYPE, 0x00)
#define ZCX_IOC_LINK		_IO(ZCX_IOC_TYPE, 0x01)
#define ZCX_IOC_CANCEL		_IO(ZCX_IOC_TYPE, 0x02)
#define ZCX_IOC_PAUSE		_IO(ZCX_IOC_TYPE, 0x03)
#define ZCX_IOC_RESUME		_IO(ZCX_IOC_TYPE, 0x04)
#define ZCX_IOC_QUERY		_IO(ZCX_IOC_TYPE, 0x05)
#define ZCX_IOC_SUBMIT		_IO(ZCX_IOC_TYPE, 0x06)
#define ZCX_IOC_PROBE		_IO(ZCX_IOC_TYPE, 0x07)

/* Hard limits of this version. */
#define ZCX_MAX_SEGMENTS	1024		/* segments in one link */
#define ZCX_MAX_MEMORY_SEGMENT	(64U << 10)	/* bytes in one memory segment */
#define ZCX_MAX_MEMORY_LINK	(1U << 20)	/* bytes of memory in one link */
#define ZCX_MAX_SUBMIT		1024		/* links in one ZCX_IOC_SUBMIT */

/** Idle limit of links over AF_UNIX, unless theirs is lower: 300 s. */
#define ZCX_UNIX_IDLE_NS	300000000000ULL

/** Length of a file segment that runs to the end of the file. */
#define ZCX_TO_EOF		(~(__u64)0)

/** zcx_link.direct_threshold: no file is so large that it goes by direct I/O. */
#define ZCX_DIRECT_NEVER	(~(__u64)0)

/**
 * enum zcx_feature - bits of zcx_info.features
 * @ZCX_FEATURE_SYNC: synchronous links
 * @ZCX_FEATURE_LANE_CACHE: bytes by reference from the page cache
 * @ZCX_FEATURE_LANE_SPLICE: files whose filesystem must be asked first
 * @ZCX_FEATURE_KTLS: sockets with kernel TLS transmit
 * @ZCX_FEATURE_ASYNC: links that run by themselves, events, ZCX_IOC_CANCEL and
 *	the like
 * @ZCX_FEATURE_ACKED: ZCX_LINK_ACKED
 * @ZCX_FEATURE_FOLLOW: ZCX_LINK_FOLLOW
 * @ZCX_FEATURE_URING: links by IORING_OP_URING_CMD
 * @ZCX_FEATURE_LANE_DIRECT: bytes by direct I/O, past the page cache;
 *	ZCX_LINK_NOWAIT and ZCX_LINK_DROP_BEHIND too
 * @ZCX_FEATURE_PROBE: ZCX_IOC_PROBE
 */
enum zcx_feature {
	ZCX_FEATURE_SYNC	= 1 << 0,
	ZCX_FEATURE_LANE_CACHE	= 1 << 1,
	ZCX_FEATURE_LANE_SPLICE	= 1 << 2,
	ZCX_FEATURE_KTLS	= 1 << 3,
	ZCX_FEATURE_ASYNC	= 1 << 4,
	ZCX_FEATURE_ACKED	= 1 << 5,
	ZCX_FEATURE_FOLLOW	= 1 << 6,
	ZCX_FEATURE_URING	= 1 << 7,
	ZCX_FEATURE_LANE_DIRECT	= 1 << 8,
	ZCX_FEATURE_PROBE	= 1 << 9,
};

/**
 * enum zcx_push_method - how pages reach sockets on this kernel
 * @ZCX_PUSH_SENDPAGE: sendpage, under one socket lock a batch (6.1)
 * @ZCX_PUSH_SPLICE_PAGES: sendmsg with MSG_SPLICE_PAGES (6.5 and later)
 */
enum zcx_push_method {
	ZCX_PUSH_SENDPAGE	= 1,
	ZCX_PUSH_SPLICE_PAGES	= 2,
};

/**
 * struct zcx_info - ioctl(ZCX_IOC_INFO): what this module is and can do
 * @size: sizeof(struct zcx_info) as the caller knows it
 * @flags: must be 0
 * @abi_version: ZCX_ABI_VERSION the module was built with
 * @push: the kernel's entry for pages, enum zcx_push_method; TCP without TLS gets
 *	whole runs of memory at a time and does not need it
 * @features: bits of enum zcx_feature
 * @max_segments: segments in one link
 * @max_memory_segment: bytes in one memory segment
 * @max_memory_link: bytes of all memory segments of one link
 * @max_links: links one context may have at a time
 * @batch_bytes: file bytes gathered at a time before they go to the socket
 * @__reserved: 0
 * @direct_threshold: bytes of a file range from which on its cold parts go by
 *	direct I/O, unless a link says otherwise; ZCX_DIRECT_NEVER: none do
 * @direct_bytes_max: most bytes of memory that direct I/O may hold in all
 */
struct zcx_info {
	__u32 size;
	__u32 flags;
	__u32 abi_version;
	__u32 push;
	__aligned_u64 features;
	__u32 max_segments;
	__u32 max_memory_segment;
	__u32 max_memory_link;
	__u32 max_links;
	__u32 batch_bytes;
	__u32 __reserved;
	__aligned_u64 direct_threshold;
	__aligned_u64 direct_bytes_max;
};

/**
 * enum zcx_segment_type - what a segment's bytes come from
 * @ZCX_SEGMENT_FILE: a range of a file
 * @ZCX_SEGMENT_MEMORY: the caller's memory, copied during the call
 */
enum zcx_segment_type {
	ZCX_SEGMENT_FILE	= 1,
	ZCX_SEGMENT_MEMORY	= 2,
};

/**
 * struct zcx_segment - one piece of a link
 * @type: enum zcx_segment_type
 * @fd: FILE: descriptor open for reading; MEMORY: 0
 * @offset: FILE: first byte of the range; MEMORY: 0
 * @length: bytes; may be 0; FILE: or ZCX_TO_EOF
 * @addr: MEMORY: address of the bytes; FILE: 0
 * @flags: must be 0
 * @__reserved: must be 0
 *
 * The file's own offset (lseek) is neither used nor changed.
 */
struct zcx_segment {
	__u32 type;
	__s32 fd;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 addr;
	__u32 flags;
	__u32 __reserved;
};

/**
 * enum zcx_link_flag - bits of zcx_link.flags
 * @ZCX_LINK_SYNC: run in the caller's context, return when done; there is no
 *	event. Neither ZCX_LINK_ACKED nor ZCX_LINK_FOLLOW, and neither rate nor time
 *	limits (use SO_SNDTIMEO and SO_MAX_PACING_RATE)
 * @ZCX_LINK_NOSIGNAL: no SIGPIPE with EPIPE, as MSG_NOSIGNAL does for send(2); a
 *	link that runs by itself never raises one
 * @ZCX_LINK_ACKED: the link ends when the peer has acknowledged all of it
 * @ZCX_LINK_FOLLOW: at the end of the last file, wait for more to be appended
 * @ZCX_LINK_NOWAIT: no disk is to be waited for, nor a filesystem asked: the link
 *	sends what is resident, and ends with EAGAIN where something is not
 * @ZCX_LINK_DROP_BEHIND: what this link brings into the page cache leaves it again
 *	once the socket has let go of it, unless somebody else has used it since. For
 *	that the file may stay open for some seconds after the link has ended
 */
enum zcx_link_flag {
	ZCX_LINK_SYNC		= 1 << 0,
	ZCX_LINK_NOSIGNAL	= 1 << 1,
	ZCX_LINK_ACKED		= 1 << 2,
	ZCX_LINK_FOLLOW		= 1 << 3,
	ZCX_LINK_NOWAIT		= 1 << 4,
	ZCX_LINK_DROP_BEHIND	= 1 << 5,
};

/**
 * enum zcx_lane - how a file segment's bytes are obtained
 * @ZCX_LANE_AUTO: what is resident from the page cache; the cold parts of a range
 *	of direct_threshold bytes or more by direct I/O; others through the cache
 * @ZCX_LANE_CACHE: through the page cache, whatever the size
 * @ZCX_LANE_DIRECT: as ZCX_LANE_AUTO, with a threshold of one byte
 * @ZCX_LANE_SPLICE: the filesystem hands the bytes out itself; no link may ask for
 *	this, it is what ZCX_IOC_PROBE answers where there is no choice
 */
enum zcx_lane {
	ZCX_LANE_AUTO		= 0,
	ZCX_LANE_CACHE		= 1,
	ZCX_LANE_DIRECT		= 2,
	ZCX_LANE_SPLICE		= 3,
};

/**
 * enum zcx_state - where a link is in its life
 * @ZCX_STATE_QUEUED: accepted, not begun
 * @ZCX_STATE_RUNNING: moving bytes
 * @ZCX_STATE_WAITING: for what enum zcx_wait says
 * @ZCX_STATE_SENT: ended: every byte is queued in the socket
 * @ZCX_STATE_SHORT: ended: a file ended before its range did
 * @ZCX_STATE_CANCELLED: ended: by ZCX_IOC_CANCEL, a signal, or a link before it
 * @ZCX_STATE_FAILED: ended: by an error
 * @ZCX_STATE_ACKED: ended: the peer has acknowledged every byte
 */
enum zcx_state {
	ZCX_STATE_QUEUED	= 1,
	ZCX_STATE_RUNNING	= 2,
	ZCX_STATE_WAITING	= 3,
	ZCX_STATE_SENT		= 4,
	ZCX_STATE_SHORT		= 5,
	ZCX_STATE_CANCELLED	= 6,
	ZCX_STATE_FAILED	= 7,
	ZCX_STATE_ACKED		= 8,
};

/**
 * enum zcx_wait - what a link waits for
 * @ZCX_WAIT_NONE: for nothing
 * @ZCX_WAIT_TURN: for links before it on the same socket
 * @ZCX_WAIT_SOCKET: for room in the socket
 * @ZCX_WAIT_DISK: for bytes of a file
 * @ZCX_WAIT_PACE: for its rate to allow more
 * @ZCX_WAIT_PAUSED: for ZCX_IOC_RESUME
 * @ZCX_WAIT_ACK: for the peer to acknowledge what was sent
 * @ZCX_WAIT_GROWTH: for something to be appended to the file it follows
 */
enum zcx_wait {
	ZCX_WAIT_NONE		= 0,
	ZCX_WAIT_TURN		= 1,
	ZCX_WAIT_SOCKET		= 2,
	ZCX_WAIT_DISK		= 3,
	ZCX_WAIT_PACE		= 4,
	ZCX_WAIT_PAUSED		= 5,
	ZCX_WAIT_ACK		= 6,
	ZCX_WAIT_GROWTH		= 7,
};

/**
 * enum zcx_result_flag - bits of result_flags in zcx_link and zcx_event
 * @ZCX_RESULT_ROUTE_COPIES: the socket's route leads through a device without
 *	scatter-gather, which copies every byte once more; bytes_copied cannot
 *	include that
 * @ZCX_RESULT_KTLS: the socket encrypts
 * @ZCX_RESULT_NO_DIRECT: bytes that were to go by direct I/O went through the page
 *	cache, and have left it again: the filesystem has no direct I/O for this file,
 *	falls back from it by itself, a direct read failed, or there was no memory for
 *	one for a while
 */
enum zcx_result_flag {
	ZCX_RESULT_ROUTE_COPIES	= 1 << 0,
	ZCX_RESULT_KTLS		= 1 << 1,
	ZCX_RESULT_NO_DIRECT	= 1 << 2,
};

/**
 * struct zcx_link - ioctl(ZCX_IOC_LINK): send segments to a socket
 * @size: sizeof(struct zcx_link) as the caller knows it
 * @flags: bits of enum zcx_link_flag
 * @socket_fd: a connected stream socket
 * @lane: enum zcx_lane, for all file segments
 * @segments: address of an array of struct zcx_segment
 * @segment_count: its length, 1 to ZCX_MAX_SEGMENTS
 * @segment_size: sizeof(struct zcx_segment) as the caller knows it
 * @user_data: the caller's own; comes back in the event, shows in tracepoints
 * @id: out: the link's number within its context, from 1
 * @bytes_sent: out: bytes queued in the socket, all kinds
 * @bytes_memory: out: of these, from memory segments
 * @bytes_cache: out: of these, by the cache lane
 * @bytes_splice: out: of these, by the splice lane
 * @bytes_copied: out: of these, moved by the CPU on their way into packets:
 *	what the socket would not take by reference, and all bytes that software
 *	kernel TLS encrypted. The copy of memory segments at submission is not
 *	counted here
 * @state: out: enum zcx_state; synchronous: one of the final states. A link that
 *	runs by itself may have moved on meanwhile
 * @error: out: errno (positive) that ended the link early, else 0
 * @result_flags: out: bits of enum zcx_result_flag
 * @__reserved: must be 0
 * @deadline_ns: the link ends this many nanoseconds after the call; 0: never
 * @idle_ns: longest time without progress, nanoseconds; 0: any
 * @rate: most bytes per second; 0: any
 * @direct_threshold: bytes of a file range from which on ZCX_LANE_AUTO sends its
 *	cold parts by direct I/O; 0: as zcx_info.direct_threshold says;
 *	ZCX_DIRECT_NEVER: none
 * @bytes_direct: out: of @bytes_sent, by the direct lane
 *
 * Out members are written whenever the call came as far as sending, also when
 * it then failed with nothing sent. A call refused before that writes nothing:
 * set @id to 0 first to tell the two apart. A link that runs by itself reports
 * errors by its event: once it is accepted, the call returns 0.
 */
struct zcx_link {
	__u32 size;
	__u32 flags;
	__s32 socket_fd;
	__u32 lane;
	__aligned_u64 segments;
	__u32 segment_count;
	__u32 segment_size;
	__aligned_u64 user_data;
	__aligned_u64 id;
	__aligned_u64 bytes_sent;
	__aligned_u64 bytes_memory;
	__aligned_u64 bytes_cache;
	__aligned_u64 bytes_splice;
	__aligned_u64 bytes_copied;
	__u32 state;
	__u32 error;
	__u32 result_flags;
	__u32 __reserved;
	__aligned_u64 deadline_ns;
	__aligned_u64 idle_ns;
	__aligned_u64 rate;
	__aligned_u64 direct_threshold;
	__aligned_u64 bytes_direct;
};

/**
 * struct zcx_event - the one record of a link's end, from read(2)
 * @id: the link
 * @user_data: its submitter's
 * @bytes_sent: as in struct zcx_link, and so are the next
 * @bytes_memory: see there
 * @bytes_cache: see there
 * @bytes_splice: see there
 * @bytes_copied: see there
 * @state: enum zcx_state, one of the final states
 * @error: errno (positive) that ended it early, else 0
 * @result_flags: bits of enum zcx_result_flag
 * @__reserved: 0
 * @bytes_direct: as in struct zcx_link
 */
struct zcx_event {
	__aligned_u64 id;
	__aligned_u64 user_data;
	__aligned_u64 bytes_sent;
	__aligned_u64 bytes_memory;
	__aligned_u64 bytes_cache;
	__aligned_u64 bytes_splice;
	__aligned_u64 bytes_copied;
	__u32 state;
	__u32 error;
	__u32 result_flags;
	__u32 __reserved;
	__aligned_u64 bytes_direct;
};

/**
 * struct zcx_control - ioctl(ZCX_IOC_CANCEL, ZCX_IOC_PAUSE, ZCX_IOC_RESUME)
 * @size: sizeof(struct zcx_control) as the caller knows it
 * @flags: must be 0
 * @id: which link of this context; synchronous ones are not found
 */
struct zcx_control {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
};

/**
 * struct zcx_query - ioctl(ZCX_IOC_QUERY): how a link is doing
 * @size: sizeof(struct zcx_query) as the caller knows it
 * @flags: must be 0
 * @id: which link of this context
 * @user_data: out: its submitter's
 * @bytes_sent: out: bytes queued in the socket so far
 * @bytes_acked: out: of these, acknowledged by the peer; under kernel TLS, and
 *	where others write to the socket too, at least so many
 * @state: out: enum zcx_state
 * @wait: out: enum zcx_wait, while @state is ZCX_STATE_WAITING
 * @error: out: as in the event, once it has ended
 * @result_flags: out: bits of enum zcx_result_flag
 */
struct zcx_query {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__aligned_u64 user_data;
	__aligned_u64 bytes_sent;
	__aligned_u64 bytes_acked;
	__u32 state;
	__u32 wait;
	__u32 error;
	__u32 result_flags;
};

/**
 * struct zcx_submit - ioctl(ZCX_IOC_SUBMIT): many links in one call
 * @size: sizeof(struct zcx_submit) as the caller knows it
 * @flags: must be 0
 * @links: address of an array of struct zcx_link, none of them synchronous; each
 *	is treated as by ZCX_IOC_LINK, in order, its out members written
 * @link_count: its length, 1 to ZCX_MAX_SUBMIT
 * @link_size: bytes between its members, and what each has as its size
 * @submitted: out: links accepted, from the first on
 * @error: out: errno (positive) that the next one was refused with, else 0
 *
 * Returns 0 if at least one link was accepted, else the first one's errno.
 */
struct zcx_submit {
	__u32 size;
	__u32 flags;
	__aligned_u64 links;
	__u32 link_count;
	__u32 link_size;
	__u32 submitted;
	__u32 error;
};

/**
 * enum zcx_probe_reason - why ZCX_IOC_PROBE answers with its lane
 * @ZCX_PROBE_RESIDENT: all of it is in the page cache
 * @ZCX_PROBE_SMALL: cold parts, but the range is below the threshold
 * @ZCX_PROBE_LARGE: cold parts, and the range is not below the threshold
 * @ZCX_PROBE_ASKED: the caller asked for this lane
 * @ZCX_PROBE_NO_DIRECT: it would go direct, but the filesystem has no direct I/O
 *	for this file that can be relied on
 * @ZCX_PROBE_ASK_FILESYSTEM: the filesystem must be asked for the bytes
 */
enum zcx_probe_reason {
	ZCX_PROBE_RESIDENT		= 1,
	ZCX_PROBE_SMALL			= 2,
	ZCX_PROBE_LARGE			= 3,
	ZCX_PROBE_ASKED			= 4,
	ZCX_PROBE_NO_DIRECT		= 5,
	ZCX_PROBE_ASK_FILESYSTEM	= 6,
};

/**
 * enum zcx_probe_socket - bits of zcx_probe.socket_flags
 * @ZCX_PROBE_TCP: a TCP socket
 * @ZCX_PROBE_UNIX: an AF_UNIX stream socket
 * @ZCX_PROBE_KTLS_TX: kernel TLS encrypts what is sent, in software
 * @ZCX_PROBE_KTLS_DEVICE: the network device encrypts
 * @ZCX_PROBE_FRAGS: whole runs of memory become packet fragments; otherwise pages
 *	go one by one, by what zcx_info.push says
 * @ZCX_PROBE_LOOPBACK: the route's device is the loopback device
 * @ZCX_PROBE_SG: it does scatter-gather; without, every byte is copied once more
 * @ZCX_PROBE_CSUM: it computes checksums
 * @ZCX_PROBE_GSO: it cuts large TCP packets into small ones
 */
enum zcx_probe_socket {
	ZCX_PROBE_TCP		= 1 << 0,
	ZCX_PROBE_UNIX		= 1 << 1,
	ZCX_PROBE_KTLS_TX	= 1 << 2,
	ZCX_PROBE_KTLS_DEVICE	= 1 << 3,
	ZCX_PROBE_FRAGS		= 1 << 4,
	ZCX_PROBE_LOOPBACK	= 1 << 5,
	ZCX_PROBE_SG		= 1 << 6,
	ZCX_PROBE_CSUM		= 1 << 7,
	ZCX_PROBE_GSO		= 1 << 8,
};

/**
 * struct zcx_probe - ioctl(ZCX_IOC_PROBE): how a range of a file would travel
 * @size: sizeof(struct zcx_probe) as the caller knows it
 * @flags: must be 0
 * @file_fd: the file, open for reading
 * @socket_fd: the socket, connected; or -1: nothing is said about one
 * @offset: first byte of the range
 * @length: bytes; or ZCX_TO_EOF
 * @direct_threshold: as in struct zcx_link
 * @lane_asked: enum zcx_lane, as in struct zcx_link
 * @lane: out: the lane of the bytes that are not resident, or of all if there are
 *	none: ZCX_LANE_CACHE, ZCX_LANE_DIRECT or ZCX_LANE_SPLICE
 * @reason: out: enum zcx_probe_reason
 * @socket_flags: out: bits of enum zcx_probe_socket; 0 without a socket
 * @file_size: out: bytes of the file
 * @bytes: out: bytes of the range that lie in the file
 * @bytes_resident: out: of these, in the page cache and up to date; 0 where the
 *	filesystem must be asked
 * @folios: out: folios that hold them
 * @folio_min: out: bytes of the smallest of these; 0 if there is none
 * @folio_max: out: bytes of the largest
 * @dio_mem_align: out: bytes that memory for direct I/O is aligned to; 0: the file
 *	has no direct I/O
 * @dio_offset_align: out: likewise, offsets and lengths
 * @ifindex: out: the route's device; 0: none is known
 * @__reserved: out: 0
 * @device: out: its name, with a zero behind it
 *
 * Nothing is sent, read, or brought into the page cache. What it says may have
 * changed when it is read. The errors are those that ZCX_IOC_LINK would give.
 */
struct zcx_probe {
	__u32 size;
	__u32 flags;
	__s32 file_fd;
	__s32 socket_fd;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 direct_threshold;
	__u32 lane_asked;
	__u32 lane;
	__u32 reason;
	__u32 socket_flags;
	__aligned_u64 file_size;
	__aligned_u64 bytes;
	__aligned_u64 bytes_resident;
	__aligned_u64 folios;
	__u32 folio_min;
	__u32 folio_max;
	__u32 dio_mem_align;
	__u32 dio_offset_align;
	__u32 ifindex;
	__u32 __reserved;
	char device[16];
};

/**
 * struct zcx_uring_cmd - command area of an IORING_OP_URING_CMD sqe
 * @link: address of a struct zcx_link; its out members are written when the link
 *	is accepted
 * @__reserved: must be 0
 */
struct zcx_uring_cmd {
	__aligned_u64 link;
	__aligned_u64 __reserved;
};

#endif /* _UAPI_LINUX_ZCX_H */
