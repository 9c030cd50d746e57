# What becomes of a question when a service cannot answer it: for each class of
# failure who is asked next, how often, and with which end.

# shellcheck disable=SC2030,SC2031,SC2153,SC2154
load net

# tell FILE: its lines, with words for times, waits and the texts of libraries.
tell() {
	sed -E 's/until ([0-9]{4}-[0-9-]*T)?[0-9:]*Z \([0-9dhmins ]+\)/until TIME/g
		s/waiting [0-9.]+ s/waiting SOON/
		/: no finish reason/!s/((no connection|no trusted connection|the response ended too early): )[^;]+;/\1WHY;/' "$1"
}

# shorten TEXT: at most 120 characters of a service's text.
shorten() {
	if [ ${#1} -gt 120 ]; then
		printf '%s...' "${1:0:120}"
	else
		printf '%s' "$1"
	fi
}

# counted: how many requests K0, K1 and M0 have sent since "again".
counted() {
	local who all
	local -A times=([K0]=0 [K1]=0 [M0]=0)
	all=$(seen)
	for who in $all; do
		times[$who]=$((${times[$who]-0} + 1))
	done
	echo "${times[K0]} ${times[K1]} ${times[M0]}"
}

# lines OUTCOME OURS THEIRS: all lines on standard error.  A message that ends in
# "+" quotes the service's text; a fallback takes the place of its advice.
lines() {
	local ours=$2 gemini

	[ "${ours%+}" = "$ours" ] || ours="${ours%+}: $(shorten "$3")"
	case $1 in
	fallback*)
		gemini=${ours%%; mistral: *}
		# What helps with a name that does not exist is still said.
		[[ $gemini != *'no such model'* ]] || [[ $gemini == *'no such model;'* ]] ||
			gemini=${gemini/no such model/no such model; gm-models lists the models}
		[[ $gemini != *'no such model;'* ]] || gemini=${gemini/ (HTTP/; - (HTTP}
		sed -E 's/(; [^;()]*)?( \((((HTTP [0-9]+|[A-Z]+), )?[a-zA-Z_]+)\)(:|$))/; using mistral\2/
			s/^/gm-prompt: gemini: /' <<<"$gemini"
		[ "$1" = fallback ] || echo "gm-prompt: gemini: $ours"
		;;
	*) [ -z "$ours" ] || echo "gm-prompt: $ours" ;;
	esac
}

# judged OUTCOME CLASS: what the JSON says of an outcome: is it a success, of whom,
# was there a fallback.
judged() {
	case $1 in
	fallback) echo '[true,"mistral",true]' ;;
	# Who decides the status: Mistral only where its key rests.
	fallback+stop) [ "$2" = quota_minute ] && echo '[false,"mistral",true]' ||
		echo '[false,"gemini",true]' ;;
	stop) echo '[false,"gemini",false]' ;;
	*+answer) echo '[true,"gemini",false]' ;;
	esac
}

# row REPLY OPTIONS OUTCOME STATUS STDOUT CLASS COUNTS OURS THEIRS: one of the
# table, in a fresh state: once as it is, once with --json.
row() {
	local options replies=$1 text=$5
	read -ra options <<<"--fallback mistral --retries 1 --max-wait 10ms $2"
	export GOOGLE_GEMINI_BASE_URL=$URL
	case $1 in
	closed) GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:$CLOSED replies= ;;
	tls) GOOGLE_GEMINI_BASE_URL=https://127.0.0.1:$PORT replies= ;;
	'{'*) replies=$1, ;;
	*) replies=$(at gemini "$1"), ;;
	esac
	play <<<"[$replies$MISTRAL_GOOD]"
	ask "${options[@]}" hi
	[ "$rc" -eq "$4" ] || {
		echo "status $rc in place of $4"
		return 1
	}
	same out "${text:+$text$'\n'}" || return
	diff <(lines "$3" "${8//SITE/$GOOGLE_GEMINI_BASE_URL}" "$9") \
	    <(tell err) || return
	[ "$(counted)" = "$7" ] || {
		echo "asked: $(seen); expected: $7"
		return 1
	}
	masked || return
	play <<<"[$replies$MISTRAL_GOOD]"
	ask "${options[@]}" --json hi
	[ "$rc" -eq "$4" ] && [ "$(counted)" = "$7" ] || return
	same <(jq -c '.error.class // .attempts[-1].class' out) "\"$6\""$'\n' || return
	same <(jq -c '[.ok, .provider, .fallback]' out) "$(judged "$3" "$6")"$'\n'
}

