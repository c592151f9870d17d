/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * The emulator against the processor: each instruction runs natively on
 * memory, and in the emulator on a device that behaves like memory, from the
 * same random registers, flags and bytes. Afterwards all must be equal.
 */
/* sources: vmkernel/vmm/emulate.c vmkernel/vmm/emulate_alu.c vmkernel/vmm/emulate_operand.c
 * vmkernel/vmm/emulate_string.c vmkernel/vmm/guest_walk.c zydis */
#include "test_lib.h"

#include <string.h>
#include <sys/mman.h>

#include "vmm/emulate.h"
#include "vmm/guest_walk.h"

#define ROUNDS 200
#define DATA_BYTES 256u
#define FLAGS_TESTED 0x8d5ull /* CF PF AF ZF SF OF */
#define AF 0x10ull

/* ---- instructions: RBX points to the middle of the data, RCX is small, RSP and R15 are ours -- */

struct insn {
	const uint8_t *code;
	uint64_t len;
	uint64_t undefined; /* flags that the instruction leaves undefined */
};

extern struct insn __start_insn_table[], __stop_insn_table[];

#define INSN_UNDEF(text, undef)                                                          \
	__asm__(".pushsection insn_code, \"ax\"\n1: " text "\n2: .popsection\n"          \
		".pushsection insn_table, \"aw\"\n.balign 8\n.quad 1b, 2b - 1b, " #undef \
		"\n.popsection\n");
#define INSN(text) INSN_UNDEF(text, 0)
#define SIZES(op, b, w, l, q) \
	INSN(op "b " b)       \
	INSN(op "w " w)       \
	INSN(op "l " l)       \
	INSN(op "q " q)
/* memory,register / register,memory / immediate,memory */
#define BINARY(op)                                                                       \
	SIZES(op, "%dl, (%rbx)", "%dx, (%rbx)", "%edx, 4(%rbx)", "%r9, (%rbx)")          \
	SIZES(op, "(%rbx), %ah", "2(%rbx,%rcx), %r8w", "(%rbx), %esi", "-8(%rbx), %r14") \
	SIZES(op, "$0x7f, (%rbx)", "$0x8001, (%rbx)", "$-5, (%rbx)", "$-0x70000000, 8(%rbx)")
#define UNARY(op) SIZES(op, "(%rbx)", "3(%rbx)", "(%rbx,%rcx,4)", "-16(%rbx)")

BINARY("add")
BINARY("adc")
BINARY("sub")
BINARY("sbb")
BINARY("cmp")
BINARY("mov")
#define LOGIC(op)                                    \
	INSN_UNDEF(op "b %al, (%rbx)", 0x10)         \
	INSN_UNDEF(op "w %r10w, 2(%rbx)", 0x10)      \
	INSN_UNDEF(op "l %eax, (%rbx)", 0x10)        \
	INSN_UNDEF(op "q %rdi, (%rbx)", 0x10)        \
	INSN_UNDEF(op "l $0xfffffffe, (%rbx)", 0x10) \
	INSN_UNDEF(op "l $0x80000000, (%rbx)", 0x10) \
	INSN_UNDEF(op "b $0x20, 1(%rbx)", 0x10)
LOGIC("and")
LOGIC("or")
LOGIC("xor")
LOGIC("test")
INSN_UNDEF("andq (%rbx), %rax", 0x10)
INSN_UNDEF("orb (%rbx), %bpl", 0x10)
UNARY("inc")
UNARY("dec")
UNARY("neg")
UNARY("not")
SIZES("xchg", "%cl, (%rbx)", "%ax, (%rbx)", "%r11d, (%rbx)", "%rax, 5(%rbx)")
SIZES("lock xadd", "%dl, (%rbx)", "%dx, (%rbx)", "%edx, (%rbx)", "%rdx, (%rbx)")
SIZES("lock cmpxchg", "%dl, (%rbx)", "%dx, (%rbx)", "%edx, (%rbx)", "%rdx, (%rbx)")
INSN("mov (%rbx), %al; nop")
INSN("movzbl (%rbx), %edx")
INSN("movzbw (%rbx), %dx")
INSN("movzwl 3(%rbx), %r12d")
INSN("movzwq (%rbx), %rax")
INSN("movsbl (%rbx), %edx")
INSN("movsbw (%rbx), %dx")
INSN("movsbq (%rbx), %rdx")
INSN("movswl (%rbx), %edx")
INSN("movslq (%rbx), %r13")
INSN("movnti %rax, (%rbx)")
INSN("movnti %eax, 8(%rbx)")
#define BITS(op)                               \
	INSN_UNDEF(op "l %ecx, (%rbx)", 0x894) \
	INSN_UNDEF(op "q %r8, (%rbx)", 0x894)  \
	INSN_UNDEF(op "w $13, (%rbx)", 0x894)  \
	INSN_UNDEF(op "l $31, 4(%rbx)", 0x894)
