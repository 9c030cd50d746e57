#!/usr/bin/env bats
# A failure has one class: the same word in JSON, in the log and in the metrics.

# batch.bash sets variables; wait_for evaluates conditions.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load batch

# classes: print the class in the JSON on standard output, in the log and in the
# metrics; "-" for none.
classes() {
	{
		jq -r '.error.class // "-"' out 2>/dev/null | grep . || echo -
		[ -s log ] && jq -r 'select(.class).class' log | grep . || echo -
		grep -o '\<class=[a-z_]*' err | cut -d= -f2 | grep . || echo -
	} | paste -sd' '
}

# expected STATUS CLASSES: compare those of the last run.
expected() {
	if [ "$rc" -ne "$1" ] || [ "$(classes)" != "$2" ]; then
		echo "status $rc: $(classes)"
		cat err
		return 1
	fi
}

# fails STATUS CLASSES ARGUMENT...: send one prompt with --json.
fails() {
	rm -f log
	ask --json --metrics --log-file log "${@:3}"
	expected "$1" "$2"
}

# loses STATUS CLASSES TARGET ARGUMENT...: send one prompt; standard output is
# TARGET.
loses() {
	rm -f log out
	forget
	rc=0
	gm-prompt --metrics --log-file log "${@:4}" </dev/null >"$3" 2>err || rc=$?
	expected "$1" "$2"
}

@test "no_block: the answer has no fenced block" {
	replies <<<"[$ECHO]"
	fails 1 'no_block no_block no_block' -x hi
	[ "$(jq -r .error.message out)" = \
	    "$ALIAS: the answer has no fenced block; omit --extract (no_block)" ]
	loses 1 '- no_block no_block' out -x hi
	same out ''
	rm log
	batch -l -x --metrics --log-file log <<<hi
	[ "$rc" -eq 1 ]
	[ "$(classes)" = 'no_block no_block no_block' ]
	# A truncated answer has the class of that.
	replies <<<'[{"stream": ["half"], "finish": "MAX_TOKENS", "repeat": -1}]'
	fails 1 'token_limit token_limit token_limit' -x hi
	loses 1 '- token_limit token_limit' out -x hi
	rm log
	batch -l -x --metrics --log-file log <<<hi
	[ "$(classes)" = 'token_limit token_limit token_limit' ]
}

@test "local: the answer cannot be written" {
	replies <<<"[$ECHO]"
	loses 74 '- local local' /dev/full hi
	loses 74 '- local local' /dev/full --json hi
	loses 74 '- local local' /dev/full --stream hi
	loses 74 '- local local' /dev/null -o /dev/full hi
	# A full disk.
	(
		ulimit -f 1
		loses 74 '- local local' /dev/null -o file \
		    "$(printf 'hi%.0s' {1..2000})"
	)
	[ ! -e file ]
	# A truncated answer that is lost is lost.
	replies <<<'[{"stream": ["half"], "finish": "MAX_TOKENS", "repeat": -1}]'
	loses 74 '- local local' /dev/full hi
	loses 74 '- local local' /dev/full --json hi
}

@test "local: a file cannot be read or created" {
	replies <<<"[$ECHO]"
	fails 66 'local - -' -f absent hi
	fails 73 '- - -' -o absent/file hi
	mkdir dir
	printf '%s\n' absent dir | batch -l -f '{}'
	[ "$rc" -eq 66 ]
	[ "$(jq -r .error.class out | paste -sd' ')" = 'local local' ]
	[ "$(requests)" -eq 0 ]
}

@test "deadline: before a request, and during one" {
	local running

	replies <<<'[{"stream": ["hi"], "head_gate": "never", "repeat": -1}]'
	fails 69 'deadline deadline deadline' --deadline 0.5 hi
	[ "$(requests)" -eq 1 ]
	rm log
	batch -l --deadline 0.5 --metrics --log-file log <<<hi
	[ "$rc" -eq 69 ]
	[ "$(classes)" = '- deadline deadline' ]
	# Before a request: the input does not end, or no slot is free.
	mkfifo fifo
	exec 7<>fifo
	fails 69 'deadline - -' --deadline 0.3 -f fifo hi
	exec 7>&-
	[ "$(requests)" -eq 2 ]
	keep_state
	GM_RPM=1 gm-prompt hi </dev/null >/dev/null 2>&1 3>&- &
	running=$!
	wait_for '[ "$(requests)" -eq 3 ]'
	GM_RPM=1 fails 69 'deadline deadline deadline' --deadline 0.5 hi
	[ "$(requests)" -eq 3 ]
	kill "$running"
	wait "$running" || :
}

@test "deadline: a reader that does not take the answer" {
	replies <<<'[{"generate": {"bytes": 300000}, "repeat": -1}]'
	mkfifo fifo
	exec 7<>fifo
	loses 69 '- deadline deadline' fifo --deadline 2 hi
	exec 7>&-
}

@test "bad_input, config: invalid input, no key" {
	replies <<<"[$ECHO]"
	printf 'a\0b' >nul
	fails 65 'bad_input - -' -q @nul
	GEMINI_API_KEY='' fails 78 'config - -' hi
	printf '%s\n' '{' '{"prompt":5}' '{"prompt":"a","files":["nul"]}' |
	    batch -a
	[ "$rc" -eq 65 ]
	[ "$(jq -r .error.class out | paste -sd' ')" = \
	    'bad_input bad_input bad_input' ]
	[ "$(requests)" -eq 0 ]
}
