// SPDX-License-Identifier: GPL-2.0
#include "exchange.h"
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

static bool check_link(struct exchange *x, int err)
{
	const struct zcx_link *link = &x->link;
	uint32_t flags = x->result_flags;
	const char *wrong;

	if (err)
		return problem(x, "the call failed: %s", strerror(-err));
	if (pair_is_ktls(x->pair.kind))
		flags |= ZCX_RESULT_KTLS;
	wrong = link_problem_complete(link, x->program, flags);
	if (!wrong)
		return true;
	return problem(x, "%s (state %u error %u flags %#x, sent %llu of %llu = memory %llu + cache %llu + splice %llu, copied %llu)",
		       wrong, link->state, link->error, link->result_flags,
		       (unsigned long long)link->bytes_sent,
		       (unsigned long long)x->program->bytes,
		       (unsigned long long)link->bytes_memory,
		       (unsigned long long)link->bytes_cache,
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
	link_prepare(&x->link, x->pair.tx, x->program);
	x->link.lane = x->lane;
	err = link_send(context, &x->link);
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
