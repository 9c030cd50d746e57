#!/bin/bash
# Measure each figure next to a reference, in the same rounds, and print the
# bounds that it should keep.  batch.sh measures batches.
# Environment: BUILD; RUNS, the rounds of short commands (60); BEFORE, the BUILD of
# another commit, whose tools are measured in the same rounds.  Needs curl, jq,
# nginx, openssl, python3 and strace.  Never fails because of a figure: machines
# differ, and tests must not depend on speed.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-$PWD/build}
RUNS=${RUNS:-60}
BEFORE=${BEFORE-}
export PATH=$BUILD:$BUILD/bench:$PATH

# shellcheck source=tests/bench/servers.bash
. tests/bench/servers.bash

# compare ROUNDS [unit=UNIT] NAME COMMAND [BOUND...] [NAME COMMAND...]...: run
# timeit, with a line for BEFORE.
compare() {
	local first=("$1") before=()
	shift
	[[ $1 != unit=* ]] || {
		first+=("$1")
		shift
	}
	[ -z "$BEFORE" ] || before=("before" \
	    "PATH=$BEFORE:$BEFORE/bench:\$PATH; $2")
	first+=("$1" "$2")
	shift 2
	while [[ ${1-} =~ ^[a-z-]+= ]]; do
		first+=("$1")
		shift
	done
	timeit "${first[@]}" "${before[@]}" "$@"
}

start_server
make_trust
body='{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}'
curl="curl -s --cacert $dir/bundle.pem -H 'x-goog-api-key: $GEMINI_API_KEY' \
    -H 'Content-Type: application/json'"

echo "One TLS request, whole process, $RUNS rounds (median; p10 to p90)"
compare "$RUNS" \
    gm-prompt "SSL_CERT_DIR=$dir/hashed exec gm-prompt -n hi" \
    "curl, same POST" "exec $curl -d '$body' '$target'" ratio=0.45 \
    "libcurl program, hashed directory" \
    "exec bare '$target' $dir/hashed $GEMINI_API_KEY '$body'" ratio=1.15 \
    "jq | curl | jq" "jq -cn '{contents:[{role:\"user\",parts:[{text:\"hi\"}]}]}' |
	$curl -d @- '${target/streamGenerateContent?alt=sse/generateContent}' |
	jq -r .candidates[0].content.parts[0].text" ratio=0.3

echo
echo "Start and end of a process, $RUNS rounds"
compare "$RUNS" "gm-prompt --version" "exec gm-prompt --version" \
    "empty program with libcurl" "exec empty" ratio=1.1 \
    "curl --version" "exec curl --version" ratio=1
compare "$RUNS" "gm-prompt --help" "exec gm-prompt --help" \
    "curl --version" "exec curl --version" ratio=1

export GOOGLE_API_KEYS=fake-good-key-0001,fake-good-key-0002
gm-rotate >/dev/null
echo
echo "The next key, $RUNS rounds"
compare "$RUNS" "gm-rotate --peek" "exec gm-rotate --peek" \
    "/bin/true" "exec /bin/true" ratio=3
unset GOOGLE_API_KEYS

SSL_CERT_FILE=$dir/server/ca.pem gm-models >"$dir/models"
echo
echo "Completion by TAB, $RUNS rounds"
compare "$RUNS" \
    "gm-models --completion models" "exec gm-models --completion models" \
    wall=20 \
    "gm-models --completion keys" "exec gm-models --completion keys" wall=20 \
    "/bin/true" "exec /bin/true"

# sh expands STREAM_URL, which the bench program sets.
# shellcheck disable=SC2016
yard='exec curl -sN -d x "$STREAM_URL"'
echo
echo "Streamed answer: delay that is added to an event (2,000 events)"
printf '%-34s ' gm-prompt
stream delay 2000 gm-prompt -S -n hi
printf '%-34s ' "curl -N"
stream delay 2000 sh -c "$yard"

echo
echo "Streamed answer of 100 MiB, 5 rounds: MiB/s, and peak memory"
compare 5 unit=MiB/s "gm-prompt" "exec stream rate 100 gm-prompt -S -n hi" \
    least=150 peak=16 \
    "gm-prompt, 1 MiB" "exec stream rate 1 gm-prompt -S -n hi" \
    "curl -N, undecoded" "exec stream rate 100 sh -c '$yard'"

