#!/usr/bin/env bats
# Batches: slow input, slow readers, terminals, and what is said on the way.

# batch.bash and those that it loads set variables; wait_for has conditions.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load batch

@test "each record is answered before the next one comes" {
	local word
	replies <<<"[$ECHO]"
	mkfifo in
	gm-prompt -l --text <in >out 2>err &
	local first=$!
	exec 7>in
	for word in one two three; do
		echo "$word" >&7
		wait_for "[ \"\$(tail -n 1 out)\" = $word ]"
	done
	[ "$(requests)" -eq 3 ]
	# Half a record is none, until its end.
	printf half >&7
	exec 7>&-
	wait "$first"
	same out $'one\ntwo\nthree\nhalf\n'
	same err ''
}

@test "a reader that leaves ends the run" {
	local status
	replies <<<"[$ECHO]"
	set +e
	yes | timeout 60 gm-prompt -l --text 2>err | head -n 1 >out
	status=("${PIPESTATUS[@]}")
	set -e
	[ "${status[1]}" -eq 141 ]
	same out $'y\n'
	same err ''
}

@test "a slow reader stops the input, not what is in flight" {
	replies <<-'END'
		[{"generate": {"bytes": 1000000}, "repeat": -1}]
	END
	mkfifo out.fifo
	yes | head -n 500 >in
	gm-prompt -l --text -j 4 <in >out.fifo 2>err &
	local first=$! n
	exec 8<out.fifo
	# 16 MiB of results wait, and those in flight; then nothing new starts.
	wait_for '[ "$(requests)" -ge 16 ]'
	steady() {
		local before
		before=$(requests)
		nap 1
		[ "$(requests)" -eq "$before" ]
	}
	wait_for steady
	n=$(requests)
	[ "$n" -le 24 ]
	# Sanitizers need more.
	[ -n "${SAN:-}" ] || awk '/^VmHWM/ { exit $2 > 64 * 1024 }' "/proc/$first/status"
	head -c 500500000 <&8 | tail -c 1 >last
	wait "$first"
	exec 8<&-
	same last $'\n'
	[ "$(requests)" -eq 500 ]
}

@test "the network goes on while the first record takes long" {
	replies <<-END
		[{"when": {"body": "first"}, "stream": ["1"], "head_gate": "go"},
		 $ECHO]
	END
	{
		echo first
		seq 2 300
	} >in
	gm-prompt -l --text -j 4 <in >out 2>err &
	local first=$!
	wait_for '[ "$(requests)" -eq 300 ]'
	same out ''
	touch "$DIR/go"
	wait "$first"
	same out "$(seq 300)
"
}

@test "the window of results that wait is bounded" {
	replies <<-END
		[{"when": {"body": "first"}, "stream": ["1"], "head_gate": "go"},
		 {"generate": {"bytes": 1000000}, "repeat": -1}]
	END
	{
		echo first
		yes | head -n 99
	} >in
	gm-prompt -l --text -j 4 <in 2>err | tail -c 1 >out &
	local first=$!
	wait_for '[ "$(requests)" -ge 18 ]'
	nap 1
	[ "$(requests)" -le 24 ]
	touch "$DIR/go"
	wait "$first"
	[ "$(requests)" -eq 100 ]
}

@test "records typed at a terminal" {
	replies <<<"[$ECHO]"
	terminal -f 0 -i 'one\ntwo\n\x04' gm-prompt -l --text >out 2>err
	same out $'one\ntwo\n'
	same err ''
}

@test "a terminal shows answers without controls, and progress" {
	replies <<-END
		[{"when": {"body": "bad"}, "stream": ["a\\u001b[31mb"], "repeat": 2},
		 $ECHO]
	END
	printf '%s\n' bad good >in
	local words
	terminal -f 1 -o shown gm-prompt -l -j1 --text <in 2>err
	same shown $'ab\ngood\n'
	same err ''
	terminal -f 1 -o shown gm-prompt -l -j1 --text --raw <in
	same shown $'a\e[31mb\ngood\n'
	# On standard error: done and total, at last erased; then the totals.
	GM_METRICS=0 terminal -f 2 -o shown gm-prompt -l -j1 --text <in >out
	same out $'bad\ngood\n'
	[[ "$(cat shown)" == $'\rgm-prompt: 0/2'*$'\r' ]]
	run ! grep $'\e' shown
	for words in 'env NO_COLOR=1 gm-prompt' 'gm-prompt --color never'; do
		# shellcheck disable=SC2086 # they are words
		terminal -f 2 -o shown $words -l -j1 --text <in >out
		run ! grep $'\e' shown
		sed -E 's/.*\r//; s/ [0-9.]+ s/ T/' shown >totals
		same totals $'gm-prompt: 2 records: 2 answered; T; 2 tokens in, 2 out\n'
	done
	# A dumb terminal has only the totals.
	TERM=dumb terminal -f 2 -o shown gm-prompt -l -j1 --text <in >out
	sed -Ei 's/ [0-9.]+ s/ T/' shown
	same shown $'gm-prompt: 2 records: 2 answered; T; 2 tokens in, 2 out\n'
	# A FIFO has no total.
	printf 'one\ntwo\n' |
		GM_METRICS=0 terminal -f 2 -o shown gm-prompt -l -j1 --text >out
	[[ "$(cat shown)" == $'\rgm-prompt: 0 done'* ]]
	terminal -f 2 -o shown gm-prompt -l --text --quiet <in >out
	same shown ''
}

@test "metrics: a line for each request, and one for the run" {
	replies <<-END
		[{"when": {"body": "bad"}, "refusal": "invalid_argument", "repeat": -1}, $ECHO]
	END
	printf '%s\n' '{"prompt":"one"}' '{"prompt":"bad"}' '{' |
		batch -a -j1 --text --quiet --log-file log
	[ "$rc" -eq 1 ]
	same <(jq -c '[.tool, .class, .http, .attempts, .total_tokens,
	    .records, .answered, .failed, .skipped, .not_sent, .requests,
	    .retries]' log) \
	    '["gm-prompt","ok",200,1,2,null,null,null,null,null,null,null]
["gm-prompt","bad_request",400,1,null,null,null,null,null,null,null,null]
["gm-prompt",null,null,null,2,3,1,2,0,0,2,0]
'
	printf '%s\n' one two | batch -l -j1 --text --metrics
	[ "$rc" -eq 0 ]
	sed -Ei 's/[0-9.]+( s|\/s)/N\1/g; s/\<(total|ttft|connect)_ms=[0-9]+ ?//g' err
	same err "\
$(for _ in 1 2; do
		echo "gm-prompt: provider=gemini model=$ALIAS key_index=0\
 key=...0001 attempts=1 class=ok http=200 wait_ms=0 bytes_sent=55\
 bytes_received=323 prompt_tokens=1 output_tokens=1 total_tokens=2 finish=STOP"
	done)
gm-prompt: 2 records: 2 answered; N s, N/s; 2 tokens in, 2 out
"
	GM_METRICS=0 batch -l --text <<<one
	said 0 $'one\n' ''
}

@test "output that cannot be written" {
	replies <<<"[$ECHO]"
	rc=0
	seq 3 | gm-prompt -l >/dev/full 2>err || rc=$?
	[ "$rc" -eq 74 ]
	same err 'gm-prompt: standard output: No space left on device
'
	rc=0
	seq 3 | gm-prompt -l >&- 2>err || rc=$?
	[ "$rc" -eq 74 ]
}
