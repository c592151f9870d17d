# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# For tests inside the console (console-run --file tests/lib/guest_os.sh:/t/guest_os.sh), after
# console.sh: virtual machines with the demo guest, and what is typed into these.

# vm NAME [KEY VALUE]…: a registered copy of demo1 that logs its serial line in /tmp/NAME.serial.
vm() {
	vm_name=$1 vm_file=/vmfs/$1/$1.vmx
	shift
	mkdir -p "/vmfs/$vm_name"
	sed "s/demo1/$vm_name/" /vmfs/demo1/demo1.vmx >"$vm_file"
	vmware-cmd -s register "$vm_file" >/dev/null || return 1
	set -- serial0.fileType file serial0.fileName "/tmp/$vm_name.serial" "$@"
	while [ $# -ge 2 ]; do
		vmware-cmd "$vm_file" setconfig "$1" "$2" >/dev/null || return 1
		shift 2
	done
}

# booted NAME [TIMES]: waits until the guest has come to its shell for the TIMESth time.
booted() { appears "^guest# " "/tmp/$1.serial" "${2:-1}" "^vmnix-guest: up"; }

# appears PATTERN FILE [TIMES [AFTER]]: waits until FILE has PATTERN in a line that follows the
# TIMESth line with AFTER (default: until TIMES lines have PATTERN); 90 s at most.
appears() {
	appears_n=0
	until awk -v p="$1" -v n="${3:-1}" -v after="${4:-}" '
		{ sub("\r$", "") }
		after == "" && $0 ~ p { seen++ }
		after != "" && $0 ~ after { m++ }
		after != "" && m >= n && $0 ~ p { seen = n }
		END { exit seen < n }' "$2" 2>/dev/null; do
		appears_n=$((appears_n + 1))
		[ $appears_n -lt 450 ] || { tail -5 "$2"; return 1; }
		sleep 0.2
	done
}

# in_guest NAME COMMAND: types COMMAND and prints what it says.
in_guest() {
	echo >>/tmp/typed.count # not a variable: most calls are in subshells
	typed=$(wc -l </tmp/typed.count)
	printf 'echo be""gin%d; %s; echo e""nd%d\r' "$typed" "$2" "$typed" |
		vmware-console --timeout 240 --until "end$typed" "$1" 2>&1 | tr -d '\r' >/tmp/typed
	sed -n "/^begin$typed\$/,/^end$typed/{ /^begin$typed\$/d; /^end$typed/d; p; }" /tmp/typed
}

# state NAME STATE: waits until getstate says STATE, 30 s at most.
state() {
	state_n=0
	until [ "$(vmware-cmd -q "$1" getstate)" = "$2" ]; do
		state_n=$((state_n + 1))
		[ $state_n -lt 150 ] || { vmware-cmd "$1" getstate; return 1; }
		sleep 0.2
	done
}
