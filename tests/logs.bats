# Logs: of many processes, rotated, in places that cannot be written, and with
# text that would like to be a line of its own; in files, in the journal's form
# on standard error, and at a daemon of syslog.

load prompt
load net

# whole LOG COUNT: it has so many lines, and each is an object of ours.
whole() {
	python3 - "$@" <<-'END'
		import json, sys
		data = open(sys.argv[1], "rb").read()
		assert data.endswith(b"\n"), data[-100:]
		lines = data[:-1].split(b"\n")
		for line in lines:
		    record = json.loads(line)
		    assert list(record)[:2] == ["time", "tool"], line
		assert len(lines) == int(sys.argv[2]), len(lines)
	END
}

@test "--log-file: 32 processes write complete lines" {
	local pid pids=() i

	serve --no-record
	seq 10 >records
	for ((i = 0; i < 32; i++)); do
		gm-prompt -l --text --log-file log <records >out.$i 2>err.$i &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || :
	done
	cat err.* >err
	same err ''
	whole log $((32 * 11)) # a line for each request, and one for each run
	[ "$(jq -r 'select(.records == null).class' log | sort | uniq -c | tr -s ' ')" = ' 320 ok' ]
	[ "$(jq 'select(.records == 10).answered' log | sort | uniq -c | tr -s ' ')" = ' 32 10' ]
}

@test "--log-file: logrotate takes the file away between two lines" {
	script <<-'END'
		[{"stream": ["One."]},
		 {"stream": ["Two."], "head_gate": "go", "repeat": -1}]
	END
	serve
	mkdir logs
	chmod 700 logs
	cat >rotate.conf <<-END
		$PWD/logs/log {
			rotate 3
			nocreate
			missingok
		}
	END
	chmod 600 rotate.conf
	seq 2 | gm-prompt -l --text -j 1 --log-file logs/log >out 2>err &
	# shellcheck disable=SC2016 # for wait_for
	wait_for '[ -s logs/log ] && [ "$(requests)" -eq 2 ]'
	PATH=$PATH:/usr/sbin logrotate --force --state "$PWD/rotate.state" rotate.conf
	[ ! -e logs/log ]
	touch "$DIR/go"
	wait $!
	same out $'One.\nTwo.\n'
	same err ''
	whole logs/log.1 1
	whole logs/log 2
	[ "$(stat -c %a logs/log)" = 600 ]
}

@test "--log-file: one that cannot be written takes a note, not the answer" {
	local file why

	serve
	play <<<'[{"stream": ["Hello."], "repeat": -1}]'
	mkdir dir
	mkfifo fifo
	ln -s loop loop
	for file in dir fifo loop absent/log dir/log/; do
		case $file in
		dir | dir/log/) why='Is a directory' ;;
		fifo) why='No such device or address' ;; # has no reader
		loop) why='Too many levels of symbolic links' ;;
		absent/log) why='No such file or directory' ;;
		esac
		timeout 20 gm-prompt -n --log-file "$file" hi >out 2>err
		same out $'Hello.\n'
		same err "gm-prompt: log file: $file: $why
"
	done
	ask --quiet --log-file absent/log hi
	said 0 $'Hello.\n' ''
}

@test "--log-file: a link is followed, a mode stays, a new file is private" {
	serve
	play <<<'[{"stream": ["Hello."], "repeat": -1}]'
	umask 0
	ln -s target link
	: >shared
	chmod 644 shared
	for file in link shared new; do
		ask --log-file $file hi
		said 0 $'Hello.\n' ''
		whole $file 1
	done
	[ -L link ]
	[ "$(stat -c %a target shared new | xargs)" = '600 644 600' ]
}

@test "--log-file: a line that fits only in part is taken back" {
	local before

	serve
	play <<<'[{"stream": ["Hello."], "repeat": -1}]'
	ask hi # makes the key state, which must not grow
	before=$(printf '{"time":"","tool":"%0980d"}' 0)
	echo "$before" >log
	(
		ulimit -f 1 # 1,024 bytes
		gm-prompt -n --log-file log hi 2>&1 </dev/null | cat >out
	)
	grep -qx 'gm-prompt: log file: log: only [0-9]* of [0-9]* bytes of a line were written' out
	grep -qx 'Hello\.' out
	same log "$before
"
	ask --log-file log hi
	whole log 2
}

# What a server, a file and an environment may hold to be taken for a line.
FORGED='ODD\n<0>gm-prompt: forged class=ok\r\u0085\u2028\u2029\u001b[2J\u009b1m\u202e\u0007'

# forgeries [option...]: requests and errors that hold such text.
forgeries() {
	local evil=$'no\n<0>gm-prompt: forged\r\e[2J\xC2\x85\xE2\x80\xA8such'

	play <<-END
		[{"stream": ["Hello."], "finish": "$FORGED"},
		 {"status": 400, "json": {"error": {"code": 400,
		  "message": "$FORGED", "status": "$FORGED"}}}]
	END
	tell "$@" hi
	tell "$@" hi
	tell "$@" -m "$evil" hi
	tell "$@" --env-file "$evil" hi
	tell "$@" -f "$evil" hi
	tell "$@" -o "$evil/out" hi
	tell "$@" "--$evil" hi
	tell "$@" --log-file "$evil/log" hi
	tell "$@" -q "@$evil"
}

