# Asked to end: wherever we are, it is at once, by that signal, without a word,
# with the connection closed and no file left behind.

load net

# ends SIGNAL WHEN [argument...]: gm-prompt with these is ended by the signal.
ends() {
	local signal=$1 how
	# Preloaded for it alone; a library of a sanitizer minds.
	how=$(python3 -B "$ROOT/tests/net/dies.py" "$signal" "$2" \
	    env ${LIBRARY:+"LD_PRELOAD=$LIBRARY"} gm-prompt "${@:3}")
	[ "$how" = "$signal" ] || {
		echo "$signal, $2: $how"
		head -n 3 err
		return 1
	}
}

# silent: not a word, and nothing but these two files is here.
silent() {
	same out '' && same err '' && [ "$(ls -A)" = $'err\nout' ]
}

# aim SCHEME: ask the helper there.
aim() {
	export GOOGLE_GEMINI_BASE_URL=$1://127.0.0.1:$PORT
	export GEMINI_API_KEY=$GOOD_KEY
}

SIGNALS='SIGINT SIGTERM SIGHUP SIGQUIT'

@test "while it reads standard input" {
	local signal
	export GEMINI_API_KEY=$GOOD_KEY
	for signal in $SIGNALS; do
		ends "$signal" read hi
		silent
		ends "$signal" read --json -o file
		silent
	done
}

@test "while a name is being looked up by a silent server" {
	local signal
	preload dns
	export GEMINI_API_KEY=$GOOD_KEY GOOGLE_GEMINI_BASE_URL=https://gm.test
	export FAKE_DNS=silent FAKE_DNS_ASKED=$BATS_TEST_TMPDIR/asked
	for signal in $SIGNALS; do
		rm -f "$FAKE_DNS_ASKED"
		ends "$signal" "file:$FAKE_DNS_ASKED" -n hi
		silent
	done
}

@test "while it waits for a connection" {
	local signal
	helper listen full
	aim http
	for signal in $SIGNALS; do
		ends "$signal" "tcp:$PORT" -n hi
		silent
	done
}

@test "in the middle of a handshake" {
	local signal n=0
	helper listen mute
	aim https
	for signal in $SIGNALS; do
		n=$((n + 1))
		ends "$signal" "file:$THERE/got.$n" -n hi
		silent
		wait_for "[ -e '$THERE/gone.$n' ]"
	done
}

@test "while it waits for the reply" {
	local signal n=0
	helper listen mute
	aim http
	for signal in $SIGNALS; do
		n=$((n + 1))
		ends "$signal" "file:$THERE/got.$n" -n hi
		silent
		wait_for "[ -e '$THERE/gone.$n' ]"
	done
}

@test "in the middle of the answer, held back or streamed, or for a file" {
	local signal n=0
	helper listen hold "HTTP/1.1 200 OK\\r\\n\\r\\n${FIRST_EVENT//\"/\\\"}\\r\\n\\r\\n"
	aim http
	echo before >"$BATS_TEST_TMPDIR/file"
	for signal in $SIGNALS; do
		ends "$signal" "file:$THERE/got.$((++n))" -n --json hi
		silent
		wait_for "[ -e '$THERE/gone.$n' ]"
		ends "$signal" file:out -n -S hi
		same out 'One, '
		same err ''
		wait_for "[ -e '$THERE/gone.$((++n))' ]"
		ends "$signal" "file:$THERE/got.$((++n))" -n -o new hi
		silent
		ends "$signal" "file:$THERE/got.$((++n))" -n -o "$BATS_TEST_TMPDIR/file" hi
		silent
		same "$BATS_TEST_TMPDIR/file" 'before
'
		[ "$(find "$BATS_TEST_TMPDIR" -name '.file*' | wc -l)" -eq 0 ]
		wait_for "[ -e '$THERE/gone.$n' ]"
	done
}

@test "while it waits to send again" {
	local signal
	serve
	for signal in $SIGNALS; do
		play <<<'[{"refusal":"overloaded","headers":{"Retry-After":"30"},"repeat":-1}]'
		ends "$signal" file:err -nv hi
		same out ''
		grep -q '^gm-prompt: attempt 1: ' err
		run ! grep -qv -e '^gm-prompt: attempt 1: ' -e ': waiting 30 s$' err
		tried 1
		play <<<'[{"refusal":"quota_minute","retry_delay":"30s","repeat":-1}]'
		ends "$signal" file:err -n hi
		same out ''
		same <(sed -E 's/ 3[01] s / SOON /' err) 'gm-prompt: rate-limited: waiting SOON for key 0 (...0001)
'
		tried 1
	done
}

