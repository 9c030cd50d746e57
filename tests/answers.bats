# What becomes of an answer: promise 1, status 0 means that it is whole.

load prompt

rc= # set by gm and ask

@test "a final newline is added if there is none, and only then" {
	replies <<-'END'
		[{"stream": ["Hello."]}, {"stream": ["Hel", "lo.\n"]},
		 {"stream": ["\n\nHello.\n\n"]}]
	END
	ask hi
	said 0 $'Hello.\n' ''
	ask -S hi
	said 0 $'Hello.\n' ''
	ask hi
	said 0 $'\n\nHello.\n\n' ''
	sent_as 3 "$HI"
}

@test "cut by the token limit: the text, 1, and what thinking took" {
	local cut="gm-prompt: $ALIAS: the answer was cut at the token limit"

	replies <<-'END'
		[{"stream": ["Hel"], "finish": "MAX_TOKENS"},
		 {"stream": ["Hel"], "finish": "MAX_TOKENS", "thoughts":
		  ["One two three."]},
		 {"stream": ["Hel"], "finish": "MAX_TOKENS", "thoughts":
		  ["One two three."]},
		 {"stream": [], "finish": "MAX_TOKENS",
		  "usage": {"thoughtsTokenCount": 64}}]
	END
	local rest='; raise --max-tokens (MAX_TOKENS, token_limit)'
	ask hi
	said 1 $'Hel\n' "$cut$rest"$'\n'
	ask hi
	said 1 $'Hel\n' "$cut: 4 of 5 tokens went to thinking$rest"$'\n'
	ask -S hi
	said 1 $'Hel\n' "$cut: 4 of 5 tokens went to thinking$rest"$'\n'
	ask hi # nothing is left of it
	said 1 '' "$cut: 64 of 64 tokens went to thinking$rest"$'\n'
	[ "$(requests)" -eq 4 ]
}

@test "a blocked answer: 1, the reason, and no half of it" {
	local n=0 reason

	for reason in SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII; do
		echo ',{"stream": ["Hel"], "finish": "'$reason'"}'
		printf '%s' ',{"stream": [], "finish": "'$reason'",
		    "finish_message": "It was\nnot good."}' $'\n'
	done | sed '1s/^,/[/; $s/$/]/' >script
	replies <script
	for reason in SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII; do
		ask hi
		said 1 '' "gm-prompt: $ALIAS: the answer was blocked ($reason, blocked)
"
		ask hi
		said 1 '' "gm-prompt: $ALIAS: the answer was blocked ($reason, blocked): It\
 was not good.
"
		n=$((n + 2))
		[ "$(requests)" -eq $n ] # asked once each
	done
}

@test "a blocked answer that is streamed: what was shown stays" {
	replies <<<'[{"stream": ["Hel", "lo"], "finish": "SAFETY"}]'
	ask -S hi
	said 1 $'Hello\n' "gm-prompt: $ALIAS: the answer was blocked (SAFETY, blocked)
"
	sent "$HI"
}

@test "a blocked prompt: 1 and the reason" {
	replies <<-'END'
		[{"refusal": "blocked"}, {"stream": [{"promptFeedback": {"blockReason":
		  "OTHER", "blockReasonMessage": "Not\nthis."}}]}]
	END
	ask hi
	said 1 '' "gm-prompt: $ALIAS: the prompt was blocked\
 (PROHIBITED_CONTENT, blocked)
"
	ask hi
	said 1 '' "gm-prompt: $ALIAS: the prompt was blocked (OTHER, blocked): Not this.
"
	[ "$(requests)" -eq 2 ]
}

@test "ratings of the prompt alone block nothing" {
	replies <<-'END'
		[{"stream": [{"promptFeedback": {"safetyRatings": []}}, "Hello."]}]
	END
	ask hi
	said 0 $'Hello.\n' ''
}

@test "an empty answer: 1" {
	local empty="gm-prompt: $ALIAS: the answer is empty (STOP, empty)"

	replies <<-'END'
		[{"stream": []}, {"stream": [""]},
		 {"stream": [], "thoughts": ["Hm."]},
		 {"stream": [], "signature_tail": true},
		 {"json": {"candidates": [{"finishReason": "STOP"}]}}]
	END
	for _ in 1 2 3 4 5; do
		ask --retries 0 hi
		said 1 '' "$empty"$'\n'
	done
	[ "$(requests)" -eq 5 ]
}

