#!/usr/bin/env bash
# Each header compiles on its own.
# shellcheck source=tests/rules/tap.bash
. "$(dirname "$0")/tap.bash"

read -r -a warn <<<"$(MAKEFLAGS='' make -s print-WARN WERROR=1)"
flags=(-std=c11 "${warn[@]}" -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -Ilib
    -Itools)
mapfile -t headers < <(c_files lib tools | grep '\.h$')

compile_alone() {
	for header in "${headers[@]}"; do
		name=${header#*/}
		printf '#include "%s"\n#include "%s"\n' "$name" "$name" |
		    "${CC:-cc}" "${flags[@]}" -fsyntax-only -x c - 2>&1
	done
}

guards() {
	for header in "${headers[@]}"; do
		name=${header#*/}
		name=$(tr '[:lower:]/-' '[:upper:]__' <<<"${name%.h}_H")
		name=GM_${name#GM_}
		if [ "$(head -n 2 "$header")" != \
		    "$(printf '#ifndef %s\n#define %s' "$name" "$name")" ] ||
		    [ "$(tail -n 1 "$header")" != '#endif' ]; then
			echo "$header: the guard is not $name"
		fi
	done
}

check 'each header compiles alone, and twice' "$(compile_alone)"
check 'each header has its guard, first and last' "$(guards)"

finish
