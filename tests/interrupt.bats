#!/usr/bin/env bats
# A batch that gets a signal, or is stopped for a while: finished results are
# written, records that were not sent have none, the status shows the signal.

# shellcheck disable=SC2016,SC2034 # wait_for expands variables
load net

# service RULES: start tests/net/batch.py.
service() {
	helper batch "$@"
	export GEMINI_API_KEY=$GOOD_KEY GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:$PORT
	: >"$THERE/log"
}

# start OPTION...: start a batch of ten records as process $RUN.  Without env, a
# process in the background of a shell ignores SIGINT and SIGQUIT.
start() {
	seq 10 >in
	rm -f out err finished
	env --default-signal=INT,QUIT,PIPE gm-prompt -l -j4 "$@" \
	    <in >out 2>err 3>&- &
	RUN=$!
	HELPERS+=("$RUN")
}

# end SIGNAL: end it at once.  That takes two SIGINTs; two pending ones would be
# one, so wait until the first is taken.
end() {
	if [ "$1" = INT ]; then
		kill -INT "$RUN"
		wait_for 'grep -q "^ShdPnd:.0*$" "/proc/$RUN/status"'
	fi
	kill -"$1" "$RUN"
}

# logged WHAT N: wait until N requests have got that far.
logged() {
	wait_for "[ \$(grep -c ' $1 ' '$THERE/log') -ge $2 ]"
}

# came N: wait until the run has N answers, by the lines of "--log-file
# finished".
came() {
	wait_for "[ -e finished ] && [ \$(wc -l <finished) -ge $1 ]"
}

# ends_by SIGNAL: check that the run has died by it, without a message.
ends_by() {
	rc=0
	wait "$RUN" || rc=$?
	[ "$rc" -eq $((128 + $(kill -l "$1"))) ] || {
		echo "status $rc, $1"
		return 1
	}
	same err ''
}

# answered FILE N...: check that these records have lines, in this order.
answered() {
	[ "$(jq -r 'if .ok and .text == "Answer to \(.record)." then .record
	    else "?" end' "$1" | paste -sd' ')" = "${*:2}" ]
}

# was_sent N: check that N requests were sent.
was_sent() {
	[ "$(grep -c ' sent ' "$THERE/log")" -eq "$1" ]
}

FOUR='{"gates":{"1":"go","2":"go","3":"go","4":"go"}}'

@test "the first SIGINT: requests in flight finish, no new ones are sent" {
	service "$FOUR"
	start
	logged sent 4
	kill -INT "$RUN"
	touch "$THERE/go"
	ends_by INT
	answered out 1 2 3 4
	was_sent 4
}

@test "the first SIGINT: the file can be resumed" {
	service "$FOUR"
	start -o file
	logged sent 4
	kill -INT "$RUN"
	touch "$THERE/go"
	ends_by INT
	same out ''
	answered <(jq -cs 'sort_by(.record)[]' file) 1 2 3 4
	was_sent 4
	start -o file --resume
	wait "$RUN"
	[ "$(wc -l <file)" -eq 10 ]
	was_sent 10
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

@test "the first SIGINT: records that wait for a slot or a cooldown are not sent" {
	service '{"limits":{"fake-good-key-0002":[[1,1,"50s"]]}}'
	start --rpm 1 --log-file finished
	came 1
	kill -INT "$RUN"
	ends_by INT
	answered out 1
	was_sent 1
	GEMINI_API_KEY=fake-good-key-0002 start
	wait_for '[ -s err ]'
	kill -INT "$RUN"
	rc=0
	wait "$RUN" || rc=$?
	[ "$rc" -eq 130 ]
	same out ''
	[ "$(wc -l <err)" -eq 1 ]
	grep -q ': waiting ' err
	was_sent 1
}

# Record 1 has no answer yet; those after it have.
FIRST='{"gates":{"1":"go"}}'

@test "a second SIGINT, or another signal, ends at once and loses no result" {
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
	# The empty line is that of record 1.
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

@test "the deadline: results are not lost, and the status is 69" {
	local n
	service "$FIRST"
	start --deadline 1.5
	rc=0
	wait "$RUN" || rc=$?
	[ "$rc" -eq 69 ]
	n=$(wc -l <out)
	# Only requests in flight are lost.
	[ $((n + 4)) -ge "$(grep -c ' done ' "$THERE/log")" ]
	[ "$n" -eq 0 ] || answered out $(seq 2 $((n + 1)))
	[ "$(wc -l <err)" -eq 1 ]
	grep -q deadline err
}

@test "SIGPIPE: the run ends quietly when its reader has gone" {
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

@test "SIGSTOP at any moment, and SIGCONT, change nothing" {
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
		was_sent 10
	done
}

@test "signals that are ignored at the start, as by nohup(1), stay ignored" {
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
