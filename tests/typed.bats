# A key that is typed, or set, in the wrong place: what a tool says of it
# repeats neither the key nor its beginning.

load prompt

rc= # set by gm, ask and try

TOOLS=()
for source in "$ROOT"/tools/*/main.c; do
	source=${source%/main.c}
	TOOLS+=("${source##*/}")
done
BELONG='keys are read from GOOGLE_API_KEYS or an env file, never from options'

# Fakes in the shapes of keys: of Gemini, old and new, of Mistral, of OpenAI,
# a token of another kind, 40 hex digits; of Nvidia, GitHub, Perplexity, Cerebras,
# Replicate; a UUID.
FAKES=(AIzaSyFakeTypedKeyForTheTests-0123456_01
    AQ.FakeTypedKeyForTheTests-0123456_01
    FakeTypedKeyForTheTests012345678
    sk-proj-FakeTypedKeyForTheTests-0123456_01
    eyJGYWtlIjoxfQ.eyJUeXBlZCI6MX0.FakeTypedKeyForTheTests
    fa4e0123456789abcdef0123456789abcdeffa4e
    nvapi-FakeTypedKey_ForTheTests-0123456_01
    ghp_FakeTypedKeyForTheTests0123456789abc
    pplx-FakeTypedKeyForTheTests0123456789abc
    csk-faketypedkeyforthetests0123456789abc
    r8_FakeTypedKeyForTheTests0123456789abc
    fa4e0123-4567-89ab-cdef-0123456789ab)

# try COMMAND...: its words in "out" and "err", its status in $rc.
try() {
	rc=0
	"$@" >out 2>err </dev/null || rc=$?
}

# silent FAKE COMMAND...: it ends badly or well, but does not say the key.
silent() {
	local fake=$1
	shift
	try "$@"
	[ "$rc" -lt 126 ] || [ "$rc" -eq 127 ] || {
		echo "status $rc: $*"
		return 1
	}
	! cat out err | grep -aF -- "${fake:0:12}" || {
		echo "shown by: $*"
		return 1
	}
}

# usage_of TOOL TEXT: the two lines of a usage error.
usage_of() {
	said 64 '' "$1: $2
Try '$1 --help'.
"
}

with_argument() {
	"$1" --gm-options | awk -F '\t' '$3 != "-" { print $1, $2 }'
}

@test "as the argument of any option, in any form" {
	local tool letter name fake

	serve
	for tool in "${TOOLS[@]}"; do
		while read -r letter name; do
			# These go to the model, as they are.
			case $name in prompt | system | stop) continue ;; esac
			# An option before may have made a file of that name.
			rm -f -- "${FAKES[@]}" "${FAKES[@]/#/@}"
			for fake in "${FAKES[@]:0:3}"; do
				silent "$fake" "$tool" -vv "--$name" "$fake"
			done
			fake=${FAKES[0]}
			silent "$fake" "$tool" "--$name=$fake"
			silent "$fake" "$tool" "--$name" "dir/$fake" x
			silent "$fake" "$tool" "--$name" "@$fake"
			[ "$letter" = - ] ||
			    silent "$fake" "$tool" "-$letter$fake"
		done < <(with_argument "$tool")
	done
	silent "$fake" gm-prompt --json -o "absent/$fake" hi
	silent "$fake" gm-prompt --json --timeout "$fake" hi
	[ "$(grep -alF "${fake:0:12}" "$DIR"/request.* | wc -l)" -eq 0 ]
}

@test "as an operand, behind -- and in front of it" {
	local tool fake

	serve
	for fake in "${FAKES[@]}"; do
		for tool in gm-keycheck gm-models gm-rotate gm-summ; do
			silent "$fake" "$tool" -vv "$fake"
			silent "$fake" "$tool" -vv "label:$fake" 1
			silent "$fake" "$tool" -vv -- "$fake"
		done
		silent "$fake" gm-rotate --reset "$fake"
	done
	try gm-keycheck "${FAKES[0]}"
	usage_of gm-keycheck "INDEX: not a number; $BELONG"
	try gm-rotate "${FAKES[0]}"
	usage_of gm-rotate 'unexpected operand; write a command after --'
	try gm-summ "${FAKES[0]}"
	said 66 '' $'gm-summ: ...6_01: No such file or directory\n'
	try gm-rotate -- "${FAKES[0]}"
	said 127 '' $'gm-rotate: ...6_01: No such file or directory\n'
}

