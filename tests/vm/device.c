// SPDX-License-Identifier: GPL-2.0
#include <sys/socket.h>

#include "device.h"
#include "guest.h"
#include "vmtest.h"

void device_open(void)
{
	if (guest_run("sh /device.sh"))
		fail_msg("the devices are not as they should be");
}

static void run_at(const char *where, const char *format, va_list args)
{
	char command[460];

	assert_in_range(vsnprintf(command, sizeof(command), format, args), 1,
			sizeof(command) - 1);
	if (guest_run("%s sh -c '%s'", where, command))
		fail_msg("%s: failed", command);
}

void device_run(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	run_at("", format, args);
	va_end(args);
}

void device_run_far(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	run_at(IP " netns exec far", format, args);
	va_end(args);
}

void device_shape(const char *qdisc)
{
	guest_run("modprobe -q sch_%.*s", (int)strcspn(qdisc, " "), qdisc);
	device_run(TC " qdisc add dev " DEVICE " root %s", qdisc);
}

void device_act(const char *action)
{
	static const char *const modules[] = {
		"sch_ingress", "cls_matchall", "act_pedit", "act_csum",
		"act_mirred",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modules); i++)
		guest_modprobe(modules[i]);
	device_run(TC " qdisc add dev " DEVICE " clsact && "
		   TC " filter add dev " DEVICE " egress matchall %s", action);
}

void device_sysctl(const char *name, const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	assert_int_equal(guest_set(path, value), 0);
}

/* /proc/net has a line of names, and one of numbers, for each protocol. */
static long long counter_in(const char *text, const char *name)
{
	char key[64], *names, *numbers, *save_names, *save_numbers;
	const char *at;

	snprintf(key, sizeof(key), " %s", name);
	at = strstr(text, key);
	if (!at)
		return -1;
	while (at > text && at[-1] != '\n')
		at--;
	names = strdup(at);
	numbers = strchr(names, '\n') + 1;
	*strchr(names, '\n') = '\0';
	names = strtok_r(names, " ", &save_names);
	numbers = strtok_r(numbers, " ", &save_numbers);
	while (names && numbers && strcmp(names, name)) {
		names = strtok_r(NULL, " ", &save_names);
		numbers = strtok_r(NULL, " \n", &save_numbers);
	}
	return names && numbers ? atoll(numbers) : -1;
}

long long device_counter(const char *name)
{
	static const char *const paths[] = {
		"/proc/net/snmp", "/proc/net/netstat",
	};
	static char text[16 * KIB];
	long long found = -1;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths) && found < 0; i++) {
		assert_true(guest_read(paths[i], text, sizeof(text)) > 0);
		found = counter_in(text, name);
	}
	if (found < 0)
		fail_msg("the kernel does not count %s", name);
	return found;
}

void trip_open(struct trip *trip, uint64_t bytes)
{
	memset(trip, 0, sizeof(*trip));
	trip->pair.tx = -1;
	trip->pair.rx = -1;
	trip->sender.context = zcx_open();
	trip->program = program_new();
	file_make(&trip->file, DIR_EXT4, bytes);
	program_memory(trip->program, "header", 6);
	program_file(trip->program, &trip->file, 0, ZCX_TO_EOF);
	program_memory(trip->program, "trailer", 7);
}

void trip_connect_to(struct trip *trip, const char *address, int sndbuf,
		     int rcvbuf)
{
	int err = pair_try_far(&trip->pair, address, sndbuf, rcvbuf);

	if (err)
		fail_msg("%s: %s", address, strerror(-err));
}

void trip_connect(struct trip *trip)
{
	trip_connect_to(trip, PAIR_FAR_IP4, 0, 0);
}

void trip_receive(struct trip *trip, bool held)
{
	trip->receiver = (struct receiver) {
		.fd = trip->pair.rx,
		.expect = trip->program,
		.held = held,
	};
	assert_int_equal(receiver_start(&trip->receiver), 0);
}

void trip_send(struct trip *trip, uint32_t flags)
{
	long long before = trip_stat(trip, "bytes_frags");
	struct zcx_link *link = &trip->sender.link;
	const char *problem;

	link_prepare(link, trip->pair.tx, trip->program);
	link->lane = trip->lane;
	assert_int_equal(link_send(trip->sender.context, link), 0);
	problem = link_problem_complete(link, trip->program, flags);
	if (problem)
		fail_msg("%s", problem);
	assert_int_equal(trip_stat(trip, "bytes_frags") - before,
			 flags & ZCX_RESULT_KTLS ? 0 : trip->program->bytes);
}

void trip_start(struct trip *trip)
{
	link_prepare(&trip->sender.link, trip->pair.tx, trip->program);
	trip->sender.link.lane = trip->lane;
	assert_int_equal(sender_start(&trip->sender), 0);
}

void trip_arrives(struct trip *trip)
{
	receiver_wait_bytes(&trip->receiver, trip->program->bytes);
	close(trip->pair.tx);
	trip->pair.tx = -1;
	receiver_join(&trip->receiver);
	assert_int_equal(trip->receiver.error, 0);
	assert_int_equal(trip->receiver.wrong_at, -1);
	assert_int_equal(trip->receiver.bytes, trip->program->bytes);
}

void trip_assert_held(const struct trip *trip)
{
	guest_free_packets();
	file_make_cold(&trip->file);
	assert_true(file_resident(&trip->file) > 0);
}

void trip_assert_untouched(const struct trip *trip)
{
	file_assert_unchanged(&trip->file);
	assert_int_equal(file_evict(&trip->file), 0);
	/* What comes from the disk now is what was there. */
	file_assert_unchanged(&trip->file);
}

void trip_close(struct trip *trip)
{
	pair_close(&trip->pair);
	trip_assert_untouched(trip);
	close(trip->sender.context);
	file_drop(&trip->file);
}

void trip_run(struct trip *trip, uint32_t flags)
{
	trip_connect(trip);
	trip_receive(trip, false);
	trip_send(trip, flags);
	trip_arrives(trip);
}

long long trip_stat(const struct trip *trip, const char *key)
{
	return link_fdinfo(trip->sender.context, key);
}
