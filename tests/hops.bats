# Long answers that come in several responses, joined by tokens.

# shellcheck disable=SC2030,SC2031,SC2153,SC2154
load net

LONG=gemini-4-argon
# hop MEMBERS EVENT...: a response of these events.
hop() {
	local members=$1 IFS=,
	shift
	printf '{"stream":[%s],"finish":null,"last_blank":true%s}' "$*" "$members"
}
# piece TEXT [REASON [TOKEN [USAGE]]]: an event; empty ones are left out.
piece() {
	printf '{"candidates":[{"content":{"role":"model","parts":[{"text":"%s"}]}%s%s,"index":0}]%s}' \
	    "$1" "${2:+,\"finishReason\":\"$2\"}" \
	    "${3:+,\"continuationToken\":\"$3\"}" \
	    "${4:+,\"usageMetadata\":$4}"
}
thought() {
	printf '{"candidates":[{"content":{"parts":[{"text":"%s","thought":true}]}%s%s}]}' \
	    "$1" "${2:+,\"finishReason\":\"$2\"}" "${3:+,\"continuationToken\":\"$3\"}"
}
MORE=CONTINUATION

# hops HOP...: the script.
hops() {
	local IFS=,
	play <<<"[$*]"
}

# continued TOKEN...: since "again" these requests were sent, each the same but
# for the token; "-" stands for none.
continued() {
	local n=$BEFORE token want
	tried $# || return
	for token; do
		n=$((n + 1))
		want=$HI
		[ "$token" = - ] || want="${HI%\}},\"continuationToken\":\"$token\"}"
		same <(body $n) "$want" || return
	done
}

# ends STATUS TEXT ERR [argument...]: held, streamed, to a file; the tokens that
# were sent are in TOKENS.  The script is in SCRIPT.
ends() {
	local status=$1 text=$2 err=$3
	shift 3
	for way in --no-stream -S; do
		hops "${SCRIPT[@]}"
		ask -m "$LONG" "$way" "$@" hi
		if ! said "$status" "$text" "$err" ||
		    ! continued "${TOKENS[@]}"; then
			echo "$way: see above"
			return 1
		fi
	done
}

@test "a long answer is joined from its responses" {
	serve
	SCRIPT=("$(hop '' "$(piece 'One, ' $MORE T1)")"
		"$(hop '' "$(piece two $MORE T2)")"
		"$(hop '' "$(piece ', ')" "$(piece three. STOP)")")
	TOKENS=(- T1 T2)
	ends 0 $'One, two, three.\n' ''
	hops "${SCRIPT[@]}"
	ask -m $LONG -o file hi
	said 0 '' '' && same file $'One, two, three.\n'
	# Two halves of a character.
	SCRIPT=("$(hop '' "$(piece 'One \ud83d' $MORE T1)")"
		"$(hop '' "$(piece '\ude00 two.' STOP)")")
	TOKENS=(- T1)
	ends 0 $'One \xF0\x9F\x98\x80 two.\n' ''
}

@test "a long answer: tokens with characters that JSON escapes" {
	serve
	SCRIPT=("$(hop '' "$(piece 'One, ' $MORE 'a+/=\"\\é')")"
		"$(hop '' "$(piece two. STOP)")")
	TOKENS=(- 'a+/=\"\\é')
	ends 0 $'One, two.\n' ''
}

