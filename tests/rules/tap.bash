# shellcheck shell=bash
# For the rules: checks as TAP, and where things are.
#
# check NAME DETAILS: passes exactly if DETAILS is empty; else they are shown.
# finish: the plan; the status is 1 if a check failed.

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

# C files of the folders named, ours all.
c_files() {
	find "$@" -name '*.[ch]' 2>/dev/null | sort
}
