#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
"""plant.py IMAGE SYMBOL OUT [OLD NEW]: a copy of a vmkernel image that fails at SYMBOL, with UD2,
or in which the bytes OLD (hexadecimal), the first after SYMBOL, are NEW."""
import struct
import subprocess
import sys

UD2 = b"\x0f\x0b"
NEAR = 512


def address_of(image, symbol):
    for line in subprocess.check_output(["nm", image], text=True).splitlines():
        if line.split()[2:] == [symbol]:
            return int(line.split()[0], 16)
    sys.exit(f"{image} has no symbol {symbol}")


def offset_of(data, address):
    phoff, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for at in range(phoff, phoff + size * count, size):
        kind, _, offset, va, _, filesz = struct.unpack_from("<IIQQQQ", data, at)
        if kind == 1 and va <= address < va + filesz:
            return offset + address - va
    sys.exit(f"0x{address:x} is in no segment")


def main():
    image, symbol, out = sys.argv[1:4]
    old, new = (bytes.fromhex(text) for text in sys.argv[4:6]) if len(sys.argv) > 4 else (b"", UD2)
    with open(image, "rb") as f:
        data = bytearray(f.read())
    at = offset_of(data, address_of(image, symbol))
    at = data.find(old, at, at + NEAR)
    if at < 0:
        sys.exit(f"{symbol} has no such bytes")
    data[at:at + len(new)] = new
    with open(out, "wb") as f:
        f.write(data)


main()
