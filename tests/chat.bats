# Chat completions in four dialects, as Mistral, OpenAI, llama.cpp and Ollama
# speak them: what is sent, what is made of the answers, what of refusals.

# shellcheck disable=SC2030,SC2031,SC2153,SC2154
load net

DIALECTS='mistral openai llamacpp ollama'

# to DIALECT: from now on that one is asked, with a key where it wants one; its
# base URL goes to SITE, its model's name to MODEL.
to() {
	SITE=$URL/$1/v1
	PROVIDER=openai
	unset OPENAI_API_KEY
	case $1 in
	mistral) PROVIDER=mistral MODEL=mistral-large-latest ;;
	openai) MODEL=gpt-5-mini && export OPENAI_API_KEY=$O0 ;;
	llamacpp) MODEL=qwen3-8b-q4_k_m ;;
	ollama) MODEL=qwen3:8b ;;
	esac
	export OPENAI_BASE_URL=$SITE OPENAI_MODEL=$MODEL
}

# chat [argument...]: ask it.
chat() {
	ask --provider "$PROVIDER" "$@"
}

# each FUNCTION [argument...]: for each dialect.
each() {
	local dialect failures=0
	for dialect in $DIALECTS; do
		to "$dialect"
		"$@" || {
			echo "$dialect: see above"
			failures=$((failures + 1))
		}
	done
	[ "$failures" -eq 0 ]
}

# got N PATH KEY BODY: the N-th request, all of it; KEY "": none was sent.
got() {
	body "$1" | diff <(printf '%s' "$4") - || return
	diff <(
		echo "POST $2 HTTP/1.1"
		LC_ALL=C sort <<-END
			Host: 127.0.0.1:PORT
			User-Agent: gm-prompt/$VERSION
			Content-Type: application/json
			Accept: text/event-stream
			${3:+Authorization: Bearer $3
			}Content-Length: $(printf '%s' "$4" | wc -c)
		END
	) <(
		head_of "$1" | head -n 1
		head_of "$1" | tail -n +2 | LC_ALL=C sort
	)
}

# --- what is sent

@test "the request of a prompt alone" {
	services
	play <<<'[{"chat":["x"],"repeat":-1}]'
	to mistral
	chat hi
	got 1 /mistral/v1/chat/completions "$M0" '{"model":"mistral-large-latest","messages":[{"role":"user","content":"hi"}],"stream":true}'
	to openai
	chat hi
	got 2 /openai/v1/chat/completions "$O0" '{"model":"gpt-5-mini","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}'
	to llamacpp
	chat hi
	got 3 /llamacpp/v1/chat/completions '' '{"model":"qwen3-8b-q4_k_m","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}'
	to ollama
	chat hi
	got 4 /ollama/v1/chat/completions '' '{"model":"qwen3:8b","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}'
	# A server of our own may want a key, too.
	to llamacpp
	OPENAI_API_KEY=$O0 chat hi
	got 5 /llamacpp/v1/chat/completions "$O0" '{"model":"qwen3-8b-q4_k_m","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}'
}

@test "the request with all that there is, and the service takes it" {
	local options=(-s 'Be "brief".' -t 0.50 --top-p .9 --max-tokens 50
		--stop a --stop $'\n' --seed 7 --thinking LOW)
	local messages='"messages":[{"role":"system","content":"Be \"brief\"."},{"role":"user","content":"hi"}],"stream":true'
	local numbers='"temperature":0.50,"top_p":0.9,"max_tokens":50'
	local rest='"stop":["a","\n"],"reasoning_effort":"low"}'
	services
	# Not played from a script: the stand-in checks each member.
	to mistral
	chat "${options[@]}" hi
	[ "$rc" -ne 65 ]
	got 1 /mistral/v1/chat/completions "$M0" "{\"model\":\"mistral-large-latest\",$messages,$numbers,\"random_seed\":7,$rest"
	to llamacpp
	chat "${options[@]}" hi
	[ "$rc" -ne 65 ]
	got 2 /llamacpp/v1/chat/completions '' "{\"model\":\"qwen3-8b-q4_k_m\",$messages,\"stream_options\":{\"include_usage\":true},$numbers,\"seed\":7,$rest"
	# OpenAI itself has another name for the limit; nothing leaves us here.
	to openai
	unset OPENAI_BASE_URL
	chat "${options[@]}" --dry-run hi
	[ "$rc" -eq 0 ]
	same out "{\"model\":\"gpt-5-mini\",$messages,\"stream_options\":{\"include_usage\":true},${numbers/max_tokens/max_completion_tokens},\"seed\":7,$rest
"
	same err "gm-prompt: POST https://api.openai.com/v1/chat/completions
gm-prompt: Authorization: Bearer ...0200
gm-prompt: Content-Type: application/json
gm-prompt: Accept: text/event-stream
"
	OPENAI_BASE_URL=https://api.openai.com/ chat "${options[@]}" --dry-run hi
	grep -q '"max_completion_tokens":50' out
	tried 2
}

