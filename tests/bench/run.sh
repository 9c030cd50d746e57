#!/bin/bash
# The benchmarks: each figure beside its yardstick, taken in the same run.
# Environment: BUILD.  Needs curl and jq.  Prints, and judges nothing: machines
# differ, and timings have no place in tests.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-$PWD/build}
RUNS=${RUNS:-60}
export PATH=$BUILD:$PATH

dir=$(mktemp -d)
trap 'kill $server 2>/dev/null || :; rm -rf "$dir"' EXIT

# The system's certificates with the stand-in's added, in both forms, so that
# each program does the work that it would do for a real service.
make_trust() {
	local bundle=/etc/ssl/certs/ca-certificates.crt
	mkdir "$dir/hashed"
	if [ -d /etc/ssl/certs ]; then
		cp -a /etc/ssl/certs/. "$dir/hashed"
	fi
	cp -a "$dir"/server/certs/. "$dir/hashed"
	cat "$bundle" "$dir/server/ca.pem" >"$dir/bundle.pem"
}

start_server() {
	mkdir "$dir/server"
	python3 tests/server/standin.py --dir "$dir/server" --tls --no-record \
	    >"$dir/url" &
	server=$!
	until [ -s "$dir/url" ]; do sleep 0.05; done
	url=$(cat "$dir/url")
}

start_server
make_trust
unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR
export GOOGLE_GEMINI_BASE_URL=$url GEMINI_API_KEY=fake-good-key-0001
body='{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}'
target="$url/v1beta/models/gemini-flash-latest:streamGenerateContent?alt=sse"
curl="curl -s --cacert $dir/bundle.pem -H 'x-goog-api-key: $GEMINI_API_KEY' \
    -H 'Content-Type: application/json'"

echo "One TLS request, whole process, $RUNS rounds (median; p10 to p90)"
"$BUILD/bench/timeit" "$RUNS" \
    gm-prompt "SSL_CERT_DIR=$dir/hashed exec gm-prompt -n hi" \
    "curl, same POST" "exec $curl -d '$body' '$target'" \
    "libcurl program, hashed directory" \
    "exec $BUILD/bench/bare '$target' $dir/hashed $GEMINI_API_KEY '$body'" \
    "jq | curl | jq" "jq -cn '{contents:[{role:\"user\",parts:[{text:\"hi\"}]}]}' |
	$curl -d @- '${target/streamGenerateContent?alt=sse/generateContent}' |
	jq -r .candidates[0].content.parts[0].text"

echo
echo "Start and end alone, $RUNS rounds"
"$BUILD/bench/timeit" "$RUNS" \
    "gm-prompt --help" "exec gm-prompt --help" \
    "gm-prompt --version" "exec gm-prompt --version" \
    "curl --version" "exec curl --version"

export GOOGLE_API_KEYS=fake-good-key-0001,fake-good-key-0002
export GM_STATE_DIR=$dir/state
gm-rotate >/dev/null
echo
echo "The next key alone, $RUNS rounds: at most 3 x /bin/true"
"$BUILD/bench/timeit" "$RUNS" \
    "gm-rotate --peek" "exec gm-rotate --peek" "/bin/true" "exec /bin/true"
unset GOOGLE_API_KEYS GM_STATE_DIR

# sh turns STREAM_URL, which the bench program sets, into an argument.
# shellcheck disable=SC2016
yard='exec curl -sN -d x "$STREAM_URL"'
echo
echo "Streamed answer: how much later an event comes out (2,000 events)"
printf '%-34s ' gm-prompt
"$BUILD/bench/stream" delay 2000 gm-prompt -S -n hi
printf '%-34s ' "curl -N"
"$BUILD/bench/stream" delay 2000 sh -c "$yard"

echo
echo "Streamed answer of 100 MiB"
for i in 1 2 3; do
	printf '%-34s ' "gm-prompt, run $i"
	"$BUILD/bench/stream" rate 100 gm-prompt -S -n hi
done
printf '%-34s ' "gm-prompt, 1 MiB (the start)"
"$BUILD/bench/stream" rate 1 gm-prompt -S -n hi
printf '%-34s ' "curl -N, undecoded"
"$BUILD/bench/stream" rate 100 sh -c "$yard"

echo
echo "Key state: reservations by processes at once"
for n in 1 4 16; do
	"$BUILD/bench/reserve" "$dir/state.$n" "$n" 3 2 2
	"$BUILD/bench/reserve" "$dir/state.$n.large" "$n" 3 1000 9000
done

echo
echo "gm-keycheck with 1,000 keys: seconds and KiB"
printf 'fake-bench-key-%06d\n' {1..1000} >"$dir/keys"
GM_STATE_DIR=$dir/state.check python3 -c 'import resource, subprocess, sys, time
start = time.monotonic()
subprocess.run(sys.argv[2:], stdin=open(sys.argv[1]),
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print("%.2f s" % (time.monotonic() - start),
    resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, "KiB")' \
    "$dir/keys" env SSL_CERT_DIR="$dir/hashed" gm-keycheck -

echo
echo "A chain of three services: its end, behind the deadline and signals"
python3 -B tests/bench/ends.py "$BUILD/gm-prompt"
