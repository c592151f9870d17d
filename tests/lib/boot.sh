# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# For tests that boot the console and run a script with tests of its own in it;
# that script begins with ". /t/console.sh".
. "$(dirname "${BASH_SOURCE[0]}")/check.sh"

# static_program NAME: builds tests/lib/NAME.c for the console; prints its path.
static_program() {
	mkdir -p build/tests/bin
	gcc-12 -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static -Ivmnix -Iworld-switch \
		-o "build/tests/bin/$1" "tests/lib/$1.c" -lm -lpthread || return 1
	echo "build/tests/bin/$1"
}

# console TITLE OPTION… -- SCRIPT: boots, runs SCRIPT, passes its results on with TITLE.
# The boot itself is a result, too: the script must come to its end, in what is left of
# the seconds that tests/run gives the test.
console() {
	local title=$1 out status
	shift
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	# Kept apart from stdout, where results are looked for.
	out=$(scripts/console-run -q --no-load --timeout $((${TEST_SECONDS:-900} - SECONDS - 10)) "${options[@]}" \
		--file tests/lib/console.sh:/t/console.sh -- ". /t/console.sh
$2
echo '# end of script'" 2>&1)
	status=$?
	sed -E "s/^(ok|not ok) /\1 $title: /" <<<"$out"
	if grep -q "^not ok" <<<"$out"; then
		checks_failed=1
	elif [ $status != 0 ] || ! grep -q '^# end of script' <<<"$out"; then
		not_ok "$title: runs to its end (status $status)"
	fi
}

# test_module NAME: builds tests/modules/NAME.c for the 6.1 console; prints its path.
test_module() {
	local work=$PWD/build/tests/modules
	case $work in *[[:space:]:]*) work=$(scripts/cache-dir)/test-modules ;; esac # Kbuild wants none
	mkdir -p "$work"
	cp -u tests/modules/* "$work"
	flock "$work" make -s -C "$(scripts/cache-dir)/kernels/6.1/headers" M="$work" CC=gcc-12 modules \
		>"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
	echo "$work/$1.ko"
}
