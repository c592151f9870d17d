#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# A clone below a path with blanks builds, in parallel, runs and installs; and
# every option of the configuration changes what is built. timeout: 900
. "$(dirname "$0")/../lib/check.sh"

top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
clone="$top/a clone"
mkdir "$clone"
git ls-files -co --exclude-standard -z | tar -c --null --ignore-failed-read -T - 2>/dev/null |
	tar -x -C "$clone"
# The decoder takes longest and does not depend on the configuration.
mkdir "$clone/build"
[ ! -d build/zydis ] || cp -a build/zydis "$clone/build/"
scripts/console-run --no-load --timeout 300 -- 'sleep 60; echo "still here"' >"$top/other" 2>&1 &
cd "$clone" || exit 1

check "builds below a path with blanks" make -j2 all
check "installs" make install DESTDIR="$top/dest dir"
check "installed the vmkernel" test -s "$top/dest dir/boot/vmkernel"
check "installed the start script" test -x "$top/dest dir/etc/init.d/vmware"
check "installed the module" test -n "$(find "$top/dest dir/lib/modules" -name vmnix.ko)"
check "runs below a path with blanks" scripts/console-run --no-load --timeout 120 -- true
wait
check_match "two clones run at once" "$(cat "$top/other")" '^still here$'

sum() { sha256sum <build/vmkernel/vmkernel; }
before=$(sum)
# choose OPTION=VALUE…: in the file, as by an editor.
choose() {
	local choice
	for choice; do
		sed -i "/^CONFIG_${choice%=*}=/d; /CONFIG_${choice%=*} is not set/d" build/.config
		echo "CONFIG_$choice" >>build/.config
	done
}
while read -r choices; do
	# shellcheck disable=SC2086 # words are wanted
	choose $choices
	check "builds with $choices" make -j2 vmkernel
	check "$choices changes the vmkernel" test "$before" != "$(sum)"
	make defconfig >/dev/null
done <<'EOT'
LOG_LEVEL_DEBUG=y
ASSERTIONS=n
MAX_PCPUS=64
BOOT_SELF_TESTS=y
SCRAMBLE_TEST=n
DEVICE_COM1=n
DEVICE_RTC=n
DEVICE_I8042=n
DEVICE_PCI=n
DEVICE_BACKDOOR=n
ASSERTIONS=n SCRAMBLE_TEST=n DEVICE_COM1=n DEVICE_RTC=n DEVICE_I8042=n DEVICE_PCI=n DEVICE_BACKDOOR=n
EOT
cp build/vmnix/6.1/vmnix.ko "$top/before.ko"
choose VMNIX_DEBUG=y
check "builds with VMNIX_DEBUG=y" make build/vmnix/6.1/vmnix.ko
check "VMNIX_DEBUG=y changes the module" sh -c '! cmp -s "$1" build/vmnix/6.1/vmnix.ko' - "$top/before.ko"
choose CONSOLE_KERNEL_6_12=y DEMO_VMS=n
make build/include/generated/autoconf.h
check_match "CONSOLE_KERNEL_6_12=y changes the image" "$(make -n image)" 'mkimage --kernel 6\.12$'
out=$(scripts/console-run -q --no-load --timeout 120 -- 'uname -r; find /vmfs; vmware-cmd -l' 2>/dev/null)
check_match "and what boots" "$out" '^6\.12\.'
check "DEMO_VMS=n: no machine is there" test "${out#*demo}" = "$out"
finish
