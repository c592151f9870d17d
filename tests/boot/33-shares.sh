#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Eight VMs of 64 to 256 MiB that never rest, on three PCPUs: each gets what its
# shares, minimum and maximum entitle it to, within 2 %, and no PCPU idles. In
# counted instructions, where no other load of the machine below takes time away
# from one PCPU and not from another. timeout: 290
. "$(dirname "$0")/../lib/guests.sh"
runner=$(static_program micro_guest) && crash=$(micro_guest crash) || exit 1

script='
. /t/sched.sh
insmod $module mem=1600M && vmkloader >/dev/null || exit 1
memory_before=$(memory_but_slabs)

# over TITLE "KEY:PERCENT…" MIB:SHARES:MIN:MAX…: what worlds with these shares get of one PCPU.
over() {
	title=$1 wanted=$2 runners=
	shift 2
	for vm in "$@"; do
		/t/run /t/crash $(echo $vm | awk -F: "{ print \$1, 200, 7, \$2, \$3, \$4 }") >/dev/null 2>&1 &
		runners="$runners $!"
	done
	check "$title: $# VMs run" gone_by 10 sh -c "[ \$(vsish ls /vm | wc -l) != $# ]"
	check "$title: memory adds up with them" memory_adds_up
	sleep 1
	worlds_times >/tmp/w0; pcpus_times >/tmp/p0
	sleep 4
	worlds_times >/tmp/w1; pcpus_times >/tmp/p1
	check "$title: shares" entitled "$wanted" 2 /tmp/w0 /tmp/w1
	check "$title: times add up to 100 % of each PCPU" times_add_up /tmp/p0 /tmp/p1
	check "$title: no PCPU idles" busy 3 /tmp/p0 /tmp/p1 1
	cat /tmp/entitled
	kill $runners
	wait
}
# 300 % for 7000 shares.
over "by shares" "500:21.43 1000:42.86 1500:64.29" \
	64:500 64:500 64:500 96:500 128:1000 256:1000 64:1500 128:1500
# What is left, 240 %, for 6500 shares.
over "with a minimum" "501:60.00 500:18.46 1000:36.92 1500:55.38" \
	64:501:60 64:500 64:500 96:500 128:1000 256:1000 64:1500 128:1500
# What is left, 280 %, for 5500 shares.
over "with a maximum" "1501:20.00 500:25.45 1000:50.91 1500:76.36" \
	64:500 64:500 64:500 96:500 128:1000 256:1000 64:1500 128:1501:0:20
check "memory is as before" same "$memory_before" "$(memory_but_slabs)"
check "vmkernel leaves" vmkloader --unload
check "kernel log is clean" log_clean'
console "shares" --icount --cpus 4 --append maxcpus=1 --mem 2048 --file "$runner:/t/run" \
	--file "$crash:/t/crash" --file tests/lib/sched.sh:/t/sched.sh -- "$script"
finish
