// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * What /sched shows: the slice, which may be changed, and a table of worlds
 * and of PCPUs. Each read takes a snapshot of its world under the lock.
 */
#include "error.h"
#include "lib/format.h"
#include "lib/text.h"
#include "sched/private.h"
#include "vsi/vsi.h"

static struct world *find_world(const char *member)
{
	struct world *w;
	uint64_t id;

	if (parse_u64(member, &id))
		return NULL;
	LIST_FOR_EACH(w, &sched.worlds, struct world, all)
		if (w->id == id)
			return w;
	return NULL;
}

static int snapshot(const char *member, struct world *copy)
{
	uint64_t now = sched.hooks->now_ns();
	struct world *w;

	spin_lock(&sched.lock);
	w = find_world(member);
	if (w) {
		sched_account(w, now);
		*copy = *w;
	}
	spin_unlock(&sched.lock);
	return w ? VMK_OK : VMK_NOT_FOUND;
}

static int world_name(void *ctx, uint32_t index, char *name)
{
	struct world *w;
	int err = VMK_NOT_FOUND;

	(void)ctx;
	spin_lock(&sched.lock);
	LIST_FOR_EACH(w, &sched.worlds, struct world, all) {
		if (index-- == 0) {
			vmk_snprintf(name, VSI_NAME_MAX, "%u", w->id);
			err = VMK_OK;
			break;
		}
	}
	spin_unlock(&sched.lock);
	return err;
}

static bool world_exists(void *ctx, const char *name)
{
	bool found;

	(void)ctx;
	spin_lock(&sched.lock);
	found = find_world(name) != NULL;
	spin_unlock(&sched.lock);
	return found;
}

static const char *const kind_names[] = { "console", "idle", "helper", "vcpu" };
static const char *const state_names[] = { "stopped", "ready", "running", "waiting", "capped" };

/* WORLD_FIELD(name, "help", printf format, expressions over the snapshot w) */
#define WORLD_FIELDS(WORLD_FIELD)                                                                \
	WORLD_FIELD(name, "name", "%s\n", w.name)                                                \
	WORLD_FIELD(kind, "console, idle, helper or vcpu", "%s\n", kind_names[w.kind])           \
	WORLD_FIELD(state, "stopped, ready, running, waiting or capped", "%s\n",                 \
		    state_names[w.state])                                                        \
	WORLD_FIELD(pcpu, "PCPU that it runs on or last ran on, -1: none", "%d\n", (int)w.pcpu)  \
	WORLD_FIELD(shares, "CPU shares", "%u\n", w.shares)                                      \
	WORLD_FIELD(min, "least percent of a PCPU", "%u\n", w.min_pct)                           \
	WORLD_FIELD(max, "most percent of a PCPU, 0: no limit", "%u\n", w.max_pct)               \
	WORLD_FIELD(used, "ns on a PCPU", "%lu\n", w.time[WORLD_RUNNING])                        \
	WORLD_FIELD(sys, "ns of these in the vmkernel", "%lu\n", w.sys_ns)                       \
	WORLD_FIELD(ready, "ns ready, but without a PCPU", "%lu\n", w.time[WORLD_READY])         \
	WORLD_FIELD(wait, "ns with nothing to do", "%lu\n", w.time[WORLD_WAITING])               \
	WORLD_FIELD(capped, "ns held back by its maximum", "%lu\n", w.time[WORLD_CAPPED])        \
	WORLD_FIELD(times, "ns: now used ready wait capped stopped sys, all at one moment",      \
		    "%lu %lu %lu %lu %lu %lu %lu\n", w.since, w.time[WORLD_RUNNING],             \
		    w.time[WORLD_READY], w.time[WORLD_WAITING], w.time[WORLD_CAPPED],            \
		    w.time[WORLD_STOPPED], w.sys_ns)                                             \
	WORLD_FIELD(switches, "times that it was put on a PCPU", "%lu\n", w.switches)            \
	WORLD_FIELD(moves, "times on another PCPU than before", "%lu\n", w.moves)                \
	WORLD_FIELD(wakes, "times woken", "%lu\n", w.wakes)                                      \
	WORLD_FIELD(all, "id kind state pcpu shares min max used sys ready wait capped name",    \
		    "%u %s %s %d %u %u %u %lu %lu %lu %lu %lu %s\n", w.id, kind_names[w.kind],   \
		    state_names[w.state], (int)w.pcpu, w.shares, w.min_pct, w.max_pct,           \
		    w.time[WORLD_RUNNING], w.sys_ns, w.time[WORLD_READY], w.time[WORLD_WAITING], \
		    w.time[WORLD_CAPPED], w.name)

#define WORLD_FIELD(name, help, ...)                                               \
	static int get_##name(void *ctx, const char *member, struct vsi_text *out) \
	{                                                                          \
		struct world w;                                                    \
		int err = snapshot(member, &w);                                    \
                                                                                   \
		(void)ctx;                                                         \
		if (!err)                                                          \
			vsi_printf(out, __VA_ARGS__);                              \
		return err;                                                        \
	}
