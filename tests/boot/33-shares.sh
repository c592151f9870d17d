#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Eight VMs that never rest, two of them Debian, on three PCPUs: each gets what
# its shares, minimum and maximum entitle it to, and no ns of a PCPU is lost.
# All by the vmkernel's own clock and accounting, so the load of the machine
# below does not count: the figures are ratios.
# timeout: 290
. "$(dirname "$0")/../lib/guests.sh"
runner=$(static_program micro_guest) && crash=$(micro_guest crash) || exit 1

script='
. /t/sched.sh
/etc/init.d/vmware start >/dev/null || exit 1
memory_before=$(memory_but_slabs)
for vm in demo1 demo2; do
	sed -i "s/^vmnix.cmdline.*/vmnix.cmdline = \"console=ttyS0 vmnix.run=spin\"/" /vmfs/$vm/$vm.vmx
	check "$vm starts" vmware-cmd $vm start
done
for vm in demo1 demo2; do vmware-console $vm --until "spin 1 " --timeout 90 >/dev/null; done
vmware-cmd demo2 setresource cpu.shares 1500 >/dev/null
for spinner in 64:500 96:500 128:500 256:500 64:1000 64:1500; do
	/t/run /t/crash ${spinner%:*} 270 7 ${spinner#*:} >/dev/null 2>&1 &
	runners="$runners $!"
done
check "8 VMs run" gone_by 10 sh -c "[ \$(vsish ls /vm | wc -l) != 8 ]"
check "memory adds up with them" memory_adds_up

# over TITLE "SHARES:PERCENT…": what a world with these shares gets of one PCPU. A slice that
# the machine below ends late is made good, but not at once: off by more than 5 % after 12 s may
# be that, and then it must not be after 24, 36 or 48.
over() {
	sleep 3 # debts of what went before are paid
	worlds_times >/tmp/w0; pcpus_times >/tmp/p0
	for try in 1 2 3 4; do
		sleep 12
		worlds_times >/tmp/w1
		entitled "$2" 5 /tmp/w0 /tmp/w1 >/dev/null && break
	done
	pcpus_times >/tmp/p1
	check "$1: shares" entitled "$2" 5 /tmp/w0 /tmp/w1
	check "$1: times add up to 100 % of each PCPU" times_add_up /tmp/p0 /tmp/p1
	# What the machine below takes from a PCPU between two worlds may count as idle.
	check "$1: no PCPU idles" busy 3 /tmp/p0 /tmp/p1 10
	echo "# $1: $((try * 12)) s"; cat /tmp/entitled
}
over "by shares" "500:21.43 1000:42.86 1500:64.29"
vmware-cmd demo1 setresource cpu.min 60 >/dev/null
over "with a minimum" "500:20.00 1000:40.00 1500:60.00 demo1:60"
vmware-cmd demo1 setresource cpu.min 0 >/dev/null
vmware-cmd demo2 setresource cpu.max 20 >/dev/null
over "with a maximum" "500:25.45 1000:50.91 1500:76.36 demo2:20"

kill $runners; wait
for vm in demo1 demo2; do check "$vm stops" vmware-cmd $vm stop hard; done
check "memory is as before" same "$memory_before" "$(memory_but_slabs)"
check "kernel log is clean" log_clean'
console "shares" --cpus 4 --mem 3072 --timeout 280 --file "$runner:/t/run" --file "$crash:/t/crash" \
	--file tests/lib/sched.sh:/t/sched.sh -- "$script"
finish
