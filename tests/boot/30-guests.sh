#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Debian's kernels, unmodified, as guests on consoles of three kinds: they come
# to their shell, find VMware's clocks, have nothing to complain about, keep
# time, reboot, and power off.
# timeout: 600
. "$(dirname "$0")/../lib/boot.sh"

# Complaints that are right:
#   AMD Zen1, srso.html       faults of the processor that QEMU plays; its kernel says so, too
#   report a bug              said whenever PCI windows come from ACPI
#   not a bug                 no second-generation IOMMU: said on all machines without one
#   Correctable Errors        the name of a part of Linux
# Linux 5.10 measures the TSC again with the PM timer, although it knows it from us, and stays with
# "tsc-early" until a read of that took less than 20 us: an exit takes longer in QEMU's emulation.
script='
. /t/guest_os.sh
insmod $module mem=256M && vmkloader >/dev/null
vm guest vmnix.kernel /boot/guest/vmlinuz-$guest vmnix.initrd /boot/guest/initrd-$guest.img
check "starts" vmware-cmd guest start
check "comes to its shell" booted guest
in_guest guest dmesg >/tmp/dmesg
log() { says "$1" "$2" cat /tmp/dmesg; }
log "it is Debian $guest" "Linux version $guest\..* \(debian-kernel@"
log "its boot line" "Command line: console=ttyS0$"
log "finds VMware" "Hypervisor detected: VMware"
log "DMI says so, too" "DMI: VMware, Inc. VMware Virtual Platform"
log "TSC clock from us" "vmware: TSC freq read from hypervisor : [1-9]"
log "local APIC clock from us" "vmware: Host bus clock speed read from hypervisor : [1-9]"
log "deadline timer" "TSC deadline timer available"
log "power button" "input: Power Button as"
log "serial line" "ttyS0 at I/O 0x3f8 \(irq = 4.*16550A"
log "real-time clock" "rtc_cmos .*: setting system clock to 20"
grep -iE "warn|bug|call trace|cut here|unstable|fail|error|firmware bug|spurious|lockup|stall|hung|invalid([^a]|$)|bogus|unable|cannot|could not|timeout|timed out|missing|conflict|not respond|unexpected|broken|incorrect|mismatch|nobody cared|unknown" /tmp/dmesg |
	grep -vE "AMD Zen1 .* bug detected|hw-vuln/srso.html|report a bug$|This is not a bug|RAS: Correctable Errors" >/tmp/bad
check "nothing to complain about" same "" "$(cat /tmp/bad)"
says "clock source is the TSC" "^tsc$early\$" in_guest guest "cat /sys/devices/system/clocksource/clocksource0/current_clocksource"
says "no taint" "^0\$" in_guest guest "cat /proc/sys/kernel/tainted"
check "no spurious, wrong or missed interrupts" same "ERR: 0 MIS: 0 SPU: 0" \
	"$(in_guest guest "cat /proc/interrupts" | sed -nE "s/^ *((ERR|MIS|SPU):) *([0-9]+).*/\1 \3/p" | sort | xargs)"
# between NAME LOW VALUE HIGH
between() { check "$1" sh -c "echo $2 $3 $4; [ -n \"$3\" ] && [ $2 -le 0$3 ] && [ 0$3 -le $4 ]"; }
from=$(date +%s)
now=$(in_guest guest "date +%s" | tail -1)
between "its time is ours" $((from - 2)) "$now" $(($(date +%s) + 2))
# However long an answer takes: its clock was read between two readings of ours.
uptime_cs() { cut -d" " -f1 /proc/uptime | tr -d .; }
in_guest_cs() { in_guest guest "cat /proc/uptime" | tail -1 | cut -d" " -f1 | tr -d .; }
a=$(uptime_cs) guest_a=$(in_guest_cs) b=$(uptime_cs)
in_guest guest "sleep 5" >/dev/null
c=$(uptime_cs) guest_b=$(in_guest_cs) d=$(uptime_cs)
between "its clock runs as ours" $((c - b - 2)) $((guest_b - guest_a)) $((d - a + 2))
between "5 s are not less" 500 $((guest_b - guest_a)) $((d - a))
in_guest guest "cat /sys/class/dmi/id/product_serial /sys/class/dmi/id/product_uuid" >/tmp/uuid
check "its UUID is that of the .vmx file" same "$(vmware-cmd -q guest getconfig uuid.bios | tr -d "\" -")" \
	"$(sed -n "s/^VMware-//p" /tmp/uuid | tr -d " -")"
printf "reboot\r" | vmware-console --timeout 1 guest >/dev/null
check "reboots" booted guest 2
check "has been up all the time" same on "$(vmware-cmd -q guest getstate)"
says "second boot, same clock" "^$(grep -o "TSC freq.*MHz" /tmp/dmesg)\$" sh -c "grep -ao \"TSC freq.*MHz\" /tmp/guest.serial | tail -1"
printf "poweroff\r" | vmware-console --timeout 1 guest >/dev/null
check "powers off" state guest off
check "says it has gone" grep -qa "reboot: Power down" /tmp/guest.serial
says "no VM is left" "^0\$" sh -c "vsish ls /vm | wc -l"
check "vmkernel leaves" vmkloader --unload
check "console log is clean" log_clean'
for guest in 5.10 6.1 6.12; do
	case $guest in 5.10) on=6.12 ;; 6.1) on=5.10 ;; *) on=6.1 ;; esac
	early=
	[ "$guest" != 5.10 ] || early="(-early)?"
	console "$guest on $on" --kernel "$on" --cpus 2 --mem 768 \
		--file tests/lib/guest_os.sh:/t/guest_os.sh -- "guest=$guest early='$early'
$script"
done
finish