@test "a long answer as JSON: an attempt for each response, usage summed" {
	serve
	hops "$(hop '' "$(piece 'One, ' '' '' '{"promptTokenCount":5,"candidatesTokenCount":1,"totalTokenCount":6}')" \
		"$(piece 'two, ' $MORE T1 '{"promptTokenCount":5,"candidatesTokenCount":7,"thoughtsTokenCount":2,"totalTokenCount":14}')")" \
	    "$(hop '' "$(piece three. STOP '' '{"promptTokenCount":12,"candidatesTokenCount":6,"totalTokenCount":18}')")"
	ask -m $LONG --json hi
	[ "$rc" -eq 0 ]
	same <(jq -c '[.ok, .text, .finish_reason, .usage, [.attempts[] | [.model, .key_index, .http, .class]]]' out) \
		'[true,"One, two, three.","STOP",{"prompt":17,"cached":null,"output":13,"thoughts":2,"total":32},[["gemini-4-argon",0,200,"ok"],["gemini-4-argon",0,200,"ok"]]]
'
	same <(jq .bytes.sent out) "$(($(body $((BEFORE + 1)) | wc -c) + $(body $((BEFORE + 2)) | wc -c)))
"
}

@test "a long answer: responses with thoughts alone, or nothing" {
	serve
	SCRIPT=("$(hop '' "$(thought Hm. $MORE T1)")"
		"$(hop '' "$(piece '' $MORE T2)")"
		"$(hop '' "$(thought 'Ah. ')" "$(piece '')" "$(piece One. STOP)")")
	TOKENS=(- T1 T2)
	ends 0 $'One.\n' ''
	for way in --no-stream -S; do
		hops "${SCRIPT[@]}"
		ask -m $LONG $way --show-thoughts hi
		said 0 $'One.\n' $'Hm.Ah. \n' || return
	done
}

@test "a long answer without a new token is printed, status 1" {
	local unfinished="gm-prompt: $LONG: the answer may be incomplete (CONTINUATION, unfinished)
"
	serve
	SCRIPT=("$(hop '' "$(piece One, $MORE)")")
	TOKENS=(-)
	ends 1 $'One,\n' "$unfinished"
	SCRIPT=("$(hop '' "$(piece 'One, ' $MORE T1)")"
		"$(hop '' "$(piece two, $MORE T1)")")
	TOKENS=(- T1)
	ends 1 $'One, two,\n' "$unfinished"
	# One that came with an earlier response is not new.
	SCRIPT=("$(hop '' "$(piece 'One, ' '' T1)" "$(piece 'two, ' $MORE T2)")"
		"$(hop '' "$(piece 'three, ')" "$(piece four, $MORE T2)")")
	TOKENS=(- T2)
	ends 1 $'One, two, three, four,\n' "$unfinished"
	# Nor is anything asked anew if nothing has been said but thoughts.
	SCRIPT=("$(hop '' "$(thought Hm. $MORE T1)")"
		"$(hop '' "$(thought Hm. $MORE T1)")"
		"$(hop '' "$(piece never STOP)")")
	TOKENS=(- T1)
	ends 1 '' "$unfinished"
	SCRIPT=("$(hop '' "$(piece '' $MORE T1)")"
		"$(hop '' "$(piece '' $MORE)")"
		"$(hop '' "$(piece never STOP)")")
	ends 1 '' "$unfinished"
	SCRIPT=("$(hop '' "$(thought Hm. $MORE)")"
		"$(hop '' "$(piece never STOP)")")
	TOKENS=(-)
	ends 1 '' "$unfinished"
}

# token TOKEN [REASON]: an event without content.
token() {
	printf '{"candidates":[{"continuationToken":"%s"%s}]}' "$1" \
	    "${2:+,\"finishReason\":\"$2\"}"
}

@test "a long answer: where in its response the token stands" {
	serve
	LAST=$(hop '' "$(piece two. STOP)")
	TOKENS=(- T1)
	for first in "$(piece 'One, ' '' T1),$(piece '' $MORE)" \
	    "$(piece 'One, '),$(token T1),$(piece '' $MORE)" \
	    "$(piece 'One, '),$(token T1 $MORE)" \
	    "$(piece 'One, '),$(piece '' $MORE),$(token T1)" \
	    "$(piece 'One, ' $MORE),$(token T1)" \
	    "$(token T0),$(piece 'One, '),$(token T1),$(thought Hm. $MORE)"; do
		SCRIPT=("$(hop '' "$first")" "$LAST")
		ends 0 $'One, two.\n' '' || return
	done
	# The connection breaks, or stays open, after CONTINUATION.
	for cut in ',"cut_at":100000' ',"hold":true'; do
		SCRIPT=("$(hop "$cut" "$(piece 'One, ' $MORE T1)")" "$LAST")
		ends 0 $'One, two.\n' '' --timeout 1 || return
	done
}