# tell: ask, with all that it says on standard error in the file "said".
tell() {
	gm-prompt -n --retries 0 "$@" >>out 2>>said </dev/null || :
}

@test "lines cannot be forged: standard error, for the journal" {
	serve
	: >said
	JOURNAL_STREAM=$(stat -c %d:%i said) forgeries -v --metrics
	python3 - <<-'END'
		import re
		data = open("said", "rb").read().decode()
		lines = data.split("\n")
		assert lines.pop() == "", lines
		for line in lines:
		    assert re.match("<[3-7]>(gm-prompt: |Try ')", line), line
		    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]", line), line
		assert lines == data.splitlines()
		assert "".join(lines).count("forged") == 9, lines
	END
	# An error of usage has two lines, and both are errors.
	: >said
	JOURNAL_STREAM=$(stat -c %d:%i said) tell --absent
	same said "<3>gm-prompt: unknown option: --absent
<3>Try 'gm-prompt --help'.
"
}

@test "lines cannot be forged: a log file" {
	serve
	forgeries --log-file log
	whole log 2
	python3 - <<-'END'
		data = open("log", "rb").read().decode()
		assert data.splitlines() == data[:-1].split("\n")
	END
	grep -q forged log
}

# logged COMMAND [argument...]: run it where a daemon of its own listens at
# /dev/log, which writes to the file "syslog".  Fails with 77 where no mounts
# can be made.
logged() {
	local user=()

	[ "$(id -u)" -eq 0 ] || user=(-r)
	mkdir -p dev
	export -f wait_for nap
	# shellcheck disable=SC2016 # for the inner shell
	unshare "${user[@]}" -m --propagation unchanged bash -c '
		{ mount --make-rprivate / || mount --make-private /dev; } 2>/dev/null &&
		    mount -t tmpfs dev dev || exit 77
		for name in null zero full random urandom; do
			: >dev/$name && mount --bind /dev/$name dev/$name || exit 77
		done
		ln -s /proc/self/fd dev/fd
		mount --rbind dev /dev || exit 77
		busybox syslogd -n -O "$PWD/syslog" 3>&- &
		wait_for "[ -S /dev/log ]"
		"$@"
		busybox logger -p user.debug the end
		wait_for "grep -q \"the end\" syslog"
		kill $!
		wait' - "$@"
}

# sent_lines: what the daemon has got of gm-prompt, without its times.
sent_lines() {
	grep gm-prompt syslog | sed -E 's/^.{15} [^ ]* //; s/\[[0-9]+\]/[PID]/; s/_ms=[0-9]+/_ms=N/g; s/bytes_received=[0-9]+/bytes_received=N/'
}

@test "--syslog: a daemon gets each line, with the priority of its class" {
	local rc=0 rest times=" wait_ms=N connect_ms=N ttft_ms=N total_ms=N"

	serve
	play <<-'END'
		[{"stream": ["Hello."]},
		 {"stream": ["Hello."], "finish": "MAX_TOKENS"},
		 {"refusal": "quota_day"},
		 {"refusal": "key_invalid"},
		 {"stream": ["Hello."]}]
	END
	several() {
		local i
		for i in 1 2 3 4; do
			gm-prompt -n --syslog --ignore-cooldown --max-wait 0 \
			    --retries 0 hi >>out 2>>err || echo $?
		done
		rm -r "$HOME/.local/state/gm" # the key was rejected
		GM_SYSLOG=1 gm-prompt -l --text <<<hi >>out 2>>err
	}
	export -f several
	logged bash -c several >statuses || rc=$?
	[ $rc -ne 77 ] || skip 'no mounts can be made here'
	[ $rc -eq 0 ]
	same statuses $'1\n75\n77\n'
	rest="gm-prompt[PID]: provider=gemini model=$ALIAS key_index=0 key=...0001 attempts=1"
	sent_lines >lines
	same lines "user.info $rest class=ok http=200$times bytes_sent=54 bytes_received=N prompt_tokens=1 output_tokens=2 total_tokens=3 finish=STOP
user.notice $rest class=token_limit http=200$times bytes_sent=54 bytes_received=N prompt_tokens=1 output_tokens=2 total_tokens=3 finish=MAX_TOKENS
user.warn $rest class=quota_day http=429$times bytes_sent=54 bytes_received=N
user.err $rest class=key_invalid http=400$times bytes_sent=54 bytes_received=N
user.info $rest class=ok http=200$times bytes_sent=54 bytes_received=N prompt_tokens=1 output_tokens=2 total_tokens=3 finish=STOP
user.info gm-prompt[PID]: records=1 answered=1 failed=0 skipped=0 not_sent=0 requests=1 retries=0 prompt_tokens=1 output_tokens=2 total_tokens=3 total_ms=N
"
}

@test "lines cannot be forged: syslog" {
	local rc=0

	serve
	export -f forgeries play forget again requests tell
	export FORGED DIR
	logged bash -c 'forgeries --syslog' || rc=$?
	[ $rc -ne 77 ] || skip 'no mounts can be made here'
	[ $rc -eq 0 ]
	python3 - <<-'END'
		import re
		data = open("syslog", "rb").read().decode()
		lines = [line for line in data.splitlines() if "forged" in line]
		for line in lines:
		    assert re.match(r".{15} \S+ user\.\w+ gm-prompt\[\d+\]: provider=", line), line
		    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", line), line
		assert len(lines) == 1, lines # the error's text is not logged
	END
}
