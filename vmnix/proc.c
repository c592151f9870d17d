// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/*
 * /proc/vmware: the VSI tree as files. The module knows no node by name but
 * /vm, whose children come and go: it walks the tree when the vmkernel has
 * been loaded, and a VM's part of it when that VM comes.
 */
#include <linux/bitmap.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/io.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "compat.h"
#include "ring.h"
#include "vmnix.h"

#define DEPTH_MAX 8

static struct proc_dir_entry *top, *vm_dir;

/*
 * What should be shown is noted under vmnix_lock; what is shown changes later,
 * in proc_sync(), under proc_lock alone: removing an entry waits for its
 * readers, and they wait for vmnix_lock.
 */
static DEFINE_MUTEX(proc_lock);
static bool want_tree, have_tree;
static DECLARE_BITMAP(want_vm, HC_VM_IDS);
static DECLARE_BITMAP(have_vm, HC_VM_IDS);

static struct hc_vsi *vsi_new(const char *path)
{
	struct hc_vsi *v = kzalloc(sizeof(*v), GFP_KERNEL);

	if (v)
		strscpy(v->path, *path ? path : "/", sizeof(v->path));
	return v;
}

/* One node: its path is the private data, freed with the entry's parent list at unload. */
struct node {
	struct node *next;
	u32 vm; /* 0: not below /vm/ID */
	char path[];
};
static struct node *nodes;

static int vsi_errno(int status)
{
	static const u8 numbers[] = {
		[-VMK_READ_ONLY] = EACCES, [-VMK_NO_ACCESS] = EACCES,
		[-VMK_NOT_FOUND] = ENOENT, [-VMK_LIMIT_EXCEEDED] = ERANGE,
		[-VMK_OVERCOMMIT] = EBUSY, [-VMK_BUSY] = EBUSY,
		[-VMK_PANICKED] = ENODEV,
	};

	if (!status)
		return 0;
	return -(-status < (int)ARRAY_SIZE(numbers) ? numbers[-status] ?: EINVAL : EINVAL);
}

/* One piece. 0 or a negative errno: ENODEV without a vmkernel. Context: vmnix_lock is held. */
static int vsi_call(enum hostcall_nr nr, struct hc_vsi *v)
{
	return vmkernel_loaded() ? vsi_errno(hostcall(nr, v, sizeof(*v))) : -ENODEV;
}

static int leaf_show(struct seq_file *m, void *unused)
{
	const struct node *node = m->private;
	struct hc_vsi *v = vsi_new(node->path);
	int err;

	if (!v)
		return -ENOMEM;
	mutex_lock(&vmnix_lock);
	do {
		err = vsi_call(HC_VSI_GET, v);
		if (err || v->len > HC_VSI_TEXT_MAX)
			break;
		seq_write(m, v->text, v->len);
		v->offset = v->next;
	} while (v->next);
	mutex_unlock(&vmnix_lock);
	kfree(v);
	return err;
}

static int leaf_open(struct inode *inode, struct file *file)
{
	return single_open(file, leaf_show, pde_data(inode));
}

static ssize_t leaf_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	const struct node *node = pde_data(file_inode(file));
	size_t bytes = len;
	struct hc_vsi *v;
	int err;

	if (!len || len >= HC_VSI_TEXT_MAX)
		return -EINVAL;
	v = vsi_new(node->path);
	if (!v)
		return -ENOMEM;
	err = copy_from_user(v->text, buf, len) ? -EFAULT : 0;
	if (!err) {
		while (len && v->text[len - 1] == '\n')
			v->text[--len] = 0;
		v->len = len;
		mutex_lock(&vmnix_lock);
		err = vsi_call(HC_VSI_SET, v);
		mutex_unlock(&vmnix_lock);
	}
	kfree(v);
	return err ?: (ssize_t)bytes;
}

