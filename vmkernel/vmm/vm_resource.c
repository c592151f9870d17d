// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The fields of /vm/<id>/cpu and /vm/<id>/mem, as scripts for ESX read and
 * write them. What is set holds for each VCPU. All memory of a VM is
 * reserved when it is made, so least, most and size are the same.
 */
#include "cpu/time.h"
#include "debug/log.h"
#include "lib/string.h"
#include "lib/text.h"
#include "vmm/vm.h"
#include "vmm/vm_resource.h"
#include "vsi/vsi.h"

#define KIB(bytes) ((unsigned long long)(bytes) / 1024)
#define MIB(bytes) ((unsigned long long)(bytes) >> 20)

static const struct {
	const char *word;
	uint64_t shares;
} share_words[] = { { "low", 500 }, { "normal", 1000 }, { "high", 2000 } };

static struct world *world_of(const char *member)
{
	struct vm *vm = vm_named(member);

	return vm ? &vm->vcpu[0]->world : NULL;
}

/* ---- reading --------------------------------------------------------------------------- */

int vm_get_cpu_status(void *ctx, const char *member, struct vsi_text *out)
{
	const struct vm *vm = vm_named(member);

	(void)ctx;
	if (vm)
		sched_put_status(vm->id, out);
	return vm ? VMK_OK : VMK_NOT_FOUND;
}

#define NUMBER(name, expression)                                                   \
	int vm_get_cpu_##name(void *ctx, const char *member, struct vsi_text *out) \
	{                                                                          \
		const struct world *w = world_of(member);                          \
                                                                                   \
		(void)ctx;                                                         \
		if (w)                                                             \
			vsi_printf(out, "%u\n", expression);                       \
		return w ? VMK_OK : VMK_NOT_FOUND;                                 \
	}
NUMBER(shares, w->shares)
NUMBER(min, w->min_pct)
NUMBER(max, w->max_pct ? w->max_pct : 100)

int vm_get_cpu_affinity(void *ctx, const char *member, struct vsi_text *out)
{
	struct world *w = world_of(member);

	(void)ctx;
	if (w)
		sched_put_affinity(w, out);
	return w ? VMK_OK : VMK_NOT_FOUND;
}

void vm_put_mem_headings(struct vsi_text *out)
{
	vsi_printf(out, "    vm name                    min        max       size    touched   "
			"overhead\n");
}

/* What the monitor itself needs: control blocks, nested tables, devices, the channel. */
void vm_put_mem_line(const struct vm *vm, struct vsi_text *out)
{
	uint64_t overhead = sizeof(*vm) + sizeof(struct vcpu) * vm->vcpus +
			    (vm->mem.nested_pages + WS_VM_CHANNEL_PAGES + vm->vcpus) * PAGE_SIZE;
	unsigned long long size = KIB(vm->mem.bytes);
	char name[17];

	text_plain(name, vm->label, sizeof(name), false);
	vsi_printf(out, "%6u %-16s %10llu %10llu %10llu %10llu %10llu\n", vm->id, name, size, size,
		   size, KIB(vm->mem.ready * LARGE_PAGE_SIZE), KIB(overhead));
}

int vm_get_mem_status(void *ctx, const char *member, struct vsi_text *out)
{
	const struct vm *vm = vm_named(member);

	(void)ctx;
	if (!vm)
		return VMK_NOT_FOUND;
	vm_put_mem_headings(out);
	vm_put_mem_line(vm, out);
	return VMK_OK;
}

int vm_get_mem_size(void *ctx, const char *member, struct vsi_text *out)
{
	const struct vm *vm = vm_named(member);

	(void)ctx;
	if (vm)
		vsi_printf(out, "%llu\n", MIB(vm->mem.bytes));
	return vm ? VMK_OK : VMK_NOT_FOUND;
}

int vm_get_names(void *ctx, const char *member, struct vsi_text *out)
{
	const struct vm *vm = vm_named(member);
	char name[HC_NAME_MAX];

	(void)ctx;
	if (!vm)
		return VMK_NOT_FOUND;
	text_plain(name, vm->name, sizeof(name), true);
	vsi_printf(out, "vmid=%u pid=%u cfgFile=\"%s\" uuid=\"", vm->id, vm->owner_pid, name);
	for (size_t i = 0; i < sizeof(vm->uuid); i++)
		vsi_printf(out, "%s%02x", i == 8 ? "-" : i ? " " : "", vm->uuid[i]);
	text_plain(name, vm->label, sizeof(name), true);
	vsi_printf(out, "\" displayName=\"%s\"\n", name);
	return VMK_OK;
}

/* ---- writing --------------------------------------------------------------------------- */

static int set_limits(struct world *w, uint64_t shares, uint64_t min, uint64_t max)
{
	uint32_t most = max < 100 ? (uint32_t)max : 0;
	int err;

	if (shares > SCHED_SHARES_MAX || min > 100 || max > 100)
		return VMK_LIMIT_EXCEEDED;
	err = world_set_shares(w, (uint32_t)shares, (uint32_t)min, most, now_ns());
	if (!err)
		LOG(INFO, "VMM", "VM %u: shares %u, min %u %%, max %u %%", w->group, w->shares,
		    w->min_pct, w->max_pct ? w->max_pct : 100);
	return err;
}

int vm_set_cpu_shares(void *ctx, const char *member, const char *text)
{
	struct world *w = world_of(member);
	uint64_t shares = 0;
	int err;

	(void)ctx;
	if (!w)
		return VMK_NOT_FOUND;
	err = parse_u64(text, &shares);
	for (size_t i = 0; err && i < ARRAY_SIZE(share_words); i++) {
		if (!strcmp(text, share_words[i].word)) {
			shares = share_words[i].shares;
			err = VMK_OK;
		}
	}
	if (!err && !shares)
		err = VMK_LIMIT_EXCEEDED;
	return err ? err : set_limits(w, shares, w->min_pct, w->max_pct ? w->max_pct : 100);
}

int vm_set_cpu_min(void *ctx, const char *member, const char *text)
{
	struct world *w = world_of(member);
	uint64_t min;
	int err;

	(void)ctx;
	if (!w)
		return VMK_NOT_FOUND;
	err = parse_u64(text, &min);
	return err ? err : set_limits(w, w->shares, min, w->max_pct ? w->max_pct : 100);
}

int vm_set_cpu_max(void *ctx, const char *member, const char *text)
{
	struct world *w = world_of(member);
	uint64_t max;
	int err;

	(void)ctx;
	if (!w)
		return VMK_NOT_FOUND;
	err = parse_u64(text, &max);
	if (!err && !max)
		err = VMK_LIMIT_EXCEEDED;
	return err ? err : set_limits(w, w->shares, w->min_pct, max);
}

int vm_set_cpu_affinity(void *ctx, const char *member, const char *text)
{
	struct world *w = world_of(member);
	uint64_t pcpus;
	int err;

	(void)ctx;
	if (!w)
		return VMK_NOT_FOUND;
	err = world_parse_affinity(text, &pcpus);
	if (err)
		return err;
	world_set_affinity(w, pcpus, now_ns());
	LOG(INFO, "VMM", "VM %u: affinity %s", w->group, text);
	return VMK_OK;
}
