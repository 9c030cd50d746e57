# The way to the service: names, connections, cuts at every byte, timeouts, bytes
# that are not HTTP, TLS, proxies.

load net

# aim URL: send requests there.
aim() {
	export GOOGLE_GEMINI_BASE_URL=$1 GEMINI_API_KEY=$GOOD_KEY URL=$1
}

# certificate NAME SAN [option of "openssl ca"...]: make NAME.pem and NAME.key for
# that subjectAltName, signed by the CA of this test, ca.pem.
certificate() {
	local name=$1 san=$2
	shift 2
	mkdir -p "$DIR/issued"
	[ -s "$DIR/ca.key" ] || openssl req -x509 -newkey ec -nodes \
	    -pkeyopt ec_paramgen_curve:prime256v1 -subj "/CN=test CA" -days 30 \
	    -addext keyUsage=critical,keyCertSign \
	    -keyout "$DIR/ca.key" -out "$DIR/ca.pem" 2>/dev/null
	openssl req -newkey ec -nodes -pkeyopt ec_paramgen_curve:prime256v1 \
	    -subj "/CN=test" -addext "subjectAltName=$san" \
	    -keyout "$DIR/$name.key" -out "$DIR/$name.csr" 2>/dev/null
	: >"$DIR/index"
	cat >"$DIR/ca.conf" <<-END
		[ca]
		default_ca = test
		[test]
		database = $DIR/index
		new_certs_dir = $DIR/issued
		rand_serial = yes
		default_md = sha256
		default_days = 30
		copy_extensions = copy
		policy = any
		[any]
		commonName = supplied
	END
	openssl ca -batch -notext -config "$DIR/ca.conf" -cert "$DIR/ca.pem" \
	    -keyfile "$DIR/ca.key" -in "$DIR/$name.csr" -out "$DIR/$name.pem" \
	    "$@" 2>/dev/null
}

# twice STATUS LINE: two attempts without a connection, both with this end.
twice() {
	unworded err
	said "$1" '' "gm-prompt: attempt 1: $2
gm-prompt: no connection: waiting 0.0 s
gm-prompt: attempt 2: $2
gm-prompt: $2
"
}

# --- names and connections

@test "a name that does not exist: 69, with retries" {
	preload dns
	aim https://no-such-host.invalid
	LD_PRELOAD=$LIBRARY ask -nv --retries 1 hi
	twice 69 "$URL: no connection: WHY; check the network (network)"
}

# closed: set PORT to a port of this machine where nothing listens.
closed() {
	helper listen mute
	kill "${HELPERS[0]}"
	wait "${HELPERS[0]}" || :
	HELPERS=()
	rm -rf "$THERE"
}

# refused [OPTION...]: 69 at once, with one attempt.
refused() {
	ask -nv --retries 9 --max-wait 60 --deadline 50 "$@" hi
	[ "$rc" -eq 69 ] || return
	same out '' || return
	sed -E 's/(\(refused\)): .*/\1/' err >told
	same told "gm-prompt: attempt 1: $URL: connection refused; check that the server is running (refused)
gm-prompt: $URL: connection refused; check that the server is running (refused)
"
}

@test "nothing listens on this machine: 69 at once, or a fallback at once" {
	local host
	closed
	for host in 127.0.0.1 127.9.9.9 '[::1]' localhost; do
		aim "http://$host:$PORT"
		refused
		aim "https://$host:$PORT/v1"
		refused
	done
	refused -4
	aim "http://localhost:$PORT"
	refused -6
	# A name with a loopback address.
	preload dns
	aim "https://gm.test:$PORT"
	LD_PRELOAD=$LIBRARY FAKE_DNS=gm.test refused
	# A proxy that is not used for it changes nothing.
	aim "http://127.0.0.1:$PORT"
	https_proxy=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 refused
	ask --json hi
	[ "$rc" -eq 69 ]
	[ "$(jq -c '[.ok, .error.class, [.attempts[] | [.class, .http]]]' out)" = \
	    '[false,"refused",[["refused",null]]]' ]
	services
	play <<<"[$LOCAL_GOOD]"
	GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:$PORT \
	    ask --retries 9 --deadline 50 --fallback openai --json hi
	[ "$rc" -eq 0 ]
	[ "$(jq -c '[.text, [.attempts[] | .class]]' out)" = \
	    "[\"$LOCAL_SAYS\",[\"refused\",\"ok\"]]" ]
	[ "$(wc -l <err)" -eq 1 ]
}

@test "a connection refused elsewhere: 69, with retries" {
	preload refuse
	aim "https://192.0.2.1"
	LD_PRELOAD=$LIBRARY ask -nv --retries 2 hi
	[ "$rc" -eq 69 ]
	same out ''
	unworded err
	[ "$(grep -c '^gm-prompt: attempt [123]: .*no connection: WHY; check the network (network)$' err)" -eq 3 ]
	[ "$(tail -n 1 err)" = "gm-prompt: $URL: no connection: WHY; check the network (network)" ]
}

@test "a host that does not answer at all: the connect timeout ends it" {
	helper listen full
	aim "http://127.0.0.1:$PORT"
	ask -nv --retries 1 --connect-timeout 200ms hi
	twice 69 "$URL: no connection: WHY; check the network (network)"
}

@test "a connection that is reset before the request, or before the reply" {
	helper listen reset
	aim "http://127.0.0.1:$PORT"
	ask --retries 0 hi
	broken 69 "$URL: no connection: WHY; check the network (network)"
	serve
	play <<<'[{"raw":"","reset_at":0,"repeat":-1}]'
	ask --retries 1 hi
	broken 69 "$URL: no connection: WHY; check the network (network)"
	tried 2
	play <<<'[{"raw":"","repeat":-1}]'
	ask --retries 1 hi
	broken 69 "$URL: no connection: WHY; check the network (network)"
	tried 2
}

# --- cuts

