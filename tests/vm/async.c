// SPDX-License-Identifier: GPL-2.0
#include <poll.h>

#include "async.h"
#include "guest.h"
#include "vmtest.h"

#define SMALL_BUFFER	(32 * KIB)

static const char *const states[] = {
	"0", "QUEUED", "RUNNING", "WAITING", "SENT", "SHORT", "CANCELLED",
	"FAILED", "ACKED",
};

static const char *const waits[] = {
	"nothing", "its turn", "the socket", "the disk", "its pace",
	"RESUME", "the ACK", "growth",
};

static const char *name_of(const char *const *names, size_t count,
			   uint32_t value)
{
	return value < count ? names[value] : "?";
}

#define STATE(state)	name_of(states, ARRAY_SIZE(states), state)
#define WAIT(wait)	name_of(waits, ARRAY_SIZE(waits), wait)

void async_prepare(struct zcx_link *link, int sock,
		   const struct program *program)
{
	link_prepare(link, sock, program);
	link->flags = 0;
}

void async_prepare_part(struct zcx_link *link, int sock,
			const struct program *program, unsigned int first,
			unsigned int count)
{
	async_prepare(link, sock, program);
	link->segments = (uintptr_t)&program->segments[first];
	link->segment_count = count;
}

uint64_t async_submit(int context, struct zcx_link *link)
{
	int err = link_send(context, link);

	if (err)
		fail_msg("the link was refused: %s", strerror(-err));
	assert_int_not_equal(link->id, 0);
	return link->id;
}

uint64_t async_send(int context, int sock, const struct program *program)
{
	struct zcx_link link;

	async_prepare(&link, sock, program);
	return async_submit(context, &link);
}

int async_try_event(int context, struct zcx_event *event, unsigned int ms)
{
	struct pollfd pfd = { .fd = context, .events = POLLIN };
	ssize_t n;

	n = poll(&pfd, 1, ms);
	if (n < 0)
		return -errno;
	if (!n)
		return -ETIMEDOUT;
	n = read(context, event, sizeof(*event));
	if (n < 0)
		return -errno;
	return n == sizeof(*event) ? 0 : -EPROTO;
}

void async_event(int context, struct zcx_event *event)
{
	int err = async_try_event(context, event, GUEST_PATIENCE_MS);

	if (err == -ETIMEDOUT)
		fail_msg("no event came");
	if (err)
		fail_msg("read of an event: %s", strerror(-err));
}

const char *async_problem(const struct zcx_event *event)
{
	bool whole = event->state == ZCX_STATE_SENT ||
		     event->state == ZCX_STATE_ACKED ||
		     event->state == ZCX_STATE_SHORT;

	if (!event->id)
		return "it is of no link";
	if (event->bytes_memory + event->bytes_cache + event->bytes_splice +
	    event->bytes_direct != event->bytes_sent)
		return "the lanes' bytes do not add up to bytes_sent";
	if (event->bytes_copied > event->bytes_sent)
		return "more bytes copied than sent";
	if (event->state < ZCX_STATE_SENT || event->state > ZCX_STATE_ACKED)
		return "the state is not a final one";
	if (whole != !event->error)
		return "state and error do not fit";
	if (event->state == ZCX_STATE_CANCELLED && event->error != ECANCELED)
		return "cancelled, but not with ECANCELED";
	if (event->__reserved)
		return "reserved members are not zero";
	return NULL;
}

static void fail_event(const struct zcx_event *event, const char *why)
{
	fail_msg("event of link %llu: %s (%s, %s, sent %llu = memory %llu + cache %llu + direct %llu + splice %llu, copied %llu, flags %#x)",
		 (unsigned long long)event->id, why, STATE(event->state),
		 strerror(event->error), (unsigned long long)event->bytes_sent,
		 (unsigned long long)event->bytes_memory,
		 (unsigned long long)event->bytes_cache,
		 (unsigned long long)event->bytes_direct,
		 (unsigned long long)event->bytes_splice,
		 (unsigned long long)event->bytes_copied,
		 event->result_flags);
}

void async_assert(const struct zcx_event *event, uint64_t id, uint32_t state,
		  uint32_t error)
{
	const char *problem = async_problem(event);
	char text[128];

	if (problem)
		fail_event(event, problem);
	if (event->id == id && event->state == state && event->error == error)
		return;
	snprintf(text, sizeof(text), "not of link %llu: %s, %s",
		 (unsigned long long)id, STATE(state), strerror(error));
	fail_event(event, text);
}

