#!/usr/bin/env bash
# Includes follow the order of layers in lib/LAYERS.
# shellcheck source=tests/rules/tap.bash
. "$(dirname "$0")/tap.bash"

# Headers of other libraries, and the only modules that may include them.
only='
curl/ lib/net/http.c lib/net/proxy.c lib/net/retryafter.c lib/net/transfer.c lib/net/transfer.h lib/net/hint.c lib/net/hint.h
jsmn.h lib/json/read.c
sha2.h lib/base/hash.c
'

mapfile -t sources < <(c_files lib tools)
mapfile -t tests < <(c_files tests)
# Lines "FILE:LINE HEADER"; the header has its quotes or brackets.
includes=$(awk -f tests/rules/strip.awk "${sources[@]}" |
    sed -n 's/^\([^:]*:[0-9]*\):#include \(.*\)$/\1 \2/p')
# Lines "FROM TO" of modules, such as "json/read".
edges=$(awk '$2 ~ /^"/ {
	from = $1
	sub(/\.[ch]:.*/, "", from)
	sub(/^(lib|tools)\//, "", from)
	gsub(/"|\.h"$/, "", $2)
	if (from != $2)
		print from, $2
}' <<<"$includes" | sort -u)

check 'lib/LAYERS lists all layers, and nothing else' "$(
	diff <(sort lib/LAYERS) <({
		find lib -mindepth 1 -maxdepth 1 -type d
		ls lib/*.h
	} | sed 's|^lib/||; s|\.h$||' | sort)
)"

check 'no layer includes a later one, or a tool' "$(
	awk '
	function top(module) { sub(/\/.*/, "", module); return module }
	FILENAME == "lib/LAYERS" {
		layer[$1] = FNR
		next
	}
	{
		from = top($1)
		to = top($2)
		if (to == from || ((to in layer) && !(from in layer)))
			next
		if (!(to in layer) || layer[to] > layer[from])
			print $1 " must not include " $2
	}' lib/LAYERS - <<<"$edges"
)"

check 'includes have no cycle' "$(
	tsort <<<"$edges" 2>&1 >/dev/null
)"

while read -r header owners; do
	[ "$header" ] || continue
	check "<$header...> only in $owners" "$(
		awk -v header="<$header" -v owners=" $owners " '
		index($2, header) == 1 {
			file = $1
			sub(/:.*/, "", file)
			if (!index(owners, " " file " "))
				print $1 ": " $2
		}' <<<"$includes"
	)"
done <<<"$only"

check 'comments are /* */, never //' "$(
	awk -f tests/rules/strip.awk "${sources[@]}" "${tests[@]}" |
	    sed -n 's|^\([^:]*:[0-9]*\):.*//.*|\1|p'
)"

finish
