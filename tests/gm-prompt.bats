# The prompt and the parameters of generation: all output, all that is sent.  The
# other options are in input.bats, telling.bats, connection.bats, answers.bats,
# output.bats and outfile.bats.

load prompt

@test "operands are joined by blanks, options may stand between them" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask say --seed 1 "  it" -- -t 2 --help
	said 0 $'Hello.\n' ''
	sent "$(prompted 'say   it -t 2 --help' |
	    sed 's/}$/,"generationConfig":{"seed":1}}/')"
}

@test "operands are literal: @FILE is sent as text" {
	replies <<<'[{"stream": ["Hello."]}]'
	echo secret >file
	ask @file @-
	said 0 $'Hello.\n' \
	    $'gm-prompt: @file and 1 more: sent as text; to send a file: -f FILE\n'
	sent "$(prompted '@file @-')"
}

@test "-q, --prompt TEXT" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask -q 'say "hi" \ é 🦊'
	said 0 $'Hello.\n' ''
	sent "$(prompted 'say \"hi\" \\ é 🦊')"
	ask --prompt=hi
	said 0 $'Hello.\n' ''
	sent_as 2 "$HI"
}

@test "--prompt @FILE and @-" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	printf 'two\nlines\n' >file
	ask -q @file
	said 0 $'Hello.\n' ''
	sent "$(prompted 'two\nlines\n')"
	gm -q @- <file
	said 0 $'Hello.\n' ''
	sent_as 2 "$(prompted 'two\nlines\n')"
}

@test "--prompt @FILE: files that cannot be read" {
	serve
	ask -q @absent
	said 66 '' $'gm-prompt: absent: No such file or directory\n'
	ask -q @.
	said 66 '' $'gm-prompt: .: Is a directory\n'
	printf 'a\0b' >nul
	ask -q @nul
	said 65 '' \
	    $'gm-prompt: nul: not text: NUL byte at offset 1\n'
	unsent
}

@test "--prompt and operands cannot be combined" {
	serve
	ask -q one two
	usage '--prompt and operands cannot be combined'
}

@test "-s, --system TEXT, @FILE and @-" {
	local with='{"systemInstruction":{"parts":[{"text":"be brief"}]},'

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask -s 'be brief' hi
	said 0 $'Hello.\n' ''
	sent "$with${HI#\{}"
	printf 'be brief' >file
	ask --system @file hi
	said 0 $'Hello.\n' ''
	sent_as 2 "$with${HI#\{}"
	gm --system=@- hi <file
	said 0 $'Hello.\n' ''
	sent_as 3 "$with${HI#\{}"
}

@test "standard input can be read only once" {
	serve
	gm -s @- -q @- <<<hi
	usage 'standard input can be read only once'
}

@test "-t, --temperature N" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask -t 0.7 hi
	said 0 $'Hello.\n' ''
	sent "$(configured '{"temperature":0.7}')"
	ask --temperature 0 hi
	said 0 $'Hello.\n' ''
	sent_as 2 "$(configured '{"temperature":0}')"
	LC_ALL=de_DE.UTF-8 ask --temperature=2 hi
	said 0 $'Hello.\n' ''
	sent_as 3 "$(configured '{"temperature":2}')"
}

@test "--top-p N, --top-k N, --max-tokens N, --seed N" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask --top-p .95 hi
	said 0 $'Hello.\n' ''
	sent "$(configured '{"topP":0.95}')"
	ask --top-k 40 hi
	said 0 $'Hello.\n' ''
	sent_as 2 "$(configured '{"topK":40}')"
	ask --max-tokens 2048 hi
	said 0 $'Hello.\n' ''
	sent_as 3 "$(configured '{"maxOutputTokens":2048}')"
	ask --seed -2147483648 hi
	said 0 $'Hello.\n' ''
	sent_as 4 "$(configured '{"seed":-2147483648}')"
	ask --seed 7 --max-tokens 9 --top-k 3 --top-p 1 -t 1 --stop . hi
	said 0 $'Hello.\n' ''
	sent_as 5 "$(configured '{"temperature":1,"topP":1,"topK":3,'\
'"maxOutputTokens":9,"seed":7,"stopSequences":["."]}')"
}

@test "an error about a number names the option and its range" {
	serve
	ask -t 2.1 hi
	usage "--temperature: not a number from 0 to 2"
	ask -t nan hi
	usage "--temperature: not a number from 0 to 2"
	ask -t 0,7 hi
	usage "--temperature: not a number from 0 to 2"
	ask --top-p 1.5 hi
	usage "--top-p: not a number from 0 to 1"
	ask --top-k 0 hi
	usage "--top-k: not a whole number from 1 to 1000000"
	ask --max-tokens 1e3 hi
	usage "--max-tokens: not a whole number from 1 to 10000000"
	ask --seed 2147483648 hi
	usage "--seed: not a whole number from -2147483648 to\
 2147483647"
}

