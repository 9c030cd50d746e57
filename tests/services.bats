# Who is asked: the switches for it, what they refuse, and the keys, base URLs
# and paces of the services beside Gemini.

# shellcheck disable=SC2030,SC2031,SC2153,SC2154
load net

GONE="gemini: $ALIAS: no such model; gm-models lists the models"

# gone: Gemini lacks the model, so that the next service is asked at once.
gone() {
	play <<-E
	[$(at gemini '"status":404,"json":{"error":{"code":404,"message":"gone","status":"NOT_FOUND"}}'),
	 $MISTRAL_GOOD,$LOCAL_GOOD]
	E
}

# fell WHO: it answered in Gemini's place, and one line says so.
fell() {
	local text=$MISTRAL_SAYS
	[ "$1" = mistral ] || text=$LOCAL_SAYS
	said 0 "$text
" "gm-prompt: $GONE; using $1 (HTTP 404, model_gone)
"
}

# alone: nobody was asked but Gemini.
alone() {
	failed 78 "${GONE#gemini: } (HTTP 404, model_gone)" && went K0
}

# keep FILE LINE...: a file for us alone, of these lines.
keep() {
	(umask 077 && printf '%s\n' "${@:2}" >"$1")
}

# --- who is asked

@test "--fallback, --fallback-mistral and GM_FALLBACK, and none" {
	services
	gone
	ask hi
	alone
	again
	ask --fallback mistral hi
	fell mistral
	went K0 M0
	again
	ask --fallback-mistral hi
	fell mistral
	went K0 M0
	again
	GM_FALLBACK=mistral ask hi
	fell mistral
	went K0 M0
	again
	GM_FALLBACK=' openai , mistral ' ask hi
	fell openai
	went K0 L
	again
	GM_FALLBACK=none ask hi
	alone
	again
	GM_FALLBACK='' ask hi
	alone
	# An env file that is named.
	keep env GM_FALLBACK=mistral
	again
	ask --env-file env hi
	fell mistral
	went K0 M0
}

@test "precedence: option, environment, env file" {
	services
	gone
	keep env GM_FALLBACK=mistral
	GM_FALLBACK=openai ask --env-file env hi
	fell openai
	went K0 L
	again
	GM_FALLBACK=openai ask --env-file env --fallback mistral hi
	fell mistral
	went K0 M0
	again
	GM_FALLBACK=openai ask --fallback-mistral hi
	fell mistral
	went K0 M0
	for list in none '' ' '; do
		again
		GM_FALLBACK=openai ask --env-file env --fallback "$list" hi
		alone
	done
	again
	GM_FALLBACK=none ask --env-file env hi
	alone
	# The other way round, too.
	play <<<"[$(at mistral '"refusal":"no_model"'),{$STREAM}]"
	ask --provider mistral --fallback gemini hi
	[ "$rc" -eq 0 ]
	same out "$GEMINI_SAYS
"
	went M0 K0
}