/*
 * Events that were read while another one was looked for: links of one socket
 * end one after the other, but two CPUs may post their events.
 */
static struct {
	int context;
	struct zcx_event event;
} stash[512];

static unsigned int stashed;

static bool unstash(int context, uint64_t id, struct zcx_event *event)
{
	unsigned int i;

	for (i = 0; i < stashed; i++) {
		if (stash[i].context != context || stash[i].event.id != id)
			continue;
		*event = stash[i].event;
		stash[i] = stash[--stashed];
		return true;
	}
	return false;
}

void async_event_of(int context, uint64_t id, struct zcx_event *event)
{
	int err;

	if (unstash(context, id, event))
		return;
	for (;;) {
		err = async_try_event(context, event, GUEST_PATIENCE_MS);
		if (err)
			fail_msg("the event of link %llu: %s",
				 (unsigned long long)id, strerror(-err));
		if (event->id == id)
			return;
		/* A second event of one link stays here, and is noticed. */
		assert_true(stashed < ARRAY_SIZE(stash));
		stash[stashed].context = context;
		stash[stashed++].event = *event;
	}
}

uint64_t async_ends(int context, uint64_t id, uint32_t state, uint32_t error)
{
	struct zcx_event event;

	async_event_of(context, id, &event);
	async_assert(&event, id, state, error);
	return event.bytes_sent;
}

void async_sent(int context, uint64_t id, const struct program *program,
		uint32_t state, uint32_t result_flags)
{
	struct zcx_event event;

	async_event_of(context, id, &event);
	async_assert(&event, id, state, 0);
	if (event.bytes_memory != program->memory ||
	    event.bytes_cache + event.bytes_direct != program->cache ||
	    event.bytes_splice != program->splice)
		fail_event(&event, "not the program's bytes");
	if ((event.result_flags & ~LINK_MAY_SAY) != result_flags)
		fail_event(&event, "result_flags are wrong");
	if (result_flags & ZCX_RESULT_KTLS) {
		if (event.bytes_copied != event.bytes_sent)
			fail_event(&event, "encrypted bytes are copied ones");
	} else if (event.bytes_copied) {
		fail_event(&event, "bytes were copied");
	}
}

void async_quiet(int context)
{
	struct pollfd pfd = { .fd = context, .events = POLLIN };
	unsigned int i;

	for (i = 0; i < stashed; i++)
		assert_int_not_equal(stash[i].context, context);
	assert_int_equal(poll(&pfd, 1, 0), 0);
	assert_int_equal(link_fdinfo(context, "links"), 0);
	assert_int_equal(link_fdinfo(context, "events"), 0);
}

void async_pending(int context, unsigned int events)
{
	unsigned int i;

	for (i = 0; i < GUEST_PATIENCE_MS / 5; i++) {
		if (link_fdinfo(context, "events") == events)
			return;
		guest_sleep_ms(5);
	}
	fail_msg("%lld events wait to be read, not %u",
		 link_fdinfo(context, "events"), events);
}

int async_control(int context, unsigned long request, uint64_t id)
{
	struct zcx_control control = { .size = sizeof(control), .id = id };

	return zcx_call(context, request, &control);
}

int async_query(int context, uint64_t id, struct zcx_query *query)
{
	*query = (struct zcx_query) { .size = sizeof(*query), .id = id };
	return zcx_call(context, ZCX_IOC_QUERY, query);
}

static void look(int context, uint64_t id, struct zcx_query *query)
{
	int err = async_query(context, id, query);

	if (err)
		fail_msg("QUERY of link %llu: %s", (unsigned long long)id,
			 strerror(-err));
	assert_true(query->bytes_acked <= query->bytes_sent);
}

static void fail_waits(uint64_t id, uint32_t what,
		       const struct zcx_query *query)
{
	fail_msg("link %llu never waited for %s (%s for %s, %s, %llu bytes sent, %llu acknowledged)",
		 (unsigned long long)id, WAIT(what), STATE(query->state),
		 WAIT(query->wait), strerror(query->error),
		 (unsigned long long)query->bytes_sent,
		 (unsigned long long)query->bytes_acked);
}

