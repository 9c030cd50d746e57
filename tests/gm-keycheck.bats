# gm-keycheck: all that it says, all that is sent, and what it leaves behind for
# the other tools.

load helper

VERSION=$(cat "$ROOT/VERSION")
ALIAS=gemini-flash-latest
DEAD=fake-invalid-key-0002
rc=0

# server [option...]: the stand-in, with an env file of the keys in $KEYS.
server() {
	serve "$@"
	unset GEMINI_API_KEY GOOGLE_GEMINI_BASE_URL
	export GM_STATE_DIR=$BATS_TEST_TMPDIR/state
	env_file "$KEYS"
}

# env_file KEYS: the file "env" with these keys and the server.
env_file() {
	(umask 077 && printf 'GOOGLE_API_KEYS=%s\nGOOGLE_GEMINI_BASE_URL=%s\n' \
	    "$1" "$URL" >"$PWD/env")
	export GM_ENV_FILE=$PWD/env
}

# shape: times that differ from run to run become RETRY_AT and MS.
shape() {
	sed -E 's/20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]{8}Z/RETRY_AT/
	    s/^(([^\t]*\t){6})[0-9]+\t/\1MS\t/; s/"ms":[0-9]+/"ms":MS/'
}

# check [argument...]: run it; its words go to "out" and "err".
check() {
	rc=0
	hurried timeout 60 gm-keycheck "$@" >raw 2>err </dev/null || rc=$?
	shape <raw >out
	if grep -aqE 'fake-[a-z]*-key' raw err; then
		echo 'a key shows'
		return 1
	fi
}

# said STATUS STDERR [LINE...]: that, to the byte; blanks in a LINE that are
# between cells are written "|".
said() {
	local status=$1 words=$2
	shift 2
	if [ "$rc" -ne "$status" ]; then
		echo "status $rc in place of $status"
		cat raw err
		return 1
	fi
	same err "$words" || return
	printf '%s\n' "$@" | sed '/^$/d' | tr '|' '\t' | diff - out
}

# sent: each request that the server got, as "METHOD PATH KEY", sorted.
sent() {
	local i
	for ((i = 1; i <= $(requests); i++)); do
		sed -n '1s/ HTTP.*//p; s/^x-goog-api-key: //p' \
		    "$DIR/request.$i" | tr -d '\r' | paste -sd ' '
	done | LC_ALL=C sort
}

# state: class by key or project, and model, of all that has a mark.
state() {
	awk '!/^#/ && $10 != "ok" { print $8, $10 }' "$GM_STATE_DIR/keys" |
	    LC_ALL=C sort
}

SUM='gm-keycheck: 1 of 2 keys is healthy; key 1 (...0002) invalid: replace it
'

@test "each key is asked, and the server gets nothing but the list's request" {
	KEYS=work:$GOOD_KEY,$DEAD server
	check
	said 1 "$SUM" '0|...0001|work|ok|-|200|MS|-' \
	    '1|...0002|-|invalid|RETRY_AT|400|MS|replace it'
	sent >requests
	same requests "GET /v1beta/models?pageSize=1 $GOOD_KEY
GET /v1beta/models?pageSize=1 $DEAD
"
	head_of 1 | sed '/^x-goog-api-key/d' >first
	same first "GET /v1beta/models?pageSize=1 HTTP/1.1
Host: 127.0.0.1:PORT
User-Agent: gm-keycheck/$VERSION
Accept: application/json
"
}

@test "all is well: status 0, and nothing on standard error" {
	KEYS=$GOOD_KEY server
	check
	said 0 '' '0|...0001|-|ok|-|200|MS|-'
}

@test "--level count, --level generate: what is sent, and the bodies" {
	KEYS=$GOOD_KEY server
	check --level count
	said 0 '' '0|...0001|-|ok|-|200|MS|-'
	sent >requests
	same requests "GET /v1beta/models?pageSize=1 $GOOD_KEY
POST /v1beta/models/$ALIAS:countTokens $GOOD_KEY
"
	body 2 >text
	same text '{"contents":[{"role":"user","parts":[{"text":"1"}]}]}'
	check --level generate -m gemini-3.8-flash,spare
	said 0 '' '0|...0001|-|ok|-|200|MS|-'
	[ "$(requests)" -eq 5 ]
	sent | sed -n 3p >requests
	same requests "POST /v1beta/models/gemini-3.8-flash:countTokens $GOOD_KEY
"
	sent | sed -n 4p >requests
	same requests "POST /v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse $GOOD_KEY
"
	body 5 >text
	same text '{"contents":[{"role":"user","parts":[{"text":"1"}]}],"generationConfig":{"maxOutputTokens":1}}'
	check --level list
	said 0 '' '0|...0001|-|ok|-|200|MS|-'
	[ "$(requests)" -eq 6 ]
	check --level deep
	said 64 "gm-keycheck: --level: not list, count or generate
Try 'gm-keycheck --help'.
" ''
}

# table LEVEL: check lines "REFUSAL[,MEMBERS]|STATUS|RETRY_AT|HTTP|ADVICE[|PROJECT]"
# of standard input: this refusal of the call of that level gives this report.
table() {
	local refusal name status until http advice project when
	case $1 in
	list) when=pageSize ;;
	generate) when=stream ;;
	esac
	while IFS='|' read -r refusal status until http advice project; do
		rm -rf "$GM_STATE_DIR"
		name=${refusal%%,*}
		printf '[{"when":{"path":"%s"},"refusal":"%s"%s,"repeat":-1}]' \
		    "$when" "$name" "${refusal#"$name"}" >"$DIR/script.json"
		check --level "$1" --retries 0
		[ "$(cat out)" = "$(printf '0\t...0001\t%s\t%s\t%s\t%s\tMS\t%s' \
		    "${project:--}" "$status" "$until" "$http" "$advice")" ] || {
			echo "$refusal: $(cat out err)"
			return 1
		}
		case $status in
		ok | limited) [ "$rc" -eq 0 ] ;;
		unknown) [ "$rc" -eq 69 ] ;;
		*) [ "$rc" -eq 77 ] ;;
		esac || {
			echo "$refusal: status $rc"
			return 1
		}
	done
}