# reserve_by PROCESSES KEYS ROWS: print the command, with a new key state.
reserve_by() {
	echo "exec reserve \$(mktemp -d $dir/state.XXXX) $1 1 $2 $3" \
	    "2>>$dir/reservations"
}
echo
echo "Key state: microseconds of CPU for a reservation, 5 rounds"
compare 5 unit=us "1,000 keys, 10,000 rows" "$(reserve_by 1 1000 10000)" own=50
compare 5 unit=us "with 3 other processes" "$(reserve_by 4 1000 10000)" own=50
compare 5 unit=us "2 keys, 2 rows, 1 process" "$(reserve_by 1 2 2)"
compare 5 unit=us "2 keys, 2 rows, 16 processes" "$(reserve_by 16 2 2)"

# Start the origin, and nginx in front of it.
origin 0
front http2
echo
echo "gm-models --probe: 64 models at once over TLS and HTTP/2, 10 rounds"
gm-models >"$dir/models"
compare 10 "gm-models --probe" "exec gm-models --probe" \
    "bare curl_multi loop" "exec multi 64 64 \
	'$url/v1beta/models/m:countTokens' $GEMINI_API_KEY $dir/server.pem"
: >"$front/access.log"
gm-models --probe >"$dir/models"
printf '%-34s ' "gm-models --probe"
connections 2
if [ "$BEFORE" ]; then
	"$BEFORE/gm-models" --probe >"$dir/models"
	printf '%-34s ' before
	connections
fi

echo
echo "gm-keycheck with 1,000 keys over TLS and HTTP/2, 3 rounds"
printf 'fake-bench-key-%06d\n' {1..1000} >"$dir/keys"
compare 3 "gm-keycheck" "GM_STATE_DIR=\$(mktemp -d $dir/state.XXXX) \
	exec gm-keycheck - <$dir/keys" wall=3000 peak=32 \
    "bare curl_multi loop" "exec multi 1000 64 \
	'$url/v1beta/models/m:countTokens' $GEMINI_API_KEY $dir/server.pem"
stop_front
unset SSL_CERT_FILE

origin 0
echo
echo "Calls through the pool, plain HTTP: microseconds of CPU each, 5 rounds"
timeit 5 unit=us "10,000 calls" "exec pool 10000 2" \
    "100 calls" "exec pool 100 20" own-ratio=1.1
stop_origin

# rotate TOOLS: print how often gm-prompt in that directory replaces the key state
# and syncs a file, if the first of three keys is rate-limited.
rotate() {
	local state trace=$dir/trace
	state=$(mktemp -d "$dir/state.XXXX")
	use "$(cat "$dir/url")"
	export SSL_CERT_FILE=$dir/server/ca.pem GM_STATE_DIR=$state
	export GOOGLE_API_KEYS=fake-bench-key-1,fake-bench-key-2,fake-bench-key-3
	"$1/gm-prompt" -n hi >"$dir/answer" # makes the state
	echo '[{"refusal": "quota_minute", "retry_delay": "50s"}]' >"$dir/script"
	mv "$dir/script" "$dir/server/script.json"
	strace -f -y -o "$trace" \
	    -e trace=rename,renameat,renameat2,fsync,fdatasync \
	    "$1/gm-prompt" -n hi >"$dir/answer" 2>"$dir/notes"
	unset SSL_CERT_FILE GM_STATE_DIR GOOGLE_API_KEYS
	awk -v state="$state" '
	index($0, state) == 0 || / = -1 / { next }
	/ rename/ { replaced++ }
	/ (fsync|fdatasync)\(/ { synced++ }
	END {
		printf("state replaced %d times, %d syncs%s\n", replaced,
		    synced, replaced > 1 ? "  missed: replaced <= 1" : "")
	}' "$trace"
}
echo
echo "One 429 with three keys"
printf '%-34s ' gm-prompt
rotate "$BUILD"
if [ "$BEFORE" ]; then
	printf '%-34s ' before
	rotate "$BEFORE"
fi

mib=$((1 << 20))
while cat README.md ARCHITECTURE.md man/*.[1-9]; do :; done 2>/dev/null |
    head -c $((100 * mib)) >"$dir/lines"
tr '\n' ' ' <"$dir/lines" >"$dir/line"
echo
echo "100 MiB of text split into chunks, 5 rounds: MiB per second of CPU"
compare 5 unit=MiB/s "lines" "exec chunk 32768 <$dir/lines" least=100 peak=64 \
    "all in one line" "exec chunk 32768 <$dir/line" least=100 peak=64
rm "$dir/lines" "$dir/line"

echo
echo "Three services: time from the deadline or a signal to the end"
python3 -B tests/bench/ends.py "$BUILD/gm-prompt"
