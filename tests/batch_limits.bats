#!/usr/bin/env bats
# Batches: how many requests, how fast, and what is known before.

# batch.bash sets variables; wait_for evaluates conditions.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load batch

# at_gate N: let the stand-in answer no request before N are in flight.
at_gate() {
	replies <<<'[{"echo":"","head_gate":"go","repeat":-1}]'
	# shellcheck disable=SC2317 # it is called
	open_gate() {
		wait_for "[ \"\$(peak)\" -eq $1 ]"
		touch "$DIR/go"
	}
	open_gate "$1" &
	GATE=$!
}

@test "--jobs: at most N requests at a time" {
	at_gate 3
	seq 20 | batch -l -j3 --text
	wait "$GATE"
	[ "$rc" -eq 0 ]
	same out "$(seq 20)
"
	[ "$(peak)" -eq 3 ]
	stop_server
	rm "$DIR/go"
	at_gate 8
	seq 20 | batch -l --text
	wait "$GATE"
	[ "$(peak)" -eq 8 ]
	stop_server
	rm "$DIR/go"
	at_gate 1
	seq 4 | batch -l -j1 --text
	wait "$GATE"
	[ "$(peak)" -eq 1 ]
}

@test "--sleep-ms: time between two starts" {
	local begun first
	replies <<<"[$ECHO]"
	begun=$(date +%s%N)
	seq 4 | batch -l --text --sleep-ms 150
	[ "$rc" -eq 0 ]
	same out $'1\n2\n3\n4\n'
	[ $(($(date +%s%N) - begun)) -ge 450000000 ]
	# The second one does not start.
	seq 2 >in
	gm-prompt -l --text --sleep-ms 1h <in >out 2>err &
	first=$!
	wait_for '[ "$(cat out)" = 1 ]'
	kill "$first"
	wait "$first" || :
	[ "$(requests)" -eq 5 ]
}

@test "--rpm and --tpm override GM_RPM and GM_TPM" {
	replies <<<"[$ECHO]"
	printf '%s\n' one two three four >in
	batch -l --estimate <in
	said 0 $'4 requests, about 22 input tokens\nno rate limit is set (GM_RPM, GM_TPM)\n' ''
	GM_RPM=60 batch -l --estimate <in
	said 0 $'4 requests, about 22 input tokens\nat least 3 s because of GM_RPM, with 1 quota project\n' ''
	GM_RPM=60 batch -l --estimate --rpm 6 <in
	said 0 $'4 requests, about 22 input tokens\nat least 30 s because of GM_RPM, with 1 quota project\n' ''
	GM_TPM=1000 batch -l --estimate --tpm 10 <in
	said 0 $'4 requests, about 22 input tokens\nat least 1 min 30 s because of GM_TPM, with 1 quota project\n' ''
	batch -l --estimate --sleep-ms 10s --rpm 60000 <in
	said 0 $'4 requests, about 22 input tokens\nat least 30 s because of --sleep-ms, with 1 quota project\n' ''
	GEMINI_API_KEY='' GOOGLE_API_KEYS=$GOOD_KEY,another-good-key-0002 \
	    batch -l --estimate --rpm 6 <in
	said 0 $'4 requests, about 22 input tokens\nat least 10 s because of GM_RPM, with 2 quota projects\n' ''
	unsent
}

@test "--estimate: as JSON, and with invalid records" {
	replies <<<"[$ECHO]"
	printf '%s\n' '{"prompt":"one"}' '{' '{"prompt":"two"}' >in
	batch -a --estimate --json --rpm 60 <in
	said 1 '{"requests":2,"invalid":1,"tokens":10,"projects":1,"limit":"GM_RPM","seconds":1}
' 'gm-prompt: record 2: bad JSON: ends too soon at byte 1
gm-prompt: 1 of 3 records failed
'
	batch -a --estimate <<<'{'
	said 65 $'0 requests, about 0 input tokens\n1 record cannot be sent\nno rate limit is set (GM_RPM, GM_TPM)\n' \
	    'gm-prompt: record 1: bad JSON: ends too soon at byte 1
gm-prompt: 1 of 1 record failed
'
	batch -a --estimate </dev/null
	said 0 $'0 requests, about 0 input tokens\nno rate limit is set (GM_RPM, GM_TPM)\n' ''
	unsent
}

@test "--count: the service counts the tokens of each record" {
	replies <<<"[]"
	printf '%s\n' 'one' 'one two' >in
	batch -l --count --text <in
	said 0 $'1\n2\n' ''
	batch -l --count -s 'a b c' <in
	[ "$rc" -eq 0 ]
	lines '[.record, .ok, .text, .usage.prompt]' '[1,true,"",4]
[2,true,"",5]
'
	[ "$(jq -c .paths "$DIR/counts.json")" = \
	    "{\"POST /v1beta/models/$ALIAS:countTokens\":4}" ]
}

