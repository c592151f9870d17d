/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * Getters and setters of /vm/<id>/names, /vm/<id>/cpu, /vm/<id>/mem and
 * /vm/<id>/seriallog, as struct vsi_field wants them. Setters refuse with VMK_BAD_PARAM what is not
 * a value at all, with VMK_LIMIT_EXCEEDED what is out of range, and with
 * VMK_OVERCOMMIT a minimum that cannot be kept.
 */
#ifndef VMM_VM_RESOURCE_H
#define VMM_VM_RESOURCE_H

struct vm;
struct vsi_text;

int vm_get_names(void *ctx, const char *member, struct vsi_text *out);
int vm_get_cpu_status(void *ctx, const char *member, struct vsi_text *out);
int vm_get_cpu_shares(void *ctx, const char *member, struct vsi_text *out);
int vm_get_cpu_min(void *ctx, const char *member, struct vsi_text *out);
int vm_get_cpu_max(void *ctx, const char *member, struct vsi_text *out);
int vm_get_cpu_affinity(void *ctx, const char *member, struct vsi_text *out);
int vm_get_mem_status(void *ctx, const char *member, struct vsi_text *out);
int vm_get_mem_size(void *ctx, const char *member, struct vsi_text *out);
int vm_get_seriallog(void *ctx, const char *member, struct vsi_text *out);

int vm_set_seriallog(void *ctx, const char *member, const char *text);
int vm_set_cpu_shares(void *ctx, const char *member, const char *text);
int vm_set_cpu_min(void *ctx, const char *member, const char *text);
int vm_set_cpu_max(void *ctx, const char *member, const char *text);
int vm_set_cpu_affinity(void *ctx, const char *member, const char *text);

/* The table that mem/status is one line of, in KiB. */
void vm_put_mem_headings(struct vsi_text *out);
void vm_put_mem_line(const struct vm *vm, struct vsi_text *out);

#endif