# known: what is known of the keys, and that nothing else is there.
known() {
	[ "$(ls -A "$HOME/.local/state/gm")" = $'keys\nkeys.lock\nsalt' ]
	cat "$HOME/.local/state/gm/keys"
}

# slow_disk N COMMAND...: the second key is about to be reserved, and the N-th
# fsync(2) of that never returns.
slow_disk() {
	export SLOW_FSYNC=$1
	rm -rf "$HOME/.local/state/gm" slow
	play <<<"[{$STREAM,\"repeat\":-1}]"
	gm-prompt -n --key-index 1 hi >/dev/null
	gm-prompt -n --key-index 0 hi >/dev/null
	play <<<"[{\"refusal\":\"quota_minute\",\"retry_delay\":\"300s\"},{$STREAM,\"repeat\":-1}]"
	known >before
	"${@:2}"
	same out ''
	tried 1
	known >after
}

# unchanged: but for the request that was sent, which is counted.
unchanged() {
	diff <(sed -E 's/^.*Z( +-)* +//' before) <(sed -E 's/^.*Z( +-)* +//' after)
	[ "$(counted after)" -eq $(($(counted before) + 1)) ]
}

# counted FILE: the requests that it knows of.
counted() {
	awk '/Z/ { n += $1 } END { print n + 0 }' "$1"
}

# The first one syncs the file aside, which is then dropped, the second one the
# directory, when the file has its name.
@test "while the disk is slow: what is there stays whole" {
	local signal
	serve
	export GOOGLE_API_KEYS=fake-good-key-0001,fake-good-key-0002
	unset GEMINI_API_KEY
	preload slow
	remember
	for signal in SIGINT SIGTERM; do
		slow_disk 1 ends "$signal" file:slow -n hi
		same err ''
		unchanged
		slow_disk 2 ends "$signal" file:slow -n hi
		same err ''
		grep -q quota_minute after
	done
	slow_disk 1 over end -n hi
	grep -q '^gm-prompt: .*: deadline exceeded; raise --deadline (deadline); before: key 0 .*(HTTP 429, quota_minute)' err
	[ "$(wc -l <err)" -eq 1 ]
	unchanged
}

@test "while nobody reads what it writes" {
	local signal
	serve
	play <<<'[{"generate":{"bytes":1000000},"repeat":-1}]'
	for signal in $SIGNALS; do
		ends "$signal" stdout -n -S hi
		same err ''
		[ -s out ]
		ends "$signal" stdout -n hi
		same err ''
		[ -s out ]
	done
}

@test "while nobody reads its notes" {
	local signal
	serve
	play <<<'[{"refusal":"server","repeat":-1}]'
	for signal in $SIGNALS; do
		ends "$signal" stderr -nvv --retries 100 --max-wait 0 hi
		same out ''
		[ -s err ]
	done
}

@test "a device that poll(2) never calls ready is written all the same" {
	local where
	serve
	play <<<"[{$STREAM,\"repeat\":-1}]"
	preload unready
	for where in -o --log-file; do
		LD_PRELOAD=$LIBRARY timeout 30 gm-prompt -n "$where" /dev/null hi >out 2>err
		same err ''
	done
	LD_PRELOAD=$LIBRARY timeout 30 gm-prompt -n -S hi >/dev/null 2>err
	same err ''
	LD_PRELOAD=$LIBRARY timeout 30 gm-prompt -nvv hi >out 2>/dev/null
	same out "$ANSWER
"
	rc=0
	LD_PRELOAD=$LIBRARY timeout 30 gm-prompt -n hi >/dev/full 2>err || rc=$?
	[ "$rc" -eq 74 ]
	same err 'gm-prompt: standard output: No space left on device
'
}

@test "while it waits for the reader of a FIFO" {
	local signal
	serve
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	for signal in $SIGNALS; do
		ends "$signal" asleep:gm-prompt -n -o "$BATS_TEST_TMPDIR/fifo" hi
		silent
	done
	unsent
}

@test "while it waits for the writer of a FIFO" {
	local signal
	serve
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	for signal in $SIGNALS; do
		ends "$signal" asleep:gm-prompt -n -s "@$BATS_TEST_TMPDIR/fifo" hi
		silent
		ends "$signal" asleep:gm-prompt -n --env-file "$BATS_TEST_TMPDIR/fifo" hi
		silent
	done
	exec 7>&-
	unsent
}