@test "--stop TEXT, again for more" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask --stop END hi
	said 0 $'Hello.\n' ''
	sent "$(configured '{"stopSequences":["END"]}')"
	ask --stop $'\n\n' --stop '"' --stop @x hi
	said 0 $'Hello.\n' ''
	sent_as 2 "$(configured '{"stopSequences":["\n\n","\"","@x"]}')"
}

@test "--thinking HOW: levels" {
	local n=0 level

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	for level in minimal low medium High xhigh; do
		n=$((n + 1))
		ask -m gemini-3.5-flash --thinking "$level" hi
		said 0 $'Hello.\n' ''
		sent_as $n "$(configured \
		    '{"thinkingConfig":{"thinkingLevel":"'"${level^^}"'"}}')" \
		    'gemini-3.5-flash:streamGenerateContent?alt=sse'
	done
}

@test "--thinking HOW: a budget of tokens, off" {
	local n=0 how budget

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	while read -r how budget; do
		n=$((n + 1))
		ask -m gemini-2.5-flash --thinking "$how" hi
		said 0 $'Hello.\n' ''
		sent_as $n "$(configured \
		    '{"thinkingConfig":{"thinkingBudget":'"$budget"'}}')" \
		    'gemini-2.5-flash:streamGenerateContent?alt=sse'
	done <<-END
		1024 1024
		-1 -1
		0 0
		off 0
	END
	[ $n -eq 4 ]
}

@test "a note about what the model ignores or rejects, once" {
	local n=gemini-4-neon note
	replies <<<'[{"refusal": "overloaded"}, {"stream": ["Hello."], "repeat": -1}]'
	note="gm-prompt: $n: this model ignores --temperature, --top-k
gm-prompt: $n: this model rejects --thinking off; use low, medium, high or xhigh
"
	ask -m $n --max-wait 1ms -t 1 --top-k 3 --thinking off hi
	said 0 $'Hello.\n' "$note"
	[ "$(requests)" -eq 2 ]
	same <(body 1) "$(configured '{"temperature":1,"topK":3,"thinkingConfig":{"thinkingBudget":0}}')"
	ask -m $n --max-tokens 100 hi
	said 0 $'Hello.\n' "gm-prompt: $n: --max-tokens 100 may all be used for thinking; use 4096 or more, or --thinking low
"
	ask -m models/gemini-4-argon --quiet -t 1 --thinking xhigh hi
	said 0 $'Hello.\n' ''
	ask -m models/gemini-4-argon --thinking xhigh hi
	said 0 $'Hello.\n' "gm-prompt: models/gemini-4-argon: this model rejects --thinking with this level; use low, medium or high
"
	ask -m $n --thinking xhigh --max-tokens 200000 hi
	said 0 $'Hello.\n' ''
	same <(body 6) "$(configured '{"maxOutputTokens":200000,"thinkingConfig":{"thinkingLevel":"XHIGH"}}')"
	echo '[]' >"$DIR/script.new"
	mv "$DIR/script.new" "$DIR/script.json"
	ask --count -m gemini-4-argon -t 1 --thinking off hi
	said 0 $'1\n' ''
	# A fallback model gets the note when it is used.
	echo '[{"refusal": "model_gone"}, {"stream": ["Hello."]}]' >"$DIR/script.new"
	mv "$DIR/script.new" "$DIR/script.json"
	ask -m gemini-3.8-flash,$n -t 1 hi
	said 0 $'Hello.\n' "gm-prompt: $n: this model ignores --temperature
"
}

@test "--thinking HOW: anything else" {
	serve
	ask --thinking deep hi
	usage "--thinking: not minimal, low, medium, high, xhigh, off or a\
 number of tokens from -1 (automatic) to 10000000"
}

@test "--show-thoughts: thoughts are requested, and printed on standard error" {
	replies <<-'END'
		[{"stream": ["Hel", "lo."], "thoughts": ["First I ", "greet."],
		  "repeat": -1}]
	END
	ask --show-thoughts hi
	said 0 $'Hello.\n' $'First I greet.\n'
	sent "$(configured '{"thinkingConfig":{"includeThoughts":true}}')"
	ask --show-thoughts --stream --thinking low hi
	said 0 $'Hello.\n' $'First I greet.\n'
	sent_as 2 "$(configured \
	    '{"thinkingConfig":{"thinkingLevel":"LOW","includeThoughts":true}}')"
}

@test "thoughts that were not requested are not part of the answer" {
	replies <<<'[{"stream": ["Hello."], "thoughts": ["Hm."], "repeat": -1}]'
	ask hi
	said 0 $'Hello.\n' ''
	sent "$HI"
	ask -S hi
	said 0 $'Hello.\n' ''
}

