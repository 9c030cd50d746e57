# Who is to blame: what a failure leaves behind for the next command, and that
# no key is charged with what is not its fault.

# shellcheck disable=SC2030,SC2031,SC2153,SC2154
load net

# two: both services, two keys of Gemini; and what is learned stays.
two() {
	services
	remember
	export GM_STATE_DIR=$BATS_TEST_TMPDIR/state
}

# marks: model and class of all that has a mark.
marks() {
	[ ! -e "$GM_STATE_DIR/keys" ] ||
	    awk '!/^#/ && $10 != "ok" { print $8, $10 }' "$GM_STATE_DIR/keys" |
	    LC_ALL=C sort
}

# marked [LINE...]: these, and no others.
marked() {
	diff <([ $# -eq 0 ] || printf '%s\n' "$@") <(marks)
}

# minutes: how long the first mark lasts.
minutes() {
	local at
	at=$(awk '!/^#/ && $10 != "ok" { print $12; exit }' "$GM_STATE_DIR/keys")
	echo $((($(date -d "$at" +%s) - $(date +%s) + 30) / 60))
}

# aside MEMBERS STATUS: one command gets this reply of Gemini's, whatever the
# key, ends with STATUS, and marks no key; the next one is sent as ever.
aside() {
	play <<<"[{\"when\":{\"path\":\"gemini-a:\"},$1,\"repeat\":-1},{$STREAM,\"repeat\":-1}]"
	rm -rf "$GM_STATE_DIR"
	ask -m gemini-a --retries 0 hi
	[ "$rc" -eq "$2" ] || {
		echo "status $rc in place of $2: $(cat err)"
		return 1
	}
	[ "$(wc -l <err)" -eq 1 ] && marked && masked || return
	again
	ask -m gemini-b hi
	said 0 "$ANSWER
" '' && went K0
}

# A failure's members | the status of the command that meets it.
@test "what is no key's fault marks none, and the next command is sent" {
	local members status failures=0
	two
	while IFS='|' read -r members status; do
		aside "$members" "$status" || {
			echo "$members: see above"
			failures=$((failures + 1))
		}
	done <<'E'
"status":503,"json":{"error":{"code":503,"message":"Worker leaked its API key handle","status":"UNAVAILABLE"}}|69
"status":503,"json":{"error":{"message":"The key was reported as leaked in the pool; API key expired"}}|69
"status":500,"json":{"error":{"message":"Consumer cache has been suspended"}}|69
"status":404,"json":{"error":{"message":"The model's API key not found"}}|78
"status":502,"json":{"error":{"message":"API_KEY_INVALID at the upstream"}}|69
"status":403,"json":{"error":{"code":403,"message":"You do not have permission to access the File abc.","status":"PERMISSION_DENIED"}}|65
"status":403,"json":{"error":{"code":403,"message":"No access to tunedModels/mine","status":"PERMISSION_DENIED"}}|65
"status":404,"json":{"error":{"code":404,"message":"files/abc is not there","status":"NOT_FOUND"}}|65
"status":403,"headers":{"Content-Type":"text/html"},"body":"<html><title>403</title>API key not valid"|69
"status":401,"headers":{"Content-Type":"text/html"},"body":"<html><h1>401 Authorization Required</h1>nginx"|69
"status":400,"json":{"error":{"code":400,"message":"Free use is not offered in your country.","status":"FAILED_PRECONDITION"}}|77
"status":424,"json":{"error":"Broke","error_type":"generation"}|69
"status":429,"json":{"error":{"code":429,"message":"No capacity","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x.ErrorInfo","reason":"MODEL_CAPACITY_EXHAUSTED"}]}}|69
"status":429,"json":{"error":{"code":429,"message":"Limit 1000, Requested 2500","status":"RESOURCE_EXHAUSTED"}}|65
"status":404,"json":{"detail":"Not Found"}|78
"status":413,"json":{"message":"Payload Too Large"}|65
"json":{"code":503,"msg":"Later"}|69
E
	[ "$failures" -eq 0 ]
}

@test "a 403 without a reason: this model of this project, for minutes" {
	two
	play <<-E
	[{"when":{"path":"gemini-a:"},"refusal":"permission","repeat":-1},{$STREAM,"repeat":-1}]
	E
	ask -m gemini-a hi
	said 77 '' "gm-prompt: all keys are rejected: permission denied; gm-keycheck shows the reason for each (HTTP 403, forbidden): The caller does not have permission
"
	went K0 K1
	marked 'gemini-a forbidden' 'gemini-a forbidden'
	[ "$(minutes)" -eq 5 ]
	# It is known now: nothing is sent, but with another model.
	again
	ask -m gemini-a hi
	[ "$rc" -eq 77 ]
	went
	ask -m gemini-a,gemini-b hi
	said 0 "$ANSWER
" ''
	went K0
	# At once, too.
	rm -r "$GM_STATE_DIR"
	again
	ask -m gemini-a,gemini-b hi
	said 0 "$ANSWER
" ''
	went K0 K1 K0
	# Lifted by an answer.
	play <<<"[{$STREAM,\"repeat\":-1}]"
	ask -m gemini-a --ignore-cooldown -k 0 hi
	ask -m gemini-a --ignore-cooldown -k 1 hi
	marked
}

