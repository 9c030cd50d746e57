# The library without a command line: tests/smallest/ask.c asks one question.

load prompt

# small PROMPT: its answer goes to the file "out", its words to "err".
small() {
	rc=0
	"$BUILD/smallest/ask" "$1" >out 2>err || rc=$?
}

@test "the smallest caller: the answer and nothing else" {
	replies <<<'[{"stream": ["Hello ", "there."]}]'
	small hi
	said 0 'Hello there.' ''
	diff <(body 1) <(printf %s "$HI")
	grep -qx 'User-Agent: ask/1' <(head_of 1)
}

@test "the smallest caller: the next key where the first is rejected" {
	serve
	export GOOGLE_API_KEYS=fake-invalid-key-0002,$GOOD_KEY
	small hi
	[ "$rc" -eq 0 ]
	grep -q 'your question arrived: "hi"' out
	[ ! -s err ]
	[ "$(requests)" -eq 2 ]
}

@test "the smallest caller: a failure is one line, its class the status" {
	serve
	GEMINI_API_KEY=fake-invalid-key-0002 small hi
	[ "$rc" -eq 77 ]
	[ ! -s out ]
	[ "$(wc -l <err)" -eq 1 ]
	grep -q '^ask: .*(HTTP 400, key_invalid)' err
	run ! grep fake-invalid err
	unset GEMINI_API_KEY
	small hi
	[ "$rc" -eq 78 ]
	grep -q '^ask: no API key in ' err
}

@test "the smallest caller: nothing of cli/ is in it" {
	# The sanitizers' own names hold no gm_.
	nm "$BUILD/smallest/ask" >names
	grep -q ' T gm_services_open$' names
	run ! grep -E ' gm_(cli|wanted|options|input|log|record)_' names
}
