# Several keys: which one a request goes out with, what is remembered of it, and
# what other processes make of that.  Most tests are named after what other
# programs that rotate keys got wrong.

# shellcheck disable=SC2016,SC2030,SC2031,SC2153
load net

# forget: what runs have learned is what these tests are about.
forget() {
	:
}

K0=fake-good-key-0000
K1=fake-good-key-0001
K2=fake-good-key-0002
NOTE='the key state is kept in memory only'

# keys KEY...: these, in this order; and nothing is known of them.
keys() {
	unset GEMINI_API_KEY
	GOOGLE_API_KEYS=$(IFS=, && echo "$*")
	export GOOGLE_API_KEYS
	STATE=$HOME/.local/state/gm
	rm -rf "$STATE"
	again
}

# three: a server, and three keys.
three() {
	serve
	keys "$K0" "$K1" "$K2"
}

# all_ended: what was put into the background; not the server.
all_ended() {
	local pid
	for pid in $(jobs -p); do
		[ "$pid" -eq "$SERVER" ] || wait "$pid" || :
	done
}

# For the end of a script: whatever is asked, there is the answer.
GOOD="{$STREAM,\"repeat\":-1}"

# with KEY MEMBERS: a reply for this key alone, for ever.
with() {
	printf '{"when":{"key":"%s"},%s,"repeat":-1}' "$1" "$2"
}

# asked DIGITS: the last digits of the keys of all requests since "again".
asked() {
	local n seen=
	for ((n = BEFORE + 1; n <= $(requests); n++)); do
		seen+=$(tr -d '\r' <"$DIR/request.$n" |
		    sed -n 's/^x-goog-api-key: .*\(.\)$/\1/p')
	done
	[ "$seen" = "$1" ] || {
		echo "asked with the keys '$seen' in place of '$1'"
		return 1
	}
}

# answered: the whole answer, and not a word beside it.
answered() {
	said 0 "$ANSWER
" ''
}

# stamp SECONDS: a time so far from now, as the state has them.
stamp() { # SECONDS [NOW]
	[ "$1" = forever ] && echo forever && return
	date -u -d "@$((${2-$(date +%s)} + $1))" +%Y-%m-%dT%H:%M:%S.000Z
}

# mark KEY MODEL CLASS SINCE UNTIL [FAILURES]: write into the state what another
# process has learnt; times are seconds from now.  A KEY of one word without
# "fake" is the id itself, such as label:work.
mark() {
	local id=$1 now
	now=$(date +%s) # one for both, however long this takes
	mkdir -p "$STATE"
	chmod 700 "$STATE"
	[ -e "$STATE/salt" ] || printf '%064d\n' 7 >"$STATE/salt"
	[ -e "$STATE/keys" ] || echo '# gm keys, version 2:' >"$STATE/keys"
	[[ $id != fake* ]] || id=$(printf '%s%s' "$(cat "$STATE/salt")" "$1" |
	    sha256sum | cut -c 1-32)
	printf '%10d %6d %6d %-24s %-24s %-24s %s %s - %s %s %s %s:%s because\n' \
	    0 0 "${6:-1}" - - - "$id" "$2" "$3" "$(stamp "$4" "$now")" \
	    "$(stamp "$5" "$now")" "${URL%:*}" "${URL##*:}" >>"$STATE/keys"
}

# known KEY MODEL: class, failures and requests that the state has of it.
known() {
	local id=$1
	[[ $id != fake* ]] || id=$(printf '%s%s' "$(cat "$STATE/salt")" "$1" |
	    sha256sum | cut -c 1-32)
	awk -v id="$id" -v model="$2" \
	    '$7 == id && $8 == model { print $10, $3, $1 }' "$STATE/keys"
}

# marks: how many rows say that something is wrong.
marks() {
	awk '!/^#/ && $10 != "ok"' "$STATE/keys" | wc -l
}

# clean: nothing is held against any key.
clean() {
	[ "$(marks)" -eq 0 ] && awk '!/^#/ && $3 != 0 { exit 1 }' "$STATE/keys"
}

# rests FROM TO: retry_at in the JSON is so many seconds ahead.
rests() {
	local at
	at=$(date -u -d "$(jq -r .error.retry_at out)" +%s)
	at=$((at - $(date +%s)))
	if [ "$at" -lt $(($1 - 5)) ] || [ "$at" -gt $(($2 + 1)) ]; then
		echo "rests for $at s in place of $1 to $2"
		return 1
	fi
}

# midnight TIME: it is one in California.
midnight() {
	[ "$(TZ='PST8PDT,M3.2.0,M11.1.0' date -d "$1" +%T)" = 00:00:00 ]
}

# told: what was said on standard error, with each time as TIME.
told() {
	sed -E 's/until ([0-9]{4}-[0-9-]*T)?[0-9:]*Z \([0-9dhmins ]+\)/until TIME/g' err
}

# --- 429

@test "rotation at once on 429: no wait, no word, and the next process knows" {
	three
	play <<<"[$(with $K0 '"refusal":"quota_day"'),$GOOD]"
	ask -n hi
	answered
	asked 01
	# One request, with the key that is good.
	again
	ask -n hi
	answered
	asked 1
}

@test "with -v each attempt is told, with its key" {
	three
	play <<<"[$(with $K0 '"refusal":"quota_minute"'),$GOOD]"
	ask -nv hi
	[ "$rc" -eq 0 ]
	same <(sed 's/ Please.*//' err) "gm-prompt: attempt 1: key 0 (...0000): rate-limited; wait, or add keys of another project (HTTP 429, quota_minute): Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 5, model: $ALIAS
"
	again
	ask -n --json hi
	same <(jq -c '[.key_index, .attempts[].key_index, .attempts[].class]' out) \
	    '[1,1,"ok"]
'
}