@test "each status by the rows of the service: the list" {
	KEYS=$GOOD_KEY server
	table list <<'EOT'
key_invalid|invalid|RETRY_AT|400|replace it
key_expired|expired|RETRY_AT|400|renew or replace it
key_not_found|invalid|RETRY_AT|400|replace it
unauthorized|invalid|RETRY_AT|401|replace it
key_leaked|leaked|never|403|delete it and create another
no_key|unknown|-|403|look for a proxy that removes it
referrer_blocked|restricted|RETRY_AT|403|allow this API and this machine in its restrictions|123456789012
address_blocked|restricted|RETRY_AT|403|allow this API and this machine in its restrictions|123456789012
app_blocked|restricted|RETRY_AT|403|allow this API and this machine in its restrictions|123456789012
api_blocked|restricted|RETRY_AT|403|allow this API and this machine in its restrictions|123456789012
permission|unknown|-|403|use another model, or get permission in the project
permission,"message":"Your project has been denied access."|project_blocked|RETRY_AT|403|contact support, or use another project
api_disabled|project_blocked|RETRY_AT|403|enable the API and billing in its project|123456789012
project_suspended|project_blocked|RETRY_AT|403|appeal to Google against the suspension, or use another project|123456789012
region|region|-|400|use a supported region, or enable billing
invalid_argument|unknown|-|400|add -v for the reason
quota_minute|limited|RETRY_AT|429|wait
quota|limited|RETRY_AT|429|wait
server|unknown|-|500|try again later
overloaded|unknown|-|503|try again later
html|unknown|-|502|try again later
proxy|unknown|-|407|check the proxy
redirect|unknown|-|302|check the base URL
EOT
}

@test "each status by the rows of the service: an answer" {
	KEYS=$GOOD_KEY server
	table generate <<'EOT'
no_credit|no_credit|RETRY_AT|402|add credit to the account
region|region|-|400|use a supported region, or enable billing
no_model|unknown|-|404|gm-models lists the models
model_gone|unknown|-|404|use gemini-3.8-flash
quota_minute|limited|RETRY_AT|429|wait
quota_day|limited|RETRY_AT|429|wait, or enable billing
quota_none|limited|RETRY_AT|429|use another model, or enable billing
quota_spend|limited|RETRY_AT|429|wait, or raise the spending limit
overloaded|unknown|-|503|try again later
timeout|unknown|-|504|try again later
blocked|ok|-|200|-
EOT
}

@test "the project's number is learnt, and shared by all forms of output" {
	KEYS=$GOOD_KEY server
	echo '[{"refusal":"api_disabled","repeat":-1,"project":"4711"}]' >"$DIR/script.json"
	check
	said 77 'gm-keycheck: no key is healthy; key 0 (...0001) project_blocked: enable the API and billing in its project
' '0|...0001|4711|project_blocked|RETRY_AT|403|MS|enable the API and billing in its project'
	check --no-save --json --prometheus m
	[ "$(jq -r .project raw)" = 4711 ]
	grep -qx 'gm_key_status{provider="gemini",index="0",project="4711",status="project_blocked"} 1' m
}

@test "limited counts as healthy, with a note; the state keeps all of it" {
	KEYS=$GOOD_KEY,fake-day-key-0002,fake-invalid-key-0003 server
	check --level generate
	said 1 'gm-keycheck: 1 of 3 keys is limited, which counts as healthy: key 1 (...0002)
gm-keycheck: 2 of 3 keys are healthy; key 2 (...0003) invalid: replace it
' '0|...0001|-|ok|-|200|MS|-' \
	    '1|...0002|-|limited|RETRY_AT|429|MS|wait, or enable billing' \
	    '2|...0003|-|invalid|RETRY_AT|400|MS|replace it'
	state >marks
	same marks "all key_invalid
$ALIAS quota_day
"
	# The list cannot see the limit, and does not lift it.
	check
	said 1 "$(cat err)"$'\n' '0|...0001|-|ok|-|200|MS|-' \
	    '1|...0002|-|limited|RETRY_AT|200|MS|wait, or enable billing' \
	    '2|...0003|-|invalid|RETRY_AT|400|MS|replace it'
	check --level count
	state >marks
	same marks "all key_invalid
$ALIAS quota_day
"
	check --ignore-cooldown 1
	said 0 '' '1|...0002|-|ok|-|200|MS|-'
}

@test "a limit that is only known names the model, and gm-rotate charges that" {
	KEYS=fake-day-key-0001,$GOOD_KEY server
	check --level generate -m gemini-3.8-flash
	check --json -m gemini-3.8-flash 0
	said 0 'gm-keycheck: 1 of 1 key is limited, which counts as healthy: key 0 (...0001)
' '{"provider":"gemini","index":0,"key":"...0001","project":null,"status":"limited","class":"quota_day","healthy":true,"retry_at":"RETRY_AT","http":200,"ms":MS,"advice":"wait, or enable billing","model":"gemini-3.8-flash"}'
	rm -r "$GM_STATE_DIR"
	gm-rotate --from-reports <raw >index
	same index $'0\n' # the default model is not touched
	[ "$(state)" = 'gemini-3.8-flash quota_day' ]
}

@test "right after it gm-prompt sends nothing with a key that is dead" {
	KEYS=$DEAD,fake-leaked-key-0003,$GOOD_KEY server
	check
	said 1 'gm-keycheck: 1 of 3 keys is healthy; key 0 (...0002) invalid, key 1 (...0003) leaked
' '0|...0002|-|invalid|RETRY_AT|400|MS|replace it' \
	    '1|...0003|-|leaked|never|403|MS|delete it and create another' \
	    '2|...0001|-|ok|-|200|MS|-'
	[ "$(requests)" -eq 3 ]
	gm-prompt -n hi >answer
	[ "$(requests)" -eq 4 ]
	grep -q "^x-goog-api-key: $GOOD_KEY" "$DIR/request.4"
}

