// SPDX-License-Identifier: GPL-2.0
/*
 * What stands between a socket and its device, and captures, changes, clones or
 * leads away packets whose pages are the page cache's.
 */
#include "capture.h"
#include "device.h"
#include "exchange.h"
#include "guest.h"
#include "vmtest.h"

#define ROOMY		((int)(64 * MIB))

/* What rules write into each packet. */
#define MARK		0x5a

/* The bytes of the trip, as they should arrive. */
static uint8_t *bytes_of(const struct trip *trip)
{
	uint8_t *bytes = test_malloc(trip->program->bytes);

	memcpy(bytes, "header", 6);
	file_expected(&trip->file, 0, bytes + 6, trip->file.size);
	memcpy(bytes + 6 + trip->file.size, "trailer", 7);
	return bytes;
}

static void assert_captured(const struct trip *trip, int capture)
{
	uint64_t bytes = trip->program->bytes;
	uint8_t *want = bytes_of(trip), *got = test_malloc(bytes);

	assert_int_equal(capture_read(capture, got, bytes), bytes);
	assert_memory_equal(got, want, bytes);
	test_free(want);
	test_free(got);
}

static void captured(void **state)
{
	struct trip trip;
	int capture;

	(void)state;
	device_open();
	trip_open(&trip, DEVICE_BYTES);
	capture = capture_open(DEVICE, ROOMY);
	trip_run(&trip, 0);
	/* It has the very pages, for as long as nobody reads it. */
	trip_assert_held(&trip);
	assert_captured(&trip, capture);
	close(capture);
	trip_close(&trip);
}

/* Most of what it should get is dropped. */
static void captured_unread(void **state)
{
	struct trip trip;
	int capture;

	(void)state;
	device_open();
	trip_open(&trip, DEVICE_BYTES);
	capture = capture_open(DEVICE, 4096);
	trip_run(&trip, 0);
	close(capture);
	trip_close(&trip);
}

/* Captures that come and go while packets are on their way. */
static void captured_at_times(void **state)
{
	struct trip trip;
	unsigned int i;

	(void)state;
	device_open();
	trip_open(&trip, guest_pick(10 * MIB, 2 * MIB));
	trip_connect(&trip);
	trip_receive(&trip, false);
	trip_start(&trip);
	for (i = 0; trip.receiver.bytes < trip.program->bytes; i++) {
		int capture = capture_open(DEVICE, 4096);

		guest_sleep_ms(3);
		close(capture);
		guest_sleep_ms(3);
		assert_true(i < 20000);
	}
	sender_join(&trip.sender);
	assert_int_equal(trip.sender.err, 0);
	assert_null(link_problem_complete(&trip.sender.link, trip.program, 0));
	trip_arrives(&trip);
	trip_close(&trip);
}

/* Rules that write into packets */

static size_t keep(void *arg, uint64_t offset, const uint8_t *buf,
		   size_t length)
{
	memcpy((uint8_t *)arg + offset, buf, length);
	return length;
}

/* What arrived differs from what was sent, and by marks only. */
static void assert_marked(const struct trip *trip, const uint8_t *got)
{
	uint64_t marks = 0, i;
	uint8_t *want = bytes_of(trip);

	for (i = 0; i < trip->program->bytes; i++) {
		if (got[i] == want[i])
			continue;
		if (got[i] != MARK)
			fail_msg("byte %llu arrived wrong",
				 (unsigned long long)i);
		marks++;
	}
	print_message("%llu bytes were changed on the way\n",
		      (unsigned long long)marks);
	assert_true(marks > 0);
	test_free(want);
}

static void send_marked(struct trip *trip)
{
	uint8_t *got = test_malloc(trip->program->bytes);

	trip_connect(trip);
	trip->receiver = (struct receiver) {
		.fd = trip->pair.rx,
		.check = keep,
		.check_arg = got,
	};
	assert_int_equal(receiver_start(&trip->receiver), 0);
	trip_send(trip, 0);
	trip_arrives(trip);
	assert_marked(trip, got);
	test_free(got);
}

/* A rule in @hook that marks all but small packets, behind their headers. */
static void nft_marks(void **state)
{
	const char *hook = *state;
	struct trip trip;

	device_open();
	guest_modprobe("nf_tables");
	device_run(NFT " add table inet zcx && "
		   NFT " add chain inet zcx marks \"{ type filter hook %s priority 0; }\" && "
		   NFT " add rule inet zcx marks oif " DEVICE
		   " meta length gt 300 @th,800,32 set 0x5a5a5a5a", hook);
	trip_open(&trip, DEVICE_BYTES);
	send_marked(&trip);
	trip_close(&trip);
}

