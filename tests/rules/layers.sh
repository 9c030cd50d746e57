#!/usr/bin/env bash
# Who may include whom: lib/LAYERS as a rule.
# shellcheck source=tests/rules/tap.bash
. "$(dirname "$0")/tap.bash"

# Foreign headers that only these modules may know.
only='
curl/ lib/http.c lib/transfer.c lib/transfer.h lib/hint.c lib/hint.h
jsmn.h lib/jsonr.c
sha2.h lib/hash.c
'

modules=$(find lib -name '*.[ch]' | sed 's|.*/||; s|\.[ch]$||' | sort -u)
listed=$(tr -s ' ' '\n' <lib/LAYERS | sort)

check 'each module is in lib/LAYERS' \
    "$(comm -13 <(sort -u <<<"$listed") <(printf '%s\n' "$modules"))"
check 'each name in lib/LAYERS is a module' \
    "$(comm -23 <(sort -u <<<"$listed") <(printf '%s\n' "$modules"))"
check 'no name is twice in lib/LAYERS' "$(uniq -d <<<"$listed")"

mapfile -t sources < <(c_files lib tools)
mapfile -t tests < <(c_files tests)
includes=$(awk -f tests/rules/strip.awk "${sources[@]}" |
    sed -n 's/^\([^:]*:[0-9]*\):#include \(.*\)$/\1 \2/p')

check 'a module includes its own header and strictly lower ones' "$(
	awk '
	FILENAME == "lib/LAYERS" {
		for (i = 1; i <= NF; i++)
			layer[$i] = FNR
		next
	}
	$1 ~ /^lib\// && $2 ~ /^"/ {
		from = $1
		sub(/^lib\//, "", from)
		sub(/\.[ch]:.*/, "", from)
		to = $2
		gsub(/"/, "", to)
		if (to !~ /^[a-z0-9_]+\.h$/) {
			print $1 ": not a plain header name: " to
			next
		}
		sub(/\.h$/, "", to)
		if (to == from)
			next
		if (!(to in layer))
			print $1 ": not in lib/LAYERS: " to
		else if (!(from in layer) || layer[to] >= layer[from])
			print $1 ": " from " must not include " to \
			    ", which is not below it"
	}' lib/LAYERS - <<<"$includes"
)"

check 'a tool includes headers of the library only' "$(
	awk '$1 ~ /^tools\// && $2 ~ /^"/ {
		gsub(/"/, "", $2)
		if ($2 !~ /^[a-z0-9_]+\.h$/ ||
		    system("test -f lib/" $2) != 0)
			print $1 ": " $2
	}' <<<"$includes"
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
