/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* The release of the vmkernel, as tools and logs show it. */
#ifndef LIB_VERSION_H
#define LIB_VERSION_H

#define VMK_RELEASE "0.1.0"

#endif
