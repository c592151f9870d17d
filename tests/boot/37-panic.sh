#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The vmkernel stops for good while a VM runs, in each way that /debug/panic
# has: it must say why, the tools must say that it has gone, and the console
# must live on, take its processors back, and be able to load another.
# timeout: 250
. "$(dirname "$0")/../lib/boot.sh"
log=build/tests/37-panic.vmk
mkdir -p build/tests

script='
dmesg -n 1
online=$(cat /sys/devices/system/cpu/online)
vmx=/vmfs/demo1/demo1.vmx
insmod $module mem=256M && vmkloader || exit 1

# dead NAME STATUS COMMAND…: fails with STATUS and one line on stderr which says why.
dead() {
	what="$1 says so in one line" status=$2
	shift 2
	"$@" >/tmp/out 2>/tmp/err
	is="$? $(cat /tmp/out)$(wc -l </tmp/err) $(grep -c "the vmkernel has stopped\|it has stopped after a fatal error" /tmp/err)"
	check "$what" same "$status 1 1" "$is"
	[ "$is" = "$status 1 1" ] || cat /tmp/err
}

# gone COMMAND…: waits until it fails.
gone() {
	n=0
	while [ $n -lt 100 ] && "$@"; do usleep 100000; n=$((n + 1)); done
	[ $n -lt 100 ]
}
stopped() { vmkloader --status 2>&1 | grep -q "has stopped"; }

# after KIND STATUS-OF-SET PATTERN…: makes it stop; its log must have lines with these patterns.
after() {
	kind=$1 status=$2
	shift 2
	says "$kind: a VM runs" "start\(\) = 1" vmware-cmd demo1 start
	pid=$(vmware-cmd -q demo1 getpid)
	vsish set /debug/panic $kind 2>/dev/null
	check "$kind: the one who asked gets an answer" same $status $?
	n=0
	until stopped || [ $n = 300 ]; do usleep 100000; n=$((n + 1)); done
	check "$kind: the vmkernel has stopped" stopped
	for pattern in "vmnix vmkernel [0-9.]+: stopped" "$@"; do
		says "$kind: the log has $pattern" "$pattern" cat /proc/vmware/log
	done
	check "$kind: the process of the VM has ended" gone kill -0 $pid
	says "$kind: it says why in its log" "gone: the vmkernel has stopped" tail -1 /vmfs/demo1/vmware.log
	says "$kind: Linux tells it once" "^1\$" sh -c "dmesg | grep -c \"vmkernel has stopped\""
	says "$kind: and why" "vmnix: @BlueScreen: " dmesg
	check "$kind: and complains of nothing else" log_clean
}

cycle() {
	check "$kind: what is left can be unloaded" vmkloader --unload
	check "$kind: CPUs are back" same $online "$(cat /sys/devices/system/cpu/online)"
	check "$kind: another vmkernel can be loaded" vmkloader
	check "$kind: kernel log is clean" log_clean
	dmesg -c >/dev/null
}

frames="\[0x[0-9a-f]+\] hostcall_dispatch\+0x[0-9a-f]+"
setter="\[0x[0-9a-f]+\] set_panic\+0x[0-9a-f]+"
registers="^rax=0x[0-9a-f]+ rbx=0x[0-9a-f]+ rcx=0x[0-9a-f]+ rdx=0x[0-9a-f]+"
after 1 1 "@BlueScreen: asked for by /debug/panic" "$registers" "^ip=0x[0-9a-f]+ flags=" "$setter" "$frames"
dead "vsish ls" 1 vsish ls /
dead "vsish get" 1 vsish get /version
dead "vsish set" 1 vsish set /debug/panic 2
dead "vmkloader --status" 1 vmkloader --status
dead "vmware status" 1 /etc/init.d/vmware status
for verb in getstate getuptime getid getpid start "start hard" "stop hard" "stop trysoft" reset attach; do
	dead "vmware-cmd $verb" 1 vmware-cmd demo1 $verb
done
dead "unregister" 1 vmware-cmd -s unregister $vmx
dead "vmware-vmx" 1 vmware-vmx $vmx
dead "vmware-vmx --attach" 1 vmware-vmx --attach $vmx
dead "vmware-console" 1 vmware-console demo1
dead "vmware-console --log" 1 vmware-console --log demo1
dead "vmnix-test selftest" 1 sh -c "vmnix-test selftest --rounds 10 >/dev/null"
says "the list of VMs is there" "^$vmx\$" vmware-cmd -l
says "their files can be read" "= 128" vmware-cmd demo1 getconfig memsize
refused "/proc/vmware/version gives an error" "No such device" cat /proc/vmware/version
refused "no second vmkernel" "loaded already" vmkloader
cycle
free_before=$(free_kb)
after 2 1 "@BlueScreen: Exception 6 \(Invalid Opcode\) on PCPU 0" "$registers" "^frame=0x[0-9a-f]+ cr2=0x[0-9a-f]+ cr3=" "$setter" "$frames"
cycle
after 3 1 "@BlueScreen: Exception 14 \(Page Fault\) on PCPU 0" "$registers" "cr2=0x7f8000100000" "$setter" "$frames"
cycle
check "no memory of Linux is lost" within $free_before $(free_kb) 500
after 4 0 "@BlueScreen: Exception 238 \(Interrupt\) on PCPU 1" "$registers" "\] pcpu_main\+0x[0-9a-f]+"
cycle
after 6 1 "@BlueScreen: Exception 8 \(Double Fault\) on PCPU 0" "$registers" "$setter" "$frames"
cycle
after 7 1 "@BlueScreen: Exception 18 \(Machine Check\) on PCPU 0" "$registers" "$setter" "$frames"
cycle
# Somebody must ask, or run: the other PCPUs and the console may all sleep.
after 8 0 "@BlueScreen: PCPU 1 is lost: no sign of it for 1[0-9]{4} ms" "cpu1: world [0-9]+ .* pcpu_loop\+0x"
cycle
after 5 1 "@BlueScreen: lock of rank .hostcall. taken while one of rank .VSI. is held" "$setter"
check "the service restarts" /etc/init.d/vmware restart
check "selftest with the new one" vmnix-test selftest --rounds 100
says "and a VM" "start\(\) = 1" vmware-cmd demo1 start
check "it stops" vmware-cmd demo1 stop hard
check "kernel log is clean" log_clean
dmesg -c >/dev/null
after 2 1 "@BlueScreen"
check "rmmod takes it along" rmmod vmnix
check "CPUs are back from rmmod" same $online "$(cat /sys/devices/system/cpu/online)"
check "kernel log is clean" log_clean'

console "panic" --cpus 3 --mem 1024 --vmk-log "$log" -- "$script"
said=$(tr -d '\r' <"$log")
for pattern in "@BlueScreen: asked for" "@BlueScreen: Exception 6 " "@BlueScreen: Exception 14 " \
	"@BlueScreen: Exception 238 " "@BlueScreen: lock of rank" "^rax=0x.* rdx=0x" "\] set_panic\+0x" "\] pcpu_main\+0x"; do
	check_match "COM2: $pattern" "$said" "$pattern"
done
finish
