#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Guests without an operating system: what a VM's processor and devices must
# do, and every way for a guest to end, which must hurt nobody else.
# timeout: 200
. "$(dirname "$0")/../lib/guests.sh"
runner=$(static_program micro_guest) && features=$(micro_guest features) && crash=$(micro_guest crash) ||
	exit 1

# What is left of memory and VSI nodes afterwards must be as before.
script='
check "vmkernel loads" sh -c "insmod $module mem=256M && vmkloader"
/t/run /t/crash 16 1 99 2>/dev/null
free=$(vsish get /memory/free)
/t/run /t/features 2>/tmp/err
says "features (status)" "^0\$" echo $?
ends() { /t/run /t/crash 16 ${4:-5} $2 >/tmp/out 2>/tmp/err; says "$1 (status)" "^$3 " echo $? "$(head -1 /tmp/err)"; }
because() { says "$1" "$2" cat /tmp/err; }
ends "page table in no memory" 0 1; because "it says so" "page table at 0xd0000000"
ends "stack in no memory" 1 1; because "it says so" "table or stack at 0xd0000"
ends "code in no memory" 2 0; cat /tmp/out
ends "SSE to no memory" 3 1; because "it says so" "movups"
ends "PUSH to no memory" 4 1; because "it says so" "push"
ends "triple fault is a reset" 5 2
ends "HLT with interrupts off" 6 3 1
ends "endless loop with interrupts off" 7 3 1
ends "reset by port CF9" 8 2
ends "reset by the keyboard controller" 9 2
ends "INIT to itself is a reset" 10 2
ends "endless exits" 11 3 1
check "memory is back" same "$free" "$(vsish get /memory/free)"
says "no VM is left" "^0\$" sh -c "vsish ls /vm | wc -l"
check "vmkernel leaves" vmkloader --unload
check "kernel log is clean" log_clean'
with=(--cpus 3 --mem 1024 --file "$runner:/t/run" --file "$features:/t/features" --file "$crash:/t/crash")
console "micro-guests" "${with[@]}" -- "$script"
console "micro-guests under 5 levels" "${with[@]}" --cpu EPYC,+la57 -- "$script"
finish