@test "Azure takes OpenAI's name for the token limit, others do not" {
	local base name
	services
	to openai
	while read -r base name; do
		OPENAI_BASE_URL=$base chat --max-tokens 50 --dry-run hi
		[ "$rc" -eq 0 ]
		same out "{\"model\":\"gpt-5-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":true,\"stream_options\":{\"include_usage\":true},\"$name\":50}
"
	done <<-'E'
	https://mine.openai.azure.com/openai/v1 max_completion_tokens
	https://Mine.OpenAI.Azure.com:443/openai/v1/ max_completion_tokens
	https://openai.azure.com.example.org/openai/v1 max_tokens
	https://my-openai.azure.com/openai/v1 max_tokens
	https://mine.openai.azure.com:8443/openai/v1 max_tokens
	E
	unsent
}

@test "--thinking as a level, or off" {
	local level
	services
	to mistral
	for level in minimal low medium high xhigh off; do
		chat --dry-run --thinking $level hi
		same out "{\"model\":\"$MODEL\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":true,\"reasoning_effort\":\"${level/off/none}\"}
"
	done
	unsent
}

# --- answers

# answers VARIANT: the reply of these members is the same answer, held back and
# streamed, also where it comes byte by byte.
answers() {
	local piece
	for piece in '' ',"piece":1'; do
		play <<<"[{$1$piece,\"repeat\":-1}]"
		chat --max-tokens 100 hi
		said 0 $'Grüße, **du**.\n' '' || return
		chat -S hi
		said 0 $'Grüße, **du**.\n' '' || return
	done
}

@test "one answer in many forms, in each dialect" {
	local form failures=0
	services
	while read -r form; do
		each answers "$form" || {
			echo "$form: see above"
			failures=$((failures + 1))
		}
	done <<-'E'
		"chat":["Grü","ße, ","**du**","."]
		"chat":[null,"Grüße, ",null,"","**du**.",null]
		"chat":["Grüße, ","**du**."],"content_chunks":true
		"chat":["Grüße, ","**du**."],"newline":"\r\n"
		"chat":["Grüße, ","**du**."],"newline":"\r"
		"chat":["Grüße, ","**du**."],"done":false
		"chat":["Grüße, ","**du**."],"last_blank":false
		"chat":["Grüße, ","**du**."],"last_blank":true
		"chat":["Grüße, ","**du**."],"usage":null
		"chat":["Grüße, ","**du**."],"unary":true
		"chat":["Grüße, **du**."],"unary":true,"content_chunks":true
		"chat":["Grüße, ","**du**."],"ping":{"ms":1,"count":3}
		"chat":["Grüße, ","**du**.",{"choices":[],"timings":{"prompt_n":1}}]
		"chat":["Grüße, ","**du**.",{"id":"x"},{"id":"x","choices":null}]
	E
	[ "$failures" -eq 0 ]
}

# thinks MEMBERS: thoughts are no part of the answer, and are told if wished.
thinks() {
	play <<<"[{$1,\"repeat\":-1}]"
	chat hi
	said 0 $'Yes.\n' '' || return
	chat --show-thoughts hi
	said 0 $'Yes.\n' $'Let me see. Well.\n' || return
	chat --show-thoughts -S hi
	said 0 $'Yes.\n' $'Let me see. Well.\n' || return
	chat --json hi
	same <(jq -r .text out) $'Yes.\n'
}

