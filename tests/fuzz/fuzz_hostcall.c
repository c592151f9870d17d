/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/hostcall/dispatch.c vmkernel/hostcall/calls.c vmkernel/hostcall/vm_calls.c
 *	vmkernel/vmm/vm.c vmkernel/vmm/vm_calls.c vmkernel/vmm/vm_channel.c
 *	vmkernel/vmm/vm_chipset.c vmkernel/vmm/vm_power.c vmkernel/vmm/vm_resource.c
 *	vmkernel/vmm/vm_rpc.c vmkernel/vmm/vm_seriallog.c vmkernel/vmm/vm_state.c
 *	vmkernel/vmm/vm_vsi.c vmkernel/vmm/vmm.c
 *	vmkernel/vmm/vcpu.c vmkernel/vmm/vcpu_exit.c vmkernel/vmm/vcpu_fpu.c
 *	vmkernel/vmm/vcpu_msr.c vmkernel/vmm/guest_cpuid.c vmkernel/vmm/guest_mem.c
 *	vmkernel/vmm/guest_walk.c
 *	vmkernel/vmm/emulate.c vmkernel/vmm/emulate_alu.c vmkernel/vmm/emulate_operand.c
 *	vmkernel/vmm/emulate_string.c zydis
 *	vmkernel/mm/pages.c vmkernel/mm/given.c vmkernel/mm/heap.c vmkernel/mm/fault.c
 *	vmkernel/mm/mm_vsi.c
 *	vmkernel/sched/sched.c vmkernel/sched/account.c vmkernel/sched/world.c
 *	vmkernel/sched/load.c vmkernel/sched/sched_vsi.c vmkernel/sched/status.c
 *	vmkernel/devices/chipset.c vmkernel/devices/bus.c vmkernel/devices/uart16550.c
 *	vmkernel/devices/i8259.c vmkernel/devices/i8254.c vmkernel/devices/lapic.c
 *	vmkernel/devices/lapic_face.c vmkernel/devices/lapic_timer.c vmkernel/devices/apic_bus.c
 *	vmkernel/devices/ioapic.c vmkernel/devices/rtc.c vmkernel/devices/rtc_time.c
 *	vmkernel/devices/acpi_pm.c vmkernel/devices/i8042.c vmkernel/devices/pci_host.c
 *	vmkernel/devices/backdoor.c vmkernel/devices/guest_rpc.c
 *	vmkernel/vsi/vsi.c vmkernel/lib/state.c vmkernel/lib/text.c vmkernel/lib/format.c
 *	vmkernel/lib/spinlock.c tests/fake/memory.c tests/fuzz/panic.c
 */
/*
 * Hostcalls, from the dispatcher down to memory, scheduler and devices; only the processor is not
 * there, so that VCPUs never run. In between the rings and the window that a VM shares with the
 * console are written to. In the end all VMs can be destroyed, and nothing of them is left.
 *
 * The input: rows of a number, a length and bytes, which change arguments that would be right.
 */
#include "fuzz.h"
#include "crossing.h"
#include "debug/log.h"
#include "debug/panic.h"
#include "cpu/apic.h"
#include "cpu/extended.h"
#include "cpu/pcpu.h"
#include "cpu/time.h"
#include "hostcall/calls.h"
#include "hostcall/doorbell.h"
#include "lib/format.h"
#include "memory.h"
#include "mm/direct_map.h"
#include "mm/heap.h"
#include "mm/pages.h"
#include "ring.h"
#include "seal/seal.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"
#include "vsi/vsi.h"

#define STEPS 48
#define MEMORY (40ull << 20)
#define PIECES 4u /* that the console can give, behind it */
#define SCRIBBLE HC_COUNT /* numbers beyond the calls */
#define TIME_PASSES (HC_COUNT + 1)
#define OPERATIONS (HC_COUNT + 3) /* the last one is an unknown call */

/* ---- what is not there --------------------------------------------------------------- */

static uint64_t clock_ns, rung;
uint64_t tsc_khz = 2000000;
const uint8_t build_id_note[36];

uint64_t now_ns(void)
{
	return clock_ns;
}

uint64_t wall_clock_ns(void)
{
	return 1700000000000000000ull + clock_ns;
}

