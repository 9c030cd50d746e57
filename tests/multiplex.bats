# Many requests at once over TLS, against nginx: how many connections they take,
# and what happens when the server ends one.

load net

# front [directive...]: the stand-in behind nginx, which has these directives.
front() {
	serve
	[ -s "$DIR/server.pem" ] || openssl req -x509 -newkey ec -nodes \
	    -pkeyopt ec_paramgen_curve:prime256v1 -subj "/CN=test" -days 30 \
	    -addext "subjectAltName=IP:127.0.0.1" \
	    -keyout "$DIR/server.key" -out "$DIR/server.pem" 2>/dev/null
	helper nginx "$DIR/server.pem" "$DIR/server.key" "${URL##*:}" "$@"
	export GOOGLE_GEMINI_BASE_URL=https://127.0.0.1:$PORT
	export SSL_CERT_FILE=$DIR/server.pem
}

# So many models there are, all on their way at once.
AT_ONCE=64
MODELS=64

# probe [argument...]: ask 64 models, all with the first requests of the process;
# no reply comes before as many are on their way as may be.
probe() {
	local list pid
	list=$(jq -nc --argjson n $MODELS '{models: [range($n) | {
	    name: "models/m\(.)", displayName: "m\(.)", inputTokenLimit: 5,
	    outputTokenLimit: 5, supportedGenerationMethods:
	    ["generateContent", "countTokens"]}]}')
	play <<<"[{\"json\":$list},
	    {\"head_gate\":\"go\",\"json\":{\"totalTokens\":1},\"repeat\":-1}]"
	gm-models >list # into the cache
	: >"$THERE/access.log"
	again
	timeout 60 gm-models --probe "$@" >out 2>err </dev/null 3>&- &
	pid=$!
	HELPERS+=("$pid")
	wait_for "[ \$(requests) -ge \$((BEFORE + AT_ONCE)) ]"
	touch "$DIR/go"
	rc=0
	wait "$pid" || rc=$?
}

# all_answered: each model did, and nothing was said.
all_answered() {
	cat err
	[ "$rc" -eq 0 ] && [ "$(wc -l <out)" -eq $MODELS ] && [ ! -s err ]
}

# connections PROTOCOL: how many took requests, all of them of this protocol.
connections() {
	! grep -v " $1 " "$THERE/access.log" >&2
	awk '{ print $1 }' "$THERE/access.log" | sort -u | wc -l
}

# open_at_once: the most connections that were open when a request ended.
open_at_once() {
	awk '{ print $4 }' "$THERE/access.log" | sort -n | tail -1
}

@test "HTTP/2: 64 requests take at most 2 connections" {
	front http2
	probe
	all_answered
	[ "$(connections HTTP/2.0)" -le 2 ]
	[ "$(wc -l <"$THERE/access.log")" -eq $MODELS ]
}

@test "HTTP/1.1: as many connections as there are requests at once" {
	front
	probe
	all_answered
	[ "$(connections HTTP/1.1)" -ge $AT_ONCE ]
}

@test "--http1.1: as many connections, though HTTP/2 is offered" {
	front http2
	probe --http1.1
	all_answered
	[ "$(connections HTTP/1.1)" -ge $AT_ONCE ]
}

@test "HTTP/2: a server that ends connections fails nothing that it has not seen" {
	front http2 'keepalive_requests 10'
	probe --retries 0
	all_answered
	[ "$(connections HTTP/2.0)" -ge 6 ]
}

# What is sent again, as the server no longer takes it there, shares one, too.
@test "HTTP/2: at most 2 connections are open though the server ends them" {
	MODELS=900
	front http2 'keepalive_requests 400'
	probe
	all_answered
	[ "$(connections HTTP/2.0)" -eq 3 ]
	[ "$(open_at_once)" -le 2 ]
}

@test "HTTP/1.1: a server that ends connections fails nothing that it has not seen" {
	front 'keepalive_requests 3'
	probe --retries 0
	all_answered
}