# despite SIGNAL COMMAND...: run so, it gets the signal in the middle of the
# answer, which is whole all the same.
despite() {
	local signal=$1 pid
	rm -f "$DIR/go"
	play <<<"[{$STREAM,\"gate\":\"go\",\"gate_at\":300}]"
	"${@:2}" gm-prompt -n -S hi >out 2>err </dev/null &
	pid=$!
	wait_for '! tried 0 >/dev/null'
	kill -s "$signal" "$pid"
	touch "$DIR/go"
	rc=0
	wait "$pid" || rc=$?
}

@test "a signal that was ignored before stays ignored" {
	local pid
	serve
	despite HUP env --ignore-signal=HUP
	said 0 "$ANSWER
" ''
	despite INT env --ignore-signal=INT
	said 0 "$ANSWER
" ''
	despite HUP nohup
	[ "$rc" -eq 0 ]
	same out "$ANSWER
"
	# As a job in the background of a script.
	rm -f "$DIR/go"
	play <<<"[{$STREAM,\"gate\":\"go\"}]"
	sh -c 'gm-prompt -n hi & echo $! >pid; wait $!' >out 2>err &
	wait_for '! tried 0 >/dev/null'
	kill -s INT "$(cat pid)"
	touch "$DIR/go"
	wait_for '[ -s out ]'
	same out "$ANSWER
"
	# And the others are not: the rest of the answer need not come.
	rm -f "$DIR/go"
	play <<<"[{$STREAM,\"gate\":\"go\",\"gate_at\":300}]"
	env --ignore-signal=HUP,INT gm-prompt -n -S hi >out 2>err </dev/null &
	pid=$!
	wait_for '! tried 0 >/dev/null'
	kill -s TERM "$pid"
	rc=0
	wait "$pid" || rc=$?
	[ "$rc" -eq 143 ]
	same err ''
}

@test "a signal that was blocked before ends it all the same" {
	local signal n=0 how
	helper listen mute
	aim http
	for signal in $SIGNALS; do
		n=$((n + 1))
		how=$(python3 -B "$ROOT/tests/net/dies.py" "$signal" \
		    "file:$THERE/got.$n" env --block-signal gm-prompt -n hi)
		[ "$how" = "$signal" ]
		silent
		wait_for "[ -e '$THERE/gone.$n' ]"
	done
}

@test "a command gets the signals as they were" {
	local before=$BATS_TEST_TMPDIR/before after=$BATS_TEST_TMPDIR/after
	local show='grep -E "^Sig(Blk|Ign)" /proc/self/status'
	export GEMINI_API_KEY=$GOOD_KEY
	env --block-signal=ALRM,TERM,USR1 --ignore-signal=INT,CHLD \
	    bash -c "$show" >"$before"
	env --block-signal=ALRM,TERM,USR1 --ignore-signal=INT,CHLD \
	    gm-rotate -- bash -c "$show" >"$after"
	grep -q 'SigBlk.*[1-9]' "$before"
	diff "$before" "$after"
}

@test "an alarm that is not ours has no effect" {
	serve
	despite ALRM env
	said 0 "$ANSWER
" ''
	despite ALRM env GM_DEADLINE=1h
	said 0 "$ANSWER
" ''
	despite ALRM env GM_DEADLINE=1h --ignore-signal=ALRM
	said 0 "$ANSWER
" ''
}

