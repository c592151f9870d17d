// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Messages of the guest's tools, in the slots that the VM shares with its
 * console process (rpc_slots.h). What the console writes there is read once
 * and checked by the model; what a request says is nobody's business here.
 */
#include "cpu/time.h"
#include "mm/direct_map.h"
#include "vmm/vm.h"

static struct ws_rpc_slot *slot_of(struct vm *vm, uint32_t channel)
{
	struct ws_rpc *rpc = phys_to_virt(vm->channel[WS_VM_RPC_OFFSET / PAGE_SIZE]);

	return &rpc->slot[channel];
}

static uint32_t *word_at(struct vm *vm, uint32_t channel, uint32_t offset)
{
	uint32_t at = WS_VM_RPC_OFFSET + WS_PAGE_SIZE + channel * WS_RPC_MAX + offset;

	return (uint32_t *)((uint8_t *)phys_to_virt(vm->channel[at / PAGE_SIZE]) + at % PAGE_SIZE);
}

static void rpc_put(void *opaque, uint32_t channel, uint32_t offset, uint32_t word)
{
	*word_at(opaque, channel, offset) = word;
}

static uint32_t rpc_get(void *opaque, uint32_t channel, uint32_t offset)
{
	return __atomic_load_n(word_at(opaque, channel, offset), __ATOMIC_RELAXED);
}

static void rpc_opened(void *opaque, uint32_t channel, uint32_t protocol)
{
	struct vm *vm = opaque;
	struct ws_rpc_slot *slot = slot_of(vm, channel);

	slot->protocol = protocol;
	slot->opened = ++vm->rpc_opened[channel];
}

static void rpc_request(void *opaque, uint32_t channel, uint32_t protocol, uint32_t len)
{
	struct vm *vm = opaque;
	struct ws_rpc_slot *slot = slot_of(vm, channel);

	slot->protocol = protocol;
	slot->request_len = len;
	__atomic_store_n(&slot->request_seq, ++vm->rpc_seq[channel], __ATOMIC_RELEASE);
	vm_event(vm, HC_EV_GUEST_RPC);
}

static void rpc_give_up(void *opaque, uint32_t channel)
{
	/* No event: the console sees it in time, and a guest could do this without end. */
	__atomic_store_n(&slot_of(opaque, channel)->protocol, WS_RPC_NONE, __ATOMIC_RELEASE);
}

static bool rpc_answered(void *opaque, uint32_t channel, uint32_t *len)
{
	struct vm *vm = opaque;
	struct ws_rpc_slot *slot = slot_of(vm, channel);

	if (__atomic_load_n(&slot->reply_seq, __ATOMIC_ACQUIRE) != vm->rpc_seq[channel])
		return false;
	*len = __atomic_load_n(&slot->reply_len, __ATOMIC_RELAXED);
	return true;
}

static uint64_t clock_now(void *opaque)
{
	(void)opaque;
	return now_ns();
}

void vm_init_rpc(struct vm *vm)
{
	const struct dev_clock clock = { clock_now, NULL };
	const struct guest_rpc_port port = {
		.put = rpc_put,
		.get = rpc_get,
		.opened = rpc_opened,
		.request = rpc_request,
		.give_up = rpc_give_up,
		.answered = rpc_answered,
		.opaque = vm,
	};

	guest_rpc_init(&vm->rpc, &clock, &port);
}
