# When a request is sent again, how long is waited before, and when it is not.

load net

TROUBLE='error at the service; try again later (HTTP 500, server)'

# waits: print the seconds of each wait that -v has noted.
waits() {
	sed -nE 's/^gm-prompt: [^:]*: waiting ([0-9.]+) s( for .*)?$/\1/p' err
}

# at_most LIMIT...: there were so many waits, none longer than its limit.
at_most() {
	local limit wait
	while read -r wait <&3; do
		limit=$1
		shift || {
			echo "one wait too many: $wait"
			return 1
		}
		awk -v a="$wait" -v b="$limit" 'BEGIN { exit !(a <= b) }' || {
			echo "waited $wait, more than $limit"
			return 1
		}
	done 3< <(waits)
	[ $# -eq 0 ]
}

# epoch TIME: as seconds.
epoch() {
	date -u -d "$1" +%s
}

# rests FROM TO COMMAND...: it ends with 75, and the time that it tells, alike
# in line and JSON, is FROM to TO seconds ahead, and rounded up.
rests() {
	local from=$1 to=$2 before after at
	shift 2
	before=$(date +%s)
	rc=0
	forget
	timeout 60 "$@" --json >out 2>err </dev/null || rc=$?
	after=$(date +%s)
	[ "$rc" -eq 75 ] || {
		cat err
		return 1
	}
	at=$(sed -n 's/.*"retry_at":"\([-0-9T:]*Z\)"}}$/\1/p' out)
	# A time of today is shown without its date, and with its distance.
	grep -qE " until (${at%T*}T)?${at#*T} \\((now|[0-9]+ (s|min|h [0-9]+ min|d [0-9]+ h))\\);" err || return
	grep -qF '(HTTP 429, ' err || return
	jq -r .error.message out | sed 's/^/gm-prompt: /' | diff - err || return
	at=$(epoch "$at")
	if [ "$at" -lt $((before + from)) ] ||
	    [ "$at" -gt $((after + to + 2)) ]; then
		echo "rests until $((at - before)) s after the start"
		return 1
	fi
}

# --- faults that may pass

@test "each fault that may pass is repeated, up to --retries" {
	local members n
	serve
	for members in '"refusal":"cancelled"' '"refusal":"server"' '"refusal":"overloaded"' '"refusal":"deadline"' '"refusal":"timeout"' \
	    '"refusal":"html"' '"refusal":"html","status":503' '"refusal":"server","status":408' \
	    '"raw":""' '"raw":"HTTP/1.1 200 OK\r\n"' \
	    "$STREAM,\"cut_at\":300" "$STREAM,\"finish\":null"; do
		for n in 0 1 3; do
			play <<<"[{$members,\"repeat\":-1}]"
			ask --retries "$n" hi
			[[ $rc =~ ^(69|76)$ ]]
			same out ''
			[ "$(wc -l <err)" -eq 1 ]
			tried $((n + 1))
		done
		# And an answer that comes at last is an answer.
		play <<<"[{$members,\"repeat\":2},{$STREAM}]"
		ask hi
		said 0 "$ANSWER
" ''
		tried 3
	done
}

@test "4 repeats if nothing is said; GM_RETRIES says it, too" {
	serve
	play <<<'[{"refusal":"server","repeat":-1}]'
	ask hi
	[ "$rc" -eq 69 ]
	tried 5
	again
	GM_RETRIES=2 ask hi
	[ "$rc" -eq 69 ]
	tried 3
	again
	GM_RETRIES=2 ask --retries 0 hi
	[ "$rc" -eq 69 ]
	tried 1
}

@test "the waits grow: each is told, none is over its ceiling" {
	serve
	play <<<'[{"refusal":"server","repeat":-1}]'
	FAKE_CHANCE=most ask -nv --retries 3 hi
	[ "$rc" -eq 69 ]
	tried 4
	same <(waits) '1.0
2.0
4.0
'
	[ "$(grep -c "^gm-prompt: attempt [1-4]: $ALIAS: $TROUBLE: An internal error" err)" -eq 4 ]
	[ "$(wc -l <err)" -eq 8 ]
	# The last failed attempt stands in the error line.
	[[ $(tail -n 1 err) == "gm-prompt: $ALIAS: $TROUBLE: An internal error"* ]]
}

@test "the waits do not depend on --max-wait, be it 0" {
	local wait
	serve
	play <<<'[{"refusal":"overloaded","repeat":-1}]'
	for wait in 0 10ms; do
		again
		FAKE_CHANCE=most ask -nv --retries 2 --max-wait $wait hi
		[ "$rc" -eq 69 ]
		tried 3
		same <(waits) '1.0
2.0
'
	done
	# With chance as it is they are no longer than that.
	rc=0
	forget
	again
	timeout 60 gm-prompt -nv --retries 2 --max-wait 0 hi >out 2>err || rc=$?
	[ "$rc" -eq 69 ]
	tried 3
	at_most 1.0 2.0
}

@test "each attempt is in the JSON, the wait too" {
	serve
	play <<<"[{\"raw\":\"\"},{\"refusal\":\"overloaded\"},{\"refusal\":\"cancelled\"},{$STREAM}]"
	ask --json hi
	[ "$rc" -eq 0 ]
	same err ''
	grep -q '"text":"One, two, three."' out
	same <(sed 's/.*"attempts":\(\[[^]]*\]\).*/\1/; s/"ms":[0-9]*/"ms":N/g' out) \
	    "$(printf '[%s,%s,%s,%s]' \
	    "{\"provider\":\"gemini\",\"model\":\"$ALIAS\",\"key_index\":0,\"key\":\"...0001\",\"http\":null,\"class\":\"network\",\"ms\":N}" \
	    "{\"provider\":\"gemini\",\"model\":\"$ALIAS\",\"key_index\":0,\"key\":\"...0001\",\"http\":503,\"class\":\"overloaded\",\"ms\":N}" \
	    "{\"provider\":\"gemini\",\"model\":\"$ALIAS\",\"key_index\":0,\"key\":\"...0001\",\"http\":499,\"class\":\"cancelled\",\"ms\":N}" \
	    "{\"provider\":\"gemini\",\"model\":\"$ALIAS\",\"key_index\":0,\"key\":\"...0001\",\"http\":200,\"class\":\"ok\",\"ms\":N}")
"
}

@test "a kept-alive connection that was dropped is no fault of the service" {
	serve
	play <<<"[{\"refusal\":\"overloaded\"},{\"raw\":\"\"},{$STREAM}]"
	ask -nv --retries 1 hi
	[ "$rc" -eq 0 ]
	same out "$ANSWER
"
	[ "$(grep -c '^gm-prompt: attempt' err)" -eq 1 ]
	tried 3
}

@test "what is sent again is the same, byte for byte" {
	local n
	serve
	play <<<"[{\"refusal\":\"server\",\"repeat\":2},{$STREAM}]"
	printf 'some text\n' | gm -t 1 hi
	said 0 "$ANSWER
" ''
	for n in 2 3; do
		cmp "$DIR/request.1" "$DIR/request.$n"
	done
}

# --- Retry-After

# told VALUE: the header of a 503.
told() {
	play <<<"[{\"refusal\":\"overloaded\",\"headers\":{\"Retry-After\":\"$1\"},\"repeat\":-1}]"
}

@test "Retry-After in seconds is waited for" {
	serve
	told 1
	ask -nv --retries 1 hi
	[ "$rc" -eq 69 ]
	same <(waits) '1.0
'
	tried 2
}

@test "Retry-After as a date is waited for" {
	local name wait
	serve
	# In each form that a date may have; an hour is far ahead on any day.
	for name in '%a, %d %b %Y %H:%M:%S GMT' '%A, %d-%b-%y %H:%M:%S GMT' \
	    '%a %b %e %H:%M:%S %Y'; do
		told "$(date -u -d '+1 hour' +"$name")"
		# It is seen that it was read by what cannot wait for it.
		ask -nv --retries 1 --deadline 30s hi
		[ "$rc" -eq 69 ]
		same <(waits) ''
		[[ $(tail -n 1 err) == *'; no time to retry before the deadline (HTTP '* ]]
	done
	# One that is near: full seconds, so that a little less is left.
	told "$(date -u -d '+3 seconds' +'%a, %d %b %Y %H:%M:%S GMT')"
	ask -nv --retries 1 --max-wait 0 hi
	[ "$rc" -eq 69 ]
	tried 2
	at_most 3.0
}

@test "Retry-After that is huge counts up to 60 s" {
	local value pid
	serve
	for value in 61 3600 99999999999999999999; do
		told "$value"
		timeout 60 gm-prompt -nv --retries 1 hi >out 2>err &
		pid=$!
		wait_for 'grep -q waiting err'
		same <(waits) '60
'
		kill "$pid"
		wait "$pid" || :
		tried 1
		ask -nv --retries 1 --deadline 50s hi
		failed_late
	done
}

# failed_late: the wait does not fit the deadline, and does not begin.
failed_late() {
	[ "$rc" -eq 69 ] && same <(waits) '' &&
		[[ $(tail -n 1 err) == *'; no time to retry before the deadline (HTTP '* ]]
}

@test "Retry-After that is past, negative or no time at all changes nothing" {
	local value
	serve
	for value in 0 -5 soon '' '1 hour' 'Mon, 01 Jan 2001 00:00:00 GMT' \
	    'Mon, 99 Foo 2099 00:00:00 GMT' nan inf 0x10; do
		told "$value"
		FAKE_CHANCE=most ask -nv --retries 1 hi
		[ "$rc" -eq 69 ]
		tried 2
		same <(waits) '1.0
'
	done
}

@test "Retry-After of a refusal is not waited for" {
	serve
	play <<<'[{"refusal":"invalid_argument","headers":{"Retry-After":"1"},"repeat":-1}]'
	ask -nv hi
	[ "$rc" -eq 65 ]
	tried 1
	same <(waits) ''
}

# --- quotas

@test "a quota that comes back soon is waited for, with a note" {
	serve
	play <<<"[{\"refusal\":\"quota_minute\",\"retry_delay\":\"0.2s\"},{$STREAM}]"
	ask -n --retries 0 hi
	# Less than what was asked for, if time has gone by since.
	sed -i 's/waiting 0\.[0-2] s /waiting SOON /' err
	said 0 "$ANSWER
" 'gm-prompt: rate-limited: waiting SOON for key 0 (...0001)
'
	tried 2
	play <<<"[{\"refusal\":\"quota_minute\",\"retry_delay\":\"0.2s\"},{$STREAM}]"
	ask -n --quiet hi
	said 0 "$ANSWER
" ''
}

# All 8 were under way when the limit came, which is one limit.  They come back
# one by one: after 2 s, the next ones after 2 s, 1 s and less.
@test "after a rate limit many calls come back slowly" {
	local list pid first last
	serve
	list=$(jq -nc '{models: [range(8) | {name: "models/m\(.)",
	    supportedGenerationMethods: ["generateContent", "countTokens"]}]}')
	play <<<"[{\"json\":$list},
	    {\"refusal\":\"quota_minute\",\"retry_delay\":\"2s\",\"head_gate\":\"go\",\"repeat\":8},
	    {\"json\":{\"totalTokens\":1},\"repeat\":-1}]"
	gm-models >list # into the cache
	again
	timeout 60 gm-models --probe >out 2>err </dev/null 3>&- &
	pid=$!
	HELPERS+=("$pid")
	wait_for "[ \$(requests) -ge \$((BEFORE + 8)) ]"
	touch "$DIR/go"
	wait "$pid"
	tried 16
	[ "$(wc -l <out)" -eq 8 ]
	grep -q . err
	run ! grep -Evx 'gm-models: rate-limited: waiting [0-2]\.[0-9] s for key 0 \(\.\.\.0001\)' err
	# shellcheck disable=SC2153 # net.bash sets it
	first=$(stat -c %.3Y "$DIR/request.$((BEFORE + 9))")
	last=$(stat -c %.3Y "$DIR/request.$((BEFORE + 16))")
	[ $((${last/./} - ${first/./})) -ge 2000 ]
}

@test "the time to wait in all its forms" {
	local delay from to
	serve
	while read -r delay from to; do
		play <<<"[{\"refusal\":\"quota_minute\",\"retry_delay\":\"$delay\",\"repeat\":-1}]"
		rests "$from" "${to:-$from}" gm-prompt --max-wait 0 hi
		tried 1
	done <<-'END'
		37s 37
		37.1s 37
		56.185908122s 56
		0.539477544s 0
		900ms 0
		51820.638305887s 51820
		2m 120
		-5s 60
		nan 60
		soon 60
		1e3s 60
		999999999999s 86400 172800
		99999999999999999999s 60 172800
	END
	# From the message alone; from nothing at all.
	play <<<'[{"refusal":"quota","message":"Quota exceeded per minute. Please retry in 16h30m12.5s.","repeat":-1}]'
	rests 59412 59412 gm-prompt --max-wait 1 hi
	play <<<'[{"refusal":"quota","message":"Please retry in 56.185908122s.","repeat":-1}]'
	rests 56 56 gm-prompt --max-wait 1 hi
	play <<<'[{"refusal":"quota_minute","retry_delay":null,"repeat":-1}]'
	rests 60 60 gm-prompt --max-wait 1 hi
	play <<<'[{"refusal":"quota","repeat":-1}]'
	rests 60 60 gm-prompt --max-wait 1 hi
	play <<<'[{"refusal":"quota","headers":{"Retry-After":"120"},"repeat":-1}]'
	rests 120 120 gm-prompt --max-wait 1 hi
	play <<<'[{"refusal":"quota_spend","repeat":-1}]'
	rests 600 600 gm-prompt --max-wait 1 hi
}

@test "a quota that does not come back within --max-wait: 75 at once" {
	serve
	play <<<'[{"refusal":"quota_minute","repeat":-1}]'
	rests 37 37 gm-prompt --max-wait 37 hi
	tried 1
	rests 37 37 gm-prompt --deadline 20 hi
	tried 2
	rests 37 37 env GM_MAX_WAIT=1s gm-prompt hi
	tried 3
}

@test "a quota of a day is never slept for, however long --max-wait" {
	local members
	serve
	# A day's, none at all, and that of search.
	for members in '"refusal":"quota_day","retry_delay":"0.1s"' '"refusal":"quota_none"' '"refusal":"quota_region"'; do
		play <<<"[{$members,\"repeat\":-1}]"
		rests 0 90000 gm-prompt --max-wait 24h hi
		tried 1
		same <(jq -c .timing.wait_ms out) '0
'
	done
	play <<<'[{"refusal":"quota","repeat":-1}]'
	rests 60 60 gm-prompt --max-wait 24h --deadline 90 --search hi
	grep -q '"class":"quota_search"' out
	tried 1
	# Nor for GM_RPD.
	play <<<"[{$STREAM,\"repeat\":-1}]"
	GM_RPD=1 ask -n hi
	[ "$rc" -eq 0 ]
	forget() {
		:
	}
	GM_RPD=1 ask -n --max-wait 24h hi
	[ "$rc" -eq 75 ]
	tried 1
}

@test "a daily quota: the next model or provider is asked at once" {
	services
	play <<<"[$(at gemini '"refusal":"quota_day"'),$MISTRAL_GOOD]"
	ask -n --max-wait 24h --fallback mistral --json hi
	[ "$rc" -eq 0 ]
	went K0 K1 M0
	same <(jq -c .timing.wait_ms out) '0
'
	play <<<"[{\"when\":{\"path\":\"/gemini-a:\"},\"refusal\":\"quota_day\",\"repeat\":-1},{$STREAM}]"
	ask -n --max-wait 24h -m gemini-a,gemini-b --json hi
	[ "$rc" -eq 0 ]
	went K0 K1 K0
	# A key that is limited by the minute is waited for all the same.
	play <<<"[{\"when\":{\"key\":\"$K0\"},\"refusal\":\"quota_day\",\"repeat\":-1},{\"refusal\":\"quota_minute\",\"retry_delay\":\"1s\"},{$STREAM}]"
	ask -n --max-wait 24h --fallback mistral hi
	said 0 "$ANSWER
" 'gm-prompt: rate-limited: waiting 1.0 s for key 1 (...0001)
'
	went K0 K1 K1
}

@test "a day's quota rests for a minute at least, whatever it says" {
	local delay
	serve
	for delay in '"0.0s"' '"38s"' null; do
		play <<<"[{\"refusal\":\"quota_day\",\"retry_delay\":$delay,\"repeat\":-1}]"
		rests 60 60 gm-prompt --max-wait 1 hi
		tried 1
	done
	play <<<'[{"refusal":"quota_day","retry_delay":"90s","repeat":-1}]'
	rests 90 90 gm-prompt --max-wait 1 hi
	# Day beats minute, whichever comes first.
	play <<<'[{"refusal":"quota_minute","quota_id":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","retry_delay":"1s","repeat":-1}]'
	rests 60 60 gm-prompt --max-wait 1 hi
	grep -q '"class":"quota_day"' out
}

@test "no quota at all: until the next midnight in California" {
	local at refusal
	serve
	for refusal in quota_none quota_region; do
		play <<<"[{\"refusal\":\"$refusal\",\"repeat\":-1}]"
		rests 0 90000 gm-prompt --max-wait 60 hi
		tried 1
		at=$(sed -n 's/.*"retry_at":"\([^"]*\)".*/\1/p' out)
		# 08:00 UTC in winter, 07:00 in summer: what that clock says tells which.
		[ "$(TZ='PST8PDT,M3.2.0,M11.1.0' date -d "$at" +%T)" = 00:00:00 ]
	done
}

@test "a quota of spending that says how long is believed" {
	serve
	play <<<'[{"refusal":"quota_spend","message":"You exceeded your spend-based rate limit. Please retry in 33s.","repeat":-1}]'
	rests 33 33 gm-prompt --max-wait 1 hi
}

# --- nothing is given out twice

@test "once text is out, no fault is repeated" {
	local members error='{"error":{"code":503,"message":"Sorry.","status":"UNAVAILABLE"}}'
	local first='{"candidates":[{"content":{"parts":[{"text":"One, "}]}}]}'
	serve
	short_reply=$(printf '%s\\r\\n\\r\\n' "${FIRST_EVENT//\"/\\\"}")
	for members in "\"body\":\"$short_reply\",\"framing\":\"chunked\",\"cut_at\":1000" \
	    "\"body\":\"$short_reply ${LAST_EVENT//\"/\\\"}\",\"framing\":\"chunked\",\"reset_at\":70" \
	    "\"body\":\"$short_reply\"" \
	    "\"stream\":[$first,$error]" \
	    "\"body\":\"${short_reply}data: {\"" \
	    "\"stream\":[$first],\"finish\":null,\"hold\":true"; do
		play <<<"[{$members},{$STREAM,\"repeat\":-1}]"
		ask -n -S --retries 4 --timeout 1s hi
		[[ $rc =~ ^(69|76)$ ]]
		same out $'One, \n'
		[ "$(wc -l <err)" -eq 1 ]
		tried 1
		# The same held back: once more, and the text is there once.
		play <<<"[{$members},{$STREAM,\"repeat\":-1}]"
		ask -n --retries 4 --timeout 1s hi
		said 0 "$ANSWER
" ''
		tried 2
	done
}

@test "a quota that ends after text was given out is not waited for" {
	local first='{"candidates":[{"content":{"parts":[{"text":"One, "}]}}]}'
	serve
	play <<<"[{\"stream\":[$first,{\"error\":{\"code\":429,\"message\":\"Please retry in 0.1s.\"}}]},{$STREAM}]"
	ask -n -S hi
	[ "$rc" -eq 75 ]
	same out $'One, \n'
	tried 1
	play <<<"[{\"stream\":[$first,{\"error\":{\"code\":429,\"message\":\"Please retry in 0.1s.\"}}]},{$STREAM}]"
	ask -n hi
	sed -i 's/waiting 0\.[01] s /waiting SOON /' err
	said 0 "$ANSWER
" 'gm-prompt: quota exhausted: waiting SOON for key 0 (...0001)
'
}

@test "streamed, but nothing was given out yet: repeated" {
	serve
	play <<<"[{\"refusal\":\"overloaded\"},{\"raw\":\"\"},{$STREAM,\"cut_at\":20},{$STREAM,\"thoughts\":[\"Hm.\"],\"cut_at\":200},{$STREAM}]"
	ask -S hi
	said 0 "$ANSWER
" ''
	tried 5
}

@test "thoughts of an attempt that failed are not told" {
	serve
	play <<<"[{$STREAM,\"thoughts\":[\"Hm.\"],\"finish\":null},{$STREAM,\"thoughts\":[\"Ah.\"]}]"
	ask -n --show-thoughts hi
	said 0 "$ANSWER
" 'Ah.
'
}

@test "what was not given out is not left in a file" {
	serve
	play <<<"[{$STREAM,\"finish\":null,\"repeat\":2}]"
	echo before >file
	ask --retries 1 -o file hi
	[ "$rc" -eq 76 ]
	same file 'before
'
	[ "$(ls -A)" = $'err\nfile\nout' ]
	play <<<"[{$STREAM,\"finish\":null},{$STREAM}]"
	ask --retries 1 -o file hi
	said 0 '' ''
	same file "$ANSWER
"
}

# --- the deadline

@test "the deadline ends a chain of faults: 69, with the last of them" {
	serve
	play <<<'[{"refusal":"overloaded","headers":{"Retry-After":"0.1"},"repeat":-1}]'
	ask -n --retries 100 --deadline 1s hi
	[ "$rc" -eq 69 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	[[ $(cat err) == "gm-prompt: $ALIAS: "*"$ALIAS: overloaded; try again later (HTTP 503, overloaded)" ||
	    $(cat err) == "gm-prompt: $ALIAS: overloaded; no time to retry before the deadline (HTTP 503, overloaded)" ]]
	run ! tried 1
}

@test "the deadline ends a wait that does not fit before it begins" {
	serve
	play <<<'[{"refusal":"overloaded","headers":{"Retry-After":"30"},"repeat":-1}]'
	ask -n --deadline 20s hi
	failed 69 "$ALIAS: overloaded; no time to retry before the deadline (HTTP 503, overloaded)"
	tried 1
}

@test "the deadline ends a silent request: 69" {
	serve
	play <<<'[{"raw":"","hold":true,"repeat":-1}]'
	ask -n --deadline 1s hi
	failed 69 "$ALIAS: deadline exceeded; raise --deadline (deadline)"
	tried 1
	play <<<"[{$STREAM,\"cut_at\":400,\"hold\":true,\"repeat\":-1}]"
	ask -n --deadline 1s --json hi
	[ "$rc" -eq 69 ]
	grep -q '"error":{"class":"deadline","message":"[^"]*","service_message":null,"retry_at":null}}$' out
	grep -q '^{"ok":false,' out
	GM_DEADLINE=1 ask -n hi
	[ "$rc" -eq 69 ]
	tried 2
}

@test "the deadline ends a retry after a silent request" {
	serve
	play <<<'[{"refusal":"overloaded"},{"raw":"","hold":true,"repeat":-1}]'
	ask -n --deadline 1s hi
	failed 69 "$ALIAS: deadline exceeded; raise --deadline (deadline); before: $ALIAS: overloaded; try again later (HTTP 503, overloaded)"
	tried 2
}

@test "the deadline ends the wait for standard input: 69, nothing is sent" {
	serve
	mkfifo fifo
	exec 7<>fifo
	gm --deadline 300ms hi <fifo
	exec 7>&-
	failed 69 'standard input: deadline exceeded'
	unsent
}

@test "the deadline ends a name that is not found and a connection not made" {
	preload dns
	export GEMINI_API_KEY=$GOOD_KEY GOOGLE_GEMINI_BASE_URL=https://gm.test
	LD_PRELOAD=$LIBRARY FAKE_DNS=silent ask -n --deadline 300ms hi
	failed 69 "$ALIAS: deadline exceeded; raise --deadline (deadline)"
	helper listen full
	GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:$PORT ask -n --deadline 300ms hi
	failed 69 "$ALIAS: deadline exceeded; raise --deadline (deadline)"
}

@test "the deadline ends an answer that never does" {
	serve
	play <<<'[{"generate":{"bytes":1000000000000},"repeat":-1}]'
	rc=0
	timeout 60 gm-prompt -n --deadline 1s -S hi >/dev/null 2>err || rc=$?
	[ "$rc" -eq 69 ]
	# It may be noticed here or there.
	same <(sed 's/: standard output: \(.*\)$/: '"$ALIAS"': \1; raise --deadline (deadline)/' err) \
	    "gm-prompt: $ALIAS: deadline exceeded; raise --deadline (deadline)
"
}

@test "the deadline ends writing to a reader that does not read" {
	serve
	play <<<'[{"generate":{"bytes":10000000},"repeat":-1}]'
	mkfifo fifo
	exec 7<>fifo
	rc=0
	timeout 60 gm-prompt -n --deadline 1s -S hi >fifo 2>err || rc=$?
	exec 7>&-
	[ "$rc" -eq 69 ]
	same err 'gm-prompt: standard output: deadline exceeded
'
}

@test "a quota error without end, with a hint of no use, is given up" {
	script <<-'E'
	[{"refusal": "quota_minute", "retry_delay": "0.001s", "repeat": -1}]
	E
	serve
	run -75 --separate-stderr timeout 60 gm-prompt -n --max-wait 3 hi
	[ -z "$output" ]
	[ "$(requests)" -eq 4 ] # after 1 ms, 1 s and 2 s; 4 s is too long
}

@test "nothing is asked again once thoughts were streamed" {
	script <<-'E'
	[{"stream": [], "thoughts": ["First."], "finish": null},
	 {"stream": ["Yes."], "thoughts": ["Second."]}]
	E
	serve
	run -76 --separate-stderr gm-prompt -n --quiet -S --show-thoughts hi
	[ -z "$output" ]
	# shellcheck disable=SC2154 # run sets it
	[ "${stderr_lines[0]}" = "First." ]
	[ "$(requests)" -eq 1 ]
}
