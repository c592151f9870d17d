#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The vmnix authors
#
# bash completion, driven as bash does it, with tools that only say what is registered.
. "$(dirname "$0")/../lib/check.sh"
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
printf '#!/bin/sh\n[ "$1" != -l ] || printf "/vmfs/a/a.vmx\\n/vmfs/two words/b.vmx\\n"\n' >"$top/vmware-cmd"
cat >"$top/vsish" <<'END'
#!/bin/sh
case $2 in
/) printf 'sched/\nvm/\nversion\n' ;;
/sched/) printf 'pcpus/\nslice_ns\n' ;;
esac
END
chmod 755 "$top"/*
PATH=$top:$PATH

# complete_ WORD…: the choices for the last word, one a line.
complete_() {
	local function
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	function=$(complete -p "$1" | sed -n 's/.*-F \([a-z_]*\) .*/\1/p')
	"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
	printf '%s\n' "${COMPREPLY[@]}"
}
gives() { # NAME CHOICES WORD…
	local name=$1 expect=$2
	shift 2
	check "$name" [ "$(complete_ "$@" | sort | paste -sd,)" = "$expect" ]
}
for tool in vmware-cmd vmware-console vsish vmkloader vmkdump vmkmem vmklogger vmware vm-support esxtop; do
	# shellcheck source=/dev/null
	. "console/completion/$tool"
	check "$tool has completion" complete -p "$tool"
done
gives "machines" "/vmfs/a/a.vmx,/vmfs/two words/b.vmx" vmware-cmd /v
gives "a machine after an option" "/vmfs/two words/b.vmx" vmware-cmd -q --timeout 5 /vmfs/t
gives "no machine" "" vmware-cmd /x
gives "verbs" "start" vmware-cmd /vmfs/a/a.vmx star
gives "modes" "hard,soft,trysoft" vmware-cmd /vmfs/a/a.vmx stop ""
gives "nothing after a verb without arguments" "" vmware-cmd /vmfs/a/a.vmx getstate ""
gives "the host's verbs" "autostart,autostop" vmware-cmd -s auto
gives "machines to unregister" "/vmfs/a/a.vmx" vmware-cmd -s unregister /vmfs/a
gives "options" "--timeout" vmware-cmd --t
gives "the console's machines" "/vmfs/a/a.vmx" vmware-console --log /vmfs/a
gives "the console's options" "--until" vmware-console --u
gives "nothing for a text to wait for" "" vmware-console --until ""
gives "commands of vsish" "get" vsish g
gives "the top of its tree" "/sched/,/version,/vm/" vsish get ""
gives "a folder" "/sched/pcpus/,/sched/slice_ns" vsish ls /sched/
gives "in a folder" "/sched/slice_ns" vsish -e set /sched/sl
gives "options of vmkloader" "--seal,--status" vmkloader --s
gives "options of vmkdump" "--all" vmkdump --a
gives "verbs of vmkmem" "give,take" vmkmem ""
gives "how much it takes" "all" vmkmem take a
gives "options of vmkmem" "--json" vmkmem --j
gives "options of vmklogger" "--keep" vmklogger --k
gives "options of esxtop" "--json" esxtop --j
gives "options of vmware" "-v" vmware -v
gives "options of vm-support" "--no-core" vm-support --n
gives "log levels" "0,1,2,3,4" vmkloader --log-level ""
mapfile -t verbs < <(make -s build/console/vmware-cmd && build/console/vmware-cmd --help |
	grep -oE '^  [a-z]+( |,)' | tr -d ' ,')
missing=
for verb in "${verbs[@]}"; do
	complete_ vmware-cmd VM "$verb" | grep -qx "$verb" || missing+=" $verb"
done
check "no verb is missing:$missing" [ -z "$missing" ]
finish
