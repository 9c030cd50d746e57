# gm-models: the list and its forms, the cache, probing; what it asks and what
# it says, whole.  Also what gm-prompt takes from the cache: the names like
# another, and the windows of models.

load net

rc= # set by models and gm

# models [argument...]: run it; "out", "err" and $rc as in prompt.bash.
models() {
	rc=0
	forget
	hurried timeout 60 gm-models "$@" >out 2>err </dev/null || rc=$?
}

# lines NAME...: one a line.
lines() {
	printf '%s\n' "$@"
	echo . # so that $(...) keeps the newline
}

# listed NAME...: status 0, these names, not a word more.
listed() {
	local want
	want=$(lines "$@")
	said 0 "${want%.}" ''
}

# failed STATUS TEXT: nothing on standard output, and this line of error.
failed() {
	said "$1" '' "gm-models: $2
"
}

# asked_list N [TOKEN]: the N-th request is for a page of the list, all of it.
asked_list() {
	diff <(
		echo "GET /v1beta/models?pageSize=1000${2:+&pageToken=$2} HTTP/1.1"
		LC_ALL=C sort <<-END
			Host: 127.0.0.1:PORT
			User-Agent: gm-models/$VERSION
			Accept: application/json
			x-goog-api-key: $GEMINI_API_KEY

		END
	) <(
		tr -d '\r' <"$DIR/request.$1" | head -n 1
		tr -d '\r' <"$DIR/request.$1" | tail -n +2 |
		    sed 's/^\(Host: 127\.0\.0\.1\):.*/\1:PORT/' | LC_ALL=C sort
	)
}

# asked_count: each model that was asked to count tokens, sorted; the bodies
# must be right.
asked_count() {
	local n model

	for ((n = BEFORE + 1; n <= $(requests); n++)); do
		model=$(head -n 1 "$DIR/request.$n" | sed -n \
		    's|^POST /v1beta/models/\(.*\):countTokens HTTP/1.1\r$|\1|p')
		[ -n "$model" ] && same <(body "$n") \
"{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"1\"}]}]}" || return
		echo "$model"
	done | LC_ALL=C sort
}

# arrived N: wait until so many requests have reached the server.
arrived() {
	# shellcheck disable=SC2016 # for wait_for
	wait_for '[ "$(requests)" -ge '"$1 ]"
}

# page NAME...: a reply with these models that can generate content.
page() {
	local name list=
	for name; do
		list+="${list:+,}{\"name\":\"models/$name\",\
\"supportedGenerationMethods\":[\"generateContent\"]}"
	done
	echo "{\"json\":{\"models\":[$list]}}"
}

# cached: the file of the cache, whichever it is.
cached() {
	find "$HOME/.cache/gm" -name 'models.*.json'
}

ASKING=(gemini-2.0-flash gemini-2.5-flash-lite gemini-3.1-flash-lite
	gemini-3.1-pro-preview gemini-3.5-flash-lite gemini-3.6-flash
	gemini-3.7-flash gemini-3.8-flash gemini-4-argon gemini-4-carbon
	gemini-4-hydrogen gemini-4-neon gemma-4-31b-it gemini-flash-latest
	gemini-flash-lite-latest gemini-pro-latest)
EMBEDDING=(gemini-embedding-001 gemini-embedding-2)
METHODS=generateContent,countTokens,createCachedContent,batchGenerateContent

@test "names, one a line, of all pages" {
	serve
	models
	listed "${ASKING[@]}"
	[ "$(requests)" -eq 3 ]
	asked_list 1
	asked_list 2 '%2B%2B%2B%2BNg%3D%3D'
	asked_list 3 '%2B%2B%2B%2BMTI%3D'
}

@test "patterns: a part of a name in any case, or a glob of all of it" {
	serve
	models FLASH-L
	listed gemini-2.5-flash-lite gemini-3.1-flash-lite \
	    gemini-3.5-flash-lite gemini-flash-latest gemini-flash-lite-latest
	models 'gemini-*-flash'
	listed gemini-2.0-flash gemini-3.6-flash gemini-3.7-flash \
	    gemini-3.8-flash
	models 'gemini-3.[67]*' models/gemma argon
	listed gemini-3.6-flash gemini-3.7-flash gemini-4-argon gemma-4-31b-it
	models --refresh pro -- -preview
	listed gemini-3.1-pro-preview gemini-pro-latest
	[ "$(requests)" -eq 6 ]
}

