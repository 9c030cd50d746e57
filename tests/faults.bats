# Each call that can fail is made to fail, one after the other, until a run has
# no such call any more: a known status, one line that says what, no key in
# it, nothing half done.

# shellcheck disable=SC2154,SC2016 # run sets stderr; sh -c expands by itself
# shellcheck disable=SC2034,SC2317 # sweep uses FRESH and ANSWER, check_fault
load sweep

@test "the state of the keys: whatever fails, the answer is whole" {
	local fn
	start
	gm-prompt --quiet -n hi >/dev/null
	for fn in fcntl pwrite read fstat; do
		sweep "$fn" 0 "$FAULT" --quiet -n hi
	done
	# An env file that is there, but cannot be opened, may hold the keys.
	sweep openat '0 71' "$FAULT" --quiet -n hi
	FRESH=yes # it has to be made
	for fn in mkdir fcntl renameat fsync read fstat; do
		sweep "$fn" 0 "$FAULT" --quiet -n hi
	done
	sweep openat '0 71' "$FAULT" --quiet -n hi
	sweep write '0 74' "$FAULT" --quiet -n hi
	sweep malloc '0 71' "$FAULT" --quiet -n hi
}

@test "no memory, at any of our calls" {
	start
	sweep malloc "0 71" "$FAULT" --quiet -n hi
	sweep calloc "71" "$FAULT" --quiet -n hi
	sweep realloc "0 71" "$FAULT" --quiet -n hi
}

@test "files: whatever fails, all of them are sent or none" {
	start
	echo one >note.txt
	gm-prompt --quiet -n hi >/dev/null
	sweep malloc '0 71' "$FAULT" --quiet -n -f note.txt -f note.txt hi
	sweep openat '0 66 71' "$FAULT" --quiet -n -f note.txt hi
	sweep read '0 66' "$FAULT" --quiet -n -f note.txt hi
	sweep fstat '0 66' "$FAULT" --quiet -n -f note.txt hi
	sweep poll '0 69 71' "$FAULT" --quiet -n -f note.txt hi
}

@test "a long answer: whatever fails, all of it comes or nothing" {
	local fn
	mkdir "$BATS_TEST_TMPDIR/long"
	python3 -B "$ROOT/tests/net/hops.py" "$BATS_TEST_TMPDIR/long" \
	    >"$BATS_TEST_TMPDIR/long/port" 3>&- &
	SERVER=$!
	wait_for "[ -s '$BATS_TEST_TMPDIR/long/port' ]"
	export GEMINI_API_KEY=$GOOD_KEY
	GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/long/port")
	export GOOGLE_GEMINI_BASE_URL
	FAULT=$BUILD/fault/gm-prompt
	for fn in malloc calloc realloc; do
		sweep "$fn" '0 71' "$FAULT" --quiet -n hi
	done
	for fn in fcntl pwrite; do
		sweep "$fn" 0 "$FAULT" --quiet -n hi
	done
}

@test "a fallback: whatever fails, Mistral's answer is whole or there is none" {
	local fn
	script <<-'E'
	[{"when": {"path": "/v1beta/"}, "refusal": "overloaded", "repeat": -1},
	 {"when": {"path": "/mistral/"}, "chat": ["Forty", "-two."],
	  "reasoning": ["Hm."], "repeat": -1}]
	E
	serve --no-record
	FAULT=$BUILD/fault/gm-prompt
	export MISTRAL_API_KEY=$GOOD_KEY MISTRAL_BASE_URL=$URL/mistral
	for fn in malloc calloc realloc; do
		sweep "$fn" '0 71' "$FAULT" --quiet --retries 0 \
		    --fallback mistral -n hi
	done
	for fn in fcntl pwrite read fstat; do
		sweep "$fn" 0 "$FAULT" --quiet --retries 0 --fallback mistral \
		    -n hi
	done
	sweep openat '0 71' "$FAULT" --quiet --retries 0 --fallback mistral \
	    -n hi
}