@test "known reasons go on to mark the key, or its project for all models" {
	local class refusal more
	two
	while read -r class refusal more; do
		rm -rf "$GM_STATE_DIR"
		play <<<"[{\"when\":{\"key\":\"$K0\"},\"refusal\":\"$refusal\"$more,\"repeat\":-1},{$STREAM,\"repeat\":-1}]"
		ask -m gemini-a hi
		said 0 "$ANSWER
" ''
		marked "all $class"
		again
		ask -m gemini-b hi
		went K1
	done <<-E
		key_invalid key_invalid
		key_leaked key_leaked
		key_restricted api_blocked
		project_blocked api_disabled
		project_blocked project_suspended
		project_denied permission ,"message":"Your project has been denied access."
	E
}

@test "a probe that is forbidden marks nothing: the model is not for this key" {
	two
	play <<-E
	[{"when":{"path":"gemini-3.1-flash-lite:countTokens"},"refusal":"permission","repeat":-1},{"when":{"path":"countTokens"},"service":true,"repeat":-1},
	 {"when":{"path":"pageSize"},"service":true,"repeat":-1},{$STREAM,"repeat":-1}]
	E
	rc=0
	gm-models --probe 3.1-flash-lite >out 2>err </dev/null || rc=$?
	said 1 '' 'gm-models: no model answers
'
	went K0 K0 K0 K0 K1 # the list's pages, and one other project
	marked
	again
	rc=0
	gm-models --probe -l 3.1-flash-lite 3.8-flash >out 2>err </dev/null || rc=$?
	[ "$rc" -eq 0 ]
	same err ''
	same <(cut -f 1,5 out) 'gemini-3.1-flash-lite	forbidden
gemini-3.8-flash	yes
'
	again
	ask --count hi
	said 0 $'1\n' ''
	ask -m gemini-3.1-flash-lite hi
	said 0 "$ANSWER
" ''
	went K0 K0
	marked
	ask -m gemini-3.1-flash-lite --count hi
	[ "$rc" -eq 77 ]
	marked
}

@test "search has a quota of its own: plain requests go on" {
	local plain='{"error":{"code":429,"message":"You exceeded your current quota.","status":"RESOURCE_EXHAUSTED"}}'
	two
	export GOOGLE_API_KEYS=$K0
	play <<<"[{\"status\":429,\"json\":$plain},{$STREAM,\"repeat\":-1}]"
	ask --max-wait 0 --search news
	[ "$rc" -eq 75 ]
	same <(sed 's/until [^;]*/until TIME/' err) "gm-prompt: key 0 (...0000): search quota exhausted until TIME; wait, or omit --search (HTTP 429, quota_search)
"
	went K0
	marked "$ALIAS+search quota_search"
	again
	ask --max-wait 0 hello
	said 0 "$ANSWER
" ''
	ask --max-wait 0 --search news
	[ "$rc" -eq 75 ]
	went K0
	ask --max-wait 0 --search --ignore-cooldown news
	said 0 "$ANSWER
" ''
	marked
	# By name, whatever else it says.
	play <<<'[{"refusal":"quota_day","quota_id":"SearchGroundingRequestsPerDay"}]'
	ask --max-wait 0 --search news
	marked "$ALIAS+search quota_search"
	# The model's own quota is one of all requests.
	rm -r "$GM_STATE_DIR"
	play <<<'[{"refusal":"quota_day"}]'
	ask --max-wait 0 --search news
	marked "$ALIAS quota_day"
	again
	ask --max-wait 0 hello
	[ "$rc" -eq 75 ]
	went
}

