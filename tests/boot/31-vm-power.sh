#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The power of VMs with Debian in them: button, plug and reset; a process that
# dies while its VM goes on; a vmkernel that is unloaded with VMs in it.
# timeout: 450
. "$(dirname "$0")/../lib/boot.sh"
script='
. /t/guest_os.sh
insmod $module mem=400M
cpus=$(cat /sys/devices/system/cpu/online)
vm a
vm b vmnix.cmdline "console=ttyS0 vmnix.run=count"
# What Linux sets up once, for the first programs and files of a kind, is not counted.
(vmkloader && vmware-cmd a start && sleep 1 && vmware-cmd a stop hard && vmkloader --unload) >/dev/null || exit 1
rm /tmp/a.serial
free=$(free_kb)
vmkloader >/dev/null || exit 1
check "two VMs start" sh -c "vmware-cmd a start && vmware-cmd b start"
check "one comes to its shell" booted a
says "stop soft" "^stop\(soft\) = 1\$" vmware-cmd a stop soft
check "is a press of the power button" appears "vmnix-guest: power button" /tmp/a.serial
check "with which the guest powers off" appears "reboot: Power down" /tmp/a.serial
says "off" "^getstate\(\) = off\$" vmware-cmd a getstate
check "starts again" vmware-cmd a start
check "a second boot" appears "Linux version" /tmp/a.serial 2
says "reset hard in the middle of that" "^reset\(hard\) = 1\$" vmware-cmd a reset hard
check "a third one" appears "Linux version" /tmp/a.serial 3
check "which comes to its shell" booted a 2
says "reset" "^reset\(\) = 1\$" vmware-cmd a reset
check "a fourth one" booted a 3
check "no more and no less" same "4 3" "$(grep -ac "Linux version" /tmp/a.serial) $(grep -ac "^vmnix-guest: up" /tmp/a.serial)"
says "reset does not end a VM" "^getstate\(\) = on\$" vmware-cmd a getstate

count() { grep -aoE "^vmnix-guest: count [0-9]+" /tmp/b.serial | cut -d" " -f3 | xargs; }
check "the other counts" appears "count 3" /tmp/b.serial
dead=$(vmware-cmd -q b getpid)
kill -9 $dead
sleep 1
at=$(count | wc -w)
says "its process is dead" "^getpid\(\) = 0\$" vmware-cmd b getpid
says "the VM is on" "^getstate\(\) = on\$" vmware-cmd b getstate
sleep 3
check "nobody writes its log" same $at $(count | wc -w)
says "but it goes on" "count $((at + 2))" vmware-console --log b
says "attach" "^attach\(\) = 1\$" vmware-cmd b attach
says "another process" "^getpid\(\) = [1-9]" vmware-cmd b getpid
check "goes on with the log" appears "count $((at + 4))" /tmp/b.serial
counted=$(count)
check "without a gap" same "$(seq 1 ${counted##* } | xargs)" "$counted"
kill -9 $(vmware-cmd -q b getpid)
check "vmware-console attaches by itself" vmware-console --timeout 30 --until "count $((at + 6))" b
says "which leaves a process" "^getpid\(\) = [1-9]" vmware-cmd b getpid
check "to go on with the log" appears "count $((at + 6))" /tmp/b.serial
counted=$(count)
check "still without a gap" same "$(seq 1 ${counted##* } | xargs)" "$counted"

# More than the buffer of 64 KiB while nobody reads: 16000 lines of 7 bytes.
in_guest a "{ (sleep 8; seq 10001 26000) & }" >/dev/null
kill -9 $(vmware-cmd -q a getpid)
n=0
until vmware-console --log a | grep -q "^26000" || [ $n = 60 ]; do sleep 1; n=$((n + 1)); done
vmware-cmd a attach >/dev/null
check "the newest output is there" appears "^26000\$" /tmp/a.serial
tr -d "\r" </tmp/a.serial | grep -aE "^[12][0-9]{4}\$" >/tmp/numbers
says "64 KiB of it" "^9(2[5-9]|3[0-9])[0-9]\$" sh -c "wc -l </tmp/numbers"
check "in one piece" same "$(seq $(head -1 /tmp/numbers) 26000 | md5sum)" "$(md5sum </tmp/numbers)"
check "the guest did not wait, nor stop" sh -c "[ \"$(in_guest a "echo 6\$((6*6))")\" = 636 ]"

refused "unload with VMs" "^vmkloader: .*(running|busy|machine)" vmkloader --unload
check "has not hurt them" same "on on" "$(vmware-cmd -q a getstate) $(vmware-cmd -q b getstate)"
check "forced unload" vmkloader --unload --force
check "they are off" same "off off" "$(vmware-cmd -q a getstate) $(vmware-cmd -q b getstate)"
n=0
while pidof vmware-vmx && [ $n -lt 50 ]; do sleep 0.2; n=$((n + 1)); done >/dev/null
check "their processes end" same "" "$(pidof vmware-vmx)"
check "processors as before" same "$cpus" "$(cat /sys/devices/system/cpu/online)"
check "a vmkernel loads again" vmkloader
check "and has no VMs" same "" "$(vsish ls /vm)"
check "a VM starts in it" vmware-cmd a start
says "stop hard" "^stop\(hard\) = 1\$" vmware-cmd a stop hard
says "it is off" "^getstate\(\) = off\$" vmware-cmd a getstate
check "unload" vmkloader --unload
rm -r /vmfs/a /vmfs/b /tmp/*.serial /tmp/numbers /tmp/typed*
check "free memory as before" within $free $(free_kb) 1000
check "console log is clean" log_clean'
console "power" --cpus 3 --mem 1024 --file tests/lib/guest_os.sh:/t/guest_os.sh -- "$script"
finish
