#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Guests that do everything a guest can do, of a seed (tests/guest/hostile.c), three at once,
# beside two that keep sums of all they have: nobody but themselves is hurt. One that has ended
# itself goes on with the next seed. SEED=N OPS=N: first seed, and how many operations.
# timeout: 300
. "$(dirname "$0")/../lib/guests.sh"
seed=${SEED:-1}
ops=${OPS:-30000}
echo "# seed $seed, $ops operations"
runner=$(static_program micro_guest) && hostile=$(micro_guest hostile) &&
	neighbour=$(micro_guest neighbour) && crash=$(micro_guest crash) || exit 1

script='
. /t/sched.sh
. /t/hostile_vms.sh
/etc/init.d/vmware start >/dev/null || exit 1
# Logs and caches grow to what they are at first use.
vmware-cmd demo1 start >/dev/null && vmware-cmd demo1 stop hard >/dev/null
/t/run /t/crash 16 5 99 2>/dev/null
check "nothing runs" gone_by 10 sh -c "[ \$(vsish ls /vm | wc -l) != 0 ]"
memory_before=$(memory_but_slabs) free=$(free_kb)
neighbours_start
timers_before=$(timers)
hammer "$seed" "$ops"
check "hostile guests: at least $ops operations" test "$(cat /tmp/ops.*  | sum)" -ge "$ops"
check "every PCPU took interrupts of its timer meanwhile" all_grew "$timers_before" "$(timers)"
check "the console answers" same off "$(vmware-cmd -q demo1 getstate)"
check "a machine boots meanwhile" sh -c "vmware-cmd demo1 start && vmware-console demo1 --until guest# --timeout 60"
check "and stops" vmware-cmd demo1 stop hard
neighbours_end
says "the vmkernel lives" "^vmkernel: loaded" vmkloader --status
check "no PANIC in its log" sh -c "! grep -i panic /proc/vmware/log"
check "no VM is left" gone_by 10 sh -c "[ \$(vsish ls /vm | wc -l) != 0 ]"
check "memory is as before" same "$memory_before" "$(memory_but_slabs)"
check "no memory of Linux is lost" within "$free" "$(free_kb)" 1500
check "vmkernel leaves" vmkloader --unload
check "kernel log is clean" log_clean'
console "hostile" --cpus 4 --mem 1024 --file "$runner:/t/run" --file "$hostile:/t/hostile" \
	--file "$neighbour:/t/neighbour" --file "$crash:/t/crash" --file tests/lib/sched.sh:/t/sched.sh \
	--file tests/lib/hostile_vms.sh:/t/hostile_vms.sh -- "seed=$seed ops=$ops
$script"
finish