@test "text between the last token and CONTINUATION comes again" {
	serve
	TOKENS=(- T1)
	for first in "$(piece 'One, ' '' T1),$(piece 'two, ' $MORE)" \
	    "$(piece 'One, ' '' T1),$(piece tw),$(piece 'o, '),$(piece '' $MORE)" \
	    "$(piece 'One, '),$(token T1),$(piece 'two, '),$(thought Hm. $MORE)"; do
		for rest in "$(piece 'two, three.' STOP)" \
		    "$(piece t),$(piece 'wo, three'),$(piece . STOP)"; do
			SCRIPT=("$(hop '' "$first")" "$(hop '' "$rest")")
			ends 0 $'One, two, three.\n' '' || return
		done
	done
	# Half a character after the token; a token inside what comes again.
	SCRIPT=("$(hop '' "$(piece 'One \ud83d' '' T1)" "$(piece '\ude00 tw' $MORE)")"
		"$(hop '' "$(piece '\ude00 ')" "$(piece 'two' $MORE T2)")"
		"$(hop '' "$(piece . STOP)")")
	TOKENS=(- T1 T2)
	ends 0 $'One \xF0\x9F\x98\x80 two.\n' ''
	SCRIPT=("$(hop '' "$(piece 'One, ' '' T1)" "$(piece 'two, three, ' $MORE)")"
		"$(hop '' "$(piece 'two, ' '' T2)" "$(piece 'th' $MORE)")"
		"$(hop '' "$(piece 'three, ')" "$(piece four. STOP)")")
	ends 0 $'One, two, three, four.\n' ''
	# Each response is billed whole.
	hops "$(hop '' "$(piece 'One, ' '' T1 '{"promptTokenCount":5,"totalTokenCount":6}')" "$(piece 'two, ' $MORE '' '{"promptTokenCount":5,"totalTokenCount":9}')")" \
	    "$(hop '' "$(piece two. STOP '' '{"promptTokenCount":6,"totalTokenCount":8}')")"
	ask -m $LONG --json hi
	[ "$rc" -eq 0 ]
	same <(jq -c '[.text, .usage.prompt, .usage.total]' out) \
		'["One, two.",11,17]
'
}

@test "-S: text that comes again otherwise ends the answer, status 1" {
	local rest other="gm-prompt: $LONG: the answer may be incomplete (HTTP 200, unfinished): the continuation does not match the text that was printed
"
	serve
	for rest in "$(piece 'TWO, three.' STOP)" "$(piece tw STOP)" \
	    "$(piece '' STOP)" "$(piece 'twx' '' T2)" "$(piece 'tw'),$(piece x $MORE T2)"; do
		hops "$(hop '' "$(piece 'One, ' '' T1)" "$(piece 'two, ' $MORE)")" \
		    "$(hop '' "$rest")" "$(hop '' "$(piece x STOP)")"
		ask -m $LONG -S hi
		said 1 $'One, two, \n' "$other"
		continued - T1 || return
	done
	# What is held back may change.
	hops "$(hop '' "$(piece 'One, ' '' T1)" "$(piece 'two, ' $MORE)")" \
	    "$(hop '' "$(piece 'TWO.' STOP)")"
	ask -m $LONG hi
	said 0 $'One, TWO.\n' ''
	continued - T1
}

