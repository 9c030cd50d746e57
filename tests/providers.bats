# --provider and --fallback of gm-models, gm-keycheck and gm-rotate: what they
# say, whole, and which keys reach which service.  What gm-prompt does with them
# is in fallback.bats.
#
# shellcheck disable=SC2016 # sh -c expands by itself
# shellcheck disable=SC2030,SC2031 # each test is a process of its own

load net

ONE=fake-good-key-0011 # of Mistral
TWO=fake-good-key-0012
SERVER_KEY=fake-good-key-0021
MISTRAL="GET /mistral/v1/models Bearer $ONE"
LOOKED='in HOME/.config/gm/env, /etc/gm/env, ./.env or the environment'
# The same if another provider has keys, which rules out ./.env.
TRUSTED=${LOOKED/, .\/.env/}
CHATS=(mistral-large-2512 mistral-large-latest mistral-medium-3-5
	mistral-medium-latest mistral-small-2603 mistral-small-latest
	ministral-14b-2512 ministral-14b-latest ministral-8b-2512
	ministral-8b-latest ministral-3b-2512 ministral-3b-latest
	codestral-2508 codestral-latest)
SMALL='mistral-small-2603
mistral-small-latest
'

# start [SCRIPT]: the stand-in, as all three providers: a key of Gemini, two of
# Mistral, and a server of llama.cpp that needs none.
start() {
	echo "${1:-[]}" | script
	serve
	export MISTRAL_BASE_URL=$URL/mistral/v1 MISTRAL_API_KEYS=$ONE,$TWO
	export OPENAI_BASE_URL=$URL/llamacpp/v1
	again
}

# shape: what differs from run to run becomes TIME, MS, URL and HOME.
shape() {
	sed -E "s|${URL:-none:}|URL|g; s|$HOME|HOME|g"'
	    s/(20[0-9-]{8}T)?[0-9:]{8}Z( \([0-9a-z ]*\))?/TIME/g
	    s/"ms":[0-9]+/"ms":MS/; s/^(gm_.*_seconds) [0-9]{10}$/\1 MS/' |
	    awk 'BEGIN { FS = OFS = "\t" }
		NF == 8 && $7 ~ /^[0-9]+$/ { $7 = "MS" }
		NF == 9 && $8 != "-" { $8 = "MS" } { print }'
}

# tool NAME [argument...]: run it; "out", "err" and $rc as in prompt.bash, but
# shaped; its standard input is the file $INPUT.
tool() {
	rc=0
	timeout 60 "$@" >raw 2>words <"${INPUT:-/dev/null}" || rc=$?
	shape <raw >out
	shape <words >err
	# shellcheck disable=SC2031
	! grep -aqE 'fake-[a-z]*-key' err || {
		echo 'a key shows'
		return 1
	}
}

# fails STATUS LINE: nothing on standard output, and this line of error.
fails() {
	said "$1" '' "$2
"
}

# misused NAME TEXT: an error of usage, and nothing was sent.
misused() {
	said 64 '' "$1: $2
Try '$1 --help'.
" && got
}

# table LINE...: these lines with TABs, which are written "|" here.
table() {
	printf '%s\n' "$@" | tr '|' '\t'
	echo . # so that $(...) keeps the newline
}

# rows STATUS STDERR LINE...: like said, with a table on standard output.
rows() {
	local want
	want=$(table "${@:3}")
	said "$1" "${want%.}" "$2"
}

# asked: each request since the last look, as "METHOD PATH KEY".
asked() {
	local n

	for ((n = BEFORE + 1; n <= $(requests); n++)); do
		sed -n '1s/ HTTP.*//p; s/^Authorization: //p
		    s/^x-goog-api-key: //p; /^\r$/q' "$DIR/request.$n" |
		    tr -d '\r' | paste -sd ' '
	done
}

