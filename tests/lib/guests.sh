# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Micro-guests: programs of tests/guest/ that run in a VM without an operating system.
. "$(dirname "${BASH_SOURCE[0]}")/boot.sh"

# micro_guest NAME: builds tests/guest/NAME.c, with NAME_*.c and NAME_*.S, as a flat image;
# prints its path.
micro_guest() {
	mkdir -p build/tests/guest
	local parts=()
	for part in tests/guest/"$1"_*.[cS]; do
		[ ! -e "$part" ] || parts+=("$part")
	done
	gcc-12 -std=gnu11 -O2 -Wall -Wextra -Werror -ffreestanding -nostdlib -static -fno-pic -no-pie \
		-mno-red-zone -mgeneral-regs-only -mcmodel=small -fno-stack-protector -fcf-protection=none \
		-fno-asynchronous-unwind-tables -Itests/guest -Wl,-T,tests/guest/guest.lds \
		-Wl,--build-id=none -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments \
		-o "build/tests/guest/$1.elf" tests/guest/start.S tests/guest/guest.c "tests/guest/$1.c" "${parts[@]}" &&
		objcopy -O binary "build/tests/guest/$1.elf" "build/tests/guest/$1" || return 1
	echo "build/tests/guest/$1"
}

# kvm_modules KERNEL: AMD's KVM and what it needs of Debian's kernel KERNEL, one file a line in
# the order of loading.
kvm_modules() {
	local cache
	cache=$(scripts/cache-dir)
	for module in virt/lib/irqbypass drivers/crypto/ccp/ccp arch/x86/kvm/kvm arch/x86/kvm/kvm-amd; do
		echo "$cache/kernels/$1/modules/kernel/$module.ko"
	done
}
