// SPDX-License-Identifier: GPL-2.0
/*
 * The direct lane over a device that does scatter-gather: packets hold memory
 * of the module's until the peer has acknowledged it, and nobody fills that anew
 * before.
 */
#include "device.h"
#include "direct.h"
#include "guest.h"
#include "vmtest.h"

static void open_cold(struct trip *trip, uint64_t bytes)
{
	trip_open(trip, bytes);
	trip->lane = ZCX_LANE_DIRECT;
	file_chill(&trip->file);
}

static void assert_direct(const struct trip *trip)
{
	direct_assert_all(&trip->sender.link, trip->program, &trip->file);
}

static void along(void **state)
{
	struct trip trip;
	unsigned int i;

	device_open();
	open_cold(&trip, DEVICE_BYTES);
	for (i = 0; i < 3; i++) {
		trip_connect_to(&trip, *state, 0, 0);
		trip_receive(&trip, false);
		trip_send(&trip, 0);
		assert_direct(&trip);
		trip_arrives(&trip);
	}
	trip_close(&trip);
}

static void no_sg(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	device_run(ETHTOOL " -K " DEVICE " sg off");
	open_cold(&trip, DEVICE_BYTES);
	trip_connect(&trip);
	trip_receive(&trip, false);
	trip_send(&trip, ZCX_RESULT_ROUTE_COPIES);
	assert_direct(&trip);
	trip_arrives(&trip);
	trip_close(&trip);
}

/* Other files go past the cache while the packets of this one wait, or are lost. */
static void reused(void **state)
{
	const char *qdisc = *state;
	struct program *program = program_new();
	struct vfile other;
	struct trip trip;
	unsigned int i;

	device_open();
	open_cold(&trip, guest_pick(2 * MIB, MIB) + 4321);
	file_make(&other, DIR_XFS, 8 * MIB);
	file_chill(&other);
	program_file(program, &other, 0, ZCX_TO_EOF);
	device_shape(qdisc);
	for (i = 0; i < guest_pick(6, 3); i++) {
		trip_connect_to(&trip, PAIR_FAR_IP4, 4 * MIB, 0);
		trip_receive(&trip, false);
		trip_start(&trip);
		while (trip.receiver.bytes < trip.program->bytes) {
			direct_send(program, &direct_xfs);
			guest_sleep_ms(1);
		}
		sender_join(&trip.sender);
		assert_int_equal(trip.sender.err, 0);
		assert_direct(&trip);
		trip_arrives(&trip);
	}
	file_drop(&other);
	trip_close(&trip);
}

/* Packets hold the memory, and nothing else is left: not the context. */
static void closed_behind(void **state)
{
	struct trip trip;

	(void)state;
	device_open();
	open_cold(&trip, 60001);
	trip_connect_to(&trip, PAIR_FAR_IP4, MIB, 0);
	trip_receive(&trip, false);
	device_shape("netem delay 500ms");
	trip_send(&trip, 0);
	close(trip.pair.tx);
	close(trip.sender.context);
	close(trip.file.fd);
	assert_int_equal(unlink(trip.file.path), 0);
	guest_assert_unloads();
	receiver_join(&trip.receiver);
	assert_int_equal(trip.receiver.wrong_at, -1);
	assert_int_equal(trip.receiver.error, 0);
	assert_int_equal(trip.receiver.bytes, trip.program->bytes);
	close(trip.pair.rx);
}

const struct vm_test direct_device_tests[] = {
	{ "direct_device_ip4", along, PAIR_FAR_IP4, "all", "all", "device",
	  60, "a cold file past the cache over a device, IPv4" },
	{ "direct_device_ip6", along, PAIR_FAR_IP6, "all", "all", "device",
	  60, "a cold file past the cache over a device, IPv6" },
	{ "direct_device_no_sg", no_sg, NULL, "all", "all", "device", 60,
	  "the same without scatter-gather" },
	{ "direct_device_loss", reused, "netem loss 10% delay 5ms", "all",
	  "all", "device", 120,
	  "what is retransmitted is what was read from the disk" },
	{ "direct_device_delay", reused, "netem delay 100ms", "all", "all",
	  "device", 120,
	  "memory is not filled anew while packets wait" },
	{ "direct_device_closed", closed_behind, NULL, "all", "all", "device",
	  60, "packets alone hold the memory, and then nobody does" },
	{ 0 }
};