@test "a key that works again is used again" {
	KEYS=$GOOD_KEY server
	echo '[{"refusal":"key_invalid"}]' >"$DIR/script.json"
	check
	[ "$rc" -eq 77 ]
	[ "$(state)" = 'all key_invalid' ]
	check
	said 0 '' '0|...0001|-|ok|-|200|MS|-'
	[ -z "$(state)" ]
}

@test "a list shows no credit, and does not lift what is known of it" {
	KEYS=fake-nocredit-key-0001 server
	check --level generate
	said 77 'gm-keycheck: no key is healthy; key 0 (...0001) no_credit: add credit to the account
' '0|...0001|-|no_credit|RETRY_AT|402|MS|add credit to the account'
	check
	said 77 'gm-keycheck: no key is healthy; key 0 (...0001) no_credit: add credit to the account
' '0|...0001|-|no_credit|RETRY_AT|200|MS|add credit to the account'
	[ "$(state)" = 'all no_credit' ]
}

@test "--no-save: nothing is written, nothing is read, no note" {
	KEYS=$GOOD_KEY,$DEAD server
	check --no-save
	said 1 "$SUM" '0|...0001|-|ok|-|200|MS|-' \
	    '1|...0002|-|invalid|RETRY_AT|400|MS|replace it'
	[ ! -e "$GM_STATE_DIR" ]
	[ -z "$(ls -A "$HOME")" ]
}

@test "operands and --key-index choose keys" {
	KEYS=$GOOD_KEY,$DEAD,fake-expired-key-0003 server
	check 2 0 0
	said 1 'gm-keycheck: 1 of 2 keys is healthy; key 2 (...0003) expired: renew or replace it
' '0|...0001|-|ok|-|200|MS|-' '2|...0003|-|expired|RETRY_AT|400|MS|renew or replace it'
	[ "$(requests)" -eq 2 ]
	check -k 1
	said 77 'gm-keycheck: no key is healthy; key 1 (...0002) invalid: replace it
' '1|...0002|-|invalid|RETRY_AT|400|MS|replace it'
	check --key-index=0
	said 0 '' '0|...0001|-|ok|-|200|MS|-'
}

@test "operands that are none: status 64, and nothing is sent" {
	local try="Try 'gm-keycheck --help'."

	KEYS=$GOOD_KEY,$DEAD server
	check 2
	said 64 "gm-keycheck: INDEX: not a whole number from 0 to 1
$try
" ''
	check -- -1
	said 64 "gm-keycheck: INDEX: not a whole number from 0 to 1
$try
" ''
	check one
	said 64 "gm-keycheck: INDEX: not a number; keys are read from GOOGLE_API_KEYS or an env file, never from options
$try
" ''
	check -k 2
	said 64 "gm-keycheck: --key-index: no key has index 2; the last one has 1
$try
" ''
	check -k 1 1
	said 64 "gm-keycheck: --key-index and operands cannot be combined
$try
" ''
	check - 1
	said 64 "gm-keycheck: - and other operands cannot be combined
$try
" ''
	check -4 -6
	said 64 "gm-keycheck: --ipv4 and --ipv6 cannot be combined
$try
" ''
	[ "$(requests)" -eq 0 ]
}

# typed TEXT [argument...]: the same with TEXT on standard input.
typed() {
	local text=$1
	shift
	rc=0
	printf '%s' "$text" | timeout 60 gm-keycheck "$@" - >raw 2>err || rc=$?
	shape <raw >out
}

@test "-: the keys on standard input, and no others" {
	KEYS=$GOOD_KEY server
	export GOOGLE_GEMINI_BASE_URL=$URL
	typed "a:fake-good-key-0007"$'\r\n\n'"$DEAD"
	said 1 "$SUM" '0|...0007|a|ok|-|200|MS|-' \
	    '1|...0002|-|invalid|RETRY_AT|400|MS|replace it'
	sent >requests
	same requests "GET /v1beta/models?pageSize=1 fake-good-key-0007
GET /v1beta/models?pageSize=1 $DEAD
"
	typed "$DEAD"$'\n'"$DEAD"
	said 77 'gm-keycheck: standard input: 1 duplicate key ignored
gm-keycheck: no key is healthy; key 0 (...0002) invalid: replace it
' '0|...0002|-|invalid|RETRY_AT|400|MS|replace it'
}

@test "-: no key, bad keys: 78, by their place, never shown" {
	KEYS=$GOOD_KEY server
	export GOOGLE_GEMINI_BASE_URL=$URL
	typed ''
	said 78 'gm-keycheck: standard input: no API key; type one on each line
' ''
	typed $'fake-good-key-0001\nfake bad key\n'
	said 78 'gm-keycheck: standard input: key 1: byte 5 is a blank; separate keys with commas
' ''
	rc=0
	gm-keycheck - <&- >raw 2>err || rc=$?
	shape <raw >out
	said 78 'gm-keycheck: standard input: no API key; type one on each line
' ''
	[ "$(requests)" -eq 0 ]
}

@test "-: typed keys are not sent where a weaker place says" {
	KEYS=$GOOD_KEY server
	typed "$GOOD_KEY"
	said 78 "gm-keycheck: $PWD/env: GOOGLE_GEMINI_BASE_URL is less trusted than the keys (standard input); set both in one file, or both in the environment
" ''
	unset GM_ENV_FILE
	mv env .env
	export https_proxy=http://127.0.0.1:1
	typed "$GOOD_KEY" --retries 0
	[ "$rc" -eq 69 ]
	run ! grep -F ./.env err
	[ "$(requests)" -eq 0 ]
}

