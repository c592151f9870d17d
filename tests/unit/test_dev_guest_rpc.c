/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: vmkernel/devices/guest_rpc.c */
/*
 * The message channels: a guest that keeps to the protocol, one that does not, and
 * random steps against both sides' hostile values. The console is played here.
 */
#include "test_dev.h"

#include "devices/guest_rpc.h"

enum { OPEN, SEND_SIZE, SEND_PAYLOAD, RECV_SIZE, RECV_PAYLOAD, RECV_STATUS, CLOSE };

struct far_side {
	uint8_t buf[WS_RPC_MAX];
	uint32_t protocol, opened, len, reply_len;
	uint32_t request, reply;
};

static struct far_side far[WS_RPC_CHANNELS];
static struct guest_rpc rpc;

static struct far_side *at(void *opaque, uint32_t channel)
{
	assert_ptr_equal(opaque, &rpc);
	assert_true(channel < WS_RPC_CHANNELS);
	return &far[channel];
}

static void put(void *opaque, uint32_t channel, uint32_t offset, uint32_t word)
{
	assert_true(offset <= WS_RPC_MAX - 4 && offset % 4 == 0);
	/* Never into what is the console's. */
	assert_int_equal(far[channel].request, far[channel].reply);
	memcpy(at(opaque, channel)->buf + offset, &word, 4);
}

static uint32_t get(void *opaque, uint32_t channel, uint32_t offset)
{
	uint32_t word;

	assert_true(offset <= WS_RPC_MAX - 4 && offset % 4 == 0);
	memcpy(&word, at(opaque, channel)->buf + offset, 4);
	return word;
}

static void opened(void *opaque, uint32_t channel, uint32_t protocol)
{
	assert_int_equal(far[channel].request, far[channel].reply);
	at(opaque, channel)->protocol = protocol;
	far[channel].opened++;
}

static void request(void *opaque, uint32_t channel, uint32_t protocol, uint32_t len)
{
	struct far_side *f = at(opaque, channel);

	assert_true(len <= WS_RPC_MAX);
	assert_int_equal(f->request, f->reply);
	f->protocol = protocol;
	f->len = len;
	f->request++;
}

static void give_up(void *opaque, uint32_t channel)
{
	at(opaque, channel)->protocol = WS_RPC_NONE;
}

static bool answered(void *opaque, uint32_t channel, uint32_t *len)
{
	struct far_side *f = at(opaque, channel);

	*len = f->reply_len;
	return f->request == f->reply;
}

static int fresh(void **state)
{
	const struct guest_rpc_port port = {
		put, get, opened, request, give_up, answered, &rpc,
	};

	(void)state;
	memset(far, 0, sizeof(far));
	fake_ns = 77 * SEC;
	guest_rpc_init(&rpc, &fake_clock, &port);
	return 0;
}

/* ---- a guest ---- */

struct chan {
	uint32_t id, high, low;
};

static uint32_t call(const struct chan *c, unsigned int step, uint32_t ebx, struct backdoor_regs *r)
{
	*r = (struct backdoor_regs){ BACKDOOR_MAGIC,	   ebx,	    step << 16 | 30,
				     c->id << 16 | 0x5658, c->high, c->low };
	assert_int_equal(guest_rpc_call(&rpc, r), 0);
	assert_int_equal(r->ecx & 0xffff, 30);
	assert_int_equal(r->edx & 0xffff, 0x5658);
	assert_int_equal(r->eax, BACKDOOR_MAGIC);
	return r->ecx >> 16;
}

static bool open_one(struct chan *c, uint32_t protocol)
{
	struct backdoor_regs r;

	*c = (struct chan){ 0, 1, 2 };
	if (!call(c, OPEN, protocol | 0x80000000, &r))
		return false;
	*c = (struct chan){ r.edx >> 16, r.esi, r.edi };
	return true;
}

