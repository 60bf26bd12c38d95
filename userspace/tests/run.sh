#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# All tests of user space that need no module. OUT: where things were built;
# arguments: the cmocka programs. Ends with "check: N passed, N failed".
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0

# $1: name; then the command.
check() {
	name=$1
	shift
	if "$@" > "$OUT/tests/output" 2>&1; then
		passed=$((passed + 1))
		echo "ok   $name"
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		sed 's/^/     | /' "$OUT/tests/output"
	fi
}

manual_page() {
	# groff names what it does not understand on standard error
	[ -z "$(groff -man -ww -Tutf8 -z "$1" 2>&1)" ]
}

. tests/symbols.sh
. tests/cli.sh

for program in "$@"; do
	check "$(basename "$program")" "$program"
done
check "symbols: the map exports what the header declares" symbols_match
check "symbols: the shared library exports nothing else" library_exports
check "pkg-config: a program builds and runs with what was installed" installed_builds
for page in man/*; do
	check "manual page $(basename "$page")" manual_page "$page"
done
cli_tests

echo "check: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
