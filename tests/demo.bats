# "make demo": each scene as it is shown, and what happens when one goes wrong.

load helper

# Standard output goes to the file "shown", standard error to "errors".
demo() {
	"$ROOT/tests/demo/demo.sh" "$BUILD" >shown 2>errors
}

# log_is TEXT: what "git log" says; nothing and a failure if it is empty.
log_is() {
	mkdir bin
	printf '%s' "$1" >log
	printf '#!/bin/sh\n[ "$*" = "log -5" ] && cat %s && test -s %s\n' \
	    "$PWD/log" "$PWD/log" >bin/git
	chmod +x bin/git
	PATH=$PWD/bin:$PATH
}

# expected PIPELINE: what the demo must show, from our own stand-in; the ports
# differ.
expected() (
	cd "$ROOT" || return
	cat <<EOT
gm, without a key: a stand-in for the service answers, on this machine, at
https://127.0.0.1:PORT. It only repeats sentences of what it is
asked; everything else is real.

== A question about a text. The answer comes as it is made.
The first key is not valid and the second is used up: the third answers.
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

== As JSON: the answer, and what it took.
\$ gm-prompt --json 'What is a pipe?' |
    jq '{ok, text, model_version, finish_reason, tokens: .usage.total}'
{
  "ok": true,
  "text": "Hello! I am only a stand-in for the service, with no model behind me, but your question arrived: \"What is a pipe?\"",
  "model_version": "standin-of-gemini-3.8-flash",
  "finish_reason": "STOP",
  "tokens": 36
}

== How many tokens would a text take? This is free.
\$ gm-prompt --count "Translate this into French" <README.md
$(gm-prompt --count "Translate this into French" <README.md)

== An error says what is wrong and what helps; its status is for programs.
\$ gm-prompt -m gemini-2.0-flash "Hello"
\$ echo \$?
78

== Which models are there, and which of them answer? Some are only listed.
\$ gm-models --probe -l flash | cut -f 1,2,6
$(gm-models --probe -l flash | cut -f 1,2,6)

== How are the keys? Every program that uses them knows.
\$ gm-rotate --status | cut -f 1,2,4,5,7
0	...0001	-	invalid	API key not valid
1	...0002	-	limited	daily quota exhausted
2	...0003	*	ok	-

== Many prompts in one run. It stops at a limit, and goes on where it stopped.
Of the three keys only the third can be used: it answers all.
\$ seq 4 | gm-prompt -l -o "\$OUT" --max-requests 2 'Name {} things'
\$ echo \$?
75
\$ seq 4 | gm-prompt -l -o "\$OUT" --resume 'Name {} things'
\$ jq -s -c 'sort_by(.record)[] | [.record, .key_index, .text[-17:]]' "\$OUT"
[1,2,": \"Name 1 things\""]
[2,2,": \"Name 2 things\""]
[3,2,": \"Name 3 things\""]
[4,2,": \"Name 4 things\""]

== A long text: split into parts, which are sent at once and then merged.
\$ wc -w tests/demo/minutes.txt
2698 tests/demo/minutes.txt
\$ gm-summ --chunk-tokens 1000 tests/demo/minutes.txt | fmt
$(gm-summ --chunk-tokens 1000 tests/demo/minutes.txt | fmt)
A figure is corrected: one part is sent, the others are known.
\$ sed 's/Forty-four/Forty-five/' tests/demo/minutes.txt |
    gm-summ --json --chunk-tokens 1000 | jq -c '{parts, rounds, cached}'
{"parts":6,"rounds":2,"cached":6}

== All keys used up? Mistral answers, or a server on this machine.
\$ gm-rotate --mark 2 --class quota --for 1h
\$ gm-prompt --max-wait 0 --fallback mistral "What is a pipe?"
Hello! I am only a stand-in for the service, with no model behind me, but your question arrived: "What is a pipe?"
The other one is a stand-in for llama.cpp, and needs no key.
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
Get a key at https://aistudio.google.com/apikey and put it into a file that
only you can read, behind GOOGLE_API_KEYS= :

    mkdir -p ~/.config/gm
    cp .env.example ~/.config/gm/env
    chmod 600 ~/.config/gm/env
    \${EDITOR:-vi} ~/.config/gm/env

Then ask, or see this again with answers of Google's models:

    build/gm-prompt "What is a pipe?"
    (set -a; . ~/.config/gm/env; make demo LIVE=1)
EOT
)

@test "without a key: every scene, whole" {
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
	# What the user has set must not matter.
	export GOOGLE_API_KEYS=fake-leaked-key-0009 GM_RETRIES=never
	export GOOGLE_GEMINI_BASE_URL=https://127.0.0.1:1 GM_METRICS=1
	export MISTRAL_API_KEY=fake-other-key-0009 OPENAI_MODEL=other
	log_is "commit 0123456789abcdef
Author: A <a@example.org>

    begin
"
	demo
	sed -i 's/[0-9-]*T[0-9:]*Z/TIME/g' errors
	same errors "gm-prompt: attempt 1: key 0 (...0001): API key not valid; replace it (HTTP 400, key_invalid)
gm-prompt: attempt 2: key 1 (...0002): daily quota exhausted; wait, or enable billing (HTTP 429, quota_day)
gm-keycheck: 1 of 3 keys is limited, which counts as healthy: key 1 (...0002)
gm-keycheck: 2 of 3 keys are healthy; key 0 (...0001) invalid: replace it
gm-prompt: gemini-2.0-flash: no such model; use gemini-3.8-flash (HTTP 404, model_gone)
gm-prompt: --max-requests: 2 sent; the rest was not
gm-prompt: gemini: no usable key until TIME: 2 keys cooling down, 1 rejected; gm-keycheck shows the reason for each (quota_day)
gm-prompt: gemini: no usable key until TIME: 2 keys cooling down, 1 rejected; gm-keycheck shows the reason for each (quota_day)
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

@test "outside of a repository: the pipeline reads a file" {
	log_is ''
	demo
	sed -i 's|^\(https://127\.0\.0\.1\):[0-9]*|\1:PORT|' shown
	serve --tls
	expected 'head -n 20 README.md | gm-prompt "Summarise this" | fmt' >want
	diff want shown
}

@test "LIVE=1: the same scenes, answered by whoever the variables name" {
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
	[ "$(head -n 1 shown)" = 'gm, asking Google with the first of your keys.' ]
	[ "$(grep -c '^One answer\.$' shown)" -eq 3 ]
	[ "$(grep -c '^  "text": "One answer\.",$' shown)" -eq 1 ]
	[ "$(grep -c '^42$' shown)" -eq 1 ]
	[ "$(grep -c '^a-flash	-	yes$' shown)" -eq 1 ]
	[ "$(grep -c '^\[[1-4],0,"One answer\."\]$' shown)" -eq 4 ]
	[ "$(requests)" -eq 20 ]
	run ! grep -q 'All keys used up' shown
	[ "$(grep -l "^x-goog-api-key: $GOOD_KEY" "$DIR"/request.* |
	    wc -l)" -eq 20 ]
}

@test "LIVE=1 without a key: says so" {
	export LIVE=1
	run -1 demo
	same shown ''
	same errors 'demo: LIVE=1 asks Google: GOOGLE_API_KEYS must be in the environment
'
}

@test "a scene that goes wrong is told, and the demo fails" {
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
	# A gm-prompt that waits until it is told to go on.
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