# Members of Gemini's reply, for ever; or whole replies; or why there is none |
# more options | outcome | status | standard output | class at the end |
# requests with K0, K1, M0 | what we say of it | the service's words.
@test "the table: each failure of Gemini, and what follows" {
	local columns n=0 failures=0
	helper listen mute
	CLOSED=$PORT
	kill "${HELPERS[0]}"
	wait "${HELPERS[0]}" || :
	helper listen talk 'HTTP/1.1 400 Bad Request\r\n\r\n'
	services
	while IFS='|' read -r -a columns; do
		n=$((n + 1))
		row "${columns[@]:0:8}" "${columns[8]-}" || {
			echo "row $n, ${columns[0]}: see above"
			failures=$((failures + 1))
		}
	done <<-E
		"refusal":"key_invalid"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: API key not valid; gm-keycheck shows the reason for each (HTTP 400, key_invalid)|API key not valid. Please pass a valid API key.
		"refusal":"key_expired"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: API key expired; gm-keycheck shows the reason for each (HTTP 400, key_expired)|API key expired. Please renew the API key.
		"refusal":"key_not_found"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: API key not valid; gm-keycheck shows the reason for each (HTTP 400, key_invalid)|API key not found. Please pass a valid API key.
		"refusal":"unauthorized"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: API key rejected; gm-keycheck shows the reason for each (HTTP 401, key_rejected)+|Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.
		"refusal":"key_leaked"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: API key reported as leaked; gm-keycheck shows the reason for each (HTTP 403, key_leaked)|Your API key was reported as leaked. Please use another API key.
		"refusal":"no_key"||stop|77||no_key_sent|1 0 0|SITE: no API key reached the service; look for a proxy that removes it (HTTP 403, no_key_sent)|Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.
		"refusal":"referrer_blocked"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: API key restricted; gm-keycheck shows the reason for each (HTTP 403, key_restricted)|Requests from referer <empty> are blocked.
		"refusal":"address_blocked"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: API key restricted; gm-keycheck shows the reason for each (HTTP 403, key_restricted)|The provided API key has an IP address restriction. The originating IP address of the call (127.0.0.1) violates this restriction.
		"refusal":"app_blocked"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: API key restricted; gm-keycheck shows the reason for each (HTTP 403, key_restricted)|Requests from this Android client application <empty> are blocked.
		"refusal":"app_blocked","error_reason":"API_KEY_IOS_APP_BLOCKED"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: API key restricted; gm-keycheck shows the reason for each (HTTP 403, key_restricted)|Requests from this Android client application <empty> are blocked.
		"refusal":"api_blocked"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: API key restricted; gm-keycheck shows the reason for each (HTTP 403, key_restricted)|Requests to this API generativelanguage.googleapis.com method google.ai.generativelanguage.v1beta.GenerativeService.StreamGenerateContent are blocked.
		"refusal":"api_disabled"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: the project may not use the API; gm-keycheck shows the reason for each (HTTP 403, project_blocked)+|Generative Language API has not been used in project 123456789012 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/generativelanguage.googleapis.com/overview?project=123456789012 then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.
		"refusal":"project_suspended"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: the project may not use the API; gm-keycheck shows the reason for each (HTTP 403, project_blocked)+|Permission denied: Consumer 'api_key:...0001' has been suspended.
		"refusal":"billing_disabled"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: the project may not use the API; gm-keycheck shows the reason for each (HTTP 403, project_blocked)+|This API method requires billing to be enabled. Please enable billing on project #123456789012 by visiting https://console.developers.google.com/billing/enable?project=123456789012 then retry. If you enabled billing for this project recently, wait a few minutes for the action to propagate to our systems and retry.
		"refusal":"permission"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: permission denied; gm-keycheck shows the reason for each (HTTP 403, forbidden)+|The caller does not have permission
		"refusal":"no_credit"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: no credit left; gm-keycheck shows the reason for each (HTTP 402, no_credit)|Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing.
		"refusal":"no_credit","status":429||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: no credit left; gm-keycheck shows the reason for each (HTTP 429, no_credit)|Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing.
		"refusal":"region"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|SITE: not available in your region; use a supported region, or enable billing (HTTP 400, region)|User location is not supported for the API use.
		"refusal":"no_model"||fallback|0|$MISTRAL_SAYS|ok|1 0 1|$ALIAS: no such model; gm-models lists the models (HTTP 404, model_gone)|models/$ALIAS is not found for API version v1beta, or is not supported for streamGenerateContent. Call ListModels to see the list of available models and their supported methods.
		"refusal":"model_gone"||fallback|0|$MISTRAL_SAYS|ok|1 0 1|$ALIAS: no such model; use gemini-3.8-flash (HTTP 404, model_gone)|This model models/$ALIAS is no longer available. Please update your code to use models/gemini-3.8-flash for the latest features and improvements.
		"refusal":"model_closed"||fallback|0|$MISTRAL_SAYS|ok|1 0 1|$ALIAS: no such model; use gemini-3.8-flash (HTTP 404, model_gone)|This model models/$ALIAS is no longer available to new users. Please update your code to use models/gemini-3.8-flash for the latest features and improvements. We recommend you to use the Interactions API.
		"refusal":"not_found"||stop|65||bad_request|1 0 0|$ALIAS: request rejected (HTTP 404, bad_request)+|Requested entity was not found.
		"refusal":"unknown_field"||stop|65||bad_request|1 0 0|$ALIAS: request rejected (HTTP 400, bad_request)+|Invalid JSON payload received. Unknown name "x" at 'generation_config': Cannot find field.
		"refusal":"invalid_argument"||stop|65||bad_request|1 0 0|$ALIAS: request rejected (HTTP 400, bad_request)+|Request contains an invalid argument.
		"refusal":"context"||stop|65||too_large|1 0 0|$ALIAS: request too large; send less (HTTP 400, too_large)+|The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).
		"refusal":"payload_too_large"||stop|65||too_large|1 0 0|$ALIAS: request too large; send less (HTTP 400, too_large)+|Request payload size exceeds the limit: 20971520 bytes. Please use the Files API for larger requests.
		"refusal":"thinking"||stop|65||bad_request|1 0 0|$ALIAS: request rejected (HTTP 400, bad_request)+|Thinking level MINIMAL is not supported for this model.
		"refusal":"mime_type"||stop|65||bad_request|1 0 0|$ALIAS: request rejected (HTTP 400, bad_request)+|Unsupported MIME type: application/x-unknown
		"refusal":"file_not_active"||stop|65||bad_request|1 0 0|$ALIAS: request rejected (HTTP 400, bad_request)+|The File x is not in an ACTIVE state and usage is not allowed.
		"refusal":"body_too_large"||stop|65||too_large|1 0 0|$ALIAS: request too large; send less (HTTP 413, too_large)+|Maximum request body size 1048576 exceeded, actual body size 1048577
		"refusal":"quota_minute"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rate-limited until TIME; wait, or add keys of another project (HTTP 429, quota_minute)|Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 5, model: $ALIAS Please retry in 37.1s.
		"refusal":"quota_day"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys have exhausted their daily quota until TIME; wait, or enable billing (HTTP 429, quota_day)|Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 20, model: $ALIAS Please retry in 38s.
		"refusal":"quota_none"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are cooling down until TIME: no quota for this model; use another model, or enable billing (HTTP 429, quota_none)|Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 0, model: $ALIAS * Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 0, model: $ALIAS * Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 0, model: $ALIAS
		"refusal":"quota_spend"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are cooling down until TIME: spending limit reached; wait, or raise it (HTTP 429, quota_spend)|You exceeded your spend-based rate limit. Please retry later.
		"refusal":"quota_region"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are cooling down until TIME: no quota for this model; use another model, or enable billing (HTTP 429, quota_none)|Quota exceeded for quota metric 'Generate Content API requests per minute' and limit 'GenerateContent request limit per minute for a region' of service 'generativelanguage.googleapis.com' for consumer 'project_number:123456789012'.
		"refusal":"quota"||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are cooling down until TIME: quota exhausted; wait, or add keys of another project (HTTP 429, quota)|Resource has been exhausted (e.g. check quota).
		"refusal":"cancelled"||fallback|0|$MISTRAL_SAYS|ok|2 0 1|$ALIAS: cancelled by the service; try again later (HTTP 499, cancelled)|The operation was cancelled.
		"refusal":"server"||fallback|0|$MISTRAL_SAYS|ok|2 0 1|$ALIAS: error at the service; try again later (HTTP 500, server)+|An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting
		"refusal":"overloaded"||fallback|0|$MISTRAL_SAYS|ok|2 0 1|$ALIAS: overloaded; try again later (HTTP 503, overloaded)|The model is overloaded. Please try again later.
		"refusal":"deadline"||fallback|0|$MISTRAL_SAYS|ok|2 0 1|$ALIAS: timeout at the service; try again later (HTTP 503, server_timeout)|Deadline expired before operation could complete.
		"refusal":"timeout"||fallback|0|$MISTRAL_SAYS|ok|2 0 1|$ALIAS: timeout at the service; try again later (HTTP 504, server_timeout)|Deadline Exceeded
		"refusal":"html"||fallback|0|$MISTRAL_SAYS|ok|2 0 1|$ALIAS: error at the service; try again later (HTTP 502, server)+|Error 502 (Bad Gateway)!!1 502. That’s an error. The server could not do this. That’s all we know.
		"refusal":"server","status":408||fallback|0|$MISTRAL_SAYS|ok|2 0 1|$ALIAS: error at the service; try again later (HTTP 408, server)+|An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting
		"refusal":"proxy"||stop|69||proxy|1 0 0|SITE: the proxy rejects the connection; check the proxy (HTTP 407, proxy)+|Error 407 (Proxy Authentication Required)!!1 407. That’s an error. The server could not do this. That’s all we know.
		"refusal":"redirect","location":"http://127.0.0.1:1/"||stop|76||redirect|1 0 0|SITE: redirects are not followed with a key; check the base URL (HTTP 302, redirect)+|Moved
		"refusal":"blocked"||stop|1||blocked|1 0 0|$ALIAS: the prompt was blocked (PROHIBITED_CONTENT, blocked)|
		"refusal":"unimplemented"||stop|65||bad_request|1 0 0|$ALIAS: request rejected (HTTP 501, bad_request)+|Operation is not implemented, or supported, or enabled.
		"refusal":"aborted"||fallback|0|$MISTRAL_SAYS|ok|2 0 1|$ALIAS: error at the service; try again later (HTTP 409, server)+|The operation was aborted.
		"status":404,"headers":{"Content-Type":"text/html"},"body":"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>"||stop|78||bad_url|1 0 0|SITE: no API at this address; check the base URL (HTTP 404, bad_url)+|Error 404 (Not Found)!!1
		"headers":{"Content-Type":"text/html"},"body":"<html>Welcome to the hotel.</html>"||fallback|0|$MISTRAL_SAYS|ok|1 0 1|SITE: the response makes no sense: a web page, perhaps of a captive portal; check the base URL (HTTP 200, protocol)|
		"stream":["One, ","two, "],"cut_at":300||fallback|0|$MISTRAL_SAYS|ok|2 0 1|SITE: the response ended too early: WHY; try again later (HTTP 200, truncated)|
		"stream":["One, ","two, "],"finish":null||fallback|0|$MISTRAL_SAYS|ok|2 0 1|SITE: the response ended too early: no finish reason; try again later (HTTP 200, truncated)|
		"raw":""||fallback|0|$MISTRAL_SAYS|ok|2 0 1|SITE: no connection: WHY; check the network (network)|
		"stream":["One, "],"hold":true,"gate":"never"|--response-timeout 3s --retries 0|fallback|0|$MISTRAL_SAYS|ok|1 0 1|SITE: timeout: no response for 3 s; try again later (HTTP 200, timeout)|
		closed||fallback|0|$MISTRAL_SAYS|ok|0 0 1|SITE: connection refused; check that the server is running (refused)|WHY
		tls||fallback|0|$MISTRAL_SAYS|ok|0 0 1|SITE: no trusted connection: WHY; check the certificates and the clock (tls)|
		"stream":[]||fallback|0|$MISTRAL_SAYS|ok|2 0 1|$ALIAS: the answer is empty (STOP, empty)|
		"stream":["One, "],"finish":"MAX_TOKENS"||stop|1|One, |token_limit|1 0 0|$ALIAS: the answer was cut at the token limit; raise --max-tokens (MAX_TOKENS, token_limit)|
		"stream":["One, "],"finish":"SAFETY"||stop|1||blocked|1 0 0|$ALIAS: the answer was blocked (SAFETY, blocked)|
		"refusal":"permission","message":"Your project has been denied access."||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: the project was denied access; gm-keycheck shows the reason for each (HTTP 403, project_denied)|Your project has been denied access.
		"refusal":"region","message":"Free use is not offered in your country. Enable billing."||fallback|0|$MISTRAL_SAYS|ok|1 1 1|SITE: not available in your region; use a supported region, or enable billing (HTTP 400, region)|Free use is not offered in your country. Enable billing.
		"status":403,"headers":{"Content-Type":"text/html"},"body":"<title>Denied</title>"||fallback|0|$MISTRAL_SAYS|ok|1 0 1|SITE: a web page denies access; check the base URL and your network (HTTP 403, front_end)+|Denied
		"status":401,"headers":{"Content-Type":"text/html"},"body":"<h1>Log in</h1>"||fallback|0|$MISTRAL_SAYS|ok|1 0 1|SITE: a web page denies access; check the base URL and your network (HTTP 401, front_end)+|Log in
		"refusal":"permission","message":"No permission for files/abc."||stop|65||bad_request|1 0 0|$ALIAS: request rejected (HTTP 403, bad_request)+|No permission for files/abc.
		"refusal":"not_found","message":"tunedModels/mine is gone."||stop|65||bad_request|1 0 0|$ALIAS: request rejected (HTTP 404, bad_request)+|tunedModels/mine is gone.
		"status":404,"json":{"detail":"Not Found"}||stop|78||bad_url|1 0 0|SITE: no API at this address; check the base URL (HTTP 404, bad_url)+|Not Found
		"status":424,"json":{"error":"It broke.","error_type":"generation"}||fallback|0|$MISTRAL_SAYS|ok|2 0 1|$ALIAS: error at the service; try again later (HTTP 424, server)+|It broke.
		"refusal":"server","message":"The API key was reported as leaked."||fallback|0|$MISTRAL_SAYS|ok|2 0 1|$ALIAS: error at the service; try again later (HTTP 500, server)+|The API key was reported as leaked.
		"refusal":"quota","message":"No capacity is left."||fallback|0|$MISTRAL_SAYS|ok|2 0 1|$ALIAS: overloaded; try again later (HTTP 429, overloaded)|No capacity is left.
		"refusal":"quota","message":"M has no free quota tier."||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are cooling down until TIME: no quota for this model; use another model, or enable billing (HTTP 429, quota_none)|M has no free quota tier.
		"refusal":"quota","message":"Limit 10, Requested 20."||stop|65||too_large|1 0 0|$ALIAS: request too large; send less: 20 requested, 10 allowed (HTTP 429, too_large)+|Limit 10, Requested 20.
		"status":413,"json":{"Message":"Too much."}||stop|65||too_large|1 0 0|$ALIAS: request too large; send less (HTTP 413, too_large)+|Too much.
		"json":{"code":401,"msg":"Who are you?"}||fallback|0|$MISTRAL_SAYS|ok|1 1 1|all keys are rejected: API key rejected; gm-keycheck shows the reason for each (HTTP 401, key_rejected)+|Who are you?
		"json":{"errors":[{"code":503,"message":"Later."}]}||fallback|0|$MISTRAL_SAYS|ok|2 0 1|$ALIAS: error at the service; try again later (HTTP 503, server)+|Later.
		{"when":{"path":"/gemini-a:"},"refusal":"permission","repeat":-1},{$STREAM}|-m gemini-a,gemini-b|model+answer|0|$GEMINI_SAYS|ok|2 1 0||
		{"when":{"key":"$K0"},"refusal":"key_invalid","repeat":-1},{$STREAM}||rotate+answer|0|$GEMINI_SAYS|ok|1 1 0||
		{"when":{"key":"$K0"},"refusal":"key_leaked","repeat":-1},{$STREAM}||rotate+answer|0|$GEMINI_SAYS|ok|1 1 0||
		{"when":{"key":"$K0"},"refusal":"api_disabled","repeat":-1},{$STREAM}||rotate+answer|0|$GEMINI_SAYS|ok|1 1 0||
		{"when":{"key":"$K0"},"refusal":"no_credit","repeat":-1},{$STREAM}||rotate+answer|0|$GEMINI_SAYS|ok|1 1 0||
		{"when":{"key":"$K0"},"refusal":"region","repeat":-1},{$STREAM}||rotate+answer|0|$GEMINI_SAYS|ok|1 1 0||
		{"when":{"key":"$K0"},"refusal":"quota_minute","repeat":-1},{$STREAM}||rotate+answer|0|$GEMINI_SAYS|ok|1 1 0||
		{"when":{"key":"$K0"},"refusal":"quota_day","repeat":-1},{$STREAM}||rotate+answer|0|$GEMINI_SAYS|ok|1 1 0||
		{"when":{"key":"$K0"},"refusal":"quota_none","repeat":-1},{$STREAM}||rotate+answer|0|$GEMINI_SAYS|ok|1 1 0||
		{"when":{"key":"$K0"},"refusal":"quota","repeat":-1},{$STREAM}||rotate+answer|0|$GEMINI_SAYS|ok|1 1 0||
		{"refusal":"overloaded"},{$STREAM}||retry+answer|0|$GEMINI_SAYS|ok|2 0 0||
		{"refusal":"quota_minute","retry_delay":"0.2s","repeat":2},{$STREAM}|--max-wait 5|wait+answer|0|$GEMINI_SAYS|ok|1 2 0|rate-limited: waiting SOON for key 1 (...0001)|
		{"when":{"key":"$K0"},"refusal":"quota_day","retry_delay":"90s","repeat":-1},{"refusal":"quota_minute","retry_delay":"0.2s"},{$STREAM}|--max-wait 5|wait+answer|0|$GEMINI_SAYS|ok|1 2 0|rate-limited: waiting SOON for key 1 (...0001)|
		{"when":{"path":"/gemini-a:"},"refusal":"no_model","repeat":-1},{$STREAM}|-m gemini-a,gemini-b|model+answer|0|$GEMINI_SAYS|ok|2 0 0||
		{"when":{"path":"/gemini-a:"},"refusal":"overloaded","repeat":-1},{$STREAM}|-m gemini-a,gemini-b|model+answer|0|$GEMINI_SAYS|ok|3 0 0||
		{"when":{"path":"/gemini-a:"},"refusal":"quota_day","repeat":-1},{$STREAM}|-m gemini-a,gemini-b|model+answer|0|$GEMINI_SAYS|ok|2 1 0||
		{"when":{"path":"/v1beta/"},"refusal":"key_invalid","repeat":-1},{"when":{"path":"/mistral/"},"refusal":"unauthorized","repeat":-1}||fallback+stop|77||key_invalid|1 1 1|all keys are rejected: API key not valid (HTTP 400, key_invalid); mistral: key 0 (...0100): API key rejected (HTTP 401, key_rejected): Invalid API Key|
		{"when":{"path":"/v1beta/"},"refusal":"quota_day","repeat":-1},{"when":{"path":"/mistral/"},"refusal":"unauthorized","repeat":-1}||fallback+stop|75||quota_day|1 1 1|all keys have exhausted their daily quota until TIME (HTTP 429, quota_day); mistral: key 0 (...0100): API key rejected (HTTP 401, key_rejected): Invalid API Key|
		{"when":{"path":"/v1beta/"},"refusal":"key_invalid","repeat":-1},{"when":{"path":"/mistral/"},"refusal":"rate","repeat":-1}||fallback+stop|75||quota_minute|1 1 1|all keys are rejected: API key not valid (HTTP 400, key_invalid); mistral: key 0 (...0100): rate-limited until TIME (HTTP 429, quota_minute)|
		{"when":{"path":"/v1beta/"},"refusal":"unauthorized","repeat":-1},{"when":{"path":"/mistral/"},"refusal":"rate","repeat":-1}||fallback+stop|75||quota_minute|1 1 1|all keys are rejected: API key rejected (HTTP 401, key_rejected): Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authenticatio...; mistral: key 0 (...0100): rate-limited until TIME (HTTP 429, quota_minute)|
		{"when":{"path":"/v1beta/"},"refusal":"overloaded","repeat":-1},{"when":{"path":"/mistral/"},"refusal":"rate","repeat":-1}||fallback+stop|69||overloaded|2 0 1|$ALIAS: overloaded (HTTP 503, overloaded); mistral: key 0 (...0100): rate-limited until TIME (HTTP 429, quota_minute)|
		{"when":{"path":"/v1beta/"},"refusal":"overloaded","repeat":-1},{"when":{"path":"/mistral/"},"refusal":"fields_object","repeat":-1}||fallback+stop|69||overloaded|2 0 1|$ALIAS: overloaded (HTTP 503, overloaded); mistral: mistral-large-latest: request rejected (HTTP 422, bad_request): body.seed: Extra inputs are not permitted|
		{"when":{"path":"/v1beta/"},"refusal":"overloaded","repeat":-1},{"when":{"path":"/mistral/"},"refusal":"overloaded","repeat":-1}||fallback+stop|69||overloaded|2 0 2|$ALIAS: overloaded (HTTP 503, overloaded); mistral: mistral-large-latest: overloaded (HTTP 503, overloaded)|
		{"when":{"path":"/v1beta/"},"refusal":"no_model","repeat":-1},{"when":{"path":"/mistral/"},"refusal":"no_model","repeat":-1}||fallback+stop|78||model_gone|1 0 1|$ALIAS: no such model (HTTP 404, model_gone); mistral: mistral-large-latest: no such model (HTTP 404, model_gone)|
	E
	[ "$n" -eq 98 ]
	[ "$failures" -eq 0 ]
}

