# gm-prompt -o FILE, and -x.

load prompt

FULL='No space left on device'

# held N: replies, the N-th of which waits for the file "go".
held() {
	replies <<-END
		[{"stream": ["Hello."], "repeat": $(($1 - 1))},
		 {"stream": ["Hello."], "gate": "go"},
		 {"stream": ["Hello."], "repeat": -1}]
	END
}

# limited COMMAND...: without root's right to write everywhere.
limited() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --bounding-set=-dac_override,-dac_read_search \
		    --inh-caps=-dac_override,-dac_read_search "$@"
	else
		"$@"
	fi
}

# --- -o FILE

@test "-o, --output FILE: a new file, as a redirection makes it" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	umask 027
	ask -o new hi
	said 0 '' ''
	same new $'Hello.\n'
	[ "$(stat -c %a new)" = 640 ]
	sent "$HI"
	ask --output ./sub/../new2 hi
	[ "$rc" -eq 73 ]
	mkdir sub
	ask --output ./sub/../new2 hi
	said 0 '' ''
	same new2 $'Hello.\n'
	[ "$(requests)" -eq 2 ]
	[ "$(ls -A)" = $'err\nnew\nnew2\nout\nsub' ]
}

@test "--output: an existing file is replaced at once and keeps its mode" {
	local pid

	replies <<-'END'
		[{"stream": ["Hel"], "finish": null},
		 {"stream": ["Hello."], "gate": "go"}]
	END
	echo old >file
	chmod 604 file
	exec 8<file
	gm-prompt --max-wait 0 -o file hi >out 2>err </dev/null 8<&- &
	pid=$!
	wait_for "[ -e '$DIR/request.2' ]"
	same file $'old\n'
	touch "$DIR/go"
	wait $pid
	same file $'Hello.\n'
	[ "$(stat -c %a file)" = 604 ]
	same /dev/fd/8 $'old\n' # another file has its name now
	exec 8<&-
	same out ''
	same err ''
	[ "$(ls -A)" = $'err\nfile\nout' ]
}

@test "--output: symbolic links are followed, also to what is not there" {
	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	mkdir dir
	echo old >dir/file
	ln -s file dir/link
	ln -s dir/link link
	ask -o link hi
	said 0 '' ''
	same dir/file $'Hello.\n'
	[ -L link ]
	[ -L dir/link ]
	ln -s dir/none dangling
	ask -o dangling hi
	said 0 '' ''
	[ -L dangling ]
	same dir/none $'Hello.\n'
	[ "$(ls -A dir)" = $'file\nlink\nnone' ]
}

@test "--output: a FIFO, /dev/stdout and /dev/null are written directly" {
	local pid

	replies <<<'[{"stream": ["Hello."], "repeat": -1}]'
	mkfifo pipe
	cat pipe >got &
	pid=$!
	ask -o pipe hi
	wait $pid
	said 0 '' ''
	same got $'Hello.\n'
	[ -p pipe ]
	ask -o /dev/stdout hi
	said 0 $'Hello.\n' ''
	echo before >log
	gm-prompt -o /dev/stdout hi >>log 2>err </dev/null
	same log $'before\nHello.\n'
	ask -o /dev/null hi
	said 0 '' ''
	[ -c /dev/null ]
	ask -o /dev/full hi
	said 74 '' "gm-prompt: /dev/full: $FULL"$'\n'
	[ "$(requests)" -eq 5 ]
}

@test "--output -S: text is in the FIFO as it comes" {
	local pid

	replies <<-END
		[{"stream": ["Hel", "lo. $(printf %01000d 0)"], "gate": "go",
		  "gate_at": 600}]
	END
	mkfifo pipe
	cat pipe >got &
	gm-prompt -S -o pipe hi </dev/null >out 2>err &
	pid=$!
	wait_for '[ -s got ]'
	same got Hel
	touch "$DIR/go"
	wait $pid %?cat
	same got "Hello. $(printf %01000d 0)"$'\n'
}

@test "--output: what cannot be made is told before anything is sent, 73" {
	serve
	ask -o . hi
	said 73 '' $'gm-prompt: .: Is a directory\n'
	ask -o absent/file hi
	said 73 '' $'gm-prompt: absent/file: No such file or directory\n'
	ask -o '' hi
	said 73 '' $'gm-prompt: : No such file or directory\n'
	mkdir closed
	chmod 555 closed
	rc=0
	limited gm-prompt -o closed/file hi >out 2>err </dev/null || rc=$?
	said 73 '' $'gm-prompt: closed/file: Permission denied\n'
	echo old >file
	chmod 444 file
	rc=0
	limited gm-prompt -o file hi >out 2>err </dev/null || rc=$?
	said 73 '' $'gm-prompt: file: Permission denied\n'
	same file $'old\n'
	unsent
}

