// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * The region that a VM shares with its console process (ring.h). The console
 * may write anything into it at any time: indices of ours are kept on our
 * side, its own are read once and checked.
 */
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/pages.h"
#include "vmm/vm.h"

void (*channel_unshared)(hpa_t page);

static uint8_t *at(struct vm *vm, uint32_t offset)
{
	return (uint8_t *)phys_to_virt(vm->channel[offset / PAGE_SIZE]) + offset % PAGE_SIZE;
}

static struct ws_vm_channel *header(struct vm *vm)
{
	return phys_to_virt(vm->channel[0]);
}

int channel_init(struct vm *vm)
{
	struct ws_vm_channel *h;
	int err;

	for (uint32_t i = 0; i < WS_VM_CHANNEL_PAGES; i++) {
		err = pages_alloc_zero(0, PAGES_SHARED, &vm->channel[i]);
		if (err)
			return err;
	}
	h = header(vm);
	h->serial_out = (struct ws_ring){ .magic = WS_RING_MAGIC,
					  .size = WS_VM_SERIAL_OUT_SIZE,
					  .data_offset = WS_VM_SERIAL_OUT_OFFSET };
	h->serial_in = (struct ws_ring){ .magic = WS_RING_MAGIC,
					 .size = WS_VM_SERIAL_IN_SIZE,
					 .data_offset = WS_VM_SERIAL_IN_OFFSET };
	return VMK_OK;
}

void channel_free(struct vm *vm)
{
	for (uint32_t i = 0; i < WS_VM_CHANNEL_PAGES; i++) {
		if (hpa_is_none(vm->channel[i]))
			continue;
		if (channel_unshared)
			channel_unshared(vm->channel[i]);
		pages_free(vm->channel[i], 0, PAGES_SHARED);
	}
}

size_t channel_serial_out(void *opaque, const uint8_t *buf, size_t len)
{
	struct vm *vm = opaque;

	for (size_t i = 0; i < len; i++)
		*at(vm, WS_VM_SERIAL_OUT_OFFSET +
				(uint32_t)(vm->serial_head++ % WS_VM_SERIAL_OUT_SIZE)) = buf[i];
	/* TOUR(22): The guest's kernel says its first words, a byte a port write. The UART model
	 * puts them into a ring that the console maps; the doorbell rings once for many bytes. */
	__atomic_store_n(&header(vm)->serial_out.head, vm->serial_head, __ATOMIC_RELEASE);
	vm_event(vm, HC_EV_SERIAL_OUT);
	if (vm->serial_log.on)
		serial_log(vm, buf, len);
	return len;
}

void channel_serial_in(struct vm *vm)
{
	uint64_t head = __atomic_load_n(&header(vm)->serial_in.head, __ATOMIC_ACQUIRE);
	uint64_t used = head - vm->serial_tail, taken = 0;
	unsigned int room = uart_rx_room(&vm->chipset.com1);

	if (!used || used > WS_VM_SERIAL_IN_SIZE)
		return;
	vm->serial_in_full |= used == WS_VM_SERIAL_IN_SIZE;
	for (; taken < used && taken < room; taken++)
		uart_rx(&vm->chipset.com1,
			*at(vm, WS_VM_SERIAL_IN_OFFSET +
					(uint32_t)(vm->serial_tail++ % WS_VM_SERIAL_IN_SIZE)));
	if (!taken)
		return;
	__atomic_store_n(&header(vm)->serial_in.tail, vm->serial_tail, __ATOMIC_RELEASE);
	if (vm->serial_in_full) {
		vm->serial_in_full = false;
		vm_event(vm, HC_EV_SERIAL_IN);
	}
}

void channel_window(struct vm *vm, uint32_t offset, uint8_t *buf, uint32_t len, bool to_window)
{
	while (len) {
		uint8_t *p = at(vm, WS_VM_WINDOW_OFFSET + offset);
		uint32_t n = (uint32_t)(PAGE_SIZE - offset % PAGE_SIZE);

		n = MIN(n, len);
		if (to_window)
			memcpy(p, buf, n);
		else
			memcpy(buf, p, n);
		buf += n;
		offset += n;
		len -= n;
	}
}
