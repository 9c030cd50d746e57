# When an answer is whole, and when it is not: finish reasons, and what the
# connection does after them.

# shellcheck disable=SC2030,SC2031,SC2153,SC2154
load net

GEMINI_HALF='{"candidates":[{"content":{"parts":[{"text":"All of "}]}}]}'
GEMINI_END='{"candidates":[{"content":{"parts":[{"text":"the answer."}]},"finishReason":"STOP"}],"usageMetadata":{"totalTokenCount":11}}'
GEMINI_WHOLE='{"candidates":[{"content":{"parts":[{"text":"All of the answer."}]},"finishReason":"STOP"}]}'
CHAT_WHOLE='{"model":"qwen3-8b-q4_k_m","choices":[{"message":{"content":"All of the answer."},"finish_reason":"stop"}]}'

# whole [argument...]: all of the answer, status 0, one request.
whole() {
	again
	ask "${PROVIDER[@]}" "$@" hi
	said 0 $'All of the answer.\n' '' && tried 1
}

# ways MEMBERS: so it is, held and streamed, to a file and as JSON, when the
# line stays open after these replies or when it breaks.
ways() {
	play <<<"[{$1,\"repeat\":-1}]"
	whole --timeout 1 && whole -S --timeout 1 &&
		whole --timeout 60 --deadline 1 &&
		whole -S --timeout 60 --deadline 1 || return
	again
	ask "${PROVIDER[@]}" -o file --timeout 1 hi
	said 0 '' '' && same file $'All of the answer.\n' && tried 1 || return
	rm file
	again
	ask "${PROVIDER[@]}" --json --deadline 1 hi
	[ "$rc" -eq 0 ] && same err '' && tried 1 &&
		same <(jq -c '[.ok, .text]' out) \
			$'[true,"All of the answer."]\n'
}

# all_ways: the same for each line of standard input.
all_ways() {
	local members failures=0
	while read -r members; do
		ways "$members" || {
			echo "$members: see above"
			failures=$((failures + 1))
		}
	done
	[ "$failures" -eq 0 ]
}

@test "after the finish reason nothing discards the answer" {
	services
	PROVIDER=()
	all_ways <<-E
	"stream":[$GEMINI_HALF,$GEMINI_END],"finish":null,"hold":true
	"stream":[$GEMINI_HALF,$GEMINI_END],"finish":null,"last_blank":false,"hold":true
	"stream":[$GEMINI_HALF,$GEMINI_END],"finish":null,"cut_at":100000
	"json":$GEMINI_WHOLE,"hold":true
	"json":$GEMINI_WHOLE,"headers":{"Content-Length":"9999"},"framing":"close"
	E
}

@test "after the finish reason nothing discards the answer: chat completions" {
	services
	PROVIDER=(--provider openai)
	all_ways <<-E
	"chat":["All of ","the answer."],"done":false,"usage":null,"hold":true
	"chat":["All of ","the answer."],"done":false,"tail":"data: {\"usage\":{\"tot","hold":true
	"chat":["All of ","the answer."],"done":false,"cut_at":100000
	"json":$CHAT_WHOLE,"hold":true
	"json":$CHAT_WHOLE,"headers":{"Content-Length":"9999"},"framing":"close"
	E
}

