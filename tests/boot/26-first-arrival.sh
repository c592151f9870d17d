#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# A vmkernel that fails before it has anything of its own: the console gets
# its processor back and says why, and the next vmkernel is none the worse.
. "$(dirname "$0")/../lib/boot.sh"
with=()
for symbol in vmkernel_entry step_pages step_vmm; do
	mkdir -p build/tests/planted
	tests/lib/plant.py build/vmkernel/vmkernel $symbol build/tests/planted/$symbol || exit 1
	with+=(--file "build/tests/planted/$symbol:/t/$symbol")
done
log=$(mktemp)
trap 'rm -f "$log"' EXIT
console "first arrival" "${with[@]}" --vmk-log "$log" -- '
insmod $module mem=128M || exit 1
refused "a fault at the first instruction" "exception 6 at 0x[0-9a-f]* in the crossing" vmkloader /t/vmkernel_entry
refused "a fault before there are pages" "has panicked|stopped" vmkloader /t/step_pages
refused "a fault with the VMM" "has panicked|stopped" vmkloader /t/step_vmm
check "all CPUs are back" same "0-$(($(nproc) - 1))" "$(cat /sys/devices/system/cpu/online)"
check "the next one loads" vmkloader
check "and works" vmnix-test selftest --rounds 20
check "and leaves" vmkloader --unload
check "kernel log is clean" log_clean'
check_match "COM2 names the exception" "$(cat "$log")" "@BlueScreen: Exception 6 .*PCPU 0"
check_match "and where it was" "$(cat "$log")" "step_pages\+0x0"
check_match "and in the VMM" "$(cat "$log")" "step_vmm\+0x0"
finish
