# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# For tests in the console, after console.sh and sched.sh: hostile guests and their neighbours.
sum() { awk '{ s += $1 } END { print s + 0 }'; }

# Interrupts of the timer that each of the vmkernel's PCPUs took: the console's comes first.
timers() { vsish get /interrupts | awk '$NF == "timer" { for (i = 3; i < NF; i++) print $i }'; }

# all_grew BEFORE AFTER
all_grew() {
	{ echo "$1"; echo; echo "$2"; } | awk '
	!NF { second = 1; next }
	!second { before[++n] = $1; next }
	{ m++; printf "# timer interrupts of PCPU %d: %d\n", m, $1 - before[m]; bad += $1 <= before[m] }
	END { exit bad || !n || m != n }'
}

rounds() { grep -c "^round" "/tmp/neighbour.$1"; }

# more_rounds N HOW-MANY: that neighbour comes by more rounds.
more_rounds() {
	wanted=$(($(rounds "$1") + $2))
	gone_by 60 sh -c "[ \$(grep -c '^round' /tmp/neighbour.$1) -lt $wanted ]" || { tail -3 "/tmp/neighbour.$1"; return 1; }
}

neighbours_start() {
	for n in 1 2; do
		/t/run /t/neighbour 16 100000 >/tmp/neighbour.$n 2>/tmp/neighbour_exits.$n &
		eval "neighbour$n=$!"
	done
	for n in 1 2; do check "neighbour $n runs" more_rounds $n 1; done
}

# What they said is all good, and in order. Then shows that they would notice.
neighbours_end() {
	for n in 1 2; do
		check "neighbour $n goes on" more_rounds $n 2
		sed '$d' /tmp/neighbour.$n >/tmp/said.$n # the last line may not be whole
		told=$(wc -l </tmp/said.$n)
		check "neighbour $n: $told rounds, nothing of its own has changed" \
			same "" "$(grep -avE '^round [0-9]+ sum 0x[0-9a-f]{16} ticks [0-9]+$' /tmp/said.$n)"
		check "neighbour $n: none is missing" same "$told" "$(awk '$2 == NR { n++ } END { print n + 0 }' /tmp/said.$n)"
		eval "kill -USR1 \$neighbour$n"
	done
	for n in 1 2; do
		check "neighbour $n notices a byte that is changed" noticed $n
		eval "kill \$neighbour$n; wait \$neighbour$n"
	done
}

# One that is changed while it has yet to be filled anew is not noticed: again, then.
noticed() {
	tries=100
	until grep -q "^not ok memory is what it was" "/tmp/neighbour.$1"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		eval "kill -USR1 \$neighbour$1"
		usleep 150000
	done
}

# Operations that a hostile guest had done by its last whole line in FILE.
done_by() {
	tr -d '\r' <"$1" | grep -aoE "^hostile $2 at [0-9]+ exceptions [0-9]+ restarts [0-9]+$" | tail -n 1 | cut -d " " -f 4
}

# slot NAME FIRST-SEED STEP OPS: one hostile guest after the other until they have done OPS.
slot() {
	name=$1 s=$2 all=0
	: >/tmp/ends.$name
	while [ $all -lt $4 ]; do
		SILENCE=2 /t/run /t/hostile 16 ${life:-20} $s >/tmp/hostile.$name 2>/tmp/exits.$name
		status=$?
		[ $status != 4 ] || { echo "seed $s: not started: $(cat /tmp/exits.$name)"; break; } >>/tmp/ends.$name
		did=$(done_by /tmp/hostile.$name $s)
		all=$((all + ${did:-0}))
		echo "seed $s did ${did:-0}: $(head -n 1 /tmp/exits.$name)" >>/tmp/ends.$name
		tail -n +2 /tmp/exits.$name >>/tmp/all_exits.$name
		s=$((s + $3))
		echo $all >/tmp/ops.$name
	done
}

# hammer SEED OPS: three at once, each with seeds of its own.
hammer() {
	slots=
	for i in 0 1 2; do
		slot $i $(($1 + i)) 3 $(($2 / 3 + 1)) &
		slots="$slots $!"
	done
	for pid in $slots; do wait $pid; done
	cat /tmp/ends.* | awk '
	{ n++; state[$0 ~ /state 1/ ? "silent or at its time" : $0 ~ /state 2/ ? "off" : $0 ~ /state 3/ ? "reset" : $0 ~ /state 4/ ? "crashed" : "?"]++ }
	END { printf "# %d seeds:", n; for (s in state) printf " %d %s", state[s], s; print "" }'
	cat /tmp/all_exits.* | awk '{ n[$1] += $2; all += $2 } END { printf "# %d exits of %d kinds\n", all, length(n) }'
	echo "# operations: $(cat /tmp/ops.* | sum); seeds $1 to $(cat /tmp/ends.* | awk '{ if ($2 > m) m = $2 } END { print m }')"
	check "every hostile guest could be started" sh -c "! grep 'not started' /tmp/ends.*"
}
