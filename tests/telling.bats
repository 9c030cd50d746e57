# What gm-prompt tells beside the answer: --count, --dry-run, --json, metrics,
# logs, colour, notes.

load prompt

rc= # set by gm and ask

@test "--count: tokens, nothing is asked" {
	serve
	ask --count one two three
	said 0 $'3\n' ''
	sent "$(prompted 'one two three')" "$ALIAS:countTokens"
}

@test "--count: without a system instruction only the prompt" {
	serve
	ask --count -t 1 --search --thinking low hi
	said 0 $'1\n' ''
	sent "$HI" "$ALIAS:countTokens"
}

@test "--count: a system instruction, with all that would be sent" {
	serve
	gm --count -s 'be brief' -t 1 --search hi <<<there
	said 0 $'4\n' ''
	sent '{"generateContentRequest":{"model":"models/gemini-flash-latest",'\
'"systemInstruction":{"parts":[{"text":"be brief"}]},'\
'"contents":[{"role":"user","parts":[{"text":"hi\n\nthere\n"}]}],'\
'"generationConfig":{"temperature":1},"tools":[{"googleSearch":{}}]}}' \
	    "$ALIAS:countTokens"
}

@test "--dry-run: body on stdout, the rest on stderr, nothing is sent" {
	serve
	gm --dry-run -s 'be brief' -t .5 --stop X --thinking low --safety none \
	    --search hi <<<there
	mv out dry
	same err "gm-prompt: POST $URL/v1beta/models/$ALIAS:streamGenerateContent\
?alt=sse
gm-prompt: x-goog-api-key: ...0001
gm-prompt: Content-Type: application/json
gm-prompt: Accept: text/event-stream
"
	[ "$rc" -eq 0 ]
	unsent
	gm -s 'be brief' -t .5 --stop X --thinking low --safety none \
	    --search hi <<<there
	[ "$rc" -eq 0 ]
	diff dry <(body 1 && echo) # byte for byte what is sent without it
}

@test "--dry-run --count" {
	serve
	ask --dry-run --count hi
	said 0 "$HI
" "gm-prompt: POST $URL/v1beta/models/$ALIAS:countTokens
gm-prompt: x-goog-api-key: ...0001
gm-prompt: Content-Type: application/json
gm-prompt: Accept: text/event-stream
"
	unsent
}

# record: what --json gave, times and connect_ms as 0.
record() {
	[ "$(wc -l <out)" -eq 1 ]
	sed -E 's/"((total|ttft|wait|connect)_ms|ms)":[0-9]+/"\1":0/g' out
}

TIMING='"timing":{"total_ms":0,"ttft_ms":0,"wait_ms":0,"connect_ms":0}'

