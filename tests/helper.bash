# Functions for all .bats files: a clean environment, a directory for each test,
# and the stand-in server.

bats_require_minimum_version 1.5.0
load /usr/lib/bats/bats-support/load
load /usr/lib/bats/bats-assert/load

ROOT=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
BUILD=${BUILD:-$ROOT/build}

# A key that the stand-in accepts.  Words such as "invalid" and "minute" in a key
# select other responses (tests/server/README.md).
GOOD_KEY=fake-good-key-0001

# U+FFFD and U+FEFF as bytes.  Bash reads \u in $'' by the locale that it was
# started with, which may be none.
# shellcheck disable=SC2034 # for the tests
REPLACED=$'\xEF\xBF\xBD'
# shellcheck disable=SC2034
BOM=$'\xEF\xBB\xBF'

setup() {
	local name
	for name in $(compgen -e); do
		case $name in
		GM_* | GOOGLE_* | GEMINI_* | XDG_* | \
		    *_API_KEY* | *_MODEL* | *_BASE_URL | \
		    SSL_* | CURL_* | *_proxy | *_PROXY | NO_COLOR | CLICOLOR* | JOURNAL_STREAM | \
		    CREDENTIALS_DIRECTORY | CACHE_DIRECTORY)
			unset "$name"
			;;
		esac
	done
	export HOME=$BATS_TEST_TMPDIR/home LC_ALL=C.UTF-8 TERM=xterm
	export PATH=$BUILD:$PATH
	DIR=$BATS_TEST_TMPDIR/server
	mkdir "$HOME" "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return 1
}

teardown() {
	stop_servers
}

# forget: remove the key state.
forget() {
	rm -rf "$HOME/.local/state/gm"
}

# serve [option...]: start the stand-in with the script, if there is one; set URL,
# and the variables by which the tools send requests to it.
serve() {
	mkdir -p "$DIR"
	[ -s "$DIR/script.json" ] || echo '[]' >"$DIR/script.json"
	rm -f "$DIR/url" # of an earlier stand-in
	python3 "$ROOT/tests/server/standin.py" --dir "$DIR" "$@" \
	    >"$DIR/url" 2>"$DIR/stderr" 3>&- &
	SERVER=$!
	SERVERS+=("$SERVER")
	wait_for "[ -s '$DIR/url' ]"
	URL=$(cat "$DIR/url")
	export GOOGLE_GEMINI_BASE_URL=$URL GEMINI_API_KEY=$GOOD_KEY
	case $URL in https:*) export SSL_CERT_FILE=$DIR/ca.pem ;; esac
}

# hurried COMMAND...: run it with fixed random numbers (tests/fault/chance.c), so
# that a backoff takes no time, or, with FAKE_CHANCE=most, the longest.  Waits that
# a service requests do not change.
hurried() {
	local chance=$BATS_FILE_TMPDIR/chance.so
	[ -e "$chance" ] ||
		cc -shared -fPIC -O1 -o "$chance" "$ROOT/tests/fault/chance.c"
	LD_PRELOAD=$chance${LD_PRELOAD:+:$LD_PRELOAD} \
	    ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 "$@"
}

# script: set the responses of the stand-in to the JSON on standard input.
script() {
	mkdir -p "$DIR"
	cat >"$DIR/script.json"
}

stop_server() {
	if [ -n "${SERVER:-}" ]; then
		kill "$SERVER" 2>/dev/null
		wait "$SERVER" 2>/dev/null
		SERVER=
	fi
	return 0
}

# stop_servers: stop all servers that the test has started.
stop_servers() {
	local pid

	stop_server
	for pid in "${SERVERS[@]}"; do
		SERVER=$pid
		stop_server
	done
	SERVERS=()
}

# hold FILE: lock it by a process, $HOLDER, until that ends.
hold() {
	rm -f held
	python3 -c 'import fcntl, signal, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX)
print(flush=True)
signal.pause()' "$1" >held 3>&- &
	HOLDER=$!
	SERVERS+=("$HOLDER")
	wait_for '[ -s held ]'
}

release() {
	kill "$HOLDER"
	wait "$HOLDER" || :
}

# nap SECONDS: sleep without a process, so that $! does not change.
nap() {
	local fifo=$BATS_TEST_TMPDIR/nap

	# Ignore an error if another process has just made it.
	[ -p "$fifo" ] || mkfifo "$fifo" 2>/dev/null || [ -p "$fifo" ] || return
	read -rt "$1" <>"$fifo" || :
}

# wait_for CONDITION: wait until it is true, for at most 20 s.
wait_for() {
	local i
	for ((i = 0; i < 2000; i++)); do
		eval "$1" && return 0
		nap 0.01 || return
	done
	echo "timeout: waited 20 s for: $1" >&2
	return 1
}

# requests: print how many requests the stand-in has received.
requests() {
	set -- "$DIR"/request.*
	[ -e "$1" ] || set --
	echo $#
}

# body N: print the body of the N-th request, byte for byte.
body() {
	python3 -c 'import sys
data = open(sys.argv[1], "rb").read()
sys.stdout.buffer.write(data.split(b"\r\n\r\n", 1)[1])' "$DIR/request.$1"
}

# head_of N: print request line and headers of the N-th request, without CRs; the
# port of the host, which differs between runs, becomes PORT.
head_of() {
	sed '/^\r$/,$d; s/\r$//; s/^\(Host: 127\.0\.0\.1\):.*/\1:PORT/' \
	    "$DIR/request.$1"
}

# unworded FILE: replace the text after the class, up to our next clause, by WHY:
# libraries describe failures of connections differently in each version.
unworded() {
	sed -Ei '/: waiting [0-9.]+ s/b
		s/((no connection|timeout|no trusted connection|the response makes no sense|the response ended too early): )[^;]+(;|$)/\1WHY\3/
		s/( \(([^()]*, )?proxy\)): [^;]+(;|$)/\1: WHY\3/' "$1"
}

# same FILE TEXT: check that FILE has exactly TEXT.
same() {
	diff <(printf '%s' "$2") "$1"
}
