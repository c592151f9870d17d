# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The Makefile beside the folders vmnix/, world-switch/ and include/ that
# scripts/build-module lays out, in build/ and in /usr/src: builds vmnix/vmnix.ko
# against KDIR, for scripts/build-module as for dkms.
KDIR ?= /lib/modules/$(shell uname -r)/build
VMNIX_VERSION ?= 0
VMNIX_DEBUG ?=
KBUILD = $(MAKE) -C $(KDIR) M=$(CURDIR)/vmnix

# The flags of the section: see vmnix/Kbuild.
all:
	$(KBUILD) VMNIX_VERSION="$(VMNIX_VERSION)" CONFIG_VMNIX_DEBUG="$(VMNIX_DEBUG)" \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules
	objcopy --strip-debug --set-section-flags .text.crossing=alloc,load,readonly,code,contents \
		vmnix/vmnix.ko

clean:
	rm -f vmnix/*.o vmnix/*.ko vmnix/*.mod vmnix/*.mod.c vmnix/.*.cmd vmnix/modules.order \
		vmnix/Module.symvers

.PHONY: all clean
