// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Field offsets for crossing.S. Compiled to assembly only; the build turns
 * each "->NAME value" line into a #define, so that no offset is typed by
 * hand and none can disagree with crossing.h.
 */
#include "crossing.h"

#define DEFINE(name, val) __asm__ volatile("\n->" #name " %0" : : "i"(val))
#define OFF(name, field) DEFINE(name, __builtin_offsetof(struct crossing, field))

void crossing_offsets(void);
void crossing_offsets(void)
{
	OFF(X_NMI_LATCHED, nmi_latched);
	OFF(X_LEAVE, leave);
	OFF(X_FAULT_VECTOR, fault_vector);
	OFF(X_FAULT_RIP, fault_rip);
	OFF(X_FAULT_CODE, fault_code);
	OFF(X_PANIC_RIP, panic_rip);
	OFF(X_CON_RSP, console.rsp);
	OFF(X_CON_CR0, console.cr0);
	OFF(X_CON_CR3, console.cr3);
	OFF(X_CON_CR4, console.cr4);
	OFF(X_CON_GDTR, console.gdtr.limit);
	OFF(X_CON_IDTR, console.idtr.limit);
	OFF(X_CON_TR, console.tr);
	OFF(X_CON_LDTR, console.ldtr);
	OFF(X_CON_CS, console.cs);
	OFF(X_CON_SS, console.ss);
	OFF(X_VMK_RIP, vmk.rip);
	OFF(X_VMK_CS, vmk.cs);
	OFF(X_VMK_SS, vmk.ss);
	OFF(X_VMK_RSP, vmk.rsp);
	OFF(X_VMK_RSI, vmk.rsi);
	OFF(X_VMK_CR0, vmk.cr0);
	OFF(X_VMK_CR3, vmk.cr3);
	OFF(X_VMK_CR4, vmk.cr4);
	OFF(X_VMK_GDTR, vmk.gdtr.limit);
	OFF(X_VMK_IDTR, vmk.idtr.limit);
	OFF(X_VMK_TR, vmk.tr);
	OFF(X_CALL_STATUS, call.status);
	OFF(X_XGDTR, xgdtr.limit);
	OFF(X_XIDTR, xidtr.limit);
	OFF(X_XGDT, xgdt);
	OFF(X_XGDT_VMK_TSS, xgdt[WS_SEL_VMK_TSS / 8]);
	OFF(X_XSTACK_TOP, xstack[WS_XSTACK_BYTES]);
}
