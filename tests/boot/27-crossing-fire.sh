#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The crossing under fire: while the console crosses without pause, a processor of
# the vmkernel sends it NMIs. Each must reach Linux, once, and every register come
# back. CROSSINGS= says how often at least (docs/reliability.md has a million).
# timeout: 200
. "$(dirname "$0")/../lib/boot.sh"
module=$(test_module nmis) || exit 1
console "fire" --cpus 2 --mem 512 --file "$module:/t/nmis.ko" -- '
crossings() { vmkloader --status | sed -n "s/.* \([0-9]*\) crossings.*/\1/p"; }
counted() { cat /sys/module/nmis/parameters/count; }
sent() { vsish get /debug/nmis; }
insmod $module mem=64M && vmkloader >/dev/null && insmod /t/nmis.ko || exit 1
refused "too many" "limit|range" vsish set /debug/nmis 10000001
refused "no number" "bad parameter" vsish set /debug/nmis many
linux=$(awk "/^ *NMI:/ { print \$2 }" /proc/interrupts)
vsish set /debug/nmis 10000000
right=yes
until [ "$(crossings)" -gt '"${CROSSINGS:-100000}"' ]; do
	vmnix-test usercall 5000 >/dev/null && vmnix-test selftest --rounds 2000 --seed $(crossings) >/dev/null ||
		{ right=no; break; }
done
check "registers came back" test $right = yes
vsish set /debug/nmis 0
# The sender may be on its way with one more, and be kept from going on by the machine below.
settled() { last=$(sent); sleep 1; vmnix-test usercall 100 >/dev/null; test $last = $(sent); }
until settled; do :; done
echo "# $(crossings) crossings, $(sent) NMIs sent, $(counted) counted"
check "many were sent" test $(sent) -gt 200
check "each was delivered, once" same $(sent) $(counted)
check "Linux has counted as many" same $(counted) $(($(awk "/^ *NMI:/ { print \$2 }" /proc/interrupts) - linux))
check "vmkernel leaves" vmkloader --unload
check "kernel log is clean" log_clean'
finish
