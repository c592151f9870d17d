#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Memory moves between the console and a vmkernel that runs, native and sealed: what is in use is
# named and comes when its VM has left, it is zero then, and after many rounds all is as before.
# timeout: 300
. "$(dirname "$0")/../lib/boot.sh"
marker=$(test_module marker) && root=$(test_module root) || exit 1
cycles=${VMKMEM_CYCLES:-25}
files=(--file tests/lib/guest_os.sh:/t/guest_os.sh --file tests/lib/sched.sh:/t/sched.sh
	--file "$marker:/t/marker.ko" --file "$root:/t/root.ko")

# What all consoles below begin with. A VM of 160 MiB does not fit into 64.
start='. /t/guest_os.sh
. /t/sched.sh
insmod $module mem=64M || exit 1
state() { memory_but_slabs; vsish ls /memory; vsish ls /vm | wc -l; vsish get /memory/extents; }
value() { vsish get /memory/$1; }
# The extents that came after the load; what is found there, summed up.
late() { vsish get /memory/extents | grep given; }
look() { while read -r at bytes rest; do insmod /t/marker.ko at=$at bytes=$bytes 2>/dev/null; done; }
# By address: BusyBox tries a module that refuses twice, and what was found last counts.
sum() { dmesg | sed -n "s/.*marker: \(0x[0-9a-f]*\): .* pages, \([0-9]*\) not zero, \([0-9]*\) marked/\1 \2 \3/p" | awk "{ used[\$1] = \$2; marked[\$1] = \$3 } END { for (a in used) { u += used[a]; m += marked[a] } print u + 0, m + 0 }"; }
cycle() { vmkmem give 32M >/tmp/out && vmkmem take all >>/tmp/out || { cat /tmp/out; return 1; }; }
cycle_times() { n=0; while [ $n -lt $1 ]; do cycle || return 1; n=$((n + 1)); done; }
is_back() { back_n=0; until [ "$(value given)" = 0 ]; do back_n=$((back_n + 1)); [ $back_n -lt 300 ] || { vmkmem; return 1; }; usleep 100000; done; }
mark_guest() { in_guest $1 "yes vmnix-marker | head -c 47000000 >/tmp/m; md5sum /tmp/m >/tmp/sum; wc -c </tmp/m"; }
guest_has() { in_guest $1 "md5sum -c /tmp/sum"; }
'

console "native" --cpus 3 "${files[@]}" -- "cycles=$cycles
$start"'
refused "no vmkernel" "^vmkmem: no vmkernel is loaded" vmkmem
vmkloader >/dev/null || exit 1
says "who has what" "^vmkernel: 64 MiB, [0-9]+ MiB free" vmkmem
refused "a wrong verb" "^vmkmem: unknown verb .steal." vmkmem steal 4M
refused "no size" "^vmkmem: give takes one size" vmkmem give
refused "a wrong size" "^vmkmem: .4K. is no size" vmkmem give 4K
refused "too much" "^vmkmem: 15360 MiB are more than the console can spare: it has [0-9]+ MiB available" vmkmem give 15G
refused "what was not given" "^vmkmem: only 0 MiB have been given" vmkmem take 4M
cycle # what is allocated once is
before=$(state)
check "$cycles times given and taken, at most 4 times so" keeps_memory $cycles cycle_times
check "all is as before" same "$before" "$(state)"
vm w1 memsize 160
refused "a VM that does not fit" "memory" vmware-cmd w1 start
says "given" "^144 MiB given: the vmkernel has 208 MiB, [0-9]+ MiB free" vmkmem give 144M
says "the vmkernel says so" "of 208 MiB free" vmkloader --status
says "so does its memory" "^total: 212992 KB" cat /proc/vmware/mem
check "the VM starts now" vmware-cmd w1 start
check "and comes up" booted w1
says "it fills its memory" "^47000000" mark_guest w1
late >/tmp/late
look </tmp/late
set -- $(sum)
check "some of that lies in what was given" [ "$2" -gt 100 ]
says "what is in use is named" "VM [0-9]+ .w1.: [0-9]+ MiB" vmkmem take all
says "and waited for" "^leaving: +[0-9]+ MiB" vmkmem
vmkmem --json take all >/tmp/json; status=$?
check "with a status of its own" same 3 $status
says "also in JSON" "\"name\": *\"w1\"" cat /tmp/json
says "the guest has lost nothing" "OK" guest_has w1
leaves=$(($(value leaving) / 1048576))
says "it is kept, if it is given again" "^$leaves MiB given" vmkmem give ${leaves}M
check "nothing leaves then" same 0 "$(value leaving)"
vmkmem take all >/dev/null
check "suspended" vmware-cmd w1 suspend
check "all has come back with that" is_back
check "memory adds up" memory_adds_up
look </tmp/late
set -- $(sum)
check "nothing of the guest is in it" same 0 $2
vmkmem give 144M >/dev/null
check "the VM goes on" vmware-cmd w1 start
says "with what it had" "OK" guest_has w1
vmkmem take all >/dev/null
check "it stops" vmware-cmd w1 stop hard
check "and all has come back" is_back
check "as before" same "$before" "$(state)"
vmkmem give 32M >/dev/null
free=$(free_kb)
check "unload, with memory that was given" vmkloader --unload
check "which Linux has again" [ $(($(free_kb) - free)) -ge 30000 ]
vmkloader >/dev/null
says "a new one has what it is loaded with" "^vmkernel: 64 MiB" vmkmem
check "once more" vmkmem give 144M
check "a VM in it" vmware-cmd w1 start
check "forced unload" vmkloader --unload --force
check "rmmod" rmmod vmnix
check "the kernel log is clean" log_clean'

