#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The package on a plain Debian 12 with systemd, its own kernel and dkms: as an
# administrator installs it, starts a machine with it, and removes it again.
# timeout: 1500
. "$(dirname "$0")/../lib/check.sh"
debian=$(scripts/debian-root) || { not_ok "there is a Debian to install on"; finish; }
make -s deb >/dev/null || { not_ok "make deb"; finish; }
scripts/mkimage >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/files"
cp build/vmnix_*_amd64.deb "$work/files/vmnix.deb"
cp tests/lib/console.sh tests/lib/guest_os.sh tests/lib/debian.sh "$work/files"
cp build/image/guest-6.1.img "$work/files/guest.img"
cat >"$work/files/run" <<'END'
until [ -c /dev/virtio-ports/out ]; do sleep 0.2; done
exec >/dev/virtio-ports/out 2>&1
sh /mnt/debian.sh
echo '# end of script'
END
/sbin/mke2fs -q -t ext4 -d "$work/files" "$work/files.ext4" 256M >/dev/null
run="/bin/sh -c 'mount /dev/vdb /mnt && sh /mnt/run'"
line="root=/dev/vda rw console=ttyS0 no_timer_check panic=-1 systemd.run=\"$run\""
line="$line systemd.run_success_action=poweroff systemd.run_failure_action=poweroff"
timeout -k 5 900 qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu EPYC -smp 3 -m 2048 \
	-nodefaults -display none -no-reboot -kernel "$debian/vmlinuz" -initrd "$debian/initrd" \
	-append "$line" \
	-drive "file=$debian/disk.ext4,format=raw,if=virtio,snapshot=on" \
	-drive "file=$work/files.ext4,format=raw,if=virtio" \
	-serial "file:$work/log" -device virtio-serial-pci -chardev "file,id=out,path=$work/out" \
	-device virtserialport,chardev=out,name=out >"$work/qemu" 2>&1
sed -E 's/\r$//; s/^(ok|not ok) /\1 Debian 12: /' "$work/out"
! grep -q '^not ok' "$work/out" || exit 1
if ! grep -q '^# end of script' "$work/out"; then
	cat "$work/qemu" "$work/log"
	not_ok "Debian 12: the script comes to its end"
fi
finish