static const struct proc_ops leaf_ops = {
	.proc_open = leaf_open,
	.proc_read = seq_read,
	.proc_write = leaf_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

/*
 * Copies the ring's text to buf, WS_LOG_RING_SIZE bytes, while the vmkernel goes on writing;
 * *from: where what cannot have been overwritten begins, at the start of a line. Returns the end.
 */
static size_t log_copy(const struct ws_ring *ring, char *buf, size_t *from)
{
	const char *data = (const char *)ring + PAGE_SIZE;
	u64 head = smp_load_acquire(&ring->head);
	u64 start = head > WS_LOG_RING_SIZE ? head - WS_LOG_RING_SIZE : 0;
	u64 lost, at;

	for (at = start; at < head; at++)
		buf[at - start] = data[at % WS_LOG_RING_SIZE];
	smp_rmb();
	lost = READ_ONCE(ring->head) + WS_LOG_LINE_MAX;
	*from = 0;
	if (lost <= WS_LOG_RING_SIZE)
		return head - start;
	lost -= WS_LOG_RING_SIZE;
	for (at = min(max(lost, start), head); at < head && buf[at - start] != '\n';)
		at++;
	*from = min(at + 1, head) - start;
	return head - start;
}

/* The log ring's text: what has not scrolled out. */
static int log_show(struct seq_file *m, void *unused)
{
	const struct ws_ring *ring;
	char *text = vmalloc(WS_LOG_RING_SIZE);
	size_t from, end;
	bool writable;
	u64 hpa;
	u32 pages;

	if (!text)
		return -ENOMEM;
	mutex_lock(&vmnix_lock);
	if (region_page(0, 0, &hpa, &writable, &pages))
		goto out;
	ring = memremap(hpa, (size_t)pages * PAGE_SIZE, MEMREMAP_WB);
	if (!ring)
		goto out;
	end = log_copy(ring, text, &from);
	seq_write(m, text + from, end - from);
	memunmap((void *)ring);
out:
	mutex_unlock(&vmnix_lock);
	vfree(text);
	return 0;
}

static struct node *node_new(const char *path, u32 vm)
{
	struct node *node = kmalloc(sizeof(*node) + strlen(path) + 1, GFP_KERNEL);

	if (!node)
		return NULL;
	strcpy(node->path, path);
	node->vm = vm;
	node->next = nodes;
	nodes = node;
	return node;
}

static void walk(struct proc_dir_entry *dir, const char *path, u32 vm, int depth);

/* name: one line of a listing, "leaf" or "folder/". */
static void add_child(struct proc_dir_entry *dir, const char *path, char *name, u32 vm, int depth)
{
	char child[HC_VSI_PATH_MAX];
	size_t len = strlen(name);
	bool folder = len && name[len - 1] == '/';
	struct proc_dir_entry *sub;
	struct node *node;

	if (folder)
		name[--len] = 0;
	if (!len || snprintf(child, sizeof(child), "%s/%s", path, name) >= (int)sizeof(child))
		return;
	if (!folder) {
		node = node_new(child, vm);
		if (node)
			proc_create_data(name, 0600, dir, &leaf_ops, node);
	} else if (strcmp(child, "/vm")) {
		/* /proc/vmware/log is the log's text, as on ESX. */
		sub = proc_mkdir(strcmp(child, "/log") ? name : "logging", dir);
		if (sub)
			walk(sub, child, vm, depth + 1);
	}
}

static void walk(struct proc_dir_entry *dir, const char *path, u32 vm, int depth)
{
	struct hc_vsi *v = vsi_new(path);
	char *line, *rest;
	int err;

	if (!v || depth > DEPTH_MAX)
		goto out;
	do {
		mutex_lock(&vmnix_lock);
		err = vsi_call(HC_VSI_LIST, v);
		mutex_unlock(&vmnix_lock);
		if (err || v->len >= HC_VSI_TEXT_MAX)
			break;
		v->text[v->len] = 0;
		rest = v->text;
		while ((line = strsep(&rest, "\n")))
			add_child(dir, path, line, vm, depth);
		v->offset = v->next;
	} while (v->next);
out:
	kfree(v);
}

static int make_top(void)
{
	top = proc_mkdir("vmware", NULL);
	if (!top)
		return -ENOMEM;
	proc_create_single_data("log", 0400, top, log_show, NULL);
	vm_dir = proc_mkdir("vm", top);
	return vm_dir ? 0 : -ENOMEM;
}

static void free_nodes(u32 vm)
{
	struct node **p = &nodes, *node;

	while ((node = *p)) {
		if (vm && node->vm != vm) {
			p = &node->next;
			continue;
		}
		*p = node->next;
		kfree(node);
	}
}

void proc_exit(void)
{
	remove_proc_subtree("vmware", NULL);
	free_nodes(0);
}

int proc_init(void)
{
	int err = make_top();

	if (err)
		proc_exit();
	return err;
}

void proc_loaded(bool is)
{
	want_tree = is;
	if (!is)
		bitmap_zero(want_vm, HC_VM_IDS);
}

void proc_vm_added(u32 vm)
{
	if (vm && vm < HC_VM_IDS)
		__set_bit(vm, want_vm);
}

bool proc_vm_gone(u32 vm)
{
	return vm < HC_VM_IDS && __test_and_clear_bit(vm, want_vm);
}

static void show_vm(u32 vm)
{
	char name[16], path[32];
	struct proc_dir_entry *dir;

	snprintf(name, sizeof(name), "%u", vm);
	snprintf(path, sizeof(path), "/vm/%u", vm);
	dir = proc_mkdir(name, vm_dir);
	if (dir)
		walk(dir, path, vm, 1);
}

static void hide_vm(u32 vm)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", vm);
	remove_proc_subtree(name, vm_dir);
	free_nodes(vm);
}

static void sync_tree(bool want)
{
	if (want == have_tree)
		return;
	have_tree = want;
	if (want) {
		walk(top, "", 0, 0);
		return;
	}
	bitmap_zero(have_vm, HC_VM_IDS);
	proc_exit();
	if (make_top())
		pr_err("/proc/vmware cannot be made anew: out of memory\n");
}

void proc_sync(void)
{
	DECLARE_BITMAP(want, HC_VM_IDS);
	DECLARE_BITMAP(changed, HC_VM_IDS);
	bool tree;
	u32 vm;

	mutex_lock(&proc_lock);
	mutex_lock(&vmnix_lock);
	tree = want_tree;
	bitmap_copy(want, want_vm, HC_VM_IDS);
	mutex_unlock(&vmnix_lock);
	sync_tree(tree);
	bitmap_xor(changed, want, have_vm, HC_VM_IDS);
	for_each_set_bit(vm, changed, HC_VM_IDS) {
		__change_bit(vm, have_vm);
		if (test_bit(vm, want))
			show_vm(vm);
		else
			hide_vm(vm);
	}
	mutex_unlock(&proc_lock);
}