# --- more than two services, and how far an answer has come

# without FILE: the record in it without what no run has twice.
without() {
	jq -c 'del(.timing, .bytes, .attempts[]?.ms, .time, .wait_ms, .connect_ms,
	    .ttft_ms, .total_ms, .bytes_received, .bytes_sent)' "$1"
}

@test "three services in a row: each hands on, in one line each" {
	services
	play <<<"[$(at gemini '"refusal":"overloaded"'),$(at mistral '"refusal":"overloaded"'),$LOCAL_GOOD]"
	ask --fallback mistral,openai --retries 1 --max-wait 10ms hi
	said 0 "$LOCAL_SAYS
" "gm-prompt: gemini: $ALIAS: overloaded; using mistral (HTTP 503, overloaded)
gm-prompt: mistral: mistral-large-latest: overloaded; using openai (HTTP 503, overloaded)
"
	went K0 K0 M0 M0 L
	# None is left: all of them are named, the first one decides.
	play <<<"[$(at gemini '"refusal":"quota_day"'),$(at mistral '"refusal":"overloaded"'),$(at llamacpp '"refusal":"server"')]"
	ask --fallback openai,mistral --retries 0 --max-wait 10ms --json hi
	[ "$rc" -eq 75 ]
	went K0 K1 L M0
	same <(tell err | tail -n 1 | sed 's/limit: 20, .*; openai/; openai/') "gm-prompt: gemini: all keys have exhausted their daily quota until TIME (HTTP 429, quota_day); openai: qwen3-8b-q4_k_m: error at the service (HTTP 500, server): Compute error.; mistral: mistral-large-latest: overloaded (HTTP 503, overloaded)
"
	[ "$(wc -l <err)" -eq 3 ]
	same <(jq -c '[.ok, .text, .provider, .model, .fallback, .error.class, .error.message, (.attempts | map(.provider))]' out) \
	    "[false,\"\",\"gemini\",\"$ALIAS\",true,\"quota_day\",$(tail -n 1 err | sed 's/^gm-prompt: //' | jq -R .),[\"gemini\",\"gemini\",\"openai\",\"mistral\"]]
"
}