static uint32_t send(const struct chan *c, const char *text)
{
	size_t len = strlen(text);
	struct backdoor_regs r;
	uint32_t word, status = call(c, SEND_SIZE, (uint32_t)len, &r);

	for (size_t i = 0; status && i < len; i += 4) {
		word = 0;
		memcpy(&word, text + i, len - i < 4 ? len - i : 4);
		status = call(c, SEND_PAYLOAD, word, &r);
	}
	return status;
}

static void reply(const struct chan *c, const char *text)
{
	struct far_side *f = &far[c->id];

	f->reply_len = (uint32_t)strlen(text);
	memcpy(f->buf, text, f->reply_len);
	f->reply = f->request;
}

static void expect(const struct chan *c, const char *text)
{
	struct backdoor_regs r;
	char got[256];
	uint32_t len;

	assert_int_equal(call(c, RECV_SIZE, 0, &r), 3);
	assert_int_equal(r.edx >> 16, 1);
	len = r.ebx;
	assert_int_equal(len, strlen(text));
	for (uint32_t i = 0; i < len; i += 4) {
		assert_int_equal(call(c, RECV_PAYLOAD, 1, &r), 1);
		assert_int_equal(r.edx >> 16, 2);
		memcpy(got + i, &r.ebx, 4);
		if (len - i < 4)
			assert_int_equal(r.ebx >> 8 * (len - i), 0);
	}
	assert_memory_equal(got, text, len);
	assert_int_equal(call(c, RECV_PAYLOAD, 1, &r), 0);
	assert_int_equal(call(c, RECV_STATUS, 1, &r), 1);
}

static uint64_t wait_of(const struct chan *c)
{
	struct backdoor_regs before = { BACKDOOR_MAGIC, 9,	 RECV_SIZE << 16 | 30,
					c->id << 16,	c->high, c->low },
			     r = before;
	uint64_t until = guest_rpc_call(&rpc, &r);

	assert_memory_equal(&r, &before, sizeof(r));
	return until;
}

/* ---- tests ---- */

static void question(void **state)
{
	struct backdoor_regs r;
	struct chan c;

	(void)state;
	assert_true(open_one(&c, WS_RPC_RPCI));
	assert_int_equal(far[c.id].opened, 1);
	assert_int_equal(call(&c, RECV_SIZE, 0, &r), 1); /* nothing there */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(send(&c, "info-get guestinfo.a"), 1);
		assert_int_equal(far[c.id].len, 20);
		assert_memory_equal(far[c.id].buf, "info-get guestinfo.a", 20);
		assert_int_equal(wait_of(&c), fake_ns + GUEST_RPC_WAIT_NS);
		assert_int_equal(call(&c, SEND_SIZE, 4, &r), 0);
		reply(&c, "1 value");
		expect(&c, "1 value");
	}
	assert_int_equal(call(&c, CLOSE, 0, &r), 1);
	assert_int_equal(call(&c, SEND_SIZE, 4, &r), 0);
	assert_int_equal(call(&c, CLOSE, 0, &r), 0);
}

/* What was not acknowledged is read again; what was not read gives way to a new question. */
static void again(void **state)
{
	struct backdoor_regs r;
	struct chan c;

	(void)state;
	assert_true(open_one(&c, WS_RPC_RPCI));
	assert_int_equal(send(&c, "q"), 1);
	reply(&c, "1 abcdef");
	assert_int_equal(call(&c, RECV_SIZE, 0, &r), 3);
	assert_int_equal(call(&c, RECV_PAYLOAD, 1, &r), 1);
	assert_int_equal(call(&c, RECV_STATUS, 0, &r), 1);
	expect(&c, "1 abcdef");
	assert_int_equal(send(&c, "q"), 1);
	reply(&c, "1 x");
	assert_int_equal(call(&c, RECV_SIZE, 0, &r), 3);
	assert_int_equal(send(&c, "r"), 1);
	reply(&c, "1 y");
	expect(&c, "1 y");
}

