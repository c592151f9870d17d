#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Memory that ends at any allocation: for every N the Nth one of a machine's start and first
# seconds fails. The start says so, or the guest stops for that reason; nothing is left behind.
# timeout: 400
. "$(dirname "$0")/../lib/guests.sh"
script='
. /t/sched.sh
/etc/init.d/vmware start >/dev/null || exit 1
sed "s/^memsize.*/memsize = \"80\"/" /vmfs/demo1/demo1.vmx >/tmp/small.vmx && mv /tmp/small.vmx /vmfs/demo1/demo1.vmx
left() { vsish get /memory/fail; }
state() { memory_but_slabs; vsish ls /vm | wc -l; vsish ls /sched/worlds | wc -l; ls /run/vmware 2>/dev/null; }
off() { vmware-cmd demo1 stop hard >/dev/null 2>&1; }
vmware-cmd demo1 start >/dev/null && off
before=$(state)

# All that go wrong are told at the end, one by one.
refused_n=0 crashed_n=0 lived_n=0 n=1
while [ $n -le 400 ]; do
	vsish set /memory/fail $n
	if vmware-cmd demo1 start >/tmp/said 2>&1; then
		tries=0
		while [ "$(left)" != 0 ] && [ $tries -lt $most ]; do usleep 100000; tries=$((tries + 1)); done
		[ "$(left)" = 0 ] || break
		usleep 200000
		case $(vmware-cmd -q demo1 getstate) in
		on) lived_n=$((lived_n + 1)) ;;
		*)
			crashed_n=$((crashed_n + 1))
			tail -3 /vmfs/demo1/vmware.log | grep -qi memory || { echo "N = $n: $(tail -3 /vmfs/demo1/vmware.log)"; bad=1; }
			;;
		esac
		off
	else
		refused_n=$((refused_n + 1))
		grep -qi "memory" /tmp/said || { echo "N = $n: $(cat /tmp/said)"; bad=1; }
	fi
	vsish set /memory/fail 0
	tries=0
	until [ "$(state)" = "$before" ] || [ $tries -ge 30 ]; do usleep 100000; tries=$((tries + 1)); done
	[ "$(state)" = "$before" ] || { echo "N = $n leaves:"; state >/tmp/now; echo "$before" | diff - /tmp/now; bad=1; before=$(state); }
	n=$((n + 1))
done
vsish set /memory/fail 0; off
echo "# of $((n - 1)) allocations: $refused_n starts refused, $crashed_n guests stopped, $lived_n went on"
check "each failure is told, and leaves nothing" [ "${bad:-0}" = 0 ]
check "some starts were refused" [ $refused_n -gt 20 ]
check "all allocations were reached" [ $n -le 400 ]
vmware-cmd demo1 setconfig memsize 160 >/dev/null
check "a machine starts" vmware-cmd demo1 start
check "and boots" vmware-console --until "guest#" --timeout 60 demo1
check "the vmkernel lives" vmkloader --status
check "kernel log is clean" log_clean'
console "exhaustion" --cpus 3 --mem 1024 --file tests/lib/sched.sh:/t/sched.sh -- "most=20
$script"
finish