@test "several rest: the earliest time of all is told" {
	local at
	services
	play <<<"[$(at gemini '"refusal":"quota_minute","retry_delay":"90s"'),$(at mistral '"refusal":"rate","headers":{"Retry-After":"30"}')]"
	ask --fallback mistral --max-wait 10ms --json hi
	[ "$rc" -eq 75 ]
	went K0 K1 M0
	at=$(date -d "$(jq -r .error.retry_at out)" +%s)
	[ $((at - $(date +%s))) -le 31 ]
	[ $((at - $(date +%s))) -gt 10 ]
	play <<<"[$(at gemini '"refusal":"quota_minute","retry_delay":"30s"'),$(at mistral '"refusal":"rate","headers":{"Retry-After":"90"}')]"
	ask --fallback mistral --max-wait 10ms --json hi
	[ "$rc" -eq 75 ]
	at=$(date -d "$(jq -r .error.retry_at out)" +%s)
	[ $((at - $(date +%s))) -le 31 ]
	[ $((at - $(date +%s))) -gt 10 ]
}

@test "text that is out stays: -S and a cut, and nobody else is asked" {
	services
	play <<<"[$(at gemini '"stream":["One, ","two, "],"finish":null'),$MISTRAL_GOOD]"
	ask -S --fallback mistral --retries 1 --max-wait 10ms hi
	said 76 $'One, two, \n' "gm-prompt: $URL: the response ended too early: no finish reason; try again later (HTTP 200, truncated)
"
	went K0
	# Held back there is nothing to be taken back.
	again
	ask --fallback mistral --retries 0 hi
	said 0 "$MISTRAL_SAYS
" "gm-prompt: gemini: $URL: the response ended too early: no finish reason; using mistral (HTTP 200, truncated)
"
	went K0 M0
	# Streamed, with nothing out yet.
	play <<<"[$(at gemini '"refusal":"overloaded"'),$MISTRAL_GOOD]"
	ask -S --fallback mistral --retries 0 hi
	[ "$rc" -eq 0 ]
	same out "$MISTRAL_SAYS
"
	went K0 M0
	# The same of the service that was fallen back to.
	play <<<"[$(at gemini '"refusal":"overloaded"'),$(at mistral '"chat":["Un, ","deux, "],"finish":null,"done":false'),$LOCAL_GOOD]"
	ask -S --fallback mistral,openai --retries 0 hi
	[ "$rc" -eq 76 ]
	same out $'Un, deux, \n'
	went K0 M0
	again
	ask --fallback mistral,openai --retries 0 hi
	[ "$rc" -eq 0 ]
	same out "$LOCAL_SAYS
"
	went K0 M0 L
}

