#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The aims of docs/performance.md, and how exits compare with those of Debian's KVM on
# the same emulated machine. Instructions are counted, not time: no load disturbs them.
. "$(dirname "$0")/../lib/check.sh"
. tests/lib/measure.sh

if measure vmnix measure_vmnix 6.1 && measure KVM measure_kvm 6.1; then
	ok "vmnix and KVM measure"
else
	not_ok "vmnix and KVM measure"
	finish
fi
echo "# ${measured//$'\n'/$'\n'# }"
while read -r name limit text; do
	check "$text: at most $limit instructions" at_least "$limit" "$(figure "$name")"
done <<<"$aims"
check "KVM's CPUID exit is at least $aim_cpuid_ratio times as long" \
	at_least "$(figure kvm_cpuid)" $((aim_cpuid_ratio * $(figure cpuid)))
while read -r name text; do
	check "no longer than KVM's: $text" at_least "$(figure "kvm_$name")" "$(figure "$name")"
done <<<"$compared_figures"
finish
