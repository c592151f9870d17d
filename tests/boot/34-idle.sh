#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# A VCPU in HLT costs nothing, the PCPUs halt, and no PCPU idles while a VCPU
# waits for one: with as many spinning VCPUs as PCPUs, or more, all are busy,
# wherever each of them ran before.
# timeout: 290
. "$(dirname "$0")/../lib/guests.sh"
runner=$(static_program micro_guest) && crash=$(micro_guest crash) || exit 1

script='
. /t/sched.sh
/etc/init.d/vmware start >/dev/null || exit 1
check "Debian starts" vmware-cmd demo1 start
vmware-console demo1 --until "guest#" --timeout 60 >/dev/null
sleep 3 # it settles

# over TITLE COMMAND…: during 4 s. The machine below may take a PCPU away just between two
# worlds, which then counts as idle: there are four tries.
over() {
	title=$1
	shift
	for try in 1 2 3 4; do
		worlds_times >/tmp/w0; pcpus_times >/tmp/p0
		sleep 4
		worlds_times >/tmp/w1; pcpus_times >/tmp/p1
		"$@" >/dev/null && break
	done
	check "$title" "$@"
	check "$title: times add up to 100 % of each PCPU" times_add_up /tmp/p0 /tmp/p1
}
three_busy() { busy 3 /tmp/p0 /tmp/p1 3 && all_have micro 95 /tmp/w0 /tmp/w1; }
halted() {
	/t/run /t/crash 16 270 6 >/dev/null 2>&1 &
	halted=$!
	check "two VMs" gone_by 5 sh -c "[ \$(vsish ls /vm | wc -l) != 2 ]"
	sleep 1
}
# A Debian at its prompt has a few timers a second, each worth one short run (under load of the
# machine below maybe 1 ms): less than 2 % of a PCPU and 50 runs a second. One in HLT with
# interrupts off is not run at all.
halted
over "who idles costs nothing" cheap micro:0:0 demo1:2:50
check "the PCPUs idle" busy_at_most 0.02 /tmp/p0 /tmp/p1
kill $halted; wait $halted

spin() { /t/run /t/crash 16 270 7 >/dev/null 2>&1 & last=$!; }
spin; first=$last
sleep 2 # so that it has a PCPU of its own by history
spin; second=$last
spin; third=$last
sleep 1
over "three spinners have three PCPUs" three_busy
spin; fourth=$last
spin; fifth=$last
sleep 2
over "five of them, too" busy 3 /tmp/p0 /tmp/p1 3
kill $first $third
wait $first $third
sleep 1
over "three that shared before have three PCPUs" three_busy
kill $second; wait $second
sleep 1
over "two of them have two" busy 2 /tmp/p0 /tmp/p1 3
kill $fourth $fifth; wait
check "Debian stops" vmware-cmd demo1 stop hard
sleep 1
over "nobody is left" busy_at_most 0.001 /tmp/p0 /tmp/p1
check "kernel log is clean" log_clean'
console "idle" --cpus 4 --mem 2048 --file "$runner:/t/run" --file "$crash:/t/crash" \
	--file tests/lib/sched.sh:/t/sched.sh -- "$script"
finish
