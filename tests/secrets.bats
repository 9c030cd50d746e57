# Promise 5: a key goes only to the host it is meant for, and appears nowhere
# else.  A marker is planted as the key; whatever a run leaves or shows is
# searched for it, and for its beginning, as a key that is cut is a leak, too.

load prompt

rc= # set by gm and ask

MARK=fake-marker-key-for-the-tests-of-secrets-0042
HEAD=fake-marker
ENDPOINT=/v1beta/models/$ALIAS:streamGenerateContent

OTHER= # a second server
teardown() {
	[ -z "$OTHER" ] || kill "$OTHER"
	stop_server
}

setup_key() {
	unset GEMINI_API_KEY
	mkdir -p "$HOME/.config/gm"
	printf 'GOOGLE_API_KEYS=%s\n' "$MARK" >"$HOME/.config/gm/env"
	chmod 600 "$HOME/.config/gm/env"
}

# replies, but with the marker as the key, from an env file.
planted() {
	script
	MARKED=$(sed "s/MARK/$MARK/g" "$DIR/script.json")
	printf '%s' "$MARKED" >"$DIR/script.json"
	serve
	setup_key
}

# loud ARGUMENT...: a run that says all it can, in every form.
loud() {
	ask -vv --metrics --log-file log --syslog --retries 0 --max-wait 0 "$@"
}

# clean: no trace of the key in what this test has made, except where it was
# planted and in what the server got.
clean() {
	local found status=0

	found=$(grep -raiF --exclude-dir=server --exclude-dir=.config \
	    -- "$HEAD" "$BATS_TEST_TMPDIR") || status=$?
	[ $status -eq 1 ] || {
		printf 'the key shows:\n%s\n' "$found"
		return 1
	}
}

# only_in_header: the server got the key so often, and as a header only.
only_in_header() {
	[ "$(requests)" -eq "$1" ]
	cat "$DIR"/request.* | tr -d '\r' | grep -aF -- "$HEAD" |
	    sort -u >"$BATS_TEST_TMPDIR/seen"
	same "$BATS_TEST_TMPDIR/seen" "x-goog-api-key: $MARK"$'\n'
	[ "$(cat "$DIR"/request.* | grep -acF -- "$HEAD")" -eq "$1" ]
	rm "$BATS_TEST_TMPDIR/seen"
}

@test "the search finds what it looks for" {
	echo "x ${MARK:0:20} y" >trace
	run -1 clean
	rm trace
	clean
}

@test "an answer: nothing on stdout, stderr, in the log, in the URL" {
	planted <<<'[{"stream": ["Hello."], "thoughts": ["Hm."], "repeat": -1}]'
	loud --show-thoughts hi
	[ "$rc" -eq 0 ]
	same out $'Hello.\n'
	grep -q 'x-goog-api-key: \.\.\.0042$' err
	[ -s log ]
	clean
	loud --json hi
	[ "$rc" -eq 0 ]
	clean
	loud --stream -o file hi
	[ "$rc" -eq 0 ]
	clean
	only_in_header 3
}

@test "--count" {
	serve
	setup_key
	loud --count hi
	said 0 $'1\n' "$(cat err)"$'\n'
	clean
	only_in_header 1
}

@test "--dry-run shows the end of the key alone" {
	serve
	setup_key
	loud --dry-run hi
	[ "$rc" -eq 0 ]
	grep -q '^gm-prompt: x-goog-api-key: \.\.\.0042$' err
	clean
	unsent
}

# refused STATUS SCRIPT: each form of output of a failure.
refused() {
	local form before

	planted <<<"[$2]"
	before=$(requests)
	for form in --no-stream --stream --json; do
		loud $form hi
		[ "$rc" -eq "$1" ] || {
			echo "status $rc in place of $1"
			return 1
		}
		[ -s err ]
		clean
	done
	only_in_header $((before + 3))
}

@test "a server that echoes the key in its message" {
	refused 77 '{"refusal": "project_suspended", "repeat": -1}'
}

@test "in the details of an error" {
	refused 77 '{"refusal": "key_invalid", "repeat": -1}'
}

@test "in an error's reason, in the name of a field" {
	refused 77 '{"refusal": "api_disabled", "error_reason": "MARK", "repeat": -1}'
	stop_server
	rm -r "$DIR"
	refused 65 '{"refusal": "unknown_field", "field": "MARK", "name": "MARK", "repeat": -1}'
}