@test "in a variable that names a file or a directory" {
	local tool fake name text

	serve
	unset SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE
	for name in SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE; do
		for fake in "${FAKES[@]}"; do
			for text in "$fake" "dir/$fake" "/$fake:x"; do
				silent "$fake" env "$name=$text" gm-prompt -n --json hi
				[ "$rc" -eq 78 ]
				grep -q "$name: " err
				grep -q "$name: " out
			done
			for tool in gm-keycheck gm-models; do
				silent "$fake" env "$name=$fake" "$tool" -vv
				[ "$rc" -eq 78 ]
			done
		done
	done
	fake=${FAKES[0]}
	mkdir -p "$fake/google-api-keys"
	silent "$fake" env -u GEMINI_API_KEY \
	    "CREDENTIALS_DIRECTORY=$PWD/$fake" gm-prompt -n --json hi
	[ "$rc" -eq 78 ]
	[ "$(requests)" -eq 0 ]
}

@test "as an option: nothing that could be a key is repeated" {
	local tool fake

	for tool in "${TOOLS[@]}"; do
		for fake in "${FAKES[@]}" fake-good-key-0001 hunter2hunter2; do
			silent "$fake" "$tool" "--$fake"
			usage_of "$tool" 'unknown option: --...'
			silent "$fake" "$tool" "--$fake=x"
			usage_of "$tool" 'unknown option: --...'
			silent "$fake" "$tool" "--nonsense=$fake"
			usage_of "$tool" 'unknown option: --nonsense'
			silent "$fake" "$tool" "-$fake"
			silent "$fake" "$tool" "-Z$fake"
			usage_of "$tool" 'unknown option: -Z'
		done
		try "$tool" $'-\x80'
		usage_of "$tool" 'unknown option: -?'
	done
}

@test "--key, --api-key and the like say where keys belong" {
	local tool name fake=fake-typed-key-0001

	for tool in "${TOOLS[@]}"; do
		for name in key api-key apikey keys token mistral-api-key \
		    api_key auth-token password; do
			try "$tool" "--$name"
			usage_of "$tool" "--$name: $BELONG"
			try "$tool" "--$name" "$fake"
			usage_of "$tool" "--$name: $BELONG"
			try "$tool" -v "--$name=$fake" x
			usage_of "$tool" "--$name: $BELONG"
			try "$tool" x "--$name" "$fake"
			usage_of "$tool" "--$name: $BELONG"
		done
		try "$tool" --API-KEY=x
		usage_of "$tool" "--...: $BELONG"
	done
	try gm-prompt --help all
	run -1 grep -E -e '--(api-)?(key|token)( |=|$)' out
	try gm-prompt --key-ind x hi
	usage_of gm-prompt "--key-index: not a number; $BELONG"
	try gm-prompt -q --key -v --key-i x
	usage_of gm-prompt "--key-index: not a number; $BELONG"
}

@test "an abbreviation that is ambiguous: told with what it could be" {
	try gm-prompt --to 1 hi
	usage_of gm-prompt 'ambiguous option: --to: --top-p, --top-k'
	try gm-prompt --no=fake-good-key-0001 hi
	usage_of gm-prompt 'ambiguous option: --no: --no-stdin, --no-stream'
	try gm-rotate --reset= --p
	usage_of gm-rotate 'option takes no argument: --reset'
	try gm-rotate --p
	usage_of gm-rotate 'ambiguous option: --p: --peek, --print-key, --provider'
	try gm-rotate --gm-
	usage_of gm-rotate 'unknown option: --gm-'
	try gm-prompt --verb --vers --http1 --top-p=1 --qui
	said 0 "gm-prompt $VERSION"$'\n' ''
}

