# Loaded by the tests of gm-prompt: run it, and compare all that it says and
# all that reaches the server.

load helper

VERSION=$(cat "$ROOT/VERSION")
ALIAS=gemini-flash-latest # the model that is asked if nothing is said
rc=0
HI='{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}'

# replies: start the server with the script on standard input.
replies() {
	script
	serve
}

# gm [argument...]: run gm-prompt, which knows nothing of earlier runs; what it
# says goes to the files "out" and "err", its status to $rc.  Standard input is
# the caller's.
gm() {
	rc=0
	forget
	hurried gm-prompt "$@" >out 2>err || rc=$?
}

# ask [argument...]: the same with nothing on standard input.
ask() {
	gm "$@" </dev/null
}

# said STATUS STDOUT STDERR: that, to the byte.
said() {
	if [ "$rc" -ne "$1" ]; then
		echo "status $rc in place of $1"
		head -c 2000 out err
		return 1
	fi
	same out "$2" && same err "$3"
}

# sent_as N BODY [CALL]: the N-th request, all of it.  Only the order of the
# headers, which is libcurl's, is left open.
sent_as() {
	local call=${3:-$ALIAS:streamGenerateContent?alt=sse}

	LC_ALL=C sed '1,/^\r$/d' "$DIR/request.$1" |
	    diff <(printf '%s' "$2") - || return
	diff <(
		echo "POST /v1beta/models/$call HTTP/1.1"
		LC_ALL=C sort <<-END
			Host: 127.0.0.1:PORT
			User-Agent: gm-prompt/$VERSION
			Content-Type: application/json
			Accept: text/event-stream
			x-goog-api-key: $GEMINI_API_KEY
			Content-Length: $(printf '%s' "$2" | wc -c)
		END
	) <(
		head_of "$1" | head -n 1
		head_of "$1" | tail -n +2 | LC_ALL=C sort
	)
}

# sent BODY [CALL]: exactly one request, and this one.
sent() {
	[ "$(requests)" -eq 1 ] || {
		echo "$(requests) requests"
		return 1
	}
	sent_as 1 "$@"
}

# prompted TEXT: the body whose prompt is TEXT, a JSON string without quotes.
prompted() {
	printf '{"contents":[{"role":"user","parts":[{"text":"%s"}]}]}' "$1"
}

# configured JSON: the body of "hi" with this generationConfig.
configured() {
	printf '%s,"generationConfig":%s}' "${HI%\}}" "$1"
}

# unsent: nothing reached the server.
unsent() {
	[ "$(requests)" -eq 0 ]
}

# usage TEXT: a usage error with this text, and nothing was sent.
usage() {
	said 64 '' "gm-prompt: $1
Try 'gm-prompt --help'.
" && unsent
}

# terminal [option...] COMMAND...: see pty.py.
terminal() {
	python3 -B "$ROOT/tests/pty.py" "$@"
}