@test "in the name of a quota" {
	refused 75 '{"refusal": "quota_day", "quota_id": "MARK-PerDay", "repeat": -1}'
}

@test "in the name of the model that shall be used instead" {
	refused 78 '{"refusal": "model_gone", "replacement": "MARK", "repeat": -1}'
}

@test "in headers and in the reason phrase" {
	refused 65 '{"refusal": "invalid_argument", "reason": "Bad MARK", "repeat": -1, "headers":
	    {"X-Echo": "MARK", "Retry-After": "MARK", "x-goog-api-key": "MARK"}}'
	stop_server
	rm -r "$DIR"
	refused 76 '{"status": 200, "body": "MARK", "repeat": -1, "headers":
	    {"Content-Type": "text/MARK"}}'
}

@test "in a reply that is none" {
	refused 76 '{"raw": "HTTP/1.1 MARK MARK\r\nMARK\r\n\r\nMARK",
	    "repeat": -1}'
}

@test "in a status line, in a header without end" {
	planted <<-'END'
		[{"raw": "MARK", "repeat": 3},
		 {"raw": "HTTP/1.1 200 MARK\r\nMARK: MARK\r\nContent-Length: MARK",
		  "repeat": 3}]
	END
	for _ in 1 2; do
		for form in --no-stream --stream --json; do
			loud $form hi
			[ "$rc" -ne 0 ]
			clean
		done
	done
}

@test "in a page, in broken JSON, in JSON of another kind" {
	refused 69 '{"status": 502, "repeat": -1, "body":
	    "<html><title>MARK</title><body>Key MARK</body></html>"}'
	stop_server
	rm -r "$DIR"
	refused 76 '{"body": "{\"key\": \"MARK\"", "repeat": -1}'
	stop_server
	rm -r "$DIR"
	refused 76 '{"body": "data: {\"MARK\": MARK}\n\n", "repeat": -1}'
	stop_server
	rm -r "$DIR"
	refused 65 '{"status": 400, "json": {"message": "MARK"}, "repeat": -1}'
}

@test "in an error inside a stream" {
	planted <<-'END'
		[{"stream": ["Hello.", {"error": {"code": 500, "status": "MARK",
		  "message": "for key MARK"}}], "repeat": -1}]
	END
	for form in --no-stream --stream --json; do
		loud $form hi
		[ "$rc" -eq 69 ]
		grep -q 'for key \.\.\.0042' err
		clean
	done
	only_in_header 3
}

@test "in finishMessage and blockReasonMessage" {
	refused 1 '{"stream": ["Hel"], "finish": "SAFETY", "finish_message":
	    "MARK", "repeat": -1}'
	stop_server
	rm -r "$DIR"
	refused 1 '{"stream": [{"promptFeedback": {"blockReason": "SAFETY",
	    "blockReasonMessage": "MARK"}}], "repeat": -1}'
}

@test "in the reasons themselves" {
	refused 1 '{"stream": ["Hel"], "finish": "MARK", "repeat": -1}'
	stop_server
	rm -r "$DIR"
	refused 1 '{"stream": [{"promptFeedback": {"blockReason": "MARK"}}],
	    "repeat": -1}'
}

@test "in the model's version and stage, in sources" {
	planted <<-'END'
		[{"stream": ["Hello."], "model_version": "MARK",
		  "model_status": {"modelStage": "MARK"}, "repeat": -1,
		  "url_context": {"urlMetadata": [{"retrievedUrl": "http://x/MARK",
		   "urlRetrievalStatus": "MARK"}]},
		  "grounding": {"groundingChunks": [
		   {"web": {"uri": "https://x.example/?key=MARK",
		    "title": "MARK"}}]}}]
	END
	for form in --no-stream --stream --json; do
		loud $form -m gemini-3.8-flash hi
		[ "$rc" -eq 0 ]
		grep -q 'answered by \.\.\.0042$' err
		grep -q 'https://x.example/?key=\.\.\.0042 \.\.\.0042$' err
		clean
	done
	only_in_header 3
}

