#!/usr/bin/env bash
# Messages are short and in the terms of the field; tests/rules/messages.py
# has the rules, and prints all messages.
# shellcheck source=tests/rules/tap.bash
. "$(dirname "$0")/tap.bash"

# Folders in which a fault fails the rule; in others it is only shown.
rooms=(lib tools)

faults() { # PATH...
	python3 -B tests/rules/messages.py --check "$@" 2>&1
}

# Calls whose message the list lacks.
missed() {
	local calls listed

	calls=$(c_files lib tools | grep '\.c$' | xargs awk -f tests/rules/strip.awk |
	    grep -cE '\<(gm_fail|gm_fail_errno)\(&?[a-z]')
	listed=$(python3 -B tests/rules/messages.py | grep -c '^[^ ]* error: ')
	[ "$listed" -ge "$calls" ] ||
		echo "$calls calls of gm_fail, but $listed errors in the list"
}

check 'each error is in the list of messages' "$(missed)"
check 'messages are short and in the terms of the field' \
    "$(faults "${rooms[@]}")"
faults lib tools | grep -vE "^($(IFS='|'; echo "${rooms[*]}"))/" | sed 's/^/# /'

finish