@test "what Gemini began is nowhere: not in a file, not among the thoughts" {
	services
	play <<<"[$(at gemini '"stream":["One, "],"thoughts":["Hm."],"finish":null'),$(at mistral '"chat":["Un."],"reasoning":["Euh."]')]"
	ask -o file --show-thoughts --fallback mistral --retries 0 hi
	said 0 '' "gm-prompt: gemini: $URL: the response ended too early: no finish reason; using mistral (HTTP 200, truncated)
Euh.
"
	same file $'Un.\n'
	# A thought that is shown is out.
	again
	ask -S --show-thoughts --fallback mistral --retries 0 hi
	[ "$rc" -eq 76 ]
	went K0
}

@test "a place that is not served has no say in the next service's keys" {
	services
	unset MISTRAL_API_KEY
	export MISTRAL_API_KEYS=$M0,$M1
	play <<-E
	[$(at gemini '"refusal":"region"'),
	 {"when":{"key":"$M0"},"refusal":"rate","repeat":-1},$MISTRAL_GOOD]
	E
	ask --fallback mistral --max-wait 10ms hi
	[ "$rc" -eq 0 ]
	same out "$MISTRAL_SAYS
"
	went K0 K1 M0 M1
}

@test "the deadline: what was wrong with one key is not said of another" {
	services
	play <<<"[{\"when\":{\"key\":\"$K0\"},\"refusal\":\"key_invalid\",\"repeat\":-1},{$STREAM,\"gate\":\"never\"}]"
	ask --deadline 2s hi
	failed 69 "$ALIAS: deadline exceeded; raise --deadline (deadline); before: key 0 (...0000): API key not valid; replace it (HTTP 400, key_invalid)"
	went K0 K1
}

