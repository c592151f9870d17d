#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The sealed console: it is put on top of the vmkernel and taken off again under load,
# keeps its devices and its time, and what its root tries against the vmkernel fails.
# timeout: 300
. "$(dirname "$0")/../lib/boot.sh"
root=$(test_module root) || exit 1
cycles=${SEAL_CYCLES:-15}
guest_os=(--file tests/lib/guest_os.sh:/t/guest_os.sh)

console "cycles" --cpus 2 -- "cycles=$cycles"'
insmod $module mem=256M || exit 1
cycle() { vmkloader --seal >/tmp/out 2>&1 && vmkloader --unload >>/tmp/out 2>&1 || { cat /tmp/out; return 1; }; }
cycle_times() { n=0; while [ $n -lt $1 ]; do cycle || return 1; n=$((n + 1)); done; }
cycle # what is allocated once is
start=$(date +%s) rtc=$(cat /sys/class/rtc/rtc0/since_epoch)
(while :; do gzip -c /bin/busybox | gzip -d | md5sum >/dev/null; done) &
ping -i 0.2 127.0.0.1 >/dev/null &
(while :; do usleep 1000; done) &
check "$cycles times sealed and back, under load" cycle_times $cycles
# The real-time clock of the machine is nobody of ours.
passed=$(($(date +%s) - start)) rtc=$(($(cat /sys/class/rtc/rtc0/since_epoch) - rtc))
check "the clock is right" within $passed $rtc 2
kill %1 %2 %3
check "no memory is lost" keeps_memory 10 cycle_times
check "both processors are back" same "0-1" "$(cat /sys/devices/system/cpu/online)"
check "the kernel log is clean" log_clean'

console "one processor" --cpus 1 "${guest_os[@]}" -- '. /t/guest_os.sh
insmod $module mem=256M || exit 1
check "seal" vmkloader --seal
says "it says so" "^sealed" vsish get /console/form
vm w1 memsize 128
check "a VM starts beside the console" vmware-cmd w1 start
check "its guest comes up" booted w1
in_guest w1 "(while :; do :; done) &"
says "the guest has interrupts of its own" "[0-9]" in_guest w1 "cat /proc/uptime"
refused "unload while it runs" "virtual machine" vmkloader --unload
check "stop" vmware-cmd w1 stop hard
check "unload" vmkloader --unload
check "the kernel log is clean" log_clean'

console "root" --cpus 2 "${guest_os[@]}" --file "$root:/t/root.ko" -- '. /t/guest_os.sh
try() { insmod /t/root.ko "$@" 2>/dev/null; dmesg | grep "root: $(echo "$1" | cut -d= -f2):" | tail -1 | sed "s/.*root: //"; }
insmod $module mem=256M || exit 1
check "seal" vmkloader --seal
vm w1 memsize 128
check "a VM starts" vmware-cmd w1 start
check "its guest comes up" booted w1
in_guest w1 "head -c 1000000 /dev/urandom >/tmp/data; md5sum /tmp/data >/tmp/sum"
shared=$(vsish get /memory/owners/shared)
vsish get /memory/extents | while read -r at bytes; do try what=memory at=$at bytes=$bytes; done >/tmp/memory
pages=$(awk "{ n += \$2 } END { print n }" /tmp/memory)
check "every page that was handed over is tried" same $pages 65536
check "only what is shared can be read" same $shared "$(awk "{ n += \$4 } END { print n }" /tmp/memory)"
check "only what is shared can be written" same $shared "$(awk "{ n += \$6 } END { print n }" /tmp/memory)"
says "the vmkernel has counted" "^[0-9]{6}" vsish get /console/refused_memory
says "there is no SVM" "cpuid 0, efer 0xd01, set -5, hsave -5, vmrun 0" try what=svm
says "messages to processors" "done" try what=ipis
says "MSRs" "tried" try what=msrs
says "interrupts off for a second" "done" try what=spin ms=1000
check "the guest has lost nothing" sh -c ". /t/guest_os.sh; in_guest w1 \"md5sum -c /tmp/sum\" | grep OK"
says "the vmkernel is well" "vmkernel: loaded" vmkloader --status
check "stop" vmware-cmd w1 stop hard
check "unload" vmkloader --unload
# Linux warns of the faults that its own read without faults met: of nothing else.
bad() { dmesg | grep -E "BUG|Oops|lockup|stall|WARNING" | grep -v ex_handler_uaccess; }
check "Linux complains of nothing else" same "" "$(bad)"'
finish