static void nobody_answers(void **state)
{
	struct backdoor_regs r;
	struct chan c, d;

	(void)state;
	assert_true(open_one(&c, WS_RPC_RPCI));
	assert_int_equal(send(&c, "q"), 1);
	fake_ns += GUEST_RPC_WAIT_NS - 1;
	assert_int_equal(wait_of(&c), fake_ns + 1);
	fake_ns++;
	assert_int_equal(call(&c, RECV_SIZE, 0, &r), 0);
	assert_int_equal(far[c.id].protocol, WS_RPC_NONE);
	assert_int_equal(call(&c, RECV_SIZE, 0, &r), 0);
	assert_int_equal(call(&c, SEND_SIZE, 4, &r), 0);
	assert_int_equal(rpc.failed, 1);
	reply(&c, "1 too late");
	assert_int_equal(call(&c, RECV_SIZE, 0, &r), 1);
	assert_int_equal(send(&c, "q"), 1);
	reply(&c, "1 in time");
	expect(&c, "1 in time");
	/* Closed while the console has the buffer: not used before it gives it back. */
	assert_int_equal(send(&c, "q"), 1);
	assert_int_equal(call(&c, CLOSE, 0, &r), 1);
	assert_true(open_one(&d, WS_RPC_RPCI));
	assert_int_not_equal(d.id, c.id);
	reply(&c, "1 late");
	d = c;
	assert_true(open_one(&c, WS_RPC_RPCI));
	assert_int_equal(c.id, d.id);
	assert_int_equal(call(&d, SEND_SIZE, 4, &r), 0); /* the old cookie */
	assert_int_equal(call(&c, SEND_SIZE, 4, &r), 1);
}

static void orders(void **state)
{
	struct backdoor_regs r;
	struct chan c;

	(void)state;
	assert_true(open_one(&c, WS_RPC_TCLO));
	for (int i = 0; i < 5; i++) { /* polls, and nobody has anything */
		assert_int_equal(send(&c, ""), 1);
		assert_int_equal(call(&c, RECV_SIZE, 0, &r), 1);
		fake_ns += 10 * SEC;
		assert_int_equal(far[c.id].request, 1);
	}
	assert_int_equal(send(&c, "unasked"), 0);
	reply(&c, "reset");
	assert_int_equal(send(&c, ""), 1);
	expect(&c, "reset");
	assert_int_equal(send(&c, "OK ATR toolbox"), 1);
	assert_int_equal(far[c.id].request, 2);
	assert_memory_equal(far[c.id].buf, "OK ATR toolbox", 14);
	assert_int_equal(call(&c, RECV_SIZE, 0, &r), 1);
}

static void limits(void **state)
{
	static const uint32_t odd[] = { 0, 1, WS_RPC_TCLO + 1, 0x7fffffff };
	struct chan c[WS_RPC_CHANNELS], more;
	struct backdoor_regs r;
	uint32_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_false(open_one(&more, odd[i]));
	for (i = 0; i < WS_RPC_CHANNELS; i++) {
		assert_true(open_one(&c[i], i % 2 ? WS_RPC_TCLO : WS_RPC_RPCI));
		fake_ns += SEC;
	}
	assert_false(open_one(&more, WS_RPC_RPCI));
	assert_int_equal(call(&c[0], SEND_SIZE, WS_RPC_MAX + 1, &r), 0);
	assert_int_equal(call(&c[0], SEND_SIZE, UINT32_MAX, &r), 0);
	assert_int_equal(call(&c[0], SEND_SIZE, WS_RPC_MAX, &r), 1);
	for (i = 0; i < WS_RPC_MAX / 4; i++)
		assert_int_equal(call(&c[0], SEND_PAYLOAD, i, &r), 1);
	assert_int_equal(call(&c[0], SEND_PAYLOAD, i, &r), 0);
	assert_int_equal(far[c[0].id].len, WS_RPC_MAX);
	far[c[0].id].reply_len = WS_RPC_MAX + 1; /* a console that has gone mad */
	far[c[0].id].reply = far[c[0].id].request;
	assert_int_equal(call(&c[0], RECV_SIZE, 0, &r), 1);
	/* Channels that nobody uses go to who wants one, the oldest first. */
	fake_ns += GUEST_RPC_IDLE_NS;
	assert_int_equal(call(&c[1], RECV_SIZE, 0, &r), 1);
	assert_true(open_one(&more, WS_RPC_RPCI));
	assert_int_equal(more.id, c[2].id);
	assert_int_equal(call(&c[2], SEND_SIZE, 1, &r), 0);
	guest_rpc_reset(&rpc);
	for (i = 0; i < WS_RPC_CHANNELS; i++)
		assert_true(open_one(&c[i], WS_RPC_RPCI));
}

