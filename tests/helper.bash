# Loaded by every .bats file: a clean environment, a directory of its own for
# each test, and the stand-in server.

bats_require_minimum_version 1.5.0
load /usr/lib/bats/bats-support/load
load /usr/lib/bats/bats-assert/load

ROOT=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
BUILD=${BUILD:-$ROOT/build}

# A key that the stand-in takes for good; "invalid", "minute" and other words
# in a key make it behave accordingly (tests/server/README.md).
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

# forget: what runs before this have learned of the keys.
forget() {
	rm -rf "$HOME/.local/state/gm"
}

# serve [option...]: start the stand-in, with a script if standard input is not
# a terminal and holds one; sets URL, and points the tools at it.
serve() {
	mkdir -p "$DIR"
	[ -s "$DIR/script.json" ] || echo '[]' >"$DIR/script.json"
	rm -f "$DIR/url" # of one before
	python3 "$ROOT/tests/server/standin.py" --dir "$DIR" "$@" \
	    >"$DIR/url" 2>"$DIR/stderr" 3>&- &
	SERVER=$!
	SERVERS+=("$SERVER")
	wait_for "[ -s '$DIR/url' ]"
	URL=$(cat "$DIR/url")
	export GOOGLE_GEMINI_BASE_URL=$URL GEMINI_API_KEY=$GOOD_KEY
	case $URL in https:*) export SSL_CERT_FILE=$DIR/ca.pem ;; esac
}

# hurried COMMAND...: run it with no chance in its waits (tests/fault/chance.c):
# it retries at once, or as late as it may where FAKE_CHANCE is "most".  Longer
# waits that a service asks for stay.
hurried() {
	local chance=$BATS_FILE_TMPDIR/chance.so
	[ -e "$chance" ] ||
		cc -shared -fPIC -O1 -o "$chance" "$ROOT/tests/fault/chance.c"
	LD_PRELOAD=$chance${LD_PRELOAD:+:$LD_PRELOAD} \
	    ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 "$@"
}

# script: what the server shall reply; JSON on standard input.
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

# stop_servers: all of them, also those that another one has followed.
stop_servers() {
	local pid

	stop_server
	for pid in "${SERVERS[@]}"; do
		SERVER=$pid
		stop_server
	done
	SERVERS=()
}

# hold FILE: lock it until the process $HOLDER ends.
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

# nap SECONDS: in a way that leaves $! as it is, as no process stays behind.
nap() {
	local fifo=$BATS_TEST_TMPDIR/nap

	# Several may make it at once: what counts is that it is there.
	[ -p "$fifo" ] || mkfifo "$fifo" 2>/dev/null || [ -p "$fifo" ] || return
	read -rt "$1" <>"$fifo" || :
}

# wait_for CONDITION: until it holds, for at most 20 s.
wait_for() {
	local i
	for ((i = 0; i < 2000; i++)); do
		eval "$1" && return 0
		nap 0.01 || return
	done
	echo "waited in vain for: $1" >&2
	return 1
}

# How many requests reached the server.
requests() {
	set -- "$DIR"/request.*
	[ -e "$1" ] || set --
	echo $#
}

# body N: the body of the N-th request, byte for byte.
body() {
	python3 -c 'import sys
data = open(sys.argv[1], "rb").read()
sys.stdout.buffer.write(data.split(b"\r\n\r\n", 1)[1])' "$DIR/request.$1"
}

# head_of N: request line and headers of the N-th request, without the CRs;
# the host's port, which differs from run to run, becomes PORT.
head_of() {
	sed '/^\r$/,$d; s/\r$//; s/^\(Host: 127\.0\.0\.1\):.*/\1:PORT/' \
	    "$DIR/request.$1"
}

# unworded FILE: what libraries say of a connection, which differs from version
# to version, becomes WHY: all behind the class, up to a clause of ours.
unworded() {
	sed -Ei 's/((no connection|timeout|no trusted connection|the response makes no sense|the response ended too early): )[^;]+(;|$)/\1WHY\3/
		s/( \(([^()]*, )?proxy\)): [^;]+(;|$)/\1: WHY\3/' "$1"
}

# same FILE TEXT: FILE holds exactly TEXT.
same() {
	diff <(printf '%s' "$2") "$1"
}