@test "--json: an object a line" {
	KEYS=work:$GOOD_KEY,fake-minute-key-0002,$DEAD server
	check --json --level generate
	said 1 'gm-keycheck: 1 of 3 keys is limited, which counts as healthy: key 1 (...0002)
gm-keycheck: 2 of 3 keys are healthy; key 2 (...0002) invalid: replace it
' '{"provider":"gemini","index":0,"key":"...0001","project":"work","status":"ok","class":"ok","healthy":true,"retry_at":null,"http":200,"ms":MS,"advice":null,"model":"'$ALIAS'"}' \
	    '{"provider":"gemini","index":1,"key":"...0002","project":null,"status":"limited","class":"quota_minute","healthy":true,"retry_at":"RETRY_AT","http":429,"ms":MS,"advice":"wait","model":"'$ALIAS'"}' \
	    '{"provider":"gemini","index":2,"key":"...0002","project":null,"status":"invalid","class":"key_invalid","healthy":false,"retry_at":"RETRY_AT","http":400,"ms":MS,"advice":"replace it","model":null}'
}

@test "on a terminal: a header, aligned columns" {
	KEYS=work:$GOOD_KEY,$DEAD server
	rc=0
	python3 -B "$ROOT/tests/pty.py" -f 12 -o raw timeout 60 gm-keycheck \
	    --color never </dev/null || rc=$?
	# Tomorrow's time has its date.
	sed -E 's/ 20[0-9-]{8}T[0-9:]{8}Z/ yyyy-mm-ddThh:mm:ssZ/
	    s/(00   )[0-9]+ *(-|rep)/\1N   \2/; s/(HTTP  MS) */\1  /' raw >out
	[ "$rc" -eq 1 ]
	same out 'INDEX  KEY      PROJECT  STATUS   RETRY AT              HTTP  MS  WHAT TO DO
0      ...0001  work     ok       -                     200   N   -
1      ...0002  -        invalid  yyyy-mm-ddThh:mm:ssZ  400   N   replace it
gm-keycheck: 1 of 2 keys is healthy; key 1 (...0002) invalid: replace it
'
	# Without a project there is no column for it.
	KEYS=$GOOD_KEY server
	python3 -B "$ROOT/tests/pty.py" -f 12 -o raw timeout 60 gm-keycheck \
	    --color never </dev/null
	[ "$(head -n 1 raw | tr -s ' ')" = \
	    'INDEX KEY STATUS RETRY AT HTTP MS WHAT TO DO' ]
}

@test "--min-healthy N" {
	KEYS=$GOOD_KEY,$DEAD server
	check --min-healthy 1
	said 0 '' '0|...0001|-|ok|-|200|MS|-' \
	    '1|...0002|-|invalid|RETRY_AT|400|MS|replace it'
	check --min-healthy 2
	said 1 "$SUM" "$(tr '\t' '|' <out)"
	check --min-healthy 3
	said 1 'gm-keycheck: 1 of 2 keys is healthy, 3 required; key 1 (...0002) invalid: replace it
' "$(tr '\t' '|' <out)"
	check --min-healthy 0 1
	said 0 '' '1|...0002|-|invalid|RETRY_AT|400|MS|replace it'
	check --min-healthy some
	said 64 "gm-keycheck: --min-healthy: not a whole number from 0 to 1000000
Try 'gm-keycheck --help'.
" ''
}

@test "--min-ok N: which can answer now; limited keys cannot" {
	local day=fake-day-key-0002
	KEYS=$GOOD_KEY,$day,$DEAD server
	check --level generate --min-ok 1
	said 0 '' '0|...0001|-|ok|-|200|MS|-' \
	    '1|...0002|-|limited|RETRY_AT|429|MS|wait, or enable billing' \
	    '2|...0002|-|invalid|RETRY_AT|400|MS|replace it'
	check --level generate --min-ok 2
	said 1 'gm-keycheck: 1 of 3 keys can answer now, 2 required; key 1 (...0002) limited, key 2 (...0002) invalid
' "$(tr '\t' '|' <out)"
	# None can: a key whose daily quota is exhausted is healthy all the same.
	check --level generate --min-healthy 1 1
	[ "$rc" -eq 0 ]
	check --level generate --min-ok 1 1
	said 1 'gm-keycheck: no key can answer now; key 1 (...0002) limited: wait, or enable billing
' '1|...0002|-|limited|RETRY_AT|429|MS|wait, or enable billing'
	check --level generate --min-ok 1 2
	said 77 'gm-keycheck: no key can answer now; key 2 (...0002) invalid: replace it
' '2|...0002|-|invalid|RETRY_AT|400|MS|replace it'
	check --level generate --min-ok 0 1
	[ "$rc" -eq 0 ]
	check --min-ok -1
	said 64 "gm-keycheck: --min-ok: not a whole number from 0 to 1000000
Try 'gm-keycheck --help'.
" ''
	check --min-ok 1 --min-healthy 1
	said 64 "gm-keycheck: --min-healthy and --min-ok cannot be combined
Try 'gm-keycheck --help'.
" ''
}

@test "a key of the old format that is rejected: make a new one" {
	KEYS=AIza-fake-invalid-key-0001,AIza-fake-good-key-0003 server
	check
	said 1 'gm-keycheck: 1 of 2 keys is healthy; key 0 (...0001) invalid: create a new key: those of the old format are rejected since June 2026
' '0|...0001|-|invalid|RETRY_AT|400|MS|create a new key: those of the old format are rejected since June 2026' \
	    '1|...0003|-|ok|-|200|MS|-'
}

# lists MEMBERS LINE: that in place of the list of models; an answer decides.
lists() {
	rm -rf "$GM_STATE_DIR"
	echo "[{\"when\":{\"path\":\"pageSize\"},$1,\"repeat\":-1}]" >"$DIR/script.json"
	check --level generate
	said 0 '' '0|...0001|-|ok|-|200|MS|-' && [ -z "$(state)" ] || return
	check --level list --retries 0
	[ "$(tr '\t' '|' <out)" = "$2" ] && [ -z "$(state)" ]
}