@test "./.env cannot switch it on: ignored, with a note" {
	services
	gone
	keep .env GM_FALLBACK=mistral "GEMINI_API_KEY=$K0" "MISTRAL_API_KEY=$M1"
	unset GOOGLE_API_KEYS
	ask hi
	said 78 '' "gm-prompt: ./.env: GM_FALLBACK ignored: only keys, model names, numbers and loopback base URLs are read from this file
gm-prompt: ${GONE#gemini: } (HTTP 404, model_gone)
"
	went K0
}

@test "names that are unknown, and switches that cannot be combined" {
	services
	local who="not gemini, mistral or openai"
	ask --fallback mistal hi
	usage "--fallback: $who"
	ask --fallback mistral,,openai hi
	usage "--fallback: $who"
	ask --fallback mistral,none hi
	usage "--fallback: $who"
	ask --fallback Mistral hi
	usage "--fallback: $who"
	GM_FALLBACK=mistral,claude ask hi
	failed 78 "environment: GM_FALLBACK: $who"
	keep env GM_FALLBACK=x
	ask --env-file env hi
	failed 78 "env: GM_FALLBACK: $who"
	ask --fallback mistral --fallback-mistral hi
	usage '--fallback and --fallback-mistral cannot be combined'
	ask -k 0 --fallback mistral hi
	usage '--key-index and --fallback cannot be combined'
	ask -k 0 --fallback-mistral hi
	usage '--key-index and --fallback-mistral cannot be combined'
	ask --provider mistal hi
	usage "--provider: not gemini, mistral or openai"
	unsent
}

@test "who is named twice is asked once" {
	services
	play <<<"[$(at gemini '"refusal":"no_model"'),$(at mistral '"refusal":"server"'),$(at llamacpp '"refusal":"server"')]"
	ask --fallback mistral,mistral,openai,gemini,mistral --retries 0 hi
	[ "$rc" -eq 78 ]
	went K0 M0 L
	again
	ask --provider mistral --fallback mistral --retries 0 hi
	failed 69 'mistral-large-latest: error at the service; try again later (HTTP 500, server): Internal server error'
	went M0
}

@test "GM_FALLBACK is not for -k, nor behind another service" {
	local not='gm-prompt: GM_FALLBACK is ignored, as a key or a provider is given'
	services
	gone
	export GM_FALLBACK=mistral
	ask -k 1 hi
	failed 78 "${GONE#gemini: } (HTTP 404, model_gone)"
	went K1
	again
	ask -k 1 -v hi
	[ "$rc" -eq 78 ]
	grep -qxF "$not" err
	play <<<"[$(at llamacpp '"refusal":"server"'),$MISTRAL_GOOD]"
	ask --provider openai --retries 0 hi
	failed 69 'qwen3-8b-q4_k_m: error at the service; try again later (HTTP 500, server): Compute error.'
	went L
	again
	ask --provider openai --retries 0 -v hi
	grep -qxF "$not" err
	# An option is meant.
	again
	ask --provider openai --retries 0 --fallback mistral hi
	[ "$rc" -eq 0 ]
	went L M0
}

@test "-m names the model of the first service alone" {
	services
	gone
	export MISTRAL_MODEL_NAME=mistral-small-latest
	ask -m gemini-9 --json --fallback mistral hi
	[ "$rc" -eq 0 ]
	same <(jq -c '[.attempts[].model]' out) '["gemini-9","mistral-small-latest"]
'
	again
	ask --provider mistral -m ministral-8b-latest --json hi
	[ "$rc" -eq 0 ]
	went M0
	same <(jq -c '[.attempts[].model]' out) '["ministral-8b-latest"]
'
	# A list of them, too.
	play <<<"[$(at gemini '"refusal":"no_model"'),{\"when\":{\"path\":\"/mistral/\"},\"refusal\":\"no_model\"},$MISTRAL_GOOD]"
	MISTRAL_MODEL_NAME='a, b' ask --json --fallback mistral hi
	[ "$rc" -eq 0 ]
	same <(jq -c '[.attempts[].model]' out) "[\"$ALIAS\",\"a\",\"b\"]
"
}

# --- without keys

@test "a service without a key is left out with a note; 78 if all are" {
	local files="$HOME/.config/gm/env, /etc/gm/env"
	local trusted="in $files or the environment"
	local looked="in $files, ./.env or the environment"
	[ ! -e /etc/gm/env ] || skip '/etc/gm/env is there'
	services
	gone
	unset MISTRAL_API_KEY
	ask --fallback mistral,openai hi
	said 0 "$LOCAL_SAYS
" "gm-prompt: mistral: skipped: no API key $trusted; set MISTRAL_API_KEYS
gm-prompt: $GONE; using openai (HTTP 404, model_gone)
"
	went K0 L
	again
	ask --fallback mistral hi
	said 78 '' "gm-prompt: mistral: skipped: no API key $trusted; set MISTRAL_API_KEYS
gm-prompt: ${GONE#gemini: } (HTTP 404, model_gone)
"
	# The first of them, too.
	unset GOOGLE_API_KEYS
	again
	ask --fallback openai --json hi
	[ "$rc" -eq 0 ]
	same err "gm-prompt: gemini: skipped: no API key $looked; set GOOGLE_API_KEYS
"
	same <(jq -c '[.provider, .fallback, .key_index, .attempts[0].key]' out) '["openai",true,null,null]
'
	went L
	# None has one.
	again
	ask --fallback mistral hi
	failed 78 "no API key $looked; set GOOGLE_API_KEYS"
	tried 0
	ask --provider mistral hi
	failed 78 "no API key $looked; set MISTRAL_API_KEYS"
	tried 0
	# Only on this machine none is needed.
	OPENAI_BASE_URL=https://api.example/v1 ask --provider openai hi
	failed 78 "no API key $looked; set OPENAI_API_KEY"
}

@test "OPENAI_MODEL has no default: left out with a note, or 78" {
	local no='no model; set OPENAI_MODEL to a name from gm-models --provider openai'
	services
	gone
	unset OPENAI_MODEL
	ask --provider openai hi
	failed 78 "$no"
	tried 0
	ask --fallback openai,mistral hi
	said 0 "$MISTRAL_SAYS
" "gm-prompt: openai: skipped: $no
gm-prompt: $GONE; using mistral (HTTP 404, model_gone)
"
	went K0 M0
}

# --- options that are not supported

@test "an option that is not supported is rejected before anything is sent" {
	local options line failures=0
	services
	export OPENAI_API_KEY=$O0
	while IFS='|' read -r provider options line; do
		read -ra options <<<"$options"
		ask --provider "$provider" "${options[@]}" hi
		usage "$line" || {
			echo "$provider ${options[*]}: see above"
			failures=$((failures + 1))
		}
	done <<-'E'
	mistral|--top-k 4|--top-k: not supported by mistral
	mistral|--search --top-k 4|--top-k, --search: not supported by mistral
	mistral|--count|--count: not supported by mistral
	mistral|--safety low|--safety: not supported by mistral
	mistral|--url-context|--url-context: not supported by mistral
	mistral|--thinking 512|--thinking 512: not supported by mistral
	mistral|--thinking -1|--thinking -1: not supported by mistral
	mistral|--temperature 1.6|--temperature: mistral accepts at most 1.5
	mistral|--temperature 2 --search|--search: not supported by mistral; --temperature: mistral accepts at most 1.5
	openai|--top-k 4|--top-k: not supported by openai
	openai|--search --safety none --url-context --count|--count, --safety, --search, --url-context: not supported by openai
	openai|--thinking 1|--thinking 1: not supported by openai
	E
	[ "$failures" -eq 0 ]
	# OpenAI itself; nothing leaves this machine.
	unset OPENAI_BASE_URL
	ask --provider openai --stop 1 --stop 2 --stop 3 --stop 4 --stop 5 hi
	usage '--stop: openai accepts at most 4'
}

@test "a fallback that does not support an option is skipped with a note" {
	services
	gone
	ask --fallback mistral,openai --temperature 1.7 hi
	said 0 "$LOCAL_SAYS
" "gm-prompt: mistral: skipped: --temperature: mistral accepts at most 1.5
gm-prompt: $GONE; using openai (HTTP 404, model_gone)
"
	went K0 L
	again
	ask --fallback mistral --thinking 512 hi
	said 78 '' "gm-prompt: mistral: skipped: --thinking 512: not supported by mistral
gm-prompt: ${GONE#gemini: } (HTTP 404, model_gone)
"
	went K0
	again
	ask --fallback mistral,openai --search --top-k 3 hi
	said 78 '' "gm-prompt: mistral: skipped: --top-k, --search: not supported by mistral
gm-prompt: openai: skipped: --top-k, --search: not supported by openai
gm-prompt: ${GONE#gemini: } (HTTP 404, model_gone)
"
	went K0
}

# --- keys of the others

# twins: Mistral alone, with two keys of which nothing is known.
twins() {
	services
	unset MISTRAL_API_KEY
	export MISTRAL_API_KEYS=$M0,$M1
	remember
}

@test "of those that only stand in, one that fits is asked" {
	services
	unset GOOGLE_API_KEYS
	play <<<"[$MISTRAL_GOOD,$LOCAL_GOOD]"
	ask --fallback mistral,openai -t 1.8 hi
	[ "$rc" -eq 0 ]
	same out "$LOCAL_SAYS
"
	grep -qx 'gm-prompt: mistral: skipped: --temperature: mistral accepts at most 1.5' err
	went L
	again
	ask --fallback mistral -t 1.8 hi
	[ "$rc" -eq 64 ]
	went
}

@test "none is nobody, also with -k; ./.env is not ours for those not asked" {
	services
	play <<<"[{$STREAM,\"repeat\":-1}]"
	ask -k 0 --fallback none hi
	[ "$rc" -eq 0 ]
	same out "$GEMINI_SAYS
"
	mkdir -p "$HOME/.config/gm"
	keep "$HOME/.config/gm/env" "GOOGLE_API_KEYS=$K1" "GOOGLE_GEMINI_BASE_URL=$URL"
	keep .env OPENAI_API_KEY=fake-other-key-0003
	unset GOOGLE_API_KEYS GOOGLE_GEMINI_BASE_URL
	export GM_FALLBACK=openai
	again
	ask -k 0 hi
	[ "$rc" -eq 0 ]
	went K1
	gm-rotate --peek >out
	same out $'0\n'
}

@test "Mistral's keys rotate, and the next process knows" {
	local refusal
	twins
	for refusal in unauthorized unauthorized_message unauthorized_empty \
	    billing tier rate rate_requests; do
		rm -rf "$HOME/.local/state/gm"
		play <<<"[{\"when\":{\"key\":\"$M0\"},\"refusal\":\"$refusal\",\"repeat\":-1},$MISTRAL_GOOD]"
		ask --provider mistral hi
		said 0 "$MISTRAL_SAYS
" ''
		went M0 M1
		again
		ask --provider mistral hi
		went M1
		# Also where it is the one that is fallen back to.
		unset GOOGLE_API_KEYS
		again
		ask --quiet --fallback mistral hi
		said 0 "$MISTRAL_SAYS
" ''
		went M1
		export GOOGLE_API_KEYS=$K0,$K1
	done
}

@test "Mistral: keys of one label share their quota" {
	twins
	export MISTRAL_API_KEYS=home:$M0,home:$M1
	play <<<"[{\"when\":{\"key\":\"$M0\"},\"refusal\":\"rate\",\"repeat\":-1},$MISTRAL_GOOD]"
	ask --provider mistral --max-wait 10ms hi
	[ "$rc" -eq 75 ]
	went M0
	again
	ask --provider mistral --max-wait 10ms hi
	[ "$rc" -eq 75 ]
	tried 0
	# -k is of the service that is asked.
	export MISTRAL_API_KEYS=$M0,$M1
	play <<<"[$MISTRAL_GOOD]"
	ask --provider mistral -k 1 hi
	[ "$rc" -eq 0 ]
	went M1
	ask --provider mistral -k 2 hi
	[ "$rc" -eq 64 ]
	same err "gm-prompt: --key-index: no key has index 2; the last one has 1
Try 'gm-prompt --help'.
"
}

@test "Mistral: a key at rest is waited for as Gemini's is" {
	twins
	export MISTRAL_API_KEYS=$M0
	play <<<"[{\"refusal\":\"rate\",\"headers\":{\"Retry-After\":\"1\"}},$MISTRAL_GOOD]"
	ask --provider mistral --max-wait 5 hi
	[ "$rc" -eq 0 ]
	same out "$MISTRAL_SAYS
"
	[[ $(cat err) =~ ^'gm-prompt: rate-limited: waiting '[01].[0-9]' s for key 0 (...0100)'$ ]]
	went M0 M0
}

@test "marks of one service are nothing to another" {
	services
	remember
	play <<<"[$(at gemini '"refusal":"key_leaked"'),$MISTRAL_GOOD]"
	ask hi
	[ "$rc" -eq 77 ]
	went K0 K1
	# The very same keys at another service, which is another host.
	export MISTRAL_BASE_URL=${URL/127.0.0.1/localhost}/mistral/v1
	MISTRAL_API_KEYS=$K0,$K1 ask --provider mistral hi
	said 0 "$MISTRAL_SAYS
" ''
}

@test "a full state is told once, by whichever service meets it first" {
	local line full="$BATS_TEST_TMPDIR/state/keys: full: the oldest 2 rows dropped; set GM_STATE_DIR to a different directory for each list of keys"
	services
	remember
	export GM_STATE_DIR=$BATS_TEST_TMPDIR/state GOOGLE_API_KEYS=fake-leaked-key-0003
	play <<<"[$MISTRAL_GOOD]"
	ask hi
	[ "$rc" -eq 77 ]
	line=$(grep key_leaked "$GM_STATE_DIR/keys")
	awk '{ id = $7
		for (i = 1; i < 10000; i++) {
			copy = $0
			sub(id, sprintf("%064d", i), copy)
			print copy
		}
	}' <<<"$line" >>"$GM_STATE_DIR/keys"
	# No key of Gemini is asked, so that nothing is written for it.
	again
	ask --fallback mistral hi
	went M0
	[ "$rc" -eq 0 ]
	[ "$(grep -cxF "gm-prompt: $full" err)" -eq 1 ]
	[ "$(grep -c 'full' err)" -eq 1 ]
	# Here both write.
	again
	GOOGLE_API_KEYS=fake-invalid-key-0004 ask --fallback mistral hi
	[ "$rc" -eq 0 ]
	[ "$(grep -c 'full' err)" -eq 1 ]
	# Nor is another fault told for each of them.
	again
	printf 'x' >"$BATS_TEST_TMPDIR/file"
	GM_STATE_DIR=$BATS_TEST_TMPDIR/file/x ask --fallback mistral hi
	[ "$rc" -eq 0 ]
	[ "$(grep -c 'kept in memory only' err)" -eq 1 ]
}

@test "keys in the credentials directory" {
	services
	unset MISTRAL_API_KEY OPENAI_BASE_URL
	export CREDENTIALS_DIRECTORY=$PWD/credentials
	mkdir -m 700 credentials
	echo "$M1" >credentials/mistral-api-keys
	echo "$O0" >credentials/openai-api-key
	play <<<"[$MISTRAL_GOOD]"
	ask --provider mistral hi
	[ "$rc" -eq 0 ]
	went M1
	again
	OPENAI_BASE_URL=$URL/openai/v1 OPENAI_MODEL=gpt-5-mini ask --provider openai hi
	[ "$rc" -eq 0 ]
	went O0
	# The environment comes first, an env file last.
	keep env "MISTRAL_API_KEY=$K0"
	again
	MISTRAL_API_KEY=$M0 ask --env-file env --provider mistral hi
	went M0
	again
	ask --env-file env --provider mistral hi
	went M1
}

@test "a list of keys beats one key; MISTRAL_API_KEY as a list of its own" {
	services
	play <<<"[$MISTRAL_GOOD]"
	MISTRAL_API_KEYS=$M1 ask --provider mistral hi
	went M1
	again
	MISTRAL_API_KEY="$M0 $M1" ask --provider mistral hi
	[ "$rc" -eq 78 ]
	failed 78 'environment: MISTRAL_API_KEY: key 0: byte 22 is a blank; separate keys with commas'
	tried 0
}

# --- base URLs

@test "a base URL from a weaker place than the key: 78" {
	services
	unset MISTRAL_BASE_URL OPENAI_BASE_URL
	keep env "MISTRAL_BASE_URL=$URL/mistral/v1" "OPENAI_BASE_URL=$URL/openai/v1"
	ask --env-file env --provider mistral hi
	failed 78 'env: MISTRAL_BASE_URL is less trusted than the keys (environment); set both in one file, or both in the environment'
	OPENAI_API_KEY=$O0 ask --env-file env --provider openai hi
	failed 78 'env: OPENAI_BASE_URL is less trusted than the keys (environment); set both in one file, or both in the environment'
	unsent
	# Both in one place.
	unset MISTRAL_API_KEY
	keep env "MISTRAL_BASE_URL=$URL/mistral/v1" "MISTRAL_API_KEY=$M0"
	ask --env-file env --provider mistral hi
	[ "$rc" -eq 0 ]
	went M0
}

@test "base URLs in ./.env: loopback only, and with keys from there" {
	services
	unset MISTRAL_BASE_URL OPENAI_BASE_URL
	# With keys of a better place it is left alone.
	keep .env "MISTRAL_BASE_URL=$URL/mistral/v1" "MISTRAL_API_KEY=$M1"
	ask --provider mistral --dry-run hi
	same <(head -n 1 err) "gm-prompt: POST https://api.mistral.ai/v1/chat/completions
"
	unset MISTRAL_API_KEY
	play <<<"[$MISTRAL_GOOD]"
	ask --provider mistral hi
	said 0 "$MISTRAL_SAYS
" ''
	went M1
	# Not loopback.
	keep .env MISTRAL_BASE_URL=https://evil.example/mistral "MISTRAL_API_KEY=$M1"
	ask -v --dry-run --provider mistral hi
	[ "$rc" -eq 0 ]
	head -n 1 err | grep -qxF 'gm-prompt: ./.env: MISTRAL_BASE_URL ignored: only keys, model names, numbers and loopback base URLs are read from this file'
	run ! grep evil.example out
	grep -qF 'POST https://api.mistral.ai/v1/chat/completions' err
}

@test "base URLs: how they are completed, and http:// that is refused" {
	local url want
	services
	export OPENAI_API_KEY=$O0
	while read -r url want; do
		OPENAI_BASE_URL=$url ask --dry-run --provider openai hi
		grep -qF "POST $want" err || {
			echo "$url: $want"
			head -n 3 err
			return 1
		}
	done <<-E
	https://api.example https://api.example/v1/chat/completions
	https://api.example/ https://api.example/v1/chat/completions
	https://api.example/v2 https://api.example/v2/chat/completions
	https://api.example/v1beta/openai https://api.example/v1beta/openai/chat/completions
	https://api.example/a/v1/ https://api.example/a/v1/chat/completions
	http://127.0.0.1:8080 http://127.0.0.1:8080/v1/chat/completions
	http://[::1]:8080/v1 http://[::1]:8080/v1/chat/completions
	E
	while read -r url want; do
		MISTRAL_BASE_URL=$url ask --dry-run --provider mistral hi
		grep -qF "POST $want" err || {
			echo "$url: $want"
			head -n 3 err
			return 1
		}
	done <<-E
	https://api.mistral.ai https://api.mistral.ai/v1/chat/completions
	https://api.mistral.ai/ https://api.mistral.ai/v1/chat/completions
	https://api.mistral.ai/v1 https://api.mistral.ai/v1/chat/completions
	https://api.mistral.ai/v1/ https://api.mistral.ai/v1/chat/completions
	https://proxy.example/mistral https://proxy.example/mistral/v1/chat/completions
	https://proxy.example/mistral/v2/ https://proxy.example/mistral/v2/chat/completions
	E
	MISTRAL_BASE_URL=http://mistral.example ask --provider mistral hi
	[ "$rc" -eq 78 ]
	[[ $(cat err) == "gm-prompt: environment: MISTRAL_BASE_URL: plain http would send the API key unencrypted; use https"* ]]
	OPENAI_BASE_URL=http://10.0.0.1:8080 ask --provider openai hi
	[ "$rc" -eq 78 ]
	# Without a key there is none to show, but text all the same.
	unset OPENAI_API_KEY
	OPENAI_BASE_URL=http://10.0.0.1:8080 ask --provider openai hi
	[ "$rc" -eq 78 ]
	unsent
}

# first LINE...: since "again", these were the first words of each request.
first() {
	local n
	for ((n = BEFORE + 1; n <= $(requests); n++)); do
		head -n 1 "$DIR/request.$n" | tr -d '\r'
	done | diff <(printf '%s HTTP/1.1\n' "$@") -
}

@test "base URLs that end in a version: all tools send to that one" {
	local base version
	serve
	export OPENAI_MODEL=m MISTRAL_API_KEY=$M0
	play <<<'[{"status":404,"repeat":-1}]'
	while read -r base version; do
		export GOOGLE_GEMINI_BASE_URL=$URL$base
		again
		ask --retries 0 hi
		ask --retries 0 --count hi
		gm-models --refresh >out 2>err </dev/null || :
		gm-keycheck >out 2>err </dev/null || :
		first "POST $version/models/$ALIAS:streamGenerateContent?alt=sse" \
		    "POST $version/models/$ALIAS:countTokens" \
		    "GET $version/models?pageSize=1000" \
		    "GET $version/models?pageSize=1"
	done <<-E
	/ /v1beta
	/v1beta /v1beta
	/v1beta/ /v1beta
	/v1 /v1
	/v1/ /v1
	/v1alpha /v1alpha
	/a/v1beta1 /a/v1beta1
	/openai/v1 /openai/v1
	/a /a/v1beta
	/v1/a /v1/a/v1beta
	E
	while read -r base version; do
		export OPENAI_BASE_URL=$URL$base MISTRAL_BASE_URL=$URL$base
		for provider in mistral openai; do
			again
			ask --retries 0 --provider "$provider" hi
			gm-models --refresh --provider "$provider" \
			    >out 2>err </dev/null || :
			first "POST $version/chat/completions" \
			    "GET $version/models"
		done
	done <<-E
	/ /v1
	/v1 /v1
	/v1/ /v1
	/openai/v1 /openai/v1
	/paas/v4/ /paas/v4
	E
}

@test "base URLs that end in a version: each has a list of models of its own" {
	serve
	play <<<'[{"when":{"path":"/v1/"},"json":{"models":[{"name":"models/one","supportedGenerationMethods":["generateContent"]}]}},
		{"when":{"path":"/v1beta/"},"json":{"models":[{"name":"models/two","supportedGenerationMethods":["generateContent"]}]}}]'
	GOOGLE_GEMINI_BASE_URL=$URL/v1 gm-models >out
	same out $'one\n'
	gm-models >out
	same out $'two\n'
	# From the cache, however the base URL is written.
	GOOGLE_GEMINI_BASE_URL=$URL/v1/ gm-models >out
	same out $'one\n'
	GOOGLE_GEMINI_BASE_URL=$URL/v1beta gm-models >out
	same out $'two\n'
	tried 2
}

# --- the pace

@test "GM_RPM: several processes keep Mistral's pace" {
	local n start pids=()
	services
	remember
	play <<<"[$MISTRAL_GOOD]"
	start=$(date +%s%N)
	# 20 a second: a turn each 50 ms.
	export GM_RPM=1200
	for ((n = 0; n < 6; n++)); do
		(for _ in 1 2; do
			timeout 60 gm-prompt -n --provider mistral hi
		done) >"out.$n" 2>"err.$n" &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ "$(cat err.*)" = '' ]
	[ "$(cat out.* | grep -cx "$MISTRAL_SAYS")" -eq 12 ]
	tried 12
	# Never before its turn, however fast or slow we are.
	for ((n = 1; n <= 12; n++)); do
		date -r "$DIR/request.$n" +%s%N
	done | sort -n | awk -v start="$start" '{
		late = ($1 - start) / 1e6
		if (late < (NR - 1) * 50 - 20) {
			print "request " NR " came after " late " ms"
			exit 1
		}
	}'
}
