# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What libzcx exports; sourced by run.sh.

map_symbols() {
	sed -n 's/^\t\(zcx_[a-z_]*\);$/\1/p' lib/libzcx.map | sort
}

header_symbols() {
	grep -o '\bzcx_[a-z_]*(' lib/zcx.h | tr -d '(' | grep -v '_fn$' | sort -u |
		# named in comments only
		while read -r name; do
			grep -Eq "^[a-z].*\b$name\(" lib/zcx.h && echo "$name"
		done
}

symbols_match() {
	map_symbols > "$OUT/tests/map"
	header_symbols > "$OUT/tests/header"
	[ -s "$OUT/tests/map" ] && diff "$OUT/tests/header" "$OUT/tests/map"
}

library_exports() {
	nm -D --defined-only "$OUT/libzcx.so" | awk '$2 == "T" { print $3 }' |
		sed 's/@.*//' | sort > "$OUT/tests/exported"
	map_symbols | diff - "$OUT/tests/exported"
}

installed_builds() {
	root=$OUT/tests/root
	rm -rf "$root"
	make install OUT="$OUT" DESTDIR="$root" PREFIX=/usr > /dev/null || return 1
	cat > "$OUT/tests/user.c" <<-'EOF'
		#include <stdio.h>
		#include <zcx.h>
		#include <zcx_uring.h>
		int main(void)
		{
			printf("%s %d\n", zcx_version(), ZCX_ABI_VERSION);
			return 0;
		}
	EOF
	flags=$(PKG_CONFIG_PATH=$root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root \
		pkg-config --cflags --libs libzcx) || return 1
	# shellcheck disable=SC2086 # several words
	gcc -Wall -Werror -o "$OUT/tests/user" "$OUT/tests/user.c" -I"$root/usr/include" \
		-L"$root/usr/lib" $flags || return 1
	# what C++ makes of the headers; of structs and functions of one name, too
	g++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only -x c++ "$OUT/tests/user.c" \
		-I"$root/usr/include" || return 1
	LD_LIBRARY_PATH=$root/usr/lib "$OUT/tests/user" | grep -q '^[0-9.]* 3$' || return 1
	make uninstall OUT="$OUT" DESTDIR="$root" PREFIX=/usr > /dev/null || return 1
	left=$(find "$root" ! -type d)
	[ -z "$left" ] || { echo "left behind: $left"; return 1; }
}
