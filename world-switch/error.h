/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* The error convention of the vmkernel: 0 or a negative, named code (error.def). */
#ifndef WS_ERROR_H
#define WS_ERROR_H

#define WS_ERROR(name, value, text) name = (value),
enum vmk_error {
#include "error.def"
};
#undef WS_ERROR

typedef int vmk_status;

#endif
