// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * Suspending a virtual machine to a file beside its .vmx file, and going on from there.
 *
 * A machine is suspended once checkpoint.vmState in its .vmx file names the file, which is
 * whole by then; if anything fails before, it runs on. It is no longer suspended once that
 * key is empty again, which comes before its guest's first instruction: so no state is
 * ever gone on with twice. The file goes last.
 */
#include <string.h>
#include <unistd.h>
#include "guest_image.h"
#include "tool.h"
#include "vmss.h"
#include "vmx.h"
#include "vmx_log.h"

#define KEY "checkpoint.vmState"
#define STOP_TRIES 1000 /* of 5 ms: VCPUs need a moment to stand still */
#define LARGE_PAGE (2ull << 20)
#define MEM_READ_USED 3u
#define LOOK_EVERY 256u /* chunks of memory: may have been switched off meanwhile */

static bool refuse(char *why, const char *what, const char *text)
{
	tool_format(why, VMX_WHY_MAX, "%s: %s", what, text);
	return false;
}

static uint8_t *window(struct vmx *x)
{
	return (uint8_t *)x->region + WS_VM_WINDOW_OFFSET;
}

/* ---- suspend ---- */

static bool still_suspended(struct vmx *x, char *why)
{
	struct hc_vm_info info;
	int err = vmnix_vm_info(x->fd, x->vm, &info);

	if (!err && info.state == HC_VM_SUSPENDED)
		return true;
	return refuse(why, x->path, err ? vmnix_text(err) : "it was switched off meanwhile");
}

static bool save_state(struct vmx *x, struct vmss *v, char *why)
{
	struct hc_vm_checkpoint args = { .vm = x->vm };
	uint8_t state[VMSS_STATE_MAX];
	int err = vmnix_call(x->fd, HC_VM_CHECKPOINT, &args, sizeof(args));

	if (err)
		return refuse(why, "state of processors and devices", vmnix_text(err));
	memcpy(state, window(x), args.len);
	return vmss_put_state(v, state, args.len, why, VMX_WHY_MAX);
}

static bool save_info(struct vmx *x, struct vmss *v, char *why)
{
	const struct guest_info *g = &x->tools.info;
	static char buf[VMSS_INFO_MAX];
	size_t i, len = 0;

	for (i = 0; i < g->count; i++) {
		size_t name = strlen(g->var[i].name) + 1, value = strlen(g->var[i].value) + 1;

		if (name + value > sizeof(buf) - len)
			break; /* GUEST_INFO_BYTES is no more */
		memcpy(buf + len, g->var[i].name, name);
		memcpy(buf + len + name, g->var[i].value, value);
		len += name + value;
	}
	return vmss_put_info(v, buf, len, why, VMX_WHY_MAX);
}

/* Memory from start to end; what nobody has ever used is skipped, and not touched. */
static bool save_range(struct vmx *x, struct vmss *v, uint64_t start, uint64_t end, char *why)
{
	uint8_t data[WS_VM_WINDOW_SIZE];
	unsigned int chunks = 0;
	int err;

	while (start < end) {
		struct hc_vm_mem mem = { .vm = x->vm, .write = MEM_READ_USED, .gpa = start };

		mem.len = end - start < sizeof(data) ? end - start : sizeof(data);
		err = vmnix_call(x->fd, HC_VM_MEM, &mem, sizeof(mem));
		if (err == VMK_NOT_FOUND) {
			start = (start / LARGE_PAGE + 1) * LARGE_PAGE;
			continue;
		}
		if (err)
			return refuse(why, "memory", vmnix_text(err));
		memcpy(data, window(x), mem.len);
		if (!vmss_put_memory(v, start, data, mem.len, why, VMX_WHY_MAX) ||
		    (++chunks % LOOK_EVERY == 0 && !still_suspended(x, why)))
			return false;
		start += mem.len;
	}
	return true;
}

static bool save_memory(struct vmx *x, struct vmss *v, char *why)
{
	uint64_t bytes = v->h.mem_bytes;
	uint64_t low = bytes < GUEST_LOW_RAM_MAX ? bytes : GUEST_LOW_RAM_MAX;

	return save_range(x, v, 0, GUEST_VGA, why) && save_range(x, v, GUEST_VGA_END, low, why) &&
	       save_range(x, v, GUEST_HIGH_RAM, GUEST_HIGH_RAM + bytes - low, why);
}