static void without_cookie(void **state)
{
	struct chan c = { 0, 0, 0 };
	struct backdoor_regs r;

	(void)state;
	assert_int_equal(call(&c, OPEN, WS_RPC_RPCI, &r), 1);
	c = (struct chan){ r.edx >> 16, 4711, 12 };
	assert_int_equal(send(&c, "q"), 1);
	reply(&c, "1 ");
	expect(&c, "1 ");
}

/* ---- random ---- */

static void far_side_moves(void)
{
	struct far_side *f = &far[rnd() % WS_RPC_CHANNELS];

	if (rnd() % 3)
		return;
	f->reply_len = rnd() % 4 ? (uint32_t)(rnd() % 64) : (uint32_t)rnd();
	f->reply = rnd() % 8 ? f->request : f->reply;
	if (rnd() % 4 == 0)
		fake_ns += rnd() % (20 * SEC);
}

static void any_step(struct chan *c)
{
	struct backdoor_regs r = {
		.eax = BACKDOOR_MAGIC,
		.ebx = rnd() % 3 ? (uint32_t)(rnd() % 40) : (uint32_t)rnd(),
		.ecx = (uint32_t)(rnd() % 8 ? rnd() % 7 : rnd()) << 16 | 30,
		.edx = c->id << 16,
		.esi = c->high,
		.edi = c->low,
	};
	unsigned int step = r.ecx >> 16;
	uint64_t until;

	if (rnd() % 64 == 0)
		r.edx = (uint32_t)rnd();
	if (step == CLOSE && rnd() % 8)
		return;
	if (step == OPEN)
		r.ebx = (rnd() % 2 ? WS_RPC_RPCI : WS_RPC_TCLO) | (uint32_t)rnd() << 31;
	until = guest_rpc_call(&rpc, &r);
	if (until) {
		assert_true(until > fake_ns && until <= fake_ns + GUEST_RPC_WAIT_NS);
		assert_int_equal(step, RECV_SIZE);
	} else {
		assert_true(r.ecx >> 16 <= 3);
	}
	if (step == OPEN && r.ecx >> 16)
		*c = (struct chan){ r.edx >> 16, r.esi, r.edi };
}

static void anything(void **state)
{
	struct chan c[4] = { { 0, 0, 0 } };

	(void)state;
	rnd_seed("guest_rpc");
	for (int i = 0; i < 2000000; i++) {
		any_step(&c[rnd() % 4]);
		far_side_moves();
		if (rnd() % 4096 == 0)
			guest_rpc_reset(&rpc);
	}
	printf("%llu requests, %llu not answered\n", (unsigned long long)rpc.requests,
	       (unsigned long long)rpc.failed);
	assert_true(rpc.requests > 1000 && rpc.failed > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(question, fresh),
		cmocka_unit_test_setup(again, fresh),
		cmocka_unit_test_setup(nobody_answers, fresh),
		cmocka_unit_test_setup(orders, fresh),
		cmocka_unit_test_setup(limits, fresh),
		cmocka_unit_test_setup(without_cookie, fresh),
		cmocka_unit_test_setup(anything, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