@test "--level generate works where there is no list of models" {
	KEYS=$GOOD_KEY server
	lists '"status":404,"json":{"detail":"Not Found"}' \
	    '0|...0001|-|unknown|-|404|MS|check the base URL'
	lists '"status":405,"json":{"detail":"Method Not Allowed"}' \
	    '0|...0001|-|unknown|-|405|MS|check the base URL'
	lists '"refusal":"unimplemented"' '0|...0001|-|unknown|-|501|MS|add -v for the reason'
	lists '"refusal":"permission"' \
	    '0|...0001|-|unknown|-|403|MS|use another model, or get permission in the project'
	lists '"status":403,"body":"<h1>No</h1>"' \
	    '0|...0001|-|unknown|-|403|MS|check the base URL and your network'
	# It does not help a key that is rejected for an answer.
	echo '[{"when":{"path":"pageSize"},"status":404,"json":{}},{"when":{"path":"count"},"service":true},{"refusal":"key_leaked"}]' >"$DIR/script.json"
	check --level generate
	said 77 'gm-keycheck: no key is healthy; key 0 (...0001) leaked: delete it and create another
' '0|...0001|-|leaked|never|403|MS|delete it and create another'
}

@test "a page that denies access, or another's fault, marks no key" {
	KEYS=$GOOD_KEY server
	echo '[{"status":403,"body":"<title>Error 403</title>","repeat":-1}]' >"$DIR/script.json"
	check --level generate
	said 69 "gm-keycheck: no key got an answer: $URL: a web page denies access; check the base URL and your network (HTTP 403, front_end): Error 403
" '0|...0001|-|unknown|-|403|MS|check the base URL and your network'
	[ -z "$(state)" ]
	echo '[{"refusal":"server","message":"API key expired, reported as leaked","repeat":-1}]' >"$DIR/script.json"
	check --retries 0
	[ "$rc" -eq 69 ]
	[ -z "$(state)" ]
}

@test "no key: 78" {
	export GM_ENV_FILE=/dev/null
	check
	said 78 'gm-keycheck: no API key in /dev/null or the environment; set GOOGLE_API_KEYS
' ''
}

@test "network down: 69, and why" {
	KEYS=$GOOD_KEY,$DEAD server
	stop_server
	check --retries 0
	[ "$rc" -eq 69 ]
	same out "$(printf '%s\t%s\t-\tunknown\t-\t-\tMS\tcheck that the server is running' \
	    0 ...0001)
$(printf '%s\t%s\t-\tunknown\t-\t-\tMS\tcheck that the server is running' 1 ...0002)
"
	grep -q "^gm-keycheck: no key got an answer: $URL: connection refused; check that the server is running (refused)\$" err
	[ "$(wc -l <err)" -eq 1 ]
	[ -z "$(state)" ]
}

@test "errors of the server are repeated, up to --retries" {
	KEYS=$GOOD_KEY server
	echo '[{"refusal":"server","repeat":2}]' >"$DIR/script.json"
	check
	said 0 '' '0|...0001|-|ok|-|200|MS|-'
	[ "$(requests)" -eq 3 ]
}

@test "a model that refuses one token is asked once more" {
	KEYS=$GOOD_KEY server
	echo '[{"when":{"path":"stream"},"refusal":"invalid_argument"}]' >"$DIR/script.json"
	check --level generate
	said 0 '' '0|...0001|-|ok|-|200|MS|-'
	[ "$(requests)" -eq 4 ]
	body 4 >text
	same text '{"contents":[{"role":"user","parts":[{"text":"1"}]}]}'
}

@test "a key whose list or count is refused is never asked for an answer" {
	KEYS=fake-good-key-0002,fake-good-key-0003 server
	cat >"$DIR/script.json" <<-'END'
		[{"when":{"key":"fake-good-key-0002","path":"pageSize"},"refusal":"invalid_argument"},
		 {"when":{"key":"fake-good-key-0003","path":"count"},"refusal":"invalid_argument"}]
	END
	check --level generate
	[ "$rc" -eq 69 ]
	tr '\t' '|' <out >lines
	same lines '0|...0002|-|unknown|-|400|MS|add -v for the reason
1|...0003|-|unknown|-|400|MS|add -v for the reason
'
	sent >requests
	same requests "GET /v1beta/models?pageSize=1 fake-good-key-0002
GET /v1beta/models?pageSize=1 fake-good-key-0003
POST /v1beta/models/$ALIAS:countTokens fake-good-key-0003
"
}

@test "keys of one project: what one has met, the other is not asked for" {
	KEYS=a:$GOOD_KEY,a:fake-good-key-0002 server
	echo '[{"refusal":"server"},{"refusal":"project_suspended","repeat":-1}]' >"$DIR/script.json"
	check
	said 77 'gm-keycheck: no key is healthy; key 0 (...0001) project_blocked, key 1 (...0002) project_blocked
' "$(tr '\t' '|' <out)"
	# Whose request it was is told the reason, the other that there is a mark.
	[ "$(cut -f 8 out | grep -cxF \
	    -e 'enable the API and billing in its project' \
	    -e 'appeal to Google against the suspension, or use another project')" -eq 2 ]
	[ "$(state)" = 'all project_blocked' ]
}

@test "GM_RPD: own requests count, those that cost nothing do not" {
	KEYS=$GOOD_KEY server
	export GM_RPD=1
	check
	check
	said 0 '' '0|...0001|-|ok|-|200|MS|-'
	gm-prompt -n hi >answer
	check --level generate
	said 0 'gm-keycheck: 1 of 1 key is limited, which counts as healthy: key 0 (...0001)
' '0|...0001|-|limited|RETRY_AT|200|MS|wait, or raise GM_RPD'
	[ "$(grep -l '^POST.*stream' "$DIR"/request.* | wc -l)" -eq 1 ]
	check
	said 0 "$(cat err)"$'\n' \
	    '0|...0001|-|limited|RETRY_AT|200|MS|wait, or raise GM_RPD'
}