@test "the later of two deadlines counts, whichever comes last" {
	local first second
	serve
	for first in 300 1; do
		second=$((301 - first))
		keys "$K0" "$K1"
		rm -f "$DIR/first" "$DIR/second"
		play <<-E
		[{"when":{"key":"$K0"},"refusal":"quota_minute","retry_delay":"${first}s","gate":"first"},
		 {"when":{"key":"$K0"},"refusal":"quota_minute","retry_delay":"${second}s","gate":"second"},
		 $(with $K0 '"refusal":"quota_minute","retry_delay":"1s"'),$GOOD]
		E
		timeout 60 gm-prompt -n hi >a 2>&1 &
		wait_for "tried 1 >/dev/null"
		timeout 60 gm-prompt -n hi >b 2>&1 &
		wait_for "tried 2 >/dev/null"
		touch "$DIR/first"
		wait_for "tried 3 >/dev/null"
		touch "$DIR/second"
		all_ended
		same a "$ANSWER
"
		same b "$ANSWER
"
		# What is left of 300 s; two requests at once count once.
		[ "$(known $K0 "$ALIAS")" = 'quota_minute 1 2' ]
		again
		ask -n -k 0 --json hi
		[ "$rc" -eq 75 ]
		rests 290 300
		tried 0
	done
}

@test "a day's quota with a short hint doubles its rest on each repeat" {
	local -i before
	serve
	at_noon
	keys "$K0"
	play <<<"[$(with $K0 '"refusal":"quota_day","retry_delay":"0.9s"')]"
	ask -n --max-wait 0 --json hi
	[ "$rc" -eq 75 ]
	rests 60 60
	for before in 60 240; do
		rm "$STATE/keys"
		mark "$K0" "$ALIAS" quota_day -$((before + 1)) -1 2
		ask -n --max-wait 0 --json hi
		[ "$rc" -eq 75 ]
		rests $((2 * before)) $((2 * before))
		[ "$(known $K0 "$ALIAS")" = 'quota_day 3 1' ]
	done
	tried 3
}

@test "a day's quota never rests past midnight in California" {
	serve
	keys "$K0"
	play <<<"[$(with $K0 '"refusal":"quota_day","retry_delay":"90000s"')]"
	ask -n --max-wait 0 --json hi
	[ "$rc" -eq 75 ]
	rests 0 90000
	midnight "$(jq -r .error.retry_at out)"
}

@test "limit 0: until midnight in California, and of this model alone" {
	serve
	keys "$K0" "$K1"
	play <<-E
	[{"when":{"path":"gemini-3.8-flash"},"refusal":"quota_none","repeat":-1},$GOOD]
	E
	ask -n --json -m gemini-3.8-flash hi
	[ "$rc" -eq 75 ]
	asked 01
	midnight "$(jq -r .error.retry_at out)"
	[ "$(jq -r .error.class out)" = quota_none ]
	again
	ask -n -m gemini-3.6-flash hi
	answered
	asked 0
}

# of LIST [argument...]: a request with this list of keys.
of() {
	GOOGLE_API_KEYS=$1 ask -n "${@:2}" hi
	answered
}

@test "two lists in turn: each keeps its key, and the file is not replaced" {
	local a=$K0,$K1 b
	serve
	play <<<"[$(with $K0 '"refusal":"quota_day"'),$GOOD]"
	# Other keys, the same in another order, some in common, one alone.
	for b in "fake-good-key-0005,$K2" "$K1,$K0" "$K0,$K2,$K1" "$K2"; do
		keys
		of "$a"
		[[ $b != *,* ]] || GOOGLE_API_KEYS=$b gm-rotate >/dev/null
		of "$b"
		of "$a"
		# The link keeps the inode, so that no other file can get it.
		ln -f "$STATE/keys" known
		again
		for n in 1 2 3; do
			of "$a"
			of "$b"
		done
		case $b in
		"$K1,$K0") asked 111111 ;;
		*) asked 121212 ;;
		esac
		[ known -ef "$STATE/keys" ]
		[ "$(grep -c ' current:' known)" -le 2 ]
	done
}

@test "a burst over all keys is one cooldown of the service, no key is rejected" {
	three
	play <<<'[{"refusal":"quota_minute","retry_delay":"1s","repeat":3},'"$GOOD]"
	ask -n hi
	same out "$ANSWER
"
	[[ $(cat err) =~ ^'gm-prompt: rate-limited: waiting '(0.[0-9]|1.[01])' s for key '[012]' (...000'[012]')'$ ]]
	asked 0122
	clean
	# While it lasts, all that is held against anything is the pause.
	play <<<'[{"refusal":"quota","repeat":3},'"$GOOD]"
	ask -n --max-wait 1 --json hi
	[ "$rc" -eq 75 ]
	rests 60 60
	[ "$(grep -c ' service:.* quota_minute ' "$STATE/keys")" -eq 1 ]
	[ "$(marks)" -eq 1 ]
	again
	ask -n --max-wait 1 hi
	[ "$rc" -eq 75 ]
	tried 0
}

@test "a burst over all keys of a list is no pause of another list" {
	local b
	serve
	for b in "$K2" "$K0,$K1,$K2" "fake-good-key-0005,$K2"; do
		play <<-E
		[$(with $K0 '"refusal":"quota"'),$(with $K1 '"refusal":"quota"'),$GOOD]
		E
		keys "$K0" "$K1"
		ask -n --max-wait 1 hi
		[ "$rc" -eq 75 ]
		asked 01
		of "$b"
		# The answer ends no cooldown but its own.
		again
		ask -n --max-wait 1 hi
		[ "$rc" -eq 75 ]
		tried 0
		gm-rotate --status -v >out
		[ "$(grep -c '^-' out)" -eq 1 ]
		GOOGLE_API_KEYS=$b gm-rotate --status -v >out
		[ "$(grep -c '^-' out)" -eq 0 ]
	done
}

