#!/usr/bin/env bats
# Summaries when services fail, at limits, and after signals.

# summ.bash sets variables; wait_for evaluates conditions.
# shellcheck disable=SC2016,SC2034,SC2154

load summ

PARTS='[.[] | select(.round == "facts")] | length'

# long: make a text of 60 kB with 6 facts, several parts at 4000 tokens.
long() {
	serve
	prose 60000 6 >text
}

@test "a part without a whole answer is sent once more" {
	local reply
	long
	for reply in '"stream": []' '"stream": ["Half"], "finish": "MAX_TOKENS"' \
	    '"refusal": "blocked"' '"stream": ["Half"], "finish": null'; do
		play <<<"[{\"when\": {\"body\": \"This is part 2 of\"}, $reply}]"
		summ --no-cache --retries 0 --chunk-tokens 4000 --json text
		[ "$rc" -eq 0 ]
		same err ''
		[ "$(jq '.requests == .parts + 2' out)" = true ]
		same <(markers out) "$(all_markers 6)
"
	done
}

@test "a part that gets no answer twice fails its file, and is named" {
	long
	echo 'One ⟦F001⟧.' >./1
	script <<-'END'
		[{"when": {"body": "This is part 2 of"}, "refusal": "blocked", "repeat": -1}]
	END
	summ --chunk-tokens 4000 text 1
	[ "$rc" -eq 1 ]
	same out '==> 1 <==
- One ⟦F001⟧.
'
	n=$(sent "$PARTS")
	grep -qE "^gm-summ: text: part 2 of $((n - 1)), round 1: .*blocked" err
	[ "$(wc -l <err)" -eq 2 ]
	[ "$(sent '[.[] | select(.part != null and (.part | startswith("2 of")))] | length')" -eq 2 ]
	[ "$(sent '[.[] | select(.round == "summary")] | length')" -eq 1 ]
}

@test "a summary that gets no answer twice fails its file" {
	serve
	echo 'One ⟦F001⟧.' >./1
	script <<-'END'
		[{"stream": ["Half an ans"], "finish": "MAX_TOKENS", "repeat": -1}]
	END
	summ 1
	[ "$rc" -eq 1 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	grep -q '^gm-summ: 1: ' err
	tried 2
	play <<<'[{"stream": [" \n"], "repeat": -1}]'
	summ 1
	[ "$rc" -eq 1 ]
	same out ''
	tried 2
}

@test "a bad request is not sent twice" {
	serve
	echo 'One ⟦F001⟧.' >./1
	script <<<'[{"refusal": "invalid_argument", "repeat": -1}]'
	summ 1
	[ "$rc" -eq 65 ]
	tried 1
	same out ''
}

@test "--json: the class of a failed file is that of its request" {
	serve
	echo 'One ⟦F001⟧.' >./1
	script <<<'[{"refusal": "invalid_argument", "repeat": -1}]'
	summ --json --log-file log 1
	[ "$rc" -eq 65 ]
	jq -c '[.error.class, .error.message, .error.service_message,
	    .error.retry_at]' out >error
	same error '["bad_request","1: gemini-flash-latest: request rejected (HTTP 400, bad_request): Request contains an invalid argument.","Request contains an invalid argument.",null]
'
	[ "$(jq -r 'select(.class).class' log)" = bad_request ]
	# The last attempt decides.
	play <<<'[{"stream": []}, {"refusal": "blocked", "repeat": -1}]'
	summ --json --log-file log2 1
	[ "$rc" -eq 1 ]
	[ "$(jq -r .error.class out)" = blocked ]
	[ "$(jq -r 'select(.class).class' log2 | tail -n 1)" = blocked ]
	# Without a request it is that of the error.
	printf 'a\0b' >nul
	mkdir 1.d
	summ --json 1.d nul
	[ "$(jq -r .error.class out | paste -sd' ')" = 'local bad_input' ]
}

@test "a model that does not exist ends the run at the first file" {
	serve
	for i in 1 2 3 4 5; do
		echo "Fact $i." >"./$i"
	done
	script <<<'[{"status": 404, "repeat": -1, "json": {"error": {"code": 404,
	    "message": "models/gone is not found", "status": "NOT_FOUND"}}}]'
	summ -j1 -m gone 1 2 3 4 5
	[ "$rc" -eq 78 ]
	tried 1
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
}

@test "a part that is too large for the service is cut further" {
	long
	script <<-'END'
		[{"when": {"body": "This is part 2 of"}, "refusal": "context"},
		 {"when": {"body": "This is part 3 of"}, "refusal": "context"}]
	END
	summ --chunk-tokens 4000 -w 1000 text
	[ "$rc" -eq 0 ]
	same err ''
	same <(markers out) "$(all_markers 6)
"
	# The parts that were not rejected have the whole text.
	sent '[.[] | select(.round == "facts").texts[]] | unique | length' >n
	[ "$(cat n)" -gt "$(sent '[.[] | select(.round == "facts").part] | unique | length')" ]
}

