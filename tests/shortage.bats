# What the system refuses: a read of the key state, memory, descriptors, stack; a
# call that a signal has ended too early.  A known status and one line; what
# could not be read is not overwritten.

# shellcheck disable=SC2154,SC2016 # run sets stderr; sh -c expands by itself
# shellcheck disable=SC2034,SC2317 # sweep uses FRESH, calls check_fault
load sweep

# remember: the key state, with a mark that must not get lost.
remember() {
	gm-rotate --mark 0 --class key_leaked
	STATE=$HOME/.local/state/gm
	cp "$STATE/salt" ../salt
	grep ' key_leaked ' "$STATE/keys" >../leaked
	[ -s ../leaked ]
}

# check_state: what was known is so still, whatever has failed.
check_state() {
	cmp "$STATE/salt" ../salt &&
	    diff <(grep ' key_leaked ' "$STATE/keys") ../leaked
}

@test "a key state that cannot be read is not empty, and never written" {
	local fn why="the key state could not be written"
	start_plain
	unset GEMINI_API_KEY
	export GOOGLE_API_KEYS=$GOOD_KEY,fake-good-key-0002,fake-good-key-0003
	remember
	check_fault() { check_state; }
	for fn in fstat read openat=EIO openat; do
		sweep "$fn" '0 71' "$FAULT" --quiet -n hi
		sweep "$fn" '0 71 73' "$BUILD/fault/gm-rotate" --mark 1 \
		    --class quota
		sweep "$fn" '0 66 71 73 75 77' sh -c \
		    'echo "{}" | "$1" --quiet --from-reports' - \
		    "$BUILD/fault/gm-rotate"
	done
	# The third read is that of the file itself, after two of the salt.
	GM_FAULT=read=EIO:3 run -73 --separate-stderr \
	    "$BUILD/fault/gm-rotate" --mark 1 --class quota
	[ -z "$output" ]
	[ "${stderr#*$'\n'}" = "gm-rotate: $why: $STATE/keys: Input/output error" ]
	check_state
	GM_FAULT=read=EIO:3 run -0 --separate-stderr "$FAULT" -n hi
	[ "$output" = "$ANSWER" ]
	[ "${stderr#*$'\n'}" = "gm-prompt: the key state is kept in memory only: $STATE/keys: Input/output error" ]
	check_state
}

@test "no memory: each tool ends with a line that says so, or with its result" {
	local fn args
	script <<-'E'
	[{"when": {"path": "streamGenerate"}, "stream": ["Forty", "-two."],
	  "repeat": -1}]
	E
	serve --no-record
	unset GEMINI_API_KEY
	export GOOGLE_API_KEYS=$GOOD_KEY,fake-good-key-0002 FRESH=yes
	check_fault() {
		[ "$status" -eq 0 ] || [ "${#stderr_lines[@]}" -eq 2 ] || {
			echo "status $status, not one line: $stderr"
			return 1
		}
		[ "$status" -ne 0 ] || [[ $output =~ $RESULT ]] || {
			echo "status 0, but: $output"
			return 1
		}
	}
	while IFS=' ' read -r RESULT args; do
		for fn in malloc calloc realloc; do
			# shellcheck disable=SC2086 # options
			sweep "$fn" '0 71' "$BUILD"/fault/gm-rotate --quiet $args
		done
	done <<-'E'
	^1$
	^0$ --peek
	^0.*1.*$ --status
	^.*"index":0.*"index":1.*$ --status --json
	^.*"index":1.*$ --json
	^$ --mark 0 --class quota
	^$ --reset
	^ran$ -- echo ran
	E
	for fn in malloc realloc; do # it never calls calloc(3)
		RESULT='^gemini-flash-latest'
		sweep "$fn" '0 71' "$BUILD/fault/gm-models" --quiet \
		    gemini-flash-latest
	done
	for fn in malloc calloc realloc; do
		RESULT='^0.*ok.*1.*ok'
		sweep "$fn" '0 71' "$BUILD/fault/gm-keycheck" --quiet
	done
	RESULT='^1$' # the report of key 0 has got through
	echo '{"index":0,"key":"...0001","model":"'gemini-flash-latest'","class":"quota"}' >../report
	for fn in malloc calloc realloc; do
		sweep "$fn" '0 71' sh -c '"$1" --quiet --from-reports <../report' \
		    - "$BUILD/fault/gm-rotate"
	done
}