@test "a text that is cut inside the key does not show its beginning" {
	local n fill=

	# A server's words end after 300 characters, the names in a reply after
	# less: everywhere the cut goes through the key once.
	for n in {1..300}; do fill+=x; done
	for n in 40 50 60 70 100 110 120 260 270 280 290; do
		printf ',{"refusal": "invalid_argument", "message": "%s %s"}' "${fill:0:n}" MARK
		printf ',{"stream": [], "finish": "%s_%s", "finish_message":' \
		    "${fill:0:n}" MARK
		printf '"%s %s", "model_version": "%s%s"}' "${fill:0:n}" MARK \
		    "${fill:0:n}" MARK
	done | sed '1s/^,/[/; $s/$/]/' >script
	planted <script
	rm script
	for n in 40 50 60 70 100 110 120 260 270 280 290; do
		loud --json hi
		[ "$rc" -eq 65 ]
		clean
		loud --json hi
		[ "$rc" -eq 1 ]
		clean
	done
}

@test "one key that is used does not hide another: all are masked" {
	planted <<<'[{"refusal": "invalid_argument", "message": "not fake-good-key-0002"}]'
	printf 'GOOGLE_API_KEYS=%s,fake-good-key-0002\n' "$MARK" \
	    >"$HOME/.config/gm/env"
	loud hi
	[ "$rc" -eq 65 ]
	grep -q 'not \.\.\.0002$' err
	clean
}

@test "a bad env file: its line is named, never shown" {
	serve
	setup_key
	for line in "GEMINI_API_KEY=$MARK\$x" "GEMINI_API_KEY=\"$MARK" \
	    "GEMINI_API_KEY=$MARK # c" "GEMINI_API_KEY=$MARK $MARK" \
	    "GEMINI_API_KEY='a$MARK'b" "GEMINI_API_KEY=$MARK\`x" \
	    "GEMINI_API_KEY=$MARK"$'\x80' "export GEMINI_API_KEY $MARK" \
	    "GEMINI_API_KEY='$MARK"$'\e'"$MARK'" "GEMINI_API_KEY $MARK"; do
		printf '%s\n' "$line" >"$HOME/.config/gm/env"
		loud hi
		[ "$rc" -eq 78 ] || {
			echo "status $rc with $line"
			return 1
		}
		same out ''
		clean
	done
	unsent
}

@test "keys that cannot be sent: told without showing them" {
	serve
	for key in "$MARK $MARK" "$MARK é" "$MARK"$'\t'"$MARK"; do
		GEMINI_API_KEY=$key loud hi
		[ "$rc" -eq 78 ]
		same out ''
		clean
	done
	unsent
}

@test "a key cannot bring a header of its own" {
	serve
	setup_key
	for key in "$MARK"$'\r\n'"X-Evil: 1" "$MARK"$'\n'"X-Evil:1"; do
		GEMINI_API_KEY=$key ask hi
		clean
	done
	cat "$DIR"/request.* >"$DIR/all"
	run -1 grep -qai evil "$DIR/all"
	rm "$DIR/all"
	only_in_header 2
}

@test "a key given as an option or in a URL: refused, not repeated" {
	serve
	GOOGLE_GEMINI_BASE_URL="$URL/?key=$MARK" loud hi
	[ "$rc" -eq 78 ]
	GOOGLE_GEMINI_BASE_URL="${URL/\/\//\/\/user:$MARK@}" loud hi
	[ "$rc" -eq 78 ]
	unsent
	[ ! -e log ]
}