@test "a finish reason that nobody knows: the text, 1" {
	replies <<-'END'
		[{"stream": ["Hel"], "finish": "NEW_REASON", "repeat": 2},
		 {"stream": ["Hel"], "finish": "OTHER"},
		 {"stream": [], "finish": "OTHER"}]
	END
	ask hi
	said 1 $'Hel\n' \
	    "gm-prompt: $ALIAS: the answer may be incomplete (NEW_REASON, unfinished)"$'\n'
	ask -S hi
	said 1 $'Hel\n' \
	    "gm-prompt: $ALIAS: the answer may be incomplete (NEW_REASON, unfinished)"$'\n'
	ask hi
	said 1 $'Hel\n' \
	    "gm-prompt: $ALIAS: the answer may be incomplete (OTHER, unfinished)"$'\n'
	ask --retries 0 hi
	said 1 '' "gm-prompt: $ALIAS: the answer is empty (OTHER, empty)"$'\n'
}

@test "no finish reason, held: nothing on stdout, 76" {
	replies <<-'END'
		[{"stream": ["Hel", "lo"], "finish": null},
		 {"stream": ["Hel", "lo"], "cut_at": 500},
		 {"body": ""}, {"json": {}}, {"json": {"candidates": []}}]
	END
	ask --retries 0 hi
	said 76 '' "gm-prompt: $URL: the response ended too early: no finish reason; try again later (HTTP 200, truncated)
"
	sent "$HI"
	for _ in 2 3 4 5; do
		ask --retries 0 hi
		[ "$rc" -eq 76 ]
		same out ''
		[ "$(wc -l <err)" -eq 1 ]
	done
	[ "$(requests)" -eq 5 ]
}

@test "no finish reason, held: asked again, and given out once" {
	replies <<-'END'
		[{"stream": ["Hel", "lo"], "cut_at": 500},
		 {"stream": ["Hel", "lo"], "finish": null},
		 {"stream": ["Hello."]}]
	END
	ask --max-wait 0 hi
	said 0 $'Hello.\n' ''
	sent_as 1 "$HI"
	sent_as 2 "$HI"
	sent_as 3 "$HI"
}

@test "cut while streaming: what was printed stays, once, 76" {
	replies <<-'END'
		[{"stream": ["Hel", "lo"], "finish": null},
		 {"stream": ["Hello."]}]
	END
	ask -S --max-wait 0 hi
	said 76 $'Hello\n' "gm-prompt: $URL: the response ended too early: no finish reason; try again later (HTTP 200, truncated)
"
	sent "$HI"
}

@test "cut while streaming before any text: asked again" {
	replies <<-'END'
		[{"stream": [], "thoughts": ["Hm."], "finish": null},
		 {"stream": ["Hello."]}]
	END
	ask -S --max-wait 0 hi
	said 0 $'Hello.\n' ''
	[ "$(requests)" -eq 2 ]
}

@test "an error inside a stream counts" {
	local tail='{\n  \"error\": {\n    \"code\": 499,\n    \"message\":'
	tail+=' \"The operation was cancelled.\",\n    \"status\":'
	tail+=' \"CANCELLED\"\n  }\n}\n'

	replies <<-END
		[{"stream": ["Hel"], "tail": "$tail", "repeat": 2},
		 {"stream": ["Hel", {"error": {"code": 499, "message":
		   "The operation was cancelled.", "status": "CANCELLED"}}],
		   "repeat": 2}]
	END
	for _ in 1 2; do
		ask --retries 0 hi
		said 69 '' "gm-prompt: $ALIAS: cancelled by the service; try again later (HTTP 499, cancelled)
"
		ask -S --max-wait 0 hi
		said 69 $'Hel\n' "gm-prompt: $ALIAS: cancelled by the service; try again later (HTTP 499, cancelled)
"
	done
	[ "$(requests)" -eq 4 ]
}