@test "GM_RPD: a limit of the service's has its own advice all the same" {
	KEYS=fake-day-key-0001 server
	GM_RPD=1 check --level generate
	said 0 'gm-keycheck: 1 of 1 key is limited, which counts as healthy: key 0 (...0001)
' '0|...0001|-|limited|RETRY_AT|429|MS|wait, or enable billing'
}

@test "the deadline: what has no answer by then is unknown" {
	KEYS=$GOOD_KEY,$DEAD server
	echo '[{"when":{"key":"'$DEAD'"},"refusal":"key_invalid","gate":"never","repeat":-1}]' \
	    >"$DIR/script.json"
	check --deadline 1s
	said 1 'gm-keycheck: 1 of 2 keys is healthy; key 1 (...0002) unknown: raise --deadline
' '0|...0001|-|ok|-|200|MS|-' '1|...0002|-|unknown|-|-|MS|raise --deadline'
	check --deadline 300ms 1
	said 69 'gm-keycheck: no key got an answer: models: deadline exceeded; raise --deadline (deadline)
' '1|...0002|-|unknown|-|-|MS|raise --deadline'
}

@test "Ctrl-C: dies by it at once, says nothing, leaves no file" {
	KEYS=$GOOD_KEY,$DEAD server
	echo '[{"gate":"never","service":true,"repeat":-1}]' >"$DIR/script.json"
	mkdir there
	rc=0
	python3 -c 'import signal, subprocess, sys, time, os
p = subprocess.Popen(["gm-keycheck", "--prometheus", "there/m"],
    stdout=open("raw", "w"), stderr=open("err", "w"))
end = time.time() + 20
while time.time() < end and not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
start = time.time()
p.send_signal(signal.SIGINT)
code = p.wait(20)
sys.exit(0 if code == -signal.SIGINT and time.time() - start < 5 else 1)' \
	    "$DIR/request.2"
	same raw ''
	same err ''
	[ -z "$(ls -A there)" ]
}

@test "a full disk: 74; a reader that has left: SIGPIPE, the metrics are there" {
	KEYS=$GOOD_KEY,$DEAD server
	rc=0
	gm-keycheck >/dev/full 2>err || rc=$?
	[ "$rc" -eq 74 ]
	same err 'gm-keycheck: standard output: No space left on device
'
	mkfifo fifo
	exec 7<>fifo
	exec 8>fifo
	exec 7<&-
	rc=0
	python3 -c 'import subprocess, sys, signal
code = subprocess.run(["gm-keycheck", "--prometheus", "m"], stdout=8,
    stderr=open("err", "w")).returncode
sys.exit(0 if code == -signal.SIGPIPE else 1)' || rc=$?
	exec 8>&-
	[ "$rc" -eq 0 ]
	same err ''
	grep -qx 'gm_keys_healthy 1' m
}

@test "two runs at once say the same, and the state is whole" {
	KEYS=$GOOD_KEY,$DEAD,fake-leaked-key-0003,fake-day-key-0004 server
	gm-keycheck --level generate >one 2>&1 &
	gm-keycheck --level generate >two 2>&1 || :
	wait $! || :
	# What the one has learnt just now the other need not ask again, so that
	# its last reply may be of a step before.
	cut -f 1-4 one >first
	cut -f 1-4 two | diff first -
	cut -f 8- one >first
	cut -f 8- two | diff first -
	[ "$(wc -l <one)" -eq 6 ]
	state >marks
	same marks "all key_invalid
all key_leaked
$ALIAS quota_day
"
	[ "$(find "$GM_STATE_DIR" -type f | sed 's|.*/||' | sort | paste -sd ' ')" = \
	    'keys keys.lock salt' ]
}

@test "many keys, more than are checked at once" {
	local i list=
	for ((i = 0; i < 150; i++)); do
		list+=fake-good-key-$((1000 + i)),
	done
	KEYS=$list server --no-record
	check
	[ "$rc" -eq 0 ]
	same err ''
	[ "$(cut -f 1,4 out)" = "$(for ((i = 0; i < 150; i++)); do
		printf '%s\tok\n' $i
	done)" ]
}

@test "--prometheus FILE: renamed into place, mode 0644, as promtool likes it" {
	KEYS="'we\"ird:$GOOD_KEY,$DEAD'" server
	umask 077
	(umask 077 && echo old >m)
	check --prometheus m
	said 1 "$SUM" "$(tr '\t' '|' <out)"
	[ "$(stat -c %a m)" = 644 ]
	sed -i -E 's/^(.*_seconds) [0-9]{10}$/\1 NOW/' m
	same m '# HELP gm_key_healthy 1 if this API key is healthy, else 0.
# TYPE gm_key_healthy gauge
gm_key_healthy{provider="gemini",index="0",project="we\"ird"} 1
gm_key_healthy{provider="gemini",index="1",project=""} 0
# HELP gm_key_status 1, with the status of this API key as a label.
# TYPE gm_key_status gauge
gm_key_status{provider="gemini",index="0",project="we\"ird",status="ok"} 1
gm_key_status{provider="gemini",index="1",project="",status="invalid"} 1
# HELP gm_keys_checked Number of API keys that were checked.
# TYPE gm_keys_checked gauge
gm_keys_checked 2
# HELP gm_keys_healthy Number of these API keys that are healthy.
# TYPE gm_keys_healthy gauge
gm_keys_healthy 1
# HELP gm_keycheck_timestamp_seconds Time of the check in seconds since 1970.
# TYPE gm_keycheck_timestamp_seconds gauge
gm_keycheck_timestamp_seconds NOW
'
	[ -z "$(find . -name '.m.*')" ]
	command -v promtool >/dev/null || skip 'no promtool'
	check --prometheus m
	promtool check metrics <m
}