WORLD_FIELDS(WORLD_FIELD)
#undef WORLD_FIELD

static const struct vsi_field world_fields[] = {
#define WORLD_FIELD(name, help, ...) { #name, help, get_##name, NULL },
	WORLD_FIELDS(WORLD_FIELD)
#undef WORLD_FIELD
};

static const struct vsi_table_ops world_table = {
	.name = world_name,
	.exists = world_exists,
	.fields = world_fields,
	.field_count = ARRAY_SIZE(world_fields),
};

/* The PCPU that a name stands for, or NULL. */
static struct sched_pcpu *find_pcpu(const char *name)
{
	uint64_t n;

	if (parse_u64(name, &n) || n >= SCHED_PCPU_MAX || !(sched.online & BIT(n)))
		return NULL;
	return &sched.pcpu[n];
}

static int pcpu_name(void *ctx, uint32_t index, char *name)
{
	(void)ctx;
	for (uint32_t i = 0; i < SCHED_PCPU_MAX; i++) {
		if (sched.online & BIT(i) && index-- == 0) {
			vmk_snprintf(name, VSI_NAME_MAX, "%u", i);
			return VMK_OK;
		}
	}
	return VMK_NOT_FOUND;
}

static bool pcpu_exists(void *ctx, const char *name)
{
	(void)ctx;
	return find_pcpu(name) != NULL;
}

static int get_current(void *ctx, const char *member, struct vsi_text *out)
{
	const struct sched_pcpu *p = find_pcpu(member);

	(void)ctx;
	if (!p)
		return VMK_NOT_FOUND;
	vsi_printf(out, "%u\n", sched_current_id((uint32_t)(p - sched.pcpu)));
	return VMK_OK;
}

static int get_idle(void *ctx, const char *member, struct vsi_text *out)
{
	struct sched_pcpu *p = find_pcpu(member);
	struct world_times times;

	(void)ctx;
	if (!p)
		return VMK_NOT_FOUND;
	world_get_times(&p->idle_world, sched.hooks->now_ns(), &times);
	vsi_printf(out, "%lu\n", times.used_ns);
	return VMK_OK;
}

static int get_kicks(void *ctx, const char *member, struct vsi_text *out)
{
	const struct sched_pcpu *p = find_pcpu(member);

	(void)ctx;
	if (!p)
		return VMK_NOT_FOUND;
	vsi_printf(out, "%lu\n", p->kicks);
	return VMK_OK;
}

/* Lines of the same length, so that a reader who takes them in pieces can keep them whole. */
#define TIMES_LINE "%10s %20lu\n"
#define TIMES_WORLD "%10u %20lu\n"

static int get_pcpu_times(void *ctx, const char *member, struct vsi_text *out)
{
	struct sched_pcpu *p = find_pcpu(member);
	uint64_t now = sched.hooks->now_ns();
	struct world *w;

	(void)ctx;
	if (!p)
		return VMK_NOT_FOUND;
	spin_lock(&sched.lock);
	w = p->current ? p->current : &p->idle_world;
	sched_account(w, now);
	vsi_printf(out, TIMES_LINE TIMES_LINE TIMES_LINE, "now", w->since, "idle",
		   p->idle_world.time[WORLD_RUNNING], "busy", p->busy_ns);
	LIST_FOR_EACH(w, &sched.worlds, struct world, all)
		if (w->pcpu_ns[p - sched.pcpu])
			vsi_printf(out, TIMES_WORLD, w->id, w->pcpu_ns[p - sched.pcpu]);
	spin_unlock(&sched.lock);
	return VMK_OK;
}

static const struct vsi_field pcpu_fields[] = {
	{ "current", "id of the world that runs there", get_current, NULL },
	{ "idle", "ns in which it ran no world", get_idle, NULL },
	{ "times", "ns, all at one moment: now, idle, busy, and of this by world id",
	  get_pcpu_times, NULL },
	{ "kicks", "times interrupted to take a world", get_kicks, NULL },
};

static const struct vsi_table_ops pcpu_table = {
	.name = pcpu_name,
	.exists = pcpu_exists,
	.fields = pcpu_fields,
	.field_count = ARRAY_SIZE(pcpu_fields),
};

static struct vsi_node folder = VSI_FOLDER("sched", "worlds and who runs them");
static struct vsi_node nodes[] = {
	VSI_U64_RW("slice_ns", "ns that a world runs while others wait", &sched.slice_ns,
		   SLICE_MIN_NS, SLICE_MAX_NS),
	VSI_TABLE("worlds", "all worlds by id", &world_table, NULL),
	VSI_TABLE("pcpus", "processors that run worlds", &pcpu_table, NULL),
};

int sched_vsi_init(void)
{
	int err = vsi_add(NULL, &folder);

	if (!err)
		err = vsi_add_all(&folder, nodes, ARRAY_SIZE(nodes));
	return err ? err : sched_status_init(&folder);
}
