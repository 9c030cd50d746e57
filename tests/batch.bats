#!/usr/bin/env bats
# Batches: records, template, results.

# batch.bash sets variables; wait_for evaluates conditions.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load batch

@test "the JSON line of a record, every member" {
	replies <<<"[$ECHO]"
	echo one | batch -l 'Say {}.'
	[ "$rc" -eq 0 ]
	same err ''
	sed -Ei 's/("(total|ttft|connect)_ms"|"ms"):[0-9]+/\1:T/g
		s/"[0-9a-f]{32}"/"HASH"/' out
	same out '{"record":1,"hash":"HASH",'"\
\"ok\":true,\"text\":\"Say one.\",\"provider\":\"gemini\",\"model\":\"$ALIAS\",\
\"model_version\":\"gemini-3.8-flash\",\"key_index\":0,\"finish_reason\":\
\"STOP\",\"usage\":{\"prompt\":3,\"cached\":null,\"output\":3,\"thoughts\":\
null,\"total\":6},\"timing\":{\"total_ms\":T,\"ttft_ms\":T,\"wait_ms\":0,\
\"connect_ms\":T},\"bytes\":{\"sent\":60,\"received\":328},\
\"parts_omitted\":[],\"attempts\":[{\"provider\":\"gemini\",\"model\":\"$ALIAS\",\
\"key_index\":0,\"key\":\"...0001\",\"http\":200,\"class\":\"ok\",\"ms\":T}],\
\"fallback\":false,\"sources\":[],\"error\":null}
"
	sent "$(prompted 'Say one.')"
}

@test "--lines: ends of lines, empty lines, byte order marks" {
	replies <<<"[$ECHO]"
	printf '\xef\xbb\xbfone\r\n\n\r\ntwo\r\r\n t\xc3\xbc \n\xef\xbb\xbf4\nlast' |
		batch -l
	[ "$rc" -eq 0 ]
	answers one $'two\r' ' tü ' $'\xef\xbb\xbf4' last
	[ "$(requests)" -eq 5 ]
}

@test "--null: NUL ends a record, and all other bytes are kept" {
	replies <<<"[$ECHO]"
	printf 'a\nb\r\n\0\0\xc3\xbc\0last\n' | batch -0
	[ "$rc" -eq 0 ]
	answers $'a\nb\r\n' ü $'last\n'
}

@test "the record replaces {}, or the text of --replace" {
	replies <<<"[$ECHO]"
	printf '%s\n' x '{}' | batch -l '{} and {}, {no} { }'
	[ "$rc" -eq 0 ]
	answers 'x and x, {no} { }' '{} and {}, {no} { }'
	echo x | batch -l -I @@ '{} @@ @@@'
	answers '{} x x@'
	echo x | batch -l -I NAME -q 'to NAME'
	answers 'to x'
}

@test "without a placeholder the record follows the prompt" {
	replies <<<"[$ECHO]"
	printf '%s\n' x y | batch -l Do 'it.
'
	[ "$rc" -eq 0 ]
	answers $'Do it.\n\nx' $'Do it.\n\ny'
	printf '%s\n' x | batch -l
	answers x
	batch -l -- - <<<x
	answers $'-\n\nx'
}

@test "-f: one file for all records, and one for each" {
	replies <<<"[$ECHO]"
	echo A >a
	echo B >'b c'
	printf '%s\0' a 'b c' | batch -0 -f '{}' 'Sum up'
	[ "$rc" -eq 0 ]
	same err ''
	diff <(prompts) - <<-'END'
		[["Sum up","<file name=\"a\" id=\"06f961b8\">\nA\n</file id=\"06f961b8\">\n"]]
		[["Sum up","<file name=\"b c\" id=\"c0cde77f\">\nB\n</file id=\"c0cde77f\">\n"]]
	END
	rm "$DIR"/request.*
	serve
	printf '%s\n' a | batch -l -f 'b c' -f './{}' 'Of {}'
	diff <(prompts) - <<-'END'
		[["Of a","<file name=\"b c\" id=\"c0cde77f\">\nB\n</file id=\"c0cde77f\">\n","<file name=\"./a\" id=\"06f961b8\">\nA\n</file id=\"06f961b8\">\n"]]
	END
}

@test "options apply to all records" {
	replies <<<"[$ECHO]"
	echo 'Be brief.' >system
	printf '%s\n' a | batch -l -s @system -m gemini-3.8-flash -t 0.5 --top-p .9 \
	    --top-k 3 --max-tokens 9 --stop END --seed 7 --thinking low --safety none
	[ "$rc" -eq 0 ]
	answers a
	body 1 | jq -c 'del(.safetySettings)' >sent
	same sent '{"systemInstruction":{"parts":[{"text":"Be brief.\n"}]},"contents"'"\
:[{\"role\":\"user\",\"parts\":[{\"text\":\"a\"}]}],\"generationConfig\":\
{\"temperature\":0.5,\"topP\":0.9,\"topK\":3,\"maxOutputTokens\":9,\
\"seed\":7,\"stopSequences\":[\"END\"],\"thinkingConfig\":{\"thinkingLevel\":\
\"LOW\"}}}
"
}