@test "all cooling: 75 and the earliest time, in the line and the JSON" {
	local at
	three
	at_noon
	play <<<"[$(with $K0 '"refusal":"quota_day"'),$(with $K1 '"refusal":"quota_minute","retry_delay":"30s"'),$(with $K2 '"refusal":"quota_day","retry_delay":"90s"')]"
	ask -n --max-wait 1 --json hi
	[ "$rc" -eq 75 ]
	asked 012
	rests 30 30
	same <(told | sed 's/ Please.*//') 'gm-prompt: all keys have exhausted their daily quota until TIME; wait, or enable billing (HTTP 429, quota_day)
'
	at=$(jq -r .error.retry_at out)
	grep -qE "until (${at%T*}T)?${at#*T} \\([0-9]+ s\\)" err
	same <(jq -c '[.ok, .error.class, .key_index, (.attempts | length)]' out) \
	    '[false,"quota_day",2,3]
'
	# The next one says so without asking anybody.
	again
	ask -n --max-wait 1 --json hi
	[ "$rc" -eq 75 ]
	tried 0
	rests 30 30
	same <(told | sed 's/ Please.*//') 'gm-prompt: all keys are rate-limited until TIME; --ignore-cooldown tries anyway (quota_minute)
'
	same <(jq -c '[.error.class, .key_index, .attempts, .model]' out) \
	    "[\"quota_minute\",null,[],\"$ALIAS\"]
"
}

@test "one cooling, the others refused: 75, as one comes back" {
	three
	play <<<"[$(with $K0 '"refusal":"key_invalid"'),$(with $K1 '"refusal":"quota_day"'),$(with $K2 '"refusal":"key_leaked"')]"
	ask -n --max-wait 1 hi
	[ "$rc" -eq 75 ]
	same <(told) 'gm-prompt: no usable key until TIME: 1 key cooling down, 2 rejected; gm-keycheck shows the reason for each (HTTP 403, key_leaked)
'
	asked 012
}

@test "the earliest key is waited for if it fits --max-wait" {
	three
	play <<<"[$(with $K0 '"refusal":"quota_day"'),{\"when\":{\"key\":\"$K1\"},\"refusal\":\"quota_minute\",\"retry_delay\":\"0.5s\"},$(with $K2 '"refusal":"quota_day"'),$GOOD]"
	ask -n --max-wait 5 hi
	same out "$ANSWER
"
	[[ $(cat err) =~ ^'gm-prompt: rate-limited: waiting 0.'[0-9]' s for key 1 (...0001)'$ ]]
	asked 0121
}

# --- faults that are no key's

@test "a bad request never burns a key, nor tries another" {
	local refusal
	three
	for refusal in unknown_field invalid_argument context \
	    payload_too_large thinking mime_type body_too_large unimplemented; do
		play <<<"[{\"refusal\":\"$refusal\",\"repeat\":-1}]"
		ask -n hi
		[ "$rc" -eq 65 ]
		tried 1
		clean
	done
	play <<<"[$GOOD]"
	ask -n hi
	answered
	asked 0
}

@test "errors of server and network never count against a key" {
	local members
	three
	for members in '"refusal":"cancelled"' '"refusal":"server"' '"refusal":"overloaded"' '"refusal":"deadline"' '"refusal":"timeout"' \
	    '"refusal":"html"' '"refusal":"proxy"' '"refusal":"redirect"' '"refusal":"no_key"' '"refusal":"no_model"' '"raw":""' \
	    '"raw":"nonsense\r\n\r\n"' '"body":"<html>no</html>"' \
	    "$STREAM,\"cut_at\":300" '"status":429,"body":"<html>no</html>"'; do
		keys "$K0" "$K1" "$K2"
		play <<<"[{$members,\"repeat\":-1}]"
		ask -n --retries 2 --max-wait 1ms hi
		[ "$rc" -ne 0 ]
		case $members in
		*429*) continue ;; # a page: no key is refused, but all rest
		esac
		clean || {
			echo "after $members"
			return 1
		}
		# Nor is there a reason to try another.
		[[ $(requests) -eq $((BEFORE + 1)) ]] || asked 000
	done
	play <<<"[$GOOD]"
	again
	keys "$K0" "$K1" "$K2"
	ask -n hi
	answered
	asked 0
}

@test "a success resets the count of failures" {
	local kind
	serve
	at_noon
	for kind in with without; do
		keys "$K0"
		mark "$K0" "$ALIAS" quota_day -301 -1 3
		if [ $kind = with ]; then
			play <<<"[$GOOD]"
			ask -n hi
			answered
			clean
		fi
		play <<<'[{"refusal":"quota_day","repeat":-1}]'
		ask -n --max-wait 1 --json hi
		[ "$rc" -eq 75 ]
		if [ $kind = with ]; then
			rests 60 60
		else
			rests 600 600
		fi
	done
}

# --- keys that are refused

@test "each way to refuse a key leads to the next, and is remembered" {
	local refusal
	serve
	for refusal in key_invalid key_expired key_not_found unauthorized \
	    key_leaked referrer_blocked address_blocked app_blocked api_blocked \
	    api_disabled project_suspended billing_disabled permission \
	    no_credit; do
		keys "$K0" "$K1" "$K2"
		play <<<"[$(with $K0 "\"refusal\":\"$refusal\""),$GOOD]"
		ask -n hi
		answered
		asked 01
		[ "$(marks)" -eq 1 ]
		again
		ask -n hi
		answered
		asked 1
	done
}