/* "demo.vmx" makes "demo.vmss", beside it. */
static bool file_name(const struct vmx *x, char *path, size_t size)
{
	size_t len = strlen(x->path);

	if (len > 4 && !strcmp(x->path + len - 4, ".vmx"))
		len -= 4;
	return tool_format(path, size, "%.*s.vmss", (int)len, x->path);
}

static bool write_file(struct vmx *x, struct vmss *v, char *why)
{
	struct vmss_header h = { .vcpus = x->config.vcpus };
	struct hc_vm_info info;
	char path[PATH_MAX];

	if (vmnix_vm_info(x->fd, x->vm, &info))
		return refuse(why, x->path, "it is gone");
	if (!file_name(x, path, sizeof(path)))
		return refuse(why, x->path, "the path is too long");
	h.mem_bytes = info.mem_bytes;
	memcpy(h.uuid, x->config.uuid, sizeof(h.uuid));
	memcpy(h.label, x->config.display_name, sizeof(h.label));
	return vmss_create(v, path, &h, why, VMX_WHY_MAX) && save_state(x, v, why) &&
	       save_info(x, v, why) && save_memory(x, v, why) && still_suspended(x, why) &&
	       vmss_commit(v, why, VMX_WHY_MAX);
}

static bool save(struct vmx *x, char *why)
{
	struct vmss v = { .f = NULL };
	const char *name;

	if (!write_file(x, &v, why)) {
		vmss_abandon(&v);
		return false;
	}
	name = strrchr(v.path, '/') + 1;
	if (!vmx_file_set(x->path, KEY, name, why, VMX_WHY_MAX)) {
		unlink(v.path);
		return false;
	}
	vmx_log("suspended: %s, %llu bytes, %llu pages", v.path, (unsigned long long)v.h.file_len,
		(unsigned long long)v.h.pages);
	return true;
}

bool vm_suspend(struct vmx *x, char *why)
{
	int tries = STOP_TRIES, err;

	do {
		err = vmnix_vm_power(x->fd, x->vm, HC_POWER_SUSPEND);
		if (err != VMK_BUSY)
			break;
		usleep(5000);
	} while (--tries);
	if (!err) {
		vmx_log("suspending");
		if (save(x, why)) {
			vmnix_vm_power(x->fd, x->vm, HC_POWER_OFF);
			return true;
		}
	} else {
		refuse(why, x->path, vmnix_text(err));
	}
	vmx_log("not suspended: %s", why);
	if (err != VMK_BAD_STATE)
		vmnix_vm_power(x->fd, x->vm, HC_POWER_ON);
	return false;
}

bool vm_go_on(struct vmx *x, char *why)
{
	char path[PATH_MAX], temp[PATH_MAX];
	int err = vmnix_vm_power(x->fd, x->vm, HC_POWER_ON);

	if (err)
		return refuse(why, "power on", vmnix_text(err));
	vmx_log("was not suspended to the end, goes on");
	if (file_name(x, path, sizeof(path)) && tool_format(temp, sizeof(temp), "%s.tmp", path))
		unlink(temp);
	return true;
}

/* ---- resume ---- */

static bool is_ours(struct vmx *x, const struct vmss *v, char *why)
{
	const struct vmss_header *h = &v->h;

	if (!x->config.has_uuid || memcmp(h->uuid, x->config.uuid, sizeof(h->uuid))) {
		tool_format(why, VMX_WHY_MAX,
			    "%s: belongs to another virtual machine (\"%.63s\", another uuid.bios)",
			    v->path, h->label);
		return false;
	}
	if (h->mem_bytes != (uint64_t)x->config.mem_mb << 20) {
		tool_format(why, VMX_WHY_MAX,
			    "%s: was suspended with memsize %llu, the .vmx file says %u", v->path,
			    (unsigned long long)h->mem_bytes >> 20, x->config.mem_mb);
		return false;
	}
	if (h->vcpus != x->config.vcpus) {
		tool_format(why, VMX_WHY_MAX,
			    "%s: was suspended with numvcpus %u, the .vmx file says %u", v->path,
			    h->vcpus, x->config.vcpus);
		return false;
	}
	return true;
}

