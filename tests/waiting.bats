#!/usr/bin/env bats
# The line that says what is waited for, on a terminal alone.

# wait_for has conditions, in which variables are used later.
# shellcheck disable=SC2016

load prompt

# waits PATTERN: until the file "shown" has a line like that.
waits() {
	wait_for "tr '\\r' '\\n' <shown | grep -qE '^$1\$'"
}

# lines FILE: what was shown, one status line or note on a line each, the
# seconds replaced by N; blanks that erase a line are "(erased)".
lines() {
	tr '\r' '\n' <"$1" | sed -E 's/^ +$/(erased)/; s/[0-9.]+ s/N s/g' | uniq
}

# begin FDS COMMAND...: run it on a terminal in the background, as $pid.
begin() {
	: >shown
	terminal -f "$1" -o shown "${@:2}" </dev/null >out 2>err 3>&- &
	pid=$!
}

@test "the first byte is late: a line counts up, and is gone when it comes" {
	replies <<-'END'
		[{"stream": ["Hel", "lo."], "head_gate": "go"}]
	END
	begin 2 gm-prompt --color never hi
	waits "waiting for $ALIAS, [0-9]+ s"
	touch "$DIR/go"
	wait $pid
	same out $'Hello.\n'
	same <(lines shown) "
waiting for $ALIAS, N s
(erased)
gm-prompt: $ALIAS: 1 token in, 2 out, N s
"
	# Not before 2 s have passed.
	tr '\r' '\n' <shown >all
	run ! grep -q ', [01] s' all
}

@test "answer and line on one terminal: the line is gone before the answer" {
	replies <<-'END'
		[{"stream": ["Hel", "lo."], "head_gate": "go"}]
	END
	export GM_METRICS=0
	begin 12 gm-prompt hi
	waits "waiting for $ALIAS, [0-9]+ s"
	touch "$DIR/go"
	wait $pid
	same <(lines shown) "
waiting for $ALIAS, N s
(erased)
Hello.
"
}

@test "an error replaces the line" {
	replies <<-'END'
		[{"refusal": "invalid_argument", "head_gate": "go"}]
	END
	begin 2 gm-prompt --color never hi
	waits "waiting for $ALIAS, [0-9]+ s"
	touch "$DIR/go"
	wait $pid || rc=$?
	[ "$rc" -eq 65 ]
	lines shown >got
	same <(head -n 3 got) "
waiting for $ALIAS, N s
(erased)
"
	[[ "$(tail -n +4 got)" == "gm-prompt: $ALIAS: "* ]]
	[ "$(wc -l <got)" -eq 4 ]
}

@test "Ctrl-C ends the wait, and erases the line" {
	replies <<<'[{"stream": ["Hello."], "head_gate": "never"}]'
	begin 2 sh -c 'echo $$ >pid; exec gm-prompt hi'
	waits "waiting for $ALIAS, [0-9]+ s"
	kill -INT "$(cat pid)"
	wait $pid || rc=$?
	[ "$rc" -eq 130 ]
	same <(lines shown | tail -n +2) "waiting for $ALIAS, N s
(erased)
"
}

# Runs that show nothing began before the one whose line is seen.
@test "no line into a file, with --quiet, on a dumb terminal" {
	local pids=()

	replies <<-'END'
		[{"stream": ["Hello."], "head_gate": "go", "repeat": -1}]
	END
	export GM_METRICS=0
	gm-prompt hi </dev/null >out.file 2>err.file 3>&- &
	pids+=($!)
	terminal -f 2 -o quiet gm-prompt --quiet hi </dev/null >out.q 3>&- &
	pids+=($!)
	TERM=dumb terminal -f 2 -o dumb gm-prompt hi </dev/null >out.d 3>&- &
	pids+=($!)
	wait_for '[ "$(requests)" -eq 3 ]'
	begin 2 gm-prompt hi
	waits "waiting for $ALIAS, [0-9]+ s"
	touch "$DIR/go"
	wait "$pid" "${pids[@]}"
	cat err.file quiet dumb >others
	same others ''
	cat out.* >answers
	same answers $'Hello.\nHello.\nHello.\n'
}

