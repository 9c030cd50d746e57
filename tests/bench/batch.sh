#!/bin/bash
# Measure batches: many records in one process, 64 at once.
#
#	batch.sh [yardsticks]
#
# With "yardsticks", measure the library's pool in place of gm-prompt.
# Environment: BUILD; RUNS, rounds (5); LARGE, records in the largest batch
# (1000000).  Needs curl, nginx, openssl and python3.  Never fails because of a
# figure: machines differ, and tests must not depend on speed.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-$PWD/build}
RUNS=${RUNS:-5}
LARGE=${LARGE:-1000000}
MANY=10000
export PATH=$BUILD:$BUILD/bench:$PATH

with_gm=true
[ "${1-}" != yardsticks ] || with_gm=false
if $with_gm && ! gm-prompt --help | grep -q -e --lines; then
	echo "batch.sh: this gm-prompt has no --lines;" \
	    "\"batch.sh yardsticks\" measures the rest" >&2
	exit 1
fi

# shellcheck source=tests/bench/servers.bash
. tests/bench/servers.bash
: >"$dir/env"

records() {
	[ -s "$dir/records.$1" ] || seq -f 'record %.0f' "$1" >"$dir/records.$1"
}

# gm N [OPTION...]: print the command that sends N records.
gm() {
	local n=$1
	shift
	records "$n"
	if $with_gm; then
		echo "exec gm-prompt -l -j64 $* 'Answer: {}'" \
		    "<$dir/records.$n >/dev/null"
	else
		echo "exec pool $n"
	fi
}
if $with_gm; then
	ours=gm-prompt
else
	ours="pool of the library"
fi

# Write the configuration of "curl -Z" for MANY requests to the target.
configure_curl() {
	records $MANY
	sed "s|.*|next\\nurl = \"$target\"\\noutput = \"/dev/null\"\\n"`
	    `"header = \"x-goog-api-key: $GEMINI_API_KEY\"\\n"`
	    `"header = \"Content-Type: application/json\"\\n"`
	    `"data = \"{\\\\\"contents\\\\\":[{\\\\\"role\\\\\":\\\\\"user\\\\\","`
	    `"\\\\\"parts\\\\\":[{\\\\\"text\\\\\":\\\\\"&\\\\\"}]}]}\"|" \
	    "$dir/records.$MANY" >"$dir/config"
}
curl="exec curl -sZ --parallel-max 64 -K $dir/config 2>/dev/null"

# measure ROUNDS [SETTING...] -- YARDSTICK...: run timeit with MANY records; $bounds
# has the bounds of the first command.
measure() {
	local settings=("$1" "per=$MANY") pool=()
	shift
	while [ "$1" != -- ]; do
		settings+=("$1")
		shift
	done
	shift
	! $with_gm || pool=("pool of the library" "exec pool $MANY")
	timeit "${settings[@]}" "$ours" "$(gm $MANY)" "${bounds[@]}" "$@" \
	    "${pool[@]}"
}

plain() { # ROUNDS [SETTING...]
	configure_curl
	measure "$@" -- "curl -Z" "$curl" cpu-ratio=2.5 "bare curl_multi loop" \
	    "exec multi $MANY 64 '$target' $GEMINI_API_KEY"
	echo
}

tls() { # ROUNDS [SETTING...]
	local bare="exec multi $MANY 64 '$target' $GEMINI_API_KEY $dir/server.pem"
	measure "$@" -- "bare curl_multi loop" "$bare" cpu-ratio=4
	: >"$front/access.log"
	sh -c "$(gm $MANY)" >/dev/null
	printf '%-34s ' "$ours"
	connections 2
	sh -c "$bare" >/dev/null
	printf '%-34s ' "bare curl_multi loop"
	connections
	echo
}

origin 0
bounds=(cpu=100)
echo "Plain HTTP/1.1, $MANY records, $RUNS rounds"
plain "$RUNS"

mapfile -t directives < <(answers)
front http2 "${directives[@]}"
echo "TLS and HTTP/2, $MANY records, $RUNS rounds; nginx closes a connection"
echo "after 1,000 requests"
tls "$RUNS"
front http2 "${directives[@]}" 'keepalive_requests 10000000'
echo "The same; nginx keeps connections"
tls "$RUNS"

origin 50
bounds=(percent=85)
echo "Plain HTTP/1.1, 50 ms of latency, $MANY records, 3 rounds"
plain 3 ideal=$((MANY * 50 / 64))
front http2
echo "TLS and HTTP/2, 50 ms of latency, $MANY records"
tls 1 ideal=$((MANY * 50 / 64))
stop_front

origin 0
out="--force -o $dir/out"
$with_gm || out=
echo "CPU for a record and peak memory as the batch grows"
timeit 1 per="$LARGE" "$LARGE records, to a file" "$(gm "$LARGE" "$out")" \
    cpu=100 peak=48 \
    per=$((LARGE / 10)) "$((LARGE / 10)) records, to a file" \
    "$(gm $((LARGE / 10)) "${out/%out/out.small}")" cpu-ratio=1.1 \
    per=$MANY "$MANY records, to a file" \
    "$(gm $MANY "${out/%out/out.small}")" cpu-ratio=1.1
if $with_gm; then
	timeit 1 per="$LARGE" "$LARGE records, to a pipe" \
	    "$(gm "$LARGE" | sed 's/>[^>]*$//')" \
	    cpu=100 peak=48
	timeit 1 per="$LARGE" "--resume of a file with all of them" \
	    "$(gm "$LARGE" "--resume -o $dir/out")" peak=64
fi
stop_servers
printf 'The origin: %s\n' "$(tail -n 1 "$dir/origin")"
