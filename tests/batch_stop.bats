#!/usr/bin/env bats
# Batches: keys that fail, services that do, and how a run ends.

# batch.bash sets variables; wait_for evaluates conditions.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load batch

K0=fake-gemini-key-0000
K1=fake-gemini-key-0001
M0=fake-mistral-key-0100
MISTRAL='{"when":{"path":"/mistral/"},"chat":["m"],"repeat":-1}'

# keys: start the stand-in with the script on standard input; use two keys.
keys() {
	replies
	unset GEMINI_API_KEY
	export GOOGLE_API_KEYS=$K0,$K1
}

# mistral: start the stand-in likewise; use a key of Mistral, too.
mistral() {
	replies
	export MISTRAL_API_KEY=$M0 MISTRAL_BASE_URL=$URL/mistral/v1
}

@test "the note about a fallback: once per service and class, not per record" {
	mistral <<-END
		[$MISTRAL, {"refusal": "overloaded", "repeat": 4}, {"refusal": "quota_day", "repeat": -1}]
	END
	seq 8 | batch -l -j1 --retries 0 --fallback mistral
	[ "$rc" -eq 0 ]
	answers m m m m m m m m
	[ "$(jq -r '[.provider, .fallback] | join(" ")' out | sort -u)" = \
	    'mistral true' ]
	untimed
	same err "gm-prompt: gemini: $ALIAS: overloaded; using mistral (HTTP 503,\
 overloaded)
gm-prompt: gemini: key 0 (...0001): daily quota exhausted until T; using mistral\
 (HTTP 429, quota_day)
"
	seq 3 | batch -l -j1 --retries 0 --fallback mistral -v
	[ "$(grep -c '; using mistral (.*quota_day)$' err)" -eq 3 ]
}

@test "a record that the fallback rejects is a failed record" {
	mistral <<-END
		[{"when": {"path": "/mistral/", "body": "two"},
		  "refusal": "context", "repeat": -1},
		 {"when": {"path": "/mistral/", "body": "four"},
		  "refusal": "server", "repeat": -1},
		 $MISTRAL, {"refusal": "quota_day", "repeat": -1}]
	END
	printf '%s\n' one two three four five |
	    batch -l -j1 --retries 0 --fallback mistral
	[ "$rc" -eq 1 ]
	lines '[.record, .ok, .text, .provider, .error.class]' \
	    '[1,true,"m","mistral",null]
[2,false,"","gemini","quota_day"]
[3,true,"m","mistral",null]
[4,false,"","gemini","quota_day"]
[5,true,"m","mistral",null]
'
}

@test "no service has a usable key: the run stops" {
	mistral <<-END
		[{"when": {"path": "/mistral/"}, "chat": ["m"], "repeat": 2},
		 {"when": {"path": "/mistral/"}, "refusal": "unauthorized",
		  "repeat": -1}, {"refusal": "quota_day", "repeat": -1}]
	END
	seq 8 | batch -l -j1 --fallback mistral
	[ "$rc" -eq 75 ]
	answers m m
	[ "$(requests)" -eq 4 ]
	untimed
	same <(tail -n 1 err) "gm-prompt: gemini: key 0 (...0001): daily quota exhausted\
 until T (quota_day); mistral: key 0 (...0100): API key rejected (HTTP 401,\
 key_rejected): Invalid API Key; the remaining records were not sent
"
}

@test "a key that is rejected midway loses no record" {
	keys <<-END
		[{"when": {"key": "$K0"}, "echo": "", "repeat": 3},
		 {"when": {"key": "$K0"}, "refusal": "key_leaked", "repeat": -1}, $ECHO]
	END
	seq 12 | batch -l -j4 --text
	said 0 "$(seq 12)
" ''
	# Records in flight with it may try it once more; later ones do not.
	[ "$(jq ".keys.\"$K0\"" "$DIR/counts.json")" -le 7 ]
	[ "$(jq ".keys.\"$K1\"" "$DIR/counts.json")" -eq 9 ]
}

