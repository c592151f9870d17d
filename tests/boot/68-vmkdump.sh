#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# A vmkernel that has stopped is saved from the console as a core, in which gdb
# finds every processor and why it stopped; then it is unloaded and another loaded.
# timeout: 200
. "$(dirname "$0")/../lib/boot.sh"
probe=$(static_program vmnix_probe) || exit 1
top=build/tests/68-vmkdump
rm -rf $top && mkdir -p $top

script='
dmesg -n 1
refused "no module" "vmnix" vmkdump
insmod $module mem=256M
refused "no vmkernel" "^vmkdump: no vmkernel is loaded" vmkdump
vmkloader >/dev/null || exit 1
refused "one that lives" "^vmkdump: the vmkernel has not stopped: there is no core to save" vmkdump
refused "two files" "more than one file" vmkdump /tmp/a /tmp/b
refused "unknown option" "unknown option" vmkdump --most
check "no file is left" test ! -e /var/core
for kind in 1 2 3 4; do
	check "$kind: a VM runs" vmware-cmd demo1 start
	check "$kind: it boots" vmware-console demo1 --until "guest#" --timeout 60
	vsish set /debug/panic $kind 2>/dev/null
	n=0
	until vmkloader --status 2>&1 | grep -q "has stopped" || [ $n = 100 ]; do usleep 100000; n=$((n + 1)); done
	says "$kind: saved" "^/var/core/vmkernel-core.$kind: [0-9]+ KiB of memory, [34] processors; it stopped with: " vmkdump
	[ $kind != 1 ] || more
	check "$kind: unloaded" vmkloader --unload
	check "$kind: loaded afresh" vmkloader
	echo "@core $kind"
	gzip -c /var/core/vmkernel-core.$kind | base64
	echo "@end"
done
check "only root reads them" same "600 root" "$(stat -c "%a %U" /var/core/vmkernel-core.1)"
check "the next VM starts" vmware-cmd demo1 start
check "and boots" vmware-console demo1 --until "guest#" --timeout 60
check "kernel log is clean" log_clean'
more='more() {
	/t/probe stopped
	refused "a file that is there" "/tmp/there: File exists" sh -c ">/tmp/there; vmkdump /tmp/there"
	refused "no such folder" "/no/core: No such file" vmkdump /no/core
	mkdir -p /tmp/small && mount -t tmpfs -o size=512k none /tmp/small
	refused "a full disk" "/tmp/small/core: No space left" vmkdump /tmp/small/core
	check "nothing is left there" same "" "$(ls -A /tmp/small)"
	umount /tmp/small
	says "guests and free memory, too" "262144 KiB of memory" vmkdump --all /tmp/all
	check "is a core" sh -c "head -c 4 /tmp/all | grep -q ELF"
	check "a machine of its own is in it" grep -q swapper/0 /tmp/all
	check "which the other does not have" sh -c "! grep -q swapper/0 /var/core/vmkernel-core.1"
	rm /tmp/all
}
'
console "vmkdump" --cpus 4 --mem 1280 --file "$probe:/t/probe" -- "$more$script" >$top/out
grep -vE '^[A-Za-z0-9+/=]{60,}$' $top/out

# in_core KIND NAME PATTERN COMMAND: what gdb prints on the core.
in_core() {
	check_match "core $1: $2" "$(gdb -nx -batch -ex "set width 0" -ex "$4" build/vmkernel/vmkernel \
		"$top/core.$1" 2>&1 | tr '\n' ' ')" "$3"
}
for kind in 1 2 3 4; do
	sed -n "/^@core $kind/,/^@end/{/^@/d;p}" $top/out | base64 -d | gunzip >$top/core.$kind
	check "core $kind: came whole" test -s $top/core.$kind
	# The console's processor stops in the vmkernel only if it was there.
	in_core $kind "its processors" 'LWP [1-4] .*LWP [234] .*LWP [234] ' "info threads"
	in_core $kind "a VCPU ran or could" 'pcpu_main .*pcpu_entry ' "thread apply all backtrace"
	in_core $kind "the log is in it" "Boot: [0-9]+: vmkernel [0-9.]+ has 256 MiB" "printf \"%s\", (char *)'log.c'::ring + 4096"
done
in_core 1 "why" "asked for by /debug/panic" "print vmk_core.reason"
in_core 2 "why" "Exception 6 .Invalid Opcode. on PCPU 0" "print vmk_core.reason"
in_core 3 "why" "Exception 14 .* on PCPU 0" "print vmk_core.reason"
in_core 4 "why" "Exception [0-9]+ .Interrupt. on PCPU 1" "print vmk_core.reason"
for kind in 1 2 3; do
	in_core $kind "where" "#0 .*set_panic .*hostcall_dispatch .*hostcall_entry" backtrace
done
in_core 4 "where" "LWP 2.*#[1-9] .*pcpu_main" backtrace
finish
