#!/usr/bin/env bash
#
# run.sh [NAME]...: run all tests, or those whose names contain one of the NAMEs,
# several at a time; called by "make check".
#
# Tests are unit tests, replays of the fuzzers' corpora, tests of the stand-in, bats
# files and rules.  Prints a line for each program; then the output of those that
# failed, near the end, where a truncated log still has it; and at last
# "N passed, M failed, K skipped".  A program that fails without naming a test, a
# process that is left running and a new file in the tree count as failed tests.
#
# Environment: BUILD (the directory of the programs), SAN (the sanitizers that they
# were built with), JOBS (programs at a time), TEST_LIMIT (seconds for a program).

set -u
cd "$(dirname "$0")/.." || exit 1

one() { # run a program, with all of its output on stdout
	local base=${1#*/}
	local corpus=tests/fuzz/corpus/$base
	local run=(timeout -k 5 "${TEST_LIMIT:-600}")

	case $1 in
	unit/*) CMOCKA_MESSAGE_OUTPUT=TAP "${run[@]}" "$BUILD/$1" ;;
	fuzz/*)
		"${run[@]}" "$BUILD/$1" || return
		[ ! -d "$corpus" ] || "${run[@]}" "$BUILD/$1" "$corpus"
		;;
	server/*) "${run[@]}" python3 -B "tests/$1.py" ;;
	rules/*) "${run[@]}" "tests/$1.sh" ;;
	*.bats) "${run[@]}" bats --formatter tap "tests/$1" ;;
	esac 2>&1 </dev/null
}

# Read TAP or the output of unittest; print "passed failed skipped planned", where
# planned is the expected number of tests.
count() {
	awk '
	/^(not )?ok .*# *[Ss][Kk][Ii][Pp]/ { skipped++; next }
	/^ok( |$)/ { passed++ }
	/^not ok( |$)/ { failed++ }
	/^1\.\.[0-9]+/ { planned += substr($1, 4) }
	/^Ran [0-9]+ tests? in / { ran += $2; planned += $2 }
	/^(OK|FAILED)( \(.*\))?$/ {
		gsub(/[(),]/, " ")
		for (i = 2; i <= NF; i++) {
			n = $i
			sub(/.*=/, "", n)
			if ($i ~ /^skipped=/)
				skipped += n
			else if ($i ~ /^(failures|errors|successes)=/)
				failed += n
		}
		passed += ran > failed + skipped ? ran - failed - skipped : 0
	}
	END { print passed + 0, failed + 0, skipped + 0, planned + 0 }'
}

# Run one program, and print its report in one piece.
report() {
	local name=$1 start=$EPOCHREALTIME end out status why='' word=ok
	local passed failed skipped planned

	out=$(one "$name")
	status=$?
	end=$EPOCHREALTIME
	read -r passed failed skipped planned < <(count <<<"$out")

	if [ $status -eq 124 ] || [ $status -eq 137 ]; then
		why="took longer than ${TEST_LIMIT:-600} s"
	elif [ "$failed" -eq 0 ] && [ $status -ne 0 ]; then
		why="ended with status $status and names no failed test"
	elif [ $((passed + failed + skipped)) -eq 0 ]; then
		why='ran no test'
	elif [ $((passed + failed + skipped)) -lt "$planned" ]; then
		why="ran fewer tests than the $planned planned"
	fi
	[ -z "$why" ] || failed=$((failed + 1))
	[ "$failed" -eq 0 ] || word=FAIL
	echo "$passed $failed $skipped" >"$RUN/count/${name//\//%}"

	{
		flock 9
		printf '%-4s %-26s %4d passed, %d failed, %d skipped %8.2f s\n' \
		    "$word" "$name" "$passed" "$failed" "$skipped" \
		    "$((${end/./} - ${start/./}))e-6"
		grep -iE '^(not )?ok .*# *skip' <<<"$out" | sed 's/^/     /'
		if [ $word = FAIL ]; then
			echo "FAIL $name"
			if grep -q '^not ok' <<<"$out" && [ -z "$why" ]; then
				grep -v '^ok ' <<<"$out"
			else
				printf '%s\n' "$out"
			fi | sed 's/^/     | /'
			[ -z "$why" ] || echo "     $name: $why"
		fi >>"$RUN/failed"
	} 9>"$RUN/lock"
}

# Print the names of all programs, the slow ones first.
programs() {
	local file

	for file in tests/*.bats tests/server/selftest.py tests/unit/*.c tests/unit/*/*.c \
	    tests/fuzz/*.c tests/rules/*.sh; do
		[ -f "$file" ] || continue
		file=${file#tests/}
		case $file in
		rules/lint.sh | rules/sizes.sh) ;; # "make lint"
		*.bats) echo "$file" ;;
		*) echo "${file%.*}" ;;
		esac
	done
}

selected() {
	local name pattern

	programs | while read -r name; do
		[ $# -gt 0 ] || echo "$name"
		for pattern; do
			[[ $name != *"$pattern"* ]] || {
				echo "$name"
				break
			}
		done
	done
}

# Print processes of this run that have not ended: those that know its directory.
leftovers() {
	local dir pid env words

	for dir in /proc/[0-9]*; do
		pid=${dir#/proc/}
		{ mapfile -d '' env <"$dir/environ"; } 2>/dev/null || continue
		{ mapfile -d '' words <"$dir/cmdline"; } 2>/dev/null || continue
		[[ "${env[*]} ${words[*]}" != *"$RUN/tmp"* ]] ||
			echo "$pid ${words[*]}"
	done
}

untracked() {
	git status --porcelain --untracked-files=all 2>/dev/null |
	    grep '^??' | sort
}

end_leftovers() {
	local pid rest

	leftovers | while read -r pid rest; do
		kill "$pid" 2>/dev/null
	done
	rm -rf "$RUN"
}

# after NAME DETAILS: report a check after all programs; empty DETAILS pass.
after() {
	if [ -z "$2" ]; then
		printf 'ok   %s\n' "$1"
		passed=$((passed + 1))
	else
		{
			printf 'FAIL %s\n' "$1"
			printf '%s\n' "$2" | sed 's/^/     | /'
		} >>"$RUN/failed"
		failed=$((failed + 1))
	fi
}

if [ "${1-}" = --report ]; then
	report "$2"
	exit
fi

BUILD=$(realpath -m "${BUILD:-build}")
RUN=$(mktemp -d "${TMPDIR:-/tmp}/gm-check.XXXXXX") || exit 1
trap end_leftovers EXIT
trap 'exit 130' INT TERM HUP
mkdir "$RUN/tmp" "$RUN/count"

before=$(untracked)
names=$(selected "$@")
unset MAKEFLAGS MFLAGS MAKELEVEL
export BUILD RUN SAN="${SAN-}" PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:exitcode=98

[ -z "$names" ] || TMPDIR=$RUN/tmp xargs -P "${JOBS:-$(nproc)}" -n 1 \
    "$0" --report <<<"$names"

passed=0
failed=0
skipped=0
if [ -z "$names" ]; then
	echo "no such test: $*"
	failed=1
fi
for name in $names; do
	p=0 f=1 s=0 # should its report be missing
	[ ! -f "$RUN/count/${name//\//%}" ] ||
		read -r p f s <"$RUN/count/${name//\//%}"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done

if [ -n "$names" ]; then
	for ((i = 0; i < 20; i++)); do
		left=$(leftovers)
		[ -n "$left" ] || break
		sleep 0.1
	done
	after 'nothing left running' "$left"
	after 'no new file in the tree' \
	    "$(comm -13 <(echo "$before") <(untracked))"
fi

[ ! -f "$RUN/failed" ] || cat "$RUN/failed"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