@test "all dead: 77 at once, and the next time without asking" {
	three
	play <<<"[$(with $K0 '"refusal":"key_invalid"'),$(with $K1 '"refusal":"key_leaked"'),$(with $K2 '"refusal":"key_expired"')]"
	ask -n hi
	failed 77 'all keys are rejected: API key expired; gm-keycheck shows the reason for each (HTTP 400, key_expired)'
	asked 012
	again
	ask -n --json hi
	[ "$rc" -eq 77 ]
	tried 0
	same <(told) 'gm-prompt: all keys are rejected: API key expired; gm-keycheck shows the reason for each (key_expired)
'
	same <(jq -c '[.error.class, .error.retry_at, .key_index]' out) \
	    '["key_expired",null,null]
'
}

@test "a replaced key starts clean" {
	three
	play <<<"[$(with $K0 '"refusal":"key_leaked"'),$GOOD]"
	ask -n -k 0 hi
	[ "$rc" -eq 77 ]
	again
	GOOGLE_API_KEYS=fake-good-key-0009,$K1 ask -n hi
	answered
	asked 9
	# Nor does its place matter.
	again
	GOOGLE_API_KEYS=$K1,$K0 ask -n hi
	answered
	asked 1
}

@test "a leaked key stays dead; an invalid one is asked again after a day" {
	serve
	keys "$K0" "$K1"
	play <<<"[$GOOD]"
	mark "$K0" all key_leaked -900000 forever
	mark "$K1" all key_invalid -86401 -1
	ask -n hi
	answered
	asked 1
	[ "$(marks)" -eq 1 ]
	again
	ask -n -k 0 hi
	[ "$rc" -eq 77 ]
	same <(told) 'gm-prompt: key 0 (...0000): API key reported as leaked; delete it and create another, or --ignore-cooldown tries anyway (key_leaked)
'
	tried 0
}

@test "all dead: one is asked each hour, the one that was refused first" {
	three
	mark "$K0" all key_leaked -9000 forever
	mark "$K1" all key_invalid -7200 50000
	mark "$K2" all key_invalid -3700 50000
	play <<<'[{"refusal":"key_invalid","repeat":-1}]'
	ask -n hi
	[ "$rc" -eq 77 ]
	asked 1
	again
	ask -n hi
	[ "$rc" -eq 77 ]
	tried 0
	# An hour later it is the other's turn, and somebody has mended it.
	rm "$STATE/keys"
	mark "$K0" all key_leaked -9000 forever
	mark "$K1" all key_invalid -3601 50000
	mark "$K2" all key_invalid -7300 50000
	play <<<"[$GOOD]"
	ask -n hi
	answered
	asked 2
	[ "$(marks)" -eq 2 ]
	again
	ask -n hi
	answered
	asked 2
}

@test "a dead key that is tried and fails otherwise is not tried for ever" {
	local refusal
	serve
	for refusal in quota_minute quota_none server region; do
		keys "$K0" "$K1"
		mark "$K0" all key_invalid -7200 50000
		mark "$K1" all key_leaked -7200 forever
		play <<<"[{\"refusal\":\"$refusal\",\"retry_delay\":\"0.01s\",\"repeat\":-1}]"
		[ $refusal = quota_minute ] ||
			play <<<"[{\"refusal\":\"$refusal\",\"repeat\":-1}]"
		ask -n --max-wait 1ms hi
		[ "$rc" -eq 77 ]
		asked 0
	done
}

@test "16 processes find all keys dead: one of them asks" {
	local n
	serve
	keys "$K0" "$K1"
	mark "$K0" all key_invalid -7200 50000
	mark "$K1" all key_invalid -7100 50000
	rm -f "$DIR/go"
	play <<<'[{"refusal":"key_invalid","gate":"go","repeat":-1}]'
	for ((n = 0; n < 16; n++)); do
		timeout 60 gm-prompt -n hi >"out.$n" 2>"err.$n" &
	done
	# The others end while it is under way.
	wait_for '[ "$(cat err.* | wc -l)" -eq 15 ]'
	touch "$DIR/go"
	all_ended
	asked 0
	[ "$(cat out.*)" = '' ]
}

# --- where we are

@test "a place that is not served: no key is marked, one other is tried" {
	three
	play <<<'[{"refusal":"region","repeat":-1}]'
	ask -n hi
	failed 77 "$URL: not available in your region; use a supported region, or enable billing (HTTP 400, region)"
	asked 01
	clean
	# Of another project.
	keys "work:$K0" "work:$K1" "$K2"
	ask -n hi
	[ "$rc" -eq 77 ]
	asked 02
	clean
	# One that pays may be served.
	play <<<"[$(with $K0 '"refusal":"region"'),$GOOD]"
	keys "work:$K0" "work:$K1" "$K2"
	ask -n hi
	answered
	asked 02
	# Whatever the other one says, it is the last.
	play <<<"[$(with $K0 '"refusal":"region"'),$(with $K1 '"refusal":"quota_minute"'),$GOOD]"
	keys "$K0" "$K1" "$K2"
	ask -n hi
	[ "$rc" -eq 75 ]
	asked 01
	play <<<"[$(with $K0 '"refusal":"region"'),$GOOD]"
	keys "work:$K0" "work:$K1" "$K2"
	# With -k there is no other.
	again
	ask -n -k 0 hi
	[ "$rc" -eq 77 ]
	asked 0
}

# --- projects

@test "keys of one label share a quota" {
	serve
	keys "work:$K0" "work:$K1" "$K2"
	play <<<"[$(with $K0 '"refusal":"quota_day"'),$GOOD]"
	ask -n hi
	answered
	asked 02
	[ "$(known label:work "$ALIAS")" = 'quota_day 1 1' ]
	# Not a bad key.
	keys "work:$K0" "work:$K1" "$K2"
	play <<<"[$(with $K0 '"refusal":"key_invalid"'),$GOOD]"
	ask -n hi
	answered
	asked 01
}