uint64_t tsc_to_ns(uint64_t tsc)
{
	return tsc / 2;
}

void delay_us(uint32_t us)
{
	fuzz_require(us <= 1000);
	clock_ns += us * 1000;
}

bool panic_happened(void)
{
	return false;
}

bool sealed(void)
{
	return false;
}

uint32_t pcpu_count(void)
{
	return 2;
}

void apic_send_fixed(uint32_t apic_id, uint8_t vector)
{
	fuzz_require(vector >= 0x20);
	rung += apic_id;
}

void log_print(enum log_level level, const char *facility, int line, const char *fmt, ...)
{
	char text[WS_LOG_LINE_MAX];
	va_list args;

	(void)level, (void)facility, (void)line;
	va_start(args, fmt);
	vmk_vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
}

void timer_arm(uint64_t ns)
{
	(void)ns;
	fuzz_require(!"a VCPU runs");
}

void extended_save(void)
{
}

void extended_restore(void)
{
}

void extended_scramble(uint64_t seed)
{
	(void)seed;
}

/* ---- a back end that runs nothing ----------------------------------------------------- */

static int good(void)
{
	return VMK_OK;
}

static void nothing(void)
{
}

static int nested_init(struct guest_mem *mem)
{
	(void)mem;
	return VMK_OK;
}

static int nested_prepare(struct guest_mem *mem, uint64_t gpa, bool large)
{
	(void)large;
	fuzz_require(gpa < mem->bytes + (1ull << 30));
	return VMK_OK;
}

static void nested_map(struct guest_mem *mem, uint64_t gpa, hpa_t hpa, bool large)
{
	(void)mem, (void)gpa;
	fuzz_require(pages_contains(hpa, large ? LARGE_PAGE_SIZE : PAGE_SIZE));
}

static void nested_free(struct guest_mem *mem)
{
	(void)mem;
}

static int vcpu_ready(struct vcpu *v)
{
	fuzz_require(v->id < HC_VCPU_MAX);
	return VMK_OK;
}

static void vcpu_nothing(struct vcpu *v)
{
	(void)v;
}

static void vcpu_no_state(struct vcpu *v, struct state *s)
{
	(void)v, (void)s;
}

static const char *exit_name(uint32_t i)
{
	return i < 3 ? "exit" : NULL;
}

const struct vmm_ops svm_ops = { .name = "none",
				 .probe = good,
				 .init = good,
				 .exit = nothing,
				 .nested_init = nested_init,
				 .nested_prepare = nested_prepare,
				 .nested_map = nested_map,
				 .nested_free = nested_free,
				 .vcpu_init = vcpu_ready,
				 .vcpu_free = vcpu_nothing,
				 .vcpu_reset = vcpu_nothing,
				 .vcpu_state = vcpu_no_state,
				 .exit_name = exit_name };

/* As boot/given.c does it, without page tables. */
static int mem_give(hpa_t piece)
{
	int err = pages_may_give(piece);

	if (!err && piece.v - FAKE_MEMORY_HPA - MEMORY >= PIECES * HC_PIECE_BYTES)
		err = VMK_BAD_ADDRESS;
	if (!err)
		pages_give(piece);
	return err;
}

static int mem_take(struct hc_mem_take *a)
{
	struct pages_given given;
	hpa_t piece = HPA_NONE;
	int err = VMK_BAD_PARAM;

	heap_trim();
	if (a->op == HC_TAKE_MARK)
		err = pages_mark();
	else if (a->op == HC_TAKE_KEEP)
		err = pages_keep();
	else if (a->op == HC_TAKE_LEAVE)
		err = pages_leave(&piece);
	pages_get_given(&given);
	fuzz_require(given.leaving <= given.pieces && given.pieces <= PIECES);
	a->leaving = given.leaving;
	a->hpa = piece.v;
	return err;
}

static void kick(uint32_t pcpu)
{
	fuzz_require(pcpu < SCHED_PCPU_MAX);
}

static const struct sched_hooks hooks = { .kick = kick, .now_ns = now_ns };
static const struct hostcall_ops hostcall_ops = { .look = nothing,
						  .mem_give = mem_give,
						  .mem_take = mem_take };