@test "the first finish reason is not the end" {
	replies <<-'END'
		[{"stream": [{"candidates": [{"content": {"parts": [
		   {"text": "Hel"}]}, "finishReason": "STOP"}]}, "lo."]}]
	END
	ask hi
	said 0 $'Hello.\n' ''
}

@test "an answer in other forms: one object, an array, no last empty line" {
	replies <<-'END'
		[{"json": {"candidates": [{"content": {"parts": [{"text": "Hello."}]},
		    "finishReason": "STOP"}]}},
		 {"json": [{"candidates": [{"content": {"parts": [{"text": "Hel"}]}}]},
		   {"candidates": [{"content": {"parts": [{"text": "lo."}]},
		    "finishReason": "STOP"}]}]},
		 {"stream": ["Hello."], "last_blank": false, "newline": "\n"},
		 {"stream": ["Hel", "lo."], "newline": "\r", "piece": 1}]
	END
	for _ in 1 2 3 4; do
		ask hi
		said 0 $'Hello.\n' ''
	done
}

# --- what an answer may hold

@test "characters of all kinds go into pipes and files unchanged" {
	replies <<-'END'
		[{"stream": ["\u001b[31mred\u001b[0m \u0007\b\r\t\u009b\u202e\u2066",
		  " \u2028\ufeff e\u0301 🦊 👩\u200d🚀 \u007f|"], "piece": 3,
		  "repeat": -1}]
	END
	printf '\e[31mred\e[0m \a\b\r\t\u009b\u202e\u2066' >want
	printf ' \u2028\ufeff e\u0301 🦊 👩\u200d🚀 \x7f|\n' >>want
	ask hi
	[ "$rc" -eq 0 ]
	cmp out want
	ask -S hi
	cmp out want
	ask -o file hi
	cmp file want
	ask --raw hi
	cmp out want
	same err ''
}

@test "NUL and lone surrogates become U+FFFD" {
	script <<-'END'
		[{"body": "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"a\\u0000b\\ud83dc\\udc00\\ud83e\\udd8a\"}]}, \"finishReason\": \"STOP\"}]}\n\n",
		  "repeat": -1}]
	END
	serve
	ask hi
	said 0 "a${REPLACED}b${REPLACED}c${REPLACED}🦊
" ''
	ask -S hi
	said 0 "a${REPLACED}b${REPLACED}c${REPLACED}🦊
" ''
}

@test "a character that two events share is put together" {
	local want="A 😀 B🦊${REPLACED}c$REPLACED"$'\n'

	replies <<-'END'
		[{"body": "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"A \\ud83d\"}]}}]}\n\ndata: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hm \\ud83d\",\"thought\":true},{\"text\":\"\\ude00 B\\ud83e\"},{\"text\":\"\"}]}}]}\n\ndata: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\\udd8a\\udd8ac\\ud83d\"},{\"text\":\"\\ude00!\",\"thought\":true}]},\"finishReason\":\"STOP\"}]}\n\n",
		  "repeat": 3},
		 {"body": "data: {\"choices\":[{\"delta\":{\"content\":\"A \\ud83d\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"\\ude00 B\\ud83e\",\"reasoning_content\":\"Hm \\ud83d\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"\\udd8a\\udd8ac\\ud83d\",\"reasoning_content\":\"\\ude00!\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
		  "repeat": 3}]
	END
	ask hi
	said 0 "$want" ''
	ask -S hi
	said 0 "$want" ''
	ask --show-thoughts hi
	said 0 "$want" $'Hm 😀!\n'
	export OPENAI_BASE_URL=$URL/llamacpp/v1 OPENAI_MODEL=m
	ask --provider openai hi
	said 0 "$want" ''
	ask --provider openai -S hi
	said 0 "$want" ''
	ask --provider openai --show-thoughts hi
	said 0 "$want" $'Hm 😀!\n'
}

@test "1 MB of text" {
	replies <<<'[{"generate": {"bytes": 1048576}, "repeat": -1}]'
	python3 -c 'line = "The quick brown fox jumps over the lazy dog.\n"
piece = (line * 1000)[:1000]
print((piece * 2000)[:1048576])' >want
	ask hi
	[ "$rc" -eq 0 ]
	cmp out want
	ask -S hi
	[ "$rc" -eq 0 ]
	cmp out want
	same err ''
}