@test "a model that is gone, and one whose keys rest: each is told for itself" {
	services
	remember
	play <<<"[{\"when\":{\"path\":\"/m-two:\"},\"refusal\":\"quota_day\",\"repeat\":-1},{\"refusal\":\"no_model\",\"repeat\":-1}]"
	ask -m m-two --max-wait 0 hi
	again
	ask -m m-one,m-two --max-wait 0 hi
	[ "$rc" -eq 75 ]
	grep -qE '^gm-prompt: all keys have exhausted their daily quota until .*; --ignore-cooldown tries anyway \(quota_day\); before: m-one: no such model; gm-models lists the models \(HTTP 404, model_gone\)$' err
	went K0
}

@test "half an answer, then an empty one: 1, not 0" {
	services
	play <<<'[{"stream":["One, "],"finish":null},{"stream":[],"repeat":-1}]'
	ask --max-wait 10ms hi
	failed 1 "$ALIAS: the answer is empty (STOP, empty)"
	went K0 K0 K0
}

@test "what Gemini sent is not told of Mistral" {
	services
	play <<<"[$(at gemini '"stream":["One, "],"finish":null'),$(at mistral '"refusal":"unauthorized"')]"
	remember
	ask --provider mistral hi
	again
	ask --fallback mistral --retries 0 --json hi
	[ "$rc" -eq 76 ]
	went K0
	same <(jq -c '[.provider, .model_version, .usage.total, .key_index]' out) \
	    '["gemini",null,null,0]
'
	run -1 grep 'answered by' err
}