@test "as a model: refused, and in no request, state or log" {
	local fake tool

	serve
	for fake in "${FAKES[@]}" "$GOOD_KEY"; do
		ask -m "$fake" --log-file log hi
		usage "--model: a key, not a model; $BELONG"
		ask -m "gemini-flash-latest,models/$fake" hi
		usage "--model: a key, not a model; $BELONG"
		GEMINI_MODEL=$fake ask -vv hi
		[ "$rc" -eq 78 ]
		run -1 grep -F "${fake:0:12}" err
		grep -qxF "gm-prompt: environment: GEMINI_MODEL: a key, not a model; $BELONG" err
		for tool in gm-rotate gm-keycheck; do
			try "$tool" -m "$fake"
			usage_of "$tool" "--model: a key, not a model; $BELONG"
		done
	done
	unsent
	[ ! -e log ]
	run -1 grep -raF -e "${FAKES[0]}" -e "$GOOD_KEY" "$HOME"
}

@test "in a variable or an env file: named, its value never shown" {
	local fake name

	serve
	for fake in "${FAKES[@]:1:2}"; do
		for name in $(gm-prompt --gm-variables | grep -v API_KEY); do
			silent "$fake" env "$name=$fake" gm-prompt -vv -n hi
			silent "$fake" env "$name=$fake" gm-prompt --json -n hi
			printf '%s=%s\n' "$name" "$fake" >file.env
			chmod 600 file.env
			silent "$fake" gm-prompt -vv -n --env-file file.env hi
		done
	done
	GM_FALLBACK=fake-good-key-0001 ask hi
	said 78 '' $'gm-prompt: environment: GM_FALLBACK: not gemini, mistral or openai\n'
}

@test "a base URL is shown without user, password and query" {
	local url

	serve
	for url in "https://joe:hunter2@a.example:8443/v1?key=hunter2#hunter2" \
	    'https://joe:hun?ter2/x@a.example' 'https://joe:hunter2' \
	    'https://hunter2@a.example' 'joe:hunter2@a.example' \
	    'https://a.example/?hunter2=b@hunter2' 'https:joe:hunter2@b'; do
		GOOGLE_GEMINI_BASE_URL=$url ask -vv hi
		[ "$rc" -eq 78 ]
		run -1 grep -E 'joe|hunter2|ter2' err
		printf "GOOGLE_GEMINI_BASE_URL='%s'\nGEMINI_API_KEY=%s\n" \
		    "$url" "$GOOD_KEY" >file.env
		chmod 600 file.env
		env -u GEMINI_API_KEY -u GOOGLE_GEMINI_BASE_URL gm-prompt -vv \
		    --env-file file.env --json hi >out 2>err </dev/null || :
		cat out err >shown
		run -1 grep -E 'joe|hunter2|ter2' shown
	done
	GOOGLE_GEMINI_BASE_URL='https://joe:hunter2@a.example:8443/v1?key=x' \
	    ask -vv hi
	grep -qxF 'gm-prompt: GOOGLE_GEMINI_BASE_URL:'\
' https://a.example:8443/v1 (environment)' err
}

@test "an argument that is empty names nothing: 64" {
	local tool letter name

	serve
	for tool in "${TOOLS[@]}"; do
		while read -r letter name; do
			case $name in prompt | system | fallback) continue ;; esac
			try "$tool" "--$name" ''
			usage_of "$tool" "--$name: its argument is empty"
			try "$tool" "--$name="
			usage_of "$tool" "--$name: its argument is empty"
		done < <(with_argument "$tool")
	done
	ask -s @ hi
	usage '--system: no file name after @'
	ask -q @
	usage '--prompt: no file name after @'
	ask -q '' -s ''
	usage 'no prompt; give one as an operand, with -q or on standard input'
	unsent
}

@test "as the name of a variable: shown by its end alone" {
	local fake

	export GEMINI_API_KEY=$GOOD_KEY
	for fake in "${FAKES[@]}"; do
		silent "$fake" env "GM_$fake=1" gm-prompt -n --dry-run hi
		[ "$(head -n 1 err)" = "$(printf '%s%s' \
		    "gm-prompt: environment: unknown variable " \
		    "GM_...${fake: -4}")" ]
		silent "$fake" env "GM_KEY_$fake=1" gm-prompt -n --dry-run hi
	done
	fake=${FAKES[0]//-/_}
	(umask 077 && echo "GM_$fake=1" >./env)
	silent "$fake" gm-prompt -n --env-file "$PWD/env" --dry-run hi
	grep -qF 'unknown variable GM_...6_01' err
}