BITS("bt")
BITS("lock bts")
BITS("lock btr")
BITS("btc")
INSN("stosb")
INSN("stosw")
INSN("stosl")
INSN("stosq")
INSN("rep stosb")
INSN("rep stosl")
INSN("lodsb")
INSN("lodsw")
INSN("lodsl")
INSN("lodsq")
INSN("movsb")
INSN("movsl")
INSN("rep movsb")
INSN("rep movsw")
INSN("rep movsq")

/* ---- the processor ------------------------------------------------------------------------- */

struct native {
	uint64_t gpr[16];
	uint64_t flags;
	const void *code;
};

void run_native(struct native *n);
__asm__(".text\n.globl run_native\nrun_native:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"mov %rdi, %r15\n"
	"push 128(%r15); popfq\n"
	"mov 0(%r15), %rax; mov 8(%r15), %rcx; mov 16(%r15), %rdx; mov 24(%r15), %rbx\n"
	"mov 40(%r15), %rbp; mov 48(%r15), %rsi; mov 56(%r15), %rdi; mov 64(%r15), %r8\n"
	"mov 72(%r15), %r9; mov 80(%r15), %r10; mov 88(%r15), %r11; mov 96(%r15), %r12\n"
	"mov 104(%r15), %r13; mov 112(%r15), %r14\n"
	"call *136(%r15)\n"
	"mov %rax, 0(%r15); mov %rcx, 8(%r15); mov %rdx, 16(%r15); mov %rbx, 24(%r15)\n"
	"mov %rbp, 40(%r15); mov %rsi, 48(%r15); mov %rdi, 56(%r15); mov %r8, 64(%r15)\n"
	"mov %r9, 72(%r15); mov %r10, 80(%r15); mov %r11, 88(%r15); mov %r12, 96(%r15)\n"
	"mov %r13, 104(%r15); mov %r14, 112(%r15)\n"
	"pushfq; pop 128(%r15); cld\n"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"ret\n");

/* ---- the device ---------------------------------------------------------------------------- */

static struct decode_cache *cache; /* NULL every other round: it must make no difference */
static struct decode_cache *real_cache;
static uint8_t *code; /* a page; guest RAM */
static uint8_t data[DATA_BYTES] __attribute__((aligned(64)));
static unsigned int accesses;

static uint8_t *ram(void *opaque, uint64_t gpa)
{
	(void)opaque;
	return gpa >= (uintptr_t)code && gpa < (uintptr_t)code + PAGE_SIZE ? (uint8_t *)gpa : NULL;
}

static uint8_t *device(uint64_t gpa, unsigned int size)
{
	assert_true(gpa >= (uintptr_t)data && gpa + size <= (uintptr_t)data + DATA_BYTES);
	assert_true(size == 1 || size == 2 || size == 4 || size == 8);
	accesses++;
	return (uint8_t *)gpa;
}

static uint64_t mmio_read(void *opaque, uint64_t gpa, unsigned int size)
{
	uint64_t val = 0;

	(void)opaque;
	memcpy(&val, device(gpa, size), size);
	return val;
}

static void mmio_write(void *opaque, uint64_t gpa, unsigned int size, uint64_t val)
{
	(void)opaque;
	memcpy(device(gpa, size), &val, size);
}

static uint8_t port_log[64];
static unsigned int port_bytes;

static uint32_t port_read(void *opaque, uint16_t port, unsigned int size)
{
	(void)opaque;
	(void)size;
	return 0x01020304u * port;
}

static void port_write(void *opaque, uint16_t port, unsigned int size, uint32_t val)
{
	(void)opaque;
	assert_int_equal(port, 0x3f8);
	memcpy(port_log + port_bytes, &val, size);
	port_bytes += size;
}