@test "no free quota: none until midnight, and what helps" {
	local at
	two
	export GOOGLE_API_KEYS=$K0
	play <<<'[{"refusal":"quota_day","message":"M has no free quota tier.","repeat":-1}]'
	ask --max-wait 0 hi
	[ "$rc" -eq 75 ]
	at=$(sed -n 's/.* until \([^;]*\);.*/\1/p' err)
	[ "$(TZ='PST8PDT,M3.2.0,M11.1.0' date -d "${at% (*}" +%T)" = 00:00:00 ]
	same err "gm-prompt: key 0 (...0000): no quota for this model until $at; use another model, or enable billing (HTTP 429, quota_none)
"
}

@test "a request beyond the whole quota: 65, both numbers, at once" {
	two
	play <<<'[{"status":429,"json":{"error":{"message":"Too large: Limit 30000, Requested 45000.","code":"rate_limit_exceeded"}},"repeat":-1}]'
	ask --provider openai --fallback mistral hi
	said 65 '' 'gm-prompt: qwen3-8b-q4_k_m: request too large; send less: 45000 requested, 30000 allowed (HTTP 429, too_large): Too large: Limit 30000, Requested 45000.
'
	went L
	marked
}

@test "compatible servers: a rejected key and an unknown model as 400" {
	two
	export OPENAI_API_KEY=$O0 OPENAI_BASE_URL=$URL/openai/v1 OPENAI_MODEL=gone,local
	play <<-E
	[{"when":{"path":"/openai/"},"status":400,"json":{"code":"400","error":"Incorrect API key provided: ab***yz."},"repeat":-1},$MISTRAL_GOOD]
	E
	ask --provider openai --fallback mistral hi
	said 0 "$MISTRAL_SAYS
" "gm-prompt: openai: key 0 (...0200): API key not valid; using mistral (HTTP 400, key_invalid)
"
	went O0 M0
	marked 'all key_invalid'
	rm -r "$GM_STATE_DIR"
	rc=0
	gm-keycheck --provider openai >out 2>err </dev/null || rc=$?
	[ "$rc" -eq 77 ]
	[ "$(cut -f 1,2,4,6,8 out)" = $'0\t...0200\tinvalid\t400\treplace it' ]
	rm -r "$GM_STATE_DIR"
	play <<-E
	[{"when":{"path":"/openai/"},"status":400,"json":{"error":{"message":"no such model: gone","type":"invalid_request_error"}}},
	 {"when":{"path":"/openai/"},"chat":["Yes."]}]
	E
	ask --provider openai hi
	said 0 $'Yes.\n' ''
	went O0 O0
	marked
}

@test "an error with status 200 is what its code says" {
	two
	export OPENAI_API_KEY=$O0 OPENAI_BASE_URL=$URL/openai/v1 OPENAI_MODEL=local
	play <<<'[{"json":{"code":401,"msg":"Who are you?"},"repeat":-1}]'
	ask --provider openai hi
	said 77 '' 'gm-prompt: key 0 (...0200): API key rejected; replace it (HTTP 401, key_rejected): Who are you?
'
	rm -r "$GM_STATE_DIR"
	play <<<'[{"json":{"error":"Unexpected endpoint or method. (POST /v1/chat)"},"repeat":-1}]'
	ask --provider openai hi
	said 78 '' "gm-prompt: $URL/openai/v1: no API at this address; check the base URL (HTTP 200, bad_url): Unexpected endpoint or method. (POST /v1/chat)
"
	play <<<'[{"body":"data: {\"error\":\"Died\",\"error_type\":\"generation\"}\n\n"},{"chat":["Yes."]}]'
	ask --provider openai hi
	said 0 $'Yes.\n' ''
	play <<<'[{"json":{"errors":[{"message":"Slowly, please"}]},"status":200,"repeat":-1}]'
	ask --provider openai --retries 0 hi
	said 69 '' 'gm-prompt: local: error at the service; try again later (HTTP 200, server): Slowly, please
'
	marked
}

@test "an error inside a choice has its words, its code and its blame" {
	two
	export OPENAI_API_KEY=$O0 OPENAI_BASE_URL=$URL/openai/v1 OPENAI_MODEL=local
	play <<<'[{"json":{"choices":[{"index":0,"finish_reason":"error","message":{"content":""},"error":{"code":402,"message":"Top up."}}]},"repeat":-1}]'
	ask --provider openai hi
	said 77 '' "gm-prompt: key 0 (...0200): no credit left; add credit to the account (HTTP 402, no_credit)
"
	marked 'all no_credit'
	rm -r "$GM_STATE_DIR"
	play <<<'[{"body":"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\",\"error\":{\"code\":502,\"message\":\"Upstream died\"}}]}\n\n","repeat":-1}]'
	ask --provider openai --retries 0 hi
	said 69 '' 'gm-prompt: local: error at the service; try again later (HTTP 502, server): Upstream died
'
	marked
}

@test "status 200, a code of the service's own: the key, the account, the model" {
	local members status mark failures=0
	two
	export OPENAI_API_KEY=$O0 OPENAI_BASE_URL=$URL/openai/v1 OPENAI_MODEL=local
	while IFS='|' read -r members status mark; do
		rm -rf "$GM_STATE_DIR"
		play <<<"[{\"json\":$members,\"repeat\":-1}]"
		ask --provider openai --retries 0 hi
		{ [ "$rc" -eq "$status" ] && diff <(echo "$mark") <(marks; [ -n "$mark" ] || echo); } || {
			echo "$members: status $rc: $(cat err)"
			failures=$((failures + 1))
		}
	done <<'T'
{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}|77|all no_credit
{"base_resp":{"status_code":1004,"status_msg":"login fail"}}|77|all key_rejected
{"error":{"code":"1211","message":"Unknown Model"}}|78|
{"error":{"code":"unauthorized","message":"Who?"}}|77|all key_rejected
{"error":{"type":"billing_error","message":"Pay"}}|77|all no_credit
{"error":{"type":"NotFoundError","message":"No model x"}}|78|
{"error":{"code":"E1","message":"Disk of API key pool full"}}|69|
{"error":"The API key you provided is invalid"}|69|
T
	[ "$failures" -eq 0 ]
}
