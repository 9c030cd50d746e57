#!/bin/bash
# measure.sh [start|rate|memory]...
#
# Measure the data of the plots, and write them to tests/pictures/*.tsv:
#
#	start.tsv   CPU time of whole processes: gm-prompt next to curl
#	rate.tsv    records per second of a batch, with 50 ms of latency
#	memory.tsv  peak memory of a batch, in MiB
#
# Uses only loopback.  Environment: BUILD; RUNS, rounds of short commands (60).
# Needs curl, jq, openssl and python3.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-$PWD/build}
RUNS=${RUNS:-60}
export PATH=$BUILD:$BUILD/bench:$PATH

dir=$(mktemp -d)
server=
trap 'stop_servers; kill $server 2>/dev/null || :; rm -rf "$dir"' EXIT
# shellcheck source=tests/bench/servers.bash
. tests/bench/servers.bash
unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR GOOGLE_API_KEYS GOOGLE_API_KEY
unset GM_FALLBACK GM_RPM GM_RPD GM_TPM
export GM_STATE_DIR=$dir/state HOME=$dir XDG_CACHE_HOME=$dir/cache

# figure COLUMN: print from each line of timeit the wall time (1), the CPU time (2)
# or the peak memory (3).
figure() {
	sed -nE "s/^.{34} *([0-9.]+) ms .*  cpu ([0-9.]+) ms +([0-9.]+) MiB.*/\\$1/p"
}

# table FILE TEXT NAME...: write a head and standard input to the file.
table() {
	local file=$1 head
	head="# $(date -u +%F), $(nproc) cores, $(uname -m); $2"
	shift 2
	{
		echo "$head"
		(IFS=$'\t' && echo "$*")
		cat
	} >"$dir/table"
	mv "$dir/table" "tests/pictures/$file"
	chmod 644 "tests/pictures/$file"
}

# pair NAME COMMAND COMMAND: print a row with the CPU times of both commands, taken
# in the same rounds.
pair() {
	timeit "$RUNS" gm-prompt "$2" curl "$3" | figure 2 | paste - - |
	    awk -v name="$1" '{ printf "%s\t%.1f\t%.1f\n", name, $1, $2 }'
}

# records N: write a file of N records, and one with the same requests for curl.
records() {
	local body='{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"&\"}]}]}'

	seq -f 'record %.0f' "$1" >"$dir/records"
	sed "s|.*|next\\nurl = \"$target\"\\noutput = \"/dev/null\"\\n"`
	    `"header = \"x-goog-api-key: $GEMINI_API_KEY\"\\n"`
	    `"header = \"Content-Type: application/json\"\\n"`
	    `"data = \"${body//\\/\\\\}\"|" "$dir/records" >"$dir/config"
}

measure_start() {
	start_server
	make_trust
	body='{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}'
	{
		pair --version 'exec gm-prompt --version' 'exec curl --version'
		pair 'request over TLS' \
		    "SSL_CERT_DIR=$dir/hashed exec gm-prompt -n hi" \
		    "exec curl -s --cacert $dir/bundle.pem -d '$body' \
		        -H 'x-goog-api-key: $GEMINI_API_KEY' \
		        -H 'Content-Type: application/json' '$target'"
	} | table start.tsv "CPU time in ms, median of $RUNS rounds" \
	    what gm-prompt curl
}

measure_rate() {
	origin 50
	for jobs in 1 4 16 64; do
		n=$((jobs * 40)) # two seconds
		records $n
		timeit 3 gm-prompt \
		    "exec gm-prompt -l -j$jobs 'Answer: {}' <$dir/records >/dev/null" \
		    curl "exec curl -sZ --parallel-max $jobs -K $dir/config 2>/dev/null" |
		    figure 1 | awk -v n=$n '{ printf "%.0f\t", 1000 * n / $1 }' |
		    sed "s/^/$jobs\\t/; s/\$/$((jobs * 20))\\n/"
	done | table rate.tsv 'records per second, 50 ms of latency, median of 3 rounds' \
	    jobs gm-prompt 'curl -Z' ideal
}

measure_memory() {
	origin 0
	for n in 1000 10000 100000; do
		records $n
		rm -f "$dir/out"
		{
			timeit 1 gm-prompt "exec gm-prompt -l -j64 --force -o $dir/out \
			    'Answer: {}' <$dir/records"
			timeit 1 resume "exec gm-prompt -l -j64 --resume -o $dir/out \
			    'Answer: {}' <$dir/records"
			timeit 1 curl "exec curl -sZ --parallel-max 64 -K $dir/config \
			    2>/dev/null"
		} | figure 3 | paste - - - | sed "s/^/$n\\t/"
	done | table memory.tsv 'peak memory in MiB, 64 at once' \
	    records gm-prompt 'gm-prompt --resume' 'curl -Z'
}

[ $# -gt 0 ] || set -- start rate memory
for what; do
	"measure_$what"
done
