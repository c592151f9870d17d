// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* The hostcalls that concern the vmkernel itself: version, processors, doorbell, VSI, farewell. */
#include "hostcall/calls.h"
#include "boot_info.h"
#include "cpu/apic.h"
#include "cpu/extended.h"
#include "cpu/pcpu.h"
#include "cpu/time.h"
#include "debug/log.h"
#include "debug/panic.h"
#include "hostcall/doorbell.h"
#include "lib/string.h"
#include "lib/text.h"
#include "lib/version.h"
#include "mm/pages.h"
#include "ring.h"
#include "seal/seal.h"
#include "vmm/vmm.h"
#include "vsi/vsi.h"

static const struct hostcall_ops *ops;
static hpa_t log_region;
static volatile uint32_t bell_apic_id, bell_vector;

extern const uint8_t build_id_note[];

void call_look(void)
{
	ops->look();
}

void hostcall_init(const struct hostcall_ops *o, hpa_t log)
{
	ops = o;
	log_region = log;
	bell_vector = 0;
}

int hc_call_null(struct hc_none *a)
{
	(void)a;
	return VMK_OK;
}

int hc_call_version(struct hc_version *a)
{
	if (a->abi_major != WS_ABI_MAJOR) {
		a->abi_major = WS_ABI_MAJOR;
		a->abi_minor = WS_ABI_MINOR;
		return VMK_BAD_VERSION;
	}
	memset(a, 0, sizeof(*a));
	a->abi_major = WS_ABI_MAJOR;
	a->abi_minor = WS_ABI_MINOR;
	a->pcpus = pcpu_count() - 1;
	a->uptime_ns = now_ns();
	a->tsc_khz = tsc_khz;
	a->panicked = panic_happened();
	strscpy(a->release, VMK_RELEASE, sizeof(a->release));
	/* An ELF note: 12 bytes of header, 4 of name, then the id. */
	memcpy(a->build_id, build_id_note + 16, sizeof(a->build_id));
	if (a->panicked)
		return VMK_OK;
	a->svm_status = (uint32_t)-vmm_status();
	vmm_count(&a->vms, &a->vms_running);
	a->mem_total = pages_total_bytes();
	a->mem_free = pages_free_bytes();
	return VMK_OK;
}

int hc_call_pcpu_start(struct hc_pcpu *a)
{
	if (a->reserved)
		return VMK_BAD_PARAM;
	return ops->pcpu_start(a->apic_id, a->phase, &a->pcpu);
}

int hc_call_farewell(struct hc_farewell *a)
{
	if (a->reserved || a->force > 1)
		return VMK_BAD_PARAM;
	return ops->farewell(a->force);
}

int hc_call_seal(struct hc_seal *a)
{
	return ops->seal(a);
}

int hc_call_mem_give(struct hc_mem_give *a)
{
	return a->reserved ? VMK_BAD_PARAM : ops->mem_give(hpa(a->hpa));
}

int hc_call_mem_take(struct hc_mem_take *a)
{
	return ops->mem_take(a);
}

int doorbell_decode(const struct hc_doorbell *args)
{
	return args->vector && (args->vector < 0x20 || args->vector > 0xff) ? VMK_BAD_PARAM
									    : VMK_OK;
}

void doorbell_invoke(const struct hc_doorbell *args)
{
	bell_vector = 0;
	bell_apic_id = args->apic_id;
	bell_vector = args->vector;
}

int hc_call_doorbell(struct hc_doorbell *a)
{
	int err = doorbell_decode(a);

	if (!err)
		doorbell_invoke(a);
	return err;
}

void doorbell_ring(void)
{
	uint32_t vector = bell_vector;

	if (vector)
		apic_send_fixed(bell_apic_id, (uint8_t)vector);
}

int hc_call_scramble(struct hc_scramble *a)
{
	if (!IS_ENABLED(CONFIG_SCRAMBLE_TEST) || sealed())
		return VMK_NOT_SUPPORTED;
	if (a->extended > 1)
		return VMK_BAD_PARAM;
	if (a->extended) {
		extended_save();
		extended_scramble(a->seed);
		extended_restore();
	}
	ops->leave_scrambled(a->seed);
	return VMK_OK; /* not reached */
}

int hc_call_shared_page(struct hc_shared_page *a)
{
	if (a->vm)
		return vmm_shared_page(a);
	if (a->page >= WS_LOG_RING_PAGES)
		return VMK_BAD_PARAM;
	a->hpa = log_region.v + a->page * PAGE_SIZE;
	a->pages = WS_LOG_RING_PAGES;
	a->writable = 0;
	return VMK_OK;
}

static bool vsi_ok(const struct hc_vsi *a)
{
	return !a->reserved && hostcall_string_ok(a->path, sizeof(a->path));
}

int hc_call_vsi_list(struct hc_vsi *a)
{
	return vsi_ok(a) ? vsi_list(a->path, a->offset, a->text, sizeof(a->text), &a->len, &a->next)
			 : VMK_BAD_PARAM;
}

/*
 * A value that takes several calls, as it was at the first: so that whoever reads it to the end,
 * with nobody else in between, has it whole. One call is served at a time.
 */
#define KEPT_MAX 65536u
static struct {
	char path[HC_VSI_PATH_MAX];
	char text[KEPT_MAX];
	uint32_t len; /* 0: nothing is kept */
} kept;

static int keep(const struct hc_vsi *a)
{
	uint32_t next;
	int err;

	strscpy(kept.path, a->path, sizeof(kept.path));
	err = vsi_get(a->path, 0, kept.text, sizeof(kept.text), &kept.len, &next);
	/* What is longer still is made anew for each piece. */
	if (next)
		kept.len = 0;
	return err;
}

int hc_call_vsi_get(struct hc_vsi *a)
{
	int err = vsi_ok(a) ? VMK_OK : VMK_BAD_PARAM;

	if (!err && !a->offset)
		err = keep(a);
	if (err)
		return err;
	if (a->offset > kept.len || !kept.len || strcmp(kept.path, a->path))
		return vsi_get(a->path, a->offset, a->text, sizeof(a->text), &a->len, &a->next);
	a->len = MIN(kept.len - a->offset, (uint32_t)sizeof(a->text));
	memcpy(a->text, kept.text + a->offset, a->len);
	a->next = a->offset + a->len < kept.len ? a->offset + a->len : 0;
	return VMK_OK;
}

static const char *error_text(int err)
{
#define WS_ERROR(name, value, text) { name, text },
	static const struct {
		int err;
		const char *text;
	} texts[] = {
#include "error.def"
	};
#undef WS_ERROR
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].err == err)
			return texts[i].text;
	return "?";
}

int hc_call_vsi_set(struct hc_vsi *a)
{
	int err;

	if (!vsi_ok(a) || a->len >= sizeof(a->text))
		return VMK_BAD_PARAM;
	a->text[a->len] = 0;
	if (strlen(a->text) != a->len)
		return VMK_BAD_PARAM;
	err = vsi_set(a->path, a->text);
	if (err)
		LOG(INFO, "VSI", "%s cannot be \"%.64s\": %s", a->path, a->text, error_text(err));
	return err;
}