@test "no memory: a request that is not sent does not count" {
	local fn sent=0
	script <<<'[{"stream": ["Forty", "-two."], "repeat": -1}]'
	serve
	STATE=$HOME/.local/state/gm
	FRESH=yes
	check_fault() {
		local counted
		counted=$(awk '$8 == "gemini-flash-latest" && $9 == "-" {
		    n += $1 } END { print n + 0 }' "$STATE/keys" 2>/dev/null)
		((${counted:-0} <= $(requests) - sent)) || {
			echo "counted $counted, sent $(($(requests) - sent))"
			return 1
		}
		sent=$(requests)
	}
	for fn in malloc calloc realloc; do
		sweep "$fn" '0 71' "$BUILD/fault/gm-prompt" --quiet -n hi
	done
}

@test "a signal that asks for nothing changes nothing, at any of our calls" {
	local fn
	start_plain
	check_fault() {
		[ "$output" = "$ANSWER" ] && [ "${#stderr_lines[@]}" -eq 1 ]
	}
	FRESH=yes
	for fn in openat read write fsync close fcntl; do
		sweep "$fn=EINTR" 0 "$FAULT" --log-file ../log -n hi
	done
	echo "some text" >../in
	sweep poll=EINTR 0 "$BASH" -c '"$1" --log-file ../log <../in | cat' - \
	    "$FAULT"
}

@test "a wait that fails for good is an error, and no loop" {
	start_plain
	echo "some text" >../in
	check_fault() {
		[ "${stderr_lines[1]}" = "gm-prompt: standard input: poll: out of memory" ]
	}
	run -71 --separate-stderr timeout 60 "$BASH" -c \
	    'GM_FAULT=poll:1+ "$1" <../in' - "$FAULT"
	[ -z "$output" ]
	check_fault
}

@test "a log line that cannot be made is told, and no part of it is written" {
	start_plain
	check_fault() {
		python3 - ../log <<-'E'
		import json, os, sys
		if os.path.exists(sys.argv[1]):
		    text = open(sys.argv[1]).read()
		    assert text.endswith("\n"), text
		    for line in text.split("\n")[:-1]:
		        assert json.loads(line)["tool"] == "gm-prompt", line
		E
	}
	sweep malloc '0 71' "$FAULT" --log-file ../log -n hi
	grep -q . ../log
}

@test "few descriptors: the status and one line say so" {
	local n
	[ -z "${SAN-}" ] || skip 'a sanitizer needs some of its own'
	start
	for n in 4 5 6 7 8 9 10; do
		forget
		run --separate-stderr bash -c \
		    'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit -n $1
		    exec "$2" --mark 0 --class ok' - "$n" \
		    "$BUILD/gm-rotate"
		[ "$status" -eq 0 ] && [ -z "$stderr" ] && continue
		[ "$status" -eq 71 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == "gm-rotate: "*": Too many open files; raise ulimit -n" ]]
	done
	[ "$status" -eq 0 ]
}

@test "little stack, also where no more is allowed" {
	local how
	[ -z "${SAN-}" ] || skip 'with a sanitizer the frames are larger'
	script <<-'E'
	[{"when": {"path": "streamGenerate"}, "stream": ["Forty", "-two."],
	  "repeat": -1}]
	E
	serve --no-record --tls
	export GOOGLE_GEMINI_BASE_URL=${URL/127.0.0.1/localhost}
	for how in -Ss -s; do
		run -0 --separate-stderr bash -c \
		    'ulimit "$1" 64; exec gm-prompt -n hi' - $how
		[ "$output" = "$ANSWER" ]
		[ -z "$stderr" ]
		run -0 --separate-stderr bash -c \
		    'ulimit "$1" 64; exec gm-models' - $how
		[ -z "$stderr" ]
		run -0 --separate-stderr bash -c \
		    'ulimit "$1" 64; exec gm-keycheck --level generate' - $how
		[ -z "$stderr" ]
		run -0 --separate-stderr bash -c \
		    'ulimit "$1" 64; exec gm-rotate -- bash -c "ulimit -Ss"' - $how
		[ "$output" = 64 ]
		[ -z "$stderr" ]
	done
}