@test "keys that the service shows to be of one project share a quota" {
	local words="\"refusal\":\"server\",\"message\":\"No luck for 'project_number:7'.\""
	three
	play <<-E
	[{"when":{"key":"$K0"},$words},{"when":{"key":"$K1"},$words},
	 $(with $K0 '"refusal":"quota_day"'),$GOOD]
	E
	ask -n -k 1 --max-wait 1ms hi
	answered
	ask -n --max-wait 1ms hi
	answered
	asked 11002
	[ "$(known project:7 "$ALIAS")" = 'quota_day 1 3' ]
	again
	ask -n -k 1 hi
	[ "$rc" -eq 75 ]
	tried 0
}

# --- several models

@test "several models: the next one when one is gone" {
	three
	play <<-E
	[{"when":{"path":"/gemini-a:"},"refusal":"no_model","repeat":-1},
	 {"when":{"path":"/gemini-b:"},"refusal":"model_gone","repeat":-1},$GOOD]
	E
	export GEMINI_MODEL='gemini-a, gemini-b,gemini-c'
	ask -n --json --log-file log hi
	[ "$rc" -eq 0 ]
	same err ''
	asked 000
	clean
	same <(jq -c '[.model, .key_index, [.attempts[] | .model, .class]]' out) \
	    '["gemini-c",0,["gemini-a","model_gone","gemini-b","model_gone","gemini-c","ok"]]
'
	same <(jq -c '[.model, .attempts, .class]' log) '["gemini-c",3,"ok"]
'
	# None is left: what is wrong with the last one.
	play <<<'[{"refusal":"no_model","repeat":-1}]'
	ask -n -m gemini-a,gemini-b hi
	[ "$rc" -eq 78 ]
	[[ $(cat err) == 'gm-prompt: gemini-b: no such model; gm-models lists the models (HTTP 404, model_gone)' ]]
	tried 2
}

@test "several models: the next one when one stays overloaded" {
	three
	play <<-E
	[{"when":{"path":"/gemini-a:"},"refusal":"overloaded","repeat":-1},$GOOD]
	E
	GEMINI_MODEL=gemini-a,gemini-b ask -nv --retries 2 --max-wait 1ms \
	    --json hi
	[ "$rc" -eq 0 ]
	asked 0000
	[ "$(jq -r .model out)" = gemini-b ]
	grep -qx 'gm-prompt: gemini-a: using gemini-b' err
	clean
	# Each has its own repeats.
	play <<<'[{"refusal":"overloaded","repeat":-1}]'
	GEMINI_MODEL=gemini-a,gemini-b ask -n --retries 2 --max-wait 1ms hi
	[ "$rc" -eq 69 ]
	tried 6
	# The network is not the model's.
	play <<<'[{"raw":"","repeat":-1}]'
	GEMINI_MODEL=gemini-a,gemini-b ask -n --retries 1 --max-wait 1ms hi
	[ "$rc" -eq 69 ]
	tried 2
}

@test "several models: first all keys, then the next model" {
	three
	play <<-E
	[{"when":{"path":"/gemini-a:"},"refusal":"quota_day","repeat":-1},$GOOD]
	E
	GEMINI_MODEL=gemini-a,gemini-b ask -n --max-wait 1 hi
	answered
	asked 0120
	again
	GEMINI_MODEL=gemini-a,gemini-b ask -n --max-wait 1 hi
	answered
	asked 0
}

# --- options

@test "--key-index: this key and no other" {
	three
	play <<<"[$GOOD]"
	ask -n --key-index 2 hi
	answered
	asked 2
	# It moves nobody else.
	again
	ask -n hi
	answered
	asked 0
	# No rotation, no wait, though both are allowed.
	play <<<"[$(with $K1 '"refusal":"quota_minute","retry_delay":"20s"'),$GOOD]"
	ask -n -k 1 hi
	[ "$rc" -eq 75 ]
	same <(told | sed 's/ Please.*//') 'gm-prompt: key 1 (...0001): rate-limited until TIME; wait, or add keys of another project (HTTP 429, quota_minute)
'
	asked 1
	again
	ask -n -k 1 --json hi
	[ "$rc" -eq 75 ]
	tried 0
	rests 20 20
	mark "$K2" all key_invalid -60 50000
	ask -n -k 2 hi
	[ "$rc" -eq 77 ]
	same <(told) 'gm-prompt: key 2 (...0002): API key not valid; replace it, or --ignore-cooldown tries anyway (key_invalid)
'
	tried 0
	# Also when there was time to ask a dead one again.
	sed -i '/key_invalid/d' "$STATE/keys"
	mark "$K2" all key_invalid -7200 50000
	ask -n -k 2 hi
	[ "$rc" -eq 77 ]
	tried 0
}

@test "--key-index out of range: 64, nothing is sent" {
	local n
	three
	for n in 3 99999; do
		ask -n -k $n hi
		usage "--key-index: no key has index $n; the last one has 2"
	done
	for n in -1 1.5 x 100000; do
		ask -n --key-index=$n hi
		[ "$rc" -eq 64 ]
	done
	unsent
}

@test "--ignore-cooldown: what was known is not heeded, what comes is" {
	three
	mark "$K0" "$ALIAS" quota_day -60 3000
	mark "$K1" all key_leaked -60 forever
	play <<<"[$GOOD]"
	ask -n --ignore-cooldown hi
	answered
	asked 0
	[ "$(known $K0 "$ALIAS")" = 'ok 0 1' ]
	# Each is asked once, however long it was to rest.
	keys "$K0" "$K1" "$K2"
	mark "$K0" "$ALIAS" quota_none -60 90000
	mark "$K1" all key_leaked -60 forever
	mark "$K2" "$ALIAS" quota_day -60 80000
	play <<<"[$(with $K0 '"refusal":"quota_minute","retry_delay":"1s"'),$(with $K1 '"refusal":"key_leaked"'),{\"refusal\":\"quota_day\",\"retry_delay\":\"1s\",\"repeat\":-1}]"
	ask -n --ignore-cooldown --max-wait 3 hi
	[ "$rc" -eq 75 ]
	asked 012
}