@test "all keys are rejected: records that were not sent have no line" {
	keys <<<'[{"refusal": "key_leaked", "repeat": -1}]'
	seq 50 | batch -l -j2
	[ "$rc" -eq 77 ]
	same out ''
	[ "$(requests)" -le 4 ]
	same err "gm-prompt: all keys are rejected: API key reported as leaked; gm-keycheck shows\
 the reason for each; the remaining records were not sent (HTTP 403, key_leaked)
"
}

@test "all keys cool down for too long: the time, and no lines" {
	keys <<-END
		[{"echo": "", "repeat": 3},
		 {"refusal": "quota_minute", "retry_delay": "300s", "repeat": -1}]
	END
	seq 50 | batch -l -j1 --text
	[ "$rc" -eq 75 ]
	same out $'1\n2\n3\n'
	[ "$(requests)" -eq 5 ]
	untimed
	same err "gm-prompt: all keys are rate-limited until T; the remaining records were not\
 sent (HTTP 429, quota_minute)
"
	# The input is not read further.
	yes | batch -l
	[ "$rc" -eq 75 ]
	same out ''
}

@test "a record's own model that is exhausted stops no other" {
	keys <<-END
		[{"when": {"path": "/rare:"}, "refusal": "quota_day", "repeat": 2}, $ECHO]
	END
	printf '%s\n' '{"prompt":"1"}' '{"prompt":"2","model":"rare"}' \
	    '{"prompt":"3"}' '{"prompt":"4","model":"rare"}' '{"prompt":"5"}' >in
	batch -a -j1 -o file <in
	[ "$rc" -eq 75 ]
	same out ''
	untimed
	same err "gm-prompt: all keys have exhausted their daily quota until T; 2 records were not\
 sent (HTTP 429, quota_day)
"
	[ "$(jq -r .text file | paste -sd' ')" = '1 3 5' ]
	[ "$(requests)" -eq 5 ] # the model was tried once with each key
	gm-rotate --reset
	batch -a -j1 -o file --resume <in
	[ "$rc" -eq 0 ]
	[ "$(jq -r .text file | paste -sd' ')" = '1 3 5 2 4' ]
	[ "$(requests)" -eq 7 ]
}

@test "a record that no fallback supports stops no other" {
	mistral <<<"[$MISTRAL, {\"refusal\": \"quota_day\", \"repeat\": -1}]"
	printf '%s\n' '{"prompt":"1"}' '{"prompt":"2","top_k":3}' \
	    '{"prompt":"3"}' | batch -a -j1 --fallback mistral
	[ "$rc" -eq 75 ]
	lines '[.record, .text]' '[1,"m"]
[3,"m"]
'
	untimed
	same <(tail -n 1 err) "gm-prompt: key 0 (...0001): daily quota exhausted until T; 1 record was not sent\
 (quota_day)
"
}

@test "all records' own model is exhausted: the input is not read further" {
	keys <<<'[{"refusal": "quota_day", "repeat": -1}]'
	yes '{"prompt":"1","model":"rare"}' | batch -a
	[ "$rc" -eq 75 ]
	same out ''
	untimed
	same err "gm-prompt: all keys have exhausted their daily quota until T; the remaining\
 records were not sent (quota_day)
"
	[ "$(requests)" -le 16 ]
}

@test "--text: texts keep their lines after a record that was not sent" {
	local option pid

	for option in -l -0; do
		rm -f "$DIR"/go "$DIR"/request.*
		replies <<-END
			[{"when": {"body": "two"}, "refusal": "quota_minute", "head_gate": "go",
			  "retry_delay": "300s", "repeat": -1},
			 {"when": {"body": "three"}, "echo": "", "head_gate": "go"},
			 $ECHO]
		END
		forget
		rc=0
		printf '%s\n' one two three four | if [ "$option" = -0 ]; then
			tr '\n' '\0'
		else
			cat
		fi >in
		gm-prompt "$option" -j3 --max-requests 3 --text <in >out 2>err 3>&- &
		pid=$!
		wait_for '[ "$(requests)" -eq 3 ]'
		touch "$DIR/go"
		wait "$pid" || rc=$?
		[ "$rc" -eq 75 ]
		tr '\0' '\n' <out >lines
		same lines $'one\n\nthree\n'
	done
}