@test "no memory, with an env file, JSON, a system prompt and a log" {
	start
	ANSWER=
	(umask 077 && echo "GEMINI_API_KEY=$GOOD_KEY" >../env)
	unset GEMINI_API_KEY
	export GOOGLE_GEMINI_BASE_URL=$URL
	echo "be brief" >../system
	json_whole() {
		[ "$status" -ne 0 ] ||
		    python3 -c 'import json, sys
assert json.loads(sys.argv[1])["text"] == "Forty-two."' "$output"
	}
	check_fault() { json_whole; }
	unset GOOGLE_GEMINI_BASE_URL
	echo "GOOGLE_GEMINI_BASE_URL=$URL" >>../env
	for fn in malloc realloc; do
		sweep $fn "0 71" "$FAULT" --quiet --json --env-file ../env \
		    -s @../system --stop a --stop b --search -n hi
	done
}

@test "output that cannot be written, at any of our calls" {
	start
	gm-prompt --quiet -n hi >/dev/null # so that the state need not be made
	sweep write "74" "$FAULT" --quiet -n hi
	sweep close "0 74" "$FAULT" --quiet -n hi
}

@test "a file that cannot be written: the old one stays, no litter" {
	start
	ANSWER="Forty-two."
	check_fault() { check_fault_file; }
	for fn in write fsync rename close; do
		sweep $fn "0 73 74" "$FAULT" --quiet -o out -n hi
	done
}

@test "a file in place: the old content stays until there is room for all" {
	local fn caps=-dac_override,-dac_read_search closed=()
	start
	check_fault() { check_fault_in_place; }
	mkdir dir
	: >dir/file
	chmod 555 dir
	[ "$(id -u)" -ne 0 ] || closed=(
		setpriv "--bounding-set=$caps" "--inh-caps=$caps"
	)
	for fn in memfd_create fallocate write pwrite malloc; do
		echo old >dir/file
		sweep $fn "0 71 73 74" "${closed[@]}" "$FAULT" --quiet \
		    -o dir/file -n hi
	done
}

@test "access that cannot be handed on: the file is written in place" {
	local inode
	start
	echo old >file
	setfacl -m u:65533:r file 2>why || skip "no ACLs: $(cat why)"
	inode=$(stat -c %i file)
	GM_FAULT=fsetxattr:1 run -0 --separate-stderr \
	    "$FAULT" --quiet -o file -n hi
	[ "$stderr" = 'gm-fault: fsetxattr 1' ]
	[ "$(cat file)" = "$ANSWER" ]
	[ "$(stat -c %i file)" = "$inode" ]
	getfacl -n file | grep -qx 'user:65533:r--'
	[ -z "$(find . -name '.file*')" ]
}

@test "standard input that cannot be read" {
	start
	echo "some text" >../in
	sweep read "0 66" "$BASH" -c '"$1" --quiet hi <../in' - "$FAULT"
}

# A write that fails once must not be followed by the same bytes again.
@test "a streamed answer is never written twice, whichever write fails" {
	python3 - >"$BATS_TEST_TMPDIR/text" <<-'E'
	print("A" * 4096 + "B" * 4096 + "C" * 500, end="")
	E
	script <<-E
	[{"stream": ["$(cat "$BATS_TEST_TMPDIR/text")"], "repeat": -1}]
	E
	serve --no-record
	for ((n = 1; n <= 20; n++)); do
		GM_FAULT=write:$n timeout 60 "$BUILD/fault/gm-prompt" --quiet \
		    -S -n hi 2>err | cat >out
		grep -q gm-fault err || break
		python3 - "$BATS_TEST_TMPDIR/text" out <<-'E'
		import sys
		text, out = (open(p).read() for p in sys.argv[1:])
		assert text.startswith(out.rstrip("\n")), (len(out), out[-20:])
		E
	done
	[ "$n" -gt 2 ] && [ "$n" -lt 20 ]
	[ "$(cat out)" = "$(cat "$BATS_TEST_TMPDIR/text")" ]
}