@test "a token is no promise of more: other ends are the end" {
	serve
	TOKENS=(- T1)
	SCRIPT=("$(hop '' "$(piece 'One, ' $MORE T1)")"
		"$(hop '' "$(piece two MAX_TOKENS T2)")")
	ends 1 $'One, two\n' "gm-prompt: $LONG: the answer was cut at the token limit; raise --max-tokens (MAX_TOKENS, token_limit)
"
	SCRIPT=("$(hop '' "$(piece 'One, ' $MORE T1)")"
		"$(hop '' "$(piece two. STOP T2)")")
	ends 0 $'One, two.\n' ''
	# A prompt that is blocked, even if the connection breaks then.
	hops "$(hop '' "$(piece 'One, ' $MORE T1)")" \
	    "$(hop ',"cut_at":100000' '{"promptFeedback":{"blockReason":"SAFETY"}}')"
	ask -m $LONG hi
	said 1 '' "gm-prompt: $LONG: the prompt was blocked (SAFETY, blocked)
"
	continued - T1
}

@test "a broken response goes on from its checkpoint" {
	local cut
	serve
	export GM_MAX_WAIT=10ms
	# Cut after the second event; what came after the token comes again.
	for cut in ',"cut_at":100000' ',"hold":true'; do
		SCRIPT=("$(hop "$cut" "$(piece 'One, ' '' T1)" "$(piece 'two, ')")"
			"$(hop '' "$(piece 'two, ')" "$(piece three. STOP)")")
		TOKENS=(- T1)
		ends 0 $'One, two, three.\n' '' --timeout 1
	done
	# An error inside the stream; the other half of a character; two breaks.
	SCRIPT=("$(hop '' "$(piece 'One \ud83d' '' T1)" "$(piece '\ude00 tw')" '{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}')"
		"$(hop ',"cut_at":100000' "$(piece '\ude00 ')" "$(piece 'two ')")"
		"$(hop '' "$(piece '\ude00 two ' '' T2)" "$(piece three. STOP)")")
	TOKENS=(- T1 T1)
	ends 0 $'One \xF0\x9F\x98\x80 two three.\n' ''
	# A later response that brings nothing before it breaks.
	SCRIPT=("$(hop '' "$(piece 'One, ' $MORE T1)")" '{"refusal":"overloaded"}'
		"$(hop ',"cut_at":1' "$(piece x)")"
		"$(hop '' "$(piece two. STOP)")")
	TOKENS=(- T1 T1 T1)
	ends 0 $'One, two.\n' ''
}

@test "what was printed is not printed twice, and never contradicted" {
	local other="gm-prompt: URL: the response ended too early: the continuation does not match the text that was printed; try again later (HTTP 200, truncated)
" rest
	serve
	export GM_MAX_WAIT=10ms
	for rest in "$(piece 'TWO, three.' STOP)" "$(piece tw STOP)" "$(piece 'twx' '' T2)"; do
		SCRIPT=("$(hop ',"cut_at":100000' "$(piece 'One, ' '' T1)" "$(piece 'two, ')")"
			"$(hop '' "$rest")" "$(hop '' "$(piece x STOP)")")
		hops "${SCRIPT[@]}"
		ask -m $LONG -S hi
		said 76 $'One, two, \n' "${other/URL/$URL}"
		continued - T1
	done
	# What is held back may change.
	hops "$(hop ',"cut_at":100000' "$(piece 'One, ' '' T1)" "$(piece 'two, ')")" \
	    "$(hop '' "$(piece 'TWO.' STOP)")"
	ask -m $LONG hi
	said 0 $'One, TWO.\n' ''
	# A token in the midst of what comes again.
	SCRIPT=("$(hop ',"cut_at":100000' "$(piece 'One, ' '' T1)" "$(piece 'two, three, ')")"
		"$(hop ',"cut_at":100000' "$(piece 'two, ' '' T2)" "$(piece 'th')")"
		"$(hop '' "$(piece 'three, ')" "$(piece four. STOP)")")
	TOKENS=(- T1 T2)
	ends 0 $'One, two, three, four.\n' ''
}

