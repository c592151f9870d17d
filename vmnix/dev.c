// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: 2026 The vmnix authors
/* /dev/vmnix, as vmnix_ioctl.h describes it: every argument is checked here. */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "vmnix.h"

#define ARGS_MAX 256 /* bytes of the largest struct of vmnix_ioctl.h, or more */

struct vmnix_file {
	u64 rings_seen;
	DECLARE_BITMAP(building, HC_VM_IDS); /* VMs this file created */
	DECLARE_BITMAP(attached, HC_VM_IDS);
};

/* All files share one mapping, so that a VM's pages can be taken from every process at once. */
static struct address_space *shared_mapping;

static int dev_open(struct inode *inode, struct file *file)
{
	struct vmnix_file *f;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	f->rings_seen = doorbell_count();
	file->private_data = f;
	mutex_lock(&vmnix_lock);
	shared_mapping = inode->i_mapping;
	mutex_unlock(&vmnix_lock);
	return nonseekable_open(inode, file);
}

static void zap(u32 vm)
{
	if (shared_mapping)
		region_zap(shared_mapping, vm);
}

void dev_zap_all(void)
{
	if (shared_mapping)
		unmap_mapping_range(shared_mapping, 0, 0, 1);
}

static void destroy_if_building(u32 vm)
{
	struct hc_vm_info info = { .vm = vm };
	struct hc_vm args = { .vm = vm };

	if (hostcall(HC_VM_INFO, &info, sizeof(info)) || info.state != HC_VM_BUILDING)
		return;
	zap(vm);
	proc_vm_gone(vm);
	hostcall(HC_VM_DESTROY, &args, sizeof(args));
}

static int dev_release(struct inode *inode, struct file *file)
{
	struct vmnix_file *f = file->private_data;
	struct hc_vm_attach detach = {};
	u32 vm;

	mutex_lock(&vmnix_lock);
	if (vmkernel_loaded()) {
		for_each_set_bit(vm, f->building, HC_VM_IDS)
			destroy_if_building(vm);
		for_each_set_bit(vm, f->attached, HC_VM_IDS) {
			detach.vm = vm;
			hostcall(HC_VM_ATTACH, &detach, sizeof(detach));
		}
	}
	mutex_unlock(&vmnix_lock);
	proc_sync();
	kfree(f);
	return 0;
}

static ssize_t dev_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct vmnix_file *f = file->private_data;
	u64 rings;
	int err;

	if (len < sizeof(rings))
		return -EINVAL;
	if (file->f_flags & O_NONBLOCK && doorbell_count() == f->rings_seen)
		return -EAGAIN;
	err = wait_event_interruptible(doorbell_wait, doorbell_count() != f->rings_seen);
	if (err)
		return err;
	rings = doorbell_count();
	if (copy_to_user(buf, &rings, sizeof(rings)))
		return -EFAULT;
	f->rings_seen = rings;
	return sizeof(rings);
}

static __poll_t dev_poll(struct file *file, poll_table *wait)
{
	struct vmnix_file *f = file->private_data;

	poll_wait(file, &doorbell_wait, wait);
	return doorbell_count() != f->rings_seen ? EPOLLIN | EPOLLRDNORM : 0;
}

/* ---- ioctls: dev_ioctl has copied the argument in, and copies it out again ------------- */

static long ioc_status(struct vmnix_status *s)
{
	u32 ids[WS_PCPUS_MAX];

	*s = (struct vmnix_status){
		.ioctl_version = VMNIX_IOCTL_VERSION,
		.loaded = vmkernel_loaded(),
		.abi_major = WS_ABI_MAJOR,
		.abi_minor = WS_ABI_MINOR,
		.borrowed = memory_borrowed(),
		.mem_bytes = memory_bytes(),
		.crossings = cross_page()->crossings,
		.doorbells = doorbell_count(),
		.image_bytes = vmkernel_image_bytes(),
		.pcpus = cpus_apic_ids(ids),
	};
	return 0;
}

static long ioc_load(struct vmnix_load *args)
{
	void *image;
	long err;

	if (args->flags & ~(VMNIX_LOAD_CHECK | VMNIX_LOAD_SEAL) || args->log_level > 4 ||
	    !args->bytes || args->bytes > IMAGE_FILE_MAX)
		return -EINVAL;
	memset(args->reason, 0, sizeof(args->reason));
	image = vmalloc(args->bytes);
	if (!image)
		return -ENOMEM;
	err = copy_from_user(image, u64_to_user_ptr(args->image), args->bytes) ? -EFAULT : 0;
	if (!err)
		err = vmkernel_load(image, args->bytes, args->log_level, args->flags, args->reason);
	vfree(image);
	return err;
}

static long ioc_unload(struct vmnix_unload *args)
{
	if (args->flags & ~VMNIX_UNLOAD_FORCE || args->reserved)
		return -EINVAL;
	memset(args->reason, 0, sizeof(args->reason));
	return vmkernel_unload(args->flags & VMNIX_UNLOAD_FORCE, args->reason);
}

