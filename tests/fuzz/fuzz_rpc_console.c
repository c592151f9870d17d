/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* sources: console/vmware-vmx/guest_rpc.c console/vmware-vmx/guest_orders.c
 *	console/vmware-vmx/guest_ask.c console/vmware-vmx/guest_info.c
 *	console/lib/unix_socket.c console/lib/vmx_file.c console/lib/replace_file.c
 *	console/lib/tool.c */
/*
 * What a guest's tools send to the machine's process: requests of any text and length in
 * slots of any content. The input: rows of slot fields and texts, which end with a NUL.
 */
#include "fuzz.h"
#include <stdarg.h>
#include <unistd.h>

#include "vmware-vmx/vmx.h"
#include "vmware-vmx/vmx_log.h"

#define STEPS 20

static struct vmx x;
static char folder[] = "/tmp/fuzz_rpc_XX"
		       "XX"
		       "XX";

/* What vmware-cmd may ask for, and no guest. */
void device_connect(struct vmx *v, const char *name, bool connect, char *reply, size_t size)
{
	(void)v, (void)name, (void)connect, (void)reply, (void)size;
	fuzz_require(!"a guest disconnects devices");
}

int vmnix_call(int fd, uint32_t nr, void *args, uint32_t len)
{
	(void)fd, (void)args, (void)len;
	fuzz_require(nr == HC_VM_KICK);
	return 0;
}

bool vm_suspend(struct vmx *v, char *text)
{
	(void)v;
	strcpy(text, "no space");
	return false;
}

void vmx_log(const char *fmt, ...)
{
	char line[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	fuzz_require(strlen(line) < GUEST_LOG_LINE + 64);
}

static void remove_folder(void)
{
	rpc_close(&x, true);
	rmdir(folder);
}

static void set_up(void)
{
	char why[VMX_WHY_MAX];

	if (x.region)
		return;
	fuzz_require(mkdtemp(folder));
	x.vm = 7;
	x.run_dir = folder;
	x.region = calloc(WS_VM_CHANNEL_PAGES, WS_PAGE_SIZE);
	rpc_init(&x);
	fuzz_require(rpc_open(&x, true, why));
	atexit(remove_folder);
}

static void slot(struct fuzz *f)
{
	uint8_t op = fuzz_take(f, 1);
	struct ws_rpc_slot *s = &x.tools.rpc->slot[op & 7];
	uint8_t *text = x.tools.buffers + (op & 7) * WS_RPC_MAX, byte;
	uint32_t len = 0;

	s->protocol = op & 8 ? WS_RPC_RPCI : op & 16 ? WS_RPC_TCLO : fuzz_take(f, 4);
	s->opened += op >> 7;
	while (f->left && len < WS_RPC_MAX && (byte = fuzz_take(f, 1)))
		text[len++] = byte;
	s->request_len = op & 32 ? fuzz_take(f, 4) : len;
	s->request_seq += !(op & 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	int64_t now = 5000;
	unsigned int i;

	set_up();
	memset(x.tools.rpc, 0, sizeof(*x.tools.rpc));
	memset(x.tools.orders, 0, sizeof(x.tools.orders));
	x.tools.second = x.tools.log_refill = x.tools.last_ok = x.tools.power_until = 0;
	x.tools.log_bytes = 0;
	for (int step = 0; step < STEPS && f.left; step++) {
		slot(&f);
		now += fuzz_take(&f, 2);
		fuzz_require(rpc_serve(&x, now) <= GUEST_ALIVE_MS);
		for (i = 0; i < WS_RPC_CHANNELS; i++)
			fuzz_require(x.tools.rpc->slot[i].reply_len <= WS_RPC_MAX);
	}
	return 0;
}