@test "no match: status 1 and one line" {
	serve
	models gpt
	failed 1 'no model matches'
	models 'Gemini-*'
	failed 1 'no model matches'
	models --json --method nonsense
	failed 1 'no model matches'
}

@test "--all, --method: not only those that generate content" {
	serve
	models --all
	listed "${ASKING[@]}" "${EMBEDDING[@]}"
	models --method embedContent
	listed "${EMBEDDING[@]}"
	models --method countTokens 'gem*-[24]-*' 'gem*-2'
	listed gemini-4-argon gemini-4-carbon gemini-4-hydrogen gemini-4-neon \
	    gemma-4-31b-it gemini-embedding-2
}

@test "-l, --long: columns between TABs, without a header" {
	serve
	models --long --all argon gemma
	said 0 "gemini-4-argon	1048576	65536	yes
gemma-4-31b-it	262144	32768	no
" ''
	models -l --all embedding-2
	said 0 'gemini-embedding-2	8192	1	no
' ''
	models -v -l argon gemma
	same out "gemini-4-argon	1048576	65536	yes	$METHODS
gemma-4-31b-it	262144	32768	no	generateContent,countTokens
"
}

@test "-l, --long: aligned under a header on a terminal" {
	serve
	terminal -f 1 -o shown gm-models -l argon gemma 2>err
	same err ''
	same shown "NAME            INPUT    OUTPUT  THINKING
gemini-4-argon  1048576  65536   yes
gemma-4-31b-it  262144   32768   no
"
	terminal -f 1 -o shown gm-models -l
	[ "$(wc -L <shown)" -le 80 ]
	terminal -f 1 -o shown gm-models -v -l --probe gemma 2>err
	same shown 'NAME            INPUT   OUTPUT  THINKING  METHODS                      ANSWERS
gemma-4-31b-it  262144  32768   no        generateContent,countTokens  yes
'
}

@test "-J, --json: an object for each model" {
	serve
	models --json argon gemma
	said 0 '{"name":"gemini-4-argon","display_name":"Gemini 4 Argon","input_token_limit":1048576,"output_token_limit":65536,"thinking":true,"methods":["'"${METHODS//,/\",\"}"'"]}
{"name":"gemma-4-31b-it","display_name":"Gemma 4 31B","input_token_limit":262144,"output_token_limit":32768,"thinking":false,"methods":["generateContent","countTokens"]}
' ''
	models -J --probe gemma
	said 0 '{"name":"gemma-4-31b-it","display_name":"Gemma 4 31B","input_token_limit":262144,"output_token_limit":32768,"thinking":false,"methods":["generateContent","countTokens"],"probe":{"ok":true,"http":200,"class":"ok"}}
' ''
}

@test "--json: the page tells each member, and no other" {
	serve
	models --json --probe gemma
	awk '/^\.Sh/ { on = $0 == ".Sh JSON OBJECTS" } on' \
	    "$BUILD/man/gm-models.1" | sed 's/ , /\n.Va /g' |
	    sed -n 's/^\.\(It \)*Va \([a-z_]*\).*/\2/p' | sort >page
	jq -r '.. | objects | keys[]' out | sort | diff - page
}

@test "options that cannot be combined" {
	serve
	models --all --method x
	said 64 '' "gm-models: --all and --method cannot be combined
Try 'gm-models --help'.
"
	models --long --json
	said 64 '' "gm-models: --long and --json cannot be combined
Try 'gm-models --help'.
"
	models -4 -6
	said 64 '' "gm-models: --ipv4 and --ipv6 cannot be combined
Try 'gm-models --help'.
"
	unsent
}

@test "--probe: only those that answer, each asked once, for free" {
	serve
	models
	again
	models --probe flash
	listed gemini-2.5-flash-lite gemini-3.1-flash-lite \
	    gemini-3.5-flash-lite gemini-3.6-flash gemini-3.7-flash \
	    gemini-3.8-flash gemini-flash-latest gemini-flash-lite-latest
	diff <(asked_count) <(printf '%s\n' "${ASKING[@]}" | grep flash |
	    LC_ALL=C sort)
	tried 9
}