static struct guest_view view64(void)
{
	struct guest_view v = {
		.efer = BIT(10) | BIT(8),
		.cr0 = 1,
		.phys_bits = 48,
		.decoded = cache,
		.ram = ram,
		.mmio_read = mmio_read,
		.mmio_write = mmio_write,
		.port_read = port_read,
		.port_write = port_write,
	};

	for (int i = 0; i < SEG_COUNT; i++)
		v.seg[i] = (struct guest_seg){ 0, UINT32_MAX, SEG_ATTR_P, 8 };
	v.seg[SEG_CS].attr |= SEG_ATTR_L | SEG_ATTR_CODE;
	v.rip = (uintptr_t)code;
	return v;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void random_start(struct native *n)
{
	for (int i = 0; i < 16; i++)
		n->gpr[i] = rnd() & 1 ? rnd() : (uint64_t)(int64_t)(int8_t)rnd();
	n->gpr[RBX] = (uintptr_t)data + DATA_BYTES / 2;
	n->gpr[RCX] = rnd() % 8;
	n->gpr[RSI] = (uintptr_t)data + DATA_BYTES / 2 - 64 + rnd() % 16;
	n->gpr[RDI] = (uintptr_t)data + DATA_BYTES / 2 + rnd() % 16;
	n->gpr[R8] = rnd() % 512 - 256;
	n->flags = (rnd() & FLAGS_TESTED) | 0x202;
	for (unsigned int i = 0; i < DATA_BYTES; i++)
		data[i] = (uint8_t)rnd();
}

static void compare(const struct insn *t, unsigned int nr)
{
	uint8_t before[DATA_BYTES], native_data[DATA_BYTES];
	struct guest_view v = view64();
	struct guest_fault fault;
	struct native n, start;
	const char *reason;

	random_start(&n);
	/* A word in memory that CMPXCHG finds equal, now and then. */
	if (rnd() & 1)
		memcpy(&n.gpr[RAX], (void *)(uintptr_t)n.gpr[RBX], 8);
	start = n;
	memcpy(before, data, sizeof(data));
	n.code = code;
	run_native(&n);
	memcpy(native_data, data, sizeof(data));
	memcpy(data, before, sizeof(data));
	memcpy(v.gpr, start.gpr, sizeof(v.gpr));
	v.rflags = start.flags;
	if (emulate(&v, &fault, &reason) != EMULATE_DONE)
		fail_msg("instruction %u (%02x %02x %02x) not emulated: %s", nr, t->code[0],
			 t->code[1], t->code[2], reason ? reason : "fault");
	for (int i = 0; i < 15; i++)
		if (i != RSP && v.gpr[i] != n.gpr[i])
			fail_msg("instruction %u (%02x %02x %02x): register %d is %#llx, not %#llx",
				 nr, t->code[0], t->code[1], t->code[2], i,
				 (unsigned long long)v.gpr[i], (unsigned long long)n.gpr[i]);
	if ((v.rflags ^ n.flags) & FLAGS_TESTED & ~t->undefined)
		fail_msg("instruction %u (%02x %02x %02x): flags %#llx, not %#llx", nr, t->code[0],
			 t->code[1], t->code[2], (unsigned long long)v.rflags,
			 (unsigned long long)n.flags);
	assert_memory_equal(data, native_data, sizeof(data));
}

static void test_like_the_processor(void **state)
{
	unsigned int nr = 0;

	(void)state;
	for (const struct insn *t = __start_insn_table; t < __stop_insn_table; t++, nr++) {
		memset(code, 0x90, 64);
		memcpy(code, t->code, t->len);
		code[t->len] = 0xc3;
		for (int round = 0; round < ROUNDS; round++) {
			cache = round & 1 ? real_cache : NULL;
			compare(t, nr);
		}
	}
	assert_true(nr > 150 && accesses > nr * ROUNDS);
}

static enum emulate_result one(struct guest_view *v, const char *bytes, unsigned int len,
			       struct guest_fault *fault)
{
	const char *reason;