static uint64_t live_before;

static void set_up(void)
{
	const struct ws_extent extent = { FAKE_MEMORY_HPA, MEMORY };
	hpa_t log;

	if (live_before)
		return;
	clock_ns = 1000000000;
	fake_memory_map(MEMORY + PIECES * HC_PIECE_BYTES);
	fuzz_require(!pages_init(&extent, 1, NULL, 0));
	sched_init(&hooks, clock_ns);
	fuzz_require(!mm_vsi_init() && !sched_vsi_init() && !vmm_init(false));
	fuzz_require(!pages_alloc(pages_order(WS_LOG_RING_PAGES * PAGE_SIZE), PAGES_OTHER, &log));
	sched_pcpu_online(1, clock_ns);
	hostcall_init(&hostcall_ops, log);
	fuzz_require(heap_alloc(16));
	live_before = heap_live();
}

/* ---- calls ---------------------------------------------------------------------------- */

static uint32_t some_vm(uint8_t which)
{
	struct vm *vm = vm_by_index(which % 4);

	return vm ? vm->id : which;
}

static void make_vsi(uint8_t which, struct hc_vsi *vsi)
{
	static const char *const paths[] = { "/",
					     "/sched/slice_ns",
					     "/memory/fail",
					     "/sched/cpu",
					     "/memory/owners",
					     "/vm/%u",
					     "/vm/%u/cpu/shares",
					     "/vm/%u/cpu/min",
					     "/vm/%u/cpu/max",
					     "/vm/%u/cpu/affinity" };

	vsi->offset = 0;
	snprintf(vsi->path, sizeof(vsi->path), paths[which % 16 % (sizeof(paths) / sizeof(*paths))],
		 some_vm(which >> 4));
}

/* What would be right; the input changes it. */
static void make_args(uint32_t nr, uint8_t which, void *args)
{
	struct hc_vm_create *create = args;
	struct hc_vm_mem *mem = args;

	*(uint32_t *)args = some_vm(which);
	if (nr == HC_VERSION) {
		((struct hc_version *)args)->abi_major = WS_ABI_MAJOR;
	} else if (nr == HC_VM_CREATE) {
		create->vm = 0;
		create->vcpus = 1;
		create->mem_bytes = (2ull + which % 8) << 21;
		create->shares = 1000;
		snprintf(create->name, sizeof(create->name), "/%u", which);
		snprintf(create->label, sizeof(create->label), "%u", which);
	} else if (nr == HC_MEM_GIVE) {
		*(uint64_t *)args = FAKE_MEMORY_HPA + MEMORY + which % PIECES * HC_PIECE_BYTES;
	} else if (nr == HC_MEM_TAKE) {
		*(uint32_t *)args = which % 3;
	} else if (nr == HC_VM_MEM) {
		mem->len = 1;
	} else if (nr == HC_VM_CHECKPOINT) {
		((struct hc_vm_checkpoint *)args)->load = which >> 7;
		((struct hc_vm_checkpoint *)args)->len = which >> 7 ? 4000 : 0;
	} else if (nr == HC_VSI_LIST || nr == HC_VSI_GET || nr == HC_VSI_SET) {
		make_vsi(which, args);
	}
}

static void check_answer(uint32_t nr, const void *args)
{
	const struct hc_shared_page *page = args;
	const struct hc_vsi *vsi = args;
	const struct hc_mem_take *take = args;

	if (nr == HC_MEM_TAKE)
		fuzz_require((take->op == HC_TAKE_LEAVE) == !!take->hpa &&
			     (!take->hpa || !pages_contains(hpa(take->hpa), 1)));
	else if (nr == HC_SHARED_PAGE)
		fuzz_require(page->page < page->pages &&
			     pages_contains(hpa(page->hpa), PAGE_SIZE) &&
			     page->hpa % PAGE_SIZE == 0 && page->writable == !!page->vm);
	else if (nr == HC_VSI_LIST || nr == HC_VSI_GET)
		fuzz_require(vsi->len <= sizeof(vsi->text));
	else if (nr == HC_VM_LIST)
		fuzz_require(((const struct hc_vm_list *)args)->count <= HC_VM_MAX);
}