# alarmed COMMAND...: run it; once it waits, it gets an alarm from elsewhere,
# and only then something to read by descriptor 7.
alarmed() {
	local pid
	"$@" <&0 >out 2>err 7>&- &
	pid=$!
	wait_for "grep -q '^State:.S' /proc/$pid/status &&
	    [ \"\$(cat /proc/$pid/comm)\" = gm-prompt ]"
	kill -s ALRM "$pid"
	kill -s STOP "$pid"
	kill -s CONT "$pid"
	echo "some text" >&7
	exec 7>&-
	rc=0
	wait "$pid" || rc=$?
}

@test "nor does it end a wait for input" {
	serve
	play <<<"[{$STREAM,\"repeat\":-1}]"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	alarmed gm-prompt <"$BATS_TEST_TMPDIR/fifo"
	said 0 "$ANSWER
" ''
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	alarmed gm-prompt -n -s "@$BATS_TEST_TMPDIR/fifo" hi </dev/null
	said 0 "$ANSWER
" ''
}

# over WHEN [argument...]: the deadline ends gm-prompt with these, which is
# where WHEN says; the end of the whole is waited for by dies.py alone.
over() {
	local how
	how=$(python3 -B "$ROOT/tests/net/dies.py" none "$1" \
	    env ${LIBRARY:+"LD_PRELOAD=$LIBRARY"} gm-prompt --deadline 300ms "${@:2}")
	[ "$how" = 'status 69' ] || {
		echo "$1: $how"
		head -n 3 err
		return 1
	}
}

@test "the deadline: while it waits for the writer of an env file" {
	serve
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	over end -n --env-file "$BATS_TEST_TMPDIR/fifo" hi
	same out ''
	same err "gm-prompt: $BATS_TEST_TMPDIR/fifo: deadline exceeded
"
	GM_DEADLINE=300ms run -69 --separate-stderr gm-prompt -n \
	    --env-file "$BATS_TEST_TMPDIR/fifo" --json hi
	exec 7>&-
	[[ $output == *'"error":{"class":"deadline","message":"'*'/fifo: deadline exceeded","service_message":null,"retry_at":null}}' ]]
	# shellcheck disable=SC2154 # run sets it
	[ "$stderr" = "gm-prompt: $BATS_TEST_TMPDIR/fifo: deadline exceeded" ]
	unsent
}

@test "the deadline: though SIGALRM was blocked or ignored" {
	serve
	play <<<"[{$STREAM,\"gate\":\"never\",\"repeat\":-1}]"
	for how in --block-signal=ALRM --block-signal --ignore-signal=ALRM; do
		run -69 --separate-stderr timeout 60 env "$how" gm-prompt -n \
		    --deadline 300ms hi
		[ -z "$output" ]
		[ "$stderr" = "gm-prompt: $ALIAS: deadline exceeded; raise --deadline (deadline)" ]
	done
}

@test "the deadline: also if it passes while the run is suspended" {
	local pid over
	serve
	play <<<"[{$STREAM,\"gate\":\"never\"}]"
	gm-prompt -n --deadline 300ms hi >out 2>err &
	pid=$!
	kill -s STOP "$pid"
	over=$((${EPOCHREALTIME/[.,]/} + 400000))
	# shellcheck disable=SC2016 # it is for wait_for
	wait_for '((${EPOCHREALTIME/[.,]/} > '"$over"'))'
	kill -s CONT "$pid"
	rc=0
	wait "$pid" || rc=$?
	[ "$rc" -eq 69 ]
	grep -q 'deadline exceeded' err
}

@test "the deadline: while nobody reads what it writes" {
	serve
	play <<<'[{"generate":{"bytes":1000000},"repeat":-1}]'
	over stdout -n hi
	same err $'gm-prompt: standard output: deadline exceeded\n'
	over stdout -n -S hi
	same err $'gm-prompt: standard output: deadline exceeded\n'
	over stdout -n --json hi
	same err $'gm-prompt: standard output: deadline exceeded\n'
}

@test "the deadline: while nobody reads its notes" {
	serve
	play <<<'[{"refusal":"server","repeat":-1}]'
	over stderr -nvv --retries 100 --max-wait 0 hi
	same out ''
	[ -s err ]
}

@test "the deadline: while nobody reads its log" {
	local how
	serve
	mkfifo fifo
	exec 7<>fifo
	python3 -c 'import fcntl, os, sys
fcntl.fcntl(7, fcntl.F_SETFL, os.O_NONBLOCK)
try:
    while True:
        os.write(7, b"x" * 4096)
except BlockingIOError:
    pass'
	how=$(python3 -B "$ROOT/tests/net/dies.py" none end \
	    gm-prompt -n --deadline 1s --log-file fifo hi)
	exec 7>&-
	[ "$how" = 'status 0' ] # the answer is whole
	grep -q . out
	same err $'gm-prompt: log file: fifo: deadline exceeded\n'
}

@test "the deadline: a reader who waits for it hears the last word" {
	serve
	play <<<'[{"generate":{"bytes":1000},"gate":"never","repeat":-1}]'
	gm-prompt -n --deadline 300ms --json hi 2>err | cat >out
	grep -q '"error":{"class":"deadline","message":"[^"]*","service_message":null,"retry_at":null}}$' out
	same err "gm-prompt: $ALIAS: deadline exceeded; raise --deadline (deadline)
"
}