@test "a short cooldown is waited for, with one note" {
	keys <<-END
		[{"refusal": "quota_minute", "retry_delay": "1.2s", "repeat": 2}, $ECHO]
	END
	seq 6 | batch -l -j1 --text
	[ "$rc" -eq 0 ]
	same out "$(seq 6)
"
	[ "$(requests)" -eq 8 ]
	sed -Ei 's/[0-9]+\.[0-9]/N/' err
	same err 'gm-prompt: rate-limited: waiting N s for key 1 (...0001)
'
}

@test "one key alone: cooling is 75, rejected 77" {
	keys <<-END
		[{"when": {"key": "$K0"}, "refusal": "quota_day", "repeat": -1},
		 {"when": {"key": "$K1"}, "refusal": "key_leaked", "repeat": -1}]
	END
	seq 5 | batch -l -k 0
	[ "$rc" -eq 75 ]
	seq 5 | batch -l -k 1
	[ "$rc" -eq 77 ]
	same out ''
}

@test "the deadline ends the run" {
	replies <<-END
		[{"when": {"body": "two"}, "stream": ["2"], "head_gate": "never"},
		 $ECHO]
	END
	printf '%s\n' one two three | batch -l -j1 --text --deadline 2
	said 69 $'one\n' "gm-prompt: $ALIAS: deadline exceeded; the remaining records\
 were not sent (deadline)
"
	[ "$(requests)" -eq 2 ]
	# Also while there is no input.
	mkfifo in
	exec 7<>in
	batch -l --deadline 0.5 <in
	[ "$rc" -eq 69 ]
	exec 7>&-
}

@test "a service that is down fails each record by itself" {
	replies <<-END
		[{"when": {"body": "two"}, "refusal": "overloaded", "repeat": -1}, $ECHO]
	END
	printf '%s\n' one two three | batch -l -j1 --retries 1
	[ "$rc" -eq 1 ]
	lines '[.record, .ok, .error.class, (.attempts | length)]' \
	    '[1,true,null,1]
[2,false,"overloaded",2]
[3,true,null,1]
'
	# All have failed alike.
	printf '%s\n' two two | batch -l --retries 0 --text
	[ "$rc" -eq 69 ]
	printf '%s\n' two '' | batch -l --retries 0 --text
	[ "$rc" -eq 69 ]
}

@test "records that fail with different statuses make status 1" {
	replies <<-END
		[{"when": {"body": "bad"}, "refusal": "invalid_argument", "repeat": -1},
		 {"when": {"body": "block"}, "refusal": "blocked", "repeat": -1},
		 {"when": {"body": "gone"}, "refusal": "no_model", "repeat": -1}, $ECHO]
	END
	printf '%s\n' bad block | batch -l
	[ "$rc" -eq 1 ]
	printf '%s\n' bad bad | batch -l
	[ "$rc" -eq 65 ]
	printf '%s\n' gone gone | batch -l
	[ "$rc" -eq 78 ]
	printf '%s\n' block block | batch -l
	[ "$rc" -eq 1 ]
	printf '%s\n' bad fine | batch -l
	[ "$rc" -eq 1 ]
}

@test "a record too large for the model is not sent" {
	replies <<<"[]"
	gm-models >/dev/null
	rm "$DIR"/request.*
	{
		echo one
		yes 'one two three ' | head -n 600000 | tr -d '\n'
		echo
		echo two
	} | batch -l -j1 -m gemini-3.8-flash --json
	[ "$rc" -eq 1 ]
	lines '[.record, .ok, .error.class, (.attempts | length)]' \
	    '[1,true,null,1]
[2,false,"too_large",0]
[3,true,null,1]
'
	jq -r 'select(.record == 2).error.message' out >message
	grep -Eq '^gemini-3.8-flash: .*1048576' message
}
