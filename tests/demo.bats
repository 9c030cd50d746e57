# "make demo": the output of each scene, and what happens if one fails.

load helper

# demo: run it, with standard output in "shown" and standard error in "errors".
demo() {
	"$ROOT/tests/demo/demo.sh" "$BUILD" >shown 2>errors
}

# log_is TEXT: make "git log -5" print TEXT; if TEXT is empty, fail.
log_is() {
	mkdir bin
	printf '%s' "$1" >log
	printf '#!/bin/sh\n[ "$*" = "log -5" ] && cat %s && test -s %s\n' \
	    "$PWD/log" "$PWD/log" >bin/git
	chmod +x bin/git
	PATH=$PWD/bin:$PATH
}

# expected PIPELINE: print what the demo must show, from a stand-in of our own;
# only the ports differ.
expected() (
	cd "$ROOT" || return
	cat <<EOT
gm without a key: a stand-in for the service answers, on this machine, at
https://127.0.0.1:PORT. Its answers repeat sentences of the prompt;
everything else is real.

== A prompt with a text. The answer appears as it is generated.
The first key is invalid, the second one exhausted: the third one is used.
\$ gm-prompt -v -S "Explain in short what this project is" <README.md
$(gm-prompt "Explain in short what this project is" <README.md)

== Which keys work?
\$ gm-keycheck --level generate | cut -f 1,2,4,8
0	...0001	invalid	replace it
1	...0002	limited	wait, or enable billing
2	...0003	ok	-
\$ echo \$?
1

== A filter like any other.
\$ $1
$(bash -c "$1")

== JSON: the answer, and what it took.
\$ gm-prompt --json 'What is a pipe?' |
    jq '{ok, text, model_version, finish_reason, tokens: .usage.total}'
{
  "ok": true,
  "text": "Hello! I am only a stand-in for the service, with no model behind me, but your question arrived: \"What is a pipe?\"",
  "model_version": "standin-of-gemini-3.8-flash",
  "finish_reason": "STOP",
  "tokens": 36
}

== How many tokens does a text have? Counting is free.
\$ gm-prompt --count "Translate this into French" <README.md
$(gm-prompt --count "Translate this into French" <README.md)

== An error says what failed, why, and what to do. Its status is for scripts.
\$ gm-prompt -m gemini-2.0-flash "Hello"
\$ echo \$?
78

== Which models are there, and which of them answer?
\$ gm-models --probe -l flash | cut -f 1,2,5
$(gm-models --probe -l flash | cut -f 1,2,5)

== The state of the keys, which all programs share.
\$ gm-rotate --status | cut -f 1,2,4,5,7
0	...0001	-	invalid	API key not valid
1	...0002	-	limited	daily quota exhausted
2	...0003	*	ok	-

== A batch. It stops at a limit, and resumes where it stopped.
Only the third key can be used, so it is used for all records.
\$ seq 4 | gm-prompt -l -o "\$OUT" --max-requests 2 'Name {} things'
\$ echo \$?
75
\$ seq 4 | gm-prompt -l -o "\$OUT" --resume 'Name {} things'
\$ jq -s -c 'sort_by(.record)[] | [.record, .key_index, .text[-17:]]' "\$OUT"
[1,2,": \"Name 1 things\""]
[2,2,": \"Name 2 things\""]
[3,2,": \"Name 3 things\""]
[4,2,": \"Name 4 things\""]

== A long text: split into parts, whose summaries are merged.
\$ wc -w tests/demo/minutes.txt
2698 tests/demo/minutes.txt
\$ gm-summ --chunk-tokens 1000 tests/demo/minutes.txt | fmt
$(gm-summ --chunk-tokens 1000 tests/demo/minutes.txt | fmt)
After a correction only the part that has changed is sent again.
\$ sed 's/Forty-four/Forty-five/' tests/demo/minutes.txt |
    gm-summ --json --chunk-tokens 1000 | jq -c '{parts, rounds, cached}'
{"parts":6,"rounds":2,"cached":6}

== All keys are exhausted: Mistral answers, or a server on this machine.
\$ gm-rotate --mark 2 --class quota --for 1h
\$ gm-prompt --max-wait 0 --fallback mistral "What is a pipe?"
Hello! I am only a stand-in for the service, with no model behind me, but your question arrived: "What is a pipe?"
The local server is a stand-in for llama.cpp. It needs no key.
\$ gm-prompt --max-wait 0 --fallback openai --json 'What is a FIFO?' |
    jq '{ok, text, provider, model, key_index, fallback}'
{
  "ok": true,
  "text": "Hello! I am only a stand-in for the service, with no model behind me, but your question arrived: \"What is a FIFO?\"",
  "provider": "openai",
  "model": "qwen3-8b-q4_k_m",
  "key_index": null,
  "fallback": true
}

== Next
Get a key at https://aistudio.google.com/apikey, and put it into an env file
that only you can read, after GOOGLE_API_KEYS= :

    mkdir -p ~/.config/gm
    cp .env.example ~/.config/gm/env
    chmod 600 ~/.config/gm/env
    \${EDITOR:-vi} ~/.config/gm/env

Then send a prompt, or run the demo with Google's models:

    build/gm-prompt "What is a pipe?"
    (set -a; . ~/.config/gm/env; make demo LIVE=1)
EOT
)