	memset(code, 0xcc, 32);
	memcpy(code, bytes, len);
	return emulate(v, fault, &reason);
}

static void test_ports(void **state)
{
	struct guest_view v = view64();
	struct guest_fault fault;

	(void)state;
	port_bytes = 0;
	memcpy(data, "hello", 5);
	v.gpr[RSI] = (uintptr_t)data;
	v.gpr[RDX] = 0x3f8;
	v.gpr[RCX] = 5;
	assert_int_equal(one(&v, "\xf3\x6e", 2, &fault), EMULATE_DONE); /* rep outsb */
	assert_memory_equal(port_log, "hello", 5);
	assert_int_equal(v.gpr[RCX], 0);
	assert_int_equal(v.gpr[RSI], (uintptr_t)data + 5);
	assert_int_equal(v.rip, (uintptr_t)code + 2);
	v = view64();
	v.gpr[RDI] = (uintptr_t)data + 8;
	v.gpr[RDX] = 2;
	assert_int_equal(one(&v, "\x6d", 1, &fault), EMULATE_DONE); /* insd */
	assert_memory_equal(data + 8, "\x08\x06\x04\x02", 4);
	assert_int_equal(v.gpr[RDI], (uintptr_t)data + 12);
}

/* What is no instruction, or none that we know, and what the guest may not do. */
static void test_refused(void **state)
{
	struct guest_view v = view64();
	struct guest_fault fault = { 0 };

	(void)state;
	assert_int_equal(one(&v, "\xff\xff", 2, &fault), EMULATE_FAULT);
	assert_int_equal(fault.vector, 6);
	v.gpr[RBX] = (uintptr_t)data;
	assert_int_equal(one(&v, "\x0f\x10\x03", 3, &fault), EMULATE_UNKNOWN); /* movups */
	assert_int_equal(one(&v, "\x8e\x1b", 2, &fault), EMULATE_UNKNOWN); /* mov (%rbx), %ds */
	assert_int_equal(one(&v, "\xff\x13", 2, &fault), EMULATE_UNKNOWN); /* call *(%rbx) */
	v.gpr[RBX] = 0x8000000000000000ull;
	assert_int_equal(one(&v, "\x8b\x03", 2, &fault), EMULATE_FAULT); /* not canonical */
	assert_int_equal(fault.vector, 13);
	assert_int_equal(v.rip, (uintptr_t)code);
}

/* 32-bit code: segment bases and limits. */
static uint8_t low_code[16];

static uint8_t *low_ram(void *opaque, uint64_t gpa)
{
	(void)opaque;
	return gpa >= 0x1000 && gpa < 0x1010 ? low_code + gpa - 0x1000 : NULL;
}

static uint64_t low_read(void *opaque, uint64_t gpa, unsigned int size)
{
	(void)opaque;
	(void)size;
	return gpa;
}

static void test_protected_mode(void **state)
{
	struct guest_view v = view64();
	struct guest_fault fault;
	const char *reason;

	(void)state;
	v.efer = 0;
	v.ram = low_ram;
	v.mmio_read = low_read;
	v.seg[SEG_CS] =
		(struct guest_seg){ 0x1000, 0xfff, SEG_ATTR_P | SEG_ATTR_DB | SEG_ATTR_CODE, 8 };
	v.seg[SEG_DS] = (struct guest_seg){ 0x20000, 0xfff, SEG_ATTR_P | SEG_ATTR_DB, 8 };
	v.rip = 0;
	v.gpr[RBX] = 0xff0;
	memcpy(low_code, "\x8b\x43\x0c\x90", 4); /* mov 12(%ebx), %eax */
	assert_int_equal(emulate(&v, &fault, &reason), EMULATE_DONE);
	assert_int_equal(v.gpr[RAX], 0x20ffc);
	assert_int_equal(v.rip, 3);
	v.rip = 0;
	v.gpr[RBX] = 0xff1;
	assert_int_equal(emulate(&v, &fault, &reason), EMULATE_FAULT);
	assert_int_equal(fault.vector, 13);
	/* The same bytes as 16-bit code: mov 12(%bp,%di), %ax, through SS. */
	v.seg[SEG_CS].attr = SEG_ATTR_P | SEG_ATTR_CODE;
	v.seg[SEG_SS] = (struct guest_seg){ 0x30000, 0xffff, SEG_ATTR_P, 8 };
	v.gpr[RBP] = 0xfff0;
	v.gpr[RDI] = 0x20;
	v.gpr[RAX] = 0xaaaa0000;
	assert_int_equal(emulate(&v, &fault, &reason), EMULATE_DONE);
	assert_int_equal(v.gpr[RAX], 0xaaaa001c);
}

static void test_length(void **state)
{
	struct guest_view v = view64();

	(void)state;
	assert_int_equal(emulate_length(&v, (const uint8_t *)"\x0f\xa2\x90", 3, 0xa20f, 2), 2);
	assert_int_equal(emulate_length(&v, (const uint8_t *)"\x66\x0f\xa2\x90", 4, 0xa20f, 2), 3);
	assert_int_equal(emulate_length(&v, (const uint8_t *)"\x48\x0f\x30\x90", 4, 0x300f, 2), 3);
	assert_int_equal(emulate_length(&v, (const uint8_t *)"\x0f\x01\xd1", 3, 0xd1010f, 3), 3);
	assert_int_equal(emulate_length(&v, (const uint8_t *)"\x0f\x0b", 2, 0xa20f, 2), 0);
	assert_int_equal(emulate_length(&v, (const uint8_t *)"\x0f", 1, 0xa20f, 2), 0);
}

static uint64_t written_to;

static void nowhere_write(void *opaque, uint64_t gpa, unsigned int size, uint64_t val)
{
	(void)opaque;
	written_to = gpa;
	(void)val;
	assert_true(size <= 8);
}

/* What the processor found is taken for the one memory operand that can be meant, and no other. */
static void test_hit(void **state)
{
	static uint8_t elsewhere[INSN_MAX] = "\x8b\x03"; /* mov (%rbx), %eax */
	struct guest_view v = view64();
	struct guest_fault fault;

	(void)state;
	v.ram = low_ram;
	v.mmio_read = low_read;
	v.mmio_write = nowhere_write;
	v.code = elsewhere;
	v.hit = true;
	v.hit_gpa = 0x7654321ff0;
	for (int round = 0; round < 2; round++) {
		v.decoded = real_cache; /* the bytes at RIP are not looked at */
		v.gpr[RBX] = 0x20ff0;
		assert_int_equal(one(&v, "\xcc", 1, &fault), EMULATE_DONE);
		assert_int_equal(v.gpr[RAX], 0x54321ff0);
		v.gpr[RBX] = 0x20ff4;
		assert_int_equal(one(&v, "\xcc", 1, &fault), EMULATE_DONE);
		assert_int_equal(v.gpr[RAX], 0x20ff4);
	}
	/* A read was allowed: a write must ask the tables. */
	elsewhere[0] = 0x89; /* mov %eax, (%rbx) */
	v.gpr[RBX] = 0x20ff0;
	assert_int_equal(one(&v, "\xcc", 1, &fault), EMULATE_DONE);
	assert_int_equal(written_to, 0x20ff0);
	v.hit_write = true;
	assert_int_equal(one(&v, "\xcc", 1, &fault), EMULATE_DONE);
	assert_int_equal(written_to, 0x7654321ff0);
}

/* Whatever bytes there are: never a crash, never more than the device, RIP stays near. */
static void test_noise(void **state)
{
	struct guest_fault fault;
	const char *reason;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		struct guest_view v = view64();
		enum emulate_result r;

		v.decoded = round & 1 ? real_cache : NULL;
		v.rip += rnd() % 8;
		for (int i = 0; i < 32; i++)
			code[i] = (uint8_t)rnd();
		for (int i = 0; i < 16; i++) {
			code[i] = (uint8_t)rnd();
			v.gpr[i] = rnd();
		}
		v.mmio_read = low_read;
		v.mmio_write = nowhere_write;
		v.port_read = port_read;
		port_bytes = 0;
		v.gpr[RCX] = rnd() % 4;
		v.gpr[RDX] = 0x3f8;
		v.cpl = rnd() & 3;
		r = emulate(&v, &fault, &reason);
		if (r == EMULATE_FAULT)
			assert_true(fault.vector < 32);
		if (r == EMULATE_UNKNOWN)
			assert_non_null(reason);
		assert_true(v.rip - (uintptr_t)code <= 15 + 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_like_the_processor),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_protected_mode),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_hit),
		cmocka_unit_test(test_noise),
	};

	code = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	real_cache = calloc(1, decode_cache_bytes());
	if (code == MAP_FAILED || !real_cache)
		return 1;
	return cmocka_run_group_tests(tests, seed_setup, NULL);
}
