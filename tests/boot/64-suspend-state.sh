#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Every register and device of a VM keeps its value over suspend and resume,
# whatever it was doing (tests/guest/state.c); damaged state that the vmkernel is
# handed hurts nobody; wrong calls are refused.
# timeout: 200
. "$(dirname "$0")/../lib/guests.sh"
runner=$(static_program checkpoint) && guest=$(micro_guest state) || exit 1
# shellcheck disable=SC2016
console "state" --cpus 2 --mem 768 --file "$runner:/t/checkpoint" --file "$guest:/t/state" -- '
check "vmkernel loads" sh -c "insmod $module mem=256M && vmkloader"
/t/checkpoint /t/state refusals
check "wrong calls are refused" same 0 $?
free=$(vsish get /memory/free)
for what in "0 computing" "1 in HLT" "2 in an NMI"; do
	/t/checkpoint /t/state suspend 8 ${what%% *} >/tmp/out
	check "eight times, ${what#* }" same 0 $?
	says "nothing has changed, ${what#* }" "^ok rounds: [0-9]+\$" cat /tmp/out
done
seed=$(date +%N | sed "s/^0*//")
/t/checkpoint /t/state hostile 300 $seed >/tmp/out
check "damaged state is refused or harmless (seed $seed)" same 0 $?
says "both were seen" "^loaded [1-9][0-9]*, refused [1-9][0-9]*, panicked 0\$" cat /tmp/out
check "memory is back" same "$free" "$(vsish get /memory/free)"
check "vmkernel leaves" vmkloader --unload
check "kernel log is clean" log_clean'
finish
