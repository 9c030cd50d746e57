#!/usr/bin/env bash
# What the compiler saw: names, uses and data in libgm.a and the tools.
# shellcheck source=tests/rules/tap.bash
. "$(dirname "$0")/tap.bash"

# Functions that we do not call; fortify's and the C standard's own names of
# them count as well (__sprintf_chk, __isoc99_sscanf).
banned='strcpy|stpcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|strtok'
banned="$banned|atoi|atol|atoll|atof|scanf|fscanf|sscanf|vsscanf|vfscanf"
banned="$banned|system|popen|alloca|tmpnam|tempnam|mktemp|setjmp|_setjmp"
banned="$banned|longjmp|localtime|gmtime|asctime|ctime|rand|srand|getwd"

output='stdout|stderr|printf|vprintf|puts|putchar|perror'

# Members of the library that may refer to what the others must not.
writes='cli.o'       # standard output and error
environment='config.o'
mutable='stop.o'     # the flag that a signal handler sets

# Used by tests alone; this may only shrink.
unused=''

if [ -n "${SAN-}" ]; then
	skip 'symbols' 'only of a build without sanitizers'
	finish
	exit
fi
if ! [ -f "$BUILD/libgm.a" ]; then
	check 'there is a library to look at' "$BUILD/libgm.a is missing"
	finish
	exit
fi

objects=()
for tool in tools/*.c; do
	[ -f "$tool" ] && objects+=("$BUILD/${tool%.c}.o")
done

# "OBJECT TYPE NAME"; of a member of an archive nm -A says "libgm.a:buf.o:".
names() {
	nm -A "$@" | awk 'NF >= 3 {
		where = $1
		sub(/:[0-9a-f]*$/, "", where)
		sub(/.*[\/:]/, "", where)
		print where, $(NF - 1), $NF
	}'
}
set -o pipefail
if ! symbols=$(names "$BUILD/libgm.a" "${objects[@]}") ||
    [ -z "$symbols" ]; then
	check 'the symbols can be read' "nm failed on $BUILD"
	finish
	exit
fi
in_library=$(nm -A "$BUILD/libgm.a" |
    sed 's/^[^:]*:\([^:]*\):.*/\1/' | sort -u | tr '\n' ' ')

# refers NAMES OBJECTS: references to one of NAMES outside of OBJECTS.
refers() {
	awk -v names="^(__)?(isoc[0-9]+_)?($1)(_chk)?$" -v allowed=" $2 " \
	    -v library="$3" '
	BEGIN {
		n = split(library, object, " ")
		for (i = 1; i <= n; i++)
			of_library[object[i]] = 1
	}
	$2 == "U" && $3 ~ names && !index(allowed, " " $1 " ") &&
	    (library == "" || $1 in of_library) {
		print $1 ": " $3
	}' <<<"$symbols"
}

check 'each global name begins with gm_' "$(
	awk -v library="$in_library" '
	BEGIN {
		n = split(library, object, " ")
		for (i = 1; i <= n; i++)
			of_library[object[i]] = 1
	}
	$1 in of_library && $2 ~ /^[A-TV-Z]$/ && $3 !~ /^gm_/ {
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
# In the source as well, as libc's headers have some of them inline.
check 'no banned function is called' "$(
	refers "$banned" '' ''
	c_files lib tools | xargs awk -f tests/rules/strip.awk |
	    grep -E "(^|[^A-Za-z0-9_.>])($banned)[[:blank:]]*\\("
)"
check "only $writes names standard output and error" \
    "$(refers "$output" "$writes" "$in_library")"
check 'the library never ends the process' \
    "$(refers 'exit|_exit|_Exit|quick_exit|abort' '' "$in_library")"
check "only $environment reads the environment" \
    "$(refers 'getenv|secure_getenv|environ' "$environment" "$in_library")"
check "no mutable data of a whole file but in $mutable" "$(
	objdump -t "$BUILD/libgm.a" | awk -v allowed=" $mutable " '
	/file format/ { object = $1; sub(/:$/, "", object) }
	/ O / && / (\.t?data|\.t?bss|\*COM\*)/ && !/ \.data\.rel\.ro/ {
		if (!index(allowed, " " object " "))
			print object ": " $NF
	}'
)"

finish
