# How gm-prompt gives an answer out: to a terminal, while it comes, and where it
# cannot go.

load prompt

FULL='No space left on device'

# --- what a terminal shows

STEER='[{"stream": ["a\u001b[31mred\u001b[0m\u001b]52;c;aGk=\u0007 b\u009b5mc",
    "\u001b]0;ti", "tle\u001b\\d\u202ee\u2067f\u200fg\r\b\u007f\u0000h\ti\nj"],
    "repeat": -1}]'

@test "a terminal gets no escape sequences, controls or bidi overrides" {
	replies <<<"$STEER"
	terminal -f 1 -o shown gm-prompt hi 2>err </dev/null
	same shown "ared bcdefg$REPLACED"$'h\ti\nj\n'
	terminal -f 1 -o shown gm-prompt --no-stream hi 2>>err </dev/null
	same shown "ared bcdefg$REPLACED"$'h\ti\nj\n'
	same err ''
	sent_as 2 "$HI"
}

@test "--raw: a terminal gets all of it" {
	replies <<<"$STEER"
	terminal -f 1 -o shown gm-prompt --raw hi 2>err </dev/null
	printf 'a\e[31mred\e[0m\e]52;c;aGk=\a b\u009b5mc\e]0;title\e\\d' >want
	printf '\u202ee\u2067f\u200fg\r\b\x7f\uFFFDh\ti\nj\n' >>want
	cmp shown want
	same err ''
	sent "$HI"
}

@test "--raw: thoughts on standard error are filtered without it" {
	replies <<-'END'
		[{"stream": ["Hello."], "thoughts": ["\u001b[31mHm.\u001b[0m"],
		  "repeat": -1}]
	END
	ask --show-thoughts hi
	said 0 $'Hello.\n' $'Hm.\n'
	ask --show-thoughts --raw hi
	said 0 $'Hello.\n' $'\e[31mHm.\e[0m\n'
}

# --- when it comes

@test "-S, --stream: text is out before the server sends the rest" {
	local pid

	replies <<-END
		[{"stream": ["Hel", "lo. $(printf %01000d 0)"], "gate": "go",
		  "gate_at": 600}]
	END
	gm-prompt --stream hi >out 2>err </dev/null &
	pid=$!
	wait_for '[ -s out ]'
	same out Hel
	touch "$DIR/go"
	wait $pid
	same out "Hello. $(printf %01000d 0)"$'\n'
	same err ''
	sent "$HI"
}

@test "a terminal gets text as it comes, --no-stream holds it" {
	local pid

	replies <<-END
		[{"stream": ["Hel", "lo. $(printf %01000d 0)"], "gate": "go",
		  "gate_at": 600},
		 {"stream": ["Hel"], "finish": null},
		 {"stream": ["Hello."], "gate": "go2"}]
	END
	terminal -f 1 -o shown gm-prompt hi </dev/null 2>err &
	pid=$!
	wait_for '[ -s shown ]'
	same shown Hel
	touch "$DIR/go"
	wait $pid
	same shown "Hello. $(printf %01000d 0)"$'\n'
	# The second request proves that the first reply was read.
	terminal -f 1 -o shown gm-prompt --no-stream --max-wait 0 hi \
	    </dev/null 2>>err &
	pid=$!
	wait_for "[ -e '$DIR/request.3' ]"
	same shown ''
	touch "$DIR/go2"
	wait $pid
	same shown $'Hello.\n'
	same err ''
	sent_as 3 "$HI"
}

@test "into a file or pipe nothing comes before the answer is whole" {
	local pid

	replies <<-'END'
		[{"stream": ["Hel", "lo"], "finish": null},
		 {"stream": ["Hello."], "gate": "go"}]
	END
	gm-prompt --max-wait 0 hi >out 2>err </dev/null &
	pid=$!
	wait_for "[ -e '$DIR/request.2' ]"
	same out ''
	touch "$DIR/go"
	wait $pid
	same out $'Hello.\n'
	same err ''
}

# --- where it cannot go