@test "GM_POLICY: sticky stays on a key, round-robin takes turns" {
	local n
	three
	play <<<"[$GOOD]"
	for n in 1 2 3; do
		ask -n hi
		answered
	done
	asked 000
	keys "$K0" "$K1" "$K2"
	export GM_POLICY=round-robin
	for n in 1 2 3 4 5 6; do
		ask -n hi
		answered
	done
	asked 012012
	# Who fails is left out.
	play <<<"[{\"when\":{\"key\":\"$K1\"},\"refusal\":\"quota_day\"},$GOOD]"
	for n in 1 2 3 4; do
		ask -n hi
		answered
	done
	asked 01202
	GM_POLICY=random ask -n hi
	failed 78 'environment: GM_POLICY: not sticky or round-robin'
}

@test "GM_RPD: no more than that on a day, then the next key" {
	serve
	at_noon
	keys "$K0" "$K1"
	play <<<"[$GOOD]"
	export GM_RPD=2
	for n in 1 2 3 4; do
		ask -n hi
		answered
	done
	asked 0011
	again
	ask -n --json hi
	[ "$rc" -eq 75 ]
	tried 0
	midnight "$(jq -r .error.retry_at out)"
	same <(told) 'gm-prompt: all keys have exhausted their daily quota until TIME; wait, or raise GM_RPD (quota_day)
'
	# Another model has its own count; a day that is over has none.
	ask -n -m gemini-3.8-flash hi
	[ "$rc" -eq 0 ]
	sed -i '/^#/!s/^\( *[0-9]*\)  *[0-9]* /\1      1 /' "$STATE/keys"
	ask -n hi
	answered
}

# --- many processes

@test "GM_RPM: 16 processes keep the pace, and lose nothing" {
	local n start
	serve
	keys "$K0"
	at_noon
	play <<<"[$GOOD]"
	# The clock of files is not ahead.
	touch start
	start=$(date -r start +%s%N)
	# 20 a second: a turn each 50 ms.
	export GM_RPM=1200
	for ((n = 0; n < 16; n++)); do
		(for _ in 1 2 3; do
			timeout 60 gm-prompt -n hi
		done) >"out.$n" 2>"err.$n" &
	done
	all_ended
	[ "$(cat err.*)" = '' ]
	[ "$(cat out.* | grep -cx "$ANSWER")" -eq 48 ]
	tried 48
	[ "$(known $K0 "$ALIAS")" = 'ok 0 48' ]
	# Each is sent in its turn or later, so the n-th cannot come earlier
	# than n turns after the start, however fast or slow we are.
	for ((n = 1; n <= 48; n++)); do
		date -r "$DIR/request.$n" +%s%N
	done | sort -n | awk -v start="$start" '{
		late = ($1 - start) / 1e6
		if (late < (NR - 1) * 50 - 20) {
			print "request " NR " came after " late " ms"
			exit 1
		}
	}'
	# The last turn, as the state has it.
	n=$(date -d "$(awk '!/^#/ && $3 == 0 { print $5; exit }' "$STATE/keys")" \
	    +%s%N)
	((n -= FAKE_CLOCK * 1000000000, 1))
	[ $(((n - start) / 1000000)) -ge $((47 * 50 - 1)) ]
}

@test "marks of processes that end at once are all there" {
	local n list=()
	serve
	for ((n = 10; n < 26; n++)); do
		list+=("fake-good-key-00$n")
	done
	keys "${list[@]}"
	rm -f "$DIR/go"
	play <<<'[{"refusal":"quota_day","gate":"go","repeat":-1}]'
	for ((n = 0; n < 16; n++)); do
		timeout 60 gm-prompt -n -k $n hi >/dev/null 2>&1 &
	done
	wait_for "tried 16 >/dev/null"
	touch "$DIR/go"
	all_ended
	[ "$(marks)" -eq 16 ]
	for ((n = 0; n < 16; n++)); do
		[ "$(known "${list[n]}" "$ALIAS")" = 'quota_day 1 1' ]
	done
	again
	ask -n --max-wait 1 hi
	[ "$rc" -eq 75 ]
	tried 0
}

@test "what one process learns the next one knows, though the first still runs" {
	local pid
	three
	rm -f "$DIR/go"
	play <<-E
	[$(with $K0 '"refusal":"quota_day"'),{"when":{"key":"$K1"},$STREAM,"gate":"go"},$GOOD]
	E
	timeout 60 gm-prompt -n hi >a 2>&1 &
	pid=$!
	wait_for "tried 2 >/dev/null"
	ask -n hi
	answered
	touch "$DIR/go"
	wait $pid
	same a "$ANSWER
"
	asked 011
}

@test "who waits for its turn hears what others learn meanwhile" {
	local pid
	three
	play <<<"[{\"when\":{\"key\":\"$K0\"},$STREAM},$(with $K0 '"refusal":"quota_day"'),$GOOD]"
	# Each project has a slot of its own, so that nothing waits.
	for _ in 0 1 2; do
		GM_RPM=15 ask -n hi
		answered
	done
	asked 012
	GM_RPM=15 timeout 60 gm-prompt -nv hi >a 2>b &
	pid=$!
	wait_for 'grep -q "^gm-prompt: GM_RPM: waiting [0-9.]* s" b'
	ask -n hi
	answered
	wait $pid
	same a "$ANSWER
"
	# It had been given key 0, but does not ask with it, which gives it back.
	asked 012012
	[ "$(known $K0 "$ALIAS")" = 'quota_day 1 2' ]
}

