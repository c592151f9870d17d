#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The console panics, oopses, hangs or loses all processes: virtual machines go on.
# timeout: 400
cd "$(dirname "$0")/../.." || exit 1
headers=$(scripts/cache-dir)/kernels/6.1/headers
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp tests/die/* "$work" # Kbuild writes beside its sources, and wants no blank in their path
make -s -C "$headers" M="$work" CC=gcc-12 modules >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
python3 -B tests/lib/console_dies.py "$work/die.ko" "${DEATHS:-5}" "${SEED:-}"
