# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
"""Writes cpio archives (format "newc") as the Linux kernel unpacks them.

No root is needed: owner, modes and device nodes are only said, not made. All
archives may be put one behind the other to form an initramfs.
"""
import os
import stat


class Archive:
    """A cpio archive that grows by files, directories, links and nodes."""

    def __init__(self, path):
        self.out = open(path, "wb")
        self.inode = 0
        self.dirs = set()

    def _entry(self, name, mode, data=b"", rdev=(0, 0)):
        self.inode += 1
        name = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, rdev[0], rdev[1], len(name), 0)
        header = b"070701" + b"".join(b"%08x" % f for f in fields)
        self.out.write(header + name + b"\0" * (-(len(header) + len(name)) % 4))
        self.out.write(data)
        self.out.write(b"\0" * (-len(data) % 4))

    def parents(self, name):
        """Enters the directories above name that are not there yet."""
        parts = name.split("/")[:-1]
        for i in range(1, len(parts) + 1):
            self.directory("/".join(parts[:i]))

    def directory(self, name, mode=0o755):
        if name not in self.dirs:
            self.parents(name)
            self.dirs.add(name)
            self._entry(name, stat.S_IFDIR | mode)

    def data(self, name, content, mode=0o644):
        self.parents(name)
        self._entry(name, stat.S_IFREG | mode, content)

    def file(self, name, source, mode=None):
        if mode is None:
            mode = 0o755 if os.stat(source).st_mode & 0o100 else 0o644
        with open(source, "rb") as f:
            self.data(name, f.read(), mode)

    def link(self, name, target):
        self.parents(name)
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def node(self, name, kind, major, minor):
        self.parents(name)
        self._entry(name, (stat.S_IFCHR if kind == "c" else stat.S_IFBLK) | 0o600, b"", (major, minor))

    def tree(self, source, prefix=""):
        """All of a directory; what is executable for its owner stays so."""
        for top, dirs, files in os.walk(source):
            dirs.sort()
            below = os.path.relpath(top, source)
            base = os.path.join(prefix, "" if below == "." else below)
            for d in dirs:
                self.directory(os.path.join(base, d))
            for f in sorted(files):
                path = os.path.join(top, f)
                if os.path.islink(path):
                    self.link(os.path.join(base, f), os.readlink(path))
                else:
                    self.file(os.path.join(base, f), path)

    def close(self):
        self._entry("TRAILER!!!", 0)
        self.out.write(b"\0" * (-self.out.tell() % 512))
        self.out.close()
