/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * A virtual machine and its VCPUs, inside vmm/. Who may touch what:
 *   chipset, rpc, state, reason, channel  under vm->lock
 *   attention                           anybody, atomically
 *   all else of a VCPU                  the PCPU that runs it; hostcalls while it is STOPPED
 */
#ifndef VMM_VM_H
#define VMM_VM_H

#include "devices/chipset.h"
#include "devices/guest_rpc.h"
#include "error.h"
#include "hostcall.h"
#include "lib/spinlock.h"
#include "lib/state.h"
#include "lib/types.h"
#include "ring.h"
#include "sched/sched.h"
#include "svm_entry.h"
#include "vmm/guest_cpuid.h"
#include "vmm/guest_view.h"

#define VM_REASON_MAX 64u
#define EXIT_KINDS 176u /* slots of the exit counters; the back end names them */

/* Why a VCPU must not go straight back into its guest. */
#define ATT_IRQ BIT(0) /* physical interrupts are pending: take them */
#define ATT_EVENT BIT(1) /* something to inject may be there; also set by others */
#define ATT_STATE BIT(2) /* vm->state may have changed */
#define ATT_TIME BIT(3) /* the device deadline may have changed or passed */
#define ATT_ALL (ATT_EVENT | ATT_STATE | ATT_TIME)

struct vm;
struct vcpu;
struct vmcb;

/* Serves one kind of exit. */
typedef void (*vcpu_exit_fn)(struct vcpu *v);

#define FETCH_NOTHING BIT(63) /* no address lies in such a page */

/* Where the instruction pointer was found in memory the last time. */
struct fetch_cache {
	uint64_t page; /* address of a 4 KiB page in 64-bit mode, or FETCH_NOTHING */
	uint64_t cs; /* selector, attributes and limit of the code segment */
	uint64_t cr3;
	const uint8_t *host;
	struct walk_entry leaf; /* the entry that maps it must still be the same */
	uint32_t uppers;
	struct walk_entry upper[WALK_LEVELS_MAX - 1]; /* those above it */
};

#define MTRR_RANGES 8u

/* Memory type registers: kept, without effect. */
struct guest_mtrrs {
	uint64_t range[2 * MTRR_RANGES]; /* base, mask */
	uint64_t fixed[11];
	uint64_t def_type;
};

struct vcpu {
	struct svm_vcpu_area area; /* first: what the entry code knows */
	struct vmcb *vmcb;
	const vcpu_exit_fn *serve; /* by slot of exits[] */
	struct vm *vm;
	uint32_t id;
	uint32_t attention; /* ATT_* */
	bool hidden_loaded; /* the guest's hidden state is in the processor, GIF is off */
	bool halted;
	bool debug_loaded; /* DR0-3 hold the guest's */
	bool fault_pending; /* fault waits for injection */
	bool nmi_pending, nmi_masked;
	uint64_t nmi_iret_rip; /* an IRET that ends an NMI handler has begun here; 1: none */
	struct guest_fault fault;
	uint64_t reinject; /* an event whose delivery was cut off, as EXITINTINFO */
	uint64_t shadow_rip; /* entered there in the interrupt shadow; 1: not in it */
	uint32_t shadow_left; /* how often the shadow may be prolonged */
	uint8_t cr8; /* as the local APIC model has it */
	uint64_t xcr0, tsc_aux;
	bool xcr0_all; /* it may have components that VMs do not: they stay in the registers */
	uint64_t guest_tsc; /* TSC units in the guest, this stint on the PCPU */
	uint64_t dr[4];
	struct fetch_cache fetch;
	struct decode_cache *decoded;
	struct guest_cpuid *cpuid;
	struct guest_mtrrs mtrrs;
	uint32_t msrs_logged;
	uint64_t asid_generation; /* of PCPU asid_pcpu */
	uint32_t asid_pcpu;
	uint64_t deadline_ns; /* the VM's devices want to be called then */
	uint64_t rpc_until_ns; /* waits for an answer to the guest's tools, 0: does not */
	uint64_t timer_ns; /* what sched wants of this PCPU's timer */
	uint64_t exits[EXIT_KINDS];
	uint64_t exits_total, injected, nmis, runs;
	hpa_t vmcb_hpa;
	uint8_t *fpu; /* extended state while not on a PCPU */
	uint32_t fpu_pcpu; /* PCPU whose registers may still hold it */
	uint64_t fpu_stamp; /* and do, if its stamp is this one */
	struct world world;
};

