# What the service, and who else may answer in its place, can say instead of an
# answer: exit status, class, number of attempts, and the whole line for each.

load net

# short TEXT: at most 120 characters of it, as in an error line.
short() {
	if [ ${#1} -gt 120 ]; then
		printf '%s...' "${1:0:120}"
	else
		printf '%s' "$1"
	fi
}

# words TEXT: at most 1200 characters of it, all that we take of a service's text.
words() {
	if [ ${#1} -gt 1200 ]; then
		printf '%s...' "${1:0:1200}"
	else
		printf '%s' "$1"
	fi
}

# until: print the time and its distance in the error line, if there is one.
until_of() {
	sed -nE 's/.* until (([0-9-]+T)?[0-9:]+Z \([0-9dhmins ]+\)).*/\1/p' err
}

# refused STATUS CLASS TRIES LINE [TEXT]: the response that is being played gives
# this exit status, class and line; with one retry it was sent so often.  TEXT,
# the service's own, is whole in JSON and with -v.
refused() {
	local status=$1 class=$2 tries=$3 line=$4 whole=null text at
	local options=(-m gemini-3.8-flash --max-wait 10ms)

	[ -z "${5-}" ] || whole=$(words "$5" | jq -R .)
	again
	ask "${options[@]}" --retries 0 --json hi
	tried 1 || return
	text=${line//TIME/$(until_of)}
	[ "$rc" -eq "$status" ] && same err "gm-prompt: $text"$'\n' || return
	jq -c '.error | del(.retry_at)' out >error
	same error "{\"class\":\"$class\",\"message\":$(jq -R . <<<"$text"),\"service_message\":$whole}"$'\n' || return
	at=$(jq -r '.error.retry_at' out)
	if [ "$text" = "$line" ]; then
		[ "$at" = null ] || return
	else
		[[ $at == *"${text#* until }"* || $text == *" until ${at#*T} ("* ||
		    $text == *" until $at ("* ]] || return
	fi
	[[ $(cat out) == '{"ok":false,"text":"",'* ]] && masked || return

	again
	ask "${options[@]}" --retries 1 -v hi
	tried "$tries" || return
	text=${line//TIME/$(until_of | tail -n 1)}
	[ "$rc" -eq "$status" ] || return
	tail -n 1 err >last
	same last "gm-prompt: $text"$'\n' || return
	[ -z "${5-}" ] || grep '^gm-prompt: attempt 1: ' err | grep -qF "$(words "$5")" ||
	    [ "$class" = blocked ] && masked
}

# rows: check lines "refusal|more members|status|class|attempts|our message|the
# service's text" of standard input.  A message that ends in "+" quotes that text.
rows() {
	local refusal more status class tries ours theirs failures=0

	serve
	while IFS='|' read -r refusal more status class tries ours theirs; do
		play <<<"[{\"refusal\":\"$refusal\"$more,\"repeat\":-1}]"
		ours=${ours//SITE/$URL}
		[ "${ours%+}" = "$ours" ] || ours="${ours%+}: $(short "$theirs")"
		refused "$status" "$class" "$tries" "$ours" "$theirs" || {
			echo "$refusal$more: see above"
			failures=$((failures + 1))
		}
	done
	[ "$failures" -eq 0 ]
}

@test "rejected keys: 77, one attempt, the key masked" {
	local key='key 0 (...0001)'
	rows <<-END
		key_invalid||77|key_invalid|1|$key: API key not valid; replace it (HTTP 400, key_invalid)|API key not valid. Please pass a valid API key.
		key_expired||77|key_expired|1|$key: API key expired; renew or replace it (HTTP 400, key_expired)|API key expired. Please renew the API key.
		key_not_found||77|key_invalid|1|$key: API key not valid; replace it (HTTP 400, key_invalid)|API key not found. Please pass a valid API key.
		unauthorized||77|key_rejected|1|$key: API key rejected; replace it (HTTP 401, key_rejected)+|Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.
		key_leaked||77|key_leaked|1|$key: API key reported as leaked; delete it and create another (HTTP 403, key_leaked)|Your API key was reported as leaked. Please use another API key.
		no_key||77|no_key_sent|1|SITE: no API key reached the service; look for a proxy that removes it (HTTP 403, no_key_sent)|Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.
		referrer_blocked||77|key_restricted|1|$key: API key restricted; allow this API and this machine in its restrictions (HTTP 403, key_restricted)|Requests from referer <empty> are blocked.
		address_blocked||77|key_restricted|1|$key: API key restricted; allow this API and this machine in its restrictions (HTTP 403, key_restricted)|The provided API key has an IP address restriction. The originating IP address of the call (127.0.0.1) violates this restriction.
		app_blocked||77|key_restricted|1|$key: API key restricted; allow this API and this machine in its restrictions (HTTP 403, key_restricted)|Requests from this Android client application <empty> are blocked.
		app_blocked|,"error_reason":"API_KEY_IOS_APP_BLOCKED"|77|key_restricted|1|$key: API key restricted; allow this API and this machine in its restrictions (HTTP 403, key_restricted)|Requests from this Android client application <empty> are blocked.
		api_blocked||77|key_restricted|1|$key: API key restricted; allow this API and this machine in its restrictions (HTTP 403, key_restricted)|Requests to this API generativelanguage.googleapis.com method google.ai.generativelanguage.v1beta.GenerativeService.StreamGenerateContent are blocked.
		api_disabled||77|project_blocked|1|$key: the project may not use the API; enable the API and billing in it (HTTP 403, project_blocked)+|Generative Language API has not been used in project 123456789012 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/generativelanguage.googleapis.com/overview?project=123456789012 then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.
		project_suspended||77|project_blocked|1|$key: the project may not use the API; appeal to Google against the suspension, or use another project (HTTP 403, project_blocked)+|Permission denied: Consumer 'api_key:...0001' has been suspended.
		billing_disabled||77|project_blocked|1|$key: the project may not use the API; enable the API and billing in it (HTTP 403, project_blocked)+|This API method requires billing to be enabled. Please enable billing on project #123456789012 by visiting https://console.developers.google.com/billing/enable?project=123456789012 then retry. If you enabled billing for this project recently, wait a few minutes for the action to propagate to our systems and retry.
		permission||77|forbidden|1|$key: permission denied; use another model, or get permission in the project (HTTP 403, forbidden)+|The caller does not have permission
		no_credit||77|no_credit|1|$key: no credit left; add credit to the account (HTTP 402, no_credit)|Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing.
		no_credit|,"status":429|77|no_credit|1|$key: no credit left; add credit to the account (HTTP 429, no_credit)|Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing.
		region||77|region|1|SITE: not available in your region; use a supported region, or enable billing (HTTP 400, region)|User location is not supported for the API use.
	END
}

@test "models that are gone: 78, with the replacement" {
	local gone='gemini-3.8-flash: no such model'
	rows <<-END
		no_model||78|model_gone|1|$gone; gm-models lists the models (HTTP 404, model_gone)|models/gemini-3.8-flash is not found for API version v1beta, or is not supported for streamGenerateContent. Call ListModels to see the list of available models and their supported methods.
		model_gone|,"replacement":"gemini-9-pro"|78|model_gone|1|$gone; use gemini-9-pro (HTTP 404, model_gone)|This model models/gemini-3.8-flash is no longer available. Please update your code to use models/gemini-9-pro for the latest features and improvements.
		model_closed|,"replacement":"gemini-9-pro"|78|model_gone|1|$gone; use gemini-9-pro (HTTP 404, model_gone)|This model models/gemini-3.8-flash is no longer available to new users. Please update your code to use models/gemini-9-pro for the latest features and improvements. We recommend you to use the Interactions API.
	END
}

@test "rejected requests: 65 with the reason, one attempt" {
	local no='gemini-3.8-flash: request rejected'
	local large='gemini-3.8-flash: request too large; send less'
	rows <<-END
		not_found||65|bad_request|1|$no (HTTP 404, bad_request)+|Requested entity was not found.
		unknown_field||65|bad_request|1|$no (HTTP 400, bad_request)+|Invalid JSON payload received. Unknown name "x" at 'generation_config': Cannot find field.
		invalid_argument||65|bad_request|1|$no (HTTP 400, bad_request)+|Request contains an invalid argument.
		context||65|too_large|1|$large (HTTP 400, too_large)+|The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).
		payload_too_large||65|too_large|1|$large (HTTP 400, too_large)+|Request payload size exceeds the limit: 20971520 bytes. Please use the Files API for larger requests.
		thinking||65|bad_request|1|$no (HTTP 400, bad_request)+|Thinking level MINIMAL is not supported for this model.
		mime_type||65|bad_request|1|$no (HTTP 400, bad_request)+|Unsupported MIME type: application/x-unknown
		file_not_active||65|bad_request|1|$no (HTTP 400, bad_request)+|The File x is not in an ACTIVE state and usage is not allowed.
		body_too_large||65|too_large|1|$large (HTTP 413, too_large)+|Maximum request body size 1048576 exceeded, actual body size 1048577
		blocked||1|blocked|1|gemini-3.8-flash: the prompt was blocked (PROHIBITED_CONTENT, blocked)|
		unimplemented||65|bad_request|1|$no (HTTP 501, bad_request)+|Operation is not implemented, or supported, or enabled.
	END
}

@test "exhausted quotas: 75 with the time, no retry" {
	local key='key 0 (...0001)' quota='Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit'
	local input=${quota/requests/input_token_count}
	rows <<-END
		quota_minute||75|quota_minute|1|$key: rate-limited until TIME; wait, or add keys of another project (HTTP 429, quota_minute)|$quota: 5, model: gemini-3.8-flash Please retry in 37.1s.
		quota_day||75|quota_day|1|$key: daily quota exhausted until TIME; wait, or enable billing (HTTP 429, quota_day)|$quota: 20, model: gemini-3.8-flash Please retry in 38s.
		quota_none||75|quota_none|1|$key: no quota for this model until TIME; use another model, or enable billing (HTTP 429, quota_none)|$quota: 0, model: gemini-3.8-flash * $quota: 0, model: gemini-3.8-flash * $input: 0, model: gemini-3.8-flash Please retry in 38s.
		quota_spend||75|quota_spend|1|$key: spending limit reached until TIME; wait, or raise it (HTTP 429, quota_spend)|You exceeded your spend-based rate limit. Please retry later.
		quota_region||75|quota_none|1|$key: no quota for this model until TIME; use another model, or enable billing (HTTP 429, quota_none)|Quota exceeded for quota metric 'Generate Content API requests per minute' and limit 'GenerateContent request limit per minute for a region' of service 'generativelanguage.googleapis.com' for consumer 'project_number:123456789012'.
		quota||75|quota|1|$key: quota exhausted until TIME; wait, or add keys of another project (HTTP 429, quota)|Resource has been exhausted (e.g. check quota).
	END
}

@test "a service in trouble: 69 after the retries" {
	local trouble='An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting'
	local page="(Bad Gateway)!!1 502. That’s an error. The server could not do this. That’s all we know."
	rows <<-END
		cancelled||69|cancelled|2|gemini-3.8-flash: cancelled by the service; try again later (HTTP 499, cancelled)|The operation was cancelled.
		server||69|server|2|gemini-3.8-flash: error at the service; try again later (HTTP 500, server)+|$trouble
		overloaded||69|overloaded|2|gemini-3.8-flash: overloaded; try again later (HTTP 503, overloaded)|The model is overloaded. Please try again later.
		overloaded|,"message":"This model is currently experiencing high demand."|69|overloaded|2|gemini-3.8-flash: overloaded; try again later (HTTP 503, overloaded)|This model is currently experiencing high demand.
		deadline||69|server_timeout|2|gemini-3.8-flash: timeout at the service; try again later (HTTP 503, server_timeout)|Deadline expired before operation could complete.
		timeout||69|server_timeout|2|gemini-3.8-flash: timeout at the service; try again later (HTTP 504, server_timeout)|Deadline Exceeded
		html||69|server|2|gemini-3.8-flash: error at the service; try again later (HTTP 502, server)+|Error 502 $page
		server|,"status":408|69|server|2|gemini-3.8-flash: error at the service; try again later (HTTP 408, server)+|$trouble
		server|,"status":529|69|server|2|gemini-3.8-flash: error at the service; try again later (HTTP 529, server)+|$trouble
		aborted||69|server|2|gemini-3.8-flash: error at the service; try again later (HTTP 409, server)+|The operation was aborted.
	END
}

@test "proxies and portals: nothing is followed, nothing repeated" {
	helper listen talk
	rows <<-END
		proxy||69|proxy|1|SITE: the proxy rejects the connection; check the proxy (HTTP 407, proxy)+|Error 407 (Proxy Authentication Required)!!1 407. That’s an error. The server could not do this. That’s all we know.
		redirect|,"location":"http://127.0.0.1:$PORT/"|76|redirect|1|SITE: redirects are not followed with a key; check the base URL (HTTP 302, redirect)+|Moved
		redirect|,"location":"http://127.0.0.1:$PORT/","status":301|76|redirect|1|SITE: redirects are not followed with a key; check the base URL (HTTP 301, redirect)+|Moved
		redirect|,"location":"http://127.0.0.1:$PORT/","status":307|76|redirect|1|SITE: redirects are not followed with a key; check the base URL (HTTP 307, redirect)+|Moved
		redirect|,"location":"http://127.0.0.1:$PORT/","status":308|76|redirect|1|SITE: redirects are not followed with a key; check the base URL (HTTP 308, redirect)+|Moved
		redirect|,"location":"file:///etc/passwd"|76|redirect|1|SITE: redirects are not followed with a key; check the base URL (HTTP 302, redirect)+|Moved
	END
	[ "$(received)" -eq 0 ]
}

@test "a redirect to itself: one request" {
	serve
	play <<<"[{\"refusal\":\"redirect\",\"location\":\"$URL/v1beta/models\",\"repeat\":-1}]"
	ask hi
	failed 76 "$URL: redirects are not followed with a key; check the base URL (HTTP 302, redirect): Moved"
	tried 1
}

@test "pages in place of JSON: the status decides, whatever they say" {
	local status want class tries what failures=0
	local page='Oh &amp; no API key expired'
	serve
	while IFS='|' read -r status want class tries what; do
		play <<-END
			[{"status":$status,"repeat":-1,"headers":{"Content-Type":"text/html"},
			 "body":"<!DOCTYPE html>\n<html><head><script>if (1 < 2) alert('API key not valid')</script><title>Oh &amp; no</title></head><style>\nbody{}</style>API key expired</html>"}]
		END
		what=${what//SITE/$URL}
		if [ "${what%+}" = "$what" ]; then
			what+=" (HTTP $status, $class)"
		else
			what="${what%+} (HTTP $status, $class): $page"
		fi
		refused "$want" "$class" "$tries" "$what" "$page" || {
			echo "status $status: see above"
			failures=$((failures + 1))
		}
	done <<-END
		400|65|bad_request|1|gemini-3.8-flash: request rejected+
		401|69|front_end|1|SITE: a web page denies access; check the base URL and your network+
		403|69|front_end|1|SITE: a web page denies access; check the base URL and your network+
		404|78|bad_url|1|SITE: no API at this address; check the base URL+
		407|69|proxy|1|SITE: the proxy rejects the connection; check the proxy+
		408|69|server|2|gemini-3.8-flash: error at the service; try again later+
		413|65|too_large|1|gemini-3.8-flash: request too large; send less+
		429|75|quota|1|key 0 (...0001): quota exhausted until TIME; wait, or add keys of another project
		500|69|server|2|gemini-3.8-flash: error at the service; try again later+
		502|69|server|2|gemini-3.8-flash: error at the service; try again later+
		503|69|server|2|gemini-3.8-flash: error at the service; try again later+
		504|69|server_timeout|2|gemini-3.8-flash: timeout at the service; try again later
		520|69|server|2|gemini-3.8-flash: error at the service; try again later+
		526|69|server|2|gemini-3.8-flash: error at the service; try again later+
	END
	[ "$failures" -eq 0 ]
}

@test "errors in other envelopes" {
	local status body want class tries what text failures=0
	serve
	while IFS='|' read -r status body want class tries what; do
		text=''
		play <<<"[{\"status\":$status,\"repeat\":-1,$body}]"
		[[ $what != *': No.' ]] || text='No.'
		[[ $body != *'API key not valid.'* ]] || text='API key not valid.'
		refused "$want" "$class" "$tries" "${what//SITE/$URL}" "$text" || {
			echo "status $status, $body: see above"
			failures=$((failures + 1))
		}
	done <<-'END'
		400|"json":[{"error":{"code":400,"message":"No.","status":"INVALID_ARGUMENT"}}]|65|bad_request|1|gemini-3.8-flash: request rejected (HTTP 400, bad_request): No.
		400|"json":{"error":{"code":"invalid_request","message":"No."}}|65|bad_request|1|gemini-3.8-flash: request rejected (HTTP 400, bad_request): No.
		400|"json":{"error":"No."}|65|bad_request|1|gemini-3.8-flash: request rejected (HTTP 400, bad_request): No.
		400|"json":{"message":"No."}|65|bad_request|1|gemini-3.8-flash: request rejected (HTTP 400, bad_request): No.
		400|"json":{"detail":"No."}|65|bad_request|1|gemini-3.8-flash: request rejected (HTTP 400, bad_request): No.
		400|"json":{"error":{"code":400,"message":"{\"error\":{\"code\":429,\"message\":\"API key not valid.\",\"status\":\"X\"}}"}}|77|key_invalid|1|key 0 (...0001): API key not valid; replace it (HTTP 400, key_invalid)
		400|"body":"No."|65|bad_request|1|gemini-3.8-flash: request rejected (HTTP 400, bad_request): No.
		400|"body":""|65|bad_request|1|gemini-3.8-flash: request rejected (HTTP 400, bad_request)
		400|"body":"{\"error\":{\"message\":\"No."|65|bad_request|1|gemini-3.8-flash: request rejected (HTTP 400, bad_request)
		400|"json":{"error":null}|65|bad_request|1|gemini-3.8-flash: request rejected (HTTP 400, bad_request)
		400|"json":{"error":{"code":400,"message":7,"details":{"a":[]}}}|65|bad_request|1|gemini-3.8-flash: request rejected (HTTP 400, bad_request)
		503|"body":""|69|server|2|gemini-3.8-flash: error at the service; try again later (HTTP 503, server)
		429|"body":""|75|quota|1|key 0 (...0001): quota exhausted until TIME; wait, or add keys of another project (HTTP 429, quota)
		401|"body":""|77|key_rejected|1|key 0 (...0001): API key rejected; replace it (HTTP 401, key_rejected)
		402|"body":""|77|no_credit|1|key 0 (...0001): no credit left; add credit to the account (HTTP 402, no_credit)
		413|"body":""|65|too_large|1|gemini-3.8-flash: request too large; send less (HTTP 413, too_large)
	END
	[ "$failures" -eq 0 ]
}

# senseless LINE [member...]: 76 with this line, asked once, in good time.
senseless() {
	local line=$1
	shift
	play <<<"[{${*},\"repeat\":-1}]"
	rc=0
	timeout 60 gm-prompt --retries 0 hi >out 2>err </dev/null || rc=$?
	tried 1 && failed 76 "$URL: $line"
}

# base64 of standard input as a member of a script.
bytes() {
	printf '"body_b64":"%s"' "$(base64 -w 0)"
}

@test "replies without sense: 76, one clean line" {
	local no='the response makes no sense' then='; check the base URL (HTTP 200, protocol)'
	serve
	senseless "$no: a web page, perhaps of a captive portal$then" \
	    '"body":"\r\n<!DOCTYPE html><html>Please log in</html>","headers":{"Content-Type":"text/html"}'
	senseless "$no: a web page, perhaps of a captive portal$then" \
	    '"body":"<HTML>Please log in</HTML>","headers":{"Content-Type":"text/event-stream"}'
	senseless "$no: compressed data$then" \
	    '"headers":{"Content-Encoding":"gzip"}',"$(printf '%s\n\n' "$FIRST_EVENT" "$LAST_EVENT" | gzip -n | bytes)"
	senseless "$no: JSON, but not an answer$then" '"json":[42]'
	senseless "$no: JSON, but not an answer$then" '"body":"data: 42\n\n"'
	senseless "$no: JSON, but not an answer$then" '"body":"data: [1,2]\n\n"'
	senseless "$no: JSON, but not an answer$then" '"body":"data: null\n\n"'
}

# quoted TEXT: as it stands inside a JSON string.
quoted() {
	local text=${1//\\/\\\\}
	printf '%s' "${text//\"/\\\"}"
}

@test "JSON that is none: 76, one clean line, nothing of it is taken" {
	local no='the response makes no sense' then='; check the base URL (HTTP 200, protocol)' json
	serve
	for json in '{"candidates":[{"content":{"parts":[{"text":"One"' \
	    '{"candidates":[]}{"candidates":[]}' '{"candidates":[]} x' \
	    '[{"candidates":[]},]' '{"candidates":[],}' "{'candidates':[]}" \
	    '{"candidates":[NaN]}' '{"candidates":[01]}' '{"candidates":tru}' \
	    '{"a":"\ud83"}'; do
		json=$(quoted "$json")
		play <<<"[{\"body\":\"$json\",\"repeat\":-1}]"
		ask --retries 0 hi
		[ "$rc" -eq 76 ]
		tried 1
		same out ''
		[[ $(cat err) == "gm-prompt: $URL: $no: "*"$then" ]]
		[ "$(wc -l <err)" -eq 1 ]
		# The same inside an event, after one that was good.
		play <<<"[{\"body\":\"$(quoted "$FIRST_EVENT")\\n\\ndata: $json\\n\\n$(quoted "$LAST_EVENT")\\n\\n\",\"repeat\":-1}]"
		ask --retries 0 hi
		[ "$rc" -eq 76 ]
		tried 1
		same out ''
		[[ $(cat err) == "gm-prompt: $URL: $no: "*"$then" ]]
		[ "$(wc -l <err)" -eq 1 ]
	done
}

@test "bytes that are no text: 76, one clean line" {
	local no='the response makes no sense' then='; check the base URL (HTTP 200, protocol)' json bytes
	json='{"candidates":[{"content":{"parts":[{"text":"%b"}]},"finishReason":"STOP"}]}'
	serve
	for bytes in '\x80' '\xc3' '\xff\xfe' '\xc0\xaf' '\xed\xa0\x80' \
	    '\xf4\x90\x80\x80' '\0000' '\x01' '\x1b[31m' '\n'; do
		# shellcheck disable=SC2059 # the format is ours
		play <<<"[{$(printf "$json" "$bytes" | bytes),\"repeat\":-1}]"
		ask --retries 0 hi
		[ "$rc" -eq 76 ]
		tried 1
		same out ''
		[[ $(cat err) == "gm-prompt: $URL: $no: "*"$then" ]]
		[ "$(wc -l <err)" -eq 1 ]
		LC_ALL=C grep -q '^[ -~]*$' err
	done
	# A NUL does not hide what stands behind it.
	# shellcheck disable=SC2059
	play <<<"[{$(printf "$json\0{\"error\":{\"code\":429}}" ok | bytes),\"repeat\":-1}]"
	ask --retries 0 hi
	[ "$rc" -eq 76 ]
	same out ''
	[[ $(cat err) == "gm-prompt: $URL: $no: "*"$then" ]]
	[ "$(wc -l <err)" -eq 1 ]
}

# large PREFIX BYTE COUNT SUFFIX: such a body in a file of the script's folder.
large() {
	{
		printf '%b' "$1"
		head -c "$3" /dev/zero | tr '\0' "$2"
		printf '%b' "$4"
	} >"$DIR/large"
}

@test "JSON that is odd, but JSON: what is text comes out as good UTF-8" {
	serve
	play <<<'[{"body":"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":7},{\"text\":\"lost\",\"text\":\"a\\u0000b\\ud83dc\\ude00\\ud83d\\ude00\\/\"}]},\"finishReason\":\"STOP\",\"index\":-0.0}],\"usageMetadata\":{\"promptTokenCount\":1e999,\"totalTokenCount\":99999999999999999999}}\n\n"}]'
	ask hi
	said 1 'a�b�c�😀/
' "gm-prompt: $ALIAS: a part (text, 1 byte) cannot be shown
gm-prompt: $ALIAS: parts of the answer cannot be shown (STOP, partial)
"
}

@test "lines and bodies over 64 MiB: 76" {
	local no='the response makes no sense' then='; check the base URL (HTTP 200, protocol)'
	serve
	large 'data: {"a":"' x $((70 << 20)) '"}\r\n\r\n'
	senseless "$no: an event of the stream is larger than 64 MiB$then" '"body_file":"large"'
	large 'data' x $((70 << 20)) ''
	senseless "$no: an event of the stream is larger than 64 MiB$then" '"body_file":"large"'
	large '{"a":"' x $((70 << 20)) '"}'
	senseless "$no: over 64 MiB$then" '"body_file":"large"'
	rm "$DIR/large"
}

@test "an event of many lines over 64 MiB: 76" {
	serve
	yes 'data: [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],' |
	    head -c $((70 << 20)) >"$DIR/large"
	senseless "the response makes no sense: an event of the stream is larger than 64 MiB; check the base URL (HTTP 200, protocol)" \
	    '"body_file":"large"'
}

@test "deep nesting: 76 in good time, in an answer and in an error" {
	local no='the response makes no sense' then='; check the base URL (HTTP 200, protocol)'
	serve
	large '{"a":' '[' 400000 ''
	play <<<'[{"body_file":"large","repeat":-1}]'
	rc=0
	timeout 60 gm-prompt --retries 0 hi >out 2>err </dev/null || rc=$?
	[ "$rc" -eq 76 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	[[ $(cat err) == "gm-prompt: $URL: $no: "*"nested too deeply"*"$then" ]]
	play <<<'[{"body_file":"large","status":400,"repeat":-1}]'
	rc=0
	timeout 60 gm-prompt --retries 0 hi >out 2>err </dev/null || rc=$?
	failed 65 "$ALIAS: request rejected (HTTP 400, bad_request)"
}

@test "too many JSON values: 76" {
	serve
	{
		printf '{"a":['
		yes 0, | head -n 1100000 | tr -d '\n'
		printf '0]}'
	} >"$DIR/large"
	play <<<'[{"body_file":"large","repeat":-1}]'
	ask --retries 0 hi
	[ "$rc" -eq 76 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	[[ $(cat err) == "gm-prompt: $URL: the response makes no sense: "*"; check the base URL (HTTP 200, protocol)" ]]
}

@test "an error without end is not waited for" {
	serve
	play <<<'[{"generate":{"bytes":1000000000000},"status":503,"repeat":-1}]'
	rc=0
	timeout 60 gm-prompt --retries 0 hi >out 2>err </dev/null || rc=$?
	[ "$rc" -eq 69 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	tried 1
	[[ $(cat err) == "gm-prompt: $ALIAS: error at the service; try again later (HTTP 503, server): "* ]]
	[ "$(wc -m <err)" -lt 500 ]
}

@test "no answer at all: 76" {
	serve
	senseless 'the response ended too early: no finish reason; try again later (HTTP 200, truncated)' '"body":""'
	senseless 'the response makes no sense; check the base URL (HTTP 204, protocol)' '"raw":"HTTP/1.1 204 No Content\r\n\r\n"'
	senseless 'the response makes no sense: JSON, but not an answer; check the base URL (HTTP 200, protocol)' '"json":{}'
	senseless 'the response makes no sense: JSON, but not an answer; check the base URL (HTTP 200, protocol)' '"json":[]'
	senseless 'the response ended too early: no finish reason; try again later (HTTP 200, truncated)' '"json":{"candidates":[]}'
	senseless 'the response ended too early: no finish reason; try again later (HTTP 200, truncated)' '"json":{"candidates":[{"content":{},"index":0}]}'
	senseless 'the response ended too early: no finish reason; try again later (HTTP 200, truncated)' '"json":{"candidates":{"content":7},"usageMetadata":[],"promptFeedback":"x"}'
	senseless 'the response ended too early: no finish reason; try again later (HTTP 200, truncated)' '"json":{"usageMetadata":{"promptTokenCount":1}}'
	senseless 'the response makes no sense: neither events nor JSON; check the base URL (HTTP 200, protocol)' '"body":"Welcome to the hotel.\n"'
	senseless 'the response ended too early: no finish reason; try again later (HTTP 200, truncated)' '"body":": hello\n\n"'
	senseless 'the response ended too early: no finish reason; try again later (HTTP 200, truncated)' '"stream":["One"],"finish":null'
}

# broken_off STATUS LINE TRIES: an error that comes after the first text.  Held
# back, the request may be sent again; once text is out, it is not.
broken_off() {
	again
	ask --retries 1 --max-wait 10ms hi
	failed "$1" "$2" && tried "$3" || return
	again
	ask --retries 1 --max-wait 10ms -S hi
	said "$1" $'First second \n' "gm-prompt: $2"$'\n' && tried 1
}

@test "an error in the stream, in each of its forms" {
	local first='data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"First \"}]},\"finishReason\":\"STOP\",\"index\":0}]}'
	local second=${first/First/second} error code status class tries what
	serve
	while IFS='|' read -r code status class tries what; do
		error="{\\n  \\\"error\\\": {\\n    \\\"code\\\": $code,\\n    \\\"message\\\": \\\"Sorry.\\\",\\n    \\\"status\\\": \\\"X\\\"\\n  }\\n}"
		case $what in
		*+) what="${what%+} (HTTP $code, $class): Sorry." ;;
		*) what+=" (HTTP $code, $class)" ;;
		esac
		# As recorded: bare and pretty-printed; with and without a last newline.
		play <<<"[{\"body\":\"$first\\n\\n$second\\n\\n$error\\n\",\"repeat\":-1}]"
		broken_off "$status" "$what" "$tries"
		play <<<"[{\"body\":\"$first\\r\\n\\r\\n$second\\r\\n\\r\\n$error\",\"repeat\":-1}]"
		broken_off "$status" "$what" "$tries"
		# As an event, also under a name.
		error=${error//\\n/}
		play <<<"[{\"body\":\"$first\\n\\n$second\\n\\ndata: $error\\n\\n\",\"repeat\":-1}]"
		broken_off "$status" "$what" "$tries"
		play <<<"[{\"body\":\"$first\\n\\n$second\\n\\nevent: error\\ndata: $error\\n\\n$first\\n\\n\",\"repeat\":-1}]"
		broken_off "$status" "$what" "$tries"
		# As an element of an array, which is taken only when it is whole.
		play <<<"[{\"body\":\"[${first#data: }\\n,\\r\\n${second#data: },$error]\",\"repeat\":-1}]"
		ask --retries 1 --max-wait 10ms hi
		failed "$status" "$what"
		tried "$tries"
	done <<-END
		499|69|cancelled|2|$ALIAS: cancelled by the service; try again later
		500|69|server|2|$ALIAS: error at the service; try again later+
		503|69|server|2|$ALIAS: error at the service; try again later+
		504|69|server_timeout|2|$ALIAS: timeout at the service; try again later
		400|65|bad_request|1|$ALIAS: request rejected+
		403|77|forbidden|1|key 0 (...0001): permission denied; use another model, or get permission in the project+
	END
}

@test "a quota that ends in the stream: 75 with the time" {
	local first='{"candidates":[{"content":{"parts":[{"text":"First second "}]}}]}'
	serve
	play <<<"[{\"stream\":[$first,{\"error\":{\"code\":429,\"message\":\"Slowly.\",\"status\":\"RESOURCE_EXHAUSTED\"}}],\"repeat\":-1}]"
	ask --max-wait 1 hi
	[ "$rc" -eq 75 ]
	same out ''
	tried 1
	same <(sed "s/$(until_of)/TIME/" err) \
	    'gm-prompt: key 0 (...0001): quota exhausted until TIME; wait, or add keys of another project (HTTP 429, quota)
'
	ask --max-wait 1 -S hi
	[ "$rc" -eq 75 ]
	same out $'First second \n'
	tried 2
}

@test "a service's text: one clean line; 120 characters of it, whole with -v" {
	local letters
	letters=$(printf 'y%.0s' {1..10000})
	serve
	play <<<"[{\"status\":400,\"json\":{\"error\":{\"code\":400,\"message\":\"$letters\"}},\"repeat\":-1}]"
	ask -nv hi
	said 65 '' "gm-prompt: attempt 1: $ALIAS: request rejected (HTTP 400, bad_request): ${letters:0:1200}...
gm-prompt: $ALIAS: request rejected (HTTP 400, bad_request): ${letters:0:120}...
"
	play <<<'[{"status":400,"body":"{\"error\":{\"message\":\"\\u001b[31mred\\u001b[m \\u001b]0;title\\u0007\\u009b5m\\r\\n\\tgr\\u00fcn\\b\\u202e\\u2066\\u0000\\u007f\\u0085 %s%n \\ud800 end\\n\"}}","repeat":-1}]'
	ask hi
	failed 65 "$ALIAS: request rejected (HTTP 400, bad_request): red grün� %s%n � end"
	play <<<'[{"status":400,"reason":"\u001b[31mNo","headers":{"Content-Type":"\u001b[31m"},"body":"\u001b[31mred\u0007\nline","repeat":-1}]'
	ask -nv hi
	said 65 '' "gm-prompt: attempt 1: $ALIAS: request rejected (HTTP 400, bad_request): red line
gm-prompt: $ALIAS: request rejected (HTTP 400, bad_request): red line
"
	# Names and reasons are words of the server, too.
	play <<<'[{"stream":["One"],"finish":"\u001b[31mNO\nWAY","finish_message":"a\r\nb","model_version":"m\u001b[31m\n2","repeat":-1}]'
	ask hi
	same err "gm-prompt: $ALIAS: the answer may be incomplete (NO WAY, unfinished): a b
"
	[ "$rc" -eq 1 ]
	play <<<'[{"json":{"promptFeedback":{"blockReason":"\u001b[31mNO\nWAY","blockReasonMessage":"a\r\n\u0000b"}},"repeat":-1}]'
	ask hi
	failed 1 "$ALIAS: the prompt was blocked (NO WAY, blocked): a �b"
}

@test "an answer of another model: the note is one clean line" {
	serve
	play <<<'[{"stream":["One"],"model_version":"m\u001b[31m\n2","repeat":-1}]'
	ask -m gemini-3.8-flash hi
	said 0 $'One\n' $'gm-prompt: gemini-3.8-flash: answered by m 2\n'
}

@test "a key in a server's words is masked, also where they are cut" {
	local key=$GOOD_KEY pad i members
	serve
	play <<-END
		[{"status":400,"json":{"error":{"code":400,"message":"<$key> $key$key",
		  "status":"$key"}},"reason":"$key","headers":{"X-Key":"$key"},"repeat":-1}]
	END
	ask -vv hi
	masked
	grep -q '(HTTP 400, bad_request): <...0001> ...0001...0001$' err
	ask --json --log-file log hi
	masked
	run ! grep -q "$key" log
	grep -q 'bad_request): <...0001> ...0001...0001","service_message":"<...0001> ...0001...0001","retry_at"' out
	# At each place where a text is cut: 120, 300 and 1200 characters.
	for i in {98..120} {1178..1200}; do
		pad=$(printf 'x%.0s' $(seq "$i"))
		play <<<"[{\"status\":400,\"json\":{\"error\":{\"code\":400,\"message\":\"$pad$key$key\"}},\"repeat\":-1}]"
		ask -nv -m gemini-3.8-flash --json hi
		[ "$rc" -eq 65 ]
		if grep "${key:0:4}" out err; then
			return 1
		fi
	done
	for i in {278..300}; do
		pad=$(printf 'x%.0s' $(seq "$i"))
		for members in "\"status\":400,\"json\":{\"error\":{\"code\":400,\"message\":\"$pad$key$key\"}}" \
		    "\"stream\":[\"One\"],\"finish\":\"SAFETY\",\"finish_message\":\"$pad$key$key\"" \
		    "\"stream\":[\"One\"],\"model_version\":\"${pad:200}$key$key\",\"finish\":\"${pad:240}$key$key\""; do
			play <<<"[{$members,\"repeat\":-1}]"
			ask -m gemini-3.8-flash --json hi
			[ "$rc" -ne 0 ]
			# Not even a beginning of four letters.
			if grep "${key:0:4}" out err; then
				return 1
			fi
		done
	done
}
