#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# A process of root's that asks the vmkernel for anything, with any arguments, while two VMs run:
# neither they nor the vmkernel nor Linux are the worse for it. HOSTCALLS=1000000 SEED=7 in the
# environment: so many calls (default: what takes half a minute), of that seed; FIRST, VERBOSE=-v:
# see tests/lib/hostcall_fuzz.c.
# timeout: 400
. "$(dirname "$0")/../lib/boot.sh"
fuzz=$(static_program hostcall_fuzz) || exit 1
calls=${HOSTCALLS:-60000}
echo "# $calls hostcalls, seed ${SEED:=4}"

script='
. /t/guest_os.sh
. /t/sched.sh
insmod $module mem=400M && vmkloader >/dev/null || exit 1
vm a
vm b vmnix.cmdline "console=ttyS0 vmnix.run=count"
count() { grep -aoE "^vmnix-guest: count [0-9]+" /tmp/b.serial | cut -d" " -f3 | xargs; }
check "two VMs start" sh -c "vmware-cmd a start && vmware-cmd b start"
check "one comes to its shell" booted a
check "the other counts" appears "count 2" /tmp/b.serial
says "which answers" "^49\$" in_guest a "echo \$((7*7))"
slice=$(vsish get /sched/slice_ns) level=$(vsish get /log/level)
state() {
	memory_but_slabs | grep -v ^free # a guest may have come to use more of its memory
	echo "worlds $(vsish ls /sched/worlds | wc -l) VMs $(vsish ls /vm | wc -l)"
	find /proc/vmware | grep -vE "/proc/vmware/vm/[0-9]" | wc -l
	ls /proc/vmware/vm | wc -l
}
before=$(state | grep -v "^guest") processes=$(pidof vmware-vmx)
at=$(count)
/t/fuzz -n $calls -t $seconds -s $seed $more >/tmp/fuzz.out 2>/tmp/fuzz.err
status=$?
cat /tmp/fuzz.out
[ $status = 0 ] || tail -20 /tmp/fuzz.err
check "it ends well" same 0 $status
check "all were made" [ "$(sed -nE "s/^([0-9]+) hostcalls answered.*/\1/p" /tmp/fuzz.out)" -ge $calls ]
never=$(awk "/ answered .* good\$/ { if (\$4 == 0) print \$1 }" /tmp/fuzz.out | xargs)
check "every call has succeeded at times, but those that are the module'"'"'s own" \
	same "PCPU_START FAREWELL DOORBELL SCRAMBLE SEAL" "$never"
/t/fuzz -p 3 -n $((calls / 15)) -t $seconds -s $seed >/tmp/fuzz.out 2>/tmp/fuzz.err
status=$?
grep -E "^(process|[0-9]+ hostcalls)" /tmp/fuzz.out
[ $status = 0 ] || cat /tmp/fuzz.out
check "three processes at once end well, too" same 0 $status
vsish set /sched/slice_ns $slice; vsish set /log/level $level

says "no panic" "^vmnix vmkernel " vsish get /version
check "the same processes serve the VMs" same "$processes" "$(pidof vmware-vmx)"
last=${at##* }
check "the other has counted, and counts" appears "count $((last + 3))" /tmp/b.serial
counted=$(count)
check "without a gap" same "$(seq 1 ${counted##* } | xargs)" "$counted"
says "the first answers" "^64\$" in_guest a "echo \$((8*8))"
check "memory adds up" memory_adds_up
check "worlds, VMs, pages and entries are as before" same "$before" "$(state | grep -v "^guest")"
check "selftest" vmnix-test selftest --rounds 100
vm c
check "a fresh VM starts" vmware-cmd c start
check "and comes to its shell" booted c
says "and answers" "^81\$" in_guest c "echo \$((9*9))"
check "all stop" sh -c "vmware-cmd c stop hard && vmware-cmd b stop hard && vmware-cmd a stop hard"
check "the vmkernel leaves" vmkloader --unload
check "and the module" rmmod vmnix
check "kernel log is clean" log_clean'
console "hostcalls" --cpus 3 --mem 1024 --file "$fuzz:/t/fuzz" --file tests/lib/guest_os.sh:/t/guest_os.sh \
	--file tests/lib/sched.sh:/t/sched.sh -- "calls=$calls seed=$SEED seconds=$((${TEST_SECONDS:-900} / 2))
more='${FIRST:+-f $FIRST} ${VERBOSE:-}'
$script"
finish
