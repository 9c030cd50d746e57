#!/usr/bin/env bats
# Batches: each record of standard input is a request.

load prompt

# records FIELD...: of each line of "out", these members, separated by blanks.
records() {
	jq -r "[$(printf '.%s,' "$@" | sed 's/,$//')] | map(tostring) | join(\" \")" out
}

@test "each line is a request, and each result a line, in order" {
	replies <<-'END'
		[{"when": {"body": "one"}, "stream": ["1"], "pause_ms": 300},
		 {"stream": ["2"]}]
	END
	printf 'one\n\ntwo\r\n' | gm -l -j2 'Say {}.'
	[ "$rc" -eq 0 ]
	same err ''
	same <(records record ok text) '1 true 1
2 true 2
'
}
