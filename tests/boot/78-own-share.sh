#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Who is greedy gets what it is entitled to, and no more. A guest that sleeps a moment before each
# end of its slice steals nothing: its share is its entitlement within 1 %, by the vmkernel's clock
# and by the work that was done. One that triple-faults and starts again, spins, or exits as fast
# as it can, costs its neighbours nothing that is theirs. In counted instructions.
# THEFT=6 LOOPS=6 SLICE_US=10000 in the environment: for so many seconds, with slices of so many us
# (fewer by default, with shorter ones, so that there are as many of them).
# timeout: 290
. "$(dirname "$0")/../lib/guests.sh"
runner=$(static_program micro_guest) && greedy=$(micro_guest greedy) || exit 1

script='
. /t/sched.sh
insmod $module mem=512M && vmkloader >/dev/null || exit 1
memory_before=$(memory_but_slabs)
vsish set /sched/slice_ns ${slice}000
spins=0 thief=1 exits=2 faults_at_once=3 faults_late=4

# run WAY NAME SHARES: a guest of that way; its world is known by its shares.
run() {
	RESETS=1 /t/run /t/greedy 16 1000 $((slice << 8 | $1)) $3 >/tmp/said.$2 2>/tmp/exits.$2 &
	runners="$runners $!" names="$names $2"
}
# The last line but one: the last may have no end yet, and a part of a number is another number.
units() { for name in $names; do echo "$name $(tr -d "\r" </tmp/said.$name | grep -a "^units [0-9]*$" | tail -2 | head -1 | cut -d" " -f2)"; done; }
# The figures of worlds and PCPUs, and the work done, before and after so many seconds.
measure() {
	sleep 0.5 # they settle
	worlds_times >/tmp/w0; pcpus_times >/tmp/p0; units >/tmp/u0
	sleep $1
	worlds_times >/tmp/w1; pcpus_times >/tmp/p1; units >/tmp/u1
}
start() {
	runners= names= wanted=$(($# / 2)) place=0
	while [ $# -gt 0 ]; do place=$((place + 1)); run $1 g$place $2; shift 2; done
	check "$wanted guests run" gone_by 20 sh -c "[ \$(vsish ls /vm | wc -l) != $wanted ]"
}
stop() { kill $runners; wait; }

# worked N PERCENT: of all the work each did one Nth, within so many percent of it.
worked() {
	awk -v n=$1 -v tolerance=$2 "
	NR == FNR { before[\$1] = \$2; next }
	{ did[\$1] = \$2 - before[\$1]; all += did[\$1] }
	END {
		for (g in did) {
			off = (did[g] * n / all - 1) * 100
			printf \"# %s did %d units, off by %.2f %%\n\", g, did[g], off
			bad += off > tolerance || off < -tolerance
		}
		exit bad || !all
	}" /tmp/u0 /tmp/u1 >/tmp/worked
	status=$?
	cat /tmp/worked
	return $status
}

# A third of the one PCPU each. 1001 shares: a name.
start $thief 1001 $spins 1000 $spins 1000
measure $theft
check "the thief has its share within 1 %" entitled "1001:33.33 1000:33.33" 1 /tmp/w0 /tmp/w1
cat /tmp/entitled
check "and does as much work" worked 3 3
cat /tmp/worked
check "the PCPU never idles" busy 1 /tmp/p0 /tmp/p1 1
stop
# A third of the time is its own; it sleeps once in each slice of that.
least=$(awk "BEGIN { print int($theft * 1000000 / $slice / 3 * 0.6) }")
slept=$(awk "\$1 == \"hlt\" { print \$2 }" /tmp/exits.g1)
check "it slept before most of its ticks ($slept times)" [ "$slept" -gt $least ]

start $faults_at_once 1001 $faults_late 1002 $exits 1003 $spins 1000 $spins 1000 $spins 1000
measure $loops
# What those that start again and again do not use is for the others, in equal parts; and they have
# no more than each of these.
own_share() {
	awk "
	NR == FNR { used[\$1] = \$5; now[\$1] = \$4; next }
	{ had = (\$5 - used[\$1]) * 100 / (\$4 - now[\$1]) }
	\$3 == 1001 || \$3 == 1002 { again[\$3] = had; less += had; n++ }
	\$3 == 1000 || \$3 == 1003 { other[\$1] = had; n++ }
	END {
		part = (100 - less) / 4
		for (s in again) {
			printf \"# shares %d: %.2f %%\\n\", s, again[s]
			bad += again[s] > part * 1.01
		}
		for (w in other) {
			off = (other[w] / part - 1) * 100
			printf \"# world %d: %.2f %%, off by %.2f %%, entitled to %.2f %%\\n\", w, other[w], off, 100 / 6
			bad += off > 1.5 || off < -1.5 || other[w] < 100 / 6
		}
		exit bad || n != 6
	}" /tmp/w0 /tmp/w1
}
check "who starts again has no more than the others, and these all the rest in equal parts" own_share
own_share
check "the PCPU does not idle" busy 1 /tmp/p0 /tmp/p1 1
stop
resets() { sed -n "s/^resets //p" /tmp/exits.$1; }
for g in g1 g2; do check "$g has started again ($(resets $g) times)" [ "$(resets $g)" -gt 20 ]; done
check "nobody is left" gone_by 10 sh -c "[ \$(vsish ls /vm | wc -l) != 0 ]"
check "memory is as before" same "$memory_before" "$(memory_but_slabs)"
check "vmkernel leaves" vmkloader --unload
check "kernel log is clean" log_clean'
console "own share" --icount --cpus 2 --append maxcpus=1 --mem 1024 --file "$runner:/t/run" \
	--file "$greedy:/t/greedy" --file tests/lib/sched.sh:/t/sched.sh -- "slice=${SLICE_US:-2500} theft=${THEFT:-1.5} loops=${LOOPS:-2}
$script"
finish