@test "-J, --json: one object" {
	local in

	replies <<-'END'
		[{"stream": ["Hel\n", "\"lo\" é"], "repeat": 2,
		  "thoughts": ["Hm."], "usage": {"cachedContentTokenCount": 1},
		  "model_version": "gemini-3.8-flash", "grounding":
		  {"groundingChunks": [{"web": {"uri": "https://a.example/",
		    "title": "An \"A\""}}]}}]
	END
	ask --json hi
	[ "$rc" -eq 0 ]
	in=$(jq .bytes.received out)
	[ "$in" -gt 300 ] && [ "$in" -lt 3000 ]
	[ "$(record)" = '{"ok":true,"text":"Hel\n\"lo\" é","provider":"gemini",'\
'"model":"gemini-flash-latest","model_version":"gemini-3.8-flash","key_index":0,'\
'"finish_reason":"STOP","usage":{"prompt":1,"cached":1,"output":5,'\
'"thoughts":2,"total":8},'"$TIMING"',"bytes":{"sent":'${#HI}',"received":'"$in"'},'\
'"parts_omitted":[],"attempts":[{"provider":"gemini","model":"gemini-flash-latest","key_index":0,'\
'"key":"...0001","http":200,"class":"ok","ms":0}],"fallback":false,'\
'"sources":[{"uri":"https://a.example/","title":"An \"A\""}],"error":null}' ]
	python3 -c 'import json; json.load(open("out"))'
	same err $'gm-prompt: source: https://a.example/ An "A"\n'
	sent "$HI"
	ask -J hi
	[ "$rc" -eq 0 ]
	sent_as 2 "$HI"
}

@test "--json: a failure has the same form, and its status" {
	local said='Resource has been exhausted (e.g. check quota).' retry in

	replies <<<'[{"refusal": "overloaded"}, {"refusal": "quota", "repeat": -1}]'
	ask --json --max-wait 0 hi
	[ "$rc" -eq 75 ]
	retry=$(grep -oE '"retry_at":"[-0-9]+T[0-9:]+Z"' out | cut -d\" -f4)
	until=$(sed -n 's/.* until \([^;]*\);.*/\1/p' err)
	[[ $retry == *"T${until% (*}" && $until == *' ('*' s)' ]]
	in=$(jq .bytes.received out)
	[ "$(record)" = '{"ok":false,"text":"","provider":"gemini",'\
'"model":"gemini-flash-latest","model_version":null,"key_index":0,'\
'"finish_reason":null,"usage":{"prompt":null,"cached":null,"output":null,'\
'"thoughts":null,"total":null},'"$TIMING"',"bytes":{"sent":'\
$((2 * ${#HI}))',"received":'"$in"'},"parts_omitted":[],"attempts":[{"provider":"gemini","model":"gemini-flash-latest",'\
'"key_index":0,"key":"...0001","http":503,"class":"overloaded","ms":0},'\
'{"provider":"gemini","model":"gemini-flash-latest","key_index":0,"key":"...0001","http":429,'\
'"class":"quota","ms":0}],"fallback":false,"sources":[],"error":'\
'{"class":"quota","message":"key 0 (...0001): quota exhausted until '\
"$until; wait, or add keys of another project (HTTP 429, quota)\",\"service_message\":\"$said\",\"retry_at\":\"$retry\"}}" ]
	same err "gm-prompt: key 0 (...0001): quota exhausted until $until; wait, or add keys of another project (HTTP 429, quota)
"
	[ "$(requests)" -eq 2 ]
}

@test "--json: also when nothing could be sent" {
	mkdir -p "$DIR"
	ask --json hi
	[ "$rc" -eq 78 ]
	python3 - <<-'END'
		import json
		r = json.load(open("out"))
		words = open("err").read()
		assert list(r) == [
		    "ok", "text", "provider", "model", "model_version",
		    "key_index", "finish_reason", "usage", "timing", "bytes",
		    "parts_omitted", "attempts", "fallback", "sources",
		    "error"], list(r)
		assert r["ok"] is False and r["text"] == "", r
		assert r["attempts"] == [] and r["sources"] == [], r
		assert r["error"]["class"] == "config", r
		assert r["error"]["retry_at"] is None, r
		assert words == "gm-prompt: %s\n" % r["error"]["message"], words
	END
}

@test "--json --count" {
	serve
	ask --json --count one two three
	[ "$rc" -eq 0 ]
	same err ''
	python3 -c 'import json
r = json.load(open("out"))
assert r["ok"] is True and r["usage"]["prompt"] == 3, r'
}

# words: the metrics on standard error without times.
words() {
	sed -E 's/_ms=[0-9]+/_ms=N/g; s/bytes_received=[0-9]+/bytes_received=N/' "$1"
}

METRICS="gm-prompt: provider=gemini model=$ALIAS key_index=0 key=...0001 attempts=1\
 class=ok http=200 wait_ms=N connect_ms=N ttft_ms=N total_ms=N\
 bytes_sent=${#HI} bytes_received=N prompt_tokens=1 output_tokens=2 total_tokens=3 finish=STOP"

@test "--metrics: times and tokens on standard error" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask --metrics hi
	[ "$rc" -eq 0 ]
	same out $'Hello.\n'
	[ "$(words err)" = "$METRICS" ]
	GM_METRICS=1 ask hi
	[ "$(words err)" = "$METRICS" ]
	ask --metrics --quiet hi # was asked for, so it comes
	[ "$(words err)" = "$METRICS" ]
	sent_as 1 "$HI"
}

@test "metrics on a terminal: a short line; --metrics: all; GM_METRICS=0: none" {
	replies <<<'[{"stream": ["Hello."], "repeat": 5},
	    {"refusal": "invalid_argument"}]'
	terminal -f 2 -o shown gm-prompt --color never hi >out </dev/null
	same out $'Hello.\n'
	sed -Ei 's/[0-9.]+ s$/N s/' shown
	same shown "gm-prompt: $ALIAS: 1 token in, 2 out, N s"$'\n'
	GM_METRICS=1 terminal -f 2 -o shown gm-prompt --color never hi >out \
		</dev/null
	[ "$(words shown)" = "$METRICS" ]
	terminal -f 2 -o shown gm-prompt --color never --metrics hi >out \
		</dev/null
	[ "$(words shown)" = "$METRICS" ]
	terminal -f 2 -o shown gm-prompt --quiet hi >out </dev/null
	same out $'Hello.\n'
	same shown ''
	GM_METRICS=0 terminal -f 2 -o shown gm-prompt hi >out </dev/null
	same out $'Hello.\n'
	same shown ''
	# After an error there is no line.
	rc=0
	terminal -f 2 -o shown gm-prompt hi >out </dev/null || rc=$?
	[ "$rc" -eq 65 ]
	[ "$(wc -l <shown)" -eq 1 ]
}

@test "--log-file FILE: one JSON line for each request" {
	local line='{"time":"T","tool":"gm-prompt","provider":"gemini",'\
'"model":"gemini-flash-latest","key_index":0,"key":"...0001","attempts":1,"class":"ok","http":200,'\
'"wait_ms":0,"connect_ms":0,"ttft_ms":0,"total_ms":0,'\
'"bytes_sent":'${#HI}',"bytes_received":0,"prompt_tokens":1,"output_tokens":2,"total_tokens":3,'\
'"finish":"STOP"}'

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask --log-file log hi
	said 0 $'Hello.\n' ''
	sent "$HI"
	GM_LOG_FILE=log ask hi
	said 0 $'Hello.\n' ''
	diff <(printf '%s\n' "$line" "$line") <(sed -E '
		s/"time":"[-0-9]{10}T[0-9:]{8}\.[0-9]{3}Z"/"time":"T"/
		s/"((wait|connect|ttft|total)_ms|bytes_received)":[0-9]+/"\1":0/g' log)
	[ "$(stat -c %a log)" = 600 ]
}

@test "--log-file: one that cannot be written does not cost the answer" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask --log-file absent/log hi
	said 0 $'Hello.\n' "gm-prompt: log file: absent/log: No such file or\
 directory
"
	ask --log-file /dev/full hi
	said 0 $'Hello.\n' \
	    $'gm-prompt: log file: /dev/full: No space left on device\n'
	sent_as 2 "$HI"
}

@test "--syslog: disturbs nothing" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask --syslog hi
	said 0 $'Hello.\n' ''
	sent "$HI"
	GM_SYSLOG=1 ask hi
	said 0 $'Hello.\n' ''
}

@test "--color WHEN" {
	local plain='gm-prompt: absent: No such file or directory'
	local red=$'\e[1;31mgm-prompt:\e[m absent: No such file or directory'

	serve
	ask --color always -q @absent
	said 66 '' "$red"$'\n'
	ask --color never -q @absent
	said 66 '' "$plain"$'\n'
	ask --color auto -q @absent
	said 66 '' "$plain"$'\n'
	CLICOLOR_FORCE=1 ask -q @absent
	said 66 '' "$red"$'\n'
	CLICOLOR_FORCE=1 ask --color never -q @absent
	said 66 '' "$plain"$'\n'
	ask --color sometimes hi
	usage "--color: not auto, always or never"
}

@test "--color auto on a terminal, NO_COLOR, TERM" {
	local plain='gm-prompt: absent: No such file or directory'
	local red=$'\e[1;31mgm-prompt:\e[m absent: No such file or directory'

	serve
	run -66 terminal -f 2 gm-prompt -q @absent
	[ "$output" = "$red" ]
	NO_COLOR=1 run -66 terminal -f 2 gm-prompt -q @absent
	[ "$output" = "$plain" ]
	NO_COLOR=1 run -66 terminal -f 2 gm-prompt --color always -q @absent
	[ "$output" = "$red" ]
	TERM=dumb run -66 terminal -f 2 gm-prompt -q @absent
	[ "$output" = "$plain" ]
	TERM='' run -66 terminal -f 2 gm-prompt -q @absent
	[ "$output" = "$plain" ]
	TERM=dumb run -66 terminal -f 2 gm-prompt --color always -q @absent
	[ "$output" = "$red" ]
}

@test "-v, --verbose: each failed attempt" {
	replies <<<'[{"refusal": "overloaded"}, {"refusal": "server"}, {"stream": ["Hello."]}]'
	ask -v --max-wait 0 hi
	said 0 $'Hello.\n' "gm-prompt: standard input is empty: the prompt is\
 sent alone
gm-prompt: attempt 1: $ALIAS: overloaded; try again later (HTTP 503, overloaded): The\
 model is overloaded. Please try again later.
gm-prompt: overloaded: waiting 0.0 s
gm-prompt: attempt 2: $ALIAS: error at the service; try again later (HTTP 500, server): An\
 internal error has occurred. Please retry or report in\
 https://developers.generativeai.google/guide/troubleshooting
gm-prompt: error at the service: waiting 0.0 s
"
	sent_as 3 "$HI"
	ask --verbose -n hi
	said 0 "$(cat out)"$'\n' '' # nothing failed: nothing to tell
}

@test "-vv: where each setting comes from" {
	replies <<<'[{"stream": ["Hello."]}]'
	(
		umask 077
		echo 'GM_MAX_WAIT=7s' >settings
	)
	GM_DEADLINE=60s ask -vv -n --env-file settings --retries 2 hi
	said 0 $'Hello.\n' "gm-prompt: env file: settings
gm-prompt: GOOGLE_API_KEYS_COMMAND: not set (built-in default)
gm-prompt: MISTRAL_API_KEYS_COMMAND: not set (built-in default)
gm-prompt: OPENAI_API_KEY_COMMAND: not set (built-in default)
gm-prompt: GEMINI_MODEL: $ALIAS (built-in default)
gm-prompt: GOOGLE_GEMINI_BASE_URL: $URL (environment)
gm-prompt: MISTRAL_MODEL_NAME: mistral-large-latest (built-in default)
gm-prompt: MISTRAL_BASE_URL: https://api.mistral.ai (built-in default)
gm-prompt: OPENAI_MODEL: not set (built-in default)
gm-prompt: OPENAI_BASE_URL: https://api.openai.com/v1 (built-in default)
gm-prompt: GM_FALLBACK: not set (built-in default)
gm-prompt: GM_RESPONSE_TIMEOUT: 15m (built-in default)
gm-prompt: GM_TIMEOUT: 120s (built-in default)
gm-prompt: connect timeout: 10s (built-in default)
gm-prompt: GM_DEADLINE: 60s (environment)
gm-prompt: GM_RETRIES: 2 (option)
gm-prompt: GM_MAX_WAIT: 7s (settings)
gm-prompt: GM_POLICY: sticky (built-in default)
gm-prompt: GM_RPM: not set (built-in default)
gm-prompt: GM_RPD: not set (built-in default)
gm-prompt: GM_TPM: not set (built-in default)
gm-prompt: key index: not set (built-in default)
gm-prompt: GM_METRICS: not set (built-in default)
gm-prompt: GM_LOG_FILE: not set (built-in default)
gm-prompt: GM_SYSLOG: not set (built-in default)
gm-prompt: GM_STATE_DIR: not set (built-in default)
gm-prompt: GM_CACHE_DIR: not set (built-in default)
gm-prompt: keys: 1 in GEMINI_API_KEY (environment)
gm-prompt: key state: $HOME/.local/state/gm
gm-prompt: POST $URL/v1beta/models/$ALIAS:streamGenerateContent?alt=sse
gm-prompt: x-goog-api-key: ...0001
gm-prompt: Content-Type: application/json
gm-prompt: Accept: text/event-stream
"
	sent "$HI"
}

@test "--quiet: errors only" {
	replies <<-'END'
		[{"stream": ["Hello."],
		  "model_status": {"modelStage": "DEPRECATED"}},
		 {"stream": ["Hel"], "finish": "MAX_TOKENS"}]
	END
	ask --quiet hi
	said 0 $'Hello.\n' ''
	sent "$HI"
	ask --quiet hi
	said 1 $'Hel\n' "gm-prompt: $ALIAS: the answer was cut at the token limit; raise --max-tokens (MAX_TOKENS, token_limit)
"
}

# --- nothing in a record can be taken for something else

# log_of: the members of the last line of the log and their values, but times.
log_of() {
	python3 -c 'import json
line = open("log").read().splitlines()[-1]
for name, value in json.loads(line).items():
    if name != "time" and not name.endswith("_ms") and name != "bytes_received":
        print("%s=%s" % (name, json.dumps(value)))'
}

LOGGED='tool="gm-prompt"
provider="gemini"
model="gemini-flash-latest"
key_index=0
key="KEY"
attempts=1
class="ok"
http=200
bytes_sent='${#HI}'
prompt_tokens=1
output_tokens=2
total_tokens=3
finish="STOP"'

@test "whatever the key is, records keep their members and messages their words" {
	local key shown

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	for key in x openai ok 1 null gemini class attempts key_index \
	    total_tokens gm-prompt 'b=' '{'; do
		shown=...
		[ ${#key} -lt 12 ] || shown=...${key: -4}
		forget
		GEMINI_API_KEY=$key ask --metrics --log-file log hi
		[ "$rc" -eq 0 ] || { cat err; return 1; }
		same out $'Hello.\n'
		[ "$(words err)" = "${METRICS/...0001/$shown}" ]
		[ "$(log_of)" = "${LOGGED/KEY/$shown}" ]
		forget
		GEMINI_API_KEY=$key ask --json hi
		[ "$rc" -eq 0 ]
		python3 - "$shown" <<-'END'
			import json, sys
			r = json.load(open("out"))
			a = r["attempts"][0]
			assert list(r)[:4] == ["ok", "text", "provider", "model"], r
			assert r["ok"] is True and r["text"] == "Hello.", r
			assert r["provider"] == a["provider"] == "gemini", r
			assert r["model"] == a["model"] == "gemini-flash-latest", r
			assert a["class"] == "ok" and a["key"] == sys.argv[1], r
			assert r["finish_reason"] == "STOP" and not r["error"], r
		END
	done
}

@test "dummy keys garble no message, and their records hold" {
	local key

	replies <<<'[{"refusal": "invalid_argument", "message": "an error of class x", "repeat": -1}]'
	ask hi
	[ "$rc" -eq 65 ]
	mv err want
	for key in key x 1 gemini error class request; do
		forget
		GEMINI_API_KEY=$key ask hi
		[ "$rc" -eq 65 ]
		same err "$(cat want)"$'\n'
		GEMINI_API_KEY=$key ask --json hi
		[ "$rc" -eq 65 ]
		python3 -c 'import json
r = json.load(open("out"))
assert "gm-prompt: " + r["error"]["message"] + "\n" == open("want").read(), r'
	done
}

@test "dummy keys in gm-keycheck, gm-rotate and gm-models" {
	local key

	serve
	for key in key x ok healthy null; do
		forget
		export GEMINI_API_KEY=$key
		gm-keycheck --json --prometheus file | jq -ec \
		    '[.provider, .index, .key, .status, .healthy]' >out
		same out '["gemini",0,"...","ok",true]'$'\n'
		run -1 grep -vE '^(# (HELP|TYPE) )?gm_key[a-z_]+' file
		gm-rotate --status --json >out
		jq -ec '[.index, .key, .models[0].class]' <out >got
		same got '[0,"...","ok"]'$'\n'
		gm-models --json >out
		jq -ec '.name' <out >got
		[ -s got ]
		run -1 grep -F '...' got
	done
}

@test "a finish reason cannot forge a field" {
	local quoted

	replies <<-'END'
		[{"stream": ["Hel"], "finish": "X class=ok key=y"},
		 {"stream": ["Hel"], "finish": "a\"b\\c=d"},
		 {"stream": ["Hel"], "finish": "two\nlines\tand\u0007more"},
		 {"stream": ["Hel"], "finish": "K\u00e4se"},
		 {"stream": ["Hel"], "finish": "http=200"}]
	END
	for quoted in 'X class=ok key=y' 'a\"b\\c=d' 'two lines andmore' \
	    'Käse' 'http=200'; do
		ask --metrics --log-file log hi
		[ "$rc" -eq 1 ]
		grep -hF ' finish=' err >line
		[[ $(cat line) == *" finish=\"$quoted\"" ]] || {
			cat err
			return 1
		}
		# As a reader of logfmt takes it apart: each field once.
		python3 - "$(cat line)" <<-'END'
			import json, re, sys
			text = sys.argv[1].split(": ", 1)[1]
			field = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|[^\s"=]*)(?: |$)')
			names, at = {}, 0
			while at < len(text):
			    m = field.match(text, at)
			    assert m and m[1] not in names, text[at:]
			    names[m[1]], at = m[2], m.end()
			log = json.loads(open("log").read().splitlines()[-1])
			assert json.loads(names["finish"]) == log["finish"], names
			assert set(log) - {"time", "tool"} == set(names), (log, names)
		END
	done
}

@test "a model's name cannot forge a field" {
	replies <<<'[{"chat": ["Hello."], "repeat": -1}]'
	local model='x=y"z\a'
	export OPENAI_BASE_URL=http://127.0.0.1:${URL##*:}/llamacpp/v1
	ask --provider openai -m "$model" --metrics --log-file log hi
	[ "$rc" -eq 0 ]
	grep -qF ' model="x=y\"z\\a" ' err
	[ "$(jq -r .model <log)" = "$model" ]
}

@test "a server's names cannot add a column or a line to a table" {
	replies <<-'END'
		[{"repeat": -1, "json": {"models": [
		  {"name": "models/a\tb\nc", "displayName": "d\te\nf",
		   "supportedGenerationMethods": ["generateContent", "g\th\ni"]}
		]}}]
	END
	gm-models -l -v >out
	[ "$(wc -l <out)" -eq 1 ]
	awk -F '\t' '{ print NF }' out >columns
	[ "$(cat columns)" -eq 5 ]
	gm-models --json | jq -e . >/dev/null
}