@test "bytes are counted however a response ends" {
	local form end failures=0
	services
	for form in "$GEMINI_HALF" "$GEMINI_WHOLE"; do
		play <<<"[{\"stream\":[$form],\"finish\":null,\"hold\":true,\"repeat\":-1}]"
		for end in "--deadline 1" "--timeout 1 --retries 0"; do
			# shellcheck disable=SC2086 # two words or four
			ask --json $end hi
			tried 1 && same <(jq -c ".bytes | [.sent,
			    .received > ${#form}]" out) "[${#HI},true]
" || failures=$((failures + 1))
			again
		done
	done
	[ "$failures" -eq 0 ]
}

@test "the usage that comes after the finish reason is waited for" {
	services
	play <<-'END'
		[{"chat":["All of the answer."],"done":false,"usage":null,
		  "tail":"data: {\"choices\":[],\"usage\":{\"total_tokens\":7}}\n\n",
		  "hold":true}]
	END
	ask --provider openai --deadline 1 --json hi
	[ "$rc" -eq 0 ]
	same <(jq -c '[.text, .usage.total]' out) '["All of the answer.",7]
'
	tried 1
}

@test "an empty or unspecified finish reason is none: asked again" {
	local reason failures=0
	serve
	echo old >old
	for reason in '""' '"FINISH_REASON_UNSPECIFIED"' null '"finish_reason_unspecified"' '"null"'; do
		play <<<"[{\"stream\":[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Half an \"}]},\"finishReason\":$reason}]}],\"finish\":null},{\"stream\":[\"The whole answer.\"]}]"
		cp old file
		ask -o file hi
		if ! said 0 '' '' || ! same file $'The whole answer.\n' ||
		    ! tried 2; then
			echo "$reason: see above"
			failures=$((failures + 1))
		fi
	done
	[ "$failures" -eq 0 ]
}

@test "no finish reason, but all has come: printed, 1" {
	local members model failures=0
	services
	while IFS='|' read -r model members; do
		play <<<"[{$members,\"repeat\":2}]"
		ask --provider "$model" hi
		said 1 $'All.\n' "gm-prompt: $([ "$model" = openai ] &&
			echo "$OPENAI_MODEL" || echo "$ALIAS"): the answer may be incomplete (no finish reason, unfinished)
" && tried 1 || failures=$((failures + 1))
		ask --provider "$model" --json hi
		[ "$rc" -eq 1 ] && same <(jq -c '[.ok, .text, .finish_reason, .error.class]' out) \
			$'[false,"All.",null,"unfinished"]\n' ||
			failures=$((failures + 1))
	done <<-'E'
	gemini|"json":{"candidates":[{"content":{"parts":[{"text":"All."}]}}]}
	gemini|"json":[{"candidates":[{"content":{"parts":[{"text":"All."}]},"finishReason":""}]}]
	gemini|"stream":["All."],"finish":null,"tail":"data: [DONE]\r\n\r\n"
	openai|"chat":["All."],"finish":null,"model":"qwen3-8b-q4_k_m"
	openai|"chat":["All."],"finish":"","usage":null
	openai|"chat":["All."],"unary":true,"finish":null
	E
	[ "$failures" -eq 0 ]
}

# empty RETRIES REQUESTS [argument...]: empty at the end, after so many requests.
empty() {
	again
	ask --retries "$1" "${@:3}" hi
	[ "$rc" -eq 1 ] && same out '' && tried "$2" &&
		grep -q "the answer is empty" err
}

@test "an empty answer is asked for once more, then the next model" {
	local reason failures=0
	services
	for reason in STOP MALFORMED_FUNCTION_CALL MALFORMED_RESPONSE OTHER TOO_MANY_TOOL_CALLS NEW; do
		play <<<"[{\"stream\":[],\"finish\":\"$reason\"},{\"stream\":[\"A good answer.\"]}]"
		ask hi
		said 0 $'A good answer.\n' '' && tried 2 ||
			failures=$((failures + 1))
	done
	play <<<'[{"stream":[],"repeat":-1}]'
	ask hi
	said 1 '' "gm-prompt: $ALIAS: the answer is empty (STOP, empty)
"
	tried 2
	empty 4 2
	empty 4 2 -S
	empty 0 1
	empty 4 4 -m gemini-3.8-flash,gemini-3.7-flash
	empty 0 2 -m gemini-3.8-flash,gemini-3.7-flash
	# Thoughts that were shown cannot be taken back.
	play <<<'[{"stream":[],"thoughts":["Hm."],"repeat":-1}]'
	ask -S --show-thoughts hi
	[ "$rc" -eq 1 ]
	tried 1
	# Nor is anything asked for again that a limit or a filter has stopped.
	play <<<'[{"stream":[],"finish":"MAX_TOKENS"},{"stream":[],"finish":"SAFETY"}]'
	ask hi
	ask hi
	tried 2
	[ "$failures" -eq 0 ]
}

@test "white space alone is an empty answer" {
	local blanks provider failures=0
	services
	while read -r blanks; do
		for provider in gemini openai; do
			local name=$ALIAS form='"stream"' reason=STOP
			[ $provider = gemini ] || {
				name=$OPENAI_MODEL form='"chat"' reason=stop
			}
			for way in --no-stream -S; do
				play <<<"[{$form:[$blanks],\"repeat\":-1}]"
				ask --provider $provider $way hi
				said 1 '' "gm-prompt: $name: the answer is empty ($reason, empty)
" && tried 2 || failures=$((failures + 1))
				play <<<"[{$form:[$blanks]},{$form:[$blanks,\"A \",\"b.\"]}]"
				ask --provider $provider $way hi
				[ "$rc" -eq 0 ] && tried 2 &&
					same out "$(jq -rj '.[]' <<<"[$blanks,\"A b.\"]")"$'\n' ||
					failures=$((failures + 1))
			done
		done
	done <<-'E'
		" "
		"\n\n"
		" \t","\r\n"
		"\u00a0","\u3000\u200b"
	E
	[ "$failures" -eq 0 ]
	# Before a text it stays as it is; what ends otherwise is no answer.
	play <<<'[{"stream":["\n ","A.\n\n"]},{"stream":["\n "],"finish":"MAX_TOKENS"}]'
	ask -S hi
	said 0 $'\n A.\n\n' ''
	ask hi
	said 1 '' "gm-prompt: $ALIAS: the answer was cut at the token limit; raise --max-tokens (MAX_TOKENS, token_limit)
"
}

@test "an empty answer in the end: the next service" {
	services
	play <<<"[{\"when\":{\"path\":\"/v1beta/\"},\"stream\":[],\"repeat\":-1},{\"chat\":[\"Bien.\"]}]"
	ask --fallback mistral hi
	said 0 $'Bien.\n' "gm-prompt: gemini: $ALIAS: the answer is empty; using mistral (STOP, empty)
"
	tried 3
	play <<<"[{\"when\":{\"path\":\"/v1beta/\"},\"stream\":[],\"repeat\":-1},{\"chat\":[],\"repeat\":-1}]"
	ask --fallback mistral --json hi
	[ "$rc" -eq 1 ]
	same <(jq -c '[.provider, .error.class, (.attempts | length)]' out) '["gemini","empty",4]
'
}

@test "words for a natural end: 0" {
	local word failures=0
	services
	for word in stop eos_token eos end end_turn STOP COMPLETE stop_sequence; do
		play <<<"[{\"chat\":[\"All of the answer.\"],\"finish\":\"$word\"}]"
		ask --provider openai hi
		said 0 $'All of the answer.\n' '' || failures=$((failures + 1))
	done
	[ "$failures" -eq 0 ]
}

@test "blocked by rules of the service or the account: 1, nothing printed" {
	local account='the account is restricted for policy violations'
	serve
	play <<-'END'
		[{"stream":["Hel"],"finish":"MODEL_ARMOR"},
		 {"stream":["Hel"],"finish":"ESCALATION"},
		 {"stream":["Hel"],"finish":"PUP_LIMITED_DISABLED"}]
	END
	ask hi
	said 1 '' "gm-prompt: $ALIAS: the answer was blocked (MODEL_ARMOR, blocked)
"
	ask hi
	said 1 '' "gm-prompt: $ALIAS: the answer was blocked (ESCALATION, blocked)
"
	ask hi
	said 1 '' "gm-prompt: $ALIAS: the answer was blocked (PUP_LIMITED_DISABLED, blocked): $account
"
}

@test "unrelated JSON is an invalid response, and not asked for again" {
	local members failures=0
	serve
	while read -r members; do
		play <<<"[{$members,\"repeat\":-1}]"
		ask hi
		failed 76 "$URL: the response makes no sense: JSON, but not an answer; check the base URL (HTTP 200, protocol)" &&
			tried 1 || failures=$((failures + 1))
	done <<-'E'
	"json":{"status":"ok"}
	"json":[{"id":1}]
	"json":{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}
	"body":"data: {\"type\":\"message_start\"}\n\n"
	E
	[ "$failures" -eq 0 ]
}

@test "JSON with some words is an invalid response, from all services" {
	local body members provider base failures=0
	services
	while IFS='|' read -r body members; do
		for provider in gemini openai mistral; do
			play <<<"[{$body,\"repeat\":-1}]"
			base=$URL
			[ $provider = gemini ] || base=$(eval "echo \$${provider^^}_BASE_URL")
			ask --provider $provider hi
			failed 76 "$base: the response makes no sense: $members; check the base URL (HTTP 200, protocol)" &&
				tried 1 || failures=$((failures + 1))
		done
	done <<-'E'
	"json":{"message":"hi"}|hi
	"json":{"detail":"hi"}|hi
	"json":{"msg":"hi"}|hi
	"body":"data: {\"message\":\"hi\"}\n\n"|hi
	"json":{"message":{"role":"assistant","content":"x"}}|assistant
	E
	[ "$failures" -eq 0 ]
}

@test "gm-models says nothing of finish reasons" {
	serve
	play <<<'[{"body":"","repeat":-1}]'
	rc=0
	gm-models --retries 0 >out 2>err || rc=$?
	[ "$rc" -eq 76 ]
	same err "gm-models: $URL: the response ended too early: no data; try again later (HTTP 200, truncated)
"
	play <<<'[{"json":{},"repeat":-1}]'
	rc=0
	gm-models --retries 0 >out 2>err || rc=$?
	[ "$rc" -eq 1 ]
	same err $'gm-models: no model matches\n'
}

@test "gm-models: a list that tells no capabilities is not empty" {
	services
	play <<<'[{"json":{"data":[{"id":"mistral-new"},{"id":"mistral-old","capabilities":{"completion_chat":false}}]},"repeat":-1}]'
	gm-models --provider mistral --refresh >out 2>err
	same out $'mistral-new\n'
	same err ''
}

# half CHAT: an event with a finish reason, and half of one with more text.
half() {
	local one='data: {"candidates":[{"content":{"parts":[{"text":"First half, "}]},"finishReason":"STOP","index":0}]}'
	local two='data: {"candidates":[{"content":{"parts":[{"text":"sec'
	if [ "$1" = chat ]; then
		one='data: {"choices":[{"index":0,"delta":{"content":"First half, "},"finish_reason":"stop"}]}'
		two='data: {"choices":[{"index":0,"delta":{"content":"sec'
	fi
	printf '%s\n\n%s' "$one" "$two" | jq -Rs .
}

@test "text that is cut off after a finish reason is missed: not 0" {
	local body how
	body=$(half gemini)
	for how in '"framing":"close"' '"framing":"chunked","cut_at":158' \
	    '"framing":"chunked","hold":true'; do
		replies <<<"[{\"body\":$body,$how},{\"stream\":[\"The whole answer.\"]}]"
		ask --timeout 500ms hi
		said 0 $'The whole answer.\n' ''
		[ "$(requests)" -eq 2 ]
		stop_server
		rm -f "$DIR"/request.*
		replies <<<"[{\"body\":$body,$how,\"repeat\":-1}]"
		ask --timeout 500ms -S hi
		[ "$rc" -ne 0 ]
		same out $'First half, \n'
		[ "$(requests)" -eq 1 ]
		stop_server
		rm -f "$DIR"/request.*
	done
	replies <<<"[{\"body\":$(half chat),\"framing\":\"close\",\"repeat\":-1}]"
	export OPENAI_BASE_URL=$URL/llamacpp/v1 OPENAI_MODEL=local
	ask --provider openai --retries 0 hi
	[ "$rc" -eq 76 ]
	same out ''
}
