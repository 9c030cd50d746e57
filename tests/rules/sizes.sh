#!/usr/bin/env bash
# The largest functions and files, for "make lint" to print.  Size is a smell,
# not a limit: a boundary belongs where one sentence of description ends.
# shellcheck source=tests/rules/tap.bash
. "$(dirname "$0")/tap.bash"

mapfile -t sources < <(c_files lib tools)

# A function's body opens and closes in column 1; see .clang-format.
functions=$(awk -f tests/rules/strip.awk "${sources[@]}" | awk '
# The number of parameters in the last parenthesis at the top level.
function parameters(text,    i, c, depth, n, any) {
	n = depth = any = 0
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "(" && depth++ == 0) {
			n = any = 0
			continue
		}
		if (c == ")" && --depth == 0)
			continue
		if (depth == 1 && c == ",")
			n++
		if (depth > 0 && c !~ /[ \t]/)
			any = 1
	}
	n += any
	if (text ~ /\([ \t]*void[ \t]*\)[ \t]*$/)
		n = 0
	if (text ~ /\.\.\.[ \t]*\)[ \t]*$/)
		n--
	return n
}
{
	match($0, /^[^:]*:[0-9]*:/)
	split(substr($0, 1, RLENGTH), at, ":")
	text = substr($0, RLENGTH + 1)
	if (at[1] != file) {
		file = at[1]
		head = ""
		inside = 0
	}
	if (inside) {
		if (text ~ /^}/) {
			print file, name, at[2] - start + 1, count
			inside = 0
			head = ""
		}
	} else if (text ~ /^{/ && head ~ /\)[ \t]*$/) {
		inside = 1
		start = at[2]
		count = parameters(head)
		name = head
		sub(/[ \t]*\(.*/, "", name)
		sub(/.*[^A-Za-z0-9_]/, "", name)
	} else if (text ~ /^#/ || text ~ /[;}][ \t]*$/)
		head = ""
	else
		head = head " " text
}')

# Functions over 60 lines (main: 40) or 6 parameters, files over 400 lines
# (headers: 130).
echo 'large functions and files (never fails):'
awk '{ max = $2 == "main" ? 40 : 60 }
$3 > max { printf "  %s: %s(): %d lines\n", $1, $2, $3 }
$4 > 6 { printf "  %s: %s(): %d parameters\n", $1, $2, $4 }' <<<"$functions"
wc -l "${sources[@]}" | awk '$2 != "total" && $1 > ($2 ~ /\.h$/ ? 130 : 400) {
	printf "  %s: %d lines\n", $2, $1 }' | sort -k 2 -t : -n -r
