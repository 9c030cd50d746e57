#!/usr/bin/env bats
# Batches: options that cannot be combined.

# batch.bash sets variables; wait_for evaluates conditions.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load batch

# refused TEXT ARGUMENT...: check for a usage error; no request is sent.
refused() {
	local text=$1
	shift
	batch "$@" <<<record
	usage "$text"
}

@test "options that need a batch" {
	local option
	replies <<<"[]"
	for option in '--replace=x' '--jobs=3' '--sleep-ms=3' --text --unordered \
	    --resume --keep-failed --force '--max-failures=3' '--max-requests=3' \
	    '--max-total-tokens=3'; do
		refused "${option%%=*} needs --lines, --null or --jsonl" \
		    "$option" hi
	done
}

@test "options that cannot be combined in a batch" {
	replies <<<"[]"
	refused '--lines, --null and --jsonl cannot be combined' -l -0
	refused '--lines, --null and --jsonl cannot be combined' -0 -a
	refused '--stream and a batch cannot be combined' -l -S
	refused '--show-thoughts and a batch cannot be combined' -l --show-thoughts
	refused '--no-stdin and a batch cannot be combined' -l -n
	refused '--text and --json cannot be combined' -l --text --json
	refused '--text and --resume cannot be combined' -l --text --resume -o x
	refused '--force and --resume cannot be combined' -l --force --resume -o x
	refused '--unordered, --text and --output cannot be combined' \
	    -l --unordered --text -o x
	refused '--output and --dry-run of a batch cannot be combined' \
	    -l -o x --dry-run
	refused '--output and --estimate of a batch cannot be combined' \
	    -l -o x --estimate
	refused '--resume needs --output FILE' -l --resume
	refused '--force needs --output FILE' -l --force -o -
	refused '--keep-failed needs --resume' -l --keep-failed -o x
	refused '--estimate and --count cannot be combined' \
	    -l --count --estimate
	refused '--extract and --count cannot be combined' -l -x --count
	[ ! -e x ]
}

@test "the records are standard input" {
	local why='standard input holds the records; it cannot also be the prompt,'
	why+=' the system instruction or a file'
	replies <<<"[]"
	refused "$why" -l -q @-
	refused "$why" -l -s @-
	refused "$why" -l -f - hi
	refused "$why" -l -
	refused "$why" -l hi - -- x
}

@test "numbers out of range" {
	replies <<<"[]"
	refused '--jobs: not a whole number from 1 to 256' -l -j 0
	refused '--jobs: not a whole number from 1 to 256' -l -j 257
	refused '--jobs: not a whole number from 1 to 256' -l -j many
	refused '--sleep-ms: not a duration such as 250, 1.5s, 90s, 5m or 1h' \
	    -l --sleep-ms -1
	refused '--sleep-ms: not a duration of at most 1h' -l --sleep-ms 2h
	refused '--rpm: not a whole number from 1 to 60000' -l --rpm 0
	refused '--tpm: not a whole number from 1 to 1000000000' -l --tpm x
	refused '--max-failures: not a whole number from 1 to 1000000000000' \
	    -l --max-failures 0
	refused '--max-requests: not a whole number from 1 to 1000000000000' \
	    -l --max-requests 1.5
	refused '--max-total-tokens: not a whole number from 1 to 1000000000000' \
	    -l --max-total-tokens 1000000000001
	refused '--replace: its argument is empty' -l -I ''
}
