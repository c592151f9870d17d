# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Everything is built in build/. `make help` lists the targets; V=1 shows commands.
# All paths are relative, so that a clone may lie below a path with blanks.

VERSION := 0.1.0
KERNELS := 5.10 6.1 6.12
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SECONDEXPANSION:

ifeq ($(V),1)
  Q :=
else
  Q := @
  say = @echo "  $(1)";
endif

CC := gcc-12
PYTHON := /usr/bin/python3
CACHE := $(shell scripts/cache-dir)
ZYDIS := $(CACHE)/zydis

.PHONY: all vmkernel vmnix tools image run setup test test-unit test-boot install deb \
	lint format boundary bench tour clean help defconfig menuconfig oldconfig FORCE

all: vmkernel vmnix tools

help:
	@sed -n 's/^## //p' Makefile

## make run             set up, build, boot the console in QEMU (KERNEL= CPUS= MEM= RUN_ARGS=)
## make test            set up, build, all tests, last line "N passed, N failed"
## make test-unit | test-boot [T=PATTERN]   the unit tests, the tests that boot the console
## make setup           install the missing Debian packages, fetch kernels; run and test do so first
## make all             vmkernel, vmnix (for 5.10, 6.1 and 6.12), tools
## make image           the console's initramfs (KERNEL=)
## make install DESTDIR=  the same files onto a Debian system (KDIR=HEADERS: for that kernel)
## make deb             build/vmnix_VERSION-1_amd64.deb: these, with the module for dkms
## make defconfig | menuconfig | oldconfig   choose what is built (build/.config)
## make fuzz            each fuzzer for a while (SECONDS=60 TARGET=NAME)
## make lint            licences, style, static checks
## make format          clang-format over all C files
## make boundary        the licence boundary: checks, and the figures they print
## make bench           what it costs, in counted instructions (docs/performance.md)
## make tour            from insmod to a guest's first instruction and back, in the code
## make clean           remove build/; what was fetched stays in ~/.cache/vmnix

# ---- configuration -------------------------------------------------------------------

KCONFIG := KCONFIG_CONFIG=build/.config $(PYTHON) -m
KCONFIGS := Kconfig $(wildcard */Kconfig */*/Kconfig)
AUTOCONF := build/include/generated/autoconf.h

defconfig: | build/include/generated
	$(Q)$(KCONFIG) alldefconfig >/dev/null && echo "  build/.config holds the defaults"
menuconfig oldconfig: | build/include/generated
	$(Q)$(KCONFIG) $@
build/include/generated:
	$(Q)mkdir -p $@
build/.config: $(KCONFIGS) | build/include/generated
	$(Q)$(KCONFIG) olddefconfig >/dev/null && touch $@
$(AUTOCONF): build/.config
	$(Q)$(KCONFIG) genconfig --header-path $@ --config-out $< >/dev/null && touch $< $@

ifeq ($(filter clean help menuconfig setup run test test-unit test-boot lint,$(MAKECMDGOALS)),)
-include build/.config
endif
unquote = $(patsubst "%",%,$(1))
KERNEL ?= $(or $(call unquote,$(CONFIG_CONSOLE_KERNEL)),6.1)

# ---- offsets for assembly: lines "->NAME value" of a compiled list --------------------

WS_OFFSETS := $(patsubst world-switch/%.c,build/include/%.h,$(wildcard world-switch/*_offsets.c))
VMK_OFFSETS := $(wildcard vmkernel/*/asm_offsets.c vmkernel/*/*/asm_offsets.c)
GENERATED := $(AUTOCONF) $(WS_OFFSETS) $(if $(VMK_OFFSETS),build/include/asm_offsets.h)
offsets = { echo "/* Generated from $(1). */"; sed -n 's/^->\([A-Z0-9_]*\) \$$*\(-*[0-9]*\)/\#define \1 \2/p' $(2); }

