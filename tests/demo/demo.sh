#!/usr/bin/env bash
#
# demo.sh BUILD: what the tools do, scene by scene; called by "make demo".
#
# Prints each command as one would type it and then runs that same text.  The
# service is the stand-in, on this machine, with a fake key; with LIVE=1 and
# GOOGLE_API_KEYS set it is whatever they and the other variables say: Google.
# Ends with status 0 only if every scene went as it should.

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

# Nothing from outside shall reach the stand-in's scenes.
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
	die 'the stand-in does not start'
}

# An env file of three keys, as a user would make it: one is good, one is used
# up for the day, one is not valid.  And one of Mistral, and a server that needs
# none.
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

# scene STATUS COMMAND: show the command and what it does; standard error comes
# behind standard output, through a file, so that no metrics are told.
scene() {
	local want=$1 command=$2 status

	scenes=$((scenes + 1))
	printf '$ %s%s%s\n' "$bold" "$command" "$plain"
	PATH=$build:$PATH bash -o pipefail -c "$command" 2>"$dir/stderr"
	status=$?
	cat "$dir/stderr" >&2
	if [ "$want" -ne 0 ]; then
		# shellcheck disable=SC2016 # as one would type it
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
		die 'LIVE=1 asks Google: GOOGLE_API_KEYS must be in the environment'
	echo 'gm, asking Google with the first of your keys.'
else
	forget_settings
	start_server
	make_env_file
	export GM_ENV_FILE=$dir/env SSL_CERT_FILE=$dir/server/ca.pem
	export GM_STATE_DIR=$dir/state
	export GM_CACHE_DIR=$dir/cache
	echo 'gm, without a key: a stand-in for the service answers, on this machine, at'
	echo "$(cat "$dir/url"). It only repeats sentences of what it is"
	echo 'asked; everything else is real.'
fi

title 'A question about a text. The answer comes as it is made.'
if [ "${LIVE-}" != 1 ]; then
	echo 'The first key is not valid and the second is used up: the third answers.'
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

title 'As JSON: the answer, and what it took.'
scene 0 "gm-prompt --json 'What is a pipe?' |
    jq '{ok, text, model_version, finish_reason, tokens: .usage.total}'"

title 'How many tokens would a text take? This is free.'
scene 0 'gm-prompt --count "Translate this into French" <README.md'

title 'An error says what is wrong and what helps; its status is for programs.'
scene 78 'gm-prompt -m gemini-2.0-flash "Hello"'

title 'Which models are there, and which of them answer? Some are only listed.'
scene 0 'gm-models --probe -l flash | cut -f 1,2,6'

title 'How are the keys? Every program that uses them knows.'
scene 0 'gm-rotate --status | cut -f 1,2,4,5,7'

title 'Many prompts in one run. It stops at a limit, and goes on where it stopped.'
if [ "${LIVE-}" != 1 ]; then
	echo 'Of the three keys only the third can be used: it answers all.'
fi
export OUT=$dir/answers.jsonl
scene 75 "seq 4 | gm-prompt -l -o \"\$OUT\" --max-requests 2 'Name {} things'"
scene 0 "seq 4 | gm-prompt -l -o \"\$OUT\" --resume 'Name {} things'"
scene 0 "jq -s -c 'sort_by(.record)[] | [.record, .key_index, .text[-17:]]' \"\$OUT\""

title 'A long text: split into parts, which are sent at once and then merged.'
scene 0 'wc -w tests/demo/minutes.txt'
scene 0 'gm-summ --chunk-tokens 1000 tests/demo/minutes.txt | fmt'
echo 'A figure is corrected: one part is sent, the others are known.'
scene 0 "sed 's/Forty-four/Forty-five/' tests/demo/minutes.txt |
    gm-summ --json --chunk-tokens 1000 | jq -c '{parts, rounds, cached}'"

# Nothing for LIVE=1: it would lay aside keys that are good.
if [ "${LIVE-}" != 1 ]; then
	title 'All keys used up? Mistral answers, or a server on this machine.'
	scene 0 'gm-rotate --mark 2 --class quota --for 1h'
	scene 0 'gm-prompt --max-wait 0 --fallback mistral "What is a pipe?"'
	echo 'The other one is a stand-in for llama.cpp, and needs no key.'
	scene 0 "gm-prompt --max-wait 0 --fallback openai --json 'What is a FIFO?' |
    jq '{ok, text, provider, model, key_index, fallback}'"
fi

if [ "$failed" -ne 0 ]; then
	printf '\ndemo: %d of %d scenes failed\n' "$failed" "$scenes" >&2
	exit 1
fi
title 'Next'
if [ "${LIVE-}" = 1 ]; then
	echo 'Read man/gm-prompt.1 with "man build/man/gm-prompt.1".'
	exit 0
fi
cat <<'EOT'
Get a key at https://aistudio.google.com/apikey and put it into a file that
only you can read, behind GOOGLE_API_KEYS= :

    mkdir -p ~/.config/gm
    cp .env.example ~/.config/gm/env
    chmod 600 ~/.config/gm/env
    ${EDITOR:-vi} ~/.config/gm/env

Then ask, or see this again with answers of Google's models:

    build/gm-prompt "What is a pipe?"
    (set -a; . ~/.config/gm/env; make demo LIVE=1)
EOT
