# Loaded by the tests of batches.

# shellcheck disable=SC2034 # what is set here is for the tests

load prompt

# "records | batch": what batch sets is for the test.
shopt -s lastpipe

# The answer is the prompt.
ECHO='{"echo":"","repeat":-1}'
# What identifies the line of a failed record.
FAILED='[.record, .error.class, .error.message]'

# batch [argument...]: run gm-prompt; after 60 s it is ended with status 124.
batch() {
	rc=0
	forget
	hurried timeout 60 gm-prompt "$@" >out 2>err || rc=$?
}

# lines FILTER TEXT: standard output is lines of JSON, which jq turns into TEXT.
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

# prompts: the texts of all requests, sorted, as JSON.
prompts() {
	local n
	for ((n = 1; n <= $(requests); n++)); do
		body "$n" | jq -c '.contents | map(.parts | map(.text))'
	done | LC_ALL=C sort
}

# untimed: standard error without the times that it names.
untimed() {
	sed -Ei 's/ until [0-9TZ:-]+ \([0-9a-z ]+\)/ until T/g' err
}

# peak: how many requests were unanswered at a time, at most.
peak() {
	jq .peak "$DIR/counts.json"
}

# keep_state: from now on all runs share the state of the keys.
# shellcheck disable=SC2317 # it is called
keep_state() {
	forget() {
		:
	}
}