@test "--safety HOW" {
	local n=0 how threshold category want

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	while read -r how threshold; do
		n=$((n + 1))
		want=
		for category in HARASSMENT HATE_SPEECH SEXUALLY_EXPLICIT \
		    DANGEROUS_CONTENT; do
			want+=',{"category":"HARM_CATEGORY_'$category'",'
			want+='"threshold":"'$threshold'"}'
		done
		ask --safety "$how" hi
		said 0 $'Hello.\n' ''
		sent_as $n "${HI%\}},\"safetySettings\":[${want#,}]}"
	done <<-END
		none BLOCK_NONE
		low BLOCK_ONLY_HIGH
		medium BLOCK_MEDIUM_AND_ABOVE
		high BLOCK_LOW_AND_ABOVE
	END
	[ $n -eq 4 ]
	ask --safety off hi
	said 64 '' "gm-prompt: --safety: not none, low, medium or high
Try 'gm-prompt --help'.
"
	[ "$(requests)" -eq 4 ]
}

@test "--search: sources are printed on standard error" {
	replies <<-'END'
		[{"stream": ["Yes."], "grounding": {"groundingChunks": [
		  {"web": {"uri": "https://a.example/1", "title": "One"}},
		  {"web": {"uri": "https://b.example/2", "title": "Two"}},
		  {"web": {"uri": "https://a.example/1", "title": "One"}}]}}]
	END
	ask --search hi
	said 0 $'Yes.\n' "gm-prompt: source: https://a.example/1 One
gm-prompt: source: https://b.example/2 Two
"
	sent "${HI%\}},\"tools\":[{\"googleSearch\":{}}]}"
}

@test "--url-context: the pages that were read are printed" {
	replies <<-'END'
		[{"stream": ["Yes."], "repeat": 2, "url_context": {"urlMetadata": [
		  {"retrievedUrl": "https://a.example/",
		   "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"}]}}]
	END
	ask --url-context hi
	said 0 $'Yes.\n' "gm-prompt: source: https://a.example/\
 URL_RETRIEVAL_STATUS_SUCCESS
"
	sent "${HI%\}},\"tools\":[{\"urlContext\":{}}]}"
	ask --url-context --search --quiet hi
	said 0 $'Yes.\n' ''
	sent_as 2 "${HI%\}},\"tools\":[{\"googleSearch\":{}},{\"urlContext\":{}}]}"
}

@test "-m, --model MODEL" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	export GEMINI_MODEL=gemini-2.5-pro
	ask -m gemini-3.8-flash hi
	said 0 $'Hello.\n' ''
	sent "$HI" 'gemini-3.8-flash:streamGenerateContent?alt=sse'
	ask hi
	said 0 $'Hello.\n' ''
	sent_as 2 "$HI" 'gemini-2.5-pro:streamGenerateContent?alt=sse'
	ask --model models/gemini-3.8-flash hi
	said 0 $'Hello.\n' ''
	sent_as 3 "$HI" 'gemini-3.8-flash:streamGenerateContent?alt=sse'
}

@test "--model: names that are not valid" {
	serve
	ask -m 'a/../b?key=1' hi
	usage '--model: not a model name: it contains blanks, control characters or one of / ? # , %'
	ask -m '' hi
	usage '--model: its argument is empty'
	ask -m a,, hi
	usage "--model: a model name has 1 to 200 characters"
}

@test "--model: no such model; the service names another" {
	replies <<-'END'
		[{"refusal": "model_gone", "replacement": "gemini-3.8-flash"}]
	END
	ask -m gemini-2.0-flash hi
	said 78 '' "gm-prompt: gemini-2.0-flash: no such model; use gemini-3.8-flash\
 (HTTP 404, model_gone)
"
	sent "$HI" 'gemini-2.0-flash:streamGenerateContent?alt=sse'
}

@test "a note if another model answers" {
	replies <<-'END'
		[{"stream": ["Hello."], "model_version": "gemini-3.9-pro",
		  "repeat": -1}]
	END
	ask -m gemini-3.8-flash hi
	said 0 $'Hello.\n' \
	    $'gm-prompt: gemini-3.8-flash: answered by gemini-3.9-pro\n'
	ask -m gemini-flash-latest hi
	said 0 $'Hello.\n' ''
}

@test "a note if a model is deprecated" {
	replies <<-'END'
		[{"stream": ["Hello."],
		  "model_status": {"modelStage": "DEPRECATED"}}]
	END
	ask hi
	said 0 $'Hello.\n' \
	    "gm-prompt: $ALIAS: the service marks this model as DEPRECATED; use another
"
}

@test "--stop: a sixth is a usage error, and nothing is sent" {
	serve
	run -64 --separate-stderr gm-prompt -n --stop a --stop b --stop c \
	    --stop d --stop e --stop f hi
	[ -z "$output" ]
	# shellcheck disable=SC2154 # run sets it
	[ "$stderr" = "gm-prompt: --stop: given more than 5 times
Try 'gm-prompt --help'." ]
	[ "$(requests)" -eq 0 ]
}
