// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* /vm/<id>/...: what is to be known about each VM. */
#include "cpu/time.h"
#include "lib/format.h"
#include "lib/text.h"
#include "vmm/vm.h"
#include "vmm/vm_resource.h"
#include "vsi/vsi.h"

#define ULL(x) ((unsigned long long)(x))

static const char *const state_names[] = { "building",	"on",	   "off",
					   "resetting", "crashed", "suspended" };

struct vm *vm_named(const char *member)
{
	uint64_t id;

	return parse_u64(member, &id) || id > UINT32_MAX ? NULL : vm_find((uint32_t)id);
}

static int member_name(void *ctx, uint32_t index, char *name)
{
	struct vm *vm = vm_by_index(index);

	(void)ctx;
	if (!vm)
		return VMK_NOT_FOUND;
	vmk_snprintf(name, VSI_NAME_MAX, "%u", vm->id);
	return VMK_OK;
}

static bool member_exists(void *ctx, const char *name)
{
	(void)ctx;
	return vm_named(name) != NULL;
}

/* Getters: vm is the member, out takes the value. */
#define FIELD(field)                                                                \
	static void put_##field(struct vm *vm, struct vsi_text *out);               \
	static int get_##field(void *ctx, const char *member, struct vsi_text *out) \
	{                                                                           \
		struct vm *vm = vm_named(member);                                   \
                                                                                    \
		(void)ctx;                                                          \
		if (vm)                                                             \
			put_##field(vm, out);                                       \
		return vm ? VMK_OK : VMK_NOT_FOUND;                                 \
	}                                                                           \
	static void put_##field(struct vm *vm, struct vsi_text *out)

FIELD(name)
{
	vsi_printf(out, "%s", vm->label);
}

FIELD(config)
{
	vsi_printf(out, "%s", vm->name);
}

FIELD(state)
{
	uint32_t state = vm->state;

	vsi_printf(out, "%s", state < ARRAY_SIZE(state_names) ? state_names[state] : "?");
}

FIELD(reason)
{
	spin_lock(&vm->lock);
	vsi_printf(out, "%s", vm->reason);
	spin_unlock(&vm->lock);
}

FIELD(vcpus)
{
	vsi_printf(out, "%u", vm->vcpus);
}

FIELD(world)
{
	vsi_printf(out, "%u", vm->vcpu[0]->world.id);
}

FIELD(owner)
{
	vsi_printf(out, "%u", vm->owner_pid);
}

FIELD(uptime_ns)
{
	uint64_t since = vm->on_since_ns;

	vsi_printf(out, "%llu", ULL(since ? now_ns() - since : 0));
}

FIELD(used_ns)
{
	struct world_times t;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < vm->vcpus; i++) {
		world_get_times(&vm->vcpu[i]->world, now_ns(), &t);
		sum += t.used_ns;
	}
	vsi_printf(out, "%llu", ULL(sum));
}

FIELD(mem_bytes)
{
	vsi_printf(out, "%llu", ULL(vm->mem.bytes));
}

FIELD(mem_touched)
{
	vsi_printf(out, "%llu", ULL(vm->mem.ready * LARGE_PAGE_SIZE));
}

FIELD(mem_leaving)
{
	vsi_printf(out, "%llu", ULL(guest_mem_leaving(&vm->mem)));
}

FIELD(nested_pages)
{
	vsi_printf(out, "%u", vm->mem.nested_pages);
}

FIELD(resets)
{
	vsi_printf(out, "%llu", ULL(vm->resets));
}

/* One line for each kind of exit that there has been. */
FIELD(exits)
{
	for (uint32_t kind = 0; kind < EXIT_KINDS; kind++) {
		uint64_t sum = 0;

		for (uint32_t i = 0; i < vm->vcpus; i++)
			sum += vm->vcpu[i]->exits[kind];
		if (sum)
			vsi_printf(out, "%s %llu\n", vmm_ops->exit_name(kind), ULL(sum));
	}
}