@test "a checkpoint counts its own tokens alone" {
	serve
	hops "$(hop ',"cut_at":100000' "$(piece 'One, ' '' T1 '{"promptTokenCount":5,"totalTokenCount":6}')" "$(piece 'two, ' '' '' '{"promptTokenCount":5,"totalTokenCount":9}')")" \
	    "$(hop '' "$(piece two. STOP '' '{"promptTokenCount":6,"totalTokenCount":8}')")"
	ask -m $LONG --json --max-wait 10ms hi
	[ "$rc" -eq 0 ]
	same <(jq -c '[.text, .usage.prompt, .usage.total, [.attempts[].class]]' out) \
		'["One, two.",11,14,["truncated","ok"]]
'
}

@test "going on from a token counts as a retry, and ends" {
	local first cut
	serve
	export GM_MAX_WAIT=1ms
	first=$(hop ',"cut_at":100000' "$(piece 'One, ' '' T1)" "$(piece 'two, ')")
	cut=$(hop ',"cut_at":100000,"repeat":-1' "$(piece 'two, ')")
	hops "$first" "$cut"
	ask -m $LONG -S --retries 1 hi
	unworded err
	said 76 $'One, two, \n' "gm-prompt: $URL: the response ended too early: WHY; try again later (HTTP 200, truncated)
"
	continued - T1
	hops "$first" "$cut"
	ask -m $LONG -S --retries 9 hi
	[ "$rc" -eq 76 ] && same out $'One, two, \n'
	continued - T1 T1 T1
	# Held back, it is retried from the beginning, too.
	hops "$(hop ',"cut_at":100000,"repeat":-1' "$(piece 'One, ' '' T1)" "$(piece 'two, ')")"
	ask -m $LONG --retries 9 hi
	[ "$rc" -eq 76 ] && same out ''
	tried 10
}

# two_projects: keys 0 and 2 are of one project, 1 of another.
two_projects() {
	unset GEMINI_API_KEY
	export GOOGLE_API_KEYS=a:$K0,b:$M0,a:$K1
}

@test "a long answer stays with the project of its key" {
	serve
	two_projects
	FIRST=$(hop '' "$(piece 'One, ' $MORE T1)")
	LAST=$(hop '' "$(piece two. STOP)")
	# An invalid key: the other one of the project.
	for way in --no-stream -S; do
		hops "$FIRST" '{"refusal":"key_invalid"}' "$LAST"
		ask -m $LONG $way hi
		said 0 $'One, two.\n' ''
		went K0 K0 K1
		continued - T1 T1
	done
	# A quota: the project waits if it may, ...
	hops "$FIRST" '{"refusal":"quota_minute","retry_delay":"0.2s"}' "$LAST"
	ask -m $LONG --quiet hi
	said 0 $'One, two.\n' ''
	continued - T1 T1
	# ... else the answer begins anew with another one, if nothing was printed.
	hops "$FIRST" '{"refusal":"quota_minute"}' "$(hop '' "$(piece 'Uno.' STOP)")"
	ask -m $LONG --max-wait 1 hi
	said 0 $'Uno.\n' ''
	went K0 K0 K0
	continued - T1 -
	[ "$(head_of $((BEFORE + 3)) | grep -c "$M0")" -eq 1 ]
	hops "$FIRST" '{"refusal":"quota_minute"}' "$LAST"
	ask -m $LONG --max-wait 1 -S hi
	[ "$rc" -eq 75 ] && same out $'One, \n'
	continued - T1
}

