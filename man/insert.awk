# awk -f insert.awk common.mdoc PAGE: the page, with the sections of
# common.mdoc in place of the lines that name them.
NR == FNR {
	if (/^\.\\" @section /)
		name = $3
	else if (name != "")
		text[name] = text[name] $0 "\n"
	next
}
/^\.\\" @common / {
	for (i = 3; i <= NF; i++) {
		if (!($i in text)) {
			print FILENAME ": no such section: " $i >"/dev/stderr"
			exit 1
		}
		printf "%s", text[$i]
	}
	next
}
{ print }
