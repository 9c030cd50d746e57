#!/usr/bin/env bats
# A batch that is asked to end, or held up: what was finished is there, what was
# not sent is not, and the way it ends says so.

# shellcheck disable=SC2016,SC2034 # wait_for expands by itself
load net

# service RULES: start tests/net/batch.py.
service() {
	helper batch "$@"
	export GEMINI_API_KEY=$GOOD_KEY GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:$PORT
	: >"$THERE/log"
}

# start OPTION...: a batch of ten records, whose process is $RUN.  What a shell
# starts in the background ignores SIGINT and SIGQUIT by default.
start() {
	seq 10 >in
	rm -f out err finished
	env --default-signal=INT,QUIT,PIPE gm-prompt -l -j4 "$@" \
	    <in >out 2>err 3>&- &
	RUN=$!
	HELPERS+=("$RUN")
}

# end SIGNAL: end it at once, for which SIGINT has to come twice.  Two of them
# that are not taken yet are one.
end() {
	if [ "$1" = INT ]; then
		kill -INT "$RUN"
		wait_for 'grep -q "^ShdPnd:.0*$" "/proc/$RUN/status"'
	fi
	kill -"$1" "$RUN"
}

# logged WHAT N: wait until so many requests are that far.
logged() {
	wait_for "[ \$(grep -c ' $1 ' '$THERE/log') -ge $2 ]"
}

# came N: wait until the run has so many answers, which it tells with
# "--log-file finished".
came() {
	wait_for "[ -e finished ] && [ \$(wc -l <finished) -ge $1 ]"
}

# ends_by SIGNAL: the run has died by it, without a word.
ends_by() {
	rc=0
	wait "$RUN" || rc=$?
	[ "$rc" -eq $((128 + $(kill -l "$1"))) ] || {
		echo "status $rc, $1"
		return 1
	}
	same err ''
}

# answered FILE N...: these records have lines, in this order.
answered() {
	[ "$(jq -r 'if .ok and .text == "Answer to \(.record)." then .record
	    else "?" end' "$1" | paste -sd' ')" = "${*:2}" ]
}

# asked N: so many requests have been sent.
asked() {
	[ "$(grep -c ' sent ' "$THERE/log")" -eq "$1" ]
}

FOUR='{"gates":{"1":"go","2":"go","3":"go","4":"go"}}'

@test "the first SIGINT: what is in flight comes, nothing new is sent" {
	service "$FOUR"
	start
	logged sent 4
	kill -INT "$RUN"
	touch "$THERE/go"
	ends_by INT
	answered out 1 2 3 4
	asked 4
}

@test "the first SIGINT: the same in a file, which can be resumed" {
	service "$FOUR"
	start -o file
	logged sent 4
	kill -INT "$RUN"
	touch "$THERE/go"
	ends_by INT
	same out ''
	answered <(jq -cs 'sort_by(.record)[]' file) 1 2 3 4
	asked 4
	start -o file --resume
	wait "$RUN"
	[ "$(wc -l <file)" -eq 10 ]
	asked 10
}

@test "the first SIGINT: while it waits for input" {
	local records
	service
	mkfifo fifo
	env --default-signal=INT gm-prompt -l -o file <fifo >out 2>err 3>&- &
	RUN=$!
	exec {records}>fifo
	echo 1 >&"$records"
	wait_for '[ -s file ]'
	kill -INT "$RUN"
	ends_by INT
	exec {records}>&-
	answered file 1
}

@test "the first SIGINT: what waits for a slot or a cooldown is not sent" {
	service '{"limits":{"fake-good-key-0002":[[1,1,"50s"]]}}'
	start --rpm 1 --log-file finished
	came 1
	kill -INT "$RUN"
	ends_by INT
	answered out 1
	asked 1
	GEMINI_API_KEY=fake-good-key-0002 start
	wait_for '[ -s err ]'
	kill -INT "$RUN"
	rc=0
	wait "$RUN" || rc=$?
	[ "$rc" -eq 130 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	grep -q ': waiting ' err
	asked 1
}

# Record 1 has no answer yet, those after it have.
FIRST='{"gates":{"1":"go"}}'

@test "a second SIGINT, or another signal: at once; what came is not lost" {
	local signal
	service "$FIRST"
	for signal in INT TERM HUP QUIT; do
		start --log-file finished
		came 9
		end "$signal"
		ends_by "$signal"
		answered out 2 3 4 5 6 7 8 9 10
	done
	start --text --log-file finished
	came 9
	end TERM
	ends_by TERM
	# The first line stands for the record that has no answer.
	same out "
$(seq -f 'Answer to %g.' 2 10)
"
	for signal in INT TERM; do
		rm -f file
		start -o file
		wait_for '[ -e file ] && [ $(wc -l <file) -eq 9 ]'
		end "$signal"
		ends_by "$signal"
		answered <(jq -cs 'sort_by(.record)[]' file) 2 3 4 5 6 7 8 9 10
	done
}

@test "the deadline: what came is not lost, and the status is 69" {
	local n
	service "$FIRST"
	start --deadline 1.5
	rc=0
	wait "$RUN" || rc=$?
	[ "$rc" -eq 69 ]
	n=$(wc -l <out)
	# Those in flight are lost.
	[ $((n + 4)) -ge "$(grep -c ' done ' "$THERE/log")" ]
	[ "$n" -eq 0 ] || answered out $(seq 2 $((n + 1)))
	[ "$(wc -l <err)" -eq 1 ]
	grep -q deadline err
}

@test "SIGPIPE: a reader that has left ends the run quietly" {
	service
	(
		yes | {
			timeout 60 env --default-signal=PIPE gm-prompt -l \
			    2>err || echo $? >status
		} | head -n 1 >out
	)
	same err ''
	same status '141
'
	[ "$(wc -l <out)" -eq 1 ]
	[ "$(jq -r .text out)" = 'Answer to y.' ]
}

@test "SIGSTOP at any moment, and SIGCONT: nothing happens" {
	local when
	service "$FIRST"
	for when in true '[ -s "$THERE/log" ]' 'grep -q done "$THERE/log"' \
	    '[ -s finished ]' '[ $(wc -l <finished) -eq 9 ]'; do
		rm -f "$THERE/go"
		: >"$THERE/log"
		start --log-file finished
		wait_for "$when"
		kill -STOP "$RUN"
		wait_for 'grep -q "^State:.T" "/proc/$RUN/status"'
		touch "$THERE/go"
		kill -CONT "$RUN"
		wait "$RUN"
		same err ''
		answered out 1 2 3 4 5 6 7 8 9 10
		asked 10
	done
}

@test "signals that were ignored at the start, as by nohup(1), are" {
	service "$FOUR"
	seq 10 >in
	(
		trap '' HUP INT
		exec gm-prompt -l -j4 <in >out 2>err 3>&-
	) &
	RUN=$!
	HELPERS+=("$RUN")
	logged sent 4
	kill -HUP "$RUN"
	end INT
	touch "$THERE/go"
	wait "$RUN"
	answered out 1 2 3 4 5 6 7 8 9 10
}
