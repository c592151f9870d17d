#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# The static checks can fail: each kind of mistake, planted in a copy, is found and named.
# timeout: 300
. "$(dirname "$0")/../lib/check.sh"

top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
git clone -q . "$top/tree" && cp -a build "$top/tree/" || exit 1
# What is changed here and not committed belongs to the copy, too.
{ git diff -z --name-only HEAD; git ls-files -o --exclude-standard -z; } | tar -c --null --ignore-failed-read -T - 2>/dev/null |
	tar -x -C "$top/tree"
cd "$top/tree" || exit 1

# planted NAME CHECK FILE TEXT PATTERN: adds the text to the file, looks for the complaint.
planted() {
	local out
	cp "$3" "$top/saved"
	printf '%s\n' "$4" >>"$3"
	out=$(scripts/lint "$2" 2>&1)
	check_match "$1: named" "$out" "$5"
	check_match "$1: fails" "$out" "^not ok lint: $2\$"
	cp "$top/saved" "$3"
}

out=$(scripts/lint sparse stack float tidy 2>&1)
for one in sparse stack float tidy; do
	check_match "as it is, $one is clean" "$out" "^ok lint: $one\$"
done
text=vmkernel/lib/text.c
planted "a user's pointer taken for the kernel's" sparse vmnix/cpus.c \
	'int planted(const int __user *p); int planted(const int __user *p) { return *p; }' \
	'vmnix/cpus.c:[0-9:]+ warning: dereference of noderef'
planted "an integer for a null pointer" sparse vmnix/cpus.c \
	'void *planted(void); void *planted(void) { return 0; }' 'vmnix/cpus.c.*Using plain integer as NULL'
planted "a frame of the module's that is too large" sparse vmnix/cpus.c \
	'int planted(int i); int planted(int i) { volatile char a[1100]; a[i] = 1; return a[0]; }' \
	'vmnix/cpus.c.*the frame size of [0-9]+ bytes is larger than 1024'
planted "a frame of the vmkernel's that is too large" stack $text \
	'int planted(int i); int planted(int i) { volatile char a[1600]; a[i] = 1; return a[0]; }' \
	'vmkernel/lib/text.c.*the frame size of [0-9]+ bytes is larger than 1536'
planted "an array of variable length" stack $text \
	'int planted(int i); int planted(int i) { volatile char a[i]; a[0] = 1; return a[0]; }' \
	'vmkernel/lib/text.c.*ISO C90 forbids variable length array'
planted "recursion" stack $text \
	'int planted(int i); __attribute__((noipa)) int planted(int i) { return i ? planted(i - 1) * 3 + planted(i / 2) : 1; }' \
	'recursion: planted: '
planted "a chain of calls that needs too much" stack $text '
#define F(n, m) int planted##n(int i); __attribute__((noipa)) int planted##n(int i) \
	{ volatile char a[1400]; a[i] = 1; return a[0] + m; }
F(1, 0) F(2, planted1(i)) F(3, planted2(i))' \
	'^[0-9]+ bytes of stack, more than 4096: planted3 > planted2 > planted1$'
planted "a vector register" float $text \
	'void planted(void); void planted(void) { asm volatile("movaps %xmm0, %xmm1"); }
	void *planted_kept __attribute__((used, section(".text.entry"))) = planted;' \
	'^planted: .*movaps'
planted "x87" float $text \
	'void planted(void); void planted(void) { asm volatile("fninit"); }
	void *planted_kept __attribute__((used, section(".text.entry"))) = planted;' \
	'^planted: .*fninit'
planted "XRSTOR where it has no place" float $text \
	'void planted(void); void planted(void) { asm volatile("xrstor (%rax)"); }
	void *planted_kept __attribute__((used, section(".text.entry"))) = planted;' \
	'^planted: .*xrstor'
planted "a null pointer that is followed" tidy $text \
	'int planted(int i); int planted(int i) { int *p = 0; if (i > 4) p = &i; return *p; }' \
	'vmkernel/lib/text.c.*clang-analyzer-core.NullDereference'
planted "memory that nobody frees" tidy console/lib/vm_list.c \
	'void planted(void); void planted(void) { char *p = malloc(2); if (p) p[0] = 1; }' \
	'console/lib/vm_list.c.*clang-analyzer-unix.Malloc'
finish
