# gm-rotate: what it prints, what it makes of the shared state, and what the
# programs that it runs find.
#
# shellcheck disable=SC2016 # sh -c expands by itself
# shellcheck disable=SC2030,SC2031 # each test is a process of its own
# shellcheck disable=SC2154 # run sets stderr

load helper

KEYS=fake-good-key-0001,fake-good-key-0002,work:fake-good-key-0003
MODEL=gemini-flash-latest
rc=0

# rotate [argument...]: what it says goes to "out" and "err", its status to $rc.
rotate() {
	rc=0
	GOOGLE_API_KEYS=$KEYS timeout 60 gm-rotate "$@" >out 2>err || rc=$?
}

# said STATUS STDOUT STDERR: that, to the byte.
said() {
	[ "$rc" -eq "$1" ] || {
		echo "status $rc in place of $1"
		head -c 2000 out err
		return 1
	}
	same out "$2" && same err "$3"
}

# prints INDEX [argument...]: that, and nothing else.
prints() {
	rotate "${@:2}"
	said 0 "$1
" ''
}

# silent [argument...]: nothing is said, and all is well.
silent() {
	rotate "$@"
	said 0 '' ''
}

# usage TEXT [argument...]: a usage error with this text.
usage() {
	rotate "${@:2}"
	said 64 '' "gm-rotate: $1
Try 'gm-rotate --help'.
"
}

# until_time FILE: times, and how long until then, become TIME.
until_time() {
	sed -Ei 's/(20[0-9-]*T)?[0-9:]{8}Z( \([0-9a-z ]*\))?/TIME/g' "$1"
}

STATE() {
	echo "${GM_STATE_DIR:-$HOME/.local/state/gm}"
}