@test "--output: a failure leaves the old file, and no litter" {
	local pid

	replies <<-'END'
		[{"row": 22}, {"stream": ["Hel"], "finish": null},
		 {"stream": ["Hel"], "finish": "SAFETY"}, {"stream": []},
		 {"stream": ["Hel"], "finish": null},
		 {"stream": ["Hello."], "gate": "never"}]
	END
	echo old >file
	ask -o file hi
	[ "$rc" -eq 65 ]
	ask -o file --retries 0 hi
	[ "$rc" -eq 76 ]
	ask -o file hi
	[ "$rc" -eq 1 ]
	ask -o file hi
	[ "$rc" -eq 1 ]
	ask -o file -S hi
	[ "$rc" -eq 76 ]
	gm-prompt -o file hi >out 2>err </dev/null &
	pid=$!
	wait_for "[ -e '$DIR/request.6' ]"
	kill -TERM $pid
	rc=0
	wait $pid || rc=$?
	said 143 '' ''
	same file $'old\n'
	[ "$(ls -A)" = $'err\nfile\nout' ]
}

@test "--output: an answer that was cut by the token limit is kept" {
	replies <<<'[{"stream": ["Hel"], "finish": "MAX_TOKENS"}]'
	ask -o file hi
	said 1 '' "gm-prompt: $ALIAS: the answer was cut by the token limit\
 (MAX_TOKENS)
"
	same file $'Hel\n'
}

@test "--output with --json, --count, --dry-run" {
	replies <<<'[{"stream": ["Hello."]}, {"row": 22}]'
	ask -o file --json hi
	said 0 '' ''
	python3 -c 'import json
assert json.load(open("file"))["text"] == "Hello."'
	ask -o file --json hi # the record of a failure is an output, too
	[ "$rc" -eq 65 ]
	python3 -c 'import json
assert json.load(open("file"))["ok"] is False'
	ask -o file --count hi
	said 0 '' ''
	same file $'1\n'
	ask -o file --dry-run hi
	[ "$rc" -eq 0 ]
	same out ''
	same file "$HI"$'\n'
}

# --- -o FILE: files aside

@test "--output: the next run removes what a killed one left, no more" {
	local pid

	held 1
	gm-prompt -o file hi >out 2>err </dev/null &
	pid=$!
	wait_for "[ -e '$DIR/request.1' ]"
	same .file.gm-?????? ''
	kill -KILL $pid
	wait $pid || :
	[ "$(ls -A)" = "$(printf '%s\n' .file.gm-?????? err out)" ]
	touch .file.gm-abcde .other.gm-abcdef
	ask -o file hi
	said 0 '' ''
	same file $'Hello.\n'
	[ "$(ls -A)" = $'.file.gm-abcde\n.other.gm-abcdef\nerr\nfile\nout' ]
}

@test "--output: two runs at once: both are whole, the last one counts" {
	local pid

	held 1
	gm-prompt -o file hi >out 2>err </dev/null &
	pid=$!
	wait_for "[ -e '$DIR/request.1' ]"
	rc=0
	gm-prompt -o file --json hi >out2 2>err2 </dev/null
	same err2 ''
	python3 -c 'import json
assert json.load(open("file"))["text"] == "Hello."'
	touch "$DIR/go"
	wait $pid
	same err ''
	same file $'Hello.\n'
	[ "$(ls -A)" = $'err\nerr2\nfile\nout\nout2' ]
}

# --- -x

@test "-x, --extract: the first fenced block only" {
	replies <<-'END'
		[{"stream": ["Here:\n\n```sh\necho `", "date`\n  ls\n```\n\nor\n```\nno\n```\n"]},
		 {"stream": ["~~~~\n~~~\n```\n~~~~"]}, {"stream": ["```\nopen"]}]
	END
	ask -x hi
	said 0 $'echo `date`\n  ls\n' ''
	sent "$HI"
	ask --extract hi
	said 0 $'~~~\n```\n' ''
	ask -x -o file hi
	said 0 '' ''
	same file $'open\n'
}

@test "--extract: no block: 1, nothing on stdout, the old file stays" {
	replies <<<'[{"stream": ["Use ls."], "repeat": -1}]'
	ask -x hi
	said 1 '' "gm-prompt: $ALIAS: the answer has no fenced block"$'\n'
	echo old >file
	ask -x -o file hi
	said 1 '' "gm-prompt: $ALIAS: the answer has no fenced block"$'\n'
	same file $'old\n'
	ask -x --json hi
	[ "$rc" -eq 1 ]
	python3 -c 'import json
r = json.load(open("out"))
assert r["ok"] is False and r["text"] == "", r
assert r["error"]["message"].endswith("the answer has no fenced block"), r'
	sent_as 3 "$HI"
}

@test "--extract --json: the block is the text" {
	replies <<-'END'
		[{"stream": ["So:\n```c\nint i;\n```\n"]}]
	END
	ask -x --json hi
	[ "$rc" -eq 0 ]
	python3 -c 'import json
assert json.load(open("out"))["text"] == "int i;\n"'
}

@test "--extract of an answer that was cut: 1, and why it was cut" {
	replies <<<'[{"stream": ["```\none\ntw"], "finish": "MAX_TOKENS"}]'
	ask -x hi
	said 1 $'one\ntw\n' "gm-prompt: $ALIAS: the answer was cut by the token\
 limit (MAX_TOKENS)
"
}
