#!/usr/bin/env bash
#
# demo.sh BUILD: show what the tools do, scene by scene; called by "make demo".
#
# Prints each command as a user would type it, and runs exactly that text.  The
# service is a stand-in on this machine, with fake keys.  With LIVE=1 and
# GOOGLE_API_KEYS it is Google, or what the other variables name.
# Ends with status 0 only if each command ended with the expected status.

set -u
build=${1:?"usage: demo.sh BUILD"}
build=$(cd "$build" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
exec </dev/null

dir=$(mktemp -d "${TMPDIR:-/tmp}/gm-demo.XXXXXX") || exit 1
server=
scenes=0
failed=0

clean_up() {
	if [ -n "$server" ]; then
		kill "$server" 2>/dev/null
		wait "$server" 2>/dev/null
	fi
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	bold=$'\033[1m' plain=$'\033[m'
fi
[ ! -t 2 ] || [ -n "${NO_COLOR-}" ] || export CLICOLOR_FORCE=1

die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

# Unset what the user has set, as it would change the scenes.
forget_settings() {
	local name

	for name in $(compgen -e); do
		case $name in
		GM_* | GOOGLE_* | GEMINI_* | SSL_* | \
		    *_API_KEY* | *_MODEL* | *_BASE_URL | \
		    CURL_* | *_proxy | *_PROXY | CREDENTIALS_DIRECTORY | SSLKEYLOGFILE | \
		    POSIXLY_CORRECT)
			unset "$name"
			;;
		esac
	done
}

start_server() {
	local i

	python3 -B tests/server/standin.py --dir "$dir/server" --tls \
	    --chunk-ms 20 >"$dir/url" 2>"$dir/log" &
	server=$!
	for ((i = 0; i < 2000; i++)); do
		[ ! -s "$dir/url" ] || return 0
		kill -0 "$server" 2>/dev/null || break
		read -rt 0.01 <> <(:) || :
	done
	cat "$dir/log" >&2
	die 'the stand-in did not start'
}

# Write an env file as a user would: three keys, of which one is good, one has
# exhausted its daily quota and one is invalid; a key of Mistral; and a local
# server, which needs none.
make_env_file() {
	local url

	url=$(cat "$dir/url")
	(umask 077 && printf '%s\n' \
	    'GOOGLE_API_KEYS=fake-invalid-key-0001,fake-day-key-0002,fake-good-key-0003' \
	    "GOOGLE_GEMINI_BASE_URL=$url" \
	    'MISTRAL_API_KEYS=fake-good-key-0004' \
	    "MISTRAL_BASE_URL=$url/mistral/v1" \
	    "OPENAI_BASE_URL=$url/llamacpp/v1" \
	    'OPENAI_MODEL=qwen3-8b-q4_k_m' >"$dir/env")
}

title() {
	printf '\n%s== %s%s\n' "$bold" "$1" "$plain"
}

# scene STATUS COMMAND: print the command, its output and then its standard
# error, which goes through a file, so that no metrics are printed.
scene() {
	local want=$1 command=$2 status

	scenes=$((scenes + 1))
	printf '$ %s%s%s\n' "$bold" "$command" "$plain"
	PATH=$build:$PATH bash -o pipefail -c "$command" 2>"$dir/stderr"
	status=$?
	cat "$dir/stderr" >&2
	if [ "$want" -ne 0 ]; then
		# shellcheck disable=SC2016 # as a user would type it
		printf '$ %s%s%s\n%d\n' "$bold" 'echo $?' "$plain" "$status"
	fi
	if [ "$status" -ne "$want" ]; then
		printf 'demo: status %d, expected %d: %s\n' \
		    "$status" "$want" "$command" >&2
		failed=$((failed + 1))
	fi
}

if [ "${LIVE-}" = 1 ]; then
	[ -n "${GOOGLE_API_KEYS-}" ] ||
		die 'LIVE=1 sends requests to Google: set GOOGLE_API_KEYS in the environment'
	echo 'gm with your keys: Google answers.'
else
	forget_settings
	start_server
	make_env_file
	export GM_ENV_FILE=$dir/env SSL_CERT_FILE=$dir/server/ca.pem
	export GM_STATE_DIR=$dir/state
	export GM_CACHE_DIR=$dir/cache
	echo 'gm without a key: a stand-in for the service answers, on this machine, at'
	echo "$(cat "$dir/url"). Its answers repeat sentences of the prompt;"
	echo 'everything else is real.'
fi

title 'A prompt with a text. The answer appears as it is generated.'
if [ "${LIVE-}" != 1 ]; then
	echo 'The first key is invalid, the second one exhausted: the third one is used.'
fi
scene 0 'gm-prompt -v -S "Explain in short what this project is" <README.md'

title 'Which keys work?'
if [ "${LIVE-}" = 1 ]; then
	scene 0 'gm-keycheck --min-ok 1 | cut -f 1,2,4,8'
else
	scene 1 'gm-keycheck --level generate | cut -f 1,2,4,8'
fi

title 'A filter like any other.'
if [ -n "$(git log -5 2>/dev/null)" ]; then
	scene 0 'git log -5 | gm-prompt "What were these changes about?" | fmt'
else
	scene 0 'head -n 20 README.md | gm-prompt "Summarise this" | fmt'
fi

title 'JSON: the answer, and what it took.'
scene 0 "gm-prompt --json 'What is a pipe?' |
    jq '{ok, text, model_version, finish_reason, tokens: .usage.total}'"

title 'How many tokens does a text have? Counting is free.'
scene 0 'gm-prompt --count "Translate this into French" <README.md'

title 'An error says what failed, why, and what to do. Its status is for scripts.'
scene 78 'gm-prompt -m gemini-2.0-flash "Hello"'

title 'Which models are there, and which of them answer?'
scene 0 'gm-models --probe -l flash | cut -f 1,2,5'

title 'The state of the keys, which all programs share.'
scene 0 'gm-rotate --status | cut -f 1,2,4,5,7'

title 'A batch. It stops at a limit, and resumes where it stopped.'
if [ "${LIVE-}" != 1 ]; then
	echo 'Only the third key can be used, so it is used for all records.'
fi
export OUT=$dir/answers.jsonl
scene 75 "seq 4 | gm-prompt -l -o \"\$OUT\" --max-requests 2 'Name {} things'"
scene 0 "seq 4 | gm-prompt -l -o \"\$OUT\" --resume 'Name {} things'"
scene 0 "jq -s -c 'sort_by(.record)[] | [.record, .key_index, .text[-17:]]' \"\$OUT\""

title 'A long text: split into parts, whose summaries are merged.'
scene 0 'wc -w tests/demo/minutes.txt'
scene 0 'gm-summ --chunk-tokens 1000 tests/demo/minutes.txt | fmt'
echo 'After a correction only the part that has changed is sent again.'
scene 0 "sed 's/Forty-four/Forty-five/' tests/demo/minutes.txt |
    gm-summ --json --chunk-tokens 1000 | jq -c '{parts, rounds, cached}'"

# Not with LIVE=1, as it would mark good keys as rate-limited.
if [ "${LIVE-}" != 1 ]; then
	title 'All keys are exhausted: Mistral answers, or a server on this machine.'
	scene 0 'gm-rotate --mark 2 --class quota --for 1h'
	scene 0 'gm-prompt --max-wait 0 --fallback mistral "What is a pipe?"'
	echo 'The local server is a stand-in for llama.cpp. It needs no key.'
	scene 0 "gm-prompt --max-wait 0 --fallback openai --json 'What is a FIFO?' |
    jq '{ok, text, provider, model, key_index, fallback}'"
fi

if [ "$failed" -ne 0 ]; then
	printf '\ndemo: %d of %d scenes failed\n' "$failed" "$scenes" >&2
	exit 1
fi
title 'Next'
if [ "${LIVE-}" = 1 ]; then
	echo 'Read "man build/man/gm-prompt.1".'
	exit 0
fi
cat <<'EOT'
Get a key at https://aistudio.google.com/apikey, and put it into an env file
that only you can read, after GOOGLE_API_KEYS= :

    mkdir -p ~/.config/gm
    cp .env.example ~/.config/gm/env
    chmod 600 ~/.config/gm/env
    ${EDITOR:-vi} ~/.config/gm/env

Then send a prompt, or run the demo with Google's models:

    build/gm-prompt "What is a pipe?"
    (set -a; . ~/.config/gm/env; make demo LIVE=1)
EOT
