#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The crossing keeps every register of the state table, on every kind of
# processor and paging that changes what it must keep: random patterns from a
# printed seed, which SEED= repeats. Then 100,000 crossings of a busy Linux.
# timeout: 400
. "$(dirname "$0")/../lib/boot.sh"
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
echo "# seed $seed"

# crossing TITLE FLAGS ABSENT OPTION…: the self-test on a machine whose processor
# has these flags, as Linux sees them, and has not those.
crossing() {
	local title=$1 flags=$2 absent=$3
	shift 3
	console "$title" --cpus 2 --mem 512 "$@" -- "
cpu=\$(grep -m1 '^flags' /proc/cpuinfo)
for flag in $flags; do says \"has \$flag\" \"[ :]\$flag( |\$)\" echo \"\$cpu\"; done
for flag in $absent; do refused \"has no \$flag\" '^\$' sh -c \"echo '\$cpu' | grep -w \$flag >/dev/null\"; done
case \$cpu in *' pcid'*) ;; *) echo '# without PCID' ;; esac
check 'vmkernel loads' sh -c \"insmod \$module mem=64M && vmkloader\"
says 'registers come back' '3000 of 3000 rounds right' vmnix-test selftest --rounds 3000 --seed $seed
says 'registers come back with another seed' '1000 of 1000' vmnix-test selftest --rounds 1000 --seed $((seed + 1))
check 'calls' vmnix-test usercall 1000
check 'vmkernel leaves' vmkloader --unload
check 'kernel log is clean' log_clean"
}

# QEMU's emulation has no PCID and says so on stderr; an accelerated machine has it.
crossing "plain" "smep smap fsgsbase xsave avx rdtscp" "pti la57"
crossing "page tables apart" "pti smap" "" --append pti=on --kernel 5.10
crossing "page tables apart, Intel, PCID where there is one" "pti avx" "svm" \
	--cpu Skylake-Server --append pti=on
crossing "5 levels" "la57 smap" "pti" --cpu EPYC,+la57
crossing "5 levels, page tables apart" "la57 pti" "" --cpu EPYC,+la57 --append pti=on --kernel 6.12
crossing "an old processor" "" "xsave avx smep smap fsgsbase" \
	--cpu EPYC,-xsave,-avx,-avx2,-smep,-smap,-fsgsbase

load=$(static_program crossing_load) || exit 1
console "busy Linux" --mem 1024 --file "$load:/t/load" -- '
ip link set lo up
check "vmkernel loads" sh -c "insmod $module mem=64M && vmkloader"
before=$(hwclock | cut -c 1-24)
/t/load 100000
echo "# $before: $(date)"
away=$(($(date +%s) - $(date -d "$(hwclock | cut -c 12-19)" +%s)))
check "wall clock and the clock chip agree" within $away 0 1
says "all was counted" "[0-9]{6} crossings" vmkloader --status
check "vmkernel leaves" vmkloader --unload
check "kernel log is clean" log_clean'
finish
