#!/usr/bin/env bash
# lint.sh [NAME]...: "make lint": format, both compilers, static analysis,
# scripts and pages, or only the checks named, as in "lint.sh tidy gcc".
# shellcheck source=tests/rules/tap.bash
. "$(dirname "$0")/tap.bash"

jobs=$(nproc)
only=" $* "
ran=0
unset MAKEFLAGS MFLAGS MAKELEVEL

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Run a command; print its output and status only if it fails.
complain() {
	local out

	out=$("$@" 2>&1) || printf '%s\n%s: exit status %d\n' "$out" "$1" $?
}

# spread COMMAND... -- FILE...: run complain for each file, several at a time.
spread() {
	local command=()

	while [ "$1" != -- ]; do
		command+=("$1")
		shift
	done
	shift
	export -f complain
	# shellcheck disable=SC2016 # for the inner shell
	printf '%s\0' "$@" | xargs -0 -P "$jobs" -I'{}' bash -c '
		name=$1
		shift
		complain "$@" "$name" >"$0/${name//\//%}"' \
	    "$scratch" '{}' "${command[@]}"
	cat "$scratch"/*
	rm -f "$scratch"/*
}

mapfile -t c_all < <(c_files lib tools tests)
mapfile -t c_units < <(printf '%s\n' "${c_all[@]}" | grep '\.c$')
mapfile -t files < <(
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git -c core.quotePath=false ls-files -co --exclude-standard
	else
		find . -type f -not -path './build/*' | sed 's|^\./||'
	fi | sort -u | while read -r file; do
		[ -f "$file" ] && echo "$file"
	done
)
# Files of the tree whose names match a pattern.
files_like() {
	printf '%s\n' "${files[@]}" | grep -E "$1"
}

defines=(-std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE
	-DGM_VERSION='"0"' -Ilib -Itools -Itests/unit)

lint_format() {
	complain clang-format --dry-run -Werror "${c_all[@]}"
}

build_with() {
	complain make -k -s -j "$jobs" BUILD="$BUILD/lint-$1" CC="$1" WERROR=1 \
	    SAN= programs
}

lint_gcc() {
	build_with gcc
}

lint_clang() {
	build_with clang
}

# All warnings of clang, except:
#	padded: the order of members is for readers
#	disabled-macro-expansion: sigaction, stdin and libcurl's own macros
#	unsafe-buffer-usage: means C++ containers
#	switch-default: contradicts covered-switch-default
#	reserved-identifier: the linker names what it wraps __wrap_x
#	pre-c11-compat and the like: C11 is what we write
everything=(-Weverything -Werror -Wno-unknown-warning-option -Wno-padded
	-Wno-disabled-macro-expansion -Wno-unsafe-buffer-usage
	-Wno-switch-default -Wno-pre-c11-compat -Wno-reserved-identifier)

lint_everything() {
	spread clang -fsyntax-only "${everything[@]}" "${defines[@]}" -- \
	    "${c_units[@]}"
}

# Tests may recurse.  Tools must not: input could exhaust the stack.
lint_tidy() {
	local shipped tests

	mapfile -t shipped < <(printf '%s\n' "${c_units[@]}" | grep -v '^tests/')
	mapfile -t tests < <(printf '%s\n' "${c_units[@]}" | grep '^tests/')
	tidy '' "${shipped[@]}"
	[ ${#tests[@]} -eq 0 ] || tidy -misc-no-recursion "${tests[@]}"
}

tidy() { # CHECKS FILE...
	# shellcheck disable=SC2016 # for the inner shell
	spread bash -c '
		clang-tidy --quiet --checks="$0" "${@: -1}" -- "${@:1:$#-1}"' \
	    "$1" "${defines[@]}" -- "${@:2}" |
	    grep -v -e '^[0-9]* warnings\? generated\.$' -e '^bash: exit status'
}

# cppcheck does not read the system's headers, hence libcurl's version.
# Suppressed:
#	variableScope: declarations are at the top of a function
#	unusedStructMember: is wrong about members of tables and of pointers
lint_cppcheck() {
	mkdir -p "$BUILD/lint-cppcheck"
	complain cppcheck --quiet --std=c11 --error-exitcode=1 -j "$jobs" \
	    --enable=warning,style,performance,portability --inline-suppr \
	    --cppcheck-build-dir="$BUILD/lint-cppcheck" \
	    --suppress=variableScope --suppress=unusedStructMember \
	    -DLIBCURL_VERSION_NUM=0x080000 \
	    "${defines[@]:1}" "${c_units[@]}"
}

# In .bats files each test is a subshell, and "run" sets variables.
lint_shell() {
	local scripts bats

	mapfile -t scripts < <(
		files_like '\.(sh|bash)$'
		printf '%s\n' "${files[@]}" | grep -v '\.[a-z0-9]*$' |
		    while read -r file; do
			head -n 1 "$file" | grep -aq '^#!.*sh\>' && echo "$file"
		done
	)
	mapfile -t bats < <(files_like '\.bats$')
	complain shellcheck -x "${scripts[@]}"
	[ ${#bats[@]} -eq 0 ] ||
		complain shellcheck -x -s bats -e SC2030,SC2031 "${bats[@]}"
}

# With the options that the tools share, as make puts them in.
lint_man() {
	local page

	while read -r page; do
		awk -f man/insert.awk man/common.mdoc "$page" \
		    >"$scratch/${page##*/}"
	done < <(files_like '^man/.*\.[1-9]$')
	complain mandoc -Tlint -W warning "$scratch"/*.[1-9]
	rm -f "$scratch"/*
}

lint_python() {
	local scripts

	mapfile -t scripts < <(files_like '\.py$')
	[ ${#scripts[@]} -eq 0 ] ||
		PYTHONPYCACHEPREFIX=$scratch/cache \
		    complain python3 -W error -m py_compile "${scripts[@]}"
	rm -rf "$scratch/cache"
}

# U+061C, U+200E, U+200F, U+202A-202E, U+2066-2069, which can disguise code.
bidi='\xD8\x9C|\xE2\x80[\x8E\x8F\xAA-\xAE]|\xE2\x81[\xA6-\xA9]'

# Bash converts \u in $'' when it parses, by the locale at that time.
by_locale="\\$'([^'\\\\]|\\\\[^uU])*\\\\[uU][0-9A-Fa-f]"

# Fixtures are bytes, not text.
lint_text() {
	printf '%s\n' "${files[@]}" |
	    grep -v -E '^tests/(fixtures|fuzz/corpus)/' |
	    while read -r file; do
		grep -Iq . "$file" || continue
		grep -nH $'\r$' "$file" | sed 's/:.*//; s/$/: CR at a line end/' |
		    sort -u
		grep -nHP "$bidi" "$file" |
		    sed 's/^\([^:]*:[0-9]*\):.*/\1: a bidi control/'
		grep -nHE "$by_locale" "$file" |
		    sed "s/^\([^:]*:[0-9]*\):.*/\1: \\\\u in \$'': bytes do not depend on the locale/"
		case $file in
		*.md) ;;
		*)
			grep -nH '[[:blank:]]$' "$file" |
			    sed 's/^\([^:]*:[0-9]*\):.*/\1: white space at the end/'
			;;
		esac
		[ -z "$(tail -c 1 "$file")" ] ||
			echo "$file: no newline at the end"
	done
}

lint() { # NAME WHAT
	case "$only" in
	'  ' | *" $1 "*) ;;
	*) return ;;
	esac
	ran=$((ran + 1))
	check "$1: $2" "$("lint_$1")"
}

lint format 'C is laid out as .clang-format says'
lint text 'no white space at line ends, no CR, a last newline'
lint shell 'shellcheck has no complaint'
lint python 'Python compiles'
lint man 'mandoc has no complaint'
lint gcc 'gcc has no warning'
lint clang 'clang has no warning'
lint everything 'clang -Weverything has no warning'
lint cppcheck 'cppcheck has no complaint'
lint tidy 'clang-tidy has no complaint'

[ "$only" != '  ' ] || tests/rules/sizes.sh
finish
printf '%d passed, %d failed, 0 skipped\n' $((checks - failures)) "$failures"
[ "$failures" -eq 0 ] && [ "$ran" -gt 0 ]