# paid HOURS: the tokens of the row that was used last are spent so long after
# its request was sent, as the state has it.
paid() {
	python3 - "$1" "$STATE/keys" <<-'E'
	import sys
	from datetime import datetime
	rows = [line.split() for line in open(sys.argv[2]) if line[0] != "#"]
	row = max((r for r in rows if r[5] != "-"), key=lambda r: r[3])
	sent, paid = (datetime.fromisoformat(row[i][:-1]) for i in (3, 5))
	late = (paid - sent).total_seconds() - int(sys.argv[1]) * 3600
	sys.exit(not 0 <= late < 60)
	E
}

@test "GM_TPM: processes share it, by what the service has counted" {
	serve
	keys "$K0"
	play <<<'[{"stream":["Forty-two."],"usage":{"promptTokenCount":600}},
	    {"stream":["Forty-two."],"repeat":-1,"usage":{
	    "promptTokenCount":600,"candidatesTokenCount":100,
	    "thoughtsTokenCount":20,"totalTokenCount":1320}}]'
	GM_TPM=1 ask -n hi
	[ "$rc" -eq 0 ]
	paid 10
	GM_TPM=1 ask -n --deadline 9h hi
	failed 69 "$ALIAS: no slot before the deadline; raise --deadline or GM_TPM (deadline)"
	[ "$(known $K0 "$ALIAS")" = 'ok 0 1' ]
	# Another project has its own; what tools add is only in the total.
	GM_TPM=1 GOOGLE_API_KEYS=$K0,$K1 ask -n --deadline 9h hi
	[ "$rc" -eq 0 ]
	paid 20
	asked 01
	# It does not hold for processes that do not set it.
	ask -n hi
	[ "$rc" -eq 0 ]
}

@test "a turn that is waited for in vain is given back" {
	local pid
	serve
	play <<<"[$GOOD]"
	keys "$K0"
	export GM_RPM=1
	ask -n hi
	answered
	gm-prompt -nv hi >out 2>err &
	pid=$!
	wait_for "grep -q 'GM_RPM: waiting' err"
	kill "$pid"
	wait "$pid" || :
	ask -n --deadline 50s hi
	[ "$rc" -eq 69 ]
	gm-prompt -nv hi >out 2>err &
	pid=$!
	wait_for "grep -q 'GM_RPM: waiting' err"
	kill "$pid"
	wait "$pid" || :
	# It is the first turn after the request that was sent.
	awk '/ waiting / { exit !($(NF - 1) <= 60) }' err
	tried 1
}

@test "the deadline bounds the wait for a turn: 69, and it is not taken" {
	local pid
	serve
	keys "$K0"
	play <<<"[$GOOD]"
	export GM_RPM=1
	ask -n hi
	answered
	ask -n --deadline 5s hi
	failed 69 "$ALIAS: no slot before the deadline; raise --deadline or GM_RPM (deadline)"
	[ "$(known $K0 "$ALIAS")" = 'ok 0 1' ]
	# No other wait does: --max-wait is for keys at rest.
	timeout 60 gm-prompt -nv --max-wait 0 hi >a 2>b &
	pid=$!
	wait_for 'grep -q "^gm-prompt: GM_RPM: waiting [56]" b'
	kill $pid
	wait $pid || [ $? -eq 143 ]
	tried 1
}

@test "the deadline holds while the state is locked: 69, no note" {
	serve
	keys "$K0"
	play <<<"[$GOOD]"
	ask -n hi
	answered
	hold "$STATE/keys.lock"
	ask -n --deadline 300ms hi
	release
	[ "$rc" -eq 69 ]
	same err "gm-prompt: $ALIAS: deadline exceeded; raise --deadline (deadline)
"
	tried 1
}

# --- what is not done

@test "nothing is repeated once output is given, though there are other keys" {
	local first='{"candidates":[{"content":{"parts":[{"text":"One, "}]}}]}'
	local error='{"error":{"code":429,"message":"requests per day"}}'
	three
	play <<<"[{\"stream\":[$first,$error]},$GOOD]"
	ask -n -S hi
	[ "$rc" -eq 75 ]
	same out $'One, \n'
	asked 0
	[ "$(known $K0 "$ALIAS")" = 'quota_day 1 1' ]
	# Held back, another key is free to answer.
	keys "$K0" "$K1" "$K2"
	play <<<"[{\"stream\":[$first,$error]},$GOOD]"
	ask -n hi
	answered
	asked 01
}

@test "keys go to no other host: not by a redirect, nor by another's marks" {
	local there url=$URL
	three
	url=$URL
	DIR=$BATS_TEST_TMPDIR/other python3 "$ROOT/tests/server/standin.py" \
	    --dir "$BATS_TEST_TMPDIR/other" >other.url 2>/dev/null 3>&- &
	HELPERS+=($!)
	wait_for "[ -s other.url ]"
	there=$(cat other.url)
	play <<<"[{\"refusal\":\"redirect\",\"location\":\"$there/v1beta/models\",\"repeat\":-1}]"
	ask -n hi
	[ "$rc" -eq 76 ]
	asked 0
	[ ! -e "$BATS_TEST_TMPDIR/other/request.1" ]
	# What one server says of the keys is nothing to another.
	play <<<'[{"refusal":"key_leaked","repeat":-1}]'
	ask -n hi
	[ "$rc" -eq 77 ]
	asked 012
	GOOGLE_GEMINI_BASE_URL=$there ask -n hi
	[ "$rc" -eq 0 ]
	[ -e "$BATS_TEST_TMPDIR/other/request.1" ]
	again
	GOOGLE_GEMINI_BASE_URL=$url/ ask -n hi
	[ "$rc" -eq 77 ]
	tried 0
}

# --- lists of keys

