#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Machines that cannot run VMs, or not these: each start is refused with the
# reason in one line, the rest works, and Linux is none the worse. How the
# vmkernel itself cannot be loaded is 10-load.sh's matter.
# timeout: 400
. "$(dirname "$0")/../lib/guests.sh"
kvm=$(static_program kvm_hold) || exit 1
mkdir -p build/tests/planted
# Firmware that disables SVM: in place of VM_CR the vmkernel reads SFMASK, which has its bit 4 set.
tests/lib/plant.py build/vmkernel/vmkernel svm_probe build/tests/planted/disabled b9140101c0 b9840000c0 ||
	exit 1
with=(--file "$kvm:/t/kvm" --file build/tests/planted/disabled:/t/disabled)
n=0
for module in $(kvm_modules 6.1); do
	with+=(--file "$module:/kvm/$((n++))-${module##*/}")
done

common='
# no_vm REASON VM: start fails with REASON, in one line, and there is nothing left of it.
no_vm() {
	vmware-cmd $2 start >/tmp/out 2>/tmp/err </dev/null
	check "VM refused: $1" same "1 1 line" "$? $(cat /tmp/out)$(wc -l </tmp/err) line"
	says "the reason is told" "^VMControl error -999: Unknown error: .*$1" cat /tmp/err
	says "and noted in its log" "failed: .*$1" tail -1 /vmfs/demo1/vmware.log
	says "the VM is off" "^getstate\(\) = off" vmware-cmd $2 getstate
	check "nothing of it is left" same " " "$(vsish ls /vm) $(ls /proc/vmware/vm)"
	check "nor a process" sh -c "! pidof vmware-vmx"
}
# A VM must be able to say "I am up".
vm_starts() { says "a VM starts" "^start\(\) = 1" vmware-cmd demo1 start; }
vm_runs() {
	check "the VM runs" vmware-console --until "vmnix-guest: up" --timeout 60 demo1
}
works() {
	check "selftest" vmnix-test selftest --rounds 100
	says "vsish answers" "^vmnix vmkernel " vsish get /version
	says "the log can be read" "vmkernel [0-9.]* has" cat /proc/vmware/log
}
leaves() {
	check "all leave" /etc/init.d/vmware stop
	check "CPUs as before" same "$online" "$(cat /sys/devices/system/cpu/online)"
	check "interrupts as before" same "$irqs" "$(sed "s/:.*//" /proc/interrupts)"
	check "kernel log is clean" log_clean
}
online=$(cat /sys/devices/system/cpu/online)
irqs=$(sed "s/:.*//" /proc/interrupts)
'
# shellcheck disable=SC2016
console "KVM" --cpus 3 --mem 1024 "${with[@]}" -- "$common"'
dmesg -n 1
hold() {
	rm -f /tmp/kvm
	mkfifo /tmp/fifo
	/t/kvm </tmp/fifo >/tmp/kvm 2>&1 &
	kvm=$!
	exec 8>/tmp/fifo
	i=0
	while [ ! -s /tmp/kvm ] && [ $i -lt 100 ]; do usleep 100000; i=$((i + 1)); done
	says "a VM of KVM: $1" "^ready$" cat /tmp/kvm
}
release() {
	exec 8>&-
	wait $kvm
	check "the VM of KVM goes on: $1" same "0 again" "$? $(tail -1 /tmp/kvm)"
	rm /tmp/fifo
}
for file in /kvm/*; do insmod $file || exit 1; done
check "the service starts beside kvm_amd" /etc/init.d/vmware start
vm_starts
hold "after our own"
check "selftest meanwhile" vmnix-test selftest --rounds 100
vm_runs
check "it stops" vmware-cmd demo1 stop hard
vm_starts
release "under the vmkernel"
hold "again"
check "it stops" vmware-cmd demo1 stop hard
check "the vmkernel leaves" vmkloader --unload
release "without it"
hold "before the vmkernel"
says "the vmkernel comes, and says that it cannot run VMs" "no VMs: SVM is in use" vmkloader
no_vm "SVM is in use by another hypervisor" demo1
works
check "the vmkernel leaves" vmkloader --unload
release "after it"
check "kvm_amd can go" rmmod kvm_amd
check "another vmkernel" vmkloader
vm_starts
check "VM and all leave" /etc/init.d/vmware stop
insmod $module mem=256M
says "SVM disabled: status" "no VMs: SVM is disabled by the firmware" vmkloader /t/disabled
no_vm "SVM is disabled by the firmware" demo1
works
leaves'

console "one CPU" --cpus 1 --mem 512 -- "$common"'
check "the service starts" /etc/init.d/vmware start
says "status says why" "no VMs: the vmkernel owns no processor" /etc/init.d/vmware status
no_vm "the vmkernel owns no processor" demo1
works
leaves'

console "no nested paging" --cpus 2 --mem 512 --cpu EPYC,-npt -- "$common"'
check "the service starts" /etc/init.d/vmware start
says "status says why" "no VMs: processor has no SVM with nested paging" /etc/init.d/vmware status
no_vm "processor has no SVM with nested paging" demo1
works
leaves'

# 104 MiB for the vmkernel. A processor that Linux does not use is ours to use, too.
console "little memory" --cpus 3 --mem 256 --append maxcpus=2 -- "$common"'
check "the service starts" /etc/init.d/vmware start
# The first may leave emptied slabs behind, which the next fill again.
no_vm "the vmkernel has no 128 MiB of memory free" demo1
free=$(vsish get /memory/free)
no_vm "the vmkernel has no 128 MiB of memory free" demo1
no_vm "the vmkernel has no 128 MiB of memory free" demo1
check "no memory is lost" same "$free" "$(vsish get /memory/free)"
vmware-cmd demo1 setconfig memsize 84 >/dev/null
vm_starts
vm_runs
sed -i s/84/32/ /vmfs/demo2/demo2.vmx
says "a second one is too much" "has no [0-9]* MiB of memory free|needs a memsize" vmware-cmd demo2 start
says "the first goes on" "^getstate\(\) = on" vmware-cmd demo1 getstate
check "it stops" vmware-cmd demo1 stop hard
works
leaves'

console "signed modules only" --cpus 2 --mem 512 --append module.sig_enforce=1 -- "$common"'
refused "the service does not start" "vmnix.ko.: (Key was rejected|Required key)" /etc/init.d/vmware start
says "its status says so" "^vmnix module: not loaded" /etc/init.d/vmware status
refused "nor a VM" "^VMControl error -999: .*the vmnix module is not loaded" vmware-cmd demo1 start
leaves'
finish
