#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The tools in the guest, Debian's unmodified open-vm-tools: variables both
# ways, heartbeat, halt and reboot, limits, and a process that is killed.
# timeout: 160
. "$(dirname "$0")/../lib/boot.sh"
terminal=$(static_program on_terminal) || exit 1
tools=$(scripts/cache-dir)/open-vm-tools
[ -e "$tools/.complete" ] || { not_ok "open-vm-tools are in the cache (scripts/setup)"; finish; }
scripts/mkimage >/dev/null
image=build/tests/tools.img
tests/lib/tools_initrd.py build/image/guest-6.1.img "$tools" $image || exit 1

console "open-vm-tools" --cpus 2 --mem 1024 --file "$terminal:/t/term" --file "$image:/t/tools.img" \
	--file tests/lib/guest_rpc.sh:/t/guest_rpc.sh -- '. /t/guest_rpc.sh'
finish
