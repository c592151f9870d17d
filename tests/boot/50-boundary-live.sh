#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The boundary in a running machine: which world maps what. timeout: 300
cd "$(dirname "$0")/../.." || exit 1
exec scripts/boundary-live