/* Guest RAM: blocks of 2 MiB, taken at creation, zeroed and mapped when first used. */
struct guest_mem {
	struct spinlock lock;
	uint64_t bytes;
	uint32_t blocks;
	uint32_t ready; /* blocks zeroed and mapped */
	uint64_t *block; /* guest_mem.c has the format */
	hpa_t nested_root;
	uint32_t nested_pages;
	uint8_t *(*foreign)(uint64_t gpa); /* memory that is not ours to give: the console's */
};

/* The line that the guest is writing, for the log. */
struct serial_log {
	bool on;
	char text[121];
	uint32_t len;
	uint32_t lines, lost; /* this period; since the last that was not */
	uint64_t period;
};

struct vm {
	struct spinlock lock; /* RANK_VM */
	uint32_t id;
	uint32_t state; /* enum hc_vm_state */
	uint32_t vcpus;
	uint32_t owner_pid;
	uint32_t events; /* HC_EV_*, atomic */
	void (*notify)(void);
	struct vcpu *vcpu[HC_VCPU_MAX];
	struct guest_mem mem;
	hpa_t channel[WS_VM_CHANNEL_PAGES];
	uint64_t serial_head, serial_tail; /* our own copies of out.head and in.tail */
	struct serial_log serial_log;
	bool serial_in_full; /* the console may wait for room */
	bool regs_set; /* VCPU 0 has a state to start from */
	uint32_t wish; /* enum vm_wish: what the guest asked of its power switch */
	struct hc_vcpu_regs regs;
	uint64_t tsc_offset; /* guest TSC = TSC + tsc_offset */
	uint64_t clock_offset; /* clock of the devices = now_ns() + clock_offset */
	bool frozen; /* SUSPENDED, and all VCPUs have stopped: both stand at */
	uint64_t frozen_tsc, frozen_ns;
	uint64_t on_since_ns; /* 0: not on */
	uint64_t resets;
	uint8_t uuid[16];
	char name[HC_NAME_MAX];
	char label[HC_LABEL_MAX];
	char reason[VM_REASON_MAX];
	uint32_t rpc_seq[WS_RPC_CHANNELS]; /* our own copies of slot.request_seq */
	uint32_t rpc_opened[WS_RPC_CHANNELS]; /* and of slot.opened */
	struct guest_rpc rpc;
	struct chipset chipset;
};

enum vm_wish { VM_WISH_NONE, VM_WISH_OFF, VM_WISH_RESET };

/* What belongs to one PCPU: pcpu->vmm points here. */
struct vmm_pcpu {
	hpa_t hsave, host; /* VMRUN's save area; this PCPU's own hidden state */
	uint32_t next_asid, asids;
	uint64_t asid_generation;
	uint64_t fpu_stamp; /* counts up with each load */
	uint64_t tsc_aux; /* what the register holds */
	uint64_t xcr0_all; /* everything the processor has, 0: no XSAVE */
};

/* ---- the back end: AMD's; Intel's would be another such table ----------------------- */

