# Make a directory and start servers for benchmarks; sourced, with $BUILD set.
# $dir is home, cache and state.  At the end, remove it and stop all servers.
# shellcheck shell=bash disable=SC2154,SC2034

dir=$(mktemp -d)
server=
trap 'stop_servers; rm -rf "$dir"' EXIT
unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR GOOGLE_API_KEYS GOOGLE_API_KEY
unset GM_FALLBACK GM_RPM GM_RPD GM_TPM GM_STATE_DIR
export HOME=$dir XDG_CACHE_HOME=$dir/cache XDG_STATE_HOME=$dir/state
export GEMINI_API_KEY=fake-good-key-0001
STREAM=':streamGenerateContent?alt=sse'
fronts=0
origin_in=
nginx=

# wait_for_file FILE: wait until a server has written to it, for at most 10 s.
wait_for_file() {
	local i
	for ((i = 0; i < 500; i++)); do
		[ ! -s "$1" ] || return 0
		sleep 0.02
	done
	echo "$1: nothing in it after 10 s" >&2
	return 1
}

# origin LATENCY_MS: start the fast server, and set url; it ends with this shell.
origin() {
	stop_origin
	rm -f "$dir/origin.in"
	mkfifo "$dir/origin.in"
	: >"$dir/origin"
	"$BUILD/bench/origin" "$@" <"$dir/origin.in" >"$dir/origin" &
	origin=$!
	exec {origin_in}>"$dir/origin.in"
	wait_for_file "$dir/origin"
	use "http://127.0.0.1:$(head -n 1 "$dir/origin")"
}

# Add the stand-in's certificate to those of the system, as a bundle and as a
# directory, so that each program does the same work as for a real service.
make_trust() {
	local bundle=/etc/ssl/certs/ca-certificates.crt
	mkdir "$dir/hashed"
	if [ -d /etc/ssl/certs ]; then
		cp -a /etc/ssl/certs/. "$dir/hashed"
	fi
	cp -a "$dir"/server/certs/. "$dir/hashed"
	cat "$bundle" "$dir/server/ca.pem" >"$dir/bundle.pem"
}

# Start the stand-in with TLS; its process is $server.
start_server() {
	mkdir "$dir/server"
	python3 tests/server/standin.py --dir "$dir/server" --tls --no-record \
	    >"$dir/url" &
	server=$!
	wait_for_file "$dir/url"
	use "$(cat "$dir/url")"
}

# The origin writes its totals to $dir/origin when its standard input ends.  nginx
# must not hold that open, hence >&- there.
stop_origin() {
	[ "$origin_in" ] || return 0
	exec {origin_in}>&-
	origin_in=
	wait "$origin" 2>/dev/null || :
}

# use URL: let the tools send requests to it.
use() {
	export GOOGLE_GEMINI_BASE_URL=$1
	url=$1
	target=$1/v1beta/models/gemini-flash-latest$STREAM
}

make_certificate() {
	[ ! -s "$dir/server.pem" ] || return 0
	openssl req -x509 -newkey ec -nodes -days 30 \
	    -pkeyopt ec_paramgen_curve:prime256v1 -subj "/CN=test" \
	    -addext "subjectAltName=IP:127.0.0.1" \
	    -keyout "$dir/server.key" -out "$dir/server.pem" 2>/dev/null
}

# front http2 [DIRECTIVE...]: start nginx with TLS in front of the origin; set url.
# $front/access.log has a line for each request.
front() {
	stop_front
	make_certificate
	front=$dir/nginx.$((fronts += 1))
	mkdir "$front"
	timeout 3600 python3 -B tests/net/nginx.py "$front" "$dir/server.pem" \
	    "$dir/server.key" "$(head -n 1 "$dir/origin")" "$@" \
	    >"$front/port" 2>"$front/stderr" {origin_in}>&- &
	nginx=$!
	wait_for_file "$front/port"
	export SSL_CERT_FILE=$dir/server.pem
	use "https://127.0.0.1:$(cat "$front/port")"
}

# answers: print the directives with which nginx answers prompts by itself.
answers() {
	printf '%s\n' 'default_type text/event-stream' "return 200 'data: $(
		printf '{"candidates":[{"content":{"parts":[{"text":"%s"}],' \
		    'A short answer.'
		printf '"role":"model"},"finishReason":"STOP","index":0}],'
		printf '"usageMetadata":{"promptTokenCount":5,'
		printf '"candidatesTokenCount":4,"totalTokenCount":9},'
		printf '"modelVersion":"m","responseId":"R"}'
	)\\r\\n\\r\\n'"
}

stop_front() {
	[ "$nginx" ] || return 0
	kill "$nginx" 2>/dev/null || :
	wait "$nginx" 2>/dev/null || :
	nginx=
}

stop_servers() {
	stop_front
	stop_origin
	[ -z "$server" ] || kill "$server" 2>/dev/null || :
}

# connections [BOUND]: print how many connections had requests since the log was
# emptied, and how many at a time, from the first to the last request of each.
connections() {
	awk -v most="${1-}" '
	{ if (!($1 in first)) first[$1] = NR; last[$1] = NR }
	END {
		for (c in first) {
			all++
			ends[last[c]]++
			starts[first[c]]++
		}
		for (i = 1; i <= NR; i++) {
			open += starts[i]
			if (open > peak)
				peak = open
			open -= ends[i]
		}
		printf "%d requests over %d connections, %d at a time", NR, all,
		    peak
		if (most)
			printf("  %sat a time <= %d",
			    peak > most ? "missed: " : "", most)
		print ""
	}' "$front/access.log"
	: >"$front/access.log"
}