# short FRAMING: set REPLY to a minimal answer of two events.
short() {
	local body="$FIRST_EVENT\\r\\n\\r\\n$LAST_EVENT\\r\\n\\r\\n"
	WHOLE='One, two.'
	SIZE=$(printf '%b' "$body" | wc -c)
	body=${body//\"/\\\"}
	REPLY="\"body\":\"$body\",\"framing\":\"$1\""
}

# cuts HOW FROM TO STEP: check that no reply that is cut passes for an answer.
cuts() {
	python3 -B "$ROOT/tests/net/cuts.py" "$DIR" "{$REPLY}" "$1" "$WHOLE" \
	    "${@:2}" | diff - /dev/null
}

# finished: check that an answer is whole if only line ends are cut off.
finished() {
	local k
	for k in {4..0}; do
		play <<<"[{$REPLY,\"cut_at\":$((SIZE - k))}]"
		ask hi
		said 0 "$WHOLE
" '' || return
	done
}

@test "a chunked reply that is cut before its finish: never a success" {
	serve
	short chunked
	cuts cut_at 0 $((SIZE - 5)) 1
	finished
}

@test "a reply of stated length that is cut" {
	serve
	short length
	cuts cut_at 0 $((SIZE - 10)) 7
	cuts cut_at $((SIZE - 9)) $((SIZE - 5)) 1
	finished
}

@test "a reply that ends with the connection, cut" {
	serve
	short close
	cuts cut_at 0 $((SIZE - 10)) 7
	cuts cut_at $((SIZE - 9)) $((SIZE - 5)) 1
	finished
}

@test "a reply that is reset in its body" {
	serve
	short chunked
	cuts reset_at 0 "$SIZE" 13
}

@test "headers that are cut: no answer" {
	local k head failures=0
	head='HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 12\r\n\r\n'
	serve
	for ((k = 0; k <= $(printf '%b' "$head" | wc -c); k += 3)); do
		play <<<"[{\"raw_b64\":\"$(printf '%b' "$head" | head -c "$k" | base64 -w 0)\",\"repeat\":-1}]"
		ask --retries 0 hi
		if [ "$rc" -ne 76 ] && [ "$rc" -ne 69 ] || [ -s out ] ||
		    [ "$(wc -l <err)" -ne 1 ]; then
			echo "headers cut at $k: $rc $(cat out err)"
			failures=$((failures + 1))
		fi
	done
	[ "$failures" -eq 0 ]
}

@test "a finish reason, but not the end of a chunked body: whole" {
	serve
	play <<<"[{$STREAM,\"cut_at\":1000000,\"repeat\":-1}]"
	ask --retries 0 hi
	said 0 "$ANSWER
" ''
	ask -S hi
	said 0 "$ANSWER
" ''
	tried 2
}

# --- pieces and pauses

@test "byte by byte, the answer is the same" {
	serve
	play <<<"[{\"stream\":[\"Gr\u00fc\u00dfe \ud83d\ude00, \",\"two.\"],\"piece\":1,\"repeat\":-1}]"
	ask hi
	said 0 'Grüße 😀, two.
' ''
	ask -S hi
	said 0 'Grüße 😀, two.
' ''
}

@test "headers that come byte by byte are waited for" {
	serve
	play <<-'END'
		[{"raw":"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX: 1\r\n\r\ndata: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"ok\"}]},\"finishReason\":\"STOP\"}]}\n\n",
		  "piece":1,"piece_pause_ms":1,"repeat":-1}]
	END
	ask hi
	said 0 'ok
' ''
}

@test "a long pause is no error" {
	local place pid
	serve
	for place in 0 200; do
		rm -f "$DIR/go"
		play <<<"[{$STREAM,\"gate\":\"go\",\"gate_at\":$place}]"
		gm -n --timeout 60 hi &
		pid=$!
		wait_for '! tried 0 >/dev/null'
		same out ''
		touch "$DIR/go"
		wait "$pid"
		same out "$ANSWER
"
		same err ''
	done
}

@test "text is given out before a pause, not after it" {
	local size=$((${#FIRST_EVENT} + 4)) pid
	serve
	short chunked
	play <<<"[{$REPLY,\"gate\":\"go\",\"gate_at\":$size}]"
	gm -n -S hi &
	pid=$!
	wait_for '[ -s out ]'
	same out 'One, '
	touch "$DIR/go"
	wait "$pid"
	same out "$WHOLE
"
	same err ''
}

# Timeouts before and after the first event, with the other one out of reach.
FIRST=(--response-timeout 1s --timeout 50s)
THEN=(--response-timeout 50s --timeout 1s)

@test "--response-timeout: no data before, in and after the headers: 69" {
	serve
	play <<<'[{"raw":"","hold":true,"repeat":-1}]'
	ask --retries 0 "${FIRST[@]}" hi
	failed 69 "$URL: timeout: no response for 1 s; try again later (timeout)"
	tried 1
	play <<<"[{$STREAM,\"cut_at\":0,\"hold\":true,\"repeat\":-1}]"
	ask --retries 0 "${FIRST[@]}" hi
	failed 69 "$URL: timeout: no response for 1 s; try again later (HTTP 200, timeout)"
	# Half of an event does not count.
	play <<<"[{$STREAM,\"cut_at\":30,\"hold\":true,\"repeat\":-1}]"
	ask --retries 0 "${FIRST[@]}" hi
	failed 69 "$URL: timeout: no response for 1 s; try again later (HTTP 200, timeout)"
	play <<<'[{"raw":"HTTP/1.1 200 OK\r\nContent-","hold":true,"repeat":-1}]'
	ask --retries 0 "${FIRST[@]}" hi
	[ "$rc" -eq 69 ]
	[[ $(cat err) =~ ': timeout: no response for 1 s; try again later ('(HTTP 200, )?'timeout)'$ ]]
	# GM_RESPONSE_TIMEOUT says it, too.
	play <<<'[{"raw":"","hold":true,"repeat":-1}]'
	GM_RESPONSE_TIMEOUT=0.5 ask --retries 0 --timeout 50s hi
	failed 69 "$URL: timeout: no response for 0.5 s; try again later (timeout)"
}

@test "--response-timeout: a model may think without sending data" {
	local members
	serve
	for members in '"pause_ms":1500' '"pause_at":{"bytes":0,"ms":1500}' \
	    '"pause_at":{"bytes":20,"ms":1500}' '"ping":{"ms":100,"count":15}'; do
		play <<<"[{$STREAM,$members,\"repeat\":-1}]"
		ask --retries 0 "${THEN[@]}" hi
		said 0 "$ANSWER
" ''
	done
}

@test "--timeout: no data after the first event: 69" {
	local line="timeout: no data for 1 s; try again later (HTTP 200, timeout)" thought
	serve
	short chunked
	play <<<"[{$REPLY,\"cut_at\":$((${#FIRST_EVENT} + 4)),\"hold\":true,\"repeat\":-1}]"
	ask --retries 0 "${THEN[@]}" hi
	failed 69 "$URL: $line"
	again
	ask --retries 1 "${THEN[@]}" -S hi
	said 69 $'One, \n' "gm-prompt: $URL: $line
"
	tried 1
	# Half an event more does not help, nor does an error's head.
	play <<<"[{$REPLY,\"cut_at\":$((${#FIRST_EVENT} + 30)),\"hold\":true,\"repeat\":-1}]"
	ask --retries 0 "${THEN[@]}" hi
	failed 69 "$URL: $line"
	play <<<'[{"refusal":"overloaded","cut_at":0,"hold":true,"repeat":-1}]'
	ask --retries 0 "${THEN[@]}" hi
	failed 69 "$ALIAS: error at the service; try again later (HTTP 503, server)"
	# A thought counts as an event, a role alone does not.
	thought='{"candidates":[{"content":{"parts":[{"text":"Hm.","thought":true}]}}]}'
	play <<<"[{\"stream\":[$thought],\"finish\":null,\"hold\":true,\"repeat\":-1}]"
	ask --retries 0 "${THEN[@]}" hi
	failed 69 "$URL: $line"
	play <<<"[{\"stream\":[{\"candidates\":[{\"content\":{\"role\":\"model\"}}]}],\"finish\":null,\"hold\":true,\"repeat\":-1}]"
	ask --retries 0 "${FIRST[@]}" hi
	failed 69 "$URL: ${line/no data/no response}"
}

@test "a request that timed out is retried once, with any --retries" {
	local n
	serve
	for n in 0 1 4; do
		play <<<'[{"raw":"","hold":true,"repeat":-1}]'
		ask --retries $n --response-timeout 300ms hi
		failed 69 "$URL: timeout: no response for 0.3 s; try again later (timeout)"
		tried $((n > 0 ? 2 : 1))
	done
	play <<<"[{\"stream\":[\"One, \"],\"finish\":null,\"hold\":true,\"repeat\":-1}]"
	ask --timeout 300ms hi
	failed 69 "$URL: timeout: no data for 0.3 s; try again later (HTTP 200, timeout)"
	tried 2
	# Both timeouts, with other faults between, which are retried further.
	play <<<"[{\"refusal\":\"overloaded\"},{\"raw\":\"\",\"hold\":true},{\"refusal\":\"overloaded\"},{\"stream\":[\"One, \"],\"finish\":null,\"hold\":true},{$STREAM}]"
	ask --response-timeout 1s --timeout 1s --json hi
	[ "$rc" -eq 69 ]
	same <(jq -c '[.attempts[].class]' out) '["overloaded","timeout","overloaded","timeout"]
'
	play <<<"[{\"raw\":\"\",\"hold\":true},{\"refusal\":\"overloaded\"},{\"refusal\":\"overloaded\"},{\"refusal\":\"overloaded\"},{$STREAM}]"
	ask --response-timeout 1s hi
	said 0 "$ANSWER
" ''
	tried 5
	# Each model has one retry, then each service.
	services
	play <<<"[$(at gemini '"raw":"","hold":true'),$MISTRAL_GOOD]"
	ask -m gemini-a,gemini-b --fallback mistral --response-timeout 300ms --json hi
	[ "$rc" -eq 0 ]
	same <(jq -c '[.attempts[] | .model + " " + .class]' out) \
	    '["gemini-a timeout","gemini-a timeout","gemini-b timeout","gemini-b timeout","mistral-large-latest ok"]
'
}

@test "free calls have only --timeout" {
	local call
	serve
	play <<<'[{"raw":"","hold":true,"repeat":-1}]'
	for call in 'gm-models --refresh' gm-keycheck 'gm-prompt --count hi'; do
		rc=0
		# shellcheck disable=SC2086 # words
		timeout 30 $call --retries 0 --timeout 500ms >out 2>err </dev/null || rc=$?
		[ "$rc" -eq 69 ]
		grep -q '(timeout)' out err
		rc=0
		# shellcheck disable=SC2086
		timeout 30 $call --retries 0 --response-timeout 500ms >out 2>err </dev/null || rc=$?
		[ "$rc" -eq 69 ]
	done
}

@test "blanks, comments and pings are no events" {
	local first="timeout: no response for 1 s; try again later (HTTP 200, timeout)"
	local line=${first/response/data} body
	serve
	play <<<"[{$STREAM,\"ping\":{\"ms\":50,\"count\":200},\"repeat\":-1}]"
	ask --retries 0 "${FIRST[@]}" hi
	failed 69 "$URL: $first"
	# Blank lines, comments, pings that are events, an event that never ends.
	for body in "$(printf '\\n%.0s' {1..400})" "$(printf ':\\n\\n%.0s' {1..200})" \
	    "$(printf 'event: ping\\ndata: {\\"type\\":\\"ping\\"}\\n\\n%.0s' {1..200})" \
	    "data: $(printf 'x%.0s' {1..400})"; do
		play <<<"[{\"body\":\"$body\",\"piece\":2,\"framing\":\"chunked\",\"piece_pause_ms\":50,\"repeat\":-1}]"
		ask --retries 0 "${FIRST[@]}" hi
		failed 69 "$URL: $first"
		play <<<"[{\"body\":\"${FIRST_EVENT//\"/\\\"}\\n\\n$body\",\"pieces\":[$(seq -s , $((${#FIRST_EVENT} + 2)) 2 400)],\"framing\":\"chunked\",\"piece_pause_ms\":50,\"repeat\":-1}]"
		ask --retries 0 "${THEN[@]}" hi
		failed 69 "$URL: $line"
	done
}

@test "comments between the events are skipped" {
	serve
	play <<<"[{$STREAM,\"ping\":{\"ms\":1,\"count\":20}}]"
	ask hi
	said 0 "$ANSWER
" ''
}

# --- HTTP

# spoken TEXT LINE: check that TEXT as a whole reply gives status 76 and LINE.
spoken() {
	play <<<"[{\"raw\":\"$1\",\"repeat\":-1}]"
	rc=0
	timeout 60 gm-prompt --retries 0 hi >out 2>err </dev/null || rc=$?
	tried 1 && broken 76 "$URL: $2"
}

@test "bytes that are not HTTP: 76, one clean line" {
	local no='the response makes no sense: WHY; check the base URL'
	local cut='the response ended too early: WHY; try again later'
	serve
	spoken 'HTTP/1.1 abc\r\n\r\n' "$no (protocol)"
	spoken 'HTTP/9.9 200 OK\r\n\r\n' "$no (protocol)"
	# Newer versions of libcurl take the first three digits.
	play <<<'[{"raw":"HTTP/1.1 99999 OK\r\n\r\n","repeat":-1}]'
	ask --retries 1 hi
	sed -i 's/no sense; check the base URL (HTTP 999, protocol)$/no sense: WHY; check the base URL (protocol)/' err
	broken 76 "$URL: $no (protocol)"
	tried 1
	spoken '\u001b[31mFOO\r\n\r\n' "$no (protocol)"
	spoken '{\"candidates\":[]}' "$no (protocol)"
	spoken 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n' "$no (HTTP 200, protocol)"
	spoken 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}' "$no (HTTP 200, protocol)"
	spoken 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\n{}' "$cut (HTTP 200, truncated)"
	spoken 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}' "$no (HTTP 200, protocol)"
	spoken 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n{}' "$no (HTTP 200, protocol)"
}

# flood IDS: with the script on standard input the response makes no sense, with
# one attempt.
flood() {
	play
	ask --retries 1 hi
	tried 1 && failed 76 "$URL: the response makes no sense: the headers are too large; check the base URL ($1)"
}

# times N FORMAT: print it N times, with %d for the number.
times() {
	# shellcheck disable=SC2059
	printf "$2" $(seq "$1")
}

@test "floods of headers: one class, and this machine is not blamed" {
	local head='HTTP/1.1 200 OK\r\n'
	local chunked='Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n'
	local long medium
	long=$(times 1500000 'y%.0s')
	medium=${long::1000}
	serve
	# One header is too large, in each place.
	flood 'HTTP 200, protocol' <<<"[{\"repeat\":-1,\"raw\":\"${head}X: $long\\r\\n\\r\\n{}\"}]"
	flood protocol <<<"[{\"repeat\":-1,\"raw\":\"HTTP/1.1 200 $long\\r\\n\\r\\n{}\"}]"
	flood protocol <<<"[{\"repeat\":-1,\"raw\":\"HTTP/1.1$long\"}]"
	# Many small headers.
	flood 'HTTP 200, protocol' <<<"[{\"repeat\":-1,\"raw\":\"$head$(times 1500 "X-%d: $medium\\\\r\\\\n")\\r\\n{}\"}]"
	flood 'HTTP 200, protocol' <<<"[{\"repeat\":-1,\"raw\":\"$head$(times 20000 'X: %d\\r\\n')\\r\\n{}\"}]"
	flood 'HTTP 200, protocol' <<<"[{\"repeat\":-1,\"raw\":\"${head}X: y\\r\\n$(times 20000 ' %d\\r\\n')\\r\\n{}\"}]"
	# Many 1xx responses.
	flood 'HTTP 103, protocol' <<<"[{\"repeat\":-1,\"raw\":\"$(times 20000 'HTTP/1.1 103 Early Hints\\r\\nX: %d\\r\\n\\r\\n')\"}]"
	# In the trailers.
	flood 'HTTP 200, protocol' <<<"[{\"repeat\":-1,\"raw\":\"$head$chunked$(times 20000 'X: %d\\r\\n')\\r\\n\"}]"
	flood 'HTTP 200, protocol' <<<"[{\"repeat\":-1,\"raw\":\"$head$chunked$(times 1500 "X-%d: $medium\\\\r\\\\n")\\r\\n\"}]"
	play <<<"[{\"repeat\":-1,\"raw\":\"$head${chunked}X: $long\\r\\n\\r\\n\"}]"
	ask --retries 1 hi
	broken 76 "$URL: the response makes no sense: WHY; check the base URL (HTTP 200, protocol)"
	tried 1
}

@test "many headers are no flood" {
	serve
	play <<<"[{$STREAM,\"headers\":{\"X\":\"$(times 60000 'y%.0s')\",
	    \"Y\":[\"1\"$(times 1000 ',"%d"')]}}]"
	ask hi
	said 0 "$ANSWER
" ''
}

@test "1xx responses before the final one" {
	serve
	play <<-'END'
		[{"raw":"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\nContent-Type: text/html\r\n\r\nHTTP/1.1 200 OK\r\n\r\ndata: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"ok\"}]},\"finishReason\":\"STOP\"}]}\n"}]
	END
	ask hi
	said 0 'ok
' ''
}

@test "any content type is accepted, and none" {
	local type
	serve
	for type in '"text/plain"' '"application/octet-stream"' '"application/json"' \
	    '"text/html"' null '""' '"\u00ff;;"'; do
		play <<<"[{$STREAM,\"headers\":{\"Content-Type\":$type}}]"
		ask hi
		said 0 "$ANSWER
" ''
	done
}

@test "a JSON object or an array in place of a stream" {
	local one='{"candidates":[{"content":{"parts":[{"text":"One, "}]}}]}'
	local two='{"candidates":[{"content":{"parts":[{"text":"two."}]},"finishReason":"STOP"}]}'
	serve
	play <<<"[{\"json\":$two},{\"json\":[$one,$two]},{\"body\":\"\\r\\n [\"}]"
	ask hi
	said 0 'two.
' ''
	ask -S hi
	said 0 'One, two.
' ''
	ask --retries 0 hi
	[ "$rc" -eq 76 ]
}

# --- TLS

CLOCK='check the clock of this machine, or renew the certificate of the service'
ISSUER='for a proxy that inspects TLS, or a private CA, set SSL_CERT_FILE to its certificate'

# untrusted ADVICE: check for 69 with this advice, one attempt, nothing sent.
untrusted() {
	ask -nv hi
	unworded err
	said 69 '' "gm-prompt: attempt 1: $URL: no trusted connection: WHY; $1 (tls)
gm-prompt: $URL: no trusted connection: WHY; $1 (tls)
" && [ "$(requests)" -eq 0 ]
}

@test "an unknown CA: 69, the request is not sent" {
	serve --tls
	unset SSL_CERT_FILE
	untrusted "$ISSUER"
	# Nor with another CA.
	certificate other IP:127.0.0.1
	cp "$DIR/other.pem" other.pem
	SSL_CERT_FILE=$PWD/other.pem untrusted "$ISSUER"
	# The advice names the variable that is in use.
	CURL_CA_BUNDLE=$PWD/other.pem untrusted "${ISSUER/SSL_CERT_FILE/CURL_CA_BUNDLE}"
	mkdir certs
	cp other.pem certs
	openssl rehash certs
	SSL_CERT_DIR=certs untrusted "$ISSUER"
}

@test "a self-signed certificate: 69" {
	mkdir "$DIR"
	openssl req -x509 -newkey ec -nodes -pkeyopt ec_paramgen_curve:prime256v1 \
	    -subj /CN=self -addext subjectAltName=IP:127.0.0.1 -days 30 \
	    -keyout "$DIR/server.key" -out "$DIR/server.pem" 2>/dev/null
	cp "$DIR/server.pem" "$DIR/ca.pem"
	serve --tls
	unset SSL_CERT_FILE
	untrusted "$ISSUER"
}

@test "a certificate for another host: 69" {
	certificate server DNS:elsewhere.test
	serve --tls
	untrusted 'check the base URL: the certificate is for another host'
}

@test "a certificate that is expired or not yet valid: 69" {
	# Newer versions of openssl reject a past in -days.
	certificate server IP:127.0.0.1 -startdate 20200101000000Z \
	    -enddate 20200102000000Z
	serve --tls
	untrusted "$CLOCK"
	stop_server
	certificate server IP:127.0.0.1 -startdate 20480101000000Z \
	    -enddate 20480102000000Z
	serve --tls
	untrusted "$CLOCK"
	stop_server
	certificate server IP:127.0.0.1
	serve --tls
	play <<<"[{$STREAM}]"
	ask hi
	said 0 "$ANSWER
" ''
}

# unshaken TEXT: check that a server that sends TEXT in the handshake and ends it
# gets no request: 69, one attempt.
unshaken() {
	helper listen talk "$1"
	aim "https://127.0.0.1:$PORT"
	ask hi
	broken 69 "$URL: no trusted connection: WHY; check the certificates and the clock (tls)" || return
	[ "$(received)" -eq 1 ] && ! grep -q "$GOOD_KEY" "$THERE"/got.*
}

@test "plain HTTP on a TLS port, and other noise: 69, no retry" {
	unshaken 'HTTP/1.1 400 Bad Request\r\n\r\n'
	unshaken 'SSH-2.0-OpenSSH_9.2\r\n'
	unshaken 'hello'
	unshaken '\x16\x03\x03\xff\xff\x1b[31m'
	unshaken '\x16\x03\x03\x00\x08garbage!'
}

@test "a server that rejects the handshake by an alert: 69, no retry" {
	# protocol_version, as from a server that only has an old one,
	# handshake_failure, unrecognized_name, internal_error.
	unshaken '\x15\x03\x01\x00\x02\x02\x46'
	unshaken '\x15\x03\x03\x00\x02\x02\x28'
	unshaken '\x15\x03\x03\x00\x02\x02\x70'
	unshaken '\x15\x03\x03\x00\x02\x02\x50'
}

@test "a handshake that never ends: 69, with retries" {
	helper listen mute
	aim "https://127.0.0.1:$PORT"
	ask -nv --retries 1 --connect-timeout 200ms hi
	twice 69 "$URL: no connection: WHY; check the network (network)"
}

@test "a handshake that is broken off: 69, with retries" {
	local text size
	for text in '' 'hel' '\x15\x03\x01\x00\x02\x02' \
	    '\x15\x03\x03\x00\x02\x01\x00'; do
		helper listen talk "$text"
		aim "https://127.0.0.1:$PORT"
		ask -nv --retries 1 hi
		twice 69 "$URL: no connection: WHY; check the network (network)"
		[ "$(received)" -eq 2 ]
	done
	helper listen reset
	aim "https://127.0.0.1:$PORT"
	ask -nv --retries 1 hi
	twice 69 "$URL: no connection: WHY; check the network (network)"
	# In the middle of what a server of TLS says.
	certificate server IP:127.0.0.1
	for size in 3 60 200 400 600; do
		helper listen "first:$size" '' "$DIR/server.pem" "$DIR/server.key"
		aim "https://127.0.0.1:$PORT"
		SSL_CERT_FILE=$DIR/ca.pem ask -nv --retries 1 hi
		twice 69 "$URL: no connection: WHY; check the network (network)"
		[ "$(received)" -eq 2 ]
	done
}

@test "the CA by SSL_CERT_FILE, SSL_CERT_DIR, CURL_CA_BUNDLE" {
	local setting
	serve --tls
	unset SSL_CERT_FILE
	play <<<"[{$STREAM,\"repeat\":-1}]"
	for setting in "SSL_CERT_FILE=$DIR/ca.pem" "SSL_CERT_DIR=$DIR/certs" \
	    "SSL_CERT_DIR=$BATS_TEST_TMPDIR/none:$DIR/certs" \
	    "CURL_CA_BUNDLE=$DIR/ca.pem"; do
		rc=0
		env "$setting" gm-prompt -n hi >out 2>err || rc=$?
		said 0 "$ANSWER
" ''
	done
	tried 4
}

# distrusted NAME=VALUE WORDS: check for 78 with this one line, also if a fallback
# needs no certificates.
distrusted() {
	local option
	for option in --provider=gemini --fallback=openai; do
		rc=0
		env "$1" OPENAI_BASE_URL=http://127.0.0.1:1 OPENAI_MODEL=m \
		    gm-prompt -n "$option" hi >out 2>err || rc=$?
		failed 78 "${1%%=*}: $2"
	done
}

@test "certificates that cannot be used: 78, and which variable to change" {
	local name file='set it to a file of PEM certificates'
	serve --tls
	unset SSL_CERT_FILE
	mkdir empty unhashed
	cp "$DIR/ca.pem" unhashed
	mkfifo pipe
	: >nothing
	echo nonsense >text
	openssl x509 -in "$DIR/ca.pem" -outform DER -out der
	cp "$DIR/server.key" key
	cp "$DIR/ca.pem" secret
	for name in SSL_CERT_FILE CURL_CA_BUNDLE; do
		distrusted "$name=/nowhere/ca" '/nowhere/ca: No such file or directory'
		distrusted "$name=empty" "empty: a directory; $file"
		distrusted "$name=pipe" "pipe: not a regular file; $file"
		distrusted "$name=nothing" "nothing: no PEM certificate in it; $file"
		distrusted "$name=text" "text: no PEM certificate in it; $file"
		distrusted "$name=der" "der: no PEM certificate in it; $file"
		distrusted "$name=key" "key: no PEM certificate in it; $file"
	done
	name='no certificate under a hashed name in it; run openssl rehash'
	distrusted SSL_CERT_DIR=/nowhere '/nowhere: No such file or directory'
	distrusted SSL_CERT_DIR=secret 'secret: Not a directory'
	distrusted SSL_CERT_DIR=empty "empty: $name"
	distrusted SSL_CERT_DIR=unhashed "unhashed: $name"
	distrusted SSL_CERT_DIR=empty:unhashed "empty:unhashed: $name"
	if [ "$(id -u)" -ne 0 ]; then
		chmod 0 secret
		distrusted SSL_CERT_FILE=secret 'secret: Permission denied'
	fi
	# A service without TLS does not accept wrong certificates either.
	GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:1 \
	    distrusted SSL_CERT_FILE=text "text: no PEM certificate in it; $file"
	unsent
}

@test "a certificate that is damaged: 78, no retry, no fallback" {
	serve --tls
	play <<<"[{$STREAM,\"repeat\":-1}]"
	{
		cat "$DIR/ca.pem"
		echo '-----BEGIN CERTIFICATE-----'
		echo 'TUlJ'
		echo '-----END CERTIFICATE-----'
	} >damaged
	export SSL_CERT_FILE=damaged OPENAI_BASE_URL=http://127.0.0.1:1 \
	    OPENAI_MODEL=m
	ask -nv --fallback openai hi
	[ "$rc" -eq 78 ]
	same out ''
	sed -E 's/(cannot be read): [^;]*;/\1: WHY;/' err >told
	same told "gm-prompt: attempt 1: $URL: trusted certificates cannot be read: WHY; set SSL_CERT_FILE to a file of PEM certificates (certificates)
gm-prompt: $URL: trusted certificates cannot be read: WHY; set SSL_CERT_FILE to a file of PEM certificates (certificates)
"
	for tool in 'gm-models --refresh' gm-keycheck; do
		rc=0
		# shellcheck disable=SC2086 # words
		$tool >out 2>err </dev/null || rc=$?
		[ "$rc" -eq 78 ]
		same out ''
		[ "$(wc -l <err)" -eq 1 ]
		[[ $(cat err) == "${tool%% *}: $URL: trusted certificates cannot be read: "*"; set SSL_CERT_FILE to a file of PEM certificates (certificates)" ]]
	done
	unsent
}

@test "certificates: all tools that connect say so, with status 78" {
	local tool
	serve --tls
	: >nothing
	export SSL_CERT_FILE=nothing
	for tool in 'gm-models --refresh' 'gm-models --probe' gm-keycheck; do
		rc=0
		# shellcheck disable=SC2086 # words
		$tool >out 2>err </dev/null || rc=$?
		said 78 '' "${tool%% *}: SSL_CERT_FILE: nothing: no PEM certificate in it; set it to a file of PEM certificates
"
	done
	unsent
}

@test "certificates: only the first variable that is set counts" {
	local good bad
	serve --tls
	unset SSL_CERT_FILE
	play <<<"[{$STREAM,\"repeat\":-1}]"
	# Another CA, as a file and as a directory.
	openssl req -x509 -newkey ec -nodes -pkeyopt ec_paramgen_curve:prime256v1 \
	    -subj "/CN=other CA" -days 30 -keyout /dev/null -out other.pem \
	    2>/dev/null
	mkdir other
	cp other.pem other
	openssl rehash other
	good=$DIR/ca.pem bad=other.pem
	CURL_CA_BUNDLE=$good SSL_CERT_FILE=$bad SSL_CERT_DIR=other ask hi
	said 0 "$ANSWER
" ''
	SSL_CERT_FILE=$good SSL_CERT_DIR=other ask hi
	said 0 "$ANSWER
" ''
	# SSL_CERT_DIR is not read.
	SSL_CERT_FILE=$good SSL_CERT_DIR=/nowhere ask hi
	said 0 "$ANSWER
" ''
	tried 3
	# The good one is in a variable that does not count.
	CURL_CA_BUNDLE=$bad SSL_CERT_FILE=$good SSL_CERT_DIR=$DIR/certs \
	    ask hi
	[ "$rc" -eq 69 ]
	SSL_CERT_FILE=$bad SSL_CERT_DIR=$DIR/certs ask hi
	[ "$rc" -eq 69 ]
	SSL_CERT_DIR=other ask hi
	[ "$rc" -eq 69 ]
	tried 3
	# An empty variable counts as not set.
	CURL_CA_BUNDLE='' SSL_CERT_FILE=$good ask hi
	said 0 "$ANSWER
" ''
	CURL_CA_BUNDLE='' SSL_CERT_FILE='' SSL_CERT_DIR=$DIR/certs ask hi
	said 0 "$ANSWER
" ''
}

@test "TLS that ends without close_notify, with a reply up to the end: 76" {
	certificate server IP:127.0.0.1
	helper listen talk "HTTP/1.1 200 OK\\r\\n\\r\\n${FIRST_EVENT//\"/\\\"}\\r\\n\\r\\n" \
	    "$DIR/server.pem" "$DIR/server.key"
	aim "https://127.0.0.1:$PORT"
	SSL_CERT_FILE=$DIR/ca.pem ask --retries 0 hi
	[ "$rc" -eq 76 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	broken 76 "$URL: the response ended too early: WHY; try again later (HTTP 200, truncated)"
}

# --- proxies

# named: start the stand-in as gm.test, a name that only a proxy resolves.
named() {
	certificate server DNS:gm.test
	serve --tls
	export SSL_CERT_FILE=$DIR/ca.pem
	aim "https://gm.test:${URL##*:}"
	preload dns
}

@test "a proxy connects to the service, and sees no key" {
	named
	helper proxy "${URL##*:}"
	play <<<"[{$STREAM,\"repeat\":-1}]"
	for name in https_proxy HTTPS_PROXY ALL_PROXY all_proxy; do
		rm -f "$THERE"/got.*
		rc=0
		env "LD_PRELOAD=$LIBRARY" "$name=http://user:pass@127.0.0.1:$PORT" \
		    gm-prompt -n hi >out 2>err || rc=$?
		said 0 "$ANSWER
" ''
		[ "$(received)" -eq 1 ]
		cat "$THERE"/got.* >got
		[[ $(cat got) == "CONNECT gm.test:${URL##*:} HTTP/1.1"* ]]
		run ! grep -qi -e "$GOOD_KEY" -e x-goog got
	done
	tried 4
	run ! grep -qi proxy "$DIR"/request.*
}

@test "NO_PROXY names hosts without a proxy" {
	named
	helper proxy "${URL##*:}"
	play <<<"[{$STREAM,\"repeat\":-1}]"
	export LD_PRELOAD=$LIBRARY https_proxy=http://127.0.0.1:$PORT FAKE_DNS=gm.test
	NO_PROXY=.example,gm.test ask hi
	said 0 "$ANSWER
" ''
	no_proxy='*' ask hi
	said 0 "$ANSWER
" ''
	tried 2
	[ "$(received)" -eq 0 ]
	NO_PROXY=.example ask hi
	[ "$(received)" -eq 1 ]
}

@test "a proxy that rejects CONNECT: 69, one attempt" {
	local status hint
	named
	while IFS='|' read -r status hint; do
		helper proxy 1 "$status"
		LD_PRELOAD=$LIBRARY https_proxy=http://u:secret@127.0.0.1:$PORT ask hi
		[ "$rc" -eq 69 ]
		same out ''
		[ "$(wc -l <err)" -eq 1 ]
		[[ $(cat err) == "gm-prompt: $URL: the proxy rejects the connection; $hint (proxy): "*"${status%% *}"* ]]
		run ! grep -q secret err
		[ "$(received)" -eq 1 ]
	done <<-E
	407 Proxy Authentication Required|check the user name and password in https_proxy
	403 Forbidden|check which hosts the proxy in https_proxy allows, or set no_proxy
	E
	unsent
}

@test "a page that denies access is the proxy's only if there is one" {
	local page='"status":403,"headers":{"Content-Type":"text/html"},"body":"<h1>Denied</h1>"'
	local bad=fake-invalid-key-0007
	named
	helper proxy "${URL##*:}"
	play <<<"[{\"when\":{\"key\":\"$bad\"},\"service\":true},{$page,\"repeat\":-1}]"
	LD_PRELOAD=$LIBRARY FAKE_DNS=gm.test ask hi
	said 69 '' "gm-prompt: $URL: a web page denies access; check the base URL and your network (HTTP 403, front_end): Denied
"
	export LD_PRELOAD=$LIBRARY https_proxy=http://127.0.0.1:$PORT
	ask hi
	said 69 '' "gm-prompt: $URL: the proxy rejects the connection; check the proxy (HTTP 403, proxy): Denied
"
	[ "$(received)" -eq 1 ]
	# Also through a tunnel of an earlier request.
	unset GEMINI_API_KEY
	GOOGLE_API_KEYS=$bad,$GOOD_KEY ask hi
	said 69 '' "gm-prompt: $URL: the proxy rejects the connection; check the proxy (HTTP 403, proxy): Denied
"
	[ "$(received)" -eq 2 ]
	tried 4
}

@test "a proxy with an error: 69, with retries" {
	named
	helper proxy 1 '502 Bad Gateway'
	LD_PRELOAD=$LIBRARY https_proxy=http://127.0.0.1:$PORT ask --retries 2 hi
	[ "$rc" -eq 69 ]
	[[ $(cat err) == "gm-prompt: $URL: no connection: "*502*"; check the network (network)" ]]
	[ "$(received)" -eq 3 ]
	unsent
}

# unproxied PHRASE NAME=VALUE...: check for 69 with the name of the first of these
# variables in libcurl's order, but no value.
unproxied() {
	local phrase=$1
	shift
	rc=0
	forget
	LD_PRELOAD=$LIBRARY hurried env "$@" gm-prompt -nv --retries 1 \
	    --connect-timeout 300ms hi >out 2>err || rc=$?
	[ "$rc" -eq 69 ] || return
	same out '' || return
	unworded err
	[[ $(tail -n 1 err) == "gm-prompt: $URL: $phrase; check the proxy in ${1%%=*} ("* ]] || {
		cat err
		return 1
	}
	run ! grep -q secret err
}

@test "a proxy that cannot be reached: the variable that named it" {
	local name closed
	certificate server DNS:gm.test -days 30
	closed
	closed=$PORT
	preload dns
	aim https://gm.test
	for name in https_proxy HTTPS_PROXY all_proxy ALL_PROXY; do
		unproxied 'the proxy rejects the connection' \
		    "$name=http://user:secret@127.0.0.1:$closed"
		[ "$(grep -c attempt err)" -eq 1 ]
		unproxied 'no connection: WHY' "$name=http://user:secret@no-proxy.invalid:1"
		[ "$(grep -c attempt err)" -eq 2 ]
		# A password alone, in place of the name of a host.
		unproxied 'no connection: WHY' "$name=hunter2secret"
		unproxied 'no connection: WHY' "$name=http://hunter2secret:3128"
		unproxied 'no connection: WHY' "$name=socks5h://hunter2secret"
		rc=0
		LD_PRELOAD=$LIBRARY env "$name=hunter2secret" gm-prompt -nvv \
		    --json --metrics --log-file log --retries 0 hi >out 2>err || rc=$?
		[ "$rc" -eq 69 ]
		run ! grep -q secret out err log
	done
	unproxied 'the proxy rejects the connection' \
	    "https_proxy=http://127.0.0.1:$closed" HTTPS_PROXY=http://x.invalid \
	    all_proxy=http://x.invalid
	unproxied 'the proxy rejects the connection' \
	    "all_proxy=socks5h://127.0.0.1:$closed" ALL_PROXY=http://x.invalid
	unproxied 'the proxy rejects the connection' \
	    "HTTPS_PROXY=http://[::1]:$closed" http_proxy=http://x.invalid
	helper listen full
	unproxied 'no connection: WHY' "https_proxy=http://127.0.0.1:$PORT"
	preload refuse
	aim https://192.0.2.9
	unproxied 'no connection: WHY' https_proxy=http://192.0.2.1:3128
	[ "$(grep -c attempt err)" -eq 2 ]
	# Without the proxy the failure is not its.
	rc=0
	LD_PRELOAD=$LIBRARY https_proxy=http://192.0.2.1:3128 no_proxy='*' \
	    ask --retries 0 hi
	[ "$rc" -eq 69 ]
	broken 69 "$URL: no connection: WHY; check the network (network)"
}

# UNUSABLE: proxies that libcurl cannot parse, does not support, or would ignore.
UNUSABLE=('http://joe:hunter2 hunter2@127.0.0.1:9' 'ftp://joe:hunter2@127.0.0.1'
    'gm://joe:hunter2@127.0.0.1' 'http://joe:hunt@er2hunter2@127.0.0.1:9'
    'http://joe:hunter2/hunter2@127.0.0.1:9' 'http://joe:hunter2@127.0.0.1:hunter2'
    'joe:hunter2#hunter2@127.0.0.1' 'http://joe:hunter2%00@127.0.0.1:9'
    'http://joe%0a:hunter2@127.0.0.1:9' 'http://joe:hunter2@' '://hunter2' 'hunter2:')

# unusable NAME TOOL: print the message about such a proxy in the variable NAME.
unusable() {
	printf '%s: %s: not the URL of a proxy; write it as in http://proxy.example:3128, with %%40 for @ and %%2F for / in a password\n' "$2" "$1"
}

@test "a proxy that cannot be used: 78, the variable but not its value, nothing sent" {
	local proxy name form tool
	named
	export FAKE_DNS=gm.test
	for proxy in "${UNUSABLE[@]}"; do
		for form in --no-stream -v --metrics; do
			LD_PRELOAD=$LIBRARY https_proxy=$proxy ask $form -n hi
			said 78 '' "$(unusable https_proxy gm-prompt)"$'\n'
		done
		LD_PRELOAD=$LIBRARY https_proxy=$proxy ask -vv --json --log-file log hi
		[ "$rc" -eq 78 ]
		[ "$(jq -r '.error.class, "gm-prompt: " + .error.message' <out)" = \
		    "config"$'\n'"$(unusable https_proxy gm-prompt)" ]
		cat out err log >all 2>/dev/null || :
		run -1 grep -E 'hunt|er2|joe' all
	done
	for name in HTTPS_PROXY all_proxy ALL_PROXY; do
		LD_PRELOAD=$LIBRARY env "$name=${UNUSABLE[0]}" gm-prompt -n hi >out 2>err || rc=$?
		said 78 '' "$(unusable "$name" gm-prompt)"$'\n'
	done
	for tool in gm-keycheck gm-models; do
		rc=0
		LD_PRELOAD=$LIBRARY ALL_PROXY=${UNUSABLE[1]} "$tool" >out 2>err </dev/null || rc=$?
		said 78 '' "$(unusable ALL_PROXY "$tool")"$'\n'
	done
	unsent
}

@test "a proxy that cannot be used matters only where it is used" {
	local proxy
	named
	helper proxy "${URL##*:}"
	play <<<"[{$STREAM,\"repeat\":-1}]"
	export LD_PRELOAD=$LIBRARY FAKE_DNS=gm.test
	for proxy in "${UNUSABLE[@]:0:8}"; do
		no_proxy=gm.test https_proxy=$proxy ask hi
		said 0 "$ANSWER
" ''
	done
	NO_PROXY='*' ALL_PROXY=$proxy ask hi
	said 0 "$ANSWER
" ''
	# The first variable that is set counts; an empty one counts as not set.
	https_proxy=http://127.0.0.1:$PORT HTTPS_PROXY=$proxy ALL_PROXY=$proxy \
	    http_proxy=$proxy HTTP_PROXY=$proxy ask hi
	said 0 "$ANSWER
" ''
	[ "$(received)" -eq 1 ]
	https_proxy='' HTTPS_PROXY=$proxy ALL_PROXY=http://127.0.0.1:$PORT ask hi
	said 78 '' "$(unusable HTTPS_PROXY gm-prompt)"$'\n'
	no_proxy=.example https_proxy=$proxy ask hi
	[ "$rc" -eq 78 ]
	tried 10
}

@test "the password of a proxy that does not answer is shown nowhere" {
	local proxy
	named
	for proxy in http://joe:hunter2hunter2@127.0.0.1:1 \
	    http://joe:hunter2%68unter2@127.0.0.1:1 joe:hunter2hunter2@127.0.0.1:1 \
	    socks5h://joe:hunter2hunter2@127.0.0.1:1 \
	    http://joe:hunter2hunter2@nobody.invalid; do
		LD_PRELOAD=$LIBRARY https_proxy=$proxy \
		    ask -vv --json --log-file log --retries 0 hi
		[ "$rc" -eq 69 ]
		cat out err log >all
		run -1 grep -E 'hunter2' all
	done
	unsent
}

@test "loopback is never reached through a proxy" {
	local host
	certificate server IP:127.0.0.1,DNS:localhost
	serve --tls
	play <<<"[{$STREAM,\"repeat\":-1}]"
	helper proxy "${URL##*:}"
	export LD_PRELOAD FAKE_DNS=localhost
	preload dns
	LD_PRELOAD=$LIBRARY
	for host in 127.0.0.1 localhost; do
		aim "https://$host:${URL##*:}"
		https_proxy=http://127.0.0.1:$PORT ALL_PROXY=http://127.0.0.1:$PORT ask hi
		said 0 "$ANSWER
" ''
	done
	tried 2
	stop_server
	rm -rf "$DIR"
	unset SSL_CERT_FILE
	serve
	http_proxy=http://127.0.0.1:$PORT all_proxy=http://127.0.0.1:$PORT ask hi
	[ "$(requests)" -eq 1 ]
	[ "$(received)" -eq 0 ]
}

# --- HTTP/2

# speak PLAN...: start a server of HTTP/2 with these plans, see h2.py.
speak() {
	[ -s "$DIR/server.pem" ] || certificate server IP:127.0.0.1
	export SSL_CERT_FILE=$DIR/ca.pem
	helper h2 "$DIR/server.pem" "$DIR/server.key" "$@"
	aim "https://127.0.0.1:$PORT"
}

@test "HTTP/2 if the server offers it; --http1.1 does not use it" {
	speak ok
	ask hi
	said 0 'One, two.
' ''
	same "$THERE/got.1" "$HI"
	# This server supports nothing else.
	ask --http1.1 --retries 0 hi
	[ "$rc" -ne 0 ]
	[ "$(received)" -eq 1 ]
}

@test "HTTP/2: a request that was not processed is sent again" {
	speak refuse ok
	ask --retries 0 hi
	said 0 'One, two.
' ''
	[ "$(received)" -eq 2 ]
	speak refuse
	ask --retries 0 hi
	[ "$rc" -eq 69 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	broken 69 "$URL: no connection: WHY; if it happens again, try --http1.1 (network)"
	[ "$(received)" -le 6 ]
	speak leave
	ask --retries 0 hi
	[ "$rc" -eq 69 ]
	broken 69 "$URL: no connection: WHY; if it happens again, try --http1.1 (network)"
	speak leave ok
	ask --retries 1 hi
	said 0 'One, two.
' ''
}

@test "HTTP/2: a stream that is broken off is a response that was cut" {
	local plan
	for plan in rst:2 rst:11 rst:8 cut; do
		speak "$plan" ok
		ask -n --retries 0 hi
		[ "$rc" -eq 76 ]
		same out ''
		[ "$(wc -l <err)" -eq 1 ]
		broken 76 "$URL: the response ended too early: WHY; if it happens again, try --http1.1 (HTTP 200, truncated)"
		# Without -S there is a retry.
		speak "$plan" ok
		ask --retries 1 hi
		said 0 'One, two.
' ''
		[ "$(received)" -eq 2 ]
		# With -S the printed text stays, and there is no retry.
		speak "$plan" ok
		ask --retries 1 -S hi
		[ "$rc" -eq 76 ]
		same out $'One, \n'
		[ "$(received)" -eq 1 ]
	done
}

@test "HTTP/2: floods of headers" {
	local plan
	for plan in headers:1500 hints:5000; do
		speak "$plan"
		ask --retries 1 hi
		unworded err
		[[ $(cat err) =~ ^"gm-prompt: $URL: the response makes no sense: WHY; check the base URL ("(HTTP [12]0[03], )?'protocol)'$ ]]
		[ "$rc" -eq 76 ]
		same out ''
		[ "$(received)" -eq 1 ]
	done
	speak header:66000
	ask --retries 1 hi
	unworded err
	[[ $(cat err) =~ ^"gm-prompt: $URL: the response makes no sense: WHY; check the base URL ("('HTTP 200, ')?'protocol)'$ ]]
	[ "$rc" -eq 76 ]
	[ "$(received)" -eq 1 ]
	# After a whole answer they change nothing.
	speak trailers:600
	ask --retries 1 --max-wait 1ms hi
	said 0 'One, two.
' ''
	[ "$(received)" -eq 1 ]
	speak headers:100
	ask hi
	said 0 'One, two.
' ''
}

@test "HTTP/2: PINGs are no events" {
	# Before the first event, and after it.
	speak mute
	ask --retries 0 "${FIRST[@]}" hi
	failed 69 "$URL: timeout: no response for 1 s; try again later (HTTP 200, timeout)"
	[ "$(received)" -eq 1 ]
	speak ping
	ask --retries 0 "${THEN[@]}" hi
	failed 69 "$URL: timeout: no data for 1 s; try again later (HTTP 200, timeout)"
	[ "$(received)" -eq 1 ]
}

# --- nothing else is used

@test ".netrc and .curlrc change nothing" {
	serve
	play <<<"[{$STREAM}]"
	printf 'machine 127.0.0.1 login user password pass\ndefault login a password b\n' >"$HOME/.netrc"
	chmod 600 "$HOME/.netrc"
	printf 'proxy = http://127.0.0.1:1\nuser-agent = x\nurl = http://127.0.0.1:1\n' >"$HOME/.curlrc"
	CURL_HOME=$HOME ask hi
	said 0 "$ANSWER
" ''
	sent "$HI"
}

@test "plain http to anywhere but this machine: 78, nothing is sent" {
	local host
	helper proxy 1
	export http_proxy=http://127.0.0.1:$PORT LD_PRELOAD FAKE_DNS=gm.test
	preload dns
	LD_PRELOAD=$LIBRARY
	for host in gm.test 192.0.2.1 127.0.0.1.gm.test localhost.gm.test; do
		aim "http://$host:$PORT"
		ask hi
		[ "$rc" -eq 78 ]
		same out ''
		[ "$(wc -l <err)" -eq 1 ]
		[[ $(cat err) == 'gm-prompt: environment: GOOGLE_GEMINI_BASE_URL: '*https* ]]
	done
	[ "$(received)" -eq 0 ]
}

@test "plain http to the address of a listener: 78, and which one to use" {
	local host use
	helper listen mute
	while read -r host use; do
		aim "http://$host:$PORT/v1"
		ask hi
		failed 78 "environment: GOOGLE_GEMINI_BASE_URL: the URL's host is an address to listen on, not to connect to; for a server on this machine use $use"
	done <<-E
	0.0.0.0 127.0.0.1
	[::] [::1]
	E
	aim "http://localhost.:$PORT"
	ask hi
	failed 78 "environment: GOOGLE_GEMINI_BASE_URL: the URL's host ends in a dot; remove the dot"
	[ "$(received)" -eq 0 ]
}

# few COMMAND...: check that with 3 to 24 descriptors it ends with status 0, or with
# 71 and a last line about the shortage.  The dynamic linker needs some, too.
few() {
	local n
	for ((n = 3; n <= 24; n++)); do
		rc=0
		forget
		(
			ulimit -n "$n"
			hurried timeout 60 "$@"
		) >out 2>err </dev/null || rc=$?
		case $rc in
		0) [ -s out ] || return ;;
		71)
			same out '' || return
			[[ $(tail -n 1 err) == gm-*': Too many open files; raise ulimit -n'?(' (local)') ]] || {
				echo "$n: $(cat err)"
				return 1
			}
			;;
		*)
			grep -q 'error while loading shared libraries' err || {
				echo "$n: status $rc: $(cat err)"
				return 1
			}
			;;
		esac
		masked || return
	done
}

@test "few descriptors: 71 and what to raise, or success" {
	local whole="$ANSWER
"
	certificate server IP:127.0.0.1,DNS:localhost,DNS:gm.test -days 30
	serve --tls
	# The search for leaks needs descriptors of its own.
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
	play <<<"[{\"when\":{\"method\":\"POST\"},$STREAM,\"repeat\":-1}]"
	few gm-prompt -n hi
	same out "$whole"
	few gm-prompt -n --fallback mistral hi
	few gm-models --refresh
	[ "$rc" -eq 0 ]
	few gm-keycheck
	[ "$rc" -eq 0 ]
	few gm-rotate --peek
	[ "$rc" -eq 0 ]
	few gm-rotate
	[ "$rc" -eq 0 ]
	echo hi >question
	few gm-prompt -n -q @question
	same out "$whole"
	few gm-prompt -n --log-file log hi
	same out "$whole"
	echo "GEMINI_API_KEY=$GOOD_KEY" >settings
	chmod 600 settings
	few env -u GEMINI_API_KEY gm-prompt -n --env-file settings hi
	SSL_CERT_DIR=$DIR/certs SSL_CERT_FILE='' few gm-prompt -n hi
	same out "$whole"
	preload dns
	aim "https://gm.test:${URL##*:}"
	export FAKE_DNS=gm.test
	few env LD_PRELOAD="$LIBRARY" gm-prompt -n hi
	same out "$whole"
	helper proxy "${URL##*:}"
	few env LD_PRELOAD="$LIBRARY" https_proxy="http://127.0.0.1:$PORT" \
	    gm-prompt -n hi
	same out "$whole"
}

@test "few descriptors, a small stack, no file size: a clean error or success" {
	serve
	play <<<"[{$STREAM,\"repeat\":-1}]"
	# The search for leaks needs descriptors of its own.
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
	few gm-prompt -n --retries 1 hi
	[ "$rc" -eq 0 ]
	same err ''
	same out "$ANSWER
"
	(
		ulimit -s 128
		exec gm-prompt -n hi
	) >out 2>err
	same out "$ANSWER
"
	(
		ulimit -f 0
		exec gm-prompt -n -o file hi
	) 2>&1 >/dev/null | cat >err || :
	same err "gm-prompt: the key state is kept in memory only: $HOME/.local/state/gm/keys: File too large
gm-prompt: file: File too large
"
	[ "$(ls -A)" = $'err\nout' ]
}
