#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# All states of the models, and each planted bug (tests/model/README.md). timeout: 120
exec "$(dirname "$0")/../model/check"
