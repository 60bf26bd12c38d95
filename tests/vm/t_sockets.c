// SPDX-License-Identifier: GPL-2.0
/* Sockets that are slow, small or encrypted; and the file after each kind. */
#include <linux/tls.h>
#include <openssl/evp.h>
#include <sys/socket.h>

#include "content.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

/* The most plain bytes of a TLS record, and what is added to them. */
#define RECORD_ROOM	((1 << 14) + 64)

static const enum pair_kind kinds[PAIR_KINDS] = {
	PAIR_TCP4, PAIR_TCP6, PAIR_UNIX, PAIR_KTLS, PAIR_KTLS13,
};

/* 4 KiB of send buffer: every push is a partial one. */
static void small_sndbuf(void **state)
{
	struct program *program = program_new();
	struct exchange x = {
		.program = program,
		.kind = *(const enum pair_kind *)*state,
		.sndbuf = 4096,
	};
	struct vfile file;

	file_make(&file, DIR_EXT4, guest_pick(MIB + 4321, 300001));
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	program_memory(program, "trailer", 7);
	exchange_run(&x);
	file_drop(&file);
}

static void slow_receiver(void **state)
{
	struct program *program = program_new();
	struct exchange x = {
		.program = program,
		.kind = *(const enum pair_kind *)*state,
		.rcvbuf = 8192,
		.sndbuf = 16384,
		.chunk = 5000,
		.delay_us = 3000,
	};
	struct vfile file;

	file_make(&file, DIR_XFS, 500009);
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_run(&x);
	file_drop(&file);
}

static void tiny_reads(void **state)
{
	struct program *program = program_new();
	struct exchange x = {
		.program = program,
		.kind = *(const enum pair_kind *)*state,
		.chunk = 7,
	};
	struct vfile file;

	file_make(&file, DIR_EXT4, guest_pick(100003, 20011));
	program_file(program, &file, 0, ZCX_TO_EOF);
	exchange_run(&x);
	file_drop(&file);
}

/* Nothing on the way of the pages may write to them. */
static void file_unchanged(void **state)
{
	static const char *const dirs[] = { DIR_EXT4, DIR_XFS, DIR_TMPFS };
	struct program *program = program_new();
	struct vfile file;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		file_make(&file, dirs[i], 2 * MIB + 4567);
		program_clear(program);
		program_file(program, &file, 0, ZCX_TO_EOF);
		program_file(program, &file, 4095, 2);
		program_file(program, &file, MIB, ZCX_TO_EOF);
		exchange_simply(program, *(const enum pair_kind *)*state);
		file_assert_unchanged(&file);
		/* Nor may what a later write-back would put on the disk. */
		file_make_cold(&file);
		file_assert_unchanged(&file);
		file_drop(&file);
	}
}

static void read_fully(int fd, void *buf, size_t length)
{
	ssize_t n = recv(fd, buf, length, MSG_WAITALL);

	assert_int_equal(n, length);
}

/* Open one TLS 1.2 record by hand; returns its plain bytes. */
static size_t open_record(int fd, uint64_t sequence, uint8_t *plain)
{
	static uint8_t sealed[RECORD_ROOM];
	uint8_t header[5], nonce[12], aad[13];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	size_t length, data;
	int n, last;

	read_fully(fd, header, sizeof(header));
	assert_int_equal(header[0], 23);
	length = header[3] << 8 | header[4];
	assert_true(length >= 24 && length <= sizeof(sealed));
	read_fully(fd, sealed, length);
	data = length - 8 - 16;

	memcpy(nonce, PAIR_TLS_SALT, 4);
	memcpy(nonce + 4, sealed, 8);
	for (n = 0; n < 8; n++)
		aad[n] = sequence >> (56 - 8 * n);
	memcpy(aad + 8, header, 3);
	aad[11] = data >> 8;
	aad[12] = data;
	EVP_DecryptInit_ex(ctx, EVP_aes_128_gcm(), NULL,
			   (const uint8_t *)PAIR_TLS_KEY, nonce);
	EVP_DecryptUpdate(ctx, NULL, &n, aad, sizeof(aad));
	EVP_DecryptUpdate(ctx, plain, &n, sealed + 8, data);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, 16, sealed + 8 + data);
	assert_int_equal(EVP_DecryptFinal_ex(ctx, plain + n, &last), 1);
	EVP_CIPHER_CTX_free(ctx);
	return data;
}

