# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# For tests of suspend and resume inside the console, after guest_os.sh.

# again: another vmkernel, which knows nothing of the one before.
again() { { vmkloader --unload && vmkloader; } >/dev/null; }

# counted NAME: the numbers that its guest has counted on its serial line, in one line.
counted() { tr -d '\r' <"/tmp/$1.serial" | sed -n 's/^vmnix-guest: count \([0-9]*\)$/\1/p' | xargs; }

# counts_on NAME: it comes to count three further, and has left out nothing.
counts_on() {
	counts_n=$(counted "$1" | wc -w)
	appears "^vmnix-guest: count $((counts_n + 3))\$" "/tmp/$1.serial" || return 1
	counts_all=$(counted "$1")
	[ "$counts_all" = "$(seq 1 "${counts_all##* }" | xargs)" ] || { echo "$counts_all"; return 1; }
}

# flip FILE OFFSET: another bit there; a negative offset counts from the end.
flip() {
	flip_at=$2
	[ "$flip_at" -ge 0 ] || flip_at=$(($(stat -c %s "$1") + flip_at))
	flip_byte=$(dd if="$1" bs=1 skip="$flip_at" count=1 2>/dev/null | hexdump -ve '1/1 "%u"')
	# shellcheck disable=SC2059
	printf "\\$(printf %o $((flip_byte ^ 16)))" |
		dd of="$1" bs=1 seek="$flip_at" count=1 conv=notrunc 2>/dev/null
}

# not_resumed NAME REASON: start asks what to do, for REASON, and cancelled it stays suspended.
not_resumed() {
	vmware-cmd "$1" start >/tmp/out 2>&1
	check "not started: $2" same 16 "$?"
	says "the reason is told" "^VMControl error -16: .*$2" cat /tmp/out
	says "it waits for an answer" "^getstate\(\) = stuck\$" vmware-cmd "$1" getstate
	says "cancel" "^answer\(2\) = 1\$" vmware-cmd "$1" answer 2
	says "it stays suspended" "^getstate\(\) = suspended\$" vmware-cmd "$1" getstate
	check "and is not in the vmkernel" same "" "$(vsish ls /vm)"
}

# held NAME: if held is yes, its process, held_pid, is stopped in the middle of writing its file;
# held_cmd waits for it.
held() {
	held_pid=$(vmware-cmd -q "$1" getpid)
	rm -f "/vmfs/$1/$1.vmss.tmp"
	vmware-cmd "$1" suspend >/tmp/held 2>&1 &
	held_cmd=$!
	held_n=0
	until [ -s "/vmfs/$1/$1.vmss.tmp" ] || [ $held_n -gt 3000 ]; do
		held_n=$((held_n + 1))
		usleep 2000
	done
	kill -STOP "$held_pid"
	held=no
	[ ! -e "/vmfs/$1/$1.vmss.tmp" ] || [ -e "/vmfs/$1/$1.vmss" ] || held=yes
}

# kill_held: it is dead, and the vmkernel knows.
kill_held() {
	kill -9 "$held_pid"
	wait "$held_cmd"
	held_n=0
	while [ -e "/proc/$held_pid" ] && [ $held_n -lt 500 ]; do
		held_n=$((held_n + 1))
		usleep 20000
	done
}