@test "without a key: every scene, whole" {
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
	# Settings of the user must not matter.
	export GOOGLE_API_KEYS=fake-leaked-key-0009 GM_RETRIES=never
	export GOOGLE_GEMINI_BASE_URL=https://127.0.0.1:1 GM_METRICS=1
	export MISTRAL_API_KEY=fake-other-key-0009 OPENAI_MODEL=other
	log_is "commit 0123456789abcdef
Author: A <a@example.org>

    begin
"
	demo
	sed -i 's/[0-9:]*Z ([^)]*)/TIME/g' errors
	same errors "gm-prompt: attempt 1: key 0 (...0001): API key not valid; replace it (HTTP 400, key_invalid): API key not valid. Please pass a valid API key.
gm-prompt: attempt 2: key 1 (...0002): daily quota exhausted; wait, or enable billing (HTTP 429, quota_day): Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 20, model: gemini-flash-latest Please retry in 38s.
gm-keycheck: 1 of 3 keys is limited, which counts as healthy: key 1 (...0002)
gm-keycheck: 2 of 3 keys are healthy; key 0 (...0001) invalid: replace it
gm-prompt: gemini-2.0-flash: no such model; use gemini-3.8-flash (HTTP 404, model_gone)
gm-prompt: --max-requests: stopped after 2 requests; --resume sends the remaining records
gm-prompt: gemini: no usable key until TIME: 2 keys cooling down, 1 rejected; using mistral (quota_day)
gm-prompt: gemini: no usable key until TIME: 2 keys cooling down, 1 rejected; using openai (quota_day)
"
	sed -i 's|^\(https://127\.0\.0\.1\):[0-9]*|\1:PORT|' shown
	unset GOOGLE_API_KEYS GM_RETRIES GM_METRICS MISTRAL_API_KEY OPENAI_MODEL
	serve --tls
	expected 'git log -5 | gm-prompt "What were these changes about?" | fmt' \
	    >want
	diff want shown
	grep -qx '1 commit by 1 author; the newest: begin\.' shown
	[ -z "$(ls -A "$TMPDIR")" ]
}

# measured: mask times, rates and the blanks between columns.
measured() {
	sed -E 's/([0-9-]{10}T)?[0-9:]{8}Z/TIME/g
	    s|\<[0-9.]+ s(, [0-9.]+/s)?|N s|g; s/  +/  /g
	    s/^([0-9] .*  [0-9]+)  [0-9]+  /\1  MS  /'
}

@test "README shows what its first commands print" {
	sed -n '/^<!-- make transcript -->$/,/^<!-- end -->$/p' \
	    "$ROOT/README.md" | sed '/^<!--/d; /^\x60\x60\x60/d' |
	    measured >readme
	[ "$(grep -c '^\$ ' readme)" -eq 4 ]
	python3 -B "$ROOT/tests/demo/transcript.py" "$BUILD" | measured >now
	diff now readme
}

