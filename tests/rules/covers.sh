#!/usr/bin/env bash
# Each module has a test, each tool has tests and a manual page.
# shellcheck source=tests/rules/tap.bash
. "$(dirname "$0")/tap.bash"

# Modules without a unit test, each with the file of tests/ that runs it against
# a server; "-" if it has only macros and types.
covered='base/base:- net/http:transport.bats net/proxy:transport.bats
    net/transfer:transport.bats
    net/hint:transport.bats
    call/call:retry.bats call/service:-
    cli/cli:cli.bats cli/shared:cli.bats cli/offer:completion.bats
    gm-models/catalog:gm-models.bats gm-keycheck/check:gm-keycheck.bats
    base/process:cli.bats gm-models/probe:gm-models.bats
    gm-prompt/single:gm-prompt.bats gm-prompt/batch:batch.bats
    gm-prompt/options:gm-prompt.bats
    gm-summ/run:gm-summ.bats'

covers() { # MODULE: print what covers it instead of a unit test
	local pair
	for pair in $covered; do
		[ "${pair%%:*}" != "$1" ] || echo "${pair#*:}"
	done
}

unit_tests() {
	c_files lib tools | grep -v /main.c | while read -r module; do
		module=${module%.[ch]}
		module=${module#*/}
		by=$(covers "$module")
		case $by in
		-) continue ;;
		'') by=unit/$module.c ;;
		esac
		[ -f "tests/$by" ] || echo "$module: tests/$by"
	done
}

of_tools() { # PATTERN: print missing files; % is the tool's name
	for tool in tools/*/main.c; do
		tool=${tool#tools/}
		[ -f "${1/\%/"${tool%/main.c}"}" ] || echo "${1/\%/"${tool%/main.c}"}"
	done
}

check 'each module has its tests' "$(unit_tests | sort -u)"
check 'each tool has its tests' "$(of_tools 'tests/%.bats')"
check 'each tool has its manual page' "$(of_tools 'man/%.1')"

finish
