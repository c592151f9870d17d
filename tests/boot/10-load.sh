#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Loading and unloading: what is taken comes back, as often as one likes, and
# what cannot be done is refused with a reason, Linux unharmed.
# timeout: 500
. "$(dirname "$0")/../lib/boot.sh"
probe=$(static_program vmnix_probe) || exit 1

# The module takes two ways to memory; this boot has the one with no boot option.
console "6.1" --file "$probe:/t/probe" -- '
dmesg -n 1
before=$(cat /sys/devices/system/cpu/online)
iomem=$(cat /proc/iomem)
lines=$(sed "s/:.*//" /proc/interrupts)
refused "no module: a tool says so" "vmnix" vmkloader
insmod $module mem=256M || exit 1
says "status before loading" "not loaded .*256 MiB to be borrowed" vmkloader --status
/t/probe unloaded
head -c 1000 /boot/vmkernel >/tmp/cut
refused "a cut image is refused" "lies outside the file" vmkloader /tmp/cut
refused "a text file is refused" "not an ELF file" vmkloader /etc/passwd
refused "a program of Linux is refused" "static executable|between 1 and 2 GiB|linker" vmkloader /bin/busybox
says "a good image passes the check" "can be loaded" vmkloader --check
check "a check takes no CPU" same $before $(cat /sys/devices/system/cpu/online)
refused "unload when nothing is loaded" "no vmkernel is loaded" vmkloader --unload

check "vmkernel loads" vmkloader
check "CPU 0 stays with Linux, and only it" same 0 $(cat /sys/devices/system/cpu/online)
says "status says so" "loaded: release .* 3 PCPUs, .* of 256 MiB free" vmkloader --status
says "VSI shows 3 processors besides CPU 0" "^ *3 " vsish get /pcpus
says "the log begins" "." head -1 /proc/vmware/log
refused "no second vmkernel" "loaded already" vmkloader
refused "Linux cannot take a processor back" "busy" sh -c "echo 1 >/sys/devices/system/cpu/cpu1/online"
exec 9</dev/vmnix
refused "the module stays while its device is open" "busy|unavailable|use" rmmod vmnix
exec 9<&-
/t/probe loaded
check "CPUs come back" same $before $(cat /sys/devices/system/cpu/online)

cycle() { vmkloader >/dev/null && vmkloader --unload >/dev/null; }
cycles() { n=$1; while [ $n -gt 0 ]; do cycle || return 1; n=$((n - 1)); done; }
cycles 5
lose() { head -c $((4096 * $1)) /dev/zero >>/tmp/lost; }
loss_is_found() { ! keeps_memory 400 lose; }
check "a page lost each of 400 times would be found" loss_is_found
check "100 times loaded and unloaded, no memory lost" keeps_memory 100 cycles
check "CPUs as before" same $before $(cat /sys/devices/system/cpu/online)
check "memory is still borrowed" vmkloader --check

rmmod vmnix
check "interrupts as before" same "$lines" "$(sed "s/:.*//" /proc/interrupts)"
check "machine addresses as before" same "$iomem" "$(cat /proc/iomem)"
again() { n=$1; while [ $n -gt 0 ]; do insmod $module mem=64M && rmmod vmnix || return 1; n=$((n - 1)); done; }
again 20
check "100 times insmod and rmmod, no memory lost" keeps_memory 100 again
check "rmmod takes a vmkernel along" sh -c "insmod $module mem=64M && vmkloader && rmmod vmnix"
check "CPUs come back from rmmod" same $before $(cat /sys/devices/system/cpu/online)

refused "too little memory" "Invalid|invalid" insmod $module mem=32M
refused "no size at all" "Invalid|invalid" insmod $module mem=much
refused "more memory than there is" "memory" insmod $module mem=16G
refused "a region that Linux uses" "busy" insmod $module region=64M@0x10000000
refused "a region of no whole 2 MiB" "Invalid|invalid" insmod $module region=64M@0x10001000
refused "a region without address" "Invalid|invalid" insmod $module region=64M
refused "a region at the end of all addresses" "Invalid|invalid" insmod $module region=64M@0xffffffffffe00000
says "reasons are in the log" "mem=32M: too little memory" dmesg
says "and name the way out" "leave it out with memmap= or mem=" dmesg
check "kernel log is clean" log_clean'

console "memmap=" --mem 1024 --append 'memmap=256M$0x20000000' -- '
refused "memory of Linux next to it" "busy" insmod $module region=256M@0x1f000000
refused "a region too small" "Invalid|invalid" insmod $module region=32M@0x20000000
check "a region left out" insmod $module region=256M@0x20000000
says "is not borrowed" "256 MiB left out by the boot line" vmkloader --status
says "is marked as taken" "20000000-2fffffff : vmkernel" cat /proc/iomem
check "vmkernel lives in it" vmkloader
check "and crosses" vmnix-test selftest --rounds 50
check "and leaves" vmkloader --unload
rmmod vmnix
refused "the mark is gone" "^$" grep vmkernel /proc/iomem
check "kernel log is clean" log_clean'

# Linux keeps what follows its memory up to a multiple of 64 MiB for itself.
console "mem=" --mem 1024 --append mem=600M -- '
check "the service starts" /etc/init.d/vmware start
says "with what mem= left out" "memory left out by the boot line" vmkloader --status
check "selftest" vmnix-test selftest --rounds 50
check "the service stops" /etc/init.d/vmware stop
check "kernel log is clean" log_clean'

short='
online=$(cat /sys/devices/system/cpu/online)
check "module and vmkernel load" sh -c "insmod $module mem=64M && vmkloader"
check "selftest" vmnix-test selftest --rounds 300 --seed $(date +%s)
check "null calls" vmnix-test usercall 100
@MORE@
check "unload" vmkloader --unload
check "rmmod" rmmod vmnix
check "CPUs as before" same $online $(cat /sys/devices/system/cpu/online)
check "kernel log is clean" log_clean'
no_vms() { echo "says 'no VMs, and why' 'no VMs: $1' vmkloader --status"; }
console "one CPU" --cpus 1 -- "${short/@MORE@/$(no_vms 'the vmkernel owns no processor')}"
# A vmkernel uses no more processors than it was built for; calls come from any that is left.
console "19 CPUs" --cpus 19 -- "
online=0,17-18
${short/@MORE@/'
says "uses 16 of 18" " 16 PCPUs" vmkloader --status
check "three CPUs stay" same "0,17-18" "$(cat /sys/devices/system/cpu/online)"
check "hostcalls from another CPU" taskset -c 17 vmnix-test usercall 200
'}"
console "EPYC without SVM" --cpus 2 --cpu EPYC,-svm -- "${short/@MORE@/$(no_vms 'processor has no SVM')}"
console "qemu64 without SVM" --cpus 2 --cpu qemu64,-svm -- "${short/@MORE@/}"
console "5.10" --kernel 5.10 -- "${short/@MORE@/}"
console "6.12" --kernel 6.12 -- "${short/@MORE@/}"
finish
