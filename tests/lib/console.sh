# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# For what tests run inside the console (console-run --file tests/lib/console.sh:/t/console.sh):
# the same "ok NAME" lines as check.sh, and what several tests ask of a console.
module=/lib/modules/$(uname -r)/extra/vmnix.ko
dmesg -c >/tmp/boot.log # what Linux said before is not our doing

# check NAME COMMAND…: ok if the command succeeds; its output is shown if not.
check() {
	check_name=$1
	shift
	if check_out=$("$@" 2>&1); then
		echo "ok $check_name"
	else
		echo "$check_out"
		echo "not ok $check_name"
	fi
}

# refused NAME PATTERN COMMAND…: ok if the command fails and says PATTERN.
refused() {
	check_name=$1 pattern=$2
	shift 2
	if check_out=$("$@" 2>&1); then
		echo "succeeded: $check_out"
		echo "not ok $check_name"
	elif echo "$check_out" | grep -qE -- "$pattern"; then
		echo "ok $check_name"
	else
		echo "looked for: $pattern; said: $check_out"
		echo "not ok $check_name"
	fi
}

# says NAME PATTERN COMMAND…: ok if a line of the command's output matches.
says() {
	check_name=$1 pattern=$2
	shift 2
	check_out=$("$@" 2>&1)
	if echo "$check_out" | grep -qE -- "$pattern"; then
		echo "ok $check_name"
	else
		echo "looked for: $pattern; said: $check_out"
		echo "not ok $check_name"
	fi
}

same() { [ "$1" = "$2" ] || { echo "was: $1"; echo "is:  $2"; return 1; }; }

# within A B TOLERANCE
within() {
	difference=$(($1 - $2))
	echo "$1 and $2 differ by $difference, at most $3 allowed"
	[ "$difference" -le "$3" ] && [ "$difference" -ge "-$3" ]
}

# Nothing that Linux complains about, and no taint but O and E: an unsigned module from elsewhere.
log_clean() {
	! dmesg | grep -E 'WARNING|BUG:|Oops|cut here|Call Trace|lockup|stall|hung|unstable|panic -|[Uu]nable to|does not come back|names a page' &&
		case $(cat /proc/sys/kernel/tainted) in 0 | 12288) ;; *) false ;; esac
}

# kB that are free once caches have been emptied: pages on the lists of each CPU are free, too,
# and the counters of each CPU must be added up first.
free_kb() {
	for cache in /sys/kernel/slab/*/shrink; do echo 1 >"$cache"; done
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.3
	cat /proc/sys/vm/stat_refresh
	awk '/nr_free_pages/ || $1 == "count:" { pages += $2 } END { print 4 * pages }' /proc/zoneinfo
}

# keeps_memory N COMMAND…: COMMAND N, which does something N times, loses no page each time.
# Caches of Linux grow in the first rounds, and two looks at an idle console differ by 200 kB;
# what is lost each time is lost in every batch, and adds up: half of it is looked for.
keeps_memory() {
	free_before=$(free_kb) looks=$free_before batch=0
	while [ $batch -lt 4 ]; do
		(rounds=$1 && shift && "$@" "$rounds") || return 1
		batch=$((batch + 1)) free_now=$(free_kb)
		looks="$looks $free_now"
		[ $((free_before - free_now)) -le $((2 * batch * $1)) ] && return 0
	done
	echo "kB free, between batches of $1: $looks"
	return 1
}
