// SPDX-License-Identifier: GPL-2.0
#include "async.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

static bool problem(struct exchange *x, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool problem(struct exchange *x, const char *format, ...)
{
	va_list args;
	int n;

	n = snprintf(x->problem, sizeof(x->problem), "%s: ",
		     pair_names[x->pair.kind]);
	va_start(args, format);
	vsnprintf(x->problem + n, sizeof(x->problem) - n, format, args);
	va_end(args);
	return false;
}

/* It was to fail, and to say how far it came. */
static bool check_failed(struct exchange *x, int err)
{
	const struct zcx_link *link = &x->link;

	if (err != (x->async || x->good ? 0 : -x->error))
		return problem(x, "the call said %s", strerror(-err));
	if (link_problem(link))
		return problem(x, "%s", link_problem(link));
	if (link->state == ZCX_STATE_FAILED &&
	    link->error == (uint32_t)x->error && link->bytes_sent == x->good)
		return true;
	return problem(x, "state %u, %s, %llu bytes sent, not %s after %llu",
		       link->state, strerror(link->error),
		       (unsigned long long)link->bytes_sent,
		       strerror(x->error), (unsigned long long)x->good);
}

static bool check_link(struct exchange *x, int err)
{
	const struct zcx_link *link = &x->link;
	uint32_t flags = x->result_flags;
	const char *wrong;

	if (x->error)
		return check_failed(x, err);
	if (err)
		return problem(x, "the call failed: %s", strerror(-err));
	if (pair_is_ktls(x->pair.kind))
		flags |= ZCX_RESULT_KTLS;
	wrong = link_problem_complete(link, x->program, flags);
	if (!wrong)
		return true;
	return problem(x, "%s (state %u error %u flags %#x, sent %llu of %llu = memory %llu + cache %llu + direct %llu + splice %llu, copied %llu)",
		       wrong, link->state, link->error, link->result_flags,
		       (unsigned long long)link->bytes_sent,
		       (unsigned long long)x->program->bytes,
		       (unsigned long long)link->bytes_memory,
		       (unsigned long long)link->bytes_cache,
		       (unsigned long long)link->bytes_direct,
		       (unsigned long long)link->bytes_splice,
		       (unsigned long long)link->bytes_copied);
}

static bool check_receiver(struct exchange *x, const struct receiver *receiver)
{
	unsigned char sha[32];

	if (receiver->wrong_at >= 0)
		return problem(x, "byte %lld arrived wrong",
			       (long long)receiver->wrong_at);
	if (receiver->error)
		return problem(x, "receiver: %s", strerror(receiver->error));
	if (receiver->bytes != x->link.bytes_sent)
		return problem(x, "%llu bytes sent, %llu arrived",
			       (unsigned long long)x->link.bytes_sent,
			       (unsigned long long)receiver->bytes);
	if (!x->sha)
		return true;
	program_sha256(x->program, sha);
	if (memcmp(sha, receiver->sha, sizeof(sha)))
		return problem(x, "SHA-256 differs");
	return true;
}

int exchange_event(int context, struct zcx_link *link)
{
	struct zcx_event event;
	int err;

	err = async_try_event(context, &event, 300000);
	if (err)
		return err;
	if (event.id != link->id || async_problem(&event))
		return -EPROTO;
	link->bytes_sent = event.bytes_sent;
	link->bytes_memory = event.bytes_memory;
	link->bytes_cache = event.bytes_cache;
	link->bytes_direct = event.bytes_direct;
	link->bytes_splice = event.bytes_splice;
	link->bytes_copied = event.bytes_copied;
	link->state = event.state;
	link->error = event.error;
	link->result_flags = event.result_flags;
	return 0;
}

static int send_link(struct exchange *x, int context)
{
	int err;

	link_prepare(&x->link, x->pair.tx, x->program);
	x->link.lane = x->lane;
	x->link.flags = x->flags | (x->async ? 0 : ZCX_LINK_SYNC);
	x->link.direct_threshold = x->direct_threshold;
	err = link_send(context, &x->link);
	if (!err && x->async)
		err = exchange_event(context, &x->link);
	return err;
}

static bool run_connected(struct exchange *x, int context)
{
	struct receiver receiver = {
		.fd = x->pair.rx,
		.expect = x->program,
		.chunk = x->chunk,
		.delay_us = x->delay_us,
		.hash = x->sha,
	};
	int err;

	if (receiver_start(&receiver))
		return problem(x, "no receiver");
	err = send_link(x, context);
	/* Kernel TLS drops at a close what TCP has no room for yet. */
	if (!err && x->async)
		receiver_wait_bytes(&receiver, x->link.bytes_sent);
	/*
	 * Closed, not shut down: the receiver sees the end of the stream only
	 * if the module let go of the socket.
	 */
	close(x->pair.tx);
	x->pair.tx = -1;
	receiver_join(&receiver);
	return check_link(x, err) && check_receiver(x, &receiver);
}

bool exchange_try(struct exchange *x)
{
	int context = x->context;
	bool good;
	int err;

	if (!x->connected) {
		err = pair_try(&x->pair, x->kind, x->sndbuf, x->rcvbuf);
		if (err)
			return problem(x, "connecting: %s", strerror(-err));
	}
	if (!context)
		context = zcx_try_open();
	if (context < 0) {
		pair_close(&x->pair);
		return problem(x, "%s: %s", ZCX_DEVICE, strerror(-context));
	}
	good = run_connected(x, context);
	pair_close(&x->pair);
	if (!x->context)
		close(context);
	return good;
}

void exchange_run(struct exchange *x)
{
	if (!x->connected && pair_is_ktls(x->kind))
		pair_need_ktls();
	if (!exchange_try(x))
		fail_msg("%s", x->problem);
}

void exchange_simply(const struct program *program, enum pair_kind kind)
{
	struct exchange x = { .program = program, .kind = kind };

	exchange_run(&x);
}