console "panic" --cpus 3 "${files[@]}" -- "$start"'
dmesg -n 1
free=$(free_kb)
vmkloader >/dev/null && vmkmem give 144M >/dev/null || exit 1
vm w1 memsize 160
check "a VM starts in it" vmware-cmd w1 start
check "and boots" booted w1
vmkmem take all >/dev/null
vsish set /debug/panic 1 2>/dev/null
refused "it has stopped" "the vmkernel has stopped" vmkmem
says "its core has all memory" " KiB of memory, [23] processors; it stopped" vmkdump --all /tmp/core
check "as much as it had" [ "$(stat -c %s /tmp/core)" -gt $((64 * 1048576 + 32 * 1048576)) ]
rm /tmp/core
check "unload" vmkloader --unload
check "Linux has it again" within $free $(free_kb) 8000
check "the next one loads" vmkloader
check "and takes memory" vmkmem give 144M
check "and gives it" vmkmem take all'

console "sealed" --cpus 2 "${files[@]}" -- "cycles=$cycles
$start"'
try() { insmod /t/root.ko what=memory "$@" 2>/dev/null; dmesg | grep "root: memory:" | tail -1 | sed "s/.*root: //"; }
vmkloader --seal >/dev/null || exit 1
# What the console touches for the first time may take one more page of its nested tables.
but_nested() { state | grep -vE "^(nested|free)"; echo "free and nested $(($(value free) / 4096 + $(value owners/nested)))"; }
cycle
before=$(but_nested)
check "given and taken" cycle_times $((cycles / 5))
check "all is as before" same "$before" "$(but_nested)"
vmkmem give 144M >/dev/null
vm w1 memsize 160
check "a VM starts in it" vmware-cmd w1 start
check "and boots" booted w1
says "it fills its memory" "^47000000" mark_guest w1
shared=$(value owners/shared)
late >/tmp/late
while read -r at bytes rest; do try at=$at bytes=$bytes; done </tmp/late >/tmp/tried
pages=$(awk "{ n += \$2 } END { print n }" /tmp/tried)
check "every page that was given is tried" same $pages 36864
check "the console can read none but what is shared" [ "$(awk "{ n += \$4 } END { print n }" /tmp/tried)" -le $shared ]
check "nor write" [ "$(awk "{ n += \$6 } END { print n }" /tmp/tried)" -le $shared ]
says "what is in use is named" "VM [0-9]+ .w1.: [0-9]+ MiB" vmkmem take all
says "the guest has lost nothing" "OK" guest_has w1
check "it stops" vmware-cmd w1 stop hard
check "and all has come back" is_back
check "as before" same "$before" "$(but_nested)"
look </tmp/late
set -- $(sum)
check "nothing of the guest is in it" same 0 $2
while read -r at bytes rest; do try at=$at bytes=$bytes; done </tmp/late >/tmp/tried
check "the console can read it again" same 36864 "$(awk "{ n += \$4 } END { print n }" /tmp/tried)"
check "and write" same 36864 "$(awk "{ n += \$6 } END { print n }" /tmp/tried)"
vmkmem give 144M >/dev/null
check "unload, with memory that was given" vmkloader --unload
check "rmmod" rmmod vmnix
bad() { dmesg | grep -E "BUG|Oops|lockup|stall|WARNING" | grep -v ex_handler_uaccess; }
check "Linux complains of nothing" same "" "$(bad)"'
finish