@test "a misspelt model: names like it, also when another service answers" {
	local real=gemini-3.8-flash
	services
	play <<<"[{\"when\":{\"path\":\"v1beta/models/gemini\"},\"refusal\":\"no_model\",\"repeat\":-1},$MISTRAL_GOOD]"
	gm-models >/dev/null
	again
	ask -m gemini-3.8-flahs --fallback mistral hi
	[ "$rc" -eq 0 ]
	same out "$MISTRAL_SAYS
"
	same <(sed 's/ (HTTP.*//' err) "gm-prompt: gemini: gemini-3.8-flahs: no such model; did you mean $real, $(
		gm-models | grep -vx $real | grep '3\..*flash$' | head -n 2 | paste -sd, | sed "s/,/, /g")?; using mistral
"
	went K0 M0
}

@test "no state directory is told once, whichever service is the first" {
	services
	play <<<"[$(at gemini '"refusal":"overloaded"'),$MISTRAL_GOOD]"
	touch file
	export GM_STATE_DIR=$PWD/file
	ask --fallback mistral --retries 0 hi
	[ "$rc" -eq 0 ] && [ "$(grep -c 'kept in memory only' err)" -eq 1 ]
	unset GOOGLE_API_KEYS
	ask --fallback mistral hi
	[ "$rc" -eq 0 ] && [ "$(grep -c 'kept in memory only' err)" -eq 1 ]
}

@test "what is known of Gemini's keys: the next process asks Mistral at once" {
	services
	remember
	play <<<"[$(at gemini '"refusal":"key_leaked"'),$MISTRAL_GOOD]"
	ask --fallback mistral hi
	went K0 K1 M0
	again
	ask --fallback mistral hi
	[ "$rc" -eq 0 ]
	same out "$MISTRAL_SAYS
"
	same <(tell err) 'gm-prompt: gemini: all keys are rejected: API key reported as leaked; using mistral (key_leaked)
'
	went M0
	again
	ask --fallback mistral --ignore-cooldown hi
	[ "$rc" -eq 0 ]
	went K1 K0 M0
}

@test "GM_RPD counts for each service: the next one when it is used up" {
	services
	at_noon
	remember
	export GM_RPD=1
	play <<<"[$(at gemini "$STREAM"),$MISTRAL_GOOD]"
	ask --fallback mistral hi
	ask --fallback mistral hi
	went K0 K1
	again
	ask --fallback mistral hi
	[ "$rc" -eq 0 ]
	same out "$MISTRAL_SAYS
"
	went M0
	again
	ask --fallback mistral hi
	[ "$rc" -eq 75 ]
	tried 0
}

# --- what is told

@test "the JSON has all attempts in order, and says that it was a fallback" {
	services
	unset MISTRAL_API_KEY
	export MISTRAL_API_KEYS=$M0,$M1
	play <<<"[{\"when\":{\"key\":\"$K0\"},\"refusal\":\"quota_day\",\"repeat\":-1},$(at gemini '"refusal":"server"'),{\"when\":{\"key\":\"$M0\"},\"refusal\":\"unauthorized\",\"repeat\":-1},$MISTRAL_GOOD]"
	ask --json --log-file log --fallback mistral --retries 1 --max-wait 10ms hi
	[ "$rc" -eq 0 ]
	went K0 K1 K1 M0 M1
	same <(without out) '{"ok":true,"text":"Un, deux, trois.","provider":"mistral","model":"mistral-large-latest","model_version":"mistral-large-latest","key_index":1,"finish_reason":"stop","usage":{"prompt":1,"cached":0,"output":6,"thoughts":null,"total":7},"parts_omitted":[],"attempts":[{"provider":"gemini","model":"gemini-flash-latest","key_index":0,"key":"...0000","http":429,"class":"quota_day"},{"provider":"gemini","model":"gemini-flash-latest","key_index":1,"key":"...0001","http":500,"class":"server"},{"provider":"gemini","model":"gemini-flash-latest","key_index":1,"key":"...0001","http":500,"class":"server"},{"provider":"mistral","model":"mistral-large-latest","key_index":0,"key":"...0100","http":401,"class":"key_rejected"},{"provider":"mistral","model":"mistral-large-latest","key_index":1,"key":"...0101","http":200,"class":"ok"}],"fallback":true,"sources":[],"error":null}
'
	same <(without log) '{"tool":"gm-prompt","provider":"mistral","model":"mistral-large-latest","key_index":1,"key":"...0101","attempts":5,"class":"ok","http":200,"prompt_tokens":1,"cached_tokens":0,"output_tokens":6,"total_tokens":7,"finish":"stop"}
'
	[ "$(wc -l <log)" -eq 1 ]
	[ "$(wc -l <err)" -eq 1 ]
	masked
	run ! grep -q fake log
}

