#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# An NMI may come at any instruction of the crossing, and in the vmkernel while
# the console is away: each one must reach Linux, once.
cd "$(dirname "$0")/../.." || exit 1
exec python3 -B tests/lib/nmi_crossing.py 150