/* What this file must undo when it is closed. */
static void note_call(struct vmnix_file *f, u32 nr, const void *args)
{
	const struct hc_vm_create *create = args;
	const struct hc_vm_attach *attach = args;
	const struct hc_vm *vm = args;

	if (nr == HC_VM_CREATE && create->vm < HC_VM_IDS) {
		__set_bit(create->vm, f->building);
		proc_vm_added(create->vm);
	} else if (nr == HC_VM_ATTACH && attach->vm < HC_VM_IDS) {
		__assign_bit(attach->vm, f->attached, attach->pid);
	} else if (nr == HC_VM_DESTROY && vm->vm < HC_VM_IDS) {
		__clear_bit(vm->vm, f->building);
		__clear_bit(vm->vm, f->attached);
	}
}

/* Calls that only the module itself may make, because they change what it has set up. */
static bool private_call(u32 nr)
{
	return nr == HC_PCPU_START || nr == HC_FAREWELL || nr == HC_DOORBELL || nr == HC_SCRAMBLE ||
	       nr == HC_SEAL;
}

static int user_call(struct vmnix_file *f, u32 nr, void *args, u32 len)
{
	u32 vm = len >= sizeof(u32) ? *(u32 *)args : 0;
	bool shown = false;
	int status;

	if (nr == HC_VM_DESTROY && vm && vm < HC_VM_IDS) {
		zap(vm);
		shown = proc_vm_gone(vm);
	}
	if (nr == HC_MEM_GIVE)
		return memory_lend(args, len);
	if (nr == HC_MEM_TAKE)
		return memory_return(args, len);
	status = hostcall(nr, args, len);
	if (!status)
		note_call(f, nr, args);
	else if (shown && status != VMK_NOT_FOUND)
		proc_vm_added(vm);
	if (nr == HC_VM_DESTROY)
		memory_collect();
	return status;
}

static long ioc_call(struct vmnix_file *f, struct vmnix_call *call)
{
	void __user *user = u64_to_user_ptr(call->args);
	void *args;
	long err;

	if (call->nr >= HC_COUNT || call->len > HC_ARGS_MAX || call->reserved)
		return -EINVAL;
	if (private_call(call->nr))
		return -EACCES;
	args = kzalloc(HC_ARGS_MAX, GFP_KERNEL);
	if (!args)
		return -ENOMEM;
	err = copy_from_user(args, user, call->len) ? -EFAULT : 0;
	if (!err) {
		call->status = user_call(f, call->nr, args, call->len);
		err = copy_to_user(user, args, call->len) ? -EFAULT : 0;
	}
	kfree(args);
	return err;
}

/* Linux's allocator has lent the memory, or the boot line: memremap knows both. */
static long ioc_core(struct vmnix_core *core)
{
	struct hc_version version = { .abi_major = WS_ABI_MAJOR, .abi_minor = WS_ABI_MINOR };
	void *va;
	long err = 0;

	if (core->bytes > VMNIX_CORE_MAX)
		return -EINVAL;
	if (hostcall(HC_VERSION, &version, sizeof(version)) || !version.panicked)
		return -EBUSY;
	if (core->bytes) {
		if (!memory_owns(core->hpa, core->bytes))
			return -EFAULT;
		va = memremap(core->hpa, core->bytes, MEMREMAP_WB);
		if (!va)
			return -ENOMEM;
		if (copy_to_user(u64_to_user_ptr(core->buffer), va, core->bytes))
			err = -EFAULT;
		memunmap(va);
	}
	core->core_hpa = cross_page()->core_hpa;
	return err;
}

static long serve(struct vmnix_file *f, unsigned int cmd, void *a)
{
	switch (cmd) {
	case VMNIX_IOC_STATUS:
		return ioc_status(a);
	case VMNIX_IOC_LOAD:
		return ioc_load(a);
	case VMNIX_IOC_UNLOAD:
		return ioc_unload(a);
	case VMNIX_IOC_CALL:
		return vmkernel_loaded() ? ioc_call(f, a) : -ENODEV;
	case VMNIX_IOC_SELFTEST:
		return vmkernel_loaded() ? selftest_ioctl(a) : -ENODEV;
	case VMNIX_IOC_BENCH:
		return vmkernel_loaded() ? selftest_bench(a) : -ENODEV;
	case VMNIX_IOC_CORE:
		return vmkernel_loaded() ? ioc_core(a) : -ENODEV;
	default:
		return -ENOTTY;
	}
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *p = (void __user *)arg;
	u64 a[ARGS_MAX / sizeof(u64)] = {};
	long ret;

	if (_IOC_TYPE(cmd) != VMNIX_IOC_MAGIC || _IOC_SIZE(cmd) > sizeof(a))
		return -ENOTTY;
	if (_IOC_DIR(cmd) & _IOC_WRITE && copy_from_user(a, p, _IOC_SIZE(cmd)))
		return -EFAULT;
	mutex_lock(&vmnix_lock);
	ret = serve(file->private_data, cmd, a);
	mutex_unlock(&vmnix_lock);
	proc_sync();
	if (ret != -ENOTTY && _IOC_DIR(cmd) & _IOC_READ && copy_to_user(p, a, _IOC_SIZE(cmd)))
		ret = -EFAULT;
	return ret;
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.read = dev_read,
	.poll = dev_poll,
	.mmap = region_mmap,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vmnix",
	.mode = 0600,
	.fops = &dev_fops,
};

int dev_init(void)
{
	return misc_register(&dev);
}

void dev_exit(void)
{
	misc_deregister(&dev);
}