# got LINE...: exactly these requests since the last look, in this order.
got() {
	diff <([ $# -eq 0 ] || printf '%s\n' "$@") <(asked) && again
}

# got_all LINE...: the same in any order, as keys are asked all at once.
got_all() {
	diff <(printf '%s\n' "$@" | LC_ALL=C sort) \
	    <(asked | LC_ALL=C sort) && again
}

# marks NAME: index and class of each key of that provider that has a mark.
marks() {
	gm-rotate --provider "$1" --status -v | awk '$7 != "ok" { print $1, $7 }'
}

# --- gm-models

@test "gm-models --provider mistral: those that can complete chats" {
	start
	tool gm-models --provider mistral
	rows 0 '' "${CHATS[@]}"
	head_of 1 >first
	same first "GET /mistral/v1/models HTTP/1.1
Host: 127.0.0.1:PORT
User-Agent: gm-models/$VERSION
Accept: application/json
Authorization: Bearer $ONE
"
	tool gm-models --provider mistral -l small
	rows 0 '' "mistral-small-2603|262144|-|no" \
	    "mistral-small-latest|262144|-|no"
	tool gm-models --json --provider mistral 'codestral-[0-9]*'
	said 0 '{"name":"codestral-2508","display_name":null,"input_token_limit":262144,"output_token_limit":null,"thinking":false,"methods":["completion_chat","function_calling","vision"]}
' ''
	tool gm-models --provider mistral embed
	fails 1 'gm-models: no model matches'
	tool gm-models --provider mistral --all -l embed
	rows 0 '' 'mistral-embed|8192|-|no'
	tool gm-models --provider mistral --method vision SMALL
	said 0 "$SMALL" ''
	tool gm-models --provider mistral --method generateContent
	fails 1 'gm-models: no model matches'
	got "$MISTRAL" # all else came from the cache
}

@test "gm-models --provider mistral: the base URL may go without /v1" {
	start
	MISTRAL_BASE_URL=$URL/mistral tool gm-models --provider mistral small
	said 0 "$SMALL" ''
	got "$MISTRAL"
}

@test "gm-models --provider openai: all that the server has, in each dialect" {
	start
	tool gm-models --provider openai -l
	rows 0 '' 'qwen3-8b-q4_k_m|8192|-|no'
	head_of 1 >first
	same first "GET /llamacpp/v1/models HTTP/1.1
Host: 127.0.0.1:PORT
User-Agent: gm-models/$VERSION
Accept: application/json
"
	export OPENAI_BASE_URL=$URL/ollama/v1
	tool gm-models --provider openai
	rows 0 '' llama3.2:3b qwen3:8b
	tool gm-models --provider openai --json qwen
	said 0 '{"name":"qwen3:8b","display_name":null,"input_token_limit":null,"output_token_limit":null,"thinking":false,"methods":[]}
' ''
	tool gm-models --provider openai --method vision
	fails 1 'gm-models: no model matches'
	export OPENAI_BASE_URL=$URL/openai/v1
	tool gm-models --provider openai
	fails 77 "gm-models: URL/openai/v1: API key rejected; set OPENAI_API_KEY (HTTP 401, key_rejected): You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Autho..."
	export OPENAI_API_KEY=$SERVER_KEY
	tool gm-models --provider openai --all
	rows 0 '' gpt-4o-mini gpt-4.1-mini gpt-5-mini gpt-5.2 \
	    text-embedding-3-small
	got 'GET /llamacpp/v1/models' 'GET /ollama/v1/models' \
	    'GET /openai/v1/models' "GET /openai/v1/models Bearer $SERVER_KEY"
}

@test "gm-models --provider: each has a cache of its own, --refresh asks again" {
	start
	tool gm-models --provider mistral small
	tool gm-models --provider openai
	tool gm-models flash-lite-l
	said 0 'gemini-flash-lite-latest
' ''
	[ "$(requests)" -eq 5 ] # Gemini's list has 3 pages
	again
	unset GEMINI_API_KEY MISTRAL_API_KEYS # the cache needs none
	tool gm-models --provider mistral small
	said 0 "$SMALL" ''
	OPENAI_MODEL=nonsense tool gm-models --provider openai -v
	said 0 'qwen3-8b-q4_k_m
' 'gm-models: the list of models is from the cache in HOME/.cache/gm
'
	tool gm-models flash-lite-l
	said 0 'gemini-flash-lite-latest
' ''
	got
	tool gm-models --provider mistral --refresh
	fails 78 "gm-models: no API key $LOOKED; set MISTRAL_API_KEYS"
	export MISTRAL_API_KEYS=$TWO
	MISTRAL_MODEL_NAME=nonsense tool gm-models --provider mistral --refresh small
	said 0 "$SMALL" ''
	got "GET /mistral/v1/models Bearer $TWO"
}

@test "gm-models --provider: odd lists" {
	local body ids
	start
	# Names are not shortened here: the server needs them whole.
	play <<<'[{"json":[{"id":"models/a.gguf"},{"id":"models/models/b"}]}]'
	tool gm-models --refresh --provider openai
	rows 0 '' models/a.gguf models/models/b
	tool gm-models --provider openai models/a
	rows 0 '' models/a.gguf
	tried 1
	ids='{"id":"a","max_model_len":7},{"object":"model"},{"id":5},{"id":""},
	    "x",null,{"id":"b\u001b[31m c"},{"id":"a"}'
	for body in "[$ids]" "{\"data\":[$ids]}"; do
		play <<<"[{\"json\":$body}]"
		tool gm-models --refresh --provider openai -l
		rows 0 '' 'a|7|-|no' 'b c|-|-|no'
		tried 1
	done
	for body in '{"data":[]}' '{"data":null}' '[]'; do
		play <<<"[{\"json\":$body}]"
		tool gm-models --refresh --provider openai
		fails 1 'gm-models: no model matches'
		tried 1
	done
	for body in '{"data":{}}' '{"data":"x"}' '{}' '{"models":[]}' \
	    '{"data":[{}]}' '{"data":[{"object":"model"},5]}' '[{"user":"x"}]'; do
		play <<<"[{\"json\":$body}]"
		tool gm-models --refresh --provider mistral
		fails 76 'gm-models: URL/mistral/v1: the response makes no sense: JSON, but not a list of models; check the base URL (HTTP 200, protocol)'
		tried 1
	done
}

@test "gm-models --provider: a key that is refused gives way to the next" {
	start
	export MISTRAL_API_KEYS=fake-invalid-key-0013,$TWO
	tool gm-models --provider mistral small
	said 0 "$SMALL" ''
	got 'GET /mistral/v1/models Bearer fake-invalid-key-0013' \
	    "GET /mistral/v1/models Bearer $TWO"
	[ "$(marks mistral)" = '0 key_rejected' ]
}

@test "gm-models --provider: a server that is still loading is waited for" {
	start '[{"refusal":"loading"}]'
	tool gm-models --provider openai --retries 0
	said 0 'qwen3-8b-q4_k_m
' 'gm-models: URL/llamacpp/v1: the server is loading the model; waiting
'
	tried 2
}

@test "gm-models --probe: only Gemini counts tokens, nobody is asked to answer" {
	start
	tool gm-models --provider mistral --probe
	misused gm-models \
	    '--probe: not supported by mistral'
	tool gm-models --probe --provider openai
	misused gm-models '--probe: not supported by openai'
	# Also where the first one is left out, with a list and without one.
	env -u GEMINI_API_KEY GM_FALLBACK=mistral gm-models --probe >out \
	    2>err </dev/null || rc=$?
	[ "$rc" -eq 64 ]
	same out ''
	[ "$(sed -n 2p err)" = 'gm-models: --probe: not supported by mistral' ]
	got
	tool gm-models flash-lite-l
	again
	unset GEMINI_API_KEY
	tool gm-models --probe flash-lite-l --fallback mistral
	said 64 '' "gm-models: gemini: skipped: no API key $TRUSTED; set GOOGLE_API_KEYS
gm-models: --probe: not supported by mistral
Try 'gm-models --help'.
"
	got
}

@test "gm-models --probe: a service that is down is not replaced" {
	start '[{"refusal":"overloaded","repeat":-1}]'
	tool gm-models --probe --fallback mistral --retries 0
	fails 69 "gm-models: models: overloaded; try again later (HTTP 503, overloaded)"
	tried 1
}

@test "gm-models --provider, --fallback: names that are none" {
	start
	tool gm-models --provider nobody
	misused gm-models \
	    "--provider: not gemini, mistral or openai"
	tool gm-models --provider all
	misused gm-models "--provider: not gemini, mistral or openai"
	tool gm-models --fallback mistral,nobody
	misused gm-models \
	    "--fallback: not gemini, mistral or openai"
	tool gm-models --fallback openai --fallback-mistral
	misused gm-models '--fallback and --fallback-mistral cannot be combined'
	tool gm-models --fallback-mistral -k 0
	misused gm-models \
	    '--key-index and --fallback-mistral cannot be combined'
	GM_FALLBACK=nobody tool gm-models
	fails 78 "gm-models: environment: GM_FALLBACK: not gemini, mistral or openai"
	got
}

GEMINI_DOWN="gm-models: gemini: models: overloaded; try again later (HTTP 503, overloaded)"
INSTEAD="gm-models: gemini: models: overloaded; using mistral (HTTP 503, overloaded)"

@test "gm-models --fallback, --fallback-mistral: the next one's list, and a line" {
	start '[{"when":{"path":"/v1beta/"},"refusal":"overloaded","repeat":-1}]'
	tool gm-models --fallback mistral --retries 0 small
	said 0 "$SMALL" "$INSTEAD
"
	got "GET /v1beta/models?pageSize=1000 $GEMINI_API_KEY" "$MISTRAL"
	# The second time its list is in the cache.
	tool gm-models --fallback-mistral --retries 0 -l 'codestral-2*'
	rows 0 "$INSTEAD
" "codestral-2508|262144|-|no"
	got "GET /v1beta/models?pageSize=1000 $GEMINI_API_KEY"
	tool gm-models --fallback mistral --retries 0 --refresh --quiet small
	said 0 "$SMALL" ''
	got "GET /v1beta/models?pageSize=1000 $GEMINI_API_KEY" "$MISTRAL"
}

@test "gm-models --fallback: retries are each service's own" {
	start '[{"when":{"path":"/v1beta/"},"refusal":"server","repeat":-1,"headers":{"Retry-After":"0"}},
	    {"when":{"path":"/mistral/"},"refusal":"server","headers":{"Retry-After":"0"}}]'
	tool gm-models --fallback mistral --retries 1 small
	said 0 "$SMALL" 'gm-models: gemini: models: error at the service; using mistral (HTTP 500, server): An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting
'
	got "GET /v1beta/models?pageSize=1000 $GEMINI_API_KEY" \
	    "GET /v1beta/models?pageSize=1000 $GEMINI_API_KEY" \
	    "$MISTRAL" "$MISTRAL"
}

@test "gm-models --fallback: a bad key, no connection, a reply without sense" {
	start
	GEMINI_API_KEY=fake-invalid-key-0001 \
	    tool gm-models --fallback mistral small
	said 0 "$SMALL" 'gm-models: gemini: key 0 (...0001): API key not valid; using mistral (HTTP 400, key_invalid)
'
	got 'GET /v1beta/models?pageSize=1000 fake-invalid-key-0001' "$MISTRAL"
	GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:1 \
	    tool gm-models --fallback mistral --retries 0 small
	unworded err
	said 0 "$SMALL" 'gm-models: gemini: http://127.0.0.1:1: connection refused; using mistral (refused)
'
	got
	play <<<'[{"json":{"models":5}}]'
	tool gm-models --fallback openai
	said 0 'qwen3-8b-q4_k_m
' 'gm-models: gemini: URL: the response makes no sense: JSON, but not a list of models; using openai (HTTP 200, protocol)
'
	got "GET /v1beta/models?pageSize=1000 $GEMINI_API_KEY" \
	    'GET /llamacpp/v1/models'
}

@test "gm-models --fallback: not where the request is at fault" {
	start '[{"refusal":"invalid_argument","repeat":-1}]'
	tool gm-models --fallback mistral
	fails 65 'gm-models: models: request rejected (HTTP 400, bad_request): Request contains an invalid argument.'
	got "GET /v1beta/models?pageSize=1000 $GEMINI_API_KEY"
	play <<<'[{"when":{"path":"/v1beta/"},"refusal":"redirect","location":"/x"}]'
	tool gm-models --fallback mistral
	fails 76 'gm-models: URL: redirects are not followed with a key; check the base URL (HTTP 302, redirect): Moved'
	got "GET /v1beta/models?pageSize=1000 $GEMINI_API_KEY"
}

@test "gm-models --fallback: none has a list: the words of each, first status" {
	start '[{"refusal":"overloaded","when":{"path":"/v1beta/"},"repeat":-1}]'
	export MISTRAL_API_KEYS=fake-invalid-key-0013
	export OPENAI_BASE_URL=$URL/openai/v1
	again
	local mistral='mistral: key 0 (...0013): API key rejected; replace it (HTTP 401, key_rejected): Invalid API Key'
	tool gm-models --retries 0 --fallback mistral small
	said 69 '' "$INSTEAD
gm-models: gemini: models: overloaded (HTTP 503, overloaded); ${mistral/; replace it/}
"
	got "GET /v1beta/models?pageSize=1000 $GEMINI_API_KEY" \
	    'GET /mistral/v1/models Bearer fake-invalid-key-0013'
	forget
	OPENAI_API_KEY=fake-restricted-key-0021 \
	    tool gm-models --retries 0 --fallback mistral,openai,mistral
	said 69 '' "$INSTEAD
gm-models: ${mistral/replace it/using openai}
gm-models: gemini: models: overloaded (HTTP 503, overloaded); ${mistral/; replace it/}; openai: key 0 (...0021): permission denied (HTTP 403, forbidden): You have insufficient permissions for this operation. Missing scopes: model.request.
"
	got "GET /v1beta/models?pageSize=1000 $GEMINI_API_KEY" \
	    'GET /mistral/v1/models Bearer fake-invalid-key-0013' \
	    'GET /openai/v1/models Bearer fake-restricted-key-0021'
}

@test "gm-models: GM_FALLBACK counts behind Gemini alone, --fallback none lifts it" {
	start '[{"when":{"path":"/v1beta/"},"refusal":"overloaded","repeat":-1}]'
	export GM_FALLBACK=' mistral , openai' GM_RETRIES=0
	tool gm-models small
	said 0 "$SMALL" "$INSTEAD
"
	got "GET /v1beta/models?pageSize=1000 $GEMINI_API_KEY" "$MISTRAL"
	tool gm-models --fallback openai
	said 0 'qwen3-8b-q4_k_m
' "${INSTEAD/mistral/openai}
"
	local option
	for option in '--fallback none' '-k 0'; do
		# shellcheck disable=SC2086 # words
		tool gm-models $option
		fails 69 "gm-models: ${GEMINI_DOWN#gm-models: gemini: }"
	done
	again
	play <<<'[{"when":{"path":"/mistral/"},"refusal":"overloaded","repeat":-1}]'
	tool gm-models --provider mistral --refresh -v
	said 69 '' 'gm-models: GM_FALLBACK is ignored, as a key or a provider is given
gm-models: attempt 1: models: overloaded; try again later (HTTP 503, overloaded): Service overloaded
gm-models: models: overloaded; try again later (HTTP 503, overloaded)
'
	got "$MISTRAL"
	# But who names both wants both.
	tool gm-models --provider mistral --refresh --fallback openai
	said 0 'qwen3-8b-q4_k_m
' 'gm-models: mistral: models: overloaded; using openai (HTTP 503, overloaded)
'
}

@test "gm-models --fallback: a service without a key is skipped" {
	start
	local skipped="skipped: no API key $TRUSTED; set"
	MISTRAL_API_KEYS='' tool gm-models --fallback mistral flash-lite-l
	said 0 'gemini-flash-lite-latest
' "gm-models: mistral: $skipped MISTRAL_API_KEYS
"
	tried 3
	again
	rm -r "$HOME/.cache"
	unset GEMINI_API_KEY
	local gemini="gm-models: gemini: $skipped GOOGLE_API_KEYS"
	tool gm-models --fallback mistral small
	said 0 "$SMALL" "$gemini
"
	tool gm-models --fallback mistral small # from the cache
	said 0 "$SMALL" "$gemini
"
	got "$MISTRAL"
	MISTRAL_API_KEYS='' tool gm-models --fallback mistral
	fails 78 "gm-models: no API key $LOOKED; set GOOGLE_API_KEYS"
	got
}

@test "gm-prompt --provider: names like one that is not there, from the list" {
	start
	tool gm-models --provider mistral large
	tool gm-prompt --provider mistral -m mistral-larg hi
	fails 78 'gm-prompt: mistral-larg: no such model; did you mean mistral-large-2512, mistral-large-latest? (HTTP 400, model_gone)'
	# Not one that cannot answer.
	tool gm-prompt --provider mistral -m mistral-embe hi
	fails 78 'gm-prompt: mistral-embe: no such model; gm-models lists the models (HTTP 400, model_gone)'
	export OPENAI_BASE_URL=$URL/ollama/v1
	tool gm-models --provider openai
	tool gm-prompt --provider openai -m qwen3:8 hi
	fails 78 'gm-prompt: qwen3:8: no such model; did you mean qwen3:8b? (HTTP 404, model_gone)'
}

# --- gm-keycheck

# five: keys of Mistral, each with a fate of its own.
five() {
	export MISTRAL_API_KEYS=work:$ONE,fake-invalid-key-0012,\
fake-minute-key-0013,fake-nocredit-key-0014,fake-restricted-key-0015
}

# answered PATH BODY: one of the requests since the last look went there with
# this body, and with no other.
answered() {
	local n found=0

	for ((n = BEFORE + 1; n <= $(requests); n++)); do
		head -n 1 "$DIR/request.$n" | grep -q "^POST $1 " || continue
		same <(body "$n") "$2" || return
		found=1
	done
	[ "$found" -eq 1 ]
}

@test "gm-keycheck --provider mistral: each key, by its list of models" {
	start
	five
	tool gm-keycheck --provider mistral
	rows 1 'gm-keycheck: 3 of 5 keys are healthy; key 1 (...0012) invalid, key 4 (...0015) unknown
' '0|...0011|work|ok|-|200|MS|-' \
	    '1|...0012|-|invalid|TIME|401|MS|replace it' \
	    '2|...0013|-|ok|-|200|MS|-' '3|...0014|-|ok|-|200|MS|-' \
	    '4|...0015|-|unknown|-|403|MS|use another model, or get permission in the project'
	got_all "$MISTRAL" 'GET /mistral/v1/models Bearer fake-invalid-key-0012' \
	    'GET /mistral/v1/models Bearer fake-minute-key-0013' \
	    'GET /mistral/v1/models Bearer fake-nocredit-key-0014' \
	    'GET /mistral/v1/models Bearer fake-restricted-key-0015'
	[ "$(marks mistral)" = '1 key_rejected' ] # a list is a free call
	same <(gm-rotate --status | cut -f 5) 'ok
' # nothing is known of Gemini's
}

@test "gm-keycheck --provider mistral --level generate: all there is to see" {
	local path=/mistral/v1/chat/completions
	start
	five
	tool gm-keycheck --provider mistral --level generate
	rows 1 'gm-keycheck: 1 of 5 keys is limited, which counts as healthy: key 2 (...0013)
gm-keycheck: 2 of 5 keys are healthy; key 1 (...0012) invalid, key 3 (...0014) no_credit, key 4 (...0015) unknown
' '0|...0011|work|ok|-|200|MS|-' \
	    '1|...0012|-|invalid|TIME|401|MS|replace it' \
	    '2|...0013|-|limited|TIME|429|MS|wait' \
	    '3|...0014|-|no_credit|TIME|402|MS|add credit to the account' \
	    '4|...0015|-|unknown|TIME|403|MS|use another model, or get permission in the project'
	answered $path '{"model":"mistral-large-latest","messages":[{"role":"user","content":"1"}],"stream":true,"max_tokens":1}'
	got_all "$MISTRAL" 'GET /mistral/v1/models Bearer fake-invalid-key-0012' \
	    'GET /mistral/v1/models Bearer fake-minute-key-0013' \
	    'GET /mistral/v1/models Bearer fake-nocredit-key-0014' \
	    'GET /mistral/v1/models Bearer fake-restricted-key-0015' \
	    "POST $path Bearer $ONE" \
	    "POST $path Bearer fake-minute-key-0013" \
	    "POST $path Bearer fake-nocredit-key-0014" \
	    "POST $path Bearer fake-restricted-key-0015"
	# The other tools know it now: only the good key is asked.
	[ "$(marks mistral)" = '1 key_rejected
2 quota_minute
3 no_credit
4 forbidden' ]
	tool gm-rotate --provider mistral
	said 0 '0
' ''
	tool gm-prompt --provider mistral hi
	[ "$rc" -eq 0 ]
	same err ''
	got "POST $path Bearer $ONE"
	# And a list alone shows what it cannot see from there.
	tool gm-keycheck --provider mistral --json -k 2
	said 0 '{"provider":"mistral","index":2,"key":"...0013","project":null,"status":"limited","class":"quota_minute","healthy":true,"retry_at":"TIME","http":200,"ms":MS,"advice":"wait","model":"mistral-large-latest"}
' 'gm-keycheck: 1 of 1 key is limited, which counts as healthy: key 2 (...0013)
'
	tool gm-keycheck --provider mistral --ignore-cooldown 3 2
	rows 0 '' '2|...0013|-|ok|-|200|MS|-' '3|...0014|-|ok|-|200|MS|-'
}

@test "gm-keycheck --provider mistral: a limit is none, and -m is its model" {
	start
	export MISTRAL_API_KEYS=fake-zero-key-0011,fake-good-key-0012
	tool gm-keycheck --provider mistral --level generate -m codestral-2508
	rows 0 'gm-keycheck: 1 of 2 keys is limited, which counts as healthy: key 0 (...0011)
' '0|...0011|-|limited|TIME|429|MS|use another model, or enable billing' \
	    '1|...0012|-|ok|-|200|MS|-'
	answered /mistral/v1/chat/completions '{"model":"codestral-2508","messages":[{"role":"user","content":"1"}],"stream":true,"max_tokens":1}'
	[ "$(gm-rotate --provider mistral -m codestral-2508 --status -v |
	    awk '$7 != "ok" { print $1, $5, $7 }')" = '0 codestral-2508 quota_none' ]
	tool gm-keycheck --provider mistral --level generate -m nonsense --no-save
	rows 1 'gm-keycheck: 1 of 2 keys is limited, which counts as healthy: key 0 (...0011)
gm-keycheck: 1 of 2 keys is healthy; key 1 (...0012) unknown: gm-models lists the models
' '0|...0011|-|limited|TIME|429|MS|use another model, or enable billing' \
	    '1|...0012|-|unknown|-|400|MS|gm-models lists the models'
}

@test "gm-keycheck --level count: a note where no tokens are counted" {
	start
	tool gm-keycheck --provider mistral --level count
	rows 0 'gm-keycheck: --level count skipped: not supported by mistral
' '0|...0011|-|ok|-|200|MS|-' '1|...0012|-|ok|-|200|MS|-'
	got_all "$MISTRAL" "GET /mistral/v1/models Bearer $TWO"
	tool gm-keycheck --provider all --level count
	rows 0 'gm-keycheck: --level count skipped: not supported by mistral
gm-keycheck: --level count skipped: not supported by openai
' 'gemini|0|...0001|-|ok|-|200|MS|-' 'mistral|0|...0011|-|ok|-|200|MS|-' \
	    'mistral|1|...0012|-|ok|-|200|MS|-' 'openai|0|-|-|ok|-|200|MS|-'
	got_all "GET /v1beta/models?pageSize=1 $GEMINI_API_KEY" \
	    "POST /v1beta/models/$ALIAS:countTokens $GEMINI_API_KEY" \
	    "$MISTRAL" "GET /mistral/v1/models Bearer $TWO" \
	    'GET /llamacpp/v1/models'
	tool gm-keycheck --provider openai --level count --quiet
	rows 0 '' '0|-|-|ok|-|200|MS|-'
}

@test "gm-keycheck --provider openai: without a key on this machine" {
	local body path=/llamacpp/v1/chat/completions
	start
	tool gm-keycheck --provider openai
	rows 0 '' '0|-|-|ok|-|200|MS|-'
	got 'GET /llamacpp/v1/models'
	tool gm-keycheck --provider openai --json
	said 0 '{"provider":"openai","index":0,"key":null,"project":null,"status":"ok","class":"ok","healthy":true,"retry_at":null,"http":200,"ms":MS,"advice":null,"model":null}
' ''
	# No model, no answer.
	again
	tool gm-keycheck --provider openai --level generate
	rows 0 'gm-keycheck: --level generate skipped: no model; set OPENAI_MODEL to a name from gm-models --provider openai
' '0|-|-|ok|-|200|MS|-'
	got 'GET /llamacpp/v1/models'
	OPENAI_MODEL=qwen tool gm-keycheck --provider openai --level generate
	rows 0 '' '0|-|-|ok|-|200|MS|-'
	body='{"model":"qwen","messages":[{"role":"user","content":"1"}],"stream":true,"stream_options":{"include_usage":true},"max_tokens":1}'
	answered $path "$body"
	got 'GET /llamacpp/v1/models' "POST $path"
	OPENAI_BASE_URL=$URL/ollama/v1 \
	    tool gm-keycheck --provider openai --level generate -m qwen3:8b
	rows 0 '' '0|-|-|ok|-|200|MS|-'
	answered /ollama/v1/chat/completions "${body/qwen/qwen3:8b}"
	OPENAI_BASE_URL=http://127.0.0.1:1 \
	    tool gm-keycheck --provider openai --retries 0
	unworded err
	rows 69 'gm-keycheck: no key got an answer: http://127.0.0.1:1: connection refused; check that the server is running (refused)
' '0|-|-|unknown|-|-|MS|check that the server is running'
}

@test "gm-keycheck --provider openai: with a key" {
	start
	export OPENAI_BASE_URL=$URL/openai/v1 OPENAI_MODEL=gpt-5-mini
	OPENAI_API_KEY=x:$SERVER_KEY \
	    tool gm-keycheck --provider openai --level generate
	rows 0 '' '0|...0021|x|ok|-|200|MS|-'
	answered /openai/v1/chat/completions '{"model":"gpt-5-mini","messages":[{"role":"user","content":"1"}],"stream":true,"stream_options":{"include_usage":true},"max_tokens":1}'
	got "GET /openai/v1/models Bearer $SERVER_KEY" \
	    "POST /openai/v1/chat/completions Bearer $SERVER_KEY"
	OPENAI_API_KEY=fake-invalid-key-0022 tool gm-keycheck --provider openai
	rows 77 'gm-keycheck: no key is healthy; key 0 (...0022) invalid: replace it
' '0|...0022|-|invalid|TIME|401|MS|replace it'
	OPENAI_API_KEY=fake-restricted-key-0023 tool gm-keycheck --provider openai
	rows 69 'gm-keycheck: no key got an answer: key 0 (...0023): permission denied; use another model, or get permission in the project (HTTP 403, forbidden): You have insufficient permissions for this operation. Missing scopes: model.request.
' '0|...0023|-|unknown|-|403|MS|use another model, or get permission in the project'
	OPENAI_API_KEY=fake-nocredit-key-0024 \
	    tool gm-keycheck --provider openai --level generate
	rows 77 'gm-keycheck: no key is healthy; key 0 (...0024) no_credit: add credit to the account
' '0|...0024|-|no_credit|TIME|429|MS|add credit to the account'
	OPENAI_API_KEY=fake-minute-key-0025 \
	    tool gm-keycheck --provider openai --level generate
	rows 0 'gm-keycheck: 1 of 1 key is limited, which counts as healthy: key 0 (...0025)
' '0|...0025|-|limited|TIME|429|MS|wait'
}

@test "gm-keycheck --provider all: whose key it is, in every form" {
	start
	five
	tool gm-keycheck --provider all --json
	[ "$rc" -eq 1 ]
	same err 'gm-keycheck: 5 of 7 keys are healthy; mistral key 1 (...0012) invalid, mistral key 4 (...0015) unknown
'
	[ "$(jq -r '[.provider, .index, .key, .status] | join(" ")' raw)" = \
	    'gemini 0 ...0001 ok
mistral 0 ...0011 ok
mistral 1 ...0012 invalid
mistral 2 ...0013 ok
mistral 3 ...0014 ok
mistral 4 ...0015 unknown
openai 0  ok' ]
	export MISTRAL_API_KEYS=work:$ONE,fake-invalid-key-0012
	rc=0
	terminal -f 1 -o shown gm-keycheck --provider all 2>err || rc=$?
	[ "$rc" -eq 1 ]
	sed -E -i 's/[0-9:]{8}Z/TIME     /
	    s/  (200|401)   [0-9]+ +/  \1   MS  /; s/MS +WHAT/MS  WHAT/' shown
	same shown 'PROVIDER  INDEX  KEY      PROJECT  STATUS   RETRY AT   HTTP  MS  WHAT TO DO
gemini    0      ...0001  -        ok       -          200   MS  -
mistral   0      ...0011  work     ok       -          200   MS  -
mistral   1      ...0012  -        invalid  TIME       401   MS  replace it
openai    0      -        -        ok       -          200   MS  -
'
	# What has no keys is not there; -v says so.
	unset MISTRAL_API_KEYS OPENAI_BASE_URL
	tool gm-keycheck --provider all -v
	rows 0 "gm-keycheck: mistral: skipped: no API key $TRUSTED; set MISTRAL_API_KEYS
gm-keycheck: openai: skipped: no API key $TRUSTED; set OPENAI_API_KEY
" '0|...0001|-|ok|-|200|MS|-'
	unset GEMINI_API_KEY
	tool gm-keycheck --provider all
	fails 78 "gm-keycheck: no API key $LOOKED; set GOOGLE_API_KEYS"
}

@test "gm-keycheck --fallback, GM_FALLBACK: keys of those behind it, too" {
	start
	local gemini='gemini|0|...0001|-|ok|-|200|MS|-'
	local mistral='mistral|0|...0011|-|ok|-|200|MS|-'
	export MISTRAL_API_KEYS=$ONE
	tool gm-keycheck --fallback openai,mistral
	rows 0 '' "$gemini" 'openai|0|-|-|ok|-|200|MS|-' "$mistral"
	tool gm-keycheck --fallback-mistral
	rows 0 '' "$gemini" "$mistral"
	again
	export GM_FALLBACK=mistral
	tool gm-keycheck
	rows 0 '' "$gemini" "$mistral"
	got_all "GET /v1beta/models?pageSize=1 $GEMINI_API_KEY" "$MISTRAL"
	local option
	for option in '--fallback none' '-k 0' 0; do
		# shellcheck disable=SC2086 # words
		tool gm-keycheck $option
		rows 0 '' '0|...0001|-|ok|-|200|MS|-'
	done
	tool gm-keycheck -v 0
	rows 0 'gm-keycheck: GM_FALLBACK is ignored, as a key or a provider is given
' '0|...0001|-|ok|-|200|MS|-'
	tool gm-keycheck --provider mistral
	rows 0 '' '0|...0011|-|ok|-|200|MS|-'
	again
	MISTRAL_API_KEYS='' tool gm-keycheck
	rows 0 "gm-keycheck: mistral: skipped: no API key $TRUSTED; set MISTRAL_API_KEYS
" '0|...0001|-|ok|-|200|MS|-'
	GEMINI_API_KEY='' tool gm-keycheck
	rows 0 "gm-keycheck: gemini: skipped: no API key $TRUSTED; set GOOGLE_API_KEYS
" '0|...0011|-|ok|-|200|MS|-'
}

@test "gm-keycheck --provider all, --fallback: what they exclude" {
	start
	local line
	while IFS='|' read -r line words; do
		# shellcheck disable=SC2086 # words
		tool gm-keycheck $line
		misused gm-keycheck "$words" || {
			echo "with $line"
			return 1
		}
	done <<-'END'
		--provider all 0|--provider all and operands cannot be combined
		--provider all -|--provider all and operands cannot be combined
		--provider all -k 0|--key-index and --provider all cannot be combined
		--provider all --fallback mistral|--fallback and --provider all cannot be combined
		--provider all --fallback-mistral|--fallback and --provider all cannot be combined
		--fallback mistral 0|--fallback and operands cannot be combined
		--fallback-mistral -|--fallback-mistral and operands cannot be combined
		--fallback mistral -k 0|--key-index and --fallback cannot be combined
		--fallback mistral --fallback-mistral|--fallback and --fallback-mistral cannot be combined
		--provider nobody|--provider: not gemini, mistral, openai or all
		--fallback all|--fallback: not gemini, mistral or openai
		--provider mistral 2|INDEX: not a whole number from 0 to 1
		--provider mistral -k 2|--key-index: no key has index 2; the last one has 1
	END
}

@test "gm-keycheck --provider mistral -: keys that are typed" {
	start
	echo "x:$TWO"$'\n'fake-invalid-key-0099 >typed
	export GM_FALLBACK=openai
	INPUT=typed tool gm-keycheck --provider mistral -
	rows 1 'gm-keycheck: 1 of 2 keys is healthy; key 1 (...0099) invalid: replace it
' '0|...0012|x|ok|-|200|MS|-' '1|...0099|-|invalid|TIME|401|MS|replace it'
	got_all "GET /mistral/v1/models Bearer $TWO" \
	    'GET /mistral/v1/models Bearer fake-invalid-key-0099'
	echo $SERVER_KEY >typed
	INPUT=typed OPENAI_BASE_URL=$URL/openai/v1 \
	    tool gm-keycheck --provider openai -
	rows 0 '' '0|...0021|-|ok|-|200|MS|-'
	got "GET /openai/v1/models Bearer $SERVER_KEY"
	# It needs keys, whatever the server does.
	tool gm-keycheck --provider openai -
	fails 78 'gm-keycheck: standard input: no API key; type one on each line'
	got
}

@test "gm-keycheck --provider all --min-healthy, --prometheus: over all keys" {
	start
	five
	tool gm-keycheck --provider all --min-healthy 5 --prometheus m
	[ "$rc" -eq 0 ]
	same err ''
	tool gm-keycheck --provider all --min-healthy 6
	[ "$rc" -eq 1 ]
	same err 'gm-keycheck: 5 of 7 keys are healthy, 6 required; mistral key 1 (...0012) invalid, mistral key 4 (...0015) unknown
'
	same <(shape <m) '# HELP gm_key_healthy 1 if this API key is healthy, else 0.
# TYPE gm_key_healthy gauge
gm_key_healthy{provider="gemini",index="0",project=""} 1
gm_key_healthy{provider="mistral",index="0",project="work"} 1
gm_key_healthy{provider="mistral",index="1",project=""} 0
gm_key_healthy{provider="mistral",index="2",project=""} 1
gm_key_healthy{provider="mistral",index="3",project=""} 1
gm_key_healthy{provider="mistral",index="4",project=""} 0
gm_key_healthy{provider="openai",index="0",project=""} 1
# HELP gm_key_status 1, with the status of this API key as a label.
# TYPE gm_key_status gauge
gm_key_status{provider="gemini",index="0",project="",status="ok"} 1
gm_key_status{provider="mistral",index="0",project="work",status="ok"} 1
gm_key_status{provider="mistral",index="1",project="",status="invalid"} 1
gm_key_status{provider="mistral",index="2",project="",status="ok"} 1
gm_key_status{provider="mistral",index="3",project="",status="ok"} 1
gm_key_status{provider="mistral",index="4",project="",status="unknown"} 1
gm_key_status{provider="openai",index="0",project="",status="ok"} 1
# HELP gm_keys_checked Number of API keys that were checked.
# TYPE gm_keys_checked gauge
gm_keys_checked 7
# HELP gm_keys_healthy Number of these API keys that are healthy.
# TYPE gm_keys_healthy gauge
gm_keys_healthy 5
# HELP gm_keycheck_timestamp_seconds Time of the check in seconds since 1970.
# TYPE gm_keycheck_timestamp_seconds gauge
gm_keycheck_timestamp_seconds MS
'
	command -v promtool >/dev/null || skip 'no promtool'
	promtool check metrics <m
}

@test "gm-keycheck --provider: the env file of a key of Mistral is looked at" {
	start
	unset MISTRAL_API_KEYS MISTRAL_BASE_URL GEMINI_API_KEY
	git init -q .
	(umask 077 && printf 'MISTRAL_API_KEYS=%s\nMISTRAL_BASE_URL=%s\n' \
	    $ONE "$URL/mistral" >.env)
	tool gm-keycheck --provider mistral
	rows 0 'gm-keycheck: ./.env: not ignored by git; add it to .gitignore
' '0|...0011|-|ok|-|200|MS|-'
	git add .env
	tool gm-keycheck --provider mistral
	rows 0 'gm-keycheck: ./.env: tracked by git; remove it from the repository, and replace its keys if they were pushed
' '0|...0011|-|ok|-|200|MS|-'
	got "$MISTRAL" "$MISTRAL"
}

# --- gm-rotate

@test "gm-rotate --provider mistral: it moves among its keys, --peek does not" {
	start
	local gemini=fake-good-key-0001,fake-good-key-0002
	export GOOGLE_API_KEYS=$gemini
	tool gm-rotate --provider mistral
	said 0 '1
' ''
	tool gm-rotate --provider mistral --peek --json
	said 0 '{"ok":true,"model":"mistral-large-latest","index":1,"key":"...0012","error":null}
' ''
	tool gm-rotate --peek
	said 0 '0
' ''
	tool gm-rotate --provider mistral --print-key
	said 0 "$ONE
" ''
	tool gm-rotate --provider mistral --current-index 1
	said 0 '0
' ''
	tool gm-rotate --provider mistral --current-index 0
	tool gm-rotate --provider mistral -m other --peek --json
	said 0 '{"ok":true,"model":"other","index":0,"key":"...0011","error":null}
' ''
	# Another tool goes on with it.
	tool gm-prompt --provider mistral hi
	got "POST /mistral/v1/chat/completions Bearer $TWO"
}

@test "gm-rotate --provider mistral: --mark, --reset, --status, 75 and 77" {
	start
	local known='gm-rotate --provider mistral --reset clears the mark'
	tool gm-rotate --provider mistral --mark 0 --class quota_minute --for 10m
	said 0 '' ''
	tool gm-rotate --provider mistral --peek
	said 0 '1
' ''
	tool gm-rotate --provider mistral --mark 1 --class key_rejected
	tool gm-rotate --provider mistral
	fails 75 "gm-rotate: no usable key until TIME: 1 key cooling down, 1 rejected; gm-keycheck shows the reason for each (quota_minute)"
	tool gm-rotate --provider mistral -k 1
	fails 77 "gm-rotate: key 1 (...0012): API key rejected; replace it, or $known (key_rejected): marked by gm-rotate"
	tool gm-rotate --provider mistral --status
	rows 0 '' '0|...0011|-|*|limited|TIME|rate-limited|0' \
	    '1|...0012|-|-|invalid|TIME|API key rejected|0'
	tool gm-rotate --status # of Gemini nothing is known
	rows 0 '' "0|...0001|-|*|ok|-|-|0"
	tool gm-rotate --provider mistral --reset 1
	tool gm-rotate --provider mistral
	said 0 '1
' ''
	tool gm-rotate --provider mistral --reset
	tool gm-rotate --provider mistral --status --json
	said 0 '{"index":0,"key":"...0011","project":null,"models":[{"model":"mistral-large-latest","current":true,"status":"ok","class":"ok","since":null,"retry_at":null,"requests":0,"failures":0,"last_use":null,"reason":null}]}
{"index":1,"key":"...0012","project":null,"models":[{"model":"mistral-large-latest","current":false,"status":"ok","class":"ok","since":null,"retry_at":null,"requests":0,"failures":0,"last_use":null,"reason":null}]}
' ''
	tool gm-rotate --provider mistral --mark 2 --class ok
	misused gm-rotate 'no key has index 2; the last one has 1'
}

@test "gm-rotate --provider mistral: another base URL has other marks" {
	start
	tool gm-rotate --provider mistral --mark 0 --class key_leaked
	MISTRAL_BASE_URL=http://127.0.0.1:1 tool gm-rotate --provider mistral --peek
	said 0 '0
' ''
	tool gm-rotate --provider mistral --peek
	said 0 '1
' ''
}

# environment NAME...: those variables, as a command finds them.
environment() {
	env -i PATH="$PATH" HOME="$HOME" GEMINI_API_KEY=g GOOGLE_API_KEY=h \
	    GOOGLE_API_KEYS=i,j MISTRAL_API_KEYS=$ONE,$TWO MISTRAL_API_KEY=k \
	    OPENAI_API_KEY=$SERVER_KEY OPENAI_MODEL=m \
	    timeout 60 gm-rotate "$@" -- env | grep API_KEY | sort
}

@test "gm-rotate --provider: the environment of a command" {
	same <(environment --provider mistral) "GEMINI_API_KEY=g
GOOGLE_API_KEY=h
GOOGLE_API_KEYS=i,j
MISTRAL_API_KEY=$ONE
OPENAI_API_KEY=$SERVER_KEY
"
	same <(environment --provider mistral -k 1) "GEMINI_API_KEY=g
GOOGLE_API_KEY=h
GOOGLE_API_KEYS=i,j
MISTRAL_API_KEY=$TWO
OPENAI_API_KEY=$SERVER_KEY
"
	same <(environment --provider openai) "GEMINI_API_KEY=g
GOOGLE_API_KEY=h
GOOGLE_API_KEYS=i,j
MISTRAL_API_KEY=k
MISTRAL_API_KEYS=$ONE,$TWO
OPENAI_API_KEY=$SERVER_KEY
"
	same <(environment --provider gemini) "GEMINI_API_KEY=i
GOOGLE_API_KEY=i
MISTRAL_API_KEY=k
MISTRAL_API_KEYS=$ONE,$TWO
OPENAI_API_KEY=$SERVER_KEY
"
}

@test "gm-rotate --provider: no model, no key, and none that is needed: 78" {
	start
	tool gm-rotate --provider openai
	fails 78 'gm-rotate: openai: URL/llamacpp/v1: the server needs no key, so there is none to choose'
	OPENAI_MODEL=m tool gm-rotate --provider openai --status
	fails 78 'gm-rotate: openai: URL/llamacpp/v1: the server needs no key, so there is none to choose'
	OPENAI_API_KEY=$SERVER_KEY tool gm-rotate --provider openai -- true
	fails 78 'gm-rotate: no model; set OPENAI_MODEL to a name from gm-models --provider openai'
	OPENAI_API_KEY=$SERVER_KEY tool gm-rotate --provider openai -m m
	said 0 '0
' ''
	OPENAI_BASE_URL='' tool gm-rotate --provider openai
	fails 78 "gm-rotate: no API key $LOOKED; set OPENAI_API_KEY"
	MISTRAL_API_KEYS='' tool gm-rotate --provider mistral
	fails 78 "gm-rotate: no API key $LOOKED; set MISTRAL_API_KEYS"
	tool gm-rotate --provider all
	misused gm-rotate "--provider: not gemini, mistral or openai"
	tool gm-rotate --fallback mistral
	misused gm-rotate 'unknown option: --fallback'
	GM_FALLBACK=mistral tool gm-rotate
	said 0 '0
' ''
}

@test "gm-rotate --from-reports --provider: what gm-keycheck says of all" {
	start
	five
	tool gm-keycheck --provider all --level generate --no-save --json
	[ "$rc" -eq 1 ]
	mv raw report
	[ ! -e "$HOME/.local/state/gm/keys" ]
	INPUT=report tool gm-rotate --from-reports --provider mistral
	said 0 '0
' 'gm-rotate: line 1 skipped: another provider
gm-rotate: line 7 skipped: another provider
'
	[ "$(marks mistral)" = '1 key_rejected
2 quota_minute
3 no_credit' ]
	INPUT=report tool gm-rotate --from-reports
	[ "$rc" -eq 0 ]
	same out '0
'
	[ "$(sort -u err | wc -l)" -eq 6 ]
	[ -z "$(marks gemini)" ]
}

@test "gm-rotate --from-reports: the record of a run that fell back" {
	start
	export GEMINI_API_KEY=fake-invalid-key-0001
	export MISTRAL_API_KEYS=fake-invalid-key-0011,$TWO
	tool gm-prompt --fallback mistral --json hi
	[ "$rc" -eq 0 ]
	mv raw report
	[ "$(jq -c '[.attempts[] | [.provider, .key_index, .class]]' report)" = \
	    '[["gemini",0,"key_invalid"],["mistral",0,"key_rejected"],["mistral",1,"ok"]]' ]
	forget
	INPUT=report tool gm-rotate --provider mistral --from-reports
	said 0 '1
' 'gm-rotate: line 1 skipped: another provider
'
	[ "$(marks mistral)" = '0 key_rejected' ]
	[ -z "$(marks gemini)" ]
	forget
	INPUT=report tool gm-rotate --from-reports
	said 77 '' 'gm-rotate: line 1 skipped: another provider
gm-rotate: line 1 skipped: another provider
gm-rotate: key 0 (...0001): API key not valid; replace it, or gm-rotate --reset clears the mark (key_invalid)
'
	[ "$(marks gemini)" = '0 key_invalid' ]
}

@test "gm-rotate --provider: all of that without libcurl" {
	run -0 ldd "$BUILD/gm-rotate"
	[[ $output != *curl* && $output == *libc.so* ]]
}
