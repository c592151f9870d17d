/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Before any other header of every file: each line in the kernel log begins with our name. */
#define pr_fmt(fmt) "vmnix: " fmt
