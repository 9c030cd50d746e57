# Loaded by the tests of batches.

# shellcheck disable=SC2034 # what is set here is for the tests

load prompt

# "records | batch": what batch sets is for the test.
shopt -s lastpipe

# The answer is the prompt.
ECHO='{"echo":"","repeat":-1}'
# What stands in a line of a record that has failed.
FAILED='[.record, .error.class, .error.message]'

# batch [argument...]: gm-prompt, which ends in any case, with 124.
batch() {
	rc=0
	forget
	hurried timeout 60 gm-prompt "$@" >out 2>err || rc=$?
}

# lines FILTER TEXT: standard output is lines of JSON, and TEXT what jq makes of
# them.
lines() {
	jq -c "$1" out >filtered || return
	same filtered "$2"
}

# answers TEXT...: a line for each record from 1, all whole, with these texts.
answers() {
	local expected='' n=0 text
	for text; do
		expected+="[$((++n)),true,$(jq -n --arg t "$text" '$t'),null]
"
	done
	lines '[.record, .ok, .text, .error]' "$expected"
}

# texts: those of the prompts that were sent, sorted, as JSON.
prompts() {
	local n
	for ((n = 1; n <= $(requests); n++)); do
		body "$n" | jq -c '.contents | map(.parts | map(.text))'
	done | LC_ALL=C sort
}

# peak: how many requests were unanswered at a time, at most.
peak() {
	jq .peak "$DIR/counts.json"
}

# kept: a state of the keys that all runs share, as batch() forgets none.
# shellcheck disable=SC2317 # it is called
keep_state() {
	forget() {
		:
	}
}