struct vmm_ops {
	const char *name;
	/* VMK_OK, VMK_NO_SVM or VMK_SVM_DISABLED. */
	int (*probe)(void);
	/* Tables that all VMs share. VMK_NO_MEMORY. */
	int (*init)(void);
	void (*exit)(void);
	/* On the PCPU itself. VMK_NO_MEMORY. */
	int (*pcpu_init)(struct vmm_pcpu *p);
	void (*pcpu_exit)(struct vmm_pcpu *p);
	/* Nested tables. prepare makes every table that map will need, so that map cannot fail. */
	int (*nested_init)(struct guest_mem *mem);
	int (*nested_prepare)(struct guest_mem *mem, uint64_t gpa, bool large);
	void (*nested_map)(struct guest_mem *mem, uint64_t gpa, hpa_t hpa, bool large);
	void (*nested_free)(struct guest_mem *mem);
	/* Control block of a VCPU. */
	int (*vcpu_init)(struct vcpu *v);
	void (*vcpu_free)(struct vcpu *v);
	/* Power-on state, started as the VM's regs say. */
	void (*vcpu_reset)(struct vcpu *v);
	/* Saves or loads what vcpu_reset sets. */
	void (*vcpu_state)(struct vcpu *v, struct state *s);
	/* The VCPU comes onto, and leaves, the running PCPU. */
	void (*load)(struct vcpu *v, struct vmm_pcpu *p);
	void (*put)(struct vcpu *v);
	/* Runs the guest up to one exit and serves it. */
	void (*enter)(struct vcpu *v);
	/* The processor's own hidden state back, if it is not: physical interrupts may come. */
	void (*close)(struct vcpu *v);
	/* Injects what is due, or asks for an exit as soon as it can be. Under vm->lock. */
	void (*inject)(struct vcpu *v);
	/* True if an interrupt or NMI would end a HLT. Under vm->lock. */
	bool (*wakes)(struct vcpu *v);
	/*
	 * Registers out of the control block, code and hit as far as they are known; all but what
	 * leads to the surroundings. And registers back into it.
	 */
	void (*get_view)(struct vcpu *v, struct guest_view *view);
	void (*set_view)(struct vcpu *v, const struct guest_view *view);
	/* Name of exit counter i, NULL: none. */
	const char *(*exit_name)(uint32_t i);
};

extern const struct vmm_ops svm_ops;
extern const struct vmm_ops *vmm_ops; /* the one in use, NULL: VMs cannot run */

/* ---- vm.c, vm_power.c ---------------------------------------------------------------- */

struct vm *vm_find(uint32_t id); /* hostcalls only */
struct vm *vm_by_index(uint32_t index); /* the index-th VM by id, or NULL */

/* A VCPU, whole but for its state; what has been made so far is vm_free's to free. */
int vm_make_vcpu(struct vm *vm, uint32_t id, const struct hc_vm_create *a);
void vm_free(struct vm *vm);

/* Sets state and reason, tells the console. vm->lock is held. */
void vm_set_state(struct vm *vm, uint32_t state, const char *reason);

