#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The checks of the boundary can fail: each kind of violation, planted in a
# copy, is found and named. timeout: 300
. "$(dirname "$0")/../lib/check.sh"

top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
git clone -q . "$top/tree" && cp -a build "$top/tree/" || exit 1
# What is changed here and not committed belongs to the copy, too.
git ls-files -mo --exclude-standard -z | tar -c --null --ignore-failed-read -T - 2>/dev/null |
	tar -x -C "$top/tree"
cd "$top/tree" || exit 1

# violation NAME FILE SED-COMMAND PATTERN: changes the file, looks for the complaint, puts it back.
violation() {
	cp "$2" "$top/saved"
	sed -i "$3" "$2"
	local out
	out=$(make vmkernel 2>&1 && scripts/boundary 2>&1)
	check_match "$1" "$out" "$4"
	cp "$top/saved" "$2"
}
out=$(make vmkernel 2>&1; scripts/boundary 2>&1)
check_match "as it is, all holds" "$out" ', 0 do not$|: [0-9]+ hold, 0 do not'
violation "a header of Linux" vmkernel/lib/text.c '$a #include "/usr/include/linux/magic.h"' \
	'vmkernel/lib/text.c.* reads /usr/include/linux/magic.h'
violation "a file of the module" vmkernel/lib/text.c '$a #include "../../vmnix/image.h"' \
	'vmkernel/lib/text.c.* reads .*vmnix/image.h|fatal error: .*vmnix/image.h|^[^ ]*vmnix/image.h:[0-9:]+ .*error'
violation "an undefined symbol" vmkernel/lib/text.c '$a int printk(void); int call(void); int call(void) { return printk(); }' \
	'undefined reference to .printk'
violation "a licence that is not the folder's" vmkernel/lib/text.c '1s/BSD-2-Clause/GPL-2.0-only/' \
	'vmkernel/lib/text.c: GPL-2.0-only, want BSD-2-Clause'
violation "a file without licence" vmkernel/lib/text.c '1,2d' 'text.c'
violation "a new struct of the ABI" world-switch/types.h '$i struct planted { int a; };' \
	'new: struct planted'
violation "a field of the ABI that is gone" world-switch/layout.txt \
	'/^struct hc_vm_power$/,/^struct/{/total size/d}' 'new: .*total size.*in struct hc_vm_power'
violation "an import that nobody has reviewed" vmnix/imports.txt '/^vmalloc /d;/^vfree /d' 'new: v(free|malloc) '
violation "an import marked otherwise than Linux does" vmnix/imports.txt 's/^vfree any/vfree gpl/' 'vfree'
finish
