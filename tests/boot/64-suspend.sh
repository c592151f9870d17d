#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Suspend and resume of VMs with Debian in them: at several moments, again and
# again, with another vmkernel in between; damaged and foreign files; a process
# that is killed on the way.
# timeout: 500
. "$(dirname "$0")/../lib/boot.sh"
with=(--cpus 2 --mem 1536 --file tests/lib/guest_os.sh:/t/guest_os.sh --file tests/lib/suspend.sh:/t/suspend.sh)

common='
. /t/guest_os.sh
. /t/suspend.sh
insmod $module mem=500M
vmkloader >/dev/null || exit 1
'
# shellcheck disable=SC2016
console "moments" "${with[@]}" -- "$common"'
vm b vmnix.cmdline "console=ttyS0 vmnix.run=count"
vm a
vmware-cmd b start >/dev/null
says "suspend at once" "^suspend\(\) = 1\$" vmware-cmd b suspend
says "suspended" "^getstate\(\) = suspended\$" vmware-cmd b getstate
check "it has left the vmkernel" same "" "$(vsish ls /vm)"
check "its file is not for everybody" same "-rw-------" "$(ls -l /vmfs/b/b.vmss | cut -c1-10)"
says "the .vmx file names it" "= b.vmss\$" vmware-cmd b getconfig checkpoint.vmState
check "another vmkernel" again
says "start goes on" "^start\(\) = 1\$" vmware-cmd b start
says "on" "^getstate\(\) = on\$" vmware-cmd b getstate
check "the file is used up" sh -c "! ls /vmfs/b/b.vmss* 2>/dev/null"
says "and not named any more" "= \$" vmware-cmd b getconfig checkpoint.vmState
check "the kernel boots once" appears "Run /init as init process" /tmp/b.serial
check "no more and no less" same 1 "$(grep -ac "Linux version" /tmp/b.serial)"
for i in 1 2 3 4 5; do
	check "counts on, time $i" counts_on b
	check "suspend, time $i" vmware-cmd b suspend
	[ $i -gt 2 ] || check "another vmkernel" again
	check "start, time $i" vmware-cmd b start
done
check "counts on" counts_on b
check "its kernel complains of nothing" sh -c "! grep -aE \"Oops|BUG:|stall|lockup|unstable|nobody cared|Call Trace\" /tmp/b.serial"
vmware-cmd b stop hard >/dev/null

vmware-cmd a start >/dev/null
check "a guest with a shell" booted a
in_guest a "dd if=/dev/urandom of=/x bs=1M count=16 2>/dev/null; md5sum /x" >/tmp/sum
in_guest a "(while :; do md5sum /x; done >/sums 2>&1) & echo 4711 >/there; dmesg >/dmesg; date +%s >/then" >/dev/null
before=$(date +%s)
check "suspend while it works" vmware-cmd a suspend soft
sleep 3
check "another vmkernel" again
check "start" vmware-cmd a start
check "its files are there" same 4711 "$(in_guest a "cat /there")"
check "its memory is right" same "$(cat /tmp/sum)" "$(in_guest a "md5sum /x")"
in_guest a "sleep 5; kill %1; sort -u /sums" >/tmp/sums
check "what it worked on, too" same "$(cat /tmp/sum)" "$(cat /tmp/sums)"
in_guest a "dmesg | tail -n +\$((\$(wc -l </dmesg) + 1)) | grep -v random" >/tmp/news
check "its kernel says nothing" same "" "$(cat /tmp/news)"
slept=$(in_guest a "echo \$((\$(date +%s) - \$(cat /then)))")
check "its clock stood still meanwhile (it says $slept s, here it is $(($(date +%s) - before)) s)" test "$slept" -lt $(($(date +%s) - before - 2))
check "suspend in HLT" vmware-cmd a suspend trysoft
check "start" vmware-cmd a start
check "it answers" same 36 "$(in_guest a "echo \$((6*6))")"
says "reset begins anew" "^reset\(\) = 1\$" vmware-cmd a reset
check "it boots" booted a 2
says "stop soft" "^stop\(soft\) = 1\$" vmware-cmd a stop soft
says "a suspend of what is off" "^VMControl error -8: .*\"off\"" vmware-cmd a suspend
check "kernel log is clean" log_clean'

