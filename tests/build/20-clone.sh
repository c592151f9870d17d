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
while read -r option value; do
	sed -i "/^CONFIG_$option=/d; /CONFIG_$option is not set/d" build/.config
	echo "CONFIG_$option=$value" >>build/.config
	check "builds with $option=$value" make -j2 vmkernel
	check "$option=$value changes the vmkernel" test "$before" != "$(sum)"
	make defconfig >/dev/null
done <<'EOT'
LOG_LEVEL_DEBUG y
ASSERTIONS n
MAX_PCPUS 64
BOOT_SELF_TESTS y
SCRAMBLE_TEST n
DEVICE_COM1 n
DEVICE_RTC n
DEVICE_I8042 n
DEVICE_PCI n
DEVICE_BACKDOOR n
EOT
cp build/vmnix/6.1/vmnix.ko "$top/before.ko"
echo CONFIG_VMNIX_DEBUG=y >>build/.config
check "builds with VMNIX_DEBUG=y" make build/vmnix/6.1/vmnix.ko
check "VMNIX_DEBUG=y changes the module" sh -c '! cmp -s "$1" build/vmnix/6.1/vmnix.ko' - "$top/before.ko"
finish