@test "--prometheus: a mount point is written in place, mode 0644" {
	local inode

	unshare -m true 2>why || skip "no mount namespaces: $(cat why)"
	KEYS=$GOOD_KEY server
	: >m
	(umask 077 && echo old >real)
	inode=$(stat -c %i real)
	rc=0
	unshare -m bash -c 'mount --bind real m && exec gm-keycheck --prometheus m' \
	    >out 2>err </dev/null || rc=$?
	[ "$rc" -eq 0 ]
	same err ''
	same m ''
	grep -q '^gm_keys_checked 1$' real
	[ "$(stat -c '%i %a' real)" = "$inode 644" ]
	[ -z "$(find . -name '.*.gm-*')" ]
}

@test "--prometheus: a target that cannot be made is 73, and nothing is sent" {
	KEYS=$GOOD_KEY server
	check --prometheus absent/m
	said 73 'gm-keycheck: absent/m: No such file or directory
' ''
	mkdir dir
	check --prometheus dir
	[ "$rc" -eq 73 ]
	[ "$(requests)" -eq 0 ]
	check --prometheus /dev/full
	said 74 'gm-keycheck: /dev/full: No space left on device
' ''
}

@test "--prometheus FIFO: its reader is waited for, until the deadline" {
	local pid

	KEYS=$GOOD_KEY server
	mkfifo m
	check --deadline 100ms --prometheus m
	said 69 'gm-keycheck: m: deadline exceeded
' ''
	[ "$(requests)" -eq 0 ]
	gm-keycheck --prometheus m >out 2>err </dev/null &
	pid=$!
	wait_for "grep -qx gm-keycheck /proc/$pid/comm"
	kill -STOP $pid
	wait_for "grep -q ') T ' /proc/$pid/stat"
	kill -CONT $pid
	kill -WINCH $pid
	grep -c '^gm_key_healthy' m >count
	wait $pid
	same count $'1\n'
	same err ''
	gm-keycheck --prometheus m >out 2>err </dev/null &
	pid=$!
	# The shell that becomes it may lose a signal.
	wait_for "grep -qx gm-keycheck /proc/$pid/comm"
	kill -TERM $pid
	rc=0
	wait $pid || rc=$?
	[ "$rc" -eq 143 ]
	same err ''
}

@test "an env file that git tracks or does not ignore is told" {
	KEYS=$GOOD_KEY server
	check
	said 0 '' '0|...0001|-|ok|-|200|MS|-'
	git init -q .
	# What a repository could make git run.
	printf '#!/bin/sh\n: >%s/ran\n' "$PWD" >monitor
	chmod +x monitor
	git config core.fsmonitor "$PWD/monitor"
	git config alias.ls-files "!$PWD/monitor"
	check
	said 0 "gm-keycheck: $PWD/env: not ignored by git; add it to .gitignore
" '0|...0001|-|ok|-|200|MS|-'
	check --quiet
	said 0 '' '0|...0001|-|ok|-|200|MS|-'
	echo env >.gitignore
	check
	said 0 '' '0|...0001|-|ok|-|200|MS|-'
	rm -f ran
	git -c core.fsmonitor=false add -f env
	check
	said 0 "gm-keycheck: $PWD/env: tracked by git; remove it from the repository, and replace its keys if they were pushed
" '0|...0001|-|ok|-|200|MS|-'
	[ ! -e ran ]
	# Without git there is nothing to tell.
	env PATH=/absent "$BUILD/gm-keycheck" >raw 2>err </dev/null
	same err ''
}

# What a repository that somebody else made could have git run: programs that
# watch its files, hooks, filters, converters, aliases, pagers, and, for an
# object that it lacks, whatever fetches that.
@test "nothing that a repository names is run" {
	local blob how

	KEYS=$GOOD_KEY server
	printf '#!/bin/sh\n: >%s/ran\n' "$PWD" >monitor
	chmod +x monitor
	git init -q .
	echo other >.gitignore
	git add .gitignore
	git -c user.name=A -c user.email=a@example.org commit -qm begin
	blob=$(git rev-parse :.gitignore)
	git update-index --skip-worktree .gitignore
	rm -f .gitignore ".git/objects/${blob:0:2}/${blob:2}"
	git config core.repositoryFormatVersion 1
	git config extensions.partialClone origin
	git config remote.origin.promisor true
	git config protocol.allow always
	git config protocol.ext.allow always
	git config core.fsmonitor "$PWD/monitor"
	git config core.sshCommand "$PWD/monitor"
	git config core.pager "$PWD/monitor"
	git config pager.ls-files true
	git config pager.check-ignore true
	git config core.gitProxy "$PWD/monitor"
	git config credential.helper "$PWD/monitor"
	git config filter.x.clean "$PWD/monitor"
	git config diff.x.textconv "$PWD/monitor"
	git config alias.ls-files "!$PWD/monitor"
	git config alias.check-ignore "!$PWD/monitor"
	echo '* filter=x diff=x' >.git/info/attributes
	cp monitor .git/hooks/post-index-change
	cp monitor .git/hooks/fsmonitor-watchman
	for how in "ext::$PWD/monitor" ssh://a.example/x git://a.example/x; do
		git config remote.origin.url "$how"
		check
		[ "$rc" -eq 0 ]
		[ ! -e ran ]
	done
	# It is there to be run.
	git check-ignore -q env || :
	[ -e ran ]
}

@test "an env file that others can read, let pass, is told" {
	KEYS=$GOOD_KEY server
	chmod 644 env
	check
	[ "$rc" -eq 78 ]
	export GM_ALLOW_UNSAFE_ENV=1
	check
	said 0 "gm-keycheck: $PWD/env: others can read or change it; run chmod 600 $PWD/env
" '0|...0001|-|ok|-|200|MS|-'
}