@test "NO_COLOR, --color never: the line has no escape sequences" {
	replies <<-'END'
		[{"stream": ["Hello."], "head_gate": "go"}]
	END
	export GM_METRICS=0
	NO_COLOR=1 begin 2 gm-prompt hi
	waits "waiting for $ALIAS, [0-9]+ s"
	touch "$DIR/go"
	wait $pid
	run ! grep -q $'\e' shown
	same <(lines shown) "
waiting for $ALIAS, N s
(erased)
"
}

@test "a key is cooling down: a line counts down, in place of the note" {
	replies <<-'END'
		[{"refusal": "quota_minute", "retry_delay": "3s"}, {"stream": ["Hello."]}]
	END
	export GM_METRICS=0
	begin 2 gm-prompt --color never hi
	wait $pid
	same out $'Hello.\n'
	same <(lines shown) "
rate-limited: waiting N s for key 0 (...0001)
(erased)
"
	tr '\r' '\n' <shown | grep -o 'waiting [0-9] s' >counts
	sort -r counts | diff - counts
	# Into a file it is a note.
	forget
	script <<-'END'
		[{"refusal": "quota_minute", "retry_delay": "1.2s"}, {"stream": ["Hello."]}]
	END
	gm-prompt hi </dev/null >out 2>err
	sed -Ei 's/[0-9.]+ s/N s/' err
	same err "gm-prompt: rate-limited: waiting N s for key 0 (...0001)
"
}

@test "GM_RPM: a line counts down" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	export GM_METRICS=0 GM_RPM=15
	gm-prompt hi </dev/null >out 2>err
	begin 2 gm-prompt --color never hi
	wait $pid
	same out $'Hello.\n'
	same <(lines shown) "
GM_RPM: waiting N s
(erased)
"
	tr '\r' '\n' <shown | grep -o 'waiting [0-9] s' >counts
	sort -r counts | diff - counts
}

@test "a batch and gm-summ: the wait is the end of the progress line" {
	local second

	replies <<-'END'
		[{"stream": ["Hello."], "head_gate": "go", "repeat": -1}]
	END
	export GM_METRICS=0
	echo hi >in
	terminal -f 2 -o batch gm-prompt -l --text <in >out.b 3>&- &
	pid=$!
	terminal -f 2 -o summary gm-summ in </dev/null >out.s 3>&- &
	second=$!
	wait_for "tr '\\r' '\\n' <batch | grep -qE '^gm-prompt: 0/1, waiting for $ALIAS, [0-9]+ s'"
	wait_for "tr '\\r' '\\n' <summary | grep -qE '^gm-summ: 0/1, .*waiting for $ALIAS, [0-9]+ s'"
	touch "$DIR/go"
	wait $pid "$second"
	same out.b $'Hello.\n'
	same out.s $'Hello.\n'
}

@test "a batch under GM_RPM: the progress line counts down to the next slot" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	export GM_METRICS=0 GM_RPM=30
	printf 'a\nb\n' >in
	terminal -f 2 -o shown gm-prompt -l --text <in >out 3>&-
	same out $'Hello.\nHello.\n'
	tr '\r' '\n' <shown | grep -qE '^gm-prompt: 1/2, .*GM_RPM: waiting [12] s'
}

@test "gm-models and gm-keycheck: lists, and several responses" {
	serve
	script <<<'[{"status": 200, "body": "{\"models\": []}", "head_gate": "go", "repeat": -1}]'
	begin 2 gm-models --refresh
	waits 'waiting for gemini, [0-9]+ s'
	GEMINI_API_KEY='' GOOGLE_API_KEYS=$GOOD_KEY,fake-good-key-0002 \
		terminal -f 2 -o checked gm-keycheck </dev/null >out.k 3>&- &
	local second=$!
	wait_for "tr '\\r' '\\n' <checked | grep -qxE 'waiting for 2 responses, [0-9]+ s'"
	touch "$DIR/go"
	wait $pid || :
	wait $second || :
	lines shown | grep -qx 'waiting for gemini, N s'
	lines checked | grep -qx '(erased)'
}
