// SPDX-License-Identifier: GPL-2.0
#include <openssl/evp.h>
#include <sys/socket.h>

#include "guest.h"
#include "receiver.h"
#include "vmtest.h"

#define DEFAULT_CHUNK	(256 * KIB)

static void compare(struct receiver *receiver, const uint8_t *buf, size_t n)
{
	size_t good = n;

	if (receiver->wrong_at >= 0)
		return;
	if (receiver->check)
		good = receiver->check(receiver->check_arg, receiver->bytes,
				       buf, n);
	else if (receiver->expect)
		good = program_compare(receiver->expect, &receiver->cursor,
				       buf, n);
	if (good < n)
		receiver->wrong_at = receiver->bytes + good;
}

/* Wait for leave to read; returns how much. */
static size_t may_read(struct receiver *receiver)
{
	for (;;) {
		uint64_t hold_at = receiver->hold_at;

		if (!receiver->held && !hold_at)
			return receiver->chunk;
		if (!receiver->held && receiver->bytes < hold_at)
			return MIN(receiver->chunk, hold_at - receiver->bytes);
		guest_sleep_ms(2);
	}
}

static bool read_some(struct receiver *receiver, uint8_t *buf, EVP_MD_CTX *md)
{
	ssize_t n = recv(receiver->fd, buf, may_read(receiver), 0);

	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0)
		receiver->error = errno;
	if (n <= 0)
		return false;
	compare(receiver, buf, n);
	if (md)
		EVP_DigestUpdate(md, buf, n);
	atomic_fetch_add(&receiver->bytes, n);
	return !receiver->stop_after ||
	       receiver->bytes < receiver->stop_after;
}

static void *receive(void *arg)
{
	struct receiver *receiver = arg;
	uint8_t *buf = malloc(receiver->chunk);
	EVP_MD_CTX *md = NULL;

	if (receiver->hash) {
		md = EVP_MD_CTX_new();
		EVP_DigestInit_ex(md, EVP_sha256(), NULL);
	}
	while (read_some(receiver, buf, md))
		if (receiver->delay_us)
			usleep(receiver->delay_us);
	if (md) {
		EVP_DigestFinal_ex(md, receiver->sha, NULL);
		EVP_MD_CTX_free(md);
	}
	free(buf);
	return NULL;
}

int receiver_start(struct receiver *receiver)
{
	receiver->wrong_at = -1;
	receiver->bytes = 0;
	receiver->error = 0;
	receiver->cursor = (struct cursor) { 0 };
	if (!receiver->chunk)
		receiver->chunk = DEFAULT_CHUNK;
	return -pthread_create(&receiver->thread, NULL, receive, receiver);
}

void receiver_go(struct receiver *receiver)
{
	receiver->hold_at = 0;
	receiver->held = false;
}

void receiver_join(struct receiver *receiver)
{
	receiver_go(receiver);
	pthread_join(receiver->thread, NULL);
}

bool receiver_wait_bytes(struct receiver *receiver, uint64_t bytes)
{
	unsigned int i;

	for (i = 0; i < GUEST_PATIENCE_MS / 2 && receiver->bytes < bytes; i++)
		guest_sleep_ms(2);
	return receiver->bytes >= bytes;
}