/* The wire carries TLS records that another implementation can open. */
static void ktls_wire(void **state)
{
	static uint8_t plain[RECORD_ROOM];
	struct program *program = program_new();
	struct cursor cursor = { 0 };
	uint64_t sequence = 0, done = 0;
	struct zcx_link link;
	struct vfile file;
	struct pair pair;
	int context;

	(void)state;
	pair_need_ktls();
	context = zcx_open();
	file_make(&file, DIR_EXT4, 40001);
	program_memory(program, "header", 6);
	program_file(program, &file, 0, ZCX_TO_EOF);
	pair_open(&pair, PAIR_TCP4, 1 << 20, 1 << 20);
	assert_int_equal(pair_attach_tls(pair.tx, true, false,
					 TLS_1_2_VERSION), 0);
	link_prepare(&link, pair.tx, program);
	assert_int_equal(link_send(context, &link), 0);
	assert_null(link_problem_complete(&link, program, ZCX_RESULT_KTLS));
	assert_int_equal(link.bytes_copied, program->bytes);
	while (done < program->bytes) {
		size_t n = open_record(pair.rx, sequence++, plain);

		assert_int_equal(program_compare(program, &cursor, plain, n),
				 n);
		done += n;
	}
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

/* TLS that only receives leaves what is sent alone. */
static void ktls_receive_only(void **state)
{
	struct program *program = program_new();
	struct exchange x = { .program = program, .connected = true };
	struct vfile file;

	(void)state;
	pair_need_ktls();
	file_make(&file, DIR_EXT4, 200003);
	program_file(program, &file, 0, ZCX_TO_EOF);
	pair_open(&x.pair, PAIR_TCP4, 0, 0);
	assert_int_equal(pair_attach_tls(x.pair.tx, false, true,
					 TLS_1_2_VERSION), 0);
	exchange_run(&x);
	file_drop(&file);
}

/* Link after link, with the application's own writes between them. */
static void links_and_writes(void **state)
{
	enum pair_kind kind = *(const enum pair_kind *)*state;
	struct program *each = program_new(), *all = program_new();
	struct receiver receiver = { .expect = all };
	struct zcx_link link;
	struct vfile file;
	struct pair pair;
	unsigned int i;
	int context;

	pair_open(&pair, kind, 0, 0);
	context = zcx_open();
	file_make(&file, DIR_EXT4, 60000);
	for (i = 0; i < 50; i++) {
		program_memory(all, "written", 7);
		program_file(all, &file, i * 1000, 3001);
	}
	receiver.fd = pair.rx;
	assert_int_equal(receiver_start(&receiver), 0);
	for (i = 0; i < 50; i++) {
		assert_int_equal(write(pair.tx, "written", 7), 7);
		program_clear(each);
		program_file(each, &file, i * 1000, 3001);
		link_prepare(&link, pair.tx, each);
		assert_int_equal(link_send(context, &link), 0);
		assert_int_equal(link.id, i + 1);
		assert_int_equal(link.bytes_sent, 3001);
	}
	close(pair.tx);
	pair.tx = -1;
	receiver_join(&receiver);
	assert_int_equal(receiver.wrong_at, -1);
	assert_int_equal(receiver.bytes, all->bytes);
	pair_close(&pair);
	close(context);
	file_drop(&file);
}

#define EACH_KIND(name, run, debug_slow, timeout, what) \
	{ name "_tcp4", run, &kinds[PAIR_TCP4], "test", "test", "std", \
	  timeout, what " over IPv4" }, \
	{ name "_tcp6", run, &kinds[PAIR_TCP6], "test", "all", "std", \
	  timeout, what " over IPv6" }, \
	{ name "_unix", run, &kinds[PAIR_UNIX], "test", debug_slow, "std", \
	  timeout, what " over AF_UNIX" }, \
	{ name "_ktls", run, &kinds[PAIR_KTLS], "test", debug_slow, "std", \
	  timeout, what " over kernel TLS 1.2" }, \
	{ name "_ktls13", run, &kinds[PAIR_KTLS13], "test", "all", "std", \
	  timeout, what " over kernel TLS 1.3" }

const struct vm_test sockets_tests[] = {
	EACH_KIND("sockets_sndbuf", small_sndbuf, "test", 60,
		  "a file arrives through a 4 KiB send buffer"),
	EACH_KIND("sockets_slow", slow_receiver, "all", 60,
		  "a file arrives at a slow receiver"),
	EACH_KIND("sockets_tiny_reads", tiny_reads, "all", 60,
		  "a file arrives at a receiver of 7 bytes a read"),
	EACH_KIND("sockets_unchanged", file_unchanged, "test", 60,
		  "page-cache contents are the same after sending"),
	EACH_KIND("sockets_writes", links_and_writes, "all", 60,
		  "links and plain writes keep their order"),
	{ "sockets_ktls_wire", ktls_wire, NULL, "test", "test", "std", 30,
	  "OpenSSL opens the records that kernel TLS made of a link" },
	{ "sockets_ktls_receive_only", ktls_receive_only, NULL, "test", "all",
	  "std", 30, "a socket with TLS receive only sends plain bytes" },
	{ 0 }
};
