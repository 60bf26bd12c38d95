# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# zcx probe. Sourced by cli.sh, whose functions it uses.

# What the device says, and what follows from it.
probe_file() {
	by_device "FAKE_LANE=2 FAKE_REASON=3 FAKE_RESIDENT=4096" exits 0 "$ZCX" probe "$W/file" ||
		return 1
	cat "$W/out"
	grep -q '^lane  *direct: parts are cold.*large enough for direct I/O (16.0 MiB)$' "$W/out" &&
		grep -q '^page cache  *4.1 % resident: 4.0 KiB in 1 folio of 4.0 KiB to 64.0 KiB$' \
			"$W/out" &&
		grep -q '^direct I/O  *memory aligned to 512 bytes, ranges to 4096$' "$W/out" &&
		grep -q 'page cache  *page cache  *cache, private buffer$' "$W/out" &&
		grep -Eq '^ +[|] CPU 97.7 KiB +[|] by reference +[|] by reference$' "$W/out" &&
		grep -Eq '^CPU copies +2 \(195.3 KiB\) +0 +0$' "$W/out" &&
		grep -Eq '^mode switches +8 +2 +2$' "$W/out" && ! grep -q ' $' "$W/out"
}

# To a device that can do nothing, of a range.
probe_socket() {
	recv_start 127.0.0.1:0 || return 1
	by_device "FAKE_LANE=1 FAKE_REASON=2 FAKE_SOCKET=5" exits 0 "$ZCX" probe --json \
		--offset 1K --length 65537 --direct-threshold never "$W/file" "$ADDRESS" || return 1
	wait "$RECV" && grep -q '^0 bytes' "$W/received" || return 1
	python3 - "$W/out" "$ADDRESS" <<-'EOF' || return 1
		import json, sys
		told = json.load(open(sys.argv[1]))
		assert (told['file_size'], told['offset'], told['bytes'], told['bytes_resident']) == (
			100000, 1024, 65537, 0), told
		assert (told['lane'], told['reason'], told['lane_asked'], told['direct_threshold']) == (
			'cache', 'small', 'auto', None), told
		assert told['socket'] == {
			'destination': sys.argv[2], 'kind': 'tcp', 'device': 'fake0', 'ifindex': 1,
			'loopback': False, 'scatter_gather': False, 'checksums': False,
			'segmentation': False, 'fragments': False, 'ktls': 'software'}, told
		assert [(way['method'], way['cpu_copies'], way['dma_copies'], way['mode_switches'])
			for way in told['methods']] == [
			('read_write', 4, 2, 8), ('sendfile', 2, 2, 2), ('zcx', 2, 2, 2)], told
		assert [step['by'] for step in told['methods'][2]['steps']] == [
			'dma', 'reference', 'cpu', 'cpu', 'dma'], told
	EOF
	recv_start "unix:$W/probed" || return 1
	by_device "FAKE_LANE=3 FAKE_REASON=6 FAKE_SOCKET=2" exits 0 "$ZCX" probe "$W/file" \
		"$ADDRESS" && wait "$RECV" || return 1
	cat "$W/out"
	grep -q '^socket  *AF_UNIX to unix:.*kernel TLS: none$' "$W/out" &&
		grep -q 'receiver, here$' "$W/out" && grep -q 'only its filesystem can tell' "$W/out" &&
		! grep -q '^device' "$W/out"
}

probe_of_nothing() {
	by_device "FAKE_LANE=1 FAKE_REASON=1" exits 0 "$ZCX" probe "$W/empty" &&
		grep -q 'there is nothing to send' "$W/out" &&
		by_device "FAKE_LANE=1 FAKE_REASON=1" exits 0 "$ZCX" probe -j "$W/empty" &&
		grep -q '"mode_switches": *0' "$W/out"
}

probe_tests() {
	check "cli: probe --help" helps probe --help
	check "cli: probe of no file" refuses 2 'which file' probe
	check "cli: probe of three words" refuses 2 'are enough' probe a b:1 c
	check "cli: probe of no range" refuses 2 'number of bytes' probe --offset x "$W/file"
	check "cli: probe of too much" refuses 2 'no file has' \
		probe --offset 1 --length 9223372036854775807 "$W/file"
	check "cli: probe of no lane" refuses 2 'no lane' probe --lane splice "$W/file"
	check "cli: probe to nowhere" refuses 2 'is not an address' probe "$W/file" nowhere
	check "cli: probe of a directory" refuses 1 'is a directory' probe "$W"
	check "cli: probe: a file" probe_file
	check "cli: probe: a socket" probe_socket
	check "cli: probe: an empty file" probe_of_nothing
	check "cli: probe: nobody listens" by_device '' refuses 1 'something must listen' \
		probe "$W/file" 127.0.0.1:1
	check "cli: probe: refused" by_device FAKE_ERROR=95 refuses 1 'is not supported' \
		probe "$W/file"
	check "cli: probe: too old a module" by_device FAKE_OLD=1 refuses 1 'update the module' \
		probe "$W/file"
}