@test "--probe: in a table and as JSON all stand, with what came of it" {
	serve
	models --probe -l 'gemini-[23].[08]-flash'
	said 0 "gemini-2.0-flash	1048576	65536	no	model_gone
gemini-3.8-flash	1048576	65536	yes	yes
" ''
	models --probe --json 'gemini-[23].[08]-flash'
	[ "$rc" -eq 0 ]
	same err ''
	jq -c '[.name, .probe]' out >probes
	same probes '["gemini-2.0-flash",{"ok":false,"http":404,"class":"model_gone"}]
["gemini-3.8-flash",{"ok":true,"http":200,"class":"ok"}]
'
}

@test "--probe -v: tells why a model does not answer" {
	serve
	models --probe 2.0
	failed 1 'no model answers'
	models --probe -v 2.0
	said 1 '' "gm-models: the list of models is from the cache in \
$HOME/.cache/gm
gm-models: attempt 1: gemini-2.0-flash: no such model; \
use gemini-3.8-flash (HTTP 404, model_gone): This model \
models/gemini-2.0-flash is no longer available. Please update your code to use \
models/gemini-3.8-flash for the latest features and improvements.
gm-models: no model answers
"
	models --probe -l 2.0
	said 1 'gemini-2.0-flash	1048576	65536	no	model_gone
' 'gm-models: no model answers
'
}

@test "GM_RPM, GM_RPD: what costs nothing is no request, and has no turn" {
	serve
	# A turn would be a minute away, beyond the deadline.
	GM_RPM=1 GM_RPD=1 models --deadline 30s --probe 'gemini-3*'
	listed gemini-3.1-flash-lite gemini-3.1-pro-preview \
	    gemini-3.5-flash-lite gemini-3.6-flash gemini-3.7-flash \
	    gemini-3.8-flash
	[ "$(requests)" -eq 9 ]
}