static void call(uint32_t nr, const void *args, size_t len, struct crossing *x)
{
	x->call.nr = nr;
	memset(x->call.args, 0xa5, sizeof(x->call.args));
	memcpy(x->call.args, args, len);
	x->call.status = 1;
	hostcall_dispatch(x);
	fuzz_require(x->call.status <= 0 && x->call.status > -64);
	if (nr == HC_NULL || nr == HC_SCRAMBLE)
		return;
	if (!x->call.status)
		check_answer(nr, x->call.args);
}

/* The console's side of a VM's region: rings, window, slots of messages. */
static void scribble(struct fuzz *f, uint8_t which)
{
	struct vm *vm = vm_by_index(which % 4);
	uint8_t op = fuzz_take(f, 1);
	uint32_t page = op & 0x80 ? op % WS_VM_CHANNEL_PAGES : op & 0x40 ? 18 : 0;
	uint32_t at = fuzz_take(f, 1) * (op & 0x20 ? 16 : 1), len = fuzz_take(f, 1);
	uint8_t *to;

	if (!vm)
		return;
	to = phys_to_virt(vm->channel[page]);
	fuzz_fill(f, to + at, MIN(len, PAGE_SIZE - at));
}

static void step(struct fuzz *f, struct crossing *x)
{
	uint32_t nr = fuzz_take(f, 1) % OPERATIONS;
	uint8_t which = fuzz_take(f, 1), args[HC_ARGS_MAX] __attribute__((aligned(8))) = {};
	struct hc_vsi *vsi = (void *)args;
	uint32_t len, skip;

	if (nr == SCRIBBLE) {
		scribble(f, which);
		return;
	}
	if (nr == TIME_PASSES) {
		clock_ns += fuzz_take(f, 5);
		return;
	}
	/* The module's own, which say what it has set up: true by agreement. */
	if (nr == HC_PCPU_START || nr == HC_FAREWELL || nr == HC_SCRAMBLE || nr == HC_SEAL)
		return;
	if (nr < HC_COUNT)
		make_args(nr, which, args);
	skip = fuzz_take(f, 1) * 4;
	len = fuzz_take(f, 1);
	for (uint32_t i = skip; i < skip + len && i < sizeof(args) && f->left; i++)
		args[i] ^= fuzz_take(f, 1);
	/* The one length that must fit. */
	if (nr == HC_VSI_SET && !vsi->len)
		vsi->len = strnlen(vsi->text, sizeof(vsi->text));
	call(nr, args, sizeof(args), x);
}

/* ---- afterwards ------------------------------------------------------------------------ */

static void clear_up(struct crossing *x)
{
	static struct hc_vsi fail = { .path = "/memory/fail", .text = "0", .len = 1 };
	struct hc_mem_take take = { .op = HC_TAKE_MARK };
	struct pages_stats pages;
	struct pages_given given;
	struct vm *vm;

	call(HC_VSI_SET, &fail, sizeof(fail), x);
	fuzz_require(!x->call.status);
	while ((vm = vm_by_index(0))) {
		struct hc_vm_power off = { vm->id, HC_POWER_OFF };
		struct hc_vm gone = { vm->id, 0 };

		call(HC_VM_POWER, &off, sizeof(off), x);
		call(HC_VM_DESTROY, &gone, sizeof(gone), x);
		fuzz_require(!x->call.status);
	}
	/* What was given can leave. */
	while (!mem_take(&take))
		;
	take.op = HC_TAKE_LEAVE;
	for (int err = VMK_OK; !err || err == VMK_BUSY;)
		err = mem_take(&take);
	pages_get_given(&given);
	fuzz_require(!given.pieces);
	pages_get_stats(&pages);
	fuzz_require(pages.total == MEMORY / PAGE_SIZE && !pages.owner[PAGES_LEAVING]);
	fuzz_require(!pages.owner[PAGES_GUEST] && !pages.owner[PAGES_SHARED] &&
		     !pages.owner[PAGES_NESTED] && !pages.owner[PAGES_VMM]);
	fuzz_require(heap_live() == live_before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	static struct crossing x;

	set_up();
	for (int i = 0; i < STEPS && f.left; i++)
		step(&f, &x);
	clear_up(&x);
	return 0;
}
