#!/usr/bin/env bash
# Symbols of the objects of libgm.a and the tools: names, uses and data.
# shellcheck source=tests/rules/tap.bash
. "$(dirname "$0")/tap.bash"

# Functions that must not be called; also under the names that _FORTIFY_SOURCE
# and C99 give them (__sprintf_chk, __isoc99_sscanf).
banned='strcpy|stpcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|strtok'
banned="$banned|atoi|atol|atoll|atof|scanf|fscanf|sscanf|vsscanf|vfscanf"
banned="$banned|system|popen|alloca|tmpnam|tempnam|mktemp|setjmp|_setjmp"
banned="$banned|longjmp|localtime|gmtime|asctime|ctime|rand|srand|getwd"
banned="$banned|setlocale|uselocale|newlocale" # strtod(3), printf(3): a point

output='stdout|stderr|printf|vprintf|puts|putchar|perror'

# The only objects of the library that may do this.
writes='lib/cli/cli.o' # standard output and error
environment='lib/config/config.o'
mutable='lib/base/stop.o' # the flag that a signal handler sets

# Functions for programs that are not in the suite, such as tests/smallest.
unused='gm_sink_fd'

if [ -n "${SAN-}" ]; then
	skip 'symbols' 'only of a build without sanitizers'
	finish
	exit
fi
if ! [ -f "$BUILD/libgm.a" ]; then
	check 'there is a library to check' "$BUILD/libgm.a is missing"
	finish
	exit
fi

mapfile -t objects < <(c_files lib tools |
    sed -n "s|\(.*\)\.c\$|$BUILD/\1.o|p")

# Print "OBJECT TYPE NAME", relative to $BUILD: "lib/base/buf.o T gm_buf_init".
names() {
	nm -A "$@" | awk -v build="$BUILD/" 'NF >= 3 {
		where = substr($1, length(build) + 1)
		sub(/:[0-9a-f]*$/, "", where)
		print where, $(NF - 1), $NF
	}'
}
set -o pipefail
if ! symbols=$(names "${objects[@]}") || [ -z "$symbols" ]; then
	check 'the symbols can be read' "nm failed on $BUILD"
	finish
	exit
fi

# refers NAMES OBJECTS [FOLDER]: print references to NAMES by objects of the
# folder, except OBJECTS.
refers() {
	awk -v names="^(__)?(isoc[0-9]+_)?($1)(_chk)?$" -v allowed=" $2 " \
	    -v folder="${3-}" '
	$2 == "U" && $3 ~ names && !index(allowed, " " $1 " ") &&
	    index($1, folder) == 1 {
		print $1 ": " $3
	}' <<<"$symbols"
}

check 'each global name of the library begins with gm_' "$(
	awk '$1 ~ /^lib\// && $2 ~ /^[A-TV-Z]$/ && $3 !~ /^gm_/ {
		print $1 ": " $3
	}' <<<"$symbols"
)"
check 'each global is used by another object, tests not counted' "$(
	awk -v allowed=" $unused " '
	$2 == "U" { used[$3] = 1 }
	$2 ~ /^[A-TV-Z]$/ && $3 ~ /^gm_/ { at[$3] = $1 }
	END {
		for (name in at)
			if (!(name in used) && !index(allowed, " " name " "))
				print at[name] ": " name
	}' <<<"$symbols" | sort
)"
# Check the source, too, as libc's headers define some of them inline.
check 'no banned function is called' "$(
	refers "$banned" ''
	c_files lib tools | xargs awk -f tests/rules/strip.awk |
	    grep -E "(^|[^A-Za-z0-9_.>])($banned)[[:blank:]]*\\("
)"
check "only $writes names standard output and error" \
    "$(refers "$output" "$writes" lib/)"
check 'the library never ends the process' \
    "$(refers 'exit|_exit|_Exit|quick_exit|abort' '' lib/)"
check "only $environment reads the environment" \
    "$(refers 'getenv|secure_getenv|environ' "$environment" lib/)"
check "no mutable file-scope data except in $mutable" "$(
	mapfile -t library < <(printf '%s\n' "${objects[@]}" | grep "^$BUILD/lib/")
	objdump -t "${library[@]}" | awk -v allowed=" $mutable " \
	    -v build="$BUILD/" '
	/file format/ {
		object = substr($1, length(build) + 1)
		sub(/:$/, "", object)
	}
	/ O / && / (\.t?data|\.t?bss|\*COM\*)/ && !/ \.data\.rel\.ro/ {
		if (!index(allowed, " " object " "))
			print object ": " $NF
	}'
)"

finish
