# shellcheck shell=bash
# Functions for the rules: print checks as TAP, find files.
#
# check NAME DETAILS: pass if DETAILS is empty; else fail and print them.
# finish: print the plan; return 1 if a check has failed.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export LC_ALL=C
BUILD=$(realpath -m "${BUILD:-build}")
checks=0
failures=0

check() {
	checks=$((checks + 1))
	if [ -z "$2" ]; then
		printf 'ok %d - %s\n' "$checks" "$1"
		return
	fi
	failures=$((failures + 1))
	printf 'not ok %d - %s\n' "$checks" "$1"
	printf '%s\n' "$2" | sed 's/^/#   /'
}

skip() { # NAME REASON
	checks=$((checks + 1))
	printf 'ok %d - %s # SKIP %s\n' "$checks" "$1" "$2"
}

finish() {
	printf '1..%d\n' "$checks"
	[ "$failures" -eq 0 ]
}

# c_files FOLDER...: print all C files.
c_files() {
	find "$@" -name '*.[ch]' 2>/dev/null | sort
}