@test "--dry-run prints each body, and URL and headers once" {
	replies <<<"[]"
	printf '%s\n' '{"prompt":"one"}' '{}' '{"prompt":"two","temperature":1}' |
		batch -a --dry-run
	said 1 "$(prompted one)
{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"two\"}]}],\"generationConfig\":{\"temperature\":1}}
" "gm-prompt: POST $URL/v1beta/models/$ALIAS:streamGenerateContent?alt=sse
gm-prompt: x-goog-api-key: ...0001
gm-prompt: Content-Type: application/json
gm-prompt: Accept: text/event-stream
gm-prompt: record 2: no prompt and no contents
gm-prompt: 1 of 3 records failed
"
	unsent
}

@test "two processes share one rate limit" {
	replies <<<"[$ECHO]"
	keep_state
	local begun first
	# One request in 0.3 s, without a burst, over both processes.
	export GM_RPM=200
	begun=$(date +%s%N)
	seq 3 >in
	gm-prompt -l --text <in >one &
	seq 4 6 | gm-prompt -l --text --rpm 200 >two
	wait "$!"
	same one $'1\n2\n3\n'
	same two $'4\n5\n6\n'
	[ $(($(date +%s%N) - begun)) -ge 1500000000 ]
	# A slot that one process has reserved delays the other.
	unset GM_RPM
	rm -rf "$HOME/.local/state/gm"
	gm-prompt -l --text --rpm 1 <in >one &
	first=$!
	wait_for '[ "$(requests)" -eq 7 ]'
	rc=0
	gm-prompt -l --text --rpm 1 --deadline 1 <in >two 2>err || rc=$?
	[ "$rc" -eq 69 ]
	same two ''
	[ "$(requests)" -eq 7 ]
	kill "$first"
	wait "$first" || :
}

@test "--tpm limits tokens as --rpm limits requests" {
	replies <<<"[$ECHO]"
	# Each record has about 5 tokens: one fits into a minute.
	printf '%s\n' one two | batch -l --text --tpm 5 --deadline 3
	[ "$rc" -eq 69 ]
	same out $'one\n'
	[ "$(requests)" -eq 1 ]
	printf '%s\n' one two | batch -l --text --tpm 100000
	[ "$rc" -eq 0 ]
	GM_TPM=5 batch -l --text --tpm 100000 <<<$'one\ntwo'
	[ "$rc" -eq 0 ]
}

@test "--max-requests: a run stops after N requests" {
	replies <<<"[$ECHO]"
	yes | batch -l --max-requests 20 --text
	said 75 "$(yes | head -n 20)
" 'gm-prompt: --max-requests: stopped after 20 requests; the remaining records were not sent
'
	[ "$(requests)" -eq 20 ]
	# A limit that the input does not exceed is not reached.
	seq 5 | batch -l --max-requests 5 --text
	said 0 $'1\n2\n3\n4\n5\n' ''
	rm "$DIR"/request.*
	# Retries count as requests.
	replies <<<"[{\"refusal\": \"overloaded\", \"repeat\": 3}, $ECHO]"
	seq 9 | batch -l -j1 --max-requests 5 --text
	said 75 $'1\n2\n' 'gm-prompt: --max-requests: stopped after 5 requests; the remaining records were not sent
'
}

@test "--max-total-tokens: a run stops after N tokens" {
	replies <<<"[$ECHO]"
	# Each record has one token in and one out.
	seq 9 | batch -l -j1 --max-total-tokens 5 --text
	said 75 $'1\n2\n3\n' 'gm-prompt: --max-total-tokens: stopped after 6 tokens; the remaining records were not sent
'
	[ "$(requests)" -eq 3 ]
}

@test "--max-failures: a run stops after N failed records" {
	replies <<-END
		[{"when": {"body": "bad"}, "refusal": "invalid_argument", "repeat": -1}, $ECHO]
	END
	printf '%s\n' a bad b 'bad 2' c d | batch -l -j1 --max-failures 2
	[ "$rc" -eq 1 ]
	lines '[.record, .ok]' '[1,true]
[2,false]
[3,true]
[4,false]
'
	same err "gm-prompt: --max-failures: stopped after 2 failed records; record 4:\
 $ALIAS: request rejected (HTTP 400, bad_request): Request contains an invalid\
 argument.
"
	# Invalid records count as failed.
	printf '%s\n' a '{' '{' b | batch -a -j1 --max-failures 2
	[ "$rc" -eq 1 ]
	lines '[.record, .ok]' '[1,false]
[2,false]
'
}
