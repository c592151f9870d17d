#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# Each tool has a manual page, in which all options of its --help are, and each verb.
. "$(dirname "$0")/../lib/check.sh"

# lacks PAGE WORD…: the words that the page, as read, does not have.
lacks() {
	local text word
	text=$(man --warnings -E UTF-8 -l -Tutf8 "$1" 2>/dev/null | col -bx)
	shift
	for word; do grep -qw -- "$word" <<<"$text" || echo "$word"; done
}

for tool in build/console/* console/image/root/usr/sbin/*; do
	name=${tool##*/}
	[ -f "$tool" ] || continue
	[ "$name" != service ] || continue # it is Debian's
	pages=(docs/man/"$name".[158]) # a service may have the name of a tool: pages by section
	page=${pages[0]}
	check "$name has a page" [ -e "$page" ]
	[ -e "$page" ] || continue
	mapfile -t options < <("$tool" --help 2>&1 | grep -oE -- '(^|[^a-z-])--[a-z-]+' |
		grep -oE -- '--[a-z-]+' | sort -u)
	check "$name: --help has options" [ "${#options[@]}" -ge 2 ]
	check_match "$name: no option is missing" "$(lacks "$page" "${options[@]}")" '^$'
done
mapfile -t verbs < <(build/console/vmware-cmd --help | grep -oE '^  [a-z]+( |,)' | tr -d ' ,')
check "vmware-cmd: --help has verbs" [ "${#verbs[@]}" -ge 15 ]
check_match "vmware-cmd: no verb is missing" "$(lacks docs/man/vmware-cmd.1 "${verbs[@]}")" '^$'
mapfile -t keys < <(sed -n 's/^VMX_KEY("\([a-zA-Z0-9.]*\)".*SERVED)$/\1/p' console/lib/vmx_keys.def)
check "vmx: there are keys" [ "${#keys[@]}" -ge 20 ]
check_match "vmx: no key is missing" "$(lacks docs/man/vmx.5 "${keys[@]}")" '^$'
for page in docs/man/*.[158]; do
	said=$(LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
	check_match "${page##*/}: man has nothing to say" "$said" '^$'
done
finish
