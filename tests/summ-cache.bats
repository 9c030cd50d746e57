#!/usr/bin/env bats
# The cache: no request is paid for twice.

# summ.bash sets variables; wait_for evaluates conditions.
# shellcheck disable=SC2016,SC2034,SC2154

load summ

# many N: start the server, and make N files with a fact each.
many() {
	local n
	serve
	for ((n = 1; n <= $1; n++)); do
		printf 'Fact %d ⟦F%03d⟧.\n' "$n" "$n" >"$n"
	done
}

@test "a second run sends nothing, and prints the same" {
	many 3
	prose 60000 6 >text
	summ --chunk-tokens 4000 1 2 3 text
	[ "$rc" -eq 0 ]
	cp out first
	summ --chunk-tokens 4000 1 2 3 text
	said 0 "$(cat first)
" ''
	tried 0
	# The key is the content, not the name.
	mv text other
	summ --chunk-tokens 4000 --json other
	tried 0
	[ "$(jq '.cached == .parts + 1 and .requests == 0' out)" = true ]
}

@test "one of 30 files changes: one request" {
	many 30
	seq 30 | tr '\n' '\0' >list
	summ --files0-from list
	tried 30
	echo 'Fact 99 ⟦F099⟧.' >./17
	summ --files0-from list
	[ "$rc" -eq 0 ]
	tried 1
	same <(markers out) "$({ all_markers 16 && echo '⟦F099⟧' && all_markers 30 | tail -n 13; })
"
}

@test "a paragraph is inserted: few parts are sent again" {
	serve
	prose 400000 40 >text
	summ --chunk-tokens 8000 text
	python3 - <<-'END'
		text = open("text").read()
		at = text.index("\n\n", 200000) + 2
		open("text", "w").write(text[:at] + "A new paragraph.\n\n" + text[at:])
	END
	summ --chunk-tokens 8000 text
	[ "$rc" -eq 0 ]
	[ "$(sent '[.[] | select(.round == "facts")] | length')" -ge 1 ]
	[ "$(sent '[.[] | select(.round == "facts")] | length')" -le 4 ]
}

@test "--no-cache neither finds nor keeps answers" {
	many 1
	summ --no-cache 1
	tried 1
	summ 1
	tried 1
	summ --no-cache 1
	tried 1
	summ 1
	tried 0
}

@test "--cache-stats and --cache-clear" {
	many 2
	summ --cache-stats
	said 0 '0 answers
' ''
	summ 1 2
	summ --cache-stats
	[ "$rc" -eq 0 ]
	[ "$(sed -E 's/[0-9]+ bytes, .*/N bytes/' out)" = '2 answers, N bytes' ]
	summ --cache-stats --json
	[ "$(jq -c '[.answers, .bytes > 0, .oldest <= .newest]' out)" = '[2,true,true]' ]
	summ --cache-clear
	said 0 '' ''
	summ --cache-stats
	said 0 '0 answers
' ''
	summ 1 2
	tried 2
}

@test "another style pays only for the last round, and both are cached" {
	serve
	prose 60000 6 >text
	summ --chunk-tokens 4000 text
	summ --chunk-tokens 4000 --style paragraph text
	tried 1
	[ "$(sent '.[].round')" = summary ]
	summ --chunk-tokens 4000 -w 50 text
	tried 1
	summ --chunk-tokens 4000 --lang fr text
	tried 1
	summ --chunk-tokens 4000 -i 'Stress money.' text
	tried 1
	summ --chunk-tokens 4000 text
	tried 0
}

@test "another model and another server share no answers" {
	many 1
	summ 1
	summ -m gemini-3.6-flash 1
	tried 1
	summ -m gemini-3.6-flash 1
	tried 0
	DIR=$BATS_TEST_TMPDIR/other
	serve
	summ 1
	[ "$(requests)" -eq 1 ]
}

@test "truncated, blocked and empty answers are not cached" {
	local reply
	many 1
	for reply in '"stream": ["Half"], "finish": "MAX_TOKENS"' '"refusal": "blocked"' \
	    '"stream": []' '"stream": ["Half"], "finish": null' '"refusal": "invalid_argument"'; do
		play <<<"[{$reply, \"repeat\": -1}]"
		summ --retries 0 1
		[ "$rc" -ne 0 ]
		same out ''
		play <<<'[]'
		summ --cache-stats
		same out '0 answers
'
	done
	summ 1
	said 0 '- Fact 1 ⟦F001⟧.
' ''
}

@test "a file whose part fails: its other parts are paid for once" {
	serve
	prose 60000 6 >text
	script <<-'END'
		[{"when": {"body": "This is part 3 of"}, "refusal": "blocked", "repeat": -1}]
	END
	summ --chunk-tokens 4000 text
	[ "$rc" -eq 1 ]
	play <<<'[]'
	summ --chunk-tokens 4000 text
	[ "$rc" -eq 0 ]
	tried 2
	[ "$(sent '[.[].part] | tostring' | sed 's/of [0-9]*/of N/')" = '["3 of N",null]' ]
}

@test "a cache that cannot be used does not fail the run" {
	many 1
	mkdir -p "$HOME/.cache"
	echo file >"$HOME/.cache/gm"
	summ 1
	[ "$rc" -eq 0 ]
	same out '- Fact 1 ⟦F001⟧.
'
	[ "$(wc -l <err)" -eq 1 ]
	grep -q '^gm-summ: ' err
}

@test "after a kill the next run pays only for missing answers" {
	local answered
	many 40
	seq 40 | tr '\n' '\0' >list
	script <<-'END'
		[{"service": true, "repeat": 17},
		 {"service": true, "head_gate": "go", "repeat": -1}]
	END
	gm-summ -j4 --files0-from list >out 2>err &
	pid=$!
	wait_for '[ "$(requests)" -eq 21 ]'
	wait_for '[ "$(find "$HOME/.cache/gm/summaries" -type f | wc -l)" -eq 17 ]'
	kill -9 "$pid"
	wait "$pid" || :
	[ "$(markers out | wc -l)" -le 17 ]
	: >"$DIR/go"
	summ --files0-from list
	[ "$rc" -eq 0 ]
	tried $((40 - 17))
	same <(markers out) "$(all_markers 40)
"
}

@test "a paragraph inserted at 40 places: 2 parts are sent again, on average" {
	local n
	serve
	prose 400000 40 >text
	python3 - <<-'END'
		text = open("text").read()
		for n in range(40):
		    at = text.index("\n\n", n * 9900) + 2
		    open("edited.%d" % n, "w").write(
		        text[:at] + "A new paragraph, the %dth.\n\n" % n + text[at:])
	END
	summ --chunk-tokens 8000 text
	[ "$rc" -eq 0 ]
	BEFORE=$(requests)
	for ((n = 0; n < 40; n++)); do
		gm-summ --chunk-tokens 8000 "edited.$n" >out
	done
	n=$(sent '[.[] | select(.round == "facts")] | length')
	echo "$n parts in 40 runs"
	[ "$n" -ge 40 ]
	[ "$n" -le 80 ]
}