/*
 * Packets of several segments, also where packets are slow: TCP makes them as
 * large as fits in a millisecond.
 */
static void act_on_large(const char *action)
{
	device_sysctl("ipv4/tcp_min_tso_segs", "8");
	device_act(action);
}

static void tc_marks(void **state)
{
	struct trip trip;

	device_open();
	act_on_large(*state);
	trip_open(&trip, DEVICE_BYTES);
	send_marked(&trip);
	trip_close(&trip);
}

/* A capture and a rule, each with the same pages. */
static void tc_marks_captured(void **state)
{
	struct trip trip;
	int capture;

	device_open();
	act_on_large(*state);
	trip_open(&trip, DEVICE_BYTES);
	capture = capture_open(DEVICE, ROOMY);
	send_marked(&trip);
	close(capture);
	trip_close(&trip);
}

/* Rules that lead packets elsewhere */

static void mirror_to_dummy(void)
{
	guest_modprobe("dummy");
	device_run(IP " link add zcx-dummy type dummy && "
		   IP " link set zcx-dummy up");
	device_act("action mirred egress mirror dev zcx-dummy");
}

/* A clone of each packet goes to a device that drops it. */
static void mirrored(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	mirror_to_dummy();
	trip_open(&trip, DEVICE_BYTES);
	trip_run(&trip, 0);
	trip_close(&trip);
}

/* The clones are what they should be. */
static void mirrored_captured(void **state)
{
	struct trip trip;
	int capture;

	(void)state;
	device_open();
	mirror_to_dummy();
	trip_open(&trip, DEVICE_BYTES);
	capture = capture_open("zcx-dummy", ROOMY);
	trip_run(&trip, 0);
	assert_captured(&trip, capture);
	close(capture);
	trip_close(&trip);
}

/* Through another device's queue, and then to where they were going. */
static void detour(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	guest_modprobe("ifb");
	guest_modprobe("sch_netem");
	device_run(IP " link add zcx-ifb type ifb && "
		   IP " link set zcx-ifb up && "
		   TC " qdisc add dev zcx-ifb root netem delay 3ms");
	device_act("action mirred egress redirect dev zcx-ifb");
	trip_open(&trip, DEVICE_BYTES);
	trip_run(&trip, 0);
	trip_close(&trip);
}

/*
 * Led away to somebody on this machine, whose card has eth1's address: it will
 * take what was meant for that.
 */
static void led_astray(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	guest_modprobe("veth");
	device_run(IP " link add zcx-veth type veth peer name zcx-peer netns far && "
		   IP " link set zcx-veth up");
	device_run_far(IP " link set zcx-peer address $(cat /sys/class/net/eth1/address) up");
	trip_open(&trip, DEVICE_BYTES);
	/* Before that, since answers to ARP would be lost. */
	trip_connect(&trip);
	device_act("action mirred egress redirect dev zcx-veth");
	trip_receive(&trip, false);
	trip_send(&trip, 0);
	trip_arrives(&trip);
	device_run_far("[ $(cat /sys/class/net/zcx-peer/statistics/rx_bytes) -gt %llu ]",
		       (unsigned long long)trip.program->bytes);
	trip_close(&trip);
}

/* IPsec, which encrypts where the bytes lie unless it knows better */

static void undo_ipsec(void *unused)
{
	(void)unused;
	guest_run(IP " xfrm policy flush; " IP " xfrm state flush");
	guest_run(IP " -n far xfrm policy flush; " IP " -n far xfrm state flush");
}

static const char ipsec_state[] =
	IP " xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x100 mode transport "
	"aead \"rfc4106(gcm(aes))\" 0x0102030405060708090a0b0c0d0e0f1011121314 128";

static void ipsec_receive(void)
{
	static const char *const modules[] = {
		"xfrm_user", "esp4", "gcm", "seqiv", "ghash_generic",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modules); i++)
		guest_modprobe(modules[i]);
	test_at_end(undo_ipsec, NULL);
	device_run_far("%s", ipsec_state);
	device_run("%s", ipsec_state);
}

static void ipsec_send(void)
{
	device_run(IP " xfrm policy add src 192.0.2.1 dst 192.0.2.2 dir out "
		   "tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode transport");
}

/* It was used: the state has counted bytes. */
static void assert_encrypted(void)
{
	device_run(IP " -s xfrm state | grep -q \"^[[:space:]]*[1-9][0-9]*(bytes)\"");
}