FIELD(injected)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < vm->vcpus; i++)
		sum += vm->vcpu[i]->injected;
	vsi_printf(out, "%llu", ULL(sum));
}

FIELD(runs)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < vm->vcpus; i++)
		sum += vm->vcpu[i]->runs;
	vsi_printf(out, "%llu", ULL(sum));
}

FIELD(serial)
{
	vsi_printf(out, "out %llu\nin %llu\n", ULL(vm->serial_head), ULL(vm->serial_tail));
}

FIELD(tools)
{
	vsi_printf(out, "%llu %llu", ULL(vm->rpc.requests), ULL(vm->rpc.failed));
}

static const struct vsi_field fields[] = {
	{ "name", "display name", get_name, NULL },
	{ "config", "path of its configuration", get_config, NULL },
	{ "state", "building, on, off, resetting, crashed or suspended", get_state, NULL },
	{ "reason", "why it is not on", get_reason, NULL },
	{ "vcpus", "virtual processors", get_vcpus, NULL },
	{ "world", "id of VCPU 0's world", get_world, NULL },
	{ "owner", "process on the console that serves it, 0: none", get_owner, NULL },
	{ "uptime_ns", "since power on", get_uptime_ns, NULL },
	{ "used_ns", "PCPU time used by all VCPUs", get_used_ns, NULL },
	{ "mem_bytes", "size of its memory", get_mem_bytes, NULL },
	{ "mem_touched", "bytes of it that are in use", get_mem_touched, NULL },
	{ "nested_pages", "pages of nested page tables", get_nested_pages, NULL },
	{ "resets", "times it was reset", get_resets, NULL },
	{ "exits", "what ended the guest's runs, and how often", get_exits, NULL },
	{ "injected", "interrupts and exceptions given to it", get_injected, NULL },
	{ "runs", "times a VCPU was put on a PCPU", get_runs, NULL },
	{ "serial", "bytes through the serial port", get_serial, NULL },
	{ "seriallog", "1: what the guest writes on it goes into the log, too", vm_get_seriallog,
	  vm_set_seriallog },
	{ "tools", "messages of its tools, and how many nobody answered", get_tools, NULL },
	{ "names", "id, process, configuration, uuid and display name", vm_get_names, NULL },
	{ "cpu/status", "its worlds, as in /sched/cpu", vm_get_cpu_status, NULL },
	{ "cpu/shares", "1..100000, low, normal or high", vm_get_cpu_shares, vm_set_cpu_shares },
	{ "cpu/min", "least percent of a PCPU", vm_get_cpu_min, vm_set_cpu_min },
	{ "cpu/max", "most percent of a PCPU", vm_get_cpu_max, vm_set_cpu_max },
	{ "cpu/affinity", "all, or the PCPUs that may run it: 1,2", vm_get_cpu_affinity,
	  vm_set_cpu_affinity },
	{ "mem/status", "KiB, as in /sched/mem", vm_get_mem_status, NULL },
	{ "mem/min", "MiB that are reserved: all", vm_get_mem_size, NULL },
	{ "mem/max", "MiB that it may have", vm_get_mem_size, NULL },
	{ "mem/leaving", "bytes of it in memory that the console waits for", get_mem_leaving,
	  NULL },
};

static const struct vsi_table_ops table = {
	.name = member_name,
	.exists = member_exists,
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
};

static int get_sched_mem(void *ctx, struct vsi_text *out)
{
	const struct vm *vm;

	(void)ctx;
	vm_put_mem_headings(out);
	for (uint32_t i = 0; (vm = vm_by_index(i)); i++)
		vm_put_mem_line(vm, out);
	return VMK_OK;
}

static struct vsi_node vm_node = VSI_TABLE("vm", "virtual machines, by id", &table, NULL);
static struct vsi_node mem_node =
	VSI_TEXT("mem", "memory of the virtual machines, KiB", get_sched_mem, NULL, NULL);

int vm_vsi_init(void)
{
	int err = vsi_add(NULL, &vm_node);

	return err ? err : vsi_add_at("/sched", &mem_node);
}
