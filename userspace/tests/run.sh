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

# A cmocka program reports each of its tests by itself.
check_cases() {
	cases=$OUT/tests/cases
	CMOCKA_MESSAGE_OUTPUT=TAP "$1" > "$cases" 2>&1
	code=$?
	planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$cases")
	good=$(grep -c '^ok ' "$cases")
	sed -n "s/^ok [0-9]* - /ok   $(basename "$1"): /p" "$cases"
	passed=$((passed + good))
	[ $code = 0 ] && [ "$good" -gt 0 ] && [ "$good" = "$planned" ] && return
	failed=$((failed + 1))
	echo "FAIL $(basename "$1"): $good of ${planned:-?} passed, exit code $code"
	sed 's/^/     | /' "$cases"
}

manual_page() {
	[ -s "$1" ] || return 1
	# both name what they do not understand on standard error
	groff -man -ww -Tutf8 -z "$1" 2>&1 | tee "$OUT/tests/warnings"
	[ ! -x /usr/bin/man ] ||
		man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 > /dev/null | tee -a "$OUT/tests/warnings"
	[ ! -s "$OUT/tests/warnings" ]
}

. tests/symbols.sh
. tests/cli.sh

for program in "$@"; do
	check_cases "$program"
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