@test "make transcript writes between its lines, and nowhere else" {
	printf '%s\n' Head '<!-- make transcript -->' old '<!-- end -->' Tail >page
	python3 -B "$ROOT/tests/demo/transcript.py" "$BUILD" page
	sed '/^\x60\x60\x60console$/,/^\x60\x60\x60$/d' page >rest
	same rest 'Head
<!-- make transcript -->
<!-- end -->
Tail
'
	[ "$(grep -c '^\$ ' page)" -eq 4 ]
	echo Head >page
	run -1 python3 -B "$ROOT/tests/demo/transcript.py" "$BUILD" page
	assert_output 'transcript.py: page: not both of the lines <!-- make transcript --> and <!-- end -->'
	same page $'Head\n'
}

@test "outside of a repository: the pipeline reads a file" {
	log_is ''
	demo
	sed -i 's|^\(https://127\.0\.0\.1\):[0-9]*|\1:PORT|' shown
	serve --tls
	expected 'head -n 20 README.md | gm-prompt "Summarise this" | fmt' >want
	diff want shown
}

@test "LIVE=1: the service that the variables name answers the same scenes" {
	script <<'EOT'
[{"when": {"path": "gemini-2.0-flash"}, "refusal": "model_gone"},
 {"when": {"path": "countTokens"}, "json": {"totalTokens": 42}, "repeat": 2},
 {"when": {"path": "pageSize"}, "service": true},
 {"when": {"path": "pageSize"}, "json": {"models": [{"name": "models/a-flash",
  "supportedGenerationMethods": ["generateContent"]}]}},
 {"stream": ["One answer."], "repeat": -1}]
EOT
	serve --tls
	unset GEMINI_API_KEY
	export LIVE=1 GOOGLE_API_KEYS=$GOOD_KEY
	demo
	[ "$(head -n 1 shown)" = 'gm with your keys: Google answers.' ]
	[ "$(grep -c '^One answer\.$' shown)" -eq 3 ]
	[ "$(grep -c '^  "text": "One answer\.",$' shown)" -eq 1 ]
	[ "$(grep -c '^42$' shown)" -eq 1 ]
	[ "$(grep -c '^a-flash	-	yes$' shown)" -eq 1 ]
	[ "$(grep -c '^\[[1-4],0,"One answer\."\]$' shown)" -eq 4 ]
	[ "$(requests)" -eq 20 ]
	run ! grep -q 'All keys are exhausted' shown
	[ "$(grep -l "^x-goog-api-key: $GOOD_KEY" "$DIR"/request.* |
	    wc -l)" -eq 20 ]
}

@test "LIVE=1 without a key is an error" {
	export LIVE=1
	run -1 demo
	same shown ''
	same errors 'demo: LIVE=1 sends requests to Google: set GOOGLE_API_KEYS in the environment
'
}

@test "a scene that fails is reported, and the demo fails" {
	script <<'EOT'
[{"when": {"path": "countTokens"}, "refusal": "invalid_argument"},
 {"when": {"path": "pageSize"}, "service": true},
 {"when": {"path": "gemini-2.0-flash"}, "refusal": "model_gone"},
 {"when": {"path": "countTokens"}, "json": {"totalTokens": 42}, "repeat": -1},
 {"when": {"path": "pageSize"}, "json": {"models": [{"name": "models/a-flash",
  "supportedGenerationMethods": ["generateContent"]}]}},
 {"stream": ["One answer."], "repeat": -1}]
EOT
	serve --tls
	unset GEMINI_API_KEY
	export LIVE=1 GOOGLE_API_KEYS=$GOOD_KEY
	run -1 demo
	[ "$(grep '^demo: ' errors)" = 'demo: status 65, expected 0: gm-prompt --count "Translate this into French" <README.md
demo: 1 of 14 scenes failed' ]
	run ! grep -q '^== Next' shown
}

@test "interrupted: nothing is left running, and no file" {
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR" slow
	# A gm-prompt that waits for a line in the FIFO.
	mkfifo go
	printf '#!/bin/sh\n: >%s\nread -r line <%s\n' "$PWD/started" "$PWD/go" \
	    >slow/gm-prompt
	chmod +x slow/gm-prompt
	"$ROOT/tests/demo/demo.sh" slow >shown 2>&1 3>&- &
	demo=$!
	wait_for '[ -e started ]'
	pid=$(pgrep -P "$demo" -f standin.py)
	kill -TERM "$demo"
	echo >go
	wait "$demo" || status=$?
	[ "$status" -eq 143 ]
	[ ! -e "/proc/$pid" ]
	[ -z "$(ls -A "$TMPDIR")" ]
}
