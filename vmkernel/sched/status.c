// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* Worlds in the columns that ESX showed them in: a line each, under a line of headings. */
#include "error.h"
#include "lib/format.h"
#include "lib/text.h"
#include "sched/private.h"
#include "vsi/vsi.h"

#define AFFINITY_TEXT 96u

#define HEADINGS                                                                         \
	"  vcpu    vm type name             uptime status      usedsec     syssec wait " \
	"     waitsec  cpu affinity  min  max shares emin    extrasec\n"

/* "all", or numbers with commas between them, as far as there is room. */
static void format_affinity(uint64_t pcpus, char *text)
{
	uint64_t left = pcpus & sched.online;
	size_t len = 0;

	strscpy(text, left == sched.online ? "all" : "", AFFINITY_TEXT);
	for (; left != sched.online && left && len < AFFINITY_TEXT - 4; left &= left - 1)
		len += (size_t)vmk_snprintf(text + len, AFFINITY_TEXT - len, "%s%d", len ? "," : "",
					    __builtin_ctzll(left));
}

#define MS(ns) (ns) / 1000000000, (ns) / 1000000 % 1000

static void put_line(const struct world *w, uint64_t factor, struct vsi_text *out)
{
	static const char types[] = "CIHV";
	static const char *const states[] = { "STOP", "READY", "RUN", "WAIT", "CAPPED" };
	char affinity[AFFINITY_TEXT], cpu[12] = "-", name[17];
	uint64_t up = w->time[WORLD_READY] + w->time[WORLD_RUNNING] + w->time[WORLD_WAITING] +
		      w->time[WORLD_CAPPED];

	if (w->kind == WORLD_VCPU || w->kind == WORLD_HELPER)
		format_affinity(w->affinity, affinity);
	else
		vmk_snprintf(affinity, sizeof(affinity), "%u", w->pcpu);
	text_plain(name, w->name, sizeof(name), false);
	if (w->pcpu != SCHED_NO_PCPU)
		vmk_snprintf(cpu, sizeof(cpu), "%u", w->pcpu);
	vsi_printf(out, "%6u %5u %4c %-16s %6lu %-6s %8lu.%03lu %6lu.%03lu %-4s %8lu.%03lu ", w->id,
		   w->group ? w->group : w->id, types[w->kind], name, up / 1000000000,
		   states[w->state], MS(w->time[WORLD_RUNNING]), MS(w->sys_ns),
		   w->state == WORLD_WAITING ? "IDLE" : "NONE", MS(w->time[WORLD_WAITING]));
	vsi_printf(out, "%4s %8s %4u %4u %6u %4u %7lu.%03lu\n", cpu, affinity, w->min_pct,
		   w->max_pct ? w->max_pct : 100, w->shares, sched_load_entitled(w, factor),
		   MS(w->extra_ns));
}

void sched_put_status(uint32_t group, struct vsi_text *out)
{
	uint64_t now = sched.hooks->now_ns(), factor;
	struct world *w;

	vsi_printf(out, HEADINGS);
	spin_lock(&sched.lock);
	sched_load_update(now);
	factor = sched_load_factor();
	LIST_FOR_EACH(w, &sched.worlds, struct world, all) {
		if (group && w->group != group)
			continue;
		sched_account(w, now);
		put_line(w, factor, out);
	}
	spin_unlock(&sched.lock);
}

void sched_put_affinity(struct world *w, struct vsi_text *out)
{
	char text[AFFINITY_TEXT];

	spin_lock(&sched.lock);
	format_affinity(w->affinity, text);
	spin_unlock(&sched.lock);
	vsi_printf(out, "%s\n", text);
}

static int get_cpu(void *ctx, struct vsi_text *out)
{
	(void)ctx;
	sched_put_status(0, out);
	return VMK_OK;
}

static int get_load(void *ctx, struct vsi_text *out)
{
	uint32_t load[LOADS];

	(void)ctx;
	sched_load_get(sched.hooks->now_ns(), load);
	vsi_printf(out, "              1min     5min    15min\nvcpus   ");
	for (uint32_t i = 0; i < LOADS; i++)
		vsi_printf(out, " %5u.%02u", load[i] / 100, load[i] % 100);
	vsi_printf(out, "\n");
	return VMK_OK;
}

static struct vsi_node nodes[] = {
	VSI_TEXT("cpu-load", "VCPUs that want a PCPU, averages", get_load, NULL, NULL),
	VSI_TEXT("cpu", "all worlds: who they are, what they used, what they are entitled to",
		 get_cpu, NULL, NULL),
};

int sched_status_init(struct vsi_node *folder)
{
	return vsi_add_all(folder, nodes, ARRAY_SIZE(nodes));
}