# shellcheck disable=SC2016
console "refusals" "${with[@]}" -- "$common"'
vm b vmnix.cmdline "console=ttyS0 vmnix.run=count"
vm other vmnix.cmdline "console=ttyS0 vmnix.run=count"
vmware-cmd b start >/dev/null
vmware-cmd other start >/dev/null
check "both count" sh -c ". /t/guest_os.sh; appears \"count 2\" /tmp/b.serial && appears \"count 2\" /tmp/other.serial"
check "both are suspended" sh -c "vmware-cmd b suspend && vmware-cmd other suspend"
file=/vmfs/b/b.vmss
cp $file /tmp/good
says "no stop soft of it" "^VMControl error -8: .*\"suspended\"" vmware-cmd b stop soft
says "no reset" "^VMControl error -8: .*\"suspended\"" vmware-cmd b reset
says "no second suspend" "^VMControl error -8: .*\"suspended\"" vmware-cmd b suspend
flip $file 24
not_resumed b "b.vmss: its header is damaged"
cp /tmp/good $file; flip $file 400
not_resumed b "b.vmss: the state of processors and devices in it is damaged"
cp /tmp/good $file; flip $file -100
not_resumed b "b.vmss: the memory in it is damaged"
cp /tmp/good $file; flip $file 30000000
not_resumed b "b.vmss: the memory in it is damaged"
head -c 20000000 /tmp/good >$file
not_resumed b "b.vmss: has 20000000 bytes, $(stat -c %s /tmp/good) were written"
head -c 100 /tmp/good >$file
not_resumed b "b.vmss: is cut off within its header"
date >$file
not_resumed b "b.vmss: is not the file of a suspended virtual machine"
rm $file
not_resumed b "b.vmss: No such file"
cp /vmfs/other/other.vmss $file
not_resumed b "belongs to another virtual machine .\"other\""
cp /tmp/good $file
vmware-cmd b setconfig memsize 96 >/dev/null
not_resumed b "was suspended with memsize 128, the .vmx file says 96"
vmware-cmd b setconfig memsize 128 >/dev/null
check "and then it goes on" vmware-cmd b start
check "without a gap" counts_on b
says "the other is given up" "^stop\(hard\) = 1\$" vmware-cmd other stop hard
says "off" "^getstate\(\) = off\$" vmware-cmd other getstate
check "and its file is gone" sh -c "! ls /vmfs/other/other.vmss 2>/dev/null"
says "it starts anew" "^start\(\) = 1\$" vmware-cmd other start
check "from the beginning" appears "Linux version" /tmp/other.serial 2
vmware-cmd other stop hard >/dev/null

mkdir /small && mount -t tmpfs -o size=8m none /small && cp /vmfs/b/b.vmx /small/small.vmx
sed -i "s/^displayName.*/displayName = \"small\"/; /uuid.bios/d; s,/tmp/b.serial,/tmp/small.serial," /small/small.vmx
vmware-cmd -s register /small/small.vmx >/dev/null
vmware-cmd small start >/dev/null
check "a machine on a small disk" appears "count 2" /tmp/small.serial
says "cannot be suspended" "^VMControl error -999: .*No space left" vmware-cmd small suspend
says "and runs on" "^getstate\(\) = on\$" vmware-cmd small getstate
check "without a gap" counts_on small
check "nothing is left of it" same "small.vmx vmware.log" "$(ls /small | xargs)"
vmware-cmd small stop hard >/dev/null
check "kernel log is clean" log_clean'

