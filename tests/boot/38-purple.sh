#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The purple screen as somebody in front of the machine sees it, and a machine check.
# timeout: 120
cd "$(dirname "$0")/../.." || exit 1
exec python3 -B tests/lib/purple.py