@test "--probe: a reason that is none of theirs gives its own status" {
	serve
	models
	GEMINI_API_KEY=fake-invalid-key-0003 models --probe flash-l
	failed 77 'key 0 (...0003): API key not valid; replace it (HTTP 400, key_invalid)'
	env -u GEMINI_API_KEY timeout 60 gm-models --probe >out 2>err && false
	same out ''
	grep -q '^gm-models: no API key in ' err
	stop_server
	models --retries 0 --probe flash-l
	[ "$rc" -eq 69 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	grep -qx "gm-models: $URL: connection refused; check that the server is running (refused)" err
}

@test "--probe: one that fails alike with others, or in its own way, is no end" {
	script <<-END
		[$(page a b c d),
		 {"when": {"path": "/a:"}, "refusal": "body_too_large"},
		 {"when": {"path": "/b:"}, "refusal": "invalid_argument"},
		 {"when": {"path": "/c:"}, "refusal": "overloaded", "repeat": 2},
		 {"when": {"path": "/c:"}, "json": {"totalTokens": 1}},
		 {"when": {"path": "/d:"}, "json": {"tokens": 1}, "repeat": -1}]
	END
	serve
	models --probe --retries 2 --json
	[ "$rc" -eq 0 ]
	jq -c '[.name, .probe.ok, .probe.http, .probe.class]' out >probes
	same probes '["a",false,413,"too_large"]
["b",false,400,"bad_request"]
["c",true,200,"ok"]
["d",false,200,"protocol"]
'
	models --probe --retries 0 a b
	failed 1 'no model answers'
}

@test "--probe: 64 requests at most on their way" {
	local names=() i
	for ((i = 0; i < 80; i++)); do
		names+=("m$i")
	done
	script <<-END
		[$(page "${names[@]}"),
		 {"json": {"totalTokens": 1}, "gate": "go", "repeat": -1}]
	END
	serve
	timeout 60 gm-models --probe >out 2>err </dev/null 3>&- &
	pid=$!
	arrived 65
	[ "$(requests)" -eq 65 ]
	touch "$DIR/go"
	wait "$pid"
	rc=$?
	listed "${names[@]}"
	[ "$(requests)" -eq 81 ]
}

@test "--deadline: while the list or an answer is awaited; nothing is printed" {
	script <<-END
		[{"json": {}, "hold": true, "pause_ms": 100000}]
	END
	serve
	models --deadline 300ms
	[ "$rc" -eq 69 ]
	same out ''
	same err 'gm-models: models: deadline exceeded; raise --deadline (deadline)
'
	play <<-END
		[$(page a b c), {"when": {"path": "/b:"},
		  "json": {}, "pause_ms": 100000},
		 {"json": {"totalTokens": 1}, "repeat": -1}]
	END
	models --deadline 700ms --probe -l
	failed 69 'b: deadline exceeded; raise --deadline (deadline)'
}

@test "a signal ends it at once, without a word" {
	script <<-END
		[{"json": {}, "pause_ms": 100000},
		 $(page a b), {"json": {}, "pause_ms": 100000, "repeat": -1}]
	END
	serve
	gm-models >out 2>err </dev/null 3>&- &
	pid=$!
	arrived 1
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	said 143 '' ''
	gm-models --probe >out 2>err </dev/null 3>&- &
	pid=$!
	arrived 4
	kill -HUP "$pid"
	wait "$pid" || rc=$?
	said 129 '' ''
}

@test "the cache: no second request, no key, no network" {
	serve
	models
	[ "$(requests)" -eq 3 ]
	stop_server
	unset GEMINI_API_KEY
	models
	listed "${ASKING[@]}"
	models --method embedContent --json embedding-2
	said 0 '{"name":"gemini-embedding-2","display_name":"Gemini Embedding 2","input_token_limit":8192,"output_token_limit":1,"thinking":false,"methods":["embedContent","countTextTokens","countTokens"]}
' ''
}

@test "the cache: what is in it, where, and for whom" {
	script <<-END
		[$(page a)]
	END
	serve
	umask 0
	models
	[ "$(stat -c %a "$HOME/.cache" "$HOME/.cache/gm" "$(cached)" |
	    tr '\n' ' ')" = '700 700 600 ' ]
	sed -i 's/"time_ms":[0-9]*/"time_ms":T/' "$(cached)"
	same "$(cached)" '{"base_url":"'"$URL"'/v1beta","time_ms":T,"models":[{"id":"a","displayName":"","thinking":false,"supportedGenerationMethods":["generateContent"]}]}
'
	run ! grep -r "$GOOD_KEY" "$HOME"
}

@test "the cache: GM_CACHE_DIR, CACHE_DIRECTORY, XDG_CACHE_HOME, HOME" {
	script <<-END
		[$(page a), $(page a), $(page a), $(page a)]
	END
	serve
	GM_CACHE_DIR=one CACHE_DIRECTORY=$PWD/two models
	CACHE_DIRECTORY=$PWD/two:$PWD/no XDG_CACHE_HOME=$PWD/three models
	XDG_CACHE_HOME=$PWD/three models
	XDG_CACHE_HOME=relative models
	tried 4
	find one two three "$HOME" -name 'models.*' | sed 's/\.[^/]*\.json//' \
	    >found
	same found "one/models
two/models
three/gm/models
$HOME/.cache/gm/models
"
	[ ! -e no ] && [ ! -e relative ]
}

# set_time EXPRESSION: of the cached list, in terms of now, in ms.
set_time() {
	local now=$(($(date +%s) * 1000))
	sed -i "s/\"time_ms\":[-0-9]*/\"time_ms\":$((now + $1))/" "$(cached)"
}

@test "the cache: good for 24 hours, and not from the future; --refresh" {
	serve
	models
	set_time -86000000
	models
	tried 3
	set_time -86500000
	models
	tried 6
	models
	tried 6
	set_time 100000
	models
	tried 9
	models --refresh
	listed "${ASKING[@]}"
	tried 12
}

@test "the cache: another service has its own, and takes no other's" {
	script <<-END
		[$(page a)]
	END
	serve
	models
	listed a
	mv "$(cached)" kept
	again
	play <<-END
		[$(page b)]
	END
	GOOGLE_GEMINI_BASE_URL=$URL/other models
	listed b
	tried 1
	# Under its name, but with the content of the first.
	cp kept "$(cached)"
	play <<-END
		[$(page c)]
	END
	GOOGLE_GEMINI_BASE_URL=$URL/other models
	listed c
}

@test "the cache: garbage, a directory, a FIFO: as if there were none" {
	local file
	serve
	models
	file=$(cached)
	echo '{"base_url":' >"$file"
	models gemma
	listed gemma-4-31b-it
	tried 6
	models gemma # it is good again
	tried 6
	head -c 20000000 /dev/zero >"$file"
	models -v gemma
	said 0 $'gemma-4-31b-it\n' "gm-models: cache: $file: larger than \
16777216 bytes
"
	rm "$file"
	mkfifo "$file"
	models gemma
	said 0 $'gemma-4-31b-it\n' "gm-models: the list of models is not cached: \
$file: not a regular file
"
	rm "$file"
	mkdir "$file"
	models --quiet gemma
	listed gemma-4-31b-it
	ln -s /dev/zero link
	rmdir "$file"
	mv link "$file"
	models --quiet gemma
	listed gemma-4-31b-it
	[ "$(ls -A "$HOME/.cache/gm")" = "${file##*/}" ]
}

@test "the cache: none to be had is no failure" {
	serve
	env -u HOME GM_STATE_DIR="$PWD/state" timeout 60 gm-models gemma \
	    >out 2>err
	listed gemma-4-31b-it
	: >file
	GM_CACHE_DIR=file/below models gemma
	said 0 $'gemma-4-31b-it\n' 'gm-models: the list of models is not cached: file/below: Not a directory
'
	GM_CACHE_DIR=/proc/nothing models gemma
	said 0 $'gemma-4-31b-it\n' 'gm-models: the list of models is not cached: /proc/nothing: No such file or directory
'
	GM_CACHE_DIR=/proc/nothing models --quiet gemma
	listed gemma-4-31b-it
}

@test "the cache: an empty list is not kept" {
	script <<<'[{"json": {}}, {"json": {"models": []}}]'
	serve
	models
	failed 1 'no model matches'
	models
	failed 1 'no model matches'
	tried 2
}

@test "two runs at once: both are right, the cache is whole" {
	script <<-END
		[{"service": true, "gate": "go", "repeat": -1}]
	END
	serve
	timeout 60 gm-models >out.1 2>err.1 </dev/null 3>&- &
	first=$!
	timeout 60 gm-models >out 2>err </dev/null 3>&- &
	second=$!
	arrived 2
	touch "$DIR/go"
	wait "$first"
	wait "$second"
	rc=0
	listed "${ASKING[@]}"
	same err.1 ''
	diff out out.1
	[ "$(requests)" -eq 6 ]
	models
	listed "${ASKING[@]}"
	[ "$(requests)" -eq 6 ]
	[ "$(find "$HOME/.cache/gm" -type f | wc -l)" -eq 1 ]
}

@test "a list without end" {
	script <<'END'
[{"json": {"models": [], "nextPageToken": "A"}, "repeat": 2},
 {"json": {"nextPageToken": "A"}},
 {"json": {"nextPageToken": "B"}},
 {"json": {"nextPageToken": "A"}}]
END
	serve
	models
	failed 76 'the list of models has no end: page 2 leads back to an earlier one'
	tried 2
	models
	failed 76 'the list of models has no end: page 3 leads back to an earlier one'
	play < <(python3 -c '
import json
print(json.dumps([{"json": {"models": [], "nextPageToken": "t%d" % n}}
                  for n in range(101)]))')
	models
	failed 76 'the list of models has no end: more than 100 pages'
	tried 100
	play < <(python3 -c '
import json
print(json.dumps([{"json": {"models": [{"name": "m%d" % n}
                                       for n in range(10001)]}}]))')
	models
	failed 76 'the list of models is too long: more than 10000'
	[ ! -e "$HOME/.cache" ]
}

@test "a page that fails may come again; what came before is kept" {
	script <<-'END'
		[{"service": true}, {"refusal": "overloaded", "repeat": 2},
		 {"service": true, "cut_at": 300}, {"service": true},
		 {"service": true}]
	END
	serve
	models
	listed "${ASKING[@]}"
	[ "$(requests)" -eq 6 ]
	asked_list 4 '%2B%2B%2B%2BNg%3D%3D'
}

@test "a page that fails for good: nothing is printed, nothing kept" {
	script <<'END'
[{"service": true}, {"refusal": "key_invalid"},
 {"service": true}, {"body": "<html>login</html>"},
 {"body": "nonsense"},
 {"json": {"object": "list", "data": []}},
 {"json": [1]},
 {"status": 404, "json": {"error": {"code": 404, "message": "x"}}}]
END
	serve
	models
	failed 77 'key 0 (...0001): API key not valid; replace it (HTTP 400, key_invalid)'
	models
	failed 76 "$URL: the response makes no sense: a web page, perhaps of a captive portal; check the base URL (HTTP 200, protocol)"
	models --retries 0
	[ "$rc" -eq 76 ]
	models
	failed 76 "$URL: the response makes no sense: JSON, but not a list of models; check the base URL (HTTP 200, protocol)"
	models
	failed 76 "$URL: the response makes no sense: JSON, but not an answer; check the base URL (HTTP 200, protocol)"
	models
	failed 78 "$URL: no API at this address; check the base URL (HTTP 404, bad_url): x"
	[ ! -e "$HOME/.cache" ]
}

@test "hostile names: clean lines, no key" {
	script <<'END'
[{"json": {"models": [
  {"name": "models/a\u001b]0;x\u0007b\nc\td\u202e", "displayName": "\u001b[2J",
   "supportedGenerationMethods": ["generateContent", "x\ny\u001b[1m"]},
  {"name": "models/x-fake-good-key-0001", "displayName": "fake-good-key-0001",
   "supportedGenerationMethods": ["generateContent", "fake-good-key-0001"]},
  {"supportedGenerationMethods": ["generateContent"]}]}}]
END
	serve
	models
	listed 'ab c d' 'x-...0001'
	models -l
	said 0 'ab c d	-	-	no
x-...0001	-	-	no
' ''
	models -lv
	same out 'ab c d	-	-	no	generateContent,x y
x-...0001	-	-	no	generateContent,...0001
'
	models --json
	said 0 '{"name":"ab c d","display_name":null,"input_token_limit":null,"output_token_limit":null,"thinking":false,"methods":["generateContent","x y"]}
{"name":"x-...0001","display_name":"...0001","input_token_limit":null,"output_token_limit":null,"thinking":false,"methods":["generateContent","...0001"]}
' ''
	run ! grep -r "$GOOD_KEY" "$HOME"
}

@test "a full disk, a closed output, a reader that leaves" {
	serve
	models
	rc=0
	gm-models >/dev/full 2>err || rc=$?
	: >out
	failed 74 'standard output: No space left on device'
	rc=0
	gm-models --json >&- 2>err || rc=$?
	failed 74 'standard output: Bad file descriptor'
	gm-models 2>err | head -n 1 >out
	rc=${PIPESTATUS[0]}
	[ "$rc" -eq 0 ] || [ "$rc" -eq 141 ]
	same out $'gemini-2.0-flash\n'
	same err ''
}

@test "a metrics record for each request" {
	serve
	models --log-file log --probe gemma
	listed gemma-4-31b-it
	jq -c '[.tool, .model, .class, .http]' log >records
	same records '["gm-models","models","ok",200]
["gm-models","models","ok",200]
["gm-models","models","ok",200]
["gm-models","gemma-4-31b-it","ok",200]
'
}

@test "-v, -vv: where the list comes from, what is sent" {
	script <<-END
		[$(page a)]
	END
	serve
	models -vv
	[ "$rc" -eq 0 ]
	same out $'a\n'
	tail -n 5 err >end
	same end "gm-models: keys: 1 in GEMINI_API_KEY (environment)
gm-models: key state: $HOME/.local/state/gm
gm-models: GET $URL/v1beta/models?pageSize=1000
gm-models: x-goog-api-key: ...0001
gm-models: Accept: application/json
"
	models -v
	said 0 $'a\n' "gm-models: the list of models is from the cache in \
$HOME/.cache/gm
"
	models -vv
	[ "$(grep -c '(built-in default)$' err)" -ge 8 ]
}

@test "no key: an error as of any tool, if there is no list" {
	serve
	unset GEMINI_API_KEY
	models
	[ "$rc" -eq 78 ]
	same out ''
	grep -qx 'gm-models: no API key in .* or the environment; set GOOGLE_API_KEYS' err
	unsent
}

@test "a base URL from ./.env counts only with keys from there" {
	serve
	models
	again
	unset GOOGLE_GEMINI_BASE_URL
	# The list of that service is fresh, but it must not stand for another.
	(umask 077 && printf '%s\n' "GEMINI_API_KEY=$GOOD_KEY" \
	    "GOOGLE_GEMINI_BASE_URL=$URL" >.env)
	https_proxy=http://127.0.0.1:1 models --retries 0
	[ "$rc" -eq 69 ]
	tried 0
	unset GEMINI_API_KEY
	models gemma
	listed gemma-4-31b-it
	tried 0
}

@test "gm-prompt: a model that does not exist: names like it, from the cache" {
	serve
	models
	again
	ask -m gemini-3.9-flash hi
	said 78 '' 'gm-prompt: gemini-3.9-flash: no such model; did you mean gemini-3.6-flash, gemini-3.7-flash, gemini-3.8-flash? (HTTP 404, model_gone)
'
	ask --json -m gemini-3.9-flash hi
	[ "$(jq -r .error.message out)" = "$(sed 's/^gm-prompt: //' err)" ]
	grep -q '; did you mean gemini-3.6-flash, ' err
	# The service's own word counts more, and far names do not help.
	ask -m gemini-2.0-flash hi
	[ "$rc" -eq 78 ]
	grep -q '; use gemini-3.8-flash (' err
	run ! grep "did you mean" err
	ask -m gpt-5 hi
	[ "$rc" -eq 78 ]
	run ! grep "did you mean" err
	# An old list will do; without one nothing is asked.
	set_time -9000000000
	ask -m gemini-3.9-flash hi
	grep -q '; did you mean gemini-3.6-flash, ' err
	rm "$(cached)"
	ask -m gemini-3.9-flash hi
	[ "$rc" -eq 78 ]
	run ! grep "did you mean" err
	tried 6
}

# windowed: serve a list with the windows of its models, and have it kept.
windowed() {
	script <<-'END'
		[{"json": {"models": [
		  {"name": "models/gemma-4-31b-it", "inputTokenLimit": 100},
		  {"name": "models/gemini-3.8-flash", "inputTokenLimit": 20000},
		  {"name": "models/gemini-3.7-flash", "inputTokenLimit": 30000},
		  {"name": "models/gemini-4-neon"}]}}]
	END
	serve
	models --all
	tried 1
	again
}

# digits N: as many, in the file "text"; each is 1.06 tokens, and a turn is 4.
digits() {
	printf "%$1s" | tr ' ' 7 >text
}

SMALL=gemini-3.8-flash
TOO_LARGE="$SMALL: the prompt has about 27564 tokens, the model takes 20000; shorten it, or use another model (too_large)"

@test "gm-prompt: a prompt that the model cannot take is not sent" {
	windowed
	digits 26000
	gm -m $SMALL <text
	said 65 '' "gm-prompt: $TOO_LARGE
"
	gm -m models/$SMALL <text
	said 65 '' "gm-prompt: models/$TOO_LARGE
"
	echo old >file
	gm -m $SMALL -o file <text
	said 65 '' "gm-prompt: $TOO_LARGE
"
	same file $'old\n'
	gm -m $SMALL --json <text
	said 65 '{"ok":false,"text":"","provider":"gemini","model":"'"$SMALL"'","model_version":null,"key_index":null,"finish_reason":null,"usage":{"prompt":null,"cached":null,"output":null,"thoughts":null,"total":null},"timing":{"total_ms":0,"ttft_ms":0,"wait_ms":0,"connect_ms":0},"bytes":{"sent":0,"received":0},"parts_omitted":[],"attempts":[],"fallback":false,"sources":[],"error":{"class":"too_large","message":"'"$TOO_LARGE"'","service_message":null,"retry_at":null}}
' "gm-prompt: $TOO_LARGE
"
	# The system instruction counts, too.
	ask -m $SMALL -s @text hi
	said 65 '' "gm-prompt: ${TOO_LARGE/27564/27565}
"
	tried 0
}

@test "gm-prompt: a prompt that may fit is sent" {
	windowed
	digits 25154
	gm -m $SMALL <text
	[ "$rc" -eq 65 ]
	tried 0
	digits 25153 # 26667, of which 75 % are 20000
	gm -m $SMALL <text
	[ "$rc" -eq 0 ]
	tried 1
	# Another model can take it, or may be able to.
	digits 26000
	gm -m $SMALL,gemini-3.7-flash <text
	[ "$rc" -eq 0 ]
	gm -m $SMALL,gemini-4-neon <text
	[ "$rc" -eq 0 ]
	gm -m gemini-3.6-flash <text
	[ "$rc" -eq 0 ]
	MISTRAL_API_KEY=fake-mistral-key-0100 \
	    gm -m $SMALL --fallback mistral <text
	[ "$rc" -eq 0 ]
	tried 5
	# Counting shows how large it is; a dry run sends nothing.
	gm -m $SMALL --count <text
	[ "$rc" -eq 0 ]
	tried 6
	gm -m $SMALL --dry-run <text
	[ "$rc" -eq 0 ]
	tried 6
	# A list that is too old says nothing, nor does one that is not there.
	set_time -86500000
	gm -m $SMALL <text
	[ "$rc" -eq 0 ]
	rm "$(cached)"
	gm -m $SMALL <text
	[ "$rc" -eq 0 ]
	tried 8
}

@test "gm-prompt: a small prompt does not look for the window" {
	local file

	windowed
	file=$(cached)
	rm "$file"
	mkfifo "$file"
	digits 10000
	gm -v -m $SMALL <text
	[ "$rc" -eq 0 ]
	run ! grep cache err
	digits 26000
	gm -v -m $SMALL <text
	[ "$rc" -eq 0 ]
	grep -qxF "gm-prompt: cache: $file: not a regular file" err
}

@test "gm-prompt: the estimate is that of a second implementation" {
	local tokens

	windowed
	cat "$ROOT"/man/*.[17] "$ROOT"/man/common.mdoc >text
	tokens=$(($(python3 -B "$ROOT/tests/fixtures/tokens.py" text) + 4))
	gm -m gemma-4-31b-it <text
	said 65 '' "gm-prompt: gemma-4-31b-it: the prompt has about $tokens tokens, \
the model takes 100; shorten it, or use another model (too_large)
"
	tried 0
}

# sweep FUNCTION STATUSES [argument...]: make its 1st, 2nd ... call fail until a
# run has no such call: a known status, one line, the list whole or not at all.
sweep() {
	local fn=$1 allowed=" $2 " n

	shift 2
	for ((n = 1; n <= 600; n++)); do
		rm -rf "$HOME/.cache"
		forget
		rc=0
		GM_FAULT=$fn:$n timeout 60 "$BUILD/fault/gm-models" --quiet \
		    "$@" >out 2>err </dev/null || rc=$?
		grep -q "^gm-fault: $fn $n" err || break
		if [[ $allowed != *" $rc "* ]] || [ "$(wc -l <err)" -gt 2 ] ||
		    { [ "$rc" -eq 0 ] || [ -s out ]; } && ! diff whole out
		then
			echo "$fn $n: status $rc"
			cat out err
			return 1
		fi
		[ "$(find "$HOME/.cache" -name '.*' -type f 2>&1 |
		    grep -vc 'No such')" -eq 0 ] || {
			echo "$fn $n: litter"
			return 1
		}
	done
	[ "$n" -gt 1 ] && [ "$n" -lt 600 ]
	[ "$rc" -eq 0 ]
	same err ''
}

@test "each call may fail: a known status and one line" {
	serve --no-record
	gm-models --probe -l gemma >whole
	for fn in malloc realloc calloc; do
		sweep "$fn" '0 71' --probe -l gemma
	done
	for fn in write close fsync rename read; do
		gm-models >whole
		sweep "$fn" '0 74'
	done
}
