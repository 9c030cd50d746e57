#!/usr/bin/env bats
# Batches: JSON records, and records that cannot be sent.

# batch.bash sets variables; wait_for evaluates conditions.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load batch

# turns: print the contents of each request, sorted.
turns() {
	local n
	for ((n = 1; n <= $(requests); n++)); do
		body "$n" | jq -c .contents
	done | LC_ALL=C sort
}

@test "--jsonl: each member shapes the request" {
	replies <<<"[$ECHO]"
	cat >in <<-'END'
		{"prompt": "all", "system": "S", "model": "gemini-3.8-flash", "temperature": 0.5, "top_p": 0.25, "top_k": 5.0, "max_tokens": 7, "seed": -3, "stop": ["A", "B"], "thinking": "high", "safety": "high", "unknown": {"a": [1]}}
		{"prompt": "some", "stop": "C", "thinking": 0, "temperature": null, "id": null}
		{"prompt": "own"}
	END
	batch -a -j1 -s common -t 2 -m gemini-3.6-flash <in
	[ "$rc" -eq 0 ]
	same err ''
	lines '[.text, .model]' '["all","gemini-3.8-flash"]
["some","gemini-3.6-flash"]
["own","gemini-3.6-flash"]
'
	grep -q '/models/gemini-3.8-flash:' "$DIR/request.1"
	grep -q '/models/gemini-3.6-flash:' "$DIR/request.2"
	for n in 1 2 3; do
		body $n | jq -c '[.systemInstruction.parts[0].text,
		    .generationConfig, .safetySettings[0].threshold]'
	done >bodies
	same bodies '["S",{"temperature":0.5,"topP":0.25,"topK":5,"maxOutputTokens"'"\
:7,\"seed\":-3,\"stopSequences\":[\"A\",\"B\"],\"thinkingConfig\":\
{\"thinkingLevel\":\"HIGH\"}},\"BLOCK_LOW_AND_ABOVE\"]
[\"common\",{\"temperature\":2,\"stopSequences\":[\"C\"],\"thinkingConfig\":\
{\"thinkingBudget\":0}},null]
[\"common\",{\"temperature\":2},null]
"
}

# epoll(7) rejects such a device, and files on a disk.
@test "a device that is always ready is read to the end of a record" {
	replies <<<"[$ECHO]"
	batch -l -j1 --max-failures 1 </dev/zero
	[ "$rc" -eq 1 ]
	lines '[.record, .error.message]' '[1,"larger than 16 MiB"]
'
}

@test "ids are returned as they were given" {
	replies <<<"[$ECHO]"
	printf '%s\n' '{"prompt":"a","id":"x\u00fc\"y"}' \
	    '{"prompt":"b","custom_id": 1.50e2}' '{"id":7,"custom_id":8,"prompt":"c"}' \
	    '{"prompt":"d","id":"x\u00fc\"y"}' '{"id":"bad","prompt":5}' \
	    '{"prompt":"e"}' | batch -a
	[ "$rc" -eq 1 ]
	grep -o '^{"record":[0-9],"id":[^,]*' out >ids
	same ids '{"record":1,"id":"x\u00fc\"y"
{"record":2,"id":1.50e2
{"record":3,"id":7
{"record":4,"id":"x\u00fc\"y"
{"record":5,"id":"bad"
'
	lines '[.record, .ok, has("id")]' '[1,true,true]
[2,true,true]
[3,true,true]
[4,true,true]
[5,false,true]
[6,true,false]
'
}

@test "contents: turns of a conversation" {
	replies <<<"[$ECHO]"
	cat >in <<-'END'
		{"contents": [{"parts": [{"text": "Hi"}]}, {"role": "model", "parts": [{"text": "Yes?", "thoughtSignature": "c2ln"}]}, {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}]}
		{"contents": [{"parts": [{"text": "With"}]}], "files": ["note"]}
	END
	echo N >note
	batch -a <in
	[ "$rc" -eq 0 ]
	diff <(turns) - <<-'END'
		[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"Yes?","thoughtSignature":"c2ln"}]},{"role":"user","parts":[{"text":"a"},{"text":"b"}]}]
		[{"role":"user","parts":[{"text":"With"},{"text":"<file name=\"note\" id=\"28312e34\">\nN\n</file id=\"28312e34\">\n"}]}]
	END
}

@test "templates: members of the record" {
	replies <<<"[$ECHO]"
	cat >in <<-'END'
		{"prompt": "P", "lang": "de", "n": 1.50, "tags": ["a", "b"], "none": null}
		{"lang": "fr", "n": true, "tags": {"x": " y "}, "none": "", "prompt": "{lang}"}
	END
	batch -a '{lang}/{n}/{tags}/{none}: {}|{prompt}|{ lang}{}' <in
	[ "$rc" -eq 0 ]
	answers 'de/1.50/["a","b"]/: P|P|{ lang}P' \
	    'fr/true/{"x":" y "}/: {lang}|{lang}|{ lang}{lang}'
	# A placeholder of a member leaves the prompt, which follows.
	batch -a 'To {lang}:' <in
	answers $'To de:\n\nP' $'To fr:\n\n{lang}'
	# Without a prompt, only the template is sent.
	batch -a 'Say hi in {lang}.' <<<'{"lang":"de"}'
	answers 'Say hi in de.'
	# A plain record has no members.
	batch -l '{lang} {}' <<<x
	answers '{lang} x'
}

@test "files of records" {
	replies <<<"[$ECHO]"
	echo A >a
	echo B >b
	cat >in <<-'END'
		{"prompt": "P", "files": ["a", "b"]}
		{"files": ["b"], "prompt": null}
		{"name": "a", "prompt": "Q"}
	END
	batch -a <in
	[ "$rc" -eq 0 ]
	diff <(prompts) - <<-'END'
		[["<file name=\"b\" id=\"c0cde77f\">\nB\n</file id=\"c0cde77f\">\n"]]
		[["P","<file name=\"a\" id=\"06f961b8\">\nA\n</file id=\"06f961b8\">\n","<file name=\"b\" id=\"c0cde77f\">\nB\n</file id=\"c0cde77f\">\n"]]
		[["Q"]]
	END
	rm "$DIR"/request.*
	serve
	printf '{"name": "a", "prompt": "Q", "files": ["b"]}' | batch -a -f '{name}'
	diff <(prompts) - <<-'END'
		[["Q","<file name=\"a\" id=\"06f961b8\">\nA\n</file id=\"06f961b8\">\n","<file name=\"b\" id=\"c0cde77f\">\nB\n</file id=\"c0cde77f\">\n"]]
	END
}

@test "invalid records cost nothing, and do not stop others" {
	replies <<<"[$ECHO]"
	mkdir dir
	printf 'a\0b' >nul
	cat >in <<-'END'
		{"prompt": "first"}
		{"prompt": "cut
		[1]
		{}
		{"prompt": " "}
		{"prompt": 5}
		{"prompt": "a", "contents": []}
		{"contents": []}
		{"contents": [{"parts": [{"inlineData": {}}]}]}
		{"prompt": "a", "id": [1]}
		{"prompt": "a", "temperature": "warm"}
		{"prompt": "a", "temperature": 3}
		{"prompt": "a", "top_k": 1.5}
		{"prompt": "a", "stop": ["1", "2", "3", "4", "5", "6"]}
		{"prompt": "a", "thinking": "hard"}
		{"prompt": "a", "model": "../x"}
		{"prompt": "a", "files": "dir"}
		{"prompt": "a", "files": ["gone"]}
		{"prompt": "a", "files": ["dir"]}
		{"prompt": "a", "files": ["nul"]}
		{"prompt": "a", "prompt": "b"}
		{"prompt": "last"}
	END
	batch -a <in
	[ "$rc" -eq 1 ]
	same err "gm-prompt: 20 of 22 records failed; record 2: bad JSON: ends too soon\
 at byte 15
"
	lines "if .ok then .text else $FAILED | join(\" \") end" \
	    '"first"
"2 bad_input bad JSON: ends too soon at byte 15"
"3 bad_input not a JSON object"
"4 bad_input no prompt and no contents"
"5 bad_input prompt: empty"
"6 bad_input prompt: not a string"
"7 bad_input prompt and contents cannot be combined"
"8 bad_input contents: empty"
"9 bad_input contents.0.parts.0: \"inlineData\" is not supported; only text is"
"10 bad_input id: not a string or number"
"11 bad_input temperature: not a number"
"12 bad_input temperature: not a number from 0 to 2"
"13 bad_input top_k: not a whole number from 1 to 1000000"
"14 bad_input stop: more than 5 strings"
"15 bad_input thinking: not minimal, low, medium, high, xhigh, off or a number of tokens from -1 (automatic) to 10000000"
"16 bad_input model: not a model name: it contains blanks, control characters or one of / ? # , %"
"17 bad_input files: not an array of names"
"18 local gone: No such file or directory"
"19 local dir: Is a directory"
"20 bad_input nul: not text: NUL byte at offset 1; images, PDF and other data are not supported yet"
"21 bad_input prompt: given twice"
"last"
'
	[ "$(requests)" -eq 2 ]
}

@test "invalid plain records" {
	replies <<<"[$ECHO]"
	{
		echo first
		printf 'a\0b\n'
		printf '%%PDF-1.4\n'
		printf 'bad \xff\xc3 utf\n'
		printf 'worse \xff\n'
		echo '   '
		head -c 100M /dev/zero | tr '\0' x
		echo
		echo last
	} | batch -l -j1
	[ "$rc" -eq 1 ]
	lines "if .ok then [.record, .text] else $FAILED end" \
	    '[1,"first"]
[2,"bad_input","a NUL byte at offset 1; if NUL ends a record, use -0"]
[3,"bad_input","a PDF document, not text"]
[4,"bad �� utf"]
[5,"worse �"]
[6,"bad_input","empty"]
[7,"bad_input","larger than 16 MiB"]
[8,"last"]
'
	[ "$(requests)" -eq 4 ]
	# Only the first is a note; -v reports each.
	same err "gm-prompt: record 4: not UTF-8 in 2 places: replaced by U+FFFD
gm-prompt: 4 of 8 records failed; record 2: a NUL byte at offset 1; if NUL ends\
 a record, use -0
"
}

@test "if all records are invalid alike, the status is that of one" {
	replies <<<"[]"
	printf '%s\n' '{' '[]' | batch -a --text
	said 65 $'\n\n' 'gm-prompt: record 1: bad JSON: ends too soon at byte 1
gm-prompt: record 2: not a JSON object
gm-prompt: 2 of 2 records failed
'
	printf '%s\n' gone away | batch -l -f '{}' --text
	said 66 $'\n\n' 'gm-prompt: record 1: gone: No such file or directory
gm-prompt: record 2: away: No such file or directory
gm-prompt: 2 of 2 records failed
'
	printf '%s\n' '{' | batch -a --text
	said 65 $'\n' 'gm-prompt: record 1: bad JSON: ends too soon at byte 1
gm-prompt: 1 of 1 record failed
'
	printf '%s\n' '{' | batch -a
	[ "$rc" -eq 65 ]
	same err 'gm-prompt: record 1: bad JSON: ends too soon at byte 1
'
	# Binary input is rejected as a whole.
	printf '%%PDF-1.4\nx\n' | batch -l
	said 65 '' 'gm-prompt: standard input: a PDF document, not text
'
	unsent
}
