#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The console panics, oopses, hangs or loses all processes: virtual machines go on.
# timeout: 400
. "$(dirname "$0")/../lib/boot.sh"
module=$(test_module die) || exit 1
python3 -B tests/lib/console_dies.py "$module" "${DEATHS:-5}" "${SEED:-}"