@test "results are in the order of the input, or with --unordered as they arrive" {
	replies <<-END
		[{"when": {"body": "one"}, "stream": ["1"], "head_gate": "go"}, $ECHO]
	END
	printf '%s\n' one two three | batch -l -j3 --text &
	wait_for '[ "$(requests)" -eq 3 ]'
	touch "$DIR/go"
	wait $!
	same out $'1\ntwo\nthree\n'
	rm "$DIR/go" "$DIR"/request.*
	replies <<-END
		[{"when": {"body": "one"}, "stream": ["1"], "head_gate": "go"}, $ECHO]
	END
	printf '%s\n' one two three | batch -l -j3 --text --unordered &
	wait_for '[ "$(wc -l <out)" -eq 2 ]'
	touch "$DIR/go"
	wait $!
	same <(head -n 2 out | sort) $'three\ntwo\n'
	same <(tail -n 1 out) $'1\n'
}

@test "--text: only answers, one line end each; a failed record is an empty line" {
	replies <<-END
		[{"when": {"body": "nl"}, "stream": ["ends\\n"], "repeat": -1},
		 {"when": {"body": "two"}, "stream": ["a\\nb"], "repeat": -1},
		 {"when": {"body": "cut"}, "stream": ["half"],
		  "finish": "MAX_TOKENS", "repeat": -1}, {"when": {"body": "bad"},
		  "refusal": "invalid_argument", "repeat": -1}, $ECHO]
	END
	printf '%s\n' x nl bad two cut y | batch -l -j1 --text
	said 1 $'x\nends\n\na\nb\n\ny\n' "\
gm-prompt: record 3: $ALIAS: request rejected (HTTP 400, bad_request): Request\
 contains an invalid argument.
gm-prompt: record 5: $ALIAS: the answer was cut at the token limit; raise\
 --max-tokens (MAX_TOKENS, token_limit)
gm-prompt: 2 of 6 records failed
"
	printf '%s\0' x nl bad two | batch -0 -j1 --text --quiet
	[ "$rc" -eq 1 ]
	od -An -c out >shown
	same shown '   x  \0   e   n   d   s  \n  \0  \0   a  \n   b  \0
'
}

@test "a failed record has a line with its answer and its error" {
	replies <<-END
		[{"when": {"body": "cut"}, "stream": ["half"],
		  "finish": "MAX_TOKENS", "repeat": -1},
		 {"when": {"body": "block"}, "refusal": "blocked", "repeat": -1},
		 {"when": {"body": "bad"}, "refusal": "invalid_argument", "repeat": -1},
		 {"when": {"body": "busy"}, "refusal": "overloaded", "repeat": -1}, $ECHO]
	END
	printf '%s\n' cut block bad busy fine | batch -l -j1 --retries 2
	[ "$rc" -eq 1 ]
	lines '[.record, .ok, .text, .error.class, (.attempts | map(.class))]' \
	    '[1,false,"half","token_limit",["ok"]]
[2,false,"","blocked",["ok"]]
[3,false,"","bad_request",["bad_request"]]
[4,false,"","overloaded",["overloaded","overloaded","overloaded"]]
[5,true,"fine",null,["ok"]]
'
	same err "gm-prompt: 4 of 5 records failed; record 1: $ALIAS: the answer was\
 cut at the token limit; raise --max-tokens (MAX_TOKENS, token_limit)
"
	# -v reports each failed record.
	printf '%s\n' bad | batch -l -v
	[ "$(grep -c '^gm-prompt: record 1: ' err)" -eq 1 ]
}

@test "-x: the first fenced block of each answer" {
	replies <<-END
		[{"when": {"body": "with"}, "stream": ["A\\n\`\`\`\\nblock\\n\`\`\`\\n"],
		  "repeat": -1}, $ECHO]
	END
	printf '%s\n' with none | batch -l -j1 -x
	[ "$rc" -eq 1 ]
	lines '[.record, .ok, .text, .error.class, .error.message]' \
	    '[1,true,"block\n",null,null]
[2,false,"","no_block","'"$ALIAS"': the answer has no fenced block; omit --extract (no_block)"]
'
}

@test "no records: nothing to do" {
	replies <<<"[]"
	batch -l </dev/null
	said 0 '' ''
	printf '\n\n\r\n' | batch -l --text
	said 0 '' ''
	batch -0 <&-
	said 0 '' ''
	batch -l --require-stdin </dev/null
	said 65 '' 'gm-prompt: standard input: no records
'
	unsent
}