# shellcheck disable=SC2016
console "interrupted" "${with[@]}" -- "$common"'
vm b vmnix.cmdline "console=ttyS0 vmnix.run=count"
vmware-cmd b start >/dev/null
check "it counts" appears "count 2" /tmp/b.serial
vmware-cmd b setguestinfo role web >/dev/null
check "suspend and start" sh -c "vmware-cmd b suspend && cp /vmfs/b/b.vmss /tmp/old && vmware-cmd b start"
says "its variables are there" "^getguestinfo\(role\) = web\$" vmware-cmd b getguestinfo role
check "it counts on" counts_on b

held b
check "a process is held in the middle of it" test $held = yes
says "the machine is suspended" "^getstate\(\) = suspended\$" vmware-cmd b getstate
says "and cannot be started meanwhile" "^VMControl error -8: .*Another operation \(suspend, process $held_cmd\) is in progress" vmware-cmd b start
says "nor stopped" "^VMControl error -8: .*Another operation \(suspend, process $held_cmd\) is in progress" vmware-cmd b stop hard
refused "the vmkernel does not leave it behind" "^vmkloader: .*(running|busy|machine)" vmkloader --unload
kill_held
says "vmware-cmd says that it died" "^VMControl error -14: .*has died" cat /tmp/held
says "the machine still is suspended" "^getstate\(\) = suspended\$" vmware-cmd b getstate
says "start goes on with it" "^start\(\) = 1\$" vmware-cmd b start
check "without a gap" counts_on b

held b
check "held again" test $held = yes
kill_held
says "attach goes on with it" "^attach\(\) = 1\$" vmware-cmd b attach
check "and tidies up" sh -c "! ls /vmfs/b/*.vmss* 2>/dev/null"
check "without a gap" counts_on b

# Who has given up waiting for it may stop it.
held b
check "held while it is stopped" test $held = yes
kill -9 $held_cmd
wait $held_cmd
vmware-cmd b stop hard >/tmp/stopped 2>&1 &
stopper=$!
n=0
until [ "$(vsish get "/vm/$(vsish ls /vm | tr -d /)/state")" = off ] || [ $n -gt 300 ]; do n=$((n + 1)); usleep 20000; done
kill -CONT $held_pid
wait $stopper
says "it is not suspended" "switched off meanwhile" cat /vmfs/b/vmware.log
says "but stopped" "^stop\(hard\) = 1\$" cat /tmp/stopped
says "off" "^getstate\(\) = off\$" vmware-cmd b getstate
check "no file is left" sh -c "! ls /vmfs/b/*.vmss* 2>/dev/null"

vmware-cmd b start >/dev/null
n=$(grep -ac "^vmnix-guest: up" /tmp/b.serial)
check "it counts" appears "count 2" /tmp/b.serial $((n + 1)) "^vmnix-guest: up"
held b
check "held once more" test $held = yes
kill_held
# As if it had died after the last step but one.
cp /tmp/old /vmfs/b/b.vmss
vmware-cmd b setconfig checkpoint.vmState b.vmss >/dev/null
says "a machine with a file is not attached to" "^VMControl error -999: .*is suspended: start it" vmware-cmd b attach
says "start goes on from the file" "^start\(\) = 1\$" vmware-cmd b start
says "of which there is one" "^1\$" sh -c "vsish ls /vm | wc -l"
says "with its variables" "^getguestinfo\(role\) = web\$" vmware-cmd b getguestinfo role
check "and its log says so" grep -q "loaded: /vmfs/b/b.vmss" /vmfs/b/vmware.log
held b
check "held before all is stopped" test $held = yes
kill_held
says "it goes on, and is stopped" "b.vmx: stopped" vmware-cmd --timeout 2 -s autostop
says "off" "^getstate\(\) = off\$" vmware-cmd b getstate
check "nothing is left" same "" "$(vsish ls /vm)$(ls /vmfs/b/*.vmss* 2>/dev/null)"
vmware-cmd b start >/dev/null
held b
check "held a last time" test $held = yes
kill_held
check "what is suspended in the vmkernel goes with it, by force" vmkloader --unload --force
says "off" "^getstate\(\) = off\$" vmware-cmd b getstate
check "kernel log is clean" log_clean'
finish
