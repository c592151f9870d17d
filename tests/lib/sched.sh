# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# For tests in the console, after console.sh: what the vmkernel says of time and memory.

# gone_by SECONDS COMMAND…: the command fails before that time.
gone_by() {
	tries=$(($1 * 10))
	shift
	while [ $tries -gt 0 ] && "$@"; do
		usleep 100000
		tries=$((tries - 1))
	done
	[ $tries -gt 0 ]
}

# A line for each VCPU: id name shares now used ready wait capped stopped … switches.
worlds_times() {
	for id in $(vsish ls /sched/worlds); do
		[ "${id%/}" -ge 1088 ] || continue # the console's and idle worlds
		world=/sched/worlds/${id%/}
		echo "$(vsish get "$world/all" | awk '{ print $1, $13, $5 }') $(vsish get "$world/times")" \
			"$(vsish get "$world/switches")"
	done
}

# Lines "PCPU WHAT NS" for each PCPU; WHAT: now, idle, busy, or the id of a world.
pcpus_times() {
	for pcpu in $(vsish ls /sched/pcpus); do
		vsish get "/sched/pcpus/${pcpu%/}/times" | sed "s/^/${pcpu%/} /"
	done
}

# entitled "KEY:PERCENT…" TOLERANCE BEFORE AFTER: of one PCPU, the worlds (KEY: in their name, or
# shares; a name counts first) had that much; TOLERANCE is in percent of it. Times of a world
# must be all of its time, too. What they had is left in /tmp/entitled.
entitled() {
	awk -v keys="$1" -v tolerance="$2" '
	BEGIN { n = split(keys, k, " "); for (i = 1; i <= n; i++) { split(k[i], a, ":"); want[a[1]] = a[2] } }
	NR == FNR { now[$1] = $4; used[$1] = $5; wait[$1] = $7; all[$1] = $5 + $6 + $7 + $8 + $9; next }
	$1 in now {
		t = $4 - now[$1]; had = ($5 - used[$1]) * 100 / t; key = $3
		for (x in want) if (index($2, x) && x !~ /^[0-9]/) key = x
		off = want[key] ? (had - want[key]) * 100 / want[key] : 999
		whole = ($5 + $6 + $7 + $8 + $9 - all[$1]) * 100 / t
		good = off <= tolerance && off >= -tolerance && whole > 99.9 && whole < 100.1
		printf "# %s %s: %.2f %% of a PCPU, wanted %s, off by %.2f %%, waited %.2f %%, states %.2f %%%s\n",
			$1, $2, had, want[key], off, ($7 - wait[$1]) * 100 / t, whole, good ? "" : " WRONG"
		bad += !good; seen++
	}
	END { exit bad || !seen }' "$3" "$4" >/tmp/entitled
	status=$?
	[ $status = 0 ] || grep WRONG /tmp/entitled
	return $status
}

# cheap "NAME:PERCENT:RUNS"… (BEFORE AFTER: /tmp/w0, /tmp/w1): worlds of that name used at most
# so much of a PCPU and were put on one at most so many times a second.
cheap() {
	awk -v keys="$*" '
	BEGIN { n = split(keys, k, " "); for (i = 1; i <= n; i++) { split(k[i], a, ":"); percent[a[1]] = a[2]; runs[a[1]] = a[3] } }
	NR == FNR { now[$1] = $4; used[$1] = $5; switches[$1] = $NF; next }
	{
		t = $4 - now[$1]; had = ($5 - used[$1]) * 100 / t; ran = ($NF - switches[$1]) * 1e9 / t
		for (x in percent) if (index($2, x)) {
			printf "# %s: %.3f %% of a PCPU, %.1f runs a second\n", $2, had, ran
			bad += had > percent[x] || ran > runs[x]; seen++
		}
	}
	END { exit bad || seen != n }' /tmp/w0 /tmp/w1
}

# all_have NAME PERCENT BEFORE AFTER: each world of that name had at least that much of a PCPU.
all_have() {
	awk -v name="$1" -v least="$2" '
	NR == FNR { now[$1] = $4; used[$1] = $5; next }
	index($2, name) {
		had = ($5 - used[$1]) * 100 / ($4 - now[$1])
		printf "# %s: %.2f %% of a PCPU\n", $2, had
		bad += had < least; seen++
	}
	END { exit bad || !seen }' "$3" "$4"
}

# times_add_up BEFORE AFTER: idle + busy, and idle + all worlds, are 99 to 101 % of each PCPU's time.
times_add_up() {
	awk '
	NR == FNR { before[$1 " " $2] = $3; next }
	{
		d = $3 - before[$1 " " $2]
		if ($2 == "now") now[$1] = d
		else if ($2 == "busy") busy[$1] = d
		else { sum[$1] += d; if ($2 == "idle") busy_and_idle[$1] = d }
	}
	END {
		for (p in now) {
			busy_and_idle[p] = (busy_and_idle[p] + busy[p]) * 100 / now[p]
			sum[p] = sum[p] * 100 / now[p]
			printf "# PCPU %s: idle and busy %.2f %%, idle and worlds %.2f %%\n", p, busy_and_idle[p], sum[p]
			bad += busy_and_idle[p] < 99 || busy_and_idle[p] > 101 || sum[p] < 99 || sum[p] > 101
			seen++
		}
		exit bad || !seen
	}' "$1" "$2"
}

# busy N BEFORE AFTER [TOLERANCE]: all PCPUs together were busy N times the interval, within percent.
busy() {
	awk -v n="$1" -v tolerance="${4:-1}" '
	NR == FNR { before[$1 " " $2] = $3; next }
	$2 == "now" { now = $3 - before[$1 " now"] }
	$2 == "busy" { part += ($3 - before[$1 " busy"]) / now }
	END {
		printf "# busy: %.3f PCPUs\n", part
		exit (part - n) * 100 > tolerance * (n ? n : 1) || (n - part) * 100 > tolerance * (n ? n : 1)
	}' "$2" "$3"
}

# busy_at_most PCPUS BEFORE AFTER
busy_at_most() {
	awk -v most="$1" '
	NR == FNR { before[$1 " " $2] = $3; next }
	$2 == "now" { now = $3 - before[$1 " now"] }
	$2 == "busy" { part += ($3 - before[$1 " busy"]) / now }
	END { printf "# busy: %.4f PCPUs\n", part; exit part > most }' "$2" "$3"
}

# Pages by owner, total and free bytes, live heap: what must be the same afterwards.
memory_state() {
	for node in $(vsish ls /memory/owners); do echo "$node $(vsish get "/memory/owners/$node")"; done
	echo "free $(vsish get /memory/free) total $(vsish get /memory/total)"
	vsish get /memory/heap | grep -E '^(live|bytes)'
}

# The same but for empty slabs, of which the heap keeps one of each class: they count as free.
memory_but_slabs() {
	memory_state | awk '
	$1 == "slab" { slabs = $2; next }
	$1 == "free" && NF == 2 { free = $2; next }
	$1 == "free" { print "free or slabs", $2 + slabs * 4096, "total", $4; next }
	{ print }
	END { print "free pages or slabs", free + slabs }'
}

# All pages that owners have and those that are free are all pages.
memory_adds_up() {
	memory_state | awk '
	$1 == "free" { free = $2 / 4096; total = $4 / 4096; next }
	/^(live|bytes)/ { next }
	{ sum += $2 }
	END { printf "# owners %d + free %d, total %d pages\n", sum, free, total; exit sum + free != total }'
}
