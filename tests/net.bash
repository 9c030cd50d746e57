# Loaded by the tests of errors, transport, retries and signals: a server whose
# script changes between runs, other servers, and libraries that get in the way.

# shellcheck disable=SC2034 # what is set here is for the tests

load prompt

ANSWER='One, two, three.'
# Two events of an answer, as they are inside a body.
FIRST_EVENT='data: {"candidates":[{"content":{"parts":[{"text":"One, "}]}}]}'
LAST_EVENT='data: {"candidates":[{"content":{"parts":[{"text":"two."}]},"finishReason":"STOP"}]}'
STREAM='"stream":["One, ","two, ","three."]'
HELPERS=()

teardown() {
	local pid
	for pid in "${HELPERS[@]}"; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	stop_server
}

# gm [argument...]: as in prompt.bash, but it ends in any case, with 124.
gm() {
	rc=0
	forget
	timeout 60 gm-prompt "$@" >out 2>err || rc=$?
}

# play: from now on the script on standard input, whatever was left of others.
play() {
	forget
	cat >"$DIR/script.new"
	mv "$DIR/script.new" "$DIR/script.json"
	again
}

# again: count from here.
again() {
	BEFORE=$(requests)
}

# tried N: so many requests since then.
tried() {
	local n=$(($(requests) - BEFORE))
	[ "$n" -eq "$1" ] || {
		echo "$n requests in place of $1"
		return 1
	}
}

# failed STATUS LINE: nothing on standard output, and this one line of error.
failed() {
	said "$1" '' "gm-prompt: $2
"
}

# helper NAME [argument...]: start tests/net/NAME.py, which prints its port and
# keeps what it gets in files of its own folder; sets PORT and THERE.
helper() {
	local name=$1
	shift
	THERE=$BATS_TEST_TMPDIR/$name.${#HELPERS[@]}
	mkdir "$THERE"
	python3 -B "$ROOT/tests/net/$name.py" "$THERE" "$@" \
	    >"$THERE/port" 2>"$THERE/stderr" 3>&- &
	HELPERS+=($!)
	wait_for "[ -s '$THERE/port' ]"
	PORT=$(cat "$THERE/port")
}

# received: how many connections brought something to the helper.
received() {
	find "$THERE" -name 'got.*' ! -name '*.new' | wc -l
}

# preload NAME: build tests/fault/NAME.c as a library; its path goes to LIBRARY.
# A sanitizer's own library would come second, and says that it minds.
preload() {
	LIBRARY=$BATS_TEST_TMPDIR/$1.so
	cc -shared -fPIC -O1 -o "$LIBRARY" "$ROOT/tests/fault/$1.c"
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0
}

# masked: no key in what was said.
masked() {
	! grep -q "$GEMINI_API_KEY" out err
}
