#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# An NMI, a machine check, a debug exception at each instruction of the crossing.
# timeout: 300
. "$(dirname "$0")/../lib/boot.sh"
module=$(test_module nmis) || exit 1
python3 -B tests/lib/crossing_steps.py "$module"
