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
	stop_servers
}

# gm [argument...]: as in prompt.bash, but it ends in any case, with 124.
gm() {
	rc=0
	forget
	hurried timeout 60 gm-prompt "$@" >out 2>err || rc=$?
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

# broken STATUS LINE: as failed, with WHY in LINE for the text of a library.
broken() {
	unworded err
	failed "$1" "$2"
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

# at_noon: in this test it is noon in California, give or take an hour, so that
# no day of a quota ends in it; for the tools and for date(1).  Call it after
# the server has started, and before anything looks at the time.
at_noon() {
	local now
	preload clock
	now=$(env -u LD_PRELOAD date +%s)
	export LD_PRELOAD=$LIBRARY FAKE_CLOCK=$((20 * 3600 - now % 86400))
}

# masked: no key in what was said.
masked() {
	! grep -qF -e "${GEMINI_API_KEY:-$K0}" -e "$K0" -e "$K1" -e "$M0" \
	    -e "$M1" -e "$O0" out err
}

# Keys of two Gemini projects, of two of Mistral's, and one of OpenAI's.
K0=fake-gemini-key-0000
K1=fake-gemini-key-0001
M0=fake-mistral-key-0100
M1=fake-mistral-key-0101
O0=fake-openai-key-0200
# What each service answers where all is well, and the replies of it.
GEMINI_SAYS='One, two, three.'
MISTRAL_SAYS='Un, deux, trois.'
LOCAL_SAYS='Eins, zwei, drei.'
MISTRAL_GOOD='{"when":{"path":"/mistral/"},"chat":["Un, ","deux, ","trois."],"repeat":-1}'
LOCAL_GOOD='{"when":{"path":"/llamacpp/"},"chat":["Eins, ","zwei, ","drei."],"repeat":-1}'

# services: the stand-in with two keys of Gemini, one of Mistral, and llama.cpp.
services() {
	serve
	unset GEMINI_API_KEY
	export GOOGLE_API_KEYS=$K0,$K1
	export MISTRAL_API_KEY=$M0 MISTRAL_BASE_URL=$URL/mistral/v1
	export OPENAI_BASE_URL=$URL/llamacpp/v1 OPENAI_MODEL=qwen3-8b-q4_k_m
}

# remember: what runs learn of keys stays.
# shellcheck disable=SC2317 # it is called
remember() {
	forget() {
		:
	}
}

# at SERVICE MEMBERS: a reply for requests to it, for ever.
at() {
	local path=/$1/
	[ "$1" != gemini ] || path=/v1beta/
	printf '{"when":{"path":"%s"},%s,"repeat":-1}' "$path" "$2"
}

# seen: who was asked since "again", in order, with the last digits of the keys:
# "K0 M0 L"; A is Ollama.
seen() {
	local n files=()
	for ((n = BEFORE + 1; n <= $(requests); n++)); do
		files+=("$DIR/request.$n")
	done
	[ ${#files[@]} -eq 0 ] || awk '
	FNR == 1 {
		if (all != "")
			all = all " "
		head = 1
		split($2, path, "/")
		all = all who[path[2]]
	}
	$0 == "\r" { head = 0 }
	head && /^(x-goog-api-key|Authorization): / {
		sub(/\r$/, "")
		all = all substr($0, length($0))
	}
	BEGIN {
		who["v1beta"] = "K"; who["mistral"] = "M"; who["openai"] = "O"
		who["llamacpp"] = "L"; who["ollama"] = "A"
	}
	END { print all }' "${files[@]}"
}

# went WHO...: exactly these were asked, in this order.
went() {
	[ "$(seen)" = "$*" ] || {
		echo "asked: $(seen); expected: $*"
		return 1
	}
}