@test "in an empty environment, without a terminal" {
	KEYS=$GOOD_KEY,fake-day-key-0002,fake-invalid-key-0003 server
	rc=0
	env -i setsid "$BUILD/gm-keycheck" --env-file env --level generate \
	    >raw 2>err </dev/null || rc=$?
	shape <raw >out
	said 1 'gm-keycheck: the key state is kept in memory only: no state directory; set GM_STATE_DIR
gm-keycheck: 1 of 3 keys is limited, which counts as healthy: key 1 (...0002)
gm-keycheck: 2 of 3 keys are healthy; key 2 (...0003) invalid: replace it
' '0|...0001|-|ok|-|200|MS|-' \
	    '1|...0002|-|limited|RETRY_AT|429|MS|wait, or enable billing' \
	    '2|...0003|-|invalid|RETRY_AT|400|MS|replace it'
}

@test "no key in anything, whatever the server repeats" {
	local mark=fake-marker-key-of-keycheck-0042

	KEYS=$mark server
	echo '[{"refusal":"key_invalid","repeat":4},{"refusal":"project_suspended","repeat":4},
	    {"refusal":"model_gone","replacement":"'$mark'","repeat":-1}]' >"$DIR/script.json"
	for _ in 1 2 3; do
		rc=0
		gm-keycheck -vv --json --metrics --log-file log --prometheus m \
		    --level generate >out 2>err </dev/null || rc=$?
		[ "$rc" -ne 0 ]
		[ -s log ]
		run -1 grep -raF fake-marker --exclude=env . "$GM_STATE_DIR"
	done
}

@test "--metrics, --log-file: a record for each request" {
	KEYS=$GOOD_KEY,$DEAD server
	check --log-file log
	[ "$(jq -c '[.tool, .key_index, .class, .http]' log | sort)" = \
	    '["gm-keycheck",0,"ok",200]
["gm-keycheck",1,"key_invalid",400]' ]
	check --metrics 0
	[ "$(grep -c 'key_index=0 .*class=ok' err)" -eq 1 ]
}

@test "gm-prompt --ignore-cooldown asks a leaked key once, not for ever" {
	KEYS=fake-leaked-key-0001 server
	rc=0
	timeout 60 gm-prompt -n hi >out 2>err || rc=$?
	[ "$rc" -eq 77 ]
	rc=0
	timeout 60 gm-prompt -n --ignore-cooldown hi >out 2>err || rc=$?
	[ "$rc" -eq 77 ]
	[ "$(requests)" -eq 2 ]
}

@test "gm-prompt --count lifts no quota, as it sees none" {
	KEYS=$GOOD_KEY server
	echo '[{"when":{"path":"stream"},"refusal":"quota_day"}]' >"$DIR/script.json"
	rc=0
	gm-prompt -n --max-wait 0 hi >out 2>err || rc=$?
	[ "$rc" -eq 75 ]
	gm-prompt -n --ignore-cooldown --count hi >out
	[ "$(state)" = "$ALIAS quota_day" ]
}

# sweep FUNCTION STATUSES: make its 1st, 2nd ... call fail, until none is left:
# a known status, whole lines or none, no key, and a state that can be read.
sweep() {
	local fn=$1 allowed=$2 n

	for ((n = 1; n <= 600; n++)); do
		rc=0
		rm -rf "$GM_STATE_DIR" m
		GM_FAULT=$fn:$n timeout 60 "$BUILD/fault/gm-keycheck" --quiet \
		    --prometheus m >raw 2>err </dev/null || rc=$?
		grep -q "gm-fault: $fn $n" err || break
		case " $allowed " in
		*" $rc "*) ;;
		*)
			echo "$fn $n: status $rc: $(cat raw err)"
			return 1
			;;
		esac
		run -1 grep -aF fake- raw err
		[ "$rc" -ne 1 ] || shape <raw | diff whole - || {
			echo "$fn $n: $(cat err)"
			return 1
		}
		[ -z "$(find . -name '.m.*')" ] || [ "$fn" = close ]
		[ ! -e m ] || tail -n 1 m | grep -q ^gm_keycheck_timestamp_seconds
	done
	echo "$fn: $((n - 1)) calls"
	[ "$n" -gt 1 ] && [ "$n" -lt 600 ]
	[ "$rc" -eq 1 ]
}

@test "each of our calls may fail" {
	KEYS=$GOOD_KEY,$DEAD server --no-record
	check
	cp out whole
	sweep malloc '1 71'
	sweep calloc 71
	sweep realloc '1 71'
	sweep write '1 73 74'
	sweep fsync '1 74'
	sweep rename '1 74'
}

# full: the state holds 10,000 rows of refused keys, made from the
# one that it has.
full() {
	awk '/key_leaked/ { line = $0; id = $7 } END {
		for (i = 0; i < 9999; i++) {
			copy = line
			sub(id, sprintf("%064d", i), copy)
			print copy
		}
	}' "$GM_STATE_DIR/keys" >rows
	cat rows >>"$GM_STATE_DIR/keys"
}

@test "a full state: it is told once what is dropped" {
	local full
	KEYS=fake-leaked-key-0003 server
	check
	[ "$rc" -eq 77 ]
	full
	full="$GM_STATE_DIR/keys: full: the oldest 1 row dropped; set GM_STATE_DIR to a different directory for each list of keys"
	# Whoever writes first tells it: a key that is checked ...
	env_file "fake-leaked-key-0003,$DEAD"
	check
	said 77 "gm-keycheck: $full
gm-keycheck: no key is healthy; key 0 (...0003) leaked, key 1 (...0002) invalid
" '0|...0003|-|leaked|never|403|MS|delete it and create another' \
	    '1|...0002|-|invalid|RETRY_AT|400|MS|replace it'
	# ... one of many ...
	env_file "$DEAD,fake-invalid-key-0005,fake-invalid-key-0006"
	check
	[ "$rc" -eq 77 ]
	[ "$(grep -c ': full: ' err)" -eq 1 ]
	[ "$(wc -l <err)" -eq 2 ]
}