static bool load_memory(struct vmx *x, struct vmss *v, char *why)
{
	uint8_t data[VMSS_CHUNK_MAX];
	uint64_t gpa = 0;
	uint32_t len;
	int err;

	for (;;) {
		if (!vmss_get_memory(v, &gpa, data, &len, why, VMX_WHY_MAX))
			return false;
		if (!len)
			return true;
		struct hc_vm_mem mem = { .vm = x->vm, .write = 1, .gpa = gpa, .len = len };

		memcpy(window(x), data, len);
		err = vmnix_call(x->fd, HC_VM_MEM, &mem, sizeof(mem));
		if (err) {
			tool_format(why, VMX_WHY_MAX, "%s: memory at 0x%llx: %s", v->path,
				    (unsigned long long)gpa, vmnix_text(err));
			return false;
		}
	}
}

static bool load_state(struct vmx *x, struct vmss *v, const uint8_t *state, char *why)
{
	struct hc_vm_checkpoint args = { .vm = x->vm, .load = 1, .len = v->h.state_len };
	int err;

	memcpy(window(x), state, args.len);
	err = vmnix_call(x->fd, HC_VM_CHECKPOINT, &args, sizeof(args));
	if (!err)
		return true;
	if (err == VMK_BAD_PARAM && !strncmp(args.part, "cpu", sizeof(args.part)))
		return refuse(why, v->path, "was suspended on a processor with other features");
	if (err == VMK_BAD_PARAM)
		tool_format(why, VMX_WHY_MAX,
			    "%s: the state of its %.15s is damaged, or of another vmnix", v->path,
			    args.part);
	else
		refuse(why, v->path, vmnix_text(err));
	return false;
}

void vm_load_info(struct vmx *x)
{
	struct guest_info *g = &x->tools.info;
	const char *name = x->info, *end = x->info + x->info_len, *value;

	while (g->count)
		guest_info_set(g, g->var[0].name, "");
	for (; name < end; name = value + strlen(value) + 1) {
		value = name + strlen(name) + 1;
		if (value >= end)
			break;
		guest_info_set(g, name, value);
	}
}

bool vm_load(struct vmx *x, char *why)
{
	uint8_t state[VMSS_STATE_MAX];
	struct vmss v;
	bool ok = vmss_open(&v, x->config.checkpoint, why, VMX_WHY_MAX) && is_ours(x, &v, why) &&
		  vmss_get_state(&v, state, why, VMX_WHY_MAX) &&
		  vmss_get_info(&v, x->info, why, VMX_WHY_MAX) && load_memory(x, &v, why) &&
		  load_state(x, &v, state, why);

	if (ok)
		vmx_log("loaded: %s, %llu bytes, %llu pages", v.path,
			(unsigned long long)v.h.file_len, (unsigned long long)v.h.pages);
	else
		tool_format(x->question_why, sizeof(x->question_why), "%s", why);
	x->question = ok ? QUESTION_NONE : QUESTION_CHECKPOINT;
	x->info_len = v.h.info_len;
	vmss_close(&v);
	return ok;
}

bool vm_discard(struct vmx *x, char *why)
{
	char path[PATH_MAX], ignored[VMX_WHY_MAX];
	struct vmss v;
	bool other;

	if (!vmx_file_set(x->path, KEY, "", why, VMX_WHY_MAX))
		return false;
	tool_format(path, sizeof(path), "%s", x->config.checkpoint);
	x->config.checkpoint[0] = 0;
	if (!vmss_is_one(path))
		return true;
	other = vmss_open(&v, path, ignored, sizeof(ignored)) &&
		memcmp(v.h.uuid, x->config.uuid, sizeof(v.h.uuid));
	vmss_close(&v);
	if (!other)
		unlink(path);
	return true;
}

bool vm_resume(struct vmx *x, char *why)
{
	const char *name = strrchr(x->config.checkpoint, '/') + 1;
	char ignored[VMX_WHY_MAX];
	int err;

	if (!vmx_file_set(x->path, KEY, "", why, VMX_WHY_MAX))
		return false;
	err = vmnix_vm_power(x->fd, x->vm, HC_POWER_ON);
	if (err) {
		vmx_file_set(x->path, KEY, name, ignored, sizeof(ignored));
		return refuse(why, "power on", vmnix_text(err));
	}
	unlink(x->config.checkpoint);
	x->config.checkpoint[0] = 0;
	return true;
}