void async_waits(int context, uint64_t id, uint32_t what)
{
	struct zcx_query query;
	unsigned int i;

	for (i = 0; i < GUEST_PATIENCE_MS / 5; i++) {
		look(context, id, &query);
		if (query.state == ZCX_STATE_WAITING && query.wait == what)
			return;
		if (query.state >= ZCX_STATE_SENT)
			break;
		guest_sleep_ms(5);
	}
	fail_waits(id, what, &query);
}

uint64_t async_stalls(int context, uint64_t id)
{
	struct zcx_query query;
	unsigned int i, calm = 0;
	uint64_t sent = 0;

	for (i = 0; i < GUEST_PATIENCE_MS / 20 && calm < 8; i++) {
		look(context, id, &query);
		if (query.state >= ZCX_STATE_SENT)
			break;
		if (query.state == ZCX_STATE_WAITING &&
		    query.wait == ZCX_WAIT_SOCKET && query.bytes_sent == sent)
			calm++;
		else
			calm = 0;
		sent = query.bytes_sent;
		guest_sleep_ms(20);
	}
	if (calm < 8)
		fail_waits(id, ZCX_WAIT_SOCKET, &query);
	return sent;
}

void async_others_go(int context)
{
	struct program *program = program_new();
	struct vfile file;
	unsigned int i;

	file_make(&file, DIR_EXT4, 300001);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	for (i = 0; i < 2; i++) {
		struct receiver receiver = { .expect = program };
		struct pair pair;
		uint64_t id;

		if (i)
			file_make_cold(&file);
		pair_open(&pair, PAIR_TCP4, 0, 0);
		receiver.fd = pair.rx;
		assert_int_equal(receiver_start(&receiver), 0);
		id = async_send(context, pair.tx, program);
		async_sent(context, id, program, ZCX_STATE_SENT, 0);
		close(pair.tx);
		pair.tx = -1;
		receiver_join(&receiver);
		assert_int_equal(receiver.wrong_at, -1);
		assert_int_equal(receiver.bytes, program->bytes);
		pair_close(&pair);
	}
	file_drop(&file);
}

void async_limit(unsigned int links)
{
	guest_parameter("max_links", links);
}

void stall_open(struct stall *stall, enum pair_kind kind)
{
	memset(stall, 0, sizeof(*stall));
	pair_open(&stall->pair, kind, SMALL_BUFFER, SMALL_BUFFER);
	stall->context = zcx_open();
	stall->program = program_new();
	file_make(&stall->file, DIR_EXT4, guest_pick(2 * MIB, MIB) + 4321);
	file_lock(&stall->file);
	program_memory(stall->program, "header", 6);
	program_file(stall->program, &stall->file, 0, ZCX_TO_EOF);
	program_memory(stall->program, "trailer", 7);
	stall->receiver = (struct receiver) {
		.fd = stall->pair.rx,
		.expect = stall->program,
		.held = true,
	};
	assert_int_equal(receiver_start(&stall->receiver), 0);
}

void stall_submit(struct stall *stall, uint32_t flags)
{
	struct zcx_link link;

	async_prepare_part(&link, stall->pair.tx, stall->program, 0, 3);
	link.flags |= flags;
	stall->id = async_submit(stall->context, &link);
	async_stalls(stall->context, stall->id);
}

void stall_go(struct stall *stall)
{
	receiver_go(&stall->receiver);
}

void stall_arrives(struct stall *stall, uint64_t bytes)
{
	stall_go(stall);
	/* Kernel TLS drops at a close what TCP has no room for yet. */
	receiver_wait_bytes(&stall->receiver, bytes);
	if (stall->pair.tx >= 0)
		close(stall->pair.tx);
	stall->pair.tx = -1;
	receiver_join(&stall->receiver);
	assert_int_equal(stall->receiver.error, 0);
	assert_int_equal(stall->receiver.wrong_at, -1);
	assert_int_equal(stall->receiver.bytes, bytes);
}

void stall_close(struct stall *stall)
{
	pair_close(&stall->pair);
	if (stall->context >= 0) {
		async_quiet(stall->context);
		close(stall->context);
	}
	if (stall->file.fd >= 0)
		assert_true(file_unlock(&stall->file));
	file_drop(&stall->file);
}