@test "a full disk: 74" {
	local option

	replies <<<'[{"when": {"path": ":stream"}, "stream": ["Hello."],
	    "repeat": -1}]'
	for option in --no-stream -S --json --count --dry-run; do
		rc=0
		gm-prompt --quiet $option hi >/dev/full 2>err </dev/null || rc=$?
		: >out
		sed -i '/: \(POST\|x-goog-api-key\|Content-Type\|Accept\)/d' err
		said 74 '' "gm-prompt: standard output: $FULL"$'\n'
	done
	[ "$(requests)" -eq 4 ]
}

@test "closed standard output: 74" {
	local option

	replies <<<'[{"when": {"path": ":stream"}, "stream": ["Hello."],
	    "repeat": -1}]'
	for option in --no-stream -S --json --count; do
		rc=0
		gm-prompt $option --log-file log hi 2>err </dev/null >&- || rc=$?
		: >out
		said 74 '' $'gm-prompt: standard output: Bad file descriptor\n'
	done
	rc=0
	gm-prompt --log-file log hi >&- 2>&- <&- || rc=$?
	[ "$rc" -eq 74 ]
	grep -c '^{"time":' log | grep -qx 5
	run -1 grep -q Hello log
	rc=0
	gm-prompt hi 2>&- >out </dev/null || rc=$?
	said 0 $'Hello.\n' "$(cat err)"$'\n'
}

@test "a closed standard error does not matter to the answer" {
	replies <<-'END'
		[{"stream": ["Hello."], "model_status": {"modelStage": "LEGACY"}}]
	END
	rc=0
	gm-prompt -vv --metrics --log-file log hi 2>&- >out </dev/null || rc=$?
	: >err
	said 0 $'Hello.\n' ''
	sent "$HI"
}

@test "a file of ours never gets the number of a closed descriptor" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	gm-prompt -nvv -o file hi <&- >&- 2>&- # notes would go into the file
	same file $'Hello.\n'
	timeout 20 gm-prompt -vv -S --log-file log hi <&- 2>&- >out
	same out $'Hello.\n'
	[ "$(requests)" -eq 2 ]
	# The text of standard input would come from the file in its place.
	echo Text. >text
	rc=0
	gm-prompt -s @text hi <&- >out 2>err || rc=$?
	said 0 $'Hello.\n' ''
	LC_ALL=C sed '1,/^\r$/d' "$DIR/request.3" >body
	same body '{"systemInstruction":{"parts":[{"text":"Text.\n"}]},'"${HI#\{}"
}

# connected: how many connections the server has open.
connected() {
	awk -v port=":$(printf %04X "${URL##*:}")" '
		$2 ~ port "$" && $4 == "01" { n++ }
		END { print n + 0 }' /proc/net/tcp
}

disconnected() {
	[ "$(connected)" -eq 0 ]
}

@test "| head -1: silent death by SIGPIPE, the connection is closed" {
	replies <<-END
		[{"stream": ["One\n", "$(printf %01000d 0)"], "gate": "go",
		  "gate_at": 600, "hold": true}]
	END
	{
		rc=0
		gm-prompt -S hi 2>err </dev/null || rc=$?
		echo $rc >status
	} | head -1 >out &
	wait_for '[ -s out ]'
	[ ! -e status ] # the reader has left, and it waits for the server
	[ "$(connected)" -eq 1 ]
	touch "$DIR/go"
	wait_for '[ -s status ]'
	same out $'One\n'
	same status $'141\n'
	same err ''
	wait_for disconnected
	sent "$HI"
}

@test "| head -1 with an answer that was held: SIGPIPE, silently" {
	replies <<<'[{"generate": {"bytes": 1000000}}]'
	{
		rc=0
		gm-prompt hi 2>err </dev/null || rc=$?
		echo $rc >status
	} | head -1 >out
	same status $'141\n'
	same err ''
	same out $'The quick brown fox jumps over the lazy dog.\n'
}

@test "a reader that has left: the same where SIGPIPE is ignored" {
	replies <<<'[{"stream": ["Hello."]}]'
	mkfifo pipe
	exec 8<>pipe
	exec 9>pipe
	exec 8>&-
	rc=0
	(
		trap '' PIPE
		exec gm-prompt hi 2>err </dev/null >&9
	) || rc=$?
	exec 9>&-
	: >out
	said 141 '' ''
}