/* The guest did what it cannot live with. Takes vm->lock. */
void vm_crash(struct vm *vm, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Does what the guest asked of its power switch; vm->lock is held. */
void vm_grant_wish(struct vm *vm);

/* Event bits for the console; rings if they are new. */
void vm_event(struct vm *vm, uint32_t events);

/* Stops all VCPUs. VMK_BUSY: some PCPU has not let go yet; hostcalls only. */
int vm_stop_worlds(struct vm *vm);

int vm_init_chipset(struct vm *vm); /* vm_chipset.c */
/* Time of the VM's devices; it stands still while the VM is suspended. */
uint64_t vm_clock(const struct vm *vm);
/* When the devices want to be called, in the vmkernel's time; DEV_NEVER. */
uint64_t vm_deadline(const struct vm *vm);
void vm_init_rpc(struct vm *vm); /* vm_rpc.c */

/* ---- vm_channel.c: under vm->lock --------------------------------------------------- */

/* Called for each page of a channel that is about to be freed, if somebody is interested. */
extern void (*channel_unshared)(hpa_t page);
int channel_init(struct vm *vm);
void channel_free(struct vm *vm);
size_t channel_serial_out(void *vm, const uint8_t *buf, size_t len); /* struct dev_char */
/* buf, which the guest has written on its serial port, for the vmkernel's log. Under vm->lock. */
void serial_log(struct vm *vm, const uint8_t *buf, size_t len);
void channel_serial_in(struct vm *vm); /* feeds the UART from the ring */
/* Copies between the transfer window and buf; offset and len were checked. */
void channel_window(struct vm *vm, uint32_t offset, uint8_t *buf, uint32_t len, bool to_window);

/* ---- guest_mem.c --------------------------------------------------------------------- */

int guest_mem_init(struct guest_mem *mem, uint64_t bytes);
void guest_mem_free(struct guest_mem *mem);
/* Is it RAM? Then the block is zeroed and mapped. */
bool guest_mem_touch(struct guest_mem *mem, uint64_t gpa);
bool guest_mem_is_ram(const struct guest_mem *mem, uint64_t gpa);
/* Host address of a byte of RAM, good to the end of its 4 KiB page, or NULL. */
uint8_t *guest_mem_ptr(struct guest_mem *mem, uint64_t gpa);
/* False while nobody has touched it: it is zero then. */
bool guest_mem_touched(struct guest_mem *mem, uint64_t gpa);

/* Bytes of it that lie in memory which is on the way back to the console. */
uint64_t guest_mem_leaving(const struct guest_mem *mem);

/* ---- vcpu.c, vcpu_exit.c: what back ends call ---------------------------------------- */

enum run_result vcpu_run(struct world *w, uint64_t until_ns);

static inline void vcpu_attend(struct vcpu *v, uint32_t why)
{
	__atomic_fetch_or(&v->attention, why, __ATOMIC_RELEASE);
}

/* The instruction that caused the exit ends in an exception. */
void vcpu_raise(struct vcpu *v, struct guest_fault fault);

static inline void vcpu_raise_gp(struct vcpu *v)
{
	vcpu_raise(v, (struct guest_fault){ 13, true, 0, 0 });
}

static inline void vcpu_raise_ud(struct vcpu *v)
{
	vcpu_raise(v, (struct guest_fault){ 6, false, 0, 0 });
}

/* Device access by this VCPU, lock and deadline included. */
void vcpu_access_done(struct vcpu *v); /* after it; drops vm->lock */
uint32_t vcpu_port_read(struct vcpu *v, uint16_t port, unsigned int size);
void vcpu_port_write(struct vcpu *v, uint16_t port, unsigned int size, uint32_t val);
/* The backdoor at its port. gpr: RAX and RSP included; changed only if it was served. */
enum backdoor_result {
	BACKDOOR_NO_CALL,
	BACKDOOR_SERVED,
	BACKDOOR_WAITS, /* the VCPU stays at its instruction, and waits */
};
enum backdoor_result vcpu_backdoor(struct vcpu *v, uint64_t *gpr);
/* Emulates the instruction at RIP that touched what is not RAM, or does string I/O. */
void vcpu_emulate(struct vcpu *v);
/* Whether XCR0 may be val: XSETBV's own rules, and what this guest may have. */
bool vcpu_xcr0_ok(const struct vcpu *v, uint64_t val);
/* XSETBV. False: #GP. */
bool vcpu_set_xcr(struct vcpu *v, uint32_t index, uint64_t val, uint8_t cpl, uint64_t cr4);

/* RDMSR and WRMSR of what the back end does not keep itself; false: #GP (vcpu_msr.c). */
bool vcpu_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *val);
bool vcpu_wrmsr(struct vcpu *v, uint32_t msr, uint64_t val);
void msr_reset(struct vcpu *v);

/* ---- vm_state.c ------------------------------------------------------------------------ */

/* Nothing runs the VCPU: what does not belong to its guest is as at power on. */
void vcpu_settle(struct vcpu *v);

/* ---- vcpu_fpu.c ------------------------------------------------------------------------ */

int fpu_init(struct vcpu *v);
void fpu_free(struct vcpu *v);
void fpu_reset(struct vcpu *v);
void fpu_state(struct vcpu *v, struct state *s);
void fpu_pcpu_init(struct vmm_pcpu *p);
void fpu_load(struct vcpu *v, struct vmm_pcpu *p);
void fpu_tsc_aux(struct vcpu *v); /* v->tsc_aux has changed while it runs */
void fpu_note_xcr0(struct vcpu *v); /* brings v->xcr0 up to date while it runs */
void fpu_put(struct vcpu *v, struct vmm_pcpu *p);

/* ---- vm_vsi.c ------------------------------------------------------------------------- */

struct vm *vm_named(const char *member); /* "7" is VM 7 */
int vm_vsi_init(void);

#endif