@test "bad lists of keys: 78, the position is named, the key not shown" {
	local list line
	serve
	unset GEMINI_API_KEY
	while IFS=$'\t' read -r list line; do
		GOOGLE_API_KEYS=$(printf '%b' "$list") ask -n hi
		failed 78 "environment: GOOGLE_API_KEYS: $line" || {
			echo "$list"
			return 1
		}
	done <<-E
	$K0,secret key	key 1: byte 7 is a blank; separate keys with commas
	$K0,,secr\\x01et	key 1: byte 5 is a control character; copy the key again
	se\\xc3\\xa9cret	key 0: byte 3 is not ASCII; copy the key again
	$K0,$K0,work:	key 2: a label without a key
	$(printf '%04097d' 0)	key 0: longer than 4096 bytes
	E
	unsent
	GOOGLE_API_KEYS=' , ,' ask -n hi
	[ "$rc" -eq 78 ]
	[[ $(cat err) == 'gm-prompt: no API key in '* ]]
}

@test "keys that come twice are dropped, with a note" {
	serve
	keys "$K0" "$K1" "$K0" "work:$K1"
	play <<<"[$(with $K0 '"refusal":"key_invalid"'),$(with $K1 '"refusal":"key_invalid"')]"
	ask -n hi
	[ "$rc" -eq 77 ]
	asked 01
	same <(head -n 1 err) 'gm-prompt: environment: GOOGLE_API_KEYS: 2 duplicate keys ignored
'
	ask -n -k 2 hi
	[ "$rc" -eq 64 ]
}

# --- the state

@test "a clock set back a year: no key rests for longer than 25 hours" {
	local at
	three
	mark "$K0" "$ALIAS" quota_day 31536000 31539600
	mark "$K1" all key_invalid 31536000 31622400
	mark "$K2" all key_leaked 31536000 forever
	play <<<"[$GOOD]"
	ask -n --json hi
	[ "$rc" -eq 75 ]
	tried 0
	rests 90000 90000
	# It stays at that, and does not begin anew each time.
	at=$(jq -r .error.retry_at out)
	ask -n --json hi
	[ "$(jq -r .error.retry_at out)" = "$at" ]
	same <(told) 'gm-prompt: no usable key until TIME: 1 key cooling down, 2 rejected; gm-keycheck shows the reason for each (quota_day)
'
	# A turn in the pace that is far ahead is none, either.
	keys "$K0"
	GM_RPM=1 ask -n hi
	answered
	sed -i "s/[0-9-]*T[0-9:.]*Z [0-9-]*T[0-9:.]*Z/$(stamp 31536000) $(stamp 31536000)/" \
	    "$STATE/keys"
	GM_RPM=60000 ask -n hi
	answered
}

# unwritable COMMAND...: where modes do not stop the superuser, without that.
unwritable() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --inh-caps=-all --bounding-set=-all "$@"
	else
		"$@"
	fi
}

# nowhere WHY [NOTES]: the keys rotate all the same; after NOTES there is one
# that the key state is not shared.
nowhere() {
	[ "$rc" -eq 0 ]
	same out "$ANSWER
"
	same err "${2-}gm-prompt: $NOTE: $1
"
	asked 01
	again
}

@test "no state directory to be had: one note, and the answer" {
	three
	play <<<"[$(with $K0 '"refusal":"quota_day"'),$GOOD]"
	GM_STATE_DIR=/proc/none/gm ask -n hi
	nowhere '/proc/none/gm: No such file or directory'
	echo file >file
	GM_STATE_DIR='file' ask -n hi
	nowhere 'file: Not a directory'
	GM_STATE_DIR=file/gm ask -n hi
	nowhere 'file/gm: Not a directory'
	mkdir open
	chmod 777 open
	GM_STATE_DIR=open ask -n hi
	nowhere 'open: writable by others'
	[ "$(ls -A open)" = '' ]
	(
		unset HOME
		ask -n hi
		nowhere 'no state directory; set GM_STATE_DIR'
	)
	again
	HOME='' ask -n hi
	nowhere 'no state directory; set GM_STATE_DIR'
	HOME=relative ask -n hi
	nowhere 'no state directory; set GM_STATE_DIR' \
	    $'gm-prompt: HOME: not an absolute path; ignored\n'
	[ ! -e relative ]
	GM_STATE_DIR='file' ask -n --quiet hi
	answered
}

@test "a state directory that is read-only: one note, and the answer" {
	three
	play <<<"[$(with $K0 '"refusal":"quota_day"'),$GOOD]"
	mkdir -m 500 new
	rc=0
	GM_STATE_DIR=new unwritable timeout 60 gm-prompt -n hi >out 2>err ||
	    rc=$?
	nowhere 'new/keys.lock: Permission denied'
	# The same where there is one already: it is read, at least.
	ask -n -k 1 hi
	again
	chmod 500 "$STATE"
	rc=0
	unwritable timeout 60 gm-prompt -n hi >out 2>err || rc=$?
	chmod 700 "$STATE"
	nowhere "$STATE/keys.new: Permission denied"
	[ "$(known $K1 "$ALIAS")" = 'ok 0 1' ]
	[ "$(ls -A "$STATE")" = $'keys\nkeys.lock\nsalt' ]
}

@test "a full disk while the state is written: one note, and the answer" {
	local before
	three
	play <<<"[$(with $K0 '"refusal":"quota_day"'),$GOOD]"
	ask -n -k 1 hi
	again
	before=$(cat "$STATE/keys")
	# No file may grow: pipes take what is said.
	rc=0
	{
		(ulimit -f 0 && exec timeout 60 gm-prompt -n hi) \
		    2> >(cat >err) || echo "status $?"
	} | cat >out
	wait_for '[ -s err ]'
	nowhere "$STATE/keys: File too large"
	[ "$(cat "$STATE/keys")" = "$before" ]
	[ "$(ls -A "$STATE")" = $'keys\nkeys.lock\nsalt' ]
}