# table: the state without its comment: id, model, project, class, reason; keys
# as k0 ... k2, the row of the list $KEYS as "current", and with a time of the
# mark the seconds it lasts.
table() {
	local i=0 key salt id ids=() script=
	salt=$(cat "$(STATE)/salt")
	for key in ${KEYS//,/ }; do
		id=$(printf %s%s "$salt" "${key#*:}" | sha256sum | cut -c 1-32)
		ids+=("$id")
		script+="s/$id/k$((i++))/g;"
	done
	id=$({ printf %s "$salt" && printf '%s\0' "${ids[@]}"; } |
	    sha256sum | cut -c 1-32)
	script+="s/current:$id/current/;"
	sed "/^#/d; $script" "$(STATE)/keys" | while read -r requests day \
	    failures last slot tokens id model project class since until origin reason
	do
		: "$day" "$last" "$slot" "$tokens" "$failures" "$origin"
		[ "$until" = - ] || [ "$until" = forever ] ||
			until=$((($(date -d "$until" +%s%3N) - $(date -d \
			    "$since" +%s%3N)) / 1000))s
		echo "$id $model $project $requests $class $until $reason"
	done
}

# holds LINE...: the state is exactly that, in any order.
holds() {
	diff <(printf '%s\n' "$@" | sort) <(table | sort)
}

# ends: the class and the end of each mark.
ends() {
	awk '!/^#/ { print $10, $12 }' "$(STATE)/keys"
}

terminal() {
	python3 -B "$ROOT/tests/pty.py" "$@"
}

# --- choosing

@test "it moves on, round the ring, and all see it" {
	prints 1
	holds "current $MODEL k1 0 ok - -"
	prints 1 --peek
	prints 2
	prints 0
	prints 1
	holds "current $MODEL k1 0 ok - -"
	# Each model has a current key of its own.
	prints 0 --peek -m other,$MODEL
	prints 1 --model other
	holds "current $MODEL k1 0 ok - -" 'current other k1 0 ok - -'
}

@test "in the ring's order also where requests take turns" {
	export GM_POLICY=round-robin
	prints 1
	prints 2
	prints 0
	silent --mark 1 --class quota
	prints 2
}

@test "each list of keys has a current key of its own" {
	local list model=other
	prints 1
	for list in "$KEYS,fake-good-key-0004" \
	    fake-good-key-0003,fake-good-key-0002,fake-good-key-0001 \
	    fake-good-key-0005,fake-good-key-0006; do
		KEYS=$list prints 0 --peek
		KEYS=$list prints 1
		KEYS=$list prints 1 -m $model
		KEYS=$list prints 1 --current-index 0
		prints 1 --peek
		prints 0 --peek -m $model
	done
	prints 2
	for list in "$KEYS,fake-good-key-0004" \
	    fake-good-key-0005,fake-good-key-0006; do
		KEYS=$list prints 1 --peek
	done
	# What one says of a key all know; what is current each for itself.
	KEYS=fake-good-key-0005,fake-good-key-0006 silent --reset
	KEYS=fake-good-key-0005,fake-good-key-0006 prints 0 --peek
	prints 2 --peek
	silent --reset
	prints 0 --peek
	KEYS=$KEYS,fake-good-key-0004 prints 1 --peek
	KEYS=$KEYS,fake-good-key-0004 rotate --status
	[ "$(cut -f 1,4 out)" = "0	-
1	*
2	-
3	-" ]
}

@test "the row of a list that is not used any more goes after 8 days" {
	local old='2020-01-01T00:00:00.000Z'
	prints 1
	KEYS=fake-good-key-0005,fake-good-key-0006 prints 1
	[ "$(grep -c ' current:' "$(STATE)/keys")" -eq 2 ]
	# Both were used long ago; that of an older version was for all lists.
	sed -i "/^#/!s/[^ ]*Z - /$old - /" "$(STATE)/keys"
	sed -n 's/current:[^ ]*/current/; $p' "$(STATE)/keys" >line
	cat line >>"$(STATE)/keys"
	[ "$(grep -c " current.* $old - " "$(STATE)/keys")" -eq 3 ]
	rotate -- true
	said 0 '' ''
	holds "current $MODEL k1 0 ok - -" "k1 $MODEL - 1 ok - -"
	[ "$(grep -cF "$old" "$(STATE)/keys")" -eq 0 ]
}

@test "another tool goes on with the key that was chosen" {
	serve
	unset GEMINI_API_KEY
	export GOOGLE_API_KEYS=$KEYS
	prints 1
	gm-prompt -n hi >out
	[[ $(cat "$DIR/request.1") == *'x-goog-api-key: fake-good-key-0002'* ]]
}

@test "keys that may not be used are passed by; the only one stays" {
	silent --mark 1 --class key_expired
	prints 2
	prints 0
	silent --mark 2 --class quota_day
	prints 0
	prints 0
	prints 0 --current-index 0
	silent --reset 2
	prints 2
}

@test "--current-index: moves on from that key only" {
	prints 1 --current-index 0
	prints 1 --current-index 0
	prints 1 --current-index 2
	holds "current $MODEL k1 0 ok - -"
	prints 2 --current-index 1
	holds "current $MODEL k2 0 ok - -"
}

@test "--current-index: 16 at once rotate once" {
	export GOOGLE_API_KEYS=$KEYS
	seq 16 | xargs -P 16 -n 1 sh -c 'exec gm-rotate --current-index 0' \
	    >out 2>err
	same err ''
	[ "$(sort out | uniq -c | tr -s ' ')" = ' 16 1' ]
	holds "current $MODEL k1 0 ok - -"
}

@test "16 at once without it: each moves on" {
	export GOOGLE_API_KEYS=$KEYS
	seq 16 | xargs -P 16 -n 1 sh -c 'exec gm-rotate' >out 2>err
	same err ''
	[ "$(sort out | uniq -c | tr -s ' ')" = ' 5 0
 6 1
 5 2' ]
}

@test "--peek: moves nothing" {
	silent --mark 0 --class quota_minute
	cp -r "$(STATE)" before
	prints 1 --peek
	prints 1 --peek
	rotate --peek --json
	diff -r before "$(STATE)"
	prints 1
}

@test "no key that may be used: 75 and when, or 77" {
	local mode
	KEYS=fake-good-key-0001,fake-good-key-0002
	silent --mark 0 --class quota_minute --for 10m
	silent --mark 1 --class key_invalid
	for mode in '' --peek '--current-index 0' '--current-index 1' \
	    --print-key '-- true'; do
		# shellcheck disable=SC2086 # words
		rotate $mode
		until_time err
		said 75 '' 'gm-rotate: no usable key until TIME: 1 key cooling down, 1 rejected; gm-keycheck shows the reason for each (quota_minute)
'
	done
	rotate -k 1
	sed -i 's/20[-0-9T:]*Z/TIME/g' err
	said 77 '' 'gm-rotate: key 1 (...0002): API key not valid; replace it, or gm-rotate --reset clears the mark (key_invalid)
'
	rotate --key-index 0
	until_time err
	said 75 '' 'gm-rotate: key 0 (...0001): rate-limited until TIME; gm-rotate --reset clears the mark (quota_minute)
'
	silent --reset 0
	prints 0 --key-index 0
	silent --mark 0 --class key_leaked
	rotate --peek
	sed -i 's/20[-0-9T:]*Z/TIME/g' err
	said 77 '' 'gm-rotate: all keys are rejected: API key reported as leaked; gm-keycheck shows the reason for each (key_leaked)
'
}

@test "--json: the choice, and why there is none" {
	KEYS=fake-good-key-0001,fake-good-key-0002
	rotate --json
	said 0 "{\"ok\":true,\"model\":\"$MODEL\",\"index\":1,\"key\":\"...0002\",\"error\":null}
" ''
	silent --mark 0 --class quota
	silent --mark 1 --class key_rejected
	rotate --json
	[ "$rc" -eq 75 ]
	until_time out
	same out "{\"ok\":false,\"model\":\"$MODEL\",\"index\":null,\"key\":null,\"error\":{\"class\":\"quota\",\"message\":\"no usable key until TIME: 1 key cooling down, 1 rejected; gm-keycheck shows the reason for each (quota)\",\"service_message\":null,\"retry_at\":\"TIME\"}}
"
	[ "$(wc -l <err)" -eq 1 ]
}

@test "-k, --key-index: that key, and nothing is moved" {
	prints 2 -k 2
	prints 2 -k 2 --peek
	prints 0 --peek
	[ ! -e "$(STATE)/keys" ]
	usage '--key-index: no key has index 3; the last one has 2' -k 3
}

@test "--print-key: the key itself, and never to a terminal" {
	rotate --print-key
	said 0 'fake-good-key-0002
' ''
	rotate --peek --print-key
	said 0 'fake-good-key-0002
' ''
	rotate --print-key --current-index 1
	said 0 'fake-good-key-0003
' ''
	export GOOGLE_API_KEYS=$KEYS
	rc=0
	terminal -f 1 gm-rotate --print-key >out 2>err || rc=$?
	said 64 '' "gm-rotate: --print-key: never to a terminal; write to a pipe or a file
Try 'gm-rotate --help'.
"
	prints 2 --peek
}

# --- saying

@test "--mark, --class: each class where it belongs, for as long as is usual" {
	local class
	for class in key_invalid:86400s key_expired:86400s key_leaked:forever \
	    key_restricted:86400s key_rejected:3600s; do
		silent --mark 0 --class "${class%:*}"
		holds "k0 all - 0 ${class/:/ } marked by gm-rotate"
		silent --reset
	done
	for class in project_blocked:3600s project_denied:3600s \
	    no_credit:3600s quota_spend:600s; do
		silent --mark 2 --class "${class%:*}"
		holds "label:work all - 0 ${class/:/ } marked by gm-rotate"
		silent --reset
	done
	for class in quota_minute:60s quota_day:60s quota:60s \
	    forbidden:300s; do
		silent --mark 2 --class "${class%:*}" -m some
		holds "label:work some - 0 ${class/:/ } marked by gm-rotate"
		silent --reset
	done
	silent --mark 2 --class quota_search -m some
	holds 'label:work some+search - 0 quota_search 60s marked by gm-rotate'
	silent --reset
	silent --mark 1 --class quota_none
	[[ $(table) == "k1 $MODEL - 0 quota_none "*'s marked by gm-rotate' ]]
}

@test "--mark --class ok: as after a good reply" {
	silent --mark 0 --class quota
	silent --mark 0 --class key_invalid
	silent --mark 1 --class quota
	silent --mark 0 --class ok
	holds "k1 $MODEL - 0 quota 60s marked by gm-rotate"
}

@test "--for: how long; a mark that ends later stays" {
	silent --mark 0 --class quota --for 90m
	holds "k0 $MODEL - 0 quota 5400s marked by gm-rotate"
	ends >before
	silent --mark 0 --class quota_minute --for 1m
	ends | diff before -
	silent --mark 0 --class quota_day --for 2h
	holds "k0 $MODEL - 0 quota_day 7200s marked by gm-rotate"
	silent --mark 1 --class key_invalid --for 720h
	holds "k0 $MODEL - 0 quota_day 7200s marked by gm-rotate" \
	    'k1 all - 0 key_invalid 2592000s marked by gm-rotate'
	usage "--for: not a duration of at most 25h" \
	    --mark 0 --class quota --for 26h
	usage "--for: not a duration of at most 8784h" \
	    --mark 0 --class key_leaked --for 9000h
	usage "--for: not a duration such as 250ms, 1.5, 90s, 5m or 1h" \
	    --mark 0 --class quota --for x
	usage "--for: not a duration of at least 1ms" \
	    --mark 0 --class quota --for 0
	usage '--for and --class ok cannot be combined' \
	    --mark 0 --class ok --for 1s
}

@test "--class: only what is a key's" {
	local class
	for class in network bad_request place model_gone server local QUOTA \
	    "a'b"; do
		usage "--class: not a class for a mark, such as key_invalid or quota; gm-rotate(1) lists them" \
		    --mark 0 --class "$class"
	done
	usage '--class: its argument is empty' --mark 0 --class ''
	[ ! -e "$(STATE)/keys" ]
}

@test "--reset: one key's marks, of all models; all, and the first is current" {
	silent --mark 0 --class quota
	silent --mark 0 --class quota -m other
	silent --mark 0 --class key_invalid
	silent --mark 2 --class no_credit
	prints 1
	silent --reset 0
	holds "current $MODEL k1 0 ok - -" \
	    'label:work all - 0 no_credit 3600s marked by gm-rotate'
	silent --reset
	holds "current $MODEL k0 0 ok - -"
	silent --mark 1 --class quota
	silent 1 --reset
	holds "current $MODEL k0 0 ok - -"
}

@test "--reset: other services' marks stay" {
	silent --mark 0 --class quota
	GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:9 silent --reset
	holds "k0 $MODEL - 0 quota 60s marked by gm-rotate"
	GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:9 prints 0 --peek
	prints 1 --peek
}

@test "an index that no key has" {
	local args
	for args in '--mark 3 --class ok' '--current-index 3' '--reset 3'; do
		# shellcheck disable=SC2086 # words
		usage 'no key has index 3; the last one has 2' $args
	done
	usage "--mark: not a whole number from 0 to 99999" \
	    --mark -1 --class ok
	usage "--current-index: not a number; keys are read from GOOGLE_API_KEYS or an env file, never from options" \
	    --current-index 1x
	usage "--reset: not a number; keys are read from GOOGLE_API_KEYS or an env file, never from options" --reset ''
}

# --- showing

@test "--status: a line for each key, TAB-separated" {
	rotate --status
	said 0 "0	...0001	-	*	ok	-	-	0
1	...0002	-	-	ok	-	-	0
2	...0003	work	-	ok	-	-	0
" ''
	silent --mark 1 --class key_leaked
	silent --mark 0 --class quota_day -m b
	silent --mark 0 --class forbidden -m c
	rotate -k 2 -- true
	rotate -k 2 -m b -- true
	prints 2 -m b
	# The model that is named first decides which key is current.
	rotate --status -m "$MODEL,b"
	sed -i 's/20[-0-9T:]*Z/TIME/g' out
	said 0 "0	...0001	-	*	limited	TIME	daily quota exhausted	0
1	...0002	-	-	leaked	never	API key reported as leaked	0
2	...0003	work	-	ok	-	-	2
" ''
	rotate --status -m "b,$MODEL,c"
	sed -i 's/20[-0-9T:]*Z/TIME/g' out
	said 0 "0	...0001	-	-	unknown	TIME	permission denied	0
1	...0002	-	-	leaked	never	API key reported as leaked	0
2	...0003	work	*	ok	-	-	2
" ''
	# Models that are not configured do not count.
	rotate --status -k 0
	said 0 "0	...0001	-	*	ok	-	-	0
" ''
	GM_RPD=1 rotate --status -k 2
	sed -i 's/20[-0-9T:]*Z/TIME/g' out
	said 0 "2	...0003	work	-	limited	TIME	GM_RPD	1
" ''
}

@test "--status -v: a line for each key and model, TAB-separated" {
	rotate --status -v
	said 0 "0	...0001	-	*	$MODEL	ok	ok	-	-	0	0	-	-
1	...0002	-	-	$MODEL	ok	ok	-	-	0	0	-	-
2	...0003	work	-	$MODEL	ok	ok	-	-	0	0	-	-
" ''
	silent --mark 1 --class key_leaked
	silent --mark 0 --class quota -m b
	rotate -k 2 -- true
	said 0 '' ''
	prints 0 -m b --current-index 1
	rotate --status -v -m "$MODEL,a"
	sed -i 's/20[-0-9T:]*Z/TIME/g' out
	said 0 "0	...0001	-	*	$MODEL	ok	ok	-	-	0	0	-	-
0	...0001	-	*	a	ok	ok	-	-	0	0	-	-
0	...0001	-	*	b	limited	quota	TIME	TIME	0	0	-	marked by gm-rotate
1	...0002	-	-	$MODEL	leaked	key_leaked	TIME	never	0	0	-	marked by gm-rotate
1	...0002	-	-	a	leaked	key_leaked	TIME	never	0	0	-	marked by gm-rotate
1	...0002	-	-	b	leaked	key_leaked	TIME	never	0	0	-	marked by gm-rotate
2	...0003	work	-	$MODEL	ok	ok	-	-	1	0	TIME	-
2	...0003	work	-	a	ok	ok	-	-	0	0	-	-
2	...0003	work	-	b	ok	ok	-	-	0	0	-	-
" ''
	rotate --status -v -k 1 -m a
	[ "$(cut -f 1,5 out)" = "1	a
1	b
1	$MODEL" ]
}

@test "--status: on a terminal in columns, with a header" {
	silent --mark 1 --class key_leaked
	export GOOGLE_API_KEYS=$KEYS
	silent --mark 0 --class quota_minute --for 1h
	terminal gm-rotate --status >out
	sed -i 's/[0-9:]\{8\}Z/hh:mm:ssZ/g' out
	same out "INDEX  KEY      PROJECT  CURRENT  STATUS   RETRY AT   REASON            REQUESTS
0      ...0001  -        *        limited  hh:mm:ssZ  rate-limited      0
1      ...0002  -        -        leaked   never      API key repor...  0
2      ...0003  work     -        ok       -          -                 0
"
	[ "$(wc -L <out)" -le 80 ]
	KEYS=fake-good-key-0001,fake-good-key-0002
	GOOGLE_API_KEYS=$KEYS terminal gm-rotate --status >out
	same out "INDEX  KEY      CURRENT  STATUS   RETRY AT   REASON                     REQUESTS
$(sed -n 2,3p out)
"
	terminal gm-rotate --status -v -k 1 >out 2>err
	sed -i 's/[0-9:]\{8\}Z/hh:mm:ssZ/g' out
	tail -n 2 out >lines
	same lines "INDEX  KEY      PROJECT  CURRENT  MODEL                STATUS  CLASS       SINCE      RETRY AT  REQUESTS  FAILURES  LAST USE  REASON
1      ...0002  -        -        $MODEL  leaked  key_leaked  hh:mm:ssZ  never     0         0         -         marked by gm-rotate
"
}

@test "--status --json: an object for each key" {
	silent --mark 1 --class quota
	rotate --status --json
	[ "$rc" -eq 0 ]
	same err ''
	sed -i 's/20[-0-9T:]*Z/TIME/g' out
	same out "{\"index\":0,\"key\":\"...0001\",\"project\":null,\"models\":[{\"model\":\"$MODEL\",\"current\":true,\"status\":\"ok\",\"class\":\"ok\",\"since\":null,\"retry_at\":null,\"requests\":0,\"failures\":0,\"last_use\":null,\"reason\":null}]}
{\"index\":1,\"key\":\"...0002\",\"project\":null,\"models\":[{\"model\":\"$MODEL\",\"current\":false,\"status\":\"limited\",\"class\":\"quota\",\"since\":\"TIME\",\"retry_at\":\"TIME\",\"requests\":0,\"failures\":0,\"last_use\":null,\"reason\":\"marked by gm-rotate\"}]}
{\"index\":2,\"key\":\"...0003\",\"project\":\"work\",\"models\":[{\"model\":\"$MODEL\",\"current\":false,\"status\":\"ok\",\"class\":\"ok\",\"since\":null,\"retry_at\":null,\"requests\":0,\"failures\":0,\"last_use\":null,\"reason\":null}]}
"
	jq -e . out >/dev/null
}

@test "--status: a cooldown of the whole service" {
	serve
	unset GEMINI_API_KEY
	KEYS=fake-minute-key-0001,fake-minute-key-0002
	GOOGLE_API_KEYS=$KEYS gm-prompt -n --max-wait 0 hi >out 2>err || rc=$?
	[ "$rc" -eq 75 ]
	rotate --status
	[ "$(cut -f 1,2,5,7 out)" = "0	...0001	limited	rate-limited
1	...0002	limited	rate-limited" ]
	rotate --status -v
	[ "$(cut -f 1,2,3,5,7 out)" = "0	...0001	-	$MODEL	quota_minute
1	...0002	-	$MODEL	quota_minute
-	-	-	$MODEL	quota_minute" ]
	rotate --status --json
	[ "$(jq -c 'select(.index == null) | .models[] | [.model, .class]' \
	    out)" = "[\"$MODEL\",\"quota_minute\"]" ]
}

# --- reports

@test "--from-reports: what gm-keycheck and gm-prompt say" {
	rotate --from-reports <<-'END'
		{"index":0,"key":"...0001","status":"invalid","class":"key_invalid","http":400,"retry_at":null}
		{"index":1,"key":"...0002","status":"ok","class":"ok","http":200,"retry_at":null}

		{"ok":true,"attempts":[{"provider":"gemini","model":"m","key_index":1,"key":"...0002","http":429,"class":"quota_day","ms":3},{"provider":"gemini","model":"m","key_index":2,"http":200,"class":"ok","ms":5}]}
	END
	said 0 '1
' ''
	holds 'k0 all - 0 key_invalid 86400s invalid' \
	    'k1 m - 0 quota_day 60s reported'
	# And again: well.
	rotate --from-reports --json <<<'{"index":0,"key":"...0001","class":"ok"}'
	said 0 "{\"ok\":true,\"model\":\"$MODEL\",\"index\":0,\"key\":\"...0001\",\"error\":null}
" ''
	holds 'k1 m - 0 quota_day 60s reported'
}

@test "--from-reports: what a run has printed" {
	serve
	unset GEMINI_API_KEY
	KEYS=fake-invalid-key-0001,fake-good-key-0002
	GOOGLE_API_KEYS=$KEYS gm-prompt -n --json --log-file log hi >record
	rm -r "$(STATE)"
	rotate --from-reports <record
	said 0 '1
' ''
	holds 'k0 all - 0 key_invalid 86400s reported'
	rotate --from-reports <log
	said 0 '1
' ''
}

@test "--from-reports: what gm-keycheck has found, and kept to itself" {
	serve
	unset GEMINI_API_KEY
	KEYS=fake-invalid-key-0001,fake-leaked-key-0002,fake-good-key-0003
	GOOGLE_API_KEYS=$KEYS gm-keycheck --no-save --json >report || rc=$?
	[ "$rc" -eq 1 ]
	[ ! -e "$(STATE)/keys" ]
	rotate --from-reports <report
	said 0 '2
' ''
	# A mark lasts as long as the report says, whenever it is read.
	ends | sort | diff <(cat <<-END
		key_invalid $(jq -r '.retry_at // empty' report | sed 's/Z$/.000Z/')
		key_leaked forever
	END
	) -
	table | sort | sed 's/ [0-9]*s invalid$/ END invalid/' | diff <(cat <<-END
		k0 all - 0 key_invalid END invalid
		k1 all - 0 key_leaked forever leaked
	END
	) -
}

@test "--from-reports: old lines of a log have the effect that they had" {
	local start='2026-11-01T10:00:00.000Z' later='2026-11-02T11:00:00.000Z'
	local key='"key_index":0,"key":"...0001","model":"m"'
	rotate --from-reports <<-END
		{"time":"$start","attempts":[{$key,"class":"key_leaked"}]}
		{"time":"$later","attempts":[{$key,"class":"ok"}]}
		{"time":"$later",$key,"class":"key_invalid"}
	END
	[ "$rc" -eq 0 ]
	same err ''
	prints 0 --peek
}

@test "--from-reports: what was printed of another ring: skipped" {
	serve
	unset GEMINI_API_KEY
	GOOGLE_API_KEYS=fake-invalid-key-0009,fake-good-key-0003 \
	    gm-prompt -n --json hi >record
	KEYS=fake-good-key-0003,fake-good-key-0004
	rotate --from-reports <record
	said 0 '0
' 'gm-rotate: line 1 skipped: another key has this index
gm-rotate: line 1 skipped: another key has this index
'
}

@test "--from-reports: about other keys and services: skipped, and told" {
	rotate --from-reports <<-'END'
		{"index":0,"key":"...9999","class":"key_invalid"}
		{"index":7,"class":"key_invalid"}
		{"text":"hello"}
		{"index":0,"class":"sleepy"}
		{"index":0,"provider":"mistral","class":"key_invalid"}
		{"index":0,"class":"network"}
	END
	said 0 '0
' 'gm-rotate: line 1 skipped: another key has this index
gm-rotate: line 2 skipped: no key with this index
gm-rotate: line 3 skipped: no key index
gm-rotate: line 4 skipped: unknown class
gm-rotate: line 5 skipped: another provider
'
	[ ! -e "$(STATE)/keys" ]
}

@test "--from-reports: a line that is no object: 65, and the others are taken" {
	local bad='{"index":0,"key":"...0001","class":"key_invalid"}' line
	for line in x '[1]' '"x"' "$bad$bad" '{"index":1,"class":"key_invalid"' \
	    $'{"index":1,"class":"key_invalid",\x01}'; do
		rotate --from-reports <<<"$bad"$'\n'"$line"$'\n''{"index":2,"model":"m","class":"quota"}'
		[ "$rc" -eq 65 ]
		same out ''
		[ "$(wc -l <err)" -eq 1 ]
		[[ $(cat err) == 'gm-rotate: standard input: line 2: '* ]]
		holds 'k0 all - 0 key_invalid 86400s reported' \
		    'label:work m - 0 quota 60s reported'
		silent --reset
	done
}

@test "--from-reports: nothing at all, and a closed standard input" {
	prints 0 --from-reports </dev/null
	prints 0 --from-reports <&-
	rotate --from-reports <"$HOME"
	said 66 '' 'gm-rotate: standard input: Is a directory
'
}

@test "--from-reports: many lines, slowly, in any pieces" {
	local i pid
	mkfifo pipe
	GOOGLE_API_KEYS=$KEYS timeout 60 gm-rotate --from-reports <pipe \
	    >out 2>err &
	pid=$!
	exec 7>pipe
	printf '{"index":0,"key":"...0001","class":"key_' >&7
	# What is there is taken before more comes.
	printf 'invalid"}\n{"key":"...0002","index":1' >&7
	wait_for "grep -qs key_invalid '$(STATE)/keys'"
	run ! grep -q key_expired "$(STATE)/keys"
	printf ',"class":"key_expired"}\n' >&7
	for i in {1..3000}; do
		echo '{"index":2,"class":"network"}'
	done >&7
	printf '{"index":2,"class":"ok"}' >&7
	exec 7>&-
	wait "$pid"
	same out '2
'
	same err ''
	holds 'k0 all - 0 key_invalid 86400s reported' \
	    'k1 all - 0 key_expired 86400s reported'
}

# --- programs

@test "a command gets the key, and all else as it was" {
	export GOOGLE_API_KEYS=$KEYS GEMINI_API_KEY=fake-other X=1
	env | grep -v '^_=' | sed 's/^GEMINI_API_KEY=.*/GEMINI_API_KEY=fake-good-key-0001/
	    /^GOOGLE_API_KEYS=/d' | cat - <(echo GOOGLE_API_KEY=fake-good-key-0001) |
	    sort >want
	gm-rotate -- env | grep -v '^_=' | sort >got
	diff want got
	prints 1
	gm-rotate -- sh -c 'echo "$GOOGLE_API_KEY"' >out
	same out 'fake-good-key-0002
'
	gm-rotate -k 2 -- sh -c 'echo "$GOOGLE_API_KEY"' >out
	same out 'fake-good-key-0003
'
}

@test "--as: a command gets the key under other names, too" {
	local show='echo "$LLM_GEMINI_KEY $OTHER $GEMINI_API_KEY ${GOOGLE_API_KEYS-none}"'

	LLM_GEMINI_KEY=old rotate --as LLM_GEMINI_KEY --as OTHER -- sh -c "$show"
	said 0 'fake-good-key-0001 fake-good-key-0001 fake-good-key-0001 none
' ''
	usage '--as needs a command after --' --as LLM_GEMINI_KEY
	usage '--as needs a command after --' --as LLM_GEMINI_KEY --peek
	# nothing of what was given is repeated: it may be a key
	usage '--as: its argument is empty' --as '' -- true
	for name in 1A A=B 'A B' fake-good-key-0001; do
		usage '--as: not a variable name (letters, digits and _; no digit first)' \
		    --as "$name" -- true
	done
	for name in GOOGLE_API_KEYS GM_LOG_FILE; do
		usage "--as: $name is a setting of the gm tools, not a name for one key" \
		    --as "$name" -- true
	done
}

@test "a command is counted as a request" {
	rotate -- true
	said 0 '' ''
	rotate -- true
	holds "k0 $MODEL - 2 ok - -"
	GM_RPD=2 prints 1 --peek
}

@test "a command's status is its own; 126 and 127 are ours" {
	local status
	for status in 0 1 2 64 75 200 255; do
		rotate -- sh -c "exit $status"
		said "$status" '' ''
	done
	rotate -- no-such-program
	said 127 '' 'gm-rotate: no-such-program: No such file or directory
'
	rotate -- /
	said 126 '' 'gm-rotate: /: Permission denied
'
	: >plain
	rotate -- ./plain
	said 126 '' 'gm-rotate: ./plain: Permission denied
'
}

@test "a command's options are not ours" {
	rotate -- printf '%s\n' -m --status -- --help
	said 0 '-m
--status
--
--help
' ''
	rotate -v --model x -- echo -v
	said 0 '-v
' ''
}

@test "a command has the signals that we were given" {
	local mask='s/^Sig\(Blk\|Ign\|Cgt\):/&/p'
	export GOOGLE_API_KEYS=$KEYS
	sed -n "$mask" /proc/self/status >want
	gm-rotate -- sed -n "$mask" /proc/self/status >got
	diff want got
	(
		trap '' HUP INT ALRM PIPE XFSZ
		sed -n "$mask" /proc/self/status >want
		gm-rotate -- sed -n "$mask" /proc/self/status >got
	)
	diff want got
	# It dies by a closed pipe, as any other.
	timeout 60 bash -c "gm-rotate -- sh -c 'while :; do echo x || exit 99
	    done' 2>err | head -n 1
	    echo \${PIPESTATUS[0]}" >got
	same got 'x
141
'
	same err ''
}

@test "a command has no deadline of ours" {
	export GOOGLE_API_KEYS=$KEYS GM_DEADLINE=150ms
	timeout 60 gm-rotate -- python3 -c 'import signal, sys
sys.exit(signal.getitimer(signal.ITIMER_REAL) != (0.0, 0.0))'
}

@test "a command has the limits that we were given, and no descriptor of ours" {
	export GOOGLE_API_KEYS=$KEYS
	gm-rotate >/dev/null
	[ -n "${SAN:-}" ] || ( # the sanitizer sets it by itself
		ulimit -Sc "$(($(ulimit -Hc | sed s/unlimited/2048/) / 2))"
		grep core /proc/self/limits >want
		gm-rotate -- grep core /proc/self/limits >got
		diff want got
	)
	python3 -c 'import os
print(*sorted(os.listdir("/proc/self/fd")))' >want
	gm-rotate -- python3 -c 'import os
print(*sorted(os.listdir("/proc/self/fd")))' >got
	diff want got
	# Closed ones stay closed.
	rotate -- sh -c '[ -e /proc/$$/fd/0 ] || echo closed' <&-
	said 0 'closed
' ''
}

@test "a command waits for its slot under GM_RPM; the deadline ends that" {
	export GM_RPM=600 # 100 ms each
	KEYS=$GOOD_KEY
	local i start=$EPOCHREALTIME took
	for i in 1 2 3 4; do
		rotate -- true
		said 0 '' ''
	done
	took=$((${EPOCHREALTIME/./} - ${start/./}))
	[ "$took" -ge 300000 ]
	GM_RPM=1 GM_DEADLINE=1s rotate -- true
	said 69 '' "gm-rotate: $MODEL: no slot before the deadline; raise GM_DEADLINE or GM_RPM (deadline)
"
}

@test "a wait for a slot on a terminal: a line counts down, and is erased" {
	export GM_RPM=25 GOOGLE_API_KEYS=$GOOD_KEY
	gm-rotate -- true
	terminal -f 2 -o shown gm-rotate -v -- echo ran >out </dev/null
	same out 'ran
'
	same <(tr '\r' '\n' <shown | sed -E 's/^ +$/(erased)/' | uniq) '
GM_RPM: waiting 3 s
GM_RPM: waiting 2 s
GM_RPM: waiting 1 s
(erased)
'
	gm-rotate -- true
	terminal -f 2 -o shown gm-rotate --quiet -- echo ran >out </dev/null
	same shown ''
}

@test "a signal while a command waits for its slot" {
	local pid
	export GM_RPM=1 GOOGLE_API_KEYS=$GOOD_KEY
	gm-rotate -- true
	gm-rotate -v -- touch ran 2>err 3>&- &
	pid=$!
	wait_for 'grep -q waiting err'
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	[ "$rc" -eq 143 ]
	[ ! -e ran ]
}

@test "another program, in a script" {
	serve
	unset GEMINI_API_KEY
	cat >ask.sh <<-'END'
		#!/bin/sh
		gm-rotate -- sh -c 'curl -s -H "x-goog-api-key: $GEMINI_API_KEY" \
		    "$GOOGLE_GEMINI_BASE_URL/v1beta/models/gemini-3.8-flash"' |
		    jq -r .name
	END
	export GOOGLE_API_KEYS=$KEYS
	run -0 sh ask.sh
	assert_output models/gemini-3.8-flash
	gm-rotate
	run -0 sh ask.sh
	grep -h '^x-goog' "$DIR"/request.* | tr -d '\r' >out
	same out 'x-goog-api-key: fake-good-key-0001
x-goog-api-key: fake-good-key-0002
'
	# curl itself, as it is.
	gm-rotate -- curl -sf "$URL/v1beta/models" -H "x-goog-api-key: $GOOD_KEY" \
	    >out
	[ "$(jq '.models | length' out)" -gt 0 ]
}

# --- the command line

@test "what cannot be combined" {
	local clash
	while IFS='|' read -r clash args; do
		# shellcheck disable=SC2086 # words
		usage "$clash cannot be combined" $args
	done <<-'END'
		--peek and --status|--peek --status
		--current-index and --peek|--current-index 0 --peek
		--status and --mark|--status --mark 0 --class ok
		--mark and --reset|--mark 0 --class ok --reset
		--reset and --from-reports|--reset --from-reports
		--peek and --from-reports|--peek --from-reports
		--peek and a command|--peek -- true
		--reset and a command|--reset -- 1
		--status and --print-key|--status --print-key
		--from-reports and --print-key|--from-reports --print-key
		a command and --print-key|--print-key -- true
		a command and --json|--json -- true
		--print-key and --json|--json --print-key
		--current-index and --key-index|-k 1 --current-index 0
		--mark and --key-index|-k 1 --mark 0 --class ok
		--reset and --key-index|-k 1 --reset
	END
}

@test "what is missing, and what is too much" {
	usage '--mark needs --class' --mark 0
	usage '--class needs --mark' --class ok
	usage '--for needs --mark' --for 1s
	usage 'no command after --' --
	usage 'unexpected operand; write a command after --' curl x
	usage 'unexpected operand; write a command after --' a -- b
	usage 'unexpected operand; write a command after --' -v a -- b c
	usage 'unexpected operand; write a command after --' -m -- x
	usage 'unexpected operand; write a command after --' --reset 1 2
	POSIXLY_CORRECT=1 usage \
	    'unexpected operand; write a command after --' a -- b
	[ ! -e "$(STATE)" ]
}

@test "no key: 78" {
	KEYS=
	rotate --status
	said 78 '' "gm-rotate: no API key in $HOME/.config/gm/env, /etc/gm/env, ./.env or the environment; set GOOGLE_API_KEYS
"
}

# --- a state that is none

# memory [TEXT]: that is told in each mode: in a note, with an answer; where the
# state is what was asked for in an error, with none.
memory() {
	local args report='{"index":0,"key":"...0001","class":"key_invalid"}'
	for args in --peek '-k 0' --status '--peek --print-key' '-- true'; do
		# shellcheck disable=SC2086 # words
		rotate $args
		[ "$rc" -eq 0 ]
		same err "gm-rotate: the key state is kept in memory only: $1
"
	done
	for args in '' --print-key --json '--current-index 0' \
	    '--current-index 1' --reset '--reset 1' '--mark 0 --class quota' \
	    '--mark 0 --class ok' '--quiet --mark 1 --class key_leaked' \
	    --from-reports '--from-reports -k 1'; do
		# shellcheck disable=SC2086 # words
		rotate $args <<<"$report"
		[[ $args != --json ]] || sed -i 's/^{"ok":false,.*//' out
		said 73 '' "gm-rotate: the key state could not be written: $1
"
	done
}

@test "odd files in place of the state" {
	local state=$BATS_TEST_TMPDIR/state
	export GM_STATE_DIR=$state
	prints 1
	rm "$state/keys"
	mkdir "$state/keys"
	memory "$state/keys: not a regular file"
	rmdir "$state/keys"
	mkfifo "$state/keys"
	memory "$state/keys: not a regular file"
	rm "$state/keys"
	echo precious >target
	ln -s "$PWD/target" "$state/keys"
	memory "$state/keys: not a regular file"
	same target 'precious
'
	rm "$state/keys"
	echo '# gm keys, version 9: x' >"$state/keys"
	memory "$state/keys: written by a newer version"
	same "$state/keys" '# gm keys, version 9: x
'
}

@test "garbage in place of the state: one note, and it is mended" {
	prints 1
	python3 -c 'import sys
line = bytes(range(256)).replace(b"\n", b"") * 12
sys.stdout.buffer.write(b"x" + line + b"\n")' >"$(STATE)/keys"
	rotate
	said 0 '1
' "gm-rotate: $(STATE)/keys: 1 unreadable line dropped
"
	holds "current $MODEL k1 0 ok - -"
	prints 2
}

@test "no directory, or one of another user" {
	local state=$BATS_TEST_TMPDIR/state
	(
		unset HOME
		memory 'no state directory; set GM_STATE_DIR'
	)
	echo x >file
	export GM_STATE_DIR=$PWD/file
	memory "$PWD/file: Not a directory"
	GM_STATE_DIR=$state
	mkdir -m 777 "$state"
	memory "$state: writable by others"
	[ -z "$(ls -A "$state")" ]
	[ "$EUID" -eq 0 ] || return 0
	chmod 755 "$state"
	chown 65534 "$state"
	memory "$state: owned by another user"
	chown 0 "$state"
	prints 1
	chown 65534 "$state/keys"
	memory "$state/keys: owned by another user"
}

@test "a directory that only can be read" {
	local as=()
	export GM_STATE_DIR=state GOOGLE_API_KEYS=$KEYS
	unset HOME
	cp "$BUILD/gm-rotate" .
	chmod 755 .
	mkdir state
	if [ "$EUID" -eq 0 ]; then
		chown 65534 state
		as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	fi
	chmod 555 state
	"${as[@]}" ./gm-rotate >out 2>err || rc=$?
	said 73 '' "gm-rotate: the key state could not be written: state/keys.lock: Permission denied
"
	"${as[@]}" ./gm-rotate --peek >out 2>err
	same out '0
'
	same err "gm-rotate: the key state is kept in memory only: state/keys.lock: Permission denied
"
}

@test "a full disk while the state is written" {
	prints 1
	cp "$(STATE)/keys" before
	local args
	for args in '' '--current-index 1' '-- true' '--mark 0 --class quota' \
	    --reset; do
		rc=0
		# shellcheck disable=SC2086 # words
		(ulimit -f 0; GOOGLE_API_KEYS=$KEYS gm-rotate $args 2>&1 | cat) \
		    2>&1 | cat >out
		case $args in
		--\ *) same out "gm-rotate: the key state is kept in memory only: $(STATE)/keys: File too large
" ;;
		*) same out "gm-rotate: the key state could not be written: $(STATE)/keys: File too large
" ;;
		esac
		diff before "$(STATE)/keys"
		[ ! -e "$(STATE)/keys.new" ]
	done
}

@test "output that cannot be written: 74" {
	rc=0
	GOOGLE_API_KEYS=$KEYS gm-rotate --peek >/dev/full 2>err || rc=$?
	: >out
	said 74 '' 'gm-rotate: standard output: No space left on device
'
}

# --- secrets, and what it stands on

@test "the key shows nowhere" {
	export GM_STATE_DIR=$PWD/state
	local args
	for args in '' --peek --status '--status --json' --json '-k 1' \
	    '--mark 1 --class key_leaked' '--reset' '-k 9' '-- no-such' \
	    '--current-index 0' '--print-key --peek'; do
		# shellcheck disable=SC2086 # words
		rotate -vv $args
		[ "$args" = '--print-key --peek' ] || cat out >>all
		cat err >>all
	done
	[ -s all ]
	run ! grep -a fake-good all
	run ! grep -ra fake-good state
	# Nor in what others see of a program that was run.
	GOOGLE_API_KEYS=$KEYS gm-rotate -- sh -c 'tr "\0" " " </proc/$$/cmdline' \
	    >out
	run ! grep -q fake-good out
}

@test "it needs no libcurl" {
	ldd "$BUILD/gm-rotate" >libraries
	grep -q libc libraries
	run ! grep curl libraries
}

@test "each call may fail: a known status, no key, and at last an answer" {
	local fn n
	export GOOGLE_API_KEYS=$KEYS
	for fn in malloc calloc realloc; do
		for ((n = 1; n < 200; n++)); do
			GM_FAULT=$fn:$n run --separate-stderr timeout 60 \
			    "$BUILD/fault/gm-rotate" --status
			[[ $stderr == *"gm-fault: $fn $n"* ]] || break
			[[ $status =~ ^(0|71)$ ]] || {
				echo "$fn $n: $status $stderr"
				return 1
			}
			[[ $output$stderr != *fake-good* ]]
		done
		[ "$n" -gt 1 ] && [ "$n" -lt 200 ]
		[ "$status" -eq 0 ]
	done
	for fn in write fsync rename close; do
		for ((n = 1; n < 200; n++)); do
			rm -rf "$(STATE)"
			GM_FAULT=$fn:$n run --separate-stderr timeout 60 \
			    "$BUILD/fault/gm-rotate"
			[[ $stderr == *"gm-fault: $fn $n"* ]] || break
			[[ $status =~ ^(0|73|74)$ ]] || {
				echo "$fn $n: $status $stderr"
				return 1
			}
			[ "$status" -ne 0 ] || [ "$output" = 1 ]
			[ "${#stderr_lines[@]}" -le 2 ]
		done
		[ "$n" -gt 1 ] && [ "$n" -lt 200 ]
		[ "$status" -eq 0 ]
	done
}
