#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
"""tools_initrd.py GUEST TOOLS OUT: a guest's initramfs with Debian's open-vm-tools in it.

GUEST is the initramfs of the demos, TOOLS the tree that scripts/fetch-kernels keeps. The
tools' own files are taken as they are; /sbin/shutdown, which they call, is one for a system
whose init is a script.
"""
import os
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts"))
import newc  # noqa: E402

SHUTDOWN = b"""#!/bin/sh
echo "shutdown $*" >/dev/console
case $1 in -r) exec reboot -f ;; *) exec poweroff -f ;; esac
"""


def main():
    guest, tools, out = sys.argv[1:]
    archive = newc.Archive(out + ".tools")
    archive.tree(os.path.join(tools, "etc/vmware-tools"), "etc/vmware-tools")
    archive.tree(os.path.join(tools, "usr"), "usr")
    archive.link("usr/lib64/ld-linux-x86-64.so.2", "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
    archive.data("usr/sbin/shutdown", SHUTDOWN, 0o755)
    archive.data("etc/os-release", b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="a test"\n')
    archive.close()
    with open(out, "wb") as f:
        for part in (guest, out + ".tools"):
            with open(part, "rb") as g:
                shutil.copyfileobj(g, f)
    os.remove(out + ".tools")


main()