build/include/%_offsets.h: world-switch/%_offsets.c $(wildcard world-switch/*.h world-switch/*.def)
	$(call say,GEN     $@)mkdir -p $(@D)
	$(Q)$(CC) $(FREESTANDING) -S -o $@.s $< && $(call offsets,$<,$@.s) >$@
build/include/asm_offsets.h: $(VMK_OFFSETS) $(AUTOCONF) $(wildcard vmkernel/*/*.h vmkernel/*/*/*.h world-switch/*.h)
	$(call say,GEN     $@)for f in $(VMK_OFFSETS); do \
		$(CC) $(VMK_CFLAGS) -S -o - $$f || exit 1; done >$@.s
	$(Q)$(call offsets,$(VMK_OFFSETS),$@.s) >$@

# ---- the vmkernel --------------------------------------------------------------------

GCC_INCLUDE := $(shell $(CC) -print-file-name=include 2>/dev/null)
ifeq ($(GCC_INCLUDE),)
  ifneq ($(filter-out clean help setup run test test-unit test-boot tour,$(or $(MAKECMDGOALS),all)),)
    $(error $(CC) is not there: `make setup` installs what is needed)
  endif
endif
# A frame may take 1.5 KiB: the smallest stacks have 8 KiB (scripts/static has the bound of chains).
FREESTANDING := -std=gnu11 -O2 -g -ffreestanding -nostdinc -isystem $(GCC_INCLUDE) \
	-fno-common -mno-red-zone -mgeneral-regs-only -fno-pic -mcmodel=small -fno-omit-frame-pointer \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	'-ffile-prefix-map=$(CURDIR)=.' \
	-Wall -Wextra -Werror -Wmissing-prototypes -Wvla -Wframe-larger-than=1536 -Iworld-switch
VMK_CFLAGS := $(FREESTANDING) -Ivmkernel -Ibuild/include -include $(AUTOCONF)
ZYDIS_DEFINES := -DZYAN_NO_LIBC -DZYDIS_STATIC_BUILD -DZYCORE_STATIC_BUILD \
	-DZYDIS_DISABLE_FORMATTER -DZYDIS_DISABLE_ENCODER
ZYDIS_CFLAGS := $(ZYDIS_DEFINES) -isystem $(ZYDIS)/zydis/include -isystem $(ZYDIS)/zycore/include

VMK_SRC := $(filter-out $(VMK_OFFSETS),$(wildcard vmkernel/*/*.c vmkernel/*/*/*.c)) \
	$(wildcard vmkernel/*/*.S vmkernel/*/*/*.S) \
	$(filter-out world-switch/crossing.S,$(wildcard world-switch/*.S))
VMK_OBJ := $(patsubst %,build/obj/%.o,$(VMK_SRC))
ZYDIS_SRC := Decoder DecoderData MetaInfo Mnemonic Register Segment SharedData String Utils Zydis
ZYDIS_OBJ := $(if $(wildcard vmkernel/vmm/*.c),$(ZYDIS_SRC:%=build/zydis/%.o))

vmkernel: $(if $(VMK_SRC),build/vmkernel/vmkernel)

build/obj/vmkernel/vmm/%: private EXTRA_CFLAGS := $(ZYDIS_CFLAGS)
build/obj/%.c.o: %.c Makefile | $(GENERATED)
	$(call say,CC      $<)mkdir -p $(@D)
	$(Q)$(CC) $(VMK_CFLAGS) $(EXTRA_CFLAGS) -fcallgraph-info=su -MD -MP -c -o $@ $<
build/obj/%.S.o: %.S Makefile | $(GENERATED)
	$(call say,AS      $<)mkdir -p $(@D)
	$(Q)$(CC) $(VMK_CFLAGS) -MD -MP -c -o $@ $<
build/zydis/%.o: $(ZYDIS)/zydis/src/%.c Makefile
	$(call say,CC      zydis/$*.c)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -Werror -Wall -Wextra -Wmissing-prototypes -g,$(FREESTANDING)) \
		-ffunction-sections -fdata-sections -fcallgraph-info=su $(ZYDIS_CFLAGS) -I$(ZYDIS)/zydis/src -MD -MP -c -o $@ $<

# The list of objects is a file, so that a source that is gone means a new link.
build/vmkernel/objects: FORCE
	@mkdir -p $(@D); echo '$(VMK_OBJ) $(ZYDIS_OBJ)' | tr ' ' '\n' >$@.new; \
		cmp -s $@ $@.new && rm $@.new || mv $@.new $@

LINK = ld -m elf_x86_64 -static -nostdlib --no-dynamic-linker -z noexecstack -z max-page-size=4096 \
	--no-warn-rwx-segments --gc-sections --build-id=sha1 -T vmkernel/vmkernel.lds
build/vmkernel/vmkernel: build/vmkernel/objects vmkernel/vmkernel.lds scripts/mksymbols $(VMK_OBJ) $(ZYDIS_OBJ)
	$(call say,LD      $@)$(LINK) -o $@.1 @$<
	$(Q)scripts/mksymbols $@.1 >build/vmkernel/symbols.S && \
		$(CC) -c -o build/vmkernel/symbols.o build/vmkernel/symbols.S && \
		$(LINK) -Map=$@.map -o $@.2 @$< build/vmkernel/symbols.o && mv $@.2 $@

# ---- the module ----------------------------------------------------------------------

VMNIX_SRC := $(wildcard vmnix/*.[ch] vmnix/Kbuild world-switch/*.h world-switch/*.def) \
	world-switch/crossing.S scripts/build-module
MODULES := $(KERNELS:%=build/vmnix/%/vmnix.ko)
vmnix: $(if $(wildcard vmnix/*.c),$(MODULES))
$(MODULES): build/vmnix/%/vmnix.ko: $(VMNIX_SRC) $(GENERATED)
	$(call say,KO      $@)VMNIX_VERSION=$(VERSION) scripts/build-module "$(CACHE)/kernels/$*/headers" $(@D)
build/vmnix/own/vmnix.ko: $(VMNIX_SRC) $(GENERATED) FORCE
	$(call say,KO      $@)VMNIX_VERSION=$(VERSION) scripts/build-module "$(KDIR)" $(@D)

# ---- the console's tools: each folder console/TOOL is one program ----------------------

TOOL_DIRS := $(filter-out console/lib console/image,$(patsubst %/,%,$(sort $(dir $(wildcard console/*/*.c)))))
TOOLS := $(TOOL_DIRS:%=build/%)
TOOL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -Wmissing-prototypes \
	-Iconsole -Iconsole/lib -Ivmnix -Iworld-switch -DVMNIX_VERSION='"$(VERSION)"' -include $(AUTOCONF)
TOOL_LIBS_esxtop := -lncurses -ltinfo
# Statically linked, readline's completion of user names would not work; it is not used.
TOOL_LIBS_vsish := -lreadline -ltinfo -Wl,--no-warnings
LIB_OBJ := $(patsubst %,build/obj/%.o,$(wildcard console/lib/*.c))
tool_obj = $(patsubst %,build/obj/%.o,$(wildcard $(1)/*.c))
tools: $(TOOLS)

build/obj/console/%.c.o: console/%.c Makefile | $(AUTOCONF)
	$(call say,CC      $<)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_CFLAGS) -MMD -MP -c -o $@ $<
build/obj/console/lib.a: $(LIB_OBJ)
	$(call say,AR      $@)rm -f $@ && ar rcs $@ $^
$(TOOLS): build/%: $$(call tool_obj,$$*) $(if $(LIB_OBJ),build/obj/console/lib.a)
	$(call say,LD      $@)mkdir -p $(@D)
	$(Q)$(CC) -static -o $@ $^ $(TOOL_LIBS_$(@F)) -ljansson -lz -lpthread

# ---- image, run, install ---------------------------------------------------------------

setup:
	@scripts/setup

image: all
	@scripts/mkimage --kernel $(KERNEL)

# For a set-up from nothing; who has said -j knows better.
ALL_CPUS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
RUN_OPTS = $(if $(KERNEL_CHOICE),--kernel $(KERNEL_CHOICE)) $(if $(CPUS),--cpus $(CPUS)) \
	$(if $(MEM),--mem $(MEM)) $(RUN_ARGS)
run: private KERNEL_CHOICE := $(if $(filter-out file default undefined,$(origin KERNEL)),$(KERNEL))
run: setup
	@$(MAKE) $(ALL_CPUS) all
	@exec scripts/console-run --interactive $(RUN_OPTS)

install: vmkernel tools $(if $(KDIR),build/vmnix/own/vmnix.ko,vmnix)
	@DESTDIR="$(DESTDIR)" KDIR="$(KDIR)" scripts/install-files

deb: vmkernel tools $(GENERATED)
	@scripts/make-deb $(VERSION)

# ---- tests ---------------------------------------------------------------------------

test: setup
	@tests/run
test-unit: setup
	@tests/run unit $(T)
test-boot: setup
	@$(MAKE) $(ALL_CPUS) all
	@tests/run boot $(T)

# Unit tests: programs of this machine, with sanitizers; scripts/unit-rules says what each links.
UNIT_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -Wall -Wextra -Werror -DUNIT_TEST -DVMNIX_VERSION='"$(VERSION)"' \
	-Itests/fake -Ivmkernel -Iworld-switch -Iconsole -Iconsole/lib -Ivmnix -I. \
	-include $(AUTOCONF) $(ZYDIS_CFLAGS)
UNIT_ZYDIS := $(ZYDIS_SRC:%=build/tests/obj/zydis/%.o)
UNIT_TESTS := $(wildcard tests/unit/test_*.c)
ifneq ($(filter unit-programs build/tests/unit/%,$(MAKECMDGOALS)),)
build/tests/unit.mk: $(UNIT_TESTS) scripts/unit-rules
	$(Q)mkdir -p build/tests/unit && scripts/unit-rules $(UNIT_TESTS) >$@
include build/tests/unit.mk
endif
.PHONY: unit-programs
unit-programs: $(UNIT_PROGRAMS)
build/tests/obj/zydis/%.o: $(ZYDIS)/zydis/src/%.c
	$(Q)mkdir -p $(@D) && $(CC) -O1 $(ZYDIS_CFLAGS) -I$(ZYDIS)/zydis/src -c -o $@ $<
build/tests/obj/%.c.o: %.c Makefile | $(AUTOCONF)
	$(call say,CC      $< (test))mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<
$(UNIT_PROGRAMS):
	$(call say,LD      $@)$(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka -ljansson -lz -lpthread

# Fuzzers: the same with clang's libFuzzer; tests/fuzz/, scripts/fuzz.
FUZZ_CC := clang-14
FUZZ_CFLAGS := $(filter-out -fsanitize=% -DUNIT_TEST,$(UNIT_CFLAGS)) \
	-fsanitize=fuzzer-no-link,address,undefined -Itests/fuzz
FUZZ_ZYDIS := $(ZYDIS_SRC:%=build/fuzz/obj/zydis/%.o)
FUZZ_TARGETS := $(wildcard tests/fuzz/fuzz_*.c)
ifneq ($(filter fuzz-programs build/fuzz/%,$(MAKECMDGOALS)),)
build/fuzz/rules.mk: $(FUZZ_TARGETS) scripts/unit-rules
	$(Q)mkdir -p build/fuzz && scripts/unit-rules --fuzz $(FUZZ_TARGETS) >$@
include build/fuzz/rules.mk
endif
.PHONY: fuzz fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS)
build/fuzz/obj/zydis/%.o: $(ZYDIS)/zydis/src/%.c
	$(Q)mkdir -p $(@D) && $(FUZZ_CC) -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
		-fno-sanitize-recover=all $(ZYDIS_CFLAGS) -I$(ZYDIS)/zydis/src -c -o $@ $<
build/fuzz/obj/%.c.o: %.c Makefile | $(AUTOCONF)
	$(call say,CC      $< (fuzz))mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<
$(FUZZ_PROGRAMS):
	$(call say,LD      $@)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ -ljansson -lz
fuzz: $(AUTOCONF)
	@$(MAKE) fuzz-programs
	@scripts/fuzz run "$(or $(SECONDS),60)" $(TARGET)

format:
	clang-format -i $$(git ls-files '*.c' '*.h')
lint:
	@scripts/lint
boundary: all
	@scripts/boundary
bench: all
	@tests/bench
tour:
	@scripts/tour
clean:
	$(Q)rm -rf build

-include $(wildcard build/fuzz/obj/*/*.d build/fuzz/obj/*/*/*.d)
-include $(wildcard build/tests/obj/*/*.d build/tests/obj/*/*/*.d build/tests/obj/*/*/*/*.d)
-include $(wildcard build/obj/*/*.d build/obj/*/*/*.d build/obj/*/*/*/*.d build/zydis/*.d)
