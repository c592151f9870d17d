#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The Debian package: what is in it, that the module builds from its sources, and that it
# installs and goes again, in a root of its own with a dkms that only writes down its calls.
. "$(dirname "$0")/../lib/check.sh"
version=$(sed -n 's/^VERSION := //p' Makefile)
package=build/vmnix_$version-1_amd64.deb
check "make deb" make deb
list=$(dpkg-deb -c "$package")
for file in boot/vmkernel etc/init.d/vmware etc/default/vmware lib/systemd/system/vmware.service \
	usr/bin/vmware-cmd usr/sbin/vmkloader usr/sbin/vmkmem "usr/src/vmnix-$version/dkms.conf" \
	"usr/src/vmnix-$version/Makefile" "usr/src/vmnix-$version/vmnix/crossing_code.S" \
	"usr/src/vmnix-$version/world-switch/hostcall.h" "usr/src/vmnix-$version/vmnix/Kbuild" \
	usr/share/man/man1/vmware-cmd.1.gz usr/share/man/man8/vmkloader.8.gz \
	usr/share/bash-completion/completions/vmware-cmd usr/share/doc/vmnix/copyright; do
	check_match "it holds $file" "$list" " \./$file$"
done
check_match "all belongs to root" "$(grep -vc ' root/root ' <<<"$list")" '^0$'
check_match "and no module built for one kernel" "$(grep -c '\.ko$' <<<"$list")" '^0$'

top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
dpkg-deb -R "$package" "$top/x"
check_match "conffiles" "$(cat "$top/x/DEBIAN/conffiles")" '^/etc/default/vmware$'
check "no tag is left in control files" sh -c "! grep -r '@[A-Z]*@' '$top/x/DEBIAN' '$top/x/usr/src'"
for script in postinst prerm postrm; do
	check "$script is shell" sh -n "$top/x/DEBIAN/$script"
	check "$script has no flaw" shellcheck "$top/x/DEBIAN/$script"
done

# As dkms does it: reads dkms.conf, runs MAKE[0] in a copy of the folder.
cp -r "$top/x/usr/src/vmnix-$version" "$top/source"
cat >"$top/build" <<'END'
cd "$1" || exit 1
kernel_source_dir=$2
. ./dkms.conf
unset MAKEFLAGS MFLAGS MAKELEVEL
eval "${MAKE[0]}" && mv "${BUILT_MODULE_LOCATION[0]}/${BUILT_MODULE_NAME[0]}.ko" .
END
headers=$(scripts/cache-dir)/kernels/6.1
check "dkms can build the module" bash "$top/build" "$top/source" "$(realpath "$headers/headers")"
module=$(/sbin/modinfo "$top/source/vmnix.ko" 2>&1)
check_match "for that kernel" "$module" "^vermagic: *$(cat "$headers/release") "
check_match "its crossing is code" "$(readelf -SW "$top/source/vmnix.ko" | grep text.crossing)" ' AX '

root=$top/root
mkdir -p "$root"/{bin,usr/bin,usr/sbin,usr/lib/dkms,proc,var/lib/dpkg/info,var/lib/dpkg/updates,tmp}
touch "$root/var/lib/dpkg/status" "$root/proc/modules"
ln -s usr/sbin "$root/sbin"
cp /bin/busybox "$root/bin/"
for applet in sh grep rm rmdir; do ln -s busybox "$root/bin/$applet"; done
cat >"$root/usr/sbin/dkms" <<'END'
#!/bin/sh
echo "dkms $*" >>/tmp/calls
[ "$1" != status ] || echo "vmnix: installed"
END
printf '#!/bin/sh\necho "common.postinst $*" >>/tmp/calls\n' >"$root/usr/lib/dkms/common.postinst"
chmod 755 "$root/usr/sbin/dkms" "$root/usr/lib/dkms/common.postinst"
in_root() { dpkg --root="$root" --log=/dev/null --force-depends --force-not-root "$@"; }
check "it installs" in_root -i "$package"
check "dkms is asked to build" grep -q "^common.postinst vmnix $version" "$root/tmp/calls"
check "the tools run" "$root/usr/bin/vmware-cmd" --version
check "and goes" in_root -r vmnix
check "dkms forgets it" grep -q "^dkms remove -m vmnix -v $version --all" "$root/tmp/calls"
check "the tools are gone" [ ! -e "$root/usr/bin/vmware-cmd" ]
check "what the administrator may have changed is not" [ -e "$root/etc/init.d/vmware" ]
mkdir -p "$root/etc/vmware" && : >"$root/etc/vmware/vm-list"
check "a purge takes all" in_root -P vmnix
check "and leaves nothing" test "$(ls -d "$root"/etc/init.d/vmware "$root"/etc/vmware 2>/dev/null)" = ""
finish