@test "--quiet says nothing of a fallback; -v tells each attempt" {
	services
	play <<<"[$(at gemini '"refusal":"overloaded"'),$MISTRAL_GOOD]"
	ask --quiet --fallback mistral --retries 0 hi
	said 0 "$MISTRAL_SAYS
" ''
	ask -nv --fallback mistral --retries 0 hi
	said 0 "$MISTRAL_SAYS
" "gm-prompt: attempt 1: $ALIAS: overloaded; try again later (HTTP 503, overloaded): The model is overloaded. Please try again later.
gm-prompt: gemini: $ALIAS: overloaded; using mistral (HTTP 503, overloaded)
"
	# An error is told all the same.
	play <<<"[$(at gemini '"refusal":"overloaded"'),$(at mistral '"refusal":"server"')]"
	ask --quiet --fallback mistral --retries 0 hi
	failed 69 "gemini: $ALIAS: overloaded (HTTP 503, overloaded); mistral: mistral-large-latest: error at the service (HTTP 500, server): Internal server error"
}

@test "no key goes to another service, and none is shown" {
	local n
	services
	export OPENAI_API_KEY=$O0 OPENAI_BASE_URL=$URL/openai/v1 OPENAI_MODEL=gpt-5-mini
	# What the services say holds the keys, too.
	play <<-E
	[$(at gemini "\"status\":503,\"json\":{\"error\":{\"message\":\"<$K0> <$M0> <$O0>\"}}"),
	 $(at mistral "\"status\":503,\"json\":{\"message\":\"<$K0> <$M0> <$O0>\"}"),
	 $(at openai "\"status\":503,\"json\":{\"error\":{\"message\":\"<$K0> <$M0> <$O0>\"}}")]
	E
	ask -nvv --log-file log --json --fallback mistral,openai --retries 0 hi
	[ "$rc" -eq 69 ]
	went K0 M0 O0
	masked
	run ! grep -q fake- err out log
	grep -qF '<...0000> <...0100> <...0200>' err
	n=$(requests)
	grep -qF "$K0" "$DIR/request.$((n - 2))"
	run ! grep -qF -e "$M0" -e "$O0" "$DIR/request.$((n - 2))"
	grep -qF "$M0" "$DIR/request.$((n - 1))"
	run ! grep -qF -e "$K0" -e "$K1" -e "$O0" "$DIR/request.$((n - 1))"
	grep -qF "$O0" "$DIR/request.$n"
	run ! grep -qF -e "$K0" -e "$K1" -e "$M0" "$DIR/request.$n"
}

# --- signals and the deadline

# ends SIGNAL WHEN [argument...]: gm-prompt with these is ended by the signal.
ends() {
	local how
	how=$(python3 -B "$ROOT/tests/net/dies.py" "$1" "$2" gm-prompt "${@:3}")
	[ "$how" = "$1" ] || {
		echo "$1, $2: $how"
		head -n 3 err
		return 1
	}
	same out ''
}

@test "a signal while the second service is being asked" {
	local signal
	services
	for signal in SIGINT SIGTERM; do
		play <<<"[$(at gemini '"refusal":"overloaded"'),$(at mistral '"chat":["Un"],"gate":"never"'),$LOCAL_GOOD]"
		ends $signal "file:$DIR/request.$(($(requests) + 2))" -n \
		    --fallback mistral,openai --retries 0 hi
		same err "gm-prompt: gemini: $ALIAS: overloaded; using mistral (HTTP 503, overloaded)
"
		went K0 M0
	done
}

@test "a signal while the first one is waited for, or a server that loads" {
	local signal
	services
	for signal in SIGINT SIGTERM; do
		play <<<"[$(at gemini '"refusal":"overloaded","headers":{"Retry-After":"30"}'),$MISTRAL_GOOD]"
		ends $signal file:err -nv --fallback mistral hi
		grep -q '^gm-prompt: attempt 1: ' err
		went K0
		play <<<"[$(at llamacpp '"refusal":"loading","headers":{"Retry-After":"30"}')]"
		ends $signal file:err -n --provider openai hi
		same err "gm-prompt: $URL/llamacpp/v1: the server is loading the model; waiting
"
		went L
	done
}

@test "the deadline is that of the whole chain: 69" {
	local line
	services
	line="gm-prompt: gemini: $ALIAS: overloaded; using mistral (HTTP 503, overloaded)"
	play <<<"[$(at gemini '"refusal":"overloaded"'),$(at mistral '"chat":["Un"],"gate":"never"'),$LOCAL_GOOD]"
	ask --fallback mistral,openai --retries 0 --deadline 3s --json hi
	[ "$rc" -eq 69 ]
	same err "$line
gm-prompt: gemini: $ALIAS: overloaded (HTTP 503, overloaded); mistral: mistral-large-latest: deadline exceeded (deadline)
"
	went K0 M0
	same <(jq -c '[.provider, .fallback, .error.class, [.attempts[].class]]' out) '["mistral",true,"deadline",["overloaded","deadline"]]
'
	# Gemini would come back, but not in time: who is next is asked.
	play <<<"[$(at gemini '"refusal":"quota_minute","retry_delay":"40s"'),$MISTRAL_GOOD]"
	ask --fallback mistral --deadline 20s hi
	[ "$rc" -eq 0 ]
	same out "$MISTRAL_SAYS
"
	went K0 K1 M0
	play <<<"[$(at gemini '"refusal":"overloaded","headers":{"Retry-After":"40"}'),$MISTRAL_GOOD]"
	ask --fallback mistral --deadline 20s hi
	[ "$rc" -eq 0 ]
	same err "$line
"
	went K0 M0
}
