# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Figures of a machine whose TSC counts instructions: for tests/bench, which prints
# them, and tests/boot/45-bench.sh, which holds them to the aims. They come as lines
# "NAME FIGURE"; those of KVM have "kvm_" before their name.
. "$(dirname "${BASH_SOURCE[0]}")/guests.sh"
measured=

# What vmnix and KVM both do in their kernels: name, text.
compared_figures="\
cpuid CPUID
cpuid_xstate CPUID, a leaf that varies (0xd)
rdmsr RDMSR (HWCR)
wrmsr WRMSR (HWCR)
wrmsr_timer WRMSR that sets the timer (TSC deadline)
port_pic IN from the PIC
port_pit IN from the PIT, a counter
mmio_lapic local APIC: read
mmio_lapic_eoi local APIC: end of interrupt
mmio_ioapic I/O APIC: read
nested_fault nested fault: first touch of 2 MiB, zeroing included
timer_wake timer: from its deadline to the handler, out of HLT"

# At most: name, figure, text. CPUID must be this much shorter than KVM's, the others not longer.
aims="\
call 400 whole crossing, with a call served
cpuid 200 CPUID exit"
aim_cpuid_ratio=12

# One processor for Linux and one for the vmkernel: Linux starts no other
# itself, which -icount's single thread would make it wait for for ever.
counting_console() {
	scripts/console-run -q --no-load --icount --cpus 2 --append maxcpus=1 --timeout 200 "$@"
}

measure_vmnix() {
	local kernel=$1 runner guest
	runner=$(static_program micro_guest) && guest=$(micro_guest bench) || return 1
	counting_console --kernel "$kernel" --file "$runner:/t/run" --file "$guest:/t/guest" -- '
		insmod /lib/modules/$(uname -r)/extra/vmnix.ko mem=768M && vmkloader >/dev/null || exit 1
		vmnix-test bench --rounds 200
		vmnix-test usercall 200 | sed "s/empty/user_empty/"
		vmnix-test vmcost 64
		/t/run /t/guest 64 60 2>/dev/null || exit 1
		for leaf in total free; do echo "mem_$leaf $(vsish get /memory/$leaf)"; done
		vmkloader --status | sed -n "s/.*image \([0-9]*\) KiB/image_kib \1/p"
		vmkloader --unload >/dev/null && rmmod vmnix' | awk '
		{ print; figure[$1] = $2 }
		END { # less what two RDTSC with nothing between them count
			print "page", figure["page_tsc"] - figure["empty_tsc"]
			print "call", figure["call_tsc"] - figure["empty_tsc"]
			print "usercall", figure["user_tsc"] - figure["user_empty_tsc"]
		}'
	return "${PIPESTATUS[0]}"
}

# measure_kvm KERNEL [OPTIONS [PREFIX]]: the same guest in the same machine under AMD's KVM as
# Debian ships it; OPTIONS are for Linux's boot line. Its timer comes when it was set for, as
# ours does: by default KVM would set it earlier by what it has learned the way to take.
measure_kvm() {
	local kernel=$1 runner guest module files=() i=0
	runner=$(static_program kvm_guest) && guest=$(micro_guest bench) || return 1
	for module in $(kvm_modules "$kernel"); do
		files+=(--file "$module:/kvm/$((i++))-${module##*/}")
	done
	counting_console --kernel "$kernel" "${files[@]}" --append "maxcpus=1 ${2:-}" \
		--file "$runner:/t/run" --file "$guest:/t/guest" -- '
		for module in /kvm/*; do
			case $module in *-kvm.ko) option=lapic_timer_advance_ns=0 ;; *) option= ;; esac
			insmod $module $option || exit 1
		done
		/t/run /t/guest 64' | sed "s/^/${3:-kvm}_/"
	return "${PIPESTATUS[0]}"
}

# measure WHAT COMMAND…: keeps the figures that the command prints, or says that WHAT failed.
measure() {
	local what=$1 out
	shift
	if ! out=$("$@"); then
		echo "$out" >&2
		echo "bench: $what does not measure" >&2
		return 1
	fi
	measured+=$out$'\n'
}

figure() { awk -v name="$1" '$1 == name { print $2; exit }' <<<"$measured"; }

# ratio A B: A/B with one digit behind the point.
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }

# A >= B, and both were measured.
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > 0 && b > 0 && a + 0 >= b + 0) }'; }