@test "neither the command line nor the environment of a run show it" {
	local pid file

	planted <<<'[{"stream": ["Hello."], "gate": "go"}]'
	gm-prompt -vv --log-file log -o file hi >out 2>err </dev/null &
	pid=$!
	wait_for "[ -e '$DIR/request.1' ]"
	tr '\0' ' ' <"/proc/$pid/cmdline" >cmdline
	same cmdline 'gm-prompt -vv --log-file log -o file hi '
	for file in "/proc/$pid"/task/*; do
		tr '\0' ' ' <"$file/cmdline" >>cmdline
		tr '\0' ' ' <"$file/comm" >>cmdline
	done
	cat "/proc/$pid/environ" >environ 2>/dev/null || :
	[ "$(pgrep -cP $pid)" -eq 0 ]
	clean
	# No core file may hold it.
	grep -q '^Max core file size *0 ' "/proc/$pid/limits"
	touch "$DIR/go"
	wait $pid
	same file $'Hello.\n'
	clean
	only_in_header 1
}

@test "a redirect is not followed: the other host gets nothing" {
	local second=$BATS_TEST_TMPDIR/server/second first=$DIR

	DIR=$second serve
	OTHER=$SERVER
	for where in "$URL/x" "${URL/127.0.0.1/localhost}$ENDPOINT"; do
		DIR=$first
		planted <<<'[{"refusal": "redirect", "location": "'"$where"'", "repeat": -1}]'
		loud hi
		[ "$rc" -eq 76 ]
		same out ''
		clean
		only_in_header 1
		stop_server
		rm "$DIR"/request.* "$DIR/script.json" "$DIR/url"
	done
	[ ! -e "$second/request.1" ]
}

# proxy ANSWER: a proxy that gives this answer to the first request, and keeps
# all that it gets in "proxied".
proxy() {
	python3 -c 'import socket, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(9)
print("http://127.0.0.1:%d" % s.getsockname()[1], flush=True)
c = s.accept()[0]
got = open("proxied", "wb", 0)
data = b""
while not data.endswith(b"\r\n\r\n"):
    data += c.recv(1)
got.write(data)
c.sendall(sys.argv[1].encode())
got.write(c.recv(65536))' "$1" >proxy &
	PROXY=$!
	wait_for '[ -s proxy ]'
	https_proxy=$(cat proxy)
	export https_proxy http_proxy=$https_proxy
}

@test "a proxy gets CONNECT without the key, and then only what is sealed" {
	setup_key
	export GOOGLE_GEMINI_BASE_URL=https://service.invalid
	proxy $'HTTP/1.1 200 OK\r\n\r\n'
	loud hi
	wait $PROXY || :
	[ "$rc" -eq 69 ]
	same out ''
	head -n 1 proxied | tr -d '\r' >first
	same first $'CONNECT service.invalid:443 HTTP/1.1\n'
	[ "$(wc -c <proxied)" -gt 300 ] # there was a ClientHello, too
	clean
}

@test "a proxy that refuses and echoes" {
	setup_key
	export GOOGLE_GEMINI_BASE_URL=https://service.invalid
	proxy $'HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno'
	loud hi
	wait $PROXY || :
	[ "$rc" -eq 69 ]
	same out ''
	clean
}

@test "a proxy is never used for loopback" {
	planted <<<'[{"stream": ["Hello."], "repeat": -1}]'
	proxy ''
	export ALL_PROXY=$http_proxy all_proxy=$http_proxy
	loud hi
	[ "$rc" -eq 0 ]
	GOOGLE_GEMINI_BASE_URL=http://localhost:${URL##*:} loud hi
	[ "$rc" -eq 0 ]
	kill $PROXY
	wait $PROXY || :
	[ ! -e proxied ]
	clean
	only_in_header 2
}

@test "nothing but the state is left in HOME, the folder of the run, or elsewhere" {
	planted <<<'[{"stream": ["Hello."]}]'
	TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
	export TMPDIR
	ask hi
	said 0 $'Hello.\n' ''
	[ "$(cd "$HOME" && find . -type f | LC_ALL=C sort)" = './.config/gm/env
./.local/state/gm/keys
./.local/state/gm/keys.lock
./.local/state/gm/salt' ]
	[ "$(ls -A "$TMPDIR")" = '' ]
	[ "$(ls -A)" = $'err\nout' ]
}

@test "a short key is masked as a word, whatever shows it" {
	local key header

	replies <<<'[]'
	export OPENAI_BASE_URL=$URL/openai/v1
	for key in sk-1234 abc1234 p1:ss 'b$#=' x ok openai 1; do
		printf '[{"refusal": "invalid_argument", "message": "Key: %s, (%s) or x%sx", "repeat": -1}]' \
		    "$key" "$key" "$key" >"$DIR/script.new"
		mv "$DIR/script.new" "$DIR/script.json"
		OPENAI_API_KEY=:$key OPENAI_MODEL=a ask --provider openai --dry-run -vv hi
		header=$(grep -F Authorization: err)
		[ "$header" = 'gm-prompt: Authorization: Bearer ...' ]
		GEMINI_API_KEY=:$key ask -vv --json --log-file log hi
		[ "$rc" -eq 65 ]
		grep -qxF 'gm-prompt: x-goog-api-key: ...' err
		case $key in x | ok | openai | 1) continue ;; esac
		grep -qF "Key: ..., (...) or x${key}x" err
		[ "$(jq -r '.error.message' out)" = \
		    "$(sed -n '$s/^gm-prompt: //p' err)" ]
		! grep -F "$key" err out log | grep -vF "x${key}x" || return 1
		! grep -rF "$key" "$HOME" | grep -vF "x${key}x" || return 1
	done
}
