# Print C source as "FILE:LINE:TEXT", without comments and with empty literals,
# so that rules can match code alone.  Of a // comment, "//" is left.

FNR == 1 { in_comment = 0; in_literal = "" }

{
	out = ""
	n = length($0)
	for (i = 1; i <= n; i++) {
		c = substr($0, i, 1)
		two = substr($0, i, 2)
		if (in_comment) {
			if (two == "*/") {
				in_comment = 0
				i++
			}
		} else if (in_literal != "") {
			if (c == "\\")
				i++
			else if (c == in_literal) {
				in_literal = ""
				out = out c
			}
		} else if (two == "/*") {
			in_comment = 1
			i++
		} else if (two == "//") {
			out = out two
			break
		} else {
			if (c == "\"" || c == "'")
				in_literal = c
			out = out c
		}
	}
	# Keep the name in an #include.
	if (out ~ /^[ \t]*#[ \t]*include/ && match($0, /"[^"]*"|<[^>]*>/))
		out = "#include " substr($0, RSTART, RLENGTH)
	if (in_literal != "" && substr($0, n, 1) != "\\")
		in_literal = "" # "'" in an #error, or not C at all
	print FILENAME ":" FNR ":" out
}