@test "thoughts stay apart from the answer, in each dialect" {
	local form failures=0
	services
	while read -r form; do
		each thinks "$form" || {
			echo "$form: see above"
			failures=$((failures + 1))
		}
	done <<-'E'
		"chat":["Ye","s."],"reasoning":["Let me see. ","Well."]
		"chat":["Yes."],"reasoning":["Let me see. ","Well."],"unary":true
		"chat":["<think>Let me see. Well.</think>\n\nYes."]
		"chat":["\n<th","ink>Let me see. ","Well.</thi","nk>","\n\n","Yes."]
		"json":{"choices":[{"message":{"content":[{"type":"thinking","thinking":"Let me see. Well."},{"type":"redacted_thinking","data":"eA=="},{"type":"text","text":"Yes."}]},"finish_reason":"stop"}]}
		"json":{"choices":[{"message":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Let me see. "},"Well."],"closed":true},{"type":"text","text":"Yes."}]},"finish_reason":"stop"}]}
		"json":{"choices":[{"message":{"content":[{"type":"reasoning","summary":[{"type":"summary_text","text":"Let me see. Well."}]},{"type":"text","text":"Yes."}]},"finish_reason":"stop"}]}
		"json":{"choices":[{"message":{"content":"Yes.","thinking":"Let me see. Well."},"finish_reason":"stop"}]}
		"chat":["</think>\n\nYes."],"reasoning":["Let me see. ","Well."]
		"chat":["</th","ink>","\n\n","Yes."],"reasoning":["Let me see. ","Well."]
		"chat":["[/THINK]","Yes."],"reasoning":["Let me see. ","Well."]
		"chat":["</think>\n\nYes."],"reasoning":["Let me see. ","Well."],"unary":true
		"stream":[{"choices":[{"index":0,"delta":{"reasoning":"Let me see. Well."}}]},{"choices":[{"index":0,"delta":{"content":"</think>\n\nYes."},"finish_reason":"stop"}]}]
	E
	[ "$failures" -eq 0 ]
}

@test "<think> elsewhere is text" {
	services
	to llamacpp
	play <<<'[{"chat":["Say ","<think>","x</think>."]}]'
	chat hi
	said 0 $'Say <think>x</think>.\n' ''
	play <<<'[{"chat":["<thin"]}]'
	chat hi
	said 0 $'<thin\n' ''
}

# counts: usage and reasons as the JSON has them.
counts() {
	local cached=null
	[ "$PROVIDER" != mistral ] || cached=0 # which always has the member
	play <<<'[{"chat":["One, ","two."],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}]'
	chat --json hi
	[ "$rc" -eq 0 ] && same err '' || return
	same <(jq -c 'del(.timing, .bytes, .attempts)' out) "{\"ok\":true,\"text\":\"One, two.\",\"provider\":\"$PROVIDER\",\"model\":\"$MODEL\",\"model_version\":\"$MODEL\",\"key_index\":$(key_index),\"finish_reason\":\"stop\",\"usage\":{\"prompt\":11,\"cached\":$cached,\"output\":7,\"thoughts\":null,\"total\":18},\"parts_omitted\":[],\"fallback\":false,\"sources\":[],\"error\":null}
" || return
	same <(jq -c '.attempts | map(del(.ms))' out) "[{\"provider\":\"$PROVIDER\",\"model\":\"$MODEL\",\"key_index\":$(key_index),\"key\":$(key_shown),\"http\":200,\"class\":\"ok\"}]
" || return
	play <<<'[{"chat":["One."],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":5}},"unary":true}]'
	chat --json hi
	same <(jq -c .usage out) '{"prompt":11,"cached":4,"output":2,"thoughts":5,"total":18}
'
}

# key_index, key_shown: of the key that is sent, as the JSON has it.
key_index() {
	case $SITE in */mistral/* | */openai/*) echo 0 ;; *) echo null ;; esac
}

key_shown() {
	case $SITE in
	*/mistral/*) echo '"...0100"' ;;
	*/openai/*) echo '"...0200"' ;;
	*) echo null ;;
	esac
}

@test "--json: usage, key and finish in each dialect" {
	services
	each counts
}

@test "an answer of another model is told, unless an alias was asked" {
	services
	to llamacpp
	play <<<'[{"chat":["One."],"model":"other\u001b[31m"}]'
	chat hi
	said 0 $'One.\n' $'gm-prompt: qwen3-8b-q4_k_m: answered by other\n'
	to mistral
	play <<<'[{"chat":["One."],"model":"mistral-large-2512"}]'
	chat hi
	said 0 $'One.\n' ''
}

# --- ends that are no good ones

# ends TRIES STATUS STDOUT STREAMED LINE MEMBERS: the reply ends so; "-" stands
# for nothing on standard output.
ends() {
	local line=$5 held=$3$'\n' streamed=$4$'\n'
	[ "$3" != - ] || held=
	[ "$4" != - ] || streamed=
	line=${line//SITE/$SITE}
	line="gm-prompt: ${line//MODEL/$MODEL}"$'\n'
	play <<<"[{$6,\"repeat\":-1}]"
	chat --retries 1 hi
	said "$2" "$held" "$line" || return
	tried "$1" || return
	again
	chat --retries 1 -S hi
	said "$2" "$streamed" "$line" || return
	[ "$4" = - ] || tried 1
}

@test "answers that end badly, in each dialect" {
	local tries status held streamed line members failures=0
	local cut='SITE: the response ended too early: no finish reason; try again later (HTTP 200, truncated)'
	services
	while IFS='|' read -r tries status held streamed line members; do
		each ends "$tries" "$status" "$held" "$streamed" "$line" \
		    "$members" || {
			echo "$members: see above"
			failures=$((failures + 1))
		}
	done <<-E
	1|1|One two.|One two.|MODEL: the answer was cut at the token limit; raise --max-tokens (length, token_limit)|"chat":["One ","two."],"finish":"length"
	1|1|One two.|One two.|MODEL: the answer was cut at the token limit; raise --max-tokens (model_length, token_limit)|"chat":["One ","two."],"finish":"model_length"
	1|1|-|One two.|MODEL: the answer was blocked (content_filter, blocked)|"chat":["One ","two."],"finish":"content_filter"
	1|1|One two.|One two.|MODEL: the answer may be incomplete (tool_calls, unfinished)|"chat":["One ","two."],"finish":"tool_calls"
	2|1|-|-|MODEL: the answer is empty (stop, empty)|"chat":[null,""]
	2|1|-|-|MODEL: the answer is empty (stop, empty)|"chat":[],"reasoning":["Hm."]
	1|1|One two.|One two.|MODEL: the answer may be incomplete (no finish reason, unfinished)|"chat":["One ","two."],"finish":null
	1|1|One two.|One two.|MODEL: the answer may be incomplete (no finish reason, unfinished)|"chat":["One ","two."],"finish":""
	2|76|-|One two.|$cut|"chat":["One ","two."],"finish":"","done":false
	2|76|-|One two.|$cut|"chat":["One ","two."],"finish":null,"done":false
	2|76|-|-|$cut|"chat":[],"finish":null
	2|69|-|One two.|MODEL: error at the service; try again later (HTTP 500, server): Oh.|"chat":["One ","two.",{"error":{"code":500,"message":"Oh.","type":"server_error"}}]
	2|69|-|-|MODEL: error at the service; try again later (HTTP 500, server): Oh.|"chat":[{"error":{"code":500,"message":"Oh.","type":"server_error"}}]
	2|69|-|One two.|MODEL: error at the service; try again later (HTTP 500, server): Oh.|"chat":["One ","two."],"finish":null,"done":false,"tail":"error: {\"code\":500,\"message\":\"Oh.\",\"type\":\"server_error\"}\n\n"
	2|69|-|One two.|MODEL: error at the service; try again later (HTTP 500, server): Oh.|"chat":["One ","two."],"finish":null,"done":false,"tail":"error: {\"error\":{\"code\":500,\"message\":\"Oh.\"}}\n\ndata: [DONE]\n\n"
	2|69|-|-|MODEL: error at the service; try again later (HTTP 500, server): Oh.|"body":"error: {\"code\":500,\"message\":\"Oh.\",\"type\":\"server_error\"}\n\n"
	1|65|-|One two.|MODEL: request rejected (HTTP 200, bad_request): No.|"chat":["One ","two.",{"error":{"code":null,"message":"No.","type":"invalid_request_error"}}]
	2|69|-|One two.|MODEL: error at the service; try again later (HTTP 200, server): finish reason error|"chat":["One ","two."],"finish":"error"
	2|69|-|One two.|MODEL: error at the service; try again later (HTTP 200, server): finish reason insufficient_system_resource|"chat":["One ","two."],"finish":"insufficient_system_resource"
	2|69|-|-|MODEL: error at the service; try again later (HTTP 200, server): finish reason insufficient_system_resource|"chat":[],"finish":"insufficient_system_resource","unary":true
	E
	[ "$failures" -eq 0 ]
}

# --- refusals

# refuses STATUS CLASS TRIES LINE: the refusal that is played ends so.
refuses() {
	local line=${4//SITE/$SITE}
	line=${line//MODEL/$MODEL}
	again
	chat --retries 1 --max-wait 0 --json hi
	[ "$rc" -eq "$1" ] || {
		echo "status $rc in place of $1"
		cat err
		return 1
	}
	tried "$3" || return
	diff <(echo "gm-prompt: $line") \
	    <(sed -E 's/until ([0-9]{4}-[0-9-]*T)?[0-9:]*Z \([0-9dhmins ]+\)/until TIME/g' err) || return
	same <(jq -c .error.class out) "\"$2\""$'\n' && masked
}

@test "each refusal of each dialect: status, class and words" {
	local dialect name status class tries line failures=0
	local key='key 0 (...0100)' okey='key 0 (...0200)'
	local no='MODEL: request rejected'
	local long='MODEL: request too large; send less (HTTP 400, too_large)'
	local extra='(HTTP 422, bad_request): body.seed: Extra inputs are not permitted'
	services
	while IFS='|' read -r dialect name status class tries line; do
		to "$dialect"
		play <<<"[{\"refusal\":\"$name\",\"repeat\":-1}]"
		refuses "$status" "$class" "$tries" "$line" || {
			echo "$dialect, $name: see above"
			failures=$((failures + 1))
		}
	done <<-E
	mistral|unauthorized|77|key_rejected|1|$key: API key rejected; replace it (HTTP 401, key_rejected): Invalid API Key
	mistral|unauthorized_message|77|key_rejected|1|$key: API key rejected; replace it (HTTP 401, key_rejected): Unauthorized
	mistral|unauthorized_empty|77|key_rejected|1|$key: API key rejected; replace it (HTTP 401, key_rejected)
	mistral|invalid_model|78|model_gone|1|MODEL: no such model; gm-models lists the models (HTTP 400, model_gone)
	mistral|no_model|78|model_gone|1|MODEL: no such model; gm-models lists the models (HTTP 404, model_gone)
	mistral|not_found|78|bad_url|1|SITE: no API at this address; check the base URL (HTTP 404, bad_url): no Route matched with those values
	mistral|context|65|too_large|1|$long: Prompt contains 300000 tokens, too large for model with 262144 maximum context length
	mistral|billing|77|no_credit|1|$key: no credit left; add credit to the account (HTTP 402, no_credit)
	mistral|tier|77|forbidden|1|$key: permission denied; use another model, or get permission in the project (HTTP 403, forbidden): This model is not available in your subscription tier or workspace.
	mistral|fields_object|65|bad_request|1|$no $extra
	mistral|fields_array|65|bad_request|1|$no $extra
	mistral|fields_string|65|bad_request|1|$no $extra
	mistral|fields_detail|65|bad_request|1|$no $extra
	mistral|rate|75|quota_minute|1|$key: rate-limited until TIME; wait, or add keys of another project (HTTP 429, quota_minute)
	mistral|rate_requests|75|quota_minute|1|$key: rate-limited until TIME; wait, or add keys of another project (HTTP 429, quota_minute)
	mistral|zero|75|quota_none|1|$key: no quota for this model until TIME; use another model, or enable billing (HTTP 429, quota_none)
	mistral|capacity|69|overloaded|2|MODEL: overloaded; try again later (HTTP 429, overloaded)
	mistral|server|69|server|2|MODEL: error at the service; try again later (HTTP 500, server): Internal server error
	mistral|overloaded|69|overloaded|2|MODEL: overloaded; try again later (HTTP 503, overloaded)
	mistral|timeout|69|server_timeout|2|MODEL: timeout at the service; try again later (HTTP 504, server_timeout)
	openai|unauthorized|77|key_invalid|1|$okey: API key not valid; replace it (HTTP 401, key_invalid)
	openai|permission|77|forbidden|1|$okey: permission denied; use another model, or get permission in the project (HTTP 403, forbidden): You have insufficient permissions for this operation. Missing scopes: model.request.
	openai|country|77|region|1|SITE: not available in your region; use a supported region, or enable billing (HTTP 403, region)
	openai|not_found|78|bad_url|1|SITE: no API at this address; check the base URL (HTTP 404, bad_url): Invalid URL (POST /v1/chat/completions)
	openai|no_model|78|model_gone|1|MODEL: no such model; gm-models lists the models (HTTP 404, model_gone)
	openai|context|65|too_large|1|$long: This model's maximum context length is 128000 tokens. However, your messages resulted in 130004 tokens. Please reduce th...
	openai|rate|75|quota_minute|1|$okey: rate-limited until TIME; wait, or add keys of another project (HTTP 429, quota_minute)
	openai|quota|77|no_credit|1|$okey: no credit left; add credit to the account (HTTP 429, no_credit)
	openai|server|69|server|2|MODEL: error at the service; try again later (HTTP 500, server): The server had an error while processing your request. Sorry about that!
	openai|html|69|server|2|MODEL: error at the service; try again later (HTTP 502, server): 502 Bad Gateway 502 Bad Gateway
	openai|overloaded|69|overloaded|2|MODEL: overloaded; try again later (HTTP 503, overloaded)
	llamacpp|unauthorized|77|key_rejected|1|SITE: API key rejected; set OPENAI_API_KEY (HTTP 401, key_rejected): Invalid API Key
	llamacpp|not_found|78|bad_url|1|SITE: no API at this address; check the base URL (HTTP 404, bad_url): File Not Found
	llamacpp|context|65|too_large|1|$long: request (13392 tokens) exceeds the available context size (8192 tokens), try increasing it
	llamacpp|unsupported|65|bad_request|1|$no (HTTP 501, bad_request): This feature is not supported by this server
	llamacpp|server|69|server|2|MODEL: error at the service; try again later (HTTP 500, server): Compute error.
	ollama|no_model|78|model_gone|1|MODEL: no such model; gm-models lists the models (HTTP 404, model_gone)
	ollama|not_found|78|bad_url|1|SITE: no API at this address; check the base URL (HTTP 404, bad_url): 404 page not found
	ollama|api_error|69|server|2|MODEL: error at the service; try again later (HTTP 500, server): llama runner process has terminated: exit status 2
	ollama|native|69|server|2|MODEL: error at the service; try again later (HTTP 500, server): llama runner process has terminated: exit status 2
	E
	[ "$failures" -eq 0 ]
}

@test "a model that the plan lacks: the next one at once" {
	services
	to mistral
	play <<-'E'
	[{"refusal":"zero"},{"chat":["One."],"repeat":-1}]
	E
	MISTRAL_MODEL_NAME=mistral-large-latest,mistral-small-latest chat --json hi
	[ "$rc" -eq 0 ]
	same err ''
	same <(jq -c '[.model, .timing.wait_ms, (.attempts | map([.model, .class]))]' out) \
	    '["mistral-small-latest",0,[["mistral-large-latest","quota_none"],["mistral-small-latest","ok"]]]
'
	went M0 M0
}

@test "a model without room for it now: the next one after the repeats" {
	services
	to mistral
	play <<-'E'
	[{"refusal":"capacity","repeat":2},{"chat":["One."],"repeat":-1}]
	E
	MISTRAL_MODEL_NAME=mistral-large-latest,mistral-small-latest \
	    chat --retries 1 --max-wait 0 --json hi
	[ "$rc" -eq 0 ]
	same <(jq -c '[.attempts[] | .model, .class]' out) \
	    '["mistral-large-latest","overloaded","mistral-large-latest","overloaded","mistral-small-latest","ok"]
'
}

@test "an unknown model of Ollama: 78, and what to do" {
	services
	to ollama
	OPENAI_MODEL=llama9 chat hi
	failed 78 'llama9: no such model; gm-models lists the models (HTTP 404, model_gone)'
	tried 1
}

@test "no key was sent, but the server wants one: 77, and nothing is marked" {
	services
	to openai
	unset OPENAI_API_KEY
	chat hi
	failed 77 "$URL/openai/v1: API key rejected; set OPENAI_API_KEY (HTTP 401, key_rejected): You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Autho..."
	went O
	# A server that is started anew, without, is asked at once.
	remember
	play <<<"[{\"chat\":[\"Hi.\"]}]"
	chat --no-stream hi
	[ "$rc" -eq 0 ]
	same out $'Hi.\n'
	went O
}

# --- the end of a stream

@test "[DONE] is the end, though the connection stays open" {
	services
	to llamacpp
	local end
	for end in '' ',"done":false,"tail":"data: [DONE]\n"' \
	    ',"done":false,"tail":"data: [DONE]"'; do
		play <<<"[{\"chat\":[\"Eins, \",\"zwei, \",\"drei.\"]$end,\"hold\":true}]"
		chat --deadline 30s --timeout 50s hi
		said 0 "$LOCAL_SAYS
" ''
		went L
	done
}

@test "what comes behind [DONE] is no part of the answer, and no error" {
	services
	to llamacpp
	local tail
	for tail in 'data: {\"choices\":[{\"delta\":{\"content\":\"more\"}}]}\n\n' \
	    'data: {\"error\":{\"message\":\"late\",\"code\":500}}\n\n' \
	    '{\"status\":\"bye\"}\n'; do
		play <<<"[{\"chat\":[\"Eins, \",\"zwei, \",\"drei.\"],\"tail\":\"$tail\"}]"
		chat hi
		said 0 "$LOCAL_SAYS
" ''
		went L
	done
}

@test "a finish reason is enough: half an event behind it, or silence" {
	services
	to llamacpp
	local members
	for members in '"done":false,"tail":"data: {\"usage\":{\"pro"' \
	    '"done":false,"hold":true'; do
		play <<<"[{\"chat\":[\"Eins, \",\"zwei, \",\"drei.\"],$members}]"
		chat --deadline 2s hi
		said 0 "$LOCAL_SAYS
" ''
		went L
	done
}

@test "a server that refuses without a key is asked again the next time" {
	services
	to llamacpp
	unset OPENAI_API_KEY
	play <<<"[{\"json\":{\"error\":{\"message\":\"Forbidden\"}},\"status\":403},$LOCAL_GOOD]"
	chat hi
	failed 77 "$SITE: permission denied; use another model, or get permission in the project (HTTP 403, forbidden): Forbidden"
	remember
	again
	chat hi
	said 0 "$LOCAL_SAYS
" ''
	went L
}

# --- a server that is still loading its model

@test "503 Loading model: waited for, though nothing is repeated" {
	services
	to llamacpp
	play <<<"[{\"refusal\":\"loading\",\"repeat\":2},$LOCAL_GOOD]"
	chat --retries 0 --max-wait 0 hi
	said 0 "$LOCAL_SAYS
" "gm-prompt: $SITE: the server is loading the model; waiting
"
	went L L L
	# Also as the last resort.
	play <<<"[$(at gemini '"refusal":"overloaded"'),{\"refusal\":\"loading\",\"repeat\":2},$LOCAL_GOOD]"
	ask --fallback openai --retries 0 --json hi
	[ "$rc" -eq 0 ]
	went K0 L L L
	same <(jq -c '[.attempts[].class]' out) '["overloaded","loading","loading","ok"]
'
}

@test "503 Loading model: no longer than the deadline, or --response-timeout" {
	local line
	services
	to llamacpp
	line="$SITE: the server is loading the model"
	# Another look would come too late, and nobody is told to wait.
	play <<<'[{"refusal":"loading","repeat":-1}]'
	chat --deadline 900ms hi
	failed 69 "$line; try again later (HTTP 503, loading)"
	went L
	again
	chat --response-timeout 900ms --json hi
	[ "$rc" -eq 69 ]
	went L
	same <(jq -c .error.class out) '"loading"
'
	# It asks for more time than there is, but may be ready before.
	play <<<"[{\"refusal\":\"loading\",\"headers\":{\"Retry-After\":\"40\"}},$LOCAL_GOOD]"
	chat --deadline 20s hi
	said 0 "$LOCAL_SAYS
" "gm-prompt: $line; waiting
"
	went L L
	# Then who is next.
	play <<<"[$(at llamacpp '"refusal":"loading"'),$MISTRAL_GOOD]"
	chat --response-timeout 900ms --fallback mistral hi
	said 0 "$MISTRAL_SAYS
" "gm-prompt: openai: $line; using mistral (HTTP 503, loading)
"
	went L M0
}

# --- thoughts in the text

# hides CHAT: the text, thoughts aside, is "Two.", held and as JSON.
hides() {
	play <<<"[{\"chat\":$1,\"repeat\":-1}]"
	chat hi
	said 0 $'Two.\n' '' || return
	chat -o file hi
	[ "$rc" -eq 0 ] && same file $'Two.\n' || return
	chat --json hi
	same <(jq -r .text out) $'Two.\n' || return
	chat --show-thoughts hi
	[ "$rc" -eq 0 ] && same out $'Two.\n' || return
	same err $'So it is.\n'
}

@test "thoughts in all forms that models write stay out of the answer" {
	local form failures=0
	services
	to llamacpp
	while read -r form; do
		hides "$form" || {
			echo "$form: see above"
			failures=$((failures + 1))
		}
	done <<-'E'
		["So it ","is.</think>\n\n","Two."]
		["So it is.</thi","nk>Two."]
		["So it is.\n","</think>","\n\nTwo."]
		["[THI","NK]So it is.[/THINK]Two."]
		["So it is.[/THINK]\nTwo."]
		["<thought>","So it is.</thought>\nTwo."]
		["<|channel|>ana","lysis<|message|>So it is.<|end|><|start|>assistant<|channel|>final<|mess","age|>Two."]
		["<|start|>assistant<|channel|>analysis<|message|>So it is.<|end|><|start|>assistant<|channel|>final<|message|>Two.<|return|>"]
		["So it is.<|end|><|start|>assistant<|channel|>final<|message|>Two."]
		["<thin","king>So it ","is.</thinking>\n\nTwo."]
		["<Think>So it is.</Think>Two."]
		["<reas","oning>So it is.</REASONING> Two."]
		["<|channel>thou","ghtSo it is.<chan","nel|>Two."]
		["<|START_THINKING|>So it is.<|END_THINKING|>Two."]
		["◁think▷So it is.◁/think▷Two."]
		["So it is.</thinking>\nTwo."]
		["So it is.<channel|>Two."]
		["<|Channel|>Analysis<|Message|>So it is.<|End|><|channel|> Final <|message|>Two."]
	E
	[ "$failures" -eq 0 ]
}

@test "an answer that never leaves its thoughts is empty: asked again, 1" {
	local text failures=0
	services
	to llamacpp
	while read -r text; do
		for way in --no-stream -S; do
			play <<<"[{\"chat\":$text,\"repeat\":-1}]"
			again
			chat $way hi
			said 1 '' "gm-prompt: $MODEL: the answer is empty (stop, empty)
" && tried 2 || failures=$((failures + 1))
			play <<<"[{\"chat\":$text},{\"chat\":[\"Two.\"]}]"
			chat $way hi
			said 0 $'Two.\n' '' || failures=$((failures + 1))
		done
		play <<<"[{\"chat\":$text,\"repeat\":-1}]"
		chat --show-thoughts hi
		[ "$rc" -eq 1 ] && same out '' || failures=$((failures + 1))
	done <<-'E'
		["<think>","It ends so"]
		["<think>It ends so</thi"]
		["<Thinking>It ends so.\n\nTwo."]
		["[THINK]It ends so"]
		["<|channel>thought\nIt ends so"]
		["<|channel|>analysis<|message|>It ends so<|end|>"]
		["<think>It ends so</think>\n"]
	E
	[ "$failures" -eq 0 ]
}

@test "text that mentions a tag of thoughts stays text" {
	local text failures=0
	services
	to llamacpp
	while read -r text; do
		play <<<"[{\"chat\":[\"$text\"],\"repeat\":-1}]"
		chat hi
		said 0 "${text//\\n/$'\n'}"$'\n' '' || failures=$((failures + 1))
		chat -S hi
		said 0 "${text//\\n/$'\n'}"$'\n' '' || failures=$((failures + 1))
	done <<-'E'
		The tag </think> ends a thought.
		Write `</think>` after it, [/THINK] too.
		It begins with <think> and ends so: ok</think>
		A message of gpt-oss has `<|channel|>final<|message|>` in it.
		Some write <thinking>so</thinking> or <reasoning>so</reasoning>.
		`<Think>` opens a thought, `</Think>` closes it.
		Gemma 4 writes <|channel>thought first and <channel|> last.
		It writes `<think>a</think>` first.
		See:\n```\n<think>\na\n</think>\nb\n```\nSo.
	E
	[ "$failures" -eq 0 ]
}

@test "the rest of a thought behind the server's own stays out of the answer" {
	services
	to llamacpp
	play <<-'END'
		[{"chat":["Well.</think>\n\n","Two."],"reasoning":["So it is. "],"repeat":-1}]
	END
	chat hi
	said 0 $'Two.\n' ''
	chat --show-thoughts hi
	said 0 $'Two.\n' $'So it is. Well.\n'
	chat --json hi
	[ "$rc" -eq 0 ]
	same <(jq -r .text out) $'Two.\n'
	# What was printed cannot be taken back: that is told.
	chat -S hi
	said 1 $'Well.</think>\n\nTwo.\n' "gm-prompt: $MODEL: thoughts were printed before the answer; use --no-stream (stop, thoughts)
"
}

@test "a closing tag at the beginning is no part of the answer, nor with -S" {
	local text failures=0
	services
	to llamacpp
	while read -r text; do
		play <<<"[{\"chat\":$text,\"repeat\":-1}]"
		for way in --no-stream -S --show-thoughts; do
			chat $way hi
			said 0 $'Two.\n' '' || failures=$((failures + 1))
		done
	done <<-'E'
		["</think>\n\nTwo."]
		["\n</thi","nk>","\n\n","Two."]
		["[/THI","NK]Two."]
		["</Thinking>\nTwo."]
	E
	[ "$failures" -eq 0 ]
}

@test "thoughts that mention tags or leave code open stay out of the answer" {
	local text failures=0
	services
	to llamacpp
	while read -r text; do
		play <<<"[{\"chat\":$text,\"repeat\":-1}]"
		chat hi
		said 0 $'Two.\n' '' || failures=$((failures + 1))
		# What was printed cannot be taken back.
		chat -S hi
		[ "$rc" -eq 1 ] || failures=$((failures + 1))
	done <<-'E'
		["They ask about `<think>`.\n</think>\n\n","Two."]
		["They ask about \"<think>\".</think>","Two."]
		["Draft:\n```py\nx=1\n</think>\n\n","Two."]
		["Draft:\n```\nx=1\n```\n```sh\nls\n</think>","Two."]
		["I don`t know</think>\n\nTwo."]
	E
	play <<-'END'
		[{"chat":["Draft:\n```py\nx=1\n</think>\n\n```sh\nls\n```"],"repeat":-1}]
	END
	chat -x hi
	said 0 $'ls\n' '' || failures=$((failures + 1))
	[ "$failures" -eq 0 ]
}

@test "-S: a model that always thinks is held until its closing tag" {
	services
	to llamacpp
	play <<-'END'
		[{"chat":["So it ","is.</think>\n\n","Two."],
		  "model":"qwen3-30b-thinking","repeat":2},
		 {"chat":["So it ","is.</think>\n\n","Two."]}]
	END
	chat -S -m qwen3-30b-thinking hi
	said 0 $'Two.\n' ''
	chat -S --show-thoughts -m qwen3-30b-thinking hi
	said 0 $'Two.\n' $'So it is.\n'
	# The text of another one was printed: that is told.
	chat -S hi
	said 1 $'So it is.</think>\n\nTwo.\n' "gm-prompt: $MODEL: thoughts were printed before the answer; use --no-stream (stop, thoughts)
"
}

@test "-S: text of any other model is out before the server sends the rest" {
	local pid
	services
	to llamacpp
	play <<<"[{\"chat\":[\"One, \",\"two. $(printf %01000d 0)\"],\"gate\":\"go\",\"gate_at\":700}]"
	forget
	gm-prompt --provider openai -S hi >out 2>err </dev/null &
	pid=$!
	wait_for '[ -s out ]'
	same out 'One, '
	touch "$DIR/go"
	wait $pid
	same err ''
}

@test "an open thought that the token limit has cut is no answer" {
	services
	to llamacpp
	play <<<'[{"chat":["<think>So it"],"finish":"length"}]'
	chat hi
	said 1 '' "gm-prompt: $MODEL: the answer was cut at the token limit; raise --max-tokens (length, token_limit)
"
}