static void ipsec(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	ipsec_receive();
	ipsec_send();
	trip_open(&trip, DEVICE_BYTES);
	trip_run(&trip, 0);
	assert_encrypted();
	trip_close(&trip);
}

/* Switched on when packets have been made already. */
static void ipsec_later(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	ipsec_receive();
	trip_open(&trip, DEVICE_BYTES);
	trip_connect_to(&trip, PAIR_FAR_IP4, 0, 64 * KIB);
	trip_receive(&trip, true);
	trip_start(&trip);
	assert_true(sender_wait_asleep(&trip.sender));
	ipsec_send();
	receiver_go(&trip.receiver);
	sender_join(&trip.sender);
	assert_int_equal(trip.sender.err, 0);
	assert_null(link_problem_complete(&trip.sender.link, trip.program, 0));
	trip_arrives(&trip);
	assert_encrypted();
	trip_close(&trip);
}

/* No segmentation and no scatter-gather: TCP itself copies, and it is told. */
static void ipsec_no_sg(void **state)
{
	const struct zcx_link *link;
	struct trip trip;

	(void)state;
	device_open();
	ipsec_receive();
	ipsec_send();
	device_run(ETHTOOL " -K " DEVICE " sg off");
	trip_open(&trip, DEVICE_BYTES);
	trip_connect(&trip);
	trip_receive(&trip, false);
	trip_start(&trip);
	sender_join(&trip.sender);
	assert_int_equal(trip.sender.err, 0);
	link = &trip.sender.link;
	assert_null(link_problem(link));
	assert_int_equal(link->bytes_sent, trip.program->bytes);
	assert_int_equal(link->result_flags, ZCX_RESULT_ROUTE_COPIES);
	assert_int_equal(link->bytes_copied, trip.program->bytes);
	assert_int_equal(trip_stat(&trip, "bytes_copied"), link->bytes_copied);
	assert_int_equal(trip_stat(&trip, "bytes_frags"), 0);
	trip_arrives(&trip);
	assert_encrypted();
	trip_close(&trip);
}

/* Behind the headers of all packets of data; in the second page of some. */
#define PEDIT(offset) \
	"action pedit munge offset " offset " u32 set 0x5a5a5a5a pipe action csum ip4h tcp"

const struct vm_test device_between_tests[] = {
	{ "device_captured", captured, NULL, "test", "test", "device", 60,
	  "a capture gets the right bytes, and gives their pages back" },
	{ "device_captured_unread", captured_unread, NULL, "test", "test",
	  "device", 60, "a capture that drops what it gets" },
	{ "device_captured_at_times", captured_at_times, NULL, "test", "test",
	  "device", 90, "captures that come and go in mid-transfer" },
	{ "device_nft_output", nft_marks, "output", "test", "test", "device",
	  60, "nftables changes packets, and not the file: output" },
	{ "device_nft_postrouting", nft_marks, "postrouting", "test", "all",
	  "device", 60,
	  "nftables changes packets, and not the file: postrouting" },
	{ "device_pedit", tc_marks, PEDIT("120"), "test", "test", "device",
	  60, "pedit changes packets, and not the file" },
	{ "device_pedit_deep", tc_marks, PEDIT("5000"), "test", "test",
	  "device", 60, "pedit changes packets far behind their beginning" },
	{ "device_pedit_captured", tc_marks_captured, PEDIT("5000"), "test",
	  "all", "device", 60, "pedit and a capture at once" },
	{ "device_mirrored", mirrored, NULL, "test", "test", "device", 60,
	  "clones of packets for another device" },
	{ "device_mirrored_captured", mirrored_captured, NULL, "test", "all",
	  "device", 60, "clones of packets hold the right bytes" },
	{ "device_detour", detour, NULL, "test", "all", "device", 60,
	  "packets go through another device's queue" },
	{ "device_led_astray", led_astray, NULL, "test", "test", "device", 60,
	  "packets are led to a receiver on this machine" },
	{ "device_ipsec", ipsec, NULL, "test", "test", "device", 60,
	  "IPsec encrypts whole runs, and the file is unchanged" },
	{ "device_ipsec_later", ipsec_later, NULL, "test", "test", "device",
	  60, "IPsec sets in with packets under way: the file is unchanged" },
	{ "device_ipsec_no_sg", ipsec_no_sg, NULL, "test", "test", "device",
	  60, "IPsec without scatter-gather: TCP copies, and it is told" },
	{ 0 }
};