@test "what a model has begun is never joined to the answer of another" {
	services
	two_projects
	FIRST=$(hop '' "$(piece 'One, ' $MORE T1)")
	OTHER=$(hop '' "$(piece 'Uno.' STOP)")
	# All keys rest, and no retry is left: the next model, the next service.
	for way in --no-stream '-o f'; do
		hops "$FIRST" '{"refusal":"quota_minute"}' "$OTHER"
		# shellcheck disable=SC2086 # two words
		ask -m $LONG,gemini-4-neon --max-wait 1 --retries 0 $way hi
		[ "$rc" -eq 0 ]
		[ "$way" = --no-stream ] || mv f out
		same out $'Uno.\n'
	done
	hops "$FIRST" '{"refusal":"quota_minute","when":{"path":"/v1beta/"}}' "$MISTRAL_GOOD"
	ask -m $LONG --max-wait 1 --retries 0 --fallback mistral hi
	[ "$rc" -eq 0 ] && same out "$MISTRAL_SAYS"$'\n'
}

@test "other faults of a later response end it, or begin anew elsewhere" {
	services
	FIRST="$(hop '' "$(piece 'One, ' $MORE T1)")"
	hops "$FIRST" '{"refusal":"invalid_argument","when":{"path":"/v1beta/"}}'
	ask -m $LONG -S hi
	[ "$rc" -eq 65 ] && same out $'One, \n'
	continued - T1
	hops "$FIRST" '{"refusal":"model_gone","when":{"path":"/v1beta/"}}' "$MISTRAL_GOOD"
	ask -m $LONG --fallback mistral hi
	[ "$rc" -eq 0 ] && same out "$MISTRAL_SAYS"$'\n'
	hops "$FIRST" '{"refusal":"overloaded","repeat":3}' "$MISTRAL_GOOD"
	ask -m $LONG --retries 2 --max-wait 1ms --fallback mistral hi
	[ "$rc" -eq 0 ] && same out "$MISTRAL_SAYS"$'\n'
	hops "$FIRST" '{"refusal":"overloaded","repeat":3}' "$MISTRAL_GOOD"
	ask -m $LONG --retries 2 --max-wait 1ms --fallback mistral -S hi
	[ "$rc" -eq 69 ] && same out $'One, \n'
	tried 4
	hops "$FIRST" '{"refusal":"overloaded","repeat":3}' "$(hop '' "$(piece 'Uno.' STOP)")"
	ask -m $LONG,gemini-4-neon --retries 2 --max-wait 1ms hi
	said 0 $'Uno.\n' ''
	same <(body $((BEFORE + 5))) "$HI"
}

@test "text that was printed is never followed by another service's" {
	local model
	services
	for model in $LONG $LONG,gemini-4-neon; do
		hops "$(hop '' "$(piece 'One, ' $MORE T1)")" \
		    '{"refusal":"quota_minute","when":{"path":"/v1beta/"}}' \
		    "$(hop '' "$(piece 'Uno.' STOP)")" "$MISTRAL_GOOD"
		ask -m "$model" --max-wait 1 -S --fallback mistral hi
		[ "$rc" -eq 75 ]
		same out $'One, \n'
		continued - T1
	done
}

@test "signal and deadline in the midst of a later response" {
	serve
	hops "$(hop '' "$(piece 'One, ' $MORE T1)")" \
	    "$(hop ',"gate":"never","gate_at":150' "$(piece 'two')" "$(piece '. ' STOP)")"
	ask -m $LONG -S --deadline 2 hi
	[ "$rc" -eq 69 ] && same out $'One, two\n'
	tried 2
	hops "$(hop ',"hold":true' "$(piece 'One, ' $MORE T1)")"
	ask -m $LONG --deadline 1 hi
	[ "$rc" -eq 69 ] && same out ''
	tried 1
	hops "$(hop '' "$(piece 'One, ' $MORE T1)")" \
	    "$(hop ',"gate":"never"' "$(piece 'two')")"
	gm-prompt -n -m $LONG -S hi >out 2>err &
	local pid=$!
	wait_for "[ \$(requests) -eq $((BEFORE + 2)) ]"
	kill -TERM $pid
	rc=0
	wait $pid || rc=$?
	[ "$rc" -eq 143 ] && same out 'One, '
}
