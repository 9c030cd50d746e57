# Functions for the tests of batches.

# shellcheck disable=SC2034 # what is set here is for the tests

load prompt

# "records | batch": what batch sets is for the test.
shopt -s lastpipe

# Let the stand-in answer with the prompt.
ECHO='{"echo":"","repeat":-1}'
# The members of a failed record.
FAILED='[.record, .error.class, .error.message]'

# batch [argument...]: run gm-prompt; after a time limit it ends with status 124.
batch() {
	rc=0
	forget
	hurried timeout 60 gm-prompt "$@" >out 2>err || rc=$?
}

# lines FILTER TEXT: check that standard output is lines of JSON from which jq
# makes TEXT.
lines() {
	jq -c "$1" out >filtered || return
	same filtered "$2"
}

# answers TEXT...: check that there is a line for each record from 1, all ok, with
# these texts.
answers() {
	local expected='' n=0 text
	for text; do
		expected+="[$((++n)),true,$(jq -n --arg t "$text" '$t'),null]
"
	done
	lines '[.record, .ok, .text, .error]' "$expected"
}

# prompts: print the texts of all requests, sorted, as JSON.
prompts() {
	local n
	for ((n = 1; n <= $(requests); n++)); do
		body "$n" | jq -c '.contents | map(.parts | map(.text))'
	done | LC_ALL=C sort
}

# untimed: remove the times from standard error.
untimed() {
	sed -Ei 's/ until [0-9TZ:-]+ \([0-9a-z ]+\)/ until T/g' err
}

# peak: print the largest number of requests in flight.
peak() {
	jq .peak "$DIR/counts.json"
}

# keep_state: let all runs of the test share the key state.
# shellcheck disable=SC2317 # it is called
keep_state() {
	forget() {
		:
	}
}
