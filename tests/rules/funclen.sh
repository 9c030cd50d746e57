#!/usr/bin/env bash
# The size budget: functions, their parameters, files.
# shellcheck source=tests/rules/tap.bash
. "$(dirname "$0")/tap.bash"

# "FILE" or "FILE:FUNCTION", one a line, that may be over; it may only shrink.
exceptions='
'

mapfile -t sources < <(c_files lib tools tests)
mapfile -t shipped < <(c_files lib tools)

# A function's body opens and closes in column 1; see .clang-format.
functions=$(awk -f tests/rules/strip.awk "${sources[@]}" | awk '
# Parameters in the last parenthesis at the top level of text.
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

over() { # lines "FILE NAME FIGURE LIMIT" to findings
	awk -v exceptions="${exceptions//$'\n'/ }" '
	BEGIN {
		n = split(exceptions, line)
		for (i = 1; i <= n; i++)
			excused[line[i]] = 1
	}
	!($1 in excused) && !(($1 ":" $2) in excused) {
		print $1 ": " $2 ": " $3 ", allowed " $4
	}'
}

check 'functions are found at all' \
    "$([ -n "$functions" ] || echo 'none in lib, tools and tests')"
check 'a function has at most 60 lines, main 40' "$(
	awk '{ max = $2 == "main" ? 40 : 60 }
	$3 > max { print $1, $2, $3, max }' <<<"$functions" | over
)"
check 'a function has at most 6 parameters' "$(
	awk '$4 > 6 { print $1, $2, $4, 6 }' <<<"$functions" | over
)"
check 'a .c has at most 400 lines, a .h 130' "$(
	awk 'function report() {
		max = file ~ /\.h$/ ? 130 : 400
		if (lines > max)
			print file, "lines", lines, max
	}
	FNR == 1 { report(); file = FILENAME }
	{ lines = FNR }
	END { report() }' "${shipped[@]}" | over
)"

finish