@test "several parts that are too large halve the limit once" {
	local pid
	serve
	prose 100000 10 >text
	# The first eight are rejected when all are in flight.
	script <<<'[{"refusal": "context", "repeat": 8, "head_gate": "go"}]'
	(summ -j8 --chunk-tokens 2000 -w 1000 text && exit "$rc") &
	pid=$!
	wait_for '[ "$(requests)" -eq 8 ]'
	touch "$DIR/go"
	wait "$pid"
	same err ''
	same <(markers out) "$(all_markers 10)
"
}

@test "a text that the service rejects as too large is cut into parts" {
	long
	script <<<'[{"refusal": "context"}]'
	summ -w 1000 --json text
	[ "$rc" -eq 0 ]
	[ "$(jq '.parts > 1 and .rounds == 2' out)" = true ]
	same <(markers out) "$(all_markers 6)
"
}

@test "a service that rejects every size fails the file" {
	long
	script <<<'[{"refusal": "context", "repeat": -1}]'
	summ text
	[ "$rc" -eq 65 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	grep -q '^gm-summ: text: the service rejects even parts of' err
	[ "$(requests)" -lt 600 ]
}

@test "a model that does not shorten the text fails the file" {
	local long
	long
	long=$(printf 'word %.0s' {1..2000})
	script <<<"[{\"stream\": [\"$long\"], \"repeat\": -1}]"
	summ --chunk-tokens 4000 text
	[ "$rc" -eq 76 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	grep -q '^gm-summ: text: the model does not shorten the text: round ' err
}

@test "an exhausted quota ends the run; the next one pays for the rest" {
	local n
	serve
	for n in 1 2 3 4 5; do
		echo "Fact $n ⟦F00$n⟧." >"$n"
	done
	script <<-'END'
		[{"service": true, "repeat": 2}, {"refusal": "quota_day", "repeat": -1}]
	END
	summ -j1 1 2 3 4 5
	[ "$rc" -eq 75 ]
	same out '==> 1 <==
- Fact 1 ⟦F001⟧.

==> 2 <==
- Fact 2 ⟦F002⟧.
'
	sed -Ei 's/ until [0-9TZ:-]+ \([0-9a-z ]+\)/ until T/' err
	same err 'gm-summ: key 0 (...0001): daily quota exhausted until T; run the command again to continue (HTTP 429, quota_day)
'	tried 3
	play <<<'[]'
	summ -j1 1 2 3 4 5
	[ "$rc" -eq 0 ]
	tried 3
	same <(markers out) "$(all_markers 5)
"
}

@test "failures of all files end the run: one line, no more requests" {
	local n
	serve
	for n in 1 2 3 4 5; do
		echo "Fact $n ⟦F00$n⟧." >"$n"
	done
	summ -j2 -m gemini-2.0-flash 1 2 3 4 5
	[ "$rc" -eq 78 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	grep -q '^gm-summ: gemini-2.0-flash: ' err
	[ "$(requests)" -le 2 ]
	n=$(requests)
	GEMINI_API_KEY=fake-invalid-key summ -j2 1 2 3 4 5
	[ "$rc" -eq 77 ]
	[ "$(wc -l <err)" -eq 1 ]
	[ "$(grep -c 'run the command again' err)" -eq 0 ]
	[ "$(requests)" -le $((n + 2)) ]
	GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:1 summ 1 2 3 4 5
	[ "$rc" -eq 69 ]
	[ "$(wc -l <err)" -eq 1 ]
}

@test "--fallback: another service answers" {
	serve
	export MISTRAL_API_KEY=fake-mistral-key-0100 MISTRAL_BASE_URL=$URL/mistral/v1
	echo 'One ⟦F001⟧.' >./1
	script <<<'[{"when": {"path": "/v1beta/"}, "refusal": "quota_day", "repeat": -1}]'
	summ 1
	[ "$rc" -eq 75 ]
	summ --fallback mistral 1
	[ "$rc" -eq 0 ]
	same out '- One ⟦F001⟧.
'
	# An answer of Mistral is not cached as one of Gemini.
	play <<<'[]'
	summ 1
	tried 1
}

@test "the deadline ends the run; finished summaries are printed and cached" {
	serve
	echo 'One ⟦F001⟧.' >./1
	echo 'Two ⟦F002⟧.' >./2
	script <<<'[{"when": {"body": "F002"}, "service": true, "head_gate": "go"}]'
	summ --deadline 2 1 2
	[ "$rc" -eq 69 ]
	same out '==> 1 <==
- One ⟦F001⟧.
'
	[ "$(wc -l <err)" -eq 1 ]
	: >"$DIR/go"
	summ 1 2
	[ "$rc" -eq 0 ]
	tried 1
}

@test "SIGINT and SIGTERM: death by the signal, no half file, answers are cached" {
	local signal
	serve
	echo 'One ⟦F001⟧.' >./1
	echo 'Two ⟦F002⟧.' >./2
	script <<<'[{"when": {"body": "F002"}, "service": true, "head_gate": "go", "repeat": -1}]'
	for signal in INT TERM; do
		echo old >out.txt
		rm -f 1.sum
		n=$(requests)
		forget
		env --default-signal=INT gm-summ -o out.txt 1 2 >out 2>err &
		pid=$!
		wait_for '[ "$(cat "$HOME"/.cache/gm/summaries/*/* 2>/dev/null | grep -c F001)" -eq 1 ] && [ "$(requests)" -gt "$n" ]'
		wait_for 'grep -q F002 "$DIR/request.$(requests)" || grep -q F002 "$DIR/request.$(($(requests) - 1))"'
		kill -s "$signal" "$pid"
		rc=0
		wait "$pid" || rc=$?
		[ "$rc" -eq $((128 + $(kill -l "$signal"))) ]
		same out ''
		same out.txt 'old
'
		[ "$(find . -name '.*' -type f | wc -l)" -eq 0 ]
	done
	: >"$DIR/go"
	summ 1 2
	[ "$rc" -eq 0 ]
	tried 1
}

@test "--estimate sends nothing, and counts the requests of a run" {
	long
	echo 'One ⟦F001⟧.' >./1
	summ --estimate --json --chunk-tokens 4000 text 1
	[ "$rc" -eq 0 ]
	tried 0
	requests=$(jq .requests out)
	[ "$(jq -c '[.invalid, .tokens > 10000, .limit]' out)" = '[0,true,null]' ]
	summ --chunk-tokens 4000 text 1
	tried "$requests"
	summ --estimate text 1
	[ "$rc" -eq 0 ]
	same <(sed 's/about [0-9]*/about N/' out) '2 requests, about N input tokens
no rate limit is set (GM_RPM, GM_TPM)
'
	summ --estimate text gone
	[ "$rc" -eq 1 ]
	same <(head -n 1 out | sed 's/about [0-9]*/about N/; s/^\(1 request\).*/\1/') '1 request
'
	GM_RPM=1 summ --estimate --json 1 1 1
	[ "$(jq -r .limit out)" != null ]
}

@test "--log-file: a line for each request, and one for the run" {
	serve
	echo 'One ⟦F001⟧.' >./1
	echo 'Two ⟦F002⟧.' >./2
	summ --log-file log 1 2
	[ "$rc" -eq 0 ]
	same err ''
	[ "$(wc -l <log)" -eq 3 ]
	[ "$(jq -s '[.[0].tool, .[0].class, .[1].class] | tostring' -r log)" = '["gm-summ","ok","ok"]' ]
	summ --metrics 1
	[ "$rc" -eq 0 ]
	[ "$(wc -l <err)" -ge 1 ]
}

@test "progress: files done and cooling keys, only on a terminal" {
	local n
	serve
	for n in 1 2 3 4 5 6; do
		echo "Fact $n ⟦F00$n⟧." >"$n"
	done
	terminal -f 2 -o shown timeout 20 gm-summ -j1 --sleep-ms 300 1 2 3 4 5 6 >out
	grep -aq 'gm-summ: [1-5]/6' shown
	[ "$(markers out | wc -l)" -eq 6 ]
	# It is erased at the end.
	[ "$(tail -c 400 shown | grep -ac '/6')" -eq 0 ] ||
	    tail -c 400 shown | grep -aq $'\r'
}

@test "output that cannot be written: 74, and answers are cached" {
	serve
	echo 'One ⟦F001⟧.' >./1
	echo 'Two ⟦F002⟧.' >./2
	rc=0
	gm-summ -j1 1 2 >/dev/full 2>err || rc=$?
	[ "$rc" -eq 74 ]
	same err 'gm-summ: standard output: No space left on device
'
	summ -j1 1 2
	[ "$rc" -eq 0 ]
	tried 1
}

@test "a reader that has gone ends the run by SIGPIPE, without a message" {
	serve
	echo 'One ⟦F001⟧.' >./1
	{
		wait_for '[ -e closed ]'
		gm-summ 1 2>err || echo $? >status
	} | {
		exec <&-
		: >closed
	}
	same status '141
'
	same err ''
}

@test "a signal ends the wait for a pipe" {
	serve
	mkfifo fifo
	gm-summ fifo >out 2>err &
	pid=$!
	exec 4>fifo
	kill -TERM "$pid"
	rc=0
	wait "$pid" || rc=$?
	exec 4>&-
	[ "$rc" -eq 143 ]
	same out ''
	tried 0
}
